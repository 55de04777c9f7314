"""2.2 Cross-entropy."""

from __future__ import annotations

import math

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

from .common import constant

CROSS_ENTROPIES = ("torch.nn.functional.cross_entropy", "torch.log_softmax")


exercise = Exercise(
    "2.2",
    "Cross-entropy",
    owns=("cross_entropy", "grad_cross_entropy"),
    points=8,
    bans=CROSS_ENTROPIES + AUTOGRAD,
)


def scored(draw: Draw, rows: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (rows, classes) and labels, the first of which is not the largest logit."""
    z, labels = draw.normal(rows, classes, scale=2), draw.integers(0, classes, rows)
    labels[0] = z[0].argmin()
    return z, labels


@exercise.cases("cross_entropy", 0.5, public=True)
def quarter(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """For logits [[0, ln 3]] and label 0, cross_entropy is ln 4 = 1.386."""
    (z,) = constant(draw, [[0.0, math.log(3)]])
    return z, torch.tensor([0])


@exercise.cases("grad_cross_entropy", 0.5, public=True)
def slope_of_quarter(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """For logits [[0, ln 3]] and label 0, the gradient is [[-0.75, 0.75]]."""
    (z,) = constant(draw, [[0.0, math.log(3)]])
    return z, torch.tensor([0])


@exercise.check("cross_entropy", 2)
def mean_of_logs(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy is the mean over the batch of -ln p of the true class."""
    for rows, classes in ((2, 3), (5, 4), (8, 6)):
        matches(student, reference, "cross_entropy", *scored(draw, rows, classes))


@exercise.check("cross_entropy", 1)
def far_off(student: Student, reference: Reference, draw: Draw) -> None:
    """cross_entropy stays finite and exact where the true class has logit -800 and another has 800."""
    z = draw.normal(5, 4)
    z[0, 1], z[0, 2], z[3, 0] = 800.0, -800.0, 300.0
    matches(student, reference, "cross_entropy", z, torch.tensor([2, 0, 3, 1, 2]))


@exercise.check("grad_cross_entropy", 3)
def gradient_of_logits(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_cross_entropy is the gradient of the mean loss with respect to every logit, finite for logits of +-1000."""
    for rows, classes in ((2, 3), (5, 4), (8, 6)):
        z, labels = scored(draw, rows, classes)
        leaf = z.clone().requires_grad_(True)
        truth = torch.autograd.grad(torch.nn.functional.cross_entropy(leaf, labels), leaf)[0]
        compare(student.grad_cross_entropy(z, labels), truth, "`grad_cross_entropy`")
    z = draw.normal(4, 3)
    z[0, 1], z[2, 0], z[2, 2] = 1000.0, -1000.0, 900.0
    matches(student, reference, "grad_cross_entropy", z, torch.tensor([1, 0, 0, 2]))


@exercise.check("grad_cross_entropy", 1)
def logits_nudged(student: Student, reference: Reference, draw: Draw) -> None:
    """grad_cross_entropy agrees with how the loss really moves when each logit is nudged."""
    z, labels = scored(draw, 6, 3)
    z = z.double()
    analytic = student.grad_cross_entropy(z, labels)
    agrees_with_numerical(analytic, lambda v: reference.cross_entropy(v, labels), z, "`grad_cross_entropy`")


# --- mistakes ---


@exercise.mistake("cross_entropy", "Your softmax is applied twice: does this function get logits or probabilities?")
def double_softmax(z, labels):
    p = softmax(softmax(z))
    return -p[torch.arange(len(labels)), labels].log().mean()


@exercise.mistake(
    "cross_entropy", "Logits far apart give infinity: can you take the logarithm on paper, before you exponentiate?"
)
def log_of_softmax(z, labels):
    return -softmax(z)[torch.arange(len(labels)), labels].log().mean()


@exercise.mistake(
    "cross_entropy", "A small number inside the logarithm hides the overflow, and changes every loss a little."
)
def log_eps(z, labels):
    return -(softmax(z)[torch.arange(len(labels)), labels] + 0.01).log().mean()


@exercise.mistake(
    "cross_entropy", "A loss that is negative? Logarithms of probabilities are below 0: what about the sign?"
)
def entropy_positive(z, labels):
    return (z[torch.arange(len(labels)), labels] - torch.logsumexp(z, dim=1)).mean()


@exercise.mistake("cross_entropy", "The mean runs over the examples: is yours over all entries of the table?")
def div_NC(z, labels):
    return cross_entropy_sum(z, labels) / z.numel()


@exercise.mistake("cross_entropy", "That is the sum over the batch; the loss is a mean.")
def entropy_sum(z, labels):
    return cross_entropy_sum(z, labels)


@exercise.mistake("cross_entropy", "Which column belongs to label 0? You look one to the left.")
def label_off_by_one(z, labels):
    return cross_entropy_sum(z, labels - 1) / len(labels)


@exercise.mistake("cross_entropy", "Whose probability counts: that of the predicted class, or that of the true one?")
def entropy_of_argmax(z, labels):
    return cross_entropy_sum(z, z.argmax(dim=1)) / len(labels)


@exercise.mistake(
    "cross_entropy",
    "You also add ln(1 - p) of the wrong classes: that is the cross-entropy of independent yes/no questions.",
)
def binary(z, labels):
    p, y = softmax(z), one_hot(labels, z.shape[1]).to(z.dtype)
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum(dim=1).mean()


def cross_entropy_sum(z, labels):
    return (torch.logsumexp(z, dim=1) - z[torch.arange(len(labels)), labels]).sum()


@exercise.mistake("grad_cross_entropy", "The loss is a mean over the batch: is its gradient one too?")
def gradient_no_N(z, labels):
    return softmax(z) - one_hot(labels, z.shape[1])


@exercise.mistake("grad_cross_entropy", "A step against your gradient would raise the loss: check its sign.")
def y_minus_p(z, labels):
    return (one_hot(labels, z.shape[1]) - softmax(z)) / len(labels)


@exercise.mistake("grad_cross_entropy", "The mean is over the examples: by how many do you divide?")
def gradient_div_NC(z, labels):
    return (softmax(z) - one_hot(labels, z.shape[1])) / z.numel()


@exercise.mistake(
    "grad_cross_entropy", "The other classes' logits are in the denominator of softmax: they have gradients too."
)
def only_true_class(z, labels):
    y = one_hot(labels, z.shape[1])
    return y * (softmax(z) - y) / len(labels)


@exercise.mistake(
    "grad_cross_entropy",
    "That is the gradient with respect to the probabilities. Carry it through softmax to the logits.",
)
def gradient_of_probabilities(z, labels):
    return -one_hot(labels, z.shape[1]).to(z.dtype) / softmax(z) / len(labels)


@exercise.mistake(
    "grad_cross_entropy", "e^1000 overflows here, too: take the largest logit off first, or call softmax."
)
def overflows(z, labels):
    e = torch.exp(z)
    return (e / e.sum(dim=1, keepdim=True) - one_hot(labels, z.shape[1]).to(z.dtype)) / len(labels)
