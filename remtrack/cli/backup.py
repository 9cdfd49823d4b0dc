"""`backup` and `restore`: verified copies of the record, and putting one back."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ..errors import UsageError
from .session import answer, find_passphrase, on_terminal, session, talk

PassphraseFd = Annotated[
    int | None, typer.Option("--passphrase-fd", metavar="N", help="Read the passphrase from this file descriptor.")
]


def backup(
    ctx: typer.Context,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="PATH", help="A new file, or a folder for a dated name.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="Keep the last N dated backups there, no more.")
    ] = None,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt it with a passphrase (age format).")] = False,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """
    Write a verified copy of the record.

    Example: remtrack backup --keep 10

    Also while another program writes: the copy holds every change up to one moment. It goes to a folder
    beside the record unless -o says otherwise.
    """
    from ..tracker.backups import back_up, restore_command

    here = session(ctx)
    word = find_passphrase(here, passphrase_fd, "Passphrase of the backup", new=True) if encrypt else None
    with here.read() as record:
        done = back_up(record, output, keep, word)
    answer(f"{done.copied.path}: written and verified, up to change {done.copied.change}")
    for old in done.removed:
        answer(f"  removed {old}")
    if encrypt:
        talk("Without the passphrase nobody can open it again, nor can remtrack.")
    talk(f"To put it back:  {restore_command(done.copied.path)}")


def restore(
    ctx: typer.Context,
    path: Annotated[str, typer.Argument(metavar="BACKUP")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """
    Put a backup back in place of the record.

    Example: remtrack restore remtrack-backups/remtrack-20260302T140500Z-change12.db

    The backup is verified first, and what it replaces is kept beside the record.
    """
    from ..tracker.backups import is_encrypted, judge, restore as put_back, restore_command

    here = session(ctx)

    def word() -> str:
        return find_passphrase(here, passphrase_fd, f"Passphrase of {path}")

    is_new = not os.path.lexists(here.path)
    if is_new or not yes:
        judge(path, word)  # before anybody is asked, and before an empty record is made for it
    with here.write(create=True, encrypt=is_new and is_encrypted(path)) as record:
        last = next(iter(record.change_list()), None)
        talk(
            f"This replaces {record.path}"
            + (f", whose last change is {last['number']}; it is kept beside." if last else ", which is empty.")
        )
        if last and not yes:
            if not (here.asks and on_terminal()):
                raise UsageError(
                    "restore asks before it replaces",
                    "there is no terminal to ask on",
                    restore_command_yes(path),
                )
            if not typer.confirm("Put the backup back?", default=False, err=True):
                raise typer.Abort
        done = put_back(record, path, word, here.who)
    answer(f"{here.path} is the record as after change {done.change}, put back from {path}")
    talk(f"What it replaced, up to change {done.kept.change}, is kept:  {restore_command(done.kept.path)}")


def restore_command_yes(path: str) -> str:
    from pathlib import Path

    from ..tracker.backups import restore_command

    return f"{restore_command(Path(path))} --yes"


COMMANDS = {"backup": backup, "restore": restore}
