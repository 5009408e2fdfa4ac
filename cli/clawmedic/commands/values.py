"""Values of options that are more than a word: sizes, thresholds, times."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from clawmedic.configuration.values import duration_ms, size_bytes
from clawmedic.errors import UsageError
from clawmedic.model.finding import FindingCode
from clawmedic.model.verdict import Verdict

NONE = "none"

Keys: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY", help="Session keys, session ids, or parts of either.", show_default=False),
]
FailOn: TypeAlias = Annotated[
    str,
    typer.Option(
        "--fail-on", metavar="VERDICT", help="Exit with 3 at this verdict or worse; `none` never does."
    ),
]


def parse_size(text: str | None) -> int | None:
    """Bytes of "500k", "2MB", "1.5 MiB", "1000"; None stays None.

    Raises:
        UsageError: it is no size.
    """
    if text is None:
        return None
    found = size_bytes(text)
    if found is None:
        raise UsageError(f"not a size: {text!r}", hint="such as 500k, 2MB or 1GiB")
    return found


def parse_duration(text: str) -> int:
    """Milliseconds of "90s", "5m", "2h", "1d".

    Raises:
        UsageError: it is no duration.
    """
    found = duration_ms(text)
    if not found:
        raise UsageError(f"not a length of time: {text!r}", hint="such as 90s, 5m or 2h")
    return found


def parse_threshold(text: str) -> Verdict | None:
    """A verdict, or None for "none".

    Raises:
        UsageError: it is no verdict.
    """
    return None if text.strip().lower() == NONE else parse_verdict(text)


def parse_verdict(text: str) -> Verdict:
    """A verdict; "at-risk" and "at risk" are forgiven.

    Raises:
        UsageError: it is no verdict.
    """
    try:
        return Verdict(text.strip().lower().replace("-", "_").replace(" ", "_"))
    except ValueError as error:
        raise UsageError(f"not a verdict: {text!r}", hint=f"one of {', '.join(Verdict)}") from error


def parse_finding(text: str) -> FindingCode:
    """A finding's code.

    Raises:
        UsageError: it is none.
    """
    try:
        return FindingCode(text.strip().lower().replace("_", "-"))
    except ValueError as error:
        raise UsageError(f"not a finding: {text!r}", hint="`clawmedic explain` lists all") from error
