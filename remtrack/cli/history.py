"""`log` and `undo`: what was changed, by whom, and taking a change back."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import UsageError
from .scans import moved_lines
from .session import Format, Json, answer, chosen_format, on_terminal, session, talk


def log(
    ctx: typer.Context,
    patient_id: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    last: Annotated[int | None, typer.Option("--last", help="Only so many, the newest first.")] = None,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show every change, newest first.

    Example: remtrack log P01
    """
    from ..show import log_screen, output
    from ..tracker.history import log as changes
    from ..tracker.lookup import require_patient

    here = session(ctx)
    with here.read() as record:
        if patient_id is not None:
            require_patient(record, patient_id)
        rows = changes(record, patient_id, last)
    output(log_screen(rows, here.today), chosen_format(form, json))


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
    from ..tracker.undoing import undo as take_back, undoable

    here = session(ctx)
    with here.write() as record:
        change = undoable(record, number)
        what = f"change {change['number']}: {change['command']} by {change['who']} on {change['at_local']}"
        talk(f"This takes back {what}")
        for line in change["rows"][:10]:
            talk(f"  {line}")
        if len(change["rows"]) > 10:
            talk(f"  and {len(change['rows']) - 10} more")
        if not yes:
            if not (here.asks and on_terminal()):
                raise UsageError(
                    "undo asks before it takes back",
                    "there is no terminal to ask on",
                    f"remtrack undo {change['number']} --yes",
                )
            if not typer.confirm("Take it back?", default=False, err=True):
                raise typer.Abort
        outcome = take_back(record, change["number"], here.who, reason)
    answer(f"taken back: {what}")
    moved_lines(outcome)
    talk(f"Saved as change {outcome.number}.  Wrong?  remtrack undo {outcome.number}")


COMMANDS = {"log": log, "undo": undo}
