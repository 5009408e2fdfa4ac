"""What the guard keeps of one examined session: enough to decide by, small enough to be remembered between passes."""

from __future__ import annotations

from msgspec import Struct

from clawmedic.model.cause import Cause, Struck
from clawmedic.model.finding import FindingCode
from clawmedic.model.policy import ChatKind
from clawmedic.model.report import SessionReport
from clawmedic.model.session import Session
from clawmedic.model.verdict import Verdict

ILL = frozenset({Verdict.DEAD, Verdict.STUCK})
"""What a rescue is for (design.md 2)."""
_BY_KEY = (
    (":cron:", ChatKind.CRON),
    (":subagent:", ChatKind.SUBAGENT),
    (":hook:", ChatKind.HOOK),
    (":topic:", ChatKind.TOPIC),
    (":thread:", ChatKind.TOPIC),
    (":group:", ChatKind.GROUP),
    (":channel:", ChatKind.GROUP),
    (":direct:", ChatKind.DIRECT),
    (":dm:", ChatKind.DIRECT),
)
_ANSWERS_NOTHING = frozenset({"webchat", "internal", "none", "last"})


class Sight(Struct, frozen=True):
    """One session as the guard saw it.

    Attributes:
        session_id: the conversation behind the key.
        why: what decided the verdict, one sentence without words of the conversation.
        cause: None where nothing names one, or the session answers.
        struck: where the newest open failure struck, None when none is open.
        provider: whose model failed, "" when unknown.
        failed_at: when the newest open story of failures began, epoch milliseconds.
        tokens, budget: used and available tokens, None when unknown.
        size_bytes: of the transcript.
        pace: tokens that a turn adds, None when too few turns are in sight.
        compactions: as the row counts them.
        unanswered: how many messages got no answer.
        channel: "telegram", ...; "" for none.
    """

    key: str
    agent: str
    session_id: str
    verdict: Verdict
    why: str
    cause: Cause | None
    struck: Struck | None
    provider: str
    failed_at: int | None
    tokens: int | None
    budget: int | None
    size_bytes: int
    pace: int | None
    compactions: int
    unanswered: int
    channel: str
    chat: ChatKind

    @property
    def name(self) -> tuple[str, str]:
        """What tells it from every other session: agents may use the same key."""
        return self.agent, self.key

    @property
    def ill(self) -> bool:
        """Whether a rescue is for it."""
        return self.verdict in ILL

    @property
    def turns_left(self) -> int | None:
        """After how many more turns like the newest ones the budget is reached; None when that cannot be said."""
        if self.pace is None or self.pace <= 0 or self.tokens is None or not self.budget:
            return None
        return max(0, self.budget - self.tokens) // self.pace


def sight_of(report: SessionReport, pace: int | None = None) -> Sight:
    """Condense a report."""
    session, budget = report.session, report.budget
    newest = report.incidents[-1] if report.incidents else None
    is_open = newest is not None and newest.ended_at is None
    return Sight(
        key=session.key,
        agent=session.agent,
        session_id=session.session_id,
        verdict=report.verdict,
        why=report.why,
        cause=report.cause,
        struck=newest.struck if newest is not None and is_open else None,
        provider=newest.provider if newest is not None and is_open else "",
        failed_at=newest.started_at if newest is not None and is_open else None,
        tokens=budget.used_tokens,
        budget=budget.budget_tokens,
        size_bytes=session.transcript.size_bytes,
        pace=pace,
        compactions=session.compaction_count or 0,
        unanswered=len(report.unanswered) or _counted(report),
        channel=channel_of(session),
        chat=chat_of(session),
    )


def _counted(report: SessionReport) -> int:
    """At least one where only the row says that a message was never seen."""
    return int(any(finding.code is FindingCode.UNANSWERED for finding in report.findings))


def channel_of(session: Session) -> str:
    """The channel that answers go to, by the row, else by the key; "" for none."""
    if session.delivery is not None:
        return "" if session.delivery.channel in _ANSWERS_NOTHING else session.delivery.channel
    parts = session.key.split(":")
    return parts[2] if len(parts) > 4 and parts[0] == "agent" and chat_of(session) in _CHATS else ""


_CHATS = frozenset({ChatKind.DIRECT, ChatKind.GROUP, ChatKind.TOPIC})


def chat_of(session: Session) -> ChatKind:
    """What a session is for, by the grammar of keys (openclaw-channels.md 2), else by its row."""
    key = session.key.casefold()
    if key.startswith(("cron:", "subagent:", "hook:")):
        return ChatKind(key.partition(":")[0])
    for part, kind in _BY_KEY:
        if part in key:
            return kind
    if key.count(":") <= 2:  # `agent:<id>:main`, whatever chat its answers go to
        return ChatKind.MAIN
    words = session.chat_type.casefold()
    if words in {"direct", "dm", "private"}:
        return ChatKind.DIRECT
    if words in {"group", "channel", "supergroup", "room"}:
        return ChatKind.GROUP
    return ChatKind.MAIN
