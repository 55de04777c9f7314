"""3.2 Convolution, forward."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

from .common import LIBRARY, Case, Pair, _convolve, arguments, hand_case

exercise = Exercise("3.2", "Convolution, forward", owns=("conv2d_forward",), points=18, bans=LIBRARY)


def convolves(student: Student, reference: Reference, draw: Draw, cases: Sequence[Case]) -> None:
    """The student's forward convolution matches on each case."""
    for case in cases:
        matches(student, reference, "conv2d_forward", *arguments(draw, case))


@exercise.check("conv2d_forward", 2, public=True)
def twelve_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """1 to 12 in rows of 4, kernel [[1, 2], [3, 4]], bias 0.5: [44.5, 54.5, 64.5], [84.5, 94.5, 104.5]."""
    matches(student, reference, "conv2d_forward", *hand_case(draw))


@exercise.check("conv2d_forward", 4)
def channels_and_filters(student: Student, reference: Reference, draw: Draw) -> None:
    """With stride 1 and no padding, every filter adds up all channels, plus its own bias, for each image."""
    one: Pair = (1, 1)
    convolves(
        student, reference, draw,
        [
            (1, 2, 3, 4, 1, (2, 2), one, (0, 0)),
            (2, 3, 5, 6, 4, (2, 3), one, (0, 0)),
            (3, 2, 4, 7, 5, (4, 1), one, (0, 0)),
        ],
    )  # fmt: skip


@exercise.check("conv2d_forward", 4)
def with_padding(student: Student, reference: Reference, draw: Draw) -> None:
    """Padding (rows, columns) puts zeros on both sides of each axis."""
    convolves(
        student, reference, draw,
        [
            (1, 1, 3, 4, 2, (2, 2), (1, 1), (1, 1)),
            (2, 2, 4, 6, 3, (3, 2), (1, 1), (2, 0)),
            (2, 3, 5, 7, 4, (3, 2), (1, 1), (1, 2)),
            (2, 1, 3, 4, 2, (2, 2), (1, 1), (2, 3)),  # some windows see nothing but padding
        ],
    )  # fmt: skip


@exercise.check("conv2d_forward", 4)
def with_strides(student: Student, reference: Reference, draw: Draw) -> None:
    """Stride (rows, columns) sets the steps; a window that would stick out is left out."""
    convolves(
        student, reference, draw,
        [
            (1, 1, 4, 5, 2, (2, 2), (2, 1), (0, 0)),
            (2, 2, 6, 8, 3, (2, 3), (1, 2), (0, 0)),
            (2, 3, 9, 11, 4, (3, 2), (2, 4), (0, 0)),
        ],
    )  # fmt: skip


@exercise.check("conv2d_forward", 4)
def everything_at_once(student: Student, reference: Reference, draw: Draw) -> None:
    """All of it together, also where the kernel is as large as the image and where strides do not fit."""
    convolves(
        student, reference, draw,
        [
            (2, 3, 7, 9, 4, (3, 2), (2, 3), (1, 2)),
            (3, 2, 5, 4, 3, (5, 4), (3, 2), (0, 1)),
            (2, 4, 10, 8, 5, (4, 3), (3, 2), (2, 1)),
        ],
    )  # fmt: skip


# --- mistakes ---


@exercise.mistake("conv2d_forward", "Which stride belongs to the columns?")
def stride0_both(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, (stride[0], stride[0]), padding)


@exercise.mistake("conv2d_forward", "Rows first: which of the two strides belongs to which axis?")
def stride_swapped(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, (stride[1], stride[0]), padding)


@exercise.mistake("conv2d_forward", "How much padding is left and right?")
def pad0_both(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (padding[0], padding[0]))


@exercise.mistake("conv2d_forward", "F.pad begins with the last axis. Which number belongs to the rows?")
def pad_swapped(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (padding[1], padding[0]))


@exercise.mistake("conv2d_forward", "What lies around the image: zeros, or its border once more?")
def pad_replicate(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, padding, mode="replicate")


@exercise.mistake("conv2d_forward", "Is there padding on all four sides, or at the beginning only?")
def pad_one_side(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(F.pad(x, (padding[1], 0, padding[0], 0)), w, b, stride, (0, 0))


@exercise.mistake("conv2d_forward", "The argument `padding` makes no difference.")
def no_pad(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (0, 0))


@exercise.mistake(
    "conv2d_forward", "Which number of the kernel meets the window's top left pixel? Here, no kernel is flipped."
)
def flip(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w.flip(2, 3), b, stride, padding)


@exercise.mistake("conv2d_forward", "Are you sure that the kernel's rows go with the image's rows?")
def kernel_transposed(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w.transpose(2, 3), b, stride, padding)


@exercise.mistake("conv2d_forward", "Only one channel is looked at.")
def first_channel(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x[:, :1], w[:, :1], b, stride, padding)


@exercise.mistake("conv2d_forward", "Is it the sum or the mean over the channels?")
def mean_channels(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w / w.shape[1], b, stride, padding)


@exercise.mistake("conv2d_forward", "The last row and column of windows are missing: how many positions are there?")
def no_plus1(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, padding)[:, :, :-1, :-1]


@exercise.mistake("conv2d_forward", "Where in the image does window (i, j) begin when the stride is not 1?")
def stride_ignored(x, w, b, stride=(1, 1), padding=(0, 0)):
    y = _convolve(x, w, b, stride, padding)
    return _convolve(x, w, b, (1, 1), padding)[:, :, : y.shape[2], : y.shape[3]]


@exercise.mistake("conv2d_forward", "Where is the bias?")
def no_bias(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, torch.zeros_like(b), stride, padding)


@exercise.mistake("conv2d_forward", "A bias belongs to a filter: along which axis do you add it?")
def bias_last_axis(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, torch.zeros_like(b), stride, padding) + b
