"""`autograder release`: what students get, written into the repository and packed for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import ConfigFile, Name
from autograder.errors import AssignmentError, LeakError, MarkerError, PublicCheckError

EXAMPLES = (
    "autograder release regression --check",
    "autograder release regression --to dist",
)

if TYPE_CHECKING:
    from autograder.home import PublicRelease


def release(
    name: Name,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the starters are stale.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Pack it as a zip in this folder too.")] = None,
    wheel: Annotated[Path | None, typer.Option("--wheel", help="Put this wheel of the package in the zip.")] = None,
    config: ConfigFile = None,
) -> None:
    """Generate what students get (assignments/NAME) from the reference solution."""
    course = open_course(name, config)
    raise typer.Exit(_release(course, check=check, to=to, wheel=wheel))


def _release(course: CourseAssignment, *, check: bool, to: Path | None, wheel: Path | None) -> int:
    """Generate, or with `check` only compare. Exit code 1: stale. Raises `AssignmentError` for what may not go out."""
    from autograder.release import current, generate, look_through, pack

    target = course.config.root / "assignments"
    folder = course.folder
    if wheel is not None and (to is None or not wheel.is_file()):
        raise AssignmentError("--wheel goes into the zip that --to writes" if to is None else f"there is no {wheel}")
    with refused(folder.name):
        bundle = bundle_for(course)
        if check:
            stale = current(folder, target, bundle)
            for name in stale:
                print(f"stale: {name}")
            return 1 if stale else 0
        if to is not None:
            look_through(folder, target, bundle)
        for path in generate(folder, target, bundle):
            print(path)
    if to is not None:
        print(pack(target / folder.name, to, (wheel,) if wheel else ()))
    return 0


def bundle_for(course: CourseAssignment) -> PublicRelease:
    """The public side of the course's assignment."""
    from autograder.release import public_release, refuse_outside

    refuse_outside(course.assignment, course.settings.packages)
    return public_release(course.assignment, course.settings.title, course.settings.packages)


@contextmanager
def refused(name: str) -> Iterator[None]:
    """What may not go out is the assignment's mistake: it becomes an `AssignmentError`."""
    try:
        yield
    except (LeakError, MarkerError, PublicCheckError) as error:
        raise AssignmentError(f"{name} is not released: {error}") from error
