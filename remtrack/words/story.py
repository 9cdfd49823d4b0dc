"""
The whole course of a patient in order: lines of treatment, what happened in them, responses that began and ended.

Several lines, families or readers of one patient are told in one list; each keeps its own answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..verdict import NO, PROGRESSION, YES
from . import count, end_word, event_words, is_open, nth_complete, numbers_remissions, plain, short_title, span
from .drawn import measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

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
    ended = {row.episode.ended_on for row in status.episodes}
    if status.progression_on is not None and status.progression_on not in ended:
        said = plain.short(PROGRESSION, status.word, status.criteria) if plain_words else end_word(status)
        yield status.progression_on, said


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
    yield episode.began_on, f"{name} begins{f' as {first}' if first != episode.category else ''}"
    reached = dict(episode.levels).get(episode.category, episode.began_on)
    if reached != episode.began_on:
        yield reached, f"{episode.category} reached"
    if episode.confirmed_on is not None and episode.confirmed_on != episode.began_on:
        yield episode.confirmed_on, f"{short} confirmed"
    until = episode.ended_on or episode.last_seen_on
    if episode.lasted_on is not None and episode.lasted_on != until:
        yield episode.lasted_on, f"{short}: a month or more shown"
    month = f"a month or more: {episode.lasted_month}"
    if episode.ended_on is not None:
        by = f" with {episode.ended_by}" if episode.ended_by else ""
        yield until, f"{short} ends{by}, after {span(episode.days)}; {month}"
    else:
        going = "last seen" if is_open(episode) else "followed no further"
        yield until, f"{short} {going}, {span(episode.days)} so far; {month}"


_PLAIN_MONTH = {YES: " (a month or more)", NO: " (less than a month)"}


def _plain(status: StatusRow, row: RemissionRow) -> Iterator[tuple[date, str]]:
    episode = row.episode
    level = plain.level_of(episode.kind, status.word, status.criteria)
    word = level.split()[-1]
    reached = dict(episode.levels).get(episode.category, episode.began_on)
    if reached == episode.began_on:
        yield episode.began_on, f"a {level} began"
    else:
        yield episode.began_on, f"a {word} began"
        yield reached, f"it became a {level}"
    if episode.lasted_on is not None and episode.lasted_on != (episode.ended_on or episode.last_seen_on):
        yield episode.lasted_on, f"the {word} had lasted a month or more"
    days = f"{count(episode.days, 'day')} after it began{_PLAIN_MONTH.get(episode.lasted_month, '')}"
    if episode.ended_on is not None:
        yield episode.ended_on, f"the {word} ended, {days}"
    else:
        yield episode.last_seen_on, f"the {word} was last seen, {days}"
