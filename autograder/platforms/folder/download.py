"""Look at a plain class folder before it is graded: is it a class at all, or a folder above or below one?"""

from __future__ import annotations

from pathlib import PurePosixPath

from autograder.errors import InputError
from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.platforms.download import Place

SYSTEM = "folder"
MANY = 5
"""So many files of code are a class rather than one student's, where none is called as the assignment."""


def refuse_one_students(place: Place, assignment: str) -> None:
    """Refuse a folder that is one student's. Raises `InputError`."""
    entries = [name for name, kind in place.shown().items() if kind is Kind.FOLDER or is_graded(name)]
    if len(entries) == 1 and place.shown()[entries[0]] is Kind.FILE and PurePosixPath(entries[0]).stem == assignment:
        raise InputError(
            f"{place.root} holds one student's {entries[0]}, it seems, not a class: give the folder above it. If it is "
            "a class of one all the same, say so: --as folder"
        )


def students_in(place: Place, assignment: str, many: int = MANY) -> int:
    """Return how many students a folder seems to hold, 0 for one's own: folders with code, or many files of code."""
    inside = place.shown()
    stems = {PurePosixPath(name).stem.lower() for name, kind in inside.items() if kind is Kind.FILE and is_graded(name)}
    if assignment.lower() in stems:
        return 0
    folders = [name for name, kind in inside.items() if kind is Kind.FOLDER]
    with_code = sum(_holds_code(place, name) for name in folders)
    if with_code > 1 and 2 * with_code >= len(folders) and len(stems) <= with_code:
        return with_code
    return len(stems) + with_code if len(stems) + with_code >= many else 0


def _holds_code(place: Place, *parts: str) -> bool:
    inside = place.shown(*parts)
    return any(is_graded(one) for one in inside) or any(
        is_graded(one) for name, kind in inside.items() if kind is Kind.FOLDER for one in place.shown(*parts, name)
    )
