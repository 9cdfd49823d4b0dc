"""`status`, `timeline`, `remission`, `explain`, `compare`: one answer in ten seconds, why, and by other rules."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import UsageError
from .session import AsOf, Format, Json, PlainWords, chosen_format, session


def status(
    ctx: typer.Context,
    patient_id: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="List everyone, however many.")] = False,
    as_of: AsOf = None,
    plain_words: PlainWords = False,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show where patients stand, or one patient.

    Example: remtrack status P01
    """
    from ..show import output
    from ..tracker.looking import overview, patient_status

    here = session(ctx)
    chosen = chosen_format(form, json)
    cut = here.optional_day(as_of)
    with here.read() as record:
        if patient_id is None:
            from ..show import overview_screen

            every = everyone or chosen in ("json", "csv")
            screen = overview_screen(overview(record, here.today, as_of=cut, everyone=every), plain_words)
        else:
            from ..show import status_screen

            screen = status_screen(patient_status(record, patient_id, here.today, cut), cut or here.today, plain_words)
    output(screen, chosen)


def timeline(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    line: Annotated[int | None, typer.Option("--line", help="Only that line of therapy.")] = None,
    as_of: AsOf = None,
    plain_words: PlainWords = False,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show a patient's scans over time, and when a response began.

    Example: remtrack timeline P01
    """
    from ..show import output, timeline_screen
    from ..tracker.looking import timelines

    here = session(ctx)
    with here.read() as record:
        drawn = timelines(record, patient_id, here.today, line=line, as_of=here.optional_day(as_of))
    output(timeline_screen(patient_id, drawn, here.today, plain_words), chosen_format(form, json))


def remission(
    ctx: typer.Context,
    patient_id: Annotated[str | None, typer.Argument(metavar="[PATIENT]")] = None,
    min_months: Annotated[
        float, typer.Option("--min-months", help="Only those that lasted so long (30.4375 days a month).")
    ] = 0,
    lasted: Annotated[
        str | None, typer.Option("--lasted", help="Only yes, no or not-yet: did it last a month?")
    ] = None,
    as_of: AsOf = None,
    plain_words: PlainWords = False,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show when each remission or response began and whether it lasted.

    Example: remtrack remission --min-months 1
    """
    from ..show import output, remission_screen
    from ..tracker.looking import remissions
    from ..tracker.lookup import require_patient

    here = session(ctx)
    wanted = None if lasted is None else lasted.strip().lower().replace("-", " ")
    if wanted not in (None, "yes", "no", "not yet"):
        raise UsageError(f'--lasted "{lasted}"', "known: yes, no, not-yet", "remtrack remission --lasted yes")
    if not 0 <= min_months <= 1200:
        raise UsageError(f"--min-months {min_months}", "it must be 0 to 1200", "remtrack remission --min-months 1")
    cut = here.optional_day(as_of)
    with here.read() as record:
        if patient_id is not None:
            require_patient(record, patient_id)
        # A month here is the month of the criteria: 28 days. From two months on, calendar length.
        days = 28 if min_months == 1 else round(min_months * 30.4375)
        rows = list(
            remissions(
                record,
                cut or here.today,
                None if patient_id is None else [patient_id],
                cut=cut is not None,
                min_days=days,
                lasted=wanted,
            )
        )
    output(remission_screen(rows, cut or here.today, plain_words), chosen_format(form, json))


def explain(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    day: Annotated[str, typer.Argument(metavar="DATE")],
    line: Annotated[int | None, typer.Option("--line")] = None,
    reader: Annotated[str, typer.Option("--reader")] = "",
    criteria: Annotated[str | None, typer.Option("--criteria", help="Only that family.")] = None,
    as_of: AsOf = None,
    plain_words: PlainWords = False,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show every step behind a visit's category.

    Example: remtrack explain P01 2026-03-02
    """
    from ..show import explanation_screen, output
    from ..tracker.why import explain as why

    here = session(ctx)
    with here.read() as record:
        found = why(
            record,
            patient_id,
            here.day(day),
            line=line,
            reader=reader,
            criteria=criteria,
            as_of=here.optional_day(as_of),
        )
    output(explanation_screen(found, here.today, plain_words), chosen_format(form, json))


def compare(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    criteria: Annotated[
        list[str] | None,
        typer.Option(
            "--criteria", help="A family; settings of its own follow it after commas.", metavar="FAMILY[,NAME=VALUE]"
        ),
    ] = None,
    reader: Annotated[
        list[str] | None, typer.Option("--reader", help="A reader; '' is the ordinary record.", metavar="NAME")
    ] = None,
    line: Annotated[int | None, typer.Option("--line", help="Only that line of therapy.")] = None,
    as_of: AsOf = None,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Lay two families, settings or readers side by side.

    Example: remtrack compare P01 --criteria recist-1.1 --criteria irecist

    What differs is marked, with the rule of each side. Settings are compared as --criteria recist-1.1
    --criteria recist-1.1,confirm_required=no and readers as --reader A --reader B. Nothing is written.
    """
    from ..show import comparison_screen, output
    from ..tracker.comparing import compare as laid_out

    here = session(ctx)
    cut = here.optional_day(as_of)
    with here.read() as record:
        found = laid_out(record, patient_id, criteria or (), reader or (), line=line, as_of=cut)
    output(comparison_screen(patient_id, found, cut or here.today), chosen_format(form, json))


COMMANDS = {"status": status, "timeline": timeline, "remission": remission, "explain": explain, "compare": compare}
