"""`autograder gradescope`: build what Gradescope takes, and run it here as Gradescope would."""

from __future__ import annotations

import typer

from autograder.cli.commands import add
from autograder.cli.gradescope import build, image, simulate

app = typer.Typer(no_args_is_help=True, help="Gradescope: the zip, the container image, and a rehearsal of both.")
add(app, build, image, simulate)
