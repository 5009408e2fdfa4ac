"""The lines of a journal: what an operation was about to do, written and made to last before it was done.

`SCHEMA` names the version of the form. Unknown kinds and fields are passed over; a torn line is no line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import asdict

from clawmedic.disk.replace import FileState

SCHEMA = "clawmedic.journal/1"
JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | Mapping[str, JsonValue] | None"


class Begin(Struct, frozen=True):
    """The intent. `at` is epoch ms; `pid` and `start_ticks` name the process that does it.

    `access` and `locks` are the plan's: an interrupted operation is put back by the same way.
    """

    operation_id: str
    at: int
    command: str
    keys: tuple[str, ...]
    state_dir: str
    rungs: tuple[str, ...]
    reversible: str
    undoes: str
    pid: int
    start_ticks: int | None
    access: str = ""
    locks: tuple[str, ...] = ()


class BackedUp(Struct, frozen=True):
    """A copy beside a transcript is about to be made, and must have this digest."""

    source: Path
    path: Path
    sha256: str
    size_bytes: int


class Locked(Struct, frozen=True):
    """A lock file of OpenClaw's kind with this content is about to be made."""

    path: Path
    sha256: str


class Changed(Struct, frozen=True):
    """A file is about to be changed.

    Attributes:
        before: what stood there, None for nothing; its bytes are in the file `copy` of the operation's folder.
        after: SHA-256 of what will stand there, None for nothing.
        row_key: the change is to this row of a store alone; its text changes from the first digest of
            `row_digests` to the second.
    """

    path: Path
    before: FileState | None
    copy: str
    after: str | None
    row_key: str | None = None
    row_digests: tuple[str, str] | None = None


class Call(Struct, frozen=True):
    """A change that something else makes: a method of the gateway. Never a secret."""

    method: str
    params: Mapping[str, JsonValue]


class Called(Struct, frozen=True):
    """A call is about to be made. `reverse` puts it back, None when nothing can."""

    number: int
    call: Call
    reverse: Call | None


class Answered(Struct, frozen=True):
    """The call was answered; `reverse` replaces the one announced when it is not None."""

    number: int
    ok: bool
    reverse: Call | None


class Ended(Struct, frozen=True):
    """The outcome: "done" or "rolled-back"."""

    state: str
    at: int
    detail: str = ""


class Hindered(Struct, frozen=True):
    """An attempt to put the operation back failed: this is why."""

    at: int
    detail: str


class Expired(Struct, frozen=True):
    """The byte copies were given up by retention: nothing can be given back any more."""

    at: int


Record: TypeAlias = Begin | BackedUp | Locked | Changed | Called | Answered | Ended | Hindered | Expired
_KINDS = {
    kind.__name__.lower(): kind
    for kind in (Begin, BackedUp, Locked, Changed, Called, Answered, Ended, Hindered, Expired)
}


def dump_record(record: Record) -> bytes:
    """One line, with its line end. ASCII: names that are not UTF-8 come back as they were."""
    content: dict[str, object] = {"kind": type(record).__name__.lower(), **asdict(record)}
    if isinstance(record, Begin):
        content = {"schema": SCHEMA, **content}
    return json.dumps(content, default=_plain).encode("ascii") + b"\n"


def _plain(value: object) -> object:
    return asdict(value) if isinstance(value, Struct) else str(value)


def load_record(line: bytes) -> Record | None:
    """A line as a record; None for a torn line, another version's first line, or an unknown kind."""
    try:
        fields = json.loads(line)
        kind = fields.pop("kind")
        if kind == "begin" and fields.pop("schema") != SCHEMA:
            return None
        return _built(kind, fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _built(kind: str, fields: dict[str, object]) -> Record | None:
    made = _KINDS.get(kind)
    if made is None:
        return None
    known = {name: _typed(name, value) for name, value in fields.items() if name in made.__struct_fields__}
    record = made(**known)  # type: ignore[arg-type]  # a wrong shape raises TypeError, and is no record
    return record if _is_sane(record) else None


def _is_sane(record: Record) -> bool:
    """Whether the fields that are sorted by or looked up have their types; a journal may be edited by hand."""
    numbers = (getattr(record, "at", 0), getattr(record, "number", 0))
    texts = (
        getattr(record, "operation_id", ""),
        getattr(record, "state", ""),
        getattr(record, "command", ""),
    )
    return all(isinstance(one, int) for one in numbers) and all(isinstance(one, str) for one in texts)


def _typed(name: str, value: object) -> object:
    if name in {"path", "source"}:
        return Path(str(value))
    if name == "before" and isinstance(value, dict):
        return FileState(**value)
    if name in {"call", "reverse"} and isinstance(value, dict):
        return Call(str(value["method"]), value["params"])
    return tuple(value) if isinstance(value, list) else value
