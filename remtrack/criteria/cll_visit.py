"""
What CLL shows at a visit, what it is compared with, and the conditions of its rules.

The rules themselves stand in `cll`, the inputs in `cll_inputs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import wraps
from itertools import product
from typing import Any, NamedTuple, TypeAlias

from .base import Basis, Seen
from .cll_inputs import (
    ANC,
    CAUSE,
    HB,
    HB_LOSS,
    ITEMS,
    LARGEST,
    LIVER,
    LYMPHOCYTES,
    LYMPHOCYTES_FOR_PD,
    MARROW,
    MARROW_PD,
    NEW_LESION,
    NORMAL_ANC,
    NORMAL_HB,
    NORMAL_LYMPHOCYTES,
    NORMAL_NODE_MM,
    NORMAL_PLT,
    NORMAL_SPLEEN_CM,
    PLT,
    RICHTER,
    SPD,
    SPLEEN,
    SPLEEN_GROWTH_CM,
    SYMPTOMS,
)
from .results import (
    Amount,
    Analyte,
    Panel,
    all_of,
    any_of,
    denied,
    lowest,
)

_ITEMS_SAID = (
    (SPD.name, "nodes ", " mm²"),
    (LARGEST.name, "largest ", " mm"),
    (SPLEEN.name, "spleen ", " cm"),
    (LYMPHOCYTES.name, "lymphocytes ", " x 10^9/L"),
    (PLT.name, "platelets ", " x 10^9/L"),
    (HB.name, "Hb ", " g/dL"),
    (ANC.name, "neutrophils ", " x 10^9/L"),
)


class Carried(NamedTuple):
    """The lowest values so far of nodes, spleen and lymphocytes, with the baseline, and the liver as last entered."""

    spd: Amount | None = None
    spleen: Amount | None = None
    lymphocytes: Amount | None = None
    liver: str = ""
    spd_on: date | None = None


class Item(NamedTuple):
    """One item of a group: whether it was abnormal at the baseline, and whether it has improved enough for PR."""

    name: str
    was_abnormal: bool | None
    has_improved: bool | None


@dataclass(slots=True)
class CllLine(Basis):
    """A line of CLL with every visit as read; `before` is the baseline."""

    panels: Mapping[date, Panel] = field(kw_only=True)
    before: Panel = field(kw_only=True)


@dataclass(slots=True)
class Cll(Seen):
    """
    What CLL shows at a visit; `liver` is as last entered, "" when it never was.

    `answers` and `groups` keep what was worked out, as several rows ask for the same.
    """

    line: CllLine = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    liver: str = ""
    answers: dict[str, bool | None] = field(default_factory=dict)
    groups: tuple[tuple[Item, ...], tuple[Item, ...]] | None = None

    def amount(self, analyte: Analyte) -> Amount | None:
        return self.panel.amounts.get(analyte.name)

    def baseline(self, analyte: Analyte) -> Amount | None:
        return self.line.before.amounts.get(analyte.name)

    def setting(self, name: str) -> Any:
        return self.line.choices.values[name]

    def is_yes(self, analyte: Analyte) -> bool:
        return self.panel.word(analyte.name) == "yes"

    def numbers(self) -> dict[str, Any]:
        now, before, least = self.amount(SPD), self.line.baseline_value, self.carried.spd
        value = None if now is None else now.value
        lowest_value = None if least is None else least.value
        return {
            "value": value,
            "change_from_baseline_pct": change(value, before),
            "change_from_nadir_pct": change(value, lowest_value),
        }

    # Names that the sentences use

    @property
    def items(self) -> str:
        """Everything that was measured, in the order of the groups."""
        found = [
            f"{label}{amount}{unit}"
            for name, label, unit in _ITEMS_SAID
            if (amount := self.panel.amount(name)) is not None
        ]
        if self.liver:
            found.insert(min(3, len(found)), f"liver {self.liver}")
        marrow = self.panel.word(MARROW.name)
        return ", ".join([*found, f"marrow {marrow or 'not done'}"])

    @property
    def spd_said(self) -> str:
        return compared("nodes", self.amount(SPD), self.carried.spd, "mm²")

    @property
    def spleen_said(self) -> str:
        return compared("spleen", self.amount(SPLEEN), self.carried.spleen, "cm")

    @property
    def lymphocytes_said(self) -> str:
        return compared("lymphocytes", self.amount(LYMPHOCYTES), self.lymphocytes_before, "x 10^9/L")

    @property
    def plt_said(self) -> str:
        return compared("platelets", self.amount(PLT), self.baseline(PLT), "x 10^9/L")

    @property
    def hb_said(self) -> str:
        return compared("haemoglobin", self.amount(HB), self.baseline(HB), "g/dL")

    @property
    def cause(self) -> str:
        return self.panel.word(CAUSE.name) or "unknown"

    @property
    def improved(self) -> str:
        """What has improved enough of what was abnormal, and whether counts had to."""
        better = [item for item in (*a_items(self), *b_items(self)) if item.was_abnormal and item.has_improved]
        names = [name for item in better for name in (self.organs if item.name == "organs" else (item.name,))]
        told = f"{listed(names)} improved" if names else "nothing improved enough"
        counts_were_normal = all(item.was_abnormal is False for item in b_items(self))
        return told + (", platelets and haemoglobin were normal" if counts_were_normal else "")

    def name_of(self, item: Item) -> str:
        """Return what an item is called: of the organs those that were enlarged."""
        return " and ".join(self.organs) or "spleen and liver" if item.name == "organs" else item.name

    @property
    def organs(self) -> tuple[str, ...]:
        """Which of the two organs were enlarged at the baseline."""
        before = self.baseline(SPLEEN)
        spleen = before is not None and before.at_least(NORMAL_SPLEEN_CM) is True
        liver = self.line.before.word(LIVER.name) == "enlarged"
        return (*(("spleen",) if spleen else ()), *(("liver",) if liver else ()))

    # What is missing

    def lacks(self, *tests: str) -> tuple[str, ...]:
        """Return a sentence for each of these tests that is missing, and for each bound among them."""
        found = []
        for test in tests:
            amount = self.panel.amount(test)
            if self.panel.last(test) is None:
                found.append(self.panel.lack(test))
            elif amount is not None and amount.value is None:
                found.append(f"{test} {amount} does not decide it; an exact value would")
        return tuple(found)

    @property
    def gap(self) -> str:
        return "; ".join(self.item_needs) or "; ".join(self.baseline_needs) or "the bounds do not decide it"

    @property
    def item_needs(self) -> tuple[str, ...]:
        liver = () if self.liver else ("nothing is entered for liver",)
        return (*self.lacks(*ITEMS), *liver, *self.baseline_needs)

    @property
    def baseline_needs(self) -> tuple[str, ...]:
        tests = (SPD.name, LARGEST.name, SPLEEN.name, LYMPHOCYTES.name, PLT.name, HB.name)
        return tuple(
            f"nothing is entered for {test} at the baseline" for test in tests if self.line.before.last(test) is None
        )

    @property
    def cr_needs(self) -> tuple[str, ...]:
        tests = (LARGEST.name, SPLEEN.name, LYMPHOCYTES.name, PLT.name, HB.name, ANC.name, SYMPTOMS.name)
        marrow = (MARROW.name,) if self.setting("require_marrow_for_cr") else ()
        liver = () if self.liver else ("nothing is entered for liver",)
        return (*self.lacks(*tests, *marrow), *liver)

    def change_lacks(self, before: Amount | None, *tests: str) -> tuple[str, ...]:
        """Return what is missing to say how the first of these tests has changed."""
        if before is None and self.panel.last(tests[0]) is not None:
            return (f"nothing is entered for {tests[0]} before this visit, so its change cannot be told",)
        return self.lacks(*tests)

    @property
    def spd_needs(self) -> tuple[str, ...]:
        return self.change_lacks(self.carried.spd, SPD.name, LARGEST.name)

    @property
    def spleen_needs(self) -> tuple[str, ...]:
        return self.change_lacks(self.carried.spleen, SPLEEN.name)

    @property
    def lymphocyte_needs(self) -> tuple[str, ...]:
        return self.change_lacks(self.lymphocytes_before, LYMPHOCYTES.name)

    @property
    def lymphocytes_before(self) -> Amount | None:
        """What growth of lymphocytes is measured from, by the setting."""
        by_lowest = self.setting("lymph_pd_reference") == "lowest"
        return self.carried.lymphocytes if by_lowest else self.baseline(LYMPHOCYTES)

    @property
    def plt_needs(self) -> tuple[str, ...]:
        return self.change_lacks(self.baseline(PLT), PLT.name)

    @property
    def hb_needs(self) -> tuple[str, ...]:
        return self.change_lacks(self.baseline(HB), HB.name)

    @property
    def liver_needs(self) -> tuple[str, ...]:
        return ("liver was never entered before, so it cannot be said whether its enlargement is new",)


Condition: TypeAlias = Callable[[Cll], bool | None]


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return the change in per cent; Infinity from 0 to more, None from 0 to 0 or where one is missing."""
    if now is None or before is None:
        return None
    if not before:
        return Decimal("Infinity") if now else None
    return (now - before) * 100 / before


def compared(name: str, now: Amount | None, before: Amount | None, unit: str) -> str:
    return f"{name} {now} {unit} after {'?' if before is None else before} {unit}"


def lower(before: Amount | None, now: Amount | None) -> Amount | None:
    """Return the lowest value so far, None while there is none."""
    if before is None or now is None:
        return before or now
    return before if before.at_most(now) else now if now.at_most(before) else lowest((before, now))


# ------------------------------------------------------------------------------------------ progression


def once(holds: Condition) -> Condition:
    """Return a condition that is worked out once a visit: the last rows ask again for all of the rows before."""

    @wraps(holds)
    def asked(seen: Cll) -> bool | None:
        name = holds.__name__
        if name not in seen.answers:
            seen.answers[name] = holds(seen)
        return seen.answers[name]

    return asked


def is_richter(seen: Cll) -> bool:
    """`richter` yes."""
    return seen.is_yes(RICHTER)


def is_marrow_pd(seen: Cll) -> bool:
    """`marrow_pd` yes."""
    return seen.is_yes(MARROW_PD)


def is_new_lesion(seen: Cll) -> bool:
    """`new_lesion` yes."""
    return seen.is_yes(NEW_LESION)


@once
def nodes_grown(seen: Cll) -> bool | None:
    """`nodes_spd` >= 1.5 times the lowest before, and `largest_node_mm` >= 15."""
    now, least = seen.amount(SPD), seen.carried.spd
    if now is None or (least is not None and now.at_most(least)):
        return False
    by_half = None if least is None else all_of(now.above(least), now.reaches(least, 3, 2))
    return all_of(by_half, at_least(seen, LARGEST, NORMAL_NODE_MM))


@once
def spleen_grown(seen: Cll) -> bool | None:
    """`spleen_cm` >= 13.0, >= 2 over the lowest, its excess over 13 >= 1.5 times that of the lowest (`spleen_rule`)."""
    now, least = seen.amount(SPLEEN), seen.carried.spleen
    if now is None or (least is not None and now.at_most(least)):
        return False
    if least is None:
        return all_of(now.at_least(NORMAL_SPLEEN_CM), None)
    if seen.setting("spleen_rule") == "length":
        by_half = now.reaches(least, 3, 2)
    else:
        by_half = excess(now).reaches(excess(least), 3, 2)
    return all_of(now.at_least(NORMAL_SPLEEN_CM), now.at_least(least.plus(SPLEEN_GROWTH_CM)), by_half)


def excess(spleen: Amount) -> Amount:
    """Return by how much a spleen is longer than 13 cm, 0 when it is not."""
    over = spleen.minus(NORMAL_SPLEEN_CM)
    zero = Decimal(0)
    return Amount(
        max(over.least, zero),
        max(over.most, zero),
        over.above_least and over.least >= 0,
        over.below_most and over.most > 0,
    )


@once
def liver_newly_enlarged(seen: Cll) -> bool | None:
    """`liver` enlarged that was normal when last entered."""
    if seen.panel.word(LIVER.name) != "enlarged":
        return False
    return seen.carried.liver == "normal" if seen.carried.liver else None


@once
def lymphocytes_grown(seen: Cll) -> bool | None:
    """`lymphocytes` >= 5.0 x 10^9/L, >= 1.5 times the lowest (`lymph_pd_reference`); not with `redistribution_drug`."""
    now, before = seen.amount(LYMPHOCYTES), seen.lymphocytes_before
    if seen.setting("redistribution_drug") or now is None or now.below(LYMPHOCYTES_FOR_PD):
        return False
    return all_of(now.at_least(LYMPHOCYTES_FOR_PD), None if before is None else now.reaches(before, 3, 2))


@once
def platelets_fallen(seen: Cll) -> bool | None:
    """`plt` down >= 50 % from the baseline, with `cytopenia_cause` cll."""
    now, before = seen.amount(PLT), seen.baseline(PLT)
    if seen.cause != "cll" or now is None:
        return False
    return None if before is None else before.reaches(now, 2, 1)


@once
def hb_fallen(seen: Cll) -> bool | None:
    """`hb` down >= 2 g/dL from the baseline, with `cytopenia_cause` cll."""
    now, before = seen.amount(HB), seen.baseline(HB)
    if seen.cause != "cll" or now is None:
        return False
    return None if before is None else now.plus(HB_LOSS).at_most(before)


# -------------------------------------------------------------------------------------------- response


def below(seen: Cll, analyte: Analyte, limit: Decimal) -> bool | None:
    amount = seen.amount(analyte)
    return None if amount is None else amount.below(limit)


def at_least(seen: Cll, analyte: Analyte, limit: Decimal) -> bool | None:
    amount = seen.amount(analyte)
    return None if amount is None else amount.at_least(limit)


@once
def no_disease(seen: Cll) -> bool | None:
    """Return whether nodes, organs, symptoms and lymphocytes are normal."""
    nodes = below(seen, LARGEST, NORMAL_NODE_MM)
    if nodes is False:
        return False
    symptoms = seen.panel.word(SYMPTOMS.name)
    return all_of(
        nodes,
        below(seen, SPLEEN, NORMAL_SPLEEN_CM),
        seen.liver == "normal" if seen.liver else None,
        None if symptoms is None else symptoms == "no",
        below(seen, LYMPHOCYTES, NORMAL_LYMPHOCYTES),
    )


@once
def normal_counts(seen: Cll) -> bool | None:
    """Return whether platelets, haemoglobin and neutrophils are normal."""
    return all_of(at_least(seen, PLT, NORMAL_PLT), at_least(seen, HB, NORMAL_HB), at_least(seen, ANC, NORMAL_ANC))


def marrow_is(seen: Cll, *states: str) -> bool | None:
    """Return whether the marrow is in one of these states, None when it was not done."""
    marrow = seen.panel.word(MARROW.name)
    if marrow is None:
        return None if seen.setting("require_marrow_for_cr") else "clear" in states
    return marrow in states


def complete(seen: Cll) -> bool | None:
    """Say whether everything is normal, the marrow too."""
    if no_disease(seen) is False:
        return False
    return all_of(no_disease(seen), normal_counts(seen), marrow_is(seen, "clear"))


def incomplete(seen: Cll) -> bool | None:
    """As CR, but low counts with `cytopenia_cause` drug (`marrow` clear or hypocellular), or it is hypocellular."""
    if no_disease(seen) is False:
        return False
    counts = normal_counts(seen)
    by_drug = all_of(denied(counts), seen.cause == "drug", marrow_is(seen, "clear", "hypocellular"))
    return all_of(no_disease(seen), any_of(by_drug, all_of(counts, marrow_is(seen, "hypocellular"))))


def nodes_item(seen: Cll) -> Item:
    largest = seen.baseline(LARGEST)
    was = None if largest is None else largest.at_least(NORMAL_NODE_MM)
    return Item("nodes", was, halved(seen.amount(SPD), seen.baseline(SPD)))


def halved(now: Amount | None, before: Amount | None) -> bool | None:
    return None if now is None or before is None else before.reaches(now, 2, 1)


def organ_item(seen: Cll) -> Item:
    """Return the organs: the spleen where it was enlarged, and the liver where it was."""
    before, now = seen.baseline(SPLEEN), seen.amount(SPLEEN)
    spleen_was = None if before is None else before.at_least(NORMAL_SPLEEN_CM)
    liver_before = seen.line.before.word(LIVER.name)
    liver_was = liver_before == "enlarged"
    if before is None or now is None:
        spleen_better = None
    elif seen.setting("spleen_rule") == "length":
        spleen_better = before.reaches(now, 2, 1)
    else:
        spleen_better = excess(before).reaches(excess(now), 2, 1)
    liver_better = not liver_was or seen.liver == "normal"
    return Item("organs", any_of(spleen_was, liver_was), all_of(spleen_was is False or spleen_better, liver_better))


def lymphocyte_item(seen: Cll) -> Item:
    before = seen.baseline(LYMPHOCYTES)
    was = None if before is None else before.at_least(NORMAL_LYMPHOCYTES)
    return Item("lymphocytes", was, halved(seen.amount(LYMPHOCYTES), before))


def a_items(seen: Cll) -> tuple[Item, ...]:
    """Return the items of the disease itself: nodes, organs, lymphocytes."""
    return _groups(seen)[0]


def b_items(seen: Cll) -> tuple[Item, ...]:
    """Return the items of the marrow it takes: platelets, haemoglobin."""
    return _groups(seen)[1]


def _groups(seen: Cll) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    if seen.groups is None:
        seen.groups = (
            (nodes_item(seen), organ_item(seen), lymphocyte_item(seen)),
            (count_item(seen, "platelets", PLT, NORMAL_PLT), count_item(seen, "haemoglobin", HB, NORMAL_HB)),
        )
    return seen.groups


def count_item(seen: Cll, name: str, analyte: Analyte, limit: Decimal) -> Item:
    now, before = seen.amount(analyte), seen.baseline(analyte)
    was = None if before is None else before.below(limit)
    normal = None if now is None else now.at_least(limit)
    if normal or now is None:
        return Item(name, was, normal)
    return Item(name, was, any_of(normal, None if before is None else now.reaches(before, 3, 2)))


def enough(items: Sequence[Item], most: int, least: int) -> bool | None:
    """
    Say whether as many items improved as were abnormal, but no more than `most` are asked and at least `least`.

    Where something is not known both possibilities are tried; the answer is None when they differ.
    """
    if all(
        item.was_abnormal is not None and (item.has_improved is not None or not item.was_abnormal) for item in items
    ):
        abnormal = sum(item.was_abnormal is True for item in items)
        return sum(bool(item.was_abnormal and item.has_improved) for item in items) >= max(min(most, abnormal), least)
    answers = set()
    for known in product(*(possible(item) for item in items)):
        abnormal = sum(was for was, _ in known)
        improved = sum(was and better for was, better in known)
        answers.add(improved >= max(min(most, abnormal), least))
    return answers.pop() if len(answers) == 1 else None


def possible(item: Item) -> Iterator[tuple[bool, bool]]:
    for was in (True, False) if item.was_abnormal is None else (item.was_abnormal,):
        for better in (True, False) if item.has_improved is None else (item.has_improved,):
            yield was, better


def listed(names: Sequence[str]) -> str:
    """Return names in a row: nodes, spleen and lymphocytes."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


@once
def partial(seen: Cll) -> bool | None:
    """Say whether enough of what was abnormal has improved, in both groups."""
    return all_of(enough(a_items(seen), 2, 1), enough(b_items(seen), 1, 0))


@once
def partial_with_lymphocytosis(seen: Cll) -> bool | None:
    """With `redistribution_drug`: nodes, organs and counts as in PR, `lymphocytes` >= 4.0 and not down by half."""
    if not seen.setting("redistribution_drug"):
        return False
    _, _, lymphocytes = a_items(seen)
    return all_of(
        enough((nodes_item(seen), organ_item(seen)), 2, 1),
        enough(b_items(seen), 1, 0),
        at_least(seen, LYMPHOCYTES, NORMAL_LYMPHOCYTES),
        None if lymphocytes.has_improved is None else not lymphocytes.has_improved,
    )


def nothing_open(seen: Cll) -> bool | None:
    """`nodes_spd`, `largest_node_mm`, `spleen_cm`, `lymphocytes`, `plt`, `hb` known, and against PD and PR."""
    if any(seen.panel.last(test) is None for test in ITEMS):
        return None
    return None if any(condition(seen) is None for condition in MUST_BE_DECIDED) else True


MUST_BE_DECIDED = (
    nodes_grown,
    spleen_grown,
    liver_newly_enlarged,
    lymphocytes_grown,
    platelets_fallen,
    hb_fallen,
    partial_with_lymphocytosis,
    partial,
)


def remarks(seen: Cll) -> Iterator[str]:
    """Yield what the cause of low counts, a judgement that is not entered, would decide."""
    if seen.cause != "unknown":
        return
    now, before = seen.amount(PLT), seen.baseline(PLT)
    if now is not None and before is not None and before.reaches(now, 2, 1):
        yield "platelets down by half or more from the baseline: PD if CLL is the cause (cytopenia_cause)"
    now, before = seen.amount(HB), seen.baseline(HB)
    if now is not None and before is not None and now.plus(HB_LOSS).at_most(before):
        yield "haemoglobin down by 2 g/dL or more from the baseline: PD if CLL is the cause (cytopenia_cause)"
    if all_of(no_disease(seen), denied(normal_counts(seen)), marrow_is(seen, "clear", "hypocellular")):
        yield "low counts with all else as in CR: CRi if the drug is the cause (cytopenia_cause)"
