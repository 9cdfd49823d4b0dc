"""
What an acute leukaemia shows at a visit: the inputs, the marrow and the blood that belongs to it, and the conditions.

The rules themselves stand in `aml` and `blood_all`, what they do alike with a line in `leukaemia`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from .base import Basis, Seen
from .results import NONE_SEEN, ZERO, Amount, Panel, Reading, all_of, any_of, count, share, word

CLEAR_MARROW_PCT = Decimal(5)
PARTIAL_MARROW_PCT = Decimal(25)
MARROW = share("bm_blasts_pct", "blasts among the nucleated cells of the marrow", zero_words=NONE_SEEN)
ADEQUATE = word("bm_adequate", "whether the marrow sample can be used: spicules, and 200 cells or 10 % cellularity")
EMD = word("emd", "disease outside marrow and blood; empty: as last entered in this line, no if never")
ANC = count("anc", "neutrophils in blood", 100)
PLT = count("plt", "platelets in blood, untransfused", 2000)

# Counts that have recovered, and that have partly recovered, in 10^9/L.
RECOVERED = {ANC.name: Decimal(1), PLT.name: Decimal(100)}
PARTLY_RECOVERED = {ANC.name: Decimal("0.5"), PLT.name: Decimal(50)}


class Marrow(NamedTuple):
    """A marrow that later blood may complete: its reading, what its visit showed, its blood so far, its rank."""

    reading: Reading
    panel: Panel
    counts: Mapping[str, Reading]
    rank: int


class Carried(NamedTuple):
    """
    What a visit is compared with.

    `remission_on` is the visit of the first remission of the line and `best` the best remission level so far,
    None and "" before. `beside` is what one family alone carries.
    """

    emd: str = "no"
    marrow: Marrow | None = None
    remission_on: date | None = None
    best: str = ""
    relapsed: bool = False
    beside: Any = None


@dataclass(slots=True)
class AcuteLine(Basis):
    """A line of acute leukaemia: each visit's results as read, the response landmark, the marrow before treatment."""

    panels: Mapping[date, Panel] = field(kw_only=True)
    landmark_on: date | None = None
    before: Amount | None = None


@dataclass(slots=True)
class Assessed(Seen):
    """
    What an acute leukaemia shows at a visit: the marrow that counts and the blood that belongs to it.

    `marrow` is None when it was not done or cannot be read. `borrowed` says that it is an earlier visit's, which
    these blood counts complete; `marrow_panel` is what its visit showed, and `waiting` the marrow of an earlier
    visit that they do not complete yet. `counts` are the blood tests within the window. `also` is what a family
    asks besides of a clear marrow, None when that cannot be said; `lacks` then name what is missing.
    """

    line: AcuteLine = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    blood_test: str = field(kw_only=True)
    marrow_panel: Panel = field(kw_only=True)
    marrow: Reading | None = None
    waiting: Marrow | None = None
    borrowed: bool = False
    is_adequate: bool = True
    counts: Mapping[str, Reading] = field(default_factory=dict)
    emd: str = "no"
    also: bool | None = True
    is_clear: bool | None = None
    lacks: tuple[str, ...] = ()

    # What was measured

    def numbers(self) -> dict[str, Any]:
        return {} if self.borrowed or self.marrow_pct is None else {"value": self.marrow_pct.value}

    def amount(self, test: str) -> Amount | None:
        reading = self.counts.get(test)
        return None if reading is None else reading.amount

    @property
    def marrow_pct(self) -> Amount | None:
        return None if self.marrow is None else self.marrow.amount

    @property
    def in_remission(self) -> bool:
        return self.carried.remission_on is not None

    @property
    def is_late(self) -> bool:
        """Whether the landmark has come and no remission was reached before."""
        landmark_on = self.line.landmark_on
        return landmark_on is not None and self.visit.visit_on >= landmark_on and not self.in_remission

    @property
    def is_complete(self) -> bool:
        """Whether blood blasts and both counts are there."""
        return self.blood_test in self.counts and "anc" in self.counts and "plt" in self.counts

    @property
    def no_blood_blasts(self) -> bool | None:
        blasts = self.amount(self.blood_test)
        return None if blasts is None else blasts.at_most(ZERO)

    def has_recovered(self, test: str) -> bool | None:
        """Whether a count is where complete remission asks for it."""
        return at_least(self, test, RECOVERED[test])

    def is_relapse(self, marrow_pct: Amount) -> bool | None:
        """Whether so many blasts in the marrow are a relapse, once there was a remission."""
        return marrow_pct.at_least(CLEAR_MARROW_PCT)

    # Names that the sentences use

    @property
    def items(self) -> str:
        return f"{self.marrow_said}, {self.blood_said}, {self.emd_said}, {self.counts_said}"

    @property
    def marrow_said(self) -> str:
        if self.marrow is None:
            return "no marrow"
        return f"marrow blasts {self.marrow.said}{self._day(self.marrow)}"

    @property
    def blood_said(self) -> str:
        reading = self.counts.get(self.blood_test)
        if reading is None:
            return "blood blasts not known"
        none = self.no_blood_blasts
        return f"{'no blood blasts' if none else f'blood blasts {reading.said}'}{self._day(reading)}"

    @property
    def counts_said(self) -> str:
        anc, plt = self.counts.get(ANC.name), self.counts.get(PLT.name)
        if anc is None or plt is None:
            return f"{self._count_said('neutrophils', anc)} and {self._count_said('platelets', plt)}"
        anc_said = f"neutrophils {anc.amount}{self._day(anc)}"
        return f"{anc_said} and {self._count_said('platelets', plt)}"

    def _count_said(self, name: str, reading: Reading | None) -> str:
        return f"{name} not known" if reading is None else f"{name} {reading.amount} x 10^9/L{self._day(reading)}"

    @property
    def emd_said(self) -> str:
        if self.emd == "yes":
            return "extramedullary disease"
        # Read as none where nobody ever entered it; then it must not be said as if somebody had looked.
        days = (day for day, panel in self.line.panels.items() if panel.word(EMD.name))
        return "no extramedullary disease" + ("" if any(day <= self.visit.visit_on for day in days) else " entered")

    def _day(self, reading: Reading) -> str:
        return "" if reading.on == self.visit.visit_on else f" ({reading.on})"

    @property
    def before_said(self) -> str:
        return "not known" if self.line.before is None else f"{self.line.before} %"

    @property
    def landmark_on(self) -> date | None:
        return self.line.landmark_on

    @property
    def best(self) -> str:
        return self.carried.best

    # What is missing

    def missing(self, **answers: bool | None) -> tuple[str, ...]:
        """
        Return a sentence for each item that is missing, or that is a bound which decides nothing.

        `answers` are what was asked of a blood count, by its name; without one it only has to be there.
        """
        if not self.is_adequate:
            return ("the marrow sample is marked as inadequate",)
        if self.marrow_pct is None:
            return (self.panel.lack(MARROW.name),)
        asked = {self.blood_test: self.no_blood_blasts, "anc": True, "plt": True, **answers}
        found = [] if self.marrow_pct.below(CLEAR_MARROW_PCT) is not None else [_vague(MARROW.name, self.marrow_pct)]
        for test, answer in asked.items():
            amount = self.amount(test)
            if amount is None:
                found.append(self._lack(test))
            elif answer is None:
                found.append(_vague(test, amount))
        return (*found, *self.lacks)

    def _lack(self, test: str) -> str:
        if self.marrow is None:
            return self.panel.lack(test)
        days: int = self.line.choices.values["count_window_days"]
        until = self.marrow.on + timedelta(days)
        outside = self.panel.last(test)
        if outside is not None:
            return f"{test} of {outside.on} is outside the window of the marrow, {self.marrow.on} to {until}"
        return f"{self.panel.lack(test)}; one sampled by {until} belongs to this marrow"

    @property
    def cr_needs(self) -> tuple[str, ...]:
        return self.missing(**{test: self.has_recovered(test) for test in RECOVERED})

    @property
    def crh_needs(self) -> tuple[str, ...]:
        return self.missing(**{test: at_least(self, test, limit) for test, limit in PARTLY_RECOVERED.items()})

    @property
    def clear_needs(self) -> tuple[str, ...]:
        return self.missing()

    @property
    def marrow_needs(self) -> tuple[str, ...]:
        """What is missing to say on which side of 5 % the marrow is."""
        return () if self.marrow_pct is None else (_vague(MARROW.name, self.marrow_pct),)

    @property
    def gap(self) -> str:
        """Why the visit cannot be rated."""
        return "; ".join(self.missing())


def _vague(test: str, amount: Amount) -> str:
    return f"{test} {amount} does not decide it; an exact value would"


# ------------------------------------------------------------------------------ conditions of the rules


def at_least(seen: Assessed, test: str, limit: Decimal) -> bool | None:
    amount = seen.amount(test)
    return None if amount is None else amount.at_least(limit)


def clear(seen: Assessed) -> bool | None:
    """As CR, whatever `anc` and `plt`."""
    return seen.is_clear


def find_clear(seen: Assessed) -> bool | None:
    """Work out what `clear` says; several rows ask for it."""
    marrow = seen.marrow_pct
    if marrow is None or not seen.is_adequate:
        return None
    is_clear = marrow.below(CLEAR_MARROW_PCT)
    if is_clear is False:
        return False
    return all_of(is_clear, seen.no_blood_blasts, seen.emd == "no", seen.also) if seen.is_complete else None


def recovered(seen: Assessed) -> bool | None:
    return all_of(*(seen.has_recovered(test) for test in RECOVERED))


def partly_recovered(seen: Assessed) -> bool | None:
    return all_of(*(at_least(seen, test, limit) for test, limit in PARTLY_RECOVERED.items()))


def one_recovered(seen: Assessed) -> bool | None:
    if seen.line.choices.values["cri_rule"] == "inclusive":
        return True
    return any_of(*(seen.has_recovered(test) for test in RECOVERED))


def halved(seen: Assessed) -> bool | None:
    """Say whether the marrow is at 5 to 25 % and at most half of what it was before treatment."""
    marrow, before = seen.marrow_pct, seen.line.before
    if marrow is None or before is None or not seen.is_adequate:
        return False
    return all_of(marrow.at_least(CLEAR_MARROW_PCT), marrow.at_most(PARTIAL_MARROW_PCT), before.reaches(marrow, 2, 1))


def partial(seen: Assessed) -> bool | None:
    """`bm_blasts_pct` 5 to 25 %, at most half of before treatment; no blasts in blood, `emd` no, counts as CR."""
    return all_of(halved(seen), seen.no_blood_blasts, seen.emd == "no", recovered(seen))


def not_assessable(seen: Assessed) -> bool:
    """No usable marrow; or `bm_blasts_pct` < 5 % (or a bound that may be) without all else that CR asks for."""
    return seen.marrow is None or not seen.is_adequate or clear(seen) is None


def missed_the_landmark(seen: Assessed) -> bool:
    return seen.is_late and seen.gave("morphology") in ("MLFS", "PR", "NR")
