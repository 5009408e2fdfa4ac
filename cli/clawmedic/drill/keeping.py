"""What must not be lost: every byte of a state directory, and every entry of a conversation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.disk.digest import digest_file
from clawmedic.operations.backup import INFIX


class Fingerprint(Struct, frozen=True):
    """The SHA-256 of every file below a directory, by its path there."""

    root: Path
    files: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> Fingerprint:
        """Read all of it."""
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return cls(root, {str(path.relative_to(root)): digest_file(path).sha256 for path in paths})

    def differs_from(self, before: Fingerprint) -> tuple[str, ...]:
        """Paths that were there before and are not the same now, and what came besides.

        A verified copy of a transcript, which an undo leaves where it is, is no difference: its name says what it is,
        and its bytes are those of a file that was there before.
        """
        known = set(before.files.values())
        other = [path for path, digest in before.files.items() if self.files.get(path) != digest]
        new = [path for path in self.files.keys() - before.files.keys() if not self._is_copy(path, known)]
        return tuple(sorted([*other, *new]))

    def _is_copy(self, path: str, known: Collection[str]) -> bool:
        return INFIX in path and self.files[path] in known


def ids_of(root: Path, session_ids: Collection[str]) -> frozenset[str]:
    """The ids of all entries in transcripts, and copies of them, that carry one of these session ids in their name."""
    found: set[str] = set()
    for path in root.rglob("*.jsonl*"):
        if any(name in path.name for name in session_ids) and path.suffix != ".lock":
            found |= _ids_in(path)
    return frozenset(found)


def _ids_in(path: Path) -> set[str]:
    ids: set[str] = set()
    for line in path.read_bytes().splitlines():
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(entry, dict) and entry.get("type") != "session" and isinstance(entry.get("id"), str):
            ids.add(entry["id"])
    return ids
