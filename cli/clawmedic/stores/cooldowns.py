"""Auth profiles in cool-down: why a provider is not called at all for a while (openclaw.md S37)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from msgspec import Struct

from clawmedic.stores.typed import Fields


class Cooldown(Struct, frozen=True):
    """An auth profile that OpenClaw does not use until a time (`auth_profile_state`, openclaw-sqlite.md 2.2).

    Attributes:
        profile: as the store names it, such as `inline-api-key:openai`.
        reason: OpenClaw's own word: auth, rate_limit, billing, model_not_found, ...
        until: epoch milliseconds, None when unknown.
    """

    agent: str
    profile: str
    reason: str
    until: int | None
    errors: int = 0


def read_cooldowns(agent: str, document: str | None) -> Iterator[Cooldown]:
    """The profiles of one `usageStats` document that have a time until which they rest."""
    try:
        stats = Fields.of(orjson.loads(document or "null")).inner("usageStats")
    except orjson.JSONDecodeError:
        return
    for profile in stats.values:
        usage = stats.inner(profile)
        until = usage.time("disabledUntil") or usage.time("cooldownUntil")
        if until is not None:
            reason = usage.text("disabledReason") or usage.text("cooldownReason") or "unknown"
            yield Cooldown(agent, profile, reason, until, usage.number("errorCount") or 0)
