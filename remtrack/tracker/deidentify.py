"""
An export in which nobody can be recognised: keyed pseudonyms, days counted from the baseline, no free text.

What a person may have typed as they liked (notes, reasons, sites, regimens, labels, readers, ids of lesions)
is left out or numbered; organs, methods, tests and words of results come through only where they are among
the words that this program knows. It follows the safe-harbour list of 45 CFR 164.514(b)(2), which counts
every date finer than a year among what identifies; whether that is enough is the exporter's to judge.
"""

from __future__ import annotations

import os
import re
from datetime import date
from functools import cache
from hmac import digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..errors import RecordError, RefusedError
from ..exchange.columns import EXPORT_COLUMNS
from .exporting import TABLES, make_folder
from .lookup import quote
from .registry import EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..store import Record

# Columns that hold what anybody may have typed, or sentences in which it is said again (`because`, `extra`).
_LEFT_OUT = frozenset(("disease", "note", "regimen", "visit", "site", "reason", "detail", "because", "extra", "method"))
_DAYS = frozenset(("date", "response_start"))
_ORGANS = frozenset(
    (
        *("adrenal", "ascites", "bladder", "bone", "bone marrow", "bowel", "brain", "breast", "cervix", "chest wall"),
        *("colon", "esophagus", "gallbladder", "head and neck", "heart", "kidney", "larynx", "liver", "lung"),
        *("lymph node", "marker", "mediastinum", "muscle", "oesophagus", "omentum", "ovary", "pancreas", "pelvis"),
        *("pericardium", "peritoneum", "pleura", "prostate", "rectum", "retroperitoneum", "skin", "soft tissue"),
        *("spleen", "stomach", "testis", "thymus", "thyroid", "tongue", "tonsil", "uterus", "vagina", "vulva"),
    )
)
_NUMBER = re.compile(r"(<=|=<|>=|=>|[<>≤≥])?\s*[0-9]+(\.[0-9]+)?\s*%?(\s*[-–]\s*[0-9]+(\.[0-9]+)?)?")
_KEY_BYTES = 32


def read_key(path: Path) -> tuple[bytes, bool]:
    """
    Return the key kept in a file, and whether it was made just now.

    A file that is missing is made, for its owner alone.

    Raises RefusedError for a key that is too short to protect, RecordError when the file cannot be read or made.
    """
    try:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            key = path.read_bytes().strip()
            if len(key) < _KEY_BYTES:
                raise RefusedError(
                    f"the key in {path} is too short",
                    f"with fewer than {_KEY_BYTES} characters the pseudonyms could be guessed",
                ) from None
            return key, False
        key = os.urandom(_KEY_BYTES).hex().encode()
        with os.fdopen(handle, "wb") as file:
            file.write(key + b"\n")
    except OSError as error:
        raise RecordError(f"cannot use the key file {path}", error.strerror or str(error)) from None
    return key, True


class Masked:
    """
    A record as it is seen without anybody's name: `columns` and `rows` of each table.

    The same key gives the same pseudonyms, so that two exports can be joined by whoever has it and by nobody
    else. Rows are in the order of the pseudonyms: that of the codes would tell something of them.
    """

    def __init__(self, record: Record, key: bytes) -> None:
        self._record, self._key = record, key
        self._tests, self._words, self._units = _known_words()
        #: How many results were left out, by how often: their tests are known to no family.
        self.left_out = 0

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the header: without the columns of free text, and days where there were dates."""
        return tuple(_day_name(name) for name in EXPORT_COLUMNS[table] if name not in _LEFT_OUT)

    def pseudonym(self, patient_id: str) -> str:
        """Return a patient's pseudonym."""
        return "X" + digest(self._key, patient_id.encode(), "sha256").hex()[:20]

    def rows(self, table: str, patient_ids: Iterable[str] | None = None) -> Iterator[tuple[str | int, ...]]:
        """Yield the rows of a table in the columns of `columns`."""
        chosen = self._record.patient_ids() if patient_ids is None else patient_ids
        for _pseudonym, patient_id in sorted((self.pseudonym(each), each) for each in chosen):
            yield from self._patient_rows(table, patient_id)

    def _patient_rows(self, table: str, patient_id: str) -> Iterator[tuple[str | int, ...]]:
        names = EXPORT_COLUMNS[table]
        mask = _OfPatient(self._record, patient_id)
        cells: dict[str, Callable[[str], str | int]] = {
            "patient_id": self.pseudonym,
            "reader": mask.reader,
            "lesion_id": mask.lesion,
            "state": mask.state,
            "organ": lambda text: text if text.casefold() in _ORGANS or not text else "other",
            "event": lambda text: text if text in EVENTS else "other",
            "value": lambda text: text if _NUMBER.fullmatch(text.strip()) or text.casefold() in self._words else "",
            "unit": lambda text: text if text in self._units else "",
        }
        for name in names:
            if name.endswith("_on") or name in _DAYS:
                cells[name] = mask.day
        for row in self._record.export_rows(table, [patient_id]):
            if table == "results" and row[names.index("test")] not in self._tests:
                self.left_out += 1
                continue
            yield tuple(
                cells[name](value) if name in cells else value
                for name, value in zip(names, row, strict=True)
                if name not in _LEFT_OUT
            )


def _day_name(name: str) -> str:
    return "day" if name == "date" else f"{name.removesuffix('_on')}_day" if name.endswith("_on") else name


class _OfPatient:
    """How one patient's days are counted, and what their lesions and readers are numbered."""

    def __init__(self, record: Record, patient_id: str) -> None:
        visits = record.rows("visits", patient_id=patient_id)
        lines = record.rows("lines", patient_id=patient_id)
        known = [row["baseline_on"] for row in lines[:1] if row["baseline_on"]] or [row["visit_on"] for row in visits]
        self._zero = min(known or [row["started_on"] for row in lines if row["started_on"]], default=None)
        lesions = [row["lesion_id"] for row in record.rows("lesions", patient_id=patient_id)]
        readers = sorted({row["reader"] for row in visits} - {""})
        self._lesions = {lesion_id: f"L{number}" for number, lesion_id in enumerate(sorted(lesions), 1)}
        self._readers: dict[str, str] = {"": ""} | {reader: f"R{number}" for number, reader in enumerate(readers, 1)}

    def day(self, text: str) -> str | int:
        return "" if not text or self._zero is None else (date.fromisoformat(text) - self._zero).days

    def lesion(self, text: str) -> str:
        return self._lesions[text]

    def reader(self, text: str) -> str:
        return self._readers[text]

    def state(self, text: str) -> str:
        state, colon, other = text.partition(":")
        return f"{state}:{self.lesion(other)}" if colon else state


@cache
def _known_words() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the tests of every family, the words that their results may be, and the units they may come in."""
    from ..criteria import FAMILIES, load_family
    from ..criteria.results import NONE_SEEN, NOT_DONE

    tests: set[str] = set()
    words: set[str] = {"undetectable", *NONE_SEEN, *NOT_DONE}
    units = {"", "%", "mm", "cm", "g/dL", "g/L", "mg/L", "mg/24h", "ng/mL", "U/mL", "10^9/L", "10*9/L", "/uL", "% IS"}
    for criteria in FAMILIES:
        analytes: Mapping[str, Any] = load_family(criteria).analytes
        for analyte in analytes.values():
            tests.add(analyte.name)
            words |= {*analyte.words, *analyte.zero_words, *analyte.open_words}
            units.add(analyte.unit)
    return frozenset(tests), frozenset(words), frozenset(units)


def write_folder(masked: Masked, folder: Path, patient_ids: Iterable[str] | None = None) -> dict[str, int]:
    """Write every table into the folder; returns rows by table. Raises RecordError naming the file that fails."""
    make_folder(folder)
    chosen = None if patient_ids is None else list(patient_ids)
    return {table: write_table(masked, table, folder / f"{table}.csv", chosen) for table in TABLES}


def write_stream(masked: Masked, table: str, stream: TextIO, patient_ids: Iterable[str] | None = None) -> int:
    """Write one table as CSV to an open stream; returns the number of rows."""
    from ..exchange.csv_out import write_csv

    return write_csv(stream, masked.columns(table), masked.rows(table, patient_ids))


def write_table(masked: Masked, table: str, path: Path, patient_ids: Iterable[str] | None = None) -> int:
    """Write one table as a CSV file that appears whole or not at all; returns the number of rows."""
    from ..exchange.csv_out import write_file

    try:
        return write_file(path, masked.columns(table), masked.rows(table, patient_ids))
    except OSError as error:
        raise RecordError(
            f"cannot write {path}",
            error.strerror or str(error),
            f"remtrack export {table} --deidentify --key-file KEY -o {quote(str(path))}",
        ) from None
