"""`autograder report`: the HTML report again, from the records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.course import open_course, tell_exposed
from autograder.cli.options import ConfigFile, Name

EXAMPLES = (
    "autograder report regression",
    "autograder report regression --to public/regression",
)


def report(
    name: Name,
    to: Annotated[Path | None, typer.Option("--to", help="The folder to write to.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the HTML report again from the records, grading nothing."""
    from autograder.reports import write_reports

    course = open_course(name, config)
    folder = to or course.reports
    with course.records() as records:
        page = write_reports(
            course.standings(records).reports(), folder, course=course.config.course.name, title=course.settings.title,
            secret=course.config.secret(), leaderboard=course.settings.leaderboard, anew=True,
        )  # fmt: skip
        tell_exposed(course, folder)
    print(page)
