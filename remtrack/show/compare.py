"""
Two answers to the same facts side by side, with the rule on each side where they differ.

Draws and says the dicts of `tracker.comparing`; decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import words
from . import Row, Screen
from .data import said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rich.console import RenderableType
    from rich.text import Text

_SIDES = ("a", "b")
_SAME_NAME = "other name"


def comparison_screen(patient_id: str, lines: Sequence[Mapping[str, Any]], as_of: date) -> Screen:
    """Return the comparison of each line as a screen; the rows are the visits, `lines` as `comparing.compare` gives."""
    return Screen(
        command="compare",
        as_of=as_of,
        rows=lambda: (row for line in lines for row in line["rows"]),
        said=lambda: (row for line in lines for row in _said(line)),
        draw=lambda: render_comparison(lines),
        head={
            "patient_id": patient_id,
            "lines": [{name: value for name, value in line.items() if name != "rows"} for line in lines],
        },
        notes=(words.footer(as_of),),
    )


def render_comparison(lines: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return each line under the one before: both sides visit by visit, the rules where they differ, the sums."""
    from .table import paragraph, stack

    parts: list[RenderableType] = []
    for line in lines:
        parts += [*_line(line), ""]
    return stack(*parts, paragraph(words.footer()))


def _line(line: Mapping[str, Any]) -> Iterator[RenderableType]:
    from .table import facts, paragraph, styled

    yield styled(f"{line['patient_id']}  line {line['line']}", "head")
    yield facts([(side["label"], text) for side in line["sides"] for text in (_named(side), *side["remarks"])])
    yield paragraph(_basis(line))
    yield ""
    yield _visits(line)
    yield ""
    yield paragraph(_count(line))
    for row in line["rows"]:
        if row["differs"]:
            yield ""
            yield styled(f" {_day(row)}: {_mark(row)}", "head")
            yield facts([*_rule_fields(line, row)])
    if line["summary"]:
        yield ""
        yield _summary(line["summary"])


def _named(side: Mapping[str, Any]) -> str:
    reader = f", reader {side['reader']}" if side["reader"] else ""
    settings = ", ".join(f"{name}={value}" for name, value in side["settings"].items())
    return f"{side['title']} ({side['criteria']}){reader}{f', {settings}' if settings else ''}"


def _basis(line: Mapping[str, Any]) -> str:
    first, second = line["sides"]
    if first["reader"] == second["reader"]:
        return "Both sides judge the same facts. Derived for this comparison; nothing is written."
    return "Each side judges the readings of its reader. Derived for this comparison; nothing is written."


def _count(line: Mapping[str, Any]) -> str:
    differing = line["differing"]
    said = f"{differing or 'none'} of {words.count(len(line['rows']), 'visit')} differ{'' if differing > 1 else 's'}"
    renamed = sum(bool(row["other_names"]) for row in line["rows"])
    if renamed:
        said += f"; in {renamed} the category is of the same kind and has another name"
    return f"{said[0].upper()}{said[1:]}."


def _day(row: Row) -> str:
    label = f", {row['visit']}" if row["visit"] else ""
    return f"{words.day_in_words(row['visit_on'])}{label}"


def _visits(line: Mapping[str, Any]) -> RenderableType:
    from .table import Column, table

    rows = line["rows"]
    columns = [Column("Visit", [str(row["visit_on"]) for row in rows])]
    for name, side in zip(_SIDES, line["sides"], strict=True):
        columns.append(Column(side["label"], [_cell(row, name) for row in rows], wraps=True))
        if any(row[f"{name}_value"] is not None for row in rows):
            unit = f"{side['label']} {side['unit']}".rstrip()
            columns.append(
                Column(unit, [words.figure(row[f"{name}_value"], side["unit"], "") for row in rows], right=True, drop=1)
            )
    columns.append(Column("Differs", [_mark(row) for row in rows], wraps=True))
    return table(columns)


def _mark(row: Row) -> str:
    return ", ".join(_differs(row)) or (_SAME_NAME if row["other_names"] else "")


def _differs(row: Row) -> Iterator[str]:
    """Yield in what a visit differs; where nothing persists, the reported category is the category once more."""
    literal = all(row[f"{name}_reported"] == row[f"{name}_overall"] for name in _SIDES)
    for what in row["differs"]:
        if not (literal and what == "reported category"):
            yield "date" if what == "dated_on" else what.replace("_", " ")


def _cell(row: Row, side: str) -> Text:
    from .table import styled

    return styled(_answer(row, side), row[f"{side}_kind"])


def _answer(row: Row, side: str) -> str:
    """Return what a side says of a visit: the category, what is reported, the day it is dated to if another."""
    if row[f"{side}_state"] != "judged":
        return f"({row[f'{side}_state']})"
    overall, reported, dated_on = (row[f"{side}_{name}"] for name in ("overall", "reported", "dated_on"))
    said = f"{words.symbol(row[f'{side}_kind'])} {overall}"
    if reported != overall:
        said += f", reported {reported}"
    return said if dated_on == row["visit_on"] else f"{said}, dated {dated_on}"


def _rule_fields(line: Mapping[str, Any], row: Row) -> Iterator[tuple[str, str]]:
    """Yield what each side says and by which rule, its sentence, its source, and what it could not decide."""
    for name, side in zip(_SIDES, line["sides"], strict=True):
        yield side["label"], f"{_answer(row, name)}{f'   {rule}' if (rule := row[f'{name}_rule']) else ''}"
        yield side["label"], row[f"{name}_because"]
        yield side["label"], row[f"{name}_source"]
        for beside, value in row[f"{name}_beside"].items():
            yield side["label"], f"{beside.replace('_', ' ')}: {value}"
        for missing in row[f"{name}_undecided"]:
            yield side["label"], f"could not be decided: {missing}"


def _summary(items: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Over the line", [one["item"] for one in items]),
            Column("A", [one["a"] for one in items], wraps=True),
            Column("B", [one["b"] for one in items], wraps=True),
            Column("Differs", [_item_mark(one) for one in items]),
        ]
    )


def _item_mark(one: Row) -> str:
    return "yes" if one["differs"] else _SAME_NAME if one["other_names"] else ""


def _said(line: Mapping[str, Any]) -> Iterator[Row]:
    yield {
        "Patient": line["patient_id"],
        "Line": line["line"],
        **said_row((side["label"], text) for side in line["sides"] for text in (_named(side), *side["remarks"])),
        "Basis": _basis(line),
        "Visits": _count(line),
    }
    for row in line["rows"]:
        told: Row = {"Visit": _day(row), "Differs": _mark(row) or "no"}
        yield told | (
            said_row(_rule_fields(line, row))
            if row["differs"]
            else {side["label"]: _answer(row, name) for name, side in zip(_SIDES, line["sides"], strict=True)}
        )
    if line["summary"]:
        yield said_row(
            (one["item"], f"A {one['a']} | B {one['b']}{' | differs' if one['differs'] else ''}")
            for one in line["summary"]
        )
