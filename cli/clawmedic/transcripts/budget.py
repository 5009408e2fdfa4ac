"""How full the model's window is, by the rules of design.md 3 and the numbers of openclaw.md 1.6 and 1.8."""

from __future__ import annotations

from collections.abc import Iterator

from clawmedic.model.report import Budget
from clawmedic.model.session import Generation, Session
from clawmedic.stores.config import CompactionConfig, OpenClawConfig
from clawmedic.transcripts.entry import Usage
from clawmedic.transcripts.view import TranscriptView

MOST_TOKENS = 1_000_000_000
"""A larger number is no token count."""
RESERVE_415 = 16_384
"""4.15 reserves this whatever its config says (openclaw-files.md 1); 7.1 unless its config says otherwise."""
RESERVE_FLOOR_71 = 20_000
RESERVE_96 = 20_000
"""9.6: at most a quarter of the window."""
LEAST_PROMPT = 8_000
"""OpenClaw leaves so much of a small window to the prompt, or half of the window where that is less."""

Precheck = tuple[int, int, int]
"""(at, estimated tokens, budget tokens) of a precheck line in the log."""


def measure_budget(
    session: Session, view: TranscriptView, config: OpenClawConfig, *, dialect: str, precheck: Precheck | None
) -> Budget:
    """What is used of which budget, and where both numbers come from.

    Args:
        session: the row.
        view: its transcript.
        config: OpenClaw's configuration.
        dialect: "4.15", "7.1" or "9.6"; "" when unknown.
        precheck: the newest precheck line of the log that belongs to this session, None when there is none.
    """
    used = next(
        ((tokens, source) for tokens, source in _used(session, view, precheck) if _sane(tokens)), None
    )
    budget = next(
        (
            (tokens, source)
            for tokens, source in _budgets(session, config, dialect, precheck)
            if _sane(tokens)
        ),
        None,
    )
    return Budget(
        used_tokens=used[0] if used else None,
        used_source=used[1] if used else "",
        budget_tokens=budget[0] if budget else None,
        budget_source=budget[1] if budget else "",
    )


def reserve_tokens(window: int, compaction: CompactionConfig, *, dialect: str) -> int:
    """What a version keeps free of a window of so many tokens."""
    if dialect == "9.6":
        return min(RESERVE_96, window // 4)
    if dialect == "4.15":
        wanted = RESERVE_415
    else:
        set_tokens, set_floor = compaction.reserve_tokens, compaction.reserve_tokens_floor
        tokens = set_tokens if set_tokens is not None and set_tokens >= 0 else RESERVE_415
        floor = set_floor if set_floor is not None and set_floor >= 0 else RESERVE_FLOOR_71
        wanted = max(tokens, floor)
    return min(wanted, window - min(LEAST_PROMPT, window // 2))


def _sane(tokens: int | None) -> bool:
    return tokens is not None and 0 < tokens <= MOST_TOKENS


def _budgets(
    session: Session, config: OpenClawConfig, dialect: str, precheck: Precheck | None
) -> Iterator[tuple[int, str]]:
    """Budgets in tokens, the most trustworthy first."""
    override = session.model_override
    if override and override != session.model and (window := config.window(override)):
        # the row and the log speak of the model that ran last, not of the one that runs next
        yield _of_window(window, config, session, dialect, f"window of {override}")
    if precheck:
        yield precheck[2], "precheck line of the log"
    if session.budget_status and session.budget_status.budget_tokens:
        yield session.budget_status.budget_tokens, "contextBudgetStatus of the row"
    for window, source in _windows(session, config):
        if _sane(window):
            yield _of_window(window, config, session, dialect, source)


def _of_window(
    window: int, config: OpenClawConfig, session: Session, dialect: str, source: str
) -> tuple[int, str]:
    spoken = dialect or ("9.6" if session.generation is Generation.SQLITE else "7.1")
    reserve = reserve_tokens(window, config.compaction, dialect=spoken)
    return window - reserve, f"{source} ({window}) minus {reserve} reserved"


def _windows(session: Session, config: OpenClawConfig) -> Iterator[tuple[int, str]]:
    if session.context_tokens:
        yield session.context_tokens, "contextTokens of the row"
    agent = next((agent.model for agent in config.agents if agent.id == session.agent), None)
    for model in (session.model_override, session.model, agent, config.default_model):
        if window := config.window(model):
            yield window, f"window of {model}"


def _used(session: Session, view: TranscriptView, precheck: Precheck | None) -> Iterator[tuple[int, str]]:
    """Tokens in use, the most trustworthy first."""
    if precheck and _still_true(session, view, precheck[0]):
        yield precheck[1], "precheck line of the log"
    if session.total_tokens is not None and session.total_tokens_fresh is True:
        yield session.total_tokens, "totalTokens of the row"
    context = view.context
    if context.usage and not context.usage_stale and _tells_prompt(context.usage):
        yield context.usage.prompt + context.usage.output or context.usage.total, "usage of the last answer"
    if context.entries or context.compaction:
        where = "" if view.complete else " at its end"
        yield context.estimated_tokens, f"length of the transcript{where} (characters / 4)"


def _tells_prompt(usage: Usage) -> bool:
    """Whether a usage says anything of the prompt: a distilled transcript keeps the output's part alone."""
    return usage.prompt > 0 or usage.total > usage.output


def _still_true(session: Session, view: TranscriptView, at: int) -> bool:
    """Whether nothing has changed since OpenClaw estimated the prompt: no answer, compaction, reset or repair.

    A repair clears the row's token counters (openclaw-files.md 2); the estimate falls with them.
    """
    if session.total_tokens is None:
        return False
    changes = (
        view.context.usage_at,
        view.turns.newest_answer_at,
        view.last_compaction.at if view.last_compaction else None,
        view.context.reset.at if view.context.reset else None,
        view.header.at if view.header else None,
    )
    return all(change is None or change < at for change in changes)
