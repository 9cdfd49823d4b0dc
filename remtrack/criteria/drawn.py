"""
What a family leaves in its answers for the timeline to draw, besides the value and the thresholds.

    Assessment.extra["bound"]   what was printed in place of a number: said, least, most (None: no upper end)
    Course.extra["marks"]       further thresholds, (name, value) in the unit of the family, named as those of `limits`
    Course.extra["first"]       what the first visit measured, where that is not the baseline value: value, bound
    Course.extra["score"]       a score that is drawn in place of the value: measure, most, marks, first
    Assessment.extra["score"]   that score at a visit; `first` is the one at the baseline

A threshold is named by what begins there, the way in which, and its unit: `partial_to_mm` (at it or less),
`remission_below_pct`, `progression_from_mm` (at it or more), `progression_above`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import Amount


def bound(amount: Amount | None, said: str = "") -> dict[str, Any]:
    """
    Return what was printed in place of a number ("<0.1", "undetectable") for `extra`; nothing for a number.

    `said` is how it was printed where that is no bound but a word.
    """
    if amount is None or amount.value is not None:
        return {}
    most = amount.most if amount.most.is_finite() else None
    is_word = most is None and not amount.least and not amount.above_least
    return {"bound": {"said": (said if is_word else "") or str(amount), "least": amount.least, "most": most}}


def first(amount: Amount | None, baseline_value: Decimal | None, said: str = "") -> dict[str, Any]:
    """Return for `extra` what the first visit measured, where the baseline value is another or cannot say it."""
    value = None if amount is None else amount.value
    if value == baseline_value and (value is not None or amount is None):
        return {}
    return {"first": {"value": value, **bound(amount, said)}}
