"""A notebook that another tool grades, taken apart: what is text, what is code, what tests it, what people grade."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from autograder.errors import ScaffoldError
from autograder.feedback import formats


@dataclass(frozen=True)
class Cell:
    """A cell as it stands in the notebook.

    Attributes:
        number: Its place, from 1.
        kind: "markdown", "code" or "raw".
        source: Its text.
        output: What it is seen to print or to return, as text.
        metadata: Its metadata.
    """

    number: int
    kind: str
    source: str
    output: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Something that could not be converted, or that an author should know.

    Attributes:
        cell: The number of its cell; 0 for the whole notebook.
        what: What it is about.
        todo: What to do about it.
    """

    cell: int
    what: str
    todo: str

    def __str__(self) -> str:
        place = f"cell {self.cell}: " if self.cell else ""
        return f"{place}{self.what}. {self.todo}"


@dataclass(frozen=True)
class Text:
    """A text cell that students read."""

    cell: int
    source: str
    question: str = ""


@dataclass(frozen=True)
class Line:
    """A line of code, and the region of solution that it stands in: 0 is given."""

    text: str
    region: int = 0


@dataclass(frozen=True)
class Code:
    """A code cell.

    Attributes:
        cell: Its number.
        lines: Its lines without the other tool's marks.
        instead: What students get in the place of a region, where the author said so.
        question: The question that it belongs to; "" for none.
    """

    cell: int
    lines: tuple[Line, ...]
    instead: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    question: str = ""

    @property
    def cut(self) -> bool:
        """Return whether a part of it is a solution."""
        return any(line.region for line in self.lines)


@dataclass(frozen=True)
class Case:
    """Test code of one cell.

    Attributes:
        cell: The cell's number.
        source: The code.
        output: What its last expression is to give, as text; "" for nothing.
    """

    cell: int
    source: str
    output: str = ""


@dataclass(frozen=True)
class Tests:
    """Tests that earn their points together.

    Attributes:
        question: The question that they belong to.
        cases: Their code.
        points: What they are worth.
        public: Whether students have them.
        failure: What a student is told where they fail; "" for nothing in particular.
    """

    question: str
    cases: tuple[Case, ...]
    points: Fraction
    public: bool
    failure: str = ""

    @property
    def cell(self) -> int:
        """Return the number of their first cell."""
        return self.cases[0].cell


@dataclass(frozen=True)
class Manual:
    """An answer that a person grades.

    Attributes:
        cell: The number of its cell.
        name: What it is called.
        points: What it is worth.
        prompt: The question, as far as its text is known.
        answer: The author's own answer, which no student sees.
        code: Whether code is asked for, and not words.
    """

    cell: int
    name: str
    points: Fraction
    prompt: str
    answer: str
    code: bool = False


Part = Text | Code | Tests | Manual


@dataclass(frozen=True)
class Master:
    """A notebook taken apart.

    Attributes:
        parts: Its parts, in order.
        problems: What its reader could not take along.
        files: Files that students get, relative to the notebook.
        hidden_files: Files that the grader alone gets.
    """

    parts: tuple[Part, ...]
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()
    hidden_files: tuple[str, ...] = ()

    @property
    def codes(self) -> list[Code]:
        """Return the code cells."""
        return [part for part in self.parts if isinstance(part, Code)]

    @property
    def tests(self) -> list[Tests]:
        """Return the tests."""
        return [part for part in self.parts if isinstance(part, Tests)]

    @property
    def manuals(self) -> list[Manual]:
        """Return what people grade."""
        return [part for part in self.parts if isinstance(part, Manual)]


def worth(points: Fraction) -> str:
    """Return points in words: "1 point", "2.5 points"."""
    shown = formats.points(float(points))
    return f"{shown} point" if shown == "1" else f"{shown} points"


def read_cells(path: Path) -> list[Cell]:
    """Return the cells of a notebook file in Python. Raises `ScaffoldError`."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScaffoldError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ScaffoldError(f"{path} is no notebook: it is not JSON ({error})") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ScaffoldError(f"{path} has no cells. Save it once in today's Jupyter (format 4), then import it again")
    spec = (notebook.get("metadata") or {}).get("kernelspec") or {}
    language = str(spec.get("language") or "python").lower()
    if language != "python":
        raise ScaffoldError(f"{path} is in {language}: only Python is graded here")
    return [
        Cell(number, str(cell.get("cell_type")), _joined(cell.get("source")).rstrip("\n"), _output(cell),
             cell.get("metadata") or {})
        for number, cell in enumerate(cells, 1)
    ]  # fmt: skip


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text or "")


def _output(cell: Mapping[str, Any]) -> str:
    return "".join(_texts(cell)).strip()


def _texts(cell: Mapping[str, Any]) -> Iterator[str]:
    for one in cell.get("outputs") or ():
        if one.get("output_type") == "stream" and one.get("name") == "stderr":
            continue
        yield _joined(one.get("text") or (one.get("data") or {}).get("text/plain"))
