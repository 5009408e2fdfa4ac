"""A stand-in for the Telegram Bot API on loopback: people write, the gateway polls, its answers are kept.

It knows the calls OpenClaw's bundled plugin makes at start and during turns; anything else is answered with
`true`.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs

from lab.provider import LoopbackServer

PRIVATE_USER = 7_700_123
"""The person who writes; a positive chat id is a direct conversation with that person."""

_LONGEST_POLL = 5.0


@dataclass(frozen=True)
class Sent:
    """One call by which the bot changed a chat: `method` is the Bot API's, `params` what it was given."""

    at: float
    method: str
    params: dict[str, Any]

    @property
    def chat(self) -> int:
        return int(self.params.get("chat_id", 0))

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))


@dataclass
class Telegram:
    """The server; use it as a context manager."""

    listener: socket.socket | None = None
    sent: list[Sent] = field(default_factory=list)
    _updates: list[dict[str, Any]] = field(default_factory=list, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _next_update: int = 500_001
    _next_message: int = 1_001
    _server: LoopbackServer | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self._server = LoopbackServer(self, _Handler, self.listener)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """What belongs into `channels.telegram.apiRoot`."""
        if self._server is None:
            message = "the Telegram stand-in is not running"
            raise RuntimeError(message)
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def write(self, chat: int, text: str, topic: int | None = None) -> int:
        """A person writes into a chat (a group when negative); returns the message id."""
        with self._changed:
            message = self._message(chat, text, {"id": PRIVATE_USER, "is_bot": False, "first_name": "Robin"})
            if topic is not None:
                message |= {"message_thread_id": topic, "is_topic_message": True}
                message["chat"]["is_forum"] = True
            self._updates.append({"update_id": self._next_update, "message": message})
            self._next_update += 1
            self._changed.notify_all()
            return int(message["message_id"])

    def wait_answer(self, chat: int, since: float, timeout: float, quiet: float = 3.0) -> str:
        """The text that stands in the chat at last: the newest sent or edited since `since` (Unix seconds).

        Drafts are deleted or edited while a turn runs, hence the wait until `quiet` seconds brought nothing
        new. An empty string means that nothing came within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                standing = self._standing(chat, since)
                newest = max((each.at for each in self.sent if each.chat == chat), default=0.0)
                if standing and time.time() - newest >= quiet:
                    return standing[-1]
                if time.monotonic() >= deadline:
                    return standing[-1] if standing else ""
                self._changed.wait(0.5)

    def call(self, method: str, params: dict[str, Any]) -> object:
        """The `result` of one Bot API call."""
        if method == "getUpdates":
            return self._poll(
                int(params.get("offset", 0)), min(float(params.get("timeout", 0)), _LONGEST_POLL)
            )
        if method == "getMe":
            return _BOT | {"can_join_groups": True, "can_read_all_group_messages": True}
        with self._changed:
            result: object = True
            if method in ("sendMessage", "editMessageText"):
                result = self._message(int(params["chat_id"]), str(params.get("text", "")), _BOT)
                if params.get("message_thread_id"):  # 2026.9.6 makes sure that its answer came into the topic
                    result |= {
                        "message_thread_id": int(params["message_thread_id"]),
                        "is_topic_message": True,
                    }
                params = params | {"message_id": params.get("message_id", result["message_id"])}
            self.sent.append(Sent(time.time(), method, params))
            self._changed.notify_all()
            return result

    def _message(self, chat: int, text: str, author: dict[str, Any]) -> dict[str, Any]:
        number = self._next_message
        self._next_message += 1
        place: dict[str, Any] = {"id": chat, "type": "private", "first_name": "Robin"}
        if chat < 0:
            place = {"id": chat, "type": "supergroup", "title": "Operations"}
        return {"message_id": number, "date": int(time.time()), "chat": place, "from": author, "text": text}

    def _standing(self, chat: int, since: float) -> list[str]:
        texts: dict[int, str] = {}
        for each in self.sent:
            number = int(each.params.get("message_id", 0) or 0)
            if each.chat != chat or each.at < since:
                continue
            if each.method == "deleteMessage":
                texts.pop(number, None)
            elif each.method in ("sendMessage", "editMessageText"):
                texts[number] = each.text
        return list(texts.values())

    def _poll(self, offset: int, timeout: float) -> list[dict[str, Any]]:
        with self._changed:
            if offset:
                self._updates = [each for each in self._updates if each["update_id"] >= offset]
            if not self._updates:
                self._changed.wait_for(lambda: bool(self._updates), timeout)
            return list(self._updates)


_BOT: dict[str, Any] = {"id": 1, "is_bot": True, "first_name": "Lab", "username": "lab_bot"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        owner: Telegram = self.server.owner  # type: ignore[attr-defined]
        result = owner.call(self.path.partition("?")[0].rsplit("/", 1)[-1], self._params(raw))
        payload = json.dumps({"ok": True, "result": result}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def do_GET(self) -> None:
        self.do_POST()

    def _params(self, raw: bytes) -> dict[str, Any]:
        if "json" in self.headers.get("content-type", ""):
            found: dict[str, Any] = json.loads(raw or b"{}")
            return found
        query = raw.decode(errors="replace") or self.path.partition("?")[2]
        return {name: values[-1] for name, values in parse_qs(query).items()}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Says nothing: what was sent is in `Telegram.sent`."""
