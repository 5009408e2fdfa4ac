"""Values of options that are more than a word: sizes, thresholds, times."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

import typer

from clawmedic.errors import UsageError
from clawmedic.model.finding import FindingCode
from clawmedic.model.verdict import Verdict

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?)(?P<binary>i?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
NONE = "none"

Keys: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY]...", help="Session keys, session ids, or parts of either.", show_default=False
    ),
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
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"not a size: {text!r}", hint="such as 500k, 2MB or 1GiB")
    base = 1024 if found["binary"] else 1000
    return int(float(found["number"]) * base ** _POWERS[found["unit"].lower()])


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
