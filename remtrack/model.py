"""
The facts: what was seen, when, in whom.

Frozen values without behaviour of their own. No SQL, no files, no today. Table columns, CSV
headers and fields here carry the same names (see the README, "The file"). Text that was not
given is `""`; a number or a date that is not known is `None`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

# What a reading can say about a lesion. Being gone, being too small to measure, not having been
# looked at and not having been entered are four different things; the last has no row at all.
TARGET_STATES = ("measured", "absent", "too_small", "not_assessed", "treated_locally", "fragment_of", "merged_into")
NONTARGET_STATES = ("present", "absent", "increased", "unequivocal_pd", "not_assessed")
NEW_STATES = ("equivocal", "unequivocal", "disproved")
STATES = tuple(dict.fromkeys(TARGET_STATES + NONTARGET_STATES + NEW_STATES))
ROLES = ("target", "nontarget", "new")
KINDS = ("nonnodal", "node", "marker", "CE", "nCE")

#: What a lesion that is seen but cannot be measured counts in a sum (Eisenhauer 2009, §4.2).
TOO_SMALL_MM = Decimal(5)


class Lesion(NamedTuple):
    """One physical tumour with the role it plays in this line, for this reader."""

    lesion_id: str
    role: str  # target | nontarget | new
    kind: str = "nonnodal"
    organ: str = ""
    site: str = ""


class Measurement(NamedTuple):  # there are very many of these, and a named tuple is made three times as fast
    """
    One lesion at one visit.

    `longest_mm` and `short_mm` are millimetres, None when that axis was not measured. `state` is
    one of `STATES`; `other_id` names the other lesion when it is `fragment_of` or `merged_into`.
    `measured_on` is set only when this scan was on another day than its visit.
    """

    lesion_id: str
    state: str
    longest_mm: Decimal | None = None
    short_mm: Decimal | None = None
    other_id: str = ""
    reason: str = ""
    note: str = ""
    measured_on: date | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """
    A laboratory or visit-level value that a family needs (blasts, M-protein, spleen, steroids).

    `value` is None when the result is a word; `text` keeps it as it was printed ("<0.1", "pos").
    `upper_limit` is the laboratory's upper limit of normal in the same unit.
    """

    test: str
    value: Decimal | None = None
    text: str = ""
    unit: str = ""
    upper_limit: Decimal | None = None
    sampled_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One dated look at a patient: every scan and sample that is read together."""

    visit_on: date
    label: str = ""
    method: str = ""
    note: str = ""
    measurements: tuple[Measurement, ...] = ()
    results: tuple[Result, ...] = ()


class Event(NamedTuple):
    """Something dated that is not a look: therapy, local_therapy, transplant, clinical_progression, death ..."""

    event: str
    event_on: date
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of therapy. Lines never share baseline or nadir."""

    number: int = 1
    regimen: str = ""
    started_on: date | None = None
    stopped_on: date | None = None
    baseline_on: date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """
    What a family is given to judge: one patient, one line, one reader, cut at `as_of`.

    `visits` are in date order and begin with the baseline of the line (the visit of
    `line.baseline_on`, else the first); a measurement of a lesion that is not in `lesions` has no
    role here and is not judged. `events` are the patient's from the start of the line on, in date
    order. `new_therapy_on` is the day a further anticancer therapy began (the next line, or a
    `therapy` event), None while there is none. `as_of` None means: every fact there is.
    """

    patient_id: str
    line: Line = Line()
    reader: str = ""
    lesions: tuple[Lesion, ...] = ()
    visits: tuple[Visit, ...] = ()
    events: tuple[Event, ...] = ()
    new_therapy_on: date | None = None
    as_of: date | None = None
