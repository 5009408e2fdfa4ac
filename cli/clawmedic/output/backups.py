"""The pages of `backups list`: every key's copies, and one key's whole lineage."""

from __future__ import annotations

from collections.abc import Sequence

from clawmedic.backups.choosing import relative
from clawmedic.model.backup import Archive, Backup, BackupState, Lineage, Overlap
from clawmedic.output.screen import Cell, Column, Screen
from clawmedic.output.text import UNKNOWN, count_of, minute, size, visible

WIDE, NARROW = 96, 72
BEST = "★"
_STATES = {
    BackupState.COMPLETE: "green",
    BackupState.TRUNCATED: "yellow",
    BackupState.HEADER_MISSING: "yellow",
    BackupState.DAMAGED: "red",
    BackupState.EMPTY: "dim",
    BackupState.UNREADABLE: "red",
    BackupState.NOT_A_TRANSCRIPT: "dim",
}
_OVERLAPS = {
    Overlap.SAME: "same",
    Overlap.SUBSET: "part",
    Overlap.SUPERSET: "more",
    Overlap.DIVERGED: "both",
    Overlap.NONE: "none",
}


def show_archive(screen: Screen, archive: Archive, copies: Sequence[Backup], *, everything: bool) -> None:
    """All copies, key by key. Keys with nothing but their live transcript are only counted, unless `everything`."""
    keys = list(dict.fromkeys((item.agent, item.key) for item in copies if item.key is not None))
    alone = 0
    for agent, key in keys:
        mine = [item for item in copies if item.key == key and item.agent == agent]
        if not everything and all(item.kind.is_live for item in mine) and len(keys) > 1:
            alone += 1
            continue
        screen.line((visible(key or ""), "bold"), (f"  {_totals(mine)}", "dim"))
        _table(screen, mine)
        screen.blank()
    loose = [item for item in copies if item.key is None]
    if loose:
        screen.line(("Of no known key", "bold"), (f"  {_totals(loose)}", "dim"))
        _table(screen, loose)
        _notes(screen, archive, loose)
        screen.blank()
    _summary(screen, archive, copies, alone)


def show_lineage(screen: Screen, archive: Archive, lineage: Lineage, copies: Sequence[Backup]) -> None:
    """One key: its conversations, its copies with what only they hold, gaps, and the one to restore."""
    screen.line((visible(lineage.key), "bold"), (f"  {_totals(copies)}", "dim"))
    _table(screen, copies)
    _notes(screen, archive, copies)
    if len(lineage.chain) > 1:
        screen.heading("Conversations behind the key, oldest first")
        for link in lineage.chain:
            when = f"{_day(screen, link.first_at)} to {_day(screen, link.last_at)}"
            screen.line(visible(f"{link.session_id or UNKNOWN}  {when}  {link.how}"), indent=2)
    if lineage.gaps:
        screen.heading("Gaps")
        for gap in lineage.gaps:
            known = [_day(screen, at) for at in (gap.after, gap.before) if at is not None]
            screen.line(visible(" to ".join(known) + (": " if known else "") + gap.reason), indent=2)
    best = lineage.best
    if best is not None:
        screen.heading("To restore")
        screen.line(
            (f"{BEST} {best.id}", "bold"), visible(f" ({best.kind.value}): {best.best_reason}"), indent=2
        )
        if not best.kind.is_live:
            screen.exact("", f"clawmedic backups restore {best.id} --to FILE.jsonl", room=0)
            screen.exact("", f"clawmedic backups restore {best.id} --live", room=0)


def _summary(screen: Screen, archive: Archive, copies: Sequence[Backup], alone: int) -> None:
    if not copies:
        screen.line("No copies fit.")
    if alone:
        words = count_of(alone, "key has", "keys have")
        screen.line((f"{words} nothing but the live transcript (--all lists them).", "dim"))
    if any(item.best and not item.kind.is_live for item in copies):
        screen.line((f"{BEST} the copy to restore: `clawmedic backups list KEY` says why.", "dim"))
    for problem in archive.problems:
        screen.labelled("note", visible(problem), indent=0)


def _table(screen: Screen, copies: Sequence[Backup]) -> None:
    """OF LIVE: what part of the live transcript a copy holds; `both`: each has entries that the other has not."""
    columns = {
        "": Column(""),
        "ID": Column("ID"),
        "KIND": Column("KIND"),
        "STATE": Column("STATE", flexible=True),
        "MSGS": Column("MSGS", "right"),
        "FROM": Column("FROM"),
        "UNTIL": Column("UNTIL"),
        "SIZE": Column("SIZE", "right"),
        "OF LIVE": Column("OF LIVE"),
        "ONLY HERE": Column("ONLY HERE", "right"),
    }
    left_out = {"FROM"} if screen.width < WIDE else set()
    left_out |= {"OF LIVE", "SIZE"} if screen.width < NARROW else set()
    rows = (_row(screen, item) for item in copies)
    names = [name for name in columns if name not in left_out]
    screen.table([columns[name] for name in names], [[row[name] for name in names] for row in rows])


def _row(screen: Screen, item: Backup) -> dict[str, Cell]:
    overlap = "is it" if item.kind.is_live else _OVERLAPS[item.overlap] if item.entries else UNKNOWN
    return {
        "": Cell(BEST if item.best and not item.kind.is_live else "", "bold yellow"),
        "ID": Cell(item.id, "bold"),
        "KIND": Cell(item.kind.value),
        "STATE": Cell(item.state.value, _STATES[item.state]),
        "MSGS": Cell(str(item.messages) if item.entries else UNKNOWN),
        "FROM": Cell(_short(screen, item.first_at)),
        "UNTIL": Cell(_short(screen, item.last_at)),
        "SIZE": Cell(size(item.size_bytes)),
        "OF LIVE": Cell(overlap),
        "ONLY HERE": Cell(str(item.unique_entries) if item.unique_entries else "", "cyan"),
    }


def _short(screen: Screen, at: int | None) -> str:
    """Month, day and time; the date alone for another year."""
    text, now = _day(screen, at), _day(screen, screen.settings.now())
    return text[5:] if text[:4] == now[:4] else text[:10]


def _notes(screen: Screen, archive: Archive, copies: Sequence[Backup]) -> None:
    """Where each copy is, and what a person should know of it."""
    for item in copies:
        place = relative(item.path, archive.state_dir)
        if item.place.window is not None:
            place = f"{place}, window {item.place.window}"
        reason = f" ({item.key_reason})" if item.key_reason and item.key_reason != "its row" else ""
        words = f"{place}{': ' + item.note if item.note else ''}{reason}"
        screen.labelled(item.id, visible(words), indent=2, room=len(item.id) + 2)


def _totals(copies: Sequence[Backup]) -> str:
    words = count_of(len(copies), "copy", "copies")
    return f"{words}, {size(sum(item.size_bytes for item in copies))}"


def _day(screen: Screen, at: int | None) -> str:
    """A time to the minute."""
    return minute(at, screen.settings.times)
