"""
The benchmark behind `make bench`: ratios, each measured in one run on one machine.

    python tests/bench.py                    everything; some minutes
    python tests/bench.py --subjects 500     a smaller trial, for a quick look
    python tests/bench.py --subjects 0       the start-up times alone

Absolute times differ by a third from hour to hour on the same machine, ratios hold. Start-ups are
medians over rounds in which every command runs once, in an order that rotates, so that a busy moment
falls on all alike. Each larger step is a process of its own, so that its memory is its own. Nothing
here is a test: a busy machine is no fault of the code.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from remtrack import __version__
from terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
TODAY = "2026-11-02"
ROUNDS = 11
PYTHON = sys.executable
SMALL_PATIENT = "P01"
ROWS_EACH = 100  # of the longer import, for each patient of the trial: a million


class Row(NamedTuple):
    """One line of the table: a ratio (or a size) against its limit."""

    what: str
    limit: float
    measured: float
    unit: str  # "x", or "MB"
    detail: str = ""


def main():
    parser = argparse.ArgumentParser(description="print the numbers of the README as ratios measured in one run")
    parser.add_argument("--subjects", type=int, default=10_000, help="patients of the trial; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of the start-up times (default {ROUNDS})")
    parser.add_argument("--folder", type=Path, help="where the files go, kept; a temporary folder otherwise")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)  # a larger step, in its own process
    wanted = parser.parse_args()
    if wanted.step:
        STEPS[wanted.step](wanted.folder)
        return
    print(
        f"{date.today()}: remtrack {__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory(prefix="remtrack-bench-") as temporary:
        folder = wanted.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        show(measure_startup(folder, wanted.rounds))
        if wanted.subjects:
            show(measure_volume(folder, wanted.subjects, wanted.rounds))
            show(measure_families(folder, wanted.subjects))


def show(rows):
    print(f"\n{'what':<62} {'limit':>8} {'measured':>9}\n{'-' * 62} {'-' * 8} {'-' * 9} ----")
    for row in rows:
        verdict = "ok" if row.measured <= row.limit else "OVER"
        digits = 0 if row.unit == "MB" else 1 if row.limit > 1.5 else 2
        print(
            f"{row.what:<62} {row.limit:>6g} {row.unit:<2}{row.measured:>7.{digits}f} {row.unit:<2} {verdict:<4}"
            f"{'  ' + row.detail if row.detail else ''}".rstrip()
        )
    sys.stdout.flush()


# Start-up


def measure_startup(folder, rounds):
    """Return what each command costs, as multiples of a Python that does nothing."""
    record = folder / "small.db"
    write_small_record(folder, record)
    status = words(record, "status", SMALL_PATIENT)
    lesions = [f"L{lesion}=41" for lesion in range(5)]
    days = iter(date(2026, 1, 1) + timedelta(days=day) for day in range(300))
    jobs = {
        "pass": lambda: timed([PYTHON, "-c", "pass"]),
        "version": lambda: timed(words(None, "--version")),
        "help": lambda: timed(words(None, "--help")),
        "add": lambda: timed(words(record, "add", "ADDED", str(next(days)), *lesions)),
        "piped": lambda: timed(status),
        "terminal": lambda: timed_on_terminal(status),
    }
    if find_spec("sqlcipher3"):
        secret = folder / "secret.db"
        write_small_record(folder, secret, encrypted=True)
        jobs["encrypted"] = lambda: timed(words(secret, "status", SMALL_PATIENT))
    median = in_rotation(jobs, rounds)
    floor = median["pass"]
    return [
        Row(what, limit, median[name] / floor, "x", f"{median[name] * 1000:.0f} ms")
        for what, limit, name in (
            ("python -c pass (the unit)", 1, "pass"),
            ("remtrack --version", 2, "version"),
            ("remtrack --help", 10, "help"),
            ("remtrack add, five lesions", 12, "add"),
            ("remtrack status PATIENT, 300 measurements, piped", 12, "piped"),
            ("remtrack status PATIENT, the same as a table on a terminal", 14, "terminal"),
            ("remtrack status PATIENT, piped, of an encrypted record", 30, "encrypted"),
        )
        if name in median
    ]


def write_small_record(folder, record, *, encrypted=False):
    table = folder / "small.csv"
    with table.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["patient_id", "date", "lesion_id", "role", "organ", "longest_mm"])
        out.writerows(["ADDED", "2025-12-01", f"L{lesion}", "target", f"organ{lesion}", 40] for lesion in range(5))
        for visit in range(60):
            day = date(2019, 1, 8) + timedelta(weeks=6 * visit)
            out.writerows(
                [SMALL_PATIENT, day, f"L{lesion}", "target", f"organ{lesion}", 40 + visit % 3] for lesion in range(5)
            )
    record.unlink(missing_ok=True)
    if encrypted:
        os.environ["REMTRACK_PASSPHRASE"] = "of the benchmark alone"  # noqa: S105 - the others ask for none
        timed(words(record, "init", "--encrypt"))
    timed(words(record, "import", str(table)))


def in_rotation(jobs, rounds):
    """Return the median of each job over the rounds; each round starts with another job."""
    names = list(jobs)
    times = {name: [] for name in names}
    for name in names:
        jobs[name]()  # the files of the first start come from the disk, those of the others do not
    for turn in range(rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            times[name].append(jobs[name]())
    return {name: statistics.median(found) for name, found in times.items()}


def words(record, *rest):
    """Return the command line of remtrack: the installed script where there is one, as a user starts it."""
    script = shutil.which("remtrack", path=str(Path(PYTHON).parent))
    start = [script] if script else [PYTHON, "-m", "remtrack"]
    return [*start, *(["--db", str(record)] if record else []), *rest]


def surrounding():
    """Where commands run: as for a user, whose Python keeps what it has compiled."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), "REMTRACK_TODAY": TODAY, "TERM": "xterm-256color"}


def timed(command):
    began = time.perf_counter()
    done = subprocess.run(command, env=surrounding(), capture_output=True, check=False)
    took = time.perf_counter() - began
    insist(done.returncode, command, done.stderr.decode())
    return took


def timed_on_terminal(command):
    began = time.perf_counter()
    code, shown = run_on_terminal(command, env=surrounding())
    took = time.perf_counter() - began
    insist(code, command, shown)
    return took


def insist(code, command, said):
    if code:
        sys.exit(f"{' '.join(command)}\nended with {code}:\n{said}")


# Volume


def measure_volume(folder, subjects, rounds):
    """Return what a trial costs, against the plainest way to do the same work."""
    generator = str(Path(__file__).with_name("make_trial.py"))
    timed([PYTHON, generator, "--subjects", str(subjects), "--seed", "1", "--out", str(folder)])
    rows = json.loads((folder / "trial.json").read_text())["rows"]["flat"]
    print(f"\na trial of {subjects:,} patients, {rows:,} rows", flush=True)
    record = folder / "trial.db"
    record.unlink(missing_ok=True)
    plain = statistics.median(float(step(folder, "plain")) for _ in range(3))
    began = time.perf_counter()
    memory = memory_of(words(record, "import", str(folder / "flat.csv")))
    imported = time.perf_counter() - began
    fetched = statistics.median(float(step(folder, "fetch")) for _ in range(3))
    derived = statistics.median(float(step(folder, "derive")) for _ in range(3))
    checked = float(step(folder, "check"))
    patient = middle_patient(record)
    small = folder / "small.db"
    median = in_rotation(
        {
            "small": lambda: timed(words(small, "status", SMALL_PATIENT)),
            "large": lambda: timed(words(record, "status", patient)),
        },
        rounds,
    )
    many = subjects * ROWS_EACH
    large = memory_of_longer(folder, many)
    return [
        Row("import, answers derived, stored and audited / csv + executemany", 12, imported / plain, "x",
            f"{imported:.1f} s / {plain:.2f} s"),
        Row("the same import: memory at its peak", 200, memory, "MB"),
        Row(f"an import of {many:,} rows: memory at its peak", 300, large, "MB"),
        Row("all answers derived in memory from the file / fetchall", 5, derived / fetched, "x",
            f"{derived:.1f} s / {fetched:.2f} s"),
        Row("check of that file / all answers derived from it", 3, checked / derived, "x",
            f"{checked:.1f} s / {derived:.1f} s"),
        Row("status PATIENT in that file / in one of 300 measurements", 1.3, median["large"] / median["small"], "x",
            f"{median['large'] * 1000:.0f} ms / {median['small'] * 1000:.0f} ms"),
    ]  # fmt: skip


def step(folder, name):
    """Run one step in a process of its own and return what it printed."""
    command = [PYTHON, __file__, "--step", name, "--folder", str(folder)]
    done = subprocess.run(command, env=surrounding(), capture_output=True, text=True, check=False)
    insist(done.returncode, command, done.stderr)
    return done.stdout


def memory_of(command):
    """
    Run the command and return the most memory it had at once, in MB.

    Linux counts in what its starter had, so this process does nothing large itself.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=surrounding(), stdout=said, stderr=said)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        insist(process.returncode, command, said.read().decode())
    return used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


def memory_of_longer(folder, rows):
    """Return the memory that an import of so many rows takes: the trial, and again under other codes."""
    longer, record = folder / "longer.csv", folder / "longer.db"
    record.unlink(missing_ok=True)
    left = rows
    with longer.open("w", encoding="utf-8") as out:
        for turn in count(1):
            with (folder / "flat.csv").open(encoding="utf-8") as trial:
                header = next(trial)
                if turn == 1:
                    out.write(header)
                for line in islice(trial, left):
                    out.write(line if turn == 1 else f"AGAIN{turn}-{line}")
                    left -= 1
            if not left:
                break
    memory = memory_of(words(record, "import", str(longer)))
    longer.unlink()
    record.unlink()
    return memory


def middle_patient(record):
    from remtrack.store import open_record

    with open_record(record) as opened:
        found = list(opened.patient_ids())
    return found[len(found) // 2]


def plain_import(folder):
    """The rows of the file into a table without types, keys or rules."""
    target = folder / "plain.db"
    target.unlink(missing_ok=True)
    began = time.perf_counter()
    connection = sqlite3.connect(target)
    connection.execute("CREATE TABLE t (a, b, c, d, e, f, g, h, i)")
    with (folder / "flat.csv").open(newline="") as file:
        reader = csv.reader(file)
        next(reader)
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", reader)
    connection.commit()
    connection.close()
    print(time.perf_counter() - began)


# What the fold needs of every reading, in one plain query.
JOINED = """
SELECT v.patient_id, v.visit_key, v.line, v.reader, v.visit_on, v.label, v.method, v.note,
    l.lesion_id, m.state, m.longest_mm, m.short_mm, o.lesion_id, m.reason, m.note, m.measured_on
FROM visits AS v
LEFT JOIN measurements AS m ON m.visit_key = v.visit_key
LEFT JOIN lesions AS l ON l.lesion_key = m.lesion_key
LEFT JOIN lesions AS o ON o.lesion_key = m.other_key
ORDER BY v.patient_id, v.visit_on, v.reader, v.visit_key, l.lesion_id"""


def fetch_history(folder):
    """The visits with their readings, all rows into a list."""
    connection = sqlite3.connect(folder / "trial.db")
    began = time.perf_counter()
    rows = connection.execute(JOINED).fetchall()
    took = time.perf_counter() - began
    if not rows:
        sys.exit("the query found nothing")
    print(took)


def derive_answers(folder):
    """Every answer from the facts of the file, kept nowhere."""
    from remtrack.fold import assess
    from remtrack.store import open_record

    visits = 0
    with open_record(folder / "trial.db") as record:
        began = time.perf_counter()
        for _patient, cases in record.histories():
            for case in cases:
                visits += len(assess(case.history, case.criteria, case.settings).assessments)
        took = time.perf_counter() - began
    if not visits:
        sys.exit("no visit was judged")
    print(took)


def check_answers(folder):
    """All that `check` asks of a record."""
    from remtrack.store import open_record
    from remtrack.tracker.checking import check

    with open_record(folder / "trial.db") as record:
        began = time.perf_counter()
        found = [problem for problem in check(record) if problem.severity == "error"]
        took = time.perf_counter() - began
    if found:
        sys.exit(f"check found an error: {found[0]}")
    print(took)


# Families


def measure_families(folder, subjects):
    """
    Return what a visit costs to judge under each family, as multiples of one under RECIST 1.1.

    The patients of each family are judged in turn, in memory, and the quickest of five rounds counts: what
    a busy machine adds is never the code's.
    """
    (folder / "mixed.txt").write_text(str(subjects), encoding="utf-8")
    took = json.loads(step(folder, "families"))
    unit = took["recist-1.1"][0] / took["recist-1.1"][1]
    seconds, visits = (sum(one[at] for one in took.values()) for at in (0, 1))
    print(f"\na mixed trial of {subjects:,} patients, {visits:,} visits judged", flush=True)
    rows = [Row("mixed: time per visit against RECIST 1.1", 2, seconds / visits / unit, "x", f"{seconds:.1f} s")]
    for family, (spent, judged) in took.items():
        detail = f"{spent / judged * 1e6:.0f} us a visit"
        rows.append(Row(f"  {family}", 2, spent / judged / unit, "x", detail))
    return rows


def derive_families(folder):
    """The answers of every family of the mixed trial, in memory: family -> seconds, visits."""
    import gc

    from make_mixed_trial import histories

    from remtrack.fold import assess

    lines = {}
    for history, family, settings in histories(int((folder / "mixed.txt").read_text(encoding="utf-8"))):
        lines.setdefault(family, []).append((history, settings))
    gc.freeze()
    took = dict.fromkeys(lines, (float("inf"), 0))
    for _round in range(5):
        for family, cases in lines.items():
            visits = 0
            began = time.process_time()
            for history, settings in cases:
                visits += len(assess(history, family, settings).assessments)
            took[family] = min(took[family], (time.process_time() - began, visits))
    print(json.dumps(took))


STEPS = {
    "families": derive_families,
    "plain": plain_import,
    "fetch": fetch_history,
    "derive": derive_answers,
    "check": check_answers,
}

if __name__ == "__main__":
    main()
