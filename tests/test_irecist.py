"""iRECIST: every worked case of the file, and each row of its tables from both sides."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from histories import BASELINE, line, scan
from lesioncases import measured_cases, result, told_day, told_row

from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, Measurement, Visit
from remtrack.verdict import POSSIBLE_PROGRESSION, PROGRESSION

CASES = list(measured_cases("irecist"))


# ------------------------------------------------------------------------------------- the worked cases


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"I{number:02}" for number in range(1, 24)]
    assert sum(len(case.visits) for case in CASES) == 64


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    judged = [
        told_row(line, row)
        for line in case.lines
        for row in assess(case.history(line), "irecist", case.settings).assessments
    ]

    assert case.visits == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), "irecist", case.settings)

    assert case.expects == {
        "ibor": course.best_response,
        "iresponse_start": told_day(course.response_start),
        "progression_date": told_day(course.progression_on),
        "iupd_open_since": course.extra.get("iupd_open_since", "none"),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_can_be_explained(case):
    history = case.history()
    for visit in history.visits:
        told = explain(history, "irecist", case.settings, visit.visit_on)

        assert told.steps
        assert all(isinstance(sentence, str) and sentence for sentence in told.would_change)


# ------------------------------------------------------------------------------------- written by hand


def course(*scans, settings=None, events=(), **parts):
    happened = tuple(Event(event, BASELINE + timedelta(days=days)) for event, days in events)
    return assess(replace(line(*scans, **parts), events=happened), "irecist", settings)


def overall(*scans, **parts):
    return [row.overall for row in course(*scans, **parts).assessments]


def reported(*scans, **parts):
    return [row.reported for row in course(*scans, **parts).assessments]


def last(*scans, **parts):
    return course(*scans, **parts).assessments[-1]


def on(days, answers=None, **readings):
    """Return a visit so many days after the baseline, with results by their name in `answers`."""
    visit = scan(days, **readings)
    results = tuple(result(test, value) for test, value in (answers or {}).items())
    return Visit(visit.visit_on, measurements=visit.measurements, results=results)


START = on(0, L1=50)
IUPD = on(63, L1=62)


@pytest.mark.parametrize(("now", "category"), [("66.9", "iUPD"), ("67", "iCPD")])
def test_targets_confirm_from_5_mm_over_their_smallest_sum_in_the_series(now, category):
    assert overall(START, IUPD, on(105, L1=now)) == ["iUPD", category]


@pytest.mark.parametrize(
    ("days", "tolerance", "category"), [(27, "0", "iUPD"), (28, "0", "iCPD"), (26, "2", "iCPD"), (25, "2", "iUPD")]
)
def test_a_repeat_scan_counts_from_28_days_or_the_tolerance_less(days, tolerance, category):
    settings = {"confirm_tolerance_days": tolerance}

    assert overall(START, IUPD, on(63 + days, L1=70), settings=settings)[-1] == category


def test_an_early_scan_is_no_reference_and_resets_nothing():
    visits = START, IUPD, on(77, L1=52), on(105, L1=64)

    assert overall(*visits) == ["iUPD", "iUPD", "iUPD"]
    assert (
        last(*visits[:3]).because
        == "only 14 days after the iUPD of 2024-03-11: the scan neither confirms nor resets it"
    )


def test_the_sum_of_an_early_scan_still_enters_the_nadir():
    """From 40 on the early scan 48 is PD; against 50 it would be stable and reset the series."""
    assert overall(START, IUPD, on(77, L1=40), on(105, L1=48)) == ["iUPD", "iUPD", "iUPD"]
    assert overall(START, IUPD, on(77, L1=50), on(105, L1=48)) == ["iUPD", "iUPD", "iSD"]


def test_the_smallest_sum_in_the_series_is_what_further_growth_is_measured_from():
    assert overall(START, IUPD, on(105, L1=60), on(147, L1=65)) == ["iUPD", "iUPD", "iCPD"]
    assert overall(START, IUPD, on(105, L1=60), on(147, L1="64.9")) == ["iUPD", "iUPD", "iUPD"]


def test_a_confirmation_after_eight_weeks_counts_and_is_flagged():
    assert last(START, IUPD, on(63 + 56, L1=70)).flags == ()
    row = last(START, IUPD, on(63 + 57, L1=70))

    assert row.overall == "iCPD"
    assert row.flags == ("confirmed 57 days after the iUPD; the repeat scan is meant to be after 4 to 8 weeks",)


@pytest.mark.parametrize(
    ("answers", "extra", "category"),
    [
        ({"unscheduled_new_symptom": "yes"}, {"N2": 11}, "iCPD"),
        ({"unscheduled_new_symptom": "no"}, {"N2": 11}, "iUPD"),
        ({}, {"N2": 11}, "iUPD"),
        ({"unscheduled_new_symptom": "yes"}, {}, "iUPD"),
    ],
)
def test_an_early_scan_confirms_only_by_a_new_lesion_and_for_a_new_symptom(answers, extra, category):
    visits = START, on(63, L1=50, N1=12), on(77, answers, L1=50, N1=12, **extra)

    assert overall(*visits) == ["iUPD", category]


def test_a_new_lesion_of_an_early_scan_confirms_at_the_next_one_that_counts():
    visits = START, on(63, L1=50, N1=12), on(77, L1=50, N1=12, N2=11), on(105, L1=50, N1=12, N2=11)

    assert overall(*visits) == ["iUPD", "iUPD", "iCPD"]


def test_a_new_lesion_that_vanished_and_returns_is_not_one_more():
    visits = START, on(63, L1=62, N1=12), on(105, L1=62, N1="absent"), on(147, L1=62, N1=4), on(189, L1=62, N1=5)

    assert overall(*visits) == ["iUPD", "iUPD", "iUPD", "iCPD"]


@pytest.mark.parametrize(("first", "category"), [("10", "iCPD"), ("9.9", "iUPD")])
def test_a_new_lesion_is_followed_by_its_size_from_10_mm(first, category):
    assert overall(START, on(63, L1=50, N1=first), on(105, L1=50, N1=25)) == ["iUPD", category]


@pytest.mark.parametrize(("first", "category"), [("15", "iCPD"), ("14.9", "iUPD")])
def test_a_new_node_is_followed_by_its_short_axis_from_15_mm(first, category):
    assert overall(START, on(63, L1=50, M1=first), on(105, L1=50, M1=25)) == ["iUPD", category]


def test_a_new_lesion_with_a_judgement_beside_its_size_is_followed_by_the_size():
    assert overall(START, on(63, L1=50, N1="12 unequivocal"), on(105, L1=50, N1="17 unequivocal")) == ["iUPD", "iCPD"]
    assert overall(START, on(63, L1=50, N1="12 unequivocal"), on(105, L1=50, N1="16 unequivocal")) == ["iUPD", "iUPD"]


@pytest.mark.parametrize(("said", "category"), [("present", "iUPD"), ("increased", "iCPD"), ("unequivocal_pd", "iCPD")])
def test_a_new_lesion_followed_by_a_state_confirms_by_any_increase(said, category):
    assert overall(START, on(63, L1=50, N1="present"), on(105, L1=50, N1=said)) == ["iUPD", category]


def test_a_sixth_new_lesion_and_a_third_of_one_organ_are_followed_by_a_state():
    six = {f"N{number}": 10 for number in range(1, 7)}
    grown = {**six, "N6": 40}
    assert overall(START, on(63, L1=50, **six), on(105, L1=50, **grown)) == ["iUPD", "iUPD"]
    assert overall(START, on(63, L1=50, **six), on(105, L1=50, **{**six, "N5": 15})) == ["iUPD", "iCPD"]

    nodes = {"M1": 20, "M2": 20, "M3": 20}
    assert overall(START, on(63, L1=50, **nodes), on(105, L1=50, **{**nodes, "M3": 40})) == ["iUPD", "iUPD"]
    assert overall(START, on(63, L1=50, **nodes), on(105, L1=50, **{**nodes, "M2": 25})) == ["iUPD", "iCPD"]


def test_an_unclear_new_lesion_that_is_proven_later_opens_the_series_at_first_sight():
    visits = START, on(63, L1=50, N1="equivocal"), on(105, L1=50, N1="unequivocal")

    assert overall(*visits) == ["iUPD", "iUPD"]
    assert overall(*visits, as_of=63) == ["iSD"]


@pytest.mark.parametrize(
    ("opening", "repeat"),
    [
        ({"L1": 62, "X1": "present"}, {"L1": 62, "X1": "unequivocal_pd"}),
        ({"L1": 62, "X1": "present"}, {"L1": 62, "X1": "present", "N1": "present"}),
        ({"L1": 50, "X1": "unequivocal_pd"}, {"L1": 62, "X1": "present"}),
        ({"L1": 50, "X1": "present", "N1": 12}, {"L1": 62, "X1": "present", "N1": 12}),
        ({"L1": 50, "X1": "present", "N1": 12}, {"L1": 50, "X1": "unequivocal_pd", "N1": 12}),
    ],
)
def test_progression_of_another_kind_of_lesion_confirms(opening, repeat):
    assert overall(on(0, L1=50, X1="present"), on(63, **opening), on(105, **repeat)) == ["iUPD", "iCPD"]


def test_a_non_target_as_bad_as_before_keeps_the_series_open_and_increased_confirms():
    first, opening = on(0, L1=50, X1="present"), on(63, L1=50, X1="unequivocal_pd")

    assert overall(first, opening, on(105, L1=50, X1="unequivocal_pd")) == ["iUPD", "iUPD"]
    assert overall(first, opening, on(105, L1=50, X1="increased")) == ["iUPD", "iCPD"]
    assert overall(first, opening, on(105, L1=50, X1="present")) == ["iUPD", "iSD"]
    assert overall(first, on(63, L1=50, X1="increased")) == ["iSD"]


def test_one_more_non_target_that_is_unequivocally_worse_is_a_further_increase():
    first = on(0, L1=50, X1="present", X2="present")
    opening = on(63, L1=50, X1="unequivocal_pd", X2="present")

    both = on(105, L1=50, X1="unequivocal_pd", X2="unequivocal_pd")
    assert overall(first, opening, both) == ["iUPD", "iCPD"]
    assert overall(first, opening, on(105, L1=50, X1="unequivocal_pd", X2="present")) == ["iUPD", "iUPD"]
    assert overall(first, opening, on(77, L1=50, X1="present", X2="unequivocal_pd"), both)[1:] == ["iUPD", "iCPD"]


def test_new_lesions_confirm_by_those_that_were_measured_alone():
    opening = on(63, L1=50, N1=12, N2=12)

    assert overall(START, opening, on(105, L1=50, N1=29, N2="not_assessed")) == ["iUPD", "iCPD"]  # 29 is 24 + 5
    row = last(START, opening, on(105, L1=50, N1="28.9", N2="not_assessed"))
    assert (row.overall, row.undecided) == ("NE", ("N2 was not assessed",))
    again = START, opening, on(105, L1=34, N1=12, N2=12)
    assert overall(*again, on(147, L1=34, N1=29, N2="not_assessed")) == ["iUPD", "iPR", "iUPD"]
    assert overall(*again, on(147, L1=34, N1="28.9", N2="not_assessed")) == ["iUPD", "iPR", "iPR"]


def test_a_new_lesion_that_is_disproved_is_not_there_any_more():
    assert overall(START, on(63, L1=50, N1=12), on(105, L1=50, N1="disproved")) == ["iUPD", "iSD"]
    assert overall(START, on(63, L1=50, N1="present"), on(105, L1=50, N1="disproved")) == ["iUPD", "iSD"]


def test_a_size_of_a_new_lesion_that_is_followed_by_a_state_is_flagged():
    row = last(START, on(63, L1=50, N1="9"), on(105, L1=50, N1="30"))

    assert row.overall == "iUPD"
    told = "new lesion N1 was not measurable when first seen and is followed by a state, not by its size; "
    assert row.flags == (told + "enter increased if it has grown",)
    assert last(START, on(63, L1=50, N1="10"), on(105, L1=50, N1="11")).flags == ()


def test_what_decides_and_was_not_assessed_leaves_the_series_open():
    first = on(0, L1=50, L2=20)
    row = last(first, on(63, L1=62, L2=24), on(105, L1=62, L2="not_assessed"))

    assert (row.overall, row.because) == (
        "NE",
        "L2 was not assessed: the iUPD of 2024-03-11 is neither confirmed nor reset",
    )
    assert row.extra["iupd_since"] == "2024-03-11"
    assert overall(first, on(63, L1=62, L2=24), on(105, L1=91, L2="not_assessed")) == ["iUPD", "iCPD"]


def test_a_new_lesion_that_was_not_assessed_leaves_a_series_of_new_lesions_open():
    row = last(START, on(63, L1=50, N1=12), on(105, L1=50))

    assert (row.overall, row.undecided) == ("NE", ("nothing is entered for N1",))
    assert row.part("new_lesion") == "NE"


def test_a_reset_needs_new_lesions_gone_or_targets_that_newly_respond():
    assert overall(START, on(63, L1=50, N1=12), on(105, L1=35, N1=12)) == ["iUPD", "iPR"]
    assert overall(START, on(63, L1=50, N1=12), on(105, L1="35.1", N1=12)) == ["iUPD", "iUPD"]
    assert overall(START, on(63, L1=35, N1=12), on(105, L1=34, N1=12)) == ["iUPD", "iUPD"]
    assert overall(START, on(63, L1=35, N1=12), on(105, L1=34, N1="absent")) == ["iUPD", "iPR"]


def test_the_nadir_is_not_reset():
    assert overall(START, IUPD, on(105, L1=34), on(147, L1=40), on(189, L1=34), on(231, L1=41)) == [
        "iUPD",
        "iPR",
        "iSD",
        "iPR",
        "iUPD",
    ]


def test_a_complete_response_with_an_older_new_lesion_to_be_seen_is_partial():
    visits = START, on(63, L1=50, N1=12), on(105, L1="absent", N1=12), on(147, L1="absent", N1="absent")

    assert overall(*visits) == ["iUPD", "iPR", "iCR"]
    row = last(*visits[:3], on(147, L1="absent"))
    assert (row.overall, row.undecided) == ("iPR", ("nothing is entered for N1",))


@pytest.mark.parametrize(("now", "category"), [("23.9", "iPR"), ("24", "iPR"), ("25", "iUPD"), ("24.9", "iPR")])
def test_after_a_reset_new_lesions_are_progression_by_20_per_cent_and_5_mm(now, category):
    visits = START, on(63, L1=50, N1=20), on(105, L1=34, N1=20), on(147, L1=34, N1=now)

    assert overall(*visits) == ["iUPD", "iPR", category]


def test_after_a_reset_a_further_new_lesion_or_a_clear_worsening_opens_a_new_series():
    visits = START, on(63, L1=50, N1="present"), on(105, L1=34, N1="present")

    assert overall(*visits, on(147, L1=34, N1="unequivocal_pd")) == ["iUPD", "iPR", "iUPD"]
    assert overall(*visits, on(147, L1=34, N1="increased")) == ["iUPD", "iPR", "iPR"]
    assert overall(*visits, on(147, L1=34, N1="present", N2="present")) == ["iUPD", "iPR", "iUPD"]


def test_one_more_measured_new_lesion_is_no_growth_of_the_others():
    """N2 joins the sum with 30 mm; when its series was reset, 50 mm are compared with 50 and not with the 20 of N1."""
    visits = (
        START,
        on(63, L1=50, N1=20),
        on(105, L1=34, N1=20),
        on(147, L1=40, N1=20, N2=30),
        on(189, L1=34, N1=20, N2=30),
    )

    assert overall(*visits, on(231, L1=34, N1=20, N2=30)) == ["iUPD", "iPR", "iUPD", "iPR", "iPR"]
    assert overall(*visits, on(231, L1=34, N1=20, N2=40)) == ["iUPD", "iPR", "iUPD", "iPR", "iUPD"]


def test_what_is_seen_again_after_a_complete_response_is_unconfirmed_progression():
    visits = START, on(63, L1="absent"), on(105, L1=3)

    assert overall(*visits) == ["iCR", "iUPD"]
    assert overall(*visits, on(147, L1=8)) == ["iCR", "iUPD", "iCPD"]
    assert overall(*visits, on(147, L1=7)) == ["iCR", "iUPD", "iUPD"]
    assert overall(*visits, on(147, L1="absent")) == ["iCR", "iUPD", "iCR"]


def test_a_non_target_seen_again_after_a_complete_response_is_unconfirmed_progression_too():
    first = on(0, L1=50, X1="present")
    visits = first, on(63, L1="absent", X1="absent"), on(105, L1="absent", X1="present")

    assert overall(*visits) == ["iCR", "iUPD"]
    assert overall(*visits, on(147, L1="absent", X1="increased")) == ["iCR", "iUPD", "iCPD"]


def test_after_confirmed_progression_every_visit_stays_so():
    done = course(START, IUPD, on(105, L1=70), on(147, L1="absent"))

    assert [row.overall for row in done.assessments] == ["iUPD", "iCPD", "iCPD"]
    assert done.best_response == "iCPD"


def test_confirmed_progression_is_dated_to_its_iupd_and_ends_the_response_there():
    done = course(START, on(63, L1=30), on(105, L1=40), on(147, L1=46))

    assert [row.overall for row in done.assessments] == ["iPR", "iUPD", "iCPD"]
    (episode,) = done.episodes
    assert episode.ended_on == done.progression_on == BASELINE + timedelta(days=105)
    assert (done.dor_days, done.dor_censored, done.pfs_days) == (42, False, 105)


@pytest.mark.parametrize("event", ["death", "clinical_progression"])
def test_an_open_series_counts_at_its_iupd_once_the_line_is_closed(event):
    visits = START, on(63, L1=30), on(105, L1=40)
    still = course(*visits)
    closed = course(*visits, events=[(event, 120)])

    assert (still.progression_on, still.dor_censored) == (None, True)
    assert still.extra["iupd_open_since"] == closed.extra["iupd_open_since"] == "2024-04-22"
    assert (closed.progression_on, closed.dor_days, closed.dor_censored) == (BASELINE + timedelta(days=105), 42, False)
    assert [(row.overall, row.reported) for row in closed.assessments[1:]] == [("iUPD", "iUPD")]
    assert [row.reported_kind for row in closed.assessments[1:]] == [PROGRESSION]
    assert [row.reported_kind for row in still.assessments[1:]] == [POSSIBLE_PROGRESSION]


def test_an_open_series_counts_at_its_iupd_once_a_new_line_begins_and_not_when_it_was_reset():
    visits = START, IUPD

    assert course(*visits, therapy=70).progression_on == BASELINE + timedelta(days=63)
    assert course(*visits, on(105, L1=50), therapy=110).progression_on is None
    assert course(*visits, on(105, L1=50), events=[("clinical_progression", 80)]).progression_on is None


def test_an_event_before_the_iupd_closes_nothing():
    assert course(START, IUPD, events=[("clinical_progression", 30)]).progression_on is None


def test_stable_after_a_response_is_reported_as_the_response_until_unconfirmed_progression():
    visits = START, on(63, L1=34), on(105, L1=38), on(147, L1=41), on(189, L1=38)

    assert overall(*visits) == ["iPR", "iSD", "iUPD", "iSD"]
    assert reported(*visits) == ["iPR", "iPR", "iUPD", "iSD"]
    assert reported(*visits, settings={"pr_persistence": "off"}) == ["iPR", "iSD", "iUPD", "iSD"]


def test_a_response_that_resets_an_iupd_is_reported_on_through_stable_visits_again():
    visits = START, on(63, L1=34), on(105, L1=41), on(147, L1=34), on(189, L1=38), on(231, L1=42), on(273, L1=38)

    assert overall(*visits) == ["iPR", "iUPD", "iPR", "iSD", "iUPD", "iSD"]
    assert reported(*visits) == ["iPR", "iUPD", "iPR", "iPR", "iUPD", "iSD"]
    assert reported(*visits, settings={"pr_persistence": "off"})[3] == "iSD"


@pytest.mark.parametrize(("days", "best"), [(41, "iUPD"), (42, "iSD")])
def test_stable_disease_counts_as_best_response_from_day_42(days, best):
    assert course(START, on(days, L1=50), on(days + 42, L1=62)).best_response == best


def test_best_response_is_not_spoilt_by_an_iupd_that_was_reset():
    assert course(START, IUPD, on(105, L1=35)).best_response == "iPR"
    assert course(START, IUPD, on(105, L1="not_assessed")).best_response == "iUPD"
    assert course(START, on(63, L1="not_assessed")).best_response == "NE"


def test_confirmation_of_a_response_can_be_asked_for():
    visits = START, on(63, L1=34), on(90, L1=34)
    settings = {"confirm_required": "yes"}

    assert course(*visits).best_response == "iPR"
    assert course(*visits, settings=settings).best_response == "iSD"
    assert course(*visits, on(91, L1=34), settings=settings).best_response == "iPR"


def test_only_non_target_disease_and_none_at_all():
    first = on(0, X1="present")
    assert overall(first, on(63, X1="absent"), on(105, X1="present")) == ["iCR", "iUPD"]
    assert overall(first, on(63, X1="present", N1=12), on(105, X1="absent", N1=12)) == ["iUPD", "iUPD"]
    assert overall(first, on(63, X1="not_assessed")) == ["NE"]
    assert overall(on(0), on(63), on(105, N1=12), on(147, N1=17)) == ["NED", "iUPD", "iCPD"]
    assert overall(on(0), on(63, N1=12), on(105, N1="absent")) == ["iUPD", "NED"]


def test_a_visit_that_is_not_evaluable_does_not_reset_a_series():
    first = on(0, X1="present")
    visits = first, on(63, X1="present", N1=12), on(105, X1="not_assessed", N1="absent")

    assert overall(*visits) == ["iUPD", "NE"]
    assert last(*visits).extra["iupd_since"] == "2024-03-11"


def test_not_clinically_stable_is_flagged_and_changes_nothing():
    told = ("review: not clinically stable while progression is not confirmed",)
    row = last(START, IUPD, on(105, {"clinically_stable": "no"}, L1=62))

    assert (row.overall, row.flags) == ("iUPD", told)
    assert last(START, on(63, {"clinically_stable": "no"}, L1=62)).flags == told  # the visit that opens it
    assert last(START, on(63, {"clinically_stable": "no"}, L1=50)).flags == ()
    assert last(START, IUPD, on(105, {"clinically_stable": "yes"}, L1=62)).flags == ()


def test_scans_on_several_days_date_an_iupd_by_the_scan_that_showed_it():
    rows = (
        Measurement("L1", "measured", Decimal(50)),
        Measurement("N1", "measured", Decimal(12), measured_on=BASELINE + timedelta(days=66)),
    )
    done = course(START, Visit(BASELINE + timedelta(days=63), measurements=rows), on(120, L1=50, N1=17))

    assert done.progression_on == BASELINE + timedelta(days=66)


def test_recist_and_irecist_judge_the_same_facts_side_by_side():
    history = line(START, IUPD, on(105, L1=34))

    assert [row.overall for row in assess(history, "recist-1.1").assessments] == ["PD", "PR"]
    assert [row.overall for row in assess(history, "irecist").assessments] == ["iUPD", "iPR"]


def test_the_explanation_names_the_series_and_what_would_confirm_it():
    visits = START, on(63, L1=62, N1=12), on(105, L1=62, N1=12)
    told = explain(line(*visits), "irecist", None, visits[2].visit_on)

    steps = {step.label: (step.value, step.result) for step in told.steps}
    assert steps["Open series"] == (
        "since 2024-03-11 by new lesions and target lesions, 42 days",
        "lowest since: sum 62 mm, new lesions 12 mm",
    )
    assert steps["New lesions by size"] == ("N1 12", "12 mm")
    assert told.would_change == (
        "no iUPD by targets below 60 mm; now 62",
        "confirmed by targets that meet PD from 67 mm",
        "confirmed by new lesions from 17 mm together, or by one more",
    )


def test_the_baseline_is_checked_as_under_recist():
    assert [problem.rule for problem in check_baseline(line(on(0, L1=9)), "irecist")] == ["target-too-small"]


def test_no_visit_at_all_gives_a_course_without_answers():
    assert course().assessments == ()
