"""See to it that a solution needs nothing that students do not have: packages, files beside it, a place of its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence

from autograder.errors import AssignmentError
from autograder.rubric.assignment import Assignment
from autograder.rubric.authored import SOLUTION, parsed

READERS = frozenset(("open", "read_csv", "read_text", "read_bytes", "load", "loadtxt", "genfromtxt", "imread"))
"""Functions that read a file, by the last part of their name."""


def refuse_outside(assignment: Assignment, packages: Collection[str]) -> None:
    """Raise `AssignmentError` where a solution needs what a submission of its kind does not have.

    Args:
        assignment: The assignment.
        packages: What students may import, beside the standard library.
    """
    tree = parsed(assignment.folder / SOLUTION)
    if problem := next(_problems(tree, packages), ""):
        raise AssignmentError(f"{SOLUTION}, {problem}")


def _problems(tree: ast.Module, packages: Collection[str]) -> Iterator[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        for package in _imported(node):
            if package not in packages and package not in sys.stdlib_module_names:
                yield (
                    f"line {node.lineno}: {package} is not among the assignment's packages, so no student may import "
                    "it. Name it under `packages:` in grader_config.yml, or do without"
                )
    for one in _when_loaded(tree.body):
        match one:
            case ast.Call(
                lineno=line, func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(value=str(file)), *_]
            ):
                if name in READERS:
                    yield (
                        f"line {line}: {file} is read when the file is loaded, and where a submission is graded "
                        "there is no such file. Hand the data to the function, as an argument"
                    )


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    return [] if node.level else [(node.module or "").partition(".")[0]]


def _when_loaded(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what runs when a module is loaded: all but the bodies of functions, and of `if __name__ == "__main__"`."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            continue
        if isinstance(statement, ast.ClassDef):
            yield from _when_loaded(statement.body)
        else:
            yield from ast.walk(statement)
