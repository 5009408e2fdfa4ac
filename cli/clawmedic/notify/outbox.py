"""What was told, and what still waits for a channel: one bounded file for each state directory, written atomically.

It holds no URL, and words of a conversation only where the configuration lets them out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from clawmedic.disk.atomic import write_atomically
from clawmedic.disk.files import describe, read_bounded
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.stores.typed import Fields

SCHEMA = "clawmedic.post/1"
FILE_NAME = "post.json"
LARGEST_FILE = 4 * 1024 * 1024
MOST_TOLD = 3_000
TOLD_FOR_MS = 120 * 86_400_000
MOST_WAITING = 50
FIRST_RETRY_MS = 60_000
LAST_RETRY_MS = 3_600_000
HOUR_MS = 3_600_000
_MOST_KEYS, _MOST_LINES, _MOST_QUOTES, _LONGEST = 20, 8, 5, 400


class Queue(Struct):
    """What one channel still has to get. Times are epoch milliseconds.

    Attributes:
        waiting: oldest first.
        attempts: failures in a row; the next attempt is not before `next_at`.
        sent: when messages were taken, within the last hour.
        lost: notices that could not be kept while it did not answer.
        under_way: a message was handed over, and its end was not seen.
    """

    waiting: list[Notice] = field(default_factory=list)
    attempts: int = 0
    next_at: int = 0
    sent: list[int] = field(default_factory=list)
    lost: int = 0
    under_way: bool = False

    def add(self, notice: Notice) -> None:
        """One more; the oldest give way."""
        self.waiting.append(notice)
        surplus = len(self.waiting) - MOST_WAITING
        if surplus > 0:
            del self.waiting[:surplus]
            self.lost += surplus

    def is_due(self, now: int, per_hour: int) -> bool:
        """Whether something is to be sent now. A clock that was put back does not make anything wait for longer."""
        self.sent = [at for at in self.sent if now - HOUR_MS < at <= now]
        held_back = now < self.next_at <= now + LAST_RETRY_MS
        return bool(self.waiting) and not held_back and len(self.sent) < per_hour

    def took(self, now: int) -> None:
        """The message with all that waited was taken."""
        self.waiting.clear()
        self.sent.append(now)
        self.attempts = self.next_at = self.lost = 0
        self.under_way = False

    def failed(self, now: int) -> None:
        """It was not taken: again later, and later with each time."""
        self.attempts += 1
        self.next_at = now + min(FIRST_RETRY_MS << min(self.attempts - 1, 16), LAST_RETRY_MS)
        self.under_way = False


class Outbox(Struct):
    """The memory of the post of one state directory. `problem` says why an earlier file was not used, or ""."""

    path: Path
    told: dict[str, int] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    problem: str = ""

    def queue(self, channel: str) -> Queue:
        """The queue of a channel; a new one where there is none."""
        return self.queues.setdefault(channel, Queue())

    def keep_only(self, channels: Iterable[str]) -> None:
        """Forget the queues of channels that are no longer configured."""
        known = set(channels)
        self.queues = {name: queue for name, queue in self.queues.items() if name in known}

    def remember(self, notice: Notice, now: int) -> None:
        """This notice was told, or is certain to be."""
        self.told.pop(notice.identity, None)
        self.told[notice.identity] = now
        for identity in [one for one, at in self.told.items() if now - at > TOLD_FOR_MS]:
            del self.told[identity]
        while len(self.told) > MOST_TOLD:
            del self.told[next(iter(self.told))]

    def save(self) -> None:
        """Write it.

        Raises:
            RefusedError: the disk refuses.
        """
        queues = {
            name: {**asdict(queue), "waiting": [_dumped(one) for one in queue.waiting]}
            for name, queue in self.queues.items()
        }
        document = {"schema": SCHEMA, "told": self.told, "queues": queues}
        write_atomically(self.path, json.dumps(document).encode("ascii"))


def load_outbox(folder: Path) -> Outbox:
    """Read it. Never raises: a damaged file is a fresh start, and said in `problem`."""
    path = folder / FILE_NAME
    try:
        if not path.exists():
            return Outbox(path)
        document = json.loads(read_bounded(path, LARGEST_FILE).data)
    except OSError as error:
        return Outbox(path, problem=f"{path} {describe(error)}: what was told before is not known")
    except (ValueError, RecursionError):
        return Outbox(path, problem=f"{path} is damaged: what was told before is not known")
    fields = Fields.of(document)
    if fields.text("schema") != SCHEMA:
        return Outbox(path, problem=f"{path} is of another version: what was told before is not known")
    told = fields.inner("told")
    queues = fields.inner("queues")
    return Outbox(
        path,
        told={name: at for name in told.values if (at := told.number(name)) is not None},
        queues={name: _queue(queues.inner(name)) for name in queues.values},
    )


def bounded(notice: Notice, *, quotes: bool) -> Notice:
    """A notice as it may be kept and sent: of sensible size, without a word of a conversation unless `quotes`."""
    surplus = len(notice.keys) - _MOST_KEYS
    more = (f"and {surplus} more sessions",) if surplus > 0 else ()
    return replace(
        notice,
        keys=_texts(notice.keys, _MOST_KEYS),
        title=notice.title[:_LONGEST],
        lines=(*_texts(notice.lines, _MOST_LINES), *more),
        quotes=_texts(notice.quotes, _MOST_QUOTES) if quotes else (),
    )


def _texts(texts: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(text[:_LONGEST] for text in texts[:most])


def _dumped(notice: Notice) -> dict[str, object]:
    return {**asdict(notice), "kind": notice.kind.value}


def _queue(fields: Fields) -> Queue:
    sent = fields.values.get("sent")
    return Queue(
        waiting=[one for item in fields.items("waiting") if (one := _notice(item)) is not None][
            -MOST_WAITING:
        ],
        attempts=fields.number("attempts") or 0,
        next_at=fields.number("next_at") or 0,
        sent=[at for at in sent if isinstance(at, int)] if isinstance(sent, list) else [],
        lost=fields.number("lost") or 0,
        under_way=fields.flag("under_way") or False,
    )


def _notice(fields: Fields) -> Notice | None:
    kind, title = fields.text("kind"), fields.text("title")
    if kind not in set(NoticeKind) or title is None:
        return None
    return Notice(
        kind=NoticeKind(kind),
        at=fields.number("at") or 0,
        keys=fields.texts("keys"),
        title=title,
        lines=fields.texts("lines"),
        operation_id=fields.text("operation_id") or "",
        unanswered=fields.number("unanswered") or 0,
        condition=fields.text("condition") or "",
        quotes=fields.texts("quotes"),
    )
