"""An export in which nobody can be recognised: no name, note or calendar date of what was entered is in it."""

import csv
import io
import re
import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from store_samples import new_record

from remtrack.criteria import FAMILIES
from remtrack.exchange.columns import EXPORT_COLUMNS
from remtrack.store import open_record
from remtrack.tracker.deidentify import _MASKS, Masked
from remtrack.tracker.exporting import TABLES, refresh

KEY = b"0123456789abcdef0123456789abcdef"
SAMPLES = Path(__file__).resolve().parent.parent / "sample_data"
# Columns that hold what anybody may have typed, or sentences in which it is said again.
LEFT_OUT = ("disease", "note", "regimen", "visit", "site", "reason", "detail", "because", "extra", "method")


@pytest.fixture
def followed(typed):
    typed('patient add MAYER-7 --disease "cancer of the mayor" --regimen "trial of Dr. Grau"')
    typed('add MAYER-7 2026-01-05 --target "L1 liver:under-the-scar 42" --note "came with his wife Anna"')
    typed('add MAYER-7 2026-03-02 L1=28 --method "CT at Grau" --visit "Anna again"')
    typed('event MAYER-7 therapy 2026-02-01 --detail "with Dr. Grau"')
    typed("patient add BAUER-1")
    typed('add BAUER-1 2025-01-05 --target "L1 lung 20"')
    return typed


def table_of(told):
    return list(csv.DictReader(io.StringIO(told.out)))


def test_days_stand_where_dates_stood_and_a_pseudonym_where_the_code_stood(followed, tmp_path):
    key = tmp_path / "study.key"
    rows = table_of(followed("export", "measurements", "--deidentify", "--key-file", str(key)))
    mine = [row for row in rows if row["longest_mm"] in ("42", "28")]

    assert [row["day"] for row in mine] == ["0", "56"]
    assert {re.fullmatch("X[0-9a-f]{20}", row["patient_id"]) is not None for row in rows} == {True}
    assert {row["organ"] for row in rows} == {"liver", "lung"}
    assert "date" not in rows[0]


def test_what_was_before_the_baseline_has_a_day_below_zero_that_stays_a_number(followed, tmp_path):
    followed("event MAYER-7 therapy 2025-12-31")
    told = followed("export", "events", "--deidentify", "--key-file", str(tmp_path / "k"))

    assert {row["day"] for row in table_of(told)} == {"-5", "27"}


def test_the_same_key_gives_the_same_pseudonyms_and_another_gives_others(followed, tmp_path):
    def people(name):
        told = followed("export", "patients", "--deidentify", "--key-file", str(tmp_path / name))
        return {row["patient_id"] for row in table_of(told)}

    assert people("one") == people("one")
    assert people("one").isdisjoint(people("two"))


def test_the_key_is_made_for_its_owner_alone_and_said_to_be_kept_apart(followed, tmp_path):
    key = tmp_path / "study.key"
    told = followed("export", "patients", "--deidentify", "--key-file", str(key))

    assert key.stat().st_mode & 0o777 == 0o600
    assert "keep it apart" in told.err
    assert key.read_text().strip() not in told.out + told.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("export patients --deidentify", 2),
        ("export patients --key-file {tmp}/k", 2),
        ("export patients --deidentify --key-file {tmp}/short", 4),
        ("export patients --deidentify --key-file {tmp}", 5),
    ],
)
def test_without_a_good_key_nothing_is_exported(followed, tmp_path, words, code):
    (tmp_path / "short").write_text("guess me")
    told = followed(words.format(tmp=tmp_path))

    assert (told.code, told.out) == (code, "")


def test_a_folder_holds_every_table_and_none_of_the_names(followed, tmp_path):
    folder = tmp_path / "out"
    followed("export", "--deidentify", "--key-file", str(tmp_path / "k"), "-o", str(folder))
    told = "".join(path.read_text() for path in folder.iterdir())

    assert {path.stem for path in folder.iterdir()} == set(TABLES)
    for word in ("MAYER", "BAUER", "Grau", "Anna", "mayor", "scar", "2026-", "2025-"):
        assert word not in told


def test_results_of_tests_that_no_family_knows_are_left_out_and_counted(record_path, capsys):
    with new_record(record_path) as record, record.change("import") as change:
        change.put("patients", {"patient_id": "P01"})
        change.put("lines", {"patient_id": "P01", "line": 1})
        change.put("visits", {"patient_id": "P01", "line": 1, "visit_on": date(2026, 1, 5)})
        names = {"patient_id": "P01", "visit_on": date(2026, 1, 5), "sampled_on": date(2026, 1, 5)}
        change.put("results", {**names, "test": "anc", "value": Decimal(2), "unit": "10^9/L"})
        change.put("results", {**names, "test": "wife of Grau", "text": "tall"})
        change.put("results", {**names, "test": "emd", "text": "his neighbour said no"})
        change.put("results", {**names, "test": "mrd_pct", "text": "<0.01", "unit": "%"})
    with open_record(record_path) as record:
        masked = Masked(record, KEY)
        rows = list(masked.rows("results"))
        columns = masked.columns("results")

    found = {row[columns.index("test")]: row[columns.index("value")] for row in rows}
    assert found == {"anc": "2", "mrd_pct": "<0.01"}
    assert sum(masked.left_out.values()) == 2
    assert "Grau" not in str(rows)


@pytest.fixture
def samples(typed):
    """A record of the invented patients that come with the program, of every family."""
    for name in ("demo", "stories"):
        assert typed("import", str(SAMPLES / name)).code == 0
    return typed


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_no_text_code_or_date_of_the_sample_data_is_in_any_table_or_format(samples, tmp_path, form):
    free, told = set(), ""
    for table in TABLES:
        rows = table_of(samples("export", table))
        free |= {row["patient_id"] for row in rows}
        free |= {row.get(name, "") for row in rows for name in LEFT_OUT}
        told += samples("export", table, "--deidentify", "--key-file", str(tmp_path / "k"), "--format", form).out
    found = {text for text in free if len(text) > 3 and text in told}

    assert len(free) > 400
    assert found <= {"liver", "pelvis", "blood", "marrow", "relapse"}  # words of the field, also of ours
    assert re.findall(r"[12][0-9]{3}-[01][0-9]", told) == []


def test_what_is_no_free_text_comes_through_whole(samples, tmp_path):
    kept = ("role", "kind", "state", "longest_mm", "short_mm", "overall", "rule", "test", "value", "unit", "days")
    for table in ("measurements", "results", "assessments", "episodes", "courses", "lines"):
        plain = table_of(samples("export", table))
        masked = table_of(samples("export", table, "--deidentify", "--key-file", str(tmp_path / "k")))
        for name in set(kept) & set(masked[0]):
            assert sorted(row[name] for row in masked) == sorted(
                row[name].replace("_", " ") if name == "value" else row[name] for row in plain
            ), (table, name)


def test_a_column_of_which_nothing_is_said_does_not_come_through():
    shown = {"patient_id", "line", "criteria", "reader", "state", "organ", "event"}

    assert shown < set(_MASKS)
    assert set(LEFT_OUT).isdisjoint(_MASKS)
    assert {name for columns in EXPORT_COLUMNS.values() for name in columns} == {*_MASKS, *LEFT_OUT}


@pytest.mark.parametrize(
    ("test", "value", "unit", "told"),
    [
        ("psa", "4.1", "ng/mL", ("psa", "4.1", "ng/mL")),
        ("PSA", "<0.1", "", ("psa", "<0.1", "")),
        ("psa", "Undetectable", "", ("psa", "undetectable", "")),
        ("psa", "20260105", "", None),  # a day without its dashes
        ("psa", "2026-01", "", None),
        ("psa", "0.20260105", "", None),
        ("psa", "4.1 see Dr. Grau", "", None),
        ("psa", "4.1", "Grau", None),
        ("psa", "not done", "Grau", ("psa", "not done", "")),
        ("emd", "YES", "", ("emd", "yes", "")),
        ("emd", "Grau", "", None),
        ("mayer_typical_pattern", "Yes", "", ("L1_typical_pattern", "yes", "")),
        ("grau_typical_pattern", "yes", "", None),
        ("mayer_phone", "4711", "", None),
    ],
)
def test_a_value_comes_through_as_a_family_reads_it_or_not_at_all(record_path, test, value, unit, told):
    with new_record(record_path) as record:
        with record.change("import") as change:
            change.put("patients", {"patient_id": "P01"})
            change.put("lines", {"patient_id": "P01", "line": 1})
            names = {"patient_id": "P01", "visit_on": date(2026, 1, 5)}
            change.put("visits", {**names, "line": 1})
            change.put("lesions", {"patient_id": "P01", "lesion_id": "Mayer", "kind": "nonnodal"})
            change.put("results", {**names, "sampled_on": names["visit_on"], "test": test, "text": value, "unit": unit})
        masked = Masked(record, KEY)
        rows = [dict(zip(masked.columns("results"), row, strict=True)) for row in masked.rows("results")]

    assert [(row["test"], row["value"], row["unit"]) for row in rows] == ([told] if told else [])


def test_a_line_that_was_given_a_number_of_its_own_and_a_note_tell_nothing(record_path):
    with new_record(record_path) as record:
        with record.change("import") as change:
            change.put("patients", {"patient_id": "P01"})
            for line in (3, 4711):
                change.put("lines", {"patient_id": "P01", "line": line, "started_on": date(2026, 1, line % 28 + 1)})
            for event in ("note", "therapy"):
                row = {
                    "patient_id": "P01",
                    "line": 4711,
                    "event_on": date(1931, 2, 3),
                    "event": event,
                    "detail": "born",
                }
                change.put("events", row)
        masked = Masked(record, KEY)

        assert [row[1] for row in masked.rows("lines")] == [1, 2]
        assert [row[1:] for row in masked.rows("events")] == [(2, -34669, "therapy")]
        assert masked.left_out == {"notes": 1}


def test_a_family_of_another_package_is_not_named_and_its_answers_stay_behind(samples, record_path, tmp_path):
    with sqlite3.connect(record_path) as plain:  # as if its package had been taken away since
        for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            plain.execute(f"DROP TRIGGER {name}")
        for table in ("line_criteria", "assessments", "episodes", "courses"):
            plain.execute(f"UPDATE {table} SET criteria = 'dr-grau' WHERE criteria = 'lugano-2014'")  # noqa: S608
    plain.close()
    key = ("--deidentify", "--key-file", str(tmp_path / "k"))
    lines, answers = samples("export", "lines", *key), samples("export", "assessments", *key)

    assert "other" in {row["criteria"] for row in table_of(lines)}
    assert "lugano-2014" not in {row["criteria"] for row in table_of(answers)}
    assert "Grau" not in lines.out + answers.out
    assert "dr-grau" not in lines.out + answers.out
    assert "answers of families of other packages" in answers.err


@pytest.mark.parametrize("words", ["-o {tmp}/out --key-file {tmp}/out/key", "-o {tmp}/k --key-file {tmp}/k patients"])
def test_the_key_is_never_put_where_the_export_goes(followed, tmp_path, words):
    told = followed(f"export --deidentify {words}".format(tmp=tmp_path))

    assert (told.code, "whoever has both can find out who is who" in told.err) == (2, True)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "k").exists()


def test_what_else_lies_in_the_folder_of_the_export_is_named(followed, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("Dear Mrs Mayer")
    told = followed("export", "--deidentify", "--key-file", str(tmp_path / "k"), "-o", str(tmp_path / "out"))

    assert "also holds letter.txt; look at that before you pass it on" in told.err


def greek(number):
    """A word that no program text holds, so that finding it in the output means that it came from the input."""
    return "".join(chr(0x3B1 + int(digit)) for digit in f"{number:05}")


days = st.dates(date(1950, 1, 1), date(2026, 1, 1))


def put_secret_patient(change, draw, secret):
    """One patient with a few lines under any families, readers, and free text wherever a column takes it."""
    patient, day = secret(), draw(days)
    change.put("patients", {"patient_id": patient, "disease": secret(), "note": secret()})
    lesions = [secret() for _ in range(draw(st.integers(1, 3)))]
    for lesion in lesions:
        organ = draw(st.sampled_from(("liver", "Lung", "")) | st.builds(secret))
        row = {"patient_id": patient, "lesion_id": lesion, "kind": draw(st.sampled_from(("nonnodal", "node")))}
        change.put("lesions", {**row, "organ": organ, "site": secret()})
    readers = ["", *(secret() for _ in range(draw(st.integers(0, 2))))]
    for number in sorted(draw(st.sets(st.integers(1, 99), min_size=1, max_size=3))):
        line = {"patient_id": patient, "line": number}
        change.put("lines", {**line, "regimen": secret(), "started_on": day, "stopped_on": day + timedelta(days=90)})
        families = draw(st.sets(st.sampled_from(sorted(FAMILIES)), min_size=1, max_size=2))
        for position, criteria in enumerate(sorted(families)):
            change.put("line_criteria", {**line, "criteria": criteria, "position": position, "settings": {}})
        for reader in readers:
            for lesion in lesions:
                role = draw(st.sampled_from(("target", "nontarget", "new")))
                change.put("line_lesions", {**line, "lesion_id": lesion, "reader": reader, "role": role})
            for look in range(draw(st.integers(1, 3))):
                visit = {"patient_id": patient, "visit_on": day + timedelta(days=30 * look + number), "reader": reader}
                text = {"label": secret(), "method": secret(), "note": secret()}
                change.put("visits", {**visit, "line": number, **text})
                put_secret_readings(change, draw, secret, visit, lesions)
        event = {"event_on": day, "event": draw(st.sampled_from(("therapy", "death", "note")) | st.builds(secret))}
        change.put("events", {**line, **event, "detail": secret()})
        day += timedelta(days=200)


def put_secret_readings(change, draw, secret, visit, lesions):
    for lesion in lesions:
        size = Decimal(draw(st.integers(1, 900))) / 10
        said = {"note": secret(), "reason": secret(), "method": secret()}
        change.put("measurements", {**visit, "lesion_id": lesion, "longest_mm": size, "state": "measured", **said})
    sampled = {**visit, "sampled_on": visit["visit_on"], "note": secret()}
    tests = draw(st.sets(st.sampled_from(("ca125", "anc", "bm_blasts_pct", "emd", "psa")), max_size=3))
    for test in (*sorted(tests), secret(), f"{lesions[0]}_typical_pattern"):
        text = draw(st.sampled_from(("12", "<0.1", "yes")) | st.builds(secret) | days.map(str))
        change.put("results", {**sampled, "test": test, "text": text, "unit": draw(st.just("") | st.builds(secret))})


@settings(max_examples=15)
@given(st.data())
def test_no_name_note_or_date_of_the_input_is_in_the_output(tmp_path_factory, data):
    used = []

    def secret():
        used.append(greek(len(used)))
        return used[-1]

    path = tmp_path_factory.mktemp("masked") / "record.db"
    with new_record(path) as record:
        with record.change("import") as change:
            for _number in range(data.draw(st.integers(1, 2))):
                put_secret_patient(change, data.draw, secret)
        refresh(record, "")
        masked = Masked(record, KEY)
        told = "\n".join(str((table, masked.columns(table), *masked.rows(table))) for table in TABLES)

    assert [word for word in used if word in told.casefold()] == []
    assert re.findall(r"[12][0-9]{3}-[01][0-9]", told) == []
