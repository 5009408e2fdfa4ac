"""What a check is: a function from what is known to findings."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.settings import Limits
from clawmedic.stores.names import Artefact
from clawmedic.stores.reader import StoreStatus
from clawmedic.stores.state import StateReader
from clawmedic.triage.case import Case, Orphan
from clawmedic.triage.logbook import LogBook
from clawmedic.triage.remedies import remedy_for


class SessionCheck(Protocol):
    """Looks at one session."""

    def __call__(self, case: Case) -> Iterable[Finding]:
        """The findings, possibly none. Never raises for strange data."""


class StoreScene(Struct, frozen=True):
    """What a store check may look at: one agent's store and its sessions directory."""

    state: StateReader
    status: StoreStatus
    artefacts: Sequence[Artefact]
    orphans: Sequence[Orphan]
    book: LogBook
    limits: Limits
    now: int


class StoreCheck(Protocol):
    """Looks at one store."""

    def __call__(self, scene: StoreScene) -> Iterable[Finding]:
        """The findings, possibly none. Never raises for strange data."""


def of_session(
    case: Case,
    code: FindingCode,
    severity: Severity,
    *evidence: str,
    at: int | None = None,
) -> Finding:
    """A finding about a session, with the command that helps."""
    remedy = remedy_for(code, shlex.quote(case.session.key))
    return Finding(code, severity, case.session.key, evidence, remedy, at)


def of_store(
    scene: StoreScene,
    code: FindingCode,
    severity: Severity,
    *evidence: str,
    at: int | None = None,
) -> Finding:
    """A finding about a store."""
    return Finding(code, severity, str(scene.status.path), evidence, remedy_for(code, ""), at)


def clock(at: int | None) -> str:
    """A time as evidence shows it: ISO 8601 in UTC with seconds, "an unknown time" without one."""
    if at is None:
        return "an unknown time"
    try:
        return dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"the impossible time {at}"


def size(number: float) -> str:
    """Bytes as people read them: 512 B, 54 kB, 1.2 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit in ("B", "kB") or number >= 100 else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError
