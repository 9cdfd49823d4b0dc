"""
What is said on a timeline of what its family measures: the value, the thresholds, the scales beside it.

A threshold is a (name, value) pair. Its name says what begins there and which way: `partial_to_mm` (at it or less),
`remission_below_pct`, `progression_from_mm` (at it or more), `progression_above`. Names that are not known here (of a
family that was added) are said as they are.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ..verdict import PARTIAL
from . import count, figure, has_scans, limit, months, percent, quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..views import StatusRow, Timeline

_NAME = re.compile(r"(?P<subject>.+)_(?P<way>to|below|from|above)(?:_[a-z0-9]+)?")
#: The ways in which a threshold is the beginning of something worse.
UPWARD = ("from", "above")
#: The ways in which the value of the threshold itself is already beyond it.
STARTS_BEYOND = ("below", "from")

#: What a sign in place of a bar says.
SIGNS = {
    "<": "the value is somewhere below here: the laboratory gave a limit, or found none",
    ">": "the value is somewhere above here: the laboratory gave a limit",
}
_LONGEST_NUMBER = 7  # characters; a longer one has been worked out and is rounded
_HUNDRED = Decimal(100)

# What begins at a threshold: for clinicians ({word} is response or remission), and in plain words.
_SUBJECTS = {
    "partial": ("partial {word}", ""),
    "nodes_partial": ("the nodes of a partial {word}", "clearly smaller lymph nodes"),
    "nodes_progression": ("progression by the nodes", "growing lymph nodes"),
    "progression": ("progression", "growth"),
    "marrow_partial": ("the marrow of a partial remission", "a partial remission, as far as the marrow goes"),
    "remission": ("the marrow of a remission", "a remission, as far as the marrow goes"),
    "relapse": ("relapse", "a return of the leukaemia"),
    "very_good": ("very good partial response", "a very good partial response"),
    "normal": ("the normal range", "normal"),
    "psa50": ("PSA50, half of the value before treatment", "fallen by half"),
    "psa90": ("PSA90, a tenth of the value before treatment", "fallen by nine tenths"),
    "metabolic": ("complete metabolic response", "no sign of active lymphoma"),
}

# What else has to be so.
_BESIDES = {"nodes_progression": ", with a node of 15 mm or more"}

# What the families measure, in plain words: (what the bars show, what stands over the figures).
_MEASURES = {
    "sum of diameters": ("size of the measured tumours", "Millimetres"),
    "sum of viable diameters": ("size of the active part of the tumours", "Millimetres"),
    "marrow blasts": ("immature cells (blasts) in the bone marrow", "Per cent"),
    "BCR::ABL1": ("leukaemia gene in blood", "Per cent"),
    "sum of products": ("size of the measured areas", "Square mm"),
    "sum of products of nodes": ("size of the lymph nodes", "Square mm"),
    "M-protein in serum": ("myeloma protein in blood", ""),
    "M-protein in urine": ("myeloma protein in urine", ""),
    "light-chain difference": ("light chains of the myeloma in blood", ""),
    "plasma cells in the marrow": ("plasma cells in the bone marrow", "Per cent"),
    "CA-125": ("CA-125 in blood", ""),
    "PSA": ("PSA in blood", ""),
    "five-point score": ("PET score from 1 to 5", "Score"),
}

# The scales beside the headline, in the order in which they are told: a text, or a text by value ("" is left out).
_BESIDE: dict[str, str | dict[str, str]] = {
    "milestone": {"-": "", "tfr-ongoing": "off treatment", "tfr-lost": "off treatment, lost", "*": "{}"},
    "chr": {"yes": "CHR", "no": "no CHR", "*": "CHR {}"},
    "cyto": {"NE": "", "*": "{}"},
    "ct": "CT {}",
    "pet": "PET {}",
    "interim": {"True": "interim", "*": ""},
    "mrd": "{}",
    "mrd_status": "MRD {}",
    "cns": "{}",
    "four_weeks": "{}",
    "total_mm": "total {} mm",
    "new_sum_mm": "new lesions {} mm",
    "steroids": {"stable": "", "*": "steroids {}"},
    "clinical": {"stable": "", "*": "clinically {}"},
    "preliminary_pd": "pPD {}",
    "bone_new_lesions": "bone scan: {} new",
}


# Values


def amount(value: Decimal, unit: str, marks: Sequence[tuple[str, Decimal]] = ()) -> str:
    """
    Return a value with the decimals that matter, as `figure` does.

    One with many digits has been worked out, and is rounded, but never onto a threshold on which it is not.
    """
    text = figure(value, unit)
    if len(text) <= _LONGEST_NUMBER or unit.startswith("mm"):
        return text
    limits = {limit for _name, limit in marks}
    for places in range(max(1, 3 - value.adjusted()), 12):
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if rounded == value or rounded not in limits:
            return figure(rounded, unit)
    return text


def new(found: str) -> str:
    """Return for a narrow column what is said of new lesions: one that is still seen is no longer new."""
    return {"persisting": "still"}.get(found, found)


def area(value: Decimal) -> str:
    """Return a sum of products."""
    return quantity(value, "mm²")


# What is measured


def measure(timeline: Timeline, *, plain_words: bool) -> str:
    """Return what the bars show; in plain words without an abbreviation."""
    said = timeline.measure
    return _MEASURES.get(said, (said, ""))[0] if plain_words else said


def value_title(timeline: Timeline, *, plain_words: bool) -> str:
    """Return what stands over the figures."""
    unit = timeline.status.unit
    if plain_words:
        return _MEASURES.get(timeline.measure, ("", ""))[1] or unit or "Value"
    if unit.startswith("mm"):
        return f"Sum {unit}"
    return unit or ("Score" if timeline.most is not None else "Value")


def beside(extra: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in short what the side scales of a visit say ("optimal", "CHR", "CT PR"), those that are known here."""
    found = []
    for name, template in _BESIDE.items():
        if name not in extra:
            continue
        told = str(extra[name])
        text = template if isinstance(template, str) else template.get(told, template.get("*", ""))
        if text:
            found.append(text.format(told))
    return tuple(found)


# Thresholds


def marks(timeline: Timeline) -> tuple[tuple[str, Decimal], ...]:
    """
    Return the thresholds of a timeline: those that stay, and those of the next visit, what is named twice once.

    Where a line is over, no progression is told of a next visit. The loss of a level is at the mark of the level.
    """
    stay = timeline.marks
    known = {(value, way(name)) for name, value in stay}
    subjects = {subject(name) for name, _value in stay}
    is_over = timeline.status.progression_on is not None
    of_next = (
        (name, value)
        for name, value in timeline.status.thresholds
        if way(name) and not (is_over and way(name) in UPWARD) and not subject(name).endswith("_lost")
    )
    return (*stay, *(one for one in of_next if (one[1], way(one[0])) not in known and subject(one[0]) not in subjects))


def way(name: str) -> str:
    """Return which way a threshold goes: to, below, from, above; "" for what is none (the lowest value)."""
    found = _NAME.fullmatch(name)
    return found["way"] if found else ""


def subject(name: str) -> str:
    """Return what begins at a threshold, without its way and its unit: `mr4_5_to_pct` is mr4_5."""
    found = _NAME.fullmatch(name)
    return found["subject"] if found else name


def level(name: str) -> str:
    """Return the molecular level that begins at a threshold: MR4.5; "" where it is none."""
    found = re.fullmatch(r"mr(\d(?:_\d)?)", subject(name))
    return f"MR{found[1].replace('_', '.')}" if found else ""


class Caption(NamedTuple):
    """What is said of the marks at one place, and whether one of them begins something better."""

    is_better: bool
    text: str


def captions(timeline: Timeline, *, plain_words: bool) -> tuple[Caption, ...]:
    """Return what each mark is, from the lowest place to the highest; the levels of a logarithmic scale together."""
    every = marks(timeline)
    levels = [(name, value) for name, value in every if level(name)]
    rest = sorted((mark for mark in every if not level(mark[0])), key=lambda mark: mark[1])
    places: dict[Decimal, list[str]] = {}
    for name, value in rest:
        places.setdefault(value, []).append(name)
    found = [Caption(True, _levels(timeline, levels, plain_words=plain_words))] if levels else []
    for value, names in places.items():
        better = any(way(name) not in UPWARD for name in names)
        at_levels = any(value == one for _name, one in levels)
        said = _place(timeline, value, names, plain_words=plain_words)
        found.append(Caption(better or at_levels, said))
    return tuple(found)


def _levels(timeline: Timeline, levels: Sequence[tuple[str, Decimal]], *, plain_words: bool) -> str:
    unit = timeline.status.unit
    if plain_words:
        told = ", ".join(figure(value, unit) for _name, value in levels)
        return f"{told} per cent. Less is better: each step of ten to the left is a tenth of it."
    told = ", ".join(f"{level(name)} {figure(value, unit)}" for name, value in levels)
    return f"{told} {unit}: reached up to the mark, with enough control copies; logarithmic scale"


def _place(timeline: Timeline, value: Decimal, names: Sequence[str], *, plain_words: bool) -> str:
    status = timeline.status
    ways = _PLAIN_WAYS if plain_words else _WAYS
    unit = plain_unit(status.unit) if plain_words else status.unit
    shown = limit(names[0], value, status.unit)
    where = f"{shown.removesuffix('.0') if plain_words else shown} {unit}".rstrip()
    where = where if timeline.most is None else f"score {where}"
    share = _share(timeline, value, names[0], plain_words=plain_words)
    said = [f"{ways[way(name)]} {_means(status, name, plain_words=plain_words)}" for name in names]
    # A limit of growth moves with the lowest value: it is where it would be now, not where it was for earlier visits.
    next_visit = f" {_NEXT_VISIT}" if status.nadir_value is not None and way(names[-1]) in UPWARD else ""
    besides = "" if plain_words else "".join(_BESIDES.get(subject(name), "") for name in names)
    return f"{where}{share}: {'; '.join(said)}{next_visit}{besides}"


def plain_unit(unit: str) -> str:
    """Return a unit spelled out, where it is one that is not said as it is written."""
    return _PLAIN_UNITS.get(unit, unit)


_PLAIN_UNITS = {"mm": "millimetres", "mm²": "square millimetres", "%": "per cent", "% IS": "per cent"}
_WAYS = {"to": "up to it", "below": "below it", "from": "from it on", "above": "above it"}
_NEXT_VISIT = "at the next visit"
_PLAIN_WAYS = {
    "to": "up to this mark it counts as",
    "below": "below this mark it counts as",
    "from": "from this mark on it counts as",
    "above": "beyond this mark it counts as",
}


def _share(timeline: Timeline, value: Decimal, name: str, *, plain_words: bool) -> str:
    """Return a threshold in per cent: of growth over the lowest value, else under the baseline where bars show that."""
    status = timeline.status
    if way(name) in UPWARD:
        low = status.nadir_value
        if ("normal_to", value / 2) in timeline.marks:
            return " (twice the upper limit of normal)"
        if not low or plain_words or subject(name) == "relapse":
            return ""
        on = f" on {status.nadir_on}" if status.nadir_on else ""
        return f" (+{percent((value - low) * _HUNDRED / low)} % over the lowest, {quantity(low, status.unit)}{on})"
    base = status.baseline_value
    if not base or not is_of_baseline(timeline) or value >= base or subject(name) == "normal":
        return ""
    under = percent(_HUNDRED - value * _HUNDRED / base).removesuffix(".0")
    less = "smaller" if status.unit.startswith("mm") else "less"
    return f" ({under} % {f'{less} than at the start' if plain_words else 'under the baseline'})"


def _means(status: StatusRow, name: str, *, plain_words: bool) -> str:
    """Return what begins at a threshold."""
    from . import plain

    what = subject(name)
    clinical, in_plain = _SUBJECTS.get(what, (what.replace("_", " "), what.replace("_", " ")))
    if what == "partial" and plain_words:
        return f"a {plain.level_of(PARTIAL, status.word, status.criteria)}"
    if what == "partial" and status.criteria == "markers":
        return "marker response"
    if what == "progression" and plain_words and not status.unit.startswith("mm"):
        return "more active" if plain.word_for(status.word, status.criteria) == "remission" else "a rise"
    return in_plain if plain_words else clinical.format(word=status.word)


def is_of_baseline(timeline: Timeline) -> bool:
    """
    Say whether the bars are in per cent of the baseline.

    Not where the unit is per cent already, on a logarithmic scale, or of a score; nor without a baseline above 0.
    """
    status = timeline.status
    return (
        bool(status.baseline_value)
        and status.scale == "linear"
        and timeline.most is None
        and not status.unit.startswith("%")
    )


def since_start(weeks: int, *, in_months: bool) -> str:
    """Return the weeks since the start of treatment, or the months of long courses."""
    return str(int(Decimal(months(weeks * 7)))) if in_months else str(weeks)


def lesions(timeline: Timeline) -> str:
    """Return how many lesions were chosen at the baseline; "" where the family follows none."""
    if not has_scans(timeline.status.criteria):
        return ""
    counted = ((timeline.targets, "target lesion"), (timeline.nontargets, "non-target lesion"))
    told = ", ".join(count(n, what) for n, what in counted if n)
    return told or ("no lesions at the baseline" if any(row.new for row in timeline.rows) else "")
