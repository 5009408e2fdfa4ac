"""S20, S21, S30: a store that is broken, bloated or newer than this clawmedic."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.model.session import Generation
from clawmedic.triage.checks.check import StoreScene, of_store, size

WAL_FACTOR = 1
WAL_FLOOR_BYTES = 64 * 1000 * 1000


def check(scene: StoreScene) -> Iterable[Finding]:
    """Critical for a store that OpenClaw would read as empty; the newest good copy beside it is named."""
    status = scene.status
    database = status.generation is Generation.SQLITE
    if status.problem:
        code = FindingCode.DATABASE_DAMAGE if database else FindingCode.STORE_CORRUPT
        lines = [status.problem]
        if status.damaged and not database:
            lines.append(
                "OpenClaw reads such a file as empty, and its next write drops every row (openclaw.md 0.6)"
            )
        lines += [f"a good copy: {path}" for path in status.salvage[:3]]
        severity = Severity.CRITICAL if status.damaged else Severity.WARNING
        yield of_store(scene, code, severity, *lines)
    if status.schema_newer:
        yield of_store(
            scene,
            FindingCode.DATABASE_DAMAGE,
            Severity.WARNING,
            f"schema version {status.schema_version} is newer than this clawmedic knows: only what it "
            "recognises was read, and nothing here should be changed by it",
        )
    if status.invalid_rows:
        yield of_store(scene, FindingCode.INVALID_ROW, Severity.ERROR, *status.invalid_rows[:5])
    if not database and status.size_bytes > scene.limits.store_bloat_bytes:
        yield of_store(scene, FindingCode.STORE_BLOAT, Severity.WARNING, f"{size(status.size_bytes)}")
    wal = status.wal_bytes or 0
    if database and wal > max(WAL_FLOOR_BYTES, WAL_FACTOR * status.size_bytes):
        yield of_store(
            scene,
            FindingCode.STORE_BLOAT,
            Severity.WARNING,
            f"write-ahead log {size(wal)} beside a database of {size(status.size_bytes)}",
        )
