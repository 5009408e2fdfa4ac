"""What was measured, as one Markdown table: a row for each release, fault and path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matrix.cells import ALL, Cell, Column

_COLUMNS: dict[Column, str] = {
    "another model": "running, another model compacts",
    "no model": "running, no model compacts",
    "stopped": "gateway stopped",
}


def write_table(target: Path, seen: Iterable[Mapping[str, Any]]) -> None:
    """Writes the table of all cells that were run."""
    by_name = {str(each["cell"]): each for each in seen}
    rows: dict[tuple[str, str, str], dict[Column, str]] = {}
    for cell in ALL:
        record = by_name.get(cell.name)
        if record is not None:
            row = rows.setdefault((cell.version, cell.ill.name, cell.path), {})
            row[cell.column] = _words(cell, record)
    day = datetime.now(UTC).date().isoformat()
    whole = sum(each["lost"] == 0 for each in by_name.values())
    alive = sum(each["answered"] for each in by_name.values())
    head = (
        f"Measured on {day}: {len(by_name)} sessions, {alive} answered two messages of ordinary length afterwards, "
        f"{whole} kept every entry."
    )
    lines = [head, "", _line("OpenClaw", "fault", "path", *_COLUMNS.values())]
    lines.append(_line(*(["---"] * (3 + len(_COLUMNS)))))
    lines += [_line(*names, *(row.get(column, "") for column in _COLUMNS)) for names, row in rows.items()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(*fields: str) -> str:
    return "| " + " | ".join(fields) + " |"


def _words(cell: Cell, record: Mapping[str, Any]) -> str:
    words = []
    if cell.ill.everything:
        words.append(
            "left as it is, one notice; back"
            if record["unchanged"] and record["code"] == 9
            else "not left alone"
        )
    else:
        rungs = " then ".join(record["rungs"]) or "no rung"
        if cell.column == "stopped" and not cell.rung:
            rungs = f"says to start the gateway; then {rungs}" if record["advised"] else f"no advice, {rungs}"
        words.append(rungs)
        words.append(f"{record['seconds']:.0f} s")
    words.append(f"sees {record['saw']}" if record["answered"] else "**does not answer**")
    if record["lost"]:
        words.append(f"**{record['lost']} of {record['entries']} entries lost**")
    return ", ".join(words)
