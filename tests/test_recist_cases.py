"""The worked cases of RECIST 1.1: every visit and every expectation of the file."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from casefiles import lesion_cases

from remtrack.fold import assess

CASES = list(lesion_cases("recist-1.1"))


def shown(pct):
    """Write a change as the file does: one decimal, `inf` from 0, nothing where there is none."""
    if pct is None:
        return ""
    if not pct.is_finite():
        return "inf"
    return f"{pct.quantize(Decimal('0.1'), ROUND_HALF_UP):f}".replace("-0.0", "0.0")


def day(value):
    return None if value == "none" else date.fromisoformat(value)


def told(course, key):
    """Return what a course says under a key of the case file, as the file writes it."""
    if key == "bor":
        return course.best_response
    if key == "dor_days":
        if course.dor_days is None:
            return "none"
        return f"{course.dor_days}{' censored' if course.dor_censored else ''}"
    found = {
        "confirmed_response_start": course.response_start,
        "confirmed_on": course.confirmed_on,
        "progression_date": course.progression_on,
    }[key]
    return "none" if found is None else found.isoformat()


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"R{number:02}" for number in range(1, 43)]
    assert sum(len(case.visits) for case in CASES) > 80


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    """The parts, the overall and the reported category, the sum and both changes."""
    judged = []
    for line in case.lines:
        for row in assess(case.history(line), "recist-1.1", case.settings).assessments:
            numbers = ("" if row.sum_mm is None else f"{row.sum_mm.normalize():f}",)
            numbers += (shown(row.change_from_baseline_pct), shown(row.change_from_nadir_pct))
            parts = (row.part("target"), row.part("nontarget"), row.part("new_lesion"), row.overall, row.reported)
            judged.append((line, row.visit, row.visit_on, *parts, *numbers))

    assert [tuple(expected) for expected in case.visits] == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    """Best response, when the response began and was confirmed, progression, duration."""
    courses = {line: assess(case.history(line), "recist-1.1", case.settings) for line in case.lines}
    found = {}
    for key in case.expects:
        name, _, line = key.partition(" line ")
        found[key] = told(courses[int(line or 1)], name)

    assert case.expects == found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_a_confirmed_response_of_a_case_lasted_a_month(case):
    """By default the confirmation is the month rule itself."""
    for line in case.lines:
        course = assess(case.history(line), "recist-1.1", case.settings)
        confirmed = [episode for episode in course.episodes if episode.confirmed_on]
        if "confirm_required" in case.settings:
            continue

        assert [episode.lasted_month for episode in confirmed] == ["yes"] * len(confirmed)
        assert [episode.lasted_on for episode in confirmed] == [episode.confirmed_on for episode in confirmed]
