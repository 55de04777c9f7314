"""A batch on the terminal: a progress bar, and a line for each submission that needs attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autograder.errors import InterruptedGradingError
from autograder.feedback.terminal import escape

if TYPE_CHECKING:
    from autograder.cli.journal import Journal
    from autograder.grading.scheduler import Done
    from autograder.intake import ClassFolder


@dataclass
class Tally:
    """What the summary needs of a batch: how many stood already, how many met an error of ours."""

    done: int = 0
    standing: int = 0
    ours: int = 0
    interrupted: bool = False

    def told_to_stop(self, total: int) -> str:
        """Say what is kept after Ctrl-C, and how to go on."""
        return f"Stopped: {self.done} of {total} are graded and kept. The same command goes on with the rest."


INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def tell(found: ClassFolder) -> None:
    """Say what a person should know about the names of a class, and what is not graded."""
    console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
    for lines, colour in ((found.remarks, "yellow"), (found.left_out, "red")):
        for line in lines:
            console.print(f"[{colour}]{escape(line)}.[/]")


def watched(results: Iterator[Done], total: int, *, quiet: bool, journal: Journal | None = None) -> Tally:
    """Drain the batch, showing a bar on a terminal and a line a submission that needs attention.

    Ctrl-C, SIGTERM and SIGHUP end it: `interrupted` is then set, and every process of the batch is gone.
    """
    from autograder.grading.scheduler import Kind

    console = Console(stderr=True, emoji=False)
    tally = Tally()
    columns = (
        TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(), TextColumn("{task.fields[last]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("grading", total=total, last="")
        for one in _until_interrupted(results, tally):
            report = one.report
            tally.done += 1
            tally.standing += one.kind is Kind.STANDING
            tally.ours += report.status == "grader error"
            if journal is not None:
                journal.note(report, standing=one.kind is Kind.STANDING)
            last = f"{report.student} {report.score:g}/{report.points:g}"
            progress.update(task, advance=1, last=escape(last[:40]))
            if report.status != "graded" and not quiet:
                first = report.problem.strip().splitlines()
                progress.console.print(
                    f"[red]{report.status}[/] {escape(report.student)}: {escape(' '.join(first[:1]))}"
                )
    if journal is not None:
        journal.end(stopped=tally.interrupted)
    return tally


def _until_interrupted(results: Iterator[Done], tally: Tally) -> Iterator[Done]:
    try:
        yield from results
    except (KeyboardInterrupt, InterruptedGradingError):
        tally.interrupted = True
