"""The rubric of the classification assignment: 13 exercises, 100 points.

Inputs are random, grow from small to large, and are never square, equal or all ones. Learning rates change from step
to step, epsilons are large and batches small where it matters: that is where conventions differ.
"""

from __future__ import annotations

from autograder.rubric import Rubric

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
    saturation.exercise,
    backpropagation.exercise,
    engine.exercise,
    first_order.exercise,
    steps.exercise,
    adaptive.exercise,
    rates.exercise,
    critical.exercise,
    noise.exercise,
    normalisation.exercise,
    training.exercise,
)
