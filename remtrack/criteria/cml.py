"""
Chronic myeloid leukaemia, European LeukemiaNet 2020.

[Ho] Hochhaus A et al. European LeukemiaNet 2020 recommendations for treating chronic myeloid leukemia. Leukemia
     2020;34:966-984. Milestone table.
[B] Baccarani M et al. European LeukemiaNet recommendations for the management of CML: 2013. Blood 2013;122:872-884.
[X] Cross NCP et al. Laboratory recommendations for scoring deep molecular responses following treatment for CML.
    Leukemia 2015;29:999-1003.

The headline is the molecular level: BCR::ABL1 in per cent on the International Scale, with enough control copies in
the sample. Beside it stand the milestone since the start of treatment, the haematologic and the cytogenetic
response. Progression to accelerated or blast phase is entered as the event `progression`, never computed.

Our reading:

Not compared with the papers themselves: [Ho] and [B] by reprints and secondary tables only; of [X] the GUSB
figures and the minimum in one replicate.

A value on a limit belongs to the better side. `undetectable` and 0 are no transcripts found. The minimum of
control copies holds whether transcripts are found or not; 10 000 for MR1 and MR2 is our limit of sample quality. Below
10 000 copies nothing is rated, a high value neither. Without copies a value counts to MR3 and no deeper, and
undetectable is not evaluable: a deep response is never inferred. A value that is not on the International Scale
is entered as `bcr_abl_raw_pct`; it is shown and not rated.

Control copies are those of the sample's own day; where a visit has one sample alone, copies of another day of that
visit are its own. Of several samples of a visit the latest is rated; each counts, by its own day, for what confirms
a failure, for when a level began and was lost, and for treatment-free remission.

Milestones are looked at on days 91 and 182 after the start, 30 days on either side (`milestone_window_days`), and at
any time from 30 days before the first year is over; on other days, and without the day of the start, there is
none. More than 10 % at 3 months is a failure when a sample 30 to 92 days later is also above 10 %, with none at or
below 10 % between. A resistance mutation or a high-risk additional abnormality is a failure from the day after the
start on; up to that day an abnormality or a high ELTS score is a warning, and a mutation a remark. Loss of the
haematologic or cytogenetic response is not among the milestones of [Ho].

A level needs no confirmation. MR3 and MR4 begin with the first sample that is rated so or deeper and end with the
first later rated sample above 0.1 % or 0.01 %; their days run to the last sample still at the level. Loss of MR3
is told at once, to be confirmed; with `mr3_loss_confirm` the next rated sample must agree. A bound such as <0.5 %
may be on either side of 0.1 %: it neither ends MR3 nor shows it, and is reported as not evaluable.

A stop of treatment counts as treatment-free remission when the last rated sample up to it was MR4 or deeper;
then one sample above 0.1 % ends it, until the event `treatment_restart`, after which the milestone of any time
applies. A change of drug is a new line with a new clock; a stop for it is no treatment-free remission.

MR4 or deeper counts as complete and MR3 as partial response for the month and the anniversaries, and the
anniversaries are those of a deep response that goes on. More than 2 years of MR4, and more than 3 years of it or 2
of MR4.5, are told as the papers' conditions before a planned stop; they are no advice. For people who aim at
that, [Ho] calls 0.01 % or less optimal; no MR3 after 36 months is a remark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ..episodes import DEATH, DURATION, Confirmation, Terms, find_episodes
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    MINOR,
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
from .base import COMMON_SETTINGS, Choices, Family, Rule, Setting, Table, always, whole, yes_no
from .cml_milestones import HO, MILESTONE
from .cml_steps import changes, explained
from .cml_times import complete_spans, intervals, treatment_free
from .cml_visit import (
    ANALYTES,
    BLOOD,
    CELLS,
    DEEP,
    LEVELS,
    MAJOR,
    TENTH,
    Cml,
    CmlLine,
    Level,
    Sample,
    at_level,
    haematologic,
    no_blood_count,
    no_metaphases,
    pauses,
    remarks,
    samples_of,
    share_up_to,
)
from .drawn import bound
from .results import Panel, when

ENTRY = FAMILIES["blood-cml-eln-2020"]
B = "Baccarani 2013, Table 4"
X = "Cross 2015"


CATEGORIES = (
    Category("MR5", "molecular response 5 (deep)", "deep molecular response", 1, COMPLETE),
    Category("MR4.5", "molecular response 4.5 (deep)", "deep molecular response", 2, COMPLETE),
    Category("MR4", "molecular response 4 (deep)", "deep molecular response", 3, COMPLETE),
    Category("MR3", "major molecular response", "major molecular response", 4, PARTIAL),
    Category("MR2", "molecular response 2", "some response, not yet major", 5, MINOR),
    Category("MR1", "molecular response 1", "a first response", 6, MINOR),
    Category(">10%", "more than 10 % BCR::ABL1", "no molecular response", 7, STABLE),
    Category("Progression", "accelerated or blast phase", "the disease is more active", 8, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 9, NOT_EVALUABLE),
)

SETTINGS = (
    Setting(
        "milestone_window_days", "30", whole(0, 45), "so many days before and after a milestone a sample counts for it"
    ),
    Setting("mr3_loss_confirm", "no", yes_no(), "loss of MR3 needs a second sample above 0.1 %"),
    *COMMON_SETTINGS,
)

# -------------------------------------------------------------------------------------- molecular level


def _level_rule(level: Level) -> Rule[Cml]:
    return Rule(
        f"cml.overall.{level.code.lower().replace('.', '_')}",
        level.code,
        at_level(level),
        f"{{sample_said}}: at most {level.most} % with {level.abl1} copies or more, {level.code}"
        if level.code in DEEP
        else f"{{sample_said}}: at most {level.most} %, {level.code}",
        X,
        needs="sample_needs",
    )


OVERALL: Table[Cml] = Table(
    "overall",
    "Molecular level",
    Rule(
        "cml.overall.progression",
        "Progression",
        when(
            "On or after the day of the event `progression`",
            lambda seen: seen.progression_on is not None and seen.visit.visit_on >= seen.progression_on,
        ),
        "accelerated or blast phase entered on {progression_on}: progression",
        HO,
    ),
    *(_level_rule(level) for level in LEVELS),
    Rule(
        "cml.overall.ne",
        "NE",
        when(
            "No `bcr_abl_is_pct`, or `abl1_copies` < 10000 (`gusb_copies` < 24000), or undetectable without copies",
            lambda seen: seen.value is None,
        ),
        "{gap}: the sample cannot be rated",
        X,
    ),
    Rule("cml.overall.none", ">10%", always, "{sample_said}: more than 10 %", X),
)

# ------------------------------------------------------------------- haematologic and cytogenetic response


CHR: Table[Cml] = Table(
    "chr",
    "Haematologic response",
    Rule("cml.chr.na", "NA", no_blood_count, "no blood count at this visit", B),
    Rule(
        "cml.chr.yes",
        "yes",
        haematologic,
        "{blood_said}: complete haematologic response",
        B,
        needs="blood_needs",
    ),
    Rule(
        "cml.chr.ne",
        "NE",
        when("One of the five is missing and none is out of its limit", lambda seen: haematologic(seen) is None),
        "{blood_gap}: cannot be rated",
        B,
    ),
    Rule("cml.chr.no", "no", always, "{blood_said}: no complete haematologic response", B),
)


def _cells_rule(code: str, percent: int, told: str) -> Rule[Cml]:
    return Rule(
        f"cml.cyto.{code.lower()}",
        code,
        when(
            f"`metaphases` >= 20, {f'`ph_pos` <= {percent} % of them' if percent else 'none of them `ph_pos`'}",
            lambda seen: share_up_to(seen, percent),
        ),
        f"{{cells_said}}: {told}",
        B,
        needs="cells_needs",
    )


CYTO: Table[Cml] = Table(
    "cyto",
    "Cytogenetic response",
    Rule("cml.cyto.na", "NA", no_metaphases, "no metaphases at this visit", B),
    Rule(
        "cml.cyto.more",
        "NE",
        when("More `ph_pos` than `metaphases`", lambda seen: share_up_to(seen, 100) is False),
        "{cells_said}: more positive than counted, cannot be rated",
        B,
    ),
    _cells_rule("CCyR", 0, "none positive, complete cytogenetic response"),
    _cells_rule("PCyR", 35, "at most 35 %, partial cytogenetic response"),
    _cells_rule("minor", 65, "at most 65 %, minor cytogenetic response"),
    _cells_rule("minimal", 95, "at most 95 %, minimal cytogenetic response"),
    Rule(
        "cml.cyto.ne",
        "NE",
        when("`metaphases` < 20, or not both numbers", lambda seen: share_up_to(seen, 95) is None),
        "{cells_said}: fewer than 20 metaphases or not both numbers, cannot be rated",
        B,
    ),
    Rule("cml.cyto.none", "none", always, "{cells_said}: more than 95 %, no cytogenetic response", B),
)


# Times that the engine counts from categories; here they are counted from levels.
_OF_THE_ENGINE = ("stable_", "complete_response_")


class CmlFamily(Family):
    """CML by ELN 2020."""

    id = "blood-cml-eln-2020"
    title, word = ENTRY.title, ENTRY.word
    revision, unit, measure, scale = ENTRY.revision, ENTRY.unit, ENTRY.measure, ENTRY.scale
    source = "Hochhaus 2020, Leukemia 34:966"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    events = MappingProxyType(
        {
            "treatment_restart": "ends a stop of treatment",
            "progression": "accelerated or blast phase, from that day on",
        }
    )
    tables = (OVERALL, MILESTONE, CHR, CYTO)
    assesses_baseline = True

    def prepare(self, history: History, choices: Choices) -> CmlLine:
        baseline = history.visits[0] if history.visits else None
        panels = {visit.visit_on: Panel(visit, ANALYTES) for visit in history.visits}
        found = (sample for visit_on, panel in panels.items() for sample in samples_of(panel, visit_on))
        line = CmlLine(history, choices, baseline, panels=panels)
        line.samples = tuple(sorted(found, key=lambda sample: sample.on))
        line.rated = tuple(sample for sample in line.samples if sample.is_rated)
        line.pauses = tuple(pauses(line))
        line.progressed_on = min(
            (event.event_on for event in history.events if event.event == "progression"), default=None
        )
        if line.samples and baseline is not None and line.samples[0].visit_on == baseline.visit_on:
            line.baseline_value = line.samples[0].value.value
        return line

    def tables_for(self, basis: CmlLine) -> tuple[Table[Cml], ...]:
        """Return the tables without those of side scales that no visit of the line has anything for."""
        found = {test for panel in basis.panels.values() for test in (*BLOOD, *CELLS) if panel.last(test) is not None}
        beside = [table for table, tests in ((CHR, BLOOD), (CYTO, CELLS)) if found.intersection(tests)]
        return (OVERALL, MILESTONE, *beside)

    def begin(self, _basis: CmlLine) -> None:
        return None

    def observe(self, basis: CmlLine, _carried: None, visit: Visit) -> Cml:
        panel = basis.panels[visit.visit_on]
        sample = sample_at(basis, visit.visit_on)
        day = visit.visit_on if sample is None else sample.on
        started_on = basis.history.line.started_on
        seen = Cml(visit, line=basis, panel=panel, sample=sample)
        seen.value = sample.value if sample is not None and sample.is_rated else None
        seen.day = None if started_on is None else (day - started_on).days
        seen.pause = next((pause for pause in basis.pauses if pause.was_deep and pause.covers(day)), None)
        seen.had_major = any(earlier.level in MAJOR for earlier in basis.rated if earlier.on < day)
        seen.flags.extend(remarks(seen))
        seen.extra.update(bound(None if sample is None else sample.value))
        return seen

    def carry(self, _basis: CmlLine, _carried: None, _seen: Cml) -> None:
        return None

    def answer(self, basis: CmlLine, seen: Cml) -> Assessment:
        for part in ("milestone", "chr", "cyto"):
            finding = seen.findings.get(part)
            if finding is not None and finding.category != "NA":
                seen.extra[part] = finding.category
        return super().answer(basis, seen)

    def dated_on(self, basis: CmlLine, seen: Cml) -> date:
        """Return the day of the sample; a progression is of the day it was entered for."""
        if seen.gave("overall") == "Progression" and basis.progressed_on is not None:
            return basis.progressed_on
        return seen.visit.visit_on if seen.sample is None else seen.sample.on

    def terms(self, basis: CmlLine) -> Terms:
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=False),
            evidence=DURATION,
            lasting_rule=basis.choices.values["lasting_rule"],
            responses=RESPONSE_KINDS,
            losses=frozenset({MINOR, STABLE}),
        )

    def report(self, basis: CmlLine, _terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """
        Return the visits as they are, but for those in a response that may or may not be its loss.

        A bound that may be on either side of 0.1 % neither ends MR3 nor shows it. With `mr3_loss_confirm` MR3 is
        reported until the next rated visit shows its loss, too.
        """
        rated = [visit for visit in visits if visit.kind != NOT_EVALUABLE]
        after = dict(zip([visit.visit_on for visit in rated], rated[1:], strict=False))
        reported = []
        is_held = False
        for visit in visits:
            code = visit.overall
            if visit.kind in RESPONSE_KINDS:
                is_held = True
            elif is_held and visit.kind in (MINOR, STABLE):
                following = after.get(visit.visit_on)
                if not is_lost(basis, visit):
                    code = "NE"
                elif basis.choices.values["mr3_loss_confirm"] and not (following and is_lost(basis, following)):
                    code = "MR3"
                else:
                    is_held = False
            same = code == visit.overall
            reported.append(visit if same else visit._replace(reported=code, reported_kind=self.by_code[code].kind))
        return reported

    def limits(self, basis: CmlLine, _carried: None) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        last = basis.rated[-1] if basis.rated else None
        if last is None:
            return None, (("mr3_to_pct", TENTH),)
        lowest_on = min((sample for sample in basis.rated), key=lambda sample: sample.value.most).on
        found = [("mr3_lost_above_pct", TENTH)] if last.level in MAJOR else []
        deeper = last.next_level
        if deeper is not None:
            found.append(mark_of(deeper))
        return lowest_on, tuple(found)

    def conclude(self, basis: CmlLine, _carried: None, course: Course) -> Course:
        """
        Return the course with the times of each level, of the side scales and of treatment-free remission.

        A response (MR3 or deeper) is held until its loss, progression or death, else to the last sample with it.
        """
        extra = {name: told for name, told in course.extra.items() if not name.startswith(_OF_THE_ENGINE)}
        extra.update(intervals(basis))
        for name, part, category in (("chr_start", "chr", "yes"), ("ccyr_start", "cyto", "CCyR")):
            found = next((visit for visit in course.assessments if visit.extra.get(part) == category), None)
            if found is not None:
                extra[name] = found.dated_on.isoformat()
        extra.update(treatment_free(basis))
        extra["marks"] = tuple(mark_of(level) for level in LEVELS)
        course = replace(course, extra=extra)
        if basis.progressed_on is not None and course.progression_on is None:
            course = self._progressed_unseen(basis, course, basis.progressed_on)
        if not course.episodes:
            return course
        extra["complete_spans"] = complete_spans(basis, course.episodes)
        first = course.episodes[0]
        return replace(course, dor_days=first.days, dor_censored=first.ended_on is None)

    def _progressed_unseen(self, basis: CmlLine, course: Course, progressed_on: date) -> Course:
        """Return the course with a progression that was entered for a day after the last visit."""
        closed_on = basis.history.new_therapy_on
        died_on = next((event.event_on for event in basis.history.events if event.event == DEATH), None)
        if (closed_on is not None and closed_on < progressed_on) or (died_on is not None and died_on < progressed_on):
            return replace(course, progression_on=progressed_on)
        episodes = tuple(
            replace(episode, ended_by="Progression") if episode.ended_on == progressed_on else episode
            for episode in find_episodes(
                course.assessments, self.terms(basis), died_on=progressed_on, new_therapy_on=closed_on
            )
        )
        days = (progressed_on - (basis.start_on or progressed_on)).days
        return replace(
            course, episodes=episodes, progression_on=progressed_on, pfs_days=max(days, 0), pfs_censored=False
        )

    def steps(self, _basis: CmlLine, _carried: None, seen: Cml) -> tuple[Step, ...]:
        return tuple(explained(seen))

    def would_change(self, _basis: CmlLine, _carried: None, seen: Cml) -> tuple[str, ...]:
        return tuple(changes(seen))

    def check_baseline(self, basis: CmlLine) -> tuple[Problem, ...]:
        who = f"{basis.history.patient_id}, line {basis.history.line.number}"
        found = [
            Problem("warning", f"{who}: {told}", rule="not-read")
            for panel in basis.panels.values()
            for told in panel.troubles
        ]
        if basis.history.line.started_on is None:
            found.append(
                Problem(
                    "warning",
                    f"{who}: the start of treatment is not known",
                    "milestones count from it (Hochhaus 2020)",
                    rule="no-start",
                )
            )
        return tuple(found)


def sample_at(line: CmlLine, visit_on: date) -> Sample | None:
    """Return the latest molecular sample of a visit, None when it has none."""
    return next((sample for sample in reversed(line.samples) if sample.visit_on == visit_on), None)


def is_lost(line: CmlLine, visit: Assessment) -> bool:
    """Say whether a visit surely shows more than 0.1 %."""
    sample = sample_at(line, visit.visit_on)
    return sample is not None and sample.value.above(TENTH) is True


def mark_of(level: Level) -> tuple[str, Decimal]:
    """Return the threshold of a level as `limits` names it: mr4_5_to_pct."""
    return f"{level.code.lower().replace('.', '_')}_to_pct", level.most


FAMILY = CmlFamily()
