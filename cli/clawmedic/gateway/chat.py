"""Words through the gateway: a note in a transcript, a message in a chat, a turn of the model, the history.

Every version has these methods (openclaw-channels.md 4).
"""

from __future__ import annotations

from clawmedic.disk.records import JsonValue
from clawmedic.gateway.answers import HistoryMessage, Sent, Turn
from clawmedic.gateway.calling import QUICK_SECONDS, RUN_SECONDS, SEND_SECONDS, Caller
from clawmedic.gateway.client import GatewayClient
from clawmedic.gateway.failures import RequestRefusedError
from clawmedic.gateway.frames import one_line
from clawmedic.gateway.methods import require
from clawmedic.model.session import Delivery
from clawmedic.stores.texts import content_text
from clawmedic.stores.typed import Fields

_LABEL = 100
_RUN_FAILED = "UNAVAILABLE"


def inject(
    caller: Caller, key: str, message: str, *, label: str = "clawmedic", timeout: float = QUICK_SECONDS
) -> str:
    """Append a note to the transcript; gives its entry id. No model call, nothing goes to the chat.

    The model reads it on 4.15 only. Raises as `Caller.change`, and UnknownKeyError.
    """
    require(caller, key)
    params: dict[str, JsonValue] = {"sessionKey": key, "message": message, "label": label[:_LABEL]}
    return caller.change("chat.inject", params, timeout=timeout).text("messageId") or ""


def send(
    caller: Caller, delivery: Delivery, message: str, *, idempotency_key: str, timeout: float = SEND_SECONDS
) -> Sent:
    """Send a message to a chat without any model call; works for dead sessions.

    The gateway adds a mirror entry to the session of that chat: do it last. The same `idempotency_key` is not
    delivered twice by one gateway process.

    Raises:
        RequestRefusedError: the channel is not there, or did not take it.
        OutcomeUnknownError: no answer: it may have been delivered.
    """
    params: dict[str, JsonValue] = {
        "channel": delivery.channel,
        "to": delivery.to,
        "message": message,
        "idempotencyKey": idempotency_key,
    }
    if delivery.account_id:
        params["accountId"] = delivery.account_id
    if delivery.thread_id:
        params["threadId"] = delivery.thread_id  # a text: a number is refused
    answer = caller.change("send", params, timeout=timeout)
    return Sent(answer.text("channel") or delivery.channel, answer.word("messageId") or "")


def agent(
    caller: Caller,
    key: str,
    message: str,
    *,
    idempotency_key: str,
    deliver: bool = False,
    timeout: float = RUN_SECONDS,
) -> Turn:
    """Let the model take one turn and wait for its end. With `deliver` false the answer stays in the session.

    A turn that fails is an answer, too: status "error" with the gateway's words.

    Raises:
        UnknownKeyError: no such session; this call would make one.
        RequestRefusedError: the call itself is refused.
        OutcomeUnknownError: no answer in time, or the connection was lost.
    """
    require(caller, key)
    params: dict[str, JsonValue] = {
        "sessionKey": key,
        "message": message,
        "deliver": deliver,
        "idempotencyKey": idempotency_key,
    }
    try:
        payload = caller.run("agent", params, timeout=timeout)
    except RequestRefusedError as error:
        if error.gateway_code != _RUN_FAILED:
            raise
        return Turn("error", error.gateway_message)
    result = payload.inner("result")
    texts = [text for item in result.items("payloads") if (text := item.text("text"))]
    meta = result.inner("meta").inner("agentMeta")
    return Turn(
        status=payload.text("status") or "ok",
        text="\n".join(texts),
        session_id=meta.text("sessionId") or "",
        provider=meta.text("provider") or "",
        model=meta.text("model") or "",
    )


def say(
    client: GatewayClient, key: str, message: str, *, idempotency_key: str, timeout: float = RUN_SECONDS
) -> Turn:
    """Send a message by the path of real channels and wait for the end of its run (openclaw-files.md 0).

    The answer stays in the session; nothing goes to the chat. Status "ok" with an empty text: the message was queued
    behind another run; "silent": no end came in time, as 4.15 does when the provider fails.

    Raises as `agent`.
    """
    require(client, key)
    params: dict[str, JsonValue] = {"sessionKey": key, "message": message, "idempotencyKey": idempotency_key}
    started = client.change("chat.send", params)
    end = client.wait_for_chat_end(started.text("runId") or idempotency_key, timeout=timeout)
    if end is None:
        return Turn("silent", "")
    answer = end.payload.values.get("message")
    text = content_text(answer) or one_line(end.payload.text("errorMessage") or "")
    state = end.payload.text("state") or ""
    return Turn("ok" if state == "final" else state, text)


def history(
    caller: Caller, key: str, *, limit: int = 20, timeout: float = QUICK_SECONDS
) -> tuple[HistoryMessage, ...]:
    """The newest messages of a session, oldest first. 9.6 shows none from before a reset."""
    answer = caller.ask("chat.history", {"sessionKey": key, "limit": limit}, timeout=timeout)
    return tuple(_message(item) for item in answer.items("messages"))


def _message(item: Fields) -> HistoryMessage:
    return HistoryMessage(
        id=item.inner("__openclaw").text("id") or "",
        role=one_line(item.text("role") or ""),
        text=content_text(item.values.get("content")),
        at=item.time("timestamp"),
        provider=item.text("provider") or "",
        model=item.text("model") or "",
        stop_reason=item.text("stopReason") or "",
    )
