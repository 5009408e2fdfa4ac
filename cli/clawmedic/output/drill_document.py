"""`clawmedic.drill/1`: what was made, found, named, what helped, and whether all of it is as promised."""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.drill.report import DrillReport, DrillResult, DrillScene, Treated, TroubleResult
from clawmedic.drill.scenario import Asked, Helped
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.session import Generation
from clawmedic.model.verdict import Verdict
from clawmedic.output.operations_documents import PROOF, proof_document
from clawmedic.output.schemas import COUNT, FLAG, TEXT, Schema, document, list_of, one_of, or_null, record
from clawmedic.output.sink import JsonValue

REHEARSED: Schema = record(
    name=TEXT,
    scene=TEXT,
    openclaw_version=TEXT,
    key=TEXT,
    expected=record(
        verdict=one_of(Verdict),
        cause_any_of=list_of(or_null(one_of(Cause))),
        findings=list_of(one_of(FindingCode)),
        asked=one_of(Asked),
        helped=one_of(Helped),
        after=one_of(Verdict),
    ),
    verdict=or_null(one_of(Verdict)),
    cause=or_null(one_of(Cause)),
    findings=list_of(one_of(FindingCode)),
    evidence=TEXT,
    treatment=or_null(
        record(
            helped=one_of(Helped),
            rungs=list_of(TEXT),
            proof=or_null(PROOF),
            after=or_null(one_of(Verdict)),
            entries_lost=COUNT,
            undone=or_null(FLAG),
            files_that_differ=list_of(TEXT),
            told=list_of(TEXT),
            advice=list_of(TEXT),
        )
    ),
    right=FLAG,
    complaints=list_of(TEXT),
)
STORE_TROUBLE: Schema = record(
    name=TEXT,
    scene=TEXT,
    openclaw_version=TEXT,
    finding=one_of(FindingCode),
    severity=or_null(one_of(Severity)),
    evidence=list_of(TEXT),
    right=FLAG,
    complaints=list_of(TEXT),
)
DRILL_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.drill/1": document(
        "clawmedic.drill/1",
        directory=or_null(TEXT),
        elapsed_ms=COUNT,
        right=COUNT,
        wrong=COUNT,
        trees=list_of(
            record(
                scene=TEXT,
                openclaw_version=TEXT,
                generation=one_of(Generation),
                state_dir=or_null(TEXT),
                log=or_null(TEXT),
                elapsed_ms=COUNT,
            )
        ),
        sessions=list_of(REHEARSED),
        stores=list_of(STORE_TROUBLE),
    )
}


def drill_document(report: DrillReport, *, kept: bool) -> Mapping[str, JsonValue]:
    """The document. `directory` and each `state_dir` are null when nothing was kept."""
    wrong = len(report.wrong)
    return {
        "schema": "clawmedic.drill/1",
        "directory": str(report.directory) if kept else None,
        "elapsed_ms": report.elapsed_ms,
        "right": len(report.results) + len(report.troubles) - wrong,
        "wrong": wrong,
        "trees": [_tree(scene, kept=kept) for scene in report.scenes],
        "sessions": [_session(scene, result) for scene in report.scenes for result in scene.results],
        "stores": [_store(scene, trouble) for scene in report.scenes for trouble in scene.troubles],
    }


def _tree(scene: DrillScene, *, kept: bool) -> Mapping[str, JsonValue]:
    return {
        "scene": scene.scene.directory,
        "openclaw_version": scene.scene.version.value,
        "generation": scene.scan.generation.value,
        "state_dir": str(scene.root / "state") if kept else None,
        "log": str(scene.log) if kept else None,
        "elapsed_ms": scene.elapsed_ms,
    }


def _session(scene: DrillScene, result: DrillResult) -> Mapping[str, JsonValue]:
    scenario, promise = result.scenario, result.scenario.promise
    findings: list[JsonValue] = (
        [finding.code.value for finding in result.report.findings] if result.report else []
    )
    return {
        "name": scenario.name,
        "scene": scene.scene.directory,
        "openclaw_version": scenario.version.value,
        "key": result.key,
        "expected": {
            "verdict": scenario.verdict.value,
            "cause_any_of": [_code(cause) for cause in scenario.causes],
            "findings": [code.value for code in scenario.findings],
            "asked": promise.asked.value,
            "helped": promise.helped.value,
            "after": (promise.after or scenario.verdict).value,
        },
        "verdict": result.verdict.value if result.verdict else None,
        "cause": _code(result.cause),
        "findings": findings,
        "evidence": result.evidence,
        "treatment": _treatment(result.treated) if result.treated else None,
        "right": result.right,
        "complaints": list(result.complaints),
    }


def _treatment(treated: Treated) -> Mapping[str, JsonValue]:
    return {
        "helped": treated.helped.value,
        "rungs": list(treated.rungs),
        "proof": proof_document(treated.proof),
        "after": treated.after.value if treated.after else None,
        "entries_lost": treated.lost,
        "undone": treated.undone,
        "files_that_differ": list(treated.differs),
        "told": list(treated.told),
        "advice": list(treated.advice),
    }


def _store(scene: DrillScene, result: TroubleResult) -> Mapping[str, JsonValue]:
    finding = result.finding
    return {
        "name": result.trouble.name,
        "scene": scene.scene.directory,
        "openclaw_version": scene.scene.version.value,
        "finding": result.trouble.code.value,
        "severity": finding.severity.value if finding else None,
        "evidence": list(finding.evidence) if finding else [],
        "right": not result.complaints,
        "complaints": list(result.complaints),
    }


def _code(cause: Cause | None) -> str | None:
    return cause.value if cause else None
