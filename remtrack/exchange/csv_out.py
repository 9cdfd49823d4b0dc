"""
Tables as CSV: RFC 4180, UTF-8, and safe to open in a spreadsheet.

Lines end in CR LF, as the RFC has it. A text that a spreadsheet would run as a formula is kept from
it (`formulas`), so that reading gives it back as it was. Which columns there are is in `columns`.
"""

from __future__ import annotations

import csv
import errno
import os
import re
import stat
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

from ..words import clean
from .columns import EXPORT_COLUMNS
from .formulas import guarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["EXPORT_COLUMNS", "text_of", "write_csv", "write_file"]


#: Columns that hold numbers: -30.0 stays a number there, also when it comes as text.
NUMBERS = frozenset(
    (
        *("line", "longest_mm", "short_mm", "value", "upper_limit", "days", "dor_days", "pfs_days"),
        *("sum_mm", "baseline_sum_mm", "nadir_sum_mm"),
        *("change_from_baseline_pct", "change_from_nadir_pct", "change_from_nadir_mm"),
    )
)


def text_of(value: object, *, number: bool = False) -> str:
    """
    Return a value as a cell: None is empty, a number has all its digits and no exponent, a truth is yes or no.

    Text is guarded, but for a plain number in a column of numbers (`number`).
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value if number and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) else guarded(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no cell is made of a {type(value).__name__}")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        return "inf" if value > 0 else "-inf"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Iterable[object]]) -> int:
    """
    Write a header and rows; return the number of rows.

    `stream` must not translate line ends: open it with newline="". On a terminal texts are shown, not kept: what
    could steer it is spelled out.
    """
    writer = csv.writer(stream)
    is_shown = stream.isatty()
    writer.writerow(map(clean if is_shown else str, map(text_of, header)))
    numbers = [name in NUMBERS for name in header]
    count = 0
    for row in rows:
        cells = [text_of(value, number=number) for value, number in zip(row, numbers, strict=True)]
        writer.writerow(map(clean, cells) if is_shown else cells)
        count += 1
    return count


def write_file(path: Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> int:
    """
    Write a CSV file and return the number of its rows; the file appears whole or not at all.

    Only its owner may read it, also where it replaces one that others could. What is no file (/dev/stdout, a pipe)
    is written to, never replaced. Raises OSError, also for a name that no file can have.
    """
    try:
        replaceable = _is_replaceable(path)
        # Not of its name, which may be as long as names can be.
        beside = path.with_name(f".remtrack-{os.getpid()}.part")
    except ValueError as error:
        raise OSError(errno.EINVAL, f"no file can be called so ({error})") from None
    if not replaceable:
        with path.open("w", encoding="utf-8", newline="") as stream:
            return write_csv(stream, header, rows)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            count = write_csv(stream, header, rows)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return count


def _is_replaceable(path: Path) -> bool:
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return True
    return stat.S_ISREG(kind) or stat.S_ISDIR(kind)  # a folder is not written to either: replacing it fails
