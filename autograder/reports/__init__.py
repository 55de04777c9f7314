"""Write HTML reports: one page for the class, one for each student, each a single file that loads nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.config import Leaderboard
from autograder.errors import ReportError
from autograder.files import PRIVATE, private_folder, replace
from autograder.identity import file_name, page_name
from autograder.model import Report
from autograder.reports.board import Board
from autograder.reports.pages import board_page, class_page, student_page
from autograder.reports.rows import Row
from autograder.reports.stamp import is_current, stamp
from autograder.reports.summary import ClassSummary

__all__ = ["write_reports"]


def write_reports(
    reports: Iterable[Report],
    folder: Path,
    *,
    course: str,
    title: str,
    secret: bytes,
    leaderboard: Leaderboard = Leaderboard.NONE,
    anew: bool = False,
) -> Path:
    """Write `index.html` and a page for each student in `students/` into `folder`; return the path of `index.html`.

    Reports are read one by one and only a row of each is kept, so a class of any size fits in memory. A student with
    two reports counts once, with the later one. Equal reports give equal files, and a student's page that shows just
    what it would show now stays as it is.

    What is written is its owner's only. A student's page has a name that only who knows the course's `secret` can tell,
    and it stays the same: pages may be published side by side, and each student told one address.

    Args:
        reports: The class's reports.
        folder: Where the pages go; made where it is missing.
        course: The course's name.
        title: The assignment's title.
        secret: The course's secret.
        leaderboard: Whether `students/` gets a leaderboard too, with names or with pseudonyms.
        anew: Write every page again.

    Raises:
        ReportError: A page cannot be written.
    """
    students = folder / "students"
    if students.is_symlink():
        raise ReportError(f"{students} is a link: the pages would lie elsewhere. Remove it, or choose another place")
    try:
        private_folder(students)
    except OSError as error:
        raise ReportError(
            f"the folder {students} cannot be made: {error.strerror}. Give the report another place: --to FOLDER for "
            "autograder report, --report FOLDER for autograder grade"
        ) from error
    rows: dict[str, Row] = {}
    name, board = "NAME", None
    try:
        for report in reports:
            name = report.assignment
            board = Board.of(leaderboard, name, secret)
            row = Row.of(report, page_name(report.student, name, secret))
            rows[report.student] = row
            made_from = stamp(report, (course, title, leaderboard), secret)
            if anew or not is_current(students / row.file, made_from):
                page = student_page(report, row, course=course, title=title, stamp=made_from, board=board)
                replace(students / row.file, page.encode(), PRIVATE)
            (students / file_name(report.student)).unlink(missing_ok=True)  # as it was called: that can be guessed
        summary = ClassSummary.of(rows.values())
        if board is not None:
            replace(students / board.file, board_page(summary, board, course=course, title=title).encode(), PRIVATE)
        index = folder / "index.html"
        replace(index, class_page(summary, course=course, title=title, board=board).encode(), PRIVATE)
    except OSError as error:
        raise ReportError(
            f"the report in {folder} is not complete: {error.strerror}. When that is fixed, autograder report {name} "
            "writes it again: the scores are in the records"
        ) from error
    return index
