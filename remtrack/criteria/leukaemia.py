"""
What the acute leukaemias share: which samples make one assessment, and how a remission is followed.

Their rule tables stand in `aml` and `blood_all`, the inputs and conditions of both in `leukaemia_visit`. Here is
when a remission is dated, that it is reported until a relapse, and the times counted from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

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
from .base import COMMON_SETTINGS, Choices, Family, Rule, Seen, Setting, Table, always, choice, whole
from .drawn import bound, first
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
    Marrow,
    find_clear,
)
from .results import ZERO, Panel, Reading, when

COUNT_SETTINGS = (
    Setting(
        "cri_rule",
        "one_recovered",
        choice("one_recovered", "inclusive"),
        "CRi when one of the two counts has recovered, or also when none has (MLFS then does not occur)",
    ),
    Setting("count_window_days", "14", whole(0, 99), "blood counts up to so many days after a marrow belong to it"),
)


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
                is_usable = marrow is not None and panel.word(ADEQUATE.name) != "no"
                if is_usable and visit_on <= max(start_on, baseline.visit_on):
                    line.before = marrow
            line.baseline_value = None if line.before is None else line.before.value
        return line

    def begin(self, basis: AcuteLine) -> Carried:
        if basis.baseline is None:
            return Carried()
        return Carried(emd=basis.panels[basis.baseline.visit_on].word(EMD.name) or "no")

    def observe(self, basis: Any, carried: Carried, visit: Visit) -> Any:
        panel = basis.panels[visit.visit_on]
        seen: Assessed = self.seen_type(
            visit, line=basis, carried=carried, panel=panel, blood_test=self.blood_test, marrow_panel=panel
        )
        seen.emd = panel.word(EMD.name) or carried.emd
        seen.marrow = self._marrow(seen)
        seen.is_adequate = panel.word(ADEQUATE.name) != "no"
        self.look(seen)
        self._pair(seen)
        if seen.marrow is None and seen.is_adequate and carried.marrow is not None and seen.counts:
            self._borrow(seen, carried.marrow)
        seen.flags.extend(panel.troubles)
        if not seen.borrowed:
            seen.extra.update(bound(seen.marrow_pct))
        if seen.marrow is not None and not seen.is_adequate:
            seen.flags.append("the marrow sample is marked as inadequate; repeat it")
        return seen

    def look(self, _seen: Any) -> None:
        """Note what one family alone looks at, before any table is asked."""

    def _marrow(self, seen: Assessed) -> Reading | None:
        """Return the marrow of a visit: the latest, but in remission the first of several that is a relapse."""
        found = seen.panel.all(MARROW.name)
        last = seen.panel.last(MARROW.name)
        if not seen.in_remission or len(found) < 2:
            return last
        return next((one for one in found if one.amount is not None and seen.is_relapse(one.amount)), last)

    def _pair(self, seen: Assessed) -> None:
        """
        Take the blood that belongs to the marrow.

        Where a visit has several samples of it, the first day that shows the most decides.
        """
        by_day = self._blood_by_day(seen.line, seen.panel, seen.marrow)
        if len(by_day) > 1:
            by_day.sort(key=lambda counts: self._rank_with(seen, counts))  # days of one rank stay in order
        seen.counts = by_day[0]
        seen.is_clear = find_clear(seen)

    def _rank_with(self, seen: Assessed, counts: Mapping[str, Reading]) -> int:
        seen.counts = counts
        seen.is_clear = find_clear(seen)
        return self.by_code[self.morphology.judge(seen).category].rank

    def _blood_by_day(self, line: AcuteLine, panel: Panel, marrow: Reading | None) -> list[dict[str, Reading]]:
        """
        Return the blood that belongs to a marrow, from its day to the end of the window, as known day by day.

        One entry for each day with a sample, oldest first, with the latest reading of each test by then; one in
        all when no test was done twice. Blasts that come up later in the window count on the earlier days, too.
        """
        first_on, last_on = date.min, date.max
        if marrow is not None:
            first_on, last_on = marrow.on, marrow.on + timedelta(line.choices.values["count_window_days"])
        within: dict[str, list[Reading]] = {}
        for test in (self.blood_test, ANC.name, PLT.name):
            found = [one for one in panel.all(test) if one.is_read and first_on <= one.on <= last_on]
            if found:
                within[test] = found
        if not any(len(found) > 1 for found in within.values()):
            return [{test: found[0] for test, found in within.items()}]
        by_day = []
        for day in sorted({one.on for found in within.values() for one in found}):
            known = {test: [one for one in found if one.on <= day] for test, found in within.items()}
            counts = {test: found[-1] for test, found in known.items() if found}
            blasts = (
                one
                for one in within.get(self.blood_test, ())
                if one.on > day and one.amount is not None and one.amount.at_most(ZERO) is not True
            )
            later = next(blasts, None)
            by_day.append(counts if later is None else {**counts, self.blood_test: later})
        return by_day

    def _borrow(self, seen: Assessed, earlier: Marrow) -> None:
        """Take the marrow of an earlier visit for these counts, where together they show more than was seen by then."""
        own = seen.counts
        within = self._blood_by_day(seen.line, seen.panel, earlier.reading)[-1]
        if not within:
            return
        together = {**earlier.counts, **within}
        seen.marrow, seen.marrow_panel, seen.borrowed = earlier.reading, earlier.panel, True
        self.look(seen)
        best = self.by_code[seen.best].rank if seen.best else earlier.rank
        if self._rank_with(seen, together) >= min(best, earlier.rank):
            seen.marrow, seen.marrow_panel, seen.borrowed = None, seen.panel, False
            self.look(seen)
            seen.counts, seen.is_clear = own, None
            seen.waiting = earlier._replace(counts=together)

    def carry(self, _basis: Any, carried: Carried, seen: Any) -> Carried:
        code = seen.findings["overall"].category
        kind = self.by_code[code].kind
        marrow = seen.waiting or carried.marrow
        if seen.marrow is not None:
            rank = self.by_code[code].rank
            marrow = Marrow(seen.marrow, seen.marrow_panel, seen.counts, rank) if seen.is_adequate else None
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
        shown = self.shown(seen, finding.rule)
        if shown is not None:
            on: date = shown.on
            return on
        if self.by_code[finding.category].kind == NOT_EVALUABLE or seen.marrow is None:
            visit: Visit = seen.visit
            return visit.visit_on
        days: list[date] = [seen.marrow.on, *(reading.on for reading in seen.counts.values())]
        return max(days)

    def shown(self, seen: Any, rule: str) -> Reading | None:
        """Return the one sample that dates a visit by that rule, None where several do."""
        test = self.shown_by.get(rule)
        if test is None:
            return None
        reading: Reading | None = seen.marrow if test == MARROW.name else seen.panel.last(test)
        return reading

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
            reported.append(visit if same else visit._replace(reported=shown.code, reported_kind=kind))
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
        if basis.baseline is not None:
            extra |= first(basis.panels[basis.baseline.visit_on].amount(MARROW.name), basis.baseline_value)
        extra["marks"] = remission_marks(basis)
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
        if self._has_missed_the_landmark(basis, counted):
            ends.append(start_on)
        contacts = [event.event_on for event in basis.history.events if event.event == "last_contact"]
        alive_on = max([*contacts, course.assessments[-1].visit_on])
        return {
            "efs_days": max((min(ends, default=last_on) - start_on).days, 0),
            "efs_censored": not ends,
            "os_days": max(((died_on or alive_on) - start_on).days, 0),
            "os_censored": died_on is None,
        }

    def _has_missed_the_landmark(self, line: AcuteLine, counted: Sequence[Assessment]) -> bool:
        """Say whether the first visit from the landmark on that could be judged was no remission, nor any before."""
        for visit in counted:
            if visit.kind == COMPLETE:
                return False
            late = line.landmark_on is not None and visit.visit_on >= line.landmark_on
            if late and visit.kind != NOT_EVALUABLE:
                return True
        return False

    def steps(self, _basis: Any, _carried: Carried, seen: Any) -> tuple[Step, ...]:
        return (*self._measured(seen), *self.steps_beside(seen), *self._judged(seen))

    def steps_beside(self, _seen: Any) -> Iterator[Step]:
        """Yield the steps of what one family alone looks at."""
        yield from ()

    def _measured(self, seen: Any) -> Iterator[Step]:
        marrow = seen.marrow
        told = "not done" if marrow is None else f"{as_read(marrow)} on {marrow.on}"
        if seen.borrowed:
            told += ", completed by these blood counts"
        below = None if seen.marrow_pct is None else seen.marrow_pct.below(CLEAR_MARROW_PCT)
        yield Step("Marrow blasts", told, "below 5 %", said(below) if seen.is_adequate else "inadequate")
        for test, label in ((seen.blood_test, "Blood blasts"), (ANC.name, "Neutrophils"), (PLT.name, "Platelets")):
            reading = seen.counts.get(test)
            limit, holds = self.asked(seen, test)
            told = seen.panel.lack(test) if reading is None else f"{as_read(reading)} on {reading.on}"
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
        return None, remission_marks(basis)

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


def remission_marks(line: AcuteLine) -> tuple[tuple[str, Decimal], ...]:
    """Return the marrow blasts of a complete remission, and of a partial one where half of those before allow it."""
    found = [("remission_below_pct", CLEAR_MARROW_PCT)]
    before = line.baseline_value
    if before is not None and before / 2 >= CLEAR_MARROW_PCT:
        found.append(("marrow_partial_to_pct", min(before / 2, PARTIAL_MARROW_PCT)))
    return tuple(found)


def as_read(reading: Reading) -> str:
    """Return a result as it was understood, and as it was printed where that was in another unit."""
    has_unit = any(sign.isalpha() or sign in "%/" for sign in reading.printed)
    return f"{reading.printed} = {reading.said}" if has_unit and reading.printed != reading.said else reading.said


def said(holds: bool | None) -> str:
    """Return an answer in a word."""
    return "cannot say" if holds is None else "yes" if holds else "no"


LEUKAEMIA_SETTINGS = (*COUNT_SETTINGS, *COMMON_SETTINGS)
