"""
kill -9 at points that nobody chose.

A process runs one command again and again and says which ones were acknowledged; it is killed in the middle.
What is left must be read and written by whoever comes next, hold all that was acknowledged, and no half of anything.
"""

import contextlib
import os
import sqlite3
import time
from collections import Counter
from functools import cache
from pathlib import Path

from remtrack.store import open_record

from .base import (
    DAYS,
    Outcome,
    attacked,
    chance,
    child,
    command,
    export_of,
    faults,
    log_of,
    other_record,
    small_export,
    small_log,
    small_record,
    warmed_up,
    workplace,
)

_ROWS = 40  # of one import


def adding(path, say):
    for day in DAYS:
        if command(path, f"add P00 {day} L1=20 G1=8")[0] == 0:
            say(day)


def editing(path, say):
    for size in range(1, 400):
        if command(path, f'edit P01 2000-03-06 L1={size} --reason "attack"')[0] == 0:
            say(size)


def importing(path, say):
    for number in range(200):
        table = path.parent / f"site{number}.csv"
        rows = [f"I{number:03}-{each:02},2001-01-{each % 27 + 1:02},T1,{20 + each}" for each in range(_ROWS)]
        table.write_text("\n".join(["patient_id,date,lesion_id,longest_mm", *rows]) + "\n", encoding="utf-8")
        if command(path, ["import", table])[0] == 0:
            say(number)


def undoing(path, say):
    for number in range(300):
        if command(path, "undo --yes" if number % 2 == 0 else "redo --yes")[0] == 0:
            say(number)


def migrating(path, say):
    for number in range(300):
        with contextlib.closing(sqlite3.connect(path)) as plain:
            plain.execute("PRAGMA user_version = 0")
        if command(path, "init")[0] == 0:
            say(number)


def backing_up(path, say):
    for number in range(300):
        if command(path, ["backup", "-o", path.parent / f"copy{number}.db"])[0] == 0:
            say(number)


def restoring(path, say):
    (path.parent / "small.db").write_bytes(small_record())
    (path.parent / "other.db").write_bytes(other_record())
    for number in range(300):
        if command(path, ["restore", path.parent / _put_back(number), "--yes"])[0] == 0:
            say(number)


def purging(path, say):
    for number in range(300):
        if command(path, ["purge", "P02", "-o", path.parent / f"without{number}.db"])[0] == 0:
            say(number)


def kept_adds(path, said):
    with open_record(path) as record:
        there = {str(row["visit_on"]) for row in record.rows("visits", patient_id="P00")}
    return [f"the add of {day} was acknowledged and is lost" for day in said if day not in there]


def kept_edits(path, said):
    with open_record(path) as record:
        rows = record.rows("measurements", patient_id="P01", lesion_id="L1")
    size = next(int(row["longest_mm"]) for row in rows if str(row["visit_on"]) == "2000-03-06")
    last = int(said[-1]) if said else 0
    # The one after the last acknowledged may be there too: it was written, and not yet said.
    return [] if size in (last, last + 1) or (size == 27 and not said) else [f"the edit to {last} is lost: {size}"]


def kept_imports(path, said):
    with open_record(path) as record:
        names = [patient_id for patient_id in record.patient_ids() if patient_id.startswith("I")]
    lost = [number for number in said if f"I{int(number):03}-00" not in names]
    halves = [number for number, rows in Counter(name[:4] for name in names).items() if rows != _ROWS]
    return [f"import {number} was acknowledged and is lost" for number in lost] + [
        f"half of import {number} is there" for number in halves
    ]


def kept_undos(path, said):
    done = len(log_of(path)) - len(small_log())
    return [] if done in (len(said), len(said) + 1) else [f"{len(said)} were acknowledged, {done} are there"]


def same_facts(path, _said):
    if command(path, "init")[0]:
        return ["it cannot be brought up to date"]
    return [] if export_of(path) == small_export() else ["the facts are others"]


def sound_copies(path, said):
    found = [f"backup {number} is lost" for number in said if not (path.parent / f"copy{number}.db").exists()]
    return found + _last_of(path.parent.glob("copy*.db")) + same_facts(path, said)


def restored(path, said):
    last = log_of(path)[0]
    last_put_back = last["file_name"] if last["command"] == "restore" else ""
    number = len(said)
    expected = {_put_back(number), _put_back(number - 1) if said else ""}
    found = [] if last_put_back in expected else [f"after {number} restores the last change is {last}"]
    return found + _last_of((path.parent / "record-backups").glob("*.db"))


def without_patient(path, said):
    found = [f"purge {number} is lost" for number in said if not (path.parent / f"without{number}.db").exists()]
    copies = list(path.parent.glob("without*.db"))
    found += [f"{copy.name} still names the patient" for copy in copies if b"P02" in copy.read_bytes()]
    return found + _last_of(copies) + same_facts(path, said)


#: What is killed, and what must hold of what it acknowledged.
COMMANDS = {
    "add": (adding, kept_adds),
    "edit": (editing, kept_edits),
    "import": (importing, kept_imports),
    "undo and redo": (undoing, kept_undos),
    "migration": (migrating, same_facts),
    "backup": (backing_up, sound_copies),
    "restore": (restoring, restored),
    "purge": (purging, without_patient),
}


def kill(tries, seed, first=0):
    """kill -9 at a random moment of eight commands."""
    warmed_up()
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        name, dice = list(COMMANDS)[number % len(COMMANDS)], chance(seed, number)
        work, kept = COMMANDS[name]
        with workplace() as folder:
            path = attacked(folder)
            after = dice.uniform(0, _twice(name))
            said, _ended = child(lambda say, work=work, path=path: work(path, say), after)
            counts["acknowledged"] += len(said)
            counts["half written, taken back"] += Path(f"{path}-journal").exists()
            found = _next_command(path, name, dice)
            found += kept(path, said)
            found += faults(path)
            failures += [f"{name}, try {number}: {fault}" for fault in found]
    return Outcome(tries, failures, counts)


@cache
def _twice(name):
    """How many seconds a command takes here until it was acknowledged twice."""
    with workplace() as folder:
        path, began = attacked(folder), time.monotonic()

        def stopped(_say):
            acknowledged = []

            def twice(line):
                acknowledged.append(line)
                if len(acknowledged) == 2:
                    os._exit(0)

            COMMANDS[name][0](path, twice)

        child(stopped)
        return time.monotonic() - began


def _next_command(path, name, dice):
    """Whoever comes next, to read or to write, must not even notice."""
    if name == "migration":
        return []  # the file may be of the older layout still, which a reader says
    if dice.random() < 0.5:
        code, _out, err = command(path, "status")
    else:
        code, _out, err = command(path, 'edit P00 2000-03-06 L1=28 --reason "as it is"')
        code = 0 if code == 3 else code  # the patient is not in the record that was put back
    return [f"the next command fails: {err}"] if code else []


def _last_of(copies):
    """What is wrong with the two newest of these copies, the last ones before the kill."""
    newest = sorted(copies, key=lambda copy: copy.stat().st_mtime_ns)[-2:]
    return [f"{copy.name}: {fault}" for copy in newest for fault in faults(copy)]


def _put_back(number):
    return "other.db" if number % 2 == 0 else "small.db"
