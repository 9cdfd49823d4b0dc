"""Opening and making the record: what is ours, what is refused, and that nothing else is touched."""

import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from store_samples import put_story

from remtrack.errors import Exit, RecordError
from remtrack.store import open_record
from remtrack.store.schema import APPLICATION_ID, SCHEMA_VERSION

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534


def new_record(path):
    return open_record(path, write=True, create=True)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refusal(path, **how):
    with pytest.raises(RecordError) as caught, open_record(path, **how):
        pass
    assert caught.value.exit_code == Exit.RECORD
    assert str(path) in caught.value.what
    return caught.value


@contextmanager
def ordinary_user(folder):
    """Permissions mean nothing to root: as root, be nobody for a while."""
    if os.geteuid():
        yield
        return
    os.chown(folder, NOBODY, NOBODY)
    for path in folder.iterdir():
        os.chown(path, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that an ordinary user can reach; pytest's own are for one user alone."""
    folder = Path(tempfile.mkdtemp(prefix="remtrack-test-"))
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def written(record_path):
    with new_record(record_path) as record, record.change("add") as change:
        put_story(change)
    return record_path


def test_a_missing_file_is_not_made_by_reading(record_path):
    trouble = refusal(record_path)

    assert trouble.what == f"no record at {record_path}"
    assert trouble.hint == f"remtrack --db {record_path} init"
    assert not record_path.exists()


def test_a_missing_file_is_not_made_by_writing_without_leave(record_path):
    refusal(record_path, write=True)

    assert not record_path.exists()


def test_a_new_record_is_readable_by_its_owner_alone_and_so_is_its_folder(tmp_path):
    path = tmp_path / "new" / "deeper" / "record.db"
    before = os.umask(0)
    try:
        with new_record(path):
            pass
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_new_record_says_whose_it_is(record_path):
    with new_record(record_path):
        pass
    with closing(sqlite3.connect(record_path)) as plain:
        (application_id,) = plain.execute("PRAGMA application_id").fetchone()
        (version,) = plain.execute("PRAGMA user_version").fetchone()

    assert application_id == APPLICATION_ID == int.from_bytes(b"RTRK", "big")
    assert version == SCHEMA_VERSION


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "question?mark.db", "hash#tag.db", "ünïcode-病.db"])
def test_a_record_may_have_any_name(tmp_path, name):
    path = tmp_path / name
    with new_record(path) as record, record.change("add") as change:
        put_story(change)
    with open_record(path) as record:
        assert record.has_patient("P01")

    assert list(tmp_path.iterdir()) == [path]


def test_opening_a_record_again_makes_nothing_new(written):
    before = sha256(written)
    with new_record(written) as record:
        assert record.has_patient("P01")

    assert sha256(written) == before


def test_a_symlink_to_a_record_is_followed_and_stays_a_symlink(written, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(written)
    with open_record(link, write=True) as record, record.change("add") as change:
        put_story(change, "P02")

    assert link.is_symlink()
    with open_record(written) as record:
        assert record.has_patient("P02")


def text_file(path):
    path.write_text("patient_id,date,lesion_id\n" * 20, encoding="utf-8")


def other_program(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (a)")


def cut_short(path):
    path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 20)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.touch, "is empty"),
        (text_file, "is not a remtrack record"),
        (cut_short, "is not a remtrack record"),
        (other_program, "is another program's database"),
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is not a file"),
    ],
    ids=["empty", "text", "cut-short", "other-program", "folder", "fifo"],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(tmp_path, make, said, write):
    path = tmp_path / "thing"
    make(path)
    before = (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    trouble = refusal(path, write=write, create=write)

    assert said in trouble.what
    assert before == (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    assert list(tmp_path.iterdir()) == [path]


def test_another_programs_unfinished_journal_is_not_touched(tmp_path):
    path, journal = tmp_path / "other.db", tmp_path / "other.db-journal"
    other_program(path)
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\x00" * 504)
    before = sha256(path), sha256(journal)
    refusal(path, write=True, create=True)

    assert (sha256(path), sha256(journal)) == before


def test_a_newer_record_is_refused_and_left_alone(written):
    with closing(sqlite3.connect(written)) as plain:
        plain.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = sha256(written)
    trouble = refusal(written, write=True, create=True)

    assert "newer" in trouble.what
    assert sha256(written) == before


def test_an_older_record_is_brought_up_to_date_by_writing_and_not_by_reading(written):
    with closing(sqlite3.connect(written)) as plain:
        plain.execute("PRAGMA user_version = 0")
    before = sha256(written)
    trouble = refusal(written)
    assert (trouble.what, trouble.hint) == (
        f"{written} was written by an older remtrack",
        f"remtrack --db {written} init",
    )
    assert sha256(written) == before

    with open_record(written, write=True, create=True):
        pass
    with open_record(written) as record:
        assert record.has_patient("P01")
        assert record.verify() == []


def test_a_folder_that_is_a_file_is_no_place_for_a_record(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "record.db"

    assert refusal(path).what == f"no record at {path}"
    assert refusal(path, write=True, create=True).what == f"cannot make {path}"


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    assert "cannot open" in refusal(tmp_path / ("x" * 300)).what
    assert "cannot open" in refusal(f"{tmp_path}/nul\x00byte").what


def test_a_record_with_broken_pages_is_said_to_be_damaged(written):
    size = written.stat().st_size
    with written.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(RecordError) as caught, open_record(written) as record:
        list(record.patient_ids())

    assert caught.value.what == f"{written} is damaged"
    assert caught.value.hint == f"remtrack --db {written} check"


def test_a_record_that_is_being_written_is_locked(written):
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_record(written, write=True, patience=0.2) as record:
            with pytest.raises(RecordError, match="is locked"), record.change("add"):
                pass
            assert record.has_patient("P01")  # it can still be read
        other.execute("ROLLBACK")


def test_a_record_that_cannot_even_be_read_now_is_locked(written):
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "is locked" in refusal(written, patience=0.2).what
        other.execute("ROLLBACK")


def test_reading_writes_nothing(written):
    before = written.stat().st_mtime_ns, sha256(written)
    with open_record(written) as record:
        assert record.counts()["measurements"] == 3
        assert record.verify() == []
        with pytest.raises(RecordError, match="cannot be written"), record.change("add"):
            pass

    assert (written.stat().st_mtime_ns, sha256(written)) == before


def test_a_write_protected_record_can_be_read_and_says_why_it_cannot_be_written(open_folder):
    path = open_folder / "record.db"
    with new_record(path) as record, record.change("add") as change:
        put_story(change)
    with ordinary_user(open_folder):
        path.chmod(0o400)
        with open_record(path) as record:
            assert record.has_patient("P01")
        with (
            pytest.raises(RecordError, match="cannot be written to") as caught,
            open_record(path, write=True) as record,
            record.change("add") as change,
        ):
            put_story(change, "P02")

    assert caught.value.exit_code == Exit.RECORD


def test_a_record_that_may_not_be_read_says_so(open_folder):
    path = open_folder / "record.db"
    with new_record(path):
        pass
    with ordinary_user(open_folder):
        path.chmod(0)
        assert "cannot open" in refusal(path).what


def test_a_record_is_not_made_where_nothing_may_be_written(open_folder):
    with ordinary_user(open_folder):
        open_folder.chmod(0o500)
        assert "cannot make" in refusal(open_folder / "record.db", write=True, create=True).what


CUT_OFF = """
import os, signal, sys
from remtrack.store import open_record
with open_record(sys.argv[1], write=True) as record:
    record._connection.execute("PRAGMA cache_size = 5")
    with record.change("import") as change:
        change.put_new("patients", ((f"X{number:05}", "", "") for number in range(20000)))
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def cut_off(open_folder):
    """A record whose last command was killed in the middle, its journal still beside it."""
    path = open_folder / "record.db"
    with new_record(path) as record, record.change("add") as change:
        put_story(change)
    before = sha256(path)
    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode < 0
    assert path.with_name("record.db-journal").exists()
    assert sha256(path) != before
    return path, before


def test_a_killed_command_is_taken_back_by_the_next_reader(cut_off):
    path, before = cut_off
    with open_record(path) as record:
        assert list(record.patient_ids()) == ["P01"]
        assert record.verify() == []

    assert sha256(path) == before
    assert list(path.parent.iterdir()) == [path]


def test_a_killed_command_that_may_not_be_taken_back_is_never_read_half(cut_off):
    path, _before = cut_off
    with ordinary_user(path.parent):
        path.chmod(0o400)
        path.with_name("record.db-journal").chmod(0o400)
        path.parent.chmod(0o500)
        assert "cannot be read yet" in refusal(path).what


def test_a_record_left_in_wal_mode_is_one_file_again_after_the_next_write(written):
    with closing(sqlite3.connect(written)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("PRAGMA user_version").fetchone()
    with open_record(written, write=True) as record, record.change("add") as change:
        put_story(change, "P02")

    assert list(written.parent.iterdir()) == [written]
    with closing(sqlite3.connect(written)) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_every_connection_has_the_settings_that_keep_a_record_safe(written):
    with open_record(written, write=True) as record:
        settings = {
            name: record._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in (
                "foreign_keys",
                "trusted_schema",
                "synchronous",
                "cell_size_check",
                "temp_store",
                "busy_timeout",
            )
        }

    assert settings == {
        "foreign_keys": 1,
        "trusted_schema": 0,
        "synchronous": 2,
        "cell_size_check": 1,
        "temp_store": 2,
        "busy_timeout": 30_000,
    }


MAKE = """
import sys
from remtrack.store import open_record
with open_record(sys.argv[1], write=True, create=True) as record, record.change("add") as change:
    change.put("patients", {"patient_id": sys.argv[2]})
"""


def test_programs_that_make_the_record_at_the_same_moment_share_one(tmp_path):
    path = tmp_path / "record.db"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE, str(path), f"P{number}"], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        for number in range(4)
    ]
    assert [one.wait() for one in running] == [0, 0, 0, 0]

    with open_record(path) as record:
        assert list(record.patient_ids()) == ["P0", "P1", "P2", "P3"]
    assert list(tmp_path.iterdir()) == [path]


LOADED = """
import sys
from remtrack.store import open_record
with open_record(sys.argv[1], write=True) as record:
    with record.change("add") as change:
        change.put("patients", {"patient_id": "P09"})
    list(record.courses(["P01"], last_only=True))
    record.rows("lines", patient_id="P01")
print("\\n".join(sys.modules))
"""


def test_an_up_to_date_record_is_opened_and_read_without_anything_heavy(written):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(written)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    loaded = set(done.stdout.split())

    assert not {"sqlite_utils", "click", "dateutil", "rich", "typer", "urllib.request"} & loaded
    ours = {name for name in loaded if name.startswith("remtrack.")}
    assert "remtrack.store.migrations" not in ours
    assert "remtrack.fold" not in ours
    assert {name for name in ours if name.startswith("remtrack.criteria")} == {"remtrack.criteria"}
