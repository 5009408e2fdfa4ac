"""A small real store of the file generation, and mutations as a rung would write them."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from clawmedic.disk.digest import digest_file
from clawmedic.model.outcome import Check, Proof, RungResult
from clawmedic.model.plan import Access, Plan, Step
from clawmedic.model.reporter import SilentReporter
from clawmedic.model.session import Session
from clawmedic.operations.execute import execute
from clawmedic.operations.expect import expect_file, expect_row
from clawmedic.operations.ids import new_operation_id
from clawmedic.operations.run import Run, mutating_run
from clawmedic.operations.work import Work
from clawmedic.settings import Settings, World
from clawmedic.stores.editing_transcript import checked_transcript
from clawmedic.stores.opening import open_for_reading
from clawmedic.stores.state import StateReader

KEY = "agent:main:telegram:group:-1001"
OTHER = "agent:main:main"
SESSION_ID = "0c9fe4a9-f0f8-47c3-a6ea-94c059b2dfad"
OTHER_ID = "1586ea55-59e4-4b64-a7d6-885e8188f851"
NEW_ID = "60e28ac6-3408-4784-a8ff-d94869b15535"
CLOSED_PORT = 1
"""Nobody listens on tcpmux here; the gate asks the config's port."""
NOT_OURS = ("own",)


def entry(number: int, text: str) -> str:
    parent = f"{number - 1:08x}" if number > 1 else None
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    return json.dumps(
        {
            "type": "message",
            "id": f"{number:08x}",
            "parentId": parent,
            "timestamp": "2026-11-23T08:00:00.000Z",
            "message": message,
        },
        separators=(",", ":"),
    )


def transcript(session_id: str, lines: int) -> bytes:
    header = {
        "type": "session",
        "version": 3,
        "id": session_id,
        "timestamp": "2026-11-23T08:00:00.000Z",
        "cwd": "/",
    }
    body = [entry(number, f"message {number} héllo") for number in range(1, lines + 1)]
    return ("\n".join([json.dumps(header, separators=(",", ":")), *body]) + "\n").encode()


def build(root: Path, *, port: int = CLOSED_PORT, lines: int = 12) -> Path:
    """A state directory with two sessions and an unknown field in every place."""
    sessions = root / "agents" / "main" / "sessions"
    sessions.mkdir(parents=True)
    (root / "openclaw.json").write_text(
        json.dumps({"gateway": {"port": port}, "meta": {"lastTouchedVersion": "2026.4.15"}})
    )
    rows = {
        OTHER: _row(OTHER_ID, sessions, 900),
        KEY: _row(SESSION_ID, sessions, 24365),
    }
    (sessions / "sessions.json").write_bytes(json.dumps(rows, indent=2, ensure_ascii=False).encode())
    (sessions / "sessions.json").chmod(0o600)
    for name in (SESSION_ID, OTHER_ID):
        path = sessions / f"{name}.jsonl"
        path.write_bytes(transcript(name, lines))
        path.chmod(0o644)
    return root


def _row(session_id: str, sessions: Path, tokens: int) -> dict[str, object]:
    return {
        "sessionId": session_id,
        "updatedAt": 1795421741674,
        "sessionFile": str(sessions / f"{session_id}.jsonl"),
        "status": "done",
        "fromTheFuture": {"kept": [1, 2.50, "ü"], "empty": {}},
        "totalTokens": tokens,
        "totalTokensFresh": True,
        "label": "trailing",
    }


def world_for(base: Path, *, proc: Path = Path("/proc"), now: int = 1795421741674) -> World:
    own = base / "own"
    env = MappingProxyType({"XDG_STATE_HOME": str(own / "state")})
    tmp = base / "tmp"
    tmp.mkdir(exist_ok=True)
    return World(
        env=env, home=base / "home", cwd=base, tmp=tmp, uid=os.getuid(), clock=lambda: now, proc=proc
    )


def settings_for(base: Path, **changes: object) -> Settings:
    return Settings(world=world_for(base, **changes), state_dir=base / "state")  # type: ignore[arg-type]


def tree(root: Path) -> dict[str, tuple[str, int, int, int]]:
    """Every file with its digest, mode and owner: what `undo` must give back."""
    found = {}
    for path in sorted(root.rglob("*")):
        seen = path.lstat()
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(root))] = (digest, seen.st_mode & 0o7777, seen.st_uid, seen.st_gid)
    return found


def without_backups(found: dict[str, tuple[str, int, int, int]]) -> dict[str, tuple[str, int, int, int]]:
    return {name: value for name, value in found.items() if ".bak.recovered." not in name}


def session_of(state: StateReader, key: str = KEY) -> Session:
    return next(one for store in state.stores for one in store.sessions() if one.key == key)


@dataclass
class Distil:
    """Shortens the transcript in place and clears the row's counters."""

    session: Session
    expected: str
    row: str
    holds: bool = True
    seen: list[str] = field(default_factory=list)

    def act(self, work: Work) -> None:
        editor = work.editor()
        kept = self.session.transcript.path.read_bytes().splitlines(keepends=True)
        editor.replace_transcript(
            self.session, checked_transcript(b"".join([kept[0], *kept[-2:]])), expected=self.expected
        )
        editor.edit_row(
            self.session,
            changed={"label": "rescued ✓"},
            removed=["totalTokens", "totalTokensFresh"],
            expected_row=self.row,
        )

    def prove(self, work: Work) -> Proof:
        self.seen.append(work.journal.begin.operation_id)
        lines = self.session.transcript.path.read_bytes().count(b"\n")
        return Proof(
            (
                Check("lines", ok=lines == 3, detail=str(lines)),
                Check("wanted", ok=self.holds, detail="it was not"),
            )
        )


@dataclass
class Reset:
    """Creates a new transcript and points the row to it."""

    session: Session
    row: str

    def act(self, work: Work) -> None:
        editor = work.editor()
        path = editor.create_transcript(self.session, checked_transcript(transcript(NEW_ID, 1)))
        editor.point_row(self.session, session_id=NEW_ID, transcript=path, expected_row=self.row)

    def prove(self, work: Work) -> Proof:
        del work
        text = self.session.store.read_text()
        return Proof((Check("row", ok=NEW_ID in text, detail="points elsewhere"),))


def distil_plan(
    settings: Settings, session: Session, *, access: Access = Access.OFFLINE
) -> tuple[Plan, Distil]:
    file, row = expect_file(session.transcript.path), expect_row(session.store, session.key)
    plan = Plan(
        operation_id=new_operation_id(settings.now()),
        command="rescue",
        keys=(session.key,),
        state_dir=settings.state_dir,
        steps=(Step("distil", "keep the newest turns", writes=(file, row)),),
        access=access,
        backups=(session.transcript.path,),
        locks=(session.transcript.path, session.store),
        planned_at=settings.now(),
    )
    return plan, Distil(session, file.sha256 or "", row.sha256 or "")


def reset_plan(settings: Settings, session: Session) -> tuple[Plan, Reset]:
    row = expect_row(session.store, session.key)
    new = expect_file(session.store.with_name(f"{NEW_ID}.jsonl"))
    plan = Plan(
        operation_id=new_operation_id(settings.now()),
        command="reset",
        keys=(session.key,),
        state_dir=settings.state_dir,
        steps=(
            Step(
                "reset",
                "begin a new session",
                reads=(expect_file(session.transcript.path),),
                writes=(new, row),
            ),
        ),
        backups=(session.transcript.path,),
        locks=(session.transcript.path,),
        planned_at=settings.now(),
    )
    return plan, Reset(session, row.sha256 or "")


def rescue(settings: Settings, kind: str = "distil", **choices: bool) -> RungResult:
    """One whole mutating run."""
    with mutating_run(settings, gateway_stopped=choices.get("gateway_stopped", False)) as run:
        return rescue_within(run, kind, holds=choices.get("holds", True))


def rescue_within(run: Run, kind: str, *, holds: bool = True) -> RungResult:
    with open_for_reading(run.settings, SilentReporter()) as state:
        session = session_of(state)
        if kind == "reset":
            plan, reset = reset_plan(run.settings, session)
            return execute(run, plan, reset, state=state)
        plan, distil = distil_plan(run.settings, session)
        distil.holds = holds
        return execute(run, plan, distil, state=state)


def sha(path: Path) -> str:
    return digest_file(path).sha256
