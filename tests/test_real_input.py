"""
A real file that nobody here wrote: twelve patients of a published trial, as its authors gave them.

Ghaffari Laleh et al., PLoS Comput Biol 18(2): e1009822, CC BY 4.0; see sample_data/README.md.
"""

import csv
import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"
COLUMNS = (
    "--map patient_id=Patient_Anonmyized --map day=Treatment_Day --map longest_mm=TargetLesionLongDiam_mm "
    "--set lesion_id=T1 --day-zero 2020-01-01"
)
FORMS = {
    "csv": f"import {SAMPLES}/atezolizumab_excerpt.csv {COLUMNS}",
    "xlsx": f"import {SAMPLES}/atezolizumab_excerpt.xlsx --sheet Study3 --sheet Study5 {COLUMNS}",
}


@pytest.mark.parametrize("line", FORMS.values(), ids=FORMS.keys())
def test_without_partial_nothing_is_imported_and_every_bad_row_is_named(typed, record_path, line):
    told = typed(line)

    assert told.code == 4
    assert told.err.count("error: ") == 4  # three rows, and that nothing was imported
    assert "no size and no state" in told.err
    assert told.err.count("two readings on") == 2
    assert "Study_Arm" in told.err
    assert not record_path.exists()
    assert typed(*told.hint).code == 0


@pytest.mark.parametrize("line", FORMS.values(), ids=FORMS.keys())
def test_with_partial_the_good_rows_are_kept_and_the_bad_ones_written_as_they_stood(typed, tmp_path, line):
    rejects = tmp_path / "rejects.csv"
    told = typed(f"{line} --partial --rejects {rejects} --json")
    done = json.loads(told.out)

    assert told.code == 0
    assert (done["refused"], done["new_patients"], done["same"]) == (3, 12, 1)
    assert done["added"] + done["same"] + done["refused"] == done["rows"]
    with rejects.open(encoding="utf-8") as file:
        refused = list(csv.DictReader(file))
    assert [row["Patient_Anonmyized"] != "" for row in refused] == [True] * 3
    assert {row["not_imported_because"][:12] for row in refused} >= {"no size and "}


def test_both_forms_give_the_same_record(typed, tmp_path, capsys):
    from inside import runner

    exports = []
    for form, line in FORMS.items():
        run = runner(tmp_path / f"{form}.db", capsys)
        run(f"{line} --partial --rejects {tmp_path / 'rejects.csv'}")
        run(f"export -o {tmp_path / form}")
        exports.append({file.name: file.read_bytes() for file in (tmp_path / form).iterdir()})

    assert exports[0] == exports[1]
    assert len(exports[0]) == 9


def test_every_view_works_on_the_real_record_and_its_remissions_are_listed(typed, tmp_path):
    typed(f"{FORMS['csv']} --partial --rejects {tmp_path / 'rejects.csv'}")
    rows = typed("remission --json").rows
    patients = [row["patient_id"] for row in typed("patients --json").rows]

    assert len(patients) == 12
    assert [(row["category"], row["began_on"], row["days"], row["lasted_month"]) for row in rows] == [
        ("PR", "2020-06-18", 0, "not yet"),
        ("CR", "2020-02-12", 172, "yes"),
        ("PR", "2020-05-13", 130, "yes"),
        ("CR", "2020-03-25", 175, "yes"),
        ("PR", "2020-02-12", 254, "yes"),
        ("CR", "2020-03-25", 294, "yes"),
        ("PR", "2020-07-23", 126, "yes"),
    ]
    for patient_id in patients:
        assert typed("status", patient_id).code == 0
        assert typed("timeline", patient_id, "--format", "table").code == 0
    assert typed("check").code == 0


def test_words_in_the_number_column_are_read_as_what_they_say(typed, tmp_path):
    typed(f"{FORMS['csv']} --partial --rejects {tmp_path / 'rejects.csv'}")
    states = {row["state"] for row in typed("export measurements --json").rows}

    assert {"measured", "too_small", "not_assessed"} <= states
