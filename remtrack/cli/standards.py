"""`criteria list` and `criteria show`: the published standards as rows that a clinician can read."""

from __future__ import annotations

from typing import Annotated

import typer

from .session import Format, Json, chosen_format, session

criteria = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List the families of criteria, or show one.")


@criteria.command("list")
def criteria_list(ctx: typer.Context, form: Format = None, json: Json = False) -> None:
    """
    List the families that judge a line.

    Example: remtrack criteria list
    """
    from ..show import criteria_screen, output
    from ..tracker.standards import families

    output(criteria_screen(families(), session(ctx).today), chosen_format(form, json))


@criteria.command("show")
def criteria_show(
    ctx: typer.Context,
    family: Annotated[str, typer.Argument(metavar="FAMILY")],
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show the categories, rules and settings of a family.

    Example: remtrack criteria show recist-1.1
    """
    from ..show import family_screen, output
    from ..tracker.standards import describe

    output(family_screen(describe(family), session(ctx).today), chosen_format(form, json))


COMMANDS = {"criteria": criteria}
