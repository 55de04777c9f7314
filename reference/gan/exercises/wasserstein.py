"""6.5 Wasserstein: scores instead of verdicts."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("6.5", "Wasserstein: scores instead of verdicts", owns=("critic_loss", "critic_g_loss"), points=3)


@exercise.cases("critic_loss", 0.5, public=True)
def three_scores(draw: Draw) -> tuple[Tensor, ...]:
    """Reals with scores 3, 5 and a fake with score 1: critic_loss is -3."""
    return torch.tensor([3.0, 5.0], dtype=draw.dtype), torch.tensor([1.0], dtype=draw.dtype)


@exercise.cases("critic_g_loss", 0.5, public=True)
def one_score(draw: Draw) -> Tensor:
    """A fake with score 1: critic_g_loss is -1."""
    return torch.tensor([1.0], dtype=draw.dtype)


@exercise.check("critic_loss", 1)
def wasserstein_losses(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_loss is the mean score of the fakes minus that of the reals."""
    for reals, fakes in ((2, 3), (7, 4)):
        real, fake = draw.normal(reals, scale=3) + 1, draw.normal(fakes, scale=3) - 2
        matches(student, reference, "critic_loss", real.clone().requires_grad_(), fake)
        matches(student, reference, "critic_loss", real, fake.clone().requires_grad_())
        matches(student, reference, "critic_loss", real[:, None], fake[:, None])


@exercise.check("critic_g_loss", 1)
def generator_of_wasserstein(student: Student, reference: Reference, draw: Draw) -> None:
    """critic_g_loss is the mean score of the fakes with its sign turned."""
    for fakes in (3, 4):
        fake = draw.normal(fakes, scale=3) - 2
        matches(student, reference, "critic_g_loss", fake.clone().requires_grad_())
        matches(student, reference, "critic_g_loss", fake[:, None])


# --- mistakes ---


@exercise.mistake("critic_loss", "The critic minimises this: which scores should it make small?")
def critic_upside_down(real_scores, fake_scores):
    return real_scores.mean() - fake_scores.mean()


@exercise.mistake("critic_loss", "There is a sigmoid or a log in it: a critic's scores are used as they are.")
def critic_entropy(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


@exercise.mistake("critic_g_loss", "The sign: G wants its fakes to score high, and minimises this.")
def critic_g_sign(fake_scores):
    return fake_scores.mean()
