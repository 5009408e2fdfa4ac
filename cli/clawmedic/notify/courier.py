"""The way out: one message to one channel through Apprise, whatever that does.

Apprise is imported here alone, and only when something is sent. Its log may hold URLs: nothing of it is shown but the
number of an HTTP error.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.model.notice import NoticeKind
from clawmedic.notify.channels import Channel
from clawmedic.notify.words import Message

LONGEST_SECONDS = 30.0
"""No channel is waited for any longer, however it answers; all are asked at the same time."""
_STATUS = re.compile(r"error=(\d{3})\b")
_TYPES = {
    NoticeKind.RESCUED: "success",
    NoticeKind.RECOVERED: "success",
    NoticeKind.OUTAGE: "warning",
    NoticeKind.WARNING: "warning",
    NoticeKind.PAUSED: "info",
    NoticeKind.TEST: "info",
}
"""Apprise's word for each kind; the others are "failure"."""


class Letter(Struct, frozen=True):
    """A message for a channel."""

    channel: Channel
    message: Message


class Receipt(Struct, frozen=True):
    """Whether it was taken.

    Attributes:
        why: why not, in words without a secret.
        service: Apprise's name for it, "" when it was not looked for.
        elapsed_ms: how long it took.
    """

    channel: Channel
    ok: bool
    why: str = ""
    service: str = ""
    elapsed_ms: int = 0


def deliver(letters: Sequence[Letter], *, seconds: float = LONGEST_SECONDS) -> tuple[Receipt, ...]:
    """Send each letter, all at the same time. Never raises, never takes much longer than `seconds`."""
    if not letters:
        return ()
    _muffle()
    with suppress(Exception):  # Apprise reads all its plugins once: no channel is charged with that
        _plugin("json://localhost")
    tasks = [_Task(letter) for letter in letters]
    for task in tasks:
        task.start()
    end = monotonic() + seconds
    for task in tasks:
        task.join(max(0.0, end - monotonic()))
    return tuple(task.receipt(seconds) for task in tasks)


class _Task(threading.Thread):
    """One letter on its way. A daemon: a channel that never answers does not keep the process."""

    def __init__(self, letter: Letter) -> None:
        super().__init__(daemon=True)
        self._letter = letter
        self._receipt: Receipt | None = None

    def run(self) -> None:
        began = monotonic()
        receipt = _deliver(self._letter)
        self._receipt = replace(receipt, elapsed_ms=round((monotonic() - began) * 1000))

    def receipt(self, seconds: float) -> Receipt:
        late = Receipt(self._letter.channel, ok=False, why=f"no answer within {seconds:g} s")
        return self._receipt or replace(late, elapsed_ms=round(seconds * 1000))


def _deliver(letter: Letter) -> Receipt:
    channel, message = letter.channel, letter.message
    if channel.url is None:
        return Receipt(channel, ok=False, why=channel.problem)
    service = ""
    try:
        plugin = _plugin(channel.url.reveal())
        if plugin is None:
            return Receipt(channel, ok=False, why="no URL that Apprise knows")
        service = str(plugin.service_name or "")
        with _listening() as heard:
            taken = _apprise(plugin).notify(
                body=message.body or message.title,
                title=message.title if message.body else "",
                notify_type=_TYPES.get(message.kind, "failure"),
                body_format="text",
            )
    except Exception as error:  # noqa: BLE001  a plugin of somebody else: whatever it raises must not stop a rescue
        return Receipt(channel, ok=False, why=f"it failed ({type(error).__name__})", service=service)
    return Receipt(channel, ok=bool(taken), why="" if taken else heard.why, service=service)


def _plugin(url: str) -> Any | None:  # noqa: ANN401  Apprise has no types
    import apprise

    asset = apprise.AppriseAsset(
        app_id="clawmedic",
        app_desc="clawmedic",
        app_url="",
        image_url_mask="",  # no picture that everybody's client would fetch from somewhere
        image_url_logo="",
        async_mode=False,
        storage_mode="memory",
    )
    asset._service_timeout = 0.0  # noqa: SLF001  2.x: no pool of threads of its own, which would outlive the process's end
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is not None and "overflow=" not in url:
        plugin.overflow_mode = apprise.OverflowMode.SPLIT
    return plugin


def _apprise(plugin: Any) -> Any:  # noqa: ANN401
    import apprise

    sender = apprise.Apprise(asset=plugin.asset)
    sender.add(plugin)
    return sender


class _Heard(Struct):
    """What Apprise logged in this thread: only the number of an HTTP error is kept."""

    status: str = ""
    thread: int = field(default_factory=threading.get_ident)

    @property
    def why(self) -> str:
        return f"it answered HTTP {self.status}" if self.status else "it was not reached, or did not take it"


class _Ear(logging.Handler):
    def __init__(self, heard: _Heard) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._heard.thread and (found := _STATUS.search(record.getMessage())):
            self._heard.status = found[1]


@contextmanager
def _listening() -> Iterator[_Heard]:
    heard = _Heard()
    ear = _Ear(heard)
    logger = logging.getLogger("apprise")
    logger.addHandler(ear)
    try:
        yield heard
    finally:
        logger.removeHandler(ear)


def _muffle() -> None:
    """What the libraries log may hold a URL: it goes nowhere, also not from a thread that is left behind."""
    for name in ("apprise", "urllib3", "requests"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not any(isinstance(one, logging.NullHandler) for one in logger.handlers):
            logger.addHandler(logging.NullHandler())
