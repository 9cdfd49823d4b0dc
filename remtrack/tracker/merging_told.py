"""What an import says of rows that are recorded otherwise: before and after, and which answers moved with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..verdict import Problem
from .derive import answers, moved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..store import Record
    from .derive import Moved
    from .merging import Merge

#: Of so many known patients at most it is said which of their answers moved.
_NAMED = 20
_KEYS = {
    "patients": ("patient_id",),
    "lines": ("patient_id", "line"),
    "visits": ("patient_id", "visit_on", "reader"),
    "lesions": ("patient_id", "lesion_id"),
}


def tell_changed(merge: Merge, table: str, row: Mapping[str, Any]) -> None:
    """Tell what of a row recorded before this import will be another: a table must not change a record in silence."""
    names = _KEYS.get(table)
    patient_id = row["patient_id"]
    if names is None or patient_id in merge.tally.new_patients or any(name not in row for name in names):
        return
    found = merge.record.rows(table, **{name: row[name] for name in names})
    if not found or found[0]["changed_by"] == merge.change.number:
        return
    changed = [
        f"{name} {found[0][name] or 'not said'} -> {row[name]}"
        for name in row
        if name not in names
        and row[name] != found[0][name]
        and (found[0][name] not in ("", None) or name == "baseline_on")  # what was empty is only filled in
    ]
    if changed:
        called = [f"line {row[name]}" if name == "line" else str(row[name]) for name in names if row[name]]
        what = f"{' '.join(called)}: {', '.join(changed)}"
        why = "it is recorded otherwise, and the table is taken; the log keeps what was there"
        merge.note(Problem("warning", what, why, rule="recorded-otherwise"))


class Watch:
    """The answers of the known patients of an import, before it; `moved` tells which are others after it."""

    def __init__(self, record: Record, touched: set[str], new: set[str]) -> None:
        self.record = record
        known = sorted(touched - new)
        self.known = known if len(known) <= _NAMED else []
        self.before = answers(stored.course for stored in record.courses(self.known)) if self.known else {}

    def moved(self) -> tuple[Moved, ...]:
        """Return the answers that were given before and are others now; none where too many patients are touched."""
        if not self.known:
            return ()
        return tuple(moved(self.before, (stored.course for stored in self.record.courses(self.known))))
