"""Transcript events of a database: sizes of all windows in one query, the newest ones, or all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import cached_property

from clawmedic.model.session import Session
from clawmedic.settings import Limits
from clawmedic.stores.bodies import Bodies
from clawmedic.stores.query import columns_of, rows
from clawmedic.stores.reader import RawEntry, TranscriptTail
from clawmedic.stores.tails import is_compaction

_TABLE = "transcript_events"
_BRANCH = "SELECT event_seq FROM session_transcript_active_events WHERE session_id = ?1"


def _is_compaction(data: bytes) -> bool:
    return b'"compaction"' in data and is_compaction(data)


class Events:
    """Reads `transcript_events` of an open database, with whatever columns it has."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits, damage: Callable[[str], None]) -> None:
        self._connection = connection
        self._damage = damage
        self._bodies = Bodies(limits.decompressed_entry_bytes)

    @cached_property
    def _columns(self) -> frozenset[str]:
        return columns_of(self._connection, _TABLE)

    @cached_property
    def _readable(self) -> bool:
        return {"session_id", "seq"} <= self._columns and bool({"event_json", "event_zstd"} & self._columns)

    @cached_property
    def _plain(self) -> str:
        return "event_json" if "event_json" in self._columns else "NULL"

    @cached_property
    def _packed(self) -> str:
        return "event_zstd" if "event_zstd" in self._columns else "NULL"

    @cached_property
    def _bytes(self) -> str:
        """The size of one event in UTF-8 bytes, without decompressing it."""
        plain = f"length(CAST({self._plain} AS BLOB))"
        stored = "event_utf8_bytes, " if "event_utf8_bytes" in self._columns else ""
        return f"coalesce({stored}{plain}, 0)"

    def sizes(self) -> dict[str, tuple[int, int | None]]:
        """For each window that has events: their UTF-8 bytes, and when the newest was written (epoch ms)."""
        if not self._readable:
            return {}
        newest = "max(created_at)" if "created_at" in self._columns else "NULL"
        statement = f"SELECT session_id, sum({self._bytes}), {newest} FROM {_TABLE} GROUP BY session_id"  # noqa: S608
        return {
            str(window): (total if isinstance(total, int) else 0, at if isinstance(at, int) else None)
            for window, total, at in rows(self._connection, statement, damage=self._damage)
        }

    def tail(self, session: Session, limit: int, *, seek_compaction: bool) -> TranscriptTail:
        """The newest events up to `limit` bytes (at least one), the first event, and the newest compaction.

        Where some of them are on a branch that was left, also the newest of the present one up to as many bytes.
        """
        window = session.transcript.window or session.session_id
        size = session.transcript.size_bytes
        if not self._readable:
            problem = f"no table {_TABLE}"
            return TranscriptTail(None, (), complete=True, compaction=None, size_bytes=size, problem=problem)
        first = self._first_of_tail(window, limit)
        if first is None:
            return TranscriptTail(None, (), complete=True, compaction=None, size_bytes=size)
        entries = tuple(self._select(window, f"AND seq >= {first}"))
        head = next(self._select(window, "", last="LIMIT 1"), None)
        complete = head is not None and bool(entries) and head.line == entries[0].line
        if not complete and any(entry.active is False for entry in entries):
            of_branch = f"AND seq IN ({_BRANCH})"
            since = self._first_of_tail(window, limit, where=of_branch)
            if since is not None and since < first:
                older = self._select(window, f"{of_branch} AND seq BETWEEN {since} AND {first - 1}")
                entries = (*older, *entries)
        compaction = None
        if seek_compaction and not complete and not any(_is_compaction(entry.data) for entry in entries):
            compaction = self._compaction(window, first)
        return TranscriptTail(head, entries, complete=complete, compaction=compaction, size_bytes=size)

    def entries(self, session: Session) -> Iterator[RawEntry]:
        """Every event by `seq`."""
        if self._readable:
            yield from self._select(session.transcript.window or session.session_id, "")

    def _first_of_tail(self, window: str, limit: int, *, where: str = "") -> int | None:
        """The lowest `seq` of the newest events that fit in `limit` bytes together."""
        statement = f"SELECT seq, {self._bytes} FROM {_TABLE} WHERE session_id = ?1 {where} ORDER BY seq DESC"  # noqa: S608
        first: int | None = None
        total = 0
        for seq, size in rows(self._connection, statement, (window,), damage=self._damage):
            if not isinstance(seq, int):
                continue
            total += size if isinstance(size, int) else 0
            if first is not None and total > limit:
                break
            first = seq
        return first

    def _compaction(self, window: str, before: int) -> RawEntry | None:
        """The newest compaction event below a `seq`: by the identities where they are, else by its beginning."""
        if self._has_identities:
            statement = (
                "SELECT max(seq) FROM transcript_event_identities"
                " WHERE session_id = ? AND event_type = 'compaction' AND seq < ?"
            )
        else:
            # A compressed compaction has no plain text to look at; its navigation has no type either.
            statement = (
                f"SELECT max(seq) FROM {_TABLE} WHERE session_id = ?"  # noqa: S608
                f' AND {self._plain} LIKE \'{{"type":"compaction"%\' AND seq < ?'
            )
        found = next(rows(self._connection, statement, (window, before), damage=self._damage), None)
        if not found or not isinstance(found[0], int):
            return None
        return next(self._select(window, f"AND seq = {found[0]}"), None)

    def _select(self, window: str, where: str, last: str = "") -> Iterator[RawEntry]:
        """Events by ascending `seq`; a body that cannot be read has empty data."""
        branch = self._branch(window)
        statement = (
            f"SELECT seq, {self._plain}, {self._packed}, {self._bytes} FROM {_TABLE}"  # noqa: S608
            f" WHERE session_id = ?1 {where} ORDER BY seq {last}"
        )
        for seq, plain, packed, size in rows(self._connection, statement, (window,), damage=self._damage):
            if not isinstance(seq, int):
                continue
            data, over = self._bodies.read(plain, packed)
            yield RawEntry(
                line=seq + 1,
                offset=0,
                data=data,
                size_bytes=size if isinstance(size, int) and size else len(data),
                oversized=over,
                active=None if branch is None else seq in branch,
            )

    def _branch(self, window: str) -> frozenset[int] | None:
        """The `seq` of all events on the current branch; None when no branch is recorded for this window."""
        if not self._has_branches:
            return None
        found = rows(self._connection, _BRANCH, (window,), damage=self._damage)
        return frozenset(row[0] for row in found if isinstance(row[0], int)) or None

    @cached_property
    def _has_identities(self) -> bool:
        needed = {"event_type", "seq", "session_id"}
        return needed <= columns_of(self._connection, "transcript_event_identities")

    @cached_property
    def _has_branches(self) -> bool:
        return {"session_id", "event_seq"} <= columns_of(self._connection, "session_transcript_active_events")
