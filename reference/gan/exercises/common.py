"""What checks of several exercises share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from autograder.rubric import (
    Draw,
    MismatchError,
    Reference,
    Student,
    compare,
)


def all_match(student: Student, reference: Reference, name: str, calls: Sequence[Sequence[Any]]) -> None:
    """Like `matches` for many calls, but compares when all are made: similar mistakes tell themselves apart."""
    got = [student.call(name, *args) for args in calls]
    for one, args in zip(got, calls, strict=True):
        compare(one, reference.call(name, *args), f"`{name}`")


def weights(draw: Draw, *sizes: int, leaves: bool = False) -> list[Tensor]:
    """A network's parameters [W1, b1, ...] for these layer sizes, different for every entry."""
    found = []
    for inside, outside in zip(sizes, sizes[1:], strict=False):
        found += [draw.normal(outside, inside, scale=inside**-0.5), draw.normal(outside, scale=0.5)]
    return [parameter.requires_grad_() for parameter in found] if leaves else found


def listed(value: object, count: int, what: str) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


def a_pair(draw: Draw, *, leaves: bool) -> tuple[list[Tensor], list[Tensor], tuple[int, ...], int]:
    """Parameters of D and of G, the shape of an image, and the entries of a noise vector."""
    shape = draw.choice(((2, 3), (3, 2), (6,)))
    noise, hidden, wide = draw.distinct(3, 2, 6)
    d = weights(draw, math.prod(shape), wide, 1, leaves=leaves)
    return d, weights(draw, noise, hidden, math.prod(shape), leaves=leaves), shape, noise


def covariance(draw: Draw, size: int, rank: int | None = None) -> Tensor:
    """A covariance of this size, of full rank if none is given; in float64, where roots of zeros are safe."""
    factor = draw.normal(size, rank or 2 * size).double()
    return factor @ factor.T / factor.shape[1]


def leaves(parameters):
    return [parameter.detach().clone().requires_grad_() for parameter in parameters]
