"""Why a visit of CML got its level: the steps, and the values at which it would be another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ..verdict import Step
from .cml_visit import BY_CODE, CONFIRM_FROM, CONFIRM_TO, THREE_MONTHS, Cml, in_window, is_later


def explained(seen: Cml) -> Iterator[Step]:
    """Yield the steps from the sample to its level, the milestone and the side scales."""
    sample = seen.sample
    if sample is None:
        yield Step("BCR::ABL1", seen.gap, "% IS", "not known")
    else:
        yield Step("BCR::ABL1", f"{sample.said} on {sample.on}", "% IS", sample.said)
        copies = sample.abl1 or sample.gusb
        enough = sample.has_enough
        told = "not entered" if copies is None else f"{copies} {'ABL1' if sample.abl1 else 'GUSB'} copies"
        yield Step("Control copies", told, "10000 ABL1 or 24000 GUSB", said(enough))
    labels = {"overall": "Molecular level", "milestone": "Milestone", "chr": "Blood count", "cyto": "Cytogenetics"}
    for part, label in labels.items():
        finding = seen.findings.get(part)
        if finding is not None and finding.category != "NA":
            yield Step(label, finding.because, finding.rule, finding.category)


def said(holds: bool | None) -> str:
    return "cannot say" if holds is None else "yes" if holds else "no"


def changes(seen: Cml) -> Iterator[str]:
    """Yield the values at which the answer of this visit would be another."""
    given = seen.gave("overall")
    if given == "NE":
        yield f"needed to rate it: {seen.gap}"
        return
    if given == "Progression" or seen.sample is None:
        return
    level = seen.sample.next_level
    if level is not None:
        now = seen.sample_said.removeprefix("BCR::ABL1 ")
        yield f"{level.code} at {level.most} % or less with {level.abl1} ABL1 copies or more; now {now}"
    if given in BY_CODE:
        yield f"not {given} above {BY_CODE[given].most} %; now {seen.value_said}"
    if seen.gave("milestone") == "optimal" and is_later(seen) and seen.value is not None:
        if seen.value.above(BY_CODE["MR4"].most):
            yield f"before a planned stop, Hochhaus 2020 calls 0.01 % or less optimal; now {seen.value_said}"
    elif seen.gave("milestone") == "warning" and in_window(seen, THREE_MONTHS):
        first = seen.sample.on + timedelta(CONFIRM_FROM)
        last = seen.sample.on + timedelta(CONFIRM_TO)
        yield f"failure when a sample from {first} to {last} is above 10 % too"
