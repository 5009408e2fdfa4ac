"""A real shell on a terminal of its own, with the completion under test loaded."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import ROOT

READY = "ready>"
COMPLETIONS = ROOT / "completions"
_BASH = f"""\
bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; bind 'set page-completions off'; \
source {COMPLETIONS}/clawmedic.bash; PS1='{READY}'"""
_ZSH = f"""\
unsetopt beep prompt_sp; unset zle_bracketed_paste; fpath=({COMPLETIONS} $fpath); \
autoload -Uz compinit; compinit -u -D; bindkey -e; LISTMAX=0; PS1='{READY}'"""
STARTS: Mapping[str, tuple[list[str], str]] = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], _BASH),
    "zsh": (["zsh", "-f", "-i"], _ZSH),
}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Z]?|\r|\x07")


@dataclass
class Terminal:
    """What is typed goes in, what is shown comes out."""

    descriptor: int

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.descriptor, text.encode())

    def shown(self, pattern: str, *, seconds: float = 20) -> str:
        """What appeared up to where a pattern fits: its first group, or all of it; fails with it when nothing does."""
        seen, deadline = "", time.monotonic() + seconds
        while (found := re.search(pattern, _CONTROL.sub("", seen))) is None:
            ready, _, _ = select.select([self.descriptor], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} did not appear in {seen!r}"
            seen += os.read(self.descriptor, 65536).decode(errors="replace")
        return found[found.re.groups]

    def completed(self, line: str) -> str:
        """The line after a tab."""
        self.type(f"{line}\t\x01echo 'GO''T' \x05\n")
        return self.shown(rf"\nGOT (.*)\n[\s\S]*{READY}")


def with_tools(environment: Mapping[str, str]) -> dict[str, str]:
    """The same, with the console script of these tests first on the path."""
    return {**environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@contextmanager
def shell(name: str, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """One of `STARTS`, ready for keys."""
    if shutil.which(name) is None:
        pytest.skip(f"shell not here: {name}")
    command, setup = STARTS[name]
    ours, theirs = pty.openpty()
    variables = {**with_tools(environment), "TERM": "xterm", "PS1": "$ ", "COLUMNS": "200", "LINES": "50"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables, start_new_session=True
    )
    os.close(theirs)
    terminal = Terminal(ours)
    try:
        terminal.type(f"{setup}\n")
        terminal.shown(f"\n{READY}$")
        yield terminal
    finally:
        process.kill()
        process.wait()
        os.close(ours)
