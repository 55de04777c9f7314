"""5.6 Label smoothing."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

from .common import ENTROPIES, LOSS_SIZES, loss_problem

exercise = Exercise(
    "5.6", "Label smoothing", owns=("smooth_labels", "smoothed_cross_entropy"), points=5, bans=ENTROPIES
)


@exercise.check("smooth_labels", 1, public=True)
def one_label(student: Student, reference: Reference, draw: Draw) -> None:
    """smooth_labels of label 2 of 4 with epsilon 0.2 is [0.05, 0.05, 0.85, 0.05]."""
    matches(student, reference, "smooth_labels", torch.tensor([[2]]), 4, 0.2)


@exercise.check("smooth_labels", 2)
def smooths(student: Student, reference: Reference, draw: Draw) -> None:
    """Epsilon is shared by all V tokens, the label included."""
    for rows, length, classes in LOSS_SIZES:
        labels = draw.integers(0, classes, rows, length)
        matches(student, reference, "smooth_labels", labels, classes, draw.number(0.05, 0.4))
    matches(student, reference, "smooth_labels", labels, classes, 0.0)


@exercise.check("smoothed_cross_entropy", 2)
def smoothed_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """smoothed_cross_entropy is the mean of - sum_v q_v log p_v over the labels that are not padding."""
    for size in LOSS_SIZES:
        logits, labels, pad = loss_problem(draw, *size)
        matches(student, reference, "smoothed_cross_entropy", logits, labels, pad, draw.number(0.1, 0.4))
    matches(student, reference, "smoothed_cross_entropy", 500 * logits, labels, pad, 0.1)


# --- mistakes ---


@exercise.mistake("smooth_labels", "By how many tokens is epsilon shared: does the label get its part?")
def shared_by_others(labels, classes, epsilon):
    hard = torch.nn.functional.one_hot(labels, classes).double()
    return (1 - epsilon) * hard + epsilon / (classes - 1) * (1 - hard)


@exercise.mistake("smooth_labels", "The paper's code shares epsilon by V - 2. What does this exercise do?")
def shared_as_in_paper(labels, classes, epsilon):
    hard = torch.nn.functional.one_hot(labels, classes).double()
    return (1 - epsilon) * hard + epsilon / (classes - 2) * (1 - hard)


@exercise.mistake("smooth_labels", "What do your distributions sum to?")
def keeps_one(labels, classes, epsilon):
    return torch.nn.functional.one_hot(labels, classes).double() + epsilon / classes


@exercise.mistake("smooth_labels", "Each token gets a part of epsilon. How large is yours?")
def epsilon_each(labels, classes, epsilon):
    return (1 - epsilon) * torch.nn.functional.one_hot(labels, classes).double() + epsilon


@exercise.mistake("smooth_labels", "Epsilon is small. Is your label's share small too?")
def epsilon_swapped(labels, classes, epsilon):
    return epsilon * torch.nn.functional.one_hot(labels, classes).double() + (1 - epsilon) / classes


def _smooth_costs(logits, labels, epsilon):
    q = (
        torch.nn.functional.one_hot(labels, logits.shape[2]).to(logits.dtype) * (1 - epsilon)
        + epsilon / logits.shape[2]
    )
    return -(q * logits.log_softmax(dim=2)).sum(dim=2)


@exercise.mistake("smoothed_cross_entropy", "Does padding count in your smoothed mean?")
def smoothed_pad_counted(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, epsilon).mean()


@exercise.mistake(
    "smoothed_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?"
)
def smoothed_log_of_softmax(logits, labels, pad, epsilon):
    q = smooth_labels(labels, logits.shape[2], epsilon).to(logits.dtype)
    return -(q * logits.softmax(dim=2).log()).sum(dim=2)[labels != pad].mean()


@exercise.mistake("smoothed_cross_entropy", "Epsilon does nothing in your loss: where do the other tokens come in?")
def not_smoothed(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, 0.0)[labels != pad].mean()


@exercise.mistake("smoothed_cross_entropy", "Your sum over the vocabulary has become a mean.")
def mean_over_vocabulary(logits, labels, pad, epsilon):
    return _smooth_costs(logits, labels, epsilon)[labels != pad].mean() / logits.shape[2]


@exercise.mistake(
    "smoothed_cross_entropy", "That is the distance between q and p, the KL divergence: it lacks the entropy of q."
)
def divergence(logits, labels, pad, epsilon):
    real = labels != pad
    q = (
        torch.nn.functional.one_hot(labels, logits.shape[2]).to(logits.dtype) * (1 - epsilon)
        + epsilon / logits.shape[2]
    )
    return (_smooth_costs(logits, labels, epsilon) + (q * q.log()).sum(dim=2))[real].mean()
