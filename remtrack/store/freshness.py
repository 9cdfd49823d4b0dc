"""Whether the stored answers know every fact and come from today's rules; and a copy in memory to derive them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import without_course
from .open import memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .open import Connection

# A patient with a visit whose answers are gone, or older than the facts.
_BEHIND = """SELECT p.patient_id FROM patients AS p
    WHERE EXISTS (SELECT 1 FROM visits AS v WHERE v.patient_id = p.patient_id)
    AND NOT EXISTS (SELECT 1 FROM courses AS c WHERE c.patient_id = p.patient_id AND c.facts_change = p.last_change)"""


def stale_patients(connection: Connection, revisions: Mapping[str, int]) -> list[str]:
    """Return the patients whose stored answers are missing, older than their facts, or made by other rules."""
    found = {patient_id for (patient_id,) in connection.execute(_BEHIND)} | without_course(connection, revisions)
    for criteria, revision in connection.execute("SELECT DISTINCT criteria, revision FROM courses").fetchall():
        if revisions.get(criteria, revision) != revision:
            rows = connection.execute(
                "SELECT DISTINCT patient_id FROM courses WHERE criteria = ? AND revision = ?", (criteria, revision)
            )
            found.update(patient_id for (patient_id,) in rows)
    return sorted(found)


def in_memory(connection: Connection) -> Connection:
    """Return a copy of the whole record that lives in memory only, open for writing."""
    copy = memory(like=connection)
    connection.backup(copy)
    return copy
