"""A new session through the gateway: what `reset` and `distil` share while a gateway runs."""

from __future__ import annotations

from pathlib import Path

from clawmedic.disk.records import Call
from clawmedic.errors import ClawmedicError
from clawmedic.gateway import chat, methods
from clawmedic.gateway.answers import LiveSession, ResetDone
from clawmedic.gateway.calling import Caller
from clawmedic.model.outcome import Check
from clawmedic.model.session import Generation
from clawmedic.operations.work import Work
from clawmedic.recovery.live import ask, caller_of
from clawmedic.recovery.rung import Patient
from clawmedic.recovery.ward import Seen

LABEL = "clawmedic"


def begin_anew(work: Work, patient: Patient, live: LiveSession) -> ResetDone:
    """Ask for a new session behind the key; the gateway compares the session id itself where it can.

    Raises:
        SessionChangedError: somebody else has begun a new one meanwhile.
        RequestRefusedError, OutcomeUnknownError: as `methods.reset`.
    """
    caller, key = caller_of(patient), patient.session.key
    return ask(
        work,
        Call("sessions.reset", {"key": key, "reason": "reset"}),
        lambda: methods.reset(caller, key, expected_session_id=live.session_id or None),
        reverse=None,
    )


def leave_note(work: Work, caller: Caller, patient: Patient, kept: Path | None) -> Check:
    """A note for people who read the session; that it cannot be left fails nothing."""
    key = patient.session.key
    where = f"Its whole history is kept in {kept.name}." if kept else "There was no history to keep."
    waiting = len(patient.report.unanswered)
    text = (
        "This conversation was begun anew by an operator's tool because the earlier one could no longer be "
        f"answered. {where}" + (f" {waiting} message(s) had no answer." if waiting else "")
    )
    try:
        ask(
            work,
            Call("chat.inject", {"sessionKey": key, "label": LABEL}),
            lambda: chat.inject(caller, key, text, label=LABEL),
            reverse=None,
        )
    except ClawmedicError as error:
        return Check("note", ok=True, detail=f"not left: {error.message}")
    return Check("note", ok=True, detail="left in the session")


def is_new(before: LiveSession, done: ResetDone, seen: Seen) -> Check:
    """Another conversation stands behind the key. 9.6 keeps the session id and writes a `reset` event instead."""
    now = seen.case.session
    if now.generation is Generation.SQLITE:
        ok = seen.case.view.context.reset is not None
        return Check(
            "session", ok=ok, detail="the history ends with a reset" if ok else "no reset is to be seen"
        )
    ok = now.session_id == done.session_id != before.session_id
    return Check("session", ok=ok, detail=now.session_id)
