"""Sessions that are dead or hang, and what brings each back.

With the gateway stopped a failed compaction of a file store is answered by `distil`; a dead provider by nothing but
words; a database by nothing at all: only its gateway may change it (design.md 5).
"""

from __future__ import annotations

from collections.abc import Callable

from clawmedic.drill import damaging, failures, symptoms
from clawmedic.drill.failing import archive, cut_off, fail_run, refuse, tombstone
from clawmedic.drill.failures import Fault
from clawmedic.drill.scenario import Asked, Helped, Promise, Scenario
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode as Code
from clawmedic.model.session import Generation
from clawmedic.model.verdict import Verdict

V4, V7, V9 = Version.V4, Version.V7, Version.V9
GATE: tuple[Cause | None, ...] = (None, Cause.UNKNOWN)
"""A gate is no failure of a model: nothing of the list of causes fits."""
REFUSED = {
    V4: (Code.COMPACTION_FAILING, Code.OVER_BUDGET),
    V7: (Code.COMPACTION_FAILING, Code.OVER_BUDGET, Code.FAILURE_REPLIES, Code.UNANSWERED),
    V9: (Code.COMPACTION_FAILING, Code.UNANSWERED),
}
"""What a refused turn leaves to be seen: 4.15 keeps nothing of it but the log, 7.1 the message and the
gateway's own answer, 9.6 the message beside the transcript."""
DISTILLED = Promise(Helped.DISTIL, Verdict.HEALTHY)
MENDED = Promise(Helped.MEND, Verdict.HEALTHY)
START_GATEWAY = Promise(Helped.TOLD, words="start the gateway")
PROVIDER = Promise(Helped.TOLD, words="a reset would destroy the conversations and cure nothing")
YOUNG_MS = 450_000
"""Its last refusal was three minutes ago: a transient failure is waited for until it is ten minutes old."""


def dead() -> tuple[Scenario, ...]:
    """What no inbound message can get an answer from."""
    return (*_dead_in_files(), *_dead_in_a_database())


def hanging() -> tuple[Scenario, ...]:
    """What claims to be busy while nothing runs."""
    hung = (Code.RUNNING_WITHOUT_PROCESS, Code.STALE_LOCK)
    resumes = Promise(Helped.TOLD, first=("unlock",), words="takes up the interrupted turn by itself")
    return (
        Scenario(
            "killed in a run",
            V4,
            _after(0.2, cut_off),
            Verdict.STUCK,
            findings=hung,
            promise=Promise(Helped.UNLOCK, Verdict.HEALTHY),
        ),
        Scenario("killed in a run", V7, _after(0.2, cut_off), Verdict.STUCK, findings=hung, promise=resumes),
        Scenario(
            "abort in vain",
            V7,
            symptoms.abort_in_vain,
            Verdict.STUCK,
            findings=(Code.ABORT_INEFFECTIVE,),
            promise=START_GATEWAY,
        ),
        Scenario(
            "killed in a run",
            V9,
            _after(0.2, cut_off),
            Verdict.STUCK,
            findings=(Code.RUNNING_WITHOUT_PROCESS,),
            promise=START_GATEWAY,
        ),
        Scenario(
            "message in a spool",
            V9,
            symptoms.claim,
            Verdict.STUCK,
            findings=(Code.INGRESS_BLOCKED,),
            promise=START_GATEWAY,
        ),
    )


def _dead_in_files() -> tuple[Scenario, ...]:
    asked_for = Promise(Helped.RESET, Verdict.HEALTHY, Asked.RESET)
    mispaired = (Code.LAST_RUN_FAILED, Code.UNPAIRED_TOOL_CALLS)
    piled = (Code.LAST_RUN_FAILED, Code.ERROR_BLOAT)
    pairing, quota = (Cause.TOOL_PAIRING,), (Cause.QUOTA,)
    return (
        _compaction_death("reasoning required", V4, failures.REASONING, rpc=True),
        _compaction_death("compaction hangs", V4, failures.TIMEOUT, rpc=True),
        Scenario(
            "already compacted",
            V4,
            _refused_twice(failures.ALREADY_COMPACTED),
            Verdict.DEAD,
            (Cause.ALREADY_COMPACTED,),
            (*REFUSED[V4], Code.COMPACTION_LOOP),
            DISTILLED,
            rpc=True,
        ),
        Scenario(
            "dead and file gone",
            V4,
            damaging.die_without_file,
            Verdict.DEAD,
            (Cause.REASONING_REQUIRED,),
            (Code.COMPACTION_FAILING, Code.MISSING_TRANSCRIPT),
            Promise(Helped.RESET, Verdict.HEALTHY, Asked.TO_THE_END),
            rpc=True,
        ),
        _provider_death("quota used up", V4, failures.QUOTA),
        Scenario("errors pile up", V4, damaging.pile_up_errors, Verdict.DEAD, quota, piled, PROVIDER),
        _compaction_death("reasoning required", V7, failures.REASONING),
        _compaction_death("quota used up", V7, failures.QUOTA),
        _compaction_death("rate limit", V7, failures.RATE_LIMIT),
        _compaction_death("provider error", V7, failures.SERVER_ERROR),
        _compaction_death("compaction hangs", V7, failures.TIMEOUT),
        _compaction_death("reset as asked", V7, failures.MODEL_GONE, promise=asked_for),
        _compaction_death(
            "failed just now", V7, failures.RATE_LIMIT, promise=Promise(Helped.WAIT), ago_ms=YOUNG_MS
        ),
        _provider_death("provider is down", V7, failures.NETWORK),
        _provider_death("bad key", V7, failures.AUTH),
        Scenario("tool call unpaired", V7, damaging.unpair, Verdict.DEAD, pairing, mispaired, MENDED),
    )


def _dead_in_a_database() -> tuple[Scenario, ...]:
    gated, resumed = START_GATEWAY, (Code.RESUME_LOOP, Code.RUNNING_WITHOUT_PROCESS)
    reasoning = (Cause.REASONING_REQUIRED,)
    return (
        _compaction_death("reasoning required", V9, failures.REASONING),
        _compaction_death("quota used up", V9, failures.QUOTA, rpc=True),
        _compaction_death("rate limit", V9, failures.RATE_LIMIT),
        _compaction_death("bad key", V9, failures.AUTH),
        _compaction_death("model gone", V9, failures.MODEL_GONE),
        _compaction_death("compaction hangs", V9, failures.DEADLINE, rpc=True),
        _compaction_death("quality guard", V9, failures.QUALITY_GUARD),
        _compaction_death("empty summary", V9, failures.EMPTY_SUMMARY, rpc=True),
        _provider_death("every call fails", V9, failures.QUOTA, promise=START_GATEWAY),
        Scenario("tombstoned", V9, _after(0.2, tombstone), Verdict.DEAD, GATE, (Code.TOMBSTONED,), gated),
        Scenario("archived too early", V9, _archived, Verdict.DEAD, GATE, (Code.ARCHIVED,), gated, rpc=True),
        Scenario(
            "resumed in vain", V9, symptoms.resume_in_vain, Verdict.DEAD, reasoning, resumed, START_GATEWAY
        ),
    )


def _compaction_death(
    name: str,
    version: Version,
    fault: Fault,
    *,
    promise: Promise | None = None,
    rpc: bool = False,
    ago_ms: int | None = None,
) -> Scenario:
    usual = DISTILLED if version.generation is Generation.FILES else START_GATEWAY
    return Scenario(
        name,
        version,
        _refused_twice(fault),
        Verdict.DEAD,
        (fault.cause,),
        REFUSED[version],
        promise or usual,
        rpc=rpc,
        ago_ms=ago_ms,
    )


def _refused_twice(fault: Fault) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.fill(0.98)
        refuse(story, fault)
        refuse(story, fault)

    return tell


def _provider_death(name: str, version: Version, fault: Fault, *, promise: Promise = PROVIDER) -> Scenario:
    def tell(story: Story) -> None:
        story.fill(0.3)
        for _ in range(3):
            fail_run(story, fault)

    failed = (Code.LAST_RUN_FAILED, Code.UNANSWERED)
    return Scenario(name, version, tell, Verdict.DEAD, (fault.cause,), failed, promise)


def _after(share: float, last: Callable[[Story], None]) -> Callable[[Story], None]:
    """Healthy turns up to a share of the budget, then one more thing."""

    def tell(story: Story) -> None:
        story.fill(share)
        last(story)

    return tell


def _archived(story: Story) -> None:
    story.fill(0.2)
    archive(story, message_waits=True)
