"""Log lines that are plain text: the console's "compact" and "pretty", and the prefixes others put before them.

Sources: openclaw.md 2.4; journald's `-o short`, `-o short-iso`, `-o short-full`, `-o short-unix`; `docker logs -t`,
`docker compose logs`, container runtime files.
"""

from __future__ import annotations

import re

from msgspec import Struct

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
_COMPOSE = re.compile(r"[A-Za-z0-9][\w.-]*\s*\| ")
_ISO_LEAD = re.compile(rf"({_ISO})(?:\s+|$)")
_RUNTIME = re.compile(r"(?:stdout|stderr) [FP] ")
_UNIT = re.compile(r"[\w.-]+ [\w.@:/-]+?(?:\[(?P<pid>\d{1,10})\])?: ")
_UNIT_WITH_PID = re.compile(r"[\w.-]+ [\w.@:/-]+?\[(?P<pid>\d{1,10})\]: ")
_SYSLOG = re.compile(r"([A-Z][a-z]{2}\s+\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?) ")
_FULL = re.compile(r"[A-Z][a-z]{2} (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) ([A-Z]{2,5}|[+-]\d{2,4}) ")
_UNIX = re.compile(r"(\d{9,11})\.(\d{3,9}) ")
_OF_DAY = re.compile(r"(\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?)(?:\s+|$)")
_SUBSYSTEM = re.compile(r"\[([a-z][\w./-]{0,79})\] ")
_UTC_NAMES = frozenset({"UTC", "GMT", "Z"})


class TextLine(Struct, frozen=True):
    """A text line without its prefixes.

    Attributes:
        stamp: the innermost ISO stamp, "" when there is none.
        syslog: a stamp without a year, "" when there is none.
        of_day: a time of day without a date, "" when there is none.
        at: a prefix time already known in epoch milliseconds.
        prefixed: whether any prefix says that a record starts here.
    """

    text: str
    stamp: str = ""
    syslog: str = ""
    of_day: str = ""
    at: int | None = None
    subsystem: str = ""
    pid: int | None = None
    prefixed: bool = False


def peel(line: str) -> TextLine:
    """Take the prefixes off a line, outermost first."""
    text = _ANSI.sub("", line) if "\x1b" in line else line
    if match := _COMPOSE.match(text):
        text = text[match.end() :]
    stamp = syslog = ""
    at: int | None = None
    pid: int | None = None
    if match := _SYSLOG.match(text):
        syslog, text = match[1], text[match.end() :]
    elif match := _FULL.match(text):
        zone = "+00:00" if match[2] in _UTC_NAMES else match[2] if match[2][0] in "+-" else ""
        stamp, text = match[1] + zone, text[match.end() :]
    elif match := _UNIX.match(text):
        at, text = int(match[1]) * 1000 + int(match[2][:3]), text[match.end() :]
    stamp, text = _stamps(stamp, text)
    if match := _RUNTIME.match(text):
        text = text[match.end() :]
    unit = _UNIT if syslog or at is not None else _UNIT_WITH_PID
    if (syslog or stamp or at is not None) and (match := unit.match(text)):
        pid = int(match["pid"]) if match["pid"] else None
        text = text[match.end() :]
    stamp, text = _stamps(stamp, text)
    of_day = ""
    if match := _OF_DAY.match(text):
        of_day, text = match[1], text[match.end() :]
    subsystem = ""
    if match := _SUBSYSTEM.match(text):
        subsystem, text = match[1], text[match.end() :]
    prefixed = bool(stamp or syslog or of_day or at is not None)
    return TextLine(text, stamp, syslog, of_day, at, subsystem, pid, prefixed)


def _stamps(stamp: str, text: str) -> tuple[str, str]:
    """Take leading ISO stamps off; the innermost is OpenClaw's own and wins."""
    while match := _ISO_LEAD.match(text):
        stamp, text = match[1], text[match.end() :]
    return stamp, text
