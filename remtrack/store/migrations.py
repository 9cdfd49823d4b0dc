"""
The steps that bring a file to the layout this version knows, and the one function that runs them.

Only a new or an older file needs this module; it imports sqlite_utils, which takes longer than a
whole `status`. A step that has been released is never edited: a later one alters what it made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from . import schema

if TYPE_CHECKING:
    from .open import Connection

STEPS = Migrations("remtrack")


@STEPS()
def m001_first_release(db: Database) -> None:
    """Make the facts with their histories, the record of changes, and the answers."""
    for sql in schema.tables():
        db.execute(sql)


def migrate(connection: Connection, steps: Migrations = STEPS) -> None:
    """
    Run the steps that the file has not seen, all in one transaction.

    Triggers and views are dropped first and made anew last: a step that rebuilds a table with
    `transform()` loses its triggers, and none may write to the record of changes. Foreign keys
    rest meanwhile, or the table that is rebuilt would take its children's rows with it; they are
    checked before the end.
    """
    db = Database(connection, execute_plugins=False)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for trigger in db.triggers:
            connection.execute(f"DROP TRIGGER {trigger.name}")
        for view in db.view_names():
            connection.execute(f"DROP VIEW {view}")
        steps.apply(db)
        for sql in (*schema.triggers(), *schema.views()):
            connection.execute(sql)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps.applied(db))}")
        _refuse_orphans(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _refuse_orphans(connection: Connection) -> None:
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    if orphan:
        raise RuntimeError(f"the migration left rows of {orphan[0]} that belong to nothing")
