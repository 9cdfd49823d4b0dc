"""Taking a change back, as a new change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NotFoundError, RefusedError
from .derive import answers, courses, derive, moved
from .history import told
from .lines import Outcome, settle
from .lookup import require_patient

if TYPE_CHECKING:
    from ..store import Record
    from ..store.purge import Written
    from ..verdict import Course

#: Changes that touch no fact.
_NOTHING_TO_UNDO = ("recompute", "purge")
#: Of so many patients at most it is said which of their answers an undo changed.
_NAMED = 20


def undoable(record: Record, number: int | None = None) -> dict[str, Any]:
    """
    Return the change that undo would take back: the one asked for, else the last that still stands.

    Raises NotFoundError when there is none, RefusedError when it touched no fact or was taken back already.
    """
    for row in record.change_list():
        if row["command"] == "restore" and (number == row["number"] or (number is None and row["holds"])):
            from .backups import kept_by_restore, restore_command

            kept = kept_by_restore(record)
            raise RefusedError(
                f"change {row['number']} put a backup back",
                "what it replaced is another record, which was kept",
                restore_command(kept) if kept else "remtrack restore FILE",
            )
        if number is not None and row["number"] == number:
            if not row["holds"]:
                raise RefusedError(f"change {number} was already taken back", "", "remtrack log")
            change = told(record.change_told(number))
            if not change["rows"]:
                why = f"it was {change['command']}, and no fact is of it"
                raise RefusedError(f"change {number} holds nothing to take back", why, "remtrack log")
            return change
        if number is None and row["holds"] and not row["undoes"] and row["command"] not in _NOTHING_TO_UNDO:
            return told(record.change_told(row["number"]))
    what = f"no change {number}" if number is not None else "nothing to undo"
    raise NotFoundError(what, "the log lists every change", "remtrack log")


def redoable(record: Record, number: int | None = None) -> dict[str, Any]:
    """
    Return the undo that redo would take back: the one asked for, else the last that still stands.

    Raises NotFoundError when there is none.
    """
    for row in record.change_list():
        if row["command"] == "undo" and row["holds"] and number in (None, row["number"]):
            return told(record.change_told(row["number"]))
    what = "nothing to redo" if number is None else f"change {number} is no undo that still stands"
    raise NotFoundError(what, "the log lists every change", "remtrack log")


def refuse_undo(record: Record, number: int) -> None:
    """Raise RefusedError when that change cannot be taken back; nothing is written."""
    with record.change("undo", undoes=number) as change:
        change.undo(number)
        change.abandon()


def forget(record: Record, patient_id: str, path: str, who: str) -> Written:
    """
    Write a new record without that patient to `path`; see `Written`.

    Whoever is in the history alone, because their entry was taken back, can be forgotten too. Raises
    NotFoundError for an unknown patient, RecordError when the file cannot be written.
    """
    if not record.has_patient(patient_id) and not record.changes(patient_id, 1):
        require_patient(record, patient_id)
    return record.write_without(patient_id, path, who)


def undo(record: Record, number: int, who: str, reason: str = "", command: str = "undo") -> Outcome:
    """Take back one change, as a new change; raises RefusedError when a later change touched the same rows."""
    with record.change(command, who=who, reason=reason, undoes=number) as change:
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
