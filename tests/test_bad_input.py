"""Bad input: what, why and the command to type; nothing is written, nothing is a traceback."""

import hashlib
import os
import sqlite3
import subprocess
import sys

import pytest

BASELINE = 'add P01 2026-01-05 --target "L1 liver 42" --target "L2 lung 18" --nontarget "B1 bone"'


@pytest.fixture
def begun(typed):
    """A patient with a baseline and one scan."""
    typed("patient add P01 --started 2026-01-10")
    typed(BASELINE)
    typed("add P01 2026-03-02 L1=28 L2=12 B1=present")
    return typed


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# command, exit code, what the error must say
REFUSED = [
    ("status P9", 3, "patient P9 is not known"),
    ("add P9 2026-04-06 L1=30", 3, "patient P9 is not known"),
    ("timeline P9", 3, "patient P9 is not known"),
    ("explain P01 2026-03-03", 3, "P01 has no visit on 2026-03-03"),
    ("add P01 2026-04-06 L9=30", 3, "lesion L9 is not known for P01"),
    ("edit P01 2026-03-02 L9=30", 3, "lesion L9 is not known for P01"),
    ("edit P01 2026-03-03 L1=30", 3, "P01 has no visit on 2026-03-03"),
    ("add P01 2026-04-06 L1=30 --line 3", 3, "P01 has no line 3"),
    ("patient add P02 --criteria recist-1.2", 2, 'no criteria family "recist-1.2"'),
    ("patient add P02 --set confirm_dayz=28", 2, 'RECIST 1.1 has no setting "confirm_dayz"'),
    ("patient add P02 --set confirm_days=soon", 2, 'confirm_days cannot be "soon"'),
    ("line set P01 1 confirm_dayz=28", 2, 'RECIST 1.1 has no setting "confirm_dayz"'),
    ("criteria show recist", 2, 'no criteria family "recist"'),
    ("add P01 01/02/2026 L1=30", 2, "01/02/2026"),
    ("add P01 2026-02-30 L1=30", 2, "2026-02-30"),
    ("add P01 2026-11-03 L1=30", 2, "2026-11-03"),
    ("add P01 12.5 L1=30", 2, "12.5"),
    ("add P01 2026-01 L1=30", 2, "2026-01"),
    ("add P01 10:30 L1=30", 2, "10:30"),
    ("lesion", 2, "lesion alone does nothing"),
    ("import ''", 2, "the file has no name"),
    ("check ''", 2, "the file has no name"),
    ("log --last -1x", 2, "'-1x' is not a valid"),
    ("add P01 2026-04-06 2026-04-07 L1=30", 2, "stand where one date may"),
    ("add P01 2026-04-06 L1=-3", 4, "cannot be negative"),
    ("add P01 2026-04-06 L1=nan", 4, "nan"),
    ("add P01 2026-04-06 L1=inf", 4, "inf"),
    ("add P01 2026-04-06 L1=501", 4, "too large"),
    ("add P01 2026-04-06 L1=1e3", 4, "1e3"),
    ("add P01 2026-04-06 L1=3,2", 4, "a comma can mean"),
    ("add P01 2026-04-06 L1=big", 4, "big"),
    ("add P01 2026-04-06 L1=30 L1=31", 4, "L1 is given twice"),
    ("add P01 2026-03-02 L1=29", 4, "already recorded on 2026-03-02"),
    ('add P01 2026-04-06 --nontarget "L1 liver"', 4, "L1 is recorded as target in line 1"),
    ('add P01 2026-04-06 --target "L1 node:liver 20"', 4, "L1 is recorded as nonnodal, not node"),
    ('add P01 2026-04-06 --target "L4 liver 20"', 4, "L4 cannot become a target lesion"),
    ("add P01 2025-12-01 L1=40", 4, "L1 was first seen on 2026-01-05"),
    ("lesion add P01 L1 --role nontarget", 4, "L1 is recorded as target in line 1"),
    ("lesion add P01 L1 --kind node", 4, "L1 is recorded as nonnodal, not node"),
    ("event P01 dead 2026-04-01", 2, 'no event "dead"'),
    ("line start P01 2025-12-01", 4, "line 2 cannot begin on 2025-12-01"),
    ("patient rename P9 P10", 3, "patient P9 is not known"),
    ("undo 99 --yes", 3, "no change 99"),
    ("undo", 2, "undo asks before it takes back"),
    ("export scans", 2, 'no table "scans"'),
    ("status P01 --format html", 2, 'no format "html"'),
    ("remission --lasted maybe", 2, '--lasted "maybe"'),
    ("stauts P01", 2, 'no command "stauts"'),
    ("status P01 --db other.db", 2, "--db stands before the command"),
    ("add P01 2026-04-06 anc=1.2", 4, "anc is not read by RECIST 1.1, which judges line 1 of P01"),
    ("add P01 2026-04-06 l1=30", 3, "lesion l1 is not known for P01"),
    ("add P01 2026-04-06 L1=30@2026-04-05", 4, "a lesion is read on the day of its visit"),
    ("add P01 2026-04-06 'L1<=30'", 2, '"L1<=30" is not a reading'),
    ("add P01 2026-04-06 =30", 2, '"=30" is not a reading'),
    ("edit P01 2026-03-02 anc=1.2", 4, "anc is not read by RECIST 1.1"),
    ("edit P01 2026-03-02 --remove L9", 3, "lesion L9 is not known for P01"),
    ("add P01", 2, "no reading for P01 was given"),
    ("add", 2, "add needs a patient and at least one reading"),
    ("edit P01 L1=30", 2, "edit needs the date of the visit"),
]


# The same of a person with leukaemia, whose values are typed.
REFUSED_VALUES = [
    ("add A1 2026-04-06 bm_blasts_pct=100.1", 4, "bm_blasts_pct 100.1 % is outside 0 to 100"),
    ("add A1 2026-04-06 bm_blasts_pct=-1", 4, "bm_blasts_pct -1 % is outside 0 to 100"),
    ("add A1 2026-04-06 bm_blasts_pct=few", 4, 'bm_blasts_pct is entered as "few", which is no number'),
    ("add A1 2026-04-06 bm_blasts_pct=1,5", 4, "a comma can mean"),
    ("add A1 2026-04-06 bm_blasts_pct=nan", 4, "stands for a value that is missing"),
    ("add A1 2026-04-06 bm_blasts_pct=2g/L", 4, "bm_blasts_pct is entered in g/L; it is read in %"),
    ("add A1 2026-04-06 'anc=1.2 mmol/L'", 4, "anc is entered in mmol/L; it is read in 10^9/L"),
    ("add A1 2026-04-06 anc=1200", 4, "1200 /uL would be 1.2 10^9/L"),
    ("add A1 2026-04-06 'anc=>600'", 4, "is outside 0 to 100"),
    ("add A1 2026-04-06 emd=perhaps", 4, "which is not yes or no"),
    ("add A1 2026-04-06 anc=1 anc=2", 4, "anc is given twice in one command"),
    ("add A1 2026-04-06 anc=1 ANC=1.0", 4, "anc is given twice in one command"),
    ("add A1 2026-04-06 anc=1@2027-01-01", 2, "2027-01-01"),
    ("add A1 2026-04-06 anc=1@", 2, ""),
    ("add A1 2026-04-06 anc=@2026-04-01", 2, "is not a reading"),
    ("add A1 2026-04-06 bm_blasts_pct=2 plt=5000", 4, "plt 5000 10^9/L is outside 0 to 2000"),
    ("add A1 2026-04-06 blasts=2", 3, "did you mean bm_blasts_pct or pb_blasts_pct?"),
    ("add A1 2026-04-06 wbc=2", 4, "CML, ELN 2020 reads it"),
    ("add A1 2026-04-06 L1=30", 3, "L1 is no value that AML, ELN 2022 reads, and no lesion of A1"),
    ("add A1 2026-02-10 anc=1.3", 4, "anc is already recorded on 2026-02-10"),
    ("edit A1 2026-02-10 mrd=negative", 3, "mrd was not recorded on 2026-02-10"),
    ("edit A1 2026-02-10 anc=1.1@2026-02-09", 3, "anc was not recorded on 2026-02-09"),
    ("edit A1 2026-02-10 anc=1200", 4, "anc 1200 10^9/L is outside 0 to 100"),
    ("edit A1 2026-02-10 --remove mrd", 3, "mrd was not recorded on 2026-02-10"),
    ("edit A1 2026-02-10 --remove blasts", 3, "did you mean bm_blasts_pct"),
]


@pytest.fixture
def leukaemia(typed):
    """A person with AML, before treatment and in remission."""
    typed("patient add A1 --criteria blood-aml-eln-2022 --started 2026-01-06")
    typed("add A1 2026-01-05 bm_blasts_pct=60 pb_blasts_pct=30 anc=0.4 plt=20")
    typed("add A1 2026-02-10 bm_blasts_pct=2 pb_blasts_pct=0 anc=1.2 plt=120")
    return typed


@pytest.mark.parametrize(("line", "code", "said"), REFUSED_VALUES, ids=[line for line, _code, _said in REFUSED_VALUES])
def test_a_refused_value_says_what_and_leaves_the_record_as_it_was(leukaemia, record_path, line, code, said):
    before = digest(record_path)
    told = leukaemia(line)

    assert told.code == code, told.err
    assert said in told.err
    assert told.err.startswith("error: ")
    assert "hint: " in told.err
    assert told.out == ""
    assert digest(record_path) == before


# The hints beside refused values; VALUE is what the person has on paper.
PASTED_VALUES = [
    ("add A1 2026-04-06 bm_blasts_pct=100.1", "10"),
    ("add A1 2026-04-06 bm_blasts_pct=few", "10"),
    ("add A1 2026-04-06 emd=perhaps", "no"),
    ("add A1 2026-04-06 anc=1200", ""),
    ("add A1 2026-04-06 blasts=2", ""),
    ("add A1 2026-04-06 wbc=2", ""),
    ("add A1 2026-04-06 L1=30", ""),
    ("add A1 2026-02-10 anc=1.3", ""),
    ("edit A1 2026-02-10 mrd=negative", "negative"),
    ("edit A1 2026-02-10 --remove blasts", ""),
    ("add A1", "1"),
]


@pytest.mark.parametrize(("line", "value"), PASTED_VALUES)
def test_the_hint_beside_a_value_works_when_it_is_pasted(leukaemia, line, value):
    told = leukaemia(line)
    again = leukaemia(*[word.replace("VALUE", value) for word in told.hint])

    assert again.code == 0, f"{told.hint}: {again.err}"


@pytest.mark.parametrize(("line", "code", "said"), REFUSED, ids=[line for line, _code, _said in REFUSED])
def test_a_refusal_says_what_and_leaves_the_record_as_it_was(begun, record_path, line, code, said):
    before = digest(record_path)
    told = begun(line)

    assert told.code == code, told.err
    assert said in told.err
    assert told.err.startswith(("error: ", "This takes back", "warning: ")), told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert digest(record_path) == before


# The hints that are whole commands with nothing left to fill in, and what they must not answer.
PASTED = [
    "criteria show recist",
    "add P01 2026-03-02 L1=29",
    "add P01 2026-04-06 l1=30",
    "add P01 2026-04-06 anc=1.2",
    'add P01 2026-04-06 --nontarget "L1 liver"',
    'add P01 2026-04-06 --target "L4 liver 20"',
    "explain P01 2026-03-03",
    "edit P01 2026-03-03 L1=30",
    "status P9",
    "line set P01 1 confirm_dayz=28",
    "lesion add P01 L1 --kind node",
    "event P01 dead 2026-04-01",
    "line start P01 2025-12-01",
    "undo 99 --yes",
    "undo",
    "export scans",
    "stauts P01",
]


@pytest.mark.parametrize("line", PASTED)
def test_the_hint_works_when_it_is_pasted(begun, line):
    told = begun(line)
    again = begun(*[word.replace("SIZE", "30") for word in told.hint])

    assert again.code == 0, f"{told.hint}: {again.err}"


def test_an_error_is_json_where_json_was_asked_for(begun):
    import json

    told = begun("status P9 --json")
    said = json.loads(told.err)

    assert said["exit_code"] == 3
    assert said["hint"] == "remtrack patients"


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ([f'--target "T{n} organ{n} 20"' for n in range(6)], "6 target lesions"),
        ([f'--target "T{n} liver 20"' for n in range(3)], "liver"),
        (['--target "T1 liver 9.9"'], "T1"),
        (['--target "G1 node:axilla 14.9"'], "G1"),
    ],
)
def test_an_unusual_baseline_is_recorded_with_a_warning(typed, roles, said):
    typed("patient add P02 --started 2026-01-10")
    told = typed("add P02 2026-01-05 " + " ".join(roles))

    assert told.code == 0
    assert "warning: " in told.err
    assert said in told.err


# Files that are no record of ours


def other_database(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    connection.close()


def newer_record(path):
    subprocess.run([sys.executable, "-m", "remtrack", "--db", str(path), "init"], check=True, capture_output=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


MAKERS = {
    "a text file": lambda path: path.write_text("patient_id,date\n"),
    "an empty file": lambda path: path.write_bytes(b""),
    "a binary file": lambda path: path.write_bytes(os.urandom(5000)),
    "another program's database": other_database,
    "a newer record": newer_record,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
@pytest.mark.parametrize("line", ["status", "add P01 L1=30", "init", "patient add P01", "check"])
def test_a_file_that_is_not_ours_is_refused_and_left_untouched(typed, record_path, make, line):
    make(record_path)
    before = digest(record_path)
    told = typed(line)

    assert told.code == 5
    assert str(record_path) in told.err
    assert digest(record_path) == before
    assert [file.name for file in record_path.parent.iterdir()] == [record_path.name]


def test_a_folder_is_not_a_record(typed, record_path):
    record_path.mkdir()

    assert typed("status").code == 5


@pytest.mark.parametrize("line", ["status", "timeline P01", "add P01 L1=30", "check", "export", "log", "undo --yes"])
def test_a_missing_record_is_not_made_by_a_command_that_has_nothing_to_write(typed, record_path, line):
    told = typed(line)

    assert told.code == 5
    assert f"no record at {record_path}" in told.err
    assert not record_path.exists()


@pytest.mark.parametrize("line", ["init", "patient add P01"])
def test_a_missing_record_is_made_readable_by_its_owner_alone(typed, record_path, line):
    assert typed(line).code == 0
    assert record_path.stat().st_mode & 0o777 == 0o600


def test_ctrl_c_leaves_the_record_as_it_was(remtrack, record_path, tmp_path):
    """The signal arrives while an import is at work."""
    import signal
    import time

    rows = ["patient_id,date,lesion_id,role,longest_mm"]
    rows += [f"P{n},2026-01-{day:02},L1,target,{20 + day}" for n in range(20000) for day in (5, 25)]
    table = tmp_path / "many.csv"
    table.write_text("\n".join(rows) + "\n")
    remtrack("init")
    before = digest(record_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "remtrack", "--db", str(record_path), "import", str(table)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in err
    assert remtrack("patients", "--json").code == 0
    assert digest(record_path) == before


ROWS = "patient_id,date,lesion_id,role,kind,longest_mm\n"
REFUSED_TABLES = {
    "another role": (ROWS + "P01,2026-04-06,L1,nontarget,nonnodal,30\n", "L1 of P01 is target in line 1"),
    "another kind": (ROWS + "P01,2026-04-06,L1,target,node,30\n", "L1 of P01 is nonnodal, not node"),
    "a future date": (ROWS + "P01,2027-04-06,L1,target,nonnodal,30\n", "lies in the future"),
    "an ambiguous date": (ROWS + "P01,01/02/2026,L1,target,nonnodal,30\n", "01/02/2026"),
    "a comma": (ROWS + 'P01,2026-04-06,L1,target,nonnodal,"3,2"\n', "--decimal comma"),
    "not a number": (ROWS + "P01,2026-04-06,L1,target,nonnodal,nan\n", "is not a size"),
    "a negative size": (ROWS + "P01,2026-04-06,L1,target,nonnodal,-3\n", "cannot be negative"),
    "before it was seen": ("patient_id,date,lesion_id,longest_mm\nP01,2025-12-01,L1,40\n", "first seen on 2026-01-05"),
    "an unknown family": ("patient_id,line,criteria,settings\nP01,1,recist-9,\n", 'no criteria family "recist-9"'),
    "an unknown setting": ("patient_id,line,criteria,settings\nP01,1,recist-1.1,confirm_dayz=3\n", "confirm_days?"),
}


@pytest.mark.parametrize(("rows", "said"), REFUSED_TABLES.values(), ids=REFUSED_TABLES.keys())
def test_a_bad_row_of_a_table_is_named_with_its_line_and_nothing_is_written(begun, record_path, tmp_path, rows, said):
    table = tmp_path / "table.csv"
    table.write_text(rows)
    before = digest(record_path)
    told = begun(f"import {table}")

    assert told.code == 4
    assert "line 2" in told.err
    assert said in told.err
    assert digest(record_path) == before
