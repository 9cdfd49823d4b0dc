"""How files are opened: encodings, delimiters, headers, order, and every file that is no table."""

import contextlib
import hashlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import threading
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings, strategies as st

from remtrack.errors import RefusedError, UsageError
from remtrack.exchange.sources import open_folder, open_table
from remtrack.verdict import Problem

TODAY = date(2026, 11, 22)
MEGABYTE = 1 << 20 if sys.platform == "darwin" else 1 << 10  # in the unit of ru_maxrss
HEADER = "patient_id,date,lesion_id,longest_mm\n"
ROW = "P1,2026-01-05,L1,32\n"


@pytest.fixture
def file(tmp_path):
    """Write a file and return its path."""

    def write(content, name="site.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, *, prefix="", **options):
    """Every (patient, rows) of a file."""
    with open_table(path, today=TODAY, **options) as table:
        return list(table.groups(prefix))


def rows(path, **options):
    return [row for _, group in read(path, **options) for row in group]


def refusal(path, kind=RefusedError, **options):
    with pytest.raises(kind) as caught:
        read(path, **options)
    error = caught.value
    assert error.what
    return error


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
def test_a_file_is_read_in_utf_8_with_or_without_a_mark_and_in_utf_16_with_one(file, encoding):
    text = HEADER.replace("longest_mm", "longest_mm,note") + "Pé1,2026-01-05,L1,32,Größe 😀\n"
    if encoding.endswith("-bom"):
        encoding = encoding.removesuffix("-bom")
        content = "\ufeff".encode(encoding) + text.encode(encoding)
    else:
        content = text.encode(encoding)

    (row,) = rows(file(content))

    assert (row.patient_id, row.note) == ("Pé1", "Größe 😀")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_and_line_end_are_found_out(file, delimiter, end):
    text = (HEADER + ROW + "P2,2026-01-06,L1,33\n").replace(",", delimiter).replace("\n", end)

    assert [(row.patient_id, str(row.longest_mm), row.line_no) for row in rows(file(text))] == [
        ("P1", "32", 2),
        ("P2", "33", 3),
    ]


def test_the_delimiter_is_the_one_that_gives_columns_we_know_not_the_commonest_sign(file):
    text = 'patient_id;"date, of the scan, in full";date;lesion_id;longest_mm\nP1;"a,b,c,d";2026-01-05;L1;32\n'

    (row,) = rows(file(text))

    assert str(row.longest_mm) == "32"


def test_mapped_names_count_when_the_delimiter_is_found(file):
    mapping = {"patient_id": "who", "date": "when", "lesion_id": "what", "longest_mm": "how, much"}

    (row,) = rows(file("who;when;what;how, much\nP1;2026-01-05;L1;32\n"), mapping=mapping)

    assert row.lesion_id == "L1"


def test_the_line_that_spreadsheets_write_about_their_separator_is_passed_over(file):
    (row,) = rows(file("sep=;\n" + (HEADER + ROW).replace(",", ";")))

    assert (row.patient_id, row.line_no) == ("P1", 3)


def test_line_numbers_are_those_of_the_file_also_behind_texts_of_several_lines(file):
    text = HEADER.replace("\n", ",note\n") + '\nP1,2026-01-05,L1,32,"one\ntwo\r\nthree"\n\n\nP1,2026-01-06,L1,3 2,x\n'

    first, second = rows(file(text))

    assert (first.line_no, first.note) == (3, "one\ntwo\nthree")
    assert (second.line, second.column) == (8, "longest_mm")


def test_empty_rows_are_passed_over(file):
    assert len(rows(file("\n\n" + HEADER + "\n,,,\n" + ROW + " , ,,\n"))) == 1


def test_a_last_line_without_an_end_is_read(file):
    assert len(rows(file(HEADER + ROW.rstrip()))) == 1


def test_a_short_row_lacks_its_last_cells_and_a_long_one_is_refused(file):
    short, long, padded = "P1,2026-01-05,L1,32\n", "P1,2026-01-06,L1,33,a,b\n", "P1,2026-01-07,L1,34,a,,\n"
    text = "patient_id,date,lesion_id,longest_mm,note\n" + short + long + padded

    first, second, third = rows(file(text))

    assert first.note == ""
    assert (second.line, second.rule) == (3, "row-length")
    assert "6 cells" in second.what
    assert third.note == "a"


def test_a_file_that_ends_in_the_middle_of_a_row_is_noticed(file):
    text = "patient_id,date,lesion_id,longest_mm,note\n" + "P1,2026-01-05,L1,32,\n" + "P1,2026-01-06,L1,3"

    first, second = rows(file(text))

    assert first.longest_mm == 32
    assert "ends in the middle" in second.what


# --- files that are no table --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b",,,\n", "is empty"),
        (HEADER.encode(), "has a header and no rows"),
        (HEADER.encode() + b"\n,,\n\n", "has a header and no rows"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "is no table it is an SQLite file"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 100, "is no table it is an old or protected workbook"),
        (b"\x1f\x8b\x08\x00abc", "is no table it is a compressed file"),
        (b"%PDF-1.7\n", "is no table it is a PDF"),
        (b"PK\x03\x04 but not a zip", "cannot be read as a workbook"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "is no text line 1 holds a zero byte"),
        (HEADER.encode() + b"P1,2026-01-05,L\x001,32\n", "is no text line 2 holds a zero byte"),
        (HEADER.encode() + ROW.encode() + "Pé,2026-01-05,L1,3\n".encode("latin-1"), "is not UTF-8 text line 3"),
        (HEADER.encode() + b"P\xc3", "is not UTF-8 text line 2"),
        (b"\xff\xfeP\x00\x00", "is not UTF-16 text"),
        (b"\xff\xfe\x00\x00P\x00\x00\x00", "it is UTF-32 text"),
        (HEADER.encode("utf-16-le"), "holds a zero byte"),
        (HEADER.encode() + b'P1,"2026-01-05,L1,32\n', "line 2: the row is no CSV"),
        (HEADER.encode() + ROW.encode() + b'P1,"2026"-01-05,L1,32\n', "line 3: the row is no CSV"),
        (HEADER.encode() + b"P1,2026-01-05,L1," + b"3" * 200_000 + b"\n", "line 2: the row is no CSV"),
        (HEADER.encode() + b"x" * 2_500_000, "line 2 is longer than"),
        (b"x" * 2_500_000, "line 1 is longer than"),
        (b'{"patient_id": "P1"}\n', "is no table it is JSON"),
        (b'\xef\xbb\xbf [{"patient_id": "P1"}]\n', "is no table it is JSON"),
        (b"<html><body>\n", "is no table it is HTML or XML"),
        (b'<?xml version="1.0"?>\n', "is no table it is HTML or XML"),
        (HEADER.encode() + b"P1,2026-01-05,L1," + b"," * 16_382 + b"x\n", "line 2: the row has 16,386 cells"),
        (HEADER.encode().rstrip() + b",x" * 16_381 + b"\n", "line 1: the row has 16,385 cells"),
        (HEADER.encode() + b'P1,2026-01-05,L1,32,"' + b"ab\n" * 400_000, "line 2: the row is no CSV"),
        (HEADER.encode() + b"P1,2026-01-05,L1,32" + b',"\nab"' * 200_000, "goes on for more than 1,000,000 signs"),
        (bytes(range(1, 256)) * 20, "is not UTF-8 text"),
    ],
)
def test_what_is_no_table_is_refused_in_words(file, content, words):
    error = refusal(file(content))

    assert words in f"{error.what} {error.why}"


def test_a_file_that_is_not_there_is_wrong_use_and_the_nearest_name_is_told(file, tmp_path):
    path = file(HEADER + ROW, "measurements.csv")

    error = refusal(tmp_path / "measurments.csv", UsageError)

    assert error.exit_code == 2
    assert error.hint == f"remtrack import {path}"
    assert "no folder" in refusal(tmp_path / "nowhere" / "x.csv", UsageError).why
    assert refusal(tmp_path / "a\0b", UsageError)


def test_folders_devices_and_unreadable_files_are_wrong_use(file, tmp_path):
    assert "is a folder" in refusal(tmp_path, UsageError).what
    assert "is not a file" in refusal("/dev/null", UsageError).what


def test_a_file_whose_name_is_no_text_can_be_named_and_kept():
    error = refusal("nowhere/si\udcffte.csv", UsageError)

    assert error.what == "there is no file nowhere/si\\udcffte.csv"


def test_an_old_workbook_is_called_that_also_when_a_sheet_is_asked_for(file):
    assert "an old or protected workbook" in refusal(file(b"\xd0\xcf\x11\xe0" + b"\x00" * 600), sheet="A").why


def test_standard_input_is_read_like_a_file(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((HEADER + ROW).encode())))

    with open_table("-", today=TODAY) as table:
        ((_, (row,)),) = table.groups()

    assert table.file_name == "standard input"
    assert table.sha256 == hashlib.sha256((HEADER + ROW).encode()).hexdigest()
    assert row.lesion_id == "L1"


def test_a_pipe_is_read_like_a_file(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(HEADER + ROW,), kwargs={"encoding": "utf-8"})
    writer.start()

    assert [row.lesion_id for row in rows(path)] == ["L1"]
    writer.join()


def test_copies_on_the_way_leave_nothing_behind(monkeypatch, tmp_path, file):
    aside = tmp_path / "tmp"
    aside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO((HEADER + ROW + ROW.replace("P1", "P2") + ROW).encode()))
    )

    with open_table("-", today=TODAY) as table:
        for _ in table.groups():
            assert list(aside.iterdir()) == []

    assert list(aside.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_refused(file):
    path = file(HEADER + ROW * 3)
    with open_table(path, today=TODAY) as table:
        path.write_text(HEADER + ROW * 4, encoding="utf-8")
        with pytest.raises(RefusedError, match="changed while it was read"):
            list(table.groups())


def test_the_hash_is_that_of_the_bytes(file):
    path = file(HEADER + ROW)
    with open_table(path, today=TODAY) as table:
        assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert table.file_name == "site.csv"


# --- order --------------------------------------------------------------------------------------


def test_a_patient_whose_rows_stand_apart_is_given_once(file):
    text = HEADER + "P1,2026-01-05,L1,32\nP2,2026-01-05,L1,20\n P1 ,2026-01-06,L1,33\nP2,2026-01-07,L1,oops\n"

    groups = dict(read(file(text)))

    assert sorted(groups) == ["P1", "P2"]
    assert [row.line_no for row in groups["P1"]] == [2, 4]
    assert [type(row) is Problem for row in groups["P2"]] == [False, True]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["P1", "P2", "P3", "", "Pé", "Pe\u0301", "=x", "'=x"]), st.integers(0, 99)),
        max_size=30,
    )
)
def test_an_unordered_file_gives_what_the_ordered_one_gives(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("order")
    lines = [f"{patient},2026-01-05,L{number},{number}\n" for patient, number in pairs]
    if not lines:
        return

    def values(name, lines):
        path = folder / name
        path.write_text(HEADER + "".join(lines), encoding="utf-8")
        groups = read(path)
        assert len({patient_id for patient_id, _ in groups}) == len(groups)
        good = {patient_id: [row for row in group if type(row) is not Problem] for patient_id, group in groups}
        bad = sum(type(row) is Problem for _, group in groups for row in group)
        return {
            patient_id: [(row.lesion_id, row.longest_mm, row.state) for row in group]
            for patient_id, group in good.items()
            if group
        }, bad

    ordered = sorted(lines, key=lambda line: line.partition(",")[0])
    assert values("mixed.csv", lines)[1] == values("ordered.csv", ordered)[1]
    mixed = values("mixed.csv", lines)[0]
    assert {k: sorted(v, key=str) for k, v in mixed.items()} == {
        k: sorted(v, key=str) for k, v in values("ordered.csv", ordered)[0].items()
    }
    for patient, found in mixed.items():  # the order of a patient's rows is the file's
        assert [name for name, _, _ in found] == [
            f"L{number}" for given, number in pairs if _same_patient(given, patient)
        ]


def _same_patient(given, patient):
    from unicodedata import normalize

    return given != "" and normalize("NFC", given.removeprefix("'")) == patient


def test_a_row_without_a_patient_is_a_problem_of_the_run_it_stands_in(file):
    text = HEADER + "P1,2026-01-05,L1,32\n,2026-01-06,L1,33\nP1,2026-01-07,L1,34\n"

    ((patient_id, group),) = read(file(text))

    assert patient_id == "P1"
    assert [row.line_no if type(row) is not Problem else f"problem {row.line}" for row in group] == [2, "problem 3", 4]


def test_a_prefix_stands_before_every_patient(file):
    assert [patient_id for patient_id, _ in read(file(HEADER + ROW), prefix="S2-")] == ["S2-P1"]


def test_rows_can_be_had_again_as_they_stand(file):
    with open_table(file(HEADER + ROW + "P1,2026-01-06,L1,oops\n"), today=TODAY) as table:
        bad = {row.line for _, group in table.groups() for row in group if type(row) is Problem}

        assert table.header == ("patient_id", "date", "lesion_id", "longest_mm")
        assert list(table.raw_rows(bad)) == [(3, ["P1", "2026-01-06", "L1", "oops"])]


def test_rows_that_are_too_short_or_too_long_are_had_again_with_as_many_cells_as_the_header(file):
    text = HEADER.replace("\n", ",note\n") + "P1,2026-01-06,L1\nP1,2026-01-06,L1,32,soft, round, mobile\n"
    with open_table(file(text), today=TODAY) as table:
        assert list(table.raw_rows({2, 3})) == [
            (2, ["P1", "2026-01-06", "L1", "", ""]),
            (3, ["P1", "2026-01-06", "L1", "32", "soft, round, mobile"]),
        ]


def test_of_very_many_or_very_long_columns_that_are_not_known_a_few_are_named(file):
    names = ["x" * 60_000, *(f"c{number}" for number in range(200))]
    with open_table(file(HEADER.replace("\n", "," + ",".join(names) + "\n") + ROW), today=TODAY) as table:
        assert len(table.unknown_columns) == 101
        assert table.unknown_columns[0] == "x" * 100 + "..."
        assert table.unknown_columns[-1] == "... (201 in all)"


@pytest.mark.parametrize("ordered", [True, False])
def test_memory_does_not_grow_with_the_file(tmp_path, ordered):
    path = tmp_path / "big.csv"
    names = [f"P{number // 40:05}" for number in range(120_000)]
    if not ordered:
        names = names[::2] + names[1::2]
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEADER)
        stream.writelines(f"{name},2026-01-{1 + at % 28:02},L{at % 40},{at % 80}\n" for at, name in enumerate(names))
    code = (
        "import resource, sys, datetime; from remtrack.exchange.sources import open_table\n"
        "with open_table(sys.argv[1], today=datetime.date(2026, 11, 22)) as table:\n"
        "    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    rows = sum(len(rows) for _, rows in table.groups())\n"
        "    print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)\n"
    )

    told = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, encoding="utf-8").stdout

    count, grown = map(int, told.split())
    assert count == 120_000
    assert grown < 25 * MEGABYTE  # all the rows together are 100


def test_reading_a_line_that_fills_the_disk_takes_no_memory(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(HEADER.encode())
        stream.truncate(2_000_000_000)  # a hole: it takes no room
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    refusal(path)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * MEGABYTE


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("patient_id,date,lesion_id,longest_mm", "measurements"),
        ("USUBJID,Date,Lesion ID,diameter_mm", "measurements"),
        ("subject,date,lesion-id,SIZE_MM", "measurements"),
        (" patient_id , DATE ,lesion_id,state", "measurements"),
        ("patient_id,date,lesion_id,measure_mm,measure2_mm", "measurements"),
        ("patient_id,disease,criteria,note", "patients"),
        ("patient_id,disease", "patients"),
        ("patient_id,line,criteria,regimen,started_on,stopped_on,baseline_on,settings", "lines"),
        ("patient_id,line,criteria", "lines"),
        ("patient_id,started_on", "lines"),
        ("patient_id,line,visit,date,method,reader,note", "visits"),
        ("patient_id,date,method", "visits"),
        ("patient_id,line,visit,date,test,value,unit,upper_limit,reader,note", "results"),
        ("patient_id,line,date,event,detail", "events"),
    ],
)
def test_the_header_says_which_table_it_is(file, header, kind):
    cells = dict.fromkeys(header.split(","), "")
    with open_table(file(header + "\n" + ",".join("x" for _ in cells) + "\n"), today=TODAY) as table:
        assert table.kind == kind


@pytest.mark.parametrize(
    ("header", "lacking"),
    [
        ("patient_id,lesion_id,longest_mm", "date or day"),
        ("patient_id,date,longest_mm", "lesion_id"),
        ("date,lesion_id,longest_mm", "patient_id"),
        ("patient_id,date,lesion_id", "longest_mm or short_mm or measure_mm or state"),
        ("patient_id", "date or day, lesion_id"),
        ("id,when,what,how much", "patient_id, date or day, lesion_id"),
        ("patient_id,date,test", "value"),
    ],
)
def test_a_header_without_the_needed_columns_says_which_and_how_to_name_them(file, header, lacking):
    path = file(header + "\n" + "x," * header.count(",") + "x\n")

    error = refusal(path)

    assert f"the header lacks {lacking}" in error.what
    assert header.split(",")[0] in error.why
    assert error.hint.startswith(f"remtrack import {path} --map ")


def test_columns_that_are_not_known_are_named_and_left_out(file):
    with open_table(
        file("patient_id,date,lesion_id,longest_mm,Arm,,colour\nP1,2026-01-05,L1,32,A,,red\n"), today=TODAY
    ) as table:
        assert table.unknown_columns == ("Arm", "colour")
        assert len(list(table.groups())) == 1


@pytest.mark.parametrize(
    "header",
    [
        "patient_id,visit,date,Tumour Size",
        "patient_id,visit,date,lesion_id",
        "patient_id,disease,diam1",
        "patient_id,visit,date,T1 (mm)",
    ],
)
def test_a_table_of_visits_or_patients_that_seems_to_hold_sizes_is_refused(file, header):
    error = refusal(file(header + "\nP1,x,2026-01-05,32\n"))

    assert "leaving out" in error.what
    assert "--map" in error.hint


@pytest.mark.parametrize(
    "header",
    [
        "patient_id,line,reader,criteria,visit,date,target,overall,rule,because,source",
        "patient_id,line,criteria,word,began_on,lasted_month",
        "patient_id,line,criteria,best_response,current",
    ],
)
def test_answers_are_never_imported(file, header):
    assert "derived from the measurements" in refusal(file(header + "\n" + "," * header.count(",") + "\n")).why


def test_two_columns_of_one_name_are_refused_until_one_is_chosen(file):
    path = file("usubjid,subject,date,lesion_id,longest_mm\nA,B,2026-01-05,L1,32\n")

    error = refusal(path)

    assert "two columns for patient_id" in error.what
    assert error.hint == f"remtrack import {path} --map patient_id=subject"
    (row,) = rows(path, mapping={"patient_id": "subject"})
    assert row.patient_id == "B"


def test_headers_are_mapped_and_constants_set(file):
    path = file("Who,Treatment_Day,Size\nA,-7,48\nA,42,41\n")
    options = {
        "mapping": {"patient_id": "Who", "day": "Treatment_Day", "longest_mm": "size"},
        "constants": {"lesion_id": "T1", "role": "target"},
        "day_zero": date(2020, 1, 1),
    }

    first, second = rows(path, **options)

    assert (first.patient_id, first.dated_on, first.lesion_id, first.role) == ("A", date(2019, 12, 25), "T1", "target")
    assert str(second.longest_mm) == "41"


@pytest.mark.parametrize(
    ("options", "what", "hint"),
    [
        ({"mapping": {"longst_mm": "longest_mm"}}, "is no column here", "--map longest_mm=longest_mm"),
        ({"constants": {"lesionid": "T1"}}, "is no column here", "--set lesion_id=T1"),
        ({"mapping": {"longest_mm": "longest"}}, 'has no column "longest"', "--map longest_mm=longest_mm"),
        ({"constants": {"lesion_id": "T1"}}, "but the file has a column", "leave out --set lesion_id=T1"),
        ({"mapping": {"day": "date"}}, "need a day zero", "--day-zero 2020-01-01"),
        ({"day_zero": date(2020, 1, 1)}, "no column of study days", "--map day=HEADER"),
        ({"mapping": {"test": "state"}}, "have no test", "leave out --map"),
        ({"sheet": "Study1"}, "has no sheets", "leave out --sheet"),
    ],
)
def test_an_option_that_does_not_fit_the_file_is_wrong_use(file, options, what, hint):
    path = file("patient_id,date,lesion_id,longest_mm,state\nP1,2026-01-05,L1,32,\n")

    error = refusal(path, UsageError, **options)

    assert what in error.what
    assert hint in error.hint


def test_a_hint_is_the_whole_command_with_what_was_given_before(file):
    path = file("Who;Tag;Size (mm)\nP1;0;3,2\n", "my site.csv")
    given = {
        "mapping": {"patient_id": "Wo", "longest_mm": "Size (mm)"},
        "constants": {"lesion_id": "T1"},
        "decimal": ",",
    }

    error = refusal(path, UsageError, **given)

    assert error.hint == (
        f"remtrack import '{path}' --map 'longest_mm=Size (mm)' --set lesion_id=T1 --decimal comma --map patient_id=Who"
    )


def test_a_decimal_comma_is_refused_with_the_command_that_reads_it(file):
    path = file((HEADER + "P1,2026-01-05,L1,32#5\n").replace(",", ";").replace("#", ","))

    (problem,) = rows(path)

    assert problem.why == 'a comma can mean "32.5" or "325"'
    assert problem.hint == f"remtrack import {path} --decimal comma"
    (row,) = rows(path, decimal=",")
    assert str(row.longest_mm) == "32.5"


# --- folders ------------------------------------------------------------------------------------


def test_a_folder_is_read_in_order_and_answers_are_left_out(file, tmp_path):
    file("patient_id,line,date,event,detail\nP1,1,2026-01-05,therapy,x\n", "events.csv")
    file(HEADER + ROW, "measurements.csv")
    file("patient_id,disease,criteria,note\nP1,x,recist-1.1,\n", "patients.csv")
    file("patient_id,line,visit,date,method,reader,note\n", "visits.csv")  # an empty table is no fault
    file("patient_id,word,lasted_month\nP1,response,yes\n", "episodes.csv")
    file("hello", "notes.txt")

    folder = open_folder(tmp_path, today=TODAY)

    assert [table.kind for table in folder.tables] == ["patients", "visits", "measurements", "events"]
    assert [len(list(table.groups())) for table in folder.tables] == [1, 0, 1, 1]
    assert folder.left_out == ("episodes.csv", "notes.txt")
    assert len(folder.sha256) == 64
    for table in folder.tables:
        table.close()


def test_a_folder_without_our_tables_is_wrong_use(file, tmp_path):
    file("hello", "notes.txt")

    with pytest.raises(UsageError, match="holds no tables") as caught:
        open_folder(tmp_path, today=TODAY)

    assert 'found "notes.txt"' in caught.value.why
    with pytest.raises(UsageError, match="is not a folder"):
        open_folder(tmp_path / "notes.txt", today=TODAY)


def test_a_folder_with_a_bad_table_is_refused_and_closed(file, tmp_path):
    file("patient_id,disease,criteria,note\nP1,x,recist-1.1,\n", "patients.csv")
    file("nonsense\n1\n", "measurements.csv")

    with pytest.raises(RefusedError, match=r"measurements\.csv: the header lacks"):
        open_folder(tmp_path, today=TODAY)


# --- any bytes ----------------------------------------------------------------------------------

SEEDS = [
    (HEADER + ROW * 3).encode(),
    (HEADER + '"P,1",5 jan 2026,L1,"TOO SMALL TO MEASURE"\n').encode("utf-16"),
    b"patient_id;date;test;value\nP1;2026-01-05;psa;<0,1\n",
]


@settings(max_examples=300 if settings.default.max_examples < 1000 else 10_000)
@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path_factory, seed, data):
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        insert = data.draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"=", b";"])
        )
        content[at : at + data.draw(st.integers(0, 3))] = insert
    path = tmp_path_factory.mktemp("damaged") / "site.csv"
    path.write_bytes(content)
    with contextlib.suppress(RefusedError):
        assert all(row.what and row.line for row in rows(path) if type(row) is Problem)


def test_a_zip_that_is_no_workbook_is_refused(file, tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")

    assert "cannot be read as a workbook" in refusal(path).what
