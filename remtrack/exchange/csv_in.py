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
)


class CsvFile:
    """A CSV file: checked once from end to end, then read as often as is needed."""

    def __init__(self, raw: BinaryIO, file_name: str, theirs: Sequence[str]) -> None:
        self._raw = raw
        self._file_name = file_name
        self._stamp = self._stamp_now()
        self.size = self._stamp[0]
        raw.seek(0)
        head = raw.read(16)
        for start, what, hint in _OTHER_KINDS:
            if head.startswith(start):
                raise RefusedError(f"{file_name} is no table", f"it is {what}", hint)
        self._encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
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
        if self._stamp_now() != self._stamp:
            raise RefusedError(
                f"{self._file_name} changed while it was read", "another program writes to it", "try again"
            )

    def _records(self) -> Generator[tuple[int, list[str]], None, None]:
        self._raw.seek(0)
        text = io.TextIOWrapper(self._raw, encoding=self._encoding, newline="")
        line_no = 1
        try:
            reader = csv.reader(text, delimiter=self._delimiter, strict=True)
            for cells in reader:
                yield line_no, cells
                line_no = reader.line_num + 1
        except csv.Error as error:
            what = f"{self._file_name}, line {line_no}: the row is no CSV"
            hint = 'a text with quotes in it is written "5 cm ""soft"" mass"'
            raise RefusedError(what, f"{error}; it may be that a quote is not closed", hint) from None
        finally:
            if not self._raw.closed:  # rows that nobody read to the end are forgotten after the file
                text.detach()

    def _stamp_now(self) -> tuple[int, int]:
        status = os.fstat(self._raw.fileno())
        return status.st_size, status.st_mtime_ns

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
            end = max(text.rfind("\n"), text.rfind("\r"))
            run = run + len(text) if end < 0 else len(text) - end - 1
            line += text.count("\n")
            if run > _LONGEST_LINE:
                why = f"line {line} is longer than {_LONGEST_LINE:,} signs"
                raise RefusedError(f"{self._file_name} is no table", why, "save the table as CSV, one row a line")
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
        if failed is not None and not found:
            raise failed
        _, _, at, skip, header = max(found)
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
