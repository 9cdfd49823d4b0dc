"""
Undo: a change taken back by a new change, whole tables at a time.

What a change wrote is found by its number in the live tables and their histories, what it replaced
by its number in the histories. A redo is the undo of an undo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFoundError, RefusedError
from .schema import FACT_TABLES, FactTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .open import Connection


def undo(connection: Connection, number: int, by: int) -> None:
    """
    Take back change `number`, as part of the open change `by`.

    Raises NotFoundError if there is no such change, RefusedError if it was taken back already, or
    if a later change that still holds touched the same rows or needs them.
    """
    standing = _Standing(connection, by)
    if number not in standing.undoes:
        raise NotFoundError(f"no change {number}", f"the last one is {by - 1}" if by > 1 else "nothing is recorded yet")
    if not standing.holds(number):
        raise RefusedError(f"change {number} is undone already")
    later = sorted(each for each in _touching_later(connection, number, by) if not standing.cancels_out(each, number))
    if later:
        raise RefusedError(
            f"change {number} cannot be undone by itself",
            f"the same rows were changed later, by change {_listed(later)}",
            f"remtrack undo {later[-1]}",
        )
    # Rows are taken out children first and put back parents first; in between some hang on nothing.
    connection.execute("PRAGMA defer_foreign_keys = ON")
    values = {"number": number, "by": by}
    tables = [table for table in FACT_TABLES.values() if table.name != "patients"]
    for table in reversed(tables):
        _take_out(connection, table, values)
    _put_patients_back(connection, values)
    in_the_way = {other for table in tables for other in _put_back(connection, table, values)}
    blocking = sorted((in_the_way | _orphans(connection, by) | _given_away(connection, number, by)) - {number})
    if blocking:
        raise RefusedError(
            f"change {number} cannot be undone by itself",
            f"later changes build on it: {_listed(blocking)}",
            f"remtrack undo {blocking[-1]}",
        )


def _given_away(connection: Connection, number: int, by: int) -> set[int]:
    """
    Return the last changes that gave the code of rows which were put back by `by` to another person, since `number`.

    What is one person's must never come to another who has their code by now.
    """
    codes = {
        code
        for table in FACT_TABLES.values()
        if "patient_id" in table.names and table.name != "patients"
        for (code,) in connection.execute(f"SELECT DISTINCT patient_id FROM {table.name} WHERE changed_by = ?", (by,))
    }
    # Whoever comes back themselves, or was renamed by that very change, is who they were.
    own = "SELECT patient_id FROM patients WHERE changed_by = ?"
    codes -= {code for (code,) in connection.execute(own, (by,))}
    if not codes:
        return set()
    then: dict[str, object] = {}
    now: dict[str, object] = {}
    given: dict[str, int] = {}
    for at, people in _people(connection, by):
        if at < number:
            then = people
        for code in codes:
            if people.get(code) != now.get(code):
                given[code] = at
        now = people
    return {given[code] for code in codes if then.get(code) != now.get(code)}


def _people(connection: Connection, by: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Give, after each change before `by` in which codes came or went, who has which code, as tokens."""
    written: dict[int, set[str]] = {}
    replaced: dict[int, set[str]] = {}
    for code, at in connection.execute("SELECT patient_id, changed_by FROM patients"):
        written.setdefault(at, set()).add(code)
    for code, at, until in connection.execute("SELECT patient_id, changed_by, replaced_by FROM patients_history"):
        written.setdefault(at, set()).add(code)
        replaced.setdefault(until, set()).add(code)
    undoes = dict(connection.execute("SELECT number, undoes FROM changes WHERE undoes IS NOT NULL").fetchall())
    people: dict[str, object] = {}
    gone: dict[tuple[int, str], object] = {}
    for at in sorted(written.keys() | replaced.keys()):
        if at >= by:
            return
        came = written.get(at, set()) - replaced.get(at, set())
        went = replaced.get(at, set()) - written.get(at, set())
        if not came and not went:
            continue
        people = dict(people)
        tokens = {code: people.pop(code, None) for code in went}
        if len(came) == len(went) == 1:  # a rename
            people[min(came)] = tokens[min(went)]
        else:
            gone |= {(at, code): token for code, token in tokens.items()}
            # Who is brought back by taking back the change that took them out is the same person.
            people |= {code: gone.get((undoes.get(at, 0), code), (at, code)) for code in came}
        yield at, people


def _take_out(connection: Connection, table: FactTable, values: dict[str, int], keep: str = "") -> None:
    """Remove the rows that the change wrote, and those that stand where it wrote one."""
    key = ", ".join(table.key)
    replaced = f"SELECT {key} FROM {table.history} WHERE changed_by = :number AND replaced_by <> :by"
    were_replaced = connection.execute(f"{replaced} LIMIT 1", values).fetchone()
    connection.execute(f"DELETE FROM {table.name} WHERE changed_by = :number", values)
    if were_replaced:
        connection.execute(f"DELETE FROM {table.name} WHERE ({key}) IN ({replaced}) {keep}", values)


def _put_patients_back(connection: Connection, values: dict[str, int]) -> None:
    # In place: the answers hang on their patient, and would go with it.
    table = FACT_TABLES["patients"]
    names = ", ".join(table.names)
    connection.execute(
        f"INSERT INTO patients ({names}, changed_by, last_change) "
        f"SELECT {names}, :by, :by FROM {table.history} WHERE replaced_by = :number "
        f"ON CONFLICT (patient_id) DO UPDATE SET "
        f"{', '.join(f'{name} = excluded.{name}' for name in (*table.names, 'changed_by', 'last_change'))}",
        values,
    )
    _take_out(connection, table, values, keep="AND changed_by <> :by")


def _put_back(connection: Connection, table: FactTable, values: dict[str, int]) -> set[int]:
    """Insert the rows that the change replaced; return the changes that have written rows of the same names since."""
    before = f"{table.history} AS h"
    by_number = "WHERE h.replaced_by = :number"
    if table.own_key and table.name != "events":
        same = " AND ".join(f"t.{name} = h.{name}" for name in table.called)
        sql = f"SELECT t.changed_by FROM {before} JOIN {table.name} AS t ON {same} {by_number}"
        in_the_way = {other for (other,) in connection.execute(sql, values)}
        if in_the_way:
            return in_the_way
    names = ", ".join(table.names)
    connection.execute(
        f"INSERT INTO {table.name} ({names}, changed_by) SELECT {names}, :by FROM {before} {by_number} "
        f"ORDER BY {', '.join(table.key)}",
        values,
    )
    return set()


class _Standing:
    """Which changes still hold: a change holds unless an undo of it does."""

    def __init__(self, connection: Connection, before: int) -> None:
        found = connection.execute("SELECT number, undoes FROM changes WHERE number < ? ORDER BY number", (before,))
        self.undoes: dict[int, int | None] = dict(found)
        self._undone: set[int] = set()
        for number in reversed(self.undoes):  # an undo is always later than what it undoes
            undone = self.undoes[number]
            if undone is not None and self.holds(number):
                self._undone.add(undone)

    def holds(self, number: int) -> bool:
        return number not in self._undone

    def cancels_out(self, later: int, number: int) -> bool:
        """Say whether `later` is without effect on what `number` left: undone itself, or the undo of such a one."""
        undone = self.undoes[later]
        return not self.holds(later) or (undone is not None and undone > number)


def _touching_later(connection: Connection, number: int, by: int) -> set[int]:
    found: set[int] = set()
    for table in FACT_TABLES.values():
        key = ", ".join(table.key)
        touched = (
            f"SELECT {key} FROM {table.history} WHERE changed_by = :number "
            f"UNION SELECT {key} FROM {table.history} WHERE replaced_by = :number"
        )
        later = (
            f"SELECT changed_by FROM {table.name} WHERE ({key}) IN ({touched}) AND changed_by > :number "
            f"UNION SELECT changed_by FROM {table.history} WHERE ({key}) IN ({touched}) AND changed_by > :number "
            f"UNION SELECT replaced_by FROM {table.history} WHERE ({key}) IN ({touched}) AND replaced_by > :number"
        )
        found.update(later for (later,) in connection.execute(later, {"number": number}))
    return found - {by}


def _orphans(connection: Connection, by: int) -> set[int]:
    """The changes that wrote rows whose parent went through change `by`, or removed the parent of a row it put back."""
    found: set[int] = set()
    for table in FACT_TABLES.values():
        for mine, parent, theirs in table.parents:
            pairs = list(zip(mine.split(", "), theirs.split(", "), strict=True))
            joined = " AND ".join(f"c.{own} = h.{other}" for own, other in pairs)
            gone = (
                f"NOT EXISTS (SELECT 1 FROM {parent} AS p WHERE "
                + " AND ".join(f"p.{o} = h.{o}" for _, o in pairs)
                + ")"
            )
            rows = (
                f"{parent}_history AS h CROSS JOIN {table.name} AS c ON {joined} WHERE h.replaced_by = :by AND {gone}"
            )
            put_back = (
                f"{table.name} AS c CROSS JOIN {parent}_history AS h ON {joined} WHERE c.changed_by = :by AND {gone}"
            )
            sql = f"SELECT c.changed_by FROM {rows} UNION SELECT h.replaced_by FROM {put_back}"
            found.update(number for (number,) in connection.execute(sql, {"by": by}))
    return found - {by}


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
