"""Mutants that every function has: right values, but a broken contract. Each must cost its own function, once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from autograder.protocol.codec import encode, numbers_in, rebuilt
from autograder.protocol.values import Opaque, Value, parts
from autograder.rubric.assignment import Assignment
from autograder.rubric.variants import Function


@dataclass
class BreachMutant:
    """A right function that breaks its contract.

    Attributes:
        kind: What it does, for a person.
        of: The function.
        change: The function that breaks the contract.
        applied: Whether a call gave it something to break.
    """

    kind: str
    of: str
    change: Function = field(repr=False)
    applied: bool = False


KINDS = ("changes an argument", "another dtype or kind")


def breach_mutant(assignment: Assignment, function: str, kind: str) -> BreachMutant:
    """Return the mutant of one function and kind."""
    right = assignment.solution()[function]
    mutant = BreachMutant(kind, function, right)

    def changes_argument(*args: Any, **kwargs: Any) -> Any:
        result = _apart(right(*args, **kwargs))
        for tensor in numbers_in((*args, *kwargs.values())):
            if _is_floating(tensor) and math.prod(tensor.shape):
                with torch.no_grad():
                    tensor += 1
                mutant.applied = _are_watched((*args, *kwargs.values()))
                break
        return result

    def another_kind(*args: Any, **kwargs: Any) -> Any:
        floats = any(map(_is_floating, numbers_in((*args, *kwargs.values()))))
        result = right(*args, **kwargs)
        other = _other(result, floats=floats)
        mutant.applied = mutant.applied or (other is not result and _are_watched((*args, *kwargs.values())))
        return other

    mutant.change = changes_argument if kind == KINDS[0] else another_kind
    return mutant


def _are_watched(args: tuple[Any, ...]) -> bool:
    """Return whether the reference can be asked the same: not where an object is handed back that only one side has."""
    return not any(map(_has_object, map(encode, args)))


def _has_object(value: Value) -> bool:
    return isinstance(value, Opaque) or any(map(_has_object, parts(value)))


def _is_floating(value: Any) -> bool:
    return value.is_floating_point() if isinstance(value, torch.Tensor) else value.dtype.kind == "f"


def _apart(value: Any) -> Any:
    """Return a result that shares no memory with the arguments."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    return rebuilt(value, map(_apart, value)) if isinstance(value, list | tuple) else value


def _other(value: Any, *, floats: bool) -> Any:
    """Return a result of another kind; the very same where there is none. `floats`: the dtype of floats is given."""
    if isinstance(value, torch.Tensor):
        if value.dtype is torch.bool:
            return value.long()
        if not value.is_floating_point():
            return value.double()
        return (value.float() if value.dtype is torch.float64 else value.double()) if floats and value.ndim else value
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "biuf":
        if value.dtype.kind == "f":
            return value.astype("float32" if value.dtype == "float64" else "float64") if floats else value
        return value.astype("int64" if value.dtype.kind == "b" else "float64")
    if isinstance(value, list | tuple) and value:
        parts = [_other(item, floats=floats) for item in value]
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else rebuilt(value, parts)
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, int) else value
