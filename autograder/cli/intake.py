"""The class as it was understood, before anything is graded: what the download is, who is in it, what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from autograder.cli.course import CourseAssignment
from autograder.errors import InputError
from autograder.feedback.formats import moment
from autograder.feedback.terminal import escape
from autograder.grading.settings import MAX_BYTES
from autograder.intake.text import printable
from autograder.platforms import recognise
from autograder.platforms.classroom import Classroom, Policy, Student, read_classroom
from autograder.platforms.roster import read_roster

FEW = 10
"""So many lines of one kind are shown where not all are asked for."""


@contextmanager
def understood(
    course: CourseAssignment, folder: Path, *, layout: str | None, roster: Path | None, reports: Sequence[Path] = ()
) -> Iterator[Classroom]:
    """Recognise a download; what had to be unpacked is there until the end. Raises `InputError`."""
    from autograder.sandbox.host.workspace import Workspace

    if layout and layout not in recognise.LAYOUTS:
        raise InputError(f"--as {layout}: it is one of {', '.join(recognise.LAYOUTS)}")
    settings = course.settings
    path = roster or (course.config.root / course.config.course.roster if course.config.course.roster else None)
    with Workspace() as workspace:
        staging = workspace.path / "class"
        staging.mkdir()
        yield read_classroom(
            folder,
            course.name,
            staging,
            most=MAX_BYTES,
            layout=layout or "",
            apart=course.apart,
            reports=(course.reports, *reports),
            roster=read_roster(path) if path else None,
            policy=Policy(settings.attempts.counts, settings.attempts.chosen),
            due=settings.due,
        )


def summary(classroom: Classroom, console: Console, *, everything: bool = False) -> None:
    """Print what was recognised, in numbers, and what a person should know; `everything` without leaving lines out."""
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    grid.add_column(justify="right", style="bold")
    grid.add_column(overflow="fold")
    for label, text in _numbers(classroom):
        grid.add_row(label, escape(text))
    console.print(grid)
    problems(classroom, console)
    most = None if everything else FEW
    others = [f"{one.name}: {one.why}" for one in classroom.passed_over if not one.lost]
    _lines(console, "Passed over: ", others, "dim", most)
    if classroom.roster is not None:
        unmatched = [student.name for student in classroom.students if student.row is None]
        _lines(console, f"Not in {classroom.roster.path.name}: ", unmatched, "yellow", most)
        absent = [row.person.name or row.person.email or row.person.id for row in classroom.absent]
        _lines(console, "Nothing handed in by ", absent, "dim", most)


def problems(classroom: Classroom, console: Console) -> None:
    """Print what may be somebody's work and is not graded, and remarks on names."""
    _lines(console, "", classroom.left_out, "red", None)
    lost = [f"{one.name}: {one.why}" for one in classroom.passed_over if one.lost]
    _lines(console, "Not graded: ", lost, "red", None)
    _lines(console, "", classroom.remarks, "yellow", None)


def students_table(classroom: Classroom, console: Console) -> None:
    """Print a line for each student."""
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    grid.add_column("student", overflow="fold")
    if classroom.roster is not None:
        grid.add_column("roster", overflow="fold")
    grid.add_column("attempt", justify="right")
    grid.add_column("handed in")
    grid.add_column("late")
    grid.add_column("files", overflow="fold")
    for student in classroom.students:
        row = plain(student)
        known = [row["roster"]] if classroom.roster is not None else []
        late = "late" if student.late else ""
        received = student.counting[-1].received
        when = moment(received) if received else ""
        cells = [student.name, *known, str(row["attempt"]), when, late, ", ".join(row["files"])]
        grid.add_row(*map(escape, cells))
    console.print(grid)


def understood_json(classroom: Classroom) -> dict[str, Any]:
    """Return everything that the tables say."""
    roster = classroom.roster
    return {
        "system": classroom.system,
        "recognised": classroom.what,
        "students": [plain(student) for student in classroom.students],
        "not_in_roster": [student.name for student in classroom.students if roster and student.row is None],
        "nothing_handed_in": [dict(row.said) for row in classroom.absent],
        "left_out": [_shown(one) for one in classroom.left_out],
        "passed_over": [
            {"name": _shown(one.name), "why": _shown(one.why), "lost": one.lost} for one in classroom.passed_over
        ],
        "remarks": [_shown(one) for one in classroom.remarks],
    }


def plain(student: Student) -> dict[str, Any]:
    """Return a student's line as JSON has it."""
    person, last = student.person, student.counting[-1]
    attempt = "best of " + str(len(student.counting)) if len(student.counting) > 1 else str(student.number_of(last))
    return {
        "student": student.name,
        "system": person.system,
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "number": person.number,
        "roster": "" if student.row is None else f"line {student.row.number}",
        "attempt": attempt
        if len(student.attempts) == 1 or len(student.counting) > 1
        else f"{attempt} of {len(student.attempts)}",
        "received": last.received.isoformat() if last.received else "",
        "late": student.late,
        "shared_with": [_shown(one.id) for one in last.people if _shown(one.id) != person.id],
        "files": [_shown(part.name or part.path.name) for part in last.parts],
    }


def _shown(text: str) -> str:
    """Return a text that JSON can hold, on one line: names of files come in bytes of any encoding."""
    return printable(text, 500)


def _numbers(classroom: Classroom) -> Iterator[tuple[str, str]]:
    students = classroom.students
    yield "recognised", classroom.what
    groups = sum(len(own) > 1 for own in classroom.owners.values())
    shared = f", {groups} groups share scores" if groups > 1 else ", 1 group shares a score" if groups else ""
    yield "students", f"{len(students)}{shared}"
    several = [student for student in students if len(student.attempts) > 1]
    if several:
        attempts = sum(len(student.attempts) for student in students)
        yield "attempts", f"{attempts}; several of {len(several)} of the students"
    late = sum(student.late for student in students)
    if late or any(student.counting[-1].received for student in students):
        yield "late", str(late)
    if classroom.roster is not None:
        matched = sum(student.row is not None for student in students)
        total = len(classroom.roster.rows)
        yield "roster", f"{matched} of {len(students)} found among {total}, {len(classroom.absent)} handed nothing in"
    if classroom.passed_over:
        yield "passed over", str(len(classroom.passed_over))


def _lines(console: Console, title: str, lines: Sequence[str], style: str, most: int | None) -> None:
    shown = lines if most is None else lines[:most]
    for line in shown:
        console.print(f"[{style}]{escape(title + line)}.[/]", soft_wrap=True, highlight=False)
    if len(lines) > len(shown):
        console.print(f"[{style}]... and {len(lines) - len(shown)} more: autograder roster shows all.[/]")
