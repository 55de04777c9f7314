"""Copies of SQLite's file: taken while others write, and put back without losing what is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from autograder.errors import RecordsError
from autograder.files import PRIVATE

BESIDE = ("", "-wal", "-shm")
"""The files that a SQLite database may consist of."""


def copy_of(file: Path, to: Path) -> None:
    """Copy a database as it stands, whoever writes to it, into a new file that is its owner's only.

    Raises:
        RecordsError: where the file cannot be read, or is no database.
        FileExistsError: nothing is overwritten.
    """
    to.touch(mode=PRIVATE, exist_ok=False)
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        to.unlink()
        raise RecordsError(f"{file} cannot be copied: {error}") from None


def put_back(copy: Path, file: Path) -> Path | None:
    """Put a copy in the place of a database, which is kept beside it; return where. Nobody may be grading meanwhile.

    Raises `RecordsError` for a copy that is damaged or no database of records: then nothing is changed.
    """
    _check(copy)
    draft = free_name(file.with_name(f"{file.name}.restoring"))
    copy_of(copy, draft)
    kept = free_name(file.with_name(f"{file.name}.before-restore"))
    parts = [end for end in BESIDE if file.with_name(file.name + end).exists()]
    for end in parts:  # a journal that stayed behind would be taken for the copy's
        file.with_name(file.name + end).rename(kept.with_name(kept.name + end))
    draft.rename(file)
    return kept if parts else None


def free_name(path: Path) -> Path:
    """Return a path at which nothing lies: this one, or with a number at its end."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.name}-{number}")
        number += 1
    return free


def _check(copy: Path) -> None:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check").fetchone()
            connection.execute("SELECT count(*) FROM reports").fetchone()
    except sqlite3.Error as error:
        raise RecordsError(f"{copy} holds no records that can be read: {error}") from None
    if found != "ok":
        raise RecordsError(f"{copy} is damaged: {found}")
