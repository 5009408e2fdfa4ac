"""SHA-256 of a file: the identity of a backup and the proof that a source did not change."""

from __future__ import annotations

import hashlib
import os

from msgspec import Struct

from clawmedic.disk.files import open_regular, pread_all

_BLOCK = 1024 * 1024


class Digest(Struct, frozen=True):
    """Lower-case hexadecimal SHA-256 of `size_bytes` bytes."""

    sha256: str
    size_bytes: int


def digest_file(path: str | os.PathLike[str]) -> Digest:
    """Read a regular file once, in blocks.

    Raises:
        OSError: it cannot be opened or read, or is no regular file.
    """
    total = 0
    hashed = hashlib.sha256()
    with open_regular(path) as descriptor:
        while block := pread_all(descriptor, total, _BLOCK):
            hashed.update(block)
            total += len(block)
    return Digest(hashed.hexdigest(), total)
