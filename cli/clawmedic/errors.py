"""One error tree; the exit code is on the class.

Expected failures are subclasses of `ClawmedicError` and end in one line plus a hint.
Anything else that reaches the boundary is a bug: a crash report and exit code 1.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """The documented exit codes; nothing else ever leaves the process."""

    OK = 0
    BUG = 1
    USAGE = 2
    FINDINGS = 3
    PARTIAL = 4
    NOT_FOUND = 5
    REFUSED = 6
    BUSY = 7
    PROOF_FAILED = 8
    EXHAUSTED = 9
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """What it tells a person or a script, without a full stop."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.OK: "nothing wrong, or done",
    ExitCode.BUG: "unexpected failure: a bug; a crash report was written",
    ExitCode.USAGE: "wrong use",
    ExitCode.FINDINGS: "findings at or above `--fail-on`; `guard` only observed; a wrong result in the drill",
    ExitCode.PARTIAL: "partial: something could not be read",
    ExitCode.NOT_FOUND: "no such session or store, or an ambiguous name",
    ExitCode.REFUSED: "refused for safety; nothing was changed",
    ExitCode.BUSY: "somebody else holds a lock",
    ExitCode.PROOF_FAILED: "a proof failed; what was done is rolled back",
    ExitCode.EXHAUSTED: "recovery is exhausted: a person is needed",
    ExitCode.INTERRUPTED: "interrupted",
}


class ClawmedicError(Exception):
    """An expected failure: a message for a person, a hint, a stable code, an exit code.

    Args:
        message: one line, without the word "error", that names the subject.
        hint: what to do next, one line; empty when there is nothing to say.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    code: ClassVar[str] = "unexpected"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ClawmedicError):
    """The call's words are off: an option value that cannot be read, a file that is not one."""

    exit_code = ExitCode.USAGE
    code = "usage"


class NotFoundError(ClawmedicError):
    """No such state directory, store, session, backup, finding or cause."""

    exit_code = ExitCode.NOT_FOUND
    code = "not-found"


class AmbiguousError(NotFoundError):
    """A part of a key or id that fits more than one."""

    code = "ambiguous"


class RefusedError(ClawmedicError):
    """The request is understood and unsafe; nothing was changed."""

    exit_code = ExitCode.REFUSED
    code = "refused"


class OvertakenError(RefusedError):
    """What was to be changed is not what was looked at any more; nothing was changed. Looking again may do."""


class SupersededError(RefusedError):
    """What was to be put back does not exist any more: something else has taken its place. Nothing was changed."""


class BusyError(ClawmedicError):
    """Somebody else holds the lock."""

    exit_code = ExitCode.BUSY
    code = "busy"


class ProofFailedError(ClawmedicError):
    """What was done does not hold what it promised; it is rolled back."""

    exit_code = ExitCode.PROOF_FAILED
    code = "proof-failed"


class RollbackError(ClawmedicError):
    """An operation ended in the middle and cannot be put back by itself: a file has changed since."""

    exit_code = ExitCode.EXHAUSTED
    code = "roll-back-failed"


class UnreadableError(ClawmedicError):
    """A file or database that exists and cannot be read (permission, damage, not a regular file)."""

    exit_code = ExitCode.PARTIAL
    code = "unreadable"


class PipeClosedError(Exception):
    """The reader of our output went away; no failure, and nothing is said about it.

    Raised in place of `BrokenPipeError`, which the command-line library would turn into exit code 1.
    """
