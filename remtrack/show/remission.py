"""
The stretches of response or remission: when each began, was proven and ended, and whether it lasted a month.

Draws and says what `views.RemissionRow` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from ..verdict import NO, NOT_YET, YES
from ..words import plain
from . import Row, Screen
from .data import said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..verdict import Episode
    from ..views import RemissionRow
    from .table import Column

_MOST = 12  # so many are named under a heading; the rest are counted
_NONE_FOUND = "No response or remission has been seen."


def remission_screen(rows: Sequence[RemissionRow], as_of: date, plain_words: bool = False) -> Screen:
    """Return stretches of response or remission, by patient, as a screen."""
    said = _said_plainly if plain_words else _said
    return Screen(
        command="remission",
        as_of=as_of,
        rows=lambda: (remission_data(row) for row in rows),
        said=lambda: (said(row, as_of) for row in rows),
        draw=lambda: render_remissions(rows, as_of, plain_words=plain_words),
        head={
            "lasted_month": {
                answer: sum(row.episode.lasted_month == answer for row in rows) for answer in (YES, NO, NOT_YET)
            }
        },
        notes=((_NONE_FOUND,) if not rows else ()) + (words.footer(as_of, plain_words=plain_words),),
    )


def remission_data(row: RemissionRow) -> Row:
    """Return one stretch as data, the columns of `export episodes` first."""
    episode = row.episode
    return {
        "patient_id": row.patient_id,
        "line": row.line,
        "reader": row.reader,
        "criteria": row.criteria,
        "word": episode.word,
        "category": episode.category,
        "began_on": episode.began_on,
        "confirmed_on": episode.confirmed_on,
        "last_seen_on": episode.last_seen_on,
        "ended_on": episode.ended_on,
        "ended_by": episode.ended_by,
        "days": episode.days,
        "lasted_month": episode.lasted_month,
        "lasted_on": episode.lasted_on,
        "settles_on": episode.settles_on,
        "number": row.number or None,
        "current": row.current,
        "levels": [{"category": code, "on": on} for code, on in episode.levels],
        "milestones": [{"label": mark.label, "due_on": mark.due_on, "state": mark.state} for mark in row.milestones],
    }


def render_remissions(rows: Sequence[RemissionRow], as_of: date, plain_words: bool = False) -> RenderableType:
    """Return a table of the stretches, what would settle the open ones, and the milestones."""
    from .table import paragraph, stack

    footer = paragraph(words.footer(as_of, plain_words=plain_words))
    if not rows:
        return stack(paragraph(_NONE_FOUND), "", footer)
    body = _plain_body(rows, as_of) if plain_words else _body(rows, as_of)
    return stack(*body, footer)


def _who(row: RemissionRow) -> tuple[str, str]:
    return row.patient_id, " ".join(part for part in (f"line {row.line}" if row.line > 1 else "", row.reader) if part)


def _named(row: RemissionRow, rows: Sequence[RemissionRow]) -> str:
    """Return the patient, with the family where his responses are those of several."""
    several = len({one.criteria for one in rows if one.patient_id == row.patient_id}) > 1
    return f"  {row.patient_id}{f' {words.short_title(row.title)}' if several else ''}"


def _body(rows: Sequence[RemissionRow], as_of: date) -> Iterator[RenderableType]:
    from .table import Fit, Frame, facts, fitting, paragraph, styled, table

    episodes = [row.episode for row in rows]
    if len({row.criteria for row in rows}) == 1:
        yield table(_columns(rows))
    else:
        flat, folded = _columns(rows, several=True), _folded(rows)

        def drawn(frame: Frame) -> RenderableType:
            return table(flat if len(fitting(flat, frame.width - 1)) == len(flat) else folded)

        yield Fit(drawn)
    yield ""
    lasted = sum(one.lasted_month == YES for one in episodes)
    open_ = [row for row in rows if row.episode.lasted_month == NOT_YET]
    stretches = words.count(len(rows), "stretch", "stretches")
    yield paragraph(
        f"{stretches}: a month or more {lasted:,}, not yet known {len(open_):,}, no {len(rows) - lasted - len(open_):,}"
    )
    yield ""
    if open_:
        yield styled(" Not yet known", "head")
        yield facts((_named(row, rows), words.lasting_words(row.episode, as_of)) for row in open_[:_MOST])
        if len(open_) > _MOST:
            yield f"   and {len(open_) - _MOST:,} more: remtrack remission --format plain"
        yield ""
    marks = [
        (_named(row, rows), words.milestone_words(mark, row.episode.last_seen_on))
        for row in rows
        for mark in row.milestones
    ]
    if marks:
        yield styled(" Milestones", "head")
        yield facts(marks)
        yield ""


def _columns(rows: Sequence[RemissionRow], *, several: bool = False) -> list[Column]:
    """Return the columns with one line a stretch; `several` families are named."""
    from .table import Column, lines, styled

    episodes = [row.episode for row in rows]
    rules = Column("Rules", [words.short_title(row.title or row.criteria) for row in rows])
    return [
        Column("Patient", [lines(*_who(row)) for row in rows]),
        *([rules] if several else ()),
        Column("State", [styled(_state(row), row.episode.kind) for row in rows]),
        Column("Began", [str(one.began_on) for one in episodes]),
        Column("Proven", [_proven(one) for one in episodes], drop=2),
        Column("Last seen", [str(one.last_seen_on) for one in episodes], drop=1),
        Column("Days", [str(one.days) for one in episodes], right=True, drop=4),
        Column("A month\nor more", [one.lasted_month for one in episodes]),
        Column("Ended", [lines(*_ended(row)) for row in rows], drop=3),
    ]


def _folded(rows: Sequence[RemissionRow]) -> list[Column]:
    """Return the same for a narrow frame and several families: two lines a stretch, and nothing is left out."""
    from .table import Column, lines

    episodes = [row.episode for row in rows]
    named = [(" ".join(_who(row)).strip(), words.short_title(row.title or row.criteria)) for row in rows]
    return [
        Column("Patient\nRules", [lines(*both) for both in named]),
        Column(
            "State\nEnded by",
            [lines(_state(row), row.episode.ended_by, style=row.episode.kind) for row in rows],
        ),
        Column("Began\nEnded", [lines(str(one.began_on), _ended_on(one)) for one in episodes]),
        Column("Proven\nLast seen", [lines(_proven(one), str(one.last_seen_on)) for one in episodes], drop=2),
        Column("Days\n", [str(one.days) for one in episodes], right=True, drop=1),
        Column("A month\nor more", [one.lasted_month for one in episodes]),
    ]


def _ended_on(episode: Episode) -> str:
    return "goes on" if words.is_open(episode) else str(episode.ended_on or "-")


def _state(row: RemissionRow) -> str:
    order = ""
    if row.number and words.numbers_remissions(row.criteria):
        order = f" (CR{row.number})" if row.episode.word == "remission" else ""
        if not order and row.number > 1:
            order = f" {words.ordinal(row.number)}"
    return f"{words.symbol(row.episode.kind)} {row.episode.category}{order}"


def _proven(episode: Episode) -> str:
    if episode.confirmed_on is None:
        return _unproven(episode)
    return "at once" if episode.confirmed_on == episode.began_on else str(episode.confirmed_on)


def _unproven(episode: Episode) -> str:
    return "not yet" if words.is_open(episode) else "never"


def _ended(row: RemissionRow) -> tuple[str, str]:
    episode = row.episode
    if words.is_open(episode):
        return "no", ""
    return str(episode.ended_on or "-"), episode.ended_by


def _said(row: RemissionRow, as_of: date) -> Row:
    episode = row.episode
    line = f" line {row.line}" if row.line > 1 else ""
    reader = f" reader {row.reader}" if row.reader else ""
    means = words.state_words(episode.kind, episode.word, episode.category, row.criteria, row.labels)
    nth = words.nth_complete(row.number, episode.word) if words.numbers_remissions(row.criteria) else ""
    pairs = [
        ("Patient", f"{row.patient_id}{line}{reader}"),
        ("Rules", row.title or row.criteria),
        (episode.word.capitalize(), f"{episode.category}, {means}"),
        ("Number", nth),
        ("Began", str(episode.began_on)),
        ("Proven", str(episode.confirmed_on or words.unproven(episode))),
        ("A month or more", words.lasting_words(episode, as_of)),
        ("Duration", words.course_words(episode)),
        *(("Milestone", words.milestone_words(mark, episode.last_seen_on)) for mark in row.milestones),
    ]
    return said_row(pairs)


def _said_plainly(row: RemissionRow, as_of: date) -> Row:
    episode = row.episode
    pairs = [
        ("Person", row.patient_id),
        (plain.heading(episode.kind, episode.word, row.criteria), plain.response(row)),
        ("A month or more", plain.lasting(episode, as_of)),
        *(("Time", plain.milestone(mark, episode.last_seen_on, row.criteria)) for mark in row.milestones),
    ]
    return said_row(pairs)


def _plain_body(rows: Sequence[RemissionRow], as_of: date) -> Iterator[RenderableType]:
    from .table import facts

    for row in rows:
        said = _said_plainly(row, as_of)
        yield facts((label, value) for label, values in said.items() for value in values)
        yield ""
