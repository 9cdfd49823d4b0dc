"""What explains a visit of a glioma, what would change its category, and what is unusual about a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..verdict import Problem, Step
from .base import number, percent
from .glioma import (
    ANALYTES,
    LABELS,
    NCE,
    REPEAT_DAYS,
    Line,
    Scan,
    has_grown,
    is_further,
    is_measurable,
    since_preliminary,
)
from .glioma_scan import observe_scan, outcome
from .products import product_step, read_pairs, square_mm, unusual_pairs
from .results import Panel
from .sums import change_pct, rows_of, yes_or_no

_LABELS = {
    "ce": "Enhancing tumour",
    "nce": "Non-enhancing tumour",
    "target": "Imaging",
    "imaging": "Both components",
    "nontarget": "Non-target lesions",
    "new_lesion": "New lesions",
    "overall": "Overall",
}
_MOST_TARGETS, _MOST_OF_EACH = 3, 2
_AFTER_RADIOTHERAPY = (21, 35)
_BEFORE_START_DAYS = 14


def sum_steps(scan: Scan) -> Iterator[Step]:
    """Yield the products of each component with the tests of shrinkage and growth."""
    for component in scan.line.components:
        if not scan.line.targets[component]:
            continue
        label, now = f"{LABELS[component].capitalize()} targets", scan.sums[component]
        yield product_step(label, scan.pairs[component], now)
        baseline, nadir = scan.line.baselines.get(component), scan.carried.nadirs.get(component)
        total = scan.pairs[component].total
        if now is not None and baseline:
            pct = percent((now - baseline) * 100 / baseline)
            least = "-25 % or less (MR), -50 % (PR)" if component == NCE else "-50 % or less"
            holds = now * 4 <= baseline * 3 if component == NCE else now * 2 <= baseline
            yield Step(
                "Change from baseline", f"{number(now)} of {square_mm(baseline)} = {pct} %", least, yes_or_no(holds)
            )
        if nadir is not None:
            pct_told = "" if not nadir else f" = {percent((total - nadir) * 100 / nadir)} %"
            found, is_whole = scan.pairs[component].found, now is not None
            value = f"{number(total)} after {square_mm(nadir)}{pct_told}" if is_whole or found else "not known"
            large = any(is_measurable(pair.longest_mm, pair.short_mm) for pair in found)
            has_grown = large and total * 4 >= nadir * 5
            rule = "+25 % or more, a target of 10 x 10 mm"
            result = yes_or_no(has_grown) if has_grown or is_whole else "cannot say"
            yield Step("Growth from smallest", value, rule, result)


def status_steps(scan: Scan) -> Iterator[Step]:
    """Yield steroids, clinical status, the preliminary progression that waits, and what each table gave."""
    told = {
        "Steroids against the baseline": scan.steroids,
        "Steroids above replacement": scan.above_replacement,
        "Clinical status": scan.clinical,
    }
    for label, value in told.items():
        yield Step(label, value or "not entered", "as entered", value or "not known")
    for component, (now, then) in since_preliminary(scan).items():
        pct = change_pct(now, then)
        share = "" if pct is None or not pct.is_finite() else f" = {percent(pct)} %"
        value = f"{LABELS[component]} {square_mm(now)} after {square_mm(then)} on {scan.preliminary_on}{share}"
        confirms = scan.days >= REPEAT_DAYS and is_further(now, then)
        yield Step(
            "Since the preliminary progression",
            f"{value}, {scan.days} days later",
            "+25 % from day 28 on",
            yes_or_no(confirms),
        )
    if scan.carried.preliminary is not None:
        yield Step(
            "Preliminary progression",
            f"of {scan.preliminary_on}",
            "settled by the first scan from day 28 on that can be rated",
            outcome(scan) or "open",
        )
    for part, finding in scan.findings.items():
        if part != "target" or "imaging" not in scan.findings:  # both components are told one by one
            yield Step(_LABELS[part], finding.because, finding.rule, finding.category)


def baseline_steps(line: Line) -> Iterator[Step]:
    """Yield the sums of products at the baseline."""
    if line.baseline is None:
        return
    scan = observe_scan(line, line.start, line.baseline)
    for component in line.components:
        label = f"{LABELS[component].capitalize()} targets"
        yield product_step(label, scan.pairs[component], line.baselines.get(component))


def changes(scan: Scan) -> Iterator[str]:
    """Yield the values at which the answer of a visit would be another."""
    if scan.clinical == "worse":
        yield "not PD by clinical status if it were not worse"
    missing = (*(lack for pairs in scan.pairs.values() for lack in pairs.missing), *scan.status_needs)
    if missing:
        yield f"a full answer needs what is missing: {'; '.join(missing)}"
    if scan.steroids == "increased":
        yield "rated with steroids stable or decreased; the next visit settles it"
    if scan.new:
        yield f"no progression by new lesions without {' and '.join(scan.new)}"
    if scan.worse:
        yield f"no progression by non-target lesions if {' and '.join(scan.worse)} were not unequivocally worse"
    if scan.carried.preliminary is not None:
        limits = [
            f"{LABELS[part]} {square_mm(then * 5 / 4)}" for part, (_, then) in since_preliminary(scan).items() if then
        ]
        if scan.days < REPEAT_DAYS:
            yield f"nothing but clinical status settles it before {REPEAT_DAYS} days; now {scan.days}"
        elif limits and outcome(scan) == "confirmed":
            yield f"not confirmed by growth below {' or '.join(limits)}"
        elif limits:
            yield f"confirmed from {' or '.join(limits)}, one more new lesion or a newly worse non-target"
    for component in scan.line.components:
        yield from _limits(scan, component)


def _limits(scan: Scan, component: str) -> Iterator[str]:
    now, baseline, nadir = scan.sums[component], scan.line.baselines.get(component), scan.carried.nadirs.get(component)
    label = f"{'a' if component == NCE else 'an'} {LABELS[component]} sum"
    if nadir is not None and scan.line.targets[component]:
        total = scan.pairs[component].total
        if nadir and has_grown(scan, component):
            yield f"no progression below {label} of {square_mm(nadir * 5 / 4)}; now {number(total)}"
        else:
            limit = f"from {label} of {square_mm(nadir * 5 / 4)}, " if nadir else ""
            yield f"progression {limit}with a target of 10 x 10 mm; now {number(total)}"
    if now is None or not baseline:
        return
    limits = [(Decimal("0.5"), "PR"), (Decimal("0.75"), "MR")] if component == NCE else [(Decimal("0.5"), "PR")]
    for share, code in limits:
        if now > baseline * share:
            yield f"{code} at {label} of {square_mm(baseline * share)} or less; now {number(now)}"
            return


def unusual_baseline(line: Line) -> Iterator[Problem]:
    """Yield a warning for each rule of the baseline that is not kept."""
    history = line.history
    baseline = history.visits[0]
    who = f"{history.patient_id}, line {history.line.number}"
    yield from _dates(line, who)
    found = [component for component in line.components if line.targets[component]]
    most = _MOST_OF_EACH if len(found) > 1 else _MOST_TARGETS
    for component in found:
        targets = line.targets[component]
        if len(targets) > most:
            names = ", ".join(lesion.lesion_id for lesion in targets)
            yield Problem(
                "warning",
                f"{who}: {len(targets)} {LABELS[component]} targets ({names})",
                f"at most {most} are chosen (RANO 2.0)",
                rule="four-targets" if most == _MOST_TARGETS else "three-of-a-component",
            )
        for pair in read_pairs(targets, line.roster, rows_of(baseline), baseline.visit_on).found:
            if pair.short_mm is not None and not is_measurable(pair.longest_mm, pair.short_mm):
                yield Problem(
                    "warning",
                    f"{who}: target {pair.lesion.lesion_id} measures {pair} mm at the baseline",
                    "a target should have 10 mm or more in both diameters (RANO 2.0)",
                    rule="target-too-small",
                )
    if not found and line.roster.targets:
        yield Problem(
            "warning",
            f"{who}: no target of the component that is measured",
            "no response can be read; the setting component chooses enhancing (CE), non-enhancing (nCE) or mixed",
            rule="no-target-of-component",
        )
    for trouble in Panel(baseline, ANALYTES).troubles:
        yield Problem("warning", f"{who}: {trouble} at the baseline", "it counts as not entered", rule="not-read")
    targets_of_all = tuple(lesion for component in found for lesion in line.targets[component])
    yield from unusual_pairs(history, targets_of_all, line.roster)


def _dates(line: Line, who: str) -> Iterator[Problem]:
    baseline_on, started_on = line.history.visits[0].visit_on, line.history.line.started_on
    ends = [end for end in line.radiotherapy_ends if end <= baseline_on]
    least, most = _AFTER_RADIOTHERAPY
    days = (baseline_on - max(ends)).days if ends else None
    if days is not None and days < least:
        yield Problem(
            "warning",
            f"{who}: the baseline of {baseline_on} is {days} days after the end of radiotherapy",
            f"after radiotherapy it is taken about 4 weeks later ({least} to {most} days, RANO 2.0)",
            rule="baseline-after-radiotherapy",
        )
    is_new = days is not None and days <= most
    if started_on is not None and not is_new and (started_on - baseline_on).days > _BEFORE_START_DAYS:
        yield Problem(
            "warning",
            f"{who}: the baseline of {baseline_on} is {(started_on - baseline_on).days} days before the start of "
            f"treatment on {started_on}",
            f"without radiotherapy right before it is at most {_BEFORE_START_DAYS} days before (RANO 2.0)",
            rule="baseline-too-early",
        )
