"""
Asking a family, whoever wrote it.

A family of another package that fails on a patient is named with its package, and is an error of that family
alone: what else was asked is answered. One of this package that fails is our fault, and is not caught here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import fold
from ..criteria import FAMILIES
from ..errors import RemtrackError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from ..model import History
    from ..verdict import Course, Explanation, Problem


class FamilyFailedError(UsageError):
    """A family of another package that failed while it judged a line; `trouble` says on which, and how."""

    trouble = ""


def assess(history: History, criteria: str, settings: Mapping[str, str] | None = None) -> Course:
    """Return what `fold.assess` does. Raises FamilyFailedError where a family of another package fails."""
    with _named(history, criteria):
        return fold.assess(history, criteria, settings)


def explain(history: History, criteria: str, settings: Mapping[str, str] | None, visit_on: date) -> Explanation:
    """Return what `fold.explain` does. Raises FamilyFailedError where a family of another package fails."""
    with _named(history, criteria):
        return fold.explain(history, criteria, settings, visit_on)


def check_baseline(history: History, criteria: str, settings: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Return what `fold.check_baseline` does. Raises FamilyFailedError where a family of another package fails."""
    with _named(history, criteria):
        return fold.check_baseline(history, criteria, settings)


@contextmanager
def _named(history: History, criteria: str) -> Iterator[None]:
    if dict.__contains__(FAMILIES, criteria):
        yield
        return
    try:
        yield
    except RemtrackError:
        raise
    except (Exception, SystemExit) as error:
        if type(error) is LookupError:  # from the fold itself: the visit is none of this family's
            raise
        from ..criteria.installed import find, said

        found = find(criteria)
        where = f"line {history.line.number} of {history.patient_id}"
        failed = FamilyFailedError(
            f'the criteria family "{criteria}" failed on {where}',
            f"{found.package if found else criteria}: {said(error)}; who wrote it can mend it",
            "remtrack criteria list",
        )
        failed.trouble = f"it failed on {where}: {said(error)}"
        raise failed from error
