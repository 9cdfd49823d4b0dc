"""How the families of a line measure a lesion: what a size that does not name its axis stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The families of this package that read lesions. Those of other packages measure in one diameter.
_OF_LESIONS = {
    "recist-1.1": "one",
    "irecist": "one",
    "lugano-2014": "two",
    "rano-2.0": "two",
    "mrecist-hcc": "viable",
}


def axes_of(families: Iterable[str]) -> str:
    """
    Return "one", "two" or "viable" (see `exchange.cells.AXES`) for the families that judge a line.

    A viable part goes first: beside it no size can be anything else.
    """
    found = {_OF_LESIONS.get(name, "one") for name in families}
    return next((axes for axes in ("viable", "two") if axes in found), "one")


def why_not_together(families: Iterable[str]) -> str:
    """Return why the answers of some families on one line cannot all be right, "" when they can."""
    found = {_OF_LESIONS[name]: name for name in families if name in _OF_LESIONS}
    if "viable" not in found or len(found) == 1:
        return ""
    other = next(name for axes, name in found.items() if axes != "viable")
    return (
        f"a line judged by {found['viable']} and by {other} has one size for both: the viable diameter, "
        f"which {other} would take for the whole; keep them as two patients"
    )
