"""6.2 Why not minimise what D maximises?."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise(
    "6.2",
    "Why not minimise what D maximises?",
    owns=("g_loss_saturating", "g_slopes", "best_logit"),
    points=9,
    bans=AUTOGRAD,
)


@exercise.cases("g_loss_saturating", 0.5, public=True)
def two_fakes(draw: Draw) -> Tensor:
    """For fake logits 0, ln 3 the saturating loss is -1.5 ln 2 = -1.04."""
    return torch.tensor([0.0, math.log(3)], dtype=draw.dtype)


@exercise.cases("g_slopes", 0.5, public=True)
def slopes_of_two_fakes(draw: Draw) -> Tensor:
    """For fake logits 0, ln 3 the slopes are [-0.25, -0.125] and then [-0.25, -0.375]."""
    return torch.tensor([0.0, math.log(3)], dtype=draw.dtype)


@exercise.check("g_loss_saturating", 2)
def saturating(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss_saturating is the mean of log(1 - sigmoid(logit))."""
    for fakes in (2, 7):
        fake = draw.normal(fakes, scale=2) - 0.5
        matches(student, reference, "g_loss_saturating", fake)
        matches(student, reference, "g_loss_saturating", fake[:, None])


@exercise.check("g_loss_saturating", 1)
def saturating_and_sure(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss_saturating is finite and right for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((-1000, -900), (900, 1000), (6, 10), (-10, -6)):
        matches(student, reference, "g_loss_saturating", draw.uniform(3, low=low, high=high))


@exercise.check("g_slopes", 3)
def slopes(student: Student, reference: Reference, draw: Draw) -> None:
    """g_slopes gives the derivatives of both means by each logit: first the non-saturating loss's."""
    for fakes in (2, 3, 8):
        matches(student, reference, "g_slopes", draw.normal(fakes, scale=2) - 0.5)


@exercise.check("best_logit", 2)
def best_discriminator(student: Student, reference: Reference, draw: Draw) -> None:
    """best_logit is the logit whose sigmoid is p_real / (p_real + p_fake)."""
    for count in (2, 9):
        matches(student, reference, "best_logit", draw.uniform(count, low=0.1, high=3), draw.uniform(count, low=0.1))
    for low, high in ((1e-5, 2e-5), (1500, 3000)):  # rare among the fakes, and common
        matches(student, reference, "best_logit", draw.uniform(3, low=low, high=high), draw.uniform(3, low=0.9, high=1))


# --- mistakes ---


@exercise.mistake("g_loss_saturating", "G minimises this loss: what should happen to it when D believes the fakes?")
def saturating_sign(fake_logits):
    return F.softplus(fake_logits).mean()


@exercise.mistake("g_loss_saturating", "log(sigmoid) is not log(1 - sigmoid): for which logits is yours flat?")
def log_of_sigmoid(fake_logits):
    return -F.softplus(-fake_logits).mean()


@exercise.mistake(
    "g_loss_saturating", "The log of 1 - sigmoid where the sigmoid has become 1: is there another way to write it?"
)
def saturating_overflow(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@exercise.mistake("g_slopes", "The two slopes are in the other order: the non-saturating loss's comes first.")
def slopes_swapped(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return -probability / len(fake_logits), (probability - 1) / len(fake_logits)


@exercise.mistake("g_slopes", "Both losses are means over the batch: where has that gone in their slopes?")
def slopes_without_mean(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return probability - 1, -probability


@exercise.mistake("g_slopes", "The sign: does a higher logit make these losses larger or smaller?")
def slopes_uphill(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return (1 - probability) / len(fake_logits), probability / len(fake_logits)


@exercise.mistake("best_logit", "This is a probability; which logit has it as its sigmoid?")
def best_probability(p_real, p_fake):
    return p_real / (p_real + p_fake)


@exercise.mistake("best_logit", 'Is your D more certain of "real" where there are more fakes?')
def best_for_fakes(p_real, p_fake):
    return torch.log(p_fake / p_real)


@exercise.mistake(
    "best_logit", "Where an image is very rare among the fakes, or common: should anything bound the logit?"
)
def bounded_logit(p_real, p_fake):
    return torch.logit(p_real / (p_real + p_fake), eps=1e-3)
