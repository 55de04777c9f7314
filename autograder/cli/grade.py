"""`autograder grade`: a class graded in parallel, its scores, and its report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.cli import show
from autograder.cli.course import CourseAssignment, open_course, tell_exposed
from autograder.cli.intake import problems, students_table, summary, understood, understood_json
from autograder.cli.options import (
    AsJson,
    ConfigFile,
    Fresh,
    Jobs,
    Layout,
    Name,
    OnDevice,
    Only,
    Quiet,
    RosterFile,
    Unsafe,
)
from autograder.cli.progress import INTERRUPTED, watched
from autograder.cli.results import Policy
from autograder.cli.show import wide_console
from autograder.cli.terminal import print_json
from autograder.intake import Entry
from autograder.model import Outcome, Report

EXAMPLES = (
    "autograder grade regression submissions.zip --dry-run",
    "autograder grade regression submissions/ --only ada --fresh --jobs 2",
)
AT_ONCE = 2
"""Submissions for each slot that are taken together, where several share the work."""
FEW = 20
"""Students whose reports are looked up one by one."""

if TYPE_CHECKING:
    from autograder.grading.scheduler import Batch, Done
    from autograder.platforms.classroom import Classroom
    from autograder.records.leases import SharedWork
    from autograder.records.standings import Standings


def grade(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="The class as it was downloaded: a folder, or a zip or tar of it.")],
    jobs: Jobs = os.cpu_count() or 1,
    only: Only = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Just those whose last report is not full marks, again.")
    ] = False,
    timed_out: Annotated[
        bool, typer.Option("--timed-out", help="Just those whose last report has a time-out, again.")
    ] = False,
    fresh: Fresh = False,
    report: Annotated[Path | None, typer.Option("--report", help="Where the HTML report goes.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be graded, and grade nothing.")] = False,
    layout: Layout = None,
    roster: RosterFile = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
    unsafe: Unsafe = False,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade a class. Run again, it goes on where it stopped.

    Exit codes: 0 graded (whatever the scores), 1 some submissions met an error of the grader's or were left out, 2
    wrong input.
    """
    course = open_course(name, config, device, submissions=folder)
    pages = report or course.reports
    with understood(course, folder, layout=layout, roster=roster, reports=(pages,)) as classroom:
        console = wide_console(stderr=not dry_run)
        if dry_run and json:
            print_json(understood_json(classroom))
            raise typer.Exit(1 if classroom.incomplete else 0)
        if dry_run:
            students_table(classroom, console)
        if dry_run or not quiet:
            summary(classroom, console, everything=dry_run)
        else:
            problems(classroom, console)
        code = 0
        if not dry_run:
            code = grade_class(
                course,
                classroom.entries_of(only),
                jobs=jobs,
                again=_again(failed=failed, timed_out=timed_out),
                fresh=fresh,
                folder=None if no_report else pages,
                unsafe=unsafe,
                json=json,
                quiet=quiet,
                classroom=classroom,
            )
    raise typer.Exit(code or (1 if classroom.incomplete else 0))


def grade_class(
    course: CourseAssignment,
    entries: list[Entry],
    *,
    jobs: int,
    again: Callable[[Report | None], bool] | None,
    fresh: bool,
    folder: Path | None,
    unsafe: bool,
    json: bool,
    quiet: bool,
    classroom: Classroom | None = None,
) -> int:
    """Grade, show and report. Returns the exit code. `again` picks by the last report, and grades what stands too.

    `classroom` says for whom each entry counts; without it, for the student that it names.
    """
    from autograder.cli.batch import opened
    from autograder.cli.journal import Journal
    from autograder.grading.scheduler import Batch
    from autograder.platforms.sharing import SharedRecords
    from autograder.records.leases import Leases, SharedWork
    from autograder.reports import write_reports

    name = course.name
    with course.records() as records:
        store = SharedRecords(records, classroom.owners if classroom is not None else {})
        if again is not None:
            entries = [entry for entry in entries if again(store.latest(name, entry.student))]
        with opened(course, (entry.path for entry in entries[:1]), unsafe=unsafe) as ready:
            batch = Batch(ready.executor, ready.boundary, store, jobs=jobs, fresh=fresh or again is not None)
            named = {entry.student: store.students(entry.student)[0] for entry in entries}
            journal = Journal(course.journal, name, named)
            with Leases(records, name) as leases:
                results = _shared(batch, entries, SharedWork(leases, AT_ONCE * jobs), quiet=quiet)
                tally = watched(store.settled(results), len(entries), quiet=quiet or json, journal=journal)
        console = Console(stderr=json, emoji=False)
        if tally.interrupted:
            console.print(tally.told_to_stop(len(entries)))
            return INTERRUPTED
        standings = course.standings(records)
        if folder is not None:  # before anything is printed: a terminal may refuse what it is given
            page = write_reports(
                standings.reports(), folder, course=course.config.course.name,
                title=course.settings.title, secret=course.config.secret(), leaderboard=course.settings.leaderboard,
            )  # fmt: skip
            tell_exposed(course, folder)
        chosen = {name for entry in entries for name in store.students(entry.student)}
        show.table(name, _of(standings, chosen), json=json, policy=Policy.of(course.settings))
        if tally.standing:
            console.print(
                f"{tally.standing} of {len(entries)} were graded before and still stand (--fresh grades them again)."
            )
        if unsafe:
            console.print("[red]Graded without a sandbox: these scores are only as honest as the code was.[/]")
        if folder is not None:
            console.print(f"Report: {page}", soft_wrap=True)
        if tally.ours:
            console.print(f"[red]{tally.ours} met an error of the grader's. Nobody was charged; run again to retry.[/]")
    return 1 if tally.ours else 0


def _shared(batch: Batch, entries: list[Entry], work: SharedWork, *, quiet: bool) -> Iterator[Done]:
    """Grade what nobody else is grading on the same records, then wait for what others have."""
    elsewhere: list[Entry] = []
    for one in batch.run(work.mine(entries, elsewhere)):
        work.done(one.report.student)
        yield one
    if elsewhere and not quiet:
        count = f"{len(elsewhere)} submission{'s are' if len(elsewhere) > 1 else ' is'}"
        print(f"autograder: {count} being graded by somebody else: waiting for that", file=sys.stderr)
    for one in batch.run(work.rest(elsewhere)):
        work.done(one.report.student)
        yield one


def _again(*, failed: bool, timed_out: bool) -> Callable[[Report | None], bool] | None:
    """Return what picks the submissions to grade again by their last report; None for all that need it."""
    chosen = [pick for pick, wanted in ((_needs_more, failed), (_timed_out, timed_out)) if wanted]
    return (lambda report: any(pick(report) for pick in chosen)) if chosen else None


def _timed_out(report: Report | None) -> bool:
    return report is not None and any(result.outcome is Outcome.TIMED_OUT for result in report.results)


def _needs_more(report: Report | None) -> bool:
    return report is None or report.status != "graded" or report.score < report.points - report.by_hand


def _of(standings: Standings, students: set[str]) -> Iterable[Report]:
    """Return what stands for these students; a few are looked up one by one, not in the whole class."""
    if len(students) <= FEW:
        found = (standings.student(student) for student in sorted(students))
        return (report for report in found if report is not None)
    return (report for report in standings.reports() if report.student in students)
