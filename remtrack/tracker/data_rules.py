"""
What looks wrong in what was entered, though it could be recorded: rules on one patient's readings.

Each is a `Problem` with its severity, the rows it speaks of, and the command that mends it. A rule never
changes an answer; a person decides whether the data are right.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from ..verdict import END_KINDS, RESPONSE_KINDS, Place, Problem
from .lookup import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..store.facts import ReadingRow
    from ..verdict import Course

#: A size so many times the last one, or so small a part of it, is asked about.
_LEAP = 10
_BASELINE_LABELS = frozenset(("baseline", "bl", "base", "screening", "scr"))
#: A set of lesions that is seen at so many visits by itself is no accident.
_VISITS_OF_A_PERSON = 2


def data_problems(rows: Sequence[ReadingRow], courses: Sequence[Course]) -> Iterator[Problem]:
    """Yield what looks wrong in one patient: `rows` are all their readings by day, `courses` all their answers."""
    yield from without_role(rows)
    by_lesion: dict[tuple[str, int, str], list[ReadingRow]] = defaultdict(list)
    for row in rows:
        by_lesion[row.reader, row.line, row.lesion_id].append(row)
    for series in by_lesion.values():
        yield from changed_method(series)
        yield from leaps(series)
    yield from long_axis_of_nodes(rows)
    yield from without_reason(rows)
    yield from changed_targets(rows)
    yield from twins(rows)
    yield from two_people(rows)
    for course in courses:
        yield from response_after_progression(course)


def _edit(row: ReadingRow, words: str) -> str:
    reader = f" --reader {quote(row.reader)}" if row.reader else ""
    return f"remtrack edit {quote(row.patient_id)} {row.visit_on} {words}{reader} --reason {quote('what was wrong')}"


def _said(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _places(*rows: ReadingRow) -> tuple[Place, ...]:
    return tuple(Place(row.patient_id, row.line, row.visit_on, row.lesion_id, row.reader) for row in rows)


def without_role(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """A reading of a lesion without a role in its line is not judged."""
    told = set()
    for row in rows:
        if not row.role and (row.line, row.lesion_id) not in told:
            told.add((row.line, row.lesion_id))
            yield Problem(
                "warning",
                f"{row.patient_id}: {row.lesion_id} has no role in line {row.line}",
                f"it was read on {row.visit_on}, and no answer counts it",
                f"remtrack lesion add {quote(row.patient_id)} {quote(row.lesion_id)} --line {row.line} "
                "--role nontarget",
                rule="lesion-without-role",
                rows=_places(row),
            )


def changed_method(series: Sequence[ReadingRow]) -> Iterator[Problem]:
    """The method of a lesion should stay the same through a line (Eisenhauer 2009, §3.1)."""
    for before, now in pairwise([row for row in series if row.method]):
        if before.method.casefold() != now.method.casefold():
            yield Problem(
                "warning",
                f"{now.patient_id}: {now.lesion_id} was read by {before.method} on {before.visit_on} "
                f"and by {now.method} on {now.visit_on}",
                "sizes by two methods can differ without any change of the lesion",
                _edit(now, f"--method {quote(_one_reading(now) + before.method)}"),
                rule="method-changed",
                rows=_places(before, now),
            )
            return


def _one_reading(row: ReadingRow) -> str:
    # A reading that has a method of its own is not touched by that of its visit.
    return f"{row.lesion_id}=" if row.has_own_method else ""


def size_of(row: ReadingRow) -> Decimal | None:
    """Return the size that counts: the short axis of a node, the longest diameter of any other; None: not measured."""
    if row.state != "measured":
        return None
    return row.short_mm if row.kind == "node" and row.short_mm is not None else row.longest_mm


def leaps(series: Sequence[ReadingRow]) -> Iterator[Problem]:
    """A size ten times the last one, or a tenth of it, may be a slip of the point: of the odd one of its neighbours."""
    measured = [(row, size) for row in series if (size := size_of(row))]
    told: set[ReadingRow] = set()
    for at, ((before, was), (now, size)) in enumerate(pairwise(measured), 1):
        if _times(size, was) < _LEAP or before in told:
            continue  # what follows the odd one is back to where it was
        third = measured[at - 2][1] if at > 1 else measured[at + 1][1] if at + 1 < len(measured) else was
        row, odd, other = (now, size, was) if _times(size, third) >= _times(was, third) else (before, was, size)
        told.add(row)
        scale = 1 / Decimal(_LEAP) if odd > other else Decimal(_LEAP)
        yield Problem(
            "warning",
            f"{now.patient_id}: {now.lesion_id} is {_said(size)} mm on {now.visit_on}, "
            f"{_said(was)} mm on {before.visit_on}",
            f"one is {_LEAP} times the other, or more; was {_said(odd * scale)} mm meant on {row.visit_on}?",
            _edit(row, quote(f"{row.lesion_id}={_scaled(row, scale)}")),
            rule="ten-times",
            rows=_places(before, now),
        )


def _times(one: Decimal, other: Decimal) -> Decimal:
    return max(one, other) / min(one, other)


def _scaled(row: ReadingRow, scale: Decimal) -> str:
    sizes = (row.longest_mm, row.short_mm)
    return "x".join(_said(size * scale) for size in sizes if size is not None)


def long_axis_of_nodes(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """Of a node the short axis counts (Eisenhauer 2009, §3.2)."""
    for row in rows:
        if row.kind == "node" and row.state == "measured" and row.short_mm is None and row.longest_mm is not None:
            yield Problem(
                "warning",
                f"{row.patient_id}: of the node {row.lesion_id} only the longest diameter is entered on {row.visit_on}",
                f"its short axis counts; {_said(row.longest_mm)} mm is the other one",
                _edit(row, quote(f"{row.lesion_id}={_said(row.longest_mm)}xSHORT")),
                rule="node-by-long-axis",
                rows=_places(row),
            )


def without_reason(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """A target that was not assessed makes its visit not evaluable, so a monitor asks why."""
    for row in rows:
        if row.state == "not_assessed" and not row.reason:
            reader = f" --reader {quote(row.reader)}" if row.reader else ""
            yield Problem(
                "note",
                f"{row.patient_id}: it is not said why {row.lesion_id} was not assessed on {row.visit_on}",
                "",
                f"remtrack edit {quote(row.patient_id)} {row.visit_on} {quote(row.lesion_id)}=ne{reader} --reason WHY",
                rule="no-reason",
                rows=_places(row),
            )


def changed_targets(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """
    Targets are chosen at the baseline of a line and stay the same (Eisenhauer 2009, §3.1).

    What a target fell into, or what several became together, is not another target.
    """
    merged = {(row.reader, row.line, row.visit_on) for row in rows if row.state == "merged_into"}
    first: dict[tuple[str, int], ReadingRow] = {}
    seen: dict[tuple[str, int, str], ReadingRow] = {}
    for row in rows:
        first.setdefault((row.reader, row.line), row)
        if row.role == "target":
            seen.setdefault((row.reader, row.line, row.lesion_id), row)
    for (reader, line, lesion_id), row in seen.items():
        baseline = first[reader, line]
        follows = row.state == "fragment_of" or (reader, line, row.visit_on) in merged
        if row.visit_on > baseline.visit_on and not follows:
            yield Problem(
                "warning",
                f"{row.patient_id}: {lesion_id} is a target of line {line} and has no reading at its first visit, "
                f"{baseline.visit_on}",
                f"it is read first on {row.visit_on}; a sum without it cannot be compared with later ones",
                f"remtrack add {quote(row.patient_id)} {baseline.visit_on} --target {quote(f'{lesion_id}=SIZE')}"
                + (f" --reader {quote(reader)}" if reader else ""),
                rule="target-set-changed",
                rows=_places(baseline._replace(lesion_id=lesion_id), row),
            )


def twins(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """Two lesions of one site with one size may be the same one, entered twice."""
    places: dict[tuple[object, ...], list[ReadingRow]] = defaultdict(list)
    for row in rows:
        if row.state == "measured" and row.site:
            place = (row.reader, row.line, row.visit_on, row.kind, row.organ.casefold(), row.site.casefold())
            places[*place, row.longest_mm, row.short_mm].append(row)
    told = set()
    for same in places.values():
        for one, other in combinations(same, 2):
            if (pair := (one.lesion_id, other.lesion_id)) not in told:
                told.add(pair)
                yield Problem(
                    "warning",
                    f"{one.patient_id}: {one.lesion_id} and {other.lesion_id} are both {one.organ}, {one.site}, "
                    f"of one size on {one.visit_on}",
                    "one lesion entered twice counts twice in the sum",
                    f"remtrack lesion remove {quote(one.patient_id)} {quote(other.lesion_id)} "
                    f"--reason {quote('entered twice')}",
                    rule="twin-lesions",
                    rows=_places(one, other),
                )


def two_people(rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    """Two baselines in one line, or two sets of lesions seen in turn, look like two people under one code."""
    lines: dict[tuple[str, int], list[ReadingRow]] = defaultdict(list)
    for row in rows:
        lines[row.reader, row.line].append(row)
    for (reader, line), mine in lines.items():
        patient_id = mine[0].patient_id
        baselines = sorted({row.visit_on for row in mine if row.label.strip().casefold() in _BASELINE_LABELS})
        if len(baselines) > 1:
            yield Problem(
                "warning",
                f"{patient_id}: line {line} has visits called baseline on {' and '.join(map(str, baselines))}",
                "a line has one baseline; two may be two people, or two lines",
                f"remtrack line start {quote(patient_id)} {baselines[-1]}",
                rule="two-baselines",
                rows=tuple(Place(patient_id, line, day, "", reader) for day in baselines),
            )
        yield from _two_sets(patient_id, line, reader, mine)


def _two_sets(patient_id: str, line: int, reader: str, rows: Sequence[ReadingRow]) -> Iterator[Problem]:
    visits: dict[object, set[str]] = defaultdict(set)
    for row in rows:
        visits[row.visit_on].add(row.lesion_id)
    groups: list[tuple[set[str], list[object]]] = []
    for on, lesions in visits.items():
        joined, days = set(lesions), [on]
        apart = []
        for group in groups:
            if group[0] & joined:
                joined |= group[0]
                days += group[1]
            else:
                apart.append(group)
        groups = [*apart, (joined, days)]
    people = [(sorted(lesions), sorted(days, key=str)) for lesions, days in groups if len(days) >= _VISITS_OF_A_PERSON]
    for (ours, here), (theirs, there) in combinations(people, 2):
        if str(here[0]) <= str(there[-1]) and str(there[0]) <= str(here[-1]):
            yield Problem(
                "warning",
                f"{patient_id}: line {line} has two sets of lesions that are never read together: "
                f"{', '.join(ours)} and {', '.join(theirs)}",
                "they may be of two people under one code",
                f"remtrack lesions {quote(patient_id)}",
                rule="two-sets-of-lesions",
                rows=tuple(Place(patient_id, line, None, lesion_id, reader) for lesion_id in (*ours, *theirs)),
            )


def response_after_progression(course: Course) -> Iterator[Problem]:
    """A response after progression belongs to a new line of therapy, which has its own baseline."""
    over = None
    for row in course.assessments:
        if over is None and row.reported_kind in END_KINDS:
            over = row
        elif over is not None and row.kind in RESPONSE_KINDS:
            yield Problem(
                "warning",
                f"{course.patient_id}: {row.overall} on {row.visit_on} after {over.reported} on {over.visit_on}, "
                f"in line {course.line} ({course.criteria})",
                "after progression a response belongs to the next line of therapy, which has its own baseline",
                f"remtrack line start {quote(course.patient_id)} {over.visit_on} --baseline {over.visit_on}",
                rule="response-after-progression",
                rows=tuple(
                    Place(course.patient_id, course.line, day, "", course.reader)
                    for day in (over.visit_on, row.visit_on)
                ),
            )
            return
