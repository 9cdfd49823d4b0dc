"""
IMWG 2016, for multiple myeloma.

[K]  Kumar S, Paiva B, Anderson KC et al. International Myeloma Working Group consensus criteria for response and
     minimal residual disease assessment in multiple myeloma. Lancet Oncol 2016;17:e328-e346. Response table.
[Du] Durie BGM, Harousseau JL, Miguel JS et al. Leukemia 2006;20:1467-1473. Table 5.
[Ra] Rajkumar SV, Harousseau JL, Durie B et al. Blood 2011;117:4691-4695. Table 1.

Every item that is measurable at the baseline gives a level against the baseline, and the lowest of them is the
level of the visit. Growth is measured against the lowest confirmed value. A category counts as proven when two
consecutive assessments show it, at any interval.

Our reading, where the papers are silent or can be read in two ways (a setting changes what is marked *):

What is measurable
- Serum M-protein from 1 g/dL, urine from 200 mg/24h; light chains (involved from 100 mg/L, abnormal ratio) only
  where both are not; marrow plasma cells only where light chains are not either.
- Serum not entered at the baseline: nothing can be said but progression. Urine never collected is taken as not
  measurable, and then PR is the most that can be reached. An uninvolved chain entered as 0 leaves the ratio
  unknown, but over an involved one from 100 mg/L it is abnormal.
- Which chain is involved may be entered at any visit. Not entered: the ratio is normal only if it is so either
  way round; where the two differ it counts as abnormal, is flagged and is named under what could not be decided.
Levels
- An item measurable at the baseline and missing at a visit: NE, unless the rest proves progression. ([K] as
  quoted elsewhere takes the next lower level; that would be a guess.) A better level that needs a result which is
  missing, or of which only a bound is known, is named and not given.
- VGPR and better need results of serum and urine by electrophoresis, whatever was measurable.
- CR by immunofixation is held to the amounts of VGPR: a negative immunofixation beside an M-protein that was
  measured is a contradiction, and is flagged. For light chains alone the normal ratio takes that place.
- Negative immunofixation without a marrow at this visit is VGPR, unless an earlier one of the line, after the
  baseline, was under 5 %. Marrow, clonality and plasmacytomas count until a newer result of the line; an old result
  that stands in the way of a better level is named, and the marrow of the baseline itself never shows CR or sCR. A
  plasmacytoma that was never recorded is taken as none.
- A faint band (0.2 g/dL or less) that immunofixation shows under an antibody such as daratumumab may be that antibody:
  it counts as it was entered, and is flagged for review.
- Light-chain VGPR is more than 90 % down (exactly 90 % is PR); light chains alone have no MR, the marrow alone
  neither MR nor VGPR. Serum down by half with urine down by 50-89 % and not under 200 mg/24h is MR.
- Plasmacytomas have to shrink by half for VGPR, PR and MR; for VGPR 90 % may be asked for *.
Progression
- The reference of an item * is the lowest of the baseline and of each earlier visit whose level, taken without
  the test for progression, is kept or bettered at the next visit that has one. Serum and urine count whatever
  was measurable at the baseline; a rise from 0 counts as 25 %.
- The 25 % of [K] stand above all its items, so the marrow too has to rise by 25 % and 10 percentage points.
- Plasmacytomas: 50 % over the smallest sum of products, unless it is of a single lesion; then, or besides, 50 %
  over the smallest longest diameter. How many they are may be left out: then it is read as several. One that is
  recorded for the first time after the baseline may be new or not: NE.
- Lesions and marrow prove progression at once; what is measured in blood and urine must be repeated at the next
  evaluable visit before a new therapy (any item, against the same references), or be followed by a death whose
  detail says myeloma or progression. Until then the last confirmed level is reported.
- Positive immunofixation alone after CR is no progression, but relapse from CR (shown beside, for disease-free
  time only), as are 5 % of plasma cells in the marrow, a lesion, and calcium above 11 mg/dL. Clinical relapse is
  shown beside too; where its cause is a judgement (calcium, haemoglobin, creatinine, viscosity) it says "review".
Time
- A visit confirms the lower of its own level and that of the next evaluable visit before a new therapy; followed
  by progression, or by nothing, it confirms SD. The reported level is the highest confirmed so far, so the
  response begins at the first visit that confirms PR. The month is counted besides, as in any family.
- Residual disease is shown beside the category: negative at 1 in 100,000 or better, in marrow and imaging, and
  sustained from one year apart. [K] speaks of it in CR only: outside CR it is flagged.

Not compared with [K] itself: its footnotes (the dating of a response to the first of two visits, results of serum
and urine for VGPR, immunofixation after CR), growth of circulating plasma cells, and the rows of clinical relapse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from ..episodes import CONFIRM, DEATH, Confirmation, Terms, before_therapy, days_until, follow_up
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    MINOR,
    NOT_EVALUABLE,
    PARTIAL,
    PROGRESSION,
    STABLE,
    Assessment,
    Category,
    Course,
    Episode,
    Problem,
    Step,
)
from . import FAMILIES
from .base import COMMON_SETTINGS, Choices, Family, Rule, Setting, Table, always, choice
from .drawn import bound
from .mprotein import (
    ANALYTES,
    LEVELS,
    Answer,
    Carried,
    Line,
    Pending,
    Suspect,
    begin_line,
    lowered,
    prepare_line,
    smaller,
)
from .myeloma_drawn import levels_drawn
from .myeloma_observe import observe_sample
from .myeloma_pairs import LESIONS, PROVEN_AT_ONCE, confirmed_levels, proves_progression, repeats_progression
from .myeloma_steps import baseline_remarks, baseline_steps, changes, limits_of, sample_steps
from .myeloma_visit import (
    Check,
    Sample,
    blood_of_cr,
    checks_of_cr,
    checks_of_mr,
    checks_of_pr,
    checks_of_scr,
    checks_of_vgpr,
    marrow_of_cr,
    shrunk,
    vgpr_share,
    weigh,
)
from .results import ZERO, Amount, highest, when

K = "Kumar 2016, response table"
DU = "Durie 2006, Table 5"
RELAPSE = "Kumar 2016, clinical relapse"
OURS = "our reading of Kumar 2016"

CATEGORIES = (
    Category("sCR", "stringent complete response", "no sign of the myeloma on any test of this check", 1, COMPLETE),
    Category("CR", "complete response", "no sign of the myeloma in blood, urine and marrow on this check", 2, COMPLETE),
    Category("VGPR", "very good partial response", "very much less myeloma protein", 3, PARTIAL),
    Category("PR", "partial response", "clearly less myeloma protein", 4, PARTIAL),
    Category("MR", "minimal response", "somewhat less myeloma protein", 5, MINOR),
    Category("SD", "stable disease", "no clear change", 6, STABLE),
    Category("PD", "progressive disease", "the myeloma is more active", 7, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 8, NOT_EVALUABLE),
)

SETTINGS = (
    Setting(
        "mm_pd_reference",
        "lowest_confirmed",
        choice("lowest_confirmed", "lowest"),
        "growth is measured from the lowest value that the next visit confirmed, or from the lowest at all",
    ),
    Setting(
        "vgpr_plasmacytoma", "50", choice("50", "90"), "by how many per cent plasmacytomas have to shrink for VGPR"
    ),
    *COMMON_SETTINGS,
)

Condition: TypeAlias = Callable[[Sample], Answer]

# ----------------------------------------------------------------------------- level against the baseline


def reaches(words: str, checks: Callable[[Sample], Iterable[Check]]) -> Condition:
    """Return the condition, with its words, that a level is reached; nothing can be said while an item is missing."""
    return when(words, lambda sample: None if sample.missing else weigh(checks(sample)))


def reaches_complete(words: str, checks: Callable[[Sample], Iterable[Check]]) -> Condition:
    """Return the same for CR and sCR, which a positive immunofixation rules out before anything else is asked."""
    return when(words, lambda sample: None if sample.missing else not is_fixed(sample) and weigh(checks(sample)))


def is_fixed(sample: Sample) -> bool:
    """Say whether immunofixation shows the M-protein."""
    return sample.values.sife == "pos" or sample.values.uife == "pos"


def lacks_only_the_marrow(sample: Sample) -> bool:
    """`serum_m`, `urine_m`, `sife` and `uife` as for CR (light chains alone: the ratio too), but no `bmpc_pct`."""
    if is_fixed(sample) or sample.missing or sample.line.is_marrow_only or marrow_of_cr(sample)[0] is not None:
        return False
    return bool(weigh(blood_of_cr(sample)) and shrunk(sample, vgpr_share(sample))[0])


def shows_nothing_on_electrophoresis(sample: Sample) -> bool:
    """`serum_m` 0 and `urine_m` 0, one of them measurable at the baseline; `plasmacytoma` down by half."""
    values, line = sample.values, sample.line
    if sample.missing or not (line.serum or line.urine) or values.serum is None or values.urine is None:
        return False
    nothing = values.serum.at_most(ZERO) and values.urine.at_most(ZERO)
    return bool(nothing and shrunk(sample, vgpr_share(sample))[0])


LEVEL: Table[Sample] = Table(
    "level",
    "Level of response against the baseline: the lowest of the items that were measurable there",
    Rule(
        "myeloma.level.scr",
        "sCR",
        reaches_complete(
            "As CR, and kappa/lambda (`iflc`, `uflc`, `flc_involved`) from 0.26 to 1.65, and `clonal_pc` no",
            checks_of_scr,
        ),
        "{against_baseline}; immunofixation negative in serum and urine, {marrow_said} and not clonal, "
        "normal light-chain ratio: stringent complete response",
        K,
        needs="scr_needs",
    ),
    Rule(
        "myeloma.level.cr",
        "CR",
        reaches_complete(
            "`sife` and `uife` neg, `bmpc_pct` under 5 since the baseline, `plasmacytoma` none, amounts as for VGPR; "
            "light chains alone: kappa/lambda from 0.26 to 1.65 in place of the amounts",
            checks_of_cr,
        ),
        "{against_baseline}; immunofixation negative in serum and urine, {marrow_said} (under 5 %), no plasmacytoma: "
        "complete response",
        K,
        needs="cr_needs",
    ),
    Rule(
        "myeloma.level.vgpr_no_marrow",
        "VGPR",
        lacks_only_the_marrow,
        "{against_baseline}; immunofixation negative in serum and urine, but no marrow shows under 5 % yet: "
        "very good partial response",
        OURS,
    ),
    Rule(
        "myeloma.level.vgpr_electrophoresis",
        "VGPR",
        shows_nothing_on_electrophoresis,
        "{against_baseline}; nothing on electrophoresis in serum and urine{plasmacytoma_said}: "
        "very good partial response",
        K,
    ),
    Rule(
        "myeloma.level.vgpr",
        "VGPR",
        reaches(
            "`serum_m` at least 90 % down and `urine_m` under 100 mg/24h (measured in urine alone: `serum_m` not above "
            "its baseline); light chains alone: `iflc` minus `uflc` more than 90 % down; `plasmacytoma` down by half",
            checks_of_vgpr,
        ),
        "{against_baseline}{urine_beside}{plasmacytoma_said}: very good partial response "
        "(serum 90 % down, urine under 100 mg/24h; light chains more than 90 % down)",
        K,
        needs="vgpr_needs",
    ),
    Rule(
        "myeloma.level.pr",
        "PR",
        reaches(
            "Each item measurable at the baseline: `serum_m` at least 50 % down; `urine_m` at least 90 % down or "
            "under 200 mg/24h; light chains alone: `iflc` minus `uflc` at least 50 % down; marrow alone: `bmpc_pct` "
            "at least 50 % down from 30 or more; `plasmacytoma` down by half",
            checks_of_pr,
        ),
        "{against_baseline}{plasmacytoma_said}: partial response (50 % down; urine 90 % down or under 200 mg/24h)",
        K,
        needs="pr_needs",
    ),
    Rule(
        "myeloma.level.mr",
        "MR",
        reaches(
            "Each item measurable at the baseline: `serum_m` at least 25 % down; `urine_m` at least 50 % down or "
            "under 200 mg/24h; `plasmacytoma` down by half",
            checks_of_mr,
        ),
        "{against_baseline}{plasmacytoma_said}: minimal response "
        "(serum 25 % down; urine 50 % down or under 200 mg/24h)",
        K,
        needs="mr_needs",
    ),
    Rule(
        "myeloma.level.sd",
        "SD",
        when("Each item measurable at the baseline was measured", lambda sample: None if sample.missing else True),
        "{against_baseline}{plasmacytoma_said}: no level of response",
        K,
        needs="sd_needs",
    ),
    Rule("myeloma.level.ne", "NE", always, "{missing_said}: no level can be given", OURS),
)

# --------------------------------------------------------------------------------------------- progression


def growth_rule(what: str, words: str, sentence: str) -> Rule[Sample]:
    def has_grown(sample: Sample) -> Answer:
        return sample.growth[what]

    return Rule(f"myeloma.pd.{what}", "yes", when(words, has_grown), sentence, K, needs="growth_needs")


def nothing_has_grown(sample: Sample) -> bool:
    """None of the rows below holds, and none is left open."""
    answers = sample.growth.values()
    return True not in answers and None not in answers


# What needs no second sample stands first, so that it decides how the visit is dated.
GROWTH: Table[Sample] = Table(
    "progression",
    "Progression, against the lowest confirmed value of each item",
    Rule("myeloma.pd.none", "no", nothing_has_grown, "nothing has grown to progression", K),
    growth_rule("bone", "`new_bone_lesion` yes", "a new or growing bone lesion: progression, without a second sample"),
    growth_rule(
        "new_plasmacytoma",
        "`plasmacytoma` above 0 after none",
        "plasmacytoma {plasmacytoma} mm² where there was none: progression, without a second sample",
    ),
    growth_rule(
        "plasmacytoma",
        "`plasmacytoma` (of more than one lesion) or `plasmacytoma_longest_mm` at least 50 % over its smallest",
        "{lesion_growth}: progression (50 % or more), without a second sample",
    ),
    growth_rule(
        "marrow",
        "Nothing else measurable: `bmpc_pct` up by 25 % and 10 percentage points",
        "{growth_said}: progression (25 % and 10 percentage points or more), without a second sample",
    ),
    growth_rule(
        "serum",
        "`serum_m` up by 25 % and 0.5 g/dL, or by 1 g/dL from 5 g/dL on",
        "{growth_said}: progression (25 % and 0.5 g/dL or more; from 5 g/dL on, 1 g/dL)",
    ),
    growth_rule(
        "urine",
        "`urine_m` up by 25 % and 200 mg/24h",
        "{growth_said}: progression (25 % and 200 mg/24h or more)",
    ),
    growth_rule(
        "difference",
        "Light chains alone measurable: `iflc` minus `uflc` up by 25 % and more than 100 mg/L",
        "{growth_said}: progression (25 % or more, and more than 100 mg/L)",
    ),
    growth_rule(
        "circulating",
        "Nothing else can be measured: `circulating_pc` up by 50 %, to at least 0.2 (200 per microlitre)",
        "{growth_said}: progression (50 % or more, to at least 200 per microlitre)",
    ),
    Rule("myeloma.pd.unclear", "unclear", always, "{growth_gaps}", OURS),
)


def has_no_sign_of_relapse(sample: Sample) -> bool:
    """No lesion new or grown; `calcium` <= 11, `hb` < 2 down, `creatinine` < 2 up, `hyperviscosity` no."""
    if sample.signs:
        return False
    if sample.gave("progression") == "no":
        return True
    return not any(sample.growth[what] for what in LESIONS)


CLINICAL: Table[Sample] = Table(
    "clinical_relapse",
    "Clinical relapse, shown beside the category",
    Rule(
        "myeloma.clinical.none",
        "no",
        has_no_sign_of_relapse,
        "no sign of clinical relapse",
        RELAPSE,
    ),
    Rule(
        "myeloma.clinical.lesion",
        "yes",
        when(
            "`new_bone_lesion` yes, or `plasmacytoma` above 0 after none",
            lambda sample: bool(sample.growth["bone"] or sample.growth["new_plasmacytoma"]),
        ),
        "a new plasmacytoma or bone lesion",
        RELAPSE,
    ),
    Rule(
        "myeloma.clinical.growth",
        "review",
        when(
            "`plasmacytoma` or `plasmacytoma_longest_mm` at least 50 % over its smallest",
            lambda sample: bool(sample.growth["plasmacytoma"]),
        ),
        "{lesion_growth} (50 % or more)",
        RELAPSE,
    ),
    Rule("myeloma.clinical.signs", "review", always, "{signs_said}", RELAPSE),
)

# ------------------------------------------------------------------------------------------------- overall


def gave(part: str, category: str) -> Condition:
    return when(f"The {part} table gives {category}", lambda sample: sample.findings[part].category == category)


OVERALL: Table[Sample] = Table(
    "overall",
    "Overall response",
    Rule("myeloma.overall.pd", "PD", gave("progression", "yes"), "{progression_because}", K),
    Rule(
        "myeloma.overall.ne_progression",
        "NE",
        gave("progression", "unclear"),
        "whether it has progressed cannot be said ({progression_because})",
        OURS,
    ),
    *(Rule(f"myeloma.overall.{code.lower()}", code, gave("level", code), "{level_because}", K) for code in LEVELS),
    Rule("myeloma.overall.ne", "NE", always, "{level_because}", OURS),
)


class Myeloma(Family):
    """IMWG 2016."""

    id = "myeloma-imwg-2016"
    title = FAMILIES["myeloma-imwg-2016"].title
    word = FAMILIES["myeloma-imwg-2016"].word
    revision = FAMILIES["myeloma-imwg-2016"].revision
    unit = FAMILIES["myeloma-imwg-2016"].unit
    measure = FAMILIES["myeloma-imwg-2016"].measure
    source = "Kumar 2016, Lancet Oncol 17:e328"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    tables = (LEVEL, GROWTH, CLINICAL, OVERALL)

    def prepare(self, history: History, choices: Choices) -> Line:
        return prepare_line(history, choices)

    def begin(self, basis: Line) -> Carried:
        return begin_line(basis)

    def observe(self, basis: Line, carried: Carried, visit: Visit) -> Sample:
        return observe_sample(basis, carried, visit)

    def answer(self, basis: Line, seen: Sample) -> Assessment:
        if "mrd_status" in seen.extra and seen.gave("level") not in self.complete_codes:
            seen.flags.append("residual disease counts within CR only (Kumar 2016); CR is not shown at this visit")
        relapse = seen.findings["clinical_relapse"]
        if relapse.category != "no":
            seen.extra["clinical_relapse"] = f"{relapse.category}: {relapse.because}"
        seen.extra.update(bound(getattr(seen.values, basis.drawn)))
        if seen.lost_complete:
            seen.extra["relapse_from_cr"] = "; ".join(seen.lost_complete)
        if repeats_progression(seen) and seen.carried.suspect is not None:
            seen.extra["repeats_progression_of"] = seen.carried.suspect.on.isoformat()
        answer = super().answer(basis, seen)
        # Once progression is proven nothing that a better level would need is missing.
        return answer._replace(undecided=()) if answer.overall == "PD" and answer.undecided else answer

    def carry(self, basis: Line, carried: Carried, seen: Sample) -> Carried:
        values, on = seen.values, seen.visit.visit_on
        level, overall = seen.gave("level"), seen.gave("overall")
        references, pending, suspect = carried.references, carried.pending, carried.suspect
        complete_on = carried.complete_on
        if overall != "NE":
            references = seen.references
            suspect = None
            if overall == "PD" and seen.findings["progression"].rule not in PROVEN_AT_ONCE:
                suspect = Suspect(on, references)
            is_progression = overall == "PD"
            if level in LEVELS:
                rank = LEVELS.index(level)
                was_complete = pending is not None and not pending.is_over and is_complete(pending.rank)
                if was_complete and is_complete(rank) and not is_progression:
                    complete_on = complete_on or on
                pending = Pending(rank, on, values, is_progression)
            elif pending is not None:
                pending = pending._replace(is_over=True)
        if basis.choices.values["mm_pd_reference"] == "lowest":
            references = lowered(references, values, on)
        hb = values.panel.amount("hb")
        return Carried(
            references=references,
            pending=pending,
            marrow=seen.marrow,
            marrow_on=on if values.marrow is not None else carried.marrow_on,
            clonal=seen.clonal,
            clonal_on=on if values.clonal is not None else carried.clonal_on,
            plasmacytoma=seen.plasmacytoma,
            plasmacytoma_on=on if values.plasmacytoma is not None else carried.plasmacytoma_on,
            smallest=smaller(carried.smallest, values.plasmacytoma),
            shortest=smaller(carried.shortest, values.panel.amount("plasmacytoma_longest_mm")),
            suspect=suspect,
            complete_on=complete_on,
            lost_complete=carried.lost_complete or bool(seen.lost_complete),
            highest_hb=larger(carried.highest_hb, hb),
            clear_since=seen.clear_since,
        )

    def terms(self, basis: Line) -> Terms:
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=True, days=0, max_ne=None, max_stable=0),
            evidence=CONFIRM,
            lasting_rule=basis.choices.values["lasting_rule"],
            unconfirmed_as="SD",
        )

    def report(self, basis: Line, _terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        reported, best, has_progressed = [], "", False
        proven = confirmed_levels(visits, basis.history.new_therapy_on)
        for index, visit in enumerate(visits):
            code, flags = best or "NE", visit.flags
            if visit.overall == "PD" and not has_progressed:
                has_progressed, remark = proves_progression(visits, index, basis.history)
                flags += (remark,) if remark else ()
            if has_progressed:
                code = "PD"
            elif proven[index]:
                code = best = min(best or "SD", proven[index], key=LEVELS.index)
            if code != visit.reported or flags != visit.flags:
                visit = visit._replace(reported=code, reported_kind=self.by_code[code].kind, flags=flags)  # noqa: PLW2901
            reported.append(visit)
        return reported

    def limits(self, basis: Line, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        return limits_of(basis, carried)

    def conclude(self, basis: Line, _carried: Carried, course: Course) -> Course:
        visits = before_therapy(course.assessments, basis.history.new_therapy_on)
        before = [visit.reported for visit in visits if visit.reported not in ("PD", "NE")]
        # The reported level never falls, so the last one is the highest; without any it is PD, else NE.
        best = before[-1] if before else visits[-1].reported if visits else course.best_response
        proven = confirmed_levels(course.assessments, basis.history.new_therapy_on)
        course.extra["best_confirmed"] = best
        course.extra["measurable"] = list(basis.followed)
        course.extra["measure"], course.extra["unit"] = ITEM_DRAWN[basis.drawn]
        course.extra.update(levels_drawn(basis))
        lost = next((visit for visit in course.assessments if "relapse_from_cr" in visit.extra), None)
        if lost is not None:
            course.extra["relapse_from_cr"] = course.extra["complete_until"] = lost.visit_on.isoformat()
        self._time_in_complete_response(basis, course, proven)
        return replace(
            course,
            best_response=best,
            episodes=tuple(self._with_confirmed_level(episode, course, proven) for episode in course.episodes),
        )

    def _with_confirmed_level(self, episode: Episode, course: Course, proven: Sequence[str]) -> Episode:
        """Name a confirmed response by the best level that two consecutive visits show, and date each such level."""
        if episode.confirmed_on is None:
            return episode
        last = episode.ended_on or date.max
        levels: list[tuple[str, date]] = []
        for visit, code in zip(course.assessments, proven, strict=True):
            is_level = code in RESPONSES and episode.began_on <= visit.dated_on <= last
            if is_level and (not levels or LEVELS.index(code) < LEVELS.index(levels[-1][0])):
                levels.append((code, visit.dated_on))
        best = self.by_code[levels[-1][0]]
        return replace(episode, category=best.code, kind=best.kind, levels=tuple(levels))

    def _time_in_complete_response(self, basis: Line, course: Course, proven: Sequence[str]) -> None:
        for name in ("complete_response_days", "complete_response_censored"):
            course.extra.pop(name, None)
        first = next((i for i, code in enumerate(proven) if code in self.complete_codes), None)
        if first is None or course.assessments[first].reported == "PD":
            return
        since, history = course.assessments[first].dated_on, basis.history
        died_on = next((event.event_on for event in history.events if event.event == DEATH), None)
        follow = follow_up(course.assessments, self.terms(basis), died_on, history.new_therapy_on)
        days, censored = days_until(since, follow, since)
        course.extra["complete_response_days"], course.extra["complete_response_censored"] = days, censored

    def steps(self, _basis: Line, _carried: Carried, seen: Sample) -> tuple[Step, ...]:
        return tuple(sample_steps(seen))

    def baseline_steps(self, basis: Line) -> tuple[Step, ...]:
        return tuple(baseline_steps(basis))

    def would_change(self, _basis: Line, _carried: Carried, seen: Sample) -> tuple[str, ...]:
        return tuple(changes(seen))

    def check_baseline(self, basis: Line) -> tuple[Problem, ...]:
        return tuple(baseline_remarks(basis))


#: The levels that make a response.
RESPONSES = ("sCR", "CR", "VGPR", "PR")
ITEM_DRAWN = {
    "serum": ("M-protein in serum", "g/dL"),
    "urine": ("M-protein in urine", "mg/24h"),
    "difference": ("light-chain difference", "mg/L"),
    "marrow": ("plasma cells in the marrow", "%"),
}


def is_complete(rank: int) -> bool:
    return LEVELS[rank] in ("sCR", "CR")


def larger(before: Amount | None, now: Amount | None) -> Amount | None:
    if before is None or now is None:
        return before if now is None else now
    return highest((before, now))


FAMILY = Myeloma()
