"""S10, S19, S34: files in the sessions directory that nothing refers to, backups without bound, leftovers."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.stores.names import ArtefactKind
from clawmedic.triage.checks.check import StoreScene, of_store, size

SPRAWL_FILES = 200
SPRAWL_BYTES = 1000 * 1000 * 1000
LEFTOVER_AGE_MS = 300_000
"""OpenClaw itself calls a temporary stale after 300 s (openclaw.md 6.2)."""

_BACKUPS = frozenset(
    {
        ArtefactKind.RESET,
        ArtefactKind.DELETED,
        ArtefactKind.BAK,
        ArtefactKind.REPAIR,
        ArtefactKind.CHECKPOINT,
        ArtefactKind.CORRUPT,
        ArtefactKind.DOCTOR,
        ArtefactKind.FOREIGN,
        ArtefactKind.STORE_BACKUP,
    },
)
_LEFTOVERS = frozenset({ArtefactKind.TEMP, ArtefactKind.STORE_TEMP})


def check(scene: StoreScene) -> Iterable[Finding]:
    """Notes, and a warning where backups grow without bound."""
    unmatched = [orphan for orphan in scene.orphans if orphan.key is None and not orphan.continued]
    if unmatched:
        lines = [f"{orphan.path.name}: {size(orphan.size_bytes)}" for orphan in unmatched[:5]]
        if len(unmatched) > len(lines):
            lines.append(f"and {len(unmatched) - len(lines)} more")
        yield of_store(scene, FindingCode.ORPHAN_TRANSCRIPT, Severity.INFO, *lines)
    backups = [artefact for artefact in scene.artefacts if artefact.kind in _BACKUPS]
    total = sum(artefact.size_bytes for artefact in backups)
    if len(backups) > SPRAWL_FILES or total > SPRAWL_BYTES:
        yield of_store(
            scene,
            FindingCode.BACKUP_SPRAWL,
            Severity.WARNING,
            f"{len(backups)} archived copies, {size(total)}",
        )
    leftovers = [
        artefact
        for artefact in scene.artefacts
        if artefact.kind in _LEFTOVERS and scene.now - (artefact.mtime_ms or scene.now) > LEFTOVER_AGE_MS
    ]
    if leftovers:
        names = ", ".join(artefact.path.name for artefact in leftovers[:3])
        yield of_store(
            scene, FindingCode.LEFTOVER_TEMPS, Severity.INFO, f"{len(leftovers)} left over: {names}"
        )
    broken = [artefact for artefact in scene.artefacts if artefact.kind is ArtefactKind.DATABASE_CORRUPT]
    if broken:
        names = ", ".join(artefact.path.name for artefact in broken[:3])
        yield of_store(
            scene, FindingCode.DATABASE_DAMAGE, Severity.WARNING, f"quarantined by OpenClaw: {names}"
        )
