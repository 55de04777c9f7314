"""The rubric of the cnn assignment: nine exercises, 100 points, and a bonus.

Images are never square, kernels, strides and paddings differ along the two axes, and upstream gradients are random:
a wrong implementation has nowhere to hide. Messages never hold a hidden input or an expected value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Ladder,
    MismatchError,
    Reference,
    Rubric,
    Rung,
    Score,
    Student,
    agrees_with_numerical,
    as_tensor,
    compare,
    expect,
    matches,
    short_answers,
    tensor_of,
)

rubric = Rubric()

Pair = tuple[int, int]
#: (images, channels, height, width, filters, kernel, stride, padding), from small to large
Case = tuple[int, int, int, int, int, Pair, Pair, Pair]

LIBRARY = ("torch.nn.functional.conv2d", "torch.nn.functional.max_pool2d", "torch.nn.functional.unfold")


def arguments(draw: Draw, case: Case) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Pair, Pair]:
    """Random x, w, b, and the stride and padding of a case."""
    images, channels, height, width, filters, kernel, stride, padding = case
    x, w = draw.normal(images, channels, height, width), draw.normal(filters, channels, *kernel, scale=0.5)
    return x, w, draw.normal(filters), stride, padding


def hand_case(draw: Draw) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """An image of 1 to 12 in three rows, the kernel [[1, 2], [3, 4]] and the bias 0.5."""
    x = torch.arange(1.0, 13.0).reshape(1, 1, 3, 4)
    w = torch.arange(1.0, 5.0).reshape(1, 1, 2, 2)
    return x.to(draw.dtype), w.to(draw.dtype), torch.tensor([0.5], dtype=draw.dtype)


# --- 3.1 ---------------------------------------------------------------------------------------------------------

sizes = rubric.exercise(
    "3.1",
    "Sizes, receptive fields, parameters",
    owns=("conv_out_size", "receptive_field", "conv_params", "dense_params", "ANSWERS"),
    points=8,
)


@sizes.cases("conv_out_size", 0.5, sizes=((7, 3), (7, 3, 2)), public=True)
def first_numbers(draw: Draw, *numbers: int) -> tuple[int, ...]:
    """7 pixels, kernel 3: 5 positions, or 3 with stride 2."""
    return numbers


@sizes.cases("receptive_field", 0.5, public=True)
def first_field(draw: Draw) -> list[tuple[int, int]]:
    """A layer of kernel 3 sees 3 pixels."""
    return [(3, 1)]


@sizes.check("conv_out_size", 2)
def output_sizes(student: Student, reference: Reference, draw: Draw) -> None:
    """Padding counts on both sides, and a last, incomplete step is dropped."""
    for size, kernel, stride, padding in ((9, 3, 1, 2), (13, 4, 3, 2), (9, 2, 4, 0), (28, 5, 2, 1), (5, 5, 3, 0)):
        matches(student, reference, "conv_out_size", size, kernel, stride, padding)
    for _ in range(5):
        sides = draw.integer(20, 90), draw.integer(2, 8), draw.integer(2, 6), draw.integer(0, 4)
        matches(student, reference, "conv_out_size", *sides)


@sizes.check("receptive_field", 2)
def fields(student: Student, reference: Reference, draw: Draw) -> None:
    """Each layer widens the receptive field by its kernel less one, in steps of all strides before it."""
    stacks = [
        [],
        [(5, 3)],
        [(3, 1), (3, 1)],
        [(3, 2), (3, 1)],
        [(3, 1), (3, 2), (3, 2)],
        [(2, 2), (5, 1), (3, 3), (4, 1)],
    ]
    stacks.append([(draw.integer(1, 7), draw.integer(1, 4)) for _ in range(6)])
    for layers in stacks:
        matches(student, reference, "receptive_field", layers)


@sizes.check("conv_params", 0.5)
def parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """A convolution has one kernel and one bias a filter, whatever the image."""
    matches(student, reference, "conv_params", 3, 8, (5, 3))
    matches(student, reference, "conv_params", draw.integer(2, 60), draw.integer(61, 99), (draw.integer(2, 5), 7))


@sizes.check("dense_params", 0.5)
def dense_parameters(student: Student, reference: Reference, draw: Draw) -> None:
    """A dense layer joins all inputs with all outputs."""
    matches(student, reference, "dense_params", (3, 4, 5), (2, 6, 7))
    matches(student, reference, "dense_params", (2, draw.integer(8, 20), 9), (5, 3, draw.integer(21, 40)))


@sizes.check("ANSWERS", 2)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The five numbers in ANSWERS are right."""
    questions = {
        "output width": 12,
        "receptive field": 15,
        "convolution parameters": 1792,
        "dense parameters": 30_001_000,
        "layers to see 28 columns": 14,
    }
    return short_answers(student, "ANSWERS", questions)


# --- 3.2 ---------------------------------------------------------------------------------------------------------

forward = rubric.exercise("3.2", "Convolution, forward", owns=("conv2d_forward",), points=18, bans=LIBRARY)
SIZES = ("conv_out_size",)


def convolves(student: Student, reference: Reference, draw: Draw, cases: Sequence[Case]) -> None:
    """The student's forward convolution matches on each case."""
    for case in cases:
        matches(student, reference, "conv2d_forward", *arguments(draw, case))


@forward.check("conv2d_forward", 2, public=True)
def twelve_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """1 to 12 in rows of 4, kernel [[1, 2], [3, 4]], bias 0.5: [44.5, 54.5, 64.5], [84.5, 94.5, 104.5]."""
    matches(student, reference, "conv2d_forward", *hand_case(draw))


@forward.check("conv2d_forward", 4)
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


@forward.check("conv2d_forward", 4)
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


@forward.check("conv2d_forward", 4)
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


@forward.check("conv2d_forward", 4)
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


# --- 3.3 ---------------------------------------------------------------------------------------------------------

backward = rubric.exercise(
    "3.3", "Convolution, backward", owns=("conv2d_backward",), points=16, bans=LIBRARY + AUTOGRAD
)
FORWARD = ("conv_out_size", "conv2d_forward")
DX, DW, DB = 0, 1, 2
GRADIENTS = ("dx", "dw", "db")
BACKWARD_CASES: tuple[Case, ...] = (
    (1, 1, 3, 4, 1, (2, 2), (1, 1), (0, 0)),
    (2, 3, 5, 6, 4, (3, 2), (1, 1), (0, 0)),
    (3, 2, 6, 5, 4, (2, 3), (1, 1), (1, 2)),
    (2, 3, 7, 9, 4, (3, 2), (2, 3), (1, 2)),
    (2, 2, 9, 8, 3, (2, 4), (3, 3), (2, 0)),
)


def gradients(student: Student, upstream: torch.Tensor, *args: Any) -> tuple[Any, Any, Any]:
    """The student's three gradients, or a MismatchError that says what came instead."""
    got = student.conv2d_backward(upstream, *args)
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise MismatchError("conv2d_backward returns three tensors: dx, dw, db.")
    return got[0], got[1], got[2]


def one_gradient(student: Student, reference: Reference, draw: Draw, which: int, cases: Sequence[Case]) -> None:
    """One of the three gradients matches on each case."""
    for case in cases:
        x, w, b, stride, padding = arguments(draw, case)
        upstream = draw.normal(*reference.conv2d_forward(x, w, b, stride, padding).shape)
        expected = reference.conv2d_backward(upstream, x, w, stride, padding)
        got = gradients(student, upstream, x, w, stride, padding)
        compare(got[which], expected[which], f"`conv2d_backward`, {GRADIENTS[which]}")


@backward.check("conv2d_backward", 2, public=True)
def upstream_one_to_six(student: Student, reference: Reference, draw: Draw) -> None:
    """1 to 12 in rows of 4, kernel [[1, 2], [3, 4]], upstream 1 to 6: dw is [[92, 113], [176, 197]], and db is 21."""
    x, w, _ = hand_case(draw)
    upstream = torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)
    matches(student, reference, "conv2d_backward", upstream, x, w)


@backward.check("conv2d_backward", 5)
def of_the_image(student: Student, reference: Reference, draw: Draw) -> None:
    """dx collects from every window that a pixel is in, and has the size of x: nothing is left of the padding."""
    one_gradient(student, reference, draw, DX, BACKWARD_CASES)


@backward.check("conv2d_backward", 5)
def of_the_kernel(student: Student, reference: Reference, draw: Draw) -> None:
    """dw adds up over all positions and all images."""
    one_gradient(student, reference, draw, DW, BACKWARD_CASES)


@backward.check("conv2d_backward", 2)
def of_the_bias(student: Student, reference: Reference, draw: Draw) -> None:
    """db has one number a filter: the sum over images and positions."""
    one_gradient(student, reference, draw, DB, BACKWARD_CASES)


@backward.check("conv2d_backward", 2)
def against_differences(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradients agree with nudging each pixel and each weight up and down."""
    args = arguments(draw, (2, 1, 3, 4, 2, (2, 3), (2, 1), (1, 0)))
    x, w, b = (one.double() for one in args[:3])
    stride, padding = args[3:]
    upstream = draw.normal(*reference.conv2d_forward(x, w, b, stride, padding).shape)

    def loss(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor((reference.conv2d_forward(x, w, b, stride, padding) * upstream).sum())

    # In float64 whatever the dtype of the run: differences need the digits.
    dx, dw, _ = gradients(student, upstream.double(), x, w, stride, padding)
    agrees_with_numerical(dx, lambda x: loss(x, w), x, "`conv2d_backward`, dx")
    agrees_with_numerical(dw, lambda w: loss(x, w), w, "`conv2d_backward`, dw")


# --- 3.4 ---------------------------------------------------------------------------------------------------------

pooling = rubric.exercise(
    "3.4",
    "Pooling",
    owns=("maxpool_forward", "maxpool_backward", "avgpool"),
    points=12,
    bans=LIBRARY + AUTOGRAD,
)


def mixed(draw: Draw, *shape: int) -> torch.Tensor:
    """Values that all differ by at least 0.1, in a random order, positive and negative: no ties, no kinks nearby."""
    count = math.prod(shape)
    return ((draw.permutation(count) - 0.4 * count) * 0.1).reshape(shape).to(draw.dtype)


#: shape, kernel, stride, padding: windows side by side, overlapping, with gaps, padded, not fitting
POOLS: tuple[tuple[tuple[int, ...], Pair, Pair | None, Pair], ...] = (
    ((1, 2, 4, 6), (2, 3), None, (0, 0)),
    ((2, 3, 5, 7), (2, 2), None, (0, 0)),
    ((2, 2, 4, 5), (3, 2), (1, 1), (0, 0)),
    ((3, 2, 7, 6), (3, 3), (2, 2), (1, 1)),
    ((2, 3, 8, 9), (2, 3), (3, 2), (0, 1)),
    ((2, 2, 6, 9), (4, 2), (2, 3), (2, 0)),
)


def one_to_sixteen(draw: Draw) -> tuple[torch.Tensor, tuple[int, int]]:
    """1 to 16 in rows of 4, and windows of 2x2."""
    return torch.arange(1.0, 17.0).reshape(1, 1, 4, 4).to(draw.dtype), (2, 2)


@pooling.cases("maxpool_forward", 0.5, public=True)
def four_windows(draw: Draw) -> tuple[torch.Tensor, tuple[int, int]]:
    """1 to 16 in rows of 4, windows of 2x2: the maxima are [6, 8], [14, 16]."""
    return one_to_sixteen(draw)


@pooling.cases("avgpool", 0.5, public=True)
def four_means(draw: Draw) -> tuple[torch.Tensor, tuple[int, int]]:
    """1 to 16 in rows of 4, windows of 2x2: the means are [3.5, 5.5], [11.5, 13.5]."""
    return one_to_sixteen(draw)


@pooling.check("maxpool_forward", 3)
def largest_values(student: Student, reference: Reference, draw: Draw) -> None:
    """maxpool_forward takes each window's largest value, in every image and channel by itself."""
    for shape, kernel, stride, padding in POOLS:
        matches(student, reference, "maxpool_forward", mixed(draw, *shape), kernel, stride, padding)


@pooling.check("maxpool_forward", 1)
def padding_never_wins(student: Student, reference: Reference, draw: Draw) -> None:
    """Where all pixels are negative, so are all maxima: the padding is not a pixel."""
    for shape, kernel, stride, padding in POOLS[3:]:
        for size in (1.0, 1e5, 1e12):  # however far below 0 the pixels are
            x = size * (-1 - draw.uniform(*shape, low=0, high=3))
            matches(student, reference, "maxpool_forward", x, kernel, stride, padding)


@pooling.check("maxpool_backward", 4)
def to_the_winners(student: Student, reference: Reference, draw: Draw) -> None:
    """maxpool_backward gives each window's upstream to its largest pixel; a pixel that wins twice collects both."""
    for shape, kernel, stride, padding in POOLS:
        x = mixed(draw, *shape)
        upstream = draw.normal(*reference.maxpool_forward(x, kernel, stride, padding).shape)
        matches(student, reference, "maxpool_backward", upstream, x, kernel, stride, padding)


@pooling.check("maxpool_backward", 1)
def one_of_equals(student: Student, reference: Reference, draw: Draw) -> None:
    """If pixels of a window are equally large, one of them gets the whole gradient; the padding never gets any."""
    rows, columns = 2, 3
    for height, width in ((1, 1), (2, 3)):
        largest = draw.uniform(2, 2, height, width, low=1, high=2)
        upstream = draw.uniform(2, 2, height, width, low=1, high=2)
        block = torch.zeros(rows, columns, dtype=draw.dtype)
        block[0, 1] = block[1, 0] = block[1, 2] = 1
        x = torch.kron(largest, block)
        got = tensor_of(student.maxpool_backward(upstream, x, (rows, columns)), tuple(x.shape), "maxpool_backward")
        windows = got.unfold(2, rows, rows).unfold(3, columns, columns).flatten(4)
        expect((windows != 0).sum(dim=4).eq(1).all(), "maxpool_backward: of equal pixels, exactly one gets a gradient.")
        compare(windows.sum(dim=4), upstream, "`maxpool_backward`, summed over each window")
        expect((got[x < 1] == 0).all(), "maxpool_backward: a pixel that is not the largest gets a gradient.")
    for shape, kernel, padding in (((2, 3, 4, 7), (2, 3), (1, 1)), ((1, 2, 5, 4), (3, 2), (1, 0))):
        # As after a ReLU: the largest pixels are 0, like a padding of zeros would be.
        upstream = draw.uniform(*reference.maxpool_forward(draw.normal(*shape), kernel, None, padding).shape, low=1)
        x = torch.zeros(shape, dtype=draw.dtype)
        got = tensor_of(student.maxpool_backward(upstream, x, kernel, None, padding), shape, "maxpool_backward")
        compare(got.sum(dim=(2, 3)), upstream.sum(dim=(2, 3)), "`maxpool_backward`, summed over each image of zeros")


@pooling.check("avgpool", 2)
def means(student: Student, reference: Reference, draw: Draw) -> None:
    """avgpool takes each window's mean, also where windows overlap or do not fit."""
    for shape, kernel, stride, _ in POOLS:
        matches(student, reference, "avgpool", draw.normal(*shape) + 1, kernel, stride)


# --- 3.5 ---------------------------------------------------------------------------------------------------------

dense = rubric.exercise(
    "3.5", "A convolution is a dense layer with shared weights", owns=("conv_matrix", "shared_gradient"), points=8
)
#: channels, height, width, filters, kernel, stride, padding
MATRICES: tuple[tuple[int, int, int, int, Pair, Pair, Pair], ...] = (
    (1, 3, 3, 1, (2, 2), (1, 1), (0, 0)),
    (2, 3, 4, 3, (2, 3), (1, 1), (0, 0)),
    (2, 4, 5, 3, (3, 2), (1, 1), (1, 0)),
    (3, 5, 4, 2, (2, 3), (2, 1), (1, 2)),
)


@dense.check("conv_matrix", 1, public=True)
def nine_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """For a 3x3 image and the kernel [[1, 2], [3, 4]], the first of four rows is [1, 2, 0, 3, 4, 0, 0, 0, 0]."""
    matches(student, reference, "conv_matrix", hand_case(draw)[1], 3, 3)


@dense.check("conv_matrix", 3)
def same_as_convolving(student: Student, reference: Reference, draw: Draw) -> None:
    """The matrix times a flattened image is the flattened convolution, for any channels, strides and padding."""
    for channels, height, width, filters, kernel, stride, padding in MATRICES:
        w, x = draw.normal(filters, channels, *kernel), draw.normal(1, channels, height, width)
        expected = reference.conv2d_forward(x, w, torch.zeros(filters, dtype=w.dtype), stride, padding).reshape(-1)
        shape = (len(expected), x.numel())
        matrix = tensor_of(student.conv_matrix(w, height, width, stride, padding), shape, "conv_matrix")
        compare(matrix.to(x.dtype) @ x.reshape(-1), expected, "`conv_matrix` times an image")


@dense.check("conv_matrix", 1)
def mostly_zero(student: Student, reference: Reference, draw: Draw) -> None:
    """An output's row is 0 where it does not look, and holds the kernel's numbers where it does."""
    for channels, height, width, filters, kernel, stride, padding in MATRICES[1:]:
        matches(
            student, reference, "conv_matrix", draw.normal(filters, channels, *kernel), height, width, stride, padding
        )


@dense.check("shared_gradient", 3)
def shared_weights_add_up(student: Student, reference: Reference, draw: Draw) -> None:
    """shared_gradient adds up the gradients of all entries that are the same weight, for thousands of weights too."""
    shape, (height, width) = (8, 16, 4, 5), (4, 5)  # more weights than float16 can count
    matches(student, reference, "shared_gradient", draw.normal(8, 16 * 4 * 5), shape, height, width)
    for channels, height, width, filters, kernel, stride, padding in MATRICES:
        shape = (filters, channels, *kernel)
        matrix = reference.conv_matrix(torch.ones(shape, dtype=draw.dtype), height, width, stride, padding)
        matches(
            student, reference, "shared_gradient", draw.normal(*matrix.shape), shape, height, width, stride, padding
        )


# --- 3.6 ---------------------------------------------------------------------------------------------------------

symmetry = rubric.exercise(
    "3.6", "What a convolution does not mind", owns=("shift", "enlarge", "equivariance_gap"), points=6
)


@symmetry.cases("shift", 0.5, public=True)
def moved_down(draw: Draw) -> tuple[torch.Tensor, int, int]:
    """[[1, 2, 3], [4, 5, 6]] moved 1 down, 1 right is [[0, 0, 0], [0, 1, 2]]."""
    return torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype), 1, 1


@symmetry.cases("enlarge", 0.5, public=True)
def enlarged(draw: Draw) -> torch.Tensor:
    """[[1, 2, 3], [4, 5, 6]] enlarged begins 1, 1, 2, 2."""
    return torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)


@symmetry.check("shift", 1.5)
def moves(student: Student, reference: Reference, draw: Draw) -> None:
    """shift moves down, up, right and left, beyond the image too; what leaves is lost and zeros come in."""
    for down, right in ((0, 0), (2, 0), (0, -1), (-1, 3), (2, -2), (-3, -1), (5, 1), (0, -4), (-6, 0), (1, 9), (-7, 8)):
        matches(student, reference, "shift", draw.normal(2, 3, 5, 4), down, right)


@symmetry.check("enlarge", 0.5)
def blocks(student: Student, reference: Reference, draw: Draw) -> None:
    """enlarge makes a block of 2x2 of each pixel."""
    matches(student, reference, "enlarge", draw.normal(2, 3, 3, 5))


@symmetry.check("equivariance_gap", 1.5)
def gaps(student: Student, reference: Reference, draw: Draw) -> None:
    """equivariance_gap is the largest absolute difference over all entries, whichever comes first."""
    for kernel, transform in product(((3, 3), (1, 3), (5, 3)), ("shift", "rotate", "enlarge")):
        x, w = draw.normal(2, 2, 6, 7), draw.normal(3, 2, *kernel)
        matches(student, reference, "equivariance_gap", x, w, transform)


@symmetry.check("equivariance_gap", 1.5)
def only_shifts(student: Student, reference: Reference, draw: Draw) -> None:
    """Away from the border the gap is 0 for shifts, and for turns only if the kernel looks the same turned."""
    x = torch.zeros(2, 1, 11, 13, dtype=draw.dtype)
    x[:, :, 4:7, 4:7] = draw.normal(2, 1, 3, 3)
    kernel = draw.normal(2, 1, 3, 3)
    round_kernel = sum((torch.rot90(kernel, k, (2, 3)) for k in range(1, 4)), kernel)
    nothing = 1e-9 if draw.dtype is torch.float64 else 1e-4

    def gap(w: torch.Tensor, transform: str) -> float:
        return float(tensor_of(student.equivariance_gap(x, w, transform), (), "equivariance_gap"))

    expect(gap(kernel, "shift") <= nothing, "A shift well inside the image changes nothing: the gap should be 0.")
    expect(gap(round_kernel, "rotate") <= nothing, "A kernel that looks the same turned: the gap should be 0.")
    expect(gap(kernel, "rotate") > 0.1, "A kernel that looks different when it is turned: there should be a gap.")
    expect(gap(round_kernel, "enlarge") > 0.1, "A kernel does not grow with the image: there should be a gap.")


# --- 3.7 ---------------------------------------------------------------------------------------------------------

blocks_ = rubric.exercise("3.7", "Residual block and dropout", owns=("residual_block", "dropout"), points=8)


@blocks_.check("residual_block", 1, public=True)
def nothing_to_add(student: Student, reference: Reference, draw: Draw) -> None:
    """With kernels and biases of 0, the block is ReLU(x)."""
    x = torch.tensor([[-1.0, 2.0, 3.0], [4.0, -5.0, 6.0]], dtype=draw.dtype).reshape(1, 1, 2, 3)
    w, b = torch.zeros(1, 1, 3, 3, dtype=draw.dtype), torch.zeros(1, dtype=draw.dtype)
    matches(student, reference, "residual_block", x, w, b, w, b)


@blocks_.check("residual_block", 3)
def adds_to_its_input(student: Student, reference: Reference, draw: Draw) -> None:
    """residual_block is ReLU(x + conv(ReLU(conv(x)))), in this order, for every size of kernel."""
    for channels, inner, first, second in ((1, 2, (3, 3), (3, 3)), (2, 3, (3, 1), (1, 5)), (3, 2, (5, 3), (3, 3))):
        x = draw.normal(2, channels, 5, 6)
        w1, w2 = draw.normal(inner, channels, *first, scale=0.5), draw.normal(channels, inner, *second, scale=0.5)
        matches(student, reference, "residual_block", x, w1, draw.normal(inner), w2, draw.normal(channels))


def dropped(student: Student, x: torch.Tensor, p: float, training: bool, generator: Any) -> torch.Tensor:
    """What the student's dropout makes of x."""
    return tensor_of(student.dropout(x, p, training, generator), tuple(x.shape), "dropout")


@blocks_.check("dropout", 1)
def off_at_test_time(student: Student, reference: Reference, draw: Draw) -> None:
    """When it is not training, dropout gives x back, not scaled; so does p = 0. Only when it is, entries are lost."""
    for shape, p, training in (
        ((3, 4), 0.2, False),
        ((2, 3, 4, 5), 0.7, False),
        ((4, 5), 0.0, True),
        ((7,), 0.5, False),
    ):
        x = draw.normal(*shape)
        compare(dropped(student, x, p, training, draw.generator()), x, "`dropout`")
    got = dropped(student, draw.uniform(20, 30, low=1, high=2), 0.5, True, draw.generator())
    expect((got == 0).any(), "dropout: in training nothing is lost.")  # by chance: 2^-600


@blocks_.check("dropout", 1.5)
def drops_and_scales(student: Student, reference: Reference, draw: Draw) -> None:
    """About p of the entries are 0, the others are divided by 1 - p, so that the mean stays."""
    for p in (0.2, 0.7):
        x = draw.uniform(80, 50, low=1, high=2)
        dropped(student, x, p, False, draw.generator())  # not judged here, but it tells scaling mistakes apart
        got = dropped(student, x, p, True, draw.generator())
        lost = float((got == 0).double().mean())
        # 0.05 is 6.9 standard deviations or more: by chance, 5e-12.
        expect(abs(lost - p) < 0.05, f"dropout with p = {p}: {lost:.0%} of the entries are 0.")
        kept = got != 0
        compare(got[kept], x[kept].double() / (1 - p), "`dropout`, the entries that survive")


@blocks_.check("dropout", 1.5)
def each_for_itself(student: Student, reference: Reference, draw: Draw) -> None:
    """Every entry is dropped by itself, in a pattern drawn from the generator: the next call gives another."""
    for shape in ((60, 50), (8, 6, 10, 9)):
        x, p = draw.uniform(*shape, low=1, high=2), 0.3
        going_on = draw.generator()
        twin = msgspec.structs.replace(going_on, key=-going_on.key)
        first, second = (dropped(student, x, p, True, going_on) == 0 for _ in range(2))
        again = dropped(student, x, p, True, twin) == 0
        expect((first != second).any(), "dropout: the second call has the pattern of the first.")
        expect((first == again).all(), "dropout: an equal generator gives another pattern; draw from it alone.")
        one, other = ((pattern.double() - p) / (p * (1 - p)) ** 0.5 for pattern in (first, second))
        expect(unrelated(one), f"dropout on {shape}: entries are dropped together, or one pattern is used twice.")
        expect(unrelated(one, other), f"dropout on {shape}: the second call's pattern follows from the first one's.")
    x, going_on = draw.uniform(2, 3, low=1, high=2), draw.generator()
    lost = torch.stack([dropped(student, x, 0.5, True, going_on) == 0 for _ in range(60)])
    # By chance: 12 * 2^-60.
    expect((lost.any(dim=0) & ~lost.all(dim=0)).all(), "dropout: some places are always lost, or never.")


def unrelated(one: torch.Tensor, other: torch.Tensor | None = None) -> bool:
    """Whether no pattern returns: moved by any number of places along any axes, or read backwards.

    `one` holds N independent values of mean 0 and variance 1. At a move, the sum of the products of values that meet
    has the standard deviation sqrt(N), or sqrt(2 N) where each pair meets twice: read backwards, or moved by half. A
    limit of 13 sqrt(N) is at least nine of them, exceeded with a chance under 1e-15 at one move (by Bernstein's
    inequality, for p = 0.3 and N = 3000), and under 3e-11 at any. A pattern that returns has a sum of N.
    """
    spectrum = torch.fft.fftn(one)
    for partner in (spectrum.conj(), spectrum) if other is None else (torch.fft.fftn(other).conj(),):
        meeting = torch.fft.ifftn(spectrum * partner).real.abs().reshape(-1)
        if other is None and partner is not spectrum:
            meeting = meeting[1:]  # not moved: every value meets itself
        if float(meeting.max()) > 13 * one.numel() ** 0.5 + 2**one.ndim * 3:
            return False
    return True


# --- 3.8 ---------------------------------------------------------------------------------------------------------

aids = rubric.exercise(
    "3.8",
    "Augmentation, mixup, and a fair measurement",
    owns=("augment", "mixup", "soft_cross_entropy", "evaluate"),
    points=10,
)
SHIFT = ("shift",)


def augmented(student: Student, x: torch.Tensor, most: int, generator: Any) -> torch.Tensor:
    """What the student's augment makes of x."""
    return tensor_of(student.augment(x, most, generator), tuple(x.shape), "augment")


def moves_of(before: torch.Tensor, after: torch.Tensor, most: int) -> torch.Tensor:
    """The move (down, right) of each image (N, 2), or a MismatchError where an image was not moved but changed."""
    before, after = before.double(), after.double()
    padded = torch.nn.functional.pad(before, (most,) * 4)
    height, width = before.shape[2:]
    found, known = torch.zeros(len(before), 2, dtype=torch.int64), torch.zeros(len(before), dtype=torch.bool)
    for down, right in product(range(-most, most + 1), repeat=2):
        here = padded[:, :, most - down : most - down + height, most - right : most - right + width]
        same = ((here - after).abs() <= 1e-6 + 1e-6 * here.abs()).flatten(1).all(dim=1) & ~known
        found[same], known = torch.tensor([down, right]), known | same
    if not known.all():
        number = int((~known).nonzero()[0])
        raise MismatchError(
            f"augment: image {number} of {len(before)} is not the image moved by at most {most} pixels each way."
        )
    return found


def equally_likely(values: torch.Tensor) -> bool:
    """Whether the values that occur are equally frequent, by a chi-squared test.

    Seven standard deviations in the approximation of Wilson and Hilferty: a fair draw fails with a chance of 1.3e-12.
    """
    counts = values.unique(return_counts=True)[1].double()
    if len(counts) < 2:
        return True
    expected, freedom = len(values) / len(counts), len(counts) - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 7 * (2 / (9 * freedom)) ** 0.5) ** 3
    return bool(float(((counts - expected) ** 2 / expected).sum()) <= limit)


@aids.cases("soft_cross_entropy", 0.5, public=True)
def no_idea(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [0, 0] cost log 2 whatever the target."""
    return torch.zeros(1, 2, dtype=draw.dtype), torch.tensor([[0.3, 0.7]], dtype=draw.dtype)


@aids.cases("mixup", 0.5, public=True)
def half_and_half(draw: Draw) -> tuple[object, ...]:
    """Examples [1, 3] and [5, 7] blend to [2, 4] and [4, 6] at 0.75."""
    x, targets = torch.tensor([[1.0, 3.0], [5.0, 7.0]], dtype=draw.dtype), torch.eye(2, dtype=draw.dtype)
    return x, targets, 0.75, torch.tensor([1, 0])


@aids.check("augment", 2)
def moved_images(student: Student, reference: Reference, draw: Draw) -> Score:
    """augment moves each image by its own whole number of pixels, up to `most` in all four directions."""
    share, problem = 1.0, ""
    x = draw.uniform(9, 1, 2, 3, low=0.5, high=1)
    moves_of(x, augmented(student, x, 4, draw.generator()), 4)  # some leave the image altogether
    for count, channels, most in ((4, 1, 1), (60, 2, 1), (120, 1, 2)):  # enough for every move to occur
        x = draw.uniform(count, channels, 7, 9, low=0.5, high=1)
        found = [tuple(one) for one in moves_of(x, augmented(student, x, most, draw.generator()), most).tolist()]
        if count == 4:
            continue
        expect(len(set(found)) > 1, "augment: all images of the batch move together.")
        expect(any(down != right for down, right in found), "augment: each image moves as far down as to the right.")
        for axis, way in enumerate(("down", "to the right")):
            missing = [move for move in range(-most, most + 1) if all(one[axis] != move for one in found)]
            share = min(share, 1 - len(missing) / (2 * most + 1))
            if missing and not problem:
                problem = f"augment: with most = {most}, none of {count} images moves by {missing[0]:+d} {way}."
    return Score(1.0 if not problem else 0.5 if share > 0.5 else 0.0, problem)


@aids.check("augment", 1)
def never_the_same(student: Student, reference: Reference, draw: Draw) -> None:
    """Ten calls on one image give at least three different ones. Moves are equally likely and independent."""
    x, most = draw.uniform(1, 2, 8, 9, low=0.5, high=1), 3
    going_on = draw.generator()
    twin = msgspec.structs.replace(going_on, key=-going_on.key)
    results = [augmented(student, x, most, going_on) for _ in range(10)]
    different = {tuple(one.reshape(-1).tolist()) for one in results}
    # Of 49 moves, ten draws give one or two with a chance of 1.5e-11.
    expect(len(different) >= 3, f"augment: only {len(different)} different images in ten calls.")
    again = augmented(student, x, most, twin)
    expect((again == results[0]).all(), "augment: an equal generator gives another move; draw from it alone.")
    most = 5
    x, going_on = draw.uniform(2400, 1, 6, 7, low=0.5, high=1), draw.generator()
    first, second = (moves_of(x, augmented(student, x, most, going_on), most) for _ in range(2))
    for moves, way in ((first[:, 0], "down"), (first[:, 1], "to the right")):
        expect(equally_likely(moves), f"augment: some moves {way} occur far more often than others.")
    # Cells of two numbers each: of one image, of neighbours, and of one image in two calls.
    down, right = first.T
    expect(equally_likely(down * 100 + right), "augment: the move to the right follows from the move down.")
    expect(equally_likely(down[1:] * 100 + down[:-1]), "augment: an image's move follows from its neighbour's.")
    expect(equally_likely(down * 100 + second[:, 0]), "augment: the next call's moves follow from this one's.")
    each = [(one - one.mean()) / one.std().clamp_min(1e-9) for one in (down.double(), right.double())]
    fine = all(unrelated(one) for one in each) and unrelated(*each)
    expect(fine, "augment: the images' moves are not independent.")


@aids.check("mixup", 1)
def blends(student: Student, reference: Reference, draw: Draw) -> None:
    """mixup blends images and targets with the same weight and the same partner."""
    for count, classes in ((3, 2), (6, 4)):
        targets = torch.eye(classes, dtype=draw.dtype)[draw.integers(0, classes, count)]
        targets[0] = torch.softmax(draw.normal(classes), dim=0)
        weight = draw.choice((0.1, 0.3, 0.8, 0.95))
        for order in (draw.permutation(count), draw.integers(0, count, count)):
            matches(student, reference, "mixup", draw.normal(count, 2, 3, 4), targets, weight, order)


@aids.check("soft_cross_entropy", 1)
def soft_targets(student: Student, reference: Reference, draw: Draw) -> None:
    """soft_cross_entropy counts every class as much as its target says: the mean over examples, not over entries."""
    for count, classes in ((1, 3), (4, 3), (7, 10)):
        targets, logits = torch.softmax(draw.normal(count, classes), dim=1), draw.normal(count, classes, scale=2)
        matches(student, reference, "soft_cross_entropy", logits.requires_grad_(), targets)  # to train with


@aids.check("soft_cross_entropy", 1)
def large_logits(student: Student, reference: Reference, draw: Draw) -> None:
    """soft_cross_entropy is right for logits around 1000 and -1000 too, also where a row has both."""
    for sizes in ((1000, 1000, 1000), (-1000, -1000, -1000), (1000, -1000, 0)):
        logits = torch.tensor(sizes, dtype=draw.dtype) + draw.normal(4, 3, scale=10)
        matches(student, reference, "soft_cross_entropy", logits, torch.softmax(draw.normal(4, 3), dim=1))


def tiny_state(draw: Draw, channels: int, filters: int, classes: int) -> dict[str, torch.Tensor]:
    """A state of tiny_cnn whose running statistics are unlike those of any batch."""
    state = {
        "kernel": draw.normal(filters, channels, 3, 3),
        "mean": draw.normal(filters),
        "var": draw.uniform(filters, low=0.3, high=6),
        "gain": draw.uniform(filters, low=0.5, high=2),
        "offset": draw.normal(filters),
        "weight": draw.normal(classes, filters, scale=2),
        "bias": draw.normal(classes),
    }
    for name in ("kernel", "gain", "offset", "weight", "bias"):
        state[name].requires_grad_()
    return state


@aids.check("evaluate", 2)
def measures(student: Student, reference: Reference, draw: Draw) -> None:
    """evaluate gives the means over all examples, in evaluation mode, the same for every batch size."""
    for count, size in ((6, 3), (13, 5), (13, 13), (11, 20)):
        state = tiny_state(draw, 2, 6, 4)
        x, labels = draw.normal(count, 2, 5, 6), draw.integers(0, 4, count)
        matches(student, reference, "evaluate", state, x, labels, size)


@aids.check("evaluate", 1)
def without_gradients(student: Student, reference: Reference, draw: Draw) -> None:
    """evaluate leaves no gradients behind: its loss is a number, not the end of a graph. Training can go on."""
    measured = set()
    for count in (5, 3):
        state, x, labels = tiny_state(draw, 1, 4, 3), draw.normal(count, 1, 4, 6), draw.integers(0, 3, count)
        got = student.evaluate(state, x, labels, 2)
        two = isinstance(got, tuple | list) and len(got) == 2
        expect(two, "evaluate returns two things: the loss and the accuracy.")
        attached = any(isinstance(one, torch.Tensor) and one.requires_grad for one in got)
        expect(not attached, "evaluate: the loss still requires gradients; measure under torch.no_grad().")
        measured.add(float(tensor_of(got[0], (), "the loss of evaluate")))
        # tiny_cnn is ready made: with what comes after a measurement, it must be possible to train.
        after = student.tiny_cnn(state, x, True)
        on = not isinstance(after, torch.Tensor) or after.requires_grad
        expect(on, "evaluate: gradients are still switched off when it is done; use `with torch.no_grad():`.")
    expect(len(measured - {0.0}) == 2, "evaluate: the loss is 0, or the same for two networks and their images.")


# --- 3.9 ---------------------------------------------------------------------------------------------------------

training = rubric.exercise("3.9", "Digits anywhere", owns=("train_cnn",), points=14)
AIDS = ("shift", "augment", "mixup", "soft_cross_entropy")
DIGITS = Path(__file__).parent / "hidden" / "digits.npz"
FARTHEST = 6


class Digits:
    """Hidden digits in new places under new class numbers: some to learn from, some to read."""

    def __init__(self, draw: Draw, learn: int = 2_000, read: int = 1_000) -> None:
        with np.load(DIGITS) as stored:
            images, labels = torch.tensor(stored["images"]), torch.tensor(stored["labels"]).long()
        rows = draw.permutation(len(labels))[: learn + read]
        x = images[rows].float()[:, None] / 255
        y = draw.permutation(10)[labels[rows]]
        moves = draw.integers(-FARTHEST, FARTHEST + 1, len(rows), 2).tolist()
        x = torch.stack([moved(image, *move) for image, move in zip(x, moves, strict=True)])
        self.x, self.y, self.x_new, self.y_new = x[:learn], y[:learn], x[learn:], y[learn:]
        self.seed = draw.integer(0, 2**31)

    def shuffled(self, draw: Draw) -> Digits:
        """The same digits, with the pixels of all images in one new order: no pixel has its neighbours."""
        order = draw.permutation(self.x[0].numel())
        other = object.__new__(Digits)
        other.x, other.x_new = (x.flatten(1)[:, order].reshape(x.shape) for x in (self.x, self.x_new))
        other.y, other.y_new, other.seed = self.y, self.y_new, self.seed
        return other

    def accuracy(self, student: Student) -> tuple[float, list[float]]:
        """How many of the new digits the student's network reads, and the losses it reports."""
        return read_digits(student, self.x, self.y, self.x_new, self.y_new, self.seed)


def read_digits(
    student: Student, x: torch.Tensor, y: torch.Tensor, x_new: torch.Tensor, y_new: torch.Tensor, seed: int
) -> tuple[float, list[float]]:
    """How many of the new digits the student's network reads, and the losses it reports."""
    got = student.train_cnn(x, y, x_new, seed)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise MismatchError("train_cnn returns two things: the predicted classes, and a list of losses.")
    predictions = tensor_of(got[0], (len(y_new),), "the predicted classes")
    reported = as_tensor(got[1])
    losses = [] if reported is None else reported.reshape(-1).tolist()
    return float((predictions == y_new).double().mean()), losses


def moved(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """An image (1, H, W) moved by whole pixels, with zeros coming in."""
    height, width = image.shape[1:]
    padded = torch.nn.functional.pad(image, (FARTHEST,) * 4)
    top, left = FARTHEST - down, FARTHEST - right
    return padded[:, top : top + height, left : left + width]


LADDER = Ladder(
    "accuracy on new digits",
    (
        Rung("simple", 0.62, 0.2, "the given train_mlp"),
        Rung("medium", 0.75, 0.5, "two convolutions with batch normalisation and pooling before the dense layer"),
        Rung("strong", 0.86, 0.8, "a third convolution, and the mean over all places instead of a dense layer on them"),
        Rung("boss", 0.925, 1.0, "the largest value over all places instead of their mean"),
    ),
    lower_is_better=False,
)


@training.check("train_cnn", 9, trains=True, seconds=60)
def reads_new_digits(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained on 2,000 moved digits, it reads 1,000 new ones, in places and class numbers of their own."""
    accuracy, losses = Digits(draw).accuracy(student)
    return LADDER.score(accuracy, losses, "cross-entropy")


@training.check("train_cnn", 4, trains=True, seconds=60)
def needs_neighbours(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained on 800 digits, it reads far worse (by 0.10) when the pixels of all images are shuffled alike."""
    digits = Digits(draw, learn=800, read=600)
    plain, _ = digits.accuracy(student)
    expect(plain > 0.2, f"Trained on 800 digits, it reads {plain:.2f} of the new ones: hardly more than by chance.")
    shuffled, _ = digits.shuffled(draw).accuracy(student)
    # A guess reads 0.10, with a standard deviation of 0.012; networks that look for neighbours read 0.21 to 0.32.
    tries = shuffled >= 0.15
    expect(tries, f"It reads {shuffled:.2f} of the shuffled digits, like a guess: train on them as on any others.")
    message = f"Accuracy {plain:.2f} on digits, {shuffled:.2f} on shuffled pixels."
    return Score(min(1.0, max(0.0, plain - shuffled) / 0.10), message)


@training.check("train_cnn", 1, trains=True, seconds=30)
def reports_its_losses(student: Student, reference: Reference, draw: Draw) -> None:
    """The second result has one training loss for each epoch; the first is near log 10 or below, and they fall."""
    _, losses = Digits(draw, learn=300, read=20).accuracy(student)
    expect(len(losses) > 0, "train_cnn: the second result is a list with one loss for each epoch.")
    expect(len(losses) > 1, "train_cnn: one loss alone cannot fall: train for at least two epochs, a loss for each.")
    expect(losses[-1] < losses[0], "train_cnn: the training loss does not fall from the first epoch to the last.")
    expect(0 <= losses[0] < 10 * math.log(10), "train_cnn: the first loss is not a mean cross-entropy over examples.")


@training.practice(LADDER)
def on_the_digits_you_have(student: Student, data: Path, seed: int) -> tuple[float, list[float]]:
    """1,600 of digits.npz to learn from, 400 to read, all moved; the grader gives 2,000, and 1,000 to read."""
    with np.load(data / "digits.npz") as stored:
        images, labels = torch.tensor(stored["images"]), torch.tensor(stored["labels"]).long()
    shifts = torch.randint(-FARTHEST, FARTHEST + 1, (len(labels), 2), generator=torch.Generator().manual_seed(seed))
    x = torch.stack(
        [moved(image[None].float() / 255, *shift.tolist()) for image, shift in zip(images, shifts, strict=True)]
    )
    return read_digits(student, x[:1600], labels[:1600], x[1600:], labels[1600:], seed)


# --- 3.10 --------------------------------------------------------------------------------------------------------

bonus = rubric.exercise(
    "3.10",
    "Bonus: a spatial transformer",
    owns=("affine_grid", "bilinear_sample", "transformer_gradient"),
    points=6,
    bonus=True,
    bans=("torch.nn.functional.affine_grid", "torch.nn.functional.grid_sample"),
)


@bonus.cases("affine_grid", 0.5, public=True)
def still_grid(draw: Draw) -> tuple[object, ...]:
    """With theta [[1, 0, 0], [0, 1, 0]], the grid of 2 x 3 has corners (-1, -1) and (1, 1)."""
    return torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=draw.dtype), 2, 3


@bonus.check("bilinear_sample", 0.5, public=True)
def nothing_happens(student: Student, reference: Reference, draw: Draw) -> None:
    """With the grid of theta [[1, 0, 0], [0, 1, 0]], the image stays; with [[-1, 0, 0], [0, 1, 0]] it is mirrored."""
    x = torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)
    for way in (1.0, -1.0):
        theta = torch.tensor([[[way, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=draw.dtype)
        matches(student, reference, "bilinear_sample", x, reference.affine_grid(theta, 2, 3))


def near_identity(draw: Draw, count: int) -> torch.Tensor:
    """Transforms that turn, stretch and move a little."""
    plain = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype=draw.dtype)
    return plain + draw.normal(count, 2, 3, scale=0.3)


@bonus.check("affine_grid", 1)
def grids(student: Student, reference: Reference, draw: Draw) -> None:
    """affine_grid applies each theta to (horizontal, vertical, 1) of every output pixel, also of a single row."""
    for count, height, width in ((1, 3, 2), (2, 4, 5), (3, 6, 3), (2, 1, 4), (1, 3, 1)):
        matches(student, reference, "affine_grid", draw.normal(count, 2, 3), height, width)


@bonus.check("bilinear_sample", 1)
def reads_between_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """bilinear_sample weighs four pixels by their distance, at any point inside the image."""
    for count, channels, size, out in ((1, 1, (3, 4), (2, 2)), (2, 3, (5, 4), (3, 6))):
        grid = draw.uniform(count, *out, 2, low=-0.99, high=0.99)
        matches(student, reference, "bilinear_sample", draw.normal(count, channels, *size), grid)


@bonus.check("bilinear_sample", 1)
def zero_outside(student: Student, reference: Reference, draw: Draw) -> None:
    """Outside of the image all is 0: near the border only the pixels that exist count."""
    for count, channels, size, out in ((1, 1, (3, 4), (4, 3)), (2, 3, (4, 6), (5, 6))):
        grid = draw.uniform(count, *out, 2, low=-2.5, high=2.5)
        matches(student, reference, "bilinear_sample", draw.normal(count, channels, *size), grid)


@bonus.check("transformer_gradient", 2)
def learns_to_look(student: Student, reference: Reference, draw: Draw) -> None:
    """transformer_gradient is the gradient of theta, for each image by itself."""
    for count, channels, height, width in ((1, 1, 3, 4), (2, 3, 5, 4)):
        x, theta = draw.normal(count, channels, height, width), near_identity(draw, count)
        matches(student, reference, "transformer_gradient", draw.normal(*x.shape), x, theta)
