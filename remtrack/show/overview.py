"""
All patients at a glance: a table, who is in response now, who needs attention.

Draws and says what `views.Overview` holds; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import words
from . import Row, Screen
from .status import last_look, measured, more_of, state_line, state_short, status_data, value_label, who

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from ..views import Counted, Overview, StatusRow

# So many are named under a heading, twice as many where nobody is listed above; the rest are counted.
_MOST = 12


def overview_screen(overview: Overview, plain_words: bool = False) -> Screen:
    """Return all patients at a glance as a screen; the rows are patients."""
    return Screen(
        command="status",
        as_of=overview.as_of,
        rows=lambda: (_data(row, overview) for row in overview.rows),
        said=lambda: _said_plainly(overview) if plain_words else _said(overview),
        draw=lambda: render_overview(overview, plain_words),
        head={
            "patients": overview.patients,
            "measurements": overview.measurements,
            "last_visit_on": overview.last_visit_on,
            "results": overview.results,
            "responding": dict(overview.responding),
            "counts": [
                {"criteria": one.criteria, "current": one.current, "kind": one.kind, "patients": one.patients}
                for one in overview.counts
            ],
            "not_listed": overview.hidden,
        },
        notes=(words.footer(overview.as_of, plain_words=plain_words),) if overview.patients else (),
    )


def _data(row: StatusRow, overview: Overview) -> Row:
    """Return one row as data; anniversaries are null, as only the last visit of each patient is at hand."""
    told = status_data(row, overview.as_of)
    stretches = [{**one, "milestones": None} for one in told["episodes"]]
    return {**told, "milestones": None, "episodes": stretches}


def render_overview(overview: Overview, plain_words: bool = False) -> RenderableType:
    """Return the table of patients (counts where they are too many), who responds now and who needs attention."""
    from .table import facts, paragraph, stack

    if overview.patients == 0:
        return facts(words.NO_PATIENT)
    body = _plain_body(overview) if plain_words else _clinical_body(overview)
    return stack(_heading(overview), "", *body, paragraph(words.footer(overview.as_of, plain_words=plain_words)))


def _heading(overview: Overview) -> RenderableType:
    from .table import Fit, Frame, styled

    last = f", last {_look(overview)} {overview.last_visit_on}" if overview.last_visit_on else ""
    told = f"remtrack  {words.count(overview.patients, 'patient')}, {_entered(overview)}{last}"
    with_path = f"{told}  {words.clean(overview.path)}"

    def drawn(frame: Frame) -> RenderableType:
        return styled(with_path if len(with_path) <= frame.width else told, "head")

    return Fit(drawn)


def _entered(overview: Overview) -> str:
    """Return how much is on record: "214 measurements, 96 results"."""
    sizes, values = overview.measurements, overview.results
    counted = [(sizes, "measurement")] if sizes or not values else []
    return ", ".join(words.count(n, thing) for n, thing in [*counted, *([(values, "result")] if values else [])])


def _families(overview: Overview) -> set[str]:
    """Return the families that judge these patients; the rows of those without any visit do not count."""
    return {one.criteria for one in overview.counts if one.criteria} | {
        row.criteria for row in overview.rows if row.visits
    }


def _look(overview: Overview) -> str:
    return words.looked_at_by_all(_families(overview) or {row.criteria for row in overview.rows})


def _not_listed(overview: Overview) -> str:
    return f"{words.count(overview.hidden, 'patient')} not listed. All of them: remtrack status --all"


# The clinical voice


def _clinical_body(overview: Overview) -> Iterator[RenderableType]:
    from .table import paragraph

    yield _counted(overview) if overview.hidden else _listed(overview)
    yield ""
    yield from _responding(overview)
    yield from _needing_attention(overview)
    if overview.hidden:
        yield paragraph(_not_listed(overview))
        yield ""
    kinds = [one.kind for one in overview.counts] or [row.current_kind for row in overview.rows]
    sizes = all(words.has_scans(criteria) for criteria in _families(overview))
    yield _legend(words.legend(kinds, sizes=sizes).split("  "))


def _legend(meanings: Sequence[str]) -> RenderableType:
    """Return the symbols with their meanings; a line ends between two of them, never within."""
    from .table import Fit, Frame, indented, lines

    def drawn(frame: Frame) -> RenderableType:
        packed = [""]
        for meaning in meanings:
            longer = f"{packed[-1]}  {meaning}".strip()
            if len(longer) < frame.width:
                packed[-1] = longer
            else:
                packed.append(meaning)
        return indented(lines(*packed))

    return Fit(drawn)


def _listed(overview: Overview) -> RenderableType:
    from .table import Column, lines, styled, table

    rows = overview.rows
    units = {row.unit for row in rows if row.visits}
    mixed = len(_families(overview)) > 1
    columns = [
        Column("Patient", [lines(row.patient_id, more_of(row)) for row in rows]),
        Column("Rules", [words.short_title(row.title) if row.visits else "." for row in rows]),
        Column(f"Last {_look(overview)}", [str(row.last_visit_on or ".") for row in rows]),
        Column(
            "Sum mm" if units <= {"mm"} else "Value",
            [measured(row, with_unit=len(units) > 1) for row in rows],
            right=True,
            drop=4 if mixed else 3,
        ),
        # Where the values have several units the change says least without them.
        Column(
            "vs base",
            [words.signed(row.change_from_baseline_pct) for row in rows],
            right=True,
            drop=3 if mixed else 4,
        ),
        Column("vs nadir", [words.signed(row.change_from_nadir_pct) for row in rows], right=True, drop=2),
        Column("State", [styled(state_short(row), row.current_kind) for row in rows]),
        Column("Since", [str(row.since or ".") for row in rows], drop=1),
    ]
    if all(row.value is None and row.baseline_value is None for row in rows):
        columns = [column for column in columns if not column.right]
    if all(row.change_from_nadir_pct is None for row in rows):
        columns = [column for column in columns if column.title != "vs nadir"]
    return table([column for column in columns if mixed or column.title != "Rules"])


def _counted(overview: Overview) -> RenderableType:
    from .table import Column, styled, table

    counts = overview.counts
    everyone = sum(one.patients for one in counts)
    columns = [
        Column("Rules", [words.short_title(one.title) or "." for one in counts]),
        Column("State", [styled(_counted_state(one), one.kind) for one in counts]),
        Column("Patients", [f"{one.patients:,}" for one in counts], right=True),
        Column("Of all", [f"{100 * one.patients / everyone:.1f} %" for one in counts], right=True),
    ]
    # A category belongs to its family: CR of a leukaemia and CR of a solid tumour are counted apart.
    return table(columns if len(_families(overview)) > 1 else columns[1:])


def _counted_state(one: Counted) -> str:
    return words.state_short(one.current, one.kind, criteria=one.criteria, labels=one.labels)


def _responding(overview: Overview) -> Iterator[RenderableType]:
    from .table import facts, styled

    responding = [row for row in overview.rows if words.current_episode(row) is not None]
    now = sum(n for _word, n in overview.responding) if overview.responding else len(responding)
    yield styled(f" In {_responding_words(overview)} now: {now:,} of {overview.patients:,}", "head")
    if not overview.hidden:
        yield facts((f"  {row.patient_id}", _response_now(row, overview)) for row in responding[:_MOST])
        if now > _MOST:
            yield f"   and {now - _MOST:,} more: remtrack remission"
    yield ""


def _responding_words(overview: Overview) -> str:
    """Return "response", "remission", or both where some respond and others remit."""
    found = {word for word, _n in overview.responding} or {row.word for row in overview.rows if row.visits}
    return " or ".join(word for word in ("response", "remission") if word in found) or "response"


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
    several = len(_families(overview)) > 1
    yield {
        "Patients": f"{overview.patients:,}",
        "Measurements": f"{overview.measurements:,}",
        "Results": f"{overview.results:,}" if overview.results else "",
        f"Last {_look(overview)}": overview.last_visit_on,
        "Record": overview.path,
        **{
            f"{words.short_title(one.title) if several else ''} {_counted_state(one)[2:]}".strip(): words.count(
                one.patients, "patient"
            )
            for one in overview.counts
        },
        "Not listed": _not_listed(overview) if overview.hidden else "",
    }
    for row in overview.rows:
        last, change = row.last_visit_on, row.change_from_baseline_pct
        yield {
            "Patient": who(row),
            "Rules": row.title if several and row.visits else "",
            "State": state_line(row),
            last_look(row): f"{last}, {words.ago(last, overview.as_of)}" if last else "",
            value_label(row): "" if row.value is None and not row.value_text else measured(row),
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
            Column(f"Last {_look(overview)}", [row[f"Last {_look(overview)}"] for row in rows], drop=1),
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
            f"Last {_look(overview)}": words.long_day(row.last_visit_on) if row.last_visit_on else "none yet",
            "Now": plain.state(row),
        }
