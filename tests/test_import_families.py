"""Tables for the families that are not RECIST 1.1: what a value or a size means there, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from make_mixed_trial import IN_ORDER, TABLES, histories, write_mixed

from remtrack.cli import run
from remtrack.criteria import load_family
from remtrack.criteria.results import read_result
from remtrack.fold import assess
from remtrack.model import Result
from remtrack.store import open_record
from remtrack.tracker.importing import Request, import_tables
from remtrack.verdict import POSSIBLE_PROGRESSION, PROGRESSION

TODAY = date(2026, 11, 22)
AML = "blood-aml-eln-2022"
RESULTS = "patient_id,date,test,value,unit"
READINGS = "patient_id,date,lesion_id,role,kind,organ,measure_mm,measure2_mm,state"
BASELINE = "A1,2024-01-08,bm_blasts_pct,60,%"


@pytest.fixture
def take(tmp_path):
    """Import a table, or several, written as lines of text, into the record of the test."""
    path, number = tmp_path / "record.db", iter(range(99))

    def run(*lines, partial=False, **tables):
        folder = tmp_path / f"in{next(number)}"
        folder.mkdir()
        for name, rows in tables.items() or [("table", lines)]:
            (folder / f"{name}.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
        source = folder if tables else folder / "table.csv"
        request = Request(source=str(source), today=TODAY, partial=partial, rejects=tmp_path / "rejects.csv")
        return import_tables(path, request, "tester")

    run.path = path
    return run


def judged_by(family, *patients):
    return ["patient_id,line,criteria", *(f"{patient},1,{family}" for patient in patients or ("A1",))]


def errors(done):
    return [problem for problem in done.problems if problem.severity == "error"]


def warnings(done):
    return [problem for problem in done.problems if problem.severity == "warning"]


def answers(path):
    """Return (day, category) of every visit that is judged, of every patient."""
    with open_record(path) as record:
        return [
            (row.visit_on.isoformat(), row.overall) for stored in record.courses() for row in stored.course.assessments
        ]


def kept(path, table="results"):
    with open_record(path) as record:
        return list(record.export_rows(table))


# ------------------------------------------------------------------------------ values that are refused


@pytest.mark.parametrize(
    ("value", "column", "what", "hint"),
    [
        ("bm_blasts_pct,100.1,%", "value", "bm_blasts_pct 100.1 % is outside 0 to 100", "correct it"),
        ("bm_blasts_pct,>100,", "value", "outside 0 to 100", "correct it"),
        ("bm_blasts_pct,-1,", "value", "outside 0 to 100", "correct it"),
        ("bm_blasts_pct,many,", "value", 'bm_blasts_pct is entered as "many", which is no number', "correct it"),
        ("anc,1200,", "value", "anc 1200 10^9/L is outside 0 to 100", "1200 /uL would be 1.2 10^9/L: give the unit"),
        ("anc,1200,10^9/L", "value", "is outside 0 to 100", "correct it"),
        ("plt,100,mmol/L", "unit", "plt is entered in mmol/L; it is read in 10^9/L", "give it in 10^9/L"),
        ("plt,100,%", "unit", "plt is entered in %", "give it in 10^9/L"),
        ("emd,maybe,", "value", 'emd is entered as "maybe", which is not yes or no', "nd when it was not measured"),
    ],
)
def test_a_value_that_no_family_of_the_line_can_read_is_refused_with_its_line_and_column(
    take, value, column, what, hint
):
    done = take(lines=judged_by(AML), results=[RESULTS, BASELINE, f"A1,2024-02-12,{value}"])

    (problem,) = errors(done)
    assert (problem.line, problem.column, done.number) == (3, column, None)
    assert what in problem.what
    assert problem.why
    assert hint in problem.hint


@pytest.mark.parametrize(
    "value",
    [
        "bm_blasts_pct,100,%",
        "bm_blasts_pct,2%,",
        "bm_blasts_pct,<5,",
        "bm_blasts_pct,none,",
        "bm_blasts_pct,not done,",
        "anc,1200,/uL",
        "anc,pending,",
        "plt,>600,",
        "emd,nd,",
    ],
)
def test_what_a_laboratory_prints_is_taken_and_kept_as_it_was_printed(take, value):
    done = take(lines=judged_by(AML), results=[RESULTS, BASELINE, f"A1,2024-02-12,{value}"])

    assert done.problems == ()
    test, printed, unit = value.split(",")
    assert ("A1", "1", "", "2024-02-12", test, printed, unit, "", "", "") in kept(take.path)


def test_a_refused_value_makes_no_visit(take):
    done = take(
        partial=True, lines=judged_by(AML), results=[RESULTS, BASELINE, "A1,2024-02-12,bm_blasts_pct,160,"]
    )  # fmt: skip

    assert (done.refused, done.added) == (1, 2)
    assert [row[3] for row in kept(take.path, "visits")] == ["2024-01-08"]


def test_one_family_of_the_line_that_can_read_a_value_is_enough(take):
    """The platelets of AML go up to 2,000; those of CML up to 10,000."""
    families = ["patient_id,line,criteria", f"A1,1,{AML}", "A1,1,blood-cml-eln-2020"]
    rows = [RESULTS, BASELINE, "A1,2024-02-12,plt,2500,"]

    assert errors(take(lines=families, results=rows)) == []
    assert errors(take(lines=judged_by(AML, "B1"), results=[row.replace("A1", "B1") for row in rows]))


def test_a_value_that_is_missing_is_said_in_the_answer_with_what_would_settle_it(take):
    """Marrow and blood are clear and the platelets are too high to count: CR, or CRh, or CRi cannot be said."""
    clear = ["bm_blasts_pct,2,%", "pb_blasts_pct,0,%", "emd,no,", "plt,150,", "anc,pending,"]
    take(
        lines=judged_by(AML),
        results=[RESULTS, BASELINE, "A1,2024-01-08,emd,no,", *(f"A1,2024-02-12,{value}" for value in clear)],
    )

    with open_record(take.path) as record:
        (answer,) = next(record.courses()).course.assessments
    assert any("anc" in lack for lack in answer.undecided)


# -------------------------------------------------------------------------------- tests nobody reads


def test_a_test_that_no_family_knows_is_kept_and_named_once_with_the_nearest_name(take):
    rows = ["A1,2024-02-12,bm_blast,2,%", "A1,2024-03-12,bm_blast,2,%", "B1,2024-03-12,bm_blast,2,%"]
    done = take(lines=judged_by(AML, "A1", "B1"), results=[RESULTS, BASELINE, *rows])

    (warning,) = warnings(done)
    assert (warning.line, warning.column, warning.rule) == (3, "test", "unknown-test")
    assert "bm_blast is no value that AML, ELN 2022 reads" in warning.what
    assert "bm_blasts_pct" in warning.hint
    assert [row[4] for row in kept(take.path)].count("bm_blast") == 3


def test_a_test_of_another_family_is_kept_and_that_family_is_named(take):
    """A line without its family is judged by RECIST 1.1, and none of its blood counts would be read."""
    done = take(RESULTS, "A1,2024-02-12,anc,1.1,", "A1,2024-03-12,anc,1.2,")

    (warning,) = warnings(done)
    assert "anc is no value that RECIST 1.1 reads (line 1 of A1)" in warning.what
    assert "AML, ELN 2022" in warning.why
    assert len(kept(take.path)) == 2


def test_the_nearest_name_is_looked_for_in_the_families_of_the_file_too(take):
    lines = [*judged_by("recist-1.1", "R1"), "A1,1,markers"]
    done = take(lines=lines, results=[RESULTS, "R1,2024-02-12,ca_125,30,U/mL"])

    (warning,) = warnings(done)
    assert "ca125" in warning.hint


def test_a_name_in_other_letters_is_the_same_test(take):
    done = take(lines=judged_by(AML), results=[RESULTS, "A1,2024-01-08,BM Blasts-Pct,60,%"])

    assert done.problems == ()
    assert [row[4] for row in kept(take.path)] == ["bm_blasts_pct"]


def test_a_score_below_four_is_read_from_where_the_scale_begins():
    dps = load_family("lugano-2014").analytes["dps"]

    def read(text):
        return read_result(Result("dps", None, text), dps, TODAY)

    assert [read(text).amount[:2] for text in ("<4", "≤3", "≤1", ">3")] == [(1, 4), (1, 3), (1, 1), (3, Decimal("inf"))]
    assert [bool(read(text).trouble) for text in ("<1", "<6", "0-4", ">5")] == [True] * 4


# ------------------------------------------------------------------------------------ sizes by family


@pytest.mark.parametrize("second_row", ["0,41,", "0,41,measured", "0,41,ABSENT", ",41,ABSENT"])
def test_a_tumour_that_no_longer_enhances_is_a_complete_response_with_its_whole_size_kept(take, second_row):
    done = take(
        lines=judged_by("mrecist-hcc"),
        measurements=[
            READINGS,
            "A1,2024-01-08,L1,target,nonnodal,liver,40,42,",
            f"A1,2024-03-11,L1,target,nonnodal,liver,{second_row}",
        ],
    )

    assert errors(done) == []
    assert answers(take.path) == [("2024-03-11", "CR")]
    assert [row[9:12] for row in kept(take.path, "measurements")] == [("40", "42", "measured"), ("0", "41", "measured")]


@pytest.mark.parametrize("family", ["recist-1.1", "irecist", "lugano-2014"])
def test_elsewhere_a_lesion_is_not_0_by_41_mm(take, family):
    done = take(
        lines=judged_by(family),
        measurements=[READINGS, "A1,2024-01-08,L1,target,nonnodal,liver,0,41,"],
    )

    (problem,) = errors(done)
    assert "one axis is 0, the other is not" in problem.what


def test_a_viable_part_is_never_larger_than_the_whole(take):
    row = "A1,2024-01-08,L1,target,nonnodal,liver,45,28,"
    (problem,) = errors(take(lines=judged_by("mrecist-hcc"), measurements=[READINGS, row]))

    assert "the viable part is larger than the whole" in problem.what
    assert errors(take(lines=judged_by("recist-1.1", "B1"), measurements=[READINGS, row.replace("A1", "B1")])) == []


@pytest.mark.parametrize("sizes", ["40,30", "30,40", "40x30,", "30x40,"])
def test_of_two_diameters_of_a_lymphoma_node_the_larger_is_the_longest(take, sizes):
    done = take(lines=judged_by("lugano-2014"), measurements=[READINGS, f"A1,2024-01-08,G1,target,node,neck,{sizes},"])

    assert errors(done) == []
    assert [row[9:11] for row in kept(take.path, "measurements")] == [("40", "30")]


def test_under_recist_the_size_of_a_node_is_its_short_axis_and_a_longer_one_is_refused(take):
    right = "A1,2024-01-08,G1,target,node,neck,18,25,"
    assert errors(take(lines=judged_by("recist-1.1"), measurements=[READINGS, right])) == []
    assert [row[9:11] for row in kept(take.path, "measurements")] == [("25", "18")]

    (problem,) = errors(take(READINGS, "B1,2024-01-08,G1,target,node,neck,25,18,"))
    assert "the short axis is longer than the longest" in problem.what


def test_the_size_of_a_node_without_its_axis_is_the_one_that_its_family_counts(take):
    take(
        lines=[*judged_by("lugano-2014"), "B1,1,recist-1.1"],
        measurements=[READINGS, *(f"{who},2024-01-08,G1,target,node,neck,25,," for who in ("A1", "B1"))],
    )

    assert [row[9:11] for row in kept(take.path, "measurements")] == [("25", ""), ("", "25")]


def test_a_table_for_a_line_that_is_recorded_is_read_as_its_family_measures(take):
    take(*judged_by("mrecist-hcc"))

    assert errors(take(READINGS, "A1,2024-01-08,L1,target,nonnodal,liver,28,45,")) == []
    assert errors(take(READINGS, "A1,2024-03-11,L1,target,nonnodal,liver,0,45,")) == []


@pytest.mark.parametrize("name", ["N1_typical_pattern", "n1_typical_pattern", "N1 Typical Pattern"])
def test_the_pattern_of_a_new_nodule_is_found_however_the_test_is_written(take, name):
    """12 mm with the typical pattern is a new lesion; without it the nodule is unclear."""
    scans = [
        READINGS,
        "A1,2024-01-08,L1,target,nonnodal,liver,40,42,",
        "A1,2024-03-11,L1,target,nonnodal,liver,40,42,",
        "A1,2024-03-11,N1,new,nonnodal,liver,12,,",
    ]
    done = take(lines=judged_by("mrecist-hcc"), measurements=scans, results=[RESULTS, f"A1,2024-03-11,{name},yes,"])

    assert done.problems == ()
    assert answers(take.path) == [("2024-03-11", "PD")]


def test_recist_beside_mrecist_on_one_line_is_warned_of(take):
    done = take(*judged_by("mrecist-hcc"), "A1,1,recist-1.1")

    (remark,) = done.remarks
    assert "has one size for both" in remark
    assert take(*judged_by("recist-1.1", "B1"), "B1,1,irecist").remarks == ()


# ------------------------------------------------------------------- good rows without the bad ones


SCANS = "patient_id,date,lesion_id,longest_mm"


def test_a_baseline_that_moves_because_its_row_was_refused_is_named(take):
    done = take(SCANS, "A1,2024-01-08,L1,4O", "A1,2024-03-11,L1,30", "A1,2024-05-06,L1,20", partial=True)

    (warning,) = warnings(done)
    assert warning.what == "the baseline of line 1 of A1 is now 2024-03-11; a row of 2024-01-08 was refused"
    assert (warning.line, warning.rule, done.warnings) == (2, "baseline-refused", 1)


def test_a_baseline_that_lacks_a_refused_row_is_named(take):
    done = take(
        "patient_id,date,lesion_id,role,longest_mm",
        "A1,2024-01-08,L1,target,4O",
        "A1,2024-01-08,L2,target,20",
        "A1,2024-03-11,L1,target,30",
        partial=True,
    )

    (warning,) = warnings(done)
    assert warning.what == "the baseline of line 1 of A1, 2024-01-08, lacks a row that was refused"


def test_a_refused_value_before_the_first_visit_is_named_too(take):
    done = take(
        partial=True,
        lines=judged_by("markers"),
        results=[RESULTS, "A1,2024-01-05,ca125,4OO,U/mL", "A1,2024-03-01,ca125,200,U/mL"],
    )

    (warning,) = warnings(done)
    assert "is now 2024-03-01; a row of 2024-01-05 was refused" in warning.what
    assert warning.what.startswith("results.csv: ")


def test_a_refused_row_after_the_baseline_needs_no_warning(take):
    done = take(SCANS, "A1,2024-01-08,L1,40", "A1,2024-03-11,L1,3O", "A1,2024-05-06,L1,20", partial=True)

    assert warnings(done) == []


@pytest.mark.parametrize("bad", ["A1,2024-01-08,L2,2O", "A1,8.1.24,L2,20"])
def test_a_lesion_whose_first_row_was_refused_is_not_taken_for_new(take, bad):
    """Taken for new, its second reading would be a progression that nobody saw."""
    done = take(
        SCANS,
        "A1,2024-01-08,L1,40",
        bad,
        "A1,2024-03-11,L1,40",
        "A1,2024-03-11,L2,20",
        partial=True,
    )

    assert [problem.rule for problem in errors(done)] == ["cell", "role-not-known"]
    assert answers(take.path) == [("2024-03-11", "SD")]


def test_a_role_that_the_rows_give_is_believed_whatever_was_refused(take):
    done = take(
        "patient_id,date,lesion_id,role,longest_mm",
        "A1,2024-01-08,L1,target,40",
        "A1,2024-01-08,L2,target,2O",
        "A1,2024-03-11,L1,target,40",
        "A1,2024-03-11,L2,target,20",
        partial=True,
    )

    assert [problem.rule for problem in errors(done)] == ["cell"]


# -------------------------------------------------------------------------------- the mixed trial


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Four patients of each family of the generated trial, imported."""
    place = tmp_path_factory.mktemp("mixed")
    rows = write_mixed(4 * len(IN_ORDER), 1, place / "in")
    done = import_tables(place / "record.db", Request(source=str(place / "in"), today=TODAY), "tester")
    return place, rows, done


def test_the_mixed_trial_has_every_family_and_is_imported_without_a_word(mixed):
    _place, rows, done = mixed

    assert len(IN_ORDER) == 11
    assert done.problems == ()
    assert done.added == sum(rows.values())


def test_the_mixed_trial_is_the_same_in_memory_and_through_the_import(mixed):
    place, _rows, _done = mixed
    in_memory = {
        (history.patient_id, history.line.number): assess(history, family, settings)
        for history, family, settings in histories(4 * len(IN_ORDER))
    }

    with open_record(place / "record.db") as record:
        stored = {(one.course.patient_id, one.course.line): one.course for one in record.courses()}
    assert stored.keys() == in_memory.keys()
    for key, course in in_memory.items():
        assert said(stored[key]) == said(course), key
        assert stored[key].episodes == course.episodes, key


def said(course):
    return [(row.visit_on, row.overall, row.reported, row.rule, row.because, row.value) for row in course.assessments]


def test_a_patient_of_the_mixed_trial_is_the_same_in_a_smaller_one(tmp_path):
    write_mixed(22, 7, tmp_path / "more")
    write_mixed(11, 7, tmp_path / "fewer")

    for name in TABLES:
        more = (tmp_path / "more" / f"{name}.csv").read_text(encoding="utf-8")
        assert more.startswith((tmp_path / "fewer" / f"{name}.csv").read_text(encoding="utf-8"))


def test_the_mixed_trial_has_bounds_words_units_gaps_and_relapses(tmp_path):
    write_mixed(330, 1, tmp_path)
    results = (tmp_path / "results.csv").read_text(encoding="utf-8")
    lines = (tmp_path / "lines.csv").read_text(encoding="utf-8")

    for printed in (",<1,%", ",<20,", ",undetectable,", ",not done,", ",/uL", ",g/L", ",mg/dL", ",<0.1,ng/mL"):
        assert printed in results
    assert ",2,blood-" in lines


# -------------------------------------------------------------- a new lesion that the next line measures

TWO_LINES = [
    "patient_id,line,criteria,started_on,baseline_on,settings",
    "Q1,1,{0},2024-01-10,,{1}",
    "Q1,2,{0},2024-06-10,2024-06-03,{1}",
]
RELAPSED = [
    "patient_id,line,date,lesion_id,role,kind,organ,longest_mm,short_mm,state",
    "Q1,1,2024-01-08,L1,target,{0},liver,40,40,",
    "Q1,1,2024-06-03,L1,,,,20,20,",
    "Q1,1,2024-06-03,N1,new,{0},liver,38,38,{1}",
    "Q1,2,2024-06-03,L1,target,,,20,20,",
    "Q1,2,2024-06-03,N1,target,,,38,38,{2}",
    "Q1,2,2024-08-05,L1,target,,,20,20,",
    "Q1,2,2024-08-05,N1,target,,,38,38,",
]


def relapsed(family, called, again=""):
    kind = "CE" if family == "rano-2.0" else "nonnodal"
    return {
        "lines": [row.format(family, "mode=CT" if family == "lugano-2014" else "") for row in TWO_LINES],
        "measurements": [row.format(kind, called, again) for row in RELAPSED],
    }


@pytest.mark.parametrize("again", ["", "unequivocal"])
@pytest.mark.parametrize("called", ["unequivocal", "equivocal", ""])
@pytest.mark.parametrize("family", ["recist-1.1", "irecist", "mrecist-hcc", "lugano-2014", "rano-2.0"])
def test_a_lesion_called_new_is_a_measured_target_of_the_next_line_at_the_same_visit(take, family, called, again):
    tables = relapsed(family, called, again)
    for _ in range(2):
        done = take(**tables)
        assert errors(done) == []
    with open_record(take.path) as record:
        courses = {stored.course.line: stored.course for stored in record.courses()}
        readings = [row for row in record.rows("measurements", patient_id="Q1") if row["lesion_id"] == "N1"]

    assert [row["state"] for row in readings] == [called or "measured", "measured"]
    assert courses[2].baseline_value is not None
    assert courses[2].baseline_value == courses[2].assessments[0].value
    if called == "unequivocal":
        assert courses[1].assessments[0].kind in (PROGRESSION, POSSIBLE_PROGRESSION)


def test_a_record_with_such_a_lesion_is_read_back_from_its_own_export(take, tmp_path, capsys):
    assert errors(take(**relapsed("recist-1.1", "unequivocal"))) == []
    before = answers(take.path)
    run(["--db", str(take.path), "export", "-o", str(tmp_path / "out")])
    other = tmp_path / "other.db"
    done = import_tables(other, Request(source=str(tmp_path / "out"), today=TODAY), "tester")

    assert errors(done) == []
    assert answers(other) == before


def test_two_readings_of_one_lesion_and_visit_are_refused_with_the_word_that_differs(take):
    tables = relapsed("recist-1.1", "unequivocal")
    tables["measurements"].append("Q1,1,2024-06-03,N1,new,,,38,38,equivocal")
    told = errors(take(**tables))

    assert "two readings on 2024-06-03, 38x38 (unequivocal) here" in told[0].what
    assert "38x38 (equivocal) in line" in told[0].what
