"""
The record as it was known after an earlier change, rebuilt in memory from the record of changes.

Nothing is kept twice for this: what a change wrote carries its number, what was replaced since carries
the number of what replaced it, so every earlier state is still there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .freshness import in_memory
from .keys import set_last
from .schema import ANSWER_TABLES, FACT_TABLES, FactTable, triggers

if TYPE_CHECKING:
    from .open import Connection


def number_at(connection: Connection, moment: datetime) -> int:
    """
    Return the last change made by that moment, 0 when there was none yet.

    `moment` has no time zone: each change is taken on the clock of whoever made it, so that the answer is
    the same wherever it is asked. Where a clock had been set back, the last in order counts.
    """
    found = 0
    for number, at_utc, offset in connection.execute("SELECT number, at_utc, utc_offset FROM changes ORDER BY number"):
        if _local(at_utc, offset) <= moment:
            found = number
    return found


def _local(at_utc: str, offset: str) -> datetime:
    sign = -1 if offset.startswith("-") else 1
    hours, minutes = (int(part) for part in (offset.lstrip("+-") or "00:00").split(":")[:2])
    at = datetime.strptime(at_utc, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - the offset is added below
    return at + sign * timedelta(hours=hours, minutes=minutes)


def known_at(connection: Connection, number: int) -> Connection:
    """
    Return a copy in memory of the record as it was after change `number` (0: before the first).

    Facts, their history and the record of changes are those of then, to the row. Answers are not among
    them: they are derived anew by whoever asks, under the rules of this version.
    """
    copy = in_memory(connection)
    copy.execute("PRAGMA foreign_keys = OFF")
    copy.execute("BEGIN")
    for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        copy.execute(f"DROP TRIGGER {name}")
    for name in ANSWER_TABLES:
        copy.execute(f"DELETE FROM {name}")
    for table in FACT_TABLES.values():
        _rewind(copy, table, number)
    copy.execute("DELETE FROM changes WHERE number > ?", (number,))
    set_last(copy)
    for sql in triggers():
        copy.execute(sql)
    copy.execute("COMMIT")
    copy.execute("PRAGMA foreign_keys = ON")
    return copy


def _rewind(copy: Connection, table: FactTable, number: int) -> None:
    names = ", ".join(table.names)
    into, values = (f", {table.mark}", ", :number") if table.mark else ("", "")
    copy.execute(f"DELETE FROM {table.name} WHERE changed_by > :number", {"number": number})
    copy.execute(
        f"INSERT INTO {table.name} ({names}, changed_by{into}) SELECT {names}, changed_by{values} "
        f"FROM {table.history} WHERE changed_by <= :number AND replaced_by > :number",
        {"number": number},
    )
    copy.execute(f"DELETE FROM {table.history} WHERE replaced_by > :number", {"number": number})
    if table.mark:
        copy.execute(f"UPDATE {table.name} SET {table.mark} = :number WHERE {table.mark} > :number", {"number": number})
