"""Many sessions, agents and gateways in one store and one log file: the same verdicts as each alone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from triage_cases import CorpusCase, Examiner, corpus_cases, report_for, story_of

VERSIONS = ("2026.4.15", "2026.7.1", "2026.9.6")


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


@pytest.mark.parametrize("version", VERSIONS)
def test_merged_cases_keep_their_verdicts(version: str, tmp_path: Path, examiner: Examiner):
    cases = [case for case in corpus_cases() if case.path.parent.name == version]
    state, log = merged(cases, tmp_path)
    report = examiner(state, str(log))
    for number, case in enumerate(cases):
        one = report_for(report, case.truth["session_key"], agent=f"a{number:02d}")
        story = f"{case.name}\n{story_of(report, one)}"
        assert one.verdict in case.truth["verdict_any_of"], story
        assert one.cause == case.truth["cause"], story
        own = {finding.code for finding in one.findings}
        assert {code for code in case.truth["must_find"] if code != "history-orphaned"} <= own, story
