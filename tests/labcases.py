"""
Reads the worked cases of laboratory values in `tests/cases` (the analyte layout of the README there).

    for case in lab_cases("blood-all"): case.history(line=1), case.settings, case.visits, case.expects
"""

import re
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from casefiles import read_rows

from remtrack.model import Event, History, Line, Result, Visit

_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


class Expected(NamedTuple):
    """What the file expects at one visit; "" and {} where it says nothing."""

    line: int
    visit: str
    on: date
    category: str
    reported: str
    extra: dict[str, str]


class LabCase(NamedTuple):
    """One worked case: its results as rows of the file, and what is expected of them."""

    case_id: str
    title: str
    settings: dict[str, str]
    events: list[tuple[int, str, date, str]]  # line, event, day, value
    results: list[dict[str, str]]
    dates: list[tuple[int, str, date]]  # line, label, day of every visit
    visits: list[Expected]
    expects: dict[str, str]

    @property
    def lines(self):
        return sorted({line for line, _, _ in self.dates})

    def history(self, line=1, as_of=None):
        """Return the history of one line; a start and the first stop of treatment belong to the line."""
        starts = {number: on for number, event, on, _ in self.events if event == "treatment_start"}
        stops = {}
        events = []
        for number, event, on, value in self.events:
            if event == "treatment_stop":
                stops.setdefault(number, on)
            elif event != "treatment_start" and number == line:
                events.append(Event(event, on, value))
        days = [(label, on) for number, label, on in self.dates if number == line]
        return History(
            patient_id=self.case_id,
            line=Line(line, started_on=starts.get(line), stopped_on=stops.get(line)),
            visits=tuple(
                Visit(
                    on,
                    label,
                    results=tuple(
                        result(row, on) for row in self.results if int(row["line"]) == line and row["visit"] == label
                    ),
                )
                for label, on in days
            ),
            events=tuple(events),
            new_therapy_on=starts.get(line + 1),
            as_of=as_of,
        )


def result(row, visit_on):
    """Return a result as the import would read it: a number, or text as it was printed."""
    text, on = row["value"], date.fromisoformat(row["date"])
    value = Decimal(text) if _PLAIN.fullmatch(text) else None
    return Result(row["key"], value, text, row["unit"], sampled_on=on if on != visit_on else None)


def lab_visit(on, label="", **values):
    """
    Return a visit for a test of one's own: `lab_visit("2024-02-12", anc="1.0", plt="<20", mrd="0.2 %")`.

    A value may be (value, unit) or (value, unit, day of the sample).
    """
    day = date.fromisoformat(on)
    rows = []
    for key, given in values.items():
        value, unit, sampled_on = (*given, "", "")[:3] if isinstance(given, tuple) else (given, "", "")
        rows.append({"key": key, "value": str(value), "unit": unit, "date": sampled_on or on})
    return Visit(day, label, results=tuple(result(row, day) for row in rows))


def lab_history(*visits, started="", stopped="", events=(), new_therapy="", as_of=""):
    """Return the history of a line from its visits, the baseline first; `events` are (event, day) pairs."""
    return History(
        patient_id="P01",
        line=Line(1, started_on=day_of(started), stopped_on=day_of(stopped)),
        visits=visits,
        events=tuple(Event(event, date.fromisoformat(on)) for event, on in events),
        new_therapy_on=day_of(new_therapy),
        as_of=day_of(as_of),
    )


def day_of(text):
    return date.fromisoformat(text) if text else None


def iso(day):
    """Return a day as the files of cases write it: `none` when there is none."""
    return "none" if day is None else day.isoformat()


def judged(case, line, course):
    """Return what a course says at each visit of a case that the file has something to say of."""
    said = []
    expected = {(one.visit, one.on): one for one in case.visits if one.line == line}
    for row in course.assessments:
        asked = expected.pop((row.visit, row.visit_on), None)
        if asked is None:
            said.append((line, row.visit, row.visit_on, row.overall, row.reported, {}))
            continue
        categories = (row.overall, row.reported) if asked.category else ("", "")
        extra = {name: row.extra.get(name) for name in asked.extra}
        said.append((line, row.visit, row.visit_on, *categories, extra))
    return said


def lab_cases(family):
    """Yield the cases of a family with the analyte layout, in the order of the file."""
    for case_id, rows in groupby(read_rows(f"{family}.csv"), key=itemgetter("case_id")):
        yield lab_case(case_id, rows)


def lab_case(case_id, rows):
    case = LabCase(case_id, "", {}, [], [], [], [], {})
    for row in rows:
        kind = row["row_type"]
        if kind == "title":
            case = case._replace(title=row["value"])
        elif kind == "setting":
            case.settings[row["key"]] = row["value"]
        elif kind == "event":
            case.events.append((int(row["line"]), row["key"], date.fromisoformat(row["date"]), row["value"]))
        elif kind == "analyte":
            case.results.append(row)
        elif kind == "visit":
            line, on = int(row["line"]), date.fromisoformat(row["date"])
            case.dates.append((line, row["visit"], on))
            if row["expected_category"] or row["expected_extra"]:
                extra = dict(pair.split("=", 1) for pair in row["expected_extra"].split(";") if pair)
                case.visits.append(
                    Expected(line, row["visit"], on, row["expected_category"], row["expected_reported"], extra)
                )
        elif kind == "expect":
            case.expects[row["key"]] = row["value"]
        else:
            raise ValueError(f"{case_id}: what is a {kind!r} row?")
    return case
