"""Seeded draws: the inputs of a check, unpredictable to the student and the same at every regrade."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Sequence
from typing import TypeVar

import torch

from autograder.protocol.values import GeneratorValue

T = TypeVar("T")


def seed_of(secret: bytes, *parts: str) -> int:
    """A 63-bit seed from the course's secret and what is graded (HMAC-SHA256)."""
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256)[:8], "big") >> 1


class Draw:
    """A source of random inputs. Tensors have dtype `dtype`, on the CPU; integers are Python ints."""

    def __init__(self, seed: int, dtype: torch.dtype = torch.float64) -> None:
        self.dtype = dtype
        self.seed = seed
        self._generator = torch.Generator().manual_seed(seed)
        self._keys = itertools.count(1)

    def normal(self, *shape: int, scale: float = 1.0) -> torch.Tensor:
        """Independent N(0, scale^2) values of the given shape."""
        values = torch.randn(*shape, generator=self._generator, dtype=torch.float64)
        return self._made((values * scale).to(self.dtype))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Independent uniform values in [low, high)."""
        values = torch.rand(*shape, generator=self._generator, dtype=torch.float64)
        return self._made((low + (high - low) * values).to(self.dtype))

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Independent integers in [low, high), dtype int64."""
        return self._made(torch.randint(low, high, shape, generator=self._generator))

    def integer(self, low: int, high: int) -> int:
        """One integer in [low, high)."""
        return int(self.integers(low, high, 1))

    def number(self, low: float, high: float) -> float:
        """One float in [low, high)."""
        return self._made(float(torch.rand(1, generator=self._generator, dtype=torch.float64)) * (high - low) + low)

    def permutation(self, n: int) -> torch.Tensor:
        """A random order of 0 .. n-1, dtype int64."""
        return self._made(torch.randperm(n, generator=self._generator))

    def distinct(self, count: int, low: int, high: int) -> list[int]:
        """`count` different integers in [low, high): sizes that cannot be mistaken for one another."""
        return [low + int(i) for i in self.permutation(high - low)[:count]]

    def choice(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.integer(0, len(options))]

    def generator(self) -> GeneratorValue:
        """A torch.Generator for the student; the reference gets a twin in the same state."""
        return GeneratorValue(next(self._keys), self.integer(0, 2**62))

    def _made(self, value: T) -> T:
        """Every draw comes by here: a subclass may record it, or give back a recorded one."""
        return value
