"""1.9 A network with one hidden layer."""

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

from .common import pair

exercise = Exercise(
    "1.9",
    "A network with one hidden layer",
    owns=("net_forward", "net_grad"),
    points=15,
    bans=AUTOGRAD,
)


def net_problem(draw: Draw, rows: int, columns: int, units: int) -> tuple[torch.Tensor, ...]:
    """x, W, b, c, b_out: no two of them alike, no bias zero."""
    return (
        draw.normal(rows, columns),
        draw.normal(units, columns),
        draw.normal(units) + 0.3,
        draw.normal(units),
        torch.tensor(draw.number(0.5, 1.5), dtype=draw.dtype),
    )


def net_gradient(activation: str, x: torch.Tensor, y: torch.Tensor, *unknowns: torch.Tensor) -> list[torch.Tensor]:
    """The gradient by autograd, written apart from the reference."""
    W, b, c, b_out = (unknown.clone().requires_grad_(True) for unknown in unknowns)
    z = torch.nn.functional.linear(x, W, b)
    hidden = torch.sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    return list(torch.autograd.grad(((hidden @ c + b_out - y) ** 2).mean(), [W, b, c, b_out]))


SIZES = ((2, 3, 4), (5, 2, 3), (9, 6, 5))


@exercise.check("net_forward", 1, public=True)
def three_units(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[1, 2]], W = [[1, 1], [1, -1], [2, 0]], b = [1, 0, -1], c = [1, 5, 10], b_out = 100, ReLU: [114]."""
    values = ([[1.0, 2.0]], [[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]], [1.0, 0.0, -1.0], [1.0, 5.0, 10.0], 100.0)
    matches(student, reference, "net_forward", *(torch.tensor(value, dtype=draw.dtype) for value in values), "relu")


@exercise.check("net_forward", 3)
def forward_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """net_forward with the sigmoid: b_out + c^T sigmoid(b + W x) for each row."""
    for size in SIZES:
        matches(student, reference, "net_forward", *net_problem(draw, *size), "sigmoid")


@exercise.check("net_forward", 2)
def forward_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """net_forward with ReLU: negative pre-activations become 0."""
    for size in SIZES:
        matches(student, reference, "net_forward", *net_problem(draw, *size), "relu")


def gradients_match(student: Student, draw: Draw, activation: str) -> None:
    """All four gradients equal autograd's."""
    for size in SIZES:
        x, *unknowns = net_problem(draw, *size)
        y = draw.normal(size[0], scale=2)
        got = student.net_grad(x, y, *unknowns, activation)
        compare(got, net_gradient(activation, x, y, *unknowns), "(gW, gb, gc, gb_out)")


@exercise.check("net_grad", 4)
def gradient_sigmoid(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad with the sigmoid equals what autograd finds, for all four unknowns, also for saturated units."""
    gradients_match(student, draw, "sigmoid")
    x, W, _, c, b_out = net_problem(draw, 5, 3, 4)
    b, y = torch.tensor([-1000.0, 1000.0, 0.5, -200.0], dtype=draw.dtype), draw.normal(5, scale=2)
    got = student.net_grad(x, y, W, b, c, b_out, "sigmoid")
    compare(got, net_gradient("sigmoid", x, y, W, b, c, b_out), "(gW, gb, gc, gb_out) with saturated units")


@exercise.check("net_grad", 3)
def gradient_relu(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad with ReLU equals what autograd finds, for all four unknowns; the slope of ReLU at 0 is 0."""
    gradients_match(student, draw, "relu")
    x, W, b, c, b_out = net_problem(draw, 4, 3, 5)
    W[:2], b[:2] = 0.0, 0.0  # two units that are at 0 for every row
    y = draw.normal(4, scale=2)
    got = student.net_grad(x, y, W, b, c, b_out, "relu")
    compare(got, net_gradient("relu", x, y, W, b, c, b_out), "(gW, gb, gc, gb_out) with units at exactly 0")


@exercise.check("net_grad", 2)
def network_numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """net_grad agrees with how the loss really moves when each entry of W, b and c is nudged."""
    x, W, b, c, b_out = (part.double() for part in net_problem(draw, 6, 3, 4))
    y = draw.normal(6).double()
    got = pair(student.net_grad(x, y, W, b, c, b_out, "sigmoid"), "(gW, gb, gc, gb_out)", 4)
    for name, value, point, order in (("gW", got[0], W, 0), ("gb", got[1], b, 1), ("gc", got[2], c, 2)):

        def loss(v: torch.Tensor, order: int = order) -> torch.Tensor:
            parts = [W, b, c]
            parts[order] = v
            moved: torch.Tensor = reference.mse(reference.net_forward(x, *parts, b_out, "sigmoid"), y)
            return moved

        agrees_with_numerical(value, loss, point, name)


# --- mistakes ---


@exercise.mistake("net_forward", "One b for both roles: the vector b goes inside, the scalar b_out outside.")
def shared_b(x, W, b, c, b_out, activation):
    z = x @ W.T + b_out
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)) @ c + b_out


@exercise.mistake("net_forward", "ReLU is applied to the input; it belongs on b + W x.")
def relu_on_x(x, W, b, c, b_out, activation):
    if activation == "sigmoid":
        return sigmoid(x @ W.T + b) @ c + b_out
    return (torch.relu(x) @ W.T + b) @ c + b_out


@exercise.mistake("net_forward", "That is a leaky ReLU; negative values become exactly 0.")
def leaky(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.where(z > 0, z, 0.01 * z)) @ c + b_out


@exercise.mistake("net_forward", "The outer bias b_out is missing.")
def no_outer_b(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)) @ c


@exercise.mistake("net_forward", "The hidden values are just added up: weigh them with c.")
def sum_no_c(x, W, b, c, b_out, activation):
    z = x @ W.T + b
    return (sigmoid(z) if activation == "sigmoid" else torch.relu(z)).sum(dim=1) + b_out


@exercise.mistake("net_forward", "The activation is always the sigmoid: look at the argument.")
def always_sigmoid(x, W, b, c, b_out, activation):
    return sigmoid(x @ W.T + b) @ c + b_out


def _net_grad(x, y, W, b, c, b_out, activation, slope=None, scale=None):
    """The right gradient with a part of it exchangeable."""
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    if slope is None:
        slope = a * (1 - a) if activation == "sigmoid" else (z > 0).to(z.dtype)
    upstream = 2 * (a @ c + b_out - y) * (1 / len(y) if scale is None else scale)
    delta = upstream[:, None] * c * slope
    return delta.T @ x, delta.sum(dim=0), a.T @ upstream, upstream.sum()


@exercise.mistake("net_grad", "The derivative of the activation is missing in the gradients of W and b.")
def no_derivative(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, slope=1.0)


@exercise.mistake("net_grad", "sigma'(z) is a (1 - a) with a = sigma(z), not z (1 - z).")
def derivative_at_z(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    slope = z * (1 - z) if activation == "sigmoid" else (z > 0).to(z.dtype)
    return _net_grad(x, y, W, b, c, b_out, activation, slope=slope)


@exercise.mistake("net_grad", "The loss is a mean: divide by the number of examples.")
def net_no_mean(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, scale=1.0)


@exercise.mistake("net_grad", "The gradients of W and b must be weighed with c, the way back through the output layer.")
def no_c(x, y, W, b, c, b_out, activation):
    _, _, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    slope = a * (1 - a) if activation == "sigmoid" else (z > 0).to(z.dtype)
    delta = 2 * ((a @ c + b_out - y) / len(y))[:, None] * slope
    return delta.T @ x, delta.sum(dim=0), gc, gb_out


@exercise.mistake("net_grad", "gb is summed over the examples, like every other gradient; you took its mean once more.")
def gb_mean(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    return gW, gb / len(y), gc, gb_out


@exercise.mistake("net_grad", "The gradient of c uses the hidden values after the activation, not before.")
def gc_uses_z(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    return gW, gb, z.T @ (2 * (a @ c + b_out - y) / len(y)), gb_out


@exercise.mistake("net_grad", "gW must have the shape of W, (units, features): it is transposed.")
def gw_transposed(x, y, W, b, c, b_out, activation):
    gW, gb, gc, gb_out = _net_grad(x, y, W, b, c, b_out, activation)
    return gW.T, gb, gc, gb_out


@exercise.mistake("net_grad", "The factor 2 from the square is missing.")
def net_no_two(x, y, W, b, c, b_out, activation):
    return _net_grad(x, y, W, b, c, b_out, activation, scale=0.5 / len(y))


@exercise.mistake("net_grad", "The slope of ReLU at 0 is 0 here, as in torch.")
def climbs_at_zero(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    a = sigmoid(z) if activation == "sigmoid" else torch.relu(z)
    slope = a * (1 - a) if activation == "sigmoid" else (z >= 0).to(z.dtype)
    upstream = 2 * (a @ c + b_out - y) / len(y)
    delta = upstream[:, None] * c * slope
    return delta.T @ x, delta.sum(dim=0), a.T @ upstream, upstream.sum()


@exercise.mistake("net_grad", "exp(-z) overflows for saturated units: say the slope with a = sigma(z), which does not.")
def slope_overflows(x, y, W, b, c, b_out, activation):
    z = x @ W.T + b
    power = torch.exp(-z)
    slope = power / (1 + power).square() if activation == "sigmoid" else (z > 0).to(z.dtype)
    return _net_grad(x, y, W, b, c, b_out, activation, slope=slope)
