"""What an entry of the catalogue is (the tables are in `catalogue_compaction` and `catalogue_runs`).

Every pattern is anchored at the start of the message, so that a message which quotes such a line (a chat
preview, a model's answer) is no signal.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from msgspec import Struct

from clawmedic.logs.signals import SignalKind


class Origin(Enum):
    """Who may have written the line."""

    LOGGER = "logger"
    """A subsystem logger: the record has a subsystem."""
    CONSOLE = "console"
    """A bare console call: the record has none."""
    ANY = "any"


class Signature(Struct, frozen=True):
    """One kind of line.

    Attributes:
        literals: at least one of them is in every raw line that matches; ASCII, free of characters that JSON escapes.
        source: the pattern, anchored at the start of the text. Named groups: `key`, `session`, `file`, `run`,
            `model`, `trigger`, `klass`, `detail` (names the cause), `new` (a new session id), `estimated`, `budget`.
        origin: see `Origin`.
        quiet: also written at INFO or DEBUG; the others are WARN or ERROR wherever a level is known.
    """

    kind: SignalKind
    literals: tuple[bytes, ...]
    source: str
    origin: Origin = Origin.LOGGER
    quiet: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Compiled at first need: most logs have lines of a few kinds only."""
        return _compiled(self.source)


@cache
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source, re.DOTALL)


def line(
    kind: SignalKind,
    literals: str,
    pattern: str,
    origin: Origin = Origin.LOGGER,
    *,
    quiet: bool = False,
) -> Signature:
    """An entry of the catalogue; several literals are separated by `|`."""
    found = tuple(literal.encode() for literal in literals.split("|"))
    return Signature(kind, found, pattern, origin, quiet)


MODEL = r"(?P<model>[^\s:;,]+)"
"""A model name as OpenClaw writes it in prose: provider/model."""
