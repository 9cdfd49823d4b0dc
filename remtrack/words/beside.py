"""
What a family says beside its category: residual disease, milestones of treatment, side scales.

The families keep these facts by name (`Course.extra`, `Assessment.extra`); here each becomes a label and a
sentence, for clinicians and, where a patient is told of it at all, in plain words.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from . import current_episode, end_word, in_days, long_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..views import Beside, StatusRow

Told = tuple[str, str]  # label, sentence; a sentence of "" is left out


def beside_words(row: StatusRow) -> Iterator[Told]:
    """Yield what stands beside the category of one line, as (label, sentence)."""
    told = {fact.name: fact for fact in row.beside}
    yield from _treatment_free(told)
    for name, (label, said) in SAID.items():
        if name in told:
            of_course = _OF_COURSE.get(name)
            sentence = of_course(row, told) if of_course else said(told[name])
            if sentence:
                yield label, sentence


def score(row: StatusRow) -> str:
    """Return the score that rates a line by PET, now and at the start: "1 (5 on 2025-02-03)"; "" where none does."""
    told = {fact.name: fact for fact in row.beside}
    first, now = told.get("score_first"), told.get("score")
    said = f"{Decimal(now.value):.0f}" if now else "not given" if first else ""
    return f"{said} ({Decimal(first.value):.0f} on {first.on})" if first else said


def plain_beside(row: StatusRow) -> Iterator[Told]:
    """Yield the same for patients: what a sensitive test or a marker showed, and a remission without treatment."""
    told = {fact.name: fact for fact in row.beside}
    yield from _plain_marker(told)
    if "tfr_start" in told:
        since = long_day(date.fromisoformat(told["tfr_start"].value))
        lost = told.get("tfr_lost")
        if lost is None:
            yield "Treatment", f"Treatment-free remission since {since}."
        else:
            yield (
                "Treatment",
                (
                    f"Treatment-free remission from {since} to {long_day(date.fromisoformat(lost.value))}; then the "
                    "leukaemia gene in blood was above the limit."
                ),
            )
    residual = told.get("mrd_status") or told.get("mrd")
    if residual is not None:
        said = _plain_residual(residual.value)
        if said:
            on = f"On {long_day(residual.on)}: " if residual.on else ""
            yield "Sensitive test", f"{on}{said if not on else said[0].lower() + said[1:]}."


def _plain_marker(told: dict[str, Beside]) -> Iterator[Told]:
    if "normalised_on" in told:
        yield "Normal range", f"Reached on {long_day(date.fromisoformat(told['normalised_on'].value))}."
    fall = told.get("psa_greatest_decline_pct")
    if fall is not None and fall.value[:1] == "-":
        yield "Greatest fall", f"By {fall.value[1:]} per cent of the value before treatment."
    if "bone_new_lesions" in told:
        yield "Bone scan", f"New areas noted: {told['bone_new_lesions'].value}. They are kept here and not rated."


def _plain_residual(value: str) -> str:
    lower = value.lower()
    if "relapse" in lower:
        small = "A sensitive test found small amounts of the disease again"
        return f"{small}; a repeat test is needed to know" if "possible" in lower else small
    negative = ("mrd-", "complete mrd response", "negative", "undetectable")
    if (
        any(sign in lower for sign in negative)
        and "mrd-ll" not in lower
        and "detectable in" not in lower.replace("undetectable", "")
    ):
        return "No remaining disease was found by a sensitive test (it can miss very small amounts)"
    if "not decided" in lower or "indeterminate" in lower:
        return ""
    return "A sensitive test found small amounts of the disease"


def _as_it_is(fact: Beside) -> str:
    return fact.value


def _dated(fact: Beside) -> str:
    return f"{fact.value} ({fact.on})" if fact.on else fact.value


def _only(**said: str) -> Callable[[Beside], str]:
    """Return the sentence for each value that has one; any other value is not told."""
    return lambda fact: said.get(fact.value.replace("-", "_").replace(" ", "_"), "")


def _days(before: str) -> Callable[[Beside], str]:
    return lambda fact: f"{before}{in_days(int(fact.value))}"


_BLOOD_COUNT = {"yes": "CHR, complete haematologic response", "no": "no complete haematologic response"}
_CYTOGENETIC: dict[str, str] = {
    "CCyR": "CCyR, complete cytogenetic response",
    "PCyR": "PCyR, partial cytogenetic response",
    "minor": "minor cytogenetic response",
    "minimal": "minimal cytogenetic response",
    "none": "no cytogenetic response",
    "NE": "not evaluable, fewer than 20 metaphases",
}
#: By the name a family keeps it under, in the order it is shown.
SAID: dict[str, tuple[str, Callable[[Beside], str]]] = {
    "mrd_status": ("Residual disease", _dated),
    "mrd": ("Residual disease", _dated),
    "mrd_relapse_date": ("Residual disease", _as_it_is),
    "four_weeks": (
        "Four weeks",
        _only(
            provisional="provisional: no visit four weeks later yet",
            response_not_sustained="response not sustained for four weeks",
        ),
    ),
    "cns": ("Nervous system", _as_it_is),
    "lasting_2_months": (
        "Two months",
        _only(yes="held for two months", no="not held for two months", not_yet="not yet two months"),
    ),
    "relapse_or_refractory": (
        "Its kind",
        _only(
            refractory="refractory: no response before, on therapy, or within 6 months of it",
            relapse="relapse: after a response of 6 months or more",
            progression="progression after a short response, off therapy",
        ),
    ),
    "milestone": (
        "Milestone",
        _only(**{word: f"{word}, for the time since treatment began" for word in ("optimal", "warning", "failure")}),
    ),
    "mr3_lost": ("MR3", _as_it_is),
    "sustained_dmr": ("Deep response", _as_it_is),
    "chr": ("Blood count", lambda fact: _dated(fact._replace(value=_BLOOD_COUNT.get(fact.value, fact.value)))),
    "cyto": ("Cytogenetics", lambda fact: _dated(fact._replace(value=_CYTOGENETIC.get(fact.value, fact.value)))),
    "interim": ("Time point", lambda _fact: "interim"),
    "ct": ("By CT", _as_it_is),
    "pet": ("By PET", _as_it_is),
    "clinical_relapse": ("Clinical relapse", _as_it_is),
    "relapse_from_cr": ("From CR", lambda fact: f"relapse on {fact.value}, for the disease-free time only"),
    "preliminary_pd_since": ("Preliminary", lambda fact: f"possible progression since {fact.value}, not confirmed"),
    "iupd_open_since": ("Unconfirmed", lambda fact: f"possible progression since {fact.value}, not confirmed"),
    "new_sum_mm": ("New lesions", lambda fact: f"measured together {fact.value} mm"),
    "total_mm": ("Total size", lambda fact: f"{fact.value} mm with the part that no longer enhances; shown only"),
    "clinical": ("Clinical", _as_it_is),
    "steroids": ("Steroids", _as_it_is),
    "normalised_on": ("Normalised", lambda fact: f"from {fact.value}"),
    "group": (
        "Group",
        _only(
            A="A: raised before, then normal; progression from twice the upper limit",
            B="B: raised before, never normal; progression from twice the lowest value",
            C="C: normal before; progression from twice the upper limit",
        ),
    ),
    "psa_change_week12_pct": ("At week 12", lambda fact: f"{fact.value} % from the baseline"),
    "psa_greatest_decline_pct": ("Greatest fall", lambda fact: f"{fact.value} %" if fact.value[:1] == "-" else "none"),
    "bone_new_lesions": ("Bone scan", lambda fact: f"new lesions: {fact.value}; kept and shown, not rated"),
}


def _treatment_free(told: dict[str, Beside]) -> Iterator[Told]:
    if "tfr_start" not in told:
        return
    since, days, lost = told["tfr_start"].value, told.get("tfr_days"), told.get("tfr_lost")
    seen = f", {in_days(int(days.value))}" if days is not None else ""
    if lost is not None:
        yield "Treatment-free", f"from {since}; ended on {lost.value} with loss of MR3 (molecular relapse){seen}"
    else:
        yield "Treatment-free", f"since {since}{seen} to the last sample"


# What can be told only with the rest of the course


def _mrd_relapse(row: StatusRow, told: dict[str, Beside]) -> str:
    found = date.fromisoformat(told["mrd_relapse_date"].value)
    said = f"MRD relapse dated {found}"
    within = (one.episode for one in row.episodes if one.episode.began_on <= found)
    ended_on = next((one.ended_on for one in within if one.ended_on is not None and found <= one.ended_on), None)
    if ended_on is None:
        return f"{said}; the remission goes on" if current_episode(row) is not None else said
    if ended_on == row.progression_on:
        return f"{said}, before the {end_word(row)} of {ended_on}"
    return f"{said}, before the remission ended on {ended_on}"


def _mr3_lost(row: StatusRow, told: dict[str, Beside]) -> str:
    lost = told["mr3_lost"].value
    back_on = next((one.episode.began_on for one in row.episodes if one.episode.began_on.isoformat() > lost), None)
    return f"lost on {lost}{f', back from {back_on}' if back_on else ''}"


def _sustained(_row: StatusRow, told: dict[str, Beside]) -> str:
    """Say how long the first deep response was held: it may have been lost since, and reached again."""
    sustained = told["sustained_dmr"].value
    for level, years in (("mr4", 3), ("mr45", 2), ("mr4", 2)):
        start, days, lost = (told.get(f"{level}_{name}") for name in ("start", "days", "lost"))
        if start is None or days is None:
            continue
        began_on = date.fromisoformat(start.value)
        last_on = began_on + timedelta(int(days.value))
        if (last_on.year - years, last_on.month, last_on.day) > (began_on.year, began_on.month, began_on.day):
            held = f"more than {years} years of {'MR4.5' if level == 'mr45' else 'MR4'}"
            return f"{began_on} to {last_on}: {held}{' (lost later)' if lost else ''}"
    return sustained


_OF_COURSE: dict[str, Callable[[StatusRow, dict[str, Beside]], str]] = {
    "mrd_relapse_date": _mrd_relapse,
    "mr3_lost": _mr3_lost,
    "sustained_dmr": _sustained,
}
