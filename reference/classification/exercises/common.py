"""What checks of several exercises share."""

from __future__ import annotations

from typing import Any

import torch

from autograder.rubric import (
    Draw,
    MismatchError,
    Reference,
    Student,
    same_trajectory,
)

OPTIMISERS = ("torch.optim",)


def listed(value: Any, what: str, count: int) -> list[Any]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


def constant(draw: Draw, *values: Any) -> tuple[torch.Tensor, ...]:
    """Plain numbers as tensors of the run's dtype."""
    return tuple(torch.tensor(value, dtype=draw.dtype) for value in values)


def descent(draw: Draw, count: int, size: int) -> tuple[torch.Tensor, ...]:
    """theta, gradients of very different sizes and none near 0, and learning rates that change from step to step."""
    grads = draw.normal(count, size) * draw.uniform(count, 1, low=0.3, high=3)
    grads = grads + 0.1 * torch.where(grads < 0, -1.0, 1.0)
    return draw.normal(size), grads, draw.uniform(count, low=0.05, high=0.5)


LENGTHS = ((2, 3), (4, 2), (9, 5))


def follows(student: Student, reference: Reference, draw: Draw, name: str, *extra: float) -> None:
    """The student's optimiser goes where the reference's goes, step by step."""
    for count, size in LENGTHS:
        problem = descent(draw, count, size)
        same_trajectory(student.call(name, *problem, *extra), list(reference.call(name, *problem, *extra)), f"`{name}`")


def walk(theta, grads, etas, step):
    """The path of theta when step(t, g, eta) says how far to move."""
    path = []
    for t, (g, eta) in enumerate(zip(grads, etas)):
        theta = theta + step(t, g, eta)
        path.append(theta)
    return torch.stack(path)
