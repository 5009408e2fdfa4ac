"""One table of config.toml, read strictly: what nobody asked for is an unknown setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NoReturn, TypeVar

from clawmedic.configuration.places import Step, line_of
from clawmedic.configuration.values import NotAllowedError
from clawmedic.errors import UsageError
from clawmedic.model.discreet import Discreet

T = TypeVar("T")
WITHOUT = "`--config /dev/null` runs without it"


class Source(Discreet, frozen=True):
    """The file: its path and its text (it may hold secrets)."""

    hidden: ClassVar[frozenset[str]] = frozenset({"text"})

    path: Path
    text: str

    def refuse(self, steps: Sequence[Step], message: str, hint: str = "") -> NoReturn:
        """Say what is wrong, and on which line.

        Raises:
            UsageError: always.
        """
        line = line_of(self.text, steps)
        raise UsageError(f"{self.path}:{line}: {message}", hint=hint or WITHOUT)


class Table:
    """Takes settings out of a table one by one; `finish` refuses what is left."""

    def __init__(self, source: Source, steps: tuple[Step, ...], values: Mapping[str, object]) -> None:
        self._source, self._steps, self._values = source, steps, values
        self._known: list[str] = []

    def take(self, name: str, convert: Callable[[object], T], default: T) -> T:
        """A setting, or its default.

        Raises:
            UsageError: its value cannot be; the message says what it may be.
        """
        self._known.append(name)
        if name not in self._values:
            return default
        try:
            return convert(self._values[name])
        except NotAllowedError as error:
            self._source.refuse(
                (*self._steps, name), f"{name}{self._where()} must be {error.allowed}", error.hint
            )

    def tables(self, name: str) -> list[Table]:
        """A list of tables (`[[name]]`).

        Raises:
            UsageError: it is something else.
        """
        self._known.append(name)
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            spelled = ".".join([*map(str, self._steps), name])
            self._source.refuse((*self._steps, name), f"{name}{self._where()} must be tables: [[{spelled}]]")
        return [Table(self._source, (*self._steps, name, at), one) for at, one in enumerate(value)]

    def table(self, name: str) -> Table:
        """A table in this one; an empty one where there is none.

        Raises:
            UsageError: it is no table.
        """
        self._known.append(name)
        value = self._values.get(name, {})
        if not isinstance(value, dict):
            self._source.refuse((*self._steps, name), f"{name} must be a table: [{name}]")
        return Table(self._source, (*self._steps, name), value)

    def finish(self) -> None:
        """Refuse settings that nobody asked for, with the nearest known name.

        Raises:
            UsageError: there is one.
        """
        from difflib import get_close_matches

        for name in self._values:
            if name not in self._known:
                near = get_close_matches(name.lower(), self._known, n=1, cutoff=0.5)
                what = "setting" if self._steps else "table"
                hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(self._known)}"
                self._source.refuse(
                    (*self._steps, name), f"unknown {what} {name[:80]!r}{self._where()}", hint
                )

    def _where(self) -> str:
        named = [str(step) for step in self._steps if isinstance(step, str)]
        brackets = f"[[{'.'.join(named)}]]" if len(named) < len(self._steps) else f"[{'.'.join(named)}]"
        return f" in {brackets}" if named else ""
