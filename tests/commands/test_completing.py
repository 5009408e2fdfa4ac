"""`clawmedic --complete-words`: what a shell offers, and the silence about every failure."""

from __future__ import annotations

import hashlib
import json

import pytest

from clawmedic.commands.completing import complete
from harness import environment

FILES = "2026.7.1/dead-compact-400-chat"
SQLITE = "2026.9.6/compact-402-quota"


@pytest.fixture
def words(tmp_path, monkeypatch, capsys):
    """The words offered, each with what it is."""
    for name, value in environment(tmp_path / "own", 80, None).items():
        monkeypatch.setenv(name, value)

    def ask(kind: str, current: str, *line: object) -> dict[str, str]:
        capsys.readouterr()
        assert complete([kind, current, *map(str, line)]) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return dict(one.split("\t", 1) for one in shown.out.splitlines())

    return ask


def test_the_program_answers_before_it_knows_any_command(corpus_case, run_process):
    ran = run_process("--complete-words", "agents", "", "--state-dir", corpus_case(FILES).state).expect(0)
    assert ran.stdout == "main\tfiles\n"
    assert run_process("--complete-words").expect(0).stdout == ""


@pytest.mark.parametrize("name", [FILES, SQLITE])
def test_keys_models_and_agents_of_both_generations(corpus_case, words, run, name):
    case = corpus_case(name)
    known = {session["key"] for session in run("scan", *case.options, "--json").document["sessions"]}
    assert set(words("keys", "", "show", "--state-dir", case.state)) == known
    assert set(words("agents", "", f"--state-dir={case.state}")) == {"main"}
    assert "fake/big" in words("models", "fake/", "--state-dir", f"'{case.state}'")


def test_copies_are_those_of_the_last_listing(corpus_case, words, run):
    case = corpus_case(SQLITE)
    before = words("copies", "", "--state-dir", case.state)
    listed = run("backups", "list", *case.options, "--all", "--json").document["backups"]
    after = words("copies", "", "--state-dir", case.state)
    assert {item["id"] for item in listed} == set(after) - set(before)


def test_operations_by_name(corpus_case, words, run):
    case = corpus_case(FILES)
    key = next(iter(words("keys", "", "--state-dir", case.state)))
    run("reset", key, *case.options, "--yes", "--gateway-stopped").expect(0)
    [(name, what)] = words("operations", "", "undo", "--state-dir", case.state).items()
    assert name in run("history", *case.options, "--json").stdout
    assert what.startswith("reset ")


def test_a_part_finds_what_no_beginning_does(corpus_case, words):
    case = corpus_case(SQLITE)
    whole = words("keys", "agent:main:t", "--state-dir", case.state)
    assert whole
    assert words("keys", "TELEGRAM", "--state-dir", case.state) == whole
    assert words("keys", "nothing of it", "--state-dir", case.state) == {}


def test_nothing_is_said_about_a_failure(words, tmp_path, corpus_case):
    case = corpus_case(FILES)
    next(case.state.rglob("sessions.json")).write_bytes(b'{"torn')
    (tmp_path / "file").write_text("no directory")
    for place in (case.state, tmp_path, tmp_path / "file", tmp_path / "absent", "", "'open quote"):
        for kind in ("keys", "copies", "operations", "models", "agents", "unknown", ""):
            assert isinstance(words(kind, "", "--state-dir", place), dict)
    assert words("keys", "") == {}


def test_keys_that_could_harm_a_shell_are_left_out(tmp_path, words):
    store = tmp_path / "agents" / "main" / "sessions" / "sessions.json"
    store.parent.mkdir(parents=True)
    fine, evil = ("agent:main:小猫 🐈", "a b"), ("tab\there", "line\nend", "\x1b[31m", "")
    store.write_text(json.dumps({key: {"sessionId": "s"} for key in (*fine, *evil)}))
    assert set(words("keys", "", "--state-dir", tmp_path)) == set(fine)


def test_asking_changes_no_byte(corpus_case, words):
    case = corpus_case(SQLITE)

    def bytes_of_all() -> dict[str, str]:
        files = (path for path in case.root.rglob("*") if path.is_file())
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = bytes_of_all()
    for kind in ("keys", "copies", "operations", "models", "agents"):
        words(kind, "", "--state-dir", case.state)
    assert bytes_of_all() == before
