"""2.8 A learning rate for each parameter."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
    same_trajectory,
    tensor_of,
)

from .common import OPTIMISERS, constant, descent, follows, walk

exercise = Exercise(
    "2.8", "A learning rate for each parameter", owns=("adagrad", "rmsprop", "adam"), points=12, bans=OPTIMISERS
)


@exercise.check("adagrad", 1, public=True)
def three_and_four(student: Student, reference: Reference, draw: Draw) -> None:
    """adagrad from [0] with gradients [3], [4] and eta 0.5 goes to -0.5, then to -0.5 - 2 / sqrt(12.5)."""
    matches(student, reference, "adagrad", *constant(draw, [0.0], [[3.0], [4.0]], [0.5, 0.5]))


@exercise.check("adagrad", 3)
def mean_of_squares(student: Student, reference: Reference, draw: Draw) -> None:
    """adagrad divides by the root of the mean of all squared gradients so far, for each parameter."""
    follows(student, reference, draw, "adagrad")


@exercise.check("rmsprop", 3)
def forgets(student: Student, reference: Reference, draw: Draw) -> None:
    """rmsprop keeps alpha of the old square and 1 - alpha of the new one, from |g| of the first step on."""
    follows(student, reference, draw, "rmsprop", draw.number(0.7, 0.95))


@exercise.check("adam", 4)
def both_together(student: Student, reference: Reference, draw: Draw) -> None:
    """adam corrects both averages for their start at 0 and adds eps outside of the root (here 1e-3)."""
    follows(student, reference, draw, "adam", draw.number(0.8, 0.9), draw.number(0.95, 0.99), 1e-3)


def same_steps(student: Student, reference: Reference, draw: Draw, name: str, *extra: float) -> None:
    """Gradients of another size move the parameters the same way, from two starts."""
    for _ in range(2):
        same_steps_from(student, reference, draw, name, *extra)


def same_steps_from(student: Student, reference: Reference, draw: Draw, name: str, *extra: float) -> None:
    """Gradients of another size move the parameters the same way."""
    theta, grads, etas = descent(draw, 4, 4)
    (size,) = constant(draw, [0.1, 10.0, 100.0, 1000.0])
    path = tensor_of(student.call(name, theta, grads, etas, *extra), (4, 4), f"`{name}`").to(draw.dtype)
    compare(path, reference.call(name, theta, grads, etas, *extra), f"`{name}`")
    again = student.call(name, theta, grads * size, etas, *extra)
    same_trajectory(again, list(path), f"`{name}` with gradients of another size")
    if not extra or len(extra) == 1:  # no epsilon: also where gradients are tiny
        tiny = tensor_of(student.call(name, theta, grads * 1e-4, etas, *extra), (4, 4), f"`{name}`")
        tolerance = 1e-6 if draw.dtype is torch.float64 else None
        compare(tiny.to(draw.dtype), path, f"`{name}` with gradients of 1e-4", tolerance, tolerance)


@exercise.check("adagrad", 0.25)
def adagrad_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where a parameter's gradients are 1000 or 0.0001 times as large, adagrad takes the same steps."""
    same_steps(student, reference, draw, "adagrad")


@exercise.check("rmsprop", 0.25)
def rmsprop_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where a parameter's gradients are 1000 or 0.0001 times as large, rmsprop takes the same steps."""
    same_steps(student, reference, draw, "rmsprop", 0.9)


@exercise.check("adam", 0.5)
def adam_whatever_the_size(student: Student, reference: Reference, draw: Draw) -> None:
    """Where all gradients of a parameter are 10 or 1000 times as large, adam takes the same steps."""
    same_steps(student, reference, draw, "adam", 0.9, 0.999, 1e-12)


# --- mistakes ---


@exercise.mistake("adagrad", "The lecture divides the sum of squares by the number of steps; PyTorch does not.")
def sum_not_mean(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().sum(dim=0).sqrt())


@exercise.mistake("adagrad", "sigma remembers all steps so far: yours knows the last only.")
def last_size(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / g.abs())


@exercise.mistake("adagrad", "Large gradients should take smaller steps: is sigma above or below the line?")
def times_sigma(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g * root_mean_square(grads[: t + 1]))


@exercise.mistake("adagrad", "Gradients of different signs cancel in your mean: what is squared first?")
def signed_mean(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].mean(dim=0).abs())


@exercise.mistake("adagrad", "Squares were summed: where is the root?")
def adagrad_no_root(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().mean(dim=0))


@exercise.mistake("adagrad", "Each parameter has a sigma of its own; yours is one for all.")
def one_sigma(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().mean().sqrt())


@exercise.mistake("adagrad", "At step t = 0 one gradient has been seen, and the mean divides by 1: how many later on?")
def counts_one_more(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / (grads[: t + 1].square().sum(dim=0) / (t + 2)).sqrt())


@exercise.mistake("adagrad", "This step's gradient belongs to its own sigma.")
def without_this_step(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / root_mean_square(grads[: max(t, 1)]))


def root_mean_square(grads):
    return grads.square().mean(dim=0).sqrt()


def rms_path(theta, grads, etas, update, start, root=True):
    path, square = [], start
    for g, eta in zip(grads, etas):
        square = update(square, g)
        theta = theta - eta * g / (square.sqrt() if root else square)
        path.append(theta)
    return torch.stack(path)


@exercise.mistake("rmsprop", "alpha weighs the past, 1 - alpha the new gradient: yours is the other way round.")
def alpha_swapped(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: (1 - alpha) * s + alpha * g.square(), grads[0].square())


@exercise.mistake("rmsprop", "Sizes are averaged here, not squares: what stands under the root?")
def rms_no_square(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.abs(), grads[0].abs(), root=False)


@exercise.mistake("rmsprop", "Every gradient counts the same for ever: that is Adagrad. Where does it forget?")
def never_forgets(theta, grads, etas, alpha):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / root_mean_square(grads[: t + 1]))


@exercise.mistake("rmsprop", "Yours starts from 0, as PyTorch's does. What is sigma at the first step here?")
def starts_at_zero(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), torch.zeros_like(theta))


@exercise.mistake("rmsprop", "Yours starts from 1: what is sigma at the first step here?")
def starts_at_one(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), torch.ones_like(theta))


@exercise.mistake("rmsprop", "sigma is a root: do you divide by its square?")
def rms_no_root(theta, grads, etas, alpha):
    return rms_path(
        theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), grads[0].square(), root=False
    )


@exercise.mistake("rmsprop", "The old square is kept whole: how much of it should be forgotten?")
def adds_up(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: s + (1 - alpha) * g.square(), grads[0].square() * alpha)


def adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=True, v_corrected=True, step=None, of=None, move=None):
    """Adam with a part exchanged: `of` makes the second moment from m, g; `step` counts; `move` makes the quotient."""
    path, m, v = [], torch.zeros_like(theta), torch.zeros_like(theta)
    for t, (g, eta) in enumerate(zip(grads, etas), start=1):
        count = step(t) if step else t
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (of(m, g) if of else g.square())
        m_hat = m / (1 - beta1**count) if m_corrected else m
        v_hat = v / (1 - beta2**count) if v_corrected else v
        theta = theta - eta * (move(m_hat, v_hat, g) if move else m_hat / (v_hat.sqrt() + eps))
        path.append(theta)
    return torch.stack(path)


@exercise.mistake("adam", "Which beta belongs to the mean, and which to the squares?")
def swap_betas(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta2, beta1, eps)


@exercise.mistake("adam", "v averages the squares of what? Not of m.")
def v_of_m(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, of=lambda m, g: m.square())


@exercise.mistake("adam", "Right in the first step: does your t count on?")
def t_const(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, step=lambda t: 1)


@exercise.mistake("adam", "The first step has t = 1: yours is one ahead.")
def t_ahead(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, step=lambda t: t + 1)


@exercise.mistake("adam", "m and v start at 0 and are too small at first: where is the correction?")
def no_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=False, v_corrected=False)


@exercise.mistake("adam", "m is corrected; v starts at 0, too.")
def only_m_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, v_corrected=False)


@exercise.mistake("adam", "v is corrected; m starts at 0, too.")
def only_v_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=False)


@exercise.mistake("adam", "Is eps inside or outside of the root?")
def eps_inside(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: m / (v + eps).sqrt())


@exercise.mistake("adam", "What moves theta is the averaged gradient, not the last one.")
def g_not_m(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: g / (v.sqrt() + eps))


@exercise.mistake("adam", "v holds squares: where is the root?")
def adam_no_root(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: m / (v + eps))


@exercise.mistake("adagrad", "There is no epsilon here: where gradients are tiny, yours is larger than they are.")
def adagrad_eps(theta, grads, etas):
    path, total = [], torch.zeros_like(theta)
    for t, (g, eta) in enumerate(zip(grads, etas)):
        total = total + g.square()
        theta = theta - eta / ((total / (t + 1)).sqrt() + 1e-8) * g
        path.append(theta)
    return torch.stack(path)


@exercise.mistake("rmsprop", "There is no epsilon here: where gradients are tiny, yours is larger than they are.")
def rmsprop_eps(theta, grads, etas, alpha):
    path, square = [], grads[0].square()
    for g, eta in zip(grads, etas):
        square = alpha * square + (1 - alpha) * g.square()
        theta = theta - eta / (square.sqrt() + 1e-8) * g
        path.append(theta)
    return torch.stack(path)
