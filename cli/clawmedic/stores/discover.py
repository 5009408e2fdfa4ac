"""Which agents a state directory has, where each keeps its sessions, and which OpenClaw it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
from msgspec import Struct

from clawmedic.disk.files import lstat, read_bounded, subdirectories
from clawmedic.model.session import Generation
from clawmedic.stores.config import OpenClawConfig

DATABASE = "openclaw-agent.sqlite"
STATE_DATABASE = Path("state") / "openclaw.sqlite"
_VERSION = re.compile(r"(20\d{2})\.(\d{1,2})\.(\d{1,2})(?:-[0-9A-Za-z.-]+)?")
_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CONFIG_BYTES = 8 * 1024 * 1024


class AgentPlace(Struct, frozen=True):
    """One agent's stores as they are on disk: `store` is its `sessions.json` (there or not), `database` or None."""

    id: str
    home: Path
    store: Path
    database: Path | None

    @property
    def generation(self) -> Generation:
        """SQLite where there is a database: the migration leaves no store behind."""
        return Generation.SQLITE if self.database else Generation.FILES


def find_agents(
    root: Path, config: OpenClawConfig, databases: Iterable[tuple[str, str]] = ()
) -> list[AgentPlace]:
    """Every agent by directory, by config and by the state database, that has anything to read; sorted by id."""
    recorded = {name: path for name, path in databases if _AGENT.fullmatch(name)}
    names = {path.name for path in subdirectories(root / "agents")}
    names |= {agent.id for agent in config.agents if _AGENT.fullmatch(agent.id)} | set(recorded)
    places = [_place(root, name, config, recorded.get(name)) for name in sorted(names)]
    found = [place for place in places if place is not None]
    legacy = root / "sessions"
    if _exists(legacy / "sessions.json") and all(place.store.parent != legacy for place in found):
        found.append(AgentPlace(_default_agent(config), root, legacy / "sessions.json", None))
    return found


def _default_agent(config: OpenClawConfig) -> str:
    return config.agents[0].id if config.agents else "main"


def _place(root: Path, name: str, config: OpenClawConfig, recorded: str | None) -> AgentPlace | None:
    home = root / "agents" / name
    store = _store(root, name, config)
    configured = next(
        (agent.agent_dir for agent in config.agents if agent.id == name and agent.agent_dir), None
    )
    candidates = [home / "agent" / DATABASE]
    if configured and _is_below(Path(configured), root):
        candidates.append(Path(configured) / DATABASE)
    if recorded and _is_below(root / recorded, root):
        candidates.append(root / recorded)
    database = next((path for path in candidates if _exists(path)), None)
    if database is None and not _exists(store) and not _exists(home / "sessions"):
        return None
    return AgentPlace(name, home, store, database)


def _store(root: Path, name: str, config: OpenClawConfig) -> Path:
    """`session.store` with `{agentId}` filled in, else the default place.

    A template that leads out of the state directory is followed only where the default place has no store: the config
    of a copied state directory names the original's.
    """
    default = root / "agents" / name / "sessions" / "sessions.json"
    if not config.session_store:
        return default
    named = Path(config.session_store.replace("{agentId}", name))
    if not named.is_absolute() or not _exists(named):
        return default
    return named if _is_below(named, root) or not _exists(default) else default


def _is_below(path: Path, root: Path) -> bool:
    return ".." not in path.parts and path.is_relative_to(root)


def _exists(path: Path) -> bool:
    return lstat(path) is not None


def looks_like_openclaw(root: Path, config: OpenClawConfig) -> bool:
    """Whether a directory shows any sign of OpenClaw: agents, sessions, a config, a state database."""
    signs = ("agents", "sessions/sessions.json", "openclaw.json", "clawdbot.json", "state/openclaw.sqlite")
    return any(_exists(root / sign) for sign in signs) or bool(
        config.path and Path(config.path).parent == root
    )


def version_of(root: Path, sources: Iterable[tuple[str | None, str]]) -> tuple[str | None, str]:
    """OpenClaw's version and where it was read: from databases first, then from what its own files say."""
    for text, source in (*sources, *_version_files(root)):
        found = _VERSION.fullmatch((text or "").removeprefix("v").strip())
        if found:
            return found[0], source
    return None, ""


def _version_files(root: Path) -> Iterator[tuple[str | None, str]]:
    for name, path in (
        ("openclaw.json", ("meta", "lastTouchedVersion")),
        ("update-check.json", ("currentVersion",)),
    ):
        yield _text_at(root / name, path), f"{name} {'.'.join(path)}"


def _text_at(path: Path, names: tuple[str, ...]) -> str | None:
    try:
        value: object = orjson.loads(read_bounded(path, _CONFIG_BYTES).data)
    except (OSError, orjson.JSONDecodeError):
        return None
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def dialect_of(version: str | None, *, sqlite: bool, seems_7_1: bool, any_rows: bool) -> str:
    """Which behaviour to expect: "9.6" for SQLite, else by version, else by what the rows look like; "" for nothing.

    The breaks lie after 2026.4 (no automatic reset since #70479, row fields of 7.1) and at 2026.7.2 (SQLite).
    """
    if sqlite:
        return "9.6"
    found = _VERSION.fullmatch(version or "")
    if found:
        year, month, patch = (int(part) for part in found.groups())
        if (year, month, patch) >= (2026, 7, 2):
            return "9.6"
        return "7.1" if (year, month) >= (2026, 5) or seems_7_1 else "4.15"
    if seems_7_1:
        return "7.1"
    return "4.15" if any_rows else ""
