"""Lengths of time in sentences."""

from __future__ import annotations


def span(milliseconds: int) -> str:
    """A length of time in words a person reads: 12 s, 4 min, 3 h, 2 days."""
    seconds = abs(milliseconds) / 1000
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"
