"""The root: help, version, and what they cost."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest

from clawmedic import __version__
from clawmedic.app import COMMANDS
from harness import process_environment

SHARED = (
    "--state-dir", "--profile", "--log", "--config", "--json", "--quiet", "--verbose", "-v", "--no-input", "--utc",
)  # fmt: skip
HEAVY = ("rich", "textual", "orjson", "zstandard", "websockets", "cryptography", "apprise", "prometheus_client",
         "pyjson5", "jsonlines", "platformdirs", "sqlite3", "hashlib", "tempfile", "json", "asyncio")  # fmt: skip


def loaded_by(*args, tmp_path):
    """The modules a call loads beyond `import typer`, and its output."""
    script = (
        "import sys, typer, json\n"
        "before = set(sys.modules)\n"
        "from clawmedic.app import run\n"
        f"run({list(args)!r})\n"
        "print(chr(10) + json.dumps(sorted(set(sys.modules) - before)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60,
        env=process_environment(tmp_path, 80, None),
    )  # fmt: skip
    output, _, modules = done.stdout.rstrip().rpartition("\n")
    return output, json.loads(modules)


def test_the_version_costs_next_to_nothing(tmp_path):
    output, modules = loaded_by("--version", tmp_path=tmp_path)
    assert output.strip() == f"clawmedic {__version__}"
    assert [name for name in modules if name.startswith("clawmedic")] == [
        "clawmedic",
        "clawmedic.app",
        "clawmedic.errors",
    ]
    assert len(modules) <= 12, modules


def test_the_help_lists_every_command_and_loads_none(tmp_path):
    output, modules = loaded_by("--help", tmp_path=tmp_path)
    assert [name for name in modules if name.startswith("clawmedic.commands")] == []
    for mounted in COMMANDS:
        assert f"  {mounted.name} " in output
        assert mounted.summary in " ".join(output.split())


def test_a_command_loads_itself_and_no_other(tmp_path):
    _, modules = loaded_by("explain", "quota", "--json", tmp_path=tmp_path)
    commands = {name for name in modules if name.startswith("clawmedic.commands.")}
    assert commands == {"clawmedic.commands.explain", "clawmedic.commands.options"}
    roots = {name.split(".")[0] for name in modules}
    assert not roots & {
        "rich",
        "textual",
        "zstandard",
        "websockets",
        "cryptography",
        "apprise",
        "prometheus_client",
    }


def test_nothing_heavy_is_loaded_for_the_version(tmp_path):
    _, modules = loaded_by("--version", tmp_path=tmp_path)
    assert not {name.split(".")[0] for name in modules} & set(HEAVY)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_help_everywhere(run, flag):
    assert "Usage: clawmedic [OPTIONS] COMMAND" in run(flag).expect(0).stdout
    assert "Usage: clawmedic explain" in run("explain", flag).expect(0).stdout


def test_without_a_command_it_shows_the_help(run):
    assert run().expect(0).stdout == run("--help").expect(0).stdout


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version(run, flag):
    assert run(flag).expect(0).stdout == f"clawmedic {__version__}\n"


@pytest.mark.parametrize("mounted", COMMANDS, ids=lambda mounted: mounted.name)
def test_every_command_takes_the_shared_options(run, mounted):
    group = getattr(import_module(f"clawmedic.commands.{mounted.name}"), "app", None)
    below = [[command.name] for command in group.registered_commands] if group else [[]]
    for words in below:
        text = run(mounted.name, *words, "--help").expect(0).stdout
        for option in SHARED:
            assert option in text, f"{mounted.name} {words} lacks {option}"


@pytest.mark.parametrize("mounted", COMMANDS, ids=lambda mounted: mounted.name)
def test_the_summary_of_the_root_is_the_commands_own(mounted):
    module = import_module(f"clawmedic.commands.{mounted.name}")
    words = module.app.info.help if hasattr(module, "app") else module.command.__doc__
    assert (words or "").strip().splitlines()[0] == mounted.summary


@pytest.mark.parametrize("mounted", COMMANDS, ids=lambda mounted: mounted.name)
def test_a_summary_fits_into_one_line_of_80(mounted):
    assert len(mounted.summary) <= 66
    assert mounted.summary.endswith(".")


@pytest.mark.parametrize("name", ["scan", "show", "diagnose", "info"])
def test_commands_that_read_logs_can_ask_journald(run, name):
    assert "--journal" in run(name, "--help").expect(0).stdout
