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

from autograder.errors import MarkerError

MIN_SECRET = 12
"""A shorter line of a solution (`return x`, `else:`) gives nothing away."""

BEGIN, STARTER, END = "BEGIN SOLUTION", "STARTER", "END SOLUTION"
"""The marks around a region in nbgrader's source version; nbgrader knows the first and the last."""

_MARK = re.compile(r"^([ \t]*)# (SOLUTION|STARTER|END)[ \t]*$")
_HEADING = re.compile(r"^# #+ Exercise (\S+)")
_DEF = re.compile(r"^([ \t]*)(?:async )?def (\w+)")


class _Cut:
    """A solution taken apart: the starter's lines, the secret lines, and all lines with nbgrader's marks."""

    def __init__(self, solution: str) -> None:
        self.kept: list[str] = []
        self.secret: list[str] = []
        self.marked: list[str] = []
        self._exercise = ""
        self._functions: list[tuple[int, str]] = []
        state, starter, indent, number = "", list[str](), "", 0
        for number, line in enumerate(solution.split("\n"), 1):
            mark = _MARK.match(line)
            if mark and mark[2] == "SOLUTION":
                _expect(state == "", number, "SOLUTION inside another block")
                state, starter, indent = "SOLUTION", [], mark[1]
                self.marked.append(f"{indent}### {BEGIN}")
            elif mark and mark[2] == "STARTER":
                _expect(state == "SOLUTION", number, "STARTER without SOLUTION")
                state = "STARTER"
            elif mark:
                _expect(state != "", number, "END without SOLUTION")
                left = starter if state == "STARTER" else [self._not_written(indent, number)]
                self.kept += left
                self.marked += [f"{indent}### {STARTER}", *(f"# {one}" for one in left), f"{indent}### {END}"]
                state = ""
            elif state == "SOLUTION":
                self.secret.append(line)
                self.marked.append(line)
            elif state == "STARTER":
                _expect(line.lstrip()[:1] in ("", "#"), number, "a STARTER line is not a comment")
                starter.append(uncommented(line))
            else:
                self.kept.append(line)
                self.marked.append(line)
                self._look_at(line)
        _expect(state == "", number, f"{state} without END")

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
    return "\n".join(_Cut(solution).kept).rstrip() + "\n"


def nbgrader_source(solution: str) -> str:
    """Return the whole solution with nbgrader's marks. Each region holds, as comments, what the starter has instead.

    Raises `MarkerError`.
    """
    return "\n".join(_Cut(solution).marked).rstrip() + "\n"


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
    starter = starter_source(solution)
    lines = {line.strip() for line in _Cut(solution).secret}
    return {line for line in lines if len(line) >= MIN_SECRET and line not in starter}


def _expect(condition: bool, number: int, problem: str) -> None:
    if not condition:
        raise MarkerError(f"line {number}: {problem}")
