"""
Reads the worked cases in `tests/cases` (their layout stands in the README there).

    for case in lesion_cases("recist-1.1"): case.history(line=1), case.settings, case.visits, case.expects
"""

import csv
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from remtrack.model import Event, History, Lesion, Line, Measurement, Visit

FOLDER = Path(__file__).parent / "cases"


class Expected(NamedTuple):
    """What the file expects at one visit after the baseline; "" where it says nothing."""

    line: int
    visit: str
    on: date
    target: str
    nontarget: str
    new: str
    overall: str
    reported: str
    sum: str
    pct_baseline: str
    pct_nadir: str


class Case(NamedTuple):
    """One worked case: its readings as rows of the file, and what is expected of them."""

    case_id: str
    title: str
    settings: dict[str, str]
    events: list[tuple[int, str, date, str]]  # line, event, day, value
    lesions: list[dict[str, str]]
    dates: list[tuple[int, str, date]]  # line, label, day of every visit
    visits: list[Expected]
    expects: dict[str, str]

    @property
    def lines(self):
        return sorted({line for line, _, _ in self.dates})

    def history(self, line=1, as_of=None):
        """Return the history of one line, with what a measurement says in the axis that its lesion counts by."""
        rows = [row for row in self.lesions if int(row["line"]) == line]
        days = [(label, on) for number, label, on in self.dates if number == line]
        starts = {number: on for number, event, on, _ in self.events if event == "treatment_start"}
        stops = {number: on for number, event, on, _ in self.events if event == "treatment_stop"}
        return History(
            patient_id=self.case_id,
            line=Line(line, started_on=starts.get(line), stopped_on=stops.get(line)),
            lesions=tuple({row["lesion_id"]: lesion(row) for row in rows}.values()),
            visits=tuple(
                Visit(on, label, measurements=tuple(reading(row) for row in rows if row["visit"] == label))
                for label, on in days
            ),
            events=tuple(
                Event(event, on, value)
                for number, event, on, value in self.events
                if number == line and event not in ("treatment_start", "treatment_stop")
            ),
            new_therapy_on=starts.get(line + 1),
            as_of=as_of,
        )


def lesion(row):
    return Lesion(row["lesion_id"], row["role"], row["kind"], row["organ"])


def reading(row):
    state, _, other = row["state"].partition(":")
    size = Decimal(row["measure_mm"]) if row["measure_mm"] else None
    axis = "short_mm" if row["kind"] == "node" else "longest_mm"
    return Measurement(row["lesion_id"], state or "measured", other_id=other, **{axis: size})


def read_rows(name):
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def lesion_cases(family):
    """Yield the cases of a family with the lesion layout, in the order of the file."""
    for case_id, rows in groupby(read_rows(f"{family}.csv"), key=lambda row: row["case_id"]):
        case = Case(case_id, "", {}, [], [], [], [], {})
        for row in rows:
            case = ROW_TYPES[row["row_type"]](case, row)
        yield case


def take_title(case, row):
    return case._replace(title=row["value"])


def take_setting(case, row):
    return case._replace(settings={**case.settings, row["key"]: row["value"]})


def take_event(case, row):
    event = (int(row["line"]), row["key"], date.fromisoformat(row["date"]), row["value"])
    return case._replace(events=[*case.events, event])


def take_lesion(case, row):
    return case._replace(lesions=[*case.lesions, row])


def take_visit(case, row):
    line, label, on = int(row["line"]), row["visit"], date.fromisoformat(row["date"])
    case = case._replace(dates=[*case.dates, (line, label, on)])
    if not row["expected_overall"]:
        return case  # the baseline
    parts = (row[f"expected_{name}"] for name in ("target", "nontarget", "new", "overall", "reported"))
    numbers = (row[name] for name in ("sum", "pct_baseline", "pct_nadir"))
    return case._replace(visits=[*case.visits, Expected(line, label, on, *parts, *numbers)])


def take_expectation(case, row):
    return case._replace(expects={**case.expects, row["key"]: row["value"]})


ROW_TYPES = {
    "title": take_title,
    "setting": take_setting,
    "event": take_event,
    "lesion": take_lesion,
    "visit": take_visit,
    "expect": take_expectation,
}


def duration_cases():
    """Yield the rows of the duration cases: a response, its checks, and whether it lasted."""
    yield from read_rows("remission-duration.csv")
