"""
Tables of other programs into the record: all good rows or none.

A table is read patient by patient. For each, rows are laid against what is recorded: known rows
are counted, contradictions become problems with their line, the rest is written in bulk. Roles,
kinds and visits that a file leaves out are settled here, from its dates alone; nothing is grouped
by guessing.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError, RefusedError, UsageError
from .derive import derive
from .lookup import quote
from .merging import Merge, Tally
from .merging_refused import warn_of_baselines
from .merging_told import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from ..exchange.sources import Table
    from ..store import Record
    from ..verdict import Problem
    from .derive import Moved

#: Patients are written together in groups of so many, so that memory does not grow with the file.
_FLUSH = 200
#: So many patients are derived by name; more, and going through all of them costs no more.
_FEW = 2000
#: An import of all rows or none ends after so many bad ones; the first tell what is wrong with the column.
_MOST_REFUSED = 10_000
_FIRST = 40


@dataclass(frozen=True, slots=True)
class Request:
    """What to import, and how to read it; `source` is a file, a folder or "-"."""

    source: str
    today: date
    sheets: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    day_zero: date | None = None
    prefix: str = ""
    decimal: str = "."
    date_order: str | None = None
    partial: bool = False
    rejects: Path | None = None
    dry_run: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """
    What an import did, or would do.

    `number` is None when nothing was written. `rows` were read; `added`, `same` and `refused` are
    of them. `untold` are problems beyond those kept. `rejects` is the file that holds the refused rows.
    `moved` are answers given before that are others now, where few known patients were touched.
    """

    number: int | None
    rows: int
    added: int
    same: int
    refused: int
    warnings: int
    new_patients: int
    known_patients: int
    problems: tuple[Problem, ...]
    untold: int
    unknown_columns: tuple[tuple[str, tuple[str, ...]], ...]
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]
    rejects: Path | None
    partial: bool
    dry_run: bool
    moved: tuple[Moved, ...] = ()


def import_tables(path: Path, request: Request, who: str, opener: Callable[[], Record] | None = None) -> Imported:
    """
    Import a file, a folder or stdin into the record at `path`, making it when it is not there.

    `opener` opens the record for writing or makes it (None: as one that is not encrypted). With a bad row nothing
    is written, unless `partial`. A record that was made for an import that wrote nothing is removed again. Raises
    UsageError and RefusedError for a source that cannot be read at all, RecordError where the refused rows cannot be
    kept; then nothing is written.
    """
    from ..store import blank_record, open_record

    with opened(request) as (tables, left_out, name, digest), fewer_collections():
        target = rejects_place(path, request) if request.partial else None
        existed = os.path.lexists(path)
        tally = Tally()
        number: int | None = None
        try:
            if request.dry_run and not existed:
                record = blank_record()
            else:
                record = opener() if opener else open_record(path, write=True, create=True)
            with record:
                number = write(record, tables, request, who, tally, name, digest, target)
        finally:
            if not existed and number is None:
                remove_blank(path)
    return Imported(
        number=number,
        rows=tally.rows,
        added=tally.added,
        same=tally.same,
        refused=len(tally.bad),
        warnings=tally.warnings,
        new_patients=len(tally.new_patients),
        known_patients=len(tally.touched) - len(tally.new_patients),
        problems=tuple(tally.problems),
        untold=tally.untold,
        unknown_columns=tuple((table.file_name, table.unknown_columns) for table in tables if table.unknown_columns),
        left_out=left_out,
        remarks=tuple(dict.fromkeys(tally.remarks)),
        rejects=target if tally.bad and not request.dry_run else None,
        partial=request.partial,
        dry_run=request.dry_run,
        moved=tally.moved,
    )


def remove_blank(path: Path) -> None:
    """Remove a record that nothing was written to, also not by another program since it was made."""
    from ..store import open_record

    with suppress(RecordError), open_record(path) as record:
        if not record.change_list():
            path.unlink()


@contextmanager
def fewer_collections() -> Iterator[None]:
    """
    Look for cycles among values less often: rows make millions of values and no cycle.

    It took an import a tenth of its time.
    """
    import gc

    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def opened(request: Request) -> Iterator[tuple[Sequence[Table], tuple[str, ...], str, str]]:
    """
    Give the tables of the source in the order in which they must be read, and close them in the end.

    Beside them: the files of a folder that were left out, the name of the source, and its SHA-256.
    """
    from ..exchange.sources import open_folder, open_table
    from ..store.places import is_folder

    with ExitStack() as stack:
        if request.source != "-" and is_folder(request.source):
            folder = open_folder(request.source, today=request.today)
            for table in folder.tables:
                stack.enter_context(table)
            yield folder.tables, folder.left_out, folder.file_name, folder.sha256
            return
        tables = [
            stack.enter_context(
                open_table(
                    request.source,
                    today=request.today,
                    sheet=sheet,
                    mapping=request.mapping,
                    constants=request.constants,
                    day_zero=request.day_zero,
                    decimal=request.decimal,
                    date_order=request.date_order,
                )
            )
            for sheet in request.sheets or (None,)
        ]
        yield tables, (), tables[0].file_name, tables[0].sha256


def write(
    record: Record,
    tables: Sequence[Table],
    request: Request,
    who: str,
    tally: Tally,
    name: str,
    digest: str,
    rejects: Path | None = None,
) -> int | None:
    """
    Write the tables in one change; returns its number, None when nothing was written.

    The refused rows go to `rejects` before the change is saved: where they cannot be kept, no row is taken.
    """
    command = "import " + ", ".join(dict.fromkeys(table.kind for table in tables))
    with record.change(command, who=who, reason=request.reason, file_name=name, file_sha256=digest) as change:
        merge = Merge(record, change, tally, partial=request.partial)
        for number, table in enumerate(tables):
            read(merge, table, number, table.file_name if len(tables) > 1 else "", request.prefix)
        merge.flush()
        warn_of_baselines(merge)
        if tally.bad and not request.partial:
            change.abandon()
            return None
        watch = Watch(record, tally.touched, tally.new_patients)
        if tally.wrote and (watch.known or not request.dry_run):
            derive(record, change, sorted(tally.touched) if len(tally.touched) < _FEW else None)
            tally.moved = watch.moved()
        if request.dry_run:
            change.abandon()
            return None
        if tally.bad and rejects is not None:
            write_rejects(rejects, request, tables, tally)
        if not tally.wrote:
            change.abandon()
            return None
    return change.number


def read(merge: Merge, table: Table, number: int, file_name: str, prefix: str) -> None:
    """Lay one table against the record, patient by patient."""
    take = merge.taker(table.kind)
    merge.begin(number, file_name)
    since_flush = 0
    for patient_id, rows in table.groups(prefix):
        merge.turn_to(patient_id, table.refused)
        take(patient_id, rows)
        if len(merge.tally.bad) > _MOST_REFUSED and not merge.partial:
            raise RefusedError(
                f"{table.file_name}: more than {_MOST_REFUSED:,} rows were refused, nothing was imported",
                "so many have one cause; reading stopped, and these are the first",
                problems=merge.tally.problems[:_FIRST],
            )
        since_flush += 1
        if since_flush >= _FLUSH:
            merge.flush()
            since_flush = 0
    merge.flush()


def rejects_place(path: Path, request: Request) -> Path:
    """
    Return where the refused rows go: as asked for, else to a file beside the record, named after the source.

    Raises RecordError where they would take the place of a record, UsageError of what is imported.
    """
    from ..exchange.columns import FACT_TABLES
    from ..store.places import keep_off, same_file

    target = request.rejects or path.parent / _rejects_name(request.source)
    keep_off(target, path, "nothing was imported")
    source = request.source
    if any(same_file(at, target) for at in (Path(source), *(Path(source) / f"{table}.csv" for table in FACT_TABLES))):
        raise UsageError(
            f"the refused rows would take the place of what is imported, {target}",
            "nothing was imported",
            f"remtrack import {quote(source)} --partial --rejects {quote(_rejects_name(source))}",
        )
    return target


_LONGEST_NAME = 255  # bytes, on nearly every disk


def _rejects_name(source: str) -> str:
    stem = "stdin" if source == "-" else Path(source).absolute().name
    ending = ".rejects.csv"
    while len(os.fsencode(stem + ending)) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem + ending


def write_rejects(target: Path, request: Request, tables: Sequence[Table], tally: Tally) -> None:
    """
    Write the refused rows as they stood, with the reason; those of several tables under the columns of them all.

    Raises RecordError when they cannot be written.
    """
    from ..exchange.columns import REJECT_COLUMN
    from ..exchange.csv_out import write_file
    from ..exchange.formulas import runs, unguarded

    reasons = [{line: why for (of, line), why in tally.bad.items() if of == at} for at in range(len(tables))]
    bad = [(table, why) for table, why in zip(tables, reasons, strict=True) if why]
    # A header may hold one name twice, and each of the two is a column.
    columns = {key: None for table, _why in bad for key in _told_apart(table.header)}
    place = {key: at for at, key in enumerate(columns)}
    several = len({table.file_name for table, _why in bad}) > 1

    def rows() -> Iterator[list[str]]:
        for table, why in bad:
            at = [place[key] for key in _told_apart(table.header)]
            for line, cells in table.raw_rows(why):
                row = [""] * len(place)
                for column, cell in zip(at, cells, strict=True):
                    read = unguarded(cell.strip())
                    # What is guarded already, or will be, is as reading takes it: writing guards it again.
                    row[column] = read if read != cell.strip() or runs(cell) else cell
                yield [*row, f"{table.file_name}: {why[line]}" if several else why[line]]

    try:
        write_file(target, [*(name for name, _nth in columns), REJECT_COLUMN], rows())
    except OSError as error:
        raise RecordError(
            f"cannot write the refused rows to {target}",
            f"{error.strerror or error}; nothing was imported",
            f"remtrack import {quote(request.source)} --partial --rejects FILE",
        ) from None


def _told_apart(header: Sequence[str]) -> list[tuple[str, int]]:
    """Return each name of a header with how often it stood before."""
    seen: Counter[str] = Counter()
    told = []
    for name in header:
        told.append((name, seen[name]))
        seen[name] += 1
    return told
