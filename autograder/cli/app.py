"""Assembles the commands. Exit codes: 0 all is well, 1 something needs a person, 2 the command or its input is wrong.

Each command's module holds its signature and its work. It imports what needs torch inside its functions, so that help
and mistyped names are answered at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

import autograder
from autograder.cli import (
    adjust,
    backup,
    calibrate,
    check,
    docs,
    doctor,
    export,
    extend,
    feedback,
    grade,
    gradescope,
    history,
    importing,
    nbgrader,
    new,
    pictures,
    regrade,
    release,
    report,
    restore,
    roster,
    secret,
    serve,
    similarity,
    status,
    validate,
    written,
)
from autograder.cli.commands import add
from autograder.cli.terminal import lasting_output
from autograder.errors import UserError
from autograder.feedback.formats import visible

ONLY_THE_COURSE = {
    "alembic", "jupytext", "mistune", "nbconvert", "nbformat", "nbgrader", "pandas", "pebble", "psutil", "pyseccomp",
    "scipy", "sklearn", "sqlalchemy", "starlette", "tqdm", "uvicorn",
}  # fmt: skip
"""Packages of the extra "course", which students at home do not have."""

PLACES = {
    errno.EACCES: "Choose a place that this user may read and write, or change who may",
    errno.EROFS: "Choose a place that can be written to",
    errno.ENOSPC: "Make room there, then run the same command again",
    errno.EDQUOT: "Make room there, then run the same command again",
}
"""What to do where the machine refuses a file."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Grade deep-learning homework: a class at a time, against a hidden reference, in a sandbox.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"autograder {autograder.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version, and nothing else.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


add(
    app, grade, regrade, serve, roster, status, adjust, extend, history, report, written, export, feedback, similarity,
    new, importing, validate, calibrate, pictures, release, check, doctor, backup, restore, secret, docs,
)  # fmt: skip
app.add_typer(nbgrader.app, name="nbgrader")
app.add_typer(gradescope.app, name="gradescope")


def main() -> None:
    """Run the command line; what a person can put right is said in one line, without a traceback.

    SIGTERM and SIGHUP are like Ctrl-C: what is under way ends at once, and what is done stays.
    """
    _leave_out_this_folder()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup has it ignored
            signal.signal(number, signal.default_int_handler)
    with lasting_output():
        try:
            app()
        except UserError as error:
            _end(f"{error.prefix}{error}", error.exit_code)
        except ModuleNotFoundError as error:
            if error.name not in ONLY_THE_COURSE:
                raise
            _end(f"{error.name} is not installed: pip install 'autograder[course]'", 1)
        except OSError as error:
            if error.errno not in PLACES:
                raise
            place = f"{error.filename}: " if error.filename else ""
            _end(f"{place}{error.strerror}. {PLACES[error.errno]}", 1)


def _leave_out_this_folder() -> None:
    """Take neither modules nor programs from where one stands: it may be a submission."""
    sys.path[:] = [place for place in sys.path if place]
    os.environ["PATH"] = os.pathsep.join(place for place in os.get_exec_path() if os.path.isabs(place))


def _end(why: str, exit_code: int) -> NoReturn:
    print(f"autograder: {visible(why)}", file=sys.stderr)
    sys.exit(exit_code)
