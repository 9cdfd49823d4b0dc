"""
What `check` looks at: the file, the stored answers against the facts, the baselines against the book.

Everything found is a `Problem` with its severity; nothing is mended here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..verdict import Problem
from .derive import answers, is_fresh, judge
from .lookup import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Record
    from ..verdict import Course


def check(record: Record) -> Iterator[Problem]:
    """Yield what is wrong: the file, then patient by patient the stored answers and the baselines."""
    from ..fold import check_baseline

    damaged = list(record.verify())
    yield from damaged
    if any(problem.rule in ("integrity", "schema") for problem in damaged):
        return  # what would be read from here on could be wrong
    stored = record.courses()
    held = next(stored, None)
    for patient_id, cases in record.histories():
        kept: list[Course] = []
        fresh = True
        while held is not None and held.course.patient_id <= patient_id:
            if held.course.patient_id == patient_id:
                kept.append(held.course)
                fresh = fresh and is_fresh(held)
            held = next(stored, None)
        derived = judge(cases)
        if kept and not fresh:
            yield Problem(
                "warning",
                f"{patient_id}: the stored answers are out of date",
                "they are derived anew whenever shown",
                "remtrack recompute",
                rule="stale-answers",
            )
        else:
            yield from differences(patient_id, kept, derived)
        told: set[Problem] = set()
        for case in cases:
            for problem in check_baseline(case.history, case.criteria, case.settings):
                if problem not in told:
                    told.add(problem)
                    yield problem
    yield from silent_readers(record)


def differences(patient_id: str, kept: list[Course], derived: list[Course]) -> Iterator[Problem]:
    """Yield an error for each stored answer that the facts do not give."""
    old, new = answers(kept), answers(derived)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            was, now = old.get(key, ("none", ""))[0], new.get(key, ("none", ""))[0]
            yield Problem(
                "error",
                f"{patient_id}, {key[4]}: the stored answer is {was}, the facts give {now}",
                "the stored answer was altered or left behind",
                "remtrack recompute",
                rule="altered-answer",
            )
            return
    if [summary(course) for course in kept] != [summary(course) for course in derived]:
        yield Problem(
            "error",
            f"{patient_id}: the stored course is not what the facts give",
            "the stored answer was altered or left behind",
            "remtrack recompute",
            rule="altered-answer",
        )


def summary(course: Course) -> tuple[object, ...]:
    """Return what a course says beyond its visits."""
    return (
        course.line,
        course.reader,
        course.criteria,
        course.best_response,
        course.response_start,
        course.confirmed_on,
        course.progression_on,
        course.dor_days,
        course.pfs_days,
        course.current,
        course.episodes,
    )


def silent_readers(record: Record) -> Iterator[Problem]:
    """Yield a warning for each independent reader without a baseline of their own: nothing of theirs is judged."""
    for found in record.unjudged():
        who = f"reader {found.reader} has" if found.reader else "there is"
        why = f"; the line's is {found.baseline_on}" if found.baseline_on else ""
        yield Problem(
            "warning",
            f"{found.patient_id}, line {found.line}: {who} no baseline for the visits from {found.first_on} on",
            f"a series of reads is judged against its own baseline, so these visits have no answer{why}",
            f"remtrack line list {quote(found.patient_id)}",
            rule="reader-without-baseline",
        )
