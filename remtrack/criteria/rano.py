"""
RANO 2.0, for gliomas of adults.

[W] Wen PY et al. RANO 2.0: update to the Response Assessment in Neuro-Oncology criteria for high- and low-grade
    gliomas in adults. J Clin Oncol 2023;41:5187-5199. Read only as quoted by [J] and [A].
[J] Review of RANO 2.0 with worked scenarios. Jpn J Radiol 2025, PMC12479667.
[A] RANO-assist, a program that quotes the footnotes of [W] (cai4cai/rano2.0-assist).

Tumour is measured as the product of its largest diameter and the one perpendicular to it; enhancing tumour,
non-enhancing tumour or both, by the setting `component`. The sum is compared with the baseline (shrinkage) and with
the smallest sum so far (growth). Steroids and the clinical status take part. Growth soon after radiotherapy is at
first preliminary, because treatment alone may cause it. Clinical worsening, unequivocal progression of a lesion that
is not measured and unequivocal new lesions are judgements of a reader: entered, never computed.

Our reading, where the paper is silent or can be read in two ways (a setting changes what is marked *):

Imaging
- All limits include their value, as [A] quotes them; the table of [J] prints "more than".
- A target too small to measure counts 5 x 5 mm. Growth is progression only when some target is 10 x 10 mm now; from
  a smallest sum of 0 that is enough. So growth among remnants is none, and a small spot after CR is PR with a remark.
- A component without a target: the best possible is SD. PR with MR of a mixed tumour is MR, the lesser response.
- Lesions that are recorded as neither CE nor nCE are enhancing. In CE mode non-enhancing lesions play no part.
- A new lesion counts from 10 x 10 mm, from the first visit at that size; called unequivocal from its first sighting.
  One that is seen without both diameters is not counted, and named as what could not be decided.
- Fragments are added up, what merged counts once; from local treatment on a target is missing.
Status
- Steroids against the baseline or clinical status not entered: not evaluable, unless progression is shown. Whether
  steroids are above the dose of replacement is only asked for CR. Without it the visit is PR, and that is said.
- More steroids in somebody who is not worse: not evaluable. Such visits become SD when the next one has the dose
  back without progression, and PD, from the first of them, when the next one is clinically worse (footnote in [A]).
- A non-target that was not assessed only blocks CR. `new_lesion_in_field` not entered counts as inside.
Preliminary progression (pPD)
- Up to 84 days after the end of radiotherapy *. Clinical worsening and a new lesion outside of the field are PD at
  once.
- A scan under 28 days later settles nothing. The first one after that confirms it by 25 % more than at the
  preliminary scan *, one more new lesion, or a non-target that newly is unequivocally worse; else it is refuted.
  The preliminary visits are then PD, or SD ("pseudoprogression"), and that progression is dated to the first.
- What settles must be evaluable; confirmation needs only what shows it. Sums are compared over what was measured at
  the preliminary scan, its new lesions included; of a mixed tumour either component confirms by its own sum.
- From the preliminary scan on growth is measured from the smallest sum since, of each component. New lesions and
  worse non-targets of a refuted one no longer count, and still stand against CR; the non-target counts again once it
  was better in between. (Else what was just refuted would be progression again by the very same finding.)
- A visit between that could not be rated stays NE whatever becomes of the preliminary progression.
- After progression that needed no confirmation, or was confirmed, nothing in the line is preliminary any more.
Time
- CR, PR and MR are confirmed by a second visit 28 days later *, with at most one NE * and nothing under MR *
  between. SD counts from the first visit on *. A pPD that is open counts as NE in the best response.

Not checked against the paper itself: whether limits include their value, PR with MR, what follows a refuted
preliminary progression, a new lesion outside of the field as PD without confirmation. Volumes are not computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ..episodes import Confirmation, Terms
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    MINOR,
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    RESPONSE_KINDS,
    STABLE,
    Assessment,
    Category,
    Course,
    Finding,
    Problem,
    Step,
)
from . import FAMILIES, glioma as see
from .base import (
    COMMON_SETTINGS,
    Choices,
    Family,
    Input,
    Rule,
    Setting,
    Table,
    always,
    at_every_visit,
    choice,
    off_or_whole,
    whole,
    yes_no,
)
from .glioma import ANALYTES, CE, NCE, Carried, Line, Scan
from .glioma_later import HINDSIGHT, settle
from .glioma_scan import carried_after, compare_scan, observe_scan, outcome, prepare_line
from .glioma_steps import baseline_steps, changes, status_steps, sum_steps, unusual_baseline
from .products import scan_days

W = "Wen 2023, "
J = W + "as reviewed in Jpn J Radiol 2025"
A = W + "footnotes as quoted by RANO-assist"

CATEGORIES = (
    Category("CR", "complete response", "no sign of the tumour on this check", 1, COMPLETE),
    Category("PR", "partial response", "clearly smaller", 2, PARTIAL),
    Category("MR", "minor response", "a little smaller", 3, MINOR),
    Category("SD", "stable disease", "stable", 4, STABLE),
    Category("PD", "progressive disease", "growth, a new area, or a worse condition", 5, PROGRESSION),
    Category("pPD", "preliminary progressive disease", "possible growth, to be seen again", 6, POSSIBLE_PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 7, NOT_EVALUABLE),
)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "component", "CE", choice("CE", "nCE", "mixed"), "what is measured: enhancing tumour, non-enhancing, or both"
    ),
    Setting(
        "confirm_pd",
        "within_12_weeks",
        choice("within_12_weeks", "always", "never"),
        "when progression must be confirmed by a repeat scan; the weeks count from the end of radiotherapy",
    ),
    Setting(
        "pd_confirm_rule",
        "further_25",
        choice("further_25", "persistent"),
        "a preliminary progression is confirmed by 25 % more, or by being progression still",
    ),
    Setting("confirm_required", "yes", yes_no(), "a response must be confirmed by a second visit"),
    Setting("confirm_days", "28", whole(1), "the second visit is at least so many days later"),
    Setting("max_ne_between", "1", whole(), "so many visits between the two may be not evaluable"),
    Setting("accept_sd_between", "0", whole(), "so many visits between two responses may be SD"),
    Setting("min_sd_days", "0", whole(), "SD counts as best response from so many days after the start of treatment"),
    Setting("censor_after_missed", "off", off_or_whole(), "an event right after so many NE visits is not counted"),
    *COMMON_SETTINGS,
)

INPUTS: tuple[Input, ...] = (
    Input("longest_mm", "mm", "largest diameter of a target lesion, cysts and cavities left out"),
    Input("short_mm", "mm", "the largest diameter perpendicular to it on the same slice"),
    Input(
        "state", "", "gone, too small, not assessed; of a non-target present, absent, worse; of a new lesion how sure"
    ),
    *(analyte.as_input for analyte in ANALYTES.values()),
    Input("radiotherapy_end", "", "an event, with its date: growth within 12 weeks is preliminary"),
)

# --------------------------------------------------------------------------------------------- imaging


def component_table(component: str, part: str) -> Table[Scan]:
    """Return the table of one component; a minor response exists for non-enhancing tumour only."""
    key, label = component.lower(), see.LABELS[component]
    told, needs, here = f"{{{key}_sum}}", f"{key}_needs", f"rano.{key}"
    minor = Rule(f"{here}.mr", "MR", see.shrunk(component, 75), f"{told}: minor response", J, needs=needs)
    return Table(
        part,
        f"{label.capitalize()} tumour",
        Rule(f"{here}.na", "NA", see.no_target_of(component), f"no {label} target at the baseline", J),
        Rule(
            f"{here}.pd_incomplete",
            "PD",
            see.grown_without_the_missing(component),
            f"{told}: progression",
            J,
            needs=needs,
        ),
        Rule(f"{here}.cr", "CR", see.gone(component), f"no {label} target is left", J, needs=needs),
        Rule(
            f"{here}.pd",
            "PD",
            see.grown(component),
            f"{told}: 25 % or more, with a target of 10 x 10 mm: progression",
            J,
            needs=needs,
        ),
        Rule(f"{here}.pr", "PR", see.shrunk(component, 50), f"{told}: partial response", J, needs=needs),
        *((minor,) if component == NCE else ()),
        Rule(f"{here}.sd", "SD", see.is_known(component), f"{told}: stable", J, needs=needs),
        Rule(f"{here}.ne", "NE", always, f"{{{key}_missing}}: {label} tumour cannot be rated", J),
    )


CE_ALONE, NCE_ALONE = component_table(CE, "target"), component_table(NCE, "target")
CE_PART, NCE_PART = component_table(CE, "ce"), component_table(NCE, "nce")
_COMPONENTS = "{ce_because}; {nce_because}"

IMAGING: Table[Scan] = Table(
    "imaging",
    "Mixed tumours: both components together",
    Rule("rano.mixed.pd", "PD", see.either_gave("PD"), _COMPONENTS, A),
    Rule("rano.mixed.ne", "NE", see.either_gave("NE"), _COMPONENTS, A),
    Rule("rano.mixed.na", "NA", see.both_gave_alone("NA"), _COMPONENTS, A),
    Rule("rano.mixed.cr", "CR", see.both_gone, _COMPONENTS, A),
    Rule("rano.mixed.pr", "PR", see.both_gave("PR"), _COMPONENTS, A),
    Rule("rano.mixed.pr_sd", "PR", see.with_stable("PR"), _COMPONENTS, A),
    Rule("rano.mixed.mr", "MR", see.either_gave("MR"), _COMPONENTS, A),
    Rule("rano.mixed.sd", "SD", always, _COMPONENTS, A),
)


class Joined(Table[Scan]):
    """The part `target` of a mixed tumour: what the two components gave, as "PR+SD"."""

    __slots__ = ()

    def judge(self, seen: Scan) -> Finding:
        told = super().judge(seen)
        both = f"{seen.gave('ce')}+{seen.gave('nce')}"
        return Finding(told.part, both, told.rule, told.because, told.source)


JOINED = Joined(
    "target", "Mixed tumours: the components", Rule("rano.mixed.parts", "CE+nCE", at_every_visit, _COMPONENTS, A)
)

# ----------------------------------------------------------------------------------- the other lesions

NONTARGET: Table[Scan] = Table(
    "nontarget",
    "Non-target lesions",
    Rule("rano.nontarget.na", "NA", see.no_nontargets, "no non-target lesion in this line", J),
    Rule("rano.nontarget.pd", "PD", see.any_worse, "non-target {worse_ids} unequivocally worse", A),
    Rule("rano.nontarget.cr", "CR", see.all_absent, "non-target lesions absent", J, needs="unknown"),
    Rule(
        "rano.nontarget.present",
        "Non-CR/Non-PD",
        see.all_assessed,
        "non-target lesions still present, none unequivocally worse",
        J,
        needs="unknown",
    ),
    Rule("rano.nontarget.ne", "NE", always, "{nontarget_gap}: the non-target lesions cannot be rated", J),
)

NEW_LESION: Table[Scan] = Table(
    "new_lesion",
    "New lesions",
    Rule(
        "rano.new.seen",
        "yes",
        see.proven_by_now,
        "new lesion {new_ids}, 10 x 10 mm or unequivocal",
        J,
        needs="new_unsized",
    ),
    Rule(
        "rano.new.proven_later",
        "yes",
        see.any_new,
        "new lesion {new_ids}, unclear then and unequivocal on {proven_on}",
        J,
    ),
    Rule("rano.new.none", "no", always, "no new lesion", J),
)

# --------------------------------------------------------------------------------------------- overall

NOT_RATED: Rule[Scan] = Rule(
    "rano.overall.ne", "NE", see.not_evaluable, "{what_is_missing}: the visit cannot be rated", J
)

OVERALL: Table[Scan] = Table(
    "overall",
    "Overall",
    Rule(
        "rano.overall.pd_clinical",
        "PD",
        see.clinically_worse,
        "clinically worse, not explained otherwise: progression",
        W + "clinical status",
    ),
    Rule(
        "rano.overall.pd_outside_field",
        "PD",
        see.new_outside_field,
        "new lesion {new_ids} outside of the irradiated field: progression",
        J,
    ),
    Rule(
        "rano.overall.ppd_early",
        "pPD",
        see.is_early,
        "only {days} days after the preliminary progression of {preliminary_on}: too early to settle it",
        J,
    ),
    Rule(
        "rano.overall.pd_confirmed_growth",
        "PD",
        see.grown_further,
        "grown by 25 % or more since the preliminary progression of {preliminary_on}, {growth_since}: confirmed",
        J,
    ),
    Rule(
        "rano.overall.pd_confirmed_lesion",
        "PD",
        see.one_more,
        "{further_ids} new or newly worse since the preliminary progression of {preliminary_on}: confirmed",
        J,
    ),
    Rule(
        "rano.overall.pd_confirmed_persistent",
        "PD",
        see.still_progression,
        "still progression {days} days after the preliminary progression of {preliminary_on} "
        "(pd_confirm_rule = persistent): confirmed",
        J,
    ),
    Rule(
        "rano.overall.ppd",
        "pPD",
        see.found_preliminary,
        "{what_progressed}: preliminary, to be confirmed by a repeat scan 28 days later or more",
        J,
    ),
    Rule("rano.overall.pd", "PD", see.found_progression, "{what_progressed}: progression", J),
    NOT_RATED,
    Rule(
        "rano.overall.ne_new",
        "NE",
        see.new_not_measured,
        "{new_lesion_without_size}: the preliminary progression of {preliminary_on} is neither confirmed nor refuted",
        J,
    ),
    Rule(
        "rano.overall.ne_steroids",
        "NE",
        see.steroids_increased,
        "steroids increased in somebody who is not worse: the next visit settles it",
        A,
    ),
    Rule("rano.overall.cr", "CR", see.complete, "{imaging_findings}; {steroids_and_status}", J, needs="complete_needs"),
    Rule(
        "rano.overall.pr_imaging_cr",
        "PR",
        see.imaging_gave("CR"),
        "{imaging_findings}, but {what_stands_against_cr}; {steroids_and_status}: partial response",
        J,
    ),
    Rule(
        "rano.overall.sd_no_target",
        "SD",
        see.imaging_gave("NA"),
        "nothing to measure at the baseline; {steroids_and_status}",
        J,
    ),
    Rule("rano.overall.pr", "PR", see.imaging_gave("PR"), "{imaging_findings}; {steroids_and_status}", J),
    Rule("rano.overall.mr", "MR", see.imaging_gave("MR"), "{imaging_findings}; {steroids_and_status}", J),
    Rule("rano.overall.sd", "SD", always, "{imaging_findings}; {steroids_and_status}", J),
)


class Rano(Family):
    """RANO 2.0."""

    id = "rano-2.0"
    title = FAMILIES["rano-2.0"].title
    word = FAMILIES["rano-2.0"].word
    revision = FAMILIES["rano-2.0"].revision
    unit = FAMILIES["rano-2.0"].unit
    measure = FAMILIES["rano-2.0"].measure
    source = "Wen 2023, J Clin Oncol 41:5187"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = INPUTS
    events = MappingProxyType({"radiotherapy_end": "growth within 12 weeks after it is preliminary"})
    tables = (CE_PART, NCE_PART, JOINED, IMAGING, NONTARGET, NEW_LESION, OVERALL, HINDSIGHT)

    _beside = (NONTARGET, NEW_LESION, OVERALL)
    _enhancing, _other = (CE_ALONE, *_beside), (NCE_ALONE, *_beside)
    _mixed = (CE_PART, NCE_PART, JOINED, IMAGING, *_beside)

    def prepare(self, history: History, choices: Choices) -> Line:
        return prepare_line(history, choices)

    def begin(self, basis: Line) -> Carried:
        return basis.start

    def tables_for(self, basis: Line) -> tuple[Table[Scan], ...]:
        if len(basis.components) > 1:
            return self._mixed
        return self._enhancing if basis.components == (CE,) else self._other

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Scan:
        return compare_scan(observe_scan(basis, carried, visit))

    def carry(self, basis: Line, carried: Carried, seen: Scan) -> Carried:  # noqa: ARG002
        return carried_after(seen)

    def dated_on(self, basis: Line, seen: Scan) -> date:
        return shown_on(seen) if basis.has_scan_days else seen.visit.visit_on

    def answer(self, basis: Line, seen: Scan) -> Assessment:
        if seen.clinical is not None:
            seen.extra["clinical"] = seen.clinical
        if seen.steroids is not None:
            seen.extra["steroids"] = seen.steroids
        waiting = seen.carried.preliminary
        if waiting is not None:
            seen.extra["preliminary_pd_of"] = waiting.seen_on.isoformat()
            seen.extra["preliminary_pd"] = outcome(seen) or "open"
        if seen.carried.restarted_on is not None:
            seen.extra["growth_counted_from"] = seen.carried.restarted_on.isoformat()
        answer = super().answer(basis, seen)
        if answer.rule != NOT_RATED.id:
            return answer
        return answer._replace(undecided=tuple(dict.fromkeys((*answer.undecided, *seen.status_needs))))

    def look_back(self, basis: Line, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers after later ones have settled preliminary progression and increased steroids."""
        return settle(basis, visits, self.by_code)

    def terms(self, basis: Line) -> Terms:
        choices = basis.choices.values
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(
                choices["confirm_required"],
                choices["confirm_days"],
                choices["max_ne_between"],
                choices["accept_sd_between"],
            ),
            lasting_rule=choices["lasting_rule"],
            responses=RESPONSE_KINDS | {MINOR},
            unconfirmed_as="SD",
            min_stable_days=choices["min_sd_days"],
            missed_censors=choices["censor_after_missed"],
        )

    def limits(self, basis: Line, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        limits: list[tuple[str, Decimal]] = []
        if len(basis.components) == 1:
            component = basis.components[0]
            if component in basis.baselines:
                limits.append(("partial_to_mm2", basis.baselines[component] / 2))
            if carried.nadirs.get(component):
                limits.append(("progression_from_mm2", carried.nadirs[component] * 5 / 4))
        if carried.nadir_mm2 is not None:
            limits.append(("nadir_mm", carried.nadir_mm2))
        return carried.nadir_on, tuple(limits)

    def conclude(self, basis: Line, carried: Carried, course: Course) -> Course:  # noqa: ARG002
        """Return the course with an open preliminary progression counted as not evaluable in the best response."""
        if carried.preliminary is not None:
            course.extra["preliminary_pd_since"] = carried.preliminary.seen_on.isoformat()
        if "pPD" not in (course.best_response, course.best_response_unconfirmed):
            return course
        best = {"pPD": "NE"}
        return replace(
            course,
            best_response=best.get(course.best_response, course.best_response),
            best_response_unconfirmed=best.get(course.best_response_unconfirmed, course.best_response_unconfirmed),
        )

    def steps(self, basis: Line, carried: Carried, seen: Scan) -> tuple[Step, ...]:  # noqa: ARG002
        return (*sum_steps(seen), *status_steps(seen))

    def baseline_steps(self, basis: Line) -> tuple[Step, ...]:
        return tuple(baseline_steps(basis))

    def would_change(self, basis: Line, carried: Carried, seen: Scan) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(changes(seen))

    def check_baseline(self, basis: Line) -> tuple[Problem, ...]:
        return tuple(unusual_baseline(basis))


def shown_on(scan: Scan) -> date:
    """Return the day of a visit with several scan days: of progression the scan that showed it, else the last."""
    days = scan_days(scan.line.history, scan.visit)
    if scan.gave("overall") not in ("PD", "pPD"):
        return max(days.of.values(), default=days.visit_on)
    shown = [days.of.get(name, days.visit_on) for name in (*scan.worse, *scan.new)]
    if scan.imaging == "PD":
        own = [pair.lesion.lesion_id for pairs in scan.pairs.values() for pair in pairs.found]
        shown.append(max(days.of.get(name, days.visit_on) for name in own))
    return min(shown, default=days.visit_on)


FAMILY = Rano()
