"""See to it that a check means the student's function, where that has the name of one of the rubric's own methods.

`student.f(x)` calls the student's `f`; but `student.read` is the rubric's own `read`, whatever students are to write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import AssignmentError
from autograder.rubric.authored import modules, parsed, shown
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.student import Student

ATTRIBUTES = frozenset(("about", "asked", "breach", "calling", "exchanges"))
"""What the two have beside their methods."""
TAKES_A_NAME = ("call", "read")
"""Methods whose first argument is the name of something of the student's: with it, they are what is meant."""


def own_names() -> frozenset[str]:
    """Return the names that mean the rubric's own after `student.` and `reference.`."""
    return ATTRIBUTES | {name for name in (*vars(Student), *vars(Reference)) if not name.startswith("_")}


def refuse_clashes(folder: Path, rubric: Rubric) -> None:
    """Raise `AssignmentError` where a rubric calls a method of ours, and a function of the student's has its name.

    Args:
        folder: The assignment's folder.
        rubric: Says what students write.
    """
    clashing = rubric.functions & own_names()
    if not clashing:
        return
    for path in modules(folder):
        for line, who, name in _uses(parsed(path), clashing, rubric.functions):
            raise AssignmentError(
                f"{shown(path)}, line {line}: `{who}.{name}` is the rubric's own, and not the function `{name}` that "
                f'students write. Write `{who}.call("{name}", ...)`, or give the function another name'
            )


def _uses(tree: ast.Module, clashing: frozenset[str], owned: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """Yield each use of a clashing name: its line, whose it is, and the name."""
    meant = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call) and _names_something(call, owned)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="student" | "reference" as who), attr=name) if name in clashing:
                if id(node) not in meant:
                    yield node.lineno, who, name


def _names_something(call: ast.Call, owned: frozenset[str]) -> bool:
    """Return whether a call is `student.call("f", ...)` or `student.read("ANSWERS")`."""
    match call:
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(first)), *_]):
            return name in TAKES_A_NAME and first in owned
        case _:
            return False
