"""Turn the starter into a notebook, plain or ready for Colab. The same starter gives the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import jupytext

from autograder.release.pictures import expected

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

_BINDS = re.compile(r"^(?:(?:async )?def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=(?!=)", re.MULTILINE)
"""Finds what a line binds. A pattern, because a student's cell can keep a parser busy for hours."""

WRITTEN = "written"
"""The key of a cell's metadata that says which question is answered there."""

Cell = dict[str, Any]

SETUP = """\
# Run this cell first. On Colab, put {name}.zip among the files (on the left) before you do.
if __name__ == "__main__":
    import glob, importlib.util, os, zipfile

    if not os.path.exists("public.json") and os.path.exists("{name}.zip"):
        if not os.path.isdir("{name}"):
            zipfile.ZipFile("{name}.zip").extractall()
        os.chdir("{name}")
    if importlib.util.find_spec("autograder") is None:
        for wheel in glob.glob("autograder-*.whl"):
            get_ipython().run_line_magic("pip", f"install --quiet {{wheel}}")

import autograder"""


def starter_notebook(starter: str, pictures: Collection[str] = ()) -> str:
    """Return a percent-format module as notebook JSON (nbformat 4.5, no outputs, numbered cell ids)."""
    return notebook_json(cells_of(starter, pictures))


def colab_notebook(
    starter: str, name: str, exercises: Mapping[str, Sequence[str]], pictures: Collection[str] = ()
) -> str:
    """Return the starter as a notebook with a set-up cell at the top and a check after each exercise.

    `exercises` maps each number to the names that the exercise asks for.
    """
    starter_cells = cells_of(starter, pictures)
    last = last_cells(starter_cells, exercises)
    cells = [cell("code", SETUP.format(name=name))]
    for at, one in enumerate(starter_cells):
        cells.append(one)
        cells += [cell("code", f'autograder.check("{number}")') for number in exercises if last.get(number) == at]
    return notebook_json(cells)


def cells_of(source: str, pictures: Collection[str] = ()) -> list[Cell]:
    """Return the cells of a percent-format module. Below a picture cell comes what it should look like, folded.

    `pictures` are those that are released, by relative path.
    """
    found = list[Cell]()
    for one in jupytext.reads(source, fmt="py:percent").cells:
        found.append(cell(one.cell_type, one.source, _written(one.metadata)))
        if text := expected(one.source, pictures) if one.cell_type == "code" else "":
            found.append(cell("markdown", text))
    return found


def _written(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a cell that a question is answered in: they stay when its text is changed."""
    return {"autograder": {WRITTEN: metadata[WRITTEN]}} if WRITTEN in metadata else {}


def answered(one: Cell) -> str:
    """Return the number of the question that is answered in a cell; "" for any other cell."""
    return str(one["metadata"].get("autograder", {}).get(WRITTEN, ""))


def cell(kind: str, source: str, metadata: Mapping[str, Any] | None = None) -> Cell:
    """Return a cell without outputs."""
    plain = {"cell_type": kind, "metadata": dict(metadata or {}), "source": source}
    return plain | {"execution_count": None, "outputs": []} if kind == "code" else plain


def last_cells(cells: Sequence[Cell], exercises: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return, for each exercise, the index of the last cell that defines a name that the exercise asks for."""
    found: dict[str, int] = {}
    for at, one in enumerate(cells):
        names = set(defined(one["source"])) if one["cell_type"] == "code" else set()
        found |= {number: at for number, asked in exercises.items() if names & set(asked)}
    return found


def defined(source: str) -> Iterator[str]:
    """Yield the functions, classes and variables that a cell binds at its top level, even if it is not valid Python."""
    for found in _BINDS.finditer(source):
        yield found[1] or found[2]


def notebook_json(cells: Sequence[Cell]) -> str:
    """Return a notebook of these cells, with numbered cell ids."""
    whole = {
        "cells": [{**one, "id": f"cell-{number:03d}"} for number, one in enumerate(cells, 1)],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
