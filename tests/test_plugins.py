"""Families of other packages: the documented example installed and used, and those that cannot be used."""

import csv
import json
import os
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest
from plugins import EXAMPLE, ROOT, install, install_example, path_with, uninstall

from remtrack.criteria import FAMILIES, installed, load_family
from remtrack.criteria.contract import faults
from remtrack.fold import assess
from remtrack.model import History, Result, Visit

PHOENIX = "psa-phoenix-2006"
DOC = ROOT / "docs" / "adding-a-family.md"
CASES = EXAMPLE / "remtrack_phoenix" / "cases" / f"{PHOENIX}.csv"


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def beside(remtrack, site):
    """Run the program with the packages of `site` installed beside it."""

    def run(*words):
        return remtrack(*(words[0].split() if len(words) == 1 else words), env=path_with(site))

    return run


@pytest.fixture
def phoenix(site, monkeypatch):
    """The example, installed into this process."""
    install_example(site)
    monkeypatch.syspath_prepend(site)
    installed.forget()
    yield load_family(PHOENIX)
    installed.forget()
    sys.modules.pop("remtrack_phoenix")


def followed(beside):
    """Enter the worked case of the example as a person would."""
    beside(f"patient add P01 --criteria {PHOENIX} --started 2024-01-10")
    for scan in ("2024-01-08 psa=8.0", "2024-07-08 psa=0.5", "2025-01-06 psa=2.4", "2025-04-07 psa=2.5"):
        last = beside(f"add P01 {scan}")
        assert last.code == 0, last.err
    return last


def test_the_example_is_listed_with_its_package_behind_the_families_of_this_program(beside, site):
    install_example(site)
    rows = json.loads(beside("criteria list --json").out)["rows"]

    assert [row["package"] for row in rows[:-1]] == [""] * (len(rows) - 1)
    assert rows[-1] == {
        "criteria": PHOENIX,
        "title": "PSA, Phoenix 2006",
        "word": "response",
        "measure": "PSA",
        "unit": "ng/mL",
        "default": False,
        "package": "remtrack-phoenix 1.0",
    }
    assert "package: remtrack-phoenix 1.0" in beside("criteria list").out


def test_criteria_show_prints_the_example_with_its_rules_settings_and_worked_case(beside, site):
    install_example(site)
    shown = beside(f"criteria show {PHOENIX} --format table").out

    for part in ("remtrack-phoenix 1.0", "biochemical failure", "rise ", "Worked cases", "Our reading", "ng/mL"):
        assert part in shown


def test_a_patient_is_followed_by_the_example_from_the_first_sample_to_the_status(beside, site):
    install_example(site)
    last = followed(beside)
    status = json.loads(beside("status P01 --json").out)["rows"][0]

    assert "PSA 2.5 ng/mL is 2 ng/mL or more above the lowest before, 0.5: biochemical failure" in last.out
    assert (status["current"], status["title"], status["unit"]) == ("failure", "PSA, Phoenix 2006", "ng/mL")
    assert status["progression_on"] == "2025-04-07"
    for command in ("status P01", "timeline P01", "remission P01", "explain P01 2025-04-07", "check"):
        told = beside(command)
        assert (told.code, "Traceback" in told.err) == (0, False), command


def test_tables_name_the_example_like_any_family(beside, site, tmp_path):
    install_example(site)
    table = tmp_path / "lines.csv"
    table.write_text(f"patient_id,line,criteria,settings\nP01,1,{PHOENIX},rise=3\n", encoding="utf-8")
    done = beside("import", str(table))
    listed = beside("line list P01")

    assert done.code == 0, done.err
    assert PHOENIX in listed.out
    assert "rise=3" in listed.out


def test_a_setting_of_the_example_changes_its_answer(beside, site):
    install_example(site)
    followed(beside)
    told = beside(f"compare P01 --criteria {PHOENIX} --criteria {PHOENIX},rise=2.1 --json")
    last = json.loads(told.out)["rows"][-1]

    assert (last["a_overall"], last["b_overall"]) == ("failure", "no failure")


def test_a_misspelled_id_is_answered_with_the_nearest_installed_one(beside, site):
    install_example(site)
    told = beside("criteria show psa-phoenix")

    assert told.code == 2
    assert f"hint: remtrack criteria show {PHOENIX}" in told.err


def test_the_worked_case_of_the_example_is_what_its_rules_give(phoenix):
    """The case in the package, read from what it prints and judged again."""
    with CASES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    visits = []
    for row in rows:
        test, value, unit = row["seen"].split()
        visits.append(Visit(date.fromisoformat(row["visit_on"]), results=(Result(test, Decimal(value), unit=unit),)))
    course = assess(History("F01", visits=tuple(visits)), PHOENIX)
    expected = [(row["visit_on"], row["overall"], row["reported"], row["rule"]) for row in rows[1:]]

    assert expected == [
        (answer.visit_on.isoformat(), answer.overall, answer.reported, answer.rule) for answer in course.assessments
    ]


def test_the_example_keeps_the_contract(phoenix):
    assert faults(phoenix) == ()


def test_a_screen_names_an_installed_family_as_it_names_itself(phoenix):
    entry = FAMILIES[PHOENIX]

    assert PHOENIX in FAMILIES
    assert FAMILIES.get(PHOENIX) == entry
    assert (entry.title, entry.word, entry.unit, entry.measure) == (
        phoenix.title, phoenix.word, phoenix.unit, phoenix.measure,
    )  # fmt: skip
    assert (entry.revision, entry.scale) == (phoenix.revision, phoenix.scale)
    assert PHOENIX not in list(FAMILIES)


def test_the_page_shows_the_very_files_of_the_example():
    page = DOC.read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- (tests/plugin_example/\S+) -->\n\n```\w*\n(.*?)^```", page, re.DOTALL | re.MULTILINE)

    assert [name for name, _text in blocks] == [
        "tests/plugin_example/pyproject.toml",
        "tests/plugin_example/remtrack_phoenix/__init__.py",
        "tests/plugin_example/remtrack_phoenix/cases/psa-phoenix-2006.csv",
    ]
    for name, text in blocks:
        assert text == (ROOT / name).read_text(encoding="utf-8"), f"{name} is not what the page shows"


WRONG = {
    "its module is missing": ("", "nowhere:FAMILY", "ModuleNotFoundError: No module named 'nowhere'"),
    "its module fails": ("1 / 0", "broken:FAMILY", "ZeroDivisionError: division by zero"),
    "its module has an error of syntax": ("def", "broken:FAMILY", "SyntaxError"),
    "its module ends the program": ("raise SystemExit(3)", "broken:FAMILY", "SystemExit: 3"),
    "it names nothing": ("", "broken:FAMILY", "has no attribute 'FAMILY'"),
    "it gives something else": ("FAMILY = 'recist'", "broken:FAMILY", "broken:FAMILY gives str, not a Family"),
    "it is called otherwise": (
        "from remtrack.criteria.recist import Recist\nclass Family(Recist):\n    id = 'other'\n",
        "broken:Family",
        "the family calls itself other, its entry point broken-1",
    ),
    "it lacks what a family must have": (
        "from remtrack.criteria.base import Family\nclass Mine(Family):\n    id = 'broken-1'\n",
        "broken:Mine",
        "it has no",
    ),
    "it breaks the contract": (
        "from remtrack.criteria.recist import Recist\nclass Mine(Recist):\n    id = 'broken-1'\n    word = 'healing'\n",
        "broken:Mine",
        'the word is response or remission, not "healing"',
    ),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_family_that_cannot_be_used_is_named_once_with_its_package_and_breaks_nothing(beside, site, why):
    source, place, trouble = WRONG[why]
    install(site, "broken", source, {"broken-1": place})
    install_example(site)
    listed = beside("criteria list")
    warnings = [line for line in listed.err.splitlines() if line.startswith("warning: ")]

    assert listed.code == 0
    assert PHOENIX in listed.out
    assert "broken-1" not in listed.out
    assert len(warnings) == 1
    assert warnings[0].startswith('warning: the criteria family "broken-1" of broken 0.3 cannot be used: ')
    assert trouble in warnings[0]
    assert "Traceback" not in listed.err


def test_asked_for_by_name_the_trouble_is_the_error(beside, site):
    install(site, "broken", "1 / 0", {"broken-1": "broken:FAMILY"})
    told = beside("patient add P01 --criteria broken-1")

    assert told.code == 2
    assert told.err.count("ZeroDivisionError") == 1
    assert 'error: the criteria family "broken-1" cannot be used' in told.err
    assert "broken 0.3: ZeroDivisionError: division by zero" in told.err


def test_a_broken_package_is_not_even_looked_at_for_the_families_of_this_program(beside, site):
    install(site, "broken", "1 / 0", {"broken-1": "broken:FAMILY"})
    beside("patient add P01")
    beside("add", "P01", "2026-01-05", "--target", "L1 liver 50")
    told = beside("status P01")

    assert (told.code, told.err) == (0, "")


def test_an_id_of_this_program_cannot_be_taken_over(beside, site):
    install(
        site,
        "eager",
        "from remtrack.criteria.recist import Recist\nclass Mine(Recist):\n    title = 'RECIST, mended'\n",
        {"recist-1.1": "eager:Mine"},
    )
    listed = beside("criteria list")

    assert "mended" not in listed.out
    assert "RECIST 1.1" in beside("criteria show recist-1.1").out
    assert (
        'the criteria family "recist-1.1" of eager 0.3 cannot be used: remtrack has a family of that id' in listed.err
    )


def test_an_id_that_two_packages_give_is_given_by_none(beside, site):
    install_example(site)
    install(
        site,
        "other-phoenix",
        "from remtrack_phoenix import Phoenix\n",
        {PHOENIX: "other_phoenix:Phoenix"},
    )
    listed = beside("criteria list")

    assert PHOENIX not in listed.out
    assert (
        "of other-phoenix 0.3, remtrack-phoenix 1.0 cannot be used: more than one package gives this id" in listed.err
    )


def test_metadata_that_cannot_be_read_cost_only_the_families_of_others(beside, site):
    install_example(site)
    (site / "remtrack_phoenix-1.0.dist-info" / "entry_points.txt").write_text("[a]\nno sign\n", encoding="utf-8")
    listed = beside("criteria list")

    assert listed.code == 0
    assert "recist-1.1" in listed.out
    assert PHOENIX not in listed.out
    assert "warning: the installed packages cannot be used: " in listed.err


def test_stored_answers_of_a_family_that_is_no_longer_installed_are_shown_as_such(beside, site):
    install_example(site)
    followed(beside)
    beside("patient add P02 --criteria recist-1.1")
    uninstall(site, "remtrack-phoenix", "1.0")
    told = beside("status P01 --json")
    row = json.loads(told.out)["rows"][0]

    assert (row["current"], row["title"]) == ("failure", f"{PHOENIX} (not installed)")
    assert f"{PHOENIX} (not installed)" in beside("timeline P01").out
    assert beside("status P02").code == 0
    assert {row["patient_id"] for row in json.loads(beside("status --json").out)["rows"]} == {"P01", "P02"}


def test_a_new_revision_of_an_installed_family_makes_its_stored_answers_stale(beside, site):
    install_example(site)
    followed(beside)
    fresh = json.loads(beside("status P01 --json").out)["rows"][0]
    home = site / "remtrack_phoenix" / "__init__.py"
    home.write_text(home.read_text(encoding="utf-8").replace("revision = 1", "revision = 2 "), encoding="utf-8")
    stale = json.loads(beside("status P01 --json").out)["rows"][0]

    assert (fresh["fresh"], stale["fresh"]) == (True, False)


@pytest.mark.parametrize("words", ["--help", "status P01", "add P01 2026-03-02 L1=40"])
def test_no_command_on_the_families_of_this_program_asks_the_installed_packages(
    remtrack, site, record_path, tmp_path, words
):
    """Reading the metadata of everything that is installed costs more than the command."""
    install_example(site)
    remtrack("patient", "add", "P01")
    remtrack("add", "P01", "2026-01-05", "--target", "L1 liver 50")
    notes = tmp_path / "notes.txt"
    with notes.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "remtrack", "--db", str(record_path), *words.split()],
            env={**os.environ, **path_with(site)},
            stdout=subprocess.DEVNULL,
            stderr=file,
            check=False,
        )

    assert done.returncode == 0
    said = notes.read_text(encoding="utf-8")
    assert "importlib.metadata" not in said
    assert "remtrack.criteria.installed" not in said


# ------------------------------------------------------------------------- a family that fails on a patient

FRAGILE = """
from remtrack.criteria.recist import Recist
from remtrack.criteria.base import COMMON_SETTINGS

class Fragile(Recist):
    id = "fragile-1"
    title = "Fragile"
    revision = 7

    def observe(self, basis, carried, visit):
        if any(row.longest_mm == 13 for row in visit.measurements):
            raise {error}
        return super().observe(basis, carried, visit)
"""


@pytest.fixture
def fragile(beside, site):
    """P01 with a scan on which the family of another package fails, P02 and P03 without one."""
    install(site, "fragile", FRAGILE.format(error="ZeroDivisionError('13')"), {"fragile-1": "fragile:Fragile"})
    for patient, criteria in (("P01", "fragile-1 --criteria recist-1.1"), ("P02", "fragile-1"), ("P03", "recist-1.1")):
        assert beside(f"patient add {patient} --criteria {criteria}").code == 0
        beside("add", patient, "2026-01-05", "--target", "L1 liver 50")
        assert beside(f"add {patient} 2026-03-02 L1={13 if patient == 'P01' else 20}").code == 0
    return beside


TROUBLE = 'the criteria family "fragile-1" failed on line 1 of P01'
BLAME = "fragile 0.3: ZeroDivisionError: 13"
SAID = (
    'warning: the criteria family "fragile-1" of fragile 0.3 cannot be used: '
    "it failed on line 1 of P01: ZeroDivisionError: 13\n"
)


def test_what_is_entered_is_kept_though_a_family_of_others_fails_on_it(fragile):
    told = fragile("add P01 2026-05-04 L1=12")

    assert told.code == 0
    assert told.err.count(SAID) == 1
    assert "Traceback" not in told.err
    assert len(list(csv.DictReader(fragile("export measurements").out.splitlines()))) == 7


def test_every_other_answer_is_shown_and_the_family_that_failed_is_named(fragile):
    told = fragile("status --json")
    rows = {(row["patient_id"], row["criteria"]): row["current"] for row in json.loads(told.out)["rows"]}
    both = list(csv.DictReader(fragile("export assessments").out.splitlines()))

    assert told.code == 0
    assert told.err == SAID
    assert rows["P02", "fragile-1"] == "PR"
    assert rows["P03", "recist-1.1"] == "PR"
    assert {(row["patient_id"], row["criteria"]) for row in both} == {
        ("P01", "recist-1.1"),
        ("P02", "fragile-1"),
        ("P03", "recist-1.1"),
    }
    for command in ("status P01", "timeline P01", "remission P01", "status"):
        shown = fragile(command)
        assert (shown.code, "Traceback" in shown.err) == (0, False), command


def test_asked_why_the_family_that_failed_is_the_error(fragile):
    told = fragile("explain P01 2026-03-02 --criteria fragile-1")

    assert told.code == 2
    assert told.err.startswith(f"error: {TROUBLE}")
    assert BLAME in told.err
    assert fragile("explain P01 2026-03-02").code == 0


def test_check_names_it_as_an_error_and_goes_on(fragile):
    told = fragile("check --json")
    found = [(row["rule"], row["severity"]) for row in json.loads(told.out)["rows"] if "P01" in row["what"]]

    assert told.code == 1
    assert ("cannot-judge", "error") in found
    assert [row for row in json.loads(told.out)["rows"] if "P02" in row["what"] or "P03" in row["what"]] == []


def test_recompute_answers_all_that_can_be_answered_and_a_mended_family_is_asked_again(fragile, site):
    told = fragile("recompute")

    assert (told.code, told.err) == (0, SAID)
    install_source = FRAGILE.format(error="ZeroDivisionError('13')").replace("== 13", "== 1300")
    (site / "fragile.py").write_text(install_source, encoding="utf-8")
    rows = json.loads(fragile("status P01 --json").out)["rows"]
    assert {row["criteria"]: row["current"] for row in rows}["fragile-1"] == "PR"
    assert "altered" not in fragile("check").out
    assert fragile("recompute").err == ""
    assert fragile("check").code == 0


def test_a_family_that_ends_the_program_is_named_too(beside, site):
    install(site, "fragile", FRAGILE.format(error="SystemExit(0)"), {"fragile-1": "fragile:Fragile"})
    beside("patient add P01 --criteria fragile-1")
    beside("add", "P01", "2026-01-05", "--target", "L1 liver 50")
    told = beside("add P01 2026-03-02 L1=13")

    assert "SystemExit: 0" in told.err
    assert json.loads(beside("log --json").out)["rows"][0]["command"] == "add"


def test_a_change_keeps_by_which_revision_of_which_family_it_was_judged(fragile):
    rules = [row["rules"] for row in json.loads(fragile("log --json").out)["rows"]]

    assert rules[0]["recist-1.1"] == FAMILIES["recist-1.1"].revision
    assert "fragile-1" not in rules[0]  # P03 is judged by RECIST 1.1 alone
    assert rules[3]["fragile-1"] == 7
    assert fragile("check").out.count("hash") == 0
