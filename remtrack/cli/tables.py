"""`import` and `export`: tables from and for other programs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import RefusedError, UsageError
from ..tracker.lookup import quote
from .register import pairs
from .session import (
    Format,
    Json,
    Session,
    answer,
    chosen_format,
    say_problem,
    session,
    talk,
    warn_of_others,
    write_json,
)

if TYPE_CHECKING:
    from ..store import Record
    from ..tracker.deidentify import Masked
    from ..tracker.importing import Imported, Request

_SHOWN = 40  # bad rows named on a terminal; off it, in --json and in the rejects file they are all there


Sheets = Annotated[list[str] | None, typer.Option("--sheet", help="A sheet of a workbook; repeat for more.")]
Mapped = Annotated[
    list[str] | None, typer.Option("--map", metavar="OURS=THEIRS", help="Which of their columns is ours.")
]
Constants = Annotated[
    list[str] | None, typer.Option("--set", metavar="OURS=VALUE", help="The same value for every row.")
]
DayZero = Annotated[str | None, typer.Option("--day-zero", metavar="DATE", help="Day 0 of a column of study days.")]
Prefix = Annotated[str, typer.Option("--prefix", help="Before every patient id: two sites may each have a P01.")]
DecimalSign = Annotated[str, typer.Option("--decimal", help="point or comma.")]
DateOrder = Annotated[str | None, typer.Option("--date-order", help="dmy or mdy, for dates such as 1/2/2026.")]


def import_(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="FILE|FOLDER|-", help="CSV or .xlsx, a folder written by export, or - for stdin.")
    ],
    sheet: Sheets = None,
    mapping: Mapped = None,
    constant: Constants = None,
    day_zero: DayZero = None,
    prefix: Prefix = "",
    decimal: DecimalSign = "point",
    date_order: DateOrder = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the good rows, write the others to the rejects file.")
    ] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", metavar="FILE", help="Where the refused rows go.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")] = False,
    reason: Annotated[str, typer.Option("--reason")] = "",
    json: Json = False,
) -> None:
    """
    Import a table.

    Example: remtrack import scans.csv --dry-run

    All rows or none: every bad row is named with its line and column. With --partial the good
    rows are taken. Rows recorded already are counted and left as they are.
    """
    from ..tracker.importing import import_tables

    here = session(ctx)
    request = reading(here, source, sheet, mapping, constant, day_zero, prefix, decimal, date_order)
    request = replace(request, partial=partial, rejects=rejects, dry_run=dry_run, reason=reason)
    done = import_tables(here.path, request, here.who, lambda: here.write(create=True))
    if json:
        write_json(imported_value(done))
    else:
        report(done)
    if done.refused and not partial:
        raise RefusedError(
            f"{source}: {done.refused} of {done.rows} rows were refused, nothing was imported",
            f"an import takes all rows or none; with --partial it would take the {done.rows - done.refused} good ones",
            typed_again(request, *better_option(done)),
        )


def better_option(done: Imported) -> tuple[str, ...]:
    """Return the option that would read what was refused; without one, that which takes the other rows alone."""
    for problem in done.problems:
        if problem.severity == "error" and "--date-order " in problem.hint:
            return ("--date-order", problem.hint.rpartition("--date-order ")[2])
    return ("--partial",)


def reading(
    here: Session,
    source: str,
    sheet: list[str] | None,
    mapping: list[str] | None,
    constant: list[str] | None,
    day_zero: str | None,
    prefix: str,
    decimal: str,
    date_order: str | None,
) -> Request:
    """Return how a source is to be read; raises UsageError for an option that cannot be."""
    from ..tracker.importing import Request

    if not source:
        raise UsageError("the file has no name", "a variable of the shell may be empty", "remtrack import --help")
    if decimal not in ("point", "comma"):
        raise UsageError(f'--decimal "{decimal}"', "known: point, comma", f"remtrack import {source} --decimal comma")
    if date_order not in (None, "dmy", "mdy"):
        raise UsageError(
            f'--date-order "{date_order}"',
            "known: dmy (3/2 is 3 February), mdy (3/2 is March 2)",
            "remtrack import --help",
        )
    return Request(
        source=source,
        sheets=tuple(sheet or ()),
        mapping=pairs(mapping),
        constants=pairs(constant),
        day_zero=here.optional_day(day_zero),
        prefix=prefix,
        decimal="," if decimal == "comma" else ".",
        date_order=date_order,
        today=here.today,
    )


def typed_again(request: Request, *more: str) -> str:
    """Return the command line of an import as it would be typed, with more options behind it."""
    from shlex import join

    words = ["remtrack", "import", request.source]
    for option, values in (
        ("--sheet", request.sheets),
        ("--map", [f"{name}={value}" for name, value in request.mapping.items()]),
        ("--set", [f"{name}={value}" for name, value in request.constants.items()]),
        ("--day-zero", [str(request.day_zero)] if request.day_zero else []),
        ("--prefix", [request.prefix] if request.prefix else []),
        ("--decimal", ["comma"] if request.decimal == "," else []),
        ("--date-order", [request.date_order] if request.date_order else []),
    ):
        for value in values:
            words += [option, value]
    return join([*words, *more])


def report(done: Imported) -> None:
    """Say what came in, what was refused and where the refused rows are."""
    for name, unknown in done.unknown_columns:
        talk(f"{name}: not known and left out: {', '.join(unknown)}")
    answers = [name for name in done.left_out if name.endswith(".csv")]
    if answers:
        talk(f"left out: {', '.join(answers)} (answers are derived again)")
    for remark in done.remarks:
        talk(f"note: {remark}")
    shown = done.problems[:_SHOWN] if sys.stderr.isatty() else done.problems
    for problem in shown:
        talk(say_problem(problem))
    more = len(done.problems) - len(shown) + done.untold
    if more > 0:
        talk(f"and {more:,} more" + (f", all in {done.rejects}" if done.rejects else "; --json lists them all"))
    if done.refused and not done.partial:
        return
    if done.warnings:
        talk(f"{done.warnings} {'remark' if done.warnings == 1 else 'remarks'} on what was entered: remtrack check")
    verb = "would import" if done.dry_run else "imported"
    new, known = done.new_patients, done.known_patients
    answer(
        f"{verb} {done.added:,} rows of {new + known:,} patients ({new:,} new, {known:,} known)"
        + (f"; {done.same:,} were recorded already" if done.same else "")
        + (f"; {done.refused:,} refused" if done.refused else "")
    )
    report_moved(done)
    if done.rejects:
        talk(f"the refused rows are in {done.rejects}")
    if done.number is not None:
        talk(f"Saved as change {done.number}.  Next: remtrack status    Wrong?  remtrack undo")
    elif not done.dry_run:
        talk("nothing new; the record was left as it was")


def report_moved(done: Imported) -> None:
    """Say which answers given before are others now, or would be."""
    if not done.moved:
        return
    answer("  this would change answers given before:" if done.dry_run else "  this changed answers given before:")
    answer(*(f"    {row.patient_id} {row.visit_on}  {row.before} -> {row.after}" for row in done.moved[:_SHOWN]))
    if len(done.moved) > _SHOWN:
        answer(f"    and {len(done.moved) - _SHOWN:,} more")


def imported_value(done: Imported) -> dict[str, object]:
    return {
        "schema_version": 1,
        "command": "import",
        "dry_run": done.dry_run,
        "change": done.number,
        "rows": done.rows,
        "added": done.added,
        "same": done.same,
        "refused": done.refused,
        "new_patients": done.new_patients,
        "known_patients": done.known_patients,
        "rejects": str(done.rejects) if done.rejects else None,
        "changed_answers": [
            {"patient_id": row.patient_id, "date": row.visit_on, "before": row.before, "after": row.after}
            for row in done.moved
        ],
        "unknown_columns": {name: list(columns) for name, columns in done.unknown_columns},
        "problems": [
            {
                "severity": problem.severity,
                "rule": problem.rule,
                "line": problem.line,
                "column": problem.column,
                "what": problem.what,
                "why": problem.why,
                "hint": problem.hint,
            }
            for problem in done.problems
        ],
    }


def export(
    ctx: typer.Context,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="[TABLE]",
            help="patients, lines, visits, measurements, results, events, assessments, episodes or courses; "
            "without it all of them, into a folder.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE|FOLDER")] = None,
    patient: Annotated[list[str] | None, typer.Option("--patient", help="Only that patient; repeat for more.")] = None,
    deidentify: Annotated[
        bool, typer.Option("--deidentify", help="Pseudonyms, days from the baseline, no free text.")
    ] = False,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="KEY", help="What the pseudonyms hang on; made if missing.")
    ] = None,
    form: Format = None,
    json: Json = False,
) -> None:
    """
    Write CSV for other programs.

    Example: remtrack export episodes -o episodes.csv

    Without a table every one of them goes into a folder, which import reads back.
    """
    from ..tracker import exporting

    here = session(ctx)
    chosen = chosen_format(form, json, "csv")
    if table is not None and table not in exporting.TABLES:
        from ..exchange.cells import nearest

        raise UsageError(
            f'no table "{table}"',
            f"known: {', '.join(exporting.TABLES)}",
            f"remtrack export {nearest(table, exporting.TABLES) or 'measurements'}",
        )
    if deidentify is (key_file is None):
        raise UsageError(
            "--deidentify and --key-file belong together",
            "the pseudonyms hang on a key, and the same key gives the same ones again",
            f"remtrack export {table or ''} --deidentify --key-file remtrack.key".replace("  ", " ")
            + (f" -o {quote(str(out))}" if out else ""),
        )
    if out is not None and chosen != "csv":
        raise UsageError(
            f"-o writes CSV, not {chosen}", "", f"remtrack export {table or ''} -o {quote(str(out))}".replace("  ", " ")
        )
    place = out or (folder_of(masks=deidentify) if table is None else None)
    if key_file is not None:
        keep_apart(key_file, place, table)
    with here.read() as record:
        exporting.keep_off_others(record, table, place, key_file)
        if patient:
            from ..tracker.lookup import require_patient

            for patient_id in patient:
                require_patient(record, patient_id)
        for name in exporting.not_installed(record, table):
            talk(f"warning: the family {name} is not installed; its answers are written as they were stored")
        with exporting.fresh(record) as current:
            if key_file is not None:
                export_masked(here, masked(current, key_file), table, out, patient, chosen)
            elif table is None:
                folder = out or folder_of()
                warn_of_unread(current)
                say_written(exporting.write_folder(current, folder, patient), folder)
            elif chosen != "csv":
                from ..show import output, table_screen

                found = list(exporting.export_rows(current, table, patient))
                output(table_screen(table, exporting.columns(table), found, here.today), chosen)
            elif out is not None:
                say_count(out, exporting.write_table(current, table, out, patient))
            else:
                from ..show import as_utf8

                as_utf8(sys.stdout)
                exporting.write_stream(current, table, sys.stdout, patient)


def warn_of_unread(record: Record) -> None:
    """Name on stderr the lesions that no table of an export has."""
    for patient_id, lesion_id, number in record.never_read():
        talk(
            f"warning: {lesion_id} of {patient_id} has a role in line {number} and no reading, so it stands in no "
            "table; a record made of these would judge that line without it"
        )


def folder_of(*, masks: bool = False) -> Path:
    """Return the folder for every table; that of one kind of export is not taken for the other."""
    return Path("remtrack-export-deidentified" if masks else "remtrack-export")


def keep_apart(key_file: Path, out: Path | None, table: str | None) -> None:
    """Refuse a key where whoever is given the export would find it, or the export would overwrite it."""
    if out is None:
        return
    place, key_at = Path(os.path.realpath(out)), Path(os.path.realpath(key_file))
    if key_at == place or (table is None and key_at.is_relative_to(place)):
        raise UsageError(
            f"the key would be in {out} with the export",
            "whoever has both can find out who is who",
            f"remtrack export {table or ''} --deidentify --key-file remtrack.key -o {quote(str(out))}".replace(
                "  ", " "
            ),
        )


def masked(record: Record, key_file: Path) -> Masked:
    from ..tracker.deidentify import Masked, read_key

    key, is_new = read_key(key_file)
    warn_of_others(key_file)
    if is_new:
        talk(f"{key_file}: a new key was made; keep it apart from the export, or destroy it")
    return Masked(record, key)


def export_masked(
    here: Session, seen: Masked, table: str | None, out: Path | None, patient: list[str] | None, chosen: str
) -> None:
    """Write one table or all of them as nobody can be recognised in them."""
    from ..tracker import deidentify, exporting

    if table is None:
        folder = out or folder_of(masks=True)
        say_written(deidentify.write_folder(seen, folder, patient), folder)
        others = sorted(at.name for at in folder.iterdir() if at.stem not in exporting.TABLES)
        if others:
            talk(f"warning: {folder} also holds {', '.join(others)}; look at that before you pass it on")
    elif chosen != "csv":
        from ..show import output, table_screen

        # Without the day of the export: somebody may have been seen on it.
        screen = table_screen(table, seen.columns(table), list(seen.rows(table, patient)), here.today)
        output(screen._replace(as_of=None), chosen)
    elif out is not None:
        say_count(out, deidentify.write_table(seen, table, out, patient))
    else:
        from ..show import as_utf8

        as_utf8(sys.stdout)
        deidentify.write_stream(seen, table, sys.stdout, patient)
    for why, count in seen.left_out.items():
        talk(f"left out: {count:,} {why}")


def say_written(counts: dict[str, int], folder: Path) -> None:
    for name, rows in counts.items():
        talk(f"  {name}.csv  {rows:,} {'row' if rows == 1 else 'rows'}")
    answer(str(folder))


def say_count(path: Path, count: int) -> None:
    talk(f"{path}: {count:,} {'row' if count == 1 else 'rows'}")


COMMANDS = {"import": import_, "export": export}
