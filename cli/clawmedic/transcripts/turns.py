"""The turns of a conversation: who asked, and what came of it.

Sources: openclaw-files.md 1b and 7, openclaw-channels.md 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import force_setattr as put

from clawmedic.transcripts.entry import Entry
from clawmedic.transcripts.envelope import bare_text, continues_turn, is_synthetic

RETRY_WINDOW_MS = 15_000
"""Without a time stamp of its own, the same text within this time of a failure is OpenClaw's retry."""
_TEXT = 400


class TurnOutcome(StrEnum):
    """What came of a turn. ABORTED: its run was stopped, by a person or by a timeout (the row tells)."""

    ANSWERED = "answered"
    FAILED = "failed"
    REFUSED = "refused"
    ABORTED = "aborted"
    UNANSWERED = "unanswered"
    RUNNING = "running"


class Turn(Struct, frozen=True):
    """One turn.

    Attributes:
        line: line of its user entry; 0 for what stands before any user entry.
        at: when it was asked; `ended_at` when its newest assistant entry was written. Epoch milliseconds.
        text: the asker's own words, cut.
        synthetic: OpenClaw asked by itself (memory flush, heartbeat, restart note).
        repeated: OpenClaw's own retry of the turn before: not another turn of the asker.
        errors: how many assistant entries ended in an error.
        error: the newest error text or failure reply, "" when there is none.
        model: "provider/model" of the newest assistant entry of a real provider.
        tools_open: the newest answer calls tools and no later answer came.
    """

    line: int
    at: int | None
    text: str
    outcome: TurnOutcome = TurnOutcome.UNANSWERED
    synthetic: bool = False
    repeated: bool = False
    sent_at: int | None = None
    ended_at: int | None = None
    answers: int = 0
    errors: int = 0
    error: str = ""
    model: str = ""
    tools_open: bool = False

    @property
    def failed(self) -> bool:
        """Whether it ended in an error or in OpenClaw's own failure words."""
        return self.outcome in (TurnOutcome.FAILED, TurnOutcome.REFUSED)


class Turns(Struct, frozen=True):
    """All turns in sight, oldest first, and what a judge asks of them.

    Attributes:
        newest_answer_at, newest_answer_line: the newest real model's answer on the branch.
        failed_since_answer: askers' turns that failed or were refused after the newest answered turn.
        unanswered_since_answer: askers' turns with no reply of any sort after the newest answered turn.
        last_error_text, last_error_at: the newest failure since the newest answer, "" when there is none.
        last_error_model: "provider/model" it came from.
    """

    all: tuple[Turn, ...] = ()
    newest_answer_at: int | None = None
    newest_answer_line: int | None = None
    failed_since_answer: int = 0
    unanswered_since_answer: int = 0
    last_error_text: str = ""
    last_error_at: int | None = None
    last_error_model: str = ""
    errors_since_answer: int = 0

    @property
    def newest(self) -> Turn | None:
        """The newest turn of an asker."""
        return next((turn for turn in reversed(self.all) if not turn.synthetic and turn.line), None)

    @property
    def failed_since(self) -> tuple[Turn, ...]:
        """The turns counted in `failed_since_answer`, oldest first; retries are not among them."""
        return tuple(turn for turn in _since_answer(self.all) if turn.failed and not turn.repeated)

    @property
    def unanswered(self) -> tuple[Turn, ...]:
        """Askers' turns after the newest answered one that have no reply of any sort, oldest first."""
        return tuple(turn for turn in _since_answer(self.all) if turn.outcome is TurnOutcome.UNANSWERED)


def read_turns(entries: Iterable[Entry], *, running: bool = False) -> Turns:
    """The turns of a branch in order. With `running` (the row says so) an open newest turn is RUNNING.

    A `reset` starts afresh: what failed before it no longer counts.
    """
    turns: list[Turn] = []
    answer: Entry | None = None
    for entry in entries:
        if entry.role == "user":
            _asked(turns, entry)
        elif entry.role == "assistant":
            if not turns:
                turns.append(Turn(0, entry.at, "", synthetic=True))
            _answered(turns[-1], entry)
            answer = entry if entry.is_answer else answer
        elif entry.type == "reset":
            turns.append(Turn(0, entry.at, "", synthetic=True, outcome=TurnOutcome.ANSWERED))
        elif entry.error_message and turns and not turns[-1].error:
            put(turns[-1], "error", entry.error_message)
    if turns and running and turns[-1].outcome is TurnOutcome.UNANSWERED:
        put(turns[-1], "outcome", TurnOutcome.RUNNING)
    return _summed(tuple(turns), answer)


def _asked(turns: list[Turn], entry: Entry) -> None:
    bare = bare_text(entry.text)
    if turns and continues_turn(bare):
        return
    text = bare[:_TEXT].strip()
    asked = Turn(entry.line, entry.at, text)
    put(asked, "sent_at", entry.sent_at)
    put(asked, "synthetic", is_synthetic(bare))
    if turns and turns[-1].errors:
        put(asked, "repeated", _is_retry(turns[-1], asked))
    turns.append(asked)


def _is_retry(before: Turn, turn: Turn) -> bool:
    """OpenClaw writes the user's message again when it retries a failed turn: same words, same time stamp."""
    if before.text != turn.text or not turn.text:
        return False
    if before.sent_at is not None and turn.sent_at is not None:
        return before.sent_at == turn.sent_at
    return before.ended_at is not None and turn.at is not None and turn.at - before.ended_at < RETRY_WINDOW_MS


def _answered(turn: Turn, entry: Entry) -> None:
    """What one assistant entry makes of its turn."""
    if entry.provider == "openclaw" and not entry.failure_text:
        return  # a mirror of what was delivered, or a note: no answer
    if entry.provider not in ("", "openclaw"):
        put(turn, "model", f"{entry.provider}/{entry.model}")
    put(turn, "ended_at", entry.at)
    put(turn, "tools_open", entry.stop_reason == "toolUse")
    if entry.is_failed_answer:
        put(turn, "outcome", TurnOutcome.FAILED if entry.stop_reason == "error" else TurnOutcome.REFUSED)
        put(turn, "error", entry.error_message or entry.text)
        put(turn, "errors", turn.errors + 1)
    elif entry.stop_reason == "aborted":
        put(turn, "outcome", TurnOutcome.ABORTED)
        put(turn, "error", entry.error_message or turn.error)
    elif turn.tools_open:
        put(turn, "outcome", TurnOutcome.UNANSWERED)
        put(turn, "answers", turn.answers + 1)
    elif entry.is_answer or entry.text_chars:
        put(turn, "outcome", TurnOutcome.ANSWERED)
        put(turn, "answers", turn.answers + 1)
        put(turn, "error", "")


def _summed(turns: tuple[Turn, ...], answer: Entry | None) -> Turns:
    since = _since_answer(turns)
    failed = [turn for turn in since if turn.failed]
    newest = failed[-1] if failed else None
    return Turns(
        all=turns,
        newest_answer_at=answer.at if answer else None,
        newest_answer_line=answer.line if answer else None,
        failed_since_answer=sum(not turn.repeated for turn in failed),
        unanswered_since_answer=sum(turn.outcome is TurnOutcome.UNANSWERED for turn in since),
        last_error_text=newest.error if newest else "",
        last_error_at=newest.ended_at if newest else None,
        last_error_model=newest.model if newest else "",
        errors_since_answer=sum(turn.errors for turn in since),
    )


def _since_answer(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Askers' turns after the newest answered one."""
    since = []
    for turn in reversed(turns):
        if turn.outcome is TurnOutcome.ANSWERED:
            break
        if not turn.synthetic and turn.line:
            since.append(turn)
    return tuple(reversed(since))
