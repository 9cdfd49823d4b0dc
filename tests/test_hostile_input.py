"""What strangers send and type: damaged files, bombs, texts that steer a terminal, formulas, SQL, odd names."""

import csv
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from attacks import bombs, texts
from attacks.base import attacked, command, faults, small_record

from remtrack.exchange import sources
from remtrack.exchange.columns import EXPORT_COLUMNS
from remtrack.tracker import importing

ROOT = Path(__file__).resolve().parent.parent
HEADER = "patient_id,date,lesion_id,longest_mm\n"
GOOD = HEADER + "Q1,2026-01-05,T1,30\n"
SQL = "'; DROP TABLE patients; --"


# --- refused rows -------------------------------------------------------------------------------------


def test_a_refused_row_of_any_length_is_kept_as_it_stood_with_its_reason(typed, tmp_path):
    """One shorter or longer than the header once ended in a failure of the program, after the good rows were saved."""
    table, rejects = tmp_path / "site.csv", tmp_path / "rejects.csv"
    short, long = "Q1,2026-01-06,T2\n", "Q1,2026-01-07,T3,oops,soft, round\n"
    table.write_text(GOOD.replace("mm\n", "mm,note\n") + short + long, encoding="utf-8")
    told = typed("import", table, "--partial", "--rejects", rejects)

    assert told.code == 0, told.err
    with rejects.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["lesion_id"], row["longest_mm"], row["note"]) for row in rows] == [
        ("T2", "", ""),
        ("T3", "oops", "soft, round"),
    ]
    assert all(row["not_imported_because"] for row in rows)


def test_rows_of_several_tables_that_are_refused_stand_under_all_their_columns(typed, tmp_path):
    folder, rejects = tmp_path / "in", tmp_path / "rejects.csv"
    folder.mkdir()
    (folder / "measurements.csv").write_text(GOOD + "Q1,2026-01-06,T1,x\n", encoding="utf-8")
    (folder / "results.csv").write_text("patient_id,date,test,value\nQ1,2026-01-06,psa,\n", encoding="utf-8")
    told = typed("import", folder, "--partial", "--rejects", rejects)

    assert told.code == 0, told.err
    with rejects.open(encoding="utf-8", newline="") as stream:
        first, second = csv.DictReader(stream)
    assert (first["longest_mm"], first["test"], second["longest_mm"], second["test"]) == ("x", "", "", "psa")


def test_where_every_row_is_refused_they_are_all_in_the_rejects_file(typed, tmp_path):
    table, rejects = tmp_path / "site.csv", tmp_path / "rejects.csv"
    table.write_text(HEADER + "Q1,2026-01-05,T1,x\nQ2,2026-01-05,T1,y\n", encoding="utf-8")

    assert typed("import", table, "--partial", "--rejects", rejects).code == 0
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize("place", ["missing/rejects.csv", ".", "x" * 300, "record.db"])
def test_where_the_refused_rows_cannot_be_written_nothing_is_imported(typed, record_path, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    typed("init")
    before = record_path.read_bytes()
    (tmp_path / "site.csv").write_text(GOOD + "Q1,2026-01-06,T1,x\n", encoding="utf-8")
    told = typed("import", "site.csv", "--partial", "--rejects", place)

    assert told.code == 5
    assert "nothing was imported" in told.err
    assert record_path.read_bytes() == before


def test_refused_rows_never_take_the_place_of_what_is_imported(typed, tmp_path):
    table, folder = tmp_path / "site.csv", tmp_path / "in"
    folder.mkdir()
    (folder / "measurements.csv").write_text(GOOD + "Q1,2026-01-06,T1,x\n", encoding="utf-8")
    table.write_text(GOOD + "Q1,2026-01-06,T1,x\n", encoding="utf-8")
    for source, rejects in ((table, table), (folder, folder / "measurements.csv")):
        before = rejects.read_bytes()
        told = typed("import", source, "--partial", "--rejects", rejects)

        assert told.code == 2
        assert "take the place of what is imported" in told.err
        assert rejects.read_bytes() == before
        assert not (tmp_path / "record.db").exists()


def test_a_name_that_heads_two_columns_heads_two_of_the_refused_rows_too(typed, tmp_path):
    table, rejects = tmp_path / "site.csv", tmp_path / "rejects.csv"
    table.write_text("patient_id,date,lesion_id,longest_mm,x,x\nQ1,2026-01-05,T1,soft,1,2\n", encoding="utf-8")

    assert typed("import", table, "--partial", "--rejects", rejects).code == 0
    with rejects.open(encoding="utf-8", newline="") as stream:
        header, row = csv.reader(stream)
    assert header[:-1] == ["patient_id", "date", "lesion_id", "longest_mm", "x", "x"]
    assert row[:-1] == ["Q1", "2026-01-05", "T1", "soft", "1", "2"]


# --- what no output takes the place of ----------------------------------------------------------------


def other_names(folder):
    """Every other name of the record, and files that are, or may be, another record or a copy of one."""
    record = folder / "record.db"
    (folder / "link.csv").symlink_to(record)
    (folder / "hard.csv").hardlink_to(record)
    (folder / "loop").symlink_to(folder)
    (folder / "other.db").write_bytes(small_record())
    (folder / "sealed.csv").write_bytes(b"age-encryption.org/v1\n-> scrypt")
    (folder / "encrypted.csv").write_bytes(bytes(range(256)) * 32)
    (folder / "record-backups").mkdir()
    (folder / "record-backups" / "copy.csv").write_text("any\n")
    return [
        *("record.db", "./record.db", "loop/record.db", "RECORD.DB", "link.csv", "hard.csv", "record.db-journal"),
        *("other.db", "sealed.csv", "encrypted.csv", "record-backups/copy.csv"),
    ]


WRITERS = {
    "export patients -o PLACE": 5,
    "export courses --patient P00 -o PLACE": 5,
    "export patients --deidentify --key-file k -o PLACE": 5,
    "export patients --deidentify --key-file PLACE": 5,
    "import site.csv --partial --rejects PLACE": 5,
    "import site.csv --partial --dry-run --rejects PLACE": 5,
    "backup -o PLACE": 4,
    "backup --encrypt -o PLACE": 4,
    "purge P00 -o PLACE": 5,
}


@pytest.mark.parametrize("line", WRITERS)
def test_no_output_takes_the_place_of_a_record_or_a_copy_of_one(tmp_path, monkeypatch, line):
    """An export into the record's own file, by any of its names, once replaced years of a person's scans."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REMTRACK_PASSPHRASE", "a long passphrase")
    path, names = attacked(tmp_path), other_names(tmp_path)
    (tmp_path / "site.csv").write_text(GOOD + "Q1,2026-01-06,T1,x\n", encoding="utf-8")
    before = as_it_is(tmp_path)
    for name in names:
        if name == "RECORD.DB" and line.startswith(("backup", "purge")):
            continue  # they write to a new name only, and where the disk tells it from record.db it is one
        code, _out, err = command(path, line.replace("PLACE", name))

        assert code == (5 if name.endswith("-journal") else WRITERS[line]), (name, err)
        assert str(Path(name)) in err
        assert as_it_is(tmp_path) == before


def as_it_is(folder):
    """Everything in a folder: links as links, files by what they hold."""
    return {
        at: at.readlink() if at.is_symlink() else at.read_bytes() if at.is_file() else None for at in folder.rglob("*")
    }


def test_an_export_of_every_table_writes_none_where_one_would_take_the_place_of_the_record(tmp_path):
    path, folder = attacked(tmp_path), tmp_path / "out"
    folder.mkdir()
    (folder / "results.csv").hardlink_to(path)
    for more in ([], ["--deidentify", "--key-file", tmp_path / "key"]):
        code, _out, err = command(path, ["export", "-o", folder, *more])

        assert (code, "results.csv is the record itself" in err) == (5, True)
        assert [at.name for at in folder.iterdir()] == ["results.csv"]
        assert path.read_bytes() == small_record()
        assert not (tmp_path / "key").exists()


def test_an_empty_file_and_an_earlier_export_are_replaced_and_no_other(tmp_path):
    path, out = attacked(tmp_path), tmp_path / "patients.csv"
    header = ",".join(EXPORT_COLUMNS["patients"])
    for there in ("", f"{header}\nQ9,,recist-1.1,\n", f"\ufeff{header}\r\n"):
        out.write_text(there, encoding="utf-8", newline="")

        assert command(path, ["export", "patients", "-o", out])[0] == 0
        assert out.read_text(encoding="utf-8").splitlines()[1].startswith("P00")
    for there in ("\n", "é" * 2048, f"{header},more\n", header[:-1]):
        out.write_text(there, encoding="utf-8")

        assert command(path, ["export", "patients", "-o", out])[0] == 4
        assert out.read_text(encoding="utf-8") == there


def test_a_key_without_an_end_is_no_key(tmp_path):
    path, key = attacked(tmp_path), tmp_path / "key"
    key.write_bytes(b"k" * 70_000)
    code, _out, err = command(path, ["export", "patients", "--deidentify", "--key-file", key])

    assert (code, "longer than 65,536 bytes" in err) == (4, True)


def test_what_is_no_file_is_written_to_and_never_replaced(typed, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    typed("patient add P01")
    heard = []
    listener = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    listener.start()

    assert typed("export", "patients", "-o", pipe).code == 0
    listener.join(10)
    assert heard[0].splitlines()[1] == b"P01,,recist-1.1,"
    assert pipe.is_fifo()


# --- bombs --------------------------------------------------------------------------------------------

# The two that anybody would try first, a line of 2 GB and a zip bomb, are tried by `test_attacks`, as are files damaged
# at random; those here are refused before they were read far.
QUICK = (
    *(bombs.endless_row, bombs.large_cell, bombs.many_columns, bombs.wide_rows),
    *(bombs.noisy_sheet, bombs.hidden_sheet, bombs.one_string, bombs.deep_elements, bombs.long_tag, bombs.many_parts),
)


@pytest.mark.parametrize("make", QUICK, ids=lambda make: make.__name__)
def test_a_file_made_to_fill_the_memory_is_refused_in_words_and_little_memory(make):
    failures, _found = bombs.exploded(make)

    assert failures == []


def test_an_import_of_all_rows_or_none_does_not_read_on_through_bad_rows_for_ever(typed, tmp_path, monkeypatch):
    """A column that was read wrong spoils every row; a million of them once took minutes and 600 MB to say so."""
    monkeypatch.setattr(importing, "_MOST_REFUSED", 30)
    table = tmp_path / "site.csv"
    table.write_text(HEADER + "".join(f"Q{n},2026-01-05,T1,{n}x\n" for n in range(200)), encoding="utf-8")
    told, in_part = typed("import", table), typed("import", table, "--partial")

    assert told.code == 4
    assert "site.csv: more than 30 rows were refused, nothing was imported" in told.err
    assert told.err.count("is not a size") == 31
    assert not (tmp_path / "record.db").exists()
    assert in_part.code == 0
    assert "200 refused" in in_part.out


@pytest.mark.parametrize("whose", ["P1", ""])
def test_no_patient_has_more_rows_than_fit_in_the_memory(typed, tmp_path, monkeypatch, whose):
    monkeypatch.setattr(sources, "_MOST_ROWS_OF_ONE", 100)
    table = tmp_path / "site.csv"
    for rows in (100, 101):
        lines = [f"{whose},2026-01-05,L{n},32\n" for n in range(rows)]
        table.write_text(HEADER + "".join(lines), encoding="utf-8")

        assert ("site.csv has more than 100 rows" in typed("import", table, "--dry-run").err) == (rows == 101)


_ENDLESS = """
import os, sys
sent = os.write(1, b"patient_id,date,lesion_id,longest_mm\\n")
try:
    while sent < 2_000_000_000:
        sent += os.write(1, b"x" * 65536)
except BrokenPipeError:
    pass
print(sent, file=sys.stderr)
"""


@pytest.mark.parametrize("way", ["-", "pipe"])
def test_a_line_of_two_thousand_million_bytes_through_a_pipe_is_refused_before_it_fills_the_disk(tmp_path, way):
    source = subprocess.Popen([sys.executable, "-c", _ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    name = "-" if way == "-" else f"/dev/fd/{source.stdout.fileno()}"
    code, said, memory, _seconds = bombs.measured(tmp_path, ["import", name], source.stdout, (source.stdout.fileno(),))
    source.stdout.close()
    _, sent = source.communicate(timeout=60)

    assert code == 4, said
    assert "line 2 is longer than 1,000,000 signs" in said
    assert int(sent) < 50_000_000
    assert memory < bombs.MOST_MEMORY


def test_none_of_the_limits_refuses_a_long_honest_table(tmp_path, typed):
    """The sizes that count: of a cohort 620,000 readings were tried by hand, as CSV and as workbook."""
    columns = ",".join(f"c{number}" for number in range(1000))
    note = '"' + "soft, round; mobile\n" * 500 + '"'
    rows = [f"Q{n:04},2026-01-{d:02},T1,{n % 80},{',' * 999}{note}" for n in range(20) for d in (5, 6)]
    table = tmp_path / "site.csv"
    table.write_text(HEADER.replace("\n", f",{columns},note\n") + "\n".join(rows) + "\n", encoding="utf-8")

    assert typed("import", table).code == 0


# --- SQL ----------------------------------------------------------------------------------------------


def test_sql_is_a_text_like_any_other(tmp_path):
    path = attacked(tmp_path)
    for line in (
        ["--as", SQL, "patient", "add", SQL, "--note", SQL, "--disease", SQL, "--regimen", SQL],
        ["add", SQL, "2026-01-05", "--target", f"{SQL.replace(' ', '')} {SQL} 42", "--visit", SQL, "--method", SQL],
        ["event", SQL, "note", "2026-01-06", "--detail", SQL],
        ["patient", "rename", "P00", f"{SQL}2"],
    ):
        assert command(path, line)[0] == 0, line
    table = tmp_path / "site.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(EXPORT_COLUMNS["measurements"])
        texts_of = {"date": "2026-02-05", "line": "1", "role": "", "kind": "", "longest_mm": "30", "short_mm": ""}
        texts_of |= {"state": "", "patient_id": f"{SQL}3"}
        rows.writerow([texts_of.get(column, SQL) for column in EXPORT_COLUMNS["measurements"]])

    assert command(path, ["import", table])[0] == 0
    for line in (
        ["status", SQL],
        ["lesions", SQL],
        ["log", SQL],
        ["export", "patients", "--patient", SQL, "--json"],
    ):
        code, out, err = command(path, line)
        assert (code, SQL in out) == (0, True), err
    assert faults(path) == []
    assert command(path, "check")[0] == 0


# --- names of files, and what is no file --------------------------------------------------------------

NAMES = [
    "a\nb.csv",
    "\x1b[2Jx.csv",
    "-x.csv",
    b"caf\xe9.csv",
    "x" * 251 + ".csv",
    "a\u202eb.csv",
    "'; rm x.csv",
    " .csv",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_file_of_any_name_is_read_and_named_without_harm(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = attacked(tmp_path)
    if sys.platform == "darwin" and isinstance(name, bytes):
        name = name.decode("latin-1")  # its file systems take no name that is not UTF-8
    (tmp_path / os.fsdecode(name)).write_text(GOOD, encoding="utf-8")
    given_name = os.fsdecode(name) if not name.startswith("-" if isinstance(name, str) else b"-") else f"./{name}"
    for line in (["check"], ["import", "--dry-run"], ["import"], ["import", "--json"]):
        code, out, err = command(path, [line[0], given_name, *line[1:]])

        assert code == 0, err
        assert not texts.RAW.search(out + err)
    (tmp_path / os.fsdecode(name)).write_text(HEADER + "Q1,2026-01-06,T1,x\nQ1,2026-01-07,T1,20\n", encoding="utf-8")
    for line in (["import"], ["import", "--json"], ["import", "--partial"], ["import", "--partial", "--json"]):
        code, out, err = command(path, [line[0], given_name, *line[1:]])

        assert code == (0 if "--partial" in line else 4), err
        assert not texts.RAW.search(out + err)
        assert (out + err).encode()
    assert faults(path) == []


def test_what_is_no_file_or_not_there_is_wrong_use_in_words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = attacked(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "nowhere").symlink_to("gone")
    before = path.read_bytes()
    for name in ("loop", "folder", "nowhere", "/dev/null", "missing", "x" * 300, "x/" * 3000, "missing/x.csv", ""):
        for line in (["import", name], ["check", name], ["import", name, "--partial"], ["restore", name, "--yes"]):
            code, _out, err = command(path, line)

            assert code in (2, 4, 5), (name[:20], line, err)
            assert "error: " in err
            assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "folder", "loop", "missing/record.db"])
def test_what_cannot_be_a_record_is_said_in_words_by_every_command(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "site.csv").write_text(GOOD, encoding="utf-8")
    for line in ("status", "check", "doctor", "backup", "log", "export patients", f"check {tmp_path}/site.csv"):
        code, out, err = command(tmp_path / name, line)

        assert code in ((0, 1, 5) if "check" in line or line == "doctor" else (5,)), (line, err)
        assert "remtrack itself failed" not in out + err


def test_a_file_that_may_not_be_read_is_refused_in_words(tmp_path):
    path, table = attacked(tmp_path), tmp_path / "site.csv"
    table.write_text(GOOD, encoding="utf-8")
    table.chmod(0o000)
    code, _out, err = command(path, ["import", table, "--dry-run"])

    # Whoever may read everything may read this, too.
    assert (code, "cannot be read" in err) == ((0, False) if os.access(table, os.R_OK) else (2, True))


def test_a_file_that_is_cut_while_it_is_read_is_refused_and_nothing_is_kept(tmp_path, monkeypatch):
    """Another program empties the file when the first rows were read; the record stays as it was."""
    from remtrack.exchange import csv_in

    path, table = attacked(tmp_path), tmp_path / "site.csv"
    table.write_text(HEADER + "".join(f"Q{n},2026-01-05,T1,30\n" for n in range(60_000)), encoding="utf-8")
    before, rows = path.read_bytes(), csv_in.CsvFile.rows

    def cutting(self):
        for line_no, cells in rows(self):
            if line_no == 100:
                os.truncate(table, 0)
            yield line_no, cells

    monkeypatch.setattr(csv_in.CsvFile, "rows", cutting)
    code, _out, err = command(path, ["import", table])

    assert code == 4
    assert "changed while it was read" in err
    assert path.read_bytes() == before


def test_a_workbook_that_is_replaced_while_it_is_read_is_refused(tmp_path, monkeypatch):
    """The record of changes keeps the hash of the file that was read: it must be that of these very rows."""
    from remtrack.exchange import workbook

    path, table = attacked(tmp_path), tmp_path / "site.xlsx"
    cells = "".join(f'<c t="str"><v>{text}</v></c>' for text in ("Q1", "2026-01-05", "T1", "30"))
    sheet = f"{bombs.SHEET_BEGINS}{bombs.HEADER_ROW}<row>{cells}</row>{bombs.SHEET_ENDS}"
    bombs.book(table, sheets={"xl/worksheets/sheet1.xml": sheet})
    before, digest = path.read_bytes(), workbook._digest

    def changing(raw):
        found = digest(raw)
        table.write_bytes(table.read_bytes() + b" ")
        return found

    assert command(path, ["import", table, "--dry-run"])[0] == 0
    monkeypatch.setattr(workbook, "_digest", changing)
    code, _out, err = command(path, ["import", table])

    assert (code, "changed while it was read" in err) == (4, True)
    assert path.read_bytes() == before


def test_a_file_that_vanishes_while_it_is_read_is_read_to_its_end(tmp_path):
    path, table = attacked(tmp_path), tmp_path / "site.csv"
    os.mkfifo(table)

    def send():
        with table.open("wb") as stream:
            stream.write(GOOD.encode())
            table.unlink()

    sender = threading.Thread(target=send)
    sender.start()
    code, _out, err = command(path, ["import", table])
    sender.join(10)

    assert code == 0, err
    assert not table.exists()
