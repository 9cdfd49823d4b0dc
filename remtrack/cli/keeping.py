"""`init`, `check`, `recompute`, `demo`: the record itself."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from ..errors import Exit, RefusedError
from .session import Format, Json, aimed, answer, chosen_format, session, talk
from .tables import Constants, DateOrder, DayZero, DecimalSign, Mapped, Prefix, Sheets, reading


def init(
    ctx: typer.Context,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt it with a passphrase; every command then asks for it.")
    ] = False,
) -> None:
    """
    Make an empty record, readable by you alone.

    Example: remtrack init

    `patient add` and `import` make it too when it is not there, but never an encrypted one: that is made here
    before anything is entered. It needs the extra `encrypt`; the passphrase is asked, or comes from
    --passphrase-fd or REMTRACK_PASSPHRASE.
    """
    here = session(ctx)
    existed = os.path.lexists(here.path)
    if existed and encrypt:
        raise RefusedError(
            f"{here.path} is there already, and encrypting makes a new file",
            "a backup of it can be put back into a new, encrypted record",
            "remtrack --db NEW.db init --encrypt",
        )
    with here.write(create=True, encrypt=encrypt) as record:
        path = record.path
    answer(f"{path}: {'is there already, nothing to do' if existed else 'made'}")
    if encrypt:
        talk("Without the passphrase nobody can open it again, nor can remtrack.")
    if not existed:
        talk("Next: remtrack patient add P01")


def check(
    ctx: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="[FILE|FOLDER]", help="Judge it as an import would, and import nothing.")
    ] = None,
    sheet: Sheets = None,
    mapping: Mapped = None,
    constant: Constants = None,
    day_zero: DayZero = None,
    prefix: Prefix = "",
    decimal: DecimalSign = "point",
    date_order: DateOrder = None,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Verify the file, every answer, and what was entered.

    Example: remtrack check site.csv

    Without a file the record is checked: SQLite's own tests, the record of changes, each stored answer derived
    again, and rules on the data, each with the command that mends it. Exit code 1 when an error was found;
    warnings alone give 0.
    """
    from ..show import output, problems_screen
    from ..tracker import checking

    here = session(ctx)
    if source is None:
        with here.read() as record:
            problems = list(checking.check(record))
            figures = record.counts()
        checked = f"{figures['patients']:,} patients, {figures['measurements']:,} measurements"
    else:
        request = reading(here, source, sheet, mapping, constant, day_zero, prefix, decimal, date_order)
        with here.read() if os.path.lexists(here.path) else nullcontext() as known:
            problems, rows = checking.check_file(known, request)
        checked = f"{rows:,} rows of {source}"
    problems = [problem._replace(hint=aimed(problem.hint)) for problem in problems]
    output(problems_screen(problems, here.today), chosen_format(form, json))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = sum(problem.severity == "warning" for problem in problems)
    talk(
        f"{checked} checked: "
        f"{errors} {'error' if errors == 1 else 'errors'}, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    )
    if errors:
        raise typer.Exit(int(Exit.PROBLEMS))


def doctor(ctx: typer.Context, form: Format = None, json: Json = False) -> None:
    """
    Look at the installation and at how the file is kept.

    Example: remtrack doctor

    Versions, optional packages, who can read the file, backups, room on the disk, and SQLite's own tests. Exit
    code 1 when something must be done.
    """
    from ..show import doctor_screen, output
    from ..tracker.examining import examine

    here = session(ctx)
    findings, found = examine(here.path, here.read, here.today)
    problems = [problem._replace(hint=aimed(problem.hint)) for problem in found]
    output(doctor_screen(findings, problems, here.today), chosen_format(form, json))
    if any(problem.severity == "error" for problem in problems):
        raise typer.Exit(int(Exit.PROBLEMS))


def recompute(ctx: typer.Context) -> None:
    """
    Derive every answer anew from the facts.

    Example: remtrack recompute

    Needed after an upgrade that changed a rule; the facts are not touched.
    """
    from ..tracker.exporting import refresh

    here = session(ctx)
    with here.write() as record:
        count = refresh(record, here.who)
    answer(f"the answers of {count:,} {'patient' if count == 1 else 'patients'} were derived anew")


def demo(
    ctx: typer.Context,
    plain_words: Annotated[bool, typer.Option("--plain-words", help="Say it in everyday words.")] = False,
) -> None:
    """
    Show invented patients in a throw-away record.

    Example: remtrack demo

    Your own record is not touched.
    """
    from ..show import output, overview_screen, remission_screen, timeline_screen
    from ..tracker.demo import DEMO_DAY, make_demo
    from ..tracker.looking import overview, remissions, timelines

    here = session(ctx)
    path = make_demo(here.who)
    form = chosen_format(None, False, "table")
    from ..store import open_record

    with open_record(path) as record:
        talk("Invented patients in a throw-away record; your own record is not touched.", "", "$ remtrack status")
        output(overview_screen(overview(record, DEMO_DAY), plain_words), form)
        for patient_id in ("DEMO-PR", "S-AML"):
            talk("", f"$ remtrack timeline {patient_id}")
            sys.stderr.flush()
            drawn = timelines(record, patient_id, DEMO_DAY)
            output(timeline_screen(patient_id, drawn, DEMO_DAY, plain_words), form)
            sys.stdout.flush()
        talk("", "$ remtrack remission")
        rows = list(remissions(record, DEMO_DAY))
        output(remission_screen(rows, DEMO_DAY, plain_words), form)
    sys.stdout.flush()
    talk("", "Look further, as it stood on the demo's day:")
    talk(f"  export REMTRACK_TODAY={DEMO_DAY}", f"  export REMTRACK_DB={path}")
    talk(
        "  remtrack explain DEMO-PD 2026-03-24       why that scan is progression",
        "  remtrack timeline S-CML                   BCR::ABL1 over ten years",
        "  remtrack explain S-MM 2025-10-20          M-protein that comes back",
        "  remtrack status S-LYM --plain-words       a lymphoma in everyday words",
        "  remtrack timeline S-OVA                   CA-125 beside the scans",
        "Then start your own:",
        "  unset REMTRACK_TODAY REMTRACK_DB",
        "  remtrack patient add P01",
    )


COMMANDS = {"init": init, "check": check, "doctor": doctor, "recompute": recompute, "demo": demo}
