"""Which sessions the operator means: a key, an id, a part of either, and the filters of `scan`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.model.report import ScanReport, SessionReport
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
    """The one session meant: the exact key, else the exact id, else the only one that contains it.

    Raises:
        NotFoundError, AmbiguousError: none, or several.
    """
    folded = wanted.strip().casefold()
    if not folded:
        raise NotFoundError("an empty key names no session", hint="`clawmedic scan` lists all")
    for fits in (
        [item for item in pool if item.session.key == wanted],
        [item for item in pool if item.session.session_id == wanted],
        [
            item
            for item in pool
            if folded in item.session.key.casefold() or folded in item.session.session_id.casefold()
        ],
        [item for item in pool if wanted in item.session.previous_session_ids],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise _ambiguous(fits, wanted)
    raise NotFoundError(f"no such session: {wanted}", hint="`clawmedic scan --all` lists every key")


def _ambiguous(fits: Sequence[SessionReport], wanted: str) -> AmbiguousError:
    names = [f"{item.session.key} ({item.session.session_id})" for item in fits[:SHOWN_CANDIDATES]]
    more = f" and {len(fits) - len(names)} more" if len(fits) > len(names) else ""
    return AmbiguousError(
        f"{wanted!r} fits {len(fits)} sessions: {', '.join(names)}{more}",
        hint="give more of the key, the session id, or --agent",
    )
