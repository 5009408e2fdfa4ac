"""Sessions that a drill makes and takes away again. No other key can be made or deleted by what is here."""

from __future__ import annotations

import re
import secrets

from clawmedic.errors import RefusedError
from clawmedic.gateway.answers import LiveSession
from clawmedic.gateway.calling import RESET_SECONDS, Caller
from clawmedic.gateway.frames import one_line
from clawmedic.gateway.methods import describe

MARK = "clawmedic-drill-"
LABEL = "clawmedic drill"
_KEY = re.compile(rf"agent:[^:]+:{MARK}[0-9a-f]{{16}}")


def new_key(agent: str) -> str:
    """A key that nobody has."""
    return f"agent:{agent}:{MARK}{secrets.token_hex(8)}"


def create(caller: Caller, key: str, *, timeout: float = RESET_SECONDS) -> LiveSession:
    """Make an empty session behind a throw-away key. The first one of 4.15 loads its models: 8 s were seen.

    Raises:
        RefusedError: the key is no throw-away key, somebody has it, or the gateway made it under another name.
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    _require_throwaway(key)
    if describe(caller, key) is not None:
        raise RefusedError(f"there is a session {key} already")
    caller.change("sessions.create", {"key": key, "label": LABEL}, timeout=timeout)
    made = describe(caller, key)
    if made is None or made.key != key:
        other = f" but {one_line(made.key)}" if made else ""
        raise RefusedError(f"the gateway did not make {key}{other}")
    return made


def delete(caller: Caller, key: str, *, timeout: float = RESET_SECONDS) -> bool:
    """Take it away again, with its transcript (OpenClaw keeps an archive of its own); whether it is gone.

    Raises:
        RefusedError: the key is no throw-away key.
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    _require_throwaway(key)
    caller.change("sessions.delete", {"key": key}, timeout=timeout)
    return describe(caller, key) is None


def _require_throwaway(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise RefusedError(f"{one_line(key)} is no throw-away key", hint="nothing was changed")
