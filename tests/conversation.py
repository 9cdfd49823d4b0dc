"""A person at a terminal: waits for a question, types the answer, and reads what is shown."""

import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds for one question; a busy machine is slow, not wrong


class Conversation:
    """
    `remtrack WORDS` on a terminal of its own, 80 columns wide, from start to end.

    Used with `with`; whatever is still running at its end is ended.
    """

    def __init__(self, record_path, *words):
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 80))
        # The shell opens the terminal as leader of a new session, so that Ctrl-C reaches the program.
        command = 'exec "$0" -m remtrack "$@" <"$TERMINAL" >"$TERMINAL" 2>&1'
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "dumb"}
        environment["REMTRACK_DB"] = str(record_path)
        environment.pop("COLUMNS", None)
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command, sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, "TERMINAL": os.ttyname(theirs)},
            start_new_session=True,
        )
        self._theirs = theirs
        self._shown = ""
        self._read_to = 0

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._process.kill()
        self._process.wait()
        os.close(self._theirs)
        os.close(self._ours)

    @property
    def shown(self):
        """Everything on the screen so far."""
        return self._shown.replace("\r\n", "\n")

    def answer(self, question, text):
        """Wait until the question is there and the program listens, then type the text and Enter."""
        self._listens(question)
        os.write(self._ours, f"{text}\n".encode())

    def interrupt(self, question, key):
        """Press Ctrl-C or Ctrl-D instead of an answer, again when nothing happens, as a person does."""
        self._listens(question)
        until = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            os.write(self._ours, key.encode())
            again = time.monotonic() + 2
            while self._process.poll() is None and time.monotonic() < again:
                self._read(until, "its end", wait=0.1)

    def _listens(self, question):
        self.wait_for(question)
        until = time.monotonic() + PATIENCE
        while not self._shown.endswith(": "):  # every question ends so, and nothing comes behind it
            self._read(until, f"the end of {question!r}")

    def wait_for(self, text):
        """Read until the text is shown behind what was read before."""
        until = time.monotonic() + PATIENCE
        while (found := self._shown.find(text, self._read_to)) < 0:
            self._read(until, text)
        self._read_to = found + len(text)

    def end(self):
        """Read to the end; returns the exit code."""
        until = time.monotonic() + PATIENCE
        while self._process.poll() is None or select.select([self._ours], [], [], 0.1)[0]:
            self._read(until, "its end", wait=0.1)
        return self._process.returncode

    def _read(self, until, what, wait=1.0):
        assert time.monotonic() < until, f"waited for {what!r}, seen:\n{self.shown}"
        if select.select([self._ours], [], [], wait)[0]:
            self._shown += os.read(self._ours, 65536).decode()
        elif self._process.poll() is not None and what != "its end":
            raise AssertionError(f"ended before {what!r}, seen:\n{self.shown}")
