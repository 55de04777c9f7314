"""Questions to the student with their answers, and whether two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import torch

from autograder.errors import UnacceptableValueError
from autograder.protocol.codec import decode
from autograder.protocol.messages import Raised, Returned
from autograder.protocol.values import TensorValue


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
    """Return whether two encoded values are equal within tolerance. Here NaN equals NaN."""
    if isinstance(one, TensorValue | int | float) and isinstance(other, TensorValue | int | float):
        try:
            a, b = torch.as_tensor(decode(one)), torch.as_tensor(decode(other))
        except (UnacceptableValueError, RuntimeError, OverflowError, ValueError):  # torch has several for 2**64 - 1
            return False
        if a.numel() != b.numel() or (a.numel() != 1 and a.shape != b.shape):
            return False
        if torch.float32 in (a.dtype, b.dtype):
            rtol, atol = 1e-4, 1e-4
        a, b = a.detach().reshape(b.shape).double(), b.detach().double()
        return bool(torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True).all())
    if hasattr(one, "items") and hasattr(other, "items"):
        return len(one.items) == len(other.items) and all(
            same_value(a, b, rtol, atol) for a, b in zip(one.items, other.items, strict=True)
        )
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(same_value(a, b, rtol, atol) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)
