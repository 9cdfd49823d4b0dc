"""Why a visit got its category: the family's own steps, and who entered the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFoundError
from .history import local_time
from .lookup import is_installed, quote, require_patient
from .scans import require_visit

if TYPE_CHECKING:
    from datetime import date

    from ..store import Record
    from ..verdict import Explanation


def explain(
    record: Record,
    patient_id: str,
    visit_on: date,
    *,
    line: int | None = None,
    reader: str = "",
    criteria: str | None = None,
    as_of: date | None = None,
) -> list[Explanation]:
    """
    Return one explanation for each line and family that judges the visit of that day.

    A visit that is also the baseline of a later line is explained for both. Raises NotFoundError
    when there is no such visit, or nothing judges it.
    """
    from .judging import FamilyFailedError, explain as explain_case

    require_patient(record, patient_id)
    visit = require_visit(record, patient_id, visit_on, reader)
    entered = who_entered(record, patient_id, visit["visit_key"])
    found: list[Explanation] = []
    others: list[str] = []
    failed: list[FamilyFailedError] = []
    for _patient, cases in record.histories([patient_id], as_of):
        for case in cases:
            if case.history.reader != reader or (line not in (None, case.history.line.number)):
                continue
            if criteria not in (None, case.criteria) or not (criteria or is_installed(case.criteria)):
                continue
            if all(seen.visit_on != visit_on for seen in case.history.visits):
                continue
            try:
                answer = explain_case(case.history, case.criteria, case.settings, visit_on)
            except LookupError:  # all that was entered there belongs to other families
                others.append(case.criteria)
                continue
            except FamilyFailedError as error:
                failed.append(error)
                continue
            found.append(answer._replace(entered=entered))
    if failed and not found:
        raise failed[0]
    if not found and others:
        raise NotFoundError(
            f"the visit of {visit_on} of {patient_id} is not judged by {' or '.join(dict.fromkeys(others))}",
            "what was entered there are values of other families",
            f"remtrack timeline {quote(patient_id)}",
        )
    if not found:
        raise NotFoundError(
            f"nothing judges the visit of {visit_on} of {patient_id}",
            "it is before the baseline of its line, or its reader has no baseline",
            f"remtrack line list {quote(patient_id)}",
        )
    return found


def who_entered(record: Record, patient_id: str, visit_key: int) -> str:
    """Return one sentence on the change that wrote the visit's readings last."""
    rows = [row for row in record.rows("measurements", patient_id=patient_id) if row["visit_key"] == visit_key]
    numbers = {row["changed_by"] for row in rows}
    numbers |= {row["changed_by"] for row in record.rows("visits", patient_id=patient_id, visit_key=visit_key)}
    if not numbers:
        return ""
    last = max(numbers)
    change = next(row for row in record.change_list() if row["number"] == last)
    first = min(numbers)
    edited = "" if first == last else f" (first entered with change {first})"
    reason = f', reason: "{change["reason"]}"' if change["reason"] else ""
    return f"Entered by {change['who']} on {local_time(change)}, {change['command']}, change {last}{edited}{reason}."
