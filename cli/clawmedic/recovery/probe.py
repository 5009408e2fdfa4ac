"""`--probe`: one real turn by the path that people use, and a model's answer to it (openclaw-files.md 0)."""

from __future__ import annotations

import time
import uuid

from msgspec import Struct

from clawmedic.gateway.calling import Caller
from clawmedic.gateway.chat import history
from clawmedic.gateway.failures import RequestRefusedError
from clawmedic.gateway.methods import require
from clawmedic.transcripts.failures import is_failure_text

QUESTION = "This is a test by the operator's tool after a repair. Please answer with one short sentence."
PATIENCE_SECONDS = 120.0
SETTLING_SECONDS = 10.0
"""The row is written a moment after the answer."""
_PAUSE_SECONDS = 1.0
_NEWEST = 12


class Probed(Struct, frozen=True):
    """What came of a probe: whether a model answered, and how it was seen."""

    answered: bool
    detail: str


def probe(caller: Caller, key: str, *, patience_seconds: float = PATIENCE_SECONDS) -> Probed:
    """Send one message by `chat.send` and wait for a model's answer in the session.

    The question and the answer stay in the conversation; nothing goes to the chat.

    Raises:
        GatewayError, OutcomeUnknownError: the gateway cannot be asked.
    """
    before = {message.id for message in history(caller, key, limit=_NEWEST) if message.id}
    params = {"sessionKey": key, "message": QUESTION, "idempotencyKey": str(uuid.uuid4())}
    try:
        caller.change("chat.send", params)
    except RequestRefusedError as error:
        return Probed(answered=False, detail=error.message)
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        for message in history(caller, key, limit=_NEWEST):
            if message.role != "assistant" or message.id in before:
                continue
            if message.provider == "openclaw" or is_failure_text(message.text):
                return Probed(answered=False, detail="OpenClaw answered with its own failure words")
            if message.stop_reason in ("stop", "toolUse") and message.text:
                return Probed(answered=True, detail=f"{message.provider}/{message.model} answered")
        time.sleep(_PAUSE_SECONDS)
    return Probed(answered=False, detail=f"no answer within {patience_seconds:.0f} s")


def after_turn(caller: Caller, key: str, *, patience_seconds: float = SETTLING_SECONDS) -> int | None:
    """The row's `totalTokens` once it says that it is fresh; None when it never does.

    Raises:
        GatewayError, HungGatewayError, UnknownKeyError: the gateway cannot be asked.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        found = require(caller, key)
        if found.total_tokens and found.total_tokens_fresh is not False:
            return found.total_tokens
        if time.monotonic() > deadline:
            return None
        time.sleep(_PAUSE_SECONDS)
