"""Parsing Python, safely from several threads."""

from __future__ import annotations

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def parse(source: str, name: str = "<unknown>") -> ast.Module:
    """`ast.parse`, in one thread at a time.

    CPython keeps one count of the depth for all threads: where a garbage collection lets another thread parse in
    between, it raises `SystemError` ("AST constructor recursion depth mismatch"), seen in 3.11.7.
    """
    with _ONE_AT_A_TIME:
        return ast.parse(source, name)
