"""What is generated from the program is current, whole, and true of the program."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.main import get_command

from clawmedic.app import COMMANDS, root
from clawmedic.commands.completing import SOURCES
from clawmedic.commands.examples import EXAMPLES
from clawmedic.output.every_schema import EVERY_SCHEMA
from docs.generate.files import MAN, ROOT, generated, stray
from docs.generate.json_words import DOCUMENTS, words_of
from docs.generate.sources import Kind
from docs.generate.tree import read_tree

TREE = read_tree()
LEAVES = [command for command in TREE.walk() if command.path]
HOW = "run `python -m docs.generate` and commit what it writes"
OWN_FILES = {"clawmedic.journal/1", "clawmedic.post/1", "clawmedic.guard-pause/1"}
"""What clawmedic writes for itself alone."""
SOURCE = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "cli").rglob("*.py"))


def test_every_generated_file_is_current():
    wanted = generated()
    stale = [path.name for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    assert stale == [], HOW
    assert list(stray(wanted)) == [], HOW


def test_there_is_a_page_for_each_command():
    pages = {path.name for path in generated() if path.parent == MAN}
    assert {f"clawmedic-{mounted.name}.1" for mounted in COMMANDS} <= pages
    assert {"clawmedic.1", "clawmedic-backups-list.1", "clawmedic-json.5"} <= pages


def test_pages_are_ascii_whatever_locale_reads_them():
    assert [
        path.name for path, text in generated().items() if path.parent == MAN and not text.isascii()
    ] == []


@pytest.mark.parametrize("command", LEAVES, ids=lambda command: command.name)
def test_a_command_explains_itself(command):
    assert command.summary
    assert all(option.help for option in command.options), "every option has a help text"
    assert EXAMPLES.get(command.path), "clawmedic.commands.examples.py has no example"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: " ".join(path) or "clawmedic")
def test_examples_can_be_parsed(path):
    for _, text in EXAMPLES[path]:
        calls = [words for line in text.splitlines() for words in calls_in(line)]
        assert calls, text
        for words in calls:
            parse(list(words))
        assert any(tuple(words[: len(path)]) == path for words in calls), text


def calls_in(line: str) -> list[list[str]]:
    """The words behind each `clawmedic` of a shell line."""
    parts = [shlex.split(part) for part in line.split(" | ")]
    return [words[1:] for words in parts if words[0] == "clawmedic"]


def parse(words: list[str]) -> None:
    """Let the program parse a call, without running it."""
    command, context = get_command(root), None
    while hasattr(command, "list_commands") and words and not words[0].startswith("-"):
        command = command.get_command(context, words.pop(0))
        assert command is not None
    command.make_context("clawmedic", words)


def test_every_document_of_the_program_is_in_the_contract():
    written = set(re.findall(r'"(clawmedic\.[a-z-]+/\d+)"', SOURCE)) - OWN_FILES
    assert written == set(EVERY_SCHEMA)
    assert set(DOCUMENTS) == set(EVERY_SCHEMA)


@pytest.mark.parametrize("name", EVERY_SCHEMA)
def test_every_field_of_the_contract_is_explained(name):
    assert list(unexplained(EVERY_SCHEMA[name], name.removeprefix("clawmedic.").partition("/")[0])) == []


def unexplained(schema, parent):
    for option in schema.get("anyOf", ()):
        yield from unexplained(option, parent)
    yield from unexplained(schema["items"], parent) if "items" in schema else ()
    for field, inner in schema.get("properties", {}).items():
        if parent != "totals" and not words_of(parent, field):
            yield f"{parent}.{field}"
        yield from unexplained(inner, field)


def test_completions_ask_only_for_what_the_program_answers():
    sources = [item.source for command in LEAVES for item in (*command.options, *command.arguments)]
    assert {source.words[0] for source in sources if source.kind is Kind.ASK} == set(SOURCES)
