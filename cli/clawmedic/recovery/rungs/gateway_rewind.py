"""`rewind`: 9.6 goes back to before a user's message; the branch that is left can be switched to again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from clawmedic.disk.records import Call
from clawmedic.errors import ClawmedicError, RefusedError
from clawmedic.gateway import branches
from clawmedic.gateway.answers import Branch
from clawmedic.gateway.calling import Caller
from clawmedic.gateway.reversal import restoring_branch
from clawmedic.model.outcome import Proof
from clawmedic.model.plan import Reversible, Step
from clawmedic.model.session import Generation
from clawmedic.operations.work import Work
from clawmedic.recovery.bedside import Bedside
from clawmedic.recovery.live import ask, caller_of, live_plan, without_gateway
from clawmedic.recovery.looking import entries_of
from clawmedic.recovery.rung import Fit, Patient, Treatment
from clawmedic.recovery.sizing import Room, tokens_in
from clawmedic.transcripts.context import of_path
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.tree import Path, active_path


class GatewayRewind(Struct, frozen=True):
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
        bedside = Bedside.of(patient)
        path = active_path(list(entries_of(bedside.lines))).entries
        at = fitting(path, bedside.room)
        if at is None:
            raise RefusedError(
                "no earlier point of the conversation fits", hint="clawmedic rescue --policy reset"
            )
        current(branches_of(bedside.caller, bedside.key))  # refused now rather than in the middle
        left = sum(1 for entry in path[at:] if entry.type == "message" and entry.role == "user")
        sentence = f"go back to before the newest {left} message{'' if left == 1 else 's'} of people"
        step = Step(self.name, sentence, reversible=Reversible.STATE)
        notes = ("what is left behind stays as a branch; undo switches back to it",)
        return Treatment(live_plan(patient, step, notes=notes), _Rewinding(bedside, path[at].id))


def current(found: Sequence[Branch]) -> str:
    """The end of the branch in use.

    Raises:
        RefusedError: none is.
    """
    leaf = next((one.leaf for one in found if one.active), "")
    if not leaf:
        raise RefusedError("the gateway names no current branch", hint="nothing was changed")
    return leaf


def branches_of(caller: Caller, key: str) -> Sequence[Branch]:
    """The branches of a session.

    Raises:
        RefusedError: they cannot be asked for.
    """
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


class _Rewinding(Struct, frozen=True):
    bedside: Bedside
    entry_id: str

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        self.bedside.begin(work)
        leaf = current(branches_of(caller, key))  # since the plan it has grown by what was refused
        ask(
            work,
            Call("sessions.rewind", {"sessionKey": key, "entryId": self.entry_id}),
            lambda: branches.rewind(caller, key, self.entry_id),
            reverse=restoring_branch(key, leaf),
        )

    def prove(self, work: Work) -> Proof:
        return self.bedside.proof(work)
