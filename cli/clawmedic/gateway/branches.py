"""Branches of a session: rewind, switch, fork, recover. 9.6 alone has them (feature detection by the method list)."""

from __future__ import annotations

from clawmedic.gateway.answers import Branch
from clawmedic.gateway.calling import QUICK_SECONDS, Caller
from clawmedic.gateway.frames import one_line
from clawmedic.gateway.methods import require
from clawmedic.stores.typed import Fields


def can_branch(caller: Caller) -> bool:
    """Whether this gateway has branches at all."""
    return all(
        caller.supports(f"sessions.{name}") for name in ("rewind", "fork", "branches.list", "branches.switch")
    )


def list_branches(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> tuple[Branch, ...]:
    """The branches of a session.

    Raises:
        UnknownMethodError: this version has none.
        UnknownKeyError: no such session.
    """
    require(caller, key)
    rows = caller.ask("sessions.branches.list", {"sessionKey": key}, timeout=timeout).items("branches")
    return tuple(_branch(row) for row in rows if row.text("leafEntryId"))


def _branch(row: Fields) -> Branch:
    return Branch(
        leaf=row.text("leafEntryId") or "",
        headline=one_line(row.text("headline") or ""),
        messages=row.number("messageCount"),
        active=row.flag("active") is True,
    )


def switch_branch(caller: Caller, key: str, leaf: str, *, timeout: float = QUICK_SECONDS) -> str:
    """Make the branch that ends with this entry the current one; gives the session id behind the key then.

    Raises as `Caller.change`, and UnknownKeyError.
    """
    require(caller, key)
    caller.change("sessions.branches.switch", {"sessionKey": key, "leafEntryId": leaf}, timeout=timeout)
    return require(caller, key).session_id


def rewind(caller: Caller, key: str, entry_id: str, *, timeout: float = QUICK_SECONDS) -> str:
    """Go back to before a user's message; gives the new session id. The branch left behind can be switched to.

    Does not cross a reset. Raises as `Caller.change`, and UnknownKeyError.
    """
    require(caller, key)
    caller.change("sessions.rewind", {"sessionKey": key, "entryId": entry_id}, timeout=timeout)
    return require(caller, key).session_id


def fork(caller: Caller, key: str, entry_id: str, *, timeout: float = QUICK_SECONDS) -> str:
    """Make a new session with the history before a user's message, also one before a reset; gives the new key.

    Raises as `Caller.change`, and UnknownKeyError.
    """
    require(caller, key)
    answer = caller.change("sessions.fork", {"sessionKey": key, "entryId": entry_id}, timeout=timeout)
    return answer.text("key") or answer.text("sessionKey") or answer.inner("session").text("key") or ""


def recover(caller: Caller, key: str, *, timeout: float = QUICK_SECONDS) -> None:
    """Move a tombstoned conversation to a session of its own; the source is archived, and stays refused (measured).

    Refused for a session without a tombstone. Raises as `Caller.change`, and UnknownKeyError.
    """
    require(caller, key)
    caller.change("sessions.recover", {"key": key}, timeout=timeout)
