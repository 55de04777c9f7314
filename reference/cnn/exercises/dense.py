"""3.5 A convolution is a dense layer with shared weights."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
    tensor_of,
)

from .common import Pair, _convolve, hand_case

exercise = Exercise(
    "3.5", "A convolution is a dense layer with shared weights", owns=("conv_matrix", "shared_gradient"), points=8
)


#: channels, height, width, filters, kernel, stride, padding
MATRICES: tuple[tuple[int, int, int, int, Pair, Pair, Pair], ...] = (
    (1, 3, 3, 1, (2, 2), (1, 1), (0, 0)),
    (2, 3, 4, 3, (2, 3), (1, 1), (0, 0)),
    (2, 4, 5, 3, (3, 2), (1, 1), (1, 0)),
    (3, 5, 4, 2, (2, 3), (2, 1), (1, 2)),
)


@exercise.check("conv_matrix", 1, public=True)
def nine_pixels(student: Student, reference: Reference, draw: Draw) -> None:
    """For a 3x3 image and the kernel [[1, 2], [3, 4]], the first of four rows is [1, 2, 0, 3, 4, 0, 0, 0, 0]."""
    matches(student, reference, "conv_matrix", hand_case(draw)[1], 3, 3)


@exercise.check("conv_matrix", 3)
def same_as_convolving(student: Student, reference: Reference, draw: Draw) -> None:
    """The matrix times a flattened image is the flattened convolution, for any channels, strides and padding."""
    for channels, height, width, filters, kernel, stride, padding in MATRICES:
        w, x = draw.normal(filters, channels, *kernel), draw.normal(1, channels, height, width)
        expected = reference.conv2d_forward(x, w, torch.zeros(filters, dtype=w.dtype), stride, padding).reshape(-1)
        shape = (len(expected), x.numel())
        matrix = tensor_of(student.conv_matrix(w, height, width, stride, padding), shape, "conv_matrix")
        compare(matrix.to(x.dtype) @ x.reshape(-1), expected, "`conv_matrix` times an image")


@exercise.check("conv_matrix", 1)
def mostly_zero(student: Student, reference: Reference, draw: Draw) -> None:
    """An output's row is 0 where it does not look, and holds the kernel's numbers where it does."""
    for channels, height, width, filters, kernel, stride, padding in MATRICES[1:]:
        matches(
            student, reference, "conv_matrix", draw.normal(filters, channels, *kernel), height, width, stride, padding
        )


@exercise.check("shared_gradient", 3)
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


# --- mistakes ---


@exercise.mistake("conv_matrix", "M @ x: does an output have a row or a column?")
def matrix_transposed(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w, height, width, stride, padding).T


def _matrix(w, height, width, stride, padding):
    """The right matrix, for mutants to spoil."""
    pixels = w.shape[1] * height * width
    eye = torch.eye(pixels, dtype=w.dtype).reshape(pixels, w.shape[1], height, width)
    return _convolve(eye, w, torch.zeros(len(w), dtype=w.dtype), stride, padding).reshape(pixels, -1).T


@exercise.mistake("conv_matrix", "Which number of the kernel meets the window's top left pixel?")
def matrix_flipped(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w.flip(2, 3), height, width, stride, padding)


@exercise.mistake(
    "conv_matrix", "In which order does reshape(-1) list an image's pixels: channel by channel, or pixel by pixel?"
)
def channels_last(w, height, width, stride=(1, 1), padding=(0, 0)):
    matrix = _matrix(w, height, width, stride, padding)
    order = torch.arange(matrix.shape[1]).reshape(w.shape[1], height, width).permute(1, 2, 0).reshape(-1)
    return matrix[:, order]


@exercise.mistake("conv_matrix", "In which order are the outputs listed: filter by filter, or place by place?")
def filters_last(w, height, width, stride=(1, 1), padding=(0, 0)):
    matrix = _matrix(w, height, width, stride, padding)
    return matrix.reshape(len(w), -1, matrix.shape[1]).transpose(0, 1).reshape(matrix.shape)


@exercise.mistake("conv_matrix", "The padding makes no difference to your matrix.")
def matrix_no_padding(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w, height, width, stride, (0, 0))


@exercise.mistake("shared_gradient", "Entries that are the same weight: is its gradient their mean, or their sum?")
def shared_mean(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    total = shared_sum(dmatrix, w_shape, height, width, stride, padding)
    uses = shared_sum(torch.ones_like(dmatrix), w_shape, height, width, stride, padding)
    return total / uses


def shared_sum(dmatrix, w_shape, height, width, stride, padding):
    """The right gradient: the matrix is linear in w, so the gradient is that of (dmatrix * matrix).sum()."""
    w = torch.zeros(w_shape, dtype=dmatrix.dtype, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad((_matrix(w, height, width, stride, padding) * dmatrix).sum(), w)[0]


@exercise.mistake("shared_gradient", "How far can the numbers that you give to the weights be counted exactly?")
def shared_counted_in_half(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    count = math.prod(w_shape)
    names = torch.arange(1, count + 1).half().double().reshape(w_shape)
    which = _matrix(names, height, width, stride, padding).round().long().clamp(max=count)
    sums = torch.zeros(count + 1, dtype=dmatrix.dtype).index_add(0, which.reshape(-1), dmatrix.reshape(-1))
    return sums[1:].reshape(w_shape)


@exercise.mistake("shared_gradient", "Where do stride and padding come in?")
def shared_plain(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    rows, columns = height - w_shape[2] + 1, width - w_shape[3] + 1
    wanted = w_shape[0] * rows * columns
    usable = F.pad(dmatrix, (0, 0, 0, max(0, wanted - len(dmatrix))))[:wanted]
    return shared_sum(usable, w_shape, height, width, (1, 1), (0, 0))
