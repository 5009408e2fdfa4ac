"""Puts man pages and completions into the wheel, where `man` and the shells look below an installation's prefix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHELLS = {
    "clawmedic.bash": "share/bash-completion/completions/clawmedic",
    "_clawmedic": "share/zsh/site-functions/_clawmedic",
    "clawmedic.fish": "share/fish/vendor_completions.d/clawmedic.fish",
}


class SharedFiles(BuildHookInterface[Any]):
    """Called by hatchling before a wheel is written."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name each file, and its place below the prefix."""
        del version
        root = Path(self.root)
        pages = {
            page: f"share/man/man{page.suffix[1:]}/{page.name}" for page in sorted((root / "man").iterdir())
        }
        shells = {root / "completions" / name: place for name, place in SHELLS.items()}
        build_data["shared_data"] = {str(path): place for path, place in {**pages, **shells}.items()}
