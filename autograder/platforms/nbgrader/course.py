"""A course folder as nbgrader sees it, with its own configuration: where things lie, which database, who is late."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGrader
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc

from autograder.errors import InputError, StorageError, UnusableFileError
from autograder.intake.classroom import ClassFolder, Entry, folder_names, named_entries
from autograder.intake.disk import located

_TIMESTAMP = "timestamp.txt"
_MAX_CARRIED = 1_000
_NAMED = frozenset(" .,'+-_@()~=#!")
"""What a student's name may hold besides letters and digits: nbgrader's pages set it into HTML and scripts as it is."""


@dataclass(frozen=True)
class Carried:
    """What nbgrader puts next to a submission and looks for next to its graded version and its feedback.

    `received` is when it was handed in; None where nothing says so, although a file that should may be `there`.
    """

    received: datetime | None
    files: Mapping[str, bytes]
    there: bool


@dataclass(frozen=True)
class NbgraderCourse:
    """One nbgrader course folder."""

    root: Path
    _app: Any

    @property
    def database(self) -> str:
        """The gradebook's URL."""
        return str(self._app.coursedir.db_url)

    @property
    def course_id(self) -> str:
        """As nbgrader's commands hand it to the gradebook."""
        return str(self._app.coursedir.course_id)

    @property
    def mode(self) -> int:
        """The permissions of what is written, as nbgrader's own."""
        return 0o664 if self._app.coursedir.groupshared else 0o444

    def source(self, assignment: str) -> Path:
        """Where the instructor's version lies."""
        return self._place(self._app.coursedir.source_directory, ".", assignment)

    def released(self, assignment: str) -> Path:
        """Where the students' version lies."""
        return self._place(self._app.coursedir.release_directory, ".", assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        """Where the graded version goes."""
        return self._place(self._app.coursedir.autograded_directory, student, assignment)

    def submissions(self, assignment: str) -> ClassFolder:
        """Every student's folder of this assignment. From the student's name on, no link is followed.

        Raises `InputError`.
        """
        directory = self._app.coursedir
        step = directory.submitted_directory
        pattern = directory.format_path(step, "(?P<student>[^/]+)", re.escape(assignment), escape=True)
        anywhere = self._place(step, "*", assignment)
        level = next(level for level, part in enumerate(anywhere.parts) if "*" in part)
        above = Path(*anywhere.parts[:level])
        found = []
        for name in folder_names(above):
            path = above.joinpath(name, *anywhere.parts[level + 1 :])
            match = re.fullmatch(pattern, str(path))
            if match and os.path.lexists(path) and (path.is_dir() or path.is_symlink()):
                found.append((match["student"], path))
        if not found:
            raise InputError(f"no submission matches {anywhere}: run `nbgrader collect {assignment}` first")
        return named_entries(found, str(above), above)

    def carried(self, entry: Entry) -> Carried:
        """What nbgrader put next to a submission. Whatever a student put there instead is not followed."""
        files = {}
        for name in (_TIMESTAMP, "submission_secret.txt"):
            with (
                contextlib.suppress(UnusableFileError, StorageError),
                located(entry.path / name, entry.within) as (folder, last),
            ):
                data = folder.read(last, _MAX_CARRIED)
                if len(data) <= _MAX_CARRIED:
                    files[name] = data
        received = None
        if _TIMESTAMP in files:
            with contextlib.suppress(Exception):  # it may hold anything
                received = parse_utc(files[_TIMESTAMP].decode().strip())
        if received is None:
            files.pop(_TIMESTAMP, None)
        there = os.path.lexists(entry.path / _TIMESTAMP)
        return Carried(received.replace(tzinfo=UTC) if received is not None else None, files, there)

    def late_penalty(self) -> Callable[[str, float, float], float | None]:
        """The course's own rule: (student, score, seconds late) -> points taken off, or None."""
        rule = AssignLatePenalties(parent=self._app)
        rule.init_plugin()
        return rule.plugin_inst.late_submission_penalty  # type: ignore[no-any-return]

    def _place(self, step: str, student: str, assignment: str) -> Path:
        return Path(self._app.coursedir.format_path(step, student, assignment))


class _App(NbGrader):  # type: ignore[misc]
    """nbgrader's application, which takes the configuration of its own course and of the user only."""

    load_cwd_config = False

    def init_syspath(self) -> None:
        """Leave the path alone: nbgrader puts the folder one stands in first, and that may be a submission."""


def open_nbgrader(folder: Path) -> NbgraderCourse:
    """Read the folder's `nbgrader_config.py`, if there is one. Raises `InputError`."""
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"{folder} is not a folder: give the course folder that nbgrader works in")
    if str(root) not in sys.path:  # its configuration may import what lies beside it
        sys.path.append(str(root))
    app = _App(log_level=logging.ERROR)
    try:
        app.initialize([], root=str(root))
    except SystemExit as error:
        raise InputError(f"{root / 'nbgrader_config.py'} cannot be used; nbgrader says why above") from error
    return NbgraderCourse(Path(app.coursedir.root), app)


def check_name(student: str) -> None:
    """Raise `InputError` for a name that nbgrader's pages would take for markup, or that hides what it is."""
    for character in student:
        if character not in _NAMED and unicodedata.category(character)[0] not in "LMN":
            raise InputError(
                f"the folder's name holds {character!a}, which nbgrader's pages cannot show as text: rename the "
                "folder, and grade again"
            )
