"""A real child process that is killed with SIGKILL at its N-th change of the file system."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

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


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a forked process that is killed immediately before call `number`; a `write` is done by half.

    Returns:
        Whether it was killed; False when it ended before.
    """
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            _arm(number)
            work()
        except BaseException:  # noqa: BLE001  the child must never return into the tests
            os._exit(9)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work itself failed"
    return False


def _arm(number: int) -> None:
    left = [number]
    for name in CALLS:
        setattr(os, name, _armed(name, getattr(os, name), left))


def _armed(name: str, real: Callable[..., object], left: list[int]) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        if name == "open" and not (isinstance(args[1], int) and args[1] & os.O_CREAT):
            return real(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            if name == "write":
                real(args[0], bytes(args[1])[: len(bytes(args[1])) // 2])  # type: ignore[call-overload]
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    return call
