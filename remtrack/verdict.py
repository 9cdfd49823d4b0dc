"""
The answers: what a published standard says about the facts, and why.

Values only. Nothing here judges; `fold` and the files of `criteria/` do. A stored answer is
read back as the same values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, cast

# The kinds of category, shared by all families so that the engine, the words and the screens need
# no list of codes. A code (CR, iUPD, MR4.5) belongs to its family alone.
COMPLETE = "complete"
PARTIAL = "partial"
MINOR = "minor"
STABLE = "stable"
NO_DISEASE = "no_disease"
POSSIBLE_PROGRESSION = "possible_progression"
PROGRESSION = "progression"
RELAPSE = "relapse"
REFRACTORY = "refractory"
NOT_EVALUABLE = "not_evaluable"
RESPONSE_KINDS = frozenset({COMPLETE, PARTIAL})
END_KINDS = frozenset({PROGRESSION, RELAPSE})

YES, NO, NOT_YET = "yes", "no", "not yet"


# Shared by all who give no side scales, so nothing can be put into it.
_NONE = cast("dict[str, Any]", MappingProxyType({}))


class Category(NamedTuple):
    """One category of one family: published code, clinical label, plain label, rank (1 is best), kind."""

    code: str
    label: str
    plain: str
    rank: int
    kind: str


class Finding(NamedTuple):
    """
    What one rule table gave at one visit.

    `part` is the table (target, nontarget, new_lesion, overall ...). `undecided` names what a
    better category would have needed; it is empty when nothing was missing.
    """

    part: str
    category: str
    rule: str
    because: str
    source: str
    undecided: tuple[str, ...] = ()


class Assessment(NamedTuple):  # one a visit: a named tuple is made in a fourth of the time of a dataclass
    """
    The answer for one visit.

    `overall` is the literal category with hindsight, `reported` the one after persistence.
    `dated_on` is the day the category is dated to (the visit's, unless its scans fell on several
    days). Sums and changes are None where they do not exist: `sum_mm` also when a target is
    missing. `change_from_nadir_pct` is Infinity when the nadir is 0 and the sum is not;
    `nadir_sum_mm` is the smallest complete sum *before* this visit. `value` is what the family
    draws over time (RECIST: the sum). `flags` are remarks for review. `extra` holds the family's
    side scales.
    """

    visit_on: date
    visit: str
    dated_on: date
    overall: str
    reported: str
    kind: str  # of `overall`
    reported_kind: str
    rule: str
    because: str
    source: str
    findings: tuple[Finding, ...] = ()
    undecided: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    sum_mm: Decimal | None = None
    sum_complete: bool | None = None
    baseline_sum_mm: Decimal | None = None
    nadir_sum_mm: Decimal | None = None
    change_from_baseline_pct: Decimal | None = None
    change_from_nadir_pct: Decimal | None = None
    change_from_nadir_mm: Decimal | None = None
    value: Decimal | None = None
    extra: dict[str, Any] = _NONE

    def part(self, name: str) -> str:
        """Return the category that the table `name` gave, "" when the family has no such table."""
        return next((finding.category for finding in self.findings if finding.part == name), "")


class Milestone(NamedTuple):
    """An anniversary of the start of a complete response or remission: `confirmed`, or `passed-not-checked`."""

    label: str  # "3y", "5y", "10y"
    due_on: date
    state: str


@dataclass(frozen=True, slots=True)
class Episode:
    """
    One stretch of response or remission.

    `category` is the best level reached (confirmed, if any is). `confirmed_on` is None while it
    was seen only once. `ended_on` None: nobody has seen it end. `days` run to the end event, or
    else to the last visit that still shows the response. `lasted_month` is yes, no or not yet;
    `lasted_on` the day it became yes; `settles_on` the first day on which a visit would settle it
    (None once settled). `levels` are (code, first seen on) of each level reached.
    """

    word: str  # response | remission
    category: str
    kind: str
    began_on: date
    confirmed_on: date | None
    last_seen_on: date
    ended_on: date | None
    ended_by: str
    days: int
    lasted_month: str
    lasted_on: date | None
    settles_on: date | None
    levels: tuple[tuple[str, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """
    Everything a family says about one line of one patient, for one reader.

    `best_response` is confirmed as the settings ask, `best_response_unconfirmed` is not. Durations
    are days; `*_censored` is None when there is no duration. `current` is the last reported
    category. `thresholds` are (name, value) pairs for the next visit, in the family's unit
    (RECIST: `partial_to_mm`, `progression_from_mm`, `nadir_mm`). `settings` are those that differ
    from the family's defaults.
    """

    patient_id: str
    line: int
    reader: str
    criteria: str
    settings: tuple[tuple[str, str], ...]
    baseline_on: date | None
    baseline_value: Decimal | None
    nadir_on: date | None
    assessments: tuple[Assessment, ...]
    episodes: tuple[Episode, ...]
    best_response: str
    best_response_unconfirmed: str
    response_start: date | None
    confirmed_on: date | None
    progression_on: date | None
    dor_days: int | None
    dor_censored: bool | None
    pfs_days: int | None
    pfs_censored: bool | None
    current: str
    current_on: date | None
    thresholds: tuple[tuple[str, Decimal], ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


class Place(NamedTuple):
    """
    A row that a problem speaks of: the patient, the line of therapy, the visit's day, the lesion and the reader.

    `line` and `visit_on` are None, `lesion_id` and `reader` "", where it speaks of all.
    """

    patient_id: str
    line: int | None = None
    visit_on: date | None = None
    lesion_id: str = ""
    reader: str = ""


class Problem(NamedTuple):
    """
    Trouble in the data, as a value: collected, all shown, each with where it is.

    `severity` is "error", "warning" or "note"; `line` and `column` place it in a file (None: not
    from a file), `rows` in the record; `hint` is the command that mends it, "" when there is none.
    """

    severity: str
    what: str
    why: str = ""
    hint: str = ""
    line: int | None = None
    column: str = ""
    rule: str = ""  # a short stable id: "two-sizes", "six-targets"
    rows: tuple[Place, ...] = ()


class Step(NamedTuple):
    """One step of an explanation: what was looked at, its value, the rule applied, what it gave."""

    label: str
    value: str
    rule: str
    result: str


class Explanation(NamedTuple):
    """
    Why one visit got its category.

    `would_change` are sentences naming the value at which the answer would differ ("PD from
    66.0 mm; now 63.5"). `entered` is one sentence on who recorded the visit and when.
    """

    patient_id: str
    line: int
    reader: str
    criteria: str
    title: str
    visit_on: date
    visit: str
    overall: str
    reported: str
    kind: str
    because: str
    source: str
    steps: tuple[Step, ...]
    would_change: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    entered: str = ""
    label: str = ""  # of `overall` in its family, clinical and plain
    plain: str = ""
