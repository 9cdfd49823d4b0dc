"""
The samples of a marker in blood, each with what it is compared with and what later samples make of it.

CA-125 and PSA are followed in the same way: a value before treatment, the lowest value since, a limit of
progression that a later sample has to confirm. Which words follow stands in `markers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ..model import History, Visit
from .base import Basis, Choices, Seen, number, percent
from .results import (
    NG_PER_ML,
    UNITS_PER_ML,
    Amount,
    Analyte,
    Panel,
    all_of,
    any_of,
    by_name,
    denied,
    exactly,
    lowest,
    word,
)

Answer = bool | None

UNDETECTABLE = frozenset({"undetectable", "not detected", "not detectable", "below detection"})
ANALYTES = by_name(
    Analyte(
        "ca125",
        "U/mL",
        "CA-125 in serum, always from the same laboratory",
        UNITS_PER_ML,
        most=Decimal(1000000),
        open_words=UNDETECTABLE,
    ),
    Analyte("psa", "ng/mL", "PSA in serum", NG_PER_ML, most=Decimal(100000), open_words=UNDETECTABLE),
    word("peritoneal_procedure_within_28d", "surgery, or drainage of ascites or pleura, in the 28 days before"),
    word("mouse_antibodies", "mouse antibodies were received: no later CA-125 of the line is evaluable"),
    Analyte("bone_new_lesions", "", "new lesions on a bone scan; kept and shown, not judged", most=Decimal(999)),
)
NAMES = {"ca125": "CA-125", "psa": "PSA"}
UNITS = {"ca125": "U/mL", "psa": "ng/mL"}

#: A CA-125 before treatment is at most so old (Rustin 2011).
OLDEST_DAYS = 14
#: PSA counts as progression from the end of week 12 on (Scher 2016).
WEEK_12 = 84


@dataclass(slots=True)
class Sample:
    """
    One sample of the marker, or a visit without one.

    `amount` is None when there is none or it cannot be read; `skipped` says why one is not evaluable. Of those after
    the start: `half` and `tenth` say whether it is at most that of the value before treatment, `normal` whether it is
    within the upper limit, `rises` whether it is too far above the sample before to go on with a response; `nadir` is
    the lowest before it, `was_normal` and `had_fallen` say whether an earlier one was normal, or under the value before
    treatment. `limits` have all to be reached for progression; `at_limit` says whether they are, `proven_on` by which
    later sample progression was proven, and `word` is progression, possible-progression or "".
    """

    visit_on: date
    on: date
    panel: Panel
    amount: Amount | None
    skipped: str = ""
    is_before_start: bool = False
    half: Answer = None
    tenth: Answer = None
    normal: Answer = None
    rises: Answer = False
    nadir: Amount | None = None
    nadir_on: date | None = None
    was_normal: Answer = False
    had_fallen: Answer = False
    group: str = ""
    limits: tuple[Amount, ...] = ()
    at_limit: Answer = None
    needs_second: bool = True
    proven_on: date | None = None
    word: str = ""

    @property
    def is_evaluable(self) -> bool:
        return self.amount is not None and not self.skipped


@dataclass(slots=True)
class Line(Basis):
    """
    A line as its samples show it, before its visits are put into words.

    `marker` is ca125, psa or "" (none, or not said which). `before` is the last evaluable sample before the start
    of treatment; `pretreatment` the same for the response, None where it is too old. `is_evaluable` says whether a
    response of CA-125 can be judged at all. `following` is where a next sample would be progression.
    """

    marker: str = ""
    upper_limit: Decimal = Decimal(35)
    samples: dict[date, Sample] = field(default_factory=dict)
    before: Sample | None = None
    pretreatment: Sample | None = None
    is_evaluable: Answer = True
    progression: Sample | None = None
    following: Sample | None = None

    @property
    def name(self) -> str:
        return NAMES.get(self.marker, "the marker")

    @property
    def unit(self) -> str:
        return UNITS.get(self.marker, "")

    @property
    def after_start(self) -> Iterator[Sample]:
        """The evaluable samples after the start of treatment."""
        return (sample for sample in self.samples.values() if sample.is_evaluable and not sample.is_before_start)


def prepare_line(history: History, choices: Choices) -> Line:
    """Return the samples of a line with what earlier and later ones make of each."""
    baseline = history.visits[0] if history.visits else None
    line = Line(history, choices, baseline, marker=_marker(history, choices), upper_limit=choices.values["uln"])
    if baseline is None:
        return line
    start_on = line.start_on or baseline.visit_on
    mouse = False
    for visit in history.visits:
        sample = _read(line.marker, visit)
        mouse = mouse or (line.marker == "ca125" and sample.panel.word("mouse_antibodies") == "yes")
        if mouse:
            sample.skipped = "mouse antibodies were received"
        sample.is_before_start = sample.on <= start_on
        line.samples[visit.visit_on] = sample
        if sample.is_evaluable and sample.is_before_start:
            line.before = sample
    _find_pretreatment(line, start_on)
    judge = judge_ca125 if line.marker == "ca125" else judge_psa
    last: Sample | None = None
    for sample in line.samples.values():
        if sample.is_evaluable:
            _follow(line, sample, last)
            if not sample.is_before_start:
                judge(line, sample, last)
            last = sample
    prove(line, 7 if line.marker == "ca125" else 21)
    if last is not None:
        line.following = Sample(last.visit_on, date.max, last.panel, last.amount)
        _follow(line, line.following, last)
        judge(line, line.following, last)
    return line


def _marker(history: History, choices: Choices) -> str:
    chosen: str = choices.values["marker"]
    if chosen != "auto":
        return chosen
    found = {result.test for visit in history.visits for result in visit.results} & NAMES.keys()
    return found.pop() if len(found) == 1 else ""


def _read(marker: str, visit: Visit) -> Sample:
    panel = Panel(visit, ANALYTES)
    reading = panel.last(marker)
    sample = Sample(
        visit.visit_on,
        visit.visit_on if reading is None else reading.on,
        panel,
        None if reading is None else reading.amount,
    )
    if marker == "ca125" and panel.word("peritoneal_procedure_within_28d") == "yes":
        sample.skipped = "a peritoneal or pleural procedure in the 28 days before"
    return sample


def _find_pretreatment(line: Line, start_on: date) -> None:
    before = line.before
    if before is None or before.amount is None:
        line.is_evaluable = None
        return
    line.baseline_value = before.amount.value
    if line.marker == "psa":
        line.pretreatment = before
        return
    if (start_on - before.on).days > OLDEST_DAYS:
        line.is_evaluable = None
        return
    line.pretreatment = before
    line.is_evaluable = before.amount.at_least(line.upper_limit * 2)


def _fall(line: Line, sample: Sample) -> None:
    """Note how far a sample is below the value before treatment."""
    before = line.pretreatment
    if before is not None and before.amount is not None and sample.amount is not None:
        sample.half = sample.amount.times(2).at_most(before.amount)
        sample.tenth = sample.amount.times(10).at_most(before.amount)


def _follow(line: Line, sample: Sample, last: Sample | None) -> None:
    """
    Note of a sample what was seen before it: the lowest value, and whether one was normal or under the baseline.

    The last value before treatment is among them, older ones are not.
    """
    if last is None or last.amount is None:
        return
    if last.nadir is None or last.is_before_start or last.amount.most < last.nadir.least:
        sample.nadir, sample.nadir_on = last.amount, last.on
    else:
        sample.nadir, sample.nadir_on = last.nadir, last.nadir_on
        if last.nadir.most > last.amount.least:
            sample.nadir = lowest((last.nadir, last.amount))
    sample.was_normal, sample.had_fallen = last.was_normal, last.had_fallen
    if not last.is_before_start:
        sample.was_normal = any_of(last.was_normal, last.normal)
        if line.before is not None and line.before.amount is not None:
            sample.had_fallen = any_of(last.had_fallen, last.amount.below(line.before.amount))


# --------------------------------------------------------------------------------------------- CA-125


def judge_ca125(line: Line, sample: Sample, last: Sample | None) -> None:
    """Note of a sample its fall, its rise over the one before, its group, and the limit of progression by it."""
    if sample.amount is None:
        return
    _fall(line, sample)
    sample.normal = sample.amount.at_most(line.upper_limit)
    if last is not None and last.amount is not None:
        above = denied(sample.amount.times(10).at_most(last.amount.times(11)))
        sample.rises = all_of(above, denied(sample.normal))
    of_normal = exactly(line.upper_limit * 2)
    of_nadir = of_normal if sample.nadir is None else sample.nadir.times(2)
    sample.group = _group(line, sample.was_normal)
    if sample.group == "B":
        sample.limits = (of_nadir,)
    else:
        sample.limits = (of_normal, of_nadir) if not sample.group else (of_normal,)
    reached = [sample.amount.at_least(limit) for limit in sample.limits]
    # Where the group is not known, only what holds in every group is said.
    sample.at_limit = reached[0] if len(set(reached)) == 1 else None


def _group(line: Line, became_normal: Answer) -> str:
    """Return A, B or C by the history before a sample, "A or C" where both have the same limit, "" when not known."""
    was_normal = None
    if line.before is not None and line.before.amount is not None:
        was_normal = line.before.amount.at_most(line.upper_limit)
    if was_normal:
        return "C"
    if became_normal:
        return "A" if was_normal is False else "A or C"
    return "B" if was_normal is False and became_normal is False else ""


# ------------------------------------------------------------------------------------------------ PSA


def judge_psa(line: Line, sample: Sample, _last: Sample | None) -> None:
    """Note of a sample its fall, and whether it is 25 % and 2 ng/mL above the lowest before, from week 12 on."""
    before = line.before
    if sample.amount is None or before is None or before.amount is None:
        return
    _fall(line, sample)
    if sample.nadir is None:
        return
    sample.limits = (sample.nadir.times(Decimal("1.25")), sample.nadir.plus(Decimal(2)))
    # A PSA that never fell under the baseline needs no second value, unless the setting asks for one.
    sample.needs_second = sample.had_fallen is not False or line.choices.values["psa_confirm_no_decline"]
    reached = (sample.amount.at_least(limit) for limit in sample.limits)
    sample.at_limit = False if is_early(line, sample) else all_of(*reached)


# ------------------------------------------------------------------------------------ what later samples say


def prove(line: Line, days: int) -> None:
    """
    Note of each sample at its limit whether it is progression, and which one is the first.

    A sample is confirmed by one that many days later, when that and every one between reach its limits; where no
    second one is needed, by itself. What comes after a new therapy proves nothing.
    """
    samples = list(line.after_start)
    for index, sample in enumerate(samples):
        if not sample.at_limit:
            continue
        if line.progression is None:
            sample.proven_on = _proven_on(line, samples[index:], days)
            if sample.proven_on is not None:
                line.progression = sample
        sample.word = "possible-progression" if line.progression is None else "progression"


def _proven_on(line: Line, samples: Sequence[Sample], days: int) -> date | None:
    first, closing_on = samples[0], line.history.new_therapy_on
    counted = [sample for sample in samples if closing_on is None or sample.visit_on <= closing_on]
    if not first.needs_second:
        return first.on if counted else None
    for later in counted[1:]:
        if later.amount is None:
            return None
        if not all(later.amount.at_least(limit) for limit in first.limits):
            return None
        if (later.on - first.on).days >= days:
            return later.on
    return None


class Held(NamedTuple):
    """A fall that was held: its first sample, and the day of the one that proved it."""

    first: Sample
    proven_on: date


def held(samples: Iterable[Sample], shows: Callable[[Sample], Answer], days: int) -> Held | None:
    """
    Return the first run of samples that all show something, for at least so many days.

    A sample that does not show it, or that rises too far above the one before, ends a run; it may begin another.
    """
    first: Sample | None = None
    for sample in samples:
        if first is not None and (not shows(sample) or sample.rises is not False):
            first = None
        if first is None:
            first = sample if shows(sample) else None
        elif (sample.on - first.on).days >= days:
            return Held(first, sample.on)
    return None


def counted(line: Line) -> list[Sample]:
    """Return the evaluable samples up to a new therapy and before progression was proven."""
    closing_on, progression = line.history.new_therapy_on, line.progression
    found = []
    for sample in line.after_start:
        if sample is progression or (closing_on is not None and sample.visit_on > closing_on):
            break
        found.append(sample)
    return found


def change_from(amount: Amount | None, before: Amount | None) -> str:
    """Return the change in per cent where both are numbers, else ""."""
    if amount is None or before is None or amount.value is None or not before.value:
        return ""
    return percent((amount.value - before.value) * 100 / before.value)


# -------------------------------------------------------------------------------------- what a visit shows


@dataclass(slots=True)
class Look(Seen):
    """What a visit shows: its sample, and what the other samples of the line make of it."""

    line: Line = field(kw_only=True)
    sample: Sample = field(kw_only=True)

    def numbers(self) -> dict[str, Any]:
        return {"value": None if self.sample.amount is None else self.sample.amount.value}

    # Names that the sentences use.

    @property
    def skipped_said(self) -> str:
        return self.sample.skipped or f"taken before the start of treatment on {self.line.start_on}"

    @property
    def value_said(self) -> str:
        return f"{self.line.name} {self.sample.amount} {self.line.unit}"

    @property
    def fall_said(self) -> str:
        """The value with its change from the value before treatment."""
        before = self.line.pretreatment
        if before is None:
            return self.value_said
        change = change_from(self.sample.amount, before.amount)
        said = f" is {change} % from" if change else ", before treatment"
        return f"{self.value_said}{said} {before.amount} {self.line.unit} on {before.on}"

    @property
    def limit_said(self) -> str:
        """The limit of progression, and what it is made of."""
        limit, unit = self.sample.limits, self.line.unit
        if self.line.marker == "psa":
            lowest = f"{self.sample.nadir} {unit} on {self.sample.nadir_on}"
            reference = "the lowest before" if self.sample.needs_second else "the baseline, never having fallen"
            return f"{max(limit, key=lambda amount: amount.most)} {unit}, 25 % and 2 ng/mL over {reference}, {lowest}"
        told = {
            "A": "twice the upper limit of normal (group A: raised before treatment, then normal)",
            "B": f"twice the lowest before, {self.sample.nadir} on {self.sample.nadir_on} (group B: never normal)",
            "C": "twice the upper limit of normal (group C: normal before treatment)",
            "A or C": "twice the upper limit of normal",
            "": "twice the upper limit of normal, and twice the lowest before (the group is not known)",
        }[self.sample.group]
        return f"{' and '.join(str(amount) for amount in limit)} {unit}, {told}"

    @property
    def proof_said(self) -> str:
        first = self.line.progression
        if first is None or first.proven_on is None:
            return ""
        if first is not self.sample:
            return f"part of the progression of {first.on}"
        return f"and so until {first.proven_on}" if first.needs_second else "without a second value"

    @property
    def stable_said(self) -> str:
        if is_early(self.line, self.sample):
            return "less than 50 % down; before week 12 a rise does not count"
        return "neither down by 50 % nor at the limit of progression"

    @property
    def normal_said(self) -> str:
        return f"upper limit {number(self.line.upper_limit)} {self.line.unit}"

    @property
    def gap_said(self) -> str:
        return "; ".join(self.needs or self.fall_needs)

    @property
    def needs(self) -> tuple[str, ...]:
        """What would say whether the limit of progression is reached."""
        line, sample = self.line, self.sample
        if not line.marker:
            return ("which marker is followed is not known: enter its results, or set the setting marker",)
        if sample.amount is None:
            return (sample.panel.lack(line.marker),)
        if line.before is None and not sample.limits:
            return (f"no {line.name} from before the start of treatment on {line.start_on}",)
        return (f"{self.value_said}: progression from {self.limit_said}",) if sample.at_limit is None else ()

    @property
    def fall_needs(self) -> tuple[str, ...]:
        """What would say how far the marker has fallen, or why this cannot be judged."""
        line, before = self.line, self.line.before
        if self.needs:
            return ()
        if line.is_evaluable is False and line.pretreatment is not None:
            told = (
                f"{self.value_said}; before treatment {line.pretreatment.amount} {line.unit} on {line.pretreatment.on}"
            )
            return (f"{told}, under {number(line.upper_limit * 2)} {line.unit}: response cannot be judged",)
        if before is None or line.pretreatment is None:
            least = "" if before is None else f" from the {OLDEST_DAYS} days"
            last = "" if before is None else f"; the last is of {before.on}"
            return (f"no {line.name}{least} before the start of treatment on {line.start_on}{last}",)
        if line.is_evaluable is None:
            least = number(line.upper_limit * 2)
            return (f"{line.name} {before.amount} {line.unit} before treatment: {least} or more is needed",)
        if before.amount is None or before.amount.value is None:
            return (f"{self.fall_said}: how far it has fallen cannot be said",)
        half = number(before.amount.value / 2)
        if line.marker == "psa":
            return (f"{self.fall_said}: PSA90 is {number(before.amount.value / 10)} or less, PSA50 {half} or less",)
        return (f"{self.fall_said}: a response is {half} or less, normal {number(line.upper_limit)} or less",)


def is_before_treatment(look: Look) -> bool:
    """The sample is from before the start of treatment."""
    return look.sample.is_before_start and look.sample.amount is not None


def is_skipped(look: Look) -> bool:
    """From before the start of treatment; or `peritoneal_procedure_within_28d`, or ever `mouse_antibodies`, yes."""
    return bool(look.sample.skipped) or is_before_treatment(look)


def is_early(line: Line, sample: Sample) -> bool:
    """Say whether a rise of PSA does not count yet: before the end of week 12."""
    return line.marker == "psa" and line.start_on is not None and (sample.on - line.start_on).days < WEEK_12
