"""Changes: all or nothing, one after another, each with who, when, what before and after."""

# ruff: noqa: PT012 - what is refused is a whole change

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from store_samples import (
    BASELINE,
    FIRST,
    exported,
    facts_of,
    new_record,
    put_lesion,
    put_patient,
    put_story,
    put_visit,
)

from remtrack import __version__
from remtrack.criteria import FAMILIES
from remtrack.errors import NotFoundError, RecordError, RefusedError
from remtrack.store import FACT_TABLES, open_record

ROOT = Path(__file__).resolve().parent.parent
READING = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "L1"}


@pytest.fixture
def record(record_path):
    with new_record(record_path) as record:
        with record.change("add", who="ann") as change:
            put_story(change)
        yield record


def test_a_change_says_who_when_how_and_by_what(record):
    at = datetime(2026, 3, 10, 14, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with record.change(
        "import", who="ann", reason="late scans", file_name="a.csv", file_sha256="ab" * 32, at=at
    ) as change:
        put_story(change, "P02")
    told = record.changes(limit=1)[0]

    assert change.number == told["number"] == 2
    assert (told["who"], told["command"], told["reason"]) == ("ann", "import", "late scans")
    assert told["at_utc"] == "2026-03-10T09:00:15Z"
    assert (told["file_name"], told["file_sha256"], told["undoes"]) == ("a.csv", "ab" * 32, None)
    assert told["tool_version"] == __version__
    assert told["rules"] == {name: family.revision for name, family in FAMILIES.items()}


def test_a_change_keeps_the_offset_of_the_clock_it_was_made_by(record, monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        with record.change("add", at=datetime(2026, 1, 1, tzinfo=UTC)) as change:
            put_story(change, "P02")
    finally:
        monkeypatch.undo()
        time.tzset()
    told = record.changes(limit=1)[0]

    assert (told["at_utc"], told["utc_offset"]) == ("2026-01-01T00:00:00Z", "+14:00")


def test_a_row_is_added_then_the_same_then_changed(record):
    with record.change("edit") as change:
        said = [
            change.put("patients", {"patient_id": "P02", "disease": "lung"}),
            change.put("patients", {"patient_id": "P02", "disease": "lung"}),
            change.put("patients", {"patient_id": "P02", "disease": "liver"}),
        ]

    assert said == ["added", "same", "changed"]


def test_columns_that_are_not_given_keep_what_they_have(record):
    with record.change("edit") as change:
        change.put("lesions", {"patient_id": "P01", "lesion_id": "L1", "closed_on": FIRST})
    [lesion] = record.rows("lesions", patient_id="P01")

    assert (lesion["kind"], lesion["organ"], lesion["closed_on"]) == ("nonnodal", "liver", FIRST)


def test_a_reading_is_found_by_patient_date_reader_and_lesion(record):
    with record.change("edit") as change:
        said = change.put("measurements", {**READING, "longest_mm": Decimal("58.5")})
    reading = record.rows("measurements", **READING)[0]

    assert said == "changed"
    assert (reading["longest_mm"], reading["state"], reading["changed_by"]) == (Decimal("58.5"), "measured", 2)


def test_a_reading_may_name_another_lesion_and_forget_it_again(record):
    with record.change("edit") as change:
        put_lesion(change, "L1.1")
        put_visit(change, BASELINE, {"L1.1": 20})
        change.put("measurements", {**READING, "lesion_id": "L1.1", "state": "fragment_of", "other_id": "L1"})
    fragment = record.rows("measurements", patient_id="P01", lesion_id="L1.1")[0]
    with record.change("edit") as change:
        change.put("measurements", {**READING, "lesion_id": "L1.1", "state": "measured", "other_id": ""})
    whole = record.rows("measurements", patient_id="P01", lesion_id="L1.1")[0]

    assert (fragment["state"], fragment["other_id"]) == ("fragment_of", "L1")
    assert (whole["state"], whole["other_id"], whole["other_key"]) == ("measured", "", None)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({**READING, "lesion_id": "L9"}, 'no lesion "L9" of P01'),
        ({**READING, "visit_on": date(2020, 1, 1)}, "no visit of P01 on 2020-01-01"),
        ({**READING, "reader": "R1"}, "no visit of P01 on 2024-01-08 by reader R1"),
        ({**READING, "patient_id": "P09"}, "no visit of P09 on 2024-01-08"),
        ({**READING, "state": "merged_into", "other_id": "L9"}, 'no lesion "L9" of P01'),
    ],
)
def test_a_reading_of_what_is_not_recorded_is_not_found(record, row, what):
    with pytest.raises(NotFoundError) as caught, record.change("add") as change:
        change.put("measurements", row)

    assert caught.value.what == what


def test_a_visit_keeps_its_key_and_its_readings_when_its_date_is_corrected(record):
    [visit] = record.rows("visits", visit_on=FIRST)
    with record.change("edit") as change:
        said = change.put("visits", {"visit_key": visit["visit_key"], "visit_on": date(2024, 3, 12)})
    [reading] = record.rows("measurements", visit_on=date(2024, 3, 12))

    assert said == "changed"
    assert reading["longest_mm"] == Decimal(42)
    assert record.rows("visits", visit_on=FIRST) == []


def test_many_new_rows_are_written_as_they_come(record):
    with record.change("import") as change:
        first = change.next_key("visits")
        days = [date(2025, 1, 1) + timedelta(weeks=number) for number in range(10)]
        written = change.put_new(
            "visits", [(first + n, "P01", 1, day, "", f"V{n}", "", "") for n, day in enumerate(days)]
        )
        [lesion] = record.rows("lesions")
        change.put_new(
            "measurements",
            (
                (first + n, lesion["lesion_key"], Decimal("30.5"), None, "measured", None, "", "", "", None)
                for n in range(10)
            ),
        )

    assert written == 10
    assert [row["longest_mm"] for row in record.rows("measurements", patient_id="P01")[3:]] == [Decimal("30.5")] * 10


def test_one_new_row_that_cannot_be_taken_takes_all_of_them_back(record):
    before = exported(record)
    with pytest.raises(RefusedError), record.change("import") as change:
        change.put_new("patients", [("P02", "", ""), ("P03", "", ""), ("P02", "", "")])

    assert exported(record) == before
    assert len(record.changes()) == 1


def test_a_key_that_was_given_is_never_given_again(record):
    with record.change("import") as change:
        first = change.next_key("events")
        change.put_new("events", [(first, "P01", 1, FIRST, "therapy", "")])
    with record.change("undo", undoes=change.number) as undo:
        undo.undo(change.number)
    with record.change("import") as change:
        again = change.next_key("events")
        change.abandon()

    assert (first, again) == (1, 2)


def test_a_row_taken_out_leaves_the_live_table_and_stays_in_the_history(record, record_path):
    with record.change("edit") as change:
        said = [change.remove("measurements", READING), change.remove("measurements", READING)]
    with closing(sqlite3.connect(record_path)) as plain:
        [old] = plain.execute("SELECT longest_mm, changed_by, replaced_by FROM measurements_history")

    assert said == [True, False]
    assert record.rows("measurements", **READING) == []
    assert old == (60.0, 1, 2)


def test_a_row_that_others_hang_on_cannot_be_taken_out(record):
    with pytest.raises(RefusedError, match="refuses this") as caught, record.change("edit") as change:
        change.remove("visits", {"patient_id": "P01", "visit_on": BASELINE})

    assert caught.value.why == "it belongs to a row that is not there, or other rows still belong to it"


def test_what_a_change_wrote_and_replaced_itself_leaves_no_trace(record, record_path):
    with record.change("edit") as change:
        change.put("measurements", {**READING, "longest_mm": Decimal(1)})
        change.put("measurements", {**READING, "longest_mm": Decimal(2)})
    with closing(sqlite3.connect(record_path)) as plain:
        rows = plain.execute("SELECT longest_mm FROM measurements_history").fetchall()

    assert rows == [(60.0,)]
    assert record.verify() == []


def test_the_patients_touched_are_known_while_the_change_is_open(record):
    with record.change("edit") as change:
        put_story(change, "P02")
        put_story(change, "P03")
        assert change.touched == {"P02", "P03"}
        change.remove("measurements", READING)
        assert change.touched == {"P01", "P02", "P03"}


def test_a_patient_is_marked_by_the_last_change_that_touched_any_of_their_facts(record):
    with record.change("add") as change:
        put_story(change, "P02")
    with record.change("edit") as change:
        change.put("measurements", {**READING, "note": "read again"})

    assert {row["patient_id"]: row["last_change"] for row in record.rows("patients")} == {"P01": 3, "P02": 2}


def test_a_change_that_writes_nothing_leaves_no_change(record):
    with record.change("add") as change:
        put_story(change)

    assert change.number is None
    assert len(record.changes()) == 1


def test_an_abandoned_change_leaves_nothing(record):
    before = exported(record)
    with record.change("import") as change:
        put_story(change, "P02")
        assert record.has_patient("P02")
        change.abandon()

    assert change.number is None
    assert exported(record) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError, MemoryError])
def test_an_exception_inside_a_change_takes_it_back(record, record_path, error):
    before = record_path.read_bytes()
    with pytest.raises(error), record.change("import") as change:
        put_story(change, "P02")
        raise error

    assert change.number is None
    assert record_path.read_bytes() == before
    with record.change("add") as change:  # and the next one goes on as if nothing had been
        put_story(change, "P02")
    assert change.number == 2


INTERRUPTED = """
import sys
from remtrack.store import open_record
with open_record(sys.argv[1], write=True) as record, record.change("import") as change:
    number = 0
    while True:
        number += 1
        change.put("patients", {"patient_id": f"X{number}"})
        if number == 100:
            print("going", flush=True)
"""


def test_ctrl_c_leaves_the_file_as_it_was(record, record_path):
    before = record_path.read_bytes()
    running = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(record_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout.readline() == b"going\n"
    running.send_signal(signal.SIGINT)
    running.communicate()

    assert running.returncode != 0
    assert record_path.read_bytes() == before
    assert list(record_path.parent.iterdir()) == [record_path]


def test_a_full_disk_takes_the_change_back_and_names_the_file(record_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
    before = record_path.read_bytes()
    with open_record(record_path, write=True) as record:
        (pages,) = record._connection.execute("PRAGMA page_count").fetchone()
        record._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(RecordError, match="no room left") as caught, record.change("import") as change:
            change.put_new("patients", ((f"X{number:05}", "", "") for number in range(20_000)))

    assert str(record_path) in caught.value.what
    assert record_path.read_bytes() == before


WRITER = """
import sys
from remtrack.store import open_record
path, name = sys.argv[1:]
for number in range(50):
    with open_record(path, write=True) as record, record.change("add", who=name) as change:
        seen = len(record.rows("patients"))
        change.put("patients", {"patient_id": f"{name}{number:02}", "note": str(seen)})
"""


def test_two_programs_that_write_fifty_changes_each_lose_none(record_path):
    with new_record(record_path):
        pass
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(record_path), name], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for name in "AB"
    ]
    assert [one.wait() for one in running] == [0, 0]

    with open_record(record_path) as record:
        changes = record.changes()
        assert len(record.rows("patients")) == len(changes) == 100
        assert sorted(int(row["note"]) for row in record.rows("patients")) == list(range(100))
        assert [change["number"] for change in changes] == list(range(100, 0, -1))
        assert record.verify() == []


def test_facts_cannot_be_written_after_the_answers_of_the_same_change(record):
    with pytest.raises(RuntimeError, match="facts are written before"), record.change("edit") as change:
        change.put_answers("P01", ())
        change.put("measurements", {**READING, "longest_mm": Decimal(1)})


def test_only_one_change_is_open_at_a_time(record):
    with record.change("add") as change, pytest.raises(RuntimeError, match="open already"), record.change("add"):
        put_story(change, "P02")


@pytest.mark.parametrize("table", FACT_TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET changed_by = changed_by", "DELETE FROM {}"])
def test_another_program_cannot_change_or_delete_a_fact(record, record_path, table, statement):
    with record.change("add") as change:
        change.put(
            "results", {"patient_id": "P01", "visit_on": BASELINE, "test": "psa", "sampled_on": BASELINE, "value": 1}
        )
        change.put_new("events", [(1, "P01", 1, FIRST, "therapy", "")])
    before = facts_of(record)
    with (
        closing(sqlite3.connect(record_path)) as plain,
        pytest.raises(sqlite3.IntegrityError, match="changed with remtrack only"),
    ):
        plain.execute(statement.format(table))

    assert facts_of(record) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE changes SET who = 'eve'",
        "DELETE FROM changes",
        "UPDATE measurements_history SET longest_mm = 1",
        "DELETE FROM measurements_history",
        "UPDATE patients SET last_change = 99",
    ],
)
def test_another_program_cannot_rewrite_what_has_been(record, record_path, statement):
    with record.change("edit") as change:
        change.remove("measurements", READING)
    with (
        closing(sqlite3.connect(record_path)) as plain,
        pytest.raises(sqlite3.IntegrityError, match="changed with remtrack only"),
    ):
        plain.execute(statement)


def test_a_value_with_more_digits_than_can_be_kept_is_refused(record):
    with pytest.raises(RefusedError, match="cannot be kept exactly"), record.change("edit") as change:
        change.put("measurements", {**READING, "longest_mm": Decimal("32.12345678901234567")})


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1000"])
def test_a_size_that_is_none_is_refused(record, value):
    for size in (Decimal(value), float(value)):
        with pytest.raises(RefusedError), record.change("edit") as change:
            change.put("measurements", {**READING, "longest_mm": size})


def test_text_that_no_file_can_hold_is_refused(record):
    with pytest.raises(RefusedError), record.change("edit") as change:
        change.put("measurements", {**READING, "note": "\udce4"})


def test_a_patient_can_be_given_another_code_everywhere(record):
    before = exported(record)
    with record.change("patient rename") as change:
        change.rename_patient("P01", "P77")
        assert change.touched == {"P01", "P77"}

    renamed = {table: [("P77", *row[1:]) for row in rows] for table, rows in before.items()}
    assert exported(record) == renamed
    assert record.verify() == []


def test_a_patient_cannot_be_given_the_code_of_another(record):
    with record.change("add") as change:
        put_story(change, "P02")
    with pytest.raises(RefusedError, match="already a patient P02"), record.change("patient rename") as change:
        change.rename_patient("P01", "P02")


def test_the_log_tells_each_row_before_and_after_by_its_names(record):
    with record.change("edit", reason="typing slip") as change:
        change.put("measurements", {**READING, "longest_mm": Decimal(58)})
    told = record.changes(limit=1)[0]

    assert told["counts"] == {"measurements": {"added": 0, "changed": 1, "removed": 0}}
    [row] = told["rows"]
    assert row["names"] == {
        "patient_id": "P01", "line": 1, "visit_on": "2024-01-08", "reader": "", "label": "", "lesion_id": "L1",
    }  # fmt: skip
    assert (row["before"]["longest_mm"], row["after"]["longest_mm"]) == (60.0, 58.0)
    assert told["rows_left_out"] == 0


def test_the_log_tells_what_was_added_and_what_was_taken_out(record):
    with record.change("edit") as change:
        change.remove("measurements", READING)
        change.remove("visits", {"patient_id": "P01", "visit_on": BASELINE})
    removal, addition = record.changes()

    assert removal["counts"] == {
        "visits": {"added": 0, "changed": 0, "removed": 1},
        "measurements": {"added": 0, "changed": 0, "removed": 1},
    }
    assert [row["after"] for row in removal["rows"]] == [None, None]
    assert removal["rows"][1]["names"]["visit_on"] == "2024-01-08"  # though the visit itself is gone
    assert addition["counts"]["measurements"] == {"added": 3, "changed": 0, "removed": 0}
    assert {row["before"] is None for row in addition["rows"]} == {True}


def test_the_log_of_a_patient_has_only_their_changes_and_rows(record):
    with record.change("add") as change:
        put_story(change, "P02")
    with record.change("add") as change:
        put_patient(change, "P03")
        put_visit(change, date(2024, 8, 1), {"L1": 44}, "P01")

    assert [change["number"] for change in record.changes("P01")] == [3, 1]
    assert {row["names"]["patient_id"] for change in record.changes("P01") for row in change["rows"]} == {"P01"}


def test_the_log_leaves_out_rows_beyond_a_number_and_says_how_many(record):
    with record.change("import") as change:
        change.put_new("patients", ((f"X{number:03}", "", "") for number in range(150)))
    told = record.changes(limit=1)[0]

    assert (len(told["rows"]), told["rows_left_out"]) == (100, 50)
    assert told["counts"]["patients"]["added"] == 150
