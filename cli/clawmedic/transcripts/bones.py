"""The few fields of a transcript line that counting needs, read without building the rest of it.

The whole line is checked as JSON all the same; what is not asked for is only skipped. Four times as fast as a full
parse. Skipped strings may hold bytes that are not UTF-8, as in OpenClaw. A line that does not fit is for `parse.py`
to judge.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

UNFIT = (ValueError, RecursionError)
"""What `bones_of` raises for a line that is no JSON, or whose fields are no UTF-8 or of other types than usual."""

_NOTHING = Raw()
_QUOTE = ord('"')
_SILENT = ("", "thinking")


class Block(Struct, gc=False):
    """A block of a message's content; `text` is still JSON."""

    type: str = ""
    id: str = ""
    text: Raw = _NOTHING

    def says_something(self) -> bool:
        """Whether it surely holds text, or something else than text; False where only a full parse can tell."""
        if self.type == "text":
            return len(self.text) > len('""') and memoryview(self.text)[0] == _QUOTE
        return self.type not in _SILENT


class Spent(Struct, gc=False):
    """The usage of a model call."""

    total: int | None = field(default=None, name="totalTokens")


class Message(Struct, gc=False):
    """A message entry's `message`."""

    role: str | None = None
    content: str | list[Block] | None = None
    provider: str | None = None
    stop_reason: str | None = field(default=None, name="stopReason")
    tool_call_id: str | None = field(default=None, name="toolCallId")
    usage: Spent | None = None

    def says_something(self) -> bool:
        """Whether its content surely holds anything; False where only a full parse can tell."""
        content = self.content
        if type(content) is not list:
            return bool(content)
        return any(block.says_something() for block in content)


class Bones(Struct, gc=False):
    """A line. `type` and `id` are "" where it has none."""

    type: str = ""
    id: str = ""
    parent: str | None = field(default=None, name="parentId")
    message: Message | None = None


bones_of: Callable[[bytes], Bones] = Decoder(Bones).decode
