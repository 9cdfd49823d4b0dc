"""
What the acute leukaemias share: one assessment from marrow, blood and the rest, and how a remission is followed.

Their rule tables stand in `aml` and `blood_all`. Here are the inputs that both read, which samples make one
assessment, when a remission is dated, that it is reported until a relapse, and the times counted from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from ..episodes import DEATH, DURATION, Confirmation, Terms, before_therapy
from ..model import History, Visit
from ..verdict import (
    COMPLETE,
    END_KINDS,
    NOT_EVALUABLE,
    REFRACTORY,
    RELAPSE,
    Assessment,
    Course,
    Problem,
    Step,
)
from .base import COMMON_SETTINGS, Basis, Choices, Family, Rule, Seen, Setting, Table, always, choice, whole
from .results import (
    NONE_SEEN,
    ZERO,
    Amount,
    Panel,
    Reading,
    all_of,
    count,
    share,
    when,
    word,
)

CLEAR_MARROW_PCT = Decimal(5)
PARTIAL_MARROW_PCT = Decimal(25)
# Neutrophils and platelets that have recovered, and that have partly recovered, in 10^9/L.
RECOVERED_ANC, RECOVERED_PLT = Decimal(1), Decimal(100)
PARTLY_ANC, PARTLY_PLT = Decimal("0.5"), Decimal(50)

MARROW = share("bm_blasts_pct", "blasts among the nucleated cells of the marrow", zero_words=NONE_SEEN)
ADEQUATE = word("bm_adequate", "whether the marrow sample can be used: spicules, and 200 cells or 10 % cellularity")
EMD = word("emd", "disease outside marrow and blood; empty: as last entered in this line, no if never")
ANC = count("anc", "neutrophils in blood", 100)
PLT = count("plt", "platelets in blood, untransfused", 2000)

COUNT_SETTINGS = (
    Setting(
        "cri_rule",
        "one_recovered",
        choice("one_recovered", "inclusive"),
        "CRi when one of the two counts has recovered, or also when none has (MLFS then does not occur)",
    ),
    Setting("count_window_days", "14", whole(0, 99), "blood counts up to so many days after a marrow belong to it"),
)


class Marrow(NamedTuple):
    """A marrow that later blood counts may complete: its reading, the counts it has, and the rank it gave."""

    reading: Reading
    counts: Mapping[str, Reading]
    rank: int


class Carried(NamedTuple):
    """
    What a visit is compared with.

    `remission_on` is the visit of the first remission of the line and `best` the best remission level so far,
    None and "" before. `beside` is what one family alone carries.
    """

    emd: str = "no"
    marrow: Marrow | None = None
    remission_on: date | None = None
    best: str = ""
    relapsed: bool = False
    beside: Any = None


@dataclass(slots=True)
class AcuteLine(Basis):
    """A line of acute leukaemia: each visit's results as read, the response landmark, the marrow before treatment."""

    panels: Mapping[date, Panel] = field(kw_only=True)
    landmark_on: date | None = None
    before: Amount | None = None


@dataclass(slots=True)
class Assessed(Seen):
    """
    What an acute leukaemia shows at a visit: the marrow that counts and the blood that belongs to it.

    `marrow` is None when it was not done or cannot be read; `borrowed` says that it is an earlier visit's, which
    these blood counts complete. `counts` are the blood tests within the window. `also` is what a family asks
    besides of a clear marrow, None when that cannot be said; `lacks` then name what is missing.
    """

    line: AcuteLine = field(kw_only=True)
    carried: Carried = field(kw_only=True)
    panel: Panel = field(kw_only=True)
    blood_test: str = field(kw_only=True)
    marrow: Reading | None = None
    borrowed: bool = False
    is_adequate: bool = True
    counts: Mapping[str, Reading] = field(default_factory=dict)
    emd: str = "no"
    also: bool | None = True
    is_clear: bool | None = None
    lacks: tuple[str, ...] = ()

    # What was measured

    def numbers(self) -> dict[str, Any]:
        return {} if self.borrowed or self.marrow_pct is None else {"value": self.marrow_pct.value}

    def amount(self, test: str) -> Amount | None:
        reading = self.counts.get(test)
        return None if reading is None else reading.amount

    @property
    def marrow_pct(self) -> Amount | None:
        return None if self.marrow is None else self.marrow.amount

    @property
    def in_remission(self) -> bool:
        return self.carried.remission_on is not None

    @property
    def is_late(self) -> bool:
        """Whether the landmark has come and no remission was reached before."""
        landmark_on = self.line.landmark_on
        return landmark_on is not None and self.visit.visit_on >= landmark_on and not self.in_remission

    @property
    def is_complete(self) -> bool:
        """Whether blood blasts and both counts are there."""
        return self.blood_test in self.counts and "anc" in self.counts and "plt" in self.counts

    @property
    def no_blood_blasts(self) -> bool | None:
        blasts = self.amount(self.blood_test)
        return None if blasts is None else blasts.at_most(ZERO)

    # Names that the sentences use

    @property
    def items(self) -> str:
        return f"{self.marrow_said}, {self.blood_said}, {self.emd_said}, {self.counts_said}"

    @property
    def marrow_said(self) -> str:
        if self.marrow is None:
            return "no marrow"
        return f"marrow blasts {self.marrow.said}{self._day(self.marrow)}"

    @property
    def blood_said(self) -> str:
        reading = self.counts.get(self.blood_test)
        if reading is None:
            return "blood blasts not known"
        none = self.no_blood_blasts
        return f"{'no blood blasts' if none else f'blood blasts {reading.said}'}{self._day(reading)}"

    @property
    def counts_said(self) -> str:
        return " and ".join(
            self._count_said(test, name) for test, name in (("anc", "neutrophils"), ("plt", "platelets"))
        )

    def _count_said(self, test: str, name: str) -> str:
        reading = self.counts.get(test)
        if reading is None or reading.amount is None:
            return f"{name} not known"
        return f"{name} {reading.amount}{self._day(reading)}"

    @property
    def emd_said(self) -> str:
        return "extramedullary disease" if self.emd == "yes" else "no extramedullary disease"

    def _day(self, reading: Reading) -> str:
        return "" if reading.on == self.visit.visit_on else f" ({reading.on})"

    @property
    def before_said(self) -> str:
        return "not known" if self.line.before is None else f"{self.line.before} %"

    @property
    def landmark_on(self) -> date | None:
        return self.line.landmark_on

    @property
    def best(self) -> str:
        return self.carried.best

    # What is missing

    def missing(self, **answers: bool | None) -> tuple[str, ...]:
        """
        Return a sentence for each item that is missing, or that is a bound which decides nothing.

        `answers` are what was asked of a blood count, by its name; without one it only has to be there.
        """
        if not self.is_adequate:
            return ("the marrow sample is marked as inadequate",)
        if self.marrow_pct is None:
            return (self.panel.lack(MARROW.name),)
        asked = {self.blood_test: self.no_blood_blasts, "anc": True, "plt": True, **answers}
        found = [] if self.marrow_pct.below(CLEAR_MARROW_PCT) is not None else [_vague(MARROW.name, self.marrow_pct)]
        for test, answer in asked.items():
            amount = self.amount(test)
            if amount is None:
                found.append(self._lack(test))
            elif answer is None:
                found.append(_vague(test, amount))
        return (*found, *self.lacks)

    def _lack(self, test: str) -> str:
        if self.marrow is None:
            return self.panel.lack(test)
        days: int = self.line.choices.values["count_window_days"]
        until = self.marrow.on + timedelta(days)
        outside = self.panel.last(test)
        if outside is not None:
            return f"{test} of {outside.on} is outside the window of the marrow, {self.marrow.on} to {until}"
        return f"{self.panel.lack(test)}; one sampled by {until} belongs to this marrow"

    @property
    def clear_needs(self) -> tuple[str, ...]:
        return self.missing()

    @property
    def marrow_needs(self) -> tuple[str, ...]:
        """What is missing to say on which side of 5 % the marrow is."""
        return () if self.marrow_pct is None else (_vague(MARROW.name, self.marrow_pct),)

    @property
    def gap(self) -> str:
        """Why the visit cannot be rated."""
        return "; ".join(self.missing())


def _vague(test: str, amount: Amount) -> str:
    return f"{test} {amount} does not decide it; an exact value would"


def clear(seen: Assessed) -> bool | None:
    """No leukaemia as in CR, whatever the counts."""
    return seen.is_clear


def find_clear(seen: Assessed) -> bool | None:
    """Work out what `clear` says; several rows ask for it."""
    marrow = seen.marrow_pct
    if marrow is None or not seen.is_adequate:
        return None
    is_clear = marrow.below(CLEAR_MARROW_PCT)
    if is_clear is False:
        return False
    return all_of(is_clear, seen.no_blood_blasts, seen.emd == "no", seen.also) if seen.is_complete else None


def halved(seen: Assessed) -> bool | None:
    """Say whether the marrow is at 5 to 25 % and at most half of what it was before treatment."""
    marrow, before = seen.marrow_pct, seen.line.before
    if marrow is None or before is None or not seen.is_adequate:
        return False
    return all_of(marrow.at_least(CLEAR_MARROW_PCT), marrow.at_most(PARTIAL_MARROW_PCT), before.reaches(marrow, 2, 1))


def not_assessable(seen: Assessed) -> bool:
    """No usable marrow; or < 5 % blasts (or a bound that may be) without all of the rest that remission asks for."""
    return seen.marrow is None or not seen.is_adequate or clear(seen) is None


def missed_the_landmark(seen: Assessed) -> bool:
    """From the event of the landmark on, with no remission before: marrow and counts gave MLFS, PR or NR."""
    return seen.is_late and seen.gave("morphology") in ("MLFS", "PR", "NR")


def as_morphology(prefix: str, source: str, *codes: str) -> Iterator[Rule[Any]]:
    """Yield the rows of the overall table that take over what the table of morphology gave."""
    for code in codes:
        holds: Callable[[Seen], bool | None] = always if code == codes[-1] else _gave(code)
        yield Rule(f"{prefix}.{code.lower()}", code, holds, "{morphology_because}", source)


def _gave(code: str) -> Callable[[Seen], bool | None]:
    return when(f"Marrow, blood and counts gave {code}", lambda seen: seen.gave("morphology") == code)


class AcuteLeukaemia(Family):
    """What AML and ALL do alike; each has its own tables and says what is seen beside marrow and counts."""

    blood_test: str
    landmark: str
    shown_by: ClassVar[Mapping[str, str]]  # the test that showed it, of each rule that dates a visit by one sample
    morphology: Table[Any]
    line_type: type[Any] = AcuteLine
    seen_type: type[Any] = Assessed

    def prepare(self, history: History, choices: Choices) -> Any:
        baseline = history.visits[0] if history.visits else None
        panels = {visit.visit_on: Panel(visit, self.analytes) for visit in history.visits}
        line: AcuteLine = self.line_type(history, choices, baseline, panels=panels)
        line.landmark_on = min(
            (event.event_on for event in history.events if event.event == self.landmark), default=None
        )
        if baseline is not None:
            # What was there before treatment: the last marrow up to its start, which need not be the first visit.
            start_on = history.line.started_on or baseline.visit_on
            for visit_on, panel in panels.items():
                marrow = panel.amount(MARROW.name)
                if marrow is not None and visit_on <= max(start_on, baseline.visit_on):
                    line.before = marrow
            line.baseline_value = None if line.before is None else line.before.value
        return line

    def begin(self, basis: AcuteLine) -> Carried:
        if basis.baseline is None:
            return Carried()
        return Carried(emd=basis.panels[basis.baseline.visit_on].word(EMD.name) or "no")

    def observe(self, basis: Any, carried: Carried, visit: Visit) -> Any:
        panel = basis.panels[visit.visit_on]
        seen: Assessed = self.seen_type(visit, line=basis, carried=carried, panel=panel, blood_test=self.blood_test)
        seen.emd = panel.word(EMD.name) or carried.emd
        seen.marrow = panel.last(MARROW.name)
        seen.is_adequate = panel.word(ADEQUATE.name) != "no"
        seen.counts = self._counts(basis, panel, seen.marrow)
        self.look(seen)
        seen.is_clear = find_clear(seen)
        if seen.marrow is None and seen.is_adequate and carried.marrow is not None and seen.counts:
            self._borrow(seen, carried.marrow)
        seen.flags.extend(panel.troubles)
        if seen.marrow is not None and not seen.is_adequate:
            seen.flags.append("the marrow sample is marked as inadequate; repeat it")
        return seen

    def look(self, _seen: Any) -> None:
        """Note what one family alone looks at, before any table is asked."""

    def _counts(self, basis: AcuteLine, panel: Panel, marrow: Reading | None) -> Mapping[str, Reading]:
        """Return the latest reading of each blood test that belongs to the marrow: from its day to the window's end."""
        found = {}
        days = timedelta(basis.choices.values["count_window_days"])
        for test in (self.blood_test, ANC.name, PLT.name):
            reading = panel.last(test)
            if reading is not None and marrow is not None and not marrow.on <= reading.on <= marrow.on + days:
                within = [one for one in panel.all(test) if one.is_read and marrow.on <= one.on <= marrow.on + days]
                reading = within[-1] if within else None
            if reading is not None:
                found[test] = reading
        return found

    def _borrow(self, seen: Assessed, earlier: Marrow) -> None:
        """Take the marrow of an earlier visit for these counts, where together they show more than was seen by then."""
        own = seen.counts
        within = self._counts(seen.line, seen.panel, earlier.reading)
        if not within:
            return
        seen.marrow, seen.counts, seen.borrowed = earlier.reading, {**earlier.counts, **within}, True
        seen.is_clear = find_clear(seen)
        finding = self.morphology.judge(seen)
        best = self.by_code[seen.best].rank if seen.best else earlier.rank
        if self.by_code[finding.category].rank >= min(best, earlier.rank):
            seen.marrow, seen.counts, seen.borrowed, seen.is_clear = None, own, False, None

    def carry(self, _basis: Any, carried: Carried, seen: Any) -> Carried:
        code = seen.findings["overall"].category
        kind = self.by_code[code].kind
        marrow = carried.marrow
        if seen.marrow is not None:
            marrow = Marrow(seen.marrow, seen.counts, self.by_code[code].rank) if seen.is_adequate else None
        best = carried.best
        if kind == COMPLETE and (not best or self.by_code[code].rank < self.by_code[best].rank):
            best = code
        return Carried(
            seen.emd,
            marrow,
            carried.remission_on or (seen.visit.visit_on if kind == COMPLETE else None),
            best,
            carried.relapsed or kind == RELAPSE,
            self.beside(seen),
        )

    def beside(self, _seen: Any) -> Any:
        """Return what this family alone carries on."""
        return None

    def dated_on(self, _basis: Any, seen: Any) -> date:
        """Return the day when the last item of the category was sampled; of the visit when there is no category."""
        finding = seen.findings["overall"]
        shown = seen.panel.last(self.shown_by[finding.rule]) if finding.rule in self.shown_by else None
        if shown is not None:
            on: date = shown.on
            return on
        if self.by_code[finding.category].kind == NOT_EVALUABLE or seen.marrow is None:
            visit: Visit = seen.visit
            return visit.visit_on
        days: list[date] = [seen.marrow.on, *(reading.on for reading in seen.counts.values())]
        return max(days)

    def terms(self, basis: Any) -> Terms:
        return Terms(
            word=self.word,
            categories=self.by_code,
            confirmation=Confirmation(needed=False),
            evidence=DURATION,
            lasting_rule=basis.choices.values["lasting_rule"],
            responses=frozenset({COMPLETE}),
        )

    def report(self, _basis: Any, _terms: Terms, visits: Sequence[Assessment]) -> Sequence[Assessment]:
        """Return the visits as reported: the best remission so far until relapse, and relapse from then on."""
        reported = []
        best = relapse = None
        for visit in visits:
            if relapse is None and visit.kind == RELAPSE:
                relapse = self.by_code[visit.overall]
            elif visit.kind == COMPLETE and (best is None or self.by_code[visit.overall].rank < best.rank):
                best = self.by_code[visit.overall]
            shown = relapse or best or self.by_code[visit.overall]
            # Growth before any remission is no end: induction goes on, and a remission may follow it in this line.
            kind = REFRACTORY if shown.kind in END_KINDS and shown is not relapse else shown.kind
            same = shown.code == visit.reported and kind == visit.reported_kind
            reported.append(visit if same else replace(visit, reported=shown.code, reported_kind=kind))
        return reported

    def conclude(self, basis: Any, _carried: Carried, course: Course) -> Course:
        """
        Return the course with the times that are counted in acute leukaemia.

        Relapse-free time (`dor_days`) runs to relapse or death, else to the last blood count. Time without an
        event (`extra`: `efs_days`) also ends when there was no remission at the landmark, which is dated to the
        first day. There is no progression-free time.
        """
        extra = {name: told for name, told in course.extra.items() if not name.startswith("stable_")}
        counted = before_therapy(course.assessments, basis.history.new_therapy_on)
        looks = [visit.visit_on for visit in counted if self._has_blood(basis, visit.visit_on)]
        relapse = next((visit for visit in course.assessments if visit.reported_kind == RELAPSE), None)
        if relapse is not None:
            extra["relapse_date"] = relapse.dated_on.isoformat()
        dor_days, start_on = course.dor_days, course.response_start
        if start_on is not None and course.dor_censored:
            last_on = max([*looks, start_on])
            dor_days = (last_on - start_on).days
            complete_days = extra.get("complete_response_days")
            if complete_days is not None and course.dor_days is not None:
                extra["complete_response_days"] = complete_days + dor_days - course.dor_days
        progression_on = None if relapse is None else relapse.dated_on
        if progression_on is None and start_on is None:
            progression_on = next((visit.dated_on for visit in counted if visit.kind in END_KINDS), None)
        if basis.start_on is not None and course.assessments:
            extra |= self._times(basis, course, counted, max(looks, default=basis.start_on))
        return replace(
            course, dor_days=dor_days, progression_on=progression_on, pfs_days=None, pfs_censored=None, extra=extra
        )

    def _has_blood(self, basis: AcuteLine, visit_on: date) -> bool:
        return any(basis.panels[visit_on].amount(test) is not None for test in (self.blood_test, ANC.name, PLT.name))

    def _times(self, basis: AcuteLine, course: Course, counted: Sequence[Assessment], last_on: date) -> dict[str, Any]:
        """Return the time without an event and the survival time, in days from the start of treatment."""
        start_on = basis.start_on or last_on
        died_on = next((event.event_on for event in basis.history.events if event.event == DEATH), None)
        closed_on = basis.history.new_therapy_on
        ends = [visit.dated_on for visit in counted if visit.reported_kind == RELAPSE]
        if died_on is not None and (closed_on is None or died_on <= closed_on):
            ends.append(died_on)
        if any(visit.kind == REFRACTORY for visit in counted):
            ends.append(start_on)
        contacts = [event.event_on for event in basis.history.events if event.event == "last_contact"]
        alive_on = max([*contacts, course.assessments[-1].visit_on])
        return {
            "efs_days": max((min(ends, default=last_on) - start_on).days, 0),
            "efs_censored": not ends,
            "os_days": max(((died_on or alive_on) - start_on).days, 0),
            "os_censored": died_on is None,
        }

    def steps(self, _basis: Any, _carried: Carried, seen: Any) -> tuple[Step, ...]:
        return (*self._measured(seen), *self.steps_beside(seen), *self._judged(seen))

    def steps_beside(self, _seen: Any) -> Iterator[Step]:
        """Yield the steps of what one family alone looks at."""
        yield from ()

    def _measured(self, seen: Any) -> Iterator[Step]:
        marrow = seen.marrow
        told = "not done" if marrow is None else f"{marrow.printed} on {marrow.on}"
        if seen.borrowed:
            told += ", completed by these blood counts"
        below = None if seen.marrow_pct is None else seen.marrow_pct.below(CLEAR_MARROW_PCT)
        yield Step("Marrow blasts", told, "below 5 %", said(below) if seen.is_adequate else "inadequate")
        for test, label in ((seen.blood_test, "Blood blasts"), (ANC.name, "Neutrophils"), (PLT.name, "Platelets")):
            reading = seen.counts.get(test)
            limit, holds = self.asked(seen, test)
            told = seen.panel.lack(test) if reading is None else f"{reading.printed} on {reading.on}"
            yield Step(label, told, limit, said(holds) if reading is not None else "not known")
        yield Step("Other disease", seen.emd_said, "none", said(seen.emd == "no"))

    def _judged(self, seen: Assessed) -> Iterator[Step]:
        morphology, overall = seen.findings["morphology"], seen.findings["overall"]
        told = morphology.because
        if morphology.category != "NE":
            told = told.rpartition(": ")[2]  # the items before the colon are the steps above
        yield Step("Marrow and counts", told, morphology.rule, morphology.category)
        told = "as marrow and counts" if overall.because == morphology.because else overall.because
        yield Step("Response", told, overall.rule, overall.category)

    def asked(self, seen: Any, test: str) -> tuple[str, bool | None]:
        """Return what complete remission asks of a blood test, in words, and whether it is so."""
        raise NotImplementedError

    def baseline_steps(self, basis: Any) -> tuple[Step, ...]:
        told = "not entered" if basis.before is None else f"{basis.before} %"
        return (Step("Marrow blasts before treatment", told, "the reference of PR", told),)

    def limits(self, basis: Any, carried: Carried) -> tuple[date | None, tuple[tuple[str, Decimal], ...]]:
        if carried.remission_on is not None:
            return None, (("relapse_from_pct", CLEAR_MARROW_PCT),)
        found = [("remission_below_pct", CLEAR_MARROW_PCT)]
        before = basis.baseline_value
        if before is not None and before / 2 >= CLEAR_MARROW_PCT:
            found.append(("marrow_partial_to_pct", min(before / 2, PARTIAL_MARROW_PCT)))
        return None, tuple(found)

    def check_baseline(self, basis: Any) -> tuple[Problem, ...]:
        who = f"{basis.history.patient_id}, line {basis.history.line.number}"
        found = []
        if basis.before is None:
            found.append(
                Problem(
                    "warning",
                    f"{who}: no marrow blasts before treatment",
                    "without them a partial remission cannot be told from no response",
                    rule="no-marrow-before",
                )
            )
        started_on, baseline = basis.history.line.started_on, basis.baseline
        if started_on is not None and baseline is not None and baseline.visit_on > started_on:
            found.append(
                Problem(
                    "warning",
                    f"{who}: the baseline of {baseline.visit_on} is after the start of treatment on {started_on}",
                    "what was there before treatment is not known",
                    rule="baseline-after-start",
                )
            )
        panels = basis.panels.values()
        found += [Problem("warning", f"{who}: {told}", rule="not-read") for panel in panels for told in panel.troubles]
        return tuple(found)


def said(holds: bool | None) -> str:
    """Return an answer in a word."""
    return "cannot say" if holds is None else "yes" if holds else "no"


LEUKAEMIA_SETTINGS = (*COUNT_SETTINGS, *COMMON_SETTINGS)
