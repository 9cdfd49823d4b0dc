"""Every worked case of RECIST 1.1 again, through the files of other programs: import, export, import, export."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from casefiles import lesion_cases

from remtrack.store import open_record
from remtrack.tracker.exporting import write_folder
from remtrack.tracker.importing import Request, import_tables

CASES = list(lesion_cases("recist-1.1"))
TODAY = date(2026, 11, 2)


def write_tables(case, folder):
    """Write a case as the tables of the contract, with the other names that other programs use."""
    folder.mkdir()

    def write(name, header, rows):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header.split())
            writer.writerows(rows)

    starts = {line: on for line, event, on, _value in case.events if event == "treatment_start"}
    stops = {line: on for line, event, on, _value in case.events if event == "treatment_stop"}
    settings = ";".join(f"{name}={value}" for name, value in case.settings.items())
    write(
        "lines",
        "patient_id line criteria started_on stopped_on settings",
        [
            (case.case_id, line, "recist-1.1", starts.get(line, ""), stops.get(line, ""), settings)
            for line in case.lines
        ],
    )
    write("visits", "patient_id line visit date method", [(case.case_id, *day, "CT") for day in case.dates])
    write(
        "measurements",
        "usubjid line visit date lesion_id role kind organ measure_mm state",
        [
            (
                case.case_id,
                *(row[name] for name in ("line", "visit", "date", "lesion_id", "role", "kind", "organ")),
                "" if row["state"] in ("absent", "too_small") else row["measure_mm"],
                row["state"],
            )
            for row in case.lesions
        ],
    )


def through(source, path, out):
    """Import a folder into a new record and export it; returns the exported tables as rows."""
    done = import_tables(path, Request(source=str(source), today=TODAY), "tester")
    assert [problem for problem in done.problems if problem.severity == "error"] == []
    with open_record(path) as record:
        write_folder(record, out)
    tables = {}
    for file in Path(out).glob("*.csv"):
        with file.open(newline="", encoding="utf-8") as stream:
            tables[file.stem] = list(csv.DictReader(stream))
    return tables


def one_decimal(text):
    return text.replace("-0.0", "0.0")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case_id)
def test_the_case_gives_its_answers_through_import_and_export_and_again(case, tmp_path):
    """Twice through files: the answers are the file's, and the second export is the first to the byte."""
    write_tables(case, tmp_path / "in")
    tables = through(tmp_path / "in", tmp_path / "one.db", tmp_path / "out1")

    visits = [
        (
            int(row["line"]), row["visit"], date.fromisoformat(row["date"]), row["target"], row["nontarget"],
            row["new_lesion"], row["overall"], row["reported"], row["sum_mm"],
            one_decimal(row["change_from_baseline_pct"]), one_decimal(row["change_from_nadir_pct"]),
        )
        for row in tables["assessments"]
    ]  # fmt: skip
    assert visits == [tuple(expected) for expected in case.visits]
    courses = {int(row["line"]): row for row in tables["courses"]}
    for key, expected in case.expects.items():
        name, _, line = key.partition(" line ")
        assert told(courses[int(line or 1)], name) == expected, key
    assert all(row["because"] and row["rule"] and row["source"] for row in tables["assessments"])

    through(tmp_path / "out1", tmp_path / "two.db", tmp_path / "out2")
    for file in (tmp_path / "out1").iterdir():
        assert (tmp_path / "out2" / file.name).read_bytes() == file.read_bytes(), file.name


def told(course, key):
    """Return what an exported course says under a key of the case file."""
    if key == "dor_days":
        days = course["dor_days"] or "none"
        return f"{days} censored" if course["dor_censored"] == "yes" else days
    column = {
        "bor": "best_response",
        "confirmed_response_start": "response_start",
        "confirmed_on": "confirmed_on",
        "progression_date": "progression_on",
    }[key]
    return course[column] or "none"


def test_an_import_again_finds_every_row_recorded(tmp_path):
    case = next(case for case in CASES if case.case_id == "R33")
    write_tables(case, tmp_path / "in")
    request = Request(source=str(tmp_path / "in"), today=TODAY)
    first = import_tables(tmp_path / "one.db", request, "tester")
    again = import_tables(tmp_path / "one.db", request, "tester")

    assert again.number is None
    assert again.same == first.rows == again.rows
    assert again.added == 0


def test_the_order_of_the_rows_is_irrelevant(tmp_path):
    """All cases in one file, once as they stand and once backwards: the same exports."""
    rows = [
        (
            case.case_id,
            *(row[name] for name in ("line", "visit", "date", "lesion_id", "role", "kind", "measure_mm", "state")),
        )
        for case in CASES
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
