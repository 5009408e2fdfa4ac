"""What a shell can offer for the value of an option or an argument."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from clawmedic.model.backup import BackupKind
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.model.verdict import Verdict
from clawmedic.triage.acks import LASTING


class Kind(StrEnum):
    """Where the words come from: a closed list, the file system, or `clawmedic --complete-words` (ASK)."""

    NOTHING = "nothing"
    WORDS = "words"
    FILES = "files"
    DIRECTORIES = "directories"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind, with the closed list (WORDS) or the one name that `commands/completing.py` knows (ASK)."""

    kind: Kind
    words: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Source:
        """Free text, or a flag."""
        return cls(Kind.NOTHING)

    @classmethod
    def of(cls, words: Iterable[str]) -> Source:
        """A closed list."""
        return cls(Kind.WORDS, tuple(str(word) for word in words))


_SPANS = ("30m", "1h", "6h", "24h", "7d", "30d")
_BY_METAVAR = {
    "KEY": Source(Kind.ASK, ("keys",)),
    "FILE": Source(Kind.FILES),
    "DIR": Source(Kind.DIRECTORIES),
    "PROVIDER/MODEL": Source(Kind.ASK, ("models",)),
    "VERDICT": Source.of(Verdict),
    "KIND": Source.of(BackupKind),
    "CODE": Source.of(sorted({*FindingCode, *Cause})),
    "WHEN": Source.of(_SPANS),
    "TIME": Source.of(("5m", "15m", "1h")),
}
_BY_PLACE = {
    ("scan", "--agent"): Source(Kind.ASK, ("agents",)),
    ("ack", "CODE"): Source.of(LASTING),
    ("undo", "ID"): Source(Kind.ASK, ("operations",)),
}
_BY_GROUP = {("backups", "ID"): Source(Kind.ASK, ("copies",))}


def source_of(path: tuple[str, ...], name: str, metavar: str, choices: tuple[str, ...]) -> Source:
    """What fits a value: its enumeration, else by its place, else by its metavar, else nothing.

    Args:
        path: the words of its command.
        name: the option's longest name, or the argument's metavar.
        metavar: as the help shows it.
        choices: the words of its enumeration.
    """
    if choices:
        return Source.of(choices)
    if name == "--fail-on":
        return Source.of((*Verdict, "none"))
    group = _BY_GROUP.get((path[0], metavar)) if path else None
    return _BY_PLACE.get((" ".join(path), name)) or group or _BY_METAVAR.get(metavar) or Source.none()
