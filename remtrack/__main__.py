"""`python -m remtrack`, and the `remtrack` script: answers --version at once, else starts the commands."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the exit code is the process's."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from . import __version__

        print(f"remtrack {__version__}")
        return
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
