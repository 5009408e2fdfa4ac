"""Every file that belongs to an agent's sessions, classified by name: the sessions directory and its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from clawmedic.disk.files import Listed, list_directory
from clawmedic.stores.names import Artefact, ArtefactKind, classify_listed

IMPORT_ARCHIVE = "session-sqlite-import-archive"
"""Where the migration to SQLite leaves the old transcripts and stores, beside `sessions/` (openclaw-sqlite.md 6)."""


def collect(sessions: Iterable[Path], agent_dir: Path | None) -> tuple[Artefact, ...]:
    """Files of the sessions directories, their `cold/`, the import archive, and quarantined databases.

    Directories that are missing or unreadable give nothing; directories themselves are left out.
    """
    found: list[Artefact] = []
    for directory in sessions:
        found += _files(directory)
        found += beside(directory, None)
    return (*found, *_quarantined(agent_dir))


def beside(sessions: Path, agent_dir: Path | None) -> list[Artefact]:
    """As `collect` for one sessions directory, without what stands in it."""
    return [*_files(sessions / "cold"), *_files(sessions.parent / IMPORT_ARCHIVE), *_quarantined(agent_dir)]


def of_listing(listing: Iterable[Listed], paths: Mapping[str, Path] = MappingProxyType({})) -> list[Artefact]:
    """A directory listing as artefacts; `paths` are those that are known already, by their names."""
    return [classify_listed(listed, paths.get(listed.name)) for listed in listing if not listed.is_directory]


def _quarantined(agent_dir: Path | None) -> list[Artefact]:
    if agent_dir is None:
        return []
    return [item for item in _files(agent_dir) if item.kind is ArtefactKind.DATABASE_CORRUPT]


def _files(directory: Path) -> list[Artefact]:
    try:
        return of_listing(list_directory(directory))
    except OSError:
        return []
