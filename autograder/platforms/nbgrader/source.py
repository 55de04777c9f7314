"""The source version of an assignment, as nbgrader wants it: solutions in marked regions, a grade cell an exercise."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.home.public_release import PublicQuestion, PublicRelease
from autograder.release.cut import BEGIN, END, nbgrader_source
from autograder.release.generate import released, with_additions, written_data
from autograder.release.notebook import Cell, answered, cell, cells_of, defined, last_cells, notebook_json
from autograder.rubric.authored import SOLUTION, source_of

SCHEMA = 3
"""The version of nbgrader's cell metadata."""

_CHECK = """\
import autograder

assert (checked := autograder.check("{number}")).passed, checked"""

_NO_CHECK = """\
# Exercise {number} has no public check. `autograder nbgrader grade` gives its points; `nbgrader autograde` cannot.
import os

import autograder

assert autograder.check("{number}").passed and os.environ.get("NBGRADER_EXECUTION") != "autograde\""""


def source_version(reference: Path, bundle: PublicRelease, assignments: Path) -> dict[str, bytes]:
    """The files of source/NAME by relative path: the notebook, and what lies next to it for students, the data that
    an assignment's own script wrote into assignments/NAME/data too.

    Raises `LeakError` and `MarkerError`.
    """
    files = written_data(reference, assignments) | released(reference, bundle, notebook_only=True)
    solution = source_of(reference / SOLUTION)
    return files | {f"{reference.name}.ipynb": source_notebook(solution, bundle, files).encode()}


def source_notebook(solution: str, bundle: PublicRelease, pictures: Collection[str] = ()) -> str:
    """The notebook with solutions; `nbgrader generate_assignment` makes the starter of it."""
    cells = cells_of(nbgrader_source(with_additions(solution, bundle)), pictures)
    asked = {exercise.number: exercise.owns for exercise in bundle.exercises}
    last = last_cells(cells, asked)
    ids = dict(_solution_ids(cells, asked, last))
    questions = {question.number: question for question in bundle.written}
    made: list[Cell] = []
    for at, one in enumerate(cells):
        if question := questions.get(answered(one)):
            made.append(_answer_cell(one, question))
            continue
        made.append({**one, "metadata": metadata(ids[at], solution=True)} if at in ids else one)
        for exercise in bundle.exercises:
            if last.get(exercise.number) == at:
                check = (_CHECK if exercise.public else _NO_CHECK).format(number=exercise.number)
                made.append(cell("code", check, metadata(grade_id(exercise.number), points=exercise.points)))
    return notebook_json(made)


def _answer_cell(one: Cell, question: PublicQuestion) -> Cell:
    """A cell to answer in, which a person grades: nbgrader puts its own words where the answer goes."""
    source = f"{one['source'].rstrip()}\n\n### {BEGIN}\n### {END}"
    graded = metadata(grade_id(question.number), solution=True, points=question.points, locked=False)
    return {**one, "source": source, "metadata": {**one["metadata"], **graded}}


def grade_id(number: str) -> str:
    """The id of an exercise's grade cell, or of a written question's answer: it stays while the number does."""
    return f"exercise-{_plain(number)}"


def solution_id(number: str) -> str:
    """The id of the last cell that an exercise is solved in; comments on it stand there."""
    return f"solution-{_plain(number)}"


def metadata(
    name: str, *, solution: bool = False, points: float | None = None, locked: bool = True
) -> dict[str, object]:
    """A cell's nbgrader metadata: a solution, or with `points` a grade cell, by default read-only."""
    graded = (
        {"grade": False, "locked": False} if points is None else {"grade": True, "locked": locked, "points": points}
    )
    return {"nbgrader": {**graded, "grade_id": name, "schema_version": SCHEMA, "solution": solution, "task": False}}


def _plain(number: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", number)


def _solution_ids(
    cells: Sequence[Cell], asked: Mapping[str, Sequence[str]], last: Mapping[str, int]
) -> Iterator[tuple[int, str]]:
    """An id for each cell with a region: that of the exercise it belongs to."""
    parts: dict[str, int] = {}
    others = 0
    for at, one in enumerate(cells):
        if one["cell_type"] != "code" or BEGIN not in one["source"]:
            continue
        names = set(defined(one["source"]))
        number = next((number for number in asked if names & set(asked[number])), None)
        if number is None:
            others += 1
            yield at, f"solution-other-{others}"
        elif last[number] == at:
            yield at, solution_id(number)
        else:
            parts[number] = parts.get(number, 0) + 1
            yield at, f"{solution_id(number)}-part-{parts[number]}"
