"""
One change: a command's facts, their record and their answers, written together or not at all.

The record of changes is kept by triggers (see `schema`); here are the opening and closing of a
change, the digest and the hash that seal it, and undo.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal, Self

from .. import __version__
from ..criteria import FAMILIES
from ..errors import NotFoundError, RecordError, RefusedError
from .digest import digest_of
from .facts import all_checked, checked, row_key
from .open import begin, trouble
from .schema import CHANGE_COLUMNS, FACT_TABLES, FactTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from ..verdict import Course
    from .open import Connection

Outcome = Literal["added", "changed", "same"]
_BATCH = 1000


class Change:
    """
    An open change, as a context manager: all of it is on disk when the block ends, or none of it.

    `number` is the change's own while it is open and after it was written; None once it ended
    without writing anything. Facts come before answers: a fact written after `put_answers`
    would leave an answer that looks fresh, so it is an error.
    """

    def __init__(self, connection: Connection, path: str, at: datetime | None, fields: dict[str, Any]) -> None:
        self.number: int | None = None
        self._connection = connection
        self._path = path
        self._at = at
        self._fields = fields
        self._abandoned = False
        self._stands = False
        self._answered = False
        self._writes_before = 0

    def __enter__(self) -> Self:
        if self._connection.in_transaction:
            raise RuntimeError("a change of this record is open already")
        with trouble(self._path):
            begin(self._connection)
            try:
                self.number = self._open()
            except BaseException:
                self._connection.rollback()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            nothing = self._connection.total_changes == self._writes_before and not self._stands
            if error is not None or self._abandoned or nothing:
                self._connection.rollback()
                self.number = None
                return
            with trouble(self._path):
                if not self._answered:
                    self._mark()
                self._seal()
                self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            self.number = None
            raise

    def _open(self) -> int:
        connection = self._connection
        last = connection.execute("SELECT number, hash FROM changes ORDER BY number DESC LIMIT 1").fetchone()
        if last and last[1] is None:
            raise RecordError(f"{self._path} was changed by another program", f"change {last[0]} was never closed")
        undoes = self._fields["undoes"]
        if undoes is not None and not (last and 1 <= undoes <= last[0]):
            raise NotFoundError(
                f"no change {undoes}", f"the last one is {last[0]}" if last else "nothing is recorded yet"
            )
        at = (self._at or datetime.now(UTC)).astimezone()
        self._fields |= {
            "at_utc": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "utc_offset": at.isoformat(timespec="seconds")[19:],
            "tool_version": __version__,
            "rules": json.dumps({name: family.revision for name, family in FAMILIES.items()}, sort_keys=True),
            "previous_hash": last[1] if last else "",
        }
        names = ", ".join(self._fields)
        marks = ", ".join("?" * len(self._fields))
        cursor = connection.execute(f"INSERT INTO changes ({names}) VALUES ({marks})", list(self._fields.values()))
        self._writes_before = connection.total_changes
        return int(cursor.lastrowid or 0)

    def _seal(self) -> None:
        if installed := sys.modules.get("remtrack.criteria.installed"):
            # Families of other packages, which are known only once they were asked to judge.
            rules = json.loads(self._fields["rules"]) | installed.revisions()
            told = json.dumps(rules, sort_keys=True)
            self._connection.execute("UPDATE changes SET rules = ? WHERE number = ?", (told, self.number))
        digest = digest_of(self._connection, self._open_number)
        self._connection.execute("UPDATE changes SET digest = ? WHERE number = ?", (digest, self.number))
        self._connection.execute(
            "UPDATE changes SET hash = ? WHERE number = ?", (hash_of(self._connection, self._open_number), self.number)
        )

    @property
    def _open_number(self) -> int:
        if self.number is None:
            raise RuntimeError("this change is not open")
        return self.number

    # -- facts ---------------------------------------------------------------------------------

    def put(self, table: str, row: Mapping[str, Any]) -> Outcome:
        """
        Write one row of facts; say whether it was added, changed, or already there word for word.

        The row is found by its key or by its names (patient, date, reader, lesion). Columns that
        are not given keep what they have; in a new row they are empty. Raises NotFoundError for a
        visit or lesion that is not recorded, RefusedError for a value the record cannot take.
        """
        self._no_answers_yet()
        fact_table = FACT_TABLES[table]
        with trouble(self._path):
            given, key = row_key(self._connection, fact_table, row)
            values = {
                column.name: checked(column, given[column.name])
                for column in fact_table.columns
                if column.name in given
            }
            if key is None:
                self._insert(fact_table, values)
                return "added"
            return self._update(fact_table, values, key)

    def _insert(self, table: FactTable, values: dict[str, Any]) -> None:
        values = values | {"changed_by": self._open_number}
        if table.mark:
            values[table.mark] = self.number
        self._connection.execute(
            f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )

    def _update(self, table: FactTable, values: dict[str, Any], key: tuple[Any, ...]) -> Outcome:
        where = " AND ".join(f"{name} = ?" for name in table.key)
        before = self._connection.execute(f"SELECT {', '.join(values)} FROM {table.name} WHERE {where}", key).fetchone()
        if before == tuple(values.values()):
            return "same"
        sets = ", ".join(f"{name} = ?" for name in (*values, "changed_by"))
        self._connection.execute(
            f"UPDATE {table.name} SET {sets} WHERE {where}", (*values.values(), self._open_number, *key)
        )
        return "changed"

    def put_new(self, table: str, rows: Iterable[Sequence[Any]]) -> int:
        """
        Write many rows that are known to be new; return how many.

        Each row has the table's columns in the order of `FACT_TABLES[table].names`; numbered rows
        carry their own key, the first free one being `next_key(table)`. Raises RefusedError when
        one cannot be taken.
        """
        self._no_answers_yet()
        fact_table = FACT_TABLES[table]
        number = self._open_number
        names = [*fact_table.names, "changed_by", *([fact_table.mark] if fact_table.mark else [])]
        marks = ["?"] * len(fact_table.columns) + [str(number)] * (len(names) - len(fact_table.columns))
        insert, row = f"INSERT INTO {table} ({', '.join(names)}) VALUES ", f"({', '.join(marks)})"
        waiting, written = iter(rows), 0
        with trouble(self._path):
            while batch := list(islice(waiting, _BATCH)):
                values = all_checked(fact_table.columns, batch)
                if len(batch) == _BATCH:  # in one statement: a third less time than one by one
                    self._connection.execute(insert + ", ".join([row] * _BATCH), list(chain.from_iterable(values)))
                else:
                    self._connection.executemany(insert + row, values)
                written += len(batch)
        return written

    def remove(self, table: str, key: Mapping[str, Any]) -> bool:
        """
        Take one row out of the live table (its history stays); say whether it was there.

        Raises RefusedError while other rows hang on it, NotFoundError for an unknown visit or lesion.
        """
        self._no_answers_yet()
        fact_table = FACT_TABLES[table]
        with trouble(self._path):
            _, found = row_key(self._connection, fact_table, key)
            if found is None:
                return False
            where = " AND ".join(f"{name} = ?" for name in fact_table.key)
            self._connection.execute(f"DELETE FROM {table} WHERE {where}", found)
        return True

    def next_key(self, table: str) -> int:
        """Return the first free key of visits, lesions or events; a key once given is never given again."""
        found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(found[0]) + 1 if found else 1

    def rename_patient(self, patient_id: str, new_id: str) -> None:
        """Give a patient another code, in every table. Raises RefusedError if there is a patient of that code."""
        self._no_answers_yet()
        with trouble(self._path):
            if self._connection.execute("SELECT 1 FROM patients WHERE patient_id = ?", (new_id,)).fetchone():
                raise RefusedError(f"there is already a patient {new_id}")
            self._connection.execute("PRAGMA defer_foreign_keys = ON")
            for table in FACT_TABLES.values():
                if "patient_id" in table.names:
                    self._connection.execute(
                        f"UPDATE {table.name} SET patient_id = ?, changed_by = ? WHERE patient_id = ?",
                        (new_id, self._open_number, patient_id),
                    )

    @property
    def touched(self) -> set[str]:
        """The patients whose facts this change wrote or removed, up to now."""
        found = self._connection.execute(_TOUCHED, {"number": self._open_number})
        return {patient_id for (patient_id,) in found}

    # -- answers -------------------------------------------------------------------------------

    def put_answers(self, patient_id: str, courses: Sequence[Course]) -> None:
        """Replace a patient's stored answers, stamped with the facts as they are now. Facts come first."""
        self.put_all_answers([(patient_id, courses)])

    def put_all_answers(self, answers: Iterable[tuple[str, Sequence[Course]]]) -> int:
        """Replace the stored answers of many patients, a hundred at a time; return how many they were."""
        from .answers import put_answers

        with trouble(self._path):
            if not self._answered:
                self._mark()
                self._answered = True
            return put_answers(self._connection, answers)

    def _mark(self) -> None:
        others = self._connection.execute("SELECT 1 FROM patients WHERE last_change <> ? LIMIT 1", (self.number,))
        if others.fetchone() is None:
            return  # all are new: whom a large import touched is asked in half a second
        self._connection.execute(
            f"UPDATE patients SET last_change = :number WHERE last_change <> :number AND patient_id IN ({_TOUCHED})",
            {"number": self._open_number},
        )

    def _no_answers_yet(self) -> None:
        if self._answered:
            raise RuntimeError("facts are written before the answers that come of them")

    # -- ending --------------------------------------------------------------------------------

    def undo(self, number: int) -> None:
        """
        Put back what change `number` replaced and take out what it added.

        Raises RefusedError if a later change, not itself undone, touched the same rows or hangs on them.
        """
        from .undo import undo

        self._no_answers_yet()
        with trouble(self._path):
            undo(self._connection, number, self._open_number)

    def stand(self) -> None:
        """Keep the change though it writes no facts: that it was made is what is to be recorded."""
        self._stands = True

    def abandon(self) -> None:
        """End the change, when its block ends, without having written anything."""
        self._abandoned = True


def hash_of(connection: Connection, number: int) -> str:
    """Return the SHA-256 of a change's own columns, the hash of the change before among them."""
    row = connection.execute(f"SELECT {', '.join(CHANGE_COLUMNS)} FROM changes WHERE number = ?", (number,)).fetchone()
    return sha256(json.dumps(row).encode()).hexdigest()


def _touched_sql() -> Iterator[str]:
    for table in FACT_TABLES.values():
        column = "patient_id" if "patient_id" in table.names else "visit_key"
        rows = (
            f"SELECT {column} FROM {table.name} WHERE changed_by = :number "
            f"UNION SELECT {column} FROM {table.history} WHERE replaced_by = :number"
        )
        # A visit that went with its readings is in the history of visits, which is asked by itself.
        yield rows if column == "patient_id" else f"SELECT patient_id FROM visits WHERE visit_key IN ({rows})"


_TOUCHED = " UNION ".join(_touched_sql())
