"""A secret that cannot be shown by accident."""

from __future__ import annotations

from typing import NoReturn, Self

_MASK = "***"


class Secret:
    """A token or password. `repr`, `str` and formatting give a mask; it cannot be pickled or turned into JSON."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    @classmethod
    def of(cls, value: str | None) -> Self | None:
        """A secret without the blanks around it; None for nothing."""
        text = (value or "").strip()
        return cls(text) if text else None

    def reveal(self) -> str:
        """The secret itself: for the wire and the environment of a child, nothing else."""
        return self.__value

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return _MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.__value

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied out of the process")
