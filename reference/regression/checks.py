"""The rubric of the regression assignment: 12 exercises, 100 points, and 4 questions in words beside them.

Inputs are random, grow from small to large, and are never square, equal or all ones: a wrong implementation has
nowhere to hide. Messages never hold an expected value.
"""

from __future__ import annotations

from autograder.rubric import Rubric, Written

from .exercises import (
    batches,
    curves,
    deep,
    descent,
    diagnosis,
    linear,
    losses,
    network,
    splits,
    surface,
    training,
    windows,
)

rubric = Rubric(
    windows.exercise,
    splits.exercise,
    Written(
        "1.2a",
        "What is wrong with a scaler of all years?",
        points=3,
        elements=(
            "the mean and deviation of 2021 went into the model: the unseen year has been looked at",
            "the error may come out too small, or just different: either way it says nothing of a year still to come",
            "known on that evening: the days before, so fit on the training rows and use their numbers for all others",
        ),
    ),
    losses.exercise,
    linear.exercise,
    descent.exercise,
    surface.exercise,
    Written(
        "1.6a",
        "Predict: which way down?",
        points=3,
        elements=(
            "says what both pictures will look like (right or wrong)",
            "as they are: a long valley; its steep direction limits the rate, so the path jumps across, crawls along",
            "scaled: mean 0 and deviation 1 make the contours round, and one rate suits both directions",
        ),
    ),
    batches.exercise,
    curves.exercise,
    network.exercise,
    deep.exercise,
    training.exercise,
    Written(
        "1.11a",
        "Is the gain real?",
        points=3,
        elements=(
            "own figures of several seeds for both models: the spread of one, the distance of the two",
            "a distance no larger than the spread settles nothing; the best of several seeds is no estimate",
            "to be surer: more seeds and their means; other unseen years or channels, which seeds say nothing of",
        ),
    ),
    diagnosis.exercise,
    Written(
        "1.12a",
        "Which fault is it?",
        points=3,
        elements=(
            "A: optimisation, it still falls and a smaller model trains lower. Next: longer, another rate",
            "B: model bias, it stands still and a smaller model does no better. Next: more units, more days",
            "C: overfitting, held-out alone is bad. Next: stop earlier. A gap says little before training is fine",
        ),
    ),
)
