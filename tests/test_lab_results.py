"""How a laboratory result is read: numbers, bounds and words, units, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from labcases import lab_visit, result

from remtrack.criteria.results import (
    COUNTS,
    GRAMS_PER_DL,
    MG_PER_DAY,
    MG_PER_L,
    NG_PER_ML,
    NONE_SEEN,
    PERCENT,
    SQUARE_MM,
    UNITS_PER_ML,
    Amount,
    Analyte,
    Panel,
    all_of,
    any_of,
    by_name,
    count,
    exactly,
    highest,
    lowest,
    read_result,
    share,
    word,
)
from remtrack.model import Result

DAY = date(2024, 2, 12)
ANC = count("anc", "neutrophils", 100)
BLASTS = share("blasts", "blasts", zero_words=NONE_SEEN)
PSA = Analyte("psa", "ng/mL", "PSA", NG_PER_ML, open_words=frozenset({"undetectable"}))
EMD = word("emd", "other disease")


def read(analyte, text, unit=""):
    row = {"key": analyte.name, "value": text, "unit": unit, "date": DAY.isoformat()}
    return read_result(result(row, DAY), analyte, DAY)


@pytest.mark.parametrize(
    ("units", "unit", "printed", "expected"),
    [
        (COUNTS, "10^9/L", "1200", "/uL"),
        (COUNTS, "10^9/L", "1200", "/µL"),
        (COUNTS, "10^9/L", "1200", "cells/mm³"),
        (COUNTS, "10^9/L", "1.2", "10*9/L"),
        (COUNTS, "10^9/L", "1.2", "x10⁹/L"),
        (COUNTS, "10^9/L", "1.2", "K/uL"),
        (COUNTS, "10^9/L", "1.2", "10^3/µl"),
        (COUNTS, "10^9/L", "1.2", "G/L"),
        (COUNTS, "10^9/L", "0.012", "lakh/mm3"),
        (GRAMS_PER_DL, "g/dL", "12", "g/L"),
        (MG_PER_L, "mg/L", "0.12", "mg/dL"),
        (MG_PER_DAY, "mg/24h", "0.0012", "g/24 h"),
        (PERCENT, "%", "0.012", "fraction"),
        (UNITS_PER_ML, "U/mL", "1.2", "kU/L"),
        (NG_PER_ML, "ng/mL", "1.2", "µg/L"),
        (SQUARE_MM, "mm2", "0.012", "cm²"),
    ],
)
def test_a_unit_is_converted_exactly(units, unit, printed, expected):
    reading = read(Analyte("test", unit, "", units), printed, expected)

    assert reading.amount.value == Decimal("1.2")
    assert reading.said == f"1.2 {unit}"
    assert reading.trouble == ""


@pytest.mark.parametrize(
    ("text", "least", "most", "above", "below"),
    [
        ("<0.1", "0", "0.1", False, True),
        ("< 0.1", "0", "0.1", False, True),
        ("≤0.1", "0", "0.1", False, False),
        ("<=0.1", "0", "0.1", False, False),
        (">60", "60", "Infinity", True, False),
        ("≥60", "60", "Infinity", False, False),
        ("0-1", "0", "1", False, False),
        ("2–5 %", "2", "5", False, False),
        ("none", "0", "0", False, False),
        ("2%", "2", "2", False, False),
    ],
)
def test_a_bound_is_kept_as_what_it_says(text, least, most, above, below):
    assert Amount(Decimal(least), Decimal(most), above, below) == read(BLASTS, text).amount


def test_undetectable_says_only_that_it_is_not_below_nothing():
    reading = read(PSA, "undetectable")

    assert reading.amount.at_most(Decimal(4)) is None
    assert reading.said == "undetectable"


@pytest.mark.parametrize(
    ("analyte", "text", "unit", "trouble"),
    [
        (ANC, "1200", "", "anc 1200 10^9/L is outside 0 to 100"),
        (ANC, "2000000", "/uL", "anc 2000000 /uL (2000 10^9/L) is outside 0 to 100"),
        (ANC, "-1", "", "anc -1 10^9/L is outside 0 to 100"),
        (ANC, "1.2", "mg/L", "anc is entered in mg/L; it is read in 10^9/L"),
        (ANC, "high", "", 'anc is entered as "high", which is no number'),
        (ANC, "1.2 /uL", "10^9/L", 'anc is entered as "1.2 /uL" and in 10^9/L, which are two units'),
        (ANC, "5-2", "", '"5-2" is no range'),
        (BLASTS, "101", "%", "blasts 101 % is outside 0 to 100"),
        (BLASTS, ">100", "", "blasts >100 % is outside 0 to 100"),
        (EMD, "perhaps", "", 'emd is entered as "perhaps", which is not yes or no'),
    ],
)
def test_what_cannot_be_read_counts_as_not_measured_and_says_why(analyte, text, unit, trouble):
    reading = read(analyte, text, unit)

    assert (reading.amount, reading.word) == (None, None)
    assert trouble == reading.trouble


@pytest.mark.parametrize("text", ["nd", "not done", "not_done", "Pending", "NE"])
def test_not_done_is_no_trouble_and_no_result(text):
    reading = read(ANC, text)

    assert not reading.is_read
    assert reading.trouble == ""


@pytest.mark.parametrize(("text", "expected"), [("Yes", "yes"), ("present", "yes"), ("1", "yes"), ("neg", "no")])
def test_a_word_has_several_spellings(text, expected):
    assert expected == read(EMD, text).word


def test_the_upper_limit_is_in_the_same_unit_as_the_value():
    reading = read_result(Result("anc", Decimal(1500), "1500", "/uL", Decimal(8000)), ANC, DAY)

    assert reading.upper_limit == Decimal(8)


def test_the_latest_sample_of_a_visit_that_says_anything_is_read():
    visit = lab_visit("2024-02-22", anc=("1.1", "", "2024-02-20"))
    later = lab_visit("2024-02-22", anc=("nd", "", "2024-02-21"))
    panel = Panel(visit.__class__(visit.visit_on, results=later.results + visit.results), by_name(ANC, EMD))

    assert panel.amount("anc") == exactly("1.1")
    assert [reading.on.day for reading in panel.all("anc")] == [20, 21]
    assert panel.lack("emd") == "nothing is entered for emd"


@pytest.mark.parametrize(
    ("amount", "limit", "at_least", "above", "at_most", "below"),
    [
        (exactly(5), 5, True, False, True, False),
        (Amount(Decimal(0), Decimal(5), below_most=True), 5, False, False, True, True),
        (Amount(Decimal(0), Decimal(5)), 5, None, False, True, None),
        (Amount(Decimal(5), Decimal(100), above_least=True), 5, True, True, False, False),
        (Amount(Decimal(5), Decimal(100)), 5, True, None, None, False),
        (Amount(Decimal(0), Decimal(6), below_most=True), 5, None, None, None, None),
    ],
)
def test_a_bound_decides_only_what_it_can(amount, limit, at_least, above, at_most, below):
    limit = Decimal(limit)
    answers = (amount.at_least(limit), amount.above(limit), amount.at_most(limit), amount.below(limit))

    assert answers == (at_least, above, at_most, below)


numbers = st.integers(0, 40).map(Decimal)


@st.composite
def amounts(draw):
    """An amount, and one number that it may be."""
    least, most = sorted((draw(numbers), draw(numbers)))
    if least == most:
        return Amount(least, most), least
    above, below = draw(st.booleans()), draw(st.booleans())
    inside = draw(st.sampled_from([least, most, (least + most) / 2]))
    if (above and inside == least) or (below and inside == most):
        inside = (least + most) / 2
    return Amount(least, most, above, below), inside


@given(amounts(), amounts())
def test_a_comparison_that_is_answered_holds_for_every_number_it_may_be(one, other):
    (left, a), (right, b) = one, other

    assert left.at_most(right) in (None, a <= b)
    assert left.below(right) in (None, a < b)
    assert left.at_least(right) in (None, a >= b)
    assert left.above(right) in (None, a > b)


@given(amounts(), amounts(), st.integers(1, 5), st.integers(1, 5))
def test_a_share_that_is_answered_holds_for_every_number_it_may_be(one, other, parts, of):
    (left, a), (right, b) = one, other

    assert left.reaches(right, parts, of) in (None, a * of >= b * parts)


@given(st.lists(amounts(), min_size=1, max_size=4), numbers)
def test_the_lowest_and_highest_of_bounds_hold_for_every_number_they_may_be(found, limit):
    parts, inside = [amount for amount, _ in found], [value for _, value in found]

    assert lowest(parts).at_most(limit) in (None, min(inside) <= limit)
    assert lowest(parts).below(limit) in (None, min(inside) < limit)
    assert highest(parts).at_least(limit) in (None, max(inside) >= limit)
    assert highest(parts).above(limit) in (None, max(inside) > limit)


@given(amounts(), amounts(), numbers)
def test_a_difference_of_bounds_holds_for_every_number_it_may_be(one, other, limit):
    (left, a), (right, b) = one, other

    assert left.minus(right).at_least(limit) in (None, a - b >= limit)
    assert left.minus(right).below(limit) in (None, a - b < limit)
    assert left.plus(right).at_most(limit) in (None, a + b <= limit)


def test_answers_that_cannot_be_said_are_carried_through():
    assert all_of(True, None) is None
    assert all_of(False, None) is False
    assert any_of(True, None) is True
    assert any_of(False, None) is None


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
@pytest.mark.parametrize(
    ("written", "said"),
    [(("2", "2.0", "2.00"), "2"), (("4.5", "4.50"), "4.5"), (("100", "1E+2", "100.0"), "100"), (("0", "0.0"), "0")],
)
def test_a_number_is_the_same_however_many_zeros_it_is_written_with_and_whatever_was_read_before(written, said, order):
    """2 and 2.0 are equal, and so are remembered as one: what was read first must not show in the answers after it."""
    test = Analyte("test", "%", "", PERCENT)  # one of its own, of which nothing is remembered yet
    read = [read_result(Result("test", Decimal(value), said, "%"), test, DAY) for value in written[order]]

    assert {(str(one.amount.value), one.said) for one in read} == {(said, f"{said} %")}
