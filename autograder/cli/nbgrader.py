"""`autograder nbgrader`: the source version for an nbgrader course, and grades into its gradebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.course import open_course

app = typer.Typer(no_args_is_help=True, help="Work with an nbgrader course: its source notebooks and its gradebook.")

Folder = Annotated[Path, typer.Argument(help="The folder of the nbgrader course.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The assignment, as in grader_config.yml.", show_default=False)]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Another grader_config.yml.", show_default=False)]


@app.command()
def source(name: Name, course_dir: Folder, config: ConfigFile = None) -> None:
    """Write source/NAME: the notebook that `nbgrader generate_assignment` makes the starter of.

    Exit code 1: nbgrader_config.py is there already and needs the lines that are printed.
    """
    from autograder.cli.nbgrading import write_source

    raise typer.Exit(write_source(open_course(name, config), course_dir))


@app.command()
def grade(
    course_dir: Folder,
    name: Name,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Submissions at a time.")] = os.cpu_count() or 1,
    only: Annotated[list[str] | None, typer.Option("--only", help="Just this student (repeatable).")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what is done already.")] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe-no-sandbox", help="Grade without a boundary. Only code you trust.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    config: ConfigFile = None,
) -> None:
    """Grade submitted/*/NAME into the gradebook, and write autograded/ for feedback.

    Exit codes: 0 graded (whatever the scores), 1 some submissions met an error of the grader's, 2 wrong input.
    """
    from autograder.cli.nbgrading import grade_course

    raise typer.Exit(
        grade_course(
            open_course(name, config), course_dir, jobs=jobs, only=only, fresh=fresh, unsafe=unsafe, json=json,
            quiet=quiet,
        )
    )  # fmt: skip
