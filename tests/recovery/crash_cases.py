"""Every rung, as the command line climbs it, set up so that it can be killed anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import database_stage
from live_stage import Store, gateway_process
from rescue_stage import Stage, ids_in, stage

import branch_stage
from gateway_server import TOKEN, FakeGateway, serving

FOREIGN_LOCK = b"not ours"
DEAD = "2026.7.1/dead-compact-400-chat"
DEAD_DATABASE = "2026.9.6/compact-400-via-chat"
GUARDED = "2026.9.6/compact-quality-guard"
COPY = ".bak.recovered.2026-11-23T08-00-00.000Z"


@dataclass(frozen=True)
class CrashCase:
    """One rung.

    Attributes:
        words: the command with its options; KEY stands for the session key.
        prepare: what is done to the copied case first.
        gateway: a gateway that serves the stage, None where it is stopped.
        under_locks: a gateway process runs, and files are changed under OpenClaw's locks.
    """

    name: str
    corpus: str
    words: tuple[str, ...]
    prepare: Callable[[Stage], object] = lambda _: None
    gateway: Callable[[Stage], FakeGateway] | None = None
    under_locks: bool = False


def torn(on: Stage) -> None:
    """A transcript with a broken line in its middle and a torn tail."""
    lines = on.transcript.read_bytes().splitlines(keepends=True)
    lines[len(lines) // 2] = lines[len(lines) // 2].replace(b'"role"', b'"role', 1)
    on.transcript.write_bytes(b"".join(lines)[:-20])


def copied(on: Stage) -> None:
    """A copy under a foreign name; the live transcript has lost most of it."""
    on.transcript.with_name(on.transcript.name + COPY).write_bytes(on.transcript.read_bytes())
    lines = on.transcript.read_bytes().splitlines(keepends=True)
    on.transcript.write_bytes(b"".join(lines[:6]))


def rewound(on: Stage) -> None:
    """The key's conversation has gone back: the newest part is a branch that was left."""
    with branch_stage.opened(on.state) as connection:
        events = branch_stage.events_of(connection, branch_stage.window_of(connection, on.key))
    answers = [event["id"] for event in events if event.get("message", {}).get("role") == "assistant"]
    branch_stage.go_to(on.state, on.key, answers[1], at=database_stage.iso(), updated=1_795_422_002_000)


def reset(on: Stage) -> None:
    branch_stage.reset_in_place(on.state, on.key, at=database_stage.iso())


def foreign(on: Stage) -> None:
    """A transcript that another tool has put aside."""
    folder = on.state / "agents/main/sessions"
    folder.mkdir(exist_ok=True)
    live = next((Path(__file__).parents[1] / "corpus/2026.7.1/healthy-chat").rglob("*.jsonl"))
    (folder / f"foreign.jsonl{COPY}").write_bytes(live.read_bytes())


TOMBSTONE = {"revision": 3, "chargedAttempts": 3, "tombstone": {"reason": "no turn began"}}


def tombstoned(on: Stage) -> None:
    """Given up by its restarts, and no chat but a session of the dashboard."""
    key = "agent:main:dashboard:0f54a1d2-58c1-4a7a-9f5b-5d0c3a7e1b11"
    with branch_stage.opened(on.state) as connection:
        for table in ("session_windows", "session_nodes"):
            connection.execute(f"UPDATE {table} SET session_key = ?", (key,))
    on.truth["session_key"] = key
    database_stage.change(on, mainRestartRecovery=TOMBSTONE)


def tombstoned_chat(on: Stage) -> None:
    database_stage.change(on, mainRestartRecovery=TOMBSTONE)


def files(*working: str) -> Callable[[Stage], FakeGateway]:
    def made(on: Stage) -> FakeGateway:
        store = Store(on, working=frozenset(working))
        return FakeGateway(version="2026.7.1", protocols=(3, 4), methods=store.methods())

    return made


def database(*working: str) -> Callable[[Stage], FakeGateway]:
    return lambda on: FakeGateway(methods=database_stage.Database(on, frozenset(working)).methods())


RESTORE = ("backups", "restore")
CASES = (
    CrashCase("unlock", "2026.4.15/running-after-sigkill", ("rescue", "KEY", "--policy", "preserve")),
    CrashCase("relink", "2026.4.15/autoreset-compact-400", ("rescue", "KEY")),
    CrashCase(
        "relink-beside-gateway", "2026.4.15/autoreset-compact-400", ("rescue", "KEY"), under_locks=True
    ),
    CrashCase("mend", "2026.7.1/healthy-chat", ("mend", "KEY"), torn),
    CrashCase("distil", DEAD, ("compact", "KEY", "--distil")),
    CrashCase("reset", DEAD, ("reset", "KEY")),
    CrashCase("restore", "2026.7.1/healthy-chat", (*RESTORE, "KEY", "--live"), copied),
    CrashCase("gateway-compact", DEAD, ("rescue", "KEY"), gateway=files("fake/alt")),
    CrashCase("gateway-distil", DEAD, ("compact", "KEY", "--distil"), gateway=files()),
    CrashCase("gateway-reset", DEAD, ("reset", "KEY"), gateway=files()),
    CrashCase("recover", "2026.9.6/healthy-mid", ("rescue", "KEY"), tombstoned, database()),
    CrashCase("recover-chat", "2026.9.6/healthy-mid", ("rescue", "KEY"), tombstoned_chat, database()),
    CrashCase("relax", GUARDED, ("rescue", "KEY", "--policy", "preserve"), gateway=database()),
    CrashCase("rewind", DEAD_DATABASE, ("rescue", "KEY", "--policy", "preserve"), gateway=database()),
    CrashCase("database-distil", DEAD_DATABASE, ("compact", "KEY", "--distil"), gateway=database()),
    CrashCase("database-reset", DEAD_DATABASE, ("reset", "KEY"), gateway=database()),
    CrashCase("switch", "2026.9.6/healthy-mid", (*RESTORE, "KEY", "--live"), rewound, database()),
    CrashCase("fork", "2026.9.6/healthy-mid", (*RESTORE, "KEY", "--live"), reset, database()),
    CrashCase(
        "hand-over",
        "2026.9.6/reset-revived",
        (*RESTORE, f"foreign.jsonl{COPY}", "--live", "--key", "KEY"),
        foreign,
        database(),
    ),
)


@dataclass(frozen=True)
class Bed:
    """A prepared stage with its gateway, if there is one."""

    case: CrashCase
    on: Stage
    fake: FakeGateway | None

    @property
    def env(self) -> dict[str, str]:
        own = {"HOME": "/dev/null/radioactive-home", "XDG_STATE_HOME": str(self.on.root / "own")}
        return own | {"PATH": "/usr/bin:/bin", "TZ": "UTC", "COLUMNS": "100"}

    @property
    def reach(self) -> tuple[str, ...]:
        """The options that lead to the gateway; without one the operator vouches for the foreign lock."""
        if self.fake is not None:
            return ("--url", self.fake.url, "--token", TOKEN)
        return () if self.case.under_locks else ("--gateway-stopped",)

    def argv(self) -> list[str]:
        words = [self.on.key if word == "KEY" else word for word in self.case.words]
        return [*words, "--yes", *self.reach, *self.on.options]

    def next_run(self) -> list[str]:
        """Any later mutating run, which does nothing of its own."""
        observe = ["rescue", self.on.key, "--policy", "observe", "--yes"]
        return [*observe, *self.reach, *self.on.options]

    def asked(self, name: str) -> list[dict[str, Any]]:
        """What the gateway was asked by one method."""
        return [params for method, params in self.fake.calls if method == name] if self.fake else []

    def settled(self) -> None:
        if self.fake is not None:
            self.fake.wait_quiet()

    def contents(self) -> dict[str, Any]:
        """What must be as before: files by their bytes, databases by their rows and events."""
        found: dict[str, Any] = {}
        for path in sorted(self.on.state.rglob("*")):
            name = str(path.relative_to(self.on.state))
            ours = ".bak.recovered." in name and not name.endswith(COPY)
            if path.is_file() and not ours and ".sqlite" not in name:
                found[name] = path.read_bytes()
        row = self.row()
        found["override"] = {name: row.get(name) for name in ("providerOverride", "modelOverride")}
        found["put back"] = found["override"] | {"config": self.config(), "branch": self.branch()}
        return found

    def row(self) -> dict[str, Any]:
        """The session's row."""
        return database_stage.row(self.on) if self.is_database else self.on.row

    def config(self) -> object:
        """The gateway's config as it is, None where there is no gateway."""
        asked = self.fake.methods.get("config.get") if self.fake else None
        return asked({})["config"] if asked else None

    def branch(self) -> str | None:
        """The end of the branch in use."""
        asked = self.fake.methods.get("sessions.branches.list") if self.fake else None
        if asked is None or self.case.name not in ("rewind", "switch"):
            return None
        return next(str(one["leafEntryId"]) for one in asked({})["branches"] if one["active"])

    @property
    def is_database(self) -> bool:
        return (self.on.state / branch_stage.DATABASE).exists()

    def history(self) -> set[str]:
        """The ids of all entries, wherever they are kept."""
        roots = (self.on.state, self.on.root / "own")
        paths = [path for root in roots for path in root.rglob("*.jsonl*") if path.is_file()]
        found = set().union(*map(ids_in, paths)) if paths else set()
        if self.is_database:
            with branch_stage.opened(self.on.state) as connection:
                windows = connection.execute("SELECT DISTINCT session_id FROM transcript_events").fetchall()
                for (window,) in windows:
                    found |= {
                        event["id"]
                        for event in branch_stage.events_of(connection, window)
                        if event["type"] != "session" and "id" in event
                    }
        return found


@contextmanager
def bed(base: Path, case: CrashCase) -> Iterator[Bed]:
    """A fresh stage for one run."""
    with ExitStack() as running:
        on = stage(base, case.corpus)
        case.prepare(on)
        fake = running.enter_context(serving(case.gateway(on))) if case.gateway else None
        if fake is not None:
            fake.state_dir = str(on.state)
        if fake is not None or case.under_locks:
            running.enter_context(gateway_process(on, *([fake.socket] if fake else [])))
        else:
            (on.sessions / "foreign.jsonl.lock").write_bytes(FOREIGN_LOCK)
        yield Bed(case, on, fake)
