"""Fill in Moodle's offline grading worksheet.

Its `Last modified (grade)` goes back byte for byte: by that Moodle tells whether somebody graded in the meantime. Every
other cell stays as well: a blank one among the feedback would erase what is there.
"""

from __future__ import annotations

from pathlib import Path

from autograder.errors import InputError
from autograder.platforms.grades import Exported, Gradebook, harmless, number, written
from autograder.platforms.roster import match, read_roster, read_table

IDENTIFIER, GRADE, MODIFIED = "Identifier", "Grade", "Last modified (grade)"
_MAXIMUM = ("Maximum grade", "Maximum Grade")
_NAMES = ("Full name", "Name", "Group")


def write(grades: Gradebook, into: Path | None = None, column: str = "") -> Exported:
    """Return the file.

    Args:
        grades: what is exported.
        into: the worksheet that Moodle gave out; without it, a new one has the columns that Moodle needs.
        column: the heading of the grade, where it is not "Grade".

    Raises:
        InputError: when `into` is no worksheet.
    """
    if into is None:
        return _new(grades)
    header, lines = read_table(into)
    grade_column = column or GRADE
    for needed in (IDENTIFIER, grade_column, MODIFIED):
        if needed not in header:
            raise InputError(
                f"{into} has no column {needed}: download the grading worksheet from the assignment's page in Moodle, "
                "in English"
            )
    found = match(read_roster(into), (grade.person for grade in grades.grades))
    by_line = {row.number: grade for grade in grades.grades if (row := found.rows.get(grade.person))}
    place = header.index(grade_column)
    named = [header.index(name) for name in _NAMES if name in header]
    top = next((header.index(name) for name in _MAXIMUM if name in header), None)
    remarks: list[str] = list(found.doubtful)
    rows = [header]
    for line_number, line in enumerate(lines, 2):
        cells = [*line, *[""] * (len(header) - len(line))]
        for one in named:
            cells[one] = harmless(cells[one])
        grade = by_line.get(line_number)
        if grade is not None and grade.score is not None:
            maximum = _number(cells[top]) if top is not None else None
            scaled = grade.score * maximum / grade.points if maximum and grade.points else grade.score
            if maximum is not None and scaled > maximum:
                remarks.append(f"{grade.student} has more than the maximum of {number(maximum)}, which Moodle refuses")
                scaled = maximum
            cells[place] = number(scaled)
            if "Grade can be changed" in header and cells[header.index("Grade can be changed")] == "No":
                remarks.append(f"{grade.student}'s grade cannot be changed in Moodle")
        elif grade is not None:
            remarks.append(f"{grade.student} met an error of the grader's: the cell stays as it is")
        rows.append(cells)
    maxima = {_number(line[top]) for line in lines if top is not None and len(line) > top} - {None, grades.points}
    if maxima:
        remarks.append(f"Grades are scaled from {number(grades.points)} points to Moodle's maximum")
    missing = tuple(grade.student for grade in grades.grades if grade.person not in found.rows)
    return Exported(written(rows), tuple(remarks), missing)


def _new(grades: Gradebook) -> Exported:
    rows = [[IDENTIFIER, "Full name", GRADE, MODIFIED]]
    missing = []
    for grade in grades.grades:
        if grade.person.system != "moodle" or not grade.person.id:
            missing.append(grade.student)
            continue
        name = harmless(grade.person.name)
        rows.append([f"Participant {grade.person.id}", name, number(grade.score), "-"])
    told = "Moodle takes these grades only with the option to update records that were modified meanwhile"
    return Exported(written(rows), (told,), tuple(missing))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) or None
    except ValueError:
        return None
