"""
Screens: values of `verdict` become a table, plain text, JSON or CSV.

Every screen is one `Screen` value: the rows that JSON, CSV and plain text are made of, and a
function that draws the table. Nothing here decides anything, opens a record or asks what day it
is. rich is loaded only when a table is drawn.

    overview, status, timeline (bars), remission, explain, compare, register, log, criteria, listing   the screens
    data    rows -> plain text, JSON, CSV        table   what the drawn screens share (rich)
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date
    from typing import TextIO

    from rich.console import RenderableType

    from .compare import comparison_screen
    from .criteria import criteria_screen, family_screen
    from .explain import explanation_screen
    from .listing import table_screen
    from .log import doctor_screen, known_screen, log_screen, problems_screen
    from .overview import overview_screen
    from .register import lesions_screen, lines_screen, patient_screen, patients_screen
    from .remission import remission_screen
    from .status import status_screen
    from .timeline import timeline_screen

__all__ = [
    "FORMATS", "Row", "Screen", "comparison_screen", "criteria_screen", "doctor_screen", "explanation_screen",
    "family_screen", "known_screen", "lesions_screen", "lines_screen", "log_screen", "output", "overview_screen",
    "patient_screen", "patients_screen", "problems_screen", "remission_screen", "status_screen", "table_screen",
    "timeline_screen",
]  # fmt: skip

_HOMES = {
    "compare": ("comparison_screen",),
    "criteria": ("criteria_screen", "family_screen"),
    "explain": ("explanation_screen",),
    "listing": ("table_screen",),
    "log": ("doctor_screen", "known_screen", "log_screen", "problems_screen"),
    "register": ("lesions_screen", "lines_screen", "patient_screen", "patients_screen"),
    "remission": ("remission_screen",),
    "overview": ("overview_screen",),
    "status": ("status_screen",),
    "timeline": ("timeline_screen",),
}

FORMATS = ("table", "plain", "json", "csv")
_WIDTH = 80  # where there is no terminal to ask

Row = dict[str, Any]


def __getattr__(name: str) -> Any:
    """Load a screen when it is first asked for: no command needs them all."""
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Screen(NamedTuple):
    """
    One answer, ready to be shown in any format.

    `rows` gives the data, one dict a row with the same keys in each. `said` gives what plain text
    says instead, label to sentence ("" is left out); None: the rows themselves. `head` stands
    beside the rows in JSON. `notes` end the plain text. `draw` gives the rich renderable.
    """

    command: str
    as_of: date | None
    rows: Callable[[], Iterable[Row]]
    draw: Callable[[], RenderableType]
    said: Callable[[], Iterable[Row]] | None = None
    head: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


def output(
    screen: Screen, fmt: str, stream: TextIO | None = None, width: int | None = None, color: bool | None = None
) -> None:
    """
    Write a screen to a stream (None: stdout) in one of `FORMATS`.

    `width` None asks COLUMNS, then the terminal, else 80. `color` None asks NO_COLOR, FORCE_COLOR,
    TERM and whether the stream is a terminal. JSON and CSV are UTF-8 whatever the stream's
    encoding; table and plain text replace what the encoding cannot hold.
    """
    from . import data

    stream = stream or sys.stdout
    if fmt == "json":
        as_utf8(stream)
        stream.writelines(data.json_text(screen))
    elif fmt == "csv":
        as_utf8(stream)
        stream.writelines(data.csv_text(screen))
    elif fmt == "plain":
        for line in data.plain_text(screen):
            stream.write(_encodable(f"{line}\n", stream, "backslashreplace"))
    else:
        from .table import Frame, draw

        frame = Frame(width or terminal_width(stream), unicode=_holds_unicode(stream))
        shown = draw(screen.draw(), frame, color=wants_color(stream) if color is None else color)
        # One cell for one cell, so that what cannot be encoded does not move the columns.
        stream.write(_encodable(shown, stream, "replace"))


def wants_color(stream: TextIO) -> bool:
    """Say whether colour belongs on this stream: NO_COLOR wins over FORCE_COLOR, that over the rest."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


def terminal_width(stream: TextIO) -> int:
    """Return the columns to draw in."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError, AttributeError):  # not a terminal, closed, or no file at all
        return _WIDTH


def _holds_unicode(stream: TextIO) -> bool:
    return (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")


def as_utf8(stream: TextIO) -> None:
    """Let the stream write UTF-8 and leave line ends alone, as JSON and CSV need it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="")  # CSV brings its own line ends


def _encodable(text: str, stream: TextIO, errors: str) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, errors).decode(encoding)
