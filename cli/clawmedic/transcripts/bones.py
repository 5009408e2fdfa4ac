"""The few fields of a transcript line that counting needs, read without building the rest of it.

The whole line is checked as JSON all the same; what is not asked for is only skipped. Three times as fast as a full
parse. Skipped strings may hold bytes that are not UTF-8, as in OpenClaw. A line of an unusual shape (another type, an
answer that cost nothing) does not fit: it is for `parse.py` to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw, Struct, field
from msgspec.json import Decoder

UNFIT = (ValueError, RecursionError)
"""What `bones_of` raises for a line that is no JSON, or whose fields are no UTF-8 or of other types than usual."""

_MOST_TOKENS = 2**63 - 1
_NOTHING = Raw()
_QUOTE = ord('"')
_TEXT = b'[{"type":"text","text":"'


class Text(Struct, gc=False, tag_field="type", tag="text"):
    """A block of text; `text` is still JSON."""

    text: Raw = _NOTHING

    def says_something(self) -> bool:
        """Whether it surely holds text; False where only a full parse can tell."""
        return len(self.text) > len('""') and memoryview(self.text)[0] == _QUOTE


class Thinking(Struct, gc=False, tag_field="type", tag="thinking"):
    """A block of thoughts."""


class Call(Struct, gc=False, tag_field="type", tag="toolCall"):
    """A call of a tool."""

    id: str = ""


class Spent(Struct, gc=False):
    """The usage of a real model's call."""

    total: Annotated[int, Meta(gt=0, le=_MOST_TOKENS)] = field(name="totalTokens")


class User(Struct, gc=False, tag_field="role", tag="user"):
    """A user's message; `content` is still JSON."""

    content: Raw = _NOTHING

    def says_something(self) -> bool:
        """Whether its content surely holds text; False where only a full parse can tell."""
        content = memoryview(self.content)
        if len(content) <= len('""'):
            return False
        if content[0] == _QUOTE:
            return True
        start = len(_TEXT)
        return content[:start] == _TEXT and content[start] != _QUOTE


class Answer(Struct, gc=False, tag_field="role", tag="assistant"):
    """What a model answered or called; an error, or what cost nothing, does not fit."""

    content: list[Text | Thinking | Call]
    stop_reason: Literal["stop", "toolUse"] = field(name="stopReason")
    usage: Spent
    provider: str | None = None


class ToolResult(Struct, gc=False, tag_field="role", tag="toolResult"):
    """What a tool gave back."""

    tool_call_id: str | None = field(default=None, name="toolCallId")


class Line(Struct, gc=False, tag_field="type", tag="custom"):
    """A line that only hangs in the chain. `id` is "" where it has none."""

    id: str = ""
    parent: str | None = field(default=None, name="parentId")


class ModelChange(Line, gc=False, tag_field="type", tag="model_change"):
    """The same, of another type."""


class ThinkingChange(Line, gc=False, tag_field="type", tag="thinking_level_change"):
    """The same, of another type."""


class Header(Struct, gc=False, tag_field="type", tag="session"):
    """A session header: it hangs in no chain."""

    id: ClassVar[str] = ""
    parent: ClassVar[None] = None


class MessageLine(Struct, gc=False, tag_field="type", tag="message"):
    """The line of a message. `id` is "" where it has none."""

    message: User | Answer | ToolResult
    id: str = ""
    parent: str | None = field(default=None, name="parentId")


bones_of: Callable[[bytes], MessageLine | Line | Header] = Decoder(
    MessageLine | Line | ModelChange | ThinkingChange | Header
).decode
