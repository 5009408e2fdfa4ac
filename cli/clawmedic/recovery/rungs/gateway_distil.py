"""`distil` through a running gateway: a new session, and one turn that hands a digest of the old one over.

It needs an ordinary model that works. The answer of that turn stays in the session and goes to no chat.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError
from clawmedic.gateway import chat
from clawmedic.gateway.answers import LiveSession, Turn
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.anew import begin_anew, is_new
from clawmedic.recovery.live import (
    all_lines_of,
    ask,
    caller_of,
    described,
    history_stays,
    keep,
    lines_of,
    live_plan,
    live_proof,
    require_quiet,
    without_gateway,
)
from clawmedic.recovery.looking import context_of, entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import look_again
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import CHARS_PER_TOKEN
from clawmedic.transcripts.distil import hand_over
from clawmedic.transcripts.failures import is_failure_text

MOST_CHARS = 12_000
_TRIES = 2
_ASK = "\n\nThis is for your memory alone. Answer with one short sentence; use no tools and send nothing."


@dataclass(frozen=True, slots=True)
class GatewayDistil:
    """The rung."""

    name: str = "distil"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached, and a compaction failed or the history does not fit."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if patient.mandate.ordered:
            return Fit(ok=True, reason="the operator asks for it")
        if patient.ailment.shrinkable:
            return Fit(ok=True, reason="the facts of the history fit, and need no compaction")
        return Fit(ok=False, reason="the history's length is not what ails it")

    def plan(self, patient: Patient) -> Treatment:
        """Copy, reset, hand the digest over.

        Raises:
            RefusedError: there is no history, or too little room for a digest.
        """
        live = described(patient)
        lines = lines_of(patient.settings, patient.session)
        if not lines:
            raise RefusedError("there is no history to hand over", hint="`clawmedic reset` begins anew")
        room = room_for(patient.case, context_of(lines))
        sentence = (
            "keep the history aside, begin a new session, and hand a digest over in one turn of the model"
        )
        step = Step(self.name, sentence, reversible=Reversible.NO)
        ids = entry_ids(all_lines_of(patient.settings, patient.session))
        return Treatment(live_plan(patient, step), _HandingOver(patient, live, lines, ids, room))


@dataclass(frozen=True, slots=True)
class _HandingOver:
    patient: Patient
    live: LiveSession
    lines: tuple[RawEntry, ...]
    ids: frozenset[str]
    room: Room
    found: list[Check] = field(default_factory=list)

    def act(self, work: Work) -> None:
        require_quiet(self.patient, self.live, self.ids)
        kept = keep(work, self.patient)
        text = hand_over(
            self.lines,
            now=work.settings.now(),
            backup=kept.name if kept else "",
            limit_chars=min(MOST_CHARS, self.room.target * CHARS_PER_TOKEN // 2),
        )
        done = begin_anew(work, self.patient, self.live)
        self.found.append(is_new(self.live, done, look_again(work.settings, None, self.patient.session)))
        self.found.append(self._told(work, text + _ASK))

    def _told(self, work: Work, text: str) -> Check:
        """One turn, and a second one where the model was out of reach for a moment."""
        caller, key = caller_of(self.patient), self.patient.session.key
        why = ""
        for number in range(1, _TRIES + 1):
            name = f"clawmedic-{self.patient.member}-{number}"
            turn = ask(
                work,
                Call("agent", {"sessionKey": key, "deliver": False, "idempotencyKey": name}),
                lambda name=name: chat.agent(caller, key, text, idempotency_key=name),  # type: ignore[misc]
                reverse=None,
            )
            why = _failure(turn)
            if not why:
                return Check("hand-over", ok=True, detail=f"{turn.provider}/{turn.model} has read the digest")
        return Check(
            "hand-over", ok=False, detail=f"the new session is empty, the digest was not read: {why}"
        )

    def prove(self, work: Work) -> Proof:
        seen = look_again(work.settings, None, self.patient.session)
        checks = [
            *self.found,
            history_stays(work, self.patient, self.ids),
            is_alive(seen),
        ]
        return live_proof(work, checks, self.patient, seen, self.room)


def _failure(turn: Turn) -> str:
    """Why a turn is no answer of a model, "" when it is one: `ok` with failure words is possible."""
    if turn.status != "ok":
        return turn.text or turn.status
    if not turn.text:
        return "no text came back"
    return "OpenClaw answered with its own failure words" if is_failure_text(turn.text) else ""
