"""A scripted model provider on loopback that speaks the streaming OpenAI chat-completions protocol.

Without a rule it is a healthy model: it acknowledges chat messages and writes summaries that pass the quality
guard of OpenClaw 2026.9.6. Rules make it fail for one model, one kind of call, or prompts that hold a given
text.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from lab.faults import Fault, Hang, HttpFault, Kind, Text
from lab.summaries import chat_reply, good_summary

CHARACTERS_PER_TOKEN = 4
"""OpenClaw's own estimate; reporting usage by the same rule keeps budgets real."""


@dataclass(frozen=True)
class Request:
    """One call the provider was sent.

    `prompt` is the text of all messages, `tokens` what usage reported for it.
    """

    at: float
    kind: Kind
    model: str
    prompt: str
    body: dict[str, Any]
    fault: Fault | None

    @property
    def tokens(self) -> int:
        return len(self.prompt) // CHARACTERS_PER_TOKEN


@dataclass
class Rule:
    """Answers matching calls with `fault`.

    None or empty matches everything; `times` limits how often it applies.
    """

    fault: Fault
    kind: Kind | None = None
    model: str | None = None
    contains: str = ""
    times: int | None = None

    def matches(self, kind: Kind, model: str, prompt: str) -> bool:
        if self.times == 0 or self.kind not in (None, kind) or self.model not in (None, model):
            return False
        return self.contains in prompt


@dataclass
class Provider:
    """The server; use it as a context manager. `delay` is how long a healthy answer takes, in seconds."""

    delay: float = 0.0
    rules: list[Rule] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    listener: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _released: threading.Event = field(default_factory=threading.Event, repr=False)
    _server: LoopbackServer | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self._server = LoopbackServer(self, _Handler, self.listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        if self._server is None:
            message = "the provider is not running"
            raise RuntimeError(message)
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def fail(
        self,
        fault: Fault,
        *,
        kind: Kind | None = None,
        model: str | None = None,
        contains: str = "",
        times: int | None = None,
    ) -> Rule:
        """Adds a rule. The newest matching rule wins."""
        rule = Rule(fault, kind, model, contains, times)
        with self._lock:
            self.rules.insert(0, rule)
        return rule

    def heal(self, rule: Rule | None = None) -> None:
        """Removes one rule, or all of them, and lets every hanging call end."""
        with self._lock:
            self.rules = [each for each in self.rules if rule is not None and each is not rule]
            self._released.set()
            self._released = threading.Event()

    def count(self, kind: Kind | None = None, model: str | None = None) -> int:
        """How many calls of this kind and model arrived so far."""
        with self._lock:
            return sum(kind in (None, each.kind) and model in (None, each.model) for each in self.requests)

    def admit(self, body: dict[str, Any]) -> tuple[Request, threading.Event]:
        """Records a call and finds its fault; the event ends a hang."""
        prompt = "\n".join(_texts(body.get("messages", [])))
        kind: Kind = "compaction" if "context summarization assistant" in prompt.lower() else "chat"
        model = str(body.get("model", ""))
        with self._lock:
            rule = next((each for each in self.rules if each.matches(kind, model, prompt)), None)
            if rule is not None and rule.times is not None:
                rule.times -= 1
            request = Request(time.time(), kind, model, prompt, body, rule.fault if rule else None)
            self.requests.append(request)
            return request, self._released


class LoopbackServer(ThreadingHTTPServer):
    """A threaded server on a free loopback port, or on a socket that was bound elsewhere; handlers find `owner`.

    Once it is closed nobody is answered any more: a client may hold a connection on which it has not asked yet.
    """

    daemon_threads = True

    def __init__(
        self, owner: object, handler: type[BaseHTTPRequestHandler], listener: socket.socket | None
    ) -> None:
        self.owner = owner
        self._connected: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
            self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway may end a connection at any time; everything else is a fault of the laboratory."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connected.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connected.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self._connected):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _texts(messages: list[dict[str, Any]]) -> Iterator[str]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        for part in content if isinstance(content, list) else []:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        owner: Provider = self.server.owner  # type: ignore[attr-defined]
        request, released = owner.admit(body)
        try:
            self._answer(request, owner, released)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, request: Request, owner: Provider, released: threading.Event) -> None:
        match request.fault:
            case HttpFault() as fault:
                self._refuse(fault)
            case Hang(seconds):
                released.wait(seconds)
                self.close_connection = True
            case Text(text):
                self._stream(request, text)
            case None:
                released.wait(owner.delay)
                self._stream(request, _healthy_answer(request))

    def _refuse(self, fault: HttpFault) -> None:
        error = {"message": fault.message, "type": fault.code, "code": fault.code, "param": None}
        payload = json.dumps({"error": error}).encode()
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _stream(self, request: Request, text: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for chunk in _chunks(request, text):
            self.wfile.write(f"data: {chunk}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Says nothing: what arrived is in `Provider.requests`."""


def _healthy_answer(request: Request) -> str:
    return good_summary(request.prompt) if request.kind == "compaction" else chat_reply(request.prompt)


def _chunks(request: Request, text: str) -> Iterator[str]:
    answered = len(text) // CHARACTERS_PER_TOKEN
    usage = {
        "prompt_tokens": request.tokens,
        "completion_tokens": answered,
        "total_tokens": request.tokens + answered,
    }
    frame: dict[str, Any] = {
        "id": f"chatcmpl-{int(request.at * 1000)}",
        "object": "chat.completion.chunk",
        "model": request.model,
    }
    frame["created"] = int(request.at)
    for delta, finish in (
        ({"role": "assistant", "content": ""}, None),
        ({"content": text}, None),
        ({}, "stop"),
    ):
        yield json.dumps(frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    yield json.dumps(frame | {"choices": [], "usage": usage})
    yield "[DONE]"
