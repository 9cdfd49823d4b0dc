"""
Reads the worked cases of the families that need more of a lesion or a visit than one size.

    for case in measured_cases("lugano-2014"): case.history(line=1), case.settings, case.visits, case.expects

Both diameters are read (of a node the shorter one is its short axis, unless the family measures every lesion
in two), and `param` rows are the results of their visit. The layout is that of the README in `tests/cases`.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from casefiles import Expected, read_rows

from remtrack.model import Event, History, Lesion, Line, Measurement, Result, Visit

#: The families whose every lesion has a longest diameter first and another one second.
IN_TWO_DIAMETERS = ("lugano-2014", "rano-2.0")


class MeasuredCase(NamedTuple):
    """One worked case: its readings and parameters as rows of the file, and what is expected of them."""

    family: str
    case_id: str
    title: str
    settings: dict[str, str]
    events: list[tuple[int, str, date, str]]  # line, event, day, value
    rows: list[dict[str, str]]  # lesions and parameters
    dates: list[tuple[int, str, date]]  # line, label, day of every visit
    visits: list[Expected]
    expects: dict[str, str]

    @property
    def lines(self):
        return sorted({line for line, _, _ in self.dates})

    def history(self, line=1, as_of=None):
        """Return the history of one line."""
        rows = [row for row in self.rows if int(row["line"]) == line]
        lesions = {row["lesion_id"]: row for row in rows if row["row_type"] == "lesion"}
        starts = {number: on for number, event, on, _ in self.events if event == "treatment_start"}
        stops = {number: on for number, event, on, _ in self.events if event == "treatment_stop"}
        return History(
            patient_id=self.case_id,
            line=Line(line, started_on=starts.get(line), stopped_on=stops.get(line)),
            lesions=tuple(Lesion(name, row["role"], row["kind"], row["organ"]) for name, row in lesions.items()),
            visits=tuple(
                self.visit(on, label, [row for row in rows if row["visit"] == label])
                for number, label, on in self.dates
                if number == line
            ),
            events=tuple(
                Event(event, on, value)
                for number, event, on, value in sorted(self.events, key=itemgetter(2))
                if number == line and event not in ("treatment_start", "treatment_stop")
            ),
            new_therapy_on=starts.get(line + 1),
            as_of=as_of,
        )

    def visit(self, on, label, rows):
        return Visit(
            on,
            label,
            measurements=tuple(reading(row, self.family) for row in rows if row["row_type"] == "lesion"),
            results=tuple(result(row["key"], row["value"]) for row in rows if row["row_type"] == "param"),
        )


def reading(row, family):
    state, _, other = row["state"].partition(":")
    first, second = (Decimal(row[name]) if row[name] else None for name in ("measure_mm", "measure2_mm"))
    if row["kind"] == "node" and family not in IN_TWO_DIAMETERS:
        first, second = second, first
    return Measurement(row["lesion_id"], state or "measured", first, second, other)


def result(test, value):
    """Return a result as the import would read it: a number, or text as it was printed."""
    is_number = value.replace(".", "", 1).isdigit()
    return Result(test, Decimal(value) if is_number else None, value)


def measured_cases(family):
    """Yield the cases of a family, in the order of the file."""
    for case_id, rows in groupby(read_rows(f"{family}.csv"), key=itemgetter("case_id")):
        yield measured_case(family, case_id, rows)


def measured_case(family, case_id, rows):
    case = MeasuredCase(family, case_id, "", {}, [], [], [], [], {})
    for row in rows:
        kind = row["row_type"]
        if kind == "title":
            case = case._replace(title=row["value"])
        elif kind == "setting":
            case.settings[row["key"]] = row["value"]
        elif kind == "event":
            case.events.append((int(row["line"]), row["key"], date.fromisoformat(row["date"]), row["value"]))
        elif kind in ("lesion", "param"):
            case.rows.append(row)
        elif kind == "visit":
            line, on = int(row["line"]), date.fromisoformat(row["date"])
            case.dates.append((line, row["visit"], on))
            if row["expected_overall"]:
                parts = (row[f"expected_{name}"] for name in ("target", "nontarget", "new", "overall", "reported"))
                numbers = (row[name] for name in ("sum", "pct_baseline", "pct_nadir"))
                case.visits.append(Expected(line, row["visit"], on, *parts, *numbers))
        elif kind == "expect":
            case.expects[row["key"]] = row["value"]
        else:
            raise ValueError(f"{case_id}: what is a {kind!r} row?")
    return case


def told_pct(pct):
    """Write a change as the files do: one decimal, `inf` from 0, nothing where there is none."""
    if pct is None:
        return ""
    if not pct.is_finite():
        return "inf"
    return f"{pct.quantize(Decimal('0.1'), ROUND_HALF_UP):f}".replace("-0.0", "0.0")


def told_row(line, row):
    """Write an answer as the files do; compare with `Expected`."""
    return Expected(
        line,
        row.visit,
        row.visit_on,
        row.part("target"),
        row.part("nontarget"),
        row.part("new_lesion"),
        row.overall,
        row.reported,
        "" if row.sum_mm is None else f"{row.sum_mm.normalize():f}",
        told_pct(row.change_from_baseline_pct),
        told_pct(row.change_from_nadir_pct),
    )


def told_day(day):
    return "none" if day is None else day.isoformat()


def told_days(days, censored):
    """Write a duration as the files do: "112", "112 censored", "none"."""
    return "none" if days is None else f"{days}{' censored' if censored else ''}"
