"""Taking a change back, as a new change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError, RefusedError
from .derive import answers, courses, derive, moved
from .history import told
from .lines import Outcome, settle

if TYPE_CHECKING:
    from ..store import Record
    from ..verdict import Course

#: Of so many patients at most it is said which of their answers an undo changed.
_NAMED = 20


def undoable(record: Record, number: int | None = None) -> dict[str, Any]:
    """
    Return the change that undo would take back: the one asked for, else the last that still stands.

    Raises NotFoundError when there is none.
    """
    found = record.change_list()
    undone = {row["undoes"] for row in found if row["undoes"]}
    for row in found:
        if number is not None and row["number"] == number:
            if number in undone:
                raise RefusedError(f"change {number} was already taken back", "", "remtrack log")
            return told(record.change_told(number))
        if number is None and row["number"] not in undone and not row["undoes"] and row["command"] != "recompute":
            return told(record.change_told(row["number"]))
    what = f"no change {number}" if number is not None else "nothing to undo"
    raise NotFoundError(what, "the log lists every change", "remtrack log")


def undo(record: Record, number: int, who: str, reason: str = "") -> Outcome:
    """Take back one change, as a new change; raises RefusedError when a later change touched the same rows."""
    with record.change("undo", who=who, reason=reason, undoes=number) as change:
        change.undo(number)
        affected = sorted(change.touched)
        # The answers as they were: those stored are replaced only below.
        before: dict[Any, tuple[str, str]] = {}
        after: list[Course] = []
        if len(affected) > _NAMED:
            derive(record, change, affected)
        else:
            before = answers(course for course, _fresh in courses(record, affected))
            for patient_id in affected:
                after += settle(record, change, patient_id)[0] if record.has_patient(patient_id) else []
    return Outcome(
        ", ".join(affected[:5]), change.number, changed=(f"change {number}",), moved=tuple(moved(before, after))
    )
