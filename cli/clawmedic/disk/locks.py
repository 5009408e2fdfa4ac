"""Locks: clawmedic's own, one for each state directory, and OpenClaw's lock files as it makes them itself.

OpenClaw's protocol (openclaw-files.md 3): `<transcript>.lock`, on 2026.4.15 also `sessions.json.lock`; created
exclusively, mode 0644, JSON with two spaces: pid, createdAt, starttime (field 22 of `/proc/<pid>/stat`), on 2026.7.1
also maxHoldMs. A lock whose process is dead, or is another one that was started later, is stale: OpenClaw removes it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from msgspec import Struct, field

from clawmedic.disk import holder
from clawmedic.disk.atomic import fsync_directory
from clawmedic.disk.files import describe, read_bounded
from clawmedic.disk.private import private_directory, write_all
from clawmedic.disk.replace import temporary_name
from clawmedic.errors import BusyError, RefusedError

HOLD_SECONDS = 8.0
"""2026.4.15 gives up on a lock after 10 s; nobody's message may fail because of us."""
_SAFETY_SECONDS = 1.0
_START_SECONDS = 10.0
_LOCK_MODE = 0o644
_LOCK_BYTES = 64 * 1024


@contextmanager
def state_lock(
    folder: Path, *, busy: str = "another clawmedic is changing this state directory"
) -> Iterator[None]:
    """Take the lock of clawmedic itself for one state directory: `<folder>/lock`; the system releases it at the latest.

    Raises:
        BusyError: another clawmedic holds it; `busy` says what it does.
        RefusedError: the folder cannot be made.
    """
    private_directory(folder)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RefusedError(f"cannot lock {folder}: {describe(error)}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            owner = f" (pid {pid})" if pid.isdecimal() else ""
            raise BusyError(f"{busy}{owner}", hint="wait until it has ended") from error
        with suppress(OSError):  # a full disk: the lock holds without its owner's number
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


class LockHooks(Struct, frozen=True):
    """What a lock needs to know and must not find out by itself: `disk` does not read process tables.

    Attributes:
        start_ticks: field 22 of `/proc/<pid>/stat`, None where there is no process table.
        now_iso: the time for `createdAt`, ISO 8601 with milliseconds.
        announce: told path and content before a lock file is made: a crash is then found by the next run.
        tag: what names our temporary files.
        clear_dead: called with a lock that is in the way; removes it when its owner is proven dead and returns
            True, otherwise returns False.
    """

    start_ticks: Callable[[int], int | None]
    now_iso: Callable[[], str]
    announce: Callable[[Path, bytes], None]
    clear_dead: Callable[[Path], bool]
    tag: str


class OpenClawLocks(Struct):
    """OpenClaw's locks, held for the length of a `with` block and at most `hold_seconds`.

    The owner in the lock files is a process of ours that looks as OpenClaw's rule wants it (`holder`); it ends with
    the block, with this process, or at the time limit, whichever is first.
    """

    hooks: LockHooks
    hold_seconds: float = HOLD_SECONDS
    patience_seconds: float = 2.0
    with_max_hold: bool = False
    _owner: subprocess.Popen[bytes] | None = None
    _since: float = 0.0
    _held: dict[Path, bytes] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Start the owner. Nothing is locked yet."""
        if not sys.executable:
            raise RefusedError("cannot hold OpenClaw's lock: the Python interpreter is not known")
        command = [
            sys.executable,
            "-I",
            "-S",
            holder.__file__,
            str(self.hold_seconds),
            "--lock-for",
            "openclaw",
        ]
        try:
            self._owner = subprocess.Popen(  # noqa: S603 - our own file, no shell
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us: the lock must outlive our rolling back
            )
        except OSError as error:
            raise RefusedError(f"cannot start the lock's owner: {describe(error)}") from error
        self._since = time.monotonic()
        if not _runs(self._owner):
            self._end_owner()
            raise RefusedError("cannot start the lock's owner", hint="nothing was changed")
        return self

    def __exit__(self, *_: object) -> None:
        """Release every lock that is still ours, then end the owner."""
        try:
            for path, payload in reversed(list(self._held.items())):
                release_lock(path, payload)
            self._held.clear()
        finally:
            self._end_owner()

    def take(self, guarded: Path) -> None:
        """Lock a transcript or a store.

        Raises:
            BusyError: somebody else holds it, longer than our patience.
            RefusedError: the disk refuses.
        """
        path = guarded.with_name(guarded.name + ".lock")
        if path in self._held:
            return
        payload = self._payload()
        self.hooks.announce(path, payload)
        deadline = time.monotonic() + self.patience_seconds
        while not _create_lock(path, payload, temporary_name(path, self.hooks.tag)):
            if self.hooks.clear_dead(path):
                continue
            if time.monotonic() > deadline:
                raise BusyError(
                    f"OpenClaw holds {path.name} ({_owner_words(path)})",
                    hint="a run is going on; wait until it ends",
                )
            time.sleep(0.05)
        self._held[path] = payload

    def require_held(self) -> None:
        """Make sure, immediately before a change, that every lock is still ours and will be for a moment.

        Raises:
            RefusedError: the time is up, or a lock was taken away.
        """
        if self._held and time.monotonic() - self._since > self.hold_seconds - _SAFETY_SECONDS:
            raise RefusedError(
                f"the change took longer than OpenClaw's lock may be held ({self.hold_seconds:.0f} s)",
                hint="stop the gateway and try again",
            )
        for path, payload in self._held.items():
            if _content(path) != payload:
                raise RefusedError(
                    f"our lock {path.name} was taken away", hint="stop the gateway and try again"
                )

    def _payload(self) -> bytes:
        if self._owner is None:
            raise RefusedError("OpenClaw's locks are taken inside a `with` block")
        content: dict[str, int | str] = {"pid": self._owner.pid, "createdAt": self.hooks.now_iso()}
        ticks = self.hooks.start_ticks(self._owner.pid)
        if ticks is not None:
            content["starttime"] = ticks
        if self.with_max_hold:
            content["maxHoldMs"] = int(self.hold_seconds * 1000)
        return json.dumps(content, indent=2).encode()

    def _end_owner(self) -> None:
        owner, self._owner = self._owner, None
        if owner is None:
            return
        for stream in (owner.stdin, owner.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        try:
            owner.wait(timeout=5)
        except subprocess.TimeoutExpired:
            owner.kill()
            owner.wait()


def _runs(owner: subprocess.Popen[bytes]) -> bool:
    """Whether the owner has come to life, so that its arguments can be read by whoever judges the lock."""
    if owner.stdout is None:
        return False
    ready, _, _ = select.select([owner.stdout], [], [], _START_SECONDS)
    return bool(ready) and owner.stdout.read(1) == b"."


def release_lock(path: Path, payload: bytes) -> bool:
    """Remove a lock file when it is still the one with this content; whether it was."""
    if _content(path) != payload:
        return False
    with suppress(OSError):
        path.unlink()
        fsync_directory(path.parent)
    return True


def release_own(path: Path, sha256: str) -> bool:
    """As `release_lock`, for a lock that an earlier run of ours announced and left behind."""
    content = _content(path)
    return (
        content is not None and hashlib.sha256(content).hexdigest() == sha256 and release_lock(path, content)
    )


def _create_lock(path: Path, payload: bytes, aside: Path) -> bool:
    """Create a lock file with its content at once; False when there is one.

    Written aside and hard-linked, so that no crash leaves an empty lock, which delays OpenClaw by 30 s. Where the file
    system has no hard links it is created exclusively and then written, as OpenClaw does.
    """
    try:
        _write_new(aside, payload)
        return _link_or_write(aside, path, payload)
    except OSError as error:
        raise RefusedError(f"cannot lock {path}: {describe(error)}") from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def _link_or_write(aside: Path, path: Path, payload: bytes) -> bool:
    try:
        try:
            os.link(aside, path, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError:
            _write_new(path, payload)
    except FileExistsError:
        return False
    return True


def _write_new(path: Path, payload: bytes) -> None:
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _LOCK_MODE
    )
    try:
        os.fchmod(descriptor, _LOCK_MODE)
        write_all(descriptor, payload)
    finally:
        os.close(descriptor)


def _content(path: Path) -> bytes | None:
    try:
        return read_bounded(path, _LOCK_BYTES).data
    except OSError:
        return None


def _owner_words(path: Path) -> str:
    try:
        pid = json.loads(_content(path) or b"{}").get("pid")
    except (ValueError, AttributeError):
        pid = None
    return f"pid {pid}" if isinstance(pid, int) else "no process named"
