"""The JSON contract of mutations (design.md 3), and its schemas: history, outcome, plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.outcome import KeyResult, OperationState, OperationSummary, Outcome, Proof, RungResult
from clawmedic.model.plan import Access, Plan, Reversible, Step
from clawmedic.operations.run import Recovered
from clawmedic.output.schemas import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    document,
    list_of,
    one_of,
    or_null,
    record,
)
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import iso

Document = dict[str, JsonValue]


def history_document(operations: Iterable[OperationSummary]) -> Document:
    """`clawmedic.history/1`, in the order given (newest first)."""
    return {"schema": "clawmedic.history/1", "operations": [_summary(one) for one in operations]}


def _summary(one: OperationSummary) -> Document:
    return {
        "operation_id": one.operation_id,
        "at": iso(one.at),
        "command": one.command,
        "keys": list(one.keys),
        "state": one.state.value,
        "reversible": one.reversible.value,
        "rungs": list(one.rungs),
        "backups": [str(path) for path in one.backups],
        "undoes": one.undoes or None,
        "detail": one.detail,
    }


def outcome_document(outcome: Outcome, recovered: Iterable[Recovered] = ()) -> Document:
    """`clawmedic.outcome/1`: what was done for each key, and what an earlier run had left in the middle."""
    return {
        "schema": "clawmedic.outcome/1",
        "operation_id": outcome.operation_id,
        "results": [key_result(result) for result in outcome.results],
        "notes": list(outcome.notes),
        "notices": [notice_row(notice) for notice in outcome.notices],
        "recovered": [recovered_row(one) for one in recovered],
    }


def notice_row(notice: Notice) -> Document:
    """A notice as every document has it."""
    return {
        "kind": notice.kind.value,
        "at": iso(notice.at),
        "keys": list(notice.keys),
        "title": notice.title,
        "lines": list(notice.lines),
        "operation_id": notice.operation_id or None,
        "unanswered": notice.unanswered,
    }


def recovered_row(one: Recovered) -> Document:
    """An operation that was found interrupted, as every document has it."""
    return {
        "operation_id": one.operation_id,
        "command": one.command,
        "keys": list(one.keys),
        "ok": one.ok,
        "detail": one.detail,
    }


def key_result(result: KeyResult) -> Document:
    """What became of one key, as every document has it."""
    return {
        "key": result.key,
        "action": result.action,
        "ok": result.ok,
        "rungs": [_rung(rung) for rung in result.rungs],
        "backup": str(result.backup) if result.backup else None,
        "proof": proof_document(result.proof),
        "reversible": result.reversible.value,
        "error": result.error or None,
    }


def _rung(rung: RungResult) -> Document:
    return {
        "rung": rung.rung,
        "ok": rung.ok,
        "operation_id": rung.operation_id or None,
        "state": rung.state.value if rung.state else None,
        "proof": proof_document(rung.proof),
        "reversible": rung.reversible.value,
        "backup": str(rung.backup) if rung.backup else None,
        "error": rung.error or None,
        "notes": list(rung.notes),
    }


def proof_document(proof: Proof | None) -> Document | None:
    """A proof, null where nothing was proven."""
    if proof is None:
        return None
    return {
        "ok": proof.ok,
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in proof.checks],
        "bytes_before": proof.bytes_before,
        "bytes_after": proof.bytes_after,
        "entries_before": proof.entries_before,
        "entries_after": proof.entries_after,
        "tokens_before": proof.tokens_before,
        "tokens_after": proof.tokens_after,
        "budget_tokens": proof.budget_tokens,
        "answered": proof.answered,
    }


def plans_document(plans: Iterable[Plan], not_tried: Iterable[tuple[str, str]] = ()) -> Document:
    """`clawmedic.plan/1`: what `--dry-run` shows, and for which keys nothing would be done, with the reason."""
    return {
        "schema": "clawmedic.plan/1",
        "plans": [_plan(plan) for plan in plans],
        "not_tried": [{"key": key, "reason": reason} for key, reason in not_tried],
    }


def _plan(plan: Plan) -> Document:
    return {
        "command": plan.command,
        "keys": list(plan.keys),
        "access": plan.access.value,
        "reversible": plan.reversible.value,
        "undoes": plan.undoes or None,
        "steps": [_step(step) for step in plan.steps],
        "backups": [str(path) for path in plan.backups],
        "notes": list(plan.notes),
    }


def _step(step: Step) -> Document:
    return {
        "rung": step.rung,
        "sentence": step.sentence,
        "writes": [str(item.path) for item in step.writes],
        "reversible": step.reversible.value,
    }


PROOF = record(
    ok=FLAG,
    checks=list_of(record(name=TEXT, ok=FLAG, detail=TEXT)),
    bytes_before=or_null(COUNT),
    bytes_after=or_null(COUNT),
    entries_before=or_null(COUNT),
    entries_after=or_null(COUNT),
    tokens_before=or_null(NUMBER),
    tokens_after=or_null(NUMBER),
    budget_tokens=or_null(NUMBER),
    answered=or_null(FLAG),
)
_RUNG = record(
    rung=TEXT,
    ok=FLAG,
    operation_id=or_null(TEXT),
    state=or_null(one_of(OperationState)),
    proof=or_null(PROOF),
    reversible=one_of(Reversible),
    backup=or_null(TEXT),
    error=or_null(TEXT),
    notes=list_of(TEXT),
)
RESULT = record(
    key=TEXT,
    action=TEXT,
    ok=FLAG,
    rungs=list_of(_RUNG),
    backup=or_null(TEXT),
    proof=or_null(PROOF),
    reversible=one_of(Reversible),
    error=or_null(TEXT),
)
NOTICE = record(
    kind=one_of(NoticeKind),
    at=or_null(TIME),
    keys=list_of(TEXT),
    title=TEXT,
    lines=list_of(TEXT),
    operation_id=or_null(TEXT),
    unanswered=COUNT,
)
RECOVERED = record(operation_id=TEXT, command=TEXT, keys=list_of(TEXT), ok=FLAG, detail=TEXT)
OPERATION_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.history/1": document(
        "clawmedic.history/1",
        operations=list_of(
            record(
                operation_id=TEXT,
                at=or_null(TIME),
                command=TEXT,
                keys=list_of(TEXT),
                state=one_of(OperationState),
                reversible=one_of(Reversible),
                rungs=list_of(TEXT),
                backups=list_of(TEXT),
                undoes=or_null(TEXT),
                detail=TEXT,
            )
        ),
    ),
    "clawmedic.outcome/1": document(
        "clawmedic.outcome/1",
        operation_id=TEXT,
        results=list_of(RESULT),
        notes=list_of(TEXT),
        notices=list_of(NOTICE),
        recovered=list_of(RECOVERED),
    ),
    "clawmedic.plan/1": document(
        "clawmedic.plan/1",
        not_tried=list_of(record(key=TEXT, reason=TEXT)),
        plans=list_of(
            record(
                command=TEXT,
                keys=list_of(TEXT),
                access=one_of(Access),
                reversible=one_of(Reversible),
                undoes=or_null(TEXT),
                steps=list_of(
                    record(rung=TEXT, sentence=TEXT, writes=list_of(TEXT), reversible=one_of(Reversible))
                ),
                backups=list_of(TEXT),
                notes=list_of(TEXT),
            )
        ),
    ),
}
