"""What explains a visit under iRECIST, and what would change its category."""

from __future__ import annotations

from collections.abc import Iterator

from ..verdict import Step
from . import immune as see
from .base import number
from .immune import ImmuneScan
from .recist import partial_to, progression_from


def series_steps(scan: ImmuneScan) -> Iterator[Step]:
    """Yield what each table gave, the new lesions by their sum, and the series that is open."""
    labels = {"target": "Target response", "nontarget": "Non-target lesions", "new_lesion": "New lesions"}
    for part, label in labels.items():
        finding = scan.findings[part]
        yield Step(label, finding.because, finding.rule, finding.category)
    if scan.new_sizes or (scan.immune_line.by_size and scan.new_gap):
        told = " + ".join(f"{name} {number(size)}" for name, size in scan.new_sizes)
        total = "not complete" if scan.new_sum_mm is None else f"{number(scan.new_sum_mm)} mm"
        yield Step("New lesions by size", "; ".join(filter(None, (told, *scan.new_gap))), "sum, kept apart", total)
    if scan.series is not None:
        series = scan.series
        told = f"since {series.opened_on} by {' and '.join(sorted(series.triggers))}, {scan.days} days"
        lowest = see.lowest_told(series)
        yield Step(
            "Open series", told, "further growth from day 28 on", f"lowest since: {lowest}" if lowest else "open"
        )
    finding = scan.findings["overall"]
    yield Step("Overall", finding.because, finding.rule, finding.category)


def changes(scan: ImmuneScan) -> Iterator[str]:
    """Yield the values at which the answer of a visit would be another."""
    if scan.known.confirmed is not None:
        return
    if scan.missing:
        yield f"a full answer needs what is missing: {'; '.join(scan.missing)}"
    if scan.series is not None and see.is_early(scan):
        yield f"nothing can confirm or reset before 28 days; now {scan.days}"
        return
    target, total = scan.gave("target"), scan.sum_mm
    lowest, baseline = scan.nadir_sum_mm, scan.baseline_sum_mm
    if lowest is not None and scan.carried.complete_on is None and target in ("iPR", "iSD", "iUPD"):
        limit = progression_from(scan.line, lowest)
        below = f"no iUPD by targets below {number(limit)} mm" if target == "iUPD" else f"iUPD from {number(limit)} mm"
        yield f"{below}; now {number(scan.part_sum_mm)}"
    if scan.series is not None:
        if see.triggered(scan, see.TARGETS) and scan.series.lowest_mm is not None:
            yield f"confirmed by targets that meet PD from {number(scan.series.lowest_mm + see.FURTHER_GROWTH_MM)} mm"
        if see.triggered(scan, see.NEW) and scan.series.lowest_new_mm is not None:
            limit = scan.series.lowest_new_mm + see.FURTHER_GROWTH_MM
            yield f"confirmed by new lesions from {number(limit)} mm together, or by one more"
        if see.triggered(scan, see.NONTARGETS):
            yield "confirmed by any further increase of a non-target"
    if baseline is not None and total is not None and target in ("iPR", "iSD"):
        limit = partial_to(baseline)
        told = f"iSD above {number(limit)} mm" if target == "iPR" else f"iPR at {number(limit)} mm or less"
        yield f"{told}; now {number(total)}"
