"""What every command shares: where the record is, who is typing, which day it is, how to speak."""

from __future__ import annotations

import os
import re
import stat
import sys
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import typer

from ..errors import RemtrackError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..store import Record

Format = Annotated[
    str | None,
    typer.Option(
        "--format", help="table, plain, json or csv; a table on a terminal, plain when piped.", metavar="FORM"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
PlainWords = Annotated[bool, typer.Option("--plain-words", help="Say it in everyday words.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Leave out visits and events after that day.", metavar="DATE")
]
FORMATS = ("table", "plain", "json", "csv")

# What names a file, or something in one, is taken letter by letter; what will be kept in the record, as reading a
# table would keep it, so that an export says the same. Any other text only names what is recorded already.
_OF_FILES = ("source", "path", "output", "sheet", "mapping", "constant", "prefix")
_OF_THE_RECORD = (
    *("detail", "disease", "method", "name", "new", "nontarget", "note", "organ", "reader", "reason", "regimen"),
    *("site", "target", "visit", "words"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """
    `db` None: the default place. `named` None: the system's user is typing. `asks` False: never prompt.

    `passphrase_fd` is where the passphrase of an encrypted record comes from, None: the environment, or asked.
    """

    db: Path | None
    named: str | None
    asks: bool
    today: date
    passphrase_fd: int | None = None
    secrets: dict[tuple[int | None, str], str] = field(default_factory=dict, repr=False)

    @property
    def who(self) -> str:
        """Who is typing, as it is written into the record of changes."""
        return self.named or find_who()

    @property
    def path(self) -> Path:
        return self.db or default_path()

    def read(self) -> Record:
        from ..store import open_record

        return open_record(self.path, passphrase=self.passphrase)

    def write(self, *, create: bool = False, encrypt: bool = False) -> Record:
        from ..store import open_record

        record = open_record(
            self.path,
            write=True,
            create=create,
            encrypt=encrypt,
            passphrase=self.new_passphrase if encrypt else self.passphrase,
        )
        warn_of_others(self.path)
        return record

    def passphrase(self) -> str:
        """Return the passphrase of the record."""
        return find_passphrase(self, self.passphrase_fd, f"Passphrase of {self.path}")

    def new_passphrase(self) -> str:
        """Return the passphrase of a record that is being made."""
        return find_passphrase(self, self.passphrase_fd, f"New passphrase of {self.path}", new=True)

    def day(self, text: str) -> date:
        """Return the day that was typed; raises UsageError naming what is wrong with it."""
        from ..exchange.cells import CellError, parse_day

        try:
            return parse_day(text, today=self.today, date_order=os.environ.get("REMTRACK_DATE_ORDER"))
        except CellError as error:
            raise UsageError(error.what, error.why, error.hint) from error

    def optional_day(self, text: str | None) -> date | None:
        return None if text is None else self.day(text)


def warn_of_others(path: Path) -> None:
    """Say on stderr when everybody on this computer can read or write the record."""
    mode = path.stat().st_mode if os.name == "posix" else 0  # elsewhere the mode says nothing of who may read
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        can = "write to" if mode & stat.S_IWOTH else "read"
        talk(f"warning: everybody on this computer can {can} {path}; to mend it: chmod 600 {path}")


def default_path() -> Path:
    """Return REMTRACK_DB, else remtrack.db in the platform's folder for a user's data."""
    named = os.environ.get("REMTRACK_DB")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "remtrack" / "remtrack.db"


def find_today() -> date:
    """Return the day: REMTRACK_TODAY when it is set, else the clock's."""
    text = os.environ.get("REMTRACK_TODAY")
    if not text:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f'REMTRACK_TODAY is "{text}"', "it must be a day as 2026-03-10", "export REMTRACK_TODAY=2026-03-10"
        ) from None


def find_who() -> str:
    """Return the system's name of the user, "unknown" where there is none."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        if os.environ.get(name):
            return os.environ[name]
    if hasattr(os, "getuid"):
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return str(os.getuid())
    return "unknown"


def find_passphrase(here: Session, fd: int | None, prompt: str, *, new: bool = False) -> str:
    """
    Return a passphrase: from the file descriptor, else REMTRACK_PASSPHRASE, else asked for (twice when new).

    Each is read or asked once a command. Raises UsageError when it is empty, or when there is nobody to ask.
    """
    key = (fd, prompt if fd is None else "")
    if key not in here.secrets:
        found = _read_passphrase(here, fd, prompt, new=new)
        if not found:
            raise UsageError("the passphrase is empty", "an empty one protects nothing")
        here.secrets[key] = found
    return here.secrets[key]


def _read_passphrase(here: Session, fd: int | None, prompt: str, *, new: bool) -> str:
    if fd is not None:
        try:
            with os.fdopen(fd, encoding="utf-8") as stream:
                return stream.readline().rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot read a passphrase from descriptor {fd}", str(error), "remtrack --passphrase-fd 3 status 3<FILE"
            ) from None
    if "REMTRACK_PASSPHRASE" in os.environ:
        return os.environ["REMTRACK_PASSPHRASE"]
    if here.asks and on_terminal():
        from ..words import clean

        return str(typer.prompt(clean(prompt), hide_input=True, confirmation_prompt=new, err=True))
    raise UsageError(
        "a passphrase is needed",
        "there is no terminal to ask on; give it by --passphrase-fd or in REMTRACK_PASSPHRASE",
        "remtrack --passphrase-fd 3 status 3<FILE",
    )


def session(ctx: typer.Context) -> Session:
    found = ctx.find_object(Session)
    if found is None:
        raise RuntimeError("the command was started without its session")
    return found


def chosen_format(form: str | None, json: bool, default: str | None = None) -> str:
    """
    Return the format to write: the one asked for, else `default`, else a table on a terminal and plain off it.

    Raises UsageError for a format that is not known.
    """
    if json:
        return "json"
    if form is None:
        return default or ("table" if sys.stdout.isatty() else "plain")
    if form not in FORMATS:
        from ..exchange.cells import nearest

        near = nearest(form, FORMATS) or "table"
        raise UsageError(f'no format "{form}"', f"known: {', '.join(FORMATS)}", f"add --format {near}")
    return form


def as_kept(text: str, name: str) -> str:
    """Return what was typed for the parameter `name` as the record keeps it; raises UsageError if it cannot."""
    if name in _OF_FILES:
        return text
    text = text.strip()
    if text.isascii() and text.isprintable():
        return text
    from ..exchange.cells import CellError, parse_text

    try:
        return parse_text(text)
    except CellError as error:
        if name not in _OF_THE_RECORD:
            return text  # nothing is called so, which is said where it is looked for
        raise UsageError(error.what, error.why, error.hint) from None


def on_terminal() -> bool:
    """Say whether there is a person to ask: both ends are a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


# Pasted, a suggested command would else act on another record than the one that --db named.
_record = ""


def aim(path: str | None) -> None:
    """Let every command that is suggested from now on name this record; None: the one that it would find itself."""
    global _record  # noqa: PLW0603 - one command line, one record
    _record = path or ""


def aimed(text: str) -> str:
    """Return a text with the record named in each command line in it."""
    if not _record or "remtrack " not in text:
        return text
    from ..tracker.lookup import quote

    return _commands().sub(lambda _found: f"remtrack --db {quote(_record)} ", text)


@cache
def _commands() -> re.Pattern[str]:
    from .app import COMMANDS

    names = "|".join(name for name in COMMANDS if name != "demo")  # the demo has a record of its own
    return re.compile(rf"(?<![\w./-])remtrack (?=--passphrase-fd |(?:{names})(?![\w-]))")


def talk(*lines: str) -> None:
    """Say something that is not data, on stderr; what was answered before stands before it."""
    from ..words import clean

    sys.stdout.flush()

    for line in lines:
        print(folded(clean(aimed(line)), sys.stderr), file=sys.stderr)


def answer(*lines: str) -> None:
    """Say what the command was asked for, on stdout."""
    from ..words import clean

    for line in lines:
        print(folded(clean(aimed(line)), sys.stdout))


def write_json(value: Mapping[str, object], stream: TextIO | None = None) -> None:
    """Write a value as one line of JSON (`stream` None: stdout), in UTF-8 and with nothing raw in it."""
    from ..show import as_utf8
    from ..show.data import json_value

    stream = stream or sys.stdout
    as_utf8(stream)
    print(json_value(value), file=stream)


def folded(line: str, stream: TextIO) -> str:
    """Return a line broken between words where a terminal would break it anywhere; off a terminal as it is."""
    if not stream.isatty():
        return line
    from shutil import get_terminal_size

    width = get_terminal_size().columns
    if len(line) <= width:
        return line
    from textwrap import fill

    label, colon, command = line.partition(":  remtrack ")
    if colon:  # a command is left whole, to be pasted
        return f"{folded(f'{label}:', stream)}\n  remtrack {command}"
    if line.lstrip().startswith(("remtrack ", "export ")):
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def fail(error: RemtrackError, *, as_json: bool) -> int:
    """Print what, why and the command to type on stderr; returns the exit code."""
    from ..words import clean

    if as_json:
        write_json(error_value(error), sys.stderr)
        return int(error.exit_code)
    for problem in error.problems:
        talk(say_problem(problem))
    talk(f"error: {error.what}")
    if error.why:
        talk(f"  {error.why}")
    if error.hint:
        print(clean(f"  hint: {aimed(error.hint)}"), file=sys.stderr)  # unbroken, to be pasted
    return int(error.exit_code)


def error_value(error: RemtrackError) -> dict[str, object]:
    return {
        "schema_version": 1,
        "error": error.what,
        "why": error.why,
        "hint": aimed(error.hint),
        "exit_code": int(error.exit_code),
        "problems": [
            {
                "severity": problem.severity,
                "rule": problem.rule,
                "what": problem.what,
                "why": problem.why,
                "hint": aimed(problem.hint),
                "line": problem.line,
                "column": problem.column,
            }
            for problem in error.problems
        ],
    }


def say_problem(problem: object) -> str:
    """Return one line for a problem: severity, place, what, why, hint."""
    from ..verdict import Problem

    if not isinstance(problem, Problem):
        raise TypeError(problem)
    place = "" if problem.line is None else f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
    text = f"{problem.severity}: " + (f"{place}: " if place else "") + problem.what
    if problem.why:
        text += f" ({problem.why})"
    return f"{text}; {problem.hint}" if problem.hint else text


def need_terminal(what: str, command: str) -> NoReturn:
    """Refuse to ask where nobody can answer; `command` is a whole line that would work."""
    raise UsageError(what, "there is no terminal to ask on, so everything must be on the command line", command)
