from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from transcript_lines import CORPUS, Writer, database_samples, file_samples, session_of

from clawmedic.model.session import BudgetStatus, Generation, Session
from clawmedic.stores.config import AgentConfig, CompactionConfig, ModelInfo, OpenClawConfig
from clawmedic.transcripts.budget import measure_budget, reserve_tokens
from clawmedic.transcripts.view import view_of_lines

MODELS = {"fake/big": ModelInfo("fake/big", 40_000), "fake/alt": ModelInfo("fake/alt", 80_000)}
CONFIG = OpenClawConfig(models=MODELS, default_model="fake/big")
DIALECTS = {"2026.4.15": "4.15", "2026.7.1": "7.1", "2026.9.6": "9.6"}


def talk(*, compacted: bool = False) -> Writer:
    writer = Writer()
    writer.user("hi")
    writer.answer()
    if compacted:
        writer.compaction("a summary of " + "what was said " * 30, before=5_000)
    return writer


def measure(
    session: Session,
    writer: Writer | None = None,
    *,
    dialect: str = "7.1",
    precheck: tuple[int, int, int] | None = None,
    config: OpenClawConfig = CONFIG,
):
    return measure_budget(
        session, view_of_lines((writer or talk()).raws()), config, dialect=dialect, precheck=precheck
    )


@pytest.fixture
def row(tmp_path) -> Session:
    return session_of(tmp_path / "s.jsonl", model="fake/big")


@pytest.mark.parametrize(
    ("dialect", "window", "compaction", "reserve"),
    [
        ("4.15", 40_000, CompactionConfig(reserve_tokens=8_000, reserve_tokens_floor=0), 16_384),
        ("7.1", 40_000, CompactionConfig(reserve_tokens=8_000, reserve_tokens_floor=0), 8_000),
        ("7.1", 200_000, CompactionConfig(), 20_000),
        ("7.1", 200_000, CompactionConfig(reserve_tokens=30_000), 30_000),
        ("7.1", 200_000, CompactionConfig(reserve_tokens=-5, reserve_tokens_floor=0), 16_384),
        ("9.6", 32_000, CompactionConfig(reserve_tokens=1), 8_000),
        ("9.6", 200_000, CompactionConfig(), 20_000),
        ("4.15", 16_000, CompactionConfig(), 8_000),
        ("4.15", 2_000, CompactionConfig(), 1_000),
    ],
)
def test_what_each_version_reserves(dialect, window, compaction, reserve):
    assert reserve_tokens(window, compaction, dialect=dialect) == reserve


def test_the_budget_of_the_newest_precheck_comes_first(row):
    status = BudgetStatus(1, "fits", 10, 31_000, 9_000)
    session = replace(row, budget_status=status, context_tokens=50_000)
    assert measure(session, precheck=(1, 5, 30_000)).budget_tokens == 30_000
    assert measure(session).budget_tokens == 31_000
    assert measure(replace(session, budget_status=None)).budget_tokens == 30_000
    assert (
        measure(replace(session, budget_status=None)).budget_source
        == "contextTokens of the row (50000) minus 20000 reserved"
    )


def test_a_patched_model_makes_older_numbers_void(row):
    status = BudgetStatus(1, "compact_only", 10, 20_000, 9_000)
    session = replace(row, model_override="fake/alt", budget_status=status, context_tokens=40_000)
    budget = measure(session, precheck=(1, 5, 20_000))
    assert (budget.budget_tokens, budget.budget_source) == (
        60_000,
        "window of fake/alt (80000) minus 20000 reserved",
    )
    assert measure(replace(session, model_override="fake/gone")).budget_tokens == 20_000


def test_windows_by_row_agent_and_default(row):
    none = replace(row, model=None)
    agents = (AgentConfig("main", model="fake/alt"),)
    assert measure(row).budget_tokens == 20_000
    assert measure(none).budget_source.startswith("window of fake/big")
    assert measure(none, config=replace(CONFIG, agents=agents)).budget_tokens == 60_000
    assert measure(none, config=OpenClawConfig()).budget_tokens is None


@pytest.mark.parametrize("tokens", [0, -1, 10**12])
def test_absurd_numbers_are_none(row, tokens):
    broken = OpenClawConfig(models={"fake/big": ModelInfo("fake/big", tokens)})
    session = replace(row, context_tokens=tokens, total_tokens=tokens, total_tokens_fresh=True)
    budget = measure(session, Writer(), config=broken, precheck=(1, tokens, tokens))
    assert (budget.used_tokens, budget.budget_tokens, budget.share) == (None, None, None)


def test_tokens_in_use(row):
    fresh = replace(row, total_tokens=7_000, total_tokens_fresh=True)
    assert (measure(fresh).used_tokens, measure(fresh).used_source) == (7_000, "totalTokens of the row")
    stale = replace(fresh, total_tokens_fresh=False)
    assert (measure(stale).used_tokens, measure(stale).used_source) == (110, "usage of the last answer")
    assert measure(replace(fresh, total_tokens_fresh=None)).used_tokens == 110
    estimate = measure(stale, talk(compacted=True))
    assert estimate.used_source.startswith("length of the transcript")
    assert estimate.used_tokens == 109


def test_a_precheck_counts_until_something_happens(row):
    fresh = replace(row, total_tokens=7_000, total_tokens_fresh=True)
    later, before = 1795500000000, 1795400000000
    assert measure(fresh, precheck=(later, 34_000, 32_000)).used_tokens == 34_000
    assert measure(fresh, precheck=(before, 34_000, 32_000)).used_tokens == 7_000
    cleared = replace(row, total_tokens=None)
    assert measure(cleared, precheck=(later, 34_000, 32_000)).used_tokens == 110


def _rows(case: Path) -> dict[str, dict[str, object]]:
    for path in case.glob("state/agents/*/sessions/sessions.json"):
        return json.loads(path.read_text())
    for path in case.glob("state/agents/*/agent/openclaw-agent.sqlite"):
        with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as connection:
            found = {
                key: json.loads(text)
                for key, text in connection.execute("SELECT session_key, entry_json FROM session_nodes")
            }
        connection.close()
        return found
    return {}


def _config(case: Path) -> OpenClawConfig:
    value = json.loads((case / "state" / "openclaw.json").read_text())
    models = {
        f"{name}/{model['id']}": ModelInfo(f"{name}/{model['id']}", model.get("contextWindow"))
        for name, provider in value["models"]["providers"].items()
        for model in provider["models"]
    }
    compaction = value["agents"]["defaults"].get("compaction", {})
    return OpenClawConfig(
        models=models,
        default_model="fake/big",
        compaction=CompactionConfig(
            reserve_tokens=compaction.get("reserveTokens"),
            reserve_tokens_floor=compaction.get("reserveTokensFloor"),
        ),
    )


def _prechecks(case: Path, key: str) -> list[tuple[int, int, int]]:
    found = []
    for path in case.glob("logs/*.log"):
        for line in path.read_text(errors="replace").splitlines():
            numbers = re.search(r"estimatedPromptTokens=(\d+).*?promptBudgetBeforeReserve=(\d+)", line)
            if numbers and "context-overflow-precheck" in line and f"sessionKey={key} " in line:
                at = datetime.fromisoformat(json.loads(line)["time"])
                found.append((round(at.timestamp() * 1000), int(numbers[1]), int(numbers[2])))
    return found


def _samples(tmp_path):
    yield from file_samples()
    for path in sorted(CORPUS.glob("*/*/state/agents/*/agent/openclaw-agent.sqlite")):
        yield from database_samples(path, tmp_path)


def test_config_and_row_give_the_budget_that_the_log_shows(tmp_path):
    """The log's own numbers are the truth; without them the rule must arrive at the same."""
    compared = 0
    for sample in _samples(tmp_path):
        case = CORPUS / sample.case
        key = str(sample.truth["session_key"])
        value = _rows(case).get(key)
        if (
            not value
            or str(value["sessionId"]) not in sample.name
            or ".jsonl." in sample.name
            or not (case / "state" / "openclaw.json").exists()
        ):
            continue
        version = sample.case.split("/")[0]
        session = Session(
            key, "main", str(value["sessionId"]), Generation.FILES, Path("x"), session_of(Path("x")).transcript,
            context_tokens=value.get("contextTokens"), model=f"{value.get('modelProvider')}/{value.get('model')}",
            total_tokens=value.get("totalTokens"), total_tokens_fresh=value.get("totalTokensFresh"),
        )  # fmt: skip
        view = view_of_lines(sample.lines)
        budget = measure_budget(session, view, _config(case), dialect=DIALECTS[version], precheck=None)
        status = value.get("contextBudgetStatus")
        shown = [status["promptBudgetBeforeReserve"]] if isinstance(status, dict) else []
        shown += [tokens for _, _, tokens in _prechecks(case, key)[-1:]]
        for tokens in shown:
            compared += 1
            assert budget.budget_tokens == tokens, sample.case
    assert compared > 30


@pytest.mark.parametrize(
    ("case", "over"),
    [
        ("2026.4.15/harddead-compact-400", True),
        ("2026.4.15/dead-compact-400-agent", True),
        ("2026.4.15/dead-already-compacted-loop", True),
        ("2026.7.1/tg-group-compact-400", True),
        ("2026.7.1/dead-compact-400-chat", True),
        ("2026.7.1/healthy-compacted", False),
        ("2026.7.1/alive-empty-summary", False),
        ("2026.4.15/tg-group-compact-400", False),
    ],
)
def test_dead_sessions_are_over_their_budget_and_healthy_ones_are_not(case, over):
    folder = CORPUS / case
    key = json.loads((folder / "truth.json").read_text())["session_key"]
    value = _rows(folder)[key]
    lines = next(
        s.lines
        for s in file_samples()
        if s.case == case and s.name.startswith(value["sessionId"]) and "checkpoint" not in s.name
    )
    session = replace(
        session_of(Path("x")), context_tokens=value.get("contextTokens"), total_tokens=value.get("totalTokens"),
        total_tokens_fresh=value.get("totalTokensFresh"),
    )  # fmt: skip
    newest = (_prechecks(folder, key) or [None])[-1]
    budget = measure_budget(
        session, view_of_lines(lines), _config(folder), dialect=DIALECTS[case.split("/")[0]], precheck=newest
    )
    assert budget.share is not None
    assert (budget.share > 1) is over
