"""
What ALL shows at a visit: its inputs, the lowest values it is compared with, and the conditions of its rules.

The rules themselves stand in `blood_all`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from .leukaemia import (
    ADEQUATE,
    ANC,
    CLEAR_MARROW_PCT,
    EMD,
    MARROW,
    PARTLY_ANC,
    PARTLY_PLT,
    PLT,
    RECOVERED_ANC,
    RECOVERED_PLT,
    Assessed,
    halved,
)
from .residual import LOW_LEVEL, NEGATIVE, POSITIVE, Sampled
from .results import (
    NONE_SEEN,
    PERCENT,
    ZERO,
    Amount,
    Analyte,
    Panel,
    all_of,
    any_of,
    by_name,
    count,
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
    def own_blood(self) -> Amount | None:
        return self.panel.amount(BLASTS.name)

    # Names that the sentences use

    @property
    def all_items(self) -> str:
        told = self.items
        lines = self.panel.word(TRILINEAGE.name)
        if lines is not None:
            told += ", three lineages" if lines == "yes" else ", not all lineages"
        return f"{told}, CNS-{self.cns}" if self.cns else told

    @property
    def lowest_marrow(self) -> str:
        return "" if self.lowest.marrow is None else f"{self.lowest.marrow} %"

    @property
    def lowest_blood(self) -> str:
        return "" if self.lowest.blood is None else f"{self.lowest.blood} 10^9/L"

    @property
    def blood_now(self) -> str:
        return "" if self.own_blood is None else f"{self.own_blood} 10^9/L"

    @property
    def over(self) -> str:
        """How far the counts have to come, in words."""
        return "above" if self.line.choices.values["all_counts_strict"] else "at least"

    @property
    def relapse_limit(self) -> str:
        return "5 % or more" if self.line.choices.values["relapse_bm"] == "ge5" else "more than 5 %"

    # What is missing

    @property
    def cr_needs(self) -> tuple[str, ...]:
        return self.missing(anc=above(self, "anc", RECOVERED_ANC), plt=above(self, "plt", RECOVERED_PLT))

    @property
    def crh_needs(self) -> tuple[str, ...]:
        return self.missing(anc=at_least(self, "anc", PARTLY_ANC), plt=at_least(self, "plt", PARTLY_PLT))

    @property
    def rise_needs(self) -> tuple[str, ...]:
        return tuple(
            f"{test} {now} does not say whether it rose from {before}; an exact value would"
            for test, now, before in (
                (MARROW.name, self.own_marrow, self.lowest.marrow),
                (BLASTS.name, self.own_blood, self.lowest.blood),
            )
            if now is not None and before is not None and rose(now, before) is None
        )

    @property
    def blood_needs(self) -> tuple[str, ...]:
        return (f"{BLASTS.name} {self.own_blood} does not say whether there are blasts; an exact value would",)

    @property
    def cns_needs(self) -> tuple[str, ...]:
        return ("cns was never entered before, so it cannot be said whether CNS-3 is new",)


# ------------------------------------------------------------------------------------ marrow and counts


def above(seen: Assessed, test: str, limit: Decimal) -> bool | None:
    """Say whether a count has recovered: above the limit, by the other reading at it too."""
    amount = seen.amount(test)
    if amount is None:
        return None
    strict = seen.line.choices.values["all_counts_strict"]
    return amount.above(limit) if strict else amount.at_least(limit)


def at_least(seen: Assessed, test: str, limit: Decimal) -> bool | None:
    amount = seen.amount(test)
    return None if amount is None else amount.at_least(limit)


def recovered(seen: All) -> bool | None:
    return all_of(above(seen, "anc", RECOVERED_ANC), above(seen, "plt", RECOVERED_PLT))


def partly_recovered(seen: All) -> bool | None:
    if not seen.line.choices.values["use_crh"]:
        return False
    return all_of(at_least(seen, "anc", PARTLY_ANC), at_least(seen, "plt", PARTLY_PLT))


def one_recovered(seen: All) -> bool | None:
    if seen.line.choices.values["cri_rule"] == "inclusive":
        return True
    return any_of(above(seen, "anc", RECOVERED_ANC), above(seen, "plt", RECOVERED_PLT))


def partial(seen: All) -> bool | None:
    """A usable marrow has 5 to 25 % blasts, at most half of before; nothing in blood or elsewhere; counts as CR."""
    return all_of(halved(seen), seen.no_blood_blasts, seen.emd == "no", recovered(seen))


def marrow_relapse(seen: All) -> bool | None:
    """In remission, marrow blasts >= 5 % (`relapse_bm` gt5: > 5 %)."""
    if not seen.in_remission or seen.marrow_pct is None:
        return False
    limit = CLEAR_MARROW_PCT
    by_limit = seen.line.choices.values["relapse_bm"] == "ge5"
    return seen.marrow_pct.at_least(limit) if by_limit else seen.marrow_pct.above(limit)


def at_the_gap(seen: All) -> bool:
    """In remission, marrow blasts of exactly 5 % with `relapse_bm` gt5."""
    marrow = seen.marrow_pct
    return bool(
        seen.in_remission and marrow is not None and marrow.at_least(CLEAR_MARROW_PCT) and marrow_relapse(seen) is False
    )


# -------------------------------------------------------------------------------- growth and relapse


def rose(now: Amount, before: Amount) -> bool | None:
    """Say whether something rose by 25 % or more; from 0 any rise is."""
    return all_of(now.above(before), now.reaches(before, 5, 4))


def marrow_rise(seen: All) -> bool | None:
    """Before remission, marrow blasts >= 5 % and >= 25 % over the lowest before."""
    now, before = seen.own_marrow, seen.lowest.marrow
    if seen.in_remission or now is None or before is None:
        return False
    return all_of(now.at_least(CLEAR_MARROW_PCT), rose(now, before))


def blood_rise(seen: All) -> bool | None:
    """Before remission, blood blasts >= 25 % over the lowest before; over 0 any."""
    now, before = seen.own_blood, seen.lowest.blood
    return False if seen.in_remission or now is None or before is None else rose(now, before)


def new_elsewhere(seen: All) -> bool:
    """Before remission, extramedullary disease that was absent when last entered."""
    return not seen.in_remission and seen.emd == "yes" and seen.carried.emd == "no"


def new_cns(seen: All) -> bool | None:
    """Before remission, CNS-3 that was not so when last looked at."""
    if seen.in_remission or seen.cns != "3":
        return False
    return seen.lowest.cns != "3" if seen.lowest.cns else None


def blood_relapse(seen: All) -> bool | None:
    """In remission, any blasts in blood."""
    if not seen.in_remission:
        return False
    return any_of(*(found.amount.above(ZERO) for found in seen.panel.all(BLASTS.name) if found.amount is not None))


def lower(before: Amount | None, now: Amount | None) -> Amount | None:
    """Return the lowest value so far, None while there is none."""
    if before is None or now is None:
        return before or now
    return before if before.at_most(now) else now if now.at_most(before) else lowest((before, now))


# ------------------------------------------------------------------------- measurable residual disease


def high_mrd(panel: Panel) -> bool:
    found = panel.amount(MRD.name)
    return found is not None and found.at_least(MRD_CR_LIMIT_PCT) is True


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
