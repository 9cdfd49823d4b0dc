"""
What a visit shows of a myeloma: which level it reaches against the baseline, and what has grown.

Each condition of a level answers True, False or None, so that a missing result or a bound is named and never
guessed. Which category follows, in which order the rules are asked, and their sources stand in `myeloma`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from .base import Seen, number, percent, signed
from .mprotein import (
    ITEMS,
    LEVELS,
    Answer,
    Carried,
    Line,
    References,
    Values,
    has_doubtful_ratio,
    has_normal_ratio,
    has_risen,
    is_down,
    lowered,
)
from .results import ZERO, Amount, all_of, any_of


@dataclass(slots=True)
class Sample(Seen):
    """
    What a visit shows.

    `marrow`, `clonal` and `plasmacytoma` are the latest of the line; what this very visit measured stands in `values`.
    `missing` says which items that give a level were not measured, `signs` what may be a clinical relapse,
    `lost_complete` what has come back after a confirmed CR. `clear_since` is the day since which no residual disease
    was found in marrow and imaging.
    """

    line: Line = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    values: Values = field(kw_only=True)
    marrow: Amount | None = None
    clonal: str | None = None
    plasmacytoma: Amount | None = None
    missing: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    lost_complete: tuple[str, ...] = ()
    clear_since: date | None = None
    _references: References | None = None
    _growth: Mapping[str, Answer] | None = None

    @property
    def first(self) -> Values:
        """What the baseline measured."""
        if self.line.first is None:
            raise ValueError("a visit is judged only after a baseline")
        return self.line.first

    @property
    def references(self) -> References:
        """The lowest confirmed values; those of the last visit are among them once this visit keeps its level."""
        if self._references is None:
            pending, level = self.carried.pending, self.gave("level")
            self._references = self.carried.references
            if pending is not None and level in LEVELS and LEVELS.index(level) <= pending.rank:
                self._references = lowered(self._references, pending.values, pending.on)
        return self._references

    @property
    def growth(self) -> Mapping[str, Answer]:
        """Which items and lesions have grown to progression; None where it cannot be said."""
        if self._growth is None:
            self._growth = find_growth(self, self.references)
        return self._growth

    # What the levels would have needed, by the names that the rules give.

    @property
    def scr_needs(self) -> tuple[str, ...]:
        return lacks(self, "sCR", checks_of_scr(self))

    @property
    def cr_needs(self) -> tuple[str, ...]:
        return lacks(self, "CR", checks_of_cr(self))

    @property
    def vgpr_needs(self) -> tuple[str, ...]:
        return lacks(self, "VGPR", checks_of_vgpr(self))

    @property
    def pr_needs(self) -> tuple[str, ...]:
        return lacks(self, "PR", checks_of_pr(self))

    @property
    def mr_needs(self) -> tuple[str, ...]:
        return lacks(self, "MR", checks_of_mr(self))

    @property
    def sd_needs(self) -> tuple[str, ...]:
        return self.missing

    def numbers(self) -> dict[str, Any]:
        amount: Amount | None = getattr(self.values, self.line.drawn)
        return {"value": None if amount is None else amount.value}

    # Sentences on what was measured.

    @property
    def urine_beside(self) -> str:
        """The urine where it gives no level of its own."""
        return "" if self.line.urine or self.values.urine is None else f"; urine M-protein {self.values.urine} mg/24h"

    @property
    def marrow_said(self) -> str:
        since = "" if self.values.marrow is not None else f" of {self.carried.marrow_on}"
        return f"marrow plasma cells {self.marrow} %{since}"

    @property
    def plasmacytoma_said(self) -> str:
        """The plasmacytomas, where there are any or were at the baseline."""
        then, now = self.first.plasmacytoma, self.plasmacytoma
        if now is None or (now.value == 0 and (then is None or then.value == 0)):
            return ""
        since = "" if self.values.plasmacytoma is not None else f" of {self.carried.plasmacytoma_on}"
        return f"; plasmacytoma {now} mm²{since}, at the baseline {'not recorded' if then is None else f'{then} mm²'}"

    @property
    def signs_said(self) -> str:
        return "; ".join(self.signs)

    @property
    def against_baseline(self) -> str:
        """Each item that gives a level, now and at the baseline."""
        return "; ".join(compared(item, *self.now_and_then(item)) for item in self.line.followed)

    def now_and_then(self, item: str) -> tuple[Amount, Amount]:
        """
        Return a followed item at this visit (of the marrow the latest of the line) and at the baseline.

        Asked only where nothing is missing, so both are known.
        """
        now: Any = self.marrow if item == "marrow" else getattr(self.values, item)
        return now, getattr(self.first, item)

    @property
    def missing_said(self) -> str:
        return "; ".join(self.missing)

    @property
    def growth_said(self) -> str:
        """The first item that has grown to progression, with what it is compared with."""
        return next(rise_said(self, item) for item, answer in self.growth.items() if answer and item in ITEMS)

    @property
    def growth_needs(self) -> tuple[str, ...]:
        """What would settle the items of which it cannot be said whether they have grown to progression."""
        return tuple(_rise_unsettled(self, item) for item, answer in self.growth.items() if answer is None)

    @property
    def growth_gaps(self) -> str:
        return "; ".join(self.growth_needs)

    @property
    def lesion_growth(self) -> str:
        """The plasmacytomas that have grown, with what they are compared with."""
        smallest, now = self.carried.smallest, self.values.plasmacytoma
        if now is not None and smallest is not None and _has_grown_by_half(now, smallest):
            return f"plasmacytomas {now} mm², at their smallest {smallest} mm²"
        longest = self.values.panel.amount("plasmacytoma_longest_mm")
        return f"plasmacytoma {longest} mm, at its smallest {self.carried.shortest} mm"


# -------------------------------------------------------------------------------- what has grown

#: How much an item has to rise, beside 25 %. Of the light chains it is more than that, not that itself.
LEAST_RISE = {
    "serum": Decimal("0.5"),
    "urine": Decimal(200),
    "difference": Decimal(100),
    "marrow": Decimal(10),
}
#: From a lowest serum value of 5 g/dL on a rise of 1 g/dL is enough.
HIGH_SERUM, RISE_OF_HIGH_SERUM = Decimal(5), Decimal(1)
#: Circulating plasma cells have to rise by half, to 200 per microlitre at least.
LEAST_CIRCULATING = Decimal("0.2")


def find_growth(sample: Sample, references: References) -> dict[str, Answer]:
    """
    Return what has grown to progression, lesions and marrow (which need no second sample) first.

    What was not measured at this visit has not grown; None is given only where a bound, or a plasmacytoma that
    was never looked for before, leaves it open.
    """
    values, smallest = sample.values, sample.carried.smallest
    found: dict[str, Answer] = {
        "bone": values.has_more and values.panel.word("new_bone_lesion") == "yes",
        "new_plasmacytoma": _is_new(values.plasmacytoma, smallest),
        "plasmacytoma": _plasmacytoma_has_grown(sample, smallest),
    }
    for item in _PROVEN_FIRST:
        now: Amount | None = getattr(values, item)
        low = references.get(item)
        if now is None or low is None or now.most <= low.amount.least or not _counts(sample.line, item):
            found[item] = False
        else:
            found[item] = _has_progressed(item, now, low.amount)
    return found


_PROVEN_FIRST = ("marrow", "serum", "urine", "difference", "circulating")


def _counts(line: Line, item: str) -> bool:
    """Serum and urine count whatever was measurable at the baseline, the others only where nothing else was."""
    if item in ("serum", "urine"):
        return True
    if item == "circulating":
        return not line.followed and (line.serum, line.urine, line.chains) == (False, False, False)
    return line.followed == (item,)


def _has_progressed(item: str, now: Amount, low: Amount) -> Answer:
    if item == "circulating":
        return all_of(now.times(2).at_least(low.times(3)), now.at_least(LEAST_CIRCULATING))
    if item == "difference":
        return all_of(now.above(low.plus(LEAST_RISE[item])), now.times(4).at_least(low.times(5)))
    grown = has_risen(now, low, LEAST_RISE[item])
    if item == "serum":
        grown = any_of(grown, all_of(low.at_least(HIGH_SERUM), now.minus(low).at_least(RISE_OF_HIGH_SERUM)))
    return grown


def _is_new(now: Amount | None, smallest: Amount | None) -> Answer:
    if now is None or not now.most:
        return False
    return None if smallest is None else all_of(now.above(ZERO), smallest.at_most(ZERO))


def _has_grown_by_half(now: Amount, smallest: Amount) -> Answer:
    if now.most <= smallest.least:
        return False
    return all_of(smallest.above(ZERO), now.times(2).at_least(smallest.times(3)))


def _plasmacytoma_has_grown(sample: Sample, smallest: Amount | None) -> Answer:
    """Say whether several plasmacytomas together, or the longest diameter of one, have grown by half."""
    now, shortest, values = sample.values.plasmacytoma, sample.carried.shortest, sample.values
    together = False if now is None or smallest is None else _has_grown_by_half(now, smallest)
    if not values.has_more:
        return together
    lesions, longest = values.panel.amount("plasmacytoma_lesions"), values.panel.amount("plasmacytoma_longest_mm")
    if lesions is not None and lesions.value == 1:
        together = False
    return any_of(together, False if longest is None or shortest is None else _has_grown_by_half(longest, shortest))


def progression_from(item: str, low: Decimal) -> tuple[Decimal, bool]:
    """Return the value at which an item is progression, and whether that value itself is not yet."""
    if item == "circulating":
        return max(low * 3 / 2, LEAST_CIRCULATING), False
    share, least = low * 5 / 4, low + LEAST_RISE[item]
    if item == "serum" and low >= HIGH_SERUM:
        return low + RISE_OF_HIGH_SERUM, False
    return max(share, least), item == "difference" and least >= share


def compared(item: str, now: Amount, then: Amount) -> str:
    """Return an item now and at the baseline, with the change where both are numbers."""
    name, unit = ITEMS[item]
    is_now, was_then = now.value, then.value
    if is_now is not None and was_then:
        change = percent((is_now - was_then) * 100 / was_then)
        return f"{name} {number(is_now)} {unit} is {change} % from the baseline {number(was_then)} {unit}"
    return f"{name} {now} {unit}, baseline {then} {unit}"


def rise_said(sample: Sample, item: str) -> str:
    """Return an item with its change from its lowest confirmed value."""
    name, unit = ITEMS[item]
    now, low = getattr(sample.values, item), sample.references[item]
    reference = f"the {sample.line.lowest} value {low.amount} {unit} on {low.on}"
    if now.value is None or low.amount.value is None:
        return f"{name} {now} {unit}, {reference}"
    return f"{name} {now} {unit} is {change_said(item, now.value, low.amount.value)} over {reference}"


def change_said(item: str, now: Decimal, low: Decimal) -> str:
    """Return a change in per cent, where there is one, and in the unit of the item."""
    change = f"{signed(now - low)} {'percentage points' if item == 'marrow' else ITEMS[item][1]}"
    return f"{percent((now - low) * 100 / low)} % and {change}" if low > 0 else change


def _rise_unsettled(sample: Sample, item: str) -> str:
    if item not in ITEMS:
        return "plasmacytomas were not recorded before: none at the baseline would make these new, and that PD"
    name, unit = ITEMS[item]
    low = sample.references[item]
    said = f"{name} {getattr(sample.values, item)} {unit}, {sample.line.lowest} value {low.amount} {unit} on {low.on}"
    if low.amount.value is None:
        return f"{said}: whether it has grown to PD cannot be said"
    limit, is_excluded = progression_from(item, low.amount.value)
    return f"{said}: PD {'above' if is_excluded else 'from'} {number(limit)} {unit}"


# ---------------------------------------------------------------------- what each level asks for

#: One condition of a level: the answer, and what would settle it (a test, the light-chain `ratio` or `difference`).
Check: TypeAlias = tuple[Answer, str]

#: Under so much urine M-protein VGPR, and PR, is reached, in mg/24h.
_LITTLE_URINE, _SOME_URINE = Decimal(100), Decimal(200)
#: Under so many plasma cells in the marrow CR is reached, in per cent.
MARROW_OF_CR = Decimal(5)
#: How many per cent the serum M-protein has to be down.
SERUM_DOWN = {"CR": 90, "VGPR": 90, "PR": 50, "MR": 25}


def weigh(checks: Iterable[Check]) -> Answer:
    """Return whether all conditions hold; the first that does not ends the question."""
    answer: Answer = True
    for held, _ in checks:
        if held is False:
            return False
        if held is None:
            answer = None
    return answer


def negative(told: str | None) -> Answer:
    return None if told is None else told == "neg"


def known(amount: Amount | None) -> Answer:
    return None if amount is None else True


def amounts_of_vgpr(sample: Sample) -> Iterator[Check]:
    line, values, first = sample.line, sample.values, sample.first
    if line.is_marrow_only:
        yield False, "bmpc_pct"
    elif line.is_light_chain_only:
        yield known(values.serum), "serum_m"
        yield known(values.urine), "urine_m"
        if values.difference is not None and first.difference is not None:
            yield values.difference.times(10).below(first.difference), "difference"
    else:
        if values.serum is None or first.serum is None:
            yield None, "serum_m"
        else:
            down = line.is_down("serum", values.serum, 90) if line.serum else values.serum.at_most(first.serum)
            yield down, "serum_m"
        yield None if values.urine is None else values.urine.below(_LITTLE_URINE), "urine_m"


def blood_of_cr(sample: Sample) -> Iterator[Check]:
    values, line = sample.values, sample.line
    yield negative(values.sife), "sife"
    yield negative(values.uife), "uife"
    if line.is_light_chain_only or line.is_marrow_only:
        yield known(values.serum), "serum_m"
        yield known(values.urine), "urine_m"
    else:
        yield from amounts_of_vgpr(sample)
    if line.is_light_chain_only:
        yield normal_ratio(sample)


def normal_ratio(sample: Sample) -> Check:
    values, chain = sample.values, sample.line.chain
    if has_doubtful_ratio(values, chain):
        return None, "flc_involved"
    return has_normal_ratio(values, chain), "ratio"


def marrow_of_cr(sample: Sample) -> Check:
    if sample.marrow is None:
        return None, "bmpc_pct"
    answer = sample.marrow.below(MARROW_OF_CR)
    if answer and sample.values.marrow is None and sample.carried.marrow_on == sample.line.baseline_on:
        return None, "bmpc_pct"  # what the marrow was before treatment is no sign of a response
    # Where the marrow is the only measure, what blood and urine do not show says nothing about it.
    return answer if sample.line.is_marrow_only else _unless_old(answer, sample.values.marrow), "bmpc_pct"


def shrunk(sample: Sample, share_pct: int) -> Check:
    """Say whether the plasmacytomas have shrunk by that share since the baseline, or never were there."""
    now, before = sample.plasmacytoma, sample.first.plasmacytoma
    if now is None or now.value == 0:
        return True, "plasmacytoma"
    answer = None if before is None else all_of(before.above(ZERO), is_down(now, before, share_pct))
    return _unless_old(answer, sample.values.plasmacytoma), "plasmacytoma"


def _unless_old(answer: Answer, now: object) -> Answer:
    """A result of an earlier visit counts on, but when it stands in the way a new one may be better: it is named."""
    return None if answer is False and now is None else answer


def checks_of_cr(sample: Sample) -> Iterator[Check]:
    yield from blood_of_cr(sample)
    yield marrow_of_cr(sample)
    without = True if sample.plasmacytoma is None else sample.plasmacytoma.at_most(ZERO)
    yield _unless_old(without, sample.values.plasmacytoma), "plasmacytoma"


def checks_of_scr(sample: Sample) -> Iterator[Check]:
    yield weigh(checks_of_cr(sample)) is True, ""  # what CR lacks is named there
    yield normal_ratio(sample)
    clonal = None if sample.clonal is None else sample.clonal == "no"
    if clonal and sample.values.clonal is None and sample.carried.clonal_on == sample.line.baseline_on:
        clonal = None  # as of the marrow
    yield _unless_old(clonal, sample.values.clonal), "clonal_pc"


def checks_of_vgpr(sample: Sample) -> Iterator[Check]:
    yield from amounts_of_vgpr(sample)
    yield shrunk(sample, vgpr_share(sample))


def vgpr_share(sample: Sample) -> int:
    """Return by how many per cent plasmacytomas have to shrink for VGPR."""
    return int(sample.line.choices.values["vgpr_plasmacytoma"])


def checks_of_pr(sample: Sample) -> Iterator[Check]:
    line = sample.line
    for item in line.followed:
        now, before = sample.now_and_then(item)
        if item == "serum":
            yield line.is_down(item, now, 50), "serum_m"
        elif item == "urine":
            yield any_of(line.is_down(item, now, 90), now.below(_SOME_URINE)), "urine_m"
        elif item == "marrow":
            yield all_of(before.at_least(Decimal(30)), line.is_down(item, now, 50)), "bmpc_pct"
        else:
            yield line.is_down(item, now, 50), "difference"
    yield shrunk(sample, 50)


def checks_of_mr(sample: Sample) -> Iterator[Check]:
    line = sample.line
    for item in line.followed:
        if item == "serum":
            yield line.is_down(item, sample.now_and_then(item)[0], 25), "serum_m"
        elif item == "urine":
            # Under 200 mg/24h it is PR by itself, so that the lowest of the items is not below MR for its sake.
            now = sample.now_and_then(item)[0]
            yield any_of(line.is_down(item, now, 50), now.below(_SOME_URINE)), "urine_m"
        else:
            yield False, ""
    yield shrunk(sample, 50)


def lacks(sample: Sample, level: str, checks: Iterable[Check]) -> tuple[str, ...]:
    """Return a sentence for what is missing, else for each condition of a level that cannot be said."""
    return sample.missing or tuple(lack_said(sample, level, what) for answer, what in checks if answer is None)


def lack_said(sample: Sample, level: str, what: str) -> str:
    """Return what is known of a test and what the level asks of it."""
    values, panel = sample.values, sample.values.panel
    if what == "plasmacytoma":
        said = sample.plasmacytoma_said.removeprefix("; ")
        return f"{said}: {level} asks whether it is {'there' if level == 'CR' else 'smaller'} now"
    if what in ("ratio", "difference"):
        missing = "iflc" if values.involved is None else "uflc" if values.uninvolved is None else ""
        said = panel.lack(missing) if missing else f"iflc is {values.involved} and uflc {values.uninvolved} mg/L"
    else:
        amount, told = panel.amount(what), panel.word(what)
        if what == "bmpc_pct" and sample.marrow is not None:
            said = sample.marrow_said
        elif what == "clonal_pc" and sample.clonal is not None:
            said = f"clonal_pc was {sample.clonal}"
        else:
            said = panel.lack(what) if amount is None and told is None else f"{what} is {told or amount}"
    return f"{said}: {level} needs {wanted(sample, level, what)}"


def wanted(sample: Sample, level: str, what: str) -> str:
    """Return what a level asks of a test, in words and with the number it asks for."""
    line, first = sample.line, sample.first
    measured_otherwise = line.is_light_chain_only or line.is_marrow_only
    if what in _WANTED:
        return _WANTED[what]
    if what == "serum_m" and not measured_otherwise:
        return at_most(first.serum, SERUM_DOWN[level] if line.serum else 0, "g/dL")
    if what == "urine_m" and not measured_otherwise:
        if level in ("CR", "VGPR"):
            return "under 100 mg/24h"
        return f"under 200 mg/24h, or {at_most(first.urine, 90 if level == 'PR' else 50, 'mg/24h')}"
    if what == "difference":
        limit = at_most(first.difference, 90 if level == "VGPR" else 50, "mg/L")
        return f"a difference of {limit}{', itself excluded' if level == 'VGPR' else ''}"
    if what == "bmpc_pct":
        if level == "PR":
            return at_most(first.marrow, 50, "%")
        return "under 5 %" if sample.marrow is None or sample.marrow.below(MARROW_OF_CR) is False else _SINCE
    if what == "clonal_pc":
        return "it to be no" if sample.clonal != "no" else _SINCE
    return "a result"


def at_most(then: Amount | None, share_pct: int, unit: str) -> str:
    """Return in words the limit that is so many per cent below the baseline."""
    if then is None or then.value is None:
        return f"at least {share_pct} % less than at the baseline"
    return f"{number(then.value * (100 - share_pct) / 100)} {unit} or less"


_WANTED = {
    "sife": "it to be negative",
    "uife": "it to be negative",
    "ratio": "kappa/lambda from 0.26 to 1.65",
    "flc_involved": "it, because kappa/lambda is normal one way round only",
}
_SINCE = "one from after the baseline"
