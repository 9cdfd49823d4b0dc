"""
One line of one patient over time: the visits with bars, the stretches of response, the limits.

Draws and says what `verdict.Timeline` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import words
from ..words import plain
from . import Row, Screen
from .bars import Bars
from .data import fields, said_row
from .status import Facts, clinical_blocks, plain_blocks, response_facts, state_line, status_data, who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..views import Timeline, TimelineRow
    from .table import Frame

_MOST_BAR, _LEAST_BAR = 40, 8  # cells of a bar
_EVENT_ROOM = 20  # with shorter bars events stand under the table, not between the visits
_GAP = 2  # blanks between columns
# What stands under the table besides the response itself.
_SUMMARY = {"Nadir so far", "Best response", "Progression", "Next time", "Settings", "Note"}


def timeline_screen(patient_id: str, timelines: Sequence[Timeline], as_of: date, plain_words: bool = False) -> Screen:
    """Return the lines of one patient over time, oldest first, as a screen; the rows are visits."""
    return Screen(
        command="timeline",
        as_of=as_of,
        rows=lambda: (row for timeline in timelines for row in visit_data(timeline)),
        said=lambda: (row for timeline in timelines for row in _said(timeline, plain_words=plain_words)),
        draw=lambda: render_timelines(patient_id, timelines, as_of, plain_words),
        head={"patient_id": patient_id, "courses": [_course_data(timeline) for timeline in timelines]},
        notes=(words.footer(as_of, plain_words=plain_words),),
    )


def visit_data(timeline: Timeline) -> Iterator[Row]:
    """Yield each visit as data, with the patient, line, reader and family it belongs to."""
    status = timeline.status
    for row in timeline.rows:
        yield {
            "patient_id": status.patient_id,
            "line": status.line,
            "reader": status.reader,
            "criteria": status.criteria,
            **fields(row),
        }


def _course_data(timeline: Timeline) -> Row:
    return {
        **status_data(timeline.status, timeline.as_of),
        "measure": timeline.measure,
        "targets": timeline.targets,
        "nontargets": timeline.nontargets,
        "events": [{"on": on, "event": event, "detail": detail} for on, event, detail in timeline.events],
    }


def render_timelines(
    patient_id: str, timelines: Sequence[Timeline], as_of: date, plain_words: bool = False
) -> RenderableType:
    """Return the lines of a patient one under another, with one closing line."""
    from .table import paragraph, stack, styled

    parts: list[RenderableType] = []
    for timeline in timelines:
        parts += [_timeline(timeline, plain_words=plain_words), ""]
    if not timelines:
        parts += [styled(patient_id, "head"), "", paragraph("No scan yet."), ""]
    return stack(*parts, paragraph(words.footer(as_of, plain_words=plain_words)))


def _timeline(timeline: Timeline, *, plain_words: bool) -> RenderableType:
    from .table import Fit, facts, paragraph, stack

    heading = paragraph(_heading(timeline, plain_words=plain_words), "head", by=0)
    if not timeline.rows:
        return stack(heading, "", paragraph("No scan yet."))
    visits = Fit(lambda frame: _visits(timeline, frame, plain_words=plain_words))
    below = plain_summary(timeline) if plain_words else summary(timeline)
    return stack(heading, "", visits, "", facts(below, kind=timeline.status.current_kind))


def _heading(timeline: Timeline, *, plain_words: bool) -> str:
    status = timeline.status
    if plain_words:
        regimen = f": {status.regimen}" if status.regimen else ""
        treatment = f"  treatment {status.line}{regimen}" if status.line > 1 or status.regimen else ""
        return f"{status.patient_id}{treatment}"
    regimen = f", {status.regimen}" if status.regimen else ""
    line = f"  line {status.line}{regimen}" if status.line > 1 or status.regimen else ""
    reader = f", reader {status.reader}" if status.reader else ""
    base = f"  baseline {status.baseline_on}" if status.baseline_on else ""
    counted = ((timeline.targets, "target lesion"), (timeline.nontargets, "non-target lesion"))
    lesions = f"  {', '.join(words.count(n, what) for n, what in counted if n) or 'no lesions at the baseline'}"
    return f"{status.patient_id}{line}  {status.title}{reader}{base}{lesions}"


# The visits as a table


class _Line(NamedTuple):
    """One line of the table: a visit, or between two visits what happened (`bar` is then what it was)."""

    on: date
    order: int  # on one day an event stands before the visit
    day: str
    week: str
    figure: str
    bar: str
    state: str
    kind: str
    new: str


def _visits(timeline: Timeline, frame: Frame, *, plain_words: bool) -> RenderableType:
    from .table import stack

    if all(row.value is None for row in timeline.rows):
        return _without_sizes(timeline, plain_words=plain_words)
    title = _value_title(timeline, plain_words=plain_words)
    states = [_state(timeline, row, plain_words=plain_words)[0] for row in timeline.rows]
    fixed = (
        max(len(_day(row.visit_on, plain_words=plain_words)) for row in timeline.rows),
        max(len(title), *(len(words.number(row.value)) for row in timeline.rows)),
        1 + Bars(timeline, 0, unicode=frame.unicode).figure_width,  # beside the bar
        max(len(state) for state in states),
    )
    optional = [] if plain_words else [("New", 3), ("Week", 4)]
    shown, cells = _layout(frame.width - 1 - sum(fixed) - _GAP * (len(fixed) - 1), optional)
    bars = Bars(timeline, cells, unicode=frame.unicode)
    return stack(*_drawn(timeline, bars, shown, title, plain_words=plain_words))


def _layout(room: int, optional: Sequence[tuple[str, int]]) -> tuple[set[str], int]:
    """
    Return the optional columns shown and the cells of a bar (0: none) in the room there is.

    The optional columns give way to a bar, in their order; then the bar gives way.
    """
    for first in range(len(optional) + 1):
        kept = optional[first:]
        cells = room - sum(wide + _GAP for _name, wide in kept)
        if cells >= _LEAST_BAR:
            return {name for name, _wide in kept}, min(cells, _MOST_BAR)
    return set(), 0


def _drawn(
    timeline: Timeline, bars: Bars, shown: set[str], title: str, *, plain_words: bool
) -> Iterator[RenderableType]:
    from .table import Column, facts, paragraph, styled, table

    events = list(_events(timeline, plain_words=plain_words))
    among = bars.cells >= _EVENT_ROOM
    lines = sorted(
        [*_seen(timeline, bars, plain_words=plain_words), *(events if among else ())], key=lambda one: one[:2]
    )
    foot = [bars.axis()] if bars.cells else []
    blank = [""] * len(foot)
    columns = [
        Column("Date", [*(one.day for one in lines), *blank], right=plain_words),
        Column("Week", [*(one.week for one in lines), *blank], right=True),
        Column(title, [*(one.figure for one in lines), *blank], right=True, drop=2 if plain_words else 0),
        Column(
            f"% of {_whole(bars, plain_words=plain_words)}",
            [*(styled(one.bar, one.kind) for one in lines), *(styled(axis) for axis in foot)],
            wraps=bool(bars.cells),
            drop=0 if bars.cells else 1,
        ),
        Column("In words" if plain_words else "State", [*(styled(one.state, one.kind) for one in lines), *blank]),
        Column("New", [*(one.new for one in lines), *blank]),
    ]
    yield table([column for column in columns if column.title not in {"Week", "New"} or column.title in shown])
    for note in _notes(timeline, bars, plain_words=plain_words):
        yield paragraph(note)
    if events and not among:
        yield ""
        yield facts((one.day, one.bar.removeprefix("- ")) for one in events)


def _seen(timeline: Timeline, bars: Bars, *, plain_words: bool) -> Iterator[_Line]:
    for row in timeline.rows:
        day = _day(row.visit_on, plain_words=plain_words)
        figure = words.number(row.value, "-" if plain_words else "n/e")
        state, kind = _state(timeline, row, plain_words=plain_words)
        yield _Line(row.visit_on, 1, day, str(row.week), figure, bars.bar(row), state, kind, row.new)


def _events(timeline: Timeline, *, plain_words: bool) -> Iterator[_Line]:
    for on, event, detail in timeline.events:
        day, said = _day(on, plain_words=plain_words), words.event_words(event, detail)
        yield _Line(on, 0, day, "", "", f"- {said}", "", "", "")


def _day(day: date, *, plain_words: bool) -> str:
    return words.short_day(day) if plain_words else str(day)


def _without_sizes(timeline: Timeline, *, plain_words: bool) -> RenderableType:
    """Return the visits of a line in which no size is followed: state and reason."""
    from .table import Column, facts, stack, styled, table

    rows = timeline.rows
    states = [_state(timeline, row, plain_words=plain_words) for row in rows]
    columns = [
        Column("Date", [_day(row.visit_on, plain_words=plain_words) for row in rows], right=plain_words),
        Column("Week", [str(row.week) for row in rows], right=True, drop=1),
        Column("In words" if plain_words else "State", [styled(state, kind) for state, kind in states]),
        Column("New", [row.new for row in rows], drop=2),
        Column("Why", [row.because for row in rows], wraps=True),
    ]
    hidden = {"Week", "New", "Why"} if plain_words else set()  # the reasons are written in the rules' own terms
    drawn = table([column for column in columns if column.title not in hidden])
    events = [(one.day, one.bar.removeprefix("- ")) for one in _events(timeline, plain_words=plain_words)]
    return stack(drawn, "", facts(events)) if events else drawn


def _value_title(timeline: Timeline, *, plain_words: bool) -> str:
    unit = timeline.status.unit
    if plain_words:
        return "Millimetres" if unit == "mm" else "Value"
    return "Sum mm" if unit == "mm" else f"Value {unit}".rstrip()


def _whole(bars: Bars, *, plain_words: bool) -> str:
    if not bars.of_baseline:
        return "the largest"
    return "the start" if plain_words else "baseline"


def _state(timeline: Timeline, row: TimelineRow, *, plain_words: bool) -> tuple[str, str]:
    """Return what stands in the state column, and the kind that colours it."""
    if row.is_baseline and not row.reported:
        return "start" if plain_words else "baseline", ""
    status = timeline.status
    if plain_words:
        return plain.short(row.reported_kind, status.word, status.criteria), row.reported_kind
    proven = " proven" if row.proves else ""
    alone = f" ({row.overall})" if row.overall != row.reported else ""
    return f"{words.symbol(row.reported_kind)} {row.reported}{alone}{proven}", row.reported_kind


def _notes(timeline: Timeline, bars: Bars, *, plain_words: bool) -> Iterator[str]:
    status = timeline.status
    if bars.cells and bars.limit is not None and bars.mark is not None:
        limit, shrunk = words.limit("partial_to", bars.limit), words.percent(100 - bars.mark).removesuffix(".0")
        if plain_words:
            unit = "millimetres" if status.unit == "mm" else status.unit
            yield (
                f"{bars.line} = {limit} {unit}, {shrunk} % smaller than at the start: "
                f"up to this mark it counts as a partial {plain.word_for(status.word, status.criteria)}."
            )
        else:
            yield (
                f"{bars.line} = {limit} {status.unit}, {shrunk} % smaller than the baseline: "
                f"up to it the size is that of a partial {status.word}"
            )
    if not plain_words and any(row.overall != row.reported for row in timeline.rows):
        yield "In brackets: what that visit alone gives; the response is reported until progression."


# What stands under the table


def summary(timeline: Timeline) -> Facts:
    """Return the response, the limits for the next visit and the remarks of all visits."""
    status = timeline.status
    return [
        *response_facts(status, timeline.as_of),
        *(pair for block in clinical_blocks(status, timeline.as_of) for pair in block if pair[0] in _SUMMARY),
        *(
            ("For review", f"{row.visit_on}: {flag.removeprefix('review: ')}")
            for row in timeline.rows
            for flag in row.flags
        ),
    ]


def plain_summary(timeline: Timeline) -> Facts:
    """Return the same for patients, in plain words."""
    blocks = plain_blocks(timeline.status, timeline.as_of)
    return [pair for block in blocks for pair in block if pair[0] not in ("Last scan", "Size")]


def _said(timeline: Timeline, *, plain_words: bool) -> Iterator[Row]:
    status = timeline.status
    if plain_words:
        yield {"Person": status.patient_id, **said_row(plain_summary(timeline))}
    else:
        yield {
            "Patient": who(status),
            "Rules": status.title,
            "State": state_line(status),
            **said_row(summary(timeline)),
        }
    seen = [(row.visit_on, 1, _said_visit(timeline, row, plain_words=plain_words)) for row in timeline.rows]
    happened = [
        (on, 0, {"Date": words.long_day(on) if plain_words else on, "Event": words.event_words(event, detail)})
        for on, event, detail in timeline.events
    ]
    for _on, _order, row in sorted([*seen, *happened], key=lambda one: one[:2]):
        yield row


def _said_visit(timeline: Timeline, row: TimelineRow, *, plain_words: bool) -> Row:
    unit = timeline.status.unit
    state, _kind = _state(timeline, row, plain_words=plain_words)
    size = "" if row.value is None else words.number(row.value)
    if plain_words:
        spelled = "millimetres" if unit == "mm" else unit
        return {
            "Date": words.long_day(row.visit_on),
            "Size": f"{size} {spelled}".rstrip() if size else "",
            "In words": state,
        }
    return {
        "Date": row.visit_on,
        "Week": row.week,
        "Sum" if unit == "mm" else "Value": f"{size} {unit}".rstrip() if size else "",
        "Of baseline": "" if row.pct_of_baseline is None else f"{words.percent(row.pct_of_baseline)} %",
        "State": state,
        "New lesion": row.new,
        "Why": row.because,
    }
