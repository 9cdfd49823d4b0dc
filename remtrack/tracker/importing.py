"""
Tables of other programs into the record: all good rows or none.

A table is read patient by patient. For each, rows are laid against what is recorded: known rows
are counted, contradictions become problems with their line, the rest is written in bulk. Roles,
kinds and visits that a file leaves out are settled here, from its dates alone; nothing is grouped
by guessing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError
from .derive import derive
from .merging import Merge, Tally
from .merging_refused import warn_of_baselines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from ..exchange.sources import Table
    from ..store import Record
    from ..verdict import Problem

#: Patients are written together in groups of so many, so that memory does not grow with the file.
_FLUSH = 200
#: So many patients are derived by name; more, and going through all of them costs no more.
_FEW = 2000


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


def import_tables(path: Path, request: Request, who: str, opener: Callable[[], Record] | None = None) -> Imported:
    """
    Import a file, a folder or stdin into the record at `path`, making it when it is not there.

    `opener` opens the record for writing or makes it (None: as one that is not encrypted). With a bad row nothing
    is written, unless `partial`. A record that was made for an import that wrote nothing is removed again. Raises
    UsageError and RefusedError for a source that cannot be read at all.
    """
    from ..store import blank_record, open_record

    with opened(request) as (tables, left_out, name, digest), fewer_collections():
        existed = os.path.lexists(path)
        tally = Tally()
        number: int | None = None
        try:
            if request.dry_run and not existed:
                record = blank_record()
            else:
                record = opener() if opener else open_record(path, write=True, create=True)
            with record:
                number = write(record, tables, request, who, tally, name, digest)
        finally:
            if not existed and number is None:
                remove_blank(path)
        rejects = write_rejects(path, request, tables, tally) if number is not None or request.dry_run else None
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
        rejects=rejects,
        partial=request.partial,
        dry_run=request.dry_run,
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

    with ExitStack() as stack:
        if request.source != "-" and Path(request.source).is_dir():
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
    record: Record, tables: Sequence[Table], request: Request, who: str, tally: Tally, name: str, digest: str
) -> int | None:
    """Write the tables in one change; returns its number, None when nothing was written."""
    command = "import " + ", ".join(dict.fromkeys(table.kind for table in tables))
    with record.change(command, who=who, reason=request.reason, file_name=name, file_sha256=digest) as change:
        merge = Merge(record, change, tally, partial=request.partial)
        for number, table in enumerate(tables):
            read(merge, table, number, table.file_name if len(tables) > 1 else "", request.prefix)
        merge.flush()
        warn_of_baselines(merge)
        if request.dry_run or not tally.wrote or (tally.bad and not request.partial):
            change.abandon()
            return None
        few = sorted(tally.touched) if len(tally.touched) < _FEW else None
        derive(record, change, few)
    return change.number


def read(merge: Merge, table: Table, number: int, file_name: str, prefix: str) -> None:
    """Lay one table against the record, patient by patient."""
    take = merge.taker(table.kind)
    merge.begin(number, file_name)
    since_flush = 0
    for patient_id, rows in table.groups(prefix):
        merge.turn_to(patient_id, table.refused)
        take(patient_id, rows)
        since_flush += 1
        if since_flush >= _FLUSH:
            merge.flush()
            since_flush = 0
    merge.flush()


def write_rejects(path: Path, request: Request, tables: Sequence[Table], tally: Tally) -> Path | None:
    """Write the refused rows as they stood, with the reason; returns the file, None when there is none to write."""
    if not tally.bad or not request.partial:
        return None
    from ..exchange.columns import REJECT_COLUMN
    from ..exchange.csv_out import write_file

    if request.rejects is not None:
        target = request.rejects
    else:
        stem = request.source.rstrip("/").rsplit("/", 1)[-1] if request.source != "-" else "stdin"
        target = path.parent / f"{stem}.rejects.csv"
    if request.dry_run:
        return None
    header: list[str] = []
    lines: list[tuple[str, ...]] = []
    for number, table in enumerate(tables):
        bad = {line: why for (of, line), why in tally.bad.items() if of == number}
        if not bad:
            continue
        header = header or [*table.header, REJECT_COLUMN]
        lines += [(*cells, bad[line]) for line, cells in table.raw_rows(bad)]
    write_file(target, header, lines)
    return target
