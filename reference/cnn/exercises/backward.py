"""3.3 Convolution, backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    agrees_with_numerical,
    compare,
    matches,
)

from .common import LIBRARY, Case, arguments, hand_case

exercise = Exercise("3.3", "Convolution, backward", owns=("conv2d_backward",), points=16, bans=LIBRARY + AUTOGRAD)


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


@exercise.check("conv2d_backward", 2, public=True)
def upstream_one_to_six(student: Student, reference: Reference, draw: Draw) -> None:
    """1 to 12 in rows of 4, kernel [[1, 2], [3, 4]], upstream 1 to 6: dw is [[92, 113], [176, 197]], and db is 21."""
    x, w, _ = hand_case(draw)
    upstream = torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)
    matches(student, reference, "conv2d_backward", upstream, x, w)


@exercise.check("conv2d_backward", 5)
def of_the_image(student: Student, reference: Reference, draw: Draw) -> None:
    """dx collects from every window that a pixel is in, and has the size of x: nothing is left of the padding."""
    one_gradient(student, reference, draw, DX, BACKWARD_CASES)


@exercise.check("conv2d_backward", 5)
def of_the_kernel(student: Student, reference: Reference, draw: Draw) -> None:
    """dw adds up over all positions and all images."""
    one_gradient(student, reference, draw, DW, BACKWARD_CASES)


@exercise.check("conv2d_backward", 2)
def of_the_bias(student: Student, reference: Reference, draw: Draw) -> None:
    """db has one number a filter: the sum over images and positions."""
    one_gradient(student, reference, draw, DB, BACKWARD_CASES)


@exercise.check("conv2d_backward", 2)
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


# --- mistakes ---


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


@exercise.mistake(
    "conv2d_backward", "Each gradient goes back through the weight it came by. Why flip the kernel in this loop?"
)
def dx_flip(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _backward(upstream, x, w.flip(2, 3), stride, padding)[0], dw, db


@exercise.mistake("conv2d_backward", "A pixel is in several windows. What happens to what the earlier ones gave it?")
def dx_assign(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    dx = torch.zeros_like(F.pad(x, (padding[1], padding[1], padding[0], padding[0])))
    for i, j, window in _windows(upstream, w, stride):
        dx[window] = torch.einsum("nf,fcuv->ncuv", upstream[:, :, i, j], w)
    return dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]], dw, db


@exercise.mistake(
    "conv2d_backward", "A weight is used at every position. What happens to what the earlier ones gave it?"
)
def dw_assign(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, _, db = _backward(upstream, x, w, stride, padding)
    wide = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    for i, j, window in _windows(upstream, w, stride):
        dw = torch.einsum("nf,ncuv->fcuv", upstream[:, :, i, j], wide[window])
    return dx, dw, db


@exercise.mistake("conv2d_backward", "dx still has the padding around it; x has not.")
def no_crop(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _padded_dx(upstream, x, w, stride, padding), dw, db


@exercise.mistake("conv2d_backward", "Where in the padded image does the image itself begin?")
def crop_wrong(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    _, dw, db = _backward(upstream, x, w, stride, padding)
    return _padded_dx(upstream, x, w, stride, padding)[:, :, : x.shape[2], : x.shape[3]], dw, db


@exercise.mistake(
    "conv2d_backward", "A filter's bias is added at every position: over which axes does its gradient add up?"
)
def db_batch(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, _ = _backward(upstream, x, w, stride, padding)
    return dx, dw, upstream.sum(dim=0)


@exercise.mistake("conv2d_backward", "The bias reaches every position of every image. Is its gradient a sum or a mean?")
def db_mean(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, _ = _backward(upstream, x, w, stride, padding)
    return dx, dw, upstream.mean(dim=(0, 2, 3))


@exercise.mistake("conv2d_backward", "The batch is summed up; dividing by its size is the loss's business.")
def dw_mean(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, dw, db = _backward(upstream, x, w, stride, padding)
    return dx, dw / len(x), db


@exercise.mistake("conv2d_backward", "Does dw see the padded image, or only what is inside?")
def dw_unpadded(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dx, _, db = _backward(upstream, x, w, stride, padding)
    wide = F.pad(x, (0, 2 * padding[1], 0, 2 * padding[0]))
    return dx, _backward(upstream, wide, w, stride, (0, 0))[1], db


@exercise.mistake("conv2d_backward", "The chain rule begins with the upstream gradient: it is not all ones.")
def upstream_of_ones(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    return _backward(torch.ones_like(upstream), x, w, stride, padding)


@exercise.mistake(
    "conv2d_backward",
    "Where does window (i, j) begin when the stride is not 1?",
)
def stride_ignored_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    return _backward(upstream, x, w, (1, 1), padding)
