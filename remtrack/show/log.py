"""
What happened and what is wrong: the record of changes, and problems found in data or file.

A change is a dict as `tracker.history` gives it; a problem is `verdict.Problem`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import words
from . import Row, Screen
from .data import fields, said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..verdict import Problem

_MOST = 20  # rows of one change that are drawn; JSON has what the store gave
_SEVERITIES = {"error": "attention", "warning": "head", "note": ""}


def log_screen(changes: Sequence[Row], as_of: date) -> Screen:
    """Return the record of changes, newest first, as a screen."""
    return Screen(
        command="log",
        as_of=as_of,
        rows=lambda: changes,
        said=lambda: (_said_change(change) for change in changes),
        draw=lambda: render_log(changes),
    )


def render_log(changes: Sequence[Row]) -> RenderableType:
    """Return each change with who, when, command and reason, and under it what it did to which rows."""
    from .table import paragraph, stack, styled

    if not changes:
        return paragraph("Nothing has been changed yet.")
    parts: list[RenderableType] = []
    for change in changes:
        parts.append(styled(_title(change), "head"))
        parts += [paragraph(told, by=2) for told in _remarks(change)]
        parts += [paragraph(told, by=4) for told in change["rows"][:_MOST]]
        more = len(change["rows"][_MOST:]) + change["rows_left_out"]
        parts += [f"    and {more:,} more", ""] if more else [""]
    return stack(*parts[:-1])


def _title(change: Mapping[str, Any]) -> str:
    return f"{change['number']}  {change['at_local']}  {change['who']}  {change['command']}"


def _remarks(change: Mapping[str, Any]) -> Iterator[str]:
    if change["undoes"]:
        yield f"takes back change {change['undoes']}"
    if change["file_name"]:
        yield f"file {change['file_name']}"
    if change["reason"]:
        yield f"reason: {change['reason']}"


def _said_change(change: Mapping[str, Any]) -> Row:
    pairs = [
        ("Change", str(change["number"])),
        ("When", str(change["at_local"])),
        ("Who", change["who"]),
        ("Command", change["command"]),
        *(("Remark", told) for told in _remarks(change)),
        *(("Row", told) for told in change["rows"]),
        ("Row", f"and {change['rows_left_out']:,} more" if change["rows_left_out"] else ""),
    ]
    return said_row(pairs)


def known_screen(known: Mapping[str, Any], as_of: date) -> Screen:
    """Return the record as it was known then as a screen; `known` as `tracker.history.Known` has it, as a dict."""
    return Screen(
        command="log --at",
        as_of=as_of,
        rows=lambda: known["rows"],
        said=lambda: (
            *({"Then": _known_title(known)},),
            *(_known_answer(row) for row in known["answers"]),
            *known["rows"],
        ),
        draw=lambda: render_known(known),
        head={name: value for name, value in known.items() if name != "rows"},
    )


def render_known(known: Mapping[str, Any]) -> RenderableType:
    """Return what was known: after which change, what the rules make of it, and every reading."""
    from .table import Column, facts, paragraph, stack, table

    rows = known["rows"]
    parts: list[RenderableType] = [paragraph(_known_title(known), "head", by=0), ""]
    said = [next(iter(_known_answer(row).items())) for row in known["answers"]]
    if said:
        parts += [facts(said), ""]
    if not rows:
        return stack(*parts, paragraph("No reading was recorded yet."))
    drawn = [
        Column("Patient", [row["patient_id"] for row in rows]),
        Column("Date", [str(row["date"]) for row in rows]),
        Column("Line", [str(row["line"]) for row in rows], right=True, drop=1),
        Column("Reader", [row["reader"] for row in rows], drop=3),
        Column("What", [row["what"] for row in rows]),
        Column("Reading", [row["reading"] for row in rows], wraps=True),
        Column("Change", [str(row["recorded_by_change"]) for row in rows], right=True, drop=2),
    ]
    empty = {"Patient"} if known["patient_id"] else set()
    if not any(row["reader"] for row in rows):
        empty.add("Reader")
    return stack(*parts, table([column for column in drawn if column.title not in empty]))


def _known_title(known: Mapping[str, Any]) -> str:
    who = known["patient_id"] or "The record"
    if not known["number"]:
        return f"{who}, before the first change"
    return f"{who}, as known after change {known['number']} of {known['last']} ({known['made']})"


def _known_answer(row: Mapping[str, Any]) -> Row:
    reader = f", reader {row['reader']}" if row["reader"] else ""
    current = f"{row['current']} on {row['current_on']}" if row["current"] else "baseline only"
    return {f"{row['patient_id']} line {row['line']}, {row['criteria']}{reader}": f"{current}, by the rules of today"}


def problems_screen(problems: Sequence[Problem], as_of: date) -> Screen:
    """Return problems, in the order given, as a screen."""
    return Screen(
        command="check",
        as_of=as_of,
        rows=lambda: (fields(problem) for problem in problems),
        said=lambda: ({problem.severity: list(problem_lines(problem))} for problem in problems),
        draw=lambda: render_problems(problems),
        head={name: sum(problem.severity == name for problem in problems) for name in _SEVERITIES},
        notes=(problem_summary(problems),),
    )


def doctor_screen(findings: Mapping[str, str], problems: Sequence[Problem], as_of: date) -> Screen:
    """Return what the installation and the file are like, label to finding, and what is to be done about it."""

    def draw() -> RenderableType:
        from .table import facts, stack

        return stack(facts(list(findings.items())), "", render_problems(problems))

    return Screen(
        command="doctor",
        as_of=as_of,
        rows=lambda: (fields(problem) for problem in problems),
        said=lambda: (dict(findings), *({problem.severity: list(problem_lines(problem))} for problem in problems)),
        draw=draw,
        head={"findings": dict(findings)},
        notes=(problem_summary(problems),),
    )


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield what (with its place in the file), why, and the command that mends it."""
    place = ""
    if problem.line is not None:
        column = f", column {problem.column}" if problem.column else ""
        place = f"line {problem.line}{column}: "
    yield f"{place}{problem.what}"
    if problem.why:
        yield problem.why
    if problem.hint:
        yield f"hint: {problem.hint}"


def problem_summary(problems: Sequence[Problem]) -> str:
    """Return how many there are of each severity."""
    if not problems:
        return "No problem found."
    counts = ((name, sum(problem.severity == name for problem in problems)) for name in _SEVERITIES)
    return ", ".join(words.count(number, name) for name, number in counts if number)


def render_problems(problems: Sequence[Problem]) -> RenderableType:
    """Return each problem in up to three lines, and how many there are."""
    from .table import paragraph, stack

    parts: list[RenderableType] = []
    for problem in problems:
        what, *more = problem_lines(problem)
        parts.append(paragraph(f"{problem.severity}: {what}", _SEVERITIES[problem.severity], by=0))
        parts += [paragraph(told, by=2) for told in more]
    return stack(*parts, paragraph(problem_summary(problems), by=0))
