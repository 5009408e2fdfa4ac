"""The rehearsal: make state directories full of trouble, examine each, treat each session, take all of it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from clawmedic.disk import building
from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.keeping import Fingerprint
from clawmedic.drill.nobody import dead_gateway, drill_table
from clawmedic.drill.report import DrillReport, DrillResult, DrillScene, TroubleResult
from clawmedic.drill.scenario import Asked, Promise, Scenario, StoreTrouble
from clawmedic.drill.scenes import Scene, scenes
from clawmedic.drill.treating import Bedside, Patient, Watcher
from clawmedic.model.outcome import RungResult
from clawmedic.model.report import ScanReport
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Generation
from clawmedic.operations.run import mutating_run
from clawmedic.recovery.rung import Rung
from clawmedic.recovery.table import RUNGS
from clawmedic.settings import Settings, World
from clawmedic.triage.examine import examine


class Audience(Watcher, Protocol):
    """Watches a drill."""

    def enter(self, scene: Scene) -> None:
        """A state directory is about to be made."""

    def saw(self, result: DrillResult | TroubleResult) -> None:
        """A session was judged, treated and put back, or a store's trouble was looked for."""

    def leave(self, scene: DrillScene) -> None:
        """All of a state directory has been seen."""


class NoAudience:
    """Watches nothing."""

    def begins(self, key: str, rung: str, sentence: str) -> None:
        """Ignored."""

    def ended(self, key: str, result: RungResult) -> None:
        """Ignored."""

    def enter(self, scene: Scene) -> None:
        """Ignored."""

    def treats(self, scenario: Scenario) -> None:
        """Ignored."""

    def saw(self, result: DrillResult | TroubleResult) -> None:
        """Ignored."""

    def leave(self, scene: DrillScene) -> None:
        """Ignored."""


def rehearse(
    world: World,
    directory: Path,
    audience: Audience,
    *,
    played: Sequence[Scene] | None = None,
    rungs: Sequence[Rung] = RUNGS,
) -> DrillReport:
    """Make state directories in `directory`, and for each session: judge, treat, prove, undo, compare every byte.

    The environment, the home directory and an OpenClaw that runs here are out of reach: all of it happens with an empty
    environment and a home inside `directory`, which holds the journal too. In the end everything lies there as it was
    made, besides verified copies.

    Args:
        world: only its clock, process table and limits count.
        directory: where the trees are made; not there yet, or empty.
        audience: is told as it goes.
        played: other scenes than the usual ones.
        rungs: another ladder.

    Raises:
        RefusedError: `directory` is not empty, or cannot be written.
    """
    building.make_directory(directory)
    began, gone = world.clock(), dead_gateway(world.proc)
    alone = replace(world, env={}, home=directory / "home", cwd=directory, tmp=directory)
    done: list[DrillScene] = []
    for scene in scenes() if played is None else played:
        audience.enter(scene)
        with scene.made(directory, gone, world.proc, world.clock()) as tree:
            done.append(_play(alone, scene, tree, audience, rungs))
        audience.leave(done[-1])
    return DrillReport(directory, tuple(done), world.clock() - began)


def _play(world: World, scene: Scene, tree: Tree, audience: Audience, rungs: Sequence[Rung]) -> DrillScene:
    began = world.clock()
    proc = drill_table(tree.root / "proc", world.proc, tree.gateway)
    settings = Settings(replace(world, proc=proc), state_dir=tree.state, logs=(str(tree.log),))
    scan = examine(settings, SilentReporter())
    judged = world.clock() - began
    troubles = tuple(_trouble(trouble, scan) for trouble in scene.troubles)
    for trouble in troubles:
        audience.saw(trouble)
    results: list[DrillResult] = []
    if scene.readable:
        before = Fingerprint.of(tree.state)
        with mutating_run(settings) as run:
            for result in _treat(Bedside(run, before, rungs, audience), scene, tree, scan):
                audience.saw(result)
                results.append(result)
    took = world.clock() - began
    return DrillScene(scene, tree.root, tree.log, scan, tuple(results), troubles, judged, took)


def _treat(bedside: Bedside, scene: Scene, tree: Tree, scan: ScanReport) -> Iterator[DrillResult]:
    seen = {report.session.key: report for report in scan.sessions}
    patients = [Patient(one, story) for one, story in zip(scene.played, tree.stories, strict=True)]
    for group in _together(patients):
        for patient, treated in zip(group, bedside.treat(group), strict=True):
            key = patient.story.key
            yield DrillResult(patient.scenario, key, seen.get(key), treated)


def _together(patients: Sequence[Patient]) -> Iterator[list[Patient]]:
    """Sessions for which help is asked in one call: those of which nothing is to be changed.

    So one outage of a provider is seen as one. Each of the others has a call, and an undo, of its own.
    """
    for kind, group in groupby(patients, key=_kind):
        if kind is not None:
            yield list(group)
        else:
            yield from ([patient] for patient in group)


def _kind(patient: Patient) -> tuple[Asked, bool] | None:
    scenario = patient.scenario
    promise: Promise = scenario.promise
    if promise.helped.changes or promise.first:
        return None
    return promise.asked, scenario.version.generation is Generation.SQLITE


def _trouble(trouble: StoreTrouble, scan: ScanReport) -> TroubleResult:
    found = (finding for finding in scan.store_findings if finding.code is trouble.code)
    fitting = [one for one in found if one.severity is trouble.severity] or [
        one for one in scan.store_findings if one.code is trouble.code
    ]
    return TroubleResult(trouble, fitting[0] if fitting else None)
