"""`autograder check`: the public checks at home, once or whenever the file is saved."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import autograder
from autograder.sandbox.layers.interpreter import isolated, places

EXAMPLES = (
    "autograder check",
    "autograder check regression.ipynb -e 1.4 --watch",
)


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
    exercises = exercise or []
    raise typer.Exit((_watch if watch else _check_once)(file, exercises, practice=practice))


def _check_once(file: Path | None, exercises: Sequence[str], *, practice: bool) -> int:
    """Exit code 0 when every public check passed."""
    from autograder.home import check_file

    console = Console()
    with console.status("Training on your data: this can take a minute." if practice else "Checking…"):
        checked = check_file(file, exercises, practice=practice)
    checked.to_terminal(console)
    return 0 if checked.passed else 1


def _watch(file: Path | None, exercises: Sequence[str], *, practice: bool) -> int:
    """A process of its own each time: what the last run left behind does not matter. Ends with Ctrl-C."""
    package = str(Path(autograder.__file__).parent.parent)
    code = "from autograder.cli import main; sys.argv[0] = 'autograder'; main()"
    command = [sys.executable, *isolated(code, package, places()), "check", *([str(file)] if file else [])]
    for exercise in exercises:
        command += ["--exercise", exercise]
    command += ["--practice"] if practice else []
    seen: dict[Path, int] = {}
    try:
        while True:
            now = _saved(file.resolve().parent if file else Path.cwd())
            if now != seen:
                seen = now
                subprocess.run(command, check=False)
                print("Waiting for you to save. Ctrl-C ends this.", flush=True)
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0


def _saved(folder: Path) -> dict[Path, int]:
    """When each module and notebook here was written."""
    return {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix in (".py", ".ipynb")}
