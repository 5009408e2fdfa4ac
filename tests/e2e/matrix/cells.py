"""The table: which fault, on which path of which release, with the gateway running or not, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lab.faults import (
    EMPTY_SUMMARY,
    HANG,
    MODEL_MISSING,
    QUOTA,
    RATE_LIMIT,
    REASONING_REQUIRED,
    SERVER_ERROR,
    SHAPELESS_SUMMARY,
    Fault,
)
from lab.install import VERSIONS

FILES, NEWEST = VERSIONS[:2], VERSIONS[2]

Path = Literal["agent", "chat"]
"""How the session's user speaks to it: RPC `agent` (cron, CLI) or `chat.send` (channels, web chat)."""


@dataclass(frozen=True)
class Ill:
    """One fault. `fault` is None when the provider does not even take the connection.

    `everything`: it strikes ordinary calls too (a dead provider), not only summaries. `cause` is what diagnose must
    say, `transient` whether a plain rescue waits first.
    """

    name: str
    fault: Fault | None
    cause: str
    transient: bool = False
    everything: bool = False
    versions: tuple[str, ...] = VERSIONS


FAULTS = (
    Ill("400 reasoning required", REASONING_REQUIRED, "reasoning-required"),
    Ill("429 rate limit", RATE_LIMIT, "rate-limit", transient=True),
    Ill("402 quota", QUOTA, "quota"),
    Ill("404 model gone", MODEL_MISSING, "model-missing"),
    Ill("timeout", HANG, "timeout", transient=True),
    Ill("empty summary", EMPTY_SUMMARY, "empty-summary", versions=(NEWEST,)),
    Ill("quality guard", SHAPELESS_SUMMARY, "quality-guard", versions=(NEWEST,)),
    Ill("provider dead: 500", SERVER_ERROR, "provider-5xx", transient=True, everything=True),
    Ill("provider dead: refused", None, "network", transient=True, everything=True),
)

Column = Literal["another model", "no model", "stopped"]
"""Gateway running and another model of the config compacts; running and none does; stopped."""


@dataclass(frozen=True)
class Cell:
    """One session to kill and to bring back."""

    version: str
    ill: Ill
    path: Path
    column: Column

    @property
    def name(self) -> str:
        return f"{self.version}-{self.ill.name}-{self.path}-{self.column}".replace(" ", "_").replace(":", "")

    @property
    def number(self) -> int:
        """A number of its own among the cells of its release."""
        return [each for each in ALL if each.version == self.version].index(self)

    @property
    def key(self) -> str:
        return f"agent:main:telegram:group:-1009{self.number:03}"

    @property
    def mark(self) -> str:
        """A word that stands in every message of this session and in no other."""
        return f"lighthouse{self.number:03}"

    @property
    def reset_by_itself(self) -> bool:
        """Whether the release throws the history away instead of refusing: it answers, without its memory."""
        return self.version == "2026.4.15" and self.path == "chat" and not self.ill.everything

    @property
    def rung(self) -> str:
        """The rung that must bring it back (design: the gentlest that works); "" when a person is needed."""
        if self.ill.everything or (self.column == "stopped" and self.version == NEWEST):
            return ""
        if self.reset_by_itself:
            return "relink"
        if self.column == "another model":
            return "compact"
        if self.version == NEWEST:
            return "relax" if self.ill.cause == "quality-guard" else "rewind"
        return "distil"


def _all() -> Iterator[Cell]:
    for version in VERSIONS:
        for ill in FAULTS:
            if version not in ill.versions:
                continue
            for path in ("chat", "agent"):
                columns: tuple[Column, ...] = ("another model", "no model", "stopped")
                probe = Cell(version, ill, path, "no model")
                if ill.everything or probe.reset_by_itself:  # another model makes no difference to these
                    columns = columns[1:]
                for column in columns:
                    yield Cell(version, ill, path, column)


ALL = tuple(_all())
