"""Run a driver: code of the rubric's own that uses somebody's work where that runs.

Beside a student's code nothing is out of its reach, so this keeps a driver apart as far as may be: it is defined anew
for each call, in a namespace of its own, with Python's builtins as they were before any of the student's code ran. What
it returns is data like any other, and judged outside.
"""

from __future__ import annotations

import builtins
import contextlib
import linecache
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from autograder.errors import MissingNameError

FILE = "the check's driver"
"""What a driver's code is called in tracebacks."""
_BUILTINS = dict(vars(builtins))


class Work:
    """Somebody's functions and classes, as a driver is given them: `student.Scalar` is the class of that name."""

    __slots__ = ("_namespace",)

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        """Return what stands under a name. Raises `MissingNameError`."""
        if name not in self._namespace:
            raise MissingNameError(name)
        return self._namespace[name]


def define(name: str, code: str) -> Callable[..., Any]:
    """Return the function `name` that `code` defines, fresh, in a namespace of its own."""
    linecache.cache[FILE] = (len(code), None, code.splitlines(True), FILE)
    namespace: dict[str, Any] = {"__builtins__": dict(_BUILTINS), "__name__": "driver"}
    exec(compile(code, FILE, "exec", dont_inherit=True), namespace)
    found: Callable[..., Any] = namespace[name]
    return found


@contextmanager
def surroundings() -> Iterator[None]:
    """Work in an empty folder; afterwards the folder is the one before, and so are the standard streams."""
    streams = sys.stdin, sys.stdout, sys.stderr
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="driver-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            with contextlib.suppress(OSError):
                os.chdir(before)
