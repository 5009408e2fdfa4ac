"""Options that several `backups` commands share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from clawmedic.errors import UsageError
from clawmedic.logs.window import parse_when
from clawmedic.model.backup import BackupKind
from clawmedic.settings import Settings

Copy: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="A backup's id (or its beginning), its file name, or a key: its best copy."
    ),
]
Kinds: TypeAlias = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="Only these kinds. Repeatable.")
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="Only copies put aside since: 24h, 7d, or a date."),
]
NoCache: TypeAlias = Annotated[
    bool, typer.Option("--no-cache", help="Read every copy anew, and remember nothing.")
]


def parse_kinds(words: Sequence[str] | None) -> frozenset[BackupKind]:
    """The kinds named.

    Raises:
        UsageError: one is none.
    """
    kinds: set[BackupKind] = set()
    for word in words or ():
        try:
            kinds.add(BackupKind(word.strip().lower()))
        except ValueError as error:
            raise UsageError(
                f"not a kind of backup: {word!r}", hint=f"one of {', '.join(BackupKind)}"
            ) from error
    return frozenset(kinds)


def parse_since(settings: Settings, text: str | None) -> int | None:
    """Epoch milliseconds of `--since`; None stays None.

    Raises:
        UsageError: it is no time.
    """
    return None if text is None else parse_when(text, settings.now())
