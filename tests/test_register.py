"""Patients and lines by command: what is said next fits the families, and those that cannot share a size are named."""

import json
import shlex

import pytest

from remtrack.criteria import FAMILIES, load_family
from remtrack.tracker.values import reads_lesions


def next_command(told):
    line = next(line for line in told.err.splitlines() if line.startswith("Next: remtrack "))
    return shlex.split(line.removeprefix("Next: remtrack "))


@pytest.mark.parametrize("criteria", list(FAMILIES))
def test_the_command_after_a_new_patient_fits_the_family(criteria, typed):
    told = typed(f"patient add P08 --criteria {criteria} --started 2026-01-15")
    command = next_command(told)

    assert command[:2] == ["add", "P08"]
    assert ("--target" in command) == reads_lesions(load_family(criteria))
    if "--target" in command:
        assert typed(*command).code == 0
        assert "baseline" in typed("status P08").out


def test_where_one_family_of_several_reads_lesions_they_come_first(typed):
    assert "--target" in next_command(typed("patient add P08 --criteria markers --criteria recist-1.1"))


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
