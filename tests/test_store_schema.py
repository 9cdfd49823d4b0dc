"""What the file itself refuses, whoever writes to it; and that every file is laid out alike."""

# ruff: noqa: PT012 - what is refused is a whole change
# ruff: noqa: S608 - the tables named are our own

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st
from sqlite_utils import Database, Migrations
from store_samples import BASELINE, exported, new_record, put_story

from remtrack.errors import RefusedError
from remtrack.model import KINDS, ROLES, STATES
from remtrack.store import FACT_TABLES, open_record
from remtrack.store.migrations import STEPS, migrate
from remtrack.store.open import memory
from remtrack.store.schema import SCHEMA_VERSION


@pytest.fixture
def plain(record_path):
    """A record with one patient, opened as any program would, with a change open so that the triggers agree."""
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
    with closing(sqlite3.connect(record_path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


GOOD = {
    "patients": {"patient_id": "P02"},
    "lines": {"patient_id": "P01", "line": 2},
    "line_criteria": {"patient_id": "P01", "line": 1, "criteria": "irecist"},
    "visits": {"patient_id": "P01", "line": 1, "visit_on": "2025-01-01"},
    "lesions": {"patient_id": "P01", "lesion_id": "L2", "kind": "node"},
    "line_lesions": {"patient_id": "P01", "line": 1, "lesion_key": 1, "reader": "R1", "role": "target"},
    "measurements": {"visit_key": 3, "lesion_key": 1, "state": "measured", "longest_mm": 30.0},
    "results": {"visit_key": 1, "test": "psa", "sampled_on": "2024-01-08", "value": 1.5},
    "events": {"patient_id": "P01", "line": 1, "event_on": "2024-01-08", "event": "therapy"},
}


def insert(connection, table, row):
    row = {**row, "changed_by": 1} | ({"last_change": 1} if table == "patients" else {})
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()])


def refused(connection, table, row):
    connection.execute("SAVEPOINT here")
    try:
        insert(connection, table, row)
    except (sqlite3.IntegrityError, UnicodeEncodeError, OverflowError):
        return True
    finally:
        connection.execute("ROLLBACK TO here")
    return False


@pytest.fixture
def third_visit_bare(plain):
    """The third visit without its reading, so that one may be written."""
    plain.execute("BEGIN")
    plain.execute(
        "INSERT INTO changes (at_utc, utc_offset, command, tool_version, rules) "
        "VALUES ('2026-01-01T00:00:00Z', '', 'test', '', '{}')"
    )
    plain.execute("DELETE FROM measurements WHERE visit_key = 3")
    return plain


@pytest.mark.parametrize("table", FACT_TABLES)
def test_a_good_row_is_taken(third_visit_bare, table):
    assert not refused(third_visit_bare, table, GOOD[table])


BAD = [
    ("patients", {"patient_id": ""}),
    ("patients", {"patient_id": None}),
    ("patients", {"patient_id": "P01"}),
    ("patients", {"note": None}),
    ("lines", {"line": 0}),
    ("lines", {"line": "two"}),
    ("lines", {"patient_id": "P99"}),
    ("lines", {"started_on": "2025-02-30"}),
    ("lines", {"started_on": "soon"}),
    ("line_criteria", {"line": 7}),
    ("line_criteria", {"position": -1}),
    ("line_criteria", {"settings": "none"}),
    ("visits", {"visit_on": None}),
    ("visits", {"visit_on": "2025-1-1"}),
    ("visits", {"visit_on": "2025-01-01T00:00"}),
    ("visits", {"visit_on": "-4713-11-24"}),
    ("visits", {"visit_on": "0000-01-01"}),
    ("visits", {"visit_on": 2460000}),
    ("visits", {"visit_on": "now"}),
    ("visits", {"visit_on": "2024-01-08"}),
    ("visits", {"line": 2}),
    ("visits", {"reader": None}),
    ("lesions", {"kind": "nodal"}),
    ("lesions", {"lesion_id": "L1"}),
    ("lesions", {"closed_on": "2025-13-01"}),
    ("line_lesions", {"role": "Target"}),
    ("line_lesions", {"lesion_key": 99}),
    ("measurements", {"longest_mm": -0.1}),
    ("measurements", {"longest_mm": 1000.0}),
    ("measurements", {"longest_mm": float("inf")}),
    ("measurements", {"longest_mm": float("nan")}),
    ("measurements", {"longest_mm": "large"}),
    ("measurements", {"longest_mm": None}),
    ("measurements", {"short_mm": -1}),
    ("measurements", {"state": "gone"}),
    ("measurements", {"state": "fragment_of"}),
    ("measurements", {"other_key": 1}),
    ("measurements", {"state": "merged_into", "other_key": 1}),
    ("measurements", {"state": "merged_into", "other_key": 99}),
    ("measurements", {"visit_key": 99}),
    ("measurements", {"lesion_key": 99}),
    ("measurements", {"visit_key": 1}),
    ("measurements", {"measured_on": "2023-02-29"}),
    ("results", {"value": float("inf")}),
    ("results", {"value": float("nan")}),
    ("results", {"value": None}),
    ("results", {"sampled_on": None}),
    ("results", {"upper_limit": -1}),
    ("results", {"test": ""}),
    ("results", {"visit_key": 99}),
    ("events", {"event": ""}),
    ("events", {"event_on": "2024-02-30"}),
    ("events", {"line": 2}),
]


@pytest.mark.parametrize(("table", "change"), BAD)
def test_a_bad_row_is_refused_by_the_file_itself(third_visit_bare, table, change):
    assert refused(third_visit_bare, table, GOOD[table] | change)


telling = st.sampled_from(["", "2024-02-30", "2024-02-29", "0001-01-01", "now", "\udc80", "a\x00b"])
texts = st.text(max_size=12) | telling
values = st.one_of(
    texts,
    st.dates().map(date.isoformat),
    st.none(),
    st.floats(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([*STATES, *ROLES, *KINDS, 0, 1, 2, 3, -1, 999.9, 1000, 1e400, True]),
)


@st.composite
def rows(draw):
    table = FACT_TABLES[draw(st.sampled_from([*FACT_TABLES]))]
    columns = draw(st.lists(st.sampled_from(table.names), max_size=3, unique=True))
    return table.name, GOOD[table.name] | {column: draw(values) for column in columns}


@given(rows())
@example(("lines", GOOD["lines"] | {"regimen": "a\x00b"}))
@example(("visits", GOOD["visits"] | {"visit_on": "now"}))
def test_what_the_file_would_refuse_the_program_refuses_and_what_it_takes_comes_back_the_same(tmp_path_factory, drawn):
    table, row = drawn
    path = tmp_path_factory.mktemp("schema") / "record.db"
    with new_record(path) as record:
        with record.change("add") as change:
            put_story(change)
            change.remove("measurements", {"visit_key": 3, "lesion_key": 1})
        before = exported(record)
        try:
            with record.change("add") as change:
                change.put(table, row)
        except RefusedError:
            assert exported(record) == before
            return
        found = [
            stored
            for stored in record.rows(table)
            if stored["changed_by"] == 2 and all(same(stored[name], value) for name, value in row.items())
        ]
        assert len(found) == 1 or exported(record) == before
        assert record.verify() == []


def same(stored, given):
    if isinstance(stored, Decimal):
        return float(stored) == given
    if isinstance(stored, date):
        return stored.isoformat() == given
    if isinstance(stored, dict):
        return stored == ({} if given in (None, "{}") else given)
    return stored == given


@given(rows())
def test_many_rows_at_once_are_held_to_the_same_rules_as_one(tmp_path_factory, drawn):
    table, row = drawn
    folder = tmp_path_factory.mktemp("schema")
    outcomes = []
    for how in ("put", "put_new"):
        with new_record(folder / f"{how}.db") as record:
            with record.change("add") as change:
                put_story(change)
                change.remove("measurements", {"visit_key": 3, "lesion_key": 1})
            full = {column.name: empty(column) for column in FACT_TABLES[table].columns} | row
            own_key = FACT_TABLES[table].own_key
            try:
                with record.change("add") as change:
                    if own_key and own_key not in row:
                        full[own_key] = change.next_key(table)
                    if how == "put":
                        change.put(table, full)
                    else:
                        change.put_new(table, [tuple(full.values())])
            except RefusedError:
                outcomes.append(None)
            else:
                outcomes.append(exported(record))
    one, many = outcomes

    assert many is None or one == many  # a row that is there already is "same" to the one and refused by the other


def empty(column):
    return {"text": "", "settings": "{}"}.get(column.form, 0 if column.name == "position" else None)


def test_a_file_made_new_has_as_many_steps_as_this_version_knows(plain):
    assert plain.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert len(STEPS.applied(Database(plain, execute_plugins=False))) == SCHEMA_VERSION


def layout(connection):
    return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def later_steps():
    """The steps of this version and one that a later version might add."""
    steps = Migrations("remtrack")
    steps._migrations.extend(STEPS._migrations)

    @steps()
    def m002_ward(db):
        db["patients"].add_column("ward", str, not_null_default="")
        db["visits"].transform(defaults={"method": "CT"})  # which loses the table's triggers

    return steps


def test_a_file_that_was_migrated_is_laid_out_like_a_new_one(record_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
        before = exported(record)
    with open_record(record_path, write=True) as record:
        migrate(record._connection, later_steps())
        new = memory()
        migrate(new, later_steps())

        assert record._connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert layout(record._connection) == layout(new)
        assert record._connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)
        assert exported(record) == before
        new.close()


def test_migrating_twice_changes_nothing(record_path):
    with new_record(record_path) as record:
        before = layout(record._connection)
        migrate(record._connection)

        assert layout(record._connection) == before


def test_a_migration_that_fails_leaves_the_file_as_it_was(record_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
    before = record_path.read_bytes()
    steps = later_steps()

    @steps()
    def m003_breaks(db):
        db["patients"].drop()
        raise ValueError("half way")

    with open_record(record_path, write=True) as record, pytest.raises(ValueError, match="half way"):
        migrate(record._connection, steps)

    assert record_path.read_bytes() == before


def test_a_migration_that_would_leave_orphans_is_taken_back(record_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
    before = record_path.read_bytes()
    steps = later_steps()

    @steps()
    def m003_forgets(db):
        db.execute("DELETE FROM lines")

    with open_record(record_path, write=True) as record, pytest.raises(RuntimeError, match="belong to nothing"):
        migrate(record._connection, steps)

    assert record_path.read_bytes() == before


def test_views_and_triggers_use_nothing_that_an_untrusted_schema_may_not(record_path):
    with new_record(record_path) as record:
        for (view,) in record._connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
            assert record._connection.execute(f"SELECT * FROM {view}").fetchall() == []


def test_a_message_of_the_file_names_the_column_and_what_it_must_be(record_path):
    with (
        new_record(record_path) as record,
        pytest.raises(RefusedError) as caught,
        record.change("add") as change,
    ):
        put_story(change)
        change.put("measurements", {"patient_id": "P01", "visit_on": BASELINE, "lesion_id": "L1", "state": "gone"})

    assert caught.value.why == f"state is one of {', '.join(STATES)}"
