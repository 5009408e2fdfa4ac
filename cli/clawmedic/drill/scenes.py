"""The state directories of the drill: one of each release, and small ones for what spoils a whole store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from clawmedic.disk import building
from clawmedic.drill.builder_log import LogLine
from clawmedic.drill.builder_tree import Tree
from clawmedic.drill.ids import Ids
from clawmedic.drill.nobody import GatewayProcess, living_process
from clawmedic.drill.scenario import Helped, Promise, Scenario, StoreTrouble
from clawmedic.drill.scenarios import scenarios
from clawmedic.drill.stage import build_tree
from clawmedic.drill.story import Story
from clawmedic.drill.versions import Version
from clawmedic.model.finding import FindingCode as Code
from clawmedic.model.finding import Severity
from clawmedic.model.verdict import Verdict

V4, V7, V9 = Version.V4, Version.V7, Version.V9
COOLDOWN_MS = 300_000
SPRAWL = 201
BLOATED_BYTES = 5_100_000


class Scene(Struct, frozen=True):
    """One state directory.

    Attributes:
        name: the directory's name, and how it is called: "" for a release's own.
        spoil_store: what becomes of the store's bytes.
        litter: what is put beside them afterwards.
        strange: lines of the gateway's log about no session, given the time.
        cooling: the provider is in a cool-down.
        busy: the gateway's process lives, and holds its locks.
        readable: its sessions can be read.
    """

    name: str
    version: Version
    played: Sequence[Scenario]
    troubles: tuple[StoreTrouble, ...] = ()
    spoil_store: Callable[[bytes], bytes] | None = None
    litter: Callable[[Tree], None] = lambda _: None
    strange: Callable[[int], Sequence[LogLine]] = lambda _: ()
    cooling: bool = False
    busy: bool = False
    readable: bool = True

    @property
    def directory(self) -> str:
        """The name of its directory."""
        return f"{self.version}-{self.name.replace(' ', '-')}" if self.name else str(self.version)

    @contextmanager
    def made(self, place: Path, gone: GatewayProcess, proc: Path, now: int) -> Iterator[Tree]:
        """The directory below `place`. Its gateway is one that is `gone`, or a living owner that ends with the block.

        Raises:
            RefusedError: it cannot be written.
        """
        if self.busy:
            with living_process(proc) as gateway:
                yield self._make(place, gateway, now)
        else:
            yield self._make(place, gone, now)

    def _make(self, place: Path, gateway: GatewayProcess, now: int) -> Tree:
        until = now + COOLDOWN_MS if self.cooling else None
        tree = build_tree(
            place / self.directory,
            self.played,
            gateway,
            now,
            cooldown_until=until,
            strange=self.strange(now),
            spoil_store=self.spoil_store,
        )
        with building.failing_politely(tree.root):
            self.litter(tree)
        return tree


def scenes() -> tuple[Scene, ...]:
    """All of them, in the order in which they are played."""
    played = scenarios()
    return (
        *(Scene("", version, [one for one in played if one.version is version]) for version in Version),
        *_stores(),
    )


def _stores() -> tuple[Scene, ...]:
    quiet = [Scenario("beside it", version, _short, Verdict.HEALTHY) for version in Version]
    busy = Scenario(
        "lock held",
        V7,
        _held,
        Verdict.STUCK,
        findings=(Code.HELD_LOCK,),
        promise=Promise(Helped.REFUSED, words="lock"),
    )
    corrupt = StoreTrouble("sessions.json torn", Code.STORE_CORRUPT, Severity.CRITICAL, "a good copy")
    broken = StoreTrouble("database damaged", Code.DATABASE_DAMAGE, Severity.CRITICAL)
    cooling = StoreTrouble("provider cooling", Code.AUTH_COOLDOWN, Severity.WARNING, "auth")
    untidy = (
        StoreTrouble("sessions.json big", Code.STORE_BLOAT, Severity.WARNING),
        StoreTrouble("copies without end", Code.BACKUP_SPRAWL, Severity.WARNING, str(SPRAWL)),
        StoreTrouble("disk was full", Code.DISK_FULL, Severity.WARNING, "ENOSPC"),
        StoreTrouble("stray transcript", Code.ORPHAN_TRANSCRIPT, Severity.INFO),
        StoreTrouble("left by a crash", Code.LEFTOVER_TEMPS, Severity.INFO),
    )
    return (
        Scene("busy", V7, [busy], busy=True),
        Scene("store cut off", V4, quiet[:1], (corrupt,), half, readable=False),
        Scene("untidy", V7, quiet[1:2], untidy, bloated, litter, no_space),
        Scene("cooling down", V9, quiet[2:], (cooling,), cooling=True),
        Scene("database damaged", V9, quiet[2:], (broken,), garbled, readable=False),
    )


def half(store: bytes) -> bytes:
    """A store that was half written when its writer died."""
    return store[: len(store) // 2]


def bloated(store: bytes) -> bytes:
    """A report of the system prompt in every row has made the store large (openclaw.md S21)."""
    report = b'"systemPromptReport": {"text": "' + b"x" * BLOATED_BYTES + b'"},\n    "sessionId"'
    return store.replace(b'"sessionId"', report, 1)


def garbled(_: bytes) -> bytes:
    """A page that begins like a database and holds nothing of one (openclaw.md S30)."""
    return b"SQLite format 3\0" + b"\xff" * 4_080


def litter(tree: Tree) -> None:
    """Copies of a repair that was tried again and again, and a transcript that is nobody's (openclaw.md S10, S19)."""
    sessions, at, story = tree.sessions, tree.booted_at, tree.stories[0]
    lines = (sessions / f"{story.session_id}.jsonl").read_bytes()
    for number in range(SPRAWL):
        name = f"{story.session_id}.jsonl.bak-{tree.gateway.pid}-{at + number}"
        building.write_bytes(sessions / name, lines[:200], mtime_ms=at)
    strange = Ids("nobody").uuid()
    orphan = lines.replace(story.session_id.encode(), strange.encode())
    building.write_bytes(sessions / f"{strange}.jsonl", orphan, mtime_ms=at)


def no_space(now: int) -> Sequence[LogLine]:
    """A gateway's line about a full disk, an hour old."""
    words = "session store write failed: ENOSPC: no space left on device, write"
    return (LogLine(now - 3_600_000, "ERROR", "sessions/store", words),)


def _short(story: Story) -> None:
    story.fill(0.2)


def _held(story: Story) -> None:
    story.fill(0.2)
    story.wait(20_000)
    story.locked = True
