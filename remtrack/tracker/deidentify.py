"""
An export in which nobody can be recognised: keyed pseudonyms, days counted from the baseline, no free text.

Every column says what may come through it, and one that says nothing does not come at all. What a person may
have typed as they liked (notes, reasons, sites, regimens, labels) is left out; readers, lines and lesions are
numbered; organs, events, tests, units, settings and the words of results come through only where this program
knows them, in its own spelling, and values only where a family can read them. It follows the safe-harbour list
of 45 CFR 164.514(b)(2), which counts every date finer than a year among what identifies. Sizes and the days
between visits stay, and whoever has the same numbers elsewhere can find a patient by them: whether that is
enough is the exporter's to judge.
"""

from __future__ import annotations

import os
import re
from datetime import date
from functools import cache, lru_cache
from hmac import digest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ..criteria import FAMILIES
from ..errors import RecordError, RefusedError, UsageError
from ..exchange.columns import ANSWER_TABLES, EXPORT_COLUMNS
from .events import EVENTS
from .exporting import TABLES, make_folder
from .lookup import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..criteria.base import Family
    from ..criteria.results import Analyte
    from ..store import Record

    Cell = str | int
    Mask = Callable[["_OfPatient", str], Cell]

_ORGANS = frozenset(
    (
        *("adrenal", "ascites", "bladder", "bone", "bone marrow", "bowel", "brain", "breast", "cervix", "chest wall"),
        *("colon", "esophagus", "gallbladder", "head and neck", "heart", "kidney", "larynx", "liver", "lung"),
        *("lymph node", "marker", "mediastinum", "muscle", "oesophagus", "omentum", "ovary", "pancreas", "pelvis"),
        *("pericardium", "peritoneum", "pleura", "prostate", "rectum", "retroperitoneum", "skin", "soft tissue"),
        *("spleen", "stomach", "testis", "thymus", "thyroid", "tongue", "tonsil", "uterus", "vagina", "vulva"),
    )
)
#: No size and no value of a laboratory needs so many digits; a date without its dashes and a telephone number do.
_TOO_LONG = re.compile(r"[0-9]{8}")
_KEY_BYTES = 32
_LONGEST_KEY = 65_536  # bytes; /dev/random has no end


def read_key(path: Path) -> tuple[bytes, bool]:
    """
    Return the key kept in a file, and whether it was made just now.

    A file that is missing is made, for its owner alone.

    Raises RefusedError for a key that is too short to protect or far too long, RecordError when the file cannot be
    read or made.
    """
    try:
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            with path.open("rb") as file:
                key = file.read(_LONGEST_KEY + 1).strip()
            if len(key) > _LONGEST_KEY:
                raise RefusedError(f"{path} is no key", f"it is longer than {_LONGEST_KEY:,} bytes") from None
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


def masked_columns(table: str) -> tuple[str, ...]:
    """Return the header of a de-identified table."""
    return tuple(_day_name(name) for name in EXPORT_COLUMNS[table] if name in _MASKS)


class Masked:
    """
    A record as it is seen without anybody's name: `columns` and `rows` of each table.

    The same key gives the same pseudonyms, so that two exports can be joined by whoever has it and by nobody
    else. Rows are in the order of the pseudonyms: that of the codes would tell something of them.
    """

    def __init__(self, record: Record, key: bytes) -> None:
        self._record, self._key = record, key
        self._seen: dict[str, _OfPatient] = {}
        #: How many rows were left out, by why.
        self.left_out: dict[str, int] = {}

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the header: without the columns of free text, and days where there were dates."""
        return masked_columns(table)

    def pseudonym(self, patient_id: str) -> str:
        """Return a patient's pseudonym."""
        return "X" + digest(self._key, patient_id.encode(), "sha256").hex()[:20]

    def rows(self, table: str, patient_ids: Iterable[str] | None = None) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows of a table in the columns of `columns`."""
        chosen = self._record.patient_ids() if patient_ids is None else patient_ids
        for pseudonym, patient_id in sorted((self.pseudonym(each), each) for each in set(chosen)):
            if patient_id not in self._seen:
                self._seen[patient_id] = _OfPatient(self._record, patient_id, pseudonym)
            yield from self._patient_rows(table, self._seen[patient_id], patient_id)

    def _patient_rows(self, table: str, mask: _OfPatient, patient_id: str) -> Iterator[tuple[Cell, ...]]:
        names = EXPORT_COLUMNS[table]
        for row in self._record.export_rows(table, [patient_id]):
            cells = dict(zip(names, row, strict=True))
            why = _unfit(table, cells)
            if not why and table == "results":
                cells, why = mask.result(cells)
            if why:
                self.left_out[why] = self.left_out.get(why, 0) + 1
                continue
            if table == "lines":
                cells["settings"] = _settings(cells["criteria"], cells["settings"])
            yield tuple(_MASKS[name](mask, value) if value else "" for name, value in cells.items() if name in _MASKS)


def _unfit(table: str, cells: Mapping[str, str]) -> str:
    """Return why a row says what nobody can vouch for, "" when it does not."""
    if table == "events" and cells["event"] == "note":
        return "notes"
    # What a family of another package calls its categories, rules and sources is that package's own text.
    foreign = table in ANSWER_TABLES and not dict.__contains__(FAMILIES, cells["criteria"])
    return "answers of families of other packages" if foreign else ""


def _day_name(name: str) -> str:
    if name == "date":
        return "day"
    return f"{name.removesuffix('_on')}_day" if name.endswith("_on") or name == "response_start" else name


class _OfPatient:
    """How one patient's days are counted, and what their lines, lesions and readers are numbered."""

    def __init__(self, record: Record, patient_id: str, pseudonym: str) -> None:
        from ..exchange.cells import parse_name

        visits = record.rows("visits", patient_id=patient_id)
        lines = sorted(record.rows("lines", patient_id=patient_id), key=lambda row: int(row["line"]))
        known = [row["baseline_on"] for row in lines[:1] if row["baseline_on"]] or [row["visit_on"] for row in visits]
        lesions = sorted(row["lesion_id"] for row in record.rows("lesions", patient_id=patient_id))
        readers = sorted({row["reader"] for row in visits} - {""})
        self.pseudonym = pseudonym
        self._zero = min(known or [row["started_on"] for row in lines if row["started_on"]], default=None)
        self._lines = {str(row["line"]): number for number, row in enumerate(lines, 1)}
        self._lesions = {lesion_id: f"L{number}" for number, lesion_id in enumerate(lesions, 1)}
        self._readers = {reader: f"R{number}" for number, reader in enumerate(readers, 1)}
        # Of two that begin alike, the longer first.
        self._begins = [
            (f"{parse_name(name)}_", self._lesions[name]) for name in sorted(lesions, key=len, reverse=True)
        ]

    def day(self, text: str) -> Cell:
        return "" if self._zero is None else (date.fromisoformat(text) - self._zero).days

    def line(self, text: str) -> Cell:
        return self._lines.get(text, "")

    def lesion(self, text: str) -> str:
        return self._lesions[text]

    def reader(self, text: str) -> str:
        return self._readers[text]

    def state(self, text: str) -> str:
        state, colon, other = text.partition(":")
        return f"{state}:{self.lesion(other)}" if colon else state

    def result(self, cells: dict[str, str]) -> tuple[dict[str, str], str]:
        """Return a result with its test, value and unit as the program knows them, and why it must be left out."""
        known, name = _analytes(), cells["test"].casefold()
        readers, called = known.of_visit.get(name, ()), name
        if not readers:
            for begins, lesion in self._begins:
                if found := known.of_lesion.get(name.removeprefix(begins) if name.startswith(begins) else ""):
                    readers, called = found, f"{lesion}_{name.removeprefix(begins)}"
                    break
        if not readers:
            return cells, "results of tests that no family knows, since their names are free text"
        value, unit = _value(readers, cells["value"], cells["unit"])
        if not value:
            return cells, "results that no family can read, since what they say is free text"
        return cells | {"test": called, "value": value, "unit": unit}, ""


def _number(_mask: _OfPatient, text: str) -> str:
    return text if (text in ("inf", "-inf") or text.lstrip("-")[0].isdigit()) and not _TOO_LONG.search(text) else ""


def _as_it_is(_mask: _OfPatient, text: str) -> str:
    return text


def _organ(_mask: _OfPatient, text: str) -> str:
    return text.casefold() if text.casefold() in _ORGANS else "other"


def _settings(criteria: str, text: str) -> str:
    """Return the settings that the family knows and can read."""
    if not dict.__contains__(FAMILIES, criteria):
        return ""
    return ";".join(each for each in text.split(";") if _is_setting(_family(criteria), each))


def _is_setting(family: Family, text: str) -> bool:
    from ..criteria.base import parse_settings

    name, _equals, value = text.partition("=")
    try:
        parse_settings(family, {name: value})
    except UsageError:
        return False
    return not _TOO_LONG.search(value)


#: What may come through each column; a column that is not named here does not.
_MASKS: dict[str, Mask] = {
    "patient_id": lambda mask, _text: mask.pseudonym,
    "line": _OfPatient.line,
    "reader": _OfPatient.reader,
    "lesion_id": _OfPatient.lesion,
    "state": _OfPatient.state,
    "criteria": lambda _mask, text: text if dict.__contains__(FAMILIES, text) else "other",
    "organ": _organ,
    "event": lambda _mask, text: text if text in EVENTS else "other",
    # Of fixed lists, which the record itself holds them to.
    **dict.fromkeys(("role", "kind"), _as_it_is),
    # What `_OfPatient.result` and `_settings` have gone over.
    **dict.fromkeys(("test", "value", "unit", "settings"), _as_it_is),
    # What the families of this package answer, from their own tables.
    **dict.fromkeys(
        (
            *("target", "nontarget", "new_lesion", "overall", "reported", "rule", "source", "word", "category"),
            *("ended_by", "best_response", "best_response_unconfirmed", "current", "sum_complete", "lasted_month"),
            *("dor_censored", "pfs_censored"),
        ),
        _as_it_is,
    ),
    **dict.fromkeys(
        (
            *("longest_mm", "short_mm", "upper_limit", "days", "dor_days", "pfs_days", "sum_mm", "baseline_sum_mm"),
            *("nadir_sum_mm", "change_from_baseline_pct", "change_from_nadir_pct", "change_from_nadir_mm"),
        ),
        _number,
    ),
    **dict.fromkeys(
        (
            *("date", "started_on", "stopped_on", "baseline_on", "began_on", "confirmed_on", "last_seen_on"),
            *("ended_on", "lasted_on", "settles_on", "response_start", "progression_on", "current_on"),
        ),
        _OfPatient.day,
    ),
}


class _Analytes(NamedTuple):
    """Every test of the families of this package, of a visit and of one lesion, with each family's way to read it."""

    of_visit: Mapping[str, tuple[Analyte, ...]]
    of_lesion: Mapping[str, tuple[Analyte, ...]]


@cache
def _family(criteria: str) -> Family:
    from ..criteria import load_family

    return load_family(criteria)


@cache
def _analytes() -> _Analytes:
    families = [_family(criteria) for criteria in FAMILIES]
    return _Analytes(
        *(_gathered(found) for found in zip(*((each.analytes, each.lesion_analytes) for each in families), strict=True))
    )


def _gathered(found: Iterable[Mapping[str, Analyte]]) -> dict[str, tuple[Analyte, ...]]:
    gathered: dict[str, tuple[Analyte, ...]] = {}
    for analytes in found:
        for name, analyte in analytes.items():
            gathered[name] = (*gathered.get(name, ()), analyte)
    return gathered


@lru_cache(maxsize=65536)
def _value(readers: Sequence[Analyte], text: str, unit: str) -> tuple[str, str]:
    """Return what a result says and its unit, both "" when no family can read it."""
    from ..criteria.results import clean_unit, read_result
    from ..model import Result

    if _TOO_LONG.search(text):
        return "", ""
    spoken = " ".join(text.casefold().replace("_", " ").split())
    for analyte in readers:
        reading = read_result(Result(analyte.name, None, text, unit), analyte, date.min)
        if reading.trouble:
            continue
        units = ("", clean_unit(analyte.unit), *analyte.units)
        # A word is one that the family has, in its spelling; a number is made of digits, its sign and a unit.
        is_number = reading.amount is not None and any(map(str.isdigit, text))
        return (text if is_number else spoken), (unit if clean_unit(unit) in units else "")
    return "", ""


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
