"""The same facts give the same answer everywhere: in any place, locale, Python, order of entry, by any clock."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attacks import everywhere
from attacks.everywhere import Surrounding, differences, pythons, samples

ROOT = Path(__file__).resolve().parent.parent
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


@pytest.fixture(scope="module")
def folders():
    with samples(patients=11) as found:
        yield found


@pytest.fixture(scope="module")
def here(folders):
    return Surrounding("here").exports(folders)


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "3", "REMTRACK_TODAY": "2099-01-01"},
        {"TZ": "America/Adak", "PYTHONHASHSEED": "1", "TODAY": "1999-12-31", **ASCII},
    ],
    ids=["half a day ahead, in Turkish", "half a day behind, in ASCII"],
)
def test_every_export_is_the_same_byte_for_byte_in_another_surrounding(here, folders, environment):
    there = Surrounding("there", **environment).exports(folders)

    assert len(here) == 9
    assert all(len(data) > 300 for data in here.values())
    assert differences(here, there) == []


def test_every_python_that_is_here_gives_the_same_bytes(here, folders):
    newest = max(pythons(), key=lambda version: [int(part) for part in version.split(".")])
    there = Surrounding(newest, pythons()[newest], PYTHONHASHSEED="5").exports(folders)

    assert differences(here, there) == []


@pytest.mark.parametrize(
    ("attack", "tries"),
    [(everywhere.shuffled_rows, 1), (everywhere.typed_in_any_order, 4), (everywhere.clock_set_back, 3)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_the_order_of_entry_and_the_clock_change_nothing(attack, tries):
    assert attack(tries, seed=20261122) == (tries, [], "")


def test_the_days_of_a_night_that_lasts_25_hours_are_the_days_that_were_typed(remtrack):
    night = {"TZ": "Europe/Berlin", "REMTRACK_TODAY": "2026-10-25"}
    remtrack("patient", "add", "P01", env=night)
    told = remtrack("add", "P01", "--target", "L1 liver 42", env=night)
    row = json.loads(remtrack("log", "--last", "1", "--json", env={"TZ": "Pacific/Kiritimati"}).out)["rows"][0]

    assert "Sun 25 Oct 2026" in told.out
    assert row["rows"][0] == "P01 2026-10-25: line 1, visit 2026-10-25"


def test_when_a_change_was_made_is_told_by_the_clock_of_whoever_made_it(remtrack):
    remtrack("patient", "add", "P01", env={"TZ": "Pacific/Kiritimati"})
    there = json.loads(remtrack("log", "--json", env={"TZ": "America/Adak"}).out)["rows"][0]

    assert there["utc_offset"] == "+14:00"
    assert there["at_local"].endswith("+14:00")
    assert there["at_utc"].endswith("Z")


def test_a_name_that_is_not_ascii_is_the_same_where_the_locale_knows_no_other_letters(remtrack):
    for words in (
        ("patient", "add", "Ünal-1", "--note", "größer"),
        ("add", "Ünal-1", "2026-01-05", "--target", "L1 liver:Süd 42"),
        ("timeline", "Ünal-1"),
        ("log", "--format", "table"),
    ):
        told = remtrack(*words, env=ASCII)
        assert (told.code, "error" in told.err) == (0, False), (words, told)
    rows = json.loads(remtrack("export", "measurements", "--json").out)["rows"]

    assert [(row["patient_id"], row["site"]) for row in rows] == [("Ünal-1", "Süd")]


@pytest.mark.parametrize("command", ["status", "timeline S-CML", "explain S-MM 2025-10-20", "criteria show irecist"])
@pytest.mark.parametrize("form", ["table", "json"])
def test_no_screen_fails_for_want_of_letters(folders, tmp_path, command, form):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **ASCII}
    record = tmp_path.parent / "stories.db"
    if not record.exists():
        begin = [sys.executable, "-m", "remtrack", "--db", str(record), "import", str(folders[0])]
        subprocess.run(begin, env=environment, check=True, capture_output=True)
    words = [sys.executable, "-m", "remtrack", "--db", str(record), *command.split(), "--format", form]
    done = subprocess.run(words, env=environment, check=False, capture_output=True)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout
