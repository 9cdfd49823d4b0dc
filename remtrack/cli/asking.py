"""The questions of `add`: lesions and values one by one, a look at the answer, and saved only after a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ..errors import RefusedError, RemtrackError, UsageError
from ..tracker.scans import Introduced, Scan, Word, read_word, record_scan
from .scans import introduction, moved_lines, say_baseline, say_undecided, split_day
from .session import Session, as_kept, say_problem, talk

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ..store import Record
    from ..tracker.lines import Outcome
    from ..tracker.questions import Doubt, Followed, Interview, Question
    from ..verdict import Course
    from ..views import LesionRow

_MEASURED = {
    "one": "Longest diameter in mm (short axis for nodes).",
    "two": "Two diameters in mm, such as 32x14.",
    "viable": "Viable diameter in mm, or viable and whole such as 20x35 (short axis for nodes).",
}


def ask(here: Session, patient: str | None, day: date | None, *, line: int | None, reader: str) -> None:
    """Ask for patient, date and everything that is followed, show the answer, and save only after a yes."""
    from ..exchange.cells import say_day
    from ..tracker.questions import prepare

    with here.write() as record:
        patient_id = patient or ask_patient(record)
        on = day or ask_day(here)
        asked = prepare(record, patient_id, on, reader=reader, line=line)
        look = "scan" if asked.reads_lesions else "visit"
        rules = _MEASURED[asked.axes] if asked.reads_lesions else f"{asked.families[0].title}."
        talk("", f"{patient_id}, {look} of {say_day(on)}. {rules}")
        if asked.recorded:
            talk(f"Recorded already: {', '.join(asked.recorded)}")
        readings, introduced = ask_lesions(asked) if asked.reads_lesions else ([], [])
        readings += ask_values(here, asked, introduced)
        if not (readings or introduced):
            if asked.recorded:
                talk("Nothing was entered, nothing was written.")
                return
            confirm(f"Nothing was entered. Save the {look} alone?", default=False)
        scan = asked.scan._replace(readings=tuple(readings), introduced=tuple(introduced), line=line)
        preview = record_scan(record, scan, here.who, dry_run=True)
        if more := ask_undecided(here, asked, scan, preview):
            scan = scan._replace(readings=(*scan.readings, *more))
            preview = record_scan(record, scan, here.who, dry_run=True)
        talk("")
        show(preview, reader)
        count = len(preview.added) + len(preview.same)
        if scan.readings or introduced:
            confirm(f"Save {'this entry' if count == 1 else f'these {count} entries'}?", default=True)
        outcome = record_scan(record, scan, here.who)
    if outcome.number is None:
        talk("Already recorded, nothing to change.")
    else:
        talk(f"Saved as change {outcome.number}.  Wrong?  remtrack undo")


def confirm(question: str, *, default: bool) -> None:
    """End the command, with nothing written, unless the answer is yes."""
    if not typer.confirm(question, default=default, err=True):
        raise typer.Abort


def prompt(text: str) -> str:
    """Return what was typed as it is kept, "" for Enter alone."""
    from ..words import clean

    while True:
        typed = str(typer.prompt(clean(text), default="", show_default=False, err=True))
        try:
            return as_kept(typed, "words")
        except UsageError as error:
            talk(f"      {error.what}; {error.why}")


def show(preview: Outcome, reader: str) -> None:
    """Show what the entries would give: each family's measure and category, before and now."""
    for remark in preview.remarks:
        talk(f"  note: {remark}")
    if preview.is_baseline:
        for problem in preview.problems:
            talk(say_problem(problem))
    courses = [course for course in preview.courses if (course.line, course.reader) == (preview.line, reader)]
    for course in courses:
        for text in answer_lines(course, preview, titled=len(courses) > 1):
            talk(text)
    moved_lines(preview, say=talk)


def answer_lines(course: Course, preview: Outcome, *, titled: bool) -> list[str]:
    from ..tracker.lookup import family_entry

    entry = family_entry(course.criteria)
    head = [f"  {entry.title}"] if titled else []
    rows = list(course.assessments)
    at = next((place for place, row in enumerate(rows) if row.visit_on == preview.visit_on), None)
    if at is None:
        if course.baseline_on != preview.visit_on:
            return []
        return [*head, f"  {'Baseline':<18} {say_baseline(course)}"]
    row, before = rows[at], rows[at - 1] if at else None
    lines = head
    value = (
        before.value if before is not None else course.baseline_value if row.visit_on != course.baseline_on else None
    )
    if row.value is not None:
        measure, unit = str(course.extra.get("measure", entry.measure)), str(course.extra.get("unit", entry.unit))
        was = f"{value.normalize():f} -> " if value is not None else ""
        lines.append(f"  {measure[:1].upper() + measure[1:]:<18} {was}{row.value.normalize():f} {unit}".rstrip())
    was = f" (was {before.reported})" if before is not None else ""
    shown = row.overall if row.overall == row.reported else f"{row.overall}, reported {row.reported}"
    lines.append(f"  {entry.word.capitalize():<18} {shown}{was}")
    lines.append(f"  {'':<18} {row.because}")
    lines += [f"  review: {flag}" for flag in row.flags]
    return lines + [f"  not decided: {missing}" for missing in say_undecided(row)]


# ------------------------------------------------------------------------------------ who and when


def ask_patient(record: Record) -> str:
    from ..tracker.lookup import require_patient
    from ..words import clean

    last = record.last_patient()
    while True:
        question = f"Patient [{clean(last)}]" if last else "Patient"
        answer = str(typer.prompt(question, default=last or None, show_default=False, err=True))
        typed = as_kept(answer, "patient")
        try:
            require_patient(record, typed, to_add=True)
        except RemtrackError as error:
            talk(f"  {error.what}; {error.why}", f"  a new one: Ctrl-C, then:  {error.hint}")
        else:
            return typed


def ask_day(here: Session) -> date:
    from ..exchange.cells import say_day

    while True:
        typed = prompt(f"Date of the visit [today, {say_day(here.today)}]") or "today"
        try:
            return here.day(typed)
        except UsageError as error:
            talk(f"  {error.what}; {error.why}" + (f"; {error.hint}" if error.hint else ""))


# ----------------------------------------------------------------------------------------- lesions


def ask_lesions(asked: Interview) -> tuple[list[Word], list[Introduced]]:
    """Ask for each lesion that is followed, then for new ones (at a first visit: for every lesion with its role)."""
    readings: list[Word] = []
    if asked.lesions:
        keys = "Enter = not read now   0 = gone   tiny = too small   ne = not evaluable"
        others = any(one.row.role == "nontarget" for one in asked.lesions)
        talk(keys, *(["non-target lesions: present, gone, worse (unequivocally)"] if others else []), "")
    for one, text in zip(asked.lesions, described(asked.lesions), strict=True):
        if typed := ask_reading(one.row, text, asked.axes):
            readings.append(Word(one.row.lesion_id, typed))
    first = asked.is_first and not asked.lesions
    if first and not asked.recorded:
        talk("No lesions are recorded yet. Name each one; an empty line ends the list.")
    introduced: list[Introduced] = []
    while first or typer.confirm("  Any new lesion?", default=False, err=True):
        role = ask_role() if first else "new"
        if not role:
            break
        item = ask_new(role, asked.axes)
        if item is None:
            if first:
                continue
            break
        if item.lesion_id in {known.lesion_id for known in introduced}:
            talk(f"      {item.lesion_id} is named already; the other one needs another name")
            continue
        introduced.append(item)
    return readings, introduced


def ask_role() -> str:
    while True:
        word = prompt("  Role: t = target, n = non-target, Enter = done").lower()
        if not word:
            return ""
        if word in ("t", "target"):
            return "target"
        if word in ("n", "nontarget", "non-target"):
            return "nontarget"
        talk("  t or n")


def ask_new(role: str, axes: str) -> Introduced | None:
    """Ask until a lesion can be read from "ID ORGAN SIZE"; None when nothing is typed."""
    example = "L1 liver 32x14" if axes == "two" else "L1 liver 32"
    if role == "new":
        example = example.replace("L1", "N1")
    while True:
        typed = prompt(f"  Lesion, organ and {'size' if role == 'target' else 'size, if measured'} ({example})")
        if not typed:
            return None
        try:
            item = introduction(role, typed)
            if item.organ and (item.text or role != "target"):
                if item.text:
                    read_word(item.lesion_id, item.text, role, item.kind or "nonnodal", axes)
                return item
            needed = "all three are needed" if role == "target" else "its organ is needed, too"
            talk(f'      {needed}, such as "{example}" or "G1 node:axilla 18"')
        except RemtrackError as error:
            talk(f"      {error.what}; {error.why}")


def described(lesions: tuple[Followed, ...]) -> list[str]:
    """Return a line for each lesion: id, place, role, last reading; the columns as wide as they must be."""
    from rich.cells import cell_len, set_cell_size

    from ..words import clean

    cells = []
    for row, last in lesions:
        place = clean(", ".join(part for part in (row.organ, row.site) if part))
        role = row.role.replace("nontarget", "non-target") + (", node" if row.kind == "node" else "")
        read = f"{last.removesuffix(' mm')} on {row.read_on}" if last else "not read yet"
        place = place if cell_len(place) <= 22 else f"{set_cell_size(place, 21)}…"
        cells.append((clean(row.lesion_id), place, role, read))
    widths = [max(cell_len(line[column]) for line in cells) for column in range(4)] if cells else []
    return ["  " + "  ".join(map(set_cell_size, line, widths)) for line in cells]


def ask_reading(row: LesionRow, text: str, axes: str) -> str:
    """Ask until the word can be read; "" when the lesion was not read now."""
    from ..tracker.questions import doubt_size

    def check(typed: str) -> tuple[str, Doubt | None]:
        read_word(row.lesion_id, typed, row.role, row.kind, axes)
        return f"{typed} mm" if typed[-1:].isdigit() else typed, doubt_size(row, typed, axes)

    return ask_until(f"{text}  now", check)


def ask_until(text: str, check: Callable[[str], tuple[str, Doubt | None]]) -> str:
    """
    Ask until what is typed can be used, and again where it is far from the last value; "" for Enter or skip.

    `check` returns what was typed as it is understood and what is odd about it, or raises RefusedError.
    """
    typed = prompt(text)
    while typed and typed.lower() != "skip":
        try:
            said, doubt = check(typed)
        except RemtrackError as error:
            talk(f"      {error.what}" + (f"; {error.why}" if error.why else ""))
            typed = prompt(text)
            continue
        if doubt is None:
            return typed
        meant = f" Did you mean {doubt.meant}?" if doubt.meant else " Is that right?"
        options = [*([doubt.meant] if doubt.meant else []), typed, "skip"]
        talk(f"      {said} is {doubt.said}.{meant}")
        again = prompt(f"      [{'/'.join(options)}]")
        if again == typed:
            return typed
        typed = again or typed
    return ""


# ------------------------------------------------------------------------------------------ values


def ask_values(here: Session, asked: Interview, introduced: list[Introduced]) -> list[Word]:
    """Ask for the values that the rules need or that were entered before, one by one, then for any other."""
    from ..tracker.questions import question_for

    if asked.first:
        talk("Values. Enter = not measured now   nd = not done", "")
    found = [word for one in asked.first if (word := ask_value(here, one, asked))]
    lesions = [item.lesion_id for item in introduced]
    while asked.rest or asked.asks_of_lesions:
        typed = prompt("  Any other value? NAME=VALUE, ? = which ones, Enter = no")
        if not typed:
            break
        if typed == "?":
            talk(*(f"    {told(one)}" for one in asked.rest))
            continue
        name, _equals, text = (part.strip() for part in typed.partition("="))
        one = question_for(name, asked, lesions)
        if one is None or one.test.name in [word.name for word in found]:
            talk(f"      {other_name(name, asked, known=one is not None)}")
        elif word := ask_value(here, one, asked, text):
            found.append(word)
    return found


def ask_undecided(here: Session, asked: Interview, scan: Scan, preview: Outcome) -> list[Word]:
    """Ask for what is still missing to decide the answer and was not asked yet."""
    from ..tracker.questions import undecided

    missing = undecided(asked, scan, preview)
    if missing:
        talk("Needed to decide.")
    return [word for one in missing if (word := ask_value(here, one, asked))]


def other_name(name: str, asked: Interview, *, known: bool) -> str:
    from ..tracker.values import near_tests, told_tests

    if known:
        return f"{name} is entered already"
    near = near_tests(name, asked.families, 0.6) or told_tests(name, asked.families)
    return f"{name} is not known here" + (f"; did you mean {' or '.join(near)}?" if near else "; ? lists what is")


def told(one: Question) -> str:
    """Return what a test is: its name, what it measures, what may be typed."""
    analyte = one.test.readers[0][1]
    return f"{one.test.name}: {analyte.help} ({one.test.allowed})"


def ask_value(here: Session, one: Question, asked: Interview, typed: str = "") -> Word | None:
    """Ask until the value can be used; None when it was not measured now."""
    from ..tracker.questions import understand

    def check(text: str) -> tuple[str, Doubt | None]:
        plain, sampled_on = split_day(here, text)
        said, doubt = understand(one, plain, sampled_on, asked.scan)
        if doubt is None and said.endswith("as entered)"):
            talk(f"      {said}")
        return said, doubt

    if typed:
        try:
            if check(typed)[1] is None:
                return Word(one.test.name, *split_day(here, typed))
        except RefusedError as error:
            talk(f"      {error.what}; {error.why}")
    talk(f"  {told(one)}")
    last = f"last {one.last} on {one.last_on}  " if one.last_on else ""
    text = ask_until(f"    {last}now", check)
    return Word(one.test.name, *split_day(here, text)) if text else None
