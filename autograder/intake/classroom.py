"""Find the students in a class folder: one sub-folder or file each."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InputError
from autograder.intake.archive import CODE, is_hidden
from autograder.intake.text import printable


@dataclass(frozen=True)
class Entry:
    """One student's submission, not yet read."""

    student: str
    path: Path


def find_class(folder: Path) -> list[Entry]:
    """Return every sub-folder, module, notebook and zip in `folder`, sorted by student. Raises `InputError`."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}: give the folder that holds one sub-folder or file for each student")
    entries: dict[str, Entry] = {}
    for path in _listing(folder):
        is_folder = path.is_dir()
        if is_hidden(path.name) or not (is_folder or path.suffix.lower() in (*CODE, ".zip")):
            continue
        student = printable(unicodedata.normalize("NFC", path.name if is_folder else path.stem), 300)
        if student in entries:
            one, other = printable(entries[student].path.name), printable(path.name)
            raise InputError(
                f"{student} stands twice in {folder}: {one} and {other}; keep one, or put both in a folder of that name"
            )
        entries[student] = Entry(student, path)
    if not entries:
        raise InputError(f"{folder} holds no submissions: it needs a sub-folder, .py, .ipynb or .zip for each student")
    return [entries[student] for student in sorted(entries)]


def choose(entries: list[Entry], students: Collection[str] | None) -> list[Entry]:
    """Return the entries of these students, or all of them. Raises `InputError` for one who handed nothing in."""
    if not students:
        return entries
    unknown = sorted(set(students) - {entry.student for entry in entries})
    if unknown:
        known = ", ".join(sorted(entry.student for entry in entries)[:20])
        raise InputError(f"no submission by {', '.join(unknown)}; the class has: {known}")
    return [entry for entry in entries if entry.student in students]


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be opened: {error.strerror}") from error
