"""
What is recorded: the patients, one patient's facts, lines of therapy, lesions.

The rows are dicts as the use cases give them (`tracker.register`), and `verdict.LesionRow`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from . import Row, Screen
from .data import fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..views import LesionRow

_ROLES = {"target": "target", "nontarget": "non-target", "new": "new", "": "none in this line"}
_KINDS = {"nonnodal": "", "node": "node", "marker": "marker"}
_STATES = {
    "absent": "gone",
    "too_small": "too small to measure",
    "not_assessed": "not assessed",
    "treated_locally": "treated locally",
    "fragment_of": "part of another",
    "merged_into": "merged into another",
    "unequivocal_pd": "clearly worse",
}


def patients_screen(rows: Sequence[Row], as_of: date) -> Screen:
    """Return the list of patients as a screen; `rows` as `tracker.register.patient_list` gives them."""
    said = (lambda: [dict(words.NO_PATIENT)]) if not rows else None
    return Screen("patients", as_of, lambda: rows, lambda: render_patients(rows), said)


def render_patients(rows: Sequence[Row]) -> RenderableType:
    """Return one line a patient."""
    from .table import Column, facts, table

    if not rows:
        return facts(words.NO_PATIENT)
    return table(
        [
            Column("Patient", [row["patient_id"] for row in rows]),
            Column("Disease", [row["disease"] for row in rows], wraps=True, drop=3),
            Column("Criteria", [row["criteria"] for row in rows], wraps=True, drop=4),
            Column("Lines", [str(row["lines"]) for row in rows], right=True, drop=2),
            Column("Visits", [str(row["visits"]) for row in rows], right=True),
            Column("First", [_day(row["first_visit_on"]) for row in rows], drop=1),
            Column("Last", [_day(row["last_visit_on"]) for row in rows]),
        ]
    )


def lines_screen(patient_id: str, rows: Sequence[Row], as_of: date) -> Screen:
    """Return a patient's lines of therapy, one row a line and family, as a screen."""
    return Screen(
        "line list", as_of, lambda: rows, lambda: render_lines(patient_id, rows), head={"patient_id": patient_id}
    )


def render_lines(patient_id: str, rows: Sequence[Row]) -> RenderableType:
    """Return one line a line of therapy and family, with the settings that differ from the defaults."""
    from .table import paragraph, stack, styled

    if not rows:
        return paragraph(f"{patient_id} has no line of therapy yet.")
    return stack(styled(patient_id, "head"), "", _lines(rows))


def _lines(rows: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Line", [str(row["line"]) for row in rows], right=True),
            Column("Criteria", [row["criteria"] for row in rows]),
            Column("Regimen", [row["regimen"] for row in rows], wraps=True),
            Column("Baseline", [_day(row["baseline_on"]) for row in rows], drop=4),
            Column("Started", [_day(row["started_on"]) for row in rows], drop=3),
            Column("Stopped", [_day(row["stopped_on"]) for row in rows], drop=2),
            Column("Visits", [str(row["visits"]) for row in rows], right=True, drop=1),
            Column("Settings", [row["settings"] for row in rows], wraps=True),
        ]
    )


def lesions_screen(patient_id: str, rows: Sequence[LesionRow], as_of: date) -> Screen:
    """Return a patient's lesions with role and last reading as a screen."""
    return Screen(
        "lesions",
        as_of,
        lambda: ({"patient_id": patient_id, **fields(row)} for row in rows),
        lambda: render_lesions(patient_id, rows),
        head={"patient_id": patient_id},
    )


def render_lesions(patient_id: str, rows: Sequence[LesionRow]) -> RenderableType:
    """Return one line a lesion: role, place, last reading."""
    from .table import paragraph, stack, styled

    if not rows:
        return paragraph(f"{patient_id} has no lesion yet.")
    return stack(styled(patient_id, "head"), "", _lesions(rows))


def _lesions(rows: Sequence[LesionRow]) -> RenderableType:
    from .table import Column, paragraph, stack, table

    columns = [
        Column("Lesion", [row.lesion_id for row in rows]),
        Column("Role", [_role(row) for row in rows]),
        Column("Place", [place(row) for row in rows], wraps=True),
        Column("Last", [last_reading(row) for row in rows], wraps=True),
        Column("On", [_day(row.read_on) for row in rows]),
    ]
    if any(row.closed_on for row in rows):
        columns.append(Column("Closed", [_day(row.closed_on, "") for row in rows], drop=1))
    drawn = table(columns)
    nodes = any(row.kind == "node" for row in rows)
    return stack(drawn, paragraph("Nodes are measured by their short axis.")) if nodes else drawn


def _role(row: LesionRow) -> str:
    kind = _KINDS.get(row.kind, row.kind)
    return f"{_ROLES.get(row.role, row.role)}{f', {kind}' if kind else ''}"


def place(row: LesionRow) -> str:
    """Return where a lesion is: organ and site."""
    return ", ".join(part for part in (row.organ, row.site) if part)


def last_reading(row: LesionRow) -> str:
    """Return the last reading of a lesion: a size, or its state in words."""
    if row.size_mm is not None:
        return f"{words.number(row.size_mm)} mm"
    return _STATES.get(row.state, row.state.replace("_", " ")) or "not read yet"


def patient_screen(facts: Mapping[str, object], as_of: date) -> Screen:
    """Return what is recorded about one patient as a screen; `facts` as `tracker.register.patient_facts` gives them."""
    row = {**facts, "lesions": [fields(lesion) for lesion in _list(facts, "lesions")]}
    return Screen("patient show", as_of, lambda: [row], lambda: render_patient_facts(facts))


def render_patient_facts(facts: Mapping[str, object]) -> RenderableType:
    """Return the patient's row, lines, lesions and events."""
    from .table import Column, facts as fact_lines, stack, styled, table

    parts: list[RenderableType] = [
        styled(str(facts["patient_id"]), "head"),
        fact_lines([("Disease", str(facts["disease"])), ("Note", str(facts["note"]))]),
    ]
    lines, lesions, events = (_list(facts, name) for name in ("lines", "lesions", "events"))
    for heading, drawn in (
        ("Lines of therapy", _lines(lines) if lines else "   none"),
        ("Lesions, with the role in the latest line", _lesions(lesions) if lesions else "   none"),
    ):
        parts += ["", styled(f" {heading}", "head"), drawn]
    if events:
        parts += ["", styled(" Events", "head")]
        parts.append(
            table(
                [
                    Column("Date", [_day(row["date"]) for row in events]),
                    Column("Line", [str(row["line"]) for row in events], right=True, drop=1),
                    Column("Event", [words.event_words(row["event"], row["detail"]) for row in events], wraps=True),
                ]
            )
        )
    return stack(*parts)


def _list(facts: Mapping[str, object], name: str) -> list:  # type: ignore[type-arg]
    found = facts[name]
    return list(found) if isinstance(found, (list, tuple)) else []


def _day(day: date | None, nothing: str = ".") -> str:
    return nothing if day is None else str(day)
