"""Loopback HTTP servers for tests of notices and pings: what they were sent, and how they answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "s3cr3t-of-a-channel"


@dataclass
class People:
    """One server. `status` is the answer to each request, `delay` seconds pass before it."""

    status: int = 200
    delay: float = 0.0
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and body of each request."""

    @property
    def url(self) -> str:
        """An Apprise URL of this server; it holds secrets."""
        return f"json://op:{SECRET}@127.0.0.1:{self.port}/{SECRET}"

    @property
    def http(self) -> str:
        """A plain URL of this server; its path is a secret."""
        return f"http://127.0.0.1:{self.port}/{SECRET}"

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What Apprise's JSON service sent: title, message, type."""
        return [json.loads(body) for _, body in self.asked]


@contextmanager
def people(status: int = 200, delay: float = 0.0) -> Iterator[People]:
    """A server until the end of the block."""
    seen = People(status, delay)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            seen.asked.append((self.path, body))
            time.sleep(seen.delay)
            self.send_response(seen.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        seen.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
