"""Typed looks into parsed JSON: the value when it has the right type, else None and a line in `problems`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from clawmedic.stores.stamps import instant_ms

_LARGEST = 2**53  # JavaScript's own limit of exact integers


class Fields(Struct):
    """The fields of one JSON object. Absent and null are None without a word; a wrong type is a problem."""

    values: Mapping[str, object]
    where: str = ""
    problems: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, value: object, where: str = "", problems: list[str] | None = None) -> Fields:
        """Look at any value; one that is no object has no fields, and is a problem unless it is null."""
        kept = problems if problems is not None else []
        if isinstance(value, dict):
            return cls(value, where, kept)
        if value is not None:
            kept.append(f"{where or 'value'}: {_kind(value)} instead of an object")
        return cls({}, where, kept)

    def text(self, name: str) -> str | None:
        """A string that is not empty."""
        value = self.values.get(name)
        if value is None or type(value) is str:
            return value or None
        self._wrong(name, value, "a text")
        return None

    def number(self, name: str) -> int | None:
        """A whole number that is not negative; a float is rounded down."""
        value = self.values.get(name)
        if value is None:
            return None
        if type(value) is int and 0 <= value <= _LARGEST:
            return value
        if isinstance(value, float) and 0 <= value <= _LARGEST:
            return int(value)
        self._wrong(name, value, "a number")
        return None

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, value, "true or false")
        return None

    def time(self, name: str) -> int | None:
        """Epoch milliseconds from a number or an ISO string; 0 means that there is none."""
        value = self.values.get(name)
        if value is None:
            return None
        found = instant_ms(value)
        if found is None and value != 0:
            self._wrong(name, value, "a time")
        return found

    def word(self, name: str) -> str | None:
        """A string, or a number written as one (ids of threads and chats come as both)."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def inner(self, name: str) -> Fields:
        """The object under a name; problems are collected together."""
        value = self.values.get(name)
        return _NOTHING if value is None else Fields.of(value, self._at(name), self.problems)

    def items(self, name: str) -> Iterator[Fields]:
        """The objects of the list under a name."""
        value = self.values.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self._wrong(name, value, "a list")
            return
        for number, item in enumerate(value):
            yield Fields.of(item, f"{self._at(name)}[{number}]", self.problems)

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of the list under a name; others are left out with a problem."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(name, value, "a list")
            return ()
        if not all(isinstance(item, str) for item in value):
            self.problems.append(f"{self._at(name)}: not only texts")
        return tuple(item for item in value if isinstance(item, str))

    def _at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def _wrong(self, name: str, value: object, wanted: str) -> None:
        if value != "":
            self.problems.append(f"{self._at(name)}: {_kind(value)} instead of {wanted}")


_NOTHING = Fields({})
"""An absent object: it has no fields, and so never a problem."""


def _kind(value: object) -> str:
    """What a JSON value is, without showing it: it may be a secret."""
    if isinstance(value, bool):
        return "true or false"
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), "something else")
