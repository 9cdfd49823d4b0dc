"""
Why a sample of a marker got its word, step by step, what would change it, and what is unusual before treatment.

The rules stand in `markers`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..verdict import Problem, Step
from .base import number
from .marker_samples import OLDEST_DAYS, Answer, Line, Look, Sample, change_from, is_early, is_skipped

_HUNDREDTH = Decimal("0.01")


def remarks(line: Line, sample: Sample) -> Iterator[str]:
    reading = sample.panel.last(line.marker)
    printed = None if reading is None else reading.upper_limit
    if line.marker == "ca125" and printed is not None and printed != line.upper_limit:
        yield (
            f"the laboratory's upper limit is {number(printed)} U/mL, the rules use {number(line.upper_limit)} "
            "(setting uln)"
        )
    if sample.word == "possible-progression":
        yield "a marker at the limit of progression: a second sample decides"


def _said(answer: Answer) -> str:
    return "cannot say" if answer is None else "yes" if answer else "no"


def baseline_steps(line: Line) -> tuple[Step, ...]:
    """Return the step that explains the value before treatment."""
    before, least = line.before, number(line.upper_limit * 2)
    if before is None:
        return (Step("Before treatment", "nothing that could be read", "the last before the start", "not known"),)
    value = f"{line.name} {before.amount} {line.unit} on {before.on}"
    if line.marker == "psa":
        return (Step("Before treatment", value, "the last before the start", "yes"),)
    rule = f"at most {OLDEST_DAYS} days before the start, {least} {line.unit} or more for a response"
    return (Step("Before treatment", value, rule, _said(line.is_evaluable)),)


def explain_sample(line: Line, look: Look) -> Iterator[Step]:
    """Yield the steps from the value to the word."""
    sample, before, unit, overall = look.sample, line.before, line.unit, look.findings["overall"]
    value = "not known" if sample.amount is None else f"{sample.amount} {unit} on {sample.on}"
    yield Step(line.name[0].upper() + line.name[1:], value, "evaluable sample", _said(sample.is_evaluable))
    if before is not None:
        age = (line.start_on - before.on).days if line.start_on else 0
        rule = "the last before the start"
        if line.marker == "ca125":
            rule = f"at most {OLDEST_DAYS} days before the start, {number(line.upper_limit * 2)} {unit} or more"
        told = _said(line.is_evaluable and line.pretreatment is not None)
        yield Step("Before treatment", f"{before.amount} {unit} on {before.on}, {age} days before", rule, told)
        change = change_from(sample.amount, before.amount)
        if sample.half is not None:
            yield Step("Half", f"{change or 'a bound'}{' %' if change else ''}", "-50 % or less", _said(sample.half))
    if line.marker == "psa" and sample.tenth is not None:
        yield Step("A tenth", value, "-90 % or less", _said(sample.tenth))
    if line.marker == "ca125" and sample.normal is not None:
        yield Step("Normal range", value, f"{number(line.upper_limit)} {unit} or less", _said(sample.normal))
        yield Step("Rise over the sample before", value, "10 % at most, or normal", _said(not sample.rises))
    if sample.limits:
        yield Step("Limit of progression", look.limit_said, "at or above it", _said(sample.at_limit))
    if sample.word:
        yield Step("Second sample", look.proof_said or "none confirmed it", _second(line, sample), sample.word)
    yield Step("Overall", overall.because, overall.rule, overall.category)


def _second(line: Line, sample: Sample) -> str:
    if not sample.needs_second:
        return "not needed without a decline"
    return f"{21 if line.marker == 'psa' else 7} days later, and all between"


def changes(line: Line, look: Look) -> Iterator[str]:
    """Yield the values at which the word of a visit would be another."""
    sample, before = look.sample, line.pretreatment
    if sample.amount is None or is_skipped(look):
        return
    limits = [limit.value for limit in sample.limits if limit.value is not None]
    now = f"now {sample.amount}"
    if limits and len(limits) == len(sample.limits):
        at = f"{number(max(limits).quantize(_HUNDREDTH, ROUND_CEILING))} {line.unit}"
        if is_early(line, sample):
            yield f"progression only from week 12 on, then from {at}; {now}"
        else:
            yield f"no progression below {at}; {now}" if sample.at_limit else f"progression from {at}; {now}"
    if line.is_evaluable and before is not None and before.amount is not None and before.amount.value is not None:
        if sample.half is False:
            half = number((before.amount.value / 2).quantize(_HUNDREDTH, ROUND_FLOOR))
            yield f"{'PSA50' if line.marker == 'psa' else 'response'} at {half} {line.unit} or less; {now}"
        elif line.marker == "psa" and sample.tenth is False:
            tenth = number((before.amount.value / 10).quantize(_HUNDREDTH, ROUND_FLOOR))
            yield f"PSA90 at {tenth} {line.unit} or less; {now}"


def baseline_remarks(line: Line) -> Iterator[Problem]:
    """Yield what is unusual about the value before treatment, or missing."""
    baseline, start_on = line.baseline, line.start_on
    if baseline is None:
        return
    who = f"{line.history.patient_id}, line {line.history.line.number}"

    def remark(what: str, why: str, rule: str) -> Problem:
        return Problem("warning", f"{who}: {what}", why, rule=rule)

    if not line.marker:
        yield remark(
            "which marker is followed is not known",
            "there are results of both CA-125 and PSA, or of neither; set the setting marker",
            "marker-not-known",
        )
        return
    for trouble in line.samples[baseline.visit_on].panel.troubles:
        yield remark(trouble, "it counts as not entered", "result-not-read")
    if line.before is None:
        yield remark(
            f"there is no evaluable {line.name} from before the start of treatment on {start_on}",
            "a fall cannot be judged without it",
            "marker-before-missing",
        )
    elif line.pretreatment is None:
        yield remark(
            f"the last {line.name} before the start of treatment on {start_on} is of {line.before.on}",
            f"response needs one from the {OLDEST_DAYS} days before (Rustin 2011); progression is judged all the same",
            "marker-before-too-old",
        )
    elif line.is_evaluable is False:
        yield remark(
            f"{line.name} was {line.before.amount} {line.unit} before treatment",
            f"response needs {number(line.upper_limit * 2)} or more, twice the upper limit (Rustin 2011); progression "
            "is judged all the same",
            "marker-not-raised",
        )
