"""Where nothing may be written: the record, what SQLite keeps beside it, copies of it, and other records."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from ..errors import RecordError
from .backup import home_of, is_sealed
from .open import ENCRYPTED_PAGE, MAGIC, keep_off_journals


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Say whether a folder is there; also of a text that no disk takes for a name."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def same_file(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Say whether two names are of one file that is there: a link is the file that it leads to."""
    try:
        return Path(path).samefile(other)
    except (OSError, ValueError):
        return False


def keep_off(output: str | os.PathLike[str], record: str | os.PathLike[str], undone: str) -> None:
    """
    Raise RecordError when what would be written to `output` took the place of a record or of a copy of one.

    `record` is the one that is open, by whatever name; `undone` says that nothing was done, "nothing was written".
    A link to a file is that file. A file that could be an encrypted record counts as one.
    """
    place = Path(output)
    keep_off_journals(os.path.realpath(place))
    why = _kept(place, Path(record))
    if why:
        hint = "give the output another name; to copy the record: remtrack backup -o FILE"
        raise RecordError(f"{output} {why}", f"nothing takes its place; {undone}", hint)


def _kept(place: Path, record: Path) -> str:
    try:
        real, own = os.path.realpath(place), os.path.realpath(record)
        # Without regard to case: on some disks the two are one file, also before it is there.
        if real.casefold() == own.casefold() or same_file(place, record):
            return "is the record itself"
        if not place.is_file():
            return ""  # nothing is there yet, or what is no file: whoever writes will tell
        if Path(real).parent == Path(os.path.realpath(home_of(record))):
            return "is among the backups of the record"
        return _copy(place)
    except PermissionError:
        return "is there and cannot be read, so it may be a record"
    except (OSError, ValueError):
        return ""


def _copy(place: Path) -> str:
    """Say what a file is if it is a database or a sealed backup, "" if it is neither."""
    with place.open("rb") as file:
        page = file.read(ENCRYPTED_PAGE)
    if page.startswith(MAGIC):
        return "is a database"
    if is_sealed(str(place)):
        return "is an encrypted backup"
    if len(page) == ENCRYPTED_PAGE and place.stat().st_size % ENCRYPTED_PAGE == 0 and not _is_text(page):
        return "may be an encrypted record"
    return ""


def _is_text(page: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(page)  # the page may end within a letter
    except UnicodeDecodeError:
        return False
    return True
