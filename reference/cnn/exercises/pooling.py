"""3.4 Pooling."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    matches,
    tensor_of,
)

from .common import LIBRARY, Pair

exercise = Exercise(
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


@exercise.cases("maxpool_forward", 0.5, public=True)
def four_windows(draw: Draw) -> tuple[torch.Tensor, tuple[int, int]]:
    """1 to 16 in rows of 4, windows of 2x2: the maxima are [6, 8], [14, 16]."""
    return one_to_sixteen(draw)


@exercise.cases("avgpool", 0.5, public=True)
def four_means(draw: Draw) -> tuple[torch.Tensor, tuple[int, int]]:
    """1 to 16 in rows of 4, windows of 2x2: the means are [3.5, 5.5], [11.5, 13.5]."""
    return one_to_sixteen(draw)


@exercise.check("maxpool_forward", 3)
def largest_values(student: Student, reference: Reference, draw: Draw) -> None:
    """maxpool_forward takes each window's largest value, in every image and channel by itself."""
    for shape, kernel, stride, padding in POOLS:
        matches(student, reference, "maxpool_forward", mixed(draw, *shape), kernel, stride, padding)


@exercise.check("maxpool_forward", 1)
def padding_never_wins(student: Student, reference: Reference, draw: Draw) -> None:
    """Where all pixels are negative, so are all maxima: the padding is not a pixel."""
    for shape, kernel, stride, padding in POOLS[3:]:
        for size in (1.0, 1e5, 1e12):  # however far below 0 the pixels are
            x = size * (-1 - draw.uniform(*shape, low=0, high=3))
            matches(student, reference, "maxpool_forward", x, kernel, stride, padding)


@exercise.check("maxpool_backward", 4)
def to_the_winners(student: Student, reference: Reference, draw: Draw) -> None:
    """maxpool_backward gives each window's upstream to its largest pixel; a pixel that wins twice collects both."""
    for shape, kernel, stride, padding in POOLS:
        x = mixed(draw, *shape)
        upstream = draw.normal(*reference.maxpool_forward(x, kernel, stride, padding).shape)
        matches(student, reference, "maxpool_backward", upstream, x, kernel, stride, padding)
        if padding != (0, 0):  # and however far below 0 all pixels are
            matches(student, reference, "maxpool_backward", upstream, 1e5 * (x - x.max() - 1), kernel, stride, padding)


@exercise.check("maxpool_backward", 1)
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


@exercise.check("avgpool", 2)
def means(student: Student, reference: Reference, draw: Draw) -> None:
    """avgpool takes each window's mean, also where windows overlap or do not fit."""
    for shape, kernel, stride, _ in POOLS:
        matches(student, reference, "avgpool", draw.normal(*shape) + 1, kernel, stride)


# --- mistakes ---


def _pool(x, kernel, stride, padding, value=-math.inf):
    """All windows: (N, C, H', W', rows, columns)."""
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]), value=value)
    return x.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])


def _unpool(upstream, x, kernel, stride, padding, shares):
    """Give each window's pixels their shares (N, C, H', W', rows, columns) of the upstream gradient."""
    dx = torch.zeros_like(F.pad(x, (padding[1], padding[1], padding[0], padding[0])))
    for i in range(upstream.shape[2]):
        for j in range(upstream.shape[3]):
            top, left = i * stride[0], j * stride[1]
            given = upstream[:, :, i, j, None, None] * shares[:, :, i, j]
            dx[:, :, top : top + kernel[0], left : left + kernel[1]] += given
    return dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]]


def _winners(x, kernel, stride, padding):
    """1 at the first maximum of each window, 0 elsewhere."""
    windows = _pool(x, kernel, stride, padding)
    first = windows.flatten(4).argmax(dim=4)
    return F.one_hot(first, kernel[0] * kernel[1]).reshape(windows.shape).to(x.dtype)


@exercise.mistake("maxpool_forward", "Among negative pixels, can the padding win?")
def zero_pad(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or kernel, padding, value=0.0).amax(dim=(4, 5))


@exercise.mistake("maxpool_forward", "How small can a pixel be? The padding must be smaller than all of them.")
def padded_with_a_thousand(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or kernel, padding, value=-1e3).amax(dim=(4, 5))


@exercise.mistake("maxpool_forward", "What is the stride when none is given?")
def stride1(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or (1, 1), padding).amax(dim=(4, 5))


@exercise.mistake("maxpool_forward", "The last window may not fit. What happens to it?")
def ceil_size(x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    below = -(x.shape[2] + 2 * top - kernel[0]) % stride[0]
    right = -(x.shape[3] + 2 * left - kernel[1]) % stride[1]
    wide = F.pad(x, (left, left + right, top, top + below), value=-math.inf)
    return _pool(wide, kernel, stride, (0, 0)).amax(dim=(4, 5))


@exercise.mistake("maxpool_forward", "You take one fixed pixel of each window. Is it the largest?")
def tl(x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    size = _pool(x, kernel, stride, padding).shape
    wide = F.pad(x, (left, left, top, top))
    return wide[:, :, :: stride[0], :: stride[1]][:, :, : size[2], : size[3]]


@exercise.mistake("maxpool_forward", "Largest, or largest in size? Compare -3 with 2.")
def absmax(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x.abs(), kernel, stride or kernel, padding).amax(dim=(4, 5))


@exercise.mistake("maxpool_forward", "Each image of the batch has its own maxima.")
def over_batch(x, kernel, stride=None, padding=(0, 0)):
    y = _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    return y.amax(dim=0, keepdim=True).repeat(len(x), 1, 1, 1)


@exercise.mistake("maxpool_forward", "Pooling treats each channel by itself.")
def over_channels(x, kernel, stride=None, padding=(0, 0)):
    y = _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    return y.amax(dim=1, keepdim=True).repeat(1, x.shape[1], 1, 1)


@exercise.mistake("maxpool_backward", "Two pixels share the maximum: how many of them should get the gradient?")
def all_ties(upstream, x, kernel, stride=None, padding=(0, 0)):
    windows = _pool(x, kernel, stride or kernel, padding)
    shares = (windows == windows.amax(dim=(4, 5), keepdim=True)).to(x.dtype)
    return _unpool(upstream, x, kernel, stride or kernel, padding, shares)


@exercise.mistake("maxpool_backward", "Where the maximum is 0, can the padding take its gradient?")
def padding_takes_the_gradient(upstream, x, kernel, stride=None, padding=(0, 0)):
    (top, left), stride, most = padding, stride or kernel, _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    wide = F.pad(x, (left, left, top, top))
    windows = _pool(wide, kernel, stride, (0, 0))
    first = (windows == most[..., None, None]).flatten(4).long().argmax(dim=4)
    shares = F.one_hot(first, kernel[0] * kernel[1]).reshape(windows.shape).to(x.dtype)
    return _unpool(upstream, wide, kernel, stride, (0, 0), shares)[
        :, :, top : top + x.shape[2], left : left + x.shape[3]
    ]


@exercise.mistake("maxpool_backward", "Which pixels would have changed the maximum?")
def spread(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = torch.ones_like(_pool(x, kernel, stride or kernel, padding)) / (kernel[0] * kernel[1])
    return _unpool(upstream, x, kernel, stride or kernel, padding, shares)


@exercise.mistake("maxpool_backward", "What does the chain rule do with the upstream gradient?")
def ones(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = _winners(x, kernel, stride or kernel, padding)
    return _unpool(torch.ones_like(upstream), x, kernel, stride or kernel, padding, shares)


@exercise.mistake(
    "maxpool_backward", "The maximum's place counts from its window's corner. Where is that corner in the image?"
)
def local_index(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = _winners(x, kernel, stride or kernel, padding)
    return _unpool(upstream, x, kernel, (0, 0), padding, shares)


@exercise.mistake(
    "maxpool_backward", "A pixel may be the largest of two windows. What happens to the first one's gradient?"
)
def winner_assigned(upstream, x, kernel, stride=None, padding=(0, 0)):
    stride = stride or kernel
    shares = _winners(x, kernel, stride, padding)
    dx = torch.zeros_like(F.pad(x, (padding[1], padding[1], padding[0], padding[0])))
    for i in range(upstream.shape[2]):
        for j in range(upstream.shape[3]):
            top, left = i * stride[0], j * stride[1]
            window = dx[:, :, top : top + kernel[0], left : left + kernel[1]]
            here = shares[:, :, i, j] == 1
            window[here] = upstream[:, :, i, j].reshape(-1)
    return dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]]


@exercise.mistake("maxpool_backward", "Where in the padded image does the image itself begin?")
def pool_crop_wrong(upstream, x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    wide = F.pad(x, (left, left, top, top), value=-math.inf)
    dx = _unpool(upstream, wide, kernel, stride, (0, 0), _winners(x, kernel, stride, padding))
    return dx[:, :, : x.shape[2], : x.shape[3]]


@exercise.mistake("avgpool", "Is it the sum or the mean of the window?")
def sum_pool(x, kernel, stride=None):
    return _pool(x, kernel, stride or kernel, (0, 0)).sum(dim=(4, 5))


@exercise.mistake("avgpool", "How many pixels does a window of kernel (rows, columns) have?")
def rows_squared(x, kernel, stride=None):
    return _pool(x, kernel, stride or kernel, (0, 0)).sum(dim=(4, 5)) / kernel[0] ** 2


@exercise.mistake("avgpool", "What is the stride when none is given?")
def avg_stride1(x, kernel, stride=None):
    return _pool(x, kernel, stride or (1, 1), (0, 0)).mean(dim=(4, 5))


@exercise.mistake("avgpool", "Why not use the stride that is given?")
def avg_stride_is_kernel(x, kernel, stride=None):
    return _pool(x, kernel, kernel, (0, 0)).mean(dim=(4, 5))


@exercise.mistake("maxpool_backward", "Pixels may lie far below 0: which number is below all of them?")
def pads_with_a_number(upstream, x, kernel, stride=None, padding=(0, 0)):
    (top, left), stride = padding, stride or kernel
    wide = F.pad(x, (left, left, top, top), value=-1e4)
    dwide = _unpool(upstream, wide, kernel, stride, (0, 0), _winners(wide, kernel, stride, (0, 0)))
    return dwide[:, :, top : top + x.shape[2], left : left + x.shape[3]]
