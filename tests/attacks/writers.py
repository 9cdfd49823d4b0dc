"""
Two programs at one record: both write, or one writes while the other takes backups.

Nobody is refused, nobody's rows are lost, and a backup is the record as it was at one moment.
"""

import os
from collections import Counter
from datetime import date, timedelta

from remtrack.store import open_record

from .base import Outcome, attacked, chance, command, export_of, faults, must, warmed_up, workplace

_BASELINE = "1950-01-02"


def two_writers(tries, seed):
    """Two programs of so many adds each at once."""
    warmed_up()
    each, failures = tries // 2, []
    with workplace() as folder:
        path = attacked(folder)
        writers = {name: writer(path, name, each, seed) for name in ("W1", "W2")}
        for name, (pid, pipe) in writers.items():
            acknowledged = pipe.read().decode().split()
            pipe.close()
            _pid, status = os.waitpid(pid, 0)
            if status:
                failures.append(f"{name}: an add was refused, or it ended early")
            there = _there(path, name)
            failures += [f"{name}: the add of {visit} is lost" for visit in acknowledged if visit not in there]
            if len(there) != each:
                failures.append(f"{name}: {len(there)} of {each} adds are there")
        failures += faults(path)
    return Outcome(tries, failures, Counter({"acknowledged": tries - len(failures)}))


def backup_while_writing(tries, seed, adds=1000):
    """Backups while another program adds rows without a pause; each is put back elsewhere, too."""
    warmed_up()
    failures, counts = [], Counter()
    while counts["backups"] < tries:
        with workplace() as folder:
            path = attacked(folder)
            pid, pipe = writer(path, "W1", adds, seed)
            seen, running = [], True
            os.set_blocking(pipe.fileno(), False)
            while running and counts["backups"] < tries:
                before = _acknowledged(pipe, seen)
                copy = folder / f"copy{counts['backups']}.db"
                code, _out, err = command(path, ["backup", "-o", copy])
                after = _acknowledged(pipe, seen)
                counts["backups"] += 1
                counts["rows added meanwhile"] += after - before
                if code:
                    failures.append(f"{copy.name}: {err}")
                else:
                    # One add more may be in it: written, and not yet said when the backup was done.
                    failures += [f"{copy.name}: {fault}" for fault in _not_a_prefix(copy, before, after + 1)]
                    failures += [f"{copy.name}: {fault}" for fault in faults(copy) + _not_put_back(copy)]
                    copy.unlink()
                running = os.waitpid(pid, os.WNOHANG) == (0, 0)
            if running:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
            pipe.close()
            failures += faults(path)
    return Outcome(tries, failures, counts)


def writer(path, name, adds, seed):
    """Start a program that adds visits to patients of its own; returns its id and the end it acknowledges at."""
    for patient_id in sorted({_visit(name, number)[0] for number in range(adds)}):
        must(path, f"patient add {patient_id}")
        must(path, f'add {patient_id} {_BASELINE} --target "L1 liver 42"')
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            for number in range(adds):
                patient_id, day = _visit(name, number)
                size = chance(seed, number).randint(5, 90)
                if command(path, f"add {patient_id} {day} L1={size}")[0]:
                    break
                os.write(writing, f"{patient_id}/{day}\n".encode())
            else:
                code = 0
        finally:
            os._exit(code)
    os.close(writing)
    return pid, os.fdopen(reading, "rb")


def _visit(name, number):
    """The patient and the day of an add, by its number: fifty visits a patient."""
    return f"{name}-{number // 50:02}", str(date(1951, 1, 1) + timedelta(weeks=6 * (number % 50)))


def _there(path, name):
    """The writer's visits that are in a record, without the baselines."""
    with open_record(path) as record:
        found = {f"{row['patient_id']}/{row['visit_on']}" for row in record.rows("visits")}
    return {visit for visit in found if visit.startswith(name) and _BASELINE not in visit}


def _acknowledged(pipe, seen):
    """How many adds were acknowledged up to now."""
    while True:
        try:
            said = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            said = b""
        if not said:
            return len(seen)
        seen += said.decode().split()


def _not_a_prefix(copy, at_least, at_most):
    there = _there(copy, "W1")
    number = len(there)
    found = [] if at_least <= number <= at_most else [f"{number} adds, of {at_least} to {at_most} acknowledged"]
    missing = {"/".join(_visit("W1", each)) for each in range(number)} - there
    return found + ([f"adds are missing in the middle: {sorted(missing)[:5]}"] if missing else [])


def _not_put_back(copy):
    """Put a backup back into an empty place; its export must be the same to the byte."""
    with workplace() as folder:
        path = folder / "record.db"
        code, _out, err = command(path, ["restore", copy, "--yes"])
        if code:
            return [f"restore: {err}"]
        return [] if export_of(path) == export_of(copy) else ["what was put back gives another export"]
