"""Repairs of tool calls without results and results without calls (openclaw.md S14; openclaw-channels.md 6)."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct, field

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.entry import Entry, ToolCall
from clawmedic.transcripts.envelope import bare_text, continues_turn
from clawmedic.transcripts.mend_draft import Draft, Drop, Line, iso_time
from clawmedic.transcripts.parse import load_line

MISSING_RESULT = (
    "[openclaw] missing tool result in session history; "
    "inserted synthetic error result for transcript repair."
)
"""OpenClaw's own words for it, as the provider got them on all three versions."""
_UNPAIRED = FindingCode.UNPAIRED_TOOL_CALLS


class _Owner(Struct):
    """An assistant entry with tool calls. `last` is its newest result, or itself."""

    line: Line
    last: Line
    open: dict[str, ToolCall] = field(default_factory=dict)


class _Pairs(Struct):
    """What does not fit together on a branch."""

    owners: list[_Owner] = field(default_factory=list)
    strays: list[Line] = field(default_factory=list)


def mend_tools(draft: Draft) -> None:
    """Every call has one result right behind it.

    A result that stands too late is moved behind its call; a call without any gets OpenClaw's synthetic error
    result; a result without a call is set aside. An interrupted call never ran and gets nothing.
    """
    pairs = _pair(draft.path())
    late = _claimed(pairs)
    moved = {id(line) for line in late.values()}
    draft.drop(_drop(line, keep=id(line) not in moved) for line in pairs.strays)
    if pairs.owners:
        _fill_all(draft, pairs.owners, late)


def _pair(path: list[Line]) -> _Pairs:
    """Walk the branch as `structure.py` does, by the same rules."""
    pairs = _Pairs()
    owner: _Owner | None = None
    for line in path:
        entry = line.known
        if entry is None:
            continue
        if entry.type == "reset":
            owner = None
        elif entry.role == "toolResult":
            if owner and owner.open.pop(entry.tool_call_id, None):
                owner.last = line
            else:
                pairs.strays.append(line)
        elif entry.role == "assistant" and entry.provider != "openclaw":
            _leave(pairs, owner)
            owner = _owner(line, entry)
        elif entry.role == "user":
            if not continues_turn(bare_text(entry.text)):
                _leave(pairs, owner)
            owner = None
    _leave(pairs, owner)
    return pairs


def _owner(line: Line, entry: Entry) -> _Owner | None:
    if entry.stop_reason in ("error", "aborted"):
        return None
    calls = {call.id: call for call in entry.tool_calls if call.id}
    return _Owner(line, line, calls) if calls else None


def _leave(pairs: _Pairs, owner: _Owner | None) -> None:
    if owner and owner.open:
        pairs.owners.append(owner)


def _claimed(pairs: _Pairs) -> dict[tuple[int, str], Line]:
    """Results that stand too late, by their call: (the assistant's line, the call's id)."""
    waiting = [
        ((owner.line.number, name), name, owner.line.number) for owner in pairs.owners for name in owner.open
    ]
    free = list(pairs.strays)
    late: dict[tuple[int, str], Line] = {}
    for key, name, number in waiting:
        for line in free:
            if line.known and line.known.tool_call_id == name and line.number > number:
                late[key] = line
                free.remove(line)
                break
    return late


def _drop(line: Line, *, keep: bool) -> Drop:
    name = (line.known.tool_call_id if line.known else "")[:40] or "(no id)"
    done = (
        f"Took tool result {name} out: it had no call." if keep else f"Moved tool result {name} to its call."
    )
    return Drop(line, _UNPAIRED, done, keep=keep)


def _fill_all(draft: Draft, owners: list[_Owner], late: dict[tuple[int, str], Line]) -> None:
    linked = draft.linked
    path = draft.path()
    heirs = {id(line): heir for line, heir in pairwise(path)}
    controls = {line.known.id: line for line in draft.lines if line.known and line.known.type == "leaf"}
    for owner in owners:
        old = owner.last
        new = _fill(draft, owner, late, linked=linked)
        if linked:
            _hand_on(draft, old, new, heirs.get(id(old)), controls)


def _fill(draft: Draft, owner: _Owner, late: dict[tuple[int, str], Line], *, linked: bool) -> Line:
    """Put the missing results in, in the order of the calls, behind the results that are there; the last one."""
    anchor = owner.last
    place = draft.lines.index(anchor)
    for name, call in owner.open.items():
        result = late.get((owner.line.number, name))
        value = load_line(result.data)[0] if result else _synthetic(draft, owner.line, call, linked=linked)
        if linked:
            value["parentId"] = anchor.known.id if anchor.known else None
        place += 1
        anchor = draft.add(place, owner.line.number if result is None else result.number, value)
        if result is None:
            done = f"Tool call {name[:40]} had no result: put OpenClaw's error result behind it."
            draft.note(owner.line.number, _UNPAIRED, done)
    return anchor


def _hand_on(draft: Draft, old: Line, new: Line, heir: Line | None, controls: dict[str, Line]) -> None:
    """The branch goes on behind the new entries; a control that named the old end names the new one."""
    if old.known is None or new.known is None:
        return
    if heir is not None and heir.known and heir.known.parent_id == old.known.id:
        draft.set_parent(heir, new.known.id)
    through = _controls_between(controls, heir) if heir else list(controls)
    for name in through:
        control = controls[name]
        if control.known and control.known.target_id == old.known.id:
            draft.edit(control, {"targetId": new.known.id})


def _controls_between(controls: dict[str, Line], heir: Line) -> list[str]:
    """The controls through which an entry hangs on the one before it."""
    through: list[str] = []
    name = heir.known.parent_id if heir.known else None
    while name in controls and name not in through:
        through.append(name)
        control = controls[name].known
        name = control.target_id if control else None
    return through


def _synthetic(draft: Draft, owner: Line, call: ToolCall, *, linked: bool) -> dict[str, object]:
    """OpenClaw's own result entry for a call that lost its result."""
    at = owner.known.at if owner.known and owner.known.at is not None else draft.now
    value: dict[str, object] = {"type": "message"}
    if linked:
        value["id"] = draft.new_id(owner.data + call.id.encode("utf-8", "replace"))
        value["parentId"] = None
    value["timestamp"] = iso_time(at)
    value["message"] = {
        "role": "toolResult",
        "toolCallId": call.id,
        "toolName": call.name or "unknown",
        "content": [{"type": "text", "text": MISSING_RESULT}],
        "details": {"openclawSyntheticMissingToolResult": True},
        "isError": True,
        "timestamp": at,
    }
    return value
