"""
iRECIST, for solid tumours under immunotherapy, beside RECIST 1.1 and never instead of it.

[Y] Seymour L et al. iRECIST: guidelines for response criteria for use in trials testing immunotherapeutics.
    Lancet Oncol 2017;18:e143-e152, Tables 2 and 3; erratum 2019;20:e242.
[F] RECIST Working Group, questions on iRECIST, recist.eortc.org.
[G] Persigehl T, Lennartz S, Schwartz LH. iRECIST: how to do it. Cancer Imaging 2020;20:2.

Progression of RECIST 1.1 is at first unconfirmed (iUPD) and opens a series; further growth at a later visit
confirms it (iCPD), shrinkage resets it. What is measured, the sums, the nadir and the limits are those of RECIST
1.1. iRECIST was made for the data of trials and is not validated for decisions on treatment.

Our reading, where the paper is silent or can be read in two ways (a setting changes what is marked *; all else is
read as under RECIST 1.1):

Confirmation
- Further growth is 5 mm or more ([Y] Table 2 prints both "at least" and "more than") over the smallest sum since
  the series opened, so small increases add up ([F]). Targets confirm only while they still meet PD.
- A scan less than 28 days * after the iUPD neither confirms nor resets, and what it measures is no reference; its
  sum still enters the nadir. The exception is an early scan for a new symptom that shows one more new lesion.
- A scan later than 8 weeks still confirms, with a remark.
- PD in another kind of lesion than opened the series confirms. `unequivocal_pd` entered again for a non-target
  means as bad as before; of one more non-target it is further growth ([Y] Table 2 asks for no more than a further
  increase of non-target disease), as `increased` is. Without an open series of non-targets `increased` means nothing.
- Not assessed, in what decides, leaves the visit NE and the series open, unless what was assessed confirms: sums of
  targets and of new lesions may prove growth without the lesion that is missing.
- A lesion seen again after an overall iCR is PD of RECIST 1.1, so an iUPD of its kind of lesion.
Reset
- iSD, iPR, iCR or Non-iCR/Non-iUPD closes the series; the nadir stays. With new lesions among the triggers that
  needs them gone, or targets that are iPR or iCR now and were not when the series opened ([F], two scenarios;
  [Y] Table 2 read alone would say iUPD in both).
- An iCR with an older new lesion still to be seen is iPR (without targets Non-iCR/Non-iUPD).
New lesions
- One that measures 10 mm (a node 15 mm in short axis) when first seen is followed by its size, up to five, two in
  one organ; any other by a state, never by a number. That is fixed at first sight. Their sum stands apart.
- After a reset they are PD again by a further new lesion, by 20 % and 5 mm * of their sum over its smallest value, or
  by an unequivocal worsening of one followed by a state. The smallest value begins anew when one more is measured:
  [F] names "baseline or nadir" of the sum, and 30 mm that join it are no growth of the 20 mm that were there.
- One that vanished and returns is not one more; one that is disproved is not there.
Time
- Progression is dated to the iUPD of the series that was confirmed. A series that is still open counts at its
  iUPD once death, clinical progression or a new line closes the line; until then it is pending.
- Best response: iCR, iPR, iSD (from day 42 *), Non-iCR/Non-iUPD, iCPD, iUPD, NE, before iCPD; an iUPD that was reset
  spoils nothing. No confirmation is asked *. From the first iPR on iSD is reported as iPR until iUPD, and again
  from an iPR that resets it *.
- After iCPD every later visit stays iCPD.

Not checked against the paper: its running text on the dates of events and on the reset ("compared with baseline").
Tables 2 and 3 were read in the author manuscript (PMC5648544), and [F] on new lesions only in part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from ..episodes import Confirmation, Persistence, Terms, before_therapy, find_stretches
from ..model import History, Visit
from ..verdict import (
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    Assessment,
    Category,
    Course,
    Problem,
    Step,
)
from . import FAMILIES, immune as see
from .base import Choices, Family, Input, Rule, Setting, Table, always, number, whole
from .baselines import unusual_baseline
from .immune import ANALYTES, LAST_REPEAT_DAYS, ImmuneLine, ImmuneScan, Known, observe_immune, prepare_immune
from .immune_steps import changes, series_steps
from .lesions import read_targets
from .recist import (
    CATEGORIES as RECIST_CATEGORIES,
    INPUTS as RECIST_INPUTS,
    SETTINGS as RECIST_SETTINGS,
    all_absent,
    all_assessed,
    all_targets_gone,
    any_worse,
    gave,
    grown_over_nadir,
    grown_without_the_missing,
    least_growth,
    no_nontargets,
    no_targets,
    partial_to,
    progression_from,
    shrunk_by_30_pct,
    sum_is_known,
)
from .sums import carried_after, carried_from_baseline, rows_of, scan_days, sum_step, sum_steps

Y = "Seymour 2017, "
F = "RECIST Working Group, questions on iRECIST"
R = "Eisenhauer 2009 (RECIST 1.1), as iRECIST takes it over"

_AS_UNDER_RECIST = {"CR": "iCR", "PR": "iPR", "SD": "iSD", "Non-CR/Non-PD": "Non-iCR/Non-iUPD", "NED": "NED"}
CATEGORIES = (
    *(
        category._replace(
            code=_AS_UNDER_RECIST[category.code], label=category.label.replace("non-CR/non-PD", "non-iCR/non-iUPD")
        )
        for category in RECIST_CATEGORIES
        if category.code in _AS_UNDER_RECIST
    ),
    Category("iCPD", "confirmed progressive disease", "growth, or a new area, seen twice", 6, PROGRESSION),
    Category("iUPD", "unconfirmed progressive disease", "possible growth, to be seen again", 7, POSSIBLE_PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 8, NOT_EVALUABLE),
)

SETTINGS: tuple[Setting, ...] = (
    *(setting._replace(default="no") if setting.name == "confirm_required" else setting for setting in RECIST_SETTINGS),
    Setting("confirm_tolerance_days", "0", whole(0, 14), "a repeat scan may be so many days short of 28"),
)

INPUTS: tuple[Input, ...] = (
    *RECIST_INPUTS,
    Input("increased", "", "state of a non-target or new lesion that has grown further since an iUPD"),
    *(analyte.as_input for analyte in ANALYTES.values()),
)

# ------------------------------------------------------------------------------------------------ parts

TARGET: Table[ImmuneScan] = Table(
    "target",
    "Target lesions",
    Rule("irecist.target.na", "NA", no_targets, "no target lesion in this line", R),
    Rule(
        "irecist.target.iupd_incomplete",
        "iUPD",
        grown_without_the_missing,
        "{target_gap}; the others alone, {part_sum_mm} mm, are {growth} over the lowest sum {nadir_sum_mm} mm "
        "on {nadir_on}",
        R,
        needs="target_needs",
    ),
    Rule(
        "irecist.target.icr",
        "iCR",
        all_targets_gone,
        "every target lesion is absent and every target node is under 10 mm (sum {sum_mm} mm)",
        R,
        needs="target_needs",
    ),
    Rule(
        "irecist.target.iupd",
        "iUPD",
        grown_over_nadir,
        "sum {sum_mm} mm is {growth} over the lowest sum {nadir_sum_mm} mm on {nadir_on}",
        R,
        needs="target_needs",
    ),
    Rule(
        "irecist.target.ipr",
        "iPR",
        shrunk_by_30_pct,
        "sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm",
        R,
        needs="target_needs",
    ),
    Rule(
        "irecist.target.isd",
        "iSD",
        sum_is_known,
        "sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm "
        "and {growth} from the lowest sum {nadir_sum_mm} mm",
        R,
        needs="target_needs",
    ),
    Rule("irecist.target.ne", "NE", always, "{target_gap}: the targets cannot be rated", R),
)

NONTARGET: Table[ImmuneScan] = Table(
    "nontarget",
    "Non-target lesions",
    Rule("irecist.nontarget.na", "NA", no_nontargets, "no non-target lesion in this line", R),
    Rule("irecist.nontarget.iupd", "iUPD", any_worse, "non-target {worse_ids} unequivocally worse", R),
    Rule(
        "irecist.nontarget.increased",
        "iUPD",
        see.further_nontarget,
        "non-target {increased_ids} grown further since the iUPD of {opened_on}",
        Y + "Table 2; " + F,
    ),
    Rule(
        "irecist.nontarget.icr",
        "iCR",
        all_absent,
        "non-target lesions absent, nodes under 10 mm, markers normal",
        R,
        needs="unknown",
    ),
    Rule(
        "irecist.nontarget.non_icr_non_iupd",
        "Non-iCR/Non-iUPD",
        all_assessed,
        "non-target lesions still present, none unequivocally worse",
        R,
        needs="unknown",
    ),
    Rule("irecist.nontarget.ne", "NE", always, "{nontarget_gap}: the non-target lesions cannot be rated", R),
)


def any_fresh(scan: ImmuneScan) -> bool:
    """A new lesion is first seen at this visit."""
    return bool(scan.fresh)


def any_visible(scan: ImmuneScan) -> bool:
    """A new lesion that was seen before can be seen."""
    return bool(scan.visible)


def new_unknown(scan: ImmuneScan) -> bool:
    """A new lesion that was seen before was not assessed."""
    return bool(scan.new_gap)


NEW_LESION: Table[ImmuneScan] = Table(
    "new_lesion",
    "New lesions",
    Rule("irecist.new.first", "new", any_fresh, "new lesion {fresh_ids} first seen now", Y + "Table 2"),
    Rule("irecist.new.persisting", "persisting", any_visible, "new lesion {visible_ids} still seen", Y + "Table 2"),
    Rule("irecist.new.ne", "NE", new_unknown, "the new lesions were not all assessed", Y + "Table 2"),
    Rule("irecist.new.none", "no", always, "no new lesion to be seen", Y + "Table 2"),
)

# ---------------------------------------------------------------------------------------------- overall

SERIES_RULES: tuple[Rule[ImmuneScan], ...] = (
    Rule(
        "irecist.overall.icpd_stays",
        "iCPD",
        see.further_series,
        "progression of {opened_on} was confirmed before",
        Y + "Table 3",
    ),
    # No series is open: PD of RECIST 1.1 opens one.
    Rule("irecist.overall.iupd_target", "iUPD", see.opens(see.target_worse), "{target_pd}: unconfirmed", Y + "Table 2"),
    Rule(
        "irecist.overall.iupd_nontarget",
        "iUPD",
        see.opens(see.nontarget_worse),
        "{nontarget_pd}: unconfirmed",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.iupd_new", "iUPD", see.opens(any_fresh), "new lesion {fresh_ids}: unconfirmed", Y + "Table 2"
    ),
    Rule(
        "irecist.overall.iupd_new_worse",
        "iUPD",
        see.opens(see.new_unequivocal),
        "new lesion {new_worse_ids} unequivocally worse: unconfirmed again",
        F + ", how do new lesions define progression",
    ),
    Rule(
        "irecist.overall.iupd_new_grown",
        "iUPD",
        see.opens(see.new_grown),
        "new lesions, {new_assessed_mm} mm together, 20 % and {least_growth_mm} mm or more over their smallest sum "
        "{lowest_new_mm} mm: unconfirmed again",
        F + ", how do new lesions define progression",
        needs="new_gap",
    ),
    # A series is open.
    Rule(
        "irecist.overall.icpd_early",
        "iCPD",
        see.early_exception,
        "{one_more_ids} is one more new lesion, on a scan for a new symptom {days} days after the iUPD of {opened_on}: "
        "confirmed",
        F + ", imaging earlier than four weeks",
    ),
    Rule(
        "irecist.overall.iupd_early",
        "iUPD",
        see.is_early,
        "only {days} days after the iUPD of {opened_on}: the scan neither confirms nor resets it",
        F + ", imaging earlier than four weeks",
    ),
    Rule(
        "irecist.overall.icpd_target",
        "iCPD",
        see.further_target,
        "targets, {part_sum_mm} mm, still meet PD and are {further_mm} mm over their smallest sum {lowest_since_mm} mm "
        "since the iUPD of {opened_on}: confirmed",
        Y + "Table 2",
        needs="target_needs",
    ),
    Rule(
        "irecist.overall.icpd_nontarget",
        "iCPD",
        see.further_nontarget,
        "non-target {increased_ids} grown further since the iUPD of {opened_on}: confirmed",
        Y + "Table 2; " + F,
    ),
    Rule(
        "irecist.overall.icpd_new",
        "iCPD",
        see.further_new,
        "new lesions, {new_assessed_mm} mm together, are {new_further_mm} mm over their smallest sum "
        "{lowest_new_since_mm} mm since the iUPD of {opened_on}: confirmed",
        Y + "Table 2",
        needs="new_gap",
    ),
    Rule(
        "irecist.overall.icpd_new_state",
        "iCPD",
        see.further_new_state,
        "new lesion {new_increased_ids} grown further since the iUPD of {opened_on}: confirmed",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.icpd_one_more",
        "iCPD",
        see.any_more,
        "{one_more_ids} is one more new lesion since the iUPD of {opened_on}: confirmed",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.icpd_other_target",
        "iCPD",
        see.other_target,
        "{target_pd}, after the iUPD of {opened_on} by {triggers}: confirmed",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.icpd_other_nontarget",
        "iCPD",
        see.other_nontarget,
        "{nontarget_pd}, after the iUPD of {opened_on} by {triggers}: confirmed",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.icpd_other_new",
        "iCPD",
        see.other_new,
        "new lesions are worse too, after the iUPD of {opened_on} by {triggers}: confirmed",
        Y + "Table 2",
        needs="new_gap",
    ),
    Rule(
        "irecist.overall.ne_series",
        "NE",
        see.not_assessed,
        "{series_gap}: the iUPD of {opened_on} is neither confirmed nor reset",
        Y + "Table 2",
    ),
    Rule(
        "irecist.overall.iupd_open",
        "iUPD",
        see.stays_open,
        "neither further growth nor a reset since the iUPD of {opened_on} by {triggers}",
        Y + "Table 2",
    ),
)

_BOTH = "{target_because}; {nontarget_because}; {new_lesions_and_reset}"
_BESIDE = "{nontarget_because}; {new_lesions_and_reset}"

OVERALL_TARGET: Table[ImmuneScan] = Table(
    "overall",
    "Overall, with target disease at the baseline",
    *SERIES_RULES,
    Rule("irecist.overall.icr", "iCR", see.complete, _BOTH, R, needs="complete_needs"),
    Rule("irecist.overall.ipr_target_icr", "iPR", gave("target", "iCR"), _BOTH + ": partial response", R),
    Rule("irecist.overall.ipr", "iPR", gave("target", "iPR"), _BOTH, R),
    Rule("irecist.overall.isd", "iSD", gave("target", "iSD"), _BOTH, R),
    Rule("irecist.overall.ne", "NE", always, _BOTH, R),
)

OVERALL_NONTARGET: Table[ImmuneScan] = Table(
    "overall",
    "Overall, with non-target disease only",
    *SERIES_RULES,
    Rule("irecist.overall.icr_nontarget", "iCR", see.complete, _BESIDE, R, needs="complete_needs"),
    Rule(
        "irecist.overall.non_icr_non_iupd",
        "Non-iCR/Non-iUPD",
        gave("nontarget", "Non-iCR/Non-iUPD", "iCR"),
        _BESIDE,
        R,
    ),
    Rule("irecist.overall.ne_nontarget", "NE", always, _BESIDE, R),
)

OVERALL_NONE: Table[ImmuneScan] = Table(
    "overall",
    "Overall, without disease at the baseline",
    *SERIES_RULES,
    Rule(
        "irecist.overall.ned",
        "NED",
        always,
        "no disease at the baseline, no new lesion",
        "our reading: not in the paper",
    ),
)

PARTS = (TARGET, NONTARGET, NEW_LESION)


class Irecist(Family):
    """iRECIST."""

    id = "irecist"
    title = FAMILIES["irecist"].title
    word = FAMILIES["irecist"].word
    revision = FAMILIES["irecist"].revision
    unit = FAMILIES["irecist"].unit
    measure = FAMILIES["irecist"].measure
    source = "Seymour 2017, Lancet Oncol 18:e143"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = INPUTS
    tables = (*PARTS, OVERALL_TARGET, OVERALL_NONTARGET, OVERALL_NONE)

    _with_targets = (*PARTS, OVERALL_TARGET)
    _with_nontargets = (*PARTS, OVERALL_NONTARGET)
    _without_disease = (*PARTS, OVERALL_NONE)

    def prepare(self, history: History, choices: Choices) -> ImmuneLine:
        return prepare_immune(history, choices)

    def begin(self, basis: ImmuneLine) -> Known:
        return Known(carried_from_baseline(basis))

    def tables_for(self, basis: ImmuneLine) -> tuple[Table[ImmuneScan], ...]:
        if basis.roster.targets:
            return self._with_targets
        return self._with_nontargets if basis.roster.nontargets else self._without_disease

    def observe(self, basis: ImmuneLine, carried: Known, visit: Visit) -> ImmuneScan:
        return observe_immune(basis, carried, visit)

    def carry(self, basis: ImmuneLine, carried: Known, seen: ImmuneScan) -> Known:
        series, confirmed = see.series_after(seen, self.dated_on(basis, seen))
        return Known(
            carried_after(carried.sums, seen, complete=seen.gave("overall") == "iCR"),
            series,
            see.lowest_new_after(seen),
            confirmed,
        )

    def dated_on(self, basis: ImmuneLine, seen: ImmuneScan) -> date:
        """Return the day a category is dated to: a confirmed progression to the iUPD that it confirms."""
        if seen.gave("overall") == "iCPD" and seen.series is not None:
            return seen.series.dated_on
        return shown_on(seen) if basis.has_scan_days else seen.visit.visit_on

    def answer(self, basis: ImmuneLine, seen: ImmuneScan) -> Assessment:
        series, _ = see.series_after(seen, seen.visit.visit_on)
        if series is not None:
            seen.extra["iupd_since"] = series.opened_on.isoformat()
            if seen.is_unstable:
                seen.flags.append("review: not clinically stable while progression is not confirmed")
        if seen.new_sum_mm is not None:
            seen.extra["new_sum_mm"] = number(seen.new_sum_mm)
        if seen.series is not None and seen.gave("overall") == "iCPD":
            seen.extra["confirms_iupd_of"] = seen.series.opened_on.isoformat()
            if seen.days > LAST_REPEAT_DAYS:
                seen.flags.append(
                    f"confirmed {seen.days} days after the iUPD; the repeat scan is meant to be after 4 to 8 weeks"
                )
        return super().answer(basis, seen)

    def look_back(self, basis: ImmuneLine, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers with a series that is open when the line closes counted as progression, at its iUPD."""
        history = basis.history
        counted = before_therapy(visits, history.new_therapy_on)
        since = counted[-1].extra.get("iupd_since") if counted else None
        if since is None:
            return visits
        opened_on = date.fromisoformat(since)
        closed = any(
            event.event in ("death", "clinical_progression") and event.event_on >= opened_on for event in history.events
        )
        if not closed and history.new_therapy_on is None:
            return visits
        return [row._replace(reported_kind=PROGRESSION) if row.visit_on == opened_on else row for row in visits]

    def report(self, basis: ImmuneLine, terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the answers as reported: iSD as iPR, until an iUPD and again from an iPR that resets it."""
        told = list(super().report(basis, terms, visits))
        if terms.persistence.begins == "off":
            return told
        for stretch in find_stretches(visits, terms):
            interrupted = resumed = False
            for place in range(stretch.stop if stretch.confirmed is None else stretch.confirmed, stretch.stop):
                row = visits[place]
                if row.kind == POSSIBLE_PROGRESSION:
                    interrupted, resumed = True, False
                elif row.kind in terms.responses:
                    resumed = interrupted
                elif resumed and row.overall in terms.persistence.replaces:
                    told[place] = row._replace(reported=terms.persistence.by, reported_kind=PARTIAL)
        return told

    def terms(self, basis: ImmuneLine) -> Terms:
        choices = basis.choices.values
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(
                choices["confirm_required"],
                choices["confirm_days"],
                choices["max_ne_between"],
                choices["accept_sd_between"] if basis.roster.targets else 0,  # without them there is no iPR and no iSD
            ),
            persistence=ISD_AS_IPR if choices["pr_persistence"] == "after_confirmation" else Persistence(),
            lasting_rule=choices["lasting_rule"],
            unconfirmed_as="iSD" if basis.roster.targets else "Non-iCR/Non-iUPD",
            min_stable_days=choices["min_sd_days"],
            missed_censors=choices["censor_after_missed"],
        )

    def limits(self, basis: ImmuneLine, carried: Known) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        limits: list[tuple[str, Decimal]] = []
        sums = carried.sums
        if sums.complete_on is None:
            if basis.baseline_value is not None:
                limits.append(("partial_to_mm", partial_to(basis.baseline_value)))
            if sums.nadir_mm is not None:
                limits.append(("progression_from_mm", progression_from(basis, sums.nadir_mm)))
        if sums.nadir_mm is not None:
            limits.append(("nadir_mm", sums.nadir_mm))
        return sums.nadir_on, tuple(limits)

    def conclude(self, basis: ImmuneLine, carried: Known, course: Course) -> Course:  # noqa: ARG002
        counted = before_therapy(course.assessments, basis.history.new_therapy_on)
        if counted and "iupd_since" in counted[-1].extra:
            course.extra["iupd_open_since"] = counted[-1].extra["iupd_since"]
        return course

    def steps(self, basis: ImmuneLine, carried: Known, seen: ImmuneScan) -> tuple[Step, ...]:  # noqa: ARG002
        return (*sum_steps(seen, least_growth(basis)), *series_steps(seen))

    def baseline_steps(self, basis: ImmuneLine) -> tuple[Step, ...]:
        if basis.baseline is None or not basis.roster.targets:
            return (Step("Target lesions", "none in this line", "sum", "NA"),)
        sizes, missing = read_targets(basis.roster, rows_of(basis.baseline), basis.baseline.visit_on)
        return (sum_step(sizes, tuple(missing), basis.baseline_value),)

    def would_change(self, basis: ImmuneLine, carried: Known, seen: ImmuneScan) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(changes(seen))

    def check_baseline(self, basis: ImmuneLine) -> tuple[Problem, ...]:
        return tuple(unusual_baseline(basis.history, basis.roster))


ISD_AS_IPR = Persistence("confirmed", frozenset({"iSD"}), "iPR")


def shown_on(scan: ImmuneScan) -> date:
    """Return the day of a visit whose scans fell on several days: of an iUPD the scan that showed it, else the last."""
    days, visit_on = scan_days(scan), scan.visit.visit_on
    if scan.line.choices.values["visit_date_rule"] == "earliest":
        return min(days.values(), default=visit_on)
    if scan.gave("overall") != "iUPD":
        return max(days.values(), default=visit_on)
    shown = [days.get(lesion.lesion_id, visit_on) for lesion in scan.returned]
    if scan.gave("target") == "iUPD":
        shown.append(max(days.get(lesion.lesion_id, visit_on) for lesion, _ in scan.sizes))
    shown += [days.get(name, visit_on) for name in (*scan.worse, *scan.new_worse)]
    shown += [days.get(name, visit_on) for name in scan.fresh]
    return min(shown, default=max(days.values(), default=visit_on))


FAMILY = Irecist()
