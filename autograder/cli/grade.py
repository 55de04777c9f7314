"""`autograder grade`: a class graded in parallel, its scores, and its report."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli import show
from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import AsJson, ConfigFile, Fresh, Jobs, Name, OnDevice, Only, Quiet, Unsafe
from autograder.cli.progress import watched
from autograder.grading.second import second_sandbox
from autograder.intake import Entry, choose, find_class
from autograder.model import Report
from autograder.sandbox.host.sandbox import Sandbox

if TYPE_CHECKING:
    from autograder.records import Records


def grade(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="The class: one folder, module, notebook or zip a student.")],
    jobs: Jobs = os.cpu_count() or 1,
    only: Only = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Just those whose last report is not full marks, again.")
    ] = False,
    fresh: Fresh = False,
    report: Annotated[Path | None, typer.Option("--report", help="Where the HTML report goes.")] = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
    unsafe: Unsafe = False,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade a class. Run again, it goes on where it stopped.

    Exit codes: 0 graded (whatever the scores), 1 some submissions met an error of the grader's, 2 wrong input.
    """
    entries = choose(find_class(folder), only)
    course = open_course(name, config, device)
    raise typer.Exit(
        grade_class(
            course,
            entries,
            jobs=jobs,
            failed=failed,
            fresh=fresh,
            folder=None if no_report else (report or course.config.root / course.config.course.reports / name),
            unsafe=unsafe,
            json=json,
            quiet=quiet,
        )
    )


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
    import torch

    from autograder.grading.scheduler import Batch
    from autograder.reports import write_reports

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
