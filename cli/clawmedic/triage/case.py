"""Everything known of one session, gathered before any judgement."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from clawmedic.model.report import Budget
from clawmedic.model.session import GatewayOwner, Liveness, PendingInput, Session
from clawmedic.settings import Limits
from clawmedic.stores.config import OpenClawConfig
from clawmedic.transcripts.view import TranscriptView
from clawmedic.triage.events import EventKind
from clawmedic.triage.logbook import LogTurn
from clawmedic.triage.story import Story

SETTLING_MS = 30_000
CLOCK_SKEW_MS = 5_000


class Orphan(Struct, frozen=True):
    """A transcript that no row points to, and the key it belonged to where that can be said.

    `why` says how it was matched; empty when it was not. `continued`: another transcript names it as its parent, as
    after a restored checkpoint, a fork or a relink: nothing of it is lost.
    """

    path: Path
    session_id: str
    first_at: int | None
    last_at: int | None
    size_bytes: int
    key: str | None
    why: str
    continued: bool = False


class Case(Struct, frozen=True):
    """One session with all that is known of it. Checks read it and change nothing.

    Attributes:
        turns: its turns in the log, oldest first.
        orphans: transcripts that were this key's history and are no longer.
        boots: times at which a gateway started, epoch milliseconds (log and state database).
        now: the time of judgement, epoch milliseconds.
        waiting: messages that wait for an answer (`waiting.py`).
    """

    session: Session
    view: TranscriptView
    turns: tuple[LogTurn, ...]
    story: Story
    budget: Budget
    orphans: tuple[Orphan, ...]
    owners: tuple[GatewayOwner, ...]
    boots: tuple[int, ...]
    config: OpenClawConfig
    dialect: str
    limits: Limits
    now: int
    waiting: tuple[PendingInput, ...] = ()

    @property
    def gateway_alive(self) -> bool:
        """Whether a gateway that claims this directory runs."""
        return any(owner.liveness is Liveness.ALIVE for owner in self.owners)

    @property
    def gateway_unknown(self) -> bool:
        """Whether a gateway claims this directory that cannot be looked at from here."""
        return any(owner.liveness is Liveness.UNKNOWN for owner in self.owners)

    @property
    def run_timeout_ms(self) -> int:
        """How long a run may take by the config, milliseconds."""
        return self.config.run_timeout_seconds * 1000

    @property
    def newest_run_at(self) -> int:
        """The newest start or end of a run in the row, epoch milliseconds, 0 when it has none."""
        return max(self.session.started_at or 0, self.session.ended_at or 0)

    @property
    def repaired_at(self) -> int:
        """When the conversation was begun anew, rewritten or switched on purpose, epoch milliseconds, 0 for never.

        What was asked before that is told to people, and nobody waits for an answer to it any more (design.md 3).
        """
        resets = [
            event.at for event in self.story.events if event.kind is EventKind.RESET and event.at is not None
        ]
        return max(*resets, self.view.inherited_at or 0, 0)

    @property
    def in_motion(self) -> bool:
        """Whether OpenClaw is writing this session right now: what is half there may be whole in a moment.

        By the times in the row, not by those of files: a copy of a damaged store is not in motion.
        """
        moved = self.session.updated_at
        if moved is None:
            return False
        running = self.session.status == "running" and self.gateway_alive
        return -CLOCK_SKEW_MS <= self.now - moved <= (self.run_timeout_ms if running else SETTLING_MS)

    @property
    def interaction_unseen(self) -> bool:
        """The row rule of openclaw-channels.md 0.1: a message came after the newest run, and no run followed."""
        interacted = self.session.last_interaction_at
        return (
            interacted is not None
            and self.session.status != "running"
            and interacted > max(self.newest_run_at, self.repaired_at)
            and self.now - interacted > self.limits.interaction_grace_ms
        )
