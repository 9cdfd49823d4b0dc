"""What the timeline of a myeloma draws besides the value of the item that is followed: its levels."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .drawn import first

if TYPE_CHECKING:
    from .mprotein import Line

#: VGPR of urine is under this, PR under twice as much (Kumar 2016, response table).
_URINE_OF_VGPR = Decimal(100)


def levels_drawn(line: Line) -> dict[str, Any]:
    """
    Return for `extra` where PR and VGPR begin by the item that is drawn, and what the baseline printed of it.

    The other items that are followed have to reach them too. Of urine 90 % less or under 200 mg/24h is PR.
    """
    if line.first is None or not line.followed:
        return {}
    before = line.baseline_value
    found = first(getattr(line.first, line.drawn), before)
    if before is None:
        return found
    half, tenth = ("partial_to", before / 2), before / 10
    marks: tuple[tuple[str, Decimal], ...] = (half,)
    if line.drawn == "serum":
        marks = (half, ("very_good_to", tenth))
    elif line.drawn == "difference":
        marks = (half, ("very_good_below", tenth))
    elif line.drawn == "urine":
        partial = ("partial_to", tenth) if tenth >= 2 * _URINE_OF_VGPR else ("partial_below", 2 * _URINE_OF_VGPR)
        marks = (partial, ("very_good_below", _URINE_OF_VGPR))
    return {**found, "marks": marks}
