"""
Looking at the answers: status, timeline, remission, lesions.

Reads stored answers (deriving in memory only those that are out of date) and arranges them as
the values that a screen draws. Days since, overdue and "passed, not checked" depend on today and
are worked out here or on the screen, never stored.
"""

from __future__ import annotations

from datetime import date as day
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ..criteria import DEFAULT
from ..errors import NotFoundError
from ..verdict import COMPLETE, END_KINDS, MINOR, NO_DISEASE, NOT_EVALUABLE, PARTIAL, STABLE
from ..views import Beside, Counted, LesionRow, Overview, RemissionRow, StatusRow, Timeline, TimelineRow
from ..words import current_episode, has_scans, is_open, looked_at
from .derive import courses
from .lookup import family_entry, is_installed, quote, require_patient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from ..store import Record
    from ..verdict import Assessment, Course, Episode, Milestone
    from ..views import Labels

#: A line that is not over and has had no visit for so long is named under "Needs attention".
#: Ours: twice the longest interval common in trials (8 weeks), and a little patience.
OVERDUE_DAYS = 120
_HUNDRED = Decimal(100)
#: The facts beside a category that are told, by the name their family keeps them under: those of a course, those of
#: its last visit, and among these the results that hold until a newer one. `words.beside` has their sentences.
OF_THE_COURSE = (
    "mrd_relapse_date", "lasting_2_months", "relapse_or_refractory", "mr3_lost", "sustained_dmr", "mr4_start",
    "mr4_days", "mr4_lost", "mr45_start", "mr45_days", "mr45_lost", "tfr_start", "tfr_lost",
    "tfr_days", "relapse_from_cr", "preliminary_pd_since", "iupd_open_since", "normalised_on",
    "psa_change_week12_pct", "psa_greatest_decline_pct",
)  # fmt: skip
OF_A_VISIT = (
    "mrd_status", "mrd", "four_weeks", "cns", "milestone", "chr", "cyto", "interim", "score", "ct", "pet",
    "clinical_relapse", "new_sum_mm", "total_mm", "clinical", "steroids", "group", "bone_new_lesions",
)  # fmt: skip
HELD = ("mrd", "mrd_status", "cyto", "chr")
#: What a complete response may fall back to without the response having ended.
LESSER_KINDS = frozenset({PARTIAL, MINOR, STABLE})

#: One complete response or remission: line, reader, family, first day.
Start = tuple[int, str, str, day]


class Held(NamedTuple):
    """From when to when a complete response was held; `ended_on` is None while it is."""

    began_on: day
    ended_on: day | None


def overview(
    record: Record, today: date, *, as_of: date | None = None, everyone: bool = False, most: int = 40
) -> Overview:
    """
    Return where every patient stands: the latest line of each, headline family and ordinary reader first.

    More than `most` patients are counted by category and only those who need attention are
    listed, unless `everyone`.
    """
    latest = latest_rows(record, today, as_of)
    tally: dict[tuple[str, str, str], list[StatusRow]] = {}
    responding: dict[str, int] = {}
    for row in latest:
        tally.setdefault((row.criteria if row.current else "", row.current, row.current_kind), []).append(row)
        if current_episode(row) is not None:
            responding[row.word] = responding.get(row.word, 0) + 1
    shown = latest
    if len(latest) > most and not everyone:
        shown = [row for row in latest if row.attention][:most]
    figures = record.counts()
    return Overview(
        path=str(record.path),
        as_of=as_of or today,
        patients=figures["patients"],
        measurements=figures["measurements"],
        last_visit_on=figures["last_visit_on"],
        rows=tuple(shown),
        counts=tuple(
            Counted(code, kind, len(rows), criteria, rows[0].title if criteria else "", rows[0].labels)
            for (criteria, code, kind), rows in sorted(tally.items(), key=lambda item: -len(item[1]))
        ),
        hidden=len(latest) - len(shown),
        responding=tuple(sorted(responding.items())),
        results=figures.get("results", 0),
    )


def latest_rows(record: Record, today: date, as_of: date | None = None) -> list[StatusRow]:
    """Return one row a patient: the latest line that has an answer, else a row that says there is none yet."""
    chosen: dict[str, tuple[Course, bool]] = {}
    starts: dict[str, list[Start]] = {}
    for course, fresh in courses(record, as_of=as_of, last_only=True):
        known = chosen.get(course.patient_id)
        # The first course of a line is its headline family read by the ordinary reader.
        if known is None or course.line > known[0].line:
            chosen[course.patient_id] = (course, fresh)
        starts.setdefault(course.patient_id, []).extend(complete_starts(course))
    patients = {row["patient_id"]: row for row in record.rows("patients")}
    lines = {(row["patient_id"], row["line"]): row for row in record.rows("lines")}
    rows = []
    for patient_id in sorted(patients):
        patient = patients[patient_id]
        if patient_id in chosen:
            course, fresh = chosen[patient_id]
            line = lines.get((patient_id, course.line), {})
            numbers = numbered(starts[patient_id])
            rows.append(
                status_row(course, patient, line, today, fresh=fresh, numbers=numbers, as_of=as_of, whole=False)
            )
        else:
            rows.append(empty_row(patient))
    return rows


def patient_status(record: Record, patient_id: str, today: date, as_of: date | None = None) -> list[StatusRow]:
    """
    Return every line of one patient, the latest first, each family and reader of it.

    Raises NotFoundError when there is no such patient.
    """
    patient = require_patient(record, patient_id)
    lines = {row["line"]: row for row in record.rows("lines", patient_id=patient_id)}
    found = list(courses(record, [patient_id], as_of=as_of))
    numbers = numbering([course for course, _fresh in found])
    rows = [
        status_row(course, patient, lines.get(course.line, {}), today, fresh=fresh, numbers=numbers, as_of=as_of)
        for course, fresh in found
    ]
    rows.sort(key=lambda row: -row.line)
    return rows or [empty_row(patient)]


def status_row(
    course: Course,
    patient: dict[str, Any],
    line: dict[str, Any],
    today: date,
    *,
    fresh: bool,
    numbers: dict[Start, int] | None = None,
    as_of: date | None = None,
    whole: bool = True,
) -> StatusRow:
    """Arrange one course as a row of a status screen; not `whole`: only its last visit is at hand."""
    entry = family_entry(course.criteria)
    last = course.assessments[-1] if course.assessments else None
    limits = dict(course.thresholds)
    return StatusRow(
        patient_id=course.patient_id,
        disease=patient.get("disease", ""),
        line=course.line,
        regimen=line.get("regimen", ""),
        reader=course.reader,
        criteria=course.criteria,
        title=title_of(course),
        word=entry.word,
        unit=course.extra.get("unit", entry.unit),
        visits=int(course.extra.get("visits", len(course.assessments) + (course.baseline_on is not None))),
        last_visit_on=last.visit_on if last else course.baseline_on,
        current=course.current,
        current_kind=last.reported_kind if last else "",
        since=since(course),
        value=last.value if last else course.baseline_value,
        value_complete=last.sum_complete if last else True,
        baseline_on=course.baseline_on,
        baseline_value=course.baseline_value,
        change_from_baseline_pct=change_from_baseline(course, last),
        change_from_nadir_pct=last.change_from_nadir_pct if last else None,
        nadir_value=limits.get("nadir_mm", limits.get("nadir")),
        nadir_on=course.nadir_on,
        best_response=course.best_response,
        best_response_unconfirmed=course.best_response_unconfirmed,
        progression_on=course.progression_on,
        because=last.because if last else "",
        source=last.source if last else "",
        flags=last.flags if last else (),
        undecided=last.undecided if last else (),
        overall=last.overall if last else "",
        thresholds=course.thresholds,
        settings=course.settings,
        episodes=tuple(remission_rows(course, numbers or {}, as_of or today, whole=whole)),
        attention=tuple(attention(course, last, today)),
        fresh=fresh,
        measure=course.extra.get("measure", entry.measure),
        scale=getattr(entry, "scale", "linear"),
        labels=labels_of(course),
        judges_baseline=judges_baseline(course),
        value_text=last.extra.get("bound", {}).get("said", "") if last and last.value is None else "",
        beside=tuple(beside(course)),
        milestones=milestones_without_disease(course, as_of or today) if whole else (),
    )


def change_from_baseline(course: Course, last: Assessment | None) -> Decimal | None:
    """Return the change in per cent; of a laboratory value too, unless it falls by powers of ten."""
    if last is None or last.change_from_baseline_pct is not None or has_scans(course.criteria):
        return last.change_from_baseline_pct if last else None
    before = course.baseline_value
    if not before or last.value is None or getattr(family_entry(course.criteria), "scale", "linear") == "log":
        return None
    return (last.value - before) * 100 / before


def title_of(course: Course) -> str:
    """Return the title of a family; of one that holds several standards, that which judges this course."""
    title = family_entry(course.criteria).title
    measure = course.extra.get("measure", "")
    return next((part for part in title.split(", ") if measure and part.startswith(measure)), title)


def beside(course: Course) -> Iterator[Beside]:
    """Yield the facts beside the category that are told: of the course, of the last visit, and those that hold on."""
    for name in OF_THE_COURSE:
        if course.extra.get(name) is not None:
            yield Beside(name, str(course.extra[name]))
    score = course.extra.get("score")
    if score is not None and score["first"] is not None:
        yield Beside("score_first", str(score["first"]), course.baseline_on)
    for name in OF_A_VISIT:
        rows = reversed(course.assessments) if name in HELD else course.assessments[-1:]
        row = next((row for row in rows if name in row.extra), None)
        if row is not None:
            yield Beside(name, str(row.extra[name]), row.visit_on if name in HELD else None)


def judges_baseline(course: Course) -> bool:
    """Say whether the first visit of a course has an answer of its own (CML, markers)."""
    return bool(course.assessments) and course.assessments[0].visit_on == course.baseline_on


def labels_of(course: Course) -> Labels:
    """Return what the categories of a course are called, clinically and in plain words, by code."""
    return {code: (clinical, plain) for code, (clinical, plain) in course.extra.get("labels", {}).items()}


def empty_row(patient: dict[str, Any]) -> StatusRow:
    """Return the row of a patient in whom there is nothing to judge yet."""
    entry = family_entry(DEFAULT)
    patient_id = patient["patient_id"]
    return StatusRow(
        patient_id, patient.get("disease", ""), 1, "", "", DEFAULT, entry.title, entry.word, entry.unit, 0, None,
        "", "", None, None, None, None, None, None, None, None, None, "", "", None, "", "", (), (), (), (),
        attention=(("no scan recorded yet", f"remtrack add {quote(patient_id)}"),),
    )  # fmt: skip


def since(course: Course) -> date | None:
    """Return the first visit of the unbroken run of the current reported category."""
    start = None
    for row in reversed(course.assessments):
        if row.reported != course.current:
            break
        start = row.visit_on
    stored = course.extra.get("since")
    if stored and len(course.assessments) <= 1:  # only the last visit was loaded
        return day.fromisoformat(stored)
    return start


def attention(course: Course, last: Assessment | None, today: date) -> Iterator[tuple[str, str]]:
    """Yield what a person should look at in this course, each with the command to type."""
    who = quote(course.patient_id)
    if not is_installed(course.criteria):
        yield f"{course.criteria} is not installed: nothing new is judged by it", "remtrack criteria list"
    if last is None:
        seen = course.baseline_on
        yield "only a baseline so far", f"remtrack add {who}"
    else:
        seen = last.visit_on
        if NOT_EVALUABLE in (last.reported_kind, last.kind):
            missing = "; ".join(last.undecided) or "the last visit could not be judged"
            yield missing, f"remtrack explain {who} {last.visit_on}"
        for flag in last.flags:
            yield flag, f"remtrack explain {who} {last.visit_on}"
    over = course.progression_on is not None or bool(course.extra.get("closed_on"))
    if seen and not over and (today - seen).days > OVERDUE_DAYS:
        yield f"no {looked_at(course.criteria)} for {(today - seen).days} days", f"remtrack add {who}"


def remission_rows(
    course: Course, numbers: dict[Start, int], as_of: date, *, whole: bool = True
) -> Iterator[RemissionRow]:
    """Yield the episodes of a course as rows, with their number and, of one with all its visits, the milestones."""
    last = course.assessments[-1] if course.assessments else None
    for episode in course.episodes:
        yield RemissionRow(
            course.patient_id,
            course.line,
            course.reader,
            course.criteria,
            episode,
            numbers.get((course.line, course.reader, course.criteria, episode.began_on), 0),
            milestone_marks(course, episode, as_of) if whole else (),
            course.current,
            last.reported_kind if last else "",
            title_of(course),
            labels_of(course),
        )


def milestone_marks(course: Course, episode: Episode, as_of: date) -> tuple[Milestone, ...]:
    """
    Return the anniversaries passed, counted from the start of the complete response or remission of an episode.

    It is the last unbroken one: deep molecular response lost and reached again counts anew.
    """
    if episode.kind != COMPLETE:
        return ()
    spans = course.extra.get("complete_spans")
    held = _held(course, episode) if spans is None else _held_by_span(spans.get(episode.began_on.isoformat()))
    if held is None:
        return ()
    lost = [held.ended_on, episode.ended_on]
    until = course.extra.get("complete_until")  # myeloma: the response goes on, the complete one does not
    if until is not None and until > held.began_on.isoformat():
        lost.append(day.fromisoformat(until))
    return anniversaries(course, held.began_on, min((on for on in lost if on is not None), default=None), as_of)


def _held_by_span(span: Sequence[str | None] | None) -> Held | None:
    """Return the span that a family keeps itself: since when, until when."""
    if span is None or span[0] is None:
        return None
    return Held(day.fromisoformat(span[0]), day.fromisoformat(span[1]) if span[1] else None)


def _held(course: Course, episode: Episode) -> Held | None:
    """Return the last unbroken stretch of complete levels within an episode, by the reported categories."""
    held = None
    for row in course.assessments:
        if row.dated_on < episode.began_on or (episode.ended_on is not None and row.dated_on >= episode.ended_on):
            continue
        if row.reported_kind == COMPLETE:
            held = Held(row.dated_on, None) if held is None or held.ended_on is not None else held
        elif held is not None and held.ended_on is None and row.reported_kind in LESSER_KINDS:
            held = Held(held.began_on, row.dated_on)
    codes = course.extra.get("complete_codes", ())
    confirmed = next((on for code, on in episode.levels if code in codes), None)
    if held is not None and confirmed is not None and confirmed > held.began_on:
        return held._replace(began_on=confirmed)
    return held


def anniversaries(course: Course, began_on: date, ended_on: date | None, as_of: date) -> tuple[Milestone, ...]:
    """
    Return the anniversaries of a day that have passed, by the visits of a course.

    Only a visit that was judged, and still shows it, confirms one: a complete level that is merely carried on, or a
    sample with too few copies to show it, does not.
    """
    from ..episodes import milestones

    shown = (COMPLETE, NO_DISEASE)
    rows = course.assessments
    checks = tuple((row.visit_on, row.kind != NOT_EVALUABLE and row.reported_kind in shown) for row in rows)
    return milestones(began_on, checks, ended_on, as_of, course.extra.get("milestones", "3/5/10"))


def milestones_without_disease(course: Course, as_of: date) -> tuple[Milestone, ...]:
    """Return the anniversaries of the baseline of a line that began without disease, () for any other line."""
    if course.baseline_on is None or not any(row.reported_kind == NO_DISEASE for row in course.assessments):
        return ()
    return anniversaries(course, course.baseline_on, course.progression_on, as_of)


def numbering(found: Iterable[Course]) -> dict[Start, int]:
    """Number the complete responses or remissions of a patient over all lines: CR1, CR2 ..."""
    return numbered(start for course in found for start in complete_starts(course))


def complete_starts(course: Course) -> Iterator[Start]:
    """Yield what is numbered: each complete response or remission that was not given up or ended unconfirmed."""
    for episode in course.episodes:
        if episode.kind == COMPLETE and (episode.confirmed_on is not None or is_open(episode)):
            yield course.line, course.reader, course.criteria, episode.began_on


def numbered(starts: Iterable[Start]) -> dict[Start, int]:
    """Return the number of each start, counted within one family and reader, by line and day."""
    numbers: dict[Start, int] = {}
    tally: dict[tuple[str, str], int] = {}
    for start in sorted(starts, key=lambda start: (start[0], start[3])):
        key = start[1:3]
        numbers[start] = tally[key] = tally.get(key, 0) + 1
    return numbers


def remissions(
    record: Record,
    as_of: date,
    patient_ids: Iterable[str] | None = None,
    *,
    cut: bool = False,
    min_days: int = 0,
    lasted: str | None = None,
) -> Iterator[RemissionRow]:
    """
    Yield every stretch of response or remission, by patient and line.

    `min_days` keeps those that ran at least so long; `lasted` keeps yes, no or not yet. With
    `cut` facts after `as_of` are left out, else it only says which milestones have passed.
    """
    held: list[Course] = []

    def flush() -> Iterator[RemissionRow]:
        numbers = numbering(held)
        for course in held:
            for row in remission_rows(course, numbers, as_of):
                if row.episode.days >= min_days and lasted in (None, row.episode.lasted_month):
                    yield row

    for course, _fresh in courses(record, patient_ids, as_of=as_of if cut else None):
        if held and held[0].patient_id != course.patient_id:
            yield from flush()
            held = []
        held.append(course)
    yield from flush()


def timelines(
    record: Record, patient_id: str, today: date, *, line: int | None = None, as_of: date | None = None
) -> list[Timeline]:
    """
    Return the lines of one patient over time, oldest first.

    Raises NotFoundError when there is no such patient, or no such line in him.
    """
    from . import drawing

    patient = require_patient(record, patient_id)
    lines = {row["line"]: row for row in record.rows("lines", patient_id=patient_id)}
    if line is not None and line not in lines:
        raise NotFoundError(
            f"{patient_id} has no line {line}",
            f"lines: {', '.join(str(n) for n in sorted(lines)) or 'none'}",
            f"remtrack line list {quote(patient_id)}",
        )
    roles = record.rows("line_lesions", patient_id=patient_id)
    events = record.rows("events", patient_id=patient_id)
    found = list(courses(record, [patient_id], as_of=as_of))
    numbers = numbering([course for course, _fresh in found])
    drawn = []
    for course, fresh in found:
        if line not in (None, course.line):
            continue
        facts = lines.get(course.line, {})
        status = status_row(course, patient, facts, today, fresh=fresh, numbers=numbers, as_of=as_of)
        status = drawing.of_score(status, course)
        mine = [row["role"] for row in roles if row["line"] == course.line and row["reader"] == course.reader]
        drawn.append(
            Timeline(
                status=status,
                measure=status.measure,
                targets=mine.count("target"),
                nontargets=mine.count("nontarget"),
                rows=tuple(timeline_rows(course, facts)),
                as_of=as_of or today,
                events=tuple(line_events(facts, events, course.line, as_of)),
                marks=drawing.marks(course),
                most=drawing.scored(course).get("most"),
            )
        )
    return drawn


def timeline_rows(course: Course, line: dict[str, Any]) -> Iterator[TimelineRow]:
    """Yield the baseline and every visit of a course."""
    from . import drawing

    start = line.get("started_on") or course.baseline_on
    # A score and what falls by powers of ten are no share of what they were.
    is_share = not drawing.scored(course) and getattr(family_entry(course.criteria), "scale", "linear") == "linear"
    whole = course.baseline_value if is_share else None
    if course.baseline_on and not judges_baseline(course):
        first = drawing.at_baseline(course)
        yield TimelineRow(
            course.baseline_on, "baseline", weeks(start, course.baseline_on), True, first.value,
            first.value is not None, percent(first.value, whole), "", "", "", "", "", False,
            value_text=first.text, value_from=first.least, value_to=first.most,
        )  # fmt: skip
    # By rules that ask for no second visit, the first one is all there is to a response.
    proven = {episode.confirmed_on for episode in course.episodes if episode.confirmed_on != episode.began_on}
    for row in course.assessments:
        drawn = drawing.at_visit(course, row)
        yield TimelineRow(
            visit_on=row.visit_on,
            visit=row.visit,
            week=weeks(start, row.visit_on),
            is_baseline=row.visit_on == course.baseline_on,
            value=drawn.value,
            complete=row.sum_complete,
            pct_of_baseline=percent(drawn.value, whole),
            overall=row.overall,
            reported=row.reported,
            kind=row.kind,
            reported_kind=row.reported_kind,
            new=row.part("new_lesion"),
            proves=row.visit_on in proven and row.reported_kind not in END_KINDS,
            flags=row.flags,
            rule=row.rule,
            because=row.because,
            value_text=drawn.text,
            value_from=drawn.least,
            value_to=drawn.most,
            beside=drawing.beside(course, row),
        )


def percent(value: Any, whole: Any) -> Any:
    return None if value is None or not whole else value * 100 / whole


def weeks(start: date | None, day: date) -> int:
    """Return whole weeks from the start, rounded down (negative before it)."""
    return 0 if start is None else (day - start).days // 7


def line_events(
    line: dict[str, Any], events: Sequence[dict[str, Any]], number: int, as_of: date | None
) -> Iterator[tuple[date, str, str]]:
    """Yield what happened in a line besides its visits, in date order: (day, event, detail)."""
    happened = [(row["event_on"], row["event"], row["detail"]) for row in events if row["line"] == number]
    if line.get("started_on"):
        happened.append((line["started_on"], "treatment_start", line.get("regimen", "")))
    if line.get("stopped_on"):
        happened.append((line["stopped_on"], "treatment_stop", ""))
    yield from sorted(item for item in happened if as_of is None or item[0] <= as_of)


def lesion_rows(record: Record, patient_id: str, line: int | None = None, reader: str = "") -> list[LesionRow]:
    """
    Return the lesions of one patient with the role each has in the line (None: the latest) and its last reading.

    A lesion without a role in that line comes last, its role "".
    """
    require_patient(record, patient_id)
    roles = [row for row in record.rows("line_lesions", patient_id=patient_id) if row["reader"] == reader]
    if line is None:
        line = max((row["line"] for row in record.rows("lines", patient_id=patient_id)), default=1)
    role_of = {row["lesion_id"]: row["role"] for row in roles if row["line"] == line}
    last: dict[str, dict[str, Any]] = {}
    for reading in record.rows("measurements", patient_id=patient_id):
        known = last.get(reading["lesion_id"])
        if reading["reader"] == reader and (known is None or reading["visit_on"] > known["visit_on"]):
            last[reading["lesion_id"]] = reading
    rows = [lesion_row(lesion, role_of, last) for lesion in record.rows("lesions", patient_id=patient_id)]
    order = {"target": 0, "nontarget": 1, "new": 2}
    return sorted(rows, key=lambda row: (order.get(row.role, 3), row.lesion_id))


def lesion_row(lesion: dict[str, Any], roles: dict[str, str], last: dict[str, dict[str, Any]]) -> LesionRow:
    lesion_id, kind = lesion["lesion_id"], lesion["kind"]
    seen = last.get(lesion_id)
    size = None
    if seen:
        size = seen["short_mm"] if kind == "node" else seen["longest_mm"]
    return LesionRow(
        lesion_id,
        roles.get(lesion_id, ""),
        kind,
        lesion["organ"],
        lesion["site"],
        size,
        seen["state"] if seen else "",
        seen["visit_on"] if seen else None,
        lesion["closed_on"],
    )
