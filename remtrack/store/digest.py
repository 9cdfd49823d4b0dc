"""
What seals the rows of a change: a SHA-256 over those that it wrote and those that it replaced or removed.

It is made of what the file holds, when a change is closed as when it is checked, so that both see the same.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from .schema import FACT_TABLES

if TYPE_CHECKING:
    from .open import Connection
    from .schema import FactTable

_BATCH = 1000
#: `json.dumps` without its look for lists that hold themselves, which a row of SQLite's never does.
_encode = json.JSONEncoder(check_circular=False).encode


def digest_of(connection: Connection, number: int) -> str:
    """Return the SHA-256 of the rows that a change wrote and of those it replaced or removed, in key order."""
    digest = sha256()
    for table in FACT_TABLES.values():
        for what, rows in (
            ("written", _written(connection, table, number)),
            ("replaced", _replaced(connection, table, number)),
        ):
            digest.update(_encode([table.name, what]).encode())
            while batch := rows.fetchmany(_BATCH):
                digest.update(_encode(batch).encode())
    return digest.hexdigest()


def _written(connection: Connection, table: FactTable, number: int) -> Any:
    names, key = ", ".join(table.names), ", ".join(table.key)
    live = f"SELECT {names} FROM {table.name} WHERE {_changed_by(connection, table, number)} = :number"
    gone = f"SELECT {names} FROM {table.history} WHERE changed_by = :number"
    if connection.execute(gone + " LIMIT 1", {"number": number}).fetchone():
        live = f"{live} UNION ALL {gone}"
    return connection.execute(f"{live} ORDER BY {key}", {"number": number})


def _changed_by(connection: Connection, table: FactTable, number: int) -> str:
    """Return the column to look for, with a sign before it where reading the whole table is quicker than the index."""
    (written,) = connection.execute(f"SELECT count(*) FROM {table.name} WHERE changed_by = ?", (number,)).fetchone()
    if written < _BATCH:
        return "changed_by"
    twice = f"SELECT count(*) FROM (SELECT 1 FROM {table.name} LIMIT {2 * written})"
    return "changed_by" if connection.execute(twice).fetchone()[0] == 2 * written else "+changed_by"


def _replaced(connection: Connection, table: FactTable, number: int) -> Any:
    # Which rows, not what was in them: that is sealed by the change that wrote them.
    key = ", ".join((*table.key, "changed_by"))
    return connection.execute(f"SELECT {key} FROM {table.history} WHERE replaced_by = ? ORDER BY {key}", (number,))
