"""
Copies of the record: written whole and verified, and put back without losing what is there.

A copy is taken by SQLite's own backup, so it holds every change up to one moment, also while another
program writes. A sealed copy (age, passphrase) is worked out in memory: no open copy touches the disk.
"""

from __future__ import annotations

import os
import re
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RecordError, RefusedError, UsageError
from .cipher import copy_across, passphrase_of
from .open import (
    TakenError,
    begin,
    keep_off_journals,
    make_folders,
    memory,
    new_file,
    plain_connection,
    put_in_place,
    trouble,
)
from .schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .open import Connection, Passphrase

SEALED = ".age"
_AGE = b"age-encryption.org/"


class Copied(NamedTuple):
    """A copy: where it is, and the number and hash of the last change in it (0 and "" when there is none)."""

    path: Path
    change: int
    hash: str


class Restored(NamedTuple):
    """What was put back: the last change in the copy with its hash, what was kept, and the change that says so."""

    change: int
    hash: str
    kept: Copied
    number: int


def home_of(path: str | os.PathLike[str]) -> Path:
    """Return the folder in which the copies of a record are kept: beside it, named after it."""
    place = Path(path).absolute()
    return place.with_name(f"{place.stem}-backups")


def name_for(path: str | os.PathLike[str], change: int, what: str = "", at: datetime | None = None) -> str:
    """Return the dated name of a copy: record-20260302T140500Z-change12.db; `what` says why it was made."""
    day = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    return f"{Path(path).stem}-{day}-change{change}{f'-{what}' if what else ''}.db"


def copies_in(folder: Path, stem: str) -> list[Path]:
    """Return the dated backups of a record in a folder, oldest first; not those kept before something else was done."""
    named = re.compile(rf"{re.escape(stem)}-\d{{8}}T\d{{6}}Z-change\d+(-\d+)?\.db(\.age)?")
    if not folder.is_dir():
        return []
    return sorted(place for place in folder.iterdir() if named.fullmatch(place.name))


def last_change(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last change, 0 and "" when there is none."""
    found = connection.execute("SELECT number, hash FROM changes ORDER BY number DESC LIMIT 1").fetchone()
    return (int(found[0]), str(found[1])) if found else (0, "")


def copy_whole(connection: Connection, other: Connection) -> None:
    """Copy everything, as it is at one moment, into another open database."""
    # The backup itself would wait for another program for ever; opening a transaction waits as long as any reader.
    connection.execute("BEGIN")
    try:
        connection.execute("SELECT count(*) FROM changes").fetchone()
        connection.backup(other)
    finally:
        connection.rollback()


def write_copy(connection: Connection, path: Path) -> Copied:
    """
    Write a verified copy to a new file at `path`, readable by its owner alone.

    Raises RecordError when something is there already, when it cannot be written, or when the record itself
    is not sound; then nothing is left there.
    """
    try:
        with new_file(str(path), passphrase_of(connection)) as copy:
            copy_whole(connection, copy)
            _refuse_unsound(copy, str(path))
            number, own_hash = last_change(copy)
    except TakenError:
        raise _taken(path) from None
    return Copied(path, number, own_hash)


def write_sealed(connection: Connection, path: Path, passphrase: str) -> Copied:
    """Write a verified copy, encrypted with a passphrase in the age format; else as `write_copy`."""
    if passphrase_of(connection):
        raise RefusedError(
            "the record is encrypted, and its backups are so with the same passphrase",
            "encrypting one twice would need two passphrases to open it",
            "remtrack backup",
        )
    pyrage = _pyrage()
    if os.path.lexists(path):  # said at once: encrypting takes a while
        raise _taken(path)
    with closing(memory()) as copy:
        copy_whole(connection, copy)
        _refuse_unsound(copy, str(path))
        number, own_hash = last_change(copy)
        data = copy.serialize()
    _put_bytes(path, pyrage.passphrase.encrypt(data, passphrase))
    return Copied(path, number, own_hash)


@contextmanager
def opened_copy(path: str, passphrase: Passphrase) -> Iterator[tuple[Connection, str]]:
    """
    Give a copy of a record, opened for reading and found sound, with the SHA-256 of its file.

    `passphrase` is asked for where it is sealed or encrypted. An older layout is read as it is. Raises
    RecordError for a file that is missing, not ours, damaged, or sealed with another passphrase.
    """
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise RecordError(f"cannot open {path}", "it is no file")  # a pipe would be waited on for ever
        with Path(path).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            file.seek(0)
            data = file.read() if is_sealed(path) else None
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot open {path}", getattr(error, "strerror", None) or str(error)) from None
    if data is not None:
        with closing(memory()) as connection, trouble(path):
            connection.deserialize(_unsealed(data, path, passphrase))
            _refuse_unsound(connection, path)
            yield connection, digest
    else:
        with trouble(path):
            opened = plain_connection(path, passphrase)
        with closing(opened) as connection, trouble(path):
            connection.execute("PRAGMA query_only = ON")
            _refuse_unsound(connection, path)
            yield connection, digest


def is_sealed(path: str) -> bool:
    """Say whether a file is encrypted in the age format."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return file.read(len(_AGE)) == _AGE
    except (OSError, ValueError):
        return False


@contextmanager
def held(target: Connection, keep_at: Path) -> Iterator[Copied]:
    """Keep a copy of an open record at `keep_at`, and let no other program write to the record within the block."""
    target.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        begin(target)
        target.execute("COMMIT")  # the lock is held on
        number, own_hash = last_change(target)
        try:
            with new_file(str(keep_at), passphrase_of(target)) as kept:
                target.backup(kept)
        except TakenError:
            raise _taken(keep_at) from None
        yield Copied(keep_at, number, own_hash)
    finally:
        target.execute("PRAGMA locking_mode = NORMAL")
        target.execute("SELECT count(*) FROM sqlite_master").fetchone()  # lets go of the lock


def copy_all(source: Connection, target: Connection) -> None:
    """Make one open database what another is, whatever their passphrases."""
    if passphrase_of(source) == passphrase_of(target):
        source.backup(target)
    else:
        copy_across(source, target)


def keep_before_migration(connection: Connection, path: str) -> Path:
    """Keep a copy of a record whose layout is about to be changed; return where it is."""
    number, _hash = last_change(connection)
    place = home_of(path) / name_for(path, number, f"before-layout{SCHEMA_VERSION}")
    try:
        with new_file(str(place), passphrase_of(connection)) as copy:
            connection.backup(copy)
            _refuse_unsound(copy, path)
    except TakenError:
        pass  # made within this second, of this very change
    return place


def _refuse_unsound(connection: Connection, path: str) -> None:
    from .verify import verify

    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        found = [problem for problem in verify(connection, path) if problem.severity == "error"]
        said = [f"{problem.what}; {problem.why}" if problem.why else problem.what for problem in found]
    else:  # of an older layout only the pages can be judged
        said = [text for (text,) in connection.execute("PRAGMA integrity_check(5)") if text != "ok"]
    if said:
        raise RecordError(f"{path} is not sound, so no copy was made of it or from it", said[0])


def _put_bytes(path: Path, data: bytes) -> None:
    from tempfile import mkstemp

    keep_off_journals(path)
    try:
        make_folders(path.parent)
        handle, name = mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            put_in_place(Path(name), path)
        finally:
            Path(name).unlink(missing_ok=True)
    except TakenError:
        raise _taken(path) from None
    except OSError as error:
        raise RecordError(f"cannot write {path}", error.strerror or str(error)) from None


def _taken(path: Path) -> RefusedError:
    return RefusedError(f"{path} is there already", "a copy is written to a new file, never over another")


def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError:
        raise UsageError(
            "encrypting a backup needs a package that is not installed",
            "it is in the extra named encrypt",
            'pip install "remtrack[encrypt]"',
        ) from None
    return pyrage


def _unsealed(data: bytes, path: str, passphrase: Passphrase) -> bytes:
    pyrage = _pyrage()
    try:
        found: bytes = pyrage.passphrase.decrypt(data, passphrase())
    except pyrage.DecryptError:
        raise RecordError(f"{path} cannot be opened", "the passphrase is another one, or the file is damaged") from None
    return found
