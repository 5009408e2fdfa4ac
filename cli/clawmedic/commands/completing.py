"""What a shell's completion asks: `clawmedic --complete-words KIND CURRENT WORD...`, one word a line.

CURRENT is the word under the cursor and WORD... the command line so far, from which the state directory is read.
After a tab stands what the word is. It reads only, needs no command's module, and is silent about every failure:
a shell that completes has no place for an error.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from clawmedic.errors import ClawmedicError, ExitCode
from clawmedic.output.sink import write_text
from clawmedic.output.text import age, visible
from clawmedic.settings import Settings, World, resolve_state_dir

MOST = 500
Words: TypeAlias = Iterator[tuple[str, str]]


def complete(argv: Sequence[str]) -> ExitCode:
    """Write the words; `argv` is what follows `--complete-words`."""
    kind, current, *line = (*argv, "", "")[: max(2, len(argv))]
    words = SOURCES.get(kind)
    try:
        if words is not None:
            found = _fitting(words(_settings(World.from_process(), line)), current)
            write_text("".join(f"{word}\t{visible(what)}\n" for word, what in found)) if found else None
    except (ClawmedicError, OSError):
        pass
    return ExitCode.OK


def _settings(world: World, line: Sequence[str]) -> Settings:
    words = [plain for word in line for plain in _unquoted(word)]
    given, profile = _value_of("--state-dir", words), _value_of("--profile", words)
    expanded = given.replace("~", str(world.home), 1) if given.startswith("~/") else given
    state_dir = resolve_state_dir(world, Path(expanded) if expanded else None, profile)
    return Settings(world=world, state_dir=state_dir, profile=profile)


def _unquoted(word: str) -> list[str]:
    try:
        return shlex.split(word)
    except ValueError:  # a quote that is still open
        return [word]


def _value_of(option: str, words: Sequence[str]) -> str:
    """The value of an option that is given as two words or with `=`; "" without one."""
    for at, word in enumerate(words):
        if word == option and at + 1 < len(words):
            return words[at + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _fitting(words: Words, current: str) -> list[tuple[str, str]]:
    """Words that begin with what is there; where none does, those that hold it: a part of a key names it too."""
    usable = [(word, what) for word, what in words if word and word.isprintable()]
    folded = current.lower()
    begun = [item for item in usable if item[0].lower().startswith(folded)]
    return (begun or [item for item in usable if folded in item[0].lower()])[:MOST]


def _keys(settings: Settings) -> Words:
    from clawmedic.stores.index import index_sessions

    for item in index_sessions(settings):
        yield (
            item.key,
            f"updated {age(item.updated_at, settings.now())} ago" if item.updated_at else item.agent,
        )


def _agents(settings: Settings) -> Words:
    from clawmedic.stores.index import agent_places

    for place in agent_places(settings):
        yield place.id, place.generation.value


def _copies(settings: Settings) -> Words:
    from clawmedic.backups.shortlist import recall

    for item in recall(settings):
        when = f", {age(item.at, settings.now())} ago" if item.at is not None else ""
        yield item.id, f"{item.kind}{when} {item.key}".rstrip()
    yield from _keys(settings)


def _operations(settings: Settings) -> Words:
    from clawmedic.operations.history import list_operations

    for item in list_operations(settings):
        when = age(item.at, settings.now())
        yield (
            item.operation_id,
            f"{item.command} {when} ago, {item.state.value} {' '.join(item.keys)}".rstrip(),
        )


def _models(settings: Settings) -> Words:
    from clawmedic.stores.config import load_config

    config = load_config(settings.world, settings.state_dir)
    names = (*config.models, config.default_model or "", *config.fallback_models)
    for name in sorted({name for name in names if name}):
        yield name, "the configured default" if name == config.default_model else ""


SOURCES: dict[str, Callable[[Settings], Words]] = {
    "keys": _keys,
    "agents": _agents,
    "copies": _copies,
    "operations": _operations,
    "models": _models,
}
