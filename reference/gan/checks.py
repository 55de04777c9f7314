"""The rubric of the GAN assignment: 13 exercises, 100 points, and 4 questions in words beside them."""

from __future__ import annotations

from autograder.rubric import Rubric, Written

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
    Written(
        "6.4a",
        "Predict: the game of x and y",
        points=3,
        elements=(
            "says what becomes of both paths (right or wrong)",
            "the value is 0, at x = y = 0; neither way gets there",
            "in turn they go round, at once they spiral out: each step goes down its own loss, across the way in",
        ),
    ),
    wasserstein.exercise,
    clipping.exercise,
    between.exercise,
    penalty.exercise,
    Written(
        "6.8a",
        "Two differences, and what each is for",
        points=3,
        elements=(
            "a score without sigmoid, means instead of logarithms: G has a slope even where D is sure",
            "a critic that must not be steep: only then do its scores measure a distance, and stay finite",
            "from the figure: clipped it is far too flat, with one direction for all; penalised its slope is near 1",
        ),
    ),
    gaussian.exercise,
    distance.exercise,
    Written(
        "6.10a",
        "What the distance cannot see",
        points=3,
        elements=(
            "copies of the training images: their mean and covariance are just right",
            "all else that leaves mean and covariance as they are: blends, or a shape that no Gaussian has",
            "50 images estimate a covariance badly (singular, if there are more features): that adds distance",
        ),
    ),
    modes.exercise,
    numbers.exercise,
    training.exercise,
    Written(
        "6.13a",
        "Good news or bad?",
        points=3,
        elements=(
            "(a) G fools a D that has learned nothing: its images may be anything",
            "(b) D has won: it is sure of all, and G gets hardly a slope, or none that says where to go",
            "(c) what one hopes for, but a weak D says the same; look at images, the distance, modes, copies",
        ),
    ),
)
