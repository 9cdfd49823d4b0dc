"""The attacks, short, and what they found: `make torture` tries them a thousand times and more."""

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from attacks.base import attacked, command, export_of, log_of, other_record, small_export, small_log, small_record
from attacks.catalogue import ATTACKS

from remtrack import __main__ as program
from remtrack.store import Record, open_record
from remtrack.tracker import backups
from remtrack.tracker.checking import check

SEED = 20261122
_PART = 26  # a long attack is tried in parts, for the tests that run side by side


def parts():
    for name, attack in ATTACKS.items():
        size = (attack.short if attack.whole else 0) or _PART
        for first in range(0, attack.short, size):
            yield pytest.param(name, first, min(size, attack.short - first), id=f"{name}-{first}")


@pytest.mark.parametrize(("name", "first", "tries"), list(parts()))
def test_the_record_survives(name, first, tries):
    attack = ATTACKS[name]
    outcome = attack.function(tries, SEED) if attack.whole else attack.function(tries, SEED, first)

    assert outcome.failures == []


# -- what the attacks found -----------------------------------------------------------------------


@pytest.fixture
def record_path(tmp_path):
    return attacked(tmp_path)


def test_a_restore_that_is_cut_off_leaves_the_record_as_it_was(record_path, tmp_path, monkeypatch):
    (tmp_path / "other.db").write_bytes(other_record())

    def cut_off(_record, _change):
        raise KeyboardInterrupt

    monkeypatch.setattr(backups, "derive", cut_off)
    told = command(record_path, ["restore", tmp_path / "other.db", "--yes"])

    assert told[0] == 130
    assert record_path.read_bytes() == small_record()
    assert not [place.name for place in tmp_path.iterdir() if place.name.startswith(".")]


def test_what_was_put_back_says_so_from_its_first_moment_on(record_path, tmp_path):
    (tmp_path / "other.db").write_bytes(other_record())
    command(record_path, ["restore", tmp_path / "other.db", "--yes"])

    assert [change["command"] for change in log_of(record_path)][:2] == ["restore", "add"]


def test_ctrl_c_just_after_a_change_was_saved_is_not_told_as_if_nothing_was(record_path, monkeypatch):
    before, close = len(small_log()), Record.close

    def pressed(record):
        close(record)
        monkeypatch.setattr(Record, "close", close)
        raise KeyboardInterrupt

    monkeypatch.setattr(Record, "close", pressed)
    code, _out, err = command(record_path, "add P00 2001-01-05 L1=20 G1=8")

    assert code == 130
    assert len(log_of(record_path)) == before + 1
    assert "nothing was" not in err
    assert "hint: remtrack log --last 1 shows whether it was saved" in err


def test_ctrl_c_while_the_program_is_still_loading_shows_no_traceback(monkeypatch, capsys):
    def pressed():
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "_run", pressed)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as stop:
        program.main()
    after = signal.signal(signal.SIGINT, before)

    assert after == signal.SIG_IGN  # pressed again, it is too late
    assert stop.value.code == 130
    assert capsys.readouterr().err == "\ninterrupted\n"


def test_ctrl_c_at_the_very_end_of_a_backup_leaves_no_hidden_copy(record_path, tmp_path, monkeypatch):
    unlink = Path.unlink

    def pressed(path, **how):
        monkeypatch.setattr(Path, "unlink", unlink)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", pressed)
    code, _out, _err = command(record_path, ["backup", "-o", tmp_path / "copy.db"])

    assert code == 130
    assert {place.name for place in tmp_path.iterdir()} == {"record.db", "copy.db"}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'visits'", "the last number given in visits is"),
        ("DELETE FROM sqlite_sequence WHERE name = 'lesions'", "the last number given in lesions is"),
        ("UPDATE sqlite_sequence SET name = 'x' WHERE name = 'events'", "the last number given in x is"),
        ("UPDATE _sqlite_migrations SET name = 'x'", "the steps that made the layout are not those of remtrack"),
        ("UPDATE assessments SET revision = revision + 1", "assessments carry another stamp than the course"),
        ("UPDATE episodes SET facts_change = 1", "episodes carry another stamp than the course"),
    ],
)
def test_check_names_what_another_program_changed_beside_the_facts(record_path, sql, said):
    with closing(sqlite3.connect(record_path, isolation_level=None)) as plain:
        plain.execute(sql)
    with open_record(record_path) as record:
        found = [problem.what for problem in check(record)]

    assert any(said in what for what in found)


@pytest.mark.parametrize("number", [0, 9, 15])
def test_the_record_as_it_was_remembers_the_numbers_of_then(record_path, number):
    with open_record(record_path) as record, record.known_at(number) as then:
        assert then.verify() == []


def test_who_has_a_code_now_is_forgotten_and_not_who_had_it_before(record_path, tmp_path):
    for words in (
        "patient rename P00 P77",
        "patient add P00",
        'add P00 2001-01-08 --target "L1 lung 30"',
        "patient rename P01 P00x",
    ):
        assert command(record_path, words)[0] == 0
    before = small_export()
    path = tmp_path / "without.db"
    assert command(record_path, ["purge", "P00", "-o", path])[0] == 0
    assert command(path, "patient rename P77 P00")[0] == 0
    assert command(path, "patient rename P00x P01")[0] == 0

    assert export_of(path) == before
