"""
Files that something else has written to: a flipped bit, a changed or removed row.

No command may end in a traceback, and none may give another answer than before unless `check` names what happened.
"""

import sqlite3
from collections import Counter
from contextlib import closing

from remtrack.errors import RemtrackError
from remtrack.store import open_record
from remtrack.tracker.checking import check

from .base import Outcome, chance, command, export_of, small_record, warmed_up, workplace

_READING = (
    "status",
    "status P01 --format json",
    "timeline P01",
    "remission",
    "lesions P01",
    "log",
    'log --at "change 9"',
)


def flip(tries, seed, first=0):
    """One random bit flipped."""
    warmed_up()
    data, failures, counts = small_record(), [], Counter()
    with workplace() as folder:
        path = folder / "record.db"
        path.write_bytes(data)
        sound = {words: command(path, words) for words in _READING} | {"export": (0, export_of(path), "")}
        for number in range(first, first + tries):
            dice = chance(seed, number)
            at, bit = dice.randrange(len(data)), dice.randrange(8)
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            told = {words: command(path, words) for words in ("check", *_READING)}
            told["export"] = _exported(path)
            failures += [
                f"try {number}, bit {bit} of byte {at}: {words} failed: {err[-300:]}"
                for words, (code, _out, err) in told.items()
                if code == 70 or "Traceback" in err
            ]
            code, out, _err = told.pop("check")
            found = code != 0 or "warning" in out
            other = [words for words, (code, out, _err) in told.items() if code == 0 and out != sound[words][1]]
            counts["another answer"] += bool(other)
            counts["named by check"] += found
            if other and not found:
                failures.append(f"try {number}, bit {bit} of byte {at}: other answers to {other}, and check is silent")
    return Outcome(tries, failures, counts)


def _exported(path):
    try:
        return 0, export_of(path), ""
    except RuntimeError as error:
        return 5, {}, str(error)


def change_row(tries, seed, first=0):
    """One value of one row changed, or the row removed, by another program that knows how to get past the triggers."""
    warmed_up()
    data, failures, counts = small_record(), [], Counter()
    with workplace() as folder:
        path = folder / "record.db"
        for number in range(first, first + tries):
            dice, done = chance(seed, number), ""
            while not done:
                path.write_bytes(data)
                done = _changed(path, dice)
            try:
                with open_record(path) as record:
                    found = any(problem.severity != "note" for problem in check(record))
            except RemtrackError:
                found = True
            counts["found"] += found
            if not found:
                failures.append(f"try {number}, {done}: check is silent")
    return Outcome(tries, failures, counts)


def _changed(path, dice):
    """Change one row; return what was done, "" when nothing was."""
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        plain.execute("PRAGMA synchronous = OFF")
        plain.execute("PRAGMA ignore_check_constraints = ON")
        plain.execute("BEGIN")
        triggers = plain.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in triggers:
            plain.execute(f"DROP TRIGGER {name}")
        tables = [
            name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        table = dice.choice(tables)
        columns = [row[1] for row in plain.execute(f"PRAGMA table_info({table})")]
        rows = plain.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        if not rows:
            return ""
        where, row = " AND ".join(f"{name} IS ?" for name in columns), dice.choice(rows)
        if dice.random() < 0.1:
            plain.execute(f"DELETE FROM {table} WHERE {where}", row)
            done = f"{table}: removed {row}"
        else:
            column = dice.choice([name for name in columns if name != "applied_at"])  # shown to nobody, used by nothing
            before = row[columns.index(column)]
            more = before + 1 if isinstance(before, (int, float)) else "y"
            after = dice.choice([f"{before}x", "2024-02-02", 7, more, None])
            try:
                plain.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (after, *row))
            except sqlite3.Error:
                return ""  # the table itself refuses it
            done = f"{table}.{column}: {before!r} -> {after!r}"
        now = plain.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        for _name, sql in triggers:
            plain.execute(sql)
        plain.execute("COMMIT")
    return done if sorted(map(repr, now)) != sorted(map(repr, rows)) else ""
