"""
Two answers to the same facts: two families, two settings of one family, or two readers, side by side.

Both are derived in memory and nothing is written. What differs is said visit by visit, and for the whole
line; the values are dicts that a screen can draw.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import NotFoundError, UsageError
from .lines import unknown_line
from .lookup import family_entry, quote, require_patient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from ..criteria.base import Family
    from ..model import History
    from ..store import Record
    from ..verdict import Assessment, Course, Episode

LABELS = ("A", "B")
#: What a family reads of a lesion; every other input is a result of its visit.
_OF_A_LESION = frozenset({"longest_mm", "short_mm", "state"})
_NOTHING = "none"


class Asked(NamedTuple):
    """One side as it was asked for; `criteria` "" is the family that heads each line, `reader` "" the ordinary one."""

    criteria: str
    settings: dict[str, str]
    reader: str


class Side(NamedTuple):
    """One side of one line: the family, what it judged (None: this reader has no baseline here) and its answer."""

    label: str
    family: Family
    reader: str
    history: History | None
    course: Course | None


def compare(
    record: Record,
    patient_id: str,
    criteria: Sequence[str] = (),
    readers: Sequence[str] = (),
    *,
    line: int | None = None,
    as_of: date | None = None,
) -> list[dict[str, Any]]:
    """
    Return one comparison a line: its two sides, a row for each visit of either, and what they sum up to.

    `criteria` are one or two families as typed, each with settings of its own if it has any
    ("recist-1.1,confirm_required=no"); other settings are those that the line has for that family. `readers`
    are none, one or two; "" is the ordinary record. There must be two of one and at most one of the other.

    Raises UsageError when there are not exactly two sides or a family or setting is not known, NotFoundError
    for a patient, line or reader that is not.
    """
    require_patient(record, patient_id)
    asked = two_sides(record, patient_id, criteria, readers)
    numbers = sorted(row["line"] for row in record.rows("lines", patient_id=patient_id))
    if line is not None and line not in numbers:
        raise unknown_line(patient_id, line, numbers)
    histories: dict[tuple[int, str], History] = {}
    judged_by: dict[int, dict[str, dict[str, str]]] = {}  # families of each line, the headline first
    for _patient, cases in record.histories([patient_id], as_of):
        for case in cases:
            number = case.history.line.number
            histories[number, case.history.reader] = case.history
            judged_by.setdefault(number, {})[case.criteria] = case.settings
    found = [
        compare_line(patient_id, number, asked, histories, judged_by[number])
        for number in numbers
        if line in (None, number) and any((number, one.reader) in histories for one in asked)
    ]
    if not found:
        readers_asked = dict.fromkeys(reader_name(one.reader) for one in asked)
        raise NotFoundError(
            f"nothing of {patient_id} can be compared",
            f"no baseline is recorded for {' or '.join(readers_asked)}{f' up to {as_of}' if as_of else ''}",
            f"remtrack line list {quote(patient_id)}",
        )
    return found


# What is compared


def two_sides(record: Record, patient_id: str, criteria: Sequence[str], readers: Sequence[str]) -> tuple[Asked, Asked]:
    """Return the two sides that were asked for; raises UsageError or NotFoundError when they are not two."""
    families = [parse_side(text) for text in criteria]
    if len(families) > 2 or len(readers) > 2 or len(families) + len(readers) > 3:
        raise UsageError(
            f"{len(families)} families and {len(readers)} readers are not two sides",
            "give two families, or two readers, so that what differs has one reason",
            example(record, patient_id),
        )
    if 2 not in (len(families), len(readers)):
        given = ", ".join([*criteria, *(reader_name(reader) for reader in readers)]) or "nothing"
        raise UsageError(
            "a comparison has two sides",
            f"given: {given}; --criteria or --reader must be there twice",
            example(record, patient_id),
        )
    known = known_readers(record, patient_id)
    for reader in readers:
        if reader not in known:
            named = ", ".join(quote(one) if one else "'' (the ordinary record)" for one in known)
            raise NotFoundError(
                f'no reader "{reader}" has read {patient_id}',
                f"readers: {named or 'none'}",
                example(record, patient_id),
            )
    families = families * 2 if len(families) == 1 else families or [("", {})] * 2
    both = [*readers] * 2 if len(readers) == 1 else [*readers] or ["", ""]
    left, right = (Asked(name, settings, who) for (name, settings), who in zip(families, both, strict=True))
    if left == right:
        raise UsageError("both sides are the same", ", ".join([*criteria, *readers]), example(record, patient_id))
    return left, right


def parse_side(text: str) -> tuple[str, dict[str, str]]:
    """
    Return the family and the settings of one side: "irecist", "recist-1.1,confirm_required=no,confirm_days=56".

    A semicolon separates as well as a comma. Raises UsageError for a family, setting or value that is not known.
    """
    from ..criteria import load_family
    from ..criteria.base import parse_settings

    name, *parts = (part.strip() for part in re.split("[;,]", text))
    family = load_family(name)
    settings: dict[str, str] = {}
    for part in filter(None, parts):
        key, sign, value = (word.strip() for word in part.partition("="))
        if not (sign and key and value) or key in settings:
            why = "it was given twice" if key in settings else "a setting is NAME=VALUE"
            raise UsageError(f'"{part}" cannot be read', why, f"remtrack criteria show {family.id}")
        settings[key] = value
    parse_settings(family, settings)
    return name, settings


def known_readers(record: Record, patient_id: str) -> list[str]:
    """Return who has read this patient, "" first where there is an ordinary record."""
    return sorted({row["reader"] for row in record.rows("visits", patient_id=patient_id)})


def example(record: Record, patient_id: str) -> str:
    """Return a command that compares something this patient has."""
    readers = known_readers(record, patient_id)
    who = quote(patient_id)
    if len(readers) > 1:
        return f"remtrack compare {who} --reader {quote(readers[0])} --reader {quote(readers[1])}"
    names = list(dict.fromkeys(row["criteria"] for row in record.rows("line_criteria", patient_id=patient_id)))
    first = names[0] if names else "recist-1.1"
    second = names[1] if len(names) > 1 else "recist-1.1" if first != "recist-1.1" else "irecist"
    return f"remtrack compare {who} --criteria {first} --criteria {second}"


def reader_name(reader: str) -> str:
    return f"reader {reader}" if reader else "the ordinary record"


# One line


def compare_line(
    patient_id: str,
    number: int,
    asked: Sequence[Asked],
    histories: Mapping[tuple[int, str], History],
    judged_by: Mapping[str, dict[str, str]],
) -> dict[str, Any]:
    from ..criteria import load_family
    from .judging import assess

    headline = next(iter(judged_by))
    sides = []
    for label, one in zip(LABELS, asked, strict=True):
        criteria = one.criteria or headline
        history = histories.get((number, one.reader))
        settings = {**judged_by.get(criteria, {}), **one.settings}
        course = None if history is None else assess(history, criteria, settings)
        sides.append(Side(label, load_family(criteria), one.reader, history, course))
    left, right = sides
    rows = [
        compare_visit(patient_id, number, left, right, day)
        for day in sorted({visit.visit_on for side in sides if side.history for visit in side.history.visits})
    ]
    return {
        "patient_id": patient_id,
        "line": number,
        "sides": tuple(side_facts(side) for side in sides),
        "rows": rows,
        "differing": sum(bool(row["differs"]) for row in rows),
        "summary": summary(left, right),
    }


def side_facts(side: Side) -> dict[str, Any]:
    """Return what a screen needs to name a side."""
    entry = family_entry(side.family.id)
    course = side.course
    return {
        "label": side.label,
        "criteria": side.family.id,
        "title": entry.title,
        "reader": side.reader,
        "settings": dict(course.settings) if course else {},
        "unit": course.extra.get("unit", entry.unit) if course else entry.unit,
        "source": side.family.source,
        "remarks": tuple(remarks(side)),
    }


def remarks(side: Side) -> Iterator[str]:
    """Yield what a person should know of a side before reading its answers."""
    if side.history is None:
        yield f"{reader_name(side.reader)} has no baseline in this line, so nothing of theirs is judged"
        return
    names = [one.name for one in side.family.inputs]
    has_lesions = any(visit.measurements for visit in side.history.visits)
    tests = {result.test for visit in side.history.visits for result in visit.results}
    if (has_lesions and not _OF_A_LESION.isdisjoint(names)) or not tests.isdisjoint(names):
        return
    shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    yield f"nothing that this family reads is recorded here ({shown}), so what it says rests on no reading"


# One visit


def compare_visit(patient_id: str, number: int, left: Side, right: Side, day: date) -> dict[str, Any]:
    """Return one row: the visit, what each side makes of it, and in what they differ."""
    mine, theirs = (answer_on(side, day) for side in (left, right))
    renamed = False
    if mine and theirs:
        differs = tuple(differences(left.family, mine, right.family, theirs))
        renamed = (mine.overall, mine.reported) != (theirs.overall, theirs.reported)
    elif mine or theirs:
        differs = (f"only {left.label if mine else right.label} judges it",)
    else:
        states = (state_on(left, day), state_on(right, day))
        differs = () if states[0] == states[1] else ("baseline of one side alone",)
    label = next(
        (
            visit.label
            for side in (left, right)
            if side.history
            for visit in side.history.visits
            if visit.visit_on == day and visit.label
        ),
        "",
    )
    row = {
        "patient_id": patient_id,
        "line": number,
        "visit_on": day,
        "visit": label,
        "differs": differs,
        "other_names": renamed and not {"category", "reported category"} & set(differs),
    }
    for side, answer in ((left, mine), (right, theirs)):
        row |= {f"{side.label.lower()}_{name}": value for name, value in told(side, answer, day).items()}
        beside = answer.extra if answer else {}
        row[f"{side.label.lower()}_beside"] = {name: beside.get(name) for name in beside if name in differs}
    return row


def answer_on(side: Side, day: date) -> Assessment | None:
    if side.course is None:
        return None
    return next((answer for answer in side.course.assessments if answer.visit_on == day), None)


def state_on(side: Side, day: date) -> str:
    """Return why a side has no answer for that day."""
    if side.history is None:
        return "no baseline"
    if all(visit.visit_on != day for visit in side.history.visits):
        return "no visit"
    return "baseline" if side.course is not None and side.course.baseline_on == day else "not judged"


def told(side: Side, answer: Assessment | None, day: date) -> dict[str, Any]:
    """Return the answer of a side at a visit, always with the same keys."""
    return {
        "criteria": side.family.id,
        "reader": side.reader,
        "state": state_on(side, day) if answer is None else "judged",
        "overall": answer.overall if answer else "",
        "reported": answer.reported if answer else "",
        "kind": answer.kind if answer else "",
        "dated_on": answer.dated_on if answer else None,
        "value": answer.value if answer else None,
        "change_from_baseline_pct": answer.change_from_baseline_pct if answer else None,
        "change_from_nadir_pct": answer.change_from_nadir_pct if answer else None,
        "rule": answer.rule if answer else "",
        "because": answer.because if answer else "",
        "source": answer.source if answer else "",
        "undecided": answer.undecided if answer else (),
    }


def differences(first: Family, mine: Assessment, second: Family, theirs: Assessment) -> Iterator[str]:
    """
    Yield in what two answers differ: category, reported category, dated_on, and the side scales of one family.

    Between two families a category is the same when it has the same code, or when it is of the same kind and
    neither family has a category of the other's code: PR and iPR are one, CR and CRi of two leukaemia standards
    are not. The codes are shown all the same.
    """
    if not corresponds(first, mine.overall, second, theirs.overall):
        yield "category"
    if not corresponds(first, mine.reported, second, theirs.reported):
        yield "reported category"
    if mine.dated_on != theirs.dated_on:
        yield "dated_on"
    if first.id == second.id:
        for name in sorted(mine.extra.keys() & theirs.extra.keys()):
            was, now = mine.extra[name], theirs.extra[name]
            # Numbers beside the category are readings; what is said in a word is an answer.
            if was != now and isinstance(was, str | bool) and not name.endswith("_because"):
                yield name


def corresponds(first: Family, mine: str, second: Family, theirs: str) -> bool:
    if mine == theirs:
        return True
    if theirs in first.by_code or mine in second.by_code or mine not in first.by_code or theirs not in second.by_code:
        return False
    return first.by_code[mine].kind == second.by_code[theirs].kind


# The whole line


def summary(left: Side, right: Side) -> list[dict[str, Any]]:
    """Return what the sides sum up to, item by item, and in which of them they differ; no items for an empty side."""
    mine, theirs = left.course, right.course
    if mine is None or theirs is None:
        return []
    rows = [
        category_item("Best response", left, mine.best_response, right, theirs.best_response),
        category_item(
            "Unconfirmed best", left, mine.best_response_unconfirmed, right, theirs.best_response_unconfirmed
        ),
        item("Response began", mine.response_start, theirs.response_start),
        item("Confirmed on", confirmed(mine), confirmed(theirs)),
        item("Progression on", mine.progression_on, theirs.progression_on),
        item("Response lasted", *(days(one.dor_days, censored=one.dor_censored) for one in (mine, theirs))),
        item("To progression", *(days(one.pfs_days, censored=one.pfs_censored) for one in (mine, theirs))),
        category_item("Now", left, mine.current, right, theirs.current),
    ]
    for index in range(max(len(mine.episodes), len(theirs.episodes))):
        first, second = (one.episodes[index] if index < len(one.episodes) else None for one in (mine, theirs))
        rows.append(stretch_item(f"Response {index + 1}", left, first, right, second))
    return rows


def item(name: str, mine: object, theirs: object) -> dict[str, Any]:
    first, second = (_NOTHING if value is None else str(value) for value in (mine, theirs))
    return {"item": name, "a": first, "b": second, "differs": first != second, "other_names": False}


def category_item(name: str, left: Side, mine: str, right: Side, theirs: str) -> dict[str, Any]:
    alike = corresponds(left.family, mine, right.family, theirs)
    return {
        "item": name,
        "a": mine or _NOTHING,
        "b": theirs or _NOTHING,
        "differs": not alike,
        "other_names": alike and mine != theirs,
    }


def confirmed(course: Course) -> str | date | None:
    """Return the day of confirmation, in words where the rules ask for no second visit, None without one."""
    if course.confirmed_on is not None and course.confirmed_on == course.response_start:
        return "not asked for"
    return course.confirmed_on


def days(number: int | None, *, censored: bool | None) -> str | None:
    """Return a duration in words; None when there is none."""
    if number is None:
        return None
    return f"{number} days{', censored' if censored else ''}"


def stretch_item(name: str, left: Side, mine: Episode | None, right: Side, theirs: Episode | None) -> dict[str, Any]:
    """Return a stretch of response on each side: two are alike when every day and the month agree."""
    alike = (
        mine is not None
        and theirs is not None
        and corresponds(left.family, mine.category, right.family, theirs.category)
        and stretch(mine) == stretch(theirs)
    )
    first, second = (f"{one.category} {stretch(one)}" if one else _NOTHING for one in (mine, theirs))
    return {"item": name, "a": first, "b": second, "differs": not alike, "other_names": alike and first != second}


def stretch(one: Episode) -> str:
    """Return when a stretch began, was confirmed and ended, how long it was, and whether that is a month."""
    proven = f"confirmed {one.confirmed_on}" if one.confirmed_on else "not confirmed"
    if one.confirmed_on == one.began_on:
        proven = "no confirmation asked for"
    ended = f"ended {one.ended_on}" if one.ended_on else f"last seen {one.last_seen_on}"
    return f"from {one.began_on}, {proven}, {ended}, {one.days} days; a month or more: {one.lasted_month}"
