"""What cells and words mean: each form that is read, and each that is refused with a reason."""

import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st

from remtrack.exchange.cells import (
    AXES,
    CellError,
    doubtful_size,
    is_reading,
    nearest,
    parse_day,
    parse_day_number,
    parse_kind,
    parse_lesion_id,
    parse_name,
    parse_patient_id,
    parse_reading,
    parse_role,
    parse_size,
    parse_state,
    parse_text,
    parse_word,
    quote,
    say_day,
)
from remtrack.model import KINDS, ROLES

TODAY = date(2026, 11, 22)
D = Decimal


def day_of(text, **options):
    return parse_day(text, today=TODAY, **options)


def refused(function, *args, **options):
    with pytest.raises(CellError) as caught:
        function(*args, **options)
    return caught.value


def tried(function, *args, **options):
    """What the function gives and None, or None and how it refused."""
    try:
        return function(*args, **options), None
    except CellError as error:
        return None, error


# --- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05",
        " 2026-01-05 ",
        "20260105",
        "2026/1/5",
        "2026.01.05",
        "5 jan 2026",
        "5 January 2026",
        "05-JAN-2026",
        "5jan2026",
        "Jan 5 2026",
        "January 5th, 2026",
        "Mon 5 Jan 2026",
        "Monday, 5 January 2026",
        "5. January 2026",
        "2026-01-05T00:00:00",
        "2026-01-05 14:05:33.5",
        "2026-01-05T23:59:59Z",
        "2026-01-05T23:59:59+14:00",
        "5 Jan 2026 10:30",
        "05/01/2026 with the day first",
    ],
)
def test_a_day_is_read_in_every_form_that_has_one_meaning(text):
    if text.endswith("first"):
        assert day_of("05/01/2026", date_order="dmy") == date(2026, 1, 5)
    else:
        assert day_of(text) == date(2026, 1, 5)


@pytest.mark.parametrize("text", ["5th of January 2026", "5 January 2026 at 10:30", "2026 Jan 5", "January 2026 5"])
def test_dateutil_reads_what_our_own_forms_do_not_when_it_can_mean_one_day_only(text):
    assert day_of(text) == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "ago"), [("today", 0), ("TODAY", 0), ("yesterday", 1), ("3d", 3), ("3 d", 3), ("30d ago", 30), ("0d", 0)]
)
def test_a_person_may_say_a_day_from_today(text, ago):
    assert day_of(text) == TODAY - timedelta(days=ago)


@pytest.mark.parametrize("text", ["today", "yesterday", "3d"])
def test_a_file_may_not_say_a_day_from_today(text):
    error = refused(day_of, text, relative=False)

    assert "another day each time" in error.why
    assert re.search(r"2026-11-\d\d", error.hint)


def test_a_day_with_two_readings_is_refused_with_both_in_words():
    error = refused(day_of, "01/02/2026")

    assert error.what == '"01/02/2026" can be two days'
    assert "Sun 1 Feb 2026" in error.why
    assert "Fri 2 Jan 2026" in error.why
    assert error.hint == "write 2026-02-01 or 2026-01-02"


@pytest.mark.parametrize("text", ["01/02/2026", "1.2.2026", "01-02-2026", "05.01.2026", "12/11/2026"])
def test_day_and_month_are_never_guessed(text):
    assert "two days" in refused(day_of, text).what


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("01/02/2026", "dmy", date(2026, 2, 1)),
        ("01/02/2026", "mdy", date(2026, 1, 2)),
        ("1.2.2026", "dmy", date(2026, 2, 1)),
        ("13/02/2026", None, date(2026, 2, 13)),  # there is no month 13
        ("02/13/2026", None, date(2026, 2, 13)),
        ("12/12/2025", None, date(2025, 12, 12)),
        ("2026/02/01", "dmy", date(2026, 2, 1)),  # a year in front settles the order
    ],
)
def test_a_date_order_settles_which_is_the_month(text, order, day):
    assert day_of(text, date_order=order) == day


@pytest.mark.parametrize(("text", "order"), [("13/02/2026", "mdy"), ("02/13/2026", "dmy")])
def test_a_date_that_contradicts_the_order_that_was_given_is_refused(text, order):
    assert "no month 13" in refused(day_of, text, date_order=order).why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-30", "February 2026 has 28 days"),
        ("2024-02-30", "February 2024 has 29 days"),
        ("31/04/2026", "April 2026 has 30 days"),
        ("2026-13-01", "no month 13"),
        ("2026-00-01", "no month 0"),
        ("2026-12-32", "December 2026 has 31 days"),
        ("31 Nov 2025", "November 2025 has 30 days"),
        ("0000-01-01", "no year 0"),
        ("20261301", "no month 13"),
    ],
)
def test_a_day_that_the_calendar_lacks_is_refused(text, why):
    error = refused(day_of, text)

    assert "not a day of the calendar" in error.what
    assert why in error.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12.5", "a size where a date belongs?"),
        ("5", "a size where a date belongs?"),
        ("-3", "a size where a date belongs?"),
        ("32x14", "a size where a date belongs?"),
        ("3.2cm", "a size where a date belongs?"),
        ("3,2", "a size where a date belongs?"),
        ("2026-01", "the day of the month is missing"),
        ("01/2026", "the day of the month is missing"),
        ("Jan 2026", "the day of the month is missing"),
        ("2026", "the day of the month is missing"),
        ("10:30", "it is a time"),
        ("1/2/26", "the year has two digits"),
        ("5-Jan-26", "the year has two digits"),
        ("46023", "a spreadsheet's number of a day"),
    ],
)
def test_what_is_no_day_is_named(text, why):
    assert why in refused(day_of, text).why


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "tomorrow", "next tuesday", "soon", "2026-W01-1", "2026-001", "２０２６-01-05", "5 Jan 2026 32"),
        *("12 Nov", "Jan 5", "Mon", "2026-1-5-3", "5 foo 2026", "Xyz 5 Jan 2026", "5 de mayo 2026", "NaT", "None"),
        *("2026--01-05", "1 Jan 20266", "99999999", "5 jan 2026 6 feb 2025"),
    ],
)
def test_anything_else_is_no_day(text):
    assert refused(day_of, text).hint


def test_a_wrong_name_of_the_day_is_a_contradiction():
    assert day_of("Mon 5 Jan 2026") == date(2026, 1, 5)
    assert "contradicts itself" in refused(day_of, "Tue 5 Jan 2026").what
    assert "contradicts itself" in refused(day_of, "Tuesday 5th of January 2026").what


def test_the_future_is_refused_and_today_is_not():
    assert day_of("2026-11-22") == TODAY
    error = refused(day_of, "2026-11-23")
    assert "future" in error.what
    assert "Mon 23 Nov 2026 is after today, Sun 22 Nov 2026" in error.why


def test_a_year_before_all_scans_is_a_slip():
    assert day_of("1900-01-01") == date(1900, 1, 1)
    assert "too long ago" in refused(day_of, "1899-12-31").what
    assert "too long ago" in refused(day_of, "0206-01-05").what


@given(st.dates(min_value=date(1900, 1, 1), max_value=TODAY))
def test_a_day_is_read_back_from_every_way_of_writing_it(day):
    month = day.strftime("%B") if day.month else ""
    for text in (
        day.isoformat(),
        say_day(day),
        f"{day.day} {month} {day.year}",
        f"{month[:3]} {day.day}, {day.year}",
        f"{day.day:02}-{month[:3].upper()}-{day.year}",
        f"{day.year}{day.month:02}{day.day:02}",
        f"{day.isoformat()} 00:00:00",
    ):
        assert day_of(text) == day
    assert day_of(f"{day.day}/{day.month}/{day.year}", date_order="dmy") == day
    assert day_of(f"{day.month}/{day.day}/{day.year}", date_order="mdy") == day


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1950, 2020), st.sampled_from("/.-"))
def test_two_numbers_up_to_twelve_are_refused_unless_they_are_the_same(a, b, year, mark):
    text = f"{a}{mark}{b}{mark}{year}"
    if a == b:
        assert day_of(text) == date(year, a, a)
    else:
        assert "two days" in refused(day_of, text).what


@given(st.text(max_size=30))
@example("1 jan 2026 \x00")
@example("sat 2026")
@example("may 2026 00:00:00.00000000000000000000001")
@example("jan 1 2026 1e400")
@example("a" * 10_000)
def test_no_text_makes_reading_a_day_fail_otherwise_than_by_refusing_it(text):
    day, error = tried(day_of, text)

    assert error.what.isprintable() if error else date(1900, 1, 1) <= day <= TODAY


@given(
    st.lists(
        st.sampled_from(["jan", "5", "2026", "12:30", "of", ",", "monday", "th", "13", "pm", "-", "T", "Z"]), max_size=6
    )
)
def test_words_of_dates_in_any_order_give_one_day_or_a_refusal(words):
    day, error = tried(day_of, " ".join(words))

    assert error or (day.year == 2026 and day.day in (5, 13) and day.month in (1, 5))


@pytest.mark.parametrize(
    ("text", "day"),
    [("0", "2020-01-01"), ("-7", "2019-12-25"), ("42", "2020-02-12"), ("42.0", "2020-02-12"), ("+1", "2020-01-02")],
)
def test_a_study_day_counts_from_day_zero(text, day):
    assert parse_day_number(text, day_zero=date(2020, 1, 1), today=TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize("text", ["", "7.5", "BASELINE", "2020-01-08", "1e3", "99999999", "999999", "-999999", "NaN"])
def test_a_study_day_is_a_whole_number_in_reach(text):
    refused(parse_day_number, text, day_zero=date(2020, 1, 1), today=TODAY)


def test_a_study_day_after_today_is_refused_with_its_date():
    error = refused(parse_day_number, "2518", day_zero=date(2020, 1, 1), today=TODAY)

    assert "Mon 23 Nov 2026" in error.why
    assert parse_day_number("2517", day_zero=date(2020, 1, 1), today=TODAY) == TODAY


def test_dateutil_is_loaded_for_no_day_in_our_own_forms():
    code = (
        "import sys, datetime; from remtrack.exchange.cells import parse_day, parse_reading;"
        "[parse_day(t, today=datetime.date(2026, 11, 22)) for t in ('2026-01-05', 'today', '3d', '5 jan 2026')];"
        "parse_reading('target', 'node', '3.2x1.4cm'); assert not any('dateutil' in m for m in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("32", "32", None),
        ("32.5", "32.5", None),
        ("0", "0", None),
        ("0.0", "0", None),
        ("32mm", "32", None),
        ("3.2cm", "32", None),
        ("2.3 cm", "23", None),
        ("2.3 CM", "23", None),
        ("32x14", "32", "14"),
        ("32X14", "32", "14"),
        ("32×14", "32", "14"),
        ("32*14", "32", "14"),
        ("32 x 14 mm", "32", "14"),
        ("3.2x1.4cm", "32", "14"),
        ("3.2 cm x 14 mm", "32", "14"),
        ("28x45", "28", "45"),  # viable by total: the order is as written
        ("500", "500", None),
        ("50cm", "500", None),
        ("12.345678", "12.345678", None),
    ],
)
def test_a_size_is_millimetres_exactly_as_written(text, first, second):
    assert parse_size(text) == (D(first), D(second) if second else None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3,2", 'a comma can mean "3.2" or "32"'),
        ("1,234.5", "a comma can mean"),
        ("32,5x14,2", "a comma can mean"),
        ("-5", "cannot be negative"),
        ("−5", "cannot be negative"),
        ("-0", "cannot be negative"),
        ("nan", "not a number that can be measured"),
        ("NaN mm", "not a number that can be measured"),
        ("inf", "not a number that can be measured"),
        ("-inf", ""),
        ("1e3", "exponent"),
        ("5E-1", "exponent"),
        ("<5", "it is a limit"),
        (">100 mm", "it is a limit"),
        ("2026-01-05", "a date where a size belongs"),
        ("2026-01-05 00:00:00", "a date where a size belongs"),
        ("1.5in", "inches"),
        ('2"', "inches"),
        ("30x20x10", "more than two sizes"),
        (".5", "a decimal point at the edge"),
        ("5.", "a decimal point at the edge"),
        ("3 2", "a space inside"),
        ("500.1", "over 500 mm are refused"),
        ("50.1cm", "that is 501.0 mm"),
        ("99999999999999999999", "over 500 mm are refused"),
        ("13.7000001", "7 decimals"),
        ("32 x 3.2cm x", "more than two sizes"),
        ("", ""),
        ("  ", ""),
        ("about 2 cm", ""),
        ("~2cm", ""),
        ("2-3", ""),
        ("+3", ""),
        ("٣", ""),
        ("３２", ""),
        ("3.2cm x 14", ""),
        ("3.2.1", ""),
        ("0x10", ""),
        ("1_000", ""),
        ("32mmm", ""),
    ],
)
def test_what_is_no_size_is_refused_with_a_reason(text, why):
    if text == "0x10":  # zero by ten is two sizes, not a number in base sixteen
        assert parse_size(text) == (D(0), D(10))
        return
    error = refused(parse_size, text)
    assert why in error.why
    assert error.hint


def test_with_a_decimal_comma_a_point_is_refused():
    assert parse_size("3,2", decimal=",") == (D("3.2"), None)
    assert parse_size("3,2x1,4cm", decimal=",") == (D(32), D(14))
    assert parse_size("32", decimal=",") == (D(32), None)
    assert "a point can mean anything" in refused(parse_size, "3.2", decimal=",").why
    refused(parse_size, "1.234,5", decimal=",")


sizes = st.decimals(0, 500, allow_nan=False, allow_infinity=False, places=2)


@given(sizes, st.none() | sizes)
def test_a_size_is_read_back_from_every_way_of_writing_it(first, second):
    plain = f"{first:f}" + ("" if second is None else f"x{second:f}")
    in_cm = f"{first / 10:f}" + ("" if second is None else f" x {second / 10:f}") + " cm"

    assert parse_size(plain) == parse_size(f"{plain} mm") == parse_size(in_cm) == (first, second)
    assert parse_size(plain.replace(".", ","), decimal=",") == (first, second)


@given(st.text(alphabet="0123456789.,-+eExXcm nafi×/<", max_size=12))
@example("1" * 400)
@example("0." + "0" * 400)
@example("9" * 5000 + "cm")
def test_a_size_that_is_taken_has_no_comma_no_sign_and_an_end(text):
    found, error = tried(parse_size, text)
    if error:
        assert error.what.isprintable()
        return
    assert not set(text) & set(",-+eE<nfi/")
    assert all(size is None or (size.is_finite() and 0 <= size <= 500) for size in found)


def test_a_large_size_is_doubted_from_just_above_300_mm():
    assert doubtful_size(D(300)) == ""
    assert doubtful_size(None) == ""
    assert doubtful_size(D("300.1")) == "300.1 mm is over 300 mm"


# --- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "state"),
    [
        *((text, "absent") for text in ("absent", "ABSENT", "Gone", "resolved", "not present")),
        *((text, "too_small") for text in ("too_small", "too small", "TOO SMALL TO MEASURE", "tiny", "Too-Small")),
        *((text, "not_assessed") for text in ("NE", "ND", "NOT DONE", "Not Evaluable", "not_assessed", "NOT ASSESSED")),
        *((text, "not_assessed") for text in ("not-assessed", "notassessed", "unevaluable", "not imaged")),
        *((text, "present") for text in ("PRESENT", " present ", "persistent")),
        *((text, "increased") for text in ("INCREASED", "increase")),
        *((text, "unequivocal_pd") for text in ("worse", "WORSE", "unequivocal_pd", "Unequivocal PD", "pd")),
        *((text, "unequivocal_pd") for text in ("unequivocal progression", "progressed")),
        *((text, "equivocal") for text in ("EQUIVOCAL", "equivocal")),
        *((text, "disproved") for text in ("DISPROVED", "disproven")),
        *((text, "treated_locally") for text in ("treated locally", "TREATED_LOCALLY", "resected", "irradiated")),
        ("measured", "measured"),
    ],
)
def test_the_words_of_real_files_are_understood(text, state):
    assert parse_state(text) == (state, "")


@pytest.mark.parametrize(
    ("role", "state"), [("nontarget", "unequivocal_pd"), ("new", "unequivocal"), ("target", "unequivocal")]
)
def test_unequivocal_is_progression_of_a_non_target_and_certainty_of_a_new_lesion(role, state):
    assert parse_state("UNEQUIVOCAL", role) == (state, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fragment_of:L1", ("fragment_of", "L1")),
        ("FRAGMENT OF: L1", ("fragment_of", "L1")),
        ("fragment-of=L1.1", ("fragment_of", "L1.1")),
        ("merged_into:L2", ("merged_into", "L2")),
        ("Merged into L2", ("merged_into", "L2")),
        ("merged_into:left lung", ("merged_into", "left lung")),
    ],
)
def test_split_and_merged_lesions_name_the_other_one(text, found):
    assert parse_state(text) == found


@pytest.mark.parametrize("text", ["fragment_of", "fragment_of:", "merged into", "merged_into: "])
def test_split_and_merged_without_the_other_lesion_are_refused(text):
    refused(parse_state, text)


@pytest.mark.parametrize("text", ["NA", "n/a", "NaN", "#N/A", "null", "None"])
def test_a_word_for_an_empty_cell_is_not_taken_for_not_assessed(text):
    assert "can mean not assessed, not applicable, or an empty cell" in refused(parse_state, text).why


def test_an_unknown_state_is_refused_with_the_nearest_word():
    assert refused(parse_state, "unequivcal").hint == "did you mean unequivocal?"
    assert "known: measured, absent" in refused(parse_state, "zebra").why
    for text in ("stable", "unchanged", "not visible", "missing"):  # they do not say which state it is
        refused(parse_state, text)


def test_roles_and_kinds_are_read_in_their_usual_spellings():
    assert [parse_role(text) for text in ("TARGET", "Non-Target", "non target", "NT", "new lesion", "")] == [
        *("target", "nontarget", "nontarget", "nontarget", "new", "")
    ]
    assert [parse_kind(text) for text in ("nodal", "Non-nodal", "lymph node", "marker", "ce", "NCE", "")] == [
        *("node", "nonnodal", "node", "marker", "CE", "nCE", "")
    ]
    assert refused(parse_role, "targte").hint == "did you mean target?"
    assert refused(parse_kind, "noddal").hint == "did you mean node?"


def test_a_lesion_in_a_lymph_node_is_a_node_unless_the_file_says_otherwise():
    for organ in ("LYMPH NODE", "Lymph nodes, axillary", "lymph-node", "node", "LN"):
        assert parse_kind("", organ) == "node"
    for organ in ("liver", "lung nodule", "", "nodes of Ranvier"):
        assert parse_kind("", organ) == ""
    assert parse_kind("non-nodal", "LYMPH NODE") == "nonnodal"


# --- a reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "kind", "cells", "expected"),
    [
        ("target", "nonnodal", {"measure": "32"}, ("measured", "32", None)),
        ("target", "node", {"measure": "18"}, ("measured", None, "18")),
        ("target", "nonnodal", {"measure": "32", "measure2": "14"}, ("measured", "32", "14")),
        ("target", "node", {"measure": "14", "measure2": "32"}, ("measured", "32", "14")),
        ("target", "nonnodal", {"measure": "28", "measure2": "45"}, ("measured", "28", "45")),  # viable, total
        ("target", "nonnodal", {"measure": "32x14"}, ("measured", "32", "14")),
        ("target", "node", {"measure": "32x14"}, ("measured", "32", "14")),
        ("target", "node", {"longest": "32", "short": "14"}, ("measured", "32", "14")),
        ("target", "node", {"longest": "3.2 cm"}, ("measured", "32", None)),
        ("target", "nonnodal", {"measure": "32", "longest": "32"}, ("measured", "32", None)),
        ("target", "CE", {"measure": "32", "measure2": "14"}, ("measured", "32", "14")),
        # 0 is gone, and a lesion that is gone has no size
        ("target", "nonnodal", {"measure": "0"}, ("absent", None, None)),
        ("target", "node", {"measure": "0"}, ("absent", None, None)),
        ("target", "nonnodal", {"measure": "0", "measure2": "0"}, ("absent", None, None)),
        ("target", "nonnodal", {"measure": "0", "state": "ABSENT"}, ("absent", None, None)),
        ("target", "nonnodal", {"measure": "0", "state": "measured"}, ("absent", None, None)),
        ("target", "nonnodal", {"state": "ABSENT"}, ("absent", None, None)),
        # a size beside PRESENT, or beside ABSENT on a node
        ("target", "nonnodal", {"measure": "32", "state": "PRESENT"}, ("measured", "32", None)),
        ("target", "node", {"measure": "8", "state": "ABSENT"}, ("measured", None, "8")),
        ("nontarget", "nonnodal", {"measure": "12", "state": "PRESENT"}, ("measured", "12", None)),
        ("nontarget", "node", {"measure": "8", "state": "ABSENT"}, ("measured", None, "8")),
        # words in the column of numbers
        ("target", "nonnodal", {"longest": "TOO SMALL TO MEASURE"}, ("too_small", None, None)),
        ("target", "nonnodal", {"longest": "NE"}, ("not_assessed", None, None)),
        ("target", "nonnodal", {"longest": "NE", "short": "NE"}, ("not_assessed", None, None)),
        ("target", "nonnodal", {"longest": "TOO SMALL TO MEASURE", "state": "PRESENT"}, ("too_small", None, None)),
        ("target", "nonnodal", {"longest": "NE", "state": "NOT DONE"}, ("not_assessed", None, None)),
        ("new", "nonnodal", {"longest": "NE", "state": "UNEQUIVOCAL"}, ("unequivocal", None, None)),
        ("nontarget", "nonnodal", {"longest": "PRESENT", "state": "WORSE"}, ("unequivocal_pd", None, None)),
        # too small counts 5 mm; the 5 is no reading of its own
        ("target", "nonnodal", {"measure": "5", "state": "TOO SMALL"}, ("too_small", None, None)),
        ("target", "CE", {"measure": "5", "measure2": "5", "state": "too_small"}, ("too_small", None, None)),
        # judgements stay beside a size
        ("new", "nonnodal", {"measure": "14", "state": "UNEQUIVOCAL"}, ("unequivocal", "14", None)),
        ("new", "nonnodal", {"measure": "9", "state": "equivocal"}, ("equivocal", "9", None)),
        ("nontarget", "nonnodal", {"measure": "40", "state": "INCREASED"}, ("increased", "40", None)),
        ("nontarget", "nonnodal", {"measure": "40", "state": "UNEQUIVOCAL"}, ("unequivocal_pd", "40", None)),
        ("target", "nonnodal", {"measure": "12", "state": "treated locally"}, ("treated_locally", "12", None)),
        ("target", "nonnodal", {"measure": "14", "state": "UNEQUIVOCAL"}, ("unequivocal", "14", None)),  # new in line 1
        ("target", "nonnodal", {"state": "treated_locally"}, ("treated_locally", None, None)),
        ("nontarget", "nonnodal", {"state": "PRESENT"}, ("present", None, None)),
        ("nontarget", "nonnodal", {"state": "too small"}, ("too_small", None, None)),
        ("new", "nonnodal", {"state": "disproved"}, ("disproved", None, None)),
        ("", "", {"state": "PRESENT"}, ("present", None, None)),
        ("", "", {"measure": "8", "state": "ABSENT"}, ("measured", "8", None)),
    ],
)
def test_size_and_state_are_read_together(role, kind, cells, expected):
    seen = parse_reading(role, kind, **cells)

    state, longest, short = expected
    assert (seen.state, seen.longest_mm, seen.short_mm) == (state, longest and D(longest), short and D(short))


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        # two diameters for a product: the larger one is the longest, in whatever order they stand
        ("node", {"measure": "40", "measure2": "30"}, ("measured", "40", "30")),
        ("node", {"measure": "30", "measure2": "40"}, ("measured", "40", "30")),
        ("node", {"measure": "30x40"}, ("measured", "40", "30")),
        ("CE", {"measure": "12", "measure2": "18"}, ("measured", "18", "12")),
        ("nonnodal", {"measure": "12x18"}, ("measured", "18", "12")),
        ("node", {"measure": "15"}, ("measured", "15", None)),  # of one size alone, the longest diameter
        ("node", {"short": "15"}, ("measured", None, "15")),
        ("node", {"measure": "12", "measure2": "18", "state": "equivocal"}, ("equivocal", "18", "12")),
    ],
)
def test_where_two_diameters_are_multiplied_the_larger_is_the_longest(kind, cells, expected):
    state, longest, short = expected
    assert parse_reading("new", kind, **cells, axes="two")[:3] == (
        state,
        D(longest) if longest else None,
        short and D(short),
    )


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("nonnodal", {"measure": "28", "measure2": "45"}, ("measured", "28", "45")),
        ("nonnodal", {"measure": "28x45"}, ("measured", "28", "45")),
        ("nonnodal", {"measure": "45", "measure2": "45"}, ("measured", "45", "45")),
        ("nonnodal", {"measure": "0", "measure2": "41"}, ("measured", "0", "41")),
        ("nonnodal", {"longest": "0", "short": "41", "state": "measured"}, ("measured", "0", "41")),
        ("nonnodal", {"measure": "0", "measure2": "41", "state": "ABSENT"}, ("measured", "0", "41")),
        ("nonnodal", {"measure2": "41", "state": "ABSENT"}, ("measured", "0", "41")),
        ("nonnodal", {"measure": "0", "measure2": "0"}, ("absent", None, None)),
        ("nonnodal", {"state": "ABSENT"}, ("absent", None, None)),
        ("nonnodal", {"measure": "5", "measure2": "41", "state": "TOO SMALL"}, ("too_small", None, "41")),
        ("nonnodal", {"measure2": "41", "state": "TOO SMALL"}, ("too_small", None, "41")),
        ("nonnodal", {"measure": "28"}, ("measured", "28", None)),
        ("node", {"measure": "18", "measure2": "25"}, ("measured", "25", "18")),  # of a node the short axis counts
    ],
)
def test_where_the_viable_part_is_measured_it_stands_beside_the_whole(kind, cells, expected):
    """A tumour that no longer enhances is 0 of 41 mm: its tissue is there, and none of it is viable."""
    state, longest, short = expected
    seen = parse_reading("target", kind, **cells, axes="viable")

    assert seen[:3] == (state, longest and D(longest), short and D(short))


@pytest.mark.parametrize(
    ("axes", "kind", "cells", "what"),
    [
        ("viable", "nonnodal", {"measure": "45", "measure2": "28"}, "the viable part is larger than the whole"),
        ("viable", "nonnodal", {"measure": "41", "measure2": "0"}, "the viable part is larger than the whole"),
        ("viable", "nonnodal", {"measure": "12", "measure2": "41", "state": "ABSENT"}, '12 x 41 mm beside "ABSENT"'),
        ("viable", "nonnodal", {"measure": "0", "measure2": "41", "state": "TINY"}, "one axis is 0"),
        ("viable", "node", {"measure": "0", "measure2": "12"}, "one axis is 0"),
        ("one", "nonnodal", {"measure": "0", "measure2": "41"}, "one axis is 0"),
        ("one", "nonnodal", {"measure": "28", "measure2": "45"}, "the short axis is longer"),
        ("one", "node", {"measure": "40", "measure2": "30"}, "the short axis is longer"),
        ("two", "node", {"longest": "30", "short": "40"}, "the short axis is longer"),  # the axes are named
        ("two", "nonnodal", {"longest": "30", "short": "40"}, "the short axis is longer"),
        ("two", "CE", {"measure": "12", "measure2": "0"}, "one axis is 0"),
        ("", "nonnodal", {"measure": "0", "measure2": "41"}, "one axis is 0"),
    ],
)
def test_two_sizes_that_no_such_lesion_can_have_are_refused(axes, kind, cells, what):
    assert what in refused(parse_reading, "target", kind, **cells, axes=axes).what


def test_fragments_and_merged_lesions_keep_what_the_sum_needs():
    assert parse_reading("target", "nonnodal", "12", state="fragment_of:L1")[:4] == ("fragment_of", D(12), None, "L1")
    assert parse_reading("target", "nonnodal", "0", state="fragment_of:L1")[:4] == ("fragment_of", D(0), None, "L1")
    assert parse_reading("target", "nonnodal", state="merged_into:L2")[:4] == ("merged_into", None, None, "L2")
    assert parse_reading("target", "nonnodal", "0", state="merged_into:L2")[:4] == ("merged_into", None, None, "L2")


@pytest.mark.parametrize(
    ("role", "kind", "cells", "what"),
    [
        ("target", "nonnodal", {}, "no size and no state"),
        ("target", "nonnodal", {"reason": "patient ill"}, "no size and no state"),
        ("target", "nonnodal", {"measure": "8", "state": "ABSENT"}, '8 mm beside "ABSENT"'),
        ("target", "marker", {"measure": "8", "state": "ABSENT"}, '8 mm beside "ABSENT"'),
        ("target", "nonnodal", {"measure": "8", "state": "NOT DONE"}, '8 mm beside "NOT DONE"'),
        ("target", "node", {"measure": "8", "state": "NE"}, '8 mm beside "NE"'),
        ("target", "nonnodal", {"measure": "0", "state": "NOT DONE"}, 'a size of 0 beside "NOT DONE"'),
        ("target", "nonnodal", {"measure": "0", "state": "PRESENT"}, 'a size of 0 beside "PRESENT"'),
        ("target", "nonnodal", {"measure": "0", "state": "TINY"}, 'a size of 0 beside "TINY"'),
        ("nontarget", "nonnodal", {"measure": "0", "state": "UNEQUIVOCAL"}, 'a size of 0 beside "UNEQUIVOCAL"'),
        ("target", "nonnodal", {"measure": "4.9", "state": "TINY"}, '4.9 mm beside "TINY"'),
        ("target", "nonnodal", {"measure": "5.1", "state": "TINY"}, '5.1 mm beside "TINY"'),
        ("target", "nonnodal", {"measure": "5", "state": "merged_into:L2"}, '5 mm beside "merged_into:L2"'),
        ("target", "nonnodal", {"measure": "12", "measure2": "0"}, "one axis is 0"),
        ("target", "node", {"measure": "0", "measure2": "12"}, "one axis is 0"),
        ("target", "node", {"longest": "12", "short": "18"}, "the short axis is longer"),
        ("target", "node", {"measure": "12x18"}, "the short axis is longer"),
        ("target", "CE", {"measure": "12", "measure2": "18"}, "the short axis is longer"),
        ("target", "nonnodal", {"measure": "32", "longest": "33"}, "two sizes for the longest axis"),
        ("target", "nonnodal", {"measure": "32x14", "measure2": "15"}, "two sizes for the short axis"),
        ("target", "nonnodal", {"longest": "NE", "short": "tiny"}, "not_assessed and too_small contradict"),
        ("target", "nonnodal", {"longest": "12", "short": "NE"}, '12 mm beside "not_assessed"'),
        ("target", "nonnodal", {"longest": "TINY", "state": "ABSENT"}, '"ABSENT" and too_small contradict'),
        ("target", "nonnodal", {"longest": "NE", "state": "ABSENT"}, '"ABSENT" and not_assessed contradict'),
        ("target", "nonnodal", {"longest": "fragment_of:L1", "state": "fragment_of:L2"}, "contradict each other"),
        ("target", "nonnodal", {"state": "measured"}, "measured without a size"),
        ("target", "nonnodal", {"state": "fragment_of:L1"}, "fragment_of without a size"),
        ("target", "nonnodal", {"state": "PRESENT"}, "a target lesion without a size"),
        ("target", "nonnodal", {"state": "WORSE"}, "a target lesion without a size"),
        ("target", "nonnodal", {"state": "INCREASED"}, "a target lesion without a size"),
        ("target", "nonnodal", {"measure": "3,2"}, '"3,2" is not a size'),
        ("target", "nonnodal", {"measure": "nan"}, '"nan" is not a size'),
        ("target", "nonnodal", {"measure": "large"}, '"large" is not a state'),
        ("target", "nonnodal", {"measure": "12", "state": "huge"}, '"huge" is not a state'),
    ],
)
def test_cells_that_contradict_each_other_are_refused(role, kind, cells, what):
    error = refused(parse_reading, role, kind, **cells)

    assert what in error.what
    assert error.hint


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"measure": "3,2"}, "measure_mm"),
        ({"measure2": "3,2"}, "measure2_mm"),
        ({"longest": "3,2"}, "longest_mm"),
        ({"short": "3,2"}, "short_mm"),
        ({"state": "huge"}, "state"),
        ({"measure": "8", "state": "NE"}, "state"),
    ],
)
def test_the_column_to_blame_is_named(cells, column):
    assert refused(parse_reading, "target", "nonnodal", **cells).column == column


def test_how_a_lesion_was_not_assessed_becomes_the_reason():
    def reason(**cells):
        return parse_reading("target", "nonnodal", **cells).reason

    assert reason(state="NOT DONE") == "not done"
    assert reason(measure="NOT EVALUABLE") == "not evaluable"
    assert reason(state="NOT DONE", reason="scanner broken") == "scanner broken"
    assert reason(state="NE") == reason(state="not_assessed") == reason(measure="12") == ""


def st_cells():
    size = st.sampled_from(["", "0", "5", "8", "12", "3,2", "12x8", "8x12", "NE", "TINY", "PRESENT", "x"])
    states = ["", "PRESENT", "ABSENT", "NE", "TINY", "UNEQUIVOCAL", "fragment_of:L1", "merged_into:L1", "measured"]
    cells = dict.fromkeys(("measure", "measure2", "longest", "short"), size)
    return st.fixed_dictionaries({**cells, "state": st.sampled_from(states)})


@given(st.sampled_from([*ROLES, ""]), st.sampled_from([*KINDS, ""]), st_cells(), st.sampled_from(["", *AXES]))
def test_a_reading_that_is_taken_never_contradicts_itself(role, kind, cells, axes):
    seen, error = tried(parse_reading, role, kind, **cells, axes=axes)
    if error:
        assert error.hint
        return
    given_sizes = [size for size in (seen.longest_mm, seen.short_mm) if size is not None]
    assert (seen.state in ("measured", "fragment_of")) <= bool(given_sizes)
    is_residue = axes == "viable" and (seen.state == "too_small" or seen.longest_mm == 0) and seen.short_mm
    assert not (seen.state in ("absent", "too_small", "not_assessed", "merged_into") and given_sizes) or is_residue
    assert seen.state == "fragment_of" or all(size > 0 for size in given_sizes) or is_residue
    assert bool(seen.other_id) == (seen.state in ("fragment_of", "merged_into"))
    assert "3,2" not in cells.values()
    # Written out and read again, it is the same.
    again = parse_reading(
        role,
        kind,
        longest="" if seen.longest_mm is None else str(seen.longest_mm),
        short="" if seen.short_mm is None else str(seen.short_mm),
        state=seen.state + (f":{seen.other_id}" if seen.other_id else ""),
        reason=seen.reason,
        axes=axes,
    )
    assert again == seen


@pytest.mark.parametrize(
    ("text", "role", "expected"),
    [
        ("32", "target", ("measured", D(32), None, "")),
        ("32x14", "target", ("measured", D(32), D(14), "")),
        ("gone", "target", ("absent", None, None, "")),
        ("tiny", "target", ("too_small", None, None, "")),
        ("ne", "target", ("not_assessed", None, None, "")),
        ("worse", "nontarget", ("unequivocal_pd", None, None, "")),
        ("9 equivocal", "new", ("equivocal", D(9), None, "")),
        ("equivocal 9", "new", ("equivocal", D(9), None, "")),
        ("9 mm equivocal", "new", ("equivocal", D(9), None, "")),
        ("fragment_of:L1 12", "target", ("fragment_of", D(12), None, "L1")),
        ("12 fragment_of:L1", "target", ("fragment_of", D(12), None, "L1")),
        ("merged_into:L2", "target", ("merged_into", None, None, "L2")),
        ("merged into L2", "target", ("merged_into", None, None, "L2")),
    ],
)
def test_one_word_of_a_command_is_a_whole_reading(text, role, expected):
    assert parse_word(text, role, "nonnodal") == expected


def test_one_word_of_a_command_is_read_as_the_families_of_the_line_measure():
    assert parse_word("0x41", "target", "nonnodal", "viable") == ("measured", D(0), D(41), "")
    assert parse_word("30x40", "target", "node", "two") == ("measured", D(40), D(30), "")
    assert parse_word("9x12 equivocal", "new", "node", "two") == ("equivocal", D(12), D(9), "")
    refused(parse_word, "0x41", "target", "nonnodal", "one")


@pytest.mark.parametrize("text", ["12 gone", "3,2", "big", "", "-5", "12 ne", "present"])
def test_a_word_that_is_no_reading_is_refused(text):
    refused(parse_word, text, "target", "nonnodal")


def test_a_word_is_told_from_a_place():
    for text in ("42", "3,2", "3.2cm", "30 mm", "32 x 14 mm", "too small", "gone", "-5", "<5", "ne"):
        assert is_reading(text)
    for text in ("liver", "2 42", "node 18", "segment 2", "L2", "lung present", ""):
        assert not is_reading(text)


# --- text and ids -------------------------------------------------------------------------------


def test_an_id_is_kept_as_it_is_but_for_its_edges_and_its_accents():
    assert parse_patient_id(" P01\t") == "P01"
    assert parse_patient_id("-5.942452655114127e+17") == "-5.942452655114127e+17"
    assert parse_lesion_id("Lésion 1") == parse_lesion_id("Le\u0301sion 1") == "L\u00e9sion 1"
    assert parse_patient_id("患者１") == "患者１"


@pytest.mark.parametrize(
    "sign", ["\u200b", "\u202e", "\u2066", "\ufeff", "\x1b", "\x07", "\n", "\u00ad", "\u2028", "\ue000"]
)
def test_an_id_with_a_sign_that_cannot_be_seen_is_refused_and_the_sign_named(sign):
    error = refused(parse_patient_id, f"P{sign}01")

    assert f"U+{ord(sign):04X}" in error.why
    assert error.what.isprintable()


@pytest.mark.parametrize(
    "text", ["", "  ", "2026-01-02", "2026-01-02 00:00:00", "NaN", "NA", "#N/A", "None", "x" * 101]
)
def test_an_id_is_never_empty_nor_a_date_nor_a_word_for_nothing(text):
    refused(parse_lesion_id, text)
    refused(parse_patient_id, text)


def test_a_text_keeps_its_lines_and_scripts_but_no_control_signs():
    assert parse_text(" one\r\ntwo\tthree ") == "one\ntwo\tthree"
    assert parse_text("שלום \u200f\u200d😀 é") == "שלום \u200f\u200d😀 é"
    for sign in "\x00\x1b\x07\x08\x7f\x85\x9b":
        assert f"U+{ord(sign):04X}" in refused(parse_text, f"a{sign}b").why


def test_the_name_of_an_event_or_test_has_one_spelling():
    assert parse_name(" Treatment Start ") == parse_name("treatment-start") == "treatment_start"
    assert parse_name("PSA") == "psa"


@given(st.text(max_size=60))
def test_a_message_shows_any_text_without_obeying_it(text):
    shown = quote(text)

    assert shown.isprintable()
    assert len(shown) <= 40 * 10 + 5


def test_the_nearest_word_is_found_whatever_its_case():
    assert nearest("MEASURMENTS", ["patients", "measurements"]) == "measurements"
    assert nearest("xyz", ["patients"]) == ""
    assert nearest("patients" * 1000, ["patients" * 1000]) == ""  # what is that long is no word, and would take long
