"""`autograder calibrate`: what each rung of a ladder is worth, and the lecture's table next to the measured one."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from concurrent.futures import as_completed
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import ConfigFile, Name, Quiet
from autograder.cli.show import wide_console
from autograder.cli.workers import worker_pool
from autograder.errors import AssignmentError
from autograder.feedback.terminal import escape

EXAMPLES = (
    "autograder calibrate regression",
    "autograder calibrate regression --seeds 5 --to table.md",
)

if TYPE_CHECKING:
    from autograder.rubric.calibration import Calibration, Level, Measured


def calibrate(
    name: Name,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 20,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    to: Annotated[Path | None, typer.Option("--to", help="Write the table as Markdown too.")] = None,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Measure what each rung of a ladder reaches, and the training table next to the lecture's. Exit 1: too strict."""
    raise typer.Exit(_calibrate(open_course(name, config), seeds, jobs, to, quiet=quiet))


def _calibrate(course: CourseAssignment, seeds: int, jobs: int, to: Path | None, *, quiet: bool) -> int:
    """Measure what `calibration.py` offers: `LEVELS` (ladders), `measure` (a table). Exit code 1: a bound too strict.

    The ladders' figures go to `calibration.json` next to it, with a picture.
    """
    calibration = _calibration(course.folder)
    exit_code = 0
    if hasattr(calibration, "LEVELS"):
        exit_code = _ladders(course, calibration.LEVELS, seeds, jobs, quiet=quiet)
    if hasattr(calibration, "measure"):
        _table(course, calibration, seeds, to, quiet=quiet)
    return exit_code


FRESH_SEED = 1_000
"""A seed that no calibration has used."""


def broken_bounds(folder: Path, *, again: bool) -> list[str]:
    """What is wrong with the ladders: never measured, asking for more than was measured, or (`again`: each rung is run
    once more, with a fresh seed) no longer reached."""
    from autograder.rubric.calibration import Calibration

    if not (folder / "calibration.py").is_file():
        return []
    levels: Sequence[Level] = getattr(_calibration(folder), "LEVELS", ())
    path = folder / "calibration.json"
    if levels and not path.is_file():
        return [f"the ladders were never measured: run autograder calibrate {folder.name}"]
    measured = {(one.exercise, one.metric, one.rung): one for one in Calibration.read(path).levels} if levels else {}
    found = []
    for level in levels:
        what = f"{level.exercise} {level.rung}"
        one = measured.get((level.exercise, level.ladder.metric, level.rung))
        if one is None:
            found.append(f"{what} was never measured")
        elif not one.allows(level.bound):
            found.append(f"{what} asks for {level.bound:g}, its technique is sure of {one.tolerance_bound:.4g} only")
        elif again and not level.reached(value := level.run(FRESH_SEED)):
            found.append(f"{what} asks for {level.bound:g}, its technique now gives {value:.4g}")
    return found


@cache
def _calibration(folder: Path) -> Any:
    """The assignment is loaded once in each process, not once a seed."""
    from autograder.rubric.assignment import load

    if not (folder / "calibration.py").is_file():
        raise AssignmentError(f"{folder} has no calibration.py: there is nothing to calibrate")
    return importlib.import_module(f"{load(folder).package.__name__}.calibration")


def _ladders(course: CourseAssignment, levels: Sequence[Level], seeds: int, jobs: int, *, quiet: bool) -> int:
    from autograder.reports.ladder import write_ladder
    from autograder.rubric.calibration import Calibration

    folder = course.folder
    log = Console(stderr=True)
    with (
        worker_pool(jobs) as pool,
        Progress(console=log, disable=quiet or not log.is_terminal) as progress,
    ):
        futures = [[pool.submit(_run, folder, i, seed) for seed in range(seeds)] for i in range(len(levels))]
        task = progress.add_task("measuring", total=len(levels) * seeds)
        for _ in as_completed([future for row in futures for future in row]):
            progress.advance(task)
        measured = [_joined([future.result() for future in row]) for row in futures]
    found = Calibration.of(measured)
    found.write(folder / "calibration.json")
    picture = folder / "calibration.svg"
    write_ladder(found, [level.bound for level in levels], picture)
    _show_ladders(course, levels, found)
    log.print(f"Wrote {folder / 'calibration.json'} and {picture.name}", markup=False)
    return 0 if all(one.allows(level.bound) for level, one in zip(levels, measured, strict=True)) else 1


def _run(folder: Path, level: int, seed: int) -> Measured:
    import torch

    torch.set_num_threads(1)
    levels: Sequence[Level] = _calibration(folder).LEVELS
    return levels[level].measure([seed])


def _joined(runs: Sequence[Measured]) -> Measured:
    """One seed each, put together."""
    from autograder.rubric.calibration import Measured

    first = runs[0]
    return Measured(
        first.exercise,
        first.rung,
        first.metric,
        first.lower_is_better,
        [value for run in runs for value in run.values],
        sum(run.seconds for run in runs) / len(runs),
    )


def _show_ladders(course: CourseAssignment, levels: Sequence[Level], found: Calibration) -> None:
    title = f"{course.settings.title}: {len(found.levels[0].values)} seeds a rung, torch {found.torch}, {found.machine}"
    grid = Table(title=escape(title), title_justify="left")
    for column in ("exercise", "rung", "metric", "mean", "sd", "tolerance bound", "rubric asks", "seconds"):
        grid.add_column(column, justify="left" if column in ("exercise", "rung", "metric") else "right")
    for level, one in zip(levels, found.levels, strict=True):
        asks = f"{level.bound:.3g}" if one.allows(level.bound) else f"[red]{level.bound:.3g}[/]"
        grid.add_row(
            *map(escape, (one.exercise, one.rung, one.metric)),
            f"{one.mean:.4g}", f"{one.sd:.2g}", f"{one.tolerance_bound:.4g}", asks,
            f"{one.seconds:.1f}",
        )  # fmt: skip
    wide_console().print(grid)


def _table(course: CourseAssignment, calibration: ModuleType, seeds: int, to: Path | None, *, quiet: bool) -> None:
    rows, orderings = calibration.measure(range(seeds), None if quiet else Console(stderr=True).print)
    console = wide_console()
    title = escape(f"{course.settings.title}: MAE in thousands, mean over {seeds} data seeds")
    grid = Table(title=title, title_justify="left")
    for column in ("model", "lecture train", "measured train", "lecture unseen", "measured unseen"):
        grid.add_column(column, justify="left" if column == "model" else "right")
    for row in rows:
        figures = (row.lecture_train, row.train, row.lecture_unseen, row.unseen)
        grid.add_row(escape(row.model), *("-" if figure is None else f"{figure:.2f}" for figure in figures))
    console.print(grid)
    for ordering in orderings:
        console.print(f"{ordering.held:3d} of {ordering.of}  {escape(ordering.claim)}")
    if to is not None:
        to.write_text(calibration.markdown(rows, orderings), encoding="utf-8")
