"""An exported table on the screen, as it is: the columns of the export, as many as fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import Row, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Any

    from rich.console import RenderableType


def table_screen(name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], as_of: date) -> Screen:
    """Return one exported table as a screen; `rows` hold the values of `columns`, in their order."""

    def as_rows() -> list[Row]:
        return [dict(zip(columns, row, strict=True)) for row in rows]

    return Screen(f"export {name}", as_of, as_rows, lambda: render_listing(columns, rows))


def render_listing(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """Return the table without the columns that are empty or do not fit, from the last on; they are named below."""
    from .table import Column, Fit, Frame, fitting, paragraph, stack, table

    if not rows:
        return paragraph("No rows.")
    filled = [index for index in range(len(columns)) if any(row[index] not in (None, "") for row in rows)]
    drawn = [
        Column(columns[index], [_cell(row[index]) for row in rows], drop=len(filled) - place if place else 0)
        for place, index in enumerate(filled)
    ]

    def shown(frame: Frame) -> RenderableType:
        kept = {column.title for column in fitting(drawn, frame.width - 1)}
        left_out = [column.title for column in drawn if column.title not in kept]
        if not left_out:
            return table(drawn)
        return stack(table(drawn), "", paragraph(f"Not shown for want of room: {', '.join(left_out)}"))

    return Fit(shown)


def _cell(value: object) -> str:
    return "" if value is None else str(value)
