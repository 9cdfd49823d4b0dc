"""
What a refused row takes away from the rows that are kept, where an import takes the good ones alone.

Without its first row a lesion would look new, and without its first visit a line would begin later. Neither
may go unsaid: the readings of such a lesion are refused too, and a baseline that may be another is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..verdict import Problem

if TYPE_CHECKING:
    from datetime import date

    from .merging import Merge, Patient
    from .merging_readings import Placed, RoleKey


def refuse_doubtful_roles(
    merge: Merge, patient: Patient, placed: Placed, roles: dict[RoleKey, str], first: dict[tuple[int, str], date]
) -> None:
    """Refuse the readings of a lesion that looks new only because a row of it was refused."""
    told = {key for row, _visit, key in placed if row.role} | patient.roles.keys()
    for row, _visit, key in placed:
        if roles.get(key) != "new" or key in told or row.state == "fragment_of":
            continue
        baseline = first.get((key[0], row.reader))
        missing = [
            other
            for other in merge.refused
            if other.lesion_id == row.lesion_id
            and (other.dated_on is None or baseline is None or other.dated_on <= baseline)
        ]
        if missing:
            merge.refuse(
                row,
                "role-not-known",
                f"{row.lesion_id} of {patient.patient_id} would be taken for new",
                f"its row in line {missing[0].line_no} was refused, and may have shown it at the baseline",
                "correct that row, or give the role of the lesion",
                "role",
            )


def keep_earliest(merge: Merge, row: Any) -> None:
    """Remember the first day that was refused, for each patient, line and reader."""
    if not row.patient_id:
        return
    if row.dated_on is None:
        merge.undated.setdefault(row.patient_id, (merge.file_name, row.line_no))
        return
    key = (row.patient_id, row.line, row.reader)
    if key not in merge.earliest or row.dated_on < merge.earliest[key][0]:
        merge.earliest[key] = (row.dated_on, merge.file_name, row.line_no)


def warn_of_baselines(merge: Merge) -> None:
    """Warn of each line whose baseline lacks a refused row, or is or may be a later visit for want of one."""
    for patient_id, (file_name, line_no) in sorted(merge.undated.items()):
        told = f"a row of {patient_id} was refused whose day cannot be read; it may be that of the baseline"
        warn(merge, file_name, told, line_no)
    for (patient_id, given, reader), (day, file_name, line_no) in sorted(
        merge.earliest.items(), key=lambda item: (item[0][0], item[0][1] or 0, item[0][2])
    ):
        lines = {row["line"]: row for row in merge.record.rows("lines", patient_id=patient_id)}
        number = given or min(lines, default=1)
        visits = merge.record.rows("visits", patient_id=patient_id)
        days = [row["visit_on"] for row in visits if (row["line"], row["reader"]) == (number, reader)]
        baseline = (lines[number]["baseline_on"] if number in lines else None) or min(days, default=None)
        if baseline is None or day > baseline:
            continue
        where = f"line {number} of {patient_id}" + (f", reader {reader}" if reader else "")
        told = (
            f"the baseline of {where} is now {baseline}; a row of {day} was refused"
            if day < baseline
            else f"the baseline of {where}, {baseline}, lacks a row that was refused"
        )
        warn(merge, file_name, told, line_no)


def warn(merge: Merge, file_name: str, told: str, line_no: int) -> None:
    merge.tally.warnings += 1
    merge.tell(
        Problem(
            "warning",
            f"{file_name}: {told}" if file_name else told,
            "every later visit is compared with the baseline",
            "correct the row and import it again",
            line_no,
            "",
            "baseline-refused",
        )
    )
