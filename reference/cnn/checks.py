"""The rubric of the cnn assignment: nine exercises, 100 points, a bonus, and 4 questions in words beside them.

Images are never square, kernels, strides and paddings differ along the two axes, and upstream gradients are random:
a wrong implementation has nowhere to hide. Messages never hold a hidden input or an expected value.
"""

from __future__ import annotations

from autograder.rubric import Rubric, Written

from .exercises import (
    aids,
    backward,
    blocks,
    dense,
    forward,
    pooling,
    sizes,
    symmetry,
    training,
    transformer,
)

rubric = Rubric(
    sizes.exercise,
    Written(
        "3.1a",
        "Fewer parameters, less work?",
        points=3,
        elements=(
            "counts: 64 x 27 a place, 98 x 98 places, 17 million multiplications; the dense layer 30 million",
            "about half, not one of 17,000: each weight of a convolution is used at every place",
            "fewer parameters save memory, and examples: what is learnt at one place holds at all of them",
        ),
    ),
    forward.exercise,
    backward.exercise,
    pooling.exercise,
    dense.exercise,
    Written(
        "3.5a",
        "What if all pixels are shuffled?",
        points=3,
        elements=(
            "fully connected: nothing, the order of its inputs means nothing to it",
            "convolutional: a lot, a small kernel sees pixels that no longer belong together",
            "if it lost nothing it made no use of neighbours: then sharing over places is the wrong assumption here",
        ),
    ),
    symmetry.exercise,
    blocks.exercise,
    aids.exercise,
    training.exercise,
    Written(
        "3.9a",
        "Predict: where do they stop reading?",
        points=3,
        elements=(
            "says for all three how far they get (right or wrong)",
            "convolution and pooling move along with the digit, but for borders and steps of the stride",
            "a dense layer on places knows each by itself; the largest (or mean) over all places forgets where",
        ),
    ),
    Written(
        "3.9b",
        "The largest value, or the mean?",
        points=3,
        elements=(
            "the images are mostly empty, so the mean waters down the few places with something",
            "the largest asks whether a feature is anywhere, however small or far out it is",
            "the mean where the amount counts: textures, or noise, where one odd place must not decide",
        ),
    ),
    transformer.exercise,
)
