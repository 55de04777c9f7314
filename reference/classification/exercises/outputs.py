"""2.1 One-hot and softmax."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

from .common import constant

SOFTMAXES = ("torch.softmax", "torch.log_softmax")


exercise = Exercise(
    "2.1",
    "One-hot and softmax",
    owns=("one_hot", "softmax"),
    points=8,
    bans=(*SOFTMAXES, "torch.nn.functional.one_hot"),
)


@exercise.cases("one_hot", 0.5, public=True)
def two_labels(draw: Draw) -> tuple[torch.Tensor, int]:
    """one_hot([2, 0], 3) is [[0, 0, 1], [1, 0, 0]]."""
    return torch.tensor([2, 0]), 3


@exercise.cases("softmax", 0.5, public=True)
def odds_of_three(draw: Draw) -> tuple[torch.Tensor, ...]:
    """softmax([[0, ln 3]]) is [[0.25, 0.75]]."""
    return tuple(constant(draw, [[0.0, math.log(3)]]))


@exercise.check("one_hot", 2)
def one_hot_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """one_hot has a row for each label and a column for each class, also for classes that do not occur."""
    for count, classes in ((3, 4), (7, 5), (6, 9), (1, 3)):
        labels = draw.integers(0, classes - 1, count)
        labels[0] = 0
        matches(student, reference, "one_hot", labels, classes)


@exercise.check("softmax", 3)
def probabilities(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax exponentiates and divides by the sum of its row."""
    for shape in ((2, 3), (5, 4), (4, 7)):
        matches(student, reference, "softmax", draw.normal(*shape, scale=2))
    wide = draw.normal(3, 4)
    wide[:, 0] += 12  # the others are small, and a part of their own size is an error
    small = reference.softmax(wide)
    answer = student.softmax(wide)
    p = tensor_of(answer, (3, 4), "`softmax`")
    compare(p.to(draw.dtype) / small, torch.ones_like(small), "`softmax`, as a share of what is right")
    if draw.dtype is getattr(answer, "dtype", None) is torch.float64:  # another dtype is charged once, and not here
        expect(((p.sum(dim=1) - 1).abs() <= 3e-9).all(), "`softmax`: the probabilities of a row add up to 1, not less.")


@exercise.check("softmax", 2)
def far_out(student: Student, reference: Reference, draw: Draw) -> None:
    """softmax does not overflow or underflow: rows near 1000 and rows near -1000 have probabilities, in one batch."""
    z = draw.normal(4, 3) + torch.tensor([[1000.0], [-1000.0], [0.0], [-900.0]], dtype=draw.dtype)
    z[2] = torch.tensor([-1000.0, 1000.0, 999.0], dtype=draw.dtype)
    p = tensor_of(student.softmax(z), (4, 3), "`softmax`")
    expect(p.isfinite().all(), "`softmax` of a row with large numbers gives NaN or infinity.")
    compare(p.to(draw.dtype), reference.softmax(z), "`softmax`")


# --- mistakes ---


@exercise.mistake("one_hot", "Labels start at 0: the first class is column 0.")
def one_hot_from_one(labels, classes):
    return (labels[:, None] - 1 == torch.arange(classes)).double()


@exercise.mistake("one_hot", "A row for each label, a column for each class: yours is the other way round.")
def one_hot_transposed(labels, classes):
    return (labels[None] == torch.arange(classes)[:, None]).double()


@exercise.mistake(
    "one_hot", "What if the last classes do not occur in this batch? `classes` says how many columns there are."
)
def one_hot_seen_classes(labels, classes):
    return (labels[:, None] == torch.arange(int(labels.max()) + 1)).double()


@exercise.mistake("one_hot", "You mark the classes that are wrong: where should the 1 be?")
def one_cold(labels, classes):
    return (labels[:, None] != torch.arange(classes)).double()


@exercise.mistake(
    "softmax", "You take the largest number of the whole batch off every row: what is left of a row near -1000?"
)
def softmax_global_max(z):
    e = torch.exp(z - z.max())
    return e / e.sum(dim=1, keepdim=True)


@exercise.mistake("softmax", "Right for small logits. How large is exp(1000)? Subtract something from each row first.")
def softmax_overflows(z):
    e = torch.exp(z)
    return e / e.sum(dim=1, keepdim=True)


@exercise.mistake("softmax", "Which axis are the classes? Each row should sum to 1, not each column.")
def softmax_dim0(z):
    e = torch.exp(z - z.max(dim=0, keepdim=True).values)
    return e / e.sum(dim=0, keepdim=True)


@exercise.mistake("softmax", "Each row should sum to 1: over what do you sum in the denominator?")
def softmax_over_everything(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum()


@exercise.mistake("softmax", "A square makes numbers positive too, but a softmax is made of exponentials.")
def softmax_squared(z):
    return z**2 / (z**2).sum(dim=1, keepdim=True)


@exercise.mistake("softmax", "What is the base of the exponential?")
def softmax_base2(z):
    e = 2 ** (z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


@exercise.mistake("softmax", "The rows do not sum to 1: where is the denominator?")
def softmax_no_norm(z):
    return torch.exp(z - z.max(dim=1, keepdim=True).values)


@exercise.mistake("one_hot", "One label makes one row: the result stays (N, classes), also for N = 1.")
def one_row_squeezed(labels, classes):
    return torch.eye(classes)[labels].squeeze()


@exercise.mistake("softmax", "The sum of a row is 1 or more: a small number added to it only makes every share wrong.")
def padded_sum(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / (e.sum(dim=1, keepdim=True) + 1e-8)
