"""
Families of other packages, found by their entry points.

A package names its families in the entry point group `remtrack.criteria`: the id, and where a `Family` (or
what gives one when called) is. Nothing here is asked while all families of a record are of this package. A
family that cannot be used is put on a list with its package and the reason, and is otherwise as if it were
not there: whoever talks to the person reads the list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import Family

GROUP = "remtrack.criteria"


class Found(NamedTuple):
    """An id that a package gives: its family, or None and what is the trouble with it."""

    criteria: str
    package: str
    family: Family | None
    trouble: str = ""


_refused: dict[Found, None] = {}
_loaded: dict[str, Found] = {}


def refused() -> tuple[Found, ...]:
    """Return the families that were asked for and could not be used, in the order in which that was noticed."""
    return tuple(_refused)


def note_failure(criteria: str, trouble: str) -> None:
    """Put a family that failed while it judged on that list, once."""
    found = find(criteria)
    if found is not None and not any(one.criteria == criteria for one in _refused):
        _refused[found._replace(family=None, trouble=trouble)] = None


def revisions() -> dict[str, int]:
    """Return the revision of each family of another package that was asked for in this run."""
    return {one.criteria: one.family.revision for one in _loaded.values() if one.family is not None}


def was_told(found: Found) -> None:
    """Take a family off that list: the error that ends the command names it."""
    _refused.pop(found, None)


def forget() -> None:
    """Ask the installed packages anew: what was found before may have been installed or removed since."""
    _points.cache_clear()
    find.cache_clear()
    _refused.clear()
    _loaded.clear()


def names() -> list[str]:
    """Return the ids that installed packages give beside those of this package; none of them is loaded."""
    from . import FAMILIES

    return sorted({point.name for point in _points()} - FAMILIES.keys())


def every() -> list[Found]:
    """Return what is behind every id of every installed package, each loaded."""
    found = [find(name) for name in sorted({point.name for point in _points()})]
    return [one for one in found if one is not None]


@lru_cache
def find(criteria: str) -> Found | None:
    """Return what the installed packages have under that id, None when none gives it."""
    points = [point for point in _points() if point.name == criteria]
    if not points:
        return None
    package = ", ".join(sorted({package_of(point) for point in points}))
    try:
        found = _loaded[criteria] = Found(criteria, package, _family(criteria, points))
    # Whatever a package of somebody else does wrong while it is loaded, it is that family which is missing.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        found = Found(criteria, package, None, said(error))
        _refused.setdefault(found)
    return found


def package_of(point: Any) -> str:
    """Return the name and version of the package that an entry point belongs to."""
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else str(point.module)


def _family(criteria: str, points: Sequence[Any]) -> Family:
    """Return the family of an entry point. Raises whatever its package raises, ValueError for what is no family."""
    from . import FAMILIES
    from .base import Family
    from .contract import faults

    if dict.__contains__(FAMILIES, criteria):
        raise ValueError("remtrack has a family of that id itself, which is the one that is used")
    if len(points) > 1:
        raise ValueError("more than one package gives this id, so none of them is used")
    given = points[0].load()
    family = given() if callable(given) and not isinstance(given, Family) else given
    if not isinstance(family, Family):
        raise ValueError(f"{points[0].value} gives {type(family).__name__}, not a Family")  # noqa: TRY004
    if family.id != criteria:
        raise ValueError(f"the family calls itself {family.id}, its entry point {criteria}")
    wrong = faults(family)
    if wrong:
        raise ValueError("; ".join(wrong))
    return family


def said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, ValueError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@lru_cache
def _points() -> tuple[Any, ...]:
    from importlib import metadata

    try:
        return tuple(dict.fromkeys(metadata.entry_points(group=GROUP)))
    except Exception as error:  # noqa: BLE001 - one package with unreadable metadata is enough
        _refused.setdefault(Found("", "the installed packages", None, said(error)))
        return ()
