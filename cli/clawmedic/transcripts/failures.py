"""OpenClaw's own failure words, which it writes into a chat in place of an answer.

Sources: openclaw.md 1.7, openclaw-channels.md 3, openclaw-files.md 1 and 7. The words may stand under
provider `openclaw`, or under the session's real provider with `stopReason` "stop" and no usage.
"""

from __future__ import annotations

import re

_LOOK_AT = 240
_MARKS = "⚠️ \t\r\n\ufeff"

_PREFIXES = (
    # compaction and context
    "context limit exceeded",
    "context overflow:",
    "context is too large and auto-compaction",
    "auto-compaction could not recover",
    "auto-compaction failed",
    "preflight compaction required but failed",
    # the provider
    "api rate limit reached",
    "api provider returned a billing error",
    "you exceeded your current quota",
    "llm request failed",
    "llm request timed out",
    "llm request rejected",
    "request timed out before a response was generated",
    "all models failed",
    "the ai service is temporarily overloaded",
    "the ai service returned an error",
    "the selected model was not found by the provider",
    "model login expired",
    # the run
    "previous run is still shutting down",
    "agent failed before reply",
    "agent couldn't generate a response",
    "something went wrong while processing your request",
    "message ordering conflict",
    "session history was corrupted",
    "[assistant turn failed before producing content]",
    # the gateway
    "i couldn't continue this session after a gateway restart",
    "i was interrupted by a gateway restart and couldn't safely resume",
)
_AUTO_RESET = ("context limit exceeded. i've reset", "context limit exceeded during compaction. i've reset")
_MODEL_FAILED = re.compile(r"^\S{1,160} request failed \(")
_GATE = re.compile(
    r'^session "[^"]{1,200}" (?:ended during restart recovery|is archived|changed while starting work)'
)


def is_failure_text(text: str) -> bool:
    """Whether a text starts with OpenClaw's own failure words, in any version's variant.

    The text alone does not tell a failure from a model that quotes one: ask for the provider and the
    usage too, as `parse.py` does.
    """
    head = _normal(text)
    return head.startswith(_PREFIXES) or bool(_MODEL_FAILED.match(head) or _GATE.match(head))


def is_auto_reset_text(text: str) -> bool:
    """Whether a text is 4.15's note that it threw the conversation away (openclaw-files.md 1).

    As the first message of a transcript it is the fingerprint of an automatic reset: the lost
    conversation is an orphan transcript of the same directory.
    """
    return _normal(text).startswith(_AUTO_RESET)


def _normal(text: str) -> str:
    return text[:_LOOK_AT].lstrip(_MARKS).replace("\u2019", "'").lower()
