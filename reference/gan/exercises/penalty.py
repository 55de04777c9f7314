"""6.8 The gradient penalty."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.rubric import (
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    StudentError,
    compare,
    expect,
    matches,
    numerical_gradient,
    tensor_of,
)

from .common import leaves, listed, weights

exercise = Exercise("6.8", "The gradient penalty", owns=("gradient_penalty", "penalty_gradients"), points=10)


@exercise.check("gradient_penalty", 0.5, public=True)
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


@exercise.check("penalty_gradients", 0.5, public=True)
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


@exercise.check("gradient_penalty", 3)
def penalty_value(student: Student, reference: Reference, draw: Draw) -> None:
    """gradient_penalty is the mean over samples of (norm of the slope - 1)^2, for flat and steep critics."""
    for factor, shape in SLOPES:
        d, *rest = steep(draw, factor, *shape)
        matches(student, reference, "gradient_penalty", d, *rest)
        leaves = [parameter.clone().requires_grad_() for parameter in d]
        matches(student, reference, "gradient_penalty", leaves, *rest)


@exercise.check("penalty_gradients", 2)
def double_backward(student: Student, reference: Reference, draw: Draw) -> None:
    """penalty_gradients is the gradient of the penalty by each of D's parameters."""
    for factor, shape in SLOPES:
        problem = steep(draw, factor, *shape)
        expected = reference.penalty_gradients(*problem)
        for index, (one, other) in enumerate(zip(slopes_of_penalty(student, *problem), expected, strict=True)):
            compare(one, other, f"the gradient of parameter {index}")


@exercise.check("penalty_gradients", 4)
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


# --- mistakes ---


def penalise(d, points, target=1.0, squared=False, whole=False, mean=False, above=False, keep_dim=False):
    """The gradient penalty at `points`, with a mistake to choose."""
    with torch.enable_grad():
        points = points.detach().requires_grad_()
        out = network(d, points)  # noqa: F821
        (slope,) = torch.autograd.grad(out.mean() if mean else out.sum(), points, create_graph=True)
        norm = slope.norm() if whole else slope.norm(dim=-1) if keep_dim else slope.flatten(1).norm(dim=1)
        excess = (norm**2 if squared else norm) - target
        return (excess.clamp(min=0) if above else excess).square().mean()


@exercise.mistake("gradient_penalty", "The slope is taken at the real images: where should it be?")
def real_only(d, real, fake, alpha):
    return penalise(d, real)


@exercise.mistake("gradient_penalty", "The slope is taken at the fake images: where should it be?")
def fake_only(d, real, fake, alpha):
    return penalise(d, fake)


@exercise.mistake(
    "gradient_penalty", "You differentiate the mean over the batch: each sample's slope is then divided by N."
)
def mean_out(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), mean=True)  # noqa: F821


@exercise.mistake("gradient_penalty", "One norm for the whole batch: every sample has its own.")
def norm_all(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), whole=True)  # noqa: F821


@exercise.mistake(
    "gradient_penalty", "The norm runs over the last dimension only: a sample has more entries than those."
)
def norm_last(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), keep_dim=True)  # noqa: F821


@exercise.mistake("gradient_penalty", "The squared norm is compared with 1: is a root missing?")
def sq_norm(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), squared=True)  # noqa: F821


@exercise.mistake("gradient_penalty", "Which length should the slope have? Yours asks for 0.")
def no_minus1(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), target=0.0)  # noqa: F821


@exercise.mistake("gradient_penalty", "Only steep slopes are punished: what about those flatter than 1?")
def one_sided(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), above=True)  # noqa: F821


@exercise.mistake(
    "gradient_penalty", "There is a weight in front, as in training; here the plain penalty is asked for."
)
def times_ten(d, real, fake, alpha):
    return 10 * penalise(d, mix(real, fake, alpha))  # noqa: F821


@exercise.mistake(
    "gradient_penalty", "The value is right, but cut off from D's parameters: was the graph of the slope kept?"
)
def graph_lost(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha)).detach()  # noqa: F821


@exercise.mistake("penalty_gradients", "Nothing arrives in D's parameters: was the graph of the slope kept?")
def all_zeros(d, real, fake, alpha):
    return [torch.zeros_like(parameter) for parameter in d]


@exercise.mistake("penalty_gradients", "This is the gradient of D's outputs; the penalty is a function of their slope.")
def of_the_scores(d, real, fake, alpha):
    moved = leaves(d)
    out = network(moved, mix(real, fake, alpha)).mean()  # noqa: F821
    return list(torch.autograd.grad(out, moved))


@exercise.mistake(
    "penalty_gradients", "D's last bias does not change the slope: its gradient is 0, but it has an entry."
)
def without_last(d, real, fake, alpha):
    moved = leaves(d)
    return list(torch.autograd.grad(gradient_penalty(moved, real, fake, alpha), moved[:-1]))  # noqa: F821


@exercise.mistake("penalty_gradients", "The sum over the samples instead of the mean.")
def summed_penalty(d, real, fake, alpha):
    moved = leaves(d)
    found = torch.autograd.grad(
        gradient_penalty(moved, real, fake, alpha) * len(real),  # noqa: F821
        moved,
        materialize_grads=True,
    )
    return list(found)
