"""
Patients, lines of therapy, lesions and events, one change each.

What is refused is refused before anything is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..criteria import DEFAULT
from ..errors import NotFoundError, RefusedError, UsageError
from ..verdict import Problem
from .axes import why_not_together
from .derive import answers, courses, moved
from .events import EVENTS, OF_THE_LINE, is_second_stop, known_events, nearest_event, note_of
from .lines import (
    Outcome,
    line_for,
    line_row,
    line_start,
    put_criteria,
    put_line,
    settle,
    unknown_line,
)
from .lookup import quote, require_patient
from .moving import later_visits, take_visits
from .scans import require_visit, unknown_lesion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..store import Change, Record


def add_patient(
    record: Record,
    patient_id: str,
    who: str,
    *,
    criteria: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    disease: str = "",
    note: str = "",
    started_on: date | None = None,
    regimen: str = "",
) -> Outcome:
    """Record a patient (a code, never a name) with a first line of therapy and the families that judge it."""
    check_settings(criteria or (DEFAULT,), settings or {})
    with record.change("patient add", who=who) as change:
        if record.has_patient(patient_id):
            known = record.rows("patients", patient_id=patient_id)[0]
            if (disease or known["disease"], note or known["note"]) == (known["disease"], known["note"]):
                change.abandon()
                return Outcome(patient_id, None, same=(patient_id,))
            row = {"disease": disease or known["disease"], "note": note or known["note"]}
            change.put("patients", {"patient_id": patient_id, **row})
            done = "changed"
        else:
            change.put("patients", {"patient_id": patient_id, "disease": disease, "note": note})
            put_line(change, patient_id, 1, started_on=started_on, regimen=regimen)
            put_criteria(record, change, patient_id, 1, criteria or (DEFAULT,), settings or {})
            done = "added"
        settle(record, change, patient_id)
    outcome = Outcome(patient_id, change.number, problems=doubts(patient_id, 1, criteria))
    return outcome._replace(added=(patient_id,)) if done == "added" else outcome._replace(changed=(patient_id,))


def rename_patient(record: Record, old: str, new: str, who: str, reason: str = "") -> Outcome:
    """Give a patient another code; every fact moves with it, in one change."""
    require_patient(record, old)
    if record.has_patient(new):
        raise RefusedError(f"patient {new} is already there", "two patients cannot share a code", "remtrack patients")
    with record.change("patient rename", who=who, reason=reason) as change:
        change.rename_patient(old, new)
        change.put_answers(old, ())
        settle(record, change, new)
    return Outcome(new, change.number, changed=(f"{old} -> {new}",))


def check_settings(criteria: Sequence[str], settings: Mapping[str, str]) -> None:
    """Raise UsageError for a family or a setting that is not known (a setting must belong to one of the families)."""
    from ..criteria import load_family
    from ..criteria.base import parse_settings

    families = [load_family(name) for name in criteria]
    for name, value in settings.items():
        takes = [family for family in families if any(setting.name == name for setting in family.settings)]
        for family in takes or families[:1]:
            parse_settings(family, {name: value})


def start_line(
    record: Record,
    patient_id: str,
    who: str,
    *,
    started_on: date | None,
    regimen: str = "",
    criteria: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    baseline_on: date | None = None,
    roles: Mapping[str, str] | None = None,
) -> Outcome:
    """
    Begin a line of therapy: the first that was not begun yet, else the next.

    `baseline_on` may be a visit of the line before (the scan that showed progression): then its
    targets and non-targets keep their roles, and lesions that were new become targets when they
    are measurable (10 mm, a node 15 mm short axis), else non-targets; `roles` overrides. Visits that
    were recorded on or after the day it begins go with it, as they would when typed afterwards.
    """
    require_patient(record, patient_id)
    settings = settings or {}
    lines = sorted(record.rows("lines", patient_id=patient_id), key=lambda row: row["line"])
    visits = record.rows("visits", patient_id=patient_id)
    last = lines[-1] if lines else None
    begins_last = last is not None and line_start(last, visits) is None and not last["regimen"]
    number = 1 if last is None else last["line"] + (0 if begins_last else 1)
    names = tuple(criteria) or families_of(record, patient_id, last["line"] if last else 0) or (DEFAULT,)
    check_settings(names, settings)
    if last is not None and not begins_last:
        refuse_early_start(patient_id, last, visits, started_on, baseline_on)
    with record.change("line start", who=who) as change:
        before = answers(course for course, _fresh in courses(record, [patient_id]))
        put_line(change, patient_id, number, started_on=started_on, regimen=regimen, baseline_on=baseline_on)
        put_criteria(record, change, patient_id, number, names, settings)
        begins = min((day for day in (started_on, baseline_on) if day), default=None)
        if last is None or begins_last or begins is None:
            remarks = take_roles(record, change, patient_id, number, baseline_on, roles or {})
        else:
            later = later_visits(record, patient_id, last["line"], begins, baseline_on)
            first = baseline_on or min(later, default=None)
            remarks = take_roles(record, change, patient_id, number, first, roles or {})
            remarks += take_visits(record, change, patient_id, last["line"], number, begins, later)
        result, problems = settle(record, change, patient_id)
    return Outcome(
        patient_id,
        change.number,
        (f"line {number}",),
        line=number,
        moved=tuple(moved(before, result)),
        courses=tuple(result),
        problems=(*problems, *doubts(patient_id, number, names)),
        remarks=tuple(remarks),
    )


def doubts(patient_id: str, number: int, criteria: Sequence[str]) -> tuple[Problem, ...]:
    """Return a warning where two of the families of a line would read one size differently."""
    why = why_not_together(criteria)
    if not why:
        return ()
    return (Problem("warning", f"{patient_id}, line {number}: {why}", rule="families-not-together"),)


def judged_by(patient_id: str, disease: str, criteria: Sequence[str]) -> str:
    """Return by which families a new patient is judged, and how to choose others when the disease asks for it."""
    from ..criteria import FAMILIES

    told = f"judged by {', '.join(FAMILIES[name].title for name in criteria or (DEFAULT,))}"
    if criteria:
        return told
    words = disease.casefold()
    fitting = [family for word, family in _FAMILY_OF.items() if word in words]
    if not fitting:
        return told
    return f"{told}; for {disease}:  remtrack line set {quote(patient_id)} 1 --criteria {fitting[0]}"


#: What a disease is called, and the family that was written for it; the first that fits.
_FAMILY_OF = {
    "glio": "rano-2.0",
    "astrocyt": "rano-2.0",
    "hepatocell": "mrecist-hcc",
    "hcc": "mrecist-hcc",
    "lymphom": "lugano-2014",
    "hodgkin": "lugano-2014",
    "myelom": "myeloma-imwg-2016",
    "cml": "blood-cml-eln-2020",
    "chronic myel": "blood-cml-eln-2020",
    "cll": "blood-cll-iwcll-2018",
    "chronic lymph": "blood-cll-iwcll-2018",
    "aml": "blood-aml-eln-2022",
    "acute myel": "blood-aml-eln-2022",
    "acute lymph": "blood-all",
    "leuk": "blood-aml-eln-2022",
}


def refuse_early_start(
    patient_id: str,
    last: Mapping[str, Any],
    visits: Sequence[Mapping[str, Any]],
    started_on: date | None,
    baseline_on: date | None,
) -> None:
    before = line_start(last, visits)
    begins = min((day for day in (started_on, baseline_on) if day), default=None)
    if begins is not None and before is not None and begins <= before:
        raise RefusedError(
            f"line {last['line'] + 1} cannot begin on {begins}",
            f"line {last['line']} of {patient_id} began on {before}; lines follow one another",
            f"remtrack line list {quote(patient_id)}",
        )


def families_of(record: Record, patient_id: str, number: int) -> tuple[str, ...]:
    rows = record.rows("line_criteria", patient_id=patient_id, line=number)
    return tuple(row["criteria"] for row in sorted(rows, key=lambda row: row["position"]))


def take_roles(
    record: Record, change: Change, patient_id: str, number: int, baseline_on: date | None, asked: Mapping[str, str]
) -> list[str]:
    """Give the lesions read at a borrowed baseline their roles in the new line; returns one sentence each."""
    remarks: list[str] = []
    if baseline_on is None:
        return remarks
    keys = {row["lesion_id"]: row for row in record.rows("lesions", patient_id=patient_id)}
    for lesion_id in asked:
        if lesion_id not in keys:
            raise unknown_lesion(record, patient_id, lesion_id, baseline_on, baseline=True)
    roles = record.rows("line_lesions", patient_id=patient_id)
    for reading in record.rows("measurements", patient_id=patient_id):
        if reading["visit_on"] != baseline_on:
            continue
        lesion_id, reader = reading["lesion_id"], reading["reader"]
        mine = {row["line"]: row["role"] for row in roles if (row["lesion_id"], row["reader"]) == (lesion_id, reader)}
        if number in mine or reading["state"] in ("merged_into", "disproved"):
            continue
        earlier = mine[max(mine)] if mine else "new"
        role = asked.get(lesion_id) or (earlier if earlier != "new" else role_by_size(reading, keys[lesion_id]["kind"]))
        row = {
            "patient_id": patient_id,
            "line": number,
            "lesion_key": reading["lesion_key"],
            "reader": reader,
            "role": role,
        }
        change.put("line_lesions", row)
        remarks.append(f"{lesion_id} is {role} in line {number}")
    return remarks


def role_by_size(reading: Mapping[str, Any], kind: str) -> str:
    """Return target for a measurable lesion (Eisenhauer 2009, §3.1.1), else nontarget."""
    if kind == "node":
        return "target" if reading["short_mm"] is not None and reading["short_mm"] >= 15 else "nontarget"
    return "target" if reading["longest_mm"] is not None and reading["longest_mm"] >= 10 else "nontarget"


def set_line(
    record: Record,
    patient_id: str,
    number: int,
    who: str,
    *,
    values: Mapping[str, Any],
    criteria: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
    command: str = "line set",
    reason: str = "",
    said: Mapping[str, str] | None = None,
) -> Outcome:
    """
    Change a line: dates and regimen in `values`, its families, their settings, roles of lesions in it.

    A date given as None is taken back; a setting given its default is taken back. `said` is an event (kind and
    detail) that is recorded with the date in `values`.
    """
    require_patient(record, patient_id)
    lines = {row["line"]: row for row in record.rows("lines", patient_id=patient_id)}
    if number not in lines:
        raise unknown_line(patient_id, number, lines)
    names = tuple(criteria) or families_of(record, patient_id, number) or (DEFAULT,)
    judges_otherwise = bool(criteria or settings)  # else its families need not even be installed
    if judges_otherwise:
        check_settings(names, settings or {})
    if values.get("baseline_on"):
        require_visit(record, patient_id, values["baseline_on"], "")
    with record.change(command, who=who, reason=reason) as change:
        before = answers(course for course, _fresh in courses(record, [patient_id]))
        row = {**line_row(lines[number]), **values}
        wrote = change.put("lines", row) != "same"
        if judges_otherwise:
            wrote |= put_criteria(record, change, patient_id, number, names, settings or {})
        remarks: list[str] = []
        if values.get("baseline_on") and values["baseline_on"] != lines[number]["baseline_on"]:
            remarks = take_roles(record, change, patient_id, number, values["baseline_on"], roles or {})
        for lesion_id, role in (roles or {}).items():
            wrote |= set_role(record, change, patient_id, number, lesion_id, role)
        if said:
            on = next(day for day in values.values() if day)
            wrote |= put_event(record, change, {"patient_id": patient_id, "line": number, "event_on": on, **said})
        if not wrote and not remarks:
            change.abandon()
            return Outcome(patient_id, None, same=(f"line {number}",), line=number)
        result, problems = settle(record, change, patient_id)
    return Outcome(
        patient_id,
        change.number,
        changed=(f"line {number}",),
        line=number,
        moved=tuple(moved(before, result)),
        courses=tuple(result),
        problems=(*problems, *(doubts(patient_id, number, names) if criteria else ())),
        remarks=tuple(remarks),
    )


def set_role(record: Record, change: Change, patient_id: str, number: int, lesion_id: str, role: str) -> bool:
    found = record.rows("lesions", patient_id=patient_id, lesion_id=lesion_id)
    if not found:
        raise NotFoundError(
            f"lesion {lesion_id} is not known for {patient_id}", "", f"remtrack lesions {quote(patient_id)}"
        )
    row = {
        "patient_id": patient_id,
        "line": number,
        "lesion_key": found[0]["lesion_key"],
        "reader": "",
        "role": role,
    }
    return change.put("line_lesions", row) != "same"


def add_lesion(
    record: Record,
    patient_id: str,
    lesion_id: str,
    who: str,
    *,
    role: str,
    kind: str = "nonnodal",
    organ: str = "",
    site: str = "",
    line: int | None = None,
) -> Outcome:
    """Name a lesion and its role in a line (None: the latest) before it has a reading."""
    require_patient(record, patient_id)
    numbers = [row["line"] for row in record.rows("lines", patient_id=patient_id)]
    number = line if line is not None else max(numbers, default=1)
    if number not in numbers:
        raise unknown_line(patient_id, number, numbers)
    with record.change("lesion add", who=who) as change:
        before = answers(course for course, _fresh in courses(record, [patient_id]))
        known = record.rows("lesions", patient_id=patient_id, lesion_id=lesion_id)
        if known and known[0]["kind"] != kind:
            raise RefusedError(
                f"{lesion_id} is recorded as {known[0]['kind']}, not {kind}",
                "a lesion keeps its kind for life",
                f"remtrack lesions {quote(patient_id)}",
            )
        row = {
            "patient_id": patient_id,
            "lesion_id": lesion_id,
            "kind": kind,
            "organ": organ or (known[0]["organ"] if known else ""),
            "site": site or (known[0]["site"] if known else ""),
            "closed_on": known[0]["closed_on"] if known else None,
        }
        wrote = change.put("lesions", row) != "same"
        roles = [
            row["role"]
            for row in record.rows("line_lesions", patient_id=patient_id)
            if (row["lesion_id"], row["line"], row["reader"]) == (lesion_id, number, "")
        ]
        if roles and roles[0] != role:
            raise RefusedError(
                f"{lesion_id} is recorded as {roles[0]} in line {number} of {patient_id}, not {role}",
                "a lesion keeps its role for the whole line",
                f"remtrack line set {quote(patient_id)} {number} --{role} {lesion_id}",
            )
        wrote |= set_role(record, change, patient_id, number, lesion_id, role)
        if not wrote:
            change.abandon()
            return Outcome(patient_id, None, same=(lesion_id,), line=number)
        result, problems = settle(record, change, patient_id)
    return Outcome(
        patient_id,
        change.number,
        (lesion_id,),
        line=number,
        moved=tuple(moved(before, result)),
        courses=tuple(result),
        problems=problems,
    )


def close_lesion(record: Record, patient_id: str, lesion_id: str, who: str, *, on: date, reason: str = "") -> Outcome:
    """Stop asking for a lesion from a day on; its readings and its role stay, nothing is recomputed away."""
    require_patient(record, patient_id)
    found = record.rows("lesions", patient_id=patient_id, lesion_id=lesion_id)
    if not found:
        raise unknown_lesion(record, patient_id, lesion_id, on, baseline=False)
    with record.change("lesion close", who=who, reason=reason) as change:
        names = ("patient_id", "lesion_id", "kind", "organ", "site")
        done = change.put("lesions", {**{name: found[0][name] for name in names}, "closed_on": on})
        if done == "same":
            change.abandon()
            return Outcome(patient_id, None, same=(lesion_id,))
        settle(record, change, patient_id)
    return Outcome(patient_id, change.number, changed=(f"{lesion_id} closed on {on}",))


def record_event(
    record: Record, patient_id: str, event: str, on: date, who: str, *, detail: str = "", line: int | None = None
) -> Outcome:
    """
    Record something dated that is not a look. `treatment_start` and `treatment_stop` set the line's own dates.

    What is said beside these is kept as a note of that day; a stop after a restart is kept as an event, for the line
    has one date of its own. An event of that kind, day and detail that is there already is the same event.
    """
    require_patient(record, patient_id)
    name = event.strip().lower().replace("-", "_").replace(" ", "_")
    number = line or line_for(record, patient_id, on) or 1
    known = EVENTS if name in EVENTS else known_events(families_of(record, patient_id, number))
    if name not in known:
        near = nearest_event(name, known) or "note"
        raise UsageError(
            f'no event "{event}"', f"known: {', '.join(known)}", f"remtrack event {quote(patient_id)} {near} {on}"
        )
    if name in OF_THE_LINE and not stops_again(record, patient_id, number, name, on):
        values = {OF_THE_LINE[name]: on}
        said = note_of(name, detail) if detail else None
        return set_line(record, patient_id, number, who, values=values, command="event", said=said)
    with record.change("event", who=who) as change:
        before = answers(course for course, _fresh in courses(record, [patient_id]))
        row = {"patient_id": patient_id, "line": number, "event_on": on, "event": name, "detail": detail}
        if not put_event(record, change, row):
            change.abandon()
            return Outcome(patient_id, None, same=(f"{name} on {on}",))
        result, problems = settle(record, change, patient_id)
    return Outcome(
        patient_id,
        change.number,
        (f"{name} on {on}",),
        line=number,
        moved=tuple(moved(before, result)),
        courses=tuple(result),
        problems=problems,
    )


def put_event(record: Record, change: Change, row: Mapping[str, Any]) -> bool:
    """Write an event unless that very one is there; returns whether it was written."""
    if record.rows("events", **row):
        return False
    cells = (row["patient_id"], row["line"], row["event_on"].isoformat(), row["event"], row["detail"])
    change.put_new("events", [(change.next_key("events"), *cells)])
    return True


def stops_again(record: Record, patient_id: str, number: int, name: str, on: date) -> bool:
    """Say whether a stop is one after a restart, so that the line keeps the date of its first."""
    if name != "treatment_stop":
        return False
    lines = record.rows("lines", patient_id=patient_id, line=number)
    restarts = record.rows("events", patient_id=patient_id, line=number, event="treatment_restart")
    return bool(lines) and is_second_stop(lines[0]["stopped_on"], on, [row["event_on"] for row in restarts])
