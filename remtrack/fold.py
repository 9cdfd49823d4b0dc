"""
The fold: what a published standard says of one patient's line, visit by visit.

    assess(history, "recist-1.1", settings) -> Course

Pure: the same facts and settings give the same answer. How each standard judges is in `criteria`; how
stretches of response are found, and how their days are counted, is in `episodes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from .criteria import DEFAULT, load_family
from .criteria.base import Basis, Family, Seen, Table, parse_settings
from .episodes import (
    DEATH,
    FollowUp,
    Terms,
    best_response,
    complete_since,
    days_until,
    find_episodes,
    follow_up,
)
from .model import History, Visit
from .verdict import END_KINDS, STABLE, Assessment, Course, Explanation, Problem


def assess(history: History, criteria: str = DEFAULT, settings: Mapping[str, str] | None = None) -> Course:
    """
    Return everything the family of that id says about one line of one patient, for one reader.

    The baseline has no answer of its own (unless the family judges it too). `settings` are name and value as
    they are typed; those not given have their default. A history without visits gives a course without answers.

    Raises UsageError for an unknown family, setting or value, and ValueError when the visits are not in date
    order, one a day.
    """
    family = load_family(criteria)
    basis = family.prepare(_looks(family, _cut(history)), parse_settings(family, settings))
    carried = family.begin(basis)
    tables = family.tables_for(basis)
    answers: list[Assessment] = []
    for visit in _judged_visits(family, basis):
        seen = _judge(family, basis, carried, tables, visit)
        answers.append(family.answer(basis, seen))
        carried = family.carry(basis, carried, seen)
    return _conclude(family, basis, carried, family.look_back(basis, answers), criteria)


def explain(history: History, criteria: str, settings: Mapping[str, str] | None, visit_on: date) -> Explanation:
    """
    Return why the visit of that day got its category, step by step, and what would change it.

    The baseline is explained by what it measures. `response` and `entered` are left to whoever knows them.

    Raises LookupError when the line has no visit on that day; otherwise as `assess`.
    """
    family = load_family(criteria)
    course = assess(history, criteria, settings)
    basis = family.prepare(_looks(family, _cut(history)), parse_settings(family, settings))
    carried = family.begin(basis)
    tables = family.tables_for(basis)
    for visit in _judged_visits(family, basis):
        seen = _judge(family, basis, carried, tables, visit)
        if visit.visit_on == visit_on:
            answer = next(answer for answer in course.assessments if answer.visit_on == visit_on)
            return Explanation(
                patient_id=course.patient_id,
                line=course.line,
                reader=course.reader,
                criteria=criteria,
                title=family.title,
                visit_on=visit_on,
                visit=visit.label,
                overall=answer.overall,
                reported=answer.reported,
                kind=answer.kind,
                because=answer.because,
                source=answer.source,
                steps=family.steps(basis, carried, seen),
                would_change=family.would_change(basis, carried, seen),
                undecided=answer.undecided,
                flags=answer.flags,
                label=family.by_code[answer.overall].label,
                plain=family.by_code[answer.overall].plain,
            )
        carried = family.carry(basis, carried, seen)
    if basis.baseline is None or basis.baseline.visit_on != visit_on:
        raise LookupError(f"no visit on {visit_on} in line {course.line} of {course.patient_id}")
    return Explanation(
        patient_id=course.patient_id,
        line=course.line,
        reader=course.reader,
        criteria=criteria,
        title=family.title,
        visit_on=visit_on,
        visit=basis.baseline.label,
        overall="",
        reported="",
        kind="",
        because="the baseline: later visits are compared with it",
        source=family.source,
        steps=family.baseline_steps(basis),
    )


def check_baseline(
    history: History, criteria: str = DEFAULT, settings: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """Return what is unusual about the baseline of a line under that family: warnings, never a refusal."""
    family = load_family(criteria)
    basis = family.prepare(_looks(family, _cut(history)), parse_settings(family, settings))
    return () if basis.baseline is None else family.check_baseline(basis)


def _cut(history: History) -> History:
    """Return the history from its baseline up to `as_of`, in case the caller handed over more."""
    visits = history.visits
    if any(later.visit_on <= earlier.visit_on for earlier, later in pairwise(visits)):
        raise ValueError(f"the visits of {history.patient_id} are not in date order, one a day")
    first, last = history.line.baseline_on, history.as_of
    if visits and ((first and visits[0].visit_on < first) or (last and visits[-1].visit_on > last)):
        visits = tuple(
            visit for visit in visits if not (first and visit.visit_on < first) and not (last and visit.visit_on > last)
        )
        history = replace(history, visits=visits)
    if last and (any(event.event_on > last for event in history.events) or (history.new_therapy_on or last) > last):
        history = replace(
            history,
            events=tuple(event for event in history.events if event.event_on <= last),
            new_therapy_on=None if history.new_therapy_on and history.new_therapy_on > last else history.new_therapy_on,
        )
    return history


def _judged_visits(family: Family, basis: Basis) -> Sequence[Visit]:
    visits = basis.history.visits
    return visits if family.assesses_baseline else visits[1:]


def _looks(family: Family, history: History) -> History:
    """Return the history without the visits that are none of this family's, but for a baseline that the line names."""
    if not any(visit.results for visit in history.visits) and family.reads_lesions:
        return history
    named = history.line.baseline_on
    visits = tuple(visit for visit in history.visits if visit.visit_on == named or _is_look(family, visit))
    return history if len(visits) == len(history.visits) else replace(history, visits=visits)


def _is_look(family: Family, visit: Visit) -> bool:
    """
    Say whether a visit is one of this family: it is not when all that was entered there belongs to other families.

    A sample of CA-125 between two scans is no scan that could not be read, and a scan is no missing sample. A visit
    at which nothing was entered is a look at which everything is missing.
    """
    if not visit.results:
        return not visit.measurements or family.reads_lesions
    if visit.measurements and family.reads_lesions:
        return True
    return any(result.test in family.analytes for result in visit.results)


def _judge(family: Family, basis: Basis, carried: Any, tables: Sequence[Table[Any]], visit: Visit) -> Seen:
    seen: Seen = family.observe(basis, carried, visit)
    for table in tables:
        seen.findings[table.part] = table.judge(seen)
    return seen


def _conclude(family: Family, basis: Basis, carried: Any, answers: Sequence[Assessment], criteria: str) -> Course:
    """Put together the reported categories, the responses, the best response and the durations."""
    history = basis.history
    closing_on = history.new_therapy_on
    terms = family.terms(basis)
    visits = tuple(family.report(basis, terms, answers))
    died_on = next((event.event_on for event in history.events if event.event == DEATH), None)
    episodes = find_episodes(visits, terms, died_on=died_on, new_therapy_on=closing_on)
    proven = next((episode for episode in episodes if episode.confirmed_on is not None), None)
    follow = follow_up(visits, terms, died_on, closing_on)
    best = unconfirmed = ""
    dor_days = dor_censored = pfs_days = pfs_censored = None
    if basis.baseline is not None:
        start_on = history.line.started_on or basis.baseline.visit_on
        best = unconfirmed = best_response(visits, terms, start_on, closing_on)
        if episodes and terms.confirmation.needed:
            levels = [episode.category for episode in episodes if episode.confirmed_on is not None]
            best = best_response(visits, terms, start_on, closing_on, levels)
        pfs_days, pfs_censored = days_until(start_on, follow, basis.baseline.visit_on)
    if proven is not None:
        dor_days, dor_censored = days_until(proven.began_on, follow, proven.began_on)
    nadir_on, thresholds = family.limits(basis, carried)
    course = Course(
        patient_id=history.patient_id,
        line=history.line.number,
        reader=history.reader,
        criteria=criteria,
        settings=basis.choices.changed,
        baseline_on=None if basis.baseline is None else basis.baseline.visit_on,
        baseline_value=basis.baseline_value,
        nadir_on=nadir_on,
        assessments=visits,
        episodes=episodes,
        best_response=best,
        best_response_unconfirmed=unconfirmed,
        response_start=None if proven is None else proven.began_on,
        confirmed_on=None if proven is None else proven.confirmed_on,
        progression_on=next((visit.dated_on for visit in visits if visit.reported_kind in END_KINDS), None),
        dor_days=dor_days,
        dor_censored=dor_censored,
        pfs_days=pfs_days,
        pfs_censored=pfs_censored,
        current=visits[-1].reported if visits else "",
        current_on=visits[-1].visit_on if visits else None,
        thresholds=thresholds,
        extra=_facts_beside(family, basis, visits, died_on),
    )
    _durations_beside(course, basis, family, terms, follow)
    course = family.conclude(basis, carried, course)
    course.extra["labels"] = _labels(family, course)
    return course


def _labels(family: Family, course: Course) -> dict[str, list[str]]:
    """Return the clinical and the plain label of each category of a course, so that a screen needs no family."""
    codes = {course.best_response, course.best_response_unconfirmed, course.current}
    for visit in course.assessments:
        codes.update((visit.overall, visit.reported))
    for episode in course.episodes:
        codes.update((episode.category, *(code for code, _on in episode.levels)))
    return {code: [row.label, row.plain] for code, row in family.by_code.items() if code in codes}


def _facts_beside(family: Family, basis: Basis, visits: Sequence[Assessment], died_on: date | None) -> dict[str, Any]:
    """
    Return what a screen needs besides, as plain values that JSON keeps.

    `visits` counts looks with the baseline; `since` is the first visit of the unbroken run of the current
    category; `complete_codes` are the codes whose anniversaries count, `milestones` which ones; `closed_on` is
    the day on which a new therapy or death closed the line.
    """
    extra: dict[str, Any] = {
        "visits": len(basis.history.visits),
        "complete_codes": list(family.complete_codes),
        "milestones": basis.choices.values["milestones"],
    }
    if visits:
        since = visits[-1]
        for visit in reversed(visits):
            if visit.reported != since.reported:
                break
            since = visit
        extra["since"] = since.visit_on.isoformat()
    closed_on = min((day for day in (basis.history.new_therapy_on, died_on) if day is not None), default=None)
    if closed_on is not None:
        extra["closed_on"] = closed_on.isoformat()
    return extra


def _durations_beside(course: Course, basis: Basis, family: Family, terms: Terms, follow: FollowUp) -> None:
    """Add time to response, and how long a complete response or stable disease was held: days, where they exist."""
    if course.response_start is not None and basis.start_on is not None:
        course.extra["time_to_response_days"] = (course.response_start - basis.start_on).days
        complete_on = complete_since(course.assessments, terms, basis.history.new_therapy_on)
        if complete_on is not None:
            days, censored = days_until(complete_on, follow, complete_on)
            course.extra["complete_response_days"], course.extra["complete_response_censored"] = days, censored
    elif course.best_response and family.by_code[course.best_response].kind == STABLE:
        course.extra["stable_days"], course.extra["stable_censored"] = course.pfs_days, course.pfs_censored
