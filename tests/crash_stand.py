"""Runs `clawmedic` in child processes that are killed at their N-th injection point, again and again and cheaply.

One process without threads of its own has everything imported; each run is a fork of it. Run as a script it takes one
JSON request for each line: `{"argv": [...], "env": {...}, "at": N}`; `at` 0 kills nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Fell:
    """How a run ended: killed, or with an exit code; `points` were counted when it was not killed."""

    killed: bool
    code: int
    points: int
    words: str


class Stand:
    """The process that is forked. Use it as a context manager."""

    def __enter__(self) -> Self:
        path = os.pathsep.join((str(ROOT / "cli"), str(ROOT / "tests")))
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "LANG": "C.UTF-8"},
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, argv: Sequence[str], env: Mapping[str, str], at: int = 0) -> Fell:
        """Run `clawmedic` once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"argv": list(argv), "env": dict(env), "at": at}) + "\n")
        self._process.stdin.flush()
        return Fell(**json.loads(self._process.stdout.readline()))


def main() -> None:
    _import_everything()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_forked(json.loads(line))) + "\n")
        sys.stdout.flush()


def _import_everything() -> None:
    import clawmedic

    for found in pkgutil.walk_packages(clawmedic.__path__, "clawmedic."):
        if not found.name.endswith("__main__") and ".browser" not in found.name:
            importlib.import_module(found.name)
    importlib.import_module("websockets.sync.client")


def _forked(request: dict[str, Any]) -> dict[str, Any]:
    from killing import ended

    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _run(request, tell)
    os.close(tell)
    status = ended(child)
    with os.fdopen(told, "rb") as pipe:
        words = json.loads(pipe.read() or b"{}")
    return {
        "killed": os.WIFSIGNALED(status),
        "code": -1 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status),
        "points": words.get("points", 0),
        "words": words.get("words", ""),
    }


def _run(request: dict[str, Any], tell: int) -> None:
    import faulthandler
    import io

    from killing import LONGEST_SECONDS, Trigger, arm

    code, trigger, real = 99, Trigger(request["at"]), os.write
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    try:
        faulthandler.dump_traceback_later(LONGEST_SECONDS / 2)
        os.environ.clear()
        os.environ.update(request["env"])
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), said, said
        arm(trigger)
        _arm_messages(trigger)
        from clawmedic.app import run

        code = run(request["argv"])
    finally:
        buffer = said.buffer
        words = buffer.getvalue().decode()[-4000:] if isinstance(buffer, io.BytesIO) else ""
        real(tell, json.dumps({"points": trigger.seen, "words": words}).encode())
        os._exit(code)


def _arm_messages(trigger: Any) -> None:
    """A message to a gateway counts twice: before it has left, and when it has."""
    from websockets.sync.client import ClientConnection

    send: Callable[..., None] = ClientConnection.send

    def armed(self: ClientConnection, *args: Any, **kwargs: Any) -> None:
        if trigger.pull():
            os.kill(os.getpid(), 9)
        send(self, *args, **kwargs)
        if trigger.pull():
            os.kill(os.getpid(), 9)

    ClientConnection.send = armed  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
