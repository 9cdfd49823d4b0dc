"""
All patients at a glance: a table, who is in response now, who needs attention.

Draws and says what `verdict.Overview` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from ..verdict import RESPONSE_KINDS
from . import Row, Screen
from .status import measured, more_of, state_line, status_data, who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from ..views import Overview, StatusRow

# So many are named under a heading, twice as many where nobody is listed above; the rest are counted.
_MOST = 12


def overview_screen(overview: Overview, plain_words: bool = False) -> Screen:
    """Return all patients at a glance as a screen; the rows are patients."""
    return Screen(
        command="status",
        as_of=overview.as_of,
        rows=lambda: (status_data(row, overview.as_of) for row in overview.rows),
        said=lambda: _said_plainly(overview) if plain_words else _said(overview),
        draw=lambda: render_overview(overview, plain_words),
        head={
            "patients": overview.patients,
            "measurements": overview.measurements,
            "last_visit_on": overview.last_visit_on,
            "counts": [{"current": code, "kind": kind, "patients": n} for code, kind, n in overview.counts],
            "not_listed": overview.hidden,
        },
        notes=(words.footer(overview.as_of, plain_words=plain_words),) if overview.patients else (),
    )


def render_overview(overview: Overview, plain_words: bool = False) -> RenderableType:
    """Return the table of patients (counts where they are too many), who responds now and who needs attention."""
    from .table import facts, paragraph, stack

    if overview.patients == 0:
        return facts(words.NO_PATIENT)
    body = _plain_body(overview) if plain_words else _clinical_body(overview)
    return stack(_heading(overview), "", *body, paragraph(words.footer(overview.as_of, plain_words=plain_words)))


def _heading(overview: Overview) -> RenderableType:
    from .table import Fit, Frame, styled

    last = f", last scan {overview.last_visit_on}" if overview.last_visit_on else ""
    sizes = words.count(overview.measurements, "measurement")
    told = f"remtrack  {words.count(overview.patients, 'patient')}, {sizes}{last}"
    with_path = f"{told}  {words.clean(overview.path)}"

    def drawn(frame: Frame) -> RenderableType:
        return styled(with_path if len(with_path) <= frame.width else told, "head")

    return Fit(drawn)


def _not_listed(overview: Overview) -> str:
    return f"{words.count(overview.hidden, 'patient')} not listed. All of them: remtrack status --all"


# The clinical voice


def _clinical_body(overview: Overview) -> Iterator[RenderableType]:
    from .table import paragraph

    yield _counted(overview) if overview.hidden else _listed(overview.rows)
    yield ""
    yield from _responding(overview)
    yield from _needing_attention(overview)
    if overview.hidden:
        yield paragraph(_not_listed(overview))
        yield ""
    kinds = [kind for _code, kind, _n in overview.counts] or [row.current_kind for row in overview.rows]
    yield paragraph(words.legend(kinds))


def _listed(rows: Sequence[StatusRow]) -> RenderableType:
    from .table import Column, lines, styled, table

    units = {row.unit for row in rows}
    states = [(words.state_short(row.current, row.current_kind, row.visits), row.current_kind) for row in rows]
    columns = [
        Column("Patient", [lines(row.patient_id, more_of(row)) for row in rows]),
        Column("Last scan", [str(row.last_visit_on or ".") for row in rows]),
        Column(
            "Sum mm" if units == {"mm"} else "Value",
            [measured(row, unit=row.unit if len(units) > 1 else "") for row in rows],
            right=True,
            drop=3,
        ),
        Column("vs base", [words.signed(row.change_from_baseline_pct) for row in rows], right=True, drop=4),
        Column("vs nadir", [words.signed(row.change_from_nadir_pct) for row in rows], right=True, drop=2),
        Column("State", [styled(state, kind) for state, kind in states]),
        Column("Since", [str(row.since or ".") for row in rows], drop=1),
    ]
    if all(row.value is None and row.baseline_value is None for row in rows):
        columns = [column for column in columns if not column.right]
    return table(columns)


def _counted(overview: Overview) -> RenderableType:
    from .table import Column, styled, table

    counts = overview.counts
    everyone = sum(n for _code, _kind, n in counts)
    return table(
        [
            Column("State", [styled(words.state_short(code, kind), kind) for code, kind, _n in counts]),
            Column("Patients", [f"{n:,}" for _code, _kind, n in counts], right=True),
            Column("Of all", [f"{100 * n / everyone:.1f} %" for _code, _kind, n in counts], right=True),
        ]
    )


def _responding(overview: Overview) -> Iterator[RenderableType]:
    from .table import facts, styled

    responding = [row for row in overview.rows if words.current_episode(row) is not None]
    blood = bool(responding) and all(row.word == "remission" for row in responding)
    now = len(responding)
    if overview.hidden:
        now = sum(n for _code, kind, n in overview.counts if kind in RESPONSE_KINDS)
    yield styled(f" In {'remission' if blood else 'response'} now: {now:,} of {overview.patients:,}", "head")
    if not overview.hidden:
        yield facts((f"  {row.patient_id}", _response_now(row, overview)) for row in responding[:_MOST])
        if now > _MOST:
            yield f"   and {now - _MOST:,} more: remtrack remission"
    yield ""


def _response_now(row: StatusRow, overview: Overview) -> str:
    if words.current_episode(row) is None:
        return ""
    more, told = more_of(row), words.overview_words(row.episodes[-1], overview.as_of)
    return f"{more}: {told}" if more else told


def _needing_attention(overview: Overview) -> Iterator[RenderableType]:
    from .table import styled

    found = [(who(row), what, command) for row in overview.rows for what, command in row.attention]
    most = 2 * _MOST if overview.hidden else _MOST
    if not found:
        return
    yield styled(" Needs attention", "head")
    yield _attention_table(found[:most])
    if len(found) > most:
        yield f"   and {len(found) - most:,} more: remtrack status --format plain"
    yield ""


def _attention_table(found: Sequence[tuple[str, str, str]]) -> RenderableType:
    """Return patient, what and the command to type; in a narrow frame the command stands under the other two."""
    from rich.table import Table

    from .table import Fit, Frame, indented, styled

    def drawn(frame: Frame) -> RenderableType:
        beside = frame.width >= 72
        grid = Table.grid(padding=(0, 2, 0, 0))
        for _column in range(3 if beside else 2):
            grid.add_column(overflow="fold")
        for name, what, command in found:
            if beside:
                grid.add_row(styled(name), styled(what, "attention"), styled(command, "command"))
            else:
                grid.add_row(styled(name), styled(what, "attention"))
                grid.add_row("", styled(command, "command"))
        return indented(grid, 3)

    return Fit(drawn)


def _said(overview: Overview) -> Iterator[Row]:
    if overview.patients == 0:
        yield dict(words.NO_PATIENT)
        return
    yield {
        "Patients": f"{overview.patients:,}",
        "Measurements": f"{overview.measurements:,}",
        "Last scan": overview.last_visit_on,
        "Record": overview.path,
        **{words.state_short(code, kind)[2:]: words.count(n, "patient") for code, kind, n in overview.counts},
        "Not listed": _not_listed(overview) if overview.hidden else "",
    }
    for row in overview.rows:
        last, change = row.last_visit_on, row.change_from_baseline_pct
        yield {
            "Patient": who(row),
            "State": state_line(row),
            "Last scan": f"{last}, {words.ago(last, overview.as_of)}" if last else "",
            "Sum" if row.unit == "mm" else "Value": "" if row.value is None else measured(row, unit=row.unit),
            "vs baseline": words.signed(change, ""),
            "vs nadir": words.signed(row.change_from_nadir_pct, ""),
            row.word.capitalize(): _response_now(row, overview),
            "Attention": [f"{what}; {command}" for what, command in row.attention],
        }


# Plain words


def _plain_body(overview: Overview) -> Iterator[RenderableType]:
    from .table import Column, paragraph, table

    rows = list(_said_plainly(overview))
    yield table(
        [
            Column("Person", [row["Person"] for row in rows]),
            Column("Last scan", [row["Last scan"] for row in rows], drop=1),
            Column("Where things stand", [row["Now"] for row in rows], wraps=True),
        ]
    )
    yield ""
    if overview.hidden:
        yield paragraph(_not_listed(overview))
        yield ""


def _said_plainly(overview: Overview) -> Iterator[Row]:
    from ..words import plain

    if overview.patients == 0:
        yield dict(words.NO_PATIENT)
    for row in overview.rows:
        yield {
            "Person": row.patient_id,
            "Last scan": words.long_day(row.last_visit_on) if row.last_visit_on else "none yet",
            "Now": plain.state(row),
        }
