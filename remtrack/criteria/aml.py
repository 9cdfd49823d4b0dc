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
entered as a visit of their own: that visit is then rated together with the marrow if both show more than was
seen by then. A remission is dated to the last sample that it needed.

A marrow below 5 % without blood blasts, neutrophils and platelets is not evaluable. A result printed as a
bound (<0.1, >100) decides only what it can decide, and the better category that stays open is named.

From the landmark on, CR, CRh and CRi alone are enough: anything less is refractory, and a remission reached
later is still one. The landmark is entered as the event `response_landmark`.

Blasts in blood count as relapse when a second sample at least 7 days after the first also shows them, with no
sample without blasts between; relapse is then dated to the first. One such sample is a possible relapse, and
the remission goes on. Marrow blasts of 5 % or more are relapse even in a sample marked as inadequate (with a
remark), but not when they are marked as regenerating: then the visit is not evaluable. Falling counts are never
relapse. Before a remission the mark of regeneration changes nothing.

After a relapse every later visit of the line is reported as relapse; the next remission belongs to a new line.

A conversion from MRD negative to positive, or a rise to ten times the lowest earlier value, is an MRD relapse
when the next sample agrees, dated to the first; until then it is a possible one. It does not end a remission. A
flow result without a word is negative below 0.1 %; a molecular one needs its word.

Growth factor or transfusion in the 7 days before the counts is a remark, no other category. Auer rods are not
in the table of 2022; `auer_rods_block` brings back the rule of 2017, then no category is better than NR.

Relapse-free time is censored at the last blood count, where the paper takes the day last known alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
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
from .leukaemia import (
    ADEQUATE,
    ANC,
    CLEAR_MARROW_PCT,
    EMD,
    LEUKAEMIA_SETTINGS,
    MARROW,
    PARTIAL_MARROW_PCT,
    PARTLY_ANC,
    PARTLY_PLT,
    PLT,
    RECOVERED_ANC,
    RECOVERED_PLT,
    AcuteLeukaemia,
    AcuteLine,
    Assessed,
    Carried,
    as_morphology,
    clear,
    halved,
    missed_the_landmark,
    not_assessable,
)
from .residual import LOW_LEVEL, NEGATIVE, POSITIVE, Sampled, add_relapse_date, label_mrd, with_labels
from .results import (
    NONE_SEEN,
    ZERO,
    Panel,
    all_of,
    any_of,
    by_name,
    share,
    when,
    word,
    words,
)

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
    Setting("auer_rods_block", "no", yes_no(), "blasts with Auer rods keep a visit from every remission (ELN 2017)"),
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

    @property
    def cr_needs(self) -> tuple[str, ...]:
        return self.missing(anc=at_least(self, "anc", RECOVERED_ANC), plt=at_least(self, "plt", RECOVERED_PLT))

    @property
    def crh_needs(self) -> tuple[str, ...]:
        return self.missing(anc=at_least(self, "anc", PARTLY_ANC), plt=at_least(self, "plt", PARTLY_PLT))


# ------------------------------------------------------------------------------------ marrow and counts


def at_least(seen: Assessed, test: str, limit: Decimal) -> bool | None:
    amount = seen.amount(test)
    return None if amount is None else amount.at_least(limit)


def recovered(seen: Aml) -> bool | None:
    """Neutrophils of 1.0 and platelets of 100 x 10^9/L or more."""
    return all_of(at_least(seen, "anc", RECOVERED_ANC), at_least(seen, "plt", RECOVERED_PLT))


def partly_recovered(seen: Aml) -> bool | None:
    return all_of(at_least(seen, "anc", PARTLY_ANC), at_least(seen, "plt", PARTLY_PLT))


def one_recovered(seen: Aml) -> bool | None:
    if seen.line.choices.values["cri_rule"] == "inclusive":
        return True
    return any_of(at_least(seen, "anc", RECOVERED_ANC), at_least(seen, "plt", RECOVERED_PLT))


def partial(seen: Aml) -> bool | None:
    """A usable marrow has 5 to 25 % blasts, at most half of before; else as CR."""
    return all_of(halved(seen), seen.no_blood_blasts, seen.emd == "no", recovered(seen), seen.also)


def regenerating(seen: Aml) -> bool:
    """In remission, marrow blasts >= 5 % marked as those of a regenerating marrow."""
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
            "Marrow < 5 % blasts, none in blood, no extramedullary disease, neutrophils >= 1.0, platelets >= 100",
            lambda seen: all_of(clear(seen), recovered(seen)),
        ),
        "{items}: below 5 %, neutrophils at least 1.0 and platelets at least 100, complete remission",
        D,
        needs="cr_needs",
    ),
    Rule(
        "aml.morphology.crh",
        "CRh",
        when(
            "As CR, but neutrophils >= 0.5 and platelets >= 50",
            lambda seen: all_of(clear(seen), partly_recovered(seen)),
        ),
        "{items}: below 5 %, neutrophils at least 0.5 and platelets at least 50, CR with partial recovery",
        D,
        needs="crh_needs",
    ),
    Rule(
        "aml.morphology.cri",
        "CRi",
        when(
            "As CR, but only neutrophils >= 1.0 or platelets >= 100 (`cri_rule` inclusive: or neither)",
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
    """In remission, marrow blasts >= 5 %, not marked as regenerating."""
    if not seen.in_remission or seen.marrow_pct is None or seen.regenerating:
        return False
    return seen.marrow_pct.at_least(CLEAR_MARROW_PCT)


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
            "In remission, two blood samples >= 7 days apart show blasts, and none between them is without",
            lambda seen: seen.in_remission and seen.run is not None and seen.run.is_proven,
        ),
        "blasts in blood on {run_on} and again on {run_until}, at least 7 days apart, after {best}: relapse",
        D,
    ),
    Rule(
        "aml.overall.relapse_elsewhere",
        "Relapse",
        when("In remission, extramedullary disease", lambda seen: seen.in_remission and seen.emd == "yes"),
        "extramedullary disease after {best}: relapse",
        D,
    ),
    Rule(
        "aml.overall.possible_relapse",
        "Possible relapse",
        when("In remission, a blood sample shows blasts", lambda seen: seen.in_remission and seen.run is not None),
        "blasts in blood on {run_on}, not shown again 7 days or more later: possible relapse, the {best} goes on",
        D,
    ),
    Rule(
        "aml.overall.refractory",
        "Refractory",
        missed_the_landmark,
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
    revision, unit = ENTRY.revision, ENTRY.unit
    source = "Döhner 2022, Blood 140:1345"
    categories = CATEGORIES
    settings = SETTINGS
    analytes = ANALYTES
    inputs = tuple(analyte.as_input for analyte in ANALYTES.values())
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
        days = {reading.on for reading in seen.panel.all(BLASTS.name) if reading.amount is not None}
        line = cast("AmlLine", seen.line)
        seen.run = next((run for run in line.runs if any(run.first_on <= day <= run.last_on for day in days)), None)
        seen.regenerating = seen.panel.word(REGENERATING.name) == "yes"
        block = seen.line.choices.values["auer_rods_block"]
        seen.also = not (block and seen.panel.word(AUER_RODS.name) == "yes")

    def dated_on(self, basis: AmlLine, seen: Aml) -> date:
        """Return the day of the first of the samples that show blasts in blood; otherwise as every acute leukaemia."""
        if seen.run is not None and seen.findings["overall"].rule in _BY_RUN:
            days = [reading.on for reading in seen.panel.all(BLASTS.name) if reading.amount is not None]
            return min(day for day in days if seen.run.first_on <= day <= seen.run.last_on)
        return super().dated_on(basis, seen)

    def look_back(self, basis: AmlLine, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        samples = {day: sample for day, panel in basis.panels.items() if (sample := mrd_sample(panel)) is not None}
        return with_labels(visits, label_mrd(visits, samples, mrd_name)) if samples else visits

    def conclude(self, basis: AmlLine, carried: Carried, course: Course) -> Course:
        course = super().conclude(basis, carried, course)
        add_relapse_date(course, basis.panels, MRD.name, MRD_PCT.name)
        return course

    def asked(self, seen: Aml, test: str) -> tuple[str, bool | None]:
        if test == ANC.name:
            return "1.0 or more", at_least(seen, test, RECOVERED_ANC)
        if test == PLT.name:
            return "100 or more", at_least(seen, test, RECOVERED_PLT)
        return "none", seen.no_blood_blasts

    def would_change(self, _basis: AmlLine, _carried: Carried, seen: Aml) -> tuple[str, ...]:
        return tuple(changes(seen))


def blood_runs(panels: Iterable[Panel]) -> Iterator[BloodRun]:
    """
    Yield the runs of consecutive blood samples with blasts.

    A sample without blasts ends a run; one that does not say ("<1") is passed over.
    """
    first_on = last_on = None
    for panel in panels:
        for reading in panel.all(BLASTS.name):
            none = None if reading.amount is None else reading.amount.at_most(ZERO)
            if none is False:
                first_on, last_on = first_on or reading.on, reading.on
            elif none and first_on is not None and last_on is not None:
                yield BloodRun(first_on, last_on, reading.on)
                first_on = None
    if first_on is not None and last_on is not None:
        yield BloodRun(first_on, last_on)


def remarks(seen: Aml) -> Iterator[str]:
    """Yield what a reader should look at beside the category."""
    if seen.run is not None and seen.in_remission and not seen.run.is_proven and seen.run.cleared_on is None:
        yield f"blasts in blood; look again from {seen.settles_on} on, a second sample with blasts is relapse"
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
            yield f"not relapse by marrow below 5 %; now {seen.marrow_pct}"
    elif seen.in_remission and seen.marrow_pct is not None and not seen.regenerating:
        yield f"Relapse from 5 % marrow blasts; now {seen.marrow_pct}"
    if morphology in ("CRh", "CRi", "MLFS", "PR"):
        wanted = [] if recovered(seen) else [f"{seen.counts_said}; CR asks for 1.0 and 100"]
        if morphology == "PR":
            wanted.append(f"CR asks for marrow blasts below 5 %; now {seen.marrow_pct}")
        yield from wanted
    elif morphology == "CR":
        yield f"not CR with neutrophils below 1.0 or platelets below 100; now {seen.counts_said}"
    elif morphology == "NR":
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
        yield f"remission needs marrow blasts below 5 %; now {marrow}"
        if seen.line.before is not None:
            limit = min(seen.line.before.most / 2, PARTIAL_MARROW_PCT)
            yield f"PR needs marrow blasts of {number(limit)} % or less and the blood of CR"


FAMILY = AmlFamily()
