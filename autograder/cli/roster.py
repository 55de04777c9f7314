"""`autograder roster`: a class as it is understood, with nothing graded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.course import open_course
from autograder.cli.intake import students_table, summary, understood, understood_json
from autograder.cli.options import AsJson, ConfigFile, Layout, Name, RosterFile
from autograder.cli.show import wide_console
from autograder.cli.terminal import print_json

EXAMPLES = (
    "autograder roster regression submissions.zip",
    "autograder roster regression canvas/ --roster gradebook.csv --json",
)


def roster(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="The class: a folder, or a zip or tar, as it was downloaded.")],
    layout: Layout = None,
    roster: RosterFile = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show what a download is taken for: students, attempts, who is late, who is missing, what is passed over.

    Exit codes: 0 everything in it would be graded, 1 something that may be somebody's work would not, 2 wrong input.
    """
    course = open_course(name, config, submissions=folder)
    with understood(course, folder, layout=layout, roster=roster) as classroom:
        if json:
            print_json(understood_json(classroom))
        else:
            console = wide_console()
            students_table(classroom, console)
            summary(classroom, console, everything=True)
        raise typer.Exit(1 if classroom.incomplete else 0)
