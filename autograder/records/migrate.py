"""Bring a database to the schema of this version: an older one is migrated, a newer one refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect

from autograder.records.backup import copy_of, free_name
from autograder.records.database import Database

CURRENT = "0004"
"""The schema that this version reads and writes: the last step of `migrations/`."""
FIRST = "0001"
"""The schema of databases that do not say which one they have."""
VERSION = "alembic_version"
LOCK = 0x6175746F
"""The advisory lock under which PostgreSQL lets one process migrate at a time."""


@dataclass(frozen=True)
class Migration:
    """What was done to an older database: from which schema to which, and where it lies as it was."""

    before: str
    after: str
    backup: Path | None

    def __str__(self) -> str:
        kept = f"; as they were, they lie in {self.backup}" if self.backup else ""
        return f"the records were brought from schema {self.before} to {self.after}{kept}"


def migrate(connection: Connection, database: Database) -> Migration | None:
    """Bring a database to the current schema, if it has another one, where several processes may do so at once.

    The caller commits. Returns what was done to a database that held something.

    Raises:
        RecordsError: for a database of a later version.
        SQLAlchemyError: for whatever the database refuses.
    """
    if _version(connection) == CURRENT:
        return None
    _wait_for_others(connection)
    before = _version(connection)
    if before == CURRENT:
        return None
    if before and before > CURRENT:
        raise database.failed(
            f"a later version of autograder wrote them (schema {before}; this one knows {CURRENT}). "
            "Use that version, or set course.records in grader_config.yml to another place"
        )
    backup = _backup(database.file) if before and database.file is not None else None
    _upgrade(connection, before)
    return Migration(before, CURRENT, backup) if before else None


def _version(connection: Connection) -> str:
    """Return the schema of a database; nothing for an empty one."""
    tables = inspect(connection).get_table_names()
    if VERSION in tables:
        found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION}").scalar_one_or_none()
        if found:
            return str(found)
    return FIRST if "reports" in tables else ""


def _wait_for_others(connection: Connection) -> None:
    """Let no other process write until the transaction ends."""
    match connection.dialect.name:
        case "sqlite":
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the driver itself would begin after the tables are made
        case "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def _upgrade(connection: Connection, before: str) -> None:
    from alembic import command  # one start in many needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    if before == FIRST:
        command.stamp(config, FIRST)
    command.upgrade(config, CURRENT)


def _backup(file: Path) -> Path:
    """Copy a SQLite database as it stands, for its owner only; return where to."""
    copy = free_name(file.with_name(f"{file.name}.before-{CURRENT}"))
    copy_of(file, copy)
    return copy
