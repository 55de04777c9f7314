"""Wrong implementations that students write, each with the hint for it: sizes and convolution (3.1 to 3.3).

Names that are not defined here (torch, other functions of the solution) are the solution's.
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
