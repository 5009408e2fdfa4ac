from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from clawmedic.drill.scenario import Helped
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.scenes import scenes
from clawmedic.drill.stage import build_tree
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode
from clawmedic.model.session import Generation
from clawmedic.model.verdict import Verdict
from drill.worlds import NOW

NOT_MADE: dict[FindingCode, str] = {}
"""Findings that cannot be made without an OpenClaw, each with its reason. There is none at present."""
NOT_CAUSED = {
    Cause.CONTEXT_OVERFLOW: "a provider's own limit below the config's: only a provider can say it",
    Cause.OVERLOADED: "as rate-limit, with other words of the provider",
    Cause.NOTHING_TO_COMPACT: "7.1 says so of a history that the drill would have to make of one message",
    Cause.CANCELLED: "a stop, which leaves no session dead",
    Cause.LOCK: "needs a run that waits for a lock",
    Cause.ROLE_ORDER: "as tool-pairing, with other words of the provider",
    Cause.PARTIAL_JSON: "as tool-pairing, with other words of the provider",
    Cause.DATABASE: "the gateway's own words while it runs; the damage itself is the finding database-damage",
    Cause.DISK_FULL: "the finding disk-full is played",
    Cause.UNKNOWN: "what has no name",
}


@pytest.mark.parametrize("version", list(Version))
def test_every_verdict_is_played_in_every_release(version):
    assert {one.verdict for one in scenarios() if one.version is version} == set(Verdict)


def test_names_are_unique_within_a_release_and_fit_a_narrow_page():
    names = [(one.version, one.name) for one in scenarios()]
    assert len(names) == len(set(names))
    shown = [one.name for one in scenarios() if one.verdict is not Verdict.HEALTHY]
    assert max(map(len, (*shown, *(one.name for scene in scenes() for one in scene.troubles)))) <= 18


@pytest.mark.parametrize("code", list(FindingCode))
def test_every_finding_is_played_or_there_is_a_reason(code):
    of_sessions = {found for scene in scenes() for one in scene.played for found in one.findings}
    of_stores = {one.code for scene in scenes() for one in scene.troubles}
    assert (code in of_sessions | of_stores) is not (code in NOT_MADE)


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_played_or_there_is_a_reason(cause):
    certain = {one.causes[0] for one in scenarios() if len(one.causes) == 1}
    assert (cause in certain) is not (cause in NOT_CAUSED)


def test_every_way_to_help_with_a_stopped_gateway_is_promised():
    promised = {one.promise.helped for scene in scenes() for one in scene.played}
    assert promised == set(Helped) - {Helped.FAILED}


def test_a_database_is_never_promised_to_be_changed():
    for one in scenarios():
        if one.version.generation is Generation.SQLITE:
            assert not one.promise.helped.changes


def test_stories_do_not_overlap_and_end_before_now(trees):
    for tree in trees.values():
        own = [one for one in scenarios() if one.version is tree.version]
        told = [story for one, story in zip(own, tree.stories, strict=True) if one.ago_ms is None]
        spans = [(story.log[0].at if story.log else story.now, story.now) for story in told]
        for (_, end), (start, _) in pairwise(spans):
            assert end < start
        assert spans[-1][1] < NOW - 600_000


def test_a_young_failure_is_minutes_old(trees):
    for tree in trees.values():
        own = [one for one in scenarios() if one.version is tree.version]
        young = [
            story for one, story in zip(own, tree.stories, strict=True) if one.promise.helped is Helped.WAIT
        ]
        assert all(60_000 < NOW - story.log[-1].at < 400_000 for story in young)


def test_the_same_story_is_told_with_the_same_ids(trees, tmp_path):
    for version, tree in trees.items():
        own = [one for one in scenarios() if one.version is version]
        again = build_tree(tmp_path / version, own, tree.gateway, NOW)
        assert [story.entries for story in again.stories] == [story.entries for story in tree.stories]


def test_what_is_expected_does_not_shape_what_is_told(trees, tmp_path):
    tree = trees[Version.V4]
    swapped = [
        replace(one, verdict=Verdict.HEALTHY, causes=(), findings=())
        for one in scenarios()
        if one.version is Version.V4
    ]
    again = build_tree(tmp_path / "swapped", swapped, tree.gateway, NOW)
    assert [story.log for story in again.stories] == [story.log for story in tree.stories]
