"""The rehearsal: make state directories full of trouble, examine them, compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clawmedic.disk import building
from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.nobody import dead_gateway
from clawmedic.drill.report import DrillReport, DrillResult, DrillTree
from clawmedic.drill.scenarios import Scenario, scenarios
from clawmedic.drill.stage import build_tree
from clawmedic.drill.versions import Version
from clawmedic.model.reporter import Reporter, SilentReporter
from clawmedic.settings import Settings, World
from clawmedic.triage.examine import examine


def rehearse(
    world: World, directory: Path, reporter: Reporter, *, played: Sequence[Scenario] | None = None
) -> DrillReport:
    """Make a state directory of each release in `directory`, examine each, and compare with what is right.

    The environment, the home directory and an OpenClaw that runs here are out of reach: the examination sees
    an empty environment and a home inside `directory`.

    Args:
        world: only its clock, process table and limits count.
        directory: where the trees are made; not there yet, or empty.
        reporter: told after each tree how many sessions were judged.
        played: other scenarios than the usual ones.

    Raises:
        RefusedError: `directory` is not empty.
    """
    building.make_directory(directory)
    began, gateway = world.clock(), dead_gateway(world.proc)
    played = scenarios() if played is None else played
    reporter.begin("rehearsing", len(played))
    trees: list[DrillTree] = []
    results: list[DrillResult] = []
    for version in Version:
        own = [scenario for scenario in played if scenario.version is version]
        if not own:
            continue
        tree = build_tree(directory / version.value, own, gateway, world.clock())
        examined = _examine(world, directory, tree)
        trees.append(examined)
        seen = {report.session.key: report for report in examined.scan.sessions}
        told = zip(own, tree.stories, strict=True)
        results += [DrillResult(scenario, story.key, seen.get(story.key)) for scenario, story in told]
        reporter.advance(len(own))
    reporter.end()
    return DrillReport(directory, tuple(trees), tuple(results), world.clock() - began)


def _examine(world: World, directory: Path, tree: Tree) -> DrillTree:
    began = world.clock()
    alone = replace(world, env={}, home=directory / "home", cwd=directory)
    settings = Settings(world=alone, state_dir=tree.state, logs=(str(tree.log),))
    scan = examine(settings, SilentReporter())
    return DrillTree(tree.version, tree.root, tree.log, scan, world.clock() - began)
