"""
Laying the readings of a table against what is recorded of a patient.

Here is settled what a file leaves out: which kind a lesion is, which role it plays (by when it was
first seen), and which axis a size without a name belongs to. Two readings of one lesion at one
visit contradict each other: neither is kept.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..model import NEW_STATES, NONTARGET_STATES, TARGET_STATES
from .axes import axes_of
from .lookup import quote
from .merging_refused import refuse_doubtful_roles

if TYPE_CHECKING:
    from collections.abc import Sequence, Set as AbstractSet
    from datetime import date

    from ..exchange.rows import Reading
    from ..verdict import Problem
    from .merging import Merge, Patient

# What may be said of a lesion in each role. A non-target may carry a size (a node, above all), and
# iRECIST follows new lesions by size and by state.
_ALLOWED = {
    "target": frozenset(TARGET_STATES),
    "nontarget": frozenset((*NONTARGET_STATES, "measured", "too_small", "treated_locally")),
    "new": frozenset((*NEW_STATES, *NONTARGET_STATES, "measured", "too_small", "treated_locally")),
}

# What is called of a lesion that is seen; a size may stand beside it.
_CALLED = frozenset({"equivocal", "unequivocal", "unequivocal_pd", "increased"})

RoleKey = tuple[int, str, str]  # line, lesion, reader
#: Rows with the visit each belongs to and the key of the role its lesion plays there.
Placed = list[tuple["Reading", dict[str, Any], RoleKey]]


def take_readings(merge: Merge, patient_id: str, rows: Sequence[Reading | Problem]) -> None:
    """Take one patient's readings: place each at its visit, settle kind and role, refuse contradictions, write."""
    good = merge.good(rows)
    if not good:
        return
    patient = merge.patient(patient_id)
    # They come in the order of the file, which rows of one day keep.
    if len({row.line for row in good}) == 1:
        good.sort(key=attrgetter("dated_on"))
    else:
        good.sort(key=lambda row: (row.line or 0, row.dated_on))
    placed = place(merge, patient, good)
    kinds = settle_kinds(merge, patient, placed)
    first = baselines(patient, {visit["visit_key"] for _row, visit, _key in placed})
    roles = settle_roles(merge, patient, placed, first)
    if merge.partial:
        refuse_doubtful_roles(merge, patient, placed, roles, first)
    placed = settle_sizes(merge, patient, placed, roles, kinds)
    refuse_two_sizes(merge, placed)
    write_readings(merge, patient, placed)


def place(merge: Merge, patient: Patient, rows: Sequence[Reading]) -> Placed:
    """Return the rows with the visit each belongs to; those of one visit stand together and are placed once."""
    placed: Placed = []
    last: tuple[Any, ...] = ()
    visit: dict[str, Any] | None = None
    for row in rows:
        look = (row.dated_on, row.line, row.reader, row.visit)
        if look != last or visit is None:
            last, visit = look, merge.place(patient, row)
        if visit is not None:
            placed.append((row, visit, (row.line or visit["line"], row.lesion_id, row.reader)))
    return placed


def baselines(patient: Patient, read_now: AbstractSet[int]) -> dict[tuple[int, str], date]:
    """
    Return the baseline of each line and reader, as it stands with the visits of this file.

    A visit of samples alone is no look at lesions; `read_now` are the visits at which this file has readings.
    """
    looked = read_now | {visit_key for visit_key, _lesion_id in patient.readings}
    sampled = {visit_key for visit_key, _test, _on in patient.results} - looked
    first: dict[tuple[int, str], date] = {}
    for visit in patient.visits.values():
        if visit["visit_key"] in sampled:
            continue
        key = (visit["line"], visit["reader"])
        if key not in first or visit["visit_on"] < first[key]:
            first[key] = visit["visit_on"]
    readers = {reader for _day, reader in patient.visits}
    for number, line in patient.lines.items():
        named = line["baseline_on"]
        if named:
            first.update({(number, reader): named for reader in readers if (named, reader) in patient.visits})
    return first


def settle_kinds(merge: Merge, patient: Patient, placed: Placed) -> dict[str, str]:
    """Return the kind of each lesion in the rows: as recorded, else as the file says, else nonnodal."""
    kinds: dict[str, str] = {}
    fits: set[tuple[str, str]] = set()  # lesions with a kind that was settled
    for row, _visit, _key in placed:
        if (row.lesion_id, row.kind) in fits:
            continue
        known = patient.lesions.get(row.lesion_id)
        kind = known["kind"] if known else kinds.get(row.lesion_id, "")
        if kind and row.kind and row.kind != kind:
            merge.refuse(
                row,
                "other-kind",
                f"{row.lesion_id} of {patient.patient_id} is {kind}, not {row.kind}",
                "a lesion keeps its kind for life: a node is measured by its short axis",
                column="kind",
            )
            continue
        kinds[row.lesion_id] = kind or row.kind
        fits.add((row.lesion_id, row.kind))
    return {lesion_id: kind or "nonnodal" for lesion_id, kind in kinds.items()}


def settle_roles(
    merge: Merge, patient: Patient, placed: Placed, first: dict[tuple[int, str], date]
) -> dict[RoleKey, str]:
    """Return the role of each lesion in each line: as recorded, as the file says, or by when it was first seen."""
    roles = dict(patient.roles)
    # A file may give the role of a lesion in some of its rows alone.
    for row, _visit, key in placed:
        if row.role and key not in roles:
            roles[key] = row.role
    for row, visit, key in placed:
        if row.role in ("target", "nontarget") and row.role == roles[key]:
            continue
        number = key[0]
        baseline: date = first.get((number, row.reader)) or visit["visit_on"]
        role = roles.get(key) or first_role(row, visit, baseline, number, roles)
        if row.role and row.role != role:
            merge.refuse(
                row,
                "other-role",
                f"{row.lesion_id} of {patient.patient_id} is {role} in line {number}, not {row.role}",
                "a lesion keeps its role for the whole line",
                column="role",
            )
        elif role == "new" and visit["visit_on"] <= baseline:
            merge.refuse(
                row,
                "new-at-baseline",
                f"{row.lesion_id} of {patient.patient_id} cannot be new on {visit['visit_on']}",
                f"that is the baseline of line {number}; what is seen there is target or nontarget",
                column="role",
            )
        elif was_seen_before(merge, patient, row, visit):
            roles[key] = role
    return roles


def first_role(
    row: Reading,
    visit: dict[str, Any],
    baseline: date,
    number: int,
    roles: dict[RoleKey, str],
) -> str:
    """Return the role of a lesion that no row gives one: by its first visit, and whether it was measured there."""
    if row.state == "fragment_of":
        return roles.get((number, row.other_id, row.reader)) or "target"
    if visit["visit_on"] > baseline:
        return "new"
    earlier = roles.get((number - 1, row.lesion_id, row.reader))
    if earlier in ("target", "nontarget"):
        return earlier
    # A reading in the words of targets is of a target, even where nothing could be measured.
    looks_measured = row.longest_mm is not None or row.short_mm is not None
    return "target" if looks_measured or row.state in ("too_small", "not_assessed") else "nontarget"


def was_seen_before(merge: Merge, patient: Patient, row: Reading, visit: dict[str, Any]) -> bool:
    """A reading before the lesion was first seen, by a row that does not give its role, is a slip."""
    first = patient.first_read.get((row.lesion_id, row.reader))
    if first is None or row.role or visit["visit_on"] >= first:
        return True
    merge.refuse(
        row,
        "before-first-seen",
        f"{row.lesion_id} of {patient.patient_id} was first seen on {first}; this reading is dated {row.dated_on}",
        "a lesion cannot be measured before it was first seen; a row that gives its role says that it was seen then",
        column="date",
    )
    return False


def settle_sizes(
    merge: Merge,
    patient: Patient,
    placed: Placed,
    roles: dict[RoleKey, str],
    kinds: dict[str, str],
) -> Placed:
    """Return the rows with role, kind and axes settled; a state that does not fit the role is refused."""
    from ..exchange.cells import CellError
    from ..exchange.readings import settle

    kept: Placed = []
    axes = {number: axes_of(families) for number, families in patient.criteria.items()}
    some_bad = bool(merge.tally.bad)
    for row, visit, key in placed:
        if some_bad and merge.is_refused(row):
            continue
        role = roles[key]
        kind = kinds[row.lesion_id]
        # What was read as of one axis at first stands where one axis is measured.
        is_open = row.said and not row.said[-1] == axes[key[0]] == "one"
        try:
            whole = settle(row, role, kind, axes[key[0]]) if is_open else row
        except CellError as error:
            merge.refuse(row, "cell", error.what, error.why, error.hint, error.column)
            continue
        if role == "nontarget" and whole.state == "unequivocal":
            whole = whole._replace(state="unequivocal_pd")
        if role == "target" and key[0] != visit["line"] and whole.state in _CALLED and has_size(whole):
            # What is called of it belongs to the line before, whose visit this baseline is.
            whole = whole._replace(state="measured")
        if whole.state not in _ALLOWED[role]:
            merge.refuse(
                row,
                "state-of-other-role",
                f"{row.lesion_id} of {patient.patient_id}: a {role} lesion cannot be {whole.state}",
                f"a {role} lesion is one of {', '.join(sorted(_ALLOWED[role]))}",
                column="state",
            )
            continue
        if whole.role != role or whole.kind != kind:
            whole = whole._replace(role=role, kind=kind)
        kept.append((whole, visit, key))
    return kept


def said(row: Reading) -> tuple[Any, ...]:
    """Return what a reading says, to compare it with another of the same lesion and visit."""
    return row.state, row.longest_mm, row.short_mm, row.other_id


def has_size(row: Reading) -> bool:
    return row.longest_mm is not None or row.short_mm is not None


def refuse_two_sizes(merge: Merge, placed: Placed) -> None:
    """Refuse every row of a lesion that has two different readings at one visit; equal rows count as one."""
    if len({(visit["visit_key"], row.lesion_id) for row, visit, _key in placed}) == len(placed):
        return
    seen: dict[tuple[int, str], list[tuple[Reading, RoleKey]]] = {}
    for row, visit, key in placed:
        seen.setdefault((visit["visit_key"], row.lesion_id), []).append((row, key))
    for found in seen.values():
        rows, (first, first_key) = [row for row, _key in found], found[0]
        if all(
            said(row) == said(first)
            or is_same_sighting(said(row), said(first))
            or (key[0] != first_key[0] and is_same_size(said(first), said(row)))
            for row, key in found
        ):
            continue
        for row in rows:
            others = ", ".join(f"{say(said(other))} in line {other.line_no}" for other in rows if other is not row)
            merge.refuse(
                row,
                "two-sizes",
                f"{row.lesion_id} of {row.patient_id}: two readings on {row.dated_on}, {say(said(row))} here, {others}",
                "one lesion has one reading a visit, so neither is kept",
                column="longest_mm",
            )


def write_readings(merge: Merge, patient: Patient, placed: Placed) -> None:
    """Gather settled readings, their lesions and roles for writing; refuse those of which another value is recorded."""
    some_bad = bool(merge.tally.bad)
    lesions, roles, readings = patient.lesions, patient.roles, patient.readings
    new: list[tuple[Any, ...]] = []
    added = 0
    for row, visit, key in placed:
        if some_bad and merge.is_refused(row):
            continue
        if row.other_id and (row.other_id not in lesions or row.other_id == row.lesion_id):
            is_itself = row.other_id == row.lesion_id
            merge.refuse(
                row,
                "unknown-lesion",
                f"{row.other_id} is not {'another' if is_itself else 'a'} lesion of {patient.patient_id}",
                f"{row.lesion_id} is said to be {row.state.replace('_', ' ')} it",
                column="state",
            )
            continue
        lesion = lesions.get(row.lesion_id)
        if lesion is None or (row.organ and row.organ != lesion["organ"]) or (row.site and not lesion["site"]):
            lesion = merge.lesion(patient, row.lesion_id, row.kind, row.organ, row.site)
        gave_role = key not in roles
        if gave_role:
            roles[key] = row.role
            merge.fresh["line_lesions"].append((patient.patient_id, key[0], lesion["lesion_key"], row.reader, row.role))
        own_day = row.dated_on if row.dated_on != visit["visit_on"] else None
        reading = (row.state, row.longest_mm, row.short_mm, row.other_id, own_day)
        recorded = readings.setdefault((visit["visit_key"], row.lesion_id), reading)
        if recorded is reading:
            new.append(
                (
                    visit["visit_key"],
                    lesion["lesion_key"],
                    None if row.longest_mm is None else float(row.longest_mm),
                    None if row.short_mm is None else float(row.short_mm),
                    row.state,
                    lesions[row.other_id]["lesion_key"] if row.other_id else None,
                    row.method,
                    row.reason,
                    row.note,
                    None if own_day is None else own_day.isoformat(),
                )
            )
            added += 1
        elif (
            recorded == reading
            or is_same_sighting(recorded, reading)
            or (key[0] != visit["line"] and is_same_size(recorded, reading))
        ):
            if gave_role:
                added += 1
            else:
                merge.same()
        else:
            refuse_other_size(merge, patient, row, visit["visit_on"], recorded, reading)
    merge.fresh["measurements"] += new
    if added:
        merge.added(patient, added)


def refuse_other_size(
    merge: Merge, patient: Patient, row: Reading, visit_on: date, recorded: tuple[Any, ...], reading: tuple[Any, ...]
) -> None:
    typed = f"{row.lesion_id}={say(reading).partition(' (')[0]}"
    merge.refuse(
        row,
        "other-size",
        f"{row.lesion_id} of {patient.patient_id} is recorded otherwise on {row.dated_on}",
        f"recorded {say(recorded)}, here {say(reading)}",
        f"remtrack edit {quote(patient.patient_id)} {visit_on} {quote(typed)} --reason corrected",
        "longest_mm",
    )


def is_same_sighting(recorded: tuple[Any, ...], reading: tuple[Any, ...]) -> bool:
    """
    Say whether two readings differ only in the word for being sure.

    A lesion that is new in one line and a non-target in the next is written under both; what is
    unequivocal there would be read as unequivocal progression here.
    """
    sure = {"unequivocal", "unequivocal_pd"}
    return recorded[1:] == reading[1:] and {recorded[0], reading[0]} == sure


def is_same_size(called: tuple[Any, ...], measured: tuple[Any, ...]) -> bool:
    """
    Say whether a later line measures what the line before called new, or worse: the size is the same.

    Kept is what was called of it, for that cannot be told from the size.
    """
    return called[1:] == measured[1:] and called[0] in _CALLED and measured[0] == "measured"


def say(reading: tuple[Any, ...]) -> str:
    """Return a reading as it would be typed, what is called of it beside its size."""
    state, longest, short = reading[:3]
    sizes = "x".join(f"{size.normalize():f}" for size in (longest, short) if size is not None)
    return f"{sizes} ({str(state).replace('_', ' ')})" if sizes and state != "measured" else sizes or str(state)
