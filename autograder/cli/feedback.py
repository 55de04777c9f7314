"""`autograder feedback`: every student's page in one zip, as Canvas and Moodle take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.cli.course import open_course
from autograder.cli.intake import understood
from autograder.cli.options import ConfigFile, Layout, Name, RosterFile
from autograder.feedback.terminal import escape
from autograder.files import PRIVATE, replace

EXAMPLES = (
    "autograder feedback regression submissions.zip",
    "autograder feedback regression moodle/ --as moodle --to feedback.zip",
)


def feedback(
    name: Name,
    download: Annotated[Path, typer.Argument(help="The class as it was downloaded, and graded.")],
    to: Annotated[Path | None, typer.Option("--to", help="The zip to write.")] = None,
    layout: Layout = None,
    roster: RosterFile = None,
    config: ConfigFile = None,
) -> None:
    """Write the students' pages as the zip that Canvas or Moodle takes back.

    Exit codes: 0 everybody's page is in it, 1 somebody's is not, and a line says whose, 2 wrong input.
    """
    from autograder.platforms.feedback import feedback_zip
    from autograder.reports.pages import student_page
    from autograder.reports.rows import Row

    course = open_course(name, config, submissions=download)
    console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
    with course.records() as records, understood(course, download, layout=layout, roster=roster) as classroom:
        standings = course.standings(records)

        def page_of(student: str) -> bytes | None:
            report = standings.student(student)
            if report is None:
                return None
            row = Row.of(report, "feedback.html")
            return student_page(report, row, course=course.config.course.name, title=course.settings.title).encode()

        made = feedback_zip(classroom, page_of)
    target = to or Path(f"{name}-feedback.zip")
    replace(target, made.data, PRIVATE)
    if classroom.system == "canvas":
        console.print(
            "[yellow]Canvas shows each page under the name of the file that was handed in, and adds it again with each "
            "upload.[/]"
        )
    for student, why in made.missing:
        console.print(f"[red]{escape(student)} is not in it: {escape(why)}.[/]")
    print(target)
    raise typer.Exit(1 if made.missing else 0)
