"""Recognise a download: open a zip or tar of it, ask each system's reader, and refuse what is no class."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from autograder.errors import InputError
from autograder.intake.archive import is_graded
from autograder.intake.disk import Kind
from autograder.platforms.canvas import download as canvas
from autograder.platforms.download import Download, PassedOver, Place, Reader
from autograder.platforms.folder import download as folder
from autograder.platforms.github import download as github
from autograder.platforms.gradescope import download as gradescope
from autograder.platforms.moodle import download as moodle
from autograder.platforms.nbgrader import download as nbgrader
from autograder.platforms.unpack import is_archive, unpack

READERS: Mapping[str, Reader] = {one.SYSTEM: one.read for one in (gradescope, moodle, canvas, nbgrader, github)}
"""The systems whose downloads are recognised, by name; a plain folder is what none of them wrote."""
LAYOUTS = (*READERS, folder.SYSTEM)
FEW = 3
"""A folder with so few entries may be one that lies above a class."""
DEEPEST = 5


def opened(path: Path, assignment: str, to: Path, most: int) -> tuple[Place, tuple[PassedOver, ...]]:
    """Return the place to look into: a folder, or what an archive holds, unpacked into `to`, and what was passed over.

    An archive has a folder around the class, or two. One student's file is a class of one, copied into `to`. Raises
    `InputError`.
    """
    if path.is_file() and not is_archive(path):
        shutil.copyfile(path, to / path.name)
        return Place(to), ()
    if not path.is_file():
        return Place(path), ()
    passed_over = tuple(unpack(path, to, most))
    place = Place(to)
    while len(shown := place.shown()) == 1 and set(shown.values()) == {Kind.FOLDER} and not _any(place, assignment):
        (name,) = shown
        inner = Place(place.root / name)
        single = len(inner.shown()) == 1 and set(inner.shown().values()) == {Kind.FOLDER}
        if not (single or _any(inner, assignment) or folder.students_in(inner, assignment, many=2)):
            break
        place = inner
    return place, passed_over


def recognise(place: Place, assignment: str, layout: str = "") -> Download | None:
    """Return a system's download; None for a plain folder.

    Args:
        place: the folder.
        assignment: the assignment's name.
        layout: one of `LAYOUTS`, where a person has said it.

    Raises:
        InputError: when it is not what was said, or is a folder above or below a class.
    """
    if layout == folder.SYSTEM:
        return None
    if layout:
        if found := READERS[layout](place, assignment):
            return found
        raise InputError(f"{place.root} does not look like what {layout} gives out: leave --as away to see what it is")
    if found := _any(place, assignment):
        return found
    _refuse_above(place, assignment)
    folder.refuse_one_students(place, assignment)
    return None


def _any(place: Place, assignment: str) -> Download | None:
    return next((found for read in READERS.values() if (found := read(place, assignment))), None)


def _refuse_above(place: Place, assignment: str) -> None:
    """Refuse a folder that holds a class rather than students. What a student hands in may look like a whole class: so
    nothing below is taken for one unless a person names it."""
    shown = place.shown()
    entries = [name for name, kind in shown.items() if kind is Kind.FOLDER or is_graded(name) or is_archive(Path(name))]
    if nbgrader.STEP in entries and {"source", "release"} & set(entries):
        entries = [nbgrader.STEP]
    if len(entries) == 1 and shown[entries[0]] is Kind.FILE and is_archive(Path(entries[0])):
        (name,) = entries
        raise InputError(
            f"{place.root} holds nothing but {name}. If that is the class, give it: {place.root / name}. If it is one "
            "student's work, say so: --as folder"
        )
    for name in entries if len(entries) <= FEW else ():
        if shown[name] is Kind.FOLDER and (found := _class_below(Place(place.root / name), assignment, len(entries))):
            where, what = found
            raise InputError(
                f"{place.root} lies above {what}: give {where}. If it is a class all the same: --as folder"
            )


def _class_below(place: Place, assignment: str, more_than: int) -> tuple[Path, str] | None:
    """Return where a class lies at or below a folder that may be around it, and what it is."""
    for _ in range(DEEPEST):
        if found := _any(place, assignment):
            return place.root, found.what
        students = folder.students_in(place, assignment)
        if students > more_than:
            return place.root, f"what looks like a class of {students}"
        inside = place.shown()
        if len(inside) != 1 or set(inside.values()) != {Kind.FOLDER}:
            return None
        place = Place(place.root / next(iter(inside)))
    return None
