"""Patients and lines by command: what is said next fits the families, and those that cannot share a size are named."""

import json
import shlex

import pytest

from remtrack.criteria import FAMILIES


def next_command(told):
    line = next(line for line in told.err.splitlines() if line.startswith("Next: remtrack "))
    return shlex.split(line.removeprefix("Next: remtrack "))


@pytest.mark.parametrize("criteria", list(FAMILIES))
def test_the_command_after_a_new_patient_asks_and_invents_no_size(criteria, typed):
    """It once named a lesion of 42 mm, which was recorded when pasted."""
    told = typed(f"patient add P08 --criteria {criteria} --started 2026-01-15")

    assert next_command(told) == ["add", "P08"]
    assert FAMILIES[criteria].title in told.err


@pytest.mark.parametrize(
    ("disease", "criteria"),
    [
        ("AML", "blood-aml-eln-2022"),
        ("multiple myeloma", "myeloma-imwg-2016"),
        ("Hodgkin lymphoma", "lugano-2014"),
        ("Glioblastoma", "rano-2.0"),
        ("chronic lymphocytic leukaemia", "blood-cll-iwcll-2018"),
    ],
)
def test_of_a_disease_with_criteria_of_its_own_it_is_said_how_to_choose_them(disease, criteria, typed):
    told = typed("patient", "add", "P08", "--disease", disease)

    assert "judged by RECIST 1.1" in told.err
    command = told.err.partition(":  remtrack ")[2].splitlines()[0]
    assert command == f"line set P08 1 --criteria {criteria}"
    assert typed(command).code == 0


def test_of_a_solid_tumour_nothing_else_is_suggested(typed):
    told = typed("patient", "add", "P08", "--disease", "breast cancer")

    assert "judged by RECIST 1.1\n" in told.err


@pytest.mark.parametrize("word", ["L1 ORGAN SIZE", "L1=SIZE", "L1 liver SIZE", "G 2=SIZE", "L1 node:ORGAN 12"])
def test_a_suggested_command_that_is_not_filled_in_records_nothing(typed, record_path, word):
    """Pasted as it stood, it was once a new lesion of an organ called ORGAN SIZE: progression."""
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    before = record_path.read_bytes()
    for role in ("--target", "--new", "--nontarget"):
        told = typed("add", "P01", "2026-03-02", role, word)

        assert told.code == 2
        assert "is not filled in" in told.err
    assert record_path.read_bytes() == before


def test_a_slip_in_a_correction_never_suggests_a_new_lesion(typed):
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    told = typed('edit P01 2026-01-05 G9=13 --reason "typo"')

    assert told.code == 3
    assert told.hint == ["lesions", "P01"]


def test_a_suggested_command_names_the_record_that_was_named(typed, tmp_path):
    """Pasted without it, undo took back a change of another record."""
    other = tmp_path / "my trial.db"
    told = typed("--db", str(other), "patient", "add", "P01")
    undo = next(line for line in told.err.splitlines() if "Wrong?" in line).partition("remtrack ")[2]

    assert shlex.split(undo) == ["--db", str(other), "undo"]
    assert next_command(told) == ["--db", str(other), "add", "P01"]
    assert typed("--db", str(other), "status", "P9").hint == ["--db", str(other), "patients"]
    assert "--db" not in typed("patient add P01").err
    assert typed("status", "P9").hint == ["patients"]
    found = json.loads(typed("--db", str(other), "status", "P9", "--json").err)
    assert found["hint"] == f"remtrack --db '{other}' patients"


MIXED = "--criteria recist-1.1 --criteria mrecist-hcc"


@pytest.mark.parametrize(
    "words",
    [
        f"patient add P09 {MIXED}",
        f"line set P08 1 {MIXED}",
        f"line start P08 2026-06-01 {MIXED}",
    ],
)
def test_two_families_that_read_one_size_differently_are_named_and_kept(words, typed):
    typed("patient add P08")
    typed('add P08 2026-01-15 --target "L1 liver 42"')
    told = typed(words)

    assert told.code == 0
    assert told.err.count("has one size for both: the viable diameter") == 1


@pytest.mark.parametrize("second", ["irecist", "markers"])
def test_families_that_read_a_size_alike_are_not_warned_of(second, typed):
    typed("patient add P08")
    typed('add P08 2026-01-15 --target "L1 liver 42"')

    assert "has one size for both" not in typed(f"line set P08 1 --criteria recist-1.1 --criteria {second}").err


def test_a_setting_of_such_a_line_is_changed_without_saying_it_again(typed):
    typed(f"patient add P08 {MIXED}")

    assert "has one size for both" not in typed("line set P08 1 confirm_days=56").err


def test_a_cohort_of_laboratory_values_is_not_said_to_have_none(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022")
    typed("add A1 2026-01-15 bm_blasts_pct=60 pb_blasts_pct=30 emd=no")
    told = json.loads(typed("status --json").out)

    assert (told["measurements"], told["results"]) == (0, 3)
