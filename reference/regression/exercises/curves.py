"""1.8 Sigmoid, hard sigmoid, piecewise linear curves."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

from .common import pair

exercise = Exercise(
    "1.8",
    "Sigmoid, hard sigmoid, piecewise linear curves",
    owns=("sigmoid", "hard_sigmoid", "fit_piecewise"),
    points=12,
)


@exercise.check("hard_sigmoid", 1, public=True)
def hard_points(student: Student, reference: Reference, draw: Draw) -> None:
    """hard_sigmoid is 0 at -1, 1/4 at -1/4, 1/2 at 0 and 1 at 1."""
    matches(student, reference, "hard_sigmoid", torch.tensor([-1.0, -0.25, 0.0, 1.0], dtype=draw.dtype))


@exercise.check("sigmoid", 3)
def smooth(student: Student, reference: Reference, draw: Draw) -> None:
    """sigmoid is 1 / (1 + exp(-z)), for any shape."""
    matches(student, reference, "sigmoid", draw.normal(5, scale=2))
    matches(student, reference, "sigmoid", draw.normal(3, 4, scale=3))


@exercise.check("sigmoid", 1)
def extremes(student: Student, reference: Reference, draw: Draw) -> None:
    """sigmoid does not overflow: at -1000 it is 0, at 1000 it is 1."""
    matches(student, reference, "sigmoid", torch.tensor([-1000.0, -100.0, 0.0, 100.0, 1000.0], dtype=draw.dtype))


@exercise.check("hard_sigmoid", 3)
def hard(student: Student, reference: Reference, draw: Draw) -> None:
    """hard_sigmoid climbs from 0 to 1 between -1/2 and 1/2 and is flat outside."""
    matches(student, reference, "hard_sigmoid", draw.uniform(9, low=-2, high=2))
    matches(student, reference, "hard_sigmoid", draw.uniform(4, 5, low=-2, high=2))
    matches(student, reference, "hard_sigmoid", torch.tensor([-0.5, 0.5], dtype=draw.dtype))


@exercise.check("fit_piecewise", 4)
def piecewise(student: Student, reference: Reference, draw: Draw) -> None:
    """The sum passes through every point, is straight between neighbours, and constant outside."""
    for count in (2, 3, 6, 9):
        xs = draw.uniform(count, low=0.3, high=1.5).cumsum(0) - draw.number(0, 4)
        ys = draw.normal(count, scale=2)
        parts = pair(student.fit_piecewise(xs, ys), "(constant, c, w, b)", 4)
        constant = tensor_of(parts[0], (), "constant")
        c, w, b = (tensor_of(part, (count - 1,), name) for part, name in zip(parts[1:], "cwb", strict=True))

        def curve(x: torch.Tensor) -> torch.Tensor:
            z = x.double()[:, None] * w + b
            return constant + ((z + 0.5).clamp(0, 1) * c).sum(1)

        compare(curve(xs).to(draw.dtype), ys, "the sum of hard sigmoids at the points")
        middles, halfway = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
        compare(curve(middles).to(draw.dtype), halfway, "the sum of hard sigmoids between the points")
        ends = torch.stack([xs[0] - 2, xs[-1] + 2])
        compare(curve(ends).to(draw.dtype), ys[[0, -1]], "the sum of hard sigmoids outside the points")
        flat = pair(student.fit_piecewise(xs, torch.full_like(xs, 2.0)), "(constant, c, w, b)", 4)
        expect(not bool(tensor_of(flat[1], (count - 1,), "c").any()), "fit_piecewise: a flat curve has no steps.")
        compare(flat[0], 2.0, "the constant of a flat curve")


# --- mistakes ---


@exercise.mistake("sigmoid", "The sign in the exponent is flipped: it is exp(-z).")
def sig_sign(z):
    return 1 - torch.sigmoid(z)


@exercise.mistake("sigmoid", "That is tanh; the sigmoid lies between 0 and 1.")
def tanh(z):
    return torch.tanh(z)


@exercise.mistake("sigmoid", "exp(z) overflows for large z: inf / inf is NaN. Use exp(-|z|).")
def overflows(z):
    return torch.exp(z) / (1 + torch.exp(z))


@exercise.mistake("hard_sigmoid", "One ReLU climbs for ever: subtract a second one to flatten it.")
def hard_relu_only(z):
    return torch.relu(z + 0.5)


@exercise.mistake("hard_sigmoid", "Your hard sigmoid is not centred: it climbs between -1/2 and 1/2.")
def hard_shift(z):
    return torch.relu(z) - torch.relu(z - 1)


@exercise.mistake("hard_sigmoid", "It climbs from -1 to 1; here it climbs from -1/2 to 1/2.")
def hard_wide(z):
    return (torch.relu(z + 1) - torch.relu(z - 1)) / 2


@exercise.mistake(
    "fit_piecewise", "Each unit climbs in the middle of its piece: shift it by the middle, not by the left end."
)
def left_end(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, -w * xs[:-1]


@exercise.mistake("fit_piecewise", "The pieces have different lengths: w must be 1 over each piece's own length.")
def no_width(xs, ys):
    w = torch.ones_like(xs[1:])
    return ys[0], ys[1:] - ys[:-1], w, -(xs[1:] + xs[:-1]) / 2


@exercise.mistake(
    "fit_piecewise", "The constant is missing: left of the first point the curve has that point's height."
)
def no_constant(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return torch.zeros_like(ys[0]), ys[1:] - ys[:-1], w, -w * (xs[1:] + xs[:-1]) / 2


@exercise.mistake("fit_piecewise", "Each unit adds the step from one point to the next, not the height of the point.")
def heights(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:], w, -w * (xs[1:] + xs[:-1]) / 2


@exercise.mistake(
    "fit_piecewise", "c is how far the curve climbs over a piece, not how steep it is: the slope is in w already."
)
def slopes(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], (ys[1:] - ys[:-1]) * w, w, -w * (xs[1:] + xs[:-1]) / 2


@exercise.mistake("fit_piecewise", "The middle of a piece must make w x + b zero: b has the wrong sign.")
def shift_sign(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, w * (xs[1:] + xs[:-1]) / 2


@exercise.mistake("fit_piecewise", "The middle is in units of x; inside w x + b the shift must be multiplied by w.")
def shift_not_scaled(xs, ys):
    w = 1 / (xs[1:] - xs[:-1])
    return ys[0], ys[1:] - ys[:-1], w, -(xs[1:] + xs[:-1]) / 2


@exercise.mistake("hard_sigmoid", "At 1/2 it is 1 already: your cases leave that point out.")
def corner_left_out(z):
    return torch.where((z > -0.5) & (z < 0.5), z + 0.5, (z > 0.5).to(z.dtype))
