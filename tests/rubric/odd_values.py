"""What a function may return that nobody asked for, by a name: more than sixty kinds."""

from __future__ import annotations

import datetime
import decimal
import fractions
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

NAN, INF = math.nan, math.inf


class _Text(str):
    pass


class _Whole(int):
    pass


def _nested(depth: int) -> list[Any]:
    value: list[Any] = [1.0]
    for _ in range(depth):
        value = [value]
    return value


def _raising(error: BaseException) -> Callable[[], Any]:
    def raises() -> Any:
        raise error

    return raises


def _sparse() -> torch.Tensor:
    return torch.eye(3).to_sparse()


MAKERS: dict[str, Callable[[], Any]] = {
    # plain values
    "None": lambda: None,
    "True": lambda: True,
    "False": lambda: False,
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "a large whole number": lambda: 2**62,
    "a whole number beyond 64 bits": lambda: 10**30,
    "a fraction": lambda: 1.5,
    "NaN": lambda: NAN,
    "infinity": lambda: INF,
    "minus infinity": lambda: -INF,
    "a tiny number": lambda: 5e-324,
    "no text": lambda: "",
    "text": lambda: "seven",
    "digits as text": lambda: "7",
    "text of a kind of its own": lambda: _Text("x"),
    "a whole number of a kind of its own": lambda: _Whole(3),
    "a complex number": lambda: 1j,
    "a decimal": lambda: decimal.Decimal("1.5"),
    "a ratio": lambda: fractions.Fraction(1, 3),
    "a date": lambda: datetime.date(2027, 1, 1),
    "an ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "bytes": lambda: b"bytes",
    # objects
    "an object": object,
    "a class": lambda: int,
    "a function": lambda: len,
    "a module": lambda: math,
    "an error": lambda: ValueError("no"),
    "a layer": lambda: torch.nn.Linear(2, 2),
    "an optimiser": lambda: torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1),
    "a dtype": lambda: torch.float32,
    "a size": lambda: torch.Size([2, 3]),
    "a generator of random numbers": torch.Generator,
    "a range": lambda: range(3),
    "an iterator": lambda: iter([1.0, 2.0]),
    "a generator": lambda: (x for x in [1.0, NAN]),
    "a set": lambda: {1, 2},
    "a frozen set": lambda: frozenset([1]),
    # containers
    "an empty list": list,
    "an empty tuple": tuple,
    "an empty dictionary": dict,
    "a list of nothing": lambda: [None, None],
    "a list of text": lambda: ["a", "b", "c"],
    "a list of NaN": lambda: [NAN, NAN, NAN],
    "a list of infinities": lambda: [INF, -INF],
    "a list of booleans": lambda: [True, False],
    "a long list": lambda: [0.5] * 5_000,
    "a ragged list": lambda: [[1.0], [1.0, 2.0], []],
    "a list of many kinds": lambda: [1, "a", None, [2.0], torch.ones(2)],
    "a deep list": lambda: _nested(12),
    "a list too deep": lambda: _nested(40),
    "a pair": lambda: (1.0, 2.0),
    "a triple of nothing": lambda: (None, None, None),
    "a tuple of tensors": lambda: (torch.ones(2), torch.zeros(2, 3), torch.tensor(NAN)),
    "a list of tensors": lambda: [torch.tensor([1, 2]), torch.tensor([3, 4])],
    "a list of tensors of many shapes": lambda: [torch.ones(1), torch.ones(2, 2), torch.ones(0)],
    "a dictionary of tensors": lambda: {"weight": torch.ones(2), "bias": torch.tensor(NAN)},
    "a dictionary with odd keys": lambda: {1: "a", None: 2, (1, 2): 3.0, 1.5: []},
    "a dictionary of dictionaries": lambda: {"a": {"b": {"c": 1}}},
    # tensors
    "a tensor of one number": lambda: torch.tensor(0.5),
    "a tensor of shape (1,)": lambda: torch.ones(1),
    "a vector": lambda: torch.tensor([1.0, -2.0, 3.0]),
    "a long vector": lambda: torch.linspace(-1, 1, 1_000),
    "a matrix": lambda: torch.ones(2, 3),
    "a tensor of four dimensions": lambda: torch.zeros(2, 3, 4, 5),
    "no rows": lambda: torch.zeros(0, 5),
    "rows of nothing": lambda: torch.zeros(5, 0),
    "an empty tensor": lambda: torch.zeros(0),
    "whole numbers": lambda: torch.arange(4),
    "negative whole numbers": lambda: torch.tensor([-1, -7]),
    "huge whole numbers": lambda: torch.tensor([2**62, -(2**62)]),
    "booleans": lambda: torch.tensor([True, False]),
    "half precision": lambda: torch.ones(3, dtype=torch.float16),
    "brain floats": lambda: torch.ones(3, dtype=torch.bfloat16),
    "double precision": lambda: torch.ones(3, dtype=torch.float64),
    "complex numbers": lambda: torch.ones(3, dtype=torch.complex64),
    "a tensor of NaN": lambda: torch.full((3,), NAN),
    "a tensor of infinities": lambda: torch.full((2, 2), INF),
    "a tensor with gradients": lambda: torch.ones(3, requires_grad=True),
    "a sparse tensor": _sparse,
    "a tensor without contents": lambda: torch.empty(2, device="meta"),
    "an array": lambda: np.ones(3),
    "an array of whole numbers": lambda: np.arange(3),
    "an array of text": lambda: np.array(["a", "b"]),
    "an array of objects": lambda: np.array([None, 1], dtype=object),
    "a number of numpy's": lambda: np.float32(1.5),
    # errors
    "an error of the wrong kind": _raising(KeyError("x")),
    "a program's end": _raising(SystemExit(3)),
    "no memory": _raising(MemoryError()),
    "too deep a recursion": _raising(RecursionError("maximum recursion depth exceeded")),
}
