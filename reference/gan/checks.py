"""The GAN assignment's exercises and checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Score,
    Student,
    StudentError,
    answer,
    as_tensor,
    compare,
    expect,
    matches,
    numerical_gradient,
    same_trajectory,
    tensor_of,
)

from . import judge

rubric = Rubric()


def weights(draw: Draw, *sizes: int, leaves: bool = False) -> list[Tensor]:
    """A network's parameters [W1, b1, ...] for these layer sizes, different for every entry."""
    found = []
    for inside, outside in zip(sizes, sizes[1:], strict=False):
        found += [draw.normal(outside, inside, scale=inside**-0.5), draw.normal(outside, scale=0.5)]
    return [parameter.requires_grad_() for parameter in found] if leaves else found


def listed(value: object, count: int, what: str) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


# --- 6.1 ---------------------------------------------------------------------------------------------------------

losses = rubric.exercise("6.1", "Two losses", owns=("d_loss", "g_loss"), points=8)


@losses.cases("d_loss", 0.5, public=True)
def undecided(draw: Draw) -> tuple[Tensor, Tensor]:
    """With real logits [0, 0] and fake logits [0], d_loss is 2 ln 2 = 1.386."""
    return torch.zeros(2, dtype=draw.dtype), torch.zeros(1, dtype=draw.dtype)


@losses.cases("g_loss", 0.5, public=True)
def undecided_fake(draw: Draw) -> Tensor:
    """With the fake logit [0], g_loss is ln 2 = 0.693."""
    return torch.zeros(1, dtype=draw.dtype)


@losses.check("d_loss", 3)
def discriminators_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """d_loss is the mean over the reals with label 1 plus the mean over the fakes with label 0."""
    for reals, fakes in ((2, 2), (3, 5), (17, 8)):
        real, fake = draw.normal(reals, scale=2) + 0.7, draw.normal(fakes, scale=2) - 0.4
        matches(student, reference, "d_loss", real, fake)
        matches(student, reference, "d_loss", real[:, None], fake[:, None])
        # Gradients come through both halves, each by itself.
        matches(student, reference, "d_loss", real.clone().requires_grad_(), fake)
        matches(student, reference, "d_loss", real, fake.clone().requires_grad_())


@losses.check("g_loss", 2)
def generators_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss is the mean cross-entropy of the fakes with label 1."""
    for fakes in (2, 5, 17):
        fake = draw.normal(fakes, scale=2) - 0.4
        matches(student, reference, "g_loss", fake.clone().requires_grad_())
        matches(student, reference, "g_loss", fake[:, None])


@losses.check("d_loss", 1)
def sure_of_it(student: Student, reference: Reference, draw: Draw) -> None:
    """d_loss is right, and finite, when D is sure: for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((900, 1000), (6, 10)):
        right, wrong = draw.uniform(3, low=low, high=high), draw.uniform(4, low=-high, high=-low)
        for real, fake in ((right, wrong), (wrong, right), (right, right)):
            matches(student, reference, "d_loss", real, fake)


@losses.check("g_loss", 1)
def sure_of_fakes(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss is right, and finite, when D is sure: for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((900, 1000), (-1000, -900), (6, 10), (-10, -6)):
        matches(student, reference, "g_loss", draw.uniform(4, low=low, high=high))


# --- 6.2 ---------------------------------------------------------------------------------------------------------

saturation = rubric.exercise(
    "6.2",
    "Why not minimise what D maximises?",
    owns=("g_loss_saturating", "g_slopes", "best_logit"),
    points=9,
    bans=AUTOGRAD,
)


@saturation.cases("g_loss_saturating", 0.5, public=True)
def two_fakes(draw: Draw) -> Tensor:
    """For fake logits 0, ln 3 the saturating loss is -1.5 ln 2 = -1.04."""
    return torch.tensor([0.0, math.log(3)], dtype=draw.dtype)


@saturation.cases("g_slopes", 0.5, public=True)
def slopes_of_two_fakes(draw: Draw) -> Tensor:
    """For fake logits 0, ln 3 the slopes are [-0.25, -0.125] and then [-0.25, -0.375]."""
    return torch.tensor([0.0, math.log(3)], dtype=draw.dtype)


@saturation.check("g_loss_saturating", 2)
def saturating(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss_saturating is the mean of log(1 - sigmoid(logit))."""
    for fakes in (2, 7):
        fake = draw.normal(fakes, scale=2) - 0.5
        matches(student, reference, "g_loss_saturating", fake)
        matches(student, reference, "g_loss_saturating", fake[:, None])


@saturation.check("g_loss_saturating", 1)
def saturating_and_sure(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss_saturating is finite and right for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((-1000, -900), (900, 1000), (6, 10), (-10, -6)):
        matches(student, reference, "g_loss_saturating", draw.uniform(3, low=low, high=high))


@saturation.check("g_slopes", 3)
def slopes(student: Student, reference: Reference, draw: Draw) -> None:
    """g_slopes gives the derivatives of both means by each logit: first the non-saturating loss's."""
    for fakes in (2, 3, 8):
        matches(student, reference, "g_slopes", draw.normal(fakes, scale=2) - 0.5)


@saturation.check("best_logit", 2)
def best_discriminator(student: Student, reference: Reference, draw: Draw) -> None:
    """best_logit is the logit whose sigmoid is p_real / (p_real + p_fake)."""
    for count in (2, 9):
        matches(student, reference, "best_logit", draw.uniform(count, low=0.1, high=3), draw.uniform(count, low=0.1))
    for low, high in ((1e-5, 2e-5), (1500, 3000)):  # rare among the fakes, and common
        matches(student, reference, "best_logit", draw.uniform(3, low=low, high=high), draw.uniform(3, low=0.9, high=1))


# --- 6.3 ---------------------------------------------------------------------------------------------------------

whose = rubric.exercise("6.3", "Whose gradients?", owns=("backward_d", "backward_g"), points=10)


def arrives(got: object, expected: Sequence[Tensor], network: str) -> None:
    """The gradients of the network whose step it is are right."""
    found = listed(got, len(expected), f"the `.grad` of each of {network}'s parameters")
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        expect(one is not None, f"no gradient arrives in {network}, whose step it is: parameter {index} has None.")
        compare(one, other, f"the gradient of {network}'s parameter {index}")


def untouched(got: object, count: int, network: str, other: str) -> None:
    """Nothing (None, or zeros) has arrived in the network whose step it is not."""
    for value in listed(got, count, f"the `.grad` of each of {other}'s parameters (None where nothing arrived)"):
        tensor = as_tensor(value)
        empty = value is None or (tensor is not None and not bool(tensor.any()))
        expect(empty, f"a step of {network} leaves gradients in {other}.")


def something_arrives(got: object, parameters: Sequence[Tensor], network: str) -> None:
    """The network whose step it is has gradients, of the shapes of its parameters, and not zeros alone."""
    found = listed(got, len(parameters), f"the `.grad` of each of {network}'s parameters")
    expect(all(one is not None for one in found), f"no gradient arrives in {network}, whose step it is.")
    slopes = [
        tensor_of(one, tuple(parameter.shape), f"the gradient of {network}'s parameter {index}")
        for index, (one, parameter) in enumerate(zip(found, parameters, strict=True))
    ]
    expect(any(bool(slope.any()) for slope in slopes), f"all gradients in {network}, whose step it is, are zero.")


def a_pair(draw: Draw, *, leaves: bool) -> tuple[list[Tensor], list[Tensor], tuple[int, ...], int]:
    """Parameters of D and of G, the shape of an image, and the entries of a noise vector."""
    shape = draw.choice(((2, 3), (3, 2), (6,)))
    noise, hidden, wide = draw.distinct(3, 2, 6)
    d = weights(draw, math.prod(shape), wide, 1, leaves=leaves)
    return d, weights(draw, noise, hidden, math.prod(shape), leaves=leaves), shape, noise


@whose.check("backward_d", 1, public=True)
def one_number(student: Student, reference: Reference, draw: Draw) -> None:
    """d = [[[2]], [0]], g = [[[1]], [0]], real [[1]], z [[0]]: backward_d gives D -0.119 and 0.5 - 0.119, G nothing."""
    d, g = (
        [torch.tensor(value, dtype=draw.dtype, requires_grad=True) for value in values]
        for values in (([[2.0]], [0.0]), ([[1.0]], [0.0]))
    )
    real, z = (torch.tensor([[value]], dtype=draw.dtype) for value in (1.0, 0.0))
    got = listed(student.backward_d(d, g, real, z), 2, "D's list and G's list")
    arrives(got[0], reference.backward_d(d, g, real, z)[0], "D")
    untouched(got[1], len(g), "D", "G")


@whose.check("backward_d", 2)
def into_d(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_d leaves the gradients of D's loss, on reals and on G's images, in D's parameters."""
    for reals, fakes in ((2, 2), (3, 5), (6, 4)):
        d, g, shape, noise = a_pair(draw, leaves=True)
        real, z = draw.normal(reals, *shape), draw.normal(fakes, noise)
        got = listed(student.backward_d(d, g, real, z), 2, "D's list and G's list")
        arrives(got[0], reference.backward_d(d, g, real, z)[0], "D")


@whose.check("backward_d", 2)
def g_stays_clean(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_d leaves nothing in G's parameters, None or zeros, and something in D's."""
    for reals, fakes in ((2, 3), (5, 4), (3, 6)):
        d, g, shape, noise = a_pair(draw, leaves=True)
        got = student.backward_d(d, g, draw.normal(reals, *shape), draw.normal(fakes, noise))
        found = listed(got, 2, "D's list and G's list")
        untouched(found[1], len(g), "D", "G")
        something_arrives(found[0], d, "D")


@whose.check("backward_g", 3)
def into_g(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_g leaves the gradients of G's loss, which come through D, in G's parameters."""
    for fakes in (2, 3, 6):
        d, g, _, noise = a_pair(draw, leaves=True)
        z = draw.normal(fakes, noise)
        got = listed(student.backward_g(d, g, z), 2, "D's list and G's list")
        arrives(got[1], reference.backward_g(d, g, z)[1], "G")


@whose.check("backward_g", 2)
def d_stays_clean(student: Student, reference: Reference, draw: Draw) -> None:
    """backward_g leaves nothing in D's parameters, None or zeros, and something in G's."""
    for fakes in (2, 5, 3):
        d, g, _, noise = a_pair(draw, leaves=True)
        got = listed(student.backward_g(d, g, draw.normal(fakes, noise)), 2, "D's list and G's list")
        untouched(got[0], len(d), "G", "D")
        something_arrives(got[1], g, "G")


# --- 6.4 ---------------------------------------------------------------------------------------------------------

turns = rubric.exercise("6.4", "Taking turns", owns=("update", "take_turns"), points=12)
BEFORE_TURNS = ("d_loss", "g_loss", "backward_d", "backward_g")


@turns.check("update", 0.5, public=True)
def one_update(student: Student, reference: Reference, draw: Draw) -> None:
    """update([[1, 2], [3]], [[10, -10], [0]], 0.1) is [[0, 3], [3]], as tensors."""
    parameters, slope = (
        [torch.tensor(value, dtype=draw.dtype) for value in values]
        for values in (([1.0, 2.0], [3.0]), ([10, -10], [0]))
    )
    matches(student, reference, "update", parameters, slope, 0.1)


@turns.check("take_turns", 0.5, public=True)
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


@turns.check("update", 1)
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


@turns.check("take_turns", 3)
def ds_turn(student: Student, reference: Reference, draw: Draw) -> None:
    """A round begins with a step of D, which leads to the right D; its loss is that before the step."""
    for _ in range(2):
        ds_side(*played(student, reference, draw, 1, 1))


@turns.check("take_turns", 2)
def gs_turn(student: Student, reference: Reference, draw: Draw) -> None:
    """Then comes one step of G, against the new D and on noise of its own; its loss is that before the step."""
    for _ in range(2):
        gs_side(*played(student, reference, draw, 1, 1))


@turns.check("take_turns", 2.5)
def rounds(student: Student, reference: Reference, draw: Draw) -> None:
    """Several rounds with one step of D: no gradient is left over from one update to the next."""
    for count in (2, 4):
        both = played(student, reference, draw, count, 1)
        ds_side(*both)
        gs_side(*both)


@turns.check("take_turns", 1.5)
def several_steps_of_d(student: Student, reference: Reference, draw: Draw) -> None:
    """With more steps of D in a round, each has its own batch and noise, and D ends where it should."""
    for steps in (2, 3):
        ds_side(*played(student, reference, draw, 1, steps))


@turns.check("take_turns", 1)
def g_moves_once_a_round(student: Student, reference: Reference, draw: Draw) -> None:
    """With more steps of D in each of several rounds, G moves once a round, against the D of after the last step."""
    for count, steps in ((1, 3), (3, 2)):
        both = played(student, reference, draw, count, steps)
        ds_side(*both)
        gs_side(*both)


# --- 6.5 ---------------------------------------------------------------------------------------------------------

wasserstein = rubric.exercise(
    "6.5", "Wasserstein: scores instead of verdicts", owns=("critic_loss", "critic_g_loss"), points=3
)


@wasserstein.cases("critic_loss", 0.5, public=True)
def three_scores(draw: Draw) -> tuple[Tensor, ...]:
    """Reals with scores 3, 5 and a fake with score 1: critic_loss is -3."""
    return torch.tensor([3.0, 5.0], dtype=draw.dtype), torch.tensor([1.0], dtype=draw.dtype)


@wasserstein.cases("critic_g_loss", 0.5, public=True)
def one_score(draw: Draw) -> Tensor:
    """A fake with score 1: critic_g_loss is -1."""
    return torch.tensor([1.0], dtype=draw.dtype)


@wasserstein.check("critic_loss", 1)
def wasserstein_losses(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_loss is the mean score of the fakes minus that of the reals."""
    for reals, fakes in ((2, 3), (7, 4)):
        real, fake = draw.normal(reals, scale=3) + 1, draw.normal(fakes, scale=3) - 2
        matches(student, reference, "critic_loss", real.clone().requires_grad_(), fake)
        matches(student, reference, "critic_loss", real, fake.clone().requires_grad_())
        matches(student, reference, "critic_loss", real[:, None], fake[:, None])


@wasserstein.check("critic_g_loss", 1)
def generator_of_wasserstein(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_g_loss is the mean score of the fakes with its sign turned."""
    for fakes in (3, 4):
        fake = draw.normal(fakes, scale=3) - 2
        matches(student, reference, "critic_g_loss", fake.clone().requires_grad_())
        matches(student, reference, "critic_g_loss", fake[:, None])


# --- 6.6 ---------------------------------------------------------------------------------------------------------

clipping = rubric.exercise("6.6", "Clipping", owns=("critic_step",), points=5)


@clipping.check("critic_step", 1, public=True)
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


@clipping.check("critic_step", 1.5)
def moves(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_step moves the critic against the gradient of its loss (with a bound too wide to matter)."""
    for _ in range(2):
        step_of_critic(student, reference, draw, draw.number(0.1, 0.3), 50.0)


@clipping.check("critic_step", 2.5)
def clips(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_step clips every weight and bias to [-c, c] after the update."""
    for _ in range(3):
        step_of_critic(student, reference, draw, draw.number(0.3, 0.6), draw.number(0.2, 0.4))


# --- 6.7 ---------------------------------------------------------------------------------------------------------

between = rubric.exercise("6.7", "Between real and fake", owns=("mix",), points=3)


@between.check("mix", 1, public=True)
def two_samples(student: Student, reference: Reference, draw: Draw) -> None:
    """Reals [[8, 8], [8, 8]], fakes 0, alpha = [0.25, 0.75]: mix is [[2, 2], [6, 6]]."""
    alpha = torch.tensor([0.25, 0.75], dtype=draw.dtype)
    matches(student, reference, "mix", torch.full((2, 2), 8.0, dtype=draw.dtype), alpha.new_zeros(2, 2), alpha)


@between.check("mix", 2)
def mixes(student: Student, reference: Reference, draw: Draw) -> None:
    """mix takes alpha of the real and 1 - alpha of the fake, one alpha for each sample, whatever its shape."""
    for shape in ((3, 2), (2, 5), (4, 2, 3, 3), (3, 3, 3)):
        matches(student, reference, "mix", draw.normal(*shape), draw.normal(*shape), draw.uniform(shape[0]))
    ends = torch.tensor([0.0, 1.0, 0.5], dtype=draw.dtype)
    matches(student, reference, "mix", draw.normal(3, 4), draw.normal(3, 4), ends)


# --- 6.8 ---------------------------------------------------------------------------------------------------------

penalty = rubric.exercise("6.8", "The gradient penalty", owns=("gradient_penalty", "penalty_gradients"), points=10)


@penalty.check("gradient_penalty", 0.5, public=True)
def one_layer(student: Student, reference: Reference, draw: Draw) -> None:
    """The critic [[[3, 4]], [0]] has slope (3, 4) everywhere, of length 5: the penalty of any two images is 16."""
    d = [torch.tensor(value, dtype=draw.dtype) for value in ([[3.0, 4.0]], [0.0])]
    matches(student, reference, "gradient_penalty", d, draw.normal(2, 2), draw.normal(2, 2), draw.uniform(2))


def slopes_of_penalty(student: Student, *problem: object) -> list[object]:
    """The student's penalty_gradients, one for each of D's parameters; PyTorch's words for a cut graph explained."""
    try:
        found = student.penalty_gradients(*problem)
    except StudentError as error:
        if "does not require grad" in error.message:
            raise MismatchError(f"{error.message}. Was the graph of the slope kept when you took it?") from error
        raise
    gradients = listed(found, len(problem[0]), "one gradient for each of D's parameters")  # type: ignore[arg-type]
    for index, gradient in enumerate(gradients):
        where = f"the gradient of parameter {index} is None: return zeros where the penalty does not depend on it."
        expect(gradient is not None, where)
    return gradients


@penalty.check("penalty_gradients", 0.5, public=True)
def one_layer_moves(student: Student, reference: Reference, draw: Draw) -> None:
    """For that critic, [[[3, 4]], [0]], penalty_gradients is [[[4.8, 6.4]], [0]], whatever the images."""
    d = [torch.tensor(value, dtype=draw.dtype) for value in ([[3.0, 4.0]], [0.0])]
    problem = (d, draw.normal(2, 2), draw.normal(2, 2), draw.uniform(2))
    expected = reference.penalty_gradients(*problem)
    for index, (one, other) in enumerate(zip(slopes_of_penalty(student, *problem), expected, strict=True)):
        compare(one, other, f"the gradient of parameter {index}")


def steep(draw: Draw, factor: float, *shape: int) -> tuple[list[Tensor], Tensor, Tensor, Tensor]:
    """A critic whose slopes grow with `factor`, with reals, fakes and alphas."""
    d = weights(draw, math.prod(shape[1:]), draw.integer(3, 7), 1)
    d[-2] = d[-2] * factor
    return d, draw.normal(*shape) + 1, draw.normal(*shape), draw.uniform(shape[0])


SLOPES = ((0.3, (2, 3)), (3.0, (3, 4)), (1.5, (4, 2, 3, 3)), (0.4, (5, 3, 2)))
"""Critics flatter and steeper than 1, and the shapes of their images."""


@penalty.check("gradient_penalty", 3)
def penalty_value(student: Student, reference: Reference, draw: Draw) -> None:
    """gradient_penalty is the mean over samples of (norm of the slope - 1)^2, for flat and steep critics."""
    for factor, shape in SLOPES:
        d, *rest = steep(draw, factor, *shape)
        matches(student, reference, "gradient_penalty", d, *rest)
        leaves = [parameter.clone().requires_grad_() for parameter in d]
        matches(student, reference, "gradient_penalty", leaves, *rest)


@penalty.check("penalty_gradients", 2)
def double_backward(student: Student, reference: Reference, draw: Draw) -> None:
    """penalty_gradients is the gradient of the penalty by each of D's parameters."""
    for factor, shape in SLOPES:
        problem = steep(draw, factor, *shape)
        expected = reference.penalty_gradients(*problem)
        for index, (one, other) in enumerate(zip(slopes_of_penalty(student, *problem), expected, strict=True)):
            compare(one, other, f"the gradient of parameter {index}")


@penalty.check("penalty_gradients", 4)
def penalty_moves(student: Student, reference: Reference, draw: Draw) -> None:
    """penalty_gradients agrees with how your own gradient_penalty moves when a weight is nudged."""
    d, real, fake, alpha = steep(draw, 2.0, 3, 4)
    d, real, fake, alpha = [one.double() for one in d], real.double(), fake.double(), alpha.double()
    got = slopes_of_penalty(student, d, real, fake, alpha)
    for index in range(len(d)):
        original = d[index]

        def nudged(value: Tensor, index: int = index) -> Tensor:
            near = [*d[:index], value, *d[index + 1 :]]
            return tensor_of(student.gradient_penalty(near, real, fake, alpha), (), "gradient_penalty")

        moved = numerical_gradient(nudged, original)
        expect(index == len(d) - 1 or bool(moved.any()), "your penalty stays the same when D's weights are nudged.")
        compare(got[index], moved, f"the gradient of parameter {index}", rtol=1e-4, atol=1e-6)


# --- 6.9 ---------------------------------------------------------------------------------------------------------

gaussian = rubric.exercise(
    "6.9", "A set of images as a Gaussian", owns=("mean_and_covariance", "matrix_root"), points=8
)


def covariance(draw: Draw, size: int, rank: int | None = None) -> Tensor:
    """A covariance of this size, of full rank if none is given; in float64, where roots of zeros are safe."""
    factor = draw.normal(size, rank or 2 * size).double()
    return factor @ factor.T / factor.shape[1]


@gaussian.check("matrix_root", 1, public=True)
def diagonal(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root([[4, 0], [0, 9]]) is [[2, 0], [0, 3]]."""
    matches(student, reference, "matrix_root", torch.tensor([[4.0, 0.0], [0.0, 9.0]], dtype=draw.dtype))


@gaussian.check("mean_and_covariance", 2)
def moments(student: Student, reference: Reference, draw: Draw) -> None:
    """mean_and_covariance gives the mean of each column, and the covariance with N - 1."""
    for rows, columns in ((3, 2), (4, 5), (12, 3)):
        matches(student, reference, "mean_and_covariance", draw.normal(rows, columns, scale=2) + draw.normal(columns))


@gaussian.check("matrix_root", 3)
def root(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root(a) is symmetric, has no negative eigenvalue, and times itself it is a."""
    for size in (2, 3, 6):
        a = covariance(draw, size)
        found = tensor_of(student.matrix_root(a), (size, size), "matrix_root")
        compare(found @ found, a, "matrix_root(a) @ matrix_root(a)", atol=1e-7)
        compare(found, reference.matrix_root(a), "matrix_root(a)", atol=1e-7)


@gaussian.check("matrix_root", 2)
def singular_root(student: Student, reference: Reference, draw: Draw) -> None:
    """matrix_root of a singular matrix has no NaN: eigenvalues that rounding made negative count as 0."""
    for size, rank in ((3, 1), (5, 2), (8, 3)):
        a = covariance(draw, size, rank)
        compare(student.matrix_root(a), reference.matrix_root(a), "matrix_root of a singular matrix", atol=1e-6)


# --- 6.10 --------------------------------------------------------------------------------------------------------

distance = rubric.exercise("6.10", "How far apart?", owns=("frechet_distance",), points=5)


@distance.check("frechet_distance", 1, public=True)
def shifted(student: Student, reference: Reference, draw: Draw) -> None:
    """The distance between N(0, 1) and N(3, 1), in one dimension, is 9."""
    zero, three, one = (torch.tensor(value, dtype=draw.dtype) for value in ([0.0], [3.0], [[1.0]]))
    matches(student, reference, "frechet_distance", zero, one, three, one)


@distance.check("frechet_distance", 2)
def frechet(student: Student, reference: Reference, draw: Draw) -> None:
    """frechet_distance is the distance of two Gaussians whose covariances do not commute."""
    for size in (2, 3, 6):
        one, other = draw.normal(size).double(), draw.normal(size).double()
        problem = (one, covariance(draw, size), other, 2 * covariance(draw, size))
        compare(student.frechet_distance(*problem), reference.frechet_distance(*problem), "the distance", atol=1e-7)


@distance.check("frechet_distance", 2)
def frechet_of_few(student: Student, reference: Reference, draw: Draw) -> None:
    """frechet_distance copes with singular covariances; the same Gaussian twice is at distance 0."""
    for size, rank in ((4, 2), (7, 3)):
        one, other = draw.normal(size).double(), draw.normal(size).double()
        first, second = covariance(draw, size, rank), covariance(draw, size, rank)
        expected = reference.frechet_distance(one, first, other, second)
        compare(student.frechet_distance(one, first, other, second), expected, "the distance", atol=1e-5)
        compare(student.frechet_distance(one, first, one, first), 0.0, "the distance to itself", atol=1e-5)


# --- 6.11 --------------------------------------------------------------------------------------------------------

modes = rubric.exercise(
    "6.11",
    "Missing modes, and copies",
    owns=("ring", "modes_covered", "nearest_training", "copied_share"),
    points=8,
)


@modes.check("ring", 1, public=True)
def four_on_a_ring(student: Student, reference: Reference, draw: Draw) -> None:
    """ring(4, 2) is [[2, 0], [0, 2], [-2, 0], [0, -2]]."""
    matches(student, reference, "ring", 4, 2.0)


@modes.check("ring", 1)
def rings(student: Student, reference: Reference, draw: Draw) -> None:
    """ring puts any number of centres evenly on a circle, counter-clockwise from (radius, 0)."""
    for count in (3, 5, 8):
        matches(student, reference, "ring", count, draw.number(0.5, 3))


def crowd(draw: Draw, centres: Tensor, counts: Tensor, low: float, high: float) -> Tensor:
    """So many samples around each centre, at distances in [low, high)."""
    places = centres.repeat_interleave(counts, dim=0)
    angles, radii = draw.uniform(len(places), high=2 * math.pi), draw.uniform(len(places), low=low, high=high)
    return places + radii[:, None] * torch.stack([angles.cos(), angles.sin()], dim=1)


@modes.check("modes_covered", 3)
def counts_modes(student: Student, reference: Reference, draw: Draw) -> None:
    """modes_covered counts the centres with at least `least` samples nearest to them and within `distance`."""
    for count, wide, least in ((6, 0.5, 2), (7, 0.6, 3), (8, 0.7, 4)):  # centres far apart
        centres = reference.ring(count, 4.0).to(draw.dtype)[draw.permutation(count)]
        inside, beside, far = (torch.zeros(count, dtype=torch.int64) for _ in range(3))
        inside[:] = 2 * least
        inside[:6] = torch.tensor([least, least - 1, least - 1, 0, 0, 0])
        beside[3], far[4:6] = least, least
        samples = [
            crowd(draw, centres, inside, 0, 0.95 * wide),
            crowd(draw, centres, beside, 1.02 * wide, 1.1 * wide),
            crowd(draw, centres, far, 1.2, 1.4),
        ]
        matches(student, reference, "modes_covered", torch.cat(samples), centres, wide, least)
    for count, wide, least in ((5, 1.5, 2), (7, 2.5, 3)):  # centres within reach of one another
        centres = reference.ring(count, 1.0).to(draw.dtype)[draw.permutation(count)]
        counts = torch.zeros(count, dtype=torch.int64)
        counts[:2] = least
        matches(student, reference, "modes_covered", crowd(draw, centres, counts, 0, 0.3), centres, wide, least)
    # At a distance of exactly 5, which counts; and none near.
    centres = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]], dtype=draw.dtype)
    edge = torch.tensor([[3.0, 4.0], [-4.0, 3.0], [40.0, 5.0], [44.0, 4.0]], dtype=draw.dtype)
    for least in (1, 2):
        matches(student, reference, "modes_covered", edge, centres, 5.0, least)
    matches(student, reference, "modes_covered", edge + 100, centres, 5.0, 1)


@modes.check("nearest_training", 2)
def neighbours(student: Student, reference: Reference, draw: Draw) -> None:
    """nearest_training gives the index and the Euclidean distance of each sample's nearest training image."""
    for rows, training, shape in ((3, 4, (2,)), (5, 7, (3, 2)), (6, 4, (2, 2, 3))):
        samples, images = draw.normal(rows, *shape), draw.normal(training, *shape)
        matches(student, reference, "nearest_training", samples, images)


@modes.check("copied_share", 1)
def copies(student: Student, reference: Reference, draw: Draw) -> None:
    """copied_share is the share of samples, between 0 and 1, that have a training image within the tolerance."""
    images = draw.normal(6, 2, 3)
    samples = torch.cat([images[:3].repeat(2, 1, 1) + draw.normal(6, 2, 3, scale=0.01), draw.normal(4, 2, 3) + 4])
    matches(student, reference, "copied_share", samples, images, 0.2)
    matches(student, reference, "copied_share", samples[3:], images, 0.2)
    for count, tolerance in ((3, 0.5), (5, 2.0)):
        training = draw.normal(count, 5)
        samples = torch.cat([training[:2] + 0.1, training[-1:] + 0.6, training[:1] + 30])
        matches(student, reference, "copied_share", samples, training, tolerance)
    training = torch.tensor([[0.0, 0.0], [20.0, 0.0]], dtype=draw.dtype)
    samples = torch.tensor([[3.0, 4.0], [20.0, 6.0], [20.0, -5.0]], dtype=draw.dtype)
    matches(student, reference, "copied_share", samples, training, 5.0)  # at a distance of exactly 5, which counts


# --- 6.12 --------------------------------------------------------------------------------------------------------

numbers = rubric.exercise("6.12", "In numbers", owns=("ANSWERS",), points=3)


@numbers.check("ANSWERS", 1)
def at_the_end(student: Student, reference: Reference, draw: Draw) -> None:
    """D's loss when it can only say 1/2 is the sum of two cross-entropies."""
    answer(student, "ANSWERS", "d loss at the end", 2 * math.log(2), 0.01)


@numbers.check("ANSWERS", 1)
def push(student: Student, reference: Reference, draw: Draw) -> None:
    """The two slopes at a logit of -5, divided."""
    answer(student, "ANSWERS", "push at -5", math.exp(5), 0.6)


@numbers.check("ANSWERS", 1)
def two_bells(student: Student, reference: Reference, draw: Draw) -> None:
    """The Fréchet distance of N(0, 1) and a normal distribution with mean 3 and standard deviation 2."""
    answer(student, "ANSWERS", "distance of two bells", 10, 1e-6)


# --- 6.13 --------------------------------------------------------------------------------------------------------

training = rubric.exercise("6.13", "Train it", owns=("train_gan",), points=16)
IMAGES = 2000

LADDER = Ladder(
    "Fréchet distance from the real digits, in percent",
    (
        Rung("simple", 85.0, 0.15, "two hidden layers and Adam, 60 epochs"),
        Rung("medium", 30.0, 0.30, "a learning rate of 2e-3"),
        Rung("strong", 9.0, 0.85, "R1 and a running average of G's weights"),
        Rung("boss", 4.5, 1.00, "a learning rate of 4e-3 and 120 epochs, with both"),
    ),
)


BLENDS, DIGITS = 0.62, 0.65
"""Shares of images of which the classifier is sure (`Task.sure`): at most the medium rung below, all points above.

Blends of digits, as a linear map of the noise makes them, have 0.54 to 0.62 (75 draws) at a distance of 7 to 15; the
strong rung's generators have 0.67 or more, the boss rung's 0.85.
"""


def limited(score: Score, share: float) -> Score:
    """No more than the medium rung's points for blends of digits, and all points where enough images are digits."""
    medium = LADDER.rungs[1].fraction
    most = medium + (1 - medium) * min(1.0, max(0.0, (share - BLENDS) / (DIGITS - BLENDS)))
    if score.fraction <= most:
        return score
    why = f"Our classifier is sure of {share:.0%} of your images only, so many look like blends of digits;"
    return Score(most, f"{score.message} {why} for all points it takes {DIGITS:.0%}.", score.curve)


def trained(student: Student, draw: Draw, classes: int) -> tuple[judge.Task, Tensor, list[float]]:
    """The task, the images that the student's generator makes (turned back), and G's losses."""
    task = judge.Task.drawn(draw, classes)
    order = draw.permutation(len(task.real))
    result = listed(
        student.train_gan(task.given[order], draw.integer(0, 2**31)), 3, "(the generator, D's losses, G's losses)"
    )
    made = judge.generate(judge.generator_of(result[0]), draw, IMAGES)
    expect(made.isfinite().all(), "your generator makes images with NaN or infinity in them.")
    traces = [as_tensor(trace) for trace in result[1:]]
    if not all(trace is not None and trace.ndim == 1 for trace in traces):
        raise MismatchError("train_gan: the second and third result are lists of numbers, a loss for each epoch.")
    return task, task.turned_back(made), [float(loss) for loss in traces[1]]  # type: ignore[union-attr]


def not_copied(task: judge.Task, images: Tensor) -> None:
    """Generated images are new ones."""
    share = task.copied(images)
    expect(share <= 0.2, f"{share:.2%} of the generator's images are copies of training images; 20 % may be.")


@training.check("train_gan", 13, trains=True, seconds=60)
def draws_digits(student: Student, reference: Reference, draw: Draw) -> Score:
    """On seven of the ten digits: the nearer your images come to the real ones, without copies, the more points."""
    task, images, trace = trained(student, draw, 7)
    not_copied(task, images)
    return limited(LADDER.score(task.distance(images), trace, "loss of G"), task.sure(images))


@training.check("train_gan", 3, trains=True, seconds=60)
def drops_none(student: Student, reference: Reference, draw: Draw) -> None:
    """On three of the ten digits: each of the three makes up 10 % of your images or more, and few are copies."""
    task, images, _ = trained(student, draw, 3)
    not_copied(task, images)
    share = task.rarest(images)
    expect(share >= 0.1, f"one of the three digits makes up only {share:.2%} of your images; 10 % are asked for.")


@training.practice(LADDER)
def on_the_digits_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """The digits 0 to 6, seen by a classifier like the grader's, and measured with your own frechet_distance."""
    with np.load(data / "digits.npz") as stored:
        chosen = stored["labels"] < 7
        real = torch.from_numpy(stored["images"][chosen]).double() / 16
    with np.load(data / "classifier.npz") as stored:
        W1, b1, W2, b2, W3, b3 = (torch.from_numpy(stored[name]).double() for name in stored.files)
    noise = torch.Generator().manual_seed(seed)
    result = listed(
        student.train_gan(real[torch.randperm(len(real), generator=noise)], seed),
        3,
        "(the generator, D's losses, G's losses)",
    )
    layers = listed(result[0], len(list(result[0])), "[W1, b1, ...]")  # type: ignore[call-overload]
    made = torch.randn(IMAGES, as_tensor(layers[0]).shape[1], generator=noise).double()  # type: ignore[union-attr]
    for i in range(0, len(layers), 2):
        W, b = (as_tensor(one).double() for one in layers[i : i + 2])  # type: ignore[union-attr]
        made = (made if i == 0 else torch.nn.functional.silu(made)) @ W.T + b
    looks = []
    for images in (made.clamp(0, 1), real):
        hidden = ((images @ W1.T + b1).relu() @ W2.T + b2).relu()
        looks.append((hidden, (hidden @ W3.T + b3).softmax(dim=1)))
    scales = [part.var(dim=0).sum().sqrt() for part in looks[1]]
    one, other = (torch.cat([part / scale for part, scale in zip(each, scales, strict=True)], dim=1) for each in looks)
    distance = student.frechet_distance(one.mean(0), torch.cov(one.T), other.mean(0), torch.cov(other.T))
    trace = as_tensor(result[2])
    return 50 * float(as_tensor(distance)), [] if trace is None else trace.reshape(-1).tolist()  # type: ignore[arg-type]
