"""Stored answers: read back as the same values, stamped with the facts they come of, shown by the views."""

# ruff: noqa: PT012 - what is refused is a whole change
# ruff: noqa: S608 - the tables named are our own

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from store_samples import BASELINE, FIRST, SECOND, THIRD, new_record, put_patient, put_story

from remtrack.criteria import FAMILIES
from remtrack.store import open_record
from remtrack.verdict import COMPLETE, PARTIAL, STABLE, Assessment, Course, Episode, Finding

THIRDS = Decimal(100) / Decimal(3)


def assessment(on, overall="PR", **values):
    known = {
        "visit_on": on, "visit": f"V {on}", "dated_on": on, "overall": overall, "reported": overall, "kind": PARTIAL,
        "reported_kind": PARTIAL, "rule": "overall-2", "because": f"sum 42 mm on {on}", "source": "Eisenhauer 2009",
    }  # fmt: skip
    return Assessment(**known | values)


def course(patient_id="P01", assessments=(), episodes=(), **values):
    known = {
        "patient_id": patient_id, "line": 1, "reader": "", "criteria": "recist-1.1", "settings": (),
        "baseline_on": BASELINE, "baseline_value": Decimal(60), "nadir_on": SECOND,
        "assessments": tuple(assessments), "episodes": tuple(episodes), "best_response": "PR",
        "best_response_unconfirmed": "PR", "response_start": FIRST, "confirmed_on": SECOND, "progression_on": None,
        "dor_days": 56, "dor_censored": True, "pfs_days": 112, "pfs_censored": False, "current": "PR",
        "current_on": SECOND,
    }  # fmt: skip
    return Course(**known | values)


FULL = course(
    settings=(("confirm_days", "35"), ("pr_persistence", "off")),
    thresholds=(("partial_to_mm", Decimal("42.0")), ("progression_from_mm", THIRDS)),
    extra={"since": "2024-03-11", "limit": Decimal("1.50"), "parts": ("a", ("b", 1)), "seen": {"on": FIRST, "n": 2}},
    assessments=(
        assessment(
            FIRST,
            "CR",
            kind=COMPLETE,
            reported="PR",
            dated_on=date(2024, 3, 9),
            findings=(
                Finding("target", "CR", "target-3", "", ""),  # why a part gave what it gave is not kept
                Finding("new_lesion", "no", "new-2", "", ""),
            ),
            undecided=("L2 on 2024-03-11",),
            flags=("look again", "ünïcode \x1b[31m"),
            sum_mm=Decimal("0.00"),
            sum_complete=True,
            baseline_sum_mm=Decimal("60.0"),
            nadir_sum_mm=Decimal(60),
            change_from_baseline_pct=-THIRDS,
            change_from_nadir_pct=Decimal("Infinity"),
            change_from_nadir_mm=Decimal("5.1"),
            value=Decimal(0),
            extra={"ct": "CR", "ratio": Decimal(1) / Decimal(7), "days": (1, 2), "known": None},
        ),
        assessment(SECOND, "NE", sum_complete=False),
    ),
    episodes=(
        Episode(
            "response", "CR", COMPLETE, FIRST, SECOND, SECOND, THIRD, "progression", 56, "yes", SECOND, None,
            (("PR", FIRST), ("CR", SECOND)),
        ),
        Episode("response", "PR", PARTIAL, THIRD, None, THIRD, None, "", 0, "not yet", None, date(2024, 7, 29)),
    ),
)  # fmt: skip


@pytest.fixture
def record(record_path):
    with new_record(record_path) as record:
        with record.change("add") as change:
            put_story(change)
            change.put_answers("P01", [FULL])
        yield record


def courses(record, *names, **how):
    return [stored.course for stored in record.courses(names or None, **how)]


def test_every_value_of_an_answer_comes_back_the_same(record):
    assert courses(record) == [FULL]


def test_decimals_come_back_to_the_last_digit_and_with_their_zeros(record):
    [stored] = courses(record)
    [first, _second] = stored.assessments

    assert repr(first.sum_mm) == "Decimal('0.00')"
    assert first.change_from_baseline_pct == -THIRDS
    assert first.change_from_nadir_pct == Decimal("Infinity")
    assert first.extra["ratio"] == Decimal(1) / Decimal(7)


decimals = st.none() | st.decimals(allow_nan=False) | st.just(Decimal("Infinity"))
days = st.none() | st.dates()
texts = st.text(st.characters(codec="utf-8"), max_size=20)
listed = st.lists(texts, max_size=3).map(tuple)
known_days = st.dates()
leaves = texts | st.integers(-(10**12), 10**12) | st.booleans() | st.none() | st.dates() | st.decimals(allow_nan=False)
extras = st.dictionaries(
    texts.filter(lambda key: not key.startswith("$")), leaves | st.lists(leaves, max_size=2).map(tuple), max_size=3
)
findings = st.builds(Finding, texts, texts, texts, st.just(""), st.just(""), st.just(()))
assessments = st.builds(
    Assessment, known_days, texts, known_days, texts, texts, texts, texts, texts, texts, texts,
    st.lists(findings, max_size=3).map(tuple), listed, listed, decimals, st.none() | st.booleans(), decimals, decimals,
    decimals, decimals, decimals, decimals, extras,
)  # fmt: skip
episodes = st.builds(
    Episode, texts, texts, texts, known_days, days, known_days, days, texts, st.integers(-5, 10**6),
    st.sampled_from(["yes", "no", "not yet"]), days, days,
    st.lists(st.tuples(texts, known_days), max_size=3).map(tuple),
)  # fmt: skip
pairs = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
durations = st.none() | st.integers(0, 10**6)
any_course = st.builds(
    Course, st.just("P01"), st.integers(1, 9), texts, st.just("recist-1.1"), pairs, days, decimals, days,
    st.lists(assessments, max_size=3, unique_by=lambda one: one.visit_on).map(
        lambda found: tuple(sorted(found, key=lambda one: one.visit_on))
    ),
    st.lists(episodes, max_size=2).map(tuple), texts, texts, days, days, days, durations, st.none() | st.booleans(),
    durations, st.none() | st.booleans(), texts, days,
    st.lists(st.tuples(texts, st.decimals(allow_nan=False)), max_size=2).map(tuple), extras,
)  # fmt: skip


@settings(max_examples=150)
@given(any_course)
def test_any_answer_comes_back_the_same(tmp_path_factory, answer):
    path = tmp_path_factory.mktemp("answers") / "record.db"
    with new_record(path) as record, record.change("add") as change:
        put_patient(change)
        change.put_answers("P01", [answer])
    with open_record(path) as record:
        assert courses(record) == [answer]


def test_new_answers_replace_the_old_ones(record):
    with record.change("recompute") as change:
        change.put_answers("P01", [course(best_response="SD")])

    assert [stored.best_response for stored in courses(record)] == ["SD"]
    assert record._connection.execute("SELECT count(*) FROM assessments").fetchone() == (0,)


def test_courses_come_by_patient_and_then_in_the_order_in_which_they_were_put(record):
    with record.change("add") as change:
        put_story(change, "P00")
        change.put_answers("P00", [course("P00")])
        change.put_answers("P01", [course(line=2), course(line=1, reader="R1"), course(line=1)])

    assert [(one.patient_id, one.line, one.reader) for one in courses(record)] == [
        ("P00", 1, ""), ("P01", 2, ""), ("P01", 1, "R1"), ("P01", 1, ""),
    ]  # fmt: skip
    assert [one.patient_id for one in courses(record, "P01", "P00", "P00")] == ["P00", "P01", "P01", "P01"]
    assert courses(record, "P09") == []


def test_the_last_assessment_alone_can_be_had_with_all_episodes(record):
    [stored] = courses(record, last_only=True)

    assert stored.assessments == FULL.assessments[-1:]
    assert stored.episodes == FULL.episodes


def test_a_course_of_another_patient_is_not_taken(record):
    with pytest.raises(ValueError, match="a course of P02 among those of P01"), record.change("recompute") as change:
        change.put_answers("P01", [course("P02")])


def test_answers_are_stamped_with_the_facts_and_the_rules_they_come_of(record):
    [stored] = record.courses()

    assert (stored.facts_change, stored.fresh_facts) == (1, True)
    assert stored.revision == FAMILIES["recist-1.1"].revision


def test_answers_are_out_of_date_once_a_fact_of_their_patient_has_changed(record):
    with record.change("edit") as change:
        change.put("patients", {"patient_id": "P01", "note": "moved"})
    [stored] = record.courses()
    assert (stored.facts_change, stored.fresh_facts) == (1, False)

    with record.change("recompute") as change:
        change.put_answers("P01", [FULL])
    [stored] = record.courses()
    assert (stored.facts_change, stored.fresh_facts) == (2, True)


def test_answers_stay_fresh_when_another_patients_facts_change(record):
    with record.change("add") as change:
        put_story(change, "P02")
    [stored] = record.courses()

    assert stored.fresh_facts


def test_answers_are_taken_back_with_their_facts(record):
    with pytest.raises(KeyboardInterrupt), record.change("edit") as change:
        change.put("patients", {"patient_id": "P01", "note": "moved"})
        change.put_answers("P01", [course(best_response="PD")])
        raise KeyboardInterrupt
    [stored] = record.courses()

    assert stored.course == FULL
    assert stored.fresh_facts


def test_the_answers_of_a_patient_who_is_undone_are_gone(record):
    with record.change("undo", undoes=1) as change:
        change.undo(1)

    assert courses(record) == []
    for table in ("courses", "assessments", "episodes"):
        assert record._connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_the_answers_of_a_patient_stay_when_a_change_to_their_note_is_undone(record):
    with record.change("edit") as change:
        change.put("patients", {"patient_id": "P01", "note": "moved"})
    with record.change("undo", undoes=change.number) as change:
        change.undo(change.number - 1)

    assert courses(record) == [FULL]


# -- views, as any SQLite tool sees them ---------------------------------------------------------


def seen(path, sql):
    with closing(sqlite3.connect(path)) as plain:
        plain.row_factory = sqlite3.Row
        plain.execute("PRAGMA trusted_schema = OFF")
        return [dict(row) for row in plain.execute(sql)]


def test_current_status_says_where_each_line_stands_and_why(record, record_path):
    [row] = seen(record_path, "SELECT * FROM current_status")

    assert (row["patient_id"], row["current"], row["current_on"], row["best_response"]) == (
        "P01",
        "PR",
        "2024-05-06",
        "PR",
    )
    assert (row["because"], row["source"], row["stale"]) == ("sum 42 mm on 2024-05-06", "Eisenhauer 2009", "no")


def test_response_timeline_has_a_row_a_visit(record, record_path):
    rows = seen(record_path, "SELECT * FROM response_timeline ORDER BY visit_on")

    assert [(row["visit_on"], row["overall"], row["reported"]) for row in rows] == [
        ("2024-03-11", "CR", "PR"),
        ("2024-05-06", "NE", "NE"),
    ]
    assert rows[0]["target"] == "CR"
    assert rows[0]["because"] == "sum 42 mm on 2024-03-11"


def test_remissions_has_a_row_an_episode(record, record_path):
    rows = seen(record_path, "SELECT * FROM remissions ORDER BY began_on")

    assert [(row["category"], row["began_on"], row["lasted_month"]) for row in rows] == [
        ("CR", "2024-03-11", "yes"),
        ("PR", "2024-07-01", "not yet"),
    ]
    assert rows[0]["because"] == "sum 42 mm on 2024-05-06"  # the first visit dated on or after its beginning


def test_sum_of_diameters_begins_with_the_baseline_and_has_numbers(record, record_path):
    with record.change("recompute") as change:
        sums = {"baseline_sum_mm": Decimal(60), "nadir_sum_mm": Decimal(60)}
        first = assessment(FIRST, sum_mm=Decimal("42.5"), sum_complete=True, change_from_baseline_pct=-THIRDS, **sums)
        second = assessment(SECOND, sum_complete=False, change_from_nadir_pct=Decimal("Infinity"), **sums)
        change.put_answers("P01", [course(assessments=[first, second])])
    rows = seen(record_path, "SELECT * FROM sum_of_diameters ORDER BY visit_on")

    assert [(row["visit_on"], row["sum_mm"], row["sum_complete"]) for row in rows] == [
        ("2024-01-08", 60.0, "yes"),
        ("2024-03-11", 42.5, "yes"),
        ("2024-05-06", None, "no"),
    ]
    assert rows[1]["change_from_baseline_pct"] == -33.3
    assert rows[2]["change_from_nadir_pct"] == float("inf")


def test_views_mark_answers_that_are_older_than_the_facts(record, record_path):
    with record.change("edit") as change:
        change.put("patients", {"patient_id": "P01", "note": "moved"})

    for view in ("current_status", "response_timeline", "remissions", "sum_of_diameters"):
        assert {row["stale"] for row in seen(record_path, f"SELECT stale FROM {view}")} == {"yes"}


def test_a_family_without_sums_has_none_in_the_view(record, record_path):
    with record.change("recompute") as change:
        change.put_answers("P01", [course(assessments=[assessment(FIRST, "SD", kind=STABLE)])])

    assert seen(record_path, "SELECT * FROM sum_of_diameters") == []
