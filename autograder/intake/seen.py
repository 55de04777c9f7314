"""Say where a name stands that is not defined: a student who wrote it wonders why nobody finds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.intake.recovery import PARSE_ERRORS, Place
from autograder.intake.statements import Definition
from autograder.intake.text import printable
from autograder.syntax import parse

MAX_SEEN = 100
_DEFINES = re.compile(
    r"^[ \t#>]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^([ \t#]*)(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE
)


@dataclass(frozen=True)
class Text:
    """A file as it was handed in. `prose` are a notebook's cells that hold no code, with what to call them."""

    path: str
    source: str
    place: Place
    prose: Sequence[tuple[str, str]] = ()


def seen(names: frozenset[str], main: Text, others: Sequence[Text]) -> dict[str, str]:
    """Return a sentence on each of these names that stands somewhere after all, but where it does not count."""
    found: dict[str, str] = {}
    for name, sentence in (*_nested(main), *_in_prose(main), *_written(main), *_elsewhere(main, others)):
        if name in names and len(found) < MAX_SEEN:
            found.setdefault(name, f"`{name}` {sentence}")
    return found


def _nested(main: Text) -> Iterator[tuple[str, str]]:
    """Yield what is defined inside something else."""
    try:
        waiting: list[tuple[ast.AST, str]] = [(parse(main.source), "")]
    except PARSE_ERRORS:
        return
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, Definition) and inside:
            yield (
                node.name,
                f"stands inside {inside} ({main.place(node.lineno)}): write it outside, at the left margin.",
            )
        within = inside
        if isinstance(node, ast.ClassDef):
            within = f"the class `{printable(node.name, 40)}`"
        elif isinstance(node, Definition):
            within = f"`{printable(node.name, 40)}`"
        elif isinstance(node, ast.stmt) and not inside:
            within = "a block that does not run here"
        waiting += [(child, within) for child in list(ast.iter_child_nodes(node))[::-1]]


def _in_prose(main: Text) -> Iterator[tuple[str, str]]:
    for what, text in main.prose:
        for name, _, _ in _definitions(text):
            yield name, f"stands in {what}: make that a code cell."


def _written(main: Text) -> Iterator[tuple[str, str]]:
    for name, line, comment in _definitions(main.source):
        where = main.place(line)
        if comment:
            yield name, f"stands in a comment, or in a cell that is not Python ({where})."
        else:
            yield name, f"stands in code that does not run here, or in quotes ({where})."


def _elsewhere(main: Text, others: Sequence[Text]) -> Iterator[tuple[str, str]]:
    for other in others:
        for name, line, comment in _definitions(other.source):
            if not comment:
                path, graded = printable(other.path), printable(main.path)
                yield (
                    name,
                    f"stands in {path} ({other.place(line)}), but {graded} is the file that is graded: put it there.",
                )


def _definitions(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield the names that lines look like defining, with the line, and whether it is commented out."""
    line, at = 1, 0
    for found in _DEFINES.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        yield found[1] or found[3], line, "#" in (found[0] if found[1] else found[2])
