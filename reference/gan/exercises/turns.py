"""6.4 Taking turns."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
    same_trajectory,
)

from .common import a_pair, leaves, listed, weights

exercise = Exercise("6.4", "Taking turns", owns=("update", "take_turns"), points=12)


@exercise.check("update", 0.5, public=True)
def one_update(student: Student, reference: Reference, draw: Draw) -> None:
    """update([[1, 2], [3]], [[10, -10], [0]], 0.1) is [[0, 3], [3]], as tensors."""
    parameters, slope = (
        [torch.tensor(value, dtype=draw.dtype) for value in values]
        for values in (([1.0, 2.0], [3.0]), ([10, -10], [0]))
    )
    matches(student, reference, "update", parameters, slope, 0.1)


@exercise.check("take_turns", 0.5, public=True)
def one_turn(student: Student, reference: Reference, draw: Draw) -> None:
    """take_turns: d [[[2]], [0]], g [[[1]], [0]], one real 1, noise 0 for D, 1 for G, rate 1: losses 0.820, 0.162."""
    d, g = (
        [torch.tensor(value, dtype=draw.dtype) for value in values] for values in (([[2.0]], [0.0]), ([[1.0]], [0.0]))
    )
    real, z_d, z_g = (torch.full(shape, value, dtype=draw.dtype) for shape, value in (
        ((1, 1, 1, 1), 1.0), ((1, 1, 1, 1), 0.0), ((1, 1, 1), 1.0)
    ))  # fmt: skip
    expected = reference.take_turns(d, g, real, z_d, z_g, 1.0)
    got = listed(student.take_turns(d, g, real, z_d, z_g, 1.0), 4, "(d, g, D's losses, G's losses)")
    ds_side(got, expected)
    gs_side(got, expected)


@exercise.check("update", 1)
def descends(student: Student, reference: Reference, draw: Draw) -> None:
    """update moves every parameter against its gradient."""
    parameters, slope = weights(draw, 3, 4, 2), weights(draw, 3, 4, 2)
    matches(student, reference, "update", parameters, slope, draw.number(0.05, 0.5))


def ds_side(got: Sequence[object], expected: Sequence[Sequence[Tensor]]) -> None:
    """D's losses and where D ends are right."""
    same_trajectory(got[2], expected[2], "D's losses")
    compare(got[0], expected[0], "d in the end")


def gs_side(got: Sequence[object], expected: Sequence[Sequence[Tensor]]) -> None:
    """G's losses and where G ends are right."""
    same_trajectory(got[3], expected[3], "G's losses")
    compare(got[1], expected[1], "g in the end")


def played(
    student: Student, reference: Reference, draw: Draw, rounds: int, steps: int
) -> tuple[list[object], Sequence[Sequence[Tensor]]]:
    """What a short training gives, by the student and by the reference."""
    d, g, shape, noise = a_pair(draw, leaves=False)
    reals, fakes = draw.distinct(2, 2, 6)
    real, z_d, z_g = (
        draw.normal(rounds, steps, reals, *shape) + 1,
        draw.normal(rounds, steps, fakes, noise),
        draw.normal(rounds, fakes, noise),
    )
    rate = draw.number(0.1, 0.3)
    expected = reference.take_turns(d, g, real, z_d, z_g, rate)
    return listed(student.take_turns(d, g, real, z_d, z_g, rate), 4, "(d, g, D's losses, G's losses)"), expected


@exercise.check("take_turns", 3)
def ds_turn(student: Student, reference: Reference, draw: Draw) -> None:
    """A round begins with a step of D, which leads to the right D; its loss is that before the step."""
    for _ in range(2):
        ds_side(*played(student, reference, draw, 1, 1))


@exercise.check("take_turns", 2)
def gs_turn(student: Student, reference: Reference, draw: Draw) -> None:
    """Then comes one step of G, against the new D and on noise of its own; its loss is that before the step."""
    for _ in range(2):
        gs_side(*played(student, reference, draw, 1, 1))


@exercise.check("take_turns", 2.5)
def rounds(student: Student, reference: Reference, draw: Draw) -> None:
    """Several rounds with one step of D: no gradient is left over from one update to the next."""
    for count in (2, 4):
        both = played(student, reference, draw, count, 1)
        ds_side(*both)
        gs_side(*both)


@exercise.check("take_turns", 1.5)
def several_steps_of_d(student: Student, reference: Reference, draw: Draw) -> None:
    """With more steps of D in a round, each has its own batch and noise, and D ends where it should."""
    for steps in (2, 3):
        ds_side(*played(student, reference, draw, 1, steps))


@exercise.check("take_turns", 1)
def g_moves_once_a_round(student: Student, reference: Reference, draw: Draw) -> None:
    """With more steps of D in each of several rounds, G moves once a round, against the D of after the last step."""
    for count, steps in ((1, 3), (3, 2)):
        both = played(student, reference, draw, count, steps)
        ds_side(*both)
        gs_side(*both)


# --- mistakes ---


@exercise.mistake("update", "The step goes uphill: which way does a gradient point?")
def uphill(parameters, gradients, lr):
    return [parameter.detach() + lr * gradient for parameter, gradient in zip(parameters, gradients, strict=True)]


@exercise.mistake("update", "The learning rate has no effect.")
def no_rate(parameters, gradients, lr):
    return [parameter.detach() - gradient for parameter, gradient in zip(parameters, gradients, strict=True)]


def play(d, g, real, z_d, z_g, lr, *, old_d=False, generator_first=False, same_noise=False, keep=0.0, late=False):
    """take_turns, with a mistake to choose."""
    d_losses, g_losses = [], []
    left_d, left_g = [0.0] * len(d), [0.0] * len(g)

    def step_g(judge, noise):
        nonlocal g, left_g
        g_losses.append(g_loss(network(judge, network(g, noise))).detach())  # noqa: F821
        left_g = [
            keep * old + new
            for old, new in zip(left_g, backward_g(leaves(judge), leaves(g), noise)[1], strict=True)  # noqa: F821
        ]
        g = update(g, left_g, lr)  # noqa: F821
        if late:
            g_losses[-1] = g_loss(network(judge, network(g, noise))).detach()  # noqa: F821

    for reals, noises, noise in zip(real, z_d, z_g, strict=True):
        before = d
        if generator_first:
            step_g(d, noise)
        for batch, z in zip(reals, noises, strict=True):
            d_losses.append(d_loss(network(d, batch), network(d, network(g, z))).detach())  # noqa: F821
            left_d = [
                keep * old + new
                for old, new in zip(left_d, backward_d(leaves(d), leaves(g), batch, z)[0], strict=True)  # noqa: F821
            ]
            d = update(d, left_d, lr)  # noqa: F821
            if late:
                d_losses[-1] = d_loss(network(d, batch), network(d, network(g, z))).detach()  # noqa: F821
        if not generator_first:
            step_g(before if old_d else d, noises[-1] if same_noise else noise)
    return d, g, d_losses, g_losses


@exercise.mistake("take_turns", "G learns against the D of before this round: which D does it meet after D's steps?")
def against_old_d(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, old_d=True)


@exercise.mistake("take_turns", "Whose turn is first in a round?")
def generator_first(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, generator_first=True)


@exercise.mistake("take_turns", "G's step uses D's noise again: it has noise of its own.")
def same_noise(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, same_noise=True)


@exercise.mistake("take_turns", "Gradients pile up from one update to the next: what should be cleared, and when?")
def never_cleared(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, keep=1.0)


@exercise.mistake("take_turns", "Your losses are those after each update; asked for are those before.")
def losses_after(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, late=True)


@exercise.mistake("take_turns", "D makes one step in each round: look at the second dimension of `real`.")
def one_step_of_d(d, g, real, z_d, z_g, lr):
    return play(d, g, real[:, :1], z_d[:, :1], z_g, lr)


@exercise.mistake("take_turns", "All of D's steps in a round see the same batch.")
def same_batch(d, g, real, z_d, z_g, lr):
    return play(d, g, real[:, :1].expand_as(real), z_d, z_g, lr)
