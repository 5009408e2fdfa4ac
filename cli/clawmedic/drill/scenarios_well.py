"""Sessions that are well, though some of them look ill: nothing is to be found, and nothing is touched."""

from __future__ import annotations

from collections.abc import Callable

from clawmedic.drill import failures, symptoms
from clawmedic.drill.failing import archive, fail_run, false_failure, refuse, stop_by_user
from clawmedic.drill.prose import GOOD_SUMMARY
from clawmedic.drill.scenario import NO_CAUSE, Scenario
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.finding import FindingCode as Code
from clawmedic.model.verdict import Verdict

V4, V7, V9 = Version.V4, Version.V7, Version.V9
GHOST_MS = 26 * 3_600_000


def healthy() -> tuple[Scenario, ...]:
    """All of them."""
    played: list[Scenario] = []
    for version in Version:
        played += [
            _well("short and well", version, _then(Story.turn)),
            _well("with tool calls", version, _then(Story.tool_turn)),
            _well("compaction healed", version, _healed, rpc=version is V4),
        ]
    return (
        *played,
        _well("failed runs, then fine", V4, _recovered),
        _well("row misspelt", V4, symptoms.misspell, Code.INVALID_ROW),
        _well("row says failed, is fine", V7, _false_failure),
        _well("stopped by its user", V7, _then(stop_by_user)),
        _well(
            "a row and nothing else",
            V7,
            symptoms.haunt,
            Code.GHOST_ROW,
            Code.MISSING_TRANSCRIPT,
            ago_ms=GHOST_MS,
        ),
        _well("stopped by its user", V9, _then(stop_by_user)),
        _well("archived", V9, _archived, Code.ARCHIVED),
    )


def _well(
    name: str,
    version: Version,
    tell: Callable[[Story], None],
    *findings: Code,
    rpc: bool = False,
    ago_ms: int | None = None,
) -> Scenario:
    return Scenario(name, version, tell, Verdict.HEALTHY, NO_CAUSE, findings, rpc=rpc, ago_ms=ago_ms)


def _then(last: Callable[[Story], None]) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        story.fill(0.3)
        last(story)

    return tell


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
