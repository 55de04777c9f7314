"""3.10 Bonus: a spatial transformer."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise(
    "3.10",
    "Bonus: a spatial transformer",
    owns=("affine_grid", "bilinear_sample", "transformer_gradient"),
    points=6,
    bonus=True,
    bans=("torch.nn.functional.affine_grid", "torch.nn.functional.grid_sample"),
)


@exercise.cases("affine_grid", 0.5, public=True)
def still_grid(draw: Draw) -> tuple[object, ...]:
    """With theta [[1, 0, 0], [0, 1, 0]], the grid of 2 x 3 has corners (-1, -1) and (1, 1)."""
    return torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=draw.dtype), 2, 3


@exercise.check("bilinear_sample", 0.5, public=True)
def nothing_happens(student: Student, reference: Reference, draw: Draw) -> None:
    """With the grid of theta [[1, 0, 0], [0, 1, 0]], the image stays; with [[-1, 0, 0], [0, 1, 0]] it is mirrored."""
    x = torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)
    for way in (1.0, -1.0):
        theta = torch.tensor([[[way, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=draw.dtype)
        matches(student, reference, "bilinear_sample", x, reference.affine_grid(theta, 2, 3))


def near_identity(draw: Draw, count: int) -> torch.Tensor:
    """Transforms that turn, stretch and move a little."""
    plain = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=draw.dtype)
    return plain + draw.normal(count, 2, 3, scale=0.3)


@exercise.check("affine_grid", 1)
def grids(student: Student, reference: Reference, draw: Draw) -> None:
    """affine_grid applies each theta to (horizontal, vertical, 1) of every output pixel, also of a single row."""
    for count, height, width in ((1, 3, 2), (2, 4, 5), (3, 6, 3), (2, 1, 4), (1, 3, 1)):
        theta = draw.normal(count, 2, 3).requires_grad_(count == 2)  # it is learnt: gradients come through
        matches(student, reference, "affine_grid", theta, height, width)


@exercise.check("bilinear_sample", 1)
def reads_between_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """bilinear_sample weighs four pixels by their distance, at any point inside the image."""
    for count, channels, size, out in ((1, 1, (3, 4), (2, 2)), (2, 3, (5, 4), (3, 6))):
        grid = draw.uniform(count, *out, 2, low=-0.99, high=0.99).requires_grad_(count == 2)  # theta learns through it
        matches(student, reference, "bilinear_sample", draw.normal(count, channels, *size), grid)


@exercise.check("bilinear_sample", 1)
def zero_outside(student: Student, reference: Reference, draw: Draw) -> None:
    """Outside of the image all is 0: near the border only the pixels that exist count."""
    for count, channels, size, out in ((1, 1, (3, 4), (4, 3)), (2, 3, (4, 6), (5, 6))):
        grid = draw.uniform(count, *out, 2, low=-2.5, high=2.5)
        x = draw.normal(count, channels, *size).requires_grad_(count == 2)  # what comes before learns through it
        matches(student, reference, "bilinear_sample", x, grid)


@exercise.check("transformer_gradient", 2)
def learns_to_look(student: Student, reference: Reference, draw: Draw) -> None:
    """transformer_gradient is the gradient of theta, for each image by itself."""
    for count, channels, height, width in ((1, 1, 3, 4), (2, 3, 5, 4)):
        x, theta = draw.normal(count, channels, height, width), near_identity(draw, count)
        matches(student, reference, "transformer_gradient", draw.normal(*x.shape), x, theta)


# --- mistakes ---


@exercise.mistake("affine_grid", "Horizontal comes first in a grid.")
def grid_swapped(theta, height, width):
    return _grid(theta, height, width).flip(3)


def _grid(theta, height, width, centred=True):
    """The right grid, for mutants to spoil."""
    v, u = (
        torch.linspace(-1, 1, n, dtype=theta.dtype) if centred else (2 * torch.arange(n, dtype=theta.dtype) - n + 1) / n
        for n in (height, width)
    )
    places = torch.stack(
        [u.expand(height, width), v[:, None].expand(height, width), torch.ones_like(u * v[:, None])], 2
    )
    return torch.einsum("hwk,nik->nhwi", places, theta)


def _sample(x, across, down):
    """Read x at columns `across` and rows `down`, in pixels."""
    columns = (1 - (across[..., None] - torch.arange(x.shape[3])).abs()).clamp(min=0)
    rows = (1 - (down[..., None] - torch.arange(x.shape[2])).abs()).clamp(min=0)
    return torch.einsum("nchw,nijh,nijw->ncij", x, rows, columns)


def _places(x, grid):
    """Columns and rows in pixels, for a grid from -1 to 1."""
    return (grid[..., 0] + 1) / 2 * (x.shape[3] - 1), (grid[..., 1] + 1) / 2 * (x.shape[2] - 1)


@exercise.mistake("affine_grid", "theta is applied to (u, v, 1): which of the two is the horizontal coordinate?")
def coordinates_swapped(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width)


@exercise.mistake("affine_grid", "Horizontal comes first, both in what theta is applied to and in what it gives.")
def vertical_first(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width).flip(3)


@exercise.mistake("affine_grid", "The grid is as high and as wide as the output: which axis are the rows?")
def grid_transposed(theta, height, width):
    return _grid(theta, height, width).transpose(1, 2)


@exercise.mistake("affine_grid", "-1 and 1 are the centres of the outermost pixels, not their edges.")
def pixel_edges(theta, height, width):
    return _grid(theta, height, width, centred=False)


@exercise.mistake("affine_grid", "A single row, and (height - 1) in the denominator?")
def single_row_of_nan(theta, height, width):
    v, u = (2 * torch.arange(n, dtype=theta.dtype) / (n - 1) - 1 for n in (height, width))
    ones = torch.ones(height, width, dtype=theta.dtype)
    return torch.einsum("hwk,nik->nhwi", torch.stack([u * ones, v[:, None] * ones, ones], dim=2), theta)


@exercise.mistake("affine_grid", "What is the third column of theta for?")
def not_moved(theta, height, width):
    return _grid(torch.cat([theta[:, :, :2], torch.zeros_like(theta[:, :, 2:])], dim=2), height, width)


@exercise.mistake("bilinear_sample", "Only the nearest pixel is read.")
def nearest(x, grid):
    return _sample(x, *(place.round() for place in _places(x, grid)))


@exercise.mistake("bilinear_sample", "What is outside of the image: zeros, or its border?")
def border(x, grid):
    return _sample(x, *_places(x, grid.clamp(-1, 1)))


@exercise.mistake("bilinear_sample", "Where exactly are -1 and 1: at the edge of a pixel, or at its centre?")
def sample_edges(x, grid):
    return _sample(x, ((grid[..., 0] + 1) * x.shape[3] - 1) / 2, ((grid[..., 1] + 1) * x.shape[2] - 1) / 2)


@exercise.mistake("bilinear_sample", "Does the first coordinate of the grid name a row or a column?")
def sample_swapped(x, grid):
    return _sample(x, *_places(x, grid.flip(3)))


@exercise.mistake("bilinear_sample", "A near pixel weighs more than a far one.")
def far_weighs_more(x, grid):
    return _sample(x, *(2 * place.floor() + 1 - place for place in _places(x, grid)))


@exercise.mistake("transformer_gradient", "The chain rule begins with the upstream gradient: it is not all ones.")
def transformer_ones(upstream, x, theta):
    return _theta_gradient(torch.ones_like(upstream), x, theta)


def _theta_gradient(upstream, x, theta):
    """The right gradient, for mutants to spoil."""
    theta = theta.detach().clone().requires_grad_()
    with torch.enable_grad():
        y = _sample(x, *_places(x, _grid(theta, *x.shape[2:])))
        return torch.autograd.grad(y, theta, upstream)[0]


@exercise.mistake("transformer_gradient", "Every image has its own theta, and a gradient of its own.")
def theta_gradient_summed(upstream, x, theta):
    return _theta_gradient(upstream, x, theta).sum(dim=0, keepdim=True).repeat(len(x), 1, 1)


@exercise.mistake("affine_grid", "theta is learnt: may its gradient end here?")
def theta_detached(theta, height, width):
    return _grid(theta.detach(), height, width)


@exercise.mistake("bilinear_sample", "theta is learnt through the grid: may the gradient end here?")
def grid_detached(x, grid):
    return _sample(x, *_places(x, grid.detach()))


@exercise.mistake("bilinear_sample", "Layers before this one learn through the image: may its gradient end here?")
def image_detached(x, grid):
    return _sample(x.detach(), *_places(x, grid))
