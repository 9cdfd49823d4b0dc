"""AML, ELN 2022: the worked cases, both sides of each threshold, and what cannot be said."""

from datetime import date

import pytest
from labcases import iso, judged, lab_cases, lab_history, lab_visit

from remtrack.fold import assess, check_baseline, explain

FAMILY = "blood-aml-eln-2022"
CASES = list(lab_cases(FAMILY))
BEFORE = lab_visit("2024-01-08", "BL", bm_blasts_pct="60", pb_blasts_pct="30", emd="no", anc="0.3", plt="20")
CLEAR = {"bm_blasts_pct": "2", "pb_blasts_pct": "0", "emd": "no", "anc": "1.5", "plt": "150"}
REMISSION = lab_visit("2024-02-12", "V1", **CLEAR)


def course(*visits, settings=None, **more):
    return assess(lab_history(BEFORE, *visits, started="2024-01-10", **more), FAMILY, settings)


def visit(on="2024-02-12", **values):
    """A visit with a clear marrow and recovered counts, but for these values; None leaves one out."""
    return lab_visit(on, **{name: value for name, value in {**CLEAR, **values}.items() if value is not None})


def category(*visits, settings=None, **more):
    return course(*visits, settings=settings, **more).assessments[-1].overall


def reported(*visits, **more):
    return [row.reported for row in course(*visits, **more).assessments]


def told(found, key):
    """Return what a course says under a key of the case file, as the file writes it."""
    if key == "best":
        return found.best_response
    if key == "lasting_28d":
        return found.episodes[0].lasted_month if found.episodes else "no"
    if key == "mrd_relapse_date":
        return found.extra.get("mrd_relapse_date", "none")
    return iso({"remission_start": found.response_start, "relapse_date": found.progression_on}[key])


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"A{number:02}" for number in range(1, 23)]


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
        ({"anc": "1.0", "plt": "100"}, "CR"),
        ({"anc": "0.99", "plt": "100"}, "CRh"),
        ({"anc": "1.0", "plt": "99"}, "CRh"),
        ({"anc": "0.5", "plt": "50"}, "CRh"),
        ({"anc": "0.49", "plt": "100"}, "CRi"),
        ({"anc": "1.0", "plt": "49"}, "CRi"),
        ({"anc": "0.49", "plt": "99"}, "MLFS"),
        ({"anc": "0.99", "plt": "49"}, "MLFS"),
        ({"bm_blasts_pct": "4.9"}, "CR"),
        ({"bm_blasts_pct": "5"}, "PR"),
        ({"bm_blasts_pct": "25"}, "PR"),
        ({"bm_blasts_pct": "25.1"}, "NR"),
        ({"bm_blasts_pct": "10", "anc": "0.9"}, "NR"),
        ({"bm_blasts_pct": "10", "plt": "99"}, "NR"),
        ({"bm_blasts_pct": "10", "pb_blasts_pct": "1"}, "NR"),
        ({"bm_blasts_pct": "10", "emd": "yes"}, "NR"),
        ({"pb_blasts_pct": "0.1"}, "NR"),
        ({"emd": "yes"}, "NR"),
        ({"bm_adequate": "no"}, "NE"),
    ],
)
def test_each_limit_of_the_table_has_two_sides(values, expected):
    assert expected == category(visit(**values))


@pytest.mark.parametrize(("before", "expected"), [("40", "PR"), ("39.9", "NR")])
def test_a_partial_remission_is_at_most_half_of_the_marrow_before_treatment(before, expected):
    history = lab_history(lab_visit("2024-01-08", bm_blasts_pct=before), visit(bm_blasts_pct="20"))

    assert expected == assess(history, FAMILY).assessments[0].overall


def test_the_marrow_before_treatment_may_be_of_a_later_visit_than_the_baseline():
    first = lab_visit("2024-01-05", anc="0.3", plt="20", pb_blasts_pct="30")
    history = lab_history(
        first, lab_visit("2024-01-09", bm_blasts_pct="60"), visit(bm_blasts_pct="20"), started="2024-01-10"
    )

    assert assess(history, FAMILY).assessments[-1].overall == "PR"


def test_without_a_marrow_before_treatment_a_partial_remission_is_not_given_and_this_is_said():
    history = lab_history(lab_visit("2024-01-08", anc="0.3"), visit(bm_blasts_pct="20"))
    row = assess(history, FAMILY).assessments[0]

    assert row.overall == "NR"
    assert "no marrow before treatment is known, so PR cannot be told from NR" in row.flags
    assert [problem.rule for problem in check_baseline(history, FAMILY)] == ["no-marrow-before"]


@pytest.mark.parametrize(("rule", "expected"), [("one_recovered", "MLFS"), ("inclusive", "CRi")])
def test_incomplete_recovery_is_read_in_two_ways(rule, expected):
    assert expected == category(visit(anc="0.2", plt="20"), settings={"cri_rule": rule})


@pytest.mark.parametrize(("block", "expected"), [("no", "CR"), ("yes", "NR")])
def test_auer_rods_count_only_by_the_older_rule(block, expected):
    assert expected == category(visit(auer_rods="yes"), settings={"auer_rods_block": block})


# --------------------------------------------------------------------------- what cannot be said


@pytest.mark.parametrize("missing", ["pb_blasts_pct", "anc", "plt"])
def test_a_clear_marrow_without_all_of_the_blood_is_not_evaluable_and_names_what_would_settle_it(missing):
    row = course(visit(**{missing: None})).assessments[0]

    assert row.overall == "NE"
    assert row.undecided == (f"nothing is entered for {missing}; one sampled by 2024-02-26 belongs to this marrow",)


def test_no_marrow_is_not_evaluable():
    row = course(visit(bm_blasts_pct=None)).assessments[0]

    assert row.overall == "NE"
    assert row.undecided == ("nothing is entered for bm_blasts_pct",)


@pytest.mark.parametrize(
    ("values", "expected", "undecided"),
    [
        ({"bm_blasts_pct": "<5"}, "CR", ()),
        ({"plt": ">100"}, "CR", ()),
        ({"anc": "<0.1"}, "CRi", ()),
        ({"anc": "<1.2"}, "CRi", ("anc <1.2 does not decide it; an exact value would",)),
        ({"anc": "<0.4", "plt": "<120"}, "MLFS", ("plt <120 does not decide it; an exact value would",)),
        ({"pb_blasts_pct": "<1"}, "NE", ("pb_blasts_pct <1 does not decide it; an exact value would",)),
        ({"bm_blasts_pct": "<10"}, "NE", ("bm_blasts_pct <10 does not decide it; an exact value would",)),
        ({"bm_blasts_pct": ">25"}, "NR", ()),
        ({"pb_blasts_pct": "none"}, "CR", ()),
    ],
)
def test_a_bound_decides_what_it_can_and_the_rest_is_named(values, expected, undecided):
    row = course(visit(**values)).assessments[0]

    assert (row.overall, row.undecided) == (expected, undecided)


def test_results_in_other_units_count_the_same():
    printed = visit(anc=("1000", "/uL"), plt=("100", "K/uL"), bm_blasts_pct=("0.049", "fraction"))

    assert category(printed) == "CR"


def test_a_result_that_cannot_be_read_counts_as_missing_and_says_why():
    row = course(visit(anc="1500")).assessments[0]

    assert row.overall == "NE"
    assert "anc 1500 10^9/L is outside 0 to 100" in row.flags
    assert row.undecided[0].startswith("anc 1500 10^9/L is outside 0 to 100")


# ----------------------------------------------------------------------------- the pairing window


@pytest.mark.parametrize(("on", "expected"), [("2024-02-26", "CR"), ("2024-02-27", "NE"), ("2024-02-11", "NE")])
def test_counts_belong_to_a_marrow_for_fourteen_days(on, expected):
    plain = {name: (value, "", "2024-02-12") for name, value in CLEAR.items()}
    row = lab_visit("2024-02-27", **{**plain, "anc": ("1.5", "", on)})

    assert expected == category(row)


def test_the_window_is_a_setting():
    row = visit("2024-02-27", bm_blasts_pct=("2", "", "2024-02-12"))

    assert category(row) == "NE"
    assert category(row, settings={"count_window_days": "15"}) == "CR"


def test_counts_entered_as_a_visit_of_their_own_complete_the_marrow_before():
    marrow = visit(anc=None, plt=None)
    counts = lab_visit("2024-02-26", anc="1.1", plt="105")
    found = course(marrow, counts)

    assert [row.overall for row in found.assessments] == ["NE", "CR"]
    assert found.response_start == date(2024, 2, 26)


def test_counts_that_come_after_the_window_are_a_visit_without_a_marrow():
    assert reported(visit(anc=None, plt=None), lab_visit("2024-02-27", anc="1.1", plt="105")) == ["NE", "NE"]


def test_recovering_counts_raise_an_incomplete_remission():
    found = course(visit(anc="0.4"), lab_visit("2024-02-20", anc="1.0", plt="120", pb_blasts_pct="0"))

    assert [row.overall for row in found.assessments] == ["CRi", "CR"]
    assert found.episodes[0].levels == (("CRi", date(2024, 2, 12)), ("CR", date(2024, 2, 20)))


def test_blood_alone_in_remission_is_not_evaluable_and_the_remission_goes_on():
    found = course(REMISSION, lab_visit("2024-02-20", anc="0.9", plt="150", pb_blasts_pct="0"))

    assert [(row.overall, row.reported) for row in found.assessments] == [("CR", "CR"), ("NE", "CR")]


# -------------------------------------------------------------------------------- remission and after


def test_extramedullary_disease_is_carried_until_it_is_entered_again():
    found = course(visit(emd="yes"), visit("2024-03-11", emd=None), visit("2024-04-08"))

    assert [row.overall for row in found.assessments] == ["NR", "NR", "CR"]


@pytest.mark.parametrize(("blasts", "expected"), [("4.9", "CR"), ("5", "Relapse")])
def test_relapse_in_the_marrow_begins_at_five_per_cent(blasts, expected):
    assert expected == category(REMISSION, visit("2024-05-06", bm_blasts_pct=blasts))


@pytest.mark.parametrize(("second", "expected"), [("2024-05-12", "Possible relapse"), ("2024-05-13", "Relapse")])
def test_blasts_in_blood_are_relapse_from_the_seventh_day(second, expected):
    found = course(
        REMISSION,
        lab_visit("2024-05-06", pb_blasts_pct="2"),
        lab_visit(second, pb_blasts_pct="2"),
    )

    assert [row.overall for row in found.assessments[1:]] == [expected] * 2
    assert found.progression_on == (date(2024, 5, 6) if expected == "Relapse" else None)


@pytest.mark.parametrize(("marrow", "flags"), [("4", 1), ("23", 0)])
def test_blasts_in_blood_need_no_other_look_once_the_marrow_has_shown_relapse(marrow, flags):
    blood = lab_visit("2024-05-06", pb_blasts_pct="2")
    found = course(REMISSION, blood, visit("2024-05-09", bm_blasts_pct=marrow, pb_blasts_pct=None))
    asked = [flag for row in found.assessments for flag in row.flags if "look again" in flag]

    assert found.assessments[1].overall == "Possible relapse"
    assert len(asked) == flags


def test_a_sample_without_blasts_between_begins_the_count_anew():
    days = (("2024-05-06", "2"), ("2024-05-10", "0"), ("2024-05-14", "2"))
    found = course(REMISSION, *(lab_visit(on, pb_blasts_pct=blasts) for on, blasts in days))

    assert [row.overall for row in found.assessments[1:]] == ["Possible relapse", "NE", "Possible relapse"]
    assert found.assessments[1].flags == ()
    assert found.assessments[3].flags == (
        "blasts in blood; look again from 2024-05-21 on, a second sample with blasts is relapse",
    )


def test_blood_of_two_days_within_one_visit_can_prove_a_relapse():
    first = lab_visit("2024-05-13", pb_blasts_pct=("2", "", "2024-05-06"))
    both = first.__class__(first.visit_on, results=first.results + lab_visit("2024-05-13", pb_blasts_pct="3").results)
    found = course(REMISSION, both)

    assert found.assessments[1].overall == "Relapse"
    assert found.progression_on == date(2024, 5, 6)


def test_a_relapse_is_dated_to_the_sample_that_showed_it():
    found = course(REMISSION, visit("2024-05-13", bm_blasts_pct=("12", "", "2024-05-06")))

    assert found.progression_on == date(2024, 5, 6)


def test_after_a_relapse_every_visit_is_reported_as_relapse():
    found = course(REMISSION, visit("2024-05-06", bm_blasts_pct="30"), visit("2024-07-01"))

    assert [(row.overall, row.reported) for row in found.assessments[1:]] == [("Relapse", "Relapse"), ("CR", "Relapse")]
    assert found.assessments[2].flags == ("a remission after a relapse belongs to a new line of therapy",)
    assert len(found.episodes) == 1


def test_blasts_marked_as_regenerating_are_partial_remission_before_a_remission():
    assert category(visit(bm_blasts_pct="6", blasts_regenerating="yes")) == "PR"


@pytest.mark.parametrize(("landmark", "expected"), [("2024-02-12", "Refractory"), ("2024-02-13", "PR")])
def test_at_the_landmark_anything_less_than_a_remission_is_refractory(landmark, expected):
    row = visit(bm_blasts_pct="10")

    assert expected == category(row, events=[("response_landmark", landmark)])


def test_a_visit_that_cannot_be_rated_is_not_refractory():
    assert category(visit(anc=None), events=[("response_landmark", "2024-02-12")]) == "NE"


def test_a_remission_before_the_landmark_keeps_the_line_from_refractory():
    found = course(REMISSION, visit("2024-03-11", anc="0.1", plt="10"), events=[("response_landmark", "2024-03-01")])

    assert [row.overall for row in found.assessments] == ["CR", "MLFS"]


def test_support_of_the_counts_is_a_remark():
    found = course(visit(), events=[("transfusion", "2024-02-05")])
    earlier = course(visit(), events=[("transfusion", "2024-02-04")])

    assert found.assessments[0].flags == ("transfusion on 2024-02-05, in the 7 days before the counts",)
    assert earlier.assessments[0].flags == ()


# --------------------------------------------------------------------------------------------- MRD


def mrd_of(*samples, **more):
    rows = [
        visit(f"2024-{month:02}-12", **(sample if isinstance(sample, dict) else {"mrd": sample}))
        for month, sample in enumerate(samples, 2)
    ]
    found = course(*rows, **more)
    return [row.extra.get("mrd") for row in found.assessments], found.extra.get("mrd_relapse_date")


def test_one_positive_sample_after_a_negative_one_is_a_possible_mrd_relapse():
    assert mrd_of("negative", "positive") == (["CR MRD-", "possible MRD relapse"], None)


def test_an_mrd_relapse_that_the_next_sample_refutes_is_none():
    assert mrd_of("negative", "positive", "negative") == (["CR MRD-", "CR MRD+", "CR MRD-"], None)


def test_mrd_that_was_never_negative_is_no_relapse():
    assert mrd_of("positive", "positive") == (["CR MRD+", "CR MRD+"], None)


def test_mrd_relapse_is_dated_to_its_first_sample_across_a_visit_without_one():
    labels, dated_on = mrd_of("negative", "positive", "nd", "positive")

    assert labels == ["CR MRD-", "MRD relapse", None, "MRD relapse"]
    assert dated_on == "2024-03-12"


@pytest.mark.parametrize(("rise", "expected"), [("0.09", "CR MRD-LL"), ("0.1", "MRD relapse")])
def test_a_rise_to_ten_times_the_lowest_is_an_mrd_relapse(rise, expected):
    levels = [{"mrd": "low-level", "mrd_pct": level} for level in ("0.01", rise, "0.2")]

    assert mrd_of(*levels)[0][1] == expected


@pytest.mark.parametrize(("level", "expected"), [("0.09", "CR MRD-"), ("0.1", "CR MRD+"), ("<0.1", "CR MRD-")])
def test_flow_is_negative_below_a_tenth_of_a_per_cent(level, expected):
    assert mrd_of({"mrd_pct": level, "mrd_method": "flow"})[0] == [expected]


def test_a_molecular_number_without_a_word_says_neither():
    assert mrd_of({"mrd_pct": "0.01", "mrd_method": "molecular"})[0] == [None]


# --------------------------------------------------------------------------------------- durations


def test_relapse_free_time_is_censored_at_the_last_blood_count():
    found = course(REMISSION, lab_visit("2024-04-12", anc="1.2", plt="140"), lab_visit("2024-06-12", emd="no"))

    assert (found.dor_days, found.dor_censored) == (60, True)


def test_death_in_remission_ends_the_time_and_is_no_relapse():
    found = course(REMISSION, events=[("death", "2024-04-12")])

    assert (found.dor_days, found.dor_censored) == (60, False)
    assert found.progression_on is None
    assert (found.extra["os_days"], found.extra["os_censored"]) == (93, False)


def test_refractory_disease_is_an_event_of_the_first_day():
    found = course(visit(bm_blasts_pct="30"), events=[("response_landmark", "2024-02-12")])

    assert (found.extra["efs_days"], found.extra["efs_censored"]) == (0, False)
    assert found.pfs_days is None


def test_a_new_therapy_closes_the_line_without_ending_the_remission():
    found = course(REMISSION, visit("2024-03-11"), visit("2024-06-12"), new_therapy="2024-04-01")

    assert (found.dor_days, found.dor_censored) == (28, True)
    assert found.episodes[0].ended_on is None


def test_what_is_later_than_the_day_asked_for_is_not_known():
    found = course(
        REMISSION,
        lab_visit("2024-05-06", pb_blasts_pct="2"),
        lab_visit("2024-05-13", pb_blasts_pct="2"),
        as_of="2024-05-12",
    )

    assert found.assessments[-1].overall == "Possible relapse"


# ------------------------------------------------------- several samples, and samples of other days


def samples(on, **values):
    """A visit with several samples of a test: anc=(("0.4", "2024-02-12"), ("1.2", "2024-02-20"))."""
    rows = []
    for name, given in values.items():
        for value, day in given if isinstance(given, tuple) else ((given, on),):
            rows += lab_visit(on, **{name: (value, "", day)}).results
    first = lab_visit(on)
    return first.__class__(first.visit_on, results=tuple(rows))


MARROW_OF_THE_TWELFTH = {"bm_blasts_pct": (("2", "2024-02-12"),), "pb_blasts_pct": (("0", "2024-02-12"),)}


def test_the_day_of_a_visit_whose_counts_show_most_decides_and_dates_the_remission():
    rising = samples("2024-02-26", **MARROW_OF_THE_TWELFTH, anc=(("0.6", "2024-02-12"), ("1.2", "2024-02-20")), plt=(
        ("60", "2024-02-12"), ("120", "2024-02-20"), ("130", "2024-02-26")
    ))  # fmt: skip
    falling = samples(
        "2024-02-26", **MARROW_OF_THE_TWELFTH, anc=(("1.2", "2024-02-12"), ("0.2", "2024-02-24")), plt=(
            ("120", "2024-02-12"), ("30", "2024-02-24")
        )
    )  # fmt: skip

    assert (category(rising), course(rising).response_start) == ("CR", date(2024, 2, 20))
    assert (category(falling), course(falling).response_start) == ("CR", date(2024, 2, 12))


def test_counts_of_different_days_are_not_mixed_into_a_better_one():
    crossing = samples(
        "2024-02-26", **MARROW_OF_THE_TWELFTH, anc=(("1.2", "2024-02-12"), ("0.4", "2024-02-24")), plt=(
            ("30", "2024-02-12"), ("120", "2024-02-24")
        )
    )  # fmt: skip

    assert category(crossing) == "CRi"


@pytest.mark.parametrize(("later", "expected"), [("0", "CR"), ("1", "NR"), ("<1", "NE")])
def test_blasts_in_a_later_blood_sample_of_the_visit_keep_it_from_remission(later, expected):
    both = samples(
        "2024-02-26", bm_blasts_pct=(("2", "2024-02-12"),), anc=(("1.5", "2024-02-12"),), plt=(("150", "2024-02-12"),),
        pb_blasts_pct=(("0", "2024-02-12"), (later, "2024-02-20")),
    )  # fmt: skip
    found = course(both)

    assert expected == found.assessments[0].overall
    assert found.response_start == (date(2024, 2, 12) if expected == "CR" else None)


def test_two_visits_with_blood_complete_one_marrow_together():
    found = course(
        visit(anc=None, plt=None, pb_blasts_pct=None),
        lab_visit("2024-02-15", anc="1.2", pb_blasts_pct="0"),
        lab_visit("2024-02-20", plt="120"),
    )

    assert [row.overall for row in found.assessments] == ["NE", "NE", "CR"]
    assert found.response_start == date(2024, 2, 20)


@pytest.mark.parametrize(("first", "expected"), [("4.9", "CR"), ("5", "Relapse")])
def test_a_relapse_in_the_first_of_two_marrows_of_a_visit_is_not_lost(first, expected):
    both = samples(
        "2024-05-20",
        bm_blasts_pct=((first, "2024-05-06"), ("2", "2024-05-20")),
        pb_blasts_pct="0",
        anc="1.5",
        plt="150",
    )
    found = course(REMISSION, both)

    assert expected == found.assessments[-1].overall
    assert found.progression_on == (date(2024, 5, 6) if expected == "Relapse" else None)


def test_blood_samples_count_by_their_own_days_whatever_visit_they_were_entered_under():
    late = lab_visit("2024-05-20", pb_blasts_pct=("0", "", "2024-05-08"))
    found = course(
        REMISSION,
        samples("2024-05-13", pb_blasts_pct=(("2", "2024-05-06"), ("2", "2024-05-13"))),
        late,
    )

    assert [row.overall for row in found.assessments[1:]] == ["Possible relapse", "NE"]


def test_a_blood_sample_that_cannot_say_is_no_part_of_a_run_of_blasts():
    days = (("2024-05-06", "2"), ("2024-05-09", "<1"), ("2024-05-11", "2"))
    found = course(REMISSION, *(lab_visit(on, pb_blasts_pct=blasts) for on, blasts in days))

    assert [row.overall for row in found.assessments[1:]] == ["Possible relapse", "NE", "Possible relapse"]


def test_an_unusable_marrow_is_no_reference_before_treatment():
    before = lab_visit("2024-01-08", bm_blasts_pct="60", bm_adequate="no")
    row = assess(lab_history(before, visit(bm_blasts_pct="20"), started="2024-01-10"), FAMILY).assessments[0]

    assert row.overall == "NR"
    assert "no marrow before treatment is known, so PR cannot be told from NR" in row.flags


def test_a_marrow_marked_as_inadequate_can_still_show_a_relapse():
    found = course(REMISSION, visit("2024-05-06", bm_blasts_pct="5", bm_adequate="no"))

    assert found.assessments[-1].overall == "Relapse"
    assert "the marrow sample is marked as inadequate; repeat it" in found.assessments[-1].flags
    assert category(REMISSION, visit("2024-05-06", bm_blasts_pct="4.9", bm_adequate="no")) == "NE"


def test_auer_rods_of_a_marrow_are_known_when_later_counts_complete_it():
    found = course(
        visit(anc=None, auer_rods="yes"), lab_visit("2024-02-20", anc="1.2"), settings={"auer_rods_block": "yes"}
    )

    assert [row.overall for row in found.assessments] == ["NE", "NR"]


def test_auer_rods_do_not_keep_a_visit_from_partial_remission():
    assert category(visit(bm_blasts_pct="10", auer_rods="yes"), settings={"auer_rods_block": "yes"}) == "PR"


# -------------------------------------------------------------------------- lines, landmarks and ends


def test_a_remission_first_reached_after_the_landmark_is_given_as_such():
    events = [("response_landmark", "2024-02-01")]
    found = course(visit(anc="0.2", plt="20"), visit("2024-03-11"), events=events)

    assert [row.overall for row in found.assessments] == ["Refractory", "CR"]
    assert (found.response_start, found.best_response) == (date(2024, 3, 11), "CR")
    assert (found.extra["efs_days"], found.extra["efs_censored"]) == (0, False)


def test_the_reason_of_refractory_names_the_level_it_replaced():
    row = course(visit(anc="0.2", plt="20"), events=[("response_landmark", "2024-02-12")]).assessments[0]

    assert "morphologic leukaemia-free state; no CR, CRh or CRi by the landmark of 2024-02-12" in row.because


def test_a_transplant_in_remission_changes_nothing_by_itself():
    plain = course(REMISSION, visit("2024-06-10"))
    grafted = course(REMISSION, visit("2024-06-10"), events=[("transplant", "2024-04-02")])

    assert [row.overall for row in grafted.assessments] == [row.overall for row in plain.assessments]
    assert (grafted.dor_days, grafted.dor_censored) == (plain.dor_days, plain.dor_censored)


def test_the_next_line_has_a_marrow_of_its_own_before_treatment():
    again = lab_history(
        lab_visit("2024-09-02", bm_blasts_pct="30"), visit("2024-10-14", bm_blasts_pct="20"), visit("2024-11-11"),
        started="2024-09-04",
    )  # fmt: skip
    found = assess(again, FAMILY)

    assert [row.overall for row in found.assessments] == ["NR", "CR"]
    assert found.response_start == date(2024, 11, 11)


def test_what_follows_a_new_therapy_is_not_the_best_response_of_the_line():
    found = course(visit(bm_blasts_pct="30"), visit("2024-06-12"), new_therapy="2024-04-01")

    assert found.best_response == "NR"


@pytest.mark.parametrize(("died", "os_days", "censored"), [("2024-04-01", 49, False), ("2024-04-02", 0, True)])
def test_death_ends_the_remission_up_to_the_day_of_a_new_therapy(died, os_days, censored):
    found = course(REMISSION, events=[("death", died)], new_therapy="2024-04-01")

    assert (found.dor_days, found.dor_censored) == (os_days, censored)
    assert found.extra["efs_censored"] is censored


@pytest.mark.parametrize(
    ("on", "is_flagged"), [("2024-02-04", False), ("2024-02-05", True), ("2024-02-12", True), ("2024-02-13", False)]
)
def test_support_counts_in_the_seven_days_up_to_the_counts(on, is_flagged):
    assert bool(course(visit(), events=[("platelet_transfusion", on)]).assessments[0].flags) is is_flagged


def test_auer_rods_are_named_where_they_keep_a_visit_from_remission():
    history = lab_history(BEFORE, visit(auer_rods="yes"))

    assert explain(history, FAMILY, {"auer_rods_block": "yes"}, date(2024, 2, 12)).would_change == (
        "no remission while blasts with Auer rods are seen",
    )
    assert explain(history, FAMILY, None, date(2024, 2, 12)).would_change[0].startswith("not CR with neutrophils")


# ------------------------------------------------------------------------------- MRD and morphology


def test_mrd_that_returns_with_the_leukaemia_itself_is_no_mrd_relapse():
    labels, dated_on = mrd_of(
        "negative", {"mrd": "positive", "bm_blasts_pct": "40"}, {"mrd": "positive", "bm_blasts_pct": "40"}
    )

    assert labels == ["CR MRD-", "MRD+", "MRD+"]
    assert dated_on is None


def test_an_mrd_relapse_may_be_confirmed_by_the_sample_of_the_relapse_itself():
    labels, dated_on = mrd_of("negative", "positive", {"mrd": "positive", "bm_blasts_pct": "40"})

    assert labels == ["CR MRD-", "MRD relapse", "MRD+"]
    assert dated_on == "2024-03-12"


def test_a_rise_is_an_mrd_relapse_only_from_a_low_level():
    rising = [{"mrd": "positive", "mrd_pct": level} for level in ("0.2", "2", "3")]

    assert mrd_of(*rising) == (["CR MRD+"] * 3, None)


# -------------------------------------------------------------------------------------- explanation


def test_every_visit_of_every_case_is_explained():
    for case in CASES:
        history = case.history()
        for row in assess(history, FAMILY, case.settings).assessments:
            told_why = explain(history, FAMILY, case.settings, row.visit_on)
            assert told_why.because == row.because
            assert all(step.label and step.value and step.result for step in told_why.steps)


def test_an_explanation_names_the_values_that_would_change_it():
    history = lab_history(BEFORE, visit(plt="99"))

    assert explain(history, FAMILY, None, date(2024, 2, 12)).would_change == (
        "neutrophils 1.5 and platelets 99 x 10^9/L; CR asks for 1.0 and 100 x 10^9/L",
    )


def test_an_explanation_shows_a_result_as_it_was_read_and_as_it_was_printed():
    history = lab_history(BEFORE, visit(anc=("400", "/uL")))
    steps = {step.label: step.value for step in explain(history, FAMILY, None, date(2024, 2, 12)).steps}

    assert steps["Neutrophils"] == "400 /uL = 0.4 10^9/L on 2024-02-12"
    assert steps["Platelets"] == "150 10^9/L on 2024-02-12"


def test_a_relapse_in_the_marrow_asks_for_no_second_look_at_the_blood():
    found = course(REMISSION, visit("2024-05-06", bm_blasts_pct="30", pb_blasts_pct="5"))
    why = explain(
        lab_history(BEFORE, REMISSION, visit("2024-05-06", bm_blasts_pct="30", pb_blasts_pct="5")), FAMILY, None,
        date(2024, 5, 6),
    )  # fmt: skip

    assert found.assessments[-1].flags == ()
    assert why.would_change == ("not relapse by marrow below 5 %; now 30 %",)


def test_the_baseline_tells_the_marrow_before_treatment():
    told_why = explain(lab_history(BEFORE, REMISSION), FAMILY, None, date(2024, 1, 8))

    assert told_why.steps[0].value == "60 %"


def test_the_next_limits_are_told():
    assert dict(course().thresholds) == {"remission_below_pct": 5, "marrow_partial_to_pct": 25}
    assert dict(course(REMISSION).thresholds) == {"relapse_from_pct": 5}
