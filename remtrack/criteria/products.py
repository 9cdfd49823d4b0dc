"""
What is seen of lesions that are measured in two diameters, for the families that add up products.

A target's longest diameter, the longest one perpendicular to it, and their product in mm²; what became of
lesions that were split, merged or treated; since when a new lesion counts. No rule and no threshold: these stand
with each family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from ..model import TOO_SMALL_MM, History, Lesion, Measurement, Visit
from ..verdict import Problem, Step
from .base import number
from .lesions import ZERO, Roster, Rows, Sighting

# States of a lesion without a size that counts, whatever is written beside them.
_UNSIZED = frozenset({"not_assessed", "treated_locally", "merged_into", "disproved"})


class Pair(NamedTuple):
    """
    What a target measures at a visit, in mm and mm².

    `short_mm` and `product_mm2` are None when only the longest diameter is known. Of a lesion that was split the
    products of its pieces are added and the diameters are those of the largest piece.
    """

    lesion: Lesion
    longest_mm: Decimal
    short_mm: Decimal | None
    product_mm2: Decimal | None

    @property
    def is_gone(self) -> bool:
        return not self.longest_mm

    def __str__(self) -> str:
        """Return the pair as it is told: 40 x 30."""
        second = "?" if self.short_mm is None else number(self.short_mm)
        return f"{number(self.longest_mm)} x {second}"


class Pairs(NamedTuple):
    """
    What the targets measure at a visit.

    `missing` are sentences on what keeps the sum from being complete, `unread` those of them on targets of which
    not even the longest diameter is known. `merged` are the ids of the lesions that were taken up by another
    one, by the id of that one.
    """

    found: tuple[Pair, ...]
    missing: tuple[str, ...]
    unread: tuple[str, ...]
    merged: Mapping[str, tuple[str, ...]]

    @property
    def total(self) -> Decimal:
        """The sum of the products that are known."""
        total = ZERO
        for pair in self.found:
            if pair.product_mm2 is not None:
                total += pair.product_mm2
        return total


_NONE_MERGED: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def read_pairs(targets: Sequence[Lesion], roster: Roster, rows: Rows, visit_on: date) -> Pairs:
    """Return what those targets measure at a visit, and a sentence for each that has no product."""
    merged: dict[str, list[str]] = {}
    if roster.has_ties:
        read = [_tied_pair(roster, rows, lesion, visit_on, merged) for lesion in targets]
        read += [read_pair(roster.masses[name], rows.get(name)) for name in merged if name in roster.masses]
    else:
        read = [read_pair(lesion, rows.get(lesion.lesion_id)) for lesion in targets]
    return Pairs(
        tuple([pair for pair, _ in read if pair is not None]),
        tuple([why for _, why in read if why]),
        tuple([why for pair, why in read if pair is None]),
        {name: tuple(taken) for name, taken in merged.items()} if merged else _NONE_MERGED,
    )


def read_pair(lesion: Lesion, row: Measurement | None) -> tuple[Pair | None, str]:
    """
    Return what a lesion measures by itself, and a sentence when its product is not known.

    Too small to measure is 5 x 5 mm, absent 0 x 0. The larger of two sizes is the longest diameter, however they
    were entered.
    """
    name = lesion.lesion_id
    if row is None:
        return None, f"nothing is entered for {name}"
    longest, short, state = row.longest_mm, row.short_mm, row.state
    if state in _UNSIZED:
        return None, _why_unsized(name, row)
    if state == "absent" and (longest or short):
        return None, f"{name} is entered as absent and with a size"
    if longest is not None and short is not None:
        if short > longest:
            longest, short = short, longest
        return Pair(lesion, longest, short, longest * short), ""
    if state == "absent" or longest == ZERO or (longest is None and short == ZERO):
        return Pair(lesion, ZERO, ZERO, ZERO), ""
    if state == "too_small":
        return Pair(lesion, TOO_SMALL_MM, TOO_SMALL_MM, TOO_SMALL_MM * TOO_SMALL_MM), ""
    if longest is not None:
        return Pair(lesion, longest, None, None), f"{name} has no second diameter"
    return None, f"{name} has no longest diameter"


def _why_unsized(name: str, row: Measurement) -> str:
    if row.state == "not_assessed":
        return f"{name} was not assessed{f' ({row.reason})' if row.reason else ''}"
    if row.state == "treated_locally":
        return f"{name} was treated locally"
    return f'{name} is entered as "{row.state}", without a size'


def _tied_pair(
    roster: Roster, rows: Rows, lesion: Lesion, visit_on: date, merged: dict[str, list[str]]
) -> tuple[Pair | None, str]:
    """Return what a target measures where some lesions of the line were split, merged or treated."""
    name = lesion.lesion_id
    row = rows.get(name)
    if name in roster.treated_on and visit_on >= roster.treated_on[name]:
        return None, f"{name} was treated locally"
    if row is not None and row.state == "merged_into":
        return _merged_pair(roster, rows, lesion, merged)
    parts = [part for part, split_on in roster.fragments.get(name, ()) if split_on <= visit_on]
    if not parts or (row is not None and all(part.lesion_id not in rows for part in parts)):
        return read_pair(lesion, row)
    pieces: list[Pair] = []
    for piece in [*parts, lesion] if row is not None else parts:
        pair, why = read_pair(piece, rows.get(piece.lesion_id))
        if pair is None or why:
            return None, why
        pieces.append(pair)
    largest = max(pieces, key=lambda piece: piece.longest_mm)
    total = sum((piece.product_mm2 or ZERO for piece in pieces), ZERO)
    return Pair(lesion, largest.longest_mm, largest.short_mm, total), ""


def _merged_pair(roster: Roster, rows: Rows, lesion: Lesion, merged: dict[str, list[str]]) -> tuple[Pair | None, str]:
    """Return 0 x 0 for a lesion that was taken up by one that is measured, and note by which."""
    walked = {lesion.lesion_id}
    into = rows[lesion.lesion_id].other_id
    while into not in walked and into in rows and rows[into].state == "merged_into":
        walked.add(into)
        into = rows[into].other_id
    if into in walked:
        return None, f"{lesion.lesion_id} is entered as merged in a circle"
    if into not in roster.masses and all(target.lesion_id != into for target in roster.targets):
        return None, f"{lesion.lesion_id} merged into {into}, which is not measured in this line"
    merged.setdefault(into, []).append(lesion.lesion_id)
    return Pair(lesion, ZERO, ZERO, ZERO), ""


def find_new(
    roster: Roster, visits: Sequence[Visit], is_large: Callable[[Lesion, Measurement], bool]
) -> tuple[tuple[Sighting, ...], frozenset[str]]:
    """
    Return the new lesions that count, by date, and the ids of those that are unclear so far.

    One that is large counts from that visit on, never before; one that is called unequivocal counts from its first
    sighting as equivocal. Disproved, it never was.
    """
    wanted = {lesion.lesion_id: lesion for lesion in roster.news}
    unclear: dict[str, tuple[date, date]] = {}
    counted: dict[str, Sighting] = {}
    for visit in visits if wanted else ():
        for row in visit.measurements:
            name = row.lesion_id
            if name not in wanted:
                continue
            here = (visit.visit_on, row.measured_on or visit.visit_on)
            if row.state == "disproved":
                unclear.pop(name, None)
                counted.pop(name, None)
            elif row.state == "equivocal":
                unclear.setdefault(name, here)
            elif row.state in ("unequivocal", "unequivocal_pd"):
                first = unclear.setdefault(name, here)
                if name not in counted or first[0] < counted[name].seen_on:
                    counted[name] = Sighting(name, *first, visit.visit_on)
            elif name not in counted and is_large(wanted[name], row):
                counted[name] = Sighting(name, *here, visit.visit_on)
    ordered = sorted(counted.values(), key=lambda found: (found.seen_on, len(found.lesion_id), found.lesion_id))
    return tuple(ordered), frozenset(unclear.keys() - counted.keys())


class ScanDays(NamedTuple):
    """
    When the scans of one visit were taken.

    `of` is the day of each lesion's scan. One that is dated on or before the visit before, or on or after the next
    one, counts as of the day of its visit; `wrong` says which these are.
    """

    visit_on: date
    first: date
    last: date
    of: dict[str, date]
    wrong: tuple[str, ...]

    def clip(self, day: date) -> date:
        """Return a day of this visit as it counts."""
        return day if self.first < day < self.last else self.visit_on


def scan_days(history: History, visit: Visit) -> ScanDays:
    """Return when the scans of a visit were taken."""
    days = [seen.visit_on for seen in history.visits]
    here = days.index(visit.visit_on)
    found = ScanDays(
        visit.visit_on,
        days[here - 1] if here else date.min,
        days[here + 1] if here + 1 < len(days) else date.max,
        {row.lesion_id: row.measured_on or visit.visit_on for row in visit.measurements},
        (),
    )
    wrong = tuple(
        f"review: the scan of {name} is dated {day}, which is not within this visit"
        for name, day in found.of.items()
        if found.clip(day) != day
    )
    return found._replace(of={name: found.clip(day) for name, day in found.of.items()}, wrong=wrong)


def square_mm(value: Decimal) -> str:
    """Return an area as it is told."""
    return f"{number(value)} mm²"


def product_step(label: str, pairs: Pairs, total: Decimal | None) -> Step:
    """Return the step that adds up the products of the targets."""
    terms = " + ".join(f"{pair.lesion.lesion_id} {pair}" for pair in pairs.found)
    value = "; ".join(([f"{terms} = {square_mm(pairs.total)}"] if pairs.found else []) + list(pairs.missing))
    return Step(
        label, value or "none in this line", "sum of products", "not complete" if total is None else square_mm(total)
    )


def unusual_pairs(history: History, targets: Sequence[Lesion], roster: Roster) -> Iterator[Problem]:
    """Yield a warning for each target without two diameters at the baseline, and for what is called new there."""
    who = f"{history.patient_id}, line {history.line.number}"
    baseline = history.visits[0]
    rows = {row.lesion_id: row for row in baseline.measurements}
    for lesion in targets:
        _, why = read_pair(lesion, rows.get(lesion.lesion_id))
        if why:
            yield Problem(
                "warning",
                f"{who}: {why} at the baseline",
                "without both diameters of every target there is no sum at the baseline to compare with",
                rule="target-without-baseline",
            )
    for lesion in roster.news:
        if lesion.lesion_id in rows:
            yield Problem(
                "warning",
                f"{who}: {lesion.lesion_id} is called new and is recorded at the baseline",
                "a new lesion is one that was not there at the baseline; the reading of the baseline is not counted",
                rule="new-at-baseline",
            )
    started_on = history.line.started_on
    if started_on is not None and started_on < baseline.visit_on:
        yield Problem(
            "warning",
            f"{who}: the baseline of {baseline.visit_on} is after the start of treatment on {started_on}",
            "growth or shrinkage before the baseline is not seen",
            rule="baseline-after-start",
        )
