"""One transcript entry, reduced to what clawmedic asks of it (openclaw-files.md 6).

The raw line stays with the reader; nothing here is written back.
"""

from __future__ import annotations

from msgspec import Struct


class Usage(Struct, frozen=True):
    """Tokens of one model call as the provider reported them."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    total: int

    @property
    def prompt(self) -> int:
        """What the call's prompt took: input and both cache parts."""
        return self.input + self.cache_read + self.cache_write


class ToolCall(Struct, frozen=True):
    """A tool call of an assistant entry."""

    id: str
    name: str


class Entry(Struct, frozen=True):
    """One entry.

    Attributes:
        line: 1-based line number (database: seq + 1).
        type: session, message, compaction, custom, model_change, reset, leaf, ...
        at: epoch milliseconds from `timestamp`, None when it is missing or unreadable.
        role: user, assistant, toolResult, ... of a message; "" otherwise.
        text: text of the content blocks (or of the summary), cut to `TEXT_LIMIT` characters.
        text_chars: the full length of that text in characters.
        failure_text: OpenClaw's own failure words as an answer (see `failures.py`), whoever is named as provider.
        target_id: a `leaf` entry's target; `append_parent_id`, `side` its other fields.
        sent_at: a message's own `timestamp`, epoch milliseconds. OpenClaw's retry of a message repeats it.
        tool_name: the tool a toolResult comes from.
    """

    line: int
    type: str
    size_bytes: int
    id: str = ""
    parent_id: str | None = None
    at: int | None = None
    role: str = ""
    stop_reason: str = ""
    provider: str = ""
    model: str = ""
    usage: Usage | None = None
    text: str = ""
    text_chars: int = 0
    error_message: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    is_error: bool = False
    custom_type: str = ""
    summary_chars: int = 0
    tokens_before: int | None = None
    first_kept_id: str = ""
    target_id: str = ""
    append_parent_id: str = ""
    side: bool = False
    version: int | None = None
    session_id: str = ""
    parent_session: str = ""
    thinking_chars: int = 0
    empty_content: bool = False
    null_role: bool = False
    failure_text: bool = False
    active: bool | None = None
    sent_at: int | None = None
    tool_name: str = ""

    @property
    def is_answer(self) -> bool:
        """A real model's answer (design.md 3).

        `stop` or `toolUse`, a provider that is not `openclaw`, no failure text, usage above zero.
        """
        return (
            self.role == "assistant"
            and self.stop_reason in ("stop", "toolUse")
            and self.provider != "openclaw"
            and not self.failure_text
            and self.usage is not None
            and self.usage.total > 0
        )

    @property
    def is_failed_answer(self) -> bool:
        """An assistant entry that ended in an error, or OpenClaw's own failure words."""
        return self.role == "assistant" and (self.stop_reason == "error" or self.failure_text)


TEXT_LIMIT = 4000


class Malformed(Struct, frozen=True):
    """A line that is no entry. `torn` is a last line that was cut off while it was written."""

    line: int
    size_bytes: int
    reason: str
    torn: bool
