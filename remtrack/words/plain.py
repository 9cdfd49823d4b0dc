"""
The same in plain words, for patients and those who care for them.

No abbreviation without its words, no alarm and no advice. Blood cancers have a remission, solid
tumours a response. What a clinician reads as a category is said as what was seen.
"""

from __future__ import annotations

import re
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
    BLOOD,
    clean,
    count,
    current_episode,
    figure,
    has_scans,
    in_days,
    is_after_progression,
    is_blood,
    is_proven,
    is_undetectable,
    long_day,
    looked_at,
    milestone_name,
    months,
    percent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ..verdict import Episode, Explanation, Milestone
    from ..views import RemissionRow, StatusRow

REMARK = "Something in these entries was marked for a second look by the care team."

# The published rules by their full name.
_RULES = {
    "recist-1.1": "Response Evaluation Criteria in Solid Tumours, version 1.1 (RECIST 1.1)",
    "irecist": "Response Evaluation Criteria in Solid Tumours for immunotherapy (iRECIST)",
    "mrecist-hcc": "Modified Response Evaluation Criteria in Solid Tumours for liver cancer (mRECIST)",
    "rano-2.0": "Response Assessment in Neuro-Oncology, version 2.0 (RANO 2.0)",
    "lugano-2014": "The Lugano classification for lymphoma of 2014",
    "blood-aml-eln-2022": "European LeukemiaNet recommendations for acute myeloid leukaemia of 2022 (ELN 2022)",
    "blood-all": "Criteria for acute lymphoblastic leukaemia of the National Comprehensive Cancer Network (NCCN) "
    "and European LeukemiaNet (ELN)",
    "blood-cml-eln-2020": "European LeukemiaNet recommendations for chronic myeloid leukaemia of 2020 (ELN 2020)",
    "blood-cll-iwcll-2018": "International Workshop on Chronic Lymphocytic Leukemia guidelines of 2018 (iwCLL 2018)",
    "myeloma-imwg-2016": "International Myeloma Working Group criteria of 2016 (IMWG 2016)",
    "markers": "Rules for tumour markers in blood",
}
_MARKER_RULES = {
    "CA-125": "Rules for cancer antigen 125 (CA-125) of the Gynecologic Cancer InterGroup of 2011 (GCIG 2011)",
    "PSA": "Rules for prostate-specific antigen (PSA) of the Prostate Cancer Working Group 3 of 2016 (PCWG3 2016)",
}
# Where neither a remission nor a size is followed, this stands before what a check showed. In chronic myeloid
# leukaemia on treatment nobody speaks of a remission but of how deep the molecular response is.
_OF_WHAT = {"blood-cml-eln-2020": "Leukaemia gene in blood", "markers": "Marker in blood"}
# Of what a category says, when no label of its own is at hand.
_OWN: dict[str, dict[str, str]] = {
    "blood-cml-eln-2020": {
        COMPLETE: "deep molecular response",
        PARTIAL: "major molecular response",
        MINOR: "some response, not yet major",
        STABLE: "no clear change",
        PROGRESSION: "the disease is more active",
        RELAPSE: "risen again",
    },
    "markers": {
        COMPLETE: "in the normal range",
        PARTIAL: "fallen as far as the rules ask of a marker response",
        STABLE: "no clear change",
        POSSIBLE_PROGRESSION: "may be rising; a further sample is needed to know",
        PROGRESSION: "risen as far as the rules ask",
    },
}
# What a family measures, and its unit, as a person at home would say them.
_MEASURES = {
    "mm": "All measured tumours together",
    "sum of viable diameters": "The active part of all measured tumours together",
    "mm²": "All measured areas together",
    "sum of products of nodes": "All measured lymph nodes together",
    "marrow blasts": "Immature cells (blasts) in the bone marrow",
    "BCR::ABL1": "Leukaemia gene in blood (BCR::ABL1)",
    "CA-125": "Cancer antigen 125 (CA-125) in blood",
    "PSA": "Prostate-specific antigen (PSA) in blood",
    "M-protein in serum": "Myeloma protein (M-protein) in blood",
    "M-protein in urine": "Myeloma protein (M-protein) in urine",
    "light-chain difference": "Difference between the free light chains in blood",
    "plasma cells in the marrow": "Plasma cells in the bone marrow",
}
# Abbreviations in the plain labels of families.
_ABBREVIATIONS = {"PET": "positron emission tomography", "PSA": "prostate-specific antigen"}
_ABBREVIATED = re.compile(r"\b(?:PET|PSA)\b")
# Values of a laboratory by the name under which they are entered.
_TESTS = {
    "bm_blasts_pct": "the immature cells (blasts) in the bone marrow",
    "pb_blasts_pct": "the immature cells (blasts) in blood",
    "anc": "the neutrophils (white blood cells)",
    "plt": "the platelets",
    "hb": "the haemoglobin",
    "emd": "disease outside the marrow",
    "bcr_abl_is_pct": "the leukaemia gene in blood",
    "abl1_copies": "the control copies of the sample",
    "ca125": "cancer antigen 125 (CA-125)",
    "psa": "prostate-specific antigen (PSA)",
    "serum_m": "the myeloma protein in blood",
    "urine_m": "the myeloma protein in urine",
    "iflc": "the free light chain of the myeloma",
    "uflc": "the other free light chain",
    "sife": "the immunofixation in blood",
    "uife": "the immunofixation in urine",
    "bmpc_pct": "the plasma cells in the bone marrow",
    "pb_blasts_abs": "the immature cells (blasts) in blood",
    "nodes_spd": "the size of the lymph nodes",
    "largest_node_mm": "the size of the largest lymph node",
    "spleen_cm": "the size of the spleen",
    "spleen_mm": "the size of the spleen",
    "dps": "the score of the scan for activity",
    "uptake_vs_baseline": "how active the scan is against the first one",
}
_NOT_ENTERED = re.compile(r"nothing is entered for (?P<test>\w+)")
_UNIT_OF_A_TEST = re.compile(r"_(?:pct|mm2|mm|cm|ml)\b")
_JARGON = re.compile(r"\w_\w|\b(?!CA-125\b|PSA\b)[A-Z]{2,}|\b[a-z]+[A-Z]|::|[<>=]")
_UNITS = {
    "mm": "millimetres",
    "mm²": "square millimetres",
    "%": "per cent",
    "% IS": "per cent (International Scale)",
    "g/dL": "grams per decilitre",
    "mg/24h": "milligrams in 24 hours",
    "mg/L": "milligrams per litre",
    "U/mL": "units per millilitre",
    "ng/mL": "nanograms per millilitre",
}
# From the second complete remission on they are spoken of by number.
_NTH = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
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
    return "remission" if word == "remission" or is_blood(criteria) else "response"


def level_of(kind: str, word: str, criteria: str, code: str = "") -> str:
    """
    Return what a stretch of that kind is: "complete remission", "partial response", "molecular response".

    In myeloma only a complete one is a remission, and a partial one may be very good; genes and markers in blood
    have a response of their own.
    """
    if criteria in _OWN:
        return "molecular response" if criteria != "markers" else "marker response"
    if kind == PARTIAL and criteria.startswith("myeloma"):
        return "very good partial response" if code == "VGPR" else "partial response"
    return f"{'complete' if kind == COMPLETE else 'partial' if kind == PARTIAL else 'minor'} {word_for(word, criteria)}"


def heading(kind: str, word: str, criteria: str) -> str:
    """Return the label of a stretch: "Remission", "Response"."""
    return level_of(kind, word, criteria).split()[-1].capitalize()


def rules(criteria: str, title: str) -> str:
    """Return the name of the published rules, written out where it is known."""
    named = next((name for start, name in _MARKER_RULES.items() if title.startswith(start)), "")
    return named or _RULES.get(criteria) or f"The published rules called {title or criteria}"


def state(row: StatusRow) -> str:
    """Say where one line of one patient stands by its latest visit."""
    if row.progression_on is None or not is_after_progression(row):
        return _latest(row)
    if row.criteria in _OWN:
        seen = f"{_OF_WHAT[row.criteria]}: a clear rise was seen"
    else:
        seen = "The disease was more active" if _is_blood(row) else "Growth (or a new area) was seen"
    return f"{seen} on {long_day(row.progression_on)}. {_latest(row)}"


def _latest(row: StatusRow) -> str:
    kind = row.current_kind
    if not row.current:
        look = looked_at(row.criteria)
        if row.visits == 0:
            return f"No {look} has been entered yet."
        return f"One {look} has been entered so far. The next one can be compared with it."
    if kind == NOT_EVALUABLE:
        return not_rated(row.undecided, row.criteria)
    if row.criteria in _OWN:
        return _in_blood(row)
    if kind in RESPONSE_KINDS:
        return _blood_response(row) if _is_blood(row) else _solid_response(row)
    if kind in END_KINDS:
        return _growth_or_return(row)
    if kind == NO_DISEASE:
        return f"No evidence of disease on tests{_since(row.since)}."
    if kind == POSSIBLE_PROGRESSION:
        label = _label(row)
        return _sentence(label) if label and _is_blood(row) else "Possible growth; a repeat scan is needed to know."
    return _little_change(row)


def _label(row: StatusRow) -> str:
    """Return the plain label that the family gives its current category, "" where it is not known."""
    return spelled(row.labels[row.current][1]) if row.current in row.labels else ""


def spelled(label: str) -> str:
    """Return a label with the words of an abbreviation before it, and nowhere else."""
    return _ABBREVIATED.sub(lambda found: f"{_ABBREVIATIONS[found[0]]} ({found[0]})", unspelled(label))


def unspelled(label: str) -> str:
    """Return a label without the words of its abbreviations, for a narrow column."""
    for said in _ABBREVIATIONS.values():
        label = label.replace(f" ({said})", "")
    return label


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _is_blood(row: StatusRow) -> bool:
    return word_for(row.word, row.criteria) == "remission"


def _since(day: date | None) -> str:
    return f" since {long_day(day)}" if day else ""


def _in_blood(row: StatusRow) -> str:
    """Say what a gene or a marker in blood showed, and since when where it had fallen."""
    label = _label(row) or _OWN[row.criteria].get(row.current_kind, "")
    episode, since = current_episode(row), row.since
    if episode is not None:  # MR4 and MR4.5 are one and the same to a patient, from the first of them on
        alike = [on for code, on in episode.levels if code in row.labels and spelled(row.labels[code][1]) == label]
        since = min(alike, default=row.since)
    fallen = row.current_kind in (*RESPONSE_KINDS, MINOR)
    if row.current_kind == MINOR and row.episodes and row.episodes[-1].episode.ended_on is not None:
        return f"{_OF_WHAT[row.criteria]}: {label.replace('not yet', 'no longer')}."
    seen = f" Seen since {long_day(since)}." if fallen and since else ""
    return f"{_OF_WHAT[row.criteria]}: {label}.{seen}"


def _blood_response(row: StatusRow) -> str:
    label, latest = _label(row), row.episodes[-1] if current_episode(row) is not None else None
    if latest is None and row.word == "remission":
        # A response that is not counted as a remission (AML, ALL).
        return f"{_sentence(label or 'fewer leukaemia cells')} Not yet a remission.".replace(
            ", not yet a remission. Not yet a remission.", ", not yet a remission."
        )
    level = level_of(row.current_kind, row.word, row.criteria, row.current)
    tail = label.removeprefix(level).removeprefix(", ")
    more = f"{',' if label.startswith(level) else ':'} {tail}" if tail else ""
    if not is_proven(row) or (latest is not None and latest.episode.lasted_month != YES):
        return f"This check meets {level}{more}. It needs to hold."
    nth = f"{_NTH[latest.number - 2]} " if latest and 2 <= latest.number < 2 + len(_NTH) else ""
    return _sentence(f"{nth}{level}{_since(_level_on(row))}{more}")


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
    measured = "the measured tumours are" if row.unit == "mm" else "the measured areas are"
    if row.criteria.startswith("mrecist"):
        measured = "the active part of the measured tumours is"
    return f"{measured} {percent(change).removesuffix('.0')}% smaller than at the start"


def _growth_or_return(row: StatusRow) -> str:
    on = row.progression_on or row.since
    day = f" on {long_day(on)}" if on else ""
    label = _label(row)
    if _is_blood(row):
        if row.current_kind != RELAPSE:
            active = "The disease is more active"
            if not label or label == "the disease is more active":
                return f"{active}."
            return _sentence(label) if label.startswith("the ") else f"{active}: {label}."
        disease = next((name for start, name in BLOOD.items() if row.criteria.startswith(start)), "disease")
        seen = f" (seen{day})" if day else ""
        return f"The {disease} has come back{seen}{_more(label, 'come back')}."
    was_complete = bool(row.episodes) and row.episodes[-1].episode.kind == COMPLETE
    if row.current_kind == RELAPSE or was_complete or row.best_response == "NED":
        return f"The cancer {f'was seen again{day}' if day else 'has been seen again'}."
    if label not in ("", "growth, or a new area"):
        return f"This check was read as: {label}."
    return "The measurements show growth (or a new area)."


def _more(label: str, said: str) -> str:
    return f": {label}" if label and said not in label else ""


def _little_change(row: StatusRow) -> str:
    label = _label(row)
    if _is_blood(row):
        if row.current_kind == STABLE and label in ("", "no clear change"):
            return "No clear change."
        return _sentence(label) if label else "No clear change."
    if row.current_kind == MINOR:
        return "A little smaller, by less than counts as a partial response."
    if row.current.startswith("Non-") or label.startswith("still seen"):
        return "The areas that are watched without being measured are still seen, with no clear growth."
    return "Stable: only a small change, not counted as growth or shrinkage."


def not_rated(missing: Sequence[str], criteria: str = "") -> str:
    """Say that a visit cannot be rated, and why: `missing` are sentences such as "L2 was not assessed"."""
    told = [said for one in missing if (said := _said_at_home(one, scans=has_scans(criteria)))]
    if not missing and not has_scans(criteria):
        return "This visit cannot be rated by these rules."
    if not told:
        return "This visit cannot be rated because something was not measured."
    because = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return f"This visit cannot be rated because {clean(because)}."


def _said_at_home(missing: str, *, scans: bool) -> str:
    """Return what was missing, the values of a laboratory by words; "" where only its own terms could say it."""
    found = _NOT_ENTERED.match(missing)
    if found is not None and (found["test"] in _TESTS or not scans):
        test = found["test"]
        return f"nothing is entered for {_TESTS.get(test) or _UNIT_OF_A_TEST.sub('', test).replace('_', ' ')}"
    return missing if scans or not _JARGON.search(missing) else ""


def short(kind: str, word: str, criteria: str, label: str = "") -> str:
    """Return a state for a narrow column: the plain label of its category where it is given."""
    if label:
        return label
    if criteria in _OWN:
        return _OWN[criteria].get(kind, "")
    return (_SHORT_BLOOD if word_for(word, criteria) == "remission" else _SHORT_SOLID).get(kind, "")


def explained(told: Explanation) -> str:
    """Say what one visit showed."""
    look = looked_at(told.criteria)
    if not told.overall:
        return f"This is the {look} that later ones are compared with."
    if told.kind == NOT_EVALUABLE:
        return not_rated(told.undecided, told.criteria)
    return f"This {look} was read as: {short(told.kind, '', told.criteria, spelled(told.plain))}."


def score(row: StatusRow) -> str:
    """Say how active a scan was on the scale from 1 to 5, now and at the start; "" where that is not followed."""
    told = {fact.name: fact.value for fact in row.beside}
    now, first = told.get("score"), told.get("score_first")
    if now is None:
        return ""
    start = f", {Decimal(first):.0f} at the start" if first is not None else ""
    scan = spelled("PET")
    return f"{Decimal(now):.0f} of 5 on the {scan} scan now{start}. A lower score means less activity."


def size(row: StatusRow) -> str:
    """Say how much there is of what is measured, now and at the start; "" where nothing is."""
    measure = _MEASURES.get(row.measure) or _MEASURES.get(row.unit)
    if measure is None or (row.baseline_value is None and row.value is None):
        return ""
    now = amount(row.value, row.unit) or row.value_text
    if is_undetectable(row):
        now = "not detected"
    at_first = "at the start" if has_scans(row.criteria) else "before treatment"
    if row.judges_baseline:
        at_first = "in the first sample"
    on = f" on {long_day(row.baseline_on)}" if row.baseline_on and has_scans(row.criteria) else ""
    start = f"{amount(row.baseline_value, row.unit)} {at_first}{on}" if row.baseline_value is not None else ""
    if not now or (row.visits == 1 and start):
        return f"{measure}: {start}." if start else ""
    node = row.unit == "mm" and row.current_kind == COMPLETE and row.value is not None and row.value > 0
    return (
        f"{measure}: {now} now{f', {start}' if start else ''}."
        f"{' A lymph node of normal size still has a size.' if node else ''}"
    )


def amount(value: Decimal | None, unit: str) -> str:
    """Return a value with its unit written out: "32 millimetres", "0.0032 per cent on the International Scale"."""
    if value is None:
        return ""
    return f"{figure(value, unit).removesuffix('.0')} {_UNITS.get(unit, unit)}".rstrip()


def span(days: int) -> str:
    """Return "20 days", "182 days, about 6 months", from two years on "1698 days, about 4 years and 8 months"."""
    if days < 61:
        return in_days(days)
    whole = int(months(days, 0))
    if whole <= 24:
        return f"{in_days(days)}, about {whole} months"
    years, rest = divmod(whole, 12)
    more = f" and {count(rest, 'month')}" if rest else ""
    return f"{in_days(days)}, about {count(years, 'year')}{more}"


def response(row: RemissionRow) -> str:
    """Say what a stretch of response or remission reached, and from when to when it was seen."""
    episode = row.episode
    level = level_of(episode.kind, episode.word, row.criteria, episode.category)
    word, reached = level.split()[-1], _reached(row, level)
    if row.criteria.startswith("blood-cml") and row.episode.category in row.labels:
        return _molecular(row)
    if 2 <= row.number < 2 + len(_NTH) and row.criteria not in _OWN:
        level = f"{_NTH[row.number - 2]} {level}"
    level = f"{level[0].upper()}{level[1:]}{reached}"
    began, since = episode.began_on, level_on(row)
    if episode.days == 0 and episode.ended_on is None:
        return f"{level}, seen once, on {long_day(since)}."
    earlier = f" (the {word} began on {long_day(began)})" if since != began else ""
    return f"{level} from {long_day(since)}{earlier}{_until(episode)}: {span(episode.days)}."


def _until(episode: Episode) -> str:
    if episode.ended_on is not None:
        return f" until {long_day(episode.ended_on)}"
    return f", last seen on {long_day(episode.last_seen_on)}"


def _molecular(row: RemissionRow) -> str:
    """Say the same of a gene in blood: how deep it got, which may have been lost before the response was."""
    episode, since = row.episode, level_on(row)
    level = row.labels[episode.category][1]
    level = f"{level[0].upper()}{level[1:]}"
    if episode.days == 0 and episode.ended_on is None:
        return f"{level}, seen once, on {long_day(since)}."
    ran = f"from {long_day(episode.began_on)}{_until(episode)}: {span(episode.days)}."
    return f"{level} {ran}" if since == episode.began_on else f"{level} first seen on {long_day(since)}. Response {ran}"


def level_on(row: RemissionRow) -> date:
    """Return when the level of a stretch was first seen; levels that a patient is told the same of are one."""
    episode, labels = row.episode, row.labels
    own = labels[episode.category][1] if row.criteria in _OWN and episode.category in labels else None
    same = (
        on
        for code, on in episode.levels
        if code == episode.category or (own is not None and code in labels and labels[code][1] == own)
    )
    return min(same, default=episode.began_on)


def became(row: RemissionRow, level: str) -> str:
    """Say that a stretch got better: "it became a complete remission"."""
    told = row.labels.get(row.episode.category)
    if row.criteria in _OWN and told:
        return f"it became a {told[1]}" if told[1].endswith("response") else spelled(told[1])
    return f"it became a {level}"


def _reached(row: RemissionRow, level: str) -> str:
    """Return in brackets what a family of blood says of the level that was reached, where it says more."""
    code = row.episode.category
    if code not in row.labels or not (is_blood(row.criteria) or row.criteria in _OWN):
        return ""
    label = spelled(row.labels[code][1])
    more = label.removeprefix(level).removeprefix(", ")
    return f" ({more})" if more else ""


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


def milestone(mark: Milestone, last_seen_on: date | None, criteria: str = "") -> str:
    """Say what is known of an anniversary, as time without evidence of return."""
    name = milestone_name(mark.label)
    if mark.state == "confirmed":
        held = "without evidence of return on tests"
        if criteria.startswith("blood-cml"):
            held = "of deep molecular response"
        return f"{name} {held} ({long_day(mark.due_on)}): shown by a check."
    last = f"; the last check was on {long_day(last_seen_on)}" if last_seen_on else ""
    return f"{name} would be {long_day(mark.due_on)}. That day has passed without a check{last}."
