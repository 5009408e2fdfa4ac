"""The process whose id stands in a lock file while clawmedic edits: it does nothing but live.

2026.7.1 removes a lock whose living owner does not look like OpenClaw: one of its arguments must be `openclaw`
(openclaw-files.md 3, "non-openclaw-owner"). This process is started as `python holder.py SECONDS --lock-for openclaw`,
which says what it is for. It ends when the editing process closes its standard input, or dies, or after SECONDS:
a lock then names a dead process, which OpenClaw removes by itself.

It writes one byte when it runs: only then can its arguments be read by others.

It is run by its path, without the package: nothing is imported but the standard library.
"""

from __future__ import annotations

import select
import sys

if __name__ == "__main__":
    sys.stdout.write(".")
    sys.stdout.flush()
    select.select([0], [], [], float(sys.argv[1]))
