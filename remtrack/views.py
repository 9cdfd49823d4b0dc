"""
What a screen is given: answers arranged for one look.

The tracker fills these values, `show` draws them and decides nothing. Apart from `verdict` because
recording a scan needs none of them, and each costs the start of a command a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .verdict import Episode, Milestone


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


@dataclass(frozen=True, slots=True)
class StatusRow:
    """
    Where one line of one patient stands.

    `since` is the first visit of the unbroken run of the current reported category.
    `attention` are (what, command) pairs. `fresh` False: the answer was derived just now because
    the stored one was out of date. `visits` counts looks, baseline included.
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


@dataclass(frozen=True, slots=True)
class Overview:
    """All patients at a glance: `counts` are (category, kind, patients), `hidden` how many rows are not listed."""

    path: str
    as_of: date
    patients: int
    measurements: int
    last_visit_on: date | None
    rows: tuple[StatusRow, ...]
    counts: tuple[tuple[str, str, int], ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """
    One visit of a timeline.

    `week` counts from the start of treatment (else from the baseline) and may be negative.
    `proves` is True where this visit confirmed the response. `new` is yes, no or "".
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


@dataclass(frozen=True, slots=True)
class Timeline:
    """One line of one patient over time, with its stretches of response and the limits for the next visit."""

    status: StatusRow
    measure: str
    targets: int
    nontargets: int
    rows: tuple[TimelineRow, ...]
    as_of: date
    events: tuple[tuple[date, str, str], ...] = ()
