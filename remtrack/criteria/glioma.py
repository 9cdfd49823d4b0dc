"""
What is seen at a scan of a glioma: products of two diameters, steroids, clinical status, a preliminary progression.

The values, and the conditions that the tables of RANO 2.0 ask. How a visit is read into them is in `glioma_scan`;
the tables, their sources and how the paper is read stand with the family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ..model import Lesion
from .base import Basis, Seen, percent
from .lesions import ZERO, Roster, Rows, Sighting
from .products import Pairs, square_mm
from .results import Analyte, Panel, by_name, when, word, words
from .sums import change_pct

#: Enhancing and non-enhancing (T2/FLAIR) tumour, as lesions are recorded.
CE, NCE = "CE", "nCE"
LABELS = {CE: "enhancing", NCE: "non-enhancing"}

MEASURABLE_MM = Decimal(10)  # both diameters
AFTER_RADIOTHERAPY_DAYS = 84
REPEAT_DAYS = 28

ANALYTES = by_name(
    word("steroid_above_physiologic", "corticosteroids above the dose of replacement"),
    word(
        "steroid_vs_baseline",
        "corticosteroids against the baseline",
        words({"decreased": "reduced,less,lower", "stable": "same,unchanged", "increased": "more,higher"}),
    ),
    word(
        "clinical",
        "clinical status against the baseline; worse only where nothing else explains it",
        words({"improved": "better", "stable": "same,unchanged", "worse": "deteriorated"}),
    ),
    word("new_lesion_in_field", "the new lesion is inside the irradiated field"),
    Analyte("karnofsky", "", "Karnofsky performance status; changes no category", most=Decimal(100)),
)


class Preliminary(NamedTuple):
    """
    A preliminary progression that is not settled.

    `products` are those of the targets and the measured new lesions at that visit, by component and lesion; `new` and
    `worse` the new lesions and the non-targets that were counted then.
    """

    seen_on: date
    products: Mapping[str, Mapping[str, Decimal]]
    new: frozenset[str]
    worse: frozenset[str]


class Carried(NamedTuple):
    """
    What a visit is compared with.

    `nadirs` are the smallest complete sums of each component that growth is measured from (they begin anew with a
    preliminary progression), `nadir_mm2` the smallest sum of all, which never does. `forgiven` are new lesions and
    non-targets of a preliminary progression that was refuted. `progressed`: progression was found before that needed
    no confirmation any more, so that none after it is preliminary.
    """

    nadirs: Mapping[str, Decimal] = {}
    nadir_mm2: Decimal | None = None
    nadir_on: date | None = None
    preliminary: Preliminary | None = None
    forgiven: frozenset[str] = frozenset()
    restarted_on: date | None = None
    had_complete: bool = False
    progressed: bool = False


@dataclass(slots=True)
class Line(Basis):
    """
    A line before its visits are judged.

    `components` are those that are measured; `targets` by component, `baselines` their sums of products at the
    baseline (absent where a product is missing; `unmeasured` says which).
    """

    roster: Roster = field(kw_only=True)
    components: tuple[str, ...] = (CE,)
    targets: dict[str, tuple[Lesion, ...]] = field(default_factory=dict)
    nontargets: tuple[Lesion, ...] = ()
    baselines: dict[str, Decimal] = field(default_factory=dict)
    unmeasured: dict[str, tuple[str, ...]] = field(default_factory=dict)
    radiotherapy_ends: tuple[date, ...] = ()
    start: Carried = field(default_factory=Carried)
    has_scan_days: bool = False

    def is_after_radiotherapy(self, day: date) -> bool:
        """Whether a day is within 12 weeks after the end of radiotherapy."""
        return any(0 <= (day - end).days <= AFTER_RADIOTHERAPY_DAYS for end in self.radiotherapy_ends)


@dataclass(slots=True)
class Scan(Seen):
    """
    What is seen at a visit.

    `pairs` and `sums` are by component, the sum None when a product is missing. `new` and `worse` are new lesions and
    non-targets that count: not those of a preliminary progression before. `worse_still` are non-targets as worse as
    at one that was refuted. `new_sizes` are the products of new lesions that were measured, `new_unsized` says which
    are to be seen, have no size and are not called unequivocal.
    """

    line: Line = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    rows: Rows = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    pairs: dict[str, Pairs] = field(default_factory=dict)
    sums: dict[str, Decimal | None] = field(default_factory=dict)
    sightings: tuple[Sighting, ...] = ()
    new: tuple[str, ...] = ()
    new_sizes: dict[str, Decimal] = field(default_factory=dict)
    new_seen: tuple[str, ...] = ()
    new_unsized: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    worse_now: tuple[str, ...] = ()
    worse_still: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    not_assessed: frozenset[str] = frozenset()
    steroids: str | None = None
    above_replacement: str | None = None
    clinical: str | None = None
    is_out_of_field: bool = False

    @property
    def total_mm2(self) -> Decimal | None:
        """The sum of products of all components, None when one is missing or nothing is measured."""
        total = ZERO
        for component, found in self.sums.items():
            if self.line.targets[component]:
                if found is None:
                    return None
                total += found
        return total if any(self.line.targets.values()) else None

    def numbers(self) -> dict[str, Any]:
        if not any(self.line.targets.values()):
            return {}
        total, lowest = self.total_mm2, self.carried.nadir_mm2
        return {
            "sum_mm": total,
            "sum_complete": total is not None,
            "baseline_sum_mm": self.line.baseline_value,
            "nadir_sum_mm": lowest,
            "change_from_baseline_pct": change_pct(total, self.line.baseline_value),
            "change_from_nadir_pct": change_pct(total, lowest),
            "change_from_nadir_mm": None if total is None or lowest is None else total - lowest,
            "value": total,
        }

    @property
    def days(self) -> int:
        """The days since the preliminary progression."""
        return 0 if self.carried.preliminary is None else (self.visit.visit_on - self.carried.preliminary.seen_on).days

    @property
    def imaging(self) -> str:
        """What the measured components give together."""
        return self.gave("imaging" if "imaging" in self.findings else "target")

    # What the sentences of the rules name, and what the rules lack.

    @property
    def ce_sum(self) -> str:
        return sum_told(self, CE)

    @property
    def nce_sum(self) -> str:
        return sum_told(self, NCE)

    @property
    def ce_needs(self) -> tuple[str, ...]:
        return self.pairs[CE].missing or self.line.unmeasured[CE]

    @property
    def nce_needs(self) -> tuple[str, ...]:
        return self.pairs[NCE].missing or self.line.unmeasured[NCE]

    @property
    def ce_missing(self) -> str:
        return "; ".join(self.ce_needs)

    @property
    def nce_missing(self) -> str:
        return "; ".join(self.nce_needs)

    @property
    def imaging_findings(self) -> str:
        return self.findings["imaging" if "imaging" in self.findings else "target"].because

    @property
    def counted(self) -> tuple[Sighting, ...]:
        """The new lesions that count: not those of a preliminary progression that was refuted."""
        return tuple(found for found in self.sightings if found.lesion_id not in self.carried.forgiven)

    @property
    def new_ids(self) -> str:
        return " and ".join(f"{found.lesion_id} (first seen {found.seen_on.isoformat()})" for found in self.counted)

    @property
    def further_ids(self) -> str:
        return " and ".join((*self.new, *self.worse))

    @property
    def proven_on(self) -> date:
        return min(found.proven_on for found in self.counted)

    @property
    def worse_ids(self) -> str:
        return " and ".join(self.worse_now)

    @property
    def what_progressed(self) -> str:
        """What is progression at this visit."""
        why = [self.findings["new_lesion"].because] if self.new else []
        why += [f"non-target {' and '.join(self.worse)} unequivocally worse"] if self.worse else []
        return "; ".join(why + ([self.imaging_findings] if self.imaging == "PD" else []))

    @property
    def new_gap(self) -> tuple[str, ...]:
        """Which of the new lesions that were measured at the preliminary progression have no size now."""
        preliminary = self.carried.preliminary
        if preliminary is None:
            return ()
        measured = {name for products in preliminary.products.values() for name in products}
        return tuple(f"{name} has no size" for name in sorted((preliminary.new & measured) - self.new_sizes.keys()))

    @property
    def new_lesion_without_size(self) -> str:
        return "; ".join(self.new_gap)

    @property
    def nontarget_gap(self) -> str:
        return "; ".join(self.unknown)

    @property
    def preliminary_on(self) -> date:
        return (self.carried.preliminary or Preliminary(self.visit.visit_on, {}, frozenset(), frozenset())).seen_on

    @property
    def growth_since(self) -> str:
        """What has grown since the preliminary progression."""
        grown = ((part, now, then) for part, (now, then) in since_preliminary(self).items() if is_further(now, then))
        return " and ".join(
            f"{LABELS[part]} {square_mm(then)} then, {square_mm(now)} now, {percent(change_pct(now, then) or ZERO)} %"
            for part, now, then in grown
        )

    @property
    def status_needs(self) -> tuple[str, ...]:
        """What of steroids and clinical status was not entered."""
        lacks = []
        if self.steroids is None:
            lacks.append(f"{self.panel.lack('steroid_vs_baseline')} (decreased, stable or increased)")
        if self.clinical is None:
            lacks.append(f"{self.panel.lack('clinical')} (improved, stable or worse)")
        return tuple(lacks)

    @property
    def what_is_missing(self) -> str:
        """What keeps the visit from being rated."""
        missing = [lack for component in self.line.components for lack in self.pairs[component].missing]
        unmeasured = [lack for component in self.line.components for lack in self.line.unmeasured[component]]
        return "; ".join((*(missing or (unmeasured if self.imaging == "NE" else ())), *self.status_needs))

    @property
    def complete_needs(self) -> tuple[str, ...]:
        """What CR lacks where the measured tumour is gone."""
        lack = self.panel.lack("steroid_above_physiologic")
        return self.unknown if self.above_replacement is not None else (*self.unknown, f"{lack} (yes or no)")

    @property
    def what_stands_against_cr(self) -> str:
        """Why tumour that is no longer to be measured is no complete response."""
        why = [f"non-target {', '.join(self.present)} still present"] if self.present else []
        if self.above_replacement == "yes":
            why.append("steroids above the dose of replacement")
        return "; ".join(why) or "; ".join(self.complete_needs)

    @property
    def steroids_and_status(self) -> str:
        return f"steroids {self.steroids}, clinically {self.clinical}"


def sum_told(scan: Scan, component: str) -> str:
    """Return the sum of a component with its changes: "enhancing sum 588 mm² is -51.0 % from the baseline 1200 mm²"."""
    found, pairs = scan.sums[component], scan.pairs[component]
    label = LABELS[component]
    now = pairs.total if found is None else found
    told = f"{label} sum {square_mm(now)}" + (
        "" if found is not None else f" without what is missing ({pairs.missing[0]})"
    )
    baseline, nadir = scan.line.baselines.get(component), scan.carried.nadirs.get(component)
    if baseline is not None and (pct := change_pct(now, baseline)) is not None:
        told += f" is {percent(pct)} % from the baseline {square_mm(baseline)}"
    if nadir is not None and nadir != baseline:
        pct = change_pct(now, nadir)
        since = f", counted anew since {scan.carried.restarted_on}" if scan.carried.restarted_on else ""
        share = "" if pct is None or not pct.is_finite() else f"{percent(pct)} % from "
        told += f" and {share or 'after '}the smallest {square_mm(nadir)}{since}"
    return told


# ------------------------------------------------------------------------------------------ components

Condition = Callable[[Scan], bool | None]


def no_target_of(component: str) -> Condition:
    return when(f"No {LABELS[component]} target at the baseline", lambda scan: not scan.line.targets[component])


def grown_without_the_missing(component: str) -> Condition:
    return when(
        "A target is missing, and the others alone are >= 25 % over the smallest sum, with one of 10 x 10 mm",
        lambda scan: bool(scan.pairs[component].missing) and (has_grown(scan, component) or None),
    )


def gone(component: str) -> Condition:
    return when(
        "The sum of products is 0", lambda scan: None if scan.sums[component] is None else not scan.sums[component]
    )


def grown(component: str) -> Condition:
    def holds(scan: Scan) -> bool | None:
        if scan.sums[component] is None or component not in scan.carried.nadirs:
            return None
        return has_grown(scan, component)

    return when("The sum is >= 25 % over the smallest sum (or that is 0), with a target of 10 x 10 mm", holds)


def has_grown(scan: Scan, component: str) -> bool:
    """
    Say whether what is known of a component is progression: 25 % or more over its smallest sum.

    Some target must now be 10 x 10 mm; from a smallest sum of 0 that is enough.
    """
    nadir = scan.carried.nadirs.get(component)
    if nadir is None or not any(is_measurable(pair.longest_mm, pair.short_mm) for pair in scan.pairs[component].found):
        return False
    return scan.pairs[component].total * 4 >= nadir * 5


def is_measurable(longest_mm: Decimal | None, short_mm: Decimal | None) -> bool:
    """Say whether both diameters are known and 10 mm or more."""
    return longest_mm is not None and short_mm is not None and min(longest_mm, short_mm) >= MEASURABLE_MM


def shrunk(component: str, to_pct: int) -> Condition:
    """Return the condition that the sum is that share of the baseline or less."""

    def holds(scan: Scan) -> bool | None:
        total, baseline = scan.sums[component], scan.line.baselines.get(component)
        return None if total is None or baseline is None else total * 100 <= baseline * to_pct

    return when(f"The sum is <= {to_pct} % of the baseline", holds)


def is_known(component: str) -> Condition:
    return when(
        "The sum and that of the baseline are known",
        lambda scan: None if scan.sums[component] is None or component not in scan.line.baselines else True,
    )


def parts_of(scan: Scan) -> set[str]:
    return {scan.gave("ce"), scan.gave("nce")}


def either_gave(category: str) -> Condition:
    return when(f"One component {category}", lambda scan: category in parts_of(scan))


def both_gave(category: str) -> Condition:
    """One component gave it, and the other gave it too, or is gone, or is not there."""
    return when(
        f"One component {category}, the other {category}, CR or NA",
        lambda scan: category in parts_of(scan) and parts_of(scan) <= {category, "CR", "NA"},
    )


def both_gave_alone(category: str) -> Condition:
    return when(f"Both components {category}", lambda scan: parts_of(scan) == {category})


def both_gone(scan: Scan) -> bool:
    """Both components CR, or one CR and the other NA."""
    return parts_of(scan) <= {"CR", "NA"}


def with_stable(category: str) -> Condition:
    return when(f"One component {category}, the other SD", lambda scan: parts_of(scan) == {category, "SD"})


# -------------------------------------------------------------------------------- the other lesions


def no_nontargets(scan: Scan) -> bool:
    """The line has no non-target lesion."""
    return not scan.line.nontargets


def any_worse(scan: Scan) -> bool:
    """Any non-target lesion is entered as `unequivocal_pd`, as a reader judged."""
    return bool(scan.worse_now)


def all_absent(scan: Scan) -> bool | None:
    """Every non-target lesion is `absent`."""
    return False if scan.present else (None if scan.unknown else True)


def all_assessed(scan: Scan) -> bool | None:
    """Every non-target lesion was assessed."""
    return None if scan.unknown else True


def proven_by_now(scan: Scan) -> bool | None:
    """A new lesion of >= 10 x 10 mm, or one called `unequivocal`."""
    if any(found.proven_on <= scan.visit.visit_on for found in scan.counted):
        return True
    return None if scan.new_unsized and not scan.counted else False


def any_new(scan: Scan) -> bool:
    """A new lesion seen by now, and `equivocal` then, was called `unequivocal` at a later visit."""
    return bool(scan.counted)


# ---------------------------------------------------------------------------------------------- overall


def clinically_worse(scan: Scan) -> bool:
    """`clinical` = worse, which is entered only where nothing else explains it."""
    return scan.clinical == "worse"


def new_outside_field(scan: Scan) -> bool:
    """A new lesion, with `new_lesion_in_field` = no."""
    return scan.is_out_of_field and any_new(scan)


def is_progression(scan: Scan) -> bool:
    """A new measurable lesion, a non-target unequivocally worse, or progression of what is measured."""
    return bool(scan.new or scan.worse) or scan.imaging == "PD"


def needs_confirmation(scan: Scan) -> bool:
    """Say whether progression found at this visit is preliminary: never, once it was definite."""
    if scan.carried.progressed:
        return False
    rule = scan.line.choices.values["confirm_pd"]
    if rule == "within_12_weeks":
        return scan.line.is_after_radiotherapy(scan.visit.visit_on)
    return bool(rule == "always")


def waits(scan: Scan) -> bool:
    return scan.carried.preliminary is not None


def since_preliminary(scan: Scan) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the sums of each component now and at the preliminary progression, over what was measured then."""
    preliminary = scan.carried.preliminary
    if preliminary is None:
        return {}
    now = {
        pair.lesion.lesion_id: pair.product_mm2
        for pairs in scan.pairs.values()
        for pair in pairs.found
        if pair.product_mm2 is not None
    }
    now |= scan.new_sizes
    return {
        component: (
            sum((now[name] for name in products if name in now), ZERO),
            sum(products.values(), ZERO),
        )
        for component, products in preliminary.products.items()
    }


def is_further(now: Decimal, then: Decimal) -> bool:
    """Say whether a sum has grown by 25 % or more."""
    return then > 0 and now * 4 >= then * 5


def is_early(scan: Scan) -> bool:
    """A preliminary progression waits, and the scan is < 28 days after it."""
    return waits(scan) and scan.days < REPEAT_DAYS and (is_progression(scan) or is_evaluable(scan))


def is_late_enough(scan: Scan) -> bool:
    return waits(scan) and scan.days >= REPEAT_DAYS


def grown_further(scan: Scan) -> bool:
    """>= 28 days after a preliminary progression: a component >= 25 % over its sum then, new lesions included."""
    return is_late_enough(scan) and any(is_further(now, then) for now, then in since_preliminary(scan).values())


def still_progression(scan: Scan) -> bool:
    """>= 28 days after a preliminary progression, `pd_confirm_rule` = persistent: still PD against the old nadir."""
    preliminary = scan.carried.preliminary
    if preliminary is None or not is_late_enough(scan) or scan.line.choices.values["pd_confirm_rule"] != "persistent":
        return False
    back = preliminary.new & set(scan.new_seen) or preliminary.worse & set(scan.worse_now)
    return scan.imaging == "PD" or bool(back)


def one_more(scan: Scan) -> bool:
    """>= 28 days after a preliminary progression: one more new lesion, or one more non-target `unequivocal_pd`."""
    return is_late_enough(scan) and bool(scan.new or scan.worse)


def found_preliminary(scan: Scan) -> bool:
    """New lesion, non-target `unequivocal_pd` or imaging PD, where `confirm_pd` asks for a repeat scan."""
    return is_progression(scan) and needs_confirmation(scan) and not waits_unsettled(scan)


def found_progression(scan: Scan) -> bool:
    """New lesion, non-target `unequivocal_pd` or imaging PD, where `confirm_pd` asks for no repeat scan."""
    return is_progression(scan) and not needs_confirmation(scan) and not waits_unsettled(scan)


def waits_unsettled(scan: Scan) -> bool:
    """A preliminary progression waits, and this visit cannot settle it."""
    return waits(scan) and (not is_evaluable(scan) or bool(scan.new_gap))


def new_not_measured(scan: Scan) -> bool:
    """A preliminary progression waits, and a new lesion that was measured then has no size now."""
    return waits(scan) and bool(scan.new_gap)


def is_evaluable(scan: Scan) -> bool:
    """Imaging, steroids and clinical status are known, and steroids were not increased."""
    return scan.imaging != "NE" and not scan.status_needs and scan.steroids != "increased"


def not_evaluable(scan: Scan) -> bool:
    """Imaging NE, or `steroid_vs_baseline` or `clinical` not entered."""
    return scan.imaging == "NE" or bool(scan.status_needs)


def steroids_increased(scan: Scan) -> bool:
    """`steroid_vs_baseline` = increased, and `clinical` is not worse."""
    return scan.steroids == "increased"


def complete(scan: Scan) -> bool | None:
    """Imaging CR, every non-target `absent`, `steroid_above_physiologic` = no."""
    if scan.imaging != "CR" or scan.present or scan.above_replacement == "yes":
        return False
    return None if scan.unknown or scan.above_replacement is None else True


def imaging_gave(category: str) -> Condition:
    return when(
        f"Imaging {category}, `steroid_vs_baseline` stable or decreased, `clinical` stable or improved",
        lambda scan: scan.imaging == category,
    )
