"""A batch on the terminal: a progress bar, and a line for each submission that needs attention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from autograder.grading.scheduler import Done


@dataclass
class Tally:
    """What the summary needs of a batch: how many stood already, how many met an error of ours."""

    standing: int = 0
    ours: int = 0


def watched(results: Iterable[Done], total: int, *, quiet: bool) -> Tally:
    """Drain the batch, showing a bar on a terminal and a line a submission that needs attention."""
    from autograder.grading.scheduler import Kind

    console = Console(stderr=True)
    tally = Tally()
    columns = (
        TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(), TextColumn("{task.fields[last]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("grading", total=total, last="")
        for one in results:
            report = one.report
            tally.standing += one.kind is Kind.STANDING
            tally.ours += report.status == "grader error"
            last = f"{report.student} {report.score:g}/{report.points:g}"
            progress.update(task, advance=1, last=escape(last[:40]))
            if report.status != "graded" and not quiet:
                first = report.problem.strip().splitlines()
                progress.console.print(
                    f"[red]{report.status}[/] {escape(report.student)}: {escape(' '.join(first[:1]))}"
                )
    return tally
