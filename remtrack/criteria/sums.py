"""
What is seen at a scan by the families that add up one diameter of each target.

The sum, what it is compared with, what became of the other lesions, and the steps that explain it. The
rules and their thresholds stand with each family.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from ..model import History, Lesion, Visit
from ..verdict import Step
from .base import Basis, Choices, Seen, number, percent, signed
from .lesions import (
    ABSENT,
    MEASURABLE_NODE_MM,
    NORMAL_NODE_MM,
    PRESENT,
    WORSE,
    ZERO,
    Roster,
    Rows,
    Sighting,
    Sizes,
    enrol,
    read_nontarget,
    read_targets,
)

_INFINITY = Decimal("Infinity")
_TENTH = Decimal("0.1")


@dataclass(slots=True)
class Line(Basis):
    """
    A line before its visits are judged.

    `baseline_value` is the baseline sum, None when a target has no size there; `unmeasured` says which.
    `has_scan_days` is True when some scan was on another day than its visit.
    """

    roster: Roster = field(kw_only=True)
    unmeasured: tuple[str, ...] = ()
    has_scan_days: bool = False


class Carried(NamedTuple):
    """
    What a visit is compared with.

    The smallest complete sum before it (baseline included) with its day, the day of the first overall
    complete response before it, and the method of the last visit that named one.
    """

    nadir_mm: Decimal | None = None
    nadir_on: date | None = None
    complete_on: date | None = None
    method: str = ""


@dataclass(slots=True)
class Scan(Seen):
    """
    What is seen at a visit.

    `sum_mm` is None when a target is missing (or there is none), `part_sum_mm` is what the others add up to.
    `worse`, `present` and `absent` are non-target ids, `unknown` and `missing` say what was not assessed.
    `returned` are the lesions seen again after a complete response.
    """

    line: Line = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    rows: Rows = field(kw_only=True)
    sizes: Sizes = field(kw_only=True)
    missing: tuple[str, ...] = field(kw_only=True)
    part_sum_mm: Decimal = field(kw_only=True)
    sum_mm: Decimal | None = field(kw_only=True)
    change_from_baseline_pct: Decimal | None = None
    change_from_nadir_pct: Decimal | None = None
    worse: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    returned: tuple[Lesion, ...] = ()

    # What the sentences of the rules name; worked out only where a sentence is written.

    @property
    def baseline_sum_mm(self) -> Decimal | None:
        return self.line.baseline_value

    @property
    def nadir_sum_mm(self) -> Decimal | None:
        return self.carried.nadir_mm

    @property
    def nadir_on(self) -> date | None:
        return self.carried.nadir_on

    @property
    def complete_on(self) -> date | None:
        return self.carried.complete_on

    @property
    def growth(self) -> str:
        """The change from the smallest sum: in per cent where there is one, and in mm."""
        lowest = self.carried.nadir_mm or ZERO
        in_mm = f"{signed(self.part_sum_mm - lowest)} mm"
        pct = change_pct(self.part_sum_mm, lowest) if self.sum_mm is None else self.change_from_nadir_pct
        return f"{percent(pct)} % and {in_mm}" if lowest and pct is not None else in_mm

    @property
    def target_needs(self) -> tuple[str, ...]:
        return self.missing or self.line.unmeasured

    @property
    def target_gap(self) -> str:
        return "; ".join(self.target_needs)

    @property
    def nontarget_gap(self) -> str:
        return "; ".join(self.unknown)

    @property
    def worse_ids(self) -> str:
        return " and ".join(self.worse)

    @property
    def new_ids(self) -> str:
        return " and ".join([f"{found.lesion_id} (first seen {found.seen_on.isoformat()})" for found in self.sightings])

    @property
    def proven_on(self) -> date:
        return min([found.proven_on for found in self.sightings])

    @property
    def returned_ids(self) -> str:
        sizes = {lesion.lesion_id: f" ({number(size)} mm)" for lesion, size in self.sizes}
        return " and ".join(lesion.lesion_id + sizes.get(lesion.lesion_id, "") for lesion in self.returned)

    def numbers(self) -> dict[str, Any]:
        if not self.line.roster.targets:
            return {}
        total, lowest = self.sum_mm, self.carried.nadir_mm
        return {
            "sum_mm": total,
            "sum_complete": total is not None,
            "baseline_sum_mm": self.line.baseline_value,
            "nadir_sum_mm": lowest,
            "change_from_baseline_pct": self.change_from_baseline_pct,
            "change_from_nadir_pct": self.change_from_nadir_pct,
            "change_from_nadir_mm": None if total is None or lowest is None else total - lowest,
            "value": total,
        }


# ------------------------------------------------------------------------------------------ observing


def prepare_line(history: History, choices: Choices) -> Line:
    """Return what is known of a line: its lesions by their part, and the baseline sum."""
    baseline = history.visits[0] if history.visits else None
    line = Line(history, choices, baseline, roster=enrol(history))
    line.has_scan_days = bool([row for visit in history.visits for row in visit.measurements if row.measured_on])
    targets = line.roster.targets
    if baseline is not None and targets:
        sizes, _ = read_targets(line.roster, rows_of(baseline), baseline.visit_on)
        measured = {lesion.lesion_id for lesion, _ in sizes}
        line.unmeasured = tuple(
            f"{lesion.lesion_id} has no size at the baseline" for lesion in targets if lesion.lesion_id not in measured
        )
        if not line.unmeasured:
            line.baseline_value = sum((size for _, size in sizes), ZERO)
    return line


def carried_from_baseline(line: Line) -> Carried:
    """Return what the first visit is compared with."""
    if line.baseline is None:
        return Carried()
    nadir_on = None if line.baseline_value is None else line.baseline.visit_on
    return Carried(line.baseline_value, nadir_on, None, line.baseline.method)


def carried_after(carried: Carried, scan: Scan, *, complete: bool) -> Carried:
    """Return what the next visit is compared with; `complete`: this one was an overall complete response."""
    total, visit = scan.sum_mm, scan.visit
    is_lowest = total is not None and (carried.nadir_mm is None or total < carried.nadir_mm)
    is_first_complete = complete and carried.complete_on is None
    is_new_method = visit.method not in ("", carried.method)
    if not (is_lowest or is_first_complete or is_new_method):
        return carried
    return Carried(
        total if is_lowest else carried.nadir_mm,
        visit.visit_on if is_lowest else carried.nadir_on,
        visit.visit_on if is_first_complete else carried.complete_on,
        visit.method or carried.method,
    )


def observe_scan(line: Line, carried: Carried, visit: Visit, kind: type[Scan] = Scan) -> Scan:
    """Return what is seen at a visit, as this kind of scan: sizes and sum, non-target and new lesions."""
    roster = line.roster
    rows = rows_of(visit)
    sizes, missing = read_targets(roster, rows, visit.visit_on)
    part = ZERO
    for _, size in sizes:
        part += size
    total = None if missing or not roster.targets else part
    scan = kind(
        visit,
        line=line,
        carried=carried,
        rows=rows,
        sizes=sizes,
        missing=tuple(missing),
        part_sum_mm=part,
        sum_mm=total,
        change_from_baseline_pct=change_pct(total, line.baseline_value),
        change_from_nadir_pct=change_pct(total, carried.nadir_mm),
    )
    if roster.nontargets:
        _observe_nontargets(scan)
    if roster.sightings:
        scan.sightings = tuple([found for found in roster.sightings if found.seen_on <= visit.visit_on])
    if roster.unclear:
        for name in sorted(roster.unclear & rows.keys()):
            if rows[name].state == "equivocal":
                scan.flags.append(f"new lesion {name} is unclear; look at it again at the next visit")
    if line.has_scan_days:
        for name, day in misdated(scan).items():
            scan.flags.append(f"review: the scan of {name} is dated {day}, which is not within this visit")
    if visit.method and carried.method and visit.method != carried.method:
        scan.flags.append(f"method changed from {carried.method} to {visit.method}")
    return scan


def _observe_nontargets(scan: Scan) -> None:
    roster, rows, visit_on = scan.line.roster, scan.rows, scan.visit.visit_on
    for lesion in roster.nontargets:
        word, why = read_nontarget(roster, rows, lesion, visit_on)
        if word == PRESENT:
            scan.present += (lesion.lesion_id,)
        elif word == ABSENT:
            scan.absent += (lesion.lesion_id,)
        elif word == WORSE:
            scan.worse += (lesion.lesion_id,)
        else:
            scan.unknown += (why,)


def observe_return(scan: Scan, *, wait: bool) -> None:
    """
    Note what is seen again after an overall CR: any organ lesion, a target node from 10 mm on.

    Not a non-target node, which the RECIST Working Group ("Abnormal lymph node") calls back only when it is
    unequivocally worse, and not a marker, which is no lesion. Both are flagged. `wait`: a single small node
    counts only when a second look agrees.
    """
    returned = [lesion for lesion, size in scan.sizes if is_disease(lesion, size)]
    for lesion in scan.line.roster.nontargets:
        name = lesion.lesion_id
        if name not in scan.present:
            continue
        if lesion.kind == "node":
            scan.present = tuple(other for other in scan.present if other != name)
            scan.absent += (name,)
            scan.flags.append(f"review: non-target node {name} is visible again after CR; it counts once it is worse")
        elif lesion.kind == "marker":
            scan.flags.append(f"review: marker {name} is above normal again after CR; a marker alone is not PD")
        else:
            returned.append(lesion)
    if len(returned) == 1 and returned[0].kind == "node":
        returned = _small_node_back(scan, returned[0], wait=wait)
    scan.returned = tuple(returned)


def _small_node_back(scan: Scan, node: Lesion, *, wait: bool) -> list[Lesion]:
    """
    Flag a single small target node that is back, and return what then counts as seen again.

    The RECIST Working Group ("new lymph node lesions") advises to look again before it is called recurrence.
    """
    size = next(size for lesion, size in scan.sizes if lesion is node)
    if size >= MEASURABLE_NODE_MM:
        return [node]
    scan.flags.append(f"review: one small node, {node.lesion_id}, is back after CR with {number(size)} mm; re-image")
    return [] if wait and not _seen_back_twice(scan, node) else [node]


def _seen_back_twice(scan: Scan, node: Lesion) -> bool:
    """Say whether the look before or the look after this one, both after the CR, shows the node at 10 mm as well."""
    looks = []
    for visit in scan.line.history.visits:
        if scan.complete_on is not None and visit.visit_on > scan.complete_on:
            sizes, _ = read_targets(scan.line.roster, rows_of(visit), visit.visit_on)
            looks += [(visit.visit_on, size) for lesion, size in sizes if lesion is node]
    here = [on for on, _ in looks].index(scan.visit.visit_on)
    return any(size >= NORMAL_NODE_MM for _, size in (*looks[max(here - 1, 0) : here], *looks[here + 1 : here + 2]))


def rows_of(visit: Visit) -> Rows:
    """Return the readings of a visit by lesion."""
    return {row.lesion_id: row for row in visit.measurements}


def is_disease(lesion: Lesion, size: Decimal) -> bool:
    """Say whether a target of that size is disease: a node from 10 mm in short axis, anything else above 0."""
    return size >= NORMAL_NODE_MM if lesion.kind == "node" else size > 0


def change_pct(now: Decimal | None, reference: Decimal | None) -> Decimal | None:
    """Return the change in per cent, unrounded; Infinity from 0 to more, None from 0 to 0 or where a sum is missing."""
    if now is None or reference is None:
        return None
    if not reference:
        return _INFINITY if now else None
    return (now - reference) * 100 / reference


def scan_days(scan: Scan) -> dict[str, date]:
    """
    Return the day of the scan of each lesion read at a visit.

    One that is dated outside of its visit (see `misdated`) counts as of the day of the visit.
    """
    visit_on, wrong = scan.visit.visit_on, misdated(scan)
    return {name: visit_on if name in wrong else row.measured_on or visit_on for name, row in scan.rows.items()}


def misdated(scan: Scan) -> dict[str, date]:
    """Return the lesions whose scan is dated on or before the visit before, or on or after the next one."""
    visits = [visit.visit_on for visit in scan.line.history.visits]
    here = visits.index(scan.visit.visit_on)
    first = visits[here - 1] if here else date.min
    last = visits[here + 1] if here + 1 < len(visits) else date.max
    days = {name: row.measured_on for name, row in scan.rows.items()}
    return {name: day for name, day in days.items() if day is not None and not first < day < last}


# ----------------------------------------------------------------------------------------- explaining


def sum_step(sizes: Sizes, missing: tuple[str, ...], total: Decimal | None) -> Step:
    """Return the step that adds up the targets."""
    terms = " + ".join(f"{lesion.lesion_id} {number(size)}" for lesion, size in sizes)
    added = sum((size for _, size in sizes), ZERO)
    value = "; ".join(([f"{terms} = {number(added)} mm"] if sizes else []) + list(missing))
    return Step("Target lesions", value, "sum", "not complete" if total is None else f"{number(total)} mm")


def sum_steps(scan: Scan, least_growth_mm: Decimal) -> Iterator[Step]:
    """Yield the steps from the sizes of the targets to the tests of shrinkage and growth."""
    if not scan.line.roster.targets:
        return
    yield sum_step(scan.sizes, scan.missing, scan.sum_mm)
    now = scan.part_sum_mm if scan.sum_mm is None else scan.sum_mm
    baseline, lowest = scan.baseline_sum_mm, scan.nadir_sum_mm
    if baseline is None:
        yield Step("Baseline sum", "; ".join(scan.line.unmeasured), "baseline", "not complete")
    elif scan.sum_mm is not None and baseline:
        change = f"{number(now)} of {number(baseline)} mm = {percent((now - baseline) * 100 / baseline)} %"
        yield Step("Change from baseline", change, "-30 % or less", yes_or_no(now * 10 <= baseline * 7))
    if lowest is None:
        return
    yield Step("Smallest sum before", f"{number(lowest)} mm on {scan.nadir_on}", "nadir", f"{number(lowest)} mm")
    growth, is_whole = now - lowest, scan.sum_mm is not None
    grew = f"{number(now)} - {number(lowest)} = {signed(growth)} mm"
    yield Step(
        "Growth from it",
        grew if is_whole or scan.sizes else "not known",
        f">= {number(least_growth_mm)} mm" if least_growth_mm else "> 0 mm",
        _grown(growth > 0 and growth >= least_growth_mm, is_whole=is_whole),
    )
    if lowest:
        share = f"{number(growth)} / {number(lowest)} = {percent(growth * 100 / lowest)} %"
        yield Step(
            "Growth in per cent",
            share if is_whole or scan.sizes else "not known",
            ">= 20 %",
            _grown(now * 10 >= lowest * 12, is_whole=is_whole),
        )


def _grown(holds: bool, *, is_whole: bool) -> str:
    """Say whether the sum has grown so far; what is missing of it could only add to it."""
    return "yes" if holds else "no" if is_whole else "cannot say"


def yes_or_no(holds: bool) -> str:
    return "yes" if holds else "no"


def part_steps(scan: Scan) -> Iterator[Step]:
    """Yield what each table gave, and by which rule."""
    findings = scan.findings
    yield Step("Target response", findings["target"].because, findings["target"].rule, findings["target"].category)
    nontarget = findings["nontarget"]
    words = {"unequivocally worse": scan.worse, "present": scan.present, "absent": scan.absent}
    said = [f"{', '.join(names)} {word}" for word, names in words.items() if names]
    yield Step("Non-target lesions", "; ".join([*said, *scan.unknown]) or "none", nontarget.rule, nontarget.category)
    new = findings["new_lesion"]
    yield Step("New lesions", scan.new_ids or "none", new.rule, new.category)
    overall = findings["overall"]
    together = f"{findings['target'].category} + {nontarget.category} + {'new lesion' if scan.sightings else 'no new'}"
    back = f"; {scan.returned_ids} seen again" if scan.returned else ""
    yield Step("Overall", together + back, overall.rule, overall.category)


def changes(scan: Scan, partial_to_mm: Decimal | None, progression_from_mm: Decimal | None) -> Iterator[str]:
    """
    Yield the values at which the answer of a visit would be another.

    `partial_to_mm` is the largest sum with partial response, `progression_from_mm` the smallest with
    progression, None where it cannot be said.
    """
    if scan.missing:
        yield f"a full answer needs what is missing: {'; '.join(scan.missing)}"
    if scan.returned:
        yield f"not PD if {scan.returned_ids} were not seen"
    elif scan.complete_on is not None:
        yield "PD as soon as a target lesion is seen again, a node from 10 mm"
    if scan.worse:
        yield f"not PD by non-target lesions if {scan.worse_ids} were not unequivocally worse"
    if scan.sightings:
        yield f"not PD by new lesions without {' and '.join(found.lesion_id for found in scan.sightings)}"
    target = scan.gave("target")
    if scan.complete_on is not None or target == "CR":
        return
    if target != "PD" and (scan.returned or scan.worse or scan.sightings):
        return  # progression whatever the sum
    if progression_from_mm is not None and scan.sizes:
        limit = str(progression_from_mm.quantize(_TENTH, ROUND_CEILING))
        now = f"now {number(scan.part_sum_mm)}{'' if scan.sum_mm is not None else ' without what is missing'}"
        yield f"not PD by targets below {limit} mm; {now}" if target == "PD" else f"PD from {limit} mm; {now}"
    if partial_to_mm is not None and scan.sum_mm is not None and target in ("PR", "SD"):
        limit = str(partial_to_mm.quantize(_TENTH, ROUND_FLOOR))
        now = f"now {number(scan.sum_mm)}"
        yield f"SD above {limit} mm; {now}" if target == "PR" else f"PR at {limit} mm or less; {now}"
