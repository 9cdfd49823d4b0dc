"""
Ctrl-C anywhere.

`interrupt` sends it while a chosen line of Python is running, so that each line of a command is as likely as any
other and every try can be had again; `interrupt_program` sends it to the program as a person would.
What must hold: it ends with 130, or was done already; nothing is half there; and what it says is so.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

from .base import Outcome, attacked, chance, child, faults, log_of, other_record, small_log, warmed_up, workplace

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = str(ROOT / "remtrack")
# Before our own first line there is only Python, which has its own way with Ctrl-C.
_PROGRAM = """import os, sys
from remtrack import __main__ as program
run, sys.argv[0] = program._run, "remtrack"
def begun():
    os.write(1, b"begins\\n")
    return run()
program._run = begun
program.main()
"""
_COMMANDS = {
    "add": "add P00 2001-01-05 L1=20 G1=8",
    "edit": 'edit P01 2000-03-06 L1=26 --reason "attack"',
    "import": "import {folder}/site.csv",
    "undo": "undo --yes",
    "redo": "redo --yes",
    "backup": "backup -o {folder}/copy.db",
    "restore": "restore {folder}/other.db --yes",
    "purge": "purge P02 -o {folder}/without.db",
    "export": "export -o {folder}/tables",
    "status": "status",
}


def interrupt(tries, seed, first=0):
    """Ctrl-C at a random line of ten commands, every other time at one of our own lines."""
    warmed_up()
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        name, dice = list(_COMMANDS)[number // 2 % len(_COMMANDS)], chance(seed, number)
        within = "" if number % 2 else OURS
        at = dice.randint(3, _lines(name, within))  # past the `try` of the first function
        with workplace() as folder:
            path = _prepared(folder)
            _said, ended = child(lambda say, path=path, how=(name, within, at): _cut(path, *how, say))
            told = (folder / "told").read_text(encoding="utf-8")
            (folder / "told").unlink()
            counts["interrupted"] += ended == 130
            if ended == 130 and "interrupted" not in told:
                failures.append(f"{name}, try {number}, line {at}: it ended without a word")
            counts["just after it was saved"] += ended == 130 and log_of(path) != small_log()
            failures += [f"{name}, try {number}, line {at}: {fault}" for fault in _wrong(path, ended, told)]
    return Outcome(tries, failures, counts)


def interrupt_program(tries, seed, first=0):
    """Ctrl-C sent to the program itself, at a random moment from its first line on."""
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        name, dice = list(_COMMANDS)[number % len(_COMMANDS)], chance(seed, number)
        with workplace() as folder:
            path, longest = _prepared(folder), _seconds()
            running = _started(path, name)
            with running:
                time.sleep(dice.uniform(0, 1.2 * longest))
                running.send_signal(signal.SIGINT)
                told = running.communicate()[1].decode()
            ended = 130 if running.returncode == -signal.SIGINT else running.returncode  # as a shell says it
            counts["interrupted"] += ended == 130
            failures += [f"{name}, try {number}: {fault}" for fault in _wrong(path, ended, told)]
    return Outcome(tries, failures, counts)


def _started(path, name):
    """Start the program; gives it when it is at its own first line."""
    line = [sys.executable, "-c", _PROGRAM, "--db", str(path), *_words(name, path.parent)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings)
    os.read(running.stdout.fileno(), 7)
    return running


@cache
def _seconds():
    """How long the program takes here for an add."""
    with workplace() as folder, _started(_prepared(folder), "add") as running:
        began = time.monotonic()
        running.communicate()
        return time.monotonic() - began


def _prepared(folder):
    path = attacked(folder)
    (folder / "other.db").write_bytes(other_record())
    table = folder / "site.csv"
    table.write_text("patient_id,date,lesion_id,longest_mm\nP50,2001-01-05,T1,30\nP51,2001-01-05,T1,31\n", "utf-8")
    return path


def _words(name, folder):
    return [word.format(folder=folder) for word in _COMMANDS[name].replace('"attack"', "attack").split()]


def _cut(path, name, within, at, say):
    """Run a command as the program does, and press Ctrl-C when it is at its `at`-th line of the files `within`."""
    from remtrack.__main__ import main

    passed, code = 0, 0

    def line(frame, event, _value):
        nonlocal passed
        if not frame.f_code.co_filename.startswith(within):
            return None
        if event == "line":
            passed += 1
            if passed == at:
                signal.raise_signal(signal.SIGINT)
        return line

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["remtrack", "--db", str(path), *_words(name, path.parent)]
    with (
        (path.parent / "told").open("w", encoding="utf-8") as told,
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(told),
    ):
        try:
            sys.settrace(line)
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            sys.settrace(None)
    say(passed)
    return code


@cache
def _lines(name, within):
    """How many lines of the files `within` a command runs."""
    with workplace() as folder:
        said, _ended = child(lambda say: _cut(_prepared(folder), name, within, 0, say))
    return int(said[0])


def _wrong(path, ended, told):
    found = [f"it ended with {ended}"] if ended not in (0, 130) else []
    found += [f"a traceback: {told[-300:]}"] if "Traceback" in told else []
    if log_of(path) != small_log() and "nothing was" in told:
        found.append(f"something was written, and yet: {told[-200:]}")
    found += [f"left behind: {place.name}" for place in path.parent.iterdir() if place.name.startswith(".")]
    for copy in path.parent.glob("*.db"):
        found += [f"{copy.name}: {fault}" for fault in faults(copy)]
    return found
