"""Texts that steer a terminal, hide in a name, break a table or run in a spreadsheet."""

import csv
import io
import json
import os
import re
import sys
from datetime import date
from pathlib import Path

import pytest
from attacks import texts
from attacks.base import attacked, command, faults
from conversation import Conversation
from hypothesis import Phase, given, settings, strategies as st
from plugins import install_example, path_with
from rich.cells import cell_len
from test_exchange_csv import none_runs, texts as formulas

from remtrack import words
from remtrack.exchange.cells import CellError, parse_lesion_id, parse_name, parse_patient_id, parse_text
from remtrack.exchange.columns import EXPORT_COLUMNS, FACT_TABLES
from remtrack.exchange.csv_out import write_file
from remtrack.exchange.formulas import unguarded
from remtrack.exchange.readings import parse_value
from terminal import run_on_terminal

ROOT = Path(__file__).resolve().parent.parent
HEADER = "patient_id,date,lesion_id,longest_mm\n"
GOOD = HEADER + "Q1,2026-01-05,T1,30\n"
#: One example is a dozen commands: to look for the shortest one that fails would take minutes.
AT_LENGTH = settings(phases=[Phase.explicit, Phase.generate])


# --- texts on a terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed_text", "shown"),
    [
        ("\u0601\u06dd", r"\u0601\u06dd"),
        ("\U0001d173x", r"\U0001d173x"),
        ("\ufdd0", r"\ufdd0"),
        ("👍🏽", r"👍\U0001f3fd"),
        ("e\u0301", "e\u0301"),
        ("\u0301x", r"\u0301x"),
        ("a \u0301", r"a \u0301"),
        ("Z" + "\u0300" * 6, "Z" + "\u0300" * 4 + r"\u0300\u0300"),
        ("שלום 肺 ½ ﷺ", "שלום 肺 ½ ﷺ"),
    ],
)
def test_a_sign_that_is_not_seen_or_piles_up_is_spelled_out(typed_text, shown):
    assert words.clean(typed_text) == shown


@given(st.lists(st.sampled_from(texts.PIECES) | st.text(max_size=5), max_size=8).map("".join))
def test_nothing_raw_is_left_of_any_text(text):
    shown = words.clean(text)

    assert not texts.RAW.search(shown)
    assert "\n" not in shown
    assert words.clean(shown) == shown
    assert shown.encode().decode() == shown


EVIL = "li\u202ever\u200b"


def test_a_question_shows_no_mark_that_turns_the_writing(typed, record_path):
    typed("patient add P01 --started 2026-01-10")
    typed("add", "P01", "2026-01-05", "--target", f"L1 {EVIL} 42")
    with Conversation(record_path, "add", "P01", "2026-03-02") as talk:
        talk.answer("L1", "30")
        talk.answer("Any new lesion?", "n")
        talk.answer("Save this entry?", "y")

        assert talk.end() == 0
        assert r"li\u202ever\u200b" in talk.shown
        assert not texts.RAW.search(talk.shown)


def test_an_export_keeps_every_sign_in_a_file_and_spells_it_out_on_a_terminal(typed, record_path, tmp_path):
    typed("add" if record_path.exists() else "patient", "add", "P01", "--note", f"{EVIL}\u00ad")
    out = tmp_path / "patients.csv"
    typed("export", "patients", "-o", out)
    line = [sys.executable, "-m", "remtrack", "--db", str(record_path), "export", "patients"]
    _code, shown = run_on_terminal(line, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"})

    assert f"{EVIL}\u00ad" in out.read_text(encoding="utf-8")
    assert r"li\u202ever\u200b\xad" in shown
    assert not texts.RAW.search(shown.replace("\r", ""))


def test_the_lesions_that_are_asked_for_stand_in_columns_whatever_their_letters(typed, record_path):
    typed("patient add P01")
    typed(
        "add P01 2026-01-05 --target 'L1 肝臓:第八区域の近くの長い名 42' --target 'L22 lung 30' --nontarget '骨 bone'"
    )
    with Conversation(record_path, "add", "P01", "2026-03-02") as talk:
        for lesion_id in ("L1", "L22", "骨"):
            talk.answer(f"  {lesion_id} ", "")
        talk.answer("Any new lesion?", "n")
        talk.answer("Save the scan alone?", "n")
        talk.end()
    asked = [line for line in talk.shown.splitlines() if line.endswith("now: ")]

    assert len(asked) == 3
    assert len({cell_len(line) for line in asked}) == 1
    assert len({cell_len(re.split("(?:non-)?target", line)[0]) for line in asked}) == 1


def test_json_keeps_a_text_exactly_and_escapes_it(typed):
    note = f"{EVIL}\n\t\u2028肺"
    typed("patient", "add", "P01", "--note", note)
    told = typed("export patients --json")

    assert json.loads(told.out)["rows"][0]["note"] == note.strip()
    assert not texts.RAW.search(told.out)


@pytest.mark.parametrize("line", ["import NAME --json", "check NAME --json", "status NAME --json"])
def test_an_error_as_json_is_escaped_too(typed, line):
    typed("init")
    told = typed(*line.replace("NAME", "a\u202eb\u009bc").split())

    assert "a\u202eb\u009bc" in json.loads(told.err)["error"]
    assert not texts.RAW.search(told.err)


def test_an_error_as_json_can_be_read_where_the_terminal_has_other_letters(remtrack):
    remtrack("init")
    told = remtrack(
        "status", "肺ß", "--json", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "iso-8859-1:backslashreplace"}
    )

    assert "肺ß" in json.loads(told.err)["error"]


def test_a_name_with_an_underscore_keeps_it_in_plain_text(typed):
    typed("patient add S_1")
    typed("add S_1 2026-01-05 --target 'L1 liver 42'")

    assert "S_1 line 1, recist-1.1: baseline only" in typed(f"log --at {date.today()} --format plain").out


def test_what_a_family_of_another_package_says_is_spelled_out_too(remtrack, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    install_example(site)
    module = site / "remtrack_phoenix" / "__init__.py"
    source = module.read_text(encoding="utf-8")
    module.write_text(source.replace('"PSA, Phoenix 2006"', '"PSA\\x1b[2J \\u202e2006"'), encoding="utf-8")
    for line in ("criteria list", "criteria list --format table", "criteria show psa-phoenix-2006"):
        told = remtrack(*line.split(), env=path_with(site))

        assert told.code == 0, told.err
        assert r"PSA\x1b[2J" in told.out
        assert not texts.RAW.search(told.out + told.err)


@pytest.mark.parametrize("width", [60, 80])
def test_wide_and_right_to_left_names_keep_to_the_columns_of_their_table(typed, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for name in ("肺癌患者一", "שלום", "o\u0308" * 9, "P" * 40, "🫁🫁"):
        typed("patient", "add", name)
        typed("add", name, "2026-01-05", "--target", "L1 肝臓 42")
    for line in ("status --all", "patients", "check", "log"):
        told = typed(f"{line} --format table")

        assert max(map(cell_len, told.out.splitlines())) <= width
        assert list(texts.broken(told.out, width)) == []


# --- formulas -----------------------------------------------------------------------------------------

kept_text = (parse_text, "=1")


def printed(text):
    """The value of a result as it is printed."""
    return parse_value(text)[1]


#: Every column of text, with what reads it at the door and what stands there instead of a text that is refused.
TEXTS = {
    "patients": {"patient_id": (parse_patient_id, "-5.94e+17"), "disease": kept_text, "note": kept_text},
    "lines": {"regimen": kept_text},
    "visits": {"visit": kept_text, "method": kept_text, "reader": kept_text, "note": kept_text},
    "measurements": {"lesion_id": (parse_lesion_id, "=L1")}
    | dict.fromkeys(("organ", "site", "reason", "note"), kept_text),
    "results": {"value": (printed, "-<5")} | dict.fromkeys(("unit", "note"), kept_text),
    "events": {"event": (lambda text: parse_name(text) or "=note", "=note"), "detail": kept_text},
}


def rows_of(said, number):
    """One patient's rows of every table, with these texts in every column of text."""
    patient_id = said["patients", "patient_id"] + str(number)
    visit = {name: said["visits", name] for name in ("visit", "method", "reader")}
    own = {
        "patients": {"criteria": "recist-1.1"},
        "lines": {"criteria": "recist-1.1"},
        "visits": {},
        "measurements": visit | {"role": "target", "kind": "nonnodal", "longest_mm": "32", "state": "measured"},
        "results": {name: visit[name] for name in ("visit", "reader")} | {"test": "=other"},
        "events": {},
    }
    given_to_all = {"patient_id": patient_id, "line": "1", "date": "2026-01-05"}
    rows = {}
    for table, columns in TEXTS.items():
        row = given_to_all | own[table] | {column: said[table, column] for column in columns if column != "patient_id"}
        rows[table] = {column: row.get(column, "") for column in EXPORT_COLUMNS[table]}
    return patient_id, rows


def drawn(data):
    """A text for every column of text."""
    said = {}
    for table, columns in TEXTS.items():
        for column, (door, instead) in columns.items():
            try:
                said[table, column] = door(data.draw(formulas))
            except CellError:
                said[table, column] = instead
    return said


MANY = settings.default.max_examples >= 1000
PATIENTS = 10  # in one example, with 18 texts each


@settings(AT_LENGTH, max_examples=60 if MANY else 2)
@given(st.data())
def test_no_text_of_any_table_runs_in_a_spreadsheet_and_each_comes_back_as_it_was(tmp_path_factory, data):
    patients = dict(rows_of(drawn(data), number) for number in range(PATIENTS))
    folder = tmp_path_factory.mktemp("formulas")
    (folder / "in").mkdir()
    for table in TEXTS:
        rows = [list(row[table].values()) for row in patients.values()]
        write_file(folder / "in" / f"{table}.csv", EXPORT_COLUMNS[table], rows)

    def run(*typed_words):
        code, out, err = command(folder / "record.db", typed_words)
        assert code in (0, 1), [line for line in err.splitlines() if not line.startswith("warning")]
        return out

    run("import", folder / "in")
    run("export", "-o", folder / "out")
    found = {patient_id: {} for patient_id in patients}
    for path in (folder / "out").iterdir():
        text = path.read_bytes().decode()
        assert none_runs(text), text
        if path.stem in FACT_TABLES:
            for row in csv.DictReader(io.StringIO(text, newline="")):
                whole = {column: unguarded(cell) for column, cell in row.items()}
                found[whole["patient_id"]][path.stem] = whole
    assert found == patients

    run("--db", folder / "again.db", "import", folder / "out")
    run("--db", folder / "again.db", "export", "-o", folder / "twice")
    for path in (folder / "out").iterdir():
        assert (folder / "twice" / path.name).read_bytes() == path.read_bytes()

    run("export", "-o", folder / "masked", "--deidentify", "--key-file", folder / "key")
    assert all(none_runs(path.read_bytes().decode()) for path in (folder / "masked").iterdir())
    first = next(iter(patients))
    for line in (["lesions", first], ["patient", "show", first], ["status", "--all"], ["patients"], ["log"], ["check"]):
        assert none_runs(run(*line, "--format", "csv"))


@given(st.lists(formulas, min_size=2, max_size=2))
@settings(AT_LENGTH, max_examples=500 if MANY else 10)
def test_no_refused_row_runs_in_a_spreadsheet_and_mended_it_says_the_same(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("rejects")

    def told(name):
        """What an import of the file keeps once its sizes are mended, None where it is refused for another cell."""
        text = (folder / name).read_bytes().replace(b",no size,", b",30,")
        (folder / f"mended-{name}").write_bytes(text)
        code, _out, _err = command(folder / f"{name}.db", ["import", folder / f"mended-{name}"])
        if code:
            return None
        return command(folder / f"{name}.db", "export measurements")[1]

    with (folder / "site.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["patient_id", "date", "lesion_id", "longest_mm", "note", "=1+1"])
        rows.writerow(["P1", "2026-01-05", "T1", "no size", *cells])
    # A text that is no text at all (a zero byte, a quote in the wrong place) is refused with its file.
    code, _out, _err = command(folder / "record.db", f"import {folder}/site.csv --partial --rejects {folder}/out.csv")

    assert code in (0, 4)
    if code == 0:
        assert none_runs((folder / "out.csv").read_bytes().decode())
        assert told("out.csv") == told("site.csv")


def test_a_file_that_says_more_of_a_visit_leaves_no_stored_answer_out_of_date(typed, tmp_path):
    """Found at random: the label of a known visit was saved, and the answers of its patient were not derived again."""
    table = tmp_path / "site.csv"
    table.write_text(GOOD, encoding="utf-8")
    typed("import", table)
    typed("import", table, "--set", "visit=baseline")

    assert faults(tmp_path / "record.db") == []


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        ("Q1,2026-01-05,T1,30,,liver\n", []),
        ("Q1,2026-01-05,T1,30,,\n", ["--set", "line=1", "--set", "visit=baseline"]),
        ("Q1,2026-01-05,T1,30,,liver\nQ1,2026-01-05,T2,4,fragment_of T7,lung\n", ["--partial"]),
    ],
)
def test_a_file_that_says_more_of_what_is_known_leaves_no_stored_answer_out_of_date(typed, tmp_path, rows, options):
    table = tmp_path / "site.csv"
    table.write_text(GOOD, encoding="utf-8")
    typed("import", table)
    table.write_text(f"{HEADER.strip()},state,organ\n{rows}", encoding="utf-8")

    assert typed("import", table, *options).code == 0
    assert faults(tmp_path / "record.db") == []


def test_a_refused_row_leaves_no_lesion_behind(typed, tmp_path):
    table = tmp_path / "site.csv"
    table.write_text(GOOD, encoding="utf-8")
    typed("import", table)
    for lesion_id, other in (("T2", "T7"), ("T1", "T1"), ("T3", "T3")):
        rows = f"Q1,2026-01-05,T1,30,\nQ1,2026-03-05,{lesion_id},4,fragment_of {other}\n"
        table.write_text(f"{HEADER.strip()},state\n{rows}", encoding="utf-8")
        refused = typed("import", table)
        told = typed("import", table, "--partial")

        assert refused.code == 4
        assert f"line 3, state: {other} is not a" in refused.err
        assert (told.code, "1 refused" in told.out) == (0, True)
    assert [row["lesion_id"] for row in typed("lesions Q1 --json").rows] == ["T1"]


# --- what is typed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words_typed",
    [
        ["patient", "add", "P77", "--note", "TEXT"],
        ["patient", "add", "P77", "--disease", "TEXT"],
        ["patient", "add", "P77", "--regimen", "TEXT"],
        ["line", "set", "P00", "1", "--regimen", "TEXT"],
        ["lesion", "add", "P00", "L9", "--organ", "TEXT"],
        ["lesion", "add", "P00", "L9", "--site", "TEXT"],
        ["add", "P00", "2026-03-02", "L1=30", "--note", "TEXT"],
        ["add", "P00", "2026-03-02", "L1=30", "--visit", "TEXT"],
        ["add", "P00", "2026-03-02", "L1=30", "--method", "TEXT"],
        ["add", "P00", "2026-03-02", "L1=30", "--reader", "TEXT"],
        ["add", "P00", "2026-03-02", "L1=30", "--new", "N1 TEXT 14"],
        ["add", "P00", "2026-03-02", "TEXT=30"],
        ["add", "P00", "2026-03-02", "L1=TEXT"],
        ["edit", "P00", "2000-03-06", "L1=41", "--reason", "TEXT"],
        ["event", "P00", "note", "2026-03-02", "--detail", "TEXT"],
        ["event", "P00", "TEXT", "2026-03-02"],
    ],
    ids=" ".join,
)
def test_a_control_sign_is_refused_where_it_is_typed_as_it_is_in_a_file(words_typed, tmp_path):
    """Found at random: it was kept, and the record's own export was then refused by import."""
    path = attacked(tmp_path)
    before = path.read_bytes()
    for sign in ("\x1b[2J", "\x07", "\x9b", "\udcff"):
        code, _out, err = command(path, [word.replace("TEXT", f"a{sign}b") for word in words_typed])

        assert code == 2
        assert "holds a control sign" in err
        assert not texts.RAW.search(err)
        assert path.read_bytes() == before


def test_a_text_is_kept_as_a_file_that_says_it_would_be_read(typed, record_path, tmp_path):
    typed("patient", "add", "Zoe\u0308", "--note", " Zoe\u0308\r\nand more ", "--disease", "  ")
    typed("add", "Zo\u00eb", "2026-01-05", "--target", "L1 liver 42", "--method", " CT ")
    told = typed("patient", "show", "Zoe\u0308", "--json")
    typed("export", "-o", tmp_path / "out")
    again = tmp_path / "again.db"
    assert command(again, ["import", tmp_path / "out"])[0] == 0
    assert command(again, ["export", "-o", tmp_path / "twice"])[0] == 0

    assert told.rows[0]["note"] == "Zo\u00eb\nand more"
    for path in (tmp_path / "out").iterdir():
        assert (tmp_path / "twice" / path.name).read_bytes() == path.read_bytes()


def test_a_file_whose_name_begins_with_a_minus_is_called_so(tmp_path, monkeypatch):
    """Found at random: -5.csv was written under a name with an unseen sign before it."""
    monkeypatch.chdir(tmp_path)
    for line in ("patient add P01", "export patients -o -5.csv", "import -5.csv", "backup -o -6.db"):
        assert command("-1.db", line)[0] == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["-1.db", "-5.csv", "-6.db"]


def test_a_prefix_makes_no_code_that_could_not_be_read_again(typed, tmp_path):
    table = tmp_path / "site.csv"
    table.write_text(GOOD, encoding="utf-8")
    told = typed("import", table, "--prefix", "S1\t")

    assert told.code == 4
    assert "line 2, patient_id:" in told.err
    assert "U+0009 is not visible" in told.err


INJECTIONS = [
    "'; DROP TABLE patients; --",
    'x" OR "1"="1',
    "x' OR '1'='1",
    "%",
    "_____",
    "P0?",
    "Robert'); DELETE FROM visits;--",
]


@pytest.mark.parametrize("name", INJECTIONS)
def test_sql_in_a_name_is_text(typed, tmp_path, name):
    typed("patient add P01")
    typed("add P01 2026-01-05 --target 'L1 liver 42'")
    before = typed("export measurements").out
    said = f"as {name} says"
    for line in (["status", name], ["timeline", name], ["log", name], ["export", "patients", "--patient", name]):
        told = typed(*line)
        assert told.code == 3, told
    assert typed("purge", name, "-o", tmp_path / "without.db").code == 3

    lesion = name.replace(" ", "").replace("=", "")
    for line in (
        ["patient", "add", name, "--note", said, "--disease", name, "--regimen", name],
        ["lesion", "add", name, lesion, "--organ", name, "--site", said],
        ["add", name, "2026-01-05", f"{lesion}=30", "--note", name, "--visit", name, "--method", name],
        ["event", name, "note", "2026-01-06", "--detail", name],
        ["edit", name, "2026-01-05", f"{lesion}=31", "--reason", said],
    ):
        told = typed(*line)
        assert told.code == 0, told
    assert [row["patient_id"] for row in typed("patients --json").rows] == sorted(["P01", name])
    shown = typed("patient", "show", name, "--json").rows[0]
    assert (shown["note"], shown["disease"]) == (said, name)
    assert typed("patient", "rename", name, f"{name}2").code == 0
    assert typed("purge", f"{name}2", "-o", tmp_path / "without.db").code == 0

    assert command(tmp_path / "without.db", "export measurements")[1] == before
    assert faults(tmp_path / "record.db") == []
