"""Files that something else has written to: a flipped byte, a changed row."""

import random
import sqlite3
from contextlib import closing

from remtrack.errors import RemtrackError
from remtrack.store import FACT_TABLES, open_record
from remtrack.tracker.checking import check

from .base import Outcome, command, export_of, small_record, workplace

_QUESTIONS = ("status", "status P01 --format json", "timeline P01", "remission", "log", "check")


def flip(tries, seed):
    """One random bit flipped: never a traceback, and no answer is other than before without `check` saying so."""
    chance = random.Random(seed)
    data = small_record()
    failures, changed, said = [], 0, 0
    with workplace() as folder:
        path = folder / "record.db"
        path.write_bytes(data)
        sound = {words: command(path, words)[:2] for words in _QUESTIONS[:-1]} | {"export": export_of(path)}
        for number in range(tries):
            altered = bytearray(data)
            at = chance.randrange(len(altered))
            altered[at] ^= 1 << chance.randrange(8)
            path.write_bytes(altered)
            code, out, err = command(path, "check")
            found = code != 0 or "warning" in out
            other = False
            for words in _QUESTIONS[:-1]:
                told = command(path, words)
                if told[0] == 70 or "Traceback" in told[1] + told[2]:
                    failures.append(f"byte {at}: {words} failed: {told[2][:200]}")
                other |= told[0] == 0 and told[:2] != sound[words]
            if code == 70 or "Traceback" in out + err:
                failures.append(f"byte {at}: check failed: {err[:200]}")
            changed += other
            said += other and found
            if other and not found:
                failures.append(f"byte {at}, try {number}: another answer, and check is silent")
    return Outcome(tries, failures, f"{changed} changed an answer, {said} of them found")


def change_row(tries, seed):
    """One value of one row changed by another program, its triggers out of the way: always found."""
    chance = random.Random(seed)
    data = small_record()
    names = [name for table in FACT_TABLES.values() for name in (table.name, table.history)]
    names += ["changes", "assessments", "courses", "episodes"]
    failures, changed = [], 0
    with workplace() as folder:
        path = folder / "record.db"
        for _number in range(tries):
            while True:
                path.write_bytes(data)
                done = _changed(path, chance.choice(names), chance)
                if done:
                    break
            changed += 1
            try:
                with open_record(path) as record:
                    found = any(problem.severity != "note" for problem in check(record))
            except RemtrackError:
                found = True
            if not found:
                failures.append(f"{done} was not found")
    return Outcome(tries, failures, f"{changed - len(failures)} of {changed} found")


def _changed(path, table, chance):
    """Change one value; return what was done, "" when the row stayed as it was."""
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        triggers = plain.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in triggers:
            plain.execute(f"DROP TRIGGER {name}")
        plain.execute("PRAGMA ignore_check_constraints = ON")
        columns = [row[1] for row in plain.execute(f"PRAGMA table_info({table})")]
        rows = plain.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        if not rows:
            return ""
        row, column = chance.choice(rows), chance.choice(columns)
        before = row[columns.index(column)]
        after = chance.choice([f"{before}x", "2024-02-02", 7, before + 1 if isinstance(before, (int, float)) else "y"])
        where = " AND ".join(f"{name} IS ?" for name in columns)
        if plain.execute("SELECT typeof(?) = typeof(?) AND ? IS ?", (before, after, before, after)).fetchone()[0]:
            return ""
        try:
            plain.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (after, *row))
        except sqlite3.Error:
            return ""  # the table itself refuses it
        if sorted(map(repr, plain.execute(f"SELECT {', '.join(columns)} FROM {table}"))) == sorted(map(repr, rows)):
            return ""
        for _name, sql in triggers:
            plain.execute(sql)
    return f"{table}.{column}: {before!r} -> {after!r}"
