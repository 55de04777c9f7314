"""Cut solutions out of a solution source, leaving what the student starts from.

    # SOLUTION
    ...                     the solution, which no student sees
    # STARTER
    # answer = None         optional: what the starter has instead, with its "# " taken off
    # END

A block without STARTER becomes `raise NotImplementedError("Exercise 1.1: make_windows")`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.errors import MarkerError
from autograder.release.markers import markers

MIN_SECRET = 12
"""A shorter line of a solution (`return x`, `else:`) gives nothing away."""

BEGIN, STARTER, END = "BEGIN SOLUTION", "STARTER", "END SOLUTION"
"""The marks around a region in nbgrader's source version; nbgrader knows the first and the last."""

_MARK = re.compile(r"^([ \t]*)# (SOLUTION|STARTER|END)[ \t]*$")
_HEADING = re.compile(r"^# #+ Exercise (\S+)")
_DEF = re.compile(r"^([ \t]*)(?:async )?def (\w+)")


@dataclass(frozen=True)
class Block:
    """A block that is cut.

    Attributes:
        first: The line of its first mark.
        last: The line of its last mark.
        code: Whether there is code between them.
        exercise: The number in the heading above; "" without one.
    """

    first: int
    last: int
    code: bool
    exercise: str


class Cut:
    """A solution taken apart: the starter's lines, the secret lines, and all lines with nbgrader's marks.

    Raises `MarkerError` where markers do not pair up, or one of another dialect would be released.

    Attributes:
        kept: The starter's lines, each with its number in the solution.
        stubs: The numbers, in the solution, of the blocks' ends that became a `raise NotImplementedError`.
        secret: The lines that were cut.
        marked: All lines, with nbgrader's marks.
        blocks: What was cut.
    """

    def __init__(self, solution: str) -> None:
        self.kept: list[tuple[int, str]] = []
        self.stubs: set[int] = set()
        self.secret: list[str] = []
        self.marked: list[str] = []
        self.blocks: list[Block] = []
        self._exercise = ""
        self._functions: list[tuple[int, str]] = []
        try:
            self._take_apart(solution)
        except MarkerError:
            _refuse(enumerate(solution.split("\n"), 1))  # says more: a mark that is misspelt has no pair
            raise
        _refuse(iter(self.kept))

    @property
    def starter(self) -> str:
        """What the student starts from, line by line."""
        return "\n".join(line for _, line in self.kept)

    def _take_apart(self, solution: str) -> None:
        first, code = 0, False
        state, starter, indent, number = "", list[tuple[int, str]](), "", 0
        for number, line in enumerate(solution.split("\n"), 1):
            mark = _MARK.match(line)
            if mark and mark[2] == "SOLUTION":
                _expect(
                    state == "", number, f"SOLUTION inside another block: the one of line {first} needs its `# END`"
                )
                state, starter, indent, first, code = "SOLUTION", [], mark[1], number, False
                self.marked.append(f"{indent}### {BEGIN}")
            elif mark and mark[2] == "STARTER":
                _expect(state == "SOLUTION", number, "STARTER without SOLUTION: write `# SOLUTION` above it")
                state = "STARTER"
            elif mark:
                _expect(state != "", number, "END without SOLUTION: write `# SOLUTION` above it")
                if state == "SOLUTION":
                    self.stubs.add(number)
                    starter = [(number, self._not_written(indent, number))]
                self.kept += starter
                self.marked += [f"{indent}### {STARTER}", *(f"# {one}" for _, one in starter), f"{indent}### {END}"]
                self.blocks.append(Block(first, number, code, self._exercise))
                state = ""
            elif state == "SOLUTION":
                self.secret.append(line)
                self.marked.append(line)
                code = code or line.strip()[:1] not in ("", "#")
            elif state == "STARTER":
                _expect(line.lstrip()[:1] in ("", "#"), number, "a STARTER line is not a comment: begin it with `# `")
                starter.append((number, uncommented(line)))
            else:
                self.kept.append((number, line))
                self.marked.append(line)
                self._look_at(line)
        _expect(state == "", number, f"{state} without END: write `# END` for the block of line {first}")

    def _look_at(self, line: str) -> None:
        """Keep track of the exercise and of the functions that enclose the next line."""
        heading, definition = _HEADING.match(line), _DEF.match(line)
        if heading:
            self._exercise = heading[1]
        if definition:
            depth = len(definition[1])
            self._functions = [(d, name) for d, name in self._functions if d < depth] + [(depth, definition[2])]

    def _not_written(self, indent: str, number: int) -> str:
        enclosing = [name for depth, name in self._functions if depth < len(indent)]
        _expect(bool(enclosing), number, "a SOLUTION outside of any function needs a STARTER")
        return f'{indent}raise NotImplementedError("Exercise {self._exercise}: {enclosing[-1]}")'


def starter_source(solution: str) -> str:
    """Return the student's module. Raises `MarkerError`."""
    return Cut(solution).starter.rstrip() + "\n"


def nbgrader_source(solution: str) -> str:
    """Return the whole solution with nbgrader's marks. Each region holds, as comments, what the starter has instead.

    Raises `MarkerError`.
    """
    return "\n".join(Cut(solution).marked).rstrip() + "\n"


def without_regions(cell: str) -> str:
    """Return a cell of `nbgrader_source` as the starter has it."""
    kept, state = list[str](), ""
    for line in cell.split("\n"):
        mark = line.strip().removeprefix("### ")
        if mark in (BEGIN, STARTER, END):
            state = "" if mark == END else mark
        elif state == STARTER:
            kept.append(uncommented(line))
        elif state != BEGIN:
            kept.append(line)
    return "\n".join(kept)


def uncommented(line: str) -> str:
    """Return a line of code without the "# " in front."""
    return re.sub(r"# ?", "", line, count=1).rstrip()


def solution_lines(solution: str) -> set[str]:
    """Return the lines of a solution that would give it away: stripped, long enough, and not in the starter."""
    cut = Cut(solution)
    lines = {line.strip() for line in cut.secret}
    return {line for line in lines if len(line) >= MIN_SECRET and line not in cut.starter}


def _expect(condition: bool, number: int, problem: str) -> None:
    if not condition:
        raise MarkerError(f"line {number}: {problem}")


def _refuse(lines: Iterator[tuple[int, str]]) -> None:
    """Raise `MarkerError` for the first line that is a marker in another dialect."""
    for found in markers((number, line) for number, line in lines if not _MARK.match(line)):
        raise MarkerError(str(found))
