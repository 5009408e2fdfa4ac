"""One command of clawmedic beside a gateway, and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from lab import operator
from lab.gateway import Gateway


@dataclass(frozen=True)
class Ran:
    """Exit code, JSON document ({} when it wrote none), all it printed, and the seconds it took."""

    code: int
    document: dict[str, Any]
    said: str
    seconds: float


def clawmedic(gateway: Gateway, *words: str) -> Ran:
    """Runs one command with `--json` as the operator of the gateway's host; the gateway may be stopped."""
    begun = time.monotonic()
    code, document, said = operator.clawmedic(gateway, *words)
    return Ran(code, document, said, time.monotonic() - begun)
