"""The record as it was known earlier, redo, and forgetting a patient: nothing lost, and what must go is gone."""

import sqlite3
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from store_samples import BASELINE, exported, new_record, put_patient, put_story

from remtrack.store import FACT_TABLES, open_record

READING = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "L1"}


@pytest.fixture
def followed(typed):
    """P01 with a baseline of 42 mm, 28 mm typed as 82 first; P02 with a baseline alone. Seven changes."""
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    typed("add P01 2026-03-02 L1=82")
    typed('edit P01 2026-03-02 L1=28 --reason "two digits swapped"')
    typed("patient add P02")
    typed('add P02 2026-01-05 --target "L1 lung 40"')
    return typed


def rows_of(told):
    return [(row["patient_id"], row["date"], row["what"], row["reading"]) for row in told.rows]


def test_a_laboratory_value_stands_in_the_log_once_as_it_was_written(typed):
    typed("patient add A1 --criteria blood-aml-eln-2022 --started 2024-01-10")
    typed('add A1 2024-01-08 bm_blasts_pct=60% "anc=300 /uL" emd=no --visit screening')
    typed("edit A1 2024-01-08 bm_blasts_pct=61 --reason slip")
    corrected, added, begun = (row["rows"] for row in typed("log A1 --json").rows)

    assert corrected == ["A1 2024-01-08 bm_blasts_pct: 60 % -> 61"]
    assert set(added) == {
        "A1 2024-01-08: line 1, visit 2024-01-08, label screening",
        "A1 2024-01-08 anc: 300 /uL",
        "A1 2024-01-08 bm_blasts_pct: 60 %",
        "A1 2024-01-08 emd: no",
    }
    assert "A1 blood-aml-eln-2022 line 1: criteria added" in begun


def test_a_program_reads_before_and_after_of_a_correction_as_values(followed):
    row = next(row for row in followed("log P01 --json").rows if row["reason"] == "two digits swapped")

    assert [(fact["table"], fact["names"]["lesion_id"]) for fact in row["facts"]] == [("measurements", "L1")]
    (fact,) = row["facts"]
    assert (fact["before"]["longest_mm"], fact["after"]["longest_mm"]) == (82, 28)


# ------------------------------------------------------------------------------------- as it was known


def test_a_size_that_was_corrected_since_is_shown_as_it_was_known_then(followed):
    assert rows_of(followed('log P01 --at "change 3" --json'))[-1] == ("P01", "2026-03-02", "L1", "82.0 mm")
    assert rows_of(followed('log P01 --at "change 4" --json'))[-1] == ("P01", "2026-03-02", "L1", "28.0 mm")


def test_the_answer_is_that_of_the_readings_of_then(followed):
    def current(change):
        import json

        told = json.loads(followed(f'log P01 --at "change {change}" --json').out)
        return [row["current"] for row in told["answers"]]

    assert (current(2), current(3), current(4)) == ([""], ["PD"], ["PR"])


def test_a_day_means_its_end_and_before_the_first_change_there_was_nothing(followed):
    day = followed("log --head").out.split()[3]

    assert len(followed(f"log --at {day} --json").rows) == 3
    assert followed("log --at 2020-01-01 --json").rows == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('log --at "change 99"', 3),
        ('log P02 --at "change 4"', 3),
        ('log --at "31:99"', 2),
        ('log --at "2026-01-31 14:05+01:00"', 2),
        ("log --at nonsense", 2),
    ],
)
def test_a_moment_that_is_none_is_refused_with_what_to_type(followed, words, code):
    told = followed(words)

    assert told.code == code
    assert "hint: " in told.err


def test_when_is_meant_on_the_clock_of_whoever_typed_it(record_path):
    with new_record(record_path) as record:
        for hour, offset in ((9, 0), (10, 0)):
            at = datetime(2026, 1, 31, hour, offset, tzinfo=UTC)
            with record.change("add", at=at) as change:
                put_patient(change, f"P{hour}")
        first = record.change_list()[-1]
        shift = int(first["utc_offset"][:3])

        assert record.number_at(datetime.fromisoformat(f"2026-01-31 {9 + shift:02}:00")) == 1
        assert record.number_at(datetime.fromisoformat(f"2026-01-31 {8 + shift:02}:59")) == 0


def everything(record):
    """All facts, histories and changes, but the mark that has no history."""
    found = {}
    for table in FACT_TABLES.values():
        for name, columns in ((table.name, "changed_by"), (table.history, "changed_by, replaced_by")):
            sql = f"SELECT {', '.join(table.names)}, {columns} FROM {name} ORDER BY 1, 2, 3"  # noqa: S608 - the names are ours
            found[name] = record._connection.execute(sql).fetchall()
    found["changes"] = record._connection.execute("SELECT * FROM changes ORDER BY number").fetchall()
    return found


def test_every_earlier_state_is_rebuilt_to_the_row_and_passes_as_a_record(record_path):
    with new_record(record_path) as record:
        states = [everything(record)]

        def done(command, do, undoes=None):
            with record.change(command, undoes=undoes) as change:
                do(change)
            states.append(everything(record))

        done("add", put_story)
        done("edit", lambda change: change.put("measurements", {**READING, "longest_mm": Decimal(55)}))
        done("add", lambda change: put_story(change, "P02", (30, 20)))
        done("edit", lambda change: change.remove("measurements", READING))
        done("patient rename", lambda change: change.rename_patient("P01", "P09"))
        done("undo", lambda change: change.undo(5), undoes=5)
        done("undo", lambda change: change.undo(4), undoes=4)

        for number, state in enumerate(states):
            with record.known_at(number) as then:
                assert everything(then) == state
                assert then.verify() == []


# ------------------------------------------------------------------------------------------- redo


def test_redo_does_again_what_undo_took_back_and_undo_finds_it_again(followed):
    before = followed("export measurements").out
    followed("undo --yes")
    without = followed("export measurements").out
    followed("redo --yes")

    assert (followed("export measurements").out, without != before) == (before, True)
    followed("undo --yes")
    assert followed("export measurements").out == without


def test_with_nothing_taken_back_there_is_nothing_to_redo(followed):
    assert followed("redo --yes").code == 3
    followed("undo --yes")
    followed("redo --yes")
    assert followed("redo --yes").code == 3


def test_redo_of_a_change_that_is_no_undo_is_refused(followed):
    assert followed("redo 3 --yes").code == 3


# ------------------------------------------------------------------------------------------- head


def test_the_head_is_the_hash_of_the_last_change_and_moves_with_each(followed):
    first = followed("log --head").out.split()[0]
    followed("add P01 2026-04-06 L1=20")

    assert len(first) == 64
    assert followed("log --head").out.split()[0] != first
    assert followed("log --json").rows[0]["hash"] == followed("log --head").out.split()[0]


def test_an_empty_record_has_no_head(typed):
    typed("init")

    assert "no change yet" in typed("log --head").out


# ------------------------------------------------------------------------------------------ forget


def test_who_is_forgotten_is_in_no_byte_of_the_new_file_and_the_others_keep_their_history(followed, tmp_path):
    new = tmp_path / "without.db"
    told = followed("purge", "P01", "-o", str(new))

    assert told.code == 0
    assert new.stat().st_mode & 0o777 == 0o600
    assert all(word not in new.read_bytes() for word in (b"P01", b"liver", b"two digits swapped"))
    with open_record(new) as record:
        assert record.verify() == []
        assert {row["patient_id"] for row in record.rows("patients")} == {"P02"}
        last, *others = record.change_list()
        assert (last["command"], [row["command"] for row in others][-1]) == ("purge", "patient add")
        assert "begun anew without one patient" in last["reason"]


def test_whoever_is_forgotten_is_named_in_no_note_or_reason_of_others(followed, tmp_path):
    followed('edit P02 2026-01-05 --note "see p01, scans were mixed up; P01-2 was not"')
    followed("event P02 note 2026-02-01 --detail P01")
    followed('undo --yes --reason "that was of P01."')
    new = tmp_path / "without.db"
    told = followed("purge", "P01", "-o", str(new))

    assert "3 texts of others spoke of them by code" in told.err
    content = new.read_bytes().lower().replace(b"p01-2", b"")
    assert b"p01" not in content
    with open_record(new) as record:
        assert record.verify() == []
        (visit,) = record.rows("visits", patient_id="P02")
        assert visit["note"] == "see (patient taken out), scans were mixed up; P01-2 was not"


def test_whoever_was_entered_by_mistake_and_taken_back_can_be_forgotten_too(followed, tmp_path):
    followed('patient add GONE9 --note "another Ford"')
    followed("undo --yes")
    new = tmp_path / "without.db"

    assert followed("log GONE9 --json").rows[0]["command"] == "undo"
    assert followed("purge", "GONE9", "-o", str(new)).code == 0
    assert all(word not in new.read_bytes() for word in (b"GONE9", b"another Ford"))
    with open_record(new) as record:
        assert record.verify() == []
        assert {row["patient_id"] for row in record.rows("patients")} == {"P01", "P02"}


def test_a_code_that_was_given_up_is_not_forgotten_but_named(followed, tmp_path):
    followed("patient rename P01 P09")
    told = followed("purge", "P01", "-o", str(tmp_path / "new.db"))

    assert told.code == 3
    assert "that code was given up for P09" in told.err
    followed("undo --yes")
    told = followed("purge", "P09", "-o", str(tmp_path / "new.db"))
    assert told.code == 3
    assert "that code was given up for P01" in told.err
    assert followed("purge", "P01", "-o", str(tmp_path / "new.db")).code == 0
    assert b"P09" not in (tmp_path / "new.db").read_bytes()


def test_a_change_without_facts_cannot_be_taken_back(followed, tmp_path):
    new = tmp_path / "without.db"
    followed("purge", "P01", "-o", str(new))
    before = new.read_bytes()
    for number in (1, 7):  # theirs, and the purge itself
        told = followed("--db", str(new), "undo", str(number), "--yes")

        assert told.code == 4
        assert f"change {number} holds nothing to take back" in told.err
    assert new.read_bytes() == before


@pytest.mark.parametrize(("column", "value"), [("at_utc", "2024-0a-01T00:00:00Z"), ("utc_offset", "+01;00")])
def test_a_time_that_was_damaged_is_said_and_found(followed, record_path, column, value):
    """One flipped bit in it once ended in a failure of the program."""
    with sqlite3.connect(record_path) as plain:
        for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {name}")
        plain.execute("PRAGMA ignore_check_constraints = ON")
        plain.execute(f"UPDATE changes SET {column} = ? WHERE number = 2", (value,))  # noqa: S608
    for words in ("log", "log P01 --json", 'log --at "change 2"', "undo 2 --yes"):
        told = followed(words)

        assert told.code == 5, told
        assert "change 2 has no time that can be read" in told.err
    assert followed("check").code == 1


@pytest.mark.parametrize("words", ["--head --at 2026-01-01", "--head --last 1", "--head P01", "--last 0", "--last -3"])
def test_options_of_the_log_that_contradict_each_other_are_refused(followed, words):
    assert followed(f"log {words}").code == 2


def test_the_record_itself_is_not_touched(followed, tmp_path, record_path):
    before = record_path.read_bytes()
    followed("purge", "P01", "-o", str(tmp_path / "without.db"))

    assert record_path.read_bytes() == before


def test_a_file_that_is_there_is_never_written_over(followed, tmp_path):
    there = tmp_path / "there.db"
    there.write_text("mine")

    assert followed("purge", "P01", "-o", str(there)).code == 5
    assert there.read_text() == "mine"
    assert list(tmp_path.glob(".there*")) == []


def test_an_unknown_patient_cannot_be_forgotten(followed, tmp_path):
    assert followed("purge", "P77", "-o", str(tmp_path / "new.db")).code == 3
    assert not (tmp_path / "new.db").exists()


def test_the_others_are_byte_for_byte_what_they_would_be_without(record_path, tmp_path):
    with new_record(record_path) as record:
        with record.change("import") as change:
            put_story(change, "P01")
            put_story(change, "P02", (30, 20, 10))
        with record.change("edit") as change:
            change.put("patients", {"patient_id": "P01", "note": "x"})
            change.put("patients", {"patient_id": "P02", "note": "y"})
        record.write_without("P01", str(tmp_path / "new.db"), "ann")
    with new_record(tmp_path / "alone.db") as alone:
        with alone.change("import") as change:
            put_story(change, "P02", (30, 20, 10))
        with alone.change("edit") as change:
            change.put("patients", {"patient_id": "P02", "note": "y"})
        with open_record(tmp_path / "new.db") as record:
            assert exported(record) == exported(alone)


def test_a_patient_who_was_renamed_is_forgotten_under_every_code(record_path, tmp_path):
    with new_record(record_path) as record:
        with record.change("add") as change:
            put_story(change, "OLD-CODE")
        with record.change("patient rename") as change:
            change.rename_patient("OLD-CODE", "MIDDLE-CODE")
        with record.change("edit") as change:
            change.put("measurements", {**READING, "patient_id": "MIDDLE-CODE", "longest_mm": Decimal(1)})
        with record.change("patient rename") as change:
            change.rename_patient("MIDDLE-CODE", "NEW-CODE")
        record.write_without("NEW-CODE", str(tmp_path / "new.db"), "ann")

    assert b"-CODE" not in (tmp_path / "new.db").read_bytes()
    with open_record(tmp_path / "new.db") as record:
        assert record.verify() == []


def test_whoever_got_a_code_that_was_given_up_is_not_forgotten_with_its_first_owner(record_path, tmp_path):
    with new_record(record_path) as record:
        with record.change("add") as change:
            put_story(change, "P01")
        with record.change("patient rename") as change:
            change.rename_patient("P01", "P09")
        with record.change("add") as change:
            put_story(change, "P01", (11, 12))
        with record.change("edit") as change:
            change.put("measurements", {**READING, "longest_mm": Decimal(13)})
        record.write_without("P09", str(tmp_path / "new.db"), "ann")

    with open_record(tmp_path / "new.db") as record:
        assert [row["longest_mm"] for row in record.rows("measurements")] == [Decimal(13), Decimal(12)]
        assert len(record.change_told(4)["rows"]) == 1
        assert record.verify() == []


def test_patients_changed_together_are_not_taken_for_one_who_was_renamed(record_path, tmp_path):
    with new_record(record_path) as record:
        with record.change("import") as change:
            put_story(change, "P01")
            put_story(change, "P02")
        with record.change("import") as change:
            change.put("patients", {"patient_id": "P01", "note": "x"})
            change.put("patients", {"patient_id": "P02", "note": "y"})
        record.write_without("P01", str(tmp_path / "new.db"), "ann")

    with open_record(tmp_path / "new.db") as record:
        assert len(record.rows("measurements", patient_id="P02")) == 3
        assert record.rows("measurements", patient_id="P01") == []


def test_what_was_deleted_is_in_no_free_page(record_path, tmp_path):
    with new_record(record_path) as record:
        with record.change("import") as change:
            for number in range(60):
                put_story(change, f"SECRET-{number:03}")
            put_story(change, "P02")
        record.write_without("SECRET-030", str(tmp_path / "new.db"), "ann")
    with sqlite3.connect(tmp_path / "new.db") as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)

    assert b"SECRET-030" not in (tmp_path / "new.db").read_bytes()
    assert b"SECRET-031" in (tmp_path / "new.db").read_bytes()
