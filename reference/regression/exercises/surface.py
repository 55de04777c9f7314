"""1.6 The error surface."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("1.6", "The error surface", owns=("error_surface", "lowest_point"), points=5)


@exercise.check("error_surface", 1, public=True)
def six_points(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [1, 2], y = [3, 5] give, over w = 1, 2, 3 and b = 0, 1, the surface [[2.5, 1.5], [1, 0], [0.5, 1.5]]."""
    grids = ([1.0, 2.0], [3.0, 5.0], [1.0, 2.0, 3.0], [0.0, 1.0])
    matches(student, reference, "error_surface", *(torch.tensor(values, dtype=draw.dtype) for values in grids))


@exercise.check("error_surface", 2)
def landscape(student: Student, reference: Reference, draw: Draw) -> None:
    """error_surface[i, j] is the MAE for w_grid[i] and b_grid[j]."""
    for rows, w_count, b_count in ((3, 2, 3), (8, 5, 4), (4, 1, 3), (5, 2, 1)):
        x, y = draw.uniform(rows, low=1, high=9), draw.uniform(rows, low=1, high=9)
        matches(student, reference, "error_surface", x, y, draw.normal(w_count), draw.normal(b_count, scale=2))
    x = draw.normal(4)
    matches(student, reference, "error_surface", x, x + 1000, draw.uniform(2), draw.normal(3) + 1000)


@exercise.check("lowest_point", 2)
def lowest(student: Student, reference: Reference, draw: Draw) -> None:
    """lowest_point gives the w and b of the smallest entry, also of one below 0: values, in this order."""
    for w_count, b_count in ((2, 3), (6, 4), (3, 8)):
        heights, w_grid, b_grid = draw.uniform(w_count, b_count), draw.normal(w_count), draw.normal(b_count)
        matches(student, reference, "lowest_point", heights, w_grid, b_grid)
        matches(student, reference, "lowest_point", heights - 0.7, w_grid, b_grid)  # the smallest is below 0
        heights[-1, 0], heights[0, -1] = -2.0, -1.9999  # and another one is almost as low
        matches(student, reference, "lowest_point", heights, w_grid, b_grid)


# --- mistakes ---


@exercise.mistake("error_surface", "The grid is transposed: rows belong to w_grid, columns to b_grid.")
def transposed(x, y, w_grid, b_grid):
    prediction = w_grid[None, :, None] * x + b_grid[:, None, None]
    return (prediction - y).abs().mean(dim=2)


@exercise.mistake("error_surface", "This surface shows the MSE; the MAE is asked for.")
def surface_mse(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + b_grid[None, :, None]
    return (prediction - y).square().mean(dim=2)


@exercise.mistake("error_surface", "That is a sum over the examples; take the mean.")
def surface_sum(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + b_grid[None, :, None]
    return (prediction - y).abs().sum(dim=2)


@exercise.mistake("error_surface", "The bias is missing: every column of your surface is the same.")
def surface_no_bias(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + torch.zeros_like(b_grid)[None, :, None]
    return (prediction - y).abs().mean(dim=2)


@exercise.mistake("lowest_point", "You return the indices; the values of w and b at that place are asked for.")
def indices(surface, w_grid, b_grid):
    row, column = divmod(int(surface.argmin()), len(b_grid))
    return torch.tensor(float(row)), torch.tensor(float(column))


@exercise.mistake("lowest_point", "That is the highest point of the surface.")
def highest(surface, w_grid, b_grid):
    row, column = divmod(int(surface.argmax()), len(b_grid))
    return w_grid[row], b_grid[column]


@exercise.mistake(
    "lowest_point", "Rows and columns are mixed up when the flat index is taken apart: divide by the row's length."
)
def wrong_unravel(surface, w_grid, b_grid):
    flat = int(surface.argmin())
    return w_grid[flat % len(w_grid)], b_grid[flat // len(w_grid)]


@exercise.mistake("error_surface", "Your numbers become float32 on the way: compute in the dtype you are given.")
def float32_surface(x, y, w_grid, b_grid):
    prediction = w_grid.float()[:, None, None] * x.float() + b_grid.float()[None, :, None]
    return (prediction - y.float()).abs().mean(dim=2).to(x.dtype)


@exercise.mistake("lowest_point", "The smallest entry is asked for, not the one closest to 0.")
def closest_to_zero(surface, w_grid, b_grid):
    row, column = divmod(int(surface.abs().argmin()), len(b_grid))
    return w_grid[row], b_grid[column]


@exercise.mistake("error_surface", "A grid of one w or one b is a grid: the surface stays (W, B), also with a 1 in it.")
def squeezed_surface(x, y, w_grid, b_grid):
    prediction = w_grid[:, None, None] * x + b_grid[None, :, None]
    return (prediction - y).abs().mean(dim=2).squeeze()


@exercise.mistake("lowest_point", "Two entries may differ by very little: do not round before you compare.")
def rounded_surface(surface, w_grid, b_grid):
    row, column = divmod(int(surface.round(decimals=3).argmin()), len(b_grid))
    return w_grid[row], b_grid[column]
