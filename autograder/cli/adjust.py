"""`autograder adjust`: points that a person gives or takes, with a reason; they stay whatever is regraded."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.decided import Author, DryRun, Reason, decide, like, named_like, student_named, table_of
from autograder.cli.options import AsJson, ConfigFile, Name
from autograder.cli.terminal import print_json
from autograder.errors import InputError
from autograder.scoring.adjustments import EVERYBODY, WHOLE, Adjustment, Kind, standing
from autograder.zones import shown

if TYPE_CHECKING:
    from autograder.records import Records
    from autograder.records.ledger import Ledger

EXAMPLES = (
    'autograder adjust regression ada --part 1.3 --add 2 --reason "a slip"',
    "autograder adjust regression --everybody --part 1.9 --give --reason wrong",
)


def adjust(
    name: Name,
    student: Annotated[
        str | None, typer.Argument(help="Name, id or e-mail address; without one, what was adjusted is listed.")
    ] = None,
    part: Annotated[str, typer.Option("--part", help="An exercise's number or a check's name, not the whole.")] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="For all, not for one student.")] = False,
    add: Annotated[float | None, typer.Option("--add", help="Points to add; take some off with a minus.")] = None,
    percent: Annotated[float | None, typer.Option("--percent", help="Percent of what was earned, as -20.")] = None,
    to: Annotated[float | None, typer.Option("--set", help="The points that it has.")] = None,
    give: Annotated[bool, typer.Option("--give", help="Full points for the part.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="The part does not count, for nobody.")] = False,
    withdraw: Annotated[int | None, typer.Option("--withdraw", help="Take the adjustment of this number back.")] = None,
    reason: Reason = "",
    author: Author = "",
    dry_run: DryRun = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Adjust a score, or a part of it, with a reason. Nothing is graded again."""
    from autograder.records.ledger import Ledger
    from autograder.records.standings import user

    course = open_course(name, config)
    with course.records() as records:
        ledger = Ledger(records)
        values = {
            Kind.ADD: add, Kind.PERCENT: percent, Kind.SET: to, Kind.GIVE: 0.0 if give else None,
            Kind.DROP: 0.0 if drop else None,
        }  # fmt: skip
        wanted = [(kind, value) for kind, value in values.items() if value is not None]
        if student is None and not everybody and withdraw is None and not wanted:
            _list(course, ledger, json=json)
            return
        if not reason.strip():
            raise InputError("give a --reason: it is kept, and the student reads it")
        now = datetime.now(UTC)
        by = author or user()
        if withdraw is not None:
            old = next((one for one in standing(ledger.adjustments(name)) if one.number == withdraw), None)
            if old is None:
                raise InputError(
                    f"no adjustment of {name} has the number {withdraw}: autograder adjust {name} lists them"
                )
            one = Adjustment(name, old.student, old.part, old.kind, old.value, reason, by, now, withdraws=withdraw)
        else:
            if len(wanted) != 1:
                raise InputError("give one of --add, --percent, --set, --give, --drop, --withdraw")
            ((kind, value),) = wanted
            if not math.isfinite(value):
                raise InputError(f"--{kind} is a number, not {value}")
            whose = _whose(records, course, student, everybody=everybody)
            if kind is Kind.DROP:
                value = _dropped(records, name, part, everybody=everybody)
            _check_part(records, name, part, kind)
            one = Adjustment(name, whose, part, kind, value, reason.strip(), by, now)
        decide(
            lambda supposed: course.standings(records, also=(one,) if supposed else ()),
            lambda: ledger.adjust(one),
            dry_run=dry_run,
            json=json,
        )


def _list(course: CourseAssignment, ledger: Ledger, *, json: bool) -> None:
    found = standing(ledger.adjustments(course.name))
    if json:
        print_json([_plain(one) for one in found])
        return
    if not found:
        print(f"Nothing is adjusted in {course.name}.")
        return
    zone = course.config.course.zone
    rows = (
        (str(one.number), one.student or "everybody", str(one), one.author, shown(one.time.astimezone(zone)))
        for one in found
    )
    table_of(rows, "number", "student", "what", "who", "when")


def _plain(one: Adjustment) -> dict[str, object]:
    return {
        "number": one.number, "student": one.student, "part": one.part, "kind": one.kind, "value": one.value,
        "reason": one.reason, "author": one.author, "time": one.time.isoformat(),
    }  # fmt: skip


def _whose(records: Records, course: CourseAssignment, student: str | None, *, everybody: bool) -> str:
    if everybody == (student is not None):
        raise InputError("say for whom: a STUDENT, or --everybody")
    if student is None:
        return EVERYBODY
    found = student_named(records, course.name, student)
    if found is None:
        raise InputError(f"nobody called {student} is graded in {course.name}{like(records, course.name, student)}")
    return found


def _check_part(records: Records, name: str, part: str, kind: Kind) -> None:
    """Refuse a part that nobody has. Raises `InputError`."""
    if part == WHOLE:
        if kind in (Kind.GIVE, Kind.DROP):
            raise InputError(f"--{kind} is for a part: say which with --part, an exercise's number or a check's name")
        return
    exercises: set[str] = set()
    checks: set[str] = set()
    for report in records.all_latest(name):
        exercises |= {one.number for one in report.exercises}
        checks |= {one.name for one in report.results}
    if part not in exercises | checks:
        hint = named_like(part, sorted(checks)) or f" Exercises: {', '.join(sorted(exercises))}"
        raise InputError(f"{name} has no exercise or check called {part!r}.{hint}")


def _dropped(records: Records, name: str, part: str, *, everybody: bool) -> float:
    """Return the points of a part that is to be left out."""
    if not everybody:
        raise InputError("--drop is for all: say --everybody")
    for report in records.all_latest(name):
        for exercise in report.exercises:
            if exercise.number == part:
                return exercise.points
        for result in report.results:
            if result.name == part:
                return result.points
    return 0.0
