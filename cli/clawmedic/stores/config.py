"""What clawmedic needs of OpenClaw's own configuration (`openclaw.json`: JSON5, `$include`, `${ENV}`).

Reading never fails: what cannot be read is in `problems` and defaults stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from clawmedic.disk.files import lstat
from clawmedic.settings import World
from clawmedic.stores.include import Loader, substitute
from clawmedic.stores.typed import Fields

DEFAULT_PORT = 18789
_NAMES = ("openclaw.json", "clawdbot.json")


class ModelInfo(Struct, frozen=True):
    """One model of `models.providers.*.models[]`. `name` is "provider/id"; tokens, None when unset."""

    name: str
    context_window: int | None = None
    max_tokens: int | None = None
    reasoning: bool | None = None


class CompactionConfig(Struct, frozen=True):
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


class AgentConfig(Struct, frozen=True):
    """One agent as configured: its id, its model ("provider/id") and its own directory where it differs."""

    id: str
    model: str | None = None
    agent_dir: str | None = None


class OpenClawConfig(Struct, frozen=True):
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


def config_path(world: World, state_dir: Path) -> Path | None:
    """`OPENCLAW_CONFIG_PATH`, else `openclaw.json` or the older `clawdbot.json`; None when there is none."""
    named = world.env.get("OPENCLAW_CONFIG_PATH", "").strip()
    if named:
        return world.cwd / expand_home(named, world)
    return next((state_dir / name for name in _NAMES if lstat(state_dir / name) is not None), None)


def expand_home(text: str, world: World) -> str:
    """A leading `~` as the world's home directory."""
    return str(world.home) + text[1:] if text == "~" or text.startswith("~/") else text


def load_config(world: World, state_dir: Path) -> OpenClawConfig:
    """Read OpenClaw's config. Never raises, and keeps no secret: tokens and keys are not looked at.

    `OPENCLAW_CONFIG_PATH` counts only for the state directory that the environment names or the default one: a
    config of one gateway says nothing about a copy of another one's state.
    """
    path = _applicable(world, state_dir)
    if path is None:
        return OpenClawConfig(problems=("no openclaw.json",))
    loader = Loader()
    fields = Fields.of(loader.load(path), path.name, loader.problems)
    fields.where = ""
    config = _read(fields, world)
    return replace(config, path=str(path), problems=tuple(dict.fromkeys(loader.problems)))


def _applicable(world: World, state_dir: Path) -> Path | None:
    own = next((state_dir / name for name in _NAMES if lstat(state_dir / name) is not None), None)
    named = config_path(world, state_dir)
    if own is None or named is None or named == own:
        return named
    from_env = world.env.get("OPENCLAW_STATE_DIR", "").strip()
    meant = world.cwd / expand_home(from_env, world) if from_env else world.home / ".openclaw"
    return named if meant == state_dir else own


def _read(fields: Fields, world: World) -> OpenClawConfig:
    agents = fields.inner("agents")
    defaults = agents.inner("defaults")
    primary, fallbacks = _model(defaults)
    log_file = fields.inner("logging").text("file")
    store = fields.inner("session").text("store")
    return OpenClawConfig(
        models=_models(fields.inner("models").inner("providers"), world),
        default_model=primary,
        fallback_models=fallbacks,
        compaction=_compaction(defaults.inner("compaction")),
        agents=tuple(_agents(agents, world)),
        run_timeout_seconds=defaults.number("timeoutSeconds") or 600,
        session_store=_path(store, world),
        log_file=_path(log_file, world),
        gateway_port=_port(fields.inner("gateway"), world),
    )


def _path(text: str | None, world: World) -> str | None:
    return expand_home(substitute(text, world.env), world) if text else None


def _port(gateway: Fields, world: World) -> int | None:
    value = gateway.values.get("port")
    if isinstance(value, str):
        value = substitute(value, world.env)
        if value.isdecimal() and value.isascii() and len(value) <= 5:
            return int(value)
    port = gateway.number("port")
    return port if port is not None and 0 < port < 65536 else None


def _model(fields: Fields) -> tuple[str | None, tuple[str, ...]]:
    """`model` as a text, or as an object with `primary` and `fallbacks`."""
    if isinstance(fields.values.get("model"), dict):
        chosen = fields.inner("model")
        return chosen.text("primary"), chosen.texts("fallbacks")
    return fields.text("model"), ()


def _agents(agents: Fields, world: World) -> Iterator[AgentConfig]:
    """`agents.list[]` with an `id` each, and `agents.entries` by id, which takes its place in 9.6."""
    entries = agents.inner("entries")
    named = [(item.text("id"), item) for item in agents.items("list")]
    named += [(name, entries.inner(name)) for name in entries.values]
    for name, fields in named:
        if name:
            yield AgentConfig(name, _model(fields)[0], _path(fields.text("agentDir"), world))


def _models(providers: Fields, world: World) -> dict[str, ModelInfo]:
    found: dict[str, ModelInfo] = {}
    for provider in providers.values:
        whole = providers.inner(provider)
        for item in whole.items("models"):
            name = item.text("id")
            if name is not None:
                full = f"{provider}/{substitute(name, world.env)}"
                window = _window(item) or _window(whole)
                largest = item.number("maxTokens") or whole.number("maxTokens")
                found[full] = ModelInfo(full, window, largest, item.flag("reasoning"))
    return found


def _window(fields: Fields) -> int | None:
    """`contextTokens` (the cap at run time) before `contextWindow` (what the model can)."""
    return fields.number("contextTokens") or fields.number("contextWindow")


def _compaction(fields: Fields) -> CompactionConfig:
    provider, model = fields.text("provider"), fields.text("model")
    return CompactionConfig(
        enabled=fields.flag("enabled"),
        mode=fields.text("mode"),
        model=f"{provider}/{model}" if provider and model and "/" not in model else model,
        reserve_tokens=fields.number("reserveTokens"),
        reserve_tokens_floor=fields.number("reserveTokensFloor"),
        keep_recent_tokens=fields.number("keepRecentTokens"),
        timeout_seconds=fields.number("timeoutSeconds"),
        max_active_transcript_bytes=_bytes(fields),
        quality_guard=fields.inner("qualityGuard").flag("enabled"),
    )


_UNITS = {
    "b": 1,
    "k": 1000,
    "kb": 1000,
    "kib": 1024,
    "m": 10**6,
    "mb": 10**6,
    "mib": 1024**2,
    "g": 10**9,
    "gb": 10**9,
}


def _bytes(fields: Fields) -> int | None:
    """`maxActiveTranscriptBytes`: a number, or a text such as "20mb"."""
    value = fields.values.get("maxActiveTranscriptBytes")
    if isinstance(value, str):
        digits = value.strip().rstrip("kmgibKMGIB ")
        unit = _UNITS.get(value.strip()[len(digits) :].strip().lower() or "b")
        if unit and digits.isdecimal() and digits.isascii() and len(digits) < 13:
            return int(digits) * unit
    return fields.number("maxActiveTranscriptBytes")
