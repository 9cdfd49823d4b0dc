"""`add` and `edit`: what is typed after each visit, and its corrections. The questions of `add` are in `asking`."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from ..tracker.lookup import quote
from ..tracker.scans import Introduced, Scan, Word
from .session import (
    Json,
    Session,
    answer,
    as_kept,
    chosen_format,
    need_terminal,
    on_terminal,
    say_problem,
    session,
    talk,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from ..tracker.lines import Outcome
    from ..verdict import Assessment, Course

Roles = Annotated[list[str] | None, typer.Option(metavar='"ID ORGAN SIZE"')]
Reader = Annotated[str, typer.Option("--reader", help="An independent series of reads; '' is the ordinary record.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the log.")]


def add(
    ctx: typer.Context,
    patient: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    words: Annotated[list[str] | None, typer.Argument(metavar="[DATE] [LESION=SIZE | TEST=VALUE]...")] = None,
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
    visit_only: Annotated[bool, typer.Option("--visit-only", help="Record the visit though nothing was read.")] = False,
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
    Record a scan or laboratory values.

    Example: remtrack add P01 2026-03-02 L1=32 L2=gone

    Example: remtrack add P07 2026-03-02 bm_blasts_pct=2 anc=1200/uL plt=100 emd=no

    Sizes are millimetres (3.2cm, 32x14 too); words are gone, tiny (too small to measure), ne (not
    evaluable), present, worse. At a baseline give each lesion its role: --target "L1 liver 42"
    --target "G1 node:axilla 18" --nontarget "B1 bone". Without arguments it asks.

    Values are in the unit of the family, or with their own: "hb=112 g/L". They may be as the
    laboratory prints them: "psa=<0.1", undetectable, nd (not done). With its upper limit of normal:
    "ca125=80 (ULN 35)". A sample of another day than the visit: anc=1.1@2026-02-27. What a family
    reads: remtrack criteria show FAMILY.
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
            need_terminal(*incomplete(here, patient, day, reader=reader, line=line))
        from .asking import ask

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
    words: Annotated[list[str], typer.Argument(metavar="DATE [LESION=SIZE | TEST=VALUE]...")],
    new_date: Annotated[str | None, typer.Option("--date", metavar="DATE", help="Move the visit to that day.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="LESION | TEST", help="Take a reading or a value back.")
    ] = None,
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

    Example: remtrack edit P07 2026-03-02 anc=1.1 --reason "wrong tube"

    Of two samples of one visit, name the day: anc=1.1@2026-02-27, --remove anc@2026-02-27. A size, a state, a
    value or a date is changed with a reason, which is asked for when it is not given; the value before stays in the
    log, and undo takes a correction back.
    """
    here = session(ctx)
    day, readings = split_words(here, words)
    if day is None:
        raise UsageError(
            "edit needs the date of the visit",
            "",
            f'remtrack edit {quote(patient)} {here.today} {" ".join(map(quote, words))} --reason "typing error"',
        )
    if not (readings or remove or new_date or visit or method or note):
        raise UsageError(
            "nothing to correct was given",
            "a reading, --date, --remove, --visit, --method or --note",
            f'remtrack edit {quote(patient)} {day} L1=SIZE --reason "typing error"',
        )
    scan = Scan(patient, day, readings, reader=reader, label=visit, method=method, note=note, reason=reason)
    taken = [Word(name.strip(), "", on) for name, on in (split_day(here, word) for word in remove or ())]
    moved_to = here.optional_day(new_date)
    with here.write() as record:
        from ..tracker.correcting import ReasonNeededError, edit_scan

        try:
            outcome = edit_scan(record, scan, here.who, new_date=moved_to, remove=taken)
        except ReasonNeededError as needed:
            if not (here.asks and on_terminal()):
                options = {"--date": new_date, "--reader": reader, "--visit": visit, "--method": method, "--note": note}
                given = [(name, value) for name, value in options.items() if value]
                typed = [*words, *chain.from_iterable([*given, *(("--remove", name) for name in remove or ())])]
                hint = f'remtrack edit {" ".join(map(quote, (patient, *typed)))} --reason "typing error"'
                raise UsageError(needed.what, needed.why, hint) from None
            scan = scan._replace(reason=ask_why(patient, day, needed.changed))
            outcome = edit_scan(record, scan, here.who, new_date=moved_to, remove=taken, shown=needed.changed)
    report(outcome, chosen_format(None, json, "plain"), "edit")


def ask_why(patient: str, day: date, changed: Sequence[str]) -> str:
    """Show what would change, before -> after, and return the reason that is typed."""
    from ..exchange.cells import say_day
    from ..tracker.correcting import is_reason

    talk(f"{patient}, {say_day(day)}", *(f"  {item}" for item in changed))
    while True:
        try:
            reason = as_kept(str(typer.prompt("Why? It is kept in the log", err=True)), "reason")
        except UsageError as error:
            talk(f"{error.what}; {error.why}")
            continue
        if is_reason(reason):
            return reason
        talk("Some words, such as: typing error")


# ------------------------------------------------------------------------------------- the grammar


def split_words(here: Session, words: Sequence[str]) -> tuple[date | None, tuple[Word, ...]]:
    """Return the date (the word without "=") and the readings; raises UsageError for a second date."""
    day = None
    typed = None
    readings = []
    for word in words:
        name, equals, text = word.partition("=")
        if equals:
            readings.append(reading_of(here, word, name.strip(), text.strip()))
        elif typed is not None:
            raise UsageError(
                f'"{typed}" and "{word}" stand where one date may', "a reading is written LESION=SIZE, such as L1=32"
            )
        else:
            typed, day = word, here.day(word)
    return day, tuple(readings)


#: What stands in a suggested command for what only the report can say.
_BLANKS = frozenset(("ORGAN", "SIZE", "LESION"))


def reading_of(here: Session, word: str, name: str, text: str) -> Word:
    """Return a lesion or a test with what was typed of it."""
    if name[-1:] in ("<", ">", "≤", "≥"):  # psa>=5 is meant as psa=>=5
        meant = f"{name[:-1].rstrip()}={name[-1]}={text}"
        raise UsageError(f'"{word}" is not a reading', "a limit stands behind the equals sign", f'write "{meant}"')
    text, sampled_on = split_day(here, text)
    if not name or not text:
        raise UsageError(
            f'"{word}" is not a reading',
            "it must be LESION=SIZE or TEST=VALUE, such as L1=32, L1=gone, anc=1.2",
            "remtrack add --help",
        )
    return Word(name, text, sampled_on)


def split_day(here: Session, text: str) -> tuple[str, date | None]:
    """Return a text and the day behind its @, None when there is none."""
    text, at, day = text.partition("@")
    return text.strip(), here.day(day.strip()) if at else None


def introduction(role: str, text: str) -> Introduced:
    """
    Return a lesion with its role from "ID ORGAN SIZE".

    ORGAN may be node:SITE or marker:NAME or ORGAN:SITE, and is left out for a lesion known already, of which
    "ID=SIZE" is enough (an id may have a space). The size or state is the last word (or words) when it reads as one.
    """
    from ..exchange.cells import CellError, is_reading, parse_lesion_id

    parts = text.split()
    if not parts:
        raise UsageError(f"--{role} needs a lesion", 'its id, organ and size, such as "L1 liver 42"', "")
    if blank := _BLANKS.intersection(re.split(r"[\s=:]+", text)):
        raise UsageError(
            f'--{role} "{text}" is not filled in',
            f"what the report says goes in place of {' and '.join(sorted(blank))}",
        )
    name, equals, size = (part.strip() for part in text.partition("="))
    rest = parts[1:]
    if equals:
        parts, rest = [name], []
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


def incomplete(
    here: Session, patient: str | None, day: date | None, *, reader: str, line: int | None
) -> tuple[str, str]:
    """Return what is missing and a whole command that would work."""
    if patient is None:
        what = "add needs a patient and at least one reading"
        return what, f'remtrack add P01 {day or here.today} --target "L1 ORGAN SIZE"'
    from ..errors import RecordError

    begins, words = f"remtrack add {quote(patient)} {day or here.today}", ""
    try:
        with here.read() as record:
            from ..tracker.questions import prepare

            asked = prepare(record, patient, day or here.today, reader=reader, line=line)
        words = " ".join(
            [
                *(f"{one.row.lesion_id}=SIZE" for one in asked.lesions),
                *(f"{one.test.name}=VALUE" for one in asked.first),
            ]
        )
        if asked.is_first and asked.reads_lesions and not asked.lesions:
            words = f'--target "L1 ORGAN SIZE" {words}'.rstrip()
    except RecordError:
        words = '--target "L1 ORGAN SIZE"'
    return f"no reading for {patient} was given", f"{begins} {words or '--visit-only'}"


# -------------------------------------------------------------------------------------- the answer


def report(outcome: Outcome, form: str, command: str = "add") -> None:
    """Print what was written and what the answer is now."""
    if form == "json":
        write_json(outcome_value(outcome, command))
        return
    from ..exchange.cells import say_day

    for remark in outcome.remarks:
        talk(f"note: {remark}")
    if outcome.is_baseline:
        for problem in outcome.problems:
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
            lines += [f"  not decided: {missing}" for missing in say_undecided(row)]
        elif course.baseline_on == outcome.visit_on:
            lines.append(f"  {name}: baseline, {say_baseline(course)}")
    return lines


def say_baseline(course: Course) -> str:
    """Return what a later visit is compared with: "60 mm"; of what is no size with its name, "marrow blasts 45 %"."""
    from ..tracker.lookup import family_entry

    entry = family_entry(course.criteria)
    measure, unit = str(course.extra.get("measure", entry.measure)), str(course.extra.get("unit", entry.unit))
    if course.baseline_value is not None:
        total = f"{course.baseline_value.normalize():f} {unit}".rstrip()
        return total if unit == "mm" else f"{measure} {total}"
    return f"no {measure}" if measure.startswith("sum of") else f"{measure} not entered"


def say_undecided(row: Assessment) -> list[str]:
    """Return what a better category would have needed; the tests that are merely not entered in one line."""
    begins = "nothing is entered for "
    missing = [text.removeprefix(begins) for text in row.undecided if text.startswith(begins) and ";" not in text]
    others = [text for text in row.undecided if not text.startswith(begins) or ";" in text]
    return [*([begins + ", ".join(missing)] if missing else []), *others]


def moved_lines(outcome: Outcome, most: int = 12, *, say: Callable[[str], None] = answer) -> None:
    """Say which earlier answers this entry changed, old to new."""
    earlier = [row for row in outcome.moved if row.visit_on != outcome.visit_on or outcome.changed]
    if not earlier:
        return
    say("  this changed answers given before:")
    for row in earlier[:most]:
        who = f"{row.patient_id} " if row.patient_id != outcome.patient_id else ""
        say(f"    {who}{row.visit_on}  {row.before} -> {row.after}")
    if len(earlier) > most:
        say(f"    and {len(earlier) - most} more: remtrack timeline {outcome.patient_id}")


def outcome_value(outcome: Outcome, command: str) -> dict[str, object]:
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
            "value": None if row.value is None else float(row.value),
            "undecided": list(row.undecided),
            "flags": list(row.flags),
        }
        for course in outcome.courses
        for row in course.assessments
        if row.visit_on == outcome.visit_on and course.line == outcome.line
    ]
    return {
        "schema_version": 1,
        "command": command,
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


COMMANDS = {"add": add, "edit": edit}
