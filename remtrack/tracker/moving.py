"""What stands under the wrong heading: visits that belong to the next line, a lesion entered by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RefusedError
from .derive import answers, courses, moved
from .lines import Outcome, settle
from .lookup import quote, require_patient
from .scans import unknown_lesion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ..store import Change, Record


def later_visits(record: Record, patient_id: str, last: int, begins: date, baseline_on: date | None) -> list[date]:
    """Return the days of line `last` that belong to a line that begins then; a borrowed baseline is none of them."""
    days = (row["visit_on"] for row in record.rows("visits", patient_id=patient_id, line=last))
    return sorted({day for day in days if day >= begins and day != baseline_on})


def take_visits(
    record: Record, change: Change, patient_id: str, last: int, number: int, begins: date, days: Sequence[date]
) -> list[str]:
    """
    Let the visits of those days, and the events from `begins` on, go from line `last` to the new line `number`.

    Lesions keep their roles in line `last` as long as they have a reading there. Returns one sentence, or none.
    """
    visits = [row for row in record.rows("visits", patient_id=patient_id, line=last) if row["visit_on"] in days]
    for visit in visits:
        change.put("visits", {"visit_key": visit["visit_key"], "line": number})
    for event in record.rows("events", patient_id=patient_id, line=last):
        if event["event_on"] >= begins:
            change.put("events", {"event_key": event["event_key"], "line": number})
    if not days:
        return []
    _move_roles(record, change, patient_id, last, number, {visit["visit_key"] for visit in visits})
    which = f"visit of {days[0]} goes" if len(days) == 1 else f"visits from {days[0]} to {days[-1]} go"
    return [f"the {which} with line {number}"]


def _move_roles(record: Record, change: Change, patient_id: str, last: int, number: int, taken: set[int]) -> None:
    """Give what is seen in the taken visits its role there, too; seen nowhere else, it has none in the line before."""
    here: set[tuple[int, str]] = set()
    stay: set[tuple[int, str]] = set()
    for row in record.rows("measurements", patient_id=patient_id):
        if row["visit_key"] in taken or row["line"] == last:
            (here if row["visit_key"] in taken else stay).add((row["lesion_key"], row["reader"]))
    roles = record.rows("line_lesions", patient_id=patient_id)
    known = {(row["lesion_key"], row["reader"]) for row in roles if row["line"] == number}
    for row in roles:
        which = (row["lesion_key"], row["reader"])
        if row["line"] != last or which not in here:
            continue
        if which not in known:
            names = {name: row[name] for name in ("patient_id", "lesion_key", "reader")}
            change.put("line_lesions", {**names, "line": number, "role": row["role"]})
        if which not in stay:
            key = {name: row[name] for name in ("patient_id", "line", "lesion_key", "reader")}
            change.remove("line_lesions", key)


def remove_lesion(record: Record, patient_id: str, lesion_id: str, who: str, reason: str) -> Outcome:
    """
    Take a lesion back with all its readings and roles: it was entered by mistake; the log keeps it.

    Raises NotFoundError when it is not known, RefusedError when another lesion was read as part of it.
    """
    require_patient(record, patient_id)
    found = record.rows("lesions", patient_id=patient_id, lesion_id=lesion_id)
    if not found:
        from datetime import date

        raise unknown_lesion(record, patient_id, lesion_id, date.min, baseline=False)
    key = found[0]["lesion_key"]
    readings = record.rows("measurements", patient_id=patient_id)
    for row in readings:
        if row["other_key"] == key:
            raise RefusedError(
                f"{row['lesion_id']} was read as {row['state'].replace('_', ' ')} {lesion_id} on {row['visit_on']}",
                "that reading would speak of a lesion that is not there; correct it first",
                f"remtrack edit {quote(patient_id)} {row['visit_on']} {quote(row['lesion_id'])}=SIZE "
                '--reason "typing error"',
            )
    mine = [row for row in readings if row["lesion_key"] == key]
    with record.change("lesion remove", who=who, reason=reason) as change:
        before = answers(course for course, _fresh in courses(record, [patient_id]))
        for row in mine:
            change.remove("measurements", {"visit_key": row["visit_key"], "lesion_key": key})
        for row in record.rows("line_lesions", patient_id=patient_id):
            if row["lesion_key"] == key:
                names = ("patient_id", "line", "lesion_key", "reader")
                change.remove("line_lesions", {name: row[name] for name in names})
        change.remove("lesions", {"lesion_key": key})
        result, problems = settle(record, change, patient_id)
    days = sorted({str(row["visit_on"]) for row in mine})
    return Outcome(
        patient_id,
        change.number,
        changed=(f"{lesion_id} taken back, with its readings of {', '.join(days) or 'no day'}",),
        moved=tuple(moved(before, result)),
        courses=tuple(result),
        problems=problems,
    )
