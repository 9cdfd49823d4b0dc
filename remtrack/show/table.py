"""
What the drawn screens share: columns that fit a width, facts, paragraphs, styles by meaning.

The only module of `show` that draws with rich. Text is never read as markup, and all of it is
cleaned on its way in.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console, Group
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from ..verdict import (
    COMPLETE,
    MINOR,
    NO_DISEASE,
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    REFRACTORY,
    RELAPSE,
    STABLE,
)
from ..words import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import ConsoleOptions, JustifyMethod, RenderableType, RenderResult

# Blue against orange: told apart with every kind of colour blindness, and legible on dark and on
# light. The numbers are of the 256-colour palette.
_BLUE, _ORANGE = "color(33)", "color(166)"
_STYLES = {
    COMPLETE: f"bold {_BLUE}",
    NO_DISEASE: f"bold {_BLUE}",
    PARTIAL: _BLUE,
    MINOR: _BLUE,
    STABLE: "none",
    POSSIBLE_PROGRESSION: _ORANGE,
    PROGRESSION: f"bold {_ORANGE}",
    RELAPSE: f"bold {_ORANGE}",
    REFRACTORY: _ORANGE,
    NOT_EVALUABLE: "italic",
    "head": "bold",
    "command": "bold",
    "attention": _ORANGE,
}

# A rule under the head of each column and nothing else: it can be copied, and read aloud.
_RULED = "    \n    \n -  \n    \n    \n    \n    \n    \n"
_ASCII_BOX = Box(_RULED, ascii=True)
_BOX = Box(_RULED.replace("-", "\u2500"))

READABLE = 100  # paragraphs and facts are not drawn wider, however wide the terminal
_GAP = 2  # blanks between columns
_LONGEST_WORD = 24  # a longer one is broken sooner than a column is left out for it
_LEAST_VALUE = 26  # columns beside a label; where fewer are left, values stand under their labels


class Frame(NamedTuple):
    """What is drawn into: its columns, and whether its encoding holds more than ASCII."""

    width: int
    unicode: bool


class Column(NamedTuple):
    """
    One column: its title, a cell a row, and what gives way when the frame is narrow.

    `drop` 1 is left out first, then 2 ...; 0 is never left out. `wraps` may be broken over lines,
    and is so at `most` columns (None: as the room asks).
    """

    title: str
    cells: Sequence[str | Text]
    right: bool = False
    drop: int = 0
    wraps: bool = False
    most: int | None = None


class Fit:
    """A renderable that is drawn for the frame it is put in."""

    def __init__(self, draw: Callable[[Frame], RenderableType]) -> None:
        self._draw = draw

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._draw(Frame(options.max_width, not options.ascii_only))


class _AsciiSheet(StringIO):
    encoding = "ascii"  # rich asks the file it writes to


def draw(renderable: RenderableType, frame: Frame, *, color: bool) -> str:
    """Return a renderable as text: no line wider than the frame, none with blanks at its end."""
    console = Console(
        file=StringIO() if frame.unicode else _AsciiSheet(),
        width=frame.width,
        force_terminal=color,
        color_system="256" if color else None,
        no_color=not color,
        theme=Theme(_STYLES),
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().rstrip().split("\n"))


# Text


def styled(text: str, style: str = "") -> Text:
    """Return text in a style named by meaning ("progression", "head"); a name without a style draws plainly."""
    return Text(clean(text), style=style if style in _STYLES else "")


def line(*parts: Text) -> Text:
    """Return parts one after another on one line."""
    return Text.assemble(*parts)


def lines(*parts: str, style: str = "") -> Text:
    """Return texts one under another, for a cell; empty ones are left out."""
    return Text("\n".join(clean(part) for part in parts if part), style=style if style in _STYLES else "")


def stack(*parts: RenderableType) -> RenderableType:
    """Return the parts one under another; "" is an empty line."""
    return Group(*parts)


def indented(renderable: RenderableType, by: int = 1) -> RenderableType:
    """Return a renderable moved to the right."""
    return Padding(renderable, (0, 0, 0, by))


def paragraph(text: str, style: str = "", by: int = 1) -> RenderableType:
    """Return one paragraph, broken at a width that reads well."""
    return Fit(lambda frame: Constrain(indented(styled(text, style), by), min(frame.width, READABLE)))


# Tables


def table(columns: Sequence[Column], by: int = 1) -> Fit:
    """Return a table, moved to the right by so much, without the columns that do not fit."""
    return Fit(lambda frame: indented(_table(columns, frame._replace(width=frame.width - by)), by))


def _table(columns: Sequence[Column], frame: Frame) -> Table:
    kept = fitting(columns, frame.width)
    drawn = Table(
        box=_BOX if frame.unicode else _ASCII_BOX,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        safe_box=False,
        header_style="head",
    )
    for column, width in zip(kept, _widths(kept, frame.width), strict=True):
        justify: JustifyMethod = "right" if column.right else "left"
        drawn.add_column(Text(_title(column)), justify=justify, overflow="fold", width=width)
    for cells in zip(*(column.cells for column in kept), strict=True):
        drawn.add_row(*(cell if isinstance(cell, Text) else styled(cell) for cell in cells))
    return drawn


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit; those that go first have the lowest `drop`."""
    kept = list(columns)
    while not _fits(kept, width) and (weakest := min((column.drop for column in kept if column.drop), default=0)):
        kept = [column for column in kept if column.drop != weakest]
    return kept


def _fits(columns: Sequence[Column], width: int) -> bool:
    return sum(_least_width(column) + _GAP for column in columns) - _GAP <= width


def _widths(columns: Sequence[Column], width: int) -> list[int | None]:
    """
    Return the width of each column: words stay whole, and what is left goes to the columns that wrap.

    None, for rich to decide, where not even the words fit: then all are folded, and nothing is cut off.
    """
    if not _fits(columns, width):
        return [None] * len(columns)
    widths = [_least_width(column) for column in columns]
    wanted = [min(_widest_line(column), column.most or width) if column.wraps else 0 for column in columns]
    spare = width - sum(widths) - _GAP * (len(columns) - 1)
    while spare and (poor := [n for n, least in enumerate(widths) if least < wanted[n]]):
        # The narrowest first, so that a column of a few short words is not broken for the sake of a long one.
        poorest = min(poor, key=widths.__getitem__)
        widths[poorest] += 1
        spare -= 1
    return [*widths]


def _least_width(column: Column) -> int:
    """Return the width of the longest line of a column; where it wraps, of its longest word, within reason."""
    if not column.wraps:
        return _widest_line(column)
    longest = max((cell_len(word) for text in _texts(column) for word in text.split()), default=0)
    return min(longest, _LONGEST_WORD)


def _widest_line(column: Column) -> int:
    return max((cell_len(line) for text in _texts(column) for line in text.split("\n")), default=0)


def _title(column: Column) -> str:
    return "\n".join(map(clean, column.title.split("\n")))


def _texts(column: Column) -> list[str]:
    return [_title(column), *(cell.plain if isinstance(cell, Text) else clean(cell) for cell in column.cells)]


# Facts


def facts(*blocks: Iterable[tuple[str, str]], kind: str = "") -> Fit:
    """
    Return "label   value" lines, an empty line between blocks, all values in one column.

    A long value is broken under itself, an empty one left out, and the same label twice in a row
    written once. `kind` styles the value of "State" and "Now".
    """
    kept = [block for block in ([(label, value) for label, value in pairs if value] for pairs in blocks) if block]
    widest = max((cell_len(clean(label)) for block in kept for label, _value in block), default=0)

    def drawn(frame: Frame) -> RenderableType:
        if frame.width < widest + _LEAST_VALUE:
            return indented(Group(*_under_each_other(kept, kind)))
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(min_width=widest)
        grid.add_column(overflow="fold", max_width=min(frame.width, READABLE) - widest - _GAP - 1)
        for number, block in enumerate(kept):
            if number:
                grid.add_row("", "")
            for label, value in _once(block):
                grid.add_row(styled(label), _value(label, value, kind))
        return indented(grid)

    return Fit(drawn)


def _once(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    before = ""
    for label, value in pairs:
        yield ("" if label == before else label), value
        before = label


def _under_each_other(blocks: Sequence[Sequence[tuple[str, str]]], kind: str) -> Iterator[RenderableType]:
    for number, block in enumerate(blocks):
        if number:
            yield ""
        for label, value in _once(block):
            if label:
                yield styled(label)
            yield indented(_value(label, value, kind), 2)


def _value(label: str, value: str, kind: str) -> Text:
    return styled(value, kind if label in ("State", "Now") else "")
