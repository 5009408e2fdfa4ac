"""Sessions that answer, and whose history was lost or whose transcript is broken; and sessions that may soon fail."""

from __future__ import annotations

from collections.abc import Callable

from clawmedic.drill import damaging, failures, symptoms
from clawmedic.drill.failing import auto_reset, fail_run
from clawmedic.drill.prose import GOOD_SUMMARY
from clawmedic.drill.scenario import LEFT_ALONE, NO_CAUSE, Asked, Helped, Promise, Scenario
from clawmedic.drill.scenarios_dead import MENDED, PROVIDER, START_GATEWAY
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode as Code
from clawmedic.model.verdict import Verdict

V4, V7, V9 = Version.V4, Version.V7, Version.V9
LOSSY_SUMMARY = "Summary unavailable due to context limits. Older messages were truncated."
"""A template that says nothing of 40,000 tokens (openclaw.md S17)."""
RESTORED = Promise(Helped.RESTORE, Verdict.HEALTHY, Asked.RESTORE)


def damaged() -> tuple[Scenario, ...]:
    """History that was lost, and transcripts that are broken."""
    return (
        Scenario(
            "history dropped",
            V4,
            _dropped,
            Verdict.DAMAGED,
            (Cause.REASONING_REQUIRED,),
            (Code.HISTORY_ORPHANED,),
            Promise(Helped.RELINK, Verdict.HEALTHY),
        ),
        _broken("line cut in two", V4, damaging.cut_middle, Code.MALFORMED_LINES),
        _broken("last line cut off", V4, damaging.cut_end, Code.TORN_TAIL),
        _broken("header gone", V4, damaging.lose_header, Code.BAD_HEADER),
        _broken("hole in the chain", V7, damaging.break_chain, Code.BROKEN_CHAIN),
        Scenario(
            "role missing",
            V7,
            damaging.leave_empty,
            Verdict.HEALTHY,
            findings=(Code.EMPTY_ENTRIES,),
            promise=Promise(Helped.MEND, Verdict.HEALTHY, Asked.MEND),
        ),
        _broken("transcript gone", V4, damaging.lose_transcript, Code.MISSING_TRANSCRIPT, RESTORED),
        Scenario("put aside by hand", V7, damaging.set_aside, Verdict.HEALTHY, promise=RESTORED),
        _lossy("empty compaction", V4, ""),
        _lossy("empty compaction", V7, ""),
        _lossy("summary of nothing", V9, LOSSY_SUMMARY),
        _broken("row marked invalid", V9, symptoms.invalidate, Code.INVALID_ROW, LEFT_ALONE),
    )


def suspect() -> tuple[Scenario, ...]:
    """The newest turn failed, and nothing has succeeded since."""
    once, cause = (Code.LAST_RUN_FAILED,), (Cause.PROVIDER_5XX,)
    return (
        Scenario("one failed turn", V4, _one_failed_turn, Verdict.SUSPECT, cause, once, PROVIDER),
        Scenario("one failed turn", V7, _one_failed_turn, Verdict.SUSPECT, cause, once, PROVIDER),
        Scenario("one failed turn", V9, _one_failed_turn, Verdict.SUSPECT, cause, once, START_GATEWAY),
        Scenario("no reply was sent", V7, symptoms.swallow, Verdict.SUSPECT, findings=(Code.SILENT_SWALLOW,)),
        Scenario("start in conflict", V7, symptoms.conflict, Verdict.SUSPECT, findings=(Code.INIT_CONFLICT,)),
        Scenario(
            "two writers",
            V7,
            symptoms.take_over,
            Verdict.SUSPECT,
            (Cause.TAKEOVER,),
            (Code.TAKEOVER,),
            Promise(Helped.TOLD, words="only one gateway writes to this directory"),
        ),
    )


def at_risk() -> tuple[Scenario, ...]:
    """They answer today."""
    played = [_warned("near its budget", version, _near_budget, Code.NEAR_BUDGET) for version in Version]
    played += [_warned("large transcript", version, _oversized, Code.OVERSIZED) for version in Version]
    played += [
        _warned("compacts for ever", V4, damaging.compact_in_circles, Code.COMPACTION_LOOP),
        _warned("memory flush fails", V7, symptoms.flush_in_vain, Code.FLUSH_LOOP),
        _warned("answer undelivered", V7, symptoms.keep_delivery, Code.DELIVERY_PENDING),
    ]
    return tuple(played)


def _broken(
    name: str, version: Version, tell: Callable[[Story], None], code: Code, promise: Promise = MENDED
) -> Scenario:
    return Scenario(name, version, tell, Verdict.DAMAGED, NO_CAUSE, (code,), promise)


def _lossy(name: str, version: Version, summary: str) -> Scenario:
    """What such a compaction took away is not in the transcript's reach any more; nothing is to be rescued."""

    def tell(story: Story) -> None:
        damaging.lose_memory(story, summary)

    found = (Code.LOSSY_COMPACTION,)
    return Scenario(name, version, tell, Verdict.DAMAGED, (Cause.EMPTY_SUMMARY,), found)


def _warned(name: str, version: Version, tell: Callable[[Story], None], code: Code) -> Scenario:
    return Scenario(name, version, tell, Verdict.AT_RISK, NO_CAUSE, (code,))


def _one_failed_turn(story: Story) -> None:
    story.fill(0.3)
    fail_run(story, failures.SERVER_ERROR, retries=4 if story.version is V4 else 1)


def _dropped(story: Story) -> None:
    story.fill(0.98)
    auto_reset(story, failures.REASONING)
    story.turn()
    story.turn()


def _near_budget(story: Story) -> None:
    story.fill(0.9)


def _oversized(story: Story) -> None:
    """Compaction keeps the prompt small; the file only grows."""
    for _ in range(6):
        story.fill(0.9, ask=16_000, answer=6_000)
        story.compact(GOOD_SUMMARY, keep_turns=1)
    story.turn()
