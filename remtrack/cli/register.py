"""`patient`, `patients`, `line`, `lesion`, `lesions`, `event`: who is followed, and what is known beside the scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .scans import moved_lines
from .session import Format, Json, answer, chosen_format, say_problem, session, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tracker.lines import Outcome

patient = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Add, show or rename a patient.")
line = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Lines of therapy: start, stop, list, set.")
lesion = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Name a lesion, close one, or take one back.")

Criteria = Annotated[
    list[str] | None,
    typer.Option("--criteria", help="A family that judges the line; repeat for more.", metavar="FAMILY"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A setting of the family, such as confirm_days=56.", metavar="NAME=VALUE"),
]


@patient.command("add")
def patient_add(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    criteria: Criteria = None,
    setting: Settings = None,
    disease: Annotated[str, typer.Option("--disease")] = "",
    note: Annotated[str, typer.Option("--note")] = "",
    started: Annotated[
        str | None, typer.Option("--started", help="When the first treatment started.", metavar="DATE")
    ] = None,
    regimen: Annotated[str, typer.Option("--regimen")] = "",
) -> None:
    """
    Add a patient under a code, never a name.

    Example: remtrack patient add P08 --started 2026-01-15
    """
    from ..exchange.cells import CellError, parse_patient_id
    from ..tracker.lookup import quote
    from ..tracker.registry import add_patient, judged_by

    here = session(ctx)
    try:
        code = parse_patient_id(patient_id)
    except CellError as error:
        raise UsageError(error.what, error.why, error.hint) from error
    with here.write(create=True) as record:
        outcome = add_patient(
            record,
            code,
            here.who,
            criteria=tuple(criteria or ()),
            settings=pairs(setting),
            disease=disease,
            note=note,
            started_on=here.optional_day(started),
            regimen=regimen,
        )
    if outcome.number is None:
        answer(f"{code}: already there, nothing to change")
    else:
        answer(f"{code}: {'added' if outcome.added else 'changed'}")
        if outcome.added:
            talk(f"  {judged_by(code, disease, criteria or ())}")
        saved(outcome, f"remtrack add {quote(code)}" if outcome.added else "")


@patient.command("show")
def patient_show(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Show what is recorded about a patient.

    Example: remtrack patient show P01
    """
    from ..show import output, patient_screen
    from ..tracker.register import patient_facts

    here = session(ctx)
    with here.read() as record:
        facts = patient_facts(record, patient_id)
    output(patient_screen(facts, here.today), chosen_format(form, json))


@patient.command("rename")
def patient_rename(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD")],
    new: Annotated[str, typer.Argument(metavar="NEW")],
    reason: Annotated[str, typer.Option("--reason")] = "",
) -> None:
    """
    Give a patient another code.

    Example: remtrack patient rename P01 S2-P01
    """
    from ..exchange.cells import CellError, parse_patient_id
    from ..tracker.registry import rename_patient

    here = session(ctx)
    try:
        code = parse_patient_id(new)
    except CellError as error:
        raise UsageError(error.what, error.why, error.hint) from error
    with here.write() as record:
        outcome = rename_patient(record, old, code, here.who, reason)
    answer(f"{old} is now {code}")
    saved(outcome)


def patients(ctx: typer.Context, form: Format = None, json: Json = False) -> None:
    """
    List the patients.

    Example: remtrack patients
    """
    from ..show import output, patients_screen
    from ..tracker.register import patient_list

    here = session(ctx)
    with here.read() as record:
        rows = patient_list(record)
    output(patients_screen(rows, here.today), chosen_format(form, json))


@line.command("start")
def line_start(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    day: Annotated[str | None, typer.Argument(metavar="[DATE]")] = None,
    regimen: Annotated[str, typer.Option("--regimen")] = "",
    criteria: Criteria = None,
    setting: Settings = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", help="An earlier visit that is its baseline.", metavar="DATE")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="A lesion of that visit that is a target.", metavar="LESION")
    ] = None,
    nontarget: Annotated[list[str] | None, typer.Option("--nontarget", metavar="LESION")] = None,
) -> None:
    """
    Begin the next line of therapy.

    Example: remtrack line start P01 2026-05-20 --baseline 2026-05-13

    Visits that are recorded on or after the day it begins go with it.
    """
    from ..tracker.registry import start_line

    here = session(ctx)
    with here.write() as record:
        outcome = start_line(
            record,
            patient_id,
            here.who,
            started_on=here.day(day) if day else here.today,
            regimen=regimen,
            criteria=tuple(criteria or ()),
            settings=pairs(setting),
            baseline_on=here.optional_day(baseline),
            roles=roles(target, nontarget),
        )
    answer(f"{patient_id}: line {outcome.line} begun")
    for remark in outcome.remarks:
        talk(f"  {remark}")
    saved(outcome)


@line.command("stop")
def line_stop(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    day: Annotated[str | None, typer.Argument(metavar="[DATE]")] = None,
    number: Annotated[int | None, typer.Option("--line", help="Which line; else the latest.")] = None,
) -> None:
    """
    Say that the therapy of a line stopped.

    Example: remtrack line stop P01 2026-05-20

    Stopping therapy does not end a response.
    """
    from ..tracker.registry import set_line

    here = session(ctx)
    with here.write() as record:
        chosen = number or latest_line(record.rows("lines", patient_id=patient_id))
        outcome = set_line(
            record,
            patient_id,
            chosen,
            here.who,
            values={"stopped_on": here.day(day) if day else here.today},
            command="line stop",
        )
    answer(f"{patient_id}: therapy of line {outcome.line} stopped" if outcome.number else "already recorded")
    saved(outcome)


@line.command("list")
def line_list(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    form: Format = None,
    json: Json = False,
) -> None:
    """
    List a patient's lines of therapy with their families and settings.

    Example: remtrack line list P01
    """
    from ..show import lines_screen, output
    from ..tracker.register import line_facts

    here = session(ctx)
    with here.read() as record:
        rows = line_facts(record, patient_id)
    output(lines_screen(patient_id, rows, here.today), chosen_format(form, json))


@line.command("set")
def line_set(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    number: Annotated[int, typer.Argument(metavar="LINE")],
    settings: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...")] = None,
    criteria: Criteria = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", help="The visit that is its baseline; none for the first.", metavar="DATE"),
    ] = None,
    started: Annotated[str | None, typer.Option("--started", metavar="DATE")] = None,
    stopped: Annotated[str | None, typer.Option("--stopped", metavar="DATE")] = None,
    regimen: Annotated[str | None, typer.Option("--regimen")] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="LESION", help="Make it a target of this line.")
    ] = None,
    nontarget: Annotated[list[str] | None, typer.Option("--nontarget", metavar="LESION")] = None,
    reason: Annotated[str, typer.Option("--reason")] = "",
) -> None:
    """
    Change a line.

    Example: remtrack line set P01 1 confirm_days=56 --criteria recist-1.1

    A setting given its default is taken back; a date given as none is taken back.
    """
    from ..tracker.registry import set_line

    here = session(ctx)
    values: dict[str, object] = {}
    for name, text in (("baseline_on", baseline), ("started_on", started), ("stopped_on", stopped)):
        if text is not None:
            values[name] = None if text.strip().lower() == "none" else here.day(text)
    if regimen is not None:
        values["regimen"] = regimen
    with here.write() as record:
        outcome = set_line(
            record,
            patient_id,
            number,
            here.who,
            values=values,
            criteria=tuple(criteria or ()),
            settings=pairs(settings),
            roles=roles(target, nontarget),
            reason=reason,
        )
    if outcome.number is None:
        answer(f"{patient_id}, line {number}: already so, nothing to change")
        return
    answer(f"{patient_id}, line {number}: changed")
    for remark in outcome.remarks:
        talk(f"  {remark}")
    saved(outcome)


@lesion.command("add")
def lesion_add(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    lesion_id: Annotated[str, typer.Argument(metavar="LESION")],
    role: Annotated[str, typer.Option("--role", help="target, nontarget or new.")] = "target",
    organ: Annotated[str, typer.Option("--organ")] = "",
    site: Annotated[str, typer.Option("--site")] = "",
    kind: Annotated[str, typer.Option("--kind", help="nonnodal, node or marker.")] = "nonnodal",
    number: Annotated[int | None, typer.Option("--line", help="Which line; else the latest.")] = None,
) -> None:
    """
    Name a lesion before it is measured.

    Example: remtrack lesion add P01 L4 --organ liver --role nontarget
    """
    from ..exchange.cells import CellError, parse_kind, parse_lesion_id, parse_role
    from ..tracker.registry import add_lesion

    here = session(ctx)
    try:
        code, played, sort = parse_lesion_id(lesion_id), parse_role(role), parse_kind(kind, organ)
    except CellError as error:
        raise UsageError(error.what, error.why, error.hint) from error
    with here.write() as record:
        outcome = add_lesion(
            record, patient_id, code, here.who, role=played, kind=sort, organ=organ, site=site, line=number
        )
    answer(
        f"{patient_id}: {code} "
        + ("is there already" if outcome.number is None else f"is {played} in line {outcome.line}")
    )
    saved(outcome)


@lesion.command("close")
def lesion_close(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    lesion_id: Annotated[str, typer.Argument(metavar="LESION")],
    day: Annotated[str | None, typer.Argument(metavar="[DATE]")] = None,
    reason: Annotated[str, typer.Option("--reason")] = "",
) -> None:
    """
    Stop asking for a lesion.

    Example: remtrack lesion close P01 L4 --reason "out of the scanned field"

    Its readings stay. A target without a reading still leaves its visit incomplete.
    """
    from ..tracker.registry import close_lesion

    here = session(ctx)
    with here.write() as record:
        outcome = close_lesion(
            record, patient_id, lesion_id, here.who, on=here.day(day) if day else here.today, reason=reason
        )
    answer(f"{patient_id}: {lesion_id} " + ("was closed already" if outcome.number is None else "is asked for no more"))
    saved(outcome)


@lesion.command("remove")
def lesion_remove(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    lesion_id: Annotated[str, typer.Argument(metavar="LESION")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the log.")],
) -> None:
    """
    Take a lesion back that was entered by mistake.

    Example: remtrack lesion remove P01 L2 --reason "L1 entered twice"

    All its readings and roles go with it and stay in the log; undo brings them back. A lesion that is there
    no more is not taken back: enter it as gone (L2=gone).
    """
    from ..tracker.correcting import is_reason
    from ..tracker.lookup import quote
    from ..tracker.moving import remove_lesion

    if not is_reason(reason):
        raise UsageError(
            "a reason is needed to take readings back",
            "whoever reads the log must find why",
            f'remtrack lesion remove {quote(patient_id)} {quote(lesion_id)} --reason "entered twice"',
        )
    here = session(ctx)
    with here.write() as record:
        outcome = remove_lesion(record, patient_id, lesion_id, here.who, reason.strip())
    answer(f"{patient_id}: {outcome.changed[0]}")
    saved(outcome)


def lesions(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    number: Annotated[int | None, typer.Option("--line", help="Roles in that line; else the latest.")] = None,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    List a patient's lesions with role and last size.

    Example: remtrack lesions P01
    """
    from ..show import lesions_screen, output
    from ..tracker.looking import lesion_rows

    here = session(ctx)
    with here.read() as record:
        rows = lesion_rows(record, patient_id, number)
    output(lesions_screen(patient_id, rows, here.today), chosen_format(form, json))


def event(
    ctx: typer.Context,
    patient_id: Annotated[str, typer.Argument(metavar="PATIENT")],
    name: Annotated[str, typer.Argument(metavar="EVENT")],
    day: Annotated[str | None, typer.Argument(metavar="[DATE]")] = None,
    detail: Annotated[str, typer.Option("--detail")] = "",
    number: Annotated[int | None, typer.Option("--line", help="Which line; else the one the date falls in.")] = None,
) -> None:
    """
    Record something dated that is not a scan.

    Example: remtrack event P01 last_contact 2026-03-02

    EVENT is treatment_start, treatment_stop, treatment_restart, therapy, local_therapy, transplant,
    radiotherapy_end, clinical_progression, progression (CML: to accelerated or blast phase),
    response_landmark (AML), induction_end (ALL), growth_factor, transfusion, platelet_transfusion,
    death, last_contact or note.
    """
    from ..tracker.registry import record_event

    here = session(ctx)
    on = here.day(day) if day else here.today
    with here.write() as record:
        outcome = record_event(record, patient_id, name, on, here.who, detail=detail, line=number)
    answer(f"{patient_id}: {name} on {on}" + (" was recorded already" if outcome.number is None else " recorded"))
    saved(outcome)


def pairs(words: Sequence[str] | None) -> dict[str, str]:
    """Return NAME=VALUE words as a mapping; raises UsageError for a word that is not one."""
    found = {}
    for word in words or ():
        name, equals, value = word.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(
                f'"{word}" is not a setting',
                "it must be NAME=VALUE, such as confirm_days=56",
                "remtrack criteria show recist-1.1",
            )
        found[name.strip()] = value.strip()
    return found


def roles(target: Sequence[str] | None, nontarget: Sequence[str] | None) -> dict[str, str]:
    return {**dict.fromkeys(target or (), "target"), **dict.fromkeys(nontarget or (), "nontarget")}


def latest_line(rows: Sequence[dict[str, object]]) -> int:
    return max((int(str(row["line"])) for row in rows), default=1)


def saved(outcome: Outcome, following: str = "") -> None:
    """Say what the change did to earlier answers, and how to take it back."""
    for problem in outcome.problems:
        talk(say_problem(problem))
    moved_lines(outcome)
    if outcome.number is not None:
        talk(f"Saved as change {outcome.number}.  Wrong?  remtrack undo")
        if following:
            talk(f"Next: {following}")


COMMANDS = {
    "patient": patient,
    "patients": patients,
    "line": line,
    "lesion": lesion,
    "lesions": lesions,
    "event": event,
}
