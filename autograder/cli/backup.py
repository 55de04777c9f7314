"""`autograder backup`: the records and the secret in one file, taken while others grade."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.found import open_config
from autograder.cli.options import ConfigFile
from autograder.config import Config
from autograder.errors import InputError
from autograder.files import PRIVATE, private_folder, replace, zipped

RECORDS, SECRET = "course.sqlite", "course_secret"
"""The names in a backup."""
EXAMPLES = ("autograder backup", "autograder backup --to /mnt/backups/week-3.zip")


def backup(
    to: Annotated[Path | None, typer.Option("--to", help="The zip to write.", show_default="backups/TIME.zip")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the records and the course's secret into one zip. Others may grade meanwhile.

    It holds everybody's scores, and what decides the hidden inputs: keep it as private as these.
    """
    from autograder.records.backup import copy_of

    settings = open_config(config)
    file = sqlite_of(settings)
    target = to or settings.root / "backups" / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}.zip"
    if target.exists():
        raise InputError(f"{target} is there already, and a backup overwrites nothing: give another file with --to")
    if not file.exists():
        raise InputError(f"there are no records yet at {file}")
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        copy = Path(folder) / RECORDS
        copy_of(file, copy)
        data = zipped({RECORDS: copy.read_bytes(), SECRET: settings.secret() + b"\n"}, lambda name: PRIVATE)
    private_folder(target.parent)
    replace(target, data, PRIVATE)
    print(target)


def sqlite_of(settings: Config) -> Path:
    """Return SQLite's file. Raises `InputError` for another database, which has tools of its own."""
    from autograder.records.database import Database

    file = Database.at(settings.records_url).file
    if file is None:
        raise InputError(
            "these records are not in a file: back them up with the database's own tools, such as pg_dump, and the "
            "secret with `autograder secret --export FILE`"
        )
    return file
