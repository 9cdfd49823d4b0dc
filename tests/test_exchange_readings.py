"""What the rows of each imported table become, and what is said of those that cannot be read."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from remtrack.exchange.cells import CellError
from remtrack.exchange.columns import arrange
from remtrack.exchange.readings import (
    EventRow,
    LineRow,
    Manner,
    PatientRow,
    Reading,
    ResultRow,
    RowReader,
    VisitRow,
    parse_criteria,
    parse_line,
    parse_settings,
    parse_upper_limit,
    parse_value,
    settle,
)
from remtrack.exchange.sources import open_table
from remtrack.verdict import Problem

TODAY = date(2026, 11, 22)
D = Decimal


@pytest.fixture
def rows(tmp_path):
    """The rows and problems of a table written as lines of text."""

    def read(*lines, **options):
        path = tmp_path / "table.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with open_table(path, today=TODAY, **options) as table:
            return [row for _, group in table.groups() for row in group]

    return read


def refused(function, *args, **options):
    with pytest.raises(CellError) as caught:
        function(*args, **options)
    return caught.value


def test_a_reading_has_every_column_of_the_contract(rows):
    (row,) = rows(
        "patient_id,line,visit,date,lesion_id,role,kind,organ,site,longest_mm,short_mm,state,reason,method,reader,note",
        "P1,2,V1,2026-01-05,L1,target,node,lymph node,axilla,18,12.5,measured,why,CT,R1,a note",
    )

    assert row == Reading(
        line_no=2,
        patient_id="P1",
        dated_on=date(2026, 1, 5),
        line=2,
        visit="V1",
        method="CT",
        reader="R1",
        note="a note",
        lesion_id="L1",
        role="target",
        kind="node",
        organ="lymph node",
        site="axilla",
        longest_mm=D(18),
        short_mm=D("12.5"),
        state="measured",
        other_id="",
        reason="why",
        said=(),
    )


def test_only_patient_date_lesion_and_a_size_or_state_are_required(rows):
    (row,) = rows("patient_id,date,lesion_id,state", "P1,2026-01-05,L1,gone")

    assert (row.line, row.visit, row.role, row.kind, row.state) == (None, "", "", "", "absent")


def test_the_axis_that_counts_depends_on_the_kind(rows):
    node, other, organ = rows(
        "patient_id,date,lesion_id,kind,organ,diameter_mm",
        "P1,2026-01-05,L1,nodal,,18",
        "P1,2026-01-05,L2,non-nodal,,18",
        "P1,2026-01-05,L3,,LYMPH NODE,18",
    )

    assert (node.longest_mm, node.short_mm) == (None, 18)
    assert (other.longest_mm, other.short_mm) == (18, None)
    assert (organ.kind, organ.short_mm) == ("node", 18)


def test_a_reading_whose_kind_the_row_does_not_say_is_settled_when_it_is_known(rows):
    (row,) = rows("patient_id,date,lesion_id,role,size_mm,measure2_mm", "P1,2026-01-05,L1,target,12,18")

    assert (row.longest_mm, row.short_mm) == (12, 18)
    node = settle(row, "", "node")
    assert (node.longest_mm, node.short_mm, node.kind, node.role, node.said) == (18, 12, "node", "target", ())
    assert settle(row, "", "").kind == "nonnodal"
    assert settle(node, "new", "nonnodal") == node


def test_a_reading_whose_role_the_row_does_not_say_is_settled_when_it_is_known(rows):
    first, second, third = rows(
        "patient_id,date,lesion_id,kind,longest_mm,state",
        "P1,2026-01-05,L1,nonnodal,,UNEQUIVOCAL",
        "P1,2026-01-05,L2,nonnodal,,PRESENT",
        "P1,2026-01-05,L3,,8,ABSENT",
    )

    assert settle(first, "nontarget", "").state == "unequivocal_pd"
    assert settle(first, "new", "").state == "unequivocal"
    assert settle(second, "nontarget", "").state == "present"
    assert "a target lesion without a size" in refused(settle, second, "target", "").what
    assert (third.kind, third.state) == ("", "measured")
    assert settle(third, "target", "node").short_mm is None  # the row names the longest axis
    assert '8 mm beside "ABSENT"' in refused(settle, third, "target", "nonnodal").what


def test_the_other_tables_have_every_column_of_the_contract(rows):
    assert rows("patient_id,disease,criteria,note", "P1,lung,RECIST 1.1,n") == [
        PatientRow(2, "P1", "lung", "recist-1.1", "n")
    ]
    assert rows(
        "patient_id,line,criteria,regimen,started_on,stopped_on,baseline_on,settings",
        "P1,2,recist-1.1,drug,2026-01-05,,2026-01-02,confirm_required=no; min_sd_days=56",
        "P1,,irecist,,,,,",
    ) == [
        LineRow(
            *(2, "P1", 2, "recist-1.1", "drug", date(2026, 1, 5), None, date(2026, 1, 2)),
            (("confirm_required", "no"), ("min_sd_days", "56")),
        ),
        LineRow(3, "P1", 1, "irecist", "", None, None, None, ()),
    ]
    assert rows("patient_id,line,visit,date,method,reader,note", "P1,1,V1,2026-01-05,CT,R1,n") == [
        VisitRow(2, "P1", 1, "V1", date(2026, 1, 5), "CT", "R1", "n")
    ]
    assert rows(
        "patient_id,line,visit,date,test,value,unit,upper_limit,reader,note",
        "P1,1,V1,2026-01-05,CA-125,70.50,U/mL,35,,n",
        "P1,,,2026-01-05,mrd,pos,,,,",
    ) == [
        ResultRow(2, "P1", 1, "V1", date(2026, 1, 5), "ca_125", D("70.50"), "70.50", "U/mL", D(35), "", "n"),
        ResultRow(3, "P1", None, "", date(2026, 1, 5), "mrd", None, "pos", "", None, "", ""),
    ]
    assert rows("patient_id,line,date,event,detail", "P1,1,2026-01-05,Treatment Start,drug") == [
        EventRow(2, "P1", 1, date(2026, 1, 5), "treatment_start", "drug")
    ]


def test_every_bad_cell_of_a_row_is_named_with_its_line_and_its_own_column(rows):
    problems = rows(
        "usubjid,line,date,lesion_id,role,kind,Size,state",
        ",one,2026-02-30,,targte,bone,12,zebra",
        mapping={"measure_mm": "Size"},
    )

    assert [(problem.line, problem.column, problem.severity) for problem in problems] == [
        (2, name, "error") for name in ("usubjid", "date", "line", "lesion_id", "role", "kind", "state")
    ]
    assert problems[1].why == "February 2026 has 28 days, there is no day 30"
    assert all(problem.what and problem.hint for problem in problems)


def test_a_row_that_says_nothing_is_a_problem_of_its_size(rows):
    (problem,) = rows("patient_id,date,lesion_id,Diam,state", "P1,2026-01-05,L1,,", mapping={"longest_mm": "Diam"})

    assert (problem.what, problem.column) == ("no size and no state", "Diam")


def test_a_doubtful_size_is_kept_and_warned_of(rows):
    fine, large, warning, refusal = rows(
        "patient_id,date,lesion_id,longest_mm",
        "P1,2026-01-05,L1,300",
        "P1,2026-01-05,L2,300.1",
        "P1,2026-01-05,L3,500.1",
    )

    assert (fine.longest_mm, large.longest_mm) == (300, D("300.1"))
    assert (warning.severity, warning.line, warning.rule) == ("warning", 3, "large-size")
    assert (refusal.severity, refusal.line) == ("error", 4)


def test_a_file_may_not_speak_of_today(rows):
    (problem,) = rows("patient_id,date,lesion_id,longest_mm", "P1,today,L1,12")

    assert "another day each time" in problem.why


def test_day_and_month_are_read_in_the_order_that_was_given(rows):
    table = ("patient_id,date,lesion_id,longest_mm", "P1,01/02/2026,L1,12")

    assert "two days" in rows(*table)[0].what
    assert rows(*table, date_order="dmy")[0].dated_on == date(2026, 2, 1)
    assert rows(*table, date_order="mdy")[0].dated_on == date(2026, 1, 2)


def test_the_apostrophe_that_guards_a_cell_is_taken_off_in_every_column(rows):
    (row,) = rows(
        "patient_id,date,lesion_id,longest_mm,organ,note,state,reader",
        "'-5.94e+17,2026-01-05,'=L1,12,'@liver,''+1,'-,'tis",
        mapping={"visit": "state"},
    )

    assert (row.patient_id, row.lesion_id, row.organ, row.note) == ("-5.94e+17", "=L1", "@liver", "'+1")
    assert (row.visit, row.reader) == ("-", "'tis")


def test_a_guarded_day_number_is_read(rows):
    (row,) = rows("patient_id,day,lesion_id,longest_mm", "P1,'-7,L1,12", day_zero=date(2020, 1, 1))

    assert row.dated_on == date(2019, 12, 25)


def test_no_cell_of_any_table_is_read_with_an_invisible_id(rows):
    problems = rows("patient_id,date,lesion_id,longest_mm", "P\u200b1,2026-01-05,L\u202e1,12")

    assert ["U+200B" in problems[0].why, "U+202E" in problems[1].why] == [True, True]


@pytest.mark.parametrize(("text", "line"), [("", None), ("1", 1), ("12", 12), ("2.0", 2), (" 3 ", 3)])
def test_a_line_of_therapy_is_a_number(text, line):
    assert parse_line(text) == line


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "first", "L1", "100"])
def test_anything_else_is_no_line_of_therapy(text):
    refused(parse_line, text)


def test_settings_are_pairs():
    assert parse_settings("") == ()
    assert parse_settings("a=1;b = x y ;") == (("a", "1"), ("b", "x y"))
    for text in ("a", "a=", "=1", "a=1;a=2", "a=1;b"):
        assert "name=value" in refused(parse_settings, text).hint


def test_a_family_is_written_in_one_way():
    assert (
        parse_criteria("RECIST 1.1") == parse_criteria("recist-1.1") == parse_criteria(" Recist_1.1 ") == "recist-1.1"
    )
    assert parse_criteria("") == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.0", "1.0"),
        ("0", "0"),
        ("-2.5", "-2.5"),
        ("+3", "3"),
        ("2%", "2"),
        ("2 %", "2"),
        ("1e+05", "100000"),
        ("1.5E-3", "0.0015"),
        ("<0.1", None),
        (">600", None),
        ("≥ 10", None),
        ("undetectable", None),
        ("pos", None),
        ("nd", None),
        ("1+", None),
        ("1:40", None),
        ("10-20", None),
        ("2026-01-05", None),
    ],
)
def test_a_result_is_a_number_or_what_the_laboratory_printed(text, value):
    assert parse_value(text) == (None if value is None else D(value), text)


@pytest.mark.parametrize(
    "text", ["", " ", "3,2", "<0,1", "1,000", "NaN", "NA", "inf", "-inf", "#DIV/0!", "#N/A", "null"]
)
def test_what_stands_for_no_value_is_no_result(text):
    assert refused(parse_value, text).hint


def test_a_result_is_read_with_a_decimal_comma():
    assert parse_value("3,2", decimal=",") == (D("3.2"), "3,2")
    assert parse_value("<0,1", decimal=",") == (None, "<0,1")
    for text in ("3.2", "<0.1", "1.234,5"):
        refused(parse_value, text, decimal=",")


def test_an_upper_limit_is_a_number_above_0():
    assert parse_upper_limit("") is None
    assert parse_upper_limit("35") == 35
    for text in ("0", "-1", "<35", "high", "3,5"):
        refused(parse_upper_limit, text)


def test_bad_cells_of_the_other_tables_are_problems(rows):
    def columns(*lines):
        return [row.column for row in rows(*lines) if isinstance(row, Problem)]

    assert columns("patient_id,date,test,value,upper_limit", "P1,2027-01-01,,,0") == [
        "date",
        "test",
        "value",
        "upper_limit",
    ]
    assert columns("patient_id,date,event,detail", "P1,,,x") == ["date", "event"]
    assert columns("patient_id,line,started_on,stopped_on,settings", "P1,x,5,today,a") == [
        *("line", "started_on", "stopped_on", "settings")
    ]
    assert columns("patient_id,visit,date,note", "P1,V1,2026-13-01,a\x07b") == ["date", "note"]
    assert columns("patient_id,disease", ",x") == ["patient_id"]


# --- rows that there is nothing to say about --------------------------------------------------------

COLUMNS = ("patient_id", "line", "visit", "date", "lesion_id", "role", "organ", "longest_mm", "state", "note")
CELLS = st.tuples(
    st.sampled_from(("P1", " P1", "", "P\0", "'=P1")),
    st.sampled_from(("", "1", "x", "2\0")),
    st.sampled_from(("", "V1", "V1\0", "\0")),
    st.sampled_from(("2026-01-05", "05/06/2026", "", "2026-01-05\0")),
    st.sampled_from(("L1", "", "L1\0target", "L1\0")),
    st.sampled_from(("target", "", "nontarget", "\0", "t")),
    st.sampled_from(("liver", "lymph node", "liver\0" + "20", "")),
    st.sampled_from(("20", "", "0", "3.2 cm", "400", "900", "x", "20\0", "\0")),
    st.sampled_from(("", "measured", "absent", "present", "equivocal", "?", "\0")),
    st.sampled_from(("", "a note", "\0")),
)


@given(st.lists(CELLS, min_size=1, max_size=12), st.integers(0, len(COLUMNS) + 1))
def test_a_row_that_is_read_quickly_is_read_as_any_other(found, kept):
    """Also where a cell holds what no file can: a row is never made of another's cells."""
    layout = arrange(list(COLUMNS), "table.csv", {}, {}, day_zero=False)
    quickly, slowly = (RowReader(layout, Manner(TODAY)) for _ in range(2))
    quick = quickly.quick_reader()
    rows_of_cells = [list(cells) for cells in found]
    rows_of_cells.append(rows_of_cells[0][:kept])  # too short, mostly
    for line_no, cells in enumerate(rows_of_cells, 2):
        row = quick(line_no, cells)

        assert row is None or [row] == slowly.read(line_no, cells)
        assert quickly.read(line_no, cells) == slowly.read(line_no, cells)


def test_a_row_that_there_is_nothing_to_say_about_is_read_quickly():
    layout = arrange(list(COLUMNS), "table.csv", {}, {}, day_zero=False)
    quick = RowReader(layout, Manner(TODAY)).quick_reader()

    assert quick(2, ["P1", "1", "V1", "2026-01-05", "L1", "target", "liver", "20", "", ""]) is not None
    assert quick(3, ["P1", "1", "V1", "2026-01-05", "L1", "target", "liver", "400", "", ""]) is None
