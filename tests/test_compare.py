"""Two families, settings or readers side by side: what differs is marked, with the rule of each; nothing is written."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IMMUNE = "compare P01 --criteria recist-1.1 --criteria irecist"


@pytest.fixture
def grown_then_shrunk(typed):
    """A partial response, one scan with growth, and smaller again: what iRECIST was written for."""
    typed("patient add P01 --disease melanoma --started 2026-01-12 --criteria recist-1.1 --criteria irecist")
    typed('add P01 2026-01-05 --target "L1 liver 50" --target "L2 lung 30" --nontarget "B1 bone"')
    for scan in (
        "2026-03-02 L1=30 L2=20 B1=present",
        "2026-04-20 L1=46 L2=30 B1=present",
        "2026-06-08 L1=30 L2=20 B1=present",
        "2026-08-03 L1=gone L2=gone B1=gone",
    ):
        typed(f"add P01 {scan}")
    return typed


@pytest.fixture
def two_readers(typed, tmp_path):
    """One scan measured by two readers: 34 mm is -32 % for A, who began at 50 mm, and -26.1 % for B (46 mm)."""
    table = tmp_path / "reads.csv"
    table.write_text(
        "patient_id,date,lesion_id,role,longest_mm,reader\n"
        "P02,2026-01-05,L1,target,50,A\nP02,2026-01-05,L1,target,46,B\n"
        "P02,2026-03-02,L1,target,34,A\nP02,2026-03-02,L1,target,34,B\n"
        "P02,2026-05-04,L1,target,33,A\nP02,2026-05-04,L1,target,41,B\n"
        "P02,2026-06-08,L1,target,43,B\nP02,2026-02-02,L1,target,43,C\n",
        encoding="utf-8",
    )
    typed("import", table)
    return typed


def visits(told):
    return {row["visit_on"]: row for row in told.rows}


def test_growth_that_recist_calls_progression_and_irecist_unconfirmed_is_marked_with_both_rules(grown_then_shrunk):
    row = visits(grown_then_shrunk(f"{IMMUNE} --json"))["2026-04-20"]

    assert (row["a_overall"], row["b_overall"]) == ("PD", "iUPD")
    assert row["differs"] == ["category", "reported category"]
    assert row["a_rule"] == "recist.overall.pd_target"
    assert row["b_rule"] == "irecist.overall.iupd_target"
    assert "76 mm is +52.0 %" in row["a_because"]
    assert "76 mm is +52.0 %" in row["b_because"]
    assert (row["a_source"], row["b_source"]) == ("Eisenhauer 2009, Table 1", "Seymour 2017, Table 2")


def test_the_same_kind_of_category_under_the_name_of_each_family_is_no_difference_but_is_said(grown_then_shrunk):
    row = visits(grown_then_shrunk(f"{IMMUNE} --json"))["2026-03-02"]

    assert (row["a_overall"], row["b_overall"]) == ("PR", "iPR")
    assert (row["differs"], row["other_names"]) == ([], True)


def test_the_baseline_is_shown_as_such_on_both_sides(grown_then_shrunk):
    row = visits(grown_then_shrunk(f"{IMMUNE} --json"))["2026-01-05"]

    assert (row["a_state"], row["b_state"], row["differs"]) == ("baseline", "baseline", [])


def test_what_the_line_comes_to_is_laid_side_by_side(grown_then_shrunk):
    (line,) = json.loads(grown_then_shrunk(f"{IMMUNE} --json").out)["lines"]
    items = {item["item"]: (item["a"], item["b"], item["differs"]) for item in line["summary"]}

    assert items["Best response"] == ("SD", "iCR", True)
    assert items["Unconfirmed best"] == ("PR", "iCR", True)
    assert items["Response began"] == ("none", "2026-03-02", True)
    assert items["Confirmed on"] == ("none", "not asked for", True)
    assert items["Progression on"] == ("2026-04-20", "none", True)
    assert items["Response lasted"] == ("none", "154 days, censored", True)
    assert items["To progression"] == ("98 days", "203 days, censored", True)
    assert items["Now"] == ("CR", "iCR", False)
    assert items["Response 1"][0].endswith("ended 2026-04-20, 49 days; a month or more: no")
    assert items["Response 1"][1].endswith("last seen 2026-08-03, 154 days; a month or more: yes")
    assert line["differing"] == 1


def test_a_comparison_writes_nothing(grown_then_shrunk, record_path):
    before = record_path.read_bytes()

    assert grown_then_shrunk(IMMUNE).code == 0
    assert record_path.read_bytes() == before


def test_two_settings_of_one_family_differ_in_the_response_though_no_visit_does(grown_then_shrunk):
    told = grown_then_shrunk("compare P01 --criteria recist-1.1 --criteria recist-1.1,confirm_required=no --json")
    (line,) = json.loads(told.out)["lines"]
    items = {item["item"]: (item["a"], item["b"]) for item in line["summary"] if item["differs"]}

    assert line["differing"] == 0
    assert line["sides"][1]["settings"] == {"confirm_required": "no"}
    assert items["Best response"] == ("SD", "PR")
    assert items["Response lasted"] == ("none", "49 days")
    assert set(items) == {"Best response", "Response began", "Confirmed on", "Response lasted", "Response 1"}


@pytest.mark.parametrize("between", [",", ";", " , "])
def test_settings_follow_the_family_after_commas_or_semicolons(grown_then_shrunk, between):
    side = between.join(["recist-1.1", "confirm_required=no", "min_abs_increase_mm=30"])
    told = grown_then_shrunk("compare", "P01", "--criteria", "recist-1.1", "--criteria", side, "--json")
    row = visits(told)["2026-04-20"]

    assert (row["a_overall"], row["b_overall"]) == ("PD", "SD")


def test_a_family_that_judges_the_line_keeps_the_settings_of_the_line(grown_then_shrunk):
    grown_then_shrunk("line set P01 1 min_abs_increase_mm=30")
    told = grown_then_shrunk("compare P01 --criteria recist-1.1 --criteria recist-1.1,min_abs_increase_mm=5 --json")
    (line,) = json.loads(told.out)["lines"]
    row = visits(told)["2026-04-20"]

    assert [side["settings"] for side in line["sides"]] == [{"min_abs_increase_mm": "30"}, {}]
    assert (row["a_overall"], row["b_overall"]) == ("SD", "PD")


def test_a_category_that_differs_only_as_reported_is_marked(grown_then_shrunk, typed):
    """SD after a confirmed PR is reported as PR by one setting and as SD by the other."""
    typed("patient add P03")
    typed('add P03 2026-01-05 --target "L1 liver 100"')
    for scan in ("2026-03-02 L1=70", "2026-04-20 L1=69", "2026-06-08 L1=75"):
        typed(f"add P03 {scan}")
    row = visits(typed("compare P03 --criteria recist-1.1 --criteria recist-1.1,pr_persistence=off --json"))[
        "2026-06-08"
    ]

    assert (row["a_overall"], row["a_reported"], row["b_overall"], row["b_reported"]) == ("SD", "PR", "SD", "SD")
    assert row["differs"] == ["reported category"]
    assert "= SD, reported PR" in typed("compare P03 --criteria recist-1.1 --criteria irecist").out


def test_a_category_dated_to_another_day_is_marked(typed, tmp_path):
    """Scans of one visit on two days: progression on the day that showed it, or all on the first."""
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "visits.csv").write_text(
        "patient_id,visit,date\nP04,BL,2026-01-05\nP04,W8,2026-03-02\n", encoding="utf-8"
    )
    (folder / "measurements.csv").write_text(
        "patient_id,visit,date,lesion_id,role,longest_mm\n"
        "P04,BL,2026-01-05,L1,target,50\nP04,BL,2026-01-05,L2,target,40\n"
        "P04,W8,2026-03-02,L1,target,50\nP04,W8,2026-03-09,L2,target,70\n",
        encoding="utf-8",
    )
    typed("import", folder)
    told = typed("compare P04 --criteria recist-1.1 --criteria recist-1.1,visit_date_rule=earliest --json")
    row = visits(told)["2026-03-02"]

    assert (row["a_dated_on"], row["b_dated_on"]) == ("2026-03-09", "2026-03-02")
    assert row["differs"] == ["dated_on"]
    assert (
        "! PD, dated 2026-03-09"
        in typed("compare P04 --criteria recist-1.1 --criteria recist-1.1,visit_date_rule=earliest").out
    )


def test_a_side_scale_that_differs_is_marked_and_told_on_both_sides(typed):
    """Day 75 after the start is within 30 days of 3 months, and not within 10: a milestone on one side only."""
    typed("patient add K01 --criteria blood-cml-eln-2020 --started 2026-01-01")
    typed("add K01 2026-03-17 bcr_abl_is_pct=8 abl1_copies=40000")
    words = "compare K01 --criteria blood-cml-eln-2020 --criteria blood-cml-eln-2020,milestone_window_days=10"
    (row,) = typed(f"{words} --json").rows

    assert (row["a_overall"], row["b_overall"], row["differs"]) == ("MR1", "MR1", ["milestone"])
    assert (row["a_beside"], row["b_beside"]) == ({"milestone": "optimal"}, {"milestone": "-"})
    assert "A: milestone: optimal" in typed(words).out


def test_a_scale_that_one_side_only_shows_beside_its_category_is_no_difference_of_its_own(typed):
    """Judged by PET the CT response stands beside it, and the other way round; what differs is the category."""
    typed("patient add U01 --criteria lugano-2014 --started 2026-01-08")
    typed('add U01 2026-01-05 --target "G1 node:neck 40x30" dps=5')
    typed("add U01 2026-03-02 G1=30x20 dps=3 uptake_vs_baseline=reduced new_fdg_foci=no marrow_fdg=no")
    row = typed("compare U01 --criteria lugano-2014 --criteria lugano-2014,mode=CT --json").rows[-1]

    assert (row["a_overall"], row["b_overall"]) == ("CMR", "PR")
    assert row["differs"] == ["category", "reported category"]


def test_two_readers_of_the_same_scans_are_laid_side_by_side(two_readers):
    rows = visits(two_readers("compare P02 --reader A --reader B --json"))

    assert (rows["2026-03-02"]["a_overall"], rows["2026-03-02"]["b_overall"]) == ("PR", "SD")
    assert (rows["2026-05-04"]["a_overall"], rows["2026-05-04"]["b_overall"]) == ("PR", "PD")
    assert rows["2026-03-02"]["differs"] == ["category", "reported category"]


def test_a_visit_that_only_one_reader_has_is_shown_and_marked(two_readers):
    row = visits(two_readers("compare P02 --reader A --reader B --json"))["2026-06-08"]

    assert (row["a_state"], row["b_state"], row["b_overall"]) == ("no visit", "judged", "PD")
    assert row["differs"] == ["only B judges it"]


def test_a_reader_without_a_baseline_is_named_and_not_judged(two_readers):
    told = two_readers("compare P02 --reader A --reader C")

    assert told.code == 0
    assert "reader C has no baseline in this line" in told.out
    assert "B: (no baseline)" in told.out


def test_one_reader_is_compared_under_two_families(two_readers):
    rows = visits(two_readers("compare P02 --reader B --criteria recist-1.1 --criteria irecist --json"))

    assert rows["2026-05-04"]["differs"] == ["category", "reported category"]
    assert (rows["2026-05-04"]["a_reader"], rows["2026-05-04"]["b_reader"]) == ("B", "B")


def test_two_readers_are_compared_under_the_family_that_is_named(two_readers):
    rows = visits(two_readers("compare P02 --criteria irecist --reader A --reader B --json"))

    assert (rows["2026-05-04"]["a_overall"], rows["2026-05-04"]["b_overall"]) == ("iPR", "iUPD")


def test_the_ordinary_record_is_a_reader_without_a_name(grown_then_shrunk, tmp_path):
    table = tmp_path / "reads.csv"
    table.write_text(
        "patient_id,date,lesion_id,role,longest_mm,reader\n"
        "P01,2026-01-05,L1,target,50,A\nP01,2026-03-02,L1,target,49,A\n",
        encoding="utf-8",
    )
    grown_then_shrunk("import", table)
    rows = visits(grown_then_shrunk("compare", "P01", "--reader", "", "--reader", "A", "--json"))

    assert (rows["2026-03-02"]["a_overall"], rows["2026-03-02"]["b_overall"]) == ("PR", "SD")


def test_a_family_that_reads_nothing_recorded_here_says_so_and_judges_no_visit(grown_then_shrunk):
    told = grown_then_shrunk("compare P01 --criteria recist-1.1 --criteria blood-cml-eln-2020")

    assert told.code == 0
    assert "nothing that this family reads is recorded here (bcr_abl_is_pct, " in told.out
    assert "only A judges it" in told.out


def test_a_family_that_judges_the_first_visit_is_beside_one_that_does_not(typed):
    typed("patient add P01 --criteria recist-1.1 --criteria blood-cml-eln-2020")
    typed('add P01 2026-01-05 --target "L1 liver 42" bcr_abl_is_pct=50')
    row = visits(typed("compare P01 --criteria recist-1.1 --criteria blood-cml-eln-2020 --json"))

    assert row["2026-01-05"]["differs"] == ["only B judges it"]


def test_facts_after_the_day_of_as_of_are_left_out_on_both_sides(grown_then_shrunk):
    told = grown_then_shrunk(f"{IMMUNE} --as-of 2026-03-31 --json")

    assert list(visits(told)) == ["2026-01-05", "2026-03-02"]
    assert json.loads(told.out)["as_of"] == "2026-03-31"


def test_every_line_is_compared_and_one_when_it_is_asked_for(grown_then_shrunk):
    grown_then_shrunk("line start P01 2026-09-01 --regimen second")
    grown_then_shrunk('add P01 2026-09-07 --target "L9 liver 20"')
    grown_then_shrunk("add P01 2026-11-02 L9=30")
    both = grown_then_shrunk(f"{IMMUNE} --json").rows
    second = grown_then_shrunk(f"{IMMUNE} --line 2 --json").rows

    assert {row["line"] for row in both} == {1, 2}
    assert [(row["line"], row["a_overall"], row["b_overall"]) for row in second] == [(2, "", ""), (2, "PD", "iUPD")]


def test_csv_has_one_row_a_visit(grown_then_shrunk):
    rows = list(csv.DictReader(io.StringIO(grown_then_shrunk(f"{IMMUNE} --format csv").out)))

    assert [row["differs"] for row in rows] == ["", "", "category; reported category", "", ""]
    assert [row["b_overall"] for row in rows] == ["", "iPR", "iUPD", "iPR", "iCR"]


@pytest.mark.parametrize(
    ("words", "what", "why"),
    [
        ("", "a comparison has two sides", "given: nothing"),
        ("--criteria irecist", "a comparison has two sides", "given: irecist"),
        ("--reader A", "a comparison has two sides", "given: reader A"),
        ("--criteria recist-1.1 --criteria irecist --criteria markers", "are not two sides", "3 families"),
        ("--criteria recist-1.1 --criteria irecist --reader A --reader B", "are not two sides", "one reason"),
        ("--criteria irecist --criteria irecist", "both sides are the same", "irecist, irecist"),
        ("--criteria recist-1.2 --criteria irecist", 'no criteria family "recist-1.2"', "known: recist-1.1"),
        ("--criteria recist-1.1,days=5 --criteria irecist", 'RECIST 1.1 has no setting "days"', "did you mean"),
        ("--criteria recist-1.1,confirm_days=x --criteria irecist", 'confirm_days cannot be "x"', "1 to 9999"),
        ("--criteria recist-1.1,confirm_days --criteria irecist", "cannot be read", "a setting is NAME=VALUE"),
    ],
)
def test_wrong_use_is_refused_with_a_command_that_works(two_readers, words, what, why):
    told = two_readers(f"compare P02 {words}")

    assert told.code == 2
    assert what in told.err
    assert why in told.err
    assert two_readers(*told.hint).code == 0


def test_the_nearest_family_is_offered(two_readers):
    assert (
        "hint: remtrack criteria show recist-1.1" in two_readers("compare P02 --criteria recist --criteria irecist").err
    )


@pytest.mark.parametrize(
    ("words", "what", "why"),
    [
        ("P02 --reader A --reader X", 'no reader "X" has read P02', "readers: A, B, C"),
        ("P02 --criteria irecist --criteria markers --line 4", "P02 has no line 4", "lines: 1"),
        ("P02 --criteria irecist --criteria markers", "nothing of P02 can be compared", "the ordinary record"),
        ("P09 --criteria irecist --criteria markers", "patient P09 is not known", ""),
    ],
)
def test_what_is_not_there_is_said_with_what_is(two_readers, words, what, why):
    told = two_readers(f"compare {words}")

    assert told.code == 3
    assert what in told.err
    assert why in told.err


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("who", ["families", "readers"])
def test_the_screen_reads_as_it_did(grown_then_shrunk, two_readers, monkeypatch, snapshot, columns, who):
    monkeypatch.setenv("COLUMNS", str(columns))
    words = IMMUNE if who == "families" else "compare P02 --reader A --reader B"
    shown = grown_then_shrunk(f"{words} --format table").out

    assert all(len(line) <= columns for line in shown.splitlines())
    assert shown == snapshot


def test_the_plain_text_reads_as_it_did(grown_then_shrunk, snapshot):
    assert grown_then_shrunk(IMMUNE).out == snapshot


def test_it_ends_quietly_when_nobody_reads_on(grown_then_shrunk, record_path):
    command = f'"{sys.executable}" -m remtrack --db "{record_path}" {IMMUNE} --format json | head -c 1'
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )

    assert (done.stdout, done.stderr) == ("{", "")
