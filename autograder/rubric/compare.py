"""Compare what a student returned with what the reference returns, whatever its kind.

Messages give shapes, positions and errors, never an expected value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from autograder.errors import MismatchError
from autograder.rubric.numbers import as_tensor, compare_numbers, is_table, shown
from autograder.rubric.tables import compare_table

__all__ = ["as_tensor", "compare", "shown"]

MANY = 5
"""Missing keys that are named."""


def compare(
    got: Any, expected: Any, what: str = "the result", rtol: float | None = None, atol: float | None = None
) -> None:
    """Require that a student's value equals the expected one within tolerance.

    Numbers and tensors are equal where |got - expected| <= atol + rtol * |expected|, element by element (the rule of
    `numpy.isclose`); NaN never is. Strings, bools, None and integers must be the same. Shapes are never broadcast. A
    number, a 0-d tensor and a tensor of shape (1,) count as the same; so do lists and tuples, and every float dtype
    from float32 up; and here an array counts as a tensor, for whether it may is the contract's business. Dictionaries
    have the same keys, in whatever order, and equal values; DataFrames the same columns and rows in the same order.
    docs/values.md has every kind.

    Args:
        got: What the student returned.
        expected: Any plain data: a tensor, an array, a number, text, None, a DataFrame, or a container of these.
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
    got, expected = _plain(got), _plain(expected)
    match expected:
        case list() | tuple():
            _compare_sequence(got, expected, what, rtol, atol)
        case dict():
            _compare_dictionary(got, expected, what, rtol, atol)
        case set() | frozenset():
            _compare_set(got, expected, what)
        case torch.Tensor():
            compare_numbers(got, expected, what, rtol, atol)
        case np.ndarray():
            _compare_array(got, expected, what, rtol, atol)
        case bool() | None | str():
            got = got.item() if _is_one(got) and str(got.dtype) in ("bool", "torch.bool") else got
            if type(got) is not type(expected) or got != expected:
                raise MismatchError(f"{what}: expected {_kind(expected)}, got {shown(got)}.")
        case int():
            if not _equal_integer(got, expected):
                raise MismatchError(f"{what} is not right: you returned {shown(got)}.")
        case float() | complex():
            wide = torch.float64 if isinstance(expected, float) else torch.complex128
            compare_numbers(got, torch.tensor(expected, dtype=wide), what, rtol, atol, "a number")
        case bytes():
            _compare_bytes(got, expected, what)
        case _ if is_table(expected):
            compare_table(got, expected, what, rtol, atol)
        case _:
            raise TypeError(f"the rubric cannot compare {type(expected).__name__}")


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as an array, or as Python's own where it is no float; other values as they are."""
    if isinstance(value, np.generic):
        return np.asarray(value) if value.dtype.kind in "fcMm" else value.item()
    return value


def _kind(expected: Any) -> str:
    if isinstance(expected, bool):
        return "True or False of the other kind"
    return "None" if expected is None else "another string"


def _is_one(value: Any) -> bool:
    """Return whether a value is a tensor or an array of one element."""
    return isinstance(value, torch.Tensor | np.ndarray) and math.prod(value.shape) == 1


def _equal_integer(got: Any, expected: int) -> bool:
    got = got.item() if _is_one(got) else got
    return isinstance(got, int | float) and not isinstance(got, bool) and got == expected


def _compare_sequence(got: Any, expected: Sequence[Any], what: str, rtol: float | None, atol: float | None) -> None:
    fields = getattr(expected, "_fields", None)
    if fields and getattr(got, "_fields", None) != fields:
        raise MismatchError(f"{what}: expected a named tuple with the fields {', '.join(fields)}; got {shown(got)}.")
    if not isinstance(got, list | tuple) and not (isinstance(got, torch.Tensor | np.ndarray) and got.ndim):
        raise MismatchError(f"{what}: expected {len(expected)} values (a tuple or a list), got {shown(got)}.")
    if len(got) != len(expected):
        given = f"one, {shown(got)}" if isinstance(got, torch.Tensor | np.ndarray) else len(got)
        raise MismatchError(f"{what}: expected {len(expected)} values, got {given}.")
    names = what[1:-1].split(", ") if what.startswith("(") and what.endswith(")") else []
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        if fields:
            part = f"{what}.{fields[index]}"
        elif len(names) == len(expected):
            part = f"result {index + 1} of {len(expected)}, {names[index]}"
        elif isinstance(expected, tuple):
            part = f"{what}, result {index + 1} of {len(expected)}"
        else:
            part = f"{what}[{index}]"
        compare(one, other, part, rtol, atol)


def _compare_dictionary(got: Any, expected: dict[Any, Any], what: str, rtol: float | None, atol: float | None) -> None:
    """Compare the entries of two dictionaries. A key that is no text may be an answer: only the student's are named."""
    if not isinstance(got, dict):
        raise MismatchError(f"{what}: expected a dictionary, got {shown(got)}.")
    missing = [key for key in expected if key not in got]
    if missing:
        named = [repr(key) for key in missing if isinstance(key, str)][:MANY]
        said = f": {', '.join(named)}{', ...' if len(named) < len(missing) else ''}" if named else ""
        are = "is" if len(missing) == 1 else "are"
        raise MismatchError(f"{what}: {len(missing)} of the {len(expected)} keys asked for {are} not there{said}.")
    more = [key for key in got if key not in expected]
    if more:
        raise MismatchError(f"{what} has a key that is not asked for: {shown(more[0])}.")
    for key, value in expected.items():
        compare(got[key], value, f"{what}[{key!r}]", rtol, atol)


def _compare_set(got: Any, expected: set[Any] | frozenset[Any], what: str) -> None:
    """Compare two sets. Their items are the answer: only the student's own are named."""
    if not isinstance(got, set | frozenset):
        raise MismatchError(f"{what}: expected a set, got {shown(got)}.")
    if more := sorted(got - expected, key=repr):
        raise MismatchError(f"{what} has an item that does not belong there: {shown(more[0])}.")
    if missing := len(expected - got):
        are = "is" if missing == 1 else "are"
        raise MismatchError(f"{what}: {missing} of the {len(expected)} items {are} missing.")


def _compare_bytes(got: Any, expected: bytes, what: str) -> None:
    if not isinstance(got, bytes):
        raise MismatchError(f"{what}: expected bytes, got {shown(got)}.")
    if got != expected:
        same = next((at for at, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), None)
        where = f"the first that differs is number {same}" if same is not None else f"there are {len(got)}"
        raise MismatchError(f"{what} has other bytes than asked for: {where}.")


def _compare_array(got: Any, expected: Any, what: str, rtol: float | None, atol: float | None) -> None:
    kind = expected.dtype.kind
    if kind in "biufc":
        numbers = expected if expected.dtype.name not in ("uint16", "uint32", "uint64") else expected.astype("float64")
        compare_numbers(got, torch.from_numpy(np.array(numbers)), what, rtol, atol, "an array")
        return
    if kind == "O" and isinstance(got, list | tuple):
        compare(got, expected.tolist(), what, rtol, atol)
        return
    array = _array_like(got)
    wanted = {"U": "text", "S": "bytes", "M": "dates", "m": "durations"}.get(kind, "objects")
    if array is None or not (array.dtype.kind == kind or kind == "O" or (array.dtype.kind == "O" and kind == "U")):
        raise MismatchError(f"{what}: expected an array of {wanted}, of shape {expected.shape}; got {shown(got)}.")
    if array.shape != expected.shape:
        raise MismatchError(f"{what} has shape {array.shape}; asked for is {expected.shape}.")
    if kind == "O":
        for index in np.ndindex(expected.shape):
            compare(array[index], expected[index], f"{what}[{', '.join(map(str, index))}]", rtol, atol)
        return
    wrong = np.argwhere(np.asarray(array != expected))
    if len(wrong):
        index = tuple(map(int, wrong[0]))
        where = (
            f"first at index {index}, you return {shown(array[index])}" if index else f"you return {shown(array[()])}"
        )
        raise MismatchError(f"{what}: {len(wrong)} of {expected.size} values differ ({where}).")


def _array_like(value: Any) -> Any:
    """Return an array, or a nested list of texts as one; None for anything else."""
    if isinstance(value, np.ndarray):
        return value
    try:
        return np.array(value) if isinstance(value, list | tuple) and all(map(_is_text, value)) else None
    except ValueError:  # rows of different lengths
        return None


def _is_text(value: Any) -> bool:
    return all(map(_is_text, value)) if isinstance(value, list | tuple) else isinstance(value, str | bytes)
