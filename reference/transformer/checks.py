"""The rubric of the transformer assignment: 11 exercises, 100 points.

Inputs are random and grow from small to large; no two sizes of a problem are the same, norms have gains and shifts of
their own, and every bias is used, so that a wrong implementation has nowhere to hide.
"""

from __future__ import annotations

from autograder.rubric import Rubric

from .exercises import (
    blocks,
    clipping,
    decoder,
    decoding,
    losses,
    norms,
    positions,
    schedule,
    score,
    smoothing,
    training,
)

rubric = Rubric(
    positions.exercise,
    norms.exercise,
    blocks.exercise,
    decoder.exercise,
    losses.exercise,
    smoothing.exercise,
    schedule.exercise,
    clipping.exercise,
    decoding.exercise,
    score.exercise,
    training.exercise,
)
