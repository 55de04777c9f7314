"""`autograder restore`: the records and the secret out of a backup; what is there is kept."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.backup import RECORDS, SECRET, sqlite_of
from autograder.cli.found import open_config
from autograder.cli.options import ConfigFile
from autograder.cli.secret import put_secret
from autograder.errors import InputError
from autograder.files import private_folder

EXAMPLES = (
    "autograder restore backups/2027-03-01-120000.zip",
    "autograder restore week-3.zip --config course/grader_config.yml",
)


def restore(
    backup: Annotated[Path, typer.Argument(help="What `autograder backup` wrote.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Put the records and the secret of a backup in place. What was there stays beside it.

    Nobody may be grading meanwhile.
    """
    from autograder.records.backup import put_back

    settings = open_config(config)
    file = sqlite_of(settings)
    try:
        with zipfile.ZipFile(backup) as archive:
            records, secret = archive.read(RECORDS), archive.read(SECRET)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{backup} is not what `autograder backup` writes: {error}") from None
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        copy = Path(folder) / RECORDS
        copy.write_bytes(records)
        private_folder(file.parent)
        kept = put_back(copy, file)
    print(f"The records are those of the backup{f'; what was there is in {kept}' if kept else ''}.")
    for line in put_secret(settings, secret.decode("ascii", "replace").strip()):
        print(line)
