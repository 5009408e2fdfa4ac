"""The shape of one explanation."""

from __future__ import annotations

from msgspec import Struct


class Explanation(Struct, frozen=True):
    """One finding or cause in words for a person who was woken by it.

    Attributes:
        code: the stable code of a finding, a cause, or both (`takeover`, `disk-full`).
        title: one line, no full stop.
        meaning: what is going on, and whether it heals by itself.
        detected: the sign that was read, with OpenClaw's literal words.
        helps: what was seen to help, best first; a command of clawmedic stands first in its line.
        does_not_help: what is often tried in vain, or does harm.
        upstream: matching issues as "openclaw#69202".
    """

    code: str
    title: str
    meaning: str
    detected: str
    helps: tuple[str, ...]
    does_not_help: tuple[str, ...]
    upstream: tuple[str, ...] = ()


def issues(*numbers: int) -> tuple[str, ...]:
    """Issue numbers of OpenClaw as they are quoted everywhere."""
    return tuple(f"openclaw#{number}" for number in numbers)


RESCUE = "clawmedic rescue KEY: verified backup, then the gentlest step that revives this session, with proof"

ANOTHER_SUMMARISER = (
    "clawmedic compact KEY --model PROVIDER/MODEL: one compaction with a model that can do it; "
    "the session's own model is put back afterwards"
)

SUMMARISER_SETTING = (
    'OpenClaw\'s config agents.defaults.compaction.model = "PROVIDER/MODEL": read without a restart, '
    "revives every session with this cause at its next message"
)

SUMMARISER_DEAD_ENDS = (
    "a gateway restart: the same transcript is loaded again",
    (
        "`/compact` or `sessions.compact` while the summariser fails: the same call fails again "
        "(`ok:true` of the RPC only says that it was tried; look at `compacted`)"
    ),
    "`sessions.abort` and `sessions.recover`: neither acts on a session without a run or a tombstone",
    (
        "`sessions.compact {maxLines}`: 4.15 cuts off the header and loses the file at the next open; "
        "9.6 keeps no copy and stays dead because the kept tail carries the old token counts"
    ),
)
