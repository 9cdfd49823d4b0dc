"""
A CSV file as rows of text, for `sources`: its encoding, delimiter, header and line numbers.

The bytes are checked once from end to end (text, encoding, length of lines, SHA-256), so that what
reads the rows afterwards meets no surprise and no line that fills the memory.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import hashlib
import io
import os
import re
from typing import TYPE_CHECKING, BinaryIO

from ..errors import RefusedError
from .columns import Layout, key_of, our_name

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

_CHUNK = 1 << 20
_LONGEST_LINE = 1_000_000  # signs; no table of people and lesions has such a line
_MOST_CELLS = 16_384  # in one row, as in a spreadsheet
_DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"\s*sep=.?\s*", re.IGNORECASE)

# What a file begins with that is not a table, and what to say.
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old or protected workbook", "save it as .xlsx without a password, or as CSV"),
    (b"SQLite format 3\x00", "an SQLite file", "remtrack --db FILE status"),
    (b"\x1f\x8b", "a compressed file", "unpack it first"),
    (b"%PDF", "a PDF", "save the table as CSV"),
    (b"\xff\xfe\x00\x00", "UTF-32 text", "save it as UTF-8"),
    (b"\x00\x00\xfe\xff", "UTF-32 text", "save it as UTF-8"),
    (b"{", "JSON", "remtrack reads CSV and .xlsx; save the table as CSV"),
    (b"[{", "JSON", "remtrack reads CSV and .xlsx; save the table as CSV"),
    (b"<", "HTML or XML, as some programs call .xls", "save the table as CSV or .xlsx"),
)


def refuse_other_kinds(head: bytes, file_name: str) -> None:
    """Raise RefusedError when a file begins as none that can be read as CSV; sixteen bytes tell."""
    bare = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for start, what, hint in _OTHER_KINDS:
        if head.startswith(start) or bare.startswith(start):
            raise RefusedError(f"{file_name} is no table", f"it is {what}", hint)


class Looker:
    """Looks at a stream while it is copied, so that a line without an end does not fill the disk first."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._line = 1
        self._run = 0  # bytes since the last end of a line
        self._is_text: bool | None = None

    def __call__(self, chunk: bytes) -> None:
        if self._is_text is None:
            refuse_other_kinds(chunk[:16], self._file_name)
            self._is_text = not chunk.startswith(b"PK\x03\x04")
        if not self._is_text:
            return
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._run = self._run + len(chunk) if end < 0 else len(chunk) - end - 1
        self._line += chunk.count(b"\n")
        if self._run > 4 * _LONGEST_LINE:  # a sign has at most four bytes
            raise _too_long(self._file_name, self._line)


def _too_long(file_name: str, line: int) -> RefusedError:
    why = f"line {line} is longer than {_LONGEST_LINE:,} signs"
    return RefusedError(f"{file_name} is no table", why, "save the table as CSV, one row a line")


def stamp_of(raw: BinaryIO) -> tuple[int, int]:
    """Return what is another as soon as somebody writes to the file."""
    status = os.fstat(raw.fileno())
    return status.st_size, status.st_mtime_ns


def changed(file_name: str) -> RefusedError:
    return RefusedError(f"{file_name} changed while it was read", "another program writes to it", "try again")


class CsvFile:
    """A CSV file: checked once from end to end, then read as often as is needed."""

    def __init__(self, raw: BinaryIO, file_name: str, theirs: Sequence[str]) -> None:
        self._raw = raw
        self._file_name = file_name
        self._stamp = stamp_of(self._raw)
        self.size = self._stamp[0]
        raw.seek(0)
        head = raw.read(16)
        refuse_other_kinds(head, file_name)
        self._encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        self._has_quotes = False
        self.sha256, self.cut_line = self._check()
        self._delimiter, self._skip, self.header = self._find_header(theirs)

    def close(self) -> None:
        self._raw.close()

    def settle(self, layout: Layout) -> None:
        """Nothing is left to do once the layout is known; a sheet copies its rows then."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number of its first line, cells) of each row behind the header."""
        records = self._records()
        for _ in range(self._skip):
            next(records, None)
        yield from records
        if stamp_of(self._raw) != self._stamp:
            raise changed(self._file_name)

    def column(self, at: int) -> Iterator[str]:
        """Yield one cell of each row, that of the header too; "" where the row is too short."""
        if self._has_quotes:
            yield from (cells[at] if len(cells) > at else "" for _, cells in self._records())
            return
        self._raw.seek(0)
        text = io.TextIOWrapper(self._raw, encoding=self._encoding, newline="")
        try:
            for line in text:  # without a quote a line is a row
                cells = line.split(self._delimiter, at + 1)
                yield cells[at] if len(cells) > at else ""
        finally:
            if not self._raw.closed:
                text.detach()

    def _records(self) -> Generator[tuple[int, list[str]], None, None]:
        self._raw.seek(0)
        text = io.TextIOWrapper(self._raw, encoding=self._encoding, newline="")
        line_no, begun = 1, 0

        def lines() -> Iterator[str]:
            """Yield the lines of the file as long as a row does not go on over too many of them."""
            nonlocal begun
            for line in text:
                begun += len(line)
                if begun > _LONGEST_LINE:
                    raise csv.Error(f"it goes on for more than {_LONGEST_LINE:,} signs")
                yield line

        try:
            # Without a quote no row is longer than a line, and those were measured.
            reader = csv.reader(lines() if self._has_quotes else text, delimiter=self._delimiter, strict=True)
            for cells in reader:
                if len(cells) > _MOST_CELLS:
                    what = f"{self._file_name}, line {line_no}: the row has {len(cells):,} cells"
                    hint = "save the table as CSV, one reading a row"
                    raise RefusedError(what, f"a table has at most {_MOST_CELLS:,} columns", hint)
                yield line_no, cells
                line_no, begun = reader.line_num + 1, 0
        except csv.Error as error:
            what = f"{self._file_name}, line {line_no}: the row is no CSV"
            hint = 'a text with quotes in it is written "5 cm ""soft"" mass"'
            raise RefusedError(what, f"{error}; it may be that a quote is not closed", hint) from None
        finally:
            if not self._raw.closed:  # rows that nobody read to the end are forgotten after the file
                text.detach()

    def _check(self) -> tuple[str, int | None]:
        """Return the SHA-256, and the number of the last line when it does not end; refuse what is no text."""
        self._raw.seek(0)
        digest = hashlib.sha256()
        decoder = codecs.getincrementaldecoder(self._encoding)()
        line, run, text = 1, 0, ""
        while chunk := self._raw.read(_CHUNK):
            digest.update(chunk)
            text = self._decoded(decoder, chunk, line)
            if "\0" in text:
                why = f"line {line + text[: text.index(chr(0))].count(chr(10))} holds a zero byte"
                raise RefusedError(f"{self._file_name} is no text", why, "save the table as CSV in UTF-8")
            self._has_quotes = self._has_quotes or '"' in text
            end = max(text.rfind("\n"), text.rfind("\r"))
            run = run + len(text) if end < 0 else len(text) - end - 1
            line += text.count("\n")
            if run > _LONGEST_LINE:
                raise _too_long(self._file_name, line)
        self._decoded(decoder, b"", line, final=True)
        if not self.size or (line == 1 and not text.strip("\ufeff\r\n\t ;,")):
            raise RefusedError(f"{self._file_name} is empty", "there is no header", "")
        return digest.hexdigest(), None if text.endswith(("\n", "\r")) else line

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes, line: int, *, final: bool = False) -> str:
        try:
            return decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            name = "UTF-16" if self._encoding == "utf-16" else "UTF-8"
            why = f"line {line} holds a byte that {name} does not know; guessing would garble names"
            hint = "save it as UTF-8 (in a spreadsheet program: CSV UTF-8)"
            raise RefusedError(f"{self._file_name} is not {name} text", why, hint) from None

    def _find_header(self, theirs: Sequence[str]) -> tuple[str, int, list[str]]:
        """Return the delimiter that gives most names we know, the record that is the header, and the header."""
        known = {key_of(name) for name in theirs}
        found = []
        failed: RefusedError | None = None
        for delimiter in _DELIMITERS:
            self._delimiter = delimiter
            try:
                skip, header = self._read_header()
            except RefusedError as error:
                failed = failed or error
                continue
            score = sum(bool(our_name(name)) or key_of(name) in known for name in header)
            found.append((score, len(header), -_DELIMITERS.index(delimiter), skip, header))
        best, _, at, skip, header = max(found, default=(0, 0, 0, 0, []))
        if failed is not None and not best:
            raise failed
        return _DELIMITERS[-at], skip, header

    def _read_header(self) -> tuple[int, list[str]]:
        """Return the first record with something in it; a line "sep=;" as spreadsheets write it is passed over."""
        records = self._records()
        with contextlib.closing(records):
            for skip, (_, cells) in enumerate(records, 1):
                if any(map(str.isalnum, "".join(cells))) and not _SEPARATOR_LINE.fullmatch(self._delimiter.join(cells)):
                    while not cells[-1].strip():
                        cells.pop()
                    return skip, cells
        raise RefusedError(f"{self._file_name} is empty", "there is no header")
