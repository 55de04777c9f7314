"""What checks of several exercises share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.rubric import (
    Draw,
    Reference,
    Student,
    compare,
)

Tensors = tuple[torch.Tensor, ...]


def all_match(student: Student, reference: Reference, name: str, calls: Sequence[Sequence[Any]]) -> None:
    """Like `matches` for many calls, but compares when all are made: similar mistakes tell themselves apart."""
    got = [student.call(name, *args) for args in calls]
    for one, args in zip(got, calls, strict=True):
        compare(one, reference.call(name, *args), f"`{name}`")


BLOCKS = ("torch.nn.TransformerEncoderLayer", "torch.nn.LayerNorm")

ENTROPIES = ("torch.nn.functional.cross_entropy",)


def attention_weights(draw: Draw, width: int) -> dict[str, torch.Tensor]:
    """Weights and biases of `attention`: every matrix its own, every bias used."""
    weights = {f"W{name}": draw.normal(width, width, scale=width**-0.5) for name in "qkvo"}
    return weights | {f"b{name}": draw.normal(width, scale=0.5) for name in "qkvo"}


def norm_weights(draw: Draw, width: int) -> Tensors:
    """Gain and shift."""
    return draw.uniform(width, low=0.5, high=2), draw.normal(width, scale=0.5)


def ffn_weights(draw: Draw, width: int, hidden: int) -> Tensors:
    """W1, b1, W2, b2."""
    return (
        draw.normal(hidden, width, scale=width**-0.5),
        draw.normal(hidden, scale=0.5),
        draw.normal(width, hidden, scale=hidden**-0.5),
        draw.normal(width, scale=0.5),
    )


Weights = dict[str, Any]


def some_padding(draw: Draw, rows: int, length: int) -> torch.Tensor:
    """A mask (rows, 1, 1, length): each sequence has at least two tokens, and the first one some padding."""
    lengths = draw.integers(2, length + 1, rows)
    lengths[0] = draw.integer(2, length)
    return (torch.arange(length) < lengths[:, None])[:, None, None, :]


def padded(draw: Draw, rows: int, length: int, classes: int, pad: int, shortest: int = 1) -> torch.Tensor:
    """Tokens (rows, length) other than pad, of different lengths: the first row is full, the last the shortest."""
    tokens = draw.integers(0, classes - 1, rows, length)
    tokens += tokens >= pad
    lengths = draw.integers(shortest, length, rows)
    lengths[0], lengths[-1] = length, shortest
    tokens[torch.arange(length) >= lengths[:, None]] = pad
    return tokens


def loss_problem(draw: Draw, rows: int, length: int, classes: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Logits, labels, and the number of the padding: behind the tokens, and in the last row in front of them."""
    pad = draw.integer(0, classes)
    logits, labels = draw.normal(rows, length, classes, scale=2), padded(draw, rows, length, classes, pad)
    labels[-1] = labels[-1].flip(0)
    return logits, labels, pad


LOSS_SIZES = ((2, 3, 4), (3, 5, 7), (5, 6, 11))
