"""The frame of every rung that works through a running gateway: what the plan saw, and what act and proof share.

Before anything is asked of the gateway nobody may have spoken since the plan, and the history is copied. Afterwards
the session is examined anew, with the logs read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from msgspec import Struct

from clawmedic.gateway.answers import LiveSession
from clawmedic.gateway.calling import Caller
from clawmedic.model.outcome import Check, Proof
from clawmedic.operations.work import Work
from clawmedic.recovery.live import (
    all_lines_of,
    caller_of,
    described,
    history_stays,
    keep,
    lines_of,
    live_proof,
    require_quiet,
    without_gateway,
)
from clawmedic.recovery.looking import context_of, entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient
from clawmedic.recovery.sizing import Room, room_for
from clawmedic.recovery.ward import Seen, look_again
from clawmedic.stores.reader import RawEntry

ORDERED = Fit(ok=True, reason="the operator asks for it")


def shortens(patient: Patient, reason: str) -> Fit:
    """Whether a rung that makes the history shorter is tried through the gateway; `reason` is why it helps."""
    missing = without_gateway(patient)
    if missing is not None:
        return missing
    if patient.mandate.ordered:
        return ORDERED
    if patient.ailment.shrinkable:
        return Fit(ok=True, reason=reason)
    return Fit(ok=False, reason="the history's length is not what ails it")


class Bedside(Struct, frozen=True):
    """A patient whose gateway runs, as the plan saw it.

    Attributes:
        live: the session as the gateway sees it.
        lines: the conversation behind the key, earlier windows not among them.
        ids: the entries that were there; for `whole` those of earlier windows too.
        room: how full the window may become.
    """

    patient: Patient
    live: LiveSession
    lines: tuple[RawEntry, ...]
    ids: frozenset[str]
    room: Room

    @classmethod
    def of(cls, patient: Patient, *, whole: bool = False) -> Self:
        """Look at everything a plan through the gateway rests on.

        Raises:
            RefusedError: the gateway knows no such key or has another conversation behind it, or it cannot be read.
        """
        live = described(patient)
        there = patient.session.transcript.exists
        lines = lines_of(patient.settings, patient.session) if there else ()
        kept = all_lines_of(patient.settings, patient.session) if whole and there else lines
        return cls(patient, live, lines, entry_ids(kept), room_for(patient.case, context_of(lines)))

    @property
    def caller(self) -> Caller:
        """The gateway."""
        return caller_of(self.patient)

    @property
    def key(self) -> str:
        """The session key."""
        return self.patient.session.key

    def begin(self, work: Work) -> Path | None:
        """Make sure that nothing has moved since the plan, and copy the history; where the copy is, None for nothing.

        Raises:
            RefusedError: somebody has spoken meanwhile, or the copy cannot be made.
            BusyError: a run goes on.
        """
        require_quiet(self.patient, self.live, self.ids)
        return keep(work, self.patient) if self.ids else None

    def look(self, work: Work) -> Seen:
        """The session as it is now."""
        return look_again(work.settings, None, self.patient.session)

    def proof(self, work: Work, checks: Sequence[Check] = ()) -> Proof:
        """The checks; and that no entry is gone, that it is neither dead nor stuck, and that there is room."""
        seen = self.look(work)
        every = [*checks, history_stays(work, self.patient, self.ids), is_alive(seen)]
        return live_proof(work, every, self.patient, seen, self.room)
