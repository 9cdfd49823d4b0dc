"""What the attacks share: their outcome, records to attack, and what must hold of every survivor."""

import contextlib
import io
import os
import random
import shlex
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from remtrack.cli import run
from remtrack.store import FACT_TABLES, open_record
from remtrack.tracker.checking import check_patients

#: Days on which nothing has been recorded yet, all of them past.
DAYS = [f"20{year:02}-{month:02}-05" for year in range(2, 26) for month in range(1, 13)]


class Outcome(NamedTuple):
    """
    What came of an attack: how often it was tried, what went wrong, and a remark.

    The remark may be how often what happened on the way; an attack tried in parts can add those up.
    """

    tries: int
    failures: list[str]
    remark: Counter[str] | str = ""


def chance(seed, number):
    """The dice of one try: the same for the same seed and number, whatever was tried before."""
    return random.Random(f"{seed}, {number}")


def command(path, words):
    """Run one command line inside this process; return its exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    words = shlex.split(words) if isinstance(words, str) else list(words)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(run(["--db", str(path), *map(str, words)]))
    return code, out.getvalue(), err.getvalue()


def must(path, words):
    """Run a command that has to succeed; return what it said."""
    code, out, err = command(path, words)
    if code:
        raise RuntimeError(f"{words}: {code} {out} {err}")
    return out


@contextlib.contextmanager
def workplace():
    """A folder of one's own, gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="remtrack-attack-"))
    try:
        yield folder
    finally:
        with contextlib.suppress(FileNotFoundError):
            folder.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def small_record():
    """The bytes of a record of three patients with a few visits each, one corrected, one change undone."""
    with workplace() as folder:
        path = folder / "record.db"
        for number in range(3):
            must(path, f"patient add P{number:02}")
            must(path, f'add P{number:02} 2000-01-03 --target "L1 liver 42" --target "G1 node:axilla 18"')
            must(path, f"add P{number:02} 2000-03-06 L1={28 + number} G1=12")
            must(path, f"add P{number:02} 2000-05-01 L1={20 + number} G1=9")
        must(path, 'edit P01 2000-03-06 L1=27 --reason "typing error"')
        must(path, "event P02 local_therapy 2000-05-08")
        must(path, "add P02 2000-06-05 L1=gone G1=8")
        must(path, "undo --yes")
        return path.read_bytes()


@cache
def other_record():
    """The bytes of another record, of one patient who is nowhere else: a backup to put back."""
    with workplace() as folder:
        path = folder / "record.db"
        must(path, "patient add Q01")
        must(path, 'add Q01 2000-01-03 --target "L1 lung 31"')
        must(path, "add Q01 2000-03-06 L1=12")
        return path.read_bytes()


def attacked(folder):
    """Put the small record into the folder, for its owner alone; return where it is."""
    path = folder / "record.db"
    path.write_bytes(small_record())
    path.chmod(0o600)
    return path


def faults(path):
    """Return what is wrong with a survivor: integrity, chain, rows without a change, answers that are not derived."""
    with open_record(path) as record:
        found = [f"{problem.what}; {problem.why}" for problem in record.verify() if problem.severity == "error"]
        bad = ("altered-answer", "stale-answers")
        found += [problem.what for problem in check_patients(record, fresh_only=False) if problem.rule in bad]
    with contextlib.closing(sqlite3.connect(path)) as plain:
        for table in FACT_TABLES:
            sql = f"SELECT count(*) FROM {table} WHERE changed_by NOT IN (SELECT number FROM changes WHERE hash <> '')"
            (alone,) = plain.execute(sql).fetchone()
            if alone:
                found.append(f"{alone} rows of {table} without their change")
    return found


def export_of(path):
    """Every export of a record, as text by file name."""
    with workplace() as folder:
        must(path, ["export", "-o", folder / "out"])
        return {place.name: place.read_text(encoding="utf-8") for place in sorted((folder / "out").iterdir())}


def log_of(path):
    """Every change that the record knows of, the newest first."""
    with open_record(path) as record:
        return record.change_list()


@cache
def small_log():
    """Every change of the small record."""
    with workplace() as folder:
        return log_of(attacked(folder))


@cache
def small_export():
    """Every export of the small record."""
    with workplace() as folder:
        return export_of(attacked(folder))


def child(work, after=None, sent=signal.SIGKILL):
    """
    Run `work(say)` in a process of its own; after so many seconds (None: never) send it a signal.

    What it said before (one line at a time) is what it acknowledged. Returns those lines and how it ended:
    its exit code, or minus the signal.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            os.close(reading)
            code = work(lambda line: os.write(writing, f"{line}\n".encode())) or 0
        finally:
            os._exit(code)
    os.close(writing)
    if after is not None:
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode().splitlines()
    _pid, status = os.waitpid(pid, 0)
    return said, os.waitstatus_to_exitcode(status)


@cache
def warmed_up():
    """Load what the commands load, so that a child spends its time in the record and not in imports."""
    other_record()
    with workplace() as folder:
        path = attacked(folder)
        table = folder / "site.csv"
        table.write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\n", encoding="utf-8")
        must(path, ["import", table])
        for words in ("backup", "check", "status", "log", "undo --yes", "redo --yes", "init"):
            must(path, words)
        must(path, ["purge", "P50", "-o", folder / "without.db"])
        must(path, ["restore", folder / "without.db", "--yes"])
        export_of(path)
