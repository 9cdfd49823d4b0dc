"""The check of the file: a sound record has nothing to say, and whatever was done to one is found."""

# ruff: noqa: S311 - the shuffling must be the same each time
# ruff: noqa: S608 - the tables named are our own

import random
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from store_samples import BASELINE, FIRST, SECOND, exported, new_record, put_story, put_visit

from remtrack.errors import RemtrackError
from remtrack.store import FACT_TABLES, open_record
from remtrack.verdict import Assessment, Course, Episode, Finding

FACTS = ("patients", "lines", "visits", "measurements", "results", "events")
ANSWER = Course(
    "P01", 1, "", "recist-1.1", (), BASELINE, Decimal(60), None,
    tuple(
        Assessment(
            on, "V", on, "PR", "PR", "partial", "partial", "overall-2", "it shrank", "Table 1",
            (Finding("target", "PR", "target-5", "sum 42", "4.3.1", ("L2",)),), ("L2",), ("look",), Decimal("42.5"),
            True, Decimal(60), Decimal(60), Decimal(-30), Decimal("Infinity"), Decimal(-18), Decimal(42),
            {"a": Decimal(1)},
        )
        for on in (FIRST, SECOND)
    ),
    (Episode("response", "PR", "partial", FIRST, SECOND, SECOND, None, "", 56, "yes", SECOND, None, (("PR", FIRST),)),),
    "PR", "PR", FIRST, SECOND, None, 56, True, 56, True, "PR", SECOND, (("partial_to_mm", Decimal(42)),), {"b": FIRST},
)  # fmt: skip
READING = {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "L1"}
#: The digest of `put_story` for a patient Zoë, as version 0.1.0 made it at first.
STORY_OF_ZOE = "0ecfb9f41c1f81a24b5e24221f23d29e7d1bdd9c5020b4a6813bbc354b112aa1"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A record with something in every table and every history."""
    path = tmp_path_factory.mktemp("verify") / "record.db"
    with new_record(path) as record:
        with record.change("add") as change:
            for name in ("P01", "P02"):
                put_story(change, name)
                result = {"patient_id": name, "visit_on": BASELINE, "test": "psa", "sampled_on": BASELINE}
                change.put("results", {**result, "value": 1})
                change.put("events", {"patient_id": name, "line": 1, "event_on": FIRST, "event": "therapy"})
        with record.change("edit", who="ann") as change:
            change.rename_patient("P02", "P03")
            change.put("measurements", {**READING, "note": "read again"})
            change.remove("results", {"patient_id": "P01", "visit_on": BASELINE, "test": "psa", "sampled_on": BASELINE})
        with record.change("undo", undoes=change.number) as undo:
            undo.undo(change.number)
        with record.change("add") as change:
            put_visit(change, BASELINE, {"L1": 59}, reader="R1")
            change.put_answers("P01", [ANSWER])
    return path


@pytest.fixture
def altered(sound, tmp_path):
    """Do something to a copy of the record as another program, without its triggers, and return what is found."""
    path = tmp_path / "record.db"
    shutil.copy(sound, path)

    def alter(*statements):
        with closing(sqlite3.connect(path)) as plain:
            triggers = plain.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _sql in triggers:
                plain.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                plain.execute(statement)
            for _name, sql in triggers:
                plain.execute(sql)
            plain.commit()
        with open_record(path) as record:
            return {(problem.rule, problem.what) for problem in record.verify()}

    return alter


def test_a_sound_record_has_nothing_to_say(sound):
    with open_record(sound) as record:
        assert record.verify() == []


def test_taking_the_triggers_out_and_putting_them_back_is_no_change(altered):
    assert altered() == set()


def test_a_row_that_another_program_added_is_found(altered):
    found = altered("INSERT INTO visits (patient_id, line, visit_on, changed_by) VALUES ('P01', 1, '2030-01-01', 2)")

    assert found == {("digest", "the rows of change 2 are not those that it wrote")}


def test_a_row_that_another_program_added_by_the_front_door_is_found(sound, tmp_path):
    path = tmp_path / "record.db"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("INSERT INTO patients (patient_id, changed_by, last_change) VALUES ('P66', 1, 1)")
        plain.commit()
    with open_record(path) as record:
        [problem] = record.verify()

    assert (problem.severity, problem.rule) == ("error", "digest")


@pytest.mark.parametrize("table", FACT_TABLES)
def test_a_row_that_was_deleted_is_found(altered, table):
    assert any(rule == "digest" for rule, _what in altered(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table.name, column.name)
        for table in FACT_TABLES.values()
        for column in table.columns
        if column.name not in table.key
    ],
)
def test_any_value_that_was_changed_is_found(altered, table, column):
    form = next(one.form for one in FACT_TABLES[table].columns if one.name == column)
    allowed = {
        "kind": "'CE'",
        "role": "'new'",
        "state": "'absent'",
        "line": "9",
        "other_key": "NULL",
        "patient_id": "'P01x'",
    }
    forms = {"text": "'x'", "day": "'1999-12-31'", "real": "7", "whole": "7", "settings": '\'{"a": "b"}\''}
    value = "7" if column == "other_key" else allowed.get(column, forms[form])
    key = ", ".join(FACT_TABLES[table].key)
    first = f"({key}) = (SELECT {key} FROM {table} LIMIT 1)"
    found = altered("PRAGMA ignore_check_constraints = ON", f"UPDATE {table} SET {column} = {value} WHERE {first}")

    assert any(rule == "digest" for rule, _what in found)


@pytest.mark.parametrize("table", FACT_TABLES)
def test_a_rewritten_history_is_found(altered, sound, table):
    with closing(sqlite3.connect(sound)) as plain:
        (rows,) = plain.execute(f"SELECT count(*) FROM {table}_history").fetchone()
    if rows:
        assert altered(f"DELETE FROM {table}_history")
        assert altered(f"UPDATE {table}_history SET replaced_by = replaced_by + 1")


@pytest.mark.parametrize(
    "column",
    ["at_utc", "utc_offset", "who", "command", "reason", "tool_version", "rules", "file_name", "digest", "undoes"],
)
def test_a_rewritten_change_is_found(altered, column):
    value = {"at_utc": "'2020-01-01T00:00:00Z'", "undoes": "1"}.get(column, "'forged'")
    found = altered(f"UPDATE changes SET {column} = {value} WHERE number = 2")

    assert ("chain", "change 2 is not as it was written") in found


def test_a_change_that_was_taken_out_is_found(altered):
    assert ("chain", "change 2 is missing from the record of changes") in altered(
        "DELETE FROM changes WHERE number = 2"
    )
    assert ("chain", "change 4 is missing from the record of changes") in altered(
        "DELETE FROM changes WHERE number = 4"
    )


def test_a_change_that_was_left_open_is_found_and_writing_refused(altered, tmp_path):
    found = altered(
        "INSERT INTO changes (at_utc, utc_offset, command, tool_version, rules) "
        "VALUES ('2026-01-01T00:00:00Z', '', 'x', '', '{}')"
    )
    assert ("chain", "change 5 was never closed") in found

    with (
        open_record(tmp_path / "record.db", write=True) as record,
        pytest.raises(RemtrackError, match="changed by another program"),
        record.change("add") as change,
    ):
        put_story(change, "P09")


def test_a_changed_layout_is_found(altered):
    found = altered("DROP VIEW remissions", "CREATE TABLE mine (a)", "DROP INDEX visits_by_line")

    assert found == {
        ("layout", "view remissions is missing from the file"),
        ("layout", "table mine is in the file, and remtrack did not make it"),
        ("layout", "index visits_by_line is missing from the file"),
    }


def test_a_missing_trigger_is_found(sound, tmp_path):
    path = tmp_path / "record.db"
    shutil.copy(sound, path)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("DROP TRIGGER measurements_removed")
    with open_record(path) as record:
        assert [problem.what for problem in record.verify()] == [
            "trigger measurements_removed is missing from the file"
        ]


def test_a_reading_that_joins_two_patients_is_found(altered):
    found = altered(
        "UPDATE measurements SET lesion_key = (SELECT lesion_key FROM lesions WHERE patient_id = 'P02') "
        "WHERE visit_key = 1"
    )

    assert ("mixed", "P01, 2024-01-08, has a lesion of another patient") in found


def everything(record):
    """All that can be read, by every way of reading; None where the record says that it cannot be."""
    ways = [record.histories, record.courses, record.changes, record.counts]
    ways += [partial(record.rows, table) for table in FACT_TABLES]
    ways += [partial(record.export_rows, table) for table in ("measurements", "events", "assessments", "episodes")]
    found = []
    for way in ways:
        try:
            told = way()
            found.append(told if isinstance(told, dict) else list(told))
        except RemtrackError:
            found.append(None)
    return found


def test_one_flipped_byte_never_ends_in_a_traceback_and_never_changes_a_fact_unnoticed(sound, tmp_path):
    whole = sound.read_bytes()
    # Most of the file is empty or index; the bytes that say something are worth most of the tries.
    telling = [place for place, byte in enumerate(whole) if byte]
    path = tmp_path / "record.db"
    with open_record(sound) as record:
        expected = exported(record)
    chance = random.Random(1)
    tally = Counter()
    for _ in range(300):
        place = chance.choice(telling)
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            with open_record(path) as record:
                problems = record.verify()
                everything(record)
                facts = None if problems else {table: [*record.export_rows(table)] for table in FACTS}
        except RemtrackError:
            tally["refused"] += 1
            continue
        assert facts in (None, {table: expected[table] for table in FACTS}), f"byte {place}, and nothing was said"
        tally["found" if problems else "harmless"] += 1

    assert tally.total() == 300
    assert tally["found"] > tally["harmless"]


def test_every_problem_is_a_sentence_a_person_can_read(altered):
    for _rule, what in altered("DELETE FROM visits WHERE visit_key = 1", "UPDATE changes SET who = 'eve'"):
        assert re.fullmatch(r"[^{}<>]{10,90}", what)


def test_what_seals_a_change_is_made_as_it_was_made_for_every_record_there_is(tmp_path):
    """Made otherwise, an honest record of an earlier version would look as if somebody had altered it."""
    with new_record(tmp_path / "record.db") as record:
        with record.change("add") as change:
            put_story(change, "Zoë")
        with record.change("edit") as edit:
            edit.put("measurements", {**READING, "patient_id": "Zoë", "longest_mm": Decimal("32.5")})
    with closing(sqlite3.connect(tmp_path / "record.db")) as plain:
        digests = dict(plain.execute("SELECT number, digest FROM changes"))
        readings = plain.execute("SELECT visit_key, lesion_key FROM measurements WHERE changed_by = 2").fetchall()

    ((visit, lesion),) = readings
    told = "".join(
        f'["{table}", "written"]{written}["{table}", "replaced"]{replaced}'
        for table, written, replaced in (
            (table, "", "")
            if table != "measurements"
            else (table, f'[[{visit}, {lesion}, 32.5, null, "measured", null, "", "", "", null]]',
                  f"[[{visit}, {lesion}, {change.number}]]")
            for table in FACT_TABLES
        )
    )  # fmt: skip
    assert digests[edit.number] == sha256(told.encode()).hexdigest()
    assert digests[change.number] == STORY_OF_ZOE


# --------------------------------------------------------------------------------------- earlier versions

GOLDEN = Path(__file__).parent / "golden" / "record-0.1.0.sql"


def test_a_record_of_an_earlier_version_is_sound_and_ends_in_the_hash_it_had(typed, record_path):
    """Whoever changes how a change is sealed must change `user_version`, too: this file is never made anew."""
    with closing(sqlite3.connect(record_path)) as plain:
        plain.executescript(GOLDEN.read_text(encoding="utf-8"))
        (kept,) = plain.execute("SELECT hash FROM changes ORDER BY number DESC LIMIT 1").fetchone()
    record_path.chmod(0o600)

    with open_record(record_path) as record:
        assert record.verify() == []
        assert record.change_list()[0]["hash"] == kept
    assert typed("log --head").out.split()[0] == kept
    assert typed("check").code == 0
    assert typed("backup").code == 0
    assert typed("undo --yes").code == 0
    assert typed("check").code == 0


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("line_lesions", "role", "tarGet"), ("lesions", "kind", "nOnnodal"), ("measurements", "state", "mea3ured")],
)
def test_a_word_that_is_none_is_judged_by_nobody(typed, record_path, table, column, value):
    """One flipped bit in the role of a lesion once ended in a failure of the program."""
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    with closing(sqlite3.connect(record_path)) as plain:
        for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {name}")
        plain.execute("PRAGMA ignore_check_constraints = ON")
        plain.execute(f"UPDATE {table} SET {column} = ?", (value,))
        plain.commit()
    for words in ('log --at "change 2"', "status P01 --as-of 2026-06-01", "explain P01 2026-01-05", "recompute"):
        told = typed(words)

        assert told.code == 5, (words, told)
        assert "is damaged" in told.err
        assert value in told.err
    assert typed("check").code == 1
