"""The drill's page: what was made, what was found, right or wrong; and its JSON document."""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.drill.report import DrillReport, DrillResult, DrillTree
from clawmedic.model.cause import Cause
from clawmedic.output.palette import VERDICTS, cause_word
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.output.sink import JsonValue
from clawmedic.output.text import visible

RIGHT, WRONG = Cell("✔", "green"), Cell("✖", "bold red")
COLUMNS = (
    Column(""),
    Column("what was made"),
    Column("verdict"),
    Column("cause"),
    Column("the evidence", flexible=True, loses="end"),
)
GENERATIONS = {"files": "sessions.json and JSONL", "sqlite": "SQLite"}


def show_drill(screen: Screen, report: DrillReport, *, kept: bool) -> None:
    """The whole page. `kept` says that the directories are still there and how to look at them."""
    screen.line(
        f"{len(report.results)} sessions that died, hung, were damaged or are well, in {len(report.trees)} "
        "state directories made for this drill. No OpenClaw was needed, none was touched."
    )
    for tree in report.trees:
        _show_tree(screen, report, tree)
    _show_sum(screen, report)
    screen.blank()
    if kept:
        screen.line("The directories are kept. Look at them yourself:")
        for tree in report.trees:
            screen.exact("", f"clawmedic scan --state-dir {tree.root / 'state'} --log {tree.log}", room=0)
    else:
        screen.line("Nothing is left of it. Your own sessions:")
        screen.exact("", "clawmedic scan", room=0)


def _show_tree(screen: Screen, report: DrillReport, tree: DrillTree) -> None:
    own = [result for result in report.results if result.scenario.version is tree.version]
    screen.blank()
    kind = GENERATIONS[tree.scan.generation.value]
    screen.line(
        (f"OpenClaw {tree.version}", "bold"), (f"  {kind}, examined in {tree.elapsed_ms / 1000:.2f} s", "dim")
    )
    screen.table(COLUMNS, [_row(result) for result in own])
    for result in own:
        if not result.right:
            screen.line((f"✖ {result.scenario.name}: {_complaint(result)}", "bold red"))


def _row(result: DrillResult) -> tuple[Cell, ...]:
    verdict = VERDICTS[result.verdict] if result.verdict else None
    return (
        RIGHT if result.right else WRONG,
        Cell(result.scenario.name),
        Cell(verdict.label, verdict.style) if verdict else Cell("not seen", "bold red"),
        Cell(cause_word(result.cause)),
        Cell(visible(result.evidence.splitlines()[0] if result.evidence else ""), "dim"),
    )


def _complaint(result: DrillResult) -> str:
    expected = (
        f"expected {result.scenario.verdict}, cause {' or '.join(map(cause_word, result.scenario.causes))}"
    )
    return expected + (f"; finding {', '.join(result.missing)} is missing" if result.missing else "")


def _show_sum(screen: Screen, report: DrillReport) -> None:
    right, wrong = len(report.results) - len(report.wrong), len(report.wrong)
    screen.blank()
    style = "bold red" if wrong else "bold green"
    screen.line(
        (f"{right} of {len(report.results)} judged right", style), f" in {report.elapsed_ms / 1000:.1f} s."
    )


def drill_document(report: DrillReport, *, kept: bool) -> Mapping[str, JsonValue]:
    """`clawmedic.drill/1`. `directory` and each `state_dir` are null when nothing was kept."""
    trees: list[JsonValue] = [
        {
            "openclaw_version": tree.version.value,
            "generation": tree.scan.generation.value,
            "state_dir": str(tree.root / "state") if kept else None,
            "log": str(tree.log) if kept else None,
            "elapsed_ms": tree.elapsed_ms,
        }
        for tree in report.trees
    ]
    return {
        "schema": "clawmedic.drill/1",
        "directory": str(report.directory) if kept else None,
        "elapsed_ms": report.elapsed_ms,
        "right": len(report.results) - len(report.wrong),
        "wrong": len(report.wrong),
        "trees": trees,
        "sessions": [_session(result) for result in report.results],
    }


def _session(result: DrillResult) -> Mapping[str, JsonValue]:
    findings: list[JsonValue] = (
        [finding.code.value for finding in result.report.findings] if result.report else []
    )
    return {
        "name": result.scenario.name,
        "openclaw_version": result.scenario.version.value,
        "key": result.key,
        "expected": {
            "verdict": result.scenario.verdict.value,
            "cause_any_of": [_code(cause) for cause in result.scenario.causes],
            "findings": [code.value for code in result.scenario.findings],
        },
        "verdict": result.verdict.value if result.verdict else None,
        "cause": _code(result.cause),
        "findings": findings,
        "evidence": result.evidence,
        "right": result.right,
    }


def _code(cause: Cause | None) -> str | None:
    return cause.value if cause else None
