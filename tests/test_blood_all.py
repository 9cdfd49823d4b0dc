"""ALL, NCCN and ELN: the worked cases, both sides of each threshold, and what cannot be said."""

from datetime import date

import pytest
from labcases import iso, judged, lab_cases, lab_history, lab_visit

from remtrack.fold import assess, check_baseline, explain

FAMILY = "blood-all"
CASES = list(lab_cases(FAMILY))
DISEASE = {"bm_blasts_pct": "80", "pb_blasts_abs": "10", "emd": "no", "cns": "1", "trilineage": "no"}
BEFORE = lab_visit("2024-01-08", "BL", **DISEASE, anc="0.5", plt="40")
CLEAR = {
    "bm_blasts_pct": "1", "pb_blasts_abs": "0", "emd": "no", "cns": "1", "trilineage": "yes", "anc": "1.5", "plt": "150"
}  # fmt: skip
SICK = {**CLEAR, "bm_blasts_pct": "30", "pb_blasts_abs": "1", "trilineage": "no"}


def visit(on="2024-02-12", base=CLEAR, **values):
    """A visit in remission, but for these values; None leaves one out."""
    return lab_visit(on, **{name: value for name, value in {**base, **values}.items() if value is not None})


def course(*visits, settings=None, before=BEFORE, **more):
    return assess(lab_history(before, *visits, started="2024-01-10", **more), FAMILY, settings)


def category(*visits, **more):
    return course(*visits, **more).assessments[-1].overall


def told(found, key):
    """Return what a course says under a key of the case file, as the file writes it."""
    if key == "best":
        return found.best_response
    if key == "cr_held_28d":
        return found.extra["cr_held_28d"]
    return iso(found.response_start) if key == "remission_start" else found.extra.get("relapse_date", "none")


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"B{number:02}" for number in range(1, 17)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    found = [
        row for line in case.lines for row in judged(case, line, assess(case.history(line), FAMILY, case.settings))
    ]

    assert [tuple(expected) for expected in case.visits] == found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    found = assess(case.history(), FAMILY, case.settings)

    assert case.expects == {key: told(found, key) for key in case.expects}


# ------------------------------------------------------------------------------------- thresholds


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"anc": "1.01", "plt": "100.1"}, "CR"),
        ({"anc": "1.0", "plt": "101"}, "CRi"),
        ({"anc": "1.1", "plt": "100"}, "CRi"),
        ({"anc": "1.0", "plt": "100"}, "MLFS"),
        ({"bm_blasts_pct": "4.9"}, "CR"),
        ({"bm_blasts_pct": "5"}, "PR"),
        ({"bm_blasts_pct": "25"}, "PR"),
        ({"bm_blasts_pct": "25.1"}, "NR"),
        ({"bm_blasts_pct": "10", "anc": "1.0"}, "NR"),
        ({"bm_blasts_pct": "10", "pb_blasts_abs": "0.01"}, "NR"),
        ({"pb_blasts_abs": "0.01"}, "NR"),
        ({"cns": "2"}, "NR"),
        ({"trilineage": "no"}, "NR"),
        ({"bm_adequate": "no"}, "NE"),
    ],
)
def test_each_limit_of_the_table_has_two_sides(values, expected):
    assert expected == category(visit(**values))


def test_counts_at_the_limit_are_enough_by_the_other_reading():
    assert category(visit(anc="1.0", plt="100"), settings={"all_counts_strict": "no"}) == "CR"


@pytest.mark.parametrize(
    ("anc", "plt", "expected"),
    [("0.5", "50", "CRh"), ("0.49", "50", "MLFS"), ("0.5", "49", "MLFS"), ("0.4", "150", "CRi")],
)
def test_partial_recovery_is_a_category_only_on_request(anc, plt, expected):
    assert expected == category(visit(anc=anc, plt=plt), settings={"use_crh": "yes"})
    assert category(visit(anc="0.5", plt="50")) == "MLFS"


def test_both_counts_low_is_cri_only_by_the_inclusive_reading():
    assert category(visit(anc="0.4", plt="60"), settings={"cri_rule": "inclusive"}) == "CRi"


@pytest.mark.parametrize(("mrd", "limit", "expected"), [("1", "1", "NR"), ("0.99", "1", "CR"), ("1", "off", "CR")])
def test_mrd_can_be_made_a_condition_of_remission(mrd, limit, expected):
    found = course(visit(mrd=mrd), settings={"mrd_cr_limit": limit})

    assert expected == found.assessments[0].overall
    assert any(flag.startswith("MRD of 1 %") for flag in found.assessments[0].flags) is (mrd == "1")


# ------------------------------------------------------------------------- growth before remission


@pytest.mark.parametrize(("blasts", "expected"), [("37.4", "NR"), ("37.5", "PD")])
def test_growth_in_the_marrow_is_a_quarter_over_the_lowest(blasts, expected):
    assert expected == category(visit(base=SICK), visit("2024-03-11", SICK, bm_blasts_pct=blasts))


def test_growth_in_the_marrow_needs_five_per_cent():
    first = visit(bm_blasts_pct="3", trilineage="no")

    assert category(first, visit("2024-03-11", bm_blasts_pct="4.9", trilineage="no")) == "NR"
    assert category(first, visit("2024-03-11", bm_blasts_pct="5", trilineage="no")) == "PD"


@pytest.mark.parametrize(("blasts", "expected"), [("12.4", "NR"), ("12.5", "PD")])
def test_growth_in_blood_is_a_quarter_over_the_lowest(blasts, expected):
    assert expected == category(visit(base=SICK, pb_blasts_abs=blasts))


def test_any_blasts_in_blood_after_none_are_growth_even_without_a_marrow():
    found = course(visit(base=SICK, pb_blasts_abs="0"), lab_visit("2024-03-11", pb_blasts_abs="0.1"))

    assert [row.overall for row in found.assessments] == ["NR", "PD"]


def test_disease_elsewhere_that_was_there_before_is_not_new():
    before = lab_visit("2024-01-08", **{**DISEASE, "emd": "yes"})

    assert category(visit(base=SICK, emd="yes"), before=before) == "NR"
    assert category(visit(base=SICK, emd="no"), visit("2024-03-11", SICK, emd="yes"), before=before) == "PD"


@pytest.mark.parametrize(("before", "expected"), [("1", "PD"), ("2", "PD"), ("3", "NR")])
def test_cns_3_is_growth_when_it_was_not_there_before(before, expected):
    assert expected == category(visit(base=SICK, cns="3"), before=lab_visit("2024-01-08", **{**DISEASE, "cns": before}))


def test_cns_3_at_the_first_look_is_not_called_new():
    row = course(visit(base=SICK, cns="3"), before=lab_visit("2024-01-08", bm_blasts_pct="80")).assessments[0]

    assert row.overall == "NR"
    assert "cns was never entered before, so it cannot be said whether CNS-3 is new" in row.undecided


def test_growth_during_induction_does_not_hide_the_remission_that_follows():
    found = course(visit("2024-01-18", SICK, pb_blasts_abs="13"), visit(), visit("2024-03-18"))

    assert [row.overall for row in found.assessments] == ["PD", "CR", "CR"]
    assert (found.response_start, found.progression_on) == (date(2024, 2, 12), None)
    assert found.best_response == "CR"
    assert found.episodes[0].lasted_month == "yes"


def test_an_unusable_marrow_is_no_growth_and_no_reference():
    found = course(visit(base=SICK, bm_blasts_pct="4", bm_adequate="no"), visit("2024-03-11", SICK, bm_blasts_pct="40"))

    assert [row.overall for row in found.assessments] == ["NE", "NR"]


@pytest.mark.parametrize(("end", "expected"), [("2024-02-12", "Refractory"), ("2024-02-13", "MLFS")])
def test_at_the_end_of_induction_anything_less_than_remission_is_refractory(end, expected):
    assert expected == category(visit(anc="0.5", plt="50"), events=[("induction_end", end)])


def test_growth_at_the_end_of_induction_keeps_its_name():
    assert category(visit(base=SICK, emd="yes"), events=[("induction_end", "2024-02-12")]) == "PD"


# --------------------------------------------------------------------------- what cannot be said


@pytest.mark.parametrize("missing", ["pb_blasts_abs", "anc", "plt", "trilineage"])
def test_a_clear_marrow_without_an_item_is_not_evaluable_and_names_it(missing):
    row = course(visit(**{missing: None})).assessments[0]

    assert row.overall == "NE"
    assert row.undecided[0].startswith(f"nothing is entered for {missing}")


def test_the_nervous_system_need_not_be_looked_at_when_it_was_never_involved():
    assert category(visit(cns=None)) == "CR"
    assert category(visit(cns="not_done"), before=lab_visit("2024-01-08", bm_blasts_pct="80")) == "CR"


def test_the_nervous_system_must_be_looked_at_again_after_disease_there():
    row = course(visit(cns=None), before=lab_visit("2024-01-08", **{**DISEASE, "cns": "2"})).assessments[0]

    assert row.overall == "NE"
    assert row.undecided == ("nothing is entered for cns after CNS-2",)


def test_a_clean_nervous_system_after_disease_there_is_called_cns_remission():
    found = course(visit(), before=lab_visit("2024-01-08", **{**DISEASE, "cns": "3"}))

    assert found.assessments[0].extra["cns"] == "CNS remission"


def test_disease_of_the_nervous_system_found_later_is_remembered_too():
    found = course(visit(cns="2"), visit("2024-03-11", cns="1"), visit("2024-04-11", cns="1"))

    assert [row.extra.get("cns") for row in found.assessments] == [None, "CNS remission", "CNS remission"]
    assert "cns" not in course(visit()).assessments[0].extra


@pytest.mark.parametrize(
    ("values", "expected", "undecided"),
    [
        ({"anc": ">1.0"}, "CR", ()),
        ({"plt": "<100"}, "CRi", ()),
        ({"anc": "<1.2"}, "CRi", ("anc <1.2 does not decide it; an exact value would",)),
        ({"pb_blasts_abs": "<0.1"}, "NE", ("pb_blasts_abs <0.1 does not decide it; an exact value would",)),
        ({"pb_blasts_abs": "none"}, "CR", ()),
        ({"bm_blasts_pct": "<5"}, "CR", ()),
    ],
)
def test_a_bound_decides_what_it_can_and_the_rest_is_named(values, expected, undecided):
    row = course(visit(**values)).assessments[0]

    assert (row.overall, row.undecided) == (expected, undecided)


def test_a_bound_that_may_be_growth_is_named():
    row = course(visit(base=SICK, bm_blasts_pct=">20"), before=BEFORE).assessments[0]

    assert row.overall == "NR"
    assert row.undecided[0] == "bm_blasts_pct >20 does not say whether it rose from 80; an exact value would"


# ----------------------------------------------------------------------------- remission and relapse


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"bm_blasts_pct": "4.9"}, "CR"),
        ({"bm_blasts_pct": "5"}, "Relapse"),
        ({"pb_blasts_abs": "0.01"}, "Relapse"),
        ({"emd": "yes"}, "Relapse"),
        ({"cns": "3"}, "Relapse"),
        ({"cns": "2"}, "NR"),
        ({"bm_blasts_pct": None}, "NE"),
    ],
)
def test_what_is_relapse_after_a_remission(values, expected):
    found = course(visit(), visit("2024-05-06", **values)).assessments[-1]

    assert expected == found.overall
    assert found.reported == ("Relapse" if expected == "Relapse" else "CR")


def test_relapse_in_the_marrow_may_begin_above_five_per_cent():
    settings = {"relapse_bm": "gt5"}

    assert category(visit(), visit("2024-05-06", bm_blasts_pct="5"), settings=settings) == "NE"
    assert category(visit(), visit("2024-05-06", bm_blasts_pct="5.1"), settings=settings) == "Relapse"


def test_cns_2_in_remission_is_a_remark():
    row = course(visit(), visit("2024-05-06", cns="2")).assessments[-1]

    assert "CNS-2 in remission: not relapse by itself, look again" in row.flags


def test_a_relapse_is_dated_to_the_sample_that_showed_it():
    found = course(visit(), visit("2024-05-13", pb_blasts_abs=("1", "", "2024-05-06")))

    assert found.extra["relapse_date"] == "2024-05-06"


def test_after_a_relapse_every_visit_is_reported_as_relapse():
    found = course(visit(), visit("2024-05-06", SICK), visit("2024-07-01"))

    assert [(row.overall, row.reported) for row in found.assessments[1:]] == [("Relapse", "Relapse"), ("CR", "Relapse")]


# ------------------------------------------------------------------------------- the four-week clause


@pytest.mark.parametrize(("on", "expected"), [("2024-03-10", "not yet"), ("2024-03-11", "yes")])
def test_a_remission_is_held_with_a_look_after_four_weeks(on, expected):
    found = course(visit(), visit(on))

    assert expected == found.extra["cr_held_28d"]
    assert found.assessments[0].extra.get("four_weeks") == ("provisional" if expected == "not yet" else None)


@pytest.mark.parametrize(("on", "expected"), [("2024-03-10", "no"), ("2024-03-11", "yes")])
def test_a_relapse_after_four_weeks_shows_that_it_was_held(on, expected):
    found = course(visit(), visit(on, SICK))

    assert expected == found.extra["cr_held_28d"]
    assert found.assessments[0].extra.get("four_weeks") == ("response not sustained" if expected == "no" else None)


def test_the_four_weeks_are_days_whatever_a_month_is():
    found = course(visit(), visit("2024-03-11"), settings={"lasting_rule": "calendar_month"})

    assert (found.extra["cr_held_28d"], found.episodes[0].lasted_month) == ("yes", "not yet")


# --------------------------------------------------------------------------------------------- MRD


def mrd_of(*samples, **beside):
    rows = [visit(f"2024-{month:02}-12", mrd=sample, **beside) for month, sample in enumerate(samples, 2)]
    found = course(*rows)
    return [row.extra.get("mrd") for row in found.assessments], found.extra.get("mrd_relapse_date")


@pytest.mark.parametrize(
    ("mrd", "sensitivity", "expected"),
    [
        ("negative", "0.01", "complete MRD response"),
        ("negative", ("0.0001", "fraction"), "complete MRD response"),
        ("0", "0.001", "complete MRD response"),
        ("negative", "0.02", "MRD indeterminate"),
        ("negative", None, "MRD indeterminate"),
        ("<0.01", "0.01", "MRD indeterminate"),
        ("0.009", "0.001", "MRD indeterminate"),
        ("0.01", "0.001", "MRD failure"),
        (">0.1", None, "MRD failure"),
        ("positive", "0.01", "MRD indeterminate"),
    ],
)
def test_mrd_is_complete_a_failure_or_neither(mrd, sensitivity, expected):
    assert mrd_of(mrd, mrd_sensitivity_pct=sensitivity)[0] == [expected]


def test_an_mrd_relapse_needs_two_samples_and_is_dated_to_the_first():
    twice = mrd_of("negative", "0.02", "0.05", mrd_sensitivity_pct="0.01")
    once = mrd_of("negative", "0.02", mrd_sensitivity_pct="0.01")

    assert twice == (["complete MRD response", "MRD relapse", "MRD relapse"], "2024-03-12")
    assert once == (["complete MRD response", "possible MRD relapse"], None)


# ------------------------------------------------------- several samples, and samples of other days


def test_counts_entered_as_a_visit_of_their_own_complete_the_marrow_before_with_its_lineages():
    found = course(visit(anc=None, plt=None), lab_visit("2024-02-26", anc="1.1", plt="105"))
    late = course(visit(anc=None, plt=None), lab_visit("2024-02-27", anc="1.1", plt="105"))

    assert [row.overall for row in found.assessments] == ["NE", "CR"]
    assert found.response_start == date(2024, 2, 26)
    assert [row.overall for row in late.assessments] == ["NE", "NE"]


def test_a_marrow_without_three_lineages_is_not_completed_into_a_remission():
    found = course(visit(anc=None, trilineage="no"), lab_visit("2024-02-20", anc="1.5"))

    assert [row.overall for row in found.assessments] == ["NE", "NR"]


def test_a_later_look_at_the_nervous_system_completes_a_remission_with_its_counts():
    before = lab_visit("2024-01-08", **{**DISEASE, "cns": "3"})
    found = course(visit(cns=None), lab_visit("2024-02-20", cns="1", anc="1.5"), before=before)

    assert [row.overall for row in found.assessments] == ["NE", "CR"]


def test_growth_in_blood_is_not_lost_when_a_later_sample_of_the_visit_is_lower():
    both = lab_visit("2024-02-12", **{**SICK, "pb_blasts_abs": "1"})
    early = lab_visit("2024-02-12", pb_blasts_abs=("12.5", "", "2024-02-01")).results
    row = both.__class__(both.visit_on, results=early + both.results)

    assert category(row) == "PD"
    assert category(both.__class__(both.visit_on, results=lab_visit(
        "2024-02-12", pb_blasts_abs=("12.4", "", "2024-02-01")
    ).results + both.results)) == "NR"  # fmt: skip


# --------------------------------------------------------------------------- bounds and missing values


@pytest.mark.parametrize("printed", [">=5", "5-6", "5"])
def test_five_per_cent_or_more_that_is_not_surely_above_it_is_not_rated_in_remission(printed):
    found = course(visit(), visit("2024-05-06", bm_blasts_pct=printed), settings={"relapse_bm": "gt5"})

    assert found.assessments[-1].overall == "NE"
    assert found.assessments[-1].reported == "CR"
    assert bool(found.assessments[-1].undecided) is (printed != "5")


def test_an_mrd_that_may_be_one_per_cent_leaves_the_remission_open_where_it_is_a_condition():
    row = course(visit(mrd="<5"), settings={"mrd_cr_limit": "1"}).assessments[0]

    assert row.overall == "NE"
    assert row.undecided == ("mrd <5 % does not say whether it is below 1 %; an exact value would",)
    assert category(visit(mrd="<1"), settings={"mrd_cr_limit": "1"}) == "CR"
    assert category(visit(mrd="<5")) == "CR"


def test_blasts_in_blood_that_may_be_none_are_named_in_remission():
    row = course(visit(), visit("2024-05-06", pb_blasts_abs="<0.1")).assessments[-1]

    assert (row.overall, row.reported) == ("NE", "CR")
    assert "pb_blasts_abs <0.1 does not say whether there are blasts; an exact value would" in row.undecided


# ------------------------------------------------------------------------------- remission and its end


def test_a_remission_after_the_end_of_induction_is_given_as_such():
    found = course(visit(base=SICK), visit("2024-03-18"), events=[("induction_end", "2024-02-12")])

    assert [row.overall for row in found.assessments] == ["Refractory", "CR"]
    assert found.response_start == date(2024, 3, 18)


@pytest.mark.parametrize(("emd", "expected"), [("no", "Refractory"), ("yes", "PD")])
def test_no_remission_at_the_end_of_induction_is_an_event_of_the_first_day_whatever_it_is_called(emd, expected):
    found = course(visit(base=SICK, emd=emd), events=[("induction_end", "2024-02-12")])

    assert expected == found.assessments[0].overall
    assert (found.extra["efs_days"], found.extra["efs_censored"]) == (0, False)


@pytest.mark.parametrize("died", ["2024-02-20", "2024-04-20"])
def test_death_in_remission_neither_breaks_nor_proves_the_four_weeks(died):
    found = course(visit(), events=[("death", died)])

    assert found.extra["cr_held_28d"] == "not yet"
    assert found.assessments[0].extra["four_weeks"] == "provisional"


def test_growth_without_any_remission_dates_the_progression():
    found = course(visit(base=SICK, emd="yes"))

    assert found.progression_on == date(2024, 2, 12)
    assert found.best_response == "PD"


def test_a_marrow_marked_as_inadequate_can_still_show_a_relapse():
    assert category(visit(), visit("2024-05-06", bm_blasts_pct="5", bm_adequate="no")) == "Relapse"
    assert category(visit(), visit("2024-05-06", bm_blasts_pct="4.9", bm_adequate="no")) == "NE"


def test_mrd_that_returns_with_the_leukaemia_itself_is_no_mrd_relapse():
    rows = [
        visit("2024-02-12", mrd="negative", mrd_sensitivity_pct="0.01"),
        visit("2024-05-06", SICK, mrd="5", mrd_sensitivity_pct="0.01"),
        visit("2024-06-06", SICK, mrd="5", mrd_sensitivity_pct="0.01"),
    ]
    found = course(*rows)

    assert [row.extra["mrd"] for row in found.assessments] == ["complete MRD response", "MRD failure", "MRD failure"]
    assert "mrd_relapse_date" not in found.extra


# -------------------------------------------------------------------------------------- explanation


def test_every_visit_of_every_case_is_explained():
    for case in CASES:
        history = case.history()
        for row in assess(history, FAMILY, case.settings).assessments:
            why = explain(history, FAMILY, case.settings, row.visit_on)
            assert why.because == row.because
            assert all(step.label and step.value and step.result for step in why.steps)


def test_what_keeps_a_visit_from_remission_is_named():
    why = explain(lab_history(BEFORE, visit(trilineage="no")), FAMILY, None, date(2024, 2, 12))

    assert why.would_change == ("no remission without all three lineages",)


def test_an_unusual_baseline_is_remarked():
    history = lab_history(lab_visit("2024-01-12", anc="1200"), visit(), started="2024-01-10")

    assert [problem.rule for problem in check_baseline(history, FAMILY)] == [
        "no-marrow-before", "baseline-after-start", "not-read"
    ]  # fmt: skip
