"""What `doctor` looks at: the installation, who can read the file, its backups, and the disk it is on."""

from __future__ import annotations

import glob
import os
import platform
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import RemtrackError
from ..store.backup import copies_in, home_of
from ..verdict import Problem
from .lookup import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from ..store import Record

_PACKAGES = ("typer", "rich", "sqlite-utils", "python-dateutil")
_EXTRAS = {"openpyxl": "xlsx", "pyrage": "encrypt", "sqlcipher3": "encrypt"}
#: A record that is written to and has no backup of the last so many days is spoken of.
_BACKUP_DAYS = 30
_ROOM = 100 * 2**20  # bytes


def examine(path: Path, opened: Callable[[], Record], today: date) -> tuple[dict[str, str], list[Problem]]:
    """
    Return what there is, label to finding, and what is wrong with it, each with the command that mends it.

    `opened` opens the record for reading. A record that is missing or cannot be opened is itself a finding.
    """
    findings = {
        "remtrack": __version__,
        "Python": f"{platform.python_version()} on {platform.system()}",
        "SQLite": sqlite_version(),
        **{name: installed(name) or "not installed" for name in _PACKAGES},
        **{name: installed(name) or f'not installed: pip install "remtrack[{of}]"' for name, of in _EXTRAS.items()},
        "Record": str(path),
    }
    if not os.path.lexists(path):
        hint = f"remtrack --db {quote(str(path))} init"
        return findings, [Problem("warning", "there is no record yet", str(path), hint, rule="no-record")]
    try:
        size = path.stat().st_size
    except OSError as error:  # a link that leads nowhere or to itself
        why = error.strerror or str(error)
        return findings, [Problem("error", f"{path} cannot be looked at", why, rule="cannot-open")]
    problems = list(kept(path))
    try:
        with opened() as record:
            counts = record.counts()
            findings["Size"] = f"{size / 2**20:.1f} MB" + (", encrypted" if record.passphrase else "")
            findings["Holds"] = f"{counts['patients']:,} patients, {counts['measurements']:,} measurements"
            changes = record.change_list()
            if changes:
                findings["Last change"] = f"{changes[0]['number']} on {changes[0]['at_utc']} by {changes[0]['who']}"
            problems += record.verify()
            problems += list(backups(path, findings, today, len(changes)))
    except RemtrackError as error:
        problems.append(Problem("error", error.what, error.why, error.hint, rule="cannot-open"))
    room = shutil.disk_usage(path.parent).free
    findings["Room on the disk"] = f"{room / 2**30:.1f} GB"
    if room < max(_ROOM, 2 * size):
        problems.append(
            Problem("warning", "there is little room left on the disk", findings["Room on the disk"], rule="room")
        )
    return findings, problems


def installed(name: str) -> str:
    """Return the version of a package, "" when it is not there."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def sqlite_version() -> str:
    from ..store.open import SQLITE_VERSION

    return SQLITE_VERSION


def kept(path: Path) -> Iterator[Problem]:
    """Yield what is wrong with how the record, its copies and their folders are kept: whoever else could read them."""
    place = Path(os.path.realpath(path))  # Path.resolve fails on a link that leads to itself
    if path.is_symlink():
        yield Problem(
            "warning",
            f"{path} is a link to {place}",
            "whoever can change the link can put another file in its place",
            f"remtrack --db {quote(str(place))} doctor",
            rule="symlink",
        )
    home = home_of(place)
    folders = [place.parent, *([home] if home.is_dir() else [])]
    files = [place, *(at for at in sorted(home.iterdir()) if at.is_file())] if home.is_dir() else [place]
    if os.name == "posix":  # elsewhere the mode says nothing of who may read
        for at in files:
            yield from open_to_others("file", at)
        for at in folders:
            yield from open_to_others("folder", at)
    for folder in folders:
        for at in sorted(folder.glob(f".{glob.escape(place.stem)}*.new")):
            yield Problem(
                "warning",
                f"{at} was left behind by a command that was cut off",
                "it may hold patients' data; remove it when no other command is running",
                f"rm {quote(str(at))}",
                rule="left-behind",
            )


def open_to_others(what: str, at: Path) -> Iterator[Problem]:
    """Yield who else than its owner can read or write a file, or write to a folder."""
    mode = at.stat().st_mode
    command = f"chmod {'600' if what == 'file' else '700'} {quote(str(at))}"
    if mode & stat.S_IWOTH and not (what == "folder" and mode & stat.S_ISVTX):
        yield Problem("error", f"everybody on this computer can write to the {what} {at}", "", command, rule="open")
    elif what == "file" and mode & stat.S_IROTH:
        yield Problem("error", f"everybody on this computer can read the {what} {at}", "", command, rule="open")
    elif mode & stat.S_IWGRP:
        yield Problem("warning", f"the group of the {what} {at} can write to it", "", command, rule="open")
    elif what == "file" and mode & stat.S_IRGRP:
        yield Problem("warning", f"the group of the {what} {at} can read it", "", command, rule="open")


def backups(path: Path, findings: dict[str, str], today: date, changes: int) -> Iterator[Problem]:
    """Note how many backups there are beside the record and how old the last is; yield it when that is too old."""
    copies = copies_in(home_of(path), path.stem)
    findings["Backups"] = f"{len(copies)} in {home_of(path)}" if copies else "none beside the record"
    last = datetime.fromtimestamp(copies[-1].stat().st_mtime, UTC).date() if copies else None
    if changes and (last is None or (today - last).days > _BACKUP_DAYS):
        said = "there is no backup beside the record" if last is None else f"the last backup is of {last}"
        yield Problem("warning", said, "a disk can break any day", "remtrack backup --keep 10", rule="backup")
