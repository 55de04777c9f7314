"""`autograder new`: a working assignment to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.options import ConfigFile
from autograder.config import search

EXAMPLES = (
    "autograder new week_3",
    'autograder new week_3 --title "Attention"',
)


def new(
    name: Annotated[str, typer.Argument(help="The assignment's name, as its module's: week_3.", show_default=False)],
    title: Annotated[str | None, typer.Option("--title", help="The title students read.", show_default=False)] = None,
    config: ConfigFile = None,
) -> None:
    """Start an assignment: a small one that works, to change step by step. docs/authoring.md goes on from there."""
    from autograder.release.scaffold import scaffold

    root = config.parent if config is not None else course_folder()
    for path in scaffold(root, name, title or name.replace("_", " ").capitalize()):
        print(path)
    print(f"\nIt works as it is. Try:\n\n  autograder validate {name}\n  autograder release {name}")


def course_folder() -> Path:
    """Return the folder of the course we are in, or this one where there is none yet."""
    found = search(Path.cwd())
    return found.parent if found is not None else Path.cwd()
