"""Laying results and events of a table against what is recorded of a patient."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ..exchange.rows import EventRow, ResultRow
    from ..verdict import Problem
    from .merging import Merge, Patient


def take_results(merge: Merge, patient_id: str, rows: Sequence[ResultRow | Problem]) -> None:
    for row in sorted(merge.good(rows), key=lambda row: (row.line or 0, row.dated_on)):
        patient = merge.patient(patient_id)
        held = merge.place(patient, row) if merge.values.is_good(patient, row) else None
        if held is None:
            continue
        at = (held["visit_key"], row.test, row.dated_on)
        value = (row.value, row.text, row.unit, row.upper_limit)
        recorded = patient.results.get(at)
        if recorded == value:
            merge.same()
        elif recorded is not None:
            merge.refuse(
                row,
                "two-values",
                f"{row.test} of {patient_id} is recorded otherwise on {row.dated_on}",
                "one test has one value a day",
                column="value",
            )
        else:
            patient.results[at] = value
            merge.fresh["results"].append(
                (
                    held["visit_key"],
                    row.test,
                    row.dated_on.isoformat(),
                    None if row.value is None else float(row.value),
                    row.text,
                    row.unit,
                    None if row.upper_limit is None else float(row.upper_limit),
                    row.note,
                )
            )
            merge.added(patient)


def take_events(merge: Merge, patient_id: str, rows: Sequence[EventRow | Problem]) -> None:
    counted: Counter[tuple[int, date, str, str]] = Counter()
    for row in merge.good(rows):
        patient = merge.patient(patient_id)
        number = row.line or merge.only_line(patient, row.dated_on)
        line = merge.line(patient, number)
        if row.event in ("treatment_start", "treatment_stop"):
            take_line_date(merge, patient, line, row)
            continue
        key = (number, row.dated_on, row.event, row.detail)
        counted[key] += 1
        if counted[key] <= patient.events[key]:
            merge.same()
            continue
        patient.events[key] += 1
        merge.fresh["events"].append(
            (merge.next_event, patient_id, number, row.dated_on.isoformat(), row.event, row.detail)
        )
        merge.next_event += 1
        merge.added(patient)


def take_line_date(merge: Merge, patient: Patient, line: dict[str, Any], row: EventRow) -> None:
    column = "started_on" if row.event == "treatment_start" else "stopped_on"
    if line[column] == row.dated_on:
        merge.same()
        return
    if line[column] is not None:
        merge.refuse(
            row,
            "other-date",
            f"line {line['line']} of {patient.patient_id}: {column} is {line[column]}, not {row.dated_on}",
            "a line starts and stops once",
            column="date",
        )
        return
    line[column] = row.dated_on
    columns = ("patient_id", "line", "regimen", "started_on", "stopped_on", "baseline_on")
    merge.put("lines", {name: line[name] for name in columns})
    merge.added(patient)
