"""How each voice of a conversation is named and looks."""

from __future__ import annotations

from typing import NamedTuple

from clawmedic.backups.conversation import Voice


class VoiceLook(NamedTuple):
    """A word for people and the name of a look."""

    word: str
    look: str


VOICES = {
    Voice.USER: VoiceLook("You", "user"),
    Voice.ASSISTANT: VoiceLook("Assistant", "assistant"),
    Voice.TOOL: VoiceLook("Tool", "tool"),
    Voice.SYSTEM: VoiceLook("OpenClaw", "system"),
    Voice.COMPACTION: VoiceLook("Compaction", "mark"),
    Voice.RESET: VoiceLook("Reset", "mark"),
    Voice.NOTE: VoiceLook("Note", "note"),
    Voice.BROKEN: VoiceLook("Broken line", "broken"),
}
