"""The faults a scripted provider can answer with, as data: HTTP status, error body, headers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["chat", "compaction"]
"""What OpenClaw wanted from the model: an answer, or a summary of the history."""


@dataclass(frozen=True)
class HttpFault:
    """An error answer; `error` becomes the `error` object of an OpenAI-shaped body."""

    status: int
    message: str
    code: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """No answer for `seconds`, or until the provider heals or stops; then the connection is closed."""

    seconds: float = 600.0


@dataclass(frozen=True)
class Text:
    """A well-formed answer (HTTP 200) with exactly this text."""

    text: str


Fault = HttpFault | Hang | Text

REASONING_REQUIRED = HttpFault(
    400, "Reasoning is required for this model but was disabled in the request.", "invalid_request_error"
)
UNAUTHORIZED = HttpFault(401, "Incorrect API key provided", "invalid_api_key")
QUOTA = HttpFault(
    402, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota"
)
MODEL_MISSING = HttpFault(404, "The model `gone` does not exist", "model_not_found")
RATE_LIMIT = HttpFault(429, "Rate limit reached for requests", "rate_limit_exceeded", {"retry-after": "1"})
SERVER_ERROR = HttpFault(500, "internal error", "server_error")
CONTEXT_OVERFLOW = HttpFault(
    400,
    "This model's maximum context length is 32000 tokens. However, your messages resulted in 41234 tokens. "
    "Please reduce the length of the messages.",
    "context_length_exceeded",
)
HANG = Hang()
EMPTY_SUMMARY = Text("")
SHAPELESS_SUMMARY = Text("The user and the assistant talked about several things and agreed on all of them.")
"""Without the headings 2026.9.6 asks for, so that its quality guard refuses it."""

BY_NAME: dict[str, Fault] = {
    "reasoning": REASONING_REQUIRED,
    "401": UNAUTHORIZED,
    "402": QUOTA,
    "404": MODEL_MISSING,
    "429": RATE_LIMIT,
    "500": SERVER_ERROR,
    "overflow": CONTEXT_OVERFLOW,
    "hang": HANG,
    "empty": EMPTY_SUMMARY,
    "shapeless": SHAPELESS_SUMMARY,
}
