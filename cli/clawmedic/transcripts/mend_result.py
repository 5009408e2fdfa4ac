"""What a mending may do, what it needs to know, and what it gives back."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from clawmedic.model.finding import FindingCode
from clawmedic.transcripts.context import Context
from clawmedic.transcripts.structure import Flaw


class Treatment(StrEnum):
    """One kind of repair.

    LINES: malformed lines and a torn tail. HEADER: a missing, wrong or bloated session header.
    IDS: ids that stand twice or not at all. CHAIN: holes, rings and second roots. TOOLS: calls without results
    and results without calls. EMPTY: messages without role or content. ERRORS: failed answers in long rows.
    """

    LINES = "lines"
    HEADER = "header"
    IDS = "ids"
    CHAIN = "chain"
    EMPTY = "empty"
    TOOLS = "tools"
    ERRORS = "errors"


EVERY_TREATMENT = frozenset(Treatment)

TREATED_FLAWS = frozenset(
    (
        FindingCode.TORN_TAIL,
        FindingCode.MALFORMED_LINES,
        FindingCode.BAD_HEADER,
        FindingCode.BROKEN_CHAIN,
        FindingCode.UNPAIRED_TOOL_CALLS,
        FindingCode.EMPTY_ENTRIES,
        FindingCode.ERROR_BLOAT,
    )
)
"""The flaws that are gone after a mending with every treatment. A lossy compaction cannot be mended."""


class Options(Struct, frozen=True, kw_only=True):
    """Which repairs are wanted."""

    treatments: frozenset[Treatment] = EVERY_TREATMENT


class HeaderHint(Struct, frozen=True, kw_only=True):
    """What a new header says where the old one is lost.

    Attributes:
        cwd: the agent's working directory, "" to leave the field out.
        created_at: epoch milliseconds; None takes the oldest entry's time, else the time of the mending.
        version: 3 for every file store seen. A transcript whose entries have no ids gets 1, so that OpenClaw
            migrates it (openclaw-files.md 6).
        parent_session: path of the transcript this one was forked from, "" for none.
    """

    cwd: str = ""
    created_at: int | None = None
    version: int = 3
    parent_session: str = ""


class Change(Struct, frozen=True):
    """One thing that was done.

    Attributes:
        line: 1-based line of the old transcript that it is about; 0 when there was no such line.
        code: the finding it treats.
        done: one sentence for a person.
    """

    line: int
    code: FindingCode
    done: str


class Mended(Struct, frozen=True):
    """A mended transcript.

    Attributes:
        lines: the new transcript, each line without its line end. Lines that needed nothing have their old bytes.
        changes: what was done, in the order of the old lines; empty when nothing was wrong.
        set_aside: malformed lines and removed entries in their old bytes, to be kept beside the transcript.
        context_before, context_after: what the model saw and will see.
        flaws_before, flaws_after: `flaws_after` holds no code of `TREATED_FLAWS` when every treatment was chosen.
    """

    lines: tuple[bytes, ...]
    changes: tuple[Change, ...]
    set_aside: tuple[bytes, ...]
    context_before: Context
    context_after: Context
    flaws_before: tuple[Flaw, ...]
    flaws_after: tuple[Flaw, ...]

    @property
    def data(self) -> bytes:
        """The new transcript as it is written to a file."""
        return b"".join(line + b"\n" for line in self.lines)
