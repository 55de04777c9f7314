"""1.5 Gradient descent."""

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
    same_trajectory,
)

from .common import pair, regression_problem

exercise = Exercise("1.5", "Gradient descent", owns=("gd_step", "train_gd"), points=8)


@exercise.check("gd_step", 1, public=True)
def from_one_row(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[2]], y = [10], a step with learning rate 0.1 leads from w = [1], b = 0 to w = [4.2], b = 1.6."""
    x, y, w, b = (torch.tensor(value, dtype=draw.dtype) for value in ([[2.0]], [10.0], [1.0], 0.0))
    matches(student, reference, "gd_step", x, y, w, b, 0.1)


@exercise.check("gd_step", 2)
def one_step(student: Student, reference: Reference, draw: Draw) -> None:
    """gd_step moves w and b against the gradient taken at the old point, both at once."""
    for rows, columns in ((4, 2), (9, 5)):
        matches(student, reference, "gd_step", *regression_problem(draw, rows, columns), draw.number(0.05, 0.2))


@exercise.check("train_gd", 3)
def trajectory(student: Student, reference: Reference, draw: Draw) -> None:
    """train_gd follows the path step by step: the loss before each update, and w and b after `steps` of them, or 0."""
    for steps in (1, 3, 6):
        problem = regression_problem(draw, 9, 4)
        rate = draw.number(0.05, 0.2)
        w, b, trace = reference.train_gd(*problem, rate, steps)
        got = pair(student.train_gd(*problem, rate, steps), "(w, b, losses)", 3)
        same_trajectory(got[2], trace, "the losses")
        compare(got[0], w, "w after training")
        compare(got[1], b, "b after training")
    x, y, w, b = regression_problem(draw, 5, 3)
    got = pair(student.train_gd(x, y, w, b, 0.1, 0), "(w, b, losses)", 3)
    none = isinstance(got[2], list | tuple | torch.Tensor) and len(got[2]) == 0
    expect(none, "train_gd: with 0 steps there is no update, and no loss before one.")
    compare(got[0], w, "w after 0 steps")
    compare(got[1], b, "b after 0 steps")
    x[:, 0] = 0.0  # a weight without a gradient
    almost = (x, torch.full_like(y, 1e-9), 0 * w, 0 * b, 1e-3)  # small gradients are not 0: the default goes on
    for slow_or_fast in (almost, (x, y, w, b, 2.0)):  # and so does a descent that climbs
        expected = reference.train_gd(*slow_or_fast, 4)
        same_trajectory(pair(student.train_gd(*slow_or_fast, 4), "(w, b, losses)", 3)[2], expected[2], "the losses")


@exercise.check("train_gd", 2)
def stops(student: Student, reference: Reference, draw: Draw) -> None:
    """train_gd stops when no entry of the gradient is above the tolerance (0 if none is given), and notes that loss."""
    for offset in (-4.0, 4.0, 0.0):  # b has the largest entry: positive, then negative; then any of them
        x, y, w, b = regression_problem(draw, 12, 2)
        y = y + offset
        gw, gb = reference.grad_mse(x, y, w, b)
        tolerance = 0.4 * float(torch.cat([gw, gb.reshape(1)]).abs().max())
        expected = reference.train_gd(x, y, w, b, 0.1, 60, tolerance)
        got = pair(student.train_gd(x, y, w, b, 0.1, 60, tolerance), "(w, b, losses)", 3)
        same_trajectory(got[2], expected[2], "the losses")
        compare(got[0], expected[0], "w when it stops")
        compare(got[1], expected[1], "b when it stops")
    x, w, b = (part.round() for part in (x, w, b))
    fits = reference.linear_forward(x, w, b)  # whole numbers: gradients are exactly 2 at most, and then 0
    one = torch.eye(2, dtype=draw.dtype)
    for problem, bound in (((one, one @ w + b - 1, w, b), (2.0,)), ((x, fits, w, b), ())):
        expected = reference.train_gd(*problem, 0.1, 5, *bound)
        got = pair(student.train_gd(*problem, 0.1, 5, *bound), "(w, b, losses)", 3)
        same_trajectory(got[2], expected[2], "the losses where the gradient is exactly at the tolerance")


# --- mistakes ---


@exercise.mistake("gd_step", "w is updated before the gradient of b is taken: both gradients belong to the old point.")
def sequential(x, y, w, b, lr):
    w = w - lr * grad_mse(x, y, w, b)[0]
    return w, b - lr * grad_mse(x, y, w, b)[1]


@exercise.mistake("gd_step", "That climbs: step against the gradient, with a minus.")
def ascent(x, y, w, b, lr):
    gw, gb = grad_mse(x, y, w, b)
    return w + lr * gw, b + lr * gb


@exercise.mistake("gd_step", "b is never updated.")
def w_only(x, y, w, b, lr):
    return w - lr * grad_mse(x, y, w, b)[0], b


@exercise.mistake("train_gd", "One update too few: `steps` updates are asked for.")
def stops_early(x, y, w, b, lr, steps, tolerance=0.0):
    w_before, b_before, losses = w, b, []
    for _ in range(steps):
        w_before, b_before = w, b
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            return w, b, losses
        w, b = gd_step(x, y, w, b, lr)
    return w_before, b_before, losses


@exercise.mistake("train_gd", "The learning rate shrinks from step to step; it stays constant here.")
def lr_decays(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for step in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr / (step + 1))
    return w, b, losses


@exercise.mistake("train_gd", "The losses are noted after each update; losses[t] is the one before update t.")
def losses_after(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            losses.append(mse(linear_forward(x, w, b), y))
            break
        w, b = gd_step(x, y, w, b, lr)
        losses.append(mse(linear_forward(x, w, b), y))
    return w, b, losses


@exercise.mistake("train_gd", "The tolerance is ignored: stop when no entry of the gradient is larger than it.")
def never_stops(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


def _train(x, y, w, b, lr, steps, stop, note=None):
    """The right loop, with what stops it and what it notes exchangeable."""
    losses = []
    for _ in range(steps):
        losses.append((note or mse)(linear_forward(x, w, b), y))
        if stop(*grad_mse(x, y, w, b)):
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@exercise.mistake("train_gd", "A steep negative gradient is large too: compare absolute values with the tolerance.")
def stops_on_signed(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: max(gw.max(), gb) <= tolerance)


@exercise.mistake("train_gd", "You stop when the gradient of w is small; that of b counts too.")
def stops_on_w(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: gw.abs().max() <= tolerance)


@exercise.mistake(
    "train_gd", "You compare the gradient's norm with the tolerance; the largest single entry is asked for."
)
def stops_on_norm(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: (gw.square().sum() + gb * gb).sqrt() <= tolerance)


@exercise.mistake("train_gd", "You stop when any entry of the gradient is small; all of them have to be.")
def stops_on_any(x, y, w, b, lr, steps, tolerance=0.0):
    return _train(x, y, w, b, lr, steps, lambda gw, gb: min(gw.abs().min(), abs(gb)) <= tolerance)


@exercise.mistake("train_gd", "When it stops early, the loss at that point is noted too.")
def last_loss_missing(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        losses.append(mse(linear_forward(x, w, b), y))
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@exercise.mistake(
    "train_gd", "The update comes before the look at the tolerance: when the gradient is small, stop without it."
)
def one_more_update(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        w, b = gd_step(x, y, w, b, lr)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
    return w, b, losses


@exercise.mistake("train_gd", "The losses are MAEs; this descent is on the MSE, and notes that.")
def notes_mae(x, y, w, b, lr, steps, tolerance=0.0):
    def small(gw, gb):
        return max(gw.abs().max(), abs(gb)) <= tolerance

    return _train(x, y, w, b, lr, steps, small, lambda prediction, label: (prediction - label).abs().mean())


@exercise.mistake("train_gd", "With 0 steps there is no update, and no loss before one.")
def a_loss_too_many(x, y, w, b, lr, steps, tolerance=0.0):
    losses = [mse(linear_forward(x, w, b), y)]
    for _ in range(steps):
        gw, gb = grad_mse(x, y, w, b)
        if max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
        if len(losses) < steps:
            losses.append(mse(linear_forward(x, w, b), y))
    return w, b, losses


def _descends(x, y, w, b, lr, steps, stop):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        if stop(float(max(gw.abs().max(), abs(gb)))):
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses


@exercise.mistake("train_gd", "A tolerance of 0 is a tolerance, too: where the gradient is exactly 0, stop.")
def zero_is_no_tolerance(x, y, w, b, lr, steps, tolerance=0.0):
    return _descends(x, y, w, b, lr, steps, lambda largest: tolerance and largest <= tolerance)


@exercise.mistake("train_gd", "A gradient exactly at the tolerance is not above it: stop there.")
def below_only(x, y, w, b, lr, steps, tolerance=0.0):
    return _descends(x, y, w, b, lr, steps, lambda largest: largest < tolerance)


@exercise.mistake("train_gd", "Where no tolerance is given it is 0, not some small number.")
def another_default(x, y, w, b, lr, steps, tolerance=1e-6):
    return _descends(x, y, w, b, lr, steps, lambda largest: largest <= tolerance)


@exercise.mistake("train_gd", "A loss that climbs is no reason to stop: only the tolerance is.")
def stops_when_it_climbs(x, y, w, b, lr, steps, tolerance=0.0):
    losses = []
    for _ in range(steps):
        losses.append(mse(linear_forward(x, w, b), y))
        gw, gb = grad_mse(x, y, w, b)
        climbs = len(losses) > 1 and losses[-1] > losses[-2]
        if climbs or max(gw.abs().max(), abs(gb)) <= tolerance:
            break
        w, b = gd_step(x, y, w, b, lr)
    return w, b, losses
