"""Compare numbers: tensors, arrays, lists and numbers that a student returned with those of the reference.

Every comparison is written with `<=`, so that NaN never passes. Messages give shapes, positions and errors,
never an expected value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from autograder.errors import MismatchError
from autograder.model import Difference
from autograder.protocol.arrays import DTYPES
from autograder.protocol.values import Opaque

TOLERANCES = {
    torch.float64: (1e-6, 1e-9),
    torch.float32: (1e-4, 1e-4),
    torch.complex128: (1e-6, 1e-9),
    torch.complex64: (1e-4, 1e-4),
}
"""(rtol, atol) by the dtype of the expected value."""

COARSE = (1e-4, 1e-5)
"""(rtol, atol) for a float32 answer where float64 was asked: what float32 can hold."""
FINE = (torch.float64, torch.complex128)
LONG = 80
"""Characters of a value that are shown."""


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
        numbers = " of complex numbers" if value.is_complex() else ""
        return f"a tensor{numbers} of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" + ("" if value.dtype.kind in "iufb" else f" of dtype {value.dtype}")
    if isinstance(value, list | tuple | dict | set | frozenset):
        kind = "named tuple" if hasattr(value, "_fields") else type(value).__name__
        return f"a {kind} of length {len(value)}"
    if value is None:
        return "None (is a `return` missing?)"
    if is_table(value):
        return f"a {type(value).__name__} of shape {value.shape}"
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= LONG else f"{text[: LONG - 3]}..."


def is_table(value: Any) -> bool:
    """Return whether a value is one of pandas' or a sparse matrix: nothing of them is imported to find out."""
    return type(value).__module__.partition(".")[0] in ("pandas", "scipy") and hasattr(value, "shape")


def as_tensor(value: Any) -> torch.Tensor | None:
    """Return a number, a tensor, an array or a nested list of numbers as a tensor.

    Args:
        value: Anything that a student's code returned.

    Returns:
        A detached tensor: with its own dtype if it was one or an array, else float64. None for what is not numeric, for
        complex numbers and bools, for an empty list, and for a list whose rows differ in length.

    Example:
        >>> as_tensor([[1, 2], [3, 4]]).shape
        torch.Size([2, 2])
        >>> as_tensor("overfitting") is None
        True
    """
    if isinstance(value, np.ndarray | np.generic):
        value = _tensor_of_array(np.asarray(value))
    if isinstance(value, torch.Tensor):
        return None if value.is_complex() else value.detach()
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
    if isinstance(value, np.ndarray | np.generic):
        value = _tensor_of_array(np.asarray(value))
    if isinstance(value, torch.Tensor) and not value.is_complex():
        out += value.detach().to(torch.float64).reshape(-1).tolist()
        return tuple(value.shape)
    if not isinstance(value, list | tuple) or not value:
        return None
    shape = _flattened(value[0], out)
    if shape is None or any(_flattened(item, out) != shape for item in value[1:]):
        return None
    return (len(value), *shape)


def _tensor_of_array(array: Any) -> torch.Tensor | None:
    """Return an array of numbers as a tensor, of float64 where torch has no such dtype; None for other arrays."""
    if array.dtype.kind not in "biufc":
        return None
    return torch.from_numpy(np.array(array if array.dtype.name in DTYPES else array.astype(np.float64)))


def _as_complex(value: Any) -> torch.Tensor | None:
    """Return complex numbers, or real ones, as a tensor."""
    if isinstance(value, complex):
        return torch.tensor(value, dtype=torch.complex128)
    if isinstance(value, np.ndarray | np.generic):
        value = _tensor_of_array(np.asarray(value))
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, list | tuple) and value:
        rows = [_as_complex(item) for item in value]
        if all(row is not None and row.shape == rows[0].shape for row in rows if rows[0] is not None):
            return (
                None if rows[0] is None else torch.stack([row.to(torch.complex128) for row in rows if row is not None])
            )
        return None
    return as_tensor(value)


def compare_numbers(
    got: Any, expected: torch.Tensor, what: str, rtol: float | None, atol: float | None, kind: str = "a tensor"
) -> None:
    """Require numbers of one shape within tolerance; `kind` names what is asked for. Raises `MismatchError`."""
    tensor = _as_complex(got) if expected.is_complex() else as_tensor(got)
    if tensor is None:
        raise MismatchError(f"{what}: expected {kind} of shape {tuple(expected.shape)}, got {shown(got)}.")
    shape, wanted = tuple(tensor.shape), tuple(expected.shape)
    if shape != wanted and not (tensor.numel() == 1 and expected.numel() == 1):
        raise MismatchError(
            f"{what} has shape {shape}; asked for is {wanted}.",
            Difference(what, wanted, shape),
        )
    tensor, expected = tensor.reshape(wanted), expected.detach()
    if not (expected.dtype.is_floating_point or expected.is_complex()):
        report(what, tensor.to(torch.float64), expected.to(torch.float64), 0.0, 0.0)
        return
    if tensor.dtype in (torch.float16, torch.bfloat16):
        raise MismatchError(f"{what} has dtype {tensor.dtype}, which is too coarse; keep the dtype of the inputs.")
    standard = TOLERANCES.get(expected.dtype, TOLERANCES[torch.float32])
    if tensor.dtype in (torch.float32, torch.complex64) and expected.dtype in FINE:
        standard = COARSE
    wide = torch.complex128 if expected.is_complex() else torch.float64
    report(
        what,
        tensor.to(wide),
        expected.to(wide),
        standard[0] if rtol is None else rtol,
        standard[1] if atol is None else atol,
    )


def report(
    what: str,
    got: torch.Tensor,
    expected: torch.Tensor,
    rtol: float,
    atol: float,
    place: Callable[[tuple[int, ...]], str] = "at index {}".format,
) -> None:
    """Raise `MismatchError` unless two float64 tensors of one shape agree. Equal infinities agree; NaN never does.

    `place` says where an entry is that differs.
    """
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
    first = f"first {place(index)}, " if index else ""
    raise MismatchError(
        f"{what}: {count} of {total} values differ ({first}{size})." if total > 1 else f"{what} differs ({size}).",
        Difference(what, tuple(expected.shape), tuple(got.shape), index, count, total, largest, ratio),
    )
