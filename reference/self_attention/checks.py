"""The rubric of the self-attention assignment: 9 exercises, 100 points, and 4 questions in words beside them.

Batches, lengths, widths and heads all differ, weights are random and distinct, scores stay between saturation and
zero: nothing is right by luck. What makes attention attention is checked as an invariant, not as an accuracy.
"""

from __future__ import annotations

from autograder.rubric import Rubric, Written

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
    Written(
        "4.3a",
        "What are the root, the heads and Wo for?",
        points=3,
        elements=(
            "without the root scores grow with the width: the softmax is nearly one-hot and hardly passes a gradient",
            "one head has one set of weights for each query, so one kind of relevance, or one mean of several",
            "without Wo each head stays in its own columns of the output: nothing mixes what the heads found",
        ),
    ),
    Written(
        "4.3b",
        "Design a query",
        points=3,
        elements=(
            "q = beta (k1 + k2) with a large beta: both scores are alike and far above the others",
            "k1 twice as long: its score is twice the other one, so nearly all of the weight goes to v1",
            "one head asks for k1, the other for k2, each is sure, and Wo takes the mean: lengths no longer matter",
        ),
    ),
    padding.exercise,
    causal.exercise,
    order.exercise,
    kin.exercise,
    Written(
        "4.7a",
        "Predict: how much of the first frame arrives?",
        points=3,
        elements=(
            "says how each of the four lines runs (right or wrong)",
            "RNN: every step multiplies by w, so about radius to the power of the distance, a straight line here",
            "attention: one step at any distance; it falls only because more frames share the weight, about as 1/T",
        ),
    ),
    pooling.exercise,
    training.exercise,
    Written(
        "4.9a",
        "Is the map an explanation?",
        points=3,
        elements=(
            "the residual connection: most of what decides may come from the frame itself, which the map does not show",
            "a weight says nothing of what the value brings: it may be small, cancelled, or not used by what follows",
            "an experiment that changes the input or the weight: replace frame 31, and see whether the label changes",
        ),
    ),
)
