"""Repairs of lines and of the session header (openclaw.md S12, S13; openclaw-files.md 3, 6)."""

from __future__ import annotations

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.entry import Entry, Malformed
from clawmedic.transcripts.mend_draft import Draft, Drop, Line, iso_time
from clawmedic.transcripts.mend_result import HeaderHint
from clawmedic.transcripts.parse import load_line
from clawmedic.transcripts.tree import LEAF_TYPES

HEADER_BYTES = 4096
"""A longer header is bloated (openclaw.md S12): 4.15 looks for it in the first bytes of a file only."""
_FIELD_CHARS = 1024
_FIELDS = ("type", "version", "id", "timestamp", "cwd", "parentSession")


def mend_lines(draft: Draft) -> None:
    """Take malformed lines out. OpenClaw drops them too, but keeps no copy of them for long."""
    drops = []
    for line in draft.lines:
        if isinstance(line.entry, Malformed):
            code = FindingCode.TORN_TAIL if line.entry.torn else FindingCode.MALFORMED_LINES
            where = "the torn last line" if line.entry.torn else f"line {line.number}"
            drops.append(Drop(line, code, f"Took {where} out ({line.entry.reason[:80]})."))
    draft.drop(drops)


def mend_header(draft: Draft, hint: HeaderHint) -> None:
    """Give the transcript one session header, as its first line."""
    heads = [line for line in draft.lines if isinstance(line.entry, Entry) and line.entry.type == "session"]
    if not heads:
        draft.add(0, 0, _new_header(draft, hint))
        draft.note(0, FindingCode.BAD_HEADER, "Wrote a new session header: there was none.")
        return
    head = heads[0] if heads[0] is draft.lines[0] else next(filter(_named, heads), heads[0])
    if head is not draft.lines[0]:
        draft.lines.remove(head)
        draft.lines.insert(0, head)
        draft.note(head.number, FindingCode.BAD_HEADER, "Moved the session header to the first line.")
    more = "Took a second session header out."
    draft.drop(Drop(line, FindingCode.BAD_HEADER, more) for line in heads if line is not head)
    _complete(draft, head)
    if len(head.data) > HEADER_BYTES:
        _shorten(draft, head)


def _named(line: Line) -> bool:
    return isinstance(line.entry, Entry) and bool(line.entry.session_id)


def _complete(draft: Draft, head: Line) -> None:
    """The fields without which OpenClaw takes the header for corrupt, or migrates what is new already."""
    entry = head.entry
    if not isinstance(entry, Entry):
        return
    fields: dict[str, object] = {}
    if not entry.session_id:
        fields["id"] = draft.session_id
    if entry.version is None and _has_ids(draft):
        fields["version"] = 3
    if fields:
        draft.keep_aside(head)
        draft.edit(head, fields)
        draft.note(head.number, FindingCode.BAD_HEADER, f"Completed the session header: {', '.join(fields)}.")


def _shorten(draft: Draft, head: Line) -> None:
    draft.keep_aside(head)
    value, _ = load_line(head.data)
    for name in list(value):
        if name not in _FIELDS or (isinstance(value[name], str | list | dict) and _long(value[name])):
            del value[name]
    value.setdefault("id", draft.session_id)
    size = len(head.data)
    place = draft.lines.index(head)
    del draft.lines[place]
    draft.add(place, head.number, value)
    draft.note(head.number, FindingCode.BAD_HEADER, f"Shortened the session header of {size} bytes.")


def _long(value: str | list[object] | dict[str, object]) -> bool:
    return not isinstance(value, str) or len(value) > _FIELD_CHARS


def _has_ids(draft: Draft) -> bool:
    return any(entry.id for entry in draft.entries() if entry.type in LEAF_TYPES)


def _is_old(entries: list[Entry]) -> bool:
    return any(entry.type in LEAF_TYPES for entry in entries)


def _new_header(draft: Draft, hint: HeaderHint) -> dict[str, object]:
    entries = draft.entries()
    oldest = min((entry.at for entry in entries if entry.at is not None), default=draft.now)
    header: dict[str, object] = {
        "type": "session",
        "version": hint.version if _has_ids(draft) or not _is_old(entries) else 1,
        "id": draft.session_id,
        "timestamp": iso_time(oldest if hint.created_at is None else hint.created_at),
    }
    if hint.cwd:
        header["cwd"] = hint.cwd
    if hint.parent_session:
        header["parentSession"] = hint.parent_session
    return header
