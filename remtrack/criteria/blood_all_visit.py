"""
What ALL shows at a visit: its inputs, the lowest values it is compared with, and the conditions of its rules.

The rules themselves stand in `blood_all`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .leukaemia_visit import ADEQUATE, ANC, CLEAR_MARROW_PCT, EMD, MARROW, PLT, RECOVERED, Assessed
from .residual import LOW_LEVEL, NEGATIVE, POSITIVE, Sampled
from .results import (
    NONE_SEEN,
    PERCENT,
    ZERO,
    Amount,
    Analyte,
    Panel,
    Reading,
    all_of,
    any_of,
    by_name,
    count,
    denied,
    lowest,
    share,
    word,
    words,
)

TRILINEAGE = word("trilineage", "whether the marrow shows all three lines of blood formation")
BLASTS = count("pb_blasts_abs", "blasts in blood", 2000, zero_words=NONE_SEEN)
CNS = word(
    "cns",
    "nervous system: 1 no blasts, 2 blasts with fewer than 5 white cells per µL, 3 more of them or signs",
    words({"1": "cns-1,cns1,cns 1", "2": "cns-2,cns2,cns 2", "3": "cns-3,cns3,cns 3"}),
)
MRD = Analyte(
    "mrd",
    "%",
    "measurable residual disease, a number or a word",
    PERCENT,
    most=Decimal(100),
    words=words({"negative": "neg,undetectable,not detected,none", "positive": "pos,detected"}),
)
SENSITIVITY = share("mrd_sensitivity_pct", "the smallest share that the MRD method can find; 10^-4 is 0.01")

ANALYTES = by_name(MARROW, ADEQUATE, TRILINEAGE, BLASTS, EMD, CNS, ANC, PLT, MRD, SENSITIVITY)

MRD_LIMIT_PCT = Decimal("0.01")
MRD_CR_LIMIT_PCT = Decimal(1)


class Beside(NamedTuple):
    """Lowest marrow and blood blasts so far, the last CNS state ("" never looked at), whether it was ever involved."""

    marrow: Amount | None = None
    blood: Amount | None = None
    cns: str = ""
    cns_was_involved: bool = False


@dataclass(slots=True)
class All(Assessed):
    """What ALL shows at a visit; `cns` is as entered now, "" when it was not."""

    cns: str = ""

    @property
    def lowest(self) -> Beside:
        beside: Beside = self.carried.beside
        return beside

    @property
    def own_marrow(self) -> Amount | None:
        """The marrow of this visit, when it can be used."""
        return None if self.borrowed or not self.is_adequate else self.marrow_pct

    @property
    def own_blood(self) -> tuple[Amount, ...]:
        """The blood blasts of every sample of this visit."""
        return tuple(reading.amount for reading in self.panel.all(BLASTS.name) if reading.amount is not None)

    @property
    def blood_shown(self) -> Reading | None:
        """The first blood sample of this visit that is relapse or growth, else the last one."""
        shows = blasts_seen if self.in_remission else blasts_risen
        found = (one for one in self.panel.all(BLASTS.name) if one.amount is not None and shows(self, one.amount))
        return next(found, self.panel.last(BLASTS.name))

    def has_recovered(self, test: str) -> bool | None:
        """Whether a count is above where CR asks for it, by the other reading at it too."""
        amount = self.amount(test)
        if amount is None:
            return None
        strict = self.line.choices.values["all_counts_strict"]
        return amount.above(RECOVERED[test]) if strict else amount.at_least(RECOVERED[test])

    def is_relapse(self, marrow_pct: Amount) -> bool | None:
        by_limit = self.line.choices.values["relapse_bm"] == "ge5"
        return marrow_pct.at_least(CLEAR_MARROW_PCT) if by_limit else marrow_pct.above(CLEAR_MARROW_PCT)

    @property
    def nerves_clear(self) -> bool | None:
        """Whether the nervous system is clear: as entered now, else not known after disease there, else never sick."""
        if self.cns:
            return self.cns == "1"
        return None if self.lowest.cns in ("2", "3") else True

    # Names that the sentences use

    @property
    def all_items(self) -> str:
        told = self.items
        lines = self.marrow_panel.word(TRILINEAGE.name)
        if lines is not None:
            told += ", three lineages" if lines == "yes" else ", not all lineages"
        return f"{told}, CNS-{self.cns}" if self.cns else told

    @property
    def lowest_marrow(self) -> str:
        return "" if self.lowest.marrow is None else f"{self.lowest.marrow} %"

    @property
    def lowest_blood(self) -> str:
        return "" if self.lowest.blood is None else f"{self.lowest.blood} x 10^9/L"

    @property
    def blood_now(self) -> str:
        reading = self.blood_shown
        return "" if reading is None else f"{reading.amount} x 10^9/L{self._day(reading)}"

    @property
    def over(self) -> str:
        """How far the counts have to come, in words."""
        return "above" if self.line.choices.values["all_counts_strict"] else "at least"

    @property
    def relapse_limit(self) -> str:
        return "5 % or more" if self.line.choices.values["relapse_bm"] == "ge5" else "more than 5 %"

    # What is missing

    @property
    def rise_needs(self) -> tuple[str, ...]:
        marrow = () if self.own_marrow is None else (self.own_marrow,)
        return tuple(
            f"{test} {now} does not say whether it rose from {before}; an exact value would"
            for test, amounts, before in (
                (MARROW.name, marrow, self.lowest.marrow),
                (BLASTS.name, self.own_blood, self.lowest.blood),
            )
            for now in amounts
            if before is not None and rose(now, before) is None
        )

    @property
    def blood_needs(self) -> tuple[str, ...]:
        return tuple(
            f"{BLASTS.name} {now} does not say whether there are blasts; an exact value would"
            for now in self.own_blood
            if now.above(ZERO) is None
        )

    @property
    def cns_needs(self) -> tuple[str, ...]:
        return ("cns was never entered before, so it cannot be said whether CNS-3 is new",)


# ------------------------------------------------------------------------------------ the marrow in remission


def marrow_relapse(seen: All) -> bool | None:
    """In remission, `bm_blasts_pct` >= 5 % (with `relapse_bm` gt5: > 5 %)."""
    if not seen.in_remission or seen.marrow_pct is None:
        return False
    return seen.is_relapse(seen.marrow_pct)


def at_the_gap(seen: All) -> bool:
    """In remission with `relapse_bm` gt5, `bm_blasts_pct` of 5 % or more that is not surely more."""
    marrow = seen.marrow_pct
    return bool(
        seen.in_remission
        and marrow is not None
        and marrow.at_least(CLEAR_MARROW_PCT)
        and seen.is_relapse(marrow) is not True
    )


# -------------------------------------------------------------------------------- growth and relapse


def rose(now: Amount, before: Amount) -> bool | None:
    """Say whether something rose by 25 % or more; from 0 any rise is."""
    return all_of(now.above(before), now.reaches(before, 5, 4))


def marrow_rise(seen: All) -> bool | None:
    """Before remission, `bm_blasts_pct` >= 5 % and >= 1.25 times the lowest before, the baseline included."""
    now, before = seen.own_marrow, seen.lowest.marrow
    if seen.in_remission or now is None or before is None:
        return False
    return all_of(now.at_least(CLEAR_MARROW_PCT), rose(now, before))


def blood_rise(seen: All) -> bool | None:
    """Before remission, `pb_blasts_abs` >= 1.25 times the lowest before; over 0 any."""
    return False if seen.in_remission else any_of(*(blasts_risen(seen, now) for now in seen.own_blood))


def blasts_risen(seen: All, now: Amount) -> bool | None:
    before = seen.lowest.blood
    return False if before is None else rose(now, before)


def blasts_seen(_seen: All, now: Amount) -> bool | None:
    return now.above(ZERO)


def new_elsewhere(seen: All) -> bool:
    """Before remission, `emd` yes that was no when last entered, or was never entered."""
    return not seen.in_remission and seen.emd == "yes" and seen.carried.emd == "no"


def new_cns(seen: All) -> bool | None:
    """Before remission, `cns` 3 that was 1 or 2 when last entered."""
    if seen.in_remission or seen.cns != "3":
        return False
    return seen.lowest.cns != "3" if seen.lowest.cns else None


def blood_relapse(seen: All) -> bool | None:
    """In remission, `pb_blasts_abs` > 0 in any sample."""
    return any_of(*(blasts_seen(seen, now) for now in seen.own_blood)) if seen.in_remission else False


def lower(before: Amount | None, now: Amount | None) -> Amount | None:
    """Return the lowest value so far, None while there is none."""
    if before is None or now is None:
        return before or now
    return before if before.at_most(now) else now if now.at_most(before) else lowest((before, now))


# ------------------------------------------------------------------------- measurable residual disease


def high_mrd(panel: Panel) -> bool | None:
    """Say whether MRD is 1 % or more; None for a bound that does not say."""
    found = panel.amount(MRD.name)
    return False if found is None else found.at_least(MRD_CR_LIMIT_PCT)


def low_mrd(seen: All) -> bool | None:
    """Say whether MRD of the marrow is below 1 % or was not looked for, where that is a condition of remission."""
    if seen.line.choices.values["mrd_cr_limit"] == "off":
        return True
    return denied(high_mrd(seen.marrow_panel))


def mrd_sample(panel: Panel) -> Sampled | None:
    """Return the MRD sample of a visit: negative is a complete MRD response, positive a failure, else indeterminate."""
    reading = panel.last(MRD.name)
    if reading is None:
        return None
    finest = panel.amount(SENSITIVITY.name)
    level = reading.amount
    none_found = reading.word == "negative" or (level is not None and level.at_most(ZERO))
    if none_found and finest is not None and finest.at_most(MRD_LIMIT_PCT):
        return Sampled(NEGATIVE)
    return Sampled(POSITIVE if level is not None and level.at_least(MRD_LIMIT_PCT) else LOW_LEVEL)
