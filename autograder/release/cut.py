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

_MARK = re.compile(r"^(\s*)# (SOLUTION|STARTER|END)\s*$")
_HEADING = re.compile(r"^# #+ Exercise (\S+)")
_DEF = re.compile(r"^\s*def (\w+)")


class MarkerError(Exception):
    """Markers that do not pair up; the message names the line."""


def starter_source(solution: str) -> str:
    """The student's module. Raises `MarkerError`."""
    kept: list[str] = []
    cut: list[str] = []
    exercise, name, state = "", "", ""
    for number, line in enumerate(solution.splitlines(), 1):
        mark = _MARK.match(line)
        if mark:
            indent, word = mark.groups()
            if word == "SOLUTION":
                _expect(state == "", number, "SOLUTION inside another block")
                state, cut = "SOLUTION", []
            elif word == "STARTER":
                _expect(state == "SOLUTION", number, "STARTER without SOLUTION")
                state = "STARTER"
            else:
                _expect(state != "", number, "END without SOLUTION")
                kept += cut or [f'{indent}raise NotImplementedError("Exercise {exercise}: {name}")']
                state = ""
        elif state == "STARTER":
            _expect(line.lstrip().startswith("#"), number, "a STARTER line is not a comment")
            cut.append(re.sub(r"# ?", "", line, count=1))
        elif state == "":
            heading, definition = _HEADING.match(line), _DEF.match(line)
            exercise = heading[1] if heading else exercise
            name = definition[1] if definition else name
            kept.append(line)
    _expect(state == "", len(solution.splitlines()), f"{state} without END")
    return "\n".join(kept).rstrip() + "\n"


def solution_lines(solution: str) -> set[str]:
    """The lines of a solution that would give it away: stripped, long enough, and not in the starter anyway."""
    state = ""
    secret: set[str] = set()
    for line in solution.splitlines():
        mark = _MARK.match(line)
        if mark:
            state = "" if mark[2] == "END" else mark[2]
        elif state == "SOLUTION" and len(line.strip()) >= 12 and not line.strip().startswith("#"):
            secret.add(line.strip())
    shown = {line.strip() for line in starter_source(solution).splitlines()}
    return secret - shown


def _expect(condition: bool, number: int, problem: str) -> None:
    if not condition:
        raise MarkerError(f"line {number}: {problem}")
