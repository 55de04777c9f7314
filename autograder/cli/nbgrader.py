"""`autograder nbgrader`: the source version for an nbgrader course, and grades into its gradebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.course import open_course
from autograder.cli.options import AsJson, ConfigFile, Fresh, Jobs, Name, OnDevice, Only, Quiet, Unsafe

app = typer.Typer(no_args_is_help=True, help="Work with an nbgrader course: its source notebooks and its gradebook.")

Folder = Annotated[Path, typer.Argument(help="The folder of the nbgrader course.", show_default=False)]


@app.command()
def source(name: Name, course_dir: Folder, config: ConfigFile = None) -> None:
    """Write source/NAME: the notebook that `nbgrader generate_assignment` makes the starter of.

    Exit code 1: nbgrader_config.py is there already and needs the lines that are printed.
    """
    course = open_course(name, config)
    from autograder.cli.nbgrading import write_source

    raise typer.Exit(write_source(course, course_dir))


@app.command()
def grade(
    course_dir: Folder,
    name: Name,
    jobs: Jobs = os.cpu_count() or 1,
    only: Only = None,
    fresh: Fresh = False,
    unsafe: Unsafe = False,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade submitted/*/NAME into the gradebook, and write autograded/ for feedback.

    Exit codes: 0 graded (whatever the scores), 1 some submissions met an error of the grader's, 2 wrong input.
    """
    course = open_course(name, config, device)
    from autograder.cli.nbgrading import grade_course

    raise typer.Exit(
        grade_course(course, course_dir, jobs=jobs, only=only, fresh=fresh, unsafe=unsafe, json=json, quiet=quiet)
    )
