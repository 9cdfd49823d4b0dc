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
    (LYMPHOCYTES.name, "lymphocytes ", ""),
    (PLT.name, "platelets ", ""),
    (HB.name, "Hb ", " g/dL"),
    (ANC.name, "neutrophils ", ""),
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
        by_lowest = self.setting("lymph_pd_reference") == "lowest"
        before = self.carried.lymphocytes if by_lowest else self.baseline(LYMPHOCYTES)
        return compared("lymphocytes", self.amount(LYMPHOCYTES), before, "x 10^9/L")

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
    def group_a(self) -> str:
        return improved_names(a_items(self)) or "none"

    @property
    def group_b(self) -> str:
        return improved_names(b_items(self)) or "none was abnormal"

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

    @property
    def spd_needs(self) -> tuple[str, ...]:
        return self.lacks(SPD.name, LARGEST.name)

    @property
    def spleen_needs(self) -> tuple[str, ...]:
        return self.lacks(SPLEEN.name)

    @property
    def lymphocyte_needs(self) -> tuple[str, ...]:
        return self.lacks(LYMPHOCYTES.name)

    @property
    def liver_needs(self) -> tuple[str, ...]:
        return ("liver was never entered before, so it cannot be said whether its enlargement is new",)

    @property
    def count_needs(self) -> tuple[str, ...]:
        return self.lacks(PLT.name, HB.name)


Condition: TypeAlias = Callable[[Cll], bool | None]


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return the change in per cent; Infinity from 0 to more, None from 0 to 0 or where one is missing."""
    if now is None or before is None:
        return None
    if not before:
        return Decimal("Infinity") if now else None
    return (now - before) * 100 / before


def compared(name: str, now: Amount | None, before: Amount | None, unit: str) -> str:
    return f"{name} {now} after {'?' if before is None else before} {unit}"


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
    """Richter transformation, as entered."""
    return seen.is_yes(RICHTER)


def is_marrow_pd(seen: Cll) -> bool:
    """CLL cells up by half or more on successive marrow biopsies, as entered."""
    return seen.is_yes(MARROW_PD)


def is_new_lesion(seen: Cll) -> bool:
    """A new node of 15 mm or more, organ enlargement or infiltrate, as entered."""
    return seen.is_yes(NEW_LESION)


@once
def nodes_grown(seen: Cll) -> bool | None:
    """Products of nodes >= 1.5 times the lowest before, and the largest node >= 15 mm."""
    now, least = seen.amount(SPD), seen.carried.spd
    if now is None or least is None or now.at_most(least):
        return False
    largest = seen.amount(LARGEST)
    return all_of(
        now.above(least), now.reaches(least, 3, 2), None if largest is None else largest.at_least(NORMAL_NODE_MM)
    )


@once
def spleen_grown(seen: Cll) -> bool | None:
    """Spleen >= 13.0 cm, >= 2 cm longer than the lowest, and its excess over 13 cm >= 1.5 times that of the lowest."""
    now, least = seen.amount(SPLEEN), seen.carried.spleen
    if now is None or least is None or now.at_most(least):
        return False
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
    """The liver is enlarged and was normal when last entered before."""
    if seen.panel.word(LIVER.name) != "enlarged":
        return False
    return seen.carried.liver == "normal" if seen.carried.liver else None


@once
def lymphocytes_grown(seen: Cll) -> bool | None:
    """Lymphocytes >= 5.0 and >= 1.5 times the lowest before (`lymph_pd_reference`); not with `redistribution_drug`."""
    now = seen.amount(LYMPHOCYTES)
    before = seen.carried.lymphocytes if seen.setting("lymph_pd_reference") == "lowest" else seen.baseline(LYMPHOCYTES)
    if seen.setting("redistribution_drug") or now is None or before is None or now.below(LYMPHOCYTES_FOR_PD):
        return False
    return all_of(now.at_least(LYMPHOCYTES_FOR_PD), now.reaches(before, 3, 2))


@once
def platelets_fallen(seen: Cll) -> bool | None:
    """Platelets down >= 50 % from the baseline, caused by CLL."""
    now, before = seen.amount(PLT), seen.baseline(PLT)
    if seen.cause != "cll" or now is None or before is None:
        return False
    return before.reaches(now, 2, 1)


@once
def hb_fallen(seen: Cll) -> bool | None:
    """Haemoglobin down >= 2 g/dL from the baseline, caused by CLL."""
    now, before = seen.amount(HB), seen.baseline(HB)
    if seen.cause != "cll" or now is None or before is None:
        return False
    return now.plus(HB_LOSS).at_most(before)


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
    """Nodes < 15 mm, spleen < 13 cm, liver normal, no symptoms, lymphocytes < 4.0, counts normal, marrow clear."""
    if no_disease(seen) is False:
        return False
    return all_of(no_disease(seen), normal_counts(seen), marrow_is(seen, "clear"))


def incomplete(seen: Cll) -> bool | None:
    """As CR, but low counts caused by the drug (marrow clear or hypocellular), or a hypocellular marrow."""
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


def improved_names(items: Sequence[Item]) -> str:
    return " and ".join(item.name for item in items if item.was_abnormal and item.has_improved)


@once
def partial(seen: Cll) -> bool | None:
    """Of the abnormal items, two of nodes, organs, lymphocytes (one if one was) halved, and platelets or Hb better."""
    return all_of(enough(a_items(seen), 2, 1), enough(b_items(seen), 1, 0))


@once
def partial_with_lymphocytosis(seen: Cll) -> bool | None:
    """With `redistribution_drug`: nodes and organs as PR, platelets or Hb better, lymphocytes >= 4.0 and not halved."""
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
    """Nodes, spleen, lymphocytes, platelets and Hb are known, and they decide that it is no PD and no PR."""
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
