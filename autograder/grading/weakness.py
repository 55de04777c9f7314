"""Find what a rubric cannot see: answers without thought that a check lets pass, and arguments that never vary."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np
import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import Outcome
from autograder.protocol.codec import encode, rebuilt
from autograder.protocol.values import ArrayValue, GeneratorValue, Opaque, TensorValue, Value, same_data
from autograder.rubric.assignment import Assignment
from autograder.rubric.exercise import Check


@dataclass(frozen=True)
class Weakness:
    """Something that an instructor should look at.

    Attributes:
        where: The check, or the function and its argument.
        what: What nobody would notice.
    """

    where: str
    what: str


@dataclass
class _Calls:
    """The arguments that a function was called with, by the name of the parameter; `given` where they were passed.

    `returns`: whether it returned anything.
    """

    values: dict[str, list[Value]] = field(default_factory=dict)
    given: dict[str, list[bool]] = field(default_factory=dict)
    returns: bool = False


def weaknesses(assignment: Assignment, seed: int) -> Iterator[Weakness]:
    """Yield the weaknesses of an assignment's unit checks, with the draws of one seed."""
    engine = Engine(assignment, f"validate {seed}".encode(), precisions=(torch.float64,))
    calls: dict[str, _Calls] = {}
    for check in assignment.rubric.checks:
        if check.trains or not isinstance(assignment.solution().get(check.function), FunctionType):
            continue
        count = _noted(assignment, engine, check, calls.setdefault(check.function, _Calls()))
        if not calls[check.function].returns:
            continue  # it is judged by what it does
        for name, answer in _answers(several=count > 1):
            if _passes(assignment, engine, check, answer):
                yield Weakness(check.name, f"{name} passes for `{check.function}`")
    for function, made in calls.items():
        yield from _unvaried(function, assignment.solution()[function], made)


def _answers(*, several: bool) -> Iterator[tuple[str, Callable[[Callable[..., Any]], Callable[..., Any]]]]:
    """Yield answers without thought: each makes a function out of the right one."""

    def first(right: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: (*args, *kwargs.values())[0]

    def zeros(right: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: _zeros(right(*args, **kwargs))

    def same(right: Callable[..., Any]) -> Callable[..., Any]:
        kept: list[Any] = []

        def constant(*args: Any, **kwargs: Any) -> Any:
            if not kept:
                kept.append(right(*args, **kwargs))
            return kept[0]

        return constant

    yield "its first argument", first
    yield "zero", zeros
    if several:
        yield "the same answer every time", same


def _zeros(value: Any) -> Any:
    """Return zeros of the same kind; None in the place of what has none, such as a table or a model."""
    if isinstance(value, torch.Tensor):
        return torch.zeros_like(value, requires_grad=value.requires_grad and value.is_floating_point())
    if isinstance(value, np.ndarray | np.generic):
        return np.zeros_like(value)
    if isinstance(value, dict):
        return {key: _zeros(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return rebuilt(value, map(_zeros, value))
    return type(value)() if isinstance(value, bool | int | float | str) else None


def _passes(
    assignment: Assignment,
    engine: Engine,
    check: Check,
    answer: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> bool:
    right = assignment.solution()[check.function]

    def namespace() -> dict[str, Any]:
        return assignment.solution() | {check.function: answer(right)}

    verdict = engine.verdict(LocalHost(namespace), check, "validate")
    return verdict.outcome is Outcome.PASSED or bool(verdict.breach)  # a breach is charged once; then it would pass


def _noted(assignment: Assignment, engine: Engine, check: Check, made: _Calls) -> int:
    """Run a check on the reference, note what its function is called with, and return how many calls differed."""
    right = assignment.solution()[check.function]
    signature = inspect.signature(right)
    seen: set[str] = set()

    def noting(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        for name, parameter in signature.parameters.items():
            made.given.setdefault(name, []).append(name in bound.arguments)
            made.values.setdefault(name, []).append(_plain(bound.arguments.get(name, parameter.default)))
        seen.add(repr([_plain(value) for value in bound.arguments.values()]))
        result = right(*args, **kwargs)
        made.returns = made.returns or result is not None
        return result

    engine.verdict(LocalHost(lambda: assignment.solution() | {check.function: noting}), check, "validate")
    return len(seen)


def _plain(value: Any) -> Value:
    return GeneratorValue(0, 0) if isinstance(value, torch.Generator) else encode(value)


def _unvaried(function: str, right: Callable[..., Any], made: _Calls) -> Iterator[Weakness]:
    for name, parameter in inspect.signature(right).parameters.items():
        values, given = made.values.get(name, []), made.given.get(name, [])
        if parameter.default is not parameter.empty and all(given):
            yield Weakness(f"`{function}`, argument {name}", "no check leaves it out: its default is never used")
        if not values or isinstance(values[0], GeneratorValue | Opaque):
            continue
        if all(same_data(value, values[0]) for value in values):
            yield Weakness(f"`{function}`, argument {name}", "it has one value in all checks")
        shapes = {value.shape for value in values if isinstance(value, TensorValue | ArrayValue)}
        if len(shapes) == 1 and max(shapes) != ():
            yield Weakness(f"`{function}`, argument {name}", f"it has one shape in all checks: {min(shapes)}")
