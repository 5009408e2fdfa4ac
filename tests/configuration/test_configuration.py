"""clawmedic's own config.toml: what it may say, what is wrong with it and on which line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmedic.configuration.load import LARGEST_FILE, load_configuration, parse_configuration
from clawmedic.configuration.places import line_of
from clawmedic.configuration.sections import (
    BUILT_IN_RULES,
    Configuration,
    GuardRule,
    GuardSection,
    QuietHours,
)
from clawmedic.configuration.summary import in_force
from clawmedic.configuration.template import TEMPLATE, with_everything
from clawmedic.errors import UnreadableError, UsageError
from clawmedic.model.cause import CauseKind
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import ChatKind, Policy
from clawmedic.model.verdict import Verdict
from clawmedic.settings import Settings, World

SECRET = "tgram://1234567:AAsecretsecretsecret/42"
FILE = Path("/etc/clawmedic/config.toml")
HOME = Path("/home/op")


def parsed(text: str) -> Configuration:
    return parse_configuration(text, FILE, HOME)


def settings(tmp_path: Path, config: Path | None = None, home: Path | None = None) -> Settings:
    world = World(MappingProxyType({}), home or tmp_path, tmp_path, tmp_path, 0)
    return Settings(world=world, state_dir=tmp_path, config_file=config)


def test_without_a_file_everything_has_its_default(tmp_path):
    assert load_configuration(settings(tmp_path)) == Configuration()
    assert load_configuration(settings(tmp_path, Path("/dev/null"))) == Configuration()


def test_the_usual_place_and_config(tmp_path):
    usual = tmp_path / ".config" / "clawmedic" / "config.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("[guard]\nattempts = 7\n")
    named = tmp_path / "named.toml"
    named.write_bytes(b"\xef\xbb\xbf[guard]\r\nattempts = 8\r\n")
    assert load_configuration(settings(tmp_path)).guard.attempts == 7
    assert load_configuration(settings(tmp_path, named)).guard.attempts == 8


def test_every_setting_has_its_type():
    made = parsed(
        """
        guard.policy = "revive"
        guard.models = ["anthropic/claude", " ", "openrouter/a/b"]
        guard.attempts = 2
        guard.window = "90m"
        guard.cooldown = "1.5h"
        guard.cooldown_max = "2d"
        guard.max_runtime = "90s"
        guard.quiet_hours = "23:00 - 7:30"
        guard.timezone = "UTC"
        guard.probe = true
        guard.warn_turns = 0
        [[guard.rules]]
        key = "agent:main:*"
        agent = "main"
        channel = "telegram"
        chat = ["group", "topic"]
        verdict = "at-risk"
        kind = ["size"]
        policy = "reset"
        models = []
        attempts = 1
        cooldown = "1w"
        notify = false
        [[guard.rules]]
        [notify]
        urls = ["json://127.0.0.1:1/x", "env:URLS"]
        in_chat = false
        transcript_text = true
        per_hour = 3
        kinds = ["escalation"]
        [signals]
        metrics = "~/x.prom"
        ping_url = "https://hc.example/u-u-i-d"
        log_json = true
        [scan]
        oversized = "1MiB"
        near_budget = 1
        [gateway]
        url = "ws://127.0.0.1:1"
        token_env = "GATE_TOKEN"
        token_file = "/run/secrets/token"
        [backups]
        keep = 1
        max_bytes = 1000
        """
    )
    rule = GuardRule(
        key="agent:main:*",
        agent="main",
        channel="telegram",
        chats=(ChatKind.GROUP, ChatKind.TOPIC),
        verdicts=(Verdict.AT_RISK,),
        kinds=(CauseKind.SIZE,),
        policy=Policy.RESET,
        models=(),
        attempts=1,
        cooldown_ms=604_800_000,
        notify=False,
    )
    assert made.guard == GuardSection(
        policy=Policy.REVIVE,
        models=("anthropic/claude", "openrouter/a/b"),
        attempts=2,
        window_ms=5_400_000,
        cooldown_ms=5_400_000,
        cooldown_max_ms=172_800_000,
        max_runtime_ms=90_000,
        quiet_hours=QuietHours(1380, 450),
        timezone="UTC",
        probe=True,
        warn_turns=0,
        rules=(rule, GuardRule(), *BUILT_IN_RULES),
    )
    assert (made.notify.urls, made.notify.per_hour) == (("json://127.0.0.1:1/x", "env:URLS"), 3)
    assert (made.notify.in_chat, made.notify.transcript_text) == (False, True)
    assert made.notify.kinds == (NoticeKind.ESCALATION,)
    assert made.signals.metrics == HOME / "x.prom"
    assert (made.signals.ping_url, made.signals.log_json) == ("https://hc.example/u-u-i-d", True)
    assert (made.scan.oversized_bytes, made.scan.near_budget) == (1_048_576, 1.0)
    assert made.gateway.token_file == Path("/run/secrets/token")
    assert (made.gateway.url, made.gateway.token_env) == ("ws://127.0.0.1:1", "GATE_TOKEN")
    assert (made.backups.keep, made.backups.max_bytes, made.path) == (1, 1000, FILE)


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ("[guard]\n\npolicy = 'reviv'", 3, "policy in [guard] must be one of observe", "'revive'"),
        ("[guard]\nattempts = '3'", 2, "a whole number from 1 to 100, without quotes", ""),
        ("[guard]\nattempts = true", 2, "a whole number", ""),
        ("[guard]\nattempts = 0", 2, "a whole number", ""),
        ("[guard]\n# attempts = 1\nwindow = 6", 3, "window in [guard] must be a time", ""),
        ("[guard]\nwindow = '6 hours'", 2, "such as", ""),
        ("[guard]\nwindow = '0s'", 2, "from 1s", ""),
        ("[guard]\nquiet_hours = '25:00-01:00'", 2, "two times of the day", ""),
        ("[guard]\nquiet_hours = '07:00-07:00'", 2, "two different times", ""),
        ("[guard]\ntimezone = 'Europe/Atlantis'", 2, "a time zone of this host", ""),
        ("[guard]\ntimezone = '../etc/passwd'", 2, "a time zone of this host", ""),
        ("[guard]\nprobe = 'yes'", 2, "true or false", ""),
        ("[guard]\nmodels = ['claude']", 2, "provider/model", ""),
        ("[guard]\nmodels = 'a/b'", 2, "a list of texts", ""),
        ("[guard]\npolcy = 'revive'", 2, "unknown setting 'polcy' in [guard]", "'policy'"),
        ("[guard]\nzzz = 1", 2, "unknown setting 'zzz'", "known here: policy"),
        ("\n[gaurd]\npolicy = 1", 2, "unknown table 'gaurd'", "'guard'"),
        ("guard = 3", 1, "guard must be a table", ""),
        ("[guard.rules]\nkey = 'x'", 1, "must be tables: [[guard.rules]]", ""),
        ("[[guard.rules]]\n\n[[guard.rules]]\nchat = ['grup']", 4, "one of main", "'group'"),
        (
            "[[guard.rules]]\n\n[[guard.rules]]\nchats = []",
            4,
            "unknown setting 'chats' in [[guard.rules]]",
            "",
        ),
        ("[[guard.rules]]\nverdict = [3]", 2, "one of dead", ""),
        ("[[guard.rules]]\nverdict = 3", 2, "a list of dead", ""),
        ("[guard]\nmodels = [\n  'a/b',\n]\nprobe = 1", 5, "true or false", ""),
        ("[guard]\nmodels = [\n  'a/b',\n  'c',\n]\n", 2, "provider/model", ""),
        ("[scan]\nx = '''\n[guard]\nprobe = 1\n'''\n[guard]\nprobe = 2\n", 7, "probe in [guard]", ""),
        ("[scan]\noversized = 'big'", 2, "a size in quotes", ""),
        ("[scan]\noversized = 0", 2, "a size in quotes", ""),
        ("[scan]\nnear_budget = 80", 2, "a number above 0", ""),
        ("[scan]\nnear_budget = nan", 2, "a number above 0", ""),
        ("[gateway]\nurl = 'http://x'", 2, "a WebSocket URL", ""),
        ("[gateway]\ntoken_env = 'my token'", 2, "the name of an environment variable", ""),
        ("[signals]\nmetrics = 'x.prom'", 2, "an absolute path", ""),
        ("[signals]\nping_url = 'hc'", 2, "an http(s) URL", ""),
        ("[backups]\nkeep = 0", 2, "a whole number from 1", ""),
        ("[guard]\npolicy = ", 2, "no TOML: invalid value", "/dev/null"),
        ("[guard]\n[guard]\n", 2, "no TOML:", ""),
        ("[guard]\nx = '''\n", 2, "no TOML:", ""),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, line, said, hint):
    with pytest.raises(UsageError) as caught:
        parsed(text)
    assert caught.value.message.startswith(f"{FILE}:{line}: "), caught.value.message
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        f'[notify]\nurls = "{SECRET}"',
        f'[notify]\nurls = [["{SECRET}"]]',
        f'[notify]\nurls = ["{SECRET}\\n"]\nper_hour = 0',
        f'[notify]\nurls = ["{SECRET}", ',
        f'[notify]\nurls = "{SECRET}',
        f'[signals]\nping_url = "ftp://{SECRET}"',
        f'[gateway]\ntoken_env = "{SECRET}"',
        f'[gateway]\nurl = "{SECRET}"',
    ],
)
def test_no_value_is_ever_quoted(text):
    with pytest.raises(UsageError) as caught:
        parsed(text)
    assert "secret" not in caught.value.message + caught.value.hint


def test_secrets_are_not_shown():
    made = parsed(f'[notify]\nurls = ["{SECRET}"]\n[signals]\nping_url = "https://hc/secret"')
    shown = {one.name: one for one in in_force(made)}
    assert "secret" not in repr(made) + repr(shown)
    assert (shown["notify.urls"].value, shown["notify.urls"].chosen) == (1, True)
    assert shown["signals.ping_url"].value is True
    assert (shown["guard.attempts"].value, shown["guard.attempts"].chosen) == (3, False)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"\n\n\xff", UsageError, "config.toml:3: not UTF-8"),
        (b"#" * (LARGEST_FILE + 1), UsageError, "larger than 256 KiB"),
        (b"x = " + b"[" * 20_000, UsageError, "config.toml:1: no TOML"),
    ],
)
def test_files_that_are_none(tmp_path, content, error, said):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(error, match=re.escape(said)):
        load_configuration(settings(tmp_path, path))


def test_a_named_file_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="no such configuration file"):
        load_configuration(settings(tmp_path, tmp_path / "none.toml"))
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises((UsageError, UnreadableError)):
        load_configuration(settings(tmp_path, loop))


def test_the_template_is_the_defaults_and_switched_on_it_is_whole():
    assert parsed(TEMPLATE) == Configuration(path=FILE)
    made = parsed(with_everything())
    chosen = {one.name for one in in_force(made) if one.chosen}
    assert chosen == {"guard.policy", "guard.rules", "notify.urls", "signals.metrics"}
    assert len(made.guard.rules) == 1 + len(BUILT_IN_RULES)
    known = {line.split(" = ")[0].lstrip("#") for line in TEMPLATE.splitlines() if " = " in line}
    missing = {one.name.partition(".")[2].removesuffix("_ms") for one in in_force(made)} - known
    assert missing == {"rules", "oversized_bytes"}, "every setting stands in the file"


def test_line_of_many_lines():
    text = "".join(f"[a{number}]\nx = 1\n" for number in range(1000))
    assert line_of(text, ("a700", "x")) == 1402


@pytest.mark.parametrize(
    ("hours", "inside", "outside"),
    [(QuietHours(60, 120), (60, 119), (0, 59, 120)), (QuietHours(1380, 420), (1380, 0, 419), (420, 1379))],
)
def test_quiet_hours(hours, inside, outside):
    assert all(map(hours.covers, inside))
    assert not any(map(hours.covers, outside))


VALUES = st.one_of(
    st.sampled_from(
        ["'10m'", "'revive'", "3", "-1", "0.5", "nan", "true", "[]", "['x/y']", "[[]]", "{}", "1979-05-27"]
    ),
    st.text(max_size=12).map(json.dumps),
)
NAMES = st.sampled_from(
    sorted({line.split(" = ")[0].lstrip("#") for line in TEMPLATE.splitlines() if " = " in line})
)
HEADS = st.sampled_from(
    ["[guard]", "[[guard.rules]]", "[notify]", "[signals]", "[scan]", "[gateway]", "[x]", "# c", ""]
)
LINES = st.lists(
    st.one_of(HEADS, st.builds("{} = {}".format, NAMES, VALUES), st.text(max_size=9)), max_size=9
)


@given(LINES.map("\n".join))
def test_whatever_stands_in_the_file(text):
    message = said_of(text)
    if message:
        found = re.fullmatch(rf"{FILE}:(\d+): .*", message, re.DOTALL)
        assert found, message
        assert 1 <= int(found[1]) <= text.count("\n") + 1


def said_of(text: str) -> str:
    try:
        parsed(text)
    except UsageError as error:
        return error.message
    return ""


def test_limits_of_the_configuration_reach_a_scan(run, corpus_case, tmp_path):
    case = corpus_case("2026.7.1/dead-compact-400-chat")
    small = tmp_path / "small.toml"
    small.write_text('[scan]\noversized = "1KB"\n')

    def codes(*more: str) -> set[str]:
        document = run("scan", *case.options, "--json", "--fail-on", "none", *more).expect(0).document
        return {finding["code"] for item in document["sessions"] for finding in item["findings"]}

    assert "oversized" not in codes()
    assert "oversized" in codes("--config", str(small))


def test_info_shows_what_is_in_force(run, corpus_case, tmp_path):
    case = corpus_case("2026.7.1/dead-compact-400-chat")
    own = tmp_path / "own.toml"
    own.write_text(
        f'[guard]\npolicy = "revive"\nattempts = 5\nwindow = "2h"\n[notify]\nurls = ["{SECRET}"]\n'
    )
    page = run("info", *case.options, "--config", own).expect(0)
    assert "policy      revive" in page.stdout
    assert "guard.attempts = 5" in page.stdout
    assert "guard.window = 2h" in page.stdout
    assert "notify.urls = 1" in page.stdout
    document = run("info", *case.options, "--config", own, "--json").expect(0)
    assert {"name": "guard.attempts", "value": 5, "chosen": True} in document.document["settings"]
    assert document.document["own_config"] == str(own)
    assert "secret" not in page.stdout + document.stdout


def test_a_wrong_configuration_stops_a_command_that_needs_one(run, corpus_case, tmp_path):
    case = corpus_case("2026.7.1/dead-compact-400-chat")
    own = tmp_path / "own" / "config" / "clawmedic" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[guard]\npolcy = 1\n")
    ran = run("scan", *case.options).expect(2)
    assert f"{own}:2: unknown setting 'polcy' in [guard]" in ran.stderr
    assert "did you mean 'policy'?" in ran.stderr
    run("scan", *case.options, "--config", "/dev/null").expect(3)
    run("explain", "dead").expect(5)
