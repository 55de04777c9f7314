"""4.8 One vector for a whole sequence."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    gradients_reach,
    matches,
)

from .common import LIBRARY_ATTENTION, random_mask, real, tensor, trained

exercise = Exercise(
    "4.8",
    "One vector for a whole sequence",
    owns=("masked_mean", "attention_pool"),
    points=8,
    bans=LIBRARY_ATTENTION,
)


@exercise.check("masked_mean", 1, public=True)
def two_of_three(student: Student, reference: Reference, draw: Draw) -> None:
    """The mean of [1, 2], [3, 6] and a padded [9, 9] is [2, 4]."""
    x = tensor([[[1, 2], [3, 6], [9, 9]]], draw)
    matches(student, reference, "masked_mean", x, torch.tensor([[True, True, False]]))


@exercise.check("masked_mean", 2)
def means(student: Student, reference: Reference, draw: Draw) -> None:
    """masked_mean divides the sum of each sequence's real frames by their number, wherever the padding stands."""
    for counts, size, width in (((3, 2), 4, 3), ((5, 3, 2), 5, 4), ((1, 6, 4, 2), 7, 3), ((1,), 2, 3)):
        x = trained(draw.normal(len(counts), size, width) + 1)
        for mask in (real(counts, size), random_mask(draw, len(counts), size)):
            matches(student, reference, "masked_mean", x, mask)
    matches(student, reference, "masked_mean", draw.normal(2, 1, 3), real([1, 1], 1))


@exercise.check("attention_pool", 4)
def pools(student: Student, reference: Reference, draw: Draw) -> None:
    """attention_pool weighs each real frame by the softmax of its score x @ w, wherever the padding stands."""
    for counts, size, width in (((3, 2), 4, 3), ((5, 3, 2), 5, 4), ((1, 6, 4, 2), 7, 3), ((1,), 2, 3)):
        x, w = draw.normal(len(counts), size, width) + 0.5, trained(draw.normal(width))
        for mask in (real(counts, size), random_mask(draw, len(counts), size)):
            matches(student, reference, "attention_pool", x, mask, w)
    matches(student, reference, "attention_pool", draw.normal(2, 1, 3), real([1, 1], 1), draw.normal(3))
    gradients_reach(student, reference, "attention_pool", draw.normal(2, 4, 3), real([4, 2], 4), draw.normal(3))


@exercise.cases("masked_mean", 0.5)
def mean_of_nothing(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """A sequence without any real frame has mean 0, not NaN."""
    return draw.normal(3, 4, 2), real([2, 0, 4], 4)


@exercise.cases("attention_pool", 0.5)
def pool_of_nothing(draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A sequence without any real frame is pooled to zeros, not NaN."""
    return draw.normal(3, 4, 2), real([2, 0, 4], 4), draw.normal(2)


# --- mistakes ---


@exercise.mistake("masked_mean", "Padding is in your mean: only real frames count.")
def counts_pad(x, mask):
    return x.mean(dim=1)


@exercise.mistake("masked_mean", "You divide by the padded length; each sequence has a length of its own.")
def div_T(x, mask):
    return (x * mask[..., None]).sum(dim=1) / x.shape[1]


@exercise.mistake("masked_mean", "Padding may stand anywhere: look at the mask, not at how many frames are real.")
def mean_padding_last(x, mask):
    count = mask.sum(dim=1, keepdim=True)
    first = torch.arange(x.shape[1]) < count
    return (x * first[..., None]).sum(dim=1) / count.clamp(min=1)


@exercise.mistake("masked_mean", "You take the first frame; the mean of all real frames is asked for.")
def first(x, mask):
    return x[:, 0] * mask[:, :1]


@exercise.mistake("masked_mean", "An empty sequence is divided by 0 in yours: it gives zeros.")
def empty_is_nan(x, mask):
    return (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


@exercise.mistake("masked_mean", "One mean for the whole batch: each sequence has its own.")
def mean_of_batch(x, mask):
    return x[mask].mean(dim=0).expand(len(x), -1) * mask.any(dim=1, keepdim=True)


@exercise.mistake("attention_pool", "Padding takes weight in yours: mask the scores.")
def pools_padding(x, mask, w):
    return (softmax(x @ w)[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "Padding may stand anywhere: look at the mask, not at how many frames are real.")
def pool_padding_last(x, mask, w):
    first = torch.arange(x.shape[1]) < mask.sum(dim=1, keepdim=True)
    return (masked_softmax(x @ w, first)[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "The frames come from layers that learn: where do their gradients get lost?")
def pooled_frames_detached(x, mask, w):
    x = x.detach()
    return (masked_softmax(x @ w, mask)[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "The scores here are not divided by anything.")
def pool_scaled(x, mask, w):
    return (masked_softmax(x @ w / math.sqrt(len(w)), mask)[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "The frames are weighted by raw scores: where is the softmax?")
def pool_no_softmax(x, mask, w):
    return ((x @ w * mask)[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "Every frame has the same weight in yours: what is w for?")
def pool_ignores_w(x, mask, w):
    return masked_mean(x, mask)


@exercise.mistake(
    "attention_pool", "You normalise over the batch; the weights of each sequence add up to 1 over its frames."
)
def pool_over_batch(x, mask, w):
    return (masked_softmax((x @ w).T, mask.T).T[:, None, :] @ x)[:, 0]


@exercise.mistake("attention_pool", "You choose the frame with the best score; the softmax gives a weighted mean.")
def pool_best(x, mask, w):
    best = (x @ w).masked_fill(~mask, -1e30).argmax(dim=1)
    return x[torch.arange(len(x)), best] * mask.any(dim=1, keepdim=True)
