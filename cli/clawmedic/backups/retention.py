"""Which copies may go: by count, age and bytes for each kind, and never the only complete copy of anything."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.backups.graph import marks_of
from clawmedic.backups.reading import CopyReader
from clawmedic.disk.files import lstat
from clawmedic.errors import UsageError
from clawmedic.model.backup import Archive, Backup, BackupKind, BackupState

PRUNABLE = frozenset(
    {
        BackupKind.RESET,
        BackupKind.DELETED,
        BackupKind.BAK,
        BackupKind.REPAIR,
        BackupKind.CHECKPOINT,
        BackupKind.CORRUPT,
        BackupKind.DOCTOR,
        BackupKind.FOREIGN,
        BackupKind.ORPHAN,
        BackupKind.IMPORTED,
    }
)
"""Files that OpenClaw no longer writes to. What a database holds, and what a row names, is never touched."""


_REMEMBERED = 24
"""Contents of so many copies are remembered while deciding: the fullest copy of a key is asked again and again."""


class Retention(Struct, frozen=True):
    """What may go. Each bound is counted for each key and kind; a copy goes when any bound says so.

    Attributes:
        keep: keep so many of the newest.
        older_than_ms: those put aside longer ago than this.
        max_bytes: the oldest, as long as all of the chosen kinds together take more than this.
        kinds: only these kinds; empty means all that can be pruned.
    """

    keep: int | None = None
    older_than_ms: int | None = None
    max_bytes: int | None = None
    kinds: Collection[BackupKind] = ()


class Prune(Struct, frozen=True):
    """One copy that may go, and why it may. `stamp`: size, time of change (ns) and inode when that was decided."""

    backup: Backup
    reason: str
    stamp: tuple[int, int, int] = (0, 0, 0)


class Kept(Struct, frozen=True):
    """A copy that a bound would let go, and why it stays."""

    backup: Backup
    reason: str


class PrunePlan(Struct):
    """What a prune would do. `now` is when it was planned, epoch milliseconds."""

    now: int
    prunes: list[Prune] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """The bytes that would go."""
        return sum(item.backup.size_bytes for item in self.prunes)


def plan_prune(archive: Archive, reader: CopyReader, rules: Retention, now: int) -> PrunePlan:
    """Decide. Everything that would go is read again, so that the decision rests on contents and not on marks.

    Raises:
        UsageError: no bound is given, or a kind that is never pruned.
    """
    if rules.keep is None and rules.older_than_ms is None and rules.max_bytes is None:
        raise UsageError(
            "nothing says what may go", hint="give --keep N, --older-than 30d or --max-bytes 500M"
        )
    wrong = [kind.value for kind in rules.kinds if kind not in PRUNABLE]
    if wrong:
        raise UsageError(f"never pruned: {', '.join(wrong)}", hint=f"one of {', '.join(sorted(PRUNABLE))}")
    plan = PrunePlan(now)
    chosen = _chosen([item for item in archive.backups if _in_scope(item, rules)], rules, now)
    going = {prune.backup.id for prune in chosen}
    held = _Held(reader, [item for item in archive.backups if item.id not in going])
    # What stays for a reason of its own may hold what others would lose: it is known first.
    asked: list[Prune] = []
    for candidate in chosen:
        words = _must_stay(candidate.backup)
        if words:
            plan.kept.append(Kept(candidate.backup, words))
            held.add(candidate.backup)
        else:
            asked.append(replace(candidate, stamp=_stamp(candidate.backup)))
    for prune in asked:
        words = held.misses(prune.backup)
        if words:
            plan.kept.append(Kept(prune.backup, words))
            held.add(prune.backup)
        else:
            plan.prunes.append(prune)
    return plan


def _stamp(item: Backup) -> tuple[int, int, int]:
    seen = lstat(item.path)
    return (seen.st_size, seen.st_mtime_ns, seen.st_ino) if seen else (0, 0, 0)


def _in_scope(item: Backup, rules: Retention) -> bool:
    return item.place.is_file and item.kind in PRUNABLE and (not rules.kinds or item.kind in rules.kinds)


def _chosen(pool: Sequence[Backup], rules: Retention, now: int) -> list[Prune]:
    """What the bounds let go, the fullest first: one that stays holds what the lesser ones would lose."""
    found: dict[str, Prune] = {}
    for item, place in _by_age(pool):
        if rules.keep is not None and place >= rules.keep:
            found.setdefault(item.id, Prune(item, f"more than {rules.keep} of its kind"))
        if rules.older_than_ms is not None and item.at is not None and now - item.at > rules.older_than_ms:
            found.setdefault(item.id, Prune(item, f"older than {rules.older_than_ms // 86_400_000} days"))
    if rules.max_bytes is not None:
        total = sum(item.size_bytes for item in pool if item.id not in found)
        for item in sorted(pool, key=lambda item: item.at or 0):
            if total <= rules.max_bytes:
                break
            if item.id not in found:
                found[item.id] = Prune(item, f"all together are above {rules.max_bytes} bytes")
                total -= item.size_bytes
    return sorted(found.values(), key=lambda prune: _worth(prune.backup), reverse=True)


def _worth(item: Backup) -> tuple[bool, int, int, int]:
    return item.state is BackupState.COMPLETE, item.visible, item.entries, item.at or 0


def _family(item: Backup) -> tuple[str, str]:
    """Copies of one key (or, without one, of one session) are looked at for what another would lose."""
    return item.agent if item.key else "", item.key or item.session_id


def _by_age(pool: Sequence[Backup]) -> Iterable[tuple[Backup, int]]:
    """Each copy with its place among its key and kind, the newest being 0."""
    groups: dict[tuple[str, str, BackupKind], list[Backup]] = {}
    for item in pool:
        groups.setdefault((item.agent, item.key or item.session_id, item.kind), []).append(item)
    for items in groups.values():
        items.sort(key=lambda item: -(item.at or 0))
        yield from ((item, place) for place, item in enumerate(items))


def _must_stay(item: Backup) -> str:
    """Why a copy stays whatever the others hold, "" when nothing says so."""
    if item.kind.is_live:
        return "it is live"
    if item.referenced:
        return "a row of the store names it"
    if item.state is BackupState.UNREADABLE:
        return "it cannot be read, so nobody knows what it holds"
    if item.best:
        return "it is the best copy of its key"
    return ""


class _Held:
    """What the staying complete copies hold, by content; read only for the conversations that are asked about."""

    def __init__(self, reader: CopyReader, staying: Sequence[Backup]) -> None:
        self._reader = reader
        self._staying: dict[tuple[str, str], list[Backup]] = {}
        for item in staying:
            self.add(item)
        self._contents: OrderedDict[str, frozenset[bytes]] = OrderedDict()

    def add(self, item: Backup) -> None:
        """One more copy stays."""
        if item.state is BackupState.COMPLETE:
            self._staying.setdefault(_family(item), []).append(item)

    def misses(self, item: Backup) -> str:
        """Why a copy must stay: it holds an entry that no staying complete copy holds. "" when it may go."""
        if not item.state.holds_entries:
            return ""
        wanted = set(self._content(item))
        marks = marks_of(item)
        family = self._staying.get(_family(item), [])
        for other in sorted(family, key=lambda other: -len(other.fingerprints)):
            if not wanted:
                break
            if other.id != item.id and not marks.isdisjoint(marks_of(other)):
                wanted -= self._content(other)
        return f"{len(wanted)} of its entries stand in no other complete copy" if wanted else ""

    def _content(self, item: Backup) -> frozenset[bytes]:
        if item.id in self._contents:
            self._contents.move_to_end(item.id)
        if item.id not in self._contents:
            self._contents[item.id] = frozenset(_digests(self._reader, item))
            if len(self._contents) > _REMEMBERED:
                self._contents.popitem(last=False)
        return self._contents[item.id]


def _digests(reader: CopyReader, item: Backup) -> Iterable[bytes]:
    """A digest of each line but the header. An event of a database and a line of a file have the same bytes."""
    for raw in reader.entries(item):
        if raw.data.strip() and not raw.data.startswith(b'{"type":"session"'):
            yield hashlib.blake2b(raw.data, digest_size=16).digest()
        elif raw.oversized:
            yield hashlib.blake2b(f"{item.id}:{raw.line}".encode(), digest_size=16).digest()
