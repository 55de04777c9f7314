"""Compare a gradient written by hand with a numerical one, and see that gradients reach what a function is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch

from autograder.protocol.codec import tensors_in
from autograder.rubric.compare import compare
from autograder.rubric.drivers import OwnDriver
from autograder.rubric.expectations import matches
from autograder.rubric.reference import Reference
from autograder.rubric.student import Student


def numerical_gradient(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, h: float = 1e-5) -> torch.Tensor:
    """Approximate the gradient of a scalar function by centred differences.

    Each element is (f(x + h e) - f(x - h e)) / 2h, with e the unit vector of that element (Abramowitz & Stegun,
    Handbook of Mathematical Functions, 25.3.21). The error is O(h^2) from truncation plus O(eps / h) from rounding; the
    sum is smallest near h = eps^(1/3), 6e-6 in float64 (Press et al., Numerical Recipes, 3rd ed., section 5.7).

    Args:
        f: A function of a float64 tensor with the shape of `x` that returns a scalar.
        x: Where to take the gradient, any shape. `f` is called twice for each element, so keep it small.
        h: The step, in the units of `x`.

    Returns:
        A float64 tensor of the shape of `x`.

    Example:
        >>> x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
        >>> numerical_gradient(lambda x: (x**2).sum(), x)
        tensor([ 2.0000, -4.0000,  6.0000], dtype=torch.float64)
    """
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
    """Require that a gradient written by hand equals the numerical one.

    The step is 1e-5, rtol 1e-4 and atol 1e-6: wide enough for the error of `numerical_gradient`, narrow enough for a
    forgotten factor. Draw `x` away from kinks, where centred differences are wrong.

    Args:
        analytic: The student's gradient, of the shape of `x`.
        f: The scalar function whose gradient it is: the reference's, never the student's own.
        x: Where the gradient is taken.
        what: What the gradient is called in the message.

    Raises:
        MismatchError: The gradients differ in shape or value.

    Example:
        >>> w, x, y = draw.normal(3), draw.normal(8, 3), draw.normal(8)
        >>> agrees_with_numerical(student.slope(w, x, y), lambda w: reference.mse(x @ w, y), w, "the gradient")
        >>> agrees_with_numerical(w, lambda w: (w * w).sum(), w, "the gradient")  # the factor 2 is missing
        Traceback (most recent call last):
        autograder.errors.MismatchError: the gradient: 3 of 3 values differ (first at index (0,), largest error ...).
    """
    compare(analytic, numerical_gradient(f, x), what, rtol=1e-4, atol=1e-6)


def gradients_reach(student: Student, reference: Reference, name: str, *args: Any) -> None:
    """Require the right result, and that autograd finds the right gradient by each tensor of floats in the arguments.

    A call in which all of them require gradients cannot tell: gradients that reach one argument hide a `detach` of
    another. So there is a call for each of them, in which the contract of the function watches whether gradients come
    through; and one more for their values: a detour on one of several ways leaves a gradient that is only wrong. Keep
    the arguments small.

    Args:
        student: The student's code, as passed to the check.
        reference: The hidden solution, as passed to the check.
        name: The function to call on both sides.
        *args: Its arguments, as for `matches`, with at least one tensor of floats among them.

    Raises:
        MismatchError: The results or the gradients differ.
        StudentError: The student's function is missing, not attempted, or raised.

    Example:
        >>> gradients_reach(student, reference, "mse", draw.normal(5), draw.normal(5))
    """
    for wanted in range(sum(tensor.is_floating_point() for tensor in tensors_in(args))):
        matches(student, reference, name, *_requiring(args, wanted, itertools.count()))
    if not student.keeps_gradients:
        return  # that is charged; their values would be a second charge for the same
    slopes = OwnDriver(weighted_slopes)
    expected = reference.drive(slopes, name, list(args))
    compare(student.drive(slopes, name, list(args)), expected, f"the gradients that autograd finds through `{name}`")


def weighted_slopes(student: Any, name: str, args: list[Any]) -> list[Any]:
    """Return the gradient of a weighted sum of a result by each tensor of floats among the arguments, in their order.

    A driver: it runs beside the student's code, where nothing of this module is.
    """
    import torch

    leaves: list[torch.Tensor] = []
    parts: list[torch.Tensor] = []

    def leaf(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            leaves.append(value.detach().clone().requires_grad_())
            return leaves[-1]
        if isinstance(value, dict):
            return {key: leaf(item) for key, item in value.items()}
        return type(value)(map(leaf, value)) if isinstance(value, list | tuple) else value

    def gather(value: Any) -> None:
        if isinstance(value, torch.Tensor) and value.requires_grad:
            parts.append(value)
        elif isinstance(value, dict | list | tuple):
            for item in value.values() if isinstance(value, dict) else value:
                gather(item)

    gather(getattr(student, name)(*leaf(args)))
    weights = [torch.cos(torch.arange(part.numel())).to(part.dtype).view(part.shape) for part in parts]
    found = torch.autograd.grad(parts, leaves, weights, allow_unused=True)
    return [torch.zeros_like(one) if slope is None else slope for one, slope in zip(leaves, found, strict=True)]


def _requiring(value: Any, wanted: int, places: Iterator[int]) -> Any:
    """Return the arguments with one tensor of floats, the one in place `wanted`, that requires gradients."""
    if isinstance(value, torch.Tensor):
        chosen = value.is_floating_point() and next(places) == wanted
        return value.detach().clone().requires_grad_() if chosen else value
    if isinstance(value, dict):
        return {key: _requiring(item, wanted, places) for key, item in value.items()}
    return type(value)(_requiring(item, wanted, places) for item in value) if isinstance(value, list | tuple) else value
