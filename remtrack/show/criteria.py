"""
The published standards: the list of families, and one family's categories, rules, inputs, settings and cases.

The rows are dicts as the use cases give them (`tracker.standards`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .. import words
from . import Row, Screen
from .data import said_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from rich.console import RenderableType
    from rich.text import Text

    from .table import Column

_NARROW = 72  # below it a name, a default and a sentence no longer stand side by side


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
            *_packages(families),
        ]
    )
    return stack(drawn, "", paragraph("One family, with its rules and settings: remtrack criteria show FAMILY"))


def _packages(families: Sequence[Row]) -> Iterator[Column]:
    """Yield the column of the packages that families come from, where one is not of this program."""
    from .table import Column

    named = [row.get("package", "") for row in families]
    if any(named):
        yield Column("Package", named, wraps=True)


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
    """Return categories, the rules part by part in their order, inputs, events, settings, worked cases, our reading."""
    from .table import facts, paragraph, stack, styled

    parts: list[RenderableType] = [
        styled(f"{family['criteria']}  {family['title']}", "head"),
        facts([("Source", family["source"]), ("Package", family.get("package", ""))]),
        "",
        styled(" Categories, best first", "head"),
        _categories(family["categories"]),
    ]
    for title, rules in _parts(family["rules"]):
        parts += ["", paragraph(title, "head"), paragraph("The first that holds counts."), _rules(rules)]
    if family["inputs"]:
        parts += ["", styled(" Inputs", "head"), _inputs(family["inputs"])]
    if family.get("events"):
        parts += ["", styled(" Events of its own", "head"), _events(family["events"])]
    if family["settings"]:
        parts += ["", styled(" Settings", "head"), _settings(family["settings"])]
    if family.get("cases"):
        parts += ["", styled(" Worked cases", "head"), paragraph(_INVENTED), _cases(family["cases"])]
    if family["reading"]:
        parts += ["", styled(" Our reading, where the standard is silent", "head")]
        parts += [paragraph(one, by=4 if one.startswith("- ") else 2) for one in _paragraphs(family["reading"])]
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
    from .table import Column, lines, table

    told = [lines(row["when"], _says(row["sentence"]), f"[{row['source']}]") for row in rules]
    return table(
        [
            Column("Rule", [row["rule"].split(".", 2)[-1] for row in rules], drop=1),
            Column("Gives", [row["category"] for row in rules]),
            Column("When, what it says, and where that stands", told, wraps=True),
        ]
    )


def _says(template: str) -> str:
    """Return what a rule says; nothing where it only passes on what an earlier table said."""
    return "" if re.fullmatch(r"\{\w+_because\}", template) else f"says: {_sentence(template)}"


def _sentence(template: str) -> str:
    """Return a rule's sentence with names where its numbers stand: "sum <sum> mm"."""
    said = re.sub(r"\{(\w+)_because\}", r"<reason of \1>", template)
    return re.sub(r"\{(\w+?)(?:_(?:mm|pct|on|said))?\}", lambda name: f"<{name[1].replace('_', ' ')}>", said)


def _inputs(inputs: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Name", [row["name"] for row in inputs]),
            Column("Unit", [row["unit"] for row in inputs]),
            Column("", [row["help"] for row in inputs], wraps=True),
        ]
    )


def _events(events: Sequence[Row]) -> RenderableType:
    from .table import Column, table

    return table(
        [
            Column("Event", [row["name"] for row in events]),
            Column("", [row["help"] for row in events], wraps=True),
        ]
    )


def _settings(settings: Sequence[Row]) -> RenderableType:
    from .table import Column, Fit, facts, table

    drawn = table(
        [
            Column("Name", [row["name"] for row in settings]),
            Column("Default", [row["default"] for row in settings], wraps=True),
            Column("Allowed", [row["allowed"] for row in settings], wraps=True, drop=1),
            Column("", [row["help"] for row in settings], wraps=True),
        ]
    )
    # The names are long, and one that is broken cannot be typed.
    under = facts([(row["name"], f"{row['default']}: {row['help']}") for row in settings])
    return Fit(lambda frame: drawn if frame.width >= _NARROW else under)


_INVENTED = "Invented numbers, to show what the rules make of them."


def _cases(cases: Sequence[Row]) -> RenderableType:
    """Return the cases under one another in one table, each with its title above its days."""
    from .table import Column, styled, table

    days: list[str] = []
    seen: list[str | Text] = []
    given: list[str | Text] = []
    rules: list[str] = []
    for case in cases:
        days.append(case["case_id"])
        seen.append(styled(_title(case), "head"))
        given.append("")
        rules.append("")
        for row in case["rows"]:
            days.append(f" {row['visit_on']}")
            seen.append(row["seen"])
            given.append(_given(row))
            rules.append(row["rule"].partition(".")[2])
    return table(
        [
            Column("Case", days),
            Column("What was seen", seen, wraps=True),
            Column("Gives", given),
            Column("Rule", rules, drop=1),
        ]
    )


def _title(case: Row) -> str:
    return f"{case['title']} ({case['settings'].replace(';', ', ')})" if case["settings"] else str(case["title"])


def _given(row: Row) -> str:
    if not row["overall"]:
        return "" if row["seen"].startswith("event: ") else "(baseline)"
    if row["reported"] == row["overall"]:
        return str(row["overall"])
    return f"{row['overall']}, reported {row['reported']}"


def _result(row: Row) -> str:
    return f": {_given(row)} by {row['rule']}" if row["overall"] else ""


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs and the items of lists of a text, each on one line."""
    lines: list[str] = []
    for line in [*text.strip().splitlines(), ""]:
        # What follows a list without being moved to the right is no longer part of it.
        ends_list = bool(lines) and lines[0].startswith("- ") and not line.startswith(" ")
        if lines and (not line.strip() or line.startswith("- ") or ends_list):
            yield " ".join(lines)
            lines = []
        if line.strip():
            lines.append(" ".join(line.split()))


def _said(family: Mapping[str, Any]) -> Iterator[Row]:
    yield {"Criteria": family["criteria"], "Name": family["title"], "Source": family["source"]}
    yield said_row((row["code"], f"{row['label']} ({row['plain']})") for row in family["categories"])
    for title, rules in _parts(family["rules"]):
        yield {
            "Table": title,
            "Rule": [
                f"{row['order']}. {row['category']}: {row['when']}; says: {said} [{row['source']}]"
                for row in rules
                for said in [_sentence(row["sentence"])]
            ],
        }
    if family["inputs"]:
        yield said_row((f"Input {row['name']}", f"{row['unit']} {row['help']}".strip()) for row in family["inputs"])
    if family.get("events"):
        yield said_row((f"Event {row['name']}", row["help"]) for row in family["events"])
    if family["settings"]:
        yield said_row(
            (f"Setting {row['name']}", f"{row['default']}; allowed {row['allowed']}; {row['help']}")
            for row in family["settings"]
        )
    for case in family.get("cases", ()):
        told = (f"{row['visit_on']} {row['seen']}{_result(row)}" for row in case["rows"])
        yield {"Worked case": f"{case['case_id']}: {_title(case)}", "Day": list(told)}
    if family["reading"]:
        yield {"Our reading": list(_paragraphs(family["reading"]))}
