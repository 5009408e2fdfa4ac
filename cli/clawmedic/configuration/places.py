"""Where in a TOML file a setting stands: the parser does not say, so it is asked with ever shorter files."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from typing import TypeAlias

Step: TypeAlias = str | int
"""A name in a table, or a place in a list."""


def line_of(text: str, steps: Sequence[Step]) -> int:
    """The line (from 1) where the setting at the end of `steps` begins. `text` is a whole file that can be read.

    It is the first line without which the setting is not there. A value that goes over several lines makes files cut
    inside of it unreadable: such a file counts as the next longer one that can be read.
    """
    lines = text.split("\n")

    def holds(count: int) -> bool:
        for longer in range(count, len(lines) + 1):
            try:
                return _is_in(tomllib.loads("\n".join(lines[:longer])), steps)
            except tomllib.TOMLDecodeError:
                continue
        return True

    return bisect_left(range(len(lines) + 1), 1, key=holds)


def _is_in(value: object, steps: Sequence[Step]) -> bool:
    for step in steps:
        if isinstance(value, list) and isinstance(step, int):
            value = dict(enumerate(value))
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
