"""`autograder nbgrader`: the source version for an nbgrader course, and grades into its gradebook."""

from __future__ import annotations

import typer

from autograder.cli.commands import add
from autograder.cli.nbgrader import grade, source

app = typer.Typer(no_args_is_help=True, help="Work with an nbgrader course: its source notebooks and its gradebook.")
add(app, source, grade)
