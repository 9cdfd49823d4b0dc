"""What the attacks share: their outcome, records to attack, and what must hold of every survivor."""

import contextlib
import io
import os
import shlex
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

from remtrack.cli import run
from remtrack.store import open_record
from remtrack.tracker.checking import check_patients


class Outcome(NamedTuple):
    """What came of an attack: how often it was tried, what went wrong each time it did, and a remark."""

    tries: int
    failures: list[str]
    remark: str = ""


def command(path, words):
    """Run one command line inside this process; return its exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    words = shlex.split(words) if isinstance(words, str) else list(words)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(run(["--db", str(path), *map(str, words)]))
    return code, out.getvalue(), err.getvalue()


def must(path, words):
    """Run a command that has to succeed."""
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
        shutil.rmtree(folder, ignore_errors=True)


@cache
def small_record():
    """The bytes of a record of three patients with a few visits each, one corrected, one change undone."""
    with workplace() as folder:
        path = folder / "record.db"
        for number in range(3):
            must(path, f"patient add P{number:02}")
            must(path, f'add P{number:02} 2026-01-05 --target "L1 liver 42" --target "G1 node:axilla 18"')
            must(path, f"add P{number:02} 2026-03-02 L1={28 + number} G1=12")
            must(path, f"add P{number:02} 2026-05-04 L1={20 + number} G1=9")
        must(path, 'edit P01 2026-03-02 L1=27 --reason "typing error"')
        must(path, "add P02 2026-06-01 L1=gone G1=8")
        must(path, "undo --yes")
        return path.read_bytes()


def faults(path):
    """Return what is wrong with a survivor: integrity, chain, rows without a change, answers that are not derived."""
    with open_record(path) as record:
        found = [f"{problem.what}; {problem.why}" for problem in record.verify() if problem.severity == "error"]
        found += [
            problem.what for problem in check_patients(record, fresh_only=False) if problem.rule == "altered-answer"
        ]
    with contextlib.closing(sqlite3.connect(path)) as plain:
        for table in ("measurements", "visits", "lesions", "patients"):
            sql = f"SELECT count(*) FROM {table} WHERE changed_by NOT IN (SELECT number FROM changes WHERE hash <> '')"
            (alone,) = plain.execute(sql).fetchone()
            if alone:
                found.append(f"{alone} rows of {table} without their change")
    return found


def export_of(path):
    """Every export of a record, as text."""
    with workplace() as folder:
        must(path, ["export", "-o", folder / "out"])
        return {place.name: place.read_text() for place in sorted((folder / "out").iterdir())}


def child(work, after, sent=signal.SIGKILL):
    """
    Run `work(say)` in a process of its own and send it a signal after so many seconds.

    What it said before (one line at a time) is what it acknowledged. Returns those lines and how it ended:
    its exit code, or minus the signal.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 70
        try:
            with os.fdopen(os.open(os.devnull, os.O_RDWR), "w") as nowhere:
                os.dup2(nowhere.fileno(), 0)
                os.dup2(nowhere.fileno(), 1)
                os.dup2(nowhere.fileno(), 2)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                code = work(lambda line: os.write(writing, f"{line}\n".encode())) or 0
        except KeyboardInterrupt:
            code = 130
        finally:
            os._exit(code)
    os.close(writing)
    time.sleep(after)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sent)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode().splitlines()
    _pid, status = os.waitpid(pid, 0)
    return said, os.waitstatus_to_exitcode(status)


def warmed_up():
    """Load what the commands load, so that a child spends its time in the record and not in imports."""
    with workplace() as folder:
        path = folder / "record.db"
        path.write_bytes(small_record())
        must(path, "backup")
        must(path, "check")
        table = folder / "site.csv"
        table.write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\n")
        must(path, ["import", table])
    sys.stdout.flush()
