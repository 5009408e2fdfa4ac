"""What clawmedic needs of OpenClaw's own configuration (`openclaw.json`: JSON5, `$include`, `${ENV}`).

Reading never fails: what cannot be read is in `problems` and defaults stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model of `models.providers.*.models[]`. `name` is "provider/id"; tokens, None when unset."""

    name: str
    context_window: int | None = None
    max_tokens: int | None = None
    reasoning: bool | None = None


@dataclass(frozen=True, slots=True)
class CompactionConfig:
    """`agents.defaults.compaction` (or the agent's own): tokens, seconds, bytes; None when unset."""

    enabled: bool | None = None
    mode: str | None = None
    model: str | None = None
    reserve_tokens: int | None = None
    reserve_tokens_floor: int | None = None
    keep_recent_tokens: int | None = None
    timeout_seconds: int | None = None
    max_active_transcript_bytes: int | None = None
    quality_guard: bool | None = None


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """One agent as configured: its id, its model ("provider/id") and its own directory where it differs."""

    id: str
    model: str | None = None
    agent_dir: str | None = None


@dataclass(frozen=True, slots=True)
class OpenClawConfig:
    """The parts that matter. `path` is "" when there is no config file."""

    path: str = ""
    models: Mapping[str, ModelInfo] = field(default_factory=dict)
    default_model: str | None = None
    fallback_models: tuple[str, ...] = ()
    compaction: CompactionConfig = field(default_factory=CompactionConfig)
    agents: tuple[AgentConfig, ...] = ()
    run_timeout_seconds: int = 600
    session_store: str | None = None
    log_file: str | None = None
    gateway_port: int | None = None
    problems: tuple[str, ...] = ()

    def window(self, model: str | None) -> int | None:
        """The context window of a model in tokens, None when unknown."""
        info = self.models.get(model or "")
        return info.context_window if info else None
