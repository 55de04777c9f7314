"""Write grades as plain tables: CSV for spreadsheets, JSON lines and Parquet for programs."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import msgspec

from autograder.errors import InputError
from autograder.platforms.grades import Exported, Grade, Gradebook, harmless, number, written

COLUMNS = (
    "student", "name", "id", "email", "number", "system", "status", "score", "points", "attempt", "late", "received",
    "graded", "ungraded", "arithmetic",
)  # fmt: skip


def write_csv(grades: Gradebook) -> Exported:
    """Return a line for each student and a column for each exercise."""
    exercises = [one.number for one in grades.exercises]
    rows = [[*COLUMNS, *(harmless(f"exercise {one}") for one in exercises)]]
    for grade in grades.grades:
        said = _plain(grade)
        cells = [_cell(said[column]) for column in COLUMNS]
        rows.append([*cells, *(number(grade.exercises.get(one)) for one in exercises)])
    return Exported(written(rows))


def write_jsonl(grades: Gradebook) -> Exported:
    """Return an object on each line, with all exercises. Texts are as they are: no spreadsheet reads this."""
    lines = [msgspec.json.encode(_plain(grade) | {"exercises": dict(grade.exercises)}) for grade in grades.grades]
    return Exported(b"".join(line + b"\n" for line in lines))


def write_parquet(grades: Gradebook) -> Exported:
    """Return the table of the CSV with its types. Raises `InputError` where pandas has nothing to write it with."""
    import pandas

    rows = [
        _plain(grade) | {f"exercise {one.number}": grade.exercises.get(one.number) for one in grades.exercises}
        for grade in grades.grades
    ]
    data = io.BytesIO()
    try:
        pandas.DataFrame(rows).to_parquet(data)
    except ImportError as error:
        raise InputError("Parquet needs pyarrow, which is not installed: pip install pyarrow, or use csv") from error
    return Exported(data.getvalue())


def _plain(grade: Grade) -> dict[str, Any]:
    person = grade.person
    said: dict[str, Any] = {
        "student": grade.student,
        "name": person.name,
        "id": person.id,
        "email": person.email,
        "number": person.number,
        "system": person.system,
        "status": grade.status,
        "score": grade.score,
        "points": grade.points,
        "attempt": grade.attempt,
        "late": grade.late,
        "received": _iso(grade.received),
        "graded": _iso(grade.graded),
        "ungraded": grade.waiting or None,
        "arithmetic": grade.arithmetic,
    }
    return said


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case float() | int():
            return number(value)
    return harmless(str(value))
