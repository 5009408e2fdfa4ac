"""What does not work or is dangerous, by name (openclaw.md 5.2): refused with the reason and the safe alternative."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clawmedic.errors import RefusedError


class Hazard(StrEnum):
    """The names."""

    MAX_LINES = "max-lines"
    SAME_SUMMARISER = "same-summariser"
    LIVE_STORE = "live-store"
    SQLITE = "sqlite"
    DEAD_PROVIDER = "dead-provider"
    NEVER_FITS = "never-fits"
    RECOVER_CHAT = "recover-chat"


class Warned(Struct, frozen=True):
    """One hazard: what it would do, and what to do instead."""

    why: str
    instead: str


HAZARDS = {
    Hazard.MAX_LINES: Warned(
        "`sessions.compact` with maxLines drops the transcript's header on 2026.4.15, so that the next run empties "
        "the file, and has no backup on 2026.9.6, where it does not even revive the session",
        "clawmedic compact KEY --distil shortens by tokens, keeps the header and a verified backup",
    ),
    Hazard.SAME_SUMMARISER: Warned(
        "a compaction with the model whose compactions fail takes the same path and fails the same way",
        "name another model with --model PROVIDER/MODEL, or use --distil, which needs none",
    ),
    Hazard.LIVE_STORE: Warned(
        "a running gateway may write its own copy of sessions.json over a change of ours, and the change is lost",
        "stop the gateway first (`openclaw gateway stop`), or let the gateway do it",
    ),
    Hazard.SQLITE: Warned(
        "OpenClaw's database is never written by anything else: an edit beside the gateway damages it",
        "start the gateway: it can do it",
    ),
    Hazard.DEAD_PROVIDER: Warned(
        "the ordinary model call fails: a new session fails the same way, and the conversation is gone from view",
        "wait, or give the session another model; --policy reset --yes with its key is obeyed all the same",
    ),
    Hazard.RECOVER_CHAT: Warned(
        "`sessions.recover` moves the conversation to a session of its own, and leaves the chat archived and refused",
        "a new session with the facts of the old one revives the chat: clawmedic rescue KEY --policy revive",
    ),
    Hazard.NEVER_FITS: Warned(
        "the restored conversation would leave too little of the model's window: it would be dead at once",
        "--distil shortens it and keeps the whole beside it",
    ),
}


def refuse(hazard: Hazard, subject: str = "") -> RefusedError:
    """The refusal, to be raised. `subject` is what it is about, in words."""
    warned = HAZARDS[hazard]
    about = f"{subject}: " if subject else ""
    return RefusedError(f"{about}{warned.why} (hazard {hazard})", hint=warned.instead)
