"""Wrong implementations that students write, each with the hint for it.

Names that are not defined here (torch, F, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 3.1 sizes, receptive fields, parameters ---


@mutant("conv_out_size", "Padding lies on both sides: how much longer does it make the axis?")
def one_pad(size, kernel, stride=1, padding=0):
    return (size + padding - kernel) // stride + 1


@mutant("conv_out_size", "The last step may not fit. Which way do you round then?")
def ceil(size, kernel, stride=1, padding=0):
    return math.ceil((size + 2 * padding - kernel) / stride) + 1


@mutant("conv_out_size", "Count positions, not steps: a kernel as long as the axis has one.")
def no_plus1_size(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride


@mutant("conv_out_size", "With stride 2, how many steps fit between the first and the last position?")
def stride_left_out(size, kernel, stride=1, padding=0):
    return size + 2 * padding - kernel + 1


@mutant("conv_out_size", "Is the 1 inside or outside of the division by the stride?")
def plus1_inside(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel + 1) // stride


@mutant("receptive_field", "Two layers of kernel 3 see 5 pixels, not 6: how much does a layer add to what is seen?")
def rf_add_k(layers):
    field, jump = 0, 1
    for kernel, stride in layers:
        field += kernel * jump
        jump *= stride
    return max(field, 1)


@mutant("receptive_field", "After a stride of 2, how far apart in the input are the pixels a kernel sees?")
def rf_no_jump(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@mutant("receptive_field", "Does a layer's own stride spread the pixels it sees itself, or those of the next layer?")
def rf_own_stride(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        field += (kernel - 1) * jump
    return field


@mutant("receptive_field", "Strides follow upon one another: two of 2 make neighbours how many pixels apart?")
def rf_adds_strides(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump += stride - 1
    return field


@mutant("conv_params", "Each filter has a bias, too.")
def p_no_bias(channels, filters, kernel):
    return filters * channels * kernel[0] * kernel[1]


@mutant("conv_params", "Is there a bias for each channel that comes in, or for each filter?")
def p_bias_ci(channels, filters, kernel):
    return filters * channels * kernel[0] * kernel[1] + channels


@mutant("conv_params", "Does a filter have one bias, or one for each channel it looks at?")
def p_bias_each_channel(channels, filters, kernel):
    return filters * channels * (kernel[0] * kernel[1] + 1)


@mutant("conv_params", "Kernels need not be square.")
def p_square(channels, filters, kernel):
    return filters * (channels * kernel[0] ** 2 + 1)


@mutant("dense_params", "Every output has a bias, too.")
def dense_no_bias(in_shape, out_shape):
    return math.prod(in_shape) * math.prod(out_shape)


@mutant("dense_params", "One bias a channel is how convolutions do it. How many does a dense layer have?")
def dense_bias_channel(in_shape, out_shape):
    return math.prod(in_shape) * math.prod(out_shape) + out_shape[0]


variants.mutant_value(
    "answers_without_biases",
    "ANSWERS",
    "Count the biases as well, and think of what strides do to neighbours.",
    {
        "output width": 12,
        "receptive field": 7,
        "convolution parameters": 1728,
        "dense parameters": 30_000_000,
        "layers to see 28 columns": 14,
    },
)
variants.mutant_value(
    "answers_with_size",
    "ANSWERS",
    "Does the number of a convolution's parameters depend on how large the image is?",
    {
        "output width": 12,
        "receptive field": 15,
        "convolution parameters": 64 * (3 * 100 * 100 * 9 + 1),
        "dense parameters": 30_001_000,
        "layers to see 28 columns": 14,
    },
)

# --- 3.2 convolution, forward ---


def _convolve(x, w, b, stride, padding, mode="constant"):
    """A right convolution, for mutants to call with the wrong things."""
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]), mode=mode)
    windows = x.unfold(2, w.shape[2], stride[0]).unfold(3, w.shape[3], stride[1])
    return torch.einsum("ncijuv,fcuv->nfij", windows, w) + b[:, None, None]


@mutant("conv2d_forward", "Which stride belongs to the columns?")
def stride0_both(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, (stride[0], stride[0]), padding)


@mutant("conv2d_forward", "Rows first: which of the two strides belongs to which axis?")
def stride_swapped(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, (stride[1], stride[0]), padding)


@mutant("conv2d_forward", "How much padding is left and right?")
def pad0_both(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (padding[0], padding[0]))


@mutant("conv2d_forward", "F.pad begins with the last axis. Which number belongs to the rows?")
def pad_swapped(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (padding[1], padding[0]))


@mutant("conv2d_forward", "What lies around the image: zeros, or its border once more?")
def pad_replicate(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, padding, mode="replicate")


@mutant("conv2d_forward", "Is there padding on all four sides, or at the beginning only?")
def pad_one_side(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(F.pad(x, (padding[1], 0, padding[0], 0)), w, b, stride, (0, 0))


@mutant("conv2d_forward", "The argument `padding` makes no difference.")
def no_pad(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, (0, 0))


@mutant("conv2d_forward", "Which number of the kernel meets the window's top left pixel? Here, no kernel is flipped.")
def flip(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w.flip(2, 3), b, stride, padding)


@mutant("conv2d_forward", "Are you sure that the kernel's rows go with the image's rows?")
def kernel_transposed(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w.transpose(2, 3), b, stride, padding)


@mutant("conv2d_forward", "Only one channel is looked at.")
def first_channel(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x[:, :1], w[:, :1], b, stride, padding)


@mutant("conv2d_forward", "Is it the sum or the mean over the channels?")
def mean_channels(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w / w.shape[1], b, stride, padding)


@mutant("conv2d_forward", "The last row and column of windows are missing: how many positions are there?")
def no_plus1(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, b, stride, padding)[:, :, :-1, :-1]


@mutant("conv2d_forward", "Where in the image does window (i, j) begin when the stride is not 1?")
def stride_ignored(x, w, b, stride=(1, 1), padding=(0, 0)):
    y = _convolve(x, w, b, stride, padding)
    return _convolve(x, w, b, (1, 1), padding)[:, :, : y.shape[2], : y.shape[3]]


@mutant("conv2d_forward", "Where is the bias?")
def no_bias(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, torch.zeros_like(b), stride, padding)


@mutant("conv2d_forward", "A bias belongs to a filter: along which axis do you add it?")
def bias_last_axis(x, w, b, stride=(1, 1), padding=(0, 0)):
    return _convolve(x, w, torch.zeros_like(b), stride, padding) + b


# --- 3.3 convolution, backward ---


def _windows(upstream, w, stride):
    """Each output's place and its window in the padded image."""
    for i in range(upstream.shape[2]):
        for j in range(upstream.shape[3]):
            top, left = i * stride[0], j * stride[1]
            yield i, j, (..., slice(top, top + w.shape[2]), slice(left, left + w.shape[3]))


def _padded_dx(upstream, x, w, stride, padding):
    """dx with the padding still around it."""
    dx = torch.zeros_like(F.pad(x, (padding[1], padding[1], padding[0], padding[0])))
    for i, j, window in _windows(upstream, w, stride):
        dx[window] += torch.einsum("nf,fcuv->ncuv", upstream[:, :, i, j], w)
    return dx


def _backward(upstream, x, w, stride, padding):
    """The right gradients, for mutants to spoil."""
    dx = _padded_dx(upstream, x, w, stride, padding)
    dx = dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]]
    wide = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    dw = torch.zeros_like(w)
    for i, j, window in _windows(upstream, w, stride):
        dw += torch.einsum("nf,ncuv->fcuv", upstream[:, :, i, j], wide[window])
    return dx, dw, upstream.sum(dim=(0, 2, 3))


@mutant("conv2d_backward", "Each gradient goes back through the weight it came by. Why flip the kernel in this loop?")
def dx_flip(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _backward(upstream, x, w.flip(2, 3), stride, padding)[0], dw, db


@mutant("conv2d_backward", "A pixel is in several windows. What happens to what the earlier ones gave it?")
def dx_assign(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    dx = torch.zeros_like(F.pad(x, (padding[1], padding[1], padding[0], padding[0])))
    for i, j, window in _windows(upstream, w, stride):
        dx[window] = torch.einsum("nf,fcuv->ncuv", upstream[:, :, i, j], w)
    return dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]], dw, db


@mutant("conv2d_backward", "A weight is used at every position. What happens to what the earlier ones gave it?")
def dw_assign(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, _, db = _backward(upstream, x, w, stride, padding)
    wide = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    for i, j, window in _windows(upstream, w, stride):
        dw = torch.einsum("nf,ncuv->fcuv", upstream[:, :, i, j], wide[window])
    return dx, dw, db


@mutant("conv2d_backward", "dx still has the padding around it; x has not.")
def no_crop(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _padded_dx(upstream, x, w, stride, padding), dw, db


@mutant("conv2d_backward", "Where in the padded image does the image itself begin?")
def crop_wrong(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _padded_dx(upstream, x, w, stride, padding)[:, :, : x.shape[2], : x.shape[3]], dw, db


@mutant("conv2d_backward", "A filter's bias is added at every position: over which axes does its gradient add up?")
def db_batch(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, _ = _backward(upstream, x, w, stride, padding)
    return dx, dw, upstream.sum(dim=0)


@mutant("conv2d_backward", "The bias reaches every position of every image. Is its gradient a sum or a mean?")
def db_mean(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, _ = _backward(upstream, x, w, stride, padding)
    return dx, dw, upstream.mean(dim=(0, 2, 3))


@mutant("conv2d_backward", "The batch is summed up; dividing by its size is the loss's business.")
def dw_mean(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, db = _backward(upstream, x, w, stride, padding)
    return dx, dw / len(x), db


@mutant("conv2d_backward", "Does dw see the padded image, or only what is inside?")
def dw_unpadded(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, _, db = _backward(upstream, x, w, stride, padding)
    wide = F.pad(x, (0, 2 * padding[1], 0, 2 * padding[0]))
    return dx, _backward(upstream, wide, w, stride, (0, 0))[1], db


@mutant("conv2d_backward", "The chain rule begins with the upstream gradient: it is not all ones.")
def upstream_of_ones(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    return _backward(torch.ones_like(upstream), x, w, stride, padding)


@mutant(
    "conv2d_backward",
    "Where does window (i, j) begin when the stride is not 1?",
)
def stride_ignored_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    return _backward(upstream, x, w, (1, 1), padding)


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


@mutant("dropout", "Where do your random numbers come from?")
def dropout_ignores_generator(x, p, training, generator):
    return F.dropout(x, p, training)


@mutant("dropout", "The next call should give another pattern: who starts the generator anew?")
def same_pattern(x, p, training, generator):
    fixed = torch.Generator().manual_seed(0)
    return x * (torch.rand(x.shape, generator=fixed) >= p) / (1 - p) if training else x


# --- 3.8 augmentation, mixup, measurement ---


@mutant("augment", "Does each image of the batch get its own move?")
def one_move(x, most, generator):
    down, right = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    return _shift(x, down, right)


@mutant("augment", "The upper end of randint is left out: how far do your images move?")
def never_the_farthest(x, most, generator):
    moves = torch.randint(-most, most, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "randint leaves its upper end out: can your images move by +most?")
def upper_ends_left_out(x, most, generator):
    down, right = (torch.randint(-most, most, (len(x),), generator=generator).tolist() for _ in range(2))
    return torch.stack([_shift(image[None], *move)[0] for image, *move in zip(x, down, right)])


@mutant("augment", "Negative numbers move up and left: do yours occur?")
def never_up_or_left(x, most, generator):
    moves = torch.randint(0, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "What comes in at the border?")
def augment_rolls(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([torch.roll(image, move, (1, 2)) for image, move in zip(x, moves)])


@mutant("augment", "Down and right are two numbers.")
def diagonal(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x),), generator=generator).tolist()
    return torch.stack([_shift(image[None], move, move)[0] for image, move in zip(x, moves)])


@mutant("augment", "The channels of an image belong together.")
def channels_apart(x, most, generator):
    flat = x.reshape(-1, 1, *x.shape[2:])
    moves = torch.randint(-most, most + 1, (len(flat), 2), generator=generator).tolist()
    return torch.cat([_shift(image[None], *move) for image, move in zip(flat, moves)]).reshape(x.shape)


@mutant("augment", "The next call should give other moves: who starts the generator anew?")
def same_moves(x, most, generator):
    fixed = torch.Generator().manual_seed(0)
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=fixed).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("mixup", "Whose weight is `weight`: the example's, or its partner's?")
def weights_swapped(x, targets, weight, order):
    return weight * x[order] + (1 - weight) * x, weight * targets[order] + (1 - weight) * targets


@mutant("mixup", "The image is a blend of two. And its target?")
def hard_targets(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], targets


@mutant("mixup", "Do images and targets blend with the same partner?")
def other_partner(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], weight * targets + (1 - weight) * targets.flip(0)


@mutant("soft_cross_entropy", "A soft target has more than one class.")
def hard_labels(logits, targets):
    return F.cross_entropy(logits, targets.argmax(dim=1))


@mutant("soft_cross_entropy", "The mean is over the examples. Over what else is yours?")
def mean_over_entries(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).mean()


@mutant("soft_cross_entropy", "Is it the sum or the mean over the batch?")
def sum_over_batch(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).sum()


@mutant("soft_cross_entropy", "What is exp(1000)?")
def unstable(logits, targets):
    e = torch.exp(logits)
    return -(targets * torch.log(e / e.sum(dim=1, keepdim=True))).sum(dim=1).mean()


@mutant("soft_cross_entropy", "Adding a small number inside the logarithm changes large losses.")
def log_eps(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1) + 1e-8)).sum(dim=1).mean()


@mutant("soft_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?")
def log_of_softmax(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1))).sum(dim=1).mean()


@mutant("soft_cross_entropy", "How large can a loss get, if no probability may be smaller than your bound?")
def log_clamped(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1).clamp(min=1e-12))).sum(dim=1).mean()


@mutant("evaluate", "In which mode is the network when you measure?")
def in_training_mode(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, training=True)


@mutant("evaluate", "The last batch is smaller: should it count as much as the others?")
def mean_of_batches(state, x, labels, batch_size):
    parts = [_measure(state, *part, len(part[0])) for part in zip(x.split(batch_size), labels.split(batch_size))]
    return sum(part[0] for part in parts) / len(parts), sum(part[1] for part in parts) / len(parts)


@mutant("evaluate", "Is every example measured, also those of the last batch?")
def last_batch_dropped(state, x, labels, batch_size):
    whole = max(batch_size, len(x) // batch_size * batch_size)
    return _measure(state, x[:whole], labels[:whole], batch_size)


@mutant("evaluate", "cross_entropy takes logits. What do you give it?")
def softmax_twice(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, lambda logits: torch.softmax(logits, dim=1))


@mutant("evaluate", "Accuracy is a share between 0 and 1.")
def percent(state, x, labels, batch_size):
    loss, accuracy = _measure(state, x, labels, batch_size)
    return loss, 100 * accuracy


@mutant("evaluate", "Nobody learns while you measure: are gradients kept?")
def keeps_gradients(state, x, labels, batch_size):
    with torch.enable_grad():
        logits = tiny_cnn(state, x, training=False)
        return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).double().mean()


def _measure(state, x, labels, batch_size, change=lambda logits: logits, training=False):
    """A right measurement, for mutants to spoil."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, truth in zip(x.split(batch_size), labels.split(batch_size)):
            logits = tiny_cnn(state, images, training=training)
            loss += F.cross_entropy(change(logits), truth, reduction="sum").item()
            right += int((logits.argmax(dim=1) == truth).sum())
    return loss / len(x), right / len(x)


# --- 3.9 training ---


@mutant("train_cnn", "A fully connected network has to learn every digit at every place.")
def still_an_mlp(x, y, x_new, seed):
    return train_mlp(x, y, x_new, seed)


@mutant("train_cnn", "All digits get the same answer: does your network learn anything?")
def constant_guess(x, y, x_new, seed):
    return torch.zeros(len(x_new), dtype=torch.int64), [2.3, 2.3]


# --- 3.10 the bonus ---


@mutant("affine_grid", "Horizontal comes first in a grid.")
def grid_swapped(theta, height, width):
    return _grid(theta, height, width).flip(3)


def _grid(theta, height, width, centred=True):
    """The right grid, for mutants to spoil."""
    v, u = ((2 * torch.arange(n, dtype=theta.dtype) - n + 1) / (n - 1 if centred else n) for n in (height, width))
    places = torch.stack(
        [u.expand(height, width), v[:, None].expand(height, width), torch.ones_like(u * v[:, None])], 2
    )
    return torch.einsum("hwk,nik->nhwi", places, theta)


def _sample(x, across, down):
    """Read x at columns `across` and rows `down`, in pixels."""
    columns = (1 - (across[..., None] - torch.arange(x.shape[3])).abs()).clamp(min=0)
    rows = (1 - (down[..., None] - torch.arange(x.shape[2])).abs()).clamp(min=0)
    return torch.einsum("nchw,nijh,nijw->ncij", x, rows, columns)


def _places(x, grid):
    """Columns and rows in pixels, for a grid from -1 to 1."""
    return (grid[..., 0] + 1) / 2 * (x.shape[3] - 1), (grid[..., 1] + 1) / 2 * (x.shape[2] - 1)


@mutant("affine_grid", "theta is applied to (u, v, 1): which of the two is the horizontal coordinate?")
def coordinates_swapped(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width)


@mutant("affine_grid", "Horizontal comes first, both in what theta is applied to and in what it gives.")
def vertical_first(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width).flip(3)


@mutant("affine_grid", "The grid is as high and as wide as the output: which axis are the rows?")
def grid_transposed(theta, height, width):
    return _grid(theta, height, width).transpose(1, 2)


@mutant("affine_grid", "-1 and 1 are the centres of the outermost pixels, not their edges.")
def pixel_edges(theta, height, width):
    return _grid(theta, height, width, centred=False)


@mutant("affine_grid", "What is the third column of theta for?")
def not_moved(theta, height, width):
    return _grid(torch.cat([theta[:, :, :2], torch.zeros_like(theta[:, :, 2:])], dim=2), height, width)


@mutant("bilinear_sample", "Only the nearest pixel is read.")
def nearest(x, grid):
    return _sample(x, *(place.round() for place in _places(x, grid)))


@mutant("bilinear_sample", "What is outside of the image: zeros, or its border?")
def border(x, grid):
    return _sample(x, *_places(x, grid.clamp(-1, 1)))


@mutant("bilinear_sample", "Where exactly are -1 and 1: at the edge of a pixel, or at its centre?")
def sample_edges(x, grid):
    return _sample(x, ((grid[..., 0] + 1) * x.shape[3] - 1) / 2, ((grid[..., 1] + 1) * x.shape[2] - 1) / 2)


@mutant("bilinear_sample", "Does the first coordinate of the grid name a row or a column?")
def sample_swapped(x, grid):
    return _sample(x, *_places(x, grid.flip(3)))


@mutant("bilinear_sample", "A near pixel weighs more than a far one.")
def far_weighs_more(x, grid):
    return _sample(x, *(2 * place.floor() + 1 - place for place in _places(x, grid)))


@mutant("transformer_gradient", "The chain rule begins with the upstream gradient: it is not all ones.")
def transformer_ones(upstream, x, theta):
    return _theta_gradient(torch.ones_like(upstream), x, theta)


def _theta_gradient(upstream, x, theta):
    """The right gradient, for mutants to spoil."""
    theta = theta.detach().clone().requires_grad_()
    with torch.enable_grad():
        y = _sample(x, *_places(x, _grid(theta, *x.shape[2:])))
        return torch.autograd.grad(y, theta, upstream)[0]


@mutant("transformer_gradient", "Every image has its own theta, and a gradient of its own.")
def theta_gradient_summed(upstream, x, theta):
    return _theta_gradient(upstream, x, theta).sum(dim=0, keepdim=True).repeat(len(x), 1, 1)
