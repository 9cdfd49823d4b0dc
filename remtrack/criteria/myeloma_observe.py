"""
Looking at a visit of a myeloma: its results, and what they show beside the level of response.

Signs of clinical relapse, what ends a complete response for the disease-free time, minimal residual disease, and
remarks for review. The category is given in `myeloma`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ..episodes import months_after
from ..model import Visit
from .mprotein import Carried, Line, has_doubtful_ratio
from .myeloma_visit import Sample, checks_of_vgpr, weigh
from .results import ZERO

#: Calcium above this is a sign of relapse, in mg/dL.
HIGH_CALCIUM = Decimal(11)
#: A therapeutic antibody (IgG kappa) shows as a band of hardly more than this, in g/dL: peak levels of daratumumab
#: reach about 1 g/L (Clin Chem Lab Med 2016;54:1105), and such small bands are measured to about 0.1 g/dL.
BAND_OF_AN_ANTIBODY = Decimal("0.2")
ANTIBODY = re.compile(
    r"\w+mab\b|\b(?:dara|isa|elo)\b|darzalex|sarclisa|empliciti|\bd-?(?:v?rd|vtd|vmp|pd|kd|krd)\b", re.IGNORECASE
)


def observe_sample(line: Line, carried: Carried, visit: Visit) -> Sample:
    """Return what a visit shows, with the latest marrow, clonality and plasmacytoma of the line."""
    values = line.values[visit.visit_on]
    sample = Sample(
        visit,
        line=line,
        carried=carried,
        values=values,
        marrow=values.marrow or carried.marrow,
        clonal=values.clonal or carried.clonal,
        plasmacytoma=values.plasmacytoma or carried.plasmacytoma,
        clear_since=carried.clear_since,
    )
    sample.missing = line.gaps or tuple(_missing(sample))
    if values.has_more:
        sample.signs = tuple(_signs(sample))
        _observe_residual(sample)
    if carried.complete_on is not None and not carried.lost_complete:
        sample.lost_complete = tuple(_lost(sample))
    sample.flags.extend(_remarks(sample))
    return sample


def _missing(sample: Sample) -> Iterator[str]:
    values, lack = sample.values, sample.values.panel.lack
    for item in sample.line.followed:
        if item == "serum" and values.serum is None:
            yield lack("serum_m")
        elif item == "urine" and values.urine is None:
            yield lack("urine_m")
        elif item == "difference" and values.difference is None:
            yield lack("iflc" if values.involved is None else "uflc")


def _signs(sample: Sample) -> Iterator[str]:
    """Yield what may be a clinical relapse; whether the myeloma is its cause is for a person to say."""
    panel, highest_hb = sample.values.panel, sample.carried.highest_hb
    calcium, hb, creatinine = panel.amount("calcium"), panel.amount("hb"), panel.amount("creatinine")
    if calcium is not None and calcium.above(HIGH_CALCIUM):
        yield f"calcium {calcium} mg/dL is over 11"
    if hb is not None and highest_hb is not None and highest_hb.minus(hb).at_least(Decimal(2)):
        yield f"haemoglobin {hb} g/dL is 2 or more under {highest_hb}, the highest on therapy"
    at_start = sample.first.panel.amount("creatinine")
    if creatinine is not None and at_start is not None and creatinine.minus(at_start).at_least(Decimal(2)):
        yield f"creatinine {creatinine} mg/dL is 2 or more over {at_start} at the baseline"
    if panel.word("hyperviscosity") == "yes":
        yield "hyperviscosity"


def _lost(sample: Sample) -> Iterator[str]:
    """Yield what ends a complete response for the disease-free time, progression or not."""
    values = sample.values
    for told, where in ((values.sife, "serum"), (values.uife, "urine")):
        if told == "pos":
            yield f"immunofixation positive in {where}"
    for amount, where in ((values.serum, "serum"), (values.urine, "urine")):
        if amount is not None and amount.above(ZERO):
            yield f"M-protein on electrophoresis in {where}"
    if values.marrow is not None and values.marrow.at_least(Decimal(5)):
        yield f"marrow plasma cells {values.marrow} %"
    if values.plasmacytoma is not None and values.plasmacytoma.above(ZERO):
        yield "plasmacytoma"
    if values.panel.word("new_bone_lesion") == "yes":
        yield "bone lesion"
    calcium = values.panel.amount("calcium")
    if calcium is not None and calcium.above(HIGH_CALCIUM):
        yield f"calcium {calcium} mg/dL"


def _remarks(sample: Sample) -> Iterator[str]:
    values, line = sample.values, sample.line
    yield from values.panel.troubles
    if values.sife == values.uife == "neg":
        for amount, where in ((values.serum, "serum"), (values.urine, "urine")):
            if amount is not None and amount.above(ZERO):
                yield f"immunofixation in {where} is negative beside an M-protein of {amount}; review"
    regimen, serum = line.history.line.regimen, values.serum
    is_faint = values.sife == "pos" and serum is not None and serum.at_most(BAND_OF_AN_ANTIBODY)
    if is_faint and ANTIBODY.search(regimen):
        yield (
            f"immunofixation in serum is positive with an M-protein of {serum} g/dL under {regimen}: the band may be "
            "the antibody (IgG kappa); review, and enter neg where the laboratory has told them apart"
        )
    if has_doubtful_ratio(values, line.chain):
        yield (
            "flc_involved is not entered: kappa/lambda is normal one way round and abnormal the other, "
            "and counts as abnormal"
        )
    if values.urine is None and not sample.missing and weigh(checks_of_vgpr(sample)) is None:
        yield "no result of the urine: PR is the most that can be said"
    if sample.lost_complete:
        yield f"relapse from CR, for the disease-free time only: {'; '.join(sample.lost_complete)}"


def _observe_residual(sample: Sample) -> None:
    """Note minimal residual disease: negative at 1 in 100,000, in marrow and imaging, sustained from a year on."""
    panel, extra, on = sample.values.panel, sample.extra, sample.visit.visit_on
    told, imaging = panel.word("mrd"), panel.word("mrd_imaging")
    if told is None and imaging is None:
        return
    method, sensitivity = panel.word("mrd_method"), panel.amount("mrd_sensitivity")
    shown = {"mrd": told, "mrd_imaging": imaging, "mrd_method": method, "mrd_sensitivity": sensitivity}
    extra.update((name, str(value)) for name, value in shown.items() if value is not None)
    if "positive" in (told, imaging):
        sample.clear_since = None
        return
    if told != "negative":
        return
    if sensitivity is None or not sensitivity.at_most(Decimal("0.00001")):
        at = "no sensitivity is entered" if sensitivity is None else f"the sensitivity is {sensitivity}"
        sample.flags.append(f"residual disease is negative, but {at}; it counts at 0.00001 (1 in 100,000) or better")
        return
    extra["mrd_status"] = f"MRD negative{f' by {method}' if method else ''}"
    if imaging == "negative":
        since = sample.clear_since = sample.carried.clear_since or on
        is_sustained = months_after(since, 12) <= on
        extra["mrd_status"] = f"sustained MRD negative since {since}" if is_sustained else "imaging plus MRD negative"
