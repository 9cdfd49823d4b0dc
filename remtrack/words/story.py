"""
The whole course of a patient in order: lines of treatment, what happened in them, responses that began and ended.

Several lines, families or readers of one patient are told in one list; each keeps its own answers.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ..verdict import NO, PROGRESSION, YES
from . import (
    end_word,
    event_words,
    in_days,
    is_open,
    level_at,
    nth_complete,
    numbers_remissions,
    plain,
    short_title,
    span,
)
from .drawn import measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..views import RemissionRow, StatusRow, Timeline


class Happening(NamedTuple):
    """What happened on a day, in words; `title` and `reader` say by whose rules and reads, "" for an event."""

    on: date
    line: int
    criteria: str
    title: str
    reader: str
    what: str


def story(timelines: Sequence[Timeline], *, plain_words: bool = False) -> list[Happening]:
    """
    Return what happened to one patient in all these lines, oldest first; on one day events stand first.

    What a course says of one day is one happening.
    """
    told = [one for line in _lines(timelines) for one in _of_line(line)]
    titles = _plain_titles(timelines) if plain_words else [short_title(one.status.title) for one in timelines]
    for timeline, title in zip(timelines, titles, strict=True):
        days: dict[date, list[str]] = {}
        for on, what in _of_course(timeline, plain_words=plain_words):
            days.setdefault(on, []).append(what)
        status = timeline.status
        for on, said in days.items():
            told.append(Happening(on, status.line, status.criteria, title, status.reader, "; ".join(said)))
    return sorted(told, key=lambda one: (one.on, one.line, bool(one.title)))


def _plain_titles(timelines: Sequence[Timeline]) -> list[str]:
    """Return what each course follows, and where two follow the same, by which rules."""
    measures = [measure(timeline, plain_words=True) for timeline in timelines]
    courses = {(one.status.criteria, said) for one, said in zip(timelines, measures, strict=True)}
    return [
        said
        if sum(said == other for _criteria, other in courses) == 1
        else plain.rules(one.status.criteria, one.status.title)
        for one, said in zip(timelines, measures, strict=True)
    ]


def _lines(timelines: Sequence[Timeline]) -> list[Timeline]:
    """Return the first timeline of each line: what happened in a line is the same for all its families."""
    return list({timeline.status.line: timeline for timeline in reversed(timelines)}.values())


def _of_line(timeline: Timeline) -> Iterator[Happening]:
    status = timeline.status
    if status.baseline_on is not None and not any(
        event == "treatment_start" for _on, event, _detail in timeline.events
    ):
        yield Happening(status.baseline_on, status.line, "", "", "", "baseline")
    for on, event, detail in timeline.events:
        yield Happening(on, status.line, "", "", "", event_words(event, detail))


def _of_course(timeline: Timeline, *, plain_words: bool) -> Iterator[tuple[date, str]]:
    status = timeline.status
    told = _plain if plain_words else _clinical
    for row in status.episodes:
        yield from told(status, row)
    yield from _treatment_free(status, plain_words=plain_words)
    ended = {row.episode.ended_on for row in status.episodes}
    if status.progression_on is not None and status.progression_on not in ended:
        said = plain.short(PROGRESSION, status.word, status.criteria) if plain_words else end_word(status)
        yield status.progression_on, said


def _treatment_free(status: StatusRow, *, plain_words: bool) -> Iterator[tuple[date, str]]:
    """Yield the beginning and the end of the remission without treatment that CML knows."""
    told = {fact.name: fact.value for fact in status.beside}
    if "tfr_start" not in told:
        return
    yield date.fromisoformat(told["tfr_start"]), "treatment-free remission begins"
    if "tfr_lost" in told:
        how = "" if plain_words else " with loss of MR3"
        yield date.fromisoformat(told["tfr_lost"]), f"treatment-free remission ends{how}"


def _names(status: StatusRow, row: RemissionRow) -> tuple[str, str]:
    """Return a stretch of response by number and level: ("first complete remission (CR1)", "CR1"), ("PR", "PR")."""
    if not row.number or not numbers_remissions(status.criteria):
        return row.episode.category, row.episode.category
    if status.word == "remission":
        return nth_complete(row.number, status.word), f"CR{row.number}"
    name = nth_complete(row.number, status.word) or row.episode.category
    return name, name


def _clinical(status: StatusRow, row: RemissionRow) -> Iterator[tuple[date, str]]:
    episode, (name, short) = row.episode, _names(status, row)
    first = episode.levels[0][0] if episode.levels else episode.category
    reached = dict(episode.levels).get(episode.category, episode.began_on)
    # CRi and CRh are complete remissions too, which PR, PMR or a response of a marker is not.
    is_complete = status.word == "remission" and first.startswith("CR")

    def level(on: date) -> str:
        return short if is_complete or on >= reached else level_at(episode, on)

    if first == episode.category:
        yield episode.began_on, f"{name} begins"
    else:
        yield episode.began_on, f"{name} begins as {first}" if is_complete else f"{first} begins"
        yield reached, f"{episode.category if is_complete else name} reached"
    if episode.confirmed_on is not None and episode.confirmed_on != episode.began_on:
        yield episode.confirmed_on, f"{level(episode.confirmed_on)} confirmed"
    until = episode.ended_on or episode.last_seen_on
    # Of a gene or a marker the best level may be long lost when the response ends.
    whole = short if numbers_remissions(status.criteria) else "response"
    if episode.lasted_on is not None and episode.lasted_on != until:
        yield episode.lasted_on, f"{level(episode.lasted_on)}: a month or more shown"
    month = f"a month or more: {episode.lasted_month}"
    if episode.ended_on is not None:
        by = f" with {episode.ended_by}" if episode.ended_by else ""
        yield until, f"{whole} ends{by}, after {span(episode.days)}; {month}"
    else:
        going = "last seen" if is_open(episode) else "followed no further"
        yield until, f"{whole} {going}, {span(episode.days)} so far; {month}"


_PLAIN_MONTH = {YES: " (a month or more)", NO: " (less than a month)"}


def _plain(status: StatusRow, row: RemissionRow) -> Iterator[tuple[date, str]]:
    episode = row.episode
    level = plain.level_of(episode.kind, status.word, status.criteria, episode.category)
    word = level.split()[-1]
    reached = plain.level_on(row)
    if reached == episode.began_on:
        yield episode.began_on, f"a {level} began"
    else:
        yield episode.began_on, f"a {word} began"
        yield reached, plain.became(row, level)
    if episode.lasted_on is not None and episode.lasted_on != (episode.ended_on or episode.last_seen_on):
        yield episode.lasted_on, f"the {word} had lasted a month or more"
    days = f"{in_days(episode.days)} after it began{_PLAIN_MONTH.get(episode.lasted_month, '')}"
    if episode.ended_on is not None:
        yield episode.ended_on, f"the {word} ended, {days}"
    else:
        yield episode.last_seen_on, f"the {word} was last seen, {days}"
