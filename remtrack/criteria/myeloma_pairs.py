"""
What two visits of a myeloma prove together: a level that the next visit keeps, a progression that it repeats.

A category needs two consecutive assessments, at any interval, before a new therapy; marrow and imaging do not
(Kumar 2016; Durie 2006, Table 5, footnote).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from ..episodes import DEATH
from ..model import Event, History
from ..verdict import NOT_EVALUABLE, Assessment
from .mprotein import LEVELS
from .myeloma_visit import Sample, find_growth

#: Growth that needs no second sample, as `myeloma_visit` names it.
LESIONS = ("bone", "new_plasmacytoma", "plasmacytoma")
PROVEN_AT_ONCE = frozenset(f"myeloma.pd.{what}" for what in (*LESIONS, "marrow"))


def repeats_progression(sample: Sample) -> bool:
    """Say whether a visit repeats the progression of the one before, against the same references."""
    suspect = sample.carried.suspect
    return suspect is not None and any(find_growth(sample, suspect.references).values())


def next_judged(visits: Sequence[Assessment], index: int, new_therapy_on: date | None) -> Assessment | None:
    """Return the next visit that could be judged, None when there is none before a new therapy."""
    for at in range(index + 1, len(visits)):
        if visits[at].kind != NOT_EVALUABLE:
            return visits[at] if is_counted(visits[at], new_therapy_on) else None
    return None


def is_counted(visit: Assessment, new_therapy_on: date | None) -> bool:
    return new_therapy_on is None or visit.visit_on <= new_therapy_on


def confirmed_levels(visits: Sequence[Assessment], new_therapy_on: date | None) -> list[str]:
    """
    Return the level that each visit confirms, "" for one that was not evaluable or shows progression.

    It is the lower of its own level and that of the next visit that could be judged; SD when that one shows
    progression, is after a new therapy or is not there.
    """
    found = []
    kept = "SD"  # what the visit after this one lets it confirm
    for visit in reversed(visits):
        if visit.kind == NOT_EVALUABLE:
            found.append("")
            continue
        is_progression = visit.overall == "PD"
        found.append("" if is_progression else max(visit.overall, kept, key=_RANKS.__getitem__))
        kept = "SD" if is_progression or not is_counted(visit, new_therapy_on) else visit.overall
    return found[::-1]


_RANKS = {code: rank for rank, code in enumerate(LEVELS)}


def proves_progression(visits: Sequence[Assessment], index: int, history: History) -> tuple[bool, str]:
    """Say whether the progression of a visit is proven, with a remark when it is not."""
    visit = visits[index]
    if next(finding.rule for finding in visit.findings if finding.part == "progression") in PROVEN_AT_ONCE:
        return True, ""
    closing_on = history.new_therapy_on
    later = next_judged(visits, index, closing_on)
    if later is not None and later.extra.get("repeats_progression_of") == visit.visit_on.isoformat():
        return True, ""
    died = next((event for event in history.events if event.event == DEATH), None)
    if died is not None and (later is None or died.event_on < later.visit_on):
        if is_death_from_myeloma(died) and (closing_on is None or died.event_on <= closing_on):
            return True, ""
        return (
            False,
            "progression seen once and not repeated before death; if myeloma was the cause, say so in its detail",
        )
    if later is not None:
        return False, f"progression was not repeated on {later.visit_on}"
    if closing_on is not None:
        return False, "progression was not repeated before the new therapy"
    return False, "progression is proven only when the next sample repeats it"


def is_death_from_myeloma(event: Event) -> bool:
    """Say whether the detail of a death names myeloma or its progression as the cause."""
    told = event.detail.casefold()
    denied = re.search(r"\b(not|no|non|unrelated|unknown|unclear|uncertain|unlikely|without|other)\b", told)
    return bool(re.search(r"myeloma|progress", told)) and not denied
