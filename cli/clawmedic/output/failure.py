"""How a failure is said: one line and a hint, a JSON error, or a line for a monitoring system."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from clawmedic.errors import ClawmedicError
from clawmedic.output.text import visible

NAGIOS_UNKNOWN = 3


class FailureForm(Enum):
    """Who reads the failure."""

    PERSON = "person"
    JSON = "json"
    NAGIOS = "nagios"

    @classmethod
    def of(cls, argv: Sequence[str]) -> FailureForm:
        """Read from the raw arguments: a usage error happens before they are parsed."""
        before = list(argv)[: argv.index("--")] if "--" in argv else list(argv)
        formats = {right for left, right in pairwise(before) if left == "--format"}
        formats |= {word.partition("=")[2] for word in before if word.startswith("--format=")}
        if "nagios" in formats:
            return cls.NAGIOS
        return cls.JSON if "--json" in before or formats & {"json", "ndjson"} else cls.PERSON


def show_failure(error: ClawmedicError, *, form: FailureForm) -> int:
    """Say it, and return the exit code that goes with it."""
    if form is FailureForm.NAGIOS:
        sys.stdout.write(f"CLAWMEDIC UNKNOWN - {visible(error.message).replace('|', '/')}\n")
        return NAGIOS_UNKNOWN
    if form is FailureForm.JSON:
        from clawmedic.output.documents import error_document
        from clawmedic.output.sink import write_json

        write_json(error_document(error))
        return error.exit_code
    sys.stderr.write(f"clawmedic: {visible(error.message)}\n")
    if error.hint:
        sys.stderr.write(f"  hint: {visible(error.hint)}\n")
    return error.exit_code
