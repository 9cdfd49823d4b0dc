"""The Typer app: the commands, where each is found, and what the parser's complaints mean."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import Exit, UsageError

#: command -> the module of this package that holds it, in the order that --help lists them.
COMMANDS = {
    "status": "looking",
    "add": "scans",
    "timeline": "looking",
    "explain": "looking",
    "compare": "looking",
    "remission": "looking",
    "lesions": "register",
    "lesion": "register",
    "patients": "register",
    "patient": "register",
    "line": "register",
    "event": "register",
    "edit": "scans",
    "undo": "history",
    "redo": "history",
    "log": "history",
    "import": "tables",
    "export": "tables",
    "backup": "backup",
    "restore": "backup",
    "check": "keeping",
    "doctor": "keeping",
    "recompute": "keeping",
    "criteria": "standards",
    "demo": "keeping",
    "purge": "history",
    "init": "keeping",
}
_BEFORE = ("--db", "--as", "--no-input", "--passphrase-fd")  # stand before the command
_VALUED = ("--db", "--as", "--passphrase-fd")


def execute(argv: list[str]) -> int:
    """Parse and run; returns the exit code. Raises RemtrackError, also for what the parser refuses."""
    from .session import aim

    aim(None)
    app = build(first_word(argv))
    command = typer.main.get_command(app)
    try:
        return _run(command, argv)
    finally:
        tell_of_families()


def tell_of_families() -> None:
    """Name on stderr the families of other packages that were asked for and cannot be used."""
    if "remtrack.criteria.installed" not in sys.modules:
        return  # all that were asked for are of this package
    from ..tracker.lookup import refused_families
    from .session import talk

    for criteria, package, trouble in refused_families():
        named = f'the criteria family "{criteria}" of {package}' if criteria else package
        talk(f"warning: {named} cannot be used: {trouble}")


def _run(command: Any, argv: list[str]) -> int:
    try:
        result = command.main(args=[shielded(word) for word in argv], prog_name="remtrack", standalone_mode=False)
    except typer.Abort:
        print("\nnothing was written", file=sys.stderr)
        return Exit.INTERRUPTED
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.TyperException as error:
        raise usage(error, argv) from None
    if result == Exit.INTERRUPTED:  # Typer makes a number of Ctrl-C and would end without a word
        raise KeyboardInterrupt
    sys.stdout.flush()
    return int(result) if isinstance(result, int) else Exit.DONE


# Some patients are called -1.0133e+18, and the parser would take that for an option. A word that
# begins like a negative number goes past it behind this sign, which no text can hold.
_SHIELD = "\ufdd0"


def shielded(word: str) -> str:
    return _SHIELD + word if re.match(r"-[0-9.]", word) else word


class ReaderLeft(Exception):  # noqa: N818 - nothing went wrong
    """Whoever read the output (head, less) has what they wanted."""


def prepared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command so that it sees its words bare and as they are kept, and ends quietly when nobody reads on."""
    from .session import as_kept

    def bare(value: Any, name: str) -> Any:
        if isinstance(value, str):
            return as_kept(value.removeprefix(_SHIELD), name)
        if isinstance(value, Path):
            return Path(str(value).removeprefix(_SHIELD))
        return [bare(item, name) for item in value] if isinstance(value, (list, tuple)) else value

    @wraps(function)
    def command(*args: Any, **values: Any) -> Any:
        try:
            result = function(*args, **{name: bare(value, name) for name, value in values.items()})
            sys.stdout.flush()
        except BrokenPipeError:
            raise ReaderLeft from None  # Typer would make an exit code of 1 of it
        return result

    return command


def help_text() -> str:
    """Return what `remtrack --help` prints, as `help.txt` keeps it (`make docs` writes it anew)."""
    command = typer.main.get_command(build(""))
    with command.make_context("remtrack", [], resilient_parsing=True, terminal_width=80) as context:
        return command.get_help(context).rstrip() + "\n"


def first_word(argv: Sequence[str]) -> str:
    """Return the command in a command line, "" when there is none."""
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in _VALUED:
            skip = True
        elif not word.startswith("-"):
            return word
    return ""


def wants_json(argv: Sequence[str]) -> bool:
    pairs = zip(argv, [*argv[1:], ""], strict=True)
    return any(word in ("--json", "--format=json") or (word, after) == ("--format", "json") for word, after in pairs)


def usage(error: typer.TyperException, argv: Sequence[str]) -> UsageError:
    """Turn what the parser complains about into our three lines."""
    message = error.format_message().strip().replace(_SHIELD, "").replace(ascii(_SHIELD)[1:-1], "")
    word = first_word(argv)
    misplaced = _misplaced(argv, word)
    if misplaced:
        option, value = misplaced
        rest = list(argv)
        place = len(rest) - 1 - rest[::-1].index(option)
        del rest[place : place + (2 if option in _VALUED else 1)]
        line = " ".join(part for part in ("remtrack", option, value, *rest) if part)
        return UsageError(f"{option} stands before the command", message, line)
    if word not in COMMANDS:
        from difflib import get_close_matches

        near = (get_close_matches(word, COMMANDS, 1, 0.5) or ["--help"])[0]
        return UsageError(f'no command "{word}"' if word else message, "", f"remtrack {near}")
    if message.startswith("Usage:"):  # a group of commands alone; the help would be one long line here
        return UsageError(f"{word} alone does nothing", "it has commands of its own", f"remtrack {word} --help")
    return UsageError(message, "", f"remtrack {_path(argv)} --help")


def _misplaced(argv: Sequence[str], word: str) -> tuple[str, str] | None:
    """Return an option that was typed behind the command but belongs before it, with its value."""
    after = list(argv)[_position(argv, word) + 1 :]
    for option in _BEFORE:
        if word in COMMANDS and option in after:
            value = after[after.index(option) + 1 :][:1]
            return option, (value[0] if value else "VALUE") if option in _VALUED else ""
    return None


def _position(argv: Sequence[str], word: str) -> int:
    return list(argv).index(word) if word in argv else len(argv)


def _path(argv: Sequence[str]) -> str:
    """Return the command with its subcommand, as it must be typed to read its help."""
    word = first_word(argv)
    if word in ("patient", "line", "lesion", "criteria"):
        after = argv[_position(argv, word) + 1 :]
        subs = {"add", "show", "rename", "start", "stop", "list", "set", "close", "remove"}
        if after and after[0] in subs:
            return f"{word} {after[0]}"
    return word


def say_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        print(f"remtrack {__version__}")
        raise typer.Exit


def build(word: str) -> typer.Typer:
    """Return the app with the command `word` alone, or with all of them."""
    from importlib import import_module

    from .session import Session, aim, find_today

    app = typer.Typer(
        name="remtrack",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=word not in COMMANDS,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    )

    @app.callback()
    def start(
        ctx: typer.Context,
        db: Annotated[
            str | None,
            typer.Option("--db", metavar="FILE", help="The record; else REMTRACK_DB, else your data folder."),
        ] = None,
        who: Annotated[
            str | None, typer.Option("--as", metavar="NAME", help="Who is typing, for the record of changes.")
        ] = None,
        no_input: Annotated[
            bool, typer.Option("--no-input", help="Never ask; fail when something is missing.")
        ] = False,
        passphrase_fd: Annotated[
            int | None,
            typer.Option("--passphrase-fd", metavar="N", help="Where an encrypted record's passphrase is read from."),
        ] = None,
        _version: Annotated[
            bool, typer.Option("--version", callback=say_version, is_eager=True, help="Print the version and stop.")
        ] = False,
    ) -> None:
        """
        Record tumour measurements after each scan, and see the response by the published criteria.

        Arithmetic on the numbers entered, not a diagnosis. Start with: remtrack demo
        """
        path = Path(db.removeprefix(_SHIELD)).expanduser() if db else None
        aim(None if path is None else str(path))
        named = who.removeprefix(_SHIELD) if who else None
        ctx.obj = Session(path, named, not no_input, find_today(), passphrase_fd)

    for name in (word,) if word in COMMANDS else COMMANDS:
        command = import_module(f".{COMMANDS[name]}", __package__).COMMANDS[name]
        if isinstance(command, typer.Typer):
            for each in command.registered_commands:
                if each.callback is not None:
                    each.callback = prepared(each.callback)
            app.add_typer(command, name=name)
        else:
            app.command(name)(prepared(command))
    return app
