"""`python -m remtrack`, and the `remtrack` script: answers --version and --help at once, else starts the commands."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the exit code is the process's."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from . import __version__

        print(f"remtrack {__version__}")
        return
    if sys.argv[1:] in ([], ["--help"], ["-h"]):
        # Typer would take ten times as long to say the same; a test compares.
        with open(__file__.replace("__main__.py", "cli/help.txt"), encoding="utf-8") as text:  # noqa: PTH123 - pathlib is slow to load
            print(text.read(), end="")
        return
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
