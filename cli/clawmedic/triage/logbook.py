"""Joins log signals to sessions: lines of one turn first, then the turn to its session.

The rule of design.md 3: a line belongs to a session by its session id or transcript file name; by its key
only within the row's lifetime; a line without either by `traceId`, or by standing directly around a line
that has one (the cause stands before the `end` line on 7.1 timeouts, after it on 4.15). Several gateways
may share one file and the same keys.

Memory is bounded: open turns are few, and each session keeps its newest turns only.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterable

from msgspec import Struct, field

from clawmedic.logs.signals import Signal, SignalKind

OPEN_TURNS = 512
OPEN_UNTRACED = 64
"""Turns without a trace that are open at a time in one log."""
TURNS_KEPT = 400
SIGNALS_PER_TURN = 64
NEIGHBOUR_MS = 5_000
"""How far a line without key may stand from the keyed line of its turn."""
PENDING_LINES = 16
RUNS_KEPT = 20_000
"""Runs whose session is remembered."""

_BOOTS = frozenset({SignalKind.GATEWAY_READY})
_EVERYBODYS = frozenset(
    {
        SignalKind.GATEWAY_READY,
        SignalKind.LOG_GAP,
        SignalKind.DISK_FULL,
        SignalKind.DATABASE,
        SignalKind.AUTH_COOLDOWN,
    },
)


class LogTurn(Struct):
    """The recognised lines of one turn (or of one stretch without a trace), oldest first."""

    signals: list[Signal] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    session_ids: set[str] = field(default_factory=set)

    def add(self, signal: Signal) -> None:
        """Take a line in; beyond the bound only the newest lines are kept beside the first half."""
        if len(self.signals) >= SIGNALS_PER_TURN:
            del self.signals[SIGNALS_PER_TURN // 2]
        self.signals.append(signal)
        if signal.key:
            self.keys.add(signal.key)
        if signal.session_id:
            self.session_ids.add(signal.session_id)
        if signal.trigger == "budget" and signal.run_id:
            # A compaction before the run has no run id: OpenClaw puts the session id there (openclaw.md 1.3).
            self.session_ids.add(signal.run_id)

    @property
    def at(self) -> int | None:
        """The newest time in the turn, epoch milliseconds."""
        times = [signal.at for signal in self.signals if signal.at is not None]
        return max(times) if times else None

    @property
    def started_at(self) -> int | None:
        """The oldest time in the turn, epoch milliseconds."""
        times = [signal.at for signal in self.signals if signal.at is not None]
        return min(times) if times else None

    def has(self, *kinds: SignalKind) -> bool:
        """Whether any line of these kinds is among them."""
        return any(signal.kind in kinds for signal in self.signals)

    def of(self, *kinds: SignalKind) -> list[Signal]:
        """The lines of these kinds, in order."""
        return [signal for signal in self.signals if signal.kind in kinds]


class LogBook:
    """All turns of the logs, to be asked by session."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, LogTurn] = OrderedDict()
        self._untraced: dict[str, list[LogTurn]] = defaultdict(
            list
        )  # by source; the newest line's turn is last
        self._runs: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._waiting: dict[str, deque[Signal]] = defaultdict(lambda: deque(maxlen=PENDING_LINES))
        self._by_key: dict[str, deque[LogTurn]] = defaultdict(lambda: deque(maxlen=TURNS_KEPT))
        self._by_session: dict[str, deque[LogTurn]] = defaultdict(lambda: deque(maxlen=TURNS_KEPT))
        self.boots: list[int] = []
        self.gateway_wide: deque[Signal] = deque(maxlen=200)
        self.strays: deque[LogTurn] = deque(maxlen=TURNS_KEPT)
        self.first_at: int | None = None
        self.last_at: int | None = None

    @classmethod
    def read(cls, signals: Iterable[Signal]) -> LogBook:
        """Fold a stream of signals into a book."""
        book = cls()
        for signal in signals:
            book.add(signal)
        book.close()
        return book

    def add(self, signal: Signal) -> None:
        """Take one signal in, in log order."""
        self._note_time(signal)
        self._note_run(signal)
        if signal.kind in _BOOTS:
            if signal.at is not None:
                self.boots.append(signal.at)
            self._end_untraced(signal.record.source)
            return
        if signal.kind in _EVERYBODYS and not signal.key and not signal.session_id:
            self.gateway_wide.append(signal)
            return
        if signal.record.trace_id:
            self._add_traced(signal)
        else:
            self._add_untraced(signal)

    def close(self) -> None:
        """The stream is over: file every open turn."""
        for turn in self._open.values():
            self._file(turn)
        self._open.clear()
        for source in list(self._untraced):
            self._end_untraced(source)

    def turns(
        self, key: str, known: Collection[str], *, born_at: int | None, until: int | None = None
    ) -> list[LogTurn]:
        """The turns of one session, oldest first.

        `known` are the session ids of this store that may stand behind the key. A turn that names only other
        ids is another gateway's. A turn known by key alone counts from `born_at` (epoch ms) on. A turn that
        began after `until` is not in this row: every turn moves the row's `updatedAt`, refused ones too.
        """
        found: dict[int, LogTurn] = {}
        for session_id in known:
            for turn in self._by_session.get(session_id, ()):
                if not turn.keys or key in turn.keys:
                    found[id(turn)] = turn
        for turn in self._by_key.get(key, ()):
            if turn.session_ids and turn.session_ids.isdisjoint(known):
                continue
            if not turn.session_ids and turn.at is not None and born_at is not None and turn.at < born_at:
                continue
            found[id(turn)] = turn
        own = [self._own_part(turn, key, known) for turn in found.values()]
        lived = [turn for turn in own if turn.signals and (until is None or (turn.started_at or 0) <= until)]
        return sorted(lived, key=lambda turn: turn.at or 0)

    def _own_part(self, turn: LogTurn, key: str, known: Collection[str]) -> LogTurn:
        """What of a turn is this session's: turns of several sessions may share a trace.

        Measured on 2026.7.1 with several sessions at work: a run that waited for its lane goes on in the trace of the
        run that made room for it. A line with nothing but a run id is another session's when a line of that run says
        so.
        """

        def foreign(signal: Signal) -> bool:
            owner = self._runs.get(signal.run_id) if signal.run_id else None
            names = [(signal.key, signal.session_id), *([owner] if owner else [])]
            return any(name != key if name else bool(sid) and sid not in known for name, sid in names)

        own = [signal for signal in turn.signals if not foreign(signal)]
        if len(own) == len(turn.signals):
            return turn
        part = LogTurn()
        for signal in own:
            part.add(signal)
        return part

    def _note_run(self, signal: Signal) -> None:
        """Whose a run is. A compaction before the run has the session's id for a run id: that says nothing."""
        if not signal.run_id or signal.trigger == "budget" or not (signal.key or signal.session_id):
            return
        key, session_id = self._runs.get(signal.run_id, ("", ""))
        self._runs[signal.run_id] = (key or signal.key, session_id or signal.session_id)
        self._runs.move_to_end(signal.run_id)
        if len(self._runs) > RUNS_KEPT:
            self._runs.popitem(last=False)

    def known_keys(self) -> set[str]:
        """Every session key the logs name."""
        return set(self._by_key)

    def turns_of_key(self, key: str) -> list[LogTurn]:
        """Every turn that names the key, whoever's it is."""
        return list(self._by_key.get(key, ()))

    def _note_time(self, signal: Signal) -> None:
        if signal.at is None:
            return
        self.first_at = signal.at if self.first_at is None else min(self.first_at, signal.at)
        self.last_at = signal.at if self.last_at is None else max(self.last_at, signal.at)

    def _add_traced(self, signal: Signal) -> None:
        trace = signal.record.trace_id
        turn = self._open.get(trace)
        if turn is None:
            turn = self._open[trace] = LogTurn()
            if len(self._open) > OPEN_TURNS:
                _, oldest = self._open.popitem(last=False)
                self._file(oldest)
        else:
            self._open.move_to_end(trace)
        turn.add(signal)

    def _add_untraced(self, signal: Signal) -> None:
        """Lines without a trace: keyed lines open or continue a turn; others wait for or join a neighbour.

        Several sessions at work write between each other's lines: each goes on with its own turn.
        """
        source = signal.record.source
        turns = self._untraced[source]
        if signal.key or signal.session_id:
            turn = self._continued(turns, signal)
            if turn is None:
                turn = LogTurn()
                for one in self._waiting.pop(source, ()):
                    if _near(one, signal) and not _is_anothers(one, signal):
                        turn.add(one)
                    else:
                        self._stray(one)
            turn.add(signal)
            turns.append(turn)
            if len(turns) > OPEN_UNTRACED:
                self._file(turns.pop(0))
        elif turns and _near(turns[-1].signals[-1], signal) and not _ended_for_good(turns[-1], signal):
            turns[-1].add(signal)
        else:
            self._waiting[source].append(signal)

    def _continued(self, turns: list[LogTurn], signal: Signal) -> LogTurn | None:
        """The open turn that a keyed line goes on with, taken out of `turns`; one that it ends is filed."""
        for place in range(len(turns) - 1, -1, -1):
            turn = turns[place]
            named = signal.key in turn.keys or signal.session_id in turn.session_ids
            if named or (place == len(turns) - 1 and _continues(turn, signal)):
                del turns[place]
                if _continues(turn, signal):
                    return turn
                self._file(turn)
                return None
        return None

    def _end_untraced(self, source: str) -> None:
        for turn in self._untraced.pop(source, ()):
            self._file(turn)
        for waiting in self._waiting.pop(source, ()):
            self._stray(waiting)

    def _stray(self, signal: Signal) -> None:
        stray = LogTurn()
        stray.add(signal)
        self.strays.append(stray)

    def _file(self, turn: LogTurn) -> None:
        for key in turn.keys:
            self._by_key[key].append(turn)
        for session_id in turn.session_ids:
            self._by_session[session_id].append(turn)
        if not turn.keys and not turn.session_ids:
            self.strays.append(turn)


def _near(first: Signal, second: Signal) -> bool:
    if first.at is None or second.at is None:
        return True
    return abs(second.at - first.at) <= NEIGHBOUR_MS


_LAST_WORDS = frozenset({SignalKind.AUTO_RESET, SignalKind.TURN_REFUSED})
_FIRST_WORDS = frozenset({SignalKind.PRECHECK, SignalKind.OVERFLOW_DIAG})


def _continues(turn: LogTurn, signal: Signal) -> bool:
    """Whether a keyed line goes on with the turn that is open in its source."""
    if signal.key and turn.keys and signal.key not in turn.keys:
        return False
    if signal.session_id and turn.session_ids and signal.session_id not in turn.session_ids:
        return False
    last = turn.signals[-1]
    if last.kind in _LAST_WORDS and signal.kind in _FIRST_WORDS:
        return False
    if last.at is None or signal.at is None:
        return True
    # A compaction may hang for minutes between two lines of one turn (openclaw.md 1.8).
    return 0 <= signal.at - last.at <= 20 * 60_000 and not (
        signal.kind is SignalKind.PRECHECK and _settled(turn)
    )


def _settled(turn: LogTurn) -> bool:
    return turn.has(
        SignalKind.COMPACTION_FAILED, SignalKind.COMPACTION_DONE, SignalKind.RUN_FAILED, SignalKind.RUN_OK
    )


def _is_anothers(waiting: Signal, signal: Signal) -> bool:
    """Whether a failed run's line is not of the session whose first keyed line follows: it names another model."""
    models = waiting.model and signal.model
    return bool(waiting.kind is SignalKind.RUN_FAILED and models and waiting.model != signal.model)


def _ended_for_good(turn: LogTurn, signal: Signal) -> bool:
    """A cause line of another model is another session's (the key-less lines name their model)."""
    models = {known.model for known in turn.signals if known.model}
    return bool(signal.model and models and signal.model not in models)
