"""The rubric of the regression assignment: 12 exercises, 100 points.

Inputs are random, grow from small to large, and are never square, equal or all ones: a wrong implementation has
nowhere to hide. Messages never hold an expected value.
"""

from __future__ import annotations

from autograder.rubric import Rubric

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
    losses.exercise,
    linear.exercise,
    descent.exercise,
    surface.exercise,
    batches.exercise,
    curves.exercise,
    network.exercise,
    deep.exercise,
    training.exercise,
    diagnosis.exercise,
)
