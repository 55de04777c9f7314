"""What checks of several exercises share."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    MismatchError,
)


def regression_problem(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """x (rows, columns), y, w and a scalar b, away from the kinks of the MAE."""
    x, y, w = draw.normal(rows, columns), draw.normal(rows, scale=2), draw.normal(columns)
    b = torch.tensor(draw.number(0.3, 1.5), dtype=draw.dtype)
    return x, y, w, b


def pair(value: object, what: str, count: int) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)
