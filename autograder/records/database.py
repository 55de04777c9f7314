"""Where the records are: from a URL to an engine. Whatever goes wrong on the way is told without the password."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from autograder.errors import RecordsError
from autograder.files import PRIVATE, private_folder, replace

EXAMPLE = "postgresql+psycopg://USER:PASSWORD@HOST/NAME"
PACKAGES = {"MySQLdb": "mysqlclient", "psycopg": "autograder[postgres]", "psycopg2": "psycopg2-binary"}
"""What to install for a driver, where it has another name than its module."""
ELSEWHERE = "Make that possible, or set course.records in grader_config.yml to another place"
WAYS_ON = {
    "cannot be made": ELSEWHERE,
    "unable to open": ELSEWHERE,
    "readonly": ELSEWHERE,
    "is full": "Make room there, then run the same command again: what is stored stays",
    "is locked": "Another program keeps writing to it: run the same command again when that has ended",
}
"""What to do, by what the database or the system says."""


@dataclass(frozen=True)
class Database:
    """A place for records."""

    url: URL

    @staticmethod
    def at(url: str) -> Database:
        """Read a URL. Raises `RecordsError`."""
        try:
            found = make_url(url)
        except (ArgumentError, ValueError):
            found = None
        if found is None or "@" in (found.host or ""):  # an @ in the password ends it too early
            raise RecordsError(
                f"course.records in grader_config.yml is not a database URL. One looks like {EXAMPLE}; in a password, "
                "@ is written %40, : is %3A and / is %2F"
            )
        return Database(found)

    @property
    def file(self) -> Path | None:
        """SQLite's file; None for other databases, and for one in memory."""
        name = self.url.database
        other = self.url.get_backend_name() != "sqlite" or self.url.host or "uri" in self.url.query
        if other or not name or name == ":memory:":
            return None
        return Path(name)

    def engine(self) -> Engine:
        """Prepare to connect, with a file for SQLite; what is new is its owner's only. Raises `RecordsError`."""
        if self.file is not None:
            self._notice_loss(self.file)
            folder = self.file.parent
            try:
                private_folder(folder)
            except OSError as error:
                raise self.failed(f"the folder {folder} cannot be made: {error.strerror}") from None
            with contextlib.suppress(OSError):  # it is there; or SQLite cannot make it either, and is asked why
                # SQLite would go by the umask. Its journals have the mode of the file.
                os.close(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            return create_engine(self.url)
        except NoSuchModuleError:
            raise self.failed(f"there is no driver for {self.url.drivername}. A URL looks like {EXAMPLE}") from None
        except ImportError as error:
            module = error.name or self.url.get_driver_name()
            raise self.failed(
                f"the driver {module} is not installed: pip install '{PACKAGES.get(module, module)}'"
            ) from None
        except (ArgumentError, TypeError, ValueError) as error:
            raise self.failed(str(error)) from None

    def remember(self) -> None:
        """Leave a mark beside SQLite's file, so that its loss is noticed."""
        if self.file is None or (mark := _mark(self.file)).exists():
            return
        said = f"{self.file.name} was begun by {datetime.now(UTC):%Y-%m-%d}. With this file, its loss is noticed.\n"
        with contextlib.suppress(OSError):  # it is a safety net, and the records are there
            replace(mark, said.encode(), PRIVATE)

    def _notice_loss(self, file: Path) -> None:
        mark = _mark(file)
        if mark.exists() and not file.exists():
            raise self.failed(
                "the file is gone, and every score with it. Put a copy of it back (autograder restore BACKUP); or, to "
                f"begin anew, delete {mark}"
            )

    def failed(self, cause: str) -> RecordsError:
        """An error that says in a line where the records are, what happened and what to do."""
        if self.url.password:
            cause = cause.replace(self.url.password, "***")
        cause = " ".join(cause.split())
        way_on = next((way for words, way in WAYS_ON.items() if words in cause), "")
        if way_on is ELSEWHERE:
            obstacle = _obstacle(self.file) if self.file is not None else ""
            cause += f" ({obstacle})" if obstacle else ""
        place = self.url.set(query={}).render_as_string(hide_password=True)  # a query can hold a password too
        return RecordsError(f"records at {place}: {cause}" + (f". {way_on}" if way_on else ""))


def _mark(file: Path) -> Path:
    return file.with_name(f"{file.name}.made")


def _obstacle(file: Path) -> str:
    """Say what keeps a file from being written, or nothing where there is no telling."""
    if file.is_dir():
        return f"{file} is a folder"
    folder = next(one for one in file.parents if os.path.exists(one))
    if not folder.is_dir():
        return f"{folder} is a file"
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{folder} lies on a read-only file system"
    for place in (folder, file):
        if os.path.exists(place) and not os.access(place, os.W_OK):
            return f"this user may not write to {place}"
    return ""
