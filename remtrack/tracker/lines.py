"""
Lines of therapy as rows: which one a day falls in, and what all that write share.

What a change did comes back as an `Outcome`, whichever use case made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import DEFAULT
from ..errors import NotFoundError
from .derive import judge
from .lookup import is_installed, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from ..store import Case, Change, Record
    from ..verdict import Course, Problem
    from .derive import Moved


class Outcome(NamedTuple):
    """
    What a change did.

    `number` is None when nothing was written. `added`, `changed`, `same` name the readings.
    `moved` are earlier answers that are different now. `courses` are the patient's answers after it.
    """

    patient_id: str
    number: int | None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    line: int = 1
    visit_on: date | None = None
    is_baseline: bool = False
    moved: tuple[Moved, ...] = ()
    courses: tuple[Course, ...] = ()
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()


def settle(
    record: Record, change: Change, patient_id: str, *, keep: bool = True
) -> tuple[list[Course], tuple[Problem, ...]]:
    """Derive one patient from the facts inside the change; returns the courses and what the baselines look like."""
    from .judging import FamilyFailedError, check_baseline

    cases: list[Case] = []
    for _patient, found in record.histories([patient_id]):
        cases.extend(found)
    result = judge(cases)
    if keep:
        change.put_answers(patient_id, result)
    problems: dict[Problem, None] = {}
    for case in cases:
        if not is_installed(case.criteria):
            continue
        try:
            found_there = check_baseline(case.history, case.criteria, case.settings)
        except FamilyFailedError:
            continue  # told with the answers that it could not give
        for problem in found_there:
            problems.setdefault(problem)
    return result, tuple(problems)


def put_line(change: Change, patient_id: str, number: int, **values: Any) -> str:
    row = {
        "patient_id": patient_id,
        "line": number,
        "regimen": values.get("regimen") or "",
        "started_on": values.get("started_on"),
        "stopped_on": values.get("stopped_on"),
        "baseline_on": values.get("baseline_on"),
    }
    return change.put("lines", row)


def line_row(line: Mapping[str, Any]) -> dict[str, Any]:
    names = ("patient_id", "line", "regimen", "started_on", "stopped_on", "baseline_on")
    return {name: line[name] for name in names}


def put_criteria(
    record: Record,
    change: Change,
    patient_id: str,
    number: int,
    criteria: Sequence[str],
    settings: Mapping[str, str],
) -> bool:
    """Make those families judge the line, in that order, each with the settings that are its own."""
    from ..criteria import load_family

    wrote = False
    old = {row["criteria"]: row for row in record.rows("line_criteria", patient_id=patient_id, line=number)}
    for name in set(old) - set(criteria):
        wrote |= change.remove("line_criteria", {"patient_id": patient_id, "line": number, "criteria": name})
    for position, name in enumerate(criteria):
        family = load_family(name)
        defaults = {setting.name: setting.default for setting in family.settings}
        mine = dict(old[name]["settings"]) if name in old else {}
        mine.update({key: value for key, value in settings.items() if key in defaults})
        kept = {key: value for key, value in sorted(mine.items()) if value != defaults[key]}
        row = {"patient_id": patient_id, "line": number, "criteria": name, "position": position, "settings": kept}
        wrote |= change.put("line_criteria", row) != "same"
    return wrote


def line_start(line: Mapping[str, Any], visits: Iterable[Mapping[str, Any]]) -> date | None:
    """Return the day a line begins: its start of therapy, its baseline or its first visit, whichever is first."""
    days = [day for day in (line["started_on"], line["baseline_on"]) if day]
    days += [row["visit_on"] for row in visits if row["line"] == line["line"]]
    return min(days, default=None)


def line_for(record: Record, patient_id: str, day: date) -> int | None:
    """Return the number of the line that the day falls in (the first, for a day before it), None without lines."""
    visits = record.rows("visits", patient_id=patient_id)
    lines = sorted(record.rows("lines", patient_id=patient_id), key=lambda row: row["line"])
    chosen = lines[0]["line"] if lines else None
    for line in lines[1:]:
        start = line_start(line, visits)
        if start is not None and start <= day:
            chosen = line["line"]
    return chosen


def ensure_line(record: Record, change: Change, patient_id: str, day: date, asked: int | None) -> int:
    """Return the line to write to, making line 1 for a patient who has none."""
    numbers = [row["line"] for row in record.rows("lines", patient_id=patient_id)]
    if asked is not None:
        if asked not in numbers:
            raise unknown_line(patient_id, asked, numbers)
        return asked
    found = line_for(record, patient_id, day)
    if found is None:
        put_line(change, patient_id, 1)
        put_criteria(record, change, patient_id, 1, (DEFAULT,), {})
        return 1
    return found


def unknown_line(patient_id: str, number: int, known: Iterable[int]) -> NotFoundError:
    return NotFoundError(
        f"{patient_id} has no line {number}",
        f"lines: {', '.join(str(n) for n in sorted(known)) or 'none'}",
        f"remtrack line start {quote(patient_id)}",
    )
