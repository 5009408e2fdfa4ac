"""Sessions through the gateway: look, patch the model, compact, reset. Every version has these.

Nothing here creates a session: `sessions.patch` and `sessions.reset` of an unknown key would make a row, so each
change looks first. `sessions.compact {maxLines}` is not offered: it destroys history (openclaw-files.md 2,
openclaw-sqlite.md 3).
"""

from __future__ import annotations

from typing import Literal

from clawmedic.disk.records import JsonValue
from clawmedic.gateway.answers import (
    Compacted,
    LiveSession,
    ModelPatch,
    ResetDone,
    live_session,
    override_of,
)
from clawmedic.gateway.calling import COMPACT_SECONDS, QUICK_SECONDS, RESET_SECONDS, Caller
from clawmedic.gateway.failures import RequestRefusedError, SessionChangedError, UnknownKeyError
from clawmedic.gateway.frames import one_line
from clawmedic.stores.typed import Fields

DESCRIBE = "sessions.describe"
MOST = 10_000


def describe(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> LiveSession | None:
    """A session by its whole key; None when the gateway knows none. Never creates one.

    `sessions.describe` is missing on 4.15: `sessions.list` with a search is read instead.
    `active_run` is known only by `list_sessions`.
    """
    if caller.supports(DESCRIBE):
        answer = caller.ask(DESCRIBE, {"key": key}, timeout=timeout)
        return live_session(answer.inner("session"))
    return next((row for row in list_sessions(caller, search=key, timeout=timeout) if row.key == key), None)


def require(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> LiveSession:
    """As `describe`.

    Raises:
        UnknownKeyError: the gateway knows no such session, or knows it by another key.
    """
    found = describe(caller, key, timeout=timeout)
    if found is None or found.key != key:
        other = f"; it calls it {one_line(found.key)}" if found else ""
        raise UnknownKeyError(
            f"the gateway knows no session {one_line(key)}{other}", hint="`clawmedic scan` lists them"
        )
    return found


def list_sessions(
    caller: Caller, *, search: str = "", timeout: float = QUICK_SECONDS
) -> tuple[LiveSession, ...]:
    """Sessions, newest first; `active_run` is told by 7.1 and 9.6. `search` is part of a key, label or id."""
    params: dict[str, JsonValue] = {"limit": MOST}
    if search:
        params["search"] = search
    rows = caller.ask("sessions.list", params, timeout=timeout).items("sessions")
    return tuple(row for row in map(live_session, rows) if row is not None)


def active_run(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> bool | None:
    """Whether a run is going on in a session; None where the gateway does not say (4.15).

    After a refusal 7.1 calls the run active for 15 s more; on 9.6 the row must be in the list to be judged.
    """
    row = next((row for row in list_sessions(caller, search=key, timeout=timeout) if row.key == key), None)
    return row.active_run if row else None


def model_override(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> str | None:
    """The model override of a session ("provider/model"), None for none. Moves the row's `updatedAt`.

    No reading method shows it in all versions; a patch without any field changes nothing and gives the row back.

    Raises:
        UnknownKeyError: no such session.
    """
    require(caller, key, timeout=timeout)
    return override_of(caller.change("sessions.patch", {"key": key}, timeout=timeout).inner("entry"))


def patch_model(caller: Caller, key: str, model: str | None, *, timeout: float = QUICK_SECONDS) -> ModelPatch:
    """Set the model override ("provider/model"), or clear it with None; says what it was.

    4.15 and 7.1 take any name, 9.6 any model of a known provider: check it against the config first. 4.15 leaves
    `liveModelSwitchPending` in the row after clearing; the next turn removes it.

    Raises:
        UnknownKeyError: no such session.
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    before = model_override(caller, key, timeout=timeout)
    after = caller.change("sessions.patch", {"key": key, "model": model}, timeout=timeout).inner("entry")
    return ModelPatch(key, after.text("sessionId") or "", before, override_of(after))


def compact(caller: Caller, key: str, *, timeout: float = COMPACT_SECONDS) -> Compacted:
    """Compact a session with the model it has now. An active run is interrupted by the gateway.

    Raises:
        UnknownKeyError: no such session.
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    require(caller, key)
    return compacted_of(caller.change("sessions.compact", {"key": key}, timeout=timeout))


def compacted_of(payload: Fields) -> Compacted:
    """The payload of `sessions.compact`: `ok` says nothing, `compacted` does."""
    result = payload.inner("result")
    done = payload.flag("compacted") is True
    return Compacted(
        compacted=done,
        reason="" if done else one_line(payload.text("reason") or "the gateway gave no reason"),
        tokens_before=result.number("tokensBefore") or None,  # 7.1 says 0 when its counter is not fresh
        tokens_after=result.number("tokensAfter"),
        first_kept_entry=result.text("firstKeptEntryId") or "",
        summary=result.text("summary") or "",
    )


def reset(
    caller: Caller,
    key: str,
    *,
    reason: Literal["new", "reset"] = "reset",
    expected_session_id: str | None = None,
    timeout: float = RESET_SECONDS,
) -> ResetDone:
    """Give a key a new, empty session; the old history stays where the version keeps it.

    The gateway itself checks `expected_session_id` on 9.6 alone; elsewhere it is compared just before.

    Raises:
        UnknownKeyError: no such session.
        SessionChangedError: the session is not the expected one any more.
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    found = require(caller, key)
    params: dict[str, JsonValue] = {"key": key, "reason": reason}
    if expected_session_id is not None:
        if found.session_id != expected_session_id:
            raise SessionChangedError(
                f"{one_line(key)} has another session now: {one_line(found.session_id)}",
                hint="look at it again",
            )
        params["expectedSessionId"] = expected_session_id
    payload = _reset(caller, params, timeout)
    entry = payload.inner("entry")
    return ResetDone(payload.text("key") or key, entry.text("sessionId") or "", override_of(entry))


def _reset(caller: Caller, params: dict[str, JsonValue], timeout: float) -> Fields:
    try:
        return caller.change("sessions.reset", params, timeout=timeout)
    except RequestRefusedError as error:
        # 4.15 and 7.1 know no such parameter and refuse the whole request: nothing was done.
        if "expectedSessionId" not in params or "unexpected property" not in error.gateway_message:
            raise
    return caller.change(
        "sessions.reset", {name: params[name] for name in ("key", "reason")}, timeout=timeout
    )
