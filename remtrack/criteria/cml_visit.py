"""
What CML shows at a visit: its inputs, molecular samples and stops of treatment, and the conditions of its rules.

The rules themselves stand in `cml`, the days counted from them in `cml_times`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from .base import Basis, Seen
from .results import COPIES, PERCENT, ZERO, Amount, Analyte, Panel, all_of, any_of, by_name, count, share, when, word


class Level(NamedTuple):
    """A molecular level: at most so much BCR::ABL1 (per cent IS), in a sample of at least so many control copies."""

    code: str
    most: Decimal
    abl1: Decimal
    gusb: Decimal


LEVELS = (
    Level("MR5", Decimal("0.001"), Decimal(100_000), Decimal(240_000)),
    Level("MR4.5", Decimal("0.0032"), Decimal(32_000), Decimal(77_000)),
    Level("MR4", Decimal("0.01"), Decimal(10_000), Decimal(24_000)),
    Level("MR3", Decimal("0.1"), Decimal(10_000), Decimal(24_000)),
    Level("MR2", Decimal(1), Decimal(10_000), Decimal(24_000)),
    Level("MR1", Decimal(10), Decimal(10_000), Decimal(24_000)),
)
BY_CODE = {level.code: level for level in LEVELS}
DEEP = ("MR5", "MR4.5", "MR4")
MAJOR = (*DEEP, "MR3")
NO_MILESTONE = "-"

BCR = Analyte(
    "bcr_abl_is_pct",
    "% IS",
    "BCR::ABL1 on the International Scale, typical transcripts",
    PERCENT,
    most=Decimal(1000),
    zero_words=frozenset({"undetectable", "undetected", "not detected", "not detectable", "negative"}),
)
RAW = Analyte("bcr_abl_raw_pct", "%", "BCR::ABL1 not on the International Scale; shown, not rated", PERCENT)
ABL1 = Analyte("abl1_copies", "copies", "control copies of ABL1, all replicates together", COPIES)
GUSB = Analyte("gusb_copies", "copies", "control copies of GUSB, where it is the control gene", COPIES)
WBC = count("wbc", "white cells in blood", 2000)
PLT = count("plt", "platelets in blood", 10000)
BASOPHILS = share("basophils_pct", "basophils among the white cells")
IMMATURE = word("immature", "myelocytes, promyelocytes or blasts in blood")
SPLEEN = word("spleen_palpable", "whether the spleen can be felt")
PH_POS = Analyte("ph_pos", "", "metaphases with the Philadelphia chromosome", COPIES, most=Decimal(1000))
METAPHASES = Analyte("metaphases", "", "metaphases counted", COPIES, most=Decimal(1000))
ACA = word("high_risk_aca", "high-risk additional chromosome abnormality")
MUTATION = word("resistance_mutation", "mutation of BCR::ABL1 that makes the drug of this line ineffective")
ELTS = word("elts_high", "high-risk ELTS score, before treatment")

ANALYTES = by_name(
    BCR, ABL1, GUSB, RAW, WBC, PLT, BASOPHILS, IMMATURE, SPLEEN, PH_POS, METAPHASES, ACA, MUTATION, ELTS
)  # fmt: skip
CELLS = (PH_POS.name, METAPHASES.name)
BLOOD = (WBC.name, PLT.name, BASOPHILS.name, IMMATURE.name, SPLEEN.name)

THREE_MONTHS, SIX_MONTHS, TWELVE_MONTHS = 91, 182, 365
CONFIRM_FROM, CONFIRM_TO = 30, 92
TEN, ONE, TENTH = Decimal(10), Decimal(1), Decimal("0.1")
MIN_METAPHASES = Decimal(20)
MR3_EXPECTED_DAYS = 1096


# ------------------------------------------------------------------------------- one molecular sample


class Sample(NamedTuple):
    """
    One molecular sample: how much BCR::ABL1, and the control copies, None where not entered.

    `reached` answers for each level of `LEVELS` whether the sample is at it or deeper. `level` is the deepest, ">10%"
    above all, "NE" when it cannot be rated.
    """

    visit_on: date
    on: date
    value: Amount
    said: str
    abl1: Amount | None
    gusb: Amount | None
    has_enough: bool | None
    reached: tuple[bool | None, ...]
    level: str

    @property
    def has_copies(self) -> bool:
        return self.abl1 is not None or self.gusb is not None

    @property
    def is_rated(self) -> bool:
        return self.level != "NE"

    @property
    def next_level(self) -> Level | None:
        """The level that comes next, None when there is none deeper."""
        return next((level for level, at in zip(LEVELS[::-1], self.reached[::-1], strict=True) if at is not True), None)


def samples_of(panel: Panel, visit_on: date) -> Iterator[Sample]:
    """Yield the molecular samples of a visit, oldest first."""
    values = [(reading, reading.amount) for reading in panel.all(BCR.name) if reading.amount is not None]
    for reading, value in values:
        abl1, gusb = (copies_of(panel, gene, reading.on, alone=len(values) == 1) for gene in (ABL1, GUSB))
        none_found = value.at_most(ZERO) is True
        usable = has_enough(LEVELS[-1], abl1, gusb)
        # Without copies a value that was found counts to MR3 and no deeper.
        is_taken = abl1 is None and gusb is None and not none_found
        reached = tuple(
            all_of(
                value.at_most(level.most),
                True
                if is_taken and level.code not in DEEP
                else usable
                if level.abl1 == LEVELS[-1].abl1
                else has_enough(level, abl1, gusb),
            )
            for level in LEVELS
        )
        at = "NE"
        if value.at_most(LEVELS[-1].most) is not None and (usable or is_taken):
            at = next((level.code for level, there in zip(LEVELS, reached, strict=True) if there), ">10%")
        said = "undetectable" if none_found else f"{value} %"
        yield Sample(visit_on, reading.on, value, said, abl1, gusb, usable, reached, at)


def copies_of(panel: Panel, gene: Analyte, on: date, *, alone: bool) -> Amount | None:
    """
    Return the control copies of the sample of that day, None when none were entered.

    Where it is alone at its visit, copies entered for another day of the visit are its own.
    """
    same = [reading.amount for reading in panel.all(gene.name) if reading.on == on and reading.amount is not None]
    return same[-1] if same else panel.amount(gene.name) if alone else None


def has_enough(level: Level, abl1: Amount | None, gusb: Amount | None) -> bool | None:
    """Say whether the control copies are enough for a level, None when they were not entered."""
    if gusb is None:
        return None if abl1 is None else abl1.at_least(level.abl1)
    return any_of(abl1 is not None and abl1.at_least(level.abl1), gusb.at_least(level.gusb))


class Pause(NamedTuple):
    """A stop of treatment, until a restart (None: not restarted), and whether it was in deep molecular response."""

    stop_on: date
    restart_on: date | None
    was_deep: bool

    def covers(self, day: date) -> bool:
        return self.stop_on < day and (self.restart_on is None or day <= self.restart_on)


@dataclass(slots=True)
class CmlLine(Basis):
    """
    A line of CML: every visit as read, its stops, and the day of progression.

    `samples` are all molecular samples by their days, `rated` those that can be rated.
    """

    panels: Mapping[date, Panel] = field(kw_only=True)
    samples: tuple[Sample, ...] = ()
    rated: tuple[Sample, ...] = ()
    pauses: tuple[Pause, ...] = ()
    progressed_on: date | None = None


@dataclass(slots=True)
class Cml(Seen):
    """
    What CML shows at a visit.

    `sample` is the latest of the visit; `value` is its own where it can be rated; `day` counts from the start of
    treatment, None when that is not known; `pause` is a treatment-free remission.
    """

    line: CmlLine = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    sample: Sample | None = None
    day: int | None = None
    pause: Pause | None = None
    had_major: bool = False
    value: Amount | None = None

    def numbers(self) -> dict[str, Any]:
        return {} if self.sample is None else {"value": self.sample.value.value}

    # Names that the sentences use

    @property
    def sample_said(self) -> str:
        if self.sample is None:
            return "no BCR::ABL1"
        found = [
            f"{amount} {gene} copies"
            for gene, amount in (("ABL1", self.sample.abl1), ("GUSB", self.sample.gusb))
            if amount is not None
        ]
        when = "" if self.sample.on == self.visit.visit_on else f" on {self.sample.on}"
        copies = f" in {' and '.join(found)}" if found else ", control copies not entered"
        return f"BCR::ABL1 {self.sample.said}{when}{copies}"

    @property
    def value_said(self) -> str:
        return "no sample" if self.sample is None else self.sample.said

    @property
    def day_said(self) -> str:
        return "the start of treatment is not known" if self.day is None else f"day {self.day}"

    @property
    def progression_on(self) -> date | None:
        return self.line.progressed_on

    @property
    def stop_on(self) -> date | None:
        return None if self.pause is None else self.pause.stop_on

    @property
    def lost_on(self) -> date | None:
        return None if self.pause is None else lost_in(self.line, self.pause, self.visit.visit_on)

    # What is missing

    @property
    def gap(self) -> str:
        return "; ".join(self.sample_needs)

    @property
    def sample_needs(self) -> tuple[str, ...]:
        """What is missing to rate the sample, or to rate it as deeper."""
        sample = self.sample
        if sample is None:
            if self.panel.last(RAW.name) is not None:
                return ("bcr_abl_is_pct is needed; a value that is not on the International Scale is not rated",)
            return (self.panel.lack(BCR.name),)
        if not sample.has_copies:
            return (
                f"{self.panel.lack(ABL1.name)}; without control copies it cannot be said how deep {sample.said} is",
            )
        if sample.has_enough is not True:
            return (f"{sample.abl1 or sample.gusb} control copies are too few to rate; repeat the sample",)
        return (f"bcr_abl_is_pct {sample.value} does not say how deep it is; an exact value would",)

    @property
    def failure_needs(self) -> tuple[str, ...]:
        return self._start_needs("failure", MUTATION, ACA)

    @property
    def warning_needs(self) -> tuple[str, ...]:
        return self._start_needs("warning", ELTS)

    def _start_needs(self, called: str, *tests: Analyte) -> tuple[str, ...]:
        return tuple(
            f"the start of treatment is not known, so it cannot be said whether {test.name} is a {called}"
            for test in tests
            if says_yes(self, test)
        )

    @property
    def blood_said(self) -> str:
        found = (self.panel.last(test) for test in BLOOD)
        return ", ".join(f"{reading.test} {reading.said}" for reading in found if reading is not None)

    @property
    def blood_gap(self) -> str:
        return "; ".join(self.blood_needs) or f"{self.blood_said} does not decide it; exact values would"

    @property
    def cells_said(self) -> str:
        positive, counted = self.panel.amount(PH_POS.name), self.panel.amount(METAPHASES.name)
        return f"{'?' if positive is None else positive} of {'?' if counted is None else counted} metaphases positive"

    @property
    def blood_needs(self) -> tuple[str, ...]:
        return tuple(self.panel.lack(test) for test in BLOOD if not self.panel.last(test))

    @property
    def cells_needs(self) -> tuple[str, ...]:
        return tuple(self.panel.lack(test) for test in CELLS if not self.panel.last(test))


# ------------------------------------------------------------------------------------------ stops


def pauses(line: CmlLine) -> Iterator[Pause]:
    """
    Yield the stops of treatment, each with its restart and whether it was in deep molecular response.

    A new therapy after a stop is a restart, too.
    """
    events = line.history.events
    stops = {event.event_on for event in events if event.event == "treatment_stop"}
    if line.history.line.stopped_on is not None:
        stops.add(line.history.line.stopped_on)
    restarts = [event.event_on for event in events if event.event == "treatment_restart"]
    if line.history.new_therapy_on is not None:
        restarts.append(line.history.new_therapy_on)
    for stop_on in sorted(stops):
        before = [sample.level for sample in line.rated if sample.on <= stop_on]
        restart_on = min((on for on in restarts if on >= stop_on), default=None)
        yield Pause(stop_on, restart_on, bool(before) and before[-1] in DEEP)


def lost_in(line: CmlLine, pause: Pause, until: date) -> date | None:
    """Return the day of the first sample above 0.1 % of a pause, up to the visit of that day."""
    return next(
        (
            sample.on
            for sample in line.rated
            if sample.visit_on <= until and pause.covers(sample.on) and sample.value.above(TENTH)
        ),
        None,
    )


# ------------------------------------------------------------------------------ conditions of the rules


def at_level(level: Level) -> Callable[[Cml], bool | None]:
    """Return the condition that a sample is at a level or deeper; too few copies rate nothing."""
    index = LEVELS.index(level)
    words = f"`bcr_abl_is_pct` <= {level.most} with `abl1_copies` >= {level.abl1} or `gusb_copies` >= {level.gusb}"
    if level.code not in DEEP:
        words += "; or a number without any copies entered"
    return when(words, lambda seen: None if seen.sample is None else seen.sample.reached[index])


def in_window(seen: Cml, target: int) -> bool:
    """Say whether a rated sample is within the window around a milestone, both ends included."""
    return (
        seen.value is not None
        and seen.day is not None
        and abs(seen.day - target) <= seen.line.choices.values["milestone_window_days"]
    )


def is_later(seen: Cml) -> bool:
    window: int = seen.line.choices.values["milestone_window_days"]
    return seen.value is not None and seen.day is not None and seen.day >= TWELVE_MONTHS - window


def up_to(seen: Cml, limit: Decimal) -> bool | None:
    return None if seen.value is None else seen.value.at_most(limit)


def over(seen: Cml, limit: Decimal) -> bool | None:
    return None if seen.value is None else seen.value.above(limit)


def still_above_ten(seen: Cml) -> bool:
    """Say whether a sample 30 to 92 days later is above 10 % too, with none at or below 10 % between."""
    if seen.sample is None:
        return False
    for later in seen.line.rated:
        days = (later.on - seen.sample.on).days
        if 0 < days <= CONFIRM_TO:
            if later.value.above(TEN) is not True:
                return False
            if days >= CONFIRM_FROM:
                return True
    return False


def has_started(seen: Cml) -> bool | None:
    """Say whether treatment had begun before this day; None when its start is not known."""
    return None if seen.day is None else seen.day > 0


def undecided_milestone(seen: Cml) -> bool:
    """A milestone is due, and a bound may be on either side of its limits."""
    is_due = in_window(seen, THREE_MONTHS) or in_window(seen, SIX_MONTHS) or is_later(seen)
    return seen.value is not None and (is_due or seen.pause is not None)


def says_yes(seen: Cml, analyte: Analyte) -> bool:
    return seen.panel.word(analyte.name) == "yes"


def no_blood_count(seen: Cml) -> bool:
    """No blood count at this visit."""
    return all(seen.panel.last(test) is None for test in BLOOD)


def haematologic(seen: Cml) -> bool | None:
    """`wbc` < 10 and `plt` < 450 x 10^9/L, `basophils_pct` < 5, `immature` no, `spleen_palpable` no."""
    return all_of(
        below(seen, WBC, TEN),
        below(seen, PLT, Decimal(450)),
        below(seen, BASOPHILS, Decimal(5)),
        is_no(seen, IMMATURE),
        is_no(seen, SPLEEN),
    )


def below(seen: Cml, analyte: Analyte, limit: Decimal) -> bool | None:
    amount = seen.panel.amount(analyte.name)
    return None if amount is None else amount.below(limit)


def is_no(seen: Cml, analyte: Analyte) -> bool | None:
    told = seen.panel.word(analyte.name)
    return None if told is None else told == "no"


def no_metaphases(seen: Cml) -> bool:
    """No metaphases at this visit."""
    return all(seen.panel.last(test) is None for test in CELLS)


def share_up_to(seen: Cml, percent: int) -> bool | None:
    """Say whether at most so many per cent of the metaphases are positive; None with fewer than 20 metaphases."""
    positive, counted = seen.panel.amount(PH_POS.name), seen.panel.amount(METAPHASES.name)
    if positive is None or counted is None or counted.at_least(MIN_METAPHASES) is not True:
        return None
    return positive.times(100).at_most(counted.times(percent)) if percent else positive.at_most(ZERO)


def remarks(seen: Cml) -> Iterator[str]:
    """Yield what a reader should look at beside the level."""
    yield from seen.panel.troubles
    sample, value = seen.sample, seen.value
    raw = seen.panel.last(RAW.name)
    if raw is not None:
        yield f"BCR::ABL1 {raw.said} is not on the International Scale and is not rated"
    if sample is not None and not sample.has_copies:
        yield "control copies missing"
    elif sample is not None and sample.has_enough is not True:
        yield f"BCR::ABL1 {sample.said} with too few control copies; repeat the sample"
    if value is not None and value.above(TENTH) and seen.had_major:
        yield "loss of MR3; confirm with a second sample"
    for earlier in seen.line.rated:
        if sample is not None and earlier.visit_on == sample.visit_on and earlier.on < sample.on:
            yield f"BCR::ABL1 {earlier.said} on {earlier.on}, an earlier sample of this visit"
    if seen.day is None:
        yield "no milestone: the start of treatment is not known"
    elif seen.day > MR3_EXPECTED_DAYS and value is not None and value.above(TENTH) and not seen.had_major:
        yield "MR3 not reached in 36 months (Hochhaus 2020, remark on milestones)"
    if has_started(seen) is False and says_yes(seen, MUTATION):
        yield "resistance mutation before the start of this line"
    for pause in seen.line.pauses:
        if not pause.was_deep and pause.covers(seen.visit.visit_on):
            yield f"treatment stopped on {pause.stop_on}, not known to be in deep molecular response"
