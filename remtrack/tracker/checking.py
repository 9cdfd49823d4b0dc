"""
What `check` looks at: the file, the stored answers against the facts, the baselines against the book.

Everything found is a `Problem` with its severity; nothing is mended here.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from ..criteria import FAMILIES
from ..errors import RemtrackError
from ..verdict import Problem
from .derive import judge
from .exporting import revisions
from .lookup import is_installed, quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..store import Case, Record
    from ..store.facts import ReadingRow
    from ..verdict import Course
    from .importing import Request

_NAMED = 3


_SHOW_FAMILIES = "remtrack criteria list"
#: What `verify` found of the file itself that makes anything read from it doubtful.
_UNREADABLE = ("integrity", "damaged", "layout")


def check(record: Record) -> Iterator[Problem]:
    """Yield what is wrong: the file, then patient by patient stored answers, baselines, and what was entered."""
    damaged = list(record.verify())
    yield from damaged
    if any(problem.severity == "error" and problem.rule in _UNREADABLE for problem in damaged):
        return  # what would be read from here on could be wrong
    yield from check_patients(record, fresh_only=False)
    yield from silent_readers(record)


def check_file(record: Record | None, request: Request) -> tuple[list[Problem], int]:
    """
    Return what is wrong with a file that is to be imported into this record, and how many of its rows were read.

    The import is made in a copy in memory; the record (None: there is none yet) is only read. Raises
    UsageError and RefusedError for a source that cannot be read at all.
    """
    from ..store import blank_record
    from .importing import opened, write
    from .merging import Tally

    tally = Tally()
    trial = blank_record() if record is None else record.in_memory()
    with opened(request) as (tables, left_out, name, digest), trial as copy:
        write(copy, tables, replace(request, partial=True), "", tally, name, digest)
        found = list(tally.problems)
        if tally.untold:
            found.append(Problem("error", f"and {tally.untold:,} more problems with rows", rule="more"))
        for table in tables:
            if table.unknown_columns:
                unknown = ", ".join(table.unknown_columns)
                found.append(
                    Problem("note", f"{table.file_name}: columns not known: {unknown}", rule="unknown-columns")
                )
        found += [Problem("note", f"left out: {name}", rule="left-out") for name in left_out]
        told = set(found)
        touched = sorted(tally.touched)
        found += [
            in_file(record, each, request.source)
            for each in check_patients(copy, touched, fresh_only=True)
            if each not in told
        ]
    return found, tally.rows


def in_file(record: Record | None, problem: Problem, source: str) -> Problem:
    """Return a problem of a file; what is in the file alone is mended there, no command of the record would do it."""
    for row in problem.rows:
        if row.visit_on is None:
            continue
        names = {"patient_id": row.patient_id, "visit_on": row.visit_on, "reader": row.reader}
        if record is None or not record.rows("visits", **names):
            why = f"{problem.why}; " if problem.why else ""
            return problem._replace(why=f"{why}to be put right in {source} before it is imported", hint="")
    return problem


def check_patients(record: Record, patient_ids: Sequence[str] | None = None, *, fresh_only: bool) -> Iterator[Problem]:
    """
    Yield what is wrong patient by patient (None: all of them).

    With `fresh_only` no stored answer is looked at: there are none yet.
    """
    from .data_rules import data_problems
    from .judging import FamilyFailedError, check_baseline

    stale = set() if fresh_only else set(record.stale_patients(revisions(record)))
    missing = record.without_course(list(FAMILIES), sorted(stale))  # of those that are always installed
    stored = record.stored_rows()
    readings = groupby(record.readings(patient_ids), key=lambda row: row.patient_id)
    waiting = next(readings, None)
    for patient_id, cases in record.histories(patient_ids):
        derived: list[Course] = []
        try:
            derived = judge(cases)
        except RemtrackError as error:
            yield Problem("error", f"{patient_id}: {error.what}", error.why, error.hint, rule="cannot-judge")
        if patient_id in missing:
            yield Problem(
                "error",
                f"{patient_id}: a stored answer is missing",
                "another program took it away; it is derived anew whenever shown",
                "remtrack recompute",
                rule="altered-answer",
            )
        elif patient_id in stale:
            yield Problem(
                "warning",
                f"{patient_id}: the stored answers are out of date",
                "they are derived anew whenever shown",
                "remtrack recompute",
                rule="stale-answers",
            )
        elif not fresh_only:
            gone = {case.criteria for case in cases if not is_installed(case.criteria)}
            gone |= {course.criteria for course in derived if "failed" in course.extra}
            yield from altered(patient_id, stored.differences(patient_id, derived, gone))
        failed = [course.extra["failed"] for course in derived if "failed" in course.extra]
        told: dict[Problem, None] = {
            Problem("error", what, why, _SHOW_FAMILIES, rule="cannot-judge"): None for what, why in failed
        }
        for case in cases if derived else ():
            if not is_installed(case.criteria):
                told[not_installed(case)] = None
                continue
            try:
                told.update(dict.fromkeys(check_baseline(case.history, case.criteria, case.settings)))
            except FamilyFailedError as error:
                told[Problem("error", error.what, error.why, _SHOW_FAMILIES, rule="cannot-judge")] = None
        yield from told
        mine: list[ReadingRow] = []
        while waiting is not None and waiting[0] <= patient_id:
            mine = list(waiting[1])
            waiting = next(readings, None)
        yield from data_problems(mine, derived)


def not_installed(case: Case) -> Problem:
    patient_id, number = case.history.patient_id, case.history.line.number
    return Problem(
        "warning",
        f"{patient_id}, line {number}: the family {case.criteria} is not installed",
        "its stored answers cannot be checked, and what is entered now is not judged by it",
        "remtrack criteria list",
        rule="family-not-installed",
    )


def altered(patient_id: str, differences: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Yield an error for stored answers that are not what the facts give."""
    if differences:
        places = ", ".join(f"{table} {where}" for table, where in differences[:_NAMED])
        more = f" and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
        yield Problem(
            "error",
            f"{patient_id}: the stored answers are not what the facts give: {places}{more}",
            "another program altered them, or they were left behind",
            "remtrack recompute",
            rule="altered-answer",
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
