"""The configuration a laboratory gateway runs with: one scripted provider, small windows, no real key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.gateway import Gateway

TOKEN = "laboratory-token"

WINDOWS = {"2026.4.15": 60_000, "2026.7.1": 40_000, "2026.9.6": 32_000}
"""The context window of `fake/big` in tokens: small, so that a few messages of 8 to 14 kB fill it.

2026.4.15 keeps 20,000 recent tokens whatever its config says: at 40,000 a healthy compaction frees nothing
there.
"""

ALTERNATIVE_FACTOR = 2
"""`fake/alt` has this many times the window of `fake/big`."""

_COMPACTION: dict[str, dict[str, Any]] = {
    "2026.4.15": {"timeoutSeconds": 8},
    "2026.7.1": {
        "reserveTokens": 8000,
        "reserveTokensFloor": 0,
        "keepRecentTokens": 6000,
        "timeoutSeconds": 8,
    },
    "2026.9.6": {"keepRecentTokens": 4000},
}


def write_config(gateway: Gateway) -> None:
    """Writes `openclaw.json` for the gateway's present port; an existing file is replaced."""
    merged = _merge(build_config(gateway), gateway.overrides)
    gateway.config_path.write_text(json.dumps(merged, indent=2), encoding="utf-8")
    gateway.config_path.chmod(0o600)


def build_config(gateway: Gateway) -> dict[str, Any]:
    """The configuration before a test's own changes."""
    window = WINDOWS[gateway.version]
    config: dict[str, Any] = {
        "gateway": {
            "mode": "local",
            "port": gateway.port,
            "bind": "loopback",
            "auth": {"mode": "token", "token": TOKEN},
        },
        "logging": {"file": str(gateway.root / "logs" / "openclaw.log")},
        "models": {
            "mode": "replace",
            "providers": {
                "fake": _provider(gateway.provider_url, {"big": window, "alt": window * ALTERNATIVE_FACTOR}),
                "dead": _provider("http://127.0.0.1:9/v1", {"x": window}),
            },
        },
        "agents": {
            "defaults": {
                "model": {"primary": "fake/big"},
                "workspace": str(gateway.root / "workspace"),
                "skipBootstrap": True,
                "timeoutSeconds": 60,
                "compaction": _COMPACTION[gateway.version],
            }
        },
    }
    if gateway.telegram_url is not None:
        config["channels"] = {"telegram": _telegram(gateway)}
    return config


def _provider(url: str, windows: dict[str, int]) -> dict[str, Any]:
    models = [
        {
            "id": name,
            "name": name,
            "reasoning": False,
            "input": ["text"],
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": window,
            "maxTokens": 2048,
        }
        for name, window in windows.items()
    ]
    return {"baseUrl": url, "apiKey": "laboratory", "api": "openai-completions", "models": models}


def _telegram(gateway: Gateway) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "enabled": True,
        "botToken": "1:x",
        "apiRoot": gateway.telegram_url,
        "dmPolicy": "open",
        "allowFrom": ["*"],
        "groupPolicy": "open",
        "groups": {"*": {"requireMention": False}},
    }
    if gateway.version == "2026.9.6":
        channel["joinIntro"] = False
    return channel


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
