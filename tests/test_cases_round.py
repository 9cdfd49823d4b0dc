"""Every worked case of every family again, through the files of other programs: import, export, import, export."""

import csv
import json
from datetime import date
from typing import NamedTuple

import pytest
from casefiles import lesion_cases
from labcases import lab_cases
from lesioncases import MeasuredCase, measured_cases

from remtrack.store import open_record
from remtrack.tracker.exporting import write_folder
from remtrack.tracker.importing import Request, import_tables

IN_LESIONS = ("recist-1.1", "irecist", "mrecist-hcc", "rano-2.0", "lugano-2014")
IN_RESULTS = (
    "blood-aml-eln-2022",
    "blood-all",
    "blood-cml-eln-2020",
    "blood-cll-iwcll-2018",
    "myeloma-imwg-2016",
    "markers",
)
CASES = [(family, case) for family in IN_LESIONS for case in measured_cases(family)] + [
    (family, case) for family in IN_RESULTS for case in lab_cases(family)
]
TODAY = date(2028, 12, 31)  # the cases run until 2028


# ------------------------------------------------------------------------------- cases as tables


def write_table(folder, name, header, rows):
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(), *rows])


def write_tables(cases, folder):
    """Write cases as the tables of the contract, with the other names that other programs use."""
    folder.mkdir()
    lines, visits, readings, results, events = [], [], [], [], []
    for family, case in cases:
        starts = {line: on for line, event, on, _value in case.events if event == "treatment_start"}
        settings = ";".join(f"{name}={value}" for name, value in case.settings.items())
        lines += [(case.case_id, line, family, starts.get(line, ""), settings) for line in case.lines]
        visits += [(case.case_id, *day, "CT") for day in case.dates]
        events += event_rows(case)
        if isinstance(case, MeasuredCase):
            where = ("line", "visit", "date")
            for row in case.rows:
                at = (case.case_id, *(row[name] for name in where))
                if row["row_type"] == "param":
                    results.append((*at, row["key"], row["value"], ""))
                    continue
                kept = ("lesion_id", "role", "kind", "organ", "measure_mm", "measure2_mm", "state")
                readings.append((*at, *(row[name] for name in kept)))
        else:
            kept = ("line", "visit", "date", "key", "value", "unit")
            results += [(case.case_id, *(row[name] for name in kept)) for row in case.results]
    write_table(folder, "lines", "patient_id line criteria started_on settings", lines)
    write_table(folder, "visits", "patient_id line visit date method", visits)
    header = "usubjid line visit date lesion_id role kind organ measure_mm measure2_mm state"
    write_table(folder, "measurements", header, readings)
    write_table(folder, "results", "subject line visit date test value unit", results)
    write_table(folder, "events", "patient_id line date event detail", events)


def event_rows(case):
    """Return the events as rows; a line has one stop, the first, and its start stands in the table of lines."""
    stopped = set()
    for line, event, on, value in case.events:
        if event == "treatment_start" or (event == "treatment_stop" and line in stopped):
            continue
        if event == "treatment_stop":
            stopped.add(line)
        yield case.case_id, line, on, event, value


# ------------------------------------------------------------------------------- there and back


class Trip(NamedTuple):
    """What came out: the rows of each exported table by patient, the stored courses, and both folders."""

    tables: dict
    courses: dict
    one: object
    two: object


def through(source, path, out):
    """Import a folder into a new record and export it; returns what the import said."""
    done = import_tables(path, Request(source=str(source), today=TODAY), "tester")
    assert [problem for problem in done.problems if problem.severity == "error"] == []
    with open_record(path) as record:
        write_folder(record, out)
    return done


def read_folder(folder):
    tables = {}
    for file in folder.glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as stream:
            rows = tables[file.stem] = {}
            for row in csv.DictReader(stream):
                rows.setdefault(row["patient_id"], []).append(row)
    return tables


@pytest.fixture(scope="module")
def trip(tmp_path_factory):
    """All cases of all families in one folder, imported, exported, imported and exported again."""
    place = tmp_path_factory.mktemp("cases")
    write_tables(CASES, place / "in")
    through(place / "in", place / "one.db", place / "out1")
    through(place / "out1", place / "two.db", place / "out2")
    with open_record(place / "one.db") as record:
        courses = {}
        for stored in record.courses():
            courses[stored.course.patient_id, stored.course.line] = stored.course
    return Trip(read_folder(place / "out1"), courses, place / "out1", place / "out2")


# ------------------------------------------------------------------------- what the export says


def one_decimal(text):
    return text.replace("-0.0", "0.0")


def lesion_row(row, expected):
    """Return a row of the exported assessments as the file of cases writes it."""
    parts = [row["target"], row["nontarget"], row["new_lesion"]]
    asked = expected[3:6] if expected else parts
    # A part that does not exist is NA in an export; the PET rows of Lugano leave it empty.
    parts = ["" if part == "NA" and not want else part for part, want in zip(parts, asked, strict=True)]
    numbers = (row["sum_mm"], row["change_from_baseline_pct"], row["change_from_nadir_pct"])
    on = date.fromisoformat(row["date"])
    return (int(row["line"]), row["visit"], on, *parts, row["overall"], row["reported"], *map(one_decimal, numbers))


def lab_row(row, expected):
    on = date.fromisoformat(row["date"])
    if expected is None:
        return int(row["line"]), row["visit"], on, row["overall"], row["reported"], {}
    extra = json.loads(row["extra"]) if row["extra"] else {}
    categories = (row["overall"], row["reported"]) if expected.category else ("", "")
    return int(row["line"]), row["visit"], on, *categories, {name: extra.get(name) for name in expected.extra}


COLUMN_OF = {
    "bor": "best_response",
    "best": "best_response",
    "best_confirmed": "best_response",
    "ibor": "best_response",
    "confirmed_response_start": "response_start",
    "iresponse_start": "response_start",
    "remission_start": "response_start",
    "response_start": "response_start",
    "confirmed_on": "confirmed_on",
    "progression_date": "progression_on",
}


def told(trip, family, case, key):
    """Return what the export says under a key of the case file; what has no column of its own is in the record."""
    name, _, line = key.partition(" line ")
    line = int(line or 1)
    course = next(row for row in trip.tables["courses"][case.case_id] if row["line"] == str(line))
    if name == "dor_days":
        return (course["dor_days"] or "none") + (" censored" if course["dor_censored"] == "yes" else "")
    if name == "lasting_28d":
        episodes = trip.tables["episodes"].get(case.case_id, [])
        return episodes[0]["lasted_month"] if episodes else "no"
    if (family, name) == ("blood-aml-eln-2022", "relapse_date"):
        return course["progression_on"] or "none"
    if name in COLUMN_OF:
        return course[COLUMN_OF[name]] or "none"
    return str(trip.courses[case.case_id, line].extra.get(name) or "none")


@pytest.mark.parametrize(("family", "case"), CASES, ids=[f"{family}-{case.case_id}" for family, case in CASES])
def test_every_visit_of_the_case_is_exported_as_the_file_says(trip, family, case):
    expected = {(one.line, one.visit, one.on): one for one in case.visits}
    write = lesion_row if family in IN_LESIONS else lab_row
    rows = trip.tables["assessments"][case.case_id]
    said = [write(row, expected.get((int(row["line"]), row["visit"], date.fromisoformat(row["date"])))) for row in rows]

    assert [tuple(one) for one in case.visits] == said
    assert all(row["because"] and row["rule"] and row["source"] and row["criteria"] == family for row in rows)


@pytest.mark.parametrize(("family", "case"), CASES, ids=[f"{family}-{case.case_id}" for family, case in CASES])
def test_every_expectation_of_the_case_is_exported_as_the_file_says(trip, family, case):
    assert case.expects == {key: told(trip, family, case, key) for key in case.expects}


@pytest.mark.parametrize("name", ["patients", "lines", "visits", "measurements", "results", "events"])
def test_the_facts_of_all_families_are_exported_again_to_the_byte(trip, name):
    assert (trip.one / f"{name}.csv").read_bytes() == (trip.two / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", ["assessments", "episodes", "courses"])
def test_the_answers_of_all_families_are_exported_again_to_the_byte(trip, name):
    assert (trip.one / f"{name}.csv").read_bytes() == (trip.two / f"{name}.csv").read_bytes()


def test_every_case_of_every_family_made_the_trip(trip):
    assert len(CASES) == len(trip.tables["patients"]) == 245
    assert {row["criteria"] for rows in trip.tables["courses"].values() for row in rows} == {*IN_LESIONS, *IN_RESULTS}


# ------------------------------------------------------------------------------- any order, any time


def test_an_import_again_finds_every_row_recorded(tmp_path):
    write_tables(CASES, tmp_path / "in")
    request = Request(source=str(tmp_path / "in"), today=TODAY)
    first = import_tables(tmp_path / "one.db", request, "tester")
    again = import_tables(tmp_path / "one.db", request, "tester")

    assert again.number is None
    assert again.same == first.rows == again.rows
    assert again.added == 0


def test_the_order_of_the_rows_is_irrelevant(tmp_path):
    """All cases of RECIST 1.1 in one file, once as they stand and once backwards: the same exports."""
    rows = [
        (
            case.case_id,
            *(row[name] for name in ("line", "visit", "date", "lesion_id", "role", "kind", "measure_mm", "state")),
        )
        for case in lesion_cases("recist-1.1")
        if case.case_id != "R30"  # its baseline has no lesion, so no reading can tell of it
        for row in case.lesions
    ]
    header = ["patient_id", "line", "visit", "date", "lesion_id", "role", "kind", "measure_mm", "state"]
    outs = []
    for name, ordered in (("forth", rows), ("back", rows[::-1])):
        table = tmp_path / f"{name}.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *ordered])
        done = import_tables(tmp_path / f"{name}.db", Request(source=str(table), today=TODAY), "tester")
        assert done.refused == 0, json.dumps([problem.what for problem in done.problems])
        with open_record(tmp_path / f"{name}.db") as record:
            write_folder(record, tmp_path / name)
        outs.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})

    assert outs[0] == outs[1]


def test_a_lesion_that_is_new_in_one_line_and_a_nontarget_in_the_next_is_read_back_as_it_was(typed, tmp_path, capsys):
    """Under line 2 the word for being sure is another; it is one reading all the same."""
    from inside import runner

    typed("patient add P01 --started 2026-01-10")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    typed('add P01 2026-03-02 L1=44 --new "N1 pleura unequivocal"')
    typed("line start P01 2026-03-10 --baseline 2026-03-02")
    typed("add P01 2026-05-04 L1=30 N1=present")
    typed(f"export -o {tmp_path / 'one'}")
    again = runner(tmp_path / "again.db", capsys)

    assert again(f"import {tmp_path / 'one'}").code == 0
    again(f"export -o {tmp_path / 'two'}")
    for file in (tmp_path / "one").iterdir():
        assert (tmp_path / "two" / file.name).read_bytes() == file.read_bytes(), file.name
