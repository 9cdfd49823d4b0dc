"""Excel workbooks: a real one, every type of cell, several sheets, and workbooks that are none."""

import re
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from remtrack.errors import RefusedError, RemtrackError, UsageError
from remtrack.exchange.sources import open_table
from remtrack.exchange.workbook import Sheet, text_of
from remtrack.verdict import Problem

TODAY = date(2026, 11, 22)
SAMPLES = Path(__file__).parent.parent / "sample_data"
ATEZOLIZUMAB = {
    "mapping": {
        "patient_id": "Patient_Anonmyized",
        "day": "Treatment_Day",
        "longest_mm": "TargetLesionLongDiam_mm",
    },
    "constants": {"lesion_id": "T1"},
    "day_zero": date(2020, 1, 1),
}
moment = datetime.fromisoformat
HEADER = ["patient_id", "date", "lesion_id", "longest_mm", "note"]


@pytest.fixture
def workbook(tmp_path):
    """Write a workbook of the given sheets (name -> rows) and return its path."""

    def write(name="site.xlsx", **sheets):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = tmp_path / name
        book.save(path)
        return path

    return write


def rows(path, **options):
    with open_table(path, today=TODAY, **options) as table:
        return [row for _, group in table.groups() for row in group]


def values(found):
    return [(row.patient_id, row.dated_on, row.longest_mm, row.state) for row in found if not isinstance(row, Problem)]


def test_the_workbook_of_a_real_trial_is_read_with_its_words_and_gaps():
    with open_table(SAMPLES / "atezolizumab_excerpt.xlsx", today=TODAY, sheet="Study3", **ATEZOLIZUMAB) as table:
        groups = dict(table.groups())

    assert table.unknown_columns == ("Study_Arm",)
    assert len(groups) == 11
    found = [row for group in groups.values() for row in group]
    assert Counter(row.state for row in found if not isinstance(row, Problem)) == {
        "measured": 50,
        "too_small": 8,
        "not_assessed": 3,
        "absent": 14,
    }
    (problem,) = [row for row in found if isinstance(row, Problem)]
    assert (problem.what, problem.column, problem.line) == ("no size and no state", "TargetLesionLongDiam_mm", 55)
    first = groups["7.958435600394776e+18"][0]
    assert (first.dated_on, first.longest_mm, first.line_no) == (date(2019, 12, 25), 48, 2)


def test_the_sample_says_the_same_as_csv_and_as_workbook():
    sheets = [
        rows(SAMPLES / "atezolizumab_excerpt.xlsx", sheet=sheet, **ATEZOLIZUMAB) for sheet in ("Study3", "Study5")
    ]

    assert values(rows(SAMPLES / "atezolizumab_excerpt.csv", **ATEZOLIZUMAB)) == values([*sheets[0], *sheets[1]])


def test_ids_that_are_numbers_never_merge_two_patients(workbook):
    ids = [
        -5.942452655114127e17,
        -5.942452655114126e17,
        0.1234567890123456,
        0.3,
        101,
        9007199254740993,
        123456789012345678,
    ]
    path = workbook(S=[HEADER, *([patient, moment("2026-01-05"), "L1", 1, None] for patient in ids)])

    found = [row.patient_id for row in rows(path)]

    assert found[:5] == ["-5.942452655114127e+17", "-5.942452655114126e+17", "0.1234567890123456", "0.3", "101"]
    assert len(set(found)) == len(ids)


def test_cells_are_read_as_the_spreadsheet_shows_them(workbook):
    path = workbook(
        S=[
            HEADER,
            ["P1", moment("2026-01-05"), "L1", 13.700000000000001, "text"],
            ["P1", moment("2026-01-06T14:05"), "L1", 0.1 + 0.2, 12.0],
            ["P1", date(2026, 1, 7), 1, 42, True],
            ["P1", "8 jan 2026", 2.0, "3.2 cm", None],
            ["P1", "2026-01-09", "L1", "NOT EVALUABLE", 1e-7],
        ]
    )

    found = rows(path)

    assert [(row.dated_on.day, row.lesion_id, row.longest_mm and str(row.longest_mm), row.note) for row in found] == [
        (5, "L1", "13.7", "text"),
        (6, "L1", "0.3", "12"),
        (7, "1", "42", "TRUE"),
        (8, "2", "32.0", ""),
        (9, "L1", None, "0.0000001"),
    ]


def test_what_a_spreadsheet_made_of_a_cell_is_not_taken_for_what_was_meant(workbook):
    path = workbook(
        S=[
            HEADER,
            ["P1", "01/02/2026", "L1", 12, None],
            ["P1", 46027, "L1", 12, None],
            ["P1", moment("2026-01-05"), moment("2026-02-01"), 12, None],
            ["P1", moment("2026-01-05"), "L1", moment("2026-02-03"), None],
            ["P1", moment("2026-01-05"), "L1", "#DIV/0!", None],
            ["P1", moment("2026-01-05"), "L1", True, None],
            ["P1", moment("2026-01-05"), "L1", 1e300, None],
        ]
    )

    found = rows(path)

    assert [(row.line, row.column) for row in found] == [
        *((2, "date"), (3, "date"), (4, "lesion_id"), (5, "longest_mm")),
        *((6, "longest_mm"), (7, "longest_mm"), (8, "longest_mm")),
    ]


def test_numbers_are_numbers_also_where_decimals_are_written_with_a_comma(workbook):
    path = workbook(S=[HEADER, ["P1", moment("2026-01-05"), 1.5, 3.2, None], ["P1", "5 jan 2026", "L2", "3,2", None]])

    first, second = rows(path, decimal=",")

    assert (str(first.longest_mm), str(second.longest_mm), first.lesion_id) == ("3.2", "3.2", "1.5")


def test_empty_rows_and_columns_are_passed_over_and_the_row_numbers_are_the_sheets(workbook):
    path = workbook(
        S=[
            [],
            [None, None],
            [*HEADER, None, None],
            ["P1", moment("2026-01-05"), "L1", 12, None, None, " "],
            [],
            ["P1", moment("2026-01-06"), "L1", "big"],
            ["P1", moment("2026-01-07"), "L1", 12, None, None, "beyond"],
        ]
    )

    first, second, third = rows(path)

    assert (first.line_no, second.line, third.line) == (4, 6, 7)
    assert third.rule == "row-length"


def test_formulas_are_taken_by_their_stored_value_and_never_worked_out(workbook):
    path = workbook(S=[HEADER, ["P1", moment("2026-01-05"), "L1", "=30+2", None]])

    (problem,) = rows(path)  # openpyxl stores no value, as a program that never calculated

    assert problem.what == "no size and no state"


def test_a_workbook_of_several_sheets_needs_to_be_told_which(workbook):
    path = workbook(**{"Study 1": [HEADER, ["P1", "2026-01-05", "L1", 1]], "Study2": [HEADER], "Empty": []})

    with pytest.raises(UsageError, match="has 2 sheets") as caught:
        rows(path)

    assert '"Study 1", "Study2"' in caught.value.why
    assert caught.value.hint == f"remtrack import {path} --sheet 'Study 1'"
    assert len(rows(path, sheet=" study 1 ")) == 1
    with pytest.raises(UsageError, match='has no sheet "Study3"') as caught:
        rows(path, sheet="Study3")
    assert caught.value.hint == f"remtrack import {path} --sheet Study2"


def test_the_only_sheet_with_something_in_it_needs_no_name(workbook):
    assert len(rows(workbook(A=[], B=[HEADER, ["P1", "2026-01-05", "L1", 1]], C=[[None]]))) == 1


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ({"A": []}, "is empty"),
        ({"A": [[None], ["", " "]]}, "is empty"),
        ({"A": [HEADER]}, "has a header and no rows"),
        ({"A": [["x", "y"], [1, 2]]}, "the header lacks"),
    ],
)
def test_a_workbook_without_a_table_is_refused(workbook, sheets, words):
    with pytest.raises(RefusedError, match=words):
        rows(workbook(**sheets))


def test_a_workbook_whose_rows_are_not_in_order_gives_each_patient_once(workbook):
    path = workbook(S=[HEADER, *([f"P{at % 3}", "2026-01-05", f"L{at}", at] for at in range(300))])

    with open_table(path, today=TODAY) as table:
        groups = {patient_id: [row.lesion_id for row in group] for patient_id, group in table.groups()}

    assert groups == {f"P{patient}": [f"L{at}" for at in range(patient, 300, 3)] for patient in range(3)}


@pytest.fixture
def altered(workbook, tmp_path):
    """Write a workbook with one part changed and return its path."""

    def write(name, change):
        path = workbook(S=[HEADER, *(["P1", "2026-01-05", f"L{at}", at] for at in range(20))])
        altered = tmp_path / "altered.xlsx"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(altered, "w", zipfile.ZIP_DEFLATED) as target:
            for part in source.infolist():
                content = source.read(part)
                target.writestr(part.filename, change(content) if part.filename == name else content)
        return altered

    return write


SHEET = "xl/worksheets/sheet1.xml"
NOISE = b"".join(b"%x" % (at * at) for at in range(30_000))  # does not shrink much


def test_a_sheet_that_understates_its_size_is_read_to_its_end(altered):
    path = altered(SHEET, lambda xml: re.sub(rb'<dimension ref="A1:E21" ?/>', b'<dimension ref="A1:A1"/>', xml))

    assert len(rows(path)) == 20


@pytest.mark.parametrize("name", ["xl/styles.xml", SHEET])
def test_a_workbook_that_unpacks_to_far_more_than_it_holds_is_refused(altered, name):
    with pytest.raises(RefusedError, match="no ordinary workbook") as caught:
        rows(altered(name, lambda xml: xml + b" " * 30_000_000))

    assert "unpacks from" in caught.value.why


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (b"".join(b"<c><v>%d</v></c>" % at for at in range(17_000)), "row 1 has a cell that cannot be there"),
        (b'<c r="XFE1"><v>1</v></c>', "row 1 has a cell that cannot be there"),
        (b'<c r="B1"><v>1</v></c><c r="B1"><v>2</v></c>', "row 1 has a cell that cannot be there"),
        (b'<c r="1"><v>1</v></c>', "is no place of a cell"),
        (b'<c t="str"><v>%s</v></c>' % (b"x" * 32_768), "a text of more than 32,767 signs"),
        (b'<c t="str"><v>%s</v></c>' % NOISE[:32_000] * 32, "more than 1,000,000 signs"),
        (b'<c r="%s"/>' % (b"0123456789" * 200_000 + NOISE), "a tag of more than a million bytes"),
        (b"<!--%s-->" % (b"0123456789" * 200_000 + NOISE), "a tag of more than a million bytes"),
        (b"<a>" * 30_000, "elements more than 100 deep"),
    ],
)
def test_a_sheet_that_would_fill_the_memory_or_hide_a_cell_is_refused(altered, part, why):
    with pytest.raises(RefusedError, match="no ordinary workbook") as caught:
        rows(altered(SHEET, lambda xml: xml.replace(b"<sheetData>", b"<sheetData><row>" + part, 1)))

    assert why in caught.value.why


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b'<row r="999999999999"', "a sheet has at most 1,048,576 rows"),
        (b'<row r="1"', "row 1 cannot be there: it stands behind row 1"),
        (b'<row r="x"', "is no number of a row"),
    ],
)
def test_a_row_where_none_can_be_is_refused_and_never_passed_over(altered, row, why):
    with pytest.raises(RefusedError, match="no ordinary workbook") as caught:
        rows(altered(SHEET, lambda xml: xml.replace(b'<row r="2"', row)))

    assert why in caught.value.why


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (b'<c r="D4" t="s"><v>99999</v></c>', r"row 4 cannot be read"),
        (b'<c r="D4" t="s"><v>-1</v></c>', r"row 4 cannot be read"),
        (b'<c r="D4" t="b"><v>2</v></c>', r"row 4 cannot be read"),
        (b'<c r="D4" t="zz"><v>2</v></c>', r"row 4 cannot be read"),
        (b'<c r="D4"><v>nan</v></c>', r"row 4 cannot be read"),
        (b'<c r="D4"><v>1_0</v></c>', r"row 4 cannot be read"),
        ('<c r="D4"><v>٣٢</v></c>'.encode(), r"row 4 cannot be read"),
    ],
)
def test_a_cell_that_holds_what_none_can_is_refused_with_its_row(altered, cell, what):
    """Python would read a shared text of -1 as the last one, 1_0 as 10, and Arabic digits as ours."""
    with pytest.raises(RefusedError, match=what):
        rows(altered(SHEET, lambda xml: re.sub(rb'<c r="D4"[^>]*>.*?</c>', cell, xml)))


def test_texts_are_read_with_their_runs_and_escapes_but_not_how_they_are_pronounced(altered):
    text = (
        b'<c r="D4" t="inlineStr"><is><r><t>3</t></r><r><rPr><b/></rPr><t xml:space="preserve">2 mm</t></r>'
        b'<rPh sb="0" eb="1"><t>x</t></rPh></is></c><c r="E4" t="str"><v>a_x000D__x000A_b_xD800__x005F_</v></c>'
    )

    found = rows(altered(SHEET, lambda xml: re.sub(rb'<c r="D4"[^>]*>.*?</c>', text, xml)))

    assert (found[2].longest_mm, found[2].note) == (32, "a\nb_xD800__")


def test_dates_are_found_by_the_format_of_their_cell_also_by_the_numbers_other_languages_use(altered, workbook):
    for number, is_date in ((14, True), (22, True), (31, True), (57, True), (2, False), (49, False)):
        path = workbook(S=[HEADER, ["P1", moment("2026-01-05"), "L1", 1, None]])
        with zipfile.ZipFile(path) as source:
            parts = {name: source.read(name) for name in source.namelist()}
        styles = re.sub(rb"<numFmts.*?</numFmts>", b"", parts["xl/styles.xml"], flags=re.DOTALL)
        parts["xl/styles.xml"] = re.sub(rb'numFmtId="1[0-9]{2}"', b'numFmtId="%d"' % number, styles)
        with zipfile.ZipFile(path, "w") as target:
            for name, content in parts.items():
                target.writestr(name, content)
        (row,) = rows(path)

        assert isinstance(row, Problem) is not is_date, number


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/styles.xml", SHEET],
)
def test_every_part_that_is_read_may_declare_nothing(altered, part):
    with pytest.raises(RefusedError) as caught:
        rows(
            altered(part, lambda xml: b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + xml.split(b"?>")[-1])
        )

    assert "declares names of its own" in caught.value.why


def test_a_sheet_says_the_same_as_the_package_that_writes_it_reads():
    for title in ("Study3", "Study5"):
        book = openpyxl.load_workbook(SAMPLES / "atezolizumab_excerpt.xlsx", data_only=True)
        theirs = [[text_of(value, ".", exact=at == 0) for at, value in enumerate(row)] for row in book[title].values]
        with (SAMPLES / "atezolizumab_excerpt.xlsx").open("rb") as raw:
            sheet = Sheet(raw, "x", title, ".")
            ours = [[*sheet.header], *(cells for _, cells in sheet.rows(frozenset([0])))]
            sheet.close()

        assert [cells + [""] * (len(theirs[0]) - len(cells)) for cells in ours] == theirs


def test_a_date_that_no_calendar_has_is_a_bad_cell_and_warns_nobody(workbook):
    path = workbook(S=[HEADER, ["P1", moment("2026-01-05"), "L1", 1, None], ["P1", 1e9, "L2", 1, None]])
    book = openpyxl.load_workbook(path)
    book["S"]["B3"].number_format = "yyyy-mm-dd"
    book.save(path)

    good, bad = rows(path)

    assert (good.line_no, bad.line, bad.column) == (2, 3, "date")


def test_a_sheet_of_a_billion_laughs_is_refused(altered):
    nested = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
    doctype = f'<!DOCTYPE x [<!ENTITY a0 "ha">{nested}]>'.encode()

    with pytest.raises(RefusedError, match="workbook"):
        rows(altered(SHEET, lambda xml: doctype + xml.replace(b"<sheetData>", b"<sheetData>&a11;")))


def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(workbook, tmp_path):
    content = workbook(S=[HEADER, *(["P1", "2026-01-05", f"L{at}", at] for at in range(20))]).read_bytes()
    path = tmp_path / "damaged.xlsx"
    outcomes = Counter()
    for at in range(4, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            outcomes["read"] += len(rows(path)) >= 0
        except RemtrackError as error:
            outcomes[error.exit_code] += 1
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(RefusedError):
        rows(path)

    assert outcomes[4] > 10


def test_without_openpyxl_the_extra_to_install_is_named(tmp_path):
    code = (
        "import sys; sys.modules['openpyxl'] = None\n"
        "import datetime\n"
        "from remtrack.errors import UsageError\n"
        "from remtrack.exchange.sources import open_table\n"
        "try: open_table(sys.argv[1], today=datetime.date(2026, 11, 22), sheet='Study3')\n"
        "except UsageError as error: print(error.hint)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, SAMPLES / "atezolizumab_excerpt.xlsx"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )

    assert told.stdout == 'pip install "remtrack[xlsx]"\n'


@pytest.mark.parametrize(
    ("value", "shown", "as_id"),
    [
        (None, "", ""),
        ("x ", "x ", "x "),
        (7, "7", "7"),
        (7.0, "7", "7"),
        (7.5, "7.5", "7.5"),
        (13.700000000000001, "13.7", "13.700000000000001"),
        (1e22, "10000000000000000000000", "1e+22"),
        (-0.0, "0", "0"),
        (float("inf"), "inf", "inf"),
        (False, "FALSE", "FALSE"),
        (moment("2026-01-05"), "2026-01-05", "2026-01-05"),
        (moment("2026-01-05T01:02:03"), "2026-01-05 01:02:03", "2026-01-05 01:02:03"),
        (date(2026, 1, 5), "2026-01-05", "2026-01-05"),
    ],
)
def test_a_value_of_a_sheet_is_the_text_of_a_csv(value, shown, as_id):
    assert text_of(value, ".", exact=False) == shown
    assert text_of(value, ".", exact=True) == as_id
