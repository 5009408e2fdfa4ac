"""The post: notices go out once each, in one message for each channel, and wait where nobody answers.

    post = Post.open(settings, configuration)
    posted = post.send(notices)        # also with none: what waits is tried again
    post.forget("outage x quota")      # the condition has ended: the next time people are told again

Nothing here raises on account of a channel, the network or the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from clawmedic.configuration.sections import Configuration, NotifySection
from clawmedic.disk.places import state_folder
from clawmedic.errors import ClawmedicError
from clawmedic.model.notice import Notice, NoticeKind
from clawmedic.notify.channels import Channel, open_channels
from clawmedic.notify.courier import LONGEST_SECONDS, Letter, Receipt, deliver
from clawmedic.notify.outbox import Outbox, Queue, bounded, load_outbox
from clawmedic.notify.words import message_of
from clawmedic.settings import Settings


class Posted(Struct, frozen=True):
    """What became of it.

    Attributes:
        fresh: the notices that people were not told before; they were sent or wait.
        known: how many were told before, or are of a kind that nobody wants.
        messages: how many messages were taken by channels.
        waiting: how many notices wait, all channels together.
        problems: for people, one line each, without a secret: a channel that did not answer, an outbox not written.
    """

    fresh: tuple[Notice, ...] = ()
    known: int = 0
    messages: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


class Post:
    """The way to people for one state directory. One process at a time uses it: the caller holds a lock."""

    def __init__(
        self, settings: Settings, section: NotifySection, channels: Sequence[Channel], outbox: Outbox
    ) -> None:
        self._settings, self._section = settings, section
        self._channels, self._outbox = tuple(channels), outbox
        self._problem = outbox.problem
        self._unsaved = False

    @classmethod
    def open(cls, settings: Settings, configuration: Configuration) -> Self:
        """Read the channels and the outbox. Never raises; sends nothing, writes nothing."""
        section = configuration.notify
        folder = state_folder(settings.world, settings.state_dir)
        return cls(settings, section, open_channels(section, settings.world), load_outbox(folder))

    @property
    def configured(self) -> bool:
        """Whether any channel is configured."""
        return bool(self._channels)

    @property
    def waiting(self) -> int:
        """How many notices wait, all channels together."""
        return sum(len(queue.waiting) for queue in self._outbox.queues.values())

    def is_known(self, notice: Notice) -> bool:
        """Whether people were told of it (or of the same condition) already."""
        return notice.identity in self._outbox.told

    def forget(self, *conditions: str, kinds: Iterable[NoticeKind] = NoticeKind) -> None:
        """These conditions have ended: when they come again, people are told again. Takes effect with `send`."""
        for kind in kinds:
            for condition in conditions:
                ended = Notice(kind, 0, (), "", condition=condition)
                self._unsaved |= self._outbox.told.pop(ended.identity, None) is not None

    def send(self, notices: Iterable[Notice] = (), *, seconds: float = LONGEST_SECONDS) -> Posted:
        """Tell what nobody was told yet, and try again what waits: at most one message for each channel.

        A notice that is known (`Notice.identity`) is left out. Without a channel it is remembered as told all the
        same: whoever prints `Posted.fresh` says each thing once.

        Args:
            notices: of one pass.
            seconds: a channel that has not answered by then counts as not reached.
        """
        given = list(notices)
        fresh = self._taken(given)
        problems = [self._problem] if self._problem else []
        self._problem = ""
        now = self._settings.now()
        due = [
            one for one in self._channels if self._outbox.queue(one.id).is_due(now, self._section.per_hour)
        ]
        letters = [self._letter(channel) for channel in due]
        for channel in due:
            self._outbox.queue(channel.id).under_way = True
        if fresh or due or self._unsaved:
            self._save(problems)
        receipts = deliver(letters, seconds=seconds)
        problems += [line for one in receipts if (line := self._settled(one))]
        if receipts:
            self._save(problems)
        return Posted(
            fresh=tuple(fresh),
            known=len(given) - len(fresh),
            messages=sum(one.ok for one in receipts),
            waiting=self.waiting,
            problems=tuple(dict.fromkeys(problems)),
        )

    def test(self, *, seconds: float = LONGEST_SECONDS) -> tuple[Receipt, ...]:
        """Send a notice of the kind TEST through every channel; nothing is remembered, queued or counted."""
        lines = (
            "Nothing happened, and nothing is to be done: notices of the guard will arrive like this one.",
        )
        notice = Notice(NoticeKind.TEST, self._settings.now(), (), "a test notice", lines)
        message = message_of([notice], host=self._settings.world.host)
        return deliver([Letter(channel, message) for channel in self._channels], seconds=seconds)

    def _taken(self, notices: Iterable[Notice]) -> list[Notice]:
        """Those to be told, remembered and put into every queue."""
        now, fresh = self._settings.now(), []
        for notice in notices:
            if self.is_known(notice) or notice.kind not in self._section.kinds:
                continue
            self._outbox.remember(notice, now)
            fresh.append(notice)
            kept = bounded(notice, quotes=self._section.transcript_text)
            for channel in self._channels:
                self._outbox.queue(channel.id).add(kept)
        return fresh

    def _letter(self, channel: Channel) -> Letter:
        queue = self._outbox.queue(channel.id)
        waiting = queue.waiting
        if not self._section.transcript_text:  # it may have been allowed when they were put there
            waiting = [replace(one, quotes=()) for one in waiting]
        host = self._settings.world.host
        return Letter(channel, message_of(waiting, host=host, again=queue.under_way, lost=queue.lost))

    def _settled(self, receipt: Receipt) -> str:
        """Book the end of one letter; a line for people when it was not taken."""
        queue, now = self._outbox.queue(receipt.channel.id), self._settings.now()
        if receipt.ok:
            queue.took(now)
            return ""
        queue.failed(now)
        return _not_reached(receipt, queue, now)

    def _save(self, problems: list[str]) -> None:
        self._outbox.keep_only(channel.id for channel in self._channels)
        try:
            self._outbox.save()
            self._unsaved = False
        except ClawmedicError as error:
            self._unsaved = True
            problems.append(f"people may be told twice: {error.message}")


def _not_reached(receipt: Receipt, queue: Queue, now: int) -> str:
    channel = receipt.channel
    wait = max(1, (queue.next_at - now) // 60_000)
    notices = f"{len(queue.waiting)} notice{'' if len(queue.waiting) == 1 else 's'}"
    lost = f", {queue.lost} given up" if queue.lost else ""
    return (
        f"channel {channel.number} ({channel.shown}): {receipt.why}; "
        f"{notices} wait{'s' if len(queue.waiting) == 1 else ''}{lost}, tried again in {wait} min"
    )
