"""Which generated files there are, and what stands in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from docs.generate.bash import bash_script
from docs.generate.command_pages import command_pages
from docs.generate.config_page import config_page
from docs.generate.fish import fish_script
from docs.generate.json_pages import json_page, schema_files
from docs.generate.tree import read_tree
from docs.generate.zsh import zsh_script

ROOT = Path(__file__).resolve().parents[2]
MAN = ROOT / "man"
COMPLETIONS = ROOT / "completions"
SCHEMAS = ROOT / "docs" / "schemas"


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    root = read_tree()
    files = {MAN / name: text for name, text in command_pages(root)}
    files[MAN / "clawmedic-config.5"] = config_page()
    files[MAN / "clawmedic-json.5"] = json_page()
    files |= {SCHEMAS / name: text for name, text in schema_files()}
    files[COMPLETIONS / "clawmedic.bash"] = bash_script(root)
    files[COMPLETIONS / "_clawmedic"] = zsh_script(root)
    files[COMPLETIONS / "clawmedic.fish"] = fish_script(root)
    return files


def stray(wanted: Mapping[Path, str]) -> Iterable[Path]:
    """Files in the generated directories that nothing generates any more."""
    found = (path for folder in (MAN, COMPLETIONS, SCHEMAS) if folder.is_dir() for path in folder.iterdir())
    return sorted(path for path in found if path not in wanted)
