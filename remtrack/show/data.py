"""
The rows of a screen as plain text, JSON and CSV.

Knows no screen and no table: one generic path for all of them. Standard library only.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from ..words import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from . import Row, Screen

#: Raised when a key of a row is renamed or removed, or changes its meaning; new keys do not raise it.
SCHEMA_VERSION = 1

_READABLE, _ESCAPED = JSONEncoder(ensure_ascii=False).encode, JSONEncoder().encode


def fields(value: Any) -> Row:
    """
    Return a frozen value or a named tuple as a row.

    Values within it become dicts, and tuples of values lists of dicts; a tuple of texts stays one.
    """
    names = getattr(type(value), "__dataclass_fields__", None) or value._fields
    return {name: _plain_value(getattr(value, name)) for name in names}


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple):
        if hasattr(value, "_fields"):
            return fields(value)
        nested = any(isinstance(item, tuple) or hasattr(type(item), "__dataclass_fields__") for item in value)
        return [_plain_value(item) for item in value] if nested else value
    return fields(value) if hasattr(type(value), "__dataclass_fields__") else value


def said_row(pairs: Iterable[tuple[str, str]]) -> Row:
    """Return (label, value) pairs as a row; a label that comes again gathers its values in a list."""
    row: Row = {}
    for label, value in pairs:
        if value:
            row.setdefault(label, []).append(value)
    return row


# JSON


def json_text(screen: Screen) -> Iterator[str]:
    """
    Yield the pieces of one JSON object: schema_version, command, as_of, the screen's head, rows.

    Decimals are JSON numbers with the very digits that are stored; days are ISO; what is not
    known is null, and so is an infinite change (JSON has no infinity). A row stands on one line.
    """
    as_of = screen.as_of and screen.as_of.isoformat()
    head = {"schema_version": SCHEMA_VERSION, "command": screen.command, "as_of": as_of, **(screen.head or {})}
    yield "{\n" + "".join(f' "{key}": {json_value(value)},\n' for key, value in head.items()) + ' "rows": ['
    first = True
    for row in screen.rows():
        yield f"{'' if first else ','}\n  {json_value(row)}"
        first = False
    yield "]\n}\n" if first else "\n ]\n}\n"


def json_value(value: Any) -> str:
    """Return one value as JSON text."""
    if isinstance(value, str):
        return _json_string(value)
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "null"
    if isinstance(value, (date, datetime)):
        return f'"{value.isoformat()}"'
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json_string(str(key))}: {json_value(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(json_value(item) for item in value) + "]"


def _json_string(text: str) -> str:
    # Readable letters stay readable; what could steer a terminal is escaped, losing nothing.
    return _READABLE(text) if clean(text) == text else _ESCAPED(text)


# CSV


def csv_text(screen: Screen) -> Iterator[str]:
    """
    Yield the lines of RFC 4180 CSV, the first the header.

    A tuple of texts is joined by "; "; what is nested (a dict, a list) is left out: it is the table
    of another command. What is not known is empty; an infinite change is "inf". No text is one that a
    spreadsheet would run.
    """
    from csv import writer

    # writerow() gives back what the file's write() gives back: the line itself.
    line = writer(_Echo(), lineterminator="\r\n").writerow
    columns: list[str] = []
    for row in screen.rows():
        if not columns:
            columns = [name for name, value in row.items() if not isinstance(value, (dict, list))]
            yield line(columns)
        yield line([_csv_cell(row[name]) for name in columns])


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv_cell(value: Any) -> str:
    from ..exchange.formulas import guarded

    if not isinstance(value, (str, tuple)):
        return _text(value)
    return guarded(clean(value if isinstance(value, str) else "; ".join(value)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "inf"
    return str(value)


# Plain text


def plain_text(screen: Screen) -> Iterator[str]:
    """
    Yield `label: value` lines, a blank line between rows, for pipes and screen readers.

    No box, no escape byte, no alignment. What is empty is left out; a list says its label again
    for each item.
    """
    first = True
    for row in (screen.said or screen.rows)():
        if not first:
            yield ""
        first = False
        yield from _plain_lines(row, "")
    if not first and screen.notes:
        yield ""
    for note in screen.notes:
        yield f"note: {clean(note)}"


def _plain_lines(row: Mapping[str, Any], before: str) -> Iterator[str]:
    for key, value in row.items():
        # A key of several words is said already, and may hold a name with such a sign in it.
        label = before + (key.replace("_", " ") if key.isidentifier() else clean(key))
        if isinstance(value, dict):
            yield from _plain_lines(value, f"{label} ")
        elif isinstance(value, (list, tuple)):
            for item in value:
                if isinstance(item, dict):
                    yield from _plain_lines(item, f"{label} ")
                else:
                    yield f"{label}: {clean(_text(item))}"
        elif value is not None and value != "":
            yield f"{label}: {clean(_text(value))}"
