"""The events of a line: which there are, and where each belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..criteria import FAMILIES, load_family
from .lookup import is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

#: The line's own dates, by the event that sets them, and how they are told.
OF_THE_LINE = {"treatment_start": "started_on", "treatment_stop": "stopped_on"}
TOLD = {"treatment_start": "treatment started", "treatment_stop": "treatment stopped"}
#: What may be recorded as an event: first what every family knows, then what some read (`Family.events`).
EVENTS = (
    *OF_THE_LINE,
    "therapy",
    "local_therapy",
    "transplant",
    "clinical_progression",
    "death",
    "last_contact",
    "note",
    "radiotherapy_end",
    "response_landmark",
    "induction_end",
    "treatment_restart",
    "progression",
    "growth_factor",
    "transfusion",
    "platelet_transfusion",
)


def known_events(criteria: Iterable[str]) -> tuple[str, ...]:
    """Return what may be recorded in a line that these families judge; those of other packages may read their own."""
    others = [name for name in criteria if not dict.__contains__(FAMILIES, name) and is_installed(name)]
    return tuple(dict.fromkeys((*EVENTS, *(event for name in others for event in load_family(name).events))))


def nearest_event(name: str, known: Iterable[str]) -> str:
    """Return the event most like a name, "" when none is."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), 1, 0.6)), "")


def is_second_stop(stopped_on: date | None, on: date, restarts: Iterable[date]) -> bool:
    """Say whether treatment was stopped once already, and begun again since: then the line keeps its first stop."""
    return stopped_on is not None and any(stopped_on < day <= on for day in restarts)


def note_of(name: str, detail: str) -> Mapping[str, str]:
    """Return the event that keeps what was said beside a date of the line, which has no place for it."""
    return {"event": "note", "detail": f"{TOLD[name]}: {detail}"}
