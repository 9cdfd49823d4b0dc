"""
What the readings of a line say about its lesions, for every family that looks at lesions.

Which lesions are targets and which are not, what size counts, what became of a lesion that was split,
merged or treated, and since when a lesion is proven to be new. No categories: these belong to the
families. Sources: Eisenhauer 2009, §3.1.1, §4.1-4.3 and Appendix II; Schwartz 2009 for nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from ..model import TOO_SMALL_MM, History, Lesion, Measurement, Visit

ZERO = Decimal(0)

#: A node whose short axis is under this is of normal size (Eisenhauer 2009, §3.1.1).
NORMAL_NODE_MM = Decimal(10)
#: From this short axis on a node may be a target (Eisenhauer 2009, §3.1.1).
MEASURABLE_NODE_MM = Decimal(15)

# What a reading says of a lesion that is followed without being measured.
WORSE, PRESENT, ABSENT, UNKNOWN = "worse", "present", "absent", "unknown"

# States that tie a lesion to another one, or take it out of the assessment.
_TIES = frozenset({"fragment_of", "merged_into", "treated_locally"})
# States of a new lesion that leave no doubt that it is there. A size does the same.
_PROVEN = frozenset({"unequivocal", "unequivocal_pd", "present", "increased", "too_small"})

Rows = Mapping[str, Measurement]
Sizes = list[tuple[Lesion, Decimal]]


class Sighting(NamedTuple):
    """A new lesion that is proven: the visit that first saw it, the day of that scan, the visit that proved it."""

    lesion_id: str
    seen_on: date
    scanned_on: date
    proven_on: date


@dataclass(slots=True)
class Roster:
    """
    The lesions of a line by the part they play, as all its readings together show it.

    `fragments` are what a lesion was split into, by its id, each with the visit that first saw it so;
    they are no targets or new lesions of their own. `masses` are what lesions merged into without that
    being a target; one that was not there before the merging is no new lesion either. `treated_on` is the
    visit from which a lesion is out of the assessment, `has_ties` whether there is any of these three.
    `sightings` are the proven new lesions, by when they were first seen; `unclear` those still to be settled.
    """

    targets: tuple[Lesion, ...]
    nontargets: tuple[Lesion, ...]
    news: tuple[Lesion, ...]
    fragments: dict[str, list[tuple[Lesion, date]]]
    masses: dict[str, Lesion]
    treated_on: dict[str, date]
    sightings: tuple[Sighting, ...] = ()
    unclear: frozenset[str] = frozenset()
    has_ties: bool = False


def enrol(history: History) -> Roster:
    """
    Return the lesions of a line by the part they play.

    With `as_of` a lesion without a reading by then is not known yet; without it, a target or non-target
    that has no reading at all is one whose entry was forgotten, and stays in.
    """
    lesions = {lesion.lesion_id: lesion for lesion in sorted(history.lesions, key=_by_name)}
    at_baseline = {row.lesion_id: row for row in history.visits[0].measurements} if history.visits else {}
    ties = [(visit.visit_on, row) for visit in history.visits for row in visit.measurements if row.state in _TIES]
    own = set(lesions)
    if history.as_of is not None:
        own = {row.lesion_id for visit in history.visits for row in visit.measurements}
    roster = Roster((), (), (), {}, {}, {}, has_ties=bool(ties))
    if ties:
        own -= _tie(roster, history, ties, lesions, at_baseline)
    by_role: dict[str, list[Lesion]] = {"target": [], "nontarget": [], "new": []}
    for name, lesion in lesions.items():
        if name in own and not _is_normal_marker(lesion, at_baseline.get(name)):
            by_role[lesion.role].append(lesion)
    roster.targets, roster.nontargets = tuple(by_role["target"]), tuple(by_role["nontarget"])
    roster.news = tuple(by_role["new"])
    if roster.news:
        roster.sightings, roster.unclear = _sightings(roster, history.visits[1:])
    return roster


def _is_normal_marker(lesion: Lesion, row: Measurement | None) -> bool:
    # A marker is followed only if it was above its limit at the baseline (Eisenhauer 2009, §4.3.3).
    return lesion.kind == "marker" and row is not None and row.state == "absent"


def _tie(
    roster: Roster,
    history: History,
    ties: Sequence[tuple[date, Measurement]],
    lesions: Mapping[str, Lesion],
    at_baseline: Rows,
) -> set[str]:
    """Enter fragments, masses and treated lesions; return the ids that are no lesions of their own by that."""
    parents = _parents(ties, lesions, at_baseline)
    for part, (parent, split_on) in parents.items():
        roster.fragments.setdefault(parent, []).append((lesions[part], split_on))
    dependent = set(parents)
    for visit_on, row in ties:
        if row.state == "treated_locally":
            roster.treated_on.setdefault(parents.get(row.lesion_id, (row.lesion_id,))[0], visit_on)
        elif row.state == "merged_into" and row.other_id in lesions and row.other_id not in parents:
            mass = lesions[row.other_id]
            if _first_read_on(history, mass) >= visit_on:
                dependent.add(mass.lesion_id)
            elif mass.role == "target":
                continue
            roster.masses[mass.lesion_id] = mass
    return dependent


def _first_read_on(history: History, lesion: Lesion) -> date:
    return next(
        (v.visit_on for v in history.visits for row in v.measurements if row.lesion_id == lesion.lesion_id), date.max
    )


def _by_name(lesion: Lesion) -> tuple[int, str]:
    return len(lesion.lesion_id), lesion.lesion_id  # L2 before L10


def _parents(
    ties: Sequence[tuple[date, Measurement]], lesions: Mapping[str, Lesion], at_baseline: Rows
) -> dict[str, tuple[str, date]]:
    """Return of each fragment the lesion that it came from in the end, and when it was first seen as a fragment."""
    direct: dict[str, tuple[str, date]] = {}
    for visit_on, row in ties:
        split = row.state == "fragment_of" and row.lesion_id in lesions and row.other_id in lesions
        if split and row.lesion_id not in at_baseline and row.other_id != row.lesion_id:
            direct.setdefault(row.lesion_id, (row.other_id, visit_on))
    found = {}
    for part, (parent, split_on) in direct.items():
        root, walked = parent, {part}
        while root in direct and root not in walked:
            walked.add(root)
            root = direct[root][0]
        if root not in walked:
            found[part] = (root, split_on)
    return found


def _sightings(roster: Roster, visits: Sequence[Visit]) -> tuple[tuple[Sighting, ...], frozenset[str]]:
    """
    Return the proven new lesions by date, and the ids of those that are unclear so far.

    A lesion that was unclear and is later proven counts from its first sighting (Eisenhauer 2009, §4.3.5); a
    sighting that was disproved in between was something else and does not count.
    """
    first: dict[str, tuple[date, date]] = {}
    proven: dict[str, Sighting] = {}
    wanted = {lesion.lesion_id: lesion for lesion in roster.news}
    names = {part.lesion_id: name for name, parts in roster.fragments.items() if name in wanted for part, _ in parts}
    names.update((name, name) for name in wanted)
    for visit in visits:
        for row in visit.measurements:
            name = names.get(row.lesion_id)
            if name is None or name in proven:
                continue
            if row.state == "fragment_of" and row.lesion_id == name:
                continue  # part of a lesion that this line does not follow
            if row.state == "disproved":
                first.pop(name, None)
                continue
            certain = row.state in _PROVEN or _is_seen(wanted[name], row)
            if certain or row.state == "equivocal":
                seen_on, scanned_on = first.setdefault(name, (visit.visit_on, row.measured_on or visit.visit_on))
                if certain:
                    proven[name] = Sighting(name, seen_on, scanned_on, visit.visit_on)
    ordered = sorted(
        proven.values(), key=lambda sighting: (sighting.seen_on, len(sighting.lesion_id), sighting.lesion_id)
    )
    return tuple(ordered), frozenset(first.keys() - proven.keys())


def _is_seen(lesion: Lesion, row: Measurement) -> bool:
    """Say whether a size proves a new lesion: any but 0, and of a node not one of normal size."""
    if row.state not in ("measured", "fragment_of"):
        return False
    if lesion.kind == "node":
        axis = row.longest_mm if row.short_mm is None else row.short_mm
        return axis is None or axis >= NORMAL_NODE_MM
    return row.longest_mm is None or row.longest_mm > 0


# ------------------------------------------------------------------------------------ target lesions


def read_targets(roster: Roster, rows: Rows, visit_on: date) -> tuple[Sizes, list[str]]:
    """
    Return the size of each target at a visit, and a sentence for each that has none.

    The size is the longest diameter, of a node the short axis; fragments are added up; a lesion that
    merged into another counts 0, and the mass counts once.
    """
    sizes: Sizes = []
    missing: list[str] = []
    merged: dict[str, Lesion] = {}
    for lesion in roster.targets:
        if roster.has_ties:
            size, why = _tied_size(roster, rows, lesion, visit_on, merged)
        else:
            size, why = read_size(lesion, rows.get(lesion.lesion_id))
        if size is None:
            missing.append(why)
        else:
            sizes.append((lesion, size))
    for name, mass in merged.items():
        size, why = read_size(mass, rows.get(name))
        if size is None:
            missing.append(why)
        else:
            sizes.append((mass, size))
    return sizes, missing


# A target may have been a new lesion or a non-target of the line before, and its size be written with what was
# called of it there.
_SIZED = frozenset({"measured", "fragment_of", "present", "increased", "unequivocal_pd", "equivocal", "unequivocal"})


def read_size(lesion: Lesion, row: Measurement | None) -> tuple[Decimal | None, str]:
    """Return the size of a lesion by itself in mm; or None and a sentence that says what is missing."""
    if row is None:
        return None, f"nothing is entered for {lesion.lesion_id}"
    state = row.state
    size = row.short_mm if lesion.kind == "node" else row.longest_mm
    if size is not None and state in _SIZED:
        return size, ""
    return _read_state(lesion, row, size)


def _read_state(lesion: Lesion, row: Measurement, size: Decimal | None) -> tuple[Decimal | None, str]:
    name, is_node = lesion.lesion_id, lesion.kind == "node"
    if row.state in ("measured", "fragment_of"):
        return None, f"{name} has no {'short axis' if is_node else 'longest diameter'}"
    if row.state == "absent":
        if is_node:
            return size or ZERO, ""  # a node that is no longer seen as enlarged keeps the short axis it has
        return (None, f"{name} is entered as absent and with a size") if size else (ZERO, "")
    if row.state == "too_small":
        return size or TOO_SMALL_MM, ""
    if row.state == "not_assessed":
        return None, f"{name} was not assessed{f' ({row.reason})' if row.reason else ''}"
    if row.state == "treated_locally":
        return None, f"{name} was treated locally"
    return None, f'{name} is entered as "{row.state}", without a size'


def _tied_size(
    roster: Roster, rows: Rows, lesion: Lesion, visit_on: date, merged: dict[str, Lesion]
) -> tuple[Decimal | None, str]:
    """Return the size of a target where some lesions of the line were split, merged or treated."""
    name = lesion.lesion_id
    row = rows.get(name)
    if name in roster.treated_on and visit_on >= roster.treated_on[name]:
        return None, f"{name} was treated locally"
    if row is not None and row.state == "merged_into":
        return _merged_size(roster, rows, lesion, merged)
    parts = [part for part, split_on in roster.fragments.get(name, ()) if split_on <= visit_on]
    if not parts or (row is not None and all(part.lesion_id not in rows for part in parts)):
        return read_size(lesion, row)
    if row is None and all(part.lesion_id not in rows for part in parts):
        return None, f"nothing is entered for {name} or its fragments"
    total = ZERO
    for piece in [*parts, lesion] if row is not None else parts:
        size, why = read_size(piece, rows.get(piece.lesion_id))
        if size is None:
            return None, why
        total += size
    return total, ""


def _merged_size(roster: Roster, rows: Rows, lesion: Lesion, merged: dict[str, Lesion]) -> tuple[Decimal | None, str]:
    """Return 0 for a lesion that merged into one that is measured, and note a mass that is no target itself."""
    walked = {lesion.lesion_id}
    into = rows[lesion.lesion_id].other_id
    while into not in walked and into in rows and rows[into].state == "merged_into":
        walked.add(into)
        into = rows[into].other_id
    if into in walked:
        return None, f"{lesion.lesion_id} is entered as merged in a circle"
    if into in roster.masses:
        merged[into] = roster.masses[into]
    elif all(target.lesion_id != into for target in roster.targets):
        return None, f"{lesion.lesion_id} merged into {into}, which is not measured in this line"
    return ZERO, ""


# -------------------------------------------------------------------------------- non-target lesions


def read_nontarget(roster: Roster, rows: Rows, lesion: Lesion, visit_on: date) -> tuple[str, str]:
    """Return worse, present, absent or unknown for a non-target, with a sentence when it is unknown."""
    name = lesion.lesion_id
    row = rows.get(name)
    if roster.has_ties:
        if name in roster.treated_on and visit_on >= roster.treated_on[name]:
            return UNKNOWN, f"{name} was treated locally"
        parts = [part for part, split_on in roster.fragments.get(name, ()) if split_on <= visit_on]
        if parts and row is None:
            read = [_read_word(part, rows.get(part.lesion_id)) for part in parts]
            return next(found for word in (WORSE, PRESENT, UNKNOWN, ABSENT) for found in read if found[0] == word)
        if row is not None and row.state == "merged_into":
            followed = row.other_id in roster.masses or any(
                other.lesion_id == row.other_id for other in (*roster.targets, *roster.nontargets)
            )
            # What it merged into is judged there.
            return (ABSENT, "") if followed else (UNKNOWN, f"{name} merged into {row.other_id}, which is not followed")
    return _read_word(lesion, row)


def _read_word(lesion: Lesion, row: Measurement | None) -> tuple[str, str]:
    name = lesion.lesion_id
    if row is None:
        return UNKNOWN, f"nothing is entered for {name}"
    state = row.state
    if state in ("unequivocal_pd", "unequivocal"):
        return WORSE, ""
    if state in ("present", "increased", "equivocal"):
        return PRESENT, ""
    if state == "not_assessed":
        return UNKNOWN, f"{name} was not assessed{f' ({row.reason})' if row.reason else ''}"
    if state in ("measured", "absent", "too_small", "fragment_of"):
        if lesion.kind == "node":
            return _read_node(name, row)
        if state == "absent":
            return (UNKNOWN, f"{name} is entered as absent and with a size") if row.longest_mm else (ABSENT, "")
        return (ABSENT if row.longest_mm == 0 and state == "measured" else PRESENT), ""
    return UNKNOWN, f'{name} is entered as "{state}"'


def _read_node(name: str, row: Measurement) -> tuple[str, str]:
    """Return what a measured node is: under 10 mm in short axis it is of normal size, and no disease."""
    if row.short_mm is not None:
        return (PRESENT if row.short_mm >= NORMAL_NODE_MM else ABSENT), ""
    if row.state in ("absent", "too_small") or (row.longest_mm is not None and row.longest_mm < NORMAL_NODE_MM):
        return ABSENT, ""  # the short axis is never the longer one
    if row.longest_mm is None and row.state == "fragment_of":
        return PRESENT, ""
    return UNKNOWN, f"{name} has no short axis"
