"""The rubric of the classification assignment: 13 exercises, 100 points, and 4 questions in words beside them.

Inputs are random, grow from small to large, and are never square, equal or all ones. Learning rates change from step
to step, epsilons are large and batches small where it matters: that is where conventions differ.
"""

from __future__ import annotations

from autograder.rubric import Rubric, Written

from .exercises import (
    adaptive,
    backpropagation,
    critical,
    engine,
    entropy,
    first_order,
    noise,
    normalisation,
    outputs,
    rates,
    saturation,
    steps,
    training,
)

rubric = Rubric(
    outputs.exercise,
    entropy.exercise,
    Written(
        "2.2a",
        "What does the first loss tell?",
        points=3,
        elements=(
            "about ln 9 = 2.2: who knows nothing gives each of nine classes the same chance",
            "4.5 is worse than guessing: the network is sure of the wrong classes, its logits are too large",
            "first the size of the last weights, and whether the inputs are scaled; it is no sign of broken data",
        ),
    ),
    saturation.exercise,
    backpropagation.exercise,
    engine.exercise,
    first_order.exercise,
    steps.exercise,
    adaptive.exercise,
    Written(
        "2.8a",
        "Predict: what if the ravine is turned?",
        points=3,
        elements=(
            "says for SGD, momentum and the adaptive ones what will be seen (right or wrong)",
            "along the axes: each parameter is divided by the size of its own slopes; the steep one sets no pace",
            "turned: both have steep slopes, so dividing tells them apart no more; SGD and momentum turn along",
        ),
    ),
    rates.exercise,
    critical.exercise,
    Written(
        "2.10a",
        "Is it stuck?",
        points=3,
        elements=(
            "measures the norm of the gradient first: a loss that stands still often has a large one",
            "large: the steps jump from wall to wall, so a smaller rate",
            "small: signs of the eigenvalues; with a negative one there is a way out, along its eigenvector",
        ),
    ),
    noise.exercise,
    normalisation.exercise,
    Written(
        "2.12a",
        "What if batch norm stays in training mode?",
        points=3,
        elements=(
            "one at a time: its own mean, variance 0, so every feature becomes beta, whatever came in",
            "by the hundred: an answer depends on its neighbours, and the running statistics go on moving",
            "meant: the running mean and variance of training, which stay as they are",
        ),
    ),
    training.exercise,
)
