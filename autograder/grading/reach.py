"""Which functions does a check come to call, itself or through others?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from types import FunctionType
from typing import Any

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.rubric.assignment import Assignment
from autograder.rubric.exercise import Check


def reached(assignment: Assignment, check: Check, engine: Engine, digest: str) -> set[str]:
    """Return what a check meets of the reference: the functions that are called, and every global that is no function:
    nobody sees who reads it."""
    called: set[str] = set()
    host = LocalHost(partial(_noting_calls, assignment, called))
    engine.run_check(host, check, digest, hints=False)
    return called


def _noting_calls(assignment: Assignment, called: set[str]) -> dict[str, Any]:
    """A fresh solution whose functions put their names into `called`; what is no function is in it from the start."""

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            called.add(name)
            return function(*args, **kwargs)

        return noted

    namespace = assignment.solution()
    functions = {name: value for name, value in namespace.items() if isinstance(value, FunctionType)}
    called |= namespace.keys() - functions
    namespace.update({name: noting(name, function) for name, function in functions.items()})
    return namespace
