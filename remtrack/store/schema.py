"""
What the file looks like: every table, trigger, index and view, as SQL made from lists of columns.

Nothing here is run; `migrations` does that. A fact table, its `_history` twin and its triggers come
from one list. Functions in triggers and views are only those that SQLite runs with
`trusted_schema=off` (no JSON, nothing of Python's), so that the file works in any SQLite tool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..model import KINDS, ROLES, STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

APPLICATION_ID = int.from_bytes(b"RTRK", "big")
#: How many steps of `migrations` this version knows; the file's `user_version`.
SCHEMA_VERSION = 1

_TEXT = "TEXT NOT NULL DEFAULT ''"
_LOCKED = "this record is changed with remtrack only"


class Column(NamedTuple):
    """One column: `form` says how its values look outside SQL (text, day, real, whole, settings)."""

    name: str
    form: str
    sql: str


class FactTable(NamedTuple):
    """
    One table of facts.

    `key` is the primary key, `called` the columns by which a person would name a row, `parents`
    the rows it hangs on as (columns, table, columns). `mark` is a column that has no history.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    called: tuple[str, ...]
    parents: tuple[tuple[str, str, str], ...] = ()
    checks: tuple[str, ...] = ()
    mark: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that hold facts, in order, without `changed_by`."""
        return tuple(column.name for column in self.columns)

    @property
    def own_key(self) -> str:
        """The column that numbers the rows, "" where they are known by their names alone."""
        return self.key[0] if self.key != self.called else ""

    @property
    def history(self) -> str:
        return f"{self.name}_history"


def _must(sentence: str, check: str) -> str:
    """A CHECK with the sentence that SQLite says when it fails."""
    return f'CONSTRAINT "{sentence}" CHECK ({check})'


def _text(name: str) -> Column:
    return Column(name, "text", _TEXT)


def _name(name: str) -> Column:
    return Column(name, "text", "TEXT NOT NULL " + _must(f"{name} is not empty", f"{name} <> ''"))


def _one_of(name: str, words: Iterable[str]) -> Column:
    # Spelled with OR: SQLite builds a table anew for each row of an `IN (list)`, and an import took twice as long.
    words = tuple(words)
    known = " OR ".join(f"{name} = '{word}'" for word in words)
    return Column(name, "text", "TEXT NOT NULL " + _must(f"{name} is one of {', '.join(words)}", known))


def _day(name: str, *, known: bool = False) -> Column:
    # Plain date(x) lets 30 February pass. The ends are those of Python's calendar, and come first: they keep out "now".
    check = f"{name} BETWEEN '0001-01-01' AND '9999-12-31' AND {name} IS date({name}, '+0 days')"
    return Column(name, "day", f"TEXT {'NOT NULL ' if known else ''}" + _must(f"{name} is a day, YYYY-MM-DD", check))


def _mm(name: str) -> Column:
    return Column(name, "real", "REAL " + _must(f"{name} is from 0 to under 1000", f"{name} >= 0 AND {name} < 1000"))


def _line() -> Column:
    return Column("line", "whole", "INTEGER NOT NULL " + _must("line is 1 or more", "line >= 1"))


def _whole(name: str, sql: str = "INTEGER NOT NULL") -> Column:
    return Column(name, "whole", sql)


_OF_PATIENT = ("patient_id", "patients", "patient_id")
_OF_LINE = ("patient_id, line", "lines", "patient_id, line")
_OF_VISIT = ("visit_key", "visits", "visit_key")
_OF_LESION = ("lesion_key", "lesions", "lesion_key")

#: The fact tables by name, parents before children.
FACT_TABLES: dict[str, FactTable] = {
    table.name: table
    for table in (
        FactTable(
            "patients",
            (_name("patient_id"), _text("disease"), _text("note")),
            key=("patient_id",),
            called=("patient_id",),
            mark="last_change",
        ),
        FactTable(
            "lines",
            (
                _name("patient_id"),
                _line(),
                _text("regimen"),
                _day("started_on"),
                _day("stopped_on"),
                _day("baseline_on"),
            ),
            key=("patient_id", "line"),
            called=("patient_id", "line"),
            parents=(_OF_PATIENT,),
        ),
        FactTable(
            "line_criteria",
            (
                _name("patient_id"),
                _line(),
                _name("criteria"),
                _whole("position", "INTEGER NOT NULL DEFAULT 0 CHECK (position >= 0)"),
                Column("settings", "settings", "TEXT NOT NULL DEFAULT '{}' CHECK (settings LIKE '{%}')"),
            ),
            key=("patient_id", "line", "criteria"),
            called=("patient_id", "line", "criteria"),
            parents=(_OF_LINE,),
        ),
        FactTable(
            "visits",
            (
                _whole("visit_key", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                _name("patient_id"),
                _line(),
                _day("visit_on", known=True),
                _text("reader"),
                _text("label"),
                _text("method"),
                _text("note"),
            ),
            key=("visit_key",),
            called=("patient_id", "visit_on", "reader"),
            parents=(_OF_LINE,),
        ),
        FactTable(
            "lesions",
            (
                _whole("lesion_key", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                _name("patient_id"),
                _name("lesion_id"),
                _one_of("kind", KINDS),
                _text("organ"),
                _text("site"),
                _day("closed_on"),
            ),
            key=("lesion_key",),
            called=("patient_id", "lesion_id"),
            parents=(_OF_PATIENT,),
        ),
        FactTable(
            "line_lesions",
            (_name("patient_id"), _line(), _whole("lesion_key"), _text("reader"), _one_of("role", ROLES)),
            key=("patient_id", "line", "lesion_key", "reader"),
            called=("patient_id", "line", "lesion_key", "reader"),
            parents=(_OF_LINE, _OF_LESION),
        ),
        FactTable(
            "measurements",
            (
                _whole("visit_key"),
                _whole("lesion_key"),
                _mm("longest_mm"),
                _mm("short_mm"),
                _one_of("state", STATES),
                _whole("other_key", "INTEGER"),
                _text("method"),
                _text("reason"),
                _text("note"),
                _day("measured_on"),
            ),
            key=("visit_key", "lesion_key"),
            called=("visit_key", "lesion_key"),
            parents=(_OF_VISIT, _OF_LESION, ("other_key", "lesions", "lesion_key")),
            checks=(
                _must(
                    "fragment_of and merged_into name another lesion, no other state does",
                    "(state = 'fragment_of' OR state = 'merged_into') = (other_key IS NOT NULL)",
                ),
                _must("the other lesion is another one", "other_key <> lesion_key"),
                # Also keeps out NaN, which SQLite would store as "not measured".
                _must(
                    "what is measured has a size",
                    "state <> 'measured' OR longest_mm IS NOT NULL OR short_mm IS NOT NULL",
                ),
            ),
        ),
        FactTable(
            "results",
            (
                _whole("visit_key"),
                _name("test"),
                _day("sampled_on", known=True),
                Column("value", "real", "REAL " + _must("value is a number", "abs(value) < 1e300")),
                _text("text"),
                _text("unit"),
                Column(
                    "upper_limit",
                    "real",
                    "REAL " + _must("upper_limit is 0 or more", "upper_limit >= 0 AND upper_limit < 1e300"),
                ),
                _text("note"),
            ),
            key=("visit_key", "test", "sampled_on"),
            called=("visit_key", "test", "sampled_on"),
            parents=(_OF_VISIT,),
            checks=(_must("a result has a value or a text", "value IS NOT NULL OR text <> ''"),),
        ),
        FactTable(
            "events",
            (
                _whole("event_key", "INTEGER PRIMARY KEY AUTOINCREMENT"),
                _name("patient_id"),
                _line(),
                _day("event_on", known=True),
                _name("event"),
                _text("detail"),
            ),
            key=("event_key",),
            called=("patient_id", "line", "event_on", "event", "detail"),
            parents=(_OF_LINE,),
        ),
    )
}

#: A change's own columns, in the order in which its hash covers them.
CHANGE_COLUMNS = (
    "number",
    "at_utc",
    "utc_offset",
    "who",
    "command",
    "reason",
    "tool_version",
    "rules",
    "file_name",
    "file_sha256",
    "undoes",
    "digest",
    "previous_hash",
)

_COURSE_KEY = "patient_id TEXT NOT NULL, line INTEGER NOT NULL, reader TEXT NOT NULL, criteria TEXT NOT NULL"
_STAMP = (
    "facts_change INTEGER NOT NULL, revision INTEGER NOT NULL, "
    "FOREIGN KEY (patient_id) REFERENCES patients (patient_id) ON UPDATE CASCADE ON DELETE CASCADE"
)

#: The answers: numbers are exact decimals as text, lists and side scales JSON, "" where there are none.
ANSWER_TABLES: dict[str, str] = {
    "courses": f"""{_COURSE_KEY}, position INTEGER NOT NULL, settings TEXT NOT NULL,
        baseline_on TEXT, baseline_value TEXT, nadir_on TEXT,
        best_response TEXT NOT NULL, best_response_unconfirmed TEXT NOT NULL,
        response_start TEXT, confirmed_on TEXT, progression_on TEXT,
        dor_days INTEGER, dor_censored INTEGER, pfs_days INTEGER, pfs_censored INTEGER,
        current TEXT NOT NULL, current_on TEXT, thresholds TEXT NOT NULL, extra TEXT NOT NULL, {_STAMP},
        PRIMARY KEY (patient_id, line, reader, criteria)""",
    "assessments": f"""{_COURSE_KEY}, visit_on TEXT NOT NULL, visit TEXT NOT NULL, dated_on TEXT NOT NULL,
        target TEXT NOT NULL, nontarget TEXT NOT NULL, new_lesion TEXT NOT NULL,
        overall TEXT NOT NULL, reported TEXT NOT NULL, kind TEXT NOT NULL, reported_kind TEXT NOT NULL,
        sum_mm TEXT, sum_complete INTEGER, baseline_sum_mm TEXT, nadir_sum_mm TEXT,
        change_from_baseline_pct TEXT, change_from_nadir_pct TEXT, change_from_nadir_mm TEXT, value TEXT,
        rule TEXT NOT NULL, because TEXT NOT NULL, source TEXT NOT NULL,
        findings TEXT NOT NULL, undecided TEXT NOT NULL, flags TEXT NOT NULL, extra TEXT NOT NULL, {_STAMP},
        PRIMARY KEY (patient_id, line, reader, criteria, visit_on)""",
    "episodes": f"""{_COURSE_KEY}, position INTEGER NOT NULL, word TEXT NOT NULL, category TEXT NOT NULL,
        kind TEXT NOT NULL, began_on TEXT NOT NULL, confirmed_on TEXT, last_seen_on TEXT NOT NULL,
        ended_on TEXT, ended_by TEXT NOT NULL, days INTEGER NOT NULL, lasted_month TEXT NOT NULL,
        lasted_on TEXT, settles_on TEXT, levels TEXT NOT NULL, {_STAMP},
        PRIMARY KEY (patient_id, line, reader, criteria, position)""",
}

_CHANGES = """CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_utc TEXT NOT NULL CHECK (at_utc IS strftime('%Y-%m-%dT%H:%M:%SZ', at_utc)),
    utc_offset TEXT NOT NULL,
    who TEXT NOT NULL DEFAULT '',
    command TEXT NOT NULL CHECK (command <> ''),
    reason TEXT NOT NULL DEFAULT '',
    tool_version TEXT NOT NULL,
    rules TEXT NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    file_sha256 TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL DEFAULT '',
    undoes INTEGER REFERENCES changes (number),
    previous_hash TEXT NOT NULL DEFAULT '',
    hash TEXT CHECK (length(hash) = 64)
) STRICT"""

# The number of the change that is open, NULL when none is. One row at most has no hash.
_OPEN = "(SELECT number FROM changes WHERE hash IS NULL)"


def tables() -> Iterator[str]:
    """Give the SQL of every table and index of a new file."""
    yield _CHANGES
    yield "CREATE UNIQUE INDEX changes_one_open ON changes (hash IS NULL) WHERE hash IS NULL"
    for table in FACT_TABLES.values():
        yield _fact_table(table)
        yield _history_table(table)
        yield f"CREATE INDEX {table.name}_by_change ON {table.name} (changed_by)"
        yield f"CREATE INDEX {table.history}_by_change ON {table.history} (changed_by)"
        yield f"CREATE INDEX {table.history}_by_replacement ON {table.history} (replaced_by)"
    # A parent that goes is looked up in its children, so each needs an index that begins with the parent's key.
    yield "CREATE INDEX visits_by_line ON visits (patient_id, line)"
    yield "CREATE INDEX events_by_line ON events (patient_id, line, event_on)"
    yield "CREATE INDEX line_lesions_by_lesion ON line_lesions (lesion_key)"
    yield "CREATE INDEX measurements_by_lesion ON measurements (lesion_key)"
    yield "CREATE INDEX measurements_by_other ON measurements (other_key) WHERE other_key IS NOT NULL"
    for name, columns in ANSWER_TABLES.items():
        yield f"CREATE TABLE {name} ({columns}) STRICT"


def _fact_table(table: FactTable) -> str:
    parts = [f"{column.name} {column.sql}" for column in table.columns]
    if table.mark:
        parts.append(f"{table.mark} INTEGER NOT NULL")
    parts.append("changed_by INTEGER NOT NULL REFERENCES changes (number)")
    if not table.own_key:
        parts.append(f"PRIMARY KEY ({', '.join(table.key)})")
    elif table.name != "events":  # two events of a kind on one day are two
        parts.append(f"UNIQUE ({', '.join(table.called)})")
    parts += table.checks
    parts += [f"FOREIGN KEY ({mine}) REFERENCES {parent} ({theirs})" for mine, parent, theirs in table.parents]
    return f"CREATE TABLE {table.name} ({', '.join(parts)}) STRICT{'' if table.own_key else ', WITHOUT ROWID'}"


def _history_table(table: FactTable) -> str:
    parts = [f"{column.name} {column.sql.split()[0]}" for column in table.columns]
    parts.append("changed_by INTEGER NOT NULL")
    # What another program hears when it edits a fact: no change is open, so there is none to replace the row.
    parts.append("replaced_by INTEGER " + _must(_LOCKED, "replaced_by IS NOT NULL"))
    parts.append(f"PRIMARY KEY ({', '.join(table.key)}, changed_by)")
    return f"CREATE TABLE {table.history} ({', '.join(parts)}) STRICT, WITHOUT ROWID"


def triggers() -> Iterator[str]:
    """
    Give the SQL of every trigger: no fact goes or changes without leaving its row in the history.

    A row that another program adds is not stopped (a trigger on each row would slow an import by a
    quarter); the digest of its change finds it.
    """
    refuse = f"SELECT RAISE(ABORT, '{_LOCKED}')"
    yield (
        f"CREATE TRIGGER changes_stay BEFORE UPDATE ON changes "
        f"WHEN OLD.hash IS NOT NULL OR NEW.number <> OLD.number BEGIN {refuse}; END"
    )
    yield f"CREATE TRIGGER changes_are_kept BEFORE DELETE ON changes BEGIN {refuse}; END"
    for table in FACT_TABLES.values():
        names = ", ".join(table.names)
        old = ", ".join(f"OLD.{name}" for name in table.names)
        # A row written and replaced by one and the same change leaves no trace: nobody could have seen it.
        keep = (
            f"INSERT INTO {table.history} ({names}, changed_by, replaced_by) "
            f"SELECT {old}, OLD.changed_by, {_OPEN} WHERE OLD.changed_by IS NOT {_OPEN}"
        )
        updated = f"UPDATE OF {names}, changed_by"  # not of the mark
        yield f"CREATE TRIGGER {table.name}_changed AFTER {updated} ON {table.name} BEGIN {keep}; END"
        yield f"CREATE TRIGGER {table.name}_removed AFTER DELETE ON {table.name} BEGIN {keep}; END"
        if table.mark:
            yield (
                f"CREATE TRIGGER {table.name}_marked AFTER UPDATE OF {table.mark} ON {table.name} "
                f"WHEN {_OPEN} IS NULL BEGIN {refuse}; END"
            )
        yield f"CREATE TRIGGER {table.history}_stays BEFORE UPDATE ON {table.history} BEGIN {refuse}; END"
        yield f"CREATE TRIGGER {table.history}_is_kept BEFORE DELETE ON {table.history} BEGIN {refuse}; END"


def views() -> Iterator[str]:
    """Give the SQL of the views: stored answers with their reasons; `stale` says that the facts have moved on."""
    same = "a.patient_id = c.patient_id AND a.line = c.line AND a.reader = c.reader AND a.criteria = c.criteria"
    of_patient = "JOIN patients AS p ON p.patient_id = c.patient_id"
    stale = "CASE WHEN c.facts_change = p.last_change THEN 'no' ELSE 'yes' END AS stale"
    sums = (
        "CAST(a.baseline_sum_mm AS REAL) AS baseline_sum_mm, CAST(a.nadir_sum_mm AS REAL) AS nadir_sum_mm, "
        f"{_pct('change_from_baseline_pct')}, {_pct('change_from_nadir_pct')}, "
        "CAST(a.change_from_nadir_mm AS REAL) AS change_from_nadir_mm"
    )
    course = "c.patient_id, c.line, c.reader, c.criteria"
    yield f"""CREATE VIEW current_status AS
        SELECT {course}, p.disease, l.regimen, c.current, c.current_on, a.overall AS last_overall,
            c.best_response, c.progression_on, CAST(a.value AS REAL) AS value,
            CAST(c.baseline_value AS REAL) AS baseline_value, a.because, a.source, {stale}
        FROM courses AS c {of_patient}
        JOIN lines AS l ON l.patient_id = c.patient_id AND l.line = c.line
        LEFT JOIN assessments AS a ON {same} AND a.visit_on =
            (SELECT max(visit_on) FROM assessments AS a WHERE {same})"""
    yield f"""CREATE VIEW response_timeline AS
        SELECT {course}, c.visit_on, c.visit, c.overall, c.reported, c.target, c.nontarget, c.new_lesion,
            CAST(c.value AS REAL) AS value, c.rule, c.because, c.source, {stale}
        FROM assessments AS c {of_patient}"""
    yield f"""CREATE VIEW remissions AS
        SELECT {course}, c.word, c.category, c.began_on, c.confirmed_on, c.last_seen_on, c.ended_on, c.ended_by,
            c.days, c.lasted_month, c.lasted_on, c.settles_on, a.because, a.source, {stale}
        FROM episodes AS c {of_patient}
        LEFT JOIN assessments AS a ON {same} AND a.visit_on =
            (SELECT min(visit_on) FROM assessments AS a WHERE {same} AND a.dated_on >= c.began_on)"""
    yield f"""CREATE VIEW sum_of_diameters AS
        SELECT {course}, c.baseline_on AS visit_on, '' AS visit, CAST(c.baseline_value AS REAL) AS sum_mm,
            'yes' AS sum_complete, CAST(c.baseline_value AS REAL) AS baseline_sum_mm, NULL AS nadir_sum_mm,
            NULL AS change_from_baseline_pct, NULL AS change_from_nadir_pct, NULL AS change_from_nadir_mm,
            'baseline' AS because, '' AS source, {stale}
        FROM courses AS c {of_patient}
        WHERE EXISTS (SELECT 1 FROM assessments AS a WHERE {same} AND a.baseline_sum_mm IS NOT NULL)
        UNION ALL
        SELECT {course}, a.visit_on, a.visit, CAST(a.sum_mm AS REAL), iif(a.sum_complete, 'yes', 'no'),
            {sums}, a.because, a.source, {stale}
        FROM courses AS c {of_patient} JOIN assessments AS a ON {same}
        WHERE a.baseline_sum_mm IS NOT NULL"""


def _pct(column: str) -> str:
    # CAST would read the text 'Infinity' as 0.
    return f"CASE a.{column} WHEN 'Infinity' THEN 9e999 ELSE round(CAST(a.{column} AS REAL), 1) END AS {column}"
