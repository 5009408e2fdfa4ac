"""What a plan saw, in a form that can be checked again: digests of files and rows."""

from __future__ import annotations

from pathlib import Path

from clawmedic.disk.replace import file_state
from clawmedic.errors import ClawmedicError, OvertakenError
from clawmedic.model.plan import Expected, Plan
from clawmedic.stores.editing_rows import StoreText
from clawmedic.stores.editor import store_bytes

AGAIN = "run the command again to plan anew"


def expect_file(path: Path) -> Expected:
    """A file as it is now; `sha256` is None when there is none.

    Raises:
        RefusedError: a symbolic link, no regular file, or it cannot be read.
    """
    found = file_state(path)
    return Expected(path, found.sha256 if found else None, found.size_bytes if found else 0)


def expect_row(store: Path, key: str) -> Expected:
    """One row of a store as it is now: other rows may change without making the plan void.

    Raises:
        RefusedError: the store is a symbolic link or no regular file.
        NotFoundError: there is no such row.
        UnreadableError: the store is not what OpenClaw writes.
    """
    found = expect_file(store)
    text = StoreText.of(store_bytes(store))
    text.row_text(key)
    return Expected(store, text.digest(key), found.size_bytes, row_key=key)


def require_expected(plan: Plan, *, locked: bool = False) -> None:
    """Make sure that everything the plan rests on is as it was.

    Args:
        plan: the plan.
        locked: the locks that it names are held, so that the lock files are our own now.

    Raises:
        OvertakenError: something has changed since; which.
    """
    ours = {path.with_name(path.name + ".lock") for path in plan.locks} if locked else set()
    for item in plan.expected:
        if item.path not in ours and _now(item) != item.sha256:
            subject = f"the row {item.row_key}" if item.row_key else str(item.path)
            raise OvertakenError(f"{subject} has changed since it was looked at", hint=AGAIN)


def _now(item: Expected) -> str | None:
    found = file_state(item.path)
    if item.row_key is None or found is None:
        return found.sha256 if found else None
    try:
        return StoreText.of(store_bytes(item.path)).digest(item.row_key)
    except ClawmedicError:
        return None
