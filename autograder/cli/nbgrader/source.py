"""`autograder nbgrader source`: the source version for an nbgrader course."""

from __future__ import annotations

import sys

import typer

from autograder.cli.course import open_course
from autograder.cli.options import ConfigFile, Name, NbgraderFolder
from autograder.cli.release import bundle_for, refused


def source(name: Name, course_dir: NbgraderFolder, config: ConfigFile = None) -> None:
    """Write source/NAME: the notebook that `nbgrader generate_assignment` makes the starter of.

    Exit code 1: nbgrader_config.py is there already and needs the lines that are printed.
    """
    course = open_course(name, config)
    from autograder.platforms.nbgrader.course import open_nbgrader
    from autograder.platforms.nbgrader.source import source_version
    from autograder.platforms.nbgrader.starters import CONFIG
    from autograder.release import write_files

    target = open_nbgrader(course_dir)
    if not target.course_id:
        print(
            f'Note: {target.root / "nbgrader_config.py"} has no c.CourseDirectory.course_id = "NAME" yet: nbgrader '
            "releases and collects nothing without it",
            file=sys.stderr,
        )
    with refused(course.name):
        files = source_version(course.folder, bundle_for(course), course.config.root / "assignments")
    for path in write_files(files, target.source(course.name)):
        print(path)
    settings = target.root / "nbgrader_config.py"
    if not settings.is_file():
        settings.write_text(CONFIG, encoding="utf-8")
        print(settings)
    elif CONFIG.splitlines()[0] not in settings.read_text(encoding="utf-8", errors="replace"):
        print(f"Add these lines to {settings}, so that nbgrader leaves what the starter has:\n\n{CONFIG}", end="")
        raise typer.Exit(1)
