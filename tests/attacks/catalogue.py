"""Every attack by its name: what is tried, how often in `make torture`, and how often in `make test`."""

from collections.abc import Callable
from typing import NamedTuple

from . import alterations, bombs, disks, everywhere, files, interrupts, kills, sequences, texts, writers
from .base import Outcome


class Attack(NamedTuple):
    """
    `long` tries in `make torture`, `short` ones in `make test`; `whole`: it cannot be tried in parts.

    What has no short form here is tried by a test of its own.
    """

    what: str
    function: Callable[..., Outcome]
    long: int
    short: int
    whole: bool = False


ATTACKS = {
    "kill": Attack("kill -9 while adding, importing, undoing, migrating, backing up ...", kills.kill, 1000, 104),
    "interrupt": Attack("Ctrl-C at any line of ten commands", interrupts.interrupt, 1000, 40),
    "interrupt-program": Attack("Ctrl-C sent to the program as it runs", interrupts.interrupt_program, 300, 10),
    "full-disk": Attack("no file may grow over a random size", disks.full_disk, 300, 10),
    "full-tmpfs": Attack("a small disk in memory, filled to a random height", disks.full_tmpfs, 300, 6),
    "refused": Attack("read-only, unreadable, locked, and a folder that vanishes", disks.refused, 300, 20),
    "two-writers": Attack("two programs adding at the same time", writers.two_writers, 2000, 100, whole=True),
    "backup-while-writing": Attack(
        "backups while a program adds 1,000 rows", writers.backup_while_writing, 100, 5, True
    ),
    "flip": Attack("one bit of the file flipped", alterations.flip, 1000, 40),
    "change-row": Attack("one row changed or removed by another program", alterations.change_row, 1000, 60),
    "sequences": Attack("any sequence of changes, known again, undone and redone", sequences.sequences, 10_000, 60),
    "mutated-files": Attack("tables, workbooks and JSON damaged at random", files.mutated_files, 10_000, 100),
    "hostile-texts": Attack(
        "texts for terminals, tables, spreadsheets and SQL in every place", texts.hostile_text, 1000, 12
    ),
    "bombs": Attack("zip bombs, endless lines, deep nesting", bombs.bombs, len(bombs.ALL), 2, whole=True),
    "surroundings": Attack(
        "other time zones, locales, hash seeds and days", everywhere.surroundings, 100, 0, whole=True
    ),
    "other-pythons": Attack("every Python of the machine", everywhere.other_pythons, 20, 0, whole=True),
    "without-network": Attack("a namespace without a network", everywhere.without_network, 10, 0, whole=True),
    "shuffled-rows": Attack("the rows of every table in random order", everywhere.shuffled_rows, 300, 0, whole=True),
    "any-order": Attack("visits entered in any order", everywhere.typed_in_any_order, 100, 0, whole=True),
    "clock-set-back": Attack("a clock that jumps between changes", everywhere.clock_set_back, 100, 0, whole=True),
}
