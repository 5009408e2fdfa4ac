"""Putting an operation back: every file as it was, also where only its own row of a shared store can be put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from clawmedic.disk.changes import PathHistory, histories, old_bytes, put_back
from clawmedic.disk.files import describe
from clawmedic.disk.journal import Journal
from clawmedic.disk.locks import release_own
from clawmedic.disk.records import Answered, BackedUp, Call, Called, Changed, Locked
from clawmedic.disk.replace import FileState, file_state, replace_file, temporary_name
from clawmedic.errors import ClawmedicError, RefusedError, RollbackError, SupersededError
from clawmedic.stores.editing_rows import StoreText
from clawmedic.stores.editor import store_bytes

ReverseCall = Callable[[Call], None]
"""Makes a call of the gateway that puts back what an earlier one did; raises a `ClawmedicError` when it cannot."""


class Standing(Struct, frozen=True):
    """What stands at a path that an operation changed.

    Attributes:
        present: the file, None for none.
        undone: it is (or its row is) as before the operation already.
        ours: it is what the operation left there, or was on the way to.
        row: it is not, but the operation changed one row alone, and that row is still what it left.
    """

    history: PathHistory
    present: FileState | None
    undone: bool
    ours: bool
    row: bool = False


def standing(history: PathHistory) -> Standing:
    """Look at a path that an operation changed.

    Raises:
        RefusedError: it is no regular file, or cannot be read.
    """
    present = file_state(history.path)
    sha256 = present.sha256 if present else None
    if sha256 == history.before_sha256:
        return Standing(history, present, undone=True, ours=True)
    if history.knows(sha256):
        return Standing(history, present, undone=False, ours=True)
    digest = _row_now(history) if present else None
    known = {one for change in history.changes for one in change.row_digests or ()}
    first = history.changes[0].row_digests
    undone = digest is not None and first is not None and digest == first[0]
    return Standing(history, present, undone=undone, ours=False, row=digest in known)


def _row_now(history: PathHistory) -> str | None:
    if history.row_key is None:
        return None
    try:
        return StoreText.of(store_bytes(history.path)).digest(history.row_key)
    except ClawmedicError:
        return None


def require_known(found: Sequence[Standing]) -> None:
    """Make sure that everything can be put back before anything is.

    Raises:
        RollbackError: something stands there that the operation did not make; which.
    """
    foreign = [one.history for one in found if not (one.ours or one.row)]
    if foreign:
        raise RollbackError(
            f"changed by something else since: {', '.join(map(words_of, foreign))}",
            hint="look at it; `clawmedic undo ID --force` puts the old content back and keeps the present one aside",
        )


def words_of(history: PathHistory) -> str:
    """A path as people are told of it: with its row where only that was changed."""
    return f"row {history.row_key} of {history.path}" if history.row_key else str(history.path)


def roll_back(journal: Journal, changes: Sequence[Changed]) -> None:
    """Put files back as they were before the operation. Twice is once.

    Raises:
        RollbackError: something stands in the way; no file was changed.
        RefusedError: the disk refuses.
    """
    found = [standing(history) for history in histories(changes)]
    require_known(found)
    for one in found:
        if one.undone:
            continue
        if one.ours:
            put_back(journal.folder, one.history, tag=journal.begin.operation_id)
        else:
            put_row_back(journal, one)


def put_row_back(journal: Journal, one: Standing) -> None:
    """Put the operation's own row back into a store that has changed otherwise.

    Raises:
        RefusedError: the store is being written, or the disk refuses.
    """
    if one.present is None:
        return
    replace_file(
        one.history.path,
        with_old_row(journal, one.history),
        expected=one.present.sha256,
        like=one.present,
        temporary=temporary_name(one.history.path, journal.begin.operation_id),
        before_rename=lambda: None,
    )


def with_old_row(journal: Journal, history: PathHistory) -> bytes:
    """The present store with the row as it was before the operation.

    Raises:
        RollbackError: the copy is damaged.
        UnreadableError: the present store is.
        NotFoundError: the row has gone.
    """
    key = history.row_key or ""
    old = StoreText.of(old_bytes(journal.folder, history)).row_text(key)
    return StoreText.of(store_bytes(history.path)).with_row_text(key, old).data


def reverse_calls(
    journal: Journal, reverse_call: ReverseCall | None, *, wanted: bool = False
) -> tuple[str, ...]:
    """Put back what the gateway was asked to do, newest first.

    A call that nothing can put back is left as it is: the gateway does each whole or not at all. So is one whose
    place something else has taken since. A call whose answer never came counts as made.

    Args:
        journal: of the operation.
        reverse_call: asks the gateway, None where nobody can.
        wanted: a person wants it back, so that what something else has replaced is a failure.

    Returns:
        The methods of the calls that stand.

    Raises:
        RollbackError: nobody can ask the gateway now.
        ClawmedicError: the gateway's own refusal.
    """
    standing_calls: list[str] = []
    for called in reversed(journal.of(Called)):
        answers = [one for one in journal.of(Answered) if one.number == called.number]
        if answers and not answers[-1].ok:
            continue
        reverse = next((one.reverse for one in reversed(answers) if one.reverse), called.reverse)
        if reverse is None:
            standing_calls.append(called.call.method)
        elif reverse_call is None:
            raise RollbackError(
                f"{called.call.method} was asked of the gateway, which is not reachable now",
                hint="start the gateway and run this again",
            )
        else:
            try:
                reverse_call(reverse)
            except SupersededError:
                if wanted:
                    raise
                standing_calls.append(called.call.method)
    return tuple(reversed(standing_calls))


def standing_words(methods: Sequence[str]) -> str:
    """What is said of calls that could not be put back, "" for none."""
    return f"; what the gateway did by {', '.join(methods)} stands" if methods else ""


def clear_leftovers(journal: Journal) -> None:
    """Remove the operation's own locks and temporary files; nothing that is not provably ours.

    Raises:
        RefusedError: the disk refuses.
    """
    tag = journal.begin.operation_id
    beside = [record.path for kind in (Changed, BackedUp, Locked) for record in _of(journal, kind)]
    try:
        for path in dict.fromkeys(beside):
            temporary_name(path, tag).unlink(missing_ok=True)
    except OSError as error:
        raise RefusedError(f"cannot clear a temporary file: {describe(error)}") from error
    for lock in journal.of(Locked):
        with suppress(OSError):
            release_own(lock.path, lock.sha256)


def _of(journal: Journal, kind: type[Changed | BackedUp | Locked]) -> list[Changed | BackedUp | Locked]:
    return [record for record in journal.records if isinstance(record, kind)]


def paths_of(journal: Journal) -> tuple[Path, ...]:
    """The files that an operation changed, each once."""
    return tuple(dict.fromkeys(record.path for record in journal.of(Changed)))
