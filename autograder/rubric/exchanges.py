"""Questions to the student with their answers, and whether two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import torch

from autograder.errors import UnacceptableValueError
from autograder.protocol.codec import decode, with_tensors
from autograder.protocol.messages import Raised, Returned
from autograder.protocol.values import ArrayValue, ListValue, Opaque, TensorValue, TupleValue

NUMBERS = TensorValue | ArrayValue | int | float
"""Values that count as numbers."""


class Exchange(msgspec.Struct, frozen=True):
    """One question to the student and its answer, kept to recognise mistakes: same questions, same answers."""

    name: str
    answer: Returned | Raised


def same_exchanges(one: Sequence[Exchange], other: Sequence[Exchange]) -> bool:
    """Return whether the same functions were asked and answered alike. False if nothing was asked."""
    return (
        len(one) == len(other) > 0
        and all(a.name == b.name for a, b in zip(one, other, strict=True))
        and all(same_answer(a.answer, b.answer) for a, b in zip(one, other, strict=True))
    )


def same_answer(one: Returned | Raised, other: Returned | Raised, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two answers are equal within tolerance, as the same mistake's are; errors by their type."""
    if isinstance(one, Raised) or isinstance(other, Raised):
        kinds = [(x.kind, x.type_name) for x in (one, other) if isinstance(x, Raised)]
        return len(kinds) == 2 and kinds[0] == kinds[1]
    return same_value(one.value, other.value, rtol, atol)


def same_value(one: Any, other: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two encoded values are equal within tolerance. Here NaN equals NaN, and every object another one
    of its type."""
    if isinstance(one, NUMBERS) and isinstance(other, NUMBERS):
        return _same_numbers(one, other, rtol, atol)
    if isinstance(one, Opaque) and isinstance(other, Opaque):
        return one.type_name == other.type_name
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same_value(a, b, rtol, atol) for a, b in zip(one, other, strict=True))
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
        return all(same_value(a, b, rtol, atol) for a, b in pairs)
    if isinstance(one, ListValue | TupleValue) and isinstance(other, ListValue | TupleValue):
        return same_value(one.items, other.items, rtol, atol)
    return type(one) is type(other) and bool(one == other)


def _same_numbers(one: Any, other: Any, rtol: float, atol: float) -> bool:
    if isinstance(one, ArrayValue) or isinstance(other, ArrayValue):
        one, other = with_tensors(one), with_tensors(other)
        if isinstance(one, ArrayValue) or isinstance(other, ArrayValue):
            return bool(one == other)  # text, times: to the last bit
    try:
        a, b = torch.as_tensor(decode(one)), torch.as_tensor(decode(other))
    except (UnacceptableValueError, RuntimeError, OverflowError, ValueError):  # torch has several for 2**64 - 1
        return False
    if a.numel() != b.numel() or (a.numel() != 1 and a.shape != b.shape):
        return False
    if {a.dtype, b.dtype} & {torch.float32, torch.complex64}:
        rtol, atol = 1e-4, 1e-4
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    a, b = a.detach().reshape(b.shape).to(wide), b.detach().to(wide)
    return bool(torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True).all())
