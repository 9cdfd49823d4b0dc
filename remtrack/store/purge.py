"""
A new file without one patient, for a person's right to be forgotten.

The record itself never forgets, so this writes another one: their facts, the history of these and their
answers are not in it, nor the reasons and file names of the changes that touched them. Where a note about
somebody else, or the reason of a change, speaks of them by a code that they had, `GONE` stands in its place.
Every other change keeps its number, day and author; digests and hashes are worked out anew, and a last change
says so. The old file stays as it is: to destroy it is its owner's to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..errors import NotFoundError, RecordError
from .changes import hash_of
from .digest import digest_of
from .keys import set_last
from .open import TakenError, new_file
from .schema import ANSWER_TABLES, FACT_TABLES, FactTable, triggers

if TYPE_CHECKING:
    from .open import Connection
    from .record import Record

#: What stands in place of the reason of a change that touched a patient who was taken out.
REMOVED = "(taken out with a patient)"
#: What stands in place of their code in a text that is somebody else's.
GONE = "(patient taken out)"
#: The columns in which a person writes what they like.
_FREE_TEXTS = frozenset(("note", "detail", "reason", "regimen", "disease", "label", "site"))


class Written(NamedTuple):
    """The change that says that the file begins anew, and in how many texts of others a code of theirs stood."""

    number: int
    texts: int


def write_without(record: Record, patient_id: str, path: str, who: str) -> Written:
    """
    Write a new record at `path` in which that patient never was, who may be in the history alone.

    The last change names the last hash of the record it came from, and no patient. Raises NotFoundError for a code
    that nobody had or that was given up for another one; RecordError when there is a file at `path` already or none
    can be written there; then nothing is left there.
    """
    from .record import Record

    try:
        with new_file(path, record.passphrase) as copy:
            record.copy_into(copy)
            (head,) = copy.execute("SELECT hash FROM changes ORDER BY number DESC LIMIT 1").fetchone() or ("",)
            texts = take_out(copy, patient_id)
            reason = f"begun anew without one patient, from a record whose last hash was {head}"
            with Record(path, copy).change("purge", who=who, reason=reason) as change:
                change.stand()
    except TakenError:
        raise RecordError(
            f"{path} is there already", "the record without the patient is written to a new file, never over another"
        ) from None
    return Written(change.number or 0, texts)


class Called(NamedTuple):
    """A code that a patient had, from the change that gave it until the one that took it (None: to this day)."""

    patient_id: str
    since: int
    until: int | None


# A rename writes the row of the new code where no row of that code was replaced, and replaces the row of the old
# code without writing one: whoever is merely changed has both.
_RENAMES = """
    WITH written AS (
        SELECT patient_id, changed_by AS number FROM patients UNION SELECT patient_id, changed_by FROM patients_history
    ), replaced AS (SELECT patient_id, replaced_by AS number FROM patients_history)
    SELECT w.number, r.patient_id, w.patient_id FROM written AS w JOIN replaced AS r ON r.number = w.number
    WHERE NOT EXISTS (SELECT 1 FROM replaced AS s WHERE s.number = w.number AND s.patient_id = w.patient_id)
    AND NOT EXISTS (SELECT 1 FROM written AS s WHERE s.number = w.number AND s.patient_id = r.patient_id)
    ORDER BY w.number DESC"""


def codes_of(connection: Connection, patient_id: str) -> list[Called]:
    """
    Return every code that the patient had who is now known as `patient_id`, the present one first.

    Whoever was taken back is still in the history, under the last code they had. A code that was given up by a rename
    may belong to somebody else since, whose rows are not theirs, and who had a code before them is not them. Raises
    NotFoundError for a code that nobody had, or that its last owner gave up for another one.
    """
    found: list[Called] = []
    renames = connection.execute(_RENAMES).fetchall()  # the latest first
    code, until = patient_id, _taken_back(connection, patient_id, renames)
    for number, old, new in renames:
        if new == code:
            found.append(Called(code, number, until))
            code, until = old, number
        elif old == code:  # somebody else gave this code up, and they were entered under it later
            return [*found, Called(code, number, until)]
    return [*found, Called(code, 0, until)]


def _taken_back(connection: Connection, patient_id: str, renames: list[tuple[int, str, str]]) -> int | None:
    """Return the change that took the last patient of that code out of the record, None while they are in it."""
    if connection.execute("SELECT 1 FROM patients WHERE patient_id = ?", (patient_id,)).fetchone():
        return None
    (last,) = connection.execute(
        "SELECT max(replaced_by) FROM patients_history WHERE patient_id = ?", (patient_id,)
    ).fetchone()
    if last is None:
        raise NotFoundError(f"patient {patient_id} is not known", "no change speaks of that code", "remtrack patients")
    for number, old, new in renames:
        if number == last and old == patient_id:
            raise NotFoundError(
                f"patient {patient_id} is not known", f"that code was given up for {new}", f"remtrack log {new}"
            )
    return int(last)


def take_out(copy: Connection, patient_id: str) -> int:
    """
    Take one patient out of a copy of a record, for good, and seal its changes anew.

    Returns in how many texts of others a code of theirs stood. Leaves the copy without free pages, where what was
    deleted could still be read.
    """
    codes = codes_of(copy, patient_id)
    copy.execute("PRAGMA foreign_keys = OFF")
    copy.execute("PRAGMA secure_delete = ON")
    copy.execute("BEGIN IMMEDIATE")
    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        copy.execute(f"DROP TRIGGER {name}")
    for name in ANSWER_TABLES:
        copy.execute(f"DELETE FROM {name} WHERE patient_id = ?", (patient_id,))
    # Keys are never given twice, so what hangs on a visit or lesion is known by these, whatever its patient was called.
    visits, lesions = (_keys(copy, FACT_TABLES[name], codes) for name in ("visits", "lesions"))
    copy.execute("CREATE TEMP TABLE taken (key INTEGER PRIMARY KEY)")
    touching: set[int] = set()
    for keys, tables in ((lesions, ("line_lesions",)), (visits, ("measurements", "results"))):
        copy.execute("DELETE FROM taken")
        copy.executemany("INSERT INTO taken VALUES (?)", [(key,) for key in keys])
        for name in tables:
            column = "lesion_key" if name == "line_lesions" else "visit_key"
            touching |= _delete(copy, FACT_TABLES[name], f"{column} IN (SELECT key FROM taken)", {})
    for table in FACT_TABLES.values():
        if "patient_id" in table.names:
            for called in codes:
                touching |= _delete(copy, table, *_of(called))
    copy.execute("DROP TABLE taken")
    copy.executemany(
        "UPDATE changes SET reason = iif(reason = '', '', ?), file_name = '', file_sha256 = '' WHERE number = ?",
        [(REMOVED, number) for number in touching],
    )
    texts = _silence(copy, {called.patient_id for called in codes})
    set_last(copy)  # or the file would remember how many there were of theirs
    _seal_anew(copy)
    for sql in triggers():
        copy.execute(sql)
    copy.execute("COMMIT")
    copy.execute("VACUUM")
    return texts


def _silence(copy: Connection, codes: set[str]) -> int:
    """Take the codes, where they stand as a word of their own, out of every free text; return of how many."""
    # Longest first, so that P01-2 is not left as "(patient taken out)-2"; a hyphen and the like belong to a code.
    either = "|".join(re.escape(code) for code in sorted(codes, key=len, reverse=True))
    named = re.compile(rf"(?<![\w.-])(?:{either})(?![\w-])", re.IGNORECASE)
    copy.create_function("silenced", 1, lambda text: named.sub(GONE, text), deterministic=True)
    found = 0
    for table in FACT_TABLES.values():
        for column in _FREE_TEXTS.intersection(table.names):
            for name in (table.name, table.history):
                found += copy.execute(
                    f"UPDATE {name} SET {column} = silenced({column}) WHERE {column} <> silenced({column})"
                ).rowcount
    for column in ("reason", "file_name"):
        found += copy.execute(
            f"UPDATE changes SET {column} = silenced({column}) WHERE {column} <> silenced({column})"
        ).rowcount
    return found


def _of(called: Called) -> tuple[str, dict[str, object]]:
    """The condition that a row was of that patient while they had that code."""
    values: dict[str, object] = {"code": called.patient_id, "since": called.since, "until": called.until}
    return "patient_id = :code AND changed_by >= :since AND (:until IS NULL OR replaced_by <= :until)", values


def _live(condition: str) -> str:
    # A live row is not replaced yet, so it can only be theirs under the present code.
    return condition.replace("replaced_by <= :until", "0")


def _keys(copy: Connection, table: FactTable, codes: list[Called]) -> set[int]:
    found: set[int] = set()
    for called in codes:
        condition, values = _of(called)
        for name, where in ((table.name, _live(condition)), (table.history, condition)):
            found.update(key for (key,) in copy.execute(f"SELECT {table.own_key} FROM {name} WHERE {where}", values))
    return found


def _delete(copy: Connection, table: FactTable, condition: str, values: dict[str, object]) -> set[int]:
    """Delete the rows, live and in the history; return the changes that wrote or replaced them."""
    numbers: set[int] = set()
    live = _live(condition)
    numbers.update(n for (n,) in copy.execute(f"SELECT changed_by FROM {table.name} WHERE {live}", values))
    for pair in copy.execute(f"SELECT changed_by, replaced_by FROM {table.history} WHERE {condition}", values):
        numbers.update(pair)
    copy.execute(f"DELETE FROM {table.name} WHERE {live}", values)
    copy.execute(f"DELETE FROM {table.history} WHERE {condition}", values)
    return numbers


def _seal_anew(copy: Connection) -> None:
    previous = ""
    for (number,) in copy.execute("SELECT number FROM changes ORDER BY number").fetchall():
        digest = digest_of(copy, number)
        copy.execute("UPDATE changes SET digest = ?, previous_hash = ? WHERE number = ?", (digest, previous, number))
        previous = hash_of(copy, number)
        copy.execute("UPDATE changes SET hash = ? WHERE number = ?", (previous, number))
