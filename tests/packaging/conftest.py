from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOOK = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def build(kind: str, directory: Path) -> Path:
    """Build by the same hook that pip calls; returns the file."""
    command = [sys.executable, "-c", HOOK, kind, str(directory)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return directory / shown.splitlines()[-1]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    return build("build_wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory) -> Path:
    return build("build_sdist", tmp_path_factory.mktemp("sdist"))
