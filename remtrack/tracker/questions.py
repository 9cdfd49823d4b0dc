"""
What to ask a person at a visit: the lesions that are followed, and the values that the rules of the line need.

Which values those are no list says: a family is given a visit with nothing in it, and names what it misses.
Nothing is written here, and the words of the questions are the command's.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model import History, Line, Result, Visit
from ..verdict import NOT_EVALUABLE
from .axes import axes_of
from .judging import assess, check_baseline
from .lines import line_for
from .looking import lesion_row
from .lookup import require_patient
from .scans import Parsed, Scan, Word, read_word, say_reading
from .values import (
    Test,
    as_result,
    find_test,
    line_families,
    read_row,
    read_value,
    reads_lesions,
    say_value,
    tests_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from ..criteria.base import Family
    from ..criteria.results import Analyte
    from ..store import Record
    from ..views import LesionRow
    from .lines import Outcome

#: A size that is so many times the last one, or such a part of it, is asked again; a value likewise.
SIZE_TIMES, VALUE_TIMES = 5, 10
_ROUNDS = 4  # of asking what is missing once what was missing is there
_NEXT = timedelta(days=28)


class Question(NamedTuple):
    """A test to be asked; `last` is its latest value before the visit as it was understood, "" when there is none."""

    test: Test
    last: str = ""
    last_on: date | None = None
    last_value: Decimal | None = None


class Followed(NamedTuple):
    """A lesion that is followed in the line, and its last reading before the visit as it is told, "" when none."""

    row: LesionRow
    last: str


class Interview(NamedTuple):
    """
    What is asked at one visit.

    `lesions` are those that are followed. `first` are the
    values to ask for one by one, `rest` all others that the line's families read. `recorded` are the lesions and
    tests that this visit has already, as they are told.
    """

    patient_id: str
    on: date
    reader: str
    line: int
    families: tuple[Family, ...]
    is_first: bool
    lesions: tuple[Followed, ...]
    first: tuple[Question, ...]
    rest: tuple[Question, ...]
    recorded: tuple[str, ...]

    @property
    def reads_lesions(self) -> bool:
        return any(map(reads_lesions, self.families))

    @property
    def asks_of_lesions(self) -> bool:
        """Whether a family has questions about single lesions, beside their sizes."""
        return any(family.lesion_analytes for family in self.families)

    @property
    def axes(self) -> str:
        return axes_of(family.id for family in self.families)

    @property
    def scan(self) -> Scan:
        return Scan(self.patient_id, self.on, reader=self.reader, line=self.line)


def prepare(record: Record, patient_id: str, on: date, *, reader: str = "", line: int | None = None) -> Interview:
    """Return what to ask of a patient at a visit of that day."""
    require_patient(record, patient_id)
    visits = [row for row in record.rows("visits", patient_id=patient_id) if row["reader"] == reader]
    here = next((row["line"] for row in visits if row["visit_on"] == on), None)
    number = line or here or line_for(record, patient_id, on) or 1
    families = line_families(record, patient_id, number)
    is_first = not any(row["line"] == number and row["visit_on"] < on for row in visits)
    results = [row for row in record.rows("results", patient_id=patient_id) if row["reader"] == reader]
    tests = tests_of(families)
    asked = {row["test"] for row in results if row["line"] == number and row["visit_on"] < on}
    asked |= needed(record, patient_id, number, reader, on, families)
    questions = [question(test, results, on) for test in tests]
    done = {row["test"] for row in results if row["visit_on"] == on}
    lesions, read = followed(record, patient_id, number, reader, on)
    told = [f"{test.name} {last.last}" for test, last in zip(tests, questions, strict=True) if test.name in done]
    return Interview(
        patient_id,
        on,
        reader,
        number,
        families,
        is_first,
        lesions,
        tuple(one for one in questions if one.test.name in asked and one.test.name not in done),
        tuple(one for one in questions if one.test.name not in asked and one.test.name not in done),
        (*read, *told),
    )


def question(test: Test, results: Sequence[Mapping[str, Any]], on: date) -> Question:
    """Return the question for a test, with its latest value up to the day of the visit."""
    rows = [row for row in results if row["test"] == test.name and row["sampled_on"] <= on and row["visit_on"] <= on]
    if not rows:
        return Question(test)
    row = max(rows, key=lambda row: (row["sampled_on"], row["visit_on"]))
    reading = read_row(test, row)
    value = None if reading.amount is None else reading.amount.value
    return Question(test, say_value(reading, as_result(row)), row["sampled_on"], value)


def followed(
    record: Record, patient_id: str, line: int, reader: str, on: date
) -> tuple[tuple[Followed, ...], tuple[str, ...]]:
    """
    Return the lesions to ask for at a visit, with their last readings before it, and those that it has already.

    A line that has given no roles yet takes those of the line before over at its first visit.
    """
    roles = [row for row in record.rows("line_lesions", patient_id=patient_id) if row["reader"] == reader]
    role_of = {row["lesion_id"]: row["role"] for row in roles if row["line"] == line} or {
        row["lesion_id"]: row["role"] for row in roles if row["line"] == line - 1 and row["role"] != "new"
    }
    last: dict[str, dict[str, Any]] = {}
    done: dict[str, str] = {}
    for row in record.rows("measurements", patient_id=patient_id):  # in the order of their days
        if row["reader"] == reader and row["visit_on"] < on:
            last[row["lesion_id"]] = row
        elif row["reader"] == reader and row["visit_on"] == on:
            done[row["lesion_id"]] = f"{row['lesion_id']} {told_reading(row)}"
    found = [
        Followed(lesion_row(lesion, role_of, last), told_reading(last[name]) if name in last else "")
        for lesion in record.rows("lesions", patient_id=patient_id)
        if (name := lesion["lesion_id"]) in role_of and name not in done
        if lesion["closed_on"] is None or lesion["closed_on"] > on
    ]
    order = ("target", "nontarget", "new")
    found.sort(key=lambda one: (order.index(one.row.role), one.row.lesion_id))
    return tuple(found), tuple(done.values())


def told_reading(row: Mapping[str, Any]) -> str:
    return say_reading(Parsed(row["state"], row["longest_mm"], row["short_mm"], row["other_id"] or ""), "")


# ----------------------------------------------------------------------------------- what is missing


def needed(record: Record, patient_id: str, line: int, reader: str, on: date, families: Sequence[Family]) -> set[str]:
    """Return the tests that the families of a line miss in a visit of that day while it is empty."""
    cases = [case for _patient, found in record.histories([patient_id]) for case in found]
    settings = {
        row["criteria"]: row["settings"] for row in record.rows("line_criteria", patient_id=patient_id, line=line)
    }
    started_on = next((row["started_on"] for row in record.rows("lines", patient_id=patient_id, line=line)), None)
    names: set[str] = set()
    for family in families:
        history = next(
            (
                case.history
                for case in cases
                if (case.criteria, case.history.line.number, case.history.reader) == (family.id, line, reader)
            ),
            History(patient_id, Line(line, started_on=started_on), reader),
        )
        names |= missed(family, history, settings.get(family.id, {}), on)
    return names


def missed(family: Family, history: History, settings: Mapping[str, str], on: date) -> set[str]:
    """
    Return the tests that a family names when a visit lacks them, and those it names once it has these.

    A first visit is tried with one after it, since most families judge from the second on.
    """
    if not family.analytes:
        return set()
    earlier = tuple(visit for visit in history.visits if visit.visit_on < on)
    names: set[str] = set()
    for _round in range(_ROUNDS):
        before = earlier or (visit_with(on, family, names, ill=True),)
        now = visit_with(on if earlier else on + _NEXT, family, names, ill=False)
        tried = replace(history, visits=(*before, now))
        course = assess(tried, family.id, settings)
        said = [text for row in course.assessments[-1:] for text in row.undecided]
        said += [row.because for row in course.assessments[-1:] if row.kind == NOT_EVALUABLE]
        if not earlier:
            said += [f"{problem.what} {problem.why}" for problem in check_baseline(tried, family.id, settings)]
        new = named(said, family.analytes) - names
        if not new:
            break
        names |= new
    # A family of markers misses none of them by name while it cannot know which one is followed.
    return names or {name for name, analyte in family.analytes.items() if analyte.unit and not reads_lesions(family)}


def named(sentences: Iterable[str], tests: Iterable[str]) -> set[str]:
    """Return the tests that sentences name."""
    words = {word for sentence in sentences for word in re.findall(r"\w+", sentence)}
    return {test for test in tests if test in words}


def visit_with(on: date, family: Family, names: Iterable[str], *, ill: bool) -> Visit:
    """Return a visit at which those tests were done, in somebody who is ill or well."""
    return Visit(on, results=tuple(a_result(family.analytes[name], ill=ill) for name in sorted(names)))


def a_result(analyte: Analyte, *, ill: bool) -> Result:
    if analyte.words:
        return Result(analyte.name, text=next(iter(analyte.words)))
    if not ill:
        return Result(analyte.name, analyte.least)
    return Result(analyte.name, (analyte.least + (analyte.most or 1000)) / 2)


def undecided(asked: Interview, scan: Scan, preview: Outcome) -> list[Question]:
    """Return the questions for what the answer of a visit still lacks and nobody was asked, each lesion's own too."""
    said = [
        text
        for course in preview.courses
        if (course.line, course.reader) == (preview.line, asked.reader)
        for row in course.assessments
        if row.visit_on == asked.on
        for text in (*row.undecided, *([row.because] if row.kind == NOT_EVALUABLE else ()))
    ]
    lesions = [*(one.row.lesion_id for one in asked.lesions), *(item.lesion_id for item in scan.introduced)]
    done = {one.test.name for one in asked.first} | {word.name for word in scan.readings}
    found: dict[str, Question] = {}
    for word in re.findall(r"\w+", " ".join(said)):
        one = question_for(word, asked, lesions)
        if one is not None and one.test.name not in done:
            found.setdefault(one.test.name, one)
    return list(found.values())


def question_for(name: str, asked: Interview, lesions: Iterable[str]) -> Question | None:
    """Return the question for a test by its name, also for one of a single lesion; None for an unknown name."""
    ids = [*lesions, *(one.row.lesion_id for one in asked.lesions)]
    test = find_test(name, asked.families, ids)
    if test is None:
        return None
    return next((one for one in (*asked.first, *asked.rest) if one.test.name == test.name), Question(test))


# ---------------------------------------------------------------------------------- what is far off


class Doubt(NamedTuple):
    """A number that is far from the last one: `said` in words, and what was perhaps `meant` ("" if nothing fits)."""

    said: str
    meant: str


def doubt(value: Decimal | None, last: Decimal | None, times: int) -> Doubt | None:
    """
    Return what is odd about a number after the last one, None when it is not more than so many times off.

    Nothing is odd about a 0, or after one. A point that slipped is what is meant most often.
    """
    if not value or not last or not (value > last * times or value * times < last):
        return None
    from ..criteria.base import number

    factor = value / last if value > last else last / value
    said = f"{factor:.0f} times {'the last value' if value > last else 'less than the last value'}"
    for power in (1, -1, 2, -2, 3, -3):
        meant = value.scaleb(power)
        if last <= meant * times and meant <= last * times:
            return Doubt(said, number(meant))
    return Doubt(said, "")


def doubt_size(row: LesionRow, text: str, axes: str) -> Doubt | None:
    """Return what is odd about the size of a lesion; a reading of two sizes has nothing it may have meant."""
    parsed = read_word(row.lesion_id, text, row.role, row.kind, axes)
    size = parsed.short_mm if row.kind == "node" else parsed.longest_mm
    found = doubt(size, row.size_mm, SIZE_TIMES)
    if found is None or re.fullmatch(r"[0-9.]+", text):
        return found
    return found._replace(meant="")


def understand(one: Question, text: str, sampled_on: date | None, scan: Scan) -> tuple[str, Doubt | None]:
    """
    Return a value as it is understood, with what is odd about it; RefusedError when it cannot be used.

    Where a family is drawn by powers of ten, its values fall and rise by them and nothing is odd.
    """
    value = read_value(one.test, Word(one.test.name, text, sampled_on), scan)
    amount = None if value.reading.amount is None else value.reading.amount.value
    if any(family.scale == "log" for family, _analyte in one.test.readers):
        return value.said, None
    found = doubt(amount, one.last_value, VALUE_TIMES)
    # What was meant is typed as a bare number: it can stand for what was typed only where that is one, too.
    is_bare = text == value.result.text and sampled_on is None
    return value.said, found if found is None or is_bare else found._replace(meant="")
