"""
Opening the file: whose it is, how it is opened, and what its troubles mean.

The only module that names `sqlite3` and its exceptions. What the tables hold is not its business.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from ..errors import RecordError, RefusedError
from .schema import APPLICATION_ID, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = sqlite3.Connection
#: Gives the passphrase of an encrypted record, asking for it if need be.
Passphrase = Callable[[], str]


class TakenError(Exception):
    """There is a file already where a new one was to be put in place."""


SQLITE_VERSION = sqlite3.sqlite_version
#: How long to wait for another program that is writing, in seconds.
PATIENCE = 30.0
_SETTINGS = (
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "recursive_triggers = ON",
    "synchronous = FULL",
    "temp_store = MEMORY",  # nothing of a patient in the system's temporary folder
)
ENCRYPTED_PAGE = 4096  # an encrypted file is whole pages, and has no header that tells it
MAGIC = b"SQLite format 3\x00"
_HEADER = 100
_WAL = 2


def connect(
    path: str,
    *,
    write: bool,
    create: bool,
    patience: float = PATIENCE,
    passphrase: Passphrase | None = None,
    encrypt: bool = False,
) -> Connection:
    """
    Open the record at `path`, having made sure that it is one.

    A file that is missing is made only with `write` and `create` (encrypted with `encrypt`); any other that is
    not ours is refused before SQLite sees it, because SQLite would roll back a foreign file's journal.
    `passphrase` is asked for only where the file is encrypted. Raises RecordError.
    """
    if write and create and not os.path.lexists(path):
        _make(path, passphrase() if encrypt and passphrase else "")
    header = look(path, may_be_encrypted=passphrase is not None)
    with trouble(path):
        connection = _connect(Path(path), patience, passphrase() if passphrase and header is None else "")
    try:
        with trouble(path):
            if header is None:
                _unlock(connection, path)
            _settle(connection, path, header, write=write)
    except BaseException:
        connection.close()
        raise
    return connection


def _unlock(connection: Connection, path: str) -> None:
    """Find out whether the passphrase opens the file, and whether the file is ours."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except _errors("DatabaseError") as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_NOTADB":
            raise
        raise RecordError(
            f"{path} cannot be opened", "the passphrase is another one, or the file is no encrypted record"
        ) from None
    _ours(path, application, version)


def _connect(place: Path, patience: float = PATIENCE, passphrase: str = "") -> Connection:
    # rw, also for reading: a journal left by a killed command is rolled back by whoever comes next, and that takes
    # writing. SQLite falls back to reading alone where the file is write-protected, and rw never makes a file.
    uri = f"{place.absolute().as_uri()}?mode=rw"
    if passphrase:
        from .cipher import keyed

        return keyed(uri, passphrase, patience)
    return sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)


def plain_connection(path: str, passphrase: Passphrase | None = None) -> Connection:
    """Open a record, having made sure that it is one, as it is: nothing is migrated or promised of its layout."""
    header = look(path, may_be_encrypted=passphrase is not None)
    connection = _connect(Path(path), passphrase=passphrase() if passphrase and header is None else "")
    try:
        if header is None:
            _unlock(connection, path)
        for pragma in _SETTINGS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def memory(like: Connection | None = None) -> Connection:
    """
    Open a new database that lives in memory only, empty, with the settings that a record is opened with.

    `like` is a connection that will be copied into it: an encrypted one can only be copied into its like.
    """
    passphrase = getattr(like, "passphrase", "")
    if passphrase:
        from .cipher import keyed

        connection = keyed("file::memory:", passphrase, PATIENCE)
    else:
        connection = sqlite3.connect(":memory:", isolation_level=None)
    for pragma in _SETTINGS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _settle(connection: Connection, path: str, header: bytes | None, *, write: bool) -> None:
    for pragma in _SETTINGS:
        connection.execute(f"PRAGMA {pragma}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        if not write:
            raise RecordError(
                f"{path} was written by an older remtrack",
                "reading it here needs its layout to be brought up to date first",
                f"remtrack --db {_quoted(path)} init",
            )
        from .backup import keep_before_migration
        from .migrations import migrate

        keep_before_migration(connection, path)
        migrate(connection)
    if not write:
        connection.execute("PRAGMA query_only = ON")
    elif header is not None and header[18] == _WAL:
        # Another tool left the file in a mode that needs two more files beside it.
        connection.execute("PRAGMA journal_mode = DELETE")
    if write:
        connection.execute("PRAGMA cache_size = -16000")


def _errors(name: str) -> tuple[type[Exception], ...]:
    """Return the exception of that name, of SQLite's driver and, once an encrypted record was opened, of that one."""
    encrypted = sys.modules.get("sqlcipher3.dbapi2")
    found: list[type[Exception]] = [getattr(sqlite3, name)]
    return (*found, getattr(encrypted, name)) if encrypted else tuple(found)


def bring_up_to_date(connection: Connection) -> None:
    """Bring a record whose layout may be older to the one this version knows."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        from .migrations import migrate

        migrate(connection)


def look(path: str, *, may_be_encrypted: bool = False) -> bytes | None:
    """
    Return the header of the file at `path`, a record of ours; None if it can only be an encrypted one.

    Raises RecordError if it is neither.
    """
    place = Path(path)
    try:
        kind = place.stat().st_mode
        if stat.S_ISDIR(kind):
            hint = f"remtrack --db {_quoted(str(place / 'remtrack.db'))} init"
            raise RecordError(f"{path} is a folder", "the record is one file", hint)
        if not stat.S_ISREG(kind):
            raise RecordError(f"{path} is not a file", "the record is one ordinary file on a disk")
        with place.open("rb") as file:
            header = file.read(_HEADER)
        size = place.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        hint = f"remtrack --db {_quoted(path)} init"
        raise RecordError(f"no record at {path}", "nothing has been recorded there yet", hint) from None
    except PermissionError as error:
        why = f"{error.strerror}: it belongs to somebody else, or may not be read; allow reading, then type it again"
        raise RecordError(f"cannot open {path}", why) from None
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot open {path}", getattr(error, "strerror", None) or str(error)) from None
    if not header:
        raise RecordError(f"{path} is empty", "a record is never empty, so this is something else; it was left alone")
    if len(header) < _HEADER or not header.startswith(MAGIC):
        if may_be_encrypted and size % ENCRYPTED_PAGE == 0:
            return None
        raise RecordError(f"{path} is not a remtrack record", "it was left alone")
    _ours(path, int.from_bytes(header[68:72], "big"), int.from_bytes(header[60:64], "big"))
    return header


def _ours(path: str, application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise RecordError(f"{path} is another program's database", "it was left alone")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"{path} was written by a newer remtrack",
            f"its layout is number {version}, this remtrack knows up to {SCHEMA_VERSION}; it was left alone",
        )


def _make(path: str, passphrase: str = "") -> None:
    """
    Make a new record at `path`, and its folder if need be.

    When two programs make it at once, the first one's stays.
    """
    with suppress(TakenError), new_file(path, passphrase) as connection:
        from .migrations import migrate

        migrate(connection)


@contextmanager
def new_file(path: str, passphrase: str = "") -> Iterator[Connection]:
    """
    Give an empty database that is put in place at `path`, whole, when the block ends without an error.

    With a passphrase it is encrypted.
    It is written beside, so that nobody ever meets half a file, and is readable by its owner alone; a folder
    that is missing is made. Raises RecordError when it cannot be written, TakenError when there is
    something at `path` by the time it is whole.
    """
    place = Path(path).absolute()
    keep_off_journals(path)
    try:
        for folder in reversed((place.parent, *place.parent.parents)):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
        with _beside(place) as beside:
            with trouble(path), closing(_connect(beside, passphrase=passphrase)) as connection:
                connection.execute("PRAGMA temp_store = MEMORY")  # VACUUM would write it all into the temporary folder
                yield connection
            put_in_place(beside, place)
    except (OSError, ValueError) as error:
        raise RecordError(f"cannot make {path}", getattr(error, "strerror", None) or str(error)) from None


def keep_off_journals(path: str | os.PathLike[str]) -> None:
    """Raise RecordError for the name under which SQLite keeps unfinished changes of a file that is there."""
    of, dash, ending = os.fspath(path).rpartition("-")
    if dash and ending.lower() in ("journal", "wal", "shm") and os.path.isfile(of):
        why = f"SQLite keeps unfinished changes of {of} under that name, and would remove or misread what is there"
        raise RecordError(f"nothing is written to {path}", why, "give it another name")


@contextmanager
def spare_file(path: str, passphrase: str = "") -> Iterator[Connection]:
    """
    Give an empty database beside `path`, for its owner alone, that is gone when the block ends.

    Raises RecordError where none can be made.
    """
    try:
        with _beside(Path(path).absolute()) as beside, closing(_connect(beside, passphrase=passphrase)) as connection:
            for pragma in (*_SETTINGS, "synchronous = OFF"):  # nobody will look for it after a power cut
                connection.execute(f"PRAGMA {pragma}")
            yield connection
    except OSError as error:
        raise RecordError(f"cannot write beside {path}", error.strerror or str(error)) from None


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    # Named before it is made, and taken away twice if need be: no Ctrl-C leaves a hidden copy of a record behind.
    beside = place.with_name(f".{place.name}.{os.urandom(8).hex()}.new")
    try:
        try:
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # its owner's alone
            yield beside
        finally:
            beside.unlink(missing_ok=True)
    except KeyboardInterrupt:
        beside.unlink(missing_ok=True)
        raise


def make_folders(folder: Path) -> None:
    """Make a folder and those it is in, as far as they are missing, for their owner alone. Raises OSError."""
    for each in reversed((folder, *folder.absolute().parents)):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def put_in_place(beside: Path, place: Path) -> None:
    try:
        place.hardlink_to(beside)
    except FileExistsError:
        raise TakenError(str(place)) from None
    except OSError:  # a disk that knows no links
        if os.path.lexists(place):
            raise TakenError(str(place)) from None
        beside.rename(place)


def begin(connection: Connection) -> None:
    """Start writing, once no other program does. Waits in short turns, so that Ctrl-C is heard."""
    (patience_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    deadline = monotonic() + patience_ms / 1000
    connection.execute("PRAGMA busy_timeout = 100")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except _errors("OperationalError") as error:
                if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY") or monotonic() > deadline:
                    raise
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience_ms}")


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)


def _refusal(said: str) -> str:
    kind, _, what = said.partition(" constraint failed")
    what = what.removeprefix(": ")
    sentences = {
        "CHECK": what,
        "NOT NULL": f"{what} is missing",
        "UNIQUE": f"there is one with the same {what} already",
        "FOREIGN KEY": "it belongs to a row that is not there, or other rows still belong to it",
    }
    return sentences.get(kind, said)


@contextmanager
def trouble(path: str) -> Iterator[None]:
    """Turn what SQLite says within into a RecordError that a person can act on; RefusedError if it refused the data."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise meaning(error, path) from error
    except _errors("Error") as error:
        raise meaning(error, path) from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise RefusedError("the record cannot keep this", str(error)) from error


@contextmanager
def reading(path: str) -> Iterator[None]:
    """As `trouble`, where stored text becomes values: text that is none of a value's means a damaged file."""
    try:
        with trouble(path):
            yield
    except (ValueError, TypeError, ArithmeticError) as error:
        raise RecordError(f"{path} is damaged", f"a stored value cannot be read: {error}", _check(path)) from error


def _check(path: str) -> str:
    return f"remtrack --db {_quoted(path)} check"


def meaning(error: BaseException, path: str) -> BaseException:
    """Return what a person should hear of an exception of SQLite's; any other is its own meaning."""
    if isinstance(error, UnicodeDecodeError):  # SQLite quotes the damaged text in its message, and that is no text
        return RecordError(f"{path} is damaged", "a stored text cannot be read", _check(path))
    if not isinstance(error, _errors("DatabaseError")) or isinstance(error, _errors("ProgrammingError")):
        return error
    name = getattr(error, "sqlite_errorname", None) or ""
    if isinstance(error, _errors("IntegrityError")):
        return RefusedError("the record refuses this", _refusal(str(error)))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RecordError(f"{path} is locked", "another program is writing to it; nothing was changed, try again")
    if name.startswith("SQLITE_FULL"):
        why = "the disk is full; nothing was changed; make room, then type it again"
        return RecordError(f"no room left for {path}", why)
    if name in ("SQLITE_READONLY_ROLLBACK", "SQLITE_READONLY_RECOVERY"):
        return RecordError(
            f"{path} cannot be read yet",
            "a command was cut off; taking back its half needs permission to write to the file and its folder",
        )
    if name.startswith("SQLITE_READONLY"):
        why = "the file or its folder is read-only; nothing was changed; allow writing there, then type it again"
        return RecordError(f"{path} cannot be written to", why)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return RecordError(f"cannot open {path}", str(error))
    if name.startswith("SQLITE_IOERR"):
        why = f"{error}; nothing was changed; if the disk is full or was taken out, see to that, then type it again"
        return RecordError(f"cannot read or write {path}", why)
    if name == "SQLITE_ERROR":
        return RecordError(f"{path} is not laid out as remtrack made it", str(error), _check(path))
    return RecordError(f"{path} is damaged", str(error), _check(path))
