"""Parsing and compiling others' Python: safely from several threads, and without a word about its style."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

SUBMISSION = "<submission>"
"""The file that code is said to be from, where it has no other name."""

_ONE_AT_A_TIME = threading.Lock()


def parse(source: str, name: str = SUBMISSION) -> ast.Module:
    """`ast.parse`, in one thread at a time.

    CPython keeps one count of the depth for all threads: where a garbage collection lets another thread parse in
    between, it raises `SystemError` ("AST constructor recursion depth mismatch"), seen in 3.11.7.
    """
    with _ONE_AT_A_TIME, _silence():
        return ast.parse(source, name)


def compiled(source: str | ast.Module, name: str = SUBMISSION) -> CodeType:
    """`compile` for a whole module, without our own `__future__`."""
    with _ONE_AT_A_TIME, _silence():
        return compile(source, name, "exec", dont_inherit=True)


@contextmanager
def _silence() -> Iterator[None]:
    """An odd escape in a student's string, or `x is 1`, is no news on the terminal of who grades."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
