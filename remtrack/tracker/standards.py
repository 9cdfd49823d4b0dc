"""The published standards as values that a screen can draw: categories, rules, inputs, settings, worked cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..criteria import DEFAULT, FAMILIES, entry_of, load_family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..criteria import Entry
    from ..criteria.base import Family


def families() -> list[dict[str, Any]]:
    """
    Return one row a family: those of this version, without loading any, and those of other installed packages.

    `package` is the name and version of the other package, "" for a family of this one.
    """
    from ..criteria.installed import every

    own = [family_row(name, entry, "") for name, entry in FAMILIES.items()]
    others = [family_row(one.criteria, entry_of(one.family, one.package), one.package) for one in every() if one.family]
    return own + others


def family_row(name: str, entry: Entry, package: str) -> dict[str, Any]:
    return {
        "criteria": name,
        "title": entry.title,
        "word": entry.word,
        "measure": entry.measure,
        "unit": entry.unit,
        "default": name == DEFAULT,
        "package": package,
    }


def reading(module: str) -> str:
    """Return what a family's file says under "Our reading": where the standard is silent, and what is done here."""
    import sys

    text = sys.modules[module].__doc__ or ""
    return text.partition("Our reading")[2].partition(":")[2].strip()


def worked_cases(family: Family) -> Iterator[dict[str, Any]]:
    """
    Yield the worked cases that come with a family, in the order of their file: `cases/ID.csv` beside its module.

    A case has an id, what it shows, its settings, and rows: the day, what was seen, the category with the
    reported one and the rule ("" for a baseline or an event). A family without such a file has none.
    """
    import csv
    import sys
    from itertools import groupby
    from operator import itemgetter
    from pathlib import Path

    home = getattr(sys.modules[type(family).__module__], "__file__", None)
    path = Path(home or "").parent / "cases" / f"{family.id}.csv"
    if home is None or not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        for (case_id, title, settings), rows in groupby(
            csv.DictReader(file), key=itemgetter("case_id", "title", "settings")
        ):
            yield {
                "case_id": case_id,
                "title": title,
                "settings": settings,
                "rows": [
                    {name: row[name] for name in ("visit_on", "seen", "overall", "reported", "rule")} for row in rows
                ],
            }


def describe(criteria: str) -> dict[str, Any]:
    """
    Return all that a family says of itself: source, categories, rules part by part, inputs, events, settings, readings.

    Raises UsageError naming the nearest family when there is none of that id.
    """
    family = load_family(criteria)
    entry = FAMILIES[criteria]
    return {
        "criteria": family.id,
        "title": family.title,
        "word": family.word,
        "measure": entry.measure,
        "unit": family.unit,
        "revision": family.revision,
        "source": family.source,
        "package": "" if dict.__contains__(FAMILIES, criteria) else entry.module,
        "reading": reading(type(family).__module__),
        "categories": [
            {"code": row.code, "label": row.label, "plain": row.plain, "rank": row.rank, "kind": row.kind}
            for row in sorted(family.categories, key=lambda row: row.rank)
        ],
        "rules": [
            {
                "part": table.part,
                "title": table.title,
                "order": order,
                "rule": rule.id,
                "category": rule.category,
                "when": rule.when,
                "sentence": rule.sentence,
                "source": rule.source,
            }
            for table in family.tables
            for order, rule in enumerate(table.rules, 1)
        ],
        "inputs": [{"name": row.name, "unit": row.unit, "help": row.help} for row in family.inputs],
        "events": [{"name": name, "help": read_for} for name, read_for in family.events.items()],
        "settings": [
            {"name": row.name, "default": row.default, "allowed": row.allowed, "help": row.help}
            for row in family.settings
        ],
        "cases": list(worked_cases(family)),
    }
