"""Finding what a command names, and what to say when it is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..criteria import FAMILIES, Entry
from ..errors import NotFoundError

if TYPE_CHECKING:
    from ..store import Record


def require_patient(record: Record, patient_id: str, *, to_add: bool = False) -> dict[str, Any]:
    """Return the patient's row; raises NotFoundError naming the nearest, or how to add one when that is meant."""
    rows = record.rows("patients", patient_id=patient_id)
    if rows:
        return rows[0]
    from difflib import get_close_matches

    known = list(record.patient_ids())
    near = get_close_matches(patient_id, known, 3, 0.5)
    if near:
        why = f"near to it: {', '.join(near)}"
    elif known:
        why = f"known: {', '.join(known[:8])}{' ...' if len(known) > 8 else ''}"
    else:
        why = "there is no patient in this record yet"
    hint = f"remtrack patient add {quote(patient_id)}" if to_add or not known else "remtrack patients"
    raise NotFoundError(f"patient {patient_id} is not known", why, hint)


def quote(word: str) -> str:
    """Return the word as it must be typed in a shell."""
    if re.fullmatch(r"[A-Za-z0-9_.:/=+-]+", word):
        return word
    from shlex import quote as shell_quote

    return shell_quote(word)


def is_installed(criteria: str) -> bool:
    """Say whether there is a family of that id: of this version, or of a package that is installed beside it."""
    return criteria in FAMILIES


def family_entry(criteria: str) -> Entry:
    """
    Return what a screen needs to name a family.

    One that is neither of this version nor of an installed package names itself and says so: its stored answers
    can still be read.
    """
    return FAMILIES.get(criteria) or Entry("", 0, f"{criteria} (not installed)", "response", "value", "")


def refused_families() -> list[tuple[str, str, str]]:
    """Return (id, package, trouble) of each family of another package that was asked for and cannot be used."""
    from ..criteria.installed import refused

    return [(one.criteria, one.package, one.trouble) for one in refused()]
