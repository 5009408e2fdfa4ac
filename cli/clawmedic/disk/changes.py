"""File changes of one operation: each is announced in the journal with a copy of what was there, and can be put back.

This is the only way a living store is changed. Every change: a verified copy of the bytes, the record, the new
content in a temporary file, a last look at the target, the rename. At whatever point a process dies, the journal
knows both contents that may stand at the path (design.md 6.3, 6.4, 6.7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, field

from clawmedic.disk.digest import digest_file
from clawmedic.disk.files import describe, read_bounded
from clawmedic.disk.journal import Journal, append, keep_copy
from clawmedic.disk.records import Changed
from clawmedic.disk.replace import (
    FileState,
    file_state,
    remove_file,
    replace_file,
    require_owner_keepable,
    require_unchanged,
    temporary_name,
)
from clawmedic.errors import RefusedError, RollbackError

_LIMIT_BYTES = 2 * 1024 * 1024 * 1024


class Changes(Struct):
    """The changes of one operation, in order. `require_held` is asked immediately before each."""

    journal: Journal
    require_held: Callable[[], None] = lambda: None
    done: list[Changed] = field(default_factory=list)
    _copies: dict[Path, tuple[str, str]] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """What names the temporary files of this operation."""
        return self.journal.begin.operation_id

    def prepare(self, path: Path) -> None:
        """Copy a file's bytes already now, so that a later change holds OpenClaw's lock for a shorter time.

        Raises:
            RefusedError: no room, no permission, or it is being written.
        """
        if file_state(path) is not None:
            self._copies[path] = keep_copy(self.journal.folder, path)

    def replace(
        self,
        path: Path,
        data: bytes,
        *,
        expected: str,
        row_key: str | None = None,
        row_digests: tuple[str, str] | None = None,
        like: FileState | None = None,
    ) -> None:
        """Replace a file that has the SHA-256 `expected`; owner, group and mode stay (or become those of `like`).

        Raises:
            RefusedError: it is something else by now, or the disk refuses; it was not changed.
        """
        before = require_unchanged(path, expected)
        if before is None:
            raise RefusedError(f"{path} has gone")
        require_owner_keepable(path, before)
        self._announce(path, before, hashlib.sha256(data).hexdigest(), row_key, row_digests)
        replace_file(
            path,
            data,
            expected=expected,
            like=like or before,
            temporary=temporary_name(path, self.tag),
            before_rename=self.require_held,
            keep_time=like is not None,
        )

    def create(self, path: Path, data: bytes, *, like: FileState, keep_time: bool = False) -> None:
        """Put a new file at a path where there is none, with owner, group and mode of `like`.

        Raises:
            RefusedError: something stands there, or the disk refuses.
        """
        require_unchanged(path, None)
        require_owner_keepable(path, like)
        self._announce(path, None, hashlib.sha256(data).hexdigest(), None, None)
        replace_file(
            path,
            data,
            expected=None,
            like=like,
            temporary=temporary_name(path, self.tag),
            before_rename=self.require_held,
            keep_time=keep_time,
        )

    def remove(self, path: Path, *, expected: str) -> None:
        """Take a file away into this operation's folder: its bytes are kept there.

        Raises:
            RefusedError: it is something else by now, or the disk refuses.
        """
        before = require_unchanged(path, expected)
        if before is None:
            raise RefusedError(f"{path} has gone")
        self._announce(path, before, None, None, None)
        remove_file(path, expected=expected, before_removal=self.require_held)

    def _announce(
        self,
        path: Path,
        before: FileState | None,
        after: str | None,
        row_key: str | None,
        row_digests: tuple[str, str] | None,
    ) -> None:
        name = self._copy_of(path, before) if before else ""
        record = Changed(path, before, name, after, row_key, row_digests)
        append(self.journal.folder, record)
        self.done.append(record)

    def _copy_of(self, path: Path, before: FileState) -> str:
        name, sha256 = self._copies.pop(path, ("", ""))
        if sha256 != before.sha256:
            name, sha256 = keep_copy(self.journal.folder, path)
        if sha256 != before.sha256:
            raise RefusedError(f"{path} is being written", hint="try again in a moment")
        return name


class PathHistory(Struct, frozen=True):
    """What one operation did to one path, from first to last: `first.before` stood there, `last` is there now."""

    path: Path
    changes: tuple[Changed, ...]

    @property
    def before(self) -> FileState | None:
        """What stood there before the operation, None for nothing."""
        return self.changes[0].before

    @property
    def before_sha256(self) -> str | None:
        """Its digest."""
        return self.before.sha256 if self.before else None

    @property
    def after(self) -> str | None:
        """The digest of what the operation left there, None for nothing."""
        return self.changes[-1].after

    @property
    def row_key(self) -> str | None:
        """The row that was changed, when all changes were to one and the same."""
        keys = {change.row_key for change in self.changes}
        return keys.pop() if len(keys) == 1 else None

    def knows(self, sha256: str | None) -> bool:
        """Whether this content can stand there by this operation's own doing."""
        return sha256 == self.before_sha256 or any(sha256 == change.after for change in self.changes)


def histories(changes: Sequence[Changed]) -> tuple[PathHistory, ...]:
    """The changes by path, the path that was touched last first: the order in which they are put back."""
    by_path: dict[Path, list[Changed]] = {}
    for change in changes:
        by_path.setdefault(change.path, []).append(change)
    return tuple(PathHistory(path, tuple(found)) for path, found in reversed(list(by_path.items())))


def old_bytes(folder: Path, history: PathHistory) -> bytes:
    """What stood at a path before the operation, from its verified copy.

    Raises:
        RollbackError: the copy is missing or damaged.
    """
    before = history.before
    path = folder / history.changes[0].copy
    try:
        data = read_bounded(path, _LIMIT_BYTES).data
    except OSError as error:
        raise RollbackError(f"the copy of {history.path} ({path}) {describe(error)}") from error
    if before is None or hashlib.sha256(data).hexdigest() != before.sha256:
        raise RollbackError(
            f"the copy of {history.path} ({path}) is damaged", hint="restore it from a backup"
        )
    return data


def put_back(
    folder: Path, history: PathHistory, *, tag: str, before_rename: Callable[[], None] = lambda: None
) -> None:
    """Put one path back as it was before the operation: its bytes, owner, mode and time. Twice is once.

    Raises:
        RollbackError: something stands there that the operation did not make.
        RefusedError: the disk refuses.
    """
    temporary = temporary_name(history.path, tag)
    temporary.unlink(missing_ok=True)
    present = file_state(history.path)
    sha256 = present.sha256 if present else None
    if not history.knows(sha256):
        raise RollbackError(f"{history.path} was changed by something else since")
    if sha256 == history.before_sha256:
        return
    if history.before is None:
        remove_file(history.path, expected=sha256 or "", before_removal=before_rename)
        return
    replace_file(
        history.path,
        old_bytes(folder, history),
        expected=sha256,
        like=history.before,
        temporary=temporary,
        before_rename=before_rename,
        keep_time=True,
    )


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is there with this digest; never raises."""
    try:
        return digest_file(path).sha256 == sha256
    except OSError:
        return False
