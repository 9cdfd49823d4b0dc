"""
Rows of facts, a few at a time: found by the names that people use, checked, and read back.

Values go in and come out as the model has them: `date`, `Decimal`, text, whole numbers, and a
dict of settings. Many rows at once are `Change.put_new` and `histories`.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotFoundError, RefusedError
from .schema import FACT_TABLES, Column, FactTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .open import Connection


class Reading(NamedTuple):
    """What a table is read with: the names it takes from others (column, form, SQL), the joins, and the order."""

    more: tuple[tuple[str, str, str], ...]
    joins: str
    order: str


_VISIT = (
    ("patient_id", "text", "v.patient_id"),
    ("line", "whole", "v.line"),
    ("visit_on", "day", "v.visit_on"),
    ("reader", "text", "v.reader"),
)
_READINGS = {
    "patients": Reading((), "", "t.patient_id"),
    "lines": Reading((), "", "t.patient_id, t.line"),
    "line_criteria": Reading((), "", "t.patient_id, t.line, t.position, t.criteria"),
    "visits": Reading((), "", "t.patient_id, t.visit_on, t.reader"),
    "lesions": Reading((), "", "t.patient_id, t.lesion_id"),
    "line_lesions": Reading(
        (("lesion_id", "text", "l.lesion_id"),),
        "JOIN lesions AS l ON l.lesion_key = t.lesion_key",
        "t.patient_id, t.line, t.reader, l.lesion_id",
    ),
    "measurements": Reading(
        (*_VISIT, ("lesion_id", "text", "l.lesion_id"), ("other_id", "text", "coalesce(o.lesion_id, '')")),
        "JOIN visits AS v ON v.visit_key = t.visit_key JOIN lesions AS l ON l.lesion_key = t.lesion_key "
        "LEFT JOIN lesions AS o ON o.lesion_key = t.other_key",
        "v.patient_id, v.visit_on, v.reader, l.lesion_id",
    ),
    "results": Reading(
        _VISIT,
        "JOIN visits AS v ON v.visit_key = t.visit_key",
        "v.patient_id, v.visit_on, v.reader, t.test, t.sampled_on",
    ),
    "events": Reading((), "", "t.patient_id, t.line, t.event_on, t.event, t.detail, t.event_key"),
}


def read(connection: Connection, table_name: str, equals: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the rows of a fact table whose columns have these values, in the order of their names.

    Readings and results carry the patient, line, date and reader of their visit, and lesions
    their ids. `changed_by` is the change that wrote the row.
    """
    table, reading = FACT_TABLES[table_name], _READINGS[table_name]
    columns = [(column.name, column.form, f"t.{column.name}") for column in table.columns]
    columns += [*reading.more, ("changed_by", "whole", "t.changed_by")]
    if table.mark:
        columns.append((table.mark, "whole", f"t.{table.mark}"))
    sql_of = {name: sql for name, _, sql in columns}
    where = " AND ".join(f"{sql_of[name]} IS ?" for name in equals)
    found = connection.execute(
        f"SELECT {', '.join(sql_of.values())} FROM {table.name} AS t {reading.joins} "
        f"{'WHERE ' + where if where else ''} ORDER BY {reading.order}",
        [stored(value) for value in equals.values()],
    )
    forms = [(name, _FROM_SQL.get(form)) for name, form, _ in columns]
    return [
        {
            name: value if load is None or value is None else load(value)
            for (name, load), value in zip(forms, row, strict=True)
        }
        for row in found
    ]


def row_key(
    connection: Connection, table: FactTable, row: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Any, ...] | None]:
    """
    Return the row with its keys looked up from the names it was given, and the row's key if it is there.

    Raises NotFoundError for a visit or lesion that is not recorded, ValueError for a column that
    the table does not have.
    """
    row = _with_keys(connection, table, row)
    unknown = set(row) - set(table.names)
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    by = table.key if table.own_key in row or not table.own_key else table.called
    given = [row.get(name, "") for name in by]
    found = connection.execute(
        f"SELECT {', '.join(table.key)} FROM {table.name} WHERE {' AND '.join(f'{name} = ?' for name in by)}",
        [stored(value) for value in given],
    ).fetchone()
    return row, found


def _with_keys(connection: Connection, table: FactTable, row: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(row)
    own = set(table.names)
    patient_id = full.get("patient_id", "")
    if "visit_key" in own and "visit_key" not in full and table.own_key != "visit_key":
        visit_on, reader = full["visit_on"], full.get("reader", "")
        full["visit_key"] = _find(
            connection,
            "SELECT visit_key FROM visits WHERE patient_id = ? AND visit_on = ? AND reader = ?",
            (patient_id, stored(visit_on), reader),
            f"no visit of {patient_id} on {visit_on}{f' by reader {reader}' if reader else ''}",
        )
    if "lesion_key" in own and "lesion_key" not in full and table.own_key != "lesion_key":
        full["lesion_key"] = _lesion(connection, patient_id, full["lesion_id"])
    if full.get("other_id") and "other_key" in own:
        full["other_key"] = _lesion(connection, patient_id, full["other_id"])
    elif "other_id" in full and "other_key" in own:
        full["other_key"] = None
    names_of_others = {"patient_id", "line", "visit_on", "reader", "lesion_id", "other_id"} - own
    return {name: value for name, value in full.items() if name not in names_of_others}


def _lesion(connection: Connection, patient_id: str, lesion_id: str) -> int:
    return _find(
        connection,
        "SELECT lesion_key FROM lesions WHERE patient_id = ? AND lesion_id = ?",
        (patient_id, lesion_id),
        f'no lesion "{lesion_id}" of {patient_id}',
    )


def _find(connection: Connection, sql: str, values: tuple[Any, ...], what: str) -> int:
    found = connection.execute(sql, values).fetchone()
    if found is None:
        raise NotFoundError(what)
    return int(found[0])


def stored(value: Any) -> Any:
    """Return the value as SQLite keeps it. Raises RefusedError for a number that it cannot keep exactly."""
    store = TO_SQL.get(type(value))
    return value if store is None else store(value)


@lru_cache(maxsize=8192)
def _real(value: Decimal) -> float:
    real = float(value)
    if not isfinite(real) or Decimal(repr(real)) != value:
        raise RefusedError(f"{value} cannot be kept exactly", "a number has at most 15 digits")
    return real


def _finite(value: float) -> float:
    if not isfinite(value):
        raise RefusedError(f"{value} is not a number that can be kept")
    return value


def _settings(value: Mapping[str, str]) -> str:
    return json.dumps(dict(value), sort_keys=True)


#: How values become SQLite's, by type; a type that is not here is kept as it is.
TO_SQL: dict[type, Callable[[Any], Any]] = {
    Decimal: _real,
    float: _finite,
    date: date.isoformat,
    dict: _settings,
}

_ACCEPTED = {
    "text": (str,),
    "day": (date, str),
    "real": (Decimal, float, int),
    "whole": (int,),
    "settings": (dict, str),
}


def checked(column: Column, value: Any) -> Any:
    """Return the value as SQLite keeps it, having made sure that it is of the column's form. Raises RefusedError."""
    if value is not None and (not isinstance(value, _ACCEPTED[column.form]) or isinstance(value, bool)):
        raise RefusedError(f"{column.name} cannot be {value!r}")
    return stored(value)


def real(value: float) -> Decimal:
    """Return a number as it was typed: the shortest decimal that is this REAL."""
    return Decimal(repr(value))


_FROM_SQL: dict[str, Callable[[Any], Any]] = {
    "day": date.fromisoformat,
    "real": real,
    "settings": json.loads,
}
