"""
Chronic lymphocytic leukaemia, iwCLL 2018.

[Ha] Hallek M et al. iwCLL guidelines for diagnosis, indications for treatment, response assessment, and supportive
     management of CLL. Blood 2018;131:2745-2760. Response table.
[Ha08] Hallek M et al. Guidelines for the diagnosis and treatment of chronic lymphocytic leukemia. Blood
     2008;111:5446-5456.
[C12] Cheson BD et al. Novel targeted agents and the need to refine clinical end points in CLL. J Clin Oncol
     2012;30:2820-2822.

Two groups of findings are compared with the baseline: the disease itself (nodes, spleen and liver, lymphocytes) and
the marrow it takes (platelets, haemoglobin). Richter transformation, new lesions, growth in the marrow and the
cause of low counts are judgements of a reader; they are entered, never computed.

Our reading:

Not compared with the paper again, because they stand in its running text: how many items of each group PR asks
for, the two months, relapse and refractory disease, CRi, and the limit of 4.0 x 10^9/L lymphocytes (the table
says normal).

The largest node counts as abnormal from 15 mm and the spleen from 13.0 cm, at the limit too. Of the spleen its
excess over 13 cm is compared, and growth must also be 2 cm or more (`spleen_rule` length compares the whole
length). A spleen that was of normal size and is now 13.0 cm or more is growth when it is 2 cm longer. Growth is
measured from the lowest earlier value of the line, for lymphocytes too, where it must reach 5.0
(`lymph_pd_reference`); lower counts against the baseline, by the table alone (half of the platelets, 2 g/dL),
and only with `cytopenia_cause` cll; a fall without a cause is a remark. Without the liver at the baseline it counts
as normal there for PR.

CR needs a marrow; without one a visit that has everything else is PR, unless `require_marrow_for_cr` is no.
CRi is CR with low counts caused by the drug, or with a hypocellular marrow. PR with lymphocytosis (PR-L, [C12]) is
given with `redistribution_drug` only, and then lymphocytes are never progression.

PR asks for two improved items of the first group (one where only one was abnormal; none abnormal gives no PR)
and one of the second where one was abnormal. Symptoms and marrow neither help nor hinder it. Without nodes,
spleen, lymphocytes, platelets or haemoglobin a visit is PD or PR where the rest is enough, else not evaluable,
never SD. The liver is as last entered.

While a response goes on a lesser category is reported as the best level so far, until PD, and PD from then on. A
response is not confirmed; whether it lasted two months (61 days) is told beside the 28 days, by a look or by
progression alone: death does not settle it.

At PD: refractory without a response, on therapy or up to 183 days after it; else relapse after 183 days of response
or more; else progression. Duration runs from the first response; [Ha08] counts from the end of treatment
(`cll_duration_start`), and both are told. MRD is undetectable below 0.01 % (1 in 10 000).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ..episodes import DURATION, Confirmation, Terms, find_episodes
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    END_KINDS,
    NO,
    NOT_EVALUABLE,
    PARTIAL,
    PROGRESSION,
    RESPONSE_KINDS,
    STABLE,
    Assessment,
    Category,
    Course,
    Problem,
    Step,
)
from . import FAMILIES
from .base import COMMON_SETTINGS, Choices, Family, Rule, Setting, Table, always, choice, number, yes_no
from .cll_inputs import (
    ANALYTES,
    ANC,
    HB,
    ITEMS,
    LARGEST,
    LIVER,
    LYMPHOCYTES,
    LYMPHOCYTES_FOR_PD,
    MARROW,
    MRD_BLOOD,
    MRD_LIMIT_PCT,
    MRD_MARROW,
    NORMAL_ANC,
    NORMAL_HB,
    NORMAL_LYMPHOCYTES,
    NORMAL_NODE_MM,
    NORMAL_PLT,
    NORMAL_SPLEEN_CM,
    PLT,
    SPD,
    SPLEEN,
    SYMPTOMS,
    TWO_MONTHS,
)
from .cll_visit import (
    Carried,
    Cll,
    CllLine,
    a_items,
    at_least,
    b_items,
    below,
    complete,
    hb_fallen,
    incomplete,
    is_marrow_pd,
    is_new_lesion,
    is_richter,
    liver_newly_enlarged,
    lower,
    lymphocytes_grown,
    marrow_is,
    nodes_grown,
    nothing_open,
    partial,
    partial_with_lymphocytosis,
    platelets_fallen,
    remarks,
    spleen_grown,
)
from .drawn import bound, first
from .results import Panel, Reading, when

ENTRY = FAMILIES["blood-cll-iwcll-2018"]
HA = "Hallek 2018, response table"
HA_TEXT = "Hallek 2018, text"

CATEGORIES = (
    Category("CR", "complete remission", "complete remission", 1, COMPLETE),
    Category(
        "CRi",
        "complete remission with incomplete marrow recovery",
        "complete remission, blood counts not back",
        2,
        COMPLETE,
    ),
    Category("PR", "partial remission", "partial remission", 3, PARTIAL),
    Category("PR-L", "partial remission with lymphocytosis", "partial remission, lymphocytes still high", 4, PARTIAL),
    Category("SD", "stable disease", "no clear change", 5, STABLE),
    Category("PD", "progressive disease", "the disease is more active", 6, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 7, NOT_EVALUABLE),
)

SETTINGS = (
    Setting(
        "redistribution_drug", "no", yes_no(), "a drug that moves lymphocytes into the blood (BTK, PI3K inhibitors)"
    ),
    Setting("require_marrow_for_cr", "yes", yes_no(), "CR needs a marrow"),
    Setting(
        "lymph_pd_reference", "lowest", choice("lowest", "baseline"), "what growth of lymphocytes is measured from"
    ),
    Setting(
        "spleen_rule",
        "excess",
        choice("excess", "length"),
        "compare the excess of the spleen over 13 cm, or its length",
    ),
    Setting(
        "cll_duration_start",
        "first_response",
        choice("first_response", "end_of_treatment"),
        "duration of response runs from the first response, or from the end of treatment",
    ),
    *COMMON_SETTINGS,
)

SIX_MONTHS_DAYS = 183

OVERALL: Table[Cll] = Table(
    "overall",
    "Response of the visit",
    Rule("cll.overall.pd_richter", "PD", is_richter, "Richter transformation: progression", HA_TEXT),
    Rule("cll.overall.pd_marrow", "PD", is_marrow_pd, "CLL cells up by half or more in the marrow: progression", HA),
    Rule("cll.overall.pd_new", "PD", is_new_lesion, "new lesion: progression", HA),
    Rule(
        "cll.overall.pd_nodes",
        "PD",
        nodes_grown,
        "{spd_said}, half as much again or more, largest node 15 mm or more: progression",
        HA,
        needs="spd_needs",
    ),
    Rule(
        "cll.overall.pd_spleen",
        "PD",
        spleen_grown,
        "{spleen_said}, 2 cm and half as much again or more: progression",
        HA,
        needs="spleen_needs",
    ),
    Rule(
        "cll.overall.pd_liver", "PD", liver_newly_enlarged, "liver newly enlarged: progression", HA, needs="liver_needs"
    ),
    Rule(
        "cll.overall.pd_lymphocytes",
        "PD",
        lymphocytes_grown,
        "{lymphocytes_said}, half as many again or more and at least 5.0 x 10^9/L: progression",
        HA,
        needs="lymphocyte_needs",
    ),
    Rule(
        "cll.overall.pd_platelets",
        "PD",
        platelets_fallen,
        "{plt_said}, down by half or more because of CLL: progression",
        HA,
        needs="plt_needs",
    ),
    Rule(
        "cll.overall.pd_hb",
        "PD",
        hb_fallen,
        "{hb_said}, down by 2 g/dL or more because of CLL: progression",
        HA,
        needs="hb_needs",
    ),
    Rule(
        "cll.overall.cr",
        "CR",
        when(
            "`largest_node_mm` < 15, `spleen_cm` < 13.0, `liver` normal, `constitutional` no, `lymphocytes` < 4.0, "
            "`plt` >= 100 and `anc` >= 1.5 x 10^9/L, `hb` >= 11.0 g/dL, `marrow` clear",
            complete,
        ),
        "{items}: everything normal, complete remission",
        HA,
        needs="cr_needs",
    ),
    Rule(
        "cll.overall.cri",
        "CRi",
        incomplete,
        "{items}, cause {cause}: as CR but for marrow recovery",
        HA_TEXT,
        needs="cr_needs",
    ),
    Rule(
        "cll.overall.pr_l",
        "PR-L",
        partial_with_lymphocytosis,
        "{items}: {improved}; lymphocytes still high, partial remission with lymphocytosis",
        "Cheson 2012",
        needs="item_needs",
    ),
    Rule(
        "cll.overall.pr",
        "PR",
        when(
            "Of what was abnormal, two (one if it was alone) of `nodes_spd`, `spleen_cm` with `liver`, `lymphocytes` "
            "down by half, and `plt` or `hb` normal or up by half",
            partial,
        ),
        "{items}: {improved}; partial remission",
        HA,
        needs="item_needs",
    ),
    Rule(
        "cll.overall.sd",
        "SD",
        nothing_open,
        "{items}: {improved}; no PR and no PD, stable",
        HA,
        needs="item_needs",
    ),
    Rule("cll.overall.ne", "NE", always, "{gap}: the visit cannot be rated", HA),
)


class CllFamily(Family):
    """CLL by iwCLL 2018."""

    id = "blood-cll-iwcll-2018"
    title, word = ENTRY.title, ENTRY.word
    revision, unit, measure = ENTRY.revision, ENTRY.unit, ENTRY.measure
    source = "Hallek 2018, Blood 131:2745"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    tables = (OVERALL,)

    def prepare(self, history: History, choices: Choices) -> CllLine:
        baseline = history.visits[0] if history.visits else None
        panels = {visit.visit_on: Panel(visit, ANALYTES) for visit in history.visits}
        before = panels[baseline.visit_on] if baseline is not None else Panel(Visit(date.min), ANALYTES)
        nodes = before.amount(SPD.name)
        return CllLine(history, choices, baseline, None if nodes is None else nodes.value, panels=panels, before=before)

    def begin(self, basis: CllLine) -> Carried:
        before = basis.before
        spd = before.amount(SPD.name)
        return Carried(
            spd,
            before.amount(SPLEEN.name),
            before.amount(LYMPHOCYTES.name),
            before.word(LIVER.name) or "",
            None if spd is None or basis.baseline is None else basis.baseline.visit_on,
        )

    def observe(self, basis: CllLine, carried: Carried, visit: Visit) -> Cll:
        panel = basis.panels[visit.visit_on]
        seen = Cll(visit, line=basis, carried=carried, panel=panel)
        seen.liver = panel.word(LIVER.name) or carried.liver
        seen.flags.extend(panel.troubles)
        seen.flags.extend(remarks(seen))
        mrd = residual(panel)
        if mrd:
            seen.extra["mrd"] = mrd
        seen.extra.update(bound(seen.amount(SPD)))
        return seen

    def carry(self, _basis: CllLine, carried: Carried, seen: Cll) -> Carried:
        spd = lower(carried.spd, seen.amount(SPD))
        return Carried(
            spd,
            lower(carried.spleen, seen.amount(SPLEEN)),
            lower(carried.lymphocytes, seen.amount(LYMPHOCYTES)),
            seen.liver,
            carried.spd_on if spd is carried.spd else seen.visit.visit_on,
        )

    def terms(self, basis: CllLine) -> Terms:
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=False),
            evidence=DURATION,
            lasting_rule=basis.choices.values["lasting_rule"],
            responses=RESPONSE_KINDS,
        )

    def report(self, _basis: CllLine, _terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the visits as reported: the best response so far until PD, and PD from then on."""
        reported = []
        shown: Category | None = None
        for visit in visits:
            given = self.by_code[visit.overall]
            if shown is None or shown.kind not in END_KINDS:
                better = shown is None or given.rank < shown.rank
                if given.kind in END_KINDS or (given.kind in RESPONSE_KINDS and better):
                    shown = given
            if shown is None or shown is given:
                reported.append(visit)
            else:
                reported.append(visit._replace(reported=shown.code, reported_kind=shown.kind))
        return reported

    def limits(self, basis: CllLine, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        found: list[tuple[str, Decimal]] = []
        if basis.baseline_value:
            found.append(("nodes_partial_to_mm2", basis.baseline_value / 2))
        least = None if carried.spd is None else carried.spd.value
        if least is not None:
            if least:
                found.append(("nodes_progression_from_mm2", least * 3 / 2))
            found.append(("nadir_mm", least))
        return carried.spd_on, tuple(found)

    def conclude(self, basis: CllLine, _carried: Carried, course: Course) -> Course:
        """Return the course with the two months, the word for its end, and the duration by both ways of counting."""
        extra = course.extra
        if basis.baseline is not None:
            extra.update(first(basis.panels[basis.baseline.visit_on].amount(SPD.name), basis.baseline_value))
        extra["lasting_2_months"] = self._two_months(basis, course)
        extra["relapse_or_refractory"] = word_for_the_end(basis, course)
        if course.response_start is None or course.dor_days is None:
            return course
        extra["dor_from_first_response_days"] = course.dor_days
        stopped_on = basis.history.line.stopped_on
        if stopped_on is None or (stopped_on - course.response_start).days > course.dor_days:
            return course
        days = course.dor_days + (course.response_start - stopped_on).days
        extra["dor_from_end_of_treatment_days"] = days
        from_stop = basis.choices.values["cll_duration_start"] == "end_of_treatment"
        return replace(course, dor_days=days) if from_stop else course

    def _two_months(self, basis: CllLine, course: Course) -> str:
        """Say whether the first response lasted two months: by a look or by progression, not by death."""
        terms = self.terms(basis)._replace(lasting_rule=TWO_MONTHS)
        episodes = find_episodes(course.assessments, terms, new_therapy_on=basis.history.new_therapy_on)
        return episodes[0].lasted_month if episodes else NO

    def steps(self, _basis: CllLine, _carried: Carried, seen: Cll) -> tuple[Step, ...]:
        return tuple(explained(seen))

    def baseline_steps(self, basis: CllLine) -> tuple[Step, ...]:
        if basis.baseline is None:
            return ()
        readings = (basis.before.last(test) for test in (*ITEMS, LIVER.name, ANC.name, MARROW.name))
        return tuple(
            Step(
                _LABELS[reading.test],
                f"{as_told(reading)} on {reading.on}",
                _LIMITS.get(reading.test, ""),
                abnormal(reading),
            )
            for reading in readings
            if reading is not None
        )

    def would_change(self, _basis: CllLine, _carried: Carried, seen: Cll) -> tuple[str, ...]:
        return tuple(changes(seen))

    def check_baseline(self, basis: CllLine) -> tuple[Problem, ...]:
        return tuple(unusual(basis))


def word_for_the_end(basis: CllLine, course: Course) -> str:
    """Return what PD is called: refractory, relapse or progression; "-" while there is none."""
    if course.progression_on is None:
        return "-"
    stopped_on, begin_on = basis.history.line.stopped_on, course.response_start
    on_therapy = stopped_on is None or stopped_on > course.progression_on
    if begin_on is None or begin_on > course.progression_on or on_therapy or stopped_on is None:
        return "refractory"
    if (course.progression_on - stopped_on).days <= SIX_MONTHS_DAYS:
        return "refractory"
    return "relapse" if (course.progression_on - begin_on).days >= SIX_MONTHS_DAYS else "progression"


def residual(panel: Panel) -> str:
    """Return what is said of residual disease, where it was looked for: undetectable below 1 cell in 10 000."""
    found = []
    for analyte, where in ((MRD_BLOOD, "blood"), (MRD_MARROW, "marrow")):
        reading = panel.last(analyte.name)
        if reading is None:
            continue
        told = reading.word
        if reading.amount is not None:
            below_limit = reading.amount.below(MRD_LIMIT_PCT)
            told = "not decided" if below_limit is None else "undetectable" if below_limit else "detectable"
        found.append(f"{told} in {where}")
    return ", ".join(found)


def unusual(basis: CllLine) -> Iterator[Problem]:
    """Yield what is unusual about a baseline, as warnings."""
    who = f"{basis.history.patient_id}, line {basis.history.line.number}"
    for panel in basis.panels.values():
        for told in panel.troubles:
            yield Problem("warning", f"{who}: {told}", rule="not-read")
    missing = [test for test in ITEMS if basis.before.last(test) is None]
    if missing:
        yield Problem(
            "warning",
            f"{who}: {', '.join(missing)} not entered at the baseline",
            "what was abnormal there decides what a partial remission asks for (Hallek 2018)",
            rule="items-missing-at-baseline",
        )
    if not missing and basis.baseline is not None:
        seen = Cll(
            basis.baseline, line=basis, carried=Carried(), panel=basis.before, liver=basis.before.word(LIVER.name) or ""
        )
        if all(item.was_abnormal is False for item in a_items(seen)):
            yield Problem(
                "warning",
                f"{who}: nodes, spleen, liver and lymphocytes are normal at the baseline",
                "without an abnormal item of these there is no partial remission (Hallek 2018)",
                rule="nothing-abnormal",
            )


# -------------------------------------------------------------------------------------- explanations

_LABELS = {
    SPD.name: "Nodes, sum of products", LARGEST.name: "Largest node", SPLEEN.name: "Spleen", LIVER.name: "Liver",
    LYMPHOCYTES.name: "Lymphocytes", PLT.name: "Platelets", HB.name: "Haemoglobin", ANC.name: "Neutrophils",
    SYMPTOMS.name: "Symptoms", MARROW.name: "Marrow",
}  # fmt: skip
_LIMITS = {
    LARGEST.name: "below 15 mm", SPLEEN.name: "below 13.0 cm", LYMPHOCYTES.name: "below 4.0", PLT.name: "100 or more",
    HB.name: "11.0 or more", ANC.name: "1.5 or more", LIVER.name: "normal", MARROW.name: "clear",
}  # fmt: skip


def as_told(reading: Reading) -> str:
    """Return a reading as it was understood, its unit as it is written: an area in mm²."""
    return reading.said.replace("mm2", "mm²")


def abnormal(reading: Reading) -> str:
    """Return whether a reading is normal, "" where nothing is asked of it by itself."""
    amount = reading.amount
    if amount is None:
        return "normal" if reading.word in ("normal", "clear") else "abnormal"
    upper = {LARGEST.name: NORMAL_NODE_MM, SPLEEN.name: NORMAL_SPLEEN_CM, LYMPHOCYTES.name: NORMAL_LYMPHOCYTES}
    lower_limits = {PLT.name: NORMAL_PLT, HB.name: NORMAL_HB, ANC.name: NORMAL_ANC}
    if reading.test in upper:
        is_normal = amount.below(upper[reading.test])
    elif reading.test in lower_limits:
        is_normal = amount.at_least(lower_limits[reading.test])
    else:
        return as_told(reading)
    return "cannot say" if is_normal is None else "normal" if is_normal else "abnormal"


def explained(seen: Cll) -> Iterator[Step]:
    """Yield the steps from each item to the groups and the response."""
    for test in (*ITEMS, ANC.name, LIVER.name, SYMPTOMS.name, MARROW.name):
        reading = seen.panel.last(test)
        before = seen.line.before.last(test)
        was = f" (baseline {as_told(before)})" if before is not None else ""
        label = _LABELS[test]
        if reading is None:
            carried = f", as last entered {seen.liver}" if test == LIVER.name and seen.liver else ""
            yield Step(label, f"{seen.panel.lack(test)}{carried}{was}", _LIMITS.get(test, ""), "not known")
        elif test == SYMPTOMS.name:
            yield Step(label, f"{reading.said}{was}", "no", "normal" if reading.word == "no" else "abnormal")
        else:
            yield Step(label, f"{as_told(reading)}{was}", _LIMITS.get(test, ""), abnormal(reading))
    for label, items in (("Disease", a_items(seen)), ("Marrow function", b_items(seen))):
        told = ", ".join(f"{seen.name_of(item)} {state(item.was_abnormal, item.has_improved)}" for item in items)
        better = sum(bool(item.was_abnormal and item.has_improved) for item in items)
        abnormal_before = sum(item.was_abnormal is True for item in items)
        yield Step(label, told, "improved enough for PR", f"{better} of {abnormal_before}")
    finding = seen.findings["overall"]
    told = finding.because.removeprefix(f"{seen.items}: ").removeprefix(f"{seen.items}, ")
    yield Step("Response", told, finding.rule, finding.category)


def state(was_abnormal: bool | None, has_improved: bool | None) -> str:
    if was_abnormal is False:
        return "was normal"
    if has_improved is None or was_abnormal is None:
        return "not known"
    return "improved" if has_improved else "not improved enough"


def changes(seen: Cll) -> Iterator[str]:
    """Yield the values at which the answer of this visit would be another."""
    given = seen.gave("overall")
    if given == "NE":
        yield f"needed to rate it: {seen.gap}"
        return
    if given != "PD":
        yield from growth_limits(seen)
    if given == "SD":
        for item in (*a_items(seen), *b_items(seen)):
            if item.was_abnormal and item.has_improved is False:
                yield f"towards PR: {_TOWARDS_PR[item.name]}"
    elif given in ("PR", "PR-L", "CRi"):
        hindered = list(hindrances(seen))
        if hindered:
            yield f"CR asks for {', '.join(hindered)}"


_TOWARDS_PR = {
    "nodes": "products of nodes down by half from the baseline",
    "organs": "excess of the spleen over 13 cm down by half, an enlarged liver normal",
    "lymphocytes": "lymphocytes down by half from the baseline",
    "platelets": "platelets of 100 x 10^9/L or more, or up by half",
    "haemoglobin": "haemoglobin of 11.0 g/dL or more, or up by half",
}


def growth_limits(seen: Cll) -> Iterator[str]:
    """Yield from where nodes and lymphocytes would be progression."""
    now, least = seen.amount(SPD), lower(seen.carried.spd, seen.amount(SPD))
    if now is not None and least is not None and least.value:
        yield f"PD from nodes of {number(least.value * 3 / 2)} mm² with one of 15 mm; now {now}"
    cells = seen.amount(LYMPHOCYTES)
    by_lowest = seen.setting("lymph_pd_reference") == "lowest"
    before = lower(seen.carried.lymphocytes, cells) if by_lowest else seen.baseline(LYMPHOCYTES)
    if (
        cells is not None
        and before is not None
        and before.value is not None
        and not seen.setting("redistribution_drug")
    ):
        limit = number(max(before.value * 3 / 2, LYMPHOCYTES_FOR_PD))
        yield f"PD from lymphocytes of {limit} x 10^9/L; now {cells}"


def hindrances(seen: Cll) -> Iterator[str]:
    """Yield what CR asks for and the visit does not show."""
    asked: tuple[tuple[str, Any], ...] = (
        ("nodes below 15 mm", below(seen, LARGEST, NORMAL_NODE_MM)),
        ("spleen below 13.0 cm", below(seen, SPLEEN, NORMAL_SPLEEN_CM)),
        ("a normal liver", seen.liver == "normal"),
        ("no symptoms", seen.panel.word(SYMPTOMS.name) == "no"),
        ("lymphocytes below 4.0 x 10^9/L", below(seen, LYMPHOCYTES, NORMAL_LYMPHOCYTES)),
        ("platelets of 100 x 10^9/L", at_least(seen, PLT, NORMAL_PLT)),
        ("haemoglobin of 11.0 g/dL", at_least(seen, HB, NORMAL_HB)),
        ("neutrophils of 1.5 x 10^9/L", at_least(seen, ANC, NORMAL_ANC)),
        ("a clear marrow", marrow_is(seen, "clear")),
    )
    yield from (told for told, holds in asked if not holds)


FAMILY = CllFamily()
