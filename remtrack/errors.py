"""
The exception tree and the exit codes.

    RemtrackError
    +-- UsageError        2   wrong use, or a file that is not there
    +-- NotFoundError     3   no such patient, lesion, visit, line
    +-- RefusedError      4   the data were refused; nothing was written
    +-- RecordError       5   trouble with the record file itself

Each carries what, why and the command to type. They are raised where the trouble is known and
caught once, in `cli`. Trouble inside the data is a `verdict.Problem`, not an exception.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .verdict import Problem


class Exit(IntEnum):
    DONE = 0
    PROBLEMS = 1  # `check` found an error (warnings alone give 0)
    USAGE = 2  # wrong use, or a missing input file
    NOT_FOUND = 3  # no such patient, lesion or visit
    REFUSED = 4  # data refused, nothing written
    RECORD = 5  # locked, damaged, not ours, disk full
    INTERNAL = 70  # our fault
    INTERRUPTED = 130  # Ctrl-C


class RemtrackError(Exception):
    """`what` happened, `why` (with the offending value), and the `hint`: a command that works when pasted."""

    exit_code = Exit.INTERNAL

    def __init__(self, what: str, why: str = "", hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(what)
        self.what, self.why, self.hint, self.problems = what, why, hint, tuple(problems)


class UsageError(RemtrackError):
    exit_code = Exit.USAGE


class NotFoundError(RemtrackError):
    exit_code = Exit.NOT_FOUND


class RefusedError(RemtrackError):
    exit_code = Exit.REFUSED


class RecordError(RemtrackError):
    exit_code = Exit.RECORD
