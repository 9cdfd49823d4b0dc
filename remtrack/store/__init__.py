"""
The record: one SQLite file with the facts, the record of their changes, and the answers.

It judges nothing. `open_record` is the way in; everything else is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers import StoredCourse
    from .changes import Change
    from .histories import Case, Unjudged
    from .record import Record, blank_record, open_record
    from .schema import FACT_TABLES

__all__ = [
    "FACT_TABLES",
    "Case",
    "Change",
    "Record",
    "StoredCourse",
    "Unjudged",
    "blank_record",
    "open_record",
]

_HOMES = {
    "FACT_TABLES": "schema",
    "Case": "histories",
    "Change": "changes",
    "Record": "record",
    "StoredCourse": "answers",
    "Unjudged": "histories",
    "blank_record": "record",
    "open_record": "record",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
