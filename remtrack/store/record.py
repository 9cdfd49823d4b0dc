"""
The record as its users see it: one open file, what can be asked of it, and changes to it.

Each question's own module is loaded when it is asked, so that a command loads only what it needs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .facts import read
from .open import PATIENCE, Connection, connect, meaning, reading, trouble

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from types import TracebackType

    from ..verdict import Problem
    from .answers import Stored, StoredCourse
    from .backup import Copied, Restored
    from .changes import Change
    from .facts import ReadingRow
    from .histories import Case, Unjudged
    from .open import Passphrase
    from .purge import Written


def open_record(
    path: str | os.PathLike[str],
    *,
    write: bool = False,
    create: bool = False,
    patience: float = PATIENCE,
    passphrase: Passphrase | None = None,
    encrypt: bool = False,
) -> Record:
    """
    Open the record at `path`; use it as a context manager, or close it.

    Only with `write` and `create` is a missing file made (and its folder), readable by its owner
    alone, and encrypted with `encrypt`. `passphrase` is asked only for a file that is encrypted. `patience`
    is how long to wait for another program that is writing, in seconds.
    Raises RecordError for a file that is missing, not ours, newer, locked or damaged.
    """
    where = str(path)
    return Record(
        where,
        connect(where, write=write, create=create, patience=patience, passphrase=passphrase, encrypt=encrypt),
    )


def blank_record() -> Record:
    """Return an empty record that lives in memory only, to try something in."""
    from .migrations import migrate
    from .open import memory

    connection = memory()
    migrate(connection)
    return Record("memory", connection)


class Record:
    """An open record. Dates, numbers and text come out as the model has them."""

    def __init__(self, path: str, connection: Connection) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        if error is not None:
            said = meaning(error, self.path)
            if said is not error:
                raise said from error

    @property
    def passphrase(self) -> str:
        """The passphrase that the record was opened with, "" when it is not encrypted."""
        return getattr(self._connection, "passphrase", "")

    def close(self) -> None:
        """Let go of the file. A change that was still open is taken back."""
        self._connection.close()

    # -- writing -------------------------------------------------------------------------------

    def change(
        self,
        command: str,
        *,
        who: str = "",
        reason: str = "",
        file_name: str = "",
        file_sha256: str = "",
        undoes: int | None = None,
        at: datetime | None = None,
    ) -> Change:
        """Begin a change, as a context manager; `at` (None: now) is when it is said to have been made."""
        from .changes import Change

        fields: dict[str, Any] = {
            "who": who,
            "command": command,
            "reason": reason,
            "file_name": file_name,
            "file_sha256": file_sha256,
            "undoes": undoes,
        }
        return Change(self._connection, self.path, at, fields)

    # -- reading -------------------------------------------------------------------------------

    def patient_ids(self) -> Iterator[str]:
        """Give every patient's code, in order."""
        with trouble(self.path):
            for (patient_id,) in self._connection.execute("SELECT patient_id FROM patients ORDER BY patient_id"):
                yield patient_id

    def has_patient(self, patient_id: str) -> bool:
        """Say whether there is a patient of that code."""
        with trouble(self.path):
            sql = "SELECT 1 FROM patients WHERE patient_id = ?"
            return self._connection.execute(sql, (patient_id,)).fetchone() is not None

    def rows(self, table: str, **equals: Any) -> list[dict[str, Any]]:
        """
        Return the rows of a fact table whose columns have these values, in the order of their names.

        Readings, results and roles also carry the names of their visit and lesion (`patient_id`,
        `line`, `visit_on`, `reader`, `lesion_id`, `other_id`), and can be asked for by them.
        """
        with reading(self.path):
            return read(self._connection, table, equals)

    def histories(
        self, patient_ids: Iterable[str] | None = None, as_of: date | None = None
    ) -> Iterator[tuple[str, tuple[Case, ...]]]:
        """Give each patient (None: all) with the cases to be judged; see `histories.histories`."""
        from .histories import histories

        with reading(self.path):
            yield from histories(self._connection, patient_ids, as_of)

    def unjudged(self, patient_ids: Iterable[str] | None = None) -> Iterator[Unjudged]:
        """Give the lines and readers whose visits get no answer for want of a baseline of their own."""
        from .histories import unjudged

        with reading(self.path):
            yield from unjudged(self._connection, patient_ids)

    def courses(self, patient_ids: Iterable[str] | None = None, *, last_only: bool = False) -> Iterator[StoredCourse]:
        """Give the stored answers; see `answers.courses`."""
        from .answers import courses

        with reading(self.path):
            yield from courses(self._connection, patient_ids, last_only=last_only)

    def export_rows(self, table: str, patient_ids: Iterable[str] | None = None) -> Iterator[tuple[str, ...]]:
        """Give the rows of one export, as text, in the columns of `exports.HEADERS[table]`."""
        from .exports import export_rows

        with reading(self.path):
            yield from export_rows(self._connection, table, patient_ids)

    def counts(self) -> dict[str, Any]:
        """Return how many `patients`, `measurements` and `results` there are, and `last_visit_on` (None: no visit)."""
        with reading(self.path):
            patients, measurements, results, last_visit_on = self._connection.execute(
                "SELECT (SELECT count(*) FROM patients), (SELECT count(*) FROM measurements), "
                "(SELECT count(*) FROM results), (SELECT max(visit_on) FROM visits)"
            ).fetchone()
        return {
            "patients": patients,
            "measurements": measurements,
            "results": results,
            "last_visit_on": date.fromisoformat(last_visit_on) if last_visit_on else None,
        }

    def changes(
        self, patient_id: str | None = None, limit: int | None = None, *, rows_each: int = 100
    ) -> list[dict[str, Any]]:
        """Return the changes, newest first, with what each did to which rows; see `log.changes`."""
        from .log import changes

        with reading(self.path):
            return changes(self._connection, patient_id, limit, rows_each)

    def change_list(self) -> list[dict[str, Any]]:
        """Return the changes' own columns, newest first, without their rows."""
        from .log import change_list

        with reading(self.path):
            return change_list(self._connection)

    def change_told(self, number: int, *, rows_each: int = 100) -> dict[str, Any]:
        """Return one change as `changes` does. Raises NotFoundError when there is none of that number."""
        from .log import change_told

        with reading(self.path):
            return change_told(self._connection, number, rows_each)

    def last_patient(self) -> str:
        """Return the patient whose facts were touched last, "" when there is none."""
        with trouble(self.path):
            found = self._connection.execute("SELECT patient_id FROM patients ORDER BY last_change DESC LIMIT 1")
            row = found.fetchone()
            return str(row[0]) if row else ""

    def stale_patients(self, revisions: Mapping[str, int]) -> list[str]:
        """Return the patients whose answers must be derived anew under rules of these revisions."""
        from .freshness import stale_patients

        with trouble(self.path):
            return stale_patients(self._connection, revisions)

    def without_course(self, criteria: Collection[str], patient_ids: Iterable[str] | None = None) -> set[str]:
        """Return the patients who lack an answer of these families; see `answers.without_course`."""
        from .answers import without_course

        with trouble(self.path):
            return without_course(self._connection, criteria, patient_ids)

    def never_read(self) -> list[tuple[str, str, int]]:
        """Return (patient, lesion, line) of each lesion that has a role in a line and no reading anywhere."""
        with trouble(self.path):
            return self._connection.execute(
                "SELECT DISTINCT l.patient_id, l.lesion_id, t.line FROM line_lesions AS t "
                "JOIN lesions AS l ON l.lesion_key = t.lesion_key WHERE NOT EXISTS "
                "(SELECT 1 FROM measurements AS m WHERE m.lesion_key = t.lesion_key) ORDER BY 1, 2, 3"
            ).fetchall()

    def in_memory(self) -> Record:
        """Return a copy of the record in memory, to derive answers in without touching the file."""
        from .freshness import in_memory

        with trouble(self.path):
            return Record(self.path, in_memory(self._connection))

    def stored_rows(self) -> Stored:
        """Return the stored answers cell by cell, to be held against those that the facts give."""
        from .answers import Stored

        with trouble(self.path):
            return Stored(self._connection)

    def readings(self, patient_ids: Iterable[str] | None = None) -> Iterator[ReadingRow]:
        """Give every reading with its visit, lesion and role, by patient, lesion and day; see `facts.readings`."""
        from .facts import readings

        with reading(self.path):
            yield from readings(self._connection, patient_ids)

    def number_at(self, moment: datetime) -> int:
        """Return the last change made by that moment, on the clock of whoever made it; 0 when there was none."""
        from .past import number_at

        with reading(self.path):
            return number_at(self._connection, moment)

    def known_at(self, number: int) -> Record:
        """Return the record as it was after change `number`, in memory; its answers have yet to be derived."""
        from .past import known_at

        with trouble(self.path):
            return Record(self.path, known_at(self._connection, number))

    def write_without(self, patient_id: str, path: str, who: str) -> Written:
        """Write a new record at `path` in which that patient never was; see `purge.write_without`."""
        from .purge import write_without

        return write_without(self, patient_id, path, who)

    def copy_into(self, other: Connection) -> None:
        """Copy the whole file, as it is at one moment, into another open database."""
        from .backup import copy_whole

        with trouble(self.path):
            copy_whole(self._connection, other)

    def back_up(self, path: Path, passphrase: str | None = None) -> Copied:
        """Write a verified copy to a new file, sealed when there is a passphrase; see `backup.write_copy`."""
        from .backup import write_copy, write_sealed

        with trouble(self.path):
            if passphrase is None:
                return write_copy(self._connection, path)
            return write_sealed(self._connection, path, passphrase)

    def put_back(
        self, path: str, passphrase: Passphrase, keep_at: Path, who: str, derive: Callable[[Record, Change], object]
    ) -> Restored:
        """
        Replace everything in this record by the copy at `path`, keeping what it replaces at `keep_at`.

        A change says so in the record that was put back, and `derive` writes its answers anew: the copy's were
        not sealed by any digest. All of that is made ready in a file beside, so that the record is replaced in
        one transaction, and is never the copy without the change that says so. Raises RecordError for a copy
        that is not sound; then nothing was changed.
        """
        from .backup import Restored, copy_all, held, last_change, opened_copy
        from .open import bring_up_to_date, spare_file

        with (
            opened_copy(path, passphrase) as (source, digest),
            trouble(self.path),
            spare_file(self.path, self.passphrase) as spare,
        ):
            change, own_hash = last_change(source)
            copy_all(source, spare)
            bring_up_to_date(spare)
            ready = Record(self.path, spare)
            with held(self._connection, keep_at) as kept:
                reason = (
                    f"the record as after change {change}; "
                    f"it replaces one whose last was change {kept.change}, {kept.hash}"
                )
                name = Path(path).name
                with ready.change("restore", who=who, reason=reason, file_name=name, file_sha256=digest) as said:
                    derive(ready, said)
                    said.stand()
                spare.backup(self._connection)
        return Restored(change, own_hash, kept, said.number or 0)

    def verify(self) -> list[Problem]:
        """Check the whole file and its record of changes; return what is wrong, nothing if all is well."""
        from .verify import verify

        return verify(self._connection, self.path)
