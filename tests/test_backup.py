"""Backups: whole, verified, never over another file; and putting one back without losing what was there."""

import errno
import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from store_samples import exported, new_record, put_story

from remtrack.store import open_record

SECRET = "correct horse battery staple"  # noqa: S105 - of tests alone


@pytest.fixture
def followed(typed):
    typed("patient add P01")
    typed('add P01 2026-01-05 --target "L1 liver 42"')
    typed("add P01 2026-03-02 L1=28")
    return typed


def backups(record_path):
    return sorted(path.name for path in record_path.with_name(f"{record_path.stem}-backups").iterdir())


def export_of(path):
    with open_record(path) as record:
        return exported(record)


def test_a_backup_is_dated_private_and_gives_the_same_export(followed, record_path):
    told = followed("backup")
    [name] = backups(record_path)
    path = record_path.with_name(f"{record_path.stem}-backups") / name

    assert told.code == 0
    assert "written and verified, up to change 3" in told.out
    assert name.startswith(f"{record_path.stem}-20")
    assert name.endswith("Z-change3.db")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert export_of(path) == export_of(record_path)


def test_the_last_n_are_kept_and_other_files_of_the_folder_are_left_alone(followed, record_path):
    folder = record_path.with_name(f"{record_path.stem}-backups")
    folder.mkdir()
    for day in ("20260101", "20260201", "20260301"):
        (folder / f"{record_path.stem}-{day}T000000Z-change1.db").touch()
    (folder / "somebody-elses.db").touch()
    (folder / f"{record_path.stem}-20250101T000000Z-change1-before-restore.db").touch()
    told = followed("backup --keep 2")
    kept = backups(record_path)

    assert told.out.count("removed") == 2
    assert len(kept) == 4
    assert f"{record_path.stem}-20260301T000000Z-change1.db" in kept
    assert "somebody-elses.db" in kept


def test_two_backups_of_one_second_are_both_kept_and_counted(followed, record_path):
    for _ in range(3):
        assert followed("backup").code == 0
    assert len(backups(record_path)) == 3
    assert followed("backup --keep 2").code == 0
    assert len(backups(record_path)) == 2


def test_undo_after_a_restore_takes_nothing_back_but_names_what_was_kept(followed, record_path):
    """It once said "taken back" while the restored record stood as it was."""
    followed("backup")
    [name] = backups(record_path)
    followed("add P01 2026-05-04 L1=20")
    before = export_of(record_path)
    folder = record_path.with_name(f"{record_path.stem}-backups")
    followed("restore", str(folder / name), "--yes")
    for words in ("undo --yes", "undo 4 --yes"):
        told = followed(words)

        assert told.code == 4
        assert "put a backup back" in told.err
    assert followed(*told.hint, "--yes").code == 0
    assert export_of(record_path) == before


@pytest.mark.parametrize("what", ["missing", "text", "pipe", "folder"])
def test_a_refused_restore_makes_no_record_where_there_was_none(typed, record_path, tmp_path, what):
    path = tmp_path / "copy.db"
    if what == "text":
        path.write_text("not a record")
    elif what == "pipe":
        os.mkfifo(path)  # it would be waited on for ever
    elif what == "folder":
        path.mkdir()
    told = typed("restore", str(path), "--yes")

    assert told.code == 5, told
    assert str(path) in told.err
    assert not record_path.exists()


def test_an_encrypted_backup_is_not_put_back_into_an_open_record(followed, record_path, tmp_path, monkeypatch):
    monkeypatch.setenv("REMTRACK_PASSPHRASE", SECRET)
    other = tmp_path / "secret.db"
    followed("--db", str(other), "init", "--encrypt")
    followed("--db", str(other), "patient", "add", "S01")
    followed("--db", str(other), "backup", "-o", str(tmp_path / "copy.db"))
    before = record_path.read_bytes()
    told = followed("restore", str(tmp_path / "copy.db"), "--yes")

    assert told.code == 4
    assert "is encrypted" in told.err
    assert record_path.read_bytes() == before
    hint = [str(tmp_path / "new.db") if word == "NEW.db" else word for word in told.hint]
    assert followed(*hint, "--yes").code == 0
    assert b"recist-1.1" not in (tmp_path / "new.db").read_bytes()


def test_a_restore_where_nothing_can_be_written_is_refused_in_words(followed, record_path, monkeypatch):
    followed("backup")
    [name] = backups(record_path)
    before = record_path.read_bytes()
    opened = os.open

    def refused(path, flags, *rest, **more):
        if str(path).endswith(".new"):
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refused)
    told = followed("restore", str(record_path.with_name(f"{record_path.stem}-backups") / name), "--yes")

    assert told.code == 5
    assert "Read-only file system" in told.err
    assert record_path.read_bytes() == before


def test_a_backup_never_goes_over_another_file(followed, tmp_path):
    there = tmp_path / "mine.db"
    there.write_text("mine")
    told = followed("backup", "-o", str(there))

    assert told.code == 4
    assert there.read_text() == "mine"


def test_a_backup_goes_to_the_file_or_folder_that_is_named(followed, tmp_path):
    followed("backup", "-o", str(tmp_path / "new" / "copy.db"))
    followed("backup", "-o", str(tmp_path / "new"))

    assert len(list((tmp_path / "new").iterdir())) == 2


def test_keeping_the_last_few_needs_a_folder(followed, tmp_path):
    assert followed("backup", "--keep", "2", "-o", str(tmp_path / "one.db")).code == 4
    assert not (tmp_path / "one.db").exists()


def test_of_a_damaged_record_no_backup_is_made(followed, record_path):
    with sqlite3.connect(record_path) as plain:
        plain.execute("DROP TRIGGER measurements_changed")
        plain.execute("UPDATE measurements SET longest_mm = 1")
    told = followed("backup")

    assert told.code == 5
    assert "is not sound" in told.err
    assert backups(record_path) == []


# ----------------------------------------------------------------------------------------- restore


def test_what_was_backed_up_comes_back_and_what_it_replaces_is_kept(followed, record_path):
    before = export_of(record_path)
    followed("backup")
    [name] = backups(record_path)
    followed("add P01 2026-04-06 L1=60")
    after = export_of(record_path)
    told = followed("restore", str(record_path.with_name(f"{record_path.stem}-backups") / name), "--yes")
    kept = next(name for name in backups(record_path) if "before-restore" in name)

    assert told.code == 0
    assert export_of(record_path) == before != after
    assert export_of(record_path.with_name(f"{record_path.stem}-backups") / kept) == after
    assert "restore" in [row["command"] for row in followed("log --json").rows]
    assert followed("check").code == 0


def test_a_restore_can_itself_be_taken_back_by_restoring_what_was_kept(followed, record_path):
    folder = record_path.with_name(f"{record_path.stem}-backups")
    followed("backup")
    [name] = backups(record_path)
    followed("add P01 2026-04-06 L1=60")
    after = export_of(record_path)
    followed("restore", str(folder / name), "--yes")
    kept = next(name for name in backups(record_path) if "before-restore" in name)
    followed("restore", str(folder / kept), "--yes")

    assert export_of(record_path) == after


def test_an_answer_that_was_altered_in_the_backup_does_not_come_back_with_it(followed, record_path, tmp_path):
    path = tmp_path / "backup.db"
    followed("backup", "-o", str(path))
    with sqlite3.connect(path) as plain:
        plain.execute("UPDATE assessments SET overall = 'CR', reported = 'CR'")
    before = export_of(record_path)

    assert followed("restore", str(path), "--yes").code == 0
    assert export_of(record_path) == before


def test_a_lost_record_is_made_anew_from_its_backup(followed, record_path):
    before = export_of(record_path)
    followed("backup")
    [name] = backups(record_path)
    record_path.unlink()
    told = followed("restore", str(record_path.with_name(f"{record_path.stem}-backups") / name))

    assert told.code == 0
    assert export_of(record_path) == before
    assert record_path.stat().st_mode & 0o777 == 0o600


def test_without_a_terminal_and_without_yes_nothing_is_put_back(followed, record_path):
    followed("backup")
    [name] = backups(record_path)
    followed("add P01 2026-04-06 L1=60")
    before = record_path.read_bytes()
    told = followed("restore", str(record_path.with_name(f"{record_path.stem}-backups") / name))

    assert told.code == 2
    assert record_path.read_bytes() == before
    assert followed(*told.hint).code == 0


@pytest.mark.parametrize("what", ["missing", "text", "cut", "flipped", "foreign", "itself"])
def test_a_file_that_is_no_sound_backup_changes_nothing(followed, record_path, tmp_path, what):
    path = tmp_path / "backup.db"
    followed("backup", "-o", str(path))
    data = bytearray(path.read_bytes())
    if what == "missing":
        path.unlink()
    elif what == "text":
        path.write_text("no database")
    elif what == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif what == "flipped":
        data[data.index(b"liver")] ^= 1
        path.write_bytes(data)
    elif what == "foreign":
        path.unlink()
        sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
    elif what == "itself":
        path = record_path
    before = record_path.read_bytes()
    told = followed("restore", str(path), "--yes")

    assert told.code in (4, 5)
    assert "error: " in told.err
    assert record_path.read_bytes() == before


def test_an_older_layout_is_kept_before_it_is_changed_and_can_be_put_back(followed, record_path):
    before = export_of(record_path)
    with sqlite3.connect(record_path) as plain:
        plain.execute("PRAGMA user_version = 0")
    followed("add P01 2026-04-06 L1=60")
    [kept] = backups(record_path)
    folder = record_path.with_name(f"{record_path.stem}-backups")

    assert "before-layout" in kept
    assert followed("restore", str(folder / kept), "--yes").code == 0
    assert export_of(record_path) == before


# ---------------------------------------------------------------------------------- while another writes


def test_a_backup_taken_while_another_program_writes_holds_what_was_there_at_one_moment(record_path, tmp_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change, "P000")
    done = threading.Event()

    def write():
        with open_record(record_path, write=True) as record:
            for number in range(1, 60):
                with record.change("add") as change:
                    put_story(change, f"P{number:03}")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    copies = []
    while not done.is_set():
        path = tmp_path / f"copy{len(copies)}.db"
        with open_record(record_path) as record:
            copies.append((path, record.back_up(path)))
    writer.join()

    assert copies
    for path, copied in copies:
        with open_record(path) as copy:
            assert copy.verify() == []
            assert [row["patient_id"] for row in copy.rows("patients")] == [f"P{n:03}" for n in range(copied.change)]


# --------------------------------------------------------------------------------------- encrypted


def test_an_encrypted_backup_shows_nothing_and_comes_back_with_its_passphrase(followed, record_path, monkeypatch):
    before = export_of(record_path)
    monkeypatch.setenv("REMTRACK_PASSPHRASE", SECRET)
    told = followed("backup --encrypt")
    [name] = backups(record_path)
    path = record_path.with_name(f"{record_path.stem}-backups") / name
    followed("add P01 2026-04-06 L1=60")

    assert told.code == 0
    assert name.endswith(".db.age")
    assert b"recist-1.1" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600

    monkeypatch.setenv("REMTRACK_PASSPHRASE", "another one")
    wrong = followed("restore", str(path), "--yes")
    assert wrong.code == 5
    assert "the passphrase is another one, or the file is damaged" in wrong.err

    monkeypatch.setenv("REMTRACK_PASSPHRASE", SECRET)
    assert followed("restore", str(path), "--yes").code == 0
    assert export_of(record_path) == before


def test_without_anybody_to_ask_a_passphrase_is_asked_for_in_words(followed, record_path, monkeypatch):
    monkeypatch.delenv("REMTRACK_PASSPHRASE", raising=False)

    assert followed("backup --encrypt").code == 2
    assert not record_path.with_name(f"{record_path.stem}-backups").exists()


def test_an_empty_passphrase_is_refused(followed, monkeypatch):
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "")

    assert followed("backup --encrypt").code == 2


def test_the_passphrase_can_come_from_a_file_descriptor(followed, record_path, tmp_path):
    path = tmp_path / "sealed.db.age"
    reading, writing = os.pipe()
    os.write(writing, f"{SECRET}\n".encode())
    os.close(writing)
    command = [sys.executable, "-m", "remtrack", "--db", record_path, "backup", "--encrypt", "-o", path]
    done = subprocess.run(
        [*map(str, command), "--passphrase-fd", str(reading)], pass_fds=[reading], check=False, capture_output=True
    )
    os.close(reading)

    assert done.returncode == 0
    assert path.read_bytes().startswith(b"age-encryption.org/")
