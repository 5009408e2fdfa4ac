"""People in the chat are told of a rescue, by the gateway's `send`: no model call (openclaw-channels.md 4).

It comes last of all, because it adds a mirror entry to the session. A note that cannot be sent fails nothing.
"""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from clawmedic.configuration.load import load_configuration
from clawmedic.errors import ClawmedicError
from clawmedic.gateway import chat
from clawmedic.gateway.calling import Caller
from clawmedic.model.outcome import KeyResult, Outcome
from clawmedic.model.session import Session
from clawmedic.recovery.line import Line
from clawmedic.recovery.rescue import Round
from clawmedic.settings import Settings

_MEMORY = {
    "compact": "The older part of the conversation is summed up.",
    "relax": "The older part of the conversation is summed up.",
    "rewind": "The newest part of the conversation was set aside.",
    "distil": "Older turns were set aside; a list of their facts is at hand.",
    "reset": "The conversation begins anew.",
}


def told(line: Line, planned: Round, outcome: Outcome) -> Outcome:
    """Tell the chats of all sessions that were rescued; the outcome says who was told and who could not be.

    `in_chat = false` in `[notify]` tells nobody.
    """
    if not _wanted(planned.ward.settings):
        return outcome
    sessions = {one.patient.session.key: one.patient for one in planned.outlooks}
    notes: list[str] = []
    for result in outcome.results:
        patient = sessions.get(result.key)
        if patient is None or not _worth_telling(result):
            continue
        waiting = len(patient.report.unanswered)
        notes.append(_tell(line.reach(planned.ward.state), patient.session, result, waiting))
    return replace(outcome, notes=(*outcome.notes, *filter(None, notes)))


def _wanted(settings: Settings) -> bool:
    try:
        return load_configuration(settings).notify.in_chat
    except ClawmedicError:  # it was broken since the command began: what was done must be told all the same
        return True


def _worth_telling(result: KeyResult) -> bool:
    return result.ok and any(one.ok and one.operation_id for one in result.rungs)


def _tell(caller: Caller | None, session: Session, result: KeyResult, waiting: int) -> str:
    delivery = session.delivery
    if delivery is None or not delivery.reaches_people:
        return ""
    if caller is None:
        return f"nobody in the chat of {session.key} was told: no gateway is reached"
    last = [one for one in result.rungs if one.ok][-1]
    try:
        sent = chat.send(
            caller, delivery, words(result, waiting), idempotency_key=once(last.operation_id, session.key)
        )
    except ClawmedicError as error:
        return f"nobody in the chat of {session.key} was told: {error.message}"
    return f"the chat of {session.key} was told by {sent.channel}"


def once(operation_id: str, key: str) -> str:
    """The idempotency key of the one note that an operation sends about a session."""
    return f"clawmedic-{operation_id}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def words(result: KeyResult, waiting: int) -> str:
    """What people read. It quotes nothing and names no directory."""
    last = [one for one in result.rungs if one.ok][-1]
    parts = ["This chat can be used again.", _MEMORY.get(last.rung, "")]
    if waiting:
        messages = "1 message was" if waiting == 1 else f"{waiting} messages were"
        parts.append(f"{messages} not answered: please send again what still matters.")
    if result.backup is not None:
        parts.append(f"The whole history is kept: {result.backup.name}.")
    return " ".join(part for part in parts if part)
