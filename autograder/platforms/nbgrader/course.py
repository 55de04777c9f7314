"""A course folder as nbgrader sees it, with its own configuration: where things lie, which database, who is late."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.apps import NbGrader
from nbgrader.preprocessors import AssignLatePenalties

from autograder.errors import InputError
from autograder.intake.classroom import ClassFolder, folder_names, named_entries

CARRIED = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader puts next to a submission and looks for next to its graded version and its feedback."""


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

    def received(self, submission: Path) -> datetime | None:
        """When it was handed in, as `nbgrader collect` wrote it down; None where that cannot be read."""
        try:
            found = self._app.coursedir.get_existing_timestamp(str(submission))
        except (Exception, SystemExit):  # a student's folder may hold anything under this name
            return None
        return found.replace(tzinfo=UTC) if found is not None else None

    def late_penalty(self) -> Callable[[str, float, float], float | None]:
        """The course's own rule: (student, score, seconds late) -> points taken off, or None."""
        rule = AssignLatePenalties(parent=self._app)
        rule.init_plugin()
        return rule.plugin_inst.late_submission_penalty  # type: ignore[no-any-return]

    def _place(self, step: str, student: str, assignment: str) -> Path:
        return Path(self._app.coursedir.format_path(step, student, assignment))


def open_nbgrader(folder: Path) -> NbgraderCourse:
    """Read the folder's `nbgrader_config.py`, if there is one. Raises `InputError`."""
    root = folder.resolve()
    if not root.is_dir():
        raise InputError(f"{folder} is not a folder: give the course folder that nbgrader works in")
    app = NbGrader(log_level=logging.ERROR)
    try:
        app.initialize([], root=str(root))
    except SystemExit as error:
        raise InputError(f"{root / 'nbgrader_config.py'} cannot be used; nbgrader says why above") from error
    return NbgraderCourse(Path(app.coursedir.root), app)
