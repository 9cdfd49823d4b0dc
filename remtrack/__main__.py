"""`python -m remtrack`, and the `remtrack` script: answers --version and --help at once, else starts the commands."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; the exit code is the process's."""
    try:
        code = _run()
    except KeyboardInterrupt:  # before the commands were loaded, or once more after they were told
        print("\ninterrupted", file=sys.stderr)
        code = 130
    if code is not None:
        import signal

        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; on its way out Python would show a traceback
        sys.exit(code)


def _run() -> int | None:
    """Return the exit code, None when there was only something to tell."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from . import __version__

        print(f"remtrack {__version__}")
        return None
    # A shell that asks what could be typed next gives no arguments, either.
    if sys.argv[1:] in ([], ["--help"], ["-h"]) and "_REMTRACK_COMPLETE" not in os.environ:
        # Typer would take ten times as long to say the same; a test compares.
        with open(__file__.replace("__main__.py", "cli/help.txt"), encoding="utf-8") as text:  # noqa: PTH123 - pathlib is slow to load
            print(text.read(), end="")
        return None
    from .cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    main()
