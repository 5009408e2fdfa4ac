"""`rewind`: 9.6 goes back to before a user's message; the branch that is left can be switched to again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from clawmedic.disk.records import Call
from clawmedic.errors import ClawmedicError, RefusedError
from clawmedic.gateway import branches
from clawmedic.gateway.answers import Branch, LiveSession
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.reversal import restoring_branch
from clawmedic.model.outcome import Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.model.session import Generation
from clawmedic.operations.work import Work
from clawmedic.recovery.live import (
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
from clawmedic.recovery.looking import context_of, entries_of, entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, room_for, tokens_in
from clawmedic.recovery.ward import look_again
from clawmedic.transcripts.context import of_path
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.tree import Path, active_path


@dataclass(frozen=True, slots=True)
class GatewayRewind:
    """The rung."""

    name: str = "rewind"

    def applies(self, patient: Patient) -> Fit:
        """A database, a gateway with branches, and a history that is too long to be compacted."""
        missing = without_gateway(patient)
        if missing is not None:
            return missing
        if patient.session.generation is not Generation.SQLITE or not branches.can_branch(caller_of(patient)):
            return Fit(ok=False, reason="only 9.6 has branches")
        if patient.ailment.shrinkable:
            return Fit(ok=True, reason="an earlier point of the conversation fits")
        return Fit(ok=False, reason="the history's length is not what ails it")

    def plan(self, patient: Patient) -> Treatment:
        """The newest message of a person before which the conversation fits.

        Raises:
            RefusedError: nothing before any message fits, or the gateway names no current branch.
        """
        live, caller, key = described(patient), caller_of(patient), patient.session.key
        lines = lines_of(patient.settings, patient.session)
        room = room_for(patient.case, context_of(lines))
        path = active_path(list(entries_of(lines))).entries
        at = fitting(path, room)
        if at is None:
            raise RefusedError(
                "no earlier point of the conversation fits", hint="clawmedic rescue --policy reset"
            )
        leaf = next((one.leaf for one in _branches(caller, key) if one.active), "")
        if not leaf:
            raise RefusedError("the gateway names no current branch", hint="nothing was changed")
        left = sum(1 for entry in path[at:] if entry.type == "message" and entry.role == "user")
        sentence = f"go back to before the newest {left} message{'' if left == 1 else 's'} of people"
        step = Step(self.name, sentence, reversible=Reversible.STATE)
        notes = ("what is left behind stays as a branch; undo switches back to it",)
        action = _Rewinding(patient, live, path[at].id, leaf, entry_ids(lines), room)
        return Treatment(live_plan(patient, step, notes=notes), action)


def _branches(caller: Caller, key: str) -> Sequence[Branch]:
    try:
        return branches.list_branches(caller, key)
    except RefusedError:
        raise
    except ClawmedicError as error:
        raise RefusedError(error.message, hint=error.hint) from error


def fitting(path: Sequence[Entry], room: Room) -> int | None:
    """Index of the newest user message before which the conversation keeps to the room; None for none.

    Looked for since the last reset and the last compaction: a rewind does not cross a reset, and before a compaction
    the conversation was longer (openclaw-sqlite.md 3). Something must be left of the conversation.
    """
    start = max((at for at, entry in enumerate(path) if entry.type in ("reset", "compaction")), default=-1)
    asked = [
        at
        for at, entry in enumerate(path)
        if at > start and entry.type == "message" and entry.role == "user" and entry.id
    ]
    limit = room.target + room.overhead

    def size(at: int) -> int:
        context = of_path(Path(tuple(path[:at])))
        return max(tokens_in(context), context.estimated_tokens + room.overhead)

    found = bisect_right(asked, limit, key=size) - 1
    return asked[found] if found > 0 or (found == 0 and start >= 0) else None


@dataclass(frozen=True, slots=True)
class _Rewinding:
    patient: Patient
    live: LiveSession
    entry_id: str
    leaf: str
    ids: frozenset[str]
    room: Room

    def act(self, work: Work) -> None:
        caller, key = caller_of(self.patient), self.patient.session.key
        require_quiet(self.patient, self.live, self.ids)
        keep(work, self.patient)
        ask(
            work,
            Call("sessions.rewind", {"sessionKey": key, "entryId": self.entry_id}),
            lambda: branches.rewind(caller, key, self.entry_id),
            reverse=restoring_branch(key, self.leaf),
        )

    def prove(self, work: Work) -> Proof:
        seen = look_again(work.settings, None, self.patient.session)
        checks = [history_stays(work, self.patient, self.ids), is_alive(seen)]
        return live_proof(work, checks, self.patient, seen, self.room)
