"""`log`, `undo`, `redo` and `purge`: what was changed, by whom, taking a change back, and forgetting a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .scans import moved_lines
from .session import Format, Json, Session, answer, chosen_format, on_terminal, session, talk, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from ..store import Record


def log(
    ctx: typer.Context,
    patient_id: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    last: Annotated[int | None, typer.Option("--last", help="Only so many, the newest first.")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="WHEN", help='The record as known then: a day, "2026-01-31 14:05", or "change 12".'
        ),
    ] = None,
    head: Annotated[
        bool, typer.Option("--head", help="Only the last change's number and hash, to be kept elsewhere.")
    ] = False,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show every change, newest first.

    Example: remtrack log P01 --at 2026-01-31

    With --at, the readings as they had been recorded by then, whatever was corrected since.
    """
    from ..tracker.history import head as last_change, log as changes
    from ..tracker.lookup import quote, require_patient

    here = session(ctx)
    fmt = chosen_format(form, json)
    if head and (at is not None or last is not None or patient_id is not None):
        raise UsageError(
            "--head is of the whole record as it is now",
            "it goes with no patient, --at or --last",
            "remtrack log --head",
        )
    if at is not None and last is not None:
        raise UsageError(
            "--at shows readings, --last counts changes", "they do not go together", f"remtrack log --at {quote(at)}"
        )
    if last is not None and last < 1:
        raise UsageError(f"--last {last} shows nothing", "it is how many changes, 1 or more", "remtrack log --last 5")
    with here.read() as record:
        if head:
            show_head(last_change(record), fmt)
            return
        if at is not None:
            show_known(here, record, at, patient_id, fmt)
            return
        rows = changes(record, patient_id, last)
        if patient_id is not None and not rows:
            require_patient(record, patient_id)
    from ..show import log_screen, output

    output(log_screen(rows, here.today), fmt)


def show_head(found: dict[str, Any], fmt: str) -> None:
    """Print the last hash: one line that can be compared with one kept elsewhere."""
    if fmt == "json":
        write_json({"schema_version": 1, "command": "log --head", **found})
    elif found["number"]:
        answer(f"{found['hash']}  change {found['number']}  {found['at_local']}")
    else:
        answer("no change yet")


def show_known(here: Session, record: Record, at: str, patient_id: str | None, fmt: str) -> None:
    from ..show import known_screen, output
    from ..tracker.history import known

    found = known(record, moment(here, at), patient_id)
    output(known_screen(found._asdict(), here.today), fmt)


def moment(here: Session, text: str) -> datetime | int:
    """Return the change ("change 12"), or the moment: the end of a day when no time of day is given."""
    from datetime import date, datetime, time

    words = text.split()
    if words[:1] == ["change"] and len(words) == 2 and words[1].isdigit():
        return int(words[1])
    if ":" in text:
        try:
            found = datetime.fromisoformat(text.strip())
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None:
            raise UsageError(
                f'"{text}" is not a moment', "it is written without a time zone", 'remtrack log --at "2026-01-31 14:05"'
            )
        return found if found.second else found.replace(second=59)
    try:
        day = date.fromisoformat(text.strip())  # of any day: changes are dated by the clock, not by today
    except ValueError:
        day = here.day(text)
    return datetime.combine(day, time.max)


def undo(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[CHANGE]")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    reason: Annotated[str, typer.Option("--reason")] = "",
) -> None:
    """
    Take back the last change, or change number CHANGE.

    Example: remtrack undo

    It shows what it would take back and asks. The change and its undoing both stay in the log.
    """
    from ..tracker.undoing import undoable

    here = session(ctx)
    with here.write() as record:
        take_back(here, record, undoable(record, number), reason, yes=yes)


def redo(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[CHANGE]")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    reason: Annotated[str, typer.Option("--reason")] = "",
) -> None:
    """
    Do again what the last undo took back, or what undo number CHANGE did.

    Example: remtrack redo
    """
    from ..tracker.undoing import redoable

    here = session(ctx)
    with here.write() as record:
        take_back(here, record, redoable(record, number), reason, yes=yes)


def take_back(here: Session, record: Record, change: dict[str, Any], reason: str, *, yes: bool) -> None:
    """Show what a change did, ask, and take it back as a new change."""
    from ..tracker.undoing import refuse_undo, undo as undone

    what = f"change {change['number']}: {change['command']} by {change['who']} on {change['at_local']}"
    command = "redo" if change["undoes"] else "undo"
    if not yes:
        refuse_undo(record, change["number"])  # before anybody is asked
    talk(f"This {'does again what was taken back by' if change['undoes'] else 'takes back'} {what}")
    for line in change["rows"][:10]:
        talk(f"  {line}")
    if len(change["rows"]) > 10:
        talk(f"  and {len(change['rows']) - 10} more")
    if not yes:
        if not (here.asks and on_terminal()):
            raise UsageError(
                f"{command} asks before it takes back",
                "there is no terminal to ask on",
                f"remtrack {command} {change['number']} --yes",
            )
        if not typer.confirm("Do it again?" if change["undoes"] else "Take it back?", default=False, err=True):
            raise typer.Abort
    outcome = undone(record, change["number"], here.who, reason, command)
    answer(f"taken back: {what}")
    moved_lines(outcome)
    talk(f"Saved as change {outcome.number}.  Wrong?  remtrack undo {outcome.number}")


def purge(
    ctx: typer.Context,
    patient: Annotated[str, typer.Argument()],
    output: Annotated[str, typer.Option("-o", "--output", metavar="NEW.db", help="The new file; never over another.")],
) -> None:
    """
    Write a new record without one patient.

    Example: remtrack purge P01 -o without.db

    For a person's right to be forgotten: their facts and the history of these are not in the new file, whose
    chain of changes begins anew and says so. The record itself is not touched; destroying it, and every backup
    of it, is its owner's to do.
    """
    from ..tracker.undoing import forget

    here = session(ctx)
    with here.read() as record:
        number, texts = forget(record, patient, output, here.who)
    answer(f"written: {output}, without {patient} in facts and history; its change {number} says that it begins anew")
    if texts:
        from ..words import count

        talk(f"{count(texts, 'text')} of others spoke of them by code: there it reads (patient taken out).")
    talk(
        f"{here.path} still holds everything, and so does every backup and export of it.",
        "To destroy them is yours to do.",
    )


COMMANDS = {"log": log, "undo": undo, "redo": redo, "purge": purge}
