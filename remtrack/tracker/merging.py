"""
Laying rows of a table against what is recorded of a patient.

One `Merge` serves one import. For each patient it holds what is recorded and what the file adds,
and settles what the file leaves out: the line, the visit, the kind and the role of a lesion. New
rows are gathered and written in bulk; only a row that changes a recorded one is written by itself.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..criteria import DEFAULT, FAMILIES
from ..verdict import Problem
from .axes import why_not_together
from .merging_refused import keep_earliest
from .merging_told import tell_changed
from .merging_values import ValueReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from ..exchange.rows import EventRow, LineRow, PatientRow, Reading, Refused, ResultRow, VisitRow
    from ..store import Change, Record
    from .derive import Moved

_MOST_TOLD = 20_000  # a wrong column spoils every row of a large file
_TABLES = (
    "patients",
    "lines",
    "line_criteria",
    "visits",
    "lesions",
    "line_lesions",
    "measurements",
    "results",
    "events",
)


class Tally:
    """What an import counted and found. `bad` maps (table, line) to the reason its row was refused."""

    def __init__(self) -> None:
        self.rows = 0
        self.added = 0
        self.same = 0
        self.warnings = 0
        self.wrote = False
        self.bad: dict[tuple[int, int], str] = {}
        self.problems: list[Problem] = []
        self.untold = 0
        self.remarks: list[str] = []
        self.new_patients: set[str] = set()
        self.touched: set[str] = set()
        self.moved: tuple[Moved, ...] = ()


class Patient:
    """What is recorded of one patient, and what this file has added to it so far."""

    def __init__(self, patient_id: str, *, known: bool) -> None:
        self.patient_id = patient_id
        self.known = known
        self.touched = False  # by this import, as far as `Merge.added` knows
        self.row: dict[str, Any] = {}
        self.lines: dict[int, dict[str, Any]] = {}
        self.criteria: dict[int, dict[str, dict[str, str]]] = {}
        self.visits: dict[tuple[date, str], dict[str, Any]] = {}
        self.lesions: dict[str, dict[str, Any]] = {}
        self.roles: dict[tuple[int, str, str], str] = {}
        self.readings: dict[tuple[int, str], tuple[Any, ...]] = {}
        self.named_lines: set[int] = set()  # by a lines table of this import
        self.first_read: dict[tuple[str, str], date] = {}
        self.events: Counter[tuple[int, date, str, str]] = Counter()
        self.results: dict[tuple[int, str, date], tuple[Any, ...]] = {}


class Merge:
    """Lays rows against one record, inside one change."""

    def __init__(self, record: Record, change: Change, tally: Tally, *, partial: bool = False) -> None:
        self.record, self.change, self.tally = record, change, tally
        self.partial = partial  # the good rows are taken without the bad ones
        self.was_empty = not record.last_patient()  # so nobody is known but those of this import
        self.refused: list[Refused] = []  # of the patient whose rows are being taken
        self.undated: dict[str, tuple[str, int]] = {}
        self.earliest: dict[tuple[str, int | None, str], tuple[date, str, int]] = {}
        self.families: set[str] = set()  # that judge a line of this import
        self.values = ValueReader(self)
        self.unknown_events: set[str] = set()
        self.fresh: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _TABLES}
        self.table = 0
        self.file_name = ""
        self.next_visit = change.next_key("visits")
        self.next_lesion = change.next_key("lesions")
        self.next_event = change.next_key("events")
        self.held: dict[str, Patient] = {}
        self.commands: dict[int, str] | None = None  # of earlier changes, read when a label must be looked up
        self.given_visits: set[tuple[str, date, str]] = set()  # by a visits table of this import

    def begin(self, table: int, file_name: str) -> None:
        """Turn to a table; its name is told with each problem, "" when there is only one."""
        self.table, self.file_name = table, file_name

    def turn_to(self, patient_id: str, refused: list[Refused]) -> None:
        """Turn to a patient; `refused` are rows that could not be read, theirs and those of patients to come."""
        self.refused = []
        if not refused:
            return
        if self.partial:
            self.refused = [row for row in refused if row.patient_id == patient_id]
            for row in self.refused:
                keep_earliest(self, row)
        refused[:] = [row for row in refused if row.patient_id not in ("", patient_id)]

    def taker(self, kind: str) -> Callable[[str, Sequence[Any]], None]:
        """Return the function that takes one patient's rows of a table of that kind."""
        takers: dict[str, Callable[[str, Sequence[Any]], None]] = {
            "measurements": self.take_measurements,
            "patients": self.take_patients,
            "lines": self.take_lines,
            "visits": self.take_visits,
            "results": self.take_results,
            "events": self.take_events,
        }
        return takers[kind]

    def flush(self) -> None:
        """Write the gathered new rows and forget the patients they belong to."""
        for table in _TABLES:
            if self.fresh[table]:
                self.change.put_new(table, self.fresh[table])
                self.fresh[table] = []
                self.tally.wrote = True
        self.held.clear()

    # -- what is recorded ------------------------------------------------------------------------

    def patient(self, patient_id: str) -> Patient:
        """Return the patient as recorded so far; a new one is made, with line 1 and the default family."""
        if patient_id in self.held:
            return self.held[patient_id]
        known = patient_id in self.tally.new_patients
        if not known and not self.was_empty:
            known = self.record.has_patient(patient_id)
        found = Patient(patient_id, known=known)
        if known:
            self.load(found)
        else:
            self.tally.new_patients.add(patient_id)
            found.row = {"patient_id": patient_id, "disease": "", "note": ""}
            self.fresh["patients"].append((patient_id, "", ""))
        self.held[patient_id] = found
        return found

    def load(self, found: Patient) -> None:
        patient_id = found.patient_id
        found.row = self.record.rows("patients", patient_id=patient_id)[0]
        for row in self.record.rows("lines", patient_id=patient_id):
            found.lines[row["line"]] = row
        for row in sorted(self.record.rows("line_criteria", patient_id=patient_id), key=lambda row: row["position"]):
            found.criteria.setdefault(row["line"], {})[row["criteria"]] = dict(row["settings"])
        for row in self.record.rows("visits", patient_id=patient_id):
            found.visits[row["visit_on"], row["reader"]] = row
        for row in self.record.rows("lesions", patient_id=patient_id):
            found.lesions[row["lesion_id"]] = row
        for row in self.record.rows("line_lesions", patient_id=patient_id):
            found.roles[row["line"], row["lesion_id"], row["reader"]] = row["role"]
        for row in self.record.rows("measurements", patient_id=patient_id):
            found.readings[row["visit_key"], row["lesion_id"]] = (
                row["state"],
                row["longest_mm"],
                row["short_mm"],
                row["other_id"] or "",
                row["measured_on"],
            )
            key = (row["lesion_id"], row["reader"])
            found.first_read[key] = min(found.first_read.get(key, row["visit_on"]), row["visit_on"])
        for row in self.record.rows("events", patient_id=patient_id):
            found.events[row["line"], row["event_on"], row["event"], row["detail"]] += 1
        for row in self.record.rows("results", patient_id=patient_id):
            found.results[row["visit_key"], row["test"], row["sampled_on"]] = (
                row["value"],
                row["text"],
                row["unit"],
                row["upper_limit"],
            )

    def line(self, patient: Patient, number: int) -> dict[str, Any]:
        """Return a line of the patient, made when it is not there, judged by the default family."""
        if number not in patient.lines:
            patient.lines[number] = {
                "patient_id": patient.patient_id,
                "line": number,
                "regimen": "",
                "started_on": None,
                "stopped_on": None,
                "baseline_on": None,
                "is_new": True,
            }
            self.fresh["lines"].append((patient.patient_id, number, "", None, None, None))
            if number not in patient.criteria:
                patient.criteria[number] = {DEFAULT: {}}
                self.fresh["line_criteria"].append((patient.patient_id, number, DEFAULT, 0, "{}"))
            self.touch(patient)
        return patient.lines[number]

    def touch(self, patient: Patient) -> None:
        self.tally.touched.add(patient.patient_id)
        self.tally.wrote = True

    def put(self, table: str, row: dict[str, Any]) -> None:
        """Write a row that may change a recorded one; what is gathered goes first, in the order of the keys."""
        kept = self.held
        self.held = {}
        for name in _TABLES:
            if self.fresh[name]:
                self.change.put_new(name, self.fresh[name])
                self.fresh[name] = []
        self.held = kept
        tell_changed(self, table, row)
        self.change.put(table, row)
        self.tally.touched.add(row["patient_id"])
        self.tally.wrote = True

    # -- refusing and counting -------------------------------------------------------------------

    def refuse(self, row: Any, rule: str, what: str, why: str = "", hint: str = "", column: str = "") -> None:
        """Refuse a row, once."""
        if self.is_refused(row):
            return
        self.tally.bad[self.table, row.line_no] = what + (f" ({why})" if why else "")
        if self.partial and hasattr(row, "reader"):
            keep_earliest(self, row)
        self.tell(Problem("error", self.named(what), why, hint, row.line_no, column, rule))

    def is_refused(self, row: Any) -> bool:
        bad = self.tally.bad
        return bool(bad) and (self.table, row.line_no) in bad

    def good(self, rows: Sequence[Any]) -> list[Any]:
        """Count the rows of a group and return those that could be read, keeping the problems of the others."""
        kept = [row for row in rows if type(row) is not Problem]
        self.tally.rows += len(kept)
        if len(kept) < len(rows):
            for row in rows:
                if type(row) is Problem:
                    self.note(row)
        return kept

    def named(self, what: str) -> str:
        """Return what is wrong with the name of its file before it, where there are several."""
        return f"{self.file_name}: {what}" if self.file_name else what

    def tell(self, problem: Problem) -> None:
        """Keep a problem to be told, as long as there are few enough to read; each refused row keeps its reason."""
        if len(self.tally.problems) < _MOST_TOLD:
            self.tally.problems.append(problem)
        else:
            self.tally.untold += 1

    def note(self, problem: Problem) -> None:
        self.tell(problem._replace(what=self.named(problem.what)))
        if problem.severity == "error" and problem.line is not None:
            if (self.table, problem.line) not in self.tally.bad:
                self.tally.rows += 1
            self.tally.bad[self.table, problem.line] = problem.what + (f" ({problem.why})" if problem.why else "")
        elif problem.severity != "error":
            self.tally.warnings += 1

    def same(self) -> None:
        self.tally.same += 1

    def added(self, patient: Patient, rows: int = 1) -> None:
        self.tally.added += rows
        if patient.touched:
            return
        patient.touched = True
        self.touch(patient)

    # -- patients, lines, visits -------------------------------------------------------------------

    def take_patients(self, patient_id: str, rows: Sequence[PatientRow | Problem]) -> None:
        for row in self.good(rows):
            names = (row.criteria,) if row.criteria else ()
            if self.unknown_family(row, names):
                continue
            patient = self.patient(patient_id)
            merged = {"disease": row.disease or patient.row["disease"], "note": row.note or patient.row["note"]}
            before = {name: patient.row[name] for name in merged}
            if not patient.known and 1 not in patient.lines:
                self.new_line(patient, 1, names or (DEFAULT,))
                self.added(patient)
            elif before == merged and not self.other_families(patient, 1, names):
                self.same()
                continue
            else:
                self.added(patient)
                self.add_families(patient, 1, {name: {} for name in names})
            if before != merged:
                patient.row = {**patient.row, **merged}
                self.put("patients", {"patient_id": patient_id, **merged})

    def unknown_family(self, row: Any, names: Sequence[str]) -> bool:
        for name in names:
            if name not in FAMILIES:
                from ..criteria import nearest_family
                from ..criteria.installed import names as installed

                known = [*FAMILIES, *installed()]
                self.refuse(
                    row,
                    "unknown-family",
                    f'no criteria family "{name}"',
                    f"known: {', '.join(known)}",
                    f"did you mean {nearest_family(name, known)}?",
                    "criteria",
                )
                return True
        return False

    def new_line(self, patient: Patient, number: int, names: Sequence[str]) -> None:
        patient.criteria[number] = {name: {} for name in names}
        self.families.update(names)
        for position, name in enumerate(names):
            self.fresh["line_criteria"].append((patient.patient_id, number, name, position, "{}"))
        rows, self.fresh["line_criteria"] = self.fresh["line_criteria"], []
        self.line(patient, number)
        self.fresh["line_criteria"] = rows

    def other_families(self, patient: Patient, number: int, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in patient.criteria.get(number, {})]

    def add_families(self, patient: Patient, number: int, wanted: dict[str, dict[str, str]]) -> bool:
        """Let more families judge a line, or give one other settings; says whether anything was written."""
        wrote = False
        held = patient.criteria.setdefault(number, {})
        self.families.update(wanted)
        for name, settings in wanted.items():
            if name in held and (not settings or held[name] == settings):
                continue
            held[name] = settings or held.get(name, {})
            position = list(held).index(name)
            self.put(
                "line_criteria",
                {
                    "patient_id": patient.patient_id,
                    "line": number,
                    "criteria": name,
                    "position": position,
                    "settings": held[name],
                },
            )
            wrote = True
        if wrote and (why := why_not_together(held)):
            self.tally.remarks.append(why)
        return wrote

    def take_lines(self, patient_id: str, rows: Sequence[LineRow | Problem]) -> None:
        for row in self.good(rows):
            names = (row.criteria,) if row.criteria else ()
            if self.unknown_family(row, names) or self.bad_settings(row):
                continue
            patient = self.patient(patient_id)
            number = row.line
            settings = self.kept_settings(row)
            given = {
                name: getattr(row, name)
                for name in ("regimen", "started_on", "stopped_on", "baseline_on")
                if getattr(row, name)
            }
            if number not in patient.lines:
                self.new_line(patient, number, names or (DEFAULT,))
                wrote = True
            else:
                wrote = bool(self.other_families(patient, number, names))
            # A line made by default for a patient of this very file takes the families its own row names.
            if names and patient.lines[number].get("is_new") and number not in patient.named_lines:
                wrote |= self.replace_default(patient, number, names[0])
            patient.named_lines.add(number)
            wrote |= self.add_families(patient, number, dict.fromkeys(names, settings))
            held = patient.lines[number]
            changed = {name: value for name, value in given.items() if held[name] != value}
            if changed:
                held.update(changed)
                columns = ("patient_id", "line", "regimen", "started_on", "stopped_on", "baseline_on")
                self.put("lines", {name: held[name] for name in columns})
                wrote = True
            if wrote:
                self.added(patient)
            else:
                self.same()

    def replace_default(self, patient: Patient, number: int, name: str) -> bool:
        """Take the default family away from a line that was made a moment ago and is given another."""
        if list(patient.criteria.get(number, {})) != [DEFAULT] or name == DEFAULT:
            return False
        self.put(
            "line_criteria",
            {"patient_id": patient.patient_id, "line": number, "criteria": name, "position": 0, "settings": {}},
        )
        self.change.remove("line_criteria", {"patient_id": patient.patient_id, "line": number, "criteria": DEFAULT})
        patient.criteria[number] = {name: {}}
        return True

    def bad_settings(self, row: LineRow) -> bool:
        from ..criteria import load_family
        from ..criteria.base import parse_settings
        from ..errors import UsageError

        try:
            parse_settings(load_family(row.criteria or DEFAULT), dict(row.settings))
        except UsageError as error:
            self.refuse(row, "unknown-setting", error.what, error.why, error.hint, "settings")
            return True
        return False

    def kept_settings(self, row: LineRow) -> dict[str, str]:
        from ..criteria import load_family

        defaults = {setting.name: setting.default for setting in load_family(row.criteria or DEFAULT).settings}
        return {name: value for name, value in sorted(row.settings) if defaults[name] != value}

    def take_visits(self, patient_id: str, rows: Sequence[VisitRow | Problem]) -> None:
        for row in sorted(self.good(rows), key=lambda row: (row.line or 0, row.dated_on)):
            patient = self.patient(patient_id)
            number = row.line or self.only_line(patient, row.dated_on)
            self.line(patient, number)
            held = patient.visits.get((row.dated_on, row.reader))
            if held is not None and held["line"] != number:
                if not self.share_baseline(patient, number, row, held):
                    continue
                self.same()
                continue
            if held is None:
                self.new_visit(patient, number, row.dated_on, row.reader, row.visit, row.method, row.note)
                self.added(patient)
            else:
                merged = {
                    "label": row.visit or held["label"],
                    "method": row.method or held["method"],
                    "note": row.note or held["note"],
                }
                if all(held[name] == value for name, value in merged.items()):
                    self.same()
                else:
                    held.update(merged)
                    self.put_visit(held)
                    self.added(patient)
            self.given_visits.add((patient_id, row.dated_on, row.reader))

    def put_visit(self, held: dict[str, Any]) -> None:
        columns = ("patient_id", "line", "visit_on", "reader", "label", "method", "note")
        self.put("visits", {name: held[name] for name in columns})

    def only_line(self, patient: Patient, day: date) -> int:
        """Return the line a day falls in, for a row that names none: line 1 unless the patient has several."""
        if len(patient.lines) < 2:
            return next(iter(patient.lines), 1)
        chosen = min(patient.lines)
        for number in sorted(patient.lines):
            line = patient.lines[number]
            days = [visit["visit_on"] for visit in patient.visits.values() if visit["line"] == number]
            days += [at for at in (line["started_on"], line["baseline_on"]) if at]
            if days and min(days) <= day:
                chosen = number
        return chosen

    def new_visit(
        self, patient: Patient, number: int, day: date, reader: str, label: str, method: str = "", note: str = ""
    ) -> dict[str, Any]:
        row = {
            "visit_key": self.next_visit,
            "patient_id": patient.patient_id,
            "line": number,
            "visit_on": day,
            "reader": reader,
            "label": label,
            "method": method,
            "note": note,
        }
        self.next_visit += 1
        self.fresh["visits"].append(
            (row["visit_key"], patient.patient_id, number, day.isoformat(), reader, label, method, note)
        )
        patient.visits[day, reader] = row
        return row

    def share_baseline(self, patient: Patient, number: int, row: Any, held: dict[str, Any]) -> bool:
        """Let a later line take a visit of an earlier one as its baseline; refuses anything else."""
        line = patient.lines[number]
        day = held["visit_on"]
        if line["baseline_on"] == day:
            return True
        own = [visit["visit_on"] for visit in patient.visits.values() if visit["line"] == number]
        if held["line"] < number and line["baseline_on"] is None and not any(other < day for other in own):
            line["baseline_on"] = day
            columns = ("patient_id", "line", "regimen", "started_on", "stopped_on", "baseline_on")
            self.put("lines", {name: line[name] for name in columns})
            self.touch(patient)
            return True
        self.refuse(
            row,
            "visit-of-other-line",
            f"{day} is a visit of line {held['line']}, not {number}, of {patient.patient_id}",
            "a visit belongs to one line; only the baseline of a later line may be a visit of the line before",
            column="line",
        )
        return False

    # -- the visit of a row ------------------------------------------------------------

    def place(self, patient: Patient, row: Any) -> dict[str, Any] | None:
        """Return the visit a row belongs to, made when its date makes one; None when it was refused."""
        number = row.line or self.only_line(patient, row.dated_on)
        if number not in patient.lines:
            self.line(patient, number)
        held = patient.visits.get((row.dated_on, row.reader))
        if held is None and row.visit:
            held = self.labelled(patient, number, row)
        if held is None:
            held = self.new_visit(patient, number, row.dated_on, row.reader, row.visit)
            self.touch(patient)
        elif held["line"] != number and not self.share_baseline(patient, number, row, held):
            return None
        elif row.visit and not held["label"] and held["line"] == number:
            held["label"] = row.visit
            self.put_visit(held)
        return held

    def labelled(self, patient: Patient, number: int, row: Any) -> dict[str, Any] | None:
        """Return the visit of that label, when a visits table gave it and there is just one."""
        found = [
            visit
            for visit in patient.visits.values()
            if (visit["line"], visit["reader"], visit["label"]) == (number, row.reader, row.visit)
            and self.was_given(patient, visit)
        ]
        return found[0] if len(found) == 1 else None

    def was_given(self, patient: Patient, visit: dict[str, Any]) -> bool:
        if (patient.patient_id, visit["visit_on"], visit["reader"]) in self.given_visits:
            return True
        if self.commands is None:
            self.commands = {row["number"]: row["command"] for row in self.record.change_list()}
        return "visits" in self.commands.get(visit.get("changed_by", 0), "")

    def take_measurements(self, patient_id: str, rows: Sequence[Reading | Problem]) -> None:
        from .merging_readings import take_readings

        take_readings(self, patient_id, rows)

    def take_results(self, patient_id: str, rows: Sequence[ResultRow | Problem]) -> None:
        from .merging_results import take_results

        take_results(self, patient_id, rows)

    def take_events(self, patient_id: str, rows: Sequence[EventRow | Problem]) -> None:
        from .merging_results import take_events

        take_events(self, patient_id, rows)

    def lesion(self, patient: Patient, lesion_id: str, kind: str, organ: str, site: str) -> dict[str, Any]:
        """Return a lesion of the patient, made when it is not there; fills what was not known of it."""
        held = patient.lesions.get(lesion_id)
        if held is None:
            held = {
                "lesion_key": self.next_lesion,
                "patient_id": patient.patient_id,
                "lesion_id": lesion_id,
                "kind": kind,
                "organ": organ,
                "site": site,
                "closed_on": None,
            }
            self.next_lesion += 1
            patient.lesions[lesion_id] = held
            self.fresh["lesions"].append((held["lesion_key"], patient.patient_id, lesion_id, kind, organ, site, None))
        elif (organ and not held["organ"]) or (site and not held["site"]):
            held.update(organ=held["organ"] or organ, site=held["site"] or site)
            names = ("patient_id", "lesion_id", "kind", "organ", "site", "closed_on")
            self.put("lesions", {name: held[name] for name in names})
            self.touch(patient)
        elif organ and organ != held["organ"] and organ.casefold() != held["organ"].casefold():
            self.tally.remarks.append(
                f"{lesion_id} of {patient.patient_id} is recorded in {held['organ']}, the file says {organ}; kept"
            )
        return held
