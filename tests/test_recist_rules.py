"""
The rules of RECIST 1.1, one by one: both sides of each threshold, and the cases the tables do not draw.

Sizes are in mm, days count from the baseline.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from histories import BASELINE, judged, last, lesion, line, overall, reported, scan

from remtrack.criteria import load_family
from remtrack.criteria.base import parse_settings
from remtrack.errors import UsageError
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Line, Measurement

# ------------------------------------------------------------------------------------ target lesions


@pytest.mark.parametrize(("size", "expected"), [("70.1", "SD"), ("70", "PR"), ("69.9", "PR")])
def test_thirty_per_cent_below_the_baseline_is_pr(size, expected):
    assert [expected] == overall(scan(0, L1=100), scan(60, L1=size))


def test_a_third_that_floats_get_wrong_is_pr():
    """9.8 of 14.0 mm is exactly 70 %."""
    assert overall(scan(0, L1="14.0"), scan(60, L1="9.8")) == ["PR"]


@pytest.mark.parametrize(("size", "expected"), [("119.9", "SD"), ("120", "PD"), ("120.1", "PD")])
def test_twenty_per_cent_over_the_nadir_is_pd(size, expected):
    assert [expected] == overall(scan(0, L1=100), scan(60, L1=size))


@pytest.mark.parametrize(("size", "expected"), [("24.9", "SD"), ("25", "PD"), ("25.1", "PD")])
def test_growth_under_five_mm_is_never_pd(size, expected):
    assert [expected] == overall(scan(0, L1=20), scan(60, L1=size))


@pytest.mark.parametrize(("least", "expected"), [("0", "PD"), ("4.9", "PD"), ("5", "SD"), ("6.5", "SD")])
def test_the_five_mm_are_a_setting(least, expected):
    assert [expected] == overall(scan(0, L1=20), scan(60, L1="24.9"), settings={"min_abs_increase_mm": least})


def test_growth_counts_from_the_smallest_sum_and_shrinkage_from_the_baseline():
    assert overall(scan(0, L1=100), scan(60, L1=50), scan(120, L1=59), scan(180, L1=60)) == ["PR", "PR", "PD"]


def test_the_visit_itself_is_no_nadir_of_its_own():
    course = judged(scan(0, L1=100), scan(60, L1=50), scan(120, L1=40))

    assert [Decimal(100), Decimal(50)] == [row.nadir_sum_mm for row in course.assessments]
    assert BASELINE + timedelta(days=120) == course.nadir_on


def test_the_first_of_equal_sums_dates_the_nadir():
    assert BASELINE + timedelta(days=60) == judged(scan(0, L1=50), scan(60, L1=40), scan(120, L1=40)).nadir_on


@pytest.mark.parametrize(("axis", "expected"), [("9.9", "CR"), ("10", "PR")])
def test_a_node_under_ten_mm_is_of_normal_size(axis, expected):
    assert [expected] == overall(scan(0, G1=20), scan(60, G1=axis))


def test_nodes_add_to_the_sum_what_they_measure_at_a_complete_response():
    answer = last(scan(0, L1=30, G1=20), scan(60, L1=0, G1=8))

    assert ("CR", Decimal(8)) == (answer.overall, answer.sum_mm)


def test_normal_nodes_that_have_grown_by_twenty_per_cent_are_still_cr():
    assert overall(scan(0, G1=20, G2=20), scan(60, G1=4, G2=4), scan(120, G1=9, G2="9.9")) == ["CR", "CR"]


def test_a_lesion_that_is_absent_and_one_of_zero_mm_are_the_same():
    assert overall(scan(0, L1=30), scan(60, L1="absent")) == overall(scan(0, L1=30), scan(60, L1=0)) == ["CR"]


def test_an_absent_node_counts_zero():
    assert Decimal(0) == last(scan(0, G1=20), scan(60, G1="absent")).sum_mm


def test_an_absent_node_with_a_short_axis_counts_that_axis():
    row = Measurement("G1", "absent", short_mm=Decimal(8))

    assert Decimal(8) == last(scan(0, G1=20), scan(60, G1=row)).sum_mm


def test_too_small_to_measure_counts_five_mm():
    answer = last(scan(0, L1=12, L2=28), scan(60, L1="too_small", L2=24))

    assert ("SD", Decimal(29)) == (answer.overall, answer.sum_mm)


def test_a_size_measured_all_the_same_counts_even_under_five_mm():
    assert Decimal(27) == last(scan(0, L1=12, L2=28), scan(60, L1="3 too_small", L2=24)).sum_mm


def test_a_node_too_small_to_measure_counts_five_mm_and_is_normal():
    answer = last(scan(0, G1=20), scan(60, G1="too_small"))

    assert ("CR", Decimal(5)) == (answer.overall, answer.sum_mm)


def test_a_faint_remnant_of_an_organ_lesion_is_not_cr():
    assert overall(scan(0, L1=30), scan(60, L1="too_small")) == ["PR"]


def test_from_a_nadir_of_zero_five_mm_decide_alone():
    readings = [scan(0, L1=20, X1="present"), scan(60, L1=0, X1="present")]

    assert overall(*readings, scan(120, L1="4.9", X1="present")) == ["PR", "PR"]
    assert overall(*readings, scan(120, L1=5, X1="present")) == ["PR", "PD"]


def test_the_change_from_a_nadir_of_zero_has_no_number():
    answer = last(scan(0, L1=20, X1="present"), scan(60, L1=0, X1="present"), scan(120, L1=4, X1="present"))

    assert Decimal("Infinity") == answer.change_from_nadir_pct
    assert Decimal(4) == answer.change_from_nadir_mm


def test_from_zero_to_zero_there_is_no_change_in_per_cent():
    assert last(scan(0, L1=20), scan(60, L1=0), scan(120, L1=0)).change_from_nadir_pct is None


def test_percentages_are_not_rounded():
    assert Decimal(-41) - Decimal("0.25") == last(scan(0, L1=80), scan(60, L1=47)).change_from_baseline_pct


# ------------------------------------------------------------------------------ what was not assessed


def test_a_target_with_nothing_entered_makes_the_visit_ne_and_is_named():
    answer = last(scan(0, L1=30, L2=20), scan(60, L1=10))

    assert (answer.overall, answer.sum_mm, answer.sum_complete) == ("NE", None, False)
    assert answer.undecided == ("nothing is entered for L2",)


def test_a_target_that_was_not_assessed_is_named_with_its_reason():
    row = Measurement("L2", "not_assessed", reason="movement")

    assert last(scan(0, L1=30, L2=20), scan(60, L1=10, L2=row)).undecided == ("L2 was not assessed (movement)",)


@pytest.mark.parametrize(("size", "expected"), [("59.9", "NE"), ("60", "PD")])
def test_what_was_assessed_can_prove_pd_alone(size, expected):
    assert [expected] == overall(scan(0, L1=30, L2=20), scan(60, L1=size, L2="not_assessed"))


def test_a_visit_with_a_missing_target_is_no_nadir():
    course = judged(scan(0, L1=30, L2=20), scan(60, L1=10, L2="not_assessed"), scan(120, L1=29, L2=20))

    assert [row.overall for row in course.assessments] == ["NE", "SD"]
    assert Decimal(50) == course.assessments[-1].nadir_sum_mm


def test_a_node_with_only_a_longest_diameter_has_no_size():
    row = Measurement("G1", "measured", longest_mm=Decimal(12))

    assert last(scan(0, G1=20), scan(60, G1=row)).undecided == ("G1 has no short axis",)


def test_the_short_axis_of_an_organ_lesion_is_not_its_size():
    row = Measurement("L1", "measured", short_mm=Decimal(12))

    assert last(scan(0, L1=20), scan(60, L1=row)).undecided == ("L1 has no longest diameter",)


def test_absent_with_a_size_is_a_contradiction_and_not_zero():
    row = Measurement("L1", "absent", longest_mm=Decimal(12))

    assert overall(scan(0, L1=20), scan(60, L1=row)) == ["NE"]


def test_a_target_without_a_size_at_the_baseline_leaves_pr_and_sd_undecided():
    course = judged(scan(0, L1=50, L2="not_assessed"), scan(60, L1=20, L2=10), scan(120, L1=22, L2=10))

    assert [row.overall for row in course.assessments] == ["NE", "NE"]
    assert course.assessments[0].undecided == ("L2 has no size at the baseline",)
    assert course.baseline_value is None


def test_a_target_without_a_size_at_the_baseline_leaves_cr_possible():
    assert overall(scan(0, L1=50, L2="not_assessed"), scan(60, L1=0, L2=0)) == ["CR"]


def test_a_target_without_a_size_at_the_baseline_leaves_pd_to_a_later_nadir():
    scans = [scan(0, L1=50, L2="not_assessed"), scan(60, L1=20, L2=10)]

    assert overall(*scans, scan(120, L1="25.9", L2=10)) == ["NE", "NE"]
    assert overall(*scans, scan(120, L1=26, L2=10)) == ["NE", "PD"]


def test_a_target_first_read_after_the_baseline_leaves_pr_and_sd_undecided():
    assert overall(scan(0, L1=50), scan(60, L1=30), scan(120, L1=30, L2=14)) == ["NE", "NE"]


def test_a_target_that_was_never_read_is_missing():
    assert overall(scan(0, L1=50), scan(60, L1=30), lesions=[lesion("L2")]) == ["NE"]


def test_a_target_that_was_first_read_after_the_day_asked_about_is_not_known_then():
    visits = (scan(0, L1=50), scan(60, L1=30), scan(120, L1=30, L2=14))

    assert overall(*visits, as_of=60) == ["PR"]


def test_a_lesion_without_a_role_in_the_line_is_not_judged():
    history = line(scan(0, L1=50), scan(60, L1=50))
    extra = Measurement("Z9", "measured", longest_mm=Decimal(80))
    later = scan(60, L1=50, L2=extra)
    history = History("P01", lesions=history.lesions[:1], visits=(history.visits[0], later))

    assert [row.overall for row in assess(history).assessments] == ["SD"]


# ---------------------------------------------------------------------- split, merged and treated lesions


def test_fragments_are_added_up():
    assert Decimal(32) == last(scan(0, L1=50), scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")).sum_mm


def test_what_is_left_under_the_first_name_adds_to_its_fragments():
    assert Decimal(32) == last(scan(0, L1=50), scan(60, L1=20, L1_2="12 fragment_of:L1")).sum_mm


def test_a_fragment_is_read_as_one_later_without_saying_so_again():
    split = scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")

    assert Decimal(20) == last(scan(0, L1=50), split, scan(120, L1_1=20, L1_2="absent")).sum_mm


def test_a_fragment_that_was_not_read_leaves_its_lesion_without_a_size():
    split = scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")
    answer = last(scan(0, L1=50), split, scan(120, L1_1="18 fragment_of:L1"))

    assert (answer.overall, answer.undecided) == ("NE", ("nothing is entered for L1.2",))


def test_a_lesion_measured_as_one_again_needs_no_fragments():
    split = scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")

    assert Decimal(30) == last(scan(0, L1=50), split, scan(120, L1=30)).sum_mm


def test_a_split_lesion_with_nothing_entered_is_missing():
    split = scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")

    assert overall(scan(0, L1=50), split, scan(120)) == ["PR", "NE"]


def test_a_fragment_is_never_a_new_lesion_whatever_role_it_was_given():
    as_new = lesion("L1.2", role="new", kind="nonnodal")

    assert overall(scan(0, L1=50), scan(60, L1=35, L1_2="10 fragment_of:L1"), lesions=[as_new]) == ["SD"]


def test_a_fragment_of_a_fragment_belongs_to_the_first_lesion():
    first = scan(60, L1_1="20 fragment_of:L1", L1_2="12 fragment_of:L1")
    second = scan(120, L1_1="20 fragment_of:L1", L1_2="6 fragment_of:L1", L1_3="5 fragment_of:L1.2")

    assert Decimal(31) == last(scan(0, L1=50), first, second).sum_mm


def test_the_fragments_of_a_node_count_together():
    split = scan(60, G1_1="6 fragment_of:G1", G1_2="6 fragment_of:G1")

    assert overall(scan(0, G1=30), split) == ["PR"]


def test_a_lesion_that_merged_counts_zero_and_the_mass_once():
    answer = last(scan(0, L1=20, L2=25), scan(60, L1=40, L2="merged_into:L1"))

    assert (Decimal(40), True) == (answer.sum_mm, answer.sum_complete)


def test_a_merged_mass_that_is_gone_is_cr():
    assert overall(scan(0, L1=20, L2=25), scan(60, L1="absent", L2="merged_into:L1")) == ["CR"]


def test_a_mass_under_a_name_of_its_own_is_measured_and_not_new():
    mass = lesion("N9", role="new", kind="nonnodal")
    merged = scan(60, L1="merged_into:N9", L2="merged_into:N9", N9=40)
    answer = last(scan(0, L1=20, L2=25), merged, lesions=[mass])

    assert ("SD", Decimal(40), "no") == (answer.overall, answer.sum_mm, answer.part("new_lesion"))


def test_a_new_lesion_that_a_target_grows_into_stays_new():
    merged = scan(120, L1="merged_into:N1", N1=40)

    assert overall(scan(0, L1=20), scan(60, L1=20, N1="unequivocal"), merged) == ["PD", "PD"]


def test_a_lesion_merged_into_something_that_is_not_measured_is_missing():
    answer = last(scan(0, L1=20, L2=25), scan(60, L1=20, L2="merged_into:Z1"))

    assert (answer.overall, answer.undecided) == ("NE", ("L2 merged into Z1, which is not measured in this line",))


def test_lesions_merged_in_a_circle_are_missing_and_not_gone():
    assert overall(scan(0, L1=20, L2=25), scan(60, L1="merged_into:L2", L2="merged_into:L1")) == ["NE"]


def test_a_lesion_that_merged_earlier_is_entered_again_each_time():
    merged = scan(60, L1=40, L2="merged_into:L1")

    assert overall(scan(0, L1=20, L2=25), merged, scan(120, L1=40)) == ["SD", "NE"]


def test_a_treated_target_is_missing_from_then_on_whatever_is_entered_later():
    treated = scan(60, L1="treated_locally", L2=20)
    answer = last(scan(0, L1=30, L2=20), treated, scan(120, L1=5, L2=20))

    assert (answer.overall, answer.undecided) == ("NE", ("L1 was treated locally",))


def test_the_lesions_beside_a_treated_target_can_prove_pd():
    treated = scan(60, L1="treated_locally", L2=20)

    assert overall(scan(0, L1=30, L2=20), treated, scan(120, L1="treated_locally", L2=60)) == ["NE", "PD"]


# ------------------------------------------------------------------------------- non-target lesions


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("present", "Non-CR/Non-PD"),
        ("increased", "Non-CR/Non-PD"),
        ("absent", "CR"),
        ("unequivocal_pd", "PD"),
        ("not_assessed", "NE"),
        ("treated_locally", "NE"),
        ("too_small", "Non-CR/Non-PD"),
        (7, "Non-CR/Non-PD"),
        (0, "CR"),
        ("disproved", "NE"),
    ],
)
def test_what_is_said_of_a_non_target_decides_its_part(said, expected):
    assert expected == last(scan(0, L1=50, X1="present"), scan(60, L1=50, X1=said)).part("nontarget")


@pytest.mark.parametrize(("axis", "expected"), [("9.9", "CR"), ("10", "Non-CR/Non-PD"), ("too_small", "CR")])
def test_a_non_target_node_is_absent_under_ten_mm(axis, expected):
    assert expected == last(scan(0, L1=50, Y1=12), scan(60, L1=50, Y1=axis)).part("nontarget")


def test_a_non_target_node_with_a_longest_diameter_under_ten_mm_is_absent():
    row = Measurement("Y1", "measured", longest_mm=Decimal(9))

    assert last(scan(0, L1=50, Y1=12), scan(60, L1=50, Y1=row)).part("nontarget") == "CR"


def test_a_non_target_node_with_only_a_longer_diameter_cannot_be_rated():
    row = Measurement("Y1", "measured", longest_mm=Decimal(14))

    assert last(scan(0, L1=50, Y1=12), scan(60, L1=50, Y1=row)).undecided == ("Y1 has no short axis",)


def test_unequivocal_progression_counts_even_when_another_non_target_was_not_assessed():
    readings = {"X1": "unequivocal_pd", "X2": "not_assessed"}

    assert overall(scan(0, L1=50, X1="present", X2="present"), scan(60, L1=50, **readings)) == ["PD"]


def test_growth_of_a_measured_non_target_is_never_taken_for_progression():
    assert overall(scan(0, L1=50, X1=10), scan(60, L1=50, X1=90)) == ["SD"]


def test_target_cr_with_a_non_target_left_is_pr():
    assert overall(scan(0, L1=50, X1="present"), scan(60, L1=0, X1="present")) == ["PR"]


def test_target_cr_with_a_non_target_not_assessed_is_pr_and_says_what_cr_would_need():
    answer = last(scan(0, L1=50, X1="present"), scan(60, L1=0))

    assert (answer.overall, answer.undecided) == ("PR", ("nothing is entered for X1",))


def test_a_marker_that_was_normal_at_the_baseline_is_not_followed():
    assert overall(scan(0, L1=50, MK1="absent"), scan(60, L1=0, MK1="present")) == ["CR"]


def test_the_parts_of_a_split_non_target_stand_for_it():
    split = scan(60, L1=50, X1_1="5 fragment_of:X1", X1_2="6 fragment_of:X1")

    assert last(scan(0, L1=50, X1="present"), split).part("nontarget") == "Non-CR/Non-PD"
    assert last(scan(0, L1=50, X1="present"), split, scan(120, L1=50, X1_1=0, X1_2=0)).part("nontarget") == "CR"


@pytest.mark.parametrize(
    ("said", "expected"),
    [("absent", "CR"), ("present", "Non-CR/Non-PD"), ("not_assessed", "NE"), ("unequivocal_pd", "PD")],
)
def test_without_targets_the_non_targets_decide(said, expected):
    answer = last(scan(0, X1="present"), scan(60, X1=said))

    assert (expected, "NA", None, None) == (answer.overall, answer.part("target"), answer.sum_mm, answer.sum_complete)


# ------------------------------------------------------------------------------------- new lesions


def test_a_new_lesion_is_progression_even_when_a_target_was_not_measured():
    answer = last(scan(0, L1=50), scan(60, L1="not_assessed", N1="unequivocal"))

    assert (answer.overall, answer.rule) == ("PD", "recist.overall.pd_new")


@pytest.mark.parametrize("said", [14, "unequivocal", "present", "increased", "unequivocal_pd", "too_small"])
def test_a_new_lesion_that_is_entered_as_there_is_progression(said):
    assert overall(scan(0, L1=50), scan(60, L1=50, N1=said)) == ["PD"]


@pytest.mark.parametrize("said", ["equivocal", "disproved", "absent", "not_assessed", 0])
def test_a_new_lesion_that_is_not_certain_is_not_progression(said):
    assert overall(scan(0, L1=50), scan(60, L1=50, N1=said)) == ["SD"]


@pytest.mark.parametrize(("axis", "expected"), [("9.9", "SD"), ("10", "PD")])
def test_a_new_node_counts_from_ten_mm(axis, expected):
    assert [expected] == overall(scan(0, L1=50), scan(60, L1=50, M1=axis))


def test_once_there_is_a_new_lesion_every_later_visit_is_pd():
    assert overall(scan(0, L1=50), scan(60, L1=50, N1=14), scan(120, L1=20), scan(180, L1=20, N1="absent")) == [
        "PD",
        "PD",
        "PD",
    ]


def test_an_unclear_new_lesion_is_flagged_for_the_next_visit():
    answer = last(scan(0, L1=50), scan(60, L1=50, N1="equivocal"))

    assert answer.flags == ("new lesion N1 is unclear; look at it again at the next visit",)


def test_an_unclear_new_lesion_that_is_proven_dates_progression_back():
    course = judged(scan(0, L1=50), scan(60, L1=48, N1="equivocal"), scan(120, L1=48, N1="unequivocal"))

    assert [row.overall for row in course.assessments] == ["PD", "PD"]
    assert BASELINE + timedelta(days=60) == course.progression_on
    assert course.assessments[0].findings[2].rule == "recist.new.proven_later"
    assert course.assessments[0].flags == ()


def test_a_sighting_that_was_disproved_does_not_date_a_later_lesion_back():
    scans = [scan(60, L1=48, N1="equivocal"), scan(120, L1=48, N1="disproved"), scan(180, L1=48, N1="unequivocal")]

    assert overall(scan(0, L1=50), *scans) == ["SD", "SD", "PD"]


def test_a_new_lesion_entered_at_the_baseline_is_not_counted_there():
    assert overall(scan(0, L1=50, N1=14), scan(60, L1=50), scan(120, L1=50, N1=14)) == ["SD", "PD"]


def test_without_disease_at_the_baseline_nothing_new_is_ned():
    course = judged(scan(0), scan(60), scan(120), scan(180, N1=12))

    assert [row.overall for row in course.assessments] == ["NED", "NED", "PD"]
    assert course.best_response == "NED"
    assert "recurrence" in course.assessments[-1].because


# ------------------------------------------------------------------------- after an overall complete response


def test_a_lesion_of_any_size_that_is_back_after_cr_is_pd():
    answer = last(scan(0, L1=30), scan(60, L1=0), scan(120, L1=2))

    assert (answer.part("target"), answer.overall) == ("PR", "PD")
    assert answer.because == "L1 (2 mm) seen again after the complete response of 2024-03-08: progression"


def test_a_lesion_that_is_back_after_cr_is_pd_even_when_another_was_not_assessed():
    assert overall(scan(0, L1=30, L2=20), scan(60, L1=0, L2=0), scan(120, L1=3)) == ["CR", "PD"]


def test_before_an_overall_cr_a_target_that_vanished_may_come_back():
    assert overall(scan(0, L1=30, X1="present"), scan(60, L1=0, X1="present"), scan(120, L1=3, X1="present")) == [
        "PR",
        "PR",
    ]


def test_a_non_target_that_is_back_after_cr_is_pd():
    assert overall(scan(0, X1="present"), scan(60, X1="absent"), scan(120, X1="present")) == ["CR", "PD"]


@pytest.mark.parametrize(("axis", "expected"), [("9.9", "CR"), ("10", "PD")])
def test_a_target_node_is_back_after_cr_from_ten_mm(axis, expected):
    assert ["CR", expected] == overall(scan(0, G1=20), scan(60, G1="9.5"), scan(120, G1=axis))


@pytest.mark.parametrize(("axis", "flagged"), [("10", True), ("14.9", True), ("15", False)])
def test_one_small_node_back_after_cr_is_flagged_for_review(axis, flagged):
    answer = last(scan(0, G1=20), scan(60, G1="9.9"), scan(120, G1=axis))

    assert flagged is any("re-image" in flag for flag in answer.flags)


def test_two_small_nodes_back_after_cr_are_not_flagged():
    assert last(scan(0, G1=20, G2=20), scan(60, G1=8, G2=8), scan(120, G1=12, G2=12)).flags == ()


WAIT = {"node_reappearance_after_cr": "wait_one_visit"}


def test_a_single_small_node_back_after_cr_can_wait_for_one_visit():
    scans = [scan(0, G1=20), scan(60, G1="9.5"), scan(120, G1="10.2")]

    assert overall(*scans, settings=WAIT) == ["CR", "PR"]
    assert overall(*scans, scan(180, G1="9.5"), settings=WAIT) == ["CR", "PR", "CR"]
    assert overall(*scans, scan(180, G1="10.4"), settings=WAIT) == ["CR", "PD", "PD"]


def test_a_node_of_fifteen_mm_does_not_wait():
    assert overall(scan(0, G1=20), scan(60, G1="9.9"), scan(120, G1=15), settings=WAIT) == ["CR", "PD"]


def test_a_non_target_node_back_after_cr_counts_only_when_it_is_worse():
    scans = [scan(0, L1=20, Y1="present"), scan(60, L1=0, Y1="absent")]
    answer = last(*scans, scan(120, L1=0, Y1=14))

    assert (answer.overall, len(answer.flags)) == ("CR", 1)
    assert overall(*scans, scan(120, L1=0, Y1="unequivocal_pd")) == ["CR", "PD"]


def test_a_marker_back_above_normal_after_cr_is_flagged_and_no_pd():
    scans = [scan(0, X1="present", MK1="present"), scan(60, X1="absent", MK1="absent")]
    answer = last(*scans, scan(120, X1="absent", MK1="present"))

    assert (answer.overall, len(answer.flags)) == ("Non-CR/Non-PD", 1)


# ------------------------------------------------------------------ confirmation, persistence, best response


@pytest.mark.parametrize(("days", "expected"), [(27, "SD"), (28, "PR")])
def test_a_response_is_confirmed_from_the_twenty_eighth_day(days, expected):
    assert expected == judged(scan(0, L1=50), scan(60, L1=30), scan(60 + days, L1=30)).best_response


@pytest.mark.parametrize(("days", "confirmed"), [(41, False), (42, True)])
def test_the_days_of_confirmation_are_a_setting(days, confirmed):
    course = judged(scan(0, L1=50), scan(60, L1=30), scan(60 + days, L1=30), settings={"confirm_days": "42"})

    assert confirmed is (course.confirmed_on is not None)


@pytest.mark.parametrize(("count", "expected"), [(1, "PR"), (2, "SD")])
def test_one_visit_between_may_be_not_evaluable(count, expected):
    between = [scan(70 + number, L1="not_assessed") for number in range(count)]

    assert expected == judged(scan(0, L1=50), scan(60, L1=30), *between, scan(120, L1=30)).best_response


@pytest.mark.parametrize(("most", "expected"), [("0", "SD"), ("1", "PR")])
def test_how_many_visits_between_may_be_not_evaluable_is_a_setting(most, expected):
    scans = [scan(0, L1=50), scan(60, L1=30), scan(90, L1="not_assessed"), scan(120, L1=30)]

    assert expected == judged(*scans, settings={"max_ne_between": most}).best_response


def test_sd_between_breaks_a_confirmation_and_the_next_pr_begins_anew():
    course = judged(scan(0, L1=100), scan(60, L1=68), scan(90, L1=75), scan(120, L1=66), scan(150, L1=66))

    assert BASELINE + timedelta(days=120) == course.response_start


def test_a_complete_response_needs_a_second_complete_response():
    scans = [scan(0, L1=20, X1="present"), scan(60, L1=0, X1="present"), scan(120, L1=0, X1="absent")]

    assert judged(*scans).best_response == "PR"
    assert judged(*scans, scan(148, L1=0, X1="absent")).best_response == "CR"
    assert judged(*scans, scan(147, L1=0, X1="absent")).best_response == "PR"


def test_a_complete_response_that_falls_back_to_pr_is_a_confirmed_pr():
    scans = [scan(0, L1=20, MK1="present"), scan(60, L1=0, MK1="absent"), scan(120, L1=0, MK1="present")]
    course = judged(*scans)

    assert (course.best_response, course.best_response_unconfirmed) == ("PR", "CR")


def test_sd_after_a_confirmed_response_is_reported_as_pr_until_pd():
    scans = [scan(0, L1=100), scan(60, L1=68), scan(90, L1=68), scan(120, L1=75), scan(150, L1=82), scan(180, L1=75)]

    assert overall(*scans) == ["PR", "PR", "SD", "PD", "SD"]
    assert reported(*scans) == ["PR", "PR", "PR", "PD", "SD"]


def test_sd_after_a_confirmed_response_stays_sd_where_that_is_set():
    scans = [scan(0, L1=100), scan(60, L1=68), scan(90, L1=68), scan(120, L1=75)]

    assert reported(*scans, settings={"pr_persistence": "off"}) == ["PR", "PR", "SD"]


def test_sd_before_the_confirmation_is_reported_as_it_is():
    scans = [scan(0, L1=100), scan(60, L1=68), scan(90, L1=75), scan(120, L1=68)]

    assert reported(*scans, settings={"accept_sd_between": "1"}) == ["PR", "SD", "PR"]


def test_without_confirmation_the_first_pr_counts_and_persists():
    course = judged(scan(0, L1=50), scan(60, L1=34), scan(90, L1=38), settings={"confirm_required": "no"})

    assert [row.reported for row in course.assessments] == ["PR", "PR"]
    assert ("PR", course.response_start) == (course.best_response, course.confirmed_on)


@pytest.mark.parametrize(("days", "expected"), [(41, "NE"), (42, "SD")])
def test_stable_disease_counts_from_the_forty_second_day_of_treatment(days, expected):
    assert expected == judged(scan(0, L1=50), scan(7 + days, L1=50), started_on=7).best_response


def test_stable_disease_counts_from_the_baseline_where_no_treatment_was_given():
    assert [judged(scan(0, L1=50), scan(days, L1=50)).best_response for days in (41, 42)] == ["NE", "SD"]


def test_stable_disease_that_came_too_early_and_then_pd_is_pd():
    assert judged(scan(0, L1=50), scan(30, L1=50), scan(90, L1=62)).best_response == "PD"


def test_an_unconfirmed_response_counts_as_stable_disease():
    assert (
        (course := judged(scan(0, L1=50), scan(60, L1=30), scan(90, L1=60))).best_response,
        course.best_response_unconfirmed,
    ) == ("SD", "PR")


def test_without_targets_an_unconfirmed_complete_response_counts_as_non_cr_non_pd():
    assert judged(scan(0, X1="present"), scan(60, X1="absent")).best_response == "Non-CR/Non-PD"


def test_what_comes_after_the_first_pd_does_not_count_for_the_best_response():
    assert judged(scan(0, L1=50), scan(20, L1=70), scan(60, L1=10), scan(120, L1=10)).best_response == "PD"


def test_a_line_without_a_visit_after_the_baseline_has_no_best_response():
    course = judged(scan(0, L1=50))

    assert (
        course.best_response,
        course.best_response_unconfirmed,
        course.current,
        course.assessments,
    ) == ("", "", "", ())
    assert (course.pfs_days, course.pfs_censored) == (0, True)


def test_a_history_without_visits_has_an_empty_course():
    course = assess(History("P01"))

    assert (course.baseline_on, course.assessments, course.pfs_days) == (None, (), None)


# --------------------------------------------------------------------------------- dates and durations


RESPONSE = (scan(0, L1=50), scan(60, L1=30), scan(100, L1=30), scan(140, L1=30))


def test_a_response_that_goes_on_is_censored_at_the_last_visit_that_could_be_judged():
    course = judged(*RESPONSE, scan(180, L1="not_assessed"), started_on=7)

    assert (course.dor_days, course.dor_censored) == (80, True)
    assert (course.pfs_days, course.pfs_censored) == (133, True)


def test_progression_ends_response_and_progression_free_time():
    course = judged(*RESPONSE, scan(180, L1=40), started_on=7)

    assert (course.dor_days, course.dor_censored) == (120, False)
    assert (course.pfs_days, course.pfs_censored) == (173, False)


def test_death_ends_response_and_progression_free_time():
    course = judged(*RESPONSE, died=150, started_on=7)

    assert (course.dor_days, course.dor_censored) == (90, False)
    assert (course.pfs_days, course.pfs_censored) == (143, False)
    assert course.progression_on is None


def test_a_new_therapy_censors_at_the_last_visit_before_it():
    course = judged(*RESPONSE, scan(180, L1=40), therapy=150)

    assert (course.dor_days, course.dor_censored) == (80, True)
    assert (course.pfs_days, course.pfs_censored) == (140, True)
    assert course.best_response == "PR"
    assert BASELINE + timedelta(days=180) == course.progression_on


def test_a_scan_on_the_day_of_the_new_therapy_still_counts():
    course = judged(*RESPONSE, scan(150, L1=40), therapy=150)

    assert (course.dor_days, course.dor_censored) == (90, False)


def test_death_after_a_new_therapy_is_not_counted():
    course = judged(*RESPONSE, therapy=150, died=170)

    assert (course.dor_days, course.dor_censored) == (80, True)


def test_progression_free_time_without_a_visit_that_could_be_judged_ends_at_the_baseline():
    course = judged(scan(0, L1=50), scan(60, L1="not_assessed"), started_on=7)

    assert (course.pfs_days, course.pfs_censored) == (0, True)


@pytest.mark.parametrize(("after", "expected"), [("off", (120, False)), ("3", (120, False)), ("2", (80, True))])
def test_an_event_right_after_missed_visits_can_be_censored(after, expected):
    missed = [scan(150, L1="not_assessed"), scan(160, L1="not_assessed")]
    course = judged(*RESPONSE, *missed, scan(180, L1=40), settings={"censor_after_missed": after})

    assert expected == (course.dor_days, course.dor_censored)


def test_the_course_counts_the_time_to_response_and_in_complete_response():
    scans = [scan(0, L1=50), scan(60, L1=30), scan(100, L1=0), scan(140, L1=0), scan(180, L1=0)]
    extra = judged(*scans, started_on=7).extra

    assert (
        extra["time_to_response_days"],
        extra["complete_response_days"],
        extra["complete_response_censored"],
    ) == (53, 80, True)


def test_the_course_counts_the_days_of_stable_disease():
    extra = judged(scan(0, L1=50), scan(60, L1=50), scan(120, L1=70), started_on=7).extra

    assert (extra["stable_days"], extra["stable_censored"]) == (113, False)


def test_scans_on_several_days_date_a_response_by_the_last_and_a_new_lesion_by_its_own():
    days = {"L1": 60, "L2": 64, "N1": 62}
    response = last(scan(0, L1=50, L2=50), scan(60, L1=30, L2=30, days=days))
    grown = last(scan(0, L1=50, L2=50), scan(60, L1=60, L2=60, days=days))
    new = last(scan(0, L1=50, L2=50), scan(60, L1=30, L2=30, N1=14, days=days))

    assert [(row.dated_on - BASELINE).days for row in (response, grown, new)] == [64, 64, 62]
    assert [(row.visit_on - BASELINE).days for row in (response, grown, new)] == [60, 60, 60]


def test_scans_on_several_days_can_all_be_dated_by_the_first():
    days = {"L1": 63, "L2": 64}
    answer = last(scan(0, L1=50, L2=50), scan(65, L1=30, L2=30, days=days), settings={"visit_date_rule": "earliest"})

    assert (answer.dated_on - BASELINE).days == 63


@pytest.mark.parametrize(("on", "dated"), [(0, 60), (1, 1), (119, 119), (120, 60)])
def test_a_scan_that_is_dated_outside_of_its_visit_counts_as_of_the_visit(on, dated):
    scans = (scan(0, L1=50), scan(60, L1=30, days={"L1": on}), scan(120, L1=30))
    answer = judged(*scans).assessments[0]

    assert (answer.dated_on - BASELINE).days == dated
    assert bool(answer.flags) is (on in (0, 120))


def test_a_change_of_method_is_flagged_once():
    course = judged(
        scan(0, L1=50, method="CT"),
        scan(60, L1=50, method="MRI"),
        scan(120, L1=50),
        scan(180, L1=50, method="MRI"),
    )

    assert [row.flags for row in course.assessments] == [("method changed from CT to MRI",), (), ()]


def test_clinical_progression_is_no_pd():
    history = line(scan(0, L1=50), scan(60, L1=50))
    event = Event("clinical_progression", BASELINE + timedelta(days=50))
    course = assess(History("P01", lesions=history.lesions, visits=history.visits, events=(event,)))

    assert (course.current, course.progression_on) == ("SD", None)


# ------------------------------------------------------------------------- the limits for the next visit


def test_the_limits_for_the_next_visit_follow_the_nadir():
    course = judged(scan(0, L1=75), scan(60, L1=55))

    assert (
        ("partial_to_mm", Decimal("52.5")),
        ("progression_from_mm", Decimal(66)),
        ("nadir_mm", Decimal(55)),
    ) == course.thresholds


def test_from_a_small_nadir_the_limit_of_progression_is_five_mm_away():
    assert Decimal(15) == dict(judged(scan(0, L1=75), scan(60, L1=10)).thresholds)["progression_from_mm"]


def test_after_a_complete_response_no_sum_is_a_limit():
    assert (("nadir_mm", Decimal(8)),) == judged(scan(0, L1=75, G1=20), scan(60, L1=0, G1=8)).thresholds


def test_a_line_without_targets_has_no_limits():
    assert judged(scan(0, X1="present"), scan(60, X1="present")).thresholds == ()


# --------------------------------------------------------------------------------------- sentences


def test_progression_says_how_much_over_which_sum_of_which_day():
    answer = last(scan("2024-01-08", L1=100), scan("2024-03-11", L1=40), scan("2024-07-01", L1=50))

    assert answer.because.startswith("sum 50 mm is +25.0 % and +10 mm over the lowest sum 40 mm on 2024-03-11: progr")
    assert (answer.rule, answer.findings[0].rule) == ("recist.overall.pd_target", "recist.target.pd")
    assert answer.findings[0].source == "Eisenhauer 2009, §4.3.1"


def test_a_response_says_how_much_under_the_baseline():
    answer = last(scan(0, L1=80), scan(60, L1="47.0"))

    assert answer.because.startswith("sum 47 mm is -41.3 % from the baseline 80 mm: partial response")


def test_a_visit_that_cannot_be_rated_says_why():
    answer = last(scan(0, L1=50), scan(60, L1="not_assessed"))

    assert answer.because.startswith("L1 was not assessed: the targets cannot be rated")


def test_progression_proven_by_a_part_says_what_is_missing():
    answer = last(scan(0, L1=20, L2=20, L3=10), scan(60, L1=50, L2=30))

    assert answer.because.startswith("nothing is entered for L3; the others alone, 80 mm, are +60.0 % and +30 mm over")


# -------------------------------------------------------------------------------------- explanations


def test_an_explanation_goes_from_the_sizes_to_the_overall_category():
    history = line(scan(0, L1=45, L2=35), scan(60, L1=24, L2=30), scan(120, L1=40, L2=31, X1="present"))
    found = explain(history, "recist-1.1", None, BASELINE + timedelta(days=120))

    assert [
        ("Target lesions", "L1 40 + L2 31 = 71 mm", "71 mm"),
        ("Change from baseline", "71 of 80 mm = -11.3 %", "no"),
        ("Smallest sum before", "54 mm on 2024-03-08", "54 mm"),
        ("Growth from it", "71 - 54 = +17 mm", "yes"),
        ("Growth in per cent", "17 / 54 = +31.5 %", "yes"),
        ("Target response", found.steps[5].value, "PD"),
        ("Non-target lesions", "X1 present", "Non-CR/Non-PD"),
        ("New lesions", "none", "no"),
        ("Overall", "PD + Non-CR/Non-PD + no new", "PD"),
    ] == [(step.label, step.value, step.result) for step in found.steps]
    assert found.would_change == ("not PD by targets below 64.8 mm; now 71",)


def test_an_explanation_names_the_values_at_which_the_answer_would_change():
    history = line(scan(0, L1=75), scan(60, L1=55), scan(120, L1="63.5"))
    found = explain(history, "recist-1.1", {}, BASELINE + timedelta(days=120))

    assert found.would_change == ("PD from 66.0 mm; now 63.5", "PR at 52.5 mm or less; now 63.5")


def test_a_limit_with_more_than_one_decimal_is_said_so_that_it_holds():
    history = line(scan(0, L1="74.9"), scan(60, L1="54.3"), scan(120, L1=60))
    found = explain(history, "recist-1.1", {}, BASELINE + timedelta(days=120))

    assert found.would_change == ("PD from 65.2 mm; now 60", "PR at 52.4 mm or less; now 60")


def test_an_explanation_says_what_was_missing():
    history = line(scan(0, L1=30, L2=20), scan(60, L1=10, X1="not_assessed"))
    found = explain(history, "recist-1.1", {}, BASELINE + timedelta(days=60))

    assert found.would_change[0] == "a full answer needs what is missing: nothing is entered for L2"
    assert (found.steps[0].value, found.steps[0].result) == ("L1 10 = 10 mm; nothing is entered for L2", "not complete")


def test_the_baseline_is_explained_by_its_sum():
    found = explain(line(scan(0, L1=30, L2=20), scan(60, L1=10)), "recist-1.1", {}, BASELINE)

    assert tuple((step.value, step.result) for step in found.steps) == (("L1 30 + L2 20 = 50 mm", "50 mm"),)
    assert found.overall == ""


def test_a_day_without_a_visit_has_no_explanation():
    with pytest.raises(LookupError, match="2024-01-09"):
        explain(line(scan(0, L1=30)), "recist-1.1", {}, BASELINE + timedelta(days=1))


# ------------------------------------------------------------------------------------------ settings


def test_only_the_settings_that_differ_from_the_default_are_in_the_course():
    course = judged(scan(0, L1=50), settings={"confirm_days": "42", "max_ne_between": "1"})

    assert course.settings == (("confirm_days", "42"),)


def test_an_unknown_setting_names_the_nearest_one():
    with pytest.raises(UsageError) as told:
        judged(scan(0, L1=50), settings={"confirm_day": "42"})

    assert told.value.why == "did you mean confirm_days?"
    assert told.value.hint == "remtrack criteria show recist-1.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirm_required", "maybe"),
        ("confirm_days", "0"),
        ("confirm_days", "4.5"),
        ("confirm_days", "²"),
        ("max_ne_between", "-1"),
        ("pr_persistence", "on"),
        ("min_abs_increase_mm", "1e3"),
        ("min_abs_increase_mm", "nan"),
        ("min_abs_increase_mm", ""),
        ("censor_after_missed", "0"),
        ("lasting_rule", "days"),
        ("lasting_rule", "month"),
        ("milestones", "3/x"),
        ("milestones", ""),
        ("visit_date_rule", "latest"),
        ("node_reappearance_after_cr", "wait"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_refused_with_what_it_takes(name, value):
    family = load_family("recist-1.1")

    with pytest.raises(UsageError) as told:
        parse_settings(family, {name: value})

    assert f'{name} cannot be "{value}"' == told.value.what
    assert next(setting.allowed for setting in family.settings if setting.name == name) in told.value.why


def test_every_default_is_a_value_that_its_setting_takes():
    family = load_family("recist-1.1")

    assert parse_settings(family, {setting.name: setting.default for setting in family.settings}).changed == ()


# ------------------------------------------------------------------------------------- the baseline


def rules(history):
    return sorted(problem.rule for problem in check_baseline(history))


def test_an_ordinary_baseline_gives_no_warning():
    assert rules(line(scan(0, L1=10, L2=20, G1=15, X1="present", Y1=12), scan(60, L1=10), started_on=28)) == []


@pytest.mark.parametrize(("count", "expected"), [(5, []), (6, ["six-targets"])])
def test_six_targets_are_one_too_many(count, expected):
    sizes = {f"L{number}": 20 for number in range(1, count + 1)}

    assert expected == rules(line(scan(0, **sizes)))


def test_three_targets_in_one_organ_are_one_too_many_and_are_named():
    organs = [lesion("L1", "left lung"), lesion("L2", "Lung"), lesion("L3", "lungs"), lesion("L4", "liver")]
    found = check_baseline(line(scan(0, L1=20, L2=20, L3=20, L4=20), lesions=organs))

    assert [problem.rule for problem in found] == ["three-in-one-organ"]
    assert "L1, L2, L3" in found[0].what


def test_all_nodes_together_are_one_organ():
    nodes = [lesion("G1", "axilla"), lesion("G2", "groin"), lesion("G3", "neck")]

    assert rules(line(scan(0, G1=20, G2=20, G3=20), lesions=nodes)) == ["three-in-one-organ"]


@pytest.mark.parametrize(
    ("sizes", "expected"), [({"L1": "9.9"}, 1), ({"L1": 10}, 0), ({"G1": "14.9"}, 1), ({"G1": 15}, 0)]
)
def test_a_target_that_is_too_small_at_the_baseline_is_named(sizes, expected):
    assert ["target-too-small"] * expected == rules(line(scan(0, **sizes)))


@pytest.mark.parametrize(("size", "expected"), [("19.9", ["target-too-small"]), ("20", [])])
def test_on_a_chest_x_ray_a_target_needs_twenty_mm(size, expected):
    assert expected == rules(line(scan(0, L1=size, method="CXR")))


@pytest.mark.parametrize(
    ("start", "expected"), [(28, []), (29, ["baseline-too-early"]), (0, []), (-1, ["baseline-after-start"])]
)
def test_a_baseline_is_at_most_four_weeks_before_treatment_and_not_after_its_start(start, expected):
    assert expected == rules(line(scan(0, L1=20), started_on=start))


def test_a_target_without_a_size_at_the_baseline_is_warned_of():
    assert rules(line(scan(0, L1=20, L2="not_assessed"), scan(60, L3=20))) == ["target-without-baseline"] * 2


def test_a_node_entered_by_its_longest_diameter_is_warned_of():
    row = Measurement("G1", "measured", longest_mm=Decimal(20))
    (found,) = check_baseline(line(scan(0, G1=row)))

    assert "short axis" in found.why


def test_a_normal_node_and_a_lesion_absent_at_the_baseline_are_warned_of():
    assert rules(line(scan(0, L1=20, X1="absent", Y1="9.9"))) == ["nontarget-absent-at-baseline", "normal-node"]


def test_a_non_target_first_seen_after_the_baseline_is_warned_of():
    assert rules(line(scan(0, L1=20), scan(60, L1=20, X1="present"))) == ["nontarget-without-baseline"]


def test_a_new_lesion_at_the_baseline_is_warned_of():
    assert rules(line(scan(0, L1=20, N1=14))) == ["new-at-baseline"]


def test_disease_that_is_never_measurable_is_warned_of_as_a_target():
    assert rules(line(scan(0, L1=20), lesions=[lesion("L1", "pleural effusion")])) == ["not-measurable"]


def test_a_history_without_visits_has_no_baseline_to_check():
    assert check_baseline(History("P01")) == ()


# ---------------------------------------------------------------------------- what is handed to the engine


def test_visits_before_the_baseline_of_the_line_are_left_out():
    scans = (scan(-60, L1=10), scan(0, L1=50), scan(60, L1=50))
    history = History("P01", Line(baseline_on=BASELINE), lesions=(lesion("L1"),), visits=scans)

    assert [row.overall for row in assess(history).assessments] == ["SD"]


def test_visits_that_are_not_in_order_are_an_error():
    with pytest.raises(ValueError, match="not in date order"):
        judged(scan(0, L1=10), scan(60, L1=10), scan(60, L1=11))


def test_what_happened_after_the_day_asked_about_is_left_out():
    course = judged(*RESPONSE, died=130, therapy=150, as_of=120)

    assert (len(course.assessments), course.extra.get("closed_on"), course.best_response) == (2, None, "PR")


def test_a_visit_at_which_no_target_was_assessed_explains_its_growth_as_not_known():
    followed = line(scan(0, L1=60, L2=8), scan(60, L1="not_assessed", L2="not_assessed"))
    steps = explain(followed, "recist-1.1", {}, BASELINE + timedelta(days=60)).steps

    assert any("not known" in step.value for step in steps)
    assert any(step.result == "cannot say" for step in steps)
    assert not any("-100" in step.value for step in steps)
