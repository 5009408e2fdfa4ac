"""Transcript entries in the shape of each release (openclaw-files.md 6, openclaw-channels.md 6)."""

from __future__ import annotations

from typing import TypeAlias

from clawmedic.drill.ids import Ids, iso
from clawmedic.drill.versions import Version

JsonObject: TypeAlias = dict[str, object]

PROVIDER = "example"
MODEL = "standard"
API = "openai-completions"
LEFT_EMPTY = "[assistant turn failed before producing content]"


def header(version: Version, session_id: str, at: int, cwd: str) -> JsonObject:
    """The first line: version 3 in files, 4 in the database."""
    number = 4 if version is Version.V9 else 3
    return {"type": "session", "version": number, "id": session_id, "timestamp": iso(at), "cwd": cwd}


def opening(at: int) -> list[tuple[str, JsonObject]]:
    """What every conversation starts with, as (type, fields)."""
    snapshot = {"timestamp": at, "provider": PROVIDER, "modelApi": API, "modelId": MODEL}
    return [
        ("model_change", {"provider": PROVIDER, "modelId": MODEL}),
        ("thinking_level_change", {"thinkingLevel": "off"}),
        ("custom", {"customType": "model-snapshot", "data": snapshot}),
    ]


def user(version: Version, text: str, at: int, run_id: str) -> JsonObject:
    """A person's message; 4.15 keeps blocks and the envelope's date, later releases the bare text."""
    if version is Version.V4:
        return {"role": "user", "content": [{"type": "text", "text": text}], "timestamp": at}
    return {
        "role": "user",
        "content": text,
        "timestamp": at,
        "idempotencyKey": f"{run_id}:user",
        "__openclaw": {"senderIsOwner": True},
    }


def answer(
    version: Version, content: list[JsonObject], at: int, tokens: tuple[int, int], *, stop: str, run_id: str
) -> JsonObject:
    """A model's answer. `tokens` are (prompt, output) as the provider counted them."""
    message: JsonObject = {
        "role": "assistant",
        "content": content,
        "api": API,
        "provider": PROVIDER,
        "model": MODEL,
        "usage": usage(*tokens),
        "stopReason": stop,
        "timestamp": at,
        "responseId": f"chatcmpl-{run_id[:8]}",
    }
    if version is Version.V9:
        message["__openclaw"] = {"runId": run_id}
    return message


def usage(prompt: int, output: int) -> JsonObject:
    """Tokens of one call; a failed call has zeros."""
    cost = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0}
    return {
        "input": prompt,
        "output": output,
        "cacheRead": 0,
        "cacheWrite": 0,
        "totalTokens": prompt + output,
        "cost": cost,
    }


def failed_answer(version: Version, error: str, at: int, stop: str = "error") -> JsonObject:
    """An answer that failed (`error`) or was stopped by a person (`aborted`)."""
    content: list[JsonObject] = (
        [{"type": "text", "text": LEFT_EMPTY}] if version is Version.V7 and stop == "error" else []
    )
    message: JsonObject = {
        "role": "assistant",
        "content": content,
        "api": API,
        "provider": PROVIDER,
        "model": MODEL,
        "usage": usage(0, 0),
        "stopReason": stop,
        "timestamp": at,
        "errorMessage": error,
    }
    if version is not Version.V4 and stop == "error":
        message["errorType"] = "invalid_request_error" if error.startswith("4") else "server_error"
    return message


def injected(text: str, at: int) -> JsonObject:
    """The gateway's own words as an answer (openclaw.md 1.7): no model was called."""
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": text}],
        "timestamp": at,
        "stopReason": "stop",
        "usage": usage(0, 0),
        "api": "openai-responses",
        "provider": "openclaw",
        "model": "gateway-injected",
    }


def tool_result(call_id: str, name: str, text: str, at: int) -> JsonObject:
    """The answer of a tool."""
    content = [{"type": "text", "text": text}]
    return {
        "role": "toolResult",
        "toolCallId": call_id,
        "toolName": name,
        "content": content,
        "isError": False,
        "timestamp": at,
    }


def compaction(summary: str, first_kept: str, tokens_before: int) -> JsonObject:
    """A compaction that OpenClaw took for a success."""
    return {
        "summary": summary,
        "firstKeptEntryId": first_kept,
        "tokensBefore": tokens_before,
        "details": {"readFiles": [], "modifiedFiles": []},
        "fromHook": False,
    }


def prompt_error(ids: Ids, session_id: str, error: str, at: int) -> JsonObject:
    """The custom entry that 7.1 and 9.6 add after a run that was stopped."""
    data = {
        "timestamp": at,
        "runId": ids.uuid(),
        "sessionId": session_id,
        "provider": PROVIDER,
        "model": MODEL,
        "api": API,
        "error": error,
    }
    return {"customType": "openclaw:prompt-error", "data": data}
