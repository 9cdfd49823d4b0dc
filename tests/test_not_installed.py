"""A patient whose family came with a package that is no longer there: everyone else is unaffected, and all say so."""

import json

import pytest
from plugins import install_example, path_with, uninstall, write_metadata

PHOENIX = "psa-phoenix-2006"


@pytest.fixture
def left(remtrack, tmp_path):
    """P01 is judged by a family of a package that has been removed since; P02 by RECIST 1.1."""
    site = tmp_path / "site"
    install_example(site)

    def run(*words):
        return remtrack(*(words[0].split() if len(words) == 1 else words), env=path_with(site))

    run(f"patient add P01 --criteria {PHOENIX}")
    for sample in ("2024-01-08 psa=8.0", "2024-07-08 psa=0.5", "2025-04-07 psa=2.5"):
        run(f"add P01 {sample}")
    run("patient add P02")
    run("add", "P02", "2026-01-05", "--target", "L1 liver 50")
    run("add P02 2026-03-02 L1=30")
    uninstall(site, "remtrack-phoenix", "1.0")
    run.site = site
    return run


def test_status_shows_what_was_stored_and_says_why_it_stands_still(left):
    rows = {row["patient_id"]: row for row in json.loads(left("status --json").out)["rows"]}

    assert rows["P01"]["current"] == "failure"
    assert f"{PHOENIX} is not installed: nothing new is judged by it" in str(rows["P01"]["attention"])
    assert (rows["P02"]["current"], rows["P02"]["title"]) == ("PR", "RECIST 1.1")


def test_a_look_back_judges_the_others_and_leaves_this_one_open(left):
    told = left("status --as-of 2026-03-31 --json")
    rows = {row["patient_id"]: row for row in json.loads(told.out)["rows"]}

    assert told.code == 0
    assert (rows["P01"]["current"], rows["P02"]["current"]) == ("", "PR")


def test_check_warns_of_it_and_finds_no_fault(left):
    told = left("check")

    assert told.code == 0
    assert f"P01, line 1: the family {PHOENIX} is not installed" in told.out + told.err
    assert "0 errors, 1 warning" in told.out + told.err


def test_export_writes_what_was_stored_and_says_so(left):
    told = left("export courses")

    assert told.code == 0
    assert f"warning: the family {PHOENIX} is not installed" in told.err
    assert "P01,1,,psa-phoenix-2006,no failure" in told.out
    assert left("export measurements").err == ""


def test_deriving_everything_anew_reaches_the_others_and_the_answers_come_back_with_the_package(left):
    assert left("recompute").code == 0
    assert json.loads(left("status P01 --json").out)["rows"][0]["current"] == ""
    assert json.loads(left("status P02 --json").out)["rows"][0]["current"] == "PR"

    write_metadata(left.site, "remtrack-phoenix", "1.0", {PHOENIX: "remtrack_phoenix:Phoenix"})

    assert json.loads(left("status P01 --json").out)["rows"][0]["current"] == "failure"


def test_the_line_can_be_given_another_family(left):
    assert left("line set P01 1 --criteria markers").code == 0
    assert json.loads(left("status P01 --json").out)["rows"][0]["criteria"] == "markers"
    assert left("check").code == 0


def test_what_cannot_be_read_without_its_rules_is_refused_and_says_so(left):
    told = left("add P01 2025-08-04 psa=3")

    assert told.code == 4
    assert f"it is judged by {PHOENIX}, of which no rules are installed" in told.err
    assert left("add", "P01", "2025-08-04", "--nontarget", "B1 bone").code == 0


def test_beside_a_family_that_is_installed_its_values_are_still_read(left):
    write_metadata(left.site, "remtrack-phoenix", "1.0", {PHOENIX: "remtrack_phoenix:Phoenix"})
    assert left(f"line set P01 1 --criteria {PHOENIX} --criteria markers").code == 0
    uninstall(left.site, "remtrack-phoenix", "1.0")

    assert left("add P01 2025-08-04 psa=3").code == 0


def test_a_line_is_stopped_and_told_of_though_its_family_is_gone(left):
    assert left("line stop P01 2025-08-04").code == 0
    assert left("event P01 treatment_restart 2025-09-01").code == 0
    assert left("event P01 death 2025-10-01").code == 0
    assert left("line list P01").code == 0


def test_a_table_of_values_for_such_a_line_is_kept_with_one_warning(left, tmp_path):
    table = tmp_path / "results.csv"
    table.write_text("patient_id,date,test,value\nP01,2025-08-04,psa,3\nP01,2025-09-01,psa,4\n", encoding="utf-8")
    told = left("import", str(table))

    assert told.code == 0
    assert told.err.count(f"the family {PHOENIX} is not installed") == 1
    assert left("export results").out.count("2025-0") == 3


def test_a_table_that_names_a_family_that_is_not_there_is_refused_with_the_nearest(left, tmp_path):
    table = tmp_path / "lines.csv"
    table.write_text("patient_id,line,criteria\nP03,1,psa-phoenix\n", encoding="utf-8")
    write_metadata(left.site, "remtrack-phoenix", "1.0", {PHOENIX: "remtrack_phoenix:Phoenix"})
    told = left("import", str(table))

    assert told.code == 4
    assert f"did you mean {PHOENIX}?" in told.err
