"""Tables and JSON for the terminal."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from operator import itemgetter

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from autograder.cli.terminal import print_json
from autograder.feedback.outcomes import ExerciseResult
from autograder.feedback.signs import NO_RESULT, legend, status_sign
from autograder.feedback.terminal import escape, styled
from autograder.model import ExerciseInfo, Report


class Row(msgspec.Struct, frozen=True):
    """A student's line: what the table needs of a report, and no more."""

    student: str
    status: str
    score: float
    points: float
    exercises: dict[str, float]
    cells: dict[str, str]
    problem: str
    own_seconds: float
    wall_seconds: float

    @staticmethod
    def of(report: Report) -> Row:
        """Summarise a report."""
        earned = {
            exercise.number: round(sum(r.earned for r in report.of_exercise(exercise.number)), 2)
            for exercise in report.exercises
        }
        return Row(
            report.student,
            report.status,
            report.score,
            report.points,
            earned,
            {one.number: _cell(ExerciseResult.of(report, one)) for one in report.exercises},
            report.problem,
            report.own_seconds,
            report.wall_seconds,
        )


def _cell(result: ExerciseResult) -> str:
    return styled(result.sign, result.text)


def table(name: str, reports: Iterable[Report], *, json: bool = False) -> None:
    """Print each student's score and exercises, as a table or as a JSON list. The newest report names the exercises."""
    rows = []
    newest: tuple[float, tuple[ExerciseInfo, ...]] = (-1.0, ())
    for report in reports:
        rows.append(Row.of(report))
        newest = max(newest, (report.graded.timestamp() if report.graded else 0.0, report.exercises), key=itemgetter(0))
    rows.sort(key=lambda row: row.student)
    if json:
        print_json([_plain(row) for row in rows])
        return
    console = wide_console()
    if not rows:
        console.print("No reports yet.")
        return
    grid = Table(
        title=f"{name}: {len(rows)} submissions", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    grid.add_column("student", overflow="fold")
    grid.add_column("score", justify="right")
    for exercise in newest[1]:
        grid.add_column(f"{escape(exercise.number)}\n[dim]/ {exercise.points:g}[/]", justify="right")
    grid.add_column("own s", justify="right")
    grid.add_column("over s", justify="right")
    for row in rows:
        sign = status_sign(row.status)
        score = styled(sign, f"{sign.symbol} {sign.word}") if sign else f"{row.score:.1f}"
        cells = ["" if sign else row.cells.get(exercise.number, styled(NO_RESULT)) for exercise in newest[1]]
        over = max(0.0, row.wall_seconds - row.own_seconds)
        grid.add_row(escape(row.student), score, *cells, f"{row.own_seconds:.2f}", f"{over:.2f}")
    console.print(grid)
    graded = [row.score for row in rows if row.status == "graded"]
    if graded:
        console.print(
            f"{len(graded)} graded, mean {statistics.mean(graded):.1f}, median {statistics.median(graded):.1f} "
            f"of {rows[0].points:g} points."
        )
        console.print(f"[dim]{legend()}[/]")


def wide_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; in a pipe or a log, wide enough for the tables."""
    return Console(width=None if Console(stderr=stderr).is_terminal else 140, emoji=False, stderr=stderr)


def _plain(row: Row) -> dict[str, object]:
    keys = ("student", "status", "score", "points", "exercises", "problem", "own_seconds", "wall_seconds")
    return {key: getattr(row, key) for key in keys}
