"""Opens a log source as a stream of bytes: plain, gzip, zstd, standard input, a FIFO, a command's output."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from clawmedic.logs.records import LogRecord
from clawmedic.logs.shapes import LineParser

HEAD_BYTES = 64 * 1024
"""How much of a source's beginning is looked at to learn its shape and its first time."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class LogReadError(Exception):
    """A source broke off; the text says why. Becomes a problem line, never an exit."""


@contextmanager
def opened(path: Path, *, stream: bool = False) -> Iterator[tuple[BinaryIO, bool]]:
    """A regular file as a binary stream, decompressed by its first bytes, and whether it is compressed.

    With `stream` a FIFO is waited for; without, one that took the file's place is refused and never blocks.

    Raises:
        LogReadError: it vanished, is no longer a file, or may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if stream else os.O_NONBLOCK))
    except OSError as error:
        raise LogReadError(f"{path}: {error.strerror or error}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode) and not (stream and stat.S_ISFIFO(mode)):
        os.close(descriptor)
        raise LogReadError(f"{path}: no longer a regular file")
    with os.fdopen(descriptor, "rb", buffering=0) as raw:
        magic = os.pread(descriptor, 4, 0) if stat.S_ISREG(mode) else b""
        yield _decompressed(cast("BinaryIO", raw), magic)


def _decompressed(raw: BinaryIO, magic: bytes) -> tuple[BinaryIO, bool]:
    if magic.startswith(_GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw)), True
    if magic == _ZSTD:
        import zstandard

        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
        return cast("BinaryIO", reader), True
    return raw, False


def read_some(stream: IO[bytes], size: int) -> bytes:
    """Up to `size` bytes, b"" at the end.

    Raises:
        LogReadError: compressed data that is damaged or cut off, or a failing disk.
    """
    read = getattr(stream, "read1", stream.read)  # what is there now, so that a live stream is told at once
    try:
        return bytes(read(size) or b"")
    except _damage() as error:
        raise LogReadError(f"broken off: {error}") from error


def _damage() -> tuple[type[Exception], ...]:
    zstandard = sys.modules.get("zstandard")
    return (OSError, EOFError, zlib.error, *((zstandard.ZstdError,) if zstandard else ()))


@contextmanager
def running(command: tuple[str, ...]) -> Iterator[BinaryIO]:
    """The standard output of a command; it is stopped when the block ends.

    Raises:
        LogReadError: the program cannot be started.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - journalctl by its full path, with fixed words
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise LogReadError(f"{command[0]}: {error.strerror or error}") from error
    with process:
        try:
            yield cast("BinaryIO", process.stdout)
        finally:
            process.kill()


def head_records(path: Path, reference: int) -> list[LogRecord]:
    """The records in a file's first bytes; empty when it cannot be read."""
    try:
        with opened(path) as (stream, _):
            data = read_some(stream, HEAD_BYTES)
    except LogReadError:
        return []
    return records_in(data, str(path), reference)


def records_in(data: bytes, name: str, reference: int) -> list[LogRecord]:
    """The records in some bytes, times of day dated by the reference."""
    parser = LineParser(name, reference)
    parsed = (parser.parse(raw, number) for number, raw in enumerate(data.split(b"\n"), start=1))
    return [record for record in parsed if record is not None]


def first_time(path: Path, reference: int) -> int | None:
    """The first time in a file's content, epoch milliseconds; None when none is found near its beginning."""
    return next((record.at for record in head_records(path, reference) if record.at is not None), None)
