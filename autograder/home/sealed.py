"""Hints at home, sealed by the mistake itself: only who makes it has the key.

The key of a known mistake's hint is what the mistake answers in the public checks of its function. Numbers count to
about a thousandth, so that other machines' rounding does not matter.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograder.grading.hosts import LocalHost
from autograder.protocol.codec import decode, with_tensors
from autograder.protocol.conversation import Answerer, Conversation
from autograder.protocol.messages import Call, Drive, Raised, Read, Request, Returned
from autograder.protocol.values import (
    ArrayValue,
    DictValue,
    ListValue,
    Opaque,
    SetValue,
    TensorValue,
    TupleValue,
    Value,
)
from autograder.rubric.exchanges import Exchange
from autograder.rubric.exercise import Check

GRIDS = (0.37, 0.87)
"""A number is rounded on two grids, half a step apart: by one of them, it is not near an edge."""
STEPS = 1000
"""Steps of a grid in which a number grows e-fold."""
SMALLEST = 1e-6
"""Numbers much smaller than this are nothing."""
TAG = 16


def keys(function: str, exchanges: Sequence[Exchange]) -> list[bytes]:
    """Return the keys that belong to what a function answered, one for each grid."""
    return [
        hashlib.sha256(repr((function, [_answered(one, grid) for one in exchanges])).encode()).digest()
        for grid in GRIDS
    ]


def seal(hint: str, key: bytes) -> bytes:
    """Return a hint that cannot be read without its key."""
    return _tag(key) + _mixed(hint.encode(), key)


def unseal(sealed: Sequence[bytes], found: Sequence[bytes]) -> str:
    """Return the hint that one of the keys opens; "" where none does."""
    for key in found:
        for one in sealed:
            if one[:TAG] == _tag(key):
                return _mixed(one[TAG:], key).decode()
    return ""


def _tag(key: bytes) -> bytes:
    return hashlib.sha256(b"tag" + key).digest()[:TAG]


def _mixed(data: bytes, key: bytes) -> bytes:
    stream = hashlib.shake_256(b"text" + key).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, stream, strict=True))


def _answered(exchange: Exchange, grid: float) -> Any:
    answer = exchange.answer
    return (exchange.name, answer.type_name if isinstance(answer, Raised) else _rounded(answer.value, grid))


def _rounded(value: Value, grid: float) -> Any:
    match value:
        case bool() | int() | float():
            return _step(float(value), grid)
        case ArrayValue() if not isinstance(with_tensors(value), ArrayValue):
            return _rounded(with_tensors(value), grid)
        case Opaque():
            return value.type_name
        case TensorValue() if "complex" not in value.dtype:
            numbers = decode(value).detach().reshape(-1).tolist()
            return [_step(float(number), grid) for number in numbers]
        case ListValue() | TupleValue() | SetValue():
            return [_rounded(item, grid) for item in value.items]
        case DictValue():
            return sorted((repr(_rounded(key, grid)), repr(_rounded(item, grid))) for key, item in value.items)
    return repr(value)


def _step(number: float, grid: float) -> Any:
    if not math.isfinite(number):
        return repr(number)
    step = math.floor(math.log((abs(number) + SMALLEST) / SMALLEST) * STEPS + grid)
    return math.copysign(step, number) if step else 0


class NotingHost(LocalHost):
    """A local host that keeps what was asked and answered in each check's first conversation, which is in float64."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first: dict[str, list[Exchange]] = {}
        self._current = ""

    def begin(self, check: Check) -> None:
        """Say which check the next conversations belong to."""
        self._current = check.name

    def first(self, check: Check) -> list[Exchange]:
        """Return what was said in a check's first conversation."""
        return self._first.get(check.name, [])

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        """Open a conversation; what is said in a check's first one is kept."""
        with super().check(seconds) as conversation:
            exchanges: list[Exchange] = []
            self._first.setdefault(self._current, exchanges)
            yield _Noted(conversation, exchanges)


class _Noted:
    def __init__(self, inner: Conversation, exchanges: list[Exchange]) -> None:
        self._inner = inner
        self._exchanges = exchanges

    @property
    def used(self) -> float:
        return self._inner.used

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        reply = self._inner.perform(request, answer)
        if isinstance(request, Call | Drive | Read):
            self._exchanges.append(Exchange(request.name, reply))
        return reply

    def hurry(self) -> None:
        self._inner.hurry()
