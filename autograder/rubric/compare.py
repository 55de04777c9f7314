"""Compare what a student returned with what the reference returns.

Every comparison is written with `<=`, so that NaN never passes. Messages give shapes, positions and errors,
never an expected value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.errors import MismatchError
from autograder.model import Difference
from autograder.protocol.values import Opaque

TOLERANCES = {torch.float64: (1e-6, 1e-9), torch.float32: (1e-4, 1e-4)}
"""(rtol, atol) by the dtype of the expected value."""

COARSE = (1e-4, 1e-5)
"""(rtol, atol) for a float32 answer where float64 was asked: what float32 can hold."""


def compare(
    got: Any, expected: Any, what: str = "the result", rtol: float | None = None, atol: float | None = None
) -> None:
    """Require that a student's value equals the expected one within tolerance.

    Numbers and tensors are equal where |got - expected| <= atol + rtol * |expected|, element by element (the rule of
    `numpy.isclose`); NaN never is. Strings, bools, None and integers must be the same. Shapes are never broadcast. A
    number, a 0-d tensor and a tensor of shape (1,) count as the same; so do lists and tuples, and every float dtype
    from float32 up. Dictionaries have the same keys, in whatever order, and equal values.

    Args:
        got: What the student returned.
        expected: A tensor, a number, a string, a bool, None, or a list, tuple or dictionary of these.
        what: What the value is called in the message; "(gw, gb)" names the two results of a pair.
        rtol: The relative tolerance; by default 1e-6 for float64 and 1e-4 for float32.
        atol: The absolute tolerance, in the units of `expected`; by default 1e-9 for float64 and 1e-4 for float32.

    Raises:
        MismatchError: They differ; the message gives shapes, the first index and the largest error.
        TypeError: The rubric expects something that cannot be compared.

    Example:
        >>> compare([1.0, 2.0], torch.tensor([1.0, 2.0]))
        >>> compare(torch.ones(2, 1), torch.ones(2), "the prediction")
        Traceback (most recent call last):
        autograder.errors.MismatchError: the prediction has shape (2, 1); asked for is (2,).
        >>> compare(0.3141, 0.31416, "the mean", atol=1e-3)
    """
    if isinstance(expected, list | tuple):
        _compare_sequence(got, expected, what, rtol, atol)
    elif isinstance(expected, dict):
        _compare_dictionary(got, expected, what, rtol, atol)
    elif isinstance(expected, torch.Tensor):
        _compare_tensor(got, expected, what, rtol, atol)
    elif isinstance(expected, bool) or expected is None or isinstance(expected, str):
        got = got.item() if isinstance(got, torch.Tensor) and got.dtype is torch.bool and got.numel() == 1 else got
        if type(got) is not type(expected) or got != expected:
            raise MismatchError(f"{what}: expected {_kind(expected)}, got {shown(got)}.")
    elif isinstance(expected, int):
        if not _equal_integer(got, expected):
            raise MismatchError(f"{what} is not right: you returned {shown(got)}.")
    elif isinstance(expected, float):
        _compare_tensor(got, torch.tensor(expected, dtype=torch.float64), what, rtol, atol)
    else:
        raise TypeError(f"the rubric cannot compare {type(expected).__name__}")


def shown(value: Any) -> str:
    """Describe a student's value in a few words, for a message.

    Args:
        value: Anything that a student's code returned.

    Returns:
        A number as it is, a tensor by its shape, a container by its length, anything else by at most 80 characters.

    Example:
        >>> shown(torch.ones(2, 3))
        'a tensor of shape (2, 3)'
        >>> shown(None)
        'None (is a `return` missing?)'
    """
    if isinstance(value, Opaque):
        name = value.type_name[:100]
        if name == "coroutine":
            return "a coroutine (is there an `async` in front of `def`?)"
        return name if " " in name else f"an object of type {name}"
    if isinstance(value, torch.Tensor):
        if value.numel() == 1:
            return f"{value.item():.6g}" if value.dtype.is_floating_point else str(value.item())
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of length {len(value)}"
    if value is None:
        return "None (is a `return` missing?)"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def as_tensor(value: Any) -> torch.Tensor | None:
    """Return a number, a tensor or a nested list of numbers as a tensor.

    Args:
        value: Anything that a student's code returned.

    Returns:
        A detached tensor: with its own dtype if it was one, else float64. None for what is not numeric, for bools, for
        an empty list, and for a list whose rows differ in length.

    Example:
        >>> as_tensor([[1, 2], [3, 4]]).shape
        torch.Size([2, 2])
        >>> as_tensor("overfitting") is None
        True
    """
    if isinstance(value, torch.Tensor):
        return value.detach()
    flat: list[float] = []
    shape = _flattened(value, flat)
    if shape is None:
        return None
    try:
        return torch.tensor(flat, dtype=torch.float64).reshape(shape)
    except (OverflowError, RuntimeError):
        return None


def _flattened(value: Any, out: list[float]) -> tuple[int, ...] | None:
    """Append the numbers of a nested list to `out`; return its shape, or None where it has none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        out.append(value)
        return ()
    if isinstance(value, torch.Tensor):
        out += value.detach().to(torch.float64).reshape(-1).tolist()
        return tuple(value.shape)
    if not isinstance(value, list | tuple) or not value:
        return None
    shape = _flattened(value[0], out)
    if shape is None or any(_flattened(item, out) != shape for item in value[1:]):
        return None
    return (len(value), *shape)


def _kind(expected: Any) -> str:
    if isinstance(expected, bool):
        return "True or False of the other kind"
    return "None" if expected is None else "another string"


def _equal_integer(got: Any, expected: int) -> bool:
    if isinstance(got, torch.Tensor) and got.numel() == 1:
        got = got.item()
    return isinstance(got, int | float) and not isinstance(got, bool) and got == expected


def _compare_sequence(got: Any, expected: Sequence[Any], what: str, rtol: float | None, atol: float | None) -> None:
    if not isinstance(got, list | tuple) and not (isinstance(got, torch.Tensor) and got.ndim):
        raise MismatchError(f"{what}: expected {len(expected)} values (a tuple or a list), got {shown(got)}.")
    if len(got) != len(expected):
        given = f"one, {shown(got)}" if isinstance(got, torch.Tensor) else len(got)
        raise MismatchError(f"{what}: expected {len(expected)} values, got {given}.")
    names = what[1:-1].split(", ") if what.startswith("(") and what.endswith(")") else []
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        if len(names) == len(expected):
            part = f"result {index + 1} of {len(expected)}, {names[index]}"
        elif isinstance(expected, tuple):
            part = f"{what}, result {index + 1} of {len(expected)}"
        else:
            part = f"{what}[{index}]"
        compare(one, other, part, rtol, atol)


def _compare_dictionary(got: Any, expected: dict[Any, Any], what: str, rtol: float | None, atol: float | None) -> None:
    """Compare the entries of two dictionaries. A key may be an answer: only the student's own are named."""
    if not isinstance(got, dict):
        raise MismatchError(f"{what}: expected a dictionary, got {shown(got)}.")
    missing = len([key for key in expected if key not in got])
    if missing:
        are = "is" if missing == 1 else "are"
        raise MismatchError(f"{what}: {missing} of the {len(expected)} keys asked for {are} not there.")
    more = [key for key in got if key not in expected]
    if more:
        raise MismatchError(f"{what} has a key that is not asked for: {shown(more[0])}.")
    for key, value in expected.items():
        compare(got[key], value, f"{what}[{key!r}]", rtol, atol)


def _compare_tensor(got: Any, expected: torch.Tensor, what: str, rtol: float | None, atol: float | None) -> None:
    tensor = as_tensor(got)
    if tensor is None:
        raise MismatchError(f"{what}: expected a tensor of shape {tuple(expected.shape)}, got {shown(got)}.")
    shape, wanted = tuple(tensor.shape), tuple(expected.shape)
    if shape != wanted and not (tensor.numel() == 1 and expected.numel() == 1):
        raise MismatchError(
            f"{what} has shape {shape}; asked for is {wanted}.",
            Difference(what, wanted, shape),
        )
    tensor, expected = tensor.reshape(wanted), expected.detach()
    if not expected.dtype.is_floating_point:
        _report(what, tensor.to(torch.float64), expected.to(torch.float64), 0.0, 0.0)
        return
    if tensor.dtype in (torch.float16, torch.bfloat16):
        raise MismatchError(f"{what} has dtype {tensor.dtype}, which is too coarse; keep the dtype of the inputs.")
    standard = TOLERANCES[expected.dtype]
    if tensor.dtype is torch.float32 and expected.dtype is torch.float64:
        standard = COARSE
    _report(
        what,
        tensor.to(torch.float64),
        expected.to(torch.float64),
        standard[0] if rtol is None else rtol,
        standard[1] if atol is None else atol,
    )


def _report(what: str, got: torch.Tensor, expected: torch.Tensor, rtol: float, atol: float) -> None:
    """Raise `MismatchError` unless two float64 tensors of one shape agree. Equal infinities agree; NaN never does."""
    error = (got - expected).abs()
    fine = (expected.isfinite() & (error <= atol + rtol * expected.abs())) | (got == expected)
    if bool(fine.all()):
        return
    wrong = ~fine
    index = tuple(int(i) for i in wrong.nonzero()[0])
    finite = error[wrong & error.isfinite()]
    largest = float(finite.max()) if finite.numel() else None
    relative = (error / expected.abs().clamp_min(1e-300))[wrong & error.isfinite() & (expected != 0)]
    ratio = float(relative.max()) if relative.numel() else None
    count, total = int(wrong.sum()), wrong.numel()
    if not bool(got.isfinite().all()) and bool(expected.isfinite().all()):
        size = f"you return NaN or infinity{' there' if index else ''}"
    elif total == 1 and largest is not None:
        size = f"you return {got.item():.6g}, off by {largest:.3g}"
    else:
        size = f"largest error {largest:.3g}" if largest is not None else "not comparable"
    place = f"first at index {index}, " if index else ""
    raise MismatchError(
        f"{what}: {count} of {total} values differ ({place}{size})." if total > 1 else f"{what} differs ({size}).",
        Difference(what, tuple(expected.shape), tuple(got.shape), index, count, total, largest, ratio),
    )
