"""Three values, on other inputs for each submission."""

from __future__ import annotations

import torch

from autograder.rubric import Draw, Exercise, Rubric

first = Exercise("1", "Mean squared error", owns=("mse",), points=1)
second = Exercise("2", "ReLU", owns=("relu",), points=1)
third = Exercise("3", "Softmax", owns=("softmax",), points=1)
rubric = Rubric(first, second, third)


@first.cases("mse", 1)
def the_mean(draw: Draw) -> tuple[torch.Tensor, ...]:
    """The mean of the squared differences."""
    return draw.normal(4, 5), draw.normal(4, 5)


@second.cases("relu", 1)
def the_ramp(draw: Draw) -> tuple[torch.Tensor, ...]:
    """What is negative becomes 0."""
    return (draw.normal(4, 5),)


@third.cases("softmax", 1)
def the_rows(draw: Draw) -> tuple[torch.Tensor, ...]:
    """Exponentials over their sum, row by row."""
    return (draw.normal(4, 5),)
