"""
One line of one patient over time: the visits with bars, the stretches of response, the limits.

Draws and says what `verdict.Timeline` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .. import words
from ..words import drawn, plain
from . import Row, Screen
from .bars import Bars
from .data import fields, said_row
from .status import Facts, clinical_blocks, plain_blocks, state_line, status_data, who
from .story import has_story, render_story, said_story, story_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from rich.console import RenderableType

    from ..views import Timeline, TimelineRow
    from .table import Frame

_MOST_BAR = 40  # cells of a bar
_STATES = (30, 22, 16)  # columns of a state in plain words, which is broken over lines for the sake of a bar
_LONG = 104  # weeks; where no lesions are followed, longer courses are counted in months
_EVENT_ROOM = 20  # with shorter bars events stand under the table, not between the visits
_GAP = 2  # blanks between columns
# What stands under the table besides the response itself.
_SUMMARY = {
    "Nadir so far", "Lowest confirmed", "Best response", "Progression", "Relapse", "Recurrence", "Residual disease",
    "Treatment-free", "Milestones", "Next time", "Settings", "Note",
}  # fmt: skip
# What the table itself says, in plain words.
_DRAWN = ("Last scan", "Last visit", "Last sample", "Size", "Score", "Measured")


def timeline_screen(patient_id: str, timelines: Sequence[Timeline], as_of: date, plain_words: bool = False) -> Screen:
    """Return the lines of one patient over time, oldest first, as a screen; the rows are visits."""
    return Screen(
        command="timeline",
        as_of=as_of,
        rows=lambda: (row for timeline in timelines for row in visit_data(timeline)),
        said=lambda: _said_all(timelines, plain_words=plain_words),
        draw=lambda: render_timelines(patient_id, timelines, as_of, plain_words),
        head={
            "patient_id": patient_id,
            "courses": [_course_data(timeline) for timeline in timelines],
            "story": story_data(timelines),
        },
        notes=(words.footer(as_of, plain_words=plain_words),),
    )


def visit_data(timeline: Timeline) -> Iterator[Row]:
    """Yield each visit as data, with the patient, line, reader and family it belongs to, and what was drawn of it."""
    status = timeline.status
    marks = tuple(f"{name}={value:f}" for name, value in drawn.marks(timeline))
    for row in timeline.rows:
        yield {
            "patient_id": status.patient_id,
            "line": status.line,
            "reader": status.reader,
            "criteria": status.criteria,
            **fields(row),
            "measure": timeline.measure,
            "unit": status.unit,
            "scale": status.scale,
            "marks": marks,
        }


def _course_data(timeline: Timeline) -> Row:
    return {
        **status_data(timeline.status, timeline.as_of),
        "measure": timeline.measure,
        "marks": [{"name": name, "value": value} for name, value in drawn.marks(timeline)],
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
    if has_story(timelines):
        parts.append(render_story(patient_id, timelines, plain_words=plain_words))
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
        measured = "" if status.unit == "mm" else f"  {drawn.measure(timeline, plain_words=True)}"
        return f"{status.patient_id}{treatment}{measured}"
    regimen = f", {status.regimen}" if status.regimen else ""
    line = f"  line {status.line}{regimen}" if status.line > 1 or status.regimen else ""
    reader = f", reader {status.reader}" if status.reader else ""
    base = f"  baseline {status.baseline_on}" if status.baseline_on else ""
    measured = drawn.lesions(timeline) or f"{timeline.measure}, {status.unit}".strip(", ")
    return f"{status.patient_id}{line}  {status.title}{reader}{base}{f'  {measured}' if measured else ''}"


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
    beside: str


def _visits(timeline: Timeline, frame: Frame, *, plain_words: bool) -> RenderableType:
    from .table import stack

    if all(row.value is None and not row.value_text for row in timeline.rows):
        return _without_sizes(timeline, plain_words=plain_words)
    shape = _Shape.of(timeline, frame, plain_words=plain_words)
    bars = Bars(timeline, shape.cells, unicode=frame.unicode)
    return stack(*_drawn(timeline, bars, shape, plain_words=plain_words))


class _Shape(NamedTuple):
    """What fits the frame: the cells of a bar (0: none), the columns of a state, and the optional columns shown."""

    cells: int
    state: int
    shown: frozenset[str]

    @classmethod
    def of(cls, timeline: Timeline, frame: Frame, *, plain_words: bool) -> _Shape:
        """Return the shape: the first way to share the room that leaves enough for a bar, else figures alone."""
        rows, bars = timeline.rows, Bars(timeline, 0, unicode=frame.unicode)
        title = drawn.value_title(timeline, plain_words=plain_words)
        fixed = (
            max(len(_day(on, plain_words=plain_words)) for on in _days(timeline)),
            max(len(title), *(len(_figure(timeline, row, plain_words=plain_words)) for row in rows)),
            1 + bars.figure_width if bars.in_per_cent else 0,  # beside the bar
        )
        longest = max(len(_state(timeline, row, plain_words=plain_words)[0]) for row in rows)
        for state, optional, enough in _ways(timeline, longest, plain_words=plain_words):
            room = frame.width - 1 - sum(fixed) - state - _GAP * len(fixed)
            cells = room - sum(wide + _GAP for wide in optional.values())
            if cells >= enough:
                return cls(min(cells, _MOST_BAR), state, frozenset(optional))
        return cls(0, longest, frozenset())


def _ways(timeline: Timeline, longest: int, *, plain_words: bool) -> Iterator[tuple[int, dict[str, int], int]]:
    """
    Yield ways to share the room, the best first: columns of a state, optional columns, the cells that are enough.

    Optional columns give way to a bar in their order. Plain words have none; their long states are broken instead.
    """
    least = Bars.least(timeline)
    good = max(least, _EVENT_ROOM)
    if plain_words:
        yield from ((min(longest, most), {}, good) for most in _STATES)
        yield min(longest, _STATES[-1]), {}, least
        return
    optional = _optional(timeline)
    for first in range(len(optional) + 1):
        kept = dict(optional[first:])
        # What stands beside finds room under the table, too; it is not worth a short bar.
        yield longest, kept, good if "Beside" in kept else least


def _days(timeline: Timeline) -> Iterator[date]:
    yield from (row.visit_on for row in timeline.rows)
    yield from (on for on, _event, _detail in timeline.events)


def _optional(timeline: Timeline) -> list[tuple[str, int]]:
    """Return the optional columns that have anything to say, with their widths, the first to give way first."""
    rows, clock = timeline.rows, _clock(timeline)
    week = (clock, max(len(clock), *(len(_since(timeline, row)) for row in rows)))
    widest = max((len(", ".join(row.beside)) for row in rows), default=0)
    beside = [("Beside", max(widest, len("Beside")))] if widest else []
    if any(row.new for row in rows):
        return [*beside, ("New", max(3, *(len(drawn.new(row.new)) for row in rows))), week]
    return [week, *beside]


def _clock(timeline: Timeline) -> str:
    is_long = max(row.week for row in timeline.rows) > _LONG and not any(row.new for row in timeline.rows)
    return "Month" if is_long else "Week"


def _since(timeline: Timeline, row: TimelineRow) -> str:
    return drawn.since_start(row.week, in_months=_clock(timeline) == "Month")


def _drawn(timeline: Timeline, bars: Bars, shape: _Shape, *, plain_words: bool) -> Iterator[RenderableType]:
    from .table import Column, facts, paragraph, styled, table

    events = list(_events(timeline, plain_words=plain_words))
    among = bars.cells >= _EVENT_ROOM
    lines = sorted(
        [*_seen(timeline, bars, plain_words=plain_words), *(events if among else ())], key=lambda one: one[:2]
    )
    foot = [bars.axis(plain_words=plain_words)] if bars.cells else []
    blank = [""] * len(foot)
    clock, title = _clock(timeline), drawn.value_title(timeline, plain_words=plain_words)
    columns = [
        Column("Date", [*(one.day for one in lines), *blank], right=plain_words),
        Column(clock, [*(one.week for one in lines), *blank], right=True),
        Column(title, [*(one.figure for one in lines), *blank], right=True, drop=2 if plain_words else 0),
        Column(
            _bar_title(timeline, bars, plain_words=plain_words),
            [*(styled(one.bar, one.kind) for one in lines), *(styled(axis) for axis in foot)],
            wraps=bool(bars.cells),
            drop=0 if bars.cells else 1,
        ),
        Column(
            "In words" if plain_words else "State",
            [*(styled(one.state, one.kind) for one in lines), *blank],
            wraps=plain_words,
            most=shape.state,
        ),
        Column("New", [*(one.new for one in lines), *blank]),
        Column("Beside", [*(one.beside for one in lines), *blank]),
    ]
    left_out = {clock, "New", "Beside"} - shape.shown
    if not bars.cells and not bars.in_per_cent:
        left_out.add(columns[3].title)
    yield table([column for column in columns if column.title not in left_out])
    for note in _notes(timeline, bars, plain_words=plain_words):
        yield paragraph(note)
    below = [] if among else [(one.day, one.bar.removeprefix("- ")) for one in events]
    if "Beside" not in shape.shown and not plain_words:
        below += [("Beside", told) for told in _told_beside(timeline)]
    if below:
        yield ""
        yield facts(below)


def _bar_title(timeline: Timeline, bars: Bars, *, plain_words: bool) -> str:
    if bars.of_baseline:
        return f"% of {'the start' if plain_words else 'baseline'}"
    if bars.of_largest:
        return "% of the largest"
    said = drawn.measure(timeline, plain_words=plain_words)
    return f"{said}, log scale" if bars.is_log and not plain_words else said


def _seen(timeline: Timeline, bars: Bars, *, plain_words: bool) -> Iterator[_Line]:
    for row in timeline.rows:
        day = _day(row.visit_on, plain_words=plain_words)
        figure = _figure(timeline, row, plain_words=plain_words)
        state, kind = _state(timeline, row, plain_words=plain_words)
        week, beside = _since(timeline, row), ", ".join(row.beside)
        yield _Line(row.visit_on, 1, day, week, figure, bars.bar(row), state, kind, drawn.new(row.new), beside)


def _figure(timeline: Timeline, row: TimelineRow, *, plain_words: bool) -> str:
    """Return the value of a visit as it stands in its column."""
    status = timeline.status
    if row.value is None:
        return row.value_text or ("-" if plain_words or row.complete is None else "n/e")
    if not row.value and status.scale == "log":
        return "undetectable"
    return drawn.amount(row.value, status.unit, drawn.marks(timeline))


def _events(timeline: Timeline, *, plain_words: bool) -> Iterator[_Line]:
    for on, event, detail in timeline.events:
        day, said = _day(on, plain_words=plain_words), words.event_words(event, detail)
        yield _Line(on, 0, day, "", "", f"- {said}", "", "", "", "")


def _day(day: date, *, plain_words: bool) -> str:
    return words.short_day(day) if plain_words else str(day)


def _told_beside(timeline: Timeline) -> Iterator[str]:
    """Yield what stands beside the visits, one line for all that follow each other and say the same."""
    from itertools import groupby

    for said, alike in groupby(timeline.rows, key=lambda row: row.beside):
        rows = list(alike)
        if said:
            until = f" to {rows[-1].visit_on}" if len(rows) > 1 else ""
            yield f"{rows[0].visit_on}{until}: {', '.join(said)}"


def _without_sizes(timeline: Timeline, *, plain_words: bool) -> RenderableType:
    """Return the visits of a line in which no value is followed: state and reason."""
    from .table import Column, facts, stack, styled, table

    rows = timeline.rows
    states = [_state(timeline, row, plain_words=plain_words) for row in rows]
    clock = _clock(timeline)
    columns = [
        Column("Date", [_day(row.visit_on, plain_words=plain_words) for row in rows], right=plain_words),
        Column(clock, [_since(timeline, row) for row in rows], right=True, drop=1),
        Column("In words" if plain_words else "State", [styled(state, kind) for state, kind in states]),
        Column("New", [drawn.new(row.new) for row in rows], drop=2),
        Column("Why", [row.because for row in rows], wraps=True),
    ]
    hidden = {clock, "New", "Why"} if plain_words else set()  # the reasons are written in the rules' own terms
    if not any(row.new for row in rows):
        hidden.add("New")
    shown = table([column for column in columns if column.title not in hidden])
    beside = [("Beside", told) for told in _told_beside(timeline)]
    events = [(one.day, one.bar.removeprefix("- ")) for one in _events(timeline, plain_words=plain_words)]
    below = events if plain_words else [*events, *beside]
    return stack(shown, "", facts(below)) if below else shown


def _state(timeline: Timeline, row: TimelineRow, *, plain_words: bool) -> tuple[str, str]:
    """Return what stands in the state column, and the kind that colours it."""
    if row.is_baseline and not row.reported:
        return "start" if plain_words else "baseline", ""
    status = timeline.status
    if plain_words:
        own = status.labels.get(row.reported, ("", ""))[1]
        return plain.unspelled(own) or plain.short(row.reported_kind, status.word, status.criteria), row.reported_kind
    proven = " proven" if row.proves else ""
    alone = f" ({row.overall})" if row.overall != row.reported else ""
    return f"{words.symbol(row.reported_kind)} {row.reported}{alone}{proven}", row.reported_kind


def _notes(timeline: Timeline, bars: Bars, *, plain_words: bool) -> Iterator[str]:
    status, rows = timeline.status, timeline.rows
    if bars.cells:
        for caption in drawn.captions(timeline, plain_words=plain_words):
            yield f"{bars.line if caption.is_better else bars.dotted} {caption.text}"
    if plain_words:
        return
    signs = {sign for row in rows for sign in bars.bar(row)} if bars.cells else set()
    yield from (f"{sign} {drawn.SIGNS[sign]}" for sign in "<>" if sign in signs)
    codes = dict.fromkeys(code for row in rows for code in (row.reported, row.overall))
    legend = [f"{code} {told}" for code in codes if (told := status.labels.get(code, ("", ""))[0]) and told != code]
    if legend:
        yield ", ".join(legend)
    if any(row.overall != row.reported for row in rows):
        yield "In brackets: what that visit alone gives; before it, what is reported for the line."


# What stands under the table


def summary(timeline: Timeline) -> Facts:
    """Return the response, the limits for the next visit and the remarks of all visits."""
    status = timeline.status
    standing, response, grounds = clinical_blocks(status, timeline.as_of)
    return [
        *response,
        *(pair for pair in (*standing, *grounds) if pair[0] in _SUMMARY),
        *(
            ("For review", f"{', '.join(days)}: {flag.removeprefix('review: ')}")
            for flag, days in _flagged(timeline).items()
        ),
    ]


def _flagged(timeline: Timeline) -> dict[str, list[str]]:
    """Return each remark with the days it was made on, in the order in which it came first."""
    found: dict[str, list[str]] = {}
    for row in timeline.rows:
        for flag in row.flags:
            found.setdefault(flag, []).append(str(row.visit_on))
    return found


def plain_summary(timeline: Timeline) -> Facts:
    """Return the same for patients, in plain words."""
    blocks = plain_blocks(timeline.status, timeline.as_of)
    return [pair for block in blocks for pair in block if pair[0] not in _DRAWN]


def _said_all(timelines: Sequence[Timeline], *, plain_words: bool) -> Iterator[Row]:
    if has_story(timelines):
        yield from said_story(timelines, plain_words=plain_words)
    for timeline in timelines:
        yield from _said(timeline, plain_words=plain_words)


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
    size = "" if row.value is None and not row.value_text else _figure(timeline, row, plain_words=plain_words)
    if plain_words:
        label = "Size" if unit.startswith("mm") else "Value"
        spelled = drawn.plain_unit(unit)
        return {
            "Date": words.long_day(row.visit_on),
            label: f"{size} {spelled}".rstrip() if size else "",
            "In words": state,
        }
    is_share = row.pct_of_baseline is not None and drawn.is_of_baseline(timeline)
    return {
        "Date": row.visit_on,
        "Week": row.week,
        "Sum" if unit.startswith("mm") else "Value": f"{size} {unit}".rstrip() if size else "",
        "Of baseline": f"{words.percent(row.pct_of_baseline)} %"
        if is_share and row.pct_of_baseline is not None
        else "",
        "State": state,
        "Beside": row.beside,
        "New lesion": row.new,
        "Why": row.because,
    }
