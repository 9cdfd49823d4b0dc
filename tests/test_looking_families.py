"""
Where patients stand under several families at once: numbering, milestones, and two families on one line.

The course of a person is told in a few samples; the answers come from the engine, and from a real record where the
order in which they are shown matters.
"""

import csv
import io
import json
from datetime import date

import pytest
from family_samples import course_of, row_of
from inside import runner
from labcases import lab_history, lab_visit
from test_screens import show

from remtrack.fold import assess
from remtrack.model import History, Line, Visit
from remtrack.show import status_screen
from remtrack.tracker.looking import (
    HELD,
    OF_A_VISIT,
    OF_THE_COURSE,
    milestone_marks,
    numbered,
    remission_rows,
    title_of,
)
from remtrack.words.beside import SAID

TODAY = date(2026, 11, 22)
CLEAR = {"bm_blasts_pct": "2", "pb_blasts_pct": "0", "anc": "1.5", "plt": "150", "emd": "no"}


def marks(course, as_of=TODAY):
    return [
        [(mark.label, str(mark.due_on), mark.state) for mark in milestone_marks(course, one, as_of)]
        for one in course.episodes
    ]


def aml(*visits, **line):
    """Return the course of an AML from (day, values) pairs."""
    first = lab_visit("2019-12-30", bm_blasts_pct="60", pb_blasts_pct="20", anc="0.5", plt="30", emd="no")
    return assess(lab_history(first, *(lab_visit(on, **values) for on, values in visits), **line), "blood-aml-eln-2022")


def cml(*samples, **line):
    """Return the course of a CML from (day, per cent) pairs, each sample with enough control copies."""
    visits = (lab_visit(on, bcr_abl_is_pct=pct, abl1_copies="120000") for on, pct in samples)
    return assess(lab_history(*visits, started="2018-01-01", **line), "blood-cml-eln-2020")


# Milestones


def test_the_years_of_a_complete_remission_count_from_its_first_level():
    """CRi on 3 February 2020, CR in March: three and five years are those of February."""
    course = aml(
        ("2020-02-03", {**CLEAR, "plt": "60"}), ("2020-03-09", CLEAR), ("2023-02-03", CLEAR), ("2024-01-15", CLEAR)
    )

    assert marks(course) == [[("3y", "2023-02-03", "confirmed"), ("5y", "2025-02-03", "passed-not-checked")]]


def test_a_relapse_before_the_day_reaches_no_milestone():
    relapse = {**CLEAR, "bm_blasts_pct": "40"}
    course = aml(("2020-02-03", CLEAR), ("2022-06-01", CLEAR), ("2023-02-02", relapse))

    assert marks(course) == [[]]


def test_deep_molecular_response_that_was_lost_and_reached_again_counts_anew():
    """MR4 in 2019, 0.05 % in 2020 (MR3 still), MR4 again in 2021: the years are those of 2021."""
    course = cml(
        ("2019-01-07", "0.005"), ("2019-07-08", "0.004"), ("2020-01-06", "0.05"), ("2021-01-04", "0.006"),
        ("2024-02-05", "0.003"),
    )  # fmt: skip

    assert len(course.episodes) == 1  # the response itself went on
    assert marks(course) == [[("3y", "2024-01-04", "confirmed"), ("5y", "2026-01-04", "passed-not-checked")]]


def test_deep_molecular_response_that_was_lost_reaches_no_later_milestone():
    course = cml(("2019-01-07", "0.005"), ("2022-02-07", "0.004"), ("2023-01-09", "0.05"), ("2024-03-04", "0.05"))

    assert marks(course) == [[("3y", "2022-01-07", "confirmed")]]


def test_a_sample_that_cannot_say_whether_it_is_deep_neither_ends_the_years_nor_confirms_them():
    """MR4 in 2019, then "<0.05" as laboratories print it: that may be MR4, and may be MR3."""
    asked = cml(("2019-01-07", "0.005"), ("2022-02-07", "<0.05"))
    answered = cml(("2019-01-07", "0.005"), ("2022-02-07", "<0.05"), ("2022-08-08", "0.004"))

    assert [row.overall for row in answered.assessments] == ["MR4", "MR3", "MR4"]
    assert marks(asked, date(2022, 12, 1)) == [[("3y", "2022-01-07", "passed-not-checked")]]
    assert marks(answered, date(2022, 12, 1)) == [[("3y", "2022-01-07", "confirmed")]]


@pytest.mark.parametrize(
    ("values", "overall", "state"),
    [({"pb_blasts_pct": "0", "anc": "3", "plt": "200"}, "NE", "passed-not-checked"), (CLEAR, "CR", "confirmed")],
    ids=["blood alone", "with a marrow"],
)
def test_a_remission_that_is_only_carried_on_confirms_no_year(values, overall, state):
    """Blood alone says nothing of the marrow: the remission of 2020 goes on, but that visit could not show it."""
    course = aml(("2020-02-03", CLEAR), ("2023-02-20", values))
    visit = course.assessments[-1]

    assert (visit.overall, visit.reported) == (overall, "CR")
    assert marks(course, date(2023, 3, 1)) == [[("3y", "2023-02-03", state)]]


def myeloma(*visits):
    """Return the course of a myeloma whose M-protein was 3 g/dL: (day, values) pairs after the baseline."""
    first = lab_visit("2019-01-07", serum_m="3", urine_m="0", sife="pos", uife="neg", bmpc_pct="40")
    told = (lab_visit(on, **{"urine_m": "0", "uife": "neg", **values}) for on, values in visits)
    return assess(lab_history(first, *told, started="2019-01-14"), "myeloma-imwg-2016")


NO_BAND = {"serum_m": "0", "sife": "neg", "bmpc_pct": "2"}


@pytest.mark.parametrize(
    ("relapse_on", "shown"),
    [("2023-06-05", [("3y", "2022-06-03", "confirmed")]), ("2022-05-30", []), ("2022-06-03", [])],
)
def test_a_band_that_came_back_ends_the_years_of_the_complete_response_of_a_myeloma(relapse_on, shown):
    """CR in June 2019; immunofixation positive again: the response goes on, the complete one does not."""
    course = myeloma(
        ("2019-06-03", NO_BAND), ("2019-07-08", NO_BAND), ("2022-05-02", NO_BAND),
        *((("2022-07-04", NO_BAND),) if relapse_on > "2022-07-04" else ()),
        (relapse_on, {"serum_m": "0", "sife": "pos"}), ("2023-11-06", {"serum_m": "0.1", "sife": "pos"}),
    )  # fmt: skip

    assert course.extra["complete_until"] == relapse_on
    assert (course.current, course.episodes[0].ended_on) == ("CR", None)
    assert marks(course, date(2026, 1, 1)) == [[tuple(one) for one in shown]]


def test_a_complete_response_that_was_never_confirmed_has_no_milestone():
    course = course_of("recist-1.1", "R35")  # confirmed as PR, CR seen once

    assert marks(course, date(2040, 1, 1)) == [[]]


def test_a_line_without_disease_counts_from_its_baseline():
    line = Line(1, baseline_on=date(2021, 3, 1))
    visits = tuple(Visit(date(year, 3, 1)) for year in (2021, 2022, 2024))
    row = row_of(assess(History("P01", line, visits=visits)), date(2026, 6, 1))

    assert row.current == "NED"
    assert [(mark.label, str(mark.due_on), mark.state) for mark in row.milestones] == [
        ("3y", "2024-03-01", "confirmed"),
        ("5y", "2026-03-01", "passed-not-checked"),
    ]
    shown = show(status_screen([row], date(2026, 6, 1)), width=100)
    assert "3 years on 2024-03-01: confirmed by a visit" in shown
    assert "5 years on 2026-03-01: passed, not checked (last seen 2024-03-01)" in shown
    plain = show(status_screen([row], date(2026, 6, 1), plain_words=True), width=200)
    assert "3 years without evidence of return on tests (1 March 2024): shown by a check." in plain


def test_a_line_with_disease_has_no_milestones_of_its_baseline():
    assert row_of(course_of("recist-1.1", "R01")).milestones == ()


# Numbers


def test_remissions_are_numbered_over_the_lines_of_a_patient_by_their_day():
    second, first = (2, "", "blood-aml-eln-2022", date(2025, 1, 20)), (1, "", "blood-aml-eln-2022", date(2024, 2, 26))

    assert numbered([second, first]) == {first: 1, second: 2}


def test_readers_and_families_are_numbered_apart():
    site, reader = (1, "", "recist-1.1", date(2024, 1, 1)), (1, "A", "recist-1.1", date(2024, 1, 8))

    assert numbered([site, reader]) == {site: 1, reader: 1}


def test_a_complete_response_that_was_not_confirmed_takes_no_number():
    rows = list(remission_rows(course_of("recist-1.1", "R35"), {}, TODAY))

    assert [row.number for row in rows] == [0]


# What a family says of itself


def test_the_title_of_a_marker_is_that_of_its_own_rules():
    assert title_of(course_of("markers", "P01")) == "CA-125 (GCIG 2011)"
    assert title_of(course_of("markers", "S01")) == "PSA (PCWG3 2016)"
    assert title_of(course_of("blood-all", "B01")) == "ALL, NCCN and ELN"


def test_a_result_beside_the_category_is_told_with_its_day_until_a_newer_one():
    row = row_of(course_of("blood-cml-eln-2020", "K11"))
    facts = {fact.name: (fact.value, str(fact.on)) for fact in row.beside}

    assert facts["cyto"] == ("CCyR", "2024-12-31")


def test_every_fact_beside_a_category_has_a_sentence():
    # Those of treatment-free remission share one, and so do those of a deep response; the score heads the screen.
    shared = {"tfr_start", "tfr_lost", "tfr_days", "score"}
    shared |= {f"{level}_{name}" for level in ("mr4", "mr45") for name in ("start", "days", "lost")}

    assert {*OF_THE_COURSE, *OF_A_VISIT} == {*SAID, *shared}
    assert set(HELD) <= set(OF_A_VISIT)


def test_a_marker_has_its_change_from_before_treatment_and_a_gene_on_a_logarithmic_scale_has_none():
    assert f"{row_of(course_of('markers', 'S01')).change_from_baseline_pct:.1f}" == "-52.5"
    assert row_of(course_of("blood-cml-eln-2020", "K01")).change_from_baseline_pct is None


# Several families in one record


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Run commands on a record of one woman: RECIST and CA-125 on line 1, and a man with two lines of AML."""
    monkeypatch.setenv("REMTRACK_TODAY", TODAY.isoformat())
    tables = {
        "lines": """patient_id,line,criteria,started_on,settings
O1,1,recist-1.1,2024-01-10,
O1,1,markers,2024-01-10,marker=ca125
A1,1,blood-aml-eln-2022,2024-01-10,
A1,2,blood-aml-eln-2022,2024-11-11,
""",
        "measurements": """patient_id,line,visit,date,lesion_id,role,organ,longest_mm
O1,1,BL,2024-01-08,L1,target,liver,50
O1,1,V1,2024-03-11,L1,target,liver,30
O1,1,V2,2024-05-06,L1,target,liver,28
""",
        "results": """patient_id,line,visit,date,test,value,unit
O1,1,BL,2024-01-08,ca125,400,U/mL
O1,1,V1,2024-03-11,ca125,60,U/mL
O1,1,V2,2024-05-06,ca125,41,U/mL
"""
        + "".join(
            f"A1,{line},{visit},{on},{test},{value},\n"
            for line, visit, on, values in (
                (1, "BL", "2024-01-08", {"bm_blasts_pct": 60, "pb_blasts_pct": 20, "anc": 0.5, "plt": 30, "emd": "no"}),
                (1, "V1", "2024-02-12", {**CLEAR, "plt": "60"}),
                (1, "V2", "2024-03-18", {**CLEAR, "mrd": "negative"}),
                (1, "V3", "2024-11-04", {**CLEAR, "bm_blasts_pct": 30}),
                (2, "BL", "2024-11-04", {**CLEAR, "bm_blasts_pct": 30}),
                (2, "V1", "2025-01-20", CLEAR),
                (2, "V2", "2025-03-03", CLEAR),
            )
            for test, value in values.items()
        ),
    }
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    run = runner(tmp_path / "record.db", capsys)
    done = run("import", folder)
    assert done.code == 0, done.err
    return run


def test_the_headline_family_of_a_line_comes_first_and_each_keeps_its_own_answers(typed):
    first, second = typed("status O1 --json").rows

    assert (first["criteria"], first["current"], first["value"]) == ("recist-1.1", "PR", 28)
    assert (second["criteria"], second["current"], second["value"]) == ("markers", "response", 41)
    shown = typed("status O1 --format table").out
    assert "RECIST 1.1" in shown.splitlines()[0]
    assert " Also: CA-125 (GCIG 2011)\n" in shown
    assert "Value            CA-125 41 U/mL\n" in shown


def test_the_overview_shows_the_headline_of_the_latest_line(typed):
    rows = {row["patient_id"]: row for row in typed("status --json").rows}

    assert (rows["O1"]["criteria"], rows["O1"]["current"]) == ("recist-1.1", "PR")
    assert (rows["A1"]["line"], rows["A1"]["current"]) == (2, "CR")
    head = json.loads(typed("status --json").out)
    assert head["responding"] == {"remission": 1, "response": 1}
    shown = typed("status --format table").out
    assert "In response or remission now: 2 of 2" in shown
    assert "(CR2)" in shown


def test_the_second_line_of_a_leukaemia_is_a_second_remission_and_the_first_relapsed(typed):
    second, first = typed("status A1 --json").rows

    assert [one["number"] for one in second["episodes"]] == [2]
    assert [one["number"] for one in first["episodes"]] == [1]
    shown = typed("status A1 --format table").out
    assert "CR, second complete remission (CR2), began 2025-01-20" in shown
    assert "CR, first complete remission (CR1), began 2024-02-12 as CRh" in shown
    assert "Residual disease  CR MRD- (2024-03-18)" in shown
    assert "Relapse           dated 2024-11-04" in shown
    assert "Second complete remission since 20 January 2025." in typed("status A1 --plain-words --format table").out


def test_the_remissions_of_several_families_name_their_rules(typed):
    shown = typed("remission --format table").out

    lines = shown.splitlines()
    first = [n for n, line in enumerate(lines) if line.startswith((" A1", " O1"))]
    stretches = [(lines[n].split()[0], lines[n + 1].split()[0]) for n in first]
    assert stretches == [("A1", "AML"), ("A1", "AML"), ("O1", "RECIST"), ("O1", "CA-125")]
    assert [word for word in ("Rules", "Proven", "Last seen", "Ended by", "A month") if word not in shown] == []
    assert "* CR (CR1)" in shown
    assert "* CR (CR2)" in shown


def test_a_visit_that_two_families_judge_is_explained_by_each_under_its_name(typed):
    shown = typed("explain O1 2024-05-06 --format table").out

    assert "v PR, partial response  RECIST 1.1" in shown
    assert "v response, marker response  CA-125 (GCIG 2011)" in shown


def test_the_export_has_the_answers_of_every_family(typed):
    rows = list(csv.DictReader(io.StringIO(typed("export assessments").out)))

    told = {(row["patient_id"], row["line"], row["criteria"], row["date"]): row["reported"] for row in rows}
    assert told["O1", "1", "recist-1.1", "2024-05-06"] == "PR"
    assert told["O1", "1", "markers", "2024-05-06"] == "response"
    assert told["A1", "2", "blood-aml-eln-2022", "2025-03-03"] == "CR"
    episodes = list(csv.DictReader(io.StringIO(typed("export episodes").out)))
    assert {(row["patient_id"], row["criteria"], row["word"]) for row in episodes} == {
        ("O1", "recist-1.1", "response"), ("O1", "markers", "response"), ("A1", "blood-aml-eln-2022", "remission"),
    }  # fmt: skip


def test_what_is_overdue_is_a_scan_or_a_visit_as_the_family_looks(typed):
    attention = {row["patient_id"]: row["attention"][0]["what"] for row in typed("status --json").rows}

    assert attention == {"O1": "no scan for 930 days", "A1": "no visit for 629 days"}
