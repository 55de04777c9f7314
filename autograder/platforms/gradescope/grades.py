"""Write grades as Gradescope's "Download Grades" has them: for whatever reads that file."""

from __future__ import annotations

from datetime import datetime, timedelta

from autograder.platforms.grades import Exported, Grade, Gradebook, harmless, names, number, written

COLUMNS = (
    "First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status", "Submission ID",
    "Submission Time", "Lateness (H:M:S)", "View Count", "Submission Count",
)  # fmt: skip


def write(grades: Gradebook) -> Exported:
    """Return the file. What Gradescope alone knows (sections, views) stays blank."""
    questions = [harmless(f"{one.number}: {one.title} ({one.points:g} pts)") for one in grades.exercises]
    rows = [[*COLUMNS, *questions]]
    for grade in grades.grades:
        first, last = names(grade.person)
        rows.append(
            [
                harmless(first), harmless(last), harmless(grade.person.number), harmless(grade.person.email), "",
                number(grade.score), number(grade.points), "Ungraded" if grade.score is None else "Graded", "",
                _time(grade.received), _lateness(grade, grades.due), "", str(grade.attempt or ""),
                *(number(grade.exercises.get(one.number)) for one in grades.exercises),
            ]
        )  # fmt: skip
    return Exported(written(rows))


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S %z")


def _lateness(grade: Grade, due: datetime | None) -> str:
    """Return how late something is; hours may be more than a day's."""
    if grade.received is None or due is None:
        return ""
    seconds = max(timedelta(), grade.received - due) // timedelta(seconds=1)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
