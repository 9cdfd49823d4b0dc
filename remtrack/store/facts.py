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
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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


class ReadingRow(NamedTuple):
    """One reading as it stands, with what it hangs on; `role` is the lesion's in the line of the visit, "" for none."""

    patient_id: str
    line: int
    reader: str
    visit_on: date
    label: str
    lesion_id: str
    role: str
    kind: str
    organ: str
    site: str
    state: str
    longest_mm: Decimal | None
    short_mm: Decimal | None
    method: str  # of the reading, else of its visit
    reason: str
    has_own_method: bool


_READING_ROWS = """SELECT v.patient_id, v.line, v.reader, v.visit_on, v.label, l.lesion_id, coalesce(r.role, ''),
        l.kind, l.organ, l.site, m.state, m.longest_mm, m.short_mm, iif(m.method = '', v.method, m.method), m.reason,
        m.method <> ''
    FROM visits AS v CROSS JOIN measurements AS m ON m.visit_key = v.visit_key
    CROSS JOIN lesions AS l ON l.lesion_key = m.lesion_key
    LEFT JOIN line_lesions AS r ON r.patient_id = v.patient_id AND r.line = v.line AND r.lesion_key = m.lesion_key
        AND r.reader = v.reader
    WHERE {of} ORDER BY v.patient_id, v.visit_on, v.reader, l.lesion_id"""


def readings(connection: Connection, patient_ids: Iterable[str] | None = None) -> Iterator[ReadingRow]:
    """Give every reading (None: of all patients), by patient, day, reader and lesion."""
    if patient_ids is None:
        found = connection.execute(_READING_ROWS.format(of="1"))
        yield from map(_reading_row, found)
        return
    for patient_id in sorted(set(patient_ids)):
        found = connection.execute(_READING_ROWS.format(of="v.patient_id = ?"), (patient_id,))
        yield from map(_reading_row, found)


def _reading_row(row: tuple[Any, ...]) -> ReadingRow:
    longest, short = (None if size is None else real(size) for size in row[11:13])
    return ReadingRow._make(
        (*row[:3], date.fromisoformat(row[3]), *row[4:11], longest, short, *row[13:15], bool(row[15]))
    )


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
        [_stored(value) for value in equals.values()],
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
        [_stored(value) for value in given],
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
            (patient_id, _stored(visit_on), reader),
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


def _settings(value: dict[str, str]) -> str:
    return json.dumps(value, sort_keys=True)


# How a value of each form becomes SQLite's, by its type; None: as it is. SQLite itself would turn a number into text,
# and NaN into "unknown", without a word.
_INTO: dict[str, dict[type, Callable[[Any], Any] | None]] = {
    "text": {str: None},
    "day": {date: date.isoformat, str: None},
    "real": {Decimal: _real, float: _finite, int: lambda value: _real(Decimal(value))},
    "whole": {int: None},
    "settings": {dict: _settings, str: None},
}


def checked(column: Column, value: Any) -> Any:
    """Return the value as SQLite keeps it. Raises RefusedError if it is not of the column's form."""
    store = _into(column, type(value))
    return value if store is None else store(value)


def _into(column: Column, kind: type) -> Callable[[Any], Any] | None:
    accepted = _INTO[column.form]
    if kind in accepted:
        return accepted[kind]
    if kind is type(None):
        return None
    raise RefusedError(f"{column.name} cannot be a {kind.__name__}")


def all_checked(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """
    Return many rows as SQLite keeps them. Raises RefusedError for a value that is not of its column's form.

    A column at a time: most columns hold what needs no conversion.
    """
    kept: list[Sequence[Any]] = []
    as_they_are = True
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        into = {kind: _into(column, kind) for kind in set(map(type, values))}
        if not any(into.values()) or (into.keys() <= _NUMBERS and all(map(isfinite, filter(None, values)))):
            kept.append(values)
        else:
            kept.append([value if (store := into[type(value)]) is None else store(value) for value in values])
            as_they_are = False
    return rows if as_they_are else list(zip(*kept, strict=True))


_NUMBERS = {float, type(None)}


def _stored(value: Any) -> Any:
    """A value to look for; what could not be kept is found nowhere."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def real(value: float) -> Decimal:
    """Return a number as it was typed: the shortest decimal that is this REAL."""
    return Decimal(repr(value))


_FROM_SQL: dict[str, Callable[[Any], Any]] = {
    "day": date.fromisoformat,
    "real": real,
    "settings": json.loads,
}
