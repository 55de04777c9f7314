"""`autograder grade`: a batch with a progress bar, scores as they come, and a summary."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autograder.cli import show
from autograder.cli.course import CourseAssignment
from autograder.grading.scheduler import Batch, Done, Kind
from autograder.grading.second import second_sandbox
from autograder.intake import Entry
from autograder.model import Report
from autograder.records import Records
from autograder.reports import write_reports
from autograder.sandbox.host.sandbox import Sandbox


def grade_class(
    course: CourseAssignment,
    entries: list[Entry],
    *,
    jobs: int,
    failed: bool,
    fresh: bool,
    folder: Path | None,
    unsafe: bool,
    json: bool,
    quiet: bool,
) -> int:
    """Grade, show and report. Returns the exit code."""
    name = course.assignment.name
    torch.set_num_threads(1)  # the cores are for the students' code
    private = [*course.private, *(entry.path for entry in entries[:1])]
    typical = course.assignment.solution_source
    with (
        Sandbox(typical=typical, unsafe=unsafe, private=private) as sandbox,
        second_sandbox(course.settings.device, private, typical=typical, unsafe=unsafe) as beside,
        course.records() as records,
    ):
        if failed:
            entries = [entry for entry in entries if _needs_more(records.latest(name, entry.student))]
        batch = Batch(course.job(beside), sandbox, records, course.reader, jobs=jobs, fresh=fresh or failed)
        tally = watched(batch.run(entries), len(entries), quiet=quiet or json)
        chosen = {entry.student for entry in entries}
        show.table(course.assignment, _of(records, name, chosen), json=json)
        console = Console(stderr=json)
        if tally.standing:
            console.print(
                f"{tally.standing} of {len(entries)} were graded before and still stand (--fresh grades them again)."
            )
        if unsafe:
            console.print("[red]Graded without a sandbox: these scores are only as honest as the code was.[/]")
        if folder is not None:
            page = write_reports(
                records.all_latest(name), folder, course=course.config.course.name, title=course.settings.title
            )
            console.print(f"Report: {page}", soft_wrap=True)
        if tally.ours:
            console.print(f"[red]{tally.ours} met an error of the grader's. Nobody was charged; run again to retry.[/]")
    return 1 if tally.ours else 0


def _needs_more(report: Report | None) -> bool:
    return report is None or report.status != "graded" or report.score < report.points


def _of(records: Records, name: str, students: set[str]) -> Iterable[Report]:
    return (report for report in records.all_latest(name) if report.student in students)


@dataclass
class _Tally:
    """What the summary needs of a batch: how many stood already, how many met an error of ours."""

    standing: int = 0
    ours: int = 0


def watched(results: Iterable[Done], total: int, *, quiet: bool) -> _Tally:
    """Drain the batch, showing a bar on a terminal and a line a submission that needs attention."""
    console = Console(stderr=True)
    tally = _Tally()
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
