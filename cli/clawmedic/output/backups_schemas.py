"""JSON Schemas (draft 2020-12) of what the `backups` commands write."""

from __future__ import annotations

from collections.abc import Mapping

from clawmedic.backups.compare import Side
from clawmedic.backups.conversation import Voice
from clawmedic.model.backup import BackupKind, BackupState, Codec, Overlap
from clawmedic.output.schemas import (
    COUNT,
    FLAG,
    TEXT,
    TIME,
    Schema,
    document,
    list_of,
    one_of,
    or_null,
    record,
)

BACKUP = record(
    id=TEXT,
    key=or_null(TEXT),
    session_id=TEXT,
    kind=one_of(BackupKind),
    state=one_of(BackupState),
    path=TEXT,
    bytes=COUNT,
    entries=COUNT,
    messages=COUNT,
    first_at=or_null(TIME),
    last_at=or_null(TIME),
    overlap=one_of(Overlap),
    unique_entries=COUNT,
    best=FLAG,
    best_reason=TEXT,
    agent=TEXT,
    window=or_null(TEXT),
    codec=one_of(Codec),
    visible_messages=COUNT,
    missing_entries=COUNT,
    archived_at=or_null(TIME),
    key_reason=TEXT,
    referenced=FLAG,
    note=TEXT,
)
LINEAGE = record(
    key=TEXT,
    distinct_entries=COUNT,
    best=or_null(TEXT),
    chain=list_of(
        record(session_id=TEXT, first_at=or_null(TIME), last_at=or_null(TIME), copies=list_of(TEXT), how=TEXT)
    ),
    gaps=list_of(record(after=or_null(TIME), before=or_null(TIME), reason=TEXT)),
)
ITEM = record(
    number=COUNT,
    id=TEXT,
    at=or_null(TIME),
    voice=one_of(Voice),
    text=TEXT,
    calls=list_of(record(name=TEXT, arguments=TEXT)),
    thinking=TEXT,
    failure=TEXT,
    tool=TEXT,
    model=TEXT,
    on_branch=FLAG,
    cut_chars=COUNT,
)
HIT = record(
    backup=TEXT,
    key=or_null(TEXT),
    kind=one_of(BackupKind),
    number=COUNT,
    entry_id=TEXT,
    at=or_null(TIME),
    voice=one_of(Voice),
    excerpts=list_of(record(text=TEXT, spans=list_of(list_of(COUNT)))),
    also=list_of(TEXT),
)
MARK = or_null(record(number=COUNT, id=TEXT, at=or_null(TIME), voice=one_of(Voice), preview=TEXT))
WRITTEN: Mapping[str, Schema] = {"backup": BACKUP, "path": TEXT, "bytes": COUNT, "sha256": TEXT}
PRUNE = list_of(record(backup=BACKUP, reason=TEXT))

BACKUP_SCHEMAS: Mapping[str, Schema] = {
    "clawmedic.backups/1": document(
        "clawmedic.backups/1",
        state_dir=TEXT,
        backups=list_of(BACKUP),
        lineages=list_of(LINEAGE),
        problems=list_of(TEXT),
    ),
    "clawmedic.conversation/1": document("clawmedic.conversation/1", backup=BACKUP, items=list_of(ITEM)),
    "clawmedic.search/1": document("clawmedic.search/1", searched=COUNT, stopped=FLAG, hits=list_of(HIT)),
    "clawmedic.diff/1": document(
        "clawmedic.diff/1",
        a=BACKUP,
        b=BACKUP,
        same=COUNT,
        totals=record(**{side.value: COUNT for side in Side}),
        differences=list_of(record(side=one_of(Side), a=MARK, b=MARK, diff=list_of(TEXT))),
    ),
    "clawmedic.export/1": document("clawmedic.export/1", **WRITTEN),
    "clawmedic.restore/1": document(
        "clawmedic.restore/1",
        **WRITTEN,
        entries=COUNT,
        messages=COUNT,
        header_made=FLAG,
        rerooted=COUNT,
        dropped=COUNT,
        visible_messages=COUNT,
        used_tokens=or_null(COUNT),
        used_source=TEXT,
        budget_tokens=or_null(COUNT),
        budget_source=TEXT,
    ),
    "clawmedic.prune/1": document(
        "clawmedic.prune/1",
        done=FLAG,
        bytes=COUNT,
        prunes=PRUNE,
        kept=PRUNE,
        put_aside=list_of(record(id=TEXT, path=TEXT)),
        refused=list_of(record(id=TEXT, reason=TEXT)),
        quarantine=or_null(TEXT),
    ),
}
