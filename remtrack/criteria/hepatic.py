"""
What is seen of hepatocellular carcinoma beyond RECIST 1.1: what is viable, what a new nodule is, veins and fluid.

Which lesions need an arterial phase, which nodes are at the liver hilum, when a new lesion is proven, and remarks where
what was measured and what was called do not agree. The tables of mRECIST, their sources and how the paper is read
stand with the family.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..model import Lesion, Measurement, Visit
from .base import number
from .lesions import NORMAL_NODE_MM, ZERO, Roster, Sighting
from .results import MILLIMETRES, Analyte, Panel, by_name, read_result, word, words
from .sums import Line, Scan

#: A node at the liver hilum is of normal size under this short axis.
NORMAL_HILAR_NODE_MM = Decimal(20)
#: A new nodule of the liver counts from this size with the typical pattern, or after so much growth.
NODULE_MM = Decimal(10)
_PORTA = re.compile(r"\bporta\b|porta[-_ ]?hepatis|portal|portoca|portaca", re.IGNORECASE)
_HILUM = re.compile(r"hilum|hilus|hilar", re.IGNORECASE)
_LIVER = re.compile(r"liver|hepat", re.IGNORECASE)
_OTHER_HILUM = re.compile(r"lung|pulmo|bronch|mediast|thora|chest|renal|kidney|spleen|splenic", re.IGNORECASE)
_FLUID = re.compile(r"ascit|effusion|\bfluid\b", re.IGNORECASE)

ANALYTES = by_name(
    word(
        "arterial_phase",
        "whether the arterial phase can be used",
        words({"adequate": "yes,good,usable", "inadequate": "no,not,not adequate,poor"}),
    ),
    word(
        "ascites_cytology",
        "cytology of ascites or pleural effusion",
        words({"benign": "negative,neg", "malignant": "positive,pos"}),
    ),
    Analyte(
        "porta_node_short_mm", "mm", "short axis of the largest node at the liver hilum", MILLIMETRES, most=Decimal(500)
    ),
    word("portal_vein_thrombosis", "thrombosis of the portal vein", words({"bland": "benign", "malignant": "tumour"})),
)
# Asked of a new nodule by its id: N1_typical_pattern, N1_longest_mm.
PATTERN = word("typical_pattern", "arterial wash-in and portal or late wash-out of a new nodule of the liver")
NODULE = Analyte("longest_mm", "mm", "longest diameter of a new nodule of the liver", MILLIMETRES, most=Decimal(500))


def is_hilar(lesion: Lesion) -> bool:
    """Say whether a lesion is a node at the liver hilum: a hilum alone may be that of a lung."""
    where = f"{lesion.organ} {lesion.site}"
    if lesion.kind != "node":
        return False
    return bool(_PORTA.search(where) or (_HILUM.search(where) and _LIVER.search(where)))


def is_hepatic(lesion: Lesion) -> bool:
    """Say whether a lesion is in the liver, as far as its organ says."""
    return lesion.kind == "nonnodal" and _LIVER.search(lesion.organ) is not None


def needs_arterial_phase(lesion: Lesion) -> bool:
    """Say whether a lesion is read by its enhancement: in the liver or its veins, and where no organ is given."""
    if lesion.kind != "nonnodal":
        return False
    return not lesion.organ or bool(_LIVER.search(lesion.organ) or _PORTA.search(lesion.organ))


def is_fluid(lesion: Lesion) -> bool:
    """Say whether a lesion is ascites or an effusion."""
    return _FLUID.search(f"{lesion.organ} {lesion.site}") is not None


def normal_under_mm(lesion: Lesion) -> Decimal:
    """Return the short axis from which a node is disease."""
    return NORMAL_HILAR_NODE_MM if is_hilar(lesion) else NORMAL_NODE_MM


def is_disease(lesion: Lesion, size: Decimal) -> bool:
    """Say whether a target of that size is disease: what enhances at all, and a node that is not of normal size."""
    return size >= normal_under_mm(lesion) if lesion.kind == "node" else size > 0


@dataclass(slots=True)
class ViableScan(Scan):
    """What is seen at a visit; `new_needs` says what would settle new lesions that are seen and unclear."""

    new_needs: tuple[str, ...] = ()

    @property
    def nodes_told(self) -> str:
        """What holds of the target nodes where every one is of normal size, nothing where there are none."""
        nodes = [lesion for lesion, _ in self.sizes if lesion.kind == "node"]
        limits = ["under 10 mm"] if not all(map(is_hilar, nodes)) else []
        limits += ["at the liver hilum under 20 mm"] if any(map(is_hilar, nodes)) else []
        return f" and every target node is {', '.join(limits)}" if nodes else ""


def total_diameter(scan: Scan) -> Decimal | None:
    """Return the total diameters of the targets that are no nodes, added up; None where one is missing."""
    total = ZERO
    own = [scan.rows.get(lesion.lesion_id) for lesion in scan.line.roster.targets if lesion.kind != "node"]
    for row in own:
        if row is None or row.short_mm is None:
            return None
        total += row.short_mm
    return total if own else None


def has_no_arterial_phase(visit: Visit) -> bool:
    return Panel(visit, ANALYTES).word("arterial_phase") == "inadequate"


def forget_the_viable(line: Line, baseline: Visit) -> None:
    """Leave a line without a baseline sum where what is viable was not to be seen at the baseline."""
    unseen = [lesion.lesion_id for lesion in line.roster.targets if needs_arterial_phase(lesion)]
    if unseen:
        line.baseline, line.baseline_value = without_arterial_phase(line, baseline), None
        told = {f"{name} has no size at the baseline": " (no usable arterial phase)" for name in unseen}
        line.unmeasured = tuple(lack + told.get(lack, "") for lack in dict.fromkeys((*line.unmeasured, *told)))


def without_arterial_phase(line: Line, visit: Visit) -> Visit:
    """Return a visit with the lesions of the liver not assessed: what is viable was not to be seen."""
    followed = (*line.roster.targets, *line.roster.nontargets)
    hepatic = {lesion.lesion_id for lesion in followed if needs_arterial_phase(lesion)}
    rows = tuple(
        Measurement(row.lesion_id, "not_assessed", reason="no usable arterial phase", measured_on=row.measured_on)
        if row.lesion_id in hepatic and row.state not in ("unequivocal_pd", "treated_locally")
        else row
        for row in visit.measurements
    )
    return Visit(visit.visit_on, visit.label, visit.method, visit.note, rows, visit.results)


# ------------------------------------------------------------------------------------- new lesions


def find_new(roster: Roster, visits: Sequence[Visit]) -> tuple[tuple[Sighting, ...], frozenset[str]]:
    """
    Return the new lesions that are proven, by date, and the ids of those that are unclear so far.

    Each counts from its first sighting that was not disproved since.
    """
    wanted = {lesion.lesion_id: lesion for lesion in roster.news}
    first: dict[str, tuple[date, date]] = {}
    sizes: dict[str, Decimal] = {}
    proven: dict[str, Sighting] = {}
    for visit in visits:
        for row in visit.measurements:
            lesion = wanted.get(row.lesion_id)
            if lesion is None or lesion.lesion_id in proven or row.state in ("not_assessed", "absent"):
                continue
            name = lesion.lesion_id
            if row.state == "disproved":
                first.pop(name, None)
                sizes.pop(name, None)
                continue
            size = size_of(lesion, row, visit)
            is_proven = proves(lesion, row, visit, size, sizes.get(name))
            if is_proven is None:
                continue
            seen_on, scanned_on = first.setdefault(name, (visit.visit_on, row.measured_on or visit.visit_on))
            if size is not None:
                sizes.setdefault(name, size)
            if is_proven:
                proven[name] = Sighting(name, seen_on, scanned_on, visit.visit_on)
    ordered = sorted(proven.values(), key=lambda found: (found.seen_on, len(found.lesion_id), found.lesion_id))
    return tuple(ordered), frozenset(first.keys() - proven.keys())


def proves(
    lesion: Lesion, row: Measurement, visit: Visit, size: Decimal | None, first_size: Decimal | None
) -> bool | None:
    """Say whether a reading proves a new lesion; None: it does not show one at all (a node of normal size)."""
    if row.state in ("unequivocal", "unequivocal_pd"):
        return True
    if row.state == "equivocal":
        return False
    if lesion.kind == "node" and size is not None:
        return True if size >= normal_under_mm(lesion) else None
    if size == ZERO:
        return None
    if is_fluid(lesion):
        return Panel(visit, ANALYTES).word("ascites_cytology") == "malignant"
    if not is_hepatic(lesion):
        return True
    if size is None:
        return False
    if size >= NODULE_MM and has_pattern(lesion, visit):
        return True
    return first_size is not None and size > NODULE_MM and size - first_size >= NODULE_MM


def size_of(lesion: Lesion, row: Measurement, visit: Visit) -> Decimal | None:
    """Return the size that counts for a new lesion, from its reading or from the result named after it."""
    size = row.short_mm if lesion.kind == "node" and row.short_mm is not None else row.longest_mm
    if size is not None:
        return size
    for result in visit.results:
        if is_named(result.test, lesion, NODULE):
            amount = read_result(result, NODULE, visit.visit_on).amount
            return None if amount is None else amount.value
    return None


def has_pattern(lesion: Lesion, visit: Visit) -> bool:
    """Say whether a nodule was read as having the typical pattern at that visit."""
    return pattern_of(lesion, visit) == "yes"


def pattern_of(lesion: Lesion, visit: Visit) -> str | None:
    """Return what was answered on the pattern of a nodule at a visit: yes, no, None for nothing."""
    read = (
        read_result(result, PATTERN, visit.visit_on).word
        for result in visit.results
        if is_named(result.test, lesion, PATTERN)
    )
    return next((word for word in read if word is not None), None)


def new_needs(scan: Scan, panel: Panel) -> Iterator[str]:
    """Yield what would settle the new lesions that are seen and not proven, where nobody has judged them."""
    counted = {found.lesion_id for found in scan.line.roster.sightings}
    for lesion in scan.line.roster.news:
        row, name = scan.rows.get(lesion.lesion_id), lesion.lesion_id
        if row is None or name in counted or row.state in ("equivocal", "absent", "disproved", "not_assessed"):
            continue
        size = size_of(lesion, row, scan.visit)
        if is_fluid(lesion):
            if panel.word("ascites_cytology") is None:
                yield f"{panel.lack('ascites_cytology')} (benign or malignant), which decides about {name}"
        elif is_hepatic(lesion) and size is None:
            yield f"{name} has no size"
        elif is_hepatic(lesion) and size is not None and size >= NODULE_MM and pattern_of(lesion, scan.visit) is None:
            yield f"nothing is entered for {name}_typical_pattern (yes or no)"


def is_named(test: str, lesion: Lesion, analyte: Analyte) -> bool:
    """Say whether a test is that of this very lesion: N1_typical_pattern, as it was typed or as it is kept."""
    if not test.casefold().endswith(analyte.name):
        return False
    return _as_kept(test) == _as_kept(f"{lesion.lesion_id}_{analyte.name}")


def _as_kept(name: str) -> str:
    """Return a name as tests are kept: neither case nor separators count."""
    return re.sub(r"[\s_\-/.]+", "_", name.casefold()).strip("_")


def remarks(scan: Scan, panel: Panel) -> Iterator[str]:
    """Yield what somebody should look at: what was measured and what was called do not agree."""
    yield from panel.troubles
    for lesion in scan.line.roster.news:
        row = scan.rows.get(lesion.lesion_id)
        if row is not None:
            yield from new_remarks(scan, lesion, row, panel.word("ascites_cytology"))
    known = (*scan.line.roster.targets, *scan.line.roster.nontargets, *scan.line.roster.news)
    if panel.word("ascites_cytology") == "malignant" and not any(map(is_fluid, known)) and not scan.sightings:
        yield "review: cytology is malignant; ascites or effusion counts once it is entered as a new lesion"
    hilar = panel.amount("porta_node_short_mm")
    if hilar is not None and hilar.at_least(NORMAL_HILAR_NODE_MM) and not any(map(is_hilar, known)):
        yield f"review: a node of {hilar} mm at the liver hilum counts as malignant; enter it as a lesion"
    for lesion in known:
        row = scan.rows.get(lesion.lesion_id)
        size = None if row is None or lesion.kind != "node" else row.short_mm
        if size is not None and NORMAL_NODE_MM <= size < NORMAL_HILAR_NODE_MM and is_at_some_hilum(lesion):
            yield (
                f"review: {lesion.lesion_id} is at a hilum and counts as disease from 10 mm; at that of the liver, "
                "written porta hepatis, it would from 20 mm"
            )
    yield from vein_remarks(scan, panel.word("portal_vein_thrombosis"))


def is_at_some_hilum(lesion: Lesion) -> bool:
    """Say whether a node is at a hilum that is not named further."""
    where = f"{lesion.organ} {lesion.site}"
    return bool(_HILUM.search(where)) and not is_hilar(lesion) and not _OTHER_HILUM.search(where)


def new_remarks(scan: Scan, lesion: Lesion, row: Measurement, cytology: str | None) -> Iterator[str]:
    """Yield what is odd about one new lesion at a visit."""
    name, size = lesion.lesion_id, size_of(lesion, row, scan.visit)
    first = next((found.seen_on for found in scan.line.roster.sightings if found.lesion_id == name), None)
    if is_fluid(lesion):
        if row.state == "equivocal" and cytology == "malignant":
            yield f"review: {name} is called equivocal and cytology is malignant; that would count"
        elif first is None and row.state not in ("equivocal", "absent", "disproved", "not_assessed"):
            yield f"{name} is ascites or an effusion; it counts once cytology is malignant or it is called unequivocal"
    elif is_hepatic(lesion):
        if row.state == "unequivocal" and size is not None and size < NODULE_MM:
            yield f"review: {name} is called unequivocal with {number(size)} mm; a new nodule counts from 10 mm"
        elif row.state == "equivocal" and size is not None and size >= NODULE_MM:
            why = "the typical pattern" if has_pattern(lesion, scan.visit) else grown_since(scan, lesion, size)
            if why:
                yield f"review: {name} is called equivocal with {number(size)} mm and {why}; that would count"
        elif first is None and row.state not in ("equivocal", "absent", "disproved"):
            yield f"new nodule {name} is unclear: from 10 mm the typical pattern settles it, or growth by 10 mm"
    elif not lesion.organ and lesion.kind == "nonnodal" and first == scan.visit.visit_on:
        yield f"the organ of {name} is not given; it is counted as a lesion outside of the liver, at any size"


def grown_since(scan: Scan, lesion: Lesion, size: Decimal) -> str:
    """Return by how much a nodule has grown since it was first measured, where that would count; else nothing."""
    for visit in scan.line.history.visits[1:]:
        row = next((row for row in visit.measurements if row.lesion_id == lesion.lesion_id), None)
        first = None if row is None else size_of(lesion, row, visit)
        if first is not None:
            has_grown = size > NODULE_MM and size - first >= NODULE_MM
            return f"{number(size - first)} mm more than on {visit.visit_on}" if has_grown else ""
    return ""


def vein_remarks(scan: Scan, said: str | None) -> Iterator[str]:
    """Yield where what is called of the portal vein and what is followed there do not agree."""
    followed = [*scan.line.roster.nontargets, *scan.line.roster.news]
    there = [one.lesion_id for one in followed if one.kind == "nonnodal" and _PORTA.search(f"{one.organ} {one.site}")]
    if said == "malignant" and not there:
        yield "review: malignant thrombosis of the portal vein is non-target disease; enter it as a lesion"
    seen = [name for name in there if name in scan.present or name in scan.worse]
    if said == "bland" and seen:
        yield f"review: the thrombosis of the portal vein is called bland, and {' and '.join(seen)} is followed there"
