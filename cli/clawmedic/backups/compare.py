"""Two copies side by side: entries only in one, changed, the same; by entry id first, then by text."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from difflib import unified_diff
from enum import StrEnum

from msgspec import Struct

from clawmedic.backups.conversation import Item, Voice, converse
from clawmedic.backups.reading import CopyReader
from clawmedic.model.backup import Backup

TEXT_LINES = 400
DIFF_CHARS = 20_000
PREVIEW_CHARS = 200


class Side(StrEnum):
    """Where an entry is."""

    ONLY_A = "only-a"
    ONLY_B = "only-b"
    CHANGED = "changed"
    SAME = "same"
    MOVED = "moved"


class Mark(Struct, frozen=True):
    """An entry without its texts: what is kept of each of many."""

    key: str
    digest: bytes
    number: int
    voice: Voice
    id: str
    at: int | None
    preview: str


class Difference(Struct, frozen=True):
    """One entry of the comparison. MOVED: the same text under another id. `diff`: unified lines of a changed text."""

    side: Side
    a: Mark | None
    b: Mark | None
    diff: tuple[str, ...] = ()

    @property
    def at(self) -> int | None:
        """When the entry was written."""
        either = self.a or self.b
        return either.at if either else None


class Comparison(Struct, frozen=True):
    """Two copies compared. `differences` are in the order of time, entries that are the same left out."""

    a: Backup
    b: Backup
    same: int
    differences: tuple[Difference, ...]

    def count(self, side: Side) -> int:
        """How many entries are on a side."""
        return self.same if side is Side.SAME else sum(item.side is side for item in self.differences)


def compare(reader: CopyReader, a: Backup, b: Backup) -> Comparison:
    """Compare two copies. Only the texts of changed entries are read again."""
    marks_a, marks_b = marks(converse(reader.entries(a))), marks(converse(reader.entries(b)))
    shared = marks_a.keys() & marks_b.keys()
    changed = {key for key in shared if marks_a[key].digest != marks_b[key].digest}
    only_a = [mark for key, mark in marks_a.items() if key not in shared]
    only_b = [mark for key, mark in marks_b.items() if key not in shared]
    moved, only_a, only_b = _moved(only_a, only_b)
    texts_a, texts_b = _texts(reader, a, marks_a, changed), _texts(reader, b, marks_b, changed)
    found = [Difference(Side.ONLY_A, mark, None) for mark in only_a]
    found += [Difference(Side.ONLY_B, None, mark) for mark in only_b]
    found += [Difference(Side.MOVED, first, second) for first, second in moved]
    found += [
        Difference(
            Side.CHANGED, marks_a[key], marks_b[key], _diff(texts_a.get(key, ""), texts_b.get(key, ""))
        )
        for key in changed
    ]
    found.sort(key=lambda item: (item.at or 0, (item.a or item.b or _NO_MARK).number))
    return Comparison(a, b, len(shared) - len(changed), tuple(found))


def marks(items: Iterable[Item]) -> dict[str, Mark]:
    """Each item by its id; an id that stands twice, and items without one, are told apart by their order."""
    found: dict[str, Mark] = {}
    seen: Counter[str] = Counter()
    for item in items:
        digest = hashlib.sha256(
            "\0".join((item.voice.value, *item.texts())).encode("utf-8", "surrogatepass")
        ).digest()
        name = item.id or f"text {digest.hex()}"
        seen[name] += 1
        key = name if seen[name] == 1 else f"{name} #{seen[name]}"
        preview = " ".join(" ".join(item.texts()).split())[:PREVIEW_CHARS]
        found[key] = Mark(key, digest[:16], item.number, item.voice, item.id, item.at, preview)
    return found


_NO_MARK = Mark("", b"", 0, Voice.NOTE, "", None, "")


def _moved(only_a: list[Mark], only_b: list[Mark]) -> tuple[list[tuple[Mark, Mark]], list[Mark], list[Mark]]:
    """Entries of people and models with the same text under different ids (a rewrite, an import)."""
    by_digest: dict[bytes, list[Mark]] = {}
    for mark in only_b:
        if mark.voice is not Voice.NOTE:
            by_digest.setdefault(mark.digest, []).append(mark)
    pairs: list[tuple[Mark, Mark]] = []
    rest: list[Mark] = []
    for mark in only_a:
        twins = by_digest.get(mark.digest)
        if twins and mark.preview:
            pairs.append((mark, twins.pop(0)))
        else:
            rest.append(mark)
    taken = {id(second) for _, second in pairs}
    return pairs, rest, [mark for mark in only_b if id(mark) not in taken]


def _texts(reader: CopyReader, backup: Backup, known: dict[str, Mark], wanted: set[str]) -> dict[str, str]:
    if not wanted:
        return {}
    numbers = {known[key].number: key for key in wanted}
    return {
        numbers[item.number]: "\n".join(item.texts())[:DIFF_CHARS]
        for item in converse(reader.entries(backup))
        if item.number in numbers
    }


def _diff(a: str, b: str) -> tuple[str, ...]:
    lines = unified_diff(a.splitlines()[:TEXT_LINES], b.splitlines()[:TEXT_LINES], lineterm="", n=2)
    return tuple(line for line in lines if not line.startswith(("---", "+++")))
