"""
The invented stories of sample_data/stories on the screen, read as a patient, a nurse and a haematologist would.

What each screen must say, and what it said wrongly before, stands in a test of its own; whole screens are in
`test_screens_families` and `test_timeline_screens`.
"""

import json
import re
from datetime import date
from pathlib import Path

import family_samples
import pytest
import screen_samples
from inside import runner
from rich.cells import cell_len

from remtrack import words
from remtrack.tracker.importing import Request, import_tables
from remtrack.verdict import NOT_EVALUABLE, PARTIAL, PROGRESSION
from remtrack.views import Beside
from remtrack.words import alone, beside, plain

DAY = date(2026, 11, 22)
SOURCE = Path(__file__).resolve().parent.parent / "sample_data" / "stories"
PATIENTS = ("S-AML", "S-LYM", "S-MM", "S-CML", "S-CLL", "S-OVA", "S-PRO", "S-HCC", "S-GLI", "S-IO")
day, status = screen_samples.day, screen_samples.status


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("stories") / "record.db"
    import_tables(path, Request(source=str(SOURCE), today=DAY), "tester")
    return path


@pytest.fixture
def typed(record, capsys, monkeypatch):
    """Return the function that runs one command line on the stories, at 80 columns."""
    monkeypatch.setenv("REMTRACK_TODAY", DAY.isoformat())
    monkeypatch.setenv("COLUMNS", "80")
    return runner(record, capsys)


@pytest.fixture
def told(typed):
    """Return the function that shows a screen as one line of words."""
    return lambda line: re.sub(r"\s+", " ", typed(f"{line} --format table").out)


# What was lost is not told as if it lasted


def test_a_deep_response_that_was_lost_is_told_with_its_years(told):
    shown = told("status S-CML")

    assert "Deep response 2018-04-09 to 2022-01-10: more than 3 years of MR4 (lost later)" in shown
    assert "MR3 lost on 2023-07-10, back from 2023-10-23" in shown


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"mr4_start": "2018-04-09", "mr4_days": "1097"}, "2018-04-09 to 2021-04-10: more than 3 years of MR4"),
        (
            {"mr4_start": "2018-04-09", "mr4_days": "1096", "mr45_start": "2018-06-01", "mr45_days": "732"},
            "2018-06-01 to 2020-06-02: more than 2 years of MR4.5",
        ),
        (
            {"mr4_start": "2018-04-09", "mr4_days": "1096", "mr45_start": "2018-06-01", "mr45_days": "731"},
            "2018-04-09 to 2021-04-09: more than 2 years of MR4",
        ),
    ],
    ids=["three years and a day", "three years of MR4 and no day more", "two years of MR4.5 and no day more"],
)
def test_the_years_of_a_deep_response_are_those_of_the_level_that_held_long_enough(facts, said):
    row = status(beside=tuple(Beside(name, value) for name, value in {"sustained_dmr": "long", **facts}.items()))

    assert list(beside.beside_words(row)) == [("Deep response", said)]


def test_a_remission_that_has_ended_does_not_go_on_after_its_mrd_relapse(told):
    shown = told("status S-AML")

    assert "MRD relapse dated 2022-03-03, before the relapse of 2022-05-05" in shown
    assert "the remission goes on" not in shown
    going_on = words.clean(str(list(beside.beside_words(family_samples.status_of("blood-aml-eln-2022", "A15")))))
    assert "the remission goes on" in going_on


# What was measured


def test_nothing_found_is_undetectable_and_never_a_number(told):
    assert "Value BCR::ABL1 undetectable" in told("status S-CML")
    assert "2026-07-20 undetectable" in told("status")
    assert "Leukaemia gene in blood (BCR::ABL1): not detected now, 60 per cent" in told("status S-CML --plain-words")
    for line in ("status S-CML", "status", "status S-CML --plain-words"):
        assert not re.search(r"(?<![\d.])0 (%|per cent)", told(line)), line


def test_a_lymphoma_that_is_rated_by_pet_is_headed_by_its_score(typed):
    shown = typed("status S-LYM --format table").out.splitlines()
    first = [line.split("  ")[0].strip() for line in shown if line.strip()][2:6]

    assert first == ["State", "Last scan", "Five-point score", "Value"]
    assert " Five-point score  1 (5 on 2025-02-03)" in shown
    plainly = re.sub(r"\s+", " ", typed("status S-LYM --plain-words --format table").out)
    assert "1 of 5 on the positron emission tomography (PET) scan now, 5 at the start." in plainly


def test_the_lowest_value_of_a_myeloma_is_the_lowest_that_two_samples_show(typed):
    shown = typed("status S-MM --format table").out

    assert "Value             M-protein in serum 0 g/dL" in shown
    assert "Lowest confirmed  0.1 g/dL on 2026-03-09" in shown
    assert "Nadir" not in typed("timeline S-MM --format table").out


def test_a_share_of_the_baseline_is_given_only_where_it_means_something(typed):
    def shares(line):
        return {row["pct_of_baseline"] for row in typed(f"timeline {line} --json").rows}

    assert shares("S-CML") == shares("S-LYM") == {None}
    assert 50 in {round(share) for share in shares("S-MM --line 1")}
    assert 51 in {round(share) for share in shares("S-OVA")}


# What is reported and what a visit alone gives


def test_a_visit_that_alone_gives_less_says_so_before_it_is_explained(told):
    shown = told("status S-CLL")

    assert "Why This visit alone: PR (no marrow); CR of 2025-11-10 goes on until progression. nodes 240 mm²" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overall": "SD"}, "This visit alone: SD; PR of 2025-09-01 goes on until progression."),
        (
            {"overall": "NE", "undecided": ("nothing is entered for bm_blasts_pct",), "criteria": "blood-all"},
            "This visit alone: NE; PR of 2025-09-01 goes on until relapse.",
        ),
        (
            {"overall": "MR2", "criteria": "blood-cml-eln-2020", "current": "MR3"},
            "This visit alone: MR2; MR3 of 2025-09-01 goes on.",
        ),
        (
            {"overall": "SD", "current": "PD", "current_kind": PROGRESSION, "progression_on": day("2025-09-01")},
            "This visit alone: SD; PD of 2025-09-01 stands.",
        ),
        (
            {"overall": "MR2", "current": "NE", "current_kind": NOT_EVALUABLE},
            "This visit alone: MR2; reported is NE.",
        ),
        (
            {"overall": "SD", "progression_on": day("2025-10-01")},
            "This visit alone: SD; reported is PR.",
        ),
    ],
    ids=["stable in a response", "nothing rated", "a loss to be confirmed", "after progression", "not judged", "over"],
)  # fmt: skip
def test_what_is_reported_of_the_line_is_told_for_every_kind(changes, said):
    base = {"current_kind": PARTIAL, "since": day("2025-09-01")}

    assert alone.this_visit_alone(status(**{**base, **changes})) == said


def test_a_visit_that_gives_what_is_reported_says_nothing_of_it(told):
    assert "This visit alone" not in told("status S-OVA")


@pytest.mark.parametrize("patient_id", ["S-MM", "S-IO", "S-CLL", "S-HCC"])
def test_no_level_that_is_reached_is_named_for_the_next_visit(patient_id, typed):
    shown = typed(f"status {patient_id} --format plain").out
    named = [line for line in shown.splitlines() if line.startswith("Next time: ")]

    assert [line for line in named if "partial" in line] == []
    assert named or patient_id == "S-HCC"


# Names of levels


def test_a_very_good_partial_response_is_told_to_a_patient_by_its_name(told):
    assert "Now Very good partial response since 9 March 2026: very much less myeloma protein." in told(
        "status S-MM --plain-words"
    )
    assert "it became a very good partial response" in told("timeline S-MM --plain-words")


def test_a_course_names_the_level_that_was_seen_on_each_day(typed):
    def happened(patient_id):
        return [(one["on"], one["what"]) for one in json.loads(typed(f"timeline {patient_id} --json").out)["story"]]

    assert ("2023-03-27", "PMR begins") in happened("S-LYM")
    assert ("2023-07-24", "CMR reached; CMR: a month or more shown") in happened("S-LYM")
    assert ("2025-04-07", "response begins") in happened("S-OVA")
    assert ("2025-05-09", "response confirmed; response: a month or more shown") in happened("S-OVA")
    assert ("2025-07-18", "response-normal reached") in happened("S-OVA")
    assert ("2025-04-14", "PSA50 confirmed; PSA50: a month or more shown") in happened("S-PRO")
    assert ("2025-03-10", "PR begins") in happened("S-CLL")
    assert ("2021-04-08", "first complete remission (CR1) begins as CRi") in happened("S-AML")


def test_a_response_that_was_proven_at_a_lesser_level_says_at_which(told):
    assert "Proven 2025-04-14, 42 days later, as PSA50" in told("status S-PRO")
    assert "Proven 2025-06-09, 63 days later A month" in told("status S-HCC")


def test_treatment_free_remission_begins_and_ends_in_the_story(typed):
    story = json.loads(typed("timeline S-CML --json").out)["story"]
    free = [(one["on"], one["what"]) for one in story if "treatment-free" in one["what"]]

    assert [on for on, _what in free] == ["2021-09-06", "2023-07-10"]
    assert free[1][1].endswith("treatment-free remission ends with loss of MR3")
    assert "S-CML 1 line, the whole course" in re.sub(r"\s+", " ", typed("timeline S-CML --format table").out)


def test_a_deep_response_is_told_to_a_patient_from_the_first_sample_that_showed_it(told):
    shown = told("status S-CML --plain-words")

    assert "Deep molecular response first seen on 9 April 2018. Response from 10 April 2017 until 10 July 2023" in shown
    assert "9 Apr 2018 it became a deep molecular response" in told("timeline S-CML --plain-words")


# Tables


def test_the_bars_of_irecist_stand_on_one_line_each(typed):
    shown = typed("timeline S-IO --format table").out.split("iRECIST  baseline")[1]

    assert len(re.findall(r"^ 20\d\d-\d\d-\d\d .*[█·]+ +\d+\.\d  ", shown, re.MULTILINE)) == 7
    assert re.search(r"~ iUPD +still$", shown, re.MULTILINE)


def test_what_stands_beside_visits_that_follow_each_other_is_told_once(typed):
    shown = typed("timeline S-CML --format table").out

    assert "         2016-10-10 to 2021-08-30: optimal\n" in shown
    assert shown.count(": optimal") == 3


def test_a_remark_that_comes_twice_is_told_once_with_both_days(told):
    shown = told("timeline S-MM")

    assert shown.count("the band may be the antibody") == 1
    assert "For review 2026-03-09, 2026-05-11: immunofixation in serum is positive" in shown


def test_remissions_of_several_families_keep_every_column_at_80(typed):
    shown = typed("remission --format table").out
    lines = shown.splitlines()

    assert max(cell_len(line) for line in lines) <= 80
    head = " ".join(lines[:2])
    assert [word for word in ("Rules", "Ended by", "Ended", "Proven", "Last seen", "Days") if word not in head] == []
    at = next(n for n, line in enumerate(lines) if "v response-normal" in line)
    assert lines[at].split() == ["S-OVA", "v", "response-normal", "2025-04-07", "2025-05-09", "378", "yes"]
    assert lines[at + 1].split() == ["CA-125", "progression", "2026-04-20", "2026-01-19"]


def test_where_there_is_room_each_stretch_has_one_line(typed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    lines = typed("remission --format table").out.splitlines()

    assert any(re.match(r" S-OVA +CA-125 +v response-normal .* 2026-04-20$", line) for line in lines)


@pytest.mark.parametrize("patient_id", PATIENTS)
@pytest.mark.parametrize("options", ["", " --plain-words"])
def test_the_figures_of_a_patient_have_one_style(patient_id, options, typed):
    for command in ("status", "timeline", "remission"):
        shown = typed(f"{command} {patient_id}{options} --format table")
        assert shown.code == 0
        assert re.findall(r"\d,\d{3}\b", shown.out) == [], command


@pytest.mark.parametrize("patient_id", PATIENTS)
def test_a_timeline_in_plain_words_does_not_repeat_its_last_visit(patient_id, typed):
    shown = typed(f"timeline {patient_id} --plain-words --format table").out
    labels = {line[1:].split("  ")[0] for line in shown.splitlines()}

    assert labels & {"Last visit", "Last sample", "Last scan", "Measured", "Size", "Score"} == set()


def test_a_timeline_has_the_relapse_and_the_years_below_it(typed):
    assert " Relapse          dated 2025-02-03\n" in typed("timeline S-LYM --format table").out
    shown = typed("timeline S-AML --format table").out
    assert shown.count("3 years on 2025-06-16: confirmed by a visit") == 1
    assert "MRD relapse dated 2022-03-03, before the relapse" in re.sub(r"\s+", " ", shown)


def test_the_years_of_a_response_are_not_known_from_the_last_visit_alone(typed):
    everyone = {row["patient_id"]: row for row in typed("status --json").rows}
    alone_shown = typed("status S-AML --json").rows[0]

    assert everyone["S-AML"]["milestones"] is None
    assert [one["milestones"] for one in everyone["S-AML"]["episodes"]] == [None]
    assert [mark["label"] for mark in alone_shown["episodes"][0]["milestones"]] == ["3y"]


# For patients


def test_the_marker_is_told_to_a_patient_in_words(told):
    assert "Normal range Reached on 18 July 2025." in told("timeline S-OVA --plain-words")
    assert "Greatest fall By 95.5 per cent of the value before treatment." in told("status S-PRO --plain-words")


def test_a_marrow_holds_immature_cells_and_not_only_those_of_the_leukaemia(told):
    shown = told("timeline S-AML --plain-words")

    assert "immature cells (blasts) in the bone marrow" in shown
    assert "leukaemia cells" not in shown


def test_years_are_told_as_years(told):
    assert "1498 days, about 4 years and 1 month" in told("status S-AML --plain-words")


def test_an_abbreviation_is_spelled_out_once():
    label = "no sign of active lymphoma on the PET scan (positron emission tomography)"

    assert plain.spelled(label) == "no sign of active lymphoma on the positron emission tomography (PET) scan"
    assert plain.spelled("PSA has fallen") == "prostate-specific antigen (PSA) has fallen"
    assert plain.unspelled(label) == "no sign of active lymphoma on the PET scan"
