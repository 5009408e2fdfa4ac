"""The config of a running gateway: read its hash, patch it on that base. Every version has both methods.

7.1 and 9.6 take the patches of a rescue without a restart; 4.15 restarts itself, which ends the connection before the
answer: `OutcomeUnknownError` is the normal end there. Connect again and read the config.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from clawmedic.disk.records import JsonValue
from clawmedic.errors import RefusedError
from clawmedic.gateway.answers import LiveConfig
from clawmedic.gateway.calling import QUICK_SECONDS, Caller

Patch = Mapping[str, JsonValue]
"""A merge patch: objects are merged, null deletes a key."""

_REFUSED_KEYS = frozenset({"reserveTokens", "reserveTokensFloor"})


def config_get(caller: Caller, *, timeout: float = QUICK_SECONDS) -> LiveConfig:
    """The config's hash and the parts a rescue needs. The gateway blanks secrets in it before it sends it."""
    answer = caller.ask("config.get", {}, timeout=timeout)
    compaction = answer.inner("config").inner("agents").inner("defaults").inner("compaction")
    return LiveConfig(
        path=answer.text("path") or "",
        hash=answer.text("hash") or "",
        valid=answer.flag("valid") is not False,
        compaction_model=compaction.text("model"),
        quality_guard=compaction.inner("qualityGuard").flag("enabled"),
    )


def config_patch(caller: Caller, patch: Patch, base_hash: str, *, timeout: float = QUICK_SECONDS) -> None:
    """Merge a patch into the config file of the gateway, which then applies it.

    `base_hash` is `LiveConfig.hash` of the config that was looked at; another one by now is refused.

    Raises:
        RefusedError: the patch holds a key that 2026.9 refuses as a whole (openclaw-sqlite.md 5).
        RequestRefusedError, OutcomeUnknownError: as `Caller.change`.
    """
    forbidden = sorted(_REFUSED_KEYS & set(_names(patch)))
    if forbidden:
        raise RefusedError(f"{forbidden[0]} is never written: OpenClaw 2026.9 refuses a config that has it")
    raw = orjson.dumps(patch).decode()
    caller.change("config.patch", {"raw": raw, "baseHash": base_hash}, timeout=timeout)


def _names(value: JsonValue) -> list[str]:
    if isinstance(value, Mapping):
        return [name for key, inner in value.items() for name in (key, *_names(inner))]
    if isinstance(value, list):
        return [name for inner in value for name in _names(inner)]
    return []
