"""Feedback as Canvas and Moodle take it back: one zip, in which a file's name says whose it is.

Canvas reads `{anything}_{user id}_{attachment id}_{file}` and shows the file as a comment, under the name of the file
that was handed in. Moodle wants the student's own folder of its download, with the feedback beside what was handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from autograder.errors import InputError
from autograder.files import zipped
from autograder.platforms.canvas.download import parse
from autograder.platforms.classroom import Classroom, Student
from autograder.platforms.download import HandIn, composed

PAGE = "feedback.html"
_MOODLE = re.compile(r".*_assignsubmission_[a-z]+_?", re.DOTALL)


@dataclass(frozen=True)
class Feedback:
    """A zip, and who is not in it and why."""

    data: bytes
    students: int
    missing: tuple[tuple[str, str], ...]


def feedback_zip(classroom: Classroom, page_of: Callable[[str], bytes | None]) -> Feedback:
    """Return the zip that goes back to the system that a download came from.

    Args:
        classroom: the download, as it was understood.
        page_of: gives a student's page by name; None for one who has no report.

    Raises:
        InputError: when that system takes no feedback.
    """
    name_of = {"canvas": _canvas, "moodle": _moodle}.get(classroom.system)
    if name_of is None:
        raise InputError(f"feedback goes back to Canvas and Moodle alone, and this is {classroom.what}")
    files: dict[str, bytes] = {}
    missing = []
    for student in classroom.students:
        page = page_of(student.name)
        name, why = name_of(student, student.counting[-1])
        if page is None:
            missing.append((student.name, "there is no report yet"))
        elif why:
            missing.append((student.name, why))
        else:
            files[name] = page
    return Feedback(zipped(files), len(files), tuple(missing))


def _canvas(student: Student, hand_in: HandIn) -> tuple[str, str]:
    """Return a name that Canvas reads; only the ids in it count, and a name with a number of its own would mislead."""
    for part in hand_in.parts:
        for one in parse(composed(part.path.as_posix())):
            if one.user == student.person.id and one.attachment:
                return f"{'' if one.user.startswith('anon_') else 'feedback_'}{one.user}_{one.attachment}_{PAGE}", ""
    return "", "Canvas takes no files back for text or links"


def _moodle(student: Student, hand_in: HandIn) -> tuple[str, str]:
    """Return a path that Moodle reads: the number in it is a participant's, and a group's would hit somebody else."""
    path = hand_in.parts[0].path.parts[0]
    if len(hand_in.people) > 1 or not student.person.id:
        return "", "Moodle takes no feedback back for groups this way"
    found = _MOODLE.match(path)
    if hand_in.parts[0].name or found is None:  # a flat download: its names are made of folder, underscore, file
        folder, _, _ = path.partition("_assignsubmission_")
        return f"{folder}_assignsubmission_file_/{PAGE}", ""
    return str(PurePosixPath(path) / PAGE), ""
