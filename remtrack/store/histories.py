"""
Facts in bulk: every patient's histories, streamed in order, ready for a family to judge.

Ordered queries run side by side, patient by patient, so that memory does not grow with the file.
Nothing is judged here: what a line's baseline is, and who has one, is said by dates alone.
"""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RecordError
from ..model import KINDS, ROLES, STATES, Event, History, Lesion, Line, Measurement, Result, Visit
from .facts import real

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .open import Connection

# Both begin with the patients, so that they meet the same visits in the same order even where another program
# took a patient away and left the visits.
_VISITS = """SELECT p.patient_id, v.visit_key, v.line, v.reader, v.visit_on, v.label, v.method, v.note
FROM patients AS p CROSS JOIN visits AS v ON v.patient_id = p.patient_id {where}
ORDER BY p.patient_id, v.visit_on, v.reader, v.visit_key"""
# By the keys of visits and lesions alone: with their names in each row it took twice as long.
_READINGS = """SELECT m.visit_key, m.lesion_key, m.state, m.longest_mm, m.short_mm, m.other_key, m.reason, m.note,
    m.measured_on
FROM patients AS p CROSS JOIN visits AS v ON v.patient_id = p.patient_id
CROSS JOIN measurements AS m ON m.visit_key = v.visit_key {where}
ORDER BY p.patient_id, v.visit_on, v.reader, v.visit_key"""

# Asked beside them, each by patient: (name, SQL). `{where}` limits a query to some patients.
_BESIDE = {
    "patients": "SELECT t.patient_id FROM patients AS t {where} ORDER BY t.patient_id",
    "lines": "SELECT t.patient_id, t.line, t.regimen, t.started_on, t.stopped_on, t.baseline_on "
    "FROM lines AS t {where} ORDER BY t.patient_id, t.line",
    "criteria": "SELECT t.patient_id, t.line, t.criteria, t.settings "
    "FROM line_criteria AS t {where} ORDER BY t.patient_id, t.line, t.position, t.criteria",
    "names": "SELECT t.patient_id, t.lesion_key, t.lesion_id FROM lesions AS t {where} ORDER BY t.patient_id",
    "lesions": "SELECT t.patient_id, t.line, t.reader, l.lesion_id, t.role, l.kind, l.organ, l.site "
    "FROM line_lesions AS t JOIN lesions AS l ON l.lesion_key = t.lesion_key {where} "
    "ORDER BY t.patient_id, t.line, t.reader, l.lesion_id",
    "results": "SELECT v.patient_id, t.visit_key, t.test, t.value, t.text, t.unit, t.upper_limit, t.sampled_on, t.note "
    "FROM visits AS v CROSS JOIN results AS t ON t.visit_key = v.visit_key {where} "
    "ORDER BY v.patient_id, v.visit_on, v.reader, v.visit_key, t.test, t.sampled_on",
    "events": "SELECT t.patient_id, t.line, t.event_on, t.event, t.detail "
    "FROM events AS t {where} ORDER BY t.patient_id, t.line, t.event_on, t.event, t.detail",
}
_AT_ONCE = 500
# These end or close every line's record, whichever line they were entered under.
_FOR_EVERY_LINE = frozenset({"death", "last_contact"})
# Weeks are counted from these into every line, from before its first visit as well.
_FROM_ANY_LINE = frozenset({"radiotherapy_end"})


class Case(NamedTuple):
    """One question for one family: a history, the family's id, and the settings that differ from its defaults."""

    history: History
    criteria: str
    settings: dict[str, str]


class Unjudged(NamedTuple):
    """Visits that no family is asked about, because this reader has no baseline in the line."""

    patient_id: str
    line: int
    reader: str
    first_on: date
    baseline_on: date | None


def histories(
    connection: Connection, patient_ids: Iterable[str] | None = None, as_of: date | None = None
) -> Iterator[tuple[str, tuple[Case, ...]]]:
    """
    Give every patient asked for (None: all), in order, with the cases of each line, reader and family.

    A patient without a case comes with none. `as_of` leaves out what happened after that day.
    """
    for patient in _patients(connection, patient_ids):
        yield patient.patient_id, tuple(patient.cases(as_of))


def unjudged(connection: Connection, patient_ids: Iterable[str] | None = None) -> Iterator[Unjudged]:
    """Give the lines and readers whose visits get no answer for want of a baseline."""
    for patient in _patients(connection, patient_ids):
        yield from patient.unjudged()


class _Seen(NamedTuple):
    """A visit with where it belongs."""

    line: int
    reader: str
    visit: Visit


class _Patient:
    """One patient's rows, and the histories that they make; `seen` are in date order."""

    def __init__(self, patient_id: str, seen: list[_Seen], beside: dict[str, list[tuple[Any, ...]]]) -> None:
        self.patient_id = patient_id
        self.seen = seen
        self.lines = [
            Line(line, regimen, _day(started_on), _day(stopped_on), _day(baseline_on))
            for _, line, regimen, started_on, stopped_on, baseline_on in beside["lines"]
        ]
        self.criteria = beside["criteria"]
        self.lesions = beside["lesions"]
        self.events = [(line, Event(event, _known_day(on), detail)) for _, line, on, event, detail in beside["events"]]

    def cases(self, as_of: date | None) -> Iterator[Case]:
        for line in self.lines:
            families = [
                (name, json.loads(settings) if settings != "{}" else {})
                for _, number, name, settings in self.criteria
                if number == line.number
            ]
            for reader in self._readers(line.number):
                visits = self._visits(line, reader, as_of)
                if visits:
                    history = self._history(line, reader, visits, as_of)
                    for name, settings in families:
                        yield Case(history, name, settings)

    def unjudged(self) -> Iterator[Unjudged]:
        for line in self.lines:
            for reader in self._readers(line.number):
                if not self._visits(line, reader, None):
                    first_on = next(
                        seen.visit.visit_on for seen in self.seen if (seen.line, seen.reader) == (line.number, reader)
                    )
                    yield Unjudged(self.patient_id, line.number, reader, first_on, self._baseline_on(line))

    def _readers(self, number: int) -> list[str]:
        return sorted({seen.reader for seen in self.seen if seen.line == number})

    def _visits(self, line: Line, reader: str, as_of: date | None) -> tuple[Visit, ...]:
        """The reader's visits of the line from their baseline on; none if they have no baseline."""
        mine = [seen for seen in self.seen if seen.reader == reader]
        if as_of is not None:
            mine = [seen for seen in mine if seen.visit.visit_on <= as_of]
        baseline_on = line.baseline_on
        if baseline_on is None:
            first_on = next((seen.visit.visit_on for seen in mine if seen.line == line.number), None)
            line_began_on = self._baseline_on(line)
            # Who begins to read after the line's baseline has nothing to compare with.
            if first_on is None or line_began_on is None or (reader and first_on > line_began_on):
                return ()
            baseline_on = first_on
        elif not any(seen.visit.visit_on == baseline_on for seen in mine):
            return ()
        number = line.number
        return tuple(
            [
                visit
                for of_line, _, visit in mine
                if visit.visit_on == baseline_on or (of_line == number and visit.visit_on > baseline_on)
            ]
        )

    def _baseline_on(self, line: Line) -> date | None:
        """The baseline of the line: the day it names, else the first visit, of the ordinary record if it has any."""
        if line.baseline_on is not None:
            return line.baseline_on
        of_line = [seen for seen in self.seen if seen.line == line.number]
        found = next((seen for seen in of_line if not seen.reader), of_line[0] if of_line else None)
        return None if found is None else found.visit.visit_on

    def _history(self, line: Line, reader: str, visits: tuple[Visit, ...], as_of: date | None) -> History:
        began_on = visits[0].visit_on
        events = [
            event
            for number, event in self.events
            if _until(event.event_on, as_of)
            and (
                number == line.number
                or event.event in _FROM_ANY_LINE
                or (event.event in _FOR_EVERY_LINE and event.event_on >= began_on)
            )
        ]
        return History(
            patient_id=self.patient_id,
            line=_known_at(line, as_of),
            reader=reader,
            lesions=tuple(
                _lesion(*rest)
                for _, number, read_by, *rest in self.lesions
                if number == line.number and read_by == reader
            ),
            visits=visits,
            events=tuple(sorted(events, key=lambda event: (event.event_on, event.event, event.detail))),
            new_therapy_on=self._new_therapy_on(line, began_on, as_of),
            as_of=as_of,
        )

    def _new_therapy_on(self, line: Line, began_on: date, as_of: date | None) -> date | None:
        starts = [later.started_on or self._baseline_on(later) for later in self.lines if later.number > line.number]
        starts += [
            event.event_on
            for number, event in self.events
            if number == line.number and event.event == "therapy" and event.event_on > began_on
        ]
        return min((day for day in starts if day is not None and _until(day, as_of)), default=None)


def _until(day: date, as_of: date | None) -> bool:
    return as_of is None or day <= as_of


def _known_at(line: Line, as_of: date | None) -> Line:
    if as_of is None:
        return line
    started_on = line.started_on if line.started_on and line.started_on <= as_of else None
    stopped_on = line.stopped_on if line.stopped_on and line.stopped_on <= as_of else None
    return Line(line.number, line.regimen, started_on, stopped_on, line.baseline_on)


# -- rows to values ------------------------------------------------------------------------------
# The same sizes, days and lesions come again and again, and the values are frozen: each is made once.

_number = lru_cache(maxsize=4096)(real)
_known_day = lru_cache(maxsize=8192)(date.fromisoformat)


@lru_cache(maxsize=4096)
def _lesion(lesion_id: str, role: str, kind: str, organ: str, site: str) -> Lesion:
    # The file's own constraints keep these out, but for a flipped bit; no family must judge a word that is none.
    if role not in ROLES or kind not in KINDS:
        raise ValueError(f"role {role!r}, kind {kind!r} of a lesion")
    return Lesion(lesion_id, role, kind, organ, site)


def _day(text: str | None) -> date | None:
    return None if text is None else _known_day(text)


@lru_cache(maxsize=8192)
def _measurement(
    lesion_id: str,
    state: str,
    longest_mm: float | None,
    short_mm: float | None,
    other_id: str | None,
    reason: str,
    note: str,
    measured_on: str | None,
) -> Measurement:
    if state not in STATES:
        raise ValueError(f"state {state!r} of a reading")
    return Measurement(
        lesion_id,
        state,
        None if longest_mm is None else _number(longest_mm),
        None if short_mm is None else _number(short_mm),
        other_id or "",
        reason,
        note,
        _day(measured_on),
    )


def _result(row: tuple[Any, ...]) -> Result:
    _, _, test, value, text, unit, upper_limit, sampled_on, note = row
    return Result(
        test,
        None if value is None else _number(value),
        text,
        unit,
        None if upper_limit is None else _number(upper_limit),
        _known_day(sampled_on),
        note,
    )


# -- the queries, side by side -------------------------------------------------------------------


def _patients(connection: Connection, patient_ids: Iterable[str] | None) -> Iterator[_Patient]:
    if patient_ids is None:
        yield from _stream(connection, "", ())
        return
    wanted = sorted(set(patient_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        yield from _stream(connection, f"IN ({marks})", some)


def _stream(connection: Connection, among: str, values: Sequence[str]) -> Iterator[_Patient]:
    def ask(sql: str, table: str) -> Iterator[tuple[Any, ...]]:
        return connection.execute(sql.format(where=f"WHERE {table}.patient_id {among}" if among else ""), values)

    visits = _Groups(ask(_VISITS, "p"))
    readings = _Readings(ask(_READINGS, "p"))
    beside = {name: _Groups(ask(sql, "v" if name == "results" else "t")) for name, sql in _BESIDE.items()}
    patients, names = beside.pop("patients"), beside.pop("names")
    for (patient_id,) in patients.rows:
        rows = {name: groups.of(patient_id) for name, groups in beside.items()}
        results: dict[int, list[Result]] = {}
        for row in rows["results"]:
            results.setdefault(row[1], []).append(_result(row))
        lesions = _Names(connection, names.of(patient_id))
        seen = [
            _Seen(
                line,
                reader,
                Visit(_known_day(on), label, method, note, readings.of(key, lesions), tuple(results.get(key, ()))),
            )
            for _, key, line, reader, on, label, method, note in visits.of(patient_id)
        ]
        yield _Patient(patient_id, seen, rows)
    if readings.left:
        raise RecordError("the visits and the readings of this file do not fit each other", "", "remtrack check")


class _Groups:
    """Rows in the order of their patients, handed out one patient at a time."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self.rows = rows
        self._next: tuple[Any, ...] | None = None
        self._started = False

    def of(self, patient_id: str) -> list[tuple[Any, ...]]:
        if not self._started:
            self._started = True
            self._next = next(self.rows, None)
        row = self._next
        while row is not None and row[0] < patient_id:  # of a patient whom another program took away
            row = self._next = next(self.rows, None)
        if row is None or row[0] != patient_id:
            return []
        group = [row]
        for row in self.rows:
            if row[0] != patient_id:
                self._next = row
                return group
            group.append(row)
        self._next = None
        return group


class _Readings:
    """The readings of visit after visit, in the order of the visits."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._visits = groupby(rows, key=itemgetter(0))
        self._next: tuple[Any, Iterator[tuple[Any, ...]]] | None = None
        self._started = False

    @property
    def left(self) -> bool:
        """Whether there are readings that no visit asked for."""
        return self._next is not None

    def of(self, visit_key: int, names: _Names) -> tuple[Measurement, ...]:
        """Return the readings of a visit, by lesion."""
        if not self._started:
            self._started = True
            self._next = next(self._visits, None)
        if self._next is None or self._next[0] != visit_key:
            return ()
        found = [
            _measurement(names[lesion], state, longest, short, other and names[other], reason, note, on)
            for _, lesion, state, longest, short, other, reason, note, on in self._next[1]
        ]
        self._next = next(self._visits, None)
        found.sort(key=_BY_LESION)
        return tuple(found)


class _Names(dict[int, str]):
    """The lesions of one patient by their keys."""

    def __init__(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        super().__init__((lesion_key, lesion_id) for _, lesion_key, lesion_id in rows)
        self._connection = connection

    def __missing__(self, lesion_key: int) -> str:
        # Another program hung another patient's lesion on a visit; `verify` says so.
        row = self._connection.execute("SELECT lesion_id FROM lesions WHERE lesion_key = ?", (lesion_key,)).fetchone()
        return str(row[0]) if row else ""


_BY_LESION = itemgetter(Measurement._fields.index("lesion_id"))
