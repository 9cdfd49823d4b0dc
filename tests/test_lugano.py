"""Lugano 2014: every worked case of the file, and both sides of each limit."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from lesioncases import measured_cases, result, told_day, told_row

from remtrack.errors import UsageError
from remtrack.fold import assess, check_baseline, explain
from remtrack.model import Event, History, Lesion, Line, Measurement, Visit
from remtrack.verdict import PROGRESSION, RELAPSE

CASES = list(measured_cases("lugano-2014"))
BASELINE = date(2024, 1, 8)
CT = {"mode": "CT"}


# ------------------------------------------------------------------------------------- the worked cases


def test_the_file_of_cases_is_whole():
    assert [case.case_id for case in CASES] == [f"U{number:02}" for number in range(1, 23)]
    assert sum(len(case.visits) for case in CASES) == 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_is_judged_as_the_file_says(case):
    judged = [
        told_row(line, row)
        for line in case.lines
        for row in assess(case.history(line), "lugano-2014", case.settings).assessments
    ]

    assert case.visits == judged


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_expectation_of_the_case_is_met(case):
    course = assess(case.history(), "lugano-2014", case.settings)

    assert case.expects == {"best": course.best_response, "progression_date": told_day(course.progression_on)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_every_visit_of_the_case_can_be_explained(case):
    history = case.history()
    for visit in history.visits:
        told = explain(history, "lugano-2014", case.settings, visit.visit_on)

        assert told.steps
        assert all(isinstance(sentence, str) and sentence for sentence in told.would_change)


# ---------------------------------------------------------------------------------- written by hand

KINDS = {"G": "node", "M": "node", "Y": "node"}
ROLES = {"X": "nontarget", "Y": "nontarget", "N": "new", "M": "new"}


def look(days=0, label="", **said):
    """
    Return a visit: `G1="40x30"`, `E1="absent"`, `N1="16"`, `N1="12x9 equivocal"`, and results by their name.

    G is a target node, E another target, Y and X non-targets, M and N new lesions.
    """
    readings, results = [], []
    for name, value in said.items():
        if name[0].isupper():
            readings.append(read(name, value))
        else:
            results.append(result(name, str(value)))
    return Visit(BASELINE + timedelta(days=days), label, measurements=tuple(readings), results=tuple(results))


def read(name, value):
    if isinstance(value, Measurement):
        return value
    longest = short = None
    words = str(value).split()
    if words[0][0].isdigit():
        sizes = [Decimal(size) for size in words.pop(0).split("x")]
        longest, short = (*sizes, None)[:2]
    state, _, other = (words[0] if words else "measured").partition(":")
    return Measurement(name, state, longest, short, other)


def history(*visits, **parts):
    names = dict.fromkeys(row.lesion_id for visit in visits for row in visit.measurements)
    lesions = [Lesion(name, ROLES.get(name[0], "target"), KINDS.get(name[0], "nonnodal")) for name in names]
    line = parts.pop("line", Line(started_on=BASELINE + timedelta(days=7)))
    return History("P01", line, lesions=tuple(lesions), visits=visits, **parts)


def course(*visits, settings=CT, **parts):
    return assess(history(*visits, **parts), "lugano-2014", settings)


def overall(*visits, settings=CT, **parts):
    return [row.overall for row in course(*visits, settings=settings, **parts).assessments]


def last(*visits, settings=CT, **parts):
    return course(*visits, settings=settings, **parts).assessments[-1]


BIG = "40x30"  # 1200 mm²


@pytest.mark.parametrize(
    ("now", "category"),
    [("30x20", "PR"), ("30x20.1", "SD"), ("15x15", "CR"), ("15.1x10", "PR"), ("16x0.1", "PR")],
)
def test_half_of_the_sum_is_partial_and_15_mm_is_normal(now, category):
    assert overall(look(G1=BIG), look(60, G1=now)) == [category]


@pytest.mark.parametrize(
    ("first", "now", "category"),
    [
        ("16x10", "20.9x12", "SD"),  # +4.9 mm
        ("16x10", "21x12", "PD"),
        ("20x10", "25x12", "PD"),  # exactly 20 mm at its smallest: 5 mm are enough
        ("20.1x10", "25.1x15", "SD"),  # 20.1 mm at its smallest: 10 mm are needed
        ("20.1x10", "30.1x15", "PD"),
        ("30x20", "40x22.5", "PD"),  # exactly +50 %
        ("30x20", "40x22.4", "SD"),  # +49.3 %
        ("30x20", "39.9x30", "PD"),  # the shorter diameter by 10 mm
        ("30x20", "39.9x29.9", "SD"),
        ("10x8", "15x15", "SD"),  # not longer than 15 mm
        ("10x8", "15.1x12", "PD"),
    ],
)
def test_one_lesion_is_progression_by_length_product_and_growth_together(first, now, category):
    assert overall(look(G1=first, G2=BIG), look(60, G1=now, G2=BIG)) == [category]


def test_diameters_and_product_have_their_smallest_values_apart():
    """The product was smallest at the second visit (160), the longest diameter at the first (16)."""
    visits = look(G1="16x12", G2=BIG), look(60, G1="20x8", G2=BIG), look(120, G1="21x11.5", G2=BIG)

    assert overall(*visits) == ["SD", "PD"]
    assert "21 x 11.5 mm from 16 x 8 at its smallest (product +50.9 %, +5 and +3.5 mm)" in last(*visits).because


@pytest.mark.parametrize(("size", "category"), [("10x9", "PR"), ("10.1x9", "PD")])
def test_a_lesion_elsewhere_that_was_gone_is_back_above_10_mm(size, category):
    assert overall(look(E1="30x20"), look(60, E1="absent"), look(120, E1=size)) == ["CR", category]


@pytest.mark.parametrize(("size", "category"), [("15x12", "CR"), ("15.1x12", "PD")])
def test_a_node_that_was_gone_is_back_above_15_mm(size, category):
    assert overall(look(G1="30x20"), look(60, G1="absent"), look(120, G1=size)) == ["CR", category]


def test_a_lesion_that_shrank_and_was_never_gone_grows_unpunished_up_to_15_mm():
    assert overall(look(E1="30x20"), look(60, E1="6x5"), look(120, E1="15x14"), look(180, E1="15.1x14")) == [
        "PR",
        "PR",
        "PD",
    ]


@pytest.mark.parametrize(
    ("name", "said", "category"),
    [
        ("M1", "15", "CR"),
        ("M1", "15.1", "PD"),
        ("N1", "10", "CR"),
        ("N1", "10.1", "PD"),
        ("N1", "9x10.1", "PD"),  # in any axis
        ("N1", "unequivocal", "PD"),
        ("N1", "4x3 unequivocal", "PD"),
        ("N1", "30x20 equivocal", "CR"),
        ("N1", "disproved", "CR"),
        ("N1", "present", "CR"),
    ],
)
def test_a_new_lesion_counts_by_size_or_because_it_is_called_unequivocal(name, said, category):
    assert overall(look(G1=BIG), look(60, G1="12x10", **{name: said})) == [category]


def test_a_new_lesion_without_size_or_certainty_is_flagged():
    row = last(look(G1=BIG), look(60, G1="12x10", N1="present"))

    assert row.flags == ("new lesion N1 has no size and is not called unequivocal; it is not counted",)
    assert row.undecided == ("N1 has no size and is not called unequivocal",)
    assert last(look(G1=BIG), look(60, G1="12x10", N1="too_small")).undecided == ()


def test_a_new_lesion_that_grows_over_the_size_is_dated_then_and_not_before():
    done = course(look(G1=BIG), look(60, G1="12x10", N1="8"), look(120, G1="12x10", N1="12"))

    assert [row.overall for row in done.assessments] == ["CR", "PD"]
    assert done.progression_on == BASELINE + timedelta(days=120)


def test_an_unclear_new_lesion_that_is_called_unequivocal_later_is_dated_at_first_sight():
    visits = look(G1=BIG), look(60, G1="12x10", N1="8 equivocal"), look(120, G1="12x10", N1="unequivocal")

    assert overall(*visits) == ["PD", "PD"]
    assert overall(*visits, as_of=BASELINE + timedelta(days=60)) == ["CR"]
    assert "proven" not in last(*visits).because


def test_an_unclear_new_lesion_over_the_size_waits_for_its_reader_and_is_flagged():
    row = last(look(G1=BIG), look(60, G1="12x10", N1="20 equivocal"))

    assert (row.overall, row.flags) == ("CR", ("new lesion N1 is unclear; look at it again at the next visit",))


def test_a_new_lesion_that_is_disproved_later_never_was():
    visits = look(G1=BIG), look(60, G1="12x10", M1="18"), look(120, G1="12x10", M1="disproved")

    assert overall(*visits) == ["CR", "CR"]


@pytest.mark.parametrize(
    ("lengths", "categories"),
    [
        ((150, 160, 161), ["SD", "PD"]),  # from 150: more than 160
        ((150, 140, 145, 145.1), ["SD", "SD", "PD"]),  # from the smallest, 140: more than 145
        ((120, 139.9, 140), ["SD", "PD"]),
        ((105, 130, 130.1), ["SD", "PD"]),  # +20 is met from 125 on, but only above 130 mm is it enlarged
        ((170, 125, 144.9, 145), ["SD", "SD", "PD"]),
        ((170, 105, 130, 131), ["SD", "SD", "PD"]),
        ((130, 149.9, 150), ["SD", "PD"]),  # exactly 130 mm is normal
    ],
)
def test_the_spleen_is_progression_by_its_excess_or_by_20_mm(lengths, categories):
    visits = [look(60 * place, G1=BIG, spleen_mm=length) for place, length in enumerate(lengths)]

    assert overall(*visits) == categories


def test_a_spleen_that_was_first_measured_later_is_compared_with_its_first_length():
    lengths = look(G1=BIG), look(60, G1=BIG, spleen_mm=120), look(120, G1=BIG, spleen_mm=140)

    assert overall(*lengths) == ["SD", "PD"]


@pytest.mark.parametrize(
    ("first", "now", "category"),
    [
        (170, 150, "SD"),
        (170, 149.9, "PR"),
        (170, 130, "CR"),
        (170, 130.1, "PR"),
        (131, 130.5, "SD"),
        (131, 130.4, "PR"),
    ],
)
def test_the_excess_of_the_spleen_must_fall_by_more_than_half_for_a_response(first, now, category):
    assert overall(look(G1=BIG, spleen_mm=first), look(60, G1="12x10", spleen_mm=now)) == [category]


def test_a_spleen_that_was_enlarged_and_is_not_measured_leaves_the_visit_open():
    row = last(look(G1=BIG, spleen_mm=131), look(60, G1="12x10"))

    assert (row.overall, row.because) == (
        "NE",
        "nothing is entered for spleen_mm; it was 131 mm at first: CT cannot be rated",
    )
    assert overall(look(G1=BIG, spleen_mm=130), look(60, G1="12x10")) == ["CR"]
    assert overall(look(G1=BIG), look(60, G1="12x10")) == ["CR"]


def test_a_spleen_that_was_enlarged_when_last_measured_is_not_taken_to_be_normal():
    """120 mm at the baseline and 135 mm later: not 20 mm longer, so no PD, and not normal either."""
    row = last(look(G1=BIG, spleen_mm=120), look(60, G1="12x10", spleen_mm=135), look(120, G1="12x10"))

    assert (row.overall, row.undecided) == (
        "PR",
        ("nothing is entered for spleen_mm; it was 135 mm when last measured",),
    )
    normal = look(G1=BIG, spleen_mm=120), look(60, G1="12x10", spleen_mm=130), look(120, G1="12x10")
    assert overall(*normal) == ["CR", "CR"]


def test_a_spleen_in_centimetres_is_understood():
    visit = look(60, G1="12x10")
    visit = Visit(visit.visit_on, measurements=visit.measurements, results=(result("spleen_mm", "13.1 cm"),))

    assert overall(look(G1=BIG), visit) == ["PR"]


@pytest.mark.parametrize(
    ("bound", "category", "undecided"),
    [
        ("<130", "CR", ()),
        ("<125", "CR", ()),
        (">131", "PR", ()),
        (">140", "PR", ()),
        ("<150", "PR", ("the spleen is known only as <150 mm",)),
    ],
)
def test_a_bound_of_the_spleen_decides_only_what_it_can(bound, category, undecided):
    row = last(look(G1=BIG), look(60, G1="12x10", spleen_mm=bound))

    assert (row.overall, row.undecided) == (category, undecided)


def test_a_spleen_that_cannot_be_read_is_flagged_and_counts_as_not_measured():
    row = last(look(G1=BIG), look(60, G1="12x10", spleen_mm="large"))

    assert row.overall == "CR"
    assert row.flags == ('spleen_mm is entered as "large", which is no number',)


MARROW_NEEDED = "nothing is entered for marrow: CR needs marrow=normal, or marrow_fdg=no"


@pytest.mark.parametrize(
    ("first", "now", "category", "undecided"),
    [
        ("involved", {"marrow": "normal"}, "CR", ()),
        ("involved", {"marrow": "involved"}, "PR", ()),
        ("involved", {"marrow_fdg": "no"}, "CR", ()),
        ("involved", {}, "PR", (MARROW_NEEDED,)),
        (
            "involved",
            {"marrow": "not_done"},
            "PR",
            (MARROW_NEEDED.replace("nothing is entered for marrow", "marrow was not done"),),
        ),
        ("normal", {}, "CR", ()),
        ("normal", {"marrow": "involved"}, "PD", ()),
        ("normal", {"marrow_fdg": "yes"}, "PR", (MARROW_NEEDED,)),
        ("not_done", {"marrow": "involved"}, "PR", ("whether the marrow was normal before it was found involved",)),
    ],
)
def test_the_marrow_must_be_clear_for_a_complete_response(first, now, category, undecided):
    row = last(look(G1=BIG, marrow=first), look(60, G1="12x10", **now))

    assert (row.overall, row.undecided) == (category, undecided)


def test_marrow_that_was_shown_to_be_clear_needs_no_second_biopsy():
    """Cheson 2007: the infiltrate has cleared on repeat biopsy. Once it has, it stays so until shown otherwise."""
    first, clear = look(G1=BIG, marrow="involved"), look(60, G1="12x10", marrow="normal")

    assert overall(first, clear, look(120, G1="12x10")) == ["CR", "CR"]
    assert overall(first, clear, look(120, G1="12x10", marrow_fdg="yes")) == ["CR", "PR"]
    assert overall(first, clear, look(120, G1="12x10", marrow="involved")) == ["CR", "PD"]
    assert overall(first, look(60, G1="12x10", marrow_fdg="no"), look(120, G1="12x10")) == ["CR", "CR"]


def test_marrow_that_was_avid_on_pet_is_not_clear_until_something_says_so():
    first = look(G1=BIG, marrow_fdg="yes")
    row = last(first, look(60, G1="12x10"))

    assert (row.overall, row.undecided) == ("PR", (MARROW_NEEDED,))
    assert overall(first, look(60, G1="12x10", marrow_fdg="no")) == ["CR"]
    assert overall(first, look(60, G1="12x10", marrow="normal")) == ["CR"]


def test_marrow_that_only_pet_called_clear_and_a_biopsy_finds_involved_stays_undecided():
    unknown = ("whether the marrow was normal before it was found involved",)
    on_pet = look(60, G1="12x10", marrow_fdg="no")
    row = last(look(G1=BIG, marrow="involved"), on_pet, look(120, G1="12x10", marrow="involved"))

    assert (row.overall, row.undecided) == ("PR", unknown)
    ever = look(G1=BIG, marrow="involved"), look(60, G1=BIG), look(120, G1=BIG, marrow="involved")
    assert last(*ever).undecided == ()
    late = look(G1=BIG), look(60, G1=BIG, marrow="involved"), look(120, G1=BIG, marrow="involved")
    assert [row.undecided for row in course(*late).assessments] == [unknown, unknown]


def test_marrow_that_became_normal_and_is_involved_again_is_progression():
    marrow = look(G1=BIG, marrow="involved"), look(60, G1=BIG, marrow="normal"), look(120, G1=BIG, marrow="involved")

    assert overall(*marrow) == ["SD", "PD"]


@pytest.mark.parametrize(
    ("said", "category", "undecided"),
    [
        ("absent", "CR", ()),
        ("present", "PR", ()),
        ("increased", "PR", ()),
        ("unequivocal_pd", "PD", ()),
        ("not_assessed", "PR", ("X1 was not assessed",)),
    ],
)
def test_a_non_target_only_blocks_a_complete_response_unless_it_is_unequivocally_worse(said, category, undecided):
    row = last(look(G1=BIG, X1="present"), look(60, G1="12x10", X1=said))

    assert (row.overall, row.undecided) == (category, undecided)


@pytest.mark.parametrize(("size", "category"), [("15x10", "CR"), ("15.1x10", "PR")])
def test_a_non_target_node_is_of_normal_size_up_to_15_mm(size, category):
    assert overall(look(G1=BIG, Y1="present"), look(60, G1="12x10", Y1=size)) == [category]


def test_a_non_target_that_was_absent_and_is_large_again_is_regrowth():
    visits = look(G1=BIG, X1="present"), look(60, G1="12x10", X1="absent"), look(120, G1="12x10", X1="11x9")

    assert overall(*visits) == ["CR", "PD"]
    assert overall(*visits[:2], look(120, G1="12x10", X1="10x9")) == ["CR", "PR"]
    assert [(row.part("target"), row.part("nontarget")) for row in course(*visits).assessments][-1] == ("CR", "PD")
    assert (
        "review: non-target X1 is seen again after it was absent"
        in last(*visits[:2], look(120, G1="12x10", X1="present")).flags
    )


def test_a_lesion_entered_as_absent_and_with_a_size_was_not_gone():
    """What contradicts itself proves neither that it was gone nor, later, that it has come back."""
    visits = look(E1="30x20"), look(60, E1="12x10 absent"), look(120, E1="12x10")

    assert overall(*visits) == ["NE", "PR"]
    assert overall(look(E1="30x20"), look(60, E1="0"), look(120, E1="12x10")) == ["CR", "PD"]
    beside = look(G1=BIG, X1="present"), look(60, G1="12x10", X1="0"), look(120, G1="12x10", X1="11x9")
    assert overall(*beside) == ["CR", "PD"]


def test_a_non_target_node_is_not_judged_from_local_treatment_on():
    visits = look(G1=BIG, Y1="present"), look(60, G1="12x10", Y1="treated_locally"), look(120, G1="12x10", Y1="12x10")

    assert overall(*visits) == ["PR", "PR"]
    assert last(*visits).undecided == ("Y1 was treated locally",)


def test_a_target_that_was_not_assessed_leaves_the_visit_open_unless_another_grew():
    first = look(G1=BIG, G2="16x10")

    assert overall(first, look(60, G1="not_assessed", G2="16x10")) == ["NE"]
    assert overall(first, look(60, G2="16x10")) == ["NE"]
    assert overall(first, look(60, G1="not_assessed", G2="21x12")) == ["PD"]
    assert last(first, look(60, G2="16x10")).undecided == ("nothing is entered for G1",)


def test_a_missing_second_diameter_hides_the_sum_and_not_a_normal_node():
    assert overall(look(G1=BIG), look(60, G1="15")) == ["CR"]
    row = last(look(G1=BIG), look(60, G1="16"))

    assert (row.overall, row.undecided) == ("NE", ("G1 has no second diameter",))
    assert row.sum_mm is None


def test_a_second_diameter_missing_at_the_baseline_leaves_only_what_needs_no_sum():
    first = look(G1="40")

    assert overall(first, look(60, G1="12x10"), look(120, G1="30x20"), look(180, G1="20x15")) == ["CR", "PD", "PD"]
    row = last(first, look(60, G1="30x20"))
    assert row.overall == "NE"
    assert row.undecided == ("G1 has no earlier product to compare with", "G1 has no second diameter at the baseline")


def test_without_any_target_there_is_no_partial_response():
    first = look(X1="present", spleen_mm=170)

    assert overall(first, look(60, X1="present", spleen_mm=120), look(120, X1="absent", spleen_mm=120)) == ["SD", "CR"]


def test_without_disease_on_ct_at_the_baseline_only_progression_can_be_read():
    assert overall(look(), look(60), look(120, N1="12")) == ["NE", "PD"]


def test_no_visit_after_the_baseline_and_no_visit_at_all_give_a_course_without_answers():
    assert course(look(G1=BIG)).assessments == ()
    assert course().best_response == ""


# ---------------------------------------------------------------------------- lesions that split or merge


def test_fragments_are_added_up_and_a_split_is_no_growth():
    row = last(look(G1=BIG), look(60, G3="20x10 fragment_of:G1", G4="18x10 fragment_of:G1"))

    assert (row.overall, row.sum_mm) == ("PR", Decimal(380))


def test_a_mass_is_compared_with_all_that_merged_into_it():
    first = look(G1="20x20", G2="20x20")

    assert overall(first, look(60, G1="40x20", G2="merged_into:G1")) == ["SD"]
    assert overall(first, look(60, G1="40x30", G2="merged_into:G1")) == ["PD"]


def test_once_merged_a_mass_has_a_smallest_size_of_its_own():
    visits = (
        look(G1="20x20", G2="20x20"),
        look(60, G1="40x20", G2="merged_into:G1"),
        look(120, G1="16x10", G2="merged_into:G1"),
        look(180, G1="21x12", G2="merged_into:G1"),
    )

    assert overall(*visits) == ["SD", "PR", "PD"]


def test_a_merged_lesion_is_not_gone_and_a_treated_one_is_missing():
    visits = look(G1="20x20", G2="20x20"), look(60, G1="40x20", G2="merged_into:G1"), look(120, G1="20x20", G2="16x10")

    assert overall(*visits) == ["SD", "SD"]
    assert overall(look(G1=BIG), look(60, G1="treated_locally"), look(120, G1="12x10")) == ["NE", "NE"]


# -------------------------------------------------------------------------------------------------- PET


def pet(*visits, **parts):
    return [row.overall for row in course(*visits, settings=None, **parts).assessments]


START = look(G1="60x50", dps=5)


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ({"dps": 1}, "CMR"),
        ({"dps": 3}, "CMR"),
        ({"dps": 3, "uptake_vs_baseline": "increased"}, "CMR"),
        ({"dps": 4, "uptake_vs_baseline": "reduced"}, "PMR"),
        ({"dps": 4, "uptake_vs_baseline": "same"}, "NMR"),
        ({"dps": 4, "uptake_vs_baseline": "increased"}, "PMD"),
        ({"dps": 2, "marrow_fdg": "yes", "uptake_vs_baseline": "increased"}, "PMD"),
        ({"dps": 2, "marrow_fdg": "yes", "uptake_vs_baseline": "same"}, "NMR"),
        ({"dps": 1, "new_fdg_foci": "yes"}, "PMD"),
        ({"new_fdg_foci": "yes"}, "PMD"),
        ({"marrow_fdg": "yes", "uptake_vs_baseline": "increased"}, "PMD"),
    ],
)
def test_pet_is_read_by_score_uptake_marrow_and_new_foci(said, category):
    assert pet(START, look(60, G1="60x50", **said)) == [category]


@pytest.mark.parametrize(
    ("said", "undecided"),
    [
        (
            {},
            (
                "nothing is entered for dps (1 to 5)",
                "nothing is entered for uptake_vs_baseline (reduced, same or increased)",
            ),
        ),
        ({"dps": 4}, ("nothing is entered for uptake_vs_baseline (reduced, same or increased)",)),
        ({"dps": "X", "uptake_vs_baseline": "same"}, ('dps is entered as "X", which is no number (1 to 5)',)),
        ({"dps": ">2", "uptake_vs_baseline": "same"}, ("whether dps 3-5 is at most 3",)),
        ({"marrow_fdg": "yes", "uptake_vs_baseline": "reduced"}, ("nothing is entered for dps (1 to 5)",)),
    ],
)
def test_pet_without_what_decides_is_not_evaluable_and_says_what_would(said, undecided):
    row = last(START, look(60, G1="60x50", **said), settings=None)

    assert (row.overall, row.because) == ("NE", f"{'; '.join(undecided)}: PET cannot be rated")
    assert set(row.undecided) <= set(undecided)


@pytest.mark.parametrize(("dps", "category"), [(">3", "PMR"), ("4-5", "PMR"), ("1-3", "CMR"), ("3.5", "NE")])
def test_a_bound_of_the_score_decides_only_what_it_can(dps, category):
    assert pet(START, look(60, dps=dps, uptake_vs_baseline="reduced")) == [category]


@pytest.mark.parametrize("dps", ["0", "6", "7"])
def test_a_score_outside_of_the_scale_is_flagged_and_not_read(dps):
    row = last(START, look(60, dps=dps), settings=None)

    assert row.overall == "NE"
    assert row.flags == (f"dps {dps} is outside 1 to 5",)


def test_an_x_is_a_remark_and_no_score():
    row = last(START, look(60, dps="X"), settings=None)

    assert (row.overall, row.flags) == ("NE", ("dps X is a remark on other uptake and no score: enter 1 to 5",))


def test_the_other_scale_is_shown_beside_the_headline():
    visits = START, look(60, G1="12x10", dps=4, uptake_vs_baseline="reduced")

    on_pet, on_ct = last(*visits, settings=None), last(*visits, settings=CT)
    assert (on_pet.overall, on_pet.extra["ct"]) == ("PMR", "CR")
    assert (on_ct.overall, on_ct.extra["pet"]) == ("CR", "PMR")
    assert "pet" not in last(look(G1=BIG), look(60, G1=BIG)).extra


def test_ct_is_shown_where_pet_was_not_read_and_its_gaps_are_not_those_of_the_category():
    assert last(START, look(60, G1="12x10"), settings=None).extra["ct"] == "CR"
    row = last(START, look(60, dps=2), settings=None)
    assert (row.overall, row.extra["ct"], row.undecided) == ("CMR", "NE", ())


def test_a_lesion_new_on_ct_alone_is_flagged_and_no_progression_on_pet():
    row = last(START, look(60, G1="12x10", dps=2, N1="14"), settings=None)

    assert (row.overall, row.extra["ct"]) == ("CMR", "PD")
    assert row.flags == (
        "review: N1 (first seen 2024-03-08) is new on CT; without new FDG-avid foci it is no progression on PET",
    )


def test_what_was_not_entered_and_may_matter_is_flagged():
    row = last(START, look(60, dps=5, uptake_vs_baseline="reduced"), settings=None)
    assert row.flags == ("a score of 5 may mean new lesions; new_fdg_foci was not entered and is read as no",)

    row = last(look(G1=BIG, dps=5, marrow_fdg="yes"), look(60, dps=2), settings=None)
    assert row.flags == ("marrow uptake was held to be lymphoma before; marrow_fdg was not entered and is read as no",)


# ------------------------------------------------------------------------------------- over the whole line


def test_a_response_stands_from_its_first_visit_and_the_month_is_asked_apart():
    done = course(look(G1=BIG), look(60, G1="30x20"), look(87, G1="30x20"), look(88, G1="12x10"))

    (episode,) = done.episodes
    assert (episode.category, episode.began_on) == ("CR", BASELINE + timedelta(days=60))
    assert (episode.lasted_month, episode.lasted_on) == ("yes", BASELINE + timedelta(days=88))
    assert done.response_start == done.confirmed_on == BASELINE + timedelta(days=60)
    assert [row.reported for row in done.assessments] == ["PR", "PR", "CR"]


def test_progression_after_a_complete_response_is_a_relapse_and_otherwise_not():
    relapse = course(look(G1=BIG), look(60, G1="12x10"), look(120, G1="30x20"), look(180, G1="60x20"))
    growth = course(look(G1=BIG), look(60, G1="20x16"), look(120, G1="30x25"))

    assert [(row.overall, row.reported_kind) for row in relapse.assessments[1:]] == [("PD", RELAPSE)] * 2
    assert relapse.episodes[0].ended_on == relapse.progression_on == BASELINE + timedelta(days=120)
    assert [row.reported_kind for row in growth.assessments][1:] == [PROGRESSION]


def test_a_complete_response_that_comes_after_progression_makes_no_relapse_of_it():
    done = course(look(G1=BIG), look(60, G1="60x40"), look(120, G1="12x10"), look(180, G1="30x20"))

    assert [row.reported_kind for row in done.assessments] == [PROGRESSION, "complete", PROGRESSION]


def test_duration_of_response_runs_to_death_and_is_censored_by_a_new_therapy():
    visits = look(G1=BIG), look(60, G1="12x10"), look(120, G1="12x10")
    died = course(*visits, events=(Event("death", BASELINE + timedelta(days=200)),))
    treated = course(*visits, new_therapy_on=BASELINE + timedelta(days=130))

    assert (died.dor_days, died.dor_censored) == (140, False)
    assert (treated.dor_days, treated.dor_censored) == (60, True)


def test_a_complete_response_before_the_end_of_treatment_is_marked_interim():
    planned = Line(started_on=BASELINE, stopped_on=BASELINE + timedelta(days=100))
    done = course(look(G1=BIG), look(60, G1="12x10"), look(120, G1="12x10"), line=planned)

    assert [row.extra.get("interim", False) for row in done.assessments] == [True, False]


def test_with_scans_on_several_days_progression_is_dated_by_the_scan_that_showed_it():
    def on(days, **readings):
        visit = look(60, G1="12x10", **readings)
        later = visit.visit_on + timedelta(days=days)
        rows = [
            Measurement(
                r.lesion_id, r.state, r.longest_mm, r.short_mm, measured_on=later if r.lesion_id == "N1" else None
            )
            for r in visit.measurements
        ]
        return Visit(visit.visit_on, measurements=tuple(rows), results=visit.results)

    assert course(look(G1=BIG), on(3, N1="14")).progression_on == BASELINE + timedelta(days=63)
    assert course(look(G1=BIG), on(3, N1="4")).response_start == BASELINE + timedelta(days=63)
    assert course(
        look(G1=BIG, X1="present"), on(3, N1="4", X1="unequivocal_pd")
    ).progression_on == BASELINE + timedelta(days=60)


def test_the_limits_for_the_next_visit_are_those_of_the_scale_in_use():
    visits = look(G1=BIG, dps=5), look(60, G1="30x25", dps=4, uptake_vs_baseline="reduced")

    assert course(*visits).thresholds == (("partial_to_mm2", Decimal(600)), ("nadir_mm", Decimal(750)))
    assert course(*visits, settings=None).thresholds == (("nadir_mm", Decimal(750)),)


def test_the_explanation_names_the_sizes_and_what_would_change_the_answer():
    visits = look(G1=BIG, spleen_mm=150), look(60, G1="30x25", spleen_mm=150)
    told = explain(history(*visits), "lugano-2014", CT, visits[1].visit_on)

    assert ("Target lesions", "G1 30 x 25 = 750 mm²", "sum of products", "750 mm²") in [
        (step.label, step.value, step.rule, step.result) for step in told.steps
    ]
    assert told.would_change == (
        (
            "PD if G1 is longer than 15 mm, its product at least 1800 mm², and the longest diameter from 50 "
            "or the other from 40 mm; now 30 x 25"
        ),
        "PD if the spleen is longer than 160 mm",
        "PR needs a spleen under 140 mm; now 150",
        "PR at 600 mm² or less; now 750",
        "CR needs every node at most 15 mm long and all else gone: G1 30 mm",
    )


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        ((150, 161), "not PD by the spleen at 160 mm or less"),
        ((120, 140), "not PD by the spleen below 140 mm"),
        ((105, 131), "not PD by the spleen at 130 mm or less"),
        ((105, 120), "PD if the spleen is longer than 130 mm"),
        ((120, 130), "PD if the spleen is 140 mm or longer"),
    ],
)
def test_what_would_change_names_the_length_of_the_spleen(lengths, told):
    visits = [look(60 * place, G1=BIG, spleen_mm=length) for place, length in enumerate(lengths)]

    assert told in explain(history(*visits), "lugano-2014", CT, visits[-1].visit_on).would_change


def test_the_explanation_names_what_an_enlarged_spleen_has_lost():
    visits = look(G1=BIG, spleen_mm=170), look(60, G1="12x10", spleen_mm=150)
    steps = explain(history(*visits), "lugano-2014", CT, visits[1].visit_on).steps

    assert ("Spleen over 130 mm", "20 mm after 40 mm at first", "down by more than half (for PR)", "no") in steps


def test_the_explanation_of_the_baseline_gives_the_sum():
    told = explain(history(look(G1=BIG, G2="20x20", spleen_mm=120)), "lugano-2014", CT, BASELINE)

    assert [step.result for step in told.steps] == ["1600 mm²", "yes"]


def test_an_unusual_baseline_is_warned_of():
    many = {f"G{number}": "16x10" for number in range(1, 8)}
    found = check_baseline(history(look(**many)), "lugano-2014", CT)
    assert [problem.rule for problem in found] == ["seven-targets"]

    found = check_baseline(history(look(G1="15x10", E1="10x9", E2="10.1")), "lugano-2014", CT)
    assert [problem.rule for problem in found] == ["target-too-small", "target-too-small", "target-without-baseline"]

    assert [problem.rule for problem in check_baseline(history(look(G1=BIG)), "lugano-2014")] == ["no-baseline-pet"]
    assert [problem.rule for problem in check_baseline(history(look(G1=BIG, dps=3)), "lugano-2014")] == ["not-avid"]
    assert check_baseline(history(look(G1=BIG, dps=4)), "lugano-2014") == ()


def test_an_unknown_mode_is_refused_and_either_spelling_of_a_known_one_taken():
    with pytest.raises(UsageError, match="mode cannot be"):
        course(look(G1=BIG), settings={"mode": "mri"})

    assert course(look(G1=BIG), settings={"mode": "pet"}).settings == ()
    assert course(look(G1=BIG), settings={"mode": "ct"}).settings == (("mode", "CT"),)
