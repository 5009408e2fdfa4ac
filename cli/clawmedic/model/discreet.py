"""Values of which a part never stands in a `repr`: secrets, and what people wrote."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct


class Discreet(Struct, frozen=True):
    """A value whose `repr`, and so every traceback and test report, leaves out the fields named in `hidden`."""

    hidden: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = (
            f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.hidden
        )
        return f"{type(self).__name__}({', '.join(shown)})"
