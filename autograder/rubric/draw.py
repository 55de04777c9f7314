"""Draw the inputs of a check: unpredictable to the student, the same at every regrade."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Sequence
from typing import TypeVar, cast

import numpy as np
import torch

from autograder.protocol.values import GeneratorValue

T = TypeVar("T")


def seed_of(secret: bytes, *parts: str) -> int:
    """Derive a 63-bit seed from the course's secret and what is graded.

    HMAC-SHA256 (RFC 2104): without the secret nobody can tell the seed, however many seeds of others are known.
    """
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256)[:8], "big") >> 1


class Draw:
    """Random inputs, reproducible from a seed.

    Args:
        seed: What every draw follows from; the grader derives it from the course's secret, the student and the check.
        dtype: The dtype of float tensors. A check runs once in float64 and once in float32.
        numpy: Whether arrays are drawn, of the same numbers, where this page says tensors; and NumPy's generators. What
            `Rubric(numpy=True)` asks for.

    Attributes:
        seed: As given; for a check that trains, to seed its own generators with.
        dtype: As given.

    Example:
        >>> draw = Draw(seed=7)
        >>> draw.normal(2, 3).shape, draw.dtype
        (torch.Size([2, 3]), torch.float64)
        >>> torch.equal(Draw(seed=7).normal(4), Draw(seed=7).normal(4))
        True
    """

    def __init__(self, seed: int, dtype: torch.dtype = torch.float64, *, numpy: bool = False) -> None:
        self.dtype = dtype
        self.seed = seed
        self._numpy = numpy
        # torch.Generator.manual_seed takes the last 32 bits of a seed; this one is seeded by all of them.
        self._random = np.random.default_rng(seed)
        self._keys = itertools.count(1)

    def normal(self, *shape: int, scale: float = 1.0) -> torch.Tensor:
        """Draw independent values from N(0, scale^2).

        They are drawn in float64 and then rounded, so that a seed gives the same values in every dtype.

        Args:
            *shape: The shape of the tensor.
            scale: The standard deviation.

        Returns:
            A tensor of this shape, of dtype `self.dtype`, on the CPU.

        Example:
            >>> draw.normal(32, 10, scale=0.1).shape
            torch.Size([32, 10])
        """
        values = torch.from_numpy(np.asarray(self._random.standard_normal(shape)))
        return self._made((values * scale).to(self.dtype))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Draw independent values, uniform in [low, high).

        Args:
            *shape: The shape of the tensor.
            low: The smallest value.
            high: The end of the interval.

        Returns:
            A tensor of this shape, of dtype `self.dtype`, on the CPU.

        Example:
            >>> temperatures = draw.uniform(365, low=-10.0, high=30.0)
            >>> bool((temperatures >= -10).all() and (temperatures < 30).all())
            True
        """
        values = torch.from_numpy(np.asarray(self._random.random(shape)))
        return self._made((low + (high - low) * values).to(self.dtype))

    def integers(self, low: int, high: int, *shape: int) -> torch.Tensor:
        """Draw independent integers, uniform in [low, high).

        Args:
            low: The smallest value.
            high: The end of the interval.
            *shape: The shape of the tensor.

        Returns:
            A tensor of this shape, of dtype int64, on the CPU.

        Example:
            >>> labels = draw.integers(0, 10, 32)
            >>> labels.dtype, labels.shape
            (torch.int64, torch.Size([32]))
        """
        return self._made(torch.from_numpy(np.asarray(self._random.integers(low, high, shape, np.int64))))

    def integer(self, low: int, high: int) -> int:
        """Draw one integer, uniform in [low, high).

        Args:
            low: The smallest value.
            high: The end of the interval.

        Returns:
            A Python int.

        Example:
            >>> 2 <= draw.integer(2, 9) < 9
            True
        """
        return int(self.integers(low, high, 1)[0])

    def number(self, low: float, high: float) -> float:
        """Draw one float, uniform in [low, high).

        Args:
            low: The smallest value.
            high: The end of the interval.

        Returns:
            A Python float.

        Example:
            >>> 0.1 <= draw.number(0.1, 0.5) < 0.5
            True
        """
        return self._made(self._random.random() * (high - low) + low)

    def permutation(self, n: int) -> torch.Tensor:
        """Draw a random order of 0 .. n-1.

        Args:
            n: How many.

        Returns:
            A tensor of shape (n,), of dtype int64.

        Example:
            >>> sorted(draw.permutation(4).tolist())
            [0, 1, 2, 3]
        """
        return self._made(torch.from_numpy(self._random.permutation(n).astype(np.int64)))

    def distinct(self, count: int, low: int, high: int) -> list[int]:
        """Draw different integers from [low, high), for sizes that cannot be mistaken for one another.

        Args:
            count: How many, at most high - low.
            low: The smallest value.
            high: The end of the interval.

        Returns:
            A list of `count` Python ints.

        Example:
            >>> batch, steps, features = draw.distinct(3, 2, 9)
            >>> len({batch, steps, features})
            3
        """
        return [low + int(i) for i in self.permutation(high - low)[:count]]

    def choice(self, options: Sequence[T]) -> T:
        """Draw one of several options.

        Args:
            options: What to choose from, with equal chances.

        Returns:
            One of them.

        Example:
            >>> draw.choice(["relu", "tanh"]) in ("relu", "tanh")
            True
        """
        return options[self.integer(0, len(options))]

    def generator(self) -> GeneratorValue:
        """Draw a generator to pass as an argument, for functions that draw themselves.

        The student's function gets a `torch.Generator` (of NumPy's where arrays are drawn), the reference a second one
        in the same state. Passed again in the same check, each goes on where it was.

        Returns:
            What stands for the generator among the arguments.

        Example:
            >>> matches(student, reference, "noise", 5, draw.generator())  # def noise(n, generator): ...
            tensor([...])
        """
        return GeneratorValue(next(self._keys), self.integer(0, 2**62), self._numpy)

    def _made(self, value: T) -> T:
        """Return a value that was drawn. A subclass records it, or returns a recorded one instead."""
        return cast(T, value.numpy()) if self._numpy and isinstance(value, torch.Tensor) else value
