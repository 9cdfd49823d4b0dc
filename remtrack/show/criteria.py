"""
The published standards: the list of families, and one family's categories, rules, inputs and settings.

The rows are dicts as the use cases give them (`tracker.standards`).
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


def criteria_screen(families: Sequence[Row], as_of: date) -> Screen:
    """Return the families there are as a screen; `families` as `tracker.standards.families` gives them."""
    return Screen("criteria list", as_of, lambda: families, lambda: render_criteria_list(families))


def render_criteria_list(families: Sequence[Row]) -> RenderableType:
    """Return one line a family, and how to read one."""
    from .table import Column, paragraph, stack, table

    drawn = table(
        [
            Column("Criteria", [row["criteria"] for row in families]),
            Column("Name", [row["title"] for row in families], wraps=True),
            Column("Word", [row["word"] for row in families], drop=2),
            Column("Measures", [_measure(row) for row in families], wraps=True, drop=1),
            Column("Default", ["yes" if row["default"] else "" for row in families]),
        ]
    )
    return stack(drawn, "", paragraph("One family, with its rules and settings: remtrack criteria show FAMILY"))


def _measure(row: Mapping[str, Any]) -> str:
    return f"{row['measure']}, {row['unit']}" if row["unit"] else str(row["measure"])


def family_screen(family: Mapping[str, Any], as_of: date) -> Screen:
    """Return one family as a screen; `family` as `tracker.standards.describe` gives it, the rows are its rules."""
    return Screen(
        command="criteria show",
        as_of=as_of,
        rows=lambda: ({"criteria": family["criteria"], **rule} for rule in family["rules"]),
        said=lambda: _said(family),
        draw=lambda: render_family(family),
        head={name: value for name, value in family.items() if name != "rules"},
        notes=(words.footer(),),
    )


def render_family(family: Mapping[str, Any]) -> RenderableType:
    """Return the categories, the rules part by part in their order, the inputs, the settings, and our reading."""
    from .table import facts, paragraph, stack, styled

    parts: list[RenderableType] = [
        styled(f"{family['criteria']}  {family['title']}", "head"),
        facts([("Source", family["source"])]),
        "",
        styled(" Categories, best first", "head"),
        _categories(family["categories"]),
    ]
    for title, rules in _parts(family["rules"]):
        parts += ["", styled(f" {title}", "head"), paragraph("The first that holds counts."), _rules(rules)]
    if family["inputs"]:
        parts += ["", styled(" Inputs", "head"), _inputs(family["inputs"])]
    if family["settings"]:
        parts += ["", styled(" Settings", "head"), _settings(family["settings"])]
    if family["reading"]:
        parts += ["", styled(" Our reading, where the standard is silent", "head")]
        parts += [paragraph(reading, by=2) for reading in _paragraphs(family["reading"])]
    return stack(*parts, "", paragraph(words.footer()))


def _parts(rules: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the rules of each table, with its title, in the order given."""
    tables: dict[str, list[Row]] = {}
    for rule in rules:
        tables.setdefault(rule["title"], []).append(rule)
    yield from tables.items()


def _categories(categories: Sequence[Row]) -> RenderableType:
    from .table import Column, styled, table

    return table(
        [
            Column("", [styled(words.symbol(row["kind"]), row["kind"]) for row in categories]),
            Column("Code", [styled(row["code"], row["kind"]) for row in categories]),
            Column("Meaning", [row["label"] for row in categories], wraps=True),
            Column("In plain words", [row["plain"] for row in categories], wraps=True, drop=1),
        ]
    )


def _rules(rules: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Rule", [row["rule"].rpartition(".")[2] for row in rules], drop=2),
            Column("Result", [row["category"] for row in rules]),
            Column("When", [row["when"] for row in rules], wraps=True),
            Column("Source", [row["source"] for row in rules], wraps=True, drop=1),
        ]
    )


def _inputs(inputs: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Name", [row["name"] for row in inputs]),
            Column("Unit", [row["unit"] for row in inputs]),
            Column("", [row["help"] for row in inputs], wraps=True),
        ]
    )


def _settings(settings: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Name", [row["name"] for row in settings]),
            Column("Default", [row["default"] for row in settings], wraps=True),
            Column("Allowed", [row["allowed"] for row in settings], wraps=True, drop=1),
            Column("", [row["help"] for row in settings], wraps=True),
        ]
    )


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a text, each on one line."""
    for part in text.strip().split("\n\n"):
        yield " ".join(part.split())


def _said(family: Mapping[str, Any]) -> Iterator[Row]:
    yield {"Criteria": family["criteria"], "Name": family["title"], "Source": family["source"]}
    yield said_row((row["code"], f"{row['label']} ({row['plain']})") for row in family["categories"])
    for title, rules in _parts(family["rules"]):
        yield {
            "Table": title,
            "Rule": [f"{row['order']}. {row['category']}: {row['when']} [{row['source']}]" for row in rules],
        }
    if family["inputs"]:
        yield said_row((f"Input {row['name']}", f"{row['unit']} {row['help']}".strip()) for row in family["inputs"])
    if family["settings"]:
        yield said_row(
            (f"Setting {row['name']}", f"{row['default']}; allowed {row['allowed']}; {row['help']}")
            for row in family["settings"]
        )
    if family["reading"]:
        yield {"Our reading": list(_paragraphs(family["reading"]))}
