"""Reports in nbgrader's gradebook: automatic scores and comments, cell by cell. What a person gave there stays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from autograder.errors import InputError
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.platforms.nbgrader.autograded import MasterCell
from autograder.platforms.nbgrader.course import NbgraderCourse
from autograder.platforms.nbgrader.markdown import message
from autograder.platforms.nbgrader.source import grade_id, solution_id
from autograder.platforms.nbgrader.words import comment_on


@dataclass(frozen=True)
class Written:
    """What stands in the gradebook after a report was written: with a person's scores, less the late penalty."""

    student: str
    score: float
    points: float
    seconds_late: float
    needs_person: bool


class AssignmentGradebook:
    """One assignment in the gradebook of a course. Raises `InputError` where it is not there."""

    def __init__(self, course: NbgraderCourse, assignment: str) -> None:
        self._assignment = assignment
        self._penalty = course.late_penalty()
        file = course.database.removeprefix("sqlite:///")
        if file != course.database and not Path(file).is_file():  # opening it would make an empty one
            raise _not_generated(assignment)
        try:
            self._book = Gradebook(course.database, course.course_id)
            self.notebook = self._find_notebook()
            self.cells = tuple(self._master_cells())
        except SQLAlchemyError as error:
            raise InputError(
                f"the gradebook at {course.database} cannot be used: {getattr(error, 'orig', None) or error}. If "
                "nbgrader was upgraded, back the gradebook up and run `nbgrader db upgrade`"
            ) from error

    def __enter__(self) -> AssignmentGradebook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def set_due(self, due: datetime | None) -> datetime | None:
        """The date in the gradebook counts; where there is none, `due` goes in. Gives the one that counts."""
        found = self._book.find_assignment(self._assignment)
        if found.duedate is None and due is not None:
            found.duedate = _utc(due)
            self._book.db.commit()
        return found.duedate.replace(tzinfo=UTC) if found.duedate is not None else None

    def missing(self, exercises: tuple[ExerciseInfo, ...]) -> list[str]:
        """The exercises that have no cell in the gradebook."""
        known = {cell.name for cell in self.cells if cell.grade}
        return [exercise.number for exercise in exercises if grade_id(exercise.number) not in known]

    def write(self, report: Report, received: datetime | None) -> Written:
        """Set the automatic scores and comments, in the cells that the gradebook has."""
        book, student = self._book, report.student
        book.update_or_create_student(student)
        when = {} if received is None else {"timestamp": _utc(received)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own making, each time a submission is new
            submission = book.update_or_create_submission(self._assignment, student, **when)
        notebook = book.find_submission_notebook(self.notebook, self._assignment, student)
        grades = {grade.name: grade for grade in notebook.grades}
        for exercise in report.exercises:
            if grade := grades.get(grade_id(exercise.number)):
                _score(grade, report, exercise)
        comments = {comment.name: comment for comment in notebook.comments}
        for name, text in _comments(report, set(comments)).items():
            comments[name].auto_comment = text
        book.db.commit()
        late = float(submission.total_seconds_late)
        notebook.late_submission_penalty = self._taken_off(student, float(notebook.score), late)
        book.db.commit()
        score = float(notebook.score) - (notebook.late_submission_penalty or 0.0)
        return Written(student, score, float(notebook.max_score), late, bool(notebook.needs_manual_grade))

    def undo(self) -> None:
        """Forget a write that did not come to its end."""
        self._book.db.rollback()

    def _taken_off(self, student: str, score: float, late: float) -> float | None:
        penalty = self._penalty(student, score, late) if late > 0 else None
        return None if penalty is None else min(max(penalty, 0.0), score)

    def _find_notebook(self) -> str:
        """The notebook of the assignment that has its exercises."""
        try:
            notebooks = self._book.find_assignment(self._assignment).notebooks
        except MissingEntry:
            notebooks = []
        for notebook in notebooks:
            if any(cell.name.startswith("exercise-") for cell in notebook.grade_cells):
                return str(notebook.name)
        raise _not_generated(self._assignment)

    def _master_cells(self) -> Iterator[MasterCell]:
        notebook = self._book.find_notebook(self.notebook, self._assignment)
        points = {cell.name: float(cell.max_score) for cell in (*notebook.grade_cells, *notebook.task_cells)}
        grades = {cell.name for cell in notebook.grade_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        tasks = {cell.name for cell in notebook.task_cells}
        for cell in notebook.source_cells:
            yield MasterCell(
                cell.name,
                cell.cell_type,
                cell.source or "",
                grade=cell.name in grades,
                solution=cell.name in solutions,
                task=cell.name in tasks,
                locked=bool(cell.locked),
                points=points.get(cell.name),
                checksum=cell.checksum,
            )


def _not_generated(assignment: str) -> InputError:
    return InputError(
        f"the gradebook has no exercises of {assignment}: run `autograder nbgrader source {assignment} COURSE_DIR`, "
        f"then `nbgrader generate_assignment {assignment}` there"
    )


def _utc(time: datetime) -> datetime:
    """nbgrader keeps times in UTC, without their zone."""
    return time.astimezone(UTC).replace(tzinfo=None)


def _score(grade: Any, report: Report, exercise: ExerciseInfo) -> None:
    """The part that was earned, of the points the gradebook has. A manual score stays, and asks for a second look
    where the automatic one next to it has changed."""
    results = report.of_exercise(exercise.number)
    if any(result.answer is not None for result in results):
        _score_written(grade, results[0])
        return
    before = grade.auto_score
    ours = report.status == "grader error" and (not results or any(r.outcome is Outcome.GRADER_ERROR for r in results))
    part = sum(result.earned for result in results) / exercise.points if exercise.points else 0.0
    grade.auto_score = None if ours else round(part * float(grade.max_score), 4)
    if grade.manual_score is None:
        grade.needs_manual_grade = ours or report.status == "rejected"
    elif grade.auto_score != before:
        grade.needs_manual_grade = True


def _score_written(grade: Any, result: CheckResult) -> None:
    """Points that were given on our page go in as a person's; until then nbgrader's own page may give them."""
    if result.outcome is Outcome.NOT_GRADED:
        grade.auto_score = None
        grade.needs_manual_grade = grade.manual_score is None
    elif result.outcome is Outcome.NOT_ATTEMPTED:
        grade.auto_score = 0.0
        grade.needs_manual_grade = False
    else:
        grade.manual_score = round(result.earned / result.points * float(grade.max_score), 4)
        grade.needs_manual_grade = False


def _comments(report: Report, cells: set[str]) -> dict[str, str | None]:
    """What to say at each solution cell; an exercise that has none speaks at that of the one before."""
    texts: dict[str, list[str]] = {name: [] for name in cells if name.startswith(("solution-", grade_id("")))}
    home = ""
    for exercise in report.exercises:
        own = (solution_id(exercise.number), grade_id(exercise.number))
        home = next((name for name in own if name in texts), home)
        if home:
            texts[home] += comment_on(report, exercise)
    return {name: message(lines) or None for name, lines in texts.items()}
