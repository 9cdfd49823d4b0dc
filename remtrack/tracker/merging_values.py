"""
What the families of a line make of an imported value, before it is kept.

A value that none of them can read (out of range, in a unit that is not known, a word where a number belongs)
is refused as it is when it is typed. A test that none of them knows is kept, for another family may ask for
it, and named once. Each value that a column repeats is read once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import DEFAULT, FAMILIES, load_family
from ..criteria.results import read_result
from ..model import Result
from ..verdict import Problem
from .lookup import is_installed
from .values import Test, find_test, fitting_unit, near_tests, told_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..criteria.base import Family
    from ..exchange.rows import ResultRow
    from .merging import Merge, Patient

_MOST_REMEMBERED = 50_000


class Trouble(NamedTuple):
    """Why no family can read a value: what is wrong, what is allowed, what to write, and the column to blame."""

    what: str
    why: str
    hint: str
    column: str


class ValueReader:
    """Reads the values of one import."""

    def __init__(self, merge: Merge) -> None:
        self.merge = merge
        self.tests: dict[tuple[tuple[str, ...], str], Test | None] = {}
        self.troubles: dict[tuple[Any, ...], Trouble | None] = {}
        self.unknown: set[str] = set()
        self.missing: set[str] = set()

    def is_good(self, patient: Patient, row: ResultRow) -> bool:
        """Say whether a value is kept; refuses it, or names its test, where that is called for."""
        number = row.line or self.merge.only_line(patient, row.dated_on)
        families = tuple(patient.criteria.get(number) or (DEFAULT,))
        test = self.find(families, row.test, patient)
        if test is None:
            self.name_unknown(families, number, row)
            return True
        key = (families, test.name, row.value, row.text, row.unit)
        if key not in self.troubles:
            if len(self.troubles) >= _MOST_REMEMBERED:
                self.troubles.clear()
            self.troubles[key] = trouble_with(test, row)
        trouble = self.troubles[key]
        if trouble is not None:
            self.merge.refuse(row, "unreadable-value", *trouble)
        return trouble is None

    def find(self, families: tuple[str, ...], name: str, patient: Patient) -> Test | None:
        key = (families, name)
        if key not in self.tests:
            self.tests[key] = find_test(name, loaded(families), ())
        test = self.tests[key]
        if test is None and patient.lesions and "_" in name:
            # What is asked of a single lesion is named after it, and lesions are named as they like.
            test = find_test(name, loaded(families), patient.lesions)
        return test

    def name_unknown(self, families: tuple[str, ...], number: int, row: ResultRow) -> None:
        """Warn of a test that no family of the line reads, the first time it is met."""
        missing = tuple(name for name in families if not is_installed(name))
        if missing:
            self.name_missing(missing, number, row)
            return
        if row.test in self.unknown:
            return
        self.unknown.add(row.test)
        titles = " and ".join(FAMILIES[name].title for name in families)
        others = tuple(name for name in FAMILIES if name not in families)
        readers = [FAMILIES[name].title for name in others if find_test(row.test, loaded((name,)), ())]
        near = [] if readers else self.nearest(row.test, families)
        why = f"read by {'; '.join(readers)}; " if readers else ""
        self.merge.note(
            Problem(
                "warning",
                f"{row.test} is no value that {titles} reads (line {number} of {row.patient_id})",
                f"{why}kept, but no answer of such a line uses it",
                f"did you mean {' or '.join(near)}?" if near else "",
                row.line_no,
                "test",
                "unknown-test",
            )
        )

    def name_missing(self, missing: tuple[str, ...], number: int, row: ResultRow) -> None:
        """Warn of families of the line of which no rules are there to say whether they read a value, once each."""
        new = [name for name in missing if name not in self.missing]
        self.missing.update(new)
        for name in new:
            self.merge.note(
                Problem(
                    "warning",
                    f"the family {name} is not installed (line {number} of {row.patient_id})",
                    "its values are kept as they are written, and nothing says whether it can read them",
                    "remtrack criteria list",
                    row.line_no,
                    "test",
                    "family-not-installed",
                )
            )

    def nearest(self, name: str, families: tuple[str, ...]) -> list[str]:
        """Return the tests most like a name: of the line, else of another family of this import, else of any."""
        seen = tuple(name for name in FAMILIES if name in self.merge.families)
        for known in (families, seen, tuple(FAMILIES)):
            tests = loaded(known)
            if near := near_tests(name, tests, 0.6) or told_tests(name, tests):
                return near
        return []


def loaded(names: Sequence[str]) -> list[Family]:
    return [load_family(name) for name in names if is_installed(name)]


def trouble_with(test: Test, row: ResultRow) -> Trouble | None:
    """Return why no family of the line can read a value, None when one of them can."""
    result = Result(test.name, row.value, row.text, row.unit)
    troubles = []
    for _family, analyte in test.readers:
        trouble = read_result(result, analyte, row.dated_on).trouble
        if not trouble:
            return None
        troubles.append(trouble)
    analyte = test.readers[0][1]
    unit, said = fitting_unit(analyte, result)
    bare = Result(test.name, row.value, row.text)
    is_unit = row.unit and not read_result(bare, analyte, row.dated_on).trouble
    if unit:
        hint = f"{row.text} {unit} would be {said}: give the unit"
    elif is_unit:
        hint = f"give it in {analyte.unit}" if analyte.unit else "leave the unit out"
    else:
        hint = "correct it, or write nd when it was not measured"
    return Trouble(troubles[0], f"{analyte.help}: {test.allowed}", hint, "unit" if is_unit else "value")
