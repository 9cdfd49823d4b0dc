"""
Markers in blood: CA-125 by the GCIG (2011) and PSA by PCWG3 (2016).

[Ru]   Rustin GJS, Vergote I, Eisenhauer E et al. Definitions for response and progression in ovarian cancer clinical
       trials incorporating RECIST 1.1 and CA 125 agreed by the GCIG. Int J Gynecol Cancer 2011;21:419-423.
[Sc]   Scher HI, Morris MJ, Stadler WM et al. Trial design and objectives for castration-resistant prostate cancer:
       updated recommendations from PCWG3. J Clin Oncol 2016;34:1402-1418.
[Sc08] Scher HI, Halabi S, Tannock I et al. J Clin Oncol 2008;26:1148-1159 (PCWG2).

A marker gives a marker response, never a remission or a complete response by itself, and PSA alone is no reason to end
a therapy [Sc]. [Ru] recommends CA-125 for response and progression at relapse and for progression only in first line;
in maintenance trials its use is not validated.

Our reading, where the papers are silent or can be read in two ways (a setting changes what is marked *):

Both
- Which marker is followed is chosen *, or found where the line has results of only one.
- The day of a value is that of its sample. A sample on the day of the start of treatment is before it; where no start
  is given, it is the day of the baseline. Samples before the start are compared with, and not rated.
- The nadir is the lowest evaluable value from the last one before treatment on, before this one.
- A missing sample has no effect. Only samples before a new therapy prove progression. After the first proven
  progression no response begins. A sample at the limit of progression that no later sample confirmed stays possible
  progression; while it still shows the fall, it goes on with the response and may begin one. So does one of which a
  bound leaves open whether it is at the limit.
- A bound ("<0.1") decides what it decides whatever the true value is; otherwise the visit is NE and says what
  was open. "Undetectable" says nothing about a limit; the limit of the assay does.
CA-125
- The upper limit of normal is 35 U/mL *; a laboratory that prints another one is flagged, not followed.
- The pre-treatment sample is the last evaluable one from 0 to 14 days before the start. Without it, or under twice
  the upper limit, response is NE; progression is judged all the same, by the last value before the start.
- A response is held when every evaluable sample up to one at least 28 days later is at most half of the pre-treatment
  value, and at most 10 % above the evaluable sample before it unless it is within the upper limit. The sample that
  breaks a response may begin the next.
- Normalised: within a confirmed response, two samples at least 28 days apart, and all between, within the upper
  limit. A single normal sample is response-normal, and puts the person in group A for progression.
- Without any value before the start the group is not known: only what holds in each group is said.
PSA
- The baseline is the last value before the start; without one nothing is rated.
- Values before day 84 never begin a progression and may be the nadir. Without a decline (no earlier value under the
  baseline) progression needs no second value *, as printed.
- The change at 12 weeks is that of the sample nearest to day 84, at most 14 days away from it.
Not done: the table of [Ru] that combines CA-125 with RECIST (so that progression by RECIST does not end a marker
response; both are shown, each by itself), and the bone-scan rule of [Sc] (new lesions on a bone scan
are kept and shown); CEA, CA 19-9, AFP and hCG have no category.

Not reached: the tables of [Ru] (combined response) and of [Sc] (week 12, PSA without decline). The CA-125 response was
compared with the GCIG's text of 2005, which [Ru] repeats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from ..episodes import CONFIRM, DEATH, Confirmation, Terms, days_until, find_episodes, follow_up
from ..model import History, Visit
from ..verdict import (
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    PROGRESSION,
    STABLE,
    Assessment,
    Category,
    Course,
    Problem,
    Step,
)
from . import FAMILIES
from .base import COMMON_SETTINGS, Choices, Family, Rule, Setting, Table, always, choice, quantity, yes_no
from .drawn import bound, first
from .marker_samples import (
    ANALYTES,
    NAMES,
    WEEK_12,
    Answer,
    Held,
    Line,
    Look,
    Sample,
    change_from,
    counted,
    held,
    is_before_treatment,
    is_skipped,
    prepare_line,
)
from .marker_steps import baseline_remarks, baseline_steps, changes, explain_sample, remarks
from .results import when

RU = "Rustin 2011"
SC = "Scher 2016"
OURS = "our reading"

CATEGORIES = (
    Category(
        "response-normal",
        "marker response, within the normal range",
        "the marker is at most half of what it was, and within the normal range",
        1,
        PARTIAL,
    ),
    Category("response", "marker response", "the marker is at most half of what it was", 2, PARTIAL),
    Category("no-response", "no marker response", "the marker has not fallen by half", 3, STABLE),
    Category("PSA90", "PSA decline of 90 % or more", "PSA has fallen by nine tenths or more", 4, PARTIAL),
    Category("PSA50", "PSA decline of 50 % or more", "PSA has fallen by half or more", 5, PARTIAL),
    Category("stable", "PSA stable", "no clear change of PSA", 6, STABLE),
    Category(
        "possible-progression",
        "possible marker progression",
        "the marker has risen; a repeat test is needed to know",
        7,
        POSSIBLE_PROGRESSION,
    ),
    Category("progression", "marker progression", "the marker has clearly risen", 8, PROGRESSION),
    Category("NE", "not evaluable", "cannot be rated", 9, NOT_EVALUABLE),
)

SETTINGS = (
    Setting("marker", "auto", choice("auto", *NAMES), "which marker is followed; auto: the one there are results of"),
    Setting("uln", "35", quantity(100000), "the upper limit of normal of CA-125, in U/mL"),
    Setting(
        "psa_confirm_no_decline",
        "no",
        yes_no(),
        "a PSA that never fell needs a second value 21 days later to be progression",
    ),
    *COMMON_SETTINGS,
)


Condition: TypeAlias = Callable[[Look], Answer]


def has_word(words: str, word: str) -> Condition:
    """Return the condition that the samples after it made it that word; it cannot be said without a limit."""
    return when(words, lambda look: None if look.sample.at_limit is None else look.sample.word == word)


def shows(words: str, test: Callable[[Sample], Answer]) -> Condition:
    """Return a condition on the fall of PSA, which cannot be said while progression cannot be ruled out."""
    return when(words, lambda look: None if look.sample.at_limit is None else test(look.sample))


def ca125_shows(words: str, test: Callable[[Sample], Answer]) -> Condition:
    """Return the same for CA-125, which must have been raised enough before treatment."""

    def holds(look: Look) -> Answer:
        return None if look.sample.at_limit is None or not look.line.is_evaluable else test(look.sample)

    return when(words, holds)


def is_halved_and_normal(sample: Sample) -> Answer:
    return sample.half and sample.normal


def is_unknown(_look: Look) -> Answer:
    """Results of both `ca125` and `psa`, or of neither, and the setting `marker` is auto."""
    return None


_SKIPPED_SAYS = "{skipped_said}: the sample is not evaluable"
#: What CA-125 has to have been for a response.
RAISED = "from at least twice `uln` within 14 days before treatment"

CA125: Table[Look] = Table(
    "overall",
    "CA-125",
    Rule(
        "markers.ca125.skipped",
        "NE",
        is_skipped,
        _SKIPPED_SAYS,
        f"{RU}; {OURS}",
    ),
    Rule(
        "markers.ca125.progression",
        "progression",
        has_word(
            "`ca125` at least twice `uln` where it ever was normal (groups A, C), else twice its lowest (B); held in a "
            "second sample 7 days later and in all between, or after such a progression",
            "progression",
        ),
        "{value_said} is at or above {limit_said}, {proof_said}: progression (two samples 7 days apart, "
        "and all between)",
        RU,
        needs="needs",
    ),
    Rule(
        "markers.ca125.possible",
        "possible-progression",
        has_word("The same value, not held in a second sample", "possible-progression"),
        "{value_said} is at or above {limit_said}; not confirmed by a sample 7 days later and all between: "
        "possible progression",
        RU,
        needs="needs",
    ),
    Rule(
        "markers.ca125.response_normal",
        "response-normal",
        ca125_shows(
            f"`ca125` at most half of the value before treatment ({RAISED}), and at most `uln`", is_halved_and_normal
        ),
        "{fall_said}, at most half of it, and within the normal range ({normal_said}): response",
        RU,
        needs="fall_needs",
    ),
    Rule(
        "markers.ca125.response",
        "response",
        ca125_shows(f"`ca125` at most half of the value before treatment ({RAISED})", lambda sample: sample.half),
        "{fall_said}, at most half of it ({normal_said}): response",
        RU,
        needs="fall_needs",
    ),
    Rule(
        "markers.ca125.no_response",
        "no-response",
        ca125_shows(
            f"`ca125` more than half of the value before treatment ({RAISED})",
            lambda sample: None if sample.half is None else True,
        ),
        "{fall_said}, more than half of it: no response",
        RU,
        needs="fall_needs",
    ),
    Rule("markers.ca125.ne", "NE", always, "{gap_said}", f"{RU}; {OURS}"),
)

PSA: Table[Look] = Table(
    "overall",
    "PSA",
    Rule(
        "markers.psa.skipped",
        "NE",
        is_before_treatment,
        _SKIPPED_SAYS,
        f"{SC}; {OURS}",
    ),
    Rule(
        "markers.psa.progression",
        "progression",
        has_word(
            "From day 84 of treatment on: `psa` at least 25 % and 2 ng/mL above its lowest, held in a second sample 21 "
            "days later and in all between (not needed where `psa` never fell), or after such a progression",
            "progression",
        ),
        "{value_said} is at or above {limit_said}, {proof_said}: PSA progression (a second value 21 days later, "
        "and all between, unless it never fell)",
        SC,
        needs="needs",
    ),
    Rule(
        "markers.psa.possible",
        "possible-progression",
        has_word("The same value, not held in a second sample", "possible-progression"),
        "{value_said} is at or above {limit_said}; not confirmed by a value 21 days later and all between: "
        "possible progression",
        SC,
        needs="needs",
    ),
    Rule(
        "markers.psa.psa90",
        "PSA90",
        shows("`psa` at least 90 % below the last before treatment", lambda sample: sample.tenth),
        "{fall_said}, down by 90 % or more",
        SC,
        needs="fall_needs",
    ),
    Rule(
        "markers.psa.psa50",
        "PSA50",
        shows("`psa` at least 50 % below the last before treatment", lambda sample: sample.half),
        "{fall_said}, down by 50 % or more",
        SC,
        needs="fall_needs",
    ),
    Rule(
        "markers.psa.stable",
        "stable",
        shows("`psa` less than 50 % below", lambda sample: None if sample.half is None else True),
        "{fall_said}, {stable_said}",
        SC,
        needs="fall_needs",
    ),
    Rule("markers.psa.ne", "NE", always, "{gap_said}", f"{SC}; {OURS}"),
)

UNKNOWN: Table[Look] = Table(
    "overall",
    "No marker, or not said which",
    Rule("markers.unknown", "NE", is_unknown, "which marker is followed is not known", OURS, needs="needs"),
    Rule("markers.ne", "NE", always, "{gap_said}", OURS),
)


class Markers(Family):
    """CA-125 and PSA."""

    id = "markers"
    title = FAMILIES["markers"].title
    word = FAMILIES["markers"].word
    revision = FAMILIES["markers"].revision
    unit = FAMILIES["markers"].unit
    measure = FAMILIES["markers"].measure
    source = "Rustin 2011, Int J Gynecol Cancer 21:419; Scher 2016, J Clin Oncol 34:1402"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    tables = (CA125, PSA)

    def prepare(self, history: History, choices: Choices) -> Line:
        return prepare_line(history, choices)

    def begin(self, _basis: Line) -> None:
        return None

    def carry(self, _basis: Line, _carried: None, _seen: Look) -> None:
        return None

    def tables_for(self, basis: Line) -> tuple[Table[Look], ...]:
        return ({"ca125": CA125, "psa": PSA}.get(basis.marker, UNKNOWN),)

    def observe(self, basis: Line, _carried: None, visit: Visit) -> Look:
        sample = basis.samples[visit.visit_on]
        look = Look(visit, line=basis, sample=sample, flags=list(sample.panel.troubles))
        before = basis.before
        change = "" if before is None else change_from(sample.amount, before.amount)
        if change:
            look.extra["change_from_baseline_pct"] = change
        if sample.group:
            look.extra["group"] = sample.group
        if sample.is_evaluable and sample.rises is not False:
            look.extra["breaks_response"] = True
        look.extra.update(bound(sample.amount, printed(basis, sample)))
        bone = sample.panel.amount("bone_new_lesions")
        if bone is not None:
            look.extra["bone_new_lesions"] = str(bone)
        look.flags.extend(remarks(basis, sample))
        return look

    def dated_on(self, _basis: Line, seen: Look) -> date:
        return seen.sample.on

    def terms(self, basis: Line) -> Terms:
        is_psa = basis.marker == "psa"
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=True, days=days_to_hold(basis), max_ne=None, max_stable=0),
            evidence=CONFIRM,
            lasting_rule=basis.choices.values["lasting_rule"],
            holds=lambda _before, now: "breaks_response" not in now.extra,
            unconfirmed_as="stable" if is_psa else "no-response",
        )

    def limits(self, basis: Line, _carried: None) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        following, before = basis.following, basis.pretreatment
        if following is None:
            return None, ()
        limits: list[tuple[str, Decimal]] = []
        if basis.is_evaluable and before is not None and before.amount is not None and before.amount.value is not None:
            limits.append(("partial_to", before.amount.value / 2))
        values = [limit.value for limit in following.limits]
        if values and None not in values:
            limits.append(("progression_from", max(value for value in values if value is not None)))
        nadir = following.nadir
        if nadir is not None and nadir.value is not None:
            limits.append(("nadir", nadir.value))
        return following.nadir_on, tuple(limits)

    def conclude(self, basis: Line, _carried: None, course: Course) -> Course:
        if not basis.marker:
            return course
        samples = counted(basis)
        response = held(samples, lambda sample: shows_fall(basis, sample), days_to_hold(basis))
        course.extra.update({"marker": basis.marker, "measure": basis.name, "unit": basis.unit})
        course.extra["marks"] = marks(basis)
        if basis.baseline is not None:
            sample = basis.samples[basis.baseline.visit_on]
            course.extra.update(first(sample.amount, basis.baseline_value, printed(basis, sample)))
        if basis.marker == "psa":
            deeper = held(samples, lambda sample: sample.tenth, days_to_hold(basis))
            course.extra.update(psa_facts(basis, response, deeper))
            best = "PSA90" if deeper else "PSA50"
        else:
            since = [] if response is None else samples[samples.index(response.first) :]
            normal = held(since, lambda sample: sample.normal, days_to_hold(basis))
            course.extra["response_date"] = None if response is None else response.first.on.isoformat()
            course.extra["normalised"] = "no" if normal is None else "yes"
            if normal is not None:
                course.extra["normalised_on"] = normal.first.on.isoformat()
            best = "response" if normal is None else "response-normal"
        return course if response is None else self._with_response(basis, course, response, best)

    def _with_response(self, basis: Line, course: Course, response: Held, best: str) -> Course:
        """
        Return the course with its confirmed response named by the level that was held.

        A sample that still shows the fall goes on with a response, and may begin one, though it may be progression.
        """
        history, visits = basis.history, [self._by_its_fall(basis, visit) for visit in course.assessments]
        if visits != list(course.assessments):
            died_on = next((event.event_on for event in history.events if event.event == DEATH), None)
            terms = self.terms(basis)
            follow = follow_up(course.assessments, terms, died_on, history.new_therapy_on)
            days, censored = days_until(response.first.on, follow, response.first.on)
            course = replace(
                course,
                episodes=find_episodes(visits, terms, died_on=died_on, new_therapy_on=history.new_therapy_on),
                response_start=response.first.on,
                confirmed_on=response.proven_on,
                dor_days=days,
                dor_censored=censored,
            )
            if basis.start_on is not None:
                course.extra["time_to_response_days"] = (response.first.on - basis.start_on).days
        return replace(
            course,
            best_response=best,
            episodes=tuple(
                replace(episode, category=best) if episode.confirmed_on is not None else episode
                for episode in course.episodes
            ),
        )

    def _by_its_fall(self, basis: Line, visit: Assessment) -> Assessment:
        sample = basis.samples[visit.visit_on]
        is_doubtful = visit.kind == POSSIBLE_PROGRESSION or (visit.kind == NOT_EVALUABLE and sample.is_evaluable)
        if not is_doubtful or not shows_fall(basis, sample):
            return visit
        code = "response" if basis.marker == "ca125" else "PSA90" if sample.tenth else "PSA50"
        return visit._replace(overall=code, reported=code, kind=PARTIAL, reported_kind=PARTIAL)

    def steps(self, basis: Line, _carried: None, seen: Look) -> tuple[Step, ...]:
        return tuple(explain_sample(basis, seen))

    def baseline_steps(self, basis: Line) -> tuple[Step, ...]:
        return baseline_steps(basis)

    def would_change(self, basis: Line, _carried: None, seen: Look) -> tuple[str, ...]:
        return tuple(changes(basis, seen))

    def check_baseline(self, basis: Line) -> tuple[Problem, ...]:
        return tuple(baseline_remarks(basis))


def marks(line: Line) -> tuple[tuple[str, Decimal], ...]:
    """Return the thresholds that stay: of CA-125 the upper limit of normal, of PSA a fall by 50 and by 90 %."""
    if line.marker == "ca125":
        return (("normal_to", line.upper_limit),)
    before = line.baseline_value
    return () if before is None else (("psa50_to", before / 2), ("psa90_to", before / 10))


def printed(line: Line, sample: Sample) -> str:
    """Return a sample of the marker as it was printed: "undetectable" says no number."""
    reading = sample.panel.last(line.marker)
    return "" if reading is None else reading.printed


def days_to_hold(line: Line) -> int:
    """Return for how long a fall has to be held: 28 days [Ru], of PSA three weeks [Sc]."""
    return 21 if line.marker == "psa" else 28


def shows_fall(line: Line, sample: Sample) -> bool:
    """Say whether a sample is at most half of the value before treatment, where that can be judged."""
    return bool(line.is_evaluable and sample.half)


def psa_facts(line: Line, half: Held | None, tenth: Held | None) -> dict[str, Any]:
    """Return when PSA was down by 50 and 90 %, its change at 12 weeks and its greatest decline, as plain values."""
    found: dict[str, Any] = {
        "psa50_date": None if half is None else half.first.on.isoformat(),
        "psa90_date": None if tenth is None else tenth.first.on.isoformat(),
    }
    before, start_on = line.before, line.start_on
    if before is None or before.amount is None or start_on is None:
        return found
    samples = [sample for sample in line.after_start if change_from(sample.amount, before.amount)]
    near = [sample for sample in samples if abs((sample.on - start_on).days - WEEK_12) <= 14]
    if near:
        nearest = min(near, key=lambda sample: abs((sample.on - start_on).days - WEEK_12))
        found["psa_change_week12_pct"] = change_from(nearest.amount, before.amount)
    if samples:
        least = min(samples, key=lambda sample: sample.amount.most if sample.amount else Decimal(0))
        found["psa_greatest_decline_pct"] = change_from(least.amount, before.amount)
    return found


FAMILY = Markers()
