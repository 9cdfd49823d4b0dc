"""
What was typed wrong: `edit`, one change that says why.

The values before stay in the record of changes. A size, state or value, or the day of a visit, is changed only with
a reason; a label, a method or a note may be put right without one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError, RefusedError, UsageError
from .derive import answers, courses
from .lines import Outcome, line_row
from .lookup import quote, require_patient
from .scans import Parsed, ScanWriter, lesion_text, read_word, require_visit, say_reading, unknown_lesion
from .values import correct_value, move_values, take_value_back

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ..store import Record
    from .scans import Scan, Word


class ReasonNeededError(UsageError):
    """What was measured would be changed and nobody said why; `changed` says how, before -> after."""

    def __init__(self, patient_id: str, day: date, changed: Sequence[str]) -> None:
        super().__init__(
            f"a reason is needed to change what was recorded of {patient_id} on {day}",
            f"{'; '.join(changed)}: whoever reads the log must find why",
            '--reason "typing error"',
        )
        self.changed = tuple(changed)


def is_reason(text: str) -> bool:
    """Say whether a text tells anything: blanks and dashes do not."""
    return any(sign.isalnum() for sign in text)


def edit_scan(
    record: Record,
    scan: Scan,
    who: str,
    *,
    new_date: date | None = None,
    remove: Sequence[Word] = (),
    shown: Sequence[str] = (),
) -> Outcome:
    """
    Correct a visit: other readings or values, another date, or some of them taken back (`remove`, their text "").

    `shown` is what would change as somebody was shown it before they gave the reason; () when nobody was. Raises
    NotFoundError when the visit or the reading is not there, RefusedError when the new date already has a visit or
    the record is no more what was shown, ReasonNeededError when the scan has no reason and something measured,
    or its day, would be changed.
    """
    require_patient(record, scan.patient_id)
    with record.change("edit", who=who, reason=scan.reason.strip()) as change:
        before = answers(course for course, _fresh in courses(record, [scan.patient_id]))
        visit = require_visit(record, scan.patient_id, scan.visit_on, scan.reader)
        writer = ScanWriter(record, change, scan._replace(line=visit["line"]), "edit")
        for item in remove:
            take_back(writer, visit, item)
        for item in scan.readings:
            correct(writer, visit, item)
        details = {key: value for key in ("label", "method", "note") if (value := getattr(scan, key))}
        lesion_id, equals, method = (part.strip() for part in scan.method.partition("="))
        if equals:
            del details["method"]
            correct_method(writer, visit, lesion_id, method)
        if details:
            writer.wrote |= change.put("visits", {**visit_row(visit), **details}) != "same"
        if new_date is not None and new_date != scan.visit_on:
            move_visit(writer, visit, new_date)
            writer.wrote = True
            writer.changed.append(f"visit moved from {scan.visit_on} to {new_date}")
        if writer.changed and not is_reason(scan.reason):
            raise ReasonNeededError(scan.patient_id, scan.visit_on, writer.changed)
        if shown and tuple(shown) != tuple(writer.changed):
            raise RefusedError(
                f"{scan.patient_id} was changed by somebody else meanwhile",
                f"now it would be {'; '.join(writer.changed) or 'nothing'}",
                f"remtrack log {quote(scan.patient_id)}",
            )
        if not writer.wrote:
            change.abandon()
            return writer.outcome(before, keep=False)._replace(number=None)
        outcome = writer.outcome(before, keep=True)
    return outcome._replace(number=change.number, visit_on=new_date or scan.visit_on)


def visit_row(visit: Mapping[str, Any]) -> dict[str, Any]:
    names = ("patient_id", "line", "visit_on", "reader", "label", "method", "note")
    return {name: visit[name] for name in names}


def reading_at(writer: ScanWriter, visit: Mapping[str, Any], lesion_id: str) -> dict[str, Any]:
    for row in writer.readings:
        if row["visit_key"] == visit["visit_key"] and row["lesion_id"] == lesion_id:
            return row
    raise NotFoundError(
        f"{lesion_id} was not read on {visit['visit_on']}",
        "there is nothing to correct; a reading that is missing is added",
        f"remtrack add {quote(writer.patient_id)} {visit['visit_on']} {lesion_id}=SIZE",
    )


def as_parsed(row: Mapping[str, Any]) -> Parsed:
    return Parsed(row["state"], row["longest_mm"], row["short_mm"], row["other_id"] or "")


def take_back(writer: ScanWriter, visit: Mapping[str, Any], item: Word) -> None:
    if item.name not in writer.lesions:
        take_value_back(writer, writer.test_of(item, writer.lesions), item.sampled_on)
        return
    row = reading_at(writer, visit, item.name)
    writer.change.remove("measurements", {"visit_key": row["visit_key"], "lesion_key": row["lesion_key"]})
    writer.wrote = True
    kind = writer.lesions[item.name]["kind"]
    writer.changed.append(f"{item.name} {say_reading(as_parsed(row), kind)} taken back")


def correct(writer: ScanWriter, visit: Mapping[str, Any], item: Word) -> None:
    if item.name not in writer.lesions:
        correct_value(writer, writer.test_of(item, writer.lesions), item)
        return
    old = reading_at(writer, visit, item.name)
    kind = writer.lesions[item.name]["kind"]
    role = writer.roles.get((visit["line"], item.name)) or next(
        (role for (_line, lesion_id), role in writer.roles.items() if lesion_id == item.name), "target"
    )
    parsed = read_word(item.name, lesion_text(item), role, kind, writer.axes)
    was = as_parsed(old)
    said_why = parsed.state == "not_assessed" and is_reason(writer.scan.reason)
    if was == parsed and not (said_why and writer.scan.reason.strip() != old["reason"]):
        writer.same.append(f"{item.name} {say_reading(parsed, kind)}")
        return
    row = writer.measurement(visit["visit_key"], item.name, parsed)
    kept = {"method": old["method"], "note": old["note"], "measured_on": old["measured_on"]}
    writer.change.put("measurements", {**row, **kept})
    writer.wrote = True
    writer.changed.append(f"{item.name} {say_reading(was, kind)} -> {say_reading(parsed, kind)}")


def correct_method(writer: ScanWriter, visit: Mapping[str, Any], lesion_id: str, method: str) -> None:
    """Give one reading a method of its own, or none ("": that of its visit counts)."""
    if lesion_id not in writer.lesions:
        raise unknown_lesion(writer.record, writer.patient_id, lesion_id, visit["visit_on"], baseline=False)
    old = reading_at(writer, visit, lesion_id)
    done = writer.change.put(
        "measurements", {"visit_key": old["visit_key"], "lesion_key": old["lesion_key"], "method": method}
    )
    writer.wrote |= done != "same"
    if done == "same":
        writer.same.append(f"{lesion_id} by {method or 'the method of its visit'}")
    else:
        now = method or visit["method"] or "no method"
        writer.remarks.append(f"{lesion_id} by {old['method'] or visit['method'] or 'no method'} -> by {now}")


def move_visit(writer: ScanWriter, visit: Mapping[str, Any], day: date) -> None:
    record, change = writer.record, writer.change
    there = record.rows("visits", patient_id=visit["patient_id"], visit_on=day, reader=visit["reader"])
    if there:
        raise RefusedError(
            f"{visit['patient_id']} already has a visit on {day}",
            "two visits on one day would be two readings of the same lesions",
            f"remtrack timeline {quote(visit['patient_id'])}",
        )
    move_values(writer, visit, day)
    label = str(day) if visit["label"] == str(visit["visit_on"]) else visit["label"]
    change.put("visits", {"visit_key": visit["visit_key"], "visit_on": day, "label": label})
    for line in record.rows("lines", patient_id=visit["patient_id"]):
        if line["baseline_on"] == visit["visit_on"]:
            change.put("lines", {**line_row(line), "baseline_on": day})
