"""`autograder calibrate`: lecture and measured figures side by side."""

from __future__ import annotations

import importlib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.cli.course import Course
from autograder.cli.show import wide_console
from autograder.rubric.assignment import AssignmentError


def calibrate_assignment(course: Course, seeds: int, to: Path | None, *, quiet: bool) -> None:
    """Run the assignment's `calibration.py` on data seeds 0 .. seeds-1 and show what it measured."""
    if not (course.assignment.folder / "calibration.py").is_file():
        raise AssignmentError(f"{course.assignment.folder} has no calibration.py: there is nothing to calibrate")
    calibration = importlib.import_module(f"{course.assignment.package.__name__}.calibration")
    log = Console(stderr=True)
    rows, orderings = calibration.measure(range(seeds), None if quiet else log.print)
    console = wide_console()
    grid = Table(title=f"{course.settings.title}: MAE in thousands, mean over {seeds} data seeds", title_justify="left")
    for column in ("model", "lecture train", "measured train", "lecture unseen", "measured unseen"):
        grid.add_column(column, justify="left" if column == "model" else "right")
    for row in rows:
        figures = (row.lecture_train, row.train, row.lecture_unseen, row.unseen)
        grid.add_row(row.model, *("-" if figure is None else f"{figure:.2f}" for figure in figures))
    console.print(grid)
    for ordering in orderings:
        console.print(f"{ordering.held:3d} of {ordering.of}  {ordering.claim}")
    if to is not None:
        to.write_text(calibration.markdown(rows, orderings), encoding="utf-8")
