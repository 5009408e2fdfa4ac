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
    lines = [f"Measured on {day}.", "", _line("OpenClaw", "fault", "path", *_COLUMNS.values())]
    lines.append(_line(*(["---"] * (3 + len(_COLUMNS)))))
    lines += [_line(*names, *(row.get(column, "") for column in _COLUMNS)) for names, row in rows.items()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(*fields: str) -> str:
    return "| " + " | ".join(fields) + " |"


def _words(cell: Cell, record: Mapping[str, Any]) -> str:
    kept = "nothing lost" if record["lost"] == 0 else f"{record['lost']} of {record['entries']} entries lost"
    if cell.ill.everything:
        left = "left as it was, one notice" if record["unchanged"] else "changed"
        back = (
            f"answered when it was back ({record['saw']})"
            if record["answered"]
            else "not answered afterwards"
        )
        return f"{left}; {back}; {kept}"
    rung = ", ".join(record["rungs"]) or "none"
    if cell.column == "stopped" and not cell.rung:
        rung = f"told to start the gateway; then {rung}"
    answered = f"saw {record['saw']}" if record["answered"] else "**not answered**"
    return f"{rung}, {record['seconds']:.0f} s; {answered}; {kept}"
