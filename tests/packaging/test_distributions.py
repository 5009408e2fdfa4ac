from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.packaging
ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "cli" / "clawmedic"
BUILT = {".pyc", ".pyo"}


def shipped_sources() -> set[str]:
    """Every file of the package as it stands in the working tree."""
    files = (path for path in SOURCES.rglob("*") if path.is_file() and path.suffix not in BUILT)
    return {path.relative_to(SOURCES.parent).as_posix() for path in files}


def shared_files() -> set[str]:
    """Man pages and completions, where `man` and the shells look below a prefix."""
    pages = {f"share/man/man{page.suffix[1:]}/{page.name}" for page in (ROOT / "man").iterdir()}
    return pages | {
        "share/bash-completion/completions/clawmedic",
        "share/zsh/site-functions/_clawmedic",
        "share/fish/vendor_completions.d/clawmedic.fish",
    }


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    metadata = {name for name in names if ".dist-info/" in name}
    shared = {name.partition(".data/data/")[2] for name in names if ".data/" in name}
    assert {name for name in names - metadata if ".data/" not in name} == shipped_sources()
    assert shared == shared_files()
    assert "clawmedic/py.typed" in names
    assert {"clawmedic/drill/ddl/agent.sql", "clawmedic/drill/ddl/state.sql"} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in metadata)


def test_sdist_can_be_built_and_tested_from(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".ci/run", "man/clawmedic.1"} <= names
    assert {f"cli/{name}" for name in shipped_sources()} <= names
    assert any(name.startswith("tests/corpus/2026.9.6/") for name in names)
    assert not [
        name for name in names if name.startswith((".git/", ".venv/", ".ci/venv/")) or "__pycache__" in name
    ]


def test_sdist_is_small_enough_to_be_fetched(sdist):
    assert sdist.stat().st_size < 12_000_000


def test_wheel_runs_in_an_environment_of_its_own(wheel, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--retries", "5", str(wheel)]
    subprocess.run(pip, check=True)
    version = installed(venv, tmp_path, "--version")
    assert version.returncode == 0, version.stderr
    assert version.stdout.startswith("clawmedic ")
    assert [name for name in sorted(shared_files()) if not (venv / name).is_file()] == []
    drill = installed(venv, tmp_path, "drill")
    assert drill.returncode == 0, drill.stdout + drill.stderr


def installed(venv: Path, home: Path, word: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home)}
    command = [str(venv / "bin" / "clawmedic"), word]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
