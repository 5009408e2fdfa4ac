"""A worker process of a deep scan: reads what to count from standard input, writes one line for each file.

A request is one line of JSON: [path as hexadecimal bytes, line limit]. It ends with its input.
"""

from __future__ import annotations

import os
import signal
import sys

import orjson

from clawmedic.transcripts.tally import tally_file


def main() -> None:
    """Answer until the input ends. The parent answers for interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        path, line_limit = orjson.loads(line)
        tally = tally_file(bytes.fromhex(path), line_limit=line_limit)
        try:
            out.write(tally.to_wire())
            out.flush()
        except BrokenPipeError:  # the parent is gone
            os._exit(0)
