"""Write a CSV that Canvas's gradebook imports.

It matches students by `ID`, then by `SIS User ID`, `SIS Login ID` and name; assignments by the number in parentheses
behind the title, then by the title. A score that is imported is taken for the raw one: Canvas's own late policy comes
on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.errors import InputError
from autograder.platforms.grades import Exported, Gradebook, harmless, number, written
from autograder.platforms.roster import match, read_roster, read_table

STUDENT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS = "    Points Possible"
_RESERVED = tuple(
    f"{one} {two}" for one in ("Current", "Final", "Override") for two in ("Score", "Points", "Grade", "Status")
)
"""What no assignment may be called: Canvas takes such a column for a total, and ignores it."""


def write(grades: Gradebook, into: Path | None = None, column: str = "") -> Exported:
    """Return the file.

    Args:
        grades: what is exported.
        into: a gradebook that Canvas exported: its students and its title of the assignment are used.
        column: the title of the assignment there, where it is another one than ours.

    Raises:
        InputError: when `into` is no gradebook, or nobody can tell which column is meant.
    """
    if into is None:
        return _new(grades, column or grades.title)
    roster = read_roster(into)
    header, lines = read_table(into)
    students = next((place + 1 for place, title in enumerate(header) if title == "Section"), 0)
    if students < 3 or "Student" not in header[0] or header[1] != "ID":
        raise InputError(
            f"{into} is not Canvas's gradebook: it begins Student, ID, ..., Section. Export it there again"
        )
    place = _column(header, students, column or grades.title, into)
    found = match(roster, (grade.person for grade in grades.grades))
    by_line = {row.number: grade for grade in grades.grades if (row := found.rows.get(grade.person))}
    rows = [[*header[:students], header[place]]]
    for line_number, line in enumerate(lines, 2):
        cells = [*line, *[""] * (len(header) - len(line))]
        grade = by_line.get(line_number)
        score = cells[place] if grade is None or grade.score is None else number(grade.score)
        rows.append([_name(cells[0]), *cells[1:students], score])
    missing = tuple(grade.student for grade in grades.grades if grade.person not in found.rows)
    return Exported(written(rows), (*found.doubtful, *_remarks(grades)), missing)


def _new(grades: Gradebook, title: str) -> Exported:
    if any(words in title for words in _RESERVED):
        raise InputError(f"Canvas takes a column called {title} for one of its totals: give another --column")
    rows = [[*STUDENT, harmless(title)], [_POINTS, "", "", "", "", number(grades.points)]]
    for grade in grades.grades:
        person = grade.person
        own = person.id if person.system == "canvas" and person.id.isdecimal() else ""
        login = person.email if not own and not person.number else ""
        name = person.name or grade.student
        rows.append([harmless(name), own, harmless(person.number), harmless(login), "", number(grade.score)])
    missing = tuple(
        grade.student
        for grade in grades.grades
        if not (grade.person.number or grade.person.email or grade.person.system == "canvas")
    )
    return Exported(written(rows), _remarks(grades), missing)


def _column(header: Sequence[str], students: int, title: str, into: Path) -> int:
    """Return the place of an assignment: by its whole heading, by its title, or by the number behind it."""
    headings = list(enumerate(header))[students:]
    for called in (
        [place for place, heading in headings if heading == title],
        [place for place, heading in headings if heading.rpartition(" (")[0] == title],
        [place for place, heading in headings if heading.endswith(f" ({title})")],
    ):
        if len(called) == 1:
            return called[0]
    known = ", ".join(heading for _, heading in headings if heading.endswith(")")) or "none"
    raise InputError(f"{into} has no one column called {title}: name one with --column. It has: {known}")


def _name(cell: str) -> str:
    """Return the first cell; Canvas itself writes a name that begins a formula as `="..."`."""
    return cell if cell == _POINTS else harmless(cell)


def _remarks(grades: Gradebook) -> tuple[str, ...]:
    failed = [grade.student for grade in grades.grades if grade.score is None]
    return tuple(f"{student} met an error of the grader's: the cell stays as it is" for student in failed)
