"""What checks of several exercises share."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.rubric import (
    Draw,
)

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


def _convolve(x, w, b, stride, padding, mode="constant"):
    """A right convolution, for mutants to call with the wrong things."""
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]), mode=mode)
    windows = x.unfold(2, w.shape[2], stride[0]).unfold(3, w.shape[3], stride[1])
    return torch.einsum("ncijuv,fcuv->nfij", windows, w) + b[:, None, None]


def _shift(x, down, right):
    """A right shift, for mutants to misuse."""
    most = max(abs(down), abs(right), 1)
    wide = F.pad(x, (most,) * 4)
    return wide[:, :, most - down : most - down + x.shape[2], most - right : most - right + x.shape[3]]


def _same(x, w, b):
    """A convolution that keeps the size."""
    return _convolve(x, w, b, (1, 1), (w.shape[2] // 2, w.shape[3] // 2))
