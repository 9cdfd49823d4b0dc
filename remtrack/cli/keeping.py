"""`init`, `check`, `recompute`, `demo`: the record itself."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..errors import Exit, RefusedError
from .session import Format, Json, answer, chosen_format, session, talk


def init(
    ctx: typer.Context,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt it with a passphrase; every command then asks for it.")
    ] = False,
) -> None:
    """
    Make an empty record, readable by you alone.

    Example: remtrack init

    `patient add` and `import` make it too when it is not there. An encrypted one needs the extra `encrypt`;
    the passphrase is asked, or comes from --passphrase-fd or REMTRACK_PASSPHRASE.
    """
    here = session(ctx)
    existed = here.path.exists()
    if existed and encrypt:
        raise RefusedError(
            f"{here.path} is there already, and encrypting makes a new file",
            "a backup of it can be put back into a new, encrypted record",
            "remtrack --db NEW.db init --encrypt",
        )
    with here.write(create=True, encrypt=encrypt) as record:
        path = record.path
    answer(f"{path}: {'is there already, nothing to do' if existed else 'made'}")
    if not existed:
        talk("Next: remtrack patient add P01")


def check(
    ctx: typer.Context,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Verify the file, every answer and the baselines.

    Example: remtrack check

    Exit code 1 when an error was found; warnings alone give 0.
    """
    from ..show import output, problems_screen
    from ..tracker.checking import check as look

    here = session(ctx)
    with here.read() as record:
        problems = list(look(record))
        figures = record.counts()
    output(problems_screen(problems, here.today), chosen_format(form, json))
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = sum(problem.severity == "warning" for problem in problems)
    talk(
        f"{figures['patients']:,} patients, {figures['measurements']:,} measurements checked: "
        f"{errors} {'error' if errors == 1 else 'errors'}, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    )
    if errors:
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
        for patient_id in ("DEMO-PR", "DEMO-LINE2"):
            talk("", f"$ remtrack timeline {patient_id}")
            sys.stderr.flush()
            drawn = timelines(record, patient_id, DEMO_DAY)
            output(timeline_screen(patient_id, drawn, DEMO_DAY, plain_words), form)
            sys.stdout.flush()
        talk("", "$ remtrack remission")
        rows = list(remissions(record, DEMO_DAY))
        output(remission_screen(rows, DEMO_DAY, plain_words), form)
    sys.stdout.flush()
    talk("", "Look further, as it stood on the demo's day:", f"  export REMTRACK_TODAY={DEMO_DAY} REMTRACK_DB={path}")
    talk(
        "  remtrack explain DEMO-PD 2026-03-24",
        "  remtrack status DEMO-SHORT",
        "Then start your own: remtrack patient add P01",
    )


COMMANDS = {"init": init, "check": check, "recompute": recompute, "demo": demo}
