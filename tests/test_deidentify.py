"""An export in which nobody can be recognised: no name, note or calendar date of what was entered is in it."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st
from store_samples import new_record

from remtrack.store import open_record
from remtrack.tracker.deidentify import Masked
from remtrack.tracker.exporting import TABLES, refresh

KEY = b"0123456789abcdef0123456789abcdef"


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
    assert found["anc"] == "2"
    assert found["emd"] == ""
    assert masked.left_out >= 1
    assert "Grau" not in str(rows)


# Words that no program text holds, so that finding one in the output means that it came from the input.
secrets = st.text(st.characters(min_codepoint=0x370, max_codepoint=0x3FF, categories=("Ll",)), min_size=4, max_size=9)
days = st.dates(date(1950, 1, 1), date(2026, 1, 1))


@settings(max_examples=60)
@given(st.data())
def test_no_name_note_or_date_of_the_input_is_in_the_output(tmp_path_factory, data):
    used = []

    def secret():
        used.append(data.draw(secrets))
        return used[-1]

    path = tmp_path_factory.mktemp("masked") / "record.db"
    start = data.draw(days)
    with new_record(path) as record:
        with record.change("import") as change:
            patient = secret()
            change.put("patients", {"patient_id": patient, "disease": secret(), "note": secret()})
            line = {"patient_id": patient, "line": 1, "regimen": secret(), "started_on": start}
            change.put("lines", line)
            change.put("line_criteria", {"patient_id": patient, "line": 1, "criteria": "recist-1.1"})
            lesion, reader = secret(), data.draw(st.sampled_from(("", "Grau")))
            change.put(
                "lesions",
                {"patient_id": patient, "lesion_id": lesion, "kind": "nonnodal", "organ": secret(), "site": secret()},
            )
            role = {"patient_id": patient, "line": 1, "lesion_id": lesion, "reader": reader, "role": "target"}
            change.put("line_lesions", role)
            for number in range(data.draw(st.integers(1, 4))):
                on = start + timedelta(days=60 * number)
                visit = {"patient_id": patient, "visit_on": on, "reader": reader}
                change.put("visits", {**visit, "line": 1, "label": secret(), "method": secret(), "note": secret()})
                size = Decimal(data.draw(st.integers(0, 900))) / 10
                reading = {"longest_mm": size, "state": "measured", "note": secret(), "reason": secret()}
                change.put("measurements", {**visit, "lesion_id": lesion, **reading})
                result = {"test": "ca125", "text": secret(), "unit": secret(), "note": secret(), "sampled_on": on}
                change.put("results", {**visit, **result})
            event = {"patient_id": patient, "line": 1, "event_on": start, "event": "therapy", "detail": secret()}
            change.put("events", event)
        refresh(record, "")
        masked = Masked(record, KEY)
        told = "\n".join(str((table, masked.columns(table), *masked.rows(table))) for table in TABLES)

    assert [word for word in (*used, "Grau") if word in told] == []
    assert re.findall(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]", told) == []
