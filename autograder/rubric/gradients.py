"""Compare a gradient written by hand with a numerical one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.rubric.compare import compare


def numerical_gradient(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, h: float = 1e-5) -> torch.Tensor:
    """Centred differences (f(x + h) - f(x - h)) / 2h of a scalar `f` in float64, one element at a time."""
    x = x.detach().double().clone()
    gradient = torch.empty_like(x)
    flat, out = x.view(-1), gradient.view(-1)
    for i in range(flat.numel()):
        saved = float(flat[i])
        flat[i] = saved + h
        above = float(f(x))
        flat[i] = saved - h
        out[i] = (above - float(f(x))) / (2 * h)
        flat[i] = saved
    return gradient


def agrees_with_numerical(analytic: Any, f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, what: str) -> None:
    """A gradient written by hand equals the numerical one: h 1e-5, rtol 1e-4, atol 1e-6 (away from kinks)."""
    compare(analytic, numerical_gradient(f, x), what, rtol=1e-4, atol=1e-6)
