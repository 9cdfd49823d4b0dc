"""What is in the record stays with its owner: files, the network, completion, our own faults."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import PREPARED, READING, lines, prepare

from remtrack.store import open_record
from remtrack.store.open import connect, memory, new_file, plain_connection

ROOT = Path(__file__).resolve().parent.parent
NOTED = "geheim"  # stands in a note, a regimen, a site and a detail of the prepared record


def surrounding(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "REMTRACK_TODAY": "2026-11-02", **more}


class Watched:
    """Every example run once in a process that watches itself; what came of each, and the folder it was in."""

    def __init__(self, folder):
        self.folder = folder
        self.place, self.temporary, self.home = folder / "place", folder / "tmp", folder / "home"
        for each in (self.place, self.temporary, self.home):
            each.mkdir(mode=0o700)
        (self.place / "rows.csv").write_text("patient_id,date,lesion_id,longest_mm\nP50,2026-01-05,T1,30\n")
        bad = self.place / "bad.csv"
        bad.write_text("patient_id,date,lesion_id,longest_mm\nP60,2026-01-05,T1,30\nP60,2026-01-06,T1,much\n")
        typed = [line.format(place=self.place) for line in PREPARED] + lines(self.place)
        typed += [f"import {bad} --partial", "backup --encrypt -o PLACE/sealed.age".replace("PLACE", str(self.place))]
        typed += ["--help", "--version", "add --help"]
        real = "--map patient_id=Patient_Anonmyized --map day=Treatment_Day --map longest_mm=TargetLesionLongDiam_mm"
        real += f" {ROOT}/sample_data/atezolizumab_excerpt.xlsx --sheet Study3 --set lesion_id=T1 --day-zero 2020-01-01"
        typed += [f"check {real}", f"import {real} --partial --rejects {self.place}/rejects.csv"]
        command = [sys.executable, str(ROOT / "tests" / "watched.py"), str(folder / "kept" / "record.db")]
        more = {"TMPDIR": str(self.temporary), "HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data")}
        more |= {"REMTRACK_PASSPHRASE": "a word of mine"}
        done = subprocess.run(
            command,
            input="\n".join(typed),
            capture_output=True,
            text=True,
            check=True,
            env=surrounding(**more),
            cwd=folder,
        )
        self.told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["line"] for each in self.told] == typed

    def made(self):
        """Everything below the folder that a command made."""
        ours = {self.place, self.temporary, self.home, self.place / "rows.csv", self.place / "bad.csv"}
        return [path for path in self.folder.rglob("*") if path not in ours]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    return Watched(tmp_path_factory.mktemp("watched"))


def test_every_example_works_with_the_network_forbidden_and_tries_none(watched):
    codes = {told["line"]: told["code"] for told in watched.told if told["code"]}

    assert {line.split()[0] for line in codes} == {"check"}  # of a table that has an error, and it says so
    assert set(codes.values()) == {1}
    assert [told["line"] for told in watched.told if told["tried"]] == []


def test_every_file_is_made_for_its_owner_alone_and_every_folder_too_whatever_the_umask(watched):
    modes = {str(path): f"{path.stat().st_mode & 0o777:o}" for path in watched.made()}
    files = {mode for path, mode in modes.items() if Path(path).is_file()}
    folders = {mode for path, mode in modes.items() if Path(path).is_dir()}

    assert len(modes) > 35
    assert (files, folders) == ({"600"}, {"700"}), modes


def test_nothing_is_left_in_the_temporary_folder_but_the_throw_away_record_of_the_demo(watched):
    left = {name for told in watched.told for name in told["left"]}

    assert [name for name in left if not name.startswith("remtrack-demo-")] == []
    assert len(left) == 1
    assert [path.name for path in (watched.temporary / left.pop()).iterdir()] == ["demo.db"]


def test_nothing_is_written_but_beside_what_the_command_names(watched):
    opened = {path for told in watched.told for path in told["written"] if told["line"] != "demo"}
    strange = [path for path in opened if not path.startswith((str(watched.folder), os.devnull)) and ".pyc" not in path]

    assert strange == []
    assert [path.name for path in watched.folder.rglob(".*")] == []  # no half-written file stays


def test_a_passphrase_is_nowhere_but_in_the_file_it_locks(watched):
    said = "".join(told["out"] + told["err"] for told in watched.told)

    assert "a word of mine" not in said
    assert [path for path in watched.made() if path.is_file() and b"a word of mine" in path.read_bytes()] == []


def test_no_option_takes_a_passphrase_where_a_list_of_processes_would_show_it(watched):
    options = "".join(told["out"] for told in watched.told if told["line"].endswith("--help"))

    assert "--passphrase-fd N" in options
    assert "--passphrase " not in options


@pytest.mark.parametrize("masked", [0o022, 0o077])
def test_under_the_usual_masks_files_are_the_same(typed, tmp_path, masked):
    before = os.umask(masked)
    try:
        prepare(typed, tmp_path / "place")
        assert typed(f"export -o {tmp_path}/a/b").code == 0
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.name != "rows.csv"}

    assert {mode for name, mode in modes.items() if "." in name} == {0o600}
    assert {mode for name, mode in modes.items() if "." not in name} == {0o700}


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(typed, tmp_path):
    prepare(typed, tmp_path / "place")
    out = tmp_path / "results.csv"
    out.write_text("")
    out.chmod(0o666)
    typed(f"export results -o {out}")

    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("mode", "can"), [(0o644, "read"), (0o666, "write to"), (0o602, "write to")])
def test_a_command_that_writes_warns_when_everybody_can_read_or_write_the_record(typed, record_path, mode, can):
    typed("patient add P01")
    record_path.chmod(mode)
    told = typed("patient add P02")

    assert told.code == 0
    assert told.err.count(f"warning: everybody on this computer can {can} {record_path}") == 1
    assert "warning" not in typed("status").err
    record_path.chmod(0o640)
    assert "warning" not in typed("patient add P03").err


def test_doctor_looks_at_the_copies_too_and_at_what_a_killed_command_left(typed, record_path):
    typed("patient add P01")
    typed("backup")
    home = record_path.with_name("record-backups")
    [copy] = home.iterdir()
    copy.chmod(0o644)
    home.chmod(0o777)
    (record_path.parent / ".record.db.x7.new").write_bytes(b"half")
    told = typed("doctor")

    assert told.code == 1
    assert f"chmod 600 {copy}" in told.out
    assert f"chmod 700 {home}" in told.out
    assert f"rm {record_path.parent}/.record.db.x7.new" in told.out


def test_sqlite_keeps_what_it_puts_aside_in_memory(tmp_path):
    open_record(tmp_path / "r.db", write=True, create=True).close()
    opened = [connect(str(tmp_path / "r.db"), write=write, create=False) for write in (True, False)]
    opened += [plain_connection(str(tmp_path / "r.db")), memory()]
    with new_file(str(tmp_path / "new.db")) as made:
        kept = [connection.execute("PRAGMA temp_store").fetchone() for connection in (*opened, made)]
    for connection in opened:
        connection.close()

    assert kept == [(2,)] * 5


# ------------------------------------------------------------------------------ completion, and our own faults


@pytest.mark.parametrize(
    ("shell", "typed_so_far"),
    [
        *(("bash", words) for words in ("", "sta", "status P", "edit P01 ", "--db ", "export --patient ")),
        *((shell, words) for shell in ("zsh", "fish") for words in ("sta", "status P")),
    ],
)
def test_completion_neither_opens_the_record_nor_lists_patients(typed, record_path, tmp_path, shell, typed_so_far):
    typed("patient add P01")
    watch = tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def watch(event, args):\n"
        "    if event.startswith(('sqlite3.', 'socket.')) or event == 'open' and '.db' in str(args[0]):\n"
        "        os.write(2, b'opened: ' + event.encode())\n"
        "sys.addaudithook(watch)\n"
    )
    words = f"remtrack {typed_so_far}"
    asking = {
        "_REMTRACK_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "REMTRACK_DB": str(record_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "remtrack"],
        env=surrounding(**asking) | {"PYTHONPATH": f"{watch}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "opened" not in done.stderr
    assert "P01" not in done.stdout + done.stderr
    assert ("status" in done.stdout) is (typed_so_far in ("", "sta"))


@pytest.mark.parametrize("debugging", ["", "1"])
def test_a_fault_of_the_program_shows_where_and_nothing_of_a_patient(typed, monkeypatch, debugging):
    typed(f"patient add P01 --note {NOTED}")

    def broken(record, *_args, **_options):
        note = record.rows("patients")[0]["note"]
        try:
            {}[note]
        except KeyError as error:
            raise ZeroDivisionError(f"no {note}") from error

    monkeypatch.setattr("remtrack.tracker.looking.overview", broken)
    monkeypatch.setenv("REMTRACK_DEBUG", debugging)
    told = typed("status")

    assert (told.code, told.out) == (70, "")
    assert NOTED not in told.err
    assert "remtrack itself failed (ZeroDivisionError); nothing is half done" in told.err
    assert ("broken" in told.err) is bool(debugging)
    assert ("KeyError" in told.err) is bool(debugging)


def test_no_error_of_the_examples_quotes_what_is_recorded(typed, tmp_path):
    """A refused command says what was typed and codes, days and sizes, never a note, a site or a regimen."""
    prepare(typed, tmp_path / "place")
    for line in (
        "add P01 2026-03-02 L1=30",
        "add P01 2026-03-02 L9=30",
        "edit P01 2026-03-02 L1=30",
        "edit P01 2026-03-09 L1=30 --reason slip",
        "explain P01 2026-03-09",
        "status P09",
        "undo --yes --reason x 99",
        "patient rename P01 A1",
        "event P01 nonsense 2026-03-02",
        "line set P01 9 confirm_days=3",
    ):
        told = typed(line)
        assert told.code, line
        assert NOTED not in told.out + told.err, line


def test_every_reading_example_leaves_the_record_as_it_was(typed, record_path, tmp_path):
    prepare(typed, tmp_path / "place")
    before = record_path.read_bytes()
    for line in READING:
        typed(line.format(place=tmp_path / "place"))

    assert record_path.read_bytes() == before
