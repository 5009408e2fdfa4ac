"""What a gateway says, kept as far as somebody waits for it; read by a thread of its own, so that no end is missed.

Gateways talk all the time (ticks, health, progress). Only answers to open requests and a bounded number of chat and
challenge events are held; everything else is dropped as it comes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeVar

from clawmedic.gateway.frames import Answer, Event, parse_frame

_EVENTS = 200
_ANSWERS = 8
_GARBAGE = 20
CHAT_ENDS = frozenset({"final", "error", "aborted"})
T = TypeVar("T")


class SilenceError(Exception):
    """Nothing came in the time allowed; a signal inside this room."""


class EndedError(Exception):
    """The other side is gone, or talks nonsense; a signal inside this room."""


def _is_kept(event: Event) -> bool:
    """The challenge, and what ends a chat; what a model says meanwhile comes again with the end."""
    return event.name == "connect.challenge" or (
        event.name == "chat" and event.payload.text("state") in CHAT_ENDS
    )


class Inbox:
    """Frames by request id, and the newest events. Threads may share it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._answers: dict[str, deque[Answer]] = {}
        self._events: deque[Event] = deque(maxlen=_EVENTS)
        self._garbage = 0
        self._ended: str | None = None

    def fill(self, messages: Iterable[str | bytes], ended: Callable[[], str]) -> None:
        """Take messages until they end, then note why (`ended` is asked); meant for a thread."""
        for message in messages:
            if not self._take(message):
                break
        with self._changed:
            self._ended = self._ended or ended()
            self._changed.notify_all()

    def _take(self, message: str | bytes) -> bool:
        frame = parse_frame(message)
        with self._changed:
            if isinstance(frame, Answer) and frame.id in self._answers:
                self._answers[frame.id].append(frame)
            elif isinstance(frame, Event) and _is_kept(frame):
                self._events.append(frame)
            elif frame is None:
                self._garbage += 1
                if self._garbage > _GARBAGE:
                    self._ended = "it sends what is no frame of the gateway protocol"
            self._changed.notify_all()
            return self._ended is None

    @property
    def saw_garbage(self) -> bool:
        """Whether anything came that is no frame."""
        return self._garbage > 0

    def expect(self, identity: str) -> None:
        """Keep answers to a request from now on."""
        with self._changed:
            self._answers[identity] = deque(maxlen=_ANSWERS)

    def forget(self, identity: str) -> None:
        """Drop answers to a request."""
        with self._changed:
            self._answers.pop(identity, None)

    def answer(self, identity: str, seconds: float) -> Answer:
        """The next answer to an expected request.

        Raises:
            SilenceError: none came in time.
            EndedError: the connection ended first.
        """
        return self._wait(
            lambda: self._answers[identity].popleft() if self._answers[identity] else None, seconds
        )

    def event(self, accept: Callable[[Event], bool], seconds: float) -> Event:
        """The oldest kept event that is accepted; it is taken out. Raises as `answer`."""

        def look() -> Event | None:
            found = next((event for event in self._events if accept(event)), None)
            if found is not None:
                self._events.remove(found)
            return found

        return self._wait(look, seconds)

    def _wait(self, look: Callable[[], T | None], seconds: float) -> T:
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = look()
                if found is not None:
                    return found
                if self._ended is not None:
                    raise EndedError(self._ended)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise SilenceError
                self._changed.wait(left)
