"""The corpus and an examiner, for every test that asks for verdicts."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawmedic.model.report import ScanReport, SessionReport
from clawmedic.model.reporter import SilentReporter
from clawmedic.settings import Settings, World
from clawmedic.triage.examine import examine

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class CorpusCase:
    path: Path
    truth: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def logs(self) -> tuple[str, ...]:
        folder = self.path / "logs"
        return tuple(str(path) for path in sorted(folder.iterdir())) if folder.is_dir() else ()


def corpus_cases() -> list[CorpusCase]:
    return [
        CorpusCase(path.parent, json.loads(path.read_text()))
        for path in sorted(CORPUS.glob("*/*/truth.json"))
    ]


def tree_hash(root: Path) -> dict[str, tuple[int, int, str]]:
    """Every file and directory below, with mode, mtime and content hash."""
    found = {}
    for path in sorted(root.rglob("*")):
        stat = path.lstat()
        digest = (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""
        )
        found[str(path.relative_to(root))] = (stat.st_mode, stat.st_mtime_ns, digest)
    return found


class Examiner:
    """Runs an examination in a world of its own."""

    def __init__(self, world: World) -> None:
        world.tmp.mkdir(exist_ok=True)
        self.world = world

    def __call__(self, state: Path, *logs: str, deep: bool = False) -> ScanReport:
        settings = Settings(world=self.world, state_dir=state, logs=logs or ("/dev/null",))
        return examine(settings, SilentReporter(), deep=deep)


def report_for(report: ScanReport, key: str, agent: str | None = None) -> SessionReport:
    found = [one for one in report.sessions if one.session.key == key and agent in (None, one.session.agent)]
    assert len(found) == 1, (
        f"{key}: {len(found)} reports among {[one.session.key for one in report.sessions]}"
    )
    return found[0]


def story_of(report: ScanReport, one: SessionReport) -> str:
    """The whole story, for a failure message."""
    lines = [f"{one.session.key}: {one.verdict} ({one.why}) cause={one.cause}"]
    lines += [f"  finding {f.code} {f.severity}: {' | '.join(f.evidence)}" for f in one.findings]
    lines += [f"  store {f.code} {f.severity}: {' | '.join(f.evidence)}" for f in report.store_findings]
    lines += [
        f"  incident {i.cause} {i.struck} {i.outcome} x{i.count} conf={i.confidence}: "
        f"{[e.text[:120] for e in i.evidence]}"
        for i in one.incidents
    ]
    return "\n".join(lines)


def copy_case(case: CorpusCase, target: Path) -> Path:
    shutil.copytree(case.path, target)
    return target


def merged(cases: list[CorpusCase], target: Path) -> tuple[Path, Path]:
    """One state directory with an agent for each case, and one log of all lines in the order of their times."""
    state = target / "state"
    lines: list[tuple[str, int, str]] = []
    for number, case in enumerate(cases):
        agent = f"a{number:02d}"
        shutil.copytree(case.path / "state" / "agents" / "main", state / "agents" / agent)
        shutil.copy(case.path / "state" / "openclaw.json", state / "openclaw.json")
        database = case.path / "state" / "state" / "openclaw.sqlite"
        if database.exists():
            _merge_database(database, state / "state" / "openclaw.sqlite")
        for log in case.logs:
            for line in Path(log).read_text(encoding="utf-8").splitlines():
                lines.append((json.loads(line).get("time", ""), len(lines), line))
    log = target / "merged.log"
    log.write_text("\n".join(line for _, _, line in sorted(lines)) + "\n", encoding="utf-8")
    return state, log


def _merge_database(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        shutil.copy(source, target)
        return
    private = target.with_name("source.sqlite")
    shutil.copy(source, private)
    private.chmod(0o600)
    target.chmod(0o600)
    with sqlite3.connect(target) as db:
        db.execute("ATTACH ? AS other", (str(private),))
        for (table,) in db.execute("SELECT name FROM other.sqlite_master WHERE type='table'").fetchall():
            if table.startswith("sqlite_"):
                continue
            sql = db.execute("SELECT sql FROM other.sqlite_master WHERE name=?", (table,)).fetchone()[0]
            if not db.execute("SELECT 1 FROM main.sqlite_master WHERE name=?", (table,)).fetchone():
                db.execute(sql)
            columns = [row[1] for row in db.execute(f"PRAGMA main.table_info('{table}')")]
            theirs = {row[1] for row in db.execute(f"PRAGMA other.table_info('{table}')")}
            shared = ",".join(f'"{name}"' for name in columns if name in theirs and name != "sequence")
            db.execute(f'INSERT OR IGNORE INTO main."{table}"({shared}) SELECT {shared} FROM other."{table}"')
            if (
                table == "channel_ingress_events"
            ):  # the cases are snapshots of one spool: keep what was open in any
                db.execute(
                    f"INSERT OR REPLACE INTO main.{table}({shared}) "
                    f"SELECT {shared} FROM other.{table} WHERE status != 'completed'"
                )
        db.commit()
        db.execute("DETACH other")
    private.unlink()
