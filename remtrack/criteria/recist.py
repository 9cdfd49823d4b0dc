"""
RECIST 1.1, for solid tumours.

[E] Eisenhauer EA et al. New response evaluation criteria in solid tumours: revised RECIST guideline
    (version 1.1). Eur J Cancer 2009;45:228-247.
[F] RECIST Working Group, questions and clarifications, recist.eortc.org.
[L] Schwartz LH et al. Evaluation of lymph nodes with RECIST 1.1. Eur J Cancer 2009;45:261-267.

Size is the longest diameter, of a node the short axis. The sum of the target lesions is compared with the
baseline (shrinkage) and with the smallest sum so far, the nadir (growth). That a non-target lesion is
unequivocally worse and that a new lesion is unequivocal are judgements of a reader: entered, never computed.

Our reading, where the paper is silent or can be read in two ways (a setting changes what is marked *):

Sums
- Nodes count their short axis even under 10 mm; a node that is only given a longest diameter has no size.
- `too_small` counts 5 mm, unless a size was measured all the same: that counts, even under 5 mm.
- A target without a row at a visit was not assessed; nothing is carried forward, a lesion that merged
  earlier included. A target without a size at the baseline: PR and SD cannot be said, CR can, and PD
  against a later sum that is complete.
- From a nadir of 0 the absolute test (5 mm *) decides growth alone.
- Nodes that all are under 10 mm are CR even where their sum has grown by 20 % and 5 mm.
- Fragments are added up, also to what is left under the first name, and also those of a node. What
  merged counts once; the mass may have a name of its own. From local treatment on a target is missing.
Overall
- No disease at the baseline: NED, and PD (recurrence) at the first unequivocal new lesion.
- After an overall CR a non-target node that is present again is read as absent, and a marker above
  normal makes no PD; both are flagged. A single target node back at 10 to under 15 mm is PD with a flag *;
  with `wait_one_visit` it is PD once the look before or after agrees, from the first of the two (or when
  the sum itself has grown enough).
- A new lesion entered with a size is unequivocal; a node under 10 mm is not a new lesion. An unclear
  lesion that is proven later counts from its first sighting, but not from one that was disproved.
- A reading of a new lesion at the baseline is not counted.
Time
- A response is confirmed by a second visit 28 days later *, with at most one NE * and no SD * between.
- SD after a confirmed PR is reported as PR until PD *. After the first PD visits are literal.
- SD counts as best response from day 42 * after the start of treatment (the baseline where none is given);
  an unconfirmed response counts like SD, without targets like Non-CR/Non-PD.
- Several scan days: PD is dated by the scan that showed it, anything else by the last scan *. A scan dated
  before the visit before or after the next one counts as of the visit, and is flagged.
- A new therapy closes a line: what comes after does not count for best response, responses and
  durations, which are censored at the last visit that could be judged. A scan of that same day counts.
  The date of progression stays the first PD of the line. Two or more NE visits right before an event may
  censor it *.
- Local therapy, a change of method and clinical progression change no category; the first two are flagged
  or named.

Section numbers of [E] were not compared with the paper again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from ..episodes import Confirmation, Persistence, Terms
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    NO_DISEASE,
    NOT_EVALUABLE,
    PARTIAL,
    PROGRESSION,
    STABLE,
    Category,
    Problem,
    Step,
)
from . import FAMILIES
from .base import (
    COMMON_SETTINGS,
    Choices,
    Family,
    Input,
    Rule,
    Setting,
    Table,
    always,
    choice,
    off_or_whole,
    quantity,
    whole,
    yes_no,
)
from .baselines import unusual_baseline
from .lesions import read_targets
from .sums import (
    Carried,
    Line,
    Scan,
    carried_after,
    carried_from_baseline,
    changes,
    is_disease,
    observe_return,
    observe_scan,
    part_steps,
    prepare_line,
    rows_of,
    scan_days,
    sum_step,
    sum_steps,
)

E = "Eisenhauer 2009, "
F = "RECIST Working Group, questions and clarifications, "

CATEGORIES: tuple[Category, ...] = (
    Category("CR", "complete response", "no sign of the cancer on this check", 1, COMPLETE),
    Category("PR", "partial response", "clearly smaller", 2, PARTIAL),
    Category("SD", "stable disease", "stable", 3, STABLE),
    Category("Non-CR/Non-PD", "non-CR/non-PD", "still seen, not clearly worse", 4, STABLE),
    Category("NED", "no evidence of disease", "no evidence of disease on tests", 5, NO_DISEASE),
    Category("PD", "progressive disease", "growth, or a new area", 6, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 7, NOT_EVALUABLE),
)

SETTINGS: tuple[Setting, ...] = (
    Setting("confirm_required", "yes", yes_no(), "a response must be confirmed by a second visit"),
    Setting("confirm_days", "28", whole(1), "the second visit is at least so many days later"),
    Setting("max_ne_between", "1", whole(), "so many visits between the two may be not evaluable"),
    Setting("accept_sd_between", "0", whole(), "so many visits between two PR visits may be SD"),
    Setting(
        "pr_persistence",
        "after_confirmation",
        choice("after_confirmation", "off"),
        "SD after a confirmed response is reported as PR until PD, or not",
    ),
    Setting("min_sd_days", "42", whole(), "SD counts as best response from so many days after the start of treatment"),
    Setting("min_abs_increase_mm", "5", quantity(), "growth of the sum under so many mm is never PD"),
    Setting(
        "node_reappearance_after_cr",
        "pd_with_review_flag",
        choice("pd_with_review_flag", "wait_one_visit"),
        "a single small target node back after CR: PD with a remark, or only when the next look agrees",
    ),
    Setting(
        "visit_date_rule",
        "split",
        choice("split", "earliest"),
        "with scans on several days: PD on the day that showed it and the rest on the last, or all on the first",
    ),
    Setting("censor_after_missed", "off", off_or_whole(), "an event right after so many NE visits is not counted"),
    *COMMON_SETTINGS,
)

INPUTS: tuple[Input, ...] = (
    Input("longest_mm", "mm", "longest diameter of a target lesion"),
    Input("short_mm", "mm", "short axis of a target node"),
    Input(
        "state", "", "gone, too small, not assessed; of a non-target present, absent, worse; of a new lesion how sure"
    ),
)


def grown(scan: Scan, total: Decimal) -> bool:
    """
    Say whether a sum is progression: at least 20 % and at least 5 mm over the smallest sum on study.

    From a smallest sum of 0 the absolute test decides alone.
    """
    lowest = scan.carried.nadir_mm
    if lowest is None:
        return False
    return (
        total > lowest
        and total - lowest >= scan.line.choices.values["min_abs_increase_mm"]
        and total * 10 >= lowest * 12
    )


def no_targets(scan: Scan) -> bool:
    """The line has no target lesion."""
    return not scan.line.roster.targets


def grown_without_the_missing(scan: Scan) -> bool | None:
    """A target is missing, and the sum of the others alone is >= 20 % and >= 5 mm over the lowest sum before."""
    return bool(scan.missing) and (grown(scan, scan.part_sum_mm) or None)


def all_targets_gone(scan: Scan) -> bool | None:
    """Every non-nodal target is absent (or merged into another) and every nodal target is < 10 mm."""
    for lesion, size in scan.sizes:
        if is_disease(lesion, size):
            return False
    return None if scan.missing else True


def grown_over_nadir(scan: Scan) -> bool | None:
    """The sum is >= 20 % and >= 5 mm (`min_abs_increase_mm`) over the lowest sum before; over 0 the 5 mm decide."""
    if scan.sum_mm is None or scan.carried.nadir_mm is None:
        return None
    return grown(scan, scan.sum_mm)


def shrunk_by_30_pct(scan: Scan) -> bool | None:
    """The sum is <= 70 % of the baseline sum."""
    if scan.sum_mm is None or scan.line.baseline_value is None:
        return None
    return scan.sum_mm * 10 <= scan.line.baseline_value * 7


def sum_is_known(scan: Scan) -> bool | None:
    """The sum and the baseline sum are known."""
    return None if scan.sum_mm is None or scan.line.baseline_value is None else True


# PD stands before PR: a tumour can be half its first size and have grown since it was smallest. CR stands
# before PD: nodes under 10 mm are of normal size, whatever their growth in per cent.
TARGET: Table[Scan] = Table(
    "target",
    "Target lesions",
    Rule("recist.target.na", "NA", no_targets, "no target lesion in this line", E + "§4.3.1"),
    Rule(
        "recist.target.pd_incomplete",
        "PD",
        grown_without_the_missing,
        "{target_gap}; the others alone, {part_sum_mm} mm, are {growth} over the lowest sum {nadir_sum_mm} mm "
        "on {nadir_on}: progression",
        E + "§4.4.2",
        needs="target_needs",
    ),
    Rule(
        "recist.target.cr",
        "CR",
        all_targets_gone,
        "every target lesion is absent and every target node is under 10 mm (sum {sum_mm} mm): complete response",
        E + "§4.3.1",
        needs="target_needs",
    ),
    Rule(
        "recist.target.pd",
        "PD",
        grown_over_nadir,
        "sum {sum_mm} mm is {growth} over the lowest sum {nadir_sum_mm} mm on {nadir_on}: progression",
        E + "§4.3.1",
        needs="target_needs",
    ),
    Rule(
        "recist.target.pr",
        "PR",
        shrunk_by_30_pct,
        "sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm: partial response",
        E + "§4.3.1",
        needs="target_needs",
    ),
    Rule(
        "recist.target.sd",
        "SD",
        sum_is_known,
        "sum {sum_mm} mm is {change_from_baseline_pct} % from the baseline {baseline_sum_mm} mm "
        "and {growth} from the lowest sum {nadir_sum_mm} mm: stable",
        E + "§4.3.1; " + F + "stable disease",
        needs="target_needs",
    ),
    Rule("recist.target.ne", "NE", always, "{target_gap}: the targets cannot be rated", E + "§4.4.2"),
)

# -------------------------------------------------------------------------- non-target lesions (§4.3.3)


def no_nontargets(scan: Scan) -> bool:
    """The line has no non-target disease."""
    return not scan.line.roster.nontargets


def any_worse(scan: Scan) -> bool:
    """Any non-target lesion is unequivocally worse, as a reader judged."""
    return bool(scan.worse)


def all_absent(scan: Scan) -> bool | None:
    """Every non-target lesion is absent, nodes < 10 mm, tracked markers normal."""
    return False if scan.present else (None if scan.unknown else True)


def all_assessed(scan: Scan) -> bool | None:
    """Every non-target lesion was assessed."""
    return None if scan.unknown else True


NONTARGET: Table[Scan] = Table(
    "nontarget",
    "Non-target lesions",
    Rule("recist.nontarget.na", "NA", no_nontargets, "no non-target lesion in this line", E + "§4.3.3"),
    Rule(
        "recist.nontarget.pd",
        "PD",
        any_worse,
        "non-target {worse_ids} unequivocally worse: progression",
        E + "§4.3.4",
    ),
    Rule(
        "recist.nontarget.cr",
        "CR",
        all_absent,
        "non-target lesions absent, nodes under 10 mm, markers normal",
        E + "§4.3.3",
        needs="unknown",
    ),
    Rule(
        "recist.nontarget.non_cr_non_pd",
        "Non-CR/Non-PD",
        all_assessed,
        "non-target lesions still present, none unequivocally worse",
        E + "§4.3.3",
        needs="unknown",
    ),
    Rule("recist.nontarget.ne", "NE", always, "{nontarget_gap}: the non-target lesions cannot be rated", E + "§4.3.3"),
)

# --------------------------------------------------------------------------------- new lesions (§4.3.5)


def proven_by_now(scan: Scan) -> bool:
    """A new lesion is unequivocal now or was before."""
    return bool(scan.sightings) and scan.proven_on <= scan.visit.visit_on


def proven_later(scan: Scan) -> bool:
    """A new lesion seen by now, and unclear then, was unequivocal at a later visit."""
    return bool(scan.sightings)


NEW_LESION: Table[Scan] = Table(
    "new_lesion",
    "New lesions",
    Rule(
        "recist.new.unequivocal",
        "yes",
        proven_by_now,
        "new lesion {new_ids}: progression",
        E + "§4.3.5",
    ),
    Rule(
        "recist.new.proven_later",
        "yes",
        proven_later,
        "new lesion {new_ids}, unclear then and proven on {proven_on}: progression from its first sighting",
        E + "§4.3.5",
    ),
    Rule("recist.new.none", "no", always, "no new lesion", E + "§4.3.5"),
)

# -------------------------------------------------------------------------------------- overall (§4.4)


_PART_NAMES = {"target": "Target response", "nontarget": "Non-target response", "new_lesion": "New lesion:"}
Condition: TypeAlias = Callable[[Scan], bool | None]


def gave(part: str, *categories: str) -> Condition:
    """Return the condition that the table of that part gave one of these categories."""

    def condition(scan: Scan) -> bool:
        return scan.findings[part].category in categories

    condition.__doc__ = f"{_PART_NAMES[part]} {' or '.join(categories)}."
    return condition


def complete(scan: Scan) -> bool | None:
    """Targets CR, and non-targets CR or none; cannot be said while a non-target was not assessed."""
    if scan.findings["target"].category not in ("CR", "NA"):
        return False
    beside = scan.findings["nontarget"].category
    return None if beside == "NE" else beside in ("CR", "NA")


def seen_again(scan: Scan) -> bool:
    """After an overall CR a target or a non-nodal non-target lesion is seen again (a nodal target from 10 mm)."""
    return bool(scan.returned)


# After an overall CR the return of a lesion is PD whatever the sum says; PD in any part is PD overall.
PROGRESSION_RULES: tuple[Rule[Scan], ...] = (
    Rule(
        "recist.overall.pd_reappearance",
        "PD",
        seen_again,
        "{returned_ids} seen again after the complete response of {complete_on}: progression",
        E + "Table 3; " + F + "new lesions",
    ),
    Rule("recist.overall.pd_target", "PD", gave("target", "PD"), "{target_because}", E + "Table 1"),
    Rule("recist.overall.pd_nontarget", "PD", gave("nontarget", "PD"), "{nontarget_because}", E + "Tables 1 and 2"),
    Rule("recist.overall.pd_new", "PD", gave("new_lesion", "yes"), "{new_lesion_because}", E + "Tables 1 and 2"),
)

_BOTH = "{target_because}; {nontarget_because}; no new lesion"
_BESIDE = "{nontarget_because}; no new lesion"

OVERALL_TARGET: Table[Scan] = Table(
    "overall",
    "Overall, with target disease at the baseline (Table 1)",
    *PROGRESSION_RULES,
    Rule("recist.overall.cr", "CR", complete, _BOTH, E + "Table 1", needs="unknown"),
    Rule("recist.overall.pr_target_cr", "PR", gave("target", "CR"), _BOTH + ": partial response", E + "Table 1"),
    Rule("recist.overall.pr", "PR", gave("target", "PR"), _BOTH, E + "Table 1"),
    Rule("recist.overall.sd", "SD", gave("target", "SD"), _BOTH, E + "Table 1"),
    Rule("recist.overall.ne", "NE", always, _BOTH, E + "Table 1"),
)

OVERALL_NONTARGET: Table[Scan] = Table(
    "overall",
    "Overall, with non-target disease only (Table 2)",
    *PROGRESSION_RULES,
    Rule("recist.overall.cr_nontarget", "CR", complete, _BESIDE, E + "Table 2", needs="unknown"),
    Rule("recist.overall.non_cr_non_pd", "Non-CR/Non-PD", gave("nontarget", "Non-CR/Non-PD"), _BESIDE, E + "Table 2"),
    Rule("recist.overall.ne_nontarget", "NE", always, _BESIDE, E + "Table 2"),
)

OVERALL_NONE: Table[Scan] = Table(
    "overall",
    "Overall, without disease at the baseline",
    Rule(
        "recist.overall.recurrence",
        "PD",
        gave("new_lesion", "yes"),
        "{new_lesion_because} (recurrence: there was no disease at the baseline)",
        E + "§4.3.5",
    ),
    Rule(
        "recist.overall.ned",
        "NED",
        always,
        "no disease at the baseline, no new lesion",
        "our reading: not in the paper",
    ),
)

PARTS = (TARGET, NONTARGET, NEW_LESION)


class Recist(Family):
    """RECIST 1.1."""

    id = "recist-1.1"
    title = FAMILIES["recist-1.1"].title
    word = FAMILIES["recist-1.1"].word
    revision = FAMILIES["recist-1.1"].revision
    unit = FAMILIES["recist-1.1"].unit
    measure = FAMILIES["recist-1.1"].measure
    source = "Eisenhauer 2009, Eur J Cancer 45:228"
    categories = CATEGORIES
    settings = SETTINGS
    inputs = INPUTS
    tables = (*PARTS, OVERALL_TARGET, OVERALL_NONTARGET, OVERALL_NONE)

    _with_targets = (*PARTS, OVERALL_TARGET)
    _with_nontargets = (*PARTS, OVERALL_NONTARGET)
    _without_disease = (*PARTS, OVERALL_NONE)

    def prepare(self, history: History, choices: Choices) -> Line:
        return prepare_line(history, choices)

    def begin(self, basis: Line) -> Carried:
        return carried_from_baseline(basis)

    def tables_for(self, basis: Line) -> tuple[Table[Scan], ...]:
        if basis.roster.targets:
            return self._with_targets
        return self._with_nontargets if basis.roster.nontargets else self._without_disease

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Scan:
        scan = observe_scan(basis, carried, visit)
        if carried.complete_on is not None:
            observe_return(scan, wait=basis.choices.values["node_reappearance_after_cr"] == "wait_one_visit")
        return scan

    def carry(self, basis: Line, carried: Carried, seen: Scan) -> Carried:  # noqa: ARG002
        return carried_after(carried, seen, complete=seen.findings["overall"].category == "CR")

    def dated_on(self, basis: Line, seen: Scan) -> date:
        return shown_on(seen) if basis.has_scan_days else seen.visit.visit_on

    def terms(self, basis: Line) -> Terms:
        choices = basis.choices.values
        has_targets = bool(basis.roster.targets)  # without them there is no PR and no SD
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(
                choices["confirm_required"],
                choices["confirm_days"],
                choices["max_ne_between"],
                choices["accept_sd_between"] if has_targets else 0,
            ),
            persistence=SD_AS_PR if choices["pr_persistence"] == "after_confirmation" else LITERAL,
            lasting_rule=choices["lasting_rule"],
            unconfirmed_as="SD" if has_targets else "Non-CR/Non-PD",
            min_stable_days=choices["min_sd_days"],
            missed_censors=choices["censor_after_missed"],
        )

    def limits(self, basis: Line, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        limits: list[tuple[str, Decimal]] = []
        if carried.complete_on is None:  # after CR whatever is seen again is PD, and no sum decides
            if basis.baseline_value is not None:
                limits.append(("partial_to_mm", partial_to(basis.baseline_value)))
            if carried.nadir_mm is not None:
                limits.append(("progression_from_mm", progression_from(basis, carried.nadir_mm)))
        if carried.nadir_mm is not None:
            limits.append(("nadir_mm", carried.nadir_mm))
        return carried.nadir_on, tuple(limits)

    def steps(self, basis: Line, carried: Carried, seen: Scan) -> tuple[Step, ...]:  # noqa: ARG002
        return (*sum_steps(seen, least_growth(basis)), *part_steps(seen))

    def baseline_steps(self, basis: Line) -> tuple[Step, ...]:
        if basis.baseline is None or not basis.roster.targets:
            return (Step("Target lesions", "none in this line", "sum", "NA"),)
        sizes, missing = read_targets(basis.roster, rows_of(basis.baseline), basis.baseline.visit_on)
        return (sum_step(sizes, tuple(missing), basis.baseline_value),)

    def would_change(self, basis: Line, carried: Carried, seen: Scan) -> tuple[str, ...]:  # noqa: ARG002
        lowest, baseline = seen.nadir_sum_mm, seen.baseline_sum_mm
        return tuple(
            changes(
                seen,
                None if baseline is None else partial_to(baseline),
                None if lowest is None else progression_from(basis, lowest),
            )
        )

    def check_baseline(self, basis: Line) -> tuple[Problem, ...]:
        return tuple(unusual_baseline(basis.history, basis.roster))


SD_AS_PR = Persistence("confirmed", frozenset({"SD"}), "PR")
LITERAL = Persistence()


def least_growth(line: Line) -> Decimal:
    """Return by how many mm a sum must have grown for PD."""
    least: Decimal = line.choices.values["min_abs_increase_mm"]
    return least


def partial_to(baseline_mm: Decimal) -> Decimal:
    """Return the largest sum that is PR."""
    return baseline_mm * 7 / 10


def progression_from(line: Line, lowest_mm: Decimal) -> Decimal:
    """Return the smallest sum that is PD."""
    return max(lowest_mm * 12 / 10, lowest_mm + least_growth(line))


def shown_on(scan: Scan) -> date:
    """
    Return the day a visit is dated to when scans fell on several days.

    Progression is dated by the scan that showed it (of a sum: by the last one), all else by the last scan; with
    `earliest` everything by the first. Near to this is FDA 2018, appendix on dates of progression.
    """
    days, visit_on = scan_days(scan), scan.visit.visit_on
    if scan.line.choices.values["visit_date_rule"] == "earliest":
        return min(days.values(), default=visit_on)
    if scan.findings["overall"].category != "PD":
        return max(days.values(), default=visit_on)
    shown = [days.get(lesion.lesion_id, visit_on) for lesion in scan.returned]
    if scan.findings["target"].category == "PD":
        shown.append(max(days.get(lesion.lesion_id, visit_on) for lesion, _ in scan.sizes))
    shown += [days.get(name, visit_on) for name in scan.worse]
    shown += [days.get(found.lesion_id, visit_on) for found in scan.sightings]
    return min(shown)


FAMILY = Recist()
