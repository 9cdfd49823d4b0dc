"""
How a visit of a lymphoma is read: targets against their own smallest size, non-targets, new lesions.

The values this gives are in `lymphoma`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from ..model import History, Lesion, Measurement, Visit
from .base import Choices
from .lesions import ABSENT, PRESENT, UNKNOWN, WORSE, ZERO, enrol, read_nontarget
from .lymphoma import (
    ANALYTES,
    NORMAL_NODE_MM,
    NORMAL_SPLEEN_MM,
    Carried,
    Line,
    Scan,
    Smallest,
    has_grown,
    is_avid,
    largest_unmeasured,
)
from .products import Pair, Pairs, find_new, read_pairs, scan_days
from .results import Amount, Panel, lowest
from .sums import change_pct, rows_of

_NEVER = Smallest()
_SCORES = frozenset(map(Decimal, range(1, 6)))


def prepare_line(history: History, choices: Choices) -> Line:
    """Return what is known of a line: its lesions, the sum at the baseline, what else was involved there."""
    roster = enrol(history)
    if not history.visits:
        return Line(history, choices, None, roster=roster)
    baseline = history.visits[0]
    roster.sightings, roster.unclear = find_new(roster, history.visits[1:], is_large)
    line = Line(history, choices, baseline, roster=roster)
    days = {row.measured_on for visit in history.visits for row in visit.measurements}
    days |= {result.sampled_on for visit in history.visits for result in visit.results}
    line.has_scan_days = len(days | {None}) > 1
    line.has_pet = any(result.test in ("dps", "new_fdg_foci") for visit in history.visits for result in visit.results)
    scan = observe_scan(line, Carried(), baseline)
    line.unmeasured = tuple(f"{why} at the baseline" for why in scan.pairs.missing)
    line.baseline_value = scan.sum_mm2
    is_enlarged = scan.spleen is not None and scan.spleen.at_most(NORMAL_SPLEEN_MM) is not True
    line.start = carried_after(Carried(), scan)
    line.has_disease = bool(roster.targets or roster.nontargets or is_enlarged or scan.marrow == "involved")
    return line


# ------------------------------------------------------------------------------------- new lesions


def is_large(lesion: Lesion, row: Measurement) -> bool:
    """Say whether a new lesion is over the size from which it counts, in any axis."""
    return new_size(row) > largest_unmeasured(lesion)


def new_size(row: Measurement) -> Decimal:
    """Return the longer of the diameters that were measured, 0 without any."""
    return max(row.longest_mm or ZERO, row.short_mm or ZERO)


# ---------------------------------------------------------------------------------------- observing


def observe_scan(line: Line, carried: Carried, visit: Visit) -> Scan:
    """Return what was measured and read at a visit."""
    rows = rows_of(visit)
    pairs = read_pairs(line.roster.targets, line.roster, rows, visit.visit_on)
    panel = Panel(visit, ANALYTES)
    scan = Scan(visit, line=line, carried=carried, rows=rows, pairs=pairs, panel=panel)
    if line.roster.targets and not pairs.missing:
        scan.sum_mm2 = pairs.total
        scan.change_from_baseline_pct = change_pct(scan.sum_mm2, line.baseline_value)
    if visit.results:
        scan.score, scan.spleen = read_score(panel), panel.amount("spleen_mm")
        scan.uptake, scan.foci = panel.word("uptake_vs_baseline"), panel.word("new_fdg_foci")
        scan.marrow_fdg, scan.marrow = panel.word("marrow_fdg"), panel.word("marrow")
        scan.has_normal_spleen = None if scan.spleen is None else scan.spleen.at_most(NORMAL_SPLEEN_MM)
        scan.avid = is_avid(scan.score, scan.marrow_fdg)
    return scan


def read_score(panel: Panel) -> Amount | None:
    """Return the five-point score: a whole number, so that above 3 is from 4 on; None where it is no score."""
    score = panel.amount("dps")
    if score is None or score.value in _SCORES:
        return score
    least, most = score.least.to_integral_value(ROUND_CEILING), score.most.to_integral_value(ROUND_FLOOR)
    least += least == score.least and score.above_least
    most -= most == score.most and score.below_most
    if least > most:
        panel.troubles.append(f"dps {score} is no score of the five-point scale")
        return None
    return Amount(least, min(most, Decimal(5)))


def reference(carried: Carried, pairs: Pairs, pair: Pair) -> Smallest:
    """
    Return what a lesion is compared with: its own smallest size before.

    Of a mass it is that of all the lesions in it, added up when they merge; from then on it has its own.
    """
    smallest, name = carried.smallest, pair.lesion.lesion_id
    own = smallest.get(name, _NEVER)
    if not pairs.merged:
        return own
    taken = [smallest[one] for one in pairs.merged.get(name, ()) if one in smallest and one not in carried.joined]
    if not taken:
        return own
    together = [*taken, own] if own is not _NEVER else taken
    products = [one.product_mm2 for one in together]
    return Smallest(
        None if None in products else sum((product or ZERO for product in products), ZERO),
        max((one.longest_mm for one in together if one.longest_mm is not None), default=None),
        max((one.short_mm for one in together if one.short_mm is not None), default=None),
    )


def compare_scan(scan: Scan) -> Scan:
    """Return a visit with what becomes of it beside the visits before and the whole line."""
    judge_targets(scan)
    judge_nontargets(scan)
    roster = scan.line.roster
    if roster.sightings:
        scan.sightings = tuple(found for found in roster.sightings if found.seen_on <= scan.visit.visit_on)
    if roster.news:
        scan.new_gap = tuple(f"{name} has no size and is not called unequivocal" for name in unsized(scan))
    scan.flags.extend(remarks(scan))
    return scan


def judge_targets(scan: Scan) -> None:
    """Compare each target with its own smallest size."""
    grown: list[Pair] = []
    gap: list[str] = []
    regrown: list[tuple[str, Decimal]] = []
    carried = scan.carried
    for pair in scan.pairs.found:
        name = pair.lesion.lesion_id
        scan.least[name] = least = reference(carried, scan.pairs, pair)
        if name in carried.gone:
            if pair.longest_mm > largest_unmeasured(pair.lesion):
                regrown.append((name, pair.longest_mm))
            continue
        answer = has_grown(pair, least)
        if answer:
            grown.append(pair)
        elif answer is None:
            gap.append(
                f"{name} has no second diameter"
                if pair.short_mm is None
                else f"{name} has no earlier product to compare with"
            )
    scan.grown, scan.grown_gap, scan.regrown = tuple(grown), tuple(gap), tuple(regrown)


def judge_nontargets(scan: Scan) -> None:
    """Sort the non-target lesions by what was entered of them; a node up to 15 mm long is of normal size."""
    found: dict[str, list[str]] = {WORSE: [], PRESENT: [], ABSENT: [], UNKNOWN: []}
    for lesion in scan.line.roster.nontargets:
        name = lesion.lesion_id
        said, why = read_beside(scan, lesion)
        found[said].append(why or name)
        if said == PRESENT and name in scan.carried.gone:
            size = new_size(scan.rows[name]) if name in scan.rows else ZERO
            if size > largest_unmeasured(lesion):
                scan.regrown_beside += ((name, size),)
            else:
                scan.flags.append(f"review: non-target {name} is seen again after it was absent")
    scan.worse, scan.present, scan.unknown = tuple(found[WORSE]), tuple(found[PRESENT]), tuple(found[UNKNOWN])


def read_beside(scan: Scan, lesion: Lesion) -> tuple[str, str]:
    """Return worse, present, absent or unknown for a non-target, with a sentence when it is unknown."""
    row, roster = scan.rows.get(lesion.lesion_id), scan.line.roster
    is_treated = roster.treated_on.get(lesion.lesion_id, date.max) <= scan.visit.visit_on
    if lesion.kind == "node" and row is not None and row.state == "measured" and not is_treated:
        if row.longest_mm is None:
            short = row.short_mm or ZERO
            return (PRESENT, "") if short > NORMAL_NODE_MM else (UNKNOWN, f"{lesion.lesion_id} has no longest diameter")
        return (PRESENT if new_size(row) > NORMAL_NODE_MM else ABSENT), ""
    return read_nontarget(roster, scan.rows, lesion, scan.visit.visit_on)


def unsized(scan: Scan) -> Iterator[str]:
    """Yield the new lesions that are to be seen, without a size and without being called unequivocal."""
    counted = {found.lesion_id for found in scan.line.roster.sightings}
    for lesion in scan.line.roster.news:
        row = scan.rows.get(lesion.lesion_id)
        if row is None or lesion.lesion_id in counted or new_size(row):
            continue
        is_bare = row.longest_mm is None and row.short_mm is None
        if row.state in ("present", "increased") or (row.state == "measured" and is_bare):
            yield lesion.lesion_id


def remarks(scan: Scan) -> Iterator[str]:
    """Yield what somebody should look at."""
    roster = scan.line.roster
    for name in sorted(roster.unclear & scan.rows.keys()):
        if scan.rows[name].state == "equivocal":
            yield f"new lesion {name} is unclear; look at it again at the next visit"
    for gap in scan.new_gap:
        yield f"new lesion {gap}; it is not counted"
    for trouble in scan.panel.troubles:
        is_remark = trouble.casefold().startswith('dps is entered as "x"')
        yield "dps X is a remark on other uptake and no score: enter 1 to 5" if is_remark else trouble
    if scan.line.has_scan_days:
        yield from scan_days(scan.line.history, scan.visit).wrong
    if scan.foci is None and scan.score is not None and scan.score.at_least(Decimal(5)):
        yield "a score of 5 may mean new lesions; new_fdg_foci was not entered and is read as no"
    if scan.marrow_fdg is None and scan.score is not None and scan.carried.marrow_was_avid:
        yield "marrow uptake was held to be lymphoma before; marrow_fdg was not entered and is read as no"
    if scan.line.is_pet and scan.sightings and scan.foci != "yes":
        yield f"review: {scan.new_ids} is new on CT; without new FDG-avid foci it is no progression on PET"


def carried_after(carried: Carried, scan: Scan) -> Carried:
    """Return what the next visit is compared with."""
    visit_on, total, merged = scan.visit.visit_on, scan.sum_mm2, scan.pairs.merged
    taken = {name for names in merged.values() for name in names} if merged else frozenset()
    smallest = dict(carried.smallest)
    gone = {row.lesion_id for row in scan.visit.measurements if is_gone(row)}
    for pair in scan.pairs.found:
        name = pair.lesion.lesion_id
        if name not in taken:
            smallest[name] = smaller(scan.least.get(name, _NEVER), pair)
            if pair.is_gone:
                gone.add(name)
            else:
                gone.discard(name)
    is_lower = total is not None and (carried.nadir_mm2 is None or total < carried.nadir_mm2)
    return Carried(
        total if is_lower else carried.nadir_mm2,
        visit_on if is_lower else carried.nadir_on,
        smallest,
        carried.joined | taken if taken else carried.joined,
        carried.gone | gone if gone else carried.gone,
        carried.spleen_first or scan.spleen,
        shorter(carried.spleen_least, scan.spleen),
        scan.spleen or carried.spleen_last,
        *marrow_after(carried, scan),
        carried.marrow_was_avid or scan.marrow_fdg == "yes",
    )


def is_gone(row: Measurement) -> bool:
    """Say whether a lesion is entered as gone: absent without a size, or measured as 0."""
    if row.longest_mm or row.short_mm:
        return False
    is_measured = row.state == "measured" and not (row.longest_mm is None and row.short_mm is None)
    return row.state == "absent" or is_measured


def marrow_after(carried: Carried, scan: Scan) -> tuple[frozenset[str], str | None]:
    """Return how the marrow was seen so far and what was last known of it; PET speaks where it was not examined."""
    on_pet = {"yes": "involved", "no": "not avid"}
    now = scan.marrow or (on_pet[scan.marrow_fdg] if scan.marrow_fdg else None)
    seen = carried.marrow_seen
    if not seen and scan.visit is not scan.line.baseline:
        seen = frozenset({"not examined at the baseline"})
    if scan.marrow is not None or scan.marrow_fdg == "no":
        seen |= {scan.marrow or "not avid"}
    return seen, now or carried.marrow_last


def smaller(least: Smallest, pair: Pair) -> Smallest:
    """Return the smallest product and diameters with those of one more visit."""
    product, longest, short = least
    if longest is None or pair.longest_mm < longest:
        longest = pair.longest_mm
    if pair.short_mm is not None and (short is None or pair.short_mm < short):
        short = pair.short_mm
    if pair.product_mm2 is not None and (product is None or pair.product_mm2 < product):
        product = pair.product_mm2
    return Smallest(product, longest, short)


def shorter(least: Amount | None, now: Amount | None) -> Amount | None:
    """Return the smallest length of the spleen with that of one more visit."""
    if least is None or now is None:
        return least or now
    is_less = now.below(least)
    return lowest((least, now)) if is_less is None else now if is_less else least
