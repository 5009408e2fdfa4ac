"""`clawmedic notify test` against real servers: who took it, without a secret in anything that is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawmedic.output.every_schema import EVERY_SCHEMA
from harness import Ran
from json_check import problems
from people_server import SECRET, people


@pytest.fixture
def configure(tmp_path: Path):
    def write(*urls: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(f"[notify]\nurls = {list(urls)!r}\n")
        return path

    return write


def without_secret(ran: Ran) -> None:
    assert SECRET not in ran.stdout + ran.stderr
    for path in ran.own.rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text()


def test_every_channel_takes_it(run, configure):
    with people() as first, people() as second:
        ran = run("notify", "test", "--config", configure(first.url, second.url)).expect(0)
    assert "2 of 2 channels took the test notice" in ran.stdout
    assert first.messages[0]["title"].endswith("a test notice")
    assert first.messages[0]["type"] == "info"
    assert not ran.own.exists(), "nothing is remembered"
    without_secret(ran)


def test_some_do_not(run, configure):
    with people() as good, people(status=403) as bad:
        own = configure(good.url, bad.url, f"nosuch://{SECRET}", "env:NONE", f"tgram://{SECRET}")
        page = run("notify", "test", "--config", own).expect(4)
        document = run("notify", "test", "--config", own, "--json").expect(4)
    assert "1 of 5 channels took the test notice" in page.stdout
    found = document.document["channels"]
    assert [(one["channel"], one["url"], one["ok"], one["why"]) for one in found] == [
        (1, "json://127.0.0.1", True, None),
        (2, "json://127.0.0.1", False, "it answered HTTP 403"),
        (3, "nosuch://…", False, "no URL that Apprise knows"),
        (4, "env:NONE", False, "the variable NONE is not set"),
        (5, "tgram://…", False, "no URL that Apprise knows"),
    ]
    assert problems(document.document, EVERY_SCHEMA["clawmedic.notify/1"]) == []
    without_secret(page)
    without_secret(document)


def test_a_file_that_others_can_read_is_said(run, configure):
    with people() as seen:
        own = configure(seen.url)
        own.chmod(0o644)
        page = run("notify", "test", "--config", own).expect(0).stdout
        assert "others can read it (mode 644): chmod 600" in " ".join(page.split())
        own.chmod(0o600)
        ran = run("notify", "test", "--config", own, "--json").expect(0)
        assert ran.document["exposure"] is None
        own = configure("env:URLS")
        own.chmod(0o644)
        ran = run("notify", "test", "--config", own, "--json", env={"URLS": seen.url}).expect(0)
    assert ran.document["exposure"] is None


def test_none_is_configured(run, configure):
    ran = run("notify", "test", "--config", configure()).expect(2)
    assert "no channel is configured" in ran.stderr
    assert "clawmedic setup config" in ran.stderr
    assert run("notify", "test", "--json").expect(2).document["code"] == "usage"


def test_it_is_a_group(run):
    assert "clawmedic notify test" in " ".join(run("notify", "test", "--help").expect(0).stdout.split())
    assert "test" in run("notify", "--help").expect(0).stdout


def test_as_a_process_of_its_own_nothing_leaks(run_process, configure):
    with people(status=500) as bad:
        ran = run_process(
            "notify", "test", "-vv", "--config", configure(bad.url, f"json://127.0.0.1:1/{SECRET}")
        )
    ran.expect(4)
    assert ran.stderr == ""
    without_secret(ran)
