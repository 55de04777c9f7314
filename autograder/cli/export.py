"""`autograder export`: the grades as another system takes them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli.course import open_course
from autograder.cli.options import ConfigFile, Name, RosterFile
from autograder.errors import InputError
from autograder.feedback.terminal import escape
from autograder.files import PRIVATE, replace

EXAMPLES = (
    "autograder export regression -f canvas --into book.csv --to back.csv",
    "autograder export regression -f jsonl",
)

if TYPE_CHECKING:
    from autograder.platforms.grades import Exported, Gradebook


class Format(StrEnum):
    """What is written."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def export(
    name: Name,
    format: Annotated[Format, typer.Option("--format", "-f", help="Who is to read it.")] = Format.CSV,
    into: Annotated[
        Path | None, typer.Option("--into", help="Canvas's gradebook or Moodle's worksheet, to be filled in.")
    ] = None,
    column: Annotated[str, typer.Option("--column", help="The assignment's title there.")] = "",
    to: Annotated[Path | None, typer.Option("--to", help="The file to write.")] = None,
    roster: RosterFile = None,
    config: ConfigFile = None,
) -> None:
    """Write everybody's grades in the format of another system.

    Exit codes: 0 everybody is in it, 1 somebody is not, and a line says who, 2 wrong input.
    """
    from autograder.platforms.grades import Gradebook
    from autograder.platforms.roster import read_roster

    course = open_course(name, config)
    if into is not None and format not in (Format.CANVAS, Format.MOODLE):
        raise InputError(f"--into is for canvas and moodle: {format} is written anew")
    with course.records() as records:
        grades = Gradebook.of(name, course.settings.title, course.settings.due, course.standings(records).reports())
    if not grades.grades:
        raise InputError(f"there are no reports of {name} yet: run `autograder grade {name} FOLDER` first")
    path = roster or (course.config.root / course.config.course.roster if course.config.course.roster else None)
    if path is not None:
        grades = grades.with_roster(read_roster(path))
    exported = _written(format, grades, into, column)
    target = to or Path(f"{name}-{format}.{'csv' if format not in (Format.JSONL, Format.PARQUET) else format}")
    if into is not None and target.resolve() == into.resolve():
        raise InputError(f"{target} would be overwritten: give another file with --to")
    replace(target, exported.data, PRIVATE)
    console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
    remarks = list(exported.remarks)
    if format is Format.CANVAS and course.config.late(name) is not None and any(one.late for one in grades.grades):
        remarks.append("Lateness is taken off these scores already: Canvas's own late policy must not do so again")
    for line in remarks:
        console.print(f"[yellow]{escape(line)}.[/]")
    if waiting := sum(grade.waiting > 0 for grade in grades.grades):
        who = f"{waiting} {'student has' if waiting == 1 else 'students have'}"
        console.print(
            f"[yellow]{who} written answers that nobody has graded yet; they count as no points. "
            f"`autograder written {escape(name)}` grades them.[/]"
        )
    for student in exported.missing:
        console.print(f"[red]{escape(student)} is not in it: {escape(_why(into))}.[/]")
    print(target)
    raise typer.Exit(1 if exported.missing else 0)


def _written(format: Format, grades: Gradebook, into: Path | None, column: str) -> Exported:
    from autograder.platforms.canvas import gradebook
    from autograder.platforms.csv import tables
    from autograder.platforms.gradescope import grades as gradescope
    from autograder.platforms.moodle import worksheet

    match format:
        case Format.CANVAS:
            return gradebook.write(grades, into, column)
        case Format.MOODLE:
            return worksheet.write(grades, into, column)
        case Format.GRADESCOPE:
            return gradescope.write(grades)
        case Format.JSONL:
            return tables.write_jsonl(grades)
        case Format.PARQUET:
            return tables.write_parquet(grades)
    return tables.write_csv(grades)


def _why(into: Path | None) -> str:
    if into is not None:
        return f"no line of {into.name} has the same id. A roster that has both ids helps: --roster FILE"
    return "that system's id is not known. Give its own file with --into, or a roster that has it with --roster"
