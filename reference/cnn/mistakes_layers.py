"""Wrong implementations that students write, each with the hint for it: pooling, symmetries, residuals (3.4 to 3.7).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.rubric import Variants

from .mistakes_convolution import _convolve

variants = Variants()
mutant = variants.mutant

# --- 3.4 pooling ---


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


@mutant("maxpool_forward", "Among negative pixels, can the padding win?")
def zero_pad(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or kernel, padding, value=0.0).amax(dim=(4, 5))


@mutant("maxpool_forward", "How small can a pixel be? The padding must be smaller than all of them.")
def padded_with_a_thousand(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or kernel, padding, value=-1e3).amax(dim=(4, 5))


@mutant("maxpool_forward", "What is the stride when none is given?")
def stride1(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x, kernel, stride or (1, 1), padding).amax(dim=(4, 5))


@mutant("maxpool_forward", "The last window may not fit. What happens to it?")
def ceil_size(x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    below = -(x.shape[2] + 2 * top - kernel[0]) % stride[0]
    right = -(x.shape[3] + 2 * left - kernel[1]) % stride[1]
    wide = F.pad(x, (left, left + right, top, top + below), value=-math.inf)
    return _pool(wide, kernel, stride, (0, 0)).amax(dim=(4, 5))


@mutant("maxpool_forward", "You take one fixed pixel of each window. Is it the largest?")
def tl(x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    size = _pool(x, kernel, stride, padding).shape
    wide = F.pad(x, (left, left, top, top))
    return wide[:, :, :: stride[0], :: stride[1]][:, :, : size[2], : size[3]]


@mutant("maxpool_forward", "Largest, or largest in size? Compare -3 with 2.")
def absmax(x, kernel, stride=None, padding=(0, 0)):
    return _pool(x.abs(), kernel, stride or kernel, padding).amax(dim=(4, 5))


@mutant("maxpool_forward", "Each image of the batch has its own maxima.")
def over_batch(x, kernel, stride=None, padding=(0, 0)):
    y = _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    return y.amax(dim=0, keepdim=True).repeat(len(x), 1, 1, 1)


@mutant("maxpool_forward", "Pooling treats each channel by itself.")
def over_channels(x, kernel, stride=None, padding=(0, 0)):
    y = _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    return y.amax(dim=1, keepdim=True).repeat(1, x.shape[1], 1, 1)


@mutant("maxpool_backward", "Two pixels share the maximum: how many of them should get the gradient?")
def all_ties(upstream, x, kernel, stride=None, padding=(0, 0)):
    windows = _pool(x, kernel, stride or kernel, padding)
    shares = (windows == windows.amax(dim=(4, 5), keepdim=True)).to(x.dtype)
    return _unpool(upstream, x, kernel, stride or kernel, padding, shares)


@mutant("maxpool_backward", "Where the maximum is 0, can the padding take its gradient?")
def padding_takes_the_gradient(upstream, x, kernel, stride=None, padding=(0, 0)):
    (top, left), stride, most = padding, stride or kernel, _pool(x, kernel, stride or kernel, padding).amax(dim=(4, 5))
    wide = F.pad(x, (left, left, top, top))
    windows = _pool(wide, kernel, stride, (0, 0))
    first = (windows == most[..., None, None]).flatten(4).long().argmax(dim=4)
    shares = F.one_hot(first, kernel[0] * kernel[1]).reshape(windows.shape).to(x.dtype)
    return _unpool(upstream, wide, kernel, stride, (0, 0), shares)[
        :, :, top : top + x.shape[2], left : left + x.shape[3]
    ]


@mutant("maxpool_backward", "Which pixels would have changed the maximum?")
def spread(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = torch.ones_like(_pool(x, kernel, stride or kernel, padding)) / (kernel[0] * kernel[1])
    return _unpool(upstream, x, kernel, stride or kernel, padding, shares)


@mutant("maxpool_backward", "What does the chain rule do with the upstream gradient?")
def ones(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = _winners(x, kernel, stride or kernel, padding)
    return _unpool(torch.ones_like(upstream), x, kernel, stride or kernel, padding, shares)


@mutant("maxpool_backward", "The maximum's place counts from its window's corner. Where is that corner in the image?")
def local_index(upstream, x, kernel, stride=None, padding=(0, 0)):
    shares = _winners(x, kernel, stride or kernel, padding)
    return _unpool(upstream, x, kernel, (0, 0), padding, shares)


@mutant("maxpool_backward", "A pixel may be the largest of two windows. What happens to the first one's gradient?")
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


@mutant("maxpool_backward", "Where in the padded image does the image itself begin?")
def pool_crop_wrong(upstream, x, kernel, stride=None, padding=(0, 0)):
    stride, (top, left) = stride or kernel, padding
    wide = F.pad(x, (left, left, top, top), value=-math.inf)
    dx = _unpool(upstream, wide, kernel, stride, (0, 0), _winners(x, kernel, stride, padding))
    return dx[:, :, : x.shape[2], : x.shape[3]]


@mutant("avgpool", "Is it the sum or the mean of the window?")
def sum_pool(x, kernel, stride=None):
    return _pool(x, kernel, stride or kernel, (0, 0)).sum(dim=(4, 5))


@mutant("avgpool", "How many pixels does a window of kernel (rows, columns) have?")
def rows_squared(x, kernel, stride=None):
    return _pool(x, kernel, stride or kernel, (0, 0)).sum(dim=(4, 5)) / kernel[0] ** 2


@mutant("avgpool", "What is the stride when none is given?")
def avg_stride1(x, kernel, stride=None):
    return _pool(x, kernel, stride or (1, 1), (0, 0)).mean(dim=(4, 5))


@mutant("avgpool", "Why not use the stride that is given?")
def avg_stride_is_kernel(x, kernel, stride=None):
    return _pool(x, kernel, kernel, (0, 0)).mean(dim=(4, 5))


# --- 3.5 the dense matrix ---


@mutant("conv_matrix", "M @ x: does an output have a row or a column?")
def matrix_transposed(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w, height, width, stride, padding).T


def _matrix(w, height, width, stride, padding):
    """The right matrix, for mutants to spoil."""
    pixels = w.shape[1] * height * width
    eye = torch.eye(pixels, dtype=w.dtype).reshape(pixels, w.shape[1], height, width)
    return _convolve(eye, w, torch.zeros(len(w), dtype=w.dtype), stride, padding).reshape(pixels, -1).T


@mutant("conv_matrix", "Which number of the kernel meets the window's top left pixel?")
def matrix_flipped(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w.flip(2, 3), height, width, stride, padding)


@mutant("conv_matrix", "In which order does reshape(-1) list an image's pixels: channel by channel, or pixel by pixel?")
def channels_last(w, height, width, stride=(1, 1), padding=(0, 0)):
    matrix = _matrix(w, height, width, stride, padding)
    order = torch.arange(matrix.shape[1]).reshape(w.shape[1], height, width).permute(1, 2, 0).reshape(-1)
    return matrix[:, order]


@mutant("conv_matrix", "In which order are the outputs listed: filter by filter, or place by place?")
def filters_last(w, height, width, stride=(1, 1), padding=(0, 0)):
    matrix = _matrix(w, height, width, stride, padding)
    return matrix.reshape(len(w), -1, matrix.shape[1]).transpose(0, 1).reshape(matrix.shape)


@mutant("conv_matrix", "The padding makes no difference to your matrix.")
def matrix_no_padding(w, height, width, stride=(1, 1), padding=(0, 0)):
    return _matrix(w, height, width, stride, (0, 0))


@mutant("shared_gradient", "Entries that are the same weight: is its gradient their mean, or their sum?")
def shared_mean(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    total = shared_sum(dmatrix, w_shape, height, width, stride, padding)
    uses = shared_sum(torch.ones_like(dmatrix), w_shape, height, width, stride, padding)
    return total / uses


def shared_sum(dmatrix, w_shape, height, width, stride, padding):
    """The right gradient: the matrix is linear in w, so the gradient is that of (dmatrix * matrix).sum()."""
    w = torch.zeros(w_shape, dtype=dmatrix.dtype, requires_grad=True)
    with torch.enable_grad():
        return torch.autograd.grad((_matrix(w, height, width, stride, padding) * dmatrix).sum(), w)[0]


@mutant("shared_gradient", "How far can the numbers that you give to the weights be counted exactly?")
def shared_counted_in_half(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    count = math.prod(w_shape)
    names = torch.arange(1, count + 1).half().double().reshape(w_shape)
    which = _matrix(names, height, width, stride, padding).round().long().clamp(max=count)
    sums = torch.zeros(count + 1, dtype=dmatrix.dtype).index_add(0, which.reshape(-1), dmatrix.reshape(-1))
    return sums[1:].reshape(w_shape)


@mutant("shared_gradient", "Where do stride and padding come in?")
def shared_plain(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    rows, columns = height - w_shape[2] + 1, width - w_shape[3] + 1
    wanted = w_shape[0] * rows * columns
    usable = F.pad(dmatrix, (0, 0, 0, max(0, wanted - len(dmatrix))))[:wanted]
    return shared_sum(usable, w_shape, height, width, (1, 1), (0, 0))


# --- 3.6 shifts and turns ---


@mutant("shift", "What comes in at the border: zeros, or what left on the other side?")
def rolled(x, down, right):
    return torch.roll(x, (down, right), (2, 3))


@mutant("shift", "Which way is down? After moving 1 down, row 0 is empty.")
def shift_other_way(x, down, right):
    return _shift(x, -down, -right)


@mutant("shift", "Which axis is moved by `down`, the rows or the columns?")
def shift_swapped(x, down, right):
    return _shift(x, right, down)


def _shift(x, down, right):
    """A right shift, for mutants to misuse."""
    most = max(abs(down), abs(right), 1)
    wide = F.pad(x, (most,) * 4)
    return wide[:, :, most - down : most - down + x.shape[2], most - right : most - right + x.shape[3]]


@mutant("shift", "What is left of an image that moves by more than its own height or width?")
def stops_at_the_border(x, down, right):
    down, right = (max(1 - size, min(size - 1, move)) for move, size in zip((down, right), x.shape[2:]))
    return _shift(x, down, right)


@mutant("shift", "Negative numbers move up and left.")
def shift_no_negative(x, down, right):
    return _shift(x, abs(down), abs(right))


@mutant("enlarge", "Does a pixel become a block, or the whole image four copies of it?")
def tiled(x):
    return x.repeat(1, 1, 2, 2)


def _gap(x, w, transform, down=1, right=2, turns=1):
    """The difference whose size is asked for."""
    change = {
        "shift": lambda image: _shift(image, down, right),
        "rotate": lambda image: torch.rot90(image, turns, (2, 3)),
        "enlarge": lambda image: image.repeat_interleave(2, 2).repeat_interleave(2, 3),
    }[transform]
    none = torch.zeros(len(w), dtype=w.dtype)
    return _same(change(x), w, none) - change(_same(x, w, none))


@mutant("equivariance_gap", "The largest or the mean difference?")
def mean_gap(x, w, transform):
    return _gap(x, w, transform).abs().mean()


@mutant("equivariance_gap", "Differences may be negative.")
def gap_without_abs(x, w, transform):
    return _gap(x, w, transform).max()


@mutant("equivariance_gap", "How far does T move the image, down and right?")
def gap_other_shift(x, w, transform):
    return _gap(x, w, transform, right=1).abs().max()


@mutant("equivariance_gap", "A quarter turn: which way round?")
def gap_clockwise(x, w, transform):
    return _gap(x, w, transform, turns=-1).abs().max()


# --- 3.7 residual block and dropout ---


def _same(x, w, b):
    """A convolution that keeps the size."""
    return _convolve(x, w, b, (1, 1), (w.shape[2] // 2, w.shape[3] // 2))


@mutant("residual_block", "What remains of the input when both convolutions give 0?")
def no_skip(x, w1, b1, w2, b2):
    return torch.relu(_same(torch.relu(_same(x, w1, b1)), w2, b2))


@mutant("residual_block", "Is the input added before or after the last ReLU?")
def add_after_relu(x, w1, b1, w2, b2):
    return x + torch.relu(_same(torch.relu(_same(x, w1, b1)), w2, b2))


@mutant("residual_block", "Can your block's answer be negative?")
def no_final_relu(x, w1, b1, w2, b2):
    return x + _same(torch.relu(_same(x, w1, b1)), w2, b2)


@mutant("residual_block", "Two convolutions with nothing in between are one.")
def no_inner_relu(x, w1, b1, w2, b2):
    return torch.relu(x + _same(_same(x, w1, b1), w2, b2))


@mutant("residual_block", "Something in-place has changed x before it is added.")
def inplace_x(x, w1, b1, w2, b2):
    kept = x
    hidden = torch.relu(_same(x, w1, b1))
    x = kept.relu_()
    return torch.relu(x + _same(hidden, w2, b2))


@mutant("residual_block", "Does the input pass a ReLU before the first convolution?")
def relu_first(x, w1, b1, w2, b2):
    return torch.relu(x + _same(torch.relu(_same(torch.relu(x), w1, b1)), w2, b2))


@mutant("dropout", "Inverted dropout leaves nothing to do at test time.")
def eval_scaled(x, p, training, generator):
    if not training:
        return x * (1 - p)
    return x * (torch.rand(x.shape, generator=generator) >= p)


@mutant("dropout", "What does the mean of your answer say, compared with the input's?")
def never_scaled(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) if training else x


@mutant("dropout", "At test time nothing is random.")
def eval_on(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) / (1 - p)


@mutant("dropout", "Is p the chance to be dropped, or to survive?")
def p_is_keep(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) < p) / max(p, 0.01) if training else x


@mutant("dropout", "You keep the right number of entries. What are they divided by?")
def divided_by_p(x, p, training, generator):
    return x * (torch.rand(x.shape, generator=generator) >= p) / max(p, 0.01) if training else x


@mutant("dropout", "Each entry is dropped by itself, not a whole example with all it has.")
def per_row(x, p, training, generator):
    if not training:
        return x
    keep = torch.rand(len(x), *(1,) * (x.ndim - 1), generator=generator) >= p
    return x * keep / (1 - p)


@mutant("dropout", "All examples share one pattern: let each entry of the whole tensor draw for itself.")
def one_mask(x, p, training, generator):
    return x * (torch.rand(x.shape[1:], generator=generator) >= p) / (1 - p) if training else x


@mutant("dropout", "Half of your pattern is a copy of the other half.")
def pattern_twice(x, p, training, generator):
    if not training:
        return x
    half = (len(x) + 1) // 2
    keep = torch.rand((half, *x.shape[1:]), generator=generator) >= p
    return x * torch.cat([keep, keep])[: len(x)] / (1 - p)


@mutant("dropout", "Along the last axis, your pattern begins again.")
def pattern_twice_in_a_row(x, p, training, generator):
    if not training:
        return x
    half = (x.shape[-1] + 1) // 2
    keep = torch.rand((*x.shape[:-1], half), generator=generator) >= p
    return x * torch.cat([keep, keep], dim=-1)[..., : x.shape[-1]] / (1 - p)


@mutant("dropout", "Where do your random numbers come from?")
def dropout_ignores_generator(x, p, training, generator):
    return F.dropout(x, p, training)


@mutant("dropout", "The next call should give another pattern: who starts the generator anew?")
def same_pattern(x, p, training, generator):
    fixed = torch.Generator().manual_seed(0)
    return x * (torch.rand(x.shape, generator=fixed) >= p) / (1 - p) if training else x
