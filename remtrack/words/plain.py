"""
The same in plain words, for patients and those who care for them.

No abbreviation without its words, no alarm and no advice. Blood cancers have a remission, solid
tumours a response. What a clinician reads as a category is said as what was seen.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ..verdict import (
    COMPLETE,
    END_KINDS,
    MINOR,
    NO,
    NO_DISEASE,
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    REFRACTORY,
    RELAPSE,
    RESPONSE_KINDS,
    STABLE,
    YES,
)
from . import (
    clean,
    count,
    current_episode,
    is_after_progression,
    is_proven,
    long_day,
    milestone_name,
    months,
    number,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ..verdict import Episode, Explanation, Milestone
    from ..views import StatusRow

REMARK = "Something in these entries was marked for a second look by the care team."

# The published rules by their full name.
_RULES = {
    "recist-1.1": "Response Evaluation Criteria in Solid Tumours, version 1.1 (RECIST 1.1)",
    "irecist": "Response Evaluation Criteria in Solid Tumours for immunotherapy (iRECIST)",
    "mrecist-hcc": "modified Response Evaluation Criteria in Solid Tumours for liver cancer (mRECIST)",
    "rano-2.0": "Response Assessment in Neuro-Oncology, version 2.0 (RANO 2.0)",
    "lugano-2014": "the Lugano classification for lymphoma of 2014",
    "blood-aml-eln-2022": "European LeukemiaNet recommendations for acute myeloid leukaemia of 2022 (ELN 2022)",
    "blood-all": "response criteria for acute lymphoblastic leukaemia (NCCN, ELN)",
    "blood-cml-eln-2020": "European LeukemiaNet recommendations for chronic myeloid leukaemia of 2020 (ELN 2020)",
    "blood-cll-iwcll-2018": "International Workshop on Chronic Lymphocytic Leukemia guidelines of 2018 (iwCLL 2018)",
    "myeloma-imwg-2016": "International Myeloma Working Group criteria of 2016 (IMWG 2016)",
    "markers": "rules for tumour markers in blood (CA-125: GCIG 2011, PSA: PCWG3 2016)",
}
# Where neither a remission nor a size is followed, a check is told in words of its own. In chronic myeloid
# leukaemia on treatment nobody speaks of a remission but of how deep the molecular response is.
_OWN: dict[str, dict[str, str]] = {
    "blood-cml-eln-2020": {
        COMPLETE: "Deep molecular response{since}.",
        PARTIAL: "The leukaemia gene in blood has fallen: molecular response by the level{since}.",
        STABLE: "No clear change of the leukaemia gene in blood.",
        PROGRESSION: "The leukaemia is more active.",
        RELAPSE: "The leukaemia gene in blood has risen again{since}.",
    },
    "markers": {
        COMPLETE: "The marker in blood is in the normal range{since}.",
        PARTIAL: "The marker in blood has fallen as far as the rules ask of a marker response{since}.",
        STABLE: "The marker in blood shows no clear change.",
        POSSIBLE_PROGRESSION: "The marker in blood may be rising; a further sample is needed to know.",
        PROGRESSION: "The marker in blood has risen as far as the rules ask{since}.",
    },
}
# Families of blood cancers by the beginning of their id, with the disease as it is commonly called.
_BLOOD = {"blood-": "leukaemia", "lugano": "lymphoma", "myeloma": "myeloma"}
_SHORT_BLOOD = {
    COMPLETE: "complete remission",
    PARTIAL: "partial remission",
    STABLE: "no clear change",
    REFRACTORY: "no clear change",
    PROGRESSION: "more active",
    RELAPSE: "has come back",
    NOT_EVALUABLE: "not rated",
}
_SHORT_SOLID = {
    COMPLETE: "no sign of it on tests",
    PARTIAL: "clearly smaller",
    MINOR: "a little smaller",
    STABLE: "about the same",
    NO_DISEASE: "no sign of it on tests",
    POSSIBLE_PROGRESSION: "possible growth",
    PROGRESSION: "growth or a new area",
    RELAPSE: "seen again",
    REFRACTORY: "not smaller",
    NOT_EVALUABLE: "not rated",
}


def word_for(word: str, criteria: str) -> str:
    """Return "remission" for blood cancers (lymphoma and myeloma too), "response" for solid tumours."""
    return "remission" if word == "remission" or criteria.startswith(tuple(_BLOOD)) else "response"


def rules(criteria: str, title: str) -> str:
    """Return the name of the published rules, written out where it is known."""
    return _RULES.get(criteria) or f"The published rules called {title or criteria}"


def state(row: StatusRow) -> str:
    """Say where one line of one patient stands by its latest visit."""
    if row.progression_on is None or not is_after_progression(row):
        return _latest(row)
    seen = "The disease was more active" if _is_blood(row) else "Growth (or a new area) was seen"
    return f"{seen} on {long_day(row.progression_on)}. {_latest(row)}"


def _latest(row: StatusRow) -> str:
    kind = row.current_kind
    if not row.current:
        if row.visits == 0:
            return "No scan has been entered yet."
        return "One scan has been entered so far. The next one can be compared with it."
    if kind == NOT_EVALUABLE:
        return not_rated(row.undecided)
    own = _OWN.get(row.criteria, {}).get(kind)
    if own is not None:
        return own.format(since=_since(row.since))
    if kind in RESPONSE_KINDS:
        return _blood_response(row) if _is_blood(row) else _solid_response(row)
    if kind in END_KINDS:
        return _growth_or_return(row)
    if kind == NO_DISEASE:
        return f"No evidence of disease on tests{_since(row.since)}."
    if kind == POSSIBLE_PROGRESSION:
        return "Possible growth; a repeat scan is needed to know."
    return _little_change(row)


def _is_blood(row: StatusRow) -> bool:
    return word_for(row.word, row.criteria) == "remission"


def _since(day: date | None) -> str:
    return f" since {long_day(day)}" if day else ""


def _blood_response(row: StatusRow) -> str:
    level = "complete" if row.current_kind == COMPLETE else "partial"
    if not is_proven(row):
        return f"This check meets {level} remission. It needs to hold."
    return f"{level.capitalize()} remission{_since(_level_on(row))}."


def _solid_response(row: StatusRow) -> str:
    if row.current_kind == COMPLETE:
        if is_after_progression(row):
            return "No sign of the cancer on this check."
        if not is_proven(row):
            return "No sign of the cancer on this check. A repeat check is needed to confirm."
        return f"Complete response (no evidence of disease on tests){_since(_level_on(row))}."
    smaller = _smaller(row)
    if is_after_progression(row):
        return f"On this check {smaller or 'less of the cancer was seen'}."
    if not is_proven(row):
        seen = smaller or "less of the cancer was seen"
        return f"On this check {seen}. A repeat check is needed to confirm a partial response."
    return f"Partial response{_since(_level_on(row))}{f': {smaller}' if smaller else ''}."


def _level_on(row: StatusRow) -> date | None:
    """Return when the current level was first seen: a stretch may have begun at a lower one."""
    episode = current_episode(row)
    if episode is None:
        return row.since
    return dict(episode.levels).get(row.current, episode.began_on)


def _smaller(row: StatusRow) -> str:
    change = row.change_from_baseline_pct
    if change is None or change >= 0:
        return ""
    return f"the measured tumours are {percent(change).removesuffix('.0')}% smaller than at the start"


def _growth_or_return(row: StatusRow) -> str:
    on = row.progression_on or row.since
    day = f" on {long_day(on)}" if on else ""
    if _is_blood(row):
        if row.current_kind != RELAPSE:
            return "The disease is more active."
        disease = next((name for start, name in _BLOOD.items() if row.criteria.startswith(start)), "disease")
        return f"The {disease} has come back{day}."
    was_complete = bool(row.episodes) and row.episodes[-1].episode.kind == COMPLETE
    if row.current_kind == RELAPSE or was_complete or row.best_response == "NED":
        return f"The cancer has been seen again{day}."
    return "The measurements show growth (or a new area)."


def _little_change(row: StatusRow) -> str:
    if _is_blood(row):
        return "No clear change."
    if row.current_kind == MINOR:
        return "A little smaller, by less than counts as a partial response."
    if row.current.startswith("Non-"):
        return "The areas that are watched without being measured are still seen, with no clear growth."
    return "Stable: only a small change, not counted as growth or shrinkage."


def not_rated(missing: Sequence[str]) -> str:
    """Say that a visit cannot be rated, and why: `missing` are sentences such as "L2 was not assessed"."""
    if not missing:
        return "This visit cannot be rated because something was not measured."
    because = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    return f"This visit cannot be rated because {clean(because)}."


def short(kind: str, word: str, criteria: str) -> str:
    """Return a state for a narrow column."""
    own = _OWN.get(criteria, {}).get(kind)
    if own is not None:
        return own.format(since="").rstrip(".").lower()
    return (_SHORT_BLOOD if word_for(word, criteria) == "remission" else _SHORT_SOLID).get(kind, "")


def explained(told: Explanation) -> str:
    """Say what one visit showed."""
    if not told.overall:
        return "This is the scan that later ones are compared with."
    if told.kind == NOT_EVALUABLE:
        return not_rated(told.undecided)
    return f"This scan was read as: {short(told.kind, '', told.criteria)}."


def size(row: StatusRow) -> str:
    """Say how large the measured tumours are together, and were at the start; "" where no size in mm is followed."""
    if row.unit != "mm" or row.baseline_value is None or row.baseline_on is None:
        return ""
    start = f"{short_number(row.baseline_value)} millimetres at the start on {long_day(row.baseline_on)}"
    if row.visits == 1 or row.value is None:
        return f"All measured tumours together: {start}."
    node = row.current_kind == COMPLETE and row.value > 0
    return (
        f"All measured tumours together: {short_number(row.value)} millimetres now, {start}."
        f"{' A lymph node of normal size still has a size.' if node else ''}"
    )


def short_number(value: Decimal) -> str:
    """Return a number with one decimal, without it where it is zero: "32", "12.5"."""
    return number(value).removesuffix(".0")


def span(days: int) -> str:
    """Return "20 days", "182 days, about 6 months"."""
    return count(days, "day") if days < 61 else f"{count(days, 'day')}, about {months(days, 0)} months"


def response(episode: Episode, criteria: str) -> str:
    """Say what a stretch of response or remission reached, and from when to when it was seen."""
    word = word_for(episode.word, criteria)
    level = f"{'Complete' if episode.kind == COMPLETE else 'Partial'} {word}"
    began, level_on = episode.began_on, dict(episode.levels).get(episode.category, episode.began_on)
    if episode.days == 0 and episode.ended_on is None:
        return f"{level}, seen once, on {long_day(level_on)}."
    earlier = f" (the {word} began on {long_day(began)})" if level_on != began else ""
    ended = episode.ended_on
    until = f" until {long_day(ended)}" if ended else f", last seen on {long_day(episode.last_seen_on)}"
    return f"{level} from {long_day(level_on)}{earlier}{until}: {span(episode.days)}."


def lasting(episode: Episode, as_of: date) -> str:
    """Say whether it lasted a month or more."""
    if episode.lasted_month == YES:
        return f"Yes. This was shown on {long_day(episode.lasted_on)}." if episode.lasted_on else "Yes."
    if episode.lasted_month == NO:
        if episode.ended_on is not None:
            unshown = ", and no check had shown it again" if episode.confirmed_on is None else ""
            return f"No. It ended on {long_day(episode.ended_on)}, after {span(episode.days)}{unshown}."
        return "No. The checks after it did not show it again."
    if episode.settles_on is None:
        return "Not known. A new treatment began before a check could answer it."
    when = long_day(episode.settles_on)
    if episode.settles_on > as_of:
        return f"Not known yet. A check on or after {when} can answer it."
    return f"Not known yet. A check can answer it since {when}; none has been entered."


def milestone(mark: Milestone, last_seen_on: date) -> str:
    """Say what is known of an anniversary, as time without evidence of return."""
    name = milestone_name(mark.label)
    if mark.state == "confirmed":
        return f"{name} without evidence of return on tests ({long_day(mark.due_on)}): shown by a check."
    return (
        f"{name} would be {long_day(mark.due_on)}. That day has passed without a check; "
        f"the last check was on {long_day(last_seen_on)}."
    )
