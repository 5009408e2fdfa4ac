"""One real gateway to look at, with a session that died of a summariser that refuses.

`PYTHONPATH=tests/e2e python -m lab 2026.9.6` says how to look at it, and stops it at the next Enter.
"""

import sys
import tempfile
from pathlib import Path

from lab.faults import RATE_LIMIT
from lab.gateway import Gateway
from lab.install import VERSIONS, install
from lab.provider import Provider

KEY = "agent:main:telegram:group:-100700700700"
FIRST_TURN = 400.0
MOST_TURNS = 40


def main(version: str) -> None:
    """Start it, let the session die, wait."""
    with tempfile.TemporaryDirectory(prefix="openclaw-lab-") as root, Provider() as provider:
        installation = install(version)
        with Gateway(installation, Path(root), provider.base_url) as gateway, gateway.client() as client:
            provider.fail(RATE_LIMIT, kind="compaction")
            for turn in range(MOST_TURNS):
                text = f"Message {turn}: " + "please keep this in mind. " * 320
                if not client.chat_send(KEY, text, timeout=FIRST_TURN).useful:
                    break
            sys.stdout.write(f"clawmedic scan --state-dir {gateway.state_dir} --log {gateway.log}\n")
            sys.stdout.flush()
            input("Enter stops the gateway. ")


if __name__ == "__main__":
    main(*sys.argv[1:] or (VERSIONS[-1],))
