"""`add` and `edit`: what is typed after each scan, and its corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import NotFoundError, RefusedError, UsageError
from ..tracker.scans import Introduced, Scan, Word
from .session import Json, Session, answer, chosen_format, need_terminal, on_terminal, session, talk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ..store import Record
    from ..tracker.lines import Outcome
    from ..views import LesionRow

Roles = Annotated[list[str] | None, typer.Option(metavar='"ID ORGAN SIZE"')]
Reader = Annotated[str, typer.Option("--reader", help="An independent series of reads; '' is the ordinary record.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]


def add(
    ctx: typer.Context,
    patient: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    words: Annotated[list[str] | None, typer.Argument(metavar="[DATE] [LESION=SIZE]...")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar='"ID ORGAN SIZE"', help="A target lesion, at a baseline.")
    ] = None,
    nontarget: Annotated[
        list[str] | None, typer.Option("--nontarget", metavar='"ID ORGAN"', help="A non-target lesion, at a baseline.")
    ] = None,
    new: Annotated[
        list[str] | None,
        typer.Option("--new", metavar='"ID ORGAN SIZE"', help="A lesion first seen now (add equivocal when unsure)."),
    ] = None,
    visit_only: Annotated[
        bool, typer.Option("--visit-only", help="Record the visit though no lesion was read.")
    ] = False,
    line: Annotated[
        int | None, typer.Option("--line", help="The line of therapy; else the one the date falls in.")
    ] = None,
    reader: Reader = "",
    visit: Annotated[str, typer.Option("--visit", help="A label for the visit, such as V3.")] = "",
    method: Annotated[str, typer.Option("--method", help="CT, MRI, caliper ...")] = "",
    note: Annotated[str, typer.Option("--note")] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """
    Record a scan.

    Example: remtrack add P01 2026-03-02 L1=32 L2=gone

    Sizes are millimetres (3.2cm, 32x14 too); words are gone, tiny (too small to measure), ne (not
    evaluable), present, worse. At a baseline give each lesion its role: --target "L1 liver 42"
    --target "G1 node:axilla 18" --nontarget "B1 bone". Without arguments it asks.
    """
    here = session(ctx)
    day, readings = split_words(here, words or [])
    introduced = (
        *(introduction("target", text) for text in target or ()),
        *(introduction("nontarget", text) for text in nontarget or ()),
        *(introduction("new", text) for text in new or ()),
    )
    if patient is None or not (readings or introduced or visit_only):
        if not (here.asks and on_terminal()):
            need_terminal(*incomplete(here, patient, day))
        ask(here, patient, day, line=line, reader=reader)
        return
    scan = Scan(patient, day or here.today, readings, introduced, reader, line, visit, method, note, reason)
    with here.write() as record:
        from ..tracker.scans import record_scan

        outcome = record_scan(record, scan, here.who)
    report(outcome, chosen_format(None, json, "plain"))


def edit(
    ctx: typer.Context,
    patient: Annotated[str, typer.Argument()],
    words: Annotated[list[str], typer.Argument(metavar="DATE [LESION=SIZE]...")],
    new_date: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Move the visit to that day.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="LESION", help="Take a reading back.")] = None,
    reader: Reader = "",
    visit: Annotated[str, typer.Option("--visit", help="Another label for the visit.")] = "",
    method: Annotated[str, typer.Option("--method")] = "",
    note: Annotated[str, typer.Option("--note")] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """
    Correct a recorded visit.

    Example: remtrack edit P01 2026-03-02 L1=31 --reason "typing error"

    The value before stays in the log, and undo takes a correction back.
    """
    here = session(ctx)
    day, readings = split_words(here, words)
    if day is None:
        raise UsageError(
            "edit needs the date of the visit", "", f"remtrack edit {patient} {here.today} " + " ".join(words)
        )
    if not (readings or remove or new_date or visit or method or note):
        raise UsageError(
            "nothing to correct was given",
            "a reading, --date, --remove, --visit, --method or --note",
            f'remtrack edit {patient} {day} L1=SIZE --reason "typing error"',
        )
    scan = Scan(patient, day, readings, reader=reader, label=visit, method=method, note=note, reason=reason)
    with here.write() as record:
        from ..tracker.scans import edit_scan

        outcome = edit_scan(record, scan, here.who, new_date=here.optional_day(new_date), remove=remove or ())
    report(outcome, chosen_format(None, json, "plain"))


# ------------------------------------------------------------------------------------- the grammar


def split_words(here: Session, words: Sequence[str]) -> tuple[date | None, tuple[Word, ...]]:
    """Return the date (the word without "=") and the readings; raises UsageError for a second date."""
    day = None
    typed = None
    readings = []
    for word in words:
        lesion_id, equals, text = word.partition("=")
        if equals:
            if not lesion_id.strip() or not text.strip():
                raise UsageError(f'"{word}" is not a reading', "it must be LESION=SIZE, such as L1=32 or L1=gone", "")
            readings.append(Word(lesion_id.strip(), text.strip()))
        elif typed is not None:
            raise UsageError(
                f'two dates: "{typed}" and "{word}"', "a reading is written LESION=SIZE, such as L1=32", ""
            )
        else:
            typed, day = word, here.day(word)
    return day, tuple(readings)


def introduction(role: str, text: str) -> Introduced:
    """
    Return a lesion with its role from "ID ORGAN SIZE".

    ORGAN may be node:SITE or marker:NAME or ORGAN:SITE, and is left out for a lesion known
    already. The size or state is the last word (or words) when it reads as one.
    """
    from ..exchange.cells import CellError, is_reading, parse_lesion_id

    parts = text.split()
    if not parts:
        raise UsageError(f"--{role} needs a lesion", 'its id, organ and size, such as "L1 liver 42"', "")
    size = ""
    rest = parts[1:]
    for length in (2, 1):  # "30 mm", "too small" are two words
        if len(rest) >= length and is_reading(" ".join(rest[-length:])):
            size, rest = " ".join(rest[-length:]), rest[:-length]
            break
    if role == "new" and rest and is_reading(rest[-1]):  # "N1 lung 9 equivocal"
        size, rest = f"{rest[-1]} {size}", rest[:-1]
    place = " ".join(rest)
    organ, _colon, site = place.partition(":")
    kind = ""
    if organ.lower() in ("node", "nodal", "ln", "lymph node", "lymphnode"):
        kind, organ = "node", "lymph node"
    elif organ.lower() == "marker":
        kind, organ, site = "marker", site or "marker", ""
    try:
        lesion_id = parse_lesion_id(parts[0])
    except CellError as error:
        raise UsageError(error.what, error.why, error.hint) from error
    return Introduced(role, lesion_id, kind, organ.strip(), site.strip(), size)


def incomplete(here: Session, patient: str | None, day: date | None) -> tuple[str, str]:
    """Return what is missing and a whole command that would work."""
    who = patient or "P01"
    on = day or here.today
    lesions: list[LesionRow] = []
    if patient:
        from ..errors import RemtrackError
        from ..tracker.looking import lesion_rows

        try:
            with here.read() as record:
                lesions = [row for row in lesion_rows(record, patient) if row.role]
        except NotFoundError:
            raise
        except RemtrackError:
            lesions = []
    what = "add needs a patient and at least one reading" if patient is None else f"no reading for {patient} was given"
    if lesions:
        words = " ".join(f"{row.lesion_id}=SIZE" for row in lesions)
        return what, f"remtrack add {who} {on} {words}"
    return what, f'remtrack add {who} {on} --target "L1 liver 42"'


# -------------------------------------------------------------------------------------- the answer


def report(outcome: Outcome, form: str) -> None:
    """Print what was written and what the answer is now."""
    if form == "json":
        import json

        print(json.dumps(outcome_value(outcome), ensure_ascii=False))
        return
    from ..exchange.cells import say_day

    for remark in outcome.remarks:
        talk(f"note: {remark}")
    for problem in outcome.problems:
        from .session import say_problem

        talk(say_problem(problem))
    day = f", {say_day(outcome.visit_on)}" if outcome.visit_on else ""
    if outcome.number is None:
        answer(
            f"{outcome.patient_id}{day}: already recorded, nothing to change",
            *(f"  {item}" for item in outcome.same),
        )
        return
    lines = [f"{outcome.patient_id}{day}" + (f", baseline of line {outcome.line}" if outcome.is_baseline else "")]
    if outcome.added:
        lines.append(f"  recorded  {'; '.join(outcome.added)}")
    if outcome.changed:
        lines.append(f"  corrected {'; '.join(outcome.changed)}")
    if outcome.same:
        lines.append(f"  already recorded  {'; '.join(outcome.same)}")
    lines += verdict_lines(outcome)
    answer(*lines)
    moved_lines(outcome)
    talk(f"Saved as change {outcome.number}.  Wrong?  remtrack undo")


def verdict_lines(outcome: Outcome) -> list[str]:
    """Return the answer of each family at the visit that was written."""
    from ..tracker.lookup import family_entry

    lines = []
    for course in outcome.courses:
        if course.line != outcome.line:
            continue
        name = family_entry(course.criteria).title + (f", reader {course.reader}" if course.reader else "")
        row = next((row for row in course.assessments if row.visit_on == outcome.visit_on), None)
        if row is not None:
            shown = row.overall if row.overall == row.reported else f"{row.overall} (reported {row.reported})"
            lines.append(f"  {name}: {shown}   {row.because}")
            lines += [f"  review: {flag}" for flag in row.flags]
            lines += [f"  not decided: {missing}" for missing in row.undecided]
        elif outcome.is_baseline and course.baseline_on == outcome.visit_on:
            total = course.baseline_value
            said = (
                "no target lesions" if total is None else f"{total.normalize():f} {family_entry(course.criteria).unit}"
            )
            lines.append(f"  {name}: baseline, {said}")
    return lines


def moved_lines(outcome: Outcome, most: int = 12) -> None:
    """Say which earlier answers this entry changed, old to new."""
    earlier = [row for row in outcome.moved if row.visit_on != outcome.visit_on or outcome.changed]
    if not earlier:
        return
    answer("  this changed answers given before:")
    for row in earlier[:most]:
        who = f"{row.patient_id} " if row.patient_id != outcome.patient_id else ""
        answer(f"    {who}{row.visit_on}  {row.before} -> {row.after}")
    if len(earlier) > most:
        answer(f"    and {len(earlier) - most} more: remtrack timeline {outcome.patient_id}")


def outcome_value(outcome: Outcome) -> dict[str, object]:
    here = [
        {
            "criteria": course.criteria,
            "reader": course.reader,
            "line": course.line,
            "overall": row.overall,
            "reported": row.reported,
            "rule": row.rule,
            "because": row.because,
            "source": row.source,
            "sum_mm": None if row.sum_mm is None else float(row.sum_mm),
            "undecided": list(row.undecided),
            "flags": list(row.flags),
        }
        for course in outcome.courses
        for row in course.assessments
        if row.visit_on == outcome.visit_on and course.line == outcome.line
    ]
    return {
        "schema_version": 1,
        "command": "add",
        "patient_id": outcome.patient_id,
        "line": outcome.line,
        "date": outcome.visit_on.isoformat() if outcome.visit_on else None,
        "change": outcome.number,
        "added": list(outcome.added),
        "changed": list(outcome.changed),
        "same": list(outcome.same),
        "answers": here,
        "moved": [
            {
                "patient_id": row.patient_id,
                "line": row.line,
                "criteria": row.criteria,
                "reader": row.reader,
                "date": row.visit_on.isoformat(),
                "before": row.before,
                "after": row.after,
            }
            for row in outcome.moved
        ],
        "warnings": [problem.what for problem in outcome.problems],
        "remarks": list(outcome.remarks),
    }


# ------------------------------------------------------------------------------------- the questions


def ask(here: Session, patient: str | None, day: date | None, *, line: int | None, reader: str) -> None:
    """Ask for patient, date and each known lesion, show sum and category, and save only after a yes."""
    from ..exchange.cells import say_day
    from ..tracker.scans import record_scan

    with here.write() as record:
        patient_id = patient or ask_patient(record)
        from ..tracker.lookup import require_patient

        require_patient(record, patient_id)
        on = day or ask_day(here)
        talk("", f"{patient_id}, scan of {say_day(on)}. Longest diameter in mm (short axis for nodes).")
        scan = Scan(patient_id, on, reader=reader, line=line)
        readings, introduced = ask_lesions(record, patient_id, reader)
        scan = Scan(patient_id, on, tuple(readings), tuple(introduced), reader, line)
        preview = record_scan(record, scan, here.who, dry_run=True)
        talk("")
        for text in verdict_lines(preview):
            talk(text)
        moved_preview = [row for row in preview.moved if row.visit_on != on]
        for row in moved_preview:
            talk(f"  {row.visit_on}  {row.before} -> {row.after}")
        count = len(preview.added) + len(preview.same)
        if not typer.confirm(
            f"Save {'this entry' if count == 1 else f'these {count} entries'}?", default=True, err=True
        ):
            raise typer.Abort
        outcome = record_scan(record, scan, here.who)
    report(outcome, "plain")


def ask_patient(record: Record) -> str:
    from ..errors import RemtrackError
    from ..tracker.lookup import require_patient

    last = record.last_patient()
    while True:
        typed = str(typer.prompt("Patient", default=last or None, err=True)).strip()
        try:
            require_patient(record, typed)
        except RemtrackError as error:
            talk(f"  {error.what}; {error.why}")
        else:
            return typed


def ask_day(here: Session) -> date:
    from ..exchange.cells import say_day

    while True:
        typed = str(
            typer.prompt(f"Scan date [today, {say_day(here.today)}]", default="today", show_default=False, err=True)
        )
        try:
            return here.day(typed.strip())
        except UsageError as error:
            talk(f"  {error.what}; {error.why}")


def ask_lesions(record: Record, patient_id: str, reader: str) -> tuple[list[Word], list[Introduced]]:
    """Ask for each lesion that is followed, then for new ones (at a first visit: for every lesion with its role)."""
    from ..tracker.looking import lesion_rows

    rows = [row for row in lesion_rows(record, patient_id, reader=reader) if row.role and row.closed_on is None]
    readings: list[Word] = []
    if rows:
        talk("Enter = not read now   0 = gone   tiny = too small   ne = not evaluable", "")
    width = max((len(describe(row)) for row in rows), default=0)
    for row in rows:
        text = ask_reading(row, width)
        if text:
            readings.append(Word(row.lesion_id, text))
    introduced: list[Introduced] = []
    first = not rows
    if first:
        talk("No lesions are recorded yet. Name each one; an empty line ends the list.")
    while first or typer.confirm("  Any new lesion?", default=False, err=True):
        role = "new"
        if first:
            role = ask_role()
            if not role:
                break
        typed = str(
            typer.prompt("  Lesion, organ and size (L4 liver 14)", default="", show_default=False, err=True)
        ).strip()
        if not typed:
            break
        item = introduction(role, typed)
        if not item.organ or (not item.text and role == "target"):
            talk('  all three are needed, such as "L4 liver 14" or "G1 node:axilla 18"')
            continue
        introduced.append(item)
    return readings, introduced


def ask_role() -> str:
    while True:
        typed = str(
            typer.prompt("  Role: t = target, n = non-target, Enter = done", default="", show_default=False, err=True)
        )
        word = typed.strip().lower()
        if not word:
            return ""
        if word in ("t", "target"):
            return "target"
        if word in ("n", "nontarget", "non-target"):
            return "nontarget"
        talk("  t or n")


def describe(row: LesionRow) -> str:
    place = ", ".join(part for part in (row.organ, row.site) if part)
    role = row.role.replace("nontarget", "non-target") + (", node" if row.kind == "node" else "")
    last = "not read yet"
    if row.read_on:
        last = f"{row.size_mm.normalize():f}" if row.size_mm is not None else row.state.replace("_", " ")
        last = f"{last} on {row.read_on}"
    return f"  {row.lesion_id:<4} {place:<20} {role:<13} {last:<24}"


def ask_reading(row: LesionRow, width: int) -> str:
    """Ask until the word can be read; "" when the lesion was not read now."""
    from ..tracker.scans import read_word

    while True:
        typed = str(typer.prompt(f"{describe(row):<{width}} now", default="", show_default=False, err=True)).strip()
        if not typed:
            return ""
        try:
            read_word(row.lesion_id, typed, row.role, row.kind)
        except RefusedError as error:
            talk(f"      {error.what}; {error.why}")
        else:
            return typed


COMMANDS = {"add": add, "edit": edit}
