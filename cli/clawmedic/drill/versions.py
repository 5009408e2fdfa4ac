"""The three releases whose stores the drill makes: one for each shape on disk."""

from __future__ import annotations

from enum import StrEnum

from clawmedic.model.session import Generation


class Version(StrEnum):
    """A release of OpenClaw: rows, entries and log records differ (openclaw.md 2.3, openclaw-files.md 6)."""

    V4 = "2026.4.15"
    V7 = "2026.7.1"
    V9 = "2026.9.6"

    @property
    def generation(self) -> Generation:
        """How this release keeps its sessions."""
        return Generation.SQLITE if self is Version.V9 else Generation.FILES
