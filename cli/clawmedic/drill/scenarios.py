"""What the drill plays: one session for every way to die, to hang, to be damaged, and to be well.

What is expected is written down from the definitions (design.md 3, openclaw.md 3.3), never from what an
examination answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clawmedic.drill import failures
from clawmedic.drill.failing import (
    archive,
    auto_reset,
    cut_off,
    fail_run,
    false_failure,
    refuse,
    stop_by_user,
    tombstone,
)
from clawmedic.drill.failures import Fault
from clawmedic.drill.prose import GOOD_SUMMARY
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode as Code
from clawmedic.model.verdict import Verdict

V4, V7, V9 = Version.V4, Version.V7, Version.V9
LOSSY_SUMMARY = "Summary unavailable due to context limits. Older messages were truncated."
"""A template that says nothing of 40,000 tokens (openclaw.md S17)."""
NO_CAUSE: tuple[Cause | None, ...] = (None,)
GATE: tuple[Cause | None, ...] = (None, Cause.UNKNOWN)
"""A gate is no failure of a model: nothing of the list of causes fits."""
REFUSED = {
    V4: (Code.COMPACTION_FAILING, Code.OVER_BUDGET),
    V7: (Code.COMPACTION_FAILING, Code.OVER_BUDGET, Code.FAILURE_REPLIES, Code.UNANSWERED),
    V9: (Code.COMPACTION_FAILING, Code.UNANSWERED),
}
"""What a refused turn leaves to be seen: 4.15 keeps nothing of it but the log, 7.1 the message and the
gateway's own answer, 9.6 the message beside the transcript."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One session to be made and judged.

    Attributes:
        name: short, unique within its version.
        tell: plays the story.
        verdict, causes, findings: what is right; any of `causes`, all of `findings`.
        rpc: messages come by RPC (4.15: the path that never resets) instead of a chat.
    """

    name: str
    version: Version
    tell: Callable[[Story], None]
    verdict: Verdict
    causes: tuple[Cause | None, ...] = NO_CAUSE
    findings: tuple[Code, ...] = ()
    rpc: bool = False


def scenarios() -> tuple[Scenario, ...]:
    """All of them, in the order in which they are played."""
    return (*_dead(), *_stuck_and_suspect(), *_damaged(), *_at_risk(), *_healthy())


def _dead() -> tuple[Scenario, ...]:
    return (
        _compaction_death("reasoning required", V4, failures.REASONING, rpc=True),
        _compaction_death("already compacted", V4, failures.ALREADY_COMPACTED, rpc=True),
        _compaction_death("compaction times out", V4, failures.TIMEOUT, rpc=True),
        _provider_death("quota used up", V4, failures.QUOTA),
        _compaction_death("reasoning required", V7, failures.REASONING),
        _compaction_death("quota used up", V7, failures.QUOTA),
        _compaction_death("rate limit", V7, failures.RATE_LIMIT),
        _compaction_death("provider error", V7, failures.SERVER_ERROR),
        _compaction_death("compaction times out", V7, failures.TIMEOUT),
        _provider_death("provider unreachable", V7, failures.NETWORK),
        _compaction_death("reasoning required", V9, failures.REASONING),
        _compaction_death("quota used up", V9, failures.QUOTA, rpc=True),
        _compaction_death("rate limit", V9, failures.RATE_LIMIT),
        _compaction_death("bad key", V9, failures.AUTH),
        _compaction_death("model gone", V9, failures.MODEL_GONE),
        _compaction_death("compaction times out", V9, failures.DEADLINE, rpc=True),
        _compaction_death("quality guard", V9, failures.QUALITY_GUARD),
        _compaction_death("empty summary", V9, failures.EMPTY_SUMMARY, rpc=True),
        _provider_death("every call fails", V9, failures.QUOTA),
        Scenario("tombstoned", V9, _then(0.2, tombstone), Verdict.DEAD, GATE, (Code.TOMBSTONED,)),
        Scenario(
            "archived, message waits", V9, _archived_with_work, Verdict.DEAD, GATE, (Code.ARCHIVED,), rpc=True
        ),
    )


def _stuck_and_suspect() -> tuple[Scenario, ...]:
    hung = (Code.RUNNING_WITHOUT_PROCESS, Code.STALE_LOCK)
    once = (Code.LAST_RUN_FAILED,)
    cause = (Cause.PROVIDER_5XX,)
    return (
        Scenario("killed in a run", V4, _then(0.2, cut_off), Verdict.STUCK, NO_CAUSE, hung),
        Scenario("killed in a run", V7, _then(0.2, cut_off), Verdict.STUCK, NO_CAUSE, hung),
        Scenario(
            "killed in a run",
            V9,
            _then(0.2, cut_off),
            Verdict.STUCK,
            NO_CAUSE,
            (Code.RUNNING_WITHOUT_PROCESS,),
        ),
        Scenario("one failed turn", V4, _one_failed_turn, Verdict.SUSPECT, cause, once),
        Scenario("one failed turn", V7, _one_failed_turn, Verdict.SUSPECT, cause, once),
        Scenario("one failed turn", V9, _one_failed_turn, Verdict.SUSPECT, cause, once),
    )


def _damaged() -> tuple[Scenario, ...]:
    lossy = ((Cause.EMPTY_SUMMARY,), (Code.LOSSY_COMPACTION,))
    return (
        Scenario("empty compaction", V4, _empty_compaction, Verdict.DAMAGED, *lossy),
        Scenario("empty compaction", V7, _empty_compaction, Verdict.DAMAGED, *lossy),
        Scenario("summary says nothing", V9, _template_compaction, Verdict.DAMAGED, *lossy),
        Scenario(
            "conversation dropped",
            V4,
            _dropped,
            Verdict.DAMAGED,
            (Cause.REASONING_REQUIRED,),
            (Code.HISTORY_ORPHANED,),
        ),
        Scenario("line cut in the middle", V4, _torn, Verdict.DAMAGED, NO_CAUSE, (Code.MALFORMED_LINES,)),
    )


def _at_risk() -> tuple[Scenario, ...]:
    near, large = (Code.NEAR_BUDGET,), (Code.OVERSIZED,)
    played = [
        Scenario("near its budget", version, _near_budget, Verdict.AT_RISK, NO_CAUSE, near)
        for version in Version
    ]
    played += [
        Scenario("large transcript", version, _oversized, Verdict.AT_RISK, NO_CAUSE, large)
        for version in Version
    ]
    return tuple(played)


def _healthy() -> tuple[Scenario, ...]:
    well = Verdict.HEALTHY
    played: list[Scenario] = []
    for version in Version:
        played += [
            Scenario("short and well", version, _then(0.3, Story.turn), well),
            Scenario("with tool calls", version, _then(0.3, Story.tool_turn), well),
            Scenario("compaction healed", version, _healed, well, rpc=version is V4),
        ]
    return (
        *played,
        Scenario("failed runs, then fine", V4, _recovered, well),
        Scenario("row says failed, is fine", V7, _false_failure, well),
        Scenario("stopped by its user", V7, _then(0.3, stop_by_user), well),
        Scenario("stopped by its user", V9, _then(0.3, stop_by_user), well),
        Scenario("archived", V9, _archived, well, NO_CAUSE, (Code.ARCHIVED,)),
    )


def _compaction_death(name: str, version: Version, fault: Fault, *, rpc: bool = False) -> Scenario:
    def tell(story: Story) -> None:
        story.fill(0.98)
        refuse(story, fault)
        refuse(story, fault)

    return Scenario(name, version, tell, Verdict.DEAD, (fault.cause,), REFUSED[version], rpc)


def _provider_death(name: str, version: Version, fault: Fault) -> Scenario:
    def tell(story: Story) -> None:
        story.fill(0.3)
        for _ in range(3):
            fail_run(story, fault)

    failed = (Code.LAST_RUN_FAILED, Code.UNANSWERED)
    return Scenario(name, version, tell, Verdict.DEAD, (fault.cause,), failed)


def _then(share: float, last: Callable[[Story], None]) -> Callable[[Story], None]:
    """Healthy turns up to a share of the budget, then one more thing."""

    def tell(story: Story) -> None:
        story.fill(share)
        last(story)

    return tell


def _one_failed_turn(story: Story) -> None:
    story.fill(0.3)
    fail_run(story, failures.SERVER_ERROR, retries=4 if story.version is V4 else 1)


def _empty_compaction(story: Story) -> None:
    story.fill(0.9)
    story.compact("")
    story.turn()


def _template_compaction(story: Story) -> None:
    story.fill(0.9)
    story.compact(LOSSY_SUMMARY)
    story.turn()


def _dropped(story: Story) -> None:
    story.fill(0.98)
    auto_reset(story, failures.REASONING)
    story.turn()
    story.turn()


def _torn(story: Story) -> None:
    story.fill(0.3)
    story.torn_line = len(story.entries) // 2


def _near_budget(story: Story) -> None:
    story.fill(0.9)


def _oversized(story: Story) -> None:
    """Compaction keeps the prompt small; the file only grows."""
    for _ in range(6):
        story.fill(0.9, ask=16_000, answer=6_000)
        story.compact(GOOD_SUMMARY, keep_turns=1)
    story.turn()


def _healed(story: Story) -> None:
    story.fill(0.98)
    refuse(story, failures.RATE_LIMIT)
    story.compact(GOOD_SUMMARY)
    story.turn()
    story.turn()


def _recovered(story: Story) -> None:
    story.fill(0.2)
    fail_run(story, failures.SERVER_ERROR)
    fail_run(story, failures.SERVER_ERROR)
    story.turn()
    story.turn()


def _false_failure(story: Story) -> None:
    story.fill(0.3)
    false_failure(story)


def _archived(story: Story) -> None:
    story.fill(0.2)
    archive(story, message_waits=False)


def _archived_with_work(story: Story) -> None:
    story.fill(0.2)
    archive(story, message_waits=True)
