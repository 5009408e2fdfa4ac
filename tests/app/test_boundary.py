"""The boundary: every failure is one line, one code, and nothing of the user's."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

from clawmedic.app import COMMANDS, SUMMARIES, refuse_windows
from clawmedic.errors import BusyError, ExitCode, NotFoundError, RefusedError
from clawmedic.output.schemas import SCHEMAS
from harness import process_environment
from json_check import problems

SECRET = "sk-ant-0123456789abcdef"


@pytest.fixture
def broken_command(monkeypatch):
    """`clawmedic explain` does what it is told to."""

    def install(action):
        from clawmedic.commands.options import with_settings

        def command(settings):
            """Break."""
            return action(settings)

        command.__annotations__ = {}
        module = types.ModuleType("clawmedic.commands.explain")
        module.command = with_settings(store=False)(command)
        monkeypatch.setitem(sys.modules, "clawmedic.commands.explain", module)

    return install


def raising(error):
    def action(_settings):
        raise error

    return action


@pytest.mark.parametrize(
    "args", [("scan", "--frobnicate"), ("scan", "--format", "xml"), ("show",), ("scan", "--log")]
)
def test_a_wrong_call_is_2_and_one_line_with_a_hint(run, args):
    ran = run(*args).expect(2)
    assert ran.stdout == ""
    first, second = ran.stderr.splitlines()
    assert first.startswith("clawmedic: ")
    assert f"clawmedic {args[0]} --help" in second


@pytest.mark.parametrize(
    "args",
    [("scan", "--frobnicate", "--json"), ("--json", "scan"), ("frobnicate", "--json"), ("show", "--json")],
)
def test_a_wrong_call_with_json_answers_in_json(run, args):
    ran = run(*args).expect(2)
    assert problems(ran.document, SCHEMAS["clawmedic.error/1"]) == []
    assert ran.document["code"] == "usage"
    assert ran.stderr == ""


@pytest.mark.parametrize("form", [("--format", "json"), ("--format=ndjson",)])
def test_a_format_of_json_answers_in_json_too(run, form):
    assert run("scan", "--frobnicate", *form).expect(2).document["code"] == "usage"


def test_after_a_double_dash_json_is_a_key(run):
    ran = run("explain", "--", "--json").expect(5)
    assert "--json" in ran.stderr


@pytest.mark.parametrize(
    ("typed", "meant"), [("expain", "explain"), ("scna", "scan"), ("diagnos", "diagnose"), ("SCAN", "scan")]
)
def test_an_unknown_command_suggests_the_nearest(run, typed, meant):
    ran = run(typed).expect(2)
    assert f"did you mean `clawmedic {meant}`?" in ran.stderr


def test_an_unknown_command_like_nothing_points_to_the_help(run):
    assert "`clawmedic --help`" in run("zzzzqqqq").expect(2).stderr


def test_a_command_with_an_escape_sequence_is_shown_harmless(run):
    assert "\x1b" not in run("\x1b[2Jscan").expect(2).stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotFoundError("no such thing", hint="look again"), 5), (BusyError("busy"), 7), (RefusedError("no"), 6)],
)
def test_an_expected_failure_leaves_with_its_code(run, broken_command, error, code):
    broken_command(raising(error))
    ran = run("explain").expect(code)
    assert ran.stderr.splitlines()[0] == f"clawmedic: {error.message}"
    assert ("hint: look again" in ran.stderr) == bool(error.hint)
    ran = run("explain", "--json").expect(code)
    assert ran.document == {
        "schema": "clawmedic.error/1",
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }


def test_a_monitoring_system_gets_its_own_unknown(run, tmp_path):
    ran = run("scan", "--format", "nagios", "--state-dir", tmp_path / "missing|x").expect(3)
    assert re.fullmatch(r"CLAWMEDIC UNKNOWN - no such directory: [^|]+\n", ran.stdout), ran.story()


def test_ctrl_c_is_130_and_silent(run, broken_command):
    broken_command(raising(KeyboardInterrupt()))
    ran = run("explain").expect(130)
    assert ran.stdout == ""


def test_a_bug_leaves_a_report_without_secrets(run, broken_command, tmp_path):
    home = tmp_path / "home" / "mallory"
    home.mkdir(parents=True)

    def action(_settings):
        try:
            {}[f"{SECRET} in {home}"]
        except KeyError as error:
            raise ValueError(f"the user said: my password is {SECRET}") from error

    broken_command(action)
    key = "agent:main:telegram:dm:7700123"
    ran = run(
        "explain", key, "--log", f"{home}/{SECRET}.log", f"--config={home}", env={"HOME": str(home)}
    ).expect(2)
    ran = run(
        "explain", "--log", f"{home}/{SECRET}.log", "--profile", "private", env={"HOME": str(home)}
    ).expect(1)
    first, second = ran.stderr.splitlines()
    assert first == "clawmedic: clawmedic failed unexpectedly (ValueError); nothing was repaired"
    report = Path(second.split("please report it with ")[1])
    assert report.parent == tmp_path / "own" / "state" / "clawmedic" / "crash"
    assert report.stat().st_mode & 0o777 == 0o600
    assert report.parent.stat().st_mode & 0o777 == 0o700
    text = report.read_text()
    for private in (SECRET, "password", "mallory", str(home), "private", "7700123"):
        assert private not in text, text
    assert "builtins.ValueError: (message of" in text
    assert "builtins.KeyError: (message of" in text
    assert "call: clawmedic explain --log … --profile …" in text
    assert re.search(r"clawmedic/app\.py:\d+ in run", text)


def test_a_bug_with_json_is_json(run, broken_command):
    broken_command(raising(RecursionError("deep")))
    ran = run("explain", "--json").expect(1)
    assert problems(ran.document, SCHEMAS["clawmedic.error/1"]) == []
    assert ran.document["code"] == "unexpected"
    assert ran.stderr == ""


def test_a_bug_for_a_monitoring_system_is_unknown(run, monkeypatch):
    module = types.ModuleType("clawmedic.commands.scan")
    monkeypatch.setitem(sys.modules, "clawmedic.commands.scan", module)
    ran = run("scan", "--format", "nagios").expect(3)
    assert ran.stdout.startswith("CLAWMEDIC UNKNOWN - ")


def test_an_os_error_keeps_its_number_and_loses_its_path(run, broken_command):
    broken_command(raising(PermissionError(errno.EACCES, "Permission denied", f"/secret/{SECRET}")))
    ran = run("explain").expect(1)
    text = next(ran.own.rglob("crash-*.txt")).read_text()
    assert "[errno 13] Permission denied" in text
    assert SECRET not in text


def test_when_no_report_can_be_written_it_says_so(run, broken_command):
    broken_command(raising(ValueError("x")))
    ran = run("explain", env={"XDG_STATE_HOME": "/dev/null/nowhere"}).expect(1)
    assert "could not be written" in ran.stderr


def test_a_working_directory_that_is_gone_is_no_bug(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {sys.executable} -m clawmedic explain quota"
    done = subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        text=True,
        env=process_environment(tmp_path, 80, None),
        timeout=30,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "working directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_windows_is_refused_politely():
    with pytest.raises(RefusedError) as caught:
        refuse_windows("nt")
    assert "WSL" in caught.value.hint
    refuse_windows("posix")


@pytest.mark.parametrize("args", [("explain",), ("explain", "--json"), ("--help",)])
def test_a_closed_pipe_ends_it_quietly(tmp_path, args):
    process = subprocess.Popen(
        [sys.executable, "-m", "clawmedic", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=process_environment(tmp_path, 80, None),
    )  # fmt: skip
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == -signal.SIGPIPE


def test_full_output_device_is_one_line(tmp_path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "clawmedic", "explain", "--json"],
            stdout=full, stderr=subprocess.PIPE, env=process_environment(tmp_path, 80, None),
            text=True, timeout=30, check=False,
        )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode not in (0, 120)


def test_text_the_terminal_cannot_show_is_no_crash(run_process):
    ran = run_process("explain", "failure-replies", env={"PYTHONIOENCODING": "ascii"}).expect(0)
    assert "Auto-compaction could not recover" in " ".join(ran.stdout.split())


def test_every_documented_code_is_distinct():
    assert len({code.value for code in ExitCode}) == len(ExitCode)
    assert {mounted.name: mounted.summary for mounted in COMMANDS} == SUMMARIES
    assert os.name == "posix"
