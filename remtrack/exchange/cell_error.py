"""A cell that cannot be read, as an exception with words for a person. Which cells, the modules beside it say."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_WORD = 60  # what is longer is no word, and comparing it would take long


class CellError(ValueError):
    """
    A cell that cannot be read: `what` is wrong, `why`, and a `hint` (what to write instead).

    `column` is our name of the column to blame when several were read together, else "". `option`
    is what the import could be told to read the cell, "" when there is nothing.
    """

    def __init__(self, what: str, why: str = "", hint: str = "", column: str = "", *, option: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.hint, self.column, self.option = what, why, hint, column, option


def quote(text: str, most: int = 40) -> str:
    r"""Return `text` in quotes as a message may show it: cut at `most` signs, unprintable ones as \uXXXX."""
    shown = text if len(text) <= most else text[:most] + "..."
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in shown) + '"'


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word most like `word` (case aside), "" when none is close."""
    return _nearest(word.casefold(), tuple(known)) if len(word) <= _LONGEST_WORD else ""


@lru_cache(1000)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    """Do the work of `nearest`, once for a word that a column repeats in every row."""
    from difflib import get_close_matches

    by_key = {name.casefold(): name for name in known}
    return next((by_key[key] for key in get_close_matches(word, by_key, 1, 0.6)), "")
