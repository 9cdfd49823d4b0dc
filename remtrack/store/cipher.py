"""
Records that are encrypted as a whole (SQLCipher): their driver, and copies between one lock and another.

Loaded only for such a file. A connection of this driver is used as any other; its exceptions are its own,
and `open` knows both.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ..errors import UsageError

if TYPE_CHECKING:
    from .open import Connection


def driver() -> Any:
    """Return the module of the driver; UsageError names the extra that it is in."""
    try:
        from sqlcipher3 import dbapi2
    except ImportError:
        raise UsageError(
            "an encrypted record needs a package that is not installed",
            "it is in the extra named encrypt",
            'pip install "remtrack[encrypt]"',
        ) from None
    return dbapi2


@cache
def _keyed_type() -> Any:
    return type("Keyed", (driver().Connection,), {"passphrase": ""})


def keyed(target: str, passphrase: str, patience: float) -> Connection:
    """Open a file (a URI) or memory with that passphrase; whether it is the right one shows at the first reading."""
    plain = unicodedata.normalize("NFC", passphrase)  # typed on another keyboard it is the same
    if not plain or "\x00" in plain:
        raise UsageError("this passphrase cannot be used", "it is empty, or has a character that no text can hold")
    connection = driver().connect(target, uri=True, timeout=patience, isolation_level=None, factory=_keyed_type())
    connection.passphrase = plain
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would speak of a wrong passphrase on its own
    connection.execute("PRAGMA key = '" + plain.replace("'", "''") + "'")
    return cast("Connection", connection)


def passphrase_of(connection: Connection) -> str:
    """Return the passphrase that a connection was opened with, "" when its file is not encrypted."""
    return getattr(connection, "passphrase", "")


def copy_across(source: Connection, target: Connection) -> None:
    """
    Make an open record what another one is, where SQLite's own backup cannot: their passphrases differ.

    In one transaction of the target, so that it is the old one or the new one whole.
    """
    target.execute("PRAGMA foreign_keys = OFF")
    target.execute("BEGIN IMMEDIATE")
    try:
        for kind in ("trigger", "view", "table"):
            for (name,) in target.execute(
                "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
            ).fetchall():
                target.execute(f'DROP {kind} "{name}"')
        made = source.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for wanted in ("table", "index", "view", "trigger"):
            for kind, name, sql in made:
                if kind == wanted:
                    target.execute(sql)
                    if kind == "table":
                        _copy_rows(source, target, name)
        target.execute("DELETE FROM sqlite_sequence")
        _copy_rows(source, target, "sqlite_sequence")
        for pragma in ("application_id", "user_version"):
            (value,) = source.execute(f"PRAGMA {pragma}").fetchone()
            target.execute(f"PRAGMA {pragma} = {int(value)}")
        target.execute("COMMIT")
    except BaseException:
        target.rollback()
        raise
    finally:
        target.execute("PRAGMA foreign_keys = ON")


def _copy_rows(source: Connection, target: Connection, name: str) -> None:
    rows = source.execute(f'SELECT * FROM "{name}"')
    marks = ", ".join("?" * len(rows.description))
    target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
