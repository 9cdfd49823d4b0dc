"""
From which value on the next visit would read otherwise: the thresholds of a course in words.

A family names its thresholds by what lies beyond them (`partial_to_mm`, `progression_from`, `relapse_from_pct`,
`mr3_lost_above_pct`); here each name becomes a sentence, and one that is not known is still told in words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..verdict import NOT_EVALUABLE, RESPONSE_KINDS
from . import is_open, limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from ..views import StatusRow

_UNITS = {"mm": "mm", "mm2": "mm²", "pct": "%"}
_NAME = re.compile(r"(?P<what>\w+?)_(?P<way>to|from|above|below)(?:_(?P<unit>mm2|mm|pct))?")
_BEYOND = {"to": "at {at} or less", "from": "from {at}", "above": "above {at}", "below": "below {at}"}
# What is told of a side of the limit, and what else it hangs on.
_WHAT = {
    "partial": ("partial {word}", ""),
    "progression": ("progression", ""),
    "relapse": ("relapse", " of marrow blasts"),
    "remission": ("remission", " of marrow blasts, if the other items of it are met"),
    "marrow_partial": ("partial remission", " of marrow blasts, if the other items of it are met"),
    "nodes_partial": ("partial remission", " of nodes, if the other items of it are met"),
    "nodes_progression": ("progression", " of nodes"),
}
_LEVEL = re.compile(r"mr\d(_\d)?")
#: What a partial response or remission asks for, and everything better has.
_PARTIAL = ("partial_to", "partial_below", "nodes_partial_", "marrow_partial_")
#: The lowest value so far stands in a line of its own.
_NADIR = ("nadir", "nadir_mm")


def threshold_words(row: StatusRow) -> tuple[str, ...]:
    """
    Say from which value on the next visit would read otherwise: levels that are not reached yet, and the way back.

    Empty when the family names no limits, and once progression or relapse has closed the line.
    """
    return () if row.progression_on is not None else tuple(_told(row))


def _told(row: StatusRow) -> Iterator[str]:
    responds = _responds(row)
    growth = next((value for name, value in row.thresholds if name.startswith("progression_from")), None)
    for name, value in row.thresholds:
        if name in _NADIR or (responds and name.startswith(_PARTIAL)):
            continue
        if name.startswith("partial_to") and growth is not None and growth <= value:
            # Progression goes first: from its limit on, a size that is small enough is no partial response.
            yield _sentence(row, name.replace("_to", "_below"), growth, "progression_from")
        else:
            yield _sentence(row, name, value, name)


def _responds(row: StatusRow) -> bool:
    """Say whether a partial response or better is reached; a visit that could not be judged takes none away."""
    if row.current_kind != NOT_EVALUABLE:
        return row.current_kind in RESPONSE_KINDS
    return bool(row.episodes) and is_open(row.episodes[-1].episode)


def _sentence(row: StatusRow, name: str, value: Decimal, rounded_as: str) -> str:
    found = _NAME.fullmatch(name)
    if found is None:
        return f"{name.replace('_', ' ')}: {limit(name, value, row.unit)} {row.unit}".rstrip()
    what, after = _what(row, found["what"])
    unit = _UNITS.get(found["unit"] or "", row.unit)
    if unit == "%" and row.unit.startswith("%"):
        unit = row.unit
    at = f"{limit(rounded_as, value, unit)} {unit}".rstrip()
    return f"{what} {_BEYOND[found['way']].format(at=at)}{after}"


def _what(row: StatusRow, what: str) -> tuple[str, str]:
    if what == "partial" and row.criteria == "markers":
        return ("PSA50" if row.measure == "PSA" else "marker response"), ""
    if what in _WHAT:
        told, after = _WHAT[what]
        return told.format(word=row.word), after
    if _LEVEL.fullmatch(what):
        code = what.upper().replace("_", ".")
        return code, "" if code in ("MR1", "MR2", "MR3") else " with enough control copies"
    if what.endswith("_lost"):
        return f"loss of {what.removesuffix('_lost').upper().replace('_', '.')}", ""
    return what.replace("_", " "), ""
