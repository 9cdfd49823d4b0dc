"""
What a screen is given: answers arranged for one look.

The tracker fills these values, `show` draws them and decides nothing. Apart from `verdict` because
recording a scan needs none of them, and each costs the start of a command a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from .verdict import Episode, Milestone

#: What each category is called in its family, by its code: (clinical label, plain label).
Labels = Mapping[str, tuple[str, str]]


class Beside(NamedTuple):
    """A fact that a family keeps beside its category (MRD, a milestone of treatment): its name, value and day."""

    name: str
    value: str
    on: date | None = None


class Counted(NamedTuple):
    """How many patients are in one category of one family."""

    current: str
    kind: str
    patients: int
    criteria: str = ""
    title: str = ""
    labels: Labels = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LesionRow:
    """A lesion as `lesions` and the questions of `add` show it, with its role and its last reading (None: none yet)."""

    lesion_id: str
    role: str
    kind: str
    organ: str
    site: str
    size_mm: Decimal | None
    state: str
    read_on: date | None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class RemissionRow:
    """One episode of one patient; `number` counts complete remissions over all lines, 0 when it is not complete."""

    patient_id: str
    line: int
    reader: str
    criteria: str
    episode: Episode
    number: int = 0
    milestones: tuple[Milestone, ...] = ()
    current: str = ""
    current_kind: str = ""
    title: str = ""
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusRow:
    """
    Where one line of one patient stands.

    `since` is the first visit of the unbroken run of the current reported category.
    `attention` are (what, command) pairs. `fresh` False: the answer was derived just now because
    the stored one was out of date. `visits` counts looks, baseline included. `measure` is what `value`
    is ("sum of diameters", "BCR::ABL1"), `unit` its unit and `scale` how it is drawn: linear or log.
    `labels` holds every code that may be shown. `judges_baseline`: the first visit has an answer too.
    `value_text` is what was printed in place of a number ("<0.1"). `beside` are the latest side facts;
    `milestones` those of a line without disease, counted from its baseline (those of a response stand with it).
    `overall` is what the last visit gave by itself, `current` what is reported of the line.
    """

    patient_id: str
    disease: str
    line: int
    regimen: str
    reader: str
    criteria: str
    title: str
    word: str
    unit: str
    visits: int
    last_visit_on: date | None
    current: str
    current_kind: str
    since: date | None
    value: Decimal | None
    value_complete: bool | None
    baseline_on: date | None
    baseline_value: Decimal | None
    change_from_baseline_pct: Decimal | None
    change_from_nadir_pct: Decimal | None
    nadir_value: Decimal | None
    nadir_on: date | None
    best_response: str
    best_response_unconfirmed: str
    progression_on: date | None
    because: str
    source: str
    flags: tuple[str, ...]
    undecided: tuple[str, ...]
    thresholds: tuple[tuple[str, Decimal], ...]
    settings: tuple[tuple[str, str], ...]
    episodes: tuple[RemissionRow, ...] = ()
    attention: tuple[tuple[str, str], ...] = ()
    fresh: bool = True
    measure: str = ""
    scale: str = "linear"
    labels: Labels = field(default_factory=dict)
    judges_baseline: bool = False
    value_text: str = ""
    beside: tuple[Beside, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    overall: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """
    All patients at a glance: `counts` by family and category, `hidden` how many rows are not listed.

    `responding` are those in a response or remission now, by the word of their family. `results` counts the values
    of laboratories, as `measurements` does the sizes.
    """

    path: str
    as_of: date
    patients: int
    measurements: int
    last_visit_on: date | None
    rows: tuple[StatusRow, ...]
    counts: tuple[Counted, ...] = ()
    hidden: int = 0
    responding: tuple[tuple[str, int], ...] = ()
    results: int = 0


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """
    One visit of a timeline.

    `week` counts from the start of treatment (else from the baseline) and may be negative.
    `proves` is True where this visit confirmed the response. `new` is yes, no, or "" where the family
    knows no new lesion. Where something was printed in place of a number ("<0.1", "undetectable"),
    `value` is None, `value_text` that, and it lies from `value_from` to `value_to` (None: no upper end).
    `beside` is what the other scales of the family say.
    """

    visit_on: date
    visit: str
    week: int
    is_baseline: bool
    value: Decimal | None
    complete: bool | None
    pct_of_baseline: Decimal | None
    overall: str
    reported: str
    kind: str
    reported_kind: str
    new: str
    proves: bool
    flags: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    rule: str = ""
    because: str = ""
    value_text: str = ""
    value_from: Decimal | None = None
    value_to: Decimal | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """
    One line of one patient over time, with its stretches of response and the limits for the next visit.

    `marks` are the thresholds that stay, besides those of the next visit in `status`: (name, value) in the unit of
    what is drawn. A name says what begins there and which way (`remission_below_pct`, `mr3_to_pct`: at it or less).
    `most` is the end of a scale that has one (the five-point score), None for any other.
    """

    status: StatusRow
    measure: str
    targets: int
    nontargets: int
    rows: tuple[TimelineRow, ...]
    as_of: date
    events: tuple[tuple[date, str, str], ...] = ()
    marks: tuple[tuple[str, Decimal], ...] = ()
    most: Decimal | None = None
