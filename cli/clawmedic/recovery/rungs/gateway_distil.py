"""`distil` through a running gateway: a new session, and one turn that hands a digest of the old one over.

It needs an ordinary model that works. The answer of that turn stays in the session and goes to no chat.
"""

from __future__ import annotations

from msgspec import Struct, field

from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError
from clawmedic.gateway import chat
from clawmedic.gateway.answers import Turn
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.operations.work import Work
from clawmedic.recovery.anew import begin_anew, is_new
from clawmedic.recovery.bedside import Bedside, shortens
from clawmedic.recovery.live import ask, live_plan
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.transcripts.context import CHARS_PER_TOKEN
from clawmedic.transcripts.distil import hand_over
from clawmedic.transcripts.failures import is_failure_text

MOST_CHARS = 12_000
_TRIES = 2
_ASK = "\n\nThis is for your memory alone. Answer with one short sentence; use no tools and send nothing."


class GatewayDistil(Struct, frozen=True):
    """The rung."""

    name: str = "distil"

    def applies(self, patient: Patient) -> Fit:
        """A gateway is reached, and a compaction failed or the history does not fit."""
        fit = shortens(patient, "the facts of the history fit, and need no compaction")
        session = patient.session
        if not fit.ok and patient.gateway is not None and session.tombstone and not session.recovered_key:
            return Fit(
                ok=True, reason="a new session takes the tombstone off, and is told the facts of the old one"
            )
        return fit

    def plan(self, patient: Patient) -> Treatment:
        """Copy, reset, hand the digest over.

        Raises:
            RefusedError: there is no history, or too little room for a digest.
        """
        bedside = Bedside.of(patient, whole=True)
        if not bedside.lines:
            raise RefusedError("there is no history to hand over", hint="`clawmedic reset` begins anew")
        sentence = (
            "keep the history aside, begin a new session, and hand a digest over in one turn of the model"
        )
        step = Step(self.name, sentence, reversible=Reversible.NO)
        return Treatment(live_plan(patient, step), _HandingOver(bedside))


class _HandingOver(Struct, frozen=True):
    bedside: Bedside
    found: list[Check] = field(default_factory=list)

    def act(self, work: Work) -> None:
        bedside = self.bedside
        kept = bedside.begin(work)
        text = hand_over(
            bedside.lines,
            now=work.settings.now(),
            backup=kept.name if kept else "",
            limit_chars=min(MOST_CHARS, bedside.room.target * CHARS_PER_TOKEN // 2),
        )
        done = begin_anew(work, bedside.patient, bedside.live)
        self.found.append(is_new(bedside.live, done, bedside.look(work)))
        self.found.append(told(work, bedside, text))

    def prove(self, work: Work) -> Proof:
        return self.bedside.proof(work, self.found)


def told(work: Work, bedside: Bedside, text: str) -> Check:
    """One turn of the model that reads a text, and a second one where it was out of reach for a moment."""
    caller, key = bedside.caller, bedside.key
    why = ""
    for number in range(1, _TRIES + 1):
        name = f"clawmedic-{work.plan.operation_id}-{number}"
        turn = ask(
            work,
            Call("agent", {"sessionKey": key, "deliver": False, "idempotencyKey": name}),
            lambda name=name: chat.agent(caller, key, text + _ASK, idempotency_key=name),  # type: ignore[misc]
            reverse=None,
        )
        why = _failure(turn)
        if not why:
            return Check("hand-over", ok=True, detail=f"{turn.provider}/{turn.model} has read the digest")
    return Check("hand-over", ok=False, detail=f"the digest was not read: {why}")


def _failure(turn: Turn) -> str:
    """Why a turn is no answer of a model, "" when it is one: `ok` with failure words is possible."""
    if turn.status != "ok":
        return turn.text or turn.status
    if not turn.text:
        return "no text came back"
    return "OpenClaw answered with its own failure words" if is_failure_text(turn.text) else ""
