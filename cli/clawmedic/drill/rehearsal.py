"""The rehearsal: make state directories full of trouble, examine them, compare."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from clawmedic.disk import building
from clawmedic.drill.builder_files import write_files_tree
from clawmedic.drill.builder_sqlite import write_sqlite_tree
from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.ids import Ids
from clawmedic.drill.nobody import DeadProcess, closed_port, dead_process
from clawmedic.drill.report import DrillReport, DrillResult, DrillTree
from clawmedic.drill.scenarios import Scenario, scenarios
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.reporter import Reporter
from clawmedic.model.session import Generation
from clawmedic.settings import Settings, World
from clawmedic.triage.examine import examine

SLOT_MS = 600_000
"""Each story has ten minutes of its own: no two share a moment of the log."""


def rehearse(world: World, directory: Path, reporter: Reporter) -> DrillReport:
    """Make a state directory of each release in `directory`, examine each, and compare with what is right.

    The environment, the home directory and a running OpenClaw of the user are out of reach: the examination sees
    an empty environment and a home inside `directory`.

    Raises:
        RefusedError: `directory` exists and is not empty.
    """
    building.make_directory(directory)
    began = world.clock()
    gateway, port = dead_process(world.proc), closed_port()
    played = scenarios()
    reporter.begin("drill", 2 * len(played))
    trees: list[DrillTree] = []
    results: list[DrillResult] = []
    for version in Version:
        own = [scenario for scenario in played if scenario.version is version]
        tree = _build(world, directory, version, own, gateway, port)
        reporter.advance(len(own))
        examined = _examine(world, directory, tree, reporter)
        reporter.advance(len(own))
        trees.append(examined)
        seen = {report.session.key: report for report in examined.scan.sessions}
        told = zip(own, tree.stories, strict=True)
        results += [DrillResult(scenario, story.key, seen.get(story.key)) for scenario, story in told]
    reporter.end()
    return DrillReport(directory, tuple(trees), tuple(results), world.clock() - began)


def build_tree(world: World, root: Path, version: Version, played: list[Scenario]) -> Tree:
    """One state directory with the given scenarios: `root/state` and `root/logs`."""
    return _build(world, root.parent, version, played, dead_process(world.proc), closed_port(), root=root)


def _build(  # noqa: PLR0913 - what a tree is made of
    world: World,
    directory: Path,
    version: Version,
    played: list[Scenario],
    gateway: DeadProcess,
    port: int,
    *,
    root: Path | None = None,
) -> Tree:
    first = world.clock() - (len(played) + 2) * SLOT_MS
    stories = [_tell(scenario, number, first) for number, scenario in enumerate(played)]
    root = root or directory / version.value
    tree = Tree(root, version, first - SLOT_MS // 2, gateway, port, stories)
    write = write_sqlite_tree if version.generation is Generation.SQLITE else write_files_tree
    write(tree)
    return tree


def _tell(scenario: Scenario, number: int, first: int) -> Story:
    chat = f"-100{(tuple(Version).index(scenario.version) + 1) * 1000 + number:010d}"
    key = f"agent:main:telegram:group:{chat}"
    ids = Ids(f"{scenario.version}:{scenario.name}")
    story = Story(scenario.version, key, chat, first + number * SLOT_MS, ids, scenario.rpc)
    scenario.tell(story)
    return story


def _examine(world: World, directory: Path, tree: Tree, reporter: Reporter) -> DrillTree:
    began = world.clock()
    alone = replace(world, env={}, home=directory / "home", cwd=directory)
    settings = Settings(world=alone, state_dir=tree.state, logs=(str(tree.log),))
    scan = examine(settings, reporter)
    return DrillTree(tree.version, tree.root, scan, world.clock() - began)
