"""
Opens what is imported: a CSV file, standard input, a sheet of a workbook, a folder of our own export.

A `Table` knows from its header which table it is and gives its rows patient by patient, as values
or problems, with memory that does not grow with the file. What a row means is in `readings`. Every
copy that is needed on the way is a file without a name, readable by nobody else, gone when closed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Self

from ..errors import RefusedError, UsageError
from ..verdict import Problem
from .cell_error import nearest, quote
from .cells import CellError, parse_patient_id
from .columns import FACT_TABLES, Layout, arrange
from .csv_in import CsvFile, Looker
from .formulas import unguarded
from .readings import Manner, RowReader
from .spool import Buckets, copied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import date
    from types import TracebackType

    from .rows import Refused, Row
    from .workbook import SpooledSheet

_MOST_ROWS_OF_ONE = 100_000  # of one patient, who is held in memory whole
_MOST_PATIENTS_REMEMBERED = 200_000  # more than this are put in order on disk without asking whether they are

Group = tuple[str, "list[Row | Problem]"]


class Table:
    """
    One table of a file.

    `kind` is one of `columns.FACT_TABLES`; `sha256` is that of the file's bytes; `unknown_columns`
    are left out of what is read. Close it when done, or use it in a `with` statement.
    """

    def __init__(self, source: CsvFile | SpooledSheet, layout: Layout, manner: Manner, file_name: str) -> None:
        self.kind = layout.kind
        self.file_name = file_name
        self.sha256 = source.sha256
        self.header = tuple(source.header)
        self.unknown_columns = layout.unknown
        #: What can still be read of the rows that were refused so far; whoever has seen them empties it.
        self.refused: list[Refused] = []
        self._source = source
        self._layout = layout
        self._manner = manner

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and forget what was kept of it."""
        self._source.close()

    def refuse_if_empty(self) -> None:
        """Raise RefusedError when there is no row behind the header."""
        if next((cells for _, cells in self._source.rows() if any(cells)), None) is None:
            raise RefusedError(f"{self.file_name} has a header and no rows", "there is nothing to read")

    def groups(self, prefix: str = "") -> Iterator[Group]:
        """
        Yield (patient_id, the patient's rows and problems), each patient once; `prefix` stands before each id.

        Rows come in the order of the file; a row with a warning stands before it. A row whose
        patient cannot be read is a problem of the patient before it ("" when there is none).
        Raises RefusedError when the file breaks off or changes while it is read.
        """
        manner = self._manner._replace(prefix=prefix)
        reader = RowReader(self._layout, manner, self._source.cut_line, self.refused)
        if self._is_grouped():
            yield from _runs(reader, self._source.rows(), self.file_name)
            return
        with Buckets(self._source.size) as buckets:
            for line_no, cells in self._source.rows():
                buckets.put(reader.patient_of(cells), line_no, cells)
            for rows in buckets.take():
                yield from _runs(reader, rows, self.file_name)

    def raw_rows(self, line_numbers: Collection[int]) -> Iterator[tuple[int, list[str]]]:
        """
        Yield (line number, cells as they stand in the file) of these lines, for a file of rejected rows.

        There are as many as the header has: what stands behind the last one is put into it, as it was written before
        a comma without quotes made more cells of it.
        """
        width = len(self.header)
        for line_no, cells in self._source.rows():
            if line_no in line_numbers:
                last = [",".join(cells[width - 1 :])] if len(cells) > width else cells[width - 1 :]
                yield line_no, [*cells[: width - 1], *last, *[""] * (width - len(cells))]

    def _is_grouped(self) -> bool:
        """Tell whether each patient's rows stand together, as far as can be told with little memory."""
        at = self._layout.patient_at
        if at is None:
            return True
        seen: set[str] = set()
        last = ""
        for cell, _ in groupby(self._column(at)):
            key = _clean(cell)
            if cell.strip() and key != last:
                if key in seen or len(seen) > _MOST_PATIENTS_REMEMBERED:
                    return False
                last = key
                seen.add(key)
        return True

    def _column(self, at: int) -> Iterator[str]:
        if isinstance(self._source, CsvFile):
            return self._source.column(at)
        return (cells[at] if at < len(cells) else "" for _, cells in self._source.rows())


def _clean(cell: str) -> str:
    try:
        return parse_patient_id(unguarded(cell.strip()))
    except CellError:
        return cell


def _runs(reader: RowReader, rows: Iterable[tuple[int, list[str]]], file_name: str) -> Iterator[Group]:
    """Yield each run of rows of one patient; a row without a readable patient goes with the run it stands in."""
    patient_id = ""
    group: list[Row | Problem] = []
    read, quick = reader.read, reader.quick_reader()
    for line_no, cells in rows:
        row = quick(line_no, cells)
        if row is not None and row.patient_id == patient_id:
            group.append(row)
            if len(group) > _MOST_ROWS_OF_ONE:
                raise _too_many(patient_id, file_name)
            continue
        found: list[Row | Problem] = read(line_no, cells) if row is None else [row]
        if not found:
            continue
        first = found[0]
        whose = reader.patient_of(cells) if isinstance(first, Problem) else first.patient_id
        if whose != patient_id and whose:
            if group:
                yield patient_id, group
            patient_id, group = whose, found
        else:
            group += found
            if len(group) > _MOST_ROWS_OF_ONE:
                raise _too_many(patient_id, file_name)
    if group:
        yield patient_id, group


def _too_many(patient_id: str, file_name: str) -> RefusedError:
    whose = f"of patient {quote(patient_id)}" if patient_id else "without a readable patient"
    return RefusedError(
        f"{file_name} has more than {_MOST_ROWS_OF_ONE:,} rows {whose}",
        "nobody has so many readings, and a patient's are held in memory together",
        "see whether the column of the patients is the right one",
    )


# --- opening ------------------------------------------------------------------------------------------


def open_table(
    path: str | Path,
    *,
    today: date,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    day_zero: date | None = None,
    decimal: str = ".",
    date_order: str | None = None,
) -> Table:
    """
    Open a CSV file, a workbook, or "-" (standard input), and return its table.

    `mapping` is our name of a column -> theirs, `constants` our name -> text, `day_zero` the day from
    which a column of study days counts, `decimal` "." or ",", `date_order` "dmy", "mdy" or None
    (01/02/2026 is refused). A workbook of several sheets needs `sheet`.

    Raises UsageError when the file is not there or an option does not fit it, RefusedError when it
    is empty, no table, or none that the header names.
    """
    manner = Manner(today, date_order, day_zero, decimal)
    return _open_table(path, manner, sheet, mapping or {}, constants or {}, empty=False)


class Folder(NamedTuple):
    """The tables of an export, in the order in which they must be read; `left_out` are files not read."""

    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    file_name: str
    sha256: str


def open_folder(path: str | Path, *, today: date) -> Folder:
    """
    Open what `remtrack export -o FOLDER` wrote: patients, lines, visits, measurements, results, events.

    Answers are derived again, so their files are left out; so is every file that is not ours.
    Tables without a row are skipped. The folder's `sha256` is that of its tables' hashes and names.
    Raises UsageError when there is no such folder or none of our tables in it, RefusedError as `open_table`.
    """
    path = Path(path)
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder", "", f"remtrack import {path}")
    try:
        there = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{path} cannot be read", error.strerror or str(error)) from None
    ours = [f"{table}.csv" for table in FACT_TABLES if f"{table}.csv" in there]
    if not ours:
        wanted = ", ".join(f"{table}.csv" for table in FACT_TABLES)
        found = ", ".join(map(quote, there[:10])) or "nothing"
        raise UsageError(f"{path} holds no tables", f"looked for {wanted}; found {found}", f"remtrack export -o {path}")
    tables: list[Table] = []
    total = hashlib.sha256()
    try:
        for name in ours:
            table = _open_table(path / name, Manner(today), None, {}, {}, empty=True)
            tables.append(table)
            total.update(f"{table.sha256}  {name}\n".encode())
    except BaseException:
        for table in tables:
            table.close()
        raise
    left_out = tuple(name for name in there if name not in ours)
    return Folder(tuple(tables), left_out, path.resolve().name, total.hexdigest())


def _open_table(
    path: str | Path,
    manner: Manner,
    sheet: str | None,
    mapping: Mapping[str, str],
    constants: Mapping[str, str],
    *,
    empty: bool,
) -> Table:
    given = _Given(_shown(path), manner, sheet, mapping, constants)
    with ExitStack() as to_close:
        try:
            raw, file_name = _open_raw(path)
            to_close.callback(raw.close)
            source = _source_of(raw, file_name, manner, sheet, mapping)
            to_close.callback(source.close)
            layout = arrange(source.header, file_name, mapping, constants, day_zero=manner.day_zero is not None)
            source.settle(layout)
            table = Table(source, layout, manner._replace(command=given.command()), file_name)
            if not empty:
                table.refuse_if_empty()
        except (UsageError, RefusedError) as error:
            # What finds the trouble knows which option is missing, not how the file was named.
            if error.hint.startswith("--"):
                error.hint = given.command(error.hint)
            raise
        to_close.pop_all()
    return table


class _Given(NamedTuple):
    """What was asked for, as it would be typed."""

    path: str
    manner: Manner
    sheet: str | None
    mapping: Mapping[str, str]
    constants: Mapping[str, str]

    def command(self, options: str = "") -> str:
        """Return the command with these `options` in place of what was given for them."""
        from shlex import join

        words: list[str] = []
        given = [("--sheet", self.sheet)]
        given += [("--map", f"{ours}={theirs}") for ours, theirs in self.mapping.items()]
        given += [("--set", f"{ours}={text}") for ours, text in self.constants.items()]
        given += [("--day-zero", str(self.manner.day_zero))] if self.manner.day_zero else []
        given += [("--decimal", "comma")] if self.manner.decimal == "," else []
        given += [("--date-order", self.manner.date_order)]
        for option, text in given:
            replaced = f"{option} {text}".partition("=")[0] if "=" in (text or "") else option
            if text and replaced not in options:
                words += [option, text]
        return " ".join(filter(None, (join(["remtrack", "import", self.path, *words]), options)))


def _source_of(
    raw: BinaryIO, file_name: str, manner: Manner, sheet: str | None, mapping: Mapping[str, str]
) -> CsvFile | SpooledSheet:
    if raw.read(4) == b"PK\x03\x04":
        return _open_workbook(raw, file_name, sheet, manner.decimal)
    source = CsvFile(raw, file_name, list(mapping.values()))
    if sheet is not None:
        raise UsageError(f"{file_name} has no sheets", "only a workbook has", "leave out --sheet")
    return source


def _open_workbook(raw: BinaryIO, file_name: str, sheet: str | None, decimal: str) -> SpooledSheet:
    try:
        from .workbook import SpooledSheet
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "openpyxl":
            raise
        why = "reading Excel needs the package openpyxl"
        raise UsageError(f"{file_name} is a workbook", why, 'pip install "remtrack[xlsx]"') from None
    return SpooledSheet(raw, file_name, sheet, decimal)


def _open_raw(path: str | Path) -> tuple[BinaryIO, str]:
    """Return the file's bytes, seekable, and its name; what cannot be read twice is copied first."""
    if str(path) == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise UsageError("there is no standard input", "", "remtrack import FILE")
        return copied(sys.stdin.buffer, Looker("standard input")), "standard input"
    path = Path(path)
    shown = _shown(path)
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISFIFO(kind):
            raise _not_a_file(shown, kind)
        raw = path.open("rb")
    except FileNotFoundError:
        raise UsageError(f"there is no file {shown}", *_other_files(path)) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown} cannot be read", getattr(error, "strerror", "") or str(error)) from None
    if stat.S_ISFIFO(kind):
        with raw:
            return copied(raw, Looker(_shown(path.name))), _shown(path.name)
    return raw, _shown(path.name)


def _shown(path: str | Path) -> str:
    """Return a path as it can be printed and kept, also when its bytes are no text."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _not_a_file(shown: str, kind: int) -> UsageError:
    if stat.S_ISDIR(kind):
        return UsageError(f"{shown} is a folder", "a table is a file", f"remtrack import {shown}{os.sep}FILE.csv")
    return UsageError(f"{shown} is not a file", "it is a device or a socket", "remtrack import FILE")


def _other_files(path: Path) -> tuple[str, str]:
    """Return why and hint for a file that is not there: the file of its folder that is named most alike."""
    try:
        near = nearest(path.name, [entry.name for entry in path.parent.iterdir()])
    except OSError:
        return f"there is no folder {_shown(path.parent)}", ""
    folder = _shown(path.parent)
    return (f"{folder} has {_shown(near)}", f"remtrack import {_shown(path.parent / near)}") if near else ("", "")
