"""Recover what compiles from source that does not: a student loses the function with the error, not the file."""

from __future__ import annotations

import re
from collections.abc import Callable

from autograder.intake.blocks import block_starts
from autograder.intake.newer import Newer, newer_syntax
from autograder.intake.text import printable
from autograder.syntax import parse

Place = Callable[[int], str]
"""Turns a line number into words: "line 12" or "cell 4, line 2"."""

PARSE_ERRORS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError)
"""What `ast.parse` and `compile` raise for source that they refuse."""

_BUDGET = 3_000_000
"""How many characters may be parsed again while looking for the parts that compile."""

MAX_NOTES = 30

_DEFINITION = re.compile(r"^\f*(?:async\s+)?(?:def|class)\s+([^\W\d]\w*)", re.MULTILINE)


def recover(text: str, place: Place) -> tuple[str, list[str]]:
    """Replace each top-level part that does not parse; return the source, its lines in place, and a note for each part.

    A broken function becomes one that raises its syntax error when called.
    """
    try:
        parse(text)
        return text, []
    except PARSE_ERRORS:
        pass
    lines = text.split("\n")
    starts = block_starts(text, lines)
    notes: list[str] = []
    budget = _BUDGET
    at = 0
    while at + 1 < len(starts):
        error: BaseException | None = None
        for to in range(at + 1, min(at + 40, len(starts))):
            block = "\n".join(lines[starts[at] : starts[to]])
            budget -= len(block) + 1
            problem = _problem(block) if budget > 0 else MemoryError()
            if problem is None:
                at = to
                break
            error = error or problem
            if budget <= 0:
                at = _give_up(lines, starts, at, error, place, notes)
                break
        else:
            at = _give_up(lines, starts, at, error, place, notes)
    return "\n".join(lines), notes


def _problem(block: str) -> BaseException | None:
    try:
        parse(block)
    except PARSE_ERRORS as error:
        return error
    return None


def _give_up(
    lines: list[str], starts: list[int], at: int, error: BaseException | None, place: Place, notes: list[str]
) -> int:
    """Replace the block that begins at `starts[at]`; return where to go on."""
    begin, end = starts[at], starts[at + 1]
    where = min(begin + ((error.lineno or 1) if isinstance(error, SyntaxError) else 1), end)
    name = _DEFINITION.search("\n".join(lines[begin:end]))
    newer = newer_syntax("\n".join(lines[begin:end]))
    note, stub = broken(name.group(1) if name else "", error, place(where), newer)
    if len(notes) < MAX_NOTES:
        notes.append(note)
    lines[begin:end] = [f"# {line}" if line.strip() else "" for line in lines[begin:end]]
    if stub:
        lines[begin] = stub
    return at + 1


def broken(name: str, error: BaseException | None, where: str, newer: Newer | None = None) -> tuple[str, str]:
    """Return the note on a part that does not compile, and the line that replaces a function ("" for other parts)."""
    what = printable(error.msg if isinstance(error, SyntaxError) else "it cannot be read as Python", 120)
    said = f"syntax error ({what})" if newer is None else str(newer)
    if not name:
        return f"{where}: {said}. This part was left out; everything else is graded.", ""
    note = f"{where}: {said}. `{name}` was left out; everything else is graded."
    text = f"{what if newer is None else newer} ({where})"
    return note, f"def {name}(*args, **kwargs): raise SyntaxError({text!r})"
