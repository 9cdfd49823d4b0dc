"""
`check`: is the file whole, do the stored answers follow from the facts, are the baselines by the book?

Everything found is a `Problem` with its severity; nothing is mended here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..verdict import Problem
from .derive import answers, is_fresh, judge
from .looking import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Record
    from ..verdict import Course


def check(record: Record) -> Iterator[Problem]:
    """Yield what is wrong: the file, then patient by patient the stored answers and the baselines."""
    from ..assess import check_baseline

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
                "warning", f"{patient_id}: the stored answers are out of date", "they are derived anew whenever shown",
                "remtrack recompute", rule="stale-answers",
            )  # fmt: skip
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
                "error", f"{patient_id}, {key[4]}: the stored answer is {was}, the facts give {now}",
                "the stored answer was altered or left behind", "remtrack recompute", rule="altered-answer",
            )  # fmt: skip
            return
    if [summary(course) for course in kept] != [summary(course) for course in derived]:
        yield Problem(
            "error", f"{patient_id}: the stored course is not what the facts give",
            "the stored answer was altered or left behind", "remtrack recompute", rule="altered-answer",
        )  # fmt: skip


def summary(course: Course) -> tuple[object, ...]:
    """Return what a course says beyond its visits."""
    return (
        course.line, course.reader, course.criteria, course.best_response, course.response_start, course.confirmed_on,
        course.progression_on, course.dor_days, course.pfs_days, course.current, course.episodes,
    )  # fmt: skip


def silent_readers(record: Record) -> Iterator[Problem]:
    """Yield a warning for each independent reader without a baseline of their own: nothing of theirs is judged."""
    for patient_id, line, reader in record.unjudged():
        yield Problem(
            "warning",
            f"{patient_id}, line {line}: reader {reader} has no baseline of their own",
            "an independent series of reads is judged against its own baseline, so these visits have no answer",
            f"remtrack timeline {quote(patient_id)}",
            rule="reader-without-baseline",
        )
