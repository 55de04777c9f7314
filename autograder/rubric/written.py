"""Written questions: answered in words, and graded by a person."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.errors import RubricError
from autograder.rubric.authored import described

HEADER = "**Your answer to {number}:**"
"""The first line of the cell, or of the text, in which a student answers."""

_HEADING = re.compile(r"^# #+ Exercise (\d\w*(?:\.\w+)*)\b")
_CELL = re.compile(r"^# %%")


@dataclass(frozen=True)
class Written:
    """A question that students answer in words, with points that a person gives.

    `Rubric.written` makes one and adds it; between exercises that have a module each, one is handed to `Rubric`. What
    else students read of it stands in the solution, in a text cell under the heading `## Exercise NUMBER · TITLE`; the
    release puts the place to answer below that cell.

    Attributes:
        number: "1.9".
        title: The question: "Why does momentum help?"
        points: What a full answer is worth.
        elements: What a full answer has, for the person who grades. Students never see it.
        bonus: Whether its points come on top of the assignment's.
        line: The file and the line where it was added, for messages.

    Example:
        >>> why = Written("1.9", "Why does momentum help?", points=3, elements=("averages out the noise",))
        >>> why.number, why.points
        ('1.9', 3)
    """

    number: str
    title: str
    points: float
    elements: tuple[str, ...]
    bonus: bool = False
    line: tuple[str, int] = field(default=("", 0), compare=False, repr=False)

    def verify(self) -> None:
        """Check that it is one. Loading an assignment calls this.

        Raises:
            RubricError: Its number is no text, its points are none, or nothing is said of a full answer.

        Example:
            >>> Written("1.9", "Why does momentum help?", points=0, elements=("averages",)).verify()
            Traceback (most recent call last):
            autograder.errors.RubricError: written question 1.9: points=0 is not a number above 0
        """
        problem, points = "", self.points
        if not isinstance(self.number, str):
            problem = f'write its number in quotes, "{self.number}"'
        elif isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points < math.inf:
            problem = f"points={described(points)} is not a number above 0"
        elif isinstance(self.elements, str) or not all(isinstance(one, str) and one.strip() for one in self.elements):
            problem = 'elements is a tuple of texts, with a comma: ("names the cause",)'
        elif not self.elements:
            problem = 'say what a full answer has, for the person who grades: elements=("names the cause",)'
        if problem:
            raise RubricError(f"written question {self.number}: {problem}", self.line)


def prose_of(solution: str) -> str:
    """Return the text of a solution's text cells, line by line: what students are given to read."""
    lines, inside = list[str](), False
    for line in solution.split("\n"):
        if _CELL.match(line):
            inside = "[markdown]" in line
        elif inside and line.startswith("#"):
            lines.append(_plain(line))
    return "\n".join(lines)


def question_text(solution: str, number: str) -> str:
    """Return the text cell that asks a question; "" where it has none."""
    _, lines = _cells(solution, [number]).get(number, (0, []))
    return "\n".join(lines)


def with_answer_cells(solution: str, numbers: Sequence[str]) -> str:
    """Return a solution with a cell to answer in below each written question: text in a module, Markdown in a notebook.

    Raises:
        RubricError: A question has no heading.
    """
    cells = _cells(solution, numbers)
    if missing := [number for number in numbers if number not in cells]:
        raise RubricError(
            f"solution.py does not ask question {missing[0]}: write it in a text cell under a heading, "
            f"`# ## Exercise {missing[0]} · TITLE`"
        )
    after = {end: number for number, (end, _) in cells.items()}
    lines: list[str] = []
    for at, line in enumerate(solution.split("\n")):
        lines.append(line)
        if at in after:
            lines += _answer_cell(after[at])
    return "\n".join(lines)


def _answer_cell(number: str) -> list[str]:
    return [f'# %% [markdown] written="{number}"', 'r"""', HEADER.format(number=number), "", "", '"""']


def _cells(solution: str, numbers: Sequence[str]) -> dict[str, tuple[int, list[str]]]:
    """Return, for each question, the last line of its text cell and the cell's text."""
    found: dict[str, tuple[int, list[str]]] = {}
    number = ""
    for at, line in enumerate(solution.split("\n")):
        if _CELL.match(line) or not line.startswith("#"):
            number = ""
        elif heading := _HEADING.match(line):
            number = heading[1] if heading[1] in numbers and heading[1] not in found else ""
        if number:
            _, lines = found.get(number, (at, []))
            found[number] = (at, [*lines, _plain(line)])
    return found


def _plain(line: str) -> str:
    return line.removeprefix("#").removeprefix(" ")
