"""`autograder extend`: more time for a student, or an excuse; scores follow without grading."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.decided import Author, DryRun, decide, like, student_named, table_of
from autograder.cli.options import AsJson, ConfigFile, Name
from autograder.errors import InputError
from autograder.scoring.extensions import Extension, moment_in
from autograder.zones import days_after, shown

EXAMPLES = (
    "autograder extend regression ada@example.edu --days 3 --reason ill",
    'autograder extend regression 4521 --until "2027-03-05 23:59"',
)


def extend(
    name: Name,
    student: Annotated[
        str | None, typer.Argument(help="Name, id or e-mail address; without one, those who have more time are listed.")
    ] = None,
    until: Annotated[str, typer.Option("--until", help="The student's own due date, as '2027-03-05 23:59'.")] = "",
    days: Annotated[int | None, typer.Option("--days", min=1, help="So many days more than the others have.")] = None,
    excuse: Annotated[bool, typer.Option("--excuse", help="Lateness costs nothing, however late.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what was given here before.")] = False,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is kept.")] = "",
    author: Author = "",
    dry_run: DryRun = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Give a student more time, or an excuse. Nothing is graded again."""
    from autograder.records.ledger import Ledger
    from autograder.records.standings import user

    course = open_course(name, config)
    with course.records() as records:
        ledger = Ledger(records)
        if student is None:
            _list(course, ledger.extensions(name))
            return
        if sum((bool(until), days is not None, excuse, withdraw)) != 1:
            raise InputError("give one of --until, --days, --excuse, --withdraw")
        whose = student_named(records, name, student)
        if whose is None:
            later = ": it counts for whoever has this name, id or e-mail address, once graded"
            said = f"nobody called {student} is graded yet{later}{like(records, name, student)}"
            print(f"autograder: {said}", file=sys.stderr)
        one = Extension(
            name, whose or student, _due(course, until, days), excuse, reason.strip(), author or user(),
            datetime.now(UTC),
        )  # fmt: skip
        decide(
            lambda supposed: course.standings(records, also_extended=(one,) if supposed else ()),
            lambda: ledger.extend(one),
            dry_run=dry_run,
            json=json,
        )


def _due(course: CourseAssignment, until: str, days: int | None) -> datetime | None:
    due = course.settings.due
    if days is not None:
        if due is None:
            raise InputError(
                f"{course.name} has no due date in grader_config.yml that --days could be added to: --until"
            )
        return days_after(due, days)
    if not until:
        return None
    try:
        moment = moment_in(until, course.config.course.zone or (due.tzinfo if due is not None else None))
    except ValueError as error:
        raise InputError(f"--until: {error}") from None
    if due is not None and moment.astimezone(UTC) < due.astimezone(UTC):
        raise InputError(f"--until: {shown(moment)} is before all others have to hand in, {shown(due)}")
    return moment


def _list(course: CourseAssignment, extensions: list[Extension]) -> None:
    if not extensions:
        print(f"Nobody has more time for {course.name}.")
        return
    zone = course.config.course.zone
    rows = ((one.student, str(one.in_zone(zone)), one.author, shown(one.time.astimezone(zone))) for one in extensions)
    table_of(rows, "student", "what", "who", "when")
