"""The GAN assignment's exercises and checks."""

from __future__ import annotations

from autograder.rubric import Rubric

from .exercises import (
    between,
    clipping,
    distance,
    gaussian,
    losses,
    modes,
    numbers,
    penalty,
    saturation,
    training,
    turns,
    wasserstein,
    whose,
)

rubric = Rubric(
    losses.exercise,
    saturation.exercise,
    whose.exercise,
    turns.exercise,
    wasserstein.exercise,
    clipping.exercise,
    between.exercise,
    penalty.exercise,
    gaussian.exercise,
    distance.exercise,
    modes.exercise,
    numbers.exercise,
    training.exercise,
)
