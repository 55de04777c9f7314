"""Checks that need nothing but inputs: call the student's function and the reference with them, and compare."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.rubric.draw import Draw
from autograder.rubric.drivers import Driver
from autograder.rubric.expectations import same_result
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student


class Named(dict[str, Any]):
    """Keyword arguments at the end of a case's arguments; `named` makes them."""


def named(**arguments: Any) -> Named:
    """Return keyword arguments for the end of a case's tuple.

    Args:
        **arguments: The arguments by name.

    Returns:
        What `Exercise.cases` takes for keyword arguments.

    Example:
        >>> rubric = Rubric()
        >>> steps = rubric.exercise("1.4", "Steps", owns=("mse",), points=1)
        >>> @steps.cases("mse", 1)
        ... def by_name(draw):
        ...     '''The arguments are called prediction and target.'''
        ...     return draw.normal(3), named(target=draw.normal(3))
        >>> rubric.checks[0].run(student, reference, draw)
    """
    return Named(arguments)


@dataclass(frozen=True)
class Cases:
    """The calls of one check.

    Attributes:
        function: The student's function that is called.
        inputs: `inputs(draw, *size)` returns the arguments of one call.
        sizes: One entry for each call.
        rtol: The relative tolerance; None for that of `compare`.
        atol: The absolute tolerance; None for that of `compare`.
        driver: What is run instead of calling the function.
    """

    function: str
    inputs: Callable[..., Any]
    sizes: tuple[Any, ...]
    rtol: float | None = None
    atol: float | None = None
    driver: Driver | Callable[..., Any] | None = None

    @property
    def __name__(self) -> str:
        return self.inputs.__name__

    @property
    def __code__(self) -> types.CodeType:
        return self.inputs.__code__

    def __call__(self, student: Student, reference: Reference, draw: Draw) -> None:
        """Make every call. Raises `MismatchError` where the results differ."""
        for size in self.sizes:
            args = self.inputs(draw, *(size if isinstance(size, tuple) else (size,)))
            args = args if isinstance(args, tuple) else (args,)
            kwargs = args[-1] if args and isinstance(args[-1], Named) else {}
            args = args[:-1] if kwargs else args
            same_result(student, reference, self.driver or self.function, args, kwargs, self.rtol, self.atol)
