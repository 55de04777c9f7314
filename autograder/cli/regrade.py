"""`autograder regrade`: after a change of the rubric, who gains and who loses, before it counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.decided import named_like
from autograder.cli.intake import understood
from autograder.cli.options import AsJson, ConfigFile, Fresh, Jobs, Layout, Name, OnDevice, Only, Quiet, RosterFile
from autograder.cli.progress import INTERRUPTED, watched
from autograder.cli.show import wide_console
from autograder.cli.terminal import print_json
from autograder.errors import InputError
from autograder.feedback.formats import points
from autograder.feedback.terminal import escape

EXAMPLES = (
    "autograder regrade regression class.zip --dry-run",
    "autograder regrade regression class.zip --check '1.3 mae' --jobs 2",
)

if TYPE_CHECKING:
    from autograder.grading.regrade import Changed, Regrading
    from autograder.platforms.classroom import Classroom

Checks = Annotated[
    list[str] | None,
    typer.Option(
        "--check", help="Run this check again for everybody, changed or not (repeatable).", show_default=False
    ),
]


def regrade(
    name: Name,
    folder: Annotated[Path, typer.Argument(help="The class as it was downloaded: a folder, or a zip or tar of it.")],
    checks: Checks = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would gain and lose, and keep nothing.")] = False,
    jobs: Jobs = os.cpu_count() or 1,
    only: Only = None,
    fresh: Fresh = False,
    layout: Layout = None,
    roster: RosterFile = None,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade a class again after the rubric was changed, and show whose points change.

    Only what depends on the change is run again: a comment or another exercise costs nobody anything.

    Exit codes: 0 done, 1 some submissions met an error of the grader's, 2 wrong input.
    """
    course = open_course(name, config, device, submissions=folder)
    with understood(course, folder, layout=layout, roster=roster) as classroom:
        code = _regrade(
            course, classroom, only, checks or [], jobs=jobs, keep=not dry_run, fresh=fresh, json=json, quiet=quiet
        )
    raise typer.Exit(code)


def _regrade(
    course: CourseAssignment,
    classroom: Classroom,
    only: list[str] | None,
    checks: list[str],
    *,
    jobs: int,
    keep: bool,
    fresh: bool,
    json: bool,
    quiet: bool,
) -> int:
    from autograder.cli.batch import opened
    from autograder.grading.regrade import Regrading
    from autograder.grading.scheduler import Batch
    from autograder.platforms.sharing import SharedRecords

    entries = classroom.entries_of(only)
    with course.records() as records:
        regrading = Regrading(records, keep=keep)
        store = SharedRecords(regrading, classroom.owners)
        with opened(course, (entry.path for entry in entries[:1])) as ready:
            _known(checks, ready.executor.info.checks)
            batch = Batch(ready.executor, ready.boundary, store, jobs=jobs, fresh=fresh, again=frozenset(checks))
            tally = watched(store.settled(batch.run(entries)), len(entries), quiet=quiet or json)
    console = Console(stderr=json, emoji=False)
    if tally.interrupted:
        console.print(tally.told_to_stop(len(entries)) if keep else "Stopped; nothing was kept.")
        return INTERRUPTED
    _show(regrading, course.name, tally.done, keep=keep, json=json)
    if keep:
        console.print(f"Pages and exports are as before: autograder report {course.name} writes them again.")
    if tally.ours:
        console.print(f"[red]{tally.ours} met an error of the grader's. Nobody was charged; run again to retry.[/]")
    return 1 if tally.ours else 0


def _known(checks: list[str], known: tuple[str, ...]) -> None:
    """Refuse names of checks that the rubric has not. Raises `InputError`."""
    for name in checks:
        if name not in known:
            hint = named_like(name, known)
            raise InputError(f"there is no check {name!r}.{hint} `autograder validate` lists them all")


def _show(regrading: Regrading, name: str, done: int, *, keep: bool, json: bool) -> None:
    changed = regrading.changed(name)
    if json:
        print_json({"kept": keep, "graded": done, "changed": [_plain(one) for one in changed]})
        return
    console = wide_console()
    if changed:
        table = Table("student", "before", "after", "", "why", box=None, pad_edge=False)
        for one in changed:
            before = "–" if one.before is None else points(one.before.score)
            table.add_row(escape(one.student), before, points(one.after.score), f"{one.difference:+g}", _why(one))
        console.print(table)
    gains = sum(one.difference > 0 for one in changed)
    losses = sum(one.difference < 0 for one in changed)
    verb = "have" if keep else "would have"
    console.print(
        f"{gains} {verb} more points, {losses} fewer, {done - gains - losses} the same."
        + ("" if keep else " Nothing was kept: without --dry-run it counts.")
    )


def _why(one: Changed) -> str:
    """Return the checks whose points change, in a few words."""
    told = []
    for old, new in one.checks[:4]:
        if new is None:
            told.append(f"{old.name if old else ''} is gone")
        else:
            told.append(f"{new.name}: {points(old.earned) if old else 'new'} → {points(new.earned)}")
    more = len(one.checks) - len(told)
    return escape("; ".join(told) + (f"; and {more} more" if more > 0 else ""))


def _plain(one: Changed) -> dict[str, Any]:
    return {
        "student": one.student,
        "before": None if one.before is None else one.before.score,
        "after": one.after.score,
        "checks": [
            {
                "name": (new or old).name,  # type: ignore[union-attr]
                "before": None if old is None else old.earned,
                "after": None if new is None else new.earned,
            }
            for old, new in one.checks
        ],
    }
