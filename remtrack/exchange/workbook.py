"""
One sheet of an Excel workbook as rows of text, for `sources`; loaded only when a file is a workbook.

A workbook is a stranger's zip of XML: how much it may unpack to is limited before anything is
read, and whatever its reader trips over is one clear refusal. Formulas are never worked out; the
value that was stored beside them is taken.
"""

from __future__ import annotations

import hashlib
import math
import warnings
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, BinaryIO
from xml.parsers.expat import ParserCreate

from openpyxl import load_workbook

from ..errors import RefusedError, RemtrackError, UsageError
from .cell_error import nearest, quote
from .spool import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .columns import Layout

# A sheet of 1,048,576 rows unpacks to about 500 MB of XML, which is read row by row; the other parts
# are held in memory. Tables shrink to a twentieth or so; what shrank to less than a 200th is no table.
_MOST_STREAMED = 2_000_000_000
_MOST_HELD = 40_000_000
_MOST_SHRUNK = 200
_MOST_ROWS = 1_048_576
# What is between two rows, or in a part that is held, is in memory at once: a row has at most 16,384 cells.
_MOST_ELEMENTS = 200_000
_MOST_HELD_ELEMENTS = 1_000_000
_LONGEST_ROW = 10_000_000  # bytes


class Sheet:
    """One sheet: `header` and its `header_line`, then `rows(exact)`; close it when done."""

    def __init__(self, raw: BinaryIO, file_name: str, sheet: str | None, decimal: str) -> None:
        self._file_name = file_name
        self._decimal = decimal
        self._book = self._guarded(lambda: self._open(raw))
        try:
            worksheet = self._guarded(lambda: self._choose(sheet))
            self.name: str = worksheet.title
            self._values = _numbered_rows(worksheet, file_name)
            self.header_line, self.header = self._read_header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the workbook; the file itself is the caller's."""
        self._book.close()

    def rows(self, exact: frozenset[int]) -> Iterator[tuple[int, list[str]]]:
        """Yield (row number, cells as text) once; [] for an empty row. `exact` are the places of ids."""
        width = len(self.header)
        while True:
            row = self._guarded(lambda: next(self._values, None))
            if row is None:
                return
            number, values = row
            cells = [text_of(value, self._decimal, exact=at in exact) for at, value in enumerate(values)]
            while len(cells) > width and not cells[-1].strip():
                cells.pop()
            yield number, cells if any(cells) else []

    def _open(self, raw: BinaryIO) -> Any:
        with zipfile.ZipFile(raw) as parts:
            for part in parts.infolist():
                self._check(parts, part)
        raw.seek(0)
        return load_workbook(raw, read_only=True, data_only=True, keep_links=False)

    def _check(self, parts: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        """Refuse a workbook with a part that would fill the memory when it is read."""
        rows = part.filename.startswith("xl/worksheets/")
        most = _MOST_STREAMED if rows else _MOST_HELD
        shrunk = part.file_size > 1_000_000 and part.file_size > _MOST_SHRUNK * max(part.compress_size, 1)
        why = ""
        if part.file_size > most or shrunk:
            why = f"it unpacks from {part.compress_size:,} to {part.file_size:,} bytes"
        elif part.filename.startswith("xl/") and part.filename.endswith(".xml"):
            with parts.open(part) as xml:
                why = _too_much(xml, rows=rows)
        if why:
            what = f"{self._file_name} is no ordinary workbook"
            raise RefusedError(what, f"its part {quote(part.filename)}: {why}", "save the table as CSV")

    def _choose(self, sheet: str | None) -> Any:
        sheets = {worksheet.title: worksheet for worksheet in self._book.worksheets}
        if sheet is not None:
            by_key = {title.strip().casefold(): worksheet for title, worksheet in sheets.items()}
            if sheet.strip().casefold() in by_key:
                return by_key[sheet.strip().casefold()]
            near = nearest(sheet, sheets) or next(iter(sheets), "")
            why = f"it has {', '.join(map(quote, sheets))}"
            raise UsageError(f"{self._file_name} has no sheet {quote(sheet)}", why, _sheet_option(near))
        filled = [worksheet for worksheet in sheets.values() if _has_cells(worksheet, self._file_name)]
        if not filled:
            raise RefusedError(f"{self._file_name} is empty", "no sheet has a cell with something in it")
        if len(filled) > 1:
            titles = [worksheet.title for worksheet in filled]
            why = f"they are {', '.join(map(quote, titles))}"
            raise UsageError(f"{self._file_name} has {len(filled)} sheets", why, _sheet_option(titles[0]))
        return filled[0]

    def _read_header(self) -> tuple[int, list[str]]:
        while True:
            row = self._guarded(lambda: next(self._values, None))
            if row is None:
                raise RefusedError(f"{self._file_name}, sheet {quote(self.name)} is empty", "there is no header")
            number, values = row
            header = [text_of(value, ".", exact=False).strip() for value in values[:16_384]]
            while header and not header[-1]:
                header.pop()
            if header:
                return number, header

    def _guarded(self, read: Callable[[], Any]) -> Any:
        """Return what `read` gives; whatever the reader of workbooks trips over is a refusal."""
        try:
            # It warns of what it leaves out (styles, validation); values that it cannot read are errors in their cells.
            with warnings.catch_warnings(action="ignore"):
                return read()
        except RemtrackError:
            raise
        except Exception as error:  # a damaged workbook makes openpyxl raise nearly anything
            why = f"its contents are damaged or of another kind ({type(error).__name__})"
            hint = "open it in a spreadsheet program and save it again, or save the table as CSV"
            raise RefusedError(f"{self._file_name} cannot be read as a workbook", why, hint) from error


class SpooledSheet:
    """A sheet of a workbook, copied once as rows: reading a workbook takes far longer than reading the copy."""

    cut_line = None

    def __init__(self, raw: BinaryIO, file_name: str, sheet: str | None, decimal: str) -> None:
        self._raw = raw
        self.sha256 = _digest(raw)
        self._sheet = Sheet(raw, file_name, sheet, decimal)
        self.header = self._sheet.header
        self._rows: Rows | None = None

    @property
    def size(self) -> int:
        return self._rows.size if self._rows else 0

    def close(self) -> None:
        self._sheet.close()
        self._raw.close()
        if self._rows:
            self._rows.close()

    def settle(self, layout: Layout) -> None:
        """Copy the rows, now that it is known in which columns every digit counts."""
        self._rows = Rows()
        for line_no, cells in self._sheet.rows(layout.exact):
            self._rows.put("", line_no, cells)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (row of the sheet, cells) of each row behind the header."""
        if self._rows:
            for _, line_no, cells in self._rows.take():
                yield line_no, cells


def _digest(raw: BinaryIO) -> str:
    digest = hashlib.sha256()
    raw.seek(0)
    while chunk := raw.read(1 << 20):
        digest.update(chunk)
    raw.seek(0)
    return digest.hexdigest()


def _too_much(xml: IO[bytes], *, rows: bool) -> str:
    """Return why this XML cannot be held in memory, row by row when it has `rows`, "" when it can."""
    elements, row_at, declares = 0, 0, False
    parser = ParserCreate()

    def begin(tag: str, _: dict[str, str]) -> None:
        nonlocal elements, row_at
        elements += 1
        if rows and tag.endswith("row"):
            elements, row_at = 0, parser.CurrentByteIndex

    def declare(*_: object) -> None:
        nonlocal declares
        declares = True

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = declare
    read = 0
    while chunk := xml.read(1 << 16):
        parser.Parse(chunk)
        read += len(chunk)
        if declares:
            return "it declares names of its own"
        if elements > (_MOST_ELEMENTS if rows else _MOST_HELD_ELEMENTS):
            return f"it has more than {elements - 1:,} elements" + (" in one row" if rows else "")
        if rows and read - row_at > _LONGEST_ROW:
            return f"it has a row of more than {_LONGEST_ROW:,} bytes"
    return ""


def _numbered_rows(worksheet: Any, file_name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    # The size that a workbook gives for its sheet is often wrong, and rows behind it would be lost.
    worksheet.reset_dimensions()
    for number, values in enumerate(worksheet.iter_rows(values_only=True), 1):
        if number > _MOST_ROWS:
            what, why = f"{file_name} is no ordinary workbook", f"a sheet has at most {_MOST_ROWS:,} rows"
            raise RefusedError(what, why, "save the table as CSV")
        yield number, values


def _has_cells(worksheet: Any, file_name: str) -> bool:
    return any(value is not None for _, values in _numbered_rows(worksheet, file_name) for value in values)


def _sheet_option(title: str) -> str:
    from shlex import quote as quoted

    return f"--sheet {quoted(title)}"


def text_of(value: object, decimal: str, *, exact: bool) -> str:
    """
    Return a cell's value as it would be written in a CSV.

    A number has the 15 digits that a spreadsheet holds, so that 13.700000000000001 is 13.7; where it
    is an id (`exact`) it has every digit it takes to tell two of them apart. A date is ISO, with its
    time when it has one.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value, exact=exact).replace(".", decimal if not exact else ".")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float, *, exact: bool) -> str:
    if not math.isfinite(value):
        return repr(value)
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value) if exact else f"{Decimal(f'{value:.15g}'):f}"
