"""The rubric of the transformer assignment: 11 exercises, 100 points, and 4 questions in words beside them.

Inputs are random and grow from small to large; no two sizes of a problem are the same, norms have gains and shifts of
their own, and every bias is used, so that a wrong implementation has nowhere to hide.
"""

from __future__ import annotations

from autograder.rubric import Rubric, Written

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
    Written(
        "5.1a",
        "Predict: which positions are alike?",
        points=3,
        elements=(
            "says how the similarity runs (right or wrong): on the diagonal, along it, away from it",
            "the diagonal is width / 2 = 32, since each pair adds sin² + cos² = 1; it is the largest",
            "only the distance counts (a sum of cosines of it): it falls, with ripples: pairs turn at many speeds",
        ),
    ),
    norms.exercise,
    blocks.exercise,
    decoder.exercise,
    losses.exercise,
    smoothing.exercise,
    schedule.exercise,
    clipping.exercise,
    Written(
        "5.8a",
        "Tokens right, numbers right",
        points=3,
        elements=(
            "a number is right when all of its tokens are: about a product over some six or seven places",
            "tokens are counted with the right ones given before; in decoding its own errors come in again",
            "reports whole numbers from greedy decoding, and has numbers of its own figure",
        ),
    ),
    decoding.exercise,
    score.exercise,
    Written(
        "5.10a",
        "BLEU, for numbers?",
        points=3,
        elements=(
            "an example with its BLEU: one digit wrong at an end leaves most n-grams, 0.76 for six digits",
            "BLEU counts pieces that are shared; here one wrong digit makes all of it wrong: count exact matches",
            "BLEU is for sentences, of which many are right and none has to match word by word",
        ),
    ),
    training.exercise,
    Written(
        "5.11a",
        "Two of your errors",
        points=3,
        elements=(
            "two errors of different kinds, each with what was said and what came out",
            "for each a cause that fits (a zero is missing: no word stands for it; too long: such short ones are rare)",
            "for each one change, with what it should do to this kind of error",
        ),
    ),
)
