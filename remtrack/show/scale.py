"""
Where a value stands among the cells of a bar: on a linear or a logarithmic scale, with marks between the cells.

Numbers only. A value is on the same side of each mark as it is of its threshold: rounding to cells never decides it.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ZERO, _HUNDRED = Decimal(0), Decimal(100)
# The ends that a linear scale may have, times a power of ten.
_ROUND_ENDS = tuple(Decimal(step) for step in (10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100))


class Threshold(NamedTuple):
    """A place that is marked: `value`, and whether that value itself is already beyond it."""

    value: Decimal
    starts_beyond: bool

    def passed_by(self, value: Decimal) -> bool:
        return value >= self.value if self.starts_beyond else value > self.value


class Scale:
    """
    So many cells, from `low` (linear: 0) to `high`; on a logarithmic scale both are powers of ten.

    `stops` are the cells of the marks by their value, counted from 1, each value with one of its own. A bar that
    is longer than the stop of a mark has passed it.
    """

    def __init__(
        self, cells: int, low: Decimal, high: Decimal, marks: Iterable[Threshold] = (), *, is_log: bool
    ) -> None:
        self.cells, self.low, self.high, self.is_log = cells, low, high, is_log
        self._position = self._on_log if is_log else self._on_line
        self.marks = tuple(mark for mark in marks if is_log is False or mark.value > 0)
        self.stops = self._placed(sorted({mark.value for mark in self.marks}))

    def _on_line(self, value: Decimal) -> Decimal:
        return value / self.high if self.high else _ZERO

    def _on_log(self, value: Decimal) -> Decimal:
        low, high = self.low.log10(), self.high.log10()
        return (value.log10() - low) / (high - low) if value > 0 else _ZERO

    def cell(self, value: Decimal) -> int:
        """Return how many cells a value fills, from 0 to all of them, by rounding alone."""
        filled = int((self._position(value) * self.cells).to_integral_value(ROUND_HALF_UP))
        return min(max(filled, 0), self.cells)

    def _placed(self, values: Sequence[Decimal]) -> dict[Decimal, int]:
        if not values or self.cells <= len(values):
            return {}
        stops = [min(max(self.cell(value), 1), self.cells - 1) for value in values]
        for n in range(1, len(stops)):
            stops[n] = max(stops[n], stops[n - 1] + 1)
        most = self.cells - 1
        for n in reversed(range(len(stops))):
            stops[n] = min(stops[n], most)
            most = stops[n] - 1
        return dict(zip(values, stops, strict=True))

    def length(self, value: Decimal) -> int:
        """Return the cells of a bar: one at least where there is anything, and past just those marks that it passed."""
        length = max(self.cell(value), 1) if value > 0 else 0
        for mark in self.marks:
            stop = self.stops.get(mark.value)
            if stop is not None:
                length = max(length, stop + 1) if mark.passed_by(value) else min(length, stop)
        return length


def linear(cells: int, high: Decimal, marks: Iterable[Threshold] = ()) -> Scale:
    """Return a scale from 0 to `high`."""
    return Scale(cells, _ZERO, high, marks, is_log=False)


def logarithmic(cells: int, values: Iterable[Decimal], marks: Sequence[Threshold] = ()) -> Scale:
    """Return a scale in powers of ten, from the one under everything above 0 to the one over everything."""
    found = [value for value in (*values, *(mark.value for mark in marks)) if value > 0]
    least, most = min(found, default=Decimal(1)), max(found, default=Decimal(1))
    low, high = _power(least, ROUND_FLOOR), _power(most, ROUND_CEILING)
    # A mark at the very end could not be passed, a value at the very beginning not be seen.
    low -= low == least.log10()
    high += high == most.log10()
    return Scale(cells, Decimal(10) ** low, Decimal(10) ** high, marks, is_log=True)


def _power(value: Decimal, way: str) -> int:
    return int(value.log10().to_integral_value(way))


def round_end(value: Decimal) -> Decimal:
    """Return a round number that is at least the value, for the end of a linear scale: 62 gives 70, 0 gives 1."""
    if value <= 0:
        return Decimal(1)
    step = Decimal(10) ** (value.adjusted() - 1)
    return next(end * step for end in _ROUND_ENDS if end * step >= value)


def in_fifties(share: Decimal) -> Decimal:
    """Return the end of a scale in per cent: 100, above it in whole fifties, so that it seldom changes."""
    return max(_HUNDRED, (share / 50).to_integral_value(ROUND_CEILING) * 50)
