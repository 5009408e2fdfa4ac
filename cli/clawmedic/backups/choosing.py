"""Which copy, or which key, the operator means."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from clawmedic.errors import AmbiguousError, NotFoundError
from clawmedic.model.backup import Archive, Backup, BackupKind, Lineage

_SHOWN = 5
_LEAST_PREFIX = 3


def choose(archive: Archive, wanted: str) -> Backup:
    """The one copy meant: by id (or the beginning of one), by path or file name, else the best copy of a key.

    Raises:
        NotFoundError, AmbiguousError: none, or several.
    """
    word = wanted.strip()
    if not word:
        raise NotFoundError("an empty word names no backup", hint="`clawmedic backups list` lists all")
    folded = word.lower()
    for fits in (
        [item for item in archive.backups if item.id == folded],
        [item for item in archive.backups if item.place.is_file and word in (str(item.path), item.path.name)],
        [item for item in archive.backups if len(folded) >= _LEAST_PREFIX and item.id.startswith(folded)],
        _of_key(archive, word),
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise _ambiguous(fits, wanted)
    raise NotFoundError(
        f"no such backup: {wanted}", hint="`clawmedic backups list` lists all, with their ids"
    )


def _of_key(archive: Archive, word: str) -> list[Backup]:
    try:
        lineage = choose_key(archive, word)
    except AmbiguousError:
        raise
    except NotFoundError:
        return []
    return [lineage.best] if lineage.best is not None else []


def choose_key(archive: Archive, wanted: str) -> Lineage:
    """The one key meant: exactly, by a session id behind it, or by a part that fits only one.

    Raises:
        NotFoundError, AmbiguousError: none, or several.
    """
    folded = wanted.strip().casefold()
    for fits in (
        [item for item in archive.lineages if item.key == wanted],
        [item for item in archive.lineages if any(link.session_id == wanted for link in item.chain)],
        [item for item in archive.lineages if folded and folded in item.key.casefold()],
        [
            item
            for item in archive.lineages
            if folded and any(link.session_id.startswith(folded) for link in item.chain)
        ],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            names = ", ".join(item.key for item in fits[:_SHOWN])
            more = f" and {len(fits) - _SHOWN} more" if len(fits) > _SHOWN else ""
            raise AmbiguousError(
                f"{wanted!r} fits {len(fits)} keys: {names}{more}", hint="give more of the key"
            )
    raise NotFoundError(f"no copies of {wanted}", hint="`clawmedic backups list` lists every key")


def narrow(
    archive: Archive,
    *,
    key: str | None = None,
    kinds: Collection[BackupKind] = (),
    orphans: bool = False,
    since: int | None = None,
) -> tuple[Backup, ...]:
    """The copies that fit, in the archive's order.

    Args:
        archive: what to choose from.
        key: only this key's (see `choose_key`).
        kinds: only these; none means all.
        orphans: only copies that no row points to and that nothing but a guess ties to a key, or nothing at all.
        since: epoch milliseconds: put aside, or last written to, at that time or later.

    Raises:
        NotFoundError, AmbiguousError: as `choose_key`.
    """
    pool: Sequence[Backup] = archive.backups if key is None else choose_key(archive, key).copies
    return tuple(
        item
        for item in pool
        if (not kinds or item.kind in kinds)
        and (not orphans or _is_loose(item))
        and (since is None or item.at is None or item.at >= since)
    )


def _is_loose(item: Backup) -> bool:
    return item.kind is BackupKind.ORPHAN or (item.key is None and item.kind.is_transcript)


def relative(path: Path, root: Path) -> str:
    """A path for people: within the state directory, without it."""
    try:
        return str(path.relative_to(root))
    except ValueError:
        return str(path)


def _ambiguous(fits: Sequence[Backup], wanted: str) -> AmbiguousError:
    names = ", ".join(f"{item.id} ({item.kind.value} {item.path.name})" for item in fits[:_SHOWN])
    more = f" and {len(fits) - _SHOWN} more" if len(fits) > _SHOWN else ""
    return AmbiguousError(f"{wanted!r} fits {len(fits)} backups: {names}{more}", hint="give more of the id")
