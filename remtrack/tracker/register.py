"""Who and what is recorded: the patients, one patient's facts, lines with their families and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .looking import lesion_rows
from .lookup import require_patient

if TYPE_CHECKING:
    from ..store import Record


def patient_list(record: Record) -> list[dict[str, Any]]:
    """Return one row a patient: code, disease, lines, families, visits, first and last visit, note."""
    lines: dict[str, int] = {}
    for row in record.rows("lines"):
        lines[row["patient_id"]] = max(lines.get(row["patient_id"], 0), row["line"])
    families: dict[str, list[str]] = {}
    for row in sorted(record.rows("line_criteria"), key=lambda row: (row["patient_id"], row["line"], row["position"])):
        names = families.setdefault(row["patient_id"], [])
        if row["criteria"] not in names:
            names.append(row["criteria"])
    days: dict[str, list[Any]] = {}
    for row in record.rows("visits"):
        days.setdefault(row["patient_id"], []).append(row["visit_on"])
    return [
        {
            "patient_id": row["patient_id"],
            "disease": row["disease"],
            "criteria": ", ".join(families.get(row["patient_id"], ())),
            "lines": lines.get(row["patient_id"], 0),
            "visits": len(days.get(row["patient_id"], ())),
            "first_visit_on": min(days.get(row["patient_id"], ()), default=None),
            "last_visit_on": max(days.get(row["patient_id"], ()), default=None),
            "note": row["note"],
        }
        for row in sorted(record.rows("patients"), key=lambda row: row["patient_id"])
    ]


def line_facts(record: Record, patient_id: str) -> list[dict[str, Any]]:
    """Return one row a line and family, with the settings that differ from the family's defaults."""
    require_patient(record, patient_id)
    visits = record.rows("visits", patient_id=patient_id)
    criteria = record.rows("line_criteria", patient_id=patient_id)
    rows = []
    for line in sorted(record.rows("lines", patient_id=patient_id), key=lambda row: row["line"]):
        mine = sorted((row for row in criteria if row["line"] == line["line"]), key=lambda row: row["position"])
        days = [row["visit_on"] for row in visits if row["line"] == line["line"]]
        for family in mine or [{"criteria": "", "settings": {}}]:
            rows += [
                {
                    "patient_id": patient_id,
                    "line": line["line"],
                    "criteria": family["criteria"],
                    "settings": "; ".join(f"{name}={value}" for name, value in sorted(family["settings"].items())),
                    "regimen": line["regimen"],
                    "started_on": line["started_on"],
                    "stopped_on": line["stopped_on"],
                    "baseline_on": line["baseline_on"] or min(days, default=None),
                    "visits": len(days),
                }
            ]
    return rows


def patient_facts(record: Record, patient_id: str) -> dict[str, Any]:
    """Return what is recorded about one patient: the row itself, lines, lesions, events."""
    patient = require_patient(record, patient_id)
    events = sorted(record.rows("events", patient_id=patient_id), key=lambda row: (row["event_on"], row["event"]))
    return {
        "patient_id": patient_id,
        "disease": patient["disease"],
        "note": patient["note"],
        "lines": line_facts(record, patient_id),
        "lesions": lesion_rows(record, patient_id),
        "events": [
            {"line": row["line"], "date": row["event_on"], "event": row["event"], "detail": row["detail"]}
            for row in events
        ],
    }
