"""
The same answer everywhere: other time zones, locales, hash seeds, clocks, days, Pythons, networks, orders of entry.

Every attack lays the exports of one set of facts against those made here: the bytes must be the same.
"""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from make_mixed_trial import write_mixed
from store_samples import put_story

from remtrack.store import open_record
from remtrack.tracker.derive import derive

from .base import Outcome, chance, export_of, must, workplace

ROOT = Path(__file__).resolve().parent.parent.parent
#: A time zone half a day ahead, one half a day behind, one in the middle of its summer time's last night.
ZONES = ("Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu", "CET-1CEST,M11.4.0/0,M11.4.1/0", "UTC")
#: In Turkish the capital of i is not I; in German the decimal sign is a comma; in C there is no letter but ASCII.
LOCALES = ("tr_TR.UTF-8", "de_DE.UTF-8", "C", "POSIX", "C.UTF-8")
DAYS = ("1999-12-31", "2024-02-29", "2026-11-02", "2099-01-01")

_CHILD = """
import os, sys
from remtrack.cli import run
record, out, *folders = sys.argv[1:]
for words in (*(["import", folder] for folder in folders), ["export", "-o", out]):
    if words[0] == "export":  # what is stored and comes out knows no today; what comes in must not be of tomorrow
        os.environ["REMTRACK_TODAY"] = os.environ.get("TODAY", "2026-11-02")
    code = run(["--db", record, *words])
    if code:
        sys.exit(code)
"""


class Surrounding:
    """Where a program is started: its environment, which Python, and what stands before it on the command line."""

    def __init__(self, name, python=sys.executable, before=(), **environment):
        self.name, self.python, self.before, self.environment = name, python, before, environment

    def exports(self, folders):
        """Import the folders in a process of its own that is started so; return every export as bytes, by name."""
        with workplace() as folder:
            # The packages are the same, all of plain Python, also for another version of it.
            paths = (str(ROOT), sysconfig.get_path("purelib"))
            environment = {
                name: value
                for name, value in os.environ.items()
                if name.split("_")[0] not in ("LC", "LANG", "LANGUAGE", "TZ", "REMTRACK")
                and not name.startswith("PYTHON")
            }
            environment |= {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1", **self.environment}
            command = [*self.before, self.python, "-c", _CHILD, str(folder / "record.db"), str(folder / "out")]
            done = subprocess.run(
                [*command, *map(str, folders)], env=environment, capture_output=True, check=False, cwd=folder
            )
            if done.returncode:
                raise RuntimeError(f"{self.name}: exit code {done.returncode}, {done.stderr.decode(errors='replace')}")
            return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}


@contextmanager
def samples(patients=22, seed=1):
    """Folders to import: the invented patients that come with the program, and some of every family."""
    with workplace() as folder:
        write_mixed(patients, seed, folder / "mixed")
        yield [ROOT / "sample_data" / "stories", ROOT / "sample_data" / "demo", folder / "mixed"]


@cache
def pythons():
    """Every Python from 3.11 on that this machine has and that can run the program, by version."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    folders = [*os.get_exec_path(), *map(str, (Path.home() / ".pyenv" / "versions").glob("3.*/bin"))]
    found = {}
    test = "import sqlite3, sys; print(*sys.version_info[:3], sep='.'); import typer, rich, dateutil, sqlite_utils"
    for place in dict.fromkeys(filter(None, (shutil.which(name, path=at) for name in names for at in folders))):
        done = subprocess.run(
            [place, "-c", test],
            env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            found.setdefault(done.stdout.strip(), place)
    return found


def differences(one, other):
    """Return the names of the exports that are not the same byte for byte."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


# --------------------------------------------------------------------------------------- surroundings


def surroundings(tries, seed):
    """Random time zones, locales, hash seeds and days, with an ASCII terminal in half of the tries."""
    with workplace() as folder, samples() as folders:
        locales = {"LOCPATH": str(folder)} if made_locales(folder) else {}
        here = Surrounding("here").exports(folders)
        failures = []
        for number in range(tries):
            rng = chance(seed, number)
            chosen = {
                "TZ": rng.choice(ZONES),
                "LC_ALL": rng.choice(LOCALES),
                "PYTHONHASHSEED": str(rng.randrange(2**32)),
                "REMTRACK_TODAY": rng.choice(DAYS[2:]),
                "TODAY": rng.choice(DAYS),
                "PYTHONUTF8": rng.choice("01"),
                "PYTHONIOENCODING": rng.choice(("ascii", "utf-8", "latin-1")),
                "PYTHONCOERCECLOCALE": "0",
            }
            there = Surrounding(str(chosen), **locales, **chosen).exports(folders)
            failures += [f"{chosen}: {name}" for name in differences(here, there)]
    return Outcome(tries, failures, "with the locales themselves" if locales else "with the locales' names alone")


def made_locales(folder):
    """Make the locales where the machine has what they are made of; say whether it has."""
    if shutil.which("localedef") is None:
        return False
    for name in ("tr_TR", "de_DE"):
        place = folder / f"{name}.UTF-8"
        subprocess.run(["localedef", "-i", name, "-f", "UTF-8", str(place)], capture_output=True, check=False)
        if not place.is_dir():
            return False
    return True


def other_pythons(tries, seed):
    """Every Python that the machine has, with another hash seed each time."""
    failures = []
    with samples() as folders:
        here = Surrounding("here").exports(folders)
        places = list(pythons().items())
        for number in range(max(tries, len(places))):
            version, place = places[number % len(places)]
            there = Surrounding(version, place, PYTHONHASHSEED=str(seed + number)).exports(folders)
            failures += [f"Python {version}: {name}" for name in differences(here, there)]
    return Outcome(max(tries, len(places)), failures, f"Python {', '.join(sorted(pythons()))}")


def without_network(tries, seed):
    """In a namespace that has no network at all, where the machine lets one be made."""
    before = ("unshare", "-rn")
    allowed = (
        shutil.which("unshare") and not subprocess.run([*before, "true"], capture_output=True, check=False).returncode
    )
    if not allowed:
        return Outcome(0, [], "this machine makes no network namespace")
    failures = []
    with samples(seed=seed) as folders:
        here = Surrounding("here").exports(folders)
        for _ in range(tries):
            failures += differences(here, Surrounding("no network", before=before).exports(folders))
    return Outcome(tries, failures)


# ----------------------------------------------------------------------------------- orders of entry


def shuffled_rows(tries, seed):
    """The rows of every table in random order, the patients of a table mixed."""
    failures = []
    with samples() as folders, workplace() as place:
        for folder in folders:
            must(place / "record.db", ["import", folder])
        here = export_of(place / "record.db")
        for number in range(tries):
            rng = chance(seed, number)
            record = place / f"shuffled{number}.db"
            for folder in rng.sample(folders, len(folders)):
                mixed = place / f"{number}-{folder.name}"
                mixed.mkdir()
                for table in folder.glob("*.csv"):
                    header, *rows = table.read_text(encoding="utf-8").splitlines()
                    (mixed / table.name).write_text(
                        "\n".join([header, *rng.sample(rows, len(rows)), ""]), encoding="utf-8"
                    )
                must(record, ["import", mixed])
            failures += [f"order {number}: {name}" for name in differences(here, export_of(record))]
    return Outcome(tries, failures)


class Look(NamedTuple):
    """One visit of an invented patient: the day, and what is typed of each lesion."""

    on: date
    words: dict[str, str]


#: Role, how its place is typed, and its kind, organ and site as a table has them.
LESIONS = {
    "T1": ("target", "liver", "nonnodal", "liver", ""),
    "T2": ("target", "lung:left", "nonnodal", "lung", "left"),
    "G1": ("target", "node:axilla", "node", "lymph node", "axilla"),
    "B1": ("nontarget", "bone", "nonnodal", "bone", ""),
    "N1": ("new", "brain", "nonnodal", "brain", ""),
}
STATES = {"gone": "absent", "tiny": "too_small", "ne": "not_assessed", "present": "present", "worse": "unequivocal_pd"}


def followed(rng):
    """Return the visits of an invented patient, whose fifth lesion may be seen later than the others."""
    day, looks, first_seen = date(2024, 1, 8), [], rng.choice((0, 0, 2, 3))
    for number in range(rng.randint(3, 7)):
        words = {"B1": rng.choice(("present", "present", "gone", "ne", "worse")) if number else "present"}
        for lesion in ("T1", "T2", "G1"):
            size = rng.randint(16, 60) if not number else rng.randint(0, 700) / 10
            words[lesion] = rng.choice(("gone", "tiny", "ne")) if number and rng.random() < 0.2 else f"{size:g}"
        if first_seen and number >= first_seen:
            words["N1"] = f"{rng.randint(50, 400) / 10:g}"
        looks.append(Look(day, words))
        day += timedelta(days=rng.randint(20, 90))
    return looks


def typable(looks):
    """Say whether the visits can be typed in this order: a lesion is new only beside an earlier visit."""
    return all(
        "N1" not in look.words or any(typed.on < look.on for typed in looks[:at]) for at, look in enumerate(looks)
    )


def line_of(look, first_typed):
    """Return the command that types one visit; a lesion that was not typed of an earlier day is given its role."""
    words = ["add", "P01", str(look.on)]
    for lesion, text in look.words.items():
        role, place, *_ = LESIONS[lesion]
        if first_typed.get(lesion, date.max) > look.on:
            first_typed[lesion] = look.on
            words += [f"--{role}", f"{lesion} {place} {text}"]
        else:
            words.append(f"{lesion}={text}")
    return words


def row_of(look, lesion):
    role, _place, kind, organ, site = LESIONS[lesion]
    text = look.words[lesion]
    size = text if text not in STATES and text != "0" else ""
    axes = ("", size) if kind == "node" else (size, "")
    return ("P01", look.on, lesion, role, kind, organ, site, *axes, STATES.get(text, "" if size else "absent"))


def typed_in_any_order(tries, seed):
    """One `add` a visit, from the last to the first or in any order, against one import of it all."""
    failures = []
    for number in range(tries):
        rng = chance(seed, number)
        looks = followed(rng)
        order = looks[::-1] if number % 2 else rng.sample(looks, len(looks))
        while not typable(order):
            order = rng.sample(looks, len(looks))
        with workplace() as place:
            header = (
                "patient_id",
                "date",
                "lesion_id",
                "role",
                "kind",
                "organ",
                "site",
                "longest_mm",
                "short_mm",
                "state",
            )
            rows = [row_of(look, lesion) for look in looks for lesion in look.words]
            with (place / "scans.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([header, *rng.sample(rows, len(rows))])
            must(place / "imported.db", ["import", place / "scans.csv"])
            must(place / "typed.db", "patient add P01")
            first_typed = {}
            for look in order:
                must(place / "typed.db", line_of(look, first_typed))
            wrong = differences(export_of(place / "imported.db"), export_of(place / "typed.db"))
            failures += [f"{number}: {[str(look.on) for look in order]}: {name}" for name in wrong]
    return Outcome(tries, failures)


def clock_set_back(tries, seed):
    """The clock jumps back and forth between changes, by up to three years; the log keeps the order of the changes."""
    failures = []
    for number in range(tries):
        rng = chance(seed, number)
        moments = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=rng.randint(-(10**8), 10**8)) for _ in range(4)]
        with workplace() as place:
            written = []
            for name, clock in (("jumping", moments), ("even", [None] * len(moments))):
                with open_record(place / f"{name}.db", write=True, create=True) as record:
                    for at, (patient, moment) in enumerate(zip(("P01", "P02", "P03", "P04"), clock, strict=True)):
                        with record.change("add", at=moment) as change:
                            put_story(change, patient, sizes=(60, 42 - at, 40, 30))
                            derive(record, change)
                    found = [row["number"] for row in record.changes()]
                    failures += [f"{name} {number}: {problem.what}" for problem in record.verify()]
                failures += [f"{name} {number}: in the order {found}"] * (found != [4, 3, 2, 1])
                written.append(export_of(place / f"{name}.db"))
            failures += [f"{number}: {name}" for name in differences(*written)]
    return Outcome(tries, failures)
