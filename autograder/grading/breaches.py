"""Mutants that every function has: right values, but a broken contract. Each must cost its own function, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from autograder.protocol.codec import tensors_in
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
        for tensor in tensors_in((*args, *kwargs.values())):
            if tensor.is_floating_point() and tensor.numel():
                with torch.no_grad():
                    tensor += 1
                mutant.applied = True
                break
        return result

    def another_kind(*args: Any, **kwargs: Any) -> Any:
        floats = any(tensor.is_floating_point() for tensor in tensors_in((*args, *kwargs.values())))
        result = right(*args, **kwargs)
        other = _other(result, floats=floats)
        mutant.applied = mutant.applied or other is not result
        return other

    mutant.change = changes_argument if kind == KINDS[0] else another_kind
    return mutant


def _apart(value: Any) -> Any:
    """Return a result that shares no memory with the arguments."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    return type(value)(map(_apart, value)) if isinstance(value, list | tuple) else value


def _other(value: Any, *, floats: bool) -> Any:
    """Return a result of another kind; the very same where there is none. `floats`: the dtype of floats is given."""
    if isinstance(value, torch.Tensor):
        if value.dtype is torch.bool:
            return value.long()
        if not value.is_floating_point():
            return value.double()
        return (value.float() if value.dtype is torch.float64 else value.double()) if floats and value.ndim else value
    if isinstance(value, list | tuple) and value:
        parts = [_other(item, floats=floats) for item in value]
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else type(value)(parts)
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, int) else value
