"""Every command that writes leaves who, when, which command, before, after and why."""

import getpass
import json
import re
import shlex
from datetime import UTC, datetime, timedelta

import pytest
from commands import PREPARED, SAMPLES, WRITING, prepare, unmentioned

from remtrack import __version__
from remtrack.criteria import FAMILIES
from remtrack.store import open_record

#: What the log says of the rows of some of the changes: before -> after.
TOLD = {
    'edit P01 2026-03-02 L1=27 --reason "typing error"': ["P01 2026-03-02 L1: 28 mm -> 27 mm"],
    'edit A1 2026-02-10 anc=1.5 --reason "wrong tube"': ["A1 2026-02-10 anc: 1.4 -> 1.5"],
    'edit A1 2026-02-10 --remove plt --reason "wrong tube"': ["A1 2026-02-10 plt: 120 taken out"],
    "edit P01 2026-03-03 --method MRI": ["P01 2026-03-03: nothing -> method MRI"],
    "patient add P02 --note anders": ["P02: note geheim -> note anders"],
}


def test_every_command_has_an_example_that_is_tried():
    assert unmentioned() == set()


def last(typed):
    return json.loads(typed("log --last 1 --json").out)["rows"][0]


@pytest.fixture
def prepared(typed, tmp_path):
    place = tmp_path / "place"
    prepare(typed, place)
    return typed


def test_every_command_that_writes_leaves_who_when_what_before_after_and_why(prepared, record_path, tmp_path):
    started = datetime.now(UTC) - timedelta(seconds=1)
    number = last(prepared)["number"]
    for line, command, table in WRITING:
        typed = line.format(place=tmp_path / "place", samples=SAMPLES)
        told = prepared("--as", "dr.lee", *shlex.split(typed))
        change = last(prepared)
        number = number + 1 if command != "restore" else change["number"]

        assert told.code == 0, (typed, told)
        assert change["number"] == number, typed
        assert change["command"].startswith(command), typed
        assert change["who"] == "dr.lee", typed
        assert change["reason"] == why(line) or command == "restore", typed
        assert change["tool_version"] == __version__
        assert change["rules"] == {name: family.revision for name, family in FAMILIES.items()}
        at = datetime.strptime(change["at_utc"], "%Y-%m-%dT%H:%M:%S%z")
        assert started <= at <= datetime.now(UTC), typed
        assert re.fullmatch(r"[+-][0-9]{2}:[0-9]{2}", change["utc_offset"]), typed
        assert (table in change["counts"]) is bool(table), typed
        assert len(change["rows"]) + change["rows_left_out"] == touched(change), typed
        assert TOLD.get(line, change["rows"]) == change["rows"]
        with open_record(record_path) as record:
            rows = record.changes(limit=1)[0]["rows"]
        assert all(row["before"] != row["after"] for row in rows), typed
    assert "replaces one whose last was change" in change["reason"]
    assert prepared("check").code == 0


def why(line):
    words = shlex.split(line)
    return words[words.index("--reason") + 1] if "--reason" in words else ""


def touched(change):
    return sum(sum(counts.values()) for counts in change["counts"].values())


def test_what_prepares_the_record_is_in_the_log_once_each(prepared):
    commands = [row["command"] for row in json.loads(prepared("log --json").out)["rows"]]

    assert list(reversed(commands)) == [
        " ".join(line.split()[:2]) if line.startswith("patient") else line.split()[0]
        for line in PREPARED
        if not line.startswith("backup")
    ]


@pytest.mark.parametrize("name", ["LOGNAME", "USER"])
def test_who_is_typing_is_the_user_of_the_system_when_nobody_is_named(typed, monkeypatch, name):
    for each in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, "nurse")
    typed("patient add P01")

    assert last(typed)["who"] == "nurse"


def test_who_is_typing_is_looked_up_where_the_surrounding_says_nothing(typed, monkeypatch):
    for each in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(each, raising=False)
    typed("patient add P01")

    assert last(typed)["who"] == getpass.getuser()


def test_a_purge_says_in_the_new_record_who_made_it_and_names_no_patient(prepared, tmp_path):
    prepared("--as", "dr.lee", "purge", "GEHEIM", "-o", str(tmp_path / "new.db"))
    with open_record(tmp_path / "new.db") as record:
        change = record.changes(limit=1)[0]

    assert (change["who"], change["command"]) == ("dr.lee", "purge")
    assert change["reason"].startswith("begun anew without one patient, from a record whose last hash was ")
