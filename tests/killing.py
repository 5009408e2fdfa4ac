"""A real child process that is killed with SIGKILL at its N-th change of the file system, or message to a gateway."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

CALLS = (
    "write",
    "pwrite",
    "fsync",
    "rename",
    "replace",
    "link",
    "unlink",
    "mkdir",
    "open",
    "ftruncate",
    "utime",
    "fchmod",
    "fchown",
)
LONGEST_SECONDS = 120.0
"""A child that takes longer hangs: it tells where it stands, and is killed."""


@dataclass
class Trigger:
    """Counts the calls; at the one of number `at` the process dies (0: never)."""

    at: int = 0
    seen: int = 0

    def pull(self) -> bool:
        """Another call is about to be made; whether it is the last one."""
        self.seen += 1
        return self.seen == self.at


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a forked process that is killed immediately before call `number`; a `write` is done by half.

    Returns:
        Whether it was killed; False when it ended before.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            faulthandler.dump_traceback_later(LONGEST_SECONDS / 2)
            arm(Trigger(number))
            work()
        except BaseException:  # noqa: BLE001  the child must never return into the tests
            os._exit(9)
        os._exit(0)
    status = ended(child)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work itself failed"
    return False


def ended(child: int) -> int:
    """The status of a child when it has ended; one that never ends is killed, and fails the test."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    message = f"a child process did not end within {LONGEST_SECONDS:.0f} s"
    raise AssertionError(message)


def arm(trigger: Trigger) -> None:
    """From now on every change of the file system by this process is counted, and may be the last one."""
    for name in CALLS:
        setattr(os, name, _armed(name, getattr(os, name), trigger))


def _armed(name: str, real: Callable[..., object], trigger: Trigger) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        if name == "open" and not (isinstance(args[1], int) and args[1] & os.O_CREAT):
            return real(*args, **kwargs)
        if trigger.pull():
            if name == "write":
                real(args[0], bytes(args[1])[: len(bytes(args[1])) // 2])  # type: ignore[call-overload]
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    return call
