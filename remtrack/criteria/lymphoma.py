"""
What is seen at a scan of lymphoma: sizes in two diameters, the PET as it was read, spleen and marrow.

What a visit is compared with, and the conditions that the tables of Lugano 2014 ask. How a visit is read into
this is in `lymphoma_scan`; the tables, their sources and how the paper is read stand with the family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ..model import Lesion
from .base import Basis, Seen, number, percent, signed
from .lesions import ZERO, Roster, Rows, Sighting
from .products import Pair, Pairs, square_mm
from .results import MILLIMETRES, Amount, Analyte, Panel, all_of, any_of, by_name, when, word, words
from .sums import change_pct

NORMAL_NODE_MM = Decimal(15)  # longest diameter
MEASURABLE_MM = Decimal(10)  # an extranodal lesion is more than this
NORMAL_SPLEEN_MM = Decimal(130)
SMALL_MM = Decimal(20)  # up to this, growth by 5 mm counts; above it 10 mm are needed
SPLEEN_GROWTH_MM = Decimal(20)
MOST_TARGETS = 6

ANALYTES = by_name(
    Analyte("dps", "", "five-point (Deauville) score of the worst site", least=Decimal(1), most=Decimal(5)),
    word(
        "uptake_vs_baseline",
        "uptake against the baseline, where the score is 4 or 5",
        words({"reduced": "decreased,less", "same": "unchanged,stable", "increased": "more"}),
    ),
    word("new_fdg_foci", "new FDG-avid foci typical of lymphoma"),
    word("marrow_fdg", "marrow uptake above that of normal marrow and held to be lymphoma"),
    word(
        "marrow",
        "marrow biopsy; not done where it was not examined",
        words({"normal": "negative,neg,clear", "involved": "positive,pos"}),
    ),
    Analyte("spleen_mm", "mm", "vertical length of the spleen", MILLIMETRES, most=Decimal(500)),
)


class Smallest(NamedTuple):
    """The smallest product and diameters of a lesion at the visits before, each by itself; None: never known."""

    product_mm2: Decimal | None = None
    longest_mm: Decimal | None = None
    short_mm: Decimal | None = None


class Carried(NamedTuple):
    """
    What a visit is compared with.

    The smallest complete sum before it with its day; of each target its smallest size, and the ids of those whose
    smallest size is counted in that of the mass they merged into; the lesions that were absent at some visit;
    the first, the smallest and the last length of the spleen; how the marrow was seen so far, and what was last
    known of it ("normal", "involved"; "not avid" where only PET spoke).
    """

    nadir_mm2: Decimal | None = None
    nadir_on: date | None = None
    smallest: Mapping[str, Smallest] = {}
    joined: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    spleen_first: Amount | None = None
    spleen_least: Amount | None = None
    spleen_last: Amount | None = None
    marrow_seen: frozenset[str] = frozenset()
    marrow_last: str | None = None
    marrow_was_avid: bool = False


@dataclass(slots=True)
class Line(Basis):
    """
    A line before its visits are judged.

    `baseline_value` is the sum of products at the baseline, None when a target has no product there; `unmeasured`
    says which. `has_disease` is whether anything on CT was there at the baseline, `start` what the first visit is
    compared with.
    """

    roster: Roster = field(kw_only=True)
    unmeasured: tuple[str, ...] = ()
    has_disease: bool = False
    start: Carried = field(default_factory=Carried)
    has_pet: bool = False
    has_scan_days: bool = False

    @property
    def is_pet(self) -> bool:
        return bool(self.choices.values["mode"] == "PET")


@dataclass(slots=True)
class Scan(Seen):
    """
    What is seen at a visit, on PET and on CT.

    `sum_mm2` is None when the product of a target is missing or there is no target. `least` is what each target
    is compared with. `grown` are targets that are progression by themselves, `regrown` and `regrown_beside` targets
    and non-targets (lesion, size) that were gone; `grown_gap` says of which targets it cannot be told, `new_gap` which
    new lesions are seen and have no size. `avid` is whether PET shows uptake held to be lymphoma,
    `has_normal_spleen` whether the spleen is at most 130 mm, each None where that is not known.
    """

    line: Line = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    rows: Rows = field(kw_only=True)
    pairs: Pairs = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    sum_mm2: Decimal | None = None
    change_from_baseline_pct: Decimal | None = None
    least: dict[str, Smallest] = field(default_factory=dict)
    grown: tuple[Pair, ...] = ()
    grown_gap: tuple[str, ...] = ()
    regrown: tuple[tuple[str, Decimal], ...] = ()
    regrown_beside: tuple[tuple[str, Decimal], ...] = ()
    new_gap: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    score: Amount | None = None
    uptake: str | None = None
    foci: str | None = None
    marrow_fdg: str | None = None
    avid: bool | None = None
    marrow: str | None = None
    spleen: Amount | None = None
    has_normal_spleen: bool | None = None
    told: str = ""  # what `sum_with_change` gave: it stands in two sentences

    def numbers(self) -> dict[str, Any]:
        if not self.line.roster.targets:
            return {}
        total, lowest_mm2 = self.sum_mm2, self.carried.nadir_mm2
        return {
            "sum_mm": total,
            "sum_complete": total is not None,
            "baseline_sum_mm": self.line.baseline_value,
            "nadir_sum_mm": lowest_mm2,
            "change_from_baseline_pct": self.change_from_baseline_pct,
            "change_from_nadir_pct": change_pct(total, lowest_mm2),
            "change_from_nadir_mm": None if total is None or lowest_mm2 is None else total - lowest_mm2,
            "value": total,
        }

    # What the sentences of the rules name, and what the rules lack.

    @property
    def whole_sum(self) -> str:
        return "not complete" if self.sum_mm2 is None else square_mm(self.sum_mm2)

    @property
    def sum_with_change(self) -> str:
        """The sum with its change from the baseline; both are known where this is asked for."""
        if not self.told:
            pct, baseline = self.change_from_baseline_pct or ZERO, self.line.baseline_value or ZERO
            self.told = f"sum of products {self.whole_sum} is {percent(pct)} % from the baseline {square_mm(baseline)}"
        return self.told

    @property
    def grown_targets(self) -> str:
        return " and ".join(growth_told(self, pair) for pair in self.grown)

    @property
    def lesions_back(self) -> str:
        return " and ".join(f"{name} ({number(size)} mm)" for name, size in (*self.regrown, *self.regrown_beside))

    @property
    def nontargets_back(self) -> str:
        return " and ".join(f"{name} ({number(size)} mm)" for name, size in self.regrown_beside)

    @property
    def new_ids(self) -> str:
        return " and ".join(f"{found.lesion_id} (first seen {found.seen_on.isoformat()})" for found in self.sightings)

    @property
    def proven_on(self) -> date:
        return min(found.proven_on for found in self.sightings)

    @property
    def worse_ids(self) -> str:
        return " and ".join(self.worse)

    @property
    def target_gap(self) -> str:
        return "; ".join(self.sum_needs)

    @property
    def sum_needs(self) -> tuple[str, ...]:
        return self.pairs.missing or self.line.unmeasured

    @property
    def partial_needs(self) -> tuple[str, ...]:
        lacks = self.sum_needs if halved(self) is None else ()
        return lacks if spleen_regressed(self) is not None else (*lacks, *self.spleen_needs)

    @property
    def unread(self) -> tuple[str, ...]:
        return self.pairs.unread

    @property
    def targets_not_assessed(self) -> str:
        return "; ".join(self.pairs.unread)

    @property
    def findings_told(self) -> str:
        """What stands against response and progression."""
        if not self.line.roster.targets:
            return f"no target lesion to measure; {self.what_stands_against_cr}"
        spleen = f"but the spleen measures {self.spleen} mm after {self.spleen_first} mm"
        if halved(self):
            return f"{self.sum_with_change}, {spleen}"
        if halved(self) is None:
            return f"targets of normal size, {spleen}"
        return f"{self.sum_with_change}, and no lesion has grown enough for progression"

    @property
    def nontarget_gap(self) -> str:
        return "; ".join(self.unknown)

    @property
    def spleen_needs(self) -> tuple[str, ...]:
        if self.spleen is not None:
            return (f"the spleen is known only as {self.spleen} mm",)
        last = self.carried.spleen_last
        return (self.spleen_not_measured + ("" if last is None else f"; it was {last} mm when last measured"),)

    @property
    def spleen_not_measured(self) -> str:
        return self.panel.lack("spleen_mm")

    @property
    def spleen_first(self) -> Amount | None:
        return self.carried.spleen_first

    @property
    def spleen_least(self) -> Amount | None:
        return self.carried.spleen_least

    @property
    def marrow_needs(self) -> tuple[str, ...]:
        return ("whether the marrow was normal before it was found involved",)

    @property
    def clear_needs(self) -> tuple[str, ...]:
        """What CR lacks, where all that was looked at is normal."""
        lacks = list(self.unknown)
        if marrow_clear(self) is None:
            lacks.append(f"{self.panel.lack('marrow')}: CR needs marrow=normal, or marrow_fdg=no")
        if spleen_normal(self) is None:
            lacks += self.spleen_needs
        return tuple(lacks)

    @property
    def what_stands_against_cr(self) -> str:
        """Why targets of normal size are no complete response."""
        why = [f"non-target {', '.join(self.present)} still present"] if self.present else []
        if spleen_normal(self) is False:
            why.append(f"the spleen measures {self.spleen} mm")
        if marrow_clear(self) is False:
            why.append("the marrow is involved")
        return "; ".join(why) or "; ".join(self.clear_needs)

    @property
    def score_and_marrow(self) -> str:
        """The score with the marrow, as far as they were read."""
        told = f"score {self.score}" if self.score is not None else "no score"
        return told + (", marrow uptake held to be lymphoma" if self.marrow_fdg == "yes" else "")

    @property
    def pet_needs(self) -> tuple[str, ...]:
        """What keeps PET from being read."""
        lacks = []
        score = self.score
        if score is None:
            lacks.append(f"{self.panel.lack('dps')} (1 to 5)")
        elif self.avid is None:
            lacks.append(f"whether dps {score} is at most 3")
        if self.uptake is None and self.avid is not False:
            lacks.append(f"{self.panel.lack('uptake_vs_baseline')} (reduced, same or increased)")
        return tuple(lacks)

    @property
    def missing_on_pet(self) -> str:
        return "; ".join(self.pet_needs)


# ------------------------------------------------------------------------------------------ conditions


def is_normal(lesion: Lesion, pair: Pair) -> bool:
    """Say whether a target has the size of a complete response: a node up to 15 mm long, anything else gone."""
    return pair.longest_mm <= NORMAL_NODE_MM if lesion.kind == "node" else pair.is_gone


def largest_unmeasured(lesion: Lesion) -> Decimal:
    """Return the size up to which a new or returning lesion does not count."""
    return NORMAL_NODE_MM if lesion.kind == "node" else MEASURABLE_MM


def least_growth(longest_mm: Decimal) -> Decimal:
    """Return by how many mm a diameter must grow, by the longest diameter at its smallest."""
    return Decimal(5) if longest_mm <= SMALL_MM else Decimal(10)


def has_grown(pair: Pair, least: Smallest) -> bool | None:
    """
    Say whether one lesion is progression by itself, None when a size is missing that would decide.

    Its longest diameter is over 15 mm, its product half as large again as its smallest, and one diameter longer
    than its smallest by 5 mm (10 mm from a lesion of more than 20 mm).
    """
    if pair.longest_mm <= NORMAL_NODE_MM:
        return False
    product: bool | None = None
    if pair.product_mm2 is not None and least.product_mm2 is not None:
        product = pair.product_mm2 * 2 >= least.product_mm2 * 3
    if product is False:
        return False
    if least.longest_mm is None:
        return None
    needed = least_growth(least.longest_mm)
    wider: bool | None = None
    if pair.short_mm is not None and least.short_mm is not None:
        wider = pair.short_mm - least.short_mm >= needed
    return all_of(any_of(pair.longest_mm - least.longest_mm >= needed, wider), product)


def growth_told(scan: Scan, pair: Pair) -> str:
    """Return a lesion that has grown, with its numbers: "G2 21 x 12 mm from 16 x 10 at its smallest (...)"."""
    least = scan.least[pair.lesion.lesion_id]
    was = f"{number(least.longest_mm or ZERO)} x {number(least.short_mm or ZERO)}"
    pct = change_pct(pair.product_mm2, least.product_mm2)
    share = f"product {percent(pct)} %, " if pct is not None and pct.is_finite() else ""
    longer = signed(pair.longest_mm - (least.longest_mm or ZERO))
    wider = signed((pair.short_mm or ZERO) - (least.short_mm or ZERO))
    return f"{pair.lesion.lesion_id} {pair} mm from {was} at its smallest ({share}{longer} and {wider} mm)"


def no_targets(scan: Scan) -> bool:
    """The line has no target lesion."""
    return not scan.line.roster.targets


def lesion_grown(scan: Scan) -> bool | None:
    """One lesion > 15 mm long has a product >= 1.5 x its smallest and a diameter >= 5 mm longer (10 from > 20 mm)."""
    return True if scan.grown else (None if scan.grown_gap else False)


def target_regrown(scan: Scan) -> bool:
    """A target that was absent before is back: a node > 15 mm long, another lesion > 10 mm."""
    return bool(scan.regrown)


def nontarget_regrown(scan: Scan) -> bool:
    """A non-target that was absent before is back: a node > 15 mm long, another lesion > 10 mm."""
    return bool(scan.regrown_beside)


def lesion_regrown(scan: Scan) -> bool:
    """A lesion that was absent before is back: a node > 15 mm long, another lesion > 10 mm."""
    return bool(scan.regrown or scan.regrown_beside)


def targets_normal(scan: Scan) -> bool | None:
    """Every target node is <= 15 mm long and every other target is absent."""
    for pair in scan.pairs.found:
        if not is_normal(pair.lesion, pair):
            return False
    return None if scan.pairs.unread else True


def halved(scan: Scan) -> bool | None:
    """The sum of products is <= 50 % of the baseline."""
    if scan.sum_mm2 is None or scan.line.baseline_value is None:
        return None
    return scan.sum_mm2 * 2 <= scan.line.baseline_value


def sum_is_known(scan: Scan) -> bool | None:
    """The sum of products and that of the baseline are known."""
    return None if halved(scan) is None else True


def no_nontargets(scan: Scan) -> bool:
    """The line has no non-target lesion."""
    return not scan.line.roster.nontargets


def any_worse(scan: Scan) -> bool:
    """Any non-target lesion is entered as `unequivocal_pd`, as a reader judged."""
    return bool(scan.worse)


def nontargets_absent(scan: Scan) -> bool | None:
    """Every non-target lesion is `absent`, nodes <= 15 mm long."""
    return False if scan.present else (None if scan.unknown else True)


def nontargets_assessed(scan: Scan) -> bool | None:
    """Every non-target lesion was assessed."""
    return None if scan.unknown else True


def proven_by_now(scan: Scan) -> bool | None:
    """A new node > 15 mm or another new lesion > 10 mm in any axis, or one of any size called `unequivocal`."""
    if scan.sightings:
        return scan.proven_on <= scan.visit.visit_on
    return None if scan.new_gap else False


def any_sighting(scan: Scan) -> bool:
    """A new lesion seen by now, and `equivocal` then, was called `unequivocal` at a later visit."""
    return bool(scan.sightings)


def foci_new(scan: Scan) -> bool:
    """`new_fdg_foci` = yes: new FDG-avid foci typical of lymphoma."""
    return scan.foci == "yes"


def is_avid(score: Amount | None, marrow_fdg: str | None) -> bool | None:
    """Say whether a score of 4 or 5 or the marrow shows uptake held to be lymphoma; None without a score."""
    if marrow_fdg == "yes":
        return True
    return None if score is None else score.at_least(Decimal(4))


def uptake_is(wanted: str) -> Callable[[Scan], bool | None]:
    """Return the condition that what is avid has changed in this way from the baseline."""

    def holds(scan: Scan) -> bool | None:
        if scan.avid is False or scan.uptake not in (None, wanted):
            return False
        return None if scan.uptake is None else scan.avid

    return when(f"`dps` 4-5 or `marrow_fdg` = yes, and `uptake_vs_baseline` = {wanted}", holds)


def pet_not_readable(scan: Scan) -> bool:
    """No `dps` (1-5); or `dps` 4-5 or `marrow_fdg` = yes, without `uptake_vs_baseline`."""
    return scan.score is None or scan.avid is None or (scan.avid and scan.uptake is None)


def pet_negative(scan: Scan) -> bool:
    """`dps` 1-3, and `marrow_fdg` is not yes: a residual mass of any size is allowed."""
    return scan.avid is False


def spleen_normal(scan: Scan) -> bool | None:
    """
    Say whether the spleen is at most 130 mm long.

    Not measured counts as such where it was not enlarged at first nor when last measured.
    """
    if scan.spleen is not None:
        return scan.has_normal_spleen
    first, last = scan.spleen_first, scan.carried.spleen_last
    if first is None or last is None:
        return True
    return True if all_of(first.at_most(NORMAL_SPLEEN_MM), last.at_most(NORMAL_SPLEEN_MM)) else None


def spleen_missing(scan: Scan) -> bool:
    """`spleen_mm` was > 130 at the baseline and was not measured now."""
    return (
        scan.spleen is None
        and scan.spleen_first is not None
        and scan.spleen_first.at_most(NORMAL_SPLEEN_MM) is not True
    )


def spleen_larger(scan: Scan) -> bool | None:
    """`spleen_mm`, > 130 at its smallest, is longer by more than half of that excess over 130 mm."""
    now, least = scan.spleen, scan.spleen_least
    if now is None or least is None or scan.has_normal_spleen:
        return False
    return all_of(least.above(NORMAL_SPLEEN_MM), now.times(2).plus(NORMAL_SPLEEN_MM).above(least.times(3)))


def spleen_recurrent(scan: Scan) -> bool | None:
    """`spleen_mm` was > 130 at the baseline, became <= 130, and is > 130 and >= 20 mm over its smallest."""
    now, first, least = scan.spleen, scan.spleen_first, scan.spleen_least
    if now is None or first is None or least is None or scan.has_normal_spleen:
        return False
    again = all_of(first.above(NORMAL_SPLEEN_MM), least.at_most(NORMAL_SPLEEN_MM))
    return again is not False and all_of(again, now.above(NORMAL_SPLEEN_MM), now.at_least(least.plus(SPLEEN_GROWTH_MM)))


def spleen_new(scan: Scan) -> bool | None:
    """`spleen_mm` was <= 130 at the baseline, and is > 130 and >= 20 mm longer."""
    now, first = scan.spleen, scan.spleen_first
    if now is None or first is None or scan.has_normal_spleen:
        return False
    was_normal = first.at_most(NORMAL_SPLEEN_MM)
    growth = was_normal is not False and now.at_least(first.plus(SPLEEN_GROWTH_MM))
    return all_of(was_normal, growth, now.above(NORMAL_SPLEEN_MM))


def spleen_regressed(scan: Scan) -> bool | None:
    """Say whether the excess of an enlarged spleen over 130 mm has fallen by more than half; True if it never was."""
    now, first = scan.spleen, scan.spleen_first
    if first is None or first.at_most(NORMAL_SPLEEN_MM):
        return True
    return None if now is None else now.times(2).below(first.plus(NORMAL_SPLEEN_MM))


def marrow_again(scan: Scan) -> bool | None:
    """`marrow` = involved, after it was normal at an earlier visit."""
    if scan.marrow != "involved" or "normal" in scan.carried.marrow_seen:
        return scan.marrow == "involved"
    # Involved ever since, or held clear by PET alone: a biopsy finds what PET does not show.
    return False if scan.carried.marrow_seen == {"involved"} else None


def marrow_clear(scan: Scan) -> bool | None:
    """Say whether the marrow is clear; None where it was not examined and that matters."""
    if scan.marrow is not None:
        return scan.marrow == "normal"
    if scan.marrow_fdg is not None:
        return True if scan.marrow_fdg == "no" else None
    return None if scan.carried.marrow_last == "involved" else True


def not_assessed(scan: Scan) -> bool:
    """A target was not assessed: it has not even a longest diameter."""
    return bool(scan.pairs.unread)


def no_disease(scan: Scan) -> bool:
    """Nothing was recorded on CT at the baseline: no lesion, no spleen > 130 mm, no marrow involved."""
    return not scan.line.has_disease


def complete(scan: Scan) -> bool | None:
    """Targets of normal size, every non-target `absent`, `spleen_mm` <= 130, marrow clear (normal, or not avid)."""
    return all_of(targets_normal(scan), nontargets_absent(scan), spleen_normal(scan), marrow_clear(scan))


def partial_by_size(scan: Scan) -> bool | None:
    """Targets of normal size, and an excess of `spleen_mm` over 130 at the baseline is down by more than half."""
    if not scan.line.roster.targets:
        return False
    return all_of(targets_normal(scan), spleen_regressed(scan))


def partial_by_sum(scan: Scan) -> bool | None:
    """The sum of products is <= 50 % of the baseline, and an excess of `spleen_mm` over 130 down by more than half."""
    if not scan.line.roster.targets:
        return False
    return all_of(halved(scan), spleen_regressed(scan))


def stable(scan: Scan) -> bool | None:
    """None of these, and the sum of products and that of the baseline are known (or there is no target)."""
    return True if no_targets(scan) or targets_normal(scan) else sum_is_known(scan)
