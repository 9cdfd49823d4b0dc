"""
One sheet of an Excel workbook as rows of text, for `sources`; loaded only when a file is a workbook.

What its parts hold is read by `package`; here is what a cell means. Formulas are never worked out; the value that
was stored beside them is taken. Whatever a damaged workbook makes fail is one clear refusal.
"""

from __future__ import annotations

import hashlib
import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from ..errors import RefusedError, RemtrackError, UsageError
from .cell_error import nearest, quote
from .csv_in import changed, stamp_of
from .package import Cell, OddError, Package
from .spool import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from .columns import Layout

    Found = TypeVar("Found")

_MOST_COPIED = 2_000_000_000  # bytes of rows; a text that many cells share is written for each of them
_MOST_BEYOND = 20  # cells behind the header that are kept of a row, to say that they are there
# Formats that other languages' Excel means as dates and names by number alone.
_DATES_BY_NUMBER = frozenset((*range(27, 37), *range(50, 59)))
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|[+-]?\.[0-9]+([eE][+-]?[0-9]+)?")


class Sheet:
    """One sheet: `header` and its `header_line`, then `rows(exact)`; close it when done."""

    def __init__(self, raw: BinaryIO, file_name: str, sheet: str | None, decimal: str) -> None:
        self._file_name = file_name
        self._decimal = decimal
        self._at = 0  # the row that is being read
        self._package = self._guarded(lambda: Package(raw, file_name))
        try:
            self._texts = self._guarded(self._package.texts)
        except BaseException:
            self._package.close()
            raise
        try:
            self._dates, self._spans = self._guarded(self._styles)
            self._epoch = MAC_EPOCH if self._package.dates_from_1904 else WINDOWS_EPOCH
            self.name = self._choose(sheet)
            self._rows = self._package.rows(self._package.sheets[self.name])
            self.header_line, self.header = self._read_header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the workbook; the file itself is the caller's."""
        self._texts.close()
        self._package.close()

    def rows(self, exact: frozenset[int]) -> Iterator[tuple[int, list[str]]]:
        """
        Yield (row number, cells as text) once, up to the last cell with something in it. `exact` are the places of ids.

        Of cells behind the header those with something in them follow, without the empty ones between.
        """
        width = len(self.header)
        while row := self._guarded(partial(next, self._rows, None)):
            self._at, found = row
            cells: list[str] = []
            beyond: list[str] = []
            for at, text in self._guarded(partial(self._read, found, exact)):
                if at < width:
                    cells += [""] * (at - len(cells))
                    cells.append(text)
                elif text.strip() and len(beyond) < _MOST_BEYOND:
                    beyond.append(text)
            if beyond:
                cells += [""] * (width - len(cells)) + beyond
            yield self._at, cells

    def _read(self, cells: list[Cell], exact: frozenset[int]) -> list[tuple[int, str]]:
        return [
            (cell.column - 1, text_of(self._value(cell), self._decimal, exact=cell.column - 1 in exact))
            for cell in cells
        ]

    def _value(self, cell: Cell) -> str | float | bool | date | time:
        """Return what a cell holds. Raises OddError for what none can hold."""
        text, kind = cell.text, cell.kind
        if kind == "n":
            return self._number(text, cell.style)
        if kind in ("str", "inlineStr", "e"):
            return text
        if kind == "s" and text.isascii() and text.isdigit() and int(text[:12]) < len(self._texts):
            return self._texts[int(text)]
        if kind == "b" and text in ("0", "1"):
            return text == "1"
        if kind == "d":
            return _iso(text)
        raise OddError(f"a cell holds {quote(text)}, which no cell of its kind ({quote(kind)}) can hold")

    def _number(self, text: str, style: str) -> str | float | date | time:
        if not _NUMBER.fullmatch(text.strip()) or len(text) > 1000:
            raise OddError(f"a cell of numbers holds {quote(text)}")
        value = float(text) if re.search("[.eE]", text) else int(text)
        if style not in self._dates:
            return value
        try:
            found: date | time = from_excel(value, self._epoch, timedelta=style in self._spans)
        except (OverflowError, ValueError):
            return "#VALUE!"  # as spreadsheets show a day that no calendar has
        return found

    def _styles(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the styles, as cells name them, in which a number is a date or a time, and those of a span of time."""
        dates, spans = set(), set()
        of_cells, codes = self._package.formats()
        for style, number in enumerate(of_cells):
            code = codes.get(number) or BUILTIN_FORMATS.get(number)
            if is_date_format(code) or (code is None and number in _DATES_BY_NUMBER):
                dates.add(str(style))
            if is_timedelta_format(code):
                spans.add(str(style))
        return frozenset(dates), frozenset(spans)

    def _choose(self, sheet: str | None) -> str:
        sheets = list(self._package.sheets)
        if sheet is not None:
            by_key = {title.strip().casefold(): title for title in sheets}
            if sheet.strip().casefold() in by_key:
                return by_key[sheet.strip().casefold()]
            near = nearest(sheet, sheets) or next(iter(sheets), "")
            why = f"it has {', '.join(map(quote, sheets[:20]))}"
            raise UsageError(f"{self._file_name} has no sheet {quote(sheet)}", why, _sheet_option(near))
        filled = [title for title in sheets if self._guarded(partial(self._has_cells, title))]
        if not filled:
            raise RefusedError(f"{self._file_name} is empty", "no sheet has a cell with something in it")
        if len(filled) > 1:
            why = f"they are {', '.join(map(quote, filled[:20]))}"
            raise UsageError(f"{self._file_name} has {len(filled)} sheets", why, _sheet_option(filled[0]))
        return filled[0]

    def _has_cells(self, title: str) -> bool:
        return any(cells for _, cells in self._package.rows(self._package.sheets[title]))

    def _read_header(self) -> tuple[int, list[str]]:
        while True:
            row = self._guarded(partial(next, self._rows, None))
            if row is None:
                raise RefusedError(f"{self._file_name}, sheet {quote(self.name)} is empty", "there is no header")
            self._at, found = row
            header: list[str] = []
            for at, text in self._guarded(partial(self._read, found, frozenset())):
                if text.strip():
                    header += [""] * (at - len(header))
                    header.append(text.strip())
            if header:
                return self._at, header

    def _guarded(self, read: Callable[[], Found]) -> Found:
        """Return what `read` gives; whatever it trips over is a refusal."""
        try:
            return read()
        except RemtrackError:
            raise
        except Exception as error:  # a damaged workbook makes its readers raise nearly anything
            why = str(error) if isinstance(error, OddError) else f"its contents are damaged ({type(error).__name__})"
            place = f", row {self._at:,}" if isinstance(error, OddError) else f", behind row {self._at:,}"
            what = f"{self._file_name}{place if self._at else ''} cannot be read as a workbook"
            hint = "open it in a spreadsheet program and save it again, or save the table as CSV"
            raise RefusedError(what, why, hint) from error


class SpooledSheet:
    """A sheet of a workbook, copied once as rows: reading a workbook takes far longer than reading the copy."""

    cut_line = None

    def __init__(self, raw: BinaryIO, file_name: str, sheet: str | None, decimal: str) -> None:
        self._raw = raw
        self._file_name = file_name
        self._stamp = stamp_of(raw)
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
            if self._rows.size > _MOST_COPIED:
                what = f"{self._sheet.name} unpacks to more than {_MOST_COPIED:,} bytes of rows"
                raise RefusedError(what, "few cells are referred to very often", "save the table as CSV")
        if stamp_of(self._raw) != self._stamp:
            raise changed(self._file_name)

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


def _sheet_option(title: str) -> str:
    from shlex import quote as quoted

    return f"--sheet {quoted(title)}"


def _iso(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text  # a time or a span alone, or nonsense: what is asked of the column will tell


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
