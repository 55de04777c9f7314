"""`autograder release`: what students get, written into the repository and packed for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.cli.course import CourseAssignment
from autograder.errors import AssignmentError, LeakError, MarkerError, PublicCheckError
from autograder.home import PublicRelease
from autograder.release import current, generate, look_through, pack, public_release


def release_assignment(course: CourseAssignment, *, check: bool, to: Path | None, wheel: Path | None) -> int:
    """Generate, or with `check` only compare. Exit code 1: stale. Raises `AssignmentError` for what may not go out."""
    target = course.config.root / "assignments"
    folder = course.assignment.folder
    if wheel is not None and (to is None or not wheel.is_file()):
        raise AssignmentError("--wheel goes into the zip that --to writes" if to is None else f"there is no {wheel}")
    with refused(folder.name):
        bundle = bundle_for(course)
        if check:
            stale = current(folder, target, bundle)
            for name in stale:
                print(f"stale: {name}")
            return 1 if stale else 0
        for path in generate(folder, target, bundle):
            print(path)
        if to is not None:
            look_through(folder, target, bundle)
    if to is not None:
        print(pack(target / folder.name, to, (wheel,) if wheel else ()))
    return 0


def bundle_for(course: CourseAssignment) -> PublicRelease:
    """The public side of the course's assignment."""
    return public_release(course.assignment, course.settings.title, course.settings.packages)


@contextmanager
def refused(name: str) -> Iterator[None]:
    """What may not go out is the assignment's mistake: it becomes an `AssignmentError`."""
    try:
        yield
    except (LeakError, MarkerError, PublicCheckError) as error:
        raise AssignmentError(f"{name} is not released: {error}") from error
