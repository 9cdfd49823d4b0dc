"""The record of changes in a person's words: what each change did, to which rows, by whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotFoundError, RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..store import Record


class Known(NamedTuple):
    """
    The record of one patient (None: of all) as it was known after a change.

    `number` of `last` changes, 0 before the first; `made` says when, by whom and with which command.
    `rows` are readings and results by date; `answers` say what the rules of this version make of them,
    one a line, reader and family.
    """

    patient_id: str | None
    number: int
    last: int
    made: str
    rows: tuple[dict[str, Any], ...]
    answers: tuple[dict[str, Any], ...]


# What a row of each table is called, and which of its columns a person would want to read.
_CALLED = {
    "patients": ("patient", ("disease", "note")),
    "lines": ("line", ("regimen", "started_on", "stopped_on", "baseline_on")),
    "line_criteria": ("criteria", ("settings",)),
    "visits": ("visit", ("line", "visit_on", "label", "method", "note")),
    "lesions": ("lesion", ("kind", "organ", "site", "closed_on")),
    "line_lesions": ("role", ("role",)),
    "measurements": ("reading", ("longest_mm", "short_mm", "state", "method", "reason", "note", "measured_on")),
    "results": ("result", ("text", "value", "unit", "upper_limit", "note")),
    "events": ("event", ("event_on", "event", "detail")),
}
_LEFT_OUT = ("line", "label", "note")  # of the names of a row, what its values say anyway


def log(record: Record, patient_id: str | None = None, last: int | None = None) -> list[dict[str, Any]]:
    """
    Return the changes, newest first, with `at_local`, `rows` as sentences and the same as `facts` (at most 100 each).

    Of `facts` each has its `table`, the `names` by which a person knows the row, and its values `before` and `after`,
    None where there was no row. With `patient_id`, only what touched that patient. `rows_left_out` counts those not
    told.
    """
    return [told(change) for change in record.changes(patient_id, last)]


def head(record: Record) -> dict[str, Any]:
    """
    Return number, local time and hash of the last change; number 0 and no hash before the first.

    Whoever keeps the hash elsewhere can see later that nothing up to it was rewritten.
    """
    for change in record.change_list():
        return {"number": change["number"], "at_local": local_time(change), "hash": change["hash"]}
    return {"number": 0, "at_local": "", "hash": ""}


def known(record: Record, moment: datetime | int, patient_id: str | None = None) -> Known:
    """
    Return what was known at that moment (no time zone: on the clock of whoever typed), or after that change.

    Raises NotFoundError for a change that there is not, and for a patient who was not known then.
    """
    from .derive import judge

    changes = record.change_list()
    last = changes[0]["number"] if changes else 0
    number = moment if isinstance(moment, int) else record.number_at(moment)
    if not 0 <= number <= last:
        raise NotFoundError(f"no change {number}", f"the last one is {last}", "remtrack log")
    made = next((f"{local_time(row)} {row['who']} {row['command']}" for row in changes if row["number"] == number), "")
    with record.known_at(number) as then:
        if patient_id is not None and not then.has_patient(patient_id):
            raise NotFoundError(
                f"{patient_id} was not known then", f"the record was at change {number} of {last}", "remtrack log"
            )
        equals = {} if patient_id is None else {"patient_id": patient_id}
        rows = [_known_reading(row) for row in then.rows("measurements", **equals)]
        rows += [_known_result(row) for row in then.rows("results", **equals)]
        rows.sort(key=lambda row: (row["patient_id"], row["date"], row["reader"], row["what"]))
        found = [
            {
                "patient_id": course.patient_id,
                "line": course.line,
                "reader": course.reader,
                "criteria": course.criteria,
                "current": course.current,
                "current_on": course.current_on,
                "best_response": course.best_response,
                "progression_on": course.progression_on,
            }
            for _patient, cases in then.histories(None if patient_id is None else [patient_id])
            for course in judge(cases)
        ]
    return Known(patient_id, number, last, made, tuple(rows), tuple(found))


def _known_reading(row: Mapping[str, Any]) -> dict[str, Any]:
    columns = ("longest_mm", "short_mm", "state", "reason", "note", "measured_on")
    return _known_row(row, row["lesion_id"], said(row, columns))


def _known_result(row: Mapping[str, Any]) -> dict[str, Any]:
    value = row["text"] or f"{row['value']:f}"
    taken = f", sample of {row['sampled_on']}" if row["sampled_on"] != row["visit_on"] else ""
    return _known_row(row, row["test"], f"{value} {row['unit']}".rstrip() + taken)


def _known_row(row: Mapping[str, Any], what: str, reading: str) -> dict[str, Any]:
    return {
        "patient_id": row["patient_id"],
        "line": row["line"],
        "date": row["visit_on"],
        "reader": row["reader"],
        "what": what,
        "reading": reading,
        "recorded_by_change": row["changed_by"],
    }


def told(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change with its local time, and its rows as sentences and as facts."""
    return {
        **{name: value for name, value in change.items() if name not in ("rows", "rules")},
        "at_local": local_time(change),
        "rules": dict(change["rules"]),
        "rows": [sentence(row) for row in change["rows"]],
        "facts": [dict(row) for row in change["rows"]],
    }


def local_time(change: Mapping[str, Any]) -> str:
    """
    Return when a change was made, on the clock of whoever made it: "2026-03-02 14:05 +01:00".

    Raises RecordError for a time that no program of ours wrote: the file is damaged.
    """
    offset = str(change["utc_offset"])
    try:
        at = datetime.strptime(change["at_utc"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - it is UTC, and stays so
        sign = -1 if offset.startswith("-") else 1
        hours, minutes = (int(part) for part in (offset.lstrip("+-") or "00:00").split(":")[:2])
    except (ValueError, TypeError):
        why = "the record of changes was damaged, or altered by another program"
        raise RecordError(f"change {change['number']} has no time that can be read", why, "remtrack check") from None
    return f"{at + sign * timedelta(hours=hours, minutes=minutes):%Y-%m-%d %H:%M} {offset[:6]}"


def sentence(row: Mapping[str, Any]) -> str:
    """Return what happened to one row, before and after."""
    called, columns = _CALLED[row["table"]]
    names = {name: value for name, value in row["names"].items() if value not in ("", None) and name not in _LEFT_OUT}
    if row["table"] in ("lines", "line_criteria", "line_lesions"):
        names["line"] = f"line {row['names'].get('line', '')}"
    who = " ".join(dict.fromkeys(str(value) for value in names.values()))
    before, after = row["before"], row["after"]
    if before is None:
        return f"{who}: {said(after, columns) or called + ' added'}"
    if after is None:
        return f"{who}: {said(before, columns) or called} taken out"
    changed = tuple(name for name in columns if before.get(name) != after.get(name))
    return f"{who}: {said(before, changed) or 'nothing'} -> {said(after, changed) or 'nothing'}"


def said(row: Mapping[str, Any] | None, columns: tuple[str, ...]) -> str:
    """Return the values of a row that say something."""
    parts = []
    for name in columns:
        value = (row or {}).get(name)
        if value in (None, "", "{}") or (name == "state" and value == "measured"):
            continue
        if name == "value" and (row or {}).get("text"):
            continue  # the same, as it was written
        if name.endswith("_mm"):
            parts.append(f"{'short axis ' if name == 'short_mm' else ''}{value:g} mm")
        elif name.endswith("_on") or name in ("label", "method", "reason", "note", "regimen", "disease"):
            parts.append(f"{name.removesuffix('_on').replace('_', ' ')} {value}")
        elif name == "line":
            parts.append(f"line {value}")
        elif name == "unit" and parts:
            parts[-1] += f" {value}"
        elif name in ("value", "upper_limit"):
            parts.append(f"{'upper limit ' if name == 'upper_limit' else ''}{Decimal(str(value)).normalize():f}")
        else:
            parts.append(str(value).replace("_", " ") if name == "state" else str(value))
    return ", ".join(parts)
