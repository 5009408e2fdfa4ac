"""What one part of the drill is: a session (or a store) to be made, what is right to say of it, what helps it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.cause import Cause
from clawmedic.model.finding import FindingCode, Severity
from clawmedic.model.verdict import Verdict

NO_CAUSE: tuple[Cause | None, ...] = (None,)


class Asked(StrEnum):
    """What the drill asks for, in the words of the command that an operator would type."""

    RESCUE = "rescue"
    TO_THE_END = "rescue --policy reset"
    MEND = "mend"
    RESET = "reset"
    RESTORE = "backups restore --live"


class Helped(StrEnum):
    """What ended it: a rung of design.md 5, a restored copy, or one of the ways in which nothing is changed.

    TOLD: a person is told what would help. REFUSED: it may not be touched now. FAILED: a rung did not hold, which is
    never promised.
    """

    UNLOCK = "unlock"
    RELINK = "relink"
    MEND = "mend"
    DISTIL = "distil"
    RESET = "reset"
    RESTORE = "restore"
    WAIT = "wait"
    TOLD = "escalate"
    REFUSED = "refused"
    FAILED = "failed"
    NOTHING = "none"

    @property
    def changes(self) -> bool:
        """Whether files were changed by it."""
        return self not in _CHANGES_NOTHING


_CHANGES_NOTHING = frozenset({Helped.WAIT, Helped.TOLD, Helped.REFUSED, Helped.FAILED, Helped.NOTHING})


class Promise(Struct, frozen=True):
    """What help comes to, by the table of design.md 5.

    Attributes:
        after: the verdict afterwards, before anything is undone; None leaves the one it had.
        first: rungs that are climbed and hold before the one that ends it.
        words: what a person is told must hold this, where nothing is changed.
    """

    helped: Helped = Helped.NOTHING
    after: Verdict | None = None
    asked: Asked = Asked.RESCUE
    first: tuple[str, ...] = ()
    words: str = ""


LEFT_ALONE = Promise()


class Scenario(Struct, frozen=True):
    """One session to be made, judged and treated.

    Attributes:
        name: short, unique within its version.
        tell: plays the story.
        verdict, causes, findings: what is right; any of `causes`, all of `findings`.
        promise: what help comes to.
        rpc: messages come by RPC (4.15: the path that never resets) instead of a chat.
        ago_ms: how long ago the story began, where it is not one of a row of stories, milliseconds.
    """

    name: str
    version: Version
    tell: Callable[[Story], None]
    verdict: Verdict
    causes: tuple[Cause | None, ...] = NO_CAUSE
    findings: tuple[FindingCode, ...] = ()
    promise: Promise = LEFT_ALONE
    rpc: bool = False
    ago_ms: int | None = None


class StoreTrouble(Struct, frozen=True):
    """Something wrong with a whole store: found and named; `words` must stand in the evidence."""

    name: str
    code: FindingCode
    severity: Severity
    words: str = ""
