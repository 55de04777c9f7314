"""2.7 SGD and momentum."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    same_trajectory,
)

from .common import OPTIMISERS, constant, descent, follows, walk

exercise = Exercise("2.7", "SGD and momentum", owns=("sgd", "momentum"), points=8, bans=OPTIMISERS)


@exercise.cases("sgd", 0.5, public=True)
def two_steps(draw: Draw) -> tuple[torch.Tensor, ...]:
    """theta = [1], gradients [1], [2], etas 0.5, 0.1: sgd goes to 0.5 and 0.3."""
    return tuple(constant(draw, [1.0], [[1.0], [2.0]], [0.5, 0.1]))


@exercise.cases("momentum", 0.5, public=True)
def two_moves(draw: Draw) -> tuple[object, ...]:
    """theta = [1], gradients [1], [2], etas 0.5, 0.1: momentum with lam 0.8 goes to 0.5 and -0.1."""
    return (*constant(draw, [1.0], [[1.0], [2.0]], [0.5, 0.1]), 0.8)


@exercise.check("sgd", 2)
def plain_sgd(student: Student, reference: Reference, draw: Draw) -> None:
    """sgd moves against each gradient with that step's learning rate, and gives theta after every step."""
    follows(student, reference, draw, "sgd")


@exercise.check("momentum", 4)
def movement(student: Student, reference: Reference, draw: Draw) -> None:
    """momentum keeps the last movement, while the learning rate changes from step to step."""
    follows(student, reference, draw, "momentum", draw.number(0.6, 0.95))


@exercise.check("momentum", 1)
def no_memory(student: Student, reference: Reference, draw: Draw) -> None:
    """With lam = 0, momentum is sgd; with gradients 0 after the first, it coasts on and slows down."""
    theta, grads, etas = descent(draw, 5, 3)
    same_trajectory(student.momentum(theta, grads, etas, 0.0), list(reference.sgd(theta, grads, etas)), "`momentum`")
    grads[1:], etas[:] = 0.0, etas[0]
    path = list(reference.momentum(theta, grads, etas, 0.5))
    same_trajectory(student.momentum(theta, grads, etas, 0.5), path, "`momentum`")


# --- mistakes ---


@exercise.mistake("sgd", "Each step has a learning rate of its own: you use one for all.")
def sgd_first_eta(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -etas[0] * g)


@exercise.mistake("sgd", "Your steps climb: which way does the gradient point?")
def sgd_climbs(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: eta * g)


@exercise.mistake("sgd", "The list holds one tensor many times: does `-=` make a new one?")
def sgd_same_object(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g)[-1].expand(len(grads), -1)


@exercise.mistake("sgd", "The list begins with theta after the first step, and ends after the last.")
def sgd_before(theta, grads, etas):
    return torch.cat([theta[None], sgd_path(theta, grads, etas)[:-1]])


@exercise.mistake("sgd", "Each step starts where the last one ended, not at the beginning.")
def sgd_from_the_start(theta, grads, etas):
    return theta - etas[:, None] * grads


def sgd_path(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g)


def momentum_path(theta, grads, etas, update, move=None):
    """m = update(m, g, eta), then theta moves by m, or by move(m, g, eta)."""
    path, m = [], torch.zeros_like(theta)
    for g, eta in zip(grads, etas):
        m = update(m, g, eta)
        theta = theta + (m if move is None else move(m, g, eta))
        path.append(theta)
    return torch.stack(path)


@exercise.mistake("momentum", "That is PyTorch's form: the lecture's m has each step's learning rate inside.")
def m_plus_g(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m + g, lambda m, g, eta: -eta * m)


@exercise.mistake("momentum", "The gradient comes in with eta, not with eta (1 - lambda): that is another form.")
def dampened(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m - (1 - lam) * eta * g)


@exercise.mistake("momentum", "Every step begins with m = 0: who remembers the last movement?")
def momentum_reset(theta, grads, etas, lam):
    return sgd_path(theta, grads, etas)


@exercise.mistake("momentum", "Your m grows along the gradient: descent goes against it.")
def momentum_wrong_sign(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m + eta * g)


@exercise.mistake("momentum", "You look ahead (Nesterov): the lecture's theta moves by m, and by nothing else.")
def nesterov(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m - eta * g, lambda m, g, eta: lam * m - eta * g)


@exercise.mistake("momentum", "theta moves before m has heard of this step's gradient: which of the two comes first?")
def one_step_late(theta, grads, etas, lam):
    path, m = [], torch.zeros_like(theta)
    for g, eta in zip(grads, etas):
        theta = theta + m
        m = lam * m - eta * g
        path.append(theta)
    return torch.stack(path)


@exercise.mistake("momentum", "lambda belongs to the old movement: you weigh the new gradient with it, too.")
def lam_outside(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * (m - eta * g))
