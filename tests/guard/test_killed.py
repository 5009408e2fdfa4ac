"""A pass is killed with SIGKILL at one of its changes of the file system; another pass follows.

`CLAWMEDIC_MOMENTS=all` takes every moment instead of some.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import apprise  # noqa: F401  imported here, so that no child process has to
import pytest
from guard_stage import HOUR, MINUTE, Guarded, ids_on_disk
from msgspec.structs import replace

from clawmedic.errors import ExitCode
from clawmedic.guard.record import Came
from clawmedic.model.outcome import OperationState
from clawmedic.model.verdict import Verdict
from clawmedic.operations.history import list_operations
from harness import ROOT
from killing import killed_at

LAST = 150
"""A pass that rescues makes fewer changes than this."""
MOMENTS = range(1, LAST) if os.environ.get("CLAWMEDIC_MOMENTS") == "all" else range(5, LAST, 16)
SERVER = """
import signal
from people_server import people
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # before a thread begins that would be ended by it
with people() as there:
    print(there.url, flush=True)
    signal.sigwait([signal.SIGTERM])
    for _, body in there.asked:
        print(body, flush=True)
"""


@dataclass
class Inbox:
    """A channel in a process of its own: what it took is read when it has ended."""

    process: subprocess.Popen[str]
    url: str

    def read(self) -> list[str]:
        self.process.terminate()
        out, _ = self.process.communicate()
        return [json.loads(line)["title"] + json.loads(line)["message"] for line in out.splitlines() if line]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    command = [sys.executable, "-c", SERVER]
    env = {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        yield Inbox(process, process.stdout.readline().strip())
        process.kill()


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_the_next_pass_loses_nothing_and_does_nothing_twice(
    guard: Callable[..., Guarded], inbox: Inbox, moment: int
):
    on = guard()
    on.configuration = replace(on.configuration, notify=replace(on.configuration.notify, urls=(inbox.url,)))
    before = ids_on_disk(on.on)
    killed = killed_at(moment, on.once)
    for _ in range(4):
        report = on.later(15 * MINUTE)
        if report.exit_code == ExitCode.OK and not report.results:
            break
    assert report.exit_code == ExitCode.OK, report
    assert report.totals[Verdict.DEAD] == 0
    assert before <= ids_on_disk(on.on), "nothing is lost"
    operations = list_operations(on.on.settings)
    assert [one.state for one in operations].count(OperationState.DONE) == 1, "done once"
    (record,) = on.memory.records.values()
    assert [one.came for one in record.attempts].count(Came.RESCUED) == 1
    assert len(record.attempts_since(on.clock.now - 6 * HOUR)) <= 2, "the killed one counts"
    assert not list((on.on.root / "own").rglob("*.tmp")), "no leftovers"
    told = [text for text in inbox.read() if "can be used again" in text]
    assert told, "people are told"
    assert len(told) == 1 or (killed and len(told) == 2 and "again" in told[1]), told


def test_the_moments_cover_a_whole_pass(guard: Callable[..., Guarded]):
    assert not killed_at(LAST, guard().once)
