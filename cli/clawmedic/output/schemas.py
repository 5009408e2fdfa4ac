"""JSON Schemas (draft 2020-12) of everything `--json` writes, by the document's `schema` name.

A reader must ignore fields it does not know: fields are added within a version, never renamed or removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clawmedic.model.cause import Cause, CauseKind, Struck
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.incident import IncidentOutcome
from clawmedic.model.session import Generation, Liveness
from clawmedic.model.verdict import Verdict
from clawmedic.output.sink import JsonValue

Schema = Mapping[str, JsonValue]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {
    "type": "string",
    "description": "ISO 8601, UTC, milliseconds",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
}
ISSUE: Schema = {"type": "string", "pattern": "^openclaw#[0-9]+$"}


def one_of(words: Iterable[str]) -> Schema:
    """A word out of a closed list."""
    return {"type": "string", "enum": list[JsonValue](str(word) for word in words)}


def or_null(schema: Schema) -> Schema:
    """The same, or null where nothing is known."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(items: Schema) -> Schema:
    """An array of equal items."""
    return {"type": "array", "items": items}


def record(**properties: Schema) -> Schema:
    """An object; every named field is always there."""
    return {"type": "object", "required": list[JsonValue](properties), "properties": dict(properties)}


def document(name: str, **properties: Schema) -> Schema:
    """A whole document: an object whose `schema` field has this name."""
    body = record(schema={"const": name}, **properties)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **body}


FINDING = record(
    code=one_of(FindingCode),
    severity=one_of(Severity),
    evidence=list_of(TEXT),
    remedy=TEXT,
    subject=TEXT,
    at=or_null(TIME),
    acknowledged=FLAG,
)
SESSION = record(
    key=TEXT,
    agent=TEXT,
    session_id=TEXT,
    verdict=one_of(Verdict),
    status=or_null(TEXT),
    size_bytes=COUNT,
    entries=or_null(COUNT),
    tokens=or_null(NUMBER),
    budget_tokens=or_null(NUMBER),
    updated_at=or_null(TIME),
    cause=or_null(one_of(Cause)),
    findings=list_of(FINDING),
    why=TEXT,
    model=or_null(TEXT),
    unanswered=list_of(record(source=TEXT, state=TEXT, at=or_null(TIME), characters=COUNT)),
)
INCIDENT = record(
    key=or_null(TEXT),
    session_id=or_null(TEXT),
    started_at=or_null(TIME),
    ended_at=or_null(TIME),
    cause=one_of(Cause),
    kind=one_of(CauseKind),
    struck=one_of(Struck),
    confidence={"type": "number", "minimum": 0, "maximum": 1},
    outcome=one_of(IncidentOutcome),
    attempts=list_of(record(**{"at": or_null(TIME), "model": TEXT, "trigger": TEXT, "class": TEXT})),
    count=COUNT,
    evidence=list_of(record(source=TEXT, line=or_null(NUMBER), at=or_null(TIME), text=TEXT)),
    remedies=list_of(TEXT),
    upstream=list_of(ISSUE),
    provider=TEXT,
)
HEAD: Mapping[str, Schema] = {
    "state_dir": TEXT,
    "generation": one_of(Generation),
    "openclaw_version": or_null(TEXT),
    "scanned_at": or_null(TIME),
    "totals": record(**{verdict.value: COUNT for verdict in Verdict}),
}
GATEWAY = record(
    pid=or_null(NUMBER),
    port=or_null(NUMBER),
    started_at=or_null(TIME),
    liveness=one_of(Liveness),
    listening=or_null(FLAG),
    why=TEXT,
)
EXPLANATION = record(
    code=one_of(sorted({*FindingCode, *Cause})),
    title=TEXT,
    meaning=TEXT,
    detected=TEXT,
    helps=list_of(TEXT),
    does_not_help=list_of(TEXT),
    upstream=list_of(ISSUE),
)

SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.scan/1": document(
        "clawmedic.scan/1",
        **HEAD,
        sessions=list_of(SESSION),
        store_findings=list_of(FINDING),
        log_sources=list_of(TEXT),
        problems=list_of(TEXT),
    ),
    "clawmedic.diagnosis/1": document("clawmedic.diagnosis/1", incidents=list_of(INCIDENT)),
    "clawmedic.chart/1": document(
        "clawmedic.chart/1",
        session=SESSION,
        unanswered=list_of(record(source=TEXT, state=TEXT, at=or_null(TIME), characters=COUNT, text=TEXT)),
        incidents=list_of(INCIDENT),
        anatomy=list_of(record(label=TEXT, bytes=COUNT, entries=COUNT)),
        largest=list_of(record(line=COUNT, kind=TEXT, bytes=COUNT)),
        timeline=list_of(record(at=or_null(TIME), kind=TEXT, text=TEXT)),
        siblings=list_of(TEXT),
        treatment=list_of(TEXT),
    ),
    "clawmedic.explanations/1": document("clawmedic.explanations/1", explanations=list_of(EXPLANATION)),
    "clawmedic.info/1": document(
        "clawmedic.info/1",
        **HEAD,
        sessions=COUNT,
        agents=list_of(TEXT),
        gateways=list_of(GATEWAY),
        log_sources=list_of(TEXT),
        config_path=or_null(TEXT),
        own_config=or_null(TEXT),
        data_folder=TEXT,
        policy=or_null(TEXT),
        settings=list_of(record(name=TEXT, value={}, chosen=FLAG)),
        problems=list_of(TEXT),
    ),
    "clawmedic.acks/1": document(
        "clawmedic.acks/1",
        acks=list_of(
            record(
                agent=TEXT,
                key=TEXT,
                session_id=TEXT,
                code=TEXT,
                at=or_null(TIME),
                acknowledged_at=or_null(TIME),
            )
        ),
    ),
    "clawmedic.error/1": document("clawmedic.error/1", code=TEXT, message=TEXT, hint=TEXT),
}
