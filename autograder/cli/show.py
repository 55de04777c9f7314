"""Tables and JSON for the terminal."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.cli.terminal import print_json
from autograder.model import Outcome, Report

if TYPE_CHECKING:
    from autograder.rubric.assignment import Assignment

MARKS = {
    Outcome.NOT_ATTEMPTED: "[dim]·[/]",
    Outcome.TIMED_OUT: "[magenta]⏱[/]",
    Outcome.OUT_OF_MEMORY: "[magenta]M[/]",
    Outcome.CRASHED: "[magenta]✗[/]",
    Outcome.GRADER_ERROR: "[red]![/]",
}


class Row(msgspec.Struct, frozen=True):
    """A student's line: what the table needs of a report, and no more."""

    student: str
    status: str
    score: float
    points: float
    exercises: dict[str, float]
    cells: tuple[str, ...]
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
            tuple(_cell(report, exercise.number, exercise.points) for exercise in report.exercises),
            report.problem,
            report.own_seconds,
            report.wall_seconds,
        )


def _cell(report: Report, number: str, points: float) -> str:
    results = report.of_exercise(number)
    if not results:
        return "-"
    earned = sum(result.earned for result in results)
    outcomes = {result.outcome for result in results}
    if earned >= points - 1e-9:
        return f"[green]{earned:g}[/]"
    if outcomes == {Outcome.NOT_ATTEMPTED}:
        return MARKS[Outcome.NOT_ATTEMPTED]
    mark = next((MARKS[o] for o in outcomes if o in MARKS and o is not Outcome.NOT_ATTEMPTED), "")
    return f"[yellow]{earned:.3g}[/]{mark}" if earned else f"[red]0[/]{mark}"


def table(assignment: Assignment, reports: Iterable[Report], *, json: bool = False) -> None:
    """Every student's score and exercises, as a table or as JSON lines' list."""
    rows = sorted((Row.of(report) for report in reports), key=lambda row: row.student)
    if json:
        print_json([_plain(row) for row in rows])
        return
    console = wide_console()
    if not rows:
        console.print("No reports yet.")
        return
    grid = Table(title=f"{assignment.name}: {len(rows)} submissions", title_justify="left")
    grid.add_column("student", overflow="fold")
    grid.add_column("score", justify="right")
    for exercise in assignment.rubric.exercises:
        grid.add_column(exercise.number, justify="right")
    grid.add_column("own s", justify="right")
    grid.add_column("over s", justify="right")
    for row in rows:
        score = f"{row.score:.1f}" if row.status == "graded" else f"[red]{escape(row.status)}[/]"
        cells = row.cells if row.status == "graded" else ("",) * len(assignment.rubric.exercises)
        over = max(0.0, row.wall_seconds - row.own_seconds)
        grid.add_row(escape(row.student), score, *cells, f"{row.own_seconds:.2f}", f"{over:.2f}")
    console.print(grid)
    graded = [row.score for row in rows if row.status == "graded"]
    if graded:
        console.print(
            f"{len(graded)} graded, mean {statistics.mean(graded):.1f}, median {statistics.median(graded):.1f} "
            f"of {rows[0].points:g} points.   [dim]· not attempted  ⏱ timed out  M out of memory  ✗ crashed[/]"
        )


def wide_console() -> Console:
    """A console as wide as the terminal; in a pipe or a log, wide enough for the tables."""
    return Console(width=None if Console().is_terminal else 140)


def _plain(row: Row) -> dict[str, object]:
    keys = ("student", "status", "score", "points", "exercises", "problem", "own_seconds", "wall_seconds")
    return {key: getattr(row, key) for key in keys}
