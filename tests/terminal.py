"""A terminal to run a command on: what a person would see, as text."""

import os
import pty
import subprocess
import termios


def run_on_terminal(command, *, env, columns=80, stderr=None):
    """
    Run the command on a terminal of its own and return its exit code and what it showed.

    Nobody types. `stderr` may be a file to keep apart what is said there; None shows it, too.
    """
    ours, theirs = pty.openpty()
    try:
        termios.tcsetwinsize(theirs, (50, columns))
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs if stderr is None else stderr,
            env={**env, "COLUMNS": str(columns)},
            start_new_session=True,
        )
    finally:
        os.close(theirs)
    shown = bytearray()
    while part := _read(ours):
        shown += part
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the last program has left the terminal; others give b""
        return b""
