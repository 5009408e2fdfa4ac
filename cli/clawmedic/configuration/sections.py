"""What config.toml can say, typed. Every default here is what holds without a file.

Times are milliseconds (`*_ms`), sizes bytes. Fields that may hold a secret are not shown by `repr`.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from clawmedic.model.cause import CauseKind
from clawmedic.model.discreet import Discreet
from clawmedic.model.notice import NoticeKind
from clawmedic.model.policy import ChatKind, Policy
from clawmedic.model.verdict import Verdict

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


class QuietHours(Struct, frozen=True):
    """A part of every day, minutes after midnight; it may go over midnight."""

    start: int
    end: int

    def covers(self, minute: int) -> bool:
        """Whether a minute of the day lies in it: the start does, the end does not."""
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class GuardRule(Struct, frozen=True):
    """One rule: it fits a session when everything it names fits. The first rule that fits decides.

    Attributes:
        key: a glob for the session key, "" for any.
        agent: an agent's name, "" for any. `channel` likewise, such as "telegram".
        chats: kinds of chats, empty for any. `verdicts` and `kinds` (of the cause) likewise.
        policy: None means the guard's own; so do `models`, `attempts` and `cooldown_ms`.
        notify: whether people are told.
        built_in: it stands in no file.
    """

    key: str = ""
    agent: str = ""
    channel: str = ""
    chats: tuple[ChatKind, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    kinds: tuple[CauseKind, ...] = ()
    policy: Policy | None = None
    models: tuple[str, ...] | None = None
    attempts: int | None = None
    cooldown_ms: int | None = None
    notify: bool = True
    built_in: bool = False


BUILT_IN_RULES = (
    GuardRule(
        chats=(ChatKind.CRON, ChatKind.SUBAGENT, ChatKind.HOOK),
        policy=Policy.IGNORE,
        notify=False,
        built_in=True,
    ),
)
"""They come after all others: nobody waits in these chats, and OpenClaw makes them anew."""


class GuardSection(Struct, frozen=True):
    """`[guard]`.

    Attributes:
        policy: how far a rescue goes; None means that none is configured: the guard observes, and says so.
        models: alternative models for a compaction, best first, as "provider/model".
        attempts: rescues for each key within `window_ms`.
        cooldown_ms: between two of them; doubles with each, up to `cooldown_max_ms`.
        max_runtime_ms: one pass takes no longer.
        quiet_hours: no rescue then; `timezone` is an IANA name, "" for the local one.
        probe: send one real turn after a rescue.
        warn_turns: warn early when the budget is reached within so many turns; 0 never warns.
        rules: those of the file, then the built-in ones.
    """

    policy: Policy | None = None
    models: tuple[str, ...] = ()
    attempts: int = 3
    window_ms: int = 6 * _HOUR
    cooldown_ms: int = 10 * _MINUTE
    cooldown_max_ms: int = 6 * _HOUR
    max_runtime_ms: int = 10 * _MINUTE
    quiet_hours: QuietHours | None = None
    timezone: str = ""
    probe: bool = False
    warn_turns: int = 10
    rules: tuple[GuardRule, ...] = BUILT_IN_RULES


class NotifySection(Discreet, frozen=True):
    """`[notify]`.

    Attributes:
        urls: Apprise URLs, `env:NAME` (the variable holds them) or `file:/path` (one a line). They hold secrets.
        in_chat: tell the chat of a rescued session by the gateway too.
        transcript_text: notices may quote the unanswered messages.
        per_hour: messages for each channel; what is above comes together in one later.
        kinds: only notices of these kinds are sent.
    """

    hidden: ClassVar[frozenset[str]] = frozenset({"urls"})

    urls: tuple[str, ...] = ()
    in_chat: bool = True
    transcript_text: bool = False
    per_hour: int = 20
    kinds: tuple[NoticeKind, ...] = tuple(NoticeKind)


class SignalsSection(Discreet, frozen=True):
    """`[signals]`: a Prometheus textfile, a dead-man switch (its URL is a secret), the form of the action lines."""

    hidden: ClassVar[frozenset[str]] = frozenset({"ping_url"})

    metrics: Path | None = None
    ping_url: str = ""
    log_json: bool = False


class ScanSection(Struct, frozen=True):
    """`[scan]`: what counts as `oversized` (bytes) and as `near-budget` (a share of one)."""

    oversized_bytes: int = 500 * 1000
    near_budget: float = 0.80


class GatewaySection(Struct, frozen=True):
    """`[gateway]`: where it is, and the variable or the file that holds its token. The token never stands here."""

    url: str = ""
    token_env: str = ""
    token_file: Path | None = None


class BackupsSection(Struct, frozen=True):
    """`[backups]`: so many of our copies beside each transcript, and all of them together in bytes."""

    keep: int = 10
    max_bytes: int = 4 * 1000**3


class Configuration(Struct, frozen=True):
    """The whole file; `path` is None where there is none."""

    guard: GuardSection = GuardSection()
    notify: NotifySection = NotifySection()
    signals: SignalsSection = SignalsSection()
    scan: ScanSection = ScanSection()
    gateway: GatewaySection = GatewaySection()
    backups: BackupsSection = BackupsSection()
    path: Path | None = None
