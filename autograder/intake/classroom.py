"""Find the students in a class folder: one sub-folder or file each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InputError, StorageError, VanishedError
from autograder.identity import clean_name, clean_names
from autograder.intake.archive import is_graded, is_hidden
from autograder.intake.disk import Folder, Kind
from autograder.intake.kinds import is_the_courses, student_of
from autograder.intake.text import printable

LARGEST_CLASS = 1_000_000
"""Names in a class folder, at most."""


@dataclass(frozen=True)
class Entry:
    """One student's submission, not yet read. What is below `within`, by default the folder above, is the student's."""

    student: str
    path: Path
    within: Path | None = None

    @property
    def base(self) -> Path:
        """The innermost folder that is the course's own."""
        return self.path.parent if self.within is None else self.within


@dataclass(frozen=True)
class ClassFolder:
    """The entries of a class, by student; and for a person, remarks on names, and what was left out and why."""

    entries: list[Entry]
    remarks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def find_class(folder: Path, *, apart: Iterable[Path] = (), reports: Iterable[Path] = ()) -> ClassFolder:
    """Return every sub-folder and file in `folder`, sorted by student; what cannot be graded is for intake to refuse.

    Left out are files that are the course's own by their names (tables, a readme), and what lies beside something of
    the same student that can be graded. `apart` are places of the course that no class folder may hold, nor lie in: the
    reference, the records. An entry that holds one of the `reports` is left out. Raises `InputError`.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InputError(f"{folder} {what}: give the folder that holds one sub-folder or file for each student")
    check_apart(folder, apart)
    left_out = []
    found = []
    others: list[tuple[str, Path]] = []
    for name, kind in _listing(folder):
        path = folder / name
        is_folder = kind is Kind.FOLDER or (kind is Kind.LINK and path.is_dir())
        if is_hidden(name) or (kind is Kind.OTHER and not is_graded(name)):
            continue
        if inside := _inside(folder.resolve() / name, reports):
            left_out.append(f"{printable(name)} was left out: it holds the course's own {inside}")
        elif is_folder or is_graded(name) or kind is None:
            found.append((name if is_folder else student_of(name) if is_graded(name) else name, path))
        elif not is_the_courses(name):
            others.append((student_of(name), path))
    students = {name for name, _ in found}
    beside = [path.name for name, path in others if name in students]
    found += {name: (name, path) for name, path in reversed(others) if name not in students}.values()
    named = named_entries(found, str(folder))
    left_out += named.left_out
    if not named.entries:
        raise InputError(
            left_out[0]
            if left_out
            else f"{folder} holds no submissions: it needs a sub-folder, .py, .ipynb or .zip for each student"
        )
    remarks = [f"{printable(name)} is not graded: there is code beside it" for name in beside]
    return ClassFolder(named.entries, (*named.remarks, *remarks), tuple(left_out))


def named_entries(found: Sequence[tuple[str, Path]], where: str, within: Path | None = None) -> ClassFolder:
    """Return the entries that were found under these names, each with the name of its student.

    Two of one name are both left out: nobody knows which is meant, and neither may replace the other.
    """
    names = clean_names(name for name, _ in found)
    paths: dict[str, list[Path]] = defaultdict(list)
    for original, path in found:
        paths[names.names[original]].append(path)
    left_out = [
        f"{student} stands twice in {where}: {' and '.join(printable(path.name) for path in twice)}. None of them is "
        "graded: keep one, or put all in a folder of that name"
        for student, twice in sorted(paths.items())
        if len(twice) > 1
    ]
    entries = [Entry(student, one[0], within) for student, one in sorted(paths.items()) if len(one) == 1]
    return ClassFolder(entries, names.remarks, tuple(left_out))


def choose(entries: list[Entry], students: Collection[str] | None) -> list[Entry]:
    """Return the entries of these students, or all of them. Raises `InputError` for one who handed nothing in."""
    if not students:
        return entries
    wanted = {clean_name(student) for student in students}
    unknown = sorted(wanted - {entry.student for entry in entries})
    if unknown:
        known = ", ".join(sorted(entry.student for entry in entries)[:20])
        raise InputError(f"no submission by {', '.join(unknown)}; the class has: {known}")
    return [entry for entry in entries if entry.student in wanted]


def folder_names(folder: Path) -> list[str]:
    """Return the names in a folder of the course's own; none where there is no such folder. Raises `InputError`."""
    return [name for name, _ in _listing(folder)] if folder.is_dir() else []


def _listing(folder: Path) -> Iterator[tuple[str, Kind | None]]:
    """Yield the names in the folder, and what stands there; None where the system does not say."""
    try:
        with Folder.at(folder) as opened:
            for name in opened.names(LARGEST_CLASS):
                try:
                    yield name, opened.look(name)
                except StorageError:
                    yield name, None
                except VanishedError:
                    continue
    except (StorageError, VanishedError) as error:
        raise InputError(f"{folder}: {error}") from error


def check_apart(folder: Path, apart: Iterable[Path]) -> None:
    """Raise `InputError` where submissions and what decides about them lie in one another."""
    whole = folder.resolve()
    for place in apart:
        own = place.resolve()
        if own.is_relative_to(whole) or (place.is_dir() and whole.is_relative_to(own)):
            raise InputError(
                f"{folder} and the course's own {place.name} ({place}) lie in one another: give a folder that holds "
                "nothing but submissions"
            )


def _inside(entry: Path, places: Iterable[Path]) -> Path | None:
    return next((place for place in places if place.resolve().is_relative_to(entry)), None)
