"""Parse and compile students' Python, safely from several threads and without warnings; know what is not imported."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

SUBMISSION = "<submission>"
"""The file name in tracebacks for code that has no other."""

_ONE_AT_A_TIME = threading.Lock()


def parse(source: str, name: str = SUBMISSION) -> ast.Module:
    """Call `ast.parse` in one thread at a time.

    CPython counts the depth for all threads together: where a garbage collection lets another thread parse in between,
    it raises `SystemError` ("AST constructor recursion depth mismatch"), seen in 3.11.7.
    """
    with _ONE_AT_A_TIME, _silence():
        return ast.parse(source, name)


def compiled(source: str | ast.Module, name: str = SUBMISSION) -> CodeType:
    """Compile a whole module, without this file's `__future__`."""
    with _ONE_AT_A_TIME, _silence():
        return compile(source, name, "exec", dont_inherit=True)


def is_main_guard(statement: ast.stmt) -> bool:
    """Return whether a statement is `if __name__ == "__main__":`, either way round."""
    match statement:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.If(test=ast.Compare(comparators=[ast.Name(id="__name__")])):
            return True
        case _:
            return False


@contextmanager
def _silence() -> Iterator[None]:
    """Suppress warnings: an odd escape in a student's string is not for the TA's terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
