"""What a mutation came to: the proof of each rung, one result for each key, and the exit code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from clawmedic.model.notice import Notice
from clawmedic.model.plan import Reversible


class OperationState(StrEnum):
    """Where an operation stands.

    INTERRUPTED: it began and never ended: the next mutating run rolls it back, or says why a person is needed.
    RUNNING: it has not ended because it is being done right now.
    """

    DONE = "done"
    ROLLED_BACK = "rolled-back"
    UNDONE = "undone"
    INTERRUPTED = "interrupted"
    RUNNING = "running"


class Check(Struct, frozen=True):
    """One thing a proof looked at. `detail` is one line: what was found, or what was expected instead."""

    name: str
    ok: bool
    detail: str = ""


class Proof(Struct, frozen=True):
    """Whether a rung did what it was for. Counts are None where they are not known or mean nothing.

    Attributes:
        checks: what was looked at; the proof holds when there is one and all hold.
        answered: a probe turn got a model's answer; None when none was sent.
    """

    checks: tuple[Check, ...]
    bytes_before: int | None = None
    bytes_after: int | None = None
    entries_before: int | None = None
    entries_after: int | None = None
    tokens_before: int | None = None
    tokens_after: int | None = None
    budget_tokens: int | None = None
    answered: bool | None = None

    @property
    def ok(self) -> bool:
        """Whether something was looked at and all of it holds."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def failure(self) -> str:
        """What does not hold, "" when all does."""
        if not self.checks:
            return "nothing was proven"
        return "; ".join(f"{check.name}: {check.detail or 'no'}" for check in self.checks if not check.ok)


class RungResult(Struct, frozen=True):
    """One rung that was tried on one key: what `operations.execute` gives back.

    Attributes:
        operation_id: the journalled operation; "" when the rung did not apply and nothing was begun.
        state: DONE or ROLLED_BACK; None when nothing was begun.
        backup: the copy that was made beside the transcript first, None when there was none to make.
        error: why it failed, one line, "" when it did not.
        notes: what a person should know besides.
    """

    rung: str
    ok: bool
    operation_id: str = ""
    state: OperationState | None = None
    proof: Proof | None = None
    reversible: Reversible = Reversible.NO
    backup: Path | None = None
    error: str = ""
    notes: tuple[str, ...] = ()


class KeyResult(Struct, frozen=True):
    """What became of one key. `action` is the rung that did it, or the command's name where none did.

    `exit_code` is what this key alone would end with (`errors.ExitCode` of its error; 0 when `ok`).
    """

    key: str
    action: str
    ok: bool
    rungs: tuple[RungResult, ...] = ()
    backup: Path | None = None
    proof: Proof | None = None
    reversible: Reversible = Reversible.NO
    error: str = ""
    exit_code: int = 0


_PARTIAL = 4


class Outcome(Struct, frozen=True):
    """`clawmedic.outcome/1`. `operation_id` undoes all of it; each rung names its own."""

    operation_id: str
    results: tuple[KeyResult, ...]
    notes: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    """What people should be told of it; who asked for the work sends them."""

    @property
    def exit_code(self) -> int:
        """0 when all went well, the one key's own code, 4 when some of several failed: a value of `errors.ExitCode`."""
        failed = [result for result in self.results if not result.ok]
        if not failed:
            return 0
        codes = {result.exit_code for result in failed}
        if len(failed) == len(self.results) and len(codes) == 1:
            return codes.pop()
        return _PARTIAL


class OperationSummary(Struct, frozen=True):
    """One line of `history`. `at` is epoch milliseconds; `undoes` names the operation that it reversed.

    Attributes:
        reversible: what `undo` can still give back: NO once undone, rolled back, or past retention.
        detail: what a person should know: why it was rolled back, which file stands in the way.
    """

    operation_id: str
    at: int
    command: str
    keys: tuple[str, ...]
    state: OperationState
    reversible: Reversible
    rungs: tuple[str, ...] = ()
    backups: tuple[Path, ...] = ()
    undoes: str = ""
    detail: str = ""
