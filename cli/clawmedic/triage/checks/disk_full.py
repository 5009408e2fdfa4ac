"""S35: no room left where the store lives."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.logs.signals import SignalKind
from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.checks.check import StoreScene, clock, of_store, size

FULL_BYTES = 64 * 1000 * 1000
RECENT_MS = 24 * 3600 * 1000


def check(scene: StoreScene) -> Iterable[Finding]:
    """Critical when almost nothing is free; a warning when the log said so within a day."""
    free = scene.state.free_bytes
    if free is not None and free < FULL_BYTES:
        yield of_store(scene, FindingCode.DISK_FULL, Severity.CRITICAL, f"{size(free)} free")
    said = [
        signal
        for signal in scene.book.gateway_wide
        if signal.kind is SignalKind.DISK_FULL and scene.now - (signal.at or 0) < RECENT_MS
    ]
    if said:
        newest = said[-1]
        yield of_store(
            scene,
            FindingCode.DISK_FULL,
            Severity.WARNING,
            f"{newest.record.source}:{newest.record.line} ({clock(newest.at)}): {newest.record.text[:200]}",
            at=newest.at,
        )
