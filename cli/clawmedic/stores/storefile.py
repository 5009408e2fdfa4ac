"""`sessions.json` as it stands: parsed as far as it goes, never raising, with copies that could replace it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import orjson
from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from clawmedic.disk.files import describe, read_bounded
from clawmedic.stores.names import Artefact, ArtefactKind
from clawmedic.stores.rows import session_id_of

_LIMIT_BYTES = 256 * 1024 * 1024
_SALVAGE_LIMIT_BYTES = 64 * 1024 * 1024
_SALVAGE = 8
_NAMED = 50
_BULK = frozenset(("skillsSnapshot", "systemPromptReport"))
"""Nine tenths of a row, and nothing anybody here asks for (openclaw.md 3.1): checked, but not built."""
_rows_of = Decoder(dict[str, dict[str, Raw]]).decode
_value_of = Decoder().decode


class StoreFile(Struct, frozen=True):
    """A parsed store: rows that are objects with a session id; the others are named in `invalid`.

    Rows come without their bulk (`skillsSnapshot`, `systemPromptReport`).
    """

    size_bytes: int = 0
    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    invalid: tuple[str, ...] = ()
    problem: str = ""
    damaged: bool = False


def read_store(path: Path) -> StoreFile:
    """Read a store. OpenClaw itself takes an unreadable one for `{}` and overwrites it (openclaw.md 0.6)."""
    try:
        content = read_bounded(path, _LIMIT_BYTES)
    except FileNotFoundError:
        return StoreFile(problem="missing")
    except OSError as error:
        return StoreFile(problem=describe(error))
    if content.truncated:
        return StoreFile(content.size_bytes, problem=f"larger than {_LIMIT_BYTES} bytes")
    if not content.data:
        return StoreFile(0, problem="0 bytes", damaged=True)
    return _parsed(content.data)


def _parsed(data: bytes) -> StoreFile:
    try:
        tree = _parse(data)
    except (ValueError, RecursionError) as error:
        return StoreFile(len(data), problem=f"not JSON: {_short(error)}", damaged=True)
    if not isinstance(tree, dict):
        return StoreFile(len(data), problem=f"a {type(tree).__name__} instead of an object", damaged=True)
    return _rows(len(data), tree)


def _rows(size: int, tree: dict[str, object]) -> StoreFile:
    rows: dict[str, dict[str, object]] = {}
    invalid: list[str] = []
    for key, entry in tree.items():
        if isinstance(entry, dict) and session_id_of(entry) is not None:
            rows[key] = entry
        elif len(invalid) < _NAMED:
            why = "no sessionId" if isinstance(entry, dict) else "no object"
            invalid.append(f"{key}: {why}")
    return StoreFile(size, rows, tuple(invalid))


def _parse(data: bytes) -> object:
    """A store; what the quick ways refuse and Node writes or people leave (a BOM, lone surrogates, NaN) by `json`.

    Raises:
        ValueError: neither can read it.
        RecursionError: it is nested too deeply.
    """
    try:
        return {
            key: {name: _value_of(value) for name, value in row.items() if name not in _BULK}
            for key, row in _rows_of(data).items()
        }
    except (ValueError, RecursionError):  # damaged, or not all of it rows
        pass
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if b"\0" in data[:64]:
            raise
        return json.loads(data.decode("utf-8-sig", "replace"))


def _short(error: Exception) -> str:
    """The parser's words without the document."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at byte {error.pos}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]


def salvage(artefacts: Iterable[Artefact]) -> tuple[Path, ...]:
    """Copies of the store that are valid and hold at least one session, newest first (openclaw.md S20)."""
    kinds = {ArtefactKind.STORE_TEMP, ArtefactKind.STORE_BACKUP, ArtefactKind.FOREIGN}
    copies = [
        item
        for item in artefacts
        if item.kind in kinds
        and item.is_regular
        and item.path.name.startswith("sessions.json")
        and 2 < item.size_bytes <= _SALVAGE_LIMIT_BYTES
    ]
    copies.sort(key=lambda item: item.mtime_ms or 0, reverse=True)
    return tuple(item.path for item in copies[:_SALVAGE] if _is_whole(item.path))


def _is_whole(path: Path) -> bool:
    store = read_store(path)
    return not store.problem and bool(store.rows) and not store.invalid
