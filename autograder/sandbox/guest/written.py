"""What a student wrote with `def` or `class` counts: a value that its name gets later does not replace it."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterator
from typing import Any

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Written:
    """Follows the definitions in a namespace from statement to statement."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._found: dict[str, Any] = {}

    def note(self, statement: ast.stmt) -> None:
        """Take notice of what a statement that has just run defined, or put another function in the place of."""
        defined = set(_defined(statement))
        for name in defined & self._namespace.keys():
            self._found[name] = self._namespace[name]
        for name in self._found.keys() - defined:
            value = self._namespace.get(name)
            if value is not self._found[name] and _replaces(value, self._found[name]) and not _calls(statement, name):
                del self._found[name]

    def restore(self) -> None:
        """Give each name back what was written under it, where it stands for a mere value now."""
        self._namespace.update(self._found)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Yield the module's names that a statement may define."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _Definition):
            yield node.name
        elif not isinstance(node, ast.expr):
            waiting.extend(ast.iter_child_nodes(node))


def _replaces(value: object, written: object) -> bool:
    """Return whether a value can do what was written there: an object of a class is no class."""
    if isinstance(written, type):
        return isinstance(value, type | functools.partial) or inspect.isroutine(value)
    return callable(value)


def _calls(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement only tries a function out, as `mse = mse(x, y)` does."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            return True
        if not isinstance(node, ast.Lambda | _Definition):
            waiting.extend(ast.iter_child_nodes(node))
    return False
