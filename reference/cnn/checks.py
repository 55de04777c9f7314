"""The rubric of the cnn assignment: nine exercises, 100 points, and a bonus.

Images are never square, kernels, strides and paddings differ along the two axes, and upstream gradients are random:
a wrong implementation has nowhere to hide. Messages never hold a hidden input or an expected value.
"""

from __future__ import annotations

from autograder.rubric import Rubric

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
    forward.exercise,
    backward.exercise,
    pooling.exercise,
    dense.exercise,
    symmetry.exercise,
    blocks.exercise,
    aids.exercise,
    training.exercise,
    transformer.exercise,
)
