"""mRECIST for hepatocellular carcinoma: every worked case of the file, and what differs from RECIST 1.1."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from lesioncases import measured_cases, result, told_day, told_row

from remtrack.fold import assess, check_baseline, explain
from remtrack.model import History, Lesion, Line, Measurement, Visit

CASES = list(measured_cases("mrecist-hcc"))
BASELINE = date(2024, 1, 8)


# ------------------------------------------------------------------------------------- the worked cases


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"M{number:02}" for number in range(1, 18)]
    assert sum(len(case.visits) for case in CASES) == 32


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    judged = [
        told_row(line, row)
        for line in case.lines
        for row in assess(case.history(line), "mrecist-hcc", case.settings).assessments
    ]

    assert case.visits == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), "mrecist-hcc", case.settings)

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
        told = explain(history, "mrecist-hcc", case.settings, visit.visit_on)

        assert told.steps
        assert all(isinstance(sentence, str) and sentence for sentence in told.would_change)


# ------------------------------------------------------------------------------------- written by hand

LESIONS = {
    "L": ("target", "nonnodal", "liver"),
    "E": ("target", "nonnodal", "lung"),
    "G": ("target", "node", "retroperitoneum"),
    "H": ("target", "node", "porta hepatis"),
    "X": ("nontarget", "nonnodal", "portal vein"),
    "N": ("new", "nonnodal", "liver"),
    "P": ("new", "nonnodal", "lung"),
    "M": ("new", "node", "retroperitoneum"),
    "Q": ("new", "node", "porta hepatis"),
    "A": ("new", "nonnodal", "ascites"),
    "Y": ("nontarget", "nonnodal", "liver"),
}


def on(days, answers=None, **said):
    """Return a visit so many days after the baseline: `L1="28x45"` is viable by total, a node has its short axis."""
    return Visit(
        BASELINE + timedelta(days=days),
        measurements=tuple(read(name, str(value)) for name, value in said.items()),
        results=tuple(result(test, value) for test, value in (answers or {}).items()),
    )


def read(name, said):
    words = said.split()
    first = second = None
    if words[0][0].isdigit():
        first, second = (*(Decimal(size) for size in words.pop(0).split("x")), None)[:2]
    if LESIONS[name[0]][1] == "node":
        first, second = second, first
    return Measurement(name, words[0] if words else "measured", first, second)


def history(*visits, organs=None, **parts):
    names = dict.fromkeys(row.lesion_id for visit in visits for row in visit.measurements)
    lesions = tuple(Lesion(name, *LESIONS[name[0]]) for name in names)
    if organs:
        lesions = tuple(
            Lesion(one.lesion_id, one.role, one.kind, organs.get(one.lesion_id, one.organ)) for one in lesions
        )
    return History("P01", Line(started_on=BASELINE), lesions=lesions, visits=visits, **parts)


def course(*visits, settings=None, **parts):
    return assess(history(*visits, **parts), "mrecist-hcc", settings)


def overall(*visits, **parts):
    return [row.overall for row in course(*visits, **parts).assessments]


def last(*visits, **parts):
    return course(*visits, **parts).assessments[-1]


START = on(0, L1="30x32")


@pytest.mark.parametrize(
    ("first", "now", "category"),
    [("100", "70", "PR"), ("100", "70.1", "SD"), ("10", "12", "PD"), ("10", "11.9", "SD"), ("20", "0", "CR")],
)
def test_the_viable_sum_decides_without_a_least_growth_in_mm(first, now, category):
    assert overall(on(0, L1=first), on(60, L1=now)) == [category]


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({}, "no target lesion enhances (sum 0 mm)"),
        ({"G1": "8"}, "no target lesion enhances and every target node is under 10 mm (sum 8 mm)"),
        ({"H1": "18"}, "no target lesion enhances and every target node is at the liver hilum under 20 mm (sum 18 mm)"),
        (
            {"G1": "8", "H1": "18"},
            (
                "no target lesion enhances and every target node is under 10 mm, at the liver hilum under 20 mm "
                "(sum 26 mm)"
            ),
        ),
    ],
)
def test_nodes_are_named_in_a_complete_response_only_where_there_are_any(node, told):
    row = last(on(0, L1="40", **dict.fromkeys(node, "30")), on(60, L1="0", **node))

    assert row.findings[0].because == f"{told}: complete response"


def test_an_explanation_asks_for_any_growth_where_no_least_growth_is_set():
    visits = on(0, L1="20"), on(60, L1="24")

    def asked(settings=None):
        steps = explain(history(*visits), "mrecist-hcc", settings, visits[1].visit_on).steps
        return next(step.rule for step in steps if step.label == "Growth from it")

    assert asked() == "> 0 mm"
    assert asked({"min_abs_increase_mm": "5"}) == ">= 5 mm"


def test_a_least_growth_can_be_set():
    visits = on(0, L1="20"), on(60, L1="24")

    assert overall(*visits) == ["PD"]
    assert overall(*visits, settings={"min_abs_increase_mm": "5"}) == ["SD"]
    assert overall(on(0, L1="25"), on(60, L1="30"), settings={"min_abs_increase_mm": "5"}) == ["PD"]


def test_the_total_diameter_decides_nothing_and_is_kept_beside():
    row = last(on(0, L1="40x42", L2="20x20"), on(60, L1="28x60", L2="14x30"))

    assert (row.overall, row.extra["total_mm"]) == ("PR", "90")
    assert "total_mm" not in last(START, on(60, L1="20")).extra


@pytest.mark.parametrize(
    ("node", "size", "category"), [("G1", "9.9", "CR"), ("G1", "10", "PR"), ("H1", "19.9", "CR"), ("H1", "20", "PR")]
)
def test_a_node_at_the_liver_hilum_is_of_normal_size_under_20_mm_and_any_other_under_10_mm(node, size, category):
    assert overall(on(0, L1="40", **{node: 30}), on(60, L1="0", **{node: size})) == [category]


@pytest.mark.parametrize(
    ("node", "size", "category"), [("H1", "15", "CR"), ("H1", "20", "PD"), ("G1", "9", "CR"), ("G1", "12", "PD")]
)
def test_after_a_complete_response_a_node_is_back_once_it_is_not_of_normal_size(node, size, category):
    visits = on(0, L1="40", **{node: 30}), on(60, L1="0", **{node: 5}), on(120, L1="0", **{node: size})

    assert overall(*visits) == ["CR", category]
    assert any("one small node" in flag for flag in last(*visits).flags) is (node == "G1" and size == "12")


def test_any_enhancement_that_returns_after_a_complete_response_is_progression():
    assert overall(START, on(60, L1="0x30"), on(120, L1="1x30")) == ["CR", "PD"]


def test_enhancement_too_small_to_measure_counts_5_mm():
    assert overall(START, on(60, L1="too_small")) == ["PR"]
    assert last(START, on(60, L1="too_small")).sum_mm == Decimal(5)


@pytest.mark.parametrize(
    ("said", "answers", "category"),
    [
        ("12", {"N1_typical_pattern": "yes"}, "PD"),
        ("10", {"N1_typical_pattern": "yes"}, "PD"),
        ("9.9", {"N1_typical_pattern": "yes"}, "SD"),
        ("12", {"N1_typical_pattern": "no"}, "SD"),
        ("40", {}, "SD"),
        ("unequivocal", {}, "PD"),
        ("9 unequivocal", {}, "PD"),
        ("12 equivocal", {"N1_typical_pattern": "yes"}, "SD"),
        ("present", {}, "SD"),
        ("present", {"N1_longest_mm": "12", "N1_typical_pattern": "yes"}, "PD"),
        ("0", {}, "SD"),
    ],
)
def test_a_new_nodule_of_the_liver_counts_by_its_pattern_or_because_it_is_called_unequivocal(said, answers, category):
    assert overall(START, on(60, answers, L1="30", N1=said)) == [category]


@pytest.mark.parametrize(
    ("first", "then", "categories"),
    [
        ("8", "18", ["PD", "PD"]),
        ("8", "17.9", ["SD", "SD"]),
        ("1", "11", ["PD", "PD"]),
        ("0.5", "10.5", ["PD", "PD"]),
        ("equivocal", "30", ["SD", "SD"]),
    ],
)
def test_a_new_nodule_without_the_pattern_counts_once_it_has_grown_by_10_mm_and_from_its_first_sighting(
    first, then, categories
):
    assert overall(START, on(60, L1="30", N1=first), on(120, L1="30", N1=then)) == categories


def test_a_nodule_that_was_disproved_in_between_begins_anew():
    visits = START, on(60, L1="30", N1="8"), on(120, L1="30", N1="disproved"), on(180, L1="30", N1="18")

    assert overall(*visits) == ["SD", "SD", "SD"]


@pytest.mark.parametrize(
    ("name", "size", "category"),
    [("P1", "4", "PD"), ("M1", "9.9", "SD"), ("M1", "10", "PD"), ("Q1", "19.9", "SD"), ("Q1", "20", "PD")],
)
def test_a_new_lesion_elsewhere_counts_by_its_size(name, size, category):
    assert overall(START, on(60, L1="30", **{name: size})) == [category]


def test_a_new_lesion_of_which_no_organ_is_given_counts_by_its_size():
    assert overall(START, on(60, L1="30", N1="4"), organs={"N1": ""}) == ["PD"]


def test_what_was_measured_and_what_was_called_may_disagree_and_is_flagged():
    def flags(said, **answers):
        return last(START, on(60, answers, L1="30", N1=said)).flags

    assert flags("9 unequivocal") == ("review: N1 is called unequivocal with 9 mm; a new nodule counts from 10 mm",)
    assert flags("12 equivocal", N1_typical_pattern="yes") == (
        "new lesion N1 is unclear; look at it again at the next visit",
        "review: N1 is called equivocal with 12 mm and the typical pattern; that would count",
    )
    assert flags("12") == ("new nodule N1 is unclear: from 10 mm the typical pattern settles it, or growth by 10 mm",)
    assert flags("12", N1_typical_pattern="yes") == ()


def test_malignant_cytology_and_a_large_hilar_node_that_are_not_entered_as_lesions_are_flagged():
    row = last(START, on(60, {"ascites_cytology": "malignant", "porta_node_short_mm": "20"}, L1="30"))

    assert row.overall == "SD"
    assert row.flags == (
        "review: cytology is malignant; ascites or effusion counts once it is entered as a new lesion",
        "review: a node of 20 mm at the liver hilum counts as malignant; enter it as a lesion",
    )
    assert last(START, on(60, {"porta_node_short_mm": "1.9 cm", "ascites_cytology": "benign"}, L1="30")).flags == ()
    assert last(START, on(60, {"porta_node_short_mm": "<25"}, L1="30")).flags == ()


@pytest.mark.parametrize(("phase", "category"), [("adequate", "PR"), ("not adequate", "NE"), ("inadequate", "NE")])
def test_without_a_usable_arterial_phase_the_lesions_of_the_liver_are_not_assessed(phase, category):
    row = last(START, on(60, {"arterial_phase": phase}, L1="15"))

    assert row.overall == category
    assert row.undecided == (() if category == "PR" else ("L1 was not assessed (no usable arterial phase)",))


def test_without_a_usable_arterial_phase_a_lesion_elsewhere_can_still_prove_progression():
    visits = on(0, L1="10", E1="20"), on(60, {"arterial_phase": "not adequate"}, L1="5", E1="40")

    assert overall(*visits) == ["PD"]


def test_thrombosis_of_the_portal_vein_is_read_by_its_enhancement_and_needs_an_arterial_phase():
    first = on(0, E1="20", X1="present")
    row = last(first, on(60, {"arterial_phase": "inadequate"}, E1="absent", X1="absent"))

    assert (row.overall, row.undecided) == ("PR", ("X1 was not assessed (no usable arterial phase)",))
    assert overall(first, on(60, {"arterial_phase": "adequate"}, E1="absent", X1="absent")) == ["CR"]
    worse = on(60, {"arterial_phase": "inadequate"}, E1="20", X1="unequivocal_pd")
    assert overall(first, worse) == ["PD"]


def test_a_lesion_of_which_no_organ_is_given_needs_an_arterial_phase_too():
    visits = START, on(60, {"arterial_phase": "inadequate"}, L1="15")

    assert overall(*visits, organs={"L1": ""}) == ["NE"]
    assert overall(*visits, organs={"L1": "lung"}) == ["PR"]


def test_a_baseline_without_a_usable_arterial_phase_is_no_baseline_of_what_is_viable():
    first = on(0, {"arterial_phase": "inadequate"}, L1="40")
    done = course(first, on(60, L1="20"), on(120, L1="24"), on(180, L1="0"))

    assert [row.overall for row in done.assessments] == ["NE", "PD", "CR"]
    assert done.assessments[0].undecided == ("L1 has no size at the baseline (no usable arterial phase)",)
    assert done.baseline_value is None
    assert overall(on(0, {"arterial_phase": "inadequate"}, E1="40"), on(60, E1="20")) == ["PR"]


@pytest.mark.parametrize(
    ("said", "cytology", "category", "undecided"),
    [
        ("present", "malignant", "PD", ()),
        ("present", "benign", "SD", ()),
        (
            "present",
            None,
            "SD",
            ("nothing is entered for ascites_cytology (benign or malignant), which decides about A1",),
        ),
        ("present", "not_done", "SD", ("ascites_cytology was not done (benign or malignant), which decides about A1",)),
        ("60", None, "SD", ("nothing is entered for ascites_cytology (benign or malignant), which decides about A1",)),
        ("unequivocal", None, "PD", ()),
        ("equivocal", "malignant", "SD", ()),
    ],
)
def test_new_ascites_is_progression_once_cytology_is_malignant(said, cytology, category, undecided):
    answers = {} if cytology is None else {"ascites_cytology": cytology}
    row = last(START, on(60, answers, L1="30", A1=said))

    assert (row.overall, row.undecided) == (category, undecided)


def test_ascites_that_is_proven_later_is_dated_to_its_first_sighting():
    visits = START, on(60, L1="30", A1="present"), on(120, {"ascites_cytology": "malignant"}, L1="30", A1="present")

    assert overall(*visits) == ["PD", "PD"]
    assert course(*visits).progression_on == BASELINE + timedelta(days=60)


@pytest.mark.parametrize(
    ("said", "answers", "undecided"),
    [
        ("12", {}, ("nothing is entered for N1_typical_pattern (yes or no)",)),
        ("9.9", {}, ()),
        ("12", {"N1_typical_pattern": "no"}, ()),
        ("present", {}, ("N1 has no size",)),
        ("12 equivocal", {}, ()),
    ],
)
def test_what_would_settle_a_new_nodule_is_named(said, answers, undecided):
    row = last(START, on(60, answers, L1="30", N1=said))

    assert (row.overall, row.undecided) == ("SD", undecided)


def test_a_nodule_called_equivocal_that_has_grown_enough_is_flagged():
    visits = START, on(60, {"N1_longest_mm": "8"}, L1="30", N1="equivocal")

    row = last(*visits, on(120, {"N1_longest_mm": "18"}, L1="30", N1="equivocal"))
    assert (row.overall, row.flags[-1]) == (
        "SD",
        "review: N1 is called equivocal with 18 mm and 10 mm more than on 2024-03-08; that would count",
    )
    assert len(last(*visits, on(120, {"N1_longest_mm": "17.9"}, L1="30", N1="equivocal")).flags) == 1


@pytest.mark.parametrize(
    ("organ", "is_normal"),
    [
        ("porta hepatis", True),
        ("hepatic hilum", True),
        ("portal", True),
        ("hilar", False),
        ("pulmonary hilum", False),
        ("retroperitoneum", False),
    ],
)
def test_only_the_hilum_of_the_liver_has_nodes_of_normal_size_up_to_20_mm(organ, is_normal):
    row = last(on(0, L1="40", G1=30), on(60, L1="0", G1="15"), organs={"G1": organ})

    assert row.overall == ("CR" if is_normal else "PR")
    assert any("written porta hepatis" in flag for flag in row.flags) is (organ == "hilar")


def test_what_is_called_of_the_portal_vein_and_what_is_followed_there_may_disagree():
    malignant, bland = {"portal_vein_thrombosis": "malignant"}, {"portal_vein_thrombosis": "bland"}
    first = on(0, L1="30", X1="present")

    assert last(START, on(60, malignant, L1="30")).flags == (
        "review: malignant thrombosis of the portal vein is non-target disease; enter it as a lesion",
    )
    assert last(first, on(60, bland, L1="30", X1="present")).flags == (
        "review: the thrombosis of the portal vein is called bland, and X1 is followed there",
    )
    assert last(first, on(60, malignant, L1="30", X1="present")).flags == ()
    assert last(START, on(60, bland, L1="30")).flags == ()


def test_a_new_lesion_of_which_no_organ_is_given_is_flagged_where_it_is_first_seen():
    flags = last(START, on(60, L1="30", N1="4"), organs={"N1": ""}).flags

    assert flags == ("the organ of N1 is not given; it is counted as a lesion outside of the liver, at any size",)


def test_an_answer_that_cannot_be_read_is_flagged():
    assert last(START, on(60, {"arterial_phase": "perhaps"}, L1="15")).flags == (
        'arterial_phase is entered as "perhaps", which is not adequate or inadequate',
    )


def test_with_non_target_disease_only_the_middle_category_is_ir_sd():
    done = course(on(0, X1="present"), on(60, X1="present"), on(120, X1="absent"))

    assert [row.overall for row in done.assessments] == ["IR/SD", "CR"]
    assert (done.best_response, done.best_response_unconfirmed) == ("IR/SD", "CR")
    assert overall(on(0, X1="present"), on(60, X1="not_assessed")) == ["NE"]
    assert overall(on(0, X1="present"), on(60, X1="unequivocal_pd")) == ["PD"]


def test_targets_without_enhancement_beside_a_non_target_that_was_not_assessed_are_partial():
    row = last(on(0, L1="30", X1="present"), on(60, L1="0", X1="not_assessed"))

    assert (row.overall, row.undecided) == ("PR", ("X1 was not assessed",))


def test_no_disease_at_the_baseline_is_followed_until_a_recurrence():
    assert overall(on(0), on(60), on(120, P1="12")) == ["NED", "PD"]


@pytest.mark.parametrize(("days", "best"), [(27, "SD"), (28, "PR")])
def test_a_response_is_confirmed_28_days_later(days, best):
    assert course(START, on(60, L1="20"), on(60 + days, L1="20")).best_response == best


def test_stable_after_a_confirmed_response_is_reported_as_the_response():
    done = course(START, on(60, L1="21"), on(120, L1="21"), on(180, L1="25"))

    assert [(row.overall, row.reported) for row in done.assessments][-1] == ("SD", "PR")


def test_the_limits_follow_the_least_growth_that_is_set():
    visits = on(0, L1="10"), on(60, L1="10")

    assert dict(course(*visits).thresholds)["progression_from_mm"] == 12
    assert dict(course(*visits, settings={"min_abs_increase_mm": "5"}).thresholds)["progression_from_mm"] == 15


def test_the_baseline_is_checked_as_under_recist():
    found = check_baseline(history(on(0, L1="9", L2="20", L3="20")), "mrecist-hcc")

    assert [problem.rule for problem in found] == ["three-in-one-organ", "target-too-small"]
