"""Laying results and events of a table against what is recorded of a patient."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..verdict import Problem
from .events import EVENTS, OF_THE_LINE, is_second_stop, known_events, nearest_event, note_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..exchange.rows import EventRow, ResultRow
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
    # In the order of their days: whether a stop is the line's or one after a restart depends on what was before.
    for row in sorted(merge.good(rows), key=lambda row: row.dated_on):
        patient = merge.patient(patient_id)
        number = row.line or merge.only_line(patient, row.dated_on)
        line = merge.line(patient, number)
        if row.event in OF_THE_LINE and not stops_again(patient, line, row):
            take_line_date(merge, patient, line, row)
            continue
        if row.event not in EVENTS:
            name_unknown(merge, tuple(patient.criteria[number]), row)
        if put_event(merge, patient, counted, (number, row.dated_on, row.event, row.detail)):
            merge.added(patient)
        else:
            merge.same()


def put_event(
    merge: Merge,
    patient: Patient,
    counted: Counter[tuple[int, date, str, str]],
    key: tuple[int, date, str, str],
) -> bool:
    """Write an event (line, day, kind, detail); False when as many as were `counted` so far are recorded already."""
    counted[key] += 1
    if counted[key] <= patient.events[key]:
        return False
    patient.events[key] += 1
    number, on, event, detail = key
    merge.fresh["events"].append((merge.next_event, patient.patient_id, number, on.isoformat(), event, detail))
    merge.next_event += 1
    return True


def name_unknown(merge: Merge, criteria: Sequence[str], row: EventRow) -> None:
    """Warn of an event that nothing reads, the first time it is met; it is kept, for it happened."""
    known = known_events(criteria)
    if row.event in known or row.event in merge.unknown_events:
        return
    merge.unknown_events.add(row.event)
    near = nearest_event(row.event, known)
    merge.note(
        Problem(
            "warning",
            f"{row.event} is no event that any rule reads (line {row.line or 1} of {row.patient_id})",
            "kept and shown, but no answer uses it",
            f"did you mean {near}?" if near else f"known: {', '.join(known)}",
            row.line_no,
            "event",
            "unknown-event",
        )
    )


def stops_again(patient: Patient, line: Mapping[str, Any], row: EventRow) -> bool:
    """Say whether a stop is one after a restart, so that the line keeps the date of its first."""
    restarts = (on for number, on, event, _ in patient.events if (number, event) == (line["line"], "treatment_restart"))
    return row.event == "treatment_stop" and is_second_stop(line["stopped_on"], row.dated_on, restarts)


def take_line_date(merge: Merge, patient: Patient, line: dict[str, Any], row: EventRow) -> None:
    """Take a date of the line; what the row says beside it is kept as a note of that day."""
    column = OF_THE_LINE[row.event]
    if line[column] not in (None, row.dated_on):
        merge.refuse(
            row,
            "other-date",
            f"line {line['line']} of {patient.patient_id}: {column} is {line[column]}, not {row.dated_on}",
            "a line starts and stops once",
            column="date",
        )
        return
    is_new = line[column] is None
    if is_new:
        line[column] = row.dated_on
        columns = ("patient_id", "line", "regimen", "started_on", "stopped_on", "baseline_on")
        merge.put("lines", {name: line[name] for name in columns})
    if row.detail:
        said = note_of(row.event, row.detail)
        is_new |= put_event(merge, patient, Counter(), (line["line"], row.dated_on, said["event"], said["detail"]))
    if is_new:
        merge.added(patient)
    else:
        merge.same()
