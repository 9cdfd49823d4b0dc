"""
The numbers of numbered rows: given once, never again, because a history hangs on each.

SQLite remembers the last one given in a table of its own, which any program may write to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .schema import FACT_TABLES

if TYPE_CHECKING:
    from .open import Connection


def last_given(connection: Connection) -> dict[str, int]:
    """Return the last number given in each table that numbers its rows, as the rows and their history show it."""
    tables = {table.name: (table.own_key, table.history) for table in FACT_TABLES.values() if table.own_key}
    found = {}
    for name, (key, history) in tables.items():
        (found[name],) = connection.execute(
            f"SELECT max(coalesce((SELECT max({key}) FROM {name}), 0), coalesce((SELECT max({key}) FROM {history}), 0))"
        ).fetchone()
    (found["changes"],) = connection.execute("SELECT coalesce(max(number), 0) FROM changes").fetchone()
    return found


def remembered(connection: Connection) -> dict[str, object]:
    """Return the last number given as SQLite remembers it, 0 in a table that never gave one."""
    known: dict[str, object] = dict.fromkeys(last_given(connection), 0)
    return known | dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())


def set_last(connection: Connection) -> None:
    """Let SQLite remember what the rows show; for a copy from which rows were taken."""
    connection.execute("DELETE FROM sqlite_sequence")
    connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", last_given(connection).items())
