"""
Acute myeloid leukaemia, European LeukemiaNet 2022.

[D] Döhner H et al. Diagnosis and management of AML in adults: 2022 recommendations from an international expert
    panel on behalf of the ELN. Blood 2022;140:1345-1377. Response table.
[H] Heuser M et al. 2021 update on measurable residual disease in AML. Blood 2021;138:2753-2767.

Marrow blasts below 5 % with no blasts in blood and no disease elsewhere is a remission when blood counts have
recovered, wholly (CR), partly (CRh) or in one line of cells (CRi). Whether a marrow sample can be used and
whether blasts are those of a regenerating marrow are judgements of a reader; they are entered, never computed.

Our reading:

Not compared with the paper again: the wording of the relapse row, the footnotes (counts free of transfusion and
growth factor) and everything on MRD.

CRi asks that one of neutrophils and platelets has recovered; read as "one is still low" alone MLFS would be
empty (`cri_rule`). PR asks for the counts of CR and for no blasts in blood.

Blood counts belong to a marrow from its day to 14 days after it (`count_window_days`), also when they were
entered as visits of their own: such a visit is then rated together with the marrow if both show more than was
seen by then. Of several samples within one visit the first day that shows the most decides, but blasts that
come up in a later sample of the window count. A remission is dated to the last sample that it needed.

A marrow below 5 % without blood blasts, neutrophils and platelets is not evaluable. A result printed as a
bound (<0.1, >100) decides only what it can decide, and the better category that stays open is named. A marrow
before treatment that is marked as inadequate is no reference for PR.

From the landmark on, CR, CRh and CRi alone are enough: anything less is refractory, and a remission reached
later is still one. The landmark is entered as the event `response_landmark`; of several the first counts.

Blasts in blood count as relapse when a second sample at least 7 days after the first also shows them, with no
sample without blasts between; relapse is then dated to the first. One such sample is a possible relapse, and
the remission goes on. Marrow blasts of 5 % or more are relapse even in a sample marked as inadequate (with a
remark), but not when they are marked as regenerating: then the visit is not evaluable. Falling counts are never
relapse. Before a remission the mark of regeneration changes nothing.

After a relapse every later visit of the line is reported as relapse; the next remission belongs to a new line.

A conversion from MRD negative to positive is an MRD relapse when the next sample agrees, and so is a rise to ten
times the lowest low-level sample; it is dated to the first. Until then it is a possible one. It does not end a
remission, and MRD that comes back with the leukaemia itself is not called so. The next sample is asked whatever
its tissue, which is not entered. A flow result without a word is negative below 0.1 %; a molecular one needs its
word.

Growth factor or transfusion (the events `growth_factor`, `transfusion`, `platelet_transfusion`) in the 7 days
before the counts is a remark, no other category. Auer rods are not in the table of 2022; `auer_rods_block`
brings back the rule of 2017: no CR, CRh, CRi or MLFS with them.

Relapse-free time is censored at the last blood count, where the paper takes the day last known alive. Time
without an event ends on the first day when the first visit from the landmark on is no remission.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar, NamedTuple, cast

from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    NOT_EVALUABLE,
    PARTIAL,
    POSSIBLE_PROGRESSION,
    REFRACTORY,
    RELAPSE,
    STABLE,
    Assessment,
    Category,
    Course,
)
from . import FAMILIES
from .base import Choices, Rule, Setting, Table, always, number, yes_no
from .leukaemia import LEUKAEMIA_SETTINGS, AcuteLeukaemia, as_morphology
from .leukaemia_visit import (
    ADEQUATE,
    ANC,
    CLEAR_MARROW_PCT,
    EMD,
    MARROW,
    PARTIAL_MARROW_PCT,
    PLT,
    AcuteLine,
    Assessed,
    Carried,
    clear,
    missed_the_landmark,
    not_assessable,
    one_recovered,
    partial,
    partly_recovered,
    recovered,
)
from .residual import LOW_LEVEL, NEGATIVE, POSITIVE, Sampled, add_relapse_date, label_mrd, with_labels
from .results import NONE_SEEN, ZERO, Panel, Reading, all_of, by_name, share, when, word, words

ENTRY = FAMILIES["blood-aml-eln-2022"]
D = "Döhner 2022, response table"

CATEGORIES = (
    Category("CR", "complete remission", "complete remission", 1, COMPLETE),
    Category(
        "CRh", "CR with partial haematologic recovery", "complete remission, blood counts partly back", 2, COMPLETE
    ),
    Category(
        "CRi", "CR with incomplete haematologic recovery", "complete remission, blood counts not back", 3, COMPLETE
    ),
    Category(
        "MLFS", "morphologic leukaemia-free state", "no leukaemia seen in the marrow, blood counts low", 4, PARTIAL
    ),
    Category("PR", "partial remission", "fewer leukaemia cells, not yet a remission", 5, PARTIAL),
    Category("Refractory", "refractory disease", "no remission by the planned check", 6, REFRACTORY),
    Category("NR", "no response", "no remission", 7, STABLE),
    Category("Relapse", "relapse", "the leukaemia has come back", 8, RELAPSE),
    Category(
        "Possible relapse",
        "possible relapse",
        "leukaemia cells seen once; to be checked again",
        9,
        POSSIBLE_PROGRESSION,
    ),
    Category("NE", "not evaluable", "cannot be rated", 10, NOT_EVALUABLE),
)
REMISSIONS = ("CR", "CRh", "CRi")

BLASTS = share("pb_blasts_pct", "blasts among the white cells of the blood", zero_words=NONE_SEEN)
MRD = word(
    "mrd",
    "measurable residual disease, as the laboratory calls it; method and sensitivity as its note",
    words(
        {"negative": "neg,undetectable,not detected", "positive": "pos,detected", "low-level": "low level,mrd-ll,ll"}
    ),
)
MRD_PCT = share(
    "mrd_pct", "measurable residual disease as a number, for its rise", zero_words=NONE_SEEN | {"undetectable"}
)
MRD_METHOD = word(
    "mrd_method", "how it was measured", words({"flow": "flow cytometry,mfc", "molecular": "pcr,qpcr,ngs"})
)
REGENERATING = word("blasts_regenerating", "whether blasts of 5 % or more are those of a regenerating marrow")
AUER_RODS = word("auer_rods", "blasts with Auer rods; read with the setting auer_rods_block alone")

ANALYTES = by_name(
    MARROW, ADEQUATE, BLASTS, EMD, ANC, PLT, MRD, MRD_PCT, MRD_METHOD, REGENERATING, AUER_RODS
)  # fmt: skip

SETTINGS = (
    Setting("auer_rods_block", "no", yes_no(), "blasts with Auer rods keep a visit from remission and MLFS (ELN 2017)"),
    *LEUKAEMIA_SETTINGS,
)

REPEAT_DAYS = 7
FLOW_NEGATIVE_PCT = Decimal("0.1")
SUPPORT = ("growth_factor", "transfusion", "platelet_transfusion")
SUPPORT_DAYS = 7


class BloodRun(NamedTuple):
    """Samples of blood with blasts, one after the other: the first, the last, and the one without that ended them."""

    first_on: date
    last_on: date
    cleared_on: date | None = None

    @property
    def is_proven(self) -> bool:
        return (self.last_on - self.first_on).days >= REPEAT_DAYS

    @property
    def settles_on(self) -> date:
        """The first day on which a second sample with blasts would be relapse."""
        return self.first_on + timedelta(REPEAT_DAYS)


@dataclass(slots=True)
class AmlLine(AcuteLine):
    """A line of AML; `runs` are the runs of blood samples with blasts."""

    runs: tuple[BloodRun, ...] = ()


@dataclass(slots=True)
class Aml(Assessed):
    """What AML shows at a visit; `run` is the run that one of its blood samples belongs to."""

    run: BloodRun | None = None
    regenerating: bool = False

    @property
    def run_on(self) -> date | None:
        return None if self.run is None else self.run.first_on

    @property
    def run_until(self) -> date | None:
        return None if self.run is None else self.run.last_on

    @property
    def settles_on(self) -> date | None:
        return None if self.run is None else self.run.settles_on


# ------------------------------------------------------------------------------------ marrow and counts


def regenerating(seen: Aml) -> bool:
    """In remission, `bm_blasts_pct` >= 5 % with `blasts_regenerating` yes."""
    marrow = seen.marrow_pct
    return seen.in_remission and seen.regenerating and marrow is not None and marrow.below(CLEAR_MARROW_PCT) is not True


MORPHOLOGY: Table[Aml] = Table(
    "morphology",
    "Marrow, blood and counts of one assessment",
    Rule(
        "aml.morphology.regenerating",
        "NE",
        regenerating,
        "{marrow_said}, marked as blasts of a regenerating marrow: not relapse, and not to be rated",
        D + ", footnote",
    ),
    Rule(
        "aml.morphology.cr",
        "CR",
        when(
            "`bm_blasts_pct` < 5 %, `pb_blasts_pct` 0, `emd` no, `anc` >= 1.0 and `plt` >= 100 x 10^9/L",
            lambda seen: all_of(clear(seen), recovered(seen)),
        ),
        "{items}: below 5 %, neutrophils at least 1.0 and platelets at least 100 x 10^9/L, complete remission",
        D,
        needs="cr_needs",
    ),
    Rule(
        "aml.morphology.crh",
        "CRh",
        when(
            "As CR, but `anc` >= 0.5 and `plt` >= 50 x 10^9/L",
            lambda seen: all_of(clear(seen), partly_recovered(seen)),
        ),
        "{items}: below 5 %, neutrophils at least 0.5 and platelets at least 50 x 10^9/L, CR with partial recovery",
        D,
        needs="crh_needs",
    ),
    Rule(
        "aml.morphology.cri",
        "CRi",
        when(
            "As CR, but only `anc` >= 1.0 or only `plt` >= 100 x 10^9/L (with `cri_rule` inclusive: or neither)",
            lambda seen: all_of(clear(seen), one_recovered(seen)),
        ),
        "{items}: below 5 %, counts not both recovered, CR with incomplete recovery",
        D,
        needs="cr_needs",
    ),
    Rule(
        "aml.morphology.mlfs",
        "MLFS",
        clear,
        "{items}: below 5 %, neither count recovered, morphologic leukaemia-free state",
        D,
        needs="clear_needs",
    ),
    Rule("aml.morphology.ne", "NE", not_assessable, "{gap}: the visit cannot be rated", D),
    Rule(
        "aml.morphology.pr",
        "PR",
        partial,
        "{items}: 5 to 25 % and at most half of {before_said} before treatment, partial remission",
        D,
        needs="cr_needs",
    ),
    Rule("aml.morphology.nr", "NR", always, "{items} (before treatment {before_said}): no response", D),
)

# -------------------------------------------------------------------------------------- the whole visit


def marrow_relapse(seen: Aml) -> bool | None:
    """In remission, `bm_blasts_pct` >= 5 % without `blasts_regenerating`."""
    if not seen.in_remission or seen.marrow_pct is None or seen.regenerating:
        return False
    return seen.is_relapse(seen.marrow_pct)


def refractory(seen: Aml) -> bool:
    """No remission before, and the table above gives MLFS, PR or NR on or after the event `response_landmark`."""
    return missed_the_landmark(seen)


# Relapse stands first: it needs neither counts nor, in blood or elsewhere, a marrow.
OVERALL: Table[Aml] = Table(
    "overall",
    "Response of the visit",
    Rule(
        "aml.overall.relapse_marrow",
        "Relapse",
        marrow_relapse,
        "{marrow_said}, 5 % or more after {best}: relapse",
        D,
        needs="marrow_needs",
    ),
    Rule(
        "aml.overall.relapse_blood",
        "Relapse",
        when(
            "In remission, `pb_blasts_pct` > 0 in two samples >= 7 days apart, with no sample of 0 between",
            lambda seen: seen.in_remission and seen.run is not None and seen.run.is_proven,
        ),
        "blasts in blood on {run_on} and again on {run_until}, at least 7 days apart, after {best}: relapse",
        D,
    ),
    Rule(
        "aml.overall.relapse_elsewhere",
        "Relapse",
        when("In remission, `emd` yes", lambda seen: seen.in_remission and seen.emd == "yes"),
        "extramedullary disease after {best}: relapse",
        D,
    ),
    Rule(
        "aml.overall.possible_relapse",
        "Possible relapse",
        when("In remission, `pb_blasts_pct` > 0 in a sample", lambda seen: seen.in_remission and seen.run is not None),
        "blasts in blood on {run_on}, not shown again 7 days or more later: possible relapse, the {best} goes on",
        D,
    ),
    Rule(
        "aml.overall.refractory",
        "Refractory",
        refractory,
        "{morphology_because}; no CR, CRh or CRi by the landmark of {landmark_on}: refractory",
        D,
    ),
    *as_morphology("aml.overall", D, "CR", "CRh", "CRi", "MLFS", "PR", "NE", "NR"),
)


_BY_RUN = ("aml.overall.relapse_blood", "aml.overall.possible_relapse")


class AmlFamily(AcuteLeukaemia):
    """AML by ELN 2022."""

    id = "blood-aml-eln-2022"
    title, word = ENTRY.title, ENTRY.word
    revision, unit, measure = ENTRY.revision, ENTRY.unit, ENTRY.measure
    source = "Döhner 2022, Blood 140:1345"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
    events = MappingProxyType(
        {
            "response_landmark": "the day by which remission is looked for; without one from then on it is refractory",
            **dict.fromkeys(SUPPORT, "in the 7 days before a blood count it is remarked on"),
        }
    )
    tables = (MORPHOLOGY, OVERALL)
    blood_test = BLASTS.name
    landmark = "response_landmark"
    shown_by: ClassVar = {
        "aml.overall.relapse_marrow": MARROW.name,
        "aml.overall.relapse_elsewhere": EMD.name,
    }
    morphology = MORPHOLOGY

    line_type = AmlLine
    seen_type = Aml

    def prepare(self, history: History, choices: Choices) -> AmlLine:
        line: AmlLine = super().prepare(history, choices)
        line.runs = tuple(blood_runs(line.panels.values()))
        return line

    def observe(self, basis: AmlLine, carried: Carried, visit: Visit) -> Aml:
        seen: Aml = super().observe(basis, carried, visit)
        seen.flags.extend(remarks(seen))
        return seen

    def look(self, seen: Aml) -> None:
        days = days_with_blasts(seen.panel)
        line = cast("AmlLine", seen.line)
        seen.run = next((run for run in line.runs if any(run.first_on <= day <= run.last_on for day in days)), None)
        seen.regenerating = seen.panel.word(REGENERATING.name) == "yes"
        block = seen.line.choices.values["auer_rods_block"]
        seen.also = not (block and seen.marrow_panel.word(AUER_RODS.name) == "yes")

    def dated_on(self, basis: AmlLine, seen: Aml) -> date:
        """Return the day of the first of the samples that show blasts in blood; otherwise as every acute leukaemia."""
        if seen.run is not None and seen.findings["overall"].rule in _BY_RUN:
            return min(day for day in days_with_blasts(seen.panel) if seen.run.first_on <= day <= seen.run.last_on)
        return super().dated_on(basis, seen)

    def look_back(self, basis: AmlLine, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        samples = {day: sample for day, panel in basis.panels.items() if (sample := mrd_sample(panel)) is not None}
        visits = without_settled(visits)
        return with_labels(visits, label_mrd(visits, samples, mrd_name)) if samples else visits

    def conclude(self, basis: AmlLine, carried: Carried, course: Course) -> Course:
        course = super().conclude(basis, carried, course)
        add_relapse_date(course, basis.panels, MRD.name, MRD_PCT.name)
        return course

    def asked(self, seen: Aml, test: str) -> tuple[str, bool | None]:
        if test == seen.blood_test:
            return "none", seen.no_blood_blasts
        return "1.0 or more" if test == ANC.name else "100 or more", seen.has_recovered(test)

    def would_change(self, _basis: AmlLine, _carried: Carried, seen: Aml) -> tuple[str, ...]:
        return tuple(changes(seen))


def has_blasts(reading: Reading) -> bool | None:
    """Say whether a blood sample shows blasts; None when it was not read or does not say ("<1")."""
    return None if reading.amount is None else reading.amount.above(ZERO)


def days_with_blasts(panel: Panel) -> list[date]:
    return [reading.on for reading in panel.all(BLASTS.name) if has_blasts(reading)]


def blood_runs(panels: Iterable[Panel]) -> Iterator[BloodRun]:
    """
    Yield the runs of consecutive blood samples with blasts, by the days of the samples.

    A sample without blasts ends a run; one that does not say is passed over.
    """
    first_on = last_on = None
    samples = [reading for panel in panels for reading in panel.all(BLASTS.name)]
    for sample in sorted(samples, key=lambda sample: sample.on):
        shown = has_blasts(sample)
        if shown:
            first_on, last_on = first_on or sample.on, sample.on
        elif shown is False and first_on is not None and last_on is not None:
            yield BloodRun(first_on, last_on, sample.on)
            first_on = None
    if first_on is not None and last_on is not None:
        yield BloodRun(first_on, last_on)


LOOK_AGAIN = "blasts in blood; look again from "


def without_settled(visits: Sequence[Assessment]) -> Sequence[Assessment]:
    """Return the visits without the remark to look again where a later one was called relapse, by whatever sample."""
    relapsed_on = max((visit.visit_on for visit in visits if visit.kind == RELAPSE), default=date.min)
    return [
        visit._replace(flags=tuple(flag for flag in visit.flags if not flag.startswith(LOOK_AGAIN)))
        if visit.visit_on < relapsed_on and any(flag.startswith(LOOK_AGAIN) for flag in visit.flags)
        else visit
        for visit in visits
    ]


def remarks(seen: Aml) -> Iterator[str]:
    """Yield what a reader should look at beside the category."""
    is_open = seen.run is not None and not seen.run.is_proven and seen.run.cleared_on is None
    has_relapsed = seen.carried.relapsed or seen.emd == "yes" or marrow_relapse(seen)
    if is_open and seen.in_remission and not has_relapsed:
        yield f"{LOOK_AGAIN}{seen.settles_on} on, a second sample with blasts is relapse"
    if seen.marrow is not None and seen.line.before is None and clear(seen) is False:
        yield "no marrow before treatment is known, so PR cannot be told from NR"
    if seen.carried.relapsed and clear(seen):
        yield "a remission after a relapse belongs to a new line of therapy"
    counts = [reading.on for test, reading in seen.counts.items() if test in (ANC.name, PLT.name)]
    for event in seen.line.history.events:
        if event.event in SUPPORT and any(0 <= (on - event.event_on).days <= SUPPORT_DAYS for on in counts):
            yield f"{event.event.replace('_', ' ')} on {event.event_on}, in the {SUPPORT_DAYS} days before the counts"


_MRD_SIGNS = {NEGATIVE: "MRD-", LOW_LEVEL: "MRD-LL", POSITIVE: "MRD+"}


def mrd_name(visit: Assessment, status: str) -> str:
    """Return what MRD is called at a visit: CR MRD-, CRi MRD+, or the sign alone without a remission."""
    return f"{visit.overall} {_MRD_SIGNS[status]}" if visit.kind == COMPLETE else _MRD_SIGNS[status]


def mrd_sample(panel: Panel) -> Sampled | None:
    """Return the MRD sample of a visit, None when it was not done or nothing says whether it is negative."""
    level = panel.amount(MRD_PCT.name)
    told = panel.word(MRD.name)
    if told is not None:
        return Sampled(told, level)
    if level is None or panel.word(MRD_METHOD.name) != "flow":
        return None
    below = level.below(FLOW_NEGATIVE_PCT)
    return None if below is None else Sampled(NEGATIVE if below else POSITIVE, level)


# -------------------------------------------------------------------------------------- explanations


def changes(seen: Aml) -> Iterator[str]:
    """Yield the values at which the answer of this visit would be another."""
    given, morphology = seen.gave("overall"), seen.gave("morphology")
    if given == "NE" and not regenerating(seen):
        yield f"needed to rate it: {'; '.join(seen.missing())}"
    if given == "Possible relapse" and seen.run is not None and seen.run.cleared_on is None:
        yield f"Relapse if blood shows blasts again from {seen.settles_on} on, with no clear sample between"
    elif given == "Relapse":
        if seen.run is not None and seen.run.is_proven:
            yield "not relapse by blood if one of the two samples had no blasts"
        if marrow_relapse(seen):
            yield f"not relapse by marrow below 5 %; now {seen.marrow_pct} %"
    elif seen.in_remission and seen.marrow_pct is not None and not seen.regenerating:
        yield f"Relapse from 5 % marrow blasts; now {seen.marrow_pct} %"
    if morphology in ("CRh", "CRi", "MLFS", "PR"):
        wanted = [] if recovered(seen) else [f"{seen.counts_said}; CR asks for 1.0 and 100 x 10^9/L"]
        if morphology == "PR":
            wanted.append(f"CR asks for marrow blasts below 5 %; now {seen.marrow_pct} %")
        yield from wanted
    elif morphology == "CR":
        yield f"not CR with neutrophils below 1.0 or platelets below 100 x 10^9/L; now {seen.counts_said}"
    elif morphology == "NR" and given != "Relapse":
        yield from hindrances(seen)


def hindrances(seen: Aml) -> Iterator[str]:
    """Yield what kept a visit from any response."""
    if seen.emd == "yes":
        yield "no remission while there is extramedullary disease"
    if seen.no_blood_blasts is False:
        yield f"no remission with blasts in blood; {seen.blood_said}"
    if not seen.also:
        yield "no remission while blasts with Auer rods are seen"
    marrow = seen.marrow_pct
    if marrow is not None and marrow.below(CLEAR_MARROW_PCT) is not True:
        yield f"remission needs marrow blasts below 5 %; now {marrow} %"
        if seen.line.before is not None:
            limit = min(seen.line.before.most / 2, PARTIAL_MARROW_PCT)
            yield f"PR needs marrow blasts of {number(limit)} % or less and the blood of CR"


FAMILY = AmlFamily()
