"""
What a command loads before it can answer, counted from `-X importtime`.

Times differ between machines and hours; the modules that are loaded do not. `make bench` has the times.
"""

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from make_mixed_trial import IN_ORDER, treatments, write_mixed

from remtrack.criteria import FAMILIES
from terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
LESIONS, VISITS = 5, 60
# From 3.13 on the standard library loads more, smaller modules of its own for the same work.
SPLIT = 10 if sys.version_info >= (3, 13) else 0

# Each of these costs more than the command that would load it.
TOO_HEAVY = {
    "click",
    "dateutil.parser",
    "importlib.metadata",
    "markdown_it",
    "openpyxl",
    "pydantic",
    "pygments",
    "rich.progress",
    "sqlite_utils",
}
# What judges. Stored answers are read without it.
FAMILY_MODULES = {f"remtrack.criteria.{entry.module}" for entry in FAMILIES.values()}
JUDGES = {"remtrack.fold", "remtrack.criteria.base", "remtrack.criteria.results", *FAMILY_MODULES}


def surrounding():
    return {**os.environ, "PYTHONPATH": str(ROOT), "REMTRACK_TODAY": "2026-11-02", "TERM": "xterm-256color"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A record of one patient with 300 measurements, its answers stored."""
    folder = tmp_path_factory.mktemp("startup")
    rows = ["patient_id,date,lesion_id,role,kind,organ,longest_mm"]
    for visit in range(VISITS):
        day = date(2020, 1, 7) + timedelta(weeks=6 * visit)
        rows += [f"P01,{day},L{lesion},target,nonnodal,organ {lesion},{40 + visit % 3}" for lesion in range(LESIONS)]
    table = folder / "scans.csv"
    table.write_text("\n".join([*rows, ""]), encoding="utf-8")
    record = folder / "record.db"
    command = [sys.executable, "-m", "remtrack", "--db", str(record), "import", str(table)]
    subprocess.run(command, env=surrounding(), check=True, capture_output=True)
    return record


@pytest.fixture(scope="module")
def of_each_family(tmp_path_factory):
    """A record of one patient of each family, and who they are."""
    folder = tmp_path_factory.mktemp("families")
    write_mixed(len(IN_ORDER), 1, folder / "in")
    record = folder / "record.db"
    command = [sys.executable, "-m", "remtrack", "--db", str(record), "import", str(folder / "in")]
    subprocess.run(command, env=surrounding(), check=True, capture_output=True)
    return record, {line.family: line for number in range(len(IN_ORDER)) for line in treatments(1, number)[-1:]}


@pytest.fixture
def loaded(written, tmp_path):
    """Run a command on a copy of that record, or of another one, and return the modules it loaded."""
    record = tmp_path / "record.db"
    shutil.copy(written, record)
    notes = tmp_path / "notes.txt"

    def run(*words, terminal=False, of=None):
        if of is not None:
            shutil.copy(of, record)
        place = [] if words[0].startswith("--") else ["--db", str(record)]
        command = [sys.executable, "-X", "importtime", "-m", "remtrack", *place, *words]
        with notes.open("wb") as file:
            if terminal:
                code, _shown = run_on_terminal(command, env=surrounding(), stderr=file)
            else:
                code = subprocess.run(
                    command, env=surrounding(), stdout=subprocess.DEVNULL, stderr=file, check=False
                ).returncode
        said = notes.read_text(encoding="utf-8").splitlines()
        assert code == 0, "\n".join(line for line in said if not line.startswith("import time:"))
        lines = [line for line in said if line.startswith("import time:")]
        return [line.rpartition("|")[2].strip() for line in lines[1:]]

    return run


def among(modules, libraries):
    return {one for one in libraries if any(module == one or module.startswith(f"{one}.") for module in modules)}


def test_version_loads_no_command(loaded):
    assert among(loaded("--version"), {"typer", "sqlite3", "rich", "remtrack.cli"}) == set()


def test_help_loads_neither_the_store_nor_the_rules_nor_rich(loaded):
    modules = loaded("--help")

    assert len(modules) <= 175 + SPLIT
    assert among(modules, {*TOO_HEAVY, *JUDGES, "rich", "sqlite3", "dateutil", "remtrack.store"}) == set()


def test_add_loads_at_most_200_modules_and_nothing_heavy(loaded):
    modules = loaded("add", "P01", "2026-10-30", "L1=30")

    assert len(modules) <= 200 + SPLIT
    assert among(modules, TOO_HEAVY) == set()


def test_status_of_a_patient_piped_loads_at_most_175_modules_and_no_rules(loaded):
    modules = loaded("status", "P01")

    assert len(modules) <= 175 + SPLIT
    assert among(modules, TOO_HEAVY | JUDGES | {"rich"}) == set()


def test_status_of_a_patient_on_a_terminal_loads_at_most_250_modules_and_no_rules(loaded):
    modules = loaded("status", "P01", terminal=True)

    assert len(modules) <= 250 + SPLIT
    assert among(modules, TOO_HEAVY | JUDGES) == set()
    assert among(modules, {"rich.table"})  # it was a table that was drawn


@pytest.mark.parametrize("command", ["timeline", "remission"])
def test_stored_answers_are_shown_without_the_rules(loaded, command):
    assert among(loaded(command, "P01"), TOO_HEAVY | JUDGES) == set()


@pytest.mark.parametrize("family", IN_ORDER)
def test_status_of_a_patient_of_any_family_loads_no_family_and_no_fold(loaded, of_each_family, family):
    record, lines = of_each_family
    modules = loaded("status", lines[family].patient_id, of=record)

    assert len(modules) <= 190 + SPLIT
    assert among(modules, TOO_HEAVY | JUDGES | {"rich"}) == set()
    assert families_after(record, "status", lines[family].patient_id) == set()


@pytest.mark.parametrize("words", [["patients"], ["status"], ["export", "assessments"]])
def test_what_reads_stored_answers_of_all_families_loads_none_of_them(of_each_family, words):
    assert families_after(of_each_family[0], *words) == set()


#: The module of a family, and that of the family on whose rules it is built.
BUILT_ON = {"irecist": {"recist"}, "mrecist": {"recist"}}


@pytest.mark.parametrize("family", IN_ORDER)
def test_add_loads_the_family_of_the_line_alone(loaded, of_each_family, family, tmp_path):
    record, lines = of_each_family
    line = lines[family]
    if line.readings:
        word = f"{line.readings[0]['lesion_id']}=ne"
    else:
        word = f"{line.results[0]['key']}={line.results[0]['value']}{line.results[0]['unit'].replace('% IS', '%')}"
    words = ("add", line.patient_id, "2026-10-30", word)
    modules = loaded(*words, of=record)
    own = FAMILIES[family].module

    assert len(modules) <= 215 + SPLIT
    assert among(modules, TOO_HEAVY) == set()
    assert families_after(shutil.copy(record, tmp_path / "other.db"), *words) == {own, *BUILT_ON.get(own, ())}


def families_after(record, *words):
    """Return the modules of families that are there when a command ends."""
    told = "import sys, atexit; from remtrack.__main__ import main;"
    told += "atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr)); sys.exit(main())"
    command = [sys.executable, "-c", told, "--db", str(record), *words]
    done = subprocess.run(command, env=surrounding(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    there = set(done.stderr.splitlines())
    assert "remtrack.cli" in there
    return {entry.module for entry in FAMILIES.values() if f"remtrack.criteria.{entry.module}" in there}


def test_the_help_that_is_kept_is_the_help_that_the_commands_give():
    from remtrack.cli.app import help_text

    kept = (ROOT / "remtrack" / "cli" / "help.txt").read_text(encoding="utf-8")

    assert kept == help_text(), "run: make docs"
