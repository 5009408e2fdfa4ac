"""Outages among what the guard saw: several sessions that fail for one cause of one provider, where it struck alike.

In an outage nobody is reset. Where the ordinary model call fails, nothing is done at all: a session has nothing that
could be repaired. Where compactions fail, one session at a time is tried, and the others follow when it worked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from msgspec import Struct

from clawmedic.guard.sight import Sight
from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.model.policy import Policy
from clawmedic.model.verdict import Verdict
from clawmedic.triage.outages import LEAST, OF_A_PROVIDER, TOGETHER_MS

_FAILING = frozenset({Verdict.DEAD, Verdict.STUCK, Verdict.SUSPECT})


class Outage(Struct, frozen=True):
    """One outage. `sights` are its sessions, the one that failed first in front."""

    provider: str
    cause: Cause
    struck: Struck
    sights: tuple[Sight, ...]

    @property
    def condition(self) -> str:
        """What names it in notices, the same as in those of a rescue by hand."""
        where = "" if self.struck is Struck.MODEL_CALL else " compaction"
        return f"outage {self.provider} {self.cause}{where}"

    @property
    def passes(self) -> bool:
        """Whether it goes away by itself."""
        return self.cause.kind is CauseKind.TRANSIENT and self.cause is not Cause.UNKNOWN

    @property
    def touchable(self) -> bool:
        """Whether there is anything to repair in its sessions."""
        return self.struck is not Struck.MODEL_CALL

    def most(self, now: int) -> Policy:
        """How far a rescue may go: no reset in any case, and for the first hour nothing that a passing cause spares."""
        newest = max(sight.failed_at or 0 for sight in self.sights)
        return Policy.PRESERVE if self.passes and now - newest < TOGETHER_MS else Policy.REVIVE

    @property
    def since(self) -> int | None:
        """When its first session began to fail, epoch milliseconds."""
        return self.sights[0].failed_at

    def notice(self, now: int, *, acting: bool) -> Notice:
        """One notice for all its sessions; `acting`: the policy lets any of them be touched."""
        count = len(self.sights)
        sessions = f"{count} session{'' if count == 1 else 's'}"
        what = "ordinary calls" if self.struck is Struck.MODEL_CALL else "compactions"
        lines = ["no session is reset on account of it"]
        if self.passes:
            lines.append("it is looked at again; the next message is answered once the provider is back")
        elif self.struck is Struck.MODEL_CALL:
            lines.append(f"a person is needed: `clawmedic explain {self.cause}` says what helps")
        elif not acting:
            lines.append("nothing was done: the guard only looks on")
        else:
            lines.append("one session is tried first; the others follow when that works")
        return Notice(
            kind=NoticeKind.OUTAGE,
            at=now,
            keys=tuple(sight.key for sight in self.sights),
            title=f"{self.provider} fails for {what} ({self.cause}): {sessions}",
            lines=tuple(lines),
            unanswered=sum(sight.unanswered for sight in self.sights),
            condition=self.condition,
        )

    def exhausted_notice(self, now: int) -> Notice:
        """The one notice that nothing more is tried for any of its sessions."""
        keys = tuple(sight.key for sight in self.sights if sight.ill)
        return Notice(
            kind=NoticeKind.ESCALATION,
            at=now,
            keys=keys,
            title=f"{self.provider} still fails ({self.cause}), and a person is needed",
            lines=(
                "nothing more is tried for any of its sessions by itself",
                f"clawmedic explain {self.cause}",
            ),
            unanswered=sum(sight.unanswered for sight in self.sights),
            condition=self.condition,
        )


def outages_among(sights: Iterable[Sight], known: Collection[str] = ()) -> tuple[Outage, ...]:
    """Every outage, the largest first. One that is `known` (by its condition) lasts until its last session answers."""
    grouped: dict[tuple[str, Cause, Struck], list[Sight]] = defaultdict(list)
    for sight in sights:
        if sight.verdict in _FAILING and sight.provider and sight.cause in OF_A_PROVIDER and sight.struck:
            grouped[sight.provider, sight.cause, sight.struck].append(sight)
    found: dict[str, Outage] = {}
    for (provider, cause, struck), members in grouped.items():
        for together in _bursts(members, whole=struck is Struck.MODEL_CALL):
            outage = Outage(provider, cause, struck, together)
            enough = len(together) >= LEAST or outage.condition in known
            if enough and any(sight.ill for sight in together):
                found.setdefault(outage.condition, outage)
    return tuple(sorted(found.values(), key=lambda outage: (-len(outage.sights), outage.condition)))


def _bursts(members: list[Sight], *, whole: bool) -> list[tuple[Sight, ...]]:
    """Cut where more than an hour lies between two beginnings; calls that fail now fail together in any case."""
    ordered = sorted(members, key=lambda sight: (sight.failed_at or 0, sight.key))
    bursts: list[list[Sight]] = []
    for sight in ordered:
        near = bursts and (sight.failed_at or 0) - (bursts[-1][-1].failed_at or 0) <= TOGETHER_MS
        if bursts and (whole or near):
            bursts[-1].append(sight)
        else:
            bursts.append([sight])
    return [tuple(burst) for burst in bursts]
