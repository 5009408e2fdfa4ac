"""Several sessions that fail for one cause of one provider at one time are one outage, not several deaths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct

from clawmedic.model.cause import Cause
from clawmedic.model.incident import Incident
from clawmedic.model.report import SessionReport

TOGETHER_MS = 60 * 60_000
"""Sessions notice an outage when somebody writes to them: what fails within an hour fails together."""
LEAST = 2

OF_A_PROVIDER = frozenset(
    {
        Cause.QUOTA,
        Cause.AUTH,
        Cause.MODEL_MISSING,
        Cause.RATE_LIMIT,
        Cause.OVERLOADED,
        Cause.PROVIDER_5XX,
        Cause.NETWORK,
        Cause.TIMEOUT,
        Cause.REASONING_REQUIRED,
    },
)
"""Causes that lie with a provider or its account, not with one session."""


class Outage(Struct, frozen=True):
    """One provider's failure as several sessions feel it. `since` is epoch milliseconds of the first failure."""

    provider: str
    cause: Cause
    keys: tuple[str, ...]
    since: int | None


def outages(reports: Iterable[SessionReport]) -> tuple[Outage, ...]:
    """The outages among the sessions' open incidents, the largest first."""
    grouped: dict[tuple[str, Cause], list[Incident]] = defaultdict(list)
    for report in reports:
        newest = report.incidents[-1] if report.incidents else None
        if (
            newest is not None
            and newest.ended_at is None
            and newest.cause is report.cause
            and newest.provider
        ):
            grouped[newest.provider, newest.cause].append(newest)
    found = [
        Outage(provider, cause, tuple(str(item.key) for item in together), together[0].started_at)
        for (provider, cause), items in grouped.items()
        if cause in OF_A_PROVIDER
        for together in _bursts(items)
        if len({item.key for item in together}) >= LEAST
    ]
    return tuple(sorted(found, key=lambda outage: -len(outage.keys)))


def _bursts(items: list[Incident]) -> list[list[Incident]]:
    """Incidents in order of their beginning, cut where more than an hour lies between two."""
    ordered = sorted(items, key=lambda item: item.started_at or 0)
    bursts: list[list[Incident]] = []
    for item in ordered:
        if bursts and (item.started_at or 0) - (bursts[-1][-1].started_at or 0) <= TOGETHER_MS:
            bursts[-1].append(item)
        else:
            bursts.append([item])
    return bursts
