"""Bodies of transcript events: plain JSON, or zstd above about 2 kB (openclaw-sqlite.md 1)."""

from __future__ import annotations

from typing import Protocol


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_output_size: int = ...) -> bytes: ...


class Bodies:
    """Turns stored bodies into the bytes of one JSONL line, never more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._decompressor: _Decompressor | None = None

    def read(self, plain: object, packed: object) -> tuple[bytes, bool]:
        """The line, and whether it is larger than the limit. Empty bytes stand for a body that cannot be read."""
        if isinstance(plain, str):
            data = plain.encode("utf-8", "surrogatepass")
            return (b"", True) if len(data) > self._limit else (data, False)
        if isinstance(packed, bytes):
            return self._unpack(packed)
        return b"", False

    def _unpack(self, packed: bytes) -> tuple[bytes, bool]:
        import zstandard  # only databases need it

        try:
            # The frame's own claim is looked at first: decompress() would allocate what it says.
            claimed = zstandard.frame_content_size(packed)
            if claimed > self._limit:
                return b"", True
            if self._decompressor is None:
                self._decompressor = zstandard.ZstdDecompressor(max_window_size=2**27)
            if claimed >= 0:
                return self._decompressor.decompress(packed), False
            with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed) as reader:
                data = reader.read(self._limit + 1)
            return (b"", True) if len(data) > self._limit else (data, False)
        except (zstandard.ZstdError, MemoryError):
            return b"", False
