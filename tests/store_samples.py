"""Small records for the tests of the store, made through its own doors."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from remtrack.store import FACT_TABLES, open_record
from remtrack.store.exports import HEADERS

BASELINE, FIRST, SECOND, THIRD = date(2024, 1, 8), date(2024, 3, 11), date(2024, 5, 6), date(2024, 7, 1)


@cache
def empty_record():
    """The bytes of a new record; making one from nothing takes longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "record.db"
        open_record(path, write=True, create=True).close()
        return path.read_bytes()


def new_record(path):
    """A record that does not wait for the disk after each change: no test that uses it pulls the plug."""
    if not path.exists():
        path.write_bytes(empty_record())
    record = open_record(path, write=True)
    record._connection.execute("PRAGMA synchronous = OFF")
    return record


def put_patient(change, patient_id="P01", *, line=1, started_on=date(2024, 1, 15), baseline_on=None, **columns):
    change.put("patients", {"patient_id": patient_id, **columns})
    row = {"patient_id": patient_id, "line": line, "started_on": started_on, "baseline_on": baseline_on}
    change.put("lines", row)
    change.put("line_criteria", {"patient_id": patient_id, "line": line, "criteria": "recist-1.1"})


def put_lesion(
    change, lesion_id="L1", patient_id="P01", *, line=1, role="target", kind="nonnodal", reader="", **columns
):
    change.put("lesions", {"patient_id": patient_id, "lesion_id": lesion_id, "kind": kind, **columns})
    names = {"patient_id": patient_id, "line": line, "lesion_id": lesion_id, "reader": reader}
    change.put("line_lesions", {**names, "role": role})


def put_visit(change, on, sizes, patient_id="P01", *, line=1, reader="", **columns):
    """A visit with readings: {"L1": 30} measures, {"X1": "present"} says a state."""
    names = {"patient_id": patient_id, "visit_on": on, "reader": reader}
    change.put("visits", {**names, "line": line, **columns})
    for lesion_id, found in sizes.items():
        reading = (
            {"state": found} if isinstance(found, str) else {"state": "measured", "longest_mm": Decimal(str(found))}
        )
        change.put("measurements", {**names, "lesion_id": lesion_id, **reading})


def put_story(change, patient_id="P01", sizes=(60, 42, 40)):
    """One patient, one target, a visit for each size."""
    put_patient(change, patient_id)
    put_lesion(change, "L1", patient_id, organ="liver")
    for on, size in zip((BASELINE, FIRST, SECOND, THIRD), sizes, strict=False):
        put_visit(change, on, {"L1": size}, patient_id)


def facts_of(record):
    """Everything in the fact tables, without the numbers of changes, to compare records with."""
    return {
        table: [
            {name: value for name, value in row.items() if name not in ("changed_by", "last_change")} for row in rows
        ]
        for table in FACT_TABLES
        if (rows := record.rows(table))
    }


def exported(record):
    """Every export, as another program would read it."""
    return {table: list(record.export_rows(table)) for table in HEADERS}


def only_case(record, patient_id="P01", as_of=None):
    [(_patient, cases)] = record.histories([patient_id], as_of)
    [case] = cases
    return case
