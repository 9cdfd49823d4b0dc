"""What a later visit settles of an earlier one: preliminary progression, and visits with increased steroids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ..verdict import Assessment, Category, Finding
from .base import Rule, Seen, Table, always
from .glioma import Line

J = "Wen 2023, as reviewed in Jpn J Radiol 2025"
A = "Wen 2023, footnotes as quoted by RANO-assist"

STEROIDS_RULE = "rano.overall.ne_steroids"


@dataclass(slots=True)
class Later(Seen):
    """
    A visit that waits for a later one.

    `was` is its category by itself; `outcome` what became of its preliminary progression (confirmed, refuted, "").
    `after` is the first visit after a run of visits with increased steroids, None where there is none.
    """

    was: str = field(kw_only=True)
    because: str = field(kw_only=True)
    outcome: str = ""
    settled_on: date | None = None
    after: Assessment | None = None


def confirmed(seen: Later) -> bool:
    """A pPD that a later visit confirmed."""
    return seen.was == "pPD" and seen.outcome == "confirmed"


def refuted(seen: Later) -> bool:
    """A pPD that a later visit refuted."""
    return seen.was == "pPD" and seen.outcome == "refuted"


def worse_after_steroids(seen: Later) -> bool:
    """NE for `steroid_vs_baseline` = increased, and `clinical` = worse at the next visit."""
    return seen.was == "NE" and seen.after is not None and seen.after.extra.get("clinical") == "worse"


def dose_is_back(seen: Later) -> bool:
    """NE for `steroid_vs_baseline` = increased, and at the next visit it is stable or decreased without progression."""
    if seen.was != "NE" or seen.after is None:
        return False
    return seen.after.extra.get("steroids") in ("stable", "decreased") and seen.after.overall not in ("PD", "pPD")


HINDSIGHT: Table[Later] = Table(
    "hindsight",
    "What a later visit settles",
    Rule("rano.later.ppd_confirmed", "PD", confirmed, "{because}; confirmed on {settled_on}: progression", J),
    Rule("rano.later.ppd_refuted", "SD", refuted, "{because}; refuted on {settled_on} (pseudoprogression): stable", J),
    Rule(
        "rano.later.steroids_worse",
        "PD",
        worse_after_steroids,
        "steroids increased, and clinically worse at the next visit on {settled_on}: progression from this visit on",
        A,
    ),
    Rule(
        "rano.later.steroids_back",
        "SD",
        dose_is_back,
        "steroids increased, and back at the next visit on {settled_on} without progression: stable",
        A,
    ),
    Rule("rano.later.open", "as it was", always, "{because}", J),
)


def settle(line: Line, visits: Sequence[Assessment], categories: Mapping[str, Category]) -> Sequence[Assessment]:
    """Return the answers with those that a later visit settled in their place."""
    if not any(row.overall == "pPD" or row.rule == STEROIDS_RULE for row in visits):
        return visits
    by_day = {visit.visit_on: visit for visit in line.history.visits}
    settled = list(visits)
    # From the end, so that a run of visits with steroids sees what became of the one after it.
    for place in range(len(visits) - 1, -1, -1):
        row = visits[place]
        if row.overall != "pPD" and row.rule != STEROIDS_RULE:
            continue
        later = Later(by_day[row.visit_on], was=row.overall, because=row.because)
        if row.overall == "pPD":
            later.outcome, later.settled_on = _what_became(row, visits[place + 1 :])
        else:
            later.after = next(_after_the_run(settled[place + 1 :]), None)
            later.settled_on = None if later.after is None else later.after.visit_on
        settled[place] = _settled(row, later, categories)
    return settled


def _what_became(row: Assessment, after: Sequence[Assessment]) -> tuple[str, date | None]:
    """Return what became of the preliminary progression that a visit belongs to, and when that was settled."""
    opened_on = _opened_on(row)
    for later in after:
        if later.extra.get("preliminary_pd_of") == opened_on and later.extra["preliminary_pd"] != "open":
            return later.extra["preliminary_pd"], later.visit_on
    return "", None


def _opened_on(row: Assessment) -> str:
    """Return the visit that opened the preliminary progression of a visit: an earlier one, or itself."""
    if row.extra.get("preliminary_pd") == "open":
        return str(row.extra["preliminary_pd_of"])
    return row.visit_on.isoformat()


def _after_the_run(after: Sequence[Assessment]) -> Iterator[Assessment]:
    """Yield the visits after a run of those that only increased steroids kept from being rated."""
    for row in after:
        if not row.rule.startswith(("rano.later.steroids", STEROIDS_RULE)):
            yield row


def _settled(row: Assessment, later: Later, categories: Mapping[str, Category]) -> Assessment:
    finding = HINDSIGHT.judge(later)
    if finding.rule == "rano.later.open":
        return row
    kind = categories[finding.category].kind
    overall = Finding("overall", finding.category, finding.rule, finding.because, finding.source)
    return row._replace(
        overall=finding.category,
        reported=finding.category,
        kind=kind,
        reported_kind=kind,
        rule=finding.rule,
        because=finding.because,
        source=finding.source,
        findings=tuple(overall if found.part == "overall" else found for found in row.findings),
        extra=row.extra | {"before_hindsight": row.overall},
    )
