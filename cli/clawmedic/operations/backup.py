"""The verified copy beside a transcript: `<session id>.jsonl.bak.recovered.<UTC stamp>`, the name users look for."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.changes import is_whole
from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import describe, lstat
from clawmedic.disk.journal import Journal, append
from clawmedic.disk.publish import publish_copy
from clawmedic.disk.records import BackedUp
from clawmedic.disk.replace import file_state, require_owner_keepable, temporary_name
from clawmedic.errors import RefusedError

INFIX = ".bak.recovered."


def back_up(journal: Journal, transcript: Path, *, now: int) -> BackedUp:
    """Copy a transcript beside itself, mode 0600, its owner's, never over anything; size and SHA-256 are read back.

    Args:
        journal: of the operation that is about to change the transcript.
        transcript: a regular file.
        now: epoch milliseconds, for the stamp.

    Raises:
        RefusedError: it is missing, no regular file, being written, not ours to keep the owner of, or the disk refuses.
    """
    present = file_state(transcript)
    if present is None:
        raise RefusedError(f"{transcript} has gone", hint="nothing was changed")
    require_owner_keepable(transcript, present)
    path = _free_name(transcript, now)
    record = BackedUp(transcript, path, present.sha256, present.size_bytes)
    append(journal.folder, record)
    publish_copy(
        transcript,
        path,
        temporary=temporary_name(path, journal.begin.operation_id),
        owner=(present.uid, present.gid),
    )
    _require_same(record)
    return record


def backup_stamp(now: int) -> str:
    """A time as OpenClaw's file names write it: `2026-11-23T08-22-26.791Z`; `now` is epoch milliseconds."""
    return f"{datetime.fromtimestamp(now / 1000, tz=UTC):%Y-%m-%dT%H-%M-%S}.{now % 1000:03d}Z"


def discard_backups(journal: Journal) -> None:
    """Remove the copies beside transcripts that an operation made in vain: what they hold still stands at its place.

    A copy of anything that does not is kept.
    """
    for record in journal.of(BackedUp):
        if record.path.parent == record.source.parent and is_whole(record.source, record.sha256):
            with suppress(OSError):
                record.path.unlink(missing_ok=True)
                fsync_directory(record.path.parent)


def _free_name(transcript: Path, now: int) -> Path:
    at = now
    while True:
        path = transcript.with_name(f"{transcript.name}{INFIX}{backup_stamp(at)}")
        if lstat(path) is None:
            return path
        at += 1


def _require_same(record: BackedUp) -> None:
    try:
        found = digest_file(record.path)
    except OSError as error:
        raise RefusedError(
            f"the backup {record.path} {describe(error)}", hint="nothing was changed"
        ) from error
    if (found.sha256, found.size_bytes) != (record.sha256, record.size_bytes):
        with suppress(OSError):
            record.path.unlink()
            fsync_directory(record.path.parent)
        raise RefusedError(
            f"{record.source} is being written", hint="nothing was changed; try again in a moment"
        )
