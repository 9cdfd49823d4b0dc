"""
mRECIST, for hepatocellular carcinoma.

[LL] Lencioni R, Llovet JM. Modified RECIST (mRECIST) assessment for hepatocellular carcinoma. Semin Liver Dis
     2010;30:52-60, Tables 1-3.
[LL20] Llovet JM, Lencioni R. mRECIST for HCC: performance and novel refinements. J Hepatol 2020;72:288-306.
[K] Korean Liver Cancer Association - National Cancer Center guideline 2022, Table 11 (PMC9747269).

What is measured is the viable part of a tumour: the longest diameter of the tissue that enhances in the arterial
phase, not crossing a major necrotic area. It stands where RECIST 1.1 has the longest diameter; the total diameter
is kept beside it and decides nothing. All else is as under RECIST 1.1. Not the "modified RECIST" of mesothelioma.

Our reading, where the paper is silent or can be read in two ways (a setting changes what is marked *):

Sums
- Growth by 20 % over the smallest sum is PD without a least growth in mm *: [LL] prints none, nor does [K].
  From a smallest sum of 0 any enhancement that returns is PD.
- Targets outside the liver and nodes are measured as under RECIST 1.1 and are in the same sum.
- A node at the liver hilum is of normal size under 20 mm in short axis, any other node under 10 mm. It is known by
  the words porta, hilum or hilar in its organ or site.
- A viable residue too small to measure counts 5 mm. Without a usable arterial phase the lesions of the liver count
  as not assessed.
New lesions
- What a reader calls unequivocal counts, and one first called equivocal from its first sighting.
- A new nodule of the liver that is only given a size counts from 10 mm with the typical pattern (arterial wash-in,
  portal or late wash-out), or once it is over 10 mm and has grown by 10 mm or more; then from its first sighting
  too. Until then it is unclear. Elsewhere a size is enough, as under RECIST 1.1; so it is where no organ is given.
- A new node counts from 10 mm in short axis, at the liver hilum from 20 mm.
- Ascites or effusion counts once it is entered as an unequivocal new lesion; malignant cytology, and a hilar node of
  20 mm, that are entered without such a lesion are flagged.
Overall
- Enhancement of any size that returns after an overall CR is PD (by analogy with RECIST 1.1; [LL] is silent), with
  its exceptions for nodes and markers.
- IR/SD, incomplete response or stable disease, stands where RECIST 1.1 has Non-CR/Non-PD.
- Confirmation, persistence, least time of SD and durations are those of RECIST 1.1, with its settings *. [LL] only
  asks for imaging again after about four weeks.
- Treating the same nodule again stays in the line; a planned change of therapy is a new line with its own baseline.

Known from other texts and not checked against the paper itself: the exact rule of growth, dating at the first
sighting, portal vein thrombosis as non-target disease, the rows of Table 3. One copy says "beyond 2 cm" for
nodes; 20 mm and more is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from ..episodes import Terms
from ..model import History, Lesion, Measurement, Visit
from ..verdict import (
    COMPLETE,
    NO_DISEASE,
    NOT_EVALUABLE,
    PARTIAL,
    PROGRESSION,
    STABLE,
    Category,
)
from . import FAMILIES, recist
from .base import Choices, Input, Rule, Table, always, number
from .lesions import NORMAL_NODE_MM, ZERO, Roster, Sighting
from .recist import (
    SETTINGS as RECIST_SETTINGS,
    Recist,
    all_assessed,
    any_worse,
    complete,
    gave,
    no_nontargets,
    no_targets,
    proven_later,
    shrunk_by_30_pct,
    sum_is_known,
)
from .results import MILLIMETRES, Analyte, Panel, by_name, read_result, word, words
from .sums import Carried, Line, Scan, observe_return, observe_scan, prepare_line

LL = "Lencioni and Llovet 2010, "
R = "RECIST 1.1 (Eisenhauer 2009), as mRECIST takes it over"

#: A node at the liver hilum is of normal size under this short axis.
NORMAL_HILAR_NODE_MM = Decimal(20)
#: A new nodule of the liver counts from this size with the typical pattern, or after so much growth.
NODULE_MM = Decimal(10)
_HILUM = re.compile(r"porta|hilum|hilar", re.IGNORECASE)
_LIVER = re.compile(r"liver|hepat", re.IGNORECASE)

CATEGORIES = (
    Category("CR", "complete response", "no sign of the cancer on this check", 1, COMPLETE),
    Category("PR", "partial response", "clearly smaller", 2, PARTIAL),
    Category("SD", "stable disease", "stable", 3, STABLE),
    Category("IR/SD", "incomplete response or stable disease", "still seen, not clearly worse", 4, STABLE),
    Category("NED", "no evidence of disease", "no evidence of disease on tests", 5, NO_DISEASE),
    Category("PD", "progressive disease", "growth, or a new area", 6, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 7, NOT_EVALUABLE),
)

SETTINGS = tuple(
    setting._replace(default="0") if setting.name == "min_abs_increase_mm" else setting for setting in RECIST_SETTINGS
)

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

INPUTS = (
    Input("longest_mm", "mm", "longest viable (arterially enhancing) diameter of a target lesion"),
    Input("short_mm", "mm", "of a lesion its total diameter, shown only; of a node the short axis, which counts"),
    Input(
        "state", "", "gone, too small, not assessed; of a non-target present, absent, worse; of a new lesion how sure"
    ),
    *(analyte.as_input for analyte in ANALYTES.values()),
    Input("N1_typical_pattern", "", f"{PATTERN.help} (yes or no); N1 stands for its id"),
    Input("N1_longest_mm", "mm", f"{NODULE.help}, where it is not entered as its size"),
)


def is_hilar(lesion: Lesion) -> bool:
    """Say whether a lesion is a node at the liver hilum."""
    return lesion.kind == "node" and _HILUM.search(f"{lesion.organ} {lesion.site}") is not None


def is_hepatic(lesion: Lesion) -> bool:
    """Say whether a lesion is in the liver, as far as its organ says."""
    return lesion.kind == "nonnodal" and _LIVER.search(lesion.organ) is not None


def normal_under_mm(lesion: Lesion) -> Decimal:
    """Return the short axis from which a node is disease."""
    return NORMAL_HILAR_NODE_MM if is_hilar(lesion) else NORMAL_NODE_MM


def is_disease(lesion: Lesion, size: Decimal) -> bool:
    """Say whether a target of that size is disease: what enhances at all, and a node that is not of normal size."""
    return size >= normal_under_mm(lesion) if lesion.kind == "node" else size > 0


def no_enhancement(scan: Scan) -> bool | None:
    """No target enhances, other targets are absent, nodes < 10 mm (at the liver hilum < 20 mm)."""
    for lesion, size in scan.sizes:
        if is_disease(lesion, size):
            return False
    return None if scan.missing else True


def grown_without_the_missing(scan: Scan) -> bool | None:
    """A target is missing, and the others alone are >= 20 % over the lowest sum before (and `min_abs_increase_mm`)."""
    return recist.grown_without_the_missing(scan)


def grown_over_nadir(scan: Scan) -> bool | None:
    """The viable sum is >= 20 % over the lowest sum before (and `min_abs_increase_mm`); over 0 any enhancement."""
    return recist.grown_over_nadir(scan)


def none_enhances(scan: Scan) -> bool | None:
    """No non-target lesion enhances, nodes < 10 mm, tracked markers normal."""
    return recist.all_absent(scan)


def proven_by_now(scan: Scan) -> bool:
    """A new lesion is unequivocal now or was before: as a reader called it, or by its size, pattern or growth."""
    return recist.proven_by_now(scan)


def seen_again(scan: Scan) -> bool:
    """After an overall CR a target enhances again, a target node is > normal size, or a non-target is seen again."""
    return recist.seen_again(scan)


TARGET: Table[Scan] = Table(
    "target",
    "Target lesions (Table 2)",
    Rule("mrecist.target.na", "NA", no_targets, "no target lesion in this line", LL + "Table 2"),
    Rule(
        "mrecist.target.pd_incomplete",
        "PD",
        grown_without_the_missing,
        "{target_gap}; the others alone, {part_sum_mm} mm viable, are {growth} over the lowest sum {nadir_sum_mm} mm "
        "on {nadir_on}: progression",
        R,
        needs="target_needs",
    ),
    Rule(
        "mrecist.target.cr",
        "CR",
        no_enhancement,
        "no target lesion enhances and every target node is under 10 mm, at the liver hilum under 20 mm "
        "(sum {sum_mm} mm): complete response",
        LL + "Table 2",
        needs="target_needs",
    ),
    Rule(
        "mrecist.target.pd",
        "PD",
        grown_over_nadir,
        "viable sum {sum_mm} mm is {growth} over the lowest sum {nadir_sum_mm} mm on {nadir_on}: progression",
        LL + "Table 2",
        needs="target_needs",
    ),
    Rule(
        "mrecist.target.pr",
        "PR",
        shrunk_by_30_pct,
        "viable sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm: "
        "partial response",
        LL + "Table 2",
        needs="target_needs",
    ),
    Rule(
        "mrecist.target.sd",
        "SD",
        sum_is_known,
        "viable sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm "
        "and {growth} from the lowest sum {nadir_sum_mm} mm: stable",
        LL + "Table 2",
        needs="target_needs",
    ),
    Rule("mrecist.target.ne", "NE", always, "{target_gap}: the targets cannot be rated", R),
)

NONTARGET: Table[Scan] = Table(
    "nontarget",
    "Non-target lesions (Table 2)",
    Rule("mrecist.nontarget.na", "NA", no_nontargets, "no non-target lesion in this line", LL + "Table 2"),
    Rule(
        "mrecist.nontarget.pd",
        "PD",
        any_worse,
        "non-target {worse_ids} unequivocally worse: progression",
        LL + "Table 2",
    ),
    Rule("mrecist.nontarget.cr", "CR", none_enhances, "no non-target lesion enhances", LL + "Table 2", needs="unknown"),
    Rule(
        "mrecist.nontarget.ir_sd",
        "IR/SD",
        all_assessed,
        "enhancement persists in a non-target lesion, none unequivocally worse",
        LL + "Table 2",
        needs="unknown",
    ),
    Rule("mrecist.nontarget.ne", "NE", always, "{nontarget_gap}: the non-target lesions cannot be rated", R),
)

NEW_LESION: Table[Scan] = Table(
    "new_lesion",
    "New lesions",
    Rule("mrecist.new.unequivocal", "yes", proven_by_now, "new lesion {new_ids}: progression", LL + "new lesions"),
    Rule(
        "mrecist.new.proven_later",
        "yes",
        proven_later,
        "new lesion {new_ids}, unclear then and proven on {proven_on}: progression from its first sighting",
        LL + "new lesions",
    ),
    Rule("mrecist.new.none", "no", always, "no new lesion", LL + "new lesions"),
)

PROGRESSION_RULES: tuple[Rule[Scan], ...] = (
    Rule(
        "mrecist.overall.pd_reappearance",
        "PD",
        seen_again,
        "{returned_ids} seen again after the complete response of {complete_on}: progression",
        R,
    ),
    Rule("mrecist.overall.pd_target", "PD", gave("target", "PD"), "{target_because}", LL + "Table 3"),
    Rule("mrecist.overall.pd_nontarget", "PD", gave("nontarget", "PD"), "{nontarget_because}", LL + "Table 3"),
    Rule("mrecist.overall.pd_new", "PD", gave("new_lesion", "yes"), "{new_lesion_because}", LL + "Table 3"),
)

_BOTH = "{target_because}; {nontarget_because}; no new lesion"
_BESIDE = "{nontarget_because}; no new lesion"

OVERALL_TARGET: Table[Scan] = Table(
    "overall",
    "Overall, with target disease at the baseline (Table 3)",
    *PROGRESSION_RULES,
    Rule("mrecist.overall.cr", "CR", complete, _BOTH, LL + "Table 3", needs="unknown"),
    Rule("mrecist.overall.pr_target_cr", "PR", gave("target", "CR"), _BOTH + ": partial response", LL + "Table 3"),
    Rule("mrecist.overall.pr", "PR", gave("target", "PR"), _BOTH, LL + "Table 3"),
    Rule("mrecist.overall.sd", "SD", gave("target", "SD"), _BOTH, LL + "Table 3"),
    Rule("mrecist.overall.ne", "NE", always, _BOTH, LL + "Table 3"),
)

OVERALL_NONTARGET: Table[Scan] = Table(
    "overall",
    "Overall, with non-target disease only",
    *PROGRESSION_RULES,
    Rule("mrecist.overall.cr_nontarget", "CR", complete, _BESIDE, LL + "Table 3", needs="unknown"),
    Rule("mrecist.overall.ir_sd", "IR/SD", gave("nontarget", "IR/SD"), _BESIDE, LL + "Table 3"),
    Rule("mrecist.overall.ne_nontarget", "NE", always, _BESIDE, LL + "Table 3"),
)

OVERALL_NONE: Table[Scan] = Table(
    "overall",
    "Overall, without disease at the baseline",
    Rule(
        "mrecist.overall.recurrence",
        "PD",
        gave("new_lesion", "yes"),
        "{new_lesion_because} (recurrence: there was no disease at the baseline)",
        R,
    ),
    Rule("mrecist.overall.ned", "NED", always, "no disease at the baseline, no new lesion", R),
)

PARTS = (TARGET, NONTARGET, NEW_LESION)


class Mrecist(Recist):
    """mRECIST: RECIST 1.1 on viable diameters, with its own new lesions."""

    id = "mrecist-hcc"
    title = FAMILIES["mrecist-hcc"].title
    word = FAMILIES["mrecist-hcc"].word
    revision = FAMILIES["mrecist-hcc"].revision
    unit = FAMILIES["mrecist-hcc"].unit
    source = "Lencioni and Llovet 2010, Semin Liver Dis 30:52"
    categories = CATEGORIES
    settings = SETTINGS  # type: ignore[assignment] # as many settings as RECIST has, which its type counts
    analytes = ANALYTES
    inputs = INPUTS  # type: ignore[assignment]
    tables = (*PARTS, OVERALL_TARGET, OVERALL_NONTARGET, OVERALL_NONE)

    _with_targets = (*PARTS, OVERALL_TARGET)
    _with_nontargets = (*PARTS, OVERALL_NONTARGET)
    _without_disease = (*PARTS, OVERALL_NONE)

    def prepare(self, history: History, choices: Choices) -> Line:
        line = prepare_line(history, choices)
        if line.roster.news:
            line.roster.sightings, line.roster.unclear = find_new(line.roster, history.visits[1:])
        return line

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Scan:
        panel = Panel(visit, ANALYTES)
        if panel.word("arterial_phase") == "inadequate":
            visit = without_arterial_phase(basis, visit)
        scan = observe_scan(basis, carried, visit)
        if carried.complete_on is not None:
            sizes = scan.sizes
            scan.sizes = [(lesion, size) for lesion, size in sizes if is_disease(lesion, size)]
            observe_return(scan, wait=basis.choices.values["node_reappearance_after_cr"] == "wait_one_visit")
            scan.sizes = sizes
        scan.flags.extend(remarks(scan, panel))
        total = total_diameter(scan)
        if total is not None:
            scan.extra["total_mm"] = number(total)
        return scan

    def terms(self, basis: Line) -> Terms:
        return super().terms(basis)._replace(unconfirmed_as="SD" if basis.roster.targets else "IR/SD")


def total_diameter(scan: Scan) -> Decimal | None:
    """Return the total diameters of the targets that are no nodes, added up; None where one is missing."""
    total = ZERO
    own = [scan.rows.get(lesion.lesion_id) for lesion in scan.line.roster.targets if lesion.kind != "node"]
    for row in own:
        if row is None or row.short_mm is None:
            return None
        total += row.short_mm
    return total if own else None


def without_arterial_phase(line: Line, visit: Visit) -> Visit:
    """Return a visit with the lesions of the liver not assessed: what is viable was not to be seen."""
    hepatic = {lesion.lesion_id for lesion in (*line.roster.targets, *line.roster.nontargets) if is_hepatic(lesion)}
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
        if result.test == f"{lesion.lesion_id}_{NODULE.name}":
            amount = read_result(result, NODULE, visit.visit_on).amount
            return None if amount is None else amount.value
    return None


def has_pattern(lesion: Lesion, visit: Visit) -> bool:
    """Say whether a nodule was read as having the typical pattern at that visit."""
    return any(
        result.test == f"{lesion.lesion_id}_{PATTERN.name}"
        and read_result(result, PATTERN, visit.visit_on).word == "yes"
        for result in visit.results
    )


def remarks(scan: Scan, panel: Panel) -> Iterator[str]:
    """Yield what somebody should look at: what was measured and what was called do not agree."""
    yield from panel.troubles
    counted = {found.lesion_id for found in scan.line.roster.sightings}
    for lesion in scan.line.roster.news:
        row = scan.rows.get(lesion.lesion_id)
        if row is None or not is_hepatic(lesion):
            continue
        size, name = size_of(lesion, row, scan.visit), lesion.lesion_id
        pattern = has_pattern(lesion, scan.visit)
        if row.state == "unequivocal" and size is not None and size < NODULE_MM:
            yield f"review: {name} is called unequivocal with {number(size)} mm; a new nodule counts from 10 mm"
        elif row.state == "equivocal" and size is not None and size >= NODULE_MM and pattern:
            yield f"review: {name} is called equivocal with {number(size)} mm and the typical pattern; that would count"
        elif name not in counted and row.state not in ("equivocal", "absent", "disproved"):
            yield f"new nodule {name} is unclear: from 10 mm the typical pattern settles it, or growth by 10 mm"
    if panel.word("ascites_cytology") == "malignant" and not scan.sightings:
        yield "review: cytology is malignant; ascites or effusion counts once it is entered as a new lesion"
    hilar = panel.amount("porta_node_short_mm")
    known = (*scan.line.roster.targets, *scan.line.roster.nontargets, *scan.line.roster.news)
    if hilar is not None and hilar.at_least(NORMAL_HILAR_NODE_MM) and not any(map(is_hilar, known)):
        yield f"review: a node of {hilar} mm at the liver hilum counts as malignant; enter it as a lesion"


FAMILY = Mrecist()
