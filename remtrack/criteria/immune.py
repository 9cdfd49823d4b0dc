"""
What iRECIST sees at a visit beyond RECIST 1.1: new lesions that are followed, and the series that an iUPD opens.

The conditions of its tables stand here too; the tables, their sources and how the paper is read are in `irecist`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ..model import History, Lesion, Measurement, Visit
from .base import Choices, number
from .baselines import MOST_IN_ONE_ORGAN, MOST_TARGETS, organ_of
from .lesions import MEASURABLE_NODE_MM, NORMAL_NODE_MM, ZERO, Rows, read_targets
from .recist import least_growth
from .results import Panel, by_name, word
from .sums import Carried, Line, Scan, observe_return, observe_scan, prepare_line

#: A repeat scan before so many days is disregarded; one after so many is late.
FIRST_REPEAT_DAYS, LAST_REPEAT_DAYS = 28, 56
FURTHER_GROWTH_MM = Decimal(5)
MEASURABLE_MM = Decimal(10)

# What may be entered of a new lesion beside its size.
_JUDGED = frozenset({"equivocal", "unequivocal", "unequivocal_pd", "increased", "present"})

TARGETS, NONTARGETS, NEW = "target lesions", "non-target lesions", "new lesions"

ANALYTES = by_name(
    word("unscheduled_new_symptom", "the scan was done early because of a new symptom or sign"),
    word("clinically_stable", "the person is clinically stable; changes no category"),
)


class Series(NamedTuple):
    """
    An unconfirmed progression that is still open.

    `opened_on` is the visit of the iUPD, `dated_on` the day that is dated to, `triggers` the kinds of lesion that
    made it. `lowest_mm` and `lowest_new_mm` are the smallest sums of targets and of new lesions over the visits
    that count since then, None while none was complete. `had_responded`: targets were iPR or iCR when it opened.
    `worse` are the non-targets that were unequivocally worse since then.
    """

    opened_on: date
    dated_on: date
    triggers: frozenset[str]
    lowest_mm: Decimal | None
    lowest_new_mm: Decimal | None
    had_responded: bool
    worse: frozenset[str] = frozenset()


class Known(NamedTuple):
    """
    What a visit is compared with, beside what RECIST carries.

    `lowest_new_mm` is the smallest sum of the measured new lesions before, since the last of them was first seen.
    `confirmed` is the series that was confirmed.
    """

    sums: Carried = Carried()
    series: Series | None = None
    lowest_new_mm: Decimal | None = None
    confirmed: Series | None = None


@dataclass(slots=True)
class ImmuneLine(Line):
    """A line with its new lesions: those followed by size (new-target), the others by a state (new-non-target)."""

    by_size: tuple[Lesion, ...] = ()
    by_state: tuple[Lesion, ...] = ()
    first_seen: dict[str, date] = field(default_factory=dict)


@dataclass(slots=True)
class ImmuneScan(Scan):
    """
    What iRECIST sees at a visit.

    `fresh` are new lesions first seen now, `visible` all that can be seen now; `new_gap` says which were not
    assessed. `new_sum_mm` is None when one of those that are measured is missing, or there is none;
    `new_assessed_mm` is what the others add up to. `increased` are non-targets that have grown further: called so,
    or unequivocally worse in an open series of non-targets in which they were not yet.
    """

    known: Known = field(kw_only=True)
    fresh: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    new_gap: tuple[str, ...] = ()
    new_sum_mm: Decimal | None = None
    new_assessed_mm: Decimal = ZERO
    new_sizes: tuple[tuple[str, Decimal], ...] = ()
    new_increased: tuple[str, ...] = ()
    new_worse: tuple[str, ...] = ()
    increased: tuple[str, ...] = ()
    has_new_symptom: bool = False
    is_unstable: bool = False

    @property
    def series(self) -> Series | None:
        return self.known.series

    @property
    def days(self) -> int:
        """The days since the series opened."""
        return 0 if self.series is None else (self.visit.visit_on - self.series.opened_on).days

    @property
    def one_more(self) -> tuple[str, ...]:
        """New lesions that can be seen now and were first seen after the series opened."""
        if self.series is None:
            return ()
        first = self.immune_line.first_seen
        return tuple(name for name in self.visible if first[name] > self.series.opened_on)

    @property
    def immune_line(self) -> ImmuneLine:
        assert isinstance(self.line, ImmuneLine)  # noqa: S101 - what `observe_immune` put there
        return self.line

    # What the sentences of the rules name.

    @property
    def opened_on(self) -> date:
        return self.open_or_confirmed.opened_on

    @property
    def open_or_confirmed(self) -> Series:
        found = self.known.confirmed or self.series
        assert found is not None  # noqa: S101 - asked for by rules that hold only then
        return found

    @property
    def triggers(self) -> str:
        return " and ".join(sorted(self.open_or_confirmed.triggers))

    @property
    def fresh_ids(self) -> str:
        return " and ".join(self.fresh)

    @property
    def one_more_ids(self) -> str:
        return " and ".join(self.one_more)

    @property
    def visible_ids(self) -> str:
        return " and ".join(self.visible)

    @property
    def new_worse_ids(self) -> str:
        return " and ".join(self.new_worse)

    @property
    def new_increased_ids(self) -> str:
        return " and ".join(dict.fromkeys((*self.new_increased, *self.new_worse)))

    @property
    def increased_ids(self) -> str:
        return " and ".join(self.increased)

    @property
    def lowest_since_mm(self) -> Decimal:
        return self.open_or_confirmed.lowest_mm or ZERO

    @property
    def lowest_new_since_mm(self) -> Decimal:
        return self.open_or_confirmed.lowest_new_mm or ZERO

    @property
    def lowest_new_mm(self) -> Decimal:
        return self.known.lowest_new_mm or ZERO

    @property
    def least_growth_mm(self) -> Decimal:
        return least_growth(self.line)

    @property
    def further_mm(self) -> Decimal:
        return self.part_sum_mm - self.lowest_since_mm

    @property
    def new_further_mm(self) -> Decimal:
        return self.new_assessed_mm - self.lowest_new_since_mm

    @property
    def complete_needs(self) -> tuple[str, ...]:
        return (*self.unknown, *self.new_gap)

    @property
    def target_pd(self) -> str:
        """Why targets meet PD."""
        back = [lesion.lesion_id for lesion in self.returned if lesion.role == "target"]
        if self.gave("target") == "iUPD" or not back:
            return self.findings["target"].because
        return f"{' and '.join(back)} seen again after the complete response of {self.complete_on}"

    @property
    def nontarget_pd(self) -> str:
        """Why non-targets meet PD."""
        if self.worse:
            return f"non-target {self.worse_ids} unequivocally worse"
        back = [lesion.lesion_id for lesion in self.returned if lesion.role == "nontarget"]
        return f"{' and '.join(back)} seen again after the complete response of {self.complete_on}"

    @property
    def new_lesions_and_reset(self) -> str:
        """That this visit resets a series, and what of the new lesions is still there."""
        still = f"new lesion {self.visible_ids} still seen" if self.visible else "no new lesion"
        return still + ("" if self.series is None else f"; the iUPD of {self.series.opened_on} is reset")

    @property
    def series_gap(self) -> str:
        return "; ".join(self.series_needs)

    @property
    def series_needs(self) -> tuple[str, ...]:
        """What was not assessed of that which decides about the open series."""
        triggers = self.open_or_confirmed.triggers
        lacks = list(self.target_needs) if self.gave("target") == "NE" else []
        if NONTARGETS in triggers:
            lacks += self.unknown
        if NEW in triggers:
            lacks += self.new_gap
        return tuple(lacks)


# ------------------------------------------------------------------------------------------- observing


def prepare_immune(history: History, choices: Choices) -> ImmuneLine:
    """Return what is known of a line, with its new lesions by how they are followed."""
    plain = prepare_line(history, choices)
    line = ImmuneLine(**{part.name: getattr(plain, part.name) for part in fields(plain)})
    wanted = {lesion.lesion_id: lesion for lesion in line.roster.news}
    rows = {visit.visit_on: {row.lesion_id: row for row in visit.measurements} for visit in history.visits}
    by_size: list[Lesion] = []
    for found in line.roster.sightings:
        lesion = wanted[found.lesion_id]
        line.first_seen[lesion.lesion_id] = found.seen_on
        same_organ = [other for other in by_size if organ_of(other) == organ_of(lesion) != ""]
        if (
            is_measurable(lesion, rows[found.seen_on].get(lesion.lesion_id))
            and len(by_size) < MOST_TARGETS
            and len(same_organ) < MOST_IN_ONE_ORGAN
        ):
            by_size.append(lesion)
    line.by_size = tuple(by_size)
    line.by_state = tuple(wanted[name] for name in line.first_seen if wanted[name] not in by_size)
    return line


def is_measurable(lesion: Lesion, row: Measurement | None) -> bool:
    """Say whether a new lesion was measured when it was first seen, and large enough to be followed by its size."""
    if row is None:
        return False
    size = row.short_mm if lesion.kind == "node" else row.longest_mm
    return size is not None and size >= (MEASURABLE_NODE_MM if lesion.kind == "node" else MEASURABLE_MM)


_PARTS_OF_SCAN = tuple(part.name for part in fields(Scan))


def observe_immune(line: ImmuneLine, known: Known, visit: Visit) -> ImmuneScan:
    """Return what is seen at a visit, with the new lesions and the non-targets that increased further."""
    plain = observe_scan(line, known.sums, visit)
    if known.sums.complete_on is not None:
        observe_return(plain, wait=line.choices.values["node_reappearance_after_cr"] == "wait_one_visit")
    scan = ImmuneScan(**{name: getattr(plain, name) for name in _PARTS_OF_SCAN}, known=known)
    roster = line.roster
    if roster.nontargets:
        scan.increased = tuple(
            lesion.lesion_id
            for lesion in roster.nontargets
            if lesion.lesion_id in scan.rows and scan.rows[lesion.lesion_id].state == "increased"
        )
        if triggered(scan, NONTARGETS) and known.series is not None:
            # Entered again, unequivocal progression is "as bad as before"; of one more lesion it is an increase.
            scan.increased += tuple(name for name in scan.worse if name not in known.series.worse)
    if scan.sightings:
        _observe_new(scan)
    if visit.results:
        panel = Panel(visit, ANALYTES)
        scan.has_new_symptom = panel.word("unscheduled_new_symptom") == "yes"
        scan.flags.extend(panel.troubles)
        scan.is_unstable = panel.word("clinically_stable") == "no"
    return scan


def _observe_new(scan: ImmuneScan) -> None:
    line, visit_on = scan.immune_line, scan.visit.visit_on
    scan.fresh = tuple(found.lesion_id for found in scan.sightings if found.seen_on == visit_on)
    seen = {found.lesion_id for found in scan.sightings}
    visible: list[str] = []
    gap: list[str] = []
    measured = tuple(lesion for lesion in line.by_size if lesion.lesion_id in seen)
    if measured:
        rows = {**scan.rows, **sized(measured, scan.rows)}
        sizes, missing = read_targets(replace(line.roster, targets=measured), rows, visit_on)
        gap += missing
        taken = {name for name, row in rows.items() if row.state == "merged_into"}  # still there, in another one
        own = [(lesion, size) for lesion, size in sizes if lesion in measured]
        visible += [lesion.lesion_id for lesion, size in own if is_seen(lesion, size) or lesion.lesion_id in taken]
        scan.new_sizes = tuple((lesion.lesion_id, size) for lesion, size in sizes)
        scan.new_assessed_mm = sum((size for _, size in sizes), ZERO)
        if not missing:
            scan.new_sum_mm = scan.new_assessed_mm
    for lesion in line.by_state:
        if lesion.lesion_id not in seen:
            continue
        said = state_of(scan, lesion)
        if said is None:
            gap.append(f"nothing is entered for {lesion.lesion_id}")
        elif said == "not_assessed":
            gap.append(f"{lesion.lesion_id} was not assessed")
        elif said not in ("absent", "disproved"):
            visible.append(lesion.lesion_id)
            if said == "increased":
                scan.new_increased += (lesion.lesion_id,)
            elif said == "unequivocal_pd":
                scan.new_worse += (lesion.lesion_id,)
            elif said == "measured" and lesion.lesion_id not in scan.fresh:
                scan.flags.append(
                    f"new lesion {lesion.lesion_id} was not measurable when first seen and is followed by a state, not "
                    "by its size; enter increased if it has grown"
                )
    scan.visible, scan.new_gap = tuple(visible), tuple(gap)


def sized(lesions: Iterable[Lesion], rows: Rows) -> Rows:
    """Return readings with a size beside a judgement ("14 unequivocal") as plain sizes; disproved is not there."""
    found = [rows[lesion.lesion_id] for lesion in lesions if lesion.lesion_id in rows]
    plain = {
        row.lesion_id: Measurement(row.lesion_id, "measured", row.longest_mm, row.short_mm, measured_on=row.measured_on)
        for row in found
        if row.state in _JUDGED and (row.longest_mm is not None or row.short_mm is not None)
    }
    return plain | {row.lesion_id: Measurement(row.lesion_id, "absent") for row in found if row.state == "disproved"}


def is_seen(lesion: Lesion, size: Decimal) -> bool:
    return size >= NORMAL_NODE_MM if lesion.kind == "node" else size > 0


def state_of(scan: ImmuneScan, lesion: Lesion) -> str | None:
    """Return what is entered of a new lesion that is followed by a state; 0 and a node of normal size are absent."""
    row = scan.rows.get(lesion.lesion_id)
    if row is None:
        parts = [
            part for part, _ in scan.line.roster.fragments.get(lesion.lesion_id, ()) if part.lesion_id in scan.rows
        ]
        return "present" if parts else None
    if row.state in ("treated_locally", "merged_into"):
        return "not_assessed"
    size = row.longest_mm if row.short_mm is None or lesion.kind != "node" else row.short_mm
    if row.state == "measured" and size is not None and not is_seen(lesion, size):
        return "absent"
    return row.state


# ------------------------------------------------------------------------------------------ conditions

Condition = Callable[[ImmuneScan], bool | None]


def target_worse(scan: ImmuneScan) -> bool:
    """Targets meet PD of RECIST 1.1, or one is seen again after an overall iCR."""
    return scan.gave("target") == "iUPD" or any(lesion.role == "target" for lesion in scan.returned)


def nontarget_worse(scan: ImmuneScan) -> bool:
    """A non-target is unequivocally worse, or is seen again after an overall iCR."""
    return bool(scan.worse) or any(lesion.role == "nontarget" for lesion in scan.returned)


def new_grown(scan: ImmuneScan) -> bool | None:
    """The measured new lesions are >= 20 % and >= 5 mm (`min_abs_increase_mm`) over their smallest sum before."""
    low, now = scan.known.lowest_new_mm, scan.new_assessed_mm
    if low is None:
        return False
    if now > low and now - low >= least_growth(scan.line) and now * 10 >= low * 12:
        return True
    return None if scan.new_sum_mm is None else False


def new_unequivocal(scan: ImmuneScan) -> bool:
    """A new lesion followed by a state is `unequivocal_pd`."""
    return bool(scan.new_worse)


def further_series(scan: ImmuneScan) -> bool:
    """Progression was confirmed before."""
    return scan.known.confirmed is not None


def opens(condition: Condition) -> Condition:
    """Return the condition that no series is open, and this one holds."""

    def holds(scan: ImmuneScan) -> bool | None:
        return scan.series is None and condition(scan)

    holds.__doc__ = f"No series is open. {condition.__doc__}"
    return holds


def is_early(scan: ImmuneScan) -> bool:
    """A series is open, and the scan is < 28 days (less `confirm_tolerance_days`) after its iUPD."""
    if scan.series is None:
        return False
    least: int = FIRST_REPEAT_DAYS - scan.line.choices.values["confirm_tolerance_days"]
    return scan.days < least


def early_exception(scan: ImmuneScan) -> bool:
    """A series is open, and an early scan with `unscheduled_new_symptom` = yes shows one more new lesion."""
    return is_early(scan) and scan.has_new_symptom and bool(scan.one_more)


def triggered(scan: ImmuneScan, what: str) -> bool:
    return scan.series is not None and what in scan.series.triggers


def further_target(scan: ImmuneScan) -> bool | None:
    """Targets opened the series, still meet PD, and are >= 5 mm over their smallest sum in it."""
    if not triggered(scan, TARGETS) or not target_worse(scan):
        return False
    assert scan.series is not None  # noqa: S101 - just asked
    if scan.series.lowest_mm is None:
        return None
    if scan.part_sum_mm >= scan.series.lowest_mm + FURTHER_GROWTH_MM:
        return True
    return None if scan.missing else False


def further_nontarget(scan: ImmuneScan) -> bool:
    """Non-targets opened the series, and one is `increased`, or one more of them `unequivocal_pd`."""
    return triggered(scan, NONTARGETS) and bool(scan.increased)


def further_new(scan: ImmuneScan) -> bool | None:
    """New lesions opened the series, and those measured are >= 5 mm over their smallest sum in it."""
    if not triggered(scan, NEW) or not scan.immune_line.by_size:
        return False
    assert scan.series is not None  # noqa: S101 - just asked
    if scan.series.lowest_new_mm is None:
        return False
    if scan.new_assessed_mm >= scan.series.lowest_new_mm + FURTHER_GROWTH_MM:
        return True
    return None if scan.new_sum_mm is None else False


def further_new_state(scan: ImmuneScan) -> bool:
    """New lesions opened the series, and one followed by a state is `increased` or `unequivocal_pd`."""
    return triggered(scan, NEW) and bool(scan.new_increased or scan.new_worse)


def any_more(scan: ImmuneScan) -> bool:
    """A new lesion that was first seen after the iUPD can be seen now."""
    return bool(scan.one_more)


def other_target(scan: ImmuneScan) -> bool:
    """Targets meet PD now, and did not open the series."""
    return scan.series is not None and not triggered(scan, TARGETS) and target_worse(scan)


def other_nontarget(scan: ImmuneScan) -> bool:
    """A non-target is unequivocally worse now, and none opened the series."""
    return scan.series is not None and not triggered(scan, NONTARGETS) and nontarget_worse(scan)


def other_new(scan: ImmuneScan) -> bool | None:
    """New lesions meet PD now, and did not open the series."""
    if scan.series is None or triggered(scan, NEW):
        return False
    return True if scan.new_worse else new_grown(scan)


def not_assessed(scan: ImmuneScan) -> bool:
    """Targets, or what opened the series, were not assessed."""
    if scan.series is None:
        return False
    return (
        scan.gave("target") == "NE"
        or (triggered(scan, NONTARGETS) and scan.gave("nontarget") == "NE")
        or (triggered(scan, NEW) and bool(scan.new_gap))
    )


def stays_open(scan: ImmuneScan) -> bool:
    """Targets or non-targets meet PD; or new lesions opened the series, are seen, and targets do not newly respond."""
    if scan.series is None:
        return False
    if target_worse(scan) or nontarget_worse(scan):
        return True
    if not triggered(scan, NEW) or not scan.visible:
        return False
    return scan.series.had_responded or scan.gave("target") not in ("iPR", "iCR")


def complete(scan: ImmuneScan) -> bool | None:
    """Targets iCR or NA, non-targets iCR or NA, no older new lesion to be seen."""
    if scan.gave("target") not in ("iCR", "NA") or scan.visible:
        return False
    beside = scan.gave("nontarget")
    if beside == "NE" or scan.new_gap:
        return None
    return beside in ("iCR", "NA")


def lowest_told(series: Series) -> str:
    """Return what further growth is measured from."""
    told = [] if series.lowest_mm is None else [f"sum {number(series.lowest_mm)} mm"]
    if series.lowest_new_mm is not None:
        told.append(f"new lesions {number(series.lowest_new_mm)} mm")
    return ", ".join(told)


# -------------------------------------------------------------------------------------------- carrying


def series_after(scan: ImmuneScan, dated_on: date) -> tuple[Series | None, Series | None]:
    """Return the series that is open and the one that is confirmed after a visit was judged."""
    known, overall = scan.known, scan.findings["overall"]
    if known.confirmed is not None:
        return None, known.confirmed
    if overall.category == "iCPD":
        return None, known.series
    if known.series is None:
        return (_opened(scan, dated_on) if overall.category == "iUPD" else None), None
    if is_early(scan):
        return known.series, None
    if overall.category not in ("iUPD", "NE"):
        return None, None
    return (
        known.series._replace(
            lowest_mm=lesser(known.series.lowest_mm, scan.sum_mm),
            lowest_new_mm=lesser(known.series.lowest_new_mm, scan.new_sum_mm),
            worse=known.series.worse | set(scan.worse),
        ),
        None,
    )


def _opened(scan: ImmuneScan, dated_on: date) -> Series:
    triggers = {
        TARGETS: target_worse(scan),
        NONTARGETS: nontarget_worse(scan),
        NEW: bool(scan.fresh or scan.new_worse or new_grown(scan)),
    }
    return Series(
        scan.visit.visit_on,
        dated_on,
        frozenset(name for name, holds in triggers.items() if holds),
        scan.sum_mm,
        scan.new_sum_mm,
        scan.gave("target") in ("iPR", "iCR"),
        frozenset(scan.worse),
    )


def lesser(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return the smaller of two sums, the known one where the other is not known."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def lowest_new_after(scan: ImmuneScan) -> Decimal | None:
    """Return the smallest sum of the measured new lesions; it begins anew when one more of them is first seen."""
    measured = {lesion.lesion_id for lesion in scan.immune_line.by_size}
    if measured & set(scan.fresh):
        return scan.new_sum_mm
    return lesser(scan.known.lowest_new_mm, scan.new_sum_mm)
