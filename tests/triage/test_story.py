"""What ends a failure, and what one incident is."""

from __future__ import annotations

from msgspec.structs import replace

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.incident import Evidence
from clawmedic.triage.events import Event, EventKind
from clawmedic.triage.story import chapters, tell

SEEN = (Evidence("a.jsonl", None, 1, "reset"),)


def event(kind: EventKind, at: int, *, origin: str = "log", cause: Cause | None = None) -> Event:
    return Event(kind, at, origin, Struck.COMPACTION, cause, 0.9 if cause else 0.0)


def test_an_answer_ends_older_failures():
    story = tell([event(EventKind.REFUSED, 1), event(EventKind.ANSWERED, 2, origin="transcript")])
    assert story.open == ()
    assert story.failed_turns == 0


def test_a_failure_after_the_answer_is_open_whatever_the_order_of_sources():
    story = tell(
        [event(EventKind.REFUSED, 30, cause=Cause.QUOTA), event(EventKind.ANSWERED, 20, origin="transcript")]
    )
    assert [one.at for one in story.refused] == [30]
    assert story.cause is Cause.QUOTA


def test_two_sources_of_the_same_turns_are_not_added_up():
    story = tell(
        [
            event(EventKind.FAILED, 10, origin="log"),
            event(EventKind.FAILED, 11, origin="transcript"),
            event(EventKind.FAILED, 12, origin="row"),
        ],
    )
    assert story.failed_turns == 1


def test_an_early_warning_is_no_failure():
    story = tell([event(EventKind.ANSWERED, 1), event(EventKind.STRAINED, 2, cause=Cause.TIMEOUT)])
    assert story.open == ()
    assert len(story.strained) == 1
    assert story.cause is None


def test_replays_of_one_failure_are_one_chapter_with_a_count():
    told = chapters([event(EventKind.REFUSED, at, cause=Cause.QUOTA) for at in (1, 2, 3)])
    assert len(told) == 1
    assert told[0].count == 3
    assert told[0].cause is Cause.QUOTA


def test_an_answer_between_makes_two_chapters():
    told = chapters(
        [
            event(EventKind.REFUSED, 1, cause=Cause.QUOTA),
            event(EventKind.ANSWERED, 2),
            event(EventKind.REFUSED, 3, cause=Cause.QUOTA),
        ],
    )
    assert [chapter.closed_by is not None for chapter in told] == [True, False]


def test_another_cause_makes_another_chapter():
    told = chapters(
        [
            event(EventKind.REFUSED, 1_000, cause=Cause.QUOTA),
            event(EventKind.REFUSED, 90_000, cause=Cause.AUTH),
        ],
    )
    assert [chapter.cause for chapter in told] == [Cause.QUOTA, Cause.AUTH]


def test_a_failure_without_words_joins_the_chapter_that_has_some():
    told = chapters([event(EventKind.REFUSED, 1), event(EventKind.REFUSED, 2, cause=Cause.NETWORK)])
    assert [(chapter.cause, len(chapter.failures)) for chapter in told] == [(Cause.NETWORK, 2)]


def test_a_second_log_of_the_same_gateway_does_not_double_the_turns():
    def said(source: str, at: int, cause: Cause | None) -> Event:
        proof = (Evidence(source, 1, at, "refused"),)
        return Event(EventKind.REFUSED, at, "log", Struck.COMPACTION, cause, 0.9, proof)

    story = tell([said("file.log", 1000, None), said("console.txt", 1900, Cause.QUOTA)])
    assert story.failed_turns == 1
    assert story.cause is Cause.QUOTA
    again = tell([said("file.log", 1000, None), said("file.log", 1900, Cause.QUOTA)])
    assert again.failed_turns == 2


def test_one_reset_told_twice_is_one_chapter_with_the_cause_that_the_log_knows():
    noticed = replace(event(EventKind.RESET, 1_000, origin="transcript"), evidence=SEEN)
    logged = replace(event(EventKind.RESET, 1_100, cause=Cause.RATE_LIMIT), evidence=SEEN)
    for told in (chapters([noticed, logged]), chapters([logged, noticed])):
        (chapter,) = told
        assert chapter.cause is Cause.RATE_LIMIT
        assert chapter.count == 1
