"""
Disks that fail: full ones, files and folders that may not be written, locks, a folder that vanishes.

What was acknowledged is there, whatever was refused left nothing, the message names the file and says what to do,
and the exit code is 5.
"""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

from .base import (
    DAYS,
    Outcome,
    attacked,
    chance,
    child,
    command,
    export_of,
    faults,
    log_of,
    small_export,
    small_log,
    small_record,
    warmed_up,
    workplace,
)

NOBODY = 65534
_LINES = (
    "add P00 {day} L1=20 G1=8 --note {note}",
    "undo --yes",
    "import {folder}/site.csv",
    "backup -o {folder}/copy{number}.db",
    "restore {folder}/small.db --yes",
    "export -o {folder}/tables{number}",
)


def full_disk(tries, seed, first=0):
    """A limit on the size of every file, at a random height."""
    warmed_up()
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        dice = chance(seed, number)
        limit = len(small_record()) + dice.randrange(-8192, 40_000)
        with workplace() as folder:

            def limited(say, folder=folder, limit=limit, dice=dice):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                _work(attacked_path(folder), dice, say)

            _prepared(folder)
            failures += [f"try {number}, {limit}: {fault}" for fault in _filled(folder, limited, counts)]
    return Outcome(tries, failures, counts)


def full_tmpfs(tries, seed, first=0):
    """A small disk, filled up to a random height; only where the attacker may mount one."""
    warmed_up()
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        dice = chance(seed, number)
        with workplace() as folder, small_disk(folder) as mounted:
            if not mounted:
                return Outcome(0, [], "not tried: nobody here may mount a disk")
            _prepared(folder)
            room = shutil.disk_usage(folder).free
            (folder / "filler").write_bytes(bytes(room - dice.randrange(0, min(room, 700_000))))
            path = attacked_path(folder)
            work = lambda say, path=path, dice=dice: _work(path, dice, say)  # noqa: E731 - bound to this try
            failures += [f"try {number}: {fault}" for fault in _filled(folder, work, counts)]
    return Outcome(tries, failures, counts)


def attacked_path(folder):
    return folder / "record.db"


def _prepared(folder):
    attacked(folder)
    (folder / "small.db").write_bytes(small_record())
    rows = [f"I{each:03},2001-01-{each % 27 + 1:02},T1,{20 + each}" for each in range(40)]
    (folder / "site.csv").write_text("\n".join(["patient_id,date,lesion_id,longest_mm", *rows]), encoding="utf-8")


def _work(path, dice, say):
    """One command after another until the disk is full, and a few more."""
    refused = 0
    for number, day in enumerate(DAYS[:12]):
        line = dice.choice(_LINES).format(day=day, note="x" * 2000, folder=path.parent, number=number)
        code, _out, err = command(path, line)
        named = f"{path.parent.name}/" in err and ("again" in err or "hint: " in err)
        say(f"{line.split()[0]} {day} {code} {len(log_of(path)) if code == 0 else 0} {named or err!r}")
        refused += code == 5
        if refused == 3:
            return


def _filled(folder, work, counts):
    """What is wrong after commands ran into a full disk."""
    path = attacked_path(folder)
    said, ended = child(work)
    found = [f"it ended with {ended}"] if ended else []
    changes = len(small_log())
    for line in said:
        name, day, code, there, rest = line.split(" ", 4)
        counts["acknowledged"] += code == "0"
        counts["refused"] += code == "5"
        changes = int(there) if code == "0" else changes
        if code not in ("0", "4", "5") or (code == "5" and rest != "True"):
            found.append(f"{name} of {day} ended with {code}: {rest}")
    with contextlib.suppress(FileNotFoundError):
        (folder / "filler").unlink()
    if len(log_of(path)) != changes:
        found.append(f"{changes} changes were acknowledged, {len(log_of(path))} are there")
    found += [f"left behind: {place.name}" for place in folder.iterdir() if place.name.startswith(".")]
    newest = sorted(folder.glob("copy*.db"), key=lambda copy: copy.stat().st_mtime_ns)[-1:]
    for each in (path, *newest):
        found += [f"{each.name}: {fault}" for fault in faults(each)]
    return found


@contextlib.contextmanager
def small_disk(folder, size="2m"):
    """Mount a disk in memory at `folder`; gives whether that was allowed."""
    line = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    allowed = (
        os.geteuid() == 0
        and shutil.which("mount") is not None
        and subprocess.run(line, capture_output=True, check=False).returncode == 0
    )
    try:
        yield allowed
    finally:
        if allowed:
            subprocess.run(["umount", str(folder)], capture_output=True, check=True)


# -- what may not be written, and what is not there ----------------------------------------------


def refused(tries, seed, first=0):
    """A read-only file or folder, a file that may not be read, a lock for a while, a folder that vanishes."""
    warmed_up()
    kinds = (_read_only_file, _read_only_folder, _unreadable, _locked, _vanished)
    failures, counts = [], Counter()
    for number in range(first, first + tries):
        dice = chance(seed, number)
        with workplace() as folder:
            inner = folder / "of ours"
            inner.mkdir()
            path = attacked(inner)
            (folder / "site.csv").write_text("patient_id,date,lesion_id,longest_mm\nI1,2001-01-05,T1,30\n", "utf-8")
            kind = kinds[number % len(kinds)]
            counts[kind.__name__.strip("_").replace("_", " ")] += 1
            failures += [f"{kind.__name__}, try {number}: {fault}" for fault in kind(path, dice)]
            inner.chmod(0o700)
            path.chmod(0o600)
            failures += [f"{kind.__name__}, try {number}: {fault}" for fault in faults(path)]
    return Outcome(tries, failures, counts)


def _writing(path, dice):
    lines = (
        "add P00 2001-01-05 L1=20 G1=8",
        'edit P01 2000-03-06 L1=26 --reason "attack"',
        "undo --yes",
        f'import "{path.parent.parent}/site.csv"',
        "patient add P07",
        "recompute",
    )
    return dice.choice(lines)


def _refusal(path, line, before):
    """What is wrong with the refusal of a command that could not write."""
    code, _out, err = command(path, line)
    found = [f"{line} ended with {code}: {err}"] if code != 5 else []
    if str(path.name) not in err or ("again" not in err and "hint: " not in err):
        found.append(f"{line} does not say which file, or what to do: {err}")
    if path.exists() and os.access(path, os.R_OK) and path.read_bytes() != before:
        found.append(f"{line} was refused, and yet changed the file")
    return found


def _as_nobody(path, work):
    """Permissions mean nothing to root: as root, be an ordinary user in a process of one's own."""

    def inside(say):
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        for fault in work():
            say(fault.replace("\n", " "))

    if os.geteuid() == 0:
        path.parent.parent.chmod(0o755)
        for place in (path.parent, path):
            os.chown(place, NOBODY, NOBODY)
    said, ended = child(inside)
    if os.geteuid() == 0:
        for place in (path.parent, path):
            os.chown(place, 0, 0)
    return said + ([f"it ended with {ended}"] if ended else [])


def _read_only_file(path, dice):
    line, before = _writing(path, dice), path.read_bytes()
    path.chmod(0o400)
    return _as_nobody(path, lambda: _refusal(path, line, before) + _can_be_read(path))


def _read_only_folder(path, dice):
    line, before = _writing(path, dice), path.read_bytes()
    path.parent.chmod(0o500)
    return _as_nobody(path, lambda: _refusal(path, line, before) + _can_be_read(path))


def _unreadable(path, dice):
    line, before = dice.choice((_writing(path, dice), "status", "check", "backup")), path.read_bytes()
    path.chmod(0)
    return _as_nobody(path, lambda: _refusal(path, line, before))


def _can_be_read(path):
    code, _out, err = command(path, "status")
    return [f"status ended with {code}: {err}"] if code else []


def _locked(path, dice):
    """Another program holds the file for a moment: the command waits, and is done."""
    how, seconds = dice.choice(("IMMEDIATE", "EXCLUSIVE")), dice.uniform(0.02, 0.4)

    def hold(say):
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(f"BEGIN {how}")
            say("held")
            time.sleep(seconds)
            other.execute("ROLLBACK")

    line = _writing(path, dice)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            hold(lambda word: os.write(writing, word.encode()))
        finally:
            os._exit(0)
    os.read(reading, 4)
    code, _out, err = command(path, line)
    os.waitpid(pid, 0)
    os.close(reading)
    os.close(writing)
    return [f"{line} did not wait for the lock: {code} {err}"] if code else []


def _vanished(path, dice):
    """The folder goes between two commands, as that of a stick that is pulled, and comes back."""
    before, away = path.read_bytes(), Path(f"{path.parent}, away")
    path.parent.rename(away)
    line = dice.choice(("add P00 2001-01-05 L1=20 G1=8", "undo --yes", "status", "check", "backup", "recompute"))
    found = _refusal(path, line, before)
    if path.parent.exists():
        found.append(f"{line} made the folder anew")
        shutil.rmtree(path.parent)
    away.rename(path.parent)
    return found if export_of(path) == small_export() else [*found, "the facts are others"]
