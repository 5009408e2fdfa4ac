"""Corpus cases copied to where they may be rescued, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clawmedic.model.outcome import Outcome
from clawmedic.model.policy import Policy
from clawmedic.model.report import SessionReport
from clawmedic.model.reporter import SilentReporter
from clawmedic.operations.run import mutating_run
from clawmedic.operations.undo import plan_undo, undo
from clawmedic.recovery.policy import Mandate
from clawmedic.recovery.rescue import Clinic, Round, carry_out, plan_round
from clawmedic.settings import Settings, World
from clawmedic.stores.opening import open_for_reading
from clawmedic.triage.examine import examine

CORPUS = Path(__file__).parent.parent / "corpus"
CLOSED_PORT = 1
"""Nobody listens on tcpmux here; the gate asks the config's port."""
RESET = Mandate(Policy.RESET, explicit=True, named=True, agreed=True)
REVIVE = Mandate(Policy.REVIVE, explicit=True, named=True, agreed=True)
PATIENT = Mandate()
"""What `rescue KEY` is without options."""


@dataclass(frozen=True)
class Stage:
    """One copied case."""

    root: Path
    truth: dict[str, Any]
    settings: Settings

    @property
    def key(self) -> str:
        return str(self.truth["session_key"])

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def sessions(self) -> Path:
        return next(self.state.glob("agents/*/sessions"))

    @property
    def row(self) -> dict[str, Any]:
        rows = json.loads((self.sessions / "sessions.json").read_text())
        found = rows[self.key]
        assert isinstance(found, dict)
        return found

    @property
    def transcript(self) -> Path:
        return self.sessions / Path(self.row["sessionFile"]).name

    @property
    def options(self) -> tuple[str, ...]:
        logs = self.settings.logs
        return ("--state-dir", str(self.state), *(word for log in logs for word in ("--log", log)))


def file_cases(*verdicts: str) -> list[str]:
    """Names of the file-generation cases whose truth allows no other than these verdicts; none means all."""
    names = []
    for path in sorted([*CORPUS.glob("2026.4.15/*/truth.json"), *CORPUS.glob("2026.7.1/*/truth.json")]):
        truth = json.loads(path.read_text())
        if not verdicts or set(truth["verdict_any_of"]) <= set(verdicts):
            names.append(f"{path.parent.parent.name}/{path.parent.name}")
    return names


def stage(base: Path, name: str, *, now: int | None = None, port: int = CLOSED_PORT) -> Stage:
    """Copy a case; its gateway's port is one where nobody listens."""
    root = base / name.replace("/", "-")
    shutil.copytree(CORPUS / name, root)
    path = root / "state" / "openclaw.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    config.setdefault("gateway", {})["port"] = port
    path.write_text(json.dumps(config))
    folder = root / "logs"
    logs = tuple(str(log) for log in sorted(folder.glob("*.log"))) if folder.is_dir() else ()
    settings = Settings(world=world(root, now=now), state_dir=root / "state", logs=logs or ("/dev/null",))
    return Stage(root, json.loads((root / "truth.json").read_text()), settings)


def world(root: Path, *, now: int | None = None) -> World:
    (root / "tmp").mkdir(exist_ok=True)
    env = MappingProxyType({"XDG_STATE_HOME": str(root / "own")})
    made = World(env=env, home=root / "home", cwd=root, tmp=root / "tmp", uid=os.getuid())
    if now is None:
        return made
    return World(env=env, home=root / "home", cwd=root, tmp=root / "tmp", uid=os.getuid(), clock=lambda: now)


@contextmanager
def planned(on: Stage, mandate: Mandate, *, all_ill: bool = False) -> Iterator[Round]:
    keys = () if all_ill else (on.key,)
    clinic = Clinic("rescue", mandate)
    with plan_round(on.settings, SilentReporter(), clinic, keys=keys, every_ill=all_ill) as made:
        yield made


def rescue(on: Stage, mandate: Mandate) -> Outcome:
    with mutating_run(on.settings) as run, planned(on, mandate) as made:
        return carry_out(run, made)


def undo_all(on: Stage, operation: str) -> Outcome:
    with mutating_run(on.settings) as run, open_for_reading(on.settings, SilentReporter()) as state:
        return undo(run, plan_undo(on.settings, operation), state=state)


def report(on: Stage) -> SessionReport:
    whole = examine(on.settings, SilentReporter())
    return next(one for one in whole.sessions if one.session.key == on.key)


def files(on: Stage) -> dict[str, bytes]:
    """Every file of the state directory, copies of our own beside transcripts left out."""
    return {
        str(path.relative_to(on.state)): path.read_bytes()
        for path in sorted(on.state.rglob("*"))
        if path.is_file() and ".bak.recovered." not in path.name
    }


def ids_in(path: Path) -> set[str]:
    """The ids of the entries in a JSONL file."""
    found = set()
    for line in path.read_bytes().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and value.get("type") != "session" and isinstance(value.get("id"), str):
            found.add(value["id"])
    return found


def ids_on_disk(on: Stage) -> set[str]:
    """The ids of the entries in every transcript of the sessions directory, whatever its name."""
    return set().union(*(ids_in(path) for path in on.sessions.iterdir() if ".jsonl" in path.name))


def words_in(path: Path) -> str:
    return path.read_text(errors="replace")
