"""What nothing can do without: the barest Python for the same question, in one process."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

TAIL_BYTES = 64 * 1024


def floor_of_scan(state: Path) -> None:
    """Every sessions.json parsed, a stat of each transcript, its last 64 KB parsed."""
    for store in sorted(state.glob("agents/*/sessions/sessions.json")):
        for row in orjson.loads(store.read_bytes()).values():
            path = row["sessionFile"]
            size = os.stat(path).st_size  # noqa: PTH116 - the barest cost
            with open(path, "rb") as transcript:  # noqa: PTH123
                transcript.seek(max(0, size - TAIL_BYTES))
                lines = transcript.read().split(b"\n")
            for line in lines[1 if size > TAIL_BYTES else 0 :]:
                if line:
                    orjson.loads(line)


def floor_of_deep_scan(state: Path) -> None:
    """Every line of every transcript parsed."""
    for transcript in sorted(state.glob("agents/*/sessions/*.jsonl*")):
        with transcript.open("rb") as lines:
            for line in lines:
                orjson.loads(line)


def floor_of_log(log: Path) -> None:
    """Every byte of a log read, and looked through for one word."""
    with log.open("rb", buffering=0) as file:
        while block := file.read(1024 * 1024):
            block.count(b"compaction")
