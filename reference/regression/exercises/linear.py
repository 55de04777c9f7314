"""1.4 A linear model and its gradients."""

from __future__ import annotations

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    agrees_with_numerical,
    compare,
    matches,
)

from .common import pair, regression_problem

exercise = Exercise(
    "1.4",
    "A linear model and its gradients",
    owns=("linear_forward", "grad_mse", "grad_mae"),
    points=12,
    bans=AUTOGRAD,
)


def true_gradient(loss: str, x: torch.Tensor, y: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """The gradient by autograd, written apart from the reference."""
    w, b = w.clone().requires_grad_(True), b.clone().requires_grad_(True)
    residual = (x * w).sum(1) + b - y
    value = residual.abs().mean() if loss == "mae" else (residual**2).mean()
    return list(torch.autograd.grad(value, [w, b]))


@exercise.check("linear_forward", 0.5, public=True)
def one_row(student: Student, reference: Reference, draw: Draw) -> None:
    """linear_forward([[1, 2]], [10, 100], 5) is [215]."""
    x, w = torch.tensor([[1.0, 2.0]], dtype=draw.dtype), torch.tensor([10.0, 100.0], dtype=draw.dtype)
    matches(student, reference, "linear_forward", x, w, torch.tensor(5.0, dtype=draw.dtype))


@exercise.check("grad_mse", 0.5, public=True)
def four_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1, 0], [0, 1], [1, 1], [2, 0]], y = [-1, -2, 1, 2], w = [1, 2], b = 0: grad_mse gives [2, 3] and 4."""
    values = ([[1.0, 0], [0, 1], [1, 1], [2, 0]], [-1.0, -2, 1, 2], [1.0, 2], 0.0)
    matches(student, reference, "grad_mse", *(torch.tensor(value, dtype=draw.dtype) for value in values))


@exercise.check("linear_forward", 2)
def predicts(student: Student, reference: Reference, draw: Draw) -> None:
    """linear_forward is b plus the weighted sum of each row."""
    for rows, columns in ((2, 3), (7, 4)):
        x, _, w, b = regression_problem(draw, rows, columns)
        matches(student, reference, "linear_forward", x, w, b)


@exercise.check("grad_mse", 4)
def gradient_of_mse(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mse is the gradient that autograd finds, for w and for b."""
    for rows, columns in ((3, 2), (6, 3), (11, 7)):
        problem = regression_problem(draw, rows, columns)
        compare(student.grad_mse(*problem), true_gradient("mse", *problem), "(gw, gb)")


@exercise.check("grad_mae", 3)
def gradient_of_mae(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mae is the gradient that autograd finds, for w and b. A residual of 0 adds nothing, a small one its sign."""
    for rows, columns in ((3, 2), (6, 3), (11, 7)):
        problem = regression_problem(draw, rows, columns)
        compare(student.grad_mae(*problem), true_gradient("mae", *problem), "(gw, gb)")
    x, _, w, b = (part.round() for part in regression_problem(draw, 6, 3))  # whole numbers: no rounding anywhere
    y = reference.linear_forward(x, w, b) + torch.tensor([0.0, 2.0, 0.0, -1.0, 1e-4, 0.0], dtype=draw.dtype)
    compare(student.grad_mae(x, y, w, b), reference.grad_mae(x, y, w, b), "(gw, gb) with residuals that are 0")


@exercise.check("grad_mse", 2)
def numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_mse agrees with how the loss really moves when each weight is nudged."""
    x, y, w, b = (part.double() for part in regression_problem(draw, 8, 5))
    gw, gb = pair(student.grad_mse(x, y, w, b), "(gw, gb)", 2)
    agrees_with_numerical(gw, lambda v: reference.mse(x @ v + b, y), w, "gw")
    agrees_with_numerical(gb, lambda v: reference.mse(x @ w + v, y), b, "gb")


# --- mistakes ---


@exercise.mistake("linear_forward", "The bias is missing.")
def no_bias(x, w, b):
    return x @ w


@exercise.mistake("linear_forward", "The bias is added once a row, not once a feature.")
def bias_per_feature(x, w, b):
    return (x * w + b).sum(dim=1)


@exercise.mistake("grad_mse", "The sign is flipped: the residual is prediction minus label, or descent climbs.")
def sign_flip(x, y, w, b):
    residual = y - (x @ w + b)
    return 2 * x.T @ residual / len(y), 2 * residual.mean()


@exercise.mistake("grad_mse", "The factor 2 from the square is missing (the MSE here has no 1/2).")
def no_two(x, y, w, b):
    residual = x @ w + b - y
    return x.T @ residual / len(y), residual.mean()


@exercise.mistake("grad_mse", "The loss is a mean: divide the gradient by the number of examples.")
def no_mean(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual, 2 * residual.sum()


@exercise.mistake("grad_mse", "The bias gradient is a sum over the examples; it must be the mean.")
def gb_sum(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), 2 * residual.sum()


@exercise.mistake("grad_mse", "The bias has a gradient too: it is not zero.")
def gb_zero(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), torch.zeros_like(residual[0])


@exercise.mistake("grad_mse", "The bias gradient is not multiplied by x: b enters the prediction with factor 1.")
def gb_times_x(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / len(y), 2 * (residual * x[:, 0]).mean()


@exercise.mistake("grad_mse", "You divide by the number of features; the mean is over the examples.")
def divides_by_features(x, y, w, b):
    residual = x @ w + b - y
    return 2 * x.T @ residual / x.shape[1], 2 * residual.sum() / x.shape[1]


@exercise.mistake("grad_mae", "For the absolute value the slope is the sign of the residual, not the residual.")
def mae_uses_residual(x, y, w, b):
    residual = x @ w + b - y
    return x.T @ residual / len(y), residual.mean()


@exercise.mistake("grad_mae", "The sign is flipped: sign(prediction - label), or descent climbs.")
def mae_sign_flip(x, y, w, b):
    sign = torch.sign(y - (x @ w + b))
    return x.T @ sign / len(y), sign.mean()


@exercise.mistake("grad_mae", "There is no factor 2: the absolute value has slope 1 or -1.")
def mae_two(x, y, w, b):
    sign = torch.sign(x @ w + b - y)
    return 2 * x.T @ sign / len(y), 2 * sign.mean()


@exercise.mistake("grad_mae", "r / |r| is NaN where the residual r is 0.")
def divides_by_zero(x, y, w, b):
    residual = linear_forward(x, w, b) - y
    sign = residual / residual.abs()
    return x.T @ sign / len(y), sign.mean()


@exercise.mistake("grad_mae", "Where the residual is 0, so is its sign: it is not -1.")
def minus_one_at_zero(x, y, w, b):
    sign = torch.where(linear_forward(x, w, b) > y, 1.0, -1.0).to(x.dtype)
    return x.T @ sign / len(y), sign.mean()


@exercise.mistake("grad_mae", "Where the residual is 0, so is its sign: it is not 1.")
def one_at_zero(x, y, w, b):
    sign = torch.where(linear_forward(x, w, b) >= y, 1.0, -1.0).to(x.dtype)
    return x.T @ sign / len(y), sign.mean()


@exercise.mistake("grad_mae", "A small residual has a sign like a large one: only at exactly 0 is it 0.")
def small_is_zero(x, y, w, b):
    residual = linear_forward(x, w, b) - y
    sign = torch.where(residual.abs() < 1e-3, torch.zeros_like(residual), torch.sign(residual))
    return x.T @ sign / len(y), sign.mean()
