"""What was changed, when, by whom and why: the record of changes read back, with before and after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError
from .schema import CHANGE_COLUMNS, FACT_TABLES, FactTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .open import Connection


def changes(connection: Connection, patient_id: str | None, limit: int | None, rows_each: int) -> list[dict[str, Any]]:
    """
    Return the changes, newest first: their columns (`rules` as a dict), `counts`, `rows`, `rows_left_out`.

    `counts` are {table: {"added", "changed", "removed"}}. Each of `rows` (at most `rows_each` a
    change) has `table`, `names` (patient, date, lesion ... by which a person knows it) and the
    facts `before` and `after`, None where there was no row. With `patient_id`, only the changes
    that touched this patient, and only this patient's rows.
    """
    columns = (*CHANGE_COLUMNS, "hash")
    where, values = "", []
    if patient_id is not None:
        numbers = sorted(_of_patient(connection, patient_id))
        where, values = f"WHERE number IN ({', '.join('?' * len(numbers))})", numbers
    found = connection.execute(
        f"SELECT {', '.join(columns)} FROM changes {where} ORDER BY number DESC LIMIT ?",
        (*values, -1 if limit is None else limit),
    ).fetchall()
    return [_change(connection, dict(zip(columns, row, strict=True)), patient_id, rows_each) for row in found]


def change_list(connection: Connection) -> list[dict[str, Any]]:
    """Return the changes' own columns, newest first, without their rows; `holds` False: taken back since."""
    columns = (*CHANGE_COLUMNS, "hash")
    found = connection.execute(f"SELECT {', '.join(columns)} FROM changes ORDER BY number DESC")
    changes: list[dict[str, Any]] = []
    taken_back: set[int] = set()
    for row in found:
        change = dict(zip(columns, row, strict=True))
        holds = change["number"] not in taken_back
        if holds and change["undoes"] is not None:  # an undo is always later than what it undoes
            taken_back.add(change["undoes"])
        changes.append(change | {"holds": holds})
    return changes


def change_told(connection: Connection, number: int, rows_each: int) -> dict[str, Any]:
    """Return one change as `changes` does. Raises NotFoundError when there is none of that number."""
    for change in change_list(connection):
        if change["number"] == number:
            return _change(connection, change, None, rows_each)
    raise NotFoundError(f"no change {number}", "the log lists every change", "remtrack log")


def _change(connection: Connection, change: dict[str, Any], patient_id: str | None, rows_each: int) -> dict[str, Any]:
    number = change["number"]
    counts: dict[str, dict[str, int]] = {}
    rows: list[dict[str, Any]] = []
    for table in FACT_TABLES.values():
        written, replaced, both = _count(connection, table, number, patient_id)
        if written or replaced:
            counts[table.name] = {"added": written - both, "changed": both, "removed": replaced - both}
            rows += list(_rows(connection, table, number, patient_id, rows_each - len(rows)))
    total = sum(sum(each.values()) for each in counts.values())
    change["rules"] = json.loads(change["rules"])
    return change | {"counts": counts, "rows": rows, "rows_left_out": total - len(rows)}


# The rows a change wrote, from both tables (a), and those that it replaced or removed (b).
def _after(table: FactTable) -> str:
    names = ", ".join(table.names)
    return (
        f"SELECT {names} FROM {table.name} WHERE changed_by = :number "
        f"UNION ALL SELECT {names} FROM {table.history} WHERE changed_by = :number"
    )


def _before(table: FactTable) -> str:
    return f"SELECT {', '.join(table.names)} FROM {table.history} WHERE replaced_by = :number"


def _of(table: FactTable, patient_id: str | None) -> str:
    """The condition that a row is this patient's; a visit that is gone is asked in the history."""
    if patient_id is None:
        return "1"
    if "patient_id" in table.names:
        return "patient_id = :patient_id"
    return (
        "visit_key IN (SELECT visit_key FROM visits WHERE patient_id = :patient_id "
        "UNION SELECT visit_key FROM visits_history WHERE patient_id = :patient_id)"
    )


def _count(connection: Connection, table: FactTable, number: int, patient_id: str | None) -> tuple[int, int, int]:
    key, of = ", ".join(table.key), _of(table, patient_id)
    after, before = f"SELECT * FROM ({_after(table)}) WHERE {of}", f"SELECT * FROM ({_before(table)}) WHERE {of}"
    values = {"number": number, "patient_id": patient_id}
    written, replaced = connection.execute(
        f"SELECT (SELECT count(*) FROM ({after})), (SELECT count(*) FROM ({before}))", values
    ).fetchone()
    both = 0
    if written and replaced:
        (both,) = connection.execute(
            f"SELECT count(*) FROM ({after}) WHERE ({key}) IN (SELECT {key} FROM ({before}))", values
        ).fetchone()
    return written, replaced, both


def _rows(
    connection: Connection, table: FactTable, number: int, patient_id: str | None, most: int
) -> Iterator[dict[str, Any]]:
    key, of = ", ".join(table.key), _of(table, patient_id)
    values = {"number": number, "patient_id": patient_id, "most": max(most, 0)}
    keys = connection.execute(
        f"SELECT {key} FROM ({_after(table)}) WHERE {of} "
        f"UNION SELECT {key} FROM ({_before(table)}) WHERE {of} LIMIT :most",
        values,
    ).fetchall()
    for found in keys:
        row_key = dict(zip(table.key, found, strict=True))
        before = _row(connection, table, _before(table), number, row_key)
        after = _row(connection, table, _after(table), number, row_key)
        known = after or before
        if known is None:
            raise ValueError(f"a row of {table.name} is in an index and nowhere else")
        names = _names(connection, table, known)
        yield {"table": table.name, "key": row_key, "names": names, "before": before, "after": after}


def _row(
    connection: Connection, table: FactTable, rows: str, number: int, row_key: dict[str, Any]
) -> dict[str, Any] | None:
    matches = " AND ".join(f"{name} = :{name}" for name in row_key)
    row = connection.execute(f"SELECT * FROM ({rows}) WHERE {matches}", row_key | {"number": number}).fetchone()
    return None if row is None else dict(zip(table.names, row, strict=True))


def _names(connection: Connection, table: FactTable, row: dict[str, Any]) -> dict[str, Any]:
    """By what a person knows the row; visits and lesions that are gone are named from their history."""
    names = {name: row[name] for name in table.called if not name.endswith("_key")}
    if "visit_key" in row and table.name != "visits":
        visit = _latest(connection, "visits", "patient_id, line, visit_on, reader, label", row["visit_key"])
        names = dict(zip(("patient_id", "line", "visit_on", "reader", "label"), visit, strict=True)) | names
    if "lesion_key" in row and table.name != "lesions":
        patient_id, lesion_id = _latest(connection, "lesions", "patient_id, lesion_id", row["lesion_key"])
        names = {"patient_id": patient_id} | names | {"lesion_id": lesion_id}
    if row.get("other_key") is not None:
        names["other_id"] = _latest(connection, "lesions", "lesion_id", row["other_key"])[0]
    return names


def _latest(connection: Connection, table: str, columns: str, key: int) -> tuple[Any, ...]:
    own_key = FACT_TABLES[table].own_key
    found: tuple[Any, ...] | None = connection.execute(
        f"SELECT {columns}, 9e999 AS until FROM {table} WHERE {own_key} = ?1 UNION ALL "
        f"SELECT {columns}, replaced_by FROM {table}_history WHERE {own_key} = ?1 ORDER BY until DESC LIMIT 1",
        (key,),
    ).fetchone()
    if found is None:
        raise ValueError(f"{own_key} {key} was never one of {table}")
    return found[:-1]


def _of_patient(connection: Connection, patient_id: str) -> set[int]:
    found: set[int] = set()
    for table in FACT_TABLES.values():
        of = _of(table, patient_id)
        found.update(
            number
            for (number,) in connection.execute(
                f"SELECT changed_by FROM {table.name} WHERE {of} "
                f"UNION SELECT changed_by FROM {table.history} WHERE {of} "
                f"UNION SELECT replaced_by FROM {table.history} WHERE {of}",
                {"patient_id": patient_id},
            )
        )
    return found
