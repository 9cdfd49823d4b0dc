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
  its organ or site: porta or portal, or hilum with a word for the liver; a hilum alone may be that of a lung.
- A viable residue too small to measure counts 5 mm. Without a usable arterial phase what lies in the liver or the
  portal vein, or has no organ given, counts as not assessed, at the baseline as well.
New lesions
- What a reader calls unequivocal counts, and one first called equivocal from its first sighting.
- A new nodule of the liver that is only given a size counts from 10 mm with the typical pattern (arterial wash-in,
  portal or late wash-out), or once it is over 10 mm and has grown by 10 mm or more; then from its first sighting
  too. Until then it is unclear, and what would settle it is named. Elsewhere a size is enough, as under RECIST 1.1; so
  it is, with a remark, where no organ is given.
- A new node counts from 10 mm in short axis, at the liver hilum from 20 mm.
- New ascites or effusion (by organ or site) counts once cytology is malignant or it is called unequivocal, from its
  first sighting; benign or no cytology leaves it unclear.
- Malignant cytology, a hilar node of 20 mm and malignant thrombosis of the portal vein that are entered without a
  lesion, and a lesion called otherwise than its numbers say, are flagged and change nothing.
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

from typing import cast

from ..episodes import Terms
from ..model import History, Visit
from . import FAMILIES, recist
from .base import Choices, Input, Rule, Table, always, number
from .hepatic import (
    ANALYTES,
    NODULE,
    PATTERN,
    ViableScan,
    find_new,
    forget_the_viable,
    has_no_arterial_phase,
    is_disease,
    new_needs,
    remarks,
    total_diameter,
    without_arterial_phase,
)
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
from .results import Panel, by_name, when
from .sums import Carried, Line, Scan, observe_return, observe_scan, prepare_line

LL = "Lencioni and Llovet 2010, "
R = "RECIST 1.1 (Eisenhauer 2009), as mRECIST takes it over"

CATEGORIES = tuple(
    category._replace(code="IR/SD", label="incomplete response or stable disease")
    if category.code == "Non-CR/Non-PD"
    else category
    for category in recist.CATEGORIES
)

SETTINGS = tuple(
    setting._replace(default="0") if setting.name == "min_abs_increase_mm" else setting for setting in RECIST_SETTINGS
)

INPUTS: tuple[Input, ...] = (
    Input("longest_mm", "mm", "longest viable (arterially enhancing) diameter of a target lesion"),
    Input("short_mm", "mm", "of a lesion its total diameter, shown only; of a node the short axis, which counts"),
    Input(
        "state", "", "gone, too small, not assessed; of a non-target present, absent, worse; of a new lesion how sure"
    ),
    *(analyte.as_input for analyte in ANALYTES.values()),
    Input("N1_typical_pattern", "", f"{PATTERN.help} (yes or no); N1 stands for its id"),
    Input("N1_longest_mm", "mm", f"{NODULE.help}, where it is not entered as its size"),
)


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


def proven_by_now(scan: Scan) -> bool | None:
    if scan.sightings:
        return recist.proven_by_now(scan)
    return None if isinstance(scan, ViableScan) and scan.new_needs else False


when(
    "A new lesion is called `unequivocal`; or in the liver >= 10 mm with the typical pattern, or > 10 mm and grown "
    "by >= 10 mm; or a node >= 10 mm (liver hilum >= 20 mm); or fluid with `ascites_cytology` = malignant; or "
    "elsewhere at any size",
    proven_by_now,
)


def seen_again(scan: Scan) -> bool:
    """After CR a target enhances again, a target node is >= 10 mm (liver hilum >= 20 mm), or a non-target is back."""
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
        "no target lesion enhances{nodes_told} (sum {sum_mm} mm): complete response",
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
    Rule(
        "mrecist.new.unequivocal",
        "yes",
        proven_by_now,
        "new lesion {new_ids}: progression",
        LL + "new lesions",
        needs="new_needs",
    ),
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
    measure = FAMILIES["mrecist-hcc"].measure
    source = "Lencioni and Llovet 2010, Semin Liver Dis 30:52"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    lesion_analytes = by_name(PATTERN, NODULE)
    inputs = INPUTS
    tables = (*PARTS, OVERALL_TARGET, OVERALL_NONTARGET, OVERALL_NONE)

    _with_targets = (*PARTS, OVERALL_TARGET)
    _with_nontargets = (*PARTS, OVERALL_NONTARGET)
    _without_disease = (*PARTS, OVERALL_NONE)

    def prepare(self, history: History, choices: Choices) -> Line:
        line = prepare_line(history, choices)
        if line.baseline is not None and has_no_arterial_phase(line.baseline):
            forget_the_viable(line, line.baseline)
        if line.roster.news:
            line.roster.sightings, line.roster.unclear = find_new(line.roster, history.visits[1:])
        return line

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Scan:
        panel = Panel(visit, ANALYTES)
        if panel.word("arterial_phase") == "inadequate":
            visit = without_arterial_phase(basis, visit)
        scan = cast("ViableScan", observe_scan(basis, carried, visit, ViableScan))
        if basis.roster.news:
            scan.new_needs = tuple(new_needs(scan, panel))
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


FAMILY = Mrecist()
