"""Tables for other programs: facts and answers, one table a file, in the columns of the contract."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TextIO

from ..criteria import FAMILIES
from ..errors import RecordError, RefusedError
from ..exchange.columns import ANSWER_TABLES, EXPORT_COLUMNS, FACT_TABLES
from .derive import derive

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from ..store import Record

TABLES = (*FACT_TABLES, *ANSWER_TABLES)


def columns(table: str) -> tuple[str, ...]:
    """Return the header of a table."""
    return EXPORT_COLUMNS[table]


def revisions(record: Record) -> dict[str, int]:
    """Return the revision of the rules of each family of the record that there is."""
    return {name: FAMILIES[name].revision for name in judged_by(record) if name in FAMILIES}


def not_installed(record: Record, table: str | None) -> list[str]:
    """Return the families whose answers that table (None: every one) holds and that are installed no more."""
    return [] if table in FACT_TABLES else [name for name in judged_by(record) if name not in FAMILIES]


def judged_by(record: Record) -> list[str]:
    return sorted({row["criteria"] for row in record.rows("line_criteria")})


@contextmanager
def fresh(record: Record) -> Iterator[Record]:
    """Give the record with answers that are up to date: itself, or a copy in memory in which they were derived."""
    if not record.stale_patients(revisions(record)):
        yield record
        return
    with record.in_memory() as copy:
        refresh(copy, "")
        yield copy


def export_rows(
    record: Record, table: str, patient_ids: Iterable[str] | None = None
) -> Generator[tuple[str, ...], None, None]:
    """Yield the rows of one table in the order of its columns, sorted by patient, line, reader, day."""
    yield from record.export_rows(table, patient_ids)


def write_stream(record: Record, table: str, stream: TextIO, patient_ids: Iterable[str] | None = None) -> int:
    """Write one table as CSV to an open stream; returns the number of rows."""
    from ..exchange.csv_out import write_csv

    with closing(export_rows(record, table, patient_ids)) as rows:
        return write_csv(stream, columns(table), rows)


def write_table(record: Record, table: str, path: Path, patient_ids: Iterable[str] | None = None) -> int:
    """
    Write one table as a CSV file that appears whole or not at all; returns the number of rows.

    Raises RecordError naming the file when it cannot be written.
    """
    from ..exchange.csv_out import write_file

    try:
        with closing(export_rows(record, table, patient_ids)) as rows:
            return write_file(path, columns(table), rows)
    except OSError as error:
        raise RecordError(
            f"cannot write {path}", error.strerror or str(error), f"remtrack export {table} -o FILE"
        ) from None


def write_folder(record: Record, folder: Path, patient_ids: Sequence[str] | None = None) -> dict[str, int]:
    """Write every table into the folder, made when it is not there; returns rows by table."""
    make_folder(folder)
    return {table: write_table(record, table, folder / f"{table}.csv", patient_ids) for table in TABLES}


def keep_off_others(record: Record, table: str | None, out: Path | None, key_file: Path | None = None) -> None:
    """
    Raise where an export would take the place of something else than an earlier one of its kind.

    `table` None: every table goes into the folder `out`. `out` None: it goes to no file. With a key the export is
    de-identified. RecordError: a record, or a copy of one, is there; RefusedError: any other file with something in it.
    """
    from ..store.places import keep_off
    from .deidentify import masked_columns

    places = {}
    if out is not None:
        places = {name: out / f"{name}.csv" for name in TABLES} if table is None else {table: out}
    for path in [*places.values(), *([key_file] if key_file is not None else [])]:
        keep_off(path, record.path, "nothing was written")
    for name, path in places.items():
        header = ",".join(columns(name) if key_file is None else masked_columns(name))
        if path.is_file() and not _is_export(path, header):
            raise RefusedError(
                f"{path} is there, and it is no {'de-identified ' if key_file else ''}export of {name}",
                "nothing takes its place; nothing was written",
                "give another name: -o NEW",
            )


def _is_export(path: Path, header: str) -> bool:
    """Say whether a file is empty or begins with the header of an export."""
    try:
        with path.open("rb") as file:
            start = file.read(len(header) + 6)
    except OSError:
        return True  # whoever writes will tell
    return not start or start.removeprefix(b"\xef\xbb\xbf").splitlines()[0] == header.encode()


def make_folder(folder: Path) -> None:
    """Make the folder of an export, for its owner alone, when it is not there. Raises RecordError."""
    from ..store.open import make_folders

    try:
        make_folders(folder)
    except OSError as error:
        raise RecordError(
            f"cannot make the folder {folder}", error.strerror or str(error), "remtrack export -o FOLDER"
        ) from None


def refresh(record: Record, who: str) -> int:
    """Derive every answer for good; returns the number of patients. The facts are not touched."""
    with record.change("recompute", who=who) as change:
        return derive(record, change)
