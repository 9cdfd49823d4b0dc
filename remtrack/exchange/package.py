"""
The parts of an Excel workbook: a stranger's zip of XML, read piece by piece, with a limit on whatever they chose.

A sheet comes row by row, the texts that its cells share lie in a file without a name, and of the other parts only
what is needed is kept: which sheets there are, and which formats of numbers. What a cell means is in `workbook`.
Standard library only: a reader that builds a tree of a part can be made to fill the memory by one small file.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, NoReturn
from xml.parsers.expat import ParserCreate

from ..errors import RefusedError
from .cell_error import quote
from .spool import Texts

if TYPE_CHECKING:
    from collections.abc import Iterator

# A sheet of 1,048,576 rows of 20 cells unpacks to some 800 MB of XML. Tables shrink to a twentieth or so; what
# shrank to less than a 200th is no table.
_MOST_UNPACKED = 1_000_000_000
_MOST_SHRUNK = 200
_MOST_PARTS = 10_000
_MOST_SHEETS = 1_000
_MOST_NOTED = 200_000  # formats and relations; a workbook has at most 65,490 formats of cells
_MOST_TEXTS = 10_000_000
MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767  # what one cell of a spreadsheet holds
_LONGEST_ROW = 1_000_000  # signs in all its cells
_LONGEST_TOKEN = 16  # chunks that are one tag, or one comment
_DEEPEST = 100
_CHUNK = 1 << 16

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY = b"PK\x01\x02"  # begins each entry of a zip's list of parts

# Signs that XML cannot hold, or that a program did not want to write, stand in a text as _x000D_; half a sign
# (D800 to DFFF) is left as it stands, since it is no text.
_ESCAPED = re.compile(r"_x([0-9A-CE-Fa-ce-f][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2})_")


class Cell(NamedTuple):
    """A cell as it stands in the sheet: `column` from 1, `kind` its letter ("n" a number, "s" a shared text ...)."""

    column: int
    kind: str
    style: str
    text: str


class Package:
    """A workbook's parts: `sheets` (name -> part) and `dates_from_1904` at once, the rest when it is asked for."""

    def __init__(self, raw: BinaryIO, file_name: str) -> None:
        self._file_name = file_name
        self._count_parts(raw)
        self._parts = zipfile.ZipFile(raw)
        try:
            self._there = {part.filename: part for part in self._parts.infolist()}
            unpacked = sum(part.file_size for part in self._there.values())
            if unpacked > _MOST_UNPACKED:
                self.refuse(f"it unpacks to {unpacked:,} bytes")
            at = next(iter(self._related("", "officeDocument").values()), "xl/workbook.xml")
            if at.endswith(".bin"):
                self._refuse_kind("it is a binary workbook (.xlsb)", "save it as .xlsx, or as CSV")
            book = _Elements(("sheet", "workbookPr"))
            self._read(at, book)
            self.dates_from_1904 = any(
                tag == "workbookPr" and told.get("date1904") in ("1", "true") for tag, told in book.found
            )
            parts = self._related(at, "worksheet")
            self.sheets = {
                told["name"]: parts[related]
                for tag, told in book.found
                if tag == "sheet" and "name" in told and (related := _id_of(told)) in parts
            }
            if len(self.sheets) > _MOST_SHEETS:
                self.refuse(f"it has {len(self.sheets):,} sheets")
            self._texts_at = next(iter(self._related(at, "sharedStrings").values()), "")
            self._styles_at = next(iter(self._related(at, "styles").values()), "")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the zip; the file itself is the caller's."""
        self._parts.close()

    def refuse(self, why: str, part: str = "") -> NoReturn:
        """Raise the RefusedError of a workbook that no spreadsheet program wrote."""
        why = f"its part {quote(part)}: {why}" if part else why
        raise RefusedError(f"{self._file_name} is no ordinary workbook", why, "save the table as CSV")

    def _refuse_kind(self, why: str, hint: str) -> NoReturn:
        raise RefusedError(f"{self._file_name} cannot be read as a workbook", why, hint)

    def texts(self) -> Texts:
        """Return the texts that cells refer to by number; close them when done."""
        kept = Texts()
        try:
            reader = _SharedTexts()
            if self._texts_at in self._there:
                for _ in self._chunks(self._texts_at, reader):
                    for text in reader.taken():
                        kept.put(text)
                    if len(kept) > _MOST_TEXTS:
                        self.refuse(f"it has more than {_MOST_TEXTS:,} texts", self._texts_at)
        except BaseException:
            kept.close()
            raise
        return kept

    def formats(self) -> tuple[list[int], dict[int, str]]:
        """Return the number of the format of each style of cells, and the code of each format that is no standard."""
        styles = _Styles()
        if self._styles_at in self._there:
            self._read(self._styles_at, styles)
        return styles.of_cells.tolist(), styles.codes

    def rows(self, part: str) -> Iterator[tuple[int, list[Cell]]]:
        """Yield (number, cells with something in them) of each row of a sheet, in their order."""
        reader = _SheetRows()
        for _ in self._chunks(part, reader):
            yield from reader.taken()

    # -- the zip -------------------------------------------------------------------------------------

    def _count_parts(self, raw: BinaryIO) -> None:
        """Refuse a zip of very many parts before its list is read: that is held in memory."""
        raw.seek(0)
        count, tail = 0, b""
        while chunk := raw.read(1 << 20):
            count += (tail + chunk).count(_ENTRY)
            tail = chunk[1 - len(_ENTRY) :]
        raw.seek(0)
        if count > _MOST_PARTS:
            self.refuse(f"it has {count:,} parts")

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """Return id -> part of what `part` ("" is the package itself) is related to in that way."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if listed not in self._there:
            return {}
        relations = _Elements(("Relationship",))
        self._read(listed, relations)
        found = {}
        for _, told in relations.found:
            target = told.get("Target", "")
            if told.get("Type", "").endswith(f"/{kind}") and told.get("TargetMode") != "External":
                at = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                if at in self._there:
                    found[told.get("Id", "")] = at
        return found

    def _read(self, part: str, reader: _Reader) -> None:
        for _ in self._chunks(part, reader):
            pass

    def _chunks(self, part: str, reader: _Reader) -> Iterator[None]:
        """Let `reader` hear a part, and come back after each piece of it, so that what was heard can be taken."""
        entry = self._there[part]
        if entry.flag_bits & 1:
            self._refuse_kind("it is protected by a password", "save it without one")
        if entry.compress_type not in _METHODS:
            self.refuse("it is packed as no spreadsheet program packs", part)
        if entry.file_size > 1_000_000 and entry.file_size > _MOST_SHRUNK * max(entry.compress_size, 1):
            self.refuse(f"it unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes", part)
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = reader.begin
        parser.EndElementHandler = reader.end
        parser.CharacterDataHandler = reader.text
        parser.StartDoctypeDeclHandler = reader.declare
        silent = 0
        with self._parts.open(entry) as stream:
            try:
                # To the end, also where no row can follow: the zip's checksum is compared there.
                while chunk := stream.read(_CHUNK):
                    reader.heard = False
                    parser.Parse(chunk)
                    silent = 0 if reader.heard else silent + 1
                    if silent > _LONGEST_TOKEN:
                        self.refuse("it has a tag of more than a million bytes", part)
                    if reader.depth > _DEEPEST:
                        self.refuse(f"it has elements more than {_DEEPEST} deep", part)
                    yield
                parser.Parse(b"", True)
                yield
            except OddError as error:
                self.refuse(str(error), part)


class OddError(Exception):
    """What no spreadsheet program writes."""


# --- what is heard of a part ----------------------------------------------------------------------


class _Reader:
    """Hears the elements of a part. Prefixes of names do not count; a declaration of names of its own is refused."""

    def __init__(self) -> None:
        self.heard = False
        self.depth = 0

    def begin(self, _tag: str, _told: dict[str, str]) -> None:
        self.heard = True
        self.depth += 1

    def end(self, _tag: str) -> None:
        self.heard = True
        self.depth -= 1

    def text(self, _piece: str) -> None:
        self.heard = True

    def declare(self, *_: object) -> None:
        raise OddError("it declares names of its own")


class _Elements(_Reader):
    """Keeps the attributes of the elements of some names."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._names = names

    def begin(self, tag: str, told: dict[str, str]) -> None:
        super().begin(tag, told)
        tag = tag.rpartition(":")[2]
        if tag in self._names:
            self.found.append((tag, told))
            if len(self.found) > _MOST_PARTS:
                raise OddError(f"it has more than {_MOST_PARTS:,} elements {tag}")


class _Styles(_Reader):
    """Keeps the formats of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.of_cells = array("l")
        self.codes: dict[int, str] = {}
        self._in_cells = False

    def begin(self, tag: str, told: dict[str, str]) -> None:
        super().begin(tag, told)
        tag = tag.rpartition(":")[2]
        if tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells:
            self.of_cells.append(_small(told.get("numFmtId", "0")))
        elif tag == "numFmt":
            self.codes[_small(told.get("numFmtId", "0"))] = told.get("formatCode", "")[:255]
        if len(self.of_cells) > _MOST_NOTED or len(self.codes) > _MOST_NOTED:
            raise OddError(f"it has more than {_MOST_NOTED:,} formats")

    def end(self, tag: str) -> None:
        super().end(tag)
        if tag.rpartition(":")[2] == "cellXfs":
            self._in_cells = False


class _Said(_Reader):
    """Keeps the text of elements `t`, but for how it is pronounced."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._length = 0
        self._keeps = False
        self._aside = 0

    def text(self, piece: str) -> None:
        self.heard = True
        if self._keeps:
            self._pieces.append(piece)
            self._length += len(piece)
            if self._length > LONGEST_TEXT * len("_x000D_"):
                raise OddError(f"it has a text of more than {LONGEST_TEXT:,} signs")

    def _take(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        if "_x" in text:
            text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        if len(text) > LONGEST_TEXT:
            raise OddError(f"it has a text of more than {LONGEST_TEXT:,} signs")
        return text


class _SharedTexts(_Said):
    """Hears the part of texts that cells share."""

    def __init__(self) -> None:
        super().__init__()
        self._done: list[str] = []

    def taken(self) -> list[str]:
        done, self._done = self._done, []
        return done

    def begin(self, tag: str, _told: dict[str, str]) -> None:
        self.heard = True
        self.depth += 1
        tag = tag.rpartition(":")[2]
        if tag == "t":
            self._keeps = not self._aside
        elif tag == "rPh":
            self._aside += 1

    def end(self, tag: str) -> None:
        self.heard = True
        self.depth -= 1
        tag = tag.rpartition(":")[2]
        if tag == "t":
            self._keeps = False
        elif tag == "rPh":
            self._aside -= 1
        elif tag == "si":
            self._done.append(self._take())


class _SheetRows(_Said):
    """Hears the rows of a sheet."""

    def __init__(self) -> None:
        super().__init__()
        self._done: list[tuple[int, list[Cell]]] = []
        self._number = 0
        self._cells: list[Cell] | None = None  # None: between two rows
        self._columns: set[int] = set()
        self._signs = 0
        self._column = 0
        self._kind = self._style = ""
        self._is_formula_text = False

    def taken(self) -> list[tuple[int, list[Cell]]]:
        done, self._done = self._done, []
        return done

    def begin(self, tag: str, told: dict[str, str]) -> None:
        self.heard = True
        self.depth += 1
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "c" and self._cells is not None:
            self._column = _column_of(told["r"]) if "r" in told else self._column + 1
            if self._column > _MOST_COLUMNS or self._column in self._columns:
                raise OddError(f"row {self._number:,} has a cell that cannot be there")
            self._columns.add(self._column)
            self._kind, self._style = told.get("t", "n"), told.get("s", "")
            self._keeps = False
        elif tag in ("v", "t") and self._cells is not None:
            self._keeps = not self._aside and (tag == "t") is (self._kind == "inlineStr")
        elif tag == "row":
            number = _row_of(told["r"]) if "r" in told else self._number + 1
            if not self._number < number <= MOST_ROWS:
                why = f"a sheet has at most {MOST_ROWS:,} rows"
                if number <= MOST_ROWS:
                    why = f"it stands behind row {self._number:,}"
                raise OddError(f"row {number:,} cannot be there: {why}")
            self._number, self._cells, self._column, self._signs = number, [], 0, 0
            self._columns.clear()
        elif tag == "rPh":
            self._aside += 1

    def end(self, tag: str) -> None:
        self.heard = True
        self.depth -= 1
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag in ("v", "t"):
            self._keeps = False
        elif tag == "c" and self._cells is not None:
            if self._pieces and (text := self._take()):
                self._cells.append(Cell(self._column, self._kind, self._style, text))
                self._signs += len(text)
                if self._signs > _LONGEST_ROW:
                    raise OddError(f"row {self._number:,} has more than {_LONGEST_ROW:,} signs")
        elif tag == "row" and self._cells is not None:
            self._done.append((self._number, sorted(self._cells)))
            self._cells = None
        elif tag == "rPh":
            self._aside -= 1


def _id_of(told: dict[str, str]) -> str:
    """Return which relation a sheet stands for: its attribute `id`, which has a prefix."""
    return next((text for name, text in told.items() if name.rpartition(":")[2] == "id"), "")


def _small(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise OddError(f"{quote(text)} is no number of a format")
    return int(text)


def _row_of(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}(\.0+)?", text):
        raise OddError(f"{quote(text)} is no number of a row")
    return int(text.partition(".")[0])


_COLUMNS: dict[str, int] = {}


def _column_of(reference: str) -> int:
    """Return 3 for C12."""
    letters = reference.rstrip("0123456789")
    if letters not in _COLUMNS:
        if not re.fullmatch(r"[A-Za-z]{1,3}", letters):
            raise OddError(f"{quote(reference)} is no place of a cell")
        number = 0
        for letter in letters.upper():
            number = number * 26 + ord(letter) - ord("A") + 1
        _COLUMNS[letters] = number
    return _COLUMNS[letters]
