"""
The published standards, one file each, by id.

This module is only the table of ids, so that reading stored answers loads no family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .base import Family


class Entry(NamedTuple):
    """Where a family lives and what a screen needs to name it; a changed `revision` makes stored answers stale."""

    module: str
    revision: int
    title: str
    word: str  # response | remission
    measure: str  # what its timeline draws
    unit: str


FAMILIES: dict[str, Entry] = {
    "recist-1.1": Entry("recist", 1, "RECIST 1.1", "response", "sum of diameters", "mm"),
}
DEFAULT = "recist-1.1"


def load_family(criteria: str) -> Family:
    """
    Return the family of that id.

    Raises UsageError naming the nearest known id when there is none.
    """
    from importlib import import_module

    if criteria not in FAMILIES:
        from difflib import get_close_matches

        from ..errors import UsageError

        near = get_close_matches(criteria.lower(), FAMILIES, 1, 0.4) or [DEFAULT]
        raise UsageError(
            f'no criteria family "{criteria}"',
            f"known: {', '.join(FAMILIES)}",
            f"remtrack criteria show {near[0]}",
        )
    family: Family = import_module(f".{FAMILIES[criteria].module}", __name__).FAMILY
    return family
