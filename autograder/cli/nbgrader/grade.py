"""`autograder nbgrader grade`: a batch whose results go to nbgrader's gradebook one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import AsJson, ConfigFile, Fresh, Jobs, Name, NbgraderFolder, OnDevice, Only, Quiet, Unsafe
from autograder.cli.progress import INTERRUPTED, tell, watched
from autograder.cli.show import wide_console
from autograder.cli.terminal import print_json
from autograder.errors import RejectedError, UserError
from autograder.feedback.formats import moment
from autograder.feedback.terminal import escape
from autograder.files import replace
from autograder.intake import Entry, choose
from autograder.intake.notebook import cells_of, source_of
from autograder.intake.stored import StoredCell
from autograder.model import Report

EXAMPLES = (
    "autograder nbgrader grade nbgrader-course regression",
    "autograder nbgrader grade nbgrader-course regression --only ada",
)

if TYPE_CHECKING:
    from autograder.grading.scheduler import Done
    from autograder.platforms.nbgrader.course import NbgraderCourse
    from autograder.platforms.nbgrader.gradebook import AssignmentGradebook, Written
    from autograder.records.by_hand import HandGrades
    from autograder.release.notebook import Cell

MAX_BYTES = 100_000_000
"""As much as nbgrader collects: notebooks come with all their outputs."""


def grade(
    course_dir: NbgraderFolder,
    name: Name,
    jobs: Jobs = os.cpu_count() or 1,
    only: Only = None,
    fresh: Fresh = False,
    unsafe: Unsafe = False,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade submitted/*/NAME into the gradebook, and write autograded/ for feedback.

    Exit codes: 0 graded (whatever the scores), 1 some submissions met an error of the grader's, 2 wrong input.
    """
    course = open_course(name, config, device)
    raise typer.Exit(
        _grade(course, course_dir, jobs=jobs, only=only, fresh=fresh, unsafe=unsafe, json=json, quiet=quiet)
    )


def _grade(
    course: CourseAssignment,
    folder: Path,
    *,
    jobs: int,
    only: list[str] | None,
    fresh: bool,
    unsafe: bool,
    json: bool,
    quiet: bool,
) -> int:
    """Grade, and write each result where nbgrader looks for it. Returns the exit code."""
    from autograder.cli.batch import opened
    from autograder.grading.scheduler import Batch
    from autograder.platforms.nbgrader.course import open_nbgrader
    from autograder.platforms.nbgrader.gradebook import AssignmentGradebook

    name = course.name
    place = open_nbgrader(folder)
    found = place.submissions(name)
    tell(found)
    entries = choose(found.entries, only)
    with (
        AssignmentGradebook(place, name) as book,
        course.records() as records,
        opened(course, unsafe=unsafe, max_bytes=MAX_BYTES, keep_cells=True) as ready,
    ):
        due = book.set_due(course.settings.due)
        console = Console(stderr=True, emoji=False)
        if due is not None and course.settings.due is not None and due != course.settings.due:
            console.print(f"[yellow]The gradebook says due {moment(due)}, "
                          f"grader_config.yml {moment(course.settings.due)}: "
                          "the gradebook counts.[/]")  # fmt: skip
        known = _released(place.released(name) / f"{book.notebook}.ipynb")
        given = records.given(name)
        writer = _Writer(place, book, {entry.student: entry for entry in entries}, given, released=known)
        batch = Batch(ready.executor, ready.boundary, records, jobs=jobs, fresh=fresh)
        tally = watched(writer.through(batch.run(entries)), len(entries), quiet=quiet or json)
    if tally.interrupted:
        console.print(tally.told_to_stop(len(entries)))
        return INTERRUPTED
    writer.show(json=json)
    for number in writer.without_cell:
        console.print(
            f"[yellow]Exercise {escape(number)} has no cell in the gradebook: its points are not counted there.[/]"
        )
    for path in writer.damaged:
        console.print(f"[yellow]{escape(str(path))} holds no time: nbgrader's own pages fail until it is put right.[/]")
    for student, problem in writer.unwritten.items():
        console.print(f"[red]{escape(student)} is graded but not in the gradebook:[/] {escape(problem)}")
    if tally.ours:
        console.print(f"[red]{tally.ours} met an error of the grader's. Nobody was charged; run again to retry.[/]")
    return 1 if tally.ours or writer.unwritten or found.left_out else 0


@dataclass
class _Writer:
    """Puts every report into the gradebook and into autograded/ as it comes."""

    place: NbgraderCourse
    book: AssignmentGradebook
    entries: dict[str, Entry]
    given: HandGrades
    written: list[Written] = field(default_factory=list)
    without_cell: list[str] = field(default_factory=list)
    unwritten: dict[str, str] = field(default_factory=dict)
    damaged: list[Path] = field(default_factory=list)
    released: dict[str, Cell] = field(default_factory=dict)

    def through(self, results: Iterator[Done]) -> Iterator[Done]:
        """The results, each written down on its way."""
        for one in results:
            try:
                self._write(self.given.counted(one.report), one.cells)
            except Exception as error:  # one odd submission never stops the others; its report is kept anyway
                self.book.undo()
                said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
                self.unwritten[one.report.student] = said
            yield one

    def show(self, *, json: bool) -> None:
        """What the gradebook says now."""
        rows = sorted(self.written, key=lambda row: row.student)
        if json:
            print_json(rows)
            return
        grid = Table(title=f"In the gradebook: {len(rows)} submissions", title_justify="left")
        for column in ("student", "score", "of", "seconds late", "for a person"):
            grid.add_column(column, justify="left" if column == "student" else "right")
        for row in rows:
            late = f"{row.seconds_late:.0f}" if row.seconds_late else ""
            grid.add_row(escape(row.student), f"{row.score:g}", f"{row.points:g}", late, "✓" * row.needs_person)
        wide_console().print(grid)

    def _write(self, report: Report, cells: Sequence[StoredCell]) -> None:
        from autograder.platforms.nbgrader.autograded import autograded_notebook
        from autograder.platforms.nbgrader.course import check_name
        from autograder.platforms.nbgrader.source import grade_id
        from autograder.platforms.nbgrader.words import remarks_on, results_of

        check_name(report.student)
        entry = self.entries[report.student]
        self.without_cell = self.book.missing(report.exercises)
        carried = self.place.carried(entry)
        notebook = autograded_notebook(
            cells,
            self.book.cells,
            {grade_id(exercise.number): results_of(report, exercise) for exercise in report.exercises},
            remarks_on(report),
            self.released,
        )
        written = self.book.write(report, carried.received)
        target = self.place.autograded(report.student, report.assignment)
        target.mkdir(parents=True, exist_ok=True)
        replace(target / f"{self.book.notebook}.ipynb", notebook.encode(), self.place.mode)
        for name, data in carried.files.items():
            replace(target / name, data, self.place.mode)
        self.written.append(written)
        if carried.received is None and carried.there:
            self.damaged.append(entry.path / "timestamp.txt")


def _released(path: Path) -> dict[str, Cell]:
    """The Markdown of the notebook that students got, by its text; none where it cannot be read."""
    try:
        cells = cells_of(path.read_bytes(), path.name)
    except (OSError, RejectedError):
        return {}
    return {source_of(cell): cell for cell in cells if cell.get("cell_type") == "markdown"}
