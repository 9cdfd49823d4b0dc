"""The rows of the exports: the exact columns and words that other programs rely on."""

# ruff: noqa: S311 - the shuffling must be the same each time

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from store_samples import (
    BASELINE,
    FIRST,
    SECOND,
    exported,
    new_record,
    put_lesion,
    put_patient,
    put_story,
    put_visit,
)

from remtrack.store.exports import HEADERS
from remtrack.verdict import Assessment, Course, Episode, Finding


@pytest.fixture
def record(record_path):
    with new_record(record_path) as record:
        yield record


def rows(record, table, *names):
    return [dict(zip(HEADERS[table], row, strict=True)) for row in record.export_rows(table, names or None)]


def test_the_columns_are_those_of_the_contract():
    assert {table: ", ".join(columns) for table, columns in HEADERS.items()} == {
        "patients": "patient_id, disease, criteria, note",
        "lines": "patient_id, line, criteria, regimen, started_on, stopped_on, baseline_on, settings",
        "visits": "patient_id, line, visit, date, method, reader, note",
        "measurements": "patient_id, line, visit, date, lesion_id, role, kind, organ, site, longest_mm, short_mm, "
        "state, reason, method, reader, note",
        "results": "patient_id, line, visit, date, test, value, unit, upper_limit, reader, note",
        "events": "patient_id, line, date, event, detail",
        "assessments": "patient_id, line, reader, criteria, visit, date, target, nontarget, new_lesion, overall, "
        "reported, sum_mm, sum_complete, baseline_sum_mm, nadir_sum_mm, change_from_baseline_pct, "
        "change_from_nadir_pct, change_from_nadir_mm, rule, because, source, extra",
        "episodes": "patient_id, line, reader, criteria, word, category, began_on, confirmed_on, last_seen_on, "
        "ended_on, ended_by, days, lasted_month, lasted_on, settles_on",
        "courses": "patient_id, line, reader, criteria, best_response, best_response_unconfirmed, response_start, "
        "confirmed_on, progression_on, dor_days, dor_censored, pfs_days, pfs_censored, current, current_on",
    }


def test_patients_name_the_headline_of_their_first_line(record):
    with record.change("add") as change:
        put_patient(change, disease="lung", note="a, b")
        change.put("line_criteria", {"patient_id": "P01", "line": 1, "criteria": "a-marker", "position": 1})
        change.put("patients", {"patient_id": "P02"})

    assert list(record.export_rows("patients")) == [("P01", "lung", "recist-1.1", "a, b"), ("P02", "", "", "")]


def test_lines_have_a_row_a_family_with_its_settings(record):
    with record.change("add") as change:
        put_patient(change, baseline_on=BASELINE)
        names = {"patient_id": "P01", "line": 1}
        change.put("lines", {**names, "regimen": "A+B", "stopped_on": date(2024, 6, 1)})
        change.put("line_criteria", {**names, "criteria": "a-marker", "position": 1})
        change.put(
            "line_criteria", {**names, "criteria": "recist-1.1", "settings": {"uln": "35", "confirm_days": "35"}}
        )
        change.put("lines", {"patient_id": "P01", "line": 2})
    dates = ("2024-01-15", "2024-06-01", "2024-01-08")

    assert list(record.export_rows("lines")) == [
        ("P01", "1", "recist-1.1", "A+B", *dates, "confirm_days=35;uln=35"),
        ("P01", "1", "a-marker", "A+B", *dates, ""),
        ("P01", "2", "", "", "", "", "", ""),
    ]


def test_measurements_have_a_row_a_reading(record):
    with record.change("add") as change:
        put_patient(change)
        put_lesion(change, "L1", organ="liver", site="left")
        put_lesion(change, "G1", kind="node")
        put_visit(change, BASELINE, {"L1": 32}, label="BL", method="CT")
        names = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "G1", "measured_on": BASELINE + timedelta(1)}
        sizes = {"longest_mm": Decimal("21.50"), "short_mm": Decimal(0)}
        change.put("measurements", {**names, **sizes, "state": "measured", "method": "MRI", "note": "by hand"})

    assert list(record.export_rows("measurements")) == [
        (
            "P01",
            "1",
            "BL",
            "2024-01-09",
            "G1",
            "target",
            "node",
            "",
            "",
            "21.5",
            "0",
            "measured",
            "",
            "MRI",
            "",
            "by hand",
        ),
        (
            "P01",
            "1",
            "BL",
            "2024-01-08",
            "L1",
            "target",
            "nonnodal",
            "liver",
            "left",
            "32",
            "",
            "measured",
            "",
            "",
            "",
            "",
        ),
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [("32", "32"), ("32.0", "32"), ("32.50", "32.5"), ("100", "100"), ("0.1", "0.1"), ("0", "0"), ("7e-5", "0.00007")],
)
def test_numbers_are_decimals_without_needless_zeros(record, size, text):
    with record.change("add") as change:
        put_story(change, sizes=(Decimal(size),))

    assert rows(record, "measurements")[0]["longest_mm"] == text


def test_fragments_and_merged_lesions_name_the_other(record):
    with record.change("add") as change:
        put_story(change, sizes=(30,))
        for lesion_id, state in (("L1.1", "fragment_of"), ("L2", "merged_into")):
            put_lesion(change, lesion_id)
            names = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": lesion_id}
            change.put("measurements", {**names, "state": state, "other_id": "L1"})

    assert [row["state"] for row in rows(record, "measurements")] == ["measured", "fragment_of:L1", "merged_into:L1"]


def test_a_visit_that_is_also_a_later_baseline_stands_under_both_lines_with_each_lines_roles(record):
    with record.change("add") as change:
        put_story(change, sizes=(30, 60))
        put_lesion(change, "N1", role="new")
        put_lesion(change, "X1", role="nontarget")
        put_visit(change, FIRST, {"N1": "unequivocal", "X1": "present"})
        put_patient(change, line=2, baseline_on=FIRST)
        put_lesion(change, "L1", line=2)
        put_lesion(change, "N1", line=2, role="target")
        put_visit(change, SECOND, {"L1": 50}, line=2)
        put_visit(change, FIRST, {"L1": 61}, reader="R1")

    names = ("line", "reader", "date", "lesion_id", "role")
    assert [tuple(row[name] for name in names) for row in rows(record, "measurements")] == [
        ("1", "", "2024-01-08", "L1", "target"),
        ("1", "", "2024-03-11", "L1", "target"),
        ("1", "", "2024-03-11", "N1", "new"),
        ("1", "", "2024-03-11", "X1", "nontarget"),
        ("1", "R1", "2024-03-11", "L1", ""),
        ("2", "", "2024-03-11", "L1", "target"),
        ("2", "", "2024-03-11", "N1", "target"),
        ("2", "", "2024-05-06", "L1", "target"),
    ]  # fmt: skip
    assert [(row["line"], row["reader"], row["date"]) for row in rows(record, "visits")] == [
        ("1", "", "2024-01-08"),
        ("1", "", "2024-03-11"),
        ("1", "R1", "2024-03-11"),
        ("2", "", "2024-05-06"),
    ]


def test_results_are_written_as_they_were_printed_else_as_numbers(record):
    with record.change("add") as change:
        put_story(change, sizes=(30,))
        names = {"patient_id": "P01", "visit_on": BASELINE, "sampled_on": BASELINE - timedelta(2)}
        change.put("results", {**names, "test": "psa", "value": Decimal("0.1"), "text": "<0.1", "unit": "ng/mL"})
        change.put("results", {**names, "test": "anc", "value": Decimal("1.50"), "upper_limit": Decimal("7.0")})
        change.put("results", {**names, "test": "emd", "text": "no", "note": "n"})

    assert list(record.export_rows("results")) == [
        ("P01", "1", "", "2024-01-06", "anc", "1.5", "", "7", "", ""),
        ("P01", "1", "", "2024-01-06", "emd", "no", "", "", "", "n"),
        ("P01", "1", "", "2024-01-06", "psa", "<0.1", "ng/mL", "", "", ""),
    ]


def test_two_events_of_a_kind_on_one_day_are_two(record):
    with record.change("add") as change:
        put_patient(change)
        first = change.next_key("events")
        change.put_new("events", [(first + n, "P01", 1, FIRST, "local_therapy", "L1") for n in range(2)])

    assert list(record.export_rows("events")) == [("P01", "1", "2024-03-11", "local_therapy", "L1")] * 2


def assessment(on=FIRST, **values):
    known = {
        "visit_on": on, "visit": "V1", "dated_on": on, "overall": "PR", "reported": "PR", "kind": "partial",
        "reported_kind": "partial", "rule": "overall-2", "because": "it shrank", "source": "Eisenhauer 2009, Table 1",
    }  # fmt: skip
    return Assessment(**known | values)


def answered(record, *assessments, episodes=(), **values):
    known = {
        "patient_id": "P01", "line": 1, "reader": "", "criteria": "recist-1.1", "settings": (),
        "baseline_on": BASELINE, "baseline_value": None, "nadir_on": None, "assessments": assessments,
        "episodes": tuple(episodes), "best_response": "PR", "best_response_unconfirmed": "CR",
        "response_start": FIRST, "confirmed_on": None, "progression_on": None, "dor_days": 56, "dor_censored": True,
        "pfs_days": None, "pfs_censored": None, "current": "PR", "current_on": SECOND,
    }  # fmt: skip
    with record.change("add") as change:
        put_patient(change)
        change.put_answers("P01", [Course(**known | values)])


def test_assessments_have_a_row_a_visit(record):
    answered(
        record,
        assessment(
            findings=(Finding("target", "PR", "t", "", ""), Finding("new_lesion", "no", "n", "", "")),
            sum_mm=Decimal("42.0"), sum_complete=True, baseline_sum_mm=Decimal(60), nadir_sum_mm=Decimal("60.0"),
            change_from_baseline_pct=Decimal(-30), change_from_nadir_pct=Decimal("-29.95"),
            change_from_nadir_mm=Decimal("-18.0"), extra={"ratio": Decimal("1.50"), "on": FIRST, "b": ("x", 1)},
        ),
    )  # fmt: skip

    assert list(record.export_rows("assessments")) == [
        (
            "P01", "1", "", "recist-1.1", "V1", "2024-03-11", "PR", "NA", "no", "PR", "PR", "42", "yes", "60", "60",
            "-30.0", "-30.0", "-18", "overall-2", "it shrank", "Eisenhauer 2009, Table 1",
            '{"b": ["x", 1], "on": "2024-03-11", "ratio": "1.50"}',
        )
    ]  # fmt: skip


def test_an_assessment_without_sums_leaves_those_columns_empty(record):
    answered(record, assessment(sum_complete=False))
    [row] = rows(record, "assessments")

    assert row["sum_complete"] == "no"
    assert {row[name] for name in HEADERS["assessments"] if "sum_mm" in name or "change_" in name} == {""}
    assert (row["target"], row["nontarget"], row["new_lesion"], row["extra"]) == ("NA", "NA", "NA", "")


@pytest.mark.parametrize(
    ("pct", "text"),
    [
        ("12.25", "12.3"), ("-12.25", "-12.3"), ("12.24999", "12.2"), ("0.05", "0.1"), ("-0.05", "-0.1"),
        ("-0.04", "0.0"), ("0", "0.0"), ("-100", "-100.0"), ("Infinity", "inf"), ("1E+2", "100.0"),
    ],
)  # fmt: skip
def test_percentages_have_one_decimal_rounded_half_away_from_zero(record, pct, text):
    answered(record, assessment(change_from_nadir_pct=Decimal(pct)))

    assert rows(record, "assessments")[0]["change_from_nadir_pct"] == text


def test_episodes_and_courses_have_a_row_each(record):
    episodes = [
        Episode("response", "PR", "partial", FIRST, SECOND, SECOND, None, "", 56, "yes", SECOND, None),
        Episode(
            "response", "CR", "complete", SECOND, None, SECOND, SECOND, "death", 0, "not yet", None, date(2024, 6, 3)
        ),
    ]
    answered(record, episodes=episodes)

    assert list(record.export_rows("episodes")) == [
        ("P01", "1", "", "recist-1.1", "response", "PR", "2024-03-11", "2024-05-06", "2024-05-06", "", "", "56", "yes",
         "2024-05-06", ""),
        ("P01", "1", "", "recist-1.1", "response", "CR", "2024-05-06", "", "2024-05-06", "2024-05-06", "death", "0",
         "not yet", "", "2024-06-03"),
    ]  # fmt: skip
    assert list(record.export_rows("courses")) == [
        ("P01", "1", "", "recist-1.1", "PR", "CR", "2024-03-11", "", "", "56", "yes", "", "", "PR", "2024-05-06")
    ]


def test_an_export_is_the_same_whatever_the_order_of_entry(tmp_path):
    def enter(path, seed):
        order = random.Random(seed)
        with new_record(path) as record:
            with record.change("add") as change:
                for patient in order.sample(["P1", "P10", "P2"], 3):
                    put_patient(change, patient)
            steps = [
                (patient, day, reader)
                for patient in ("P1", "P2", "P10")
                for day in (BASELINE, FIRST, SECOND)
                for reader in ("", "R1")
            ]
            for patient, day, reader in order.sample(steps, len(steps)):
                with record.change("add") as change:
                    for lesion in order.sample(["L1", "L10", "L2"], 3):
                        put_lesion(change, lesion, patient, reader=reader)
                        put_visit(change, day, {lesion: 30}, patient, reader=reader)
                    event = {"patient_id": patient, "line": 1, "event_on": day, "event": "therapy", "detail": reader}
                    change.put("events", event)
            return exported(record)

    assert enter(tmp_path / "1.db", 1) == enter(tmp_path / "2.db", 2)


def test_an_export_of_some_patients_is_their_part_of_the_whole(record):
    with record.change("add") as change:
        for name in ("P01", "P02", "P03"):
            put_story(change, name)
    some = rows(record, "measurements", "P03", "P01", "P03", "nobody")

    assert some == [row for row in rows(record, "measurements") if row["patient_id"] != "P02"]
    assert rows(record, "visits", "P02") == [row for row in rows(record, "visits") if row["patient_id"] == "P02"]
