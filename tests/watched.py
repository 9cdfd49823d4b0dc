"""
Runs command lines one after the other inside one process that watches itself: no network, no file left behind.

    python tests/watched.py RECORD PLACE < lines

Writes one JSON object a line: what was typed, the exit code, what was said, what of the network was tried, what was
opened for writing, and what is left in the temporary folder. The umask is 0, so that whoever relies on it is found.
"""

import contextlib
import io
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT
tried, written = [], []


def watch(event, args):
    if event.startswith("socket."):
        tried.append(event)
        raise PermissionError(f"{event}: nothing here may use the network")
    if event == "open" and isinstance(args[0], str) and isinstance(args[2], int) and args[2] & WRITE:
        written.append(str(Path(args[0]).absolute()))
    if event in ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"):
        tried.append(event)


def main():
    from remtrack.cli import run

    os.umask(0)
    record, *_ = sys.argv[1:]
    sys.addaudithook(watch)
    for line in sys.stdin.read().splitlines():
        tried.clear()
        written.clear()
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(["--db", record, *shlex.split(line)])
        left = sorted(path.name for path in Path(tempfile.gettempdir()).iterdir())
        told = {"line": line, "code": code, "out": out.getvalue(), "err": err.getvalue()}
        print(json.dumps({**told, "tried": list(tried), "written": list(written), "left": left}))


if __name__ == "__main__":
    main()
