"""
What is measured in a myeloma line, and what is known of it before a visit is judged.

The tests with their units, what is measurable at the baseline, and what is carried from visit to visit with the
lowest confirmed value of each item. What a visit shows is in `myeloma_visit`, the rules are in `myeloma`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from ..model import History, Visit
from .base import Basis, Choices
from .results import (
    COUNTS,
    GRAMS_PER_DL,
    MG_PER_DAY,
    MG_PER_L,
    MILLIMETRES,
    NONE_SEEN,
    SQUARE_MM,
    Amount,
    Analyte,
    Panel,
    all_of,
    by_name,
    lowest,
    share,
    units,
    word,
    words,
)

_POSITIVE_OR_NOT = words({"pos": "positive,present,detected,yes,+", "neg": "negative,absent,not detected,none,no,-"})
_NEGATIVE_OR_NOT = words({"negative": "neg,not detected,undetectable,absent", "positive": "pos,detected,present"})

ANALYTES = by_name(
    Analyte(
        "serum_m",
        "g/dL",
        "M-protein in serum by electrophoresis; 0 = none seen",
        GRAMS_PER_DL,
        most=Decimal(20),
        zero_words=NONE_SEEN | {"undetectable"},
    ),
    Analyte(
        "urine_m",
        "mg/24h",
        "M-protein in the urine of 24 hours by electrophoresis; 0 = none seen",
        MG_PER_DAY,
        most=Decimal(100000),
        zero_words=NONE_SEEN | {"undetectable"},
    ),
    word("sife", "immunofixation in serum", _POSITIVE_OR_NOT),
    word("uife", "immunofixation in urine", _POSITIVE_OR_NOT),
    Analyte("iflc", "mg/L", "involved free light chain in serum", MG_PER_L, most=Decimal(500000)),
    Analyte("uflc", "mg/L", "uninvolved free light chain in serum", MG_PER_L, most=Decimal(500000)),
    word("flc_involved", "which light chain is involved, once", words({"kappa": "k,κ", "lambda": "l,λ"})),
    share("bmpc_pct", "plasma cells in the marrow; the latest of the line counts"),
    word("clonal_pc", "clonal plasma cells in the marrow; the latest of the line counts"),
    Analyte(
        "plasmacytoma",
        "mm2",
        "soft-tissue plasmacytomas: none, or the sum of the products of their diameters; the latest of the line counts",
        SQUARE_MM,
        most=Decimal(250000),
        zero_words=NONE_SEEN,
    ),
    Analyte("plasmacytoma_lesions", "", "how many plasmacytomas that sum is of", most=Decimal(100)),
    Analyte(
        "plasmacytoma_longest_mm",
        "mm",
        "longest diameter of a plasmacytoma of more than 10 mm in short axis",
        MILLIMETRES,
        most=Decimal(500),
    ),
    word("new_bone_lesion", "a definite new or growing bone lesion"),
    Analyte(
        "circulating_pc",
        "10^9/L",
        "plasma cells in blood, where nothing else can be measured",
        COUNTS,
        most=Decimal(1000),
    ),
    Analyte("hb", "g/dL", "haemoglobin; for clinical relapse only", GRAMS_PER_DL, most=Decimal(30)),
    Analyte(
        "calcium",
        "mg/dL",
        "calcium in serum; for clinical relapse only",
        units({"1": "mg/dL", "4.008": "mmol/L"}),
        most=Decimal(30),
    ),
    Analyte(
        "creatinine",
        "mg/dL",
        "creatinine in serum; for clinical relapse only",
        units({"1": "mg/dL", "0.011312": "umol/L", "11.312": "mmol/L"}),
        most=Decimal(40),
    ),
    word("hyperviscosity", "hyperviscosity by the paraprotein; for clinical relapse only"),
    word("mrd", "minimal residual disease in the marrow", _NEGATIVE_OR_NOT),
    word(
        "mrd_method",
        "how residual disease was looked for",
        words({"flow": "ngf,mfc,flow cytometry,next-generation flow", "sequencing": "ngs,next-generation sequencing"}),
    ),
    Analyte("mrd_sensitivity", "", "one cell in how many, as a share: 0.00001 or 1e-5", most=Decimal(1)),
    word("mrd_imaging", "disease on PET-CT", _NEGATIVE_OR_NOT),
)

#: What counts as measurable at the baseline [K].
SERUM_FROM, URINE_FROM, CHAIN_FROM = Decimal(1), Decimal(200), Decimal(100)
#: The items that are compared with their lowest confirmed value: field of `Values` -> name, unit.
ITEMS = {
    "serum": ("serum M-protein", "g/dL"),
    "urine": ("urine M-protein", "mg/24h"),
    "difference": ("light-chain difference", "mg/L"),
    "marrow": ("marrow plasma cells", "%"),
    "circulating": ("circulating plasma cells", "10^9/L"),
}
#: The levels of response, best first.
LEVELS = ("sCR", "CR", "VGPR", "PR", "MR", "SD")

Answer = bool | None


_LEFT = {share_pct: Decimal(100 - share_pct) / 100 for share_pct in (90, 50, 25)}
_QUARTER_MORE = Decimal("1.25")


def is_down(now: Amount, before: Amount, share_pct: int) -> Answer:
    """Say whether an amount is smaller than another by at least that share: 90, 50 or 25 %."""
    return now.at_most(before.times(_LEFT[share_pct]))


def has_risen(now: Amount, before: Amount, least: Decimal) -> Answer:
    """Say whether an amount has risen by at least 25 % and that much; from 0 (or less) the second decides."""
    enough = now.at_least(before.plus(least))
    return False if enough is False else all_of(enough, now.at_least(before.times(_QUARTER_MORE)))


# ------------------------------------------------------------------------------------- what was measured


class Values(NamedTuple):
    """
    What a visit measured, None where it did not or where it cannot be read.

    `difference` is of the light chains, `has_more` says that the panel holds tests which are not named here.
    """

    panel: Panel
    serum: Amount | None
    urine: Amount | None
    sife: str | None
    uife: str | None
    involved: Amount | None
    uninvolved: Amount | None
    difference: Amount | None
    marrow: Amount | None
    clonal: str | None
    plasmacytoma: Amount | None
    circulating: Amount | None
    has_more: bool


#: What is measured at nearly every visit; where there is nothing else, nothing else is asked for.
_USUAL = frozenset(
    ("serum_m", "urine_m", "sife", "uife", "iflc", "uflc", "flc_involved", "bmpc_pct", "clonal_pc", "plasmacytoma")
)


def read_values(visit: Visit) -> Values:
    """Return what a visit measured."""
    panel = Panel(visit, ANALYTES)
    amount, told = panel.amount, panel.word
    involved, uninvolved = amount("iflc"), amount("uflc")
    return Values(
        panel,
        amount("serum_m"),
        amount("urine_m"),
        told("sife"),
        told("uife"),
        involved,
        uninvolved,
        None if involved is None or uninvolved is None else involved.minus(uninvolved),
        amount("bmpc_pct"),
        told("clonal_pc"),
        amount("plasmacytoma"),
        amount("circulating_pc"),
        any(result.test not in _USUAL for result in visit.results),
    )


def has_normal_ratio(values: Values, chain: str | None) -> Answer:
    """
    Say whether kappa/lambda is from 0.26 to 1.65; None when a chain is missing or the uninvolved one is 0.

    Where it is not known which chain is involved the ratio is normal only if it is so either way round.
    """
    involved, uninvolved = values.involved, values.uninvolved
    if involved is None or uninvolved is None or uninvolved.most == 0:
        return None
    if chain == "kappa":
        return _is_normal(involved, uninvolved)
    if chain == "lambda":
        return _is_normal(uninvolved, involved)
    return all_of(_is_normal(involved, uninvolved), _is_normal(uninvolved, involved))


def has_doubtful_ratio(values: Values, chain: str | None) -> bool:
    """Say whether the ratio is normal one way round and abnormal the other, and the involved chain is not known."""
    involved, uninvolved = values.involved, values.uninvolved
    if chain is not None or involved is None or uninvolved is None or uninvolved.most == 0:
        return False
    return _is_normal(involved, uninvolved) != _is_normal(uninvolved, involved)


def _is_normal(kappa: Amount, light_lambda: Amount) -> Answer:
    hundredfold = kappa.times(100)
    return all_of(hundredfold.at_least(light_lambda.times(26)), hundredfold.at_most(light_lambda.times(165)))


# ------------------------------------------------------------------------------------------- the line


@dataclass(slots=True)
class Line(Basis):
    """
    A line before its visits are judged.

    `serum`, `urine` and `chains` say whether that item is measurable at the baseline (None: it cannot be said),
    the light chains only where the other two are not. `followed` are the items that give a level, as fields of
    `Values`. `gaps` say why no level can be given at all. `chain` is the involved light chain, None: not known.
    """

    values: Mapping[date, Values] = field(kw_only=True)
    first: Values | None = None
    chain: str | None = None
    serum: bool | None = False
    urine: bool | None = False
    chains: bool | None = False
    followed: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    _limits: dict[tuple[str, int], Amount] = field(default_factory=dict)

    def is_down(self, item: str, now: Amount, share_pct: int) -> Answer:
        """Say whether an item is smaller than at the baseline, where it was measured, by at least that share."""
        limit = self._limits.get((item, share_pct))
        if limit is None:
            limit = self._limits[item, share_pct] = getattr(self.first, item).times(_LEFT[share_pct])
        return now.at_most(limit)

    @property
    def baseline_on(self) -> date | None:
        return None if self.baseline is None else self.baseline.visit_on

    @property
    def is_light_chain_only(self) -> bool:
        return self.chains is True

    @property
    def is_marrow_only(self) -> bool:
        return self.followed == ("marrow",)

    @property
    def lowest(self) -> str:
        """The reference of progression in words."""
        return "lowest" if self.choices.values["mm_pd_reference"] == "lowest" else "lowest confirmed"

    @property
    def drawn(self) -> str:
        """The item that the timeline draws."""
        return self.followed[0] if self.followed else "serum"


def prepare_line(history: History, choices: Choices) -> Line:
    """Return what is known of a line: what was measured at each visit, and what was measurable at the baseline."""
    values = {visit.visit_on: read_values(visit) for visit in history.visits}
    baseline = history.visits[0] if history.visits else None
    line = Line(history, choices, baseline, values=values)
    if baseline is None:
        return line
    line.first = values[baseline.visit_on]
    line.chain = next((told for found in values.values() if (told := found.panel.word("flc_involved"))), None)
    _find_measurable(line, line.first)
    if line.followed:
        amount: Amount | None = getattr(line.first, line.drawn)
        line.baseline_value = None if amount is None else amount.value
    return line


def _find_measurable(line: Line, first: Values) -> None:
    gaps: list[str] = []
    line.serum = None if first.serum is None else first.serum.at_least(SERUM_FROM)
    # Urine that was never collected is taken as not measurable: without it PR can be reached, no more.
    line.urine = False if first.urine is None else first.urine.at_least(URINE_FROM)
    if line.serum is None:
        gaps.append(_unsettled(first, "serum_m", f"measurable from {SERUM_FROM} g/dL"))
    if line.urine is None:
        gaps.append(_unsettled(first, "urine_m", f"measurable from {URINE_FROM} mg/24h"))
    if line.serum is False and line.urine is False:
        line.chains = _chains_are_measurable(line, first)
        if line.chains is None:
            name = "uflc" if first.involved is not None and first.uninvolved is None else "iflc"
            gaps.append(_unsettled(first, name, f"measurable from {CHAIN_FROM} mg/L with an abnormal ratio"))
    line.followed = tuple(
        item
        for item, measurable in (("serum", line.serum), ("urine", line.urine), ("difference", line.chains))
        if measurable
    )
    if not line.followed and not gaps:
        if first.marrow is not None:
            line.followed = ("marrow",)
        else:
            gaps.append(f"nothing is measurable at the baseline: {first.panel.lack('bmpc_pct')}")
    line.gaps = tuple(gaps)


def _chains_are_measurable(line: Line, first: Values) -> Answer:
    if first.involved is None:
        return None
    ratio = has_normal_ratio(first, line.chain)
    if ratio is None and first.uninvolved is not None and first.uninvolved.most == 0:
        ratio = False  # over a suppressed chain that is printed as 0 the ratio is abnormal, whatever its figure
    return all_of(first.involved.at_least(CHAIN_FROM), None if ratio is None else not ratio)


def _unsettled(first: Values, test: str, wanted: str) -> str:
    amount = first.panel.amount(test)
    said = first.panel.lack(test) if amount is None else f"{test} is {amount}"
    return f"{said} at the baseline; {wanted}"


# ------------------------------------------------------------------------------------ what is carried on


class Low(NamedTuple):
    """A lowest value and its day."""

    amount: Amount
    on: date


References = Mapping[str, Low]


class Pending(NamedTuple):
    """
    The last visit with a level, whose values become references once the next one keeps or betters its level.

    `is_over`: progression was seen at that visit or since, so that it confirms no response.
    """

    rank: int
    on: date
    values: Values
    is_over: bool = False


class Suspect(NamedTuple):
    """A progression that the next visit has to repeat: its day, and the references it was measured against."""

    on: date
    references: References


class Carried(NamedTuple):
    """
    What a visit is compared with.

    The lowest confirmed value of each item, the visit that waits to confirm its own, the latest marrow,
    clonality and plasmacytoma of the line, the smallest plasmacytoma so far, a progression to be repeated, the
    day a CR was confirmed and whether it was lost, the highest haemoglobin on therapy, and since when no residual
    disease was found in marrow and imaging.
    """

    references: References = MappingProxyType({})
    pending: Pending | None = None
    marrow: Amount | None = None
    marrow_on: date | None = None
    clonal: str | None = None
    clonal_on: date | None = None
    plasmacytoma: Amount | None = None
    plasmacytoma_on: date | None = None
    smallest: Amount | None = None
    shortest: Amount | None = None
    suspect: Suspect | None = None
    complete_on: date | None = None
    lost_complete: bool = False
    highest_hb: Amount | None = None
    clear_since: date | None = None


def lowered(references: References, values: Values, on: date) -> References:
    """Return the lowest values after those of a visit were added."""
    found = dict(references)
    for item in ITEMS:
        amount: Amount | None = getattr(values, item)
        before = found.get(item)
        if amount is None or (before is not None and before.amount.most <= amount.least):
            continue
        found[item] = Low(amount if before is None else smaller(before.amount, amount) or amount, on)
    return found


def begin_line(line: Line) -> Carried:
    """Return what the first visit is compared with: the baseline."""
    if line.baseline is None or line.first is None:
        return Carried()
    on, first = line.baseline.visit_on, line.first
    return Carried(
        references=lowered({}, first, on),
        marrow=first.marrow,
        marrow_on=on,
        clonal=first.clonal,
        clonal_on=on,
        plasmacytoma=first.plasmacytoma,
        plasmacytoma_on=on,
        smallest=first.plasmacytoma,
        shortest=first.panel.amount("plasmacytoma_longest_mm"),
    )


def smaller(before: Amount | None, now: Amount | None) -> Amount | None:
    """Return the smaller of two amounts, either of which may be missing."""
    if before is None or now is None:
        return before if now is None else now
    if before.most <= now.least:
        return before
    return now if now.most <= before.least else lowest((before, now))
