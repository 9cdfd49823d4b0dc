"""
Lugano 2014, for lymphoma: metabolic response on PET-CT, and response on CT.

[C] Cheson BD et al. Recommendations for initial evaluation, staging, and response assessment of Hodgkin and
    non-Hodgkin lymphoma: the Lugano classification. J Clin Oncol 2014;32:3059-3068, Table 3.
[B] Barrington SF et al. Role of imaging in the staging and response assessment of lymphoma. J Clin Oncol
    2014;32:3048-3058.

PET is read by the five-point (Deauville) score. CT is read by the products of two diameters: their sum is
compared with the baseline (shrinkage), each lesion with its own smallest size so far (growth). Which of the two
gives the category is the setting `mode`; the other one is shown beside it where there is anything to read.
Scores, uptake against the baseline, foci typical of lymphoma, unequivocal progression of a non-target lesion
and unequivocal new lesions are judgements of a reader: entered, never computed.

Our reading, where the paper is silent or can be read in two ways (a setting changes what is marked *):

PET
- Score 3 is a complete metabolic response. [C] adds that a trial which tests less treatment may prefer to call
  it inadequate, and that uptake no higher than the normal tissue around may be complete in Waldeyer's ring,
  bowel or stimulated marrow: both are left to whoever sets the score. X is a remark and no score.
- Without a score the visit is not evaluable on PET, and so is one with a score of 4 or 5 (or marrow uptake held
  to be lymphoma) without its change from the baseline. `marrow_fdg` and `new_fdg_foci` that are not entered count
  as no; a remark says so where it matters (a score of 5 may mean new lesions; a marrow that was avid before).
- A lesion that is new on CT alone is no progression on PET; it is flagged.
CT
- The lesion "of 2 cm or less" or more is measured at its own smallest longest diameter; "an increase of 0.5 or
  1 cm" includes exactly that (copies of [C] differ). Product, longest and shorter diameter have their smallest
  values apart. An extranodal lesion that shrank, was never gone and grows again is PD only above 15 mm.
- Regrowth is asked only of a target or non-target that was entered as absent (or as 0) before. A node that merely
  was of normal size is judged as a single lesion: 15 to 16 mm is no relapse.
- A new lesion counts from the first visit at which it is over the size (node 15 mm, other 10 mm, in any axis),
  never before; entered as unequivocal it counts at any size, and then from its first sighting as equivocal. One
  entered as equivocal is not counted whatever its size, and `disproved` takes back what was said before. One that is
  seen, has no size and was not judged is not counted, and named as what could not be decided.
- The spleen: more than half of the smallest excess over 130 mm again; or, where it was normal at the baseline
  or became so, over 130 mm and at least 20 mm above the baseline or that smallest length. [C] prints the 50 %
  and the 2 cm, and "new or recurrent" without sizes. A spleen that was not measured at the baseline is compared
  with its first length. Not measured counts as normal, unless it was over 130 mm when last measured: then no CR.
- For PR exactly half of the sum passes, exactly half of the excess of the spleen fails, as printed.
- Targets of complete-response size with another item unmet are PR. Without any target there is no PR on CT;
  without any disease on CT at the baseline no response can be read there, and PD still can.
- A target not assessed, or a spleen that was over 130 mm and was not measured: not evaluable, unless PD is shown.
  A node of at most 15 mm whose second diameter is missing still counts as of normal size.
- Marrow is clear when normal, or when not examined and FDG-negative or never involved. Once a biopsy or PET has shown
  that it is clear again, it stays so without another (Cheson 2007, J Clin Oncol 25:579: "cleared on repeat biopsy").
  Not examined after it was involved or avid: no CR, and what would settle it is named. A marrow involved now is new
  or recurrent only against a biopsy that was normal; where there was none this stays undecided.
- A non-target that was not assessed only blocks CR. A non-target node of at most 15 mm is of normal size.
- Fragments are added up and have the diameters of the largest; a mass of merged lesions is compared with the
  smallest products of all of them together. From local treatment on a target is missing.
Time
- [C] sets no confirmation and no least duration: a response stands from its first visit.
- PD after a complete response is a relapse. A complete response seen before the end of treatment is marked
  interim (in `extra`).
- With scans on several days: PD is dated by the scan that showed it, anything else by the last scan read. A scan
  dated before the visit before or after the next one counts as of the visit, and is flagged.

Not checked against the paper: regrowth and the details of the spleen (item 2 and 4 of the page this follows), for
which the PRoLoG consensus (Ricard 2023, J Nucl Med 64:102-108) was read as an abstract only. Table 3 was read in
tabulated copies. Indeterminate response under immunotherapy (LYRIC, Cheson 2016) and RECIL 2017 are not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ..episodes import Confirmation, Terms
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    NOT_EVALUABLE,
    PARTIAL,
    PROGRESSION,
    RELAPSE,
    STABLE,
    Assessment,
    Category,
    Course,
    Finding,
    Problem,
    Step,
)
from . import FAMILIES, lymphoma as see
from .base import COMMON_SETTINGS, Choices, Family, Input, Rule, Setting, Table, always, choice
from .lymphoma import ANALYTES, Carried, Line, Scan
from .lymphoma_scan import carried_after, compare_scan, observe_scan, prepare_line
from .lymphoma_steps import ct_changes, ct_steps, finding_steps, panel_steps, pet_changes, pet_steps, unusual_baseline
from .products import product_step, scan_days

C = "Cheson 2014, Table 3"
B = "Barrington 2014, five-point scale; " + C

CATEGORIES = (
    Category(
        "CMR",
        "complete metabolic response",
        "no sign of active lymphoma on the PET scan (positron emission tomography)",
        1,
        COMPLETE,
    ),
    Category("CR", "complete response", "no sign of lymphoma on this check", 2, COMPLETE),
    Category("PMR", "partial metabolic response", "less active than at the start", 3, PARTIAL),
    Category("PR", "partial response", "clearly smaller", 4, PARTIAL),
    Category("NMR", "no metabolic response", "as active as at the start", 5, STABLE),
    Category("SD", "stable disease", "no clear change", 6, STABLE),
    Category("PMD", "progressive metabolic disease", "more active, or active in a new area", 7, PROGRESSION),
    Category("PD", "progressive disease", "growth, or a new area", 8, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 9, NOT_EVALUABLE),
)

SETTINGS: tuple[Setting, ...] = (
    Setting("mode", "PET", choice("PET", "CT"), "which scale gives the category; the other is shown beside it"),
    *COMMON_SETTINGS,
)

INPUTS: tuple[Input, ...] = (
    Input("longest_mm", "mm", "longest diameter of a target lesion (LDi)"),
    Input("short_mm", "mm", "the longest diameter perpendicular to it (SDi)"),
    Input(
        "state", "", "gone, too small, not assessed; of a non-target present, absent, worse; of a new lesion how sure"
    ),
    *(analyte.as_input for analyte in ANALYTES.values()),
)


# Targets on CT

TARGET: Table[Scan] = Table(
    "target",
    "Target lesions on CT",
    Rule("lugano.target.na", "NA", see.no_targets, "no target lesion in this line", C),
    Rule(
        "lugano.target.pd_lesion",
        "PD",
        see.lesion_grown,
        "{grown_targets}: progression",
        C + ", an individual lesion",
        needs="grown_gap",
    ),
    Rule(
        "lugano.target.pd_regrowth",
        "PD",
        see.target_regrown,
        "{lesions_back} back after it was gone: progression",
        C + ", regrowth",
    ),
    Rule(
        "lugano.target.cr",
        "CR",
        see.targets_normal,
        "every target node is at most 15 mm long and every other target gone (sum of products {whole_sum})",
        C,
        needs="unread",
    ),
    Rule(
        "lugano.target.pr",
        "PR",
        see.halved,
        "{sum_with_change}: partial response",
        C,
        needs="sum_needs",
    ),
    Rule(
        "lugano.target.sd",
        "SD",
        see.sum_is_known,
        "{sum_with_change}, and no lesion has grown enough for progression: stable",
        C,
        needs="sum_needs",
    ),
    Rule("lugano.target.ne", "NE", always, "{target_gap}: the targets cannot be rated", C),
)

# Non-target lesions on CT

NONTARGET: Table[Scan] = Table(
    "nontarget",
    "Non-target lesions on CT",
    Rule("lugano.nontarget.na", "NA", see.no_nontargets, "no non-target lesion in this line", C),
    Rule("lugano.nontarget.pd", "PD", see.any_worse, "non-target {worse_ids} unequivocally worse: progression", C),
    Rule(
        "lugano.nontarget.pd_regrowth",
        "PD",
        see.nontarget_regrown,
        "non-target {nontargets_back} back after it was gone: progression",
        C + ", regrowth",
    ),
    Rule("lugano.nontarget.cr", "CR", see.nontargets_absent, "non-target lesions absent", C, needs="unknown"),
    Rule(
        "lugano.nontarget.present",
        "Non-CR/Non-PD",
        see.nontargets_assessed,
        "non-target lesions still present, none unequivocally worse",
        C,
        needs="unknown",
    ),
    Rule("lugano.nontarget.ne", "NE", always, "{nontarget_gap}: the non-target lesions cannot be rated", C),
)

# New lesions

NEW_ON_CT: Table[Scan] = Table(
    "new_lesion",
    "New lesions on CT",
    Rule(
        "lugano.new.seen",
        "yes",
        see.proven_by_now,
        "new lesion {new_ids}: progression",
        C + ", new lesions",
        needs="new_gap",
    ),
    Rule(
        "lugano.new.proven_later",
        "yes",
        see.any_sighting,
        "new lesion {new_ids}, unclear then and unequivocal on {proven_on}: progression from its first sighting",
        C + ", new lesions",
    ),
    Rule("lugano.new.none", "no", always, "no new lesion", C),
)


NEW_ON_PET: Table[Scan] = Table(
    "new_lesion",
    "New lesions on PET",
    Rule("lugano.new.foci", "yes", see.foci_new, "new FDG-avid foci typical of lymphoma: progression", B),
    Rule("lugano.new.no_foci", "no", always, "no new FDG-avid foci", B),
)

# PET

PET_RULES: tuple[Rule[Scan], ...] = (
    Rule("lugano.pet.pmd_foci", "PMD", see.foci_new, "new FDG-avid foci typical of lymphoma: progression", B),
    Rule(
        "lugano.pet.pmd_uptake",
        "PMD",
        see.uptake_is("increased"),
        "{score_and_marrow}, more intense than at the baseline: progression",
        B,
        needs="pet_needs",
    ),
    Rule("lugano.pet.ne", "NE", see.pet_not_readable, "{missing_on_pet}: PET cannot be rated", B),
    Rule(
        "lugano.pet.cmr",
        "CMR",
        see.pet_negative,
        "{score_and_marrow}: complete metabolic response, whatever mass is left",
        B,
    ),
    Rule("lugano.pet.pmr", "PMR", see.uptake_is("reduced"), "{score_and_marrow}, less intense than at the baseline", B),
    Rule("lugano.pet.nmr", "NMR", always, "{score_and_marrow}, no significant change from the baseline", B),
)

# CT

CT_RULES: tuple[Rule[Scan], ...] = (
    Rule(
        "lugano.ct.pd_lesion",
        "PD",
        see.lesion_grown,
        "{grown_targets}: progression",
        C + ", an individual lesion",
        needs="grown_gap",
    ),
    Rule(
        "lugano.ct.pd_regrowth",
        "PD",
        see.lesion_regrown,
        "{lesions_back} back after it was gone: progression",
        C + ", regrowth",
    ),
    Rule(
        "lugano.ct.pd_new",
        "PD",
        see.proven_by_now,
        "new lesion {new_ids}: progression",
        C + ", new lesions",
        needs="new_gap",
    ),
    Rule(
        "lugano.ct.pd_new_proven_later",
        "PD",
        see.any_sighting,
        "new lesion {new_ids}, unclear then and unequivocal on {proven_on}: progression from its first sighting",
        C + ", new lesions",
    ),
    Rule(
        "lugano.ct.pd_spleen",
        "PD",
        see.spleen_larger,
        "spleen {spleen} mm, over 130 mm by more than half again what it was at its smallest, {spleen_least} mm: "
        "progression",
        C + ", spleen",
        needs="spleen_needs",
    ),
    Rule(
        "lugano.ct.pd_spleen_recurrent",
        "PD",
        see.spleen_recurrent,
        "spleen {spleen} mm, enlarged again and at least 20 mm longer than at its smallest, {spleen_least} mm: "
        "progression",
        C + ", spleen",
        needs="spleen_needs",
    ),
    Rule(
        "lugano.ct.pd_spleen_new",
        "PD",
        see.spleen_new,
        "spleen {spleen} mm, newly enlarged and at least 20 mm longer than {spleen_first} mm at first: progression",
        C + ", spleen",
        needs="spleen_needs",
    ),
    Rule(
        "lugano.ct.pd_nontarget",
        "PD",
        see.any_worse,
        "non-target {worse_ids} unequivocally worse: progression",
        C,
    ),
    Rule(
        "lugano.ct.pd_marrow",
        "PD",
        see.marrow_again,
        "marrow involved, normal before: progression",
        C + ", bone marrow",
        needs="marrow_needs",
    ),
    Rule("lugano.ct.ne_target", "NE", see.not_assessed, "{targets_not_assessed}: CT cannot be rated", C),
    Rule(
        "lugano.ct.ne_spleen",
        "NE",
        see.spleen_missing,
        "{spleen_not_measured}; it was {spleen_first} mm at first: CT cannot be rated",
        C,
    ),
    Rule(
        "lugano.ct.ne_no_disease",
        "NE",
        see.no_disease,
        "no disease was recorded on CT at the baseline: no response can be read, and nothing shows progression",
        "our reading: not in the paper",
    ),
    Rule(
        "lugano.ct.cr",
        "CR",
        see.complete,
        "every target node at most 15 mm long, all other lesions gone, spleen and marrow not involved: "
        "complete response",
        C,
        needs="clear_needs",
    ),
    Rule(
        "lugano.ct.pr_size",
        "PR",
        see.partial_by_size,
        "targets are of the size of a complete response, but {what_stands_against_cr}: partial response",
        C,
        needs="spleen_needs",
    ),
    Rule(
        "lugano.ct.pr",
        "PR",
        see.partial_by_sum,
        "{sum_with_change}: partial response",
        C,
        needs="partial_needs",
    ),
    Rule("lugano.ct.sd", "SD", see.stable, "{findings_told}: stable disease", C, needs="sum_needs"),
    Rule("lugano.ct.ne", "NE", always, "{target_gap}: CT cannot be rated", C),
)

OVERALL_PET: Table[Scan] = Table("overall", "Overall, PET-CT (mode = PET)", *PET_RULES)
OVERALL_CT: Table[Scan] = Table("overall", "Overall, CT (mode = CT)", *CT_RULES)
BESIDE_PET: Table[Scan] = Table("pet", "PET beside CT", *PET_RULES)
BESIDE_CT: Table[Scan] = Table("ct", "CT beside PET", *CT_RULES)


class Lugano(Family):
    """Lugano 2014."""

    id = "lugano-2014"
    title = FAMILIES["lugano-2014"].title
    word = FAMILIES["lugano-2014"].word
    revision = FAMILIES["lugano-2014"].revision
    unit = FAMILIES["lugano-2014"].unit
    measure = FAMILIES["lugano-2014"].measure
    source = "Cheson 2014, J Clin Oncol 32:3059"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = INPUTS
    tables = (NEW_ON_PET, OVERALL_PET, TARGET, NONTARGET, NEW_ON_CT, OVERALL_CT)

    _pet, _pet_alone = (NEW_ON_PET, OVERALL_PET, BESIDE_CT), (NEW_ON_PET, OVERALL_PET)
    _ct, _ct_alone = (TARGET, NONTARGET, NEW_ON_CT, OVERALL_CT, BESIDE_PET), (TARGET, NONTARGET, NEW_ON_CT, OVERALL_CT)

    def prepare(self, history: History, choices: Choices) -> Line:
        return prepare_line(history, choices)

    def begin(self, basis: Line) -> Carried:
        return basis.start

    def tables_for(self, basis: Line) -> tuple[Table[Scan], ...]:
        if basis.is_pet:
            return self._pet if basis.has_disease else self._pet_alone
        return self._ct if basis.has_pet else self._ct_alone

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Scan:
        return compare_scan(observe_scan(basis, carried, visit))

    def carry(self, basis: Line, carried: Carried, seen: Scan) -> Carried:  # noqa: ARG002
        return carried_after(carried, seen)

    def dated_on(self, basis: Line, seen: Scan) -> date:
        return shown_on(seen) if basis.has_scan_days else seen.visit.visit_on

    def answer(self, basis: Line, seen: Scan) -> Assessment:
        beside = seen.findings.get("ct") or seen.findings.get("pet")
        if beside is not None:
            seen.extra[beside.part] = beside.category
            seen.extra[f"{beside.part}_because"] = beside.because
            if beside.undecided:  # what the scale beside lacks is not what the category lacks
                plain = Finding(beside.part, beside.category, beside.rule, beside.because, beside.source)
                seen.findings[beside.part] = plain
        if basis.is_pet and seen.score is not None and seen.score.value is not None:
            seen.extra["score"] = seen.score.value
        stopped_on = basis.history.line.stopped_on
        if stopped_on is not None and seen.visit.visit_on < stopped_on and seen.gave("overall") in self.complete_codes:
            seen.extra["interim"] = True
        return super().answer(basis, seen)

    def look_back(self, _basis: Line, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers with progression after a complete response called a relapse."""
        since = next((place for place, visit in enumerate(visits) if visit.kind == COMPLETE), None)
        if since is None or all(visit.kind != PROGRESSION for visit in visits[since:]):
            return visits
        if any(visit.kind == PROGRESSION for visit in visits[:since]):
            return visits
        return [
            visit._replace(kind=RELAPSE, reported_kind=RELAPSE) if visit.kind == PROGRESSION else visit
            for visit in visits
        ]

    def terms(self, basis: Line) -> Terms:
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=False),
            lasting_rule=basis.choices.values["lasting_rule"],
        )

    def limits(self, basis: Line, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        limits: list[tuple[str, Decimal]] = []
        if basis.baseline_value is not None and not basis.is_pet:
            limits.append(("partial_to_mm2", basis.baseline_value / 2))
        if carried.nadir_mm2 is not None:
            limits.append(("nadir_mm", carried.nadir_mm2))
        return carried.nadir_on, tuple(limits)

    def conclude(self, basis: Line, _carried: Carried, course: Course) -> Course:
        """Return the course, on PET with the five-point score that its timeline draws in place of the sum."""
        if not basis.is_pet or basis.baseline is None:
            return course
        before = observe_scan(basis, Carried(), basis.baseline).score
        if before is not None or any("score" in visit.extra for visit in course.assessments):
            course.extra["score"] = {
                "measure": "five-point score",
                "most": Decimal(5),
                "marks": (("metabolic_to", Decimal(3)),),
                "first": None if before is None else before.value,
            }
        return course

    def steps(self, basis: Line, carried: Carried, seen: Scan) -> tuple[Step, ...]:  # noqa: ARG002
        on_pet, on_ct = tuple(pet_steps(seen)), tuple(ct_steps(seen))
        if basis.is_pet:
            return (*on_pet, *finding_steps(seen), *on_ct)
        return (*on_ct, *finding_steps(seen), *(on_pet if basis.has_pet else ()))

    def baseline_steps(self, basis: Line) -> tuple[Step, ...]:
        if basis.baseline is None:
            return ()
        scan = observe_scan(basis, Carried(), basis.baseline)
        return (product_step("Target lesions", scan.pairs, basis.baseline_value), *panel_steps(scan))

    def would_change(self, basis: Line, carried: Carried, seen: Scan) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(pet_changes(seen)) if basis.is_pet else tuple(ct_changes(seen))

    def check_baseline(self, basis: Line) -> tuple[Problem, ...]:
        return tuple(unusual_baseline(basis))


def shown_on(scan: Scan) -> date:
    """
    Return the day a visit is dated to when its scans fell on several days.

    Progression is dated by the scan that showed it, anything else by the last scan that was read for it.
    """
    days = scan_days(scan.line.history, scan.visit)
    rule = scan.findings["overall"].rule
    if scan.line.is_pet:
        read = [reading for test in ("dps", "new_fdg_foci") for reading in scan.panel.all(test)]
        return max((days.clip(reading.on) for reading in read if reading.is_read), default=days.visit_on)
    shown = {
        "lugano.ct.pd_lesion": [pair.lesion.lesion_id for pair in scan.grown],
        "lugano.ct.pd_regrowth": [name for name, _ in (*scan.regrown, *scan.regrown_beside)],
        "lugano.ct.pd_new": [found.lesion_id for found in scan.sightings],
        "lugano.ct.pd_new_proven_later": [found.lesion_id for found in scan.sightings],
        "lugano.ct.pd_nontarget": list(scan.worse),
    }
    if rule in shown:
        return min(days.of.get(name, days.visit_on) for name in shown[rule])
    if rule.startswith("lugano.ct.pd_"):
        reading = scan.panel.last("marrow" if rule.endswith("marrow") else "spleen_mm")
        return days.visit_on if reading is None else days.clip(reading.on)
    return max(days.of.values(), default=days.visit_on)


FAMILY = Lugano()
