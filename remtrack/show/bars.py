"""
The bars of a timeline: one a visit, with the thresholds of the family marked in it and an axis below.

Text only: block characters, or `#`, `.`, `|` and `:` where the encoding has no others.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from .. import words
from ..words import drawn
from .scale import Scale, Threshold, in_fifties, linear, logarithmic, round_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..views import Timeline, TimelineRow

_HUNDRED = Decimal(100)


class _Ink(NamedTuple):
    """What bars are drawn with: `line` marks where something better begins, `dotted` where something worse does."""

    full: str
    rest: str
    line: str
    dotted: str


_BLOCKS, _ASCII = _Ink("\u2588", "\u00b7", "\u2502", "\u250a"), _Ink("#", ".", "|", ":")
#: Cells of a bar below which it says less than the figure beside it.
_LEAST, _LEAST_LOG = 8, 24
_BESIDE = 4  # columns that the axis may run on under the figures beside the bars


class Bars:
    """
    One bar a visit: in per cent of the baseline, on a scale of its own (per cent, a score), or by powers of ten.

    `cells` is the length of a bar (0: figures alone). A value that was printed as a bound ("<0.1") is a sign at the
    bound, not a bar; on a logarithmic scale so is 0, at the beginning.
    """

    def __init__(self, timeline: Timeline, cells: int, *, unicode: bool) -> None:
        status = timeline.status
        self.timeline, self.cells = timeline, cells
        self.full, self.rest, self.line, self.dotted = _BLOCKS if unicode else _ASCII
        self.is_log = status.scale == "log"
        self.marks = drawn.marks(timeline)
        self.of_baseline = drawn.is_of_baseline(timeline)
        self.of_largest = not self.of_baseline and not self.is_log and _needs_a_whole(timeline)
        values = [row.value for row in timeline.rows if row.value is not None]
        self._whole = status.baseline_value if self.of_baseline else max(values, default=None)
        shown = [share for row in timeline.rows if (share := self.share(row)) is not None]
        self.figure_width = max((len(words.percent(share)) for share in shown), default=0) if self.in_per_cent else 0
        self.scale = self._scale(shown)

    @property
    def in_per_cent(self) -> bool:
        """Whether bars are in per cent of a whole, with the figure beside them."""
        return self.of_baseline or self.of_largest

    @staticmethod
    def least(timeline: Timeline) -> int:
        """Return the fewest cells in which the marks of a timeline can be told apart."""
        return _LEAST_LOG if timeline.status.scale == "log" else max(_LEAST, 2 * len(drawn.marks(timeline)) + 2)

    def _scale(self, shown: Sequence[Decimal]) -> Scale:
        marks = [
            Threshold(self._on_scale(value), drawn.way(name) in drawn.STARTS_BEYOND)
            for name, value in self.marks
            if not self.of_largest or self._whole
        ]
        bounds = [self._on_scale(end) for row in self.timeline.rows for end in _ends(row)]
        if self.is_log:
            return logarithmic(self.cells, [*shown, *bounds], marks)
        every = [*shown, *bounds, *(mark.value for mark in marks)]
        largest = max(every, default=Decimal(0))
        if self.in_per_cent:
            return linear(self.cells, in_fifties(max([*shown, *bounds], default=_HUNDRED)), self._within(marks, shown))
        return linear(self.cells, self.timeline.most or round_end(largest), marks)

    def _within(self, marks: Sequence[Threshold], shown: Sequence[Decimal]) -> Iterator[Threshold]:
        """Yield the marks that are on the scale; one far to the right of every value would shrink all bars."""
        end = in_fifties(max(shown, default=_HUNDRED))
        return (mark for mark in marks if mark.value <= end)

    def _on_scale(self, value: Decimal) -> Decimal:
        """Return a value in the unit of the scale: per cent of the whole, else as it is."""
        return value * _HUNDRED / self._whole if self.in_per_cent and self._whole else value

    def share(self, row: TimelineRow) -> Decimal | None:
        """Return the value of a visit in the unit of the scale; None without a value."""
        if self.of_baseline and row.pct_of_baseline is not None:
            return row.pct_of_baseline
        return None if row.value is None else self._on_scale(row.value)

    def bar(self, row: TimelineRow) -> str:
        """Return the bar of a visit, and beside it the figure where bars are in per cent."""
        share = self.share(row)
        if share is None and not row.value_text:
            return self._nothing(row)
        if not self.cells:
            return self._figure(share)
        return f"{''.join(self._cells(row, share))} {self._figure(share)}".rstrip()

    def _nothing(self, row: TimelineRow) -> str:
        if not self.cells:
            return "-" if self.in_per_cent else ""
        return "not all measured" if row.complete is False else "not measured"

    def _figure(self, share: Decimal | None) -> str:
        return "" if share is None or not self.in_per_cent else f"{words.percent(share):>{self.figure_width}}"

    def _cells(self, row: TimelineRow, share: Decimal | None) -> list[str]:
        filled = 0 if share is None else self.scale.length(share)
        if share is None and row.value_from:
            filled = self.scale.length(max(self._on_scale(row.value_from), Decimal(0)))
        cells = [self.full] * filled + [self.rest] * (self.cells - filled)
        for value, stop in self.scale.stops.items():
            cells[stop - 1] = self._mark(value)
        if share is None:
            self._sign(cells, row, filled)
        elif not share and self.is_log:
            cells[0] = "<"
        return cells

    def _mark(self, value: Decimal) -> str:
        here = [name for name, limit in self.marks if self._on_scale(limit) == value]
        return self.line if any(drawn.way(name) not in drawn.UPWARD for name in here) else self.dotted

    def _sign(self, cells: list[str], row: TimelineRow, filled: int) -> None:
        """Put the sign of a bound where it is, beside a mark rather than on it."""
        if row.value_to is None and row.value_from:
            place, sign, aside = min(filled + 1, self.cells), ">", 1
        else:
            end = Decimal(0) if row.value_to is None else self._on_scale(row.value_to)
            place, sign, aside = max(self.scale.length(max(end, Decimal(0))), 1), "<", -1
        marks = set(self.scale.stops.values())
        if place in marks and 1 <= place + aside <= self.cells and place + aside not in marks:
            place += aside
        cells[place - 1] = sign

    def axis(self, *, plain_words: bool = False) -> str:
        """Return the line under the bars: both ends and the marks, as far as they do not run into each other."""
        line = [" "] * (self.cells + (_BESIDE if self.in_per_cent else 0))
        for place, text in self._labels(plain_words=plain_words):
            start = max(0, min(place - 1, len(line) - len(text)))
            if not "".join(line[max(0, start - 1) : start + len(text) + 1]).strip():
                line[start : start + len(text)] = text
        return "".join(line).rstrip()

    def _labels(self, *, plain_words: bool) -> Iterable[tuple[int, str]]:
        if self.is_log:
            return [
                (self.scale.stops[value], ("" if plain_words else drawn.level(name)) or words.figure(value, ""))
                for name, value in self._by_weight()
            ]
        stops = [(self._mark(value), stop, self._short(value)) for value, stop in self.scale.stops.items()]
        better = [(stop, text) for mark, stop, text in stops if mark == self.line]
        worse = [(stop, text) for mark, stop, text in stops if mark != self.line]
        ends = [(self.cells, self._short(self.scale.high))]
        if self.in_per_cent:
            ends.append((self.scale.cell(_HUNDRED), "100"))
        return [*better, (0, "0"), *worse, *ends]

    def _by_weight(self) -> list[tuple[str, Decimal]]:
        """Return the marks of a logarithmic scale, whole powers of ten before what stands between them."""
        found = [(name, value) for name, value in self.marks if value in self.scale.stops]
        return sorted(found, key=lambda mark: (mark[1].log10() % 1 != 0, abs(mark[1].log10()) != 1))

    def _short(self, value: Decimal) -> str:
        return f"{value:.0f}" if self.in_per_cent else drawn.amount(value, self.timeline.status.unit)


def _needs_a_whole(timeline: Timeline) -> bool:
    """Say whether values without a baseline are drawn against the largest: sizes, which have no scale of their own."""
    return timeline.most is None and not timeline.status.unit.startswith("%")


def _ends(row: TimelineRow) -> Iterator[Decimal]:
    """Yield the ends of a value that was printed as a bound."""
    if row.value_text:
        yield from (end for end in (row.value_from, row.value_to) if end is not None)
