"""`autograder status`: how the course's assignments stand, or what the records say of every student in one."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.table import Table

from autograder.cli import show
from autograder.cli.course import open_course
from autograder.cli.found import open_config
from autograder.cli.options import AsJson, ConfigFile, NameOrAll
from autograder.cli.results import AssignmentStatus, Policy
from autograder.cli.terminal import print_json
from autograder.config import Config
from autograder.feedback.formats import moment
from autograder.feedback.signs import REJECTED, SIGNS, TO_READ
from autograder.feedback.terminal import escape, styled
from autograder.model import Outcome

TO_LOOK_AT = (REJECTED, SIGNS[Outcome.GRADER_ERROR], TO_READ, SIGNS[Outcome.NOT_GRADED])
EXAMPLES = ("autograder status", "autograder status regression --json")


def status(
    name: NameOrAll = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Show the latest report of every student, or, without a name, how each assignment stands."""
    if name is None:
        _overview(open_config(config), config, json=json)
        return
    course = open_course(name, config)
    with course.records() as records:
        show.table(name, course.standings(records).reports(), json=json, policy=Policy.of(course.settings))


def _overview(config: Config, config_file: Path | None, *, json: bool) -> None:
    found = []
    for name in config.assignments:
        course = open_course(name, config_file)
        with course.records() as records:
            found.append(AssignmentStatus.of(name, course.settings, course.standings(records).reports()))
    if json:
        print_json(found)
        return
    console = show.wide_console()
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title=escape(config.course.name), title_justify="left")
    grid.add_column("assignment", overflow="fold")
    for head in ("graded", "mean", "median", "of"):
        grid.add_column(head, justify="right", no_wrap=True)
    grid.add_column("to look at", overflow="fold")
    grid.add_column("due", overflow="fold")
    grid.add_column("last graded", overflow="fold")
    for one in found:
        graded = f"{one.graded}" if one.graded == one.submissions else f"{one.graded} of {one.submissions}"
        mean, median = ("" if value is None else f"{value:.1f}" for value in (one.mean, one.median))
        points = f"{one.points:g}" if one.submissions else ""
        times = ["" if when is None else moment(when) for when in (one.due, one.last_graded)]
        grid.add_row(
            escape(one.assignment), graded if one.submissions else "-", mean, median, points, _look(one), *times
        )
    console.print(grid)
    if any(_look(one) for one in found):
        console.print("[dim]" + "  ".join(f"{sign.symbol} {sign.word}" for sign in TO_LOOK_AT) + "[/]")


def _look(one: AssignmentStatus) -> str:
    counts = zip((one.rejected, one.grader_errors, one.flagged, one.ungraded), TO_LOOK_AT, strict=True)
    return "  ".join(styled(sign, f"{sign.symbol}\u00a0{count}") for count, sign in counts if count)
