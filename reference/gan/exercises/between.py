"""6.7 Between real and fake."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("6.7", "Between real and fake", owns=("mix",), points=3)


@exercise.check("mix", 1, public=True)
def two_samples(student: Student, reference: Reference, draw: Draw) -> None:
    """Reals [[8, 8], [8, 8]], fakes 0, alpha = [0.25, 0.75]: mix is [[2, 2], [6, 6]]."""
    alpha = torch.tensor([0.25, 0.75], dtype=draw.dtype)
    matches(student, reference, "mix", torch.full((2, 2), 8.0, dtype=draw.dtype), alpha.new_zeros(2, 2), alpha)


@exercise.check("mix", 2)
def mixes(student: Student, reference: Reference, draw: Draw) -> None:
    """mix takes alpha of the real and 1 - alpha of the fake, one alpha for each sample, whatever its shape."""
    for shape in ((3, 2), (2, 5), (4, 2, 3, 3), (3, 3, 3)):
        matches(student, reference, "mix", draw.normal(*shape), draw.normal(*shape), draw.uniform(shape[0]))
    ends = torch.tensor([0.0, 1.0, 0.5], dtype=draw.dtype)
    matches(student, reference, "mix", draw.normal(3, 4), draw.normal(3, 4), ends)


# --- mistakes ---


@exercise.mistake("mix", "All samples get the same alpha: each has its own.")
def one_alpha(real, fake, alpha):
    return alpha[0] * real + (1 - alpha[0]) * fake


@exercise.mistake("mix", "alpha is on the fake side: which image should alpha = 1 give?")
def swap(real, fake, alpha):
    alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))
    return alpha * fake + (1 - alpha) * real


@exercise.mistake("mix", "Along which dimension does alpha run? Each sample has one, not each column.")
def alpha_last(real, fake, alpha):
    return alpha * real + (1 - alpha) * fake
