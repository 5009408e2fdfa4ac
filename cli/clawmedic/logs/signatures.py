"""From a log record to its meaning: the catalogue applied.

`match` never raises and reads nothing but the record. The rules about what is no failure (benign skips,
optional maintenance) are those of openclaw.md 1.1 and openclaw-channels.md 3.
"""

from __future__ import annotations

import re
from functools import lru_cache

from clawmedic.logs.catalogue_compaction import COMPACTION
from clawmedic.logs.catalogue_runs import GATES, GATEWAY, RUNS, TURNS
from clawmedic.logs.causes import cause_of
from clawmedic.logs.records import Level, LogRecord
from clawmedic.logs.signals import Signal, SignalKind
from clawmedic.logs.signature import Origin, Signature
from clawmedic.logs.transcriptnames import session_id_of
from clawmedic.model.cause import Cause

CATALOGUE: tuple[Signature, ...] = (*COMPACTION, *TURNS, *GATES, *RUNS, *GATEWAY)
"""In order; the first that matches decides."""

_TEXT_MATCHED = 8192
"""Characters of a message that patterns see."""
_CALM = frozenset({Level.TRACE, Level.DEBUG, Level.INFO})
_BENIGN = frozenset({"below_threshold", "deferred_background"})
_BENIGN_UNLESS_REQUIRED = frozenset(
    {"already_compacted", "already_compacted_recently", "no_compactable_entries"}
)
_REQUIRED = frozenset({"overflow", "budget", "cli_budget", "timeout_recovery"})
_FIELD = re.compile(
    r"\b(sessionKey|sessionId|sessionFile|runId|provider|model|reason|from|candidate|candidateProvider|candidateModel)"
    r"=(\"[^\"]*\"|\S+)"
)
_ERROR_FIELDS = re.compile(
    r"\b(rawErrorPreview|rawError|errorPreview|errorMessage|detail|error)="
    r"(?:\"((?:[^\"\\]|\\.)*)\"|(.*?)(?= [a-zA-Z]+=|$))",
    re.DOTALL,
)
_IN_TURN = "threshold"
"""The trigger of a compaction inside a run whose line names none: it refuses no turn by itself."""


def match(record: LogRecord) -> Signal | None:
    """What a record means, None when the catalogue does not know it."""
    text = record.text[:_TEXT_MATCHED]
    for signature in _possible(text[:_OPENING], frozenset(_WORDS.findall(text))):
        if _allowed(signature, record):
            found = signature.pattern.match(text)
            if found is not None:
                return _signal(signature, record, found)
    return None


def _allowed(signature: Signature, record: LogRecord) -> bool:
    """Whether the record's level and its writer fit; `ready` means a boot only where the gateway says so."""
    if record.level in _CALM and not signature.quiet:
        return False
    if signature.origin is not Origin.ANY and (signature.origin is Origin.LOGGER) != bool(record.subsystem):
        return False
    return signature.kind is not SignalKind.GATEWAY_READY or record.subsystem == "gateway"


def _opening(signature: Signature) -> str:
    """The first characters of every text that the pattern matches, "" where they differ."""
    plain = _PLAIN_START.match(signature.source)
    start = plain[0].replace("\\", "") if plain else ""
    return start[:_OPENING] if len(start) >= _OPENING else ""


_OPENING = 5
_PLAIN_START = re.compile(r"(?:(?:\\\[|[A-Za-z0-9 :-])(?![?*+{]))*")
_OPENINGS = {signature: _opening(signature) for signature in CATALOGUE}
_LOOSE = tuple(signature for signature in CATALOGUE if not _OPENINGS[signature])
_WORDS = re.compile(
    "|".join(sorted({re.escape(word.decode()) for loose in _LOOSE for word in loose.literals}))
)


@lru_cache(maxsize=1024)
def _possible(opening: str, words: frozenset[str]) -> tuple[Signature, ...]:
    """The signatures that a text with this beginning and these literals may match, in the catalogue's order."""
    return tuple(
        signature
        for signature in CATALOGUE
        if _OPENINGS[signature] == opening
        or (not _OPENINGS[signature] and any(literal.decode() in words for literal in signature.literals))
    )


def _signal(signature: Signature, record: LogRecord, found: re.Match[str]) -> Signal:
    groups = {name: value for name, value in found.groupdict().items() if value}
    fields = {name: value.strip('"') for name, value in _FIELD.findall(found.string)}
    kind, trigger = _kind_and_trigger(signature.kind, groups, fields)
    file = groups.get("file") or fields.get("sessionFile", "")
    file = file if file.endswith(".jsonl") else ""  # 9.6 has no file and writes the session key there
    detail = groups.get("detail", "")
    return Signal(
        kind=kind,
        record=record,
        key=_key(record, groups, fields),
        session_id=_session_id(record, groups, fields, file),
        session_file=file,
        run_id=groups.get("run") or fields.get("runId", ""),
        model=_model(groups, fields),
        trigger=trigger,
        failure_class=groups.get("klass", ""),
        cause=_cause(kind, detail),
        detail=groups.get("new") or _words(detail),
        estimated_tokens=_number(groups.get("estimated")),
        budget_tokens=_number(groups.get("budget")),
    )


def _kind_and_trigger(
    kind: SignalKind, groups: dict[str, str], fields: dict[str, str]
) -> tuple[SignalKind, str]:
    """The kind after the benign skips are taken out, and what started the compaction."""
    trigger = groups.get("trigger", "")
    if kind is not SignalKind.COMPACTION_FAILED:
        return kind, trigger
    klass = groups.get("klass", "")
    if not trigger:
        trigger = fields.get("reason", "") if not klass else ""
        trigger = trigger if trigger in _REQUIRED | {"manual", _IN_TURN} else _IN_TURN
    if klass in _BENIGN or (klass in _BENIGN_UNLESS_REQUIRED and trigger not in _REQUIRED):
        return SignalKind.COMPACTION_SKIPPED, trigger
    return kind, trigger


def _key(record: LogRecord, groups: dict[str, str], fields: dict[str, str]) -> str:
    if "key" in groups:
        return groups["key"].strip()
    if "tail" in groups and "agent" in groups:
        return f"agent:{groups['agent']}:{groups['tail']}"
    if fields.get("sessionKey", "unknown") != "unknown":
        return fields["sessionKey"]
    return record.session_id if ":" in record.session_id else ""


def _session_id(record: LogRecord, groups: dict[str, str], fields: dict[str, str], file: str) -> str:
    named = groups.get("session") or fields.get("sessionId", "")
    if named and named != "unknown":
        return named
    if file:
        return session_id_of(file)
    return "" if ":" in record.session_id else record.session_id


def _model(groups: dict[str, str], fields: dict[str, str]) -> str:
    """`provider/model`: in prose, as `provider=p/m`, or as two fields."""
    named = groups.get("model") or fields.get("from") or fields.get("candidate") or ""
    if named:
        return named
    provider = fields.get("provider") or fields.get("candidateProvider", "")
    model = fields.get("model") or fields.get("candidateModel", "")
    if "/" in provider or not model:
        return provider if "/" in provider else ""
    return f"{provider}/{model}" if provider else ""


_CAUSELESS = frozenset(
    {SignalKind.COMPACTION_DONE, SignalKind.RUN_OK, SignalKind.PRECHECK, SignalKind.RESUMED}
)


def _cause(kind: SignalKind, detail: str) -> Cause | None:
    """The cause by the raw words first, then by the friendly ones, never by a class."""
    if kind in _CAUSELESS or not detail:
        return None
    candidates = [quoted or plain for _, quoted, plain in _ERROR_FIELDS.findall(detail)]
    named = (cause_of(text) for text in candidates or [detail])
    return next((cause for cause in named if cause is not None), None)


def _words(detail: str) -> str:
    """The part of the detail that names the cause."""
    for _, quoted, plain in _ERROR_FIELDS.findall(detail):
        text: str = quoted or plain
        if cause_of(text) is not None:
            return text
    return detail.strip()


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and len(text) < 16 else None
