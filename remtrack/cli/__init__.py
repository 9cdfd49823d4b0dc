"""
The command line: parse, call one use case, show.

A start costs what it imports, so only the module of the command that was typed is loaded; `--help`
and a word that is no command load them all. Errors end here, as three lines and an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import Exit, RemtrackError


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Prints no traceback, whatever happens."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us: say it to nobody
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run
    from .app import ReaderLeft, execute, wants_json

    try:
        return execute(list(argv))
    except KeyboardInterrupt:
        print("\ninterrupted; nothing of this command was kept", file=sys.stderr)
        return Exit.INTERRUPTED
    except (ReaderLeft, BrokenPipeError):
        # Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except RemtrackError as error:
        from .session import fail

        return fail(error, as_json=wants_json(argv))
    except Exception as error:  # the last line of defence: no patient's data on the screen
        if os.environ.get("REMTRACK_DEBUG"):
            raise
        kind = type(error).__name__
        print(f"error: remtrack itself failed ({kind}); the record was left as it was", file=sys.stderr)
        print("  this is a fault of the program, not of your data", file=sys.stderr)
        print("  hint: REMTRACK_DEBUG=1 before the command shows where", file=sys.stderr)
        return Exit.INTERNAL
