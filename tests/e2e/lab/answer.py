"""What a message sent to a gateway led to, read from the frames it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a message led to.

    `state` is `ok`, `error`, `aborted`, `timeout` or `silent` (nothing within the timeout).
    """

    state: str
    text: str
    run_id: str
    raw: dict[str, Any] = field(repr=False)

    @property
    def useful(self) -> bool:
        """Whether a model answered: no error, no silence, and none of OpenClaw's own failure texts."""
        failures = ("⚠️", "Context overflow", "LLM request failed", "HTTP ", "Request timed out")
        return self.state == "ok" and bool(self.text) and not self.text.startswith(failures)


def end_of_chat(frame: dict[str, Any]) -> dict[str, Any] | None:
    """The payload of a frame that ends a chat run; None for every other frame."""
    payload = frame.get("payload")
    if frame.get("event") != "chat" or not isinstance(payload, dict):
        return None
    return payload if payload.get("state") in ("final", "error", "aborted") else None


def answer_of(event: dict[str, Any], run_id: str) -> Answer:
    """The answer in the event that ended a chat run."""
    state = "ok" if event["state"] == "final" else str(event["state"])
    text = message_text(event.get("message")) or str(event.get("errorMessage", ""))
    return Answer(state, text, run_id, event)


def message_text(message: object) -> str:
    """The text of a message in any of the shapes the gateway uses."""
    if isinstance(message, str):
        return message
    if not isinstance(message, dict):
        return ""
    content: object = message.get("content", message.get("text", ""))
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
