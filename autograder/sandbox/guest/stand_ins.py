"""Stand-ins: functions of the student's that are replaced by questions to the grader, gradients included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from autograder.protocol.codec import encode, rebuilt, tensors_in
from autograder.protocol.messages import Ask
from autograder.protocol.values import GeneratorValue, Value


def stand_in(name: str, ask: Callable[[Ask], Any], *, gradients: bool = True) -> Callable[..., Any]:
    """A function that computes nothing itself: the grader computes the reference's result, and its gradients unless
    the exercise is about finding them by hand."""

    def function(*args: Any, **kwargs: Any) -> Any:
        tensors = tensors_in((*args, *kwargs.values()))
        if not (gradients and torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
            return ask(Ask(name, _encoded(args), _encoded_map(kwargs)))
        structure: list[Any] = []
        results = _Remote.apply(ask, name, args, kwargs, structure, *tensors)  # type: ignore[no-untyped-call]
        flat = iter(results)
        return _refill(structure[0], flat)

    function.__name__ = function.__qualname__ = name
    return function


class _Remote(torch.autograd.Function):
    """Autograd through a stand-in: forward and backward are both asked of the grader."""

    @staticmethod
    def forward(
        ctx: Any, ask: Callable[[Ask], Any], name: str, args: Any, kwargs: Any, structure: list[Any], *tensors: Any
    ) -> Any:
        ctx.question = (ask, name, _encoded(args), _encoded_map(kwargs))
        result = ask(Ask(name, *ctx.question[2:]))
        flat: list[torch.Tensor] = []
        structure.append(_flatten(result, flat))
        return tuple(flat)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        ask, name, args, kwargs = ctx.question
        gradients = ask(Ask(name, args, kwargs, [encode(gradient) for gradient in upstream]))
        return (None, None, None, None, None, *gradients)


class _Place:
    """Marks where a tensor stood in a flattened structure."""


def _flatten(value: Any, out: list[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        out.append(value)
        return _Place
    if isinstance(value, list | tuple):
        return rebuilt(value, [_flatten(item, out) for item in value])
    if isinstance(value, dict):
        return {key: _flatten(item, out) for key, item in value.items()}
    return value


def _refill(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    if value is _Place:
        return next(tensors)
    if isinstance(value, list | tuple):
        return rebuilt(value, [_refill(item, tensors) for item in value])
    if isinstance(value, dict):
        return {key: _refill(item, tensors) for key, item in value.items()}
    return value


def _encoded(args: Sequence[Any]) -> list[Value]:
    return [_encode_argument(value) for value in args]


def _encoded_map(kwargs: dict[str, Any]) -> dict[str, Value]:
    return {key: _encode_argument(value) for key, value in kwargs.items()}


def _encode_argument(value: Any) -> Value:
    if isinstance(value, torch.Generator):  # drawing the seed moves the generator on, as using it would
        return GeneratorValue(0, int(torch.randint(2**62, (), generator=value)))
    if isinstance(value, np.random.Generator):
        return GeneratorValue(0, int(value.integers(2**62)), numpy=True)
    return encode(value)
