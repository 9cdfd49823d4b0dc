"""Running a command inside the test's own process: quick, and with nothing in between but the terminal."""

import json
import os
import shlex
from typing import NamedTuple
from unittest.mock import patch

from remtrack.cli import run


class Told(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def hint(self):
        """The words of the command that the error names, without the program's own name."""
        line = next(line for line in self.err.splitlines() if line.strip().startswith("hint: remtrack"))
        return shlex.split(line.partition("hint: remtrack")[2])

    @property
    def rows(self):
        return json.loads(self.out)["rows"]


def runner(path, capsys):
    """Return a function that runs `remtrack WORDS`, REMTRACK_DB the record; words may be one line, as typed."""

    def typed(*words):
        if len(words) == 1:
            words = shlex.split(words[0])
        capsys.readouterr()
        with patch.dict(os.environ, REMTRACK_DB=str(path)):
            code = run([*map(str, words)])
        told = capsys.readouterr()
        return Told(int(code), told.out, told.err)

    return typed
