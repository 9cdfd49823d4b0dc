"""
The rows of the exports, as text, in the columns that other programs rely on.

Only the order and the wording of the cells are settled here; the file they go to, and what a
spreadsheet might run, is the business of `exchange`.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from .answers import unpack
from .facts import real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .open import Connection

#: The columns of each export.
HEADERS: dict[str, tuple[str, ...]] = {
    "patients": ("patient_id", "disease", "criteria", "note"),
    "lines": ("patient_id", "line", "criteria", "regimen", "started_on", "stopped_on", "baseline_on", "settings"),
    "visits": ("patient_id", "line", "visit", "date", "method", "reader", "note"),
    "measurements": (
        "patient_id", "line", "visit", "date", "lesion_id", "role", "kind", "organ", "site", "longest_mm", "short_mm",
        "state", "reason", "method", "reader", "note",
    ),
    "results": (
        "patient_id", "line", "visit", "date", "test", "value", "unit", "upper_limit", "reader", "note",
    ),
    "events": ("patient_id", "line", "date", "event", "detail"),
    "assessments": (
        "patient_id", "line", "reader", "criteria", "visit", "date", "target", "nontarget", "new_lesion", "overall",
        "reported", "sum_mm", "sum_complete", "baseline_sum_mm", "nadir_sum_mm", "change_from_baseline_pct",
        "change_from_nadir_pct", "change_from_nadir_mm", "rule", "because", "source", "extra",
    ),
    "episodes": (
        "patient_id", "line", "reader", "criteria", "word", "category", "began_on", "confirmed_on", "last_seen_on",
        "ended_on", "ended_by", "days", "lasted_month", "lasted_on", "settles_on",
    ),
    "courses": (
        "patient_id", "line", "reader", "criteria", "best_response", "best_response_unconfirmed", "response_start",
        "confirmed_on", "progression_on", "dor_days", "dor_censored", "pfs_days", "pfs_censored", "current",
        "current_on",
    ),
}  # fmt: skip

_SQL = {
    "patients": """SELECT t.patient_id, t.disease, coalesce((SELECT criteria FROM line_criteria AS c
            WHERE c.patient_id = t.patient_id ORDER BY line, position, criteria LIMIT 1), ''), t.note
        FROM patients AS t {where} ORDER BY t.patient_id""",
    "lines": """SELECT t.patient_id, t.line, coalesce(c.criteria, ''), t.regimen, t.started_on, t.stopped_on,
            t.baseline_on, coalesce(c.settings, '{{}}')
        FROM lines AS t LEFT JOIN line_criteria AS c ON c.patient_id = t.patient_id AND c.line = t.line
        {where} ORDER BY t.patient_id, t.line, c.position, c.criteria""",
    "visits": """SELECT t.patient_id, t.line, t.label, t.visit_on, t.method, t.reader, t.note
        FROM visits AS t {where} ORDER BY t.patient_id, t.line, t.reader, t.visit_on""",
    # Each visit under its own line, and again under every later line that takes it for its baseline.
    "measurements": """SELECT t.patient_id, t.line, v.label, coalesce(m.measured_on, v.visit_on), l.lesion_id,
            coalesce(r.role, ''), l.kind, l.organ, l.site, m.longest_mm, m.short_mm,
            CASE WHEN o.lesion_id IS NULL THEN m.state ELSE m.state || ':' || o.lesion_id END,
            m.reason, m.method, v.reader, m.note
        FROM lines AS t
        CROSS JOIN visits AS v ON v.patient_id = t.patient_id AND (v.line = t.line OR v.visit_on = t.baseline_on)
        CROSS JOIN measurements AS m ON m.visit_key = v.visit_key
        CROSS JOIN lesions AS l ON l.lesion_key = m.lesion_key
        LEFT JOIN lesions AS o ON o.lesion_key = m.other_key
        LEFT JOIN line_lesions AS r ON r.patient_id = t.patient_id AND r.line = t.line
            AND r.lesion_key = m.lesion_key AND r.reader = v.reader
        {where} AND (v.line = t.line OR r.role IS NOT NULL)
        ORDER BY t.patient_id, t.line, v.reader, v.visit_on, l.lesion_id""",
    "results": """SELECT t.patient_id, t.line, t.label, s.sampled_on, s.test, s.value, s.text, s.unit, s.upper_limit,
            t.reader, s.note
        FROM visits AS t CROSS JOIN results AS s ON s.visit_key = t.visit_key
        {where} ORDER BY t.patient_id, t.line, t.reader, t.visit_on, s.test, s.sampled_on""",
    "events": """SELECT t.patient_id, t.line, t.event_on, t.event, t.detail
        FROM events AS t {where} ORDER BY t.patient_id, t.line, t.event_on, t.event, t.detail""",
    "assessments": """SELECT t.patient_id, t.line, t.reader, t.criteria, t.visit, t.visit_on, t.target, t.nontarget,
            t.new_lesion, t.overall, t.reported, t.sum_mm, t.sum_complete, t.baseline_sum_mm, t.nadir_sum_mm,
            t.change_from_baseline_pct, t.change_from_nadir_pct, t.change_from_nadir_mm, t.rule, t.because, t.source,
            t.extra
        FROM assessments AS t {where} ORDER BY t.patient_id, t.line, t.reader, t.criteria, t.visit_on""",
    "episodes": """SELECT t.patient_id, t.line, t.reader, t.criteria, t.word, t.category, t.began_on, t.confirmed_on,
            t.last_seen_on, t.ended_on, t.ended_by, t.days, t.lasted_month, t.lasted_on, t.settles_on
        FROM episodes AS t {where} ORDER BY t.patient_id, t.line, t.reader, t.criteria, t.position""",
    "courses": """SELECT t.patient_id, t.line, t.reader, t.criteria, t.best_response, t.best_response_unconfirmed,
            t.response_start, t.confirmed_on, t.progression_on, t.dor_days, t.dor_censored, t.pfs_days, t.pfs_censored,
            t.current, t.current_on
        FROM courses AS t {where} ORDER BY t.patient_id, t.line, t.reader, t.criteria""",
}  # fmt: skip


def export_rows(
    connection: Connection, table: str, patient_ids: Iterable[str] | None = None
) -> Iterator[tuple[str, ...]]:
    """
    Give the rows of one export, in the columns of `HEADERS[table]`; the order of entry does not change theirs.

    Numbers are decimals without needless zeros (percentages with one decimal, rounded half away
    from zero, `inf` from a nadir of 0), dates ISO, truths yes and no, what does not exist is "".
    """
    cells = _CELLS.get(table, {})
    for row in _rows(connection, table, patient_ids):
        values = _joined(table, row)
        yield tuple(
            "" if value is None else cells[name](value) if name in cells else str(value)
            for name, value in zip(HEADERS[table], values, strict=True)
        )


def _rows(connection: Connection, table: str, patient_ids: Iterable[str] | None) -> Iterator[tuple[Any, ...]]:
    if patient_ids is None:
        yield from connection.execute(_SQL[table].format(where="WHERE 1"))
        return
    sql = _SQL[table].format(where="WHERE t.patient_id = ?")
    for patient_id in sorted(set(patient_ids)):
        yield from connection.execute(sql, (patient_id,))


def _joined(table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    if table != "results":
        return row
    *head, value, text, unit, upper_limit, reader, note = row
    return (*head, text or (None if value is None else _plain(real(value))), unit, upper_limit, reader, note)


def _plain(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text


def _real(value: float) -> str:
    return _plain(real(value))


def _number(text: str) -> str:
    number = Decimal(text)
    return _plain(number) if number.is_finite() else _endless(number)


def _pct(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        return _endless(number)
    rounded = number.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded or abs(rounded):f}"


def _endless(number: Decimal) -> str:
    return "inf" if number > 0 else "-inf"


def _yes_no(value: int) -> str:
    return "yes" if value else "no"


def _part(category: str) -> str:
    return category or "NA"


def _settings(text: str) -> str:
    return ";".join(f"{name}={value}" for name, value in sorted(json.loads(text).items()))


def _extra(text: str) -> str:
    return json.dumps(unpack(text), default=str, ensure_ascii=False, sort_keys=True) if text else ""


_CELLS: dict[str, dict[str, Callable[[Any], str]]] = {
    "lines": {"settings": _settings},
    "measurements": {"longest_mm": _real, "short_mm": _real},
    "results": {"upper_limit": _real},
    "assessments": {
        "target": _part,
        "nontarget": _part,
        "new_lesion": _part,
        "sum_mm": _number,
        "sum_complete": _yes_no,
        "baseline_sum_mm": _number,
        "nadir_sum_mm": _number,
        "change_from_baseline_pct": _pct,
        "change_from_nadir_pct": _pct,
        "change_from_nadir_mm": _number,
        "extra": _extra,
    },
    "courses": {"dor_censored": _yes_no, "pfs_censored": _yes_no},
}
