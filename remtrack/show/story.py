"""
The whole course of a patient with several lines, families or readers, before each is drawn by itself.

Draws what `words.story` tells; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from ..words.story import story

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from ..views import Timeline
    from ..words.story import Happening
    from . import Row


def has_story(timelines: Sequence[Timeline]) -> bool:
    """Say whether there is more than one course to tell of, or a remission without treatment within one."""
    free = (fact.name == "tfr_start" for timeline in timelines for fact in timeline.status.beside)
    return len(timelines) > 1 or any(free)


def story_data(timelines: Sequence[Timeline]) -> list[Row]:
    """Return what happened as data, oldest first; `criteria` is "" for an event of a line."""
    return [
        {"on": one.on, "line": one.line, "reader": one.reader, "criteria": one.criteria, "what": one.what}
        for one in story(timelines)
    ]


def said_story(timelines: Sequence[Timeline], *, plain_words: bool) -> Iterator[Row]:
    """Yield what happened for plain text, the patient first."""
    yield {"Person" if plain_words else "Patient": timelines[0].status.patient_id}
    for one in story(timelines, plain_words=plain_words):
        day = words.long_day(one.on) if plain_words else one.on
        yield {"Date": day, "Treatment" if plain_words else "Line": one.line, "Rules": _by(one), "Happened": one.what}


def render_story(patient_id: str, timelines: Sequence[Timeline], *, plain_words: bool) -> RenderableType:
    """Return what happened as a table: by which rules is said where there are several."""
    from .table import Column, paragraph, stack, table

    told = story(timelines, plain_words=plain_words)
    lines = len({timeline.status.line for timeline in timelines})
    treatments = words.count(lines, "treatment" if plain_words else "line")
    columns = [
        Column("Date", [words.short_day(one.on) if plain_words else str(one.on) for one in told], right=plain_words),
        Column("Treatment" if plain_words else "Line", [str(one.line) for one in told], right=True),
        Column("What happened", [one.what for one in told], wraps=True),
        Column("By" if plain_words else "Rules", [_by(one) for one in told], wraps=True, drop=1),
    ]
    shown = {"Date", "What happened"}
    if lines > 1:
        shown.add(columns[1].title)
    if len({(timeline.status.title, timeline.status.reader) for timeline in timelines}) > 1:
        shown.add(columns[3].title)
    return stack(
        paragraph(f"{patient_id}  {treatments}, the whole course", "head", by=0),
        "",
        table([column for column in columns if column.title in shown]),
        "",
    )


def _by(one: Happening) -> str:
    return f"{one.title}, reader {one.reader}" if one.reader else one.title
