"""RANO 2.0: every worked case of the file, and each row of its tables from both sides."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from lesioncases import measured_cases, result, told_day, told_row

from remtrack.errors import UsageError
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Lesion, Line, Measurement, Visit
from remtrack.verdict import POSSIBLE_PROGRESSION

CASES = list(measured_cases("rano-2.0"))


# ------------------------------------------------------------------------------------- the worked cases


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"G{number:02}" for number in range(1, 25)]
    assert sum(len(case.visits) for case in CASES) == 46


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    judged = [
        told_row(line, row)
        for line in case.lines
        for row in assess(case.history(line), "rano-2.0", case.settings).assessments
    ]

    assert case.visits == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), "rano-2.0", case.settings)

    assert case.expects == {
        "bor": course.best_response,
        "confirmed_response_start": told_day(course.response_start),
        "confirmed_on": told_day(course.confirmed_on),
        "progression_date": told_day(course.progression_on),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_can_be_explained(case):
    history = case.history()
    for visit in history.visits:
        told = explain(history, "rano-2.0", case.settings, visit.visit_on)

        assert told.steps or not history.lesions
        assert all(isinstance(sentence, str) and sentence for sentence in told.would_change)


# ------------------------------------------------------------------------------------- written by hand

BASELINE = date(2024, 1, 8)
STEADY = {"steroid_above_physiologic": "no", "steroid_vs_baseline": "stable", "clinical": "stable"}
LESIONS = {
    "L": ("target", "CE"),
    "F": ("target", "nCE"),
    "X": ("nontarget", "CE"),
    "N": ("new", "CE"),
    "M": ("new", "nCE"),
}


def on(days, answers=None, **said):
    """
    Return a visit so many days after the baseline: `L1="40x30"`, `X1="present"`, `N1="unequivocal"`.

    L is an enhancing target, F a non-enhancing one, X a non-target, N an enhancing new lesion, M a non-enhancing
    one. Steroids and clinical status are stable unless `answers` says otherwise; an answer of None is not entered.
    """
    told = {**STEADY, **(answers or {})}
    return Visit(
        BASELINE + timedelta(days=days),
        measurements=tuple(read(name, str(value)) for name, value in said.items()),
        results=tuple(result(test, value) for test, value in told.items() if value is not None),
    )


def read(name, said):
    words = said.split()
    first = second = None
    if words[0][0].isdigit():
        first, second = (*(Decimal(size) for size in words.pop(0).split("x")), None)[:2]
    state, _, other = (words[0] if words else "measured").partition(":")
    return Measurement(name, state, first, second, other)


def history(*visits, radiotherapy=None, **parts):
    names = dict.fromkeys(row.lesion_id for visit in visits for row in visit.measurements)
    lesions = tuple(Lesion(name, *LESIONS[name[0]], "brain") for name in names)
    events = () if radiotherapy is None else (Event("radiotherapy_end", BASELINE + timedelta(days=radiotherapy)),)
    line = parts.pop("line", Line(started_on=BASELINE))
    return History("P01", line, lesions=lesions, visits=visits, events=(*events, *parts.pop("events", ())), **parts)


def course(*visits, settings=None, **parts):
    return assess(history(*visits, **parts), "rano-2.0", settings)


def overall(*visits, **parts):
    return [row.overall for row in course(*visits, **parts).assessments]


def last(*visits, **parts):
    return course(*visits, **parts).assessments[-1]


START = on(0, L1="40x30")  # 1200 mm²
NCE = {"component": "nCE"}
MIXED = {"component": "mixed"}


@pytest.mark.parametrize(
    ("now", "category"),
    [
        ("30x20", "PR"),  # 600
        ("30x20.1", "SD"),
        ("50x30", "PD"),  # 1500
        ("50x29.9", "SD"),
        ("absent", "CR"),
        ("too_small", "PR"),
    ],
)
def test_enhancing_tumour_is_partial_at_half_and_progression_at_25_per_cent(now, category):
    assert overall(START, on(60, L1=now)) == [category]


@pytest.mark.parametrize(
    ("now", "category"),
    [("50x45", "MR"), ("50x45.1", "SD"), ("50x30", "PR"), ("50x30.1", "MR"), ("60x62.5", "PD"), ("60x62.4", "SD")],
)
def test_non_enhancing_tumour_has_a_minor_response_from_25_per_cent(now, category):
    assert overall(on(0, F1="60x50"), on(60, F1=now), settings=NCE) == [category]


@pytest.mark.parametrize(("now", "category"), [("10x10", "PD"), ("9.9x12", "PR"), ("12x9.9", "PR")])
def test_growth_is_progression_only_with_a_target_of_10_by_10_mm(now, category):
    assert overall(START, on(60, L1="8x8"), on(120, L1=now))[-1] == category
    assert overall(START, on(60, L1="absent"), on(120, L1=now))[-1] == category


def test_a_spot_after_a_complete_response_is_flagged():
    row = last(START, on(60, L1="absent"), on(120, L1="8x8"))

    assert row.flags == ("review: tumour is to be measured again after a complete response; re-image",)


def test_a_missing_target_leaves_the_visit_open_unless_the_others_prove_progression():
    first = on(0, L1="20x20", L2="15x10")  # 550
    row = last(first, on(60, L1="20x20", L2="not_assessed"))

    assert (row.overall, row.because, row.undecided) == (
        "NE",
        "L2 was not assessed: the visit cannot be rated",
        ("L2 was not assessed",),
    )
    assert overall(first, on(60, L1="34.4x20", L2="not_assessed")) == ["PD"]  # 688, 687.5 are needed
    assert overall(first, on(60, L1="34.3x20", L2="not_assessed")) == ["NE"]
    assert overall(first, on(60, L1="20", L2="15x10")) == ["NE"]


@pytest.mark.parametrize("missing", ["steroid_vs_baseline", "clinical"])
def test_without_steroids_or_clinical_status_the_visit_is_not_evaluable_unless_progression_is_shown(missing):
    row = last(START, on(60, {missing: None}, L1="30x20"))

    assert row.overall == "NE"
    assert row.because.startswith(f"nothing is entered for {missing} (")
    assert [lack.partition(" (")[0] for lack in row.undecided] == [f"nothing is entered for {missing}"]
    assert overall(START, on(60, {missing: None}, L1="50x30")) == ["PD"]


@pytest.mark.parametrize(
    ("answers", "category", "undecided"),
    [
        ({}, "CR", ()),
        ({"steroid_above_physiologic": "yes"}, "PR", ()),
        ({"steroid_above_physiologic": None}, "PR", ("nothing is entered for steroid_above_physiologic (yes or no)",)),
        ({"steroid_vs_baseline": "decreased", "clinical": "improved"}, "CR", ()),
    ],
)
def test_a_complete_response_needs_steroids_at_the_dose_of_replacement(answers, category, undecided):
    row = last(START, on(60, answers, L1="absent"))

    assert (row.overall, row.undecided) == (category, undecided)


@pytest.mark.parametrize(
    ("said", "category"),
    [("absent", "CR"), ("present", "PR"), ("not_assessed", "PR"), ("unequivocal_pd", "PD")],
)
def test_a_non_target_blocks_a_complete_response_or_is_progression(said, category):
    assert overall(on(0, L1="40x30", X1="present"), on(60, L1="absent", X1=said)) == [category]


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("10x10", "PD"),
        ("10x9.9", "SD"),
        ("12", "SD"),
        ("unequivocal", "PD"),
        ("5x5 unequivocal", "PD"),
        ("20x20 equivocal", "SD"),
        ("disproved", "SD"),
    ],
)
def test_a_new_lesion_counts_from_10_by_10_mm_or_because_it_is_called_unequivocal(said, category):
    assert overall(START, on(60, L1="40x30", N1=said)) == [category]


def test_a_new_lesion_that_is_small_is_flagged_and_counts_once_it_is_measurable():
    visits = START, on(60, L1="40x30", N1="8x8"), on(120, L1="40x30", N1="11x10")

    assert overall(*visits) == ["SD", "PD"]
    assert course(*visits).assessments[0].flags == (
        "new lesion N1 is under 10 x 10 mm and not called unequivocal; it is not counted",
    )


@pytest.mark.parametrize(
    ("said", "missing"), [("12", True), ("9", False), ("present", True), ("absent", False), ("9x12", False)]
)
def test_a_new_lesion_without_both_diameters_is_named_as_what_could_not_be_decided(said, missing):
    row = last(START, on(60, L1="40x30", N1=said))

    assert row.overall == "SD"
    assert row.undecided == (("N1 has no size of both diameters",) if missing else ())


def test_an_unclear_new_lesion_that_is_called_unequivocal_later_is_dated_at_first_sight():
    visits = START, on(60, L1="40x30", N1="equivocal"), on(120, L1="40x30", N1="unequivocal")

    assert overall(*visits) == ["PD", "PD"]
    assert overall(*visits, as_of=BASELINE + timedelta(days=60)) == ["SD"]


def test_non_enhancing_lesions_play_no_part_while_enhancing_tumour_is_measured():
    visits = on(0, L1="40x30", F1="60x50"), on(60, L1="40x30", F1="90x80", M1="20x20")

    assert overall(*visits) == ["SD"]
    assert overall(*visits, settings=NCE) == ["PD"]
    assert last(*visits).sum_mm == 1200


def test_without_any_target_stable_is_the_best_there_is():
    assert overall(on(0), on(60), on(120, N1="12x12")) == ["SD", "PD"]
    assert overall(on(0, F1="60x50"), on(60, F1="10x10")) == ["SD"]


# --------------------------------------------------------------------------------- clinical and steroids


def test_clinical_worsening_is_progression_whatever_imaging_shows():
    assert overall(START, on(60, {"clinical": "worse"}, L1="absent")) == ["PD"]
    assert overall(START, on(60, {"clinical": "worse", "steroid_vs_baseline": None}, L1="not_assessed")) == ["PD"]


MORE = {"steroid_vs_baseline": "increased", "steroid_above_physiologic": "yes"}


@pytest.mark.parametrize(
    ("answers", "size", "categories"),
    [
        ({}, "40x30", ["SD", "SD"]),
        ({"steroid_vs_baseline": "decreased"}, "30x20", ["SD", "PR"]),
        ({}, "50x30", ["NE", "PD"]),
        ({**MORE, "clinical": "worse"}, "40x30", ["PD", "PD"]),
        ({"clinical": "worse"}, "40x30", ["PD", "PD"]),
        ({"steroid_vs_baseline": None}, "40x30", ["NE", "NE"]),
        ({}, "not_assessed", ["SD", "NE"]),
        (MORE, "40x30", ["NE", "NE"]),
    ],
)
def test_a_visit_with_more_steroids_is_settled_by_the_next_one(answers, size, categories):
    assert overall(START, on(60, MORE, L1="40x30"), on(120, answers, L1=size)) == categories


def test_a_run_of_visits_with_more_steroids_is_settled_together_and_dated_to_the_first():
    run = START, on(60, MORE, L1="40x30"), on(90, MORE, L1="40x30")

    assert overall(*run) == ["NE", "NE"]
    assert overall(*run, on(120, L1="40x30")) == ["SD", "SD", "SD"]
    worse = course(*run, on(120, {"clinical": "worse"}, L1="40x30"))
    assert [row.overall for row in worse.assessments] == ["PD", "PD", "PD"]
    assert worse.progression_on == BASELINE + timedelta(days=60)
    assert worse.assessments[0].because == (
        "steroids increased, and clinically worse at the next visit on 2024-05-07: progression from this visit on"
    )
    assert worse.assessments[0].extra["before_hindsight"] == "NE"


def test_more_steroids_never_hide_progression_on_imaging():
    assert overall(START, on(60, MORE, L1="50x30")) == ["PD"]


# --------------------------------------------------------------------------------- preliminary progression


GROWN = on(28, L1="50x30")  # 1500 mm², 56 days after radiotherapy that ended 28 days before the baseline


@pytest.mark.parametrize(("days", "category"), [(84, "pPD"), (85, "PD"), (0, "pPD")])
def test_progression_is_preliminary_up_to_84_days_after_radiotherapy(days, category):
    assert overall(START, on(100, L1="50x30"), radiotherapy=100 - days) == [category]


def test_radiotherapy_that_ends_after_the_visit_makes_nothing_preliminary():
    assert overall(START, on(100, L1="50x30"), radiotherapy=101) == ["PD"]


@pytest.mark.parametrize(
    ("rule", "far", "near"), [("within_12_weeks", "PD", "pPD"), ("always", "pPD", "pPD"), ("never", "PD", "PD")]
)
def test_when_progression_must_be_confirmed_is_a_setting(rule, far, near):
    settings = {"confirm_pd": rule}

    assert overall(START, on(100, L1="50x30"), settings=settings) == [far]
    assert overall(START, GROWN, radiotherapy=-28, settings=settings) == [near]


@pytest.mark.parametrize(
    ("days", "size", "categories"),
    [
        (28, "62.5x30", ["PD", "PD"]),  # 1875 is 1.25 x 1500
        (28, "62.4x30", ["SD", "SD"]),
        (27, "80x30", ["pPD", "pPD"]),
        (28, "30x20", ["SD", "PR"]),
        (28, "not_assessed", ["pPD", "NE"]),
    ],
)
def test_the_repeat_scan_settles_it_from_28_days_by_25_per_cent_more(days, size, categories):
    assert overall(START, GROWN, on(28 + days, L1=size), radiotherapy=-28) == categories


def test_a_confirmed_progression_is_dated_to_the_preliminary_scan():
    done = course(START, GROWN, on(42, L1="50x30"), on(70, L1="80x30"), radiotherapy=-28)

    assert [row.overall for row in done.assessments] == ["PD", "PD", "PD"]
    assert done.progression_on == BASELINE + timedelta(days=28)
    assert [row.rule for row in done.assessments] == [
        "rano.later.ppd_confirmed",
        "rano.later.ppd_confirmed",
        "rano.overall.pd_confirmed_growth",
    ]


def test_a_refuted_progression_becomes_stable_and_growth_counts_from_the_smallest_sum_since():
    visits = START, GROWN, on(42, L1="45x30"), on(70, L1="45x30"), on(130, L1="56x30"), on(190, L1="57x30")

    assert overall(*visits, radiotherapy=-28) == ["SD", "SD", "SD", "SD", "PD"]  # 1350 x 1.25 = 1687.5
    row = course(*visits, radiotherapy=-28).assessments[3]
    assert row.extra["growth_counted_from"] == "2024-02-05"
    assert row.change_from_nadir_pct == 40  # the smallest sum of all is not restarted


def test_after_a_refuted_progression_a_further_one_may_be_preliminary_again():
    visits = START, on(14, L1="50x30"), on(28, L1="40x30"), on(50, L1="50x30")

    assert overall(*visits, radiotherapy=-28) == ["SD", "SD", "pPD"]


@pytest.mark.parametrize(
    "repeat",
    [
        {"L1": "50x30", "X1": "present", "N2": "12x12"},
        {"L1": "50x30", "X1": "unequivocal_pd"},
        {"L1": "50x30", "X1": "present", "N1": "20x20"},
    ],
)
def test_one_more_new_lesion_or_a_newly_worse_non_target_confirms(repeat):
    visits = on(0, L1="40x30", X1="present"), on(28, L1="50x30", X1="present"), on(70, **repeat)

    assert overall(*visits, radiotherapy=-28) == ["PD", "PD"]


def test_clinical_worsening_confirms_at_any_time():
    visits = START, GROWN, on(35, {"clinical": "worse"}, L1="50x30")

    assert overall(*visits, radiotherapy=-28) == ["PD", "PD"]


def test_a_measured_new_lesion_of_the_preliminary_scan_is_in_both_sums_and_no_longer_counts_once_refuted():
    first = START, on(28, L1="40x30", N1="12x10")  # 1200 + 120

    assert overall(*first, radiotherapy=-28) == ["pPD"]
    assert overall(*first, on(70, L1="40x30", N1="45x10"), radiotherapy=-28) == ["PD", "PD"]  # 1650 is 1.25 x 1320
    visits = *first, on(70, L1="40x30", N1="44.9x10"), on(130, L1="40x30", N1="44.9x10")
    assert overall(*visits, radiotherapy=-28) == ["SD", "SD", "SD"]
    assert [row.part("new_lesion") for row in course(*visits, radiotherapy=-28).assessments] == ["yes", "yes", "no"]
    assert overall(*visits, on(190, L1="40x30", N1="44.9x10", N2="10x10"), radiotherapy=-28)[-1] == "PD"


def test_a_measured_new_lesion_without_a_size_now_leaves_it_open():
    row = last(START, on(28, L1="40x30", N1="12x10"), on(70, L1="40x30"), radiotherapy=-28)

    assert (row.overall, row.because) == (
        "NE",
        "N1 has no size: the preliminary progression of 2024-02-05 is neither confirmed nor refuted",
    )


def test_a_forgiven_new_lesion_that_is_still_seen_is_no_complete_response():
    visits = START, on(28, L1="40x30", N1="12x10"), on(70, L1="absent", N1="12x10"), on(130, L1="absent", N1="12x10")

    assert overall(*visits, radiotherapy=-28) == ["SD", "PR", "PR"]
    assert overall(*visits, on(190, L1="absent", N1="disproved"), radiotherapy=-28)[-1] == "CR"


def test_a_non_target_of_a_refuted_progression_counts_again_once_it_was_better_in_between():
    first = on(0, L1="40x30", X1="present")
    visits = first, on(28, L1="40x30", X1="unequivocal_pd"), on(70, L1="40x30", X1="unequivocal_pd")

    assert overall(*visits, radiotherapy=-28) == ["SD", "SD"]
    assert overall(*visits, on(130, L1="40x30", X1="unequivocal_pd"), radiotherapy=-28)[-1] == "SD"
    better = *visits, on(130, L1="40x30", X1="present"), on(190, L1="40x30", X1="unequivocal_pd")
    assert overall(*better, radiotherapy=-28)[-2:] == ["SD", "PD"]


def test_a_non_target_as_bad_as_at_the_refuted_progression_is_no_complete_response():
    """The measured tumour is gone at the repeat scan; the non-target is unequivocally worse, as it was before."""
    first = on(0, L1="40x30", X1="present"), on(28, L1="40x30", X1="unequivocal_pd")

    assert overall(*first, on(70, L1="absent", X1="unequivocal_pd"), radiotherapy=-28) == ["SD", "PR"]
    assert overall(*first, on(70, L1="absent", X1="absent"), radiotherapy=-28) == ["SD", "CR"]


@pytest.mark.parametrize(
    ("enhancing", "other", "categories"),
    [
        ("25x20", "60x50", ["PD", "PD"]),  # 500 is 1.25 x 400; with the other 3500 after 3400 is +2.9 %
        ("24.9x20", "60x50", ["SD", "SD"]),
        ("20x20", "75x50", ["PD", "PD"]),  # the other component
        ("20x20", "74.9x50", ["SD", "SD"]),
    ],
)
def test_either_component_of_a_mixed_tumour_confirms_by_its_own_sum(enhancing, other, categories):
    visits = on(0, L1="20x15", F1="60x50"), on(28, L1="20x20", F1="60x50"), on(70, L1=enhancing, F1=other)

    assert overall(*visits, radiotherapy=-28, settings=MIXED) == categories


def test_a_new_lesion_is_added_to_the_component_it_belongs_to():
    visits = on(0, L1="20x20", F1="60x50"), on(28, L1="20x20", F1="60x50", N1="10x10")

    assert overall(*visits, on(70, L1="25x20", F1="60x50", N1="12.5x10"), radiotherapy=-28, settings=MIXED)[0] == "PD"
    assert overall(*visits, on(70, L1="25x20", F1="60x50", N1="12.4x10"), radiotherapy=-28, settings=MIXED)[0] == "SD"
    other = on(0, L1="20x20", F1="60x50"), on(28, L1="20x20", F1="60x50", M1="10x10")
    assert overall(*other, on(70, L1="24.9x20", F1="60x50", M1="20x10"), radiotherapy=-28, settings=MIXED)[0] == "SD"
    assert overall(*other, on(70, L1="25x20", F1="60x50", M1="10x10"), radiotherapy=-28, settings=MIXED)[0] == "PD"


def test_growth_counts_anew_also_from_a_preliminary_scan_that_was_not_complete():
    """L2 was not assessed at the preliminary scan (1650 mm² alone), so 1600 mm² are the first sum known since."""
    first = on(0, L1="40x30", L2="10x10"), on(28, L1="55x30", L2="not_assessed"), on(70, L1="50x30", L2="10x10")

    assert overall(*first, radiotherapy=-28) == ["SD", "SD"]
    assert overall(*first, on(130, L1="60x30", L2="19.9x10"), radiotherapy=-28)[-1] == "SD"  # 1999 after 1600
    assert overall(*first, on(130, L1="60x30", L2="20x10"), radiotherapy=-28)[-1] == "PD"  # 2000 is 1.25 x 1600


def test_after_definite_progression_nothing_is_preliminary_any_more():
    outside = START, on(28, {"new_lesion_in_field": "no"}, L1="40x30", N1="12x12")
    assert overall(*outside, on(42, L1="40x30", N1="12x12"), radiotherapy=-28) == ["PD", "PD"]

    always = {"confirm_pd": "always"}
    grown = START, on(60, L1="50x30"), on(100, L1="65x30")
    assert overall(*grown, on(140, L1="82x30"), settings=always) == ["PD", "PD", "PD"]
    assert overall(*grown, on(140, L1="56x30"), settings=always) == ["PD", "PD", "SD"]  # 1680 after 1500


def test_what_settles_must_be_evaluable_and_confirmation_needs_only_what_shows_it():
    more = START, GROWN, on(70, MORE, L1="50x30")
    assert overall(*more, radiotherapy=-28) == ["pPD", "NE"]
    assert overall(*more, on(130, L1="50x30"), radiotherapy=-28) == ["SD", "SD", "SD"]

    assert overall(START, GROWN, on(70, {"clinical": None}, L1="80x30"), radiotherapy=-28) == ["PD", "PD"]
    assert overall(START, GROWN, on(70, {"clinical": None}, L1="50x30"), radiotherapy=-28) == ["pPD", "NE"]


@pytest.mark.parametrize(("answer", "category"), [("no", "PD"), ("yes", "pPD"), (None, "pPD")])
def test_a_new_lesion_outside_of_the_field_is_progression_at_once(answer, category):
    answers = {"new_lesion_in_field": answer}

    assert overall(START, on(28, answers, L1="40x30", N1="12x12"), radiotherapy=-28) == [category]


def test_an_answer_on_the_field_without_a_new_lesion_changes_nothing():
    assert overall(START, on(28, {"new_lesion_in_field": "no"}, L1="50x30"), radiotherapy=-28) == ["pPD"]


def test_under_the_persistent_rule_progression_against_the_old_nadir_confirms():
    settings = {"pd_confirm_rule": "persistent"}
    visits = START, GROWN

    assert overall(*visits, on(70, L1="50x30"), radiotherapy=-28, settings=settings) == ["PD", "PD"]
    assert overall(*visits, on(70, L1="49.9x30"), radiotherapy=-28, settings=settings) == ["SD", "SD"]
    new = START, on(28, L1="40x30", N1="unequivocal")
    assert overall(*new, on(70, L1="40x30", N1="unequivocal"), radiotherapy=-28, settings=settings) == ["PD", "PD"]
    assert overall(*new, on(70, L1="40x30", N1="absent"), radiotherapy=-28, settings=settings) == ["SD", "SD"]


def test_an_open_preliminary_progression_counts_as_not_evaluable_in_the_best_response():
    done = course(START, GROWN, radiotherapy=-28)

    assert (done.best_response, done.progression_on) == ("NE", None)
    assert done.extra["preliminary_pd_since"] == "2024-02-05"
    assert done.assessments[0].reported_kind == POSSIBLE_PROGRESSION


def test_what_was_known_before_the_repeat_scan_is_kept_apart():
    visits = START, GROWN, on(70, L1="30x20")

    assert overall(*visits, radiotherapy=-28, as_of=BASELINE + timedelta(days=28)) == ["pPD"]
    assert overall(*visits, radiotherapy=-28) == ["SD", "PR"]


# ---------------------------------------------------------------------------------------------- mixed


@pytest.mark.parametrize(
    ("enhancing", "other", "category"),
    [
        ("30x20", "60x50", "PR"),  # PR + SD
        ("40x30", "50x45", "MR"),  # SD + MR
        ("30x20", "50x45", "MR"),  # PR + MR: the lesser response
        ("absent", "50x45", "MR"),
        ("absent", "60x50", "SD"),
        ("absent", "absent", "CR"),
        ("absent", "40x30", "PR"),
        ("30x20", "40x30", "PR"),
        ("40x30", "60x50", "SD"),
        ("50x30", "absent", "PD"),
        ("absent", "75x50", "PD"),
        ("not_assessed", "75x50", "PD"),
        ("not_assessed", "absent", "NE"),
    ],
)
def test_both_components_of_a_mixed_tumour_are_taken_together(enhancing, other, category):
    assert overall(on(0, L1="40x30", F1="60x50"), on(60, L1=enhancing, F1=other), settings=MIXED) == [category]


def test_a_component_that_is_not_there_leaves_the_other_one():
    assert overall(on(0, L1="40x30"), on(60, L1="absent"), settings=MIXED) == ["CR"]
    assert overall(on(0, F1="60x50"), on(60, F1="50x45"), settings=MIXED) == ["MR"]
    assert overall(on(0), on(60), settings=MIXED) == ["SD"]


# ------------------------------------------------------------------------------------- over the whole line


@pytest.mark.parametrize(("days", "best"), [(27, "SD"), (28, "PR")])
def test_a_response_is_confirmed_28_days_later(days, best):
    assert course(START, on(60, L1="30x20"), on(60 + days, L1="30x20")).best_response == best


def test_a_response_is_confirmed_at_the_level_that_both_visits_reach():
    first = on(0, F1="60x50")
    done = course(first, on(60, F1="50x30"), on(120, F1="45x40"), settings=NCE)

    assert (done.best_response, done.response_start) == ("MR", BASELINE + timedelta(days=60))
    broken = course(first, on(60, F1="50x45"), on(120, F1="60x50"), on(180, F1="50x45"), settings=NCE)
    assert (broken.best_response, broken.best_response_unconfirmed) == ("SD", "MR")


def test_stable_counts_from_the_first_visit_unless_a_least_time_is_set():
    assert course(START, on(7, L1="40x30")).best_response == "SD"
    assert course(START, on(7, L1="40x30"), settings={"min_sd_days": "42"}).best_response == "NE"


def test_the_limits_for_the_next_visit_follow_the_nadir_that_is_counted_from():
    visits = START, GROWN, on(70, L1="50x30")

    assert course(*visits, radiotherapy=-28).thresholds == (
        ("partial_to_mm2", Decimal(600)),
        ("progression_from_mm2", Decimal(1875)),
        ("nadir_mm", Decimal(1200)),
    )


def test_with_scans_on_several_days_progression_is_dated_by_the_scan_that_showed_it():
    visit = on(60, L1="40x30", N1="12x12")
    rows = tuple(
        Measurement(row.lesion_id, row.state, row.longest_mm, row.short_mm, measured_on=BASELINE + timedelta(days=63))
        if row.lesion_id == "N1"
        else row
        for row in visit.measurements
    )

    assert course(
        START, Visit(visit.visit_on, measurements=rows, results=visit.results)
    ).progression_on == BASELINE + timedelta(days=63)


def test_a_scan_that_is_dated_outside_of_its_visit_is_flagged_and_counts_as_of_it():
    rows = (Measurement("L1", "measured", Decimal(50), Decimal(30), measured_on=BASELINE + timedelta(days=200)),)
    visit = Visit(BASELINE + timedelta(days=60), measurements=rows, results=on(60).results)
    done = course(START, visit, on(120, L1="50x30"))

    assert done.progression_on == BASELINE + timedelta(days=60)
    assert done.assessments[0].flags == ("review: the scan of L1 is dated 2024-07-26, which is not within this visit",)


def test_an_answer_that_cannot_be_read_is_flagged_and_counts_as_not_entered():
    row = last(START, on(60, {"clinical": "so-so"}, L1="40x30"))

    assert row.overall == "NE"
    assert row.flags == ('clinical is entered as "so-so", which is not improved or stable or worse',)


def test_the_explanation_names_the_sums_the_status_and_what_would_change_the_answer():
    visits = START, GROWN, on(70, L1="50x30")
    told = explain(history(*visits, radiotherapy=-28), "rano-2.0", None, visits[2].visit_on)

    steps = {step.label: (step.value, step.result) for step in told.steps}
    assert steps["Since the preliminary progression"] == (
        "enhancing 1500 mm² after 1500 mm² on 2024-02-05 = 0.0 %, 42 days later",
        "no",
    )
    assert steps["Growth from smallest"] == ("1500 after 1500 mm² = 0.0 %", "no")
    assert steps["Preliminary progression"] == ("of 2024-02-05", "refuted")
    assert told.would_change == (
        "confirmed from enhancing 1875 mm², one more new lesion or a newly worse non-target",
        "progression from an enhancing sum of 1875 mm², with a target of 10 x 10 mm; now 1500",
        "PR at an enhancing sum of 600 mm² or less; now 1500",
    )


def test_what_would_change_a_confirmed_progression_is_named():
    visits = START, GROWN, on(70, L1="65x30")
    told = explain(history(*visits, radiotherapy=-28), "rano-2.0", None, visits[2].visit_on)

    assert told.would_change[:2] == (
        "not confirmed by growth below enhancing 1875 mm²",
        "no progression below an enhancing sum of 1875 mm²; now 1950",
    )


def test_an_unusual_baseline_is_warned_of():
    def rules(*visits, settings=None, **parts):
        return [problem.rule for problem in check_baseline(history(*visits, **parts), "rano-2.0", settings)]

    assert rules(START) == []
    assert rules(on(0, **{f"L{number}": "12x12" for number in range(1, 5)})) == ["four-targets"]
    three = {f"L{number}": "12x12" for number in range(1, 4)}
    assert rules(on(0, **three)) == []
    assert rules(on(0, **three, F1="20x20"), settings=MIXED) == ["three-of-a-component"]
    assert rules(on(0, L1="9.9x12", L2="20")) == ["target-too-small", "target-without-baseline"]
    assert rules(on(0, F1="20x20")) == ["no-target-of-component"]
    assert rules(START, radiotherapy=-20) == ["baseline-after-radiotherapy"]
    assert rules(START, radiotherapy=-21) == []
    late = {"line": Line(started_on=BASELINE + timedelta(days=15))}
    assert rules(START, **late) == ["baseline-too-early"]
    assert rules(START, radiotherapy=-28, **late) == []
    assert rules(START, line=Line(started_on=BASELINE + timedelta(days=14))) == []


def test_no_visit_at_all_gives_a_course_without_answers():
    assert course().assessments == ()


def test_a_component_is_understood_in_any_case_and_shown_as_the_paper_spells_it():
    assert course(START, settings={"component": "ce"}).settings == ()
    assert course(START, settings={"component": "NCE"}).settings == (("component", "nCE"),)
    with pytest.raises(UsageError, match="component cannot be"):
        course(START, settings={"component": "flair"})
