"""Commands cut off: killed, interrupted, or without room on the disk, at points that nobody chose."""

import contextlib
import os
import random
import resource
import signal
import sqlite3
from pathlib import Path

from remtrack.store import open_record

from .base import Outcome, child, command, export_of, faults, small_record, warmed_up, workplace

DAYS = [f"20{year:02}-{month:02}-05" for year in range(27, 60) for month in range(1, 13)]


def adding(path, say):
    for day in DAYS:
        if command(path, f"add P00 {day} L1=20 G1=8")[0] == 0:
            say(day)


def editing(path, say):
    for size in range(1, 400):
        if command(path, f'edit P01 2026-03-02 L1={size} --reason "attack"')[0] == 0:
            say(size)


def importing(path, say):
    folder = path.parent
    for number in range(200):
        table = folder / f"site{number}.csv"
        rows = [f"I{number:03}-{each:02},2026-01-{each % 27 + 1:02},T1,{20 + each}" for each in range(60)]
        table.write_text("\n".join(["patient_id,date,lesion_id,longest_mm", *rows]) + "\n")
        if command(path, ["import", table])[0] == 0:
            say(number)


def undoing(path, say):
    for number in range(300):
        if command(path, "undo --yes" if number % 2 == 0 else "redo --yes")[0] == 0:
            say(number)


def backing_up(path, say):
    for number in range(300):
        if command(path, ["backup", "-o", path.parent / f"copy{number}.db"])[0] == 0:
            say(number)


def migrating(path, say):
    for number in range(300):
        with contextlib.closing(sqlite3.connect(path)) as plain:
            plain.execute("PRAGMA user_version = 0")
        if command(path, "init")[0] == 0:
            say(number)


def restoring(path, say):
    copy = path.parent / "copy.db"
    for number in range(300):
        if command(path, ["restore", copy, "--yes"])[0] == 0:
            say(number)


def kept_adds(path, said):
    with open_record(path) as record:
        there = {str(row["visit_on"]) for row in record.rows("visits", patient_id="P00")}
    return [f"add of {day} was acknowledged and is lost" for day in said if day not in there]


def kept_edits(path, said):
    if not said:
        return []
    with open_record(path) as record:
        rows = record.rows("measurements", patient_id="P01", lesion_id="L1")
        size = next(int(row["longest_mm"]) for row in rows if str(row["visit_on"]) == "2026-03-02")
    # The one after the last acknowledged may be there too: it was written, and not yet said.
    return [] if size in (int(said[-1]), int(said[-1]) + 1) else [f"edit to {said[-1]} is lost: {size}"]


def kept_imports(path, said):
    with open_record(path) as record:
        names = [patient_id for patient_id in record.patient_ids() if patient_id.startswith("I")]
    found = [f"import {number} was acknowledged and is lost" for number in said if f"I{int(number):03}-00" not in names]
    for number in {name[:4] for name in names}:
        rows = sum(name.startswith(number) for name in names)
        found += [f"half of import {number} is there: {rows} of 60 patients"] if rows != 60 else []
    return found


def nothing_more(_path, _said):
    return []


def sound_copies(path, said):
    found = [f"backup {number} is lost" for number in said if not (path.parent / f"copy{number}.db").exists()]
    for copy in path.parent.glob("copy*.db"):
        found += [f"{copy.name}: {fault}" for fault in faults(copy)]
    return found


COMMANDS = {
    "add": (adding, kept_adds),
    "edit": (editing, kept_edits),
    "import": (importing, kept_imports),
    "undo": (undoing, nothing_more),
    "migration": (migrating, nothing_more),
    "backup": (backing_up, sound_copies),
    "restore": (restoring, nothing_more),
}


def _attacked(folder):
    path = folder / "record.db"
    path.write_bytes(small_record())
    path.chmod(0o600)
    (folder / "copy.db").write_bytes(small_record())
    return path


def kill(tries, seed):
    """kill -9 at a random moment of a command, again and again: nothing acknowledged is lost, nothing is half there."""
    return _cut_off(tries, seed, signal.SIGKILL, 0.35)


def interrupt(tries, seed):
    """Ctrl-C at a random moment: the same, and the command ends with 130 (or had just ended)."""
    return _cut_off(tries, seed, signal.SIGINT, 0.35)


def _cut_off(tries, seed, sent, longest):
    warmed_up()
    chance = random.Random(seed)
    failures, acknowledged, hot = [], 0, 0
    for number in range(tries):
        name = list(COMMANDS)[number % len(COMMANDS)]
        work, kept = COMMANDS[name]
        with workplace() as folder:
            path = _attacked(folder)
            said, _ended = child(lambda say, work=work, path=path: work(path, say), chance.uniform(0, longest), sent)
            acknowledged += len(said)
            hot += Path(f"{path}-journal").exists()
            found = faults(path) + kept(path, said)
            failures += [f"{name}, try {number}: {fault}" for fault in found]
            if name in ("migration", "restore", "backup") and export_of(path) != _export_of_small():
                failures.append(f"{name}, try {number}: the facts are others")
    return Outcome(tries, failures, f"{acknowledged:,} acknowledged, {hot} half-written rolled back")


def _export_of_small():
    if not _KNOWN:
        with workplace() as folder:
            _KNOWN.append(export_of(_attacked(folder)))
    return _KNOWN[0]


_KNOWN = []


def interrupted_code(tries, seed):
    """Ctrl-C while one command runs, each in a process of its own: exit 130 or done, and the record as it was or as it is."""
    chance = random.Random(seed)
    warmed_up()
    failures, cut = [], 0
    for number in range(tries):
        with workplace() as folder:
            path = _attacked(folder)
            before = export_of(path)

            def one(say, path=path):
                code, _out, err = command(path, "add P00 2027-01-05 L1=20 G1=8")
                say(f"{code} {'Traceback' in err}")
                return code

            said, ended = child(one, chance.uniform(0, 0.03), signal.SIGINT)
            after = export_of(path)
            cut += ended == 130
            if ended not in (0, 130) or any("True" in line for line in said):
                failures.append(f"try {number}: ended with {ended}, said {said}")
            if ended == 130 and said and after != before:
                failures.append(f"try {number}: interrupted, and yet something was written")
            failures += [f"try {number}: {fault}" for fault in faults(path)]
    return Outcome(tries, failures, f"{cut} interrupted")


def full_disk(tries, seed):
    """A limit on the size of files at a random height: what was acknowledged is there, and exit 5 names the file."""
    warmed_up()
    chance = random.Random(seed)
    failures, refused = [], 0
    size = len(small_record())
    for number in range(tries):
        with workplace() as folder:
            path = _attacked(folder)
            limit = size + chance.randrange(-8192, 40_000)

            def full(say, path=path, limit=limit):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                for day in DAYS[:40]:
                    code, _out, err = command(path, f"add P00 {day} L1=20 G1=8 --note {'x' * 400}")
                    say(f"{day} {code} {'named' if path.name in err else 'not-named'}")
                    if code:
                        return 0
                return 0

            said, ended = child(full, 0, 0)
            lines = [line.split() for line in said]
            bad = [line for line in lines if line[1] != "0"]
            refused += bool(bad)
            if ended or any(line[1:] != ["5", "named"] for line in bad):
                failures.append(f"try {number}, limit {limit}: ended {ended}, said {bad}")
            failures += kept_adds(path, [line[0] for line in lines if line[1] == "0"])
            failures += [f"try {number}: {fault}" for fault in faults(path)]
    return Outcome(tries, failures, f"{refused} met the limit")


def two_writers(tries, _seed):
    """Two programs of so many adds each at once: every one is there, none was refused."""
    warmed_up()
    failures = []
    with workplace() as folder:
        path = folder / "record.db"
        for name in ("W1", "W2"):
            command(path, f"patient add {name}")
            command(path, f'add {name} 2000-01-03 --target "L1 liver 42"')

        def writer(name):
            pid = os.fork()
            if pid:
                return pid
            code = 0
            try:
                for number in range(tries):
                    month, year = number % 12 + 1, 2001 + number // 336
                    day = number // 12 % 28 + 1
                    code |= command(path, f"add {name} {year}-{month:02}-{day:02} L1={number % 90 + 5}")[0]
            finally:
                os._exit(1 if code else 0)

        for pid in [writer("W1"), writer("W2")]:
            _pid, status = os.waitpid(pid, 0)
            if os.waitstatus_to_exitcode(status):
                failures.append("an add was refused")
        with open_record(path) as record:
            for name in ("W1", "W2"):
                there = len(record.rows("visits", patient_id=name)) - 1
                if there != tries:
                    failures.append(f"{name}: {there} of {tries} adds are there")
        failures += faults(path)
    return Outcome(2 * tries, failures)
