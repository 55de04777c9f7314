"""The commands. Exit codes: 0 all is well, 1 something needs a person, 2 the command or its input is wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli import gradescope, nbgrader, show
from autograder.cli.course import open_config, open_course
from autograder.cli.options import AsJson, ConfigFile, Fresh, Jobs, Name, OnDevice, Only, Quiet, Unsafe
from autograder.config import Device
from autograder.errors import UserError
from autograder.intake import choose, find_class

ONLY_THE_COURSE = {"jupytext", "nbconvert", "nbformat", "nbgrader", "psutil", "pyseccomp", "sqlalchemy"}
"""Packages of the extra "course", which students at home do not have."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade deep-learning homework: a class at a time, against a hidden reference, in a sandbox.",
)
app.add_typer(nbgrader.app, name="nbgrader")
app.add_typer(gradescope.app, name="gradescope")


@app.command()
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
    from autograder.cli.grading import grade_class

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


@app.command()
def status(name: Name, json: AsJson = False, config: ConfigFile = None) -> None:
    """Show the latest report of every student."""
    course = open_course(name, config)
    with course.records() as records:
        show.table(course.assignment, records.all_latest(name), json=json)


@app.command()
def report(
    name: Name,
    to: Annotated[Path | None, typer.Option("--to", help="The folder to write to.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write the HTML report again from the records, grading nothing."""
    from autograder.reports import write_reports

    course = open_course(name, config)
    folder = to or course.config.root / course.config.course.reports / name
    with course.records() as records:
        page = write_reports(
            records.all_latest(name), folder, course=course.config.course.name, title=course.settings.title
        )
    print(page)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The assignment's name, as its module's: week_3.", show_default=False)],
    title: Annotated[str | None, typer.Option("--title", help="The title students read.", show_default=False)] = None,
    config: ConfigFile = None,
) -> None:
    """Start an assignment: a small one that works, to change step by step. docs/authoring.md goes on from there."""
    from autograder.cli.scaffold import new_assignment

    raise typer.Exit(new_assignment(name, title, config))


@app.command()
def validate(
    name: Annotated[str | None, typer.Argument(help="The assignment.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every assignment of the course.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds for the right solutions.")] = 20,
    training: Annotated[bool, typer.Option("--training", help="The training checks too (slow).")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    device: OnDevice = None,
    json: AsJson = False,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Grade the grader: mutants lose points where they belong, right solutions none. Exit 1 if not."""
    names = sorted(open_config(config).assignments) if everything else [name] if name else []
    if not names:
        raise typer.BadParameter("name an assignment, or give --all")
    courses = [open_course(one, config) for one in names]
    from autograder.cli.validating import validate_assignment

    codes = [
        validate_assignment(
            course, range(seeds), training=training, jobs=jobs, json=json, quiet=quiet, device=device or Device.CPU
        )
        for course in courses
    ]
    raise typer.Exit(max(codes))


@app.command()
def calibrate(
    name: Name,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds.")] = 20,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = os.cpu_count() or 1,
    to: Annotated[Path | None, typer.Option("--to", help="Write the table as Markdown too.")] = None,
    quiet: Quiet = False,
    config: ConfigFile = None,
) -> None:
    """Measure what each rung of a ladder reaches, and the training table beside the lecture's. Exit 1: too strict."""
    course = open_course(name, config)
    from autograder.cli.calibrating import calibrate_assignment

    raise typer.Exit(calibrate_assignment(course, seeds, jobs, to, quiet=quiet))


@app.command()
def release(
    name: Name,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the starters are stale.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Pack it as a zip in this folder too.")] = None,
    wheel: Annotated[Path | None, typer.Option("--wheel", help="Put this wheel of the package in the zip.")] = None,
    config: ConfigFile = None,
) -> None:
    """Generate what students get (assignments/NAME) from the reference solution."""
    course = open_course(name, config)
    from autograder.cli.releasing import release_assignment

    raise typer.Exit(release_assignment(course, check=check, to=to, wheel=wheel))


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="Your module or notebook; the one saved last if you do not say.")
    ] = None,
    exercise: Annotated[
        list[str] | None, typer.Option("--exercise", "-e", help="Just this exercise or function (repeatable).")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Check again whenever the file is saved.")] = False,
    practice: Annotated[
        bool, typer.Option("--practice", "-p", help="Train too, on your data: where you stand on the ladder.")
    ] = False,
) -> None:
    """For students: run the public checks on your own machine. Exit 1 if one does not pass."""
    from autograder.cli.checking import check_at_home

    raise typer.Exit(check_at_home(file, exercise or [], watch=watch, practice=practice))


@app.command()
def doctor(
    without: Annotated[
        list[str] | None, typer.Option("--without", help="See what holds without a layer, as named here (repeatable).")
    ] = None,
    device: OnDevice = None,
) -> None:
    """Start the sandbox, try to break out of it, show what holds and what to install. Exit 1 without a boundary."""
    from autograder.cli.doctor import examine

    raise typer.Exit(examine(without or (), device or Device.CPU))


def main() -> None:
    """Run the command line; what a person can mend is said in one line, without a traceback."""
    try:
        app()
    except UserError as error:
        print(f"autograder: {error.prefix}{error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if error.name not in ONLY_THE_COURSE:
            raise
        print(f"autograder: {error.name} is not installed: pip install 'autograder[course]'", file=sys.stderr)
        sys.exit(1)
