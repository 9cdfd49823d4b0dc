"""The published standards as values that a screen can draw: categories, rules, inputs, settings."""

from __future__ import annotations

from typing import Any

from ..criteria import DEFAULT, FAMILIES, load_family


def families() -> list[dict[str, Any]]:
    """Return one row a family, without loading any."""
    return [
        {
            "criteria": name,
            "title": entry.title,
            "word": entry.word,
            "measure": entry.measure,
            "unit": entry.unit,
            "default": name == DEFAULT,
        }
        for name, entry in FAMILIES.items()
    ]


def reading(module: str) -> str:
    """Return what a family's file says under "Our reading": where the standard is silent, and what is done here."""
    import sys

    text = sys.modules[module].__doc__ or ""
    return text.partition("Our reading")[2].partition(":")[2].strip()


def describe(criteria: str) -> dict[str, Any]:
    """
    Return everything a family says of itself: source, categories, rules part by part, inputs, settings, readings.

    Raises UsageError naming the nearest family when there is none of that id.
    """
    family = load_family(criteria)
    return {
        "criteria": family.id,
        "title": family.title,
        "word": family.word,
        "unit": family.unit,
        "revision": family.revision,
        "source": family.source,
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
        "settings": [
            {"name": row.name, "default": row.default, "allowed": row.allowed, "help": row.help}
            for row in family.settings
        ],
    }
