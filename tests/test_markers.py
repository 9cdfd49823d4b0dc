"""CA-125 (GCIG) and PSA (PCWG3): the worked cases, both sides of each threshold, and what cannot be said."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from labcases import lab_cases, lab_visit

from remtrack.criteria.markers import FAMILY, UNKNOWN
from remtrack.errors import UsageError
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Line, Result, Visit

CASES = list(lab_cases("markers"))
START = date(2024, 1, 10)


def history_of(marker, *samples, before="2024-01-05", started_on=START, **more):
    """Return a history of (days after the start, value or results); the first sample is the one before treatment."""
    first, *later = samples
    visits = [lab_visit(before, "BL", **results(marker, first))]
    for number, (days, given) in enumerate(later, 1):
        on = (START + timedelta(days)).isoformat()
        visits.append(lab_visit(on, f"V{number}", **results(marker, given)))
    return History("P01", Line(started_on=started_on), visits=tuple(visits), **more)


def results(marker, given):
    return given if isinstance(given, dict) else {marker: given}


def ca125(*samples, settings=None, **more):
    return assess(history_of("ca125", *samples, **more), "markers", settings)


def psa(*samples, settings=None, **more):
    return assess(history_of("psa", *samples, **more), "markers", settings)


def words(course):
    return [row.overall for row in course.assessments]


def day(days):
    return START + timedelta(days)


# ------------------------------------------------------------------------------------------ the cases


def test_the_file_of_cases_is_whole():
    assert sorted(case.case_id for case in CASES) == [f"P{n:02}" for n in range(1, 18)] + [
        f"S{n:02}" for n in range(1, 12)
    ]
    assert sum(len(case.visits) for case in CASES) == 75


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_put_into_the_words_of_the_file(case):
    course = assess(case.history(), "markers", case.settings)

    judged = [(1, row.visit, row.visit_on, row.overall, row.reported, {}) for row in course.assessments]
    assert [tuple(expected) for expected in case.visits] == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), "markers", case.settings)

    told = {key: course.extra.get(key) or "none" for key in case.expects if key != "progression_date"}
    told["progression_date"] = str(course.progression_on or "none")
    assert case.expects == told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_the_marker_is_found_without_being_named(case):
    settings = {name: value for name, value in case.settings.items() if name != "marker"}

    assert words(assess(case.history(), "markers", settings)) == words(assess(case.history(), "markers", case.settings))


# ------------------------------------------------------------------------------------------- CA-125


@pytest.mark.parametrize(
    ("value", "word"), [("200", "response"), ("200.1", "no-response"), ("35", "response-normal"), ("35.1", "response")]
)
def test_a_response_is_half_of_the_value_before_treatment(value, word):
    assert words(ca125("400", (50, value))) == [word]


@pytest.mark.parametrize(("before", "word"), [("70", "response"), ("69.9", "NE")])
def test_response_is_judged_only_from_twice_the_upper_limit_on(before, word):
    assert words(ca125(before, (50, "35.1"))) == [word if word == "NE" else "no-response"]
    assert words(ca125(before, (50, "35"))) == ["NE" if word == "NE" else "response-normal"]


@pytest.mark.parametrize(
    ("before", "word"), [("2023-12-27", "response"), ("2023-12-26", "NE"), ("2024-01-10", "response")]
)
def test_the_value_before_treatment_is_at_most_14_days_old(before, word):
    assert words(ca125("400", (50, "200"), before=before)) == [word]


@pytest.mark.parametrize(("days", "since"), [(28, day(50)), (27, None)])
def test_a_response_is_confirmed_28_days_later(days, since):
    course = ca125("400", (50, "200"), (50 + days, "190"))

    assert course.response_start == since
    assert course.extra["response_date"] == (since and since.isoformat())


@pytest.mark.parametrize(("second", "since"), [("110", day(50)), ("110.1", day(64))])
def test_a_rise_of_more_than_10_per_cent_ends_a_response_and_may_begin_another(second, since):
    course = ca125("400", (50, "100"), (64, second), (92, second))

    assert course.response_start == since


def test_a_rise_within_the_normal_range_ends_no_response():
    assert ca125("400", (50, "10"), (64, "35"), (78, "34")).response_start == day(50)
    assert ca125("400", (50, "10"), (64, "35.1"), (78, "35")).response_start is None


def test_the_rise_is_measured_from_the_evaluable_sample_before():
    drained = {"ca125": "500", "peritoneal_procedure_within_28d": "yes"}

    assert ca125("400", (50, "200"), (60, drained), (78, "190")).response_start == day(50)


def test_a_sample_that_is_missing_has_no_effect():
    assert ca125("400", (50, "200"), (60, {}), (78, "190")).response_start == day(50)


@pytest.mark.parametrize(("last", "normalised"), [(78, "yes"), (77, "no")])
def test_normalised_takes_two_normal_samples_28_days_apart(last, normalised):
    course = ca125("400", (40, "100"), (50, "30"), (last, "30"))

    assert course.response_start == day(40)
    assert course.extra["normalised"] == normalised
    assert course.best_response == ("response-normal" if normalised == "yes" else "response")


def test_a_sample_above_normal_between_two_normal_ones_is_not_normalised():
    course = ca125("400", (50, "34"), (64, "37"), (78, "34"))

    assert words(course) == ["response-normal", "response", "response-normal"]
    assert course.response_start == day(50)
    assert (course.extra["normalised"], course.best_response) == ("no", "response")
    assert [episode.category for episode in course.episodes] == ["response"]


@pytest.mark.parametrize(
    ("samples", "limit"),
    [
        (["20", (50, "30")], "70"),  # C: normal before treatment
        (["400", (50, "35"), (80, "60")], "70"),  # A: normal once
        (["400", (50, "36"), (80, "60")], "72"),  # B: never normal, twice the lowest
        (["400", (50, "500")], "800"),  # B: the value before treatment is the lowest
    ],
)
def test_the_limit_of_progression_depends_on_the_group(samples, limit):
    below = f"{float(limit) - 0.1:.1f}"

    assert words(ca125(*samples, (100, limit), (107, limit)))[-2:] == ["progression", "progression"]
    assert "progression" not in words(ca125(*samples, (100, below), (107, below)))


@pytest.mark.parametrize(("days", "word"), [(7, "progression"), (6, "possible-progression")])
def test_progression_takes_two_samples_7_days_apart(days, word):
    course = ca125("20", (100, "70"), (100 + days, "70"))

    assert words(course) == [word, word]
    assert course.progression_on == (day(100) if days == 7 else None)


def test_every_sample_between_must_be_at_the_limit_of_the_first():
    course = ca125("20", (100, "70"), (103, "69.9"), (110, "80"), (117, "80"))

    assert words(course) == ["possible-progression", "NE", "progression", "progression"]
    assert course.progression_on == day(110)


def test_a_sample_at_the_limit_after_progression_belongs_to_it_and_a_lower_one_does_not():
    course = ca125("400", (50, "30"), (100, "70"), (110, "70"), (120, "60"), (130, "80"))

    assert words(course)[1:] == ["progression", "progression", "response", "progression"]
    assert course.progression_on == day(100)


def test_a_second_sample_after_a_new_therapy_confirms_nothing():
    history = history_of("ca125", "20", (100, "70"), (110, "90"), new_therapy_on=day(105))

    assert words(assess(history, "markers"))[0] == "possible-progression"


def test_a_possible_progression_that_still_shows_the_fall_goes_on_with_the_response():
    # 200 is twice the lowest value and half of the value before treatment; each step is at most 10 %.
    values = ["100", "109", "119", "130", "142", "155", "169", "184", "200", "190"]
    course = ca125("400", *((50 + 3 * step, value) for step, value in enumerate(values)), (78, "188"))

    assert words(course)[8] == "possible-progression"
    assert course.response_start == day(50)
    assert [(episode.began_on, episode.confirmed_on) for episode in course.episodes] == [(day(50), day(78))]
    assert course.extra["time_to_response_days"] == 50


def test_mouse_antibodies_make_this_and_every_later_sample_not_evaluable():
    course = ca125("400", (50, "200"), (60, {"ca125": "190", "mouse_antibodies": "yes"}), (80, "180"))

    assert words(course) == ["response", "NE", "NE"]
    assert course.response_start is None
    assert "mouse antibodies" in course.assessments[-1].because


def test_the_upper_limit_is_a_setting():
    assert words(ca125("400", (50, "30"), settings={"uln": "30"})) == ["response-normal"]
    assert words(ca125("400", (50, "30"), settings={"uln": "29.9"})) == ["response"]


def test_another_upper_limit_of_the_laboratory_is_flagged_and_not_followed():
    base = history_of("ca125", "400")
    printed = Result("ca125", None, "32", "U/mL", upper_limit=Decimal(30))
    history = History("P01", base.line, visits=(*base.visits, Visit(day(50), "V1", results=(printed,))))
    row = assess(history, "markers").assessments[0]

    assert row.overall == "response-normal"
    assert row.flags == ("the laboratory's upper limit is 30 U/mL, the rules use 35 (setting uln)",)


def test_samples_before_the_start_are_compared_with_and_not_rated():
    course = ca125("600", (-2, "400"), (50, "200"))

    assert words(course) == ["NE", "response"]
    assert "before the start of treatment" in course.assessments[0].because


def test_the_last_value_before_the_start_is_the_one_compared_with():
    assert words(ca125("100", (-2, "400"), (50, "200"))) == ["NE", "response"]


def test_without_any_value_before_the_start_only_what_holds_in_every_group_is_said():
    first = {"before": "2024-02-10"}

    assert words(ca125("50", (60, "120"), (70, "120"), **first)) == ["progression", "progression"]
    assert words(ca125("50", (60, "80"), (70, "80"), **first)) == ["NE", "NE"]
    assert words(ca125("30", (60, "70"), (70, "70"), **first)) == ["progression", "progression"]


def test_what_response_would_have_needed_is_named():
    missing = ca125("50", (60, "20"), before="2024-02-10").assessments[0]
    too_old = ca125("400", (60, "20"), before="2023-12-01").assessments[0]
    not_raised = ca125("60", (60, "20")).assessments[0]

    assert missing.undecided == ("no CA-125 before the start of treatment on 2024-01-10",)
    assert too_old.undecided[0].startswith("no CA-125 from the 14 days before the start")
    assert (not_raised.overall, not_raised.undecided) == (
        "NE",
        ("CA-125 20 U/mL; before treatment 60 U/mL on 2024-01-05, under 70 U/mL: response cannot be judged",),
    )


# --------------------------------------------------------------------------------------------- PSA


@pytest.mark.parametrize(("value", "word"), [("20", "PSA50"), ("20.1", "stable"), ("4", "PSA90"), ("4.1", "PSA50")])
def test_psa_is_down_by_50_and_by_90_per_cent(value, word):
    assert words(psa("40", (50, value))) == [word]


@pytest.mark.parametrize(("days", "since"), [(21, "2024-02-29"), (20, None)])
def test_psa50_is_confirmed_three_weeks_later(days, since):
    assert psa("40", (50, "20"), (50 + days, "20")).extra["psa50_date"] == since


def test_psa90_is_held_by_itself_within_psa50():
    course = psa("40", (30, "4"), (40, "4.5"), (51, "4"), (72, "4"))

    assert (course.extra["psa50_date"], course.extra["psa90_date"]) == ("2024-02-09", "2024-03-01")
    assert course.best_response == "PSA90"


def test_psa90_shown_twice_with_a_lesser_fall_between_is_psa50():
    course = psa("40", (30, "4"), (40, "4.5"), (51, "4"))

    assert (course.extra["psa90_date"], course.best_response) == (None, "PSA50")


@pytest.mark.parametrize(
    ("nadir", "now", "word"),
    [
        ("8", "10", "progression"),
        ("8", "9.99", "PSA50"),
        ("4", "5.99", "PSA50"),
        ("4", "6", "progression"),
        ("10", "12.4", "PSA50"),
        ("10", "12.5", "progression"),
    ],
)
def test_psa_progresses_by_25_per_cent_and_2_over_the_nadir(nadir, now, word):
    assert words(psa("40", (60, nadir), (90, now), (120, now)))[1] == word


@pytest.mark.parametrize(("days", "word"), [(21, "progression"), (20, "possible-progression")])
def test_psa_progression_after_a_decline_takes_a_second_value_three_weeks_later(days, word):
    assert words(psa("40", (60, "8"), (90, "10"), (90 + days, "10")))[1] == word


def test_every_psa_between_must_meet_the_limits_of_the_first():
    course = psa("40", (60, "8"), (90, "10"), (100, "9.9"), (120, "11"))

    assert words(course)[1:] == ["possible-progression", "PSA50", "possible-progression"]
    assert course.progression_on is None


@pytest.mark.parametrize(("days", "word"), [(84, "progression"), (83, "stable")])
def test_a_rise_before_day_84_begins_no_progression(days, word):
    assert words(psa("40", (days, "60"))) == [word]


def test_an_early_value_may_be_the_nadir():
    assert words(psa("40", (20, "8"), (90, "10"), (120, "10")))[1:] == ["progression", "progression"]


def test_psa_that_never_fell_needs_a_second_value_only_by_a_setting():
    samples = "40", (90, "50")

    assert words(psa(*samples)) == ["progression"]
    assert words(psa(*samples, settings={"psa_confirm_no_decline": "yes"})) == ["possible-progression"]
    assert words(psa(*samples, (111, "50"), settings={"psa_confirm_no_decline": "yes"})) == ["progression"] * 2


def test_a_first_rise_after_a_new_therapy_proves_nothing_even_where_one_value_is_enough():
    assert words(psa("40", (90, "50"), new_therapy_on=day(90))) == ["progression"]
    after = psa("40", (90, "50"), new_therapy_on=day(89))

    assert (words(after), after.progression_on) == (["possible-progression"], None)


def test_a_small_fall_is_a_decline_and_asks_for_a_second_value():
    assert words(psa("40", (60, "39.9"), (90, "50"))) == ["stable", "possible-progression"]


def test_a_possible_progression_that_still_is_half_keeps_psa50_going():
    course = psa("100", (90, "10"), (104, "13"), (118, "11"))

    assert words(course) == ["PSA90", "possible-progression", "PSA50"]
    assert course.extra["psa50_date"] == "2024-04-09"
    assert course.response_start == day(90)
    assert [episode.confirmed_on for episode in course.episodes] == [day(118)]


def test_without_a_value_before_the_start_psa_is_not_rated_and_says_so():
    row = psa("40", (60, "10"), before="2024-02-01").assessments[0]

    assert (row.overall, row.undecided) == ("NE", ("no PSA from before the start of treatment on 2024-01-10",))


def test_without_a_start_the_baseline_is_the_start():
    assert words(psa("40", (60, "20"), started_on=None)) == ["PSA50"]


def test_the_change_at_12_weeks_and_the_greatest_decline_are_told():
    extra = psa("40", (60, "10"), (80, "30"), (97, "20"), (130, "8")).extra

    assert extra["psa_change_week12_pct"] == "-25.0"
    assert extra["psa_greatest_decline_pct"] == "-80.0"
    assert "psa_change_week12_pct" not in psa("40", (60, "10"), (99, "20")).extra


def test_the_month_flag_of_psa_is_its_own():
    episode = psa("40", (60, "10"), (81, "10")).episodes[0]

    assert (episode.confirmed_on, episode.lasted_month) == (day(81), "not yet")
    assert psa("40", (60, "10"), (81, "10"), (88, "10")).episodes[0].lasted_on == day(88)


# ------------------------------------------------------------------------------------ bounds and words


def test_a_bound_decides_what_it_decides():
    assert words(psa("40", (60, "<0.1"), (90, "0.5"))) == ["PSA90", "PSA90"]
    assert words(ca125("400", (60, "<5"))) == ["response-normal"]
    assert words(ca125("400", (60, ">900"), (70, ">900"))) == ["progression", "progression"]


def test_a_bound_that_leaves_progression_open_is_not_evaluable_and_says_why():
    row = ca125("400", (60, ">600")).assessments[0]

    assert row.overall == "NE"
    assert "progression from 800 U/mL" in row.undecided[0]


def test_a_bound_that_leaves_the_normal_range_open_names_the_limit():
    row = ca125("400", (60, "<40")).assessments[0]

    assert row.overall == "response"
    assert "normal 35 or less" in row.undecided[0]


def test_a_nadir_that_is_a_bound_leaves_open_only_what_lies_between():
    assert words(psa("40", (60, "<0.1"), (90, "2.05"), (120, "2.05")))[1] == "NE"
    assert words(psa("40", (60, "<0.1"), (90, "2.1"), (120, "2.1")))[1] == "progression"
    assert words(psa("40", (60, "<0.1"), (90, "1.9"), (120, "1.9")))[1] == "PSA90"


def test_a_bound_that_leaves_progression_open_does_not_break_a_fall_that_is_shown():
    course = psa("40", (60, "<0.1"), (90, "2.05"))

    assert words(course) == ["PSA90", "NE"]
    assert course.extra["psa90_date"] == "2024-03-10"
    assert (course.response_start, course.confirmed_on) == (day(60), day(90))
    assert [(episode.category, episode.confirmed_on) for episode in course.episodes] == [("PSA90", day(90))]


def test_undetectable_says_nothing_about_a_limit():
    row = psa("40", (60, "undetectable")).assessments[0]

    assert row.overall == "NE"
    assert row.undecided


def test_units_are_converted_and_what_cannot_be_read_is_named():
    assert words(ca125({"ca125": ("400", "kU/L")}, (60, {"ca125": ("200", "U/mL")}))) == ["response"]
    row = ca125("400", (60, {"ca125": ("20", "mg/L")})).assessments[0]

    assert row.overall == "NE"
    assert "mg/L" in row.undecided[0]
    assert row.flags


@pytest.mark.parametrize(("unit", "value"), [("ng/mL", "20"), ("ug/L", "20"), ("µg/L", "20"), ("ng/dL", "2000")])
def test_psa_comes_in_several_units(unit, value):
    assert words(psa("40", (60, {"psa": (value, unit)}))) == ["PSA50"]


def test_a_value_counts_from_the_day_of_its_sample():
    late = {"ca125": ("190", "U/mL", (START + timedelta(77)).isoformat())}
    course = ca125("400", (50, "200"), (80, late))

    assert course.assessments[1].dated_on == day(77)
    assert course.response_start is None


# --------------------------------------------------------------------------------- both, neither, settings


def test_with_results_of_both_markers_one_has_to_be_chosen():
    both = {"ca125": "400", "psa": "40"}
    course = assess(history_of("", both, (50, {"ca125": "200", "psa": "4"})), "markers")

    assert words(course) == ["NE"]
    assert "set the setting marker" in course.assessments[0].undecided[0]
    assert words(assess(history_of("", both, (50, {"ca125": "200", "psa": "4"})), "markers", {"marker": "psa"})) == [
        "PSA90"
    ]


@pytest.mark.parametrize("settings", [{"marker": "cea"}, {"uln": "-1"}, {"uln_of_psa": "4"}])
def test_a_setting_that_is_not_known_is_refused(settings):
    with pytest.raises(UsageError):
        ca125("400", (50, "200"), settings=settings)


def test_death_ends_a_response_and_its_duration():
    death = Event("death", day(200))
    course = ca125("400", (50, "200"), (80, "200"), events=(death,))

    assert (course.dor_days, course.dor_censored) == (150, False)
    assert course.episodes[0].ended_by == "death"


def test_a_history_without_visits_gives_a_course_without_answers():
    assert assess(History("P01"), "markers").assessments == ()


def test_new_lesions_on_a_bone_scan_are_shown_and_not_judged():
    row = psa("40", (60, {"psa": "20", "bone_new_lesions": "3"})).assessments[0]

    assert (row.overall, row.extra["bone_new_lesions"]) == ("PSA50", "3")


# ------------------------------------------------------------------------------------- explanations, baseline


def test_every_visit_can_be_explained():
    for case in CASES:
        history = case.history()
        for visit in history.visits:
            assert explain(history, "markers", case.settings, visit.visit_on).steps


def test_an_explanation_names_the_limit_and_what_would_change_the_word():
    told = explain(history_of("psa", "40", (60, "8"), (90, "9")), "markers", None, day(90))

    assert told.would_change == ("progression from 10 ng/mL; now 9", "PSA90 at 4 ng/mL or less; now 9")
    early = explain(history_of("psa", "40", (60, "60")), "markers", None, day(60))
    assert early.would_change[0] == "progression only from week 12 on, then from 50 ng/mL; now 60"


def test_the_limits_for_the_next_visit_are_those_of_the_rules():
    assert {name: str(value.normalize()) for name, value in psa("40", (60, "8")).thresholds} == {
        "partial_to": "2E+1",
        "progression_from": "1E+1",
        "nadir": "8",
    }
    assert dict(ca125("20", (60, "30")).thresholds) == {"progression_from": 70, "nadir": 20}


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        (history_of("ca125", "60", (50, "20")), "marker-not-raised"),
        (history_of("ca125", "400", (50, "20"), before="2023-12-01"), "marker-before-too-old"),
        (history_of("ca125", "400", (50, "20"), before="2024-02-01"), "marker-before-missing"),
        (history_of("ca125", {"hb": "12"}, (50, {})), "marker-not-known"),
    ],
)
def test_a_value_before_treatment_that_will_not_do_is_warned_about(history, rule):
    assert [problem.rule for problem in check_baseline(history, "markers")] == [rule]


def test_a_good_value_before_treatment_gives_no_warning():
    assert check_baseline(history_of("ca125", "400", (50, "20")), "markers") == ()


def test_every_rule_says_when_it_holds_in_words():
    for table in (*FAMILY.tables, UNKNOWN):
        for rule in table.rules:
            assert " " in rule.when or rule.when == "Otherwise", rule.id
