"""
How a visit of a glioma is read, and what it leaves for the next one.

The values this gives are in `glioma`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..model import History, Lesion, Measurement, Visit
from .base import Choices
from .glioma import (
    ANALYTES,
    CE,
    MEASURABLE_MM,
    NCE,
    Carried,
    Line,
    Preliminary,
    Scan,
    is_late_enough,
    is_measurable,
    waits_unsettled,
)
from .lesions import ABSENT, PRESENT, UNKNOWN, WORSE, enrol, read_nontarget
from .products import find_new, read_pair, read_pairs, scan_days
from .results import Panel
from .sums import rows_of

_COMPONENTS = {"CE": (CE,), "nCE": (NCE,), "mixed": (CE, NCE)}
_NOT_SEEN = frozenset({"absent", "disproved", "not_assessed"})


def component_of(lesion: Lesion) -> str:
    """Return the component a lesion belongs to: enhancing unless it is recorded as non-enhancing."""
    return NCE if lesion.kind == NCE else CE


def is_large(_lesion: Lesion, row: Measurement) -> bool:
    """Say whether a new lesion is measurable, from which size on it counts."""
    return is_measurable(row.longest_mm, row.short_mm)


def prepare_line(history: History, choices: Choices) -> Line:
    """Return what is known of a line: its lesions by component, and the sums at the baseline."""
    roster = enrol(history)
    components = _COMPONENTS[choices.values["component"]]
    line = Line(history, choices, history.visits[0] if history.visits else None, roster=roster, components=components)
    for component in (CE, NCE):
        own = tuple(lesion for lesion in roster.targets if component_of(lesion) == component)
        line.targets[component] = own if component in components else ()
    counted = (CE,) if components == (CE,) else (CE, NCE)
    line.nontargets = tuple(lesion for lesion in roster.nontargets if component_of(lesion) in counted)
    roster.news = tuple(lesion for lesion in roster.news if component_of(lesion) in counted)
    roster.sightings, roster.unclear = find_new(roster, history.visits[1:], is_large)
    line.radiotherapy_ends = tuple(event.event_on for event in history.events if event.event == "radiotherapy_end")
    line.has_scan_days = len({row.measured_on for visit in history.visits for row in visit.measurements} | {None}) > 1
    if line.baseline is not None:
        scan = observe_scan(line, Carried(), line.baseline)
        for component in components:
            missing = scan.pairs[component].missing
            line.unmeasured[component] = tuple(f"{why} at the baseline" for why in missing)
            found = scan.sums[component]
            if found is not None and line.targets[component]:
                line.baselines[component] = found
        line.baseline_value = scan.total_mm2
        line.start = Carried(
            nadirs=dict(line.baselines),
            nadir_mm2=line.baseline_value,
            nadir_on=None if line.baseline_value is None else line.baseline.visit_on,
        )
    return line


# ------------------------------------------------------------------------------------------- observing


def observe_scan(line: Line, carried: Carried, visit: Visit) -> Scan:
    """Return what is seen at a visit, beside what is carried."""
    rows = rows_of(visit)
    scan = Scan(visit, line=line, carried=carried, rows=rows, panel=Panel(visit, ANALYTES))
    for component in line.components:
        pairs = read_pairs(line.targets[component], line.roster, rows, visit.visit_on)
        scan.pairs[component] = pairs
        scan.sums[component] = None if pairs.missing else pairs.total
    if visit.results:
        scan.steroids, scan.clinical = scan.panel.word("steroid_vs_baseline"), scan.panel.word("clinical")
        scan.above_replacement = scan.panel.word("steroid_above_physiologic")
        scan.is_out_of_field = scan.panel.word("new_lesion_in_field") == "no"
    return scan


def compare_scan(scan: Scan) -> Scan:
    """Return a visit with its non-target and new lesions, less those that a preliminary progression counted before."""
    line, carried = scan.line, scan.carried
    waiting = carried.preliminary
    if line.nontargets:
        _observe_nontargets(scan)
    if line.roster.sightings:
        scan.sightings = tuple(found for found in line.roster.sightings if found.seen_on <= scan.visit.visit_on)
    if line.roster.news:
        _observe_new(scan)
    before = carried.forgiven if waiting is None else carried.forgiven | waiting.new | waiting.worse
    scan.new = tuple(found.lesion_id for found in scan.sightings if found.lesion_id not in before)
    scan.worse = tuple(name for name in scan.worse_now if name not in before)
    scan.present += tuple(name for name in (*scan.worse_now, *scan.new_seen) if name in before)
    scan.flags.extend(remarks(scan))
    return scan


def _observe_nontargets(scan: Scan) -> None:
    found: dict[str, list[str]] = {WORSE: [], PRESENT: [], ABSENT: [], UNKNOWN: []}
    unread: list[str] = []
    for lesion in scan.line.nontargets:
        said, why = read_nontarget(scan.line.roster, scan.rows, lesion, scan.visit.visit_on)
        if said == WORSE and lesion.lesion_id in scan.carried.forgiven:
            said = PRESENT
            scan.worse_still += (lesion.lesion_id,)
        elif said == UNKNOWN:
            unread.append(lesion.lesion_id)
        found[said].append(why or lesion.lesion_id)
    scan.not_assessed = frozenset(unread)
    scan.worse_now, scan.present, scan.unknown = tuple(found[WORSE]), tuple(found[PRESENT]), tuple(found[UNKNOWN])


def _observe_new(scan: Scan) -> None:
    seen: list[str] = []
    for lesion in scan.line.roster.news:
        row = scan.rows.get(lesion.lesion_id)
        if row is None:
            continue
        pair, _ = read_pair(lesion, _as_measured(row))
        if pair is not None and pair.product_mm2 is not None:
            scan.new_sizes[lesion.lesion_id] = pair.product_mm2
        if row.state not in _NOT_SEEN and (pair is None or not pair.is_gone):
            seen.append(lesion.lesion_id)
    scan.new_seen = tuple(seen)
    counted = {found.lesion_id for found in scan.line.roster.sightings}
    bare = [
        name for name in seen if name not in counted and scan.rows[name].state in ("measured", "present", "increased")
    ]
    scan.new_unsized = tuple(
        f"{name} has no size of both diameters" for name in bare if may_be_measurable(scan.rows[name])
    )


def may_be_measurable(row: Measurement) -> bool:
    """Say whether a new lesion may be 10 x 10 mm for all that was measured of it: a diameter is missing."""
    known = [size for size in (row.longest_mm, row.short_mm) if size is not None]
    return len(known) < 2 and all(size >= MEASURABLE_MM for size in known)


def _as_measured(row: Measurement) -> Measurement:
    """Return a reading, and as absent what was disproved."""
    return Measurement(row.lesion_id, "absent") if row.state == "disproved" else row


def remarks(scan: Scan) -> Iterator[str]:
    """Yield what somebody should look at."""
    roster = scan.line.roster
    for name in sorted(roster.unclear & scan.rows.keys()):
        if scan.rows[name].state == "equivocal":
            yield f"new lesion {name} is unclear; look at it again at the next visit"
    known = {found.lesion_id for found in scan.sightings}
    yield from (f"new lesion {gap} and is not called unequivocal; it is not counted" for gap in scan.new_unsized)
    for name in scan.new_seen:
        row = scan.rows[name]
        if name not in known and row.state != "equivocal" and not may_be_measurable(row):
            yield f"new lesion {name} is under 10 x 10 mm and not called unequivocal; it is not counted"
    if scan.carried.had_complete and any(pair.longest_mm for pairs in scan.pairs.values() for pair in pairs.found):
        yield "review: tumour is to be measured again after a complete response; re-image"
    yield from scan.panel.troubles
    if scan.line.has_scan_days:
        yield from scan_days(scan.line.history, scan.visit).wrong


# --------------------------------------------------------------------------------------------- carrying


def carried_after(scan: Scan) -> Carried:
    """Return what the next visit is compared with, once a visit was judged."""
    carried, overall = scan.carried, scan.gave("overall")
    waiting, forgiven = carried.preliminary, set(carried.forgiven)
    if forgiven:
        # A non-target that was no longer worse in between counts again when it is.
        better = {lesion.lesion_id for lesion in scan.line.nontargets} - set(scan.worse_still) - scan.not_assessed
        forgiven -= better
    nadirs, restarted_on = dict(carried.nadirs), carried.restarted_on
    settled = waiting is not None and outcome(scan) != ""
    if waiting is not None and settled:
        if outcome(scan) == "refuted":
            forgiven |= waiting.new | waiting.worse
        waiting = None
    if overall == "pPD" and waiting is None:
        waiting = Preliminary(scan.visit.visit_on, products_of(scan), frozenset(scan.new), frozenset(scan.worse))
        if scan.line.choices.values["pd_confirm_rule"] == "further_25":
            nadirs.clear()  # the sums of this visit are the first again; one that is not complete waits for the next
            restarted_on = scan.visit.visit_on
    for component, found in scan.sums.items():
        if found is not None and scan.line.targets[component]:
            nadirs[component] = min(found, nadirs.get(component, found))
    total = scan.total_mm2
    is_lower = total is not None and (carried.nadir_mm2 is None or total < carried.nadir_mm2)
    return Carried(
        nadirs,
        total if is_lower else carried.nadir_mm2,
        scan.visit.visit_on if is_lower else carried.nadir_on,
        waiting,
        frozenset(forgiven),
        restarted_on,
        carried.had_complete or overall == "CR",
        carried.progressed or overall == "PD",
    )


def outcome(scan: Scan) -> str:
    """Return what a judged visit makes of the preliminary progression that waits: confirmed, refuted, "" still open."""
    if scan.carried.preliminary is None:
        return ""
    rule = scan.findings["overall"].rule
    if rule.startswith(("rano.overall.pd_clinical", "rano.overall.pd_outside", "rano.overall.pd_confirmed")):
        return "confirmed"
    return "refuted" if is_late_enough(scan) and not waits_unsettled(scan) else ""


def products_of(scan: Scan) -> dict[str, dict[str, Decimal]]:
    """Return the products of the targets and of the new lesions that count, by component and lesion."""
    found = {
        component: {pair.lesion.lesion_id: pair.product_mm2 for pair in pairs.found if pair.product_mm2 is not None}
        for component, pairs in scan.pairs.items()
    }
    for lesion in scan.line.roster.news:
        name, component = lesion.lesion_id, component_of(lesion)
        if name in scan.new_sizes and name in scan.new:
            # Without a component of its own, a new lesion is added to what is measured.
            found[component if component in found else next(iter(found))][name] = scan.new_sizes[name]
    return found
