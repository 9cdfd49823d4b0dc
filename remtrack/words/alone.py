"""
What is said where the last visit by itself gave another category than is reported of the line.

A remission goes on until relapse or progression; a visit that shows less, or nothing, does not end it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..verdict import END_KINDS, NO_DISEASE, RESPONSE_KINDS
from . import numbers_remissions

if TYPE_CHECKING:
    from ..views import StatusRow

_NOT_ENTERED = re.compile(r"nothing is entered for (?:the )?([a-z][a-z ]*)")


def this_visit_alone(row: StatusRow) -> str:
    """Return "This visit alone: PR (no marrow); CR of 2025-11-10 goes on until progression." for the last visit."""
    missing = [found[1] for said in row.undecided if (found := _NOT_ENTERED.fullmatch(said))]
    without = f" (no {', '.join(missing)})" if missing and len(missing) == len(row.undecided) else ""
    seen = f"This visit alone: {row.overall}{without}"
    since = f" of {row.since}" if row.since else ""
    if row.current_kind in END_KINDS:
        return f"{seen}; {row.current}{since} stands."
    if row.progression_on is not None or row.current_kind not in RESPONSE_KINDS | {NO_DISEASE}:
        return f"{seen}; reported is {row.current}."
    if not numbers_remissions(row.criteria):  # a loss that the next sample has to confirm
        return f"{seen}; {row.current}{since} goes on."
    return f"{seen}; {row.current}{since} goes on until {_end(row)}."


def _end(row: StatusRow) -> str:
    return "relapse" if row.criteria.startswith("blood-a") else "progression"
