"""`autograder import`: an assignment from a notebook that nbgrader or otter grades."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.new import course_folder
from autograder.cli.options import ConfigFile
from autograder.errors import ScaffoldError
from autograder.feedback.formats import points, visible

NAME = "import"
EXAMPLES = (
    "autograder import source/week_3/week_3.ipynb",
    "autograder import lab05.ipynb --name lab_5 --title 'Gradient descent'",
)


def importing(
    notebook: Annotated[Path, typer.Argument(help="A source notebook of nbgrader's, or otter's master notebook.")],
    name: Annotated[
        str | None, typer.Option("--name", help="The assignment's name, as its module's: week_3.", show_default=False)
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="The title students read.", show_default=False)] = None,
    config: ConfigFile = None,
) -> None:
    """Make an assignment of a notebook that nbgrader or otter grades. Its code is run: import what you trust."""
    from autograder.platforms.nbgrader import master as nbgrader
    from autograder.platforms.otter import master as otter
    from autograder.release.importing.master import read_cells
    from autograder.release.importing.plan import title_of_notebook
    from autograder.release.importing.write import LIST, import_master

    cells = read_cells(notebook)
    if otter.is_master(cells):
        master = otter.master_of(cells)
    elif nbgrader.is_source(cells):
        master = nbgrader.master_of(cells)
    else:
        raise ScaffoldError(
            f"{notebook} has neither nbgrader's cell settings nor otter's `# BEGIN QUESTION` cells: start with "
            "`autograder new` and move it over by hand (docs/authoring.md)"
        )
    name = name or re.sub(r"\W+", "_", notebook.stem, flags=re.ASCII).strip("_").lower()
    root = config.parent if config is not None else course_folder()
    if notebook.resolve().parent == root.resolve() and notebook.name.startswith(name):
        raise ScaffoldError(
            f"{notebook} lies in the course's own folder, where it looks like a hand-in, and the course would not be "
            "used: put it into another folder first"
        )
    title = title or title_of_notebook(master) or name.replace("_", " ").capitalize()
    made = import_master(root, name, title, master, notebook.parent)
    for path in made.written:
        print(path)
    whole = f"{points(float(made.points))} of {points(float(made.asked))} points"
    print(f"\n{made.exercises} exercises, {made.checks} checks, {whole}.")
    if made.problems:
        print(f"\nLeft to do, also in {root / 'reference' / name / LIST}:\n")
        for problem in made.problems:
            print(f"  {visible(str(problem))}")
    print(f"\nNext:\n\n  autograder validate {name}\n  autograder release {name}")
