"""
The command line: parse, call one use case, show.

A start costs what it imports, so only the module of the command that was typed is loaded; `--help`
and a word that is no command load them all. Errors end here, as three lines and an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import Exit, RemtrackError


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Prints no traceback, whatever happens."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: say it to nobody
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")  # a terminal without a letter must not undo what was saved before it
    from .app import ReaderLeft, execute, wants_json

    argv = [as_typed(word) for word in argv]
    try:
        return execute(argv)
    except KeyboardInterrupt:
        # It may have come just after the last word on the disk, so nothing is promised but the truth.
        print("\ninterrupted; the record has all of this command or none of it", file=sys.stderr)
        print("  hint: remtrack log --last 1 shows whether it was saved", file=sys.stderr)
        return Exit.INTERRUPTED
    except (ReaderLeft, BrokenPipeError):
        # Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except RemtrackError as error:
        from .session import fail

        return fail(error, as_json=wants_json(argv))
    except Exception as error:  # noqa: BLE001 - the last line of defence: no patient's data on the screen
        kind = type(error).__name__
        print(f"error: remtrack itself failed ({kind}); nothing is half done", file=sys.stderr)
        print("  this is a fault of the program, not of your data", file=sys.stderr)
        print("  hint: remtrack log --last 1 shows whether it was saved", file=sys.stderr)
        if os.environ.get("REMTRACK_DEBUG"):
            print(*places(error), sep="\n", file=sys.stderr)
        else:
            print("  hint: REMTRACK_DEBUG=1 before the command shows where", file=sys.stderr)
        return Exit.INTERNAL


def as_typed(word: str) -> str:
    """Return a word of the command line; where the locale has no letters but ASCII, as UTF-8 reads it."""
    if not any("\udc80" <= sign <= "\udcff" for sign in word):
        return word
    try:
        return os.fsencode(word).decode()
    except UnicodeError:
        return word


def places(error: BaseException) -> Iterator[str]:
    """Yield where an exception came from, the innermost last; not what it says, which may be of a patient."""
    from traceback import walk_tb

    for each in (error.__cause__ or error.__context__, error):
        if each is not None:
            yield f"  {type(each).__name__}"
            for frame, line in walk_tb(each.__traceback__):
                place = Path(frame.f_code.co_filename)
                yield f"    {'/'.join(place.parts[-3:])}:{line} {frame.f_code.co_name}"
