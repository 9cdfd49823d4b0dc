"""What is dated and no look: which events there are, which line they reach, and what is said beside them."""

import csv
import io

import pytest

from remtrack.criteria import FAMILIES, load_family
from remtrack.tracker.events import EVENTS

GLIOMA = {
    "lines": """patient_id,line,criteria,regimen,started_on
G1,1,rano-2.0,radiotherapy with temozolomide,2024-01-08
G1,2,rano-2.0,lomustine,2024-04-15
""",
    "measurements": """patient_id,line,date,lesion_id,role,kind,organ,longest_mm,short_mm
G1,2,2024-04-08,L1,target,CE,brain,30,20
G1,2,{day},L1,target,CE,brain,40,25
""",
    "results": """patient_id,line,date,test,value
G1,2,{day},steroid_vs_baseline,stable
G1,2,{day},clinical,stable
""",
}
EVENTS_HEADER = "patient_id,line,date,event,detail"


@pytest.fixture
def take(typed, tmp_path):
    """Import tables, each given as its text by its name."""

    def run(**tables):
        folder = tmp_path / f"in{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return typed("import", folder)

    return run


def exported(typed, table):
    return list(csv.DictReader(io.StringIO(typed(f"export {table}").out)))


def events(typed):
    return [(row["date"], row["event"], row["detail"]) for row in exported(typed, "events")]


# ----------------------------------------------------------------------------------- into a later line


@pytest.mark.parametrize(("day", "category"), [("2024-06-03", "pPD"), ("2024-06-04", "PD")])
def test_growth_within_12_weeks_of_the_radiotherapy_of_the_line_before_is_preliminary(take, typed, day, category):
    """Radiotherapy ended on 2024-03-11 in line 1, of which no scan is recorded; day 84 after it is 2024-06-03."""
    assert take(**{name: text.format(day=day) for name, text in GLIOMA.items()}).code == 0
    assert [row["overall"] for row in exported(typed, "assessments")] == ["PD"]

    told = typed("event G1 radiotherapy_end 2024-03-11 --line 1")

    assert told.code == 0
    assert [(row["line"], row["overall"]) for row in exported(typed, "assessments")] == [("2", category)]


# --------------------------------------------------------------------------------------- which there are


@pytest.mark.parametrize("criteria", list(FAMILIES))
def test_every_event_that_a_family_reads_can_be_typed(criteria, typed):
    typed(f"patient add E1 --criteria {criteria} --started 2024-01-08")
    for name in load_family(criteria).events:
        assert name in EVENTS
        assert typed(f"event E1 {name} 2024-03-11").code == 0


def test_an_event_that_there_is_not_is_refused_with_the_nearest(typed):
    typed("patient add E1 --criteria rano-2.0")
    told = typed("event E1 radiotherapy_ended 2024-03-11")

    assert told.code == 2
    assert told.hint == ["event", "E1", "radiotherapy_end", "2024-03-11"]
    assert typed(*told.hint).code == 0


def test_an_event_of_a_table_that_no_rule_reads_is_kept_and_named_once(take, typed):
    rows = [
        "G1,2,2024-03-11,radiotherapy_finished,",
        "G1,2,2024-03-12,radiotherapy_finished,",
        "G1,2,2024-03-13,biopsy,",
    ]
    tables = {name: text.format(day="2024-06-03") for name, text in GLIOMA.items()}
    told = take(**tables, events="\n".join([EVENTS_HEADER, *rows, ""]))

    assert told.code == 0
    assert told.err.count("radiotherapy_finished is no event that any rule reads") == 1
    assert "biopsy is no event that any rule reads" in told.err
    assert "did you mean radiotherapy_end?" in told.err
    assert len(events(typed)) == 3


# --------------------------------------------------------------------------- what is said beside a date


def test_what_a_table_says_beside_the_end_of_treatment_is_kept_as_a_note(take, typed):
    tables = {
        "lines": "patient_id,line,criteria\nE1,1,recist-1.1\n",
        "events": f"{EVENTS_HEADER}\nE1,1,2024-01-08,treatment_start,\nE1,1,2024-05-06,treatment_stop,colitis\n",
    }
    first, again = take(**tables), take(**tables)

    assert (first.code, again.code) == (0, 0)
    assert [(row["started_on"], row["stopped_on"]) for row in exported(typed, "lines")] == [
        ("2024-01-08", "2024-05-06")
    ]
    assert events(typed) == [("2024-05-06", "note", "treatment stopped: colitis")]
    assert "3 were recorded already" in again.out


def test_what_is_typed_beside_the_end_of_treatment_is_kept_as_a_note(typed):
    typed("patient add E1 --started 2024-01-08")

    assert typed('event E1 treatment_stop 2024-05-06 --detail "grade 3 colitis"').code == 0
    assert events(typed) == [("2024-05-06", "note", "treatment stopped: grade 3 colitis")]
    assert exported(typed, "lines")[0]["stopped_on"] == "2024-05-06"
    assert typed("undo --yes").code == 0
    assert (events(typed), exported(typed, "lines")[0]["stopped_on"]) == ([], "")


STOPS = [("2022-05-02", "treatment_stop"), ("2023-01-09", "treatment_restart"), ("2024-06-03", "treatment_stop")]
TWO_STOPS = [("2023-01-09", "treatment_restart", ""), ("2024-06-03", "treatment_stop", "")]


def test_a_second_stop_after_a_restart_leaves_the_first_where_it_is(typed):
    """A second attempt at treatment-free remission in CML: both pauses are looked at."""
    typed("patient add E1 --criteria blood-cml-eln-2020 --started 2018-01-08")
    for on, name in STOPS:
        assert typed(f"event E1 {name} {on}").code == 0

    assert exported(typed, "lines")[0]["stopped_on"] == "2022-05-02"
    assert events(typed) == TWO_STOPS


@pytest.mark.parametrize("rows", [STOPS, STOPS[::-1]])
def test_a_table_with_two_stops_is_read_in_any_order_and_read_back(take, typed, tmp_path, rows):
    table = "\n".join([EVENTS_HEADER, *(f"E1,1,{on},{name}," for on, name in rows), ""])

    assert take(lines="patient_id,line,criteria\nE1,1,blood-cml-eln-2020\n", events=table).code == 0
    assert exported(typed, "lines")[0]["stopped_on"] == "2022-05-02"
    assert events(typed) == TWO_STOPS
    typed("export", "-o", tmp_path / "out")
    assert typed("import", tmp_path / "out").code == 0
    assert events(typed) == TWO_STOPS


def test_another_stop_without_a_restart_is_still_refused(take):
    table = f"{EVENTS_HEADER}\nE1,1,2022-05-02,treatment_stop,\nE1,1,2024-06-03,treatment_stop,\n"
    told = take(lines="patient_id,line,criteria\nE1,1,recist-1.1\n", events=table)

    assert told.code == 4
    assert "a line starts and stops once" in told.err
