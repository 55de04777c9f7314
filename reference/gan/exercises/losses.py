"""6.1 Two losses."""

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

exercise = Exercise("6.1", "Two losses", owns=("d_loss", "g_loss"), points=8)


@exercise.cases("d_loss", 0.5, public=True)
def undecided(draw: Draw) -> tuple[Tensor, Tensor]:
    """With real logits [0, 0] and fake logits [0], d_loss is 2 ln 2 = 1.386."""
    return torch.zeros(2, dtype=draw.dtype), torch.zeros(1, dtype=draw.dtype)


@exercise.cases("g_loss", 0.5, public=True)
def undecided_fake(draw: Draw) -> Tensor:
    """With the fake logit [0], g_loss is ln 2 = 0.693."""
    return torch.zeros(1, dtype=draw.dtype)


@exercise.check("d_loss", 3)
def discriminators_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """d_loss is the mean over the reals with label 1 plus the mean over the fakes with label 0."""
    for reals, fakes in ((2, 2), (3, 5), (17, 8)):
        real, fake = draw.normal(reals, scale=2) + 0.7, draw.normal(fakes, scale=2) - 0.4
        matches(student, reference, "d_loss", real, fake)
        matches(student, reference, "d_loss", real[:, None], fake[:, None])
        # Gradients come through both halves, each by itself.
        matches(student, reference, "d_loss", real.clone().requires_grad_(), fake)
        matches(student, reference, "d_loss", real, fake.clone().requires_grad_())


@exercise.check("g_loss", 2)
def generators_loss(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss is the mean cross-entropy of the fakes with label 1."""
    for fakes in (2, 5, 17):
        fake = draw.normal(fakes, scale=2) - 0.4
        matches(student, reference, "g_loss", fake.clone().requires_grad_())
        matches(student, reference, "g_loss", fake[:, None])


@exercise.check("d_loss", 1)
def sure_of_it(student: Student, reference: Reference, draw: Draw) -> None:
    """d_loss is right, and finite, when D is sure: for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((900, 1000), (6, 10)):
        right, wrong = draw.uniform(3, low=low, high=high), draw.uniform(4, low=-high, high=-low)
        for real, fake in ((right, wrong), (wrong, right), (right, right)):
            matches(student, reference, "d_loss", real, fake)


@exercise.check("g_loss", 1)
def sure_of_fakes(student: Student, reference: Reference, draw: Draw) -> None:
    """g_loss is right, and finite, when D is sure: for logits near -8 and 8, and near -1000 and 1000."""
    for low, high in ((900, 1000), (-1000, -900), (6, 10), (-10, -6)):
        matches(student, reference, "g_loss", draw.uniform(4, low=low, high=high))


# --- mistakes ---


@exercise.mistake("d_loss", "D's loss here does not depend on the fakes: what should D say about them?")
def only_real(real_logits, fake_logits):
    return F.softplus(-real_logits).mean()


@exercise.mistake("d_loss", "Is there a factor 1/2 in front? The two means are simply added.")
def halved(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / 2


@exercise.mistake(
    "d_loss", "Reals and fakes in one pot: with more of one than of the other, is that the sum of their means?"
)
def one_pot(real_logits, fake_logits):
    return 2 * torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()


@exercise.mistake("d_loss", "Sums instead of means: the loss grows with the batch.")
def summed(real_logits, fake_logits):
    return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()


@exercise.mistake("d_loss", "The labels are the other way round: which is 1, real or fake?")
def labels_swapped(real_logits, fake_logits):
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


@exercise.mistake("d_loss", "A sigmoid before a loss that takes logits: how many sigmoids are there in all?")
def double_sigmoid(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@exercise.mistake("d_loss", "This is the critic's loss of 6.5; here a cross-entropy is asked for.")
def wgan(real_logits, fake_logits):
    return fake_logits.mean() - real_logits.mean()


@exercise.mistake("d_loss", "The log of a sigmoid that has become 0: what is finite at a logit of -1000?")
def overflowing(real_logits, fake_logits):
    return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()


@exercise.mistake("g_loss", "Your G minimises what D minimises: does G want its fakes to be called fake?")
def g_same_as_d(fake_logits):
    return F.softplus(fake_logits).mean()


@exercise.mistake(
    "g_loss", "This is the saturating loss of 6.2; which label should the fakes have in the non-saturating one?"
)
def g_saturates(fake_logits):
    return -F.softplus(fake_logits).mean()


@exercise.mistake("g_loss", "A sigmoid before a loss that takes logits: how many sigmoids are there in all?")
def g_double_sigmoid(fake_logits):
    return F.softplus(-torch.sigmoid(fake_logits)).mean()


@exercise.mistake("g_loss", "This is G's loss against a critic (6.5); here a cross-entropy is asked for.")
def g_wgan(fake_logits):
    return -fake_logits.mean()


@exercise.mistake("d_loss", "Close, but not the loss: from which logit on does your softplus count as a straight line?")
def straight_too_early(real_logits, fake_logits):
    return F.softplus(-real_logits, threshold=5).mean() + F.softplus(fake_logits, threshold=5).mean()


@exercise.mistake("g_loss", "Close, but not the loss: from which logit on does your softplus count as a straight line?")
def straight_too_early_for_g(fake_logits):
    return F.softplus(-fake_logits, threshold=5).mean()
