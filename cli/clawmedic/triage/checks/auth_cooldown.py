"""S37: a provider is in cool-down for every session."""

from __future__ import annotations

from collections.abc import Iterable

from clawmedic.model.finding import Finding, FindingCode, Severity
from clawmedic.triage.checks.check import StoreScene, clock, of_store


def check(scene: StoreScene) -> Iterable[Finding]:
    """A warning while a cool-down lasts (openclaw-sqlite.md 2.2); one that is over is not mentioned."""
    for cooldown in scene.state.cooldowns:
        if cooldown.until is not None and cooldown.until > scene.now:
            yield of_store(
                scene,
                FindingCode.AUTH_COOLDOWN,
                Severity.WARNING,
                f"{cooldown.profile}: until {clock(cooldown.until)}, reason {cooldown.reason or 'unknown'}",
                at=cooldown.until,
            )
