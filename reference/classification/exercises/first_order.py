"""2.6 How far down does a step go?."""

from __future__ import annotations

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
)

from .common import constant

exercise = Exercise(
    "2.6",
    "How far down does a step go?",
    owns=("neuron_cost", "neuron_grad", "predicted_dC", "measured_dC"),
    points=5,
    bans=AUTOGRAD,
)


def neuron(draw: Draw, rows: int, columns: int) -> tuple[torch.Tensor, ...]:
    """x, y, w and a scalar b of a neuron that is far from saturated."""
    x, y = draw.normal(rows, columns), draw.integers(0, 2, rows).to(draw.dtype)
    return x, y, draw.normal(columns), torch.tensor(draw.number(0.3, 1.0), dtype=draw.dtype)


@exercise.check("predicted_dC", 0.5, public=True)
def minus_five(student: Student, reference: Reference, draw: Draw) -> None:
    """For a gradient [3, 4] for w and 5 for b, a step with eta = 0.1 is predicted to change the cost by -5."""
    matches(student, reference, "predicted_dC", *constant(draw, [3.0, 4.0], 5.0), 0.1)


@exercise.cases("neuron_cost", 0.5, sizes=((3, 2, 0), (7, 4, 0), (4, 3, 800), (4, 2, -800)))
def quadratic_cost(draw: Draw, rows: int, columns: int, bias: int) -> tuple[torch.Tensor, ...]:
    """neuron_cost is the quadratic cost of the batch, also of a saturated neuron."""
    x, y, w, b = neuron(draw, rows, columns)
    y[:2] = torch.tensor([0.0, 1.0])
    return x, y, w, b + bias


@exercise.check("neuron_grad", 1)
def neuron_by_hand(student: Student, reference: Reference, draw: Draw) -> None:
    """neuron_grad is the gradient of the quadratic cost, for w and b, also of a saturated neuron."""
    for rows, columns, bias in ((3, 2, 0), (7, 4, 0), (4, 3, 800), (4, 2, -800)):
        x, y, w, b = neuron(draw, rows, columns)
        b = b + bias
        leaves = [w.clone().requires_grad_(True), b.clone().requires_grad_(True)]
        cost = (y - torch.sigmoid((x * leaves[0]).sum(1) + leaves[1])).square().mean() / 2
        compare(student.neuron_grad(x, y, w, b), list(torch.autograd.grad(cost, leaves)), "(gw, gb)")


@exercise.check("predicted_dC", 1)
def prediction(student: Student, reference: Reference, draw: Draw) -> None:
    """predicted_dC is -eta times the squared length of the whole gradient."""
    for columns in (2, 5):
        gb = torch.tensor(draw.number(0.5, 2), dtype=draw.dtype)
        matches(student, reference, "predicted_dC", draw.normal(columns), gb, draw.number(0.05, 0.5))
        matches(student, reference, "predicted_dC", draw.normal(columns), -3 * gb, draw.number(0.05, 0.5))


@exercise.check("measured_dC", 2)
def measurement(student: Student, reference: Reference, draw: Draw) -> None:
    """measured_dC is the cost after a step of gradient descent minus that before, for large and small eta."""
    for rows, columns in ((4, 2), (9, 5)):
        problem = neuron(draw, rows, columns)
        for eta in (8.0, 2.0, 0.5, 0.01):
            matches(student, reference, "measured_dC", *problem, eta)


# --- mistakes ---


@exercise.mistake("neuron_cost", "Where is the 1/2 of the quadratic cost?")
def cost_no_half(x, y, w, b):
    return (y - torch.sigmoid(x @ w + b)).square().mean()


@exercise.mistake("neuron_cost", "The cost is averaged over the examples.")
def cost_sum(x, y, w, b):
    return (y - torch.sigmoid(x @ w + b)).square().sum() / 2


@exercise.mistake("neuron_cost", "A logistic neuron: where is the sigmoid?")
def cost_linear(x, y, w, b):
    return (y - (x @ w + b)).square().mean() / 2


@exercise.mistake("neuron_grad", "What does a do when z moves? The slope of the sigmoid is missing.")
def neuron_no_slope(x, y, w, b):
    delta = (torch.sigmoid(x @ w + b) - y) / len(y)
    return x.T @ delta, delta.sum()


@exercise.mistake("neuron_grad", "The 2 of the square meets the 1/2 of the cost: what remains?")
def neuron_twice(x, y, w, b):
    gw, gb = neuron_right(x, y, w, b)
    return 2 * gw, 2 * gb


@exercise.mistake("neuron_grad", "The gradient of a mean is a mean: where is the 1/N?")
def neuron_summed(x, y, w, b):
    gw, gb = neuron_right(x, y, w, b)
    return gw * len(y), gb * len(y)


def neuron_right(x, y, w, b):
    a = torch.sigmoid(x @ w + b)
    delta = (a - y) * a * (1 - a) / len(y)
    return x.T @ delta, delta.sum()


@exercise.mistake("predicted_dC", "The gradient's length is squared in the prediction.")
def length_not_squared(gw, gb, eta):
    return -eta * (gw.square().sum() + gb**2).sqrt()


@exercise.mistake("predicted_dC", "b moves, too: its gradient is part of the whole.")
def without_b(gw, gb, eta):
    return -eta * gw.square().sum()


@exercise.mistake("predicted_dC", "A step of gradient descent lowers the cost: what sign does the prediction have?")
def prediction_positive(gw, gb, eta):
    return eta * (gw.square().sum() + gb**2)


@exercise.mistake("predicted_dC", "First order is the whole of it: where does your 1/2 come from?")
def half_predicted(gw, gb, eta):
    return -eta * (gw.square().sum() + gb**2) / 2


@exercise.mistake("measured_dC", "The change is after minus before.")
def before_minus_after(x, y, w, b, eta):
    gw, gb = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w, b) - neuron_cost(x, y, w - eta * gw, b - eta * gb)


@exercise.mistake("measured_dC", "b takes the step, too.")
def b_stays(x, y, w, b, eta):
    gw, _ = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w - eta * gw, b) - neuron_cost(x, y, w, b)


@exercise.mistake("measured_dC", "Your step climbs: descent goes against the gradient.")
def uphill(x, y, w, b, eta):
    gw, gb = neuron_grad(x, y, w, b)
    return neuron_cost(x, y, w + eta * gw, b + eta * gb) - neuron_cost(x, y, w, b)


@exercise.mistake("measured_dC", "That is the prediction again. Measure: compute the cost at both points.")
def predicted_again(x, y, w, b, eta):
    return predicted_dC(*neuron_grad(x, y, w, b), eta)


@exercise.mistake("measured_dC", "The gradient for b is taken after w has moved: both are taken at the old point.")
def one_after_the_other(x, y, w, b, eta):
    moved = w - eta * neuron_grad(x, y, w, b)[0]
    return neuron_cost(x, y, moved, b - eta * neuron_grad(x, y, moved, b)[1]) - neuron_cost(x, y, w, b)


@exercise.mistake(
    "neuron_cost", "A sigmoid may be 0 or 1 here: there is no logarithm that would mind, so do not clip it."
)
def output_clipped(x, y, w, b):
    a = torch.sigmoid(x @ w + b).clamp(1e-4, 1 - 1e-4)
    return (a - y).square().mean() / 2


@exercise.mistake("neuron_grad", "exp(-z) overflows for a saturated neuron: say the slope with a = sigma(z).")
def neuron_slope_overflows(x, y, w, b):
    z = x @ w + b
    power = torch.exp(-z)
    delta = (torch.sigmoid(z) - y) * power / (1 + power).square() / len(y)
    return x.T @ delta, delta.sum()
