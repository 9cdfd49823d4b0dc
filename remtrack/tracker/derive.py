"""
From facts to answers: derive, keep, compare.

Stored answers carry the stamp of the facts and of the rules they came from. Here is decided
whether they are still fresh, and what a change of facts did to the answers of earlier visits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from ..store import Case, Change, Record, StoredCourse
    from ..verdict import Course


class Moved(NamedTuple):
    """The answer of one earlier visit, before and after a change of facts ("" before: it had none)."""

    patient_id: str
    line: int
    reader: str
    criteria: str
    visit_on: date
    before: str
    after: str


def judge(cases: Iterable[Case]) -> list[Course]:
    """
    Return the course of each case (one line, one reader, one family), in the order given.

    A family that is not installed any more has a course without answers, which is out of date once it is. So has
    one of another package that failed; `extra` then has under `failed` how, and it is asked anew each time.
    """
    return [judged(case) if case.criteria in FAMILIES else unjudged(case) for case in cases]


def judged(case: Case) -> Course:
    from .judging import FamilyFailedError, assess

    try:
        return assess(case.history, case.criteria, case.settings)
    except FamilyFailedError as error:
        from ..criteria.installed import note_failure

        course = unjudged(case)
        course.extra["failed"] = (error.what, error.why)
        note_failure(case.criteria, error.trouble)
        return course


def unjudged(case: Case) -> Course:
    from ..verdict import Course

    history = case.history
    nothing: dict[str, Any] = dict.fromkeys(
        ("baseline_value", "nadir_on", "response_start", "confirmed_on", "progression_on", "current_on")
    )
    nothing |= dict.fromkeys(("dor_days", "dor_censored", "pfs_days", "pfs_censored"))
    return Course(
        patient_id=history.patient_id,
        line=history.line.number,
        reader=history.reader,
        criteria=case.criteria,
        settings=tuple(case.settings.items()),
        baseline_on=history.visits[0].visit_on if history.visits else None,
        assessments=(),
        episodes=(),
        best_response="",
        best_response_unconfirmed="",
        current="",
        extra={"visits": len(history.visits)},
        **nothing,
    )


def derive(record: Record, change: Change, patient_ids: Iterable[str] | None = None) -> int:
    """
    Derive and keep the answers of those patients (None: of all), inside the change's transaction.

    Returns how many patients were derived. Streams: memory does not grow with the cohort.
    """
    found = record.histories(patient_ids)
    return change.put_all_answers((patient_id, judge(cases)) for patient_id, cases in found)


def is_fresh(stored: StoredCourse) -> bool:
    """Say whether a stored answer knows every fact and was made by the rules of this version."""
    entry = FAMILIES.get(stored.course.criteria)
    return stored.fresh_facts and (entry is None or stored.revision == entry.revision)


def courses(
    record: Record,
    patient_ids: Iterable[str] | None = None,
    *,
    as_of: date | None = None,
    last_only: bool = False,
) -> Iterator[tuple[Course, bool]]:
    """
    Yield each course with whether it was read as stored (True) or derived just now (False).

    With `as_of` everything is derived, from the facts up to that day. A patient whose stored
    answers are out of date is derived in memory; nothing is written.
    """
    if as_of is not None:
        for _patient, cases in record.histories(patient_ids, as_of):
            yield from ((course, True) for course in judge(cases))
        return
    asked = None if patient_ids is None else list(patient_ids)
    # An answer that is not there is no answer of today either: it is not passed over in silence.
    gone = record.without_course(FAMILIES, asked)
    stale: list[str] = sorted(gone)
    for stored in record.courses(asked, last_only=last_only):
        if stored.course.patient_id in gone:
            continue
        if is_fresh(stored):
            yield stored.course, True
        elif stored.course.patient_id not in stale:
            stale.append(stored.course.patient_id)
    if stale:
        for _patient, cases in record.histories(stale):
            yield from ((course, False) for course in judge(cases))


def answers(found: Iterable[Course]) -> dict[tuple[str, int, str, str, date], tuple[str, str]]:
    """Return overall and reported category by patient, line, reader, family and visit."""
    return {
        (course.patient_id, course.line, course.reader, course.criteria, row.visit_on): (row.overall, row.reported)
        for course in found
        for row in course.assessments
    }


def moved(before: dict[tuple[str, int, str, str, date], tuple[str, str]], after: Iterable[Course]) -> list[Moved]:
    """Return the visits answered before whose answer is now another one (or gone), oldest first."""
    now = answers(after)
    found = []
    for key, (overall, reported) in before.items():
        new = now.get(key)
        if new != (overall, reported):
            found.append(Moved(*key, say(overall, reported), say(*new) if new else "no answer"))
    return sorted(found)


def say(overall: str, reported: str) -> str:
    return overall if overall == reported else f"{overall} (reported {reported})"
