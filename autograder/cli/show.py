"""Results on the terminal: everything where it is wide, exercises folded to their signs where it is not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from autograder.cli.results import NO_POLICY, Policy, StudentResult
from autograder.cli.terminal import print_json
from autograder.feedback import formats
from autograder.feedback.outcomes import ExerciseResult
from autograder.feedback.signs import NO_RESULT, TO_READ, Sign, legend, status_sign
from autograder.feedback.terminal import style_of
from autograder.model import ExerciseInfo, Report

PIPE_WIDTH = 140
"""Columns where the output is no terminal."""
NAME_WIDTH = 40
"""Columns that a name takes at most, unless there is room; what is longer goes on below."""
LEAST_NAME = 18
GROUP = 5
"""Signs that stand together, so that one can count them."""
DIM = Style(dim=True)
MOST_LINES = 20
"""So many students' arithmetic is shown in the terminal."""


@dataclass(frozen=True, slots=True)
class Row:
    """A student's line: what the table needs of a report, and no more."""

    student: str
    sign: Sign | None
    score: float
    points: float
    cells: dict[str, ExerciseResult]
    late: bool
    flags: int
    own_seconds: float
    over_seconds: float
    arithmetic: str

    @staticmethod
    def of(report: Report) -> Row:
        """Summarise a report."""
        return Row(
            formats.name(report.student),
            status_sign(report.status),
            report.score,
            report.points,
            {one.number: ExerciseResult.of(report, one) for one in report.exercises},
            report.late,
            len(report.flags),
            report.own_seconds,
            max(0.0, report.wall_seconds - report.own_seconds),
            report.arithmetic,
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """A text of one style."""

    text: str
    style: Style | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the lines of its head, and of each row the parts that stand side by side."""

    head: tuple[str, ...]
    cells: Sequence[tuple[Cell, ...]]
    right: bool = True

    @property
    def width(self) -> int:
        """Return the columns of the terminal that it takes."""
        widest = max((sum(cell_len(part.text) for part in cell) for cell in self.cells), default=0)
        return max(widest, *map(cell_len, self.head))


def table(name: str, reports: Iterable[Report], *, json: bool = False, policy: Policy = NO_POLICY) -> None:
    """Print each student's score and exercises, as a table or as a JSON list. The newest report names the exercises."""
    if json:
        results = (StudentResult.of(report, policy) for report in reports)
        print_json(sorted(results, key=attrgetter("student")))
        return
    rows = []
    newest = -1.0
    exercises: tuple[ExerciseInfo, ...] = ()
    for report in reports:
        rows.append(Row.of(report))
        graded = report.graded.timestamp() if report.graded else 0.0
        if graded > newest:
            newest, exercises = graded, report.exercises
    rows.sort(key=attrgetter("student"))
    console = wide_console()
    if not rows:
        console.print("No reports yet.")
        return
    console.print(f"{name}: {len(rows)} submissions", style="italic", markup=False, highlight=False)
    console.print(Segments(_lines(rows, exercises, console.width)), end="")
    _arithmetic(rows, console)
    scores = [row.score for row in rows if row.sign is None]
    if scores:
        console.print(
            f"{len(scores)} graded, mean {statistics.fmean(scores):.1f}, median {statistics.median(scores):.1f} "
            f"of {rows[0].points:g} points."
        )
        console.print(f"[dim]{legend()}[/]")


def _arithmetic(rows: Sequence[Row], console: Console) -> None:
    """Print how scores come about that lateness or a person changed."""
    told = [row for row in rows if row.arithmetic]
    for row in told[:MOST_LINES]:
        console.print(f"{row.student}: {row.arithmetic}", soft_wrap=True, highlight=False, markup=False)
    if len(told) > MOST_LINES:
        console.print(f"... and {len(told) - MOST_LINES} more: --json has them all, and each student's page its own.")
    if told:
        console.print()


def wide_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; in a pipe or a log, wide enough for the tables."""
    return Console(width=None if Console(stderr=stderr).is_terminal else PIPE_WIDTH, emoji=False, stderr=stderr)


def _lines(rows: Sequence[Row], exercises: Sequence[ExerciseInfo], width: int) -> Iterator[Segment]:
    """Return the table's segments, with as much as fits beside the names.

    Before exercises are counted instead of shown by their signs, names go on below.
    """
    longest = max(cell_len(row.student) for row in rows)
    names, least = min(longest, NAME_WIDTH), min(longest, LEAST_NAME)
    score, late, seconds = [_score(rows)], _late(rows), _seconds(rows)
    points, folded = list(_points(rows, exercises)), [_folded(rows, exercises)]
    choices = (
        ([*score, *points, *late, *_flags(rows), *seconds], names),
        ([*score, *points, *late], names),
        ([*score, *folded, *late, *_flags(rows), *seconds], names),
        ([*score, *folded, *late], least),
        ([*score, _counted(rows, exercises), *late], least),
        (score, 0),
    )
    room = 0
    for columns, needed in choices:
        room = width - sum(column.width + 1 for column in columns) - 1
        if room >= needed:
            break
    return _drawn(rows, columns, max(len("student"), min(room, longest)))


def _drawn(rows: Sequence[Row], columns: Sequence[Column], names: int) -> Iterator[Segment]:
    widths = [column.width for column in columns]
    for line in range(2):
        yield Segment(("student" if line == 0 else "").ljust(names), DIM if line else None)
        for column, width in zip(columns, widths, strict=True):
            text = column.head[line] if line < len(column.head) else ""
            yield Segment(" " + (text.rjust(width) if column.right else text.ljust(width)), DIM if line else None)
        yield Segment.line()
    yield Segment("─" * (names + sum(widths) + len(widths)), DIM)
    yield Segment.line()
    for place, row in enumerate(rows):
        first, *more = chop_cells(row.student, names) or [""]
        yield Segment(first + " " * (names - cell_len(first)))
        for column, width in zip(columns, widths, strict=True):
            cells = column.cells[place]
            blank = " " * (width - sum(cell_len(cell.text) for cell in cells))
            yield Segment(" " + (blank if column.right else ""))
            yield from (Segment(cell.text, cell.style) for cell in cells)
            yield Segment("" if column.right else blank)
        yield Segment.line()
        for part in more:
            yield Segment(part)
            yield Segment.line()


def _score(rows: Sequence[Row]) -> Column:
    def cell(row: Row) -> tuple[Cell, ...]:
        if row.sign is not None:
            return (Cell(f"{row.sign.symbol} {row.sign.word}", style_of(row.sign)),)
        return (Cell(f"{row.score:.1f}"),)

    return Column(("score", f"/ {rows[0].points:g}"), [cell(row) for row in rows])


def _points(rows: Sequence[Row], exercises: Sequence[ExerciseInfo]) -> Iterator[Column]:
    """Return a column for each exercise: its sign, with the points where they are neither all nor none."""
    for exercise in exercises:
        cells = [_cell(row, exercise) for row in rows]
        yield Column((formats.name(exercise.number), f"/ {exercise.points:g}"), cells)


def _cell(row: Row, exercise: ExerciseInfo) -> tuple[Cell, ...]:
    if row.sign is not None:
        return ()
    result = row.cells.get(exercise.number)
    return (_sign(NO_RESULT) if result is None else Cell(result.text, style_of(result.sign)),)


def _folded(rows: Sequence[Row], exercises: Sequence[ExerciseInfo]) -> Column:
    """Return one column with a sign for each exercise."""

    def cell(row: Row) -> tuple[Cell, ...]:
        if row.sign is not None:
            return ()
        parts = []
        for place, exercise in enumerate(exercises):
            result = row.cells.get(exercise.number)
            parts.append(Cell(" ") if place and place % GROUP == 0 else Cell(""))
            parts.append(_sign(NO_RESULT if result is None else result.sign))
        return tuple(parts)

    numbers = [formats.name(exercise.number) for exercise in exercises]
    head = "–".join(dict.fromkeys([*numbers[:1], *numbers[-1:]]))
    return Column(("exercises", head), [cell(row) for row in rows], right=False)


def _counted(rows: Sequence[Row], exercises: Sequence[ExerciseInfo]) -> Column:
    """Return one column that says how many exercises are complete."""
    cells = [
        () if row.sign is not None else (Cell(str(sum(cell.complete for cell in row.cells.values()))),) for row in rows
    ]
    return Column(("complete", f"of {len(exercises)}"), cells)


def _late(rows: Sequence[Row]) -> list[Column]:
    """Return a column that says who is late, if anybody is."""
    if not any(row.late for row in rows):
        return []
    return [Column(("late",), [(Cell("late"),) if row.late else () for row in rows])]


def _flags(rows: Sequence[Row]) -> list[Column]:
    """Return a column that says how many places a person should read, if there are any."""
    if not any(row.flags for row in rows):
        return []
    cells = [(Cell(f"{TO_READ.symbol} {row.flags}", style_of(TO_READ)),) if row.flags else () for row in rows]
    return [Column(("read",), cells)]


def _seconds(rows: Sequence[Row]) -> list[Column]:
    return [
        Column(("own s",), [(Cell(f"{row.own_seconds:.2f}"),) for row in rows]),
        Column(("over s",), [(Cell(f"{row.over_seconds:.2f}"),) for row in rows]),
    ]


def _sign(sign: Sign) -> Cell:
    return Cell(sign.symbol, style_of(sign))
