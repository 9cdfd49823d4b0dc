"""
The stored answers: courses written beside the facts they come of, and read back as the same values.

Decimals are kept as text, exactly. Answers can be thrown away and made again; `facts_change` says
which state of the facts they belong to.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import FAMILIES
from ..verdict import Assessment, Course, Episode, Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from .open import Connection


class StoredCourse(NamedTuple):
    """A stored answer; `fresh_facts` is False when the facts have changed since it was derived."""

    course: Course
    facts_change: int
    revision: int
    fresh_facts: bool


_KEY = ("patient_id", "line", "reader", "criteria")
_COURSE = (
    "settings", "baseline_on", "baseline_value", "nadir_on", "best_response", "best_response_unconfirmed",
    "response_start", "confirmed_on", "progression_on", "dor_days", "dor_censored", "pfs_days", "pfs_censored",
    "current", "current_on", "thresholds", "extra",
)  # fmt: skip
_ASSESSMENT = (
    "visit_on", "visit", "dated_on", "overall", "reported", "kind", "reported_kind", "rule", "because", "source",
    "findings", "undecided", "flags", "sum_mm", "sum_complete", "baseline_sum_mm", "nadir_sum_mm",
    "change_from_baseline_pct", "change_from_nadir_pct", "change_from_nadir_mm", "value", "extra",
)  # fmt: skip
_EPISODE = (
    "word", "category", "kind", "began_on", "confirmed_on", "last_seen_on", "ended_on", "ended_by", "days",
    "lasted_month", "lasted_on", "settles_on", "levels",
)  # fmt: skip
_PARTS = ("target", "nontarget", "new_lesion")
_STAMP = ("facts_change", "revision")


_WRITTEN = {
    "courses": (*_KEY, *_STAMP, "position", *_COURSE),
    "assessments": (*_KEY, *_STAMP, *_PARTS, *_ASSESSMENT),
    "episodes": (*_KEY, *_STAMP, "position", *_EPISODE),
}
# So many patients are replaced together, and so many rows written in one statement.
_PATIENTS_AT_ONCE = 100
_ROWS_AT_ONCE = 250


def put_answers(connection: Connection, answers: Iterable[tuple[str, Sequence[Course]]]) -> int:
    """
    Replace the stored answers of each of these patients; return how many patients they were.

    Raises ValueError for another patient's course.
    """
    count = 0
    waiting = iter(answers)
    while some := list(islice(waiting, _PATIENTS_AT_ONCE)):
        count += len(some)
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _WRITTEN}
        among, ids = f"WHERE patient_id IN ({', '.join('?' * len(some))})", [patient_id for patient_id, _ in some]
        for table in _WRITTEN:
            connection.execute(f"DELETE FROM {table} {among}", ids)
        last_change = dict(connection.execute(f"SELECT patient_id, last_change FROM patients {among}", ids))
        for patient_id, courses in some:
            for position, course in enumerate(courses):
                if course.patient_id != patient_id:
                    raise ValueError(f"a course of {course.patient_id} among those of {patient_id}")
                _gather(rows, course, position, last_change[patient_id])
        for table, columns in _WRITTEN.items():
            _insert(connection, table, columns, rows[table])
    return count


def _gather(rows: dict[str, list[tuple[Any, ...]]], course: Course, position: int, last_change: int) -> None:
    family = FAMILIES.get(course.criteria)
    # A family that failed may be mended under the same revision: such answers are never fresh.
    revision = family.revision if family and "failed" not in course.extra else 0
    head = (course.patient_id, course.line, course.reader, course.criteria, last_change, revision)
    rows["courses"].append((*head, position, *_course_row(course)))
    rows["assessments"] += [(*head, *_assessment_row(each)) for each in course.assessments]
    rows["episodes"] += [(*head, index, *_episode_row(each)) for index, each in enumerate(course.episodes)]


def _insert(connection: Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    insert, row = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ", f"({', '.join('?' * len(columns))})"
    whole = len(rows) - len(rows) % _ROWS_AT_ONCE
    for start in range(0, whole, _ROWS_AT_ONCE):  # many in one statement: a third less time than one by one
        values = list(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE]))
        connection.execute(insert + ", ".join([row] * _ROWS_AT_ONCE), values)
    connection.executemany(insert + row, rows[whole:])


class Stored:
    """
    The stored answers as they stand in the file, cell by cell, to be held against those that the facts give.

    Ask for the patients in order. What is compared is everything but the stamps.
    """

    def __init__(self, connection: Connection) -> None:
        self._groups = [
            (table, _ByPatient(connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY patient_id")))
            for table, columns in _COMPARED.items()
        ]

    def differences(
        self, patient_id: str, courses: Sequence[Course], but: Collection[str] = ()
    ) -> list[tuple[str, str]]:
        """
        Return where what is stored is not what these courses would be stored as, as (table, where) pairs.

        `where` is the day of the visit, the start of the episode, or the family. Families in `but` are left out.
        """
        expected = _rows_of(courses)
        found = []
        for table, group in self._groups:
            odd = [row for row in set(group.of(patient_id)) ^ expected[table] if row[_CRITERIA] not in but]
            found += [(table, str(row[_SAYS_WHERE[table]])) for row in odd]
        return sorted(set(found))


_COMPARED = {
    "courses": (*_KEY, "position", *_COURSE),
    "assessments": (*_KEY, *_PARTS, *_ASSESSMENT),
    "episodes": (*_KEY, "position", *_EPISODE),
}
_CRITERIA = _KEY.index("criteria") - 1
# The column of a row, without the patient, that tells a person where it is.
_SAYS_WHERE = {
    table: columns[1:].index(name)
    for (table, columns), name in zip(_COMPARED.items(), ("criteria", "visit_on", "began_on"), strict=True)
}


def _rows_of(courses: Sequence[Course]) -> dict[str, set[tuple[Any, ...]]]:
    rows: dict[str, set[tuple[Any, ...]]] = {table: set() for table in _COMPARED}
    for position, course in enumerate(courses):
        head = (course.line, course.reader, course.criteria)
        rows["courses"].add((*head, position, *_course_row(course)))
        rows["assessments"].update((*head, *_assessment_row(each)) for each in course.assessments)
        rows["episodes"].update((*head, index, *_episode_row(each)) for index, each in enumerate(course.episodes))
    return rows


class _ByPatient:
    """Rows that begin with their patient, in that order, handed out one patient at a time without it."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next: tuple[Any, ...] | None = next(rows, None)

    def of(self, patient_id: str) -> Iterator[tuple[Any, ...]]:
        while self._next is not None and self._next[0] <= patient_id:
            row, self._next = self._next, next(self._rows, None)
            if row[0] == patient_id:
                yield row[1:]


def _course_row(course: Course) -> tuple[Any, ...]:
    return (
        _pack(course.settings),
        _day(course.baseline_on),
        _exact(course.baseline_value),
        _day(course.nadir_on),
        course.best_response,
        course.best_response_unconfirmed,
        _day(course.response_start),
        _day(course.confirmed_on),
        _day(course.progression_on),
        course.dor_days,
        course.dor_censored,
        course.pfs_days,
        course.pfs_censored,
        course.current,
        _day(course.current_on),
        _pack(course.thresholds),
        _pack(course.extra),
    )


def _assessment_row(answer: Assessment) -> tuple[Any, ...]:
    told, categories = _told(tuple([(found.part, found.category, found.rule) for found in answer.findings]))
    return (
        *categories,
        answer.visit_on.isoformat(),
        answer.visit,
        answer.dated_on.isoformat(),
        answer.overall,
        answer.reported,
        answer.kind,
        answer.reported_kind,
        answer.rule,
        answer.because,
        answer.source,
        told,
        _pack(answer.undecided),
        _pack(answer.flags),
        _exact(answer.sum_mm),
        answer.sum_complete,
        _exact(answer.baseline_sum_mm),
        _exact(answer.nadir_sum_mm),
        _exact(answer.change_from_baseline_pct),
        _exact(answer.change_from_nadir_pct),
        _exact(answer.change_from_nadir_mm),
        _exact(answer.value),
        _pack(answer.extra),
    )


# What each part gave and by which rule; why is in the overall sentence, and `explain` asks the rules again. With
# every part's sentence the answers took two thirds of the file.
@lru_cache(maxsize=4096)
def _told(findings: tuple[tuple[str, str, str], ...]) -> tuple[str, tuple[str, ...]]:
    """Return (part, category, rule) of each finding as JSON, and the categories of the parts that have a column."""
    category = {part: code for part, code, _rule in reversed(findings)}
    return _encode(findings), tuple(category.get(part, "") for part in _PARTS)


def _episode_row(episode: Episode) -> tuple[Any, ...]:
    return (
        episode.word,
        episode.category,
        episode.kind,
        episode.began_on.isoformat(),
        _day(episode.confirmed_on),
        episode.last_seen_on.isoformat(),
        _day(episode.ended_on),
        episode.ended_by,
        episode.days,
        episode.lasted_month,
        _day(episode.lasted_on),
        _day(episode.settles_on),
        _pack(episode.levels),
    )


# -- reading -------------------------------------------------------------------------------------

_ORDER = "patient_id, line, reader, criteria"
_LAST = """AND a.visit_on = (SELECT max(visit_on) FROM assessments AS b WHERE b.patient_id = a.patient_id
    AND b.line = a.line AND b.reader = a.reader AND b.criteria = a.criteria)"""


def courses(
    connection: Connection, patient_ids: Iterable[str] | None = None, *, last_only: bool = False
) -> Iterator[StoredCourse]:
    """
    Give the stored courses by patient, and within a patient in the order in which they were put.

    With `last_only` a course has only the last of its assessments (episodes are all there).
    """
    if patient_ids is None:
        yield from _stream(connection, "", (), last_only=last_only)
        return
    for patient_id in sorted(set(patient_ids)):
        yield from _stream(connection, "AND a.patient_id = ?", (patient_id,), last_only=last_only)


def _stream(connection: Connection, where: str, values: tuple[str, ...], *, last_only: bool) -> Iterator[StoredCourse]:
    head = connection.execute(
        f"SELECT a.patient_id, a.line, a.reader, a.criteria, {', '.join(f'a.{name}' for name in _COURSE)}, "
        "a.facts_change, a.revision, a.facts_change = p.last_change, a.position "
        f"FROM courses AS a JOIN patients AS p ON p.patient_id = a.patient_id WHERE 1 {where} "
        "ORDER BY a.patient_id, a.line, a.reader, a.criteria",
        values,
    )
    assessments = _Groups(
        connection.execute(
            f"SELECT {_ORDER}, {', '.join(_ASSESSMENT)} FROM assessments AS a WHERE 1 {where} "
            f"{_LAST if last_only else ''} ORDER BY {_ORDER}, visit_on",
            values,
        )
    )
    episodes = _Groups(
        connection.execute(
            f"SELECT {_ORDER}, {', '.join(_EPISODE)} FROM episodes AS a WHERE 1 {where} ORDER BY {_ORDER}, position",
            values,
        )
    )
    patient_id = None
    waiting: list[tuple[int, StoredCourse]] = []
    for row in head:
        if row[0] != patient_id:
            yield from _in_order(waiting)
            patient_id, waiting = row[0], []
        key = row[:4]
        course = _course(row, tuple(map(_assessment, assessments.of(key))), tuple(map(_episode, episodes.of(key))))
        waiting.append((row[-1], StoredCourse(course, row[-4], row[-3], bool(row[-2]))))
    yield from _in_order(waiting)


def _in_order(waiting: list[tuple[int, StoredCourse]]) -> Iterator[StoredCourse]:
    for _, stored in sorted(waiting, key=lambda pair: pair[0]):
        yield stored


class _Groups:
    """Rows in the order of their course, handed out one course at a time, without the key."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next: tuple[Any, ...] | None = next(rows, None)

    def of(self, key: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        # What belongs to no course, because another program took that away, must not hold up those behind it.
        while self._next is not None and self._next[:4] < key:
            self._next = next(self._rows, None)
        group = []
        while self._next is not None and self._next[:4] == key:
            group.append(self._next[4:])
            self._next = next(self._rows, None)
        return group


def _course(row: tuple[Any, ...], assessments: tuple[Assessment, ...], episodes: tuple[Episode, ...]) -> Course:
    (
        patient_id, line, reader, criteria, settings, baseline_on, baseline_value, nadir_on, best, best_unconfirmed,
        response_start, confirmed_on, progression_on, dor_days, dor_censored, pfs_days, pfs_censored,
        current, current_on, thresholds, extra, *_,
    ) = row  # fmt: skip
    return Course(
        patient_id=patient_id,
        line=line,
        reader=reader,
        criteria=criteria,
        settings=_unpack_list(settings),
        baseline_on=_as_day(baseline_on),
        baseline_value=_as_number(baseline_value),
        nadir_on=_as_day(nadir_on),
        assessments=assessments,
        episodes=episodes,
        best_response=best,
        best_response_unconfirmed=best_unconfirmed,
        response_start=_as_day(response_start),
        confirmed_on=_as_day(confirmed_on),
        progression_on=_as_day(progression_on),
        dor_days=dor_days,
        dor_censored=_as_flag(dor_censored),
        pfs_days=pfs_days,
        pfs_censored=_as_flag(pfs_censored),
        current=current,
        current_on=_as_day(current_on),
        thresholds=_unpack_list(thresholds),
        extra=_unpack_dict(extra),
    )


def _assessment(row: tuple[Any, ...]) -> Assessment:
    (
        visit_on, visit, dated_on, overall, reported, kind, reported_kind, rule, because, source, findings, undecided,
        flags, sum_mm, sum_complete, baseline_sum, nadir_sum, from_baseline, from_nadir, from_nadir_mm, value, extra,
    ) = row  # fmt: skip
    return Assessment(
        visit_on=date.fromisoformat(visit_on),
        visit=visit,
        dated_on=date.fromisoformat(dated_on),
        overall=overall,
        reported=reported,
        kind=kind,
        reported_kind=reported_kind,
        rule=rule,
        because=because,
        source=source,
        findings=tuple(Finding(part, category, rule, "", "") for part, category, rule in json.loads(findings)),
        undecided=_unpack_list(undecided),
        flags=_unpack_list(flags),
        sum_mm=_as_number(sum_mm),
        sum_complete=_as_flag(sum_complete),
        baseline_sum_mm=_as_number(baseline_sum),
        nadir_sum_mm=_as_number(nadir_sum),
        change_from_baseline_pct=_as_number(from_baseline),
        change_from_nadir_pct=_as_number(from_nadir),
        change_from_nadir_mm=_as_number(from_nadir_mm),
        value=_as_number(value),
        extra=_unpack_dict(extra),
    )


def _episode(row: tuple[Any, ...]) -> Episode:
    (
        word, category, kind, began_on, confirmed_on, last_seen_on, ended_on, ended_by, days, lasted_month, lasted_on,
        settles_on, levels,
    ) = row  # fmt: skip
    return Episode(
        word=word,
        category=category,
        kind=kind,
        began_on=date.fromisoformat(began_on),
        confirmed_on=_as_day(confirmed_on),
        last_seen_on=date.fromisoformat(last_seen_on),
        ended_on=_as_day(ended_on),
        ended_by=ended_by,
        days=days,
        lasted_month=lasted_month,
        lasted_on=_as_day(lasted_on),
        settles_on=_as_day(settles_on),
        levels=_unpack_list(levels),
    )


# -- values --------------------------------------------------------------------------------------


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _as_day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _as_number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _as_flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _tagged(value: Any) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    raise TypeError(f"an answer cannot hold a {type(value).__name__}")


# One encoder for all: json.dumps makes a new one for each call with options.
_encode = json.JSONEncoder(default=_tagged, ensure_ascii=False).encode


def _pack(value: Any) -> str:
    """Return lists and dicts as JSON, "" when there is nothing; a Decimal or a date says what it is."""
    return _encode(value) if value else ""


def _untagged(value: dict[str, Any]) -> Any:
    if "$decimal" in value:
        return Decimal(value["$decimal"])
    if "$date" in value:
        return date.fromisoformat(value["$date"])
    return value


def unpack(text: str) -> Any:
    """Return what was packed; lists come back as tuples."""
    return _tuples(json.loads(text, object_hook=_untagged if '"$' in text else None))


def _unpack_list(text: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = unpack(text) if text else ()
    return found


def _unpack_dict(text: str) -> dict[str, Any]:
    found: dict[str, Any] = unpack(text) if text else {}
    return found


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value


# A line, reader and family that is judged (see `histories`: with a baseline of its own) and has no stored course.
_WITHOUT = """SELECT DISTINCT v.patient_id, c.criteria FROM visits AS v
    JOIN lines AS l ON l.patient_id = v.patient_id AND l.line = v.line
    JOIN line_criteria AS c ON c.patient_id = v.patient_id AND c.line = v.line
    WHERE {of} AND NOT EXISTS (SELECT 1 FROM courses AS k WHERE k.patient_id = v.patient_id AND k.line = v.line
        AND k.reader = v.reader AND k.criteria = c.criteria)
    AND CASE
        WHEN l.baseline_on IS NOT NULL THEN EXISTS (SELECT 1 FROM visits AS b
            WHERE b.patient_id = v.patient_id AND b.reader = v.reader AND b.visit_on = l.baseline_on)
        WHEN v.reader = '' THEN 1
        ELSE v.visit_on <= (SELECT coalesce(min(b.visit_on) FILTER (WHERE b.reader = ''), min(b.visit_on))
            FROM visits AS b WHERE b.patient_id = v.patient_id AND b.line = v.line)
    END"""


def without_course(
    connection: Connection, criteria: Collection[str], patient_ids: Iterable[str] | None = None
) -> set[str]:
    """
    Return the patients (of those; None: of all) who lack a stored answer that one of these families would give.

    No command of remtrack leaves one out: another program took it away, or a family was installed later.
    """
    if patient_ids is None:
        found = connection.execute(_WITHOUT.format(of="1")).fetchall()
    else:
        sql = _WITHOUT.format(of="v.patient_id = ?")
        found = [row for patient_id in patient_ids for row in connection.execute(sql, (patient_id,))]
    return {patient_id for patient_id, name in found if name in criteria}
