"""State what must hold of a student's work. Each function raises `MismatchError` where it does not."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch

from autograder.errors import MismatchError, StudentError
from autograder.rubric.compare import as_tensor, compare, shown
from autograder.rubric.drivers import Driver, driver_of
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student


def expect(condition: bool | torch.Tensor, message: str) -> None:
    """Require a condition.

    Args:
        condition: A bool, or a tensor of one element.
        message: Tells the student what should hold.

    Raises:
        MismatchError: The condition is false; carries `message`.

    Example:
        >>> weights = torch.softmax(draw.normal(3, 5), dim=1)
        >>> expect(torch.allclose(weights.sum(1), torch.ones(3, dtype=draw.dtype)), "each row sums to 1")
        >>> expect(weights.max() > 1, "a weight is larger than 1")
        Traceback (most recent call last):
        autograder.errors.MismatchError: a weight is larger than 1
    """
    if not bool(condition):
        raise MismatchError(message)


def matches(
    student: Student, reference: Reference, name: str | Driver | Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Require that the student's function returns what the reference returns for the same arguments.

    The form of most checks. Both sides get copies of the arguments; the tolerances are those of `compare`.

    Args:
        student: The student's code, as passed to the check.
        reference: The hidden solution, as passed to the check.
        name: The function to call on both sides, or a driver to run there.
        *args: Its arguments: tensors, numbers, strings, generators, and lists, tuples or dicts of them.
        **kwargs: Its keyword arguments.

    Returns:
        The student's result, for further conditions.

    Raises:
        MismatchError: The results differ.
        StudentError: The student's function is missing, not attempted, or raised.

    Example:
        >>> losses = Rubric().exercise("1.3", "Losses", owns=("mse", "mae"), points=2)
        >>> @losses.check("mse", 2)
        ... def any_length(student, reference, draw):
        ...     '''The mean of the squared errors, for any number of predictions.'''
        ...     for n in (2, 5, 17):
        ...         matches(student, reference, "mse", draw.normal(n), draw.normal(n))
        >>> any_length(student, reference, draw)
        >>> matches(student, reference, "mae", torch.zeros(2), torch.tensor([1.0, -1.0]))
        Traceback (most recent call last):
        autograder.errors.MismatchError: `mae` differs (you return 0, off by 1).
    """
    return same_result(student, reference, name, args, kwargs)


def raises(student: Student, error: str, name: str, *args: Any, **kwargs: Any) -> None:
    """Require that the student's function raises an exception.

    Args:
        student: The student's code, as passed to the check.
        error: The name of the exception's type: "ValueError". One that is derived from it will do, too.
        name: The function to call.
        *args: Its arguments.
        **kwargs: Its keyword arguments.

    Raises:
        MismatchError: It returns something, or raises another exception.
        StudentError: It is missing or not attempted.

    Example:
        >>> raises(student, "TypeError", "mae", None, torch.zeros(2))
        >>> raises(student, "ValueError", "mae", torch.zeros(2), torch.zeros(2))
        Traceback (most recent call last):
        autograder.errors.MismatchError: `mae` returns 0; a ValueError is asked for.
    """
    try:
        got = student.call(name, *args, **kwargs)
    except StudentError as stopped:
        if not stopped.raised:
            raise
        if not _is_kind(stopped.raised, error):
            raise MismatchError(f"`{name}` raises a {stopped.raised}; a {error} is asked for.") from stopped
    else:
        raise MismatchError(f"`{name}` returns {shown(got)}; a {error} is asked for.")


def _is_kind(raised: str, error: str) -> bool:
    """Return whether an exception is of a type, by their names: the one, or derived from it in Python itself."""
    kind, wanted = getattr(builtins, raised, None), getattr(builtins, error, None)
    derived = isinstance(kind, type) and isinstance(wanted, type) and issubclass(kind, wanted)
    return raised == error or derived


def same_result(
    student: Student,
    reference: Reference,
    name: str | Driver | Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    rtol: float | None = None,
    atol: float | None = None,
) -> Any:
    """Do as `matches`, within these tolerances."""
    if isinstance(name, str):
        expected = reference.call(name, *args, **kwargs)
        got = student.call(name, *args, **kwargs)
    else:
        expected = reference.drive(name, *args, **kwargs)
        got = student.drive(name, *args, **kwargs)
    compare(got, expected, f"`{name if isinstance(name, str) else student.about or driver_of(name).name}`", rtol, atol)
    return got


def tensor_of(value: Any, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """Return the student's value as a float64 tensor of the required shape.

    Use it before computing with an answer: an answer may be anything.

    Args:
        value: What the student returned: a number, a tensor, or a nested list of numbers.
        shape: The required shape. A single number counts as a tensor of any shape with one element.
        what: What the value is called in the message.

    Returns:
        A float64 tensor of shape `shape`, detached.

    Raises:
        MismatchError: The value is not numeric, or has another shape; the message names both shapes.

    Example:
        >>> tensor_of([[1, 2], [3, 4]], (2, 2), "the weights").sum()
        tensor(10., dtype=torch.float64)
        >>> tensor_of([1, 2], (3,), "the weights")
        Traceback (most recent call last):
        autograder.errors.MismatchError: the weights has shape (2,); asked for is (3,).
    """
    tensor = as_tensor(value)
    if tensor is None:
        raise MismatchError(f"{what}: expected a tensor of shape {shape}, got {shown(value)}.")
    if tuple(tensor.shape) != shape and not (tensor.numel() == 1 and math.prod(shape) == 1):
        raise MismatchError(f"{what} has shape {tuple(tensor.shape)}; asked for is {shape}.")
    return tensor.reshape(shape).double()


def same_trajectory(got: Any, expected: Sequence[Any], what: str) -> None:
    """Require that two training runs agree step by step.

    Use it on the first steps of an optimiser, where two right implementations stay within the tolerances of `compare`.

    Args:
        got: The student's values: a list, a tuple, or a tensor whose first dimension is the step.
        expected: The reference's values, one for each step: numbers or tensors.
        what: What the values are called in the message.

    Raises:
        MismatchError: The lengths differ, or a step does; the message names the first step that differs, from 0.

    Example:
        >>> same_trajectory([1.0, 0.5, 0.25], [1.0, 0.5, 0.25], "the losses")
        >>> same_trajectory([1.0, 0.5, 0.5], [1.0, 0.5, 0.25], "the losses")
        Traceback (most recent call last):
        autograder.errors.MismatchError: the losses, step 2 differs (you return 0.5, off by 0.25).
    """
    if not isinstance(got, list | tuple) and not (isinstance(got, torch.Tensor) and got.ndim):
        raise MismatchError(f"{what}: expected one value for each of {len(expected)} steps, got {shown(got)}.")
    if len(got) != len(expected):
        raise MismatchError(f"{what}: expected {len(expected)} entries, got {len(got)}.")
    for step, (one, other) in enumerate(zip(got, expected, strict=True)):
        compare(one, other, f"{what}, step {step}")


def in_order(values: Sequence[tuple[str, float]], message: str, slack: float = 0.0) -> None:
    """Require that named values fall from first to last.

    Args:
        values: Pairs (name, value), the largest value first.
        message: Tells the student what should fall.
        slack: How much larger than its predecessor a value may be, as a fraction of the predecessor: each is at most
            its predecessor times (1 + slack). For values that scatter with the seed.

    Raises:
        MismatchError: A value is too large, or NaN; the message names it and its predecessor.

    Example:
        >>> in_order([("7 days", 0.50), ("28 days", 0.505)], "more days help", slack=0.02)
        >>> in_order([("7 days", 0.50), ("28 days", 0.505)], "more days help")
        Traceback (most recent call last):
        autograder.errors.MismatchError: more days help: 28 days gives 0.505, which is not below 7 days with 0.5.
    """
    for (before, high), (after, low) in pairwise(values):
        if not low <= high * (1 + slack):
            raise MismatchError(f"{message}: {after} gives {low:.3g}, which is not below {before} with {high:.3g}.")
