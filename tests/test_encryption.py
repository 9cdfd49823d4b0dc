"""An encrypted record: nothing of it can be read without its passphrase, and every command works with it."""

import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from store_samples import exported, put_story

from remtrack.cli import run
from remtrack.store import open_record

WORD = "schlüssel 'zum' \"Buch\""
BASELINE = 'add P01 2026-01-05 --target "L1 liver 42"'


@cache
def sealed_record():
    """The bytes of an encrypted record with one patient: each opening takes a quarter of a second by design."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = f"{folder}/record.db"
        patch.setenv("REMTRACK_PASSPHRASE", WORD)
        for words in ("init --encrypt", "patient add P01", BASELINE, "add P01 2026-03-02 L1=28"):
            assert run(["--db", path, *shlex.split(words)]) == 0
        return Path(path).read_bytes()


@pytest.fixture
def sealed(typed, record_path, monkeypatch):
    record_path.touch(mode=0o600)
    record_path.write_bytes(sealed_record())
    monkeypatch.setenv("REMTRACK_PASSPHRASE", WORD)
    return typed


def test_no_byte_of_the_file_tells_what_is_in_it(sealed, record_path):
    data = record_path.read_bytes()

    assert not data.startswith(b"SQLite")
    assert all(word not in data for word in (b"recist-1.1", b"liver", b"patients", b"CREATE TABLE"))
    assert record_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status P01 --as-of 2026-02-01",
        "timeline P01",
        "explain P01 2026-03-02",
        "remission",
        "lesions P01",
        "patients",
        "add P01 2026-04-06 L1=20",
        'edit P01 2026-03-02 L1=29 --reason "typing error"',
        "undo --yes",
        "log",
        'log P01 --at "change 3"',
        "log --head",
        "export assessments",
        "check",
        "recompute",
        "backup",
        "line list P01",
        "patient rename P01 P02",
        "import rows.csv",
        "import rows.csv --dry-run",
        "check rows.csv",
        "doctor",
        "compare P01 --criteria recist-1.1 --criteria irecist",
        "criteria show recist-1.1",
        "purge P01 -o without.db",
        "export --deidentify --key-file key -o masked",
        "event P01 therapy 2026-02-01",
        "line set P01 1 confirm_days=56",
        "demo",
    ],
)
def test_every_command_works_on_it(sealed, record_path, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Path("rows.csv").write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\n")
    told = sealed(command)

    assert (told.code, told.err.count("error:")) == (0, 0)
    assert not record_path.read_bytes().startswith(b"SQLite")


def test_what_is_imported_is_in_it_and_nowhere_in_the_open(sealed, record_path, tmp_path):
    rows = tmp_path / "in" / "rows.csv"
    rows.parent.mkdir()
    rows.write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\nP51,2026-01-05,T1,much\n")
    refused = sealed("import", str(rows))
    taken = sealed("import", str(rows), "--partial", "--rejects", str(tmp_path / "in" / "rejects.csv"))

    assert (refused.code, taken.code) == (4, 0)
    assert "P50" in sealed("patients").out
    assert [path for path in tmp_path.iterdir() if path.is_file() and b"P50" in path.read_bytes()] == []
    assert sealed("check").code == 0


def test_a_wrong_passphrase_keeps_an_import_out(sealed, record_path, tmp_path, monkeypatch):
    rows = tmp_path / "rows.csv"
    rows.write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\n")
    before = record_path.read_bytes()
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "another")

    assert sealed("import", str(rows)).code == 5
    assert sealed("check", str(rows)).code == 5
    assert record_path.read_bytes() == before


def test_it_answers_as_an_open_one_does(sealed, typed, record_path, tmp_path, monkeypatch):
    with open_record(tmp_path / "plain.db", write=True, create=True) as plain:
        with plain.change("add") as change:
            put_story(change, "P07")
        with open_record(record_path, write=True, passphrase=lambda: WORD) as record:
            with record.change("add") as change:
                put_story(change, "P07")
            assert exported(plain)["measurements"] == [
                row for row in exported(record)["measurements"] if row[0] == "P07"
            ]
            assert record.verify() == []


@pytest.mark.parametrize("word", ["another", WORD + " ", WORD.upper()])
def test_another_passphrase_is_told_so_and_nothing_is_touched(sealed, record_path, monkeypatch, word):
    before = record_path.read_bytes()
    monkeypatch.setenv("REMTRACK_PASSPHRASE", word)
    told = sealed("add P01 2026-04-06 L1=20")

    assert told.code == 5
    assert "the passphrase is another one" in told.err
    assert record_path.read_bytes() == before


def test_without_a_passphrase_and_nobody_to_ask_it_says_how_to_give_one(sealed, monkeypatch):
    monkeypatch.delenv("REMTRACK_PASSPHRASE")
    told = sealed("status")

    assert told.code == 2
    assert "--passphrase-fd" in told.err


def test_a_wrong_passphrase_is_never_printed_nor_what_the_driver_has_to_say(sealed, record_path):
    command = [sys.executable, "-m", "remtrack", "--db", str(record_path), "status"]
    environment = {**os.environ, "REMTRACK_PASSPHRASE": "wrong-and-private"}
    done = subprocess.run(command, check=False, capture_output=True, env=environment, text=True)

    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 2
    assert "wrong-and-private" not in done.stdout + done.stderr


def test_a_passphrase_typed_with_other_code_points_is_the_same(typed, monkeypatch):
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "caf\u00e9")
    typed("init --encrypt")
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "cafe\u0301")

    assert typed("status").code == 0


def test_the_passphrase_can_come_from_a_file_descriptor(sealed, record_path):
    reading, writing = os.pipe()
    os.write(writing, WORD.encode() + b"\n")
    os.close(writing)
    command = [sys.executable, "-m", "remtrack", "--db", str(record_path), "--passphrase-fd", str(reading), "status"]
    environment = {name: value for name, value in os.environ.items() if name != "REMTRACK_PASSPHRASE"}
    done = subprocess.run(command, pass_fds=[reading], check=False, capture_output=True, env=environment, text=True)
    os.close(reading)

    assert (done.returncode, "P01" in done.stdout) == (0, True)


def test_an_open_record_is_never_made_encrypted_in_place(typed, record_path, monkeypatch):
    monkeypatch.setenv("REMTRACK_PASSPHRASE", WORD)
    typed("init")
    before = record_path.read_bytes()
    told = typed("init --encrypt")

    assert told.code == 4
    assert record_path.read_bytes() == before


# ------------------------------------------------------------------------------- backup and restore


def backups(path):
    return sorted(path.with_name(f"{path.stem}-backups").iterdir())


def test_its_backup_is_encrypted_and_comes_back_encrypted(sealed, record_path):
    before = sealed("export measurements").out
    sealed("backup")
    [copy] = backups(record_path)
    record_path.unlink()
    told = sealed("restore", str(copy))

    assert b"recist-1.1" not in copy.read_bytes()
    assert told.code == 0
    assert b"recist-1.1" not in record_path.read_bytes()
    assert sealed("export measurements").out == before


def test_an_open_record_becomes_an_encrypted_one_by_way_of_its_backup(typed, record_path, tmp_path, monkeypatch):
    typed("patient add P01")
    typed(BASELINE)
    before = typed("export measurements").out
    typed("backup", "-o", str(tmp_path / "copy.db"))
    record_path.unlink()
    monkeypatch.setenv("REMTRACK_PASSPHRASE", WORD)
    typed("init --encrypt")
    told = typed("restore", str(tmp_path / "copy.db"), "--yes")

    assert told.code == 0
    assert b"recist-1.1" not in record_path.read_bytes()
    assert typed("export measurements").out == before
    assert typed("check").code == 0


def test_what_a_restore_replaces_is_kept_encrypted_too(sealed, record_path):
    sealed("backup")
    [copy] = backups(record_path)
    sealed("add P01 2026-04-06 L1=20")
    assert sealed("restore", str(copy), "--yes").code == 0

    assert all(b"recist-1.1" not in path.read_bytes() for path in (record_path, *backups(record_path)))


def test_a_record_without_a_patient_is_encrypted_too(sealed, tmp_path):
    sealed("patient add P02")
    told = sealed("purge", "P01", "-o", str(tmp_path / "new.db"))

    assert told.code == 0
    assert not (tmp_path / "new.db").read_bytes().startswith(b"SQLite")
    with open_record(tmp_path / "new.db", passphrase=lambda: WORD) as record:
        assert [row["patient_id"] for row in record.rows("patients")] == ["P02"]
        assert record.verify() == []


# ---------------------------------------------------------------------------------------- no record


def test_a_file_of_random_pages_is_no_record(typed, record_path, monkeypatch):
    record_path.write_bytes(os.urandom(4096 * 3))
    before = record_path.read_bytes()
    monkeypatch.setenv("REMTRACK_PASSPHRASE", WORD)

    assert typed("add P01 L1=3").code == 5
    assert record_path.read_bytes() == before


def test_an_encrypted_database_of_another_program_is_left_alone(typed, record_path, monkeypatch):
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(record_path))
    connection.execute("PRAGMA key = 'word'")
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    before = record_path.read_bytes()
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "word")
    told = typed("add P01 L1=3")

    assert (told.code, "another program's database" in told.err) == (5, True)
    assert record_path.read_bytes() == before


def test_a_locked_encrypted_record_is_told_like_any_other(sealed, record_path):
    from remtrack.errors import RecordError

    with open_record(record_path, write=True, passphrase=lambda: WORD) as one, one.change("add") as change:
        put_story(change, "P05")
        with (
            open_record(record_path, write=True, passphrase=lambda: WORD, patience=0.2) as other,
            pytest.raises(RecordError, match="is locked"),
            other.change("add"),
        ):
            pass
