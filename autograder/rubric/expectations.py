"""State what must hold of a student's work. Each function raises `MismatchError` where it does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from autograder.errors import MismatchError
from autograder.rubric.compare import as_tensor, compare, shown
from autograder.rubric.student import Reference, Student


def expect(condition: bool | torch.Tensor, message: str) -> None:
    """An invariant: `message` says to the student what should hold and does not."""
    if not bool(condition):
        raise MismatchError(message)


def matches(student: Student, reference: Reference, name: str, *args: Any, **kwargs: Any) -> Any:
    """The student's function returns what the reference returns. Gives back the student's result."""
    expected = reference.call(name, *args, **kwargs)
    got = student.call(name, *args, **kwargs)
    compare(got, expected, f"`{name}`")
    return got


def tensor_of(value: Any, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """The student's value as a float tensor of the given shape, or a `MismatchError` that names both shapes."""
    tensor = as_tensor(value)
    if tensor is None:
        raise MismatchError(f"{what}: expected a tensor of shape {shape}, got {shown(value)}.")
    if tuple(tensor.shape) != shape and not (tensor.numel() == 1 and math.prod(shape) == 1):
        raise MismatchError(f"{what} has shape {tuple(tensor.shape)}; asked for is {shape}.")
    return tensor.reshape(shape).double()


def same_trajectory(got: Any, expected: Sequence[Any], what: str) -> None:
    """Two training runs agree step by step; the message names the first step that differs."""
    if not isinstance(got, list | tuple) and not (isinstance(got, torch.Tensor) and got.ndim):
        raise MismatchError(f"{what}: expected one value for each of {len(expected)} steps, got {shown(got)}.")
    if len(got) != len(expected):
        raise MismatchError(f"{what}: expected {len(expected)} entries, got {len(got)}.")
    for step, (one, other) in enumerate(zip(got, expected, strict=True)):
        compare(one, other, f"{what}, step {step}")


def in_order(values: Sequence[tuple[str, float]], message: str, slack: float = 0.0) -> None:
    """Named values fall from first to last: each is at most its predecessor times (1 + slack)."""
    for (before, high), (after, low) in pairwise(values):
        if not low <= high * (1 + slack):
            raise MismatchError(f"{message}: {after} gives {low:.3g}, which is not below {before} with {high:.3g}.")
