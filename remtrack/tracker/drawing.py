"""
What a timeline draws of a stored course: its value, its thresholds, and what stands beside them.

The course says all of it (`criteria.drawn` has the names); no family is loaded and nothing is judged here.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ..words import drawn as words

if TYPE_CHECKING:
    from ..verdict import Assessment, Course
    from ..views import StatusRow

Marks = tuple[tuple[str, Decimal], ...]


class Drawn(NamedTuple):
    """
    What is drawn of one look.

    `text`, `least` and `most` are given where something was printed in place of a number (`value` is then None).
    """

    value: Decimal | None
    text: str = ""
    least: Decimal | None = None
    most: Decimal | None = None


def scored(course: Course) -> dict[str, Any]:
    """Return the score that is drawn in place of the value (lymphoma on PET), {} where there is none."""
    found: dict[str, Any] = course.extra.get("score", {})
    return found


def at_baseline(course: Course) -> Drawn:
    """Return what the first visit measured: the baseline value, unless the course says another."""
    if scored(course):
        return Drawn(scored(course)["first"])
    first = course.extra.get("first")
    if first is None:
        return Drawn(course.baseline_value)
    return _with_bound(first["value"], first)


def at_visit(course: Course, visit: Assessment) -> Drawn:
    """Return what a visit measured."""
    if scored(course):
        return Drawn(visit.extra.get("score"))
    return _with_bound(visit.value, visit.extra)


def _with_bound(value: Decimal | None, extra: dict[str, Any]) -> Drawn:
    bound = extra.get("bound")
    if bound is None or value is not None:
        return Drawn(value)
    return Drawn(None, bound["said"], bound["least"], bound["most"])


def beside(course: Course, visit: Assessment) -> tuple[str, ...]:
    """Return in short what the other scales of the family say at a visit."""
    said = words.beside(visit.extra)
    if scored(course) and visit.value is not None:
        return (*said, words.area(visit.value))
    return said


def marks(course: Course) -> Marks:
    """Return the thresholds that stay, whatever is measured next; those of the next visit are in `thresholds`."""
    found: Marks = scored(course)["marks"] if scored(course) else course.extra.get("marks", ())
    return tuple((name, value) for name, value in found)


def of_score(status: StatusRow, course: Course) -> StatusRow:
    """Return the row with the score in place of the sum, so that value, unit and change are of one thing."""
    score = scored(course)
    if not score:
        return status
    last = course.assessments[-1].extra.get("score") if course.assessments else score["first"]
    return replace(
        status,
        value=last,
        baseline_value=score["first"],
        unit="",
        measure=score["measure"],
        change_from_baseline_pct=None,
        change_from_nadir_pct=None,
        nadir_value=None,
        nadir_on=None,
        thresholds=(),
    )
