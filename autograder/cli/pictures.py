"""`autograder pictures`: what students should see, drawn by the solution's picture cells."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import ConfigFile, Name

EXAMPLES = (
    "autograder pictures regression",
    "autograder pictures regression --check",
)


def pictures(
    name: Name,
    check: Annotated[bool, typer.Option("--check", help="Draw nothing; exit 1 if pictures are stale.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Draw the current ones again, too.")] = False,
    config: ConfigFile = None,
) -> None:
    """Draw the expected pictures (reference/NAME/pictures) that are not current. `release` hands them out."""
    raise typer.Exit(_pictures(open_course(name, config), check=check, fresh=fresh))


def _pictures(course: CourseAssignment, *, check: bool, fresh: bool) -> int:
    """Draw, or with `check` only compare. Exit code 1: stale."""
    from autograder.release.drawing import draw, stale

    target = course.config.root / "assignments"
    if check:
        found = stale(course.folder, target)
        for one in found:
            print(f"stale: {one}")
        return 1 if found else 0
    for path in draw(course.folder, target, fresh=fresh):
        print(f"{path} ({path.stat().st_size / 1000:.0f} KB)")
    return 0
