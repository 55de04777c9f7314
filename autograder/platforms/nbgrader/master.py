"""Read a source notebook of nbgrader's: solution regions, grade cells, and what is graded by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from autograder.release.importing.master import Case, Cell, Code, Line, Manual, Master, Part, Problem, Tests, Text

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
BEGIN_SCHEME, END_SCHEME = "BEGIN MARK SCHEME", "END MARK SCHEME"


def is_source(cells: Sequence[Cell]) -> bool:
    """Return whether cells are those of a source notebook of nbgrader's."""
    return any(_settings(cell) for cell in cells)


def master_of(cells: Sequence[Cell]) -> Master:
    """Take a source notebook apart."""
    reader = _Reader()
    for cell in cells:
        reader.take(cell)
    return Master(tuple(reader.parts), tuple(reader.problems))


class _Reader:
    """Reads cell after cell. A question is a run of solution cells, with the tests that follow it."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.problems: list[Problem] = []
        self._question = ""
        self._tested = True
        self._above = ""

    def take(self, cell: Cell) -> None:
        settings = _settings(cell)
        name = str(settings.get("grade_id") or f"cell-{cell.number}")
        graded, solved, points = bool(settings.get("grade")), bool(settings.get("solution")), _points(settings)
        if cell.kind == "markdown":
            self._text(cell, name, points, solved, graded or bool(settings.get("task")))
        elif cell.kind != "code":
            if cell.source.strip():
                self.problems.append(
                    Problem(cell.number, "a raw cell", "It is left out: copy what students need of it")
                )
        elif graded and solved:
            self.parts.append(Manual(cell.number, name, points, self._above, "", code=True))
            self.parts.append(self._code(cell, whole=True))
        elif graded:
            self._tested = True
            self.parts += _tests(cell, self._question or name, points)
        elif solved or BEGIN in cell.source:
            if self._tested:
                self._question, self._tested = name, False
            self.parts.append(self._code(cell, whole=solved))
        else:
            self.parts.append(Code(cell.number, tuple(map(Line, cell.source.split("\n")))))

    def _text(self, cell: Cell, name: str, points: Fraction, solved: bool, graded: bool) -> None:
        shown, scheme = _apart(cell.source, BEGIN_SCHEME, END_SCHEME)
        shown, answer = _apart(shown, BEGIN, END)
        if solved and not answer:
            shown, answer = "", shown
        if shown.strip():
            self.parts.append(Text(cell.number, shown))
        if graded:
            prompt = shown if shown.strip() else self._above
            self.parts.append(Manual(cell.number, name, points, prompt, "\n\n".join(filter(None, (answer, scheme)))))
        elif answer:
            self.problems.append(Problem(cell.number, "an answer in words that nobody grades", "It is left out"))
        self._above = shown if shown.strip() else self._above

    def _code(self, cell: Cell, *, whole: bool) -> Code:
        lines, region, inside = [], 0, False
        for text in cell.source.split("\n"):
            if BEGIN in text:
                inside, region = True, region + 1
            elif END in text:
                inside = False
            else:
                lines.append(Line(text, region if inside else 0))
        if inside:
            self.problems.append(
                Problem(cell.number, f"a `{BEGIN}` without its end", "All below it is cut: put `# END` where it ends")
            )
        if whole and not region:
            lines = [Line(line.text, 1) for line in lines]
        return Code(cell.number, tuple(lines), question=self._question)


def _tests(cell: Cell, question: str, points: Fraction) -> Iterator[Tests]:
    """Yield what a grade cell tests. nbgrader gives all its points or none: where a part is hidden, the whole is, and
    has the points; students can run the rest, for no points."""
    shown, hidden = _apart(cell.source, BEGIN_HIDDEN, END_HIDDEN)
    if not hidden:
        yield Tests(question, (Case(cell.number, shown),), points, True)
        return
    if _has_code(shown):
        yield Tests(question, (Case(cell.number, shown),), Fraction(0), True)
    whole = "\n".join(line for line in cell.source.split("\n") if not _is_mark(line))
    yield Tests(question, (Case(cell.number, whole),), points, False)


def _has_code(text: str) -> bool:
    return any(line.strip()[:1] not in ("", "#") or "AUTOTEST" in line for line in text.split("\n"))


def _is_mark(line: str) -> bool:
    return BEGIN_HIDDEN in line or END_HIDDEN in line


def _apart(source: str, begin: str, end: str) -> tuple[str, str]:
    """Return the lines outside of a region, and those inside."""
    outside, inside, there = list[str](), list[str](), False
    for line in source.split("\n"):
        if begin in line or end in line:
            there = begin in line
        else:
            (inside if there else outside).append(line)
    return "\n".join(outside), "\n".join(inside)


def _settings(cell: Cell) -> Mapping[str, Any]:
    found = cell.metadata.get("nbgrader")
    return found if isinstance(found, dict) else {}


def _points(settings: Mapping[str, Any]) -> Fraction:
    try:
        return Fraction(str(settings.get("points") or 0))
    except ValueError:
        return Fraction(0)
