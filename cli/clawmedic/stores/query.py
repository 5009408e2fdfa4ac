"""Tolerant SELECTs: missing tables and columns are read around, damaged pages end a result instead of a run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

from clawmedic.stores.typed import Fields

Damage = Callable[[str], None]


def columns_of(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """The columns of a table; none when it does not exist or the schema cannot be read."""
    try:
        return frozenset(str(row[1]) for row in connection.execute(f"PRAGMA table_info({_quoted(table)})"))
    except (sqlite3.Error, UnicodeDecodeError):  # SQLite's words may quote a damaged name
        return frozenset()


def select(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    *,
    where: str = "",
    tail: str = "",
    parameters: Sequence[object] = (),
    damage: Damage | None = None,
) -> Iterator[Fields]:
    """Rows as fields, with those of `columns` that exist. Order and limit go in `tail`.

    A column that is missing is None in every row; a missing table, or one without the columns that `where` and `tail`
    need, gives no rows. An error in the middle ends the rows; `damage` is told SQLite's words.
    """
    present = columns_of(connection, table)
    wanted = [column for column in columns if column in present]
    if not wanted:
        return
    statement = f"SELECT {', '.join(map(_quoted, wanted))} FROM {_quoted(table)} {where} {tail}"  # noqa: S608
    for row in rows(connection, statement, parameters, damage=damage):
        yield Fields(dict(zip(wanted, row, strict=True)))


def rows(
    connection: sqlite3.Connection,
    statement: str,
    parameters: Sequence[object] = (),
    *,
    damage: Damage | None = None,
) -> Iterator[tuple[object, ...]]:
    """The rows of a statement up to the first error, which is told to `damage`."""
    try:
        cursor = connection.execute(statement, tuple(parameters))
        while (row := cursor.fetchone()) is not None:
            yield row
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if damage is not None:
            damage(str(error))


def app_version(connection: sqlite3.Connection) -> str | None:
    """`schema_meta.app_version` of the row `primary`: the OpenClaw that last opened the database."""
    for row in select(connection, "schema_meta", ("meta_key", "app_version")):
        if row.text("meta_key") == "primary":
            return row.text("app_version")
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
