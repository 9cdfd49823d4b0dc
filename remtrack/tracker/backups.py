"""Backing up and putting back: where copies go, which are kept, and what was replaced."""

from __future__ import annotations

from glob import escape as glob_escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RecordError, RefusedError
from ..store.backup import SEALED, Copied, Restored, copies_in, home_of, is_sealed, name_for
from ..store.places import is_folder, same_file
from .derive import derive
from .lookup import quote

if TYPE_CHECKING:
    from ..store import Record
    from ..store.open import Passphrase


class BackedUp(NamedTuple):
    """A backup that was written and verified, and older ones that were taken away because only so many are kept."""

    copied: Copied
    removed: tuple[Path, ...]


def back_up(record: Record, output: str | None, keep: int | None, passphrase: str | None) -> BackedUp:
    """
    Write a verified backup to `output`: a new file, or a folder for a dated name; None: the record's own folder.

    With `keep`, so many dated copies stay in that folder, the newest; others' files are never touched.
    Raises RefusedError when the file is there already, RecordError when it cannot be written.
    """
    change = max((row["number"] for row in record.change_list()), default=0)
    ending = SEALED if passphrase is not None else ""
    place = home_of(record.path) if output is None else Path(output)
    dated = output is None or is_folder(place)
    path = _free(place / (name_for(record.path, change) + ending)) if dated else place
    if not dated and keep is not None:
        raise RefusedError(
            "--keep needs a folder of dated backups", f"{path} is one file", f"remtrack backup --keep {keep}"
        )
    copied = record.back_up(path, passphrase)
    removed: list[Path] = []
    if keep is not None:
        for old in copies_in(path.parent, Path(record.path).stem)[:-keep]:
            if old != path:
                try:
                    old.unlink()
                except OSError as error:
                    raise RecordError(f"cannot remove {old}", error.strerror or str(error)) from None
                removed.append(old)
    return BackedUp(copied, tuple(removed))


def judge(path: str, passphrase: Passphrase) -> None:
    """Raise RecordError when what is at `path` is no sound copy of a record; nothing is written."""
    from ..store.backup import opened_copy

    with opened_copy(path, passphrase):
        pass


def restore(record: Record, path: str, passphrase: Passphrase, who: str) -> Restored:
    """Put a backup back in place of everything in the record, which is kept beside it; see `Record.put_back`."""
    if same_file(path, record.path):
        raise RefusedError(f"{path} is the record itself", "a backup of it is needed", "remtrack backup")
    if is_encrypted(path) and not record.passphrase:
        raise RefusedError(
            f"{path} is encrypted, and {record.path} is not",
            "putting it back would leave everything in it open to whoever can read that file",
            f"remtrack --db NEW.db restore {quote(path)}",
        )
    change = max((row["number"] for row in record.change_list()), default=0)
    keep_at = _free(home_of(record.path) / name_for(record.path, change, "before-restore"))
    return record.put_back(path, passphrase, keep_at, who, derive)


def _free(path: Path) -> Path:
    """Return the path, or one numbered after it when two copies are kept within a second."""
    number, free = 2, path
    sealed = SEALED if path.suffix == SEALED else ""
    name = path.name.removesuffix(sealed).removesuffix(".db")
    while free.exists():
        free = path.with_name(f"{name}-{number}.db{sealed}")
        number += 1
    return free


def kept_by_restore(record: Record) -> Path | None:
    """Return the copy of what the last `restore` replaced, None when it is no more where it was put."""
    home = home_of(record.path)
    stem = Path(record.path).stem
    found = sorted(home.glob(f"{glob_escape(stem)}-*-before-restore*.db")) if home.is_dir() else []
    return found[-1] if found else None


def is_encrypted(path: str) -> bool:
    """Say whether a backup is that of an encrypted record, which has to come back encrypted."""
    from ..store.open import look

    return not is_sealed(path) and look(path, may_be_encrypted=True) is None


def restore_command(path: Path) -> str:
    """Return the command that puts a backup back."""
    return f"remtrack restore {quote(str(path))}"
