"""Which sessions the operator means: a key, an id, a part of either, and the filters of `scan`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.model.incident import Incident
from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.session import Session
from clawmedic.model.verdict import Verdict

SHOWN_CANDIDATES = 5


def select(
    report: ScanReport,
    *,
    keys: Sequence[str] = (),
    agent: str | None = None,
    verdicts: Collection[Verdict] = (),
    min_size: int | None = None,
    since: int | None = None,
) -> tuple[SessionReport, ...]:
    """The sessions that fit, in the report's order, each once.

    Args:
        report: the examination to choose from.
        keys: session keys, session ids, or unambiguous parts of either; none means every session.
        agent: only this agent's.
        verdicts: only these; none means all.
        min_size: bytes of transcript at least.
        since: epoch milliseconds; a session without a time is kept, because nobody knows.

    Raises:
        NotFoundError: a key nothing fits, or an agent without sessions.
        AmbiguousError: a part that fits several.
    """
    pool = [item for item in report.sessions if agent is None or item.session.agent == agent]
    if agent is not None and not pool:
        known = sorted({item.session.agent for item in report.sessions})
        raise NotFoundError(
            f"no sessions of agent {agent!r}", hint=f"agents seen: {', '.join(known) or 'none'}"
        )
    if keys:
        named = [resolve(pool, key) for key in keys]
        pool = [item for item in pool if any(item is one for one in named)]
    return tuple(
        item
        for item in pool
        if (not verdicts or item.verdict in verdicts)
        and (min_size is None or item.session.transcript.size_bytes >= min_size)
        and (since is None or item.session.updated_at is None or item.session.updated_at >= since)
    )


def resolve(pool: Sequence[SessionReport], wanted: str) -> SessionReport:
    """The report of the one session meant; see `resolve_session`."""
    session = resolve_session([item.session for item in pool], wanted)
    return next(item for item in pool if item.session is session)


def resolve_session(pool: Sequence[Session], wanted: str) -> Session:
    """The one session meant: the exact key, else the exact id, else the only one that contains it.

    Raises:
        NotFoundError, AmbiguousError: none, or several.
    """
    folded = wanted.strip().casefold()
    if not folded:
        raise NotFoundError("an empty key names no session", hint="`clawmedic scan` lists all")
    for fits in (
        [item for item in pool if item.key == wanted],
        [item for item in pool if item.session_id == wanted],
        [item for item in pool if folded in item.key.casefold() or folded in item.session_id.casefold()],
        [item for item in pool if wanted in item.previous_session_ids],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise _ambiguous(fits, wanted)
    raise NotFoundError(f"no such session: {wanted}", hint="`clawmedic scan --all` lists every key")


def _ambiguous(fits: Sequence[Session], wanted: str) -> AmbiguousError:
    names = [f"{item.key} ({item.session_id})" for item in fits[:SHOWN_CANDIDATES]]
    more = f" and {len(fits) - len(names)} more" if len(fits) > len(names) else ""
    return AmbiguousError(
        f"{wanted!r} fits {len(fits)} sessions: {', '.join(names)}{more}",
        hint="give more of the key, the session id, or --agent",
    )


def select_incidents(
    report: ScanReport, *, keys: Sequence[str] = (), since: int | None = None, until: int | None = None
) -> tuple[Incident, ...]:
    """The incidents of these keys within a window of time, oldest first.

    An incident without a time is kept. A key that is no longer in the store may still be named in full.

    Args:
        report: the examination to choose from.
        keys: as in `select`.
        since: epoch milliseconds; an incident that lasted into the window counts.
        until: epoch milliseconds.

    Raises:
        NotFoundError, AmbiguousError: as in `select`.
    """
    wanted = _gone(report, keys) | {item.session.key for item in select_present(report, keys=keys)}
    chosen = [
        incident
        for incident in report.incidents
        if (not keys or incident.key in wanted)
        and (since is None or incident.ended_at is None or incident.ended_at >= since)
        and (until is None or incident.started_at is None or incident.started_at <= until)
    ]
    return tuple(sorted(chosen, key=lambda incident: incident.started_at or 0))


def select_present(report: ScanReport, *, keys: Sequence[str] = ()) -> tuple[SessionReport, ...]:
    """As `select`, but a key that only the incidents still know is passed over.

    Raises:
        NotFoundError, AmbiguousError: as in `select`.
    """
    gone = _gone(report, keys)
    present = [key for key in keys if key not in gone]
    return select(report, keys=present) if present or not keys else ()


def _gone(report: ScanReport, keys: Sequence[str]) -> set[str]:
    """Keys that incidents name and the store no longer has."""
    told = {incident.key for incident in report.incidents if incident.key}
    return (told & set(keys)) - {item.session.key for item in report.sessions}
