"""The rubric of the self-attention assignment: 9 exercises, 100 points.

Batches, lengths, widths and heads all differ, weights are random and distinct, scores stay between saturation and
zero: nothing is right by luck. What makes attention attention is checked as an invariant, not as an accuracy.
"""

from __future__ import annotations

from autograder.rubric import Rubric

from .exercises import (
    backward,
    causal,
    heads,
    kin,
    order,
    padding,
    pooling,
    single,
    training,
)

rubric = Rubric(
    single.exercise,
    backward.exercise,
    heads.exercise,
    padding.exercise,
    causal.exercise,
    order.exercise,
    kin.exercise,
    pooling.exercise,
    training.exercise,
)
