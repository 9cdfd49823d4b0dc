"""
A row of each table that is imported, as a value; what its cells mean is read in `readings`.

`line_no` is its line in the file, the header being line 1. Text that was not given is "", a number or a date
that was not is None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal


class PatientRow(NamedTuple):
    """A patient: `criteria` is a family's id or ""."""

    line_no: int
    patient_id: str
    disease: str
    criteria: str
    note: str


class LineRow(NamedTuple):
    """A line of therapy under one family; `settings` are (name, value) pairs."""

    line_no: int
    patient_id: str
    line: int
    criteria: str
    regimen: str
    started_on: date | None
    stopped_on: date | None
    baseline_on: date | None
    settings: tuple[tuple[str, str], ...]


class VisitRow(NamedTuple):
    """A visit; `line` is None when the row does not say it."""

    line_no: int
    patient_id: str
    line: int | None
    visit: str
    dated_on: date
    method: str
    reader: str
    note: str


class Reading(NamedTuple):
    """
    One lesion on one day.

    `line` is None, `role` and `kind` are "" when the row does not say them. `said` is () when nothing
    can change what the row says; otherwise it holds what is needed to read the sizes again once the role,
    the kind and the families of the line are known, and `longest_mm`, `short_mm`, `state` are only a
    first reading of them: see `settle`.
    """

    line_no: int
    patient_id: str
    dated_on: date
    note: str
    line: int | None
    visit: str
    method: str
    reader: str
    lesion_id: str
    role: str
    kind: str
    organ: str
    site: str
    longest_mm: Decimal | None
    short_mm: Decimal | None
    state: str
    other_id: str
    reason: str
    said: tuple[str, ...]


class ResultRow(NamedTuple):
    """A value of a visit; `value` is None when it is no plain number, `text` is what was printed."""

    line_no: int
    patient_id: str
    line: int | None
    visit: str
    dated_on: date
    test: str
    value: Decimal | None
    text: str
    unit: str
    upper_limit: Decimal | None
    reader: str
    note: str


class EventRow(NamedTuple):
    """Something dated that is not a look."""

    line_no: int
    patient_id: str
    line: int | None
    dated_on: date
    event: str
    detail: str


class Refused(NamedTuple):
    """What could still be read of a row that could not: None and "" where that could not either."""

    line_no: int
    patient_id: str
    line: int | None
    dated_on: date | None
    reader: str
    lesion_id: str


Row: TypeAlias = PatientRow | LineRow | VisitRow | Reading | ResultRow | EventRow
