from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.verdict import Verdict
from drill.worlds import NOW


@pytest.mark.parametrize("version", list(Version))
def test_every_verdict_is_played_in_every_release(version):
    assert {one.verdict for one in scenarios() if one.version is version} == set(Verdict)


def test_names_are_unique_within_a_release():
    names = [(one.version, one.name) for one in scenarios()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "cause",
    [
        Cause.REASONING_REQUIRED,
        Cause.QUOTA,
        Cause.RATE_LIMIT,
        Cause.TIMEOUT,
        Cause.QUALITY_GUARD,
        Cause.ALREADY_COMPACTED,
        Cause.NETWORK,
    ],
)
def test_the_common_causes_of_death_are_played(cause):
    assert any(cause in one.causes and one.verdict is Verdict.DEAD for one in scenarios())


def test_stories_do_not_overlap_and_end_before_now(trees):
    for tree in trees.values():
        spans = [(story.log[0].at if story.log else story.now, story.now) for story in tree.stories]
        for (_, end), (start, _) in pairwise(spans):
            assert end < start
        assert spans[-1][1] < NOW - 600_000


def test_the_same_story_is_told_with_the_same_ids(trees, tmp_path):
    from clawmedic.drill.stage import build_tree

    for version, tree in trees.items():
        own = [one for one in scenarios() if one.version is version]
        again = build_tree(tmp_path / version, own, tree.gateway, NOW)
        assert [story.entries for story in again.stories] == [story.entries for story in tree.stories]


def test_what_is_expected_does_not_shape_what_is_told(trees, tmp_path):
    from clawmedic.drill.stage import build_tree

    tree = trees[Version.V4]
    swapped = [
        replace(one, verdict=Verdict.HEALTHY, causes=(), findings=())
        for one in scenarios()
        if one.version is Version.V4
    ]
    again = build_tree(tmp_path / "swapped", swapped, tree.gateway, NOW)
    assert [story.log for story in again.stories] == [story.log for story in tree.stories]
