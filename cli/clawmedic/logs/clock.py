"""Times in log lines: ISO stamps, times of day and syslog stamps, as epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

DAY_MS = 86_400_000
_MONTH_NAMES = "JanFebMarAprMayJunJulAugSepOctNovDec"


def iso_ms(text: str) -> int | None:
    """An ISO stamp with or without zone (none means the local zone); nanoseconds are cut. None when it is no time."""
    try:
        return _ms(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        return None


def time_of_day_ms(text: str, day: date) -> int | None:
    """`HH:MM:SS[.mmm][+zz:zz]` on a day; the local zone when it names none."""
    return iso_ms(f"{day.isoformat()}T{text}")


def day_of(at: int) -> date:
    """The local date of a moment."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().date()


def syslog_ms(text: str, not_after: int) -> int | None:
    """`Nov 23 07:52:56` (journald `-o short`, local zone): the newest such moment not after the reference, plus a day.

    `not_after` is the file's last change or the present, epoch milliseconds.
    """
    month_name, day_text, clock = text.split(None, 2)
    place = _MONTH_NAMES.find(month_name)
    if place < 0 or place % 3:
        return None
    month = place // 3 + 1
    year = day_of(not_after).year
    for candidate in (year + 1, year, year - 1):
        at = iso_ms(f"{candidate:04d}-{month:02d}-{int(day_text):02d}T{clock}")
        if at is not None and at <= not_after + DAY_MS:
            return at
    return None


def plus_days(day: date, days: int) -> date:
    """A date moved by whole days; unchanged where the calendar ends."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day


def _ms(moment: datetime) -> int:
    aware = moment if moment.tzinfo is not None else moment.astimezone()
    return round(aware.timestamp() * 1000)
