"""One row of `sessions.json` changed in its text: everything else keeps its bytes, order and form.

The file is what `JSON.stringify(store, null, 2)` writes (openclaw-files.md 3), but whatever form it has is kept: a new
field is written as its neighbours are. Unknown fields are never looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from clawmedic.errors import NotFoundError, UnreadableError

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | Mapping[str, JsonValue] | None"

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class _Member(Struct, frozen=True):
    """A member of an object: where its key begins, and where its value begins and ends (characters)."""

    name: str
    start: int
    value: int
    end: int


class _Object(Struct, frozen=True):
    """An object's members and where its braces are: `start` at "{", `end` behind "}"."""

    start: int
    end: int
    members: tuple[_Member, ...]

    def named(self, name: str) -> _Member | None:
        return next((member for member in self.members if member.name == name), None)


class StoreText(Struct, frozen=True):
    """A whole `sessions.json`, checked: an object without doubled keys, in UTF-8."""

    text: str
    outer: _Object

    @classmethod
    def of(cls, data: bytes) -> StoreText:
        """Check a store's bytes.

        Raises:
            UnreadableError: it is not what OpenClaw writes; such a store must not be edited.
        """
        try:
            text = data.decode("utf-8")
            outer = _object_at(text, _SPACE.match(text, 0).end())  # type: ignore[union-attr]  # it matches nothing too
            rest = text[outer.end :].strip(" \t\r\n")
        except (ValueError, RecursionError) as error:
            raise UnreadableError(f"sessions.json is not what OpenClaw writes: {str(error)[:80]}") from error
        if rest:
            raise UnreadableError("sessions.json has something behind its end")
        return cls(text, outer)

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.text.encode("utf-8")

    def has(self, key: str) -> bool:
        """Whether there is such a row."""
        return self.outer.named(key) is not None

    def row_text(self, key: str) -> str:
        """A row as it stands.

        Raises:
            NotFoundError: there is none.
        """
        member = self._row(key)
        return self.text[member.value : member.end]

    def row(self, key: str) -> dict[str, JsonValue]:
        """A row's fields.

        Raises:
            NotFoundError: there is none.
            UnreadableError: it is no object.
        """
        found = json.loads(self.row_text(key))
        if not isinstance(found, dict):
            raise UnreadableError(f"the row {key} is not an object")
        return found

    def digest(self, key: str) -> str | None:
        """SHA-256 of a row's text, None when there is no such row."""
        return text_digest(self.row_text(key)) if self.has(key) else None

    def with_row_text(self, key: str, row: str) -> StoreText:
        """The same with another text for a row that is there.

        Raises:
            NotFoundError: there is none.
        """
        member = self._row(key)
        try:
            data = (self.text[: member.value] + row + self.text[member.end :]).encode("utf-8")
        except UnicodeEncodeError as error:
            raise UnreadableError(f"the row {key} cannot be written as UTF-8") from error
        return StoreText.of(data)

    def with_fields(
        self, key: str, *, changed: Mapping[str, JsonValue], removed: Collection[str] = ()
    ) -> StoreText:
        """The same with fields of a row set and removed; those that are not there are added behind, or passed over.

        Raises:
            NotFoundError: there is no such row.
            UnreadableError: the row is no object.
        """
        wanted = {name: value for name, value in self.row(key).items() if name not in removed} | dict(changed)
        try:
            text = self.row_text(key)
            for name in removed:
                text = _without(text, name)
            for name, value in changed.items():
                text = _with(text, name, value)
            same = json.loads(text) == wanted
        except (ValueError, TypeError) as error:
            raise UnreadableError(f"the row {key} cannot be edited: {str(error)[:80]}") from error
        if not same:
            raise UnreadableError(f"the row {key} cannot be edited safely")
        return self.with_row_text(key, text)

    def _row(self, key: str) -> _Member:
        member = self.outer.named(key)
        if member is None:
            raise NotFoundError(f"no such row: {key}", hint="`clawmedic scan --all` lists every key")
        return member


def text_digest(text: str) -> str:
    """SHA-256 of a row's text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def row_digest(data: bytes, key: str) -> str | None:
    """SHA-256 of a row's text in a store's bytes, None when there is no such row.

    Raises:
        UnreadableError: the store is not what OpenClaw writes.
    """
    return StoreText.of(data).digest(key)


def _object_at(text: str, start: int) -> _Object:
    if text[start : start + 1] != "{":
        raise ValueError("no object")
    members = tuple(_members(text, start + 1))
    names = [member.name for member in members]
    if len(set(names)) != len(names):
        raise ValueError("a doubled key")
    end = _skip(text, members[-1].end if members else start + 1)
    return _Object(start, end + 1, members)


def _members(text: str, at: int) -> Iterator[_Member]:
    at = _skip(text, at)
    while text[at : at + 1] != "}":
        name, end = _DECODER.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError("a key that is no text")  # noqa: TRY004
        colon = _skip(text, end)
        if text[colon : colon + 1] != ":":
            raise ValueError("no colon")
        value = _skip(text, colon + 1)
        _, end = _DECODER.raw_decode(text, value)
        yield _Member(name, at, value, end)
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "}":
                raise ValueError("a comma too many")
        elif text[at : at + 1] != "}":
            raise ValueError("no end")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _without(row: str, name: str) -> str:
    """A row's text without a member and its comma."""
    whole = _object_at(row, 0)
    member = whole.named(name)
    if member is None:
        return row
    place = whole.members.index(member)
    if place > 0:
        return row[: whole.members[place - 1].end] + row[member.end :]
    if len(whole.members) > 1:
        return row[: member.start] + row[whole.members[1].start :]
    return "{}"


def _with(row: str, name: str, value: JsonValue) -> str:
    """A row's text with a member set: in its place, or behind the last, with the same space before it."""
    whole = _object_at(row, 0)
    member = whole.named(name)
    if member is not None:
        lead = _lead(row, whole, member)
        return row[: member.value] + _dumped(value, lead) + row[member.end :]
    if not whole.members:
        return "{" + f"{_text(name)}: {_dumped(value, '')}" + "}"
    last = whole.members[-1]
    lead = _lead(row, whole, last)
    colon = ": " if row[last.value - 1] == " " else ":"
    return row[: last.end] + f",{lead}{_text(name)}{colon}{_dumped(value, lead)}" + row[last.end :]


def _lead(row: str, whole: _Object, member: _Member) -> str:
    """The space between a member and the comma or brace before it."""
    del whole
    start = member.start
    while start > 0 and row[start - 1] in " \t\r\n":
        start -= 1
    return row[start : member.start]


def _dumped(value: JsonValue, lead: str) -> str:
    """A value as its neighbours are written: indented below them, or on one line."""
    if "\n" not in lead:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + lead.rpartition("\n")[2])


def _text(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
