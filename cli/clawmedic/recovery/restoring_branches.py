"""`backups restore --live` in a database: only the gateway writes it, and only what is still in it can come back.

Three ways, the fullest first (measured on 2026.9.6):

- switch: the copy is a branch that was left: the key itself has it again, and undo switches back.
- fork: its messages are on the present branch, before a reset for instance: a session of its own begins with them. A
  fork ends before a message of a person, so that the newest turn of the copy is not in it.
- hand-over: nothing of it is in the database, or it would not fit: the whole text is exported, and the present
  conversation is given a digest of it in one turn of the model.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.backups.exporting import Form, content
from clawmedic.backups.reading import CopyReader
from clawmedic.backups.restoring import Restored
from clawmedic.disk.records import Call
from clawmedic.errors import RefusedError
from clawmedic.gateway import branches
from clawmedic.gateway.reversal import restoring_branch
from clawmedic.model.backup import Backup
from clawmedic.model.outcome import Check, Proof
from clawmedic.model.plan import Plan, Reversible, Step
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.work import Work
from clawmedic.recovery.bedside import Bedside
from clawmedic.recovery.hazards import Hazard, refuse
from clawmedic.recovery.live import all_lines_of, ask, live_plan, require_quiet, without_gateway
from clawmedic.recovery.looking import as_raw, context_of, entries_of, entry_ids
from clawmedic.recovery.proof import is_alive
from clawmedic.recovery.rung import Patient, Treatment
from clawmedic.recovery.rungs.gateway_distil import MOST_CHARS, told
from clawmedic.recovery.rungs.gateway_rewind import branches_of, current
from clawmedic.recovery.shorten import would_be_dead
from clawmedic.recovery.sizing import LEAST_TARGET, sight_in_words, tokens_in
from clawmedic.recovery.ward import ILL, Ward
from clawmedic.stores.reader import RawEntry
from clawmedic.transcripts.context import CHARS_PER_TOKEN, Context, of_path
from clawmedic.transcripts.distil import hand_over
from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.tree import Path, active_path

NAME = "restore"


def restore_through_gateway(
    patient: Patient, backup: Backup, restored: Restored, *, may_distil: bool
) -> Treatment:
    """The plan of a restore in a database. Changes nothing.

    Raises:
        RefusedError: no gateway is reached, the copy is live already or would be dead at once, or there is no room.
    """
    missing = without_gateway(patient)
    if missing is not None:
        raise refuse(Hazard.SQLITE, f"{patient.session.key}: {missing.reason}")
    if backup.kind.is_live and backup.key == patient.session.key:
        raise RefusedError(f"{backup.id} is the live conversation of {patient.session.key} already")
    bedside = Bedside.of(patient)
    lines = as_raw(restored.lines)
    path = active_path(list(entries_of(lines))).entries
    found = _switch(bedside, backup, path) or _fork(bedside, backup, path)
    if found is None:
        return _hand_over(bedside, backup, lines)
    if not would_be_dead(found.context, bedside.room):
        return found.treatment
    if may_distil:
        return _hand_over(bedside, backup, lines)
    raise refuse(Hazard.NEVER_FITS, f"{backup.id} (about {tokens_in(found.context)} tokens)")


class _Way(Struct, frozen=True):
    """One way to restore a copy, and what the model would see of it."""

    treatment: Treatment
    context: Context


def _plan(bedside: Bedside, backup: Backup, step: Step, notes: Sequence[str]) -> Plan:
    plan = live_plan(bedside.patient, step)
    return replace(plan, notes=(*notes, f"the copy itself, {backup.id}, stays as it is"))


def _switch(bedside: Bedside, backup: Backup, path: Sequence[Entry]) -> _Way | None:
    """By switching to the branch whose end the copy's end is."""
    if not path or not branches.can_branch(bedside.caller):
        return None
    known = branches_of(bedside.caller, bedside.key)
    leaf = next((one.leaf for one in known if not one.active and one.leaf == path[-1].id), "")
    if not leaf:
        return None
    context = of_path(Path(tuple(path)))
    sentence = f"switch {bedside.key} to the branch that {backup.id} is a copy of"
    step = Step(NAME, sentence, reversible=Reversible.STATE)
    notes = (sight_in_words(context, bedside.room), "the present branch stays; undo switches back to it")
    current(known)  # refused now rather than in the middle
    action = _Switching(bedside, leaf)
    return _Way(Treatment(_plan(bedside, backup, step, notes), action), context)


class _Switching(Struct, frozen=True):
    bedside: Bedside
    leaf: str

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        self.bedside.begin(work)
        present = current(branches_of(caller, key))  # since the plan it has grown by what was refused
        ask(
            work,
            Call("sessions.branches.switch", {"sessionKey": key, "leafEntryId": self.leaf}),
            lambda: branches.switch_branch(caller, key, self.leaf),
            reverse=restoring_branch(key, present),
        )

    def prove(self, work: Work) -> Proof:
        leaf = self.bedside.look(work).case.view.path.leaf
        ok = leaf is not None and leaf.id == self.leaf
        words = "the copy's branch is in use" if ok else "another branch is in use"
        return self.bedside.proof(work, [Check("branch", ok=ok, detail=words)])


def _fork(bedside: Bedside, backup: Backup, path: Sequence[Entry]) -> _Way | None:
    """By a session of its own that begins with the copy's messages, as far as they are on the present branch."""
    if not branches.can_branch(bedside.caller):
        return None
    known = list(entries_of(bedside.lines))
    present = {entry.id for entry in active_path(known).entries}
    asked = [at for at, entry in enumerate(path) if entry.role == "user" and entry.id in present]
    at = asked[-1] if len(asked) > 1 else 0
    if not any(entry.type == "message" for entry in path[:at]):
        return None
    context = of_path(Path(tuple(path[:at])))
    kept = sum(entry.type == "message" for entry in path[:at])
    step = Step(
        NAME,
        f"fork a session of its own that begins with {kept} messages of {backup.id}",
        reversible=Reversible.NO,
    )
    left = sum(entry.type == "message" for entry in path[at:])
    notes = (
        sight_in_words(context, bedside.room),
        f"a fork ends before a message of a person: the newest {left} messages of the copy are not in it",
        f"{bedside.key} stays as it is; undo does not take the fork away, OpenClaw can delete it",
    )
    ids = frozenset(entry.id for entry in path[:at] if entry.type == "message")
    action = _Forking(bedside, path[at].id, ids)
    return _Way(Treatment(_plan(bedside, backup, step, notes), action), context)


class _Forking(Struct, frozen=True):
    bedside: Bedside
    entry_id: str
    ids: frozenset[str]
    made: list[str] = field(default_factory=list)

    def act(self, work: Work) -> None:
        caller, key = self.bedside.caller, self.bedside.key
        require_quiet(self.bedside.patient, self.bedside.live, self.bedside.ids)
        new = ask(
            work,
            Call("sessions.fork", {"sessionKey": key, "entryId": self.entry_id}),
            lambda: branches.fork(caller, key, self.entry_id),
            reverse=None,
        )
        self.made.append(new)

    def prove(self, work: Work) -> Proof:
        patient, key = self.bedside.patient, self.made[0]
        with Ward.open(work.settings, SilentReporter()) as ward:
            seen = ward.look(key, patient.session.agent)
        there = entry_ids(all_lines_of(work.settings, seen.case.session))
        missing = len(self.ids - there)
        words = f"{missing} of {len(self.ids)} messages are missing" if missing else key
        checks = (
            Check("fork", ok=not missing, detail=words),
            is_alive(seen),
        )
        budget = seen.case.budget
        return Proof(
            checks,
            bytes_after=seen.case.session.transcript.size_bytes,
            entries_after=seen.report.entries,
            tokens_after=budget.used_tokens,
            budget_tokens=budget.budget_tokens,
        )


def _hand_over(bedside: Bedside, backup: Backup, lines: Sequence[RawEntry]) -> Treatment:
    """By a digest of the copy, given to the present conversation in one turn.

    Raises:
        RefusedError: the present conversation does not answer, or has no room for a digest.
    """
    patient, room = bedside.patient, bedside.room
    if patient.report.verdict in ILL:
        raise RefusedError(
            f"{bedside.key} is {patient.report.verdict}: it can be given nothing",
            hint=f"clawmedic rescue {bedside.key}",
        )
    used = tokens_in(context_of(bedside.lines))
    free = room.target + room.overhead - used
    if free < LEAST_TARGET:
        raise RefusedError(
            f"{bedside.key} has no room for a digest: about {used} tokens are in use",
            hint=f"clawmedic compact {bedside.key}",
        )
    sentence = f"export {backup.id}, and give {bedside.key} a digest of it in one turn of the model"
    step = Step(NAME, sentence, reversible=Reversible.NO)
    notes = (
        "what the copy held is not in the database any more, or would not fit: the model is told its facts",
        "one turn of the model; its answer goes to no chat. Undo does not take it back",
    )
    limit = min(MOST_CHARS, free * CHARS_PER_TOKEN // 2)
    action = _HandingOver(bedside, backup, tuple(lines), limit)
    return Treatment(_plan(bedside, backup, step, notes), action)


class _HandingOver(Struct, frozen=True):
    bedside: Bedside
    backup: Backup
    lines: tuple[RawEntry, ...]
    limit_chars: int
    found: list[Check] = field(default_factory=list)

    def act(self, work: Work) -> None:
        require_quiet(self.bedside.patient, self.bedside.live, self.bedside.ids)
        with CopyReader(work.settings.world, work.settings.state_dir) as reader:
            text = b"".join(content(reader, self.backup, Form.MARKDOWN))
        kept = work.keep_export(self.backup.path, f"{self.backup.id}.md", text)
        digest = hand_over(
            self.lines, now=work.settings.now(), backup=str(kept.path), limit_chars=self.limit_chars
        )
        self.found.append(told(work, self.bedside, digest))

    def prove(self, work: Work) -> Proof:
        return self.bedside.proof(work, self.found)
