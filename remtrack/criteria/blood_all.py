"""
Acute lymphoblastic leukaemia, by the response criteria of NCCN with remarks of ELN 2024.

[N] National Comprehensive Cancer Network. Clinical practice guidelines: acute lymphoblastic leukemia, response
    criteria page. See also Brown PA et al. J Natl Compr Canc Netw 2021;19:1079-1109.
[E] Gökbuget N et al. Diagnosis, prognostic factors, and assessment of ALL in adults: 2024 ELN recommendations. Blood
    2024;143:1891-1902. Response table.
[P] Public table of ALL response criteria, Biol Blood Marrow Transplant 2010;16:1187-1211, Table 4a.

Marrow blasts below 5 % with all three lineages and no leukaemia in blood, nervous system or elsewhere are a
remission: CR with both counts recovered, CRi with one.

Our reading:

Not compared with the source again: everything that stands in [N] alone, which are the strict counts, relapse
above 5 %, refractory disease, the nervous system and the mediastinum.

Counts recover above 1.0 and above 100 ([N], [E]); [P] takes the limit itself too (`all_counts_strict`). With
both counts low and a clear marrow the visit is MLFS ([E]); `cri_rule` inclusive makes it CRi. CRh of drug
labels is off (`use_crh`): then neutrophils of 0.5 and platelets of 50 or more are asked.

Relapse in the marrow begins at 5 %, because CR ends there, and holds for a sample marked as inadequate, too (with
a remark); with `relapse_bm` gt5 it begins above, and 5 % or more that is not surely above is not evaluable. In
blood one sample with blasts is enough.

CR holds "no recurrence for 4 weeks". The category is given on its day and called provisional beside; whether
it was held four weeks is said of the line, counted from the first CR or CRi, by a look or a relapse alone: death
in remission does not settle it.

Growth before any remission is a rise of 25 % or more over the lowest earlier value of the line (the baseline
too): of marrow blasts when they are now 5 % or more, or of blood blasts, where any count from 0. Extramedullary
disease is new where it was last entered as absent or was never entered; a further site beside one that is there
is not seen, because yes or no is entered for all sites together. The nervous system (CNS-3) is new only where
it was looked at before. Growth does not close the line: a remission that follows in it counts, and from the
first remission on only relapse ends anything.

Lineages and, after known disease of the nervous system, the CNS state must be entered for a remission; without
them a visit that has everything else is not evaluable. CNS never entered is read as not involved. CNS-2 in
remission is a remark and no relapse.

Blood counts belong to a marrow from its day to 14 days after it, as in AML, also when they were entered as
visits of their own: lineages and MRD are then those of the marrow. At the event `induction_end` and later, what
is less than CR or CRi is refractory. A marrow before treatment that is marked as inadequate is no reference.

MRD is complete when none is detected at a sensitivity of 0.01 % or better, a failure from 0.01 % on ([E] prints
"above" and "below" only), and indeterminate otherwise, also when it is printed as a bound such as <0.01 %. A
relapse of MRD needs two samples of 0.01 % or more after a complete one, and is dated to the first; MRD that comes
back with the leukaemia itself is not called so. [E] adds MRD below 1 % to CR, CRi and MLFS: a remark here, with
`mrd_cr_limit` 1 a condition.

A mediastinal mass is entered as extramedullary disease; its size is not judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from ..episodes import DEATH, Terms, find_episodes
from ..model import Visit
from ..verdict import (
    COMPLETE,
    NO,
    NOT_EVALUABLE,
    NOT_YET,
    PARTIAL,
    PROGRESSION,
    REFRACTORY,
    RELAPSE,
    STABLE,
    YES,
    Assessment,
    Category,
    Course,
    Episode,
    Step,
)
from . import FAMILIES
from .base import Rule, Setting, Table, always, choice, number, yes_no
from .blood_all_visit import (
    ANALYTES,
    BLASTS,
    CNS,
    MRD,
    SENSITIVITY,
    TRILINEAGE,
    All,
    Beside,
    at_the_gap,
    blood_relapse,
    blood_rise,
    high_mrd,
    low_mrd,
    lower,
    marrow_relapse,
    marrow_rise,
    mrd_sample,
    new_cns,
    new_elsewhere,
)
from .leukaemia import LEUKAEMIA_SETTINGS, AcuteLeukaemia, as_morphology, said
from .leukaemia_visit import (
    ADEQUATE,
    ANC,
    CLEAR_MARROW_PCT,
    EMD,
    MARROW,
    PARTIAL_MARROW_PCT,
    AcuteLine,
    Carried,
    clear,
    missed_the_landmark,
    not_assessable,
    one_recovered,
    partial,
    partly_recovered,
    recovered,
)
from .residual import LOW_LEVEL, NEGATIVE, POSITIVE, add_relapse_date, label_mrd, with_labels
from .results import Reading, all_of, when

ENTRY = FAMILIES["blood-all"]
N = "NCCN ALL, response criteria"
E = "Gökbuget 2024, response table"

CATEGORIES = (
    Category("CR", "complete remission", "complete remission", 1, COMPLETE),
    Category(
        "CRh", "CR with partial haematologic recovery", "complete remission, blood counts partly back", 2, COMPLETE
    ),
    Category("CRi", "CR with incomplete count recovery", "complete remission, blood counts not all back", 3, COMPLETE),
    Category(
        "MLFS", "morphologic leukaemia-free state", "no leukaemia seen in the marrow, blood counts low", 4, PARTIAL
    ),
    Category("PR", "partial remission", "fewer leukaemia cells, not yet a remission", 5, PARTIAL),
    Category("Refractory", "refractory disease", "no remission at the end of induction", 6, REFRACTORY),
    Category("NR", "no response", "no remission", 7, STABLE),
    Category("PD", "progressive disease", "more leukaemia cells than before", 8, PROGRESSION),
    Category("Relapse", "relapse", "the leukaemia has come back", 9, RELAPSE),
    Category("NE", "not evaluable", "cannot be rated", 10, NOT_EVALUABLE),
)

SETTINGS = (
    Setting("relapse_bm", "ge5", choice("ge5", "gt5"), "relapse in the marrow begins at 5 % of blasts, or above it"),
    Setting(
        "all_counts_strict", "yes", yes_no(), "neutrophils above 1.0 and platelets above 100, or also at the limit"
    ),
    Setting("use_crh", "no", yes_no(), "CRh for neutrophils of 0.5 and platelets of 50 or more"),
    Setting(
        "mrd_cr_limit", "off", choice("off", "1"), "MRD of 1 % or more keeps a visit from remission, or is a remark"
    ),
    *LEUKAEMIA_SETTINGS,
)

MORPHOLOGY: Table[All] = Table(
    "morphology",
    "Marrow, blood, nervous system and counts of one assessment",
    Rule(
        "all.morphology.gap",
        "NE",
        at_the_gap,
        "{marrow_said} in remission is neither below 5 % nor the relapse of this setting: not to be rated",
        "our reading",
    ),
    Rule(
        "all.morphology.cr",
        "CR",
        when(
            "`bm_blasts_pct` < 5 %, `trilineage` yes, `pb_blasts_abs` 0, `emd` no, `cns` 1 (or never 2 or 3), "
            "`anc` > 1.0 and `plt` > 100 x 10^9/L (with `all_counts_strict` no: >=)",
            lambda seen: all_of(clear(seen), recovered(seen)),
        ),
        "{all_items}: no leukaemia, neutrophils {over} 1.0 and platelets {over} 100 x 10^9/L, complete remission",
        N,
        needs="cr_needs",
    ),
    Rule(
        "all.morphology.crh",
        "CRh",
        when(
            "As CR, but `anc` >= 0.5 and `plt` >= 50 x 10^9/L (with `use_crh` yes only)",
            lambda seen: all_of(seen.line.choices.values["use_crh"], partly_recovered(seen), clear(seen)),
        ),
        "{all_items}: no leukaemia, neutrophils at least 0.5, platelets at least 50 x 10^9/L, CR with partial recovery",
        "drug labels, with the setting use_crh",
        needs="crh_needs",
    ),
    Rule(
        "all.morphology.cri",
        "CRi",
        when(
            "As CR, but only `anc` > 1.0 or only `plt` > 100 x 10^9/L (with `cri_rule` inclusive: or neither)",
            lambda seen: all_of(clear(seen), one_recovered(seen)),
        ),
        "{all_items}: no leukaemia, counts not both recovered, CR with incomplete recovery",
        N,
        needs="cr_needs",
    ),
    Rule(
        "all.morphology.mlfs",
        "MLFS",
        clear,
        "{all_items}: no leukaemia, neither count recovered, morphologic leukaemia-free state",
        E,
        needs="clear_needs",
    ),
    Rule("all.morphology.ne", "NE", not_assessable, "{gap}: the visit cannot be rated", N),
    Rule(
        "all.morphology.pr",
        "PR",
        partial,
        "{all_items}: 5 to 25 % and at most half of {before_said} before treatment, partial remission",
        E,
        needs="cr_needs",
    ),
    Rule("all.morphology.nr", "NR", always, "{all_items} (before treatment {before_said}): no response", N),
)

# -------------------------------------------------------------------------------------- the whole visit


def refractory(seen: All) -> bool:
    """No remission before, and the table above gives MLFS, PR or NR on or after the event `induction_end`."""
    return missed_the_landmark(seen)


# Relapse and growth stand first: neither needs a marrow.
OVERALL: Table[All] = Table(
    "overall",
    "Response of the visit",
    Rule(
        "all.overall.relapse_blood",
        "Relapse",
        blood_relapse,
        "blasts in blood, {blood_now}, after {best}: relapse",
        N,
        needs="blood_needs",
    ),
    Rule(
        "all.overall.relapse_marrow",
        "Relapse",
        marrow_relapse,
        "{marrow_said}, {relapse_limit}, after {best}: relapse",
        N,
        needs="marrow_needs",
    ),
    Rule(
        "all.overall.relapse_elsewhere",
        "Relapse",
        when("In remission, `emd` yes", lambda seen: seen.in_remission and seen.emd == "yes"),
        "extramedullary disease after {best}: relapse",
        N,
    ),
    Rule(
        "all.overall.relapse_cns",
        "Relapse",
        when("In remission, `cns` 3", lambda seen: seen.in_remission and seen.cns == "3"),
        "CNS-3 after {best}: relapse",
        N,
    ),
    Rule(
        "all.overall.pd_marrow",
        "PD",
        marrow_rise,
        "{marrow_said}, 25 % or more over the lowest {lowest_marrow}: progression",
        N,
        needs="rise_needs",
    ),
    Rule(
        "all.overall.pd_blood",
        "PD",
        blood_rise,
        "blood blasts {blood_now}, 25 % or more over the lowest {lowest_blood}: progression",
        N,
        needs="rise_needs",
    ),
    Rule("all.overall.pd_elsewhere", "PD", new_elsewhere, "new extramedullary disease: progression", N),
    Rule("all.overall.pd_cns", "PD", new_cns, "CNS-3, not so before: progression", N, needs="cns_needs"),
    Rule(
        "all.overall.refractory",
        "Refractory",
        refractory,
        "{morphology_because}; no CR or CRi by the end of induction on {landmark_on}: refractory",
        N,
    ),
    *as_morphology("all.overall", N, "CR", "CRh", "CRi", "MLFS", "PR", "NE", "NR"),
)


_GAP = "all.morphology.gap"
_BY_BLOOD = ("all.overall.relapse_blood", "all.overall.pd_blood")


class AllFamily(AcuteLeukaemia):
    """ALL by NCCN and ELN."""

    id = "blood-all"
    title, word = ENTRY.title, ENTRY.word
    revision, unit, measure = ENTRY.revision, ENTRY.unit, ENTRY.measure
    source = "NCCN ALL; Gökbuget 2024, Blood 143:1891"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    events = MappingProxyType(
        {"induction_end": "the day by which remission is looked for; without one from then on it is refractory"}
    )
    tables = (MORPHOLOGY, OVERALL)
    blood_test = BLASTS.name
    landmark = "induction_end"
    shown_by: ClassVar = {
        **{f"all.overall.{what}_marrow": MARROW.name for what in ("relapse", "pd")},
        **{f"all.overall.{what}_elsewhere": EMD.name for what in ("relapse", "pd")},
        **{f"all.overall.{what}_cns": CNS.name for what in ("relapse", "pd")},
    }
    morphology = MORPHOLOGY
    seen_type = All

    def begin(self, basis: AcuteLine) -> Carried:
        carried = super().begin(basis)
        if basis.baseline is None:
            return carried._replace(beside=Beside())
        panel = basis.panels[basis.baseline.visit_on]
        cns = panel.word(CNS.name) or ""
        marrow = None if panel.word(ADEQUATE.name) == "no" else panel.amount(MARROW.name)
        return carried._replace(beside=Beside(marrow, panel.amount(BLASTS.name), cns, cns in ("2", "3")))

    def observe(self, basis: AcuteLine, carried: Carried, visit: Visit) -> All:
        seen: All = super().observe(basis, carried, visit)
        seen.flags.extend(remarks(seen))
        if seen.cns == "1" and seen.lowest.cns_was_involved:
            seen.extra["cns"] = "CNS remission"
        return seen

    def look(self, seen: All) -> None:
        seen.cns = seen.panel.word(CNS.name) or ""
        lines = seen.marrow_panel.word(TRILINEAGE.name)
        mrd = low_mrd(seen)
        seen.also = all_of(None if lines is None else lines == "yes", seen.nerves_clear, mrd)
        seen.lacks = () if lines is not None else (seen.marrow_panel.lack(TRILINEAGE.name),)
        if seen.nerves_clear is None:
            seen.lacks += (f"{seen.panel.lack(CNS.name)} after CNS-{seen.lowest.cns}",)
        if mrd is None:
            printed = seen.marrow_panel.amount(MRD.name)
            seen.lacks += (f"mrd {printed} % does not say whether it is below 1 %; an exact value would",)

    def shown(self, seen: All, rule: str) -> Reading | None:
        return seen.blood_shown if rule in _BY_BLOOD else super().shown(seen, rule)

    def beside(self, seen: All) -> Beside:
        was = seen.lowest
        blood = was.blood
        for now in seen.own_blood:
            blood = lower(blood, now)
        return Beside(
            lower(was.marrow, seen.own_marrow),
            blood,
            seen.cns or was.cns,
            was.cns_was_involved or seen.cns in ("2", "3"),
        )

    def look_back(self, basis: AcuteLine, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        samples = {day: sample for day, panel in basis.panels.items() if (sample := mrd_sample(panel)) is not None}
        return with_labels(visits, label_mrd(visits, samples, mrd_name)) if samples else visits

    def conclude(self, basis: AcuteLine, carried: Carried, course: Course) -> Course:
        """
        Return the course with the four-week clause: whether the first CR or CRi was held for 28 days.

        A marrow of exactly 5 % that is no relapse by the setting shows that the remission lasts, though it is not
        rated.
        """
        course = super().conclude(basis, carried, course)
        add_relapse_date(course, basis.panels, MRD.name)
        at_gap = [any(finding.rule == _GAP for finding in visit.findings) for visit in course.assessments]
        if any(at_gap):
            died_on = next((event.event_on for event in basis.history.events if event.event == DEATH), None)
            course = replace(course, episodes=self._episodes(basis, course, at_gap, self.terms(basis), died_on))
        # Only a look or a relapse says whether leukaemia came back within four weeks; death by itself does not.
        by_weeks = self.terms(basis)._replace(lasting_rule="days28")
        episodes = self._episodes(basis, course, at_gap, by_weeks, None)
        held = episodes[0].lasted_month if episodes else NO
        course.extra["cr_held_28d"] = held
        if held != YES:
            told = "provisional" if held == NOT_YET else "response not sustained"
            for visit in course.assessments:
                if visit.kind == COMPLETE:
                    visit.extra["four_weeks"] = told
        return course

    def _episodes(
        self, basis: AcuteLine, course: Course, at_gap: Sequence[bool], terms: Terms, died_on: date | None
    ) -> tuple[Episode, ...]:
        """Return the remissions with the visits at the gap as looks that show them."""
        looks = [
            visit._replace(kind=STABLE) if gap else visit for visit, gap in zip(course.assessments, at_gap, strict=True)
        ]
        return find_episodes(looks, terms, died_on=died_on, new_therapy_on=basis.history.new_therapy_on)

    def asked(self, seen: All, test: str) -> tuple[str, bool | None]:
        if test == seen.blood_test:
            return "none", seen.no_blood_blasts
        return f"{seen.over} {'1.0' if test == ANC.name else '100'}", seen.has_recovered(test)

    def steps_beside(self, seen: All) -> Iterator[Step]:
        lines = seen.marrow_panel.word(TRILINEAGE.name)
        told = seen.marrow_panel.lack(TRILINEAGE.name) if lines is None else lines
        yield Step("Three lineages", told, "yes", said(None if lines is None else lines == "yes"))
        known = f"last CNS-{seen.lowest.cns}" if seen.lowest.cns else "never looked at"
        told = f"CNS-{seen.cns}" if seen.cns else f"not entered, {known}"
        yield Step("Nervous system", told, "CNS-1", said(seen.nerves_clear))

    def would_change(self, _basis: AcuteLine, _carried: Carried, seen: All) -> tuple[str, ...]:
        return tuple(changes(seen))


def remarks(seen: All) -> Iterator[str]:
    """Yield what a reader should look at beside the category."""
    if seen.in_remission and seen.cns == "2":
        yield "CNS-2 in remission: not relapse by itself, look again"
    if high_mrd(seen.panel):
        yield "MRD of 1 % or more, which ELN 2024 does not call a remission"
    if seen.marrow is not None and seen.line.before is None and clear(seen) is False:
        yield "no marrow before treatment is known, so PR cannot be told from NR"
    if seen.carried.relapsed and clear(seen):
        yield "a remission after a relapse belongs to a new line of therapy"
    if mrd_sample(seen.panel) is not None and seen.panel.word(MRD.name) and seen.panel.last(SENSITIVITY.name) is None:
        yield "the sensitivity of the MRD test is not entered (mrd_sensitivity_pct)"


_MRD_NAMES = {NEGATIVE: "complete MRD response", POSITIVE: "MRD failure", LOW_LEVEL: "MRD indeterminate"}


def mrd_name(_visit: Assessment, status: str) -> str:
    return _MRD_NAMES[status]


# -------------------------------------------------------------------------------------- explanations


def changes(seen: All) -> Iterator[str]:
    """Yield the values at which the answer of this visit would be another."""
    given, morphology = seen.gave("overall"), seen.gave("morphology")
    marrow = seen.marrow_pct
    over = seen.over
    if given == "NE" and not at_the_gap(seen):
        yield f"needed to rate it: {seen.gap}"
    if given == "PD":
        yield f"without the growth it would be {morphology}"
    if given != "Relapse" and seen.in_remission and marrow is not None:
        yield f"Relapse from {seen.relapse_limit} marrow blasts, or any blasts in blood; marrow now {marrow} %"
    if morphology in ("CRh", "CRi", "MLFS"):
        yield f"{seen.counts_said}; CR asks for {over} 1.0 and {over} 100 x 10^9/L"
    elif morphology == "CR":
        yield f"not CR unless neutrophils are {over} 1.0 and platelets {over} 100 x 10^9/L; now {seen.counts_said}"
    elif morphology in ("PR", "NR") and given != "Relapse":
        yield from hindrances(seen)


def hindrances(seen: All) -> Iterator[str]:
    """Yield what kept a visit from remission."""
    if seen.emd == "yes":
        yield "no remission while there is extramedullary disease"
    if seen.no_blood_blasts is False:
        yield f"no remission with blasts in blood; {seen.blood_said}"
    if seen.cns in ("2", "3"):
        yield f"no remission with CNS-{seen.cns}; it needs CNS-1"
    if seen.marrow_panel.word(TRILINEAGE.name) == "no":
        yield "no remission without all three lineages"
    marrow = seen.marrow_pct
    if marrow is not None and marrow.below(CLEAR_MARROW_PCT) is not True:
        yield f"remission needs marrow blasts below 5 %; now {marrow} %"
        if seen.line.before is not None:
            limit = min(seen.line.before.most / 2, PARTIAL_MARROW_PCT)
            yield f"PR needs marrow blasts of {number(limit)} % or less and the blood of CR"


FAMILY = AllFamily()
