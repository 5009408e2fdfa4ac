"""`setup cron`, `systemd` and `launchd`: what they print, install and take away, with real processes behind them."""

from __future__ import annotations

import configparser
import os
import plistlib
import shlex
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from clawmedic.errors import RefusedError, UsageError
from clawmedic.output.every_schema import EVERY_SCHEMA
from clawmedic.schedule.cron import HOURS, MINUTES, times, with_block
from json_check import problems

OTHERS = "# mine\nMAILTO=op\n0 1 * * * true % not \\% mine"


class Tools:
    """Small programs in the place of the system's: each is a real process that keeps what it was told."""

    def __init__(self, root: Path) -> None:
        self.root = root / "bin"
        self.root.mkdir()
        self.crontab = root / "crontab"
        self.called = root / "called"

    def make(self, name: str, body: str) -> None:
        path = self.root / name
        path.write_text("#!/bin/sh\n" + textwrap.dedent(body))
        path.chmod(0o755)

    def cron(self, refuse: str = "") -> None:
        self.make(
            "crontab",
            f"""
            case "$1" in
            -l) test -e {self.crontab} && cat {self.crontab} || {{ echo "no crontab for op" >&2; exit 1; }} ;;
            -) test -z "{refuse}" || {{ cat >/dev/null; echo "{refuse}" >&2; exit 1; }}; cat > {self.crontab} ;;
            esac
            """,
        )

    def control(self, name: str, code: int = 0) -> None:
        self.make(
            name, f'echo "$@" >> {self.called}\ntest {code} = 0 || echo "no medium found" >&2\nexit {code}\n'
        )

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": f"{self.root}:/usr/bin:/bin"}

    @property
    def calls(self) -> list[str]:
        return self.called.read_text().splitlines() if self.called.exists() else []


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(tmp_path)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "it's 100% $HOME" / ".openclaw"
    path.mkdir(parents=True)
    return path


def test_cron_installs_once_and_leaves_the_rest_alone(run, tools, state):
    tools.cron()
    tools.crontab.write_text(OTHERS)

    def cron(*words: str) -> str:
        return run("setup", "cron", "--state-dir", state, *words, env=tools.env).expect(0).stdout

    assert "written" in cron("--install")
    first = tools.crontab.read_text()
    assert first.startswith(OTHERS + "\n"), "a last line without an end is ended"
    assert "unchanged" in cron("--install")
    assert tools.crontab.read_text() == first
    assert "written" in cron("--install", "--every", "1h")
    assert tools.crontab.read_text().count("guard --once") == 1
    assert "\n0 * * * * " in tools.crontab.read_text()
    assert "removed" in cron("--uninstall")
    assert tools.crontab.read_text() == OTHERS + "\n"
    assert "absent" in cron("--uninstall")


def test_what_cron_would_run_is_the_guard_for_this_directory(run, state):
    text = run("setup", "cron", "--state-dir", state, "--profile", "work").expect(0).stdout
    line = next(line for line in text.splitlines() if not line.startswith("#"))
    command = line.split(" ", 5)[5].replace("\\%", "%")
    shown = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert shown[-6:] == ["guard", "--once", "--state-dir", str(state), "--profile", "work"]
    assert "%" not in line.replace("\\%", ""), "a bare percent sign would be a line end"
    assert "XDG_STATE_HOME=" in command


def test_two_state_directories_are_two_blocks(run, tools, tmp_path):
    tools.cron()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run("setup", "cron", "--install", "--state-dir", tmp_path / name, env=tools.env).expect(0)
    assert tools.crontab.read_text().count("guard --once") == 2
    run("setup", "cron", "--uninstall", "--state-dir", tmp_path / "a", env=tools.env).expect(0)
    assert str(tmp_path / "b") in tools.crontab.read_text()
    assert str(tmp_path / "a") not in tools.crontab.read_text()


@pytest.mark.parametrize("torn", ["{begin}\n", "{end}\n", "{end}\n{begin}\n", "{begin}\n{begin}\n{end}\n"])
def test_torn_marks_are_left_alone(torn):
    begin, end = "# >>> x (made by `clawmedic setup`) >>>", "# <<< x <<<"
    with pytest.raises(RefusedError, match="torn"):
        with_block(torn.format(begin=begin, end=end), "x", "new\n")


def test_a_crontab_that_refuses(run, tools, state):
    tools.cron(refuse="bad minute")
    ran = run("setup", "cron", "--install", "--state-dir", state, env=tools.env).expect(6)
    assert "the crontab was not taken: bad minute" in ran.stderr
    tools.make("crontab", "echo 'you are not allowed' >&2; exit 1\n")
    ran = run("setup", "cron", "--install", "--state-dir", state, env=tools.env).expect(6)
    assert "the crontab cannot be read: you are not allowed" in ran.stderr


def test_every_time_that_cron_can_keep():
    for seconds in [60 * one for one in MINUTES] + [3600 * one for one in HOURS]:
        minute, hour, *rest = times(seconds).split()
        assert rest == ["*", "*", "*"]
        starts = len(_field(minute, 60)) * len(_field(hour, 24))
        assert starts == 86_400 // seconds, "so often a day"
    for seconds, nearest in (
        (90, "1m"),
        (7 * 60, "6m"),
        (45 * 60, "30m"),
        (5 * 3600, "4h"),
        (86_400 * 7, "24h"),
    ):
        with pytest.raises(UsageError) as caught:
            times(seconds)
        assert caught.value.hint.endswith(f"--every {nearest}")


def _field(text: str, most: int) -> list[int]:
    start, _, step = text.partition("/")
    return list(range(0, most, int(step or 1))) if start == "*" else [int(start)]


@pytest.mark.parametrize("every", ["30s", "0m", "x", "90500ms"])
def test_times_that_are_none(run, state, every):
    run("setup", "systemd", "--state-dir", state, "--every", every).expect(2)


def test_systemd_installs_once_and_goes_again(run, tools, state):
    tools.control("systemctl")

    def systemd(*words: str):
        return run("setup", "systemd", "--state-dir", state, *words, env=tools.env)

    first = systemd("--install").expect(0)
    units = sorted((first.own / "config" / "systemd" / "user").iterdir())
    assert [unit.suffix for unit in units] == [".service", ".timer"]
    assert {unit.stat().st_mode & 0o777 for unit in units} == {0o644}
    name = units[1].name
    assert tools.calls == ["--user daemon-reload", f"--user enable --now {name}"]
    assert "unchanged" in systemd("--install").expect(0).stdout
    assert tools.calls[2:] == [f"--user enable --now {name}"], "nothing to read again"
    systemd("--install", "--every", "1h").expect(0)
    assert "OnUnitActiveSec=3600" in units[1].read_text()
    gone = systemd("--uninstall", "--json").expect(0)
    assert problems(gone.document, EVERY_SCHEMA["clawmedic.setup/1"]) == []
    assert [one["state"] for one in gone.document["files"]] == ["removed", "removed"]
    assert tools.calls[-2:] == [f"--user disable --now {name}", "--user daemon-reload"]
    assert not [unit for unit in units if unit.exists()]
    assert [one["state"] for one in systemd("--uninstall", "--json").expect(0).document["files"]] == [
        "absent"
    ] * 2


def test_systemd_never_overwrites_what_is_not_ours(run, tools, state):
    tools.control("systemctl")
    first = run("setup", "systemd", "--state-dir", state, "--json", env=tools.env).expect(0)
    path = Path(first.document["files"][1]["path"])
    path.parent.mkdir(parents=True)
    path.write_text("[Timer]\n")
    for act in ("--install", "--uninstall"):
        ran = run("setup", "systemd", "--state-dir", state, act, env=tools.env).expect(6)
        assert "was not made by clawmedic" in ran.stderr
    assert (path.read_text(), tools.calls) == ("[Timer]\n", [])
    assert sorted(path.parent.iterdir()) == [path]
    path.unlink()
    path.symlink_to("/etc/passwd")
    run("setup", "systemd", "--state-dir", state, "--install", env=tools.env).expect(6)


def test_a_manager_that_does_not_answer_is_said(run, tools, state):
    tools.control("systemctl", code=1)
    ran = run("setup", "systemd", "--state-dir", state, "--install", env=tools.env).expect(4)
    assert "`systemctl --user daemon-reload` failed: no medium found" in " ".join(ran.stdout.split())


def test_without_the_program_nothing_is_written(run, tools, state):
    for kind, name in (("cron", "crontab"), ("systemd", "systemctl"), ("launchd", "launchctl")):
        ran = run("setup", kind, "--install", "--state-dir", state, env={"PATH": str(tools.root)}).expect(6)
        assert f"there is no {name} here" in ran.stderr
        assert not list(ran.own.rglob("*.*"))


def _unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read_string(text)
    return parser


def test_the_units_say_what_they_must(run, state, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[guard]\nmax_runtime = "20m"\n[signals]\nmetrics = "/var/lib/x/y.prom"\n')
    words = ("--state-dir", state, "--config", own, "--log", "rel.log", "--journal", "--json")
    user = _unit(run("setup", "systemd", *words).expect(0).document["files"][0]["text"])["Service"]
    command = shlex.split(user["ExecStart"].replace("$$", "$").replace("%%", "%"))
    assert command[1:] == [
        *("guard", "--once", "--state-dir", str(state), "--config", str(own)),
        *("--log", str(Path.cwd() / "rel.log"), "--journal"),
    ]
    assert os.access(command[0], os.X_OK)
    assert user["TimeoutStartSec"] == str(20 * 60 + 120)
    assert (user["NoNewPrivileges"], user["SuccessExitStatus"], user["KillMode"]) == ("yes", "3 7", "mixed")
    assert "ProtectSystem" not in user, "it would hide whose gateway runs"
    assert "User" not in user

    text = run("setup", "systemd", "--system", *words).expect(0).document["files"][0]["text"]
    system = _unit(text)["Service"]
    assert (system["ProtectSystem"], system["ProtectHome"]) == ("strict", "read-only")
    assert system["User"]
    writable = [line.partition("=")[2] for line in text.splitlines() if line.startswith("ReadWritePaths=")]
    assert any("openclaw" in line for line in writable)
    assert "/var/lib/x" in writable
    assert any("clawmedic" in line for line in writable)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this host has no systemd")
@pytest.mark.parametrize("system", [False, True])
def test_systemd_itself_takes_the_units(run, state, tmp_path, system):
    words = ["--system"] if system else []
    files = run("setup", "systemd", "--state-dir", state, *words, "--json").expect(0).document["files"]
    paths = []
    for one in files:
        paths.append(tmp_path / Path(one["path"]).name)
        paths[-1].write_text(one["text"])
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *([] if system else ["--user"]), *paths],
        env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    about_ours = [line for line in done.stderr.splitlines() if "clawmedic" in line]
    assert about_ours == [], "what it says of other units of this host is not ours"


def test_an_agent_for_macos(run, tools, state):
    tools.control("launchctl")
    home = {"HOME": str(state.parent), **tools.env}
    words = ("setup", "launchd", "--state-dir", state)
    text = run(*words, env=home).expect(0).stdout
    agent = plistlib.loads(text.encode())
    assert agent["ProgramArguments"][-4:] == ["guard", "--once", "--state-dir", str(state)]
    assert (agent["StartInterval"], agent["RunAtLoad"], agent["Label"]) == (300, True, "clawmedic-guard")
    path = state.parent / "Library" / "LaunchAgents" / "clawmedic-guard.plist"
    run(*words, "--install", env=home).expect(0)
    assert plistlib.loads(path.read_bytes()) == agent
    assert "unchanged" in run(*words, "--install", env=home).expect(0).stdout
    run(*words, "--install", "--every", "1h", env=home).expect(0)
    run(*words, "--uninstall", env=home).expect(0)
    assert not path.exists()
    domain = f"gui/{os.getuid()}"
    boot, out = f"bootstrap {domain} {path}", f"bootout {domain}/clawmedic-guard"
    assert tools.calls == [boot, out, boot, out]


def test_install_and_uninstall_together(run, state):
    run("setup", "cron", "--state-dir", state, "--install", "--uninstall").expect(2)


def test_a_broken_configuration_is_said_before_anything_is_installed(run, tools, state, tmp_path):
    tools.cron()
    own = tmp_path / "own.toml"
    own.write_text("[guard]\npolcy = 1\n")
    run("setup", "cron", "--state-dir", state, "--config", own, "--install", env=tools.env).expect(2)
    assert not tools.crontab.exists()


def test_config_is_written_once_and_never_over_another(run):
    first = run("setup", "config").expect(0)
    path = first.own / "config" / "clawmedic" / "config.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "notify test" in first.stdout
    path.write_text("[guard]\nattempts = 9\n")
    assert "already there" in run("setup", "config").expect(6).stderr
    assert path.read_text() == "[guard]\nattempts = 9\n"


def test_config_elsewhere_and_printed(run, tmp_path):
    path = tmp_path / "elsewhere.toml"
    document = run("setup", "config", "--config", path, "--json").expect(0).document
    assert document["files"][0]["text"] == path.read_text()
    assert run("setup", "config", "--print").expect(0).stdout == path.read_text()
    run("setup", "config", "--config", tmp_path / "no" / "such.toml").expect(5)
