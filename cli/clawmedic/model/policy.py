"""How far a rescue may go, and the kinds of chats that a rule can name (design.md 5)."""

from __future__ import annotations

from enum import StrEnum


class Policy(StrEnum):
    """How far the ladder may be climbed for a key.

    OBSERVE: look and tell, change nothing. IGNORE: do not even tell. PRESERVE: whatever keeps the whole history in
    the model's reach, then tell. REVIVE: also what shortens it. RESET: also a new session.
    """

    OBSERVE = "observe"
    PRESERVE = "preserve"
    REVIVE = "revive"
    RESET = "reset"
    IGNORE = "ignore"

    def allows(self, rung: str) -> bool:
        """Whether a rung of this name may be tried."""
        return rung in _ALLOWED[self]


_PRESERVING = frozenset({"unlock", "relink", "mend", "recover", "compact", "relax", "rewind"})
_ALLOWED = {
    Policy.OBSERVE: frozenset[str](),
    Policy.IGNORE: frozenset[str](),
    Policy.PRESERVE: _PRESERVING,
    Policy.REVIVE: _PRESERVING | {"distil"},
    Policy.RESET: _PRESERVING | {"distil", "reset"},
}


class ChatKind(StrEnum):
    """What a session is for, as its key and its row tell.

    MAIN: the agent's own session. DIRECT, GROUP and TOPIC (a thread of a group): people on a channel. CRON, SUBAGENT
    and HOOK: nobody waits in a chat.
    """

    MAIN = "main"
    DIRECT = "direct"
    GROUP = "group"
    TOPIC = "topic"
    CRON = "cron"
    SUBAGENT = "subagent"
    HOOK = "hook"
