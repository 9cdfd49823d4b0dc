"""
Whether the file is what it should be: its pages, its layout, and every change since the first.

Names what disagrees; mends nothing. Whether the answers follow from the facts is not asked here.
"""

from __future__ import annotations

import re
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import RemtrackError
from ..verdict import Problem
from .changes import hash_of
from .digest import digest_of
from .keys import last_given, remembered
from .open import memory, reading
from .schema import FACT_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .open import Connection


def verify(connection: Connection, path: str) -> list[Problem]:
    """
    Return what is wrong with the file, in the order of the questions; nothing if all is well.

    A damaged page ends a question with a Problem of its own; the others are still asked.
    """
    problems = []
    for question in (_pages, _keys, _layout, _chain, _digests, _pairs, _numbers, _stamps):
        try:
            with reading(path):
                problems += list(question(connection))
        except RemtrackError as error:
            problems.append(Problem("error", error.what, error.why, error.hint, rule="damaged"))
    return problems


def _pages(connection: Connection) -> Iterator[Problem]:
    for (said,) in connection.execute("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Problem("error", "the file is damaged", said, rule="integrity")


def _keys(connection: Connection) -> Iterator[Problem]:
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem("error", f"a row of {table} belongs to no row of {parent}", rule="orphan")


def _layout(connection: Connection) -> Iterator[Problem]:
    (expected, steps), found = _as_made(), _schema(connection)
    if connection.execute(_STEPS).fetchall() != steps:
        yield Problem("error", "the steps that made the layout are not those of remtrack", rule="layout")
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            yield Problem("error", f"{name} is missing from the file", rule="layout")
        elif name not in expected:
            # A table or a view changes nothing here; a trigger may alter what is written from now on.
            severity = "error" if name.startswith("trigger ") else "warning"
            yield Problem(severity, f"{name} is in the file, and remtrack did not make it", rule="layout")
        elif expected[name] != found[name]:
            yield Problem("error", f"{name} is not as remtrack made it", rule="layout")


_STEPS = "SELECT id, migration_set, name FROM _sqlite_migrations ORDER BY id"


@cache
def _as_made() -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """The layout of a new record, and the steps that made it."""
    from .migrations import migrate

    with closing(memory()) as new:
        migrate(new)
        return _schema(new), new.execute(_STEPS).fetchall()


def _schema(connection: Connection) -> dict[str, str]:
    return {
        f"{kind} {name}": re.sub(r"\s+", " ", sql or "")
        for kind, name, sql in connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
        )
    }


def _chain(connection: Connection) -> Iterator[Problem]:
    previous, expected = "", 1
    for number, previous_hash, own in connection.execute(
        "SELECT number, previous_hash, hash FROM changes ORDER BY number"
    ).fetchall():
        if number != expected:
            yield Problem("error", f"change {expected} is missing from the record of changes", rule="chain")
        if own is None:
            yield Problem("error", f"change {number} was never closed", rule="chain")
            return
        if previous_hash != previous or own != hash_of(connection, number):
            yield Problem("error", f"change {number} is not as it was written", rule="chain")
        previous, expected = own, number + 1
    (given,) = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    if given >= expected:
        yield Problem("error", f"change {given} is missing from the record of changes", rule="chain")


def _digests(connection: Connection) -> Iterator[Problem]:
    for number, digest in connection.execute("SELECT number, digest FROM changes ORDER BY number").fetchall():
        if digest_of(connection, number) != digest:
            yield Problem(
                "error",
                f"the rows of change {number} are not those that it wrote",
                "another program changed, added or removed some",
                "remtrack log",
                rule="digest",
            )
    for table in FACT_TABLES.values():
        sql = (
            f"SELECT changed_by FROM {table.name} UNION SELECT changed_by FROM {table.history} "
            f"UNION SELECT replaced_by FROM {table.history} EXCEPT SELECT number FROM changes"
        )
        for (number,) in connection.execute(sql):
            yield Problem("error", f"{table.name} has rows of a change {number} that there never was", rule="digest")


def _pairs(connection: Connection) -> Iterator[Problem]:
    mixed = """SELECT v.patient_id, v.visit_on, l.patient_id, l.lesion_id
        FROM measurements AS m JOIN visits AS v ON v.visit_key = m.visit_key
        JOIN lesions AS l ON l.lesion_key = m.lesion_key WHERE l.patient_id <> v.patient_id
        UNION SELECT r.patient_id, 'line ' || r.line, l.patient_id, l.lesion_id
        FROM line_lesions AS r JOIN lesions AS l ON l.lesion_key = r.lesion_key WHERE l.patient_id <> r.patient_id"""
    for patient_id, where, other, lesion_id in connection.execute(mixed):
        yield Problem(
            "error", f"{patient_id}, {where}, has a lesion of another patient", f"{lesion_id} of {other}", rule="mixed"
        )


def _numbers(connection: Connection) -> Iterator[Problem]:
    given, known = last_given(connection), remembered(connection)
    for table in sorted({*given, *known}, key=str):
        if known[table] != given.get(table):
            yield Problem(
                "error",
                f"the last number given in {table} is {given.get(table, 0)}, and the file remembers {known.get(table)}",
                "a number given twice would mix two histories",
                rule="numbers",
            )


def _stamps(connection: Connection) -> Iterator[Problem]:
    # What a check of the answers does not see, because the course alone is asked whether it is fresh.
    for table in ("assessments", "episodes"):
        odd = f"""SELECT DISTINCT a.patient_id FROM {table} AS a LEFT JOIN courses AS c ON c.patient_id = a.patient_id
            AND c.line = a.line AND c.reader = a.reader AND c.criteria = a.criteria
            WHERE a.facts_change IS NOT c.facts_change OR a.revision IS NOT c.revision"""
        for (patient_id,) in connection.execute(odd):
            yield Problem(
                "warning",
                f"{patient_id}: {table} carry another stamp than the course they belong to",
                "another program altered it",
                "remtrack recompute",
                rule="altered-answer",
            )
