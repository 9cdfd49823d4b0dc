"""
Why a visit of a myeloma got its category, step by step, what would change it, and what is unusual at the baseline.

The rules stand in `myeloma`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..verdict import Problem, Step
from .base import number, percent
from .mprotein import ITEMS, SERUM_FROM, URINE_FROM, Carried, Line, has_doubtful_ratio, has_normal_ratio
from .myeloma_visit import Sample, change_said, progression_from, shrunk
from .results import Amount

_HUNDREDTH = Decimal("0.01")
# What each followed item asks for, level by level, as a table of the rules prints it.
_ASKS = {
    "serum": "90 % down VGPR, 50 % PR, 25 % MR",
    "urine": "under 100 VGPR; 90 % down or under 200 PR; 50 % down MR",
    "difference": "more than 90 % down VGPR, 50 % PR",
    "marrow": "50 % down PR, from 30 % at the baseline",
}


def sample_steps(sample: Sample) -> Iterator[Step]:
    """Yield the steps from the results of a visit to its category."""
    values, findings, line = sample.values, sample.findings, sample.line
    if sample.missing:
        yield Step("Items", sample.missing_said, "each item measurable at the baseline", "not complete")
    else:
        for item in line.followed:
            now, then = sample.now_and_then(item)
            yield Step(_title(ITEMS[item][0]), f"{now} of {then} {ITEMS[item][1]}", _ASKS[item], _change(now, then))
    yield Step(
        "Immunofixation",
        f"serum {_told(values.sife)}, urine {_told(values.uife)}",
        "negative in both for CR",
        _said(None if None in (values.sife, values.uife) else (values.sife, values.uife) == ("neg", "neg")),
    )
    if values.involved is not None:
        ratio = None if has_doubtful_ratio(values, line.chain) else has_normal_ratio(values, line.chain)
        chains = f"involved {values.involved}, uninvolved {values.uninvolved or 'not known'} mg/L"
        yield Step("Light-chain ratio", chains, "kappa/lambda from 0.26 to 1.65 for sCR", _said(ratio))
    if sample.marrow is not None:
        yield Step("Marrow", sample.marrow_said, "under 5 % for CR", _said(sample.marrow.below(Decimal(5))))
    if sample.plasmacytoma_said:
        smaller = shrunk(sample, 50)[0]
        yield Step("Plasmacytoma", sample.plasmacytoma_said.removeprefix("; "), "50 % smaller for MR", _said(smaller))
    yield Step("Level", "the lowest of the items", findings["level"].rule, findings["level"].category)
    for item, low in sample.references.items():
        measured, least = getattr(values, item), low.amount.value
        if measured is None or least is None or (item not in ("serum", "urine") and item not in line.followed):
            continue
        limit, is_excluded = progression_from(item, least)
        change = "" if measured.value is None else f": {change_said(item, measured.value, least)}"
        yield Step(
            f"Growth, {ITEMS[item][0]}",
            f"{measured} from {number(least)} {ITEMS[item][1]} on {low.on}{change}",
            f"{'above' if is_excluded else 'from'} {number(limit)} {ITEMS[item][1]}",
            _said(sample.growth[item]),
        )
    for part, label in (("progression", "Progression"), ("clinical_relapse", "Clinical relapse")):
        yield Step(label, findings[part].because, findings[part].rule, findings[part].category)
    together = f"level {sample.gave('level')}, progression {sample.gave('progression')}"
    yield Step("Overall", together, findings["overall"].rule, findings["overall"].category)


def _said(answer: bool | None) -> str:
    return "cannot say" if answer is None else "yes" if answer else "no"


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _told(word: str | None) -> str:
    return {None: "not known", "neg": "negative", "pos": "positive"}[word]


def _change(now: Amount, then: Amount) -> str:
    if now.value is None or not then.value:
        return ""
    return f"{percent((now.value - then.value) * 100 / then.value)} %"


def baseline_steps(line: Line) -> Iterator[Step]:
    """Yield what was measured at the baseline, and what follows from it."""
    if line.first is None:
        return
    for item, (name, unit) in ITEMS.items():
        amount: Amount | None = getattr(line.first, item)
        if amount is not None:
            told = "gives a level" if item in line.followed else "gives no level"
            yield Step(_title(name), f"{amount} {unit}", _MEASURABLE.get(item, ""), told)
    for gap in line.gaps:
        yield Step("Missing", gap, "", "no level can be given")


_MEASURABLE = {
    "serum": f"measurable from {SERUM_FROM} g/dL",
    "urine": f"measurable from {URINE_FROM} mg/24h",
    "difference": "measurable from 100 mg/L involved, with an abnormal ratio, where serum and urine are not",
    "marrow": "counts where nothing else is measurable",
}


# ------------------------------------------------------------------------------------- limits, changes


def limits_of(line: Line, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
    """
    Return the day of the lowest confirmed value of the item that is drawn, and its thresholds for the next visit.

    The limit of PR is given only where that item alone decides the level.
    """
    low = carried.references.get(line.drawn)
    if low is None or low.amount.value is None or not line.followed:
        return None, ()
    limits: list[tuple[str, Decimal]] = []
    tumour = line.first is not None and line.first.plasmacytoma
    alone = len(line.followed) == 1 and line.drawn != "urine" and not (tumour and tumour.most)
    if line.baseline_value is not None and alone:
        limits.append(("partial_to", line.baseline_value / 2))
    limit, is_excluded = progression_from(line.drawn, low.amount.value)
    limits.append(("progression_above" if is_excluded else "progression_from", limit))
    limits.append(("nadir", low.amount.value))
    return low.on, tuple(limits)


def changes(sample: Sample) -> Iterator[str]:
    """Yield the values at which the answer of a visit would be another."""
    if sample.missing:
        yield f"a full answer needs what is missing: {sample.missing_said}"
    values, line, overall = sample.values, sample.line, sample.gave("overall")
    if sample.growth["bone"]:
        yield "not PD by imaging without the bone lesion"
    for item in ("serum", "urine", *(item for item in line.followed if item not in ("serum", "urine"))):
        now: Amount | None = getattr(values, item)
        low = sample.references.get(item)
        if now is None or low is None or low.amount.value is None:
            continue
        name, unit = ITEMS[item]
        limit, is_excluded = progression_from(item, low.amount.value)
        at = number(limit.quantize(_HUNDREDTH, ROUND_CEILING))
        if sample.growth[item]:
            yield f"not PD by {name} {'up to' if is_excluded else 'below'} {at} {unit}; now {now}"
        else:
            yield f"PD {'above' if is_excluded else 'from'} {at} {unit} {name}; now {now}"
    if overall in ("PD", "NE") or sample.missing:
        return
    yield from _levels_near(sample)


def _levels_near(sample: Sample) -> Iterator[str]:
    """Yield where the next better level of the items that decide begins, for those whose limits are numbers."""
    level = sample.gave("level")
    for item in sample.line.followed:
        now, then = sample.now_and_then(item)
        if then.value is None or item == "urine":
            continue
        shares = {"SD": ("MR", 25), "MR": ("PR", 50), "PR": ("VGPR", 90)}
        if item in ("difference", "marrow"):
            shares = {"SD": ("PR", 50), "PR": ("VGPR", 90)} if item == "difference" else {"SD": ("PR", 50)}
        if level in shares:
            better, share_pct = shares[level]
            limit = then.value * (100 - share_pct) / 100
            name, unit = ITEMS[item]
            at = number(limit.quantize(_HUNDREDTH, ROUND_FLOOR))
            less = "below" if (item, better) == ("difference", "VGPR") else "at most"
            yield f"{better} asks for {less} {at} {unit} {name}; now {now}"
    if "urine" in sample.line.followed and level in ("SD", "MR", "PR"):
        asks = {
            "SD": "MR asks for half of the baseline, or under 200 mg/24h,",
            "MR": "PR asks for under 200 mg/24h, or 90 % down",
        }
        yield f"{asks.get(level, 'VGPR asks for under 100 mg/24h')} in urine; now {sample.values.urine}"


# ------------------------------------------------------------------------------------------- the baseline


def baseline_remarks(line: Line) -> Iterator[Problem]:
    """Yield what is unusual about a baseline, or missing in it."""
    first, baseline = line.first, line.baseline
    if first is None or baseline is None:
        return
    who = f"{line.history.patient_id}, line {line.history.line.number}"

    def remark(what: str, why: str, rule: str) -> Problem:
        return Problem("warning", f"{who}: {what}", why, rule=rule)

    for trouble in first.panel.troubles:
        yield remark(trouble, "it counts as not entered", "result-not-read")
    for gap in line.gaps:
        yield remark(gap, "without it no level of response can be given (Kumar 2016)", "not-measurable")
    if first.urine is None:
        yield remark(
            f"{first.panel.lack('urine_m')} at the baseline",
            "urine is taken as not measurable; VGPR and better need it at a later visit (Kumar 2016)",
            "urine-missing",
        )
    if first.plasmacytoma is None:
        yield remark(
            "plasmacytoma is not recorded at the baseline",
            'it is taken as none; one that is found later may be new. Enter "none" or its size',
            "plasmacytoma-missing",
        )
    if first.involved is not None and line.chain is None:
        yield remark(
            "which light chain is involved is not entered (flc_involved)",
            "the kappa/lambda ratio is normal only if it is so either way round",
            "flc-involved-missing",
        )
    started_on = line.history.line.started_on
    if started_on is not None and baseline.visit_on > started_on:
        yield remark(
            f"the baseline of {baseline.visit_on} is after the start of treatment on {started_on}",
            "what changed before it is not seen",
            "baseline-after-start",
        )
