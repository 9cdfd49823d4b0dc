"""
The rows of each table that is imported, as values, and what is wrong with those that are not.

A row becomes one NamedTuple, or one `Problem` for each of its cells that cannot be read. Nothing
is merged, sorted or compared between rows, and nothing knows the record: that a lesion has two
sizes, or another role than before, is the tracker's to find. Where the cells stand in the file is
`columns`, what a single cell means is `cells`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..verdict import Problem
from .cells import (
    AXES,
    CellError,
    Seen,
    doubtful_size,
    parse_day,
    parse_day_number,
    parse_kind,
    parse_lesion_id,
    parse_name,
    parse_patient_id,
    parse_reading,
    parse_role,
    parse_text,
    quote,
)
from .columns import EXPORT_COLUMNS, SIZES
from .formulas import unguarded
from .rows import EventRow, LineRow, PatientRow, Reading, Refused, ResultRow, Row, VisitRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from .columns import Layout

# A cache that has grown to this is emptied, and what is long is not kept, so that memory does not grow with the file.
_MOST_REMEMBERED = 50_000
_LONGEST_REMEMBERED = 500


class Manner(NamedTuple):
    """How the cells of one import are written: see `sources.open_table`."""

    today: date
    date_order: str | None = None
    day_zero: date | None = None
    decimal: str = "."
    prefix: str = ""
    command: str = "remtrack import FILE"


def settle(reading: Reading, role: str, kind: str, axes: str = "") -> Reading:
    """
    Return the reading as it is for a lesion of that role and kind (known from the record or another row).

    A role or kind that the row itself gave is kept. `axes` is how the families of the line measure, one
    of `cells.AXES`, "" when nothing is known of them. Raises CellError when the cells of the row
    contradict each other for such a lesion.
    """
    if not reading.said:
        return reading
    if reading.said[-1] == axes == "one":  # as it was read at first
        return reading._replace(said=())
    role, kind = reading.role or role, reading.kind or kind or "nonnodal"
    seen = _read_said(role, kind, reading.said, axes)
    return reading._replace(
        role=role,
        kind=kind,
        state=seen.state,
        longest_mm=seen.longest_mm,
        short_mm=seen.short_mm,
        other_id=seen.other_id,
        reason=seen.reason,
        said=(),
    )


# --- single cells that only tables have -----------------------------------------------------------


def parse_line(text: str) -> int | None:
    """Return the number of a line of therapy, None for an empty cell. Raises CellError otherwise."""
    text = text.strip()
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,2})(\.0+)?", text)
    if not match or not int(match[1]):
        raise CellError(f"{quote(text)} is not a line of therapy", "lines are numbered 1, 2, 3 ...", "write its number")
    return int(match[1])


def parse_criteria(text: str) -> str:
    """Return the id of a family as it is written here: RECIST 1.1 is recist-1.1. It need not exist."""
    return re.sub(r"[\s_]+", "-", parse_text(text).casefold())


def parse_settings(text: str) -> tuple[tuple[str, str], ...]:
    """Return the (name, value) pairs of `name=value;name=value`; raises CellError for anything else."""
    pairs: dict[str, str] = {}
    for part in parse_text(text).split(";"):
        if not part.strip():
            continue
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value) or name in pairs:
            why = f"{quote(name)} is given twice" if name in pairs else f"{quote(part.strip())} is not name=value"
            raise CellError(f"{quote(text)} are no settings", why, "write name=value;name=value")
        pairs[name] = value
    return tuple(pairs.items())


_PLAIN = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?"


def parse_value(text: str, *, decimal: str = ".") -> tuple[Decimal | None, str]:
    """
    Return (value, text as printed) of a result: the value is None for words and bounds (pos, <0.1).

    A number is read exactly, 2% is 2, and an exponent is read because programs print one (1e+05).
    Raises CellError for an empty cell, a comma that can mean two numbers, and what is left in a
    file by a calculation that failed (NaN, #DIV/0!).
    """
    printed = parse_text(text)
    if not printed:
        raise CellError("no value is given", "", "give the value as the laboratory printed it")
    number = printed.removesuffix("%").rstrip()
    if decimal == ",":
        number = number.replace(".", "?").replace(",", ".")
    if re.fullmatch(_PLAIN, number):
        return Decimal(number), printed
    if re.match(r"[<>≤≥~]?\s*[+-]?[0-9]*,[0-9]", printed) and decimal != ",":
        why = f"a comma can mean {quote(printed.replace(',', '.'))} or {quote(printed.replace(',', ''))}"
        raise CellError(f"{quote(text)} is not a value", why, "write a point", option="--decimal comma")
    if decimal == "," and re.fullmatch(r"[<>≤≥~]?\s*[+-]?[0-9.,]*[0-9]\.[0-9][0-9.,]*", printed):
        why = "decimals are written with a comma here, so a point can mean anything"
        raise CellError(f"{quote(text)} is not a value", why, "write 3,2")
    # "none" is a finding (no plasmacytoma); "None" is what Python writes where there was nothing.
    missing = ("nan", "na", "n/a", "null", "inf", "-inf", "+inf")
    if printed == "None" or printed.casefold() in missing or printed.startswith("#"):
        why = "it stands for a value that is missing or could not be worked out"
        raise CellError(f"{quote(text)} is not a value", why, "leave the row out")
    return None, printed


def parse_upper_limit(text: str, *, decimal: str = ".") -> Decimal | None:
    """Return a laboratory's upper limit of normal, None for an empty cell. Raises CellError unless it is above 0."""
    if not text.strip():
        return None
    value, _ = parse_value(text, decimal=decimal)
    if value is None or value <= 0:
        raise CellError(f"{quote(text)} is not an upper limit of normal", "it is a number above 0", "correct it")
    return value


class Typed(NamedTuple):
    """A result as one word of a command gave it: number (None for words and bounds), text, unit, upper limit."""

    value: Decimal | None
    text: str
    unit: str
    upper_limit: Decimal | None


_UPPER_LIMIT = re.compile(r"[\s(,;]+uln\s*[:=]?\s*(?P<limit>[0-9][0-9.,]*)\s*\)?$", re.IGNORECASE)
# A number, a bound or a range; then what a unit may begin with. 10^9/L begins with a number, after a space.
_AND_UNIT = re.compile(
    r"(?P<value>(?>(?:[<>≤≥~=]+\s*)?[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]{1,2})?(?:\s*[-–]\s*[0-9][0-9.]*)?))"
    r"(?:\s+(?P<apart>\S.*)|(?P<joined>[^\s0-9.,<>=].*))"
)


def parse_typed_result(text: str) -> Typed:
    """
    Return what one word says of a test: 1.2, 1200/uL, 112 g/L, 2%, <0.1 ng/mL, undetectable, 80 (ULN 35).

    What stands in three cells of a table stands in one word here, and is read by the same rules.
    Raises CellError as `parse_value` does.
    """
    text, limit = parse_text(text), None
    if found := _UPPER_LIMIT.search(text):
        text, limit = text[: found.start()].rstrip(), parse_upper_limit(found["limit"])
    unit = ""
    if found := _AND_UNIT.fullmatch(text):
        text, unit = found["value"].rstrip(), found["apart"] or found["joined"]
    value, printed = parse_value(text)
    return Typed(value, printed, unit, limit)


# --- rows -------------------------------------------------------------------------------------------


class _Remembered(dict[Any, Any]):
    """What cells mean, worked out once for each text that a column holds; a refusal is not remembered."""

    def __init__(self, parse: Callable[..., Any]) -> None:
        super().__init__()
        self.parse = parse

    def __missing__(self, cells: str | tuple[str, ...]) -> Any:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        if isinstance(cells, str):
            value, length = self.parse(unguarded(cells.strip())), len(cells)
        else:
            value, length = self.parse(*[unguarded(text.strip()) for text in cells]), sum(map(len, cells))
        if length <= _LONGEST_REMEMBERED:
            self[cells] = value
        return value


class _Pieces(dict[str, Any]):
    """The piece of a row that some of its cells, joined by `_BETWEEN`, make: put together once for the same cells."""

    def __init__(self, width: int, make: Callable[[tuple[str, ...]], Any]) -> None:
        super().__init__()
        self.width = width
        self.make = make

    def __missing__(self, joined: str) -> Any:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        cells = tuple(joined.split(_BETWEEN))
        if len(cells) != self.width:  # no text of a CSV file has one in it, but a workbook may spell it out
            raise CellError("a cell holds a zero byte")
        piece = self.make(cells)
        if len(joined) <= _LONGEST_REMEMBERED:
            self[joined] = piece
        return piece


_BETWEEN = "\0"


# Readings are the rows there are most of: their cells are read in groups, and what the cells of a
# group mean together, remembered, is the piece of the row that they make.
_WHERE = ("line", "visit", "method", "reader")
_LESION = ("lesion_id", "role", "kind", "organ", "site")
_SEEN = (*SIZES, "state", "reason")


class RowReader:
    """
    Reads the rows of one table; `cut_line` is the last line of a file that ends in the middle of it, else None.

    What can still be read of a row that is refused goes into `refused`, where that is wanted.
    """

    def __init__(
        self, layout: Layout, manner: Manner, cut_line: int | None = None, refused: list[Refused] | None = None
    ) -> None:
        self._layout = layout
        self._refused = refused
        self._cut_line = cut_line
        self._kind = layout.kind
        self._command = manner.command
        self._columns = _small_columns(layout.kind, manner)
        self._patient_at, self._patient = layout.at["patient_id"], self._columns["patient_id"]
        if self._kind == "measurements":
            self._day_at, self._day = next(
                (layout.at[name], self._columns[name]) for name in _DAYS & self._columns.keys()
            )
            self._take_where = itemgetter(*(layout.at[name] for name in ("note", *_WHERE)))
            self._take_what = itemgetter(*(layout.at[name] for name in (*_LESION, *_SEEN)))
            self._note, self._where = _Remembered(parse_text), _Remembered(_where_of)
            self._lesion = _Remembered(_lesion_of)
            self._seen = _Remembered(lambda *cells: _seen_of(cells, manner.decimal))
            self._wheres = _Pieces(1 + len(_WHERE), self._where_piece)
            self._whats = _Pieces(len(_LESION) + len(_SEEN), self._what_piece)

    def quick_reader(self) -> Callable[[int, list[str]], Row | None]:
        """
        Return what reads a row that there is nothing to say about; it gives None for any other, which `read` reads.

        Most rows of most files are such, and this takes half the time.
        """
        if self._kind != "measurements":
            return lambda _line_no, _cells: None
        width, behind, join, new_row = self._layout.width, self._layout.behind, _BETWEEN.join, tuple.__new__
        patients, patient_at, days, day_at = self._patient, self._patient_at, self._day, self._day_at
        whats, take_what, wheres, take_where = self._whats, self._take_what, self._wheres, self._take_where

        def read(line_no: int, cells: list[str]) -> Row | None:
            if len(cells) != width:
                return None
            cells = cells + behind
            try:
                what, doubts = whats[join(take_what(cells))]
                where = wheres[join(take_where(cells))]
                patient_id, day = patients[cells[patient_at]], days[cells[day_at]]
            except CellError:
                return None
            return None if doubts else new_row(Reading, (line_no, patient_id, day, *where, *what))

        return read

    def read(self, line_no: int, cells: list[str]) -> list[Row | Problem]:
        """
        Return the row of these cells with its warnings; or, when it cannot be read, a problem for each bad cell.

        An empty row gives an empty list.
        """
        if not cells:
            return []
        given = cells
        if len(cells) != self._layout.width:
            if problem := self._wrong_length(line_no, cells):
                self._remember(line_no, cells)
                return [problem]
            cells = (cells + [""] * self._layout.width)[: self._layout.width]
        try:
            if self._kind == "measurements":
                return self._reading(line_no, cells + self._layout.behind)
            return [self._small_row(line_no, cells + self._layout.behind)]
        except CellError as error:
            if not "".join(given).strip():
                return []
            self._remember(line_no, cells)
            # A row is never dropped in silence, even if each of its cells were fine alone.
            return self._problems(line_no, cells + self._layout.behind) or [self._problem("error", line_no, error, "")]

    def patient_of(self, cells: list[str]) -> str:
        """Return the patient of a row that may be wrong elsewhere, "" when that cannot be read either."""
        width = self._layout.width
        cells = (cells + [""] * width)[:width] + self._layout.behind
        try:
            patient_id: str = self._patient[cells[self._patient_at]]
        except CellError:
            return ""
        return patient_id

    def _remember(self, line_no: int, cells: list[str]) -> None:
        """Note whose row is refused, and of which day, reader and lesion, as far as that can be read."""
        if self._refused is None:
            return
        width = self._layout.width
        whole = (cells + [""] * width)[:width] + self._layout.behind

        def read(name: str, parse: Callable[[str], Any]) -> Any:
            try:
                return parse(unguarded(whole[self._layout.at[name]].strip()))
            except (CellError, KeyError):
                return None

        day = next((name for name in ("date", "day") if name in self._columns), "")
        self._refused.append(
            Refused(
                line_no,
                self.patient_of(cells),
                read("line", parse_line),
                read(day, self._columns[day].parse) if day else None,
                read("reader", parse_text) or "",
                read("lesion_id", parse_lesion_id) or "",
            )
        )

    def _small_row(self, line_no: int, cells: list[str]) -> Row:
        values = [parse[cells[self._layout.at[name]]] for name, parse in self._columns.items()]
        if self._kind == "lines":
            values[1] = values[1] or 1
        if self._kind == "results":
            values[5:6] = values[5]
        row: Row = _ROW_OF[self._kind](line_no, *values)
        return row

    def _reading(self, line_no: int, cells: list[str]) -> list[Row | Problem]:
        what, doubts = self._what_piece(self._take_what(cells))
        where = self._where_piece(self._take_where(cells))
        patient_id, day = self._patient[cells[self._patient_at]], self._day[cells[self._day_at]]
        row = Reading._make((line_no, patient_id, day, *where, *what))
        if doubts:
            return [row, *(self._problem("warning", line_no, doubt, "") for doubt in doubts)]
        return [row]

    def _where_piece(self, cells: tuple[str, ...]) -> tuple[Any, ...]:
        note, where = self._note[cells[0]], self._where[cells[1:]]
        return (note, *where)

    def _what_piece(self, cells: tuple[str, ...]) -> tuple[tuple[Any, ...], tuple[CellError, ...]]:
        lesion = self._lesion[cells[: len(_LESION)]]
        seen, doubts = self._seen[lesion[1:3] + cells[len(_LESION) :]]
        return lesion + seen, doubts

    # -- what is wrong -------------------------------------------------------------------------------

    def _problems(self, line_no: int, cells: list[str]) -> list[Row | Problem]:
        text_of = {name: unguarded(cells[at].strip()) for name, at in self._layout.at.items()}
        steps: list[tuple[str, Callable[[], Any]]] = [
            (name, partial(parse.parse, text_of[name])) for name, parse in self._columns.items()
        ]
        if self._kind == "measurements":
            steps += self._reading_steps(text_of)
        problems: list[Row | Problem] = []
        for column, parse in steps:
            try:
                parse()
            except CellError as error:
                problems.append(self._problem("error", line_no, error, column))
        return problems

    def _reading_steps(self, text_of: dict[str, str]) -> list[tuple[str, Callable[[], Any]]]:
        def seen() -> None:
            try:
                _, role, kind, _, _ = _lesion_of("x", text_of["role"], text_of["kind"], text_of["organ"], "")
            except CellError:
                role = kind = ""
            self._seen.parse(role, kind, *(text_of[name] for name in _SEEN))

        return [
            ("line", partial(parse_line, text_of["line"])),
            ("lesion_id", partial(parse_lesion_id, text_of["lesion_id"])),
            ("role", partial(parse_role, text_of["role"])),
            ("kind", partial(parse_kind, text_of["kind"])),
            *((name, partial(parse_text, text_of[name])) for name in ("organ", "site", "reason", "note", *_WHERE[1:])),
            ("", seen),
        ]

    def _problem(self, severity: str, line_no: int, error: CellError, column: str) -> Problem:
        header_of = self._layout.header_of
        name = error.column if error.column in header_of else column
        if not name:
            name = next((size for size in (*SIZES, "state") if size in header_of), "state")
        hint = f"{self._command} {error.option}" if error.option else error.hint
        rule = "large-size" if severity == "warning" else "cell"
        return Problem(severity, error.what, error.why, hint, line_no, header_of.get(name, name), rule)

    def _wrong_length(self, line_no: int, cells: list[str]) -> Problem | None:
        """Return what is wrong with a row that has more cells than the header, or was cut off; None for a short one."""
        width = self._layout.width
        if len(cells) > width and "".join(cells[width:]).strip():
            why = "a text with a comma or a line end in it must stand in quotes"
            what = f"the row has {len(cells)} cells, the header {width}"
            return Problem("error", what, why, "put the text in quotes", line_no, "", "row-length")
        if len(cells) < width and line_no == self._cut_line:
            what = f"the file ends in the middle of a row: {len(cells)} cells of {width}"
            return Problem("error", what, "it may have been cut off", "get the whole file", line_no, "", "row-length")
        return None


_DAYS = {"date", "day"}
_ROW_OF: dict[str, Callable[..., Row]] = {
    "patients": PatientRow,
    "lines": LineRow,
    "visits": VisitRow,
    "results": ResultRow,
    "events": EventRow,
}


def _small_columns(kind: str, manner: Manner) -> dict[str, _Remembered]:
    """Return the columns that are read one by one, in the order of the row's fields; of readings patient and day."""

    def day(text: str) -> date:
        if manner.day_zero is not None:
            return parse_day_number(text, day_zero=manner.day_zero, today=manner.today)
        return parse_day(text, today=manner.today, date_order=manner.date_order, relative=False)

    def optional_day(text: str) -> date | None:
        if not text.strip():
            return None
        return parse_day(text, today=manner.today, date_order=manner.date_order, relative=False)

    def given_name(text: str) -> str:
        name = parse_name(text)
        if not name:
            raise CellError("no name is given", f"every one of the {kind} needs one", "give it")
        return name

    parse_of: dict[str, Callable[[str], Any]] = {
        "patient_id": lambda text: parse_patient_id(manner.prefix + parse_patient_id(text)),
        "line": parse_line,
        "criteria": parse_criteria,
        "settings": parse_settings,
        "test": given_name,
        "event": given_name,
        "value": lambda text: parse_value(text, decimal=manner.decimal),
        "upper_limit": lambda text: parse_upper_limit(text, decimal=manner.decimal),
        **dict.fromkeys(("date", "day"), day),
        **dict.fromkeys(("started_on", "stopped_on", "baseline_on"), optional_day),
    }
    names = EXPORT_COLUMNS[kind] if kind != "measurements" else ("patient_id", "date")
    if manner.day_zero is not None:
        names = tuple("day" if name == "date" else name for name in names)
    return {name: _Remembered(parse_of.get(name, parse_text)) for name in names}


def _where_of(line: str, visit: str, method: str, reader: str) -> tuple[Any, ...]:
    return parse_line(line), parse_text(visit), parse_text(method), parse_text(reader)


def _lesion_of(lesion_id: str, role: str, kind: str, organ: str, site: str) -> tuple[str, str, str, str, str]:
    organ = parse_text(organ)
    return parse_lesion_id(lesion_id), parse_role(role), parse_kind(kind, organ), organ, parse_text(site)


def _seen_of(cells: tuple[str, ...], decimal: str) -> tuple[tuple[Any, ...], tuple[CellError, ...]]:
    """
    Return the piece of a `Reading` from its sizes on, and what to doubt in it.

    The cells stand in it while the role, the kind or the families of the line may still change what they mean.
    """
    role, kind, *sizes, state, reason = cells
    said = (*sizes, state, parse_text(reason), decimal)
    read_as = "one"
    try:
        seen = _read_said(role, kind, said, read_as)
    except CellError:
        seen, read_as = _read_otherwise(role, kind, said), ""
    if not (role and kind):
        read_as = ""
    is_open = read_as == "" or _depends_on_axes(kind, sizes, seen)
    doubts = filter(None, map(doubtful_size, (seen.longest_mm, seen.short_mm)))
    piece = (seen.longest_mm, seen.short_mm, seen.state, seen.other_id, seen.reason)
    return (*piece, (*said, read_as) if is_open else ()), tuple(
        CellError(doubt, "few lesions are that large", "check it") for doubt in doubts
    )


def _read_otherwise(role: str, kind: str, said: tuple[str, ...]) -> Seen:
    """
    Return what cells say that contradict each other where one diameter is measured; CellError if they always do.

    As a node they may be right (8 mm beside ABSENT), or in a family that measures otherwise (a viable part of 0
    in a lesion of 41 mm). `settle` decides when these are known.
    """
    for one_kind in (kind,) if kind else ("", "node"):
        for axes in ("", *AXES):
            try:
                return _read_said(role, one_kind, said, axes)
            except CellError:
                pass
    return _read_said(role, kind, said, "one")


def _depends_on_axes(kind: str, sizes: Sequence[str], seen: Seen) -> bool:
    """Say whether another family may read these sizes otherwise: of a node those without the name of their axis."""
    if kind == "node":
        return bool(sizes[0].strip() or sizes[1].strip())
    return seen.longest_mm is not None and seen.short_mm is not None


def _read_said(role: str, kind: str, said: tuple[str, ...], axes: str) -> Seen:
    measure, measure2, longest, short, state, reason, decimal = said[:7]
    sizes = {"measure2": measure2, "longest": longest, "short": short}
    return parse_reading(role, kind, measure, **sizes, state=state, reason=reason, decimal=decimal, axes=axes)
