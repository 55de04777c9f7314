"""6.6 Clipping."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

from .common import leaves, weights

exercise = Exercise("6.6", "Clipping", owns=("critic_step",), points=5)


@exercise.check("critic_step", 1, public=True)
def one_weight(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_step([[[2]], [0]], real [[3]], fake [[1]], lr 0.5, c 1.5): W would become 3, and is clipped to 1.5."""
    d, real, fake = (
        [torch.tensor(value, dtype=draw.dtype) for value in values] for values in (([[2.0]], [0.0]), ([3.0],), ([1.0],))
    )
    matches(student, reference, "critic_step", d, torch.stack(real), torch.stack(fake), 0.5, 1.5)


def step_of_critic(student: Student, reference: Reference, draw: Draw, lr: float, c: float) -> None:
    """One critic step from drawn weights, some of which are beyond the bound."""
    shape = draw.choice(((2, 3), (3, 2)))
    reals, fakes, hidden = draw.distinct(3, 2, 7)
    d = weights(draw, 6, hidden, 1)
    matches(student, reference, "critic_step", d, draw.normal(reals, *shape) + 1, draw.normal(fakes, *shape), lr, c)


@exercise.check("critic_step", 1.5)
def moves(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_step moves the critic against the gradient of its loss (with a bound too wide to matter)."""
    for _ in range(2):
        step_of_critic(student, reference, draw, draw.number(0.1, 0.3), 50.0)


@exercise.check("critic_step", 2.5)
def clips(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_step clips every weight and bias to [-c, c] after the update."""
    for _ in range(3):
        step_of_critic(student, reference, draw, draw.number(0.3, 0.6), draw.number(0.2, 0.4))


# --- mistakes ---


def step(d, real, fake, lr):
    moved = leaves(d)
    critic_loss(network(moved, real), network(moved, fake)).backward()  # noqa: F821
    return [leaf.detach() for leaf in moved], [leaf.grad for leaf in moved]


@exercise.mistake("critic_step", "Clipped before the update: how large may the weights be after it?")
def clipped_before(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [one.clamp(-c, c) - lr * slope for one, slope in zip(old, slopes, strict=True)]


@exercise.mistake("critic_step", "You clip the gradients; it is the weights that must stay within the bound.")
def gradients_clipped(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [one - lr * slope.clamp(-c, c) for one, slope in zip(old, slopes, strict=True)]


@exercise.mistake("critic_step", "The biases are not clipped.")
def weights_only(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    new = [one - lr * slope for one, slope in zip(old, slopes, strict=True)]
    return [one.clamp(-c, c) if one.ndim == 2 else one for one in new]


@exercise.mistake("critic_step", "Only one side is clipped: what about weights far below 0?")
def one_side(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [(one - lr * slope).clamp(max=c) for one, slope in zip(old, slopes, strict=True)]


@exercise.mistake("critic_step", "The whole tensor is scaled down to the bound: clip each entry on its own.")
def scaled_down(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    new = [one - lr * slope for one, slope in zip(old, slopes, strict=True)]
    return [one * (c / one.abs().max()).clamp(max=1) for one in new]


@exercise.mistake("critic_step", "Your critic makes no step: is the clipping all that happens?")
def only_clipped(d, real, fake, lr, c):
    return [one.clamp(-c, c) for one in d]
