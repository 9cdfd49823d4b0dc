"""What is written as CSV: by the RFC, safe in a spreadsheet, and the same when it is read again."""

import csv
import io
import re
import stat
from datetime import date
from decimal import Decimal
from unicodedata import normalize

import pytest
from hypothesis import example, given, settings, strategies as st

from remtrack.exchange.cells import CellError, parse_text
from remtrack.exchange.columns import ANSWER_TABLES, EXPORT_COLUMNS, FACT_TABLES
from remtrack.exchange.csv_out import NUMBERS, text_of, write_csv, write_file
from remtrack.exchange.formulas import guarded, unguarded
from remtrack.exchange.sources import open_table

DANGEROUS = ["=1+1", "+1", "-5.94e+17", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"]
DANGEROUS += ["\t1", "\rx", "\nx", " =1", "\u00a0=1", '"=1', "' =1", '" -2', "﹦1", "﹣1", "\ufeff=1", "\u200b@x"]
#: Signs that begin a formula, and what a spreadsheet passes over before them.
SIGNS_ALONE = "=+-@＝＋－＠﹦﹢﹣﹫"
SIGNS = SIGNS_ALONE + "\t\r\n"
PASSED_OVER = "'\" \u00a0\u200b\ufeff\t\r\n"


def would_run(cell, signs=SIGNS):
    """Say whether a spreadsheet may run a cell; one that begins with an apostrophe it never does."""
    return not cell.startswith("'") and cell.lstrip(PASSED_OVER.strip(signs))[:1] in tuple(signs)


def none_runs(text):
    """Say whether no program sees a formula in a CSV: one that knows its quotes, or one that ends cells elsewhere."""
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in row]
    if any(map(would_run, cells)):
        return False
    for line in re.split("\r\n|\r|\n", text):
        # Where the comma is no end of a cell, the quotes behind it stand in the middle of one and are part of it.
        for end in ";\t":
            first, *others = line.split(end)
            if any(would_run(cell, SIGNS_ALONE) for cell in (others if first.startswith('"') else (first, *others))):
                return False
    return True


# Texts as they may be kept, many of them beginning as a formula does.
texts = st.builds(
    lambda begin, rest: begin + rest,
    st.sampled_from(
        [
            "",
            "'",
            "''",
            "=",
            "+",
            "-",
            "@",
            "\t",
            "\r",
            "\n",
            "＝",
            "－",
            "＠",
            "'=",
            "'-",
            "''@",
            '"',
            ";=",
            "x;=",
            "x\n-",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("=-'; \n\t\r\"@,x", max_size=12),
)


def written(header, *rows):
    stream = io.StringIO(newline="")
    write_csv(stream, header, rows)
    return stream.getvalue()


def kept(text):
    """The text as reading a cell keeps it, or None where it would be refused."""
    try:
        return parse_text(text)
    except CellError:
        return None


def test_a_table_is_written_by_the_rfc():
    text = written(["a", "b"], ['say "no"', "x,y"], ["two\nlines", None])

    assert text == 'a,b\r\n"say ""no""","x,y"\r\n"two\nlines",\r\n'


def test_values_are_written_once_and_plainly():
    cells = [
        "",
        "text",
        Decimal("32.50"),
        Decimal("1E+2"),
        42.0,
        0.1,
        7,
        date(2026, 3, 2),
        True,
        False,
        Decimal("Infinity"),
    ]

    assert [text_of(cell) for cell in [None, *cells]] == [
        *("", "", "text", "32.5", "100", "42", "0.1", "7", "2026-03-02", "yes", "no", "inf")
    ]
    with pytest.raises(TypeError, match="no cell is made of a list"):
        text_of([])


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_begins_as_a_formula_is_kept_from_running(text):
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "'", "''", "it's", "L1", "'quoted'", "5-3", "a=b", "'tis", "a; b", "x\n* y"])
def test_another_text_is_left_alone(text):
    assert guarded(text) == text
    assert unguarded(text) == text


def test_a_text_that_looks_guarded_already_comes_back_with_its_apostrophe():
    for text in ("'=1", "''=1", "'-5"):
        assert guarded(text) == f"'{text}"
        assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("column", sorted(NUMBERS))
def test_a_column_of_numbers_keeps_its_numbers(column):
    assert written([column], ["-30.0"], [Decimal("-30.0")], [-30]).splitlines()[1:] == ["-30.0", "-30", "-30"]
    assert written([column], ["=1+1"], ["-1+cmd"], ["-5.94e+17"]).splitlines()[1:] == ["'=1+1", "'-1+cmd", "'-5.94e+17"]


def test_a_column_of_text_keeps_no_number_that_could_be_a_formula():
    assert written(["note"], ["-30.0"]).splitlines()[1:] == ["'-30.0"]


@settings(max_examples=300 if settings.default.max_examples < 1000 else 10_000)
@given(st.lists(texts, min_size=1, max_size=4))
@example(["=", "'=", "''=", "'"])
@example(["a;=1", "a;'=1", "a\n=1", "a\n'-1", "a\r\n=1", "a\t =1", "a;\n=1", "a\r'\n=1", ";'='=;'"])
@example(["\ufeff=1"])
def test_no_text_runs_in_a_spreadsheet_and_every_text_comes_back(row):
    header = [f"c{number}" for number in range(len(row))]

    text = written(header, row)
    _, cells = csv.reader(io.StringIO(text, newline=""), strict=True)

    assert none_runs(text)
    assert [unguarded(cell) for cell in cells] == row


@settings(max_examples=300 if settings.default.max_examples < 1000 else 10_000)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_notes_and_places_written_to_a_file_are_read_back_as_they_are_kept(tmp_path_factory, pairs):
    pairs = [(kept(organ), kept(note)) for organ, note in pairs]
    pairs = [pair for pair in pairs if None not in pair]
    if not pairs:
        return
    path = tmp_path_factory.mktemp("out") / "measurements.csv"
    columns = EXPORT_COLUMNS["measurements"]
    rows = [
        {
            "patient_id": "-5.94e+17",
            "date": "2026-01-05",
            "lesion_id": f"L{number}",
            "longest_mm": "32",
            "kind": "nonnodal",
        }
        | {"organ": organ, "note": note}
        for number, (organ, note) in enumerate(pairs)
    ]
    write_file(path, columns, ([row.get(name, "") for name in columns] for row in rows))

    with open_table(path, today=date(2026, 11, 22)) as table:
        ((patient_id, readings),) = table.groups()

    assert patient_id == "-5.94e+17"
    assert [(row.organ, row.note) for row in readings] == [(normalize("NFC", a), normalize("NFC", b)) for a, b in pairs]


def test_a_file_is_written_for_its_owner_alone(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("older", encoding="utf-8")
    path.chmod(0o644)

    assert write_file(path, ["a"], [["1"], ["2"]]) == 2

    assert path.read_bytes() == b"a\r\n1\r\n2\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_cannot_be_finished_leaves_the_one_before_it(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("older", encoding="utf-8")

    def rows():
        yield ["1"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(path, ["a"], rows())

    assert path.read_text(encoding="utf-8") == "older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


HEADERS = """
patients: patient_id, disease, criteria, note
lines: patient_id, line, criteria, regimen, started_on, stopped_on, baseline_on, settings
visits: patient_id, line, visit, date, method, reader, note
measurements: patient_id, line, visit, date, lesion_id, role, kind, organ, site, longest_mm, short_mm, state, reason,
    method, reader, note
results: patient_id, line, visit, date, test, value, unit, upper_limit, reader, note
events: patient_id, line, date, event, detail
assessments: patient_id, line, reader, criteria, visit, date, target, nontarget, new_lesion, overall, reported, sum_mm,
    sum_complete, baseline_sum_mm, nadir_sum_mm, change_from_baseline_pct, change_from_nadir_pct, change_from_nadir_mm,
    rule, because, source, extra
episodes: patient_id, line, reader, criteria, word, category, began_on, confirmed_on, last_seen_on, ended_on, ended_by,
    days, lasted_month, lasted_on, settles_on
courses: patient_id, line, reader, criteria, best_response, best_response_unconfirmed, response_start, confirmed_on,
    progression_on, dor_days, dor_censored, pfs_days, pfs_censored, current, current_on
"""


def test_every_table_has_the_header_that_other_programs_rely_on():
    written_down = "\n".join(f"{name}: {', '.join(columns)}" for name, columns in EXPORT_COLUMNS.items())

    assert written_down.split() == HEADERS.split()
    assert tuple(EXPORT_COLUMNS) == FACT_TABLES + ANSWER_TABLES
