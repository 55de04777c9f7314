"""`autograder written`: points for written answers, on a page in the browser or in a table."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import ConfigFile, Name
from autograder.errors import InputError
from autograder.files import PRIVATE, replace

EXAMPLES = (
    "autograder written regression --grader Grace",
    "autograder written regression --to answers.csv",
)

if TYPE_CHECKING:
    from autograder.marking.answers import Sheet
    from autograder.records import Records


def written(
    name: Name,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the answers to a .csv to fill in, or a .md to read.")
    ] = None,
    take: Annotated[Path | None, typer.Option("--from", help="Take points from a .csv that was filled in.")] = None,
    question: Annotated[list[str] | None, typer.Option("--question", help="Just this one (repeatable).")] = None,
    names: Annotated[bool, typer.Option("--names", help="Show who wrote what.")] = False,
    grader: Annotated[str, typer.Option("--grader", help="Who gives the points.", show_default="you")] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Of the page.", show_default="any")] = 0,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    config: ConfigFile = None,
) -> None:
    """Grade written answers, on a page in your browser or in a table.

    Nobody else can open the page. Points count at once in reports and exports, and stay when the class is graded again.
    """
    from autograder.records.standings import user

    course = open_course(name, config)
    grader = grader or user()
    console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
    with course.records() as records:
        sheets = _read(course, records, question)
        if take is not None:
            console.print(_taken(course, records, sheets, take, grader))
        elif to is not None:
            _write(to, sheets, names=names)
            print(to)
        else:
            _serve(course, records, question, grader=grader, names=names, port=port, open_it=open_it)


def _read(course: CourseAssignment, records: Records, chosen: list[str] | None) -> dict[str, Sheet]:
    """Return the questions with what the class answered, as the records have it now. Raises `InputError`."""
    from autograder.marking.answers import sheets
    from autograder.rubric.written import question_text

    assignment = course.assignment
    questions = assignment.rubric.questions
    if not questions:
        raise InputError(f'{course.name} has no written question: rubric.written("1.9", "Why ...?", ...) adds one')
    known = [one.number for one in questions]
    if unknown := [one for one in chosen or () if one not in known]:
        raise InputError(f"{course.name} has no written question {unknown[0]}; it has {', '.join(known)}")
    texts = {number: question_text(assignment.solution_source, number) for number in known}
    wanted = [one for one in questions if not chosen or one.number in chosen]
    return sheets(wanted, texts, records.all_latest(course.name), records.given(course.name))


def _taken(course: CourseAssignment, records: Records, sheets: dict[str, Sheet], take: Path, grader: str) -> str:
    from autograder.marking.table import from_csv

    try:
        data = take.read_bytes()
    except OSError as error:
        raise InputError(f"{take}: {error.strerror}") from None
    try:
        found = from_csv(data, sheets, grader)
    except InputError as error:
        raise InputError(f"{take}: {error}") from None
    records.give(course.name, found)
    many = f"{len(found)} new {'entry' if len(found) == 1 else 'entries'}" if found else "nothing new"
    return f"{many}. `autograder report {course.name}` writes the pages with it." if found else f"{many}."


def _write(to: Path, sheets: dict[str, Sheet], *, names: bool) -> None:
    from autograder.marking.table import as_csv, as_markdown

    ways = {".csv": as_csv, ".md": as_markdown}
    if to.suffix.lower() not in ways:
        raise InputError(f"{to.name}: give it a name that ends in .csv, to fill in, or in .md, to read")
    replace(to, ways[to.suffix.lower()](sheets.values(), names=names), PRIVATE)


def _serve(
    course: CourseAssignment,
    records: Records,
    chosen: list[str] | None,
    *,
    grader: str,
    names: bool,
    port: int,
    open_it: bool,
) -> None:
    """Serve the page until Ctrl-C."""
    from autograder.cli.loopback import address, listen, serve_until_interrupted
    from autograder.marking.page import Marking, application

    marking = Marking(
        course.settings.title,
        grader,
        names,
        lambda: _read(course, records, chosen),
        lambda grades: records.give(course.name, grades),
    )
    with listen(port) as listening:
        page = f"{address(listening)}/?token={marking.token}"
        print(f"Grading as {grader}: {page}", flush=True)
        print("Whoever has this address can give points. Ctrl-C ends it; what was saved stays.", flush=True)
        if open_it:
            webbrowser.open(page)
        serve_until_interrupted(application(marking), listening)
