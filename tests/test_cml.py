"""CML, ELN 2020: the worked cases, both sides of each threshold, and what cannot be said."""

from datetime import date

import pytest
from labcases import judged, lab_cases, lab_history, lab_visit

from remtrack.fold import assess, check_baseline, explain

FAMILY = "blood-cml-eln-2020"
CASES = list(lab_cases(FAMILY))
START = "2024-01-01"
ENOUGH = "100000"


def sample(on, value, copies=ENOUGH, **more):
    values = {"bcr_abl_is_pct": value, "abl1_copies": copies, **more}
    return lab_visit(on, **{name: told for name, told in values.items() if told is not None})


def course(*visits, settings=None, started=START, **more):
    return assess(lab_history(*visits, started=started, **more), FAMILY, settings)


def level(value, copies=ENOUGH, **more):
    return course(sample("2026-01-05", value, copies, **more)).assessments[0]


def milestone_on(on, value, **more):
    return course(sample(on, value), **more).assessments[0].extra["milestone"]


def told(found, key):
    """Return what a course says under a key of the case file, as the file writes it."""
    if key == "best":
        return found.best_response
    return str(found.extra.get(key, "none"))


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"K{number:02}" for number in range(1, 15)]


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


# ------------------------------------------------------------------------------------------ levels


@pytest.mark.parametrize(
    ("value", "copies", "expected"),
    [
        ("0.001", "100000", "MR5"),
        ("0.0011", "100000", "MR4.5"),
        ("0.001", "99999", "MR4.5"),
        ("0.0032", "32000", "MR4.5"),
        ("0.0033", "32000", "MR4"),
        ("0.0032", "31999", "MR4"),
        ("0.01", "10000", "MR4"),
        ("0.011", "10000", "MR3"),
        ("0.1", "10000", "MR3"),
        ("0.11", "10000", "MR2"),
        ("1", "10000", "MR2"),
        ("1.1", "10000", "MR1"),
        ("10", "10000", "MR1"),
        ("10.1", "10000", ">10%"),
        ("0.001", "9999", "NE"),
        ("50", "9999", "NE"),
        ("undetectable", "9999", "NE"),
        ("undetectable", "100000", "MR5"),
        ("0", "32000", "MR4.5"),
    ],
)
def test_a_level_asks_for_a_value_and_for_control_copies(value, copies, expected):
    assert expected == level(value, copies).overall


@pytest.mark.parametrize(
    ("copies", "expected"),
    [("240000", "MR5"), ("239999", "MR4.5"), ("76999", "MR4"), ("24000", "MR4"), ("23999", "NE")],
)
def test_gusb_is_a_control_gene_with_limits_of_its_own(copies, expected):
    assert expected == level("undetectable", None, gusb_copies=copies).overall


@pytest.mark.parametrize(("value", "expected"), [("0.1", "MR3"), ("0.002", "MR3"), ("0.5", "MR2"), ("20", ">10%")])
def test_without_control_copies_a_value_counts_to_mr3(value, expected):
    row = level(value, None)

    assert expected == row.overall
    assert "control copies missing" in row.flags


def test_without_control_copies_a_deeper_level_is_named_as_undecided():
    assert level("0.002", None).undecided == (
        "nothing is entered for abl1_copies; without control copies it cannot be said how deep 0.002 % is",
    )
    assert level("0.05", None).undecided == ()
    assert level("undetectable", None).undecided == (
        "nothing is entered for abl1_copies; without control copies it cannot be said how deep undetectable is",
    )


@pytest.mark.parametrize(
    ("value", "copies", "expected", "is_decided"),
    [
        ("<0.01", "100000", "MR4", False),
        ("<0.001", "100000", "MR5", True),
        ("<0.01", "10000", "MR4", True),
        (">10", "100000", ">10%", True),
        (">5", "100000", "NE", False),
        ("0.001", ">100000", "MR5", True),
        ("0.001", "<100000", "NE", False),
    ],
)
def test_a_bound_decides_what_it_can_and_the_rest_is_named(value, copies, expected, is_decided):
    row = level(value, copies)

    assert expected == row.overall
    assert (row.undecided == ()) is is_decided


def test_a_value_that_is_not_on_the_scale_is_shown_and_not_rated():
    row = course(lab_visit("2026-01-05", bcr_abl_raw_pct="0.05", abl1_copies=ENOUGH)).assessments[0]

    assert row.overall == "NE"
    assert "BCR::ABL1 0.05 % is not on the International Scale and is not rated" in row.flags


def test_a_fraction_is_converted():
    assert level(("0.001", "fraction")).overall == "MR3"


# -------------------------------------------------------------------------------------- milestones


@pytest.mark.parametrize(
    ("on", "value", "expected"),
    [
        ("2024-03-01", "5", "-"),  # day 60
        ("2024-03-02", "5", "optimal"),  # day 61
        ("2024-05-01", "10", "optimal"),  # day 121
        ("2024-05-01", "10.1", "warning"),
        ("2024-05-02", "5", "-"),
        ("2024-05-31", "1", "-"),  # day 151
        ("2024-06-01", "1", "optimal"),  # day 152
        ("2024-07-31", "1.1", "warning"),  # day 212
        ("2024-07-31", "10", "warning"),
        ("2024-07-31", "10.1", "failure"),
        ("2024-08-01", "1", "-"),
        ("2024-11-30", "0.1", "-"),  # day 334
        ("2024-12-01", "0.1", "optimal"),  # day 335
        ("2024-12-01", "0.11", "warning"),
        ("2024-12-01", "1", "warning"),
        ("2024-12-01", "1.1", "failure"),
        ("2027-12-01", "0.11", "warning"),
    ],
)
def test_each_milestone_has_its_window_and_its_limits(on, value, expected):
    assert expected == milestone_on(on, value)


def test_the_window_is_a_setting():
    assert milestone_on("2024-03-01", "5", settings={"milestone_window_days": "31"}) == "optimal"


@pytest.mark.parametrize(
    ("second", "expected"),
    [("2024-04-30", "warning"), ("2024-05-01", "failure"), ("2024-07-02", "failure"), ("2024-07-03", "warning")],
)
def test_more_than_ten_per_cent_at_three_months_is_a_failure_when_seen_again_in_time(second, expected):
    found = course(sample("2024-04-01", "15"), sample(second, "11"))

    assert expected == found.assessments[0].extra["milestone"]


def test_a_sample_at_ten_per_cent_between_refutes_the_failure():
    found = course(sample("2024-04-01", "15"), sample("2024-04-20", "10"), sample("2024-06-01", "15"))

    assert found.assessments[0].extra["milestone"] == "warning"


@pytest.mark.parametrize("what", ["resistance_mutation", "high_risk_aca"])
def test_a_mutation_or_abnormality_is_a_failure_on_any_day(what):
    found = course(sample("2024-02-01", "5", **{what: "yes"}), sample("2024-03-25", None, None, **{what: "yes"}))

    assert [row.extra["milestone"] for row in found.assessments] == ["failure", "failure"]


def test_before_the_start_high_risk_is_a_warning():
    assert course(sample("2024-01-01", "60", elts_high="yes")).assessments[0].extra["milestone"] == "warning"
    assert course(sample("2023-12-20", "60", high_risk_aca="yes")).assessments[0].extra["milestone"] == "warning"
    assert course(sample("2024-01-02", "60", elts_high="yes")).assessments[0].extra["milestone"] == "-"


def test_without_the_day_of_the_start_there_is_no_milestone():
    row = course(sample("2024-04-01", "5"), started="").assessments[0]

    assert row.extra["milestone"] == "-"
    assert "no milestone: the start of treatment is not known" in row.flags
    assert [problem.rule for problem in check_baseline(lab_history(sample("2024-04-01", "5")), FAMILY)] == ["no-start"]


def test_a_bound_that_decides_no_milestone_is_named():
    row = course(sample("2024-12-31", "<0.5")).assessments[0]

    assert row.extra["milestone"] == "-"
    assert "bcr_abl_is_pct <0.5 does not say how deep it is; an exact value would" in row.undecided


# ------------------------------------------------------------------------------ held, lost, regained


def test_loss_of_mr3_is_told_and_a_second_response_counted():
    found = course(*(sample(f"2025-{month:02}-01", value) for month, value in ((1, "0.05"), (4, "0.2"), (7, "0.08"))))

    assert [(row.began_on.month, row.ended_on and row.ended_on.month) for row in found.episodes] == [(1, 4), (7, None)]
    assert "loss of MR3; confirm with a second sample" in found.assessments[1].flags
    assert (found.dor_days, found.dor_censored) == (90, False)


def test_loss_of_mr3_may_need_a_second_sample():
    once = course(
        sample("2025-01-01", "0.05"), sample("2025-04-01", "0.2"), sample("2025-07-01", "0.08"),
        settings={"mr3_loss_confirm": "yes"},
    )  # fmt: skip
    twice = course(
        sample("2025-01-01", "0.05"), sample("2025-04-01", "0.2"), sample("2025-07-01", "0.3"),
        settings={"mr3_loss_confirm": "yes"},
    )  # fmt: skip

    assert [row.reported for row in once.assessments] == ["MR3", "MR3", "MR3"]
    assert "mr3_lost" not in once.extra
    assert [row.reported for row in twice.assessments] == ["MR3", "MR2", "MR2"]
    assert twice.extra["mr3_lost"] == "2025-04-01"


def test_a_sample_short_of_copies_neither_starts_nor_ends_a_level():
    found = course(
        sample("2025-01-01", "0.008"), sample("2025-04-01", "0.5", "9000"), sample("2025-07-01", "0.005", None),
        sample("2025-10-01", "0.009"),
    )  # fmt: skip

    assert (found.extra["mr4_start"], found.extra["mr4_days"]) == ("2025-01-01", 273)
    assert "mr4_lost" not in found.extra
    assert len(found.episodes) == 1


@pytest.mark.parametrize(
    ("value", "last", "expected"),
    [
        ("0.01", "2027-01-01", None),
        ("0.01", "2027-01-02", "more than 2 years of MR4"),
        ("0.01", "2028-01-02", "more than 3 years of MR4 or 2 years of MR4.5"),
        ("0.003", "2027-01-02", "more than 3 years of MR4 or 2 years of MR4.5"),
    ],
)
def test_a_sustained_deep_response_is_told(value, last, expected):
    assert expected == course(sample("2025-01-01", value), sample(last, value)).extra.get("sustained_dmr")


# ------------------------------------------------------------------------- treatment-free remission


def free(*samples, events=(), stopped="2028-01-10", first="0.005"):
    found = course(
        sample("2028-01-03", first), *(sample(on, value) for on, value in samples), stopped=stopped, events=events
    )
    return [row.extra["milestone"] for row in found.assessments], found.extra


@pytest.mark.parametrize(("value", "expected"), [("0.1", "tfr-ongoing"), ("0.11", "tfr-lost")])
def test_treatment_free_remission_ends_above_a_tenth_of_a_per_cent(value, expected):
    assert free(("2028-04-10", value))[0] == ["optimal", expected]


def test_a_lost_treatment_free_remission_stays_lost_until_treatment_begins_again():
    rows = (("2028-04-10", "0.2"), ("2028-07-10", "0.08"), ("2028-10-10", "0.05"))
    labels, extra = free(*rows, events=[("treatment_restart", "2028-08-01")])

    assert labels == ["optimal", "tfr-lost", "tfr-lost", "optimal"]
    assert (extra["tfr_start"], extra["tfr_lost"], extra["tfr_days"]) == ("2028-01-10", "2028-04-10", 91)


def test_a_stop_outside_deep_response_has_no_words_of_treatment_free_remission():
    labels, extra = free(("2028-04-10", "0.2"), first="0.05")

    assert labels == ["optimal", "warning"]
    assert "tfr_start" not in extra


def test_a_sample_of_the_day_of_the_stop_is_still_on_treatment():
    assert free(("2028-01-10", "0.2"))[0] == ["optimal", "warning"]


def test_a_sample_of_the_day_of_the_restart_is_still_without_treatment():
    rows = (("2028-04-10", "0.2"), ("2028-08-01", "0.05"), ("2028-08-02", "0.05"))

    assert free(*rows, events=[("treatment_restart", "2028-08-01")])[0][1:] == ["tfr-lost", "tfr-lost", "optimal"]


def test_each_stop_has_its_own_restart():
    events = [
        ("treatment_restart", "2028-08-01"),
        ("treatment_stop", "2029-08-01"),
        ("treatment_restart", "2030-08-01"),
    ]
    rows = (("2028-04-10", "0.2"), ("2029-01-10", "0.005"), ("2029-12-10", "0.02"), ("2030-12-10", "0.02"))
    labels, extra = free(*rows, events=events)

    assert labels[1:] == ["tfr-lost", "optimal", "tfr-ongoing", "optimal"]
    assert (extra["tfr_start"], "tfr_lost" in extra) == ("2029-08-01", False)


@pytest.mark.parametrize(("value", "is_flagged"), [("0.1", False), ("0.11", True)])
def test_loss_of_mr3_is_flagged_above_a_tenth_of_a_per_cent(value, is_flagged):
    flags = course(sample("2025-01-01", "0.05"), sample("2025-04-01", value)).assessments[1].flags

    assert ("loss of MR3; confirm with a second sample" in flags) is is_flagged


@pytest.mark.parametrize(("value", "lost"), [("0.01", None), ("0.011", "2026-01-01")])
def test_a_deep_response_is_lost_above_a_hundredth_of_a_per_cent(value, lost):
    found = course(sample("2025-01-01", "0.005"), sample("2026-01-01", value))

    assert found.extra["complete_spans"] == {"2025-01-01": ["2025-01-01", lost]}
    assert found.extra.get("mr4_lost") == lost


# -------------------------------------------------------------------------------------- side scales


CHR = {"wbc": "9.9", "plt": "449", "basophils_pct": "4.9", "immature": "no", "spleen_palpable": "no"}


def side(**values):
    row = course(
        lab_visit("2024-02-26", **{name: told for name, told in values.items() if told is not None})
    ).assessments[0]
    return row.extra


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "yes"),
        ({"wbc": "10"}, "no"),
        ({"plt": "450"}, "no"),
        ({"basophils_pct": "5"}, "no"),
        ({"immature": "yes"}, "no"),
        ({"spleen_palpable": "yes"}, "no"),
        ({"wbc": ("9900", "/uL")}, "yes"),
        ({"wbc": None}, "NE"),
        ({"wbc": None, "plt": "500"}, "no"),
        ({"basophils_pct": "<8"}, "NE"),
    ],
)
def test_the_haematologic_response_asks_for_all_five(changed, expected):
    assert expected == side(**{**CHR, **changed})["chr"]


@pytest.mark.parametrize(
    ("positive", "counted", "expected"),
    [
        ("0", "20", "CCyR"),
        ("0", "19", "NE"),
        ("1", "100", "PCyR"),
        ("35", "100", "PCyR"),
        ("36", "100", "minor"),
        ("65", "100", "minor"),
        ("66", "100", "minimal"),
        ("95", "100", "minimal"),
        ("96", "100", "none"),
        ("21", "20", "NE"),
        (None, "20", "NE"),
    ],
)
def test_the_cytogenetic_response_is_a_share_of_twenty_metaphases_or_more(positive, counted, expected):
    assert expected == side(ph_pos=positive, metaphases=counted)["cyto"]


def test_a_side_scale_that_was_not_looked_at_is_not_there():
    assert set(side(bcr_abl_is_pct="1", abl1_copies=ENOUGH)) == {"milestone"}


@pytest.mark.parametrize(("printed", "expected"), [(">=20", "CCyR"), ("<30", "NE"), ("20", "CCyR")])
def test_metaphases_printed_as_a_bound_must_surely_be_twenty(printed, expected):
    assert expected == side(ph_pos="0", metaphases=printed)["cyto"]


@pytest.mark.parametrize(("first", "is_flagged"), [("0.005", False), ("0.05", True)])
def test_a_stop_that_is_not_known_to_be_in_deep_response_is_a_remark(first, is_flagged):
    found = course(sample("2028-01-03", first), sample("2028-04-10", "0.05"), stopped="2028-01-10")
    told = "treatment stopped on 2028-01-10, not known to be in deep molecular response"

    assert (told in found.assessments[1].flags) is is_flagged
    assert told not in found.assessments[0].flags


# -------------------------------------------------------------------------------------- progression


def test_progression_is_entered_and_overrides_everything():
    found = course(sample("2025-01-01", "0.05"), sample("2025-04-01", "0.05"), events=[("progression", "2025-03-15")])

    assert [row.overall for row in found.assessments] == ["MR3", "Progression"]
    assert found.assessments[1].extra["milestone"] == "progression"
    assert (found.progression_on, found.episodes[0].ended_on) == (date(2025, 3, 15), date(2025, 3, 15))


def test_progression_after_the_last_sample_ends_the_response_too():
    found = course(sample("2025-01-01", "0.05"), events=[("progression", "2025-03-15")])

    assert (found.progression_on, found.pfs_days, found.pfs_censored) == (date(2025, 3, 15), 439, False)
    assert (found.episodes[0].ended_on, found.episodes[0].ended_by) == (date(2025, 3, 15), "Progression")
    assert (found.dor_days, found.dor_censored) == (73, False)


# ------------------------------------------------------- several samples, and samples of other days


def several(on, *given):
    """A visit with several molecular samples: (value, copies or None, day)."""
    rows = []
    for value, copies, day in given:
        rows += lab_visit(on, bcr_abl_is_pct=(value, "", day)).results
        if copies is not None:
            rows += lab_visit(on, abl1_copies=(copies, "", day)).results
    first = lab_visit(on)
    return first.__class__(first.visit_on, results=tuple(rows))


def test_control_copies_belong_to_the_sample_of_their_day():
    row = several("2026-01-20", ("0.2", "100000", "2026-01-05"), ("0.005", None, "2026-01-20"))

    assert course(row).assessments[0].overall == "MR3"
    assert "control copies missing" in course(row).assessments[0].flags


def test_control_copies_entered_for_another_day_belong_to_the_only_sample_of_the_visit():
    row = lab_visit("2026-01-20", bcr_abl_is_pct=("0.005", "", "2026-01-05"), abl1_copies="20000")

    assert course(row).assessments[0].overall == "MR4"


def test_every_sample_of_a_visit_counts_for_the_loss_of_treatment_free_remission():
    rows = (sample("2028-01-03", "0.005"), several(
        "2028-06-30", ("0.12", ENOUGH, "2028-05-30"), ("0.09", ENOUGH, "2028-06-30")
    ))  # fmt: skip
    found = course(*rows, stopped="2028-01-10")

    assert found.assessments[1].overall == "MR3"
    assert found.assessments[1].extra["milestone"] == "tfr-lost"
    assert (found.extra["tfr_lost"], found.extra["mr3_lost"]) == ("2028-05-30", "2028-05-30")


def test_a_confirming_sample_counts_by_its_own_day():
    found = course(
        sample("2024-04-01", "15"), sample("2024-06-10", "8"),
        several("2024-06-20", ("12", ENOUGH, "2024-05-20")),
    )  # fmt: skip

    assert found.assessments[0].extra["milestone"] == "failure"


def test_a_sample_taken_before_its_visit_is_counted_from_its_own_day():
    row = lab_visit("2024-05-10", bcr_abl_is_pct=("8", "", "2024-05-01"), abl1_copies=(ENOUGH, "", "2024-05-01"))

    assert course(row).assessments[0].extra["milestone"] == "optimal"
    assert milestone_on("2024-05-10", "8") == "-"


# ------------------------------------------------------------------------------- bounds and the unknown


@pytest.mark.parametrize(
    ("printed", "ended", "reported"),
    [("<0.5", None, "NE"), ("<0.1", None, "MR3"), (">0.1", None, "NE"), ("0.11", date(2025, 4, 1), "MR2")],
)
def test_a_response_ends_only_with_a_sample_that_is_surely_above_the_limit(printed, ended, reported):
    found = course(sample("2025-01-01", "0.05"), sample("2025-04-01", printed))

    assert ended == found.episodes[0].ended_on
    assert reported == found.assessments[1].reported
    assert ("mr3_lost" in found.extra) is (ended is not None)


def test_a_sample_that_cannot_say_whether_mr3_is_held_is_no_evidence_that_it_is():
    found = course(sample("2025-01-01", "0.05"), sample("2025-04-01", "<0.5"))

    assert found.episodes[0].lasted_month == "not yet"
    assert found.assessments[1].overall == "MR2"
    assert found.assessments[1].undecided[0] == "bcr_abl_is_pct <0.5 does not say how deep it is; an exact value would"


def test_a_bound_at_a_milestone_is_said_to_decide_nothing_instead_of_no_milestone():
    row = course(sample("2024-12-31", "<0.5")).assessments[0]
    milestone = next(finding for finding in row.findings if finding.part == "milestone")

    assert milestone.because == "<0.5 % on day 365 does not decide the milestone; an exact value would"


@pytest.mark.parametrize("what", ["high_risk_aca", "resistance_mutation"])
def test_without_the_day_of_the_start_high_risk_is_neither_before_nor_after_it(what):
    row = course(sample("2024-04-01", "60", **{what: "yes"}), started="").assessments[0]

    assert row.extra["milestone"] == "-"
    assert f"the start of treatment is not known, so it cannot be said whether {what} is a failure" in row.undecided
    assert not any("before the start" in flag for flag in row.flags)


# ------------------------------------------------------------------------------------ change of drug


def test_a_stop_for_another_drug_is_no_treatment_free_remission():
    changed = course(sample("2028-01-03", "0.005"), stopped="2028-01-10", new_therapy="2028-01-12")
    stopped = course(sample("2028-01-03", "0.005"), stopped="2028-01-10")

    assert "tfr_start" not in changed.extra
    assert (stopped.extra["tfr_start"], stopped.extra["tfr_days"]) == ("2028-01-10", 0)


def test_a_treatment_free_remission_that_was_looked_at_stays_told_after_a_new_drug():
    found = course(
        sample("2028-01-03", "0.005"), sample("2028-04-10", "0.02"), stopped="2028-01-10", new_therapy="2028-05-01"
    )

    assert (found.extra["tfr_start"], found.extra["tfr_days"]) == ("2028-01-10", 91)


def test_a_deep_response_that_was_lost_does_not_go_on_to_its_anniversaries():
    found = course(sample("2025-01-01", "0.005"), sample("2026-01-01", "0.02"), sample("2027-01-01", "0.008"))
    held = course(sample("2025-01-01", "0.005"), sample("2026-01-01", "0.009"))

    assert found.extra["complete_spans"] == {"2025-01-01": ["2027-01-01", None]}
    assert held.extra["complete_spans"] == {"2025-01-01": ["2025-01-01", None]}
    short = course(sample("2025-01-01", "0.005"), sample("2026-01-01", "0.005", None), sample("2027-01-01", "0.005"))
    assert short.extra["complete_spans"] == {"2025-01-01": ["2025-01-01", None]}
    lost = course(sample("2025-01-01", "0.005"), sample("2026-01-01", "0.02"))
    assert lost.extra["complete_spans"] == {"2025-01-01": ["2025-01-01", "2026-01-01"]}


# -------------------------------------------------------------------------------------- explanation


def test_every_visit_of_every_case_is_explained():
    for case in CASES:
        history = case.history()
        for row in assess(history, FAMILY, case.settings).assessments:
            why = explain(history, FAMILY, case.settings, row.visit_on)
            assert why.because == row.because
            assert all(step.label and step.value and step.result for step in why.steps)


def test_an_explanation_names_the_next_level():
    why = explain(lab_history(sample("2026-01-05", "0.05", "40000"), started=START), FAMILY, None, date(2026, 1, 5))

    assert why.would_change == (
        "MR4 at 0.01 % or less with 10000 ABL1 copies or more; now 0.05 % in 40000 ABL1 copies",
        "not MR3 above 0.1 %; now 0.05 %",
        "before a planned stop, Hochhaus 2020 calls 0.01 % or less optimal; now 0.05 %",
    )


def test_the_next_limits_are_told():
    found = course(sample("2026-01-05", "0.05"))

    assert [(name, str(value)) for name, value in found.thresholds] == [
        ("mr3_lost_above_pct", "0.1"),
        ("mr4_to_pct", "0.01"),
    ]
