"""
The bars of a timeline: what a full bar stands for, and where the mark of a partial response is.

Text only: block characters, or `#`, `.` and `|` where the encoding has no others.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from .. import words

if TYPE_CHECKING:
    from ..views import Timeline, TimelineRow

_HUNDRED = Decimal(100)
_BLOCKS, _ASCII = ("\u2588", "\u00b7", "\u2502"), ("#", ".", "|")


class Bars:
    """
    One bar a visit, in per cent of the baseline where there is one, else of the largest value.

    `cells` is the length of a bar (0: figures alone), `mark` the per cent at which a partial response
    begins (None: this family has no such limit), `end` the per cent at the end of a full bar.
    """

    def __init__(self, timeline: Timeline, cells: int, *, unicode: bool) -> None:
        status = timeline.status
        base = status.baseline_value
        values = [row.value for row in timeline.rows if row.value is not None]
        self.cells = cells
        self.of_baseline = bool(base)
        self.limit = next((value for name, value in status.thresholds if name.startswith("partial_to")), None)
        self.mark = self.limit * 100 / base if self.limit is not None and base else None
        self.full, self.rest, self.line = _BLOCKS if unicode else _ASCII
        self._whole = base or max(values, default=None)
        shares = [share for row in timeline.rows if (share := self.share(row)) is not None]
        # In whole fifties above 100, so that a patient's scale seldom changes from visit to visit.
        self.end = max(_HUNDRED, (max(shares, default=_HUNDRED) / 50).to_integral_value(ROUND_CEILING) * 50)
        self.figure_width = max((len(words.percent(share)) for share in shares), default=0)

    def share(self, row: TimelineRow) -> Decimal | None:
        """Return the value of a visit in per cent of the baseline (else of the largest); None without a value."""
        if row.pct_of_baseline is not None:
            return row.pct_of_baseline
        return row.value * 100 / self._whole if row.value is not None and self._whole else None

    def bar(self, row: TimelineRow) -> str:
        """Return the bar of a visit and the figure beside it."""
        share = self.share(row)
        if share is None:
            return "not all measured" if self.cells else "-"
        figure = f"{words.percent(share):>{self.figure_width}}"
        return f"{self._drawn(share)} {figure}" if self.cells else figure

    def _drawn(self, share: Decimal) -> str:
        length = self._place(share)
        if share > 0:
            length = max(length, 1)  # something is there, and is seen to be
        if self.mark is not None:
            # A bar reaches the mark only if the value does: rounding to cells must not decide it.
            stop = self._place(self.mark)
            length = min(length, stop) if share <= self.mark else max(length, min(stop + 1, self.cells))
        drawn = [self.full] * length + [self.rest] * (self.cells - length)
        if self.mark is not None:
            drawn[self._place(self.mark) - 1] = self.line
        return "".join(drawn)

    def _place(self, share: Decimal) -> int:
        """Return how many cells so many per cent fill."""
        return int((share * self.cells / self.end).to_integral_value(ROUND_HALF_UP))

    def axis(self) -> str:
        """Return the line under the bars: 0, the mark, 100 and the end, as far as they do not run into each other."""
        line = [" "] * (self.cells + 4)
        for share in (Decimal(0), self.mark, self.end, _HUNDRED):
            if share is None:
                continue
            text = f"{share:.0f}"
            start = max(0, self._place(share) - 1)
            if not "".join(line[max(0, start - 1) : start + len(text) + 1]).strip():
                line[start : start + len(text)] = text
        return "".join(line).rstrip()
