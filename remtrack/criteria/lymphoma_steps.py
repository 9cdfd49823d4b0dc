"""What explains a visit of a lymphoma, what would change its category, and what is unusual about a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..verdict import Finding, Problem, Step
from .base import number, percent
from .lesions import ZERO
from .lymphoma import (
    ANALYTES,
    MOST_TARGETS,
    NORMAL_SPLEEN_MM,
    SPLEEN_GROWTH_MM,
    Line,
    Scan,
    Smallest,
    complete,
    is_normal,
    largest_unmeasured,
    least_growth,
    spleen_normal,
    spleen_regressed,
)
from .products import Pair, product_step, read_pairs, square_mm, unusual_pairs
from .results import Amount, Panel
from .sums import rows_of, yes_or_no

SOURCE = "Cheson 2014, Table 3"
_HEADLINES = ("target", "nontarget", "new_lesion", "overall")
_NEVER = Smallest()

# --------------------------------------------------------------------------------------- explaining


def finding_steps(scan: Scan) -> Iterator[Step]:
    """Yield what each table of the headline scale gave, and by which rule."""
    labels = {"target": "Target response", "nontarget": "Non-target lesions", "new_lesion": "New lesions"}
    for part in _HEADLINES:
        if part in scan.findings:
            finding: Finding = scan.findings[part]
            yield Step(labels.get(part, "Overall"), finding.because, finding.rule, finding.category)


def panel_steps(scan: Scan) -> Iterator[Step]:
    """Yield what was read of spleen and marrow."""
    if scan.spleen is not None:
        yield Step("Spleen", f"{scan.spleen} mm", "<= 130 mm", yes_or_no(spleen_normal(scan) is True))
    first, now = _exact(scan.spleen_first), _exact(scan.spleen)
    if first is not None and now is not None and first > NORMAL_SPLEEN_MM:
        excess, was = max(now - NORMAL_SPLEEN_MM, ZERO), first - NORMAL_SPLEEN_MM
        yield Step(
            "Spleen over 130 mm",
            f"{number(excess)} mm after {number(was)} mm at first",
            "down by more than half (for PR)",
            yes_or_no(spleen_regressed(scan) is True),
        )
    if scan.marrow is not None:
        yield Step("Marrow", scan.marrow, "normal", yes_or_no(scan.marrow == "normal"))


def pet_steps(scan: Scan) -> Iterator[Step]:
    """Yield what was read on PET, and what it gives where it stands beside CT."""
    said = "not entered" if scan.score is None else str(scan.score)
    yield Step(
        "Five-point score",
        said,
        "<= 3",
        "not known" if scan.score is None else yes_or_no(scan.score.at_most(Decimal(3)) is True),
    )
    read = {
        "Uptake against the baseline": scan.uptake,
        "New FDG-avid foci": scan.foci,
        "Marrow held to be lymphoma": scan.marrow_fdg,
    }
    for label, told in read.items():
        if told is not None:
            yield Step(label, told, "as read", told)
    if "pet" in scan.findings:
        finding = scan.findings["pet"]
        yield Step("PET beside CT", finding.because, finding.rule, finding.category)


def ct_steps(scan: Scan) -> Iterator[Step]:
    """Yield the products, the change of their sum, the growth of each lesion, spleen and marrow."""
    if scan.line.roster.targets:
        yield product_step("Target lesions", scan.pairs, scan.sum_mm2)
        total, baseline = scan.sum_mm2, scan.line.baseline_value
        if total is not None and baseline:
            change = f"{number(total)} of {square_mm(baseline)} = {percent((total - baseline) * 100 / baseline)} %"
            yield Step("Change from baseline", change, "-50 % or less", yes_or_no(total * 2 <= baseline))
    for pair in scan.pairs.found:
        name = pair.lesion.lesion_id
        least = scan.least.get(name, _NEVER)
        if pair.is_gone or least.longest_mm is None:
            continue
        needed = number(least_growth(least.longest_mm))
        rule = f"> 15 mm, product x 1.5, +{needed} mm"
        if name in scan.carried.gone:
            rule = f"> {number(largest_unmeasured(pair.lesion))} mm, it was gone"
        has = pair in scan.grown or any(name == back for back, _ in scan.regrown)
        was = f"{number(least.longest_mm)} x {number(least.short_mm or ZERO)}"
        yield Step(f"Growth of {name}", f"{pair} mm, smallest before {was} mm", rule, yes_or_no(has))
    yield from panel_steps(scan)
    if "ct" in scan.findings:
        finding = scan.findings["ct"]
        yield Step("CT beside PET", finding.because, finding.rule, finding.category)


def pet_changes(scan: Scan) -> Iterator[str]:
    """Yield what on PET would give another answer."""
    overall = scan.gave("overall")
    if scan.foci == "yes":
        yield "not PMD by new foci without them"
    elif overall != "PMD":
        yield "PMD with new FDG-avid foci typical of lymphoma"
    if overall == "NE":
        yield f"a full answer needs what is missing: {scan.missing_on_pet}"
    elif overall == "CMR":
        yield "no CMR from a score of 4, or with marrow uptake held to be lymphoma"
    elif scan.marrow_fdg == "yes":
        yield "CMR with a score of 3 or less and no marrow uptake held to be lymphoma"
    elif overall in ("PMR", "NMR"):
        yield "CMR with a score of 3 or less; PMD with uptake increased from the baseline"


def ct_changes(scan: Scan) -> Iterator[str]:
    """Yield the values on CT at which the answer would be another."""
    if scan.pairs.missing:
        yield f"a full answer needs what is missing: {'; '.join(scan.pairs.missing)}"
    shown = {
        "{} had not grown": [pair.lesion.lesion_id for pair in scan.grown],
        "{} were not back": [name for name, _ in (*scan.regrown, *scan.regrown_beside)],
        "{} were no new lesion": [found.lesion_id for found in scan.sightings],
        "{} were not unequivocally worse": scan.worse,
    }
    found = [told.format(" and ".join(names)) for told, names in shown.items() if names]
    if found:
        yield f"not PD by this if {', and '.join(found)}"
    else:
        for pair in scan.pairs.found:
            yield from growth_limit(scan, pair)
        yield from spleen_limit(scan)
    total, baseline = scan.sum_mm2, scan.line.baseline_value
    target = scan.gave("target")
    if total is not None and baseline is not None and target in ("PR", "SD"):
        half = square_mm(baseline / 2)
        yield (
            f"SD above {half}; now {number(total)}" if target == "PR" else f"PR at {half} or less; now {number(total)}"
        )
    if scan.gave("overall") in ("PR", "SD"):
        large = [
            f"{pair.lesion.lesion_id} {number(pair.longest_mm)} mm"
            for pair in scan.pairs.found
            if not is_normal(pair.lesion, pair)
        ]
        if large:
            yield f"CR needs every node at most 15 mm long and all else gone: {', '.join(large)}"
        elif complete(scan) is not True:
            yield f"CR needs what stands against it: {scan.what_stands_against_cr}"


def growth_limit(scan: Scan, pair: Pair) -> Iterator[str]:
    """Yield from which size on a target would be progression by itself."""
    name, least = pair.lesion.lesion_id, scan.least.get(pair.lesion.lesion_id, _NEVER)
    if name in scan.carried.gone:
        yield f"PD if {name} is longer than {number(largest_unmeasured(pair.lesion))} mm again"
    elif least.product_mm2 is not None and least.longest_mm is not None and least.short_mm is not None:
        needed = least_growth(least.longest_mm)
        yield (
            f"PD if {name} is longer than 15 mm, its product at least {square_mm(least.product_mm2 * 3 / 2)}, and the "
            f"longest diameter from {number(least.longest_mm + needed)} or the other from "
            f"{number(least.short_mm + needed)} mm; now {pair}"
        )


def spleen_limit(scan: Scan) -> Iterator[str]:
    """Yield from which length on the spleen would be progression."""
    first, least = _exact(scan.spleen_first), _exact(scan.spleen_least)
    if first is None or least is None:
        return
    is_reached = scan.findings["overall"].rule.startswith("lugano.ct.pd_spleen")
    if least > NORMAL_SPLEEN_MM:
        limit, from_there = (least * 3 - NORMAL_SPLEEN_MM) / 2, False
    else:
        limit = (least if first > NORMAL_SPLEEN_MM else first) + SPLEEN_GROWTH_MM
        from_there = limit > NORMAL_SPLEEN_MM
        limit = max(limit, NORMAL_SPLEEN_MM)
    if is_reached:
        told = f"below {number(limit)} mm" if from_there else f"at {number(limit)} mm or less"
        yield f"not PD by the spleen {told}"
    elif from_there:
        yield f"PD if the spleen is {number(limit)} mm or longer"
    else:
        yield f"PD if the spleen is longer than {number(limit)} mm"
    if spleen_regressed(scan) is False:
        yield f"PR needs a spleen under {number((first + NORMAL_SPLEEN_MM) / 2)} mm; now {scan.spleen}"


def _exact(length: Amount | None) -> Decimal | None:
    return None if length is None else length.value


def unusual_baseline(line: Line) -> Iterator[Problem]:
    """Yield a warning for each rule of the baseline that is not kept."""
    history, roster = line.history, line.roster
    baseline = history.visits[0]
    who = f"{history.patient_id}, line {history.line.number}"
    if len(roster.targets) > MOST_TARGETS:
        names = ", ".join(lesion.lesion_id for lesion in roster.targets)
        yield Problem(
            "warning",
            f"{who}: {len(roster.targets)} target lesions ({names})",
            f"at most {MOST_TARGETS} of the largest should be chosen ({SOURCE})",
            rule="seven-targets",
        )
    for pair in read_pairs(roster.targets, roster, rows_of(baseline), baseline.visit_on).found:
        least = largest_unmeasured(pair.lesion)
        if pair.longest_mm <= least:
            yield Problem(
                "warning",
                f"{who}: target {pair.lesion.lesion_id} is {number(pair.longest_mm)} mm long at the baseline",
                f"a target {'node' if pair.lesion.kind == 'node' else 'outside nodes'} should be longer than "
                f"{number(least)} mm ({SOURCE})",
                rule="target-too-small",
            )
    panel = Panel(baseline, ANALYTES)
    for trouble in panel.troubles:
        yield Problem("warning", f"{who}: {trouble} at the baseline", "it counts as not entered", rule="not-read")
    if line.is_pet:
        score = panel.amount("dps")
        if score is None:
            yield Problem(
                "warning",
                f"{who}: no five-point score at the baseline",
                "later uptake is compared with the PET of the baseline; without one choose mode=CT",
                rule="no-baseline-pet",
            )
        elif score.at_most(Decimal(3)) and panel.word("marrow_fdg") != "yes":
            yield Problem(
                "warning",
                f"{who}: a score of {score} at the baseline",
                "a lymphoma that is not FDG-avid is followed by CT: choose mode=CT",
                rule="not-avid",
            )
    yield from unusual_pairs(history, roster.targets, roster)
