"""One raw line of any shape becomes a `LogRecord`; what the line lacks is inferred from its source."""

from __future__ import annotations

import re
from datetime import date

from msgspec import Struct

from clawmedic.logs.clock import day_of, iso_ms, plus_days, syslog_ms, time_of_day_ms
from clawmedic.logs.jsonshapes import TEXT_LIMIT, Parsed, Wrapped, parse_object
from clawmedic.logs.records import Level, LogRecord
from clawmedic.logs.textshapes import TextLine, peel

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of a line that are parsed; OpenClaw clamps its messages at a few kilobytes."""

_ENVELOPES = 3
"""How deep a line may be wrapped (docker around journald around JSON)."""
_HALF_DAY_MS = 12 * 3_600_000
_AHEAD_MS = 3_600_000
"""A first line this far after the reference was written the day before."""
_NAME_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class LineParser(Struct):
    """Parses the lines of one source in order.

    Attributes:
        source: the name that records carry.
        reference: the source's last change, or the present, epoch milliseconds; dates are inferred from it.
        first_day: the date of the first time of day that has no date of its own; None: the reference's date.
        timestamped: the source's records start with a time, so that a line without one continues the record
            before it (openclaw.md 2.3, rule 7).
    """

    source: str
    reference: int
    first_day: date | None = None
    timestamped: bool = False
    _day: date | None = None
    _newest: int | None = None

    def parse(self, raw: bytes, line: int) -> LogRecord | None:
        """The record that starts on this line; None for an empty, torn or continued one. Never raises."""
        return self._parse(raw, line, _ENVELOPES, None, None)

    def _parse(self, raw: bytes, line: int, depth: int, at: int | None, pid: int | None) -> LogRecord | None:
        data = raw[:LINE_LIMIT].strip(b" \t\r\n\x00\xef\xbb\xbf")
        if not data or depth < 0:
            return None
        if not data.startswith(b"{"):
            return self._parse_text(data, line, depth, at, pid)
        parsed = parse_object(data)
        if isinstance(parsed, Wrapped):
            inner = parsed.text.encode("utf-8", "replace")
            return self._parse(inner, line, depth - 1, parsed.at or at, parsed.pid or pid)
        return self._record(line, parsed, at, pid) if parsed is not None else None

    def _parse_text(
        self, data: bytes, line: int, depth: int, at: int | None, pid: int | None
    ) -> LogRecord | None:
        text = data[: TEXT_LIMIT * 4].decode("utf-8", "replace").replace("\x00", "")
        peeled = peel(text)
        if peeled.text.startswith("{") and peeled.text != text:
            whole = data[data.index(b"{") :]
            return self._parse(whole, line, depth - 1, self._time(peeled) or at, peeled.pid or pid)
        continued = self.timestamped and not peeled.prefixed and at is None
        if continued or not peeled.text:
            return None
        own = self._time(peeled)
        parsed = Parsed(peeled.text[:TEXT_LIMIT], own, Level.UNKNOWN, peeled.subsystem, pid=peeled.pid)
        return self._record(line, parsed, at, pid)

    def _record(self, line: int, parsed: Parsed, at: int | None, pid: int | None) -> LogRecord:
        moment = parsed.at if parsed.at is not None else at
        if moment is not None:
            self._newest = moment
        return LogRecord(
            source=self.source,
            line=line,
            at=moment,
            level=parsed.level,
            subsystem=parsed.subsystem,
            text=parsed.text,
            trace_id=parsed.trace_id,
            session_id=parsed.session_id,
            pid=parsed.pid if parsed.pid is not None else pid,
        )

    def _time(self, peeled: TextLine) -> int | None:
        if peeled.stamp:
            return iso_ms(peeled.stamp)
        if peeled.at is not None:
            return peeled.at
        if peeled.of_day:
            return self._dated(peeled.of_day)
        return syslog_ms(peeled.syslog, self.reference) if peeled.syslog else None

    def _dated(self, of_day: str) -> int | None:
        """A time of day: on the day of the line before it, or on the next one where the clock went back."""
        day = self._day
        if day is None:
            day = (
                day_of(self._newest) if self._newest is not None else self.first_day or day_of(self.reference)
            )
        at = time_of_day_ms(of_day, day)
        if at is not None and self._newest is not None and at < self._newest - _HALF_DAY_MS:
            day = plus_days(day, 1)
            at = time_of_day_ms(of_day, day)
        elif (
            at is not None
            and self._newest is None
            and self.first_day is None
            and at > self.reference + _AHEAD_MS
        ):
            day = plus_days(day, -1)
            at = time_of_day_ms(of_day, day)
        self._day = day
        return at


def day_in_name(name: str) -> date | None:
    """The date in `openclaw-2026-11-23.log`, None when there is none."""
    match = _NAME_DAY.search(name)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
