"""Multiple myeloma by IMWG 2016: the worked cases, both sides of each threshold, and what cannot be said."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from labcases import lab_cases, lab_visit

from remtrack.criteria import load_family
from remtrack.errors import UsageError
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Line

FAMILY = "myeloma-imwg-2016"
CASES = list(lab_cases(FAMILY))
START = date(2024, 1, 10)
DAYS = ["2024-01-08", "2024-02-07", "2024-03-06", "2024-04-03", "2024-05-01", "2024-05-29", "2024-06-26", "2025-04-03"]

SERUM = {"serum_m": "4.0", "urine_m": "0", "plasmacytoma": "none"}
URINE = {"serum_m": "0.3", "urine_m": "1000", "plasmacytoma": "none"}
CHAINS = {
    "serum_m": "0.5",
    "urine_m": "50",
    "iflc": "510",
    "uflc": "10",
    "flc_involved": "kappa",
    "plasmacytoma": "none",
}
MARROW = {"serum_m": "0.2", "urine_m": "20", "iflc": "20", "uflc": "15", "bmpc_pct": "40", "plasmacytoma": "none"}
CLEAR = {"serum_m": "0", "urine_m": "0", "sife": "neg", "uife": "neg"}


def course_of(*visits, settings=None, events=(), new_therapy_on=None, as_of=None):
    """Judge the visits, each a dict of results, the baseline first."""
    return assess(history_of(*visits, events=events, new_therapy_on=new_therapy_on, as_of=as_of), FAMILY, settings)


def history_of(*visits, events=(), new_therapy_on=None, as_of=None):
    return History(
        "P01",
        Line(started_on=START),
        visits=tuple(lab_visit(on, f"V{i}", **given) for i, (on, given) in enumerate(zip(DAYS, visits, strict=False))),
        events=tuple(events),
        new_therapy_on=new_therapy_on,
        as_of=as_of,
    )


def overall(*visits, **more):
    return [row.overall for row in course_of(*visits, **more).assessments]


def reported(*visits, **more):
    return [row.reported for row in course_of(*visits, **more).assessments]


def last(*visits, **more):
    return course_of(*visits, **more).assessments[-1]


# ------------------------------------------------------------------------------------------ the cases


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"Y{number:02}" for number in range(1, 21)]
    assert sum(len(case.visits) for case in CASES) == 53


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    course = assess(case.history(), FAMILY, case.settings)

    judged = [(1, row.visit, row.visit_on, row.overall, row.reported, {}) for row in course.assessments]
    assert [tuple(expected) for expected in case.visits] == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), FAMILY, case.settings)

    told = {
        "best_confirmed": course.best_response,
        "response_start": str(course.response_start or "none"),
        "progression_date": str(course.progression_on or "none"),
    }
    assert case.expects == told
    assert course.extra["best_confirmed"] == course.best_response


# ------------------------------------------------------------------------------------ levels, both sides


@pytest.mark.parametrize(
    ("serum_m", "level"),
    [("3.01", "SD"), ("3.0", "MR"), ("2.01", "MR"), ("2.0", "PR"), ("0.41", "PR"), ("0.4", "VGPR"), ("0", "VGPR")],
)
def test_serum_gives_a_level_by_how_far_it_is_down(serum_m, level):
    assert overall(SERUM, {"serum_m": serum_m, "urine_m": "0"}) == [level]


@pytest.mark.parametrize(
    ("urine_m", "level"),
    [("501", "SD"), ("500", "MR"), ("200", "MR"), ("199", "PR"), ("100", "PR"), ("99", "VGPR"), ("0", "VGPR")],
)
def test_urine_gives_a_level_by_how_far_it_is_down_and_by_what_is_left(urine_m, level):
    assert overall(URINE, {"serum_m": "0.3", "urine_m": urine_m}) == [level]


@pytest.mark.parametrize(("urine_m", "level"), [("300", "PR"), ("301", "MR")])
def test_urine_down_by_90_per_cent_is_pr_even_from_200_mg(urine_m, level):
    assert overall({"serum_m": "0.3", "urine_m": "3000"}, {"serum_m": "0.3", "urine_m": urine_m}) == [level]


@pytest.mark.parametrize(("serum_m", "level"), [("0.3", "VGPR"), ("0.4", "PR")])
def test_in_urine_only_disease_vgpr_asks_for_serum_not_above_its_baseline(serum_m, level):
    assert overall(URINE, {"serum_m": serum_m, "urine_m": "99"}) == [level]


@pytest.mark.parametrize(("urine_m", "level"), [("99", "VGPR"), ("100", "PR")])
def test_vgpr_by_serum_asks_for_little_urine_though_it_never_was_measurable(urine_m, level):
    assert overall({**SERUM, "urine_m": "150"}, {"serum_m": "0.2", "urine_m": urine_m}) == [level]


@pytest.mark.parametrize(("iflc", "level"), [("260.1", "SD"), ("260", "PR"), ("60", "PR"), ("59.9", "VGPR")])
def test_light_chains_alone_give_pr_at_half_and_vgpr_above_90_per_cent_and_no_mr(iflc, level):
    assert overall(CHAINS, {"serum_m": "0.5", "urine_m": "50", "iflc": iflc, "uflc": "10"}) == [level]


@pytest.mark.parametrize(("bmpc_pct", "level"), [("20", "PR"), ("20.1", "SD")])
def test_the_marrow_alone_gives_pr_at_half(bmpc_pct, level):
    assert overall(MARROW, {"bmpc_pct": bmpc_pct}) == [level]


@pytest.mark.parametrize(("before", "level"), [("30", "PR"), ("29.9", "SD")])
def test_the_marrow_alone_gives_pr_only_from_30_per_cent_at_the_baseline(before, level):
    assert overall({**MARROW, "bmpc_pct": before}, {"bmpc_pct": "10"}) == [level]


@pytest.mark.parametrize(
    ("serum_m", "urine_m", "level"), [("2.0", "500", "MR"), ("3.0", "199", "MR"), ("3.1", "199", "SD")]
)
def test_the_lowest_of_the_items_is_the_level(serum_m, urine_m, level):
    assert overall({"serum_m": "4.0", "urine_m": "1000"}, {"serum_m": serum_m, "urine_m": urine_m}) == [level]


@pytest.mark.parametrize(
    ("serum_m", "urine_m", "level"),
    [("3.0", "199", "MR"), ("3.0", "200", "SD"), ("3.0", "150", "MR"), ("2.0", "199", "PR"), ("3.1", "199", "SD")],
)
def test_little_urine_is_pr_by_itself_and_holds_back_no_mr_of_the_serum(serum_m, urine_m, level):
    # From 300 to 199 mg the urine is not down by half, but under 200 it is PR: the lowest item is the serum.
    assert overall({"serum_m": "4.0", "urine_m": "300"}, {"serum_m": serum_m, "urine_m": urine_m}) == [level]


def test_the_marrow_of_the_baseline_never_shows_cr():
    row = last({**SERUM, "bmpc_pct": "4"}, CLEAR)

    assert row.overall == "VGPR"
    assert row.undecided == ("marrow plasma cells 4 % of 2024-01-08: CR needs one from after the baseline",)
    assert overall({**SERUM, "bmpc_pct": "4"}, {**CLEAR, "bmpc_pct": "4"}) == ["CR"]
    assert overall({**MARROW, "bmpc_pct": "4"}, CLEAR) == ["SD"]


def test_clonality_at_the_baseline_never_shows_scr():
    base, visit = {**SERUM, "clonal_pc": "no"}, {**CLEAR, "bmpc_pct": "3", "iflc": "15", "uflc": "12"}
    row = last(base, visit)

    assert row.overall == "CR"
    assert row.undecided == ("clonal_pc was no: sCR needs one from after the baseline",)
    assert overall(base, {**visit, "clonal_pc": "no"}, visit) == ["sCR", "sCR"]


@pytest.mark.parametrize(("bmpc_pct", "level"), [("4.9", "CR"), ("5", "VGPR")])
def test_cr_asks_for_under_5_per_cent_plasma_cells(bmpc_pct, level):
    assert overall(SERUM, {**CLEAR, "bmpc_pct": bmpc_pct}) == [level]


@pytest.mark.parametrize(
    ("involved", "iflc", "uflc", "level"),
    [
        ("kappa", "16.5", "10", "sCR"),
        ("kappa", "16.6", "10", "CR"),
        ("kappa", "2.6", "10", "sCR"),
        ("kappa", "2.5", "10", "CR"),
        ("lambda", "10", "16.5", "sCR"),
        ("lambda", "10", "16.6", "CR"),
    ],
)
def test_scr_asks_for_kappa_over_lambda_from_0_26_to_1_65(involved, iflc, uflc, level):
    visit = {**CLEAR, "iflc": iflc, "uflc": uflc, "bmpc_pct": "2", "clonal_pc": "no"}

    assert overall({**SERUM, "flc_involved": involved}, visit) == [level]


def test_clonal_plasma_cells_leave_cr():
    visit = {**CLEAR, "iflc": "15", "uflc": "12", "bmpc_pct": "2", "clonal_pc": "yes"}

    assert overall(SERUM, visit) == ["CR"]


@pytest.mark.parametrize(("iflc", "level"), [("16.5", "CR"), ("16.6", "VGPR")])
def test_in_light_chain_disease_cr_asks_for_a_normal_ratio(iflc, level):
    assert overall(CHAINS, {**CLEAR, "iflc": iflc, "uflc": "10", "bmpc_pct": "3"}) == [level]


def test_cr_of_disease_measured_in_the_marrow_alone():
    assert overall(MARROW, {**CLEAR, "bmpc_pct": "4"}) == ["CR"]
    assert overall(MARROW, CLEAR) == ["SD"]  # the marrow of the baseline still counts


@pytest.mark.parametrize(("size", "level"), [("500", "PR"), ("501", "SD"), ("none", "PR")])
def test_plasmacytomas_have_to_shrink_by_half(size, level):
    base = {**SERUM, "plasmacytoma": "1000"}

    assert overall(base, {"serum_m": "1.8", "urine_m": "0", "plasmacytoma": size}) == [level]


@pytest.mark.parametrize(("size", "level"), [("100", "VGPR"), ("101", "PR")])
def test_a_setting_asks_plasmacytomas_to_shrink_by_90_per_cent_for_vgpr(size, level):
    visits = {**SERUM, "plasmacytoma": "1000"}, {"serum_m": "0.1", "urine_m": "0", "plasmacytoma": size}

    assert overall(*visits, settings={"vgpr_plasmacytoma": "90"}) == [level]
    assert overall(*visits) == ["VGPR"]


def test_a_plasmacytoma_blocks_a_response_until_it_is_imaged_again_and_is_named():
    row = last({**SERUM, "plasmacytoma": "1000"}, {"serum_m": "0.1", "urine_m": "0"})

    assert row.overall == "SD"
    assert any("plasmacytoma 1000 mm² of 2024-01-08" in lack and "PR" in lack for lack in row.undecided)


@pytest.mark.parametrize(
    ("base", "measurable"),
    [
        ({"serum_m": "1.0", "urine_m": "200"}, ["serum", "urine"]),
        ({"serum_m": "0.9", "urine_m": "200"}, ["urine"]),
        ({"serum_m": "1.0", "urine_m": "199"}, ["serum"]),
        ({"serum_m": "0.9", "urine_m": "199", "iflc": "100", "uflc": "10"}, ["difference"]),
        ({"serum_m": "0.9", "urine_m": "199", "iflc": "99", "uflc": "10", "bmpc_pct": "40"}, ["marrow"]),
        ({"serum_m": "0.9", "urine_m": "199", "iflc": "120", "uflc": "100", "bmpc_pct": "40"}, ["marrow"]),
        ({"serum_m": "1.0", "urine_m": "0", "iflc": "900", "uflc": "10"}, ["serum"]),
    ],
)
def test_what_is_measurable_at_the_baseline_is_followed(base, measurable):
    assert course_of(base, {}).extra["measurable"] == measurable


# ------------------------------------------------------------------------------- progression, both sides


@pytest.mark.parametrize(
    ("low", "now", "category"),
    [
        ("2.0", "2.5", "PD"),
        ("2.0", "2.49", "MR"),
        ("1.6", "2.0", "PR"),
        ("1.6", "2.1", "PD"),
        ("3.6", "4.49", "SD"),
        ("3.6", "4.5", "PD"),
        ("0", "0.49", "PR"),
        ("0", "0.5", "PD"),
    ],
)
def test_serum_progresses_by_25_per_cent_and_half_a_gram(low, now, category):
    row = {"serum_m": low, "urine_m": "0"}

    assert overall(SERUM, row, row, {"serum_m": now, "urine_m": "0"})[-1] == category


@pytest.mark.parametrize(
    ("low", "now", "category"),
    [("5.0", "5.99", "MR"), ("5.0", "6.0", "PD"), ("4.9", "6.0", "MR"), ("4.9", "6.125", "PD")],
)
def test_from_5_grams_on_a_rise_of_1_gram_is_enough(low, now, category):
    base, row = {**SERUM, "serum_m": "8.0"}, {"serum_m": low, "urine_m": "0"}

    assert overall(base, row, row, {"serum_m": now, "urine_m": "0"})[-1] == category


@pytest.mark.parametrize(
    ("low", "now", "category"),
    [("100", "299", "MR"), ("100", "300", "PD"), ("880", "1099", "SD"), ("880", "1100", "PD")],
)
def test_urine_progresses_by_25_per_cent_and_200_mg(low, now, category):
    row = {"serum_m": "0.3", "urine_m": low}

    assert overall(URINE, row, row, {"serum_m": "0.3", "urine_m": now})[-1] == category


def test_urine_progresses_though_only_serum_was_measurable():
    assert overall(SERUM, {"serum_m": "4.0", "urine_m": "199"}) == ["SD"]
    assert overall(SERUM, {"serum_m": "4.0", "urine_m": "200"}) == ["PD"]


@pytest.mark.parametrize(
    ("low", "now", "category"),
    [("210", "310", "SD"), ("210", "310.1", "PD"), ("460", "572.4", "SD"), ("460", "572.5", "PD")],
)
def test_light_chains_progress_by_25_per_cent_and_more_than_100_mg(low, now, category):
    rows = [{"serum_m": "0.5", "urine_m": "50", "iflc": iflc, "uflc": "10"} for iflc in (low, low, now)]

    assert overall(CHAINS, *rows)[-1] == category


def test_light_chains_do_not_count_where_serum_is_measurable():
    row = {"serum_m": "4.0", "urine_m": "0", "iflc": "900", "uflc": "10"}

    assert overall({**SERUM, "iflc": "100", "uflc": "10"}, row) == ["SD"]


@pytest.mark.parametrize(
    ("low", "now", "category"), [("30", "39.9", "SD"), ("30", "40", "PD"), ("60", "70", "SD"), ("60", "75", "PD")]
)
def test_the_marrow_alone_progresses_by_25_per_cent_and_10_points_at_once(low, now, category):
    course = course_of({**MARROW, "bmpc_pct": low}, {"bmpc_pct": now})

    assert [row.overall for row in course.assessments] == [category]
    assert (course.progression_on is not None) == (category == "PD")


@pytest.mark.parametrize(("now", "category"), [("599", "SD"), ("600", "PD")])
def test_plasmacytomas_progress_by_half_over_their_smallest(now, category):
    visits = [{"serum_m": "4.0", "urine_m": "0", "plasmacytoma": size} for size in ("1000", "400", now)]

    assert reported(*visits)[-1] == category


def test_a_single_plasmacytoma_progresses_by_its_longest_diameter():
    base = {**SERUM, "plasmacytoma": "400", "plasmacytoma_longest_mm": "20"}
    visit = {"serum_m": "4.0", "urine_m": "0", "plasmacytoma": "640", "plasmacytoma_lesions": "1"}

    assert overall(base, {**visit, "plasmacytoma_longest_mm": "29.9"}) == ["SD"]
    assert overall(base, {**visit, "plasmacytoma_longest_mm": "30"}) == ["PD"]


def test_a_new_plasmacytoma_is_progression_and_clinical_relapse():
    row = last(SERUM, {"serum_m": "2.0", "urine_m": "0", "plasmacytoma": "100"})

    assert (row.overall, row.reported) == ("PD", "PD")
    assert row.extra["clinical_relapse"].startswith("yes")


def test_a_plasmacytoma_recorded_for_the_first_time_may_be_new_or_not():
    base = {"serum_m": "4.0", "urine_m": "0"}
    row = last(base, {"serum_m": "2.0", "urine_m": "0", "plasmacytoma": "100"})

    assert row.overall == "NE"
    assert any("none at the baseline would make these new" in lack for lack in row.undecided)


@pytest.mark.parametrize(("now", "category"), [("199", "NE"), ("200", "PD")])
def test_circulating_plasma_cells_count_where_nothing_else_can_be_measured(now, category):
    base = {"serum_m": "0", "urine_m": "0", "iflc": "20", "uflc": "15", "circulating_pc": ("100", "/uL")}

    assert overall(base, {"circulating_pc": (now, "/uL")}) == [category]
    assert overall({**base, "bmpc_pct": "40"}, {"circulating_pc": (now, "/uL")}) == ["SD"]


# ------------------------------------------------------------------ confirmation and the lowest confirmed value

PR, VGPR, MR, SD = ({"serum_m": amount, "urine_m": "0"} for amount in ("1.8", "0.3", "2.2", "3.9"))
NE = {"urine_m": "0"}


def test_two_visits_confirm_the_lower_of_their_levels():
    assert reported(SERUM, PR, VGPR) == ["PR", "PR"]
    assert reported(SERUM, VGPR, {"serum_m": "0.7", "urine_m": "0"}) == ["PR", "PR"]
    assert reported(SERUM, PR, MR) == ["MR", "MR"]
    assert reported(SERUM, PR) == ["SD"]


def test_a_level_that_is_shown_twice_but_not_in_a_row_is_not_confirmed():
    cr = {**CLEAR, "bmpc_pct": "3"}
    course = course_of(SERUM, cr, {**cr, "sife": "pos"}, cr)

    assert [row.overall for row in course.assessments] == ["CR", "VGPR", "CR"]
    assert course.best_response == "VGPR"
    assert [episode.category for episode in course.episodes] == ["VGPR"]
    assert "complete_response_days" not in course.extra


def test_a_visit_that_was_not_evaluable_stands_between_no_two_visits():
    course = course_of(SERUM, PR, NE, PR)

    assert [row.reported for row in course.assessments] == ["PR", "PR", "PR"]
    assert course.response_start == date(2024, 2, 7)


def test_before_anything_could_be_judged_the_report_says_so():
    assert reported(SERUM, NE, PR, PR) == ["NE", "PR", "PR"]


def test_a_visit_after_a_new_therapy_confirms_nothing():
    course = course_of(SERUM, PR, PR, new_therapy_on=date(2024, 2, 20))

    assert course.best_response == "SD"
    assert course.response_start is None


def test_progression_after_visits_that_could_not_be_judged_is_the_best_response():
    course = course_of(SERUM, NE, {**PR, "new_bone_lesion": "yes"})

    assert [row.reported for row in course.assessments] == ["NE", "PD"]
    assert (course.best_response, course.extra["best_confirmed"]) == ("PD", "PD")
    assert course_of(SERUM, NE, NE).best_response == "NE"


def test_each_level_of_a_response_begins_at_the_first_visit_that_confirms_it():
    cr = {**CLEAR, "bmpc_pct": "3"}
    seen_once = course_of(SERUM, PR, cr, {**CLEAR, "sife": "pos"}).episodes[0]
    seen_twice = course_of(SERUM, PR, {**CLEAR, "sife": "pos"}, cr, cr).episodes[0]

    assert seen_once.levels == (("PR", date(2024, 2, 7)), ("VGPR", date(2024, 3, 6)))
    assert seen_twice.levels == (("PR", date(2024, 2, 7)), ("VGPR", date(2024, 3, 6)), ("CR", date(2024, 4, 3)))
    assert (seen_twice.category, seen_twice.confirmed_on) == ("CR", date(2024, 3, 6))


def test_the_time_in_complete_response_runs_from_the_first_visit_that_confirms_it():
    cr = {**CLEAR, "bmpc_pct": "3"}
    course = course_of(SERUM, VGPR, cr, cr, cr)

    assert course.response_start == date(2024, 2, 7)
    assert (course.extra["complete_response_days"], course.extra["complete_response_censored"]) == (56, True)


def test_the_month_is_counted_besides_the_confirmation():
    near = History(
        "P01",
        Line(started_on=START),
        visits=(
            lab_visit("2024-01-08", **SERUM),
            lab_visit("2024-02-07", **PR),
            lab_visit("2024-02-14", **PR),
        ),
    )
    episode = assess(near, FAMILY).episodes[0]

    assert episode.confirmed_on == date(2024, 2, 14)
    assert (episode.lasted_month, episode.settles_on) == ("not yet", date(2024, 3, 6))


def test_progression_that_the_next_visit_repeats_is_dated_to_the_first():
    up = {"serum_m": "2.5", "urine_m": "0"}
    course = course_of(SERUM, PR, PR, up, NE, up, PR)

    assert course.progression_on == date(2024, 4, 3)
    assert [row.reported for row in course.assessments] == ["PR", "PR", "PD", "PD", "PD", "PD"]
    assert course.assessments[4].extra["repeats_progression_of"] == "2024-04-03"


def test_progression_seen_once_is_reported_as_the_last_confirmed_level_with_a_remark():
    up = {"serum_m": "2.5", "urine_m": "0"}
    open_end = course_of(SERUM, PR, PR, up)
    refuted = course_of(SERUM, PR, PR, up, PR)

    assert (open_end.assessments[-1].overall, open_end.assessments[-1].reported) == ("PD", "PR")
    assert open_end.progression_on is None
    assert "only when the next sample repeats it" in open_end.assessments[-1].flags[-1]
    assert refuted.assessments[2].flags == ("progression was not repeated on 2024-05-01",)
    assert refuted.episodes[0].ended_on is None


def test_progression_at_the_first_visit_alone_is_reported_as_not_evaluable():
    course = course_of(SERUM, {"serum_m": "5.0", "urine_m": "0"})

    assert [(row.overall, row.reported) for row in course.assessments] == [("PD", "NE")]
    assert course.best_response == "NE"


def test_progression_repeated_only_under_a_new_therapy_is_not_proven():
    up = {"serum_m": "5.0", "urine_m": "0"}
    course = course_of(SERUM, SD, up, up, new_therapy_on=date(2024, 3, 10))

    assert course.progression_on is None
    assert "before the new therapy" in course.assessments[1].flags[-1]


@pytest.mark.parametrize(
    ("detail", "is_proven"),
    [
        ("multiple myeloma", True),
        ("disease progression", True),
        ("not myeloma related", False),
        ("progression of the underlying myeloma", True),
        ("myeloma unlikely", False),
        ("stroke", False),
        ("", False),
    ],
)
def test_a_death_from_myeloma_proves_a_progression_seen_once(detail, is_proven):
    death = Event("death", date(2024, 3, 20), detail)
    course = course_of(SERUM, SD, {"serum_m": "5.0", "urine_m": "0"}, events=[death])

    assert (course.progression_on == date(2024, 3, 6)) == is_proven


def test_any_item_may_repeat_a_progression_against_the_same_references():
    base = {"serum_m": "4.0", "urine_m": "500"}
    course = course_of(base, {"serum_m": "5.0", "urine_m": "500"}, {"serum_m": "4.0", "urine_m": "700"})

    assert course.progression_on == date(2024, 2, 7)


def test_a_value_that_was_not_confirmed_is_no_reference():
    visits = SERUM, {"serum_m": "1.0", "urine_m": "0"}, {"serum_m": "2.4", "urine_m": "0"}

    assert overall(*visits) == ["PR", "MR"]
    assert overall(*visits, settings={"mm_pd_reference": "lowest"}) == ["PR", "PD"]


def test_a_visit_without_a_level_settles_no_reference():
    # The serum was not measured when the urine rose; the visit after it keeps the level of the first.
    visits = [{"serum_m": amount, "urine_m": "0"} for amount in ("1.0", "1.0", "1.5")]
    visits.insert(1, {"urine_m": "200"})

    assert overall(SERUM, *visits) == ["PR", "PD", "PR", "PD"]


def test_the_last_visit_is_a_reference_as_soon_as_this_one_keeps_its_level():
    rows = [{"serum_m": amount, "urine_m": "0"} for amount in ("1.0", "1.6")]

    assert overall(SERUM, *rows) == ["PR", "PD"]
    assert "1 g/dL on 2024-02-07" in last(SERUM, *rows).because


# ------------------------------------------------------------------------------- what is missing is named


def test_an_item_that_is_missing_makes_the_visit_not_evaluable_and_is_named():
    row = last(SERUM, {"urine_m": "0"})

    assert row.overall == "NE"
    assert row.undecided == ("nothing is entered for serum_m",)


def test_progression_is_proven_though_an_item_is_missing():
    base = {"serum_m": "4.0", "urine_m": "500"}

    assert overall(base, {"urine_m": "700"}) == ["PD"]
    assert overall(base, {"urine_m": "699"}) == ["NE"]


def test_without_urine_pr_is_the_most_that_can_be_said():
    row = last({"serum_m": "4.0"}, {"serum_m": "0.1"})

    assert row.overall == "PR"
    assert "nothing is entered for urine_m: VGPR needs under 100 mg/24h" in row.undecided
    assert "no result of the urine: PR is the most that can be said" in row.flags


def test_without_immunofixation_vgpr_is_given_and_what_cr_needs_is_named():
    row = last(SERUM, {"serum_m": "0", "urine_m": "0", "sife": "neg"})

    assert row.overall == "VGPR"
    assert "nothing is entered for uife: CR needs it to be negative" in row.undecided
    assert any("bmpc_pct: CR needs under 5 %" in lack for lack in row.undecided)


def test_without_a_marrow_a_negative_immunofixation_is_vgpr_and_the_marrow_is_named():
    never, old = last(SERUM, CLEAR), last({**SERUM, "bmpc_pct": "40"}, CLEAR)

    assert (never.overall, old.overall) == ("VGPR", "VGPR")
    assert never.undecided == ("nothing is entered for bmpc_pct: CR needs under 5 %",)
    assert old.undecided == ("marrow plasma cells 40 % of 2024-01-08: CR needs under 5 %",)


def test_what_scr_lacks_is_named_beside_cr():
    row = last(SERUM, {**CLEAR, "bmpc_pct": "3"})

    assert row.overall == "CR"
    assert row.undecided == (
        "nothing is entered for iflc: sCR needs kappa/lambda from 0.26 to 1.65",
        "nothing is entered for clonal_pc: sCR needs it to be no",
    )


def test_an_uninvolved_chain_of_0_leaves_the_ratio_unknown_but_makes_chains_measurable():
    scr = last(SERUM, {**CLEAR, "bmpc_pct": "3", "clonal_pc": "no", "iflc": "15", "uflc": "0"})
    chains = course_of({"serum_m": "0", "urine_m": "0", "iflc": "500", "uflc": "0"}, {})

    assert scr.overall == "CR"
    assert "iflc is 15 and uflc 0 mg/L: sCR needs kappa/lambda from 0.26 to 1.65" in scr.undecided
    assert chains.extra["measurable"] == ["difference"]


def test_a_ratio_that_depends_on_the_involved_chain_counts_as_abnormal_and_is_flagged():
    row = last(SERUM, {**CLEAR, "bmpc_pct": "3", "clonal_pc": "no", "iflc": "30", "uflc": "10"})

    assert row.overall == "CR"
    assert any("flc_involved" in lack for lack in row.undecided)
    assert any("flc_involved is not entered" in flag for flag in row.flags)


def test_the_involved_chain_may_be_entered_later_and_by_its_letter():
    visit = {**CLEAR, "bmpc_pct": "3", "clonal_pc": "no", "iflc": "30", "uflc": "10"}

    assert overall(SERUM, visit, {**visit, "flc_involved": "λ"}) == ["sCR", "sCR"]


def test_a_baseline_without_serum_gives_no_level_but_progression_of_urine():
    course = course_of({"urine_m": "500"}, {"serum_m": "1", "urine_m": "100"}, {"serum_m": "1", "urine_m": "700"})

    assert [row.overall for row in course.assessments] == ["NE", "PD"]
    assert course.assessments[0].undecided == (
        "nothing is entered for serum_m at the baseline; measurable from 1 g/dL",
    )


@pytest.mark.parametrize(
    "base", [{}, {"serum_m": "0.1", "urine_m": "0"}, {"serum_m": "0.1", "urine_m": "0", "iflc": "9", "uflc": "9"}]
)
def test_a_baseline_on_which_nothing_can_be_followed_says_what_it_needs(base):
    row = last(base, {"serum_m": "0.1", "urine_m": "0"})

    assert row.overall == "NE"
    assert row.undecided


def test_results_written_as_not_done_count_as_missing():
    assert last(SERUM, {"serum_m": "nd", "urine_m": "0"}).undecided == ("serum_m was not done",)


def test_a_result_that_cannot_be_read_is_named_and_not_guessed():
    row = last(SERUM, {"serum_m": "too small to quantify", "urine_m": "0"})

    assert row.overall == "NE"
    assert any("too small to quantify" in lack for lack in row.undecided)
    assert any("too small to quantify" in flag for flag in row.flags)


# --------------------------------------------------------------------- bounds and words as laboratories print


def test_a_bound_gives_the_level_that_it_can_give():
    assert overall(SERUM, {"serum_m": "<0.1", "urine_m": "<100"}) == ["VGPR"]
    assert overall(SERUM, {"serum_m": "<0.4", "urine_m": "0"}) == ["VGPR"]


def test_a_bound_that_leaves_a_better_level_open_names_the_value_that_would_settle_it():
    row = last(SERUM, {"serum_m": "<2.5", "urine_m": "0"})

    assert row.overall == "MR"
    assert "serum_m is <2.5: PR needs 2 g/dL or less" in row.undecided


def test_a_bound_that_leaves_progression_open_is_not_evaluable():
    row = last(SERUM, {"serum_m": ">3", "urine_m": "0"})

    assert row.overall == "NE"
    assert any("PD from 5 g/dL" in lack for lack in row.undecided)
    assert overall(SERUM, {"serum_m": ">5", "urine_m": "0"}) == ["PD"]


def test_a_lowest_value_that_is_a_bound_decides_what_it_can():
    low = {"serum_m": "<0.1", "urine_m": "0"}

    assert overall(SERUM, low, low, {"serum_m": "0.4", "urine_m": "0"})[-1] == "VGPR"
    assert overall(SERUM, low, low, {"serum_m": "0.55", "urine_m": "0"})[-1] == "NE"
    assert overall(SERUM, low, low, {"serum_m": "0.6", "urine_m": "0"})[-1] == "PD"


@pytest.mark.parametrize("none", ["0", "none", "not detected", "undetectable", "neg"])
def test_nothing_on_electrophoresis_may_be_a_word(none):
    assert overall(SERUM, {"serum_m": none, "urine_m": none}) == ["VGPR"]


def test_units_are_converted():
    base = {"serum_m": ("40", "g/L"), "urine_m": ("0.5", "g/24h")}
    chains = {"serum_m": "0.5", "urine_m": "50", "iflc": ("51", "mg/dL"), "uflc": ("1", "mg/dL")}

    assert overall(base, {"serum_m": ("20", "g/L"), "urine_m": ("199", "mg/24h")}) == ["PR"]
    assert overall(base, {"serum_m": ("20.1", "g/L"), "urine_m": ("199", "mg/24h")}) == ["MR"]
    assert overall(chains, {"serum_m": "0.5", "urine_m": "50", "iflc": "260", "uflc": "10"}) == ["PR"]


@pytest.mark.parametrize("given", [("40", "mmol/L"), ("250", "g/dL"), ("-1", "g/dL")])
def test_a_unit_or_a_size_that_cannot_be_is_refused_with_a_sentence(given):
    row = last(SERUM, {"serum_m": given, "urine_m": "0"})

    assert row.overall == "NE"
    assert row.flags


# --------------------------------------------------------------------------------- shown beside the category


def test_immunofixation_positive_after_a_confirmed_cr_is_relapse_from_cr_and_no_progression():
    cr = {**CLEAR, "bmpc_pct": "3"}
    course = course_of(SERUM, cr, cr, {**CLEAR, "sife": "pos"})

    assert course.assessments[-1].overall == "VGPR"
    assert course.progression_on is None
    assert course.extra["relapse_from_cr"] == "2024-04-03"


@pytest.mark.parametrize(
    ("visit", "sign"),
    [
        ({"serum_m": "0.1"}, "M-protein on electrophoresis in serum"),
        ({"urine_m": "10"}, "M-protein on electrophoresis in urine"),
        ({"uife": "pos"}, "immunofixation positive in urine"),
        ({"bmpc_pct": "5"}, "marrow plasma cells 5 %"),
        ({"bmpc_pct": "4.9"}, None),
        ({"calcium": "11.1"}, "calcium 11.1 mg/dL"),
        ({"calcium": "11"}, None),
        ({"new_bone_lesion": "yes"}, "bone lesion"),
        ({"plasmacytoma": "100"}, "plasmacytoma"),
    ],
)
def test_whatever_shows_the_myeloma_again_is_relapse_from_cr(visit, sign):
    cr = {**CLEAR, "bmpc_pct": "3"}
    course = course_of(SERUM, cr, cr, {**CLEAR, **visit})

    assert course.assessments[-1].extra.get("relapse_from_cr") == sign
    assert course.extra.get("complete_until") == (sign and "2024-04-03")


def test_a_cr_whose_confirming_visit_shows_progression_is_not_lost_later():
    cr = {**CLEAR, "bmpc_pct": "3"}
    course = course_of(SERUM, cr, {"urine_m": "200"}, cr, {**CLEAR, "sife": "pos"})

    assert [row.overall for row in course.assessments] == ["CR", "PD", "CR", "VGPR"]
    assert "relapse_from_cr" not in course.extra


@pytest.mark.parametrize(
    ("regimen", "serum_m", "sife", "is_flagged"),
    [
        ("daratumumab, lenalidomide, dexamethasone", "0.2", "pos", True),
        ("Dara-VRd", "0", "pos", True),
        ("D-VRd", "0.1", "pos", True),
        ("Isa-Kd", "0", "pos", True),
        ("elotuzumab", "0", "pos", True),
        ("D-VRd", "0.21", "pos", False),
        ("D-VRd", "0", "neg", False),
        ("VRd", "0", "pos", False),
        ("", "0", "pos", False),
    ],
)
def test_a_faint_band_under_an_antibody_counts_as_entered_and_is_flagged(regimen, serum_m, sife, is_flagged):
    plain = history_of({**SERUM, "serum_m": "2.5"}, {**CLEAR, "serum_m": serum_m, "sife": sife, "bmpc_pct": "3"})
    history = replace(plain, line=Line(regimen=regimen, started_on=START))
    row = assess(history, FAMILY).assessments[0]

    assert row.overall == assess(plain, FAMILY).assessments[0].overall
    assert any("may be the antibody" in flag for flag in row.flags) == is_flagged


def test_after_a_cr_seen_once_there_is_no_relapse_from_cr():
    course = course_of(SERUM, {**CLEAR, "bmpc_pct": "3"}, {**CLEAR, "sife": "pos"})

    assert "relapse_from_cr" not in course.extra


@pytest.mark.parametrize(
    ("visit", "sign"),
    [
        ({"calcium": "11.1"}, "calcium"),
        ({"calcium": "11"}, ""),
        ({"calcium": ("2.8", "mmol/L")}, "calcium"),
        ({"hb": "9.0"}, "haemoglobin"),
        ({"hb": "9.1"}, ""),
        ({"creatinine": "3.0"}, "creatinine"),
        ({"creatinine": "2.9"}, ""),
        ({"hyperviscosity": "yes"}, "hyperviscosity"),
    ],
)
def test_signs_of_clinical_relapse_are_shown_for_review_and_change_no_category(visit, sign):
    base, first = {**SERUM, "hb": "12", "creatinine": "1.0"}, {"serum_m": "2.0", "urine_m": "0", "hb": "11"}
    row = last(base, first, {"serum_m": "2.0", "urine_m": "0", **visit})

    assert row.overall == "PR"
    assert row.extra.get("clinical_relapse", "").removeprefix("review: ").startswith(sign)
    assert bool(row.extra.get("clinical_relapse")) == bool(sign)


def test_residual_disease_is_shown_with_its_method_and_is_sustained_after_a_year():
    mrd = {"mrd": "neg", "mrd_method": "NGS", "mrd_sensitivity": "0.00001", "mrd_imaging": "negative"}
    cr = {**CLEAR, "bmpc_pct": "3"}
    rows = course_of(SERUM, cr, cr, {**cr, **mrd}, cr, cr, cr, {**cr, **mrd}).assessments

    assert rows[2].extra["mrd"] == "negative"
    assert rows[2].extra["mrd_status"] == "imaging plus MRD negative"
    assert rows[6].extra["mrd_status"] == "sustained MRD negative since 2024-04-03"


def test_residual_disease_outside_cr_is_shown_with_a_remark():
    mrd = {"mrd": "neg", "mrd_sensitivity": "0.00001"}
    outside, within = last(SERUM, {**CLEAR, **mrd}), last(SERUM, {**CLEAR, **mrd, "bmpc_pct": "3"})

    assert (outside.overall, outside.extra["mrd_status"]) == ("VGPR", "MRD negative")
    assert outside.flags == ("residual disease counts within CR only (Kumar 2016); CR is not shown at this visit",)
    assert (within.overall, within.extra["mrd_status"], within.flags) == ("CR", "MRD negative", ())


@pytest.mark.parametrize(("days", "status"), [(364, "imaging plus MRD negative"), (366, "sustained MRD negative")])
def test_residual_disease_is_sustained_from_one_year_apart(days, status):
    mrd = {**CLEAR, "mrd": "neg", "mrd_sensitivity": "1e-5", "mrd_imaging": "neg"}
    visits = [lab_visit("2024-01-08", **SERUM), lab_visit("2024-02-07", **mrd)]
    visits.append(lab_visit((date(2024, 2, 7) + timedelta(days)).isoformat(), **mrd))
    course = assess(History("P01", Line(started_on=START), visits=tuple(visits)), FAMILY)

    assert course.assessments[-1].extra["mrd_status"].startswith(status)


def test_residual_disease_without_a_sensitivity_or_with_too_low_a_one_gets_no_status():
    for given in ({}, {"mrd_sensitivity": "0.0001"}):
        row = last(SERUM, {**CLEAR, "mrd": "neg", **given})

        assert "mrd_status" not in row.extra
        assert any("1 in 100,000" in flag for flag in row.flags)


def test_a_positive_look_begins_the_year_anew():
    mrd = {"mrd": "neg", "mrd_sensitivity": "0.00001", "mrd_imaging": "neg"}
    visits = [{**CLEAR, **mrd}, {**CLEAR, "mrd": "pos"}, CLEAR, {**CLEAR, **mrd}, CLEAR, CLEAR, {**CLEAR, **mrd}]

    assert course_of(SERUM, *visits).assessments[-1].extra["mrd_status"] == "imaging plus MRD negative"


def test_a_negative_immunofixation_beside_a_measured_protein_is_flagged_and_held_to_the_amount():
    row = last(SERUM, {**CLEAR, "serum_m": "1.0", "bmpc_pct": "3"})

    assert row.overall == "PR"
    assert any("negative beside an M-protein of 1" in flag for flag in row.flags)


# ------------------------------------------------------------------------------------- explanations, baseline


def test_an_explanation_names_each_item_its_reference_and_what_would_change_it():
    told = explain(history_of(SERUM, PR, PR), FAMILY, None, date(2024, 3, 6))
    labels = [step.label for step in told.steps]

    assert labels[0] == "Serum M-protein"
    assert labels[-1] == "Overall"
    assert "Growth, serum M-protein" in labels
    assert "PD from 2.3 g/dL serum M-protein; now 1.8" in told.would_change
    assert "VGPR asks for at most 0.4 g/dL serum M-protein; now 1.8" in told.would_change


def test_the_limits_for_the_next_visit_are_those_of_the_rules():
    assert dict(course_of(SERUM, PR, PR).thresholds) == {
        "partial_to": Decimal(2),
        "progression_from": Decimal("2.3"),
        "nadir": Decimal("1.8"),
    }
    assert course_of({}, {}).thresholds == ()


def test_the_baseline_is_explained_by_what_is_measurable():
    steps = explain(history_of(SERUM, PR), FAMILY, None, date(2024, 1, 8)).steps

    assert [(step.label, step.result) for step in steps] == [
        ("Serum M-protein", "gives a level"),
        ("Urine M-protein", "gives no level"),
    ]


def test_every_visit_can_be_explained():
    for case in CASES:
        history = case.history()
        for visit in history.visits:
            assert explain(history, FAMILY, case.settings, visit.visit_on).steps


def test_a_baseline_is_warned_about():
    rules = {problem.rule for problem in check_baseline(history_of({"iflc": "500", "hb": "x"}, {}), FAMILY)}

    assert rules == {
        "not-measurable",
        "urine-missing",
        "plasmacytoma-missing",
        "flc-involved-missing",
        "result-not-read",
    }
    assert check_baseline(history_of(SERUM, {}), FAMILY) == ()


def test_a_history_without_visits_gives_a_course_without_answers():
    course = assess(History("P01"), FAMILY)

    assert (course.assessments, course.best_response) == ((), "")


def test_settings_are_known_by_name():
    with pytest.raises(UsageError, match="no setting"):
        course_of(SERUM, PR, settings={"mm_pd_referenze": "lowest"})


def test_every_rule_says_when_it_holds_in_words():
    for table in load_family(FAMILY).tables:
        for rule in table.rules:
            assert " " in rule.when or rule.when == "Otherwise", rule.id
